//! What goes together: EASE (Steck 2019) and cosine neighbours from one matrix of co-purchases.

/// Most products with affinities of their own; the inversion takes time with the third power of it.
pub const MOST_ITEMS: usize = 2_600;

/// Affinities between the most bought products.
#[derive(Debug, Clone, Default)]
pub struct Affinity {
    /// Product of each place, most bought first.
    pub items: Vec<u32>,
    /// Place of each product; `u32::MAX` for those without.
    pub place: Vec<u32>,
    /// Row-major, by places: how much having the row's product speaks for the column's.
    pub ease: Vec<f32>,
    pub cosine: Vec<f32>,
}

impl Affinity {
    /// Learns from baskets (products per person, without repeats).
    ///
    /// EASE solves ridge regression of every product on all others at once: with P = (XᵀX + λI)⁻¹ the weight of i for j
    /// is −P_ij / P_jj, and zero on the diagonal.
    #[must_use]
    pub fn learn(baskets: &[Vec<u32>], items: usize, ridge: f32) -> Self {
        let mut buyers = vec![0_u32; items];
        baskets.iter().flatten().for_each(|&i| buyers[i as usize] += 1);
        let mut order: Vec<u32> = (0..items as u32).filter(|&i| buyers[i as usize] > 1).collect();
        order.sort_by_key(|&i| (std::cmp::Reverse(buyers[i as usize]), i));
        order.truncate(MOST_ITEMS);
        let mut place = vec![u32::MAX; items];
        order.iter().enumerate().for_each(|(p, &i)| place[i as usize] = p as u32);
        let n = order.len();
        let mut together = vec![0.0_f32; n * n];
        for basket in baskets {
            let places: Vec<usize> = basket.iter().map(|&i| place[i as usize]).filter(|p| *p != u32::MAX).map(|p| p as usize).collect();
            for &i in &places {
                for &j in &places {
                    together[i * n + j] += 1.0;
                }
            }
        }
        let size: Vec<f32> = (0..n).map(|i| together[i * n + i].sqrt()).collect();
        let mut cosine = together.clone();
        for i in 0..n {
            for j in 0..n {
                cosine[i * n + j] = if i == j { 0.0 } else { cosine[i * n + j] / (size[i] * size[j]) };
            }
            together[i * n + i] += ridge;
        }
        let ease = inverse(&mut together, n).map_or_else(|| vec![0.0; n * n], |p| weights(p, n));
        Self { items: order, place, ease, cosine }
    }

    /// Number of products with affinities.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether nothing was learned.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}

fn weights(mut inverse: Vec<f32>, n: usize) -> Vec<f32> {
    let diagonal: Vec<f32> = (0..n).map(|i| inverse[i * n + i]).collect();
    for (i, row) in inverse.chunks_exact_mut(n.max(1)).enumerate() {
        row.iter_mut().zip(&diagonal).for_each(|(w, d)| *w = -*w / d);
        row[i] = 0.0;
    }
    inverse
}

/// Dot product in independent lanes, which the compiler turns into vector instructions.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    const LANES: usize = 16;
    let mut sums = [0.0_f32; LANES];
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    for (x, y) in a.iter().zip(b) {
        for lane in 0..LANES {
            sums[lane] += x[lane] * y[lane];
        }
    }
    sums.iter().sum::<f32>() + a_rest.iter().zip(b_rest).map(|(x, y)| x * y).sum::<f32>()
}

/// Inverse of a symmetric positive definite matrix: Cholesky, inverse of the factor, product of its transpose with it.
/// The matrix is overwritten.
fn inverse(matrix: &mut [f32], n: usize) -> Option<Vec<f32>> {
    for i in 0..n {
        let (above, rest) = matrix.split_at_mut(i * n);
        let row = &mut rest[..n];
        for j in 0..i {
            let other = &above[j * n..j * n + j + 1];
            row[j] = (row[j] - dot(&row[..j], &other[..j])) / other[j];
        }
        let left = row[i] - dot(&row[..i], &row[..i]);
        if left.is_nan() || left <= 0.0 {
            return None;
        }
        row[i] = left.sqrt();
    }
    // Row j of `factor` holds column j of L⁻¹ from the diagonal on, so that all sums run along rows.
    let mut factor = vec![0.0_f32; n * n];
    for j in 0..n {
        let column = &mut factor[j * n..(j + 1) * n];
        column[j] = 1.0 / matrix[j * n + j];
        for i in j + 1..n {
            let row = &matrix[i * n..i * n + i + 1];
            column[i] = -dot(&row[j..i], &column[j..i]) / row[i];
        }
    }
    let mut result = vec![0.0_f32; n * n];
    for i in 0..n {
        for j in 0..=i {
            let value = dot(&factor[i * n + i..(i + 1) * n], &factor[j * n + i..(j + 1) * n]);
            result[i * n + j] = value;
            result[j * n + i] = value;
        }
    }
    Some(result)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::linear::invert_symmetric;
    use crate::numeric::random::Random;

    #[test]
    fn the_inverse_agrees_with_the_exact_one() {
        let mut random = Random::new(5);
        let n = 37;
        let raw: Vec<f64> = (0..n * n).map(|_| random.normal()).collect();
        let mut matrix = vec![0.0; n * n];
        for i in 0..n {
            for j in 0..n {
                matrix[i * n + j] = (0..n).map(|k| raw[i * n + k] * raw[j * n + k]).sum::<f64>();
            }
            matrix[i * n + i] += 10.0;
        }
        let exact = invert_symmetric(&matrix, n).expect("positive definite");
        let mut single: Vec<f32> = matrix.iter().map(|v| *v as f32).collect();
        let found = inverse(&mut single, n).expect("positive definite");
        for (a, b) in found.iter().zip(&exact) {
            assert!((f64::from(*a) - b).abs() < 1e-5, "{a} {b}");
        }
    }

    #[test]
    fn products_bought_together_speak_for_each_other() {
        let mut random = Random::new(6);
        let baskets: Vec<Vec<u32>> = (0..400)
            .map(|_| {
                let pair = random.below(5) as u32 * 2;
                let mut basket = vec![pair, pair + 1, 10 + random.below(10) as u32];
                basket.retain(|_| random.uniform() < 0.8);
                basket
            })
            .collect();
        let affinity = Affinity::learn(&baskets, 20, 20.0);
        let n = affinity.len();
        for pair in 0..5_u32 {
            let (a, b) = (affinity.place[pair as usize * 2] as usize, affinity.place[pair as usize * 2 + 1] as usize);
            for weights in [&affinity.ease, &affinity.cosine] {
                let best = (0..n).max_by(|&x, &y| weights[a * n + x].total_cmp(&weights[a * n + y]));
                assert_eq!(best, Some(b));
                assert_eq!(weights[a * n + a], 0.0);
            }
        }
    }
}
