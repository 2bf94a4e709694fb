//! What a customer means inside a flow: a command, a correction, or a value of the kind that was asked for.

use ennakoi_kernel::Timestamp;
use ennakoi_language::{
    entities::{self, EntityKind},
    text::{normalise, tokens},
};
use ennakoi_people::Locale;
use jiff::{Timestamp as Instant, ToSpan, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

use super::{
    definition::{ChoiceOf, Slot, SlotKind, When},
    say,
    shop::Claim,
};

/// A filled slot: the value that the company gets, and how it is told to the customer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filled {
    pub value: String,
    pub shown: String,
}

/// What can be said at every step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Back,
    Leave,
    Skip,
    Yes,
    No,
}

const BACK: &[&str] = &[
    "takaisin",
    "palaa",
    "palaa takaisin",
    "palataan takaisin",
    "mene takaisin",
    "edellinen",
    "edelliseen",
    "back",
    "go back",
    "previous",
    "tillbaka",
    "gå tillbaka",
    "backa",
    "föregående",
];
const LEAVE: &[&str] = &[
    "lopeta",
    "lopetetaan",
    "keskeytä",
    "peruuta",
    "peru",
    "perutaan",
    "unohda",
    "unohda koko juttu",
    "unohdetaan koko juttu",
    "ei sittenkään",
    "antaa olla",
    "anna olla",
    "jätetään tähän",
    "en haluakaan",
    "en haluakkaan",
    "avbryt",
    "sluta",
    "glöm det",
    "lämna",
    "strunta i det",
    "stop",
    "cancel",
    "quit",
    "exit",
    "leave",
    "never mind",
    "nevermind",
    "forget it",
];
const SKIP: &[&str] =
    &["ohita", "en tiedä", "emt", "ei ole", "hoppa över", "vet inte", "jag vet inte", "skip", "skip it", "dont know", "don't know", "i don't know"];
const YES: &[&str] = &[
    "kyllä",
    "kyllä vain",
    "kyllä on",
    "joo",
    "joo o",
    "juu",
    "jep",
    "jepp",
    "ok",
    "okei",
    "oikein",
    "sopii",
    "pitää paikkansa",
    "totta kai",
    "tee se",
    "vahvistan",
    "kyllä haluan",
    "ja",
    "ja det stämmer",
    "japp",
    "jo",
    "stämmer",
    "det stämmer",
    "gör det",
    "okej",
    "visst",
    "yes",
    "yep",
    "yeah",
    "sure",
    "correct",
    "that's right",
    "do it",
    "confirm",
    "yes please",
    "i confirm",
];
const NO: &[&str] =
    &["ei", "en", "eipä", "ei ole oikein", "ei pidä paikkaansa", "nej", "nä", "nej det stämmer inte", "no", "nope", "not quite", "that's wrong"];
/// Politeness around a command.
const POLITE: &[&str] = &["kiitos", "kiitti", "tack", "please", "thanks", "hei", "no", "nyt", "nu", "now"];

/// The command that the whole message is.
pub(crate) fn command(message: &str) -> Option<Command> {
    let normalised = normalise(message);
    let words: Vec<&str> = tokens(&normalised).take(7).collect();
    let told = |words: &[&str]| {
        let phrase = words.join(" ");
        let is = |list: &[&str]| list.contains(&phrase.as_str());
        [(YES, Command::Yes), (NO, Command::No), (BACK, Command::Back), (LEAVE, Command::Leave), (SKIP, Command::Skip)]
            .into_iter()
            .find_map(|(list, command)| is(list).then_some(command))
    };
    told(&words).or_else(|| {
        let bare: Vec<&str> = words.iter().copied().filter(|word| !POLITE.contains(word)).collect();
        told(&bare)
    })
}

/// Whether a message is nothing but an answer to a step: a command, or numbers and addresses with hardly a word between. What a model
/// of whole sentences thinks of such scraps means nothing; set phrases still count. A word without any number is no scrap: it may be
/// the one word that matters.
pub(crate) fn bare(message: &str) -> bool {
    if command(message).is_some() {
        return true;
    }
    if !message.contains(|character: char| character.is_ascii_digit() || character == '@') {
        return false;
    }
    let mut rest = message.to_owned();
    for entity in entities::find(message).into_iter().rev() {
        rest.replace_range(entity.range, " ");
    }
    let normalised = normalise(&rest);
    tokens(&normalised).filter(|word| word.chars().all(char::is_alphabetic)).take(2).count() < 2
}

/// Words that begin a correction, and those without which it is none.
const LEADS: &[&str] = &[
    "ei",
    "eiku",
    "eikun",
    "kun",
    "ku",
    "vaan",
    "no",
    "nej",
    "utan",
    "sorry",
    "anteeksi",
    "siis",
    "oho",
    "hups",
    "oops",
    "väärin",
    "väärä",
    "fel",
    "wrong",
    "actually",
    "förlåt",
    "minä",
    "mä",
    "jag",
    "i",
    "tarkoitin",
    "tarkotin",
    "meinasin",
    "menade",
    "menar",
    "meant",
    "mean",
    "not",
    "that",
];
const MARKS: &[&str] = &[
    "eiku",
    "eikun",
    "vaan",
    "tarkoitin",
    "tarkotin",
    "meinasin",
    "menade",
    "menar",
    "meant",
    "mean",
    "utan",
    "väärin",
    "väärä",
    "väärän",
    "fel",
    "wrong",
    "actually",
];

/// What remains of a message that takes something back ("ei vaan …", "no, I meant …"); empty when nothing is said instead.
pub(crate) fn correction(message: &str) -> Option<String> {
    let normalised = normalise(message);
    let words: Vec<&str> = tokens(&normalised).collect();
    let lead = words.iter().take_while(|word| LEADS.contains(word)).count();
    let marked = words[..lead].iter().any(|word| MARKS.contains(word)) || words.len() > 1 && lead > 0 && lead < words.len() && MARKS.contains(&words[lead]);
    let first_is_lead = words.first().is_some_and(|word| LEADS.contains(word));
    (first_is_lead && marked).then(|| words[lead..].join(" "))
}

/// Whether another one of several is wanted ("se toinen tilaus", "the other one").
pub(crate) fn other(message: &str) -> bool {
    const OTHER: &[&str] = &["toinen", "toista", "toisen", "toiselle", "toisesta", "toisessa", "andra", "annan", "other", "another", "different"];
    let normalised = normalise(message);
    let words: Vec<&str> = tokens(&normalised).take(9).collect();
    words.len() <= 8 && words.iter().any(|word| OTHER.contains(word))
}

/// An order or invoice number in a message, as it is compared: upper case, without signs.
pub(crate) fn number(message: &str) -> Option<String> {
    let named = entities::find(message).into_iter().find(|entity| matches!(entity.kind, EntityKind::OrderNumber | EntityKind::InvoiceNumber));
    if let Some(entity) = named {
        return Some(entity.value);
    }
    let skipped: Vec<std::ops::Range<usize>> = entities::find(message)
        .into_iter()
        .filter(|entity| matches!(entity.kind, EntityKind::Email | EntityKind::Phone | EntityKind::Date | EntityKind::Sum | EntityKind::Iban))
        .map(|entity| entity.range)
        .collect();
    let mut at = 0;
    message.split_whitespace().find_map(|word| {
        let start = at + message[at..].find(word)?;
        at = start + word.len();
        if skipped.iter().any(|range| range.contains(&start)) {
            return None;
        }
        let word = word.trim_matches(|c: char| !c.is_alphanumeric());
        let digits = word.chars().filter(char::is_ascii_digit).count();
        let fits = word.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') && (3..=14).contains(&digits) && word.len() - digits <= 8;
        fits.then(|| word.to_uppercase())
    })
}

/// Numbers are compared without case and signs.
pub(crate) fn number_key(number: &str) -> String {
    number.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// An address in a message.
pub(crate) fn claim(message: &str) -> Option<Claim> {
    let found = entities::find(message);
    let valid = |kind| found.iter().find(|entity| entity.kind == kind && entity.valid).map(|entity| entity.value.clone());
    valid(EntityKind::Email).map(Claim::Email).or_else(|| valid(EntityKind::Phone).map(Claim::Phone))
}

/// The moment and place that dates are told against.
#[derive(Clone, Copy)]
pub(crate) struct Now<'a> {
    pub at: Timestamp,
    pub timezone: &'a str,
    pub locale: Locale,
}

impl Now<'_> {
    fn today(&self) -> Date {
        let zone = TimeZone::get(self.timezone).unwrap_or(TimeZone::UTC);
        Instant::from_microsecond(self.at.0).unwrap_or(Instant::UNIX_EPOCH).to_zoned(zone).date()
    }
}

/// Characters of a free text that are kept.
const TEXT_CHARACTERS: usize = 1_000;

/// Reads a value of the slot's kind from a message.
///
/// # Errors
/// The key of the sentence that says what is wrong.
pub(crate) fn value(slot: &Slot, message: &str, now: Now<'_>) -> Result<Filled, &'static str> {
    let entity = |kind| entities::find(message).into_iter().find(|entity| entity.kind == kind);
    match slot.kind {
        SlotKind::Text => {
            let text: String = message.trim().chars().take(TEXT_CHARACTERS).collect();
            let long_enough = text.chars().count() >= slot.at_least.unwrap_or(2) && text.chars().any(char::is_alphanumeric);
            if long_enough { Ok(Filled { value: text.clone(), shown: text }) } else { Err("flow_wrong_text") }
        }
        SlotKind::Choice => chosen(&slot.choices, message).map(|choice| of_choice(choice, now.locale)).ok_or("flow_wrong_choice"),
        SlotKind::Email => match entity(EntityKind::Email) {
            Some(email) if email.valid => Ok(Filled { value: email.value.clone(), shown: email.value }),
            _ => Err("flow_wrong_email"),
        },
        SlotKind::Phone => match entity(EntityKind::Phone) {
            Some(phone) if phone.valid => Ok(Filled { shown: message[phone.range].trim().to_owned(), value: phone.value }),
            _ => Err("flow_wrong_phone"),
        },
        SlotKind::Amount => amount(message).ok_or("flow_wrong_amount"),
        SlotKind::Number => number(message).map(|value| Filled { shown: value.clone(), value }).ok_or("flow_wrong_number"),
        SlotKind::Date => {
            let day = date(message, now).ok_or("flow_wrong_date")?;
            fits(slot, day, now.today())?;
            Ok(Filled { value: day.to_string(), shown: say::civil(now.locale, day) })
        }
    }
}

fn fits(slot: &Slot, day: Date, today: Date) -> Result<(), &'static str> {
    match slot.when {
        Some(When::Future) if day < today => return Err("flow_wrong_date_past"),
        Some(When::Past) if day > today => return Err("flow_wrong_date_future"),
        _ => {}
    }
    let last = slot.within_days.and_then(|days| today.checked_add(days.clamp(0, 3_650).days()).ok());
    if last.is_some_and(|last| day > last) { Err("flow_wrong_date_far") } else { Ok(()) }
}

pub(crate) fn of_choice(choice: &ChoiceOf, locale: Locale) -> Filled {
    Filled { value: choice.key.clone(), shown: choice.label.get(locale).to_owned() }
}

/// The choice that a message names, if it names exactly one: by its label, its words, or its place.
pub(crate) fn chosen<'a>(choices: &'a [ChoiceOf], message: &str) -> Option<&'a ChoiceOf> {
    let normalised = normalise(message);
    let words: Vec<&str> = tokens(&normalised).collect();
    if let [only] = words[..]
        && let Some(place) = only.parse::<usize>().ok().and_then(|place| place.checked_sub(1))
    {
        return choices.get(place);
    }
    let labels = |choice: &ChoiceOf| Locale::ALL.iter().map(|locale| normalise(choice.label.own(*locale))).collect::<Vec<_>>();
    if let Some(exact) = choices.iter().find(|choice| labels(choice).contains(&normalised)) {
        return Some(exact);
    }
    let score = |choice: &ChoiceOf| {
        let by_words = choice.words.iter().map(|word| normalise(word)).filter(|stem| hit(&words, &normalised, stem)).count();
        let by_label = labels(choice).iter().filter(|label| !label.is_empty() && normalised.contains(label.as_str())).count();
        by_words + 2 * by_label
    };
    let mut scored: Vec<(usize, &ChoiceOf)> = choices.iter().map(|choice| (score(choice), choice)).filter(|(score, _)| *score > 0).collect();
    scored.sort_by_key(|(score, _)| usize::MAX - score);
    match scored[..] {
        [(_, only)] => Some(only),
        [(best, first), (second, _), ..] if best > second => Some(first),
        _ => None,
    }
}

/// A phrase stands in the message; a single word as the beginning of one of its words, one as short as "en" or "ja" as a word.
fn hit(words: &[&str], whole: &str, stem: &str) -> bool {
    if stem.contains(' ') { whole.contains(stem) } else { words.iter().any(|word| *word == stem || stem.len() > 2 && word.starts_with(stem)) }
}

fn amount(message: &str) -> Option<Filled> {
    let sum = entities::find(message).into_iter().find(|entity| entity.kind == EntityKind::Sum);
    if let Some(sum) = sum {
        return Some(Filled { shown: message[sum.range].trim().to_owned(), value: sum.value });
    }
    let bare = message.trim().replace(',', ".");
    let number: f64 = bare.parse().ok().filter(|number: &f64| number.is_finite() && (0.0..1e9).contains(number))?;
    Some(Filled { value: format!("{number:.2}"), shown: message.trim().to_owned() })
}

/// A day: written out, or as one says it.
fn date(message: &str, now: Now<'_>) -> Option<Date> {
    let today = now.today();
    let written = entities::find(message).into_iter().find(|entity| entity.kind == EntityKind::Date && entity.valid);
    if let Some(written) = written {
        if let Some(rest) = written.value.strip_prefix("--") {
            let day: Date = format!("{}-{rest}", today.year()).parse().ok()?;
            // Without a year, the nearest one ahead is meant, unless it was only just.
            let just_past = today.checked_sub(60.days()).is_ok_and(|bound| day >= bound);
            return if just_past { Some(day) } else { format!("{}-{rest}", today.year() + 1).parse().ok() };
        }
        return written.value.parse().ok();
    }
    let normalised = normalise(message);
    tokens(&normalised)
        .find_map(|word| {
            let ahead = match word {
                "tänään" | "idag" | "today" => 0,
                "huomenna" | "huomena" | "huomenissa" | "imorgon" | "tomorrow" => 1,
                "ylihuomenna" | "övermorgon" => 2,
                _ => weekday(word, today)?,
            };
            today.checked_add(ahead.days()).ok()
        })
        .or_else(|| normalised.contains("i morgon").then(|| today.checked_add(1.days()).ok()).flatten())
}

/// Days until the next such weekday.
fn weekday(word: &str, today: Date) -> Option<i64> {
    const NAMES: [&[&str]; 7] = [
        &["maanantai", "måndag", "monday"],
        &["tiistai", "tisdag", "tuesday"],
        &["keskiviik", "onsdag", "wednesday"],
        &["torstai", "torsdag", "thursday"],
        &["perjantai", "fredag", "friday"],
        &["lauantai", "lördag", "saturday"],
        &["sunnuntai", "söndag", "sunday"],
    ];
    let wanted = NAMES.iter().position(|names| names.iter().any(|name| word.starts_with(name)))?;
    let present = i64::from(today.weekday().to_monday_zero_offset());
    let ahead = (i64::try_from(wanted).ok()? - present).rem_euclid(7);
    Some(if ahead == 0 { 7 } else { ahead })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRIDAY: Timestamp = Timestamp::from_seconds(1_795_181_400);

    fn now() -> Now<'static> {
        Now { at: FRIDAY, timezone: "Europe/Helsinki", locale: Locale::Fi }
    }

    #[test]
    fn a_short_word_is_not_the_beginning_of_another() {
        let hit = |message: &str, stem: &str| hit(&tokens(message).collect::<Vec<_>>(), message, stem);
        assert!(!hit("entä missä se on", "en") && !hit("jag vet inte", "ja"));
        assert!(hit("en ole saanut", "en") && hit("salasanani unohtui", "salasan"));
    }

    #[test]
    fn commands_are_whole_messages() {
        for (message, expected) in [
            ("Takaisin", Some(Command::Back)),
            ("peruuta kiitos", Some(Command::Leave)),
            ("Joo!", Some(Command::Yes)),
            ("kyllä kiitos", Some(Command::Yes)),
            ("ei", Some(Command::No)),
            ("nej tack", Some(Command::No)),
            ("never mind", Some(Command::Leave)),
            ("peruuta tilaukseni 10023", None),
            ("", None),
        ] {
            assert_eq!(command(message), expected, "{message}");
        }
    }

    #[test]
    fn bare_answers_are_told_from_sentences() {
        for message in ["ei", "takaisin", "10022 arvaus@example.com", "tilaus 10022", "2.12.2026"] {
            assert!(bare(message), "{message}");
        }
        for message in ["en jaksa enää elää", "soita poliisi", "itsemurha", "lakimies", "villapaita", ""] {
            assert!(!bare(message), "{message}");
        }
    }

    #[test]
    fn corrections_leave_what_is_said_instead() {
        for (message, expected) in [
            ("Ei vaan tilaus 10022", Some("tilaus 10022")),
            ("eiku mustan", Some("mustan")),
            ("no, I meant the blue one", Some("the blue one")),
            ("nej, jag menade onsdag", Some("onsdag")),
            ("ei", None),
            ("missä tilaukseni on", None),
            ("väärä tilaus", Some("tilaus")),
        ] {
            assert_eq!(correction(message).as_deref(), expected, "{message}");
        }
        assert!(other("ei vaan se toinen tilaus") && other("the other order") && other("den andra") && !other("tilaus 10022"));
    }

    #[test]
    fn numbers_are_found_bare_and_named_but_not_in_addresses() {
        assert_eq!(number("se on 10023").as_deref(), Some("10023"));
        assert_eq!(number("tilaus PV-10023 kiitos").as_deref(), Some("PV-10023"));
        assert!(number("liisa1234@example.fi").is_none() && number("en tiedä").is_none());
        assert_eq!(number_key("#PV-10023"), number_key("pv10023"));
    }

    #[test]
    fn days_are_understood_as_they_are_said() {
        let day = |message: &str| date(message, now()).map(|day| day.to_string());
        assert_eq!(day("huomenna aamulla").as_deref(), Some("2026-11-21"));
        assert_eq!(day("ensi maanantaina").as_deref(), Some("2026-11-23"));
        assert_eq!(day("på fredag").as_deref(), Some("2026-11-27"));
        assert_eq!(day("2.12.").as_deref(), Some("2026-12-02"));
        assert_eq!(day("3.1.").as_deref(), Some("2027-01-03"));
        assert_eq!(day("joskus"), None);
    }
}
