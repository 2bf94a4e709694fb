//! Vectors as evidence: moved to their middle, classified, and their nearest.

use super::dot;
use crate::learn::compact::{put_floats, put_length, take_floats, take_length};

/// Sentence vectors crowd together in one direction of space, so that even strangers look alike. Relative to their middle they differ.
#[derive(Debug, Clone)]
pub(crate) struct Space {
    middle: Vec<f32>,
}

impl Space {
    /// The space of the texts that are learned from.
    pub(crate) fn of<'vector>(vectors: impl IntoIterator<Item = &'vector [f32]>) -> Self {
        let mut middle: Vec<f32> = Vec::new();
        let mut count = 0_usize;
        for vector in vectors {
            middle.resize(vector.len(), 0.0);
            middle.iter_mut().zip(vector).for_each(|(sum, value)| *sum += value);
            count += 1;
        }
        middle.iter_mut().for_each(|sum| *sum /= count.max(1) as f32);
        Self { middle }
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        put_floats(out, &self.middle);
    }

    pub(crate) fn read(input: &mut &[u8]) -> Option<Self> {
        Some(Self { middle: take_floats(input)? })
    }

    /// A vector relative to the middle, of length one; zeros for none.
    pub(crate) fn place(&self, vector: &[f32]) -> Vec<f32> {
        if vector.len() != self.middle.len() || vector.iter().all(|value| *value == 0.0) {
            return vec![0.0; self.middle.len()];
        }
        unit(vector.iter().zip(&self.middle).map(|(value, middle)| value - middle).collect())
    }
}

/// A vector of length one.
pub(crate) fn unit(mut vector: Vec<f32>) -> Vec<f32> {
    let length = dot(&vector, &vector).sqrt();
    if length > f32::MIN_POSITIVE {
        vector.iter_mut().for_each(|value| *value /= length);
    }
    vector
}

/// Classes as clouds of one shape around their middles (linear discriminant analysis): learned in closed form, in a second,
/// and good from few examples. Its distances tell strangers, which a linear model's scores do not.
///
/// Source: Fisher (1936) as Hastie, Tibshirani and Friedman have it ("The Elements of Statistical Learning", 4.3), with the
/// covariance drawn towards a sphere; distances as evidence of strangers after Lee et al., "A Simple Unified Framework for
/// Detecting Out-of-Distribution Samples" (2018).
#[derive(Debug, Clone)]
pub(crate) struct Clouds {
    width: usize,
    /// Lower triangle of the covariance's Cholesky factor, row by row.
    factor: Vec<f32>,
    /// For each class the whitened middle, and half its square.
    middles: Vec<(Vec<f32>, f32)>,
}

/// What the clouds say of one vector.
#[derive(Debug, Clone, Default)]
pub(crate) struct Weighed {
    /// Log-likelihood ratios of the classes, but for a constant.
    pub(crate) scores: Vec<f32>,
    /// Square of the distance to the nearest class, in units of the clouds' width.
    pub(crate) distance: f32,
    /// The vector in units of the clouds' width, of length one.
    pub(crate) direction: Vec<f32>,
}

impl Clouds {
    /// Learns from placed vectors; a label of `classes` or more belongs to none and is ignored. `names`, of which each says what
    /// a class is called, move its middle as one example does, but say nothing of the clouds' shape.
    pub(crate) fn learn(placed: &[&[f32]], labels: &[u32], classes: usize, names: &[(&[f32], u32)], few: f32) -> Self {
        let width = placed.first().map_or(0, |vector| vector.len());
        let mut middles = vec![vec![0.0_f32; width]; classes];
        let mut counts = vec![0_usize; classes];
        let known = || placed.iter().zip(labels).filter(|&(_, &label)| (label as usize) < classes);
        for (vector, &label) in known() {
            counts[label as usize] += 1;
            middles[label as usize].iter_mut().zip(*vector).for_each(|(sum, value)| *sum += value);
        }
        let sums = if names.is_empty() { Vec::new() } else { middles.clone() };
        for (middle, &count) in middles.iter_mut().zip(&counts) {
            middle.iter_mut().for_each(|sum| *sum /= count.max(1) as f32);
        }
        let total: usize = counts.iter().sum();
        let mut covariance = vec![0.0_f32; width * width];
        let mut apart = vec![0.0_f32; width];
        for (vector, &label) in known() {
            apart.iter_mut().zip(*vector).zip(&middles[label as usize]).for_each(|((apart, value), middle)| *apart = value - middle);
            for (row, &scale) in apart.iter().enumerate() {
                let sums = &mut covariance[row * width..=row * width + row];
                sums.iter_mut().zip(&apart).for_each(|(sum, value)| *sum += scale * value);
            }
        }
        covariance.iter_mut().for_each(|sum| *sum /= total.max(1) as f32);
        let spread = (0..width).map(|place| covariance[place * width + place]).sum::<f32>() / width.max(1) as f32;
        let ridge = spread * (SPHERE + few / total.max(1) as f32) + 1e-6;
        (0..width).for_each(|place| covariance[place * width + place] += ridge);
        for &(name, class) in names.iter().filter(|&&(_, class)| (class as usize) < classes) {
            let (sum, count) = (&sums[class as usize], counts[class as usize] as f32);
            middles[class as usize] = sum.iter().zip(name).map(|(sum, name)| (sum + name) / (count + 1.0)).collect();
        }
        let mut clouds = Self { width, factor: cholesky(covariance, width), middles: Vec::new() };
        clouds.middles = middles
            .iter()
            .map(|middle| {
                let whitened = clouds.whiten(middle);
                let half = dot(&whitened, &whitened) / 2.0;
                (whitened, half)
            })
            .collect();
        clouds
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        put_length(out, self.width);
        put_floats(out, &self.factor);
        put_length(out, self.middles.len());
        for (middle, half) in &self.middles {
            put_floats(out, middle);
            put_floats(out, &[*half]);
        }
    }

    pub(crate) fn read(input: &mut &[u8]) -> Option<Self> {
        let width = take_length(input)?;
        let factor = take_floats(input)?;
        let mut clouds = Self { width, factor, middles: Vec::new() };
        for _ in 0..take_length(input)? {
            let middle = take_floats(input)?;
            let half = *take_floats(input)?.first()?;
            clouds.middles.push((middle, half));
        }
        let whole = clouds.factor.len() == width.checked_mul(width)? && clouds.middles.iter().all(|(middle, _)| middle.len() == width);
        whole.then_some(clouds)
    }

    /// A vector in units of the clouds' widths: the solution of `factor · whitened = vector`.
    fn whiten(&self, vector: &[f32]) -> Vec<f32> {
        let mut whitened: Vec<f32> = Vec::with_capacity(self.width);
        for (row, value) in vector.iter().enumerate().take(self.width) {
            let begin = row * self.width;
            let known = dot(&self.factor[begin..begin + row], &whitened);
            whitened.push((value - known) / self.factor[begin + row]);
        }
        whitened
    }

    pub(crate) fn classes(&self) -> usize {
        self.middles.len()
    }

    /// A placed vector in units of the clouds' width, of length one: directions in which a class's own examples differ count little.
    pub(crate) fn direction(&self, placed: &[f32]) -> Vec<f32> {
        unit(self.whiten(placed))
    }

    pub(crate) fn weigh(&self, placed: &[f32]) -> Weighed {
        let whitened = self.whiten(placed);
        let scores: Vec<f32> = self.middles.iter().map(|(middle, half)| dot(&whitened, middle) - half).collect();
        let best = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let distance = dot(&whitened, &whitened) - 2.0 * best;
        Weighed { scores, distance: if distance.is_finite() { distance } else { 0.0 }, direction: unit(whitened) }
    }
}

/// How far the covariance is drawn towards a sphere: always, and more with few examples (over their number).
const SPHERE: f32 = 0.1;
pub(crate) const SPHERE_FEW: f32 = 400.0;

/// The lower Cholesky factor of a positive definite matrix given by its lower triangle.
fn cholesky(mut matrix: Vec<f32>, width: usize) -> Vec<f32> {
    for row in 0..width {
        for column in 0..=row {
            let (left, right) = (&matrix[row * width..row * width + column], &matrix[column * width..column * width + column]);
            let value = matrix[row * width + column] - dot(left, right);
            matrix[row * width + column] = if row == column { value.max(1e-9).sqrt() } else { value / matrix[column * width + column] };
        }
    }
    matrix
}

/// A vector as columns from `first` on.
pub(crate) fn row(vector: &[f32], first: usize, stretch: f32) -> Vec<(u32, f32)> {
    vector.iter().enumerate().map(|(place, value)| ((first + place) as u32, value * stretch)).collect()
}

/// Placed vectors with their labels, to find the nearest of.
#[derive(Debug, Clone)]
pub(crate) struct Neighbours {
    vectors: Vec<Vec<f32>>,
    labels: Vec<u32>,
}

/// What the neighbourhood of a text looks like.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Nearness {
    /// Cosine of the nearest, and the mean of the five nearest.
    pub(crate) nearest: f32,
    pub(crate) five: f32,
    /// Cosine of the nearest with the label asked for.
    pub(crate) own: f32,
    /// Share of the five nearest with that label.
    pub(crate) share: f32,
}

impl Neighbours {
    pub(crate) fn new(vectors: Vec<Vec<f32>>, labels: Vec<u32>) -> Self {
        Self { vectors, labels }
    }

    /// Likeness to all examples.
    pub(crate) fn cosines(&self, vector: &[f32]) -> Vec<f32> {
        self.vectors.iter().map(|other| dot(vector, other)).collect()
    }

    /// How near each of the classes' examples are as a whole, the nearest far above the others: the logarithm of the mean of a
    /// kernel over them.
    pub(crate) fn closeness(&self, cosines: &[f32], classes: usize) -> Vec<f32> {
        let mut sums = vec![(0.0_f32, 0_u32); classes];
        for (cosine, &label) in cosines.iter().zip(&self.labels) {
            if let Some((sum, count)) = sums.get_mut(label as usize) {
                *sum += (CLOSENESS * (cosine - 1.0)).exp();
                *count += 1;
            }
        }
        sums.into_iter().map(|(sum, count)| (sum / count.max(1) as f32).max(1e-6).ln()).collect()
    }

    /// The neighbourhood under a label, by [`Self::cosines`].
    pub(crate) fn around(&self, cosines: &[f32], label: u32) -> Nearness {
        let mut best = [(-1.0_f32, u32::MAX); 5];
        let mut own = -1.0_f32;
        for (&cosine, &other) in cosines.iter().zip(&self.labels) {
            if other == label {
                own = own.max(cosine);
            }
            if cosine > best[4].0 {
                let place = best.iter().position(|&(other, _)| cosine > other).unwrap_or(4);
                best[place..].rotate_right(1);
                best[place] = (cosine, other);
            }
        }
        let count = self.vectors.len().clamp(1, 5);
        Nearness {
            nearest: best[0].0,
            five: best[..count].iter().map(|(cosine, _)| cosine).sum::<f32>() / count as f32,
            own,
            share: best[..count].iter().filter(|&&(_, other)| other == label).count() as f32 / count as f32,
        }
    }
}

/// How quickly closeness falls with distance.
const CLOSENESS: f32 = 12.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_is_taken_out_and_zeros_stay() {
        let space = Space::of([[1.0_f32, 0.2].as_slice(), &[1.0, -0.2]]);
        assert_eq!(space.place(&[1.0, 0.2]), [0.0, 1.0]);
        assert_eq!(space.place(&[0.0, 0.0]), [0.0, 0.0]);
        assert_eq!(space.place(&[1.0]), [0.0, 0.0]);
    }

    #[test]
    fn clouds_tell_their_own_from_strangers() {
        let vectors: Vec<Vec<f32>> = (0..40).map(|number| vec![if number % 2 == 0 { 1.0 } else { -1.0 }, (number as f32 * 0.7).sin() * 0.1, 0.0]).collect();
        let placed: Vec<&[f32]> = vectors.iter().map(Vec::as_slice).collect();
        let labels: Vec<u32> = (0..40).map(|number| number % 2).collect();
        let clouds = Clouds::learn(&placed, &labels, 2, &[], SPHERE_FEW);
        let own = clouds.weigh(&[0.9, 0.0, 0.0]);
        assert!(own.scores[0] > own.scores[1]);
        assert!(clouds.weigh(&[0.0, 0.0, 1.0]).distance > own.distance);
        let mut bytes = Vec::new();
        clouds.write(&mut bytes);
        let back = Clouds::read(&mut bytes.as_slice()).expect("what was written");
        assert_eq!(back.weigh(&[0.9, 0.0, 0.0]).scores, own.scores);
        assert!((0..bytes.len()).all(|cut| Clouds::read(&mut &bytes[..cut]).is_none()));
        assert!(Clouds::learn(&[], &[], 2, &[], SPHERE_FEW).weigh(&[]).scores.iter().all(|score| score.is_finite()));
    }

    #[test]
    fn the_nearest_are_found_with_their_labels() {
        let neighbours = Neighbours::new(vec![vec![1.0, 0.0], vec![0.6, 0.8], vec![0.0, 1.0]], vec![0, 1, 1]);
        let cosines = neighbours.cosines(&[0.6, 0.8]);
        let around = neighbours.around(&cosines, 0);
        assert!((around.nearest - 1.0).abs() < 1e-6 && (around.own - 0.6).abs() < 1e-6);
        let closeness = neighbours.closeness(&cosines, 3);
        assert!(closeness[1] > closeness[0] && closeness[0] > closeness[2] && closeness[2].is_finite());
    }
}
