//! Why a prediction is what it is, exactly, and in words.

use super::frame::{Column, MISSING, Values};

/// What one column adds to the log-odds.
#[derive(Debug, Clone, PartialEq)]
pub struct Reason {
    pub column: usize,
    pub log_odds: f64,
}

/// A prediction taken apart: `base + Σ reasons = log_odds`, exactly.
#[derive(Debug, Clone, PartialEq)]
pub struct Explained {
    pub probability: f64,
    pub log_odds: f64,
    /// Log-odds of the average case.
    pub base: f64,
    /// Every column, the strongest first.
    pub reasons: Vec<Reason>,
}

/// A value as text: `Contract = Month-to-month`, `tenure = 3`, `region unknown`.
#[must_use]
pub fn value_in_words(column: &Column, row: usize) -> String {
    let name = &column.name;
    match &column.values {
        Values::Number(values) if values[row].is_nan() => format!("{name} unknown"),
        Values::Number(values) => {
            let value = values[row];
            let shown = if value.fract() == 0.0 && value.abs() < 1e15 { format!("{value:.0}") } else { format!("{value:.2}") };
            format!("{name} = {shown}")
        }
        Values::Category { codes, names } => match codes[row] {
            MISSING => format!("{name} unknown"),
            code => format!("{name} = {}", names[code as usize]),
        },
    }
}

/// Strength in words, by how the reason multiplies the odds.
#[must_use]
pub fn strength_in_words(log_odds: f64) -> String {
    let factor = log_odds.abs().exp();
    let direction = if log_odds >= 0.0 { "more" } else { "less" };
    if factor < 1.05 {
        "makes little difference".to_owned()
    } else if factor < 2.0 {
        format!("makes it {:.0} % {direction} likely (odds)", (if log_odds >= 0.0 { factor - 1.0 } else { 1.0 - 1.0 / factor }) * 100.0)
    } else {
        format!("makes it {factor:.1} times {direction} likely (odds)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Frame;

    #[test]
    fn words_say_value_and_direction() {
        let mut frame = Frame::default();
        frame.push_number("tenure", vec![3.0, f64::NAN]);
        frame.push_category("contract", ["monthly", ""]);
        assert_eq!(value_in_words(&frame.columns[0], 0), "tenure = 3");
        assert_eq!(value_in_words(&frame.columns[0], 1), "tenure unknown");
        assert_eq!(value_in_words(&frame.columns[1], 0), "contract = monthly");
        assert_eq!(strength_in_words(2.5_f64.ln()), "makes it 2.5 times more likely (odds)");
        assert_eq!(strength_in_words(-(1.25_f64.ln())), "makes it 20 % less likely (odds)");
    }
}
