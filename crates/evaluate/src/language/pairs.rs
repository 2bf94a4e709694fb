//! `eval pairs`.

use std::path::Path;

use ennakoi_embedding::Side;
use ennakoi_language::meaning::pairs::Finder;
use ennakoi_language::retrieval::Retriever;
use ennakoi_language::{Language, detect};

use super::PairsArguments;
use super::input::Table;
use super::meaning::Meaning;
use super::report::{Report, share_of};

pub(super) fn evaluate(arguments: &PairsArguments, models: &Path) -> anyhow::Result<Report> {
    let meaning = Meaning::open(&arguments.reading, models)?;
    let table = Table::read(&arguments.pairs, &arguments.common.columns)?;
    let mut pairs = Vec::with_capacity(table.records.len());
    for record in &table.records {
        let first = table.required(record, "txt1")?;
        let second = table.required(record, "txt2")?;
        let similarity = match table.optional(record, "lexsim") {
            None => None,
            Some(value) => Some(value.parse::<f64>().map_err(|_| table.wrong(record, "lexsim", "expected a number"))?),
        };
        let language = table.language(record)?.unwrap_or_else(|| detect(first, Some(Language::Fi), &[]).language);
        pairs.push((first, second, similarity, language));
    }
    let second = || pairs.iter().map(|&(_, second, _, language)| (language, second));
    let scores: Box<dyn Fn(usize) -> Vec<f32>> = match &meaning {
        None => {
            let retriever = Retriever::build(second());
            let pairs = &pairs;
            Box::new(move |index| retriever.scores(pairs[index].0, pairs[index].3))
        }
        Some(meaning) => {
            let asked = meaning.vectors(Side::Query, &pairs.iter().map(|pair| pair.0).collect::<Vec<_>>());
            let finder = Finder::build(second(), &meaning.vectors(Side::Query, &pairs.iter().map(|pair| pair.1).collect::<Vec<_>>()));
            let pairs = &pairs;
            Box::new(move |index| finder.scores(pairs[index].0, pairs[index].3, &asked[index]))
        }
    };
    let ranks: Vec<usize> = pairs
        .iter()
        .enumerate()
        .map(|(index, _)| {
            let scores = scores(index);
            // Ties count against us, but for the same text standing in several pairs.
            scores.iter().enumerate().filter(|&(other, score)| *score >= scores[index] && pairs[other].1 != pairs[index].1).count() + 1
        })
        .collect();
    let mut report = Report::new("Paraphrases");
    report.add("pairs", pairs.len());
    report.share("recall_at_1", share_of(ranks.iter().map(|&rank| rank == 1)));
    report.share("recall_at_5", share_of(ranks.iter().map(|&rank| rank <= 5)));
    report.share("mrr", Some(ranks.iter().map(|&rank| 1.0 / rank as f64).sum::<f64>() / ranks.len() as f64));
    let mut hardest: Vec<usize> = (0..pairs.len()).filter(|&index| pairs[index].2.is_some()).collect();
    hardest.sort_by(|&left, &right| pairs[left].2.unwrap_or(0.0).total_cmp(&pairs[right].2.unwrap_or(0.0)));
    hardest.truncate(hardest.len() / 5);
    report.share("recall_at_1_hardest", share_of(hardest.iter().map(|&index| ranks[index] == 1)));
    Ok(report)
}
