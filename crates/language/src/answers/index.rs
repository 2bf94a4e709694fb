//! The index of a workspace's articles.

use std::collections::BTreeMap;

use super::affinity::{self, Served};
use super::combine::{self, Evidence, Weights};
use super::{Answer, ArticleText, Candidate, NeedGuess, Options, Verdict, Why};
use crate::Language;
use crate::needs::{self, Corpus, NeedModel};
use crate::retrieval::{Field, Lexical, Match};

/// Articles made ready to be asked. Immutable: a change builds a new one, which takes milliseconds for a few hundred
/// articles and a second or two for thousands.
pub struct Index {
    articles: Vec<Indexed>,
    served: Served,
    lexical: Lexical,
    weights: Weights,
    options: Options,
}

struct Indexed {
    id: String,
    language: Language,
    /// The article's distribution over the needs.
    needs: Vec<f32>,
}

/// What the index thinks of a question before it decides.
pub(crate) struct Reading {
    /// (place of the article text, score), best first, one per article id.
    pub(crate) ranked: Vec<(usize, f32)>,
    pub(crate) needs: Vec<f32>,
    /// What the confidence and the rejector look at.
    pub(crate) evidence: Vec<f32>,
}

/// Softmax sharpness of the needs' decision values, for questions.
pub(crate) const SHARPNESS: f32 = 3.5;
/// Guesses of the question's need that an answer lists, and the least probability of one.
const NEED_GUESSES: usize = 3;
const LEAST_GUESS: f32 = 0.05;
/// What an article in the question's own language gains over one in another.
const OWN_LANGUAGE: f32 = 0.7;

impl Index {
    /// Indexes articles; an id may come once per language, and is answered once.
    #[must_use]
    pub fn build(articles: &[ArticleText], options: Options) -> Self {
        Self::build_with(needs::model(), articles, options)
    }

    pub(super) fn build_with(model: &NeedModel, articles: &[ArticleText], options: Options) -> Self {
        let affinities: Vec<Vec<f32>> =
            articles.iter().map(|article| affinity::of_article(model, &article.title, &article.questions, &article.body, article.language)).collect();
        Self::build_from(affinities, articles, options)
    }

    /// Indexes articles whose distributions over the needs are known.
    pub(crate) fn build_from(affinities: Vec<Vec<f32>>, articles: &[ArticleText], options: Options) -> Self {
        let documents: Vec<(Language, Vec<Field<'_>>)> = articles.iter().map(|article| (article.language, fields(article))).collect();
        let mut numbers: BTreeMap<&str, u32> = BTreeMap::new();
        let twins: Vec<u32> = articles
            .iter()
            .map(|article| {
                let next = numbers.len() as u32;
                *numbers.entry(&article.id).or_insert(next)
            })
            .collect();
        let served = Served::new(&affinities, &twins, Corpus::built_in().needs().len());
        let indexed = articles.iter().zip(affinities).map(|(article, needs)| Indexed { id: article.id.clone(), language: article.language, needs }).collect();
        Self { articles: indexed, served, lexical: Lexical::build(&documents), weights: combine::FITTED, options }
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

    /// The id of the article text at a place.
    pub(super) fn id(&self, place: usize) -> &str {
        &self.articles[place].id
    }

    /// Finds the articles that answer a question asked in `language`.
    #[must_use]
    pub fn ask(&self, question: &str, language: Language) -> Answer {
        let reading = self.read(needs::model(), question, language);
        self.answer(question, language, &reading, combine::sureness(&reading.evidence))
    }

    /// The answer of a reading whose confidence and probability of being in scope are known.
    pub(crate) fn answer(&self, question: &str, language: Language, reading: &Reading, sureness: (f32, f32)) -> Answer {
        let needs = guesses(&reading.needs);
        if reading.ranked.is_empty() || !question.chars().any(char::is_alphanumeric) {
            return Answer { candidates: Vec::new(), verdict: Verdict::Reject, in_scope: 0.0, needs };
        }
        self.decide(question, language, reading, needs, sureness)
    }

    /// Ranks the articles for a question.
    pub(super) fn read(&self, model: &NeedModel, question: &str, language: Language) -> Reading {
        let (scores, outside) = model.needs_and_outside(question, language);
        let total: f32 = scores.iter().map(|score| (SHARPNESS * (score - outside)).exp()).sum();
        let mut reading = self.rank(affinity::distribution(&scores, SHARPNESS), question, language, &[]);
        reading.evidence.push((1.0 / (1.0 + total) + 0.02).ln());
        reading
    }

    /// Ranks the articles for a question with a distribution over the needs; `added` gives further points to the articles'
    /// texts by their place (empty for none).
    pub(crate) fn rank(&self, needs: Vec<f32>, question: &str, language: Language, added: &[f32]) -> Reading {
        let mut through_needs = vec![0.0_f32; self.articles.len()];
        let mut unserved = 0.0_f32;
        for (need, &probability) in needs.iter().enumerate() {
            for &(article, share) in &self.served.articles[need] {
                through_needs[article as usize] += probability * share;
            }
            unserved += probability * self.served.unserved[need];
        }
        let matches = self.lexical.search(question, language);
        let mut best: BTreeMap<&str, (usize, f32)> = BTreeMap::new();
        for (place, article) in self.articles.iter().enumerate() {
            let own = if article.language == language { OWN_LANGUAGE } else { 0.0 };
            let evidence = Evidence { lexical: matches[place], needs: through_needs[place] };
            let score = self.weights.score(&evidence) + own + added.get(place).copied().unwrap_or(0.0);
            let entry = best.entry(&article.id).or_insert((place, score));
            if score > entry.1 {
                *entry = (place, score);
            }
        }
        let mut ranked: Vec<(usize, f32)> = best.into_values().collect();
        ranked.sort_by(|left, right| right.1.total_cmp(&left.1).then(left.0.cmp(&right.0)));
        let evidence = evidence(&ranked, &needs, unserved, &through_needs, &matches);
        Reading { ranked, needs, evidence }
    }

    fn decide(&self, question: &str, language: Language, reading: &Reading, needs: Vec<NeedGuess>, (confidence, in_scope): (f32, f32)) -> Answer {
        let top = reading.ranked[0].1;
        let others: f32 = reading.ranked.iter().skip(1).map(|&(_, score)| (score - top).exp()).sum();
        let candidates = reading
            .ranked
            .iter()
            .take(self.options.candidates)
            .enumerate()
            .map(|(rank, &(place, score))| Candidate {
                article: self.articles[place].id.clone(),
                score,
                confidence: if rank == 0 { confidence } else { (in_scope - confidence).max(0.0) * (score - top).exp() / others },
                why: if rank < EXPLAINED { self.why(question, language, place, &reading.needs) } else { Why::default() },
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

    fn why(&self, question: &str, language: Language, place: usize, question_needs: &[f32]) -> Why {
        let mut shared: Vec<(f32, &'static str)> = self.articles[place]
            .needs
            .iter()
            .zip(question_needs)
            .zip(Corpus::built_in().needs())
            .map(|((article, question), need)| ((article * question).sqrt(), need.id))
            .filter(|&(weight, _)| weight > 0.1)
            .collect();
        shared.sort_by(|left, right| right.0.total_cmp(&left.0));
        Why { terms: self.lexical.shared(question, language, place, 6), needs: shared.into_iter().take(3).map(|(_, need)| need).collect() }
    }
}

/// What confidence and rejection are computed from; see `combine` for what each weighs.
fn evidence(ranked: &[(usize, f32)], needs: &[f32], unserved: f32, through_needs: &[f32], matches: &[Match]) -> Vec<f32> {
    let Some(&(place, top)) = ranked.first() else { return vec![0.0; combine::WIDTH] };
    let second = ranked.get(1).map_or(top - 8.0, |&(_, score)| score);
    let total: f32 = ranked.iter().map(|&(_, score)| (score - top).exp()).sum();
    let matched = matches[place];
    let surest = needs.iter().copied().fold(0.0, f32::max);
    vec![
        top,
        (top - second).min(8.0),
        (unserved + 0.02).ln(),
        (through_needs[place] + 0.02).ln(),
        surest,
        matched.stems,
        matched.grams,
        matched.concepts,
        -total.ln(),
    ]
}

/// Candidates whose reasons are worked out; nobody reads those of the fortieth.
const EXPLAINED: usize = 10;

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
