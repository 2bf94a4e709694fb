//! Sums of gradients per bin, and the best way to split them.

use super::bins::Binned;
use super::grow::Growing;
use super::tree::Mask;

/// Up to so many categories every cut is tried without a stronger ridge.
const FEW_CATEGORIES: usize = 4;
/// Rows from which one of many categories may be told from the rest.
const RARE: f64 = 10.0;
/// Most categories that go one way in one split.
const MOST_AT_ONCE: usize = 32;

/// Sum of first and second derivatives and number of rows.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Sum {
    pub(super) gradient: f64,
    pub(super) weight: f64,
    pub(super) count: f64,
}

impl Sum {
    pub(super) fn add(&mut self, other: Self) {
        self.gradient += other.gradient;
        self.weight += other.weight;
        self.count += other.count;
    }

    pub(super) fn less(self, other: Self) -> Self {
        Self { gradient: self.gradient - other.gradient, weight: self.weight - other.weight, count: self.count - other.count }
    }
}

/// First and second derivative of a row, one, and nothing: four lanes that are added in one instruction.
pub(super) type Lanes = [f32; 4];

/// Sums of every bin of the features that a tree looks at, one feature after the other.
pub(super) struct Histogram {
    pub(super) sums: Vec<Sum>,
}

/// Where each of some features begins in a histogram.
pub(super) fn offsets(binned: &Binned, features: &[usize]) -> Vec<usize> {
    let mut offsets = vec![0];
    features.iter().for_each(|&feature| offsets.push(offsets[offsets.len() - 1] + binned.sizes[feature]));
    offsets
}

/// Rows whose sums are held in single precision before they are added to the rest in double.
const BLOCK: usize = 2_048;

impl Histogram {
    /// Adds up rows; `gradients` are by row.
    pub(super) fn build(binned: &Binned, offsets: &[usize], features: &[usize], rows: &[u32], gradients: &[Lanes]) -> Self {
        let mut sums = vec![Sum::default(); offsets[offsets.len() - 1]];
        let ordered: Vec<Lanes> = rows.iter().map(|&r| gradients[r as usize]).collect();
        let mut block = [Lanes::default(); 256];
        for (place, &feature) in features.iter().enumerate() {
            let column = &binned.columns[feature];
            let own = &mut sums[offsets[place]..offsets[place + 1]];
            for (rows, ordered) in rows.chunks(BLOCK).zip(ordered.chunks(BLOCK)) {
                for (&row, add) in rows.iter().zip(ordered) {
                    let sum = &mut block[usize::from(column[row as usize])];
                    for lane in 0..4 {
                        sum[lane] += add[lane];
                    }
                }
                for (sum, part) in own.iter_mut().zip(&mut block) {
                    let [gradient, weight, count, _] = std::mem::take(part).map(f64::from);
                    sum.add(Sum { gradient, weight, count });
                }
            }
        }
        Self { sums }
    }

    /// The sibling's sums: the parent's less these.
    pub(super) fn subtracted_from(&self, mut parent: Self) -> Self {
        for (whole, part) in parent.sums.iter_mut().zip(&self.sums) {
            *whole = whole.less(*part);
        }
        parent
    }
}

/// A way to split.
#[derive(Debug, Clone, Copy)]
pub(super) struct Split {
    pub(super) gain: f64,
    pub(super) feature: usize,
    pub(super) mask: Mask,
    pub(super) left: Sum,
    pub(super) right: Sum,
}

/// What a split is chosen under.
pub(super) struct Chooser<'a> {
    growing: &'a Growing,
    /// Limits from monotone constraints above; `None` when there are none.
    bounds: Option<(f64, f64)>,
    total: Sum,
    /// What the rows are worth without a split.
    whole: f64,
}

impl<'a> Chooser<'a> {
    pub(super) fn new(growing: &'a Growing, (low, high): (f64, f64), total: Sum) -> Self {
        let bounds = (low > f64::NEG_INFINITY || high < f64::INFINITY).then_some((low, high));
        let chooser = Self { growing, bounds, total, whole: 0.0 };
        Self { whole: chooser.score(total), ..chooser }
    }

    /// −G/(H+λ), held inside the bounds.
    pub(super) fn value(&self, sum: Sum) -> f64 {
        let free = -sum.gradient / (sum.weight + self.growing.ridge);
        self.bounds.map_or(free, |(low, high)| free.clamp(low, high))
    }

    /// Fall of the loss, to second order, when these rows get their best value.
    fn score(&self, sum: Sum) -> f64 {
        let weight = sum.weight + self.growing.ridge;
        match self.bounds {
            None => 0.5 * sum.gradient * sum.gradient / weight,
            Some(_) => {
                let value = self.value(sum);
                -(sum.gradient * value + 0.5 * weight * value * value)
            }
        }
    }

    fn allowed(&self, sum: Sum) -> bool {
        sum.count >= self.growing.least_rows && sum.weight >= self.growing.least_weight
    }

    fn gain(&self, left: Sum, right: Sum, monotone: i8) -> f64 {
        if !self.allowed(left) || !self.allowed(right) {
            return f64::NEG_INFINITY;
        }
        if monotone != 0 && f64::from(monotone) * (self.value(right) - self.value(left)) < 0.0 {
            return f64::NEG_INFINITY;
        }
        self.score(left) + self.score(right) - self.whole
    }

    /// Best split of a number: below or above a cut, missing values to either side.
    pub(super) fn number(&self, feature: usize, sums: &[Sum], monotone: i8, best: &mut Option<Split>) {
        let missing = sums[0];
        let floor = best.as_ref().map_or(self.growing.least_gain, |b| b.gain.max(self.growing.least_gain));
        // Gain, last bin on the left, its sum, and whether missing values go with it.
        let mut found = (floor, None, Sum::default(), false);
        let sides: &[bool] = if missing.count > 0.0 { &[true, false] } else { &[false] };
        for &missing_left in sides {
            let mut left = if missing_left { missing } else { Sum::default() };
            for (bin, sum) in sums.iter().enumerate().take(sums.len() - 1).skip(1) {
                left.add(*sum);
                if sum.count == 0.0 || left.count < self.growing.least_rows {
                    continue;
                }
                let right = self.total.less(left);
                if right.count < self.growing.least_rows {
                    break;
                }
                let gain = self.gain(left, right, monotone);
                if gain > found.0 {
                    found = (gain, Some(bin), left, missing_left);
                }
            }
        }
        if let (gain, Some(bin), left, missing_left) = found {
            let mut mask = first_bins(bin);
            if !missing_left {
                mask[0] &= !1;
            }
            *best = Some(Split { gain, feature, mask, left, right: self.total.less(left) });
        }
        // Missing against present, whatever the value.
        if missing.count > 0.0 {
            let right = self.total.less(missing);
            self.offer(self.gain(missing, right, 0), feature, missing, best, || [1, 0, 0, 0]);
        }
    }

    /// Best split of categories: they are put in order of their smoothed gradient and cut (Fisher 1958: the best
    /// subset is contiguous in that order). Missing is a category of its own.
    pub(super) fn category(&self, feature: usize, sums: &[Sum], best: &mut Option<Split>) {
        let smooth = self.growing.category_smoothing;
        let mut order: Vec<usize> = (0..sums.len()).filter(|&b| sums[b].count > 0.0).collect();
        // What few rows say of a category is noise, however it is smoothed: among many, the rare ones stay on the right.
        let many = order.len() > FEW_CATEGORIES;
        if many {
            order.retain(|&b| sums[b].count >= RARE);
        }
        if order.len() < 2 {
            return;
        }
        order.sort_by_cached_key(|&b| Ascending(sums[b].gradient / (sums[b].weight + smooth)));
        // Many categories leave much freedom to fit noise: their split must pay a stronger ridge, and each side of a cut
        // must gather enough rows since the last one. Only few categories go one way at a time.
        let strict = Growing { ridge: self.growing.ridge + self.growing.category_ridge, ..self.growing.clone() };
        let bounds = self.bounds.unwrap_or((f64::NEG_INFINITY, f64::INFINITY));
        let chooser = Chooser::new(if many { &strict } else { self.growing }, bounds, self.total);
        let least = if many { (self.total.count * 0.05).clamp(self.growing.least_rows, 100.0) } else { 0.0 };
        for backwards in [false, true] {
            let mut left = Sum::default();
            let mut gathered = 0.0;
            for cut in 1..=order.len() {
                if many && cut > MOST_AT_ONCE || !many && backwards {
                    break;
                }
                let place = |i: usize| if backwards { order[order.len() - 1 - i] } else { order[i] };
                let sum = sums[place(cut - 1)];
                left.add(sum);
                gathered += sum.count;
                if gathered < least {
                    continue;
                }
                gathered = 0.0;
                let right = self.total.less(left);
                chooser.offer(chooser.gain(left, right, 0), feature, left, best, || {
                    let mut mask = [0_u64; 4];
                    (0..cut).map(place).for_each(|b| mask[b >> 6] |= 1 << (b & 63));
                    mask
                });
            }
        }
    }

    fn offer(&self, gain: f64, feature: usize, left: Sum, best: &mut Option<Split>, mask: impl FnOnce() -> Mask) {
        if gain > self.growing.least_gain && best.as_ref().is_none_or(|b| gain > b.gain) {
            *best = Some(Split { gain, feature, mask: mask(), left, right: self.total.less(left) });
        }
    }
}

/// A number that is sorted by.
#[derive(PartialEq)]
struct Ascending(f64);

impl Eq for Ascending {}

impl PartialOrd for Ascending {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ascending {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// Bins 0 to `last`.
fn first_bins(last: usize) -> Mask {
    let mut mask = [0_u64; 4];
    for (word, bits) in mask.iter_mut().enumerate() {
        let held = (last + 1).saturating_sub(word * 64).min(64);
        *bits = if held == 64 { u64::MAX } else { (1_u64 << held) - 1 };
    }
    mask
}
