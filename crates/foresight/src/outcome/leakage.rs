//! A guard against columns that know the answer.

use super::frame::{Frame, MISSING, Values};
use crate::score;

/// A column that orders the outcome better than honest knowledge is likely to.
#[derive(Debug, Clone, PartialEq)]
pub struct Suspect {
    pub column: usize,
    pub name: String,
    /// AUC of the column alone; of its missing cells alone when `by_missing`.
    pub auc: f64,
    pub by_missing: bool,
}

/// From this AUC of a single column on, a column is taken to be written after the outcome.
pub const SUSPICIOUS: f64 = 0.985;

/// Looks at each column alone. Categories are scored by their share of positives in the other half of the rows, so
/// that many rare categories do not look like knowledge.
#[must_use]
pub fn suspects(frame: &Frame, rows: &[usize], labels: &[bool]) -> Vec<Suspect> {
    let mut found = Vec::new();
    for (number, column) in frame.columns.iter().enumerate() {
        let missing: Vec<f64> = rows
            .iter()
            .map(|&r| match &column.values {
                Values::Number(values) => f64::from(u8::from(values[r].is_nan())),
                Values::Category { codes, .. } => f64::from(u8::from(codes[r] == MISSING)),
            })
            .collect();
        let scores: Vec<f64> = match &column.values {
            Values::Number(values) => rows.iter().map(|&r| if values[r].is_nan() { f64::MIN } else { values[r] }).collect(),
            Values::Category { codes, names } => rates(codes, names.len(), rows, labels),
        };
        for (scores, by_missing) in [(&scores, false), (&missing, true)] {
            let Some(auc) = score::auc(scores, labels).map(|a| a.max(1.0 - a)) else { continue };
            if auc >= SUSPICIOUS {
                found.push(Suspect { column: number, name: column.name.clone(), auc, by_missing });
                break;
            }
        }
    }
    found
}

fn rates(codes: &[u32], names: usize, rows: &[usize], labels: &[bool]) -> Vec<f64> {
    let mut sums = vec![[(0.0, 0.0); 2]; names + 1];
    let place = |row: usize| (codes[row] as usize).min(names);
    for (i, (&row, &label)) in rows.iter().zip(labels).enumerate() {
        let sum = &mut sums[place(row)][i % 2];
        sum.0 += f64::from(u8::from(label));
        sum.1 += 1.0;
    }
    let rate = |(i, &row): (usize, &usize)| {
        let (hits, count) = sums[place(row)][1 - i % 2];
        (hits + 0.5) / (count + 1.0)
    };
    rows.iter().enumerate().map(rate).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_columns_that_know_the_answer_are_suspect() {
        let labels: Vec<bool> = (0..400).map(|i| i * 7 % 11 < 4).collect();
        let mut frame = Frame::default();
        frame.push_number("honest", labels.iter().enumerate().map(|(i, l)| f64::from(u8::from(*l)) + (i % 5) as f64 * 0.5).collect());
        frame.push_number("answer", labels.iter().map(|l| if *l { 1.0 } else { 5.0 }).collect());
        frame.push_category("reason", labels.iter().map(|l| if *l { "left" } else { "" }));
        let unique: Vec<String> = (0..400).map(|i| i.to_string()).collect();
        frame.push_category("unique", unique.iter().map(String::as_str));
        let rows: Vec<usize> = (0..400).collect();
        let names: Vec<String> = suspects(&frame, &rows, &labels).into_iter().map(|s| s.name).collect();
        assert_eq!(names, ["answer", "reason"]);
    }
}
