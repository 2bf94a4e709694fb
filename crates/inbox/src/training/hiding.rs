//! Shapes in a text that point at somebody: addresses, numbers, signatures, names that somebody says of themselves.

use std::ops::Range;

use super::{
    anonymise::Hidden,
    introductions::{beside, is_stop},
    names::{is_capital, is_common, is_like_a_name},
};

/// Digits from which on a number may point at a person.
const DIGITS_MIN: usize = 4;
/// The same with full stops between, as times and prices have them: `040.123.4567`, not `10.30`.
const DOTTED_MIN: usize = 7;
const DOTTED_GROUP: usize = 3;
/// Characters of the address of a machine, and one more.
const MACHINE_MAX: usize = 16;
/// Words of a company's name before its form.
const COMPANY_WORDS: usize = 3;

/// In lower case, with every letter where it was: one whose small letter is longer stays.
pub(super) fn lowered(text: &str) -> String {
    text.chars()
        .map(|character| {
            let mut lower = character.to_lowercase();
            match (lower.next(), lower.next()) {
                (Some(one), None) if one.len_utf8() == character.len_utf8() => one,
                _ => character,
            }
        })
        .collect()
}

/// Words with where they begin: letters, with hyphens and apostrophes inside, and numbers.
pub(super) fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_part = |character: char| character.is_alphanumeric() || matches!(character, '-' | '\'' | '’');
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + text[at..].find(char::is_alphanumeric)?;
        let length = text[start..].find(|character| !is_part(character)).unwrap_or(text.len() - start);
        at = start + length;
        Some((start, &text[start..at]))
    })
}

/// Abbreviations that end no sentence.
const ABBREVIATIONS: [&str; 16] = ["esim", "mm", "ks", "rva", "hra", "nti", "tri", "dr", "mr", "mrs", "ms", "nro", "puh", "os", "st", "t"];

/// Whether a word stands in the middle of a sentence, where a capital letter means something.
pub(super) fn is_inside(text: &str, at: usize) -> bool {
    let before = text[..at].trim_end_matches([' ', '\t', '(', '"', '”', '“', '»', '\'', '’', '*', '_']);
    let Some(last) = before.chars().next_back() else { return false };
    if last == '.' {
        let word = before.trim_end_matches('.').rsplit(|character: char| !character.is_alphanumeric()).next().unwrap_or_default();
        return ABBREVIATIONS.contains(&word.to_lowercase().as_str());
    }
    last.is_alphanumeric() || matches!(last, ',' | ';' | ':' | ')' | '%' | '€' | '$' | '/' | '&' | '+' | '-' | '–' | '⟧')
}

/// Addresses of pages and names of accounts: they carry who somebody is, and keys.
pub(super) fn links(text: &str) -> Vec<Hidden> {
    let mut found = Vec::new();
    let ends = |character: char| character.is_whitespace() || matches!(character, '<' | '>' | '"' | ')' | ']');
    let lower = lowered(text);
    for begin in ["http://", "https://", "www."] {
        let mut end = 0;
        for (at, _) in lower.match_indices(begin) {
            // An address within an address is hidden with it: a text full of beginnings must not be copied once for each.
            if at < end {
                continue;
            }
            let length = text[at..].find(ends).unwrap_or(text.len() - at);
            end = at + length;
            found.push(Hidden { range: at..end, kind: "link", value: Some(text[at..end].to_owned()) });
        }
    }
    for (at, _) in text.match_indices('@') {
        let free = text[..at].chars().next_back().is_none_or(|before| !before.is_alphanumeric());
        let length = text[at + 1..].find(|character: char| !(character.is_alphanumeric() || matches!(character, '_' | '.'))).unwrap_or(text.len() - at - 1);
        if free && length > 0 {
            found.push(Hidden { range: at..at + 1 + length, kind: "account", value: Some(text[at + 1..at + 1 + length].to_owned()) });
        }
    }
    found
}

/// Longer runs of digits, with a space, a hyphen or a full stop between, outside dates and sums; years stay. Shorter ones behind a `#`, addresses of
/// machines, and plates of cars. `plain`: dates and sums, in order of place, none overlapping.
pub(super) fn numbers(text: &str, plain: &[Range<usize>]) -> Vec<Hidden> {
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(offset) = text[at..].find(|character: char| character.is_ascii_digit()) {
        let start = at + offset;
        let next = plain.partition_point(|one| one.end <= start);
        let numbered = text[..start].trim_end().ends_with('#');
        let known = plain.get(next).filter(|one| one.start <= start && !numbered);
        if let Some(known) = known {
            at = known.end;
            continue;
        }
        // A number goes no further than to where a date or a sum begins behind it.
        let limit = plain.get(next).map_or(text.len(), |one| if one.start > start { one.start } else { one.end });
        // The address of a machine may end like a date; it is not long.
        let near = text[start..].char_indices().nth(MACHINE_MAX).map_or(text.len(), |(length, _)| start + length);
        let machine = Some(run(&text[start..near])).filter(|run| run.machine);
        let limit = machine.as_ref().map_or(limit, |run| start + run.end);
        let run = machine.unwrap_or_else(|| run(&text[start..limit]));
        let end = start + run.end;
        at = end;
        if numbered || run.points_at_somebody() {
            // With the letters that stick to it: FI-12345, A1234B.
            let sticks = |character: char| character.is_ascii_alphanumeric() || character == '-';
            let start = start - text[..start].chars().rev().take_while(|character| sticks(*character)).map(char::len_utf8).sum::<usize>();
            let end = end + text[end..limit].chars().take_while(|character| sticks(*character)).map(char::len_utf8).sum::<usize>();
            at = end;
            found.push(Hidden { range: start..end, kind: "number", value: Some(run.digits) });
        }
    }
    found.extend(words(text).filter(|(_, word)| is_plate(word)).map(|(at, word)| Hidden {
        range: at..at + word.len(),
        kind: "number",
        value: Some(word.to_owned()),
    }));
    found
}

/// Digits with what joins them.
#[derive(Default)]
struct Run {
    /// Where it ends, in bytes.
    end: usize,
    digits: String,
    /// Digits of the longest group between full stops.
    longest: usize,
    dotted: bool,
    /// Four groups of three digits at most, as addresses of machines are written.
    machine: bool,
}

impl Run {
    fn points_at_somebody(&self) -> bool {
        let count = self.digits.len();
        let year = count == 4 && (self.digits.starts_with("19") || self.digits.starts_with("20"));
        let long = if self.dotted { self.longest > DIGITS_MIN || count >= DOTTED_MIN && self.longest >= DOTTED_GROUP } else { count >= DIGITS_MIN };
        self.machine || long && !year
    }
}

/// The number that begins here.
fn run(text: &str) -> Run {
    let mut run = Run::default();
    // Digits of the group at hand, and the groups before it that are joined by full stops alone.
    let (mut group, mut groups) = (0, 0);
    let mut characters = text.char_indices().peekable();
    while let Some((position, character)) = characters.next() {
        if character.is_ascii_digit() {
            run.digits.push(character);
            run.end = position + 1;
            group += 1;
            run.longest = run.longest.max(group);
            continue;
        }
        let joins = matches!(character, ' ' | '-' | '/' | '.' | '\u{a0}') && characters.peek().is_some_and(|(_, next)| next.is_ascii_digit());
        if !joins {
            break;
        }
        let dot = character == '.';
        run.dotted |= dot;
        run.machine |= !dot && groups == 3 && group <= 3;
        groups = if dot && group <= 3 { groups + 1 } else { 0 };
        group = 0;
    }
    run.machine |= groups == 3 && group <= 3;
    run
}

/// `ABC-123`.
fn is_plate(word: &str) -> bool {
    let Some((letters, digits)) = word.split_once('-') else { return false };
    (2..=3).contains(&letters.chars().count())
        && letters.chars().all(char::is_uppercase)
        && (1..=3).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit())
}

const STREETS: [&str; 34] = [
    "katu",
    "kadun",
    "kadulla",
    "kadulle",
    "kadulta",
    "katua",
    "tie",
    "tien",
    "tiellä",
    "tielle",
    "tieltä",
    "kuja",
    "kujan",
    "kujalla",
    "kujalle",
    "polku",
    "polulla",
    "polulle",
    "väylä",
    "väylällä",
    "raitti",
    "raitilla",
    "kaari",
    "rinne",
    "puistikko",
    "gatan",
    "vägen",
    "gränd",
    "stigen",
    "street",
    "road",
    "lane",
    "avenue",
    "tori",
];

/// Streets that are written as a word of their own, behind their number: 221 Baker Street.
const WHOLE_STREETS: [&str; 4] = ["street", "road", "lane", "avenue"];
/// Words that end like a street and are none, in whatever case.
const NO_STREETS: [&str; 8] = ["monitori", "moottori", "sektori", "traktori", "plane", "airplane", "abroad", "broad"];
/// Words whose number is no postal code.
const NUMBERED: [&str; 12] = ["tilau", "order", "beställ", "lasku", "faktur", "invoice", "asiaka", "numero", "nummer", "number", "seuranta", "koodi"];
/// Digits of a house number or of a flat.
const HOUSE_DIGITS: usize = 4;

/// A street with its number, before or after it, and the town behind a postal code. `plain`: dates and sums, in order of place.
pub(super) fn streets(text: &str, words: &[(usize, &str)], plain: &[Range<usize>], own: &[String]) -> Vec<Hidden> {
    let mut found = Vec::new();
    let end_of = |index: usize| words[index].0 + words[index].1.len();
    let is_plain = |at: usize| plain.get(plain.partition_point(|one| one.end <= at)).is_some_and(|one| one.start <= at);
    let is_house = |index: usize| words.get(index).is_some_and(|(at, word)| is_house(word) && !is_plain(*at));
    for (index, (at, word)) in words.iter().enumerate() {
        let lower = word.to_lowercase();
        let mut hide = |first: usize, last: usize| {
            found.push(Hidden { range: words[first].0..end_of(last), kind: "address", value: Some(format!("{lower}{}", words[last].1)) });
        };
        let numbered = beside(text, words, index) && is_house(index + 1);
        let flat = if numbered { flat(text, words, index + 1) } else { index };
        if STREETS.iter().any(|street| lower.ends_with(street)) && !NO_STREETS.contains(&lower.as_str()) {
            let before = house_before(words, index, WHOLE_STREETS.contains(&lower.as_str()));
            if numbered || before.is_some() {
                hide(before.unwrap_or(index), flat);
            }
        } else if numbered && is_like_a_name(word, own, false) && (flat > index + 1 || !is_common(word) && is_inside(text, *at)) {
            // Hakaniemenranta 6 B 12: no word tells that it is a street, but nothing else is numbered so.
            hide(index, flat);
        }
        let postal = word.len() == 5 && word.bytes().all(|byte| byte.is_ascii_digit()) && !is_plain(*at);
        if postal && let Some((_, town)) = words.get(index + 1) {
            let named = index > 0 && NUMBERED.iter().any(|stem| words[index - 1].1.to_lowercase().contains(stem));
            let begins = town.chars().next().is_some_and(char::is_alphabetic);
            if is_capital(town) || begins && !named && beside(text, words, index) && !is_stop(town) {
                hide(index, index + 1);
            }
        }
    }
    found
}

fn is_number(word: &str) -> bool {
    word.starts_with(|character: char| character.is_ascii_digit())
}

/// `6`, `12b`, `4-6`.
fn is_house(word: &str) -> bool {
    let digits = word.chars().take_while(char::is_ascii_digit).count();
    (1..=HOUSE_DIGITS).contains(&digits) && word.chars().skip(digits).filter(|character| character.is_alphabetic()).count() <= 1
}

/// The last word of an address that has its house number here: its stairway and flat, `6 B 12`, `5 a 3`, `12 as 4`.
fn flat(text: &str, words: &[(usize, &str)], house: usize) -> usize {
    let near = |index: usize| beside(text, words, index) || text.get(words[index].0 + words[index].1.len()..).is_some_and(|rest| rest.starts_with(". "));
    let Some((_, stairway)) = words.get(house + 1).filter(|_| beside(text, words, house)) else { return house };
    let letter = stairway.chars().count() == 1 && stairway.chars().all(char::is_alphabetic);
    let word = ["as", "bst", "lgh", "rappu", "krs", "apt", "flat"].contains(&stairway.to_lowercase().as_str());
    if !letter && !word {
        return house;
    }
    match words.get(house + 2) {
        Some((_, flat)) if near(house + 1) && is_house(flat) => house + 2,
        // Later letters are sizes: "2 L".
        _ if letter && stairway.chars().all(|one| ('A'..='K').contains(&one)) => house + 1,
        _ => house,
    }
}

/// Where an address begins whose number stands before the street.
fn house_before(words: &[(usize, &str)], street: usize, whole: bool) -> Option<usize> {
    let before = words[..street].iter().rev().take(if whole { 3 } else { 2 });
    let names = before.take_while(|(_, word)| whole || is_capital(word) || is_number(word)).map(|(_, word)| is_number(word));
    names.collect::<Vec<_>>().iter().rposition(|is_number| *is_number).map(|place| street - 1 - place)
}

/// A company with the form that the law gives it.
pub(super) fn companies(words: &[(usize, &str)]) -> Vec<Hidden> {
    let mut found = Vec::new();
    for (index, (at, word)) in words.iter().enumerate() {
        if !matches!(*word, "Oy" | "OY" | "Oyj" | "Ab" | "AB" | "Ky" | "Tmi" | "Ltd" | "Inc" | "GmbH" | "ry") {
            continue;
        }
        let before = words[..index].iter().rev().take(COMPANY_WORDS).take_while(|(_, one)| is_capital(one)).count();
        let after = words[index + 1..].iter().take(1).take_while(|(_, one)| before == 0 && is_capital(one)).count();
        let last = words[index + after];
        if before + after > 0 {
            found.push(Hidden { range: words[index - before].0.min(*at)..last.0 + last.1.len(), kind: "company", value: None });
        }
    }
    found
}

const CLOSINGS: [&str; 15] = [
    "terveisin",
    "ystävällisin terveisin",
    "parhain terveisin",
    "yst. terv",
    "terv.",
    "terv,",
    "hälsningar",
    "med vänlig",
    "med vänliga",
    "vänliga hälsningar",
    "mvh",
    "regards",
    "best regards",
    "kind regards",
    "sincerely",
];

/// What stands below a line that closes a letter: names, titles, addresses.
pub(super) fn signature(text: &str) -> Option<Hidden> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        at += line.len();
        let lower = line.trim().to_lowercase();
        let closes = lower == "--" || lower.chars().count() <= 40 && CLOSINGS.iter().any(|closing| lower.starts_with(closing));
        if closes && !text[at..].trim().is_empty() {
            return Some(Hidden { range: at..text.len(), kind: "signature", value: None });
        }
    }
    None
}
