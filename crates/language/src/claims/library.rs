//! A whole library of texts held against itself: sentences of different texts that say different things of one matter, and texts
//! that say the same.

use std::collections::HashMap;

use super::{Conflict, SENTENCES_READ, Words, compare::conflicting, quantities::quantities};
use crate::{Language, text};

/// A stem that more sentences than this hold says nothing of what a sentence is about.
const COMMON_STEM: usize = 60;
/// Rare stems that two sentences must share before they are compared.
const SHARED_LEAST: usize = 2;
/// Pairs of sentences compared, at most, so that a library of any size is looked through in seconds.
const PAIRS_MOST: usize = 400_000;
/// Likeness from which two texts say the same.
const ALIKE: f32 = 0.72;
/// Texts of which one word in so many or fewer is shared are not compared.
const TEXT_STEMS_LEAST: usize = 8;

/// One text.
#[derive(Debug, Clone, Copy)]
pub struct Text<'text> {
    pub title: &'text str,
    pub body: &'text str,
}

/// Two sentences of two texts that cannot both be right.
#[derive(Debug, Clone, PartialEq)]
pub struct Contradiction {
    /// Places of the texts.
    pub texts: (usize, usize),
    pub sentences: (String, String),
    pub conflict: Conflict,
}

struct Sentence<'text> {
    text: usize,
    written: &'text str,
    words: Words,
}

/// Sentences that contradict each other, at most one for each pair of texts, in order of the texts.
#[must_use]
pub fn contradictions(texts: &[Text<'_>], language: Language) -> Vec<Contradiction> {
    let mut sentences: Vec<Sentence<'_>> = Vec::new();
    for (place, text) in texts.iter().enumerate() {
        for written in text::sentences(text.body).into_iter().take(SENTENCES_READ) {
            let words = Words::of(written, language);
            if words.stems.len() >= SHARED_LEAST {
                sentences.push(Sentence { text: place, written, words });
            }
        }
    }
    let mut found: HashMap<(usize, usize), Contradiction> = HashMap::new();
    for (left, right) in candidates(&sentences) {
        let (one, other) = (&sentences[left], &sentences[right]);
        let pair = (one.text, other.text);
        if found.contains_key(&pair) {
            continue;
        }
        let claimed = (quantities(one.written, language), quantities(other.written, language));
        if let Some(conflict) = conflicting((&one.words, &claimed.0), (&other.words, &claimed.1)) {
            let sentences = (one.written.to_owned(), other.written.to_owned());
            found.insert(pair, Contradiction { texts: pair, sentences, conflict });
        }
    }
    let mut found: Vec<Contradiction> = found.into_values().collect();
    found.sort_by_key(|contradiction| contradiction.texts);
    found
}

/// Pairs of sentences of different texts that share rare stems.
fn candidates(sentences: &[Sentence<'_>]) -> Vec<(usize, usize)> {
    let mut holders: HashMap<&str, Vec<usize>> = HashMap::new();
    for (place, sentence) in sentences.iter().enumerate() {
        for stem in &sentence.words.stems {
            holders.entry(stem).or_default().push(place);
        }
    }
    let mut shared: HashMap<(usize, usize), usize> = HashMap::new();
    let mut rare: Vec<(&str, &Vec<usize>)> =
        holders.iter().filter(|(_, holders)| (2..=COMMON_STEM).contains(&holders.len())).map(|(stem, holders)| (*stem, holders)).collect();
    // The rarest first: when there are too many pairs, those that matter least are left out.
    rare.sort_by(|left, right| left.1.len().cmp(&right.1.len()).then(left.0.cmp(right.0)));
    for (_, holders) in rare {
        for (at, left) in holders.iter().enumerate() {
            for right in &holders[at + 1..] {
                if sentences[*left].text != sentences[*right].text && (shared.len() < PAIRS_MOST || shared.contains_key(&(*left, *right))) {
                    *shared.entry((*left, *right)).or_default() += 1;
                }
            }
        }
    }
    let mut pairs: Vec<(usize, usize)> = shared.into_iter().filter(|(_, count)| *count >= SHARED_LEAST).map(|(pair, _)| pair).collect();
    pairs.sort_unstable();
    pairs
}

/// Texts that say the same: places and likeness, the most alike first. Likeness is the cosine of the stems, each weighed by how few
/// texts hold it; a title counts twice.
#[must_use]
pub fn duplicates(texts: &[Text<'_>], language: Language) -> Vec<(usize, usize, f32)> {
    let counted: Vec<HashMap<String, f32>> = texts.iter().map(|text| counts(text, language)).collect();
    let mut holders: HashMap<&str, Vec<usize>> = HashMap::new();
    for (place, stems) in counted.iter().enumerate() {
        for stem in stems.keys() {
            holders.entry(stem).or_default().push(place);
        }
    }
    // Smoothed, so that in a library of four a word that two of them hold still counts.
    let weight = |stem: &str| 1.0 + ((texts.len() as f32 + 1.0) / (holders.get(stem).map_or(0, Vec::len) as f32 + 1.0)).ln().max(0.0);
    let weighed: Vec<HashMap<&str, f32>> =
        counted.iter().map(|stems| stems.iter().map(|(stem, count)| (stem.as_str(), (1.0 + count).ln() * weight(stem))).collect()).collect();
    let length: Vec<f32> = weighed.iter().map(|stems| stems.values().map(|value| value * value).sum::<f32>().sqrt()).collect();
    let mut products: HashMap<(usize, usize), f32> = HashMap::new();
    for (stem, places) in holders.iter().filter(|(_, places)| places.len() <= COMMON_STEM) {
        for (at, left) in places.iter().enumerate() {
            for right in &places[at + 1..] {
                *products.entry((*left, *right)).or_default() += weighed[*left][stem] * weighed[*right][stem];
            }
        }
    }
    let mut alike: Vec<(usize, usize, f32)> = products
        .into_iter()
        .filter(|((left, right), _)| counted[*left].len().min(counted[*right].len()) >= TEXT_STEMS_LEAST)
        .map(|((left, right), product)| (left, right, product / (length[left] * length[right]).max(f32::MIN_POSITIVE)))
        .filter(|(.., cosine)| *cosine >= ALIKE)
        .collect();
    alike.sort_by(|one, other| other.2.total_cmp(&one.2).then((one.0, one.1).cmp(&(other.0, other.1))));
    alike
}

fn counts(text: &Text<'_>, language: Language) -> HashMap<String, f32> {
    let mut counts = HashMap::new();
    let title = Words::of(text.title, language).stems.into_iter().map(|stem| (stem, 2.0));
    let body = text::sentences(text.body).into_iter().take(SENTENCES_READ).flat_map(|sentence| Words::of(sentence, language).stems).map(|stem| (stem, 1.0));
    for (stem, count) in title.chain(body) {
        *counts.entry(stem).or_insert(0.0) += count;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXTS: [Text<'static>; 4] = [
        Text {
            title: "Tuotteen palauttaminen",
            body: "Voit palauttaa käyttämättömän tuotteen 30 päivän kuluessa toimituksesta. Tulosta palautuslappu tililtäsi ja vie paketti postiin.",
        },
        Text {
            title: "Palautusohjeet", body: "Käyttämättömän tuotteen voit palauttaa 14 päivän kuluessa toimituksesta. Hygieniatuotteita emme ota takaisin."
        },
        Text { title: "Maksutavat", body: "Voit maksaa verkkopankissa, kortilla tai laskulla. Lasku erääntyy 14 päivän kuluttua." },
        Text {
            title: "Miten palautan tuotteen",
            body: "Käyttämättömän tuotteen voit palauttaa 30 päivän kuluessa toimituksesta. Tulosta tililtäsi palautuslappu ja vie paketti postiin.",
        },
    ];

    #[test]
    fn a_library_is_held_against_itself() {
        let found = contradictions(&TEXTS, Language::Fi);
        let pairs: Vec<(usize, usize)> = found.iter().map(|contradiction| contradiction.texts).collect();
        assert_eq!(pairs, [(0, 1), (1, 3)], "{found:?}");
        assert!(found[0].sentences.0.contains("30") && found[0].sentences.1.contains("14"));
        let alike: Vec<(usize, usize)> = duplicates(&TEXTS, Language::Fi).iter().map(|(left, right, _)| (*left, *right)).collect();
        assert_eq!(alike, [(0, 3)]);
    }

    #[test]
    fn nothing_is_found_in_nothing() {
        assert!(contradictions(&[], Language::En).is_empty() && duplicates(&[], Language::En).is_empty());
        assert!(duplicates(&[Text { title: "", body: "" }; 3], Language::En).is_empty());
    }
}
