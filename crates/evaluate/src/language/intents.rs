//! `eval intents`.

use std::path::Path;
use std::time::Instant;

use anyhow::Context;
use ennakoi_language::intents::{Example, Model, Prediction, Trainer};
use ennakoi_language::learn::measures;
use ennakoi_language::{Language, detect};

use super::IntentsArguments;
use super::input::{Columns, Table};
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

pub(super) fn evaluate(arguments: &IntentsArguments) -> anyhow::Result<Report> {
    super::require(arguments.tier)?;
    let columns = &arguments.common.columns;
    let (train, language) = examples(&arguments.train, columns)?;
    let (test, _) = examples(&arguments.test, columns)?;
    let validation = match &arguments.validation {
        Some(path) => examples(path, columns)?.0,
        None => Vec::new(),
    };
    progress(&format!("training on {} messages …", train.len()));
    let begin = Instant::now();
    let model = Trainer { language, ..Trainer::default() }.train(&train, &validation).context("cannot train on these messages")?;
    let train_ms = begin.elapsed().as_secs_f64() * 1e3;
    let mut durations = Vec::with_capacity(test.len());
    let predictions: Vec<Prediction> = test
        .iter()
        .map(|example| {
            let begin = Instant::now();
            let prediction = model.predict(&example.text);
            durations.push(begin.elapsed());
            prediction
        })
        .collect();
    let mut report = Report::new("Intents");
    report.add("train_lines", train.len());
    report.add("test_lines", test.len());
    report.add("labels", model.labels().len());
    figures(&mut report, &model, &test, &predictions);
    report.add("train_ms", train_ms.round());
    report.durations("query_us", durations);
    Ok(report)
}

fn figures(report: &mut Report, model: &Model, test: &[Example], predictions: &[Prediction]) {
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
    report.share("ece", (!confidences.is_empty()).then(|| measures::expected_calibration_error(&confidences, &labelled_right)));
}
