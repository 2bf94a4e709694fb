//! Reading labelled text: JSON lines, TSV and CSV, with columns named by the user.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fs;
use std::path::Path;
use std::str::FromStr;

use anyhow::{Context, bail};
use ennakoi_language::Language;

/// Own names for the columns of a file: logical name → column.
#[derive(Debug, Clone, Default)]
pub(super) struct Columns(HashMap<String, String>);

impl FromStr for Columns {
    type Err = Infallible;

    fn from_str(list: &str) -> Result<Self, Infallible> {
        let pairs = list.split(',').filter_map(|pair| pair.split_once('='));
        Ok(Self(pairs.map(|(name, column)| (name.trim().to_owned(), column.trim().to_owned())).collect()))
    }
}

/// Other names under which a column is found when the user names none.
const ALIASES: [(&str, &[&str]); 3] = [("language", &["lang", "locale"]), ("conversation", &["conversation_id", "thread"]), ("label", &["intent", "class"])];

/// One line of a file: its number (1-based) and its fields.
pub(super) struct Record {
    pub(super) line: usize,
    fields: HashMap<String, String>,
}

/// A file of records.
pub(super) struct Table {
    name: String,
    columns: Columns,
    pub(super) records: Vec<Record>,
}

impl Table {
    /// Reads a whole file. JSON lines are recognised by their first character, TSV and CSV by the header line.
    pub(super) fn read(path: &Path, columns: &Columns) -> anyhow::Result<Self> {
        let name = path.display().to_string();
        let bytes = fs::read(path).with_context(|| format!("cannot read {name}"))?;
        let content = String::from_utf8(bytes).map_err(|error| {
            let valid = error.utf8_error().valid_up_to();
            let line = error.as_bytes()[..valid].iter().filter(|&&byte| byte == b'\n').count() + 1;
            anyhow::anyhow!("{name}, line {line}: not UTF-8 text")
        })?;
        let content = content.strip_prefix('\u{feff}').unwrap_or(&content);
        let records = if content.trim_start().starts_with('{') { json_lines(content, &name)? } else { delimited(content, &name)? };
        if records.is_empty() {
            bail!("{name}: no lines");
        }
        Ok(Self { name, columns: columns.clone(), records })
    }

    /// A field that must be there.
    pub(super) fn required<'record>(&self, record: &'record Record, logical: &str) -> anyhow::Result<&'record str> {
        self.optional(record, logical).with_context(|| format!("{}, line {}: no column `{}`", self.name, record.line, self.column(logical)))
    }

    /// A field that may be missing.
    pub(super) fn optional<'record>(&self, record: &'record Record, logical: &str) -> Option<&'record str> {
        if let Some(named) = self.columns.0.get(logical) {
            return record.fields.get(named).map(String::as_str);
        }
        let aliases = ALIASES.iter().find(|(name, _)| *name == logical).map_or(&[][..], |(_, aliases)| aliases);
        [logical].iter().chain(aliases).find_map(|name| record.fields.get(*name)).map(String::as_str)
    }

    /// The language of a record, if the file says one.
    pub(super) fn language(&self, record: &Record) -> anyhow::Result<Option<Language>> {
        match self.optional(record, "language").filter(|code| !code.is_empty()) {
            None => Ok(None),
            Some(code) => {
                let parsed = code.parse().with_context(|| format!("{}, line {}, column `language`", self.name, record.line))?;
                Ok(Some(parsed))
            }
        }
    }

    /// An error about one field.
    pub(super) fn wrong(&self, record: &Record, logical: &str, why: &str) -> anyhow::Error {
        anyhow::anyhow!("{}, line {}, column `{}`: {why}", self.name, record.line, self.column(logical))
    }

    fn column<'column>(&'column self, logical: &'column str) -> &'column str {
        self.columns.0.get(logical).map_or(logical, String::as_str)
    }
}

fn json_lines(content: &str, name: &str) -> anyhow::Result<Vec<Record>> {
    let mut records = Vec::new();
    for (index, line) in content.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let value: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(line).map_err(|error| anyhow::anyhow!("{name}, line {}, column {}: {error}", index + 1, error.column()))?;
        let fields = value.into_iter().map(|(key, value)| (key, plain(value))).collect();
        records.push(Record { line: index + 1, fields });
    }
    Ok(records)
}

fn plain(value: serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => text,
        serde_json::Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// Delimited text with a header. Quotes are honoured if every record then has the header's width; otherwise the file
/// was written without quoting, and a quotation mark is only a character.
fn delimited(content: &str, name: &str) -> anyhow::Result<Vec<Record>> {
    let header = content.lines().next().unwrap_or("");
    let delimiter = if header.contains('\t') {
        b'\t'
    } else if header.contains(';') && !header.contains(',') {
        b';'
    } else {
        b','
    };
    match parse(content, delimiter, true) {
        Ok(records) => Ok(records),
        Err(_) => parse(content, delimiter, false).map_err(|(line, why)| anyhow::anyhow!("{name}, line {line}: {why}")),
    }
}

fn parse(content: &str, delimiter: u8, quoting: bool) -> Result<Vec<Record>, (u64, String)> {
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).quoting(quoting).flexible(true).from_reader(content.as_bytes());
    let headers = reader.headers().map_err(|error| (1, error.to_string()))?.clone();
    let mut records = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| (error.position().map_or(0, csv::Position::line), error.to_string()))?;
        let line = record.position().map_or(0, csv::Position::line);
        if record.len() != headers.len() {
            return Err((line, format!("{} fields, the header has {}", record.len(), headers.len())));
        }
        let fields = headers.iter().zip(&record).map(|(header, field)| (header.trim().to_owned(), field.to_owned())).collect();
        records.push(Record { line: line as usize, fields });
    }
    Ok(records)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tsv_with_and_without_quoting() {
        let quoted = delimited("text\tlabel\n\"a \"\"b\"\"\nc\"\tx\n", "t").expect("quoted");
        assert_eq!(quoted[0].fields["text"], "a \"b\"\nc");
        let plain = delimited("text\tlabel\n\"a b\tx\nc\ty\n", "t").expect("plain");
        assert_eq!(plain[0].fields["text"], "\"a b");
        assert_eq!(plain[1].line, 3);
    }

    #[test]
    fn errors_name_file_line_and_column() {
        let error = json_lines("{\"text\": \"a\"}\n{\"text\": }\n", "f.jsonl").map(|_| ()).expect_err("broken line");
        assert!(error.to_string().starts_with("f.jsonl, line 2, column 10"), "{error}");
        let error = delimited("text\tlabel\nonly\n", "f.tsv").map(|_| ()).expect_err("short line");
        assert_eq!(error.to_string(), "f.tsv, line 2: 1 fields, the header has 2");
    }
}
