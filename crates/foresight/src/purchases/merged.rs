//! Equal customers merged into weighted rows.

use super::fit::FitError;
use super::history::Summary;

/// One distinct customer and how many there are of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Row {
    pub repeats: f64,
    pub last: f64,
    pub watched: f64,
    pub weight: f64,
}

/// Distinct rows in ascending order of (repeats, watched, last), times multiplied by `scale`.
#[derive(Debug, Clone)]
pub struct Merged {
    pub rows: Vec<Row>,
    pub customers: usize,
    /// Internal time = given time × scale; the longest time watched becomes [`INTERNAL_SPAN`].
    pub scale: f64,
}

/// Length of the longest history in internal units, which makes a fit independent of the unit of time.
pub const INTERNAL_SPAN: f64 = 40.0;

impl Merged {
    /// Checks and merges.
    ///
    /// # Errors
    /// [`FitError::NoCustomers`] for an empty slice, [`FitError::Invalid`] naming the first impossible customer.
    pub fn new(customers: &[Summary]) -> Result<Self, FitError> {
        if customers.is_empty() {
            return Err(FitError::NoCustomers);
        }
        for (customer, summary) in customers.iter().enumerate() {
            summary.check().map_err(|reason| FitError::Invalid { customer, reason })?;
        }
        let longest = customers.iter().fold(0.0_f64, |m, c| m.max(c.watched));
        let scale = if longest > 0.0 { INTERNAL_SPAN / longest } else { 1.0 };
        let mut rows: Vec<Row> =
            (customers.iter()).map(|c| Row { repeats: c.repeats, last: c.last * scale, watched: c.watched * scale, weight: 1.0 }).collect();
        rows.sort_unstable_by(|a, b| a.repeats.total_cmp(&b.repeats).then(a.watched.total_cmp(&b.watched)).then(a.last.total_cmp(&b.last)));
        rows.dedup_by(|next, kept| {
            let same = next.repeats == kept.repeats && next.watched == kept.watched && next.last == kept.last;
            if same {
                kept.weight += next.weight;
            }
            same
        });
        Ok(Self { rows, customers: customers.len(), scale })
    }

    /// Repeat purchases per unit of internal time over everyone, never zero.
    #[must_use]
    pub fn rate(&self) -> f64 {
        let (bought, watched) = self.rows.iter().fold((0.0, 0.0), |(b, w), row| (b + row.weight * row.repeats, w + row.weight * row.watched));
        ((bought + 0.5) / (watched + 1.0)).max(1e-6)
    }
}
