//! Training: vocabulary, linear model, probability and rejector, in this order, each fitted on examples that the
//! previous one has not seen.

use super::model::{Model, Reading, beside, correctness_features, top_probability, top_two};
use super::neighbours::Neighbours;
use crate::Language;
use crate::learn::calibration::{Logistic, temperature};
use crate::learn::features::{Recipe, Rows, Vocabulary};
use crate::learn::linear::{Centres, Linear, Training};
use crate::learn::random::Random;

/// A labelled text; no label means that it has none of the intents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    pub text: String,
    pub label: Option<String>,
}

/// Why a model cannot be trained.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrainingError {
    #[error("training needs examples of at least two intents")]
    TooFewIntents,
}

/// Settings of training. The defaults are good for 2–500 intents with 5 or more examples each.
#[derive(Debug, Clone)]
pub struct Trainer {
    /// Language of the texts, for stems; `None` if mixed.
    pub language: Option<Language>,
    /// Share of right answers that the rejection threshold may cost, 0–1.
    pub rejected_right: f32,
}

impl Default for Trainer {
    fn default() -> Self {
        Self { language: None, rejected_right: 0.006 }
    }
}

const TRAINING: Training = Training { cost: 0.7, tolerance: 0.1, passes: 30, positive_weight: 1.0 };
/// Parts that the examples are divided into for rehearsals; with many examples one rehearsal is enough.
const PARTS: usize = 5;
const MANY_EXAMPLES: usize = 4_000;
/// Every so many-th intent is left out of a rehearsal, to see how a message about something unknown looks.
const LEFT_OUT: usize = 6;
/// Above this, features seen in one example only are dropped, to bound memory.
const LARGE_SET: usize = 12_000;
/// Fewer examples of an intent than this are few.
const FEW_EXAMPLES: usize = 40;
/// Fewer examples outside all intents than this do not make a class of their own.
const OUTSIDE_CLASS: usize = 20;

/// What an unseen example looked like to a model, and its label; `None` if it has none that the model knows.
type Rehearsed = (Reading, Option<usize>);

impl Trainer {
    /// Trains on `examples`. `validation`, if it has labels, fits the probabilities and the threshold; otherwise the
    /// examples are rehearsed: models of a part of them judge the others. The final model is trained on all.
    ///
    /// If nobody gives examples outside all intents, the rejector learns from intents left out of a rehearsal: these
    /// are the realistic danger, messages of the same trade that nothing here answers.
    ///
    /// # Errors
    /// [`TrainingError::TooFewIntents`] with fewer than two labels.
    pub fn train(&self, examples: &[Example], validation: &[Example]) -> Result<Model, TrainingError> {
        let labels = labels_of(examples);
        if labels.len() < 2 {
            return Err(TrainingError::TooFewIntents);
        }
        let mut model = self.fit(&examples.iter().collect::<Vec<_>>(), &labels);
        let validated = validation.iter().any(|example| example.label.is_some());
        let outside_given = examples.iter().chain(validation).any(|example| example.label.is_none());
        let mut seen: Vec<Rehearsed> = if validated { read_all(&model, validation.iter()) } else { Vec::new() };
        if !validated || !outside_given {
            let rehearsed = self.rehearse(examples, &labels, !outside_given);
            if validated {
                // Only what a validation set cannot show is taken from the rehearsal.
                seen.extend(rehearsed.into_iter().filter(|(_, label)| label.is_none()));
            } else {
                seen.extend(rehearsed);
                seen.extend(read_all(&model, validation.iter()));
            }
        }
        calibrate(&mut model, &seen);
        model.threshold = self.threshold(&model, &seen);
        Ok(model)
    }

    /// The fewer examples an intent has, the more the thesaurus must say; very large sets go without, for time.
    fn recipe(&self, examples: usize, intents: usize) -> Recipe {
        let concept_weight = match examples / intents.max(1) {
            _ if examples > LARGE_SET => 0.0,
            0..FEW_EXAMPLES => 0.6,
            _ => 0.3,
        };
        Recipe { characters: (2, 5), words: 2, stems: true, concept_weight, gaps: false, word_weight: 1.0 }
    }

    /// Vocabulary, linear model, centres and neighbours of the examples, uncalibrated.
    fn fit(&self, examples: &[&Example], labels: &[String]) -> Model {
        self.fit_beside(examples, labels, &[])
    }

    /// The same with a vector of meaning beside the words of each example; none if `vectors` is empty.
    pub(crate) fn fit_beside(&self, examples: &[&Example], labels: &[String], vectors: &[Vec<f32>]) -> Model {
        let recipe = self.recipe(examples.len(), labels.len());
        let counts: Vec<_> = examples.iter().map(|example| recipe.counts(&example.text, self.language)).collect();
        let vocabulary = Vocabulary::learn(recipe, &counts, if examples.len() > LARGE_SET { 2 } else { 1 });
        let mut rows = Rows::new();
        let mut word_rows = Vec::with_capacity(examples.len());
        for (number, (count, example)) in counts.iter().zip(examples).enumerate() {
            let (mut row, _) = vocabulary.row(count);
            if example.label.is_some() {
                word_rows.push(vocabulary.word_row(&row));
            }
            row.extend(vectors.get(number).into_iter().flat_map(|vector| beside(vocabulary.len(), vector)));
            rows.push(&row);
        }
        let width = vectors.first().map_or(0, Vec::len);
        let numbers: Vec<u32> = examples.iter().map(|example| number_of(labels, example.label.as_deref())).collect();
        let outside = numbers.iter().filter(|&&number| number as usize == labels.len()).count();
        let classes = labels.len() + usize::from(outside >= OUTSIDE_CLASS);
        let linear = Linear::train(&rows, &numbers, classes, vocabulary.len() + width, TRAINING);
        let centres = Centres::learn(&rows, &numbers, labels.len(), vocabulary.len() + width);
        let neighbours = Neighbours::build(&word_rows, vocabulary.len());
        Model {
            labels: labels.to_vec(),
            language: self.language,
            vocabulary,
            beside: width,
            linear,
            centres,
            neighbours,
            temperature: 1.0,
            correctness: None,
            rejector: None,
            threshold: 0.0,
        }
    }

    /// Examples read by models that were not trained on them. With `leave_out`, each model also misses some intents,
    /// whose examples then count as having none.
    fn rehearse(&self, examples: &[Example], labels: &[String], leave_out: bool) -> Vec<Rehearsed> {
        let mut order: Vec<usize> = (0..examples.len()).collect();
        Random::new(77).shuffle(&mut order);
        let parts = if examples.len() > MANY_EXAMPLES { 1 } else { PARTS };
        let leave_out = leave_out && labels.len() >= LEFT_OUT;
        let mut seen = Vec::new();
        for part in 0..parts {
            let is_out = |label: &str| leave_out && labels.binary_search_by(|known| known.as_str().cmp(label)).is_ok_and(|place| place % LEFT_OUT == part);
            let known: Vec<String> = labels.iter().filter(|label| !is_out(label)).cloned().collect();
            let is_known = |example: &Example| example.label.as_deref().is_none_or(|label| !is_out(label));
            let (mut kept, mut judged) = (Vec::new(), Vec::new());
            for (position, &index) in order.iter().enumerate() {
                let held_out = position % PARTS == part;
                if held_out {
                    judged.push(&examples[index]);
                } else if is_known(&examples[index]) {
                    kept.push(&examples[index]);
                }
            }
            if known.len() >= 2 {
                let model = self.fit(&kept, &known);
                seen.extend(read_all(&model, judged.into_iter()));
            }
        }
        seen
    }

    /// The threshold that costs at most [`Trainer::rejected_right`] of the answers that would have been right.
    fn threshold(&self, model: &Model, seen: &[Rehearsed]) -> f32 {
        let mut right: Vec<f32> = seen
            .iter()
            .filter_map(|(reading, label)| {
                let prediction = model.decide(reading);
                (*label == Some(prediction.label)).then_some(prediction.in_scope)
            })
            .collect();
        right.sort_by(f32::total_cmp);
        right.get((right.len() as f32 * self.rejected_right) as usize).copied().unwrap_or(0.0)
    }
}

fn read_all<'example>(model: &Model, examples: impl Iterator<Item = &'example Example>) -> Vec<Rehearsed> {
    examples
        .map(|example| {
            let label = number_of(&model.labels, example.label.as_deref()) as usize;
            (model.read(&example.text), (label < model.labels.len()).then_some(label))
        })
        .collect()
}

/// Fits temperature, correctness and rejector on examples as models saw them that were not trained on them.
fn calibrate(model: &mut Model, seen: &[Rehearsed]) {
    let (scores, labels): (Vec<Vec<f32>>, Vec<usize>) = seen.iter().filter_map(|(reading, label)| label.map(|label| (reading.scores.clone(), label))).unzip();
    model.temperature = temperature(&scores, &labels);
    let (rows, right): (Vec<Vec<f32>>, Vec<bool>) = seen
        .iter()
        .filter_map(|(reading, label)| {
            let label = (*label)?;
            let probability = top_probability(&reading.scores, model.temperature);
            Some((correctness_features(probability, &reading.evidence), top_two(&reading.scores).0 == label))
        })
        .unzip();
    model.correctness = Some(Logistic::fit(&rows, &right, &[], 1.0));
    let outside = seen.iter().filter(|(_, label)| label.is_none()).count();
    // Rehearsals without a class of outsiders have one number less; the rejector reads what all of them have.
    let width = seen.iter().map(|(reading, _)| reading.evidence.len()).min().unwrap_or(0);
    let evidence: Vec<Vec<f32>> = seen.iter().map(|(reading, _)| reading.evidence[..width].to_vec()).collect();
    let inside: Vec<bool> =
        seen.iter().map(|(reading, label)| if outside > 0 { label.is_some() } else { *label == Some(top_two(&reading.scores).0) }).collect();
    model.rejector = Some(Logistic::fit(&evidence, &inside, &[], 1.0));
}

/// The labels of examples, in order.
pub(crate) fn labels_of<'example>(examples: impl IntoIterator<Item = &'example Example>) -> Vec<String> {
    let mut labels: Vec<String> = examples.into_iter().filter_map(|example| example.label.clone()).collect();
    labels.sort();
    labels.dedup();
    labels
}

/// The index of a label; the number of labels for none or an unknown one.
pub(crate) fn number_of(labels: &[String], label: Option<&str>) -> u32 {
    let position = label.and_then(|label| labels.binary_search_by(|known| known.as_str().cmp(label)).ok());
    position.unwrap_or(labels.len()) as u32
}
