//! Finding texts by what they share with a question: stems weighed by BM25 and character n-grams by the cosine of
//! TF-IDF, together. Knows nothing of meaning: [`crate::answers`] adds that.

mod lexical;

pub(crate) use lexical::{Field, Lexical, Match};

use crate::Language;

/// A set of texts to search.
#[derive(Debug, Clone)]
pub struct Retriever {
    lexical: Lexical,
}

impl Retriever {
    /// Indexes texts in their order.
    #[must_use]
    pub fn build<'text>(texts: impl IntoIterator<Item = (Language, &'text str)>) -> Self {
        let documents: Vec<(Language, Vec<Field<'text>>)> = texts.into_iter().map(|(language, text)| (language, vec![Field { text, title: false }])).collect();
        Self { lexical: Lexical::build(&documents) }
    }

    /// The score of every text for a question, in their order; higher is better, 0 shares nothing.
    #[must_use]
    pub fn scores(&self, question: &str, language: Language) -> Vec<f32> {
        self.lexical.search(question, language).iter().map(Match::score).collect()
    }
}
