//! Times of day, as they are written and as they are meant: the last moment of a morning, an afternoon, a span.

use std::{ops::Range, sync::LazyLock};

use jiff::civil::{Time, time};
use regex::{Captures, Regex};

use crate::Language;

/// A time of day in a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) range: Range<usize>,
    pub(super) at: At,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum At {
    Clock(Time),
    /// "Afternoon": until work ends, or until this.
    Afternoon,
    /// "By the end of the day".
    Close,
}

const MORNING: Time = time(10, 0, 0, 0);
const NOON: Time = time(12, 0, 0, 0);
const EVENING: Time = time(21, 0, 0, 0);

macro_rules! pattern {
    ($name:ident, $pattern:expr) => {
        static $name: LazyLock<Regex> = LazyLock::new(|| Regex::new($pattern).expect("the pattern is constant"));
    };
}

pattern!(FINNISH, r"\b(?:klo|kello)\.?\s*(\d{1,2})(?:[.:](\d{2}))?(?:\s*(?:[-–—]|ja)\s*(\d{1,2})(?:[.:](\d{2}))?)?\b");
pattern!(SWEDISH, r"\b(?:kl|klockan)\.?\s*(\d{1,2})(?:[.:](\d{2}))?(?:\s*(?:[-–—]|och|till)\s*(\d{1,2})(?:[.:](\d{2}))?)?\b");
pattern!(
    ENGLISH,
    r"\b(?:(?:at|by|before|around|between|from)\s+)?(\d{1,2})(?:[.:](\d{2}))?\s*(?:am|pm)?\s*(?:(?:[-–—]|and|to)\s*(\d{1,2})(?:[.:](\d{2}))?\s*)?(a\.?m\b|p\.?m\b|o['’]?clock\b)"
);
pattern!(ENGLISH_BARE, r"\b(?:at|by|before|around|between)\s+(\d{1,2})(?:[.:](\d{2}))?(?:\s*(?:[-–—]|and)\s*(\d{1,2})(?:[.:](\d{2}))?)?\b");
pattern!(COLON, r"\b(\d{1,2}):(\d{2})(?:\s*[-–—]\s*(\d{1,2}):(\d{2}))?\b");

pattern!(
    FINNISH_PARTS,
    r"(?:\b|(?:tai|kko)-?|huomis|huomen)(aamupäivä|iltapäivä|aamu|ilta|illa|puoleenpäivään|puoltapäivää|keskipäivä|lounasta|lounaaseen)\p{L}*|\b(?:virka-ajan|työpäivän\sloppuun|päivän\sloppuun)\b"
);
pattern!(
    SWEDISH_PARTS,
    r"(förmiddag|eftermiddag|bitti|morgonen|kväll|före\slunch|till\slunch)\p{L}*|\b(?:dagens\sslut|slutet\sav\sdagen|arbetsdagens\sslut)\b"
);
pattern!(
    ENGLISH_PARTS,
    r"\b(morning|afternoon|evening|tonight|noon|midday|(?:by|before)\slunch(?:time)?)\b|\b(?:end\sof\s(?:the\s)?(?:business\s|working\s)?day|eod|cob|close\sof\sbusiness|end\sof\sbusiness)\b"
);

/// Every time of day of the sentence (lower case).
pub(super) fn find(sentence: &str, language: Language) -> Vec<Found> {
    let mut found = Vec::new();
    let clocks: &[(&Regex, Sign)] = match language {
        Language::Fi => &[(&FINNISH, Sign::Whole), (&COLON, Sign::Whole)],
        Language::Sv => &[(&SWEDISH, Sign::Whole), (&COLON, Sign::Whole)],
        Language::En => &[(&ENGLISH, Sign::Half), (&COLON, Sign::Whole), (&ENGLISH_BARE, Sign::Bare)],
    };
    for (pattern, sign) in clocks {
        for captures in pattern.captures_iter(sentence) {
            let (Some(whole), Some(at)) = (captures.get(0), clock(&captures, *sign)) else { continue };
            // "By 5 days", "at 10 %": a number of something else.
            if *sign != Sign::Bare || !counts_something(&sentence[whole.end()..]) {
                push(&mut found, whole.range(), At::Clock(at));
            }
        }
    }
    let parts = match language {
        Language::Fi => &FINNISH_PARTS,
        Language::Sv => &SWEDISH_PARTS,
        Language::En => &ENGLISH_PARTS,
    };
    for captures in parts.captures_iter(sentence) {
        let Some(whole) = captures.get(0) else { continue };
        let start = captures.get(1).map_or(whole.start(), |word| word.start());
        if !greets(&sentence[..start]) {
            let at = captures.get(1).map_or(At::Close, |word| part(word.as_str(), language));
            push(&mut found, start..whole.end(), at);
        }
    }
    found
}

/// How a clock is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sign {
    /// 24 hours.
    Whole,
    /// With am or pm.
    Half,
    /// "At 10", "by 5".
    Bare,
}

/// "Good morning" and its like name no time.
fn greets(before: &str) -> bool {
    let word = before.trim_end().rsplit(|character: char| !character.is_alphabetic()).next().unwrap_or("");
    matches!(word, "hyvää" | "mukavaa" | "kaunista" | "god" | "trevlig" | "good" | "nice" | "lovely" | "great")
}

/// The first claim on a stretch of text wins: clocks before words.
fn push(found: &mut Vec<Found>, range: Range<usize>, at: At) {
    if found.iter().all(|one| one.range.end <= range.start || one.range.start >= range.end) {
        found.push(Found { range, at });
    }
}

fn part(word: &str, language: Language) -> At {
    match word {
        "iltapäivä" | "eftermiddag" | "afternoon" => At::Afternoon,
        "ilta" | "illa" | "kväll" | "evening" | "tonight" => At::Clock(EVENING),
        "aamu" | "bitti" | "morgonen" => At::Clock(MORNING),
        // An English morning lasts until noon, as a Finnish "aamupäivä" does.
        "morning" if language == Language::En => At::Clock(NOON),
        _ => At::Clock(NOON),
    }
}

/// The end of a span, else its only time.
fn clock(captures: &Captures<'_>, sign: Sign) -> Option<Time> {
    let number = |group: usize| captures.get(group).and_then(|found| found.as_str().parse::<i8>().ok());
    let (hour, minute) = if number(3).is_some() { (number(3)?, number(4).unwrap_or(0)) } else { (number(1)?, number(2).unwrap_or(0)) };
    let half = captures.get(5).map(|found| found.as_str().chars().next());
    let hour = match half {
        Some(Some('p')) if hour < 12 => hour + 12,
        Some(Some('a')) if hour == 12 => 0,
        Some(_) => hour,
        // Nobody promises to call at five in the morning.
        None if sign != Sign::Whole && (1..=6).contains(&hour) => hour + 12,
        None => hour,
    };
    if hour == 24 && minute == 0 {
        return Some(time(23, 59, 0, 0));
    }
    Time::new(hour, minute, 0, 0).ok()
}

fn counts_something(rest: &str) -> bool {
    rest.trim_start_matches([' ', '\u{a0}']).starts_with(|next: char| next.is_alphanumeric() || matches!(next, '%' | '€' | '$' | '£' | '/'))
        && ![
            "on ",
            "the ",
            "tomorrow",
            "today",
            "this ",
            "next ",
            "at the ",
            "sharp",
            "and ",
            "or ",
            "to ",
            "with ",
            "monday",
            "tuesday",
            "wednesday",
            "thursday",
            "friday",
        ]
        .iter()
        .any(|word| rest.trim_start().starts_with(word))
}
