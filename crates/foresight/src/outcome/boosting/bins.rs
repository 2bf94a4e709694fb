//! Values as small whole numbers: bin 0 is missing, numbers are cut at quantiles, categories get a bin each.

use crate::outcome::frame::{Column, Frame, MISSING, Values};

/// Most bins of a feature, the one for missing values included.
pub const MOST_BINS: usize = 256;

/// How one column is binned.
#[derive(Debug, Clone, PartialEq)]
pub enum Cuts {
    /// A number falls into bin 1 + (cuts below it).
    Number(Vec<f64>),
    /// Bin of each category code; codes beyond the list, and rare ones, share the last bin.
    Category { bins: Vec<u8>, other: u8 },
}

/// Learned from training rows, applied to any.
#[derive(Debug, Clone, PartialEq)]
pub struct Binner {
    pub cuts: Vec<Cuts>,
    pub monotone: Vec<i8>,
}

/// Bins of many rows, one column after the other.
#[derive(Debug, Clone)]
pub struct Binned {
    pub rows: usize,
    pub columns: Vec<Vec<u8>>,
    /// Number of bins of each column.
    pub sizes: Vec<usize>,
    pub categorical: Vec<bool>,
}

impl Binner {
    /// Learns cuts from some rows of a frame.
    #[must_use]
    pub fn learn(frame: &Frame, rows: &[usize], most_bins: usize) -> Self {
        let most = most_bins.clamp(3, MOST_BINS) - 1;
        let cuts = (frame.columns.iter())
            .map(|column| match &column.values {
                Values::Number(values) => Cuts::Number(number_cuts(values, rows, most)),
                Values::Category { codes, names } => category_bins(codes, names.len(), rows, most),
            })
            .collect();
        Self { cuts, monotone: frame.columns.iter().map(|c| c.monotone).collect() }
    }

    /// Bin of one cell.
    #[must_use]
    pub fn bin(&self, feature: usize, column: &Column, row: usize) -> u8 {
        match (&self.cuts[feature], &column.values) {
            (Cuts::Number(cuts), Values::Number(values)) => number_bin(cuts, values[row]),
            (Cuts::Category { bins, other }, Values::Category { codes, .. }) => match codes[row] {
                MISSING => 0,
                code => bins.get(code as usize).copied().unwrap_or(*other),
            },
            _ => 0,
        }
    }

    /// Bin of a number that is in no frame.
    #[must_use]
    pub fn bin_number(&self, feature: usize, value: f64) -> u8 {
        match &self.cuts[feature] {
            Cuts::Number(cuts) => number_bin(cuts, value),
            Cuts::Category { .. } => 0,
        }
    }

    /// Number of bins of a feature.
    #[must_use]
    pub fn size(&self, feature: usize) -> usize {
        match &self.cuts[feature] {
            Cuts::Number(cuts) => cuts.len() + 2,
            Cuts::Category { other, .. } => usize::from(*other) + 1,
        }
    }

    /// Bins some rows of a frame, in the order given.
    #[must_use]
    pub fn apply(&self, frame: &Frame, rows: &[usize]) -> Binned {
        let columns = (frame.columns.iter().enumerate()).map(|(f, column)| rows.iter().map(|&row| self.bin(f, column, row)).collect()).collect();
        Binned {
            rows: rows.len(),
            columns,
            sizes: (0..self.cuts.len()).map(|f| self.size(f)).collect(),
            categorical: self.cuts.iter().map(|c| matches!(c, Cuts::Category { .. })).collect(),
        }
    }
}

fn number_bin(cuts: &[f64], value: f64) -> u8 {
    if value.is_nan() { 0 } else { 1 + cuts.partition_point(|cut| *cut < value) as u8 }
}

/// Cuts halfway between neighbouring values: all of them when there are few, else at even steps of the distribution.
fn number_cuts(values: &[f64], rows: &[usize], most: usize) -> Vec<f64> {
    let mut sorted: Vec<f64> = rows.iter().map(|&r| values[r]).filter(|v| !v.is_nan()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let mut runs: Vec<(f64, usize)> = Vec::new();
    for value in sorted {
        match runs.last_mut() {
            Some(run) if run.0 == value => run.1 += 1,
            _ => runs.push((value, 1)),
        }
    }
    let total: usize = runs.iter().map(|r| r.1).sum();
    let mut cuts = Vec::new();
    let (mut held, mut left, mut free) = (0, total, most);
    for pair in runs.windows(2) {
        held += pair[0].1;
        left -= pair[0].1;
        // What is left is shared evenly among the bins still free, so that one frequent value wastes none.
        if runs.len() <= most || held * free >= (left + held) && free > 1 {
            let middle = f64::midpoint(pair[0].0, pair[1].0);
            cuts.push(if middle > pair[0].0 && middle < pair[1].0 { middle } else { pair[0].0 });
            held = 0;
            free -= 1;
        }
    }
    cuts
}

fn category_bins(codes: &[u32], names: usize, rows: &[usize], most: usize) -> Cuts {
    let mut counts = vec![0_usize; names];
    for &row in rows {
        if let Some(count) = counts.get_mut(codes[row] as usize) {
            *count += 1;
        }
    }
    let mut order: Vec<usize> = (0..names).filter(|&c| counts[c] > 0).collect();
    order.sort_by_key(|&c| (std::cmp::Reverse(counts[c]), c));
    order.truncate(most - 1);
    let other = order.len() as u8 + 1;
    let mut bins = vec![other; names];
    for (place, &code) in order.iter().enumerate() {
        bins[code] = place as u8 + 1;
    }
    Cuts::Category { bins, other }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_cut_evenly_and_few_values_keep_a_bin_each() {
        let mut frame = Frame::default();
        frame.push_number("many", (0..10_000).map(f64::from).collect());
        frame.push_number("few", (0..10_000).map(|i| if i == 0 { f64::NAN } else { f64::from(i % 3) }).collect());
        frame.push_number("skewed", (0..10_000).map(|i| if i < 9_000 { 0.0 } else { f64::from(i) }).collect());
        let rows: Vec<usize> = (0..10_000).collect();
        let binner = Binner::learn(&frame, &rows, 64);
        let binned = binner.apply(&frame, &rows);
        let mut counts = vec![0; 64];
        binned.columns[0].iter().for_each(|b| counts[usize::from(*b)] += 1);
        assert_eq!(counts[0], 0);
        assert!(counts[1..].iter().all(|c| (150..170).contains(c)), "{counts:?}");
        assert_eq!(binned.sizes[1], 4);
        assert_eq!(binned.columns[1][..4], [0, 2, 3, 1]);
        assert_eq!(binned.sizes[2], 64);
    }

    #[test]
    fn unseen_and_rare_categories_share_a_bin() {
        let mut frame = Frame::default();
        frame.push_category("c", ["a", "b", "a", "", "new"]);
        let binner = Binner::learn(&frame, &[0, 1, 2, 3], 256);
        assert_eq!(binner.apply(&frame, &[0, 1, 2, 3, 4]).columns[0], [1, 2, 1, 0, 3]);
    }
}
