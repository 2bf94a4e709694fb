//! Waiting times in logarithmic bins: constant memory, constant time, any quantile.

/// Bins of a factor two from a second to about 34 years; the first is "at once".
const BINS: usize = 32;

/// A histogram of waits in milliseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waits {
    counts: [u32; BINS],
    total: u32,
}

impl Default for Waits {
    fn default() -> Self {
        Self { counts: [0; BINS], total: 0 }
    }
}

fn place(wait: i64) -> usize {
    let seconds = wait.max(0) / 1_000;
    if seconds == 0 { 0 } else { (seconds.ilog2() as usize + 1).min(BINS - 1) }
}

/// Seconds at which a bin begins.
fn start(bin: usize) -> f64 {
    if bin == 0 { 0.0 } else { (1_u64 << (bin - 1)) as f64 }
}

impl Waits {
    /// Counts one wait.
    pub fn add(&mut self, wait: i64) {
        let bin = &mut self.counts[place(wait)];
        *bin = bin.saturating_add(1);
        self.total = self.total.saturating_add(1);
    }

    /// Waits counted.
    #[must_use]
    pub fn total(&self) -> u32 {
        self.total
    }

    /// Quantile in milliseconds, spread evenly within a bin; `None` before the first wait.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<f64> {
        if self.total == 0 {
            return None;
        }
        let wanted = q.clamp(0.0, 1.0) * f64::from(self.total);
        let mut below = 0.0;
        for (bin, &count) in self.counts.iter().enumerate().filter(|b| *b.1 > 0) {
            let count = f64::from(count);
            if below + count >= wanted {
                let share = (wanted - below) / count;
                return Some(1e3 * (start(bin) + share * (start(bin + 1) - start(bin))));
            }
            below += count;
        }
        None
    }

    /// Share of waits longer than `wait`, half a wait added on each side so that it is never zero.
    #[must_use]
    pub fn longer(&self, wait: i64) -> f64 {
        let bin = place(wait);
        let above: u32 = self.counts[bin + 1..].iter().sum();
        let seconds = wait.max(0) as f64 / 1e3;
        let within = 1.0 - ((seconds - start(bin)) / (start(bin + 1) - start(bin))).clamp(0.0, 1.0);
        (f64::from(above) + within * f64::from(self.counts[bin]) + 0.5) / (f64::from(self.total) + 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_and_tails_follow_the_waits() {
        let mut waits = Waits::default();
        assert_eq!(waits.quantile(0.5), None);
        (1..=1_000).for_each(|s| waits.add(s * 1_000));
        let median = waits.quantile(0.5).expect("some") / 1e3;
        assert!((450.0..550.0).contains(&median), "{median}");
        assert!((waits.longer(500_000) - 0.5).abs() < 0.05);
        assert!(waits.longer(i64::MAX) > 0.0 && waits.longer(-5) > 0.99);
    }
}
