//! Intents by words and meaning together.
//!
//! A linear model over words with vectors beside them, and clouds of vectors, judge together; what a cloud's score is worth beside the
//! linear one, the probability and the rejector are learned from examples that neither has seen.

use super::dense::{Clouds, Nearness, Neighbours, Space};
use crate::intents::rehearsal::{STRANGER_WEIGHT, Shows, plan};
use crate::intents::{self, Example, Prediction, Reading, TrainingError, labels_of, number_of, top_probability, top_two};
use crate::learn::calibration::{Logistic, temperature};

/// An example with its vector.
#[derive(Debug, Clone, Copy)]
pub struct Told<'told> {
    pub example: &'told Example,
    pub vector: &'told [f32],
}

/// Examples with their vectors, in the same order.
#[must_use]
pub fn told<'told>(examples: &'told [Example], vectors: &'told [Vec<f32>]) -> Vec<Told<'told>> {
    examples.iter().zip(vectors).map(|(example, vector)| Told { example, vector }).collect()
}

/// A trained, immutable intent model of both tiers.
pub struct Model {
    base: Base,
    /// What a point of the clouds' score, and one of closeness, is worth in points of the linear score.
    worths: Worths,
    temperature: f32,
    correctness: Logistic,
    rejector: Logistic,
    threshold: f32,
}

/// Both judges, uncalibrated.
struct Base {
    words: intents::Model,
    space: Space,
    clouds: Clouds,
    neighbours: Neighbours,
    /// Whether intents have few examples, so that their names were learned too.
    few: bool,
}

/// What both judges make of one text.
struct Seen {
    words: Reading,
    meaning: Vec<f32>,
    distance: f32,
    /// Likeness to each known example, and what that makes of each class.
    cosines: Vec<f32>,
    closeness: Vec<f32>,
}

type Worths = (f32, f32);

/// How far the clouds are drawn towards a sphere, over the number of examples: further than for the corpus, whose lines are
/// many and of one hand.
const SPHERE_FEW: f32 = 1_600.0;

/// Trains on examples; `validation`, if it has labels, fits probabilities and the threshold. `names` are those of
/// [`intents::names`]. See [`intents::Trainer`], whose settings and rules these are.
///
/// # Errors
/// [`TrainingError::TooFewIntents`] with fewer than two labels.
pub fn train(trainer: &intents::Trainer, examples: &[Told<'_>], names: &[Told<'_>], validation: &[Told<'_>]) -> Result<Model, TrainingError> {
    let labels = labels_of(examples.iter().map(|told| told.example));
    if labels.len() < 2 {
        return Err(TrainingError::TooFewIntents);
    }
    let base = Base::fit(trainer, examples, names, &labels);
    let validated = validation.iter().any(|told| told.example.label.is_some());
    let outside_given = examples.iter().chain(validation).any(|told| told.example.label.is_none());
    let mut rehearsed: Vec<Rehearsed> = if validated { base.judge_all(validation, Shows::Both) } else { Vec::new() };
    if !validated || !outside_given {
        let seen = rehearse(trainer, examples, names, &labels, !outside_given);
        // Only what a validation set cannot show is taken from the rehearsal.
        rehearsed.extend(seen.into_iter().filter(|one| !validated || one.label.is_none()));
        if !validated {
            rehearsed.extend(base.judge_all(validation, Shows::Both));
        }
    }
    Ok(calibrate(base, &rehearsed, trainer.rejected_right))
}

/// An example as judges saw it that had not learned it.
struct Rehearsed {
    seen: Seen,
    around: Around,
    label: Option<usize>,
    shows: Shows,
    /// What it counts for the rejector.
    weight: f32,
}

/// The neighbourhood of a text under each label that could come first; looked up once, before the blend is known.
type Around = Vec<(usize, Nearness)>;

impl Base {
    fn fit(trainer: &intents::Trainer, examples: &[Told<'_>], names: &[Told<'_>], labels: &[String]) -> Self {
        let space = Space::of(examples.iter().map(|told| told.vector));
        let all = || examples.iter().chain(names);
        let texts: Vec<&Example> = all().map(|told| told.example).collect();
        let placed: Vec<Vec<f32>> = all().map(|told| space.place(told.vector)).collect();
        let numbers: Vec<u32> = all().map(|told| number_of(labels, told.example.label.as_deref())).collect();
        let slices: Vec<&[f32]> = placed.iter().map(Vec::as_slice).collect();
        let (lessons, called) = slices.split_at(examples.len());
        let called: Vec<(&[f32], u32)> = called.iter().copied().zip(numbers[examples.len()..].iter().copied()).collect();
        let clouds = Clouds::learn(lessons, &numbers[..examples.len()], labels.len(), &called, SPHERE_FEW);
        let words = trainer.fit_beside(&texts, labels, &placed);
        let directions = placed.iter().map(|placed| clouds.direction(placed)).collect();
        Self { words, space, clouds, neighbours: Neighbours::new(directions, numbers), few: intents::few(examples.len(), labels.len()) }
    }

    fn see(&self, text: &str, vector: &[f32]) -> Seen {
        let placed = self.space.place(vector);
        let weighed = self.clouds.weigh(&placed);
        let cosines = self.neighbours.cosines(&weighed.direction);
        let closeness = self.neighbours.closeness(&cosines, self.words.labels().len());
        Seen { words: self.words.read_beside(text, &placed), meaning: weighed.scores, distance: weighed.distance, cosines, closeness }
    }

    fn judge_all(&self, examples: &[Told<'_>], shows: Shows) -> Vec<Rehearsed> {
        let labels = self.words.labels();
        examples
            .iter()
            .map(|told| {
                let mut seen = self.see(&told.example.text, told.vector);
                let label = number_of(labels, told.example.label.as_deref()) as usize;
                let mut candidates = vec![top_two(&seen.words.scores).0, top_two(&seen.meaning).0, top_two(&seen.closeness).0];
                let worths = BLENDS.iter().flat_map(|&cloud| CLOSE.map(|close| (cloud, close)));
                candidates.extend(worths.map(|worths| top_two(&blended(&seen, worths)).0));
                candidates.sort_unstable();
                candidates.dedup();
                let around = candidates.into_iter().map(|label| (label, self.neighbours.around(&seen.cosines, label as u32))).collect();
                // One for each known example, of each example: too much to keep.
                seen.cosines = Vec::new();
                let label = (label < labels.len()).then_some(label);
                let weight = if label.is_none() && told.example.label.is_some() { STRANGER_WEIGHT } else { 1.0 };
                Rehearsed { seen, around, label, shows, weight }
            })
            .collect()
    }
}

/// Worths of the clouds' scores and of closeness that are tried.
const BLENDS: [f32; 9] = [0.005, 0.01, 0.02, 0.03, 0.045, 0.07, 0.1, 0.15, 0.25];
const CLOSE: [f32; 6] = [0.0, 0.06, 0.12, 0.2, 0.35, 0.6];

fn blended(seen: &Seen, (cloud, close): Worths) -> Vec<f32> {
    let highest = |scores: &[f32]| scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let (best, closest) = (highest(&seen.meaning), highest(&seen.closeness));
    let evidence = seen.meaning.iter().zip(&seen.closeness).map(|(meaning, closeness)| cloud * (meaning - best) + close * (closeness - closest));
    seen.words.scores.iter().zip(evidence).map(|(words, evidence)| words + evidence).collect()
}

/// Examples judged by models that were not trained on them. With `leave_out`, some models also miss some intents, whose
/// examples then count as having none.
fn rehearse(trainer: &intents::Trainer, examples: &[Told<'_>], names: &[Told<'_>], labels: &[String], leave_out: bool) -> Vec<Rehearsed> {
    let known: Vec<Option<&str>> = examples.iter().map(|told| told.example.label.as_deref()).collect();
    let mut seen = Vec::new();
    for rehearsal in plan(labels, &known, leave_out) {
        let [kept, judged] = [&rehearsal.kept, &rehearsal.judged].map(|part| part.iter().map(|&index| examples[index]).collect::<Vec<_>>());
        let is_known = |told: &&Told<'_>| told.example.label.as_ref().is_some_and(|label| rehearsal.known.contains(label));
        let names: Vec<Told<'_>> = names.iter().filter(is_known).copied().collect();
        seen.extend(Base::fit(trainer, &kept, &names, &rehearsal.known).judge_all(&judged, rehearsal.shows));
    }
    seen
}

/// Learns blend, probability and rejector.
fn calibrate(base: Base, rehearsed: &[Rehearsed], rejected_right: f32) -> Model {
    let labelled: Vec<&Rehearsed> = rehearsed.iter().filter(|one| one.label.is_some() && one.shows.rightness()).collect();
    let truth: Vec<usize> = labelled.iter().filter_map(|one| one.label).collect();
    let (worths, sharpness) = worths(&labelled, &truth, base.few);
    let read = |one: &Rehearsed| {
        let scores = blended(&one.seen, worths);
        let first = top_two(&scores).0;
        let around = one.around.iter().find(|(label, _)| *label == first).map_or_else(Nearness::default, |(_, around)| *around);
        (first, evidence(&one.seen, &scores, around, sharpness))
    };
    let (surety, right): (Vec<Vec<f32>>, Vec<bool>) = labelled
        .iter()
        .map(|one| {
            let (first, evidence) = read(one);
            (evidence[..SURETY].to_vec(), one.label == Some(first))
        })
        .unzip();
    let correctness = Logistic::fit(&surety, &right, &[], 1.0);
    let strange: Vec<&Rehearsed> = rehearsed.iter().filter(|one| one.shows.strangers()).collect();
    let readings: Vec<(usize, Vec<f32>)> = strange.iter().map(|one| read(one)).collect();
    // Rehearsals without a class of outsiders have one number less; all are read as far as the shortest.
    let width = readings.iter().map(|(_, evidence)| evidence.len()).min().unwrap_or(0);
    let rows: Vec<Vec<f32>> = readings.iter().map(|(_, evidence)| evidence[..width].to_vec()).collect();
    let right: Vec<bool> = readings.iter().zip(&strange).map(|((first, _), one)| one.label == Some(*first)).collect();
    let outside = strange.iter().any(|one| one.label.is_none());
    let inside: Vec<bool> = strange.iter().zip(&right).map(|(one, right)| if outside { one.label.is_some() } else { *right }).collect();
    let weights: Vec<f32> = strange.iter().map(|one| one.weight).collect();
    let rejector = Logistic::fit(&rows, &inside, &weights, 1.0);
    let mut sure: Vec<f32> = rows.iter().zip(&right).filter(|&(_, right)| *right).map(|(row, _)| rejector.probability(row)).collect();
    sure.sort_by(f32::total_cmp);
    let threshold = sure.get((sure.len() as f32 * rejected_right) as usize).copied().unwrap_or(0.0);
    Model { base, worths, temperature: sharpness, correctness, rejector, threshold }
}

/// The worths that make what was rehearsed most likely, one after the other, and the sharpness that goes with them.
fn worths(labelled: &[&Rehearsed], truth: &[usize], few: bool) -> (Worths, f32) {
    let fitted = |worths: Worths| {
        let scores: Vec<Vec<f32>> = labelled.iter().map(|one| blended(&one.seen, worths)).collect();
        let sharpness = temperature(&scores, truth);
        (loss(&scores, truth, sharpness), worths, sharpness)
    };
    let least = |candidates: Vec<Worths>| candidates.into_iter().map(fitted).min_by(|left, right| left.0.total_cmp(&right.0));
    let mut best = least(BLENDS.map(|cloud| (cloud, 0.0)).to_vec());
    // Of few examples the closest is often another intent's; they made rehearsals likelier and messages wronger.
    for _ in 0..if few { 0 } else { 2 } {
        let cloud = best.map_or(BLENDS[0], |best| best.1.0);
        best = least(CLOSE.map(|close| (cloud, close)).to_vec());
        let close = best.map_or(0.0, |best| best.1.1);
        best = least(BLENDS.map(|cloud| (cloud, close)).to_vec());
    }
    best.map_or(((BLENDS[0], 0.0), 1.0), |(_, worths, sharpness)| (worths, sharpness))
}

fn loss(scores: &[Vec<f32>], labels: &[usize], sharpness: f32) -> f64 {
    let one = |(scores, &label): (&Vec<f32>, &usize)| {
        let highest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let total: f64 = scores.iter().map(|&score| f64::from(sharpness * (score - highest)).exp()).sum();
        total.ln() - f64::from(sharpness * (scores[label] - highest))
    };
    scores.iter().zip(labels).map(one).sum()
}

/// Numbers of the evidence that the probability of being right is computed from: the first ones.
const SURETY: usize = 5;

/// What probability and rejector look at: the blend, the clouds, the neighbourhood, then the words' own evidence.
fn evidence(seen: &Seen, scores: &[f32], around: Nearness, sharpness: f32) -> Vec<f32> {
    let (first, second) = top_two(scores);
    let probability = top_probability(scores, sharpness).clamp(1e-5, 1.0 - 1e-5);
    let margin = second.map_or(1.0, |second| scores[first] - scores[second]);
    let agree = f32::from(u8::from(top_two(&seen.words.scores).0 == top_two(&seen.meaning).0));
    let highest = seen.meaning.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let meant = 1.0 / seen.meaning.iter().map(|score| (score - highest).exp()).sum::<f32>();
    let mut evidence = vec![
        (probability / (1.0 - probability)).ln(),
        margin,
        agree,
        around.share,
        around.own,
        around.nearest,
        around.five,
        seen.distance.max(0.0).sqrt(),
        seen.meaning.get(first).map_or(0.0, |score| (highest - score).min(30.0)),
        meant,
        scores[first],
    ];
    evidence.extend(&seen.words.evidence);
    evidence
}

impl Model {
    /// Names of the intents, in the order of their indexes.
    #[must_use]
    pub fn labels(&self) -> &[String] {
        self.base.words.labels()
    }

    /// The threshold on [`Prediction::in_scope`] that was chosen from held-out examples.
    #[must_use]
    pub fn threshold(&self) -> f32 {
        self.threshold
    }

    /// Predicts the intent of one text.
    #[must_use]
    pub fn predict(&self, text: &str, vector: &[f32]) -> Prediction {
        let seen = self.base.see(text, vector);
        let scores = blended(&seen, self.worths);
        let first = top_two(&scores).0;
        let around = self.base.neighbours.around(&seen.cosines, first as u32);
        let evidence = evidence(&seen, &scores, around, self.temperature);
        let in_scope = self.rejector.probability(&evidence);
        Prediction { label: first, confidence: self.correctness.probability(&evidence[..SURETY]), in_scope, rejected: in_scope < self.threshold }
    }

    /// Decision values of all intents: what a text is like, even when it has none of them.
    #[must_use]
    pub fn profile(&self, text: &str, vector: &[f32]) -> Vec<f32> {
        blended(&self.base.see(text, vector), self.worths)
    }
}
