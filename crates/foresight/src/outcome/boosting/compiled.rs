//! Many small trees answered together.
//!
//! The leaves of a tree are numbered from left to right and held as bits. Every bin of every feature rules out leaves;
//! what is left after all features is the one leaf reached (the idea of QuickScorer, Lucchese and others 2015, with
//! tables by bin instead of thresholds). A row costs one vector AND per feature and one look-up per tree.

use super::grow::Boosted;
use super::tree::Tree;

/// Trees of at most this many leaves can be compiled.
const LEAVES: usize = 8;

/// A mean of sums of trees.
#[derive(Debug, Clone, PartialEq)]
pub struct Compiled {
    trees: usize,
    base: f64,
    /// Leaves left by each bin of each feature, one byte per tree.
    tables: Vec<u8>,
    /// First table of each feature; `None` when no tree looks at it.
    first: Vec<Option<usize>>,
    /// Values of the leaves, eight per tree, divided by the number of models.
    values: Vec<f64>,
}

impl Compiled {
    /// Compiles the mean of models over features with these numbers of bins; `None` when a tree has too many leaves.
    #[must_use]
    pub fn new(models: &[Boosted], sizes: &[usize]) -> Option<Self> {
        let all: Vec<&Tree> = models.iter().flat_map(|m| &m.trees).collect();
        let trees = all.len();
        let share = 1.0 / models.len().max(1) as f64;
        let mut used = vec![false; sizes.len()];
        for node in all.iter().flat_map(|t| &t.nodes).filter(|n| !n.is_leaf()) {
            used[node.feature as usize] = true;
        }
        let (mut first, mut total) = (Vec::new(), 0);
        for (&size, &used) in sizes.iter().zip(&used) {
            first.push(used.then_some(total));
            total += if used { size } else { 0 };
        }
        let mut compiled = Self {
            trees,
            base: share * models.iter().map(|m| m.base).sum::<f64>(),
            tables: vec![0xFF; total * trees],
            first,
            values: vec![0.0; trees * LEAVES],
        };
        for (number, tree) in all.into_iter().enumerate() {
            let mut leaves = 0;
            compiled.add(tree, 0, number, share, sizes, &mut leaves)?;
        }
        Some(compiled)
    }

    /// Numbers the leaves below a node and fills in what its decision rules out; returns the leaves as bits.
    fn add(&mut self, tree: &Tree, node: usize, number: usize, share: f64, sizes: &[usize], leaves: &mut usize) -> Option<u8> {
        let here = &tree.nodes[node];
        if here.is_leaf() {
            if *leaves == LEAVES {
                return None;
            }
            self.values[number * LEAVES + *leaves] = here.value * share;
            *leaves += 1;
            return Some(1 << (*leaves - 1));
        }
        let left = self.add(tree, here.left as usize, number, share, sizes, leaves)?;
        let right = self.add(tree, here.right as usize, number, share, sizes, leaves)?;
        let feature = here.feature as usize;
        let first = self.first[feature]?;
        for bin in 0..sizes[feature] {
            let ruled_out = if here.goes_left(bin as u8) { right } else { left };
            self.tables[(first + bin) * self.trees + number] &= !ruled_out;
        }
        Some(left | right)
    }

    /// The mean score of a row given by its bins; `work` is reused between rows.
    #[must_use]
    pub fn score(&self, bins: &[u8], work: &mut Vec<u8>) -> f64 {
        work.clear();
        work.resize(self.trees, 0xFF);
        self.narrow(work, bins.iter().copied().enumerate());
        self.sum(work)
    }

    /// Every leaf of every tree, before anything is known.
    #[must_use]
    pub fn start(&self) -> Vec<u8> {
        vec![0xFF; self.trees]
    }

    /// Rules out the leaves that cannot be reached with these bins of some features: `(feature, bin)`. What many rows have in
    /// common needs to be ruled out only once.
    pub fn narrow(&self, leaves: &mut [u8], bins: impl IntoIterator<Item = (usize, u8)>) {
        for (feature, bin) in bins {
            if let Some(first) = self.first[feature] {
                let start = (first + usize::from(bin)) * self.trees;
                for (leaves, left) in leaves.iter_mut().zip(&self.tables[start..start + self.trees]) {
                    *leaves &= left;
                }
            }
        }
    }

    /// Rules out leaves that another narrowing has ruled out.
    pub fn narrow_by(leaves: &mut [u8], left: &[u8]) {
        leaves.iter_mut().zip(left).for_each(|(leaves, left)| *leaves &= left);
    }

    /// The mean score where all features have been looked at.
    #[must_use]
    pub fn sum(&self, leaves: &[u8]) -> f64 {
        let values = self.values.as_chunks::<LEAVES>().0;
        let value = |(leaf, values): (&u8, &[f64; LEAVES])| values[leaf.trailing_zeros() as usize & 7];
        // Four sums side by side do not wait for one another.
        let ((fours, rest), (values, values_rest)) = (leaves.as_chunks::<4>(), values.as_chunks::<4>());
        let mut sums = [0.0; 4];
        for (leaves, values) in fours.iter().zip(values) {
            sums.iter_mut().zip(leaves.iter().zip(values)).for_each(|(sum, pair)| *sum += value(pair));
        }
        let rest: f64 = rest.iter().zip(values_rest).map(value).sum();
        self.base + (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::random::Random;
    use crate::outcome::Frame;
    use crate::outcome::boosting::{Binner, Growing};

    #[test]
    fn compiled_trees_say_what_the_trees_say() {
        let mut random = Random::new(77);
        let rows: Vec<usize> = (0..800).collect();
        let mut frame = Frame::default();
        for name in ["a", "b", "c"] {
            let value = |r: &mut Random| if r.uniform() < 0.1 { f64::NAN } else { r.normal() };
            frame.push_number(name, rows.iter().map(|_| value(&mut random)).collect());
        }
        let words = ["x", "y", "z", "", "w", "v"];
        let codes: Vec<&str> = rows.iter().map(|_| words[random.below(6)]).collect();
        frame.push_category("d", codes.iter().copied());
        let target: Vec<f64> = codes.iter().map(|c| f64::from(u8::from(*c < "x" || random.uniform() < 0.3))).collect();
        let binner = Binner::learn(&frame, &rows, 64);
        let binned = binner.apply(&frame, &rows);
        let train: Vec<u32> = (0..800).collect();
        let grow = |seed| {
            let growing = Growing { trees: 20, seed, ..Growing::default() };
            Boosted::grow(&binned, &target, None, (&train, &[]), &[0; 4], &growing)
        };
        let models = [grow(1), grow(2)];
        let compiled = Compiled::new(&models, &binned.sizes).expect("few leaves");
        let mut work = Vec::new();
        for row in 0..800 {
            let bins: Vec<u8> = binned.columns.iter().map(|c| c[row]).collect();
            let wanted = models.iter().map(|m| m.score(&bins)).sum::<f64>() / 2.0;
            assert!((compiled.score(&bins, &mut work) - wanted).abs() < 1e-12);
        }
    }
}
