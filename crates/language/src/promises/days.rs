//! Days as they are written: weekdays, dates, "tomorrow", "within two working days", "next week", "week 50".

use std::{ops::Range, sync::LazyLock};

use jiff::{
    ToSpan,
    civil::{Date, DateTime, ISOWeekDate, Weekday},
};
use regex::Regex;

use super::Reader;
use crate::{
    Language,
    entities::{self, EntityKind},
};

/// A day, or a moment, in a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) range: Range<usize>,
    pub(super) by: By,
    pub(super) kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    Day(Date),
    /// "Within two hours".
    Moment(DateTime),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Weekday,
    Date,
    Other,
}

macro_rules! pattern {
    ($name:ident, $pattern:expr) => {
        static $name: LazyLock<Regex> = LazyLock::new(|| Regex::new($pattern).expect("the pattern is constant"));
    };
}

pattern!(
    FINNISH_WEEKDAY,
    r"(?x)\b(?:(ensi|seuraavan|tulevan)(?:\sviikon)?\s|(tämän)\sviikon\s)?
      (?:(maanantai|tiistai|torstai|perjantai|lauantai|sunnuntai)(na|hin|ksi|ta|n|-?(?:aamu|ilta|iltapäivä|aamupäivä|päivä)\p{L}*)
        |(keskivii)(kkona|kkoon|koksi|kkoa|kon|kko(?:aamu|ilta|iltapäivä|aamupäivä)\p{L}*))\b"
);
pattern!(FINNISH_SHORT, r"\b(ma|ti|ke|to|pe|la|su)\.?\s*(?:\d|klo|kello|mennessä|aamulla|aamupäivällä|iltapäivällä|illalla)");
pattern!(SWEDISH_WEEKDAY, r"\b(?:(nästa|kommande)\s)?(?:veckas?\s)?(mån|tis|ons|tors|fre|lör|sön)dag(?:en)?(?:\s(i\snästa\svecka|nästa\svecka))?\b");
pattern!(SWEDISH_SHORT, r"\b(mån|tis|ons|tors|fre|lör|sön)\.?\s*(?:\d|kl)");
pattern!(
    ENGLISH_WEEKDAY,
    r"\b(?:(next|following)\s)?(?:(?:by|on|before|this|next|until|till|from|since|last)\s(mon|tue|tues|wed|thu|thur|thurs|fri|sat|sun)|(mon|tues|wednes|thurs|fri|satur|sun)day)\b(?:\s(next\sweek|of\snext\sweek))?"
);

pattern!(
    FINNISH_RELATIVE,
    r"\b(?:(ylihuome\p{L}*)|(huomen(?:na\b|issa\b|aamu\p{L}*|ilta\p{L}*|illa\p{L}*)|huomis\p{L}*)|(tänään|tänä\späivänä|tämän\späivän\saikana|tänä\siltana|tänä\siltapäivänä|tänä\saamuna|päivän\saikana))"
);
pattern!(SWEDISH_RELATIVE, r"\b(?:(i\s?övermorgon)|(i\s?morgon)|(i\s?dag|under\sdagen|i\skväll|ikväll|i\seftermiddag|i\sförmiddag))\b");
pattern!(ENGLISH_RELATIVE, r"\b(?:(day\safter\stomorrow)|(tomorrow)|(today|tonight|this\s(?:morning|afternoon|evening)))\b");

pattern!(
    FINNISH_SPAN,
    r"\b(?:(?:\d+\s*[-–—]\s*)?(\d{1,3})|(yhden|kahden|kolmen|neljän|viiden|kuuden|seitsemän|kahdeksan|yhdeksän|kymmenen|parin|muutaman|puolen|seuraavan))?\s*(min(?:uutin)?|h|tunnin|vuorokauden|vrk|päivän|arkipäivän|työpäivän|pankkipäivän|viikon|kuukauden)\s*:?n?\s(?:kuluessa|sisällä|sisään|kuluttua|päästä|aikana)\b"
);
pattern!(
    FINNISH_SPAN_WITHIN,
    r"\b(?:(?:\d+\s*[-–—]\s*)?(\d{1,3})|(yhdessä|kahdessa|kolmessa|neljässä|viidessä|parissa|muutamassa))?\s*(tunnissa|vuorokaudessa|päivässä|arkipäivässä|työpäivässä|viikossa)\b"
);
pattern!(
    SWEDISH_SPAN,
    r"\b(?:inom|om)\s(?:ca\s)?(?:(?:\d+\s*[-–—]\s*)?(\d{1,3})|(en\shalv|en|ett\spar|ett|två|tre|fyra|fem|sex|sju|åtta|nio|tio|några))\s?(minut(?:er)?|timm(?:e|ar)|tim|h|dygn|dag(?:ar)?|arbetsdag(?:ar)?|vardag(?:ar)?|bankdag(?:ar)?|veck(?:a|or)|månad(?:er)?)\b"
);
pattern!(
    ENGLISH_SPAN,
    r"\b(?:within|in|inside)\s(?:the\snext\s)?(?:(?:\d+\s*(?:[-–—]|to)\s*)?(\d{1,3})|(half\san|an|a\scouple\sof|a\sfew|a|one|two|three|four|five|six|seven|eight|nine|ten|the\snext|next))?\s?((?:business\s|working\s)?(?:minute|hour|day|week|month)s?)\b"
);

pattern!(
    FINNISH_WEEK,
    r"\b(?:(ensi\sviikon\salu\p{L}*|ensi\sviikon\salkupuol\p{L}*|alkuviikosta|alkuviikon)|(ensi\sviikolla|ensi\sviikon\saikana|ensi\sviikon\sloppu\p{L}*|seuraavalla\sviikolla|ensi\sviikkoon\smennessä)|(tällä\sviikolla|tämän\sviikon\s(?:aikana|loppu\p{L}*)|viikon\sloppuun|viikonloppuun|ennen\sviikonloppua|loppuviikosta|loppuviikon)|(kuun\sloppuun|kuukauden\sloppuun|tämän\skuun\saikana)|(viikonloppuna|viikonlopun\saikana))"
);
pattern!(
    SWEDISH_WEEK,
    r"\b(?:(början\sav\snästa\svecka|tidigt\snästa\svecka)|(nästa\svecka)|(denna\svecka|den\shär\sveckan|i\sveckan|under\sveckan|slutet\sav\sveckan|veckans\sslut|före\shelgen|till\shelgen)|(månadens\sslut|slutet\sav\smånaden)|(i\shelgen|under\shelgen))\b"
);
pattern!(
    ENGLISH_WEEK,
    r"\b(?:(early\snext\sweek|(?:beginning|start)\sof\snext\sweek)|(next\sweek)|(this\sweek|end\sof\s(?:the|this)\sweek|(?:by|before)\sthe\sweekend)|(end\sof\s(?:the|this)\smonth)|((?:at|on|over|during)\sthe\sweekend))\b"
);
pattern!(WEEK_NUMBER, r"\b(?:viikolla|viikon|viikkoon|vko|vk|vecka|v\.?|week)\s?(\d{1,2})\b");
pattern!(SLASH, r"\b(\d{1,2})/(\d{1,2})\b");
pattern!(SHORT_DATE, r"\b(\d{1,2})\.(\d{1,2})\s+(?:mennessä|klo)\b");
pattern!(ORDINAL, r"\b(?:(?:on|by|before)\sthe\s(\d{1,2})(?:st|nd|rd|th)|den\s(\d{1,2}):e|(\d{1,2})\.\s?päivä(?:nä|än)?)\b");

const FINNISH_DAYS: [&str; 7] = ["maanantai", "tiistai", "keskivii", "torstai", "perjantai", "lauantai", "sunnuntai"];
const FINNISH_SHORTS: [&str; 7] = ["ma", "ti", "ke", "to", "pe", "la", "su"];
const SWEDISH_DAYS: [&str; 7] = ["mån", "tis", "ons", "tors", "fre", "lör", "sön"];
const ENGLISH_DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Every day and span of the sentence (lower case). Those that say until when something lasts, or since when, are no deadlines.
pub(super) fn find(sentence: &str, language: Language, reader: &Reader<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    spans(sentence, language, reader, &mut found);
    weeks(sentence, language, reader, &mut found);
    dates(sentence, language, reader, &mut found);
    weekdays(sentence, language, reader.now.date(), &mut found);
    relative(sentence, language, reader.now.date(), &mut found);
    found.retain(|one| !lasts(sentence, language, &one.range));
    for one in &mut found {
        if let By::Day(day) = one.by
            && before(sentence, language, one)
        {
            one.by = By::Day(day.yesterday().unwrap_or(day));
        }
    }
    found
}

fn push(found: &mut Vec<Found>, range: Range<usize>, by: By, kind: Kind) {
    // A span or a week said in full wins over what stands inside it ("ensi viikon perjantaina" is a weekday, found later on its own).
    if found.iter().all(|one| one.range.end <= range.start || one.range.start >= range.end) {
        found.push(Found { range, by, kind });
    }
}

fn after(day: Date, days: i64) -> Date {
    day.checked_add(days.days()).unwrap_or(day)
}

/// The first such weekday after `today`, or that of next week.
fn coming(today: Date, weekday: Weekday, next_week: bool) -> Date {
    let ahead = i64::from(today.weekday().until(weekday));
    if next_week {
        let monday = after(today, 7 - i64::from(today.weekday().to_monday_zero_offset()));
        return after(monday, i64::from(weekday.to_monday_zero_offset()));
    }
    after(today, if ahead == 0 { 7 } else { ahead })
}

fn weekday_of(names: &[&str; 7], name: &str) -> Option<Weekday> {
    let index = names.iter().position(|one| name.starts_with(one))?;
    Weekday::from_monday_zero_offset(i8::try_from(index).ok()?).ok()
}

fn weekdays(sentence: &str, language: Language, today: Date, found: &mut Vec<Found>) {
    let (long, short, names) = match language {
        Language::Fi => (&FINNISH_WEEKDAY, Some(&FINNISH_SHORT), &FINNISH_DAYS),
        Language::Sv => (&SWEDISH_WEEKDAY, Some(&SWEDISH_SHORT), &SWEDISH_DAYS),
        Language::En => (&ENGLISH_WEEKDAY, None, &ENGLISH_DAYS),
    };
    for captures in long.captures_iter(sentence) {
        let group = |number: usize| captures.get(number).map(|one| one.as_str());
        let name = match language {
            Language::Fi => group(3).or_else(|| group(5)),
            Language::Sv => group(2),
            Language::En => group(2).or_else(|| group(3)),
        };
        let (Some(whole), Some(weekday)) = (captures.get(0), name.and_then(|name| weekday_of(names, name))) else { continue };
        let ending = if language == Language::Fi { group(4).or_else(|| group(6)).unwrap_or("") } else { "" };
        let rest = sentence[whole.end()..].trim_start();
        // "Perjantain toimitus" is a thing of Friday; "ennen perjantaita" is a deadline, "perjantaita" alone is not.
        if matches!(ending, "n" | "kon") && !["aikana", "kuluessa", "loppuun"].iter().any(|word| rest.starts_with(word)) {
            continue;
        }
        if matches!(ending, "ta" | "kkoa") && !sentence[..whole.start()].trim_end().ends_with("ennen") {
            continue;
        }
        let next = match language {
            Language::Fi => group(1).is_some_and(|word| word == "ensi" || whole.as_str().contains("viikon")),
            Language::Sv => group(1) == Some("nästa") || group(3).is_some(),
            Language::En => group(1).is_some() || whole.as_str().starts_with("next ") || group(4).is_some(),
        };
        push(found, whole.range(), By::Day(coming(today, weekday, next)), Kind::Weekday);
    }
    for captures in short.iter().flat_map(|short| short.captures_iter(sentence)) {
        let names = if language == Language::Fi { &FINNISH_SHORTS } else { names };
        if let Some((name, weekday)) = captures.get(1).and_then(|name| Some((name, weekday_of(names, name.as_str())?))) {
            push(found, name.range(), By::Day(coming(today, weekday, false)), Kind::Weekday);
        }
    }
}

fn relative(sentence: &str, language: Language, today: Date, found: &mut Vec<Found>) {
    let pattern = match language {
        Language::Fi => &FINNISH_RELATIVE,
        Language::Sv => &SWEDISH_RELATIVE,
        Language::En => &ENGLISH_RELATIVE,
    };
    for captures in pattern.captures_iter(sentence) {
        let Some(whole) = captures.get(0) else { continue };
        let days = [(1, 2), (2, 1), (3, 0)].into_iter().find(|(group, _)| captures.get(*group).is_some()).map_or(0, |(_, days)| days);
        push(found, whole.range(), By::Day(after(today, days)), Kind::Other);
    }
}

fn dates(sentence: &str, language: Language, reader: &Reader<'_>, found: &mut Vec<Found>) {
    let today = reader.now.date();
    for entity in entities::find(sentence).into_iter().filter(|entity| entity.kind == EntityKind::Date && entity.valid) {
        let parts: Vec<i16> = entity.value.trim_start_matches('-').split('-').filter_map(|part| part.parse().ok()).collect();
        let day = match parts[..] {
            [year, month, day] => Date::new(year, small(month), small(day)).ok(),
            [month, day] => next_date(today, small(month), small(day)),
            _ => None,
        };
        if let Some(day) = day {
            push(found, entity.range, By::Day(day), Kind::Date);
        }
    }
    let numbered: &[&Regex] = match language {
        Language::Fi => &[&SHORT_DATE],
        Language::Sv => &[&SLASH],
        Language::En => &[],
    };
    for captures in numbered.iter().flat_map(|pattern| pattern.captures_iter(sentence)) {
        let number = |group: usize| captures.get(group).and_then(|one| one.as_str().parse().ok());
        let (Some(month), Some(whole), Some(day)) = (captures.get(2), captures.get(0), number(1)) else { continue };
        if let Some(day) = number(2).and_then(|month| next_date(today, month, day)) {
            push(found, whole.start()..month.end(), By::Day(day), Kind::Date);
        }
    }
    for captures in ORDINAL.captures_iter(sentence) {
        let day = (1..=3).find_map(|group| captures.get(group)).and_then(|one| one.as_str().parse::<i8>().ok());
        let (Some(whole), Some(day)) = (captures.get(0), day) else { continue };
        let mut month = today.first_of_month();
        for _ in 0..12 {
            if let Ok(date) = Date::new(month.year(), month.month(), day)
                && date >= today
            {
                push(found, whole.range(), By::Day(date), Kind::Date);
                break;
            }
            month = month.checked_add(1.month()).unwrap_or(month);
        }
    }
}

fn small(number: i16) -> i8 {
    i8::try_from(number).unwrap_or(0)
}

/// The next time that the calendar shows this day.
fn next_date(today: Date, month: i8, day: i8) -> Option<Date> {
    // Up to eight years lie between two leap days.
    (0..=8).find_map(|years| Date::new(today.year() + years, month, day).ok().filter(|date| *date >= today))
}

fn weeks(sentence: &str, language: Language, reader: &Reader<'_>, found: &mut Vec<Found>) {
    let today = reader.now.date();
    let monday = after(today, -i64::from(today.weekday().to_monday_zero_offset()));
    let pattern = match language {
        Language::Fi => &FINNISH_WEEK,
        Language::Sv => &SWEDISH_WEEK,
        Language::En => &ENGLISH_WEEK,
    };
    for captures in pattern.captures_iter(sentence) {
        let Some((whole, group)) = captures.get(0).zip((1..=5).find(|group| captures.get(*group).is_some())) else { continue };
        // "Ensi viikon perjantaina" and "måndag nästa vecka" name a day of that week; the weekday says it.
        if names_a_weekday(&sentence[whole.end()..], language) || (group == 2 && ends_with_weekday(&sentence[..whole.start()], language)) {
            continue;
        }
        let day = match group {
            1 if today.weekday() == Weekday::Monday && whole.as_str().starts_with("alkuviiko") => after(monday, 1),
            1 => after(monday, 8),
            2 => last_open(after(monday, 7), after(monday, 11), reader),
            3 => last_open(today, after(monday, 4).max(today), reader),
            4 => last_open(today, today.last_of_month(), reader),
            _ => after(monday, 6),
        };
        push(found, whole.range(), By::Day(day), Kind::Other);
    }
    for captures in WEEK_NUMBER.captures_iter(sentence) {
        let (Some(whole), Some(week)) = (captures.get(0), captures.get(1).and_then(|one| one.as_str().parse::<i8>().ok())) else { continue };
        let friday = (0..=1).find_map(|years| {
            let friday = ISOWeekDate::new(today.iso_week_date().year() + years, week, Weekday::Friday).ok()?.date();
            (friday >= today).then_some(friday)
        });
        if let Some(friday) = friday {
            push(found, whole.range(), By::Day(last_open(after(friday, -4).max(today), friday, reader)), Kind::Other);
        }
    }
}

fn names_a_weekday(rest: &str, language: Language) -> bool {
    let rest = rest.trim_start();
    let names: &[&str] = match language {
        Language::Fi => &FINNISH_DAYS,
        Language::Sv => &SWEDISH_DAYS,
        Language::En => &ENGLISH_DAYS,
    };
    names.iter().any(|name| rest.starts_with(name))
}

fn ends_with_weekday(before: &str, language: Language) -> bool {
    let before = before.trim_end().trim_end_matches(" of").trim_end_matches(" i");
    match language {
        Language::Fi => false,
        Language::Sv => before.ends_with("dag") || before.ends_with("dagen"),
        Language::En => before.ends_with("day"),
    }
}

/// The last day on which somebody works, from `first` to `last`; the last one when nobody does.
fn last_open(first: Date, last: Date, reader: &Reader<'_>) -> Date {
    let mut day = last;
    while day > first && (reader.closes)(day).is_none() {
        day = after(day, -1);
    }
    if (reader.closes)(day).is_some() { day } else { last }
}

#[derive(Clone, Copy)]
enum Unit {
    Minutes,
    Hours,
    Days,
    WorkingDays,
    Weeks,
    Months,
}

fn spans(sentence: &str, language: Language, reader: &Reader<'_>, found: &mut Vec<Found>) {
    let patterns: &[&Regex] = match language {
        Language::Fi => &[&FINNISH_SPAN, &FINNISH_SPAN_WITHIN],
        Language::Sv => &[&SWEDISH_SPAN],
        Language::En => &[&ENGLISH_SPAN],
    };
    for captures in patterns.iter().flat_map(|pattern| pattern.captures_iter(sentence)) {
        let Some((whole, unit)) = captures.get(0).zip(captures.get(3)) else { continue };
        let word = captures.get(2).map_or("", |one| one.as_str());
        // "Viikon aikana", "päivän aikana": the one that runs, told elsewhere.
        if language == Language::Fi && whole.as_str().ends_with("aikana") && captures.get(1).is_none() && word.is_empty() {
            continue;
        }
        let Some(unit) = unit_of(unit.as_str()) else { continue };
        let half = word.starts_with("puolen") || word.contains("halv") || word.starts_with("half");
        let count = captures.get(1).and_then(|one| one.as_str().parse().ok()).unwrap_or_else(|| number(word));
        push(found, whole.range(), ahead(count, half, unit, reader), Kind::Other);
    }
}

fn unit_of(word: &str) -> Option<Unit> {
    let working = ["arki", "työ", "pankki", "arbets", "var", "bank", "business", "working"];
    Some(match word {
        _ if word.starts_with("min") => Unit::Minutes,
        "h" | "tunnin" | "tunnissa" | "tim" | "timme" | "timmar" | "hour" | "hours" => Unit::Hours,
        _ if working.iter().any(|start| word.starts_with(start)) => match word {
            _ if word.contains("hour") => Unit::Hours,
            _ if word.contains("week") => Unit::Weeks,
            _ => Unit::WorkingDays,
        },
        "vuorokauden" | "vuorokaudessa" | "vrk" | "dygn" | "päivän" | "päivässä" | "dag" | "dagar" | "day" | "days" => Unit::Days,
        "viikon" | "viikossa" | "vecka" | "veckor" | "week" | "weeks" => Unit::Weeks,
        "kuukauden" | "månad" | "månader" | "month" | "months" => Unit::Months,
        _ => return None,
    })
}

fn number(word: &str) -> i64 {
    const NUMBERS: [&[&str]; 10] = [
        &["yhden", "yhdessä", "en", "ett", "a", "an", "one"],
        &["kahden", "kahdessa", "parin", "parissa", "två", "ett par", "two", "a couple of"],
        &["kolmen", "kolmessa", "muutaman", "muutamassa", "tre", "några", "three", "a few"],
        &["neljän", "neljässä", "fyra", "four"],
        &["viiden", "viidessä", "fem", "five"],
        &["kuuden", "sex", "six"],
        &["seitsemän", "sju", "seven"],
        &["kahdeksan", "åtta", "eight"],
        &["yhdeksän", "nio", "nine"],
        &["kymmenen", "tio", "ten"],
    ];
    NUMBERS.iter().zip(1..).find(|(words, _)| words.contains(&word)).map_or(1, |(_, number)| number)
}

fn ahead(count: i64, half: bool, unit: Unit, reader: &Reader<'_>) -> By {
    let (now, today) = (reader.now, reader.now.date());
    let moment = |minutes: i64| By::Moment(now.checked_add(minutes.minutes()).unwrap_or(now));
    match unit {
        Unit::Minutes => moment(count),
        Unit::Hours => moment(if half { 30 } else { count * 60 }),
        Unit::Days => By::Day(after(today, count)),
        Unit::Weeks => By::Day(after(today, count * 7)),
        Unit::Months => By::Day(today.checked_add(count.months()).unwrap_or(today)),
        Unit::WorkingDays => {
            let (mut day, mut left) = (today, count.min(60));
            // A year without working days ends the search.
            for _ in 0..366 {
                if left == 0 {
                    break;
                }
                day = after(day, 1);
                left -= i64::from((reader.closes)(day).is_some());
            }
            By::Day(day)
        }
    }
}

/// "Until Friday", "since Monday": how long something lasts, not by when something is done.
fn lasts(sentence: &str, language: Language, range: &Range<usize>) -> bool {
    let (before, after) = (sentence[..range.start].trim_end(), sentence[range.end..].trim_start());
    let inside = &sentence[range.clone()];
    match language {
        Language::Fi => ["asti", "saakka", "alkaen", "lähtien"].iter().any(|word| after.starts_with(word)),
        Language::Sv => ["fram till", "ända till", "tills", "sedan", "från", "fr.o.m.", "t.o.m."].iter().any(|word| before.ends_with(word)),
        Language::En => ["until", "till", "since", "from", "last"].iter().any(|word| before.ends_with(word) || inside.starts_with(&format!("{word} "))),
    }
}

/// "Before Friday".
fn before(sentence: &str, language: Language, one: &Found) -> bool {
    let (before, inside) = (sentence[..one.range.start].trim_end(), &sentence[one.range.clone()]);
    match language {
        Language::Fi => before.ends_with("ennen"),
        Language::Sv => before.ends_with("före") || before.ends_with("innan"),
        Language::En => before.ends_with("before") || (one.kind != Kind::Other && inside.starts_with("before ")),
    }
}
