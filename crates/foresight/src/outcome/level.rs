//! The level of an outcome over time: it moves with things that no column holds.
//!
//! A local level (Harvey 1989): what the model's log-odds are off by wanders, θ(t + Δ) = θ(t) + N(0, drift · Δ), and blocks of
//! rows tell of it with the noise of their counts. How fast it wanders the blocks say themselves: several drifts are tried and
//! averaged by their likelihood, so that a level that stands still is left where it is. The filter then says where it is now,
//! and takes in later outcomes as they come.

use crate::numeric::special::logistic;

/// Blocks that the known rows are cut into, most and least; and rows of a block.
const MOST_BLOCKS: usize = 24;
const LEAST_BLOCKS: usize = 4;
const BLOCK_ROWS: usize = 60;
/// Standard deviations, in log-odds, that the level may wander over all of the known time: tried one after the other.
const DRIFTS: [f64; 9] = [0.0, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.1, 1.6];
/// What the drift is taken to be like before anything is seen: two standard deviations in a hundred worlds are larger.
const DRIFT_PRIOR: f64 = 0.5;

/// Where the level is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Level {
    /// To be added to log-odds.
    pub shift: f64,
    /// Variance of that.
    pub variance: f64,
    /// Variance that a unit of time adds.
    pub drift: f64,
    /// The latest moment seen.
    pub time: f64,
}

/// Rows of about one time, as the filter sees them.
#[derive(Debug, Clone, Copy)]
struct Block {
    time: f64,
    /// Shift that would make the mean of the block right, and its variance.
    shift: f64,
    variance: f64,
}

impl Block {
    /// One step of Newton's method from a shift at hand, which is enough near it and does not run away where a block holds
    /// outcomes of one kind only.
    fn of(rows: &[usize], odds: &[f64], labels: &[bool], times: &[f64], around: f64) -> Self {
        let (mut error, mut weight, mut time) = (0.0, 0.0, 0.0);
        for &row in rows {
            let p = logistic(odds[row] + around);
            error += f64::from(u8::from(labels[row])) - p;
            weight += p * (1.0 - p);
            time += times[row];
        }
        let weight = weight.max(1e-6);
        Self { time: time / rows.len() as f64, shift: around + (error / weight).clamp(-2.0, 2.0), variance: 1.0 / weight }
    }
}

impl Level {
    /// From log-odds that a model gave to rows it had not seen. `None` without rows enough in at least four blocks.
    #[must_use]
    pub fn learn(odds: &[f64], labels: &[bool], times: &[f64]) -> Option<Self> {
        let count = odds.len().min(labels.len()).min(times.len());
        let mut order: Vec<usize> = (0..count).filter(|&r| times[r].is_finite() && odds[r].is_finite()).collect();
        order.sort_by(|&a, &b| times[a].total_cmp(&times[b]));
        let blocks = (order.len() / BLOCK_ROWS).min(MOST_BLOCKS);
        if blocks < LEAST_BLOCKS {
            return None;
        }
        let size = order.len().div_ceil(blocks);
        let blocks: Vec<Block> = order.chunks(size).map(|rows| Block::of(rows, odds, labels, times, 0.0)).collect();
        let (first, last) = (blocks[0].time, times[order[order.len() - 1]]);
        let span = last - first;
        if span <= 0.0 {
            return None;
        }
        let tried: Vec<(Self, f64)> = (DRIFTS.iter())
            .map(|deviation| {
                let (mut level, likelihood) = filtered(&blocks, deviation * deviation / span);
                level.variance += level.drift * (last - level.time).max(0.0);
                (level, likelihood - 0.5 * (deviation / DRIFT_PRIOR).powi(2))
            })
            .collect();
        // Every drift has a say as far as the blocks speak for it: a level that has stood still may still move.
        let best = tried.iter().map(|t| t.1).fold(f64::NEG_INFINITY, f64::max);
        let says: Vec<f64> = tried.iter().map(|t| (t.1 - best).exp()).collect();
        let mean = |f: &dyn Fn(&Self) -> f64| tried.iter().zip(&says).map(|(t, s)| s * f(&t.0)).sum::<f64>() / says.iter().sum::<f64>();
        let shift = mean(&|level| level.shift);
        let variance = mean(&|level| level.variance + level.shift * level.shift) - shift * shift;
        Some(Self { shift, variance, drift: mean(&|level| level.drift), time: last })
    }

    /// Takes in the outcomes of rows, all of about one time, given their log-odds without the shift.
    pub fn observe(&mut self, odds: &[f64], labels: &[bool], time: f64) {
        let rows: Vec<usize> = (0..odds.len().min(labels.len())).collect();
        if rows.is_empty() {
            return;
        }
        let block = Block { time, ..Block::of(&rows, odds, labels, &vec![time; odds.len()], self.shift) };
        self.update(&block);
    }

    /// One step of the filter; returns how likely the block was, as a logarithm without constants.
    fn update(&mut self, block: &Block) -> f64 {
        let before = self.variance + self.drift * (block.time - self.time).max(0.0);
        let total = before + block.variance;
        let surprise = block.shift - self.shift;
        let gain = before / total;
        self.shift += gain * surprise;
        self.variance = before * (1.0 - gain);
        self.time = self.time.max(block.time);
        -0.5 * (total.ln() + surprise * surprise / total)
    }
}

/// The filter over all blocks. The model was fitted on all of the time, so that its level is right on average: zero, before
/// the first block, give or take what the level has wandered since.
fn filtered(blocks: &[Block], drift: f64) -> (Level, f64) {
    let span = blocks[blocks.len() - 1].time - blocks[0].time;
    let mut level = Level { shift: 0.0, variance: 1e-4 + drift * span / 3.0, drift, time: blocks[0].time };
    let likelihood = blocks.iter().map(|block| level.update(block)).sum();
    (level, likelihood)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::random::Random;

    /// Rows whose level is off by a function of time.
    fn world(rows: usize, seed: u64, off: impl Fn(f64) -> f64) -> (Vec<f64>, Vec<bool>, Vec<f64>) {
        let mut random = Random::new(seed);
        let odds: Vec<f64> = (0..rows).map(|_| random.normal() - 1.5).collect();
        let times: Vec<f64> = (0..rows).map(|r| r as f64).collect();
        let labels = odds.iter().zip(&times).map(|(o, t)| random.uniform() < logistic(o + off(t / rows as f64))).collect();
        (odds, labels, times)
    }

    #[test]
    fn a_level_that_stands_still_is_left_alone() {
        let shifts: Vec<f64> = (0..20)
            .map(|seed| {
                let (odds, labels, times) = world(4_000, seed, |_| 0.0);
                Level::learn(&odds, &labels, &times).expect("enough rows").shift
            })
            .collect();
        let off = shifts.iter().map(|s| s * s).sum::<f64>() / shifts.len() as f64;
        assert!(off.sqrt() < 0.07, "{shifts:?}");
    }

    #[test]
    fn a_level_that_has_moved_is_followed_and_few_rows_say_nothing() {
        let (odds, labels, times) = world(6_000, 1, |t| if t > 0.8 { 0.8 } else { -0.1 });
        let mut level = Level::learn(&odds, &labels, &times).expect("enough rows");
        assert!((0.45..1.0).contains(&level.shift) && level.variance.sqrt() < 0.35, "{level:?}");
        // It comes back, and the outcomes say so.
        let (odds, labels, _) = world(2_000, 2, |_| 0.0);
        for (part, (odds, labels)) in odds.chunks(200).zip(labels.chunks(200)).enumerate() {
            level.observe(odds, labels, 6_000.0 + 200.0 * part as f64);
        }
        assert!(level.shift.abs() < 0.25, "{level:?}");
        assert_eq!(Level::learn(&[0.0; 100], &[true; 100], &times[..100]), None);
        assert_eq!(Level::learn(&odds, &labels, &vec![7.0; odds.len()]), None);
        assert_eq!(Level::learn(&[], &[], &[]), None);
    }

    #[test]
    fn the_interval_of_the_level_covers_where_it_is() {
        let mut covered = 0;
        for seed in 0..200 {
            let mut random = Random::new(1_000 + seed);
            let steps: Vec<f64> = (0..24)
                .scan(0.0, |at, _| {
                    *at += 0.12 * random.normal();
                    Some(*at)
                })
                .collect();
            let mean = steps.iter().sum::<f64>() / 24.0;
            let (odds, labels, times) = world(6_000, seed, |t| steps[((t * 24.0) as usize).min(23)] - mean);
            let level = Level::learn(&odds, &labels, &times).expect("enough rows");
            covered += usize::from((steps[23] - mean - level.shift).abs() < 1.96 * level.variance.sqrt());
        }
        assert!((176..=200).contains(&covered), "{covered} of 200");
    }
}
