//! The new part of a mail: quoted replies, forwarded headers, signatures and phone footers set aside.
//!
//! Nothing is deleted: the result is a list of byte ranges of the original, so a reader can unfold everything. Works line
//! by line in linear time, for Finnish, Swedish and English mail programs.

mod lead_in;
mod lines;

use std::ops::Range;

/// Why a stretch of a mail is set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Folded {
    /// An earlier message: its lead-in line or header block, and what it says.
    Quote,
    /// The sender's signature after `-- `.
    Signature,
    /// A line that a mail program adds ("Sent from my …").
    Footer,
}

/// The parts of a mail's plain text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stripped {
    /// What the sender wrote now, without white space at its ends.
    pub text: String,
    /// Byte ranges of the original that `text` is made of, in order.
    pub kept: Vec<Range<usize>>,
    /// Byte ranges of the original that are folded away, in order, with the reason.
    pub folded: Vec<(Range<usize>, Folded)>,
}

/// Separates the new text of a mail from what it quotes.
///
/// A mail that would lose everything (a bare forward, or an answer written only between quoted lines that could not be
/// told apart) is kept as it is: showing too much is better than showing nothing.
#[must_use]
pub fn strip(text: &str) -> Stripped {
    let lines = lines::split(text);
    let mut reasons: Vec<Option<Folded>> = vec![None; lines.len()];
    lines::fold(&lines, &mut reasons);
    let stripped = assemble(text, &lines, &reasons);
    if stripped.text.is_empty() && !text.trim().is_empty() {
        reasons.fill(None);
        return assemble(text, &lines, &reasons);
    }
    stripped
}

fn assemble(text: &str, lines: &[lines::Line<'_>], reasons: &[Option<Folded>]) -> Stripped {
    let mut kept: Vec<Range<usize>> = Vec::new();
    let mut folded: Vec<(Range<usize>, Folded)> = Vec::new();
    for (line, reason) in lines.iter().zip(reasons) {
        match reason {
            None => match kept.last_mut() {
                Some(last) if last.end == line.range.start => last.end = line.range.end,
                _ => kept.push(line.range.clone()),
            },
            Some(reason) => match folded.last_mut() {
                Some((last, same)) if last.end == line.range.start && same == reason => last.end = line.range.end,
                _ => folded.push((line.range.clone(), *reason)),
            },
        }
    }
    let joined: String = kept.iter().map(|range| &text[range.clone()]).collect();
    Stripped { text: joined.trim().to_owned(), kept, folded }
}

#[cfg(test)]
mod tests;
