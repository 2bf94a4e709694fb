//! `eval language`.

use std::collections::HashMap;

use ennakoi_language::{Language, detect};
use serde_json::{Map, Value, json};

use super::TestArguments;
use super::input::Table;
use super::report::{Report, round, share_of};

pub(super) fn evaluate(arguments: &TestArguments) -> anyhow::Result<Report> {
    let table = Table::read(&arguments.test, &arguments.common.columns)?;
    let mut memory: HashMap<String, Language> = HashMap::new();
    let mut outcomes: Vec<(usize, Language, bool)> = Vec::with_capacity(table.records.len());
    for record in &table.records {
        let text = table.required(record, "text")?;
        let truth = table.language(record)?.ok_or_else(|| table.wrong(record, "language", "missing"))?;
        let conversation = table.optional(record, "conversation").filter(|id| !id.is_empty());
        let remembered = conversation.and_then(|id| memory.get(id)).copied();
        let found = detect(text, remembered, &[]).language;
        if let Some(id) = conversation {
            // The conversation remembers what was detected, as it would in service, not the truth.
            memory.insert(id.to_owned(), found);
        }
        outcomes.push((text.split_whitespace().count(), truth, found == truth));
    }
    let accuracy = |of: &dyn Fn(usize, Language) -> bool| share_of(outcomes.iter().filter(|(words, truth, _)| of(*words, *truth)).map(|&(_, _, right)| right));
    let mut report = Report::new("Language");
    report.add("lines", outcomes.len());
    report.share("accuracy", accuracy(&|_, _| true));
    report.share("accuracy_1_word", accuracy(&|words, _| words <= 1));
    report.share("accuracy_2_words", accuracy(&|words, _| words == 2));
    report.share("accuracy_3_plus", accuracy(&|words, _| words >= 3));
    let mut languages = Map::new();
    for language in Language::ALL {
        if let Some(share) = accuracy(&|_, truth| truth == language) {
            languages.insert(language.as_str().to_owned(), json!(round(share)));
        }
    }
    report.add("languages", Value::Object(languages));
    Ok(report)
}
