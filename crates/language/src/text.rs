//! Text as every other module sees it: normalised, cut into tokens, stemmed.
//!
//! Indexing and searching must call the same functions, or a word that was indexed is never found. All functions are
//! linear in the length of the text and accept any Unicode text.

use std::borrow::Cow;

use rust_stemmers::{Algorithm, Stemmer};
use unicode_normalization::UnicodeNormalization;

use crate::Language;

/// Brings a text to one form: compatibility-composed (NFKC), lower case, straight quotes and hyphens, no invisible or
/// control characters, single spaces, and no letter repeated more than twice ("eiiiiii" → "eii").
///
/// Idempotent: normalising a normalised text changes nothing.
#[must_use]
pub fn normalise(text: &str) -> String {
    if text.is_ascii() {
        return fold(text.bytes().map(|byte| byte.to_ascii_lowercase() as char), text.len());
    }
    // Invisible characters go first: one between a letter and its accent would keep them from being composed.
    // Lower-casing can decompose ("İ") and composition can create upper case from compatibility forms, so the order is
    // compose, lower, compose.
    let visible = text.chars().filter(|&character| !is_invisible(character) || character.is_whitespace()).map(plain_punctuation);
    let lowered = visible.nfkc().flat_map(char::to_lowercase);
    fold(lowered.nfkc(), text.len())
}

/// One form for the many quotes and dashes that keyboards and word processors produce.
fn plain_punctuation(character: char) -> char {
    match character {
        '\u{2018}' | '\u{2019}' | '\u{201b}' | '\u{2032}' | '\u{b4}' | '`' => '\'',
        '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{ab}' | '\u{bb}' => '"',
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        other => other,
    }
}

/// Folds quotes, dashes, white space and repeated letters of an already lower-cased stream.
fn fold(characters: impl Iterator<Item = char>, capacity: usize) -> String {
    let mut out = String::with_capacity(capacity.min(1 << 20));
    let mut previous = '\0';
    let mut repeated = 0_u32;
    let mut space_pending = false;
    for character in characters {
        let character = plain_punctuation(character);
        if character.is_whitespace() {
            space_pending = !out.is_empty();
            continue;
        }
        if is_invisible(character) {
            continue;
        }
        if space_pending {
            out.push(' ');
            previous = ' ';
            repeated = 1;
            space_pending = false;
        }
        repeated = if character == previous { repeated + 1 } else { 1 };
        previous = character;
        if repeated > 2 && character.is_alphabetic() {
            continue;
        }
        out.push(character);
    }
    out
}

/// Control, zero-width, bidirectional-control and variation characters: they carry no meaning and break matching.
fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        )
}

/// The tokens of a normalised text, in order: runs of letters and digits, with an apostrophe kept inside a word
/// ("don't", "vaa'an"). Emoji and punctuation separate and are not tokens.
pub fn tokens(normalised: &str) -> impl Iterator<Item = &str> {
    Tokens { rest: normalised }
}

struct Tokens<'text> {
    rest: &'text str,
}

impl<'text> Iterator for Tokens<'text> {
    type Item = &'text str;

    fn next(&mut self) -> Option<&'text str> {
        let start = self.rest.find(is_word_character)?;
        let text = &self.rest[start..];
        let mut end = text.len();
        let mut characters = text.char_indices().peekable();
        while let Some((position, character)) = characters.next() {
            if is_word_character(character) {
                continue;
            }
            let inside_word = character == '\'' && characters.peek().is_some_and(|(_, next)| next.is_alphabetic());
            if !inside_word {
                end = position;
                break;
            }
        }
        self.rest = &text[end..];
        Some(&text[..end])
    }
}

/// Letters, digits, and the marks that scripts such as Devanagari write inside words.
fn is_word_character(character: char) -> bool {
    character.is_alphanumeric() || unicode_normalization::char::is_combining_mark(character)
}

/// The stem of one normalised token by the Snowball algorithm of its language. Tokens with digits stay whole, so that
/// order numbers are found exactly.
#[must_use]
pub fn stem(language: Language, token: &str) -> Cow<'_, str> {
    if token.bytes().any(|byte| byte.is_ascii_digit()) || token.len() > 64 {
        return Cow::Borrowed(token);
    }
    let algorithm = match language {
        Language::Fi => Algorithm::Finnish,
        Language::Sv => Algorithm::Swedish,
        Language::En => Algorithm::English,
    };
    Stemmer::create(algorithm).stem(token)
}

/// Stems of a raw text, spoken Finnish forms brought to the written form first: what the full-text search stores and
/// asks for.
#[must_use]
pub fn search_terms(language: Language, text: &str) -> Vec<String> {
    let normalised = normalise(text);
    tokens(&normalised).map(|token| stem(language, crate::colloquial::written(language, token).unwrap_or(token)).into_owned()).collect()
}

/// Cuts a raw text into sentences at line ends and at `.`, `!`, `?` followed by a space. A full stop after a number, a
/// single letter or a common abbreviation does not end a sentence. Returns trimmed, non-empty slices of the text.
#[must_use]
pub fn sentences(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut characters = text.char_indices().peekable();
    while let Some((position, character)) = characters.next() {
        let next_is_space = characters.peek().is_none_or(|(_, next)| next.is_whitespace());
        let ends = match character {
            '\n' => true,
            '!' | '?' | '…' => next_is_space,
            '.' => next_is_space && !is_abbreviation(&text[start..position]),
            _ => false,
        };
        if ends {
            let end = position + character.len_utf8();
            push_trimmed(&mut found, &text[start..end]);
            start = end;
        }
    }
    push_trimmed(&mut found, &text[start..]);
    found
}

fn push_trimmed<'text>(found: &mut Vec<&'text str>, piece: &'text str) {
    let piece = piece.trim();
    if !piece.is_empty() {
        found.push(piece);
    }
}

/// Whether the last word before a full stop is one that is normally written with one.
fn is_abbreviation(before: &str) -> bool {
    // Only the tail is looked at, so that a long text without spaces stays linear.
    let mut tail_start = before.len().saturating_sub(24);
    while !before.is_char_boundary(tail_start) {
        tail_start += 1;
    }
    let word = before[tail_start..].rsplit(char::is_whitespace).next().unwrap_or("");
    const ABBREVIATIONS: [&str; 19] =
        ["esim", "mm", "klo", "puh", "nro", "ym", "yms", "jne", "tms", "eur", "bl.a", "t.ex", "dvs", "kl", "nr", "tel", "e.g", "i.e", "ns"];
    let lower = word.to_lowercase();
    ABBREVIATIONS.contains(&lower.as_str())
        || (!word.is_empty() && word.len() <= 4 && word.chars().all(|character| character.is_ascii_digit()))
        || (word.chars().count() == 1 && word.chars().all(char::is_uppercase))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normalise_unifies_forms() {
        assert_eq!(normalise("  Mis\u{200b}sä\u{a0} A\u{308}iti’n   PAKETTI???"), "missä äiti'n paketti???");
        assert_eq!(normalise("EIIIIII 1000"), "eii 1000");
    }

    #[test]
    fn tokens_keep_inner_apostrophes() {
        let normalised = normalise("Don't 'quote' vaa'an 12-34 😀ok");
        assert_eq!(tokens(&normalised).collect::<Vec<_>>(), ["don't", "quote", "vaa'an", "12", "34", "ok"]);
    }

    #[test]
    fn stems_by_language() {
        assert_eq!(stem(Language::Fi, "tilauksessa"), stem(Language::Fi, "tilauksesta"));
        assert_eq!(stem(Language::Sv, "beställningen"), stem(Language::Sv, "beställningar"));
        assert_eq!(stem(Language::En, "deliveries"), stem(Language::En, "delivery"));
        assert_eq!(stem(Language::En, "a1s"), "a1s");
    }

    #[test]
    fn sentences_respect_abbreviations() {
        assert_eq!(
            sentences("Tilasin 20. lokakuuta esim. kengät. Missä ne ovat?\nKiitos"),
            ["Tilasin 20. lokakuuta esim. kengät.", "Missä ne ovat?", "Kiitos"]
        );
    }
}
