//! Promises in what an agent writes: "palaan asiaan perjantaina", "jag ringer i morgon kl. 10", "I'll get back to you by Friday".
//!
//! A promise is a sentence in which the writer says what they (or the company) will do, and by when. Only sentences that say both are
//! found; questions, conditions, refusals and notes about one's own absence are not. The moment is the last one at which the promise would
//! still be kept: the named time, else the end of the working day that was named. What is found is a proposal for a person to confirm, so
//! precision goes before recall.

mod commitment;
mod days;
mod times;
mod when;

use std::ops::Range;

use jiff::civil::{Date, DateTime, Time};

/// What the reading depends on besides the text, in the wall clock of those who work there.
pub struct Reader<'a> {
    /// When it was written.
    pub now: DateTime,
    /// When work ends on a day; `None`: nobody works that day.
    pub closes: &'a dyn Fn(Date) -> Option<Time>,
}

/// A promise that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promised {
    /// Its sentence, as bytes of the text.
    pub range: Range<usize>,
    /// The last moment at which it would still be kept.
    pub due: DateTime,
    /// A time of day was named, not only a day.
    pub timed: bool,
}

/// Promises of one text, at most.
const MOST: usize = 5;
/// A "sentence" longer than this is a pasted log or table, not a promise.
const SENTENCE_BYTES: usize = 600;

/// The promises of a text, in their order. Quoted lines (`>`) are passed over.
#[must_use]
pub fn find(text: &str, reader: &Reader<'_>) -> Vec<Promised> {
    let mut found: Vec<Promised> = Vec::new();
    for range in sentences(text) {
        let sentence = text[range.clone()].to_lowercase();
        if sentence.len() > SENTENCE_BYTES || sentence.starts_with('>') || sentence.ends_with('?') {
            continue;
        }
        let promised = commitment::find(&sentence).and_then(|(language, said)| when::read(&sentence, language, &said, reader));
        let Some((due, timed)) = promised.filter(|(due, _)| *due > reader.now) else { continue };
        found.push(Promised { range, due, timed });
        if found.len() == MOST {
            break;
        }
    }
    found
}

/// Sentences and lines, trimmed. A full stop ends one only before a capital letter, so that "12.12. klo 9" and "kl. 10" stay whole.
fn sentences(text: &str) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut start = 0;
    let mut ended = false;
    let mut spaced = false;
    for (at, character) in text.char_indices() {
        let line = character == '\n';
        if line || (ended && spaced && character.is_uppercase()) {
            push(text, start..at, &mut ranges);
            start = at;
        }
        spaced = character.is_whitespace();
        ended = matches!(character, '.' | '!' | '?' | '…') || (ended && spaced && !line);
    }
    push(text, start..text.len(), &mut ranges);
    ranges
}

fn push(text: &str, range: Range<usize>, into: &mut Vec<Range<usize>>) {
    let piece = &text[range.clone()];
    let start = range.start + (piece.len() - piece.trim_start().len());
    let end = start + piece.trim().len();
    if start < end {
        into.push(start..end);
    }
}

#[cfg(test)]
mod tests;
