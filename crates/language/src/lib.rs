//! Text → meaning, in Finnish, Swedish and English: which language, which entities, which need, which article answers,
//! how the customer feels, what must go to a person.
//!
//! Purpose: everything the product understands of what people write, on the CPU, with nothing sent outside.
//!
//! Invariants: no input or output, no async, no clock, no randomness that is not seeded by a constant, so the same text
//! gives the same answer everywhere. Every function accepts any Unicode text of any length in time linear in it.

pub mod answers;
pub mod claims;
pub mod clusters;
pub mod colloquial;
mod concepts;
pub mod entities;
pub mod feeling;
pub mod intents;
mod language;
pub mod learn;
pub mod meaning;
pub mod needs;
pub mod promises;
pub mod quotes;
pub mod retrieval;
pub mod safety;
pub mod search_forms;
pub mod summary;
pub mod text;
pub mod topics;

pub use language::{Detection, Language, UnknownLanguage, detect};

/// Learns the built-in models of needs, sensitive matters and language from the corpus now, instead of at their first
/// use. Takes some seconds of processor time; a program calls it once, off its request path.
pub fn prepare() {
    let _ = needs::model();
    let _ = safety::screen("", Language::Fi);
    let _ = detect("", None, &[]);
}
