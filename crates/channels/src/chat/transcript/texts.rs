//! The sentences around a transcript, from `i18n/`.

use std::{collections::HashMap, sync::LazyLock};

use ennakoi_kernel::Timestamp;
use ennakoi_people::Locale;
use jiff::{Zoned, tz::TimeZone};

type Sentences = HashMap<String, String>;

static TEXTS: LazyLock<[Sentences; 3]> = LazyLock::new(|| {
    [
        include_str!("../../../../../i18n/fi/transcript.json"),
        include_str!("../../../../../i18n/sv/transcript.json"),
        include_str!("../../../../../i18n/en/transcript.json"),
    ]
    .map(|text| serde_json::from_str(text).expect("the sentences are valid JSON, as a test shows"))
});

/// A sentence with its gaps filled.
pub(super) fn say(locale: Locale, key: &str, gaps: &[(&str, &str)]) -> String {
    let sentence = TEXTS[locale as usize].get(key).cloned().unwrap_or_default();
    gaps.iter().fold(sentence, |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}

/// A moment in the company's own time.
pub(super) struct Moment(Zoned);

impl Moment {
    pub(super) fn new(at: Timestamp, timezone: &str) -> Self {
        let zone = TimeZone::get(timezone).unwrap_or(TimeZone::UTC);
        Self(jiff::Timestamp::from_microsecond(at.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH).to_zoned(zone))
    }

    pub(super) fn day(&self, locale: Locale) -> String {
        match locale {
            Locale::Fi | Locale::Sv => format!("{}.{}.{}", self.0.day(), self.0.month(), self.0.year()),
            Locale::En => format!("{} {} {}", self.0.day(), MONTHS[usize::from(self.0.month().unsigned_abs()) - 1], self.0.year()),
        }
    }

    pub(super) fn clock(&self, locale: Locale) -> String {
        let separator = if locale == Locale::En { ':' } else { '.' };
        format!("{}{separator}{:02}", self.0.hour(), self.0.minute())
    }
}

const MONTHS: [&str; 12] = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_the_same_sentences() {
        for other in &TEXTS[1..] {
            assert_eq!(other.len(), TEXTS[0].len());
            assert!(TEXTS[0].keys().all(|key| other.contains_key(key)));
        }
    }
}
