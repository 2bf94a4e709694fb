//! `eval gaps`.

use std::collections::{HashMap, HashSet};

use anyhow::{Context, bail};
use ennakoi_language::clusters;
use ennakoi_language::intents::{Example, Model, Trainer};

use super::GapsArguments;
use super::intents::examples;
use super::report::{Report, progress, share_of};

/// Below this probability of being understood rightly, a message counts as unanswered.
const SURE: f32 = 0.45;
/// Clusters that a person would look through.
const CLUSTERS: usize = 30;

pub(super) fn evaluate(arguments: &GapsArguments) -> anyhow::Result<Report> {
    let columns = &arguments.common.columns;
    let hidden: HashSet<&str> = arguments.hidden_labels.iter().map(|label| label.trim()).collect();
    let is_hidden = |example: &Example| example.label.as_deref().is_some_and(|label| hidden.contains(label));
    let (known, language) = examples(&arguments.known, columns)?;
    let known: Vec<Example> = known.into_iter().filter(|example| !is_hidden(example)).collect();
    let (asked, _) = examples(&arguments.asked, columns)?;
    for label in &hidden {
        if !asked.iter().any(|example| example.label.as_deref() == Some(*label)) {
            bail!("{}: nobody asks about the hidden label `{label}`", arguments.asked.display());
        }
    }
    progress(&format!("training on {} messages …", known.len()));
    let model = Trainer { language, ..Trainer::default() }.train(&known, &[]).context("cannot train on the known messages")?;
    let texts: Vec<&str> = asked.iter().map(|example| example.text.as_str()).collect();
    let rejected: Vec<usize> = (0..asked.len()).filter(|&index| unanswered(&model, texts[index])).collect();
    let rejected_texts: Vec<&str> = rejected.iter().map(|&index| texts[index]).collect();
    let profiles: Vec<Vec<f32>> = rejected_texts.iter().map(|text| model.profile(text)).collect();
    let clusters = clusters::cluster_with(&rejected_texts, &profiles, language, CLUSTERS);
    let mut found = HashSet::new();
    let mut typical = 0_usize;
    for cluster in &clusters {
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for &member in &cluster.members {
            *counts.entry(asked[rejected[member]].label.as_deref().unwrap_or("oos")).or_default() += 1;
        }
        let Some((label, count)) = counts.into_iter().max_by(|left, right| left.1.cmp(&right.1).then(right.0.cmp(left.0))) else {
            continue;
        };
        typical += count;
        if hidden.contains(label) {
            found.insert(label);
        }
    }
    let mut report = Report::new("Gaps");
    report.add("asked", asked.len());
    report.add("rejected", rejected.len());
    report.share("hidden_rejected", share_of(asked.iter().filter(|example| is_hidden(example)).map(|example| unanswered(&model, &example.text))));
    report.add("clusters", clusters.len());
    report.share("hidden_found_in_30", Some(found.len() as f64 / hidden.len() as f64));
    let members: usize = clusters.iter().map(|cluster| cluster.members.len()).sum();
    report.share("purity", (members > 0).then(|| typical as f64 / members as f64));
    Ok(report)
}

/// Whether a message would go unanswered: rejected, or more probably outside than inside. A knowledge gap is looked for
/// among these, more widely than a customer is turned away.
fn unanswered(model: &Model, text: &str) -> bool {
    let prediction = model.predict(text);
    prediction.rejected || prediction.in_scope * prediction.confidence < SURE
}
