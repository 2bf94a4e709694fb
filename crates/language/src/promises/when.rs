//! By when: the day and the time that belong to the commitment.

use std::ops::Range;

use jiff::{
    ToSpan,
    civil::{DateTime, Time, time},
};

use super::{
    Reader,
    days::{self, By, Kind},
    times::{self, At},
};
use crate::Language;

/// When work ends on a day on which nobody says when.
const USUAL_END: Time = time(17, 0, 0, 0);
const LAST_MINUTE: Time = time(23, 59, 0, 0);
/// A date and its weekday stand this close: "perjantaina 12.12.".
const BESIDE: usize = 6;

/// The moment that the sentence names, and whether it names a time of day. `said` is where the commitment stands.
pub(super) fn read(sentence: &str, language: Language, said: &Range<usize>, reader: &Reader<'_>) -> Option<(DateTime, bool)> {
    let days = days::find(sentence, language, reader);
    let nearest = days.iter().min_by_key(|one| (distance(&one.range, said), one.range.start < said.start));
    let chosen = nearest.map(|nearest| together(sentence, language, &days, nearest));
    let mut times = times::find(sentence, language);
    times.retain(|one| days.iter().all(|day| apart(&day.range, &one.range) || belongs(&day.range, &one.range)));
    let Some((place, by)) = chosen else {
        let time = times.iter().min_by_key(|one| distance(&one.range, said))?;
        return Some(today_or_tomorrow(time.at, reader));
    };
    match by {
        By::Moment(moment) => Some((moment, true)),
        By::Day(day) => {
            let time = times.iter().min_by_key(|one| distance(&one.range, &place));
            let closes = (reader.closes)(day).unwrap_or(USUAL_END);
            let due = day.to_datetime(time.map_or(closes, |time| of_day(time.at, closes)));
            // "Today", said after closing time, means before midnight.
            let due = if due <= reader.now && day == reader.now.date() && time.is_none() { day.to_datetime(LAST_MINUTE) } else { due };
            Some((due, time.is_some_and(|time| time.at != At::Close)))
        }
    }
}

fn distance(one: &Range<usize>, other: &Range<usize>) -> usize {
    if one.end <= other.start { other.start - one.end } else { one.start.saturating_sub(other.end) }
}

fn apart(one: &Range<usize>, other: &Range<usize>) -> bool {
    one.end <= other.start || other.end <= one.start
}

/// "Perjantaiaamuna": the time of day is the end of the day's own word.
fn belongs(day: &Range<usize>, time: &Range<usize>) -> bool {
    day.start <= time.start && time.end <= day.end
}

/// The day that the nearest one is part of: a date beside its weekday, or the later of "Monday or Tuesday".
fn together(sentence: &str, language: Language, days: &[days::Found], nearest: &days::Found) -> (Range<usize>, By) {
    if nearest.kind == Kind::Weekday
        && let Some(date) = days.iter().find(|one| one.kind == Kind::Date && distance(&one.range, &nearest.range) <= BESIDE)
    {
        return (date.range.clone(), date.by);
    }
    let or = match language {
        Language::Fi => ["tai", "–", "-"],
        Language::Sv => ["eller", "–", "-"],
        Language::En => ["or", "–", "-"],
    };
    let other = days.iter().find(|&one| {
        let (first, second) = if one.range.start < nearest.range.start { (one, nearest) } else { (nearest, one) };
        first.range.end <= second.range.start
            && or.iter().any(|word| {
                let between = sentence[first.range.end..second.range.start].trim();
                between == *word || between.trim_end_matches(" on").trim_end_matches(" på").trim() == *word
            })
    });
    match (nearest.by, other.map(|other| other.by)) {
        (By::Day(day), Some(By::Day(later))) if later > day => (nearest.range.clone(), By::Day(later)),
        _ => (nearest.range.clone(), nearest.by),
    }
}

fn of_day(at: At, closes: Time) -> Time {
    match at {
        At::Clock(time) => time,
        // Who closes at noon works no afternoon; the usual end is meant then.
        At::Afternoon if closes > time(13, 0, 0, 0) => closes.min(USUAL_END),
        At::Afternoon => USUAL_END,
        At::Close => closes,
    }
}

/// A time without a day is the next one.
fn today_or_tomorrow(at: At, reader: &Reader<'_>) -> (DateTime, bool) {
    let today = reader.now.date();
    let of = |day| of_day(at, (reader.closes)(day).unwrap_or(USUAL_END));
    let due = today.to_datetime(of(today));
    if due > reader.now {
        return (due, at != At::Close);
    }
    let tomorrow = today.checked_add(1.day()).unwrap_or(today);
    (tomorrow.to_datetime(of(tomorrow)), at != At::Close)
}
