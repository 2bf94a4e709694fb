//! How an index would do on the corpus's own questions, which its need model has then not seen.

use super::{ArticleText, Index, Options};
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
