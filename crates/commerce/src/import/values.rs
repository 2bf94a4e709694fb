//! Money and moments as spreadsheets write them.

use ennakoi_kernel::Timestamp;
use jiff::{
    civil::{Date, DateTime, Time},
    tz::TimeZone,
};

/// Whole minor units of an amount as people write it: `1 234,50`, `1.234,50`, `1,234.50`, `−5,00 €`. Never goes through a
/// floating-point number. `None` when it is no amount, or finer than the currency.
///
/// A single separator before exactly three digits separates thousands, because no currency here has three decimals.
pub(super) fn money(text: &str, currency: &str) -> Option<i64> {
    let digits_after = decimals(currency);
    let mut plain: String = text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '€' | '$' | '£' | '\'' | '’')).collect();
    for unit in [currency, &currency.to_lowercase(), "kr", "eur", "EUR"] {
        plain = plain.strip_suffix(unit).or_else(|| plain.strip_prefix(unit)).unwrap_or(&plain).to_owned();
    }
    let (negative, plain) = match plain.strip_prefix(['-', '−', '–']) {
        Some(rest) => (true, rest.to_owned()),
        None => (false, plain),
    };
    let (whole, fraction) = split(&plain)?;
    let fraction = fraction.trim_end_matches('0');
    if fraction.len() > digits_after {
        return None;
    }
    let minor: i64 = format!("{whole}{fraction:0<digits_after$}").parse().ok()?;
    Some(if negative { -minor } else { minor })
}

/// Decimals of a currency (ISO 4217).
fn decimals(currency: &str) -> usize {
    if matches!(currency, "JPY" | "KRW" | "ISK" | "CLP" | "VND" | "XAF" | "XOF") { 0 } else { 2 }
}

/// Digits before and after the decimal separator.
fn split(text: &str) -> Option<(String, String)> {
    if text.is_empty() || !text.chars().all(|c| c.is_ascii_digit() || matches!(c, ',' | '.')) {
        return None;
    }
    let separators: Vec<(usize, char)> = text.char_indices().filter(|(_, c)| !c.is_ascii_digit()).collect();
    let Some((last, mark)) = separators.last().copied() else { return Some((text.to_owned(), String::new())) };
    let (before, after) = (&text[..last], &text[last + 1..]);
    let mixed = separators.iter().any(|(_, other)| *other != mark);
    let thousands = !mixed && after.len() == 3 && !before.is_empty() && !before.starts_with('0');
    let (whole, fraction) = if thousands { (text, "") } else { (before, after) };
    if !thousands && (before.contains(mark) || after.is_empty()) {
        return None;
    }
    // Thousands stand in groups of three, all by the same sign.
    let groups: Vec<&str> = whole.split([',', '.']).collect();
    let well_grouped = groups.len() == 1 || (!groups[0].is_empty() && groups[0].len() <= 3 && groups[1..].iter().all(|group| group.len() == 3));
    let joined = groups.concat();
    (well_grouped && !joined.is_empty()).then(|| (joined, fraction.to_owned()))
}

/// A moment: `2026-11-03`, `2026-11-03 14:05`, `2026-11-03T14:05:00Z`, `3.11.2026`, `3.11.2026 klo 14.05`. Without an offset it is
/// read in `zone`; a date alone is its midnight.
pub(super) fn moment(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(instant) = text.parse::<jiff::Timestamp>() {
        return Some(Timestamp(instant.as_microsecond()));
    }
    let (day, clock) = match text.find([' ', 'T', '\u{a0}']) {
        Some(at) => (&text[..at], text[at..].trim_start_matches([' ', 'T', '\u{a0}']).trim_start_matches("klo").trim_start_matches("kl.").trim()),
        None => (text, ""),
    };
    let civil = DateTime::from_parts(date(day)?, if clock.is_empty() { Time::midnight() } else { time(clock)? });
    let zoned = zone.to_ambiguous_zoned(civil).compatible().ok()?;
    Some(Timestamp(zoned.timestamp().as_microsecond()))
}

fn date(text: &str) -> Option<Date> {
    let (separator, iso) = if text.contains('-') { ('-', true) } else { ('.', false) };
    let mut parts = text.split(separator);
    let mut next = || parts.next().filter(|part| (1..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit()));
    let (first, month, last) = (next()?, next()?, next()?);
    let (year, day) = if iso { (first, last) } else { (last, first) };
    let whole = text.split(separator).count() == 3 && year.len() == 4 && month.len() <= 2 && day.len() <= 2;
    if !whole {
        return None;
    }
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok().filter(|date| (1990..=2100).contains(&date.year()))
}

fn time(text: &str) -> Option<Time> {
    let mut parts = text.split([':', '.']).map(|part| if part.len() <= 2 { part.parse::<i8>().ok() } else { None });
    let (hour, minute) = (parts.next()??, parts.next()??);
    let second = match parts.next() {
        Some(second) => second?,
        None => 0,
    };
    if parts.next().is_some() { None } else { Time::new(hour, minute, second, 0).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_people_write_them() {
        for (text, minor) in [
            ("1 234,50", 123_450),
            ("1\u{a0}234,5 €", 123_450),
            ("1.234,50", 123_450),
            ("1,234.50", 123_450),
            ("12.5", 1_250),
            ("1234", 123_400),
            ("1.234", 123_400),
            ("1.234.567,00", 123_456_700),
            ("-5,00", -500),
            ("−0,05", -5),
            ("EUR 9.90", 990),
            ("0,1", 10),
            ("19,900", 1_990_000),
            ("0.500", 50),
        ] {
            assert_eq!(money(text, "EUR"), Some(minor), "{text}");
        }
        assert_eq!(money("1 500", "JPY"), Some(1_500));
        for wrong in ["", "abc", "1,2,3", "12,345,6", "1..2", "0,125", "12,3,4.5", "1e5", ",", "5,", "--5", "99999999999999999999"] {
            assert_eq!(money(wrong, "EUR"), None, "{wrong}");
        }
    }

    #[test]
    fn moments_are_read_in_the_company_s_time_zone() {
        let zone = TimeZone::get("Europe/Helsinki").unwrap();
        let at = |text: &str| moment(text, &zone).map(Timestamp::seconds);
        let november = at("2026-11-03T12:05:00Z");
        assert!(november.is_some());
        for same in ["3.11.2026 14:05", "03.11.2026 klo 14.05", "2026-11-03 14:05:00", "2026-11-03T14:05", "2026-11-03T14:05:00+02:00"] {
            assert_eq!(at(same), november, "{same}");
        }
        // Summer time is three hours ahead.
        assert_eq!(at("1.7.2026"), at("2026-06-30T21:00:00Z"));
        for wrong in ["", "31.2.2026", "2026-13-01", "1.1.26", "yesterday", "11/03/2026", "1.1.2026 25:00", "1.1.2026.5", "1.1.0001"] {
            assert_eq!(at(wrong), None, "{wrong}");
        }
    }
}
