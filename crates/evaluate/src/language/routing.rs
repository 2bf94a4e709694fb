//! `eval routing`.

use std::path::Path;

use ennakoi_language::{Language, detect, safety};
use serde_json::{Map, Value, json};

use super::RoutingArguments;
use super::input::Table;
use super::meaning::Meaning;
use super::report::{Report, round, share_of};

pub(super) fn evaluate(arguments: &RoutingArguments, models: &Path) -> anyhow::Result<Report> {
    // Sensitive matters are judged by words in both tiers; a model that is missing is said all the same.
    Meaning::open(&arguments.reading, models)?;
    let table = Table::read(&arguments.test, &arguments.common.columns)?;
    let mut outcomes: Vec<(Language, bool, bool)> = Vec::with_capacity(table.records.len());
    for record in &table.records {
        let text = table.required(record, "text")?;
        let language = table.language(record)?.unwrap_or_else(|| detect(text, None, &[]).language);
        let person = match table.required(record, "label")? {
            "person" => true,
            "bot" => false,
            other => {
                return Err(table.wrong(record, "label", &format!("expected person or bot, found `{other}`")));
            }
        };
        outcomes.push((language, person, safety::screen(text, language).is_some()));
    }
    let recall = |of: &dyn Fn(Language) -> bool, wanted: bool| {
        share_of(outcomes.iter().filter(|(language, person, _)| of(*language) && *person == wanted).map(|&(_, _, stopped)| stopped))
    };
    let mut report = Report::new("What goes to a person");
    report.add("lines", outcomes.len());
    report.share("person_recall", recall(&|_| true, true));
    report.share("false_person_rate", recall(&|_| true, false));
    let mut languages = Map::new();
    for language in Language::ALL.into_iter().filter(|language| outcomes.iter().any(|(other, _, _)| other == language)) {
        let one = |wanted| recall(&|other| other == language, wanted).map_or(Value::Null, |share| json!(round(share)));
        languages.insert(language.as_str().to_owned(), json!({ "person_recall": one(true), "false_person_rate": one(false) }));
    }
    report.add("languages", Value::Object(languages));
    Ok(report)
}
