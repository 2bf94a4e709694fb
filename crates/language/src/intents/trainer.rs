//! Training: vocabulary, linear model, probability and rejector, in this order, each fitted on examples that the
//! previous one has not seen.

use super::model::{Model, Reading, correctness_features, top_probability, top_two};
use super::neighbours::Neighbours;
use crate::Language;
use crate::learn::calibration::{Logistic, temperature};
use crate::learn::features::{Recipe, Rows, Vocabulary};
use crate::learn::linear::{Linear, Training};
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
        Self {
            language: None,
            rejected_right: 0.015,
        }
    }
}

const TRAINING: Training = Training {
    cost: 1.0,
    tolerance: 0.1,
    passes: 30,
    positive_weight: 1.0,
};
/// Examples held out for calibration when no validation set is given.
const HELD_OUT_SHARE: f64 = 0.2;

impl Trainer {
    /// Trains on `examples`. `validation`, if given, fits the probabilities and the threshold; otherwise a fifth of the
    /// examples is held out for that and the final model is trained on everything.
    ///
    /// # Errors
    /// [`TrainingError::TooFewIntents`] with fewer than two labels.
    pub fn train(
        &self,
        examples: &[Example],
        validation: &[Example],
    ) -> Result<Model, TrainingError> {
        let mut labels: Vec<String> = examples
            .iter()
            .filter_map(|example| example.label.clone())
            .collect();
        labels.sort();
        labels.dedup();
        if labels.len() < 2 {
            return Err(TrainingError::TooFewIntents);
        }
        if validation.iter().any(|example| example.label.is_some()) {
            let mut model = self.fit(examples, &labels);
            self.calibrate(&mut model, validation);
            return Ok(model);
        }
        let (kept, held_out) = split(examples);
        let mut rehearsal = self.fit(&kept, &labels);
        let held_out: Vec<Example> = held_out
            .into_iter()
            .chain(validation.iter().cloned())
            .collect();
        self.calibrate(&mut rehearsal, &held_out);
        let fitted = self.fit(examples, &labels);
        Ok(Model {
            temperature: rehearsal.temperature,
            correctness: rehearsal.correctness,
            rejector: rehearsal.rejector,
            threshold: rehearsal.threshold,
            ..fitted
        })
    }

    fn recipe(&self) -> Recipe {
        Recipe {
            characters: (2, 5),
            words: 2,
            stems: self.language,
            gaps: false,
            word_weight: 1.0,
        }
    }

    /// Vocabulary, linear model and neighbours of the examples, uncalibrated.
    fn fit(&self, examples: &[Example], labels: &[String]) -> Model {
        let recipe = self.recipe();
        let counts: Vec<_> = examples
            .iter()
            .map(|example| recipe.counts(&example.text))
            .collect();
        let vocabulary =
            Vocabulary::learn(recipe, &counts, if examples.len() > 3_000 { 2 } else { 1 });
        let mut rows = Rows::new();
        let mut word_rows = Vec::with_capacity(examples.len());
        for (count, example) in counts.iter().zip(examples) {
            let (row, _) = vocabulary.row(count);
            if example.label.is_some() {
                word_rows.push(vocabulary.word_row(&row));
            }
            rows.push(&row);
        }
        let numbers: Vec<u32> = examples
            .iter()
            .map(|example| label_number(labels, example.label.as_deref()))
            .collect();
        let outside = numbers
            .iter()
            .filter(|&&number| number as usize == labels.len())
            .count();
        let classes = labels.len() + usize::from(outside >= 20);
        let linear = Linear::train(&rows, &numbers, classes, vocabulary.len(), TRAINING);
        let neighbours = Neighbours::build(&word_rows, vocabulary.len());
        Model {
            labels: labels.to_vec(),
            vocabulary,
            linear,
            neighbours,
            temperature: 1.0,
            correctness: None,
            rejector: None,
            threshold: 0.0,
        }
    }

    /// Fits temperature, correctness and rejector on examples the model has not seen.
    fn calibrate(&self, model: &mut Model, held_out: &[Example]) {
        let readings: Vec<(Reading, Option<usize>)> = held_out
            .iter()
            .map(|example| {
                let label = label_number(&model.labels, example.label.as_deref()) as usize;
                let known = label < model.labels.len();
                // A label never trained on is a kind of text the model knows nothing of.
                (model.read(&example.text, None), known.then_some(label))
            })
            .collect();
        let (scores, labels): (Vec<Vec<f32>>, Vec<usize>) = readings
            .iter()
            .filter_map(|(reading, label)| label.map(|label| (reading.scores.clone(), label)))
            .unzip();
        model.temperature = temperature(&scores, &labels);
        let (rows, right): (Vec<Vec<f32>>, Vec<bool>) = readings
            .iter()
            .filter_map(|(reading, label)| {
                let label = (*label)?;
                let probability = top_probability(&reading.scores, model.temperature);
                Some((
                    correctness_features(probability, &reading.evidence),
                    top_two(&reading.scores).0 == label,
                ))
            })
            .unzip();
        model.correctness = Some(Logistic::fit(&rows, &right, &[], 1.0));
        let outside = readings.iter().filter(|(_, label)| label.is_none()).count();
        let evidence: Vec<Vec<f32>> = readings
            .iter()
            .map(|(reading, _)| reading.evidence.clone())
            .collect();
        let inside: Vec<bool> = readings
            .iter()
            .map(|(reading, label)| {
                if outside > 0 {
                    label.is_some()
                } else {
                    *label == Some(top_two(&reading.scores).0)
                }
            })
            .collect();
        model.rejector = Some(Logistic::fit(&evidence, &inside, &[], 1.0));
        model.threshold = self.threshold(model, &readings);
    }

    /// The threshold that costs at most [`Trainer::rejected_right`] of the answers that would have been right.
    fn threshold(&self, model: &Model, readings: &[(Reading, Option<usize>)]) -> f32 {
        let mut right: Vec<f32> = readings
            .iter()
            .filter_map(|(reading, label)| {
                let prediction = model.decide(reading);
                (*label == Some(prediction.label)).then_some(prediction.in_scope)
            })
            .collect();
        right.sort_by(f32::total_cmp);
        right
            .get((right.len() as f32 * self.rejected_right) as usize)
            .copied()
            .unwrap_or(0.0)
    }
}

/// The index of a label; the number of labels for none or an unknown one.
fn label_number(labels: &[String], label: Option<&str>) -> u32 {
    let position = label.and_then(|label| {
        labels
            .binary_search_by(|known| known.as_str().cmp(label))
            .ok()
    });
    position.unwrap_or(labels.len()) as u32
}

/// Splits examples into those trained on and those held out, the same way every time.
fn split(examples: &[Example]) -> (Vec<Example>, Vec<Example>) {
    let mut order: Vec<usize> = (0..examples.len()).collect();
    Random::new(77).shuffle(&mut order);
    let held_out = (examples.len() as f64 * HELD_OUT_SHARE) as usize;
    let pick = |indexes: &[usize]| {
        indexes
            .iter()
            .map(|&index| examples[index].clone())
            .collect()
    };
    (pick(&order[held_out..]), pick(&order[..held_out]))
}
