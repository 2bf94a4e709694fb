//! Chance, repeatable for a seed.

use ennakoi_kernel::{Duration, SeededEntropy};

/// A stream of chances.
pub(crate) struct Random(SeededEntropy);

impl Random {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(SeededEntropy::new(seed))
    }

    /// A whole number below `n`; 0 when `n` is 0.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        // The bias of a remainder is far below anything that shows in a few thousand rows.
        usize::try_from(self.0.next() % (n.max(1) as u64)).unwrap_or(0)
    }

    /// Between both ends, both included.
    pub(crate) fn between(&mut self, least: i64, most: i64) -> i64 {
        let span = u64::try_from(most - least).unwrap_or(0) + 1;
        least + i64::try_from(self.0.next() % span).unwrap_or(0)
    }

    /// True in `percent` of a hundred cases.
    pub(crate) fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    /// The place of one of the weights, each as likely as it is heavy.
    pub(crate) fn weighted(&mut self, weights: &[u32]) -> usize {
        let total: usize = weights.iter().map(|weight| *weight as usize).sum();
        let mut rest = self.below(total);
        for (place, weight) in weights.iter().enumerate() {
            if rest < *weight as usize {
                return place;
            }
            rest -= *weight as usize;
        }
        0
    }

    /// A span between two numbers of minutes, to the second.
    pub(crate) fn minutes(&mut self, least: i64, most: i64) -> Duration {
        Duration::seconds(self.between(least * 60, most * 60))
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn the_same_seed_gives_the_same_chances_within_their_bounds() {
        let (mut one, mut other) = (Random::new(7), Random::new(7));
        for _ in 0..1_000 {
            let drawn = one.between(-3, 9);
            assert_eq!(drawn, other.between(-3, 9));
            assert!((-3..=9).contains(&drawn));
        }
        let mut drawn = [0u32; 3];
        (0..3_000).for_each(|_| drawn[one.weighted(&[1, 0, 2])] += 1);
        assert!(drawn[0] > 700 && drawn[1] == 0 && drawn[2] > 1_700, "{drawn:?}");
    }
}
