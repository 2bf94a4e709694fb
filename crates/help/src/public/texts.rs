//! The sentences of the public pages, from `i18n/`.

use std::{collections::HashMap, sync::LazyLock};

use ennakoi_kernel::Timestamp;
use ennakoi_people::Locale;
use jiff::tz::TimeZone;
use minijinja::{Value, value::Serde};

type Sentences = HashMap<String, String>;

static TEXTS: LazyLock<[Sentences; 3]> = LazyLock::new(|| {
    [include_str!("../../../../i18n/fi/help.json"), include_str!("../../../../i18n/sv/help.json"), include_str!("../../../../i18n/en/help.json")]
        .map(|text| serde_json::from_str(text).expect("the sentences are valid JSON, as a test shows"))
});

static VALUES: LazyLock<[Value; 3]> = LazyLock::new(|| TEXTS.each_ref().map(|sentences| Value::from(Serde(sentences))));

/// All sentences of a language, for the templates.
pub(super) fn all(locale: Locale) -> Value {
    VALUES[locale as usize].clone()
}

/// A sentence with its gaps filled.
pub(super) fn say(locale: Locale, key: &str, gaps: &[(&str, &str)]) -> String {
    let Some(sentence) = TEXTS[locale as usize].get(key) else {
        tracing::error!(key, "the help centre has no such sentence");
        return String::new();
    };
    fill(sentence, gaps)
}

/// Fills gaps in one pass, so that a value that looks like a gap stays what it is.
fn fill(sentence: &str, gaps: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(sentence.len() + 32);
    let mut rest = sentence;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let Some((name, after)) = after.split_once('}') else { break };
        filled.push_str(gaps.iter().find(|(gap, _)| *gap == name).map_or("", |(_, value)| value));
        rest = after;
    }
    filled.push_str(rest);
    filled
}

/// "1 article", "7 articles".
pub(super) fn counted(locale: Locale, key: &str, count: usize, gaps: &[(&str, &str)]) -> String {
    let key = format!("{key}_{}", if count == 1 { "one" } else { "other" });
    let number = count.to_string();
    let gaps: Vec<(&str, &str)> = gaps.iter().copied().chain([("count", number.as_str())]).collect();
    say(locale, &key, &gaps)
}

/// The day in words, and as `YYYY-MM-DD`.
pub(super) fn day(locale: Locale, at: Timestamp, timezone: &str) -> (String, String) {
    let zone = TimeZone::get(timezone).unwrap_or(TimeZone::UTC);
    let date = jiff::Timestamp::from_microsecond(at.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH).to_zoned(zone).date();
    let month = say(locale, &format!("month_{}", date.month()), &[]);
    (say(locale, "date", &[("day", &date.day().to_string()), ("month", &month), ("year", &date.year().to_string())]), date.to_string())
}

/// The name of a language in itself.
pub(super) const fn name(locale: Locale) -> &'static str {
    match locale {
        Locale::Fi => "Suomi",
        Locale::Sv => "Svenska",
        Locale::En => "English",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gaps(text: &str) -> Vec<String> {
        let mut gaps: Vec<String> = text.split('{').skip(1).filter_map(|rest| rest.split('}').next()).map(ToOwned::to_owned).collect();
        gaps.sort();
        gaps
    }

    #[test]
    fn every_language_has_the_same_sentences_with_the_same_gaps() {
        let shape = |sentences: &Sentences| {
            let mut shape: Vec<(String, Vec<String>)> = sentences.iter().map(|(key, text)| (key.clone(), gaps(text))).collect();
            shape.sort();
            shape
        };
        let first = shape(&TEXTS[0]);
        assert!(first.len() > 50);
        for other in &TEXTS[1..] {
            assert_eq!(shape(other), first);
        }
    }

    #[test]
    fn gaps_are_filled_once_and_days_are_said() {
        assert_eq!(say(Locale::En, "results_other", &[("query", "{count}"), ("count", "3")]), "3 results for “{count}”");
        assert_eq!(counted(Locale::Fi, "articles", 1, &[]), "1 ohje");
        assert_eq!(day(Locale::Fi, Timestamp::from_seconds(1_795_305_599), "Europe/Helsinki"), ("22. marraskuuta 2026".to_owned(), "2026-11-22".to_owned()));
        assert_eq!(day(Locale::En, Timestamp::from_seconds(1_795_305_599), "UTC").0, "21 November 2026");
    }
}
