//! Sentences of flows with their gaps filled, as one says it in each language.

use ennakoi_kernel::Timestamp;
use ennakoi_people::Locale;
use jiff::{Timestamp as Instant, tz::TimeZone};

use super::shop::Fact;
use crate::texts;

/// Names between braces, in order.
pub(crate) fn gaps(text: &str) -> Vec<String> {
    text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name.to_owned()).collect()
}

/// The text with its gaps filled; what is unknown is left out.
pub(crate) fn fill(text: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let Some((name, after)) = after.split_once('}') else {
            filled.push('{');
            rest = after;
            continue;
        };
        filled.push_str(&value(name).unwrap_or_else(|| "–".to_owned()));
        rest = after;
    }
    filled.push_str(rest);
    filled
}

/// A fact as one tells it to a customer.
pub(crate) fn fact(locale: Locale, timezone: &str, fact: &Fact) -> String {
    match fact {
        Fact::Text(text) => text.clone(),
        Fact::Word(word) => texts::known(locale, &format!("word_{word}")).unwrap_or_else(|| word.replace('_', " ")),
        Fact::At(at) => date(locale, timezone, *at),
        Fact::Money { minor, currency } => money(locale, *minor, currency),
        Fact::Count(count) => count.to_string(),
    }
}

fn money(locale: Locale, minor: i64, currency: &str) -> String {
    let (sign, amount) = (if minor < 0 { "−" } else { "" }, minor.unsigned_abs());
    let (whole, cents) = (amount / 100, amount % 100);
    match (locale, currency) {
        (Locale::En, "EUR") => format!("{sign}€{whole}.{cents:02}"),
        (Locale::En, _) => format!("{sign}{whole}.{cents:02} {currency}"),
        (_, "EUR") => format!("{sign}{whole},{cents:02} €"),
        (_, "SEK") => format!("{sign}{whole},{cents:02} kr"),
        _ => format!("{sign}{whole},{cents:02} {currency}"),
    }
}

pub(crate) fn date(locale: Locale, timezone: &str, at: Timestamp) -> String {
    let zone = TimeZone::get(timezone).unwrap_or(TimeZone::UTC);
    let day = Instant::from_microsecond(at.0).unwrap_or(Instant::UNIX_EPOCH).to_zoned(zone).date();
    civil(locale, day)
}

pub(crate) fn civil(locale: Locale, day: jiff::civil::Date) -> String {
    match locale {
        Locale::En => format!("{} {} {}", day.day(), texts::MONTHS[usize::from(day.month().unsigned_abs()) - 1], day.year()),
        Locale::Fi | Locale::Sv => format!("{}.{}.{}", day.day(), day.month(), day.year()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_filled_and_what_is_unknown_is_a_dash() {
        let value = |name: &str| (name == "a").then(|| "yksi".to_owned());
        assert_eq!(fill("{a} ja {b} ja {", value), "yksi ja – ja {");
        assert_eq!(gaps("{order.number}, {reason}"), ["order.number", "reason"]);
    }

    #[test]
    fn sums_and_days_are_told_as_people_write_them() {
        assert_eq!(money(Locale::Fi, 123_405, "EUR"), "1234,05 €");
        assert_eq!(money(Locale::En, -50, "EUR"), "−€0.50");
        assert_eq!(money(Locale::Sv, 9_900, "SEK"), "99,00 kr");
        let at = Timestamp::from_seconds(1_795_181_400);
        assert_eq!(date(Locale::Fi, "Europe/Helsinki", at), "20.11.2026");
        assert_eq!(date(Locale::En, "Europe/Helsinki", at), "20 November 2026");
    }
}
