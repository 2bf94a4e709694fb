//! How an index of meaning would do on the corpus's own questions, which neither need model has then seen.

use std::sync::Arc;

use super::{Index, Likeness, Needs};
use crate::answers::{ArticleText, Options};
use crate::needs::{Corpus, Lesson, NeedModel, Side};

/// One question of a rehearsal.
#[derive(Debug, Clone, PartialEq)]
pub struct Rehearsed {
    /// Whether each article, as ranked, serves the question's need; empty for a question outside.
    pub right: Vec<bool>,
    /// Score without likeness, and likeness, of each article as ranked.
    pub articles: Vec<(f32, Likeness)>,
    /// What confidence and rejection are computed from.
    pub evidence: Vec<f32>,
    /// Scores of the needs by words and by meaning, and the right one, to fit their blend.
    pub need: (Vec<f32>, Vec<f32>, Option<usize>),
}

/// A help centre: its articles, the needs each serves, and the vectors of its pieces.
pub type Centre = (Vec<ArticleText>, Vec<Vec<String>>, Vec<Vec<Vec<f32>>>);

/// Asks help centres the held-out customer lines (each `parts`-th) of the corpus in their language; see
/// [`crate::answers::rehearse`], whose rules these are. `vectors` are those of [`super::lines`].
#[must_use]
pub fn rehearse(centres: &[Centre], vectors: &[Vec<f32>], parts: usize, part: usize) -> Vec<Vec<Rehearsed>> {
    let held_out = |number: usize, side: Side| side == Side::Customer && number % parts == part;
    let model = NeedModel::learn(Corpus::built_in(), |number, lesson| !matches!(lesson, Lesson::Line(line) if held_out(number, line.side)));
    let needs = Arc::new(Needs::learn_some(vectors, |number, line| !held_out(number, line.side)));
    centres.iter().map(|centre| ask_held_out(&model, &needs, centre, vectors, &held_out)).collect()
}

fn ask_held_out(model: &NeedModel, needs: &Arc<Needs>, centre: &Centre, vectors: &[Vec<f32>], held_out: &impl Fn(usize, Side) -> bool) -> Vec<Rehearsed> {
    let (articles, serves, pieces) = centre;
    let corpus = Corpus::built_in();
    let Some(language) = articles.first().map(|article| article.language) else { return Vec::new() };
    let index = Index::build_with(model, needs.clone(), articles, pieces.clone(), Options::default());
    let served_areas: Vec<&str> = serves.iter().flatten().filter_map(|need| corpus.find(need)).map(|need| corpus.needs()[need].area).collect();
    let mut rehearsed = Vec::new();
    for (number, line) in corpus.lines().iter().enumerate().filter(|(number, line)| line.language == language && held_out(*number, line.side)) {
        let serving = |need: usize| -> Vec<bool> { serves.iter().map(|serves| serves.iter().any(|served| *served == corpus.needs()[need].id)).collect() };
        let right = line.need.map(serving).unwrap_or_default();
        let known = right.iter().any(|right| *right);
        if !known && line.need.is_some_and(|need| served_areas.contains(&corpus.needs()[need].area)) {
            continue;
        }
        let read = index.read(model, line.text, language, &vectors[number]);
        let ranked = &read.reading.ranked;
        rehearsed.push(Rehearsed {
            right: if known { ranked.iter().map(|&(place, _)| right[place]).collect() } else { Vec::new() },
            articles: ranked.iter().map(|&(place, score)| (score - read.likeness[place].points(), read.likeness[place])).collect(),
            need: (model.scores(line.text, language), needs.weigh(&vectors[number]).scores, line.need),
            evidence: read.evidence,
        });
    }
    rehearsed
}
