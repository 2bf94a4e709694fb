//! `eval intents`.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context;
use ennakoi_embedding::Side;
use ennakoi_language::intents::{Example, Model, Prediction, Trainer, TrainingError, names};
use ennakoi_language::learn::measures;
use ennakoi_language::meaning::intents;
use ennakoi_language::{Language, detect};

use super::IntentsArguments;
use super::input::{Columns, Table};
use super::meaning::Meaning;
use super::report::{Report, progress, share_of};

/// The label of messages that have none of the intents.
pub(super) const OUT_OF_SCOPE: &str = "oos";

/// Labelled examples of a file, with the language most of them are in.
pub(super) fn examples(path: &Path, columns: &Columns) -> anyhow::Result<(Vec<Example>, Option<Language>)> {
    let table = Table::read(path, columns)?;
    let mut examples = Vec::with_capacity(table.records.len());
    let mut votes = [0_usize; 3];
    for record in &table.records {
        let text = table.required(record, "text")?.to_owned();
        let label = table.required(record, "label")?;
        let language = table.language(record)?.unwrap_or_else(|| detect(&text, None, &[]).language);
        votes[Language::ALL.iter().position(|&other| other == language).unwrap_or(0)] += 1;
        examples.push(Example { text, label: (label != OUT_OF_SCOPE).then(|| label.to_owned()) });
    }
    let main = (0..3).find(|&place| votes[place] * 10 >= examples.len() * 9).map(|place| Language::ALL[place]);
    Ok((examples, main))
}

pub(super) fn evaluate(arguments: &IntentsArguments, models: &Path) -> anyhow::Result<Report> {
    let meaning = Meaning::open(&arguments.reading, models)?;
    let columns = &arguments.common.columns;
    let (train, language) = examples(&arguments.train, columns)?;
    let (test, _) = examples(&arguments.test, columns)?;
    let validation = match &arguments.validation {
        Some(path) => examples(path, columns)?.0,
        None => Vec::new(),
    };
    let trainer = Trainer { language, ..Trainer::default() };
    let begin = Instant::now();
    let (judge, embed_ms) = Judge::train(&trainer, &train, &validation, meaning.as_ref()).context("cannot train on these messages")?;
    let train_ms = begin.elapsed().as_secs_f64() * 1e3 - embed_ms;
    let mut durations = Vec::with_capacity(test.len());
    let vectors = meaning.as_ref().map(|meaning| meaning.vectors(Side::Query, &texts(&test)));
    let mut predictions = Vec::with_capacity(test.len());
    for (index, example) in test.iter().enumerate() {
        let begin = Instant::now();
        predictions.push(judge.predict(&example.text, vectors.as_ref().map(|vectors| vectors[index].as_slice())));
        durations.push(begin.elapsed());
    }
    if let Some(meaning) = &meaning {
        // What a question costs from its text on; vectors of a whole file come in batches, which no customer waits for.
        durations = timed(meaning, &judge, &test);
    }
    let mut report = Report::new("Intents");
    report.add("train_lines", train.len());
    report.add("test_lines", test.len());
    report.add("labels", judge.labels().len());
    figures(&mut report, &judge, &test, &predictions);
    report.add("train_ms", train_ms.round());
    if meaning.is_some() {
        report.add("embed_ms", embed_ms.round());
    }
    report.durations("query_us", durations);
    Ok(report)
}

/// Questions that are timed one by one.
const TIMED: usize = 200;

fn timed(meaning: &Meaning, judge: &Judge, test: &[Example]) -> Vec<Duration> {
    let step = (test.len() / TIMED).max(1);
    test.iter()
        .step_by(step)
        .map(|example| {
            let begin = Instant::now();
            let vector = meaning.embedder.question(&example.text);
            let _ = judge.predict(&example.text, Some(&vector));
            begin.elapsed()
        })
        .collect()
}

pub(super) fn texts(examples: &[Example]) -> Vec<&str> {
    examples.iter().map(|example| example.text.as_str()).collect()
}

/// A model of either tier.
pub(super) enum Judge {
    Words(Box<Model>),
    Meaning(Box<intents::Model>),
}

impl Judge {
    /// Trains, and says how long the vectors took, in milliseconds.
    pub(super) fn train(trainer: &Trainer, train: &[Example], validation: &[Example], meaning: Option<&Meaning>) -> Result<(Self, f64), TrainingError> {
        let Some(meaning) = meaning else {
            progress(&format!("training on {} messages …", train.len()));
            return Ok((Self::Words(Box::new(trainer.train(train, validation)?)), 0.0));
        };
        let begin = Instant::now();
        let names = names(train);
        let vectors = [train, &names, validation].map(|examples| meaning.vectors(Side::Query, &texts(examples)));
        let embed_ms = begin.elapsed().as_secs_f64() * 1e3;
        progress(&format!("training on {} messages …", train.len()));
        let [known, called, seen] =
            [(train, &vectors[0]), (&names, &vectors[1]), (validation, &vectors[2])].map(|(examples, vectors)| intents::told(examples, vectors));
        let model = intents::train(trainer, &known, &called, &seen)?;
        Ok((Self::Meaning(Box::new(model)), embed_ms))
    }

    pub(super) fn predict(&self, text: &str, vector: Option<&[f32]>) -> Prediction {
        match self {
            Self::Words(model) => model.predict(text),
            Self::Meaning(model) => model.predict(text, vector.unwrap_or_default()),
        }
    }

    pub(super) fn profile(&self, text: &str, vector: Option<&[f32]>) -> Vec<f32> {
        match self {
            Self::Words(model) => model.profile(text),
            Self::Meaning(model) => model.profile(text, vector.unwrap_or_default()),
        }
    }

    fn labels(&self) -> &[String] {
        match self {
            Self::Words(model) => model.labels(),
            Self::Meaning(model) => model.labels(),
        }
    }

    fn threshold(&self) -> f32 {
        match self {
            Self::Words(model) => model.threshold(),
            Self::Meaning(model) => model.threshold(),
        }
    }
}

fn figures(report: &mut Report, model: &Judge, test: &[Example], predictions: &[Prediction]) {
    let right: Vec<bool> =
        test.iter().zip(predictions).map(|(example, prediction)| example.label.as_deref() == Some(model.labels()[prediction.label].as_str())).collect();
    let labelled = || (0..test.len()).filter(|&index| test[index].label.is_some());
    report.share("accuracy", share_of(labelled().map(|index| right[index])));
    let unknown = model.labels().len();
    let truth: Vec<usize> =
        labelled().map(|index| model.labels().iter().position(|label| Some(label) == test[index].label.as_ref()).unwrap_or(unknown)).collect();
    let predicted: Vec<usize> = labelled().map(|index| predictions[index].label).collect();
    report.share("macro_f1", (!truth.is_empty()).then(|| measures::macro_f1(&truth, &predicted)));
    report.share("threshold", Some(f64::from(model.threshold())));
    report.share("in_scope_accuracy", share_of(labelled().map(|index| right[index] && !predictions[index].rejected)));
    let outside = (0..test.len()).filter(|&index| test[index].label.is_none());
    report.share("oos_recall", share_of(outside.map(|index| predictions[index].rejected)));
    let scores: Vec<f32> = predictions.iter().map(|prediction| prediction.in_scope).collect();
    let inside: Vec<bool> = test.iter().map(|example| example.label.is_some()).collect();
    report.share("oos_auroc", measures::auroc(&scores, &inside));
    let confidences: Vec<f32> = labelled().map(|index| predictions[index].confidence).collect();
    let labelled_right: Vec<bool> = labelled().map(|index| right[index]).collect();
    report.share(
        "mean_confidence",
        (!confidences.is_empty()).then(|| confidences.iter().map(|&confidence| f64::from(confidence)).sum::<f64>() / confidences.len() as f64),
    );
    report.share("ece", (!confidences.is_empty()).then(|| measures::expected_calibration_error(&confidences, &labelled_right)));
}
