//! The index of a workspace's articles.

use super::affinity;
use super::combine::{self, Evidence};
use super::{Answer, ArticleText, Candidate, NeedGuess, Options, Verdict, Why};
use crate::Language;
use crate::needs::Corpus;
use crate::retrieval::{Field, Lexical};

/// Articles made ready to be asked. Immutable: a change builds a new one, which takes milliseconds for a few hundred
/// articles and a second or two for thousands.
pub struct Index {
    articles: Vec<Indexed>,
    lexical: Lexical,
    options: Options,
}

struct Indexed {
    id: String,
    /// Square roots of the article's distribution over the needs.
    needs: Vec<f32>,
}

/// Guesses of the question's need that an answer lists, and the least probability of one.
const NEED_GUESSES: usize = 3;
const LEAST_GUESS: f32 = 0.05;

impl Index {
    /// Indexes articles; an id may come once per language, and is answered once.
    #[must_use]
    pub fn build(articles: &[ArticleText], options: Options) -> Self {
        let documents: Vec<(Language, Vec<Field<'_>>)> = articles.iter().map(|article| (article.language, fields(article))).collect();
        let indexed = articles
            .iter()
            .map(|article| {
                let mut needs = affinity::of_article(&article.title, &article.questions, &article.body, article.language);
                needs.iter_mut().for_each(|probability| *probability = probability.sqrt());
                Indexed { id: article.id.clone(), needs }
            })
            .collect();
        Self { articles: indexed, lexical: Lexical::build(&documents), options }
    }

    /// Number of indexed article texts.
    #[must_use]
    pub fn len(&self) -> usize {
        self.articles.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.articles.is_empty()
    }

    /// Finds the articles that answer a question asked in `language`.
    #[must_use]
    pub fn ask(&self, question: &str, language: Language) -> Answer {
        let question_needs = affinity::of_question(question, language);
        let needs = guesses(&question_needs);
        if self.articles.is_empty() || !question.chars().any(char::is_alphanumeric) {
            return Answer { candidates: Vec::new(), verdict: Verdict::Reject, in_scope: 0.0, needs };
        }
        let roots: Vec<f32> = question_needs.iter().map(|probability| probability.sqrt()).collect();
        let matches = self.lexical.search(question, language);
        let mut scored: Vec<(usize, f32)> = self
            .articles
            .iter()
            .zip(&matches)
            .map(|(article, &lexical)| {
                let shared = article.needs.iter().zip(&roots).map(|(left, right)| left * right).sum();
                combine::score(&Evidence { lexical, needs: shared })
            })
            .enumerate()
            .collect();
        scored.sort_by(|left, right| right.1.total_cmp(&left.1).then(left.0.cmp(&right.0)));
        let mut best: Vec<(usize, f32)> = Vec::with_capacity(self.options.candidates + 1);
        for &(document, score) in &scored {
            if best.len() > self.options.candidates {
                break;
            }
            if best.iter().all(|&(other, _)| self.articles[other].id != self.articles[document].id) {
                best.push((document, score));
            }
        }
        self.answer(question, language, &best, &question_needs, needs)
    }

    fn answer(&self, question: &str, language: Language, best: &[(usize, f32)], question_needs: &[f32], needs: Vec<NeedGuess>) -> Answer {
        let top = best[0].1;
        let second = best.get(1).map_or(0.0, |&(_, score)| score);
        let confidence = combine::confidence(top, second);
        let in_scope = combine::in_scope(top);
        let total: f32 = best.iter().map(|&(_, score)| (6.0 * (score - top)).exp()).sum();
        let candidates = best
            .iter()
            .take(self.options.candidates)
            .enumerate()
            .map(|(rank, &(document, score))| Candidate {
                article: self.articles[document].id.clone(),
                score,
                confidence: if rank == 0 { confidence } else { (1.0 - confidence) * (6.0 * (score - top)).exp() / total },
                why: self.why(question, language, document, question_needs),
            })
            .collect();
        // Answering pays when its expected cost is below that of asking back: (1 − p) · cost < p.
        let needed = self.options.cost_of_wrong / (1.0 + self.options.cost_of_wrong);
        let verdict = if confidence >= needed {
            Verdict::Answer
        } else if in_scope >= 0.5 {
            Verdict::AskBack
        } else {
            Verdict::Reject
        };
        Answer { candidates, verdict, in_scope, needs }
    }

    fn why(&self, question: &str, language: Language, document: usize, question_needs: &[f32]) -> Why {
        let mut shared: Vec<(f32, &'static str)> = self.articles[document]
            .needs
            .iter()
            .zip(question_needs)
            .zip(Corpus::built_in().needs())
            .map(|((article, question), need)| (article * question.sqrt(), need.id))
            .filter(|&(weight, _)| weight > 0.1)
            .collect();
        shared.sort_by(|left, right| right.0.total_cmp(&left.0));
        Why { terms: self.lexical.shared(question, language, document, 6), needs: shared.into_iter().take(3).map(|(_, need)| need).collect() }
    }
}

fn fields(article: &ArticleText) -> Vec<Field<'_>> {
    let mut fields = vec![Field { text: &article.title, title: true }];
    fields.extend(article.questions.iter().map(|question| Field { text: question, title: false }));
    fields.push(Field { text: &article.body, title: false });
    fields
}

fn guesses(needs: &[f32]) -> Vec<NeedGuess> {
    let mut guesses: Vec<NeedGuess> = Corpus::built_in()
        .needs()
        .iter()
        .zip(needs)
        .filter(|&(_, &probability)| probability >= LEAST_GUESS)
        .map(|(need, &probability)| NeedGuess { need: need.id, probability })
        .collect();
    guesses.sort_by(|left, right| right.probability.total_cmp(&left.probability));
    guesses.truncate(NEED_GUESSES);
    guesses
}
