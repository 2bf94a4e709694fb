//! `eval gaps`.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use anyhow::{Context, bail};
use ennakoi_embedding::Side;
use ennakoi_language::clusters;
use ennakoi_language::intents::{Example, Prediction, Trainer};
use ennakoi_language::meaning::gaps;

use super::GapsArguments;
use super::intents::{Judge, examples, texts};
use super::meaning::Meaning;
use super::report::{Report, share_of};

/// Below this probability of being understood rightly, a message counts as unanswered.
const SURE: f32 = 0.45;
/// Clusters that a person would look through.
const CLUSTERS: usize = 30;

pub(super) fn evaluate(arguments: &GapsArguments, models: &Path) -> anyhow::Result<Report> {
    let meaning = Meaning::open(&arguments.reading, models)?;
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
    let trainer = Trainer { language, ..Trainer::default() };
    let (judge, _) = Judge::train(&trainer, &known, &[], meaning.as_ref()).context("cannot train on the known messages")?;
    let texts = texts(&asked);
    let vectors = meaning.as_ref().map(|meaning| meaning.vectors(Side::Query, &texts));
    let vector = |index: usize| vectors.as_ref().map(|vectors| vectors[index].as_slice());
    let open: Vec<bool> = (0..asked.len()).map(|index| unanswered(judge.predict(texts[index], vector(index)))).collect();
    let rejected: Vec<usize> = (0..asked.len()).filter(|&index| open[index]).collect();
    let rejected_texts: Vec<&str> = rejected.iter().map(|&index| texts[index]).collect();
    let profiles: Vec<Vec<f32>> = rejected.iter().map(|&index| judge.profile(texts[index], vector(index))).collect();
    let clusters = match &vectors {
        None => clusters::cluster_with(&rejected_texts, &profiles, language, CLUSTERS),
        Some(vectors) => {
            let vectors: Vec<Vec<f32>> = rejected.iter().map(|&index| vectors[index].clone()).collect();
            gaps::cluster(&rejected_texts, &vectors, &profiles, language, CLUSTERS)
        }
    };
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
    report.share("hidden_rejected", share_of(asked.iter().zip(&open).filter(|(example, _)| is_hidden(example)).map(|(_, open)| *open)));
    report.add("clusters", clusters.len());
    report.share("hidden_found_in_30", Some(found.len() as f64 / hidden.len() as f64));
    let members: usize = clusters.iter().map(|cluster| cluster.members.len()).sum();
    report.share("purity", (members > 0).then(|| typical as f64 / members as f64));
    Ok(report)
}

/// Whether a message would go unanswered: rejected, or more probably outside than inside. A knowledge gap is looked for
/// among these, more widely than a customer is turned away.
fn unanswered(prediction: Prediction) -> bool {
    prediction.rejected || prediction.in_scope * prediction.confidence < SURE
}
