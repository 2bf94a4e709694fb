//! Finding articles by shared stems (BM25) and shared character 4-grams (cosine of TF-IDF).

use std::collections::HashMap;

use crate::learn::hashing::{PassThroughHasher, finish, hash_bytes, start, step};
use crate::{Language, colloquial, text};

/// BM25's saturation and length parameters (Robertson and Zaragoza 2009), and the weight of a title's term in body terms.
const SATURATION: f32 = 1.2;
const LENGTH: f32 = 0.6;
const TITLE_TERMS: f32 = 3.0;
const TITLE_GRAMS: f32 = 2.0;

/// One field of one document.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field<'text> {
    pub(crate) text: &'text str,
    pub(crate) title: bool,
}

/// Scores of one document for one question.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Match {
    /// BM25 over stems, divided by the best score that the question's known stems could reach: 0–1.
    pub(crate) stems: f32,
    /// Cosine over character 4-grams, 0–1.
    pub(crate) grams: f32,
}

impl Match {
    /// Both kinds of evidence in one number.
    pub(crate) fn score(&self) -> f32 {
        0.4 * self.stems + self.grams
    }
}

/// Inverted lists over stems and character n-grams; documents may be replaced one by one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lexical {
    stems: HashMap<u64, Vec<(u32, f32)>, PassThroughHasher>,
    grams: HashMap<u64, Vec<(u32, f32)>, PassThroughHasher>,
    lengths: Vec<f32>,
    norms: Vec<f32>,
}

impl Lexical {
    /// Builds the lists of documents given as fields with their language.
    pub(crate) fn build(documents: &[(Language, Vec<Field<'_>>)]) -> Self {
        let mut index = Self::default();
        for (document, (language, fields)) in documents.iter().enumerate() {
            let mut stems: HashMap<u64, f32, PassThroughHasher> = HashMap::default();
            let mut grams: HashMap<u64, f32, PassThroughHasher> = HashMap::default();
            for field in fields {
                let normalised = text::normalise(field.text);
                let (stem_weight, gram_weight) = if field.title { (TITLE_TERMS, TITLE_GRAMS) } else { (1.0, 1.0) };
                for token in text::tokens(&normalised) {
                    *stems.entry(stem_key(*language, token)).or_default() += stem_weight;
                    each_gram(token, &mut |gram| *grams.entry(gram).or_default() += gram_weight);
                }
            }
            index.lengths.push(stems.values().sum());
            push_sorted(&mut index.stems, stems, document as u32);
            push_sorted(&mut index.grams, grams, document as u32);
        }
        index.norms = vec![0.0; documents.len()];
        let count = documents.len() as f32;
        for list in index.grams.values_mut() {
            let idf = smooth_idf(count, list.len());
            for (document, weight) in list.iter_mut() {
                *weight = (1.0 + weight.ln()).max(0.1) * idf;
                index.norms[*document as usize] += *weight * *weight;
            }
        }
        for norm in &mut index.norms {
            *norm = norm.sqrt().max(1e-6);
        }
        index
    }

    /// Scores of all documents for a question in `language`.
    pub(crate) fn search(&self, question: &str, language: Language) -> Vec<Match> {
        let normalised = text::normalise(question);
        let mut matches = vec![Match::default(); self.lengths.len()];
        if matches.is_empty() {
            return matches;
        }
        let count = matches.len() as f32;
        let mean = (self.lengths.iter().sum::<f32>() / count).max(1.0);
        let mut query_stems: Vec<u64> = text::tokens(&normalised).take(400).map(|token| stem_key(language, token)).collect();
        query_stems.sort_unstable();
        query_stems.dedup();
        let mut reachable = 0.0_f32;
        for stem in query_stems {
            let list = self.stems.get(&stem).map_or(&[][..], Vec::as_slice);
            let idf = (1.0 + (count - list.len() as f32 + 0.5) / (list.len() as f32 + 0.5)).ln();
            reachable += idf * (SATURATION + 1.0);
            for &(document, frequency) in list {
                let length = 1.0 - LENGTH + LENGTH * self.lengths[document as usize] / mean;
                matches[document as usize].stems += idf * frequency * (SATURATION + 1.0) / (frequency + SATURATION * length);
            }
        }
        self.search_grams(&normalised, count, &mut matches);
        for found in &mut matches {
            found.stems /= reachable.max(1e-6);
        }
        matches
    }

    fn search_grams(&self, normalised: &str, count: f32, matches: &mut [Match]) {
        let mut counts: HashMap<u64, f32, PassThroughHasher> = HashMap::default();
        for token in text::tokens(normalised).take(400) {
            each_gram(token, &mut |gram| *counts.entry(gram).or_default() += 1.0);
        }
        let mut keys: Vec<(u64, f32)> = counts.into_iter().collect();
        keys.sort_unstable_by_key(|&(gram, _)| gram);
        let mut square = 0.0_f32;
        for (gram, frequency) in keys {
            let list = self.grams.get(&gram).map_or(&[][..], Vec::as_slice);
            let weight = (1.0 + frequency.ln()) * smooth_idf(count, list.len());
            square += weight * weight;
            for &(document, other) in list {
                matches[document as usize].grams += weight * other;
            }
        }
        let norm = square.sqrt().max(1e-6);
        for (found, document_norm) in matches.iter_mut().zip(&self.norms) {
            found.grams /= norm * document_norm;
        }
    }

    /// Stems of the question that a document holds, the rarest first.
    pub(crate) fn shared(&self, question: &str, language: Language, document: usize, limit: usize) -> Vec<String> {
        let normalised = text::normalise(question);
        let mut shared: Vec<(usize, String)> = Vec::new();
        for token in text::tokens(&normalised).take(400) {
            let Some(list) = self.stems.get(&stem_key(language, token)) else {
                continue;
            };
            let stem = text::stem(language, token);
            let known = shared.iter().any(|(_, other)| *other == stem);
            if !known && list.binary_search_by_key(&(document as u32), |&(document, _)| document).is_ok() {
                shared.push((list.len(), stem.into_owned()));
            }
        }
        shared.sort_by_key(|&(frequency, _)| frequency);
        shared.truncate(limit);
        shared.into_iter().map(|(_, stem)| stem).collect()
    }
}

fn push_sorted(lists: &mut HashMap<u64, Vec<(u32, f32)>, PassThroughHasher>, counts: HashMap<u64, f32, PassThroughHasher>, document: u32) {
    for (key, weight) in counts {
        // Documents come in ascending order, so every list stays sorted by document.
        lists.entry(key).or_default().push((document, weight));
    }
}

fn smooth_idf(count: f32, frequency: usize) -> f32 {
    ((1.0 + count) / (1.0 + frequency as f32)).ln() + 1.0
}

fn stem_key(language: Language, token: &str) -> u64 {
    let written = colloquial::written(language, token).unwrap_or(token);
    hash_bytes(31, text::stem(language, written).as_bytes())
}

/// Character 4-grams of a token inside word marks; shorter tokens are one gram.
fn each_gram(token: &str, visit: &mut impl FnMut(u64)) {
    let mut characters: Vec<char> = Vec::with_capacity(token.len() + 2);
    characters.push(' ');
    characters.extend(token.chars().take(60));
    characters.push(' ');
    for window in characters.windows(4.min(characters.len())) {
        let mut state = start(37);
        for character in window {
            let mut buffer = [0_u8; 4];
            for &byte in character.encode_utf8(&mut buffer).as_bytes() {
                state = step(state, byte);
            }
        }
        visit(finish(state));
    }
}
