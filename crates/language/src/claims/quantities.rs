//! Quantities of a text: numbers in digits or words, with the unit that follows or precedes them.

use crate::{Language, text};

/// What a number counts, as far as it matters to tell two claims apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unit {
    Minute,
    Hour,
    Day,
    BusinessDay,
    Week,
    Month,
    Year,
    Euro,
    Krona,
    Percent,
    Weight,
    Length,
}

/// A number with its unit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quantity {
    /// One form: `59.9`, `1000`, `1.12.2026`, `14:30`.
    pub value: String,
    pub unit: Option<Unit>,
}

impl Quantity {
    /// Whether a source that holds this quantity bears out a claim of the other: the same number, of the same thing where both say
    /// what they count.
    #[must_use]
    pub fn covers(&self, claimed: &Self) -> bool {
        self.value == claimed.value && (self.unit == claimed.unit || self.unit.is_none() || claimed.unit.is_none())
    }
}

/// All quantities of a text, in order. Small numerals in words count as digits do.
#[must_use]
pub fn quantities(text: &str, language: Language) -> Vec<Quantity> {
    let normalised = text::normalise(text).replace('\u{a0}', " ");
    let pieces = pieces(&normalised);
    let mut found = Vec::new();
    for (at, piece) in pieces.iter().enumerate() {
        let value = match piece {
            Piece::Number(value) => value.clone(),
            Piece::Word(word) => match numeral(word, language) {
                Some(value) => value.to_string(),
                None => continue,
            },
            Piece::Sign(_) => continue,
        };
        // The sign before a number is nearer to it than anything that follows.
        let unit = match at.checked_sub(1).map(|before| &pieces[before]) {
            Some(Piece::Sign('€')) => Some(Unit::Euro),
            _ => unit_after(&pieces[at + 1..]),
        };
        found.push(Quantity { value, unit });
    }
    found
}

#[derive(Debug)]
enum Piece<'text> {
    Number(String),
    Word(&'text str),
    Sign(char),
}

/// Numbers, words, and the signs that are units or join a range.
fn pieces(normalised: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = normalised;
    while let Some(first) = rest.chars().next() {
        if first.is_ascii_digit() {
            let (value, end) = number(rest);
            pieces.push(Piece::Number(value));
            rest = &rest[end..];
        } else if first.is_alphabetic() {
            let end = rest.find(|character: char| !character.is_alphabetic()).unwrap_or(rest.len());
            pieces.push(Piece::Word(&rest[..end]));
            rest = &rest[end..];
        } else {
            if matches!(first, '€' | '%' | '-' | '/') {
                pieces.push(Piece::Sign(first));
            }
            rest = &rest[first.len_utf8()..];
        }
    }
    pieces
}

/// A number at the beginning of a text in one form, and its length: thousands joined, a decimal comma made a point, a clock's
/// point or colon kept apart from it only by what follows.
fn number(text: &str) -> (String, usize) {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let (mut value, mut at) = (String::new(), 0);
    while at < bytes.len() {
        if digit(at) {
            value.push(char::from(bytes[at]));
            at += 1;
            continue;
        }
        let three = digit(at + 1) && digit(at + 2) && digit(at + 3) && !digit(at + 4);
        match bytes[at] {
            b' ' if three && !value.contains(['.', ':']) && value.len() <= 3 => at += 1,
            b'.' | b',' if digit(at + 1) => {
                value.push('.');
                at += 1;
            }
            b':' if digit(at + 1) => {
                value.push(':');
                at += 1;
            }
            _ => break,
        }
    }
    (plain(&value), at)
}

/// Without zeros that say nothing: `59.90` is `59.9`, `100.00` is `100`, `007` stays.
fn plain(value: &str) -> String {
    if value.matches('.').count() != 1 || value.contains(':') {
        return value.to_owned();
    }
    value.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The unit that follows a number, across a range ("3–5 päivää") and words such as "working".
fn unit_after(after: &[Piece<'_>]) -> Option<Unit> {
    let mut business = false;
    for piece in after.iter().take(4) {
        match piece {
            Piece::Sign('€') => return Some(Unit::Euro),
            Piece::Sign('%') => return Some(Unit::Percent),
            Piece::Sign('-') | Piece::Number(_) => {}
            Piece::Word(word) => {
                if BUSINESS.contains(word) {
                    business = true;
                } else if let Some(unit) = unit(word) {
                    return Some(if unit == Unit::Day && business { Unit::BusinessDay } else { unit });
                } else if !matches!(*word, "to" | "and" | "till" | "och" | "tai" | "ja" | "or" | "eller") {
                    return None;
                }
            }
            Piece::Sign(_) => return None,
        }
    }
    None
}

const BUSINESS: [&str; 3] = ["business", "working", "bank"];

/// Beginnings of words for units; short forms are whole words.
const UNITS: [(Unit, &[&str], &[&str]); 12] = [
    (Unit::BusinessDay, &["arkipäiv", "työpäiv", "pankkipäiv", "vardag", "arbetsdag", "bankdag", "weekday"], &["arkipv"]),
    (Unit::Minute, &["minuu", "minut", "minute"], &["min", "mins"]),
    (Unit::Hour, &["tunti", "tunni", "tuntia", "timm", "hour"], &["h", "t", "tim"]),
    (Unit::Day, &["päiv", "vuorokau", "dagar", "dygn", "days"], &["pv", "vrk", "dag", "dagen", "day"]),
    (Unit::Week, &["viik", "veck", "week"], &["vk", "vko"]),
    (Unit::Month, &["kuukau", "månad", "month"], &["kk", "mån"]),
    (Unit::Year, &["vuoden", "vuotta", "vuosi", "vuode", "years"], &["v", "år", "året", "year"]),
    (Unit::Euro, &["euro"], &["eur", "e"]),
    (Unit::Krona, &["kronor", "kruunu"], &["kr", "sek", "krona"]),
    (Unit::Percent, &["prosent", "procent", "percent"], &["pros"]),
    (Unit::Weight, &["kilo", "gramm"], &["kg", "g"]),
    (Unit::Length, &["metri", "meter", "sentti", "centimet"], &["cm", "m", "mm"]),
];

fn unit(word: &str) -> Option<Unit> {
    UNITS.iter().find(|(_, beginnings, words)| words.contains(&word) || beginnings.iter().any(|beginning| word.starts_with(beginning))).map(|(unit, ..)| *unit)
}

/// Small numerals, which texts write in words, by their beginnings (Finnish inflects them) or whole.
fn numeral(word: &str, language: Language) -> Option<u32> {
    let found = match language {
        Language::Fi => FINNISH.iter().find(|(_, beginnings)| beginnings.iter().any(|beginning| word.starts_with(beginning)))?.0,
        Language::Sv => SWEDISH.iter().find(|(_, words)| words.contains(&word))?.0,
        Language::En => ENGLISH.iter().find(|(_, words)| words.contains(&word))?.0,
    };
    Some(found)
}

/// "Yksi" and its like are articles as often as numerals, in all three languages: they are not counted.
const FINNISH: [(u32, &[&str]); 14] = [
    (12, &["kaksitoista", "kahdentoista"]),
    (14, &["neljätoista", "neljäntoista"]),
    (15, &["viisitoista", "viidentoista"]),
    (20, &["kaksikymmentä", "kahdenkymmenen"]),
    (30, &["kolmekymmentä", "kolmenkymmenen"]),
    (8, &["kahdeksan", "kahdeksaa"]),
    (9, &["yhdeksän", "yhdeksää"]),
    (2, &["kaksi", "kahden", "kahta", "kahdessa", "kahdesta", "kahteen"]),
    (3, &["kolme", "kolmea", "kolmen"]),
    (4, &["neljä"]),
    (5, &["viisi", "viiden", "viittä", "viidessä"]),
    (6, &["kuusi", "kuuden", "kuutta", "kuudessa"]),
    (7, &["seitsemän", "seitsemää"]),
    (10, &["kymmenen", "kymmentä"]),
];
const SWEDISH: [(u32, &[&str]); 13] = [
    (2, &["två"]),
    (3, &["tre"]),
    (4, &["fyra"]),
    (5, &["fem"]),
    (6, &["sex"]),
    (7, &["sju"]),
    (8, &["åtta"]),
    (9, &["nio"]),
    (10, &["tio"]),
    (12, &["tolv"]),
    (14, &["fjorton"]),
    (20, &["tjugo"]),
    (30, &["trettio"]),
];
const ENGLISH: [(u32, &[&str]); 13] = [
    (2, &["two"]),
    (3, &["three"]),
    (4, &["four"]),
    (5, &["five"]),
    (6, &["six"]),
    (7, &["seven"]),
    (8, &["eight"]),
    (9, &["nine"]),
    (10, &["ten"]),
    (12, &["twelve"]),
    (14, &["fourteen"]),
    (20, &["twenty"]),
    (30, &["thirty"]),
];
