//! Names that somebody says of themselves or of their family, or writes under a message, in whatever case.

use std::{collections::HashSet, ops::Range, sync::LazyLock};

use super::{
    anonymise::Hidden,
    hiding::lowered,
    names::{is_capital, is_common, is_given, is_like_a_name, is_like_a_surname},
};

/// Words after an introduction that can be a name: with a capital letter, and without.
const NAME_WORDS: usize = 3;
const SMALL_WORDS: usize = 2;

/// What only a name follows.
const CERTAIN: [&str; 34] = [
    "nimeni on",
    "nimi on",
    "nimeni",
    "nimi:",
    "nimellä",
    "nimelle",
    "nimiin",
    "terveisin",
    "terveisiä",
    "terkuin",
    "terv",
    "terv.",
    "t.",
    "t:",
    "jag heter",
    "han heter",
    "hon heter",
    "mitt namn är",
    "namn:",
    "namnet är",
    "i namnet",
    "hälsningar",
    "hälsningar från",
    "mvh",
    "my name is",
    "name is",
    "name:",
    "under the name",
    "in the name of",
    "regards",
    "sincerely",
    "cheers",
    "yours truly",
    "t",
];

/// What a name may follow as well as anything else.
const LOOSE: [&str; 24] = [
    "olen",
    "minä olen",
    "mä oon",
    "täällä",
    "i am",
    "i'm",
    "i’m",
    "this is",
    "jag är",
    "det är",
    "vaimoni",
    "mieheni",
    "äitini",
    "isäni",
    "tyttäreni",
    "poikani",
    "siskoni",
    "veljeni",
    "min man",
    "min fru",
    "my wife",
    "my husband",
    "my mother",
    "my father",
];

/// What a name stands before.
const BEHIND: [&str; 4] = ["nimellä", "nimelle", "nimiin", "nimissä"];

/// Small words and verbs that are no name where one could stand.
const STOP: &str = "ja tai eli mutta että kun jos niin on oli ole olen ollut olisi ei en et se ne sen hän me te minä sinä tämä nyt vielä jo heti sitten myös vain \
    tässä täällä siellä kanssa kautta mukaan takia sekä joka jonka mitä mikä missä miten milloin voisitteko voiko onko saanko pitäisi haluan haluaisin toivon tilasin \
    tilannut tilasi maksoin maksanut maksoi soitin soitti haki hain sai sain saanut kysyi kirjoitti palautti palautin osti ostin lähetti odotan odottanut yrittänyt \
    asiakas asiakkaanne asiakkaana eri sama samalla millä omalla omani oma väärä väärin väärällä oikea oikein oikealla toisella toisen jollain yrityksen firman \
    miehen vaimon äidin isän vaimoni mieheni äitini isäni minun hänen tilaus tilauksen tilaukseni tilattu paketti pakettini lasku laskun muuttunut vaihtunut nimellä \
    nimelle nimi kiitos etukäteen asiakaspalvelu kuluttaja och eller men att som är var har hade inte jag du han hon vi ni de det den en ett mig med på av för från \
    till kund beställde betalade fick nu här and or but that who is was am are has have had not i you he she we they it the a an my your his her our in on at of for \
    from to with about customer ordered paid got now here writing waiting sorry just not still very";

static STOP_SET: LazyLock<HashSet<&str>> = LazyLock::new(|| STOP.split_whitespace().collect());

pub(super) fn is_stop(word: &str) -> bool {
    STOP_SET.contains(word.to_lowercase().as_str())
}

/// Names behind an introduction or a greeting at the end, before "nimellä", and surnames behind a given name. `own`: words of the company's own name.
pub(super) fn introduced(text: &str, words: &[(usize, &str)], own: &[String]) -> Vec<Hidden> {
    let lower = lowered(text);
    let mut hidden: Vec<Range<usize>> = Vec::new();
    for end in ends(&lower, &CERTAIN) {
        let first = words.partition_point(|(at, _)| *at < end);
        if near(text, end, words, first) {
            hidden.extend(name(text, words, first, Start::Anything));
        }
    }
    for end in ends(&lower, &LOOSE) {
        let first = words.partition_point(|(at, _)| *at < end);
        let Some((_, word)) = words.get(first).filter(|_| near(text, end, words, first)) else { continue };
        if is_given(word) {
            hidden.extend(name(text, words, first, Start::Anything));
        } else if is_like_a_name(word, own, false) {
            hidden.extend(name(text, words, first, Start::Capital));
        }
    }
    for (index, (at, word)) in words.iter().enumerate() {
        if index > 0 && BEHIND.contains(&word.to_lowercase().as_str()) {
            let before = words[..index].iter().enumerate().rev().take(SMALL_WORDS);
            let before = before.take_while(|(place, (_, word))| beside(text, words, *place) && is_word(word) && !is_stop(word));
            hidden.extend(before.map(|(_, (at, word))| *at..at + word.len()));
        }
        let named = index > 0 && beside(text, words, index - 1) && is_common(words[index - 1].1);
        if named && !is_stop(word) && is_like_a_surname(word) {
            hidden.push(*at..at + word.len());
        }
    }
    hidden.into_iter().map(|range| Hidden { range, kind: "name", value: None }).collect()
}

/// What may go on a name that has begun.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Start {
    /// Whatever is no small word of everyday.
    Anything,
    Capital,
}

/// The words of a name that begins with this one: they stand beside each other, or have capital letters in one sentence.
fn name(text: &str, words: &[(usize, &str)], first: usize, start: Start) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for index in first..words.len().min(first + NAME_WORDS) {
        let (at, word) = words[index];
        let begins = index == first;
        let joined = begins || beside(text, words, index - 1);
        let small = start == Start::Anything && joined && index < first + SMALL_WORDS && is_word(word) && !is_stop(word);
        let large = is_capital(word) && (if begins { !is_stop(word) } else { goes_on(text, words, index) });
        if !(large || small || joined && !begins && is_like_a_surname(word)) {
            break;
        }
        found.push(at..at + word.len());
    }
    found
}

/// Whether no sentence ends between a word and the one before it; the full stop of an initial ends none.
fn goes_on(text: &str, words: &[(usize, &str)], index: usize) -> bool {
    let (at, before) = words[index - 1];
    let between = &text[at + before.len()..words[index].0];
    before.chars().count() == 1 || !between.contains(['.', '!', '?'])
}

/// Where the phrases end in a text of small letters, as whole words.
fn ends(lower: &str, phrases: &[&str]) -> Vec<usize> {
    let is_letter = |one: Option<char>| one.is_some_and(char::is_alphanumeric);
    let mut found = Vec::new();
    for phrase in phrases {
        let open = !phrase.ends_with(char::is_alphabetic);
        for (at, _) in lower.match_indices(phrase) {
            let end = at + phrase.len();
            // A lone "t" is a greeting only at the beginning of a line.
            let line = *phrase != "t" || lower[..at].ends_with('\n');
            if line && !is_letter(lower[..at].chars().next_back()) && (open || !is_letter(lower[end..].chars().next())) {
                found.push(end);
            }
        }
    }
    found
}

/// Whether nothing but a space, a line or a mark stands between a phrase and the word.
fn near(text: &str, end: usize, words: &[(usize, &str)], first: usize) -> bool {
    let between = words.get(first).and_then(|(at, _)| text.get(end..*at));
    between
        .is_some_and(|between| between.chars().all(|one| one.is_whitespace() || matches!(one, ',' | '.' | ':' | '!' | '-' | '–' | '*' | '_' | '"' | '”' | '(')))
}

/// Whether the next word stands beside this one.
pub(super) fn beside(text: &str, words: &[(usize, &str)], index: usize) -> bool {
    let end = words[index].0 + words[index].1.len();
    let between = words.get(index + 1).and_then(|(at, _)| text.get(end..*at));
    between.is_some_and(|between| between.chars().all(|one| matches!(one, ' ' | '\u{a0}' | '\t')))
}

fn is_word(word: &str) -> bool {
    word.chars().next().is_some_and(char::is_alphabetic)
}
