//! Shapes in a text that point at somebody: addresses, numbers, signatures, names that somebody says of themselves.

use std::ops::Range;

use super::{anonymise::Hidden, names::is_capital};

/// Digits from which on a number may point at a person.
const DIGITS_MIN: usize = 4;
/// Words after an introduction or a greeting at the end that can be a name.
const NAME_WORDS: usize = 3;

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
    for begin in ["http://", "https://", "www.", "HTTP://", "HTTPS://", "WWW."] {
        for (at, _) in text.match_indices(begin) {
            let length = text[at..].find(ends).unwrap_or(text.len() - at);
            found.push(Hidden { range: at..at + length, kind: "link", value: Some(text[at..at + length].to_owned()) });
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

/// Longer runs of digits, with a space or a hyphen between, that are neither a date nor a sum; years stay. Shorter ones behind a `#`, addresses of
/// machines, and plates of cars.
pub(super) fn numbers(text: &str, plain: &[Range<usize>]) -> Vec<Hidden> {
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(offset) = text[at..].find(|character: char| character.is_ascii_digit()) {
        let start = at + offset;
        let (end, digits, groups) = run(&text[start..]);
        let end = start + end;
        at = end;
        let known = plain.iter().any(|one| one.start < end && start < one.end);
        let year = digits.len() == 4 && (digits.starts_with("19") || digits.starts_with("20"));
        let numbered = text[..start].trim_end().ends_with('#');
        if (digits.len() >= DIGITS_MIN && !known && !year) || numbered || groups >= 4 {
            // With the letters that stick to it: FI-12345, A1234B.
            let sticks = |character: char| character.is_ascii_alphanumeric() || character == '-';
            let start = start - text[..start].chars().rev().take_while(|character| sticks(*character)).map(char::len_utf8).sum::<usize>();
            let end = end + text[end..].chars().take_while(|character| sticks(*character)).map(char::len_utf8).sum::<usize>();
            at = end;
            found.push(Hidden { range: start..end, kind: "number", value: Some(digits) });
        }
    }
    found.extend(words(text).filter(|(_, word)| is_plate(word)).map(|(at, word)| Hidden {
        range: at..at + word.len(),
        kind: "number",
        value: Some(word.to_owned()),
    }));
    found
}

/// How far a number goes that begins here, its digits, and how many groups the dots part it into.
fn run(text: &str) -> (usize, String, usize) {
    let (mut end, mut digits, mut groups) = (0, String::new(), 1);
    let dotted = text.split(|character: char| !(character.is_ascii_digit() || character == '.')).next().unwrap_or_default();
    let parts: Vec<&str> = dotted.trim_end_matches('.').split('.').collect();
    if parts.len() == 4 && parts.iter().all(|part| (1..=3).contains(&part.len())) {
        return (dotted.trim_end_matches('.').len(), parts.concat(), 4);
    }
    let mut characters = text.char_indices().peekable();
    while let Some((position, character)) = characters.next() {
        let joins = matches!(character, ' ' | '-' | '/' | '\u{a0}') && characters.peek().is_some_and(|(_, next)| next.is_ascii_digit());
        if character.is_ascii_digit() {
            digits.push(character);
            end = position + 1;
        } else if joins {
            groups = 1;
        } else {
            break;
        }
    }
    (end, digits, groups)
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

/// A street with its number, before or after it, and the town behind a postal code.
pub(super) fn streets(words: &[(usize, &str)]) -> Vec<Hidden> {
    let mut found = Vec::new();
    let is_number = |word: &str| word.starts_with(|character: char| character.is_ascii_digit());
    let end_of = |index: usize| words[index].0 + words[index].1.len();
    for (index, (at, word)) in words.iter().enumerate() {
        let lower = word.to_lowercase();
        if STREETS.iter().any(|street| lower.ends_with(street)) {
            let capitals = words[..index].iter().rev().take(2).take_while(|(_, before)| is_capital(before) || is_number(before)).count();
            let first = index - capitals;
            let after = words.get(index + 1).is_some_and(|(_, next)| is_number(next));
            let before = words[first..index].iter().any(|(_, one)| is_number(one));
            if (after && is_capital(word)) || before {
                let first = if before { first } else { index };
                let last = if after { index + 1 } else { index };
                found.push(Hidden { range: words[first].0..end_of(last), kind: "address", value: Some(format!("{lower}{}", words[last].1)) });
            }
        }
        let postal = word.len() == 5 && word.bytes().all(|byte| byte.is_ascii_digit());
        if postal && words.get(index + 1).is_some_and(|(_, town)| is_capital(town)) {
            found.push(Hidden { range: *at..end_of(index + 1), kind: "address", value: Some((*word).to_owned()) });
        }
    }
    found
}

/// A company with the form that the law gives it.
pub(super) fn companies(words: &[(usize, &str)]) -> Vec<Hidden> {
    let mut found = Vec::new();
    for (index, (at, word)) in words.iter().enumerate() {
        if !matches!(*word, "Oy" | "OY" | "Oyj" | "Ab" | "AB" | "Ky" | "Tmi" | "Ltd" | "Inc" | "GmbH" | "ry") {
            continue;
        }
        let before = words[..index].iter().rev().take(NAME_WORDS).take_while(|(_, one)| is_capital(one)).count();
        let after = words[index + 1..].iter().take(1).take_while(|(_, one)| before == 0 && is_capital(one)).count();
        let last = words[index + after];
        if before + after > 0 {
            found.push(Hidden { range: words[index - before].0.min(*at)..last.0 + last.1.len(), kind: "company", value: None });
        }
    }
    found
}

const INTRODUCTIONS: [&str; 14] = [
    "nimeni on",
    "nimi on",
    "terveisin",
    "terv.",
    "t.",
    "jag heter",
    "mitt namn är",
    "hälsningar",
    "mvh",
    "my name is",
    "i am",
    "regards",
    "sincerely",
    "cheers",
];

/// Names that somebody says of themselves, or writes under a message.
pub(super) fn introduced(text: &str, words: &[(usize, &str)]) -> Vec<Hidden> {
    let lower = lowered(text);
    let whole = |at: usize| lower[..at].chars().next_back().is_none_or(|before| !before.is_alphanumeric());
    let places = INTRODUCTIONS.iter().flat_map(|phrase| lower.match_indices(phrase)).filter(|(at, _)| whole(*at)).map(|(at, found)| at + found.len());
    let names = places.flat_map(|end| {
        let after = words.iter().skip_while(move |(at, _)| *at < end).take(NAME_WORDS);
        after.take_while(|(_, word)| is_capital(word))
    });
    names.map(|(at, word)| Hidden { range: *at..at + word.len(), kind: "name", value: None }).collect()
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
