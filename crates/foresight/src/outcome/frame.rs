//! A table whose columns know what they are.

use std::collections::HashMap;

use crate::calendar::{self, DAY_MS};

/// Code of a missing category.
pub const MISSING: u32 = u32::MAX;

/// Values of one column.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Missing is NaN.
    Number(Vec<f64>),
    /// Codes into `names`; missing is [`MISSING`].
    Category { codes: Vec<u32>, names: Vec<String> },
}

/// One column.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    pub name: String,
    pub values: Values,
    /// `1`: the outcome may only become likelier as the value grows; `-1`: less likely; `0`: free. Numbers only.
    pub monotone: i8,
}

/// Columns of equal length.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Frame {
    pub rows: usize,
    pub columns: Vec<Column>,
}

/// What became of a column of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Number,
    Date,
    Category,
    /// Nearly every row has its own value: an identifier or free text, which says nothing about other rows.
    Unique,
    /// The same value everywhere.
    Constant,
}

/// How a raw table was understood.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Understood {
    pub kinds: Vec<(String, Kind)>,
    /// Columns with cells that did not fit their kind and count as missing: name, how many.
    pub unreadable: Vec<(String, usize)>,
}

impl Frame {
    /// Adds a column of numbers; values that are not finite count as missing.
    pub fn push_number(&mut self, name: &str, values: Vec<f64>) {
        self.rows = values.len();
        let values = values.into_iter().map(|v| if v.is_finite() { v } else { f64::NAN }).collect();
        self.columns.push(Column { name: name.to_owned(), values: Values::Number(values), monotone: 0 });
    }

    /// Adds a column of categories; an empty text is missing.
    pub fn push_category<'a>(&mut self, name: &str, values: impl IntoIterator<Item = &'a str>) {
        let mut numbers: HashMap<&str, u32> = HashMap::new();
        let mut names = Vec::new();
        let codes: Vec<u32> = (values.into_iter())
            .map(|value| {
                if value.is_empty() {
                    return MISSING;
                }
                *numbers.entry(value).or_insert_with(|| {
                    names.push(value.to_owned());
                    names.len() as u32 - 1
                })
            })
            .collect();
        self.rows = codes.len();
        self.columns.push(Column { name: name.to_owned(), values: Values::Category { codes, names }, monotone: 0 });
    }

    /// Understands a table of text: numbers, categories, and moments, which become weekday, hour and the time between
    /// each two of them. Kinds are decided on the first `known` rows only, so that rows to be predicted have no say.
    ///
    /// `known_at` names the column with the moment of prediction: moments after it count as missing in that row.
    /// `absolute_time` also keeps the day itself as a number; under a split by time it could not help.
    #[must_use]
    pub fn understand(columns: &[(String, Vec<String>)], known: usize, known_at: Option<&str>, absolute_time: bool) -> (Self, Understood) {
        let mut frame = Self { rows: columns.first().map_or(0, |c| c.1.len()), columns: Vec::new() };
        let mut understood = Understood::default();
        let mut moments: Vec<(String, Vec<Option<i64>>)> = Vec::new();
        for (name, cells) in columns {
            let kind = kind_of(name, &cells[..known.min(cells.len())]);
            understood.kinds.push((name.clone(), kind));
            let mut unreadable = 0;
            match kind {
                Kind::Number => {
                    let numbers = cells.iter().map(|cell| {
                        parse_number(cell).unwrap_or_else(|| {
                            unreadable += usize::from(!is_missing(cell));
                            f64::NAN
                        })
                    });
                    let numbers = numbers.collect();
                    frame.push_number(name, numbers);
                }
                Kind::Date => {
                    let parsed = cells.iter().map(|cell| {
                        let moment = calendar::parse_moment(cell.as_bytes());
                        unreadable += usize::from(moment.is_none() && !is_missing(cell));
                        moment
                    });
                    moments.push((name.clone(), parsed.collect()));
                }
                Kind::Category => frame.push_category(name, cells.iter().map(|c| if is_missing(c) { "" } else { c.trim() })),
                Kind::Unique | Kind::Constant => {}
            }
            if unreadable > 0 {
                understood.unreadable.push((name.clone(), unreadable));
            }
        }
        if let Some(known_at) = known_at {
            hide_future(&mut moments, known_at);
        }
        frame.push_ratios(known);
        frame.push_moments(&moments, absolute_time);
        (frame, understood)
    }

    fn push_moments(&mut self, moments: &[(String, Vec<Option<i64>>)], absolute_time: bool) {
        let day = |moment: Option<i64>| moment.map_or(f64::NAN, |m| m as f64 / DAY_MS as f64);
        for (i, (name, values)) in moments.iter().enumerate() {
            let timed = values.iter().flatten().any(|m| m.rem_euclid(DAY_MS) != 0);
            let weekday = |m: i64| f64::from(calendar::weekday(m.div_euclid(DAY_MS) as i32));
            self.push_number(&format!("{name}: weekday"), values.iter().map(|m| m.map_or(f64::NAN, weekday)).collect());
            if timed {
                let hour = |m: i64| m.rem_euclid(DAY_MS) as f64 / 3_600_000.0;
                self.push_number(&format!("{name}: hour"), values.iter().map(|m| m.map_or(f64::NAN, hour)).collect());
            }
            if absolute_time {
                self.push_number(&format!("{name}: date"), values.iter().map(|m| day(*m)).collect());
            }
            for (other, earlier) in &moments[..i] {
                let gap = values.iter().zip(earlier).map(|(a, b)| day(*a) - day(*b)).collect();
                self.push_number(&format!("days from {other} to {name}"), gap);
            }
        }
    }

    /// Ratios of amounts: trees cut along columns, and what lies askew between two of them — freight to price, charges to
    /// months — they find only by many cuts. A column counts as an amount when it is never negative, seldom zero and takes
    /// many values.
    fn push_ratios(&mut self, known: usize) {
        let mut amounts: Vec<(String, Vec<f64>)> = Vec::new();
        for column in &self.columns {
            let Values::Number(values) = &column.values else { continue };
            if amounts.len() < MOST_AMOUNTS && is_amount(&values[..known.min(values.len())]) {
                amounts.push((column.name.clone(), values.clone()));
            }
        }
        for (i, (name, values)) in amounts.iter().enumerate() {
            for (other, others) in &amounts[..i] {
                // Where nothing is divided by, nothing is known; the columns themselves say that it is zero.
                let ratio = values.iter().zip(others).map(|(a, b)| if *b > 0.0 { a / b } else { f64::NAN });
                self.push_number(&format!("{name} ÷ {other}"), ratio.collect());
            }
        }
    }

    /// A column by name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|c| c.name == name)
    }
}

/// Amounts of which all ratios are made.
const MOST_AMOUNTS: usize = 5;
/// Different values that make a column of numbers an amount.
const MANY_VALUES: usize = 50;

fn is_amount(values: &[f64]) -> bool {
    let mut present: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
    if present.iter().any(|v| *v < 0.0) || present.iter().filter(|v| **v == 0.0).count() * 20 > present.len() {
        return false;
    }
    present.sort_unstable_by(f64::total_cmp);
    present.dedup();
    present.len() >= MANY_VALUES
}

/// A moment after the one of the prediction was not known then.
fn hide_future(moments: &mut [(String, Vec<Option<i64>>)], known_at: &str) {
    let Some(limit) = moments.iter().find(|m| m.0 == known_at).map(|m| m.1.clone()) else { return };
    for (_, values) in moments.iter_mut() {
        for (value, limit) in values.iter_mut().zip(&limit) {
            if value.zip(*limit).is_some_and(|(v, l)| v > l) {
                *value = None;
            }
        }
    }
}

/// Words that stand for nothing.
fn is_missing(cell: &str) -> bool {
    let cell = cell.trim();
    cell.is_empty() || ["na", "n/a", "nan", "null", "none", "?", "-"].iter().any(|w| cell.eq_ignore_ascii_case(w))
}

fn parse_number(cell: &str) -> Option<f64> {
    cell.trim().parse::<f64>().ok().filter(|v| v.is_finite())
}

fn kind_of(name: &str, cells: &[String]) -> Kind {
    let present: Vec<&str> = cells.iter().map(|c| c.trim()).filter(|c| !is_missing(c)).collect();
    let mut distinct: Vec<&str> = present.clone();
    distinct.sort_unstable();
    distinct.dedup();
    let nearly_all = |fits: &dyn Fn(&str) -> bool| present.iter().filter(|c| !fits(c)).count() * 50 <= present.len() && present.len() > 1;
    if distinct.len() < 2 && present.len() == cells.len() || present.is_empty() {
        return Kind::Constant;
    }
    if nearly_all(&|c| parse_number(c).is_some()) {
        let whole = present.iter().all(|c| c.parse::<i64>().is_ok());
        let lower = name.to_ascii_lowercase();
        let named_so = ["id", "number", "no", "uuid", "key"].iter().any(|end| lower.ends_with(end));
        let identifier = whole && named_so && distinct.len() * 10 >= present.len() * 9;
        return if identifier { Kind::Unique } else { Kind::Number };
    }
    if nearly_all(&|c| calendar::parse_moment(c.as_bytes()).is_some()) {
        return Kind::Date;
    }
    let mean_use = present.len() as f64 / distinct.len() as f64;
    if distinct.len() > 20 && mean_use < 2.0 { Kind::Unique } else { Kind::Category }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, cells: &[&str]) -> (String, Vec<String>) {
        (name.to_owned(), cells.iter().map(|c| (*c).to_owned()).collect())
    }

    #[test]
    fn kinds_are_recognised_and_moments_become_gaps_that_were_known_then() {
        let raw = [
            column("n", &["1", "2.5", " ", "-3"]),
            column("same", &["x", "x", "x", "x"]),
            column("kind", &["a", "b", "", "a"]),
            column("sent", &["2026-01-10", "2026-01-10", "2026-01-10", "2026-01-10"]),
            column("came", &["2026-01-04 12:00", "2026-01-20 00:00", "2026-01-10 00:00", ""]),
        ];
        let (frame, understood) = Frame::understand(&raw, 4, Some("sent"), false);
        let kinds: Vec<Kind> = understood.kinds.iter().map(|k| k.1).collect();
        assert_eq!(kinds[..3], [Kind::Number, Kind::Constant, Kind::Category]);
        // Every row was sent on the same day: that column is constant and cannot be a limit.
        assert_eq!(kinds[3], Kind::Constant);
        let varied = [column("sent", &["2026-01-10", "2026-01-11"]), column("came", &["2026-01-04", "2026-01-20"])];
        let (frame_2, _) = Frame::understand(&varied, 2, Some("sent"), false);
        let Some(Values::Number(gaps)) = frame_2.column("days from sent to came").map(|c| &c.values) else { panic!("a gap is made") };
        assert_eq!(gaps[0], -6.0);
        assert!(gaps[1].is_nan(), "what came after the moment of prediction is not known");
        assert!(matches!(&frame.column("kind").expect("kept").values, Values::Category { codes, .. } if codes == &[0, 1, MISSING, 0]));
    }

    #[test]
    fn amounts_give_ratios_and_other_numbers_none() {
        let numbers = |f: fn(i32) -> i32| (0..100).map(|n| f(n).to_string()).collect::<Vec<String>>();
        let raw = [
            ("price".to_owned(), numbers(|n| n + 10)),
            ("freight".to_owned(), numbers(|n| n % 60)),
            ("change".to_owned(), numbers(|n| n - 50)),
            ("items".to_owned(), numbers(|n| n % 4)),
        ];
        let (frame, _) = Frame::understand(&raw, 100, None, false);
        assert_eq!(frame.columns.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["price", "freight", "change", "items", "freight ÷ price"]);
        let Values::Number(ratio) = &frame.columns[4].values else { panic!("a number") };
        assert_eq!((ratio[0], ratio[10]), (0.0, 0.5));
    }

    #[test]
    fn identifiers_and_free_text_are_left_out() {
        let ids: Vec<String> = (0..100).map(|n| n.to_string()).collect();
        let words: Vec<String> = (0..100).map(|n| format!("word {n}")).collect();
        let raw = [("customer_id".to_owned(), ids.clone()), ("age".to_owned(), ids), ("comment".to_owned(), words)];
        let (frame, _) = Frame::understand(&raw, 100, None, false);
        assert_eq!(frame.columns.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["age"]);
    }
}
