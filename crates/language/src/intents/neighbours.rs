//! The nearest training examples by shared words: evidence for the rejector, since a linear model extrapolates but
//! neighbours do not.

/// Inverted lists over word features.
#[derive(Debug, Clone)]
pub(super) struct Neighbours {
    offsets: Vec<u32>,
    /// (example, weight) sorted by feature.
    postings: Vec<(u32, f32)>,
    examples: usize,
}

/// Longest list that is read: what stands in more examples says nothing of which one is near.
const LONGEST_LIST: usize = 600;

impl Neighbours {
    /// `rows` give, per example, the unit-length word features.
    pub(super) fn build(rows: &[Vec<(u32, f32)>], features: usize) -> Self {
        let mut counts = vec![0_u32; features + 1];
        for &(feature, _) in rows.iter().flatten() {
            counts[feature as usize + 1] += 1;
        }
        for feature in 0..features {
            counts[feature + 1] += counts[feature];
        }
        let mut fill = counts.clone();
        let mut postings = vec![(0_u32, 0.0_f32); counts[features] as usize];
        for (example, row) in rows.iter().enumerate() {
            for &(feature, value) in row {
                postings[fill[feature as usize] as usize] = (example as u32, value);
                fill[feature as usize] += 1;
            }
        }
        Self { offsets: counts, postings, examples: rows.len() }
    }

    /// Mean cosine of the five nearest examples, and the nearest.
    pub(super) fn nearest(&self, row: &[(u32, f32)]) -> (f32, f32) {
        let mut touched: Vec<u32> = Vec::new();
        let mut cosines = vec![0.0_f32; self.examples];
        for &(feature, value) in row {
            let list = &self.postings[self.offsets[feature as usize] as usize..self.offsets[feature as usize + 1] as usize];
            if list.len() > LONGEST_LIST {
                continue;
            }
            for &(example, weight) in list {
                if cosines[example as usize] == 0.0 {
                    touched.push(example);
                }
                cosines[example as usize] += value * weight;
            }
        }
        let mut best = [0.0_f32; 5];
        for example in touched {
            let cosine = cosines[example as usize];
            if cosine > best[4] {
                let place = best.iter().position(|&other| cosine > other).unwrap_or(4);
                best[place..].rotate_right(1);
                best[place] = cosine;
            }
        }
        (best.iter().sum::<f32>() / 5.0, best[0])
    }
}
