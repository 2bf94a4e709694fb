//! Training: vocabulary, linear model, probability and rejector, in this order, each fitted on examples that the
//! previous one has not seen.

use super::model::{Model, Reading, beside, correctness_features, top_probability, top_two};
use super::neighbours::Neighbours;
use super::rehearsal::{STRANGER_WEIGHT, Shows, plan};
use crate::Language;
use crate::learn::calibration::{Logistic, temperature};
use crate::learn::features::{Recipe, Rows, Vocabulary};
use crate::learn::linear::{Centres, Linear, Training};

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
/// Above this, features seen in one example only are dropped, to bound memory.
const LARGE_SET: usize = 12_000;
/// Fewer examples of an intent than this are few.
const FEW_EXAMPLES: usize = 40;
/// What the middle of an intent's examples is worth beside the linear model, where they are few.
const CENTRE_OF_FEW: f32 = 0.6;
/// Fewer examples outside all intents than this do not make a class of their own.
const OUTSIDE_CLASS: usize = 20;

/// What an unseen example looked like to a model.
struct Rehearsed {
    reading: Reading,
    /// `None` if it has none that the model knows.
    label: Option<usize>,
    shows: Shows,
    /// What it counts for the rejector.
    weight: f32,
}

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
        let mut seen: Vec<Rehearsed> = if validated { read_all(&model, validation.iter(), Shows::Both) } else { Vec::new() };
        if !validated || !outside_given {
            let rehearsed = self.rehearse(examples, &labels, !outside_given);
            if validated {
                // Only what a validation set cannot show is taken from the rehearsal.
                seen.extend(rehearsed.into_iter().filter(|one| one.label.is_none()));
            } else {
                seen.extend(rehearsed);
                seen.extend(read_all(&model, validation.iter(), Shows::Both));
            }
        }
        calibrate(&mut model, &seen);
        model.threshold = self.threshold(&model, &seen);
        Ok(model)
    }

    /// The fewer examples an intent has, the more the thesaurus must say; very large sets go without, for time.
    fn recipe(&self, examples: usize, intents: usize) -> Recipe {
        let concept_weight = match examples {
            _ if examples > LARGE_SET => 0.0,
            _ if few(examples, intents) => 0.6,
            _ => 0.3,
        };
        Recipe { characters: (2, 5), words: 2, stems: true, concept_weight, gaps: false, word_weight: 1.0 }
    }

    /// Vocabulary, linear model, centres and neighbours of the examples, uncalibrated.
    fn fit(&self, examples: &[&Example], labels: &[String]) -> Model {
        let names = names_of(labels, examples.len());
        let lessons: Vec<&Example> = examples.iter().copied().chain(&names).collect();
        self.fit_beside(&lessons, labels, &[])
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
        let mut linear = Linear::train(&rows, &numbers, classes, vocabulary.len() + width, TRAINING);
        let centres = Centres::learn(&rows, &numbers, labels.len(), vocabulary.len() + width);
        if vectors.is_empty() && few(examples.len(), labels.len()) {
            linear.lean_on(&centres, CENTRE_OF_FEW);
        }
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

    /// Examples read by models that were not trained on them. With `leave_out`, some models also miss some intents,
    /// whose examples then count as having none.
    fn rehearse(&self, examples: &[Example], labels: &[String], leave_out: bool) -> Vec<Rehearsed> {
        let names: Vec<Option<&str>> = examples.iter().map(|example| example.label.as_deref()).collect();
        let mut seen = Vec::new();
        for rehearsal in plan(labels, &names, leave_out) {
            let kept: Vec<&Example> = rehearsal.kept.iter().map(|&index| &examples[index]).collect();
            let model = self.fit(&kept, &rehearsal.known);
            seen.extend(read_all(&model, rehearsal.judged.iter().map(|&index| &examples[index]), rehearsal.shows));
        }
        seen
    }

    /// The threshold that costs at most [`Trainer::rejected_right`] of the answers that would have been right.
    fn threshold(&self, model: &Model, seen: &[Rehearsed]) -> f32 {
        let mut right: Vec<f32> = seen
            .iter()
            .filter(|one| one.shows.strangers())
            .filter_map(|one| {
                let prediction = model.decide(&one.reading);
                (one.label == Some(prediction.label)).then_some(prediction.in_scope)
            })
            .collect();
        right.sort_by(f32::total_cmp);
        right.get((right.len() as f32 * self.rejected_right) as usize).copied().unwrap_or(0.0)
    }
}

fn read_all<'example>(model: &Model, examples: impl Iterator<Item = &'example Example>, shows: Shows) -> Vec<Rehearsed> {
    examples
        .map(|example| {
            let label = number_of(&model.labels, example.label.as_deref()) as usize;
            let label = (label < model.labels.len()).then_some(label);
            let weight = if label.is_none() && example.label.is_some() { STRANGER_WEIGHT } else { 1.0 };
            Rehearsed { reading: model.read(&example.text), label, shows, weight }
        })
        .collect()
}

/// Fits temperature, correctness and rejector on examples as models saw them that were not trained on them.
fn calibrate(model: &mut Model, seen: &[Rehearsed]) {
    let rightness = || seen.iter().filter(|one| one.shows.rightness()).filter_map(|one| Some((&one.reading, one.label?)));
    let (scores, labels): (Vec<Vec<f32>>, Vec<usize>) = rightness().map(|(reading, label)| (reading.scores.clone(), label)).unzip();
    model.temperature = temperature(&scores, &labels);
    let (rows, right): (Vec<Vec<f32>>, Vec<bool>) = rightness()
        .map(|(reading, label)| {
            let probability = top_probability(&reading.scores, model.temperature);
            (correctness_features(probability, &reading.evidence), top_two(&reading.scores).0 == label)
        })
        .unzip();
    model.correctness = Some(Logistic::fit(&rows, &right, &[], 1.0));
    let seen: Vec<&Rehearsed> = seen.iter().filter(|one| one.shows.strangers()).collect();
    let outside = seen.iter().any(|one| one.label.is_none());
    // Rehearsals without a class of outsiders have one number less; the rejector reads what all of them have.
    let width = seen.iter().map(|one| one.reading.evidence.len()).min().unwrap_or(0);
    let evidence: Vec<Vec<f32>> = seen.iter().map(|one| one.reading.evidence[..width].to_vec()).collect();
    let inside: Vec<bool> = seen.iter().map(|one| if outside { one.label.is_some() } else { one.label == Some(top_two(&one.reading.scores).0) }).collect();
    let weights: Vec<f32> = seen.iter().map(|one| one.weight).collect();
    model.rejector = Some(Logistic::fit(&evidence, &inside, &weights, 1.0));
}

/// Whether intents have few examples.
pub(crate) fn few(examples: usize, intents: usize) -> bool {
    examples / intents.max(1) < FEW_EXAMPLES
}

/// What the intents' names say, as one more example of each: where examples are few, a name that somebody gave says much. None
/// where there are many, and none of names without words.
#[must_use]
pub fn names(examples: &[Example]) -> Vec<Example> {
    names_of(&labels_of(examples), examples.len())
}

fn names_of(labels: &[String], examples: usize) -> Vec<Example> {
    let named = labels.iter().filter(|_| few(examples, labels.len())).map(|label| (label, spoken(label)));
    named.filter(|(_, text)| !text.is_empty()).map(|(label, text)| Example { text, label: Some(label.clone()) }).collect()
}

/// The words of a name such as `card_arrival` or `cardArrival`.
fn spoken(name: &str) -> String {
    let mut words = String::with_capacity(name.len() + 4);
    let mut before = ' ';
    for character in name.chars() {
        let begins = character.is_uppercase() && before.is_lowercase();
        if (begins || !character.is_alphanumeric()) && !words.ends_with(' ') && !words.is_empty() {
            words.push(' ');
        }
        if character.is_alphanumeric() {
            words.push(character);
        }
        before = character;
    }
    let words = words.trim_end();
    if words.chars().any(char::is_alphabetic) { words.to_lowercase() } else { String::new() }
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
