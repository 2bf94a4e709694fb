//! `eval quotes`.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, bail};
use ennakoi_language::quotes::strip;
use serde_json::json;

use super::QuotesArguments;
use super::report::{Report, share_of};

pub(super) fn evaluate(arguments: &QuotesArguments) -> anyhow::Result<Report> {
    let folder = &arguments.dir;
    let mut mails: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry.with_context(|| format!("cannot read {}", folder.display()))?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if name.ends_with(".txt") && !name.ends_with(".expected.txt") {
            mails.push(path);
        }
    }
    if mails.is_empty() {
        bail!("{}: no mails (`NN.txt`)", folder.display());
    }
    mails.sort();
    let mut outcomes = Vec::with_capacity(mails.len());
    for mail in &mails {
        let read = |path: &PathBuf| {
            fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).with_context(|| format!("cannot read {}", path.display()))
        };
        let expected = read(&mail.with_extension("expected.txt"))?;
        outcomes.push(folded(&strip(&read(mail)?).text) == folded(&expected));
    }
    let mut report = Report::new("Quoted text in mails");
    report.add("mails", mails.len());
    report.share("exact", share_of(outcomes.iter().copied()));
    let missed: Vec<String> = mails
        .iter()
        .zip(&outcomes)
        .filter(|(_, right)| !**right)
        .map(|(path, _)| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default())
        .collect();
    report.add("missed", json!(missed));
    Ok(report)
}

/// A text with its white space folded.
fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
