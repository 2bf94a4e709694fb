//! Has the world moved since the model was fitted?

use super::boosting::bins::Binner;
use super::frame::Frame;

/// Shift of one column.
#[derive(Debug, Clone, PartialEq)]
pub struct Shift {
    pub name: String,
    /// Population stability index: Σ (now − then) · ln(now ÷ then) over bins. By custom .1 is worth a look, .25 a refit.
    pub index: f64,
    /// The index that chance alone exceeds in about 5 % of cases with these numbers of rows.
    pub by_chance: f64,
}

/// Compares the distribution of every column between rows then and rows now, the most shifted first.
#[must_use]
pub fn shifts(frame: &Frame, then: &[usize], now: &[usize]) -> Vec<Shift> {
    if then.is_empty() || now.is_empty() {
        return Vec::new();
    }
    let binner = Binner::learn(frame, then, 12);
    let (before, after) = (binner.apply(frame, then), binner.apply(frame, now));
    let mut found: Vec<Shift> = (frame.columns.iter().enumerate())
        .map(|(f, column)| {
            let bins = before.sizes[f];
            let (a, b) = (shares(&before.columns[f], bins), shares(&after.columns[f], bins));
            let index = a.iter().zip(&b).map(|(p, q)| (q - p) * (q / p).ln()).sum();
            // Without a shift, index / (1/n + 1/m) is near chi-squared with bins − 1 degrees of freedom
            // (Yurdakul 2018); Wilson and Hilferty's cube gives its upper 5 %.
            let used = a.iter().zip(&b).filter(|(p, q)| **p > 1e-3 || **q > 1e-3).count();
            let freedom = (used.max(2) - 1) as f64;
            let part = 2.0 / (9.0 * freedom);
            let limit = freedom * (1.0 - part + 1.645 * part.sqrt()).powi(3);
            let by_chance = limit * (1.0 / then.len() as f64 + 1.0 / now.len() as f64);
            Shift { name: column.name.clone(), index, by_chance }
        })
        .collect();
    found.sort_by(|a, b| b.index.total_cmp(&a.index));
    found
}

/// Share of each bin, half a row added so that an empty bin is no infinity.
fn shares(column: &[u8], bins: usize) -> Vec<f64> {
    let mut counts = vec![0.5; bins];
    column.iter().for_each(|b| counts[usize::from(*b)] += 1.0);
    let total: f64 = counts.iter().sum();
    counts.iter().map(|c| c / total).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::random::Random;

    #[test]
    fn a_moved_column_stands_out_and_a_still_one_stays_within_chance() {
        let mut random = Random::new(14);
        let mut frame = Frame::default();
        frame.push_number("still", (0..4_000).map(|_| random.normal()).collect());
        frame.push_number("moved", (0..4_000).map(|i| random.normal() + if i < 2_000 { 0.0 } else { 1.0 }).collect());
        let (then, now): (Vec<usize>, Vec<usize>) = ((0..2_000).collect(), (2_000..4_000).collect());
        let found = shifts(&frame, &then, &now);
        assert_eq!(found[0].name, "moved");
        assert!(found[0].index > 0.25);
        assert!(found[1].index < 2.0 * found[1].by_chance && found[1].index < 0.1);
    }
}
