//! What the bot says, in the customer's language. The sentences live in `i18n/`.

use std::{collections::HashMap, sync::LazyLock};

use ennakoi_kernel::Timestamp;
use ennakoi_people::Locale;
use jiff::{Timestamp as Instant, tz::TimeZone};

type Sentences = HashMap<String, String>;

static TEXTS: LazyLock<[Sentences; 3]> = LazyLock::new(|| {
    [include_str!("../../../i18n/fi/bot.json"), include_str!("../../../i18n/sv/bot.json"), include_str!("../../../i18n/en/bot.json")]
        .map(|text| serde_json::from_str(text).expect("the sentences are valid JSON, as a test shows"))
});

/// A sentence with its gaps filled: `say(Fi, "closed", &[("opens", "…")])`.
#[must_use]
pub fn say(locale: Locale, key: &str, gaps: &[(&str, &str)]) -> String {
    let Some(sentence) = TEXTS[locale as usize].get(key) else {
        tracing::error!(key, "the bot has no such sentence");
        return String::new();
    };
    gaps.iter().fold(sentence.clone(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}

/// The sentence of a key, when there is one.
#[must_use]
pub fn known(locale: Locale, key: &str) -> Option<String> {
    TEXTS[locale as usize].get(key).cloned()
}

/// A moment as one says it to somebody: "today at 14.00", "on Monday at 9.00", with the date when it is more than six days away.
#[must_use]
pub fn moment(locale: Locale, at: Timestamp, now: Timestamp, timezone: &str) -> String {
    let zone = TimeZone::get(timezone).unwrap_or(TimeZone::UTC);
    let local = |at: Timestamp| Instant::from_microsecond(at.0).unwrap_or(Instant::UNIX_EPOCH).to_zoned(zone.clone());
    let (at, now) = (local(at), local(now));
    let time = match locale {
        Locale::Fi | Locale::Sv => format!("{}.{:02}", at.hour(), at.minute()),
        Locale::En => format!("{}:{:02}", at.hour(), at.minute()),
    };
    let weekday = say(locale, &format!("weekday_{}", at.weekday().to_monday_one_offset()), &[]);
    let days = (at.date() - now.date()).get_days();
    let key = match days {
        i32::MIN..=0 => "today_at",
        1 => "tomorrow_at",
        2..=6 => "weekday_at",
        _ => "date_at",
    };
    let date = match locale {
        Locale::En => format!("{} {}", at.day(), MONTHS[usize::from(at.month().unsigned_abs()) - 1]),
        Locale::Fi | Locale::Sv => format!("{}.{}.", at.day(), at.month()),
    };
    say(locale, key, &[("time", &time), ("weekday", &weekday), ("date", &date)])
}

pub(crate) const MONTHS: [&str; 12] =
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_the_same_sentences_with_the_same_gaps() {
        let gaps = |text: &str| {
            let mut gaps: Vec<String> = text.split('{').skip(1).filter_map(|rest| rest.split('}').next()).map(ToOwned::to_owned).collect();
            gaps.sort();
            gaps
        };
        for other in &TEXTS[1..] {
            assert_eq!(other.len(), TEXTS[0].len());
            for (key, sentence) in &TEXTS[0] {
                assert_eq!(gaps(sentence), gaps(&other[key]), "{key}");
            }
        }
    }

    #[test]
    fn moments_are_told_as_people_tell_them() {
        // Friday 2026-11-20 15:30 in Helsinki.
        let now = Timestamp::from_seconds(1_795_181_400);
        let hours = |n: i64| Timestamp(now.0 + n * 3_600_000_000);
        assert_eq!(moment(Locale::Fi, hours(1), now, "Europe/Helsinki"), "tänään klo 16.30");
        assert_eq!(moment(Locale::Sv, hours(18), now, "Europe/Helsinki"), "i morgon kl. 9.30");
        assert_eq!(moment(Locale::Fi, hours(66), now, "Europe/Helsinki"), "maanantaina klo 9.30");
        assert_eq!(moment(Locale::En, hours(24 * 9), now, "Europe/Helsinki"), "on Sunday 29 November at 15:30");
    }
}
