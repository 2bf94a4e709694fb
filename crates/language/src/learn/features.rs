//! Sparse text features: word n-grams, stems and character n-grams, weighted by TF-IDF.

use std::collections::HashMap;

use super::compact::{put_floats, take_floats};
use super::hashing::{PassThroughHasher, finish, hash_bytes, start, step};
use super::table::Table;
use crate::{Language, colloquial, concepts, text};

/// Which n-grams are taken from a text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Recipe {
    /// Longest and shortest character n-gram, inside word marks.
    pub(crate) characters: (usize, usize),
    /// Longest word n-gram.
    pub(crate) words: usize,
    /// Stems (with spoken forms brought to written ones) beside the words, where the language is known.
    pub(crate) stems: bool,
    /// Concepts of the thesaurus, alone and in pairs, with the weight of their block; 0 for none.
    pub(crate) concept_weight: f32,
    /// Pairs of words with one or two words between them.
    pub(crate) gaps: bool,
    /// Weight of the block of words against that of characters (1.0).
    pub(crate) word_weight: f32,
}

/// Most characters read of one text: enough for a long letter, and a bound on what a pasted log file costs.
const CHARACTERS_READ: usize = 6_000;
/// The lowest two bits of a hash say the block it belongs to.
const BLOCK: u64 = 3;
const CHARACTER_BLOCK: u64 = 0;
const WORD_BLOCK: u64 = 1;
const CONCEPT_BLOCK: u64 = 2;
/// Concepts farther apart than this many words make no pair.
const PAIR_DISTANCE: usize = 5;

const fn in_block(hash: u64, block: u64) -> u64 {
    (hash & !BLOCK) | block
}

impl Recipe {
    /// Calls `visit` with the hash of every feature occurrence of a raw text.
    pub(crate) fn each(&self, raw: &str, language: Option<Language>, visit: &mut impl FnMut(u64)) {
        let cut = raw.char_indices().nth(CHARACTERS_READ).map_or(raw.len(), |(position, _)| position);
        let normalised = text::normalise(&raw[..cut]);
        let tokens: Vec<&str> = text::tokens(&normalised).collect();
        for token in &tokens {
            self.each_character_gram(token, visit);
        }
        self.each_word_gram(&tokens, language, visit);
        if let Some(language) = language.filter(|_| self.concept_weight > 0.0) {
            each_concept(&tokens, language, visit);
        }
    }

    fn each_character_gram(&self, token: &str, visit: &mut impl FnMut(u64)) {
        let (shortest, longest) = self.characters;
        if longest == 0 {
            return;
        }
        let mut characters: Vec<char> = Vec::with_capacity(token.len() + 2);
        characters.push(' ');
        characters.extend(token.chars().take(60));
        characters.push(' ');
        for begin in 0..characters.len() {
            let mut state = start(7);
            for (length, character) in characters[begin..].iter().take(longest).enumerate() {
                let mut buffer = [0_u8; 4];
                for &byte in character.encode_utf8(&mut buffer).as_bytes() {
                    state = step(state, byte);
                }
                if length + 1 >= shortest {
                    visit(in_block(finish(state), CHARACTER_BLOCK));
                }
            }
        }
    }

    fn each_word_gram(&self, tokens: &[&str], language: Option<Language>, visit: &mut impl FnMut(u64)) {
        let hashes: Vec<u64> = tokens.iter().map(|token| hash_bytes(11, token.as_bytes())).collect();
        for begin in 0..hashes.len() {
            let mut state = 0_u64;
            for hash in hashes[begin..].iter().take(self.words) {
                state = state.rotate_left(17).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ hash;
                visit(in_block(state, WORD_BLOCK));
            }
            if self.gaps {
                for distance in 2..=3 {
                    if let Some(other) = hashes.get(begin + distance) {
                        let pair = hashes[begin].rotate_left(29).wrapping_mul(0xd6e8_feb8_6659_fd93) ^ other;
                        visit(in_block(pair, WORD_BLOCK));
                    }
                }
            }
        }
        if let Some(language) = language.filter(|_| self.stems) {
            let mut previous = 0_u64;
            for token in tokens {
                let written = colloquial::written(language, token).unwrap_or(token);
                let stem = hash_bytes(13, text::stem(language, written).as_bytes());
                visit(in_block(stem, WORD_BLOCK));
                if previous != 0 {
                    visit(in_block(previous.rotate_left(23).wrapping_mul(0x94d0_49bb_1331_11eb) ^ stem, WORD_BLOCK));
                }
                previous = stem;
            }
        }
    }

    /// Distinct features of a text with their counts, ordered by hash.
    pub(crate) fn counts(&self, raw: &str, language: Option<Language>) -> Vec<(u64, u32)> {
        let mut hashes = Vec::with_capacity(raw.len().min(CHARACTERS_READ) * 6);
        self.each(raw, language, &mut |hash| hashes.push(hash));
        hashes.sort_unstable();
        let mut counts: Vec<(u64, u32)> = Vec::with_capacity(hashes.len());
        for hash in hashes {
            match counts.last_mut() {
                Some((last, count)) if *last == hash => *count += 1,
                _ => counts.push((hash, 1)),
            }
        }
        counts
    }
}

/// Visits the concepts of a text, and each pair of concepts of words near each other, in no order of the two.
fn each_concept(tokens: &[&str], language: Language, visit: &mut impl FnMut(u64)) {
    let mut recent: Vec<(usize, u16)> = Vec::new();
    for (position, token) in tokens.iter().enumerate() {
        let mut own: Vec<u16> = Vec::new();
        concepts::each(language, token, &mut |concept| own.push(concept));
        own.sort_unstable();
        own.dedup();
        recent.retain(|&(place, _)| position - place <= PAIR_DISTANCE);
        for &concept in &own {
            visit(in_block(hash_bytes(41, &concept.to_le_bytes()), CONCEPT_BLOCK));
            for &(_, other) in &recent {
                let (low, high) = (concept.min(other), concept.max(other));
                if low != high {
                    let pair = u32::from(low) << 16 | u32::from(high);
                    visit(in_block(hash_bytes(43, &pair.to_le_bytes()), CONCEPT_BLOCK));
                }
            }
        }
        recent.extend(own.into_iter().map(|concept| (position, concept)));
    }
}

/// Sparse rows with shared storage (compressed sparse rows).
#[derive(Debug, Clone, Default)]
pub(crate) struct Rows {
    pub(crate) offsets: Vec<u32>,
    pub(crate) columns: Vec<u32>,
    pub(crate) values: Vec<f32>,
}

impl Rows {
    pub(crate) fn new() -> Self {
        Self { offsets: vec![0], columns: Vec::new(), values: Vec::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    pub(crate) fn push(&mut self, row: &[(u32, f32)]) {
        for &(column, value) in row {
            self.columns.push(column);
            self.values.push(value);
        }
        self.offsets.push(u32::try_from(self.columns.len()).expect("training sets hold fewer than four billion features"));
    }

    pub(crate) fn row(&self, index: usize) -> (&[u32], &[f32]) {
        let range = self.offsets[index] as usize..self.offsets[index + 1] as usize;
        (&self.columns[range.clone()], &self.values[range])
    }
}

/// In how many texts each feature stands.
#[derive(Default)]
pub(crate) struct Frequencies {
    features: HashMap<u64, u32, PassThroughHasher>,
    texts: usize,
}

impl Frequencies {
    /// Counts one text's distinct features.
    pub(crate) fn count(&mut self, text: &[(u64, u32)]) {
        self.texts += 1;
        for &(hash, _) in text {
            *self.features.entry(hash).or_default() += 1;
        }
    }
}

/// The features seen in training, with their inverse document frequencies.
#[derive(Debug, Clone)]
pub(crate) struct Vocabulary {
    recipe: Recipe,
    columns: Table,
    idf: Vec<f32>,
    /// Whether each column is a word feature.
    word_columns: Vec<bool>,
}

impl Vocabulary {
    /// Learns the vocabulary of texts given as feature counts; features in fewer than `minimum` texts are dropped.
    pub(crate) fn learn(recipe: Recipe, texts: &[Vec<(u64, u32)>], minimum: u32) -> Self {
        let mut frequencies = Frequencies::default();
        for text in texts {
            frequencies.count(text);
        }
        Self::of(recipe, frequencies, minimum)
    }

    /// Learns the vocabulary of texts counted one by one.
    pub(crate) fn of(recipe: Recipe, frequencies: Frequencies, minimum: u32) -> Self {
        let count = frequencies.texts as f32;
        let mut kept: Vec<(u64, u32)> = frequencies.features.into_iter().filter(|&(_, frequency)| frequency >= minimum).collect();
        // Frequent features first: their weights share cache lines; ties by hash keep it deterministic.
        kept.sort_unstable_by_key(|&(hash, frequency)| (std::cmp::Reverse(frequency), hash));
        // Inverse document frequency is damped: measured on five intent sets, its full strength overrates rare words.
        let idf = kept.iter().map(|&(_, frequency)| (((1.0 + count) / (1.0 + frequency as f32)).ln() + 1.0).powf(0.75)).collect();
        let hashes: Vec<u64> = kept.iter().map(|&(hash, _)| hash).collect();
        Self::from_parts(recipe, Table::build(&hashes), idf)
    }

    fn from_parts(recipe: Recipe, columns: Table, idf: Vec<f32>) -> Self {
        let word_columns = columns.lower_halves().into_iter().map(|half| u64::from(half) & BLOCK == WORD_BLOCK).collect();
        Self { recipe, columns, idf, word_columns }
    }

    /// Writes what was learned; the recipe belongs to the program.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        self.columns.write(out);
        put_floats(out, &self.idf);
    }

    pub(crate) fn read_from(recipe: Recipe, input: &mut &[u8]) -> Option<Self> {
        let columns = Table::read(input)?;
        let idf = take_floats(input)?;
        (idf.len() == columns.len()).then(|| Self::from_parts(recipe, columns, idf))
    }

    pub(crate) fn len(&self) -> usize {
        self.idf.len()
    }

    /// The weighted row of a text. Each block (words, characters) has length one, times its weight. Also returns the
    /// share of the words' weight that the vocabulary knows: low for a text about something else.
    pub(crate) fn row(&self, counts: &[(u64, u32)]) -> (Vec<(u32, f32)>, f32) {
        let mut row = Vec::with_capacity(counts.len());
        let mut squares = [0.0_f32; 3];
        let mut blocks = Vec::with_capacity(counts.len());
        let (mut known, mut unknown) = (0.0_f32, 0.0_f32);
        let rare = self.idf.last().copied().unwrap_or(1.0);
        for &(hash, count) in counts {
            let block = (hash & BLOCK) as usize;
            let Some(column) = self.columns.get(hash) else {
                unknown += if block == WORD_BLOCK as usize { rare } else { 0.0 };
                continue;
            };
            let idf = self.idf[column as usize];
            known += if block == WORD_BLOCK as usize { idf } else { 0.0 };
            let value = (1.0 + (count as f32).ln()) * idf;
            squares[block] += value * value;
            row.push((column, value));
            blocks.push(block);
        }
        let weights = [1.0, self.recipe.word_weight, self.recipe.concept_weight];
        let scale: [f32; 3] = std::array::from_fn(|block| if squares[block] > 0.0 { weights[block] / squares[block].sqrt() } else { 0.0 });
        for ((_, value), block) in row.iter_mut().zip(blocks) {
            *value *= scale[block];
        }
        row.sort_unstable_by_key(|&(column, _)| column);
        let coverage = if known + unknown > 0.0 { known / (known + unknown) } else { 0.0 };
        (row, coverage)
    }

    /// The weighted row of a raw text, and its coverage.
    pub(crate) fn read(&self, raw: &str, language: Option<Language>) -> (Vec<(u32, f32)>, f32) {
        self.row(&self.recipe.counts(raw, language))
    }
}

impl Vocabulary {
    /// The words of a weighted row, scaled to length one.
    pub(crate) fn word_row(&self, row: &[(u32, f32)]) -> Vec<(u32, f32)> {
        let words = row.iter().copied().filter(|&(column, _)| self.word_columns[column as usize]);
        let scale = 1.0 / self.recipe.word_weight.max(f32::MIN_POSITIVE);
        words.map(|(column, value)| (column, value * scale)).collect()
    }
}
