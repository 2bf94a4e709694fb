//! Intents by words and meaning together.
//!
//! A linear model over words with vectors beside them, and clouds of vectors, judge together; what a cloud's score is worth beside the
//! linear one, the probability and the rejector are learned from examples that neither has seen.

use super::dense::{Clouds, Nearness, Neighbours, Space};
use crate::intents::{self, Example, Prediction, Reading, TrainingError, labels_of, number_of, top_probability, top_two};
use crate::learn::calibration::{Logistic, temperature};
use crate::learn::random::Random;

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
    /// What a point of meaning's score is worth in points of words' score.
    blend: f32,
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
}

/// What both judges make of one text.
struct Seen {
    words: Reading,
    meaning: Vec<f32>,
    distance: f32,
    placed: Vec<f32>,
}

/// Parts that examples are divided into for rehearsals; with many examples one rehearsal is enough.
const PARTS: usize = 5;
const MANY_EXAMPLES: usize = 4_000;
/// Every so many-th intent is left out of a rehearsal, to see how a message about something unknown looks.
const LEFT_OUT: usize = 6;

/// Trains on examples; `validation`, if it has labels, fits probabilities and the threshold. See [`intents::Trainer`], whose
/// settings and rules these are.
///
/// # Errors
/// [`TrainingError::TooFewIntents`] with fewer than two labels.
pub fn train(trainer: &intents::Trainer, examples: &[Told<'_>], validation: &[Told<'_>]) -> Result<Model, TrainingError> {
    let labels = labels_of(examples.iter().map(|told| told.example));
    if labels.len() < 2 {
        return Err(TrainingError::TooFewIntents);
    }
    let base = Base::fit(trainer, examples, &labels);
    let validated = validation.iter().any(|told| told.example.label.is_some());
    let outside_given = examples.iter().chain(validation).any(|told| told.example.label.is_none());
    let mut rehearsed: Vec<Rehearsed> = if validated { base.judge_all(validation) } else { Vec::new() };
    if !validated || !outside_given {
        let seen = rehearse(trainer, examples, &labels, !outside_given);
        // Only what a validation set cannot show is taken from the rehearsal.
        rehearsed.extend(seen.into_iter().filter(|one| !validated || one.label.is_none()));
        if !validated {
            rehearsed.extend(base.judge_all(validation));
        }
    }
    Ok(calibrate(base, &rehearsed, trainer.rejected_right))
}

/// An example as judges saw it that had not learned it.
struct Rehearsed {
    seen: Seen,
    around: Around,
    label: Option<usize>,
}

/// The neighbourhood of a text under each label that could come first; looked up once, before the blend is known.
type Around = Vec<(usize, Nearness)>;

impl Base {
    fn fit(trainer: &intents::Trainer, examples: &[Told<'_>], labels: &[String]) -> Self {
        let texts: Vec<&Example> = examples.iter().map(|told| told.example).collect();
        let space = Space::of(examples.iter().map(|told| told.vector));
        let placed: Vec<Vec<f32>> = examples.iter().map(|told| space.place(told.vector)).collect();
        let numbers: Vec<u32> = examples.iter().map(|told| number_of(labels, told.example.label.as_deref())).collect();
        let clouds = Clouds::learn(&placed.iter().map(Vec::as_slice).collect::<Vec<_>>(), &numbers, labels.len());
        Self { words: trainer.fit_beside(&texts, labels, &placed), space, clouds, neighbours: Neighbours::new(placed, numbers) }
    }

    fn see(&self, text: &str, vector: &[f32]) -> Seen {
        let placed = self.space.place(vector);
        let weighed = self.clouds.weigh(&placed);
        Seen { words: self.words.read_beside(text, &placed), meaning: weighed.scores, distance: weighed.distance, placed }
    }

    fn judge_all(&self, examples: &[Told<'_>]) -> Vec<Rehearsed> {
        let labels = self.words.labels();
        examples
            .iter()
            .map(|told| {
                let seen = self.see(&told.example.text, told.vector);
                let label = number_of(labels, told.example.label.as_deref()) as usize;
                let mut candidates = vec![top_two(&seen.words.scores).0, top_two(&seen.meaning).0];
                candidates.extend(BLENDS.iter().map(|&blend| top_two(&blended(&seen, blend)).0));
                candidates.sort_unstable();
                candidates.dedup();
                let around = candidates.into_iter().map(|label| (label, self.neighbours.around(&seen.placed, label as u32, None))).collect();
                Rehearsed { seen, around, label: (label < labels.len()).then_some(label) }
            })
            .collect()
    }
}

/// Worths of meaning that are tried.
const BLENDS: [f32; 9] = [0.005, 0.01, 0.02, 0.03, 0.045, 0.07, 0.1, 0.15, 0.25];

fn blended(seen: &Seen, blend: f32) -> Vec<f32> {
    let best = seen.meaning.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    seen.words.scores.iter().zip(&seen.meaning).map(|(words, meaning)| words + blend * (meaning - best)).collect()
}

/// Examples judged by models that were not trained on them. With `leave_out`, each model also misses some intents, whose
/// examples then count as having none.
fn rehearse(trainer: &intents::Trainer, examples: &[Told<'_>], labels: &[String], leave_out: bool) -> Vec<Rehearsed> {
    let mut order: Vec<usize> = (0..examples.len()).collect();
    Random::new(77).shuffle(&mut order);
    let parts = if examples.len() > MANY_EXAMPLES { 1 } else { PARTS };
    let leave_out = leave_out && labels.len() >= LEFT_OUT;
    let mut seen = Vec::new();
    for part in 0..parts {
        let is_out = |place: usize| leave_out && place % LEFT_OUT == part;
        let known: Vec<String> = labels.iter().enumerate().filter(|&(place, _)| !is_out(place)).map(|(_, label)| label.clone()).collect();
        let (mut kept, mut judged) = (Vec::new(), Vec::new());
        for (position, &index) in order.iter().enumerate() {
            let told = examples[index];
            if position % PARTS == part {
                judged.push(told);
            } else if told.example.label.is_none() || (number_of(&known, told.example.label.as_deref()) as usize) < known.len() {
                kept.push(told);
            }
        }
        if known.len() >= 2 {
            seen.extend(Base::fit(trainer, &kept, &known).judge_all(&judged));
        }
    }
    seen
}

/// Learns blend, probability and rejector.
fn calibrate(base: Base, rehearsed: &[Rehearsed], rejected_right: f32) -> Model {
    let labelled: Vec<&Rehearsed> = rehearsed.iter().filter(|one| one.label.is_some()).collect();
    let truth: Vec<usize> = labelled.iter().filter_map(|one| one.label).collect();
    let (mut blend, mut sharpness, mut least) = (BLENDS[0], 1.0, f64::INFINITY);
    for candidate in BLENDS {
        let scores: Vec<Vec<f32>> = labelled.iter().map(|one| blended(&one.seen, candidate)).collect();
        let fitted = temperature(&scores, &truth);
        let loss = loss(&scores, &truth, fitted);
        if loss < least {
            (blend, sharpness, least) = (candidate, fitted, loss);
        }
    }
    let read = |one: &Rehearsed| {
        let scores = blended(&one.seen, blend);
        let first = top_two(&scores).0;
        let around = one.around.iter().find(|(label, _)| *label == first).map_or_else(Nearness::default, |(_, around)| *around);
        (first, evidence(&one.seen, &scores, around, sharpness))
    };
    let readings: Vec<(usize, Vec<f32>)> = rehearsed.iter().map(read).collect();
    // Rehearsals without a class of outsiders have one number less; all are read as far as the shortest.
    let width = readings.iter().map(|(_, evidence)| evidence.len()).min().unwrap_or(0);
    let rows: Vec<Vec<f32>> = readings.iter().map(|(_, evidence)| evidence[..width].to_vec()).collect();
    let right: Vec<bool> = readings.iter().zip(rehearsed).map(|((first, _), one)| one.label == Some(*first)).collect();
    let known: Vec<usize> = (0..rehearsed.len()).filter(|&index| rehearsed[index].label.is_some()).collect();
    let surety: Vec<Vec<f32>> = known.iter().map(|&index| rows[index][..SURETY].to_vec()).collect();
    let correctness = Logistic::fit(&surety, &known.iter().map(|&index| right[index]).collect::<Vec<_>>(), &[], 1.0);
    let outside = rehearsed.iter().any(|one| one.label.is_none());
    let inside: Vec<bool> = rehearsed.iter().zip(&right).map(|(one, right)| if outside { one.label.is_some() } else { *right }).collect();
    let rejector = Logistic::fit(&rows, &inside, &[], 1.0);
    let mut sure: Vec<f32> = rows.iter().zip(&right).filter(|&(_, right)| *right).map(|(row, _)| rejector.probability(row)).collect();
    sure.sort_by(f32::total_cmp);
    let threshold = sure.get((sure.len() as f32 * rejected_right) as usize).copied().unwrap_or(0.0);
    Model { base, blend, temperature: sharpness, correctness, rejector, threshold }
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

    /// What a point of meaning's score is worth in points of words' score.
    #[must_use]
    pub fn blend(&self) -> f32 {
        self.blend
    }

    /// Predicts the intent of one text.
    #[must_use]
    pub fn predict(&self, text: &str, vector: &[f32]) -> Prediction {
        let seen = self.base.see(text, vector);
        let scores = blended(&seen, self.blend);
        let first = top_two(&scores).0;
        let around = self.base.neighbours.around(&seen.placed, first as u32, None);
        let evidence = evidence(&seen, &scores, around, self.temperature);
        let in_scope = self.rejector.probability(&evidence);
        Prediction { label: first, confidence: self.correctness.probability(&evidence[..SURETY]), in_scope, rejected: in_scope < self.threshold }
    }

    /// Decision values of all intents: what a text is like, even when it has none of them.
    #[must_use]
    pub fn profile(&self, text: &str, vector: &[f32]) -> Vec<f32> {
        blended(&self.base.see(text, vector), self.blend)
    }
}
