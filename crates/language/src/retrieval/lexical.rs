//! Finding articles by shared stems (BM25) and shared character 4-grams (cosine of TF-IDF).

use std::collections::HashMap;

use crate::learn::hashing::{PassThroughHasher, finish, hash_bytes, start, step};
use crate::{Language, colloquial, concepts, text};

/// BM25's saturation and length parameters (Robertson and Zaragoza 2009), and the weight of a title's term in body terms.
const SATURATION: f32 = 1.2;
const LENGTH: f32 = 0.6;
const TITLE_TERMS: f32 = 3.0;
const TITLE_GRAMS: f32 = 2.0;
const SHORTEST_GRAM: usize = 3;
const LONGEST_GRAM: usize = 5;
/// Characters of a field or question that are read.
const CHARACTERS_READ: usize = 20_000;
/// Words of a question that are read.
const TOKENS_READ: usize = 400;

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
    /// Cosine over concepts of the thesaurus, 0–1; works across languages.
    pub(crate) concepts: f32,
}

impl Match {
    /// Both kinds of evidence in one number.
    pub(crate) fn score(&self) -> f32 {
        0.1 * self.stems + self.grams
    }
}

/// Inverted lists over stems, character n-grams and concepts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lexical {
    stems: Lists,
    lengths: Vec<f32>,
    grams: Cosine,
    concepts: Cosine,
}

type Counts = HashMap<u64, f32, PassThroughHasher>;

impl Lexical {
    /// Builds the lists of documents given as fields with their language.
    pub(crate) fn build(documents: &[(Language, Vec<Field<'_>>)]) -> Self {
        let mut index = Self::default();
        let (mut all_grams, mut all_concepts) = (Vec::new(), Vec::new());
        for (document, (language, fields)) in documents.iter().enumerate() {
            let (mut stems, mut grams, mut concepts) = (Counts::default(), Counts::default(), Counts::default());
            for field in fields {
                let normalised = text::normalise(field.text);
                let (stem_weight, gram_weight) = if field.title { (TITLE_TERMS, TITLE_GRAMS) } else { (1.0, 1.0) };
                each_gram(&normalised, &mut |gram| *grams.entry(gram).or_default() += gram_weight);
                for token in text::tokens(&normalised) {
                    *stems.entry(stem_key(*language, token)).or_default() += stem_weight;
                    each_concept(*language, token, &mut |concept| *concepts.entry(concept).or_default() += gram_weight);
                }
            }
            index.lengths.push(stems.values().sum());
            push_sorted(&mut index.stems, stems, document as u32);
            all_grams.push(grams);
            all_concepts.push(concepts);
        }
        index.grams = Cosine::build(all_grams);
        index.concepts = Cosine::build(all_concepts);
        index
    }

    /// Scores of all documents for a question in `language`.
    pub(crate) fn search(&self, question: &str, language: Language) -> Vec<Match> {
        let normalised = text::normalise(question);
        let mut matches = vec![Match::default(); self.lengths.len()];
        if matches.is_empty() {
            return matches;
        }
        self.search_stems(&normalised, language, &mut matches);
        let (mut grams, mut concepts) = (Counts::default(), Counts::default());
        each_gram(&normalised, &mut |gram| *grams.entry(gram).or_default() += 1.0);
        for token in text::tokens(&normalised).take(TOKENS_READ) {
            each_concept(language, token, &mut |concept| *concepts.entry(concept).or_default() += 1.0);
        }
        for (found, (grams, concepts)) in matches.iter_mut().zip(self.grams.search(grams).into_iter().zip(self.concepts.search(concepts))) {
            found.grams = grams;
            found.concepts = concepts;
        }
        matches
    }

    fn search_stems(&self, normalised: &str, language: Language, matches: &mut [Match]) {
        let count = matches.len() as f32;
        let mean = (self.lengths.iter().sum::<f32>() / count).max(1.0);
        let mut stems: Vec<u64> = text::tokens(normalised).take(TOKENS_READ).map(|token| stem_key(language, token)).collect();
        stems.sort_unstable();
        stems.dedup();
        let mut reachable = 0.0_f32;
        for stem in stems {
            let list = self.stems.get(&stem).map_or(&[][..], Vec::as_slice);
            let idf = (1.0 + (count - list.len() as f32 + 0.5) / (list.len() as f32 + 0.5)).ln();
            reachable += idf * (SATURATION + 1.0);
            for &(document, frequency) in list {
                let length = 1.0 - LENGTH + LENGTH * self.lengths[document as usize] / mean;
                matches[document as usize].stems += idf * frequency * (SATURATION + 1.0) / (frequency + SATURATION * length);
            }
        }
        for found in matches {
            found.stems /= reachable.max(1e-6);
        }
    }

    /// Stems of the question that a document holds, the rarest first.
    pub(crate) fn shared(&self, question: &str, language: Language, document: usize, limit: usize) -> Vec<String> {
        let normalised = text::normalise(question);
        let mut shared: Vec<(usize, String)> = Vec::new();
        for token in text::tokens(&normalised).take(TOKENS_READ) {
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

type Lists = HashMap<u64, Vec<(u32, f32)>, PassThroughHasher>;

fn push_sorted(lists: &mut Lists, counts: Counts, document: u32) {
    for (key, weight) in counts {
        // Documents come in ascending order, so every list stays sorted by document.
        lists.entry(key).or_default().push((document, weight));
    }
}

/// Documents as TF-IDF vectors, compared by their cosine.
#[derive(Debug, Clone, Default)]
struct Cosine {
    lists: Lists,
    norms: Vec<f32>,
}

impl Cosine {
    fn build(documents: Vec<Counts>) -> Self {
        let count = documents.len() as f32;
        let mut norms = vec![0.0_f32; documents.len()];
        let mut lists = Lists::default();
        for (document, counts) in documents.into_iter().enumerate() {
            push_sorted(&mut lists, counts, document as u32);
        }
        let mut keys: Vec<u64> = lists.keys().copied().collect();
        // Sums of floats depend on their order: a fixed one gives the same index everywhere.
        keys.sort_unstable();
        for key in keys {
            let list = lists.get_mut(&key).expect("the key was just listed");
            let idf = smooth_idf(count, list.len());
            for (document, weight) in list.iter_mut() {
                *weight = (1.0 + weight.ln()).max(0.1) * idf;
                norms[*document as usize] += *weight * *weight;
            }
        }
        norms.iter_mut().for_each(|norm| *norm = norm.sqrt().max(1e-6));
        Self { lists, norms }
    }

    fn search(&self, counts: Counts) -> Vec<f32> {
        let mut cosines = vec![0.0_f32; self.norms.len()];
        let mut keys: Vec<(u64, f32)> = counts.into_iter().collect();
        keys.sort_unstable_by_key(|&(key, _)| key);
        let mut square = 0.0_f32;
        for (key, frequency) in keys {
            let list = self.lists.get(&key).map_or(&[][..], Vec::as_slice);
            let weight = (1.0 + frequency.ln()) * smooth_idf(self.norms.len() as f32, list.len());
            square += weight * weight;
            for &(document, other) in list {
                cosines[document as usize] += weight * other;
            }
        }
        let norm = square.sqrt().max(1e-6);
        for (cosine, document_norm) in cosines.iter_mut().zip(&self.norms) {
            *cosine /= norm * document_norm;
        }
        cosines
    }
}

fn smooth_idf(count: f32, frequency: usize) -> f32 {
    ((1.0 + count) / (1.0 + frequency as f32)).ln() + 1.0
}

fn stem_key(language: Language, token: &str) -> u64 {
    let written = colloquial::written(language, token).unwrap_or(token);
    hash_bytes(31, text::stem(language, written).as_bytes())
}

fn each_concept(language: Language, token: &str, visit: &mut impl FnMut(u64)) {
    concepts::each(language, token, &mut |concept| visit(hash_bytes(53, &concept.to_le_bytes())));
}

/// Character n-grams of a normalised text, across its words: Finnish compounds are written together or apart as the
/// writer likes, and neighbouring endings tell phrases apart.
fn each_gram(normalised: &str, visit: &mut impl FnMut(u64)) {
    let characters: Vec<char> = std::iter::once(' ').chain(normalised.chars().take(CHARACTERS_READ)).chain([' ']).collect();
    for begin in 0..characters.len() {
        let mut state = start(37);
        for (length, character) in characters[begin..].iter().take(LONGEST_GRAM).enumerate() {
            let mut buffer = [0_u8; 4];
            for &byte in character.encode_utf8(&mut buffer).as_bytes() {
                state = step(state, byte);
            }
            if length + 1 >= SHORTEST_GRAM {
                visit(finish(state));
            }
        }
    }
}
