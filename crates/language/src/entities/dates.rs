//! Dates as Finns, Swedes and English speakers write them.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::{Entity, EntityKind};

/// Whether the day exists (Gregorian calendar).
pub(super) fn is_date(year: u32, month: u32, day: u32) -> bool {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return false,
    };
    (1..=days).contains(&day)
}

/// Month by the beginning of its name in any of the three languages, unambiguous prefixes only.
fn month(name: &str) -> Option<u32> {
    #[rustfmt::skip]
    const NAMES: [(&str, u32); 35] = [
        ("tammik", 1), ("helmik", 2), ("maalisk", 3), ("huhtik", 4), ("toukok", 5), ("kesäk", 6), ("heinäk", 7), ("elok", 8),
        ("syysk", 9), ("lokak", 10), ("marrask", 11), ("jouluk", 12),
        ("jan", 1), ("feb", 2), ("mar", 3), ("apr", 4), ("maj", 5), ("may", 5), ("jun", 6), ("jul", 7), ("aug", 8), ("sep", 9),
        ("okt", 10), ("oct", 10), ("nov", 11), ("dec", 12),
        ("tammi", 1), ("helmi", 2), ("maalis", 3), ("huhti", 4), ("touko", 5), ("syys", 9), ("loka", 10), ("marras", 11), ("joulu", 12),
    ];
    let lower = name.to_lowercase();
    NAMES.iter().find(|(prefix, _)| lower.starts_with(prefix)).map(|&(_, month)| month)
}

const MONTHS: &str = "tammi(?:kuu\\p{L}*)?|helmi(?:kuu\\p{L}*)?|maalis(?:kuu\\p{L}*)?|huhti(?:kuu\\p{L}*)?|touko(?:kuu\\p{L}*)?|kesäkuu\\p{L}*|heinäkuu\\p{L}*|elokuu\\p{L}*|\
    syys(?:kuu\\p{L}*)?|loka(?:kuu\\p{L}*)?|marras(?:kuu\\p{L}*)?|joulukuu\\p{L}*|januari|january|jan|februari|february|feb|mars|march|mar|april|apr|maj|may|juni|june|jun|\
    juli|july|jul|augusti|august|aug|september|sept|sep|oktober|october|okt|oct|november|nov|december|dec";

static NUMERIC: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\b(\d{1,2})[./](\d{1,2})(?:[./](\d{4}|\d{2}))?\b\.?").expect("the pattern is constant"));
static ISO: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\b(\d{4})-(\d{2})-(\d{2})\b").expect("the pattern is constant"));
static DAY_FIRST: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(&format!(r"(?i)\b(\d{{1,2}})(?:\.|st|nd|rd|th|:e)?\s?(?:of\s)?({MONTHS})\b\.?,?(?:\s(\d{{4}})\b)?")).expect("the pattern is constant")
});
static MONTH_FIRST: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(&format!(r"(?i)\b({MONTHS})\b\.?\s(\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s(\d{{4}})\b)?")).expect("the pattern is constant"));

/// All dates of a text, unordered and possibly overlapping.
pub(super) fn dates(text: &str, found: &mut Vec<Entity>) {
    for captures in ISO.captures_iter(text) {
        push(found, &captures, number(&captures, 1), number(&captures, 2), number(&captures, 3));
    }
    for captures in DAY_FIRST.captures_iter(text) {
        push(found, &captures, number(&captures, 3), month(&captures[2]), number(&captures, 1));
    }
    for captures in MONTH_FIRST.captures_iter(text) {
        push(found, &captures, number(&captures, 3), month(&captures[1]), number(&captures, 2));
    }
    for captures in NUMERIC.captures_iter(text) {
        let whole = captures.get(0).map_or("", |whole| whole.as_str());
        let full = captures.get(3).is_some();
        // "3.5" is a number and "1/2" a share; a date without a year ends with a full stop in Finnish.
        let finnish = whole.ends_with('.') && whole.matches('.').count() == 2;
        if !(full || finnish) {
            continue;
        }
        let year = number(&captures, 3).map(|year| if year < 100 { 2000 + year } else { year });
        push(found, &captures, year, number(&captures, 2), number(&captures, 1));
    }
}

fn number(captures: &Captures<'_>, group: usize) -> Option<u32> {
    captures.get(group).and_then(|found| found.as_str().parse().ok())
}

fn push(found: &mut Vec<Entity>, captures: &Captures<'_>, year: Option<u32>, month: Option<u32>, day: Option<u32>) {
    let (Some(whole), Some(month), Some(day)) = (captures.get(0), month, day) else {
        return;
    };
    // Without a year, 29 February is possible.
    let valid = is_date(year.unwrap_or(2000), month, day);
    let value = match year {
        Some(year) => format!("{year:04}-{month:02}-{day:02}"),
        None => format!("--{month:02}-{day:02}"),
    };
    let end = whole.start() + whole.as_str().trim_end_matches([',', ' ']).len();
    found.push(Entity { kind: EntityKind::Date, range: whole.start()..end, value, valid });
}
