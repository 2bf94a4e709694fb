//! Which article answers a question, how sure that is, and whether to answer, ask back or pass the question on.
//!
//! Customers rarely use an article's words. So an article is found in two ways that are then weighed together: by the
//! words and character n-grams that question and article share, and through the needs that both serve, as the corpus
//! knows them ([`crate::needs`]).

pub(crate) mod affinity;
pub(crate) mod combine;
mod index;
mod rehearsal;

pub use index::Index;
pub(crate) use index::{Reading, SHARPNESS};
pub use rehearsal::{Rehearsed, fit, rehearse};

use crate::Language;

/// One article of a workspace in one language.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ArticleText {
    /// Stable id; the same article in several languages may share it.
    pub id: String,
    pub language: Language,
    pub title: String,
    /// Wordings that customers used for it, from the article's own list and from corrections by agents.
    pub questions: Vec<String>,
    pub body: String,
}

/// What a wrong answer costs, and what the index may use.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// How many times worse a wrong answer is than a missed right one. Higher means more careful: an answer is given above
    /// the confidence `cost / (1 + cost)`.
    pub cost_of_wrong: f32,
    /// Candidates that an answer lists at most.
    pub candidates: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { cost_of_wrong: 2.0, candidates: 5 }
    }
}

/// What to do with a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The first candidate answers it.
    Answer,
    /// Probably one of the candidates: ask which.
    AskBack,
    /// Nothing here answers it: a person should.
    Reject,
}

/// Why an article was found.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Why {
    /// Stems that question and article share, the most telling first.
    pub terms: Vec<String>,
    /// Ids of needs that both serve, the most telling first.
    pub needs: Vec<&'static str>,
}

/// One article that may answer.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Candidate {
    pub article: String,
    /// Fused score; comparable within one answer only.
    pub score: f32,
    /// Probability that this article answers the question, 0–1.
    pub confidence: f32,
    pub why: Why,
}

/// A need that the question may have.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct NeedGuess {
    pub need: &'static str,
    /// Probability, 0–1.
    pub probability: f32,
}

/// The outcome of [`Index::ask`].
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Answer {
    /// Best first. Empty for an empty index or question.
    pub candidates: Vec<Candidate>,
    pub verdict: Verdict,
    /// Probability that any article of the index answers the question, 0–1.
    pub in_scope: f32,
    /// Likely needs, best first, whether or not an article serves them.
    pub needs: Vec<NeedGuess>,
}

#[cfg(test)]
mod tests;
