//! One report for two readers: lines and tables for a person, one JSON object for a program.

use std::fmt::Write as _;

use serde_json::{Map, Value};

/// Collects what an evaluation found.
pub(crate) struct Report {
    text: String,
    object: Map<String, Value>,
}

impl Report {
    pub(crate) fn new(title: &str) -> Self {
        Self { text: format!("{title}\n{}\n", "═".repeat(title.chars().count())), object: Map::new() }
    }

    /// A key of the JSON object only.
    pub(crate) fn set(&mut self, key: &str, value: impl Into<Value>) {
        self.object.insert(key.to_owned(), value.into());
    }

    /// A number for both readers; what could not be computed is null for the program and a dash for the person.
    pub(crate) fn figure(&mut self, key: &str, value: Option<f64>, meaning: &str) {
        let value = value.filter(|v| v.is_finite());
        self.set(key, value.map_or(Value::Null, |v| Value::from(rounded(v))));
        let shown = value.map_or_else(|| "–".to_owned(), short);
        writeln!(self.text, "  {key:<24} {shown:>12}  {meaning}").expect("writing to a string cannot fail");
    }

    /// A number of things, for both readers.
    pub(crate) fn count(&mut self, key: &str, count: u64, meaning: &str) {
        self.set(key, count);
        writeln!(self.text, "  {key:<24} {count:>12}  {meaning}").expect("writing to a string cannot fail");
    }

    pub(crate) fn heading(&mut self, heading: &str) {
        write!(self.text, "\n{heading}\n").expect("writing to a string cannot fail");
    }

    pub(crate) fn line(&mut self, line: &str) {
        writeln!(self.text, "  {line}").expect("writing to a string cannot fail");
    }

    /// A table with right-aligned columns but the first.
    pub(crate) fn table(&mut self, header: &[&str], rows: &[Vec<String>]) {
        let width = |i: usize| {
            let cells = rows.iter().filter_map(|r| r.get(i)).map(|c| c.chars().count());
            cells.chain([header[i].chars().count()]).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..header.len()).map(width).collect();
        let mut put = |cells: Vec<&str>| {
            let mut line = String::new();
            for (i, cell) in cells.iter().enumerate() {
                let pad = " ".repeat(widths.get(i).copied().unwrap_or(0).saturating_sub(cell.chars().count()));
                if i == 0 { line += &format!("  {cell}{pad}") } else { line += &format!("  {pad}{cell}") }
            }
            self.text += line.trim_end();
            self.text.push('\n');
        };
        put(header.to_vec());
        let rule: Vec<String> = widths.iter().map(|w| "─".repeat(*w)).collect();
        put(rule.iter().map(String::as_str).collect());
        for row in rows {
            put(row.iter().map(String::as_str).collect());
        }
    }

    /// Prints for the reader asked for.
    pub(crate) fn print(self, json: bool) {
        if json {
            println!("{}", Value::Object(self.object));
        } else {
            print!("{}", self.text);
        }
    }
}

/// Six significant digits are more than any of these figures deserve, and keep JSON readable.
fn rounded(value: f64) -> f64 {
    if value == 0.0 || value.abs() >= 1e6 {
        return (value * 1e4).round() / 1e4;
    }
    let digits = 7 - value.abs().log10().ceil() as i32;
    let scale = 10_f64.powi(digits.clamp(4, 12));
    (value * scale).round() / scale
}

/// A number as people read it.
pub(crate) fn short(value: f64) -> String {
    let size = value.abs();
    if value.fract() == 0.0 && size < 1e15 {
        format!("{value:.0}")
    } else if size >= 1_000.0 {
        format!("{value:.1}")
    } else if size >= 10.0 {
        format!("{value:.2}")
    } else if size >= 0.001 || size == 0.0 {
        format!("{value:.4}")
    } else {
        format!("{value:.2e}")
    }
}

/// A row of small bars, the lowest value the lowest bar.
pub(crate) fn sparkline(values: &[f64]) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let (low, high) = values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(*v), h.max(*v)));
    let span = if high > low { high - low } else { 1.0 };
    values.iter().map(|v| BARS[(((v - low) / span) * 7.0).round() as usize % 8]).collect()
}

/// Places in ten parts as even as can be, highest score first; fewer parts when there are fewer than ten.
pub(crate) fn tenths(scores: &[f64]) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    (0..10).map(|part| order[part * order.len() / 10..(part + 1) * order.len() / 10].to_vec()).filter(|part| !part.is_empty()).collect()
}

/// Reliability diagram as lines: predicted, observed, count and a bar.
pub(crate) fn reliability_rows(bins: &[ennakoi_foresight::score::Bin]) -> Vec<Vec<String>> {
    let most = bins.iter().map(|b| b.count).max().unwrap_or(1).max(1);
    (bins.iter())
        .map(|b| {
            let bar = "█".repeat((b.count * 20).div_ceil(most));
            vec![format!("{:.3}", b.predicted), format!("{:.3}", b.observed), b.count.to_string(), format!("{bar:<20}")]
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tenths_hold_everyone_once() {
        let scores: Vec<f64> = (0..37).map(|i| f64::from(i * 7 % 37)).collect();
        let parts = tenths(&scores);
        assert_eq!((parts.len(), parts.iter().map(Vec::len).sum::<usize>()), (10, 37));
        assert!(parts.windows(2).all(|p| scores[p[0][p[0].len() - 1]] > scores[p[1][0]]));
        assert_eq!(tenths(&[1.0, 2.0]), [vec![1], vec![0]]);
        assert!(tenths(&[]).is_empty());
    }

    #[test]
    fn bars_follow_values_and_digits_are_kept() {
        assert_eq!(sparkline(&[0.0, 3.5, 7.0]), "▁▅█");
        assert_eq!(sparkline(&[2.0, 2.0]), "▁▁");
        assert!((rounded(-9_582.425_61) - -9_582.425_6).abs() < 1e-9);
        assert!((rounded(0.000_123_456_789) - 0.000_123_456_789).abs() < 1e-10);
    }
}
