//! Text → numbers of word pieces, as SentencePiece's unigram model does it.
//!
//! Normalisation is SentencePiece's `nmt_nfkc`: controls removed, all kinds of white space to a space, NFKC. Each word is
//! then cut into the pieces whose scores have the highest sum (Viterbi). A piece never crosses a word's beginning, so words are cut
//! one by one, and no piece is longer than [`PIECE_LIMIT`] bytes, which keeps the time linear in the text.

use unicode_normalization::UnicodeNormalization;

use crate::Error;

/// Longest piece that a vocabulary may hold, in bytes.
const PIECE_LIMIT: usize = 256;
/// Most pieces of a vocabulary.
const PIECES_LIMIT: usize = 1 << 21;
/// What an unknown character costs below the worst piece, as in SentencePiece.
const UNKNOWN_PENALTY: f32 = 10.0;
/// How a word's beginning is written in pieces.
const BEGINNING: char = '\u{2581}';
const MAGIC: &[u8; 8] = b"ENPIECE1";

/// The numbers of pieces with a meaning of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Special {
    pub(crate) begin: u32,
    pub(crate) end: u32,
    pub(crate) unknown: u32,
}

pub(crate) struct Tokenizer {
    special: Special,
    /// Piece `i` is `text[offsets[i]..offsets[i + 1]]`; pieces that no text may produce are empty.
    text: Vec<u8>,
    offsets: Vec<u32>,
    scores: Vec<f32>,
    /// Open addressing: number of a piece + 1, or 0.
    slots: Vec<u32>,
    longest: usize,
    unknown_score: f32,
}

/// Writes a vocabulary. Pieces that no text may produce (controls such as `</s>`) are given as empty.
pub(crate) fn write(special: Special, pieces: &[(Vec<u8>, f32)]) -> Vec<u8> {
    let mut file = MAGIC.to_vec();
    for number in [special.begin, special.end, special.unknown, pieces.len() as u32] {
        file.extend_from_slice(&number.to_le_bytes());
    }
    for (piece, score) in pieces {
        file.extend_from_slice(&score.to_le_bytes());
        file.extend_from_slice(&(piece.len() as u16).to_le_bytes());
        file.extend_from_slice(piece);
    }
    file
}

impl Tokenizer {
    pub(crate) fn read(file: &[u8]) -> Result<Self, Error> {
        let broken = || Error::broken("the vocabulary cannot be read");
        let mut rest = file.strip_prefix(MAGIC.as_slice()).ok_or_else(broken)?;
        let mut number = || -> Option<u32> {
            let (bytes, after) = rest.split_first_chunk::<4>()?;
            rest = after;
            Some(u32::from_le_bytes(*bytes))
        };
        let mut numbers = [0; 4];
        for place in &mut numbers {
            *place = number().ok_or_else(broken)?;
        }
        let [begin, end, unknown, count] = numbers;
        let count = count as usize;
        if count > PIECES_LIMIT || [begin, end, unknown].iter().any(|&special| special as usize >= count) {
            return Err(broken());
        }
        let (mut text, mut offsets, mut scores) = (Vec::new(), vec![0], Vec::with_capacity(count));
        for _ in 0..count {
            let (score, after) = rest.split_first_chunk::<4>().ok_or_else(broken)?;
            let (length, after) = after.split_first_chunk::<2>().ok_or_else(broken)?;
            let (piece, after) = after.split_at_checked(u16::from_le_bytes(*length) as usize).ok_or_else(broken)?;
            let score = f32::from_le_bytes(*score);
            if piece.len() > PIECE_LIMIT || !score.is_finite() {
                return Err(broken());
            }
            text.extend_from_slice(piece);
            offsets.push(text.len() as u32);
            scores.push(score);
            rest = after;
        }
        Ok(Self::index(Special { begin, end, unknown }, text, offsets, scores))
    }

    fn index(special: Special, text: Vec<u8>, offsets: Vec<u32>, scores: Vec<f32>) -> Self {
        let size = (scores.len() * 2).next_power_of_two();
        let mut slots = vec![0_u32; size];
        let (mut longest, mut lowest) = (0, 0.0_f32);
        for piece in 0..scores.len() {
            let bytes = &text[offsets[piece] as usize..offsets[piece + 1] as usize];
            if bytes.is_empty() {
                continue;
            }
            longest = longest.max(bytes.len());
            lowest = lowest.min(scores[piece]);
            let mut slot = place(bytes.iter().fold(HASH_START, |hash, &byte| hash_step(hash, byte)), size);
            while slots[slot] != 0 {
                slot = (slot + 1) % size;
            }
            slots[slot] = piece as u32 + 1;
        }
        Self { special, text, offsets, scores, slots, longest, unknown_score: lowest - UNKNOWN_PENALTY }
    }

    /// Number of pieces.
    pub(crate) fn len(&self) -> usize {
        self.scores.len()
    }

    /// The pieces of a text between the marks of begin and end, at most `limit` in all.
    pub(crate) fn encode(&self, text: &str, limit: usize) -> Vec<u32> {
        let mut tokens = vec![self.special.begin];
        let most = limit.saturating_sub(1).max(1);
        let shielded = text.chars().filter_map(replaced).map(|character| if character == WAVE { WAVE_STAND_IN } else { character });
        let composed: String = shielded.nfkc().map(|character| if character == WAVE_STAND_IN { WAVE } else { character }).collect();
        let mut word = String::new();
        for part in composed.split_whitespace() {
            word.clear();
            word.push(BEGINNING);
            word.push_str(part);
            self.cut(&word, &mut tokens);
            if tokens.len() >= most {
                tokens.truncate(most);
                break;
            }
        }
        tokens.push(self.special.end);
        tokens
    }

    /// Appends the pieces of one word.
    fn cut(&self, word: &str, tokens: &mut Vec<u32>) {
        let bytes = word.as_bytes();
        // best[i]: score of the best cut of the first i bytes, its last piece (None: unknown) and where that begins.
        let mut best: Vec<(f32, Option<u32>, usize)> = vec![(f32::NEG_INFINITY, None, 0); bytes.len() + 1];
        best[0].0 = 0.0;
        for (begin, character) in word.char_indices() {
            let so_far = best[begin].0;
            let mut hash = HASH_START;
            for end in begin + 1..=bytes.len().min(begin + self.longest) {
                hash = hash_step(hash, bytes[end - 1]);
                if word.is_char_boundary(end)
                    && let Some(piece) = self.find(hash, &bytes[begin..end])
                {
                    let score = so_far + self.scores[piece as usize];
                    if score > best[end].0 {
                        best[end] = (score, Some(piece), begin);
                    }
                }
            }
            let end = begin + character.len_utf8();
            if so_far + self.unknown_score > best[end].0 {
                best[end] = (so_far + self.unknown_score, None, begin);
            }
        }
        let first = tokens.len();
        let mut end = bytes.len();
        while end > 0 {
            let (_, piece, begin) = best[end];
            let token = piece.unwrap_or(self.special.unknown);
            // Unknown characters in a row are one unknown piece.
            if piece.is_some() || tokens.len() == first || tokens.last() != Some(&token) {
                tokens.push(token);
            }
            end = begin;
        }
        tokens[first..].reverse();
    }

    fn find(&self, hash: u64, bytes: &[u8]) -> Option<u32> {
        let mut slot = place(hash, self.slots.len());
        loop {
            let piece = self.slots[slot].checked_sub(1)?;
            if &self.text[self.offsets[piece as usize] as usize..self.offsets[piece as usize + 1] as usize] == bytes {
                return Some(piece);
            }
            slot = (slot + 1) % self.slots.len();
        }
    }
}

const HASH_START: u64 = 0xcbf2_9ce4_8422_2325;

const fn hash_step(hash: u64, byte: u8) -> u64 {
    (hash ^ byte as u64).wrapping_mul(0x0000_0100_0000_01b3)
}

const fn place(hash: u64, size: usize) -> usize {
    (hash ^ (hash >> 32)) as usize & (size - 1)
}

/// The full-width tilde, which SentencePiece keeps although NFKC would not; it stands in for itself by a character of the
/// private use area while the rest is composed.
const WAVE: char = '\u{ff5e}';
const WAVE_STAND_IN: char = '\u{f8ff}';

/// What SentencePiece replaces before composition: `None` for a character that is dropped.
const fn replaced(character: char) -> Option<char> {
    match character {
        '\t' | '\n' | '\u{c}' | '\r' => Some(' '),
        '\0'..='\u{1f}' | '\u{7f}' | '\u{8f}' | '\u{9f}' => None,
        '\u{1680}' | '\u{200b}'..='\u{200f}' | '\u{2028}' | '\u{2029}' | '\u{2581}' | '\u{feff}' | '\u{fffd}' => Some(' '),
        other => Some(other),
    }
}
