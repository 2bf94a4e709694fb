//! How an index would do on the corpus's own questions, which its need model has then not seen.

use super::combine;
use super::{ArticleText, Index, Options};
use crate::learn::calibration::Logistic;
use crate::needs::{Corpus, Lesson, NeedModel, Side};

/// One question of a rehearsal.
#[derive(Debug, Clone, PartialEq)]
pub struct Rehearsed {
    pub question: &'static str,
    /// Ids of the articles that serve the question's need; empty if none does.
    pub right: Vec<String>,
    /// Ids of the articles as they were ranked.
    pub ranked: Vec<String>,
    /// What confidence and rejection are computed from.
    pub evidence: Vec<f32>,
}

impl Rehearsed {
    /// Whether the first article is right, and whether any is.
    #[must_use]
    pub fn truth(&self) -> (bool, bool) {
        (self.ranked.first().is_some_and(|first| self.right.contains(first)), !self.right.is_empty())
    }

    /// Probability that the first article is right by given weights (see [`fit`]).
    #[must_use]
    pub fn confidence(&self, weights: &[f32]) -> f32 {
        combine::sigmoid(combine::log_odds(&self.evidence, weights))
    }

    /// Log-odds that any article answers, by given weights.
    #[must_use]
    pub fn inside(&self, weights: &[f32]) -> f32 {
        combine::log_odds(&self.evidence, weights)
    }
}

/// Weights for the first article being right and for any being, fitted on rehearsed questions, each set counting alike and a quarter
/// of it outside.
#[must_use]
pub fn fit(sets: &[&[Rehearsed]]) -> (Vec<f32>, Vec<f32>) {
    let (mut rows, mut right, mut inside, mut counts) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for set in sets {
        let answered = set.iter().filter(|one| one.truth().1).count() as f32;
        for one in *set {
            let (is_right, is_inside) = one.truth();
            rows.push(one.evidence.clone());
            right.push(is_right);
            inside.push(is_inside);
            counts.push(1_000.0 * if is_inside { 0.75 / answered } else { 0.25 / (set.len() as f32 - answered) });
        }
    }
    (Logistic::fit(&rows, &right, &counts, 1.0).plain_weights(), Logistic::fit(&rows, &inside, &counts, 1.0).plain_weights())
}

/// Asks an index the held-out customer lines (each `parts`-th) of the corpus in the articles' language. `serves[i]` are
/// the needs article `i` serves. Lines of needs that share an area with a served one but are not served are left out:
/// whether an article answers them is for a person to judge.
#[must_use]
pub fn rehearse(sets: &[(Vec<ArticleText>, Vec<Vec<String>>)], parts: usize, part: usize) -> Vec<Vec<Rehearsed>> {
    let held_out = |number: usize, side: Side| side == Side::Customer && number % parts == part;
    let model = NeedModel::learn(Corpus::built_in(), |number, lesson| !matches!(lesson, Lesson::Line(line) if held_out(number, line.side)));
    sets.iter().map(|(articles, serves)| ask_held_out(&model, articles, serves, &held_out)).collect()
}

fn ask_held_out(model: &NeedModel, articles: &[ArticleText], serves: &[Vec<String>], held_out: &impl Fn(usize, Side) -> bool) -> Vec<Rehearsed> {
    let corpus = Corpus::built_in();
    let Some(language) = articles.first().map(|article| article.language) else { return Vec::new() };
    let index = Index::build_with(model, articles, Options::default());
    let served_areas: Vec<&str> = serves.iter().flatten().filter_map(|need| corpus.find(need)).map(|need| corpus.needs()[need].area).collect();
    let mut rehearsed = Vec::new();
    for (_, line) in corpus.lines().iter().enumerate().filter(|(number, line)| line.language == language && held_out(*number, line.side)) {
        let right: Vec<String> = match line.need {
            None => Vec::new(),
            Some(need) => {
                let need = &corpus.needs()[need];
                let right: Vec<String> = articles
                    .iter()
                    .zip(serves)
                    .filter(|(_, serves)| serves.iter().any(|served| served == need.id))
                    .map(|(article, _)| article.id.clone())
                    .collect();
                if right.is_empty() && served_areas.contains(&need.area) {
                    continue;
                }
                right
            }
        };
        let reading = index.read(model, line.text, language);
        let ranked = reading.ranked.iter().map(|&(place, _)| index.id(place).to_owned()).collect();
        rehearsed.push(Rehearsed { question: line.text, right, ranked, evidence: reading.evidence });
    }
    rehearsed
}
