//! `eval feeling`.

use std::path::Path;

use ennakoi_embedding::Side;
use ennakoi_language::feeling::{Model, Polarity, feel};
use ennakoi_language::learn::measures;
use ennakoi_language::meaning::feeling;
use ennakoi_language::{Language, detect};
use serde_json::{Map, Value, json};

use super::FeelingArguments;
use super::input::{Columns, Table};
use super::meaning::Meaning;
use super::report::{Report, progress, round, share_of};

type Labelled = (String, Language, Polarity);

pub(super) fn evaluate(arguments: &FeelingArguments, models: &Path) -> anyhow::Result<Report> {
    let meaning = Meaning::open(&arguments.reading, models)?;
    let columns = &arguments.common.columns;
    let test = labelled(&arguments.test, columns)?;
    let train = match &arguments.train {
        None => None,
        Some(path) => Some(labelled(path, columns)?),
    };
    let predicted = match (&train, &meaning) {
        (None, _) => by_lexicon(&test),
        (Some(train), None) => {
            progress(&format!("training on {} messages …", train.len()));
            let model = Model::train(train)?;
            test.iter().map(|(text, language, _)| model.polarity(text, *language)).collect()
        }
        (Some(train), Some(meaning)) => {
            let vectors = [train, &test].map(|examples| meaning.vectors(Side::Query, &examples.iter().map(|example| example.0.as_str()).collect::<Vec<_>>()));
            progress(&format!("training on {} messages …", train.len()));
            let model = feeling::Model::train(train, &vectors[0])?;
            test.iter().zip(&vectors[1]).map(|((text, language, _), vector)| model.polarity(text, *language, vector)).collect()
        }
    };
    let mut report = Report::new("Feeling");
    report.add("lines", test.len());
    let all: Vec<usize> = (0..test.len()).collect();
    let (accuracy, macro_f1) = figures(&test, &predicted, &all);
    report.share("accuracy", accuracy);
    report.share("macro_f1", macro_f1);
    let mut languages = Map::new();
    for language in Language::ALL {
        let own: Vec<usize> = all.iter().copied().filter(|&index| test[index].1 == language).collect();
        if let (Some(accuracy), Some(macro_f1)) = figures(&test, &predicted, &own) {
            languages.insert(language.as_str().to_owned(), json!({ "accuracy": round(accuracy), "macro_f1": round(macro_f1) }));
        }
    }
    report.add("languages", Value::Object(languages));
    Ok(report)
}

/// By the lexicon alone. Where the test has no neutral messages, a message must be one or the other.
fn by_lexicon(test: &[Labelled]) -> Vec<Polarity> {
    let binary = test.iter().all(|example| example.2 != Polarity::Neutral);
    let read = |(text, language, _): &Labelled| {
        let feeling = feel(text, *language);
        match (binary, feeling.valence) {
            (false, _) => feeling.polarity,
            (true, valence) if valence < 0.0 => Polarity::Negative,
            (true, _) => Polarity::Positive,
        }
    };
    test.iter().map(read).collect()
}

fn figures(test: &[Labelled], predicted: &[Polarity], indexes: &[usize]) -> (Option<f64>, Option<f64>) {
    let accuracy = share_of(indexes.iter().map(|&index| test[index].2 == predicted[index]));
    let truth: Vec<usize> = indexes.iter().map(|&index| test[index].2 as usize).collect();
    let guess: Vec<usize> = indexes.iter().map(|&index| predicted[index] as usize).collect();
    (accuracy, (!indexes.is_empty()).then(|| measures::macro_f1(&truth, &guess)))
}

fn labelled(path: &std::path::Path, columns: &Columns) -> anyhow::Result<Vec<Labelled>> {
    let table = Table::read(path, columns)?;
    let mut examples = Vec::with_capacity(table.records.len());
    for record in &table.records {
        let text = table.required(record, "text")?;
        let label = table.required(record, "label")?;
        let polarity = polarity(label).ok_or_else(|| table.wrong(record, "label", &format!("expected negative, neutral or positive, found `{label}`")))?;
        let language = table.language(record)?.unwrap_or_else(|| detect(text, None, &[]).language);
        examples.push((text.to_owned(), language, polarity));
    }
    Ok(examples)
}

fn polarity(label: &str) -> Option<Polarity> {
    Some(match label.trim().to_lowercase().as_str() {
        "neg" | "negative" | "negatiivinen" | "-1" => Polarity::Negative,
        "neu" | "neutral" | "neutraali" | "0" => Polarity::Neutral,
        "pos" | "positive" | "positiivinen" | "positiv" | "1" => Polarity::Positive,
        _ => return None,
    })
}
