//! Which article answers a question, by words, needs and meaning together.

mod combine;
mod needs;
mod rehearsal;

use std::sync::Arc;

pub use needs::{Needs, lines};
pub use rehearsal::{Rehearsed, rehearse};

use super::dot;
use crate::answers::{self, Answer, ArticleText, Options, affinity};
use crate::{Language, needs as corpus, text};

/// Characters of one piece of a body: about as much as says one thing.
const PIECE: usize = 400;
/// Pieces of one article that are read.
const PIECES: usize = 24;

/// What of an article is turned into vectors.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Piece {
    /// Whether it is a customer's wording, to be compared with questions as their like.
    pub question: bool,
    pub text: String,
}

/// The pieces of an article: its title, its known questions, and its body, each part of it under the title.
#[must_use]
pub fn pieces(article: &ArticleText) -> Vec<Piece> {
    let mut pieces = vec![Piece { question: false, text: article.title.clone() }];
    pieces.extend(article.questions.iter().take(PIECES).map(|text| Piece { question: true, text: text.clone() }));
    let mut part = String::new();
    let mut parts = Vec::new();
    for sentence in text::sentences(&article.body) {
        if !part.is_empty() && part.len() + sentence.len() > PIECE {
            parts.push(std::mem::take(&mut part));
        }
        part.push(' ');
        part.push_str(sentence);
    }
    parts.push(part);
    let bodies = parts.into_iter().filter(|part| !part.trim().is_empty()).take(PIECES);
    pieces.extend(bodies.map(|part| Piece { question: false, text: format!("{}.{part}", article.title) }));
    pieces
}

/// Articles made ready to be asked, with the vectors of their pieces.
pub struct Index {
    words: answers::Index,
    needs: Arc<Needs>,
    /// For each article text the vectors of its pieces, the title's first.
    vectors: Vec<Vec<Vec<f32>>>,
}

impl Index {
    /// Indexes articles; `vectors[i]` are those of [`pieces`] of article `i`.
    #[must_use]
    pub fn build(needs: Arc<Needs>, articles: &[ArticleText], vectors: Vec<Vec<Vec<f32>>>, options: Options) -> Self {
        Self::build_with(corpus::model(), needs, articles, vectors, options)
    }

    fn build_with(model: &corpus::NeedModel, needs: Arc<Needs>, articles: &[ArticleText], vectors: Vec<Vec<Vec<f32>>>, options: Options) -> Self {
        let affinities = articles
            .iter()
            .zip(&vectors)
            .map(|(article, vectors)| {
                let by_words = affinity::of_article(model, &article.title, &article.questions, &article.body, article.language);
                let by_meaning = needs.of_article(vectors);
                by_words.iter().zip(&by_meaning).map(|(words, meaning)| (1.0 - BY_MEANING) * words + BY_MEANING * meaning).collect()
            })
            .collect();
        Self { words: answers::Index::build_from(affinities, articles, options), needs, vectors }
    }

    /// Number of indexed article texts.
    #[must_use]
    pub fn len(&self) -> usize {
        self.words.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Finds the articles that answer a question asked in `language`, given its vector.
    #[must_use]
    pub fn ask(&self, question: &str, language: Language, vector: &[f32]) -> Answer {
        let read = self.read(corpus::model(), question, language, vector);
        let sureness = if vector.iter().all(|value| *value == 0.0) {
            // The model can say nothing of it: words decide.
            answers::combine::sureness(&read.reading.evidence)
        } else {
            (combine::confidence(&read.evidence), combine::in_scope(&read.evidence))
        };
        self.words.answer(question, language, &read.reading, sureness)
    }

    fn read(&self, model: &corpus::NeedModel, question: &str, language: Language, vector: &[f32]) -> Read {
        let weighed = self.needs.weigh(vector);
        let needs = combine::needs(&model.scores(question, language), &weighed.scores);
        let mut likeness: Vec<Likeness> = self.vectors.iter().map(|vectors| Likeness::of(vector, vectors)).collect();
        fill(&mut likeness, &self.vectors);
        let added: Vec<f32> = likeness.iter().map(|likeness| likeness.points()).collect();
        let reading = self.words.rank(needs, question, language, &added);
        let evidence = combine::evidence(&reading, &likeness, &weighed);
        Read { reading, evidence, likeness }
    }
}

/// Gives articles without vectors the mean likeness of the others, so that meaning speaks neither for nor against them.
fn fill(likeness: &mut [Likeness], vectors: &[Vec<Vec<f32>>]) {
    let known = vectors.iter().filter(|vectors| !vectors.is_empty()).count();
    if known == vectors.len() {
        return;
    }
    let sum = likeness.iter().fold((0.0, 0.0), |sum, one| (sum.0 + one.title, sum.1 + one.best));
    let count = known.max(1) as f32;
    for (likeness, _) in likeness.iter_mut().zip(vectors).filter(|(_, vectors)| vectors.is_empty()) {
        *likeness = Likeness { title: sum.0 / count, best: sum.1 / count };
    }
}

/// What an article's distribution over the needs takes from meaning.
const BY_MEANING: f32 = 0.4;

/// What the index thinks of a question before it decides.
struct Read {
    reading: answers::Reading,
    evidence: Vec<f32>,
    likeness: Vec<Likeness>,
}

/// How alike a question and an article are.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Likeness {
    /// Cosine with the title.
    pub title: f32,
    /// The highest cosine with any piece.
    pub best: f32,
}

impl Likeness {
    fn of(vector: &[f32], pieces: &[Vec<f32>]) -> Self {
        let cosines = pieces.iter().map(|piece| dot(vector, piece));
        Self { title: pieces.first().map_or(0.0, |title| dot(vector, title)), best: cosines.fold(0.0, f32::max) }
    }

    fn points(&self) -> f32 {
        combine::TITLE * self.title + combine::BEST * self.best
    }
}
