//! What many messages of a period speak of: the words that stand out against all messages.

use std::collections::HashMap;

use crate::{Language, summary};

/// One word that stands out.
#[derive(Debug, Clone, PartialEq)]
pub struct Topic {
    /// The stem; [`Topic::wording`] is for people.
    pub stem: String,
    /// The commonest written form of the stem.
    pub wording: String,
    /// Messages of the period that hold it.
    pub messages: usize,
    /// Log-odds of the word in the period against the background, in standard deviations: above 2 is noteworthy.
    pub strength: f32,
}

/// The words that separate `period` from `background`, strongest first, at most `limit`.
///
/// Weighted log-odds with an informative Dirichlet prior (Monroe, Colaresi and Quinn 2008): a rare word needs more
/// evidence than a common one. Counts messages, not occurrences, so one long letter does not make a topic.
#[must_use]
pub fn stand_out(period: &[&str], background: &[&str], language: Language, limit: usize) -> Vec<Topic> {
    let (inside, wordings) = document_counts(period, language);
    let (outside, _) = document_counts(background, language);
    let (inside_total, outside_total) = (total(&inside), total(&outside));
    let all = inside_total + outside_total;
    let mut topics: Vec<Topic> = inside
        .iter()
        .filter(|&(_, &messages)| messages >= 2)
        .map(|(stem, &messages)| {
            let there = outside.get(stem).copied().unwrap_or(0) as f32;
            let prior = 0.5 + 20.0 * (messages as f32 + there) / all.max(1.0);
            let log_odds = |count: f32, total: f32| ((count + prior) / (total + 20.0 - count + 1.0)).ln();
            let deviation = (1.0 / (messages as f32 + prior) + 1.0 / (there + prior)).sqrt();
            let strength = (log_odds(messages as f32, inside_total) - log_odds(there, outside_total)) / deviation;
            Topic { stem: stem.clone(), wording: commonest(&wordings[stem]), messages, strength }
        })
        .collect();
    topics.sort_by(|left, right| right.strength.total_cmp(&left.strength).then_with(|| left.stem.cmp(&right.stem)));
    topics.truncate(limit);
    topics
}

type Wordings = HashMap<String, HashMap<String, usize>>;

/// In how many messages each stem stands, and how it is written there.
fn document_counts(messages: &[&str], language: Language) -> (HashMap<String, usize>, Wordings) {
    let mut counts = HashMap::new();
    let mut wordings: Wordings = HashMap::new();
    for message in messages {
        let normalised = crate::text::normalise(message);
        let mut seen = std::collections::BTreeMap::new();
        for token in crate::text::tokens(&normalised).take(2_000) {
            if let Some(stem) = summary::content_stems(token, language).pop() {
                seen.entry(stem).or_insert(token);
            }
        }
        for (stem, token) in seen {
            *wordings.entry(stem.clone()).or_default().entry(token.to_owned()).or_default() += 1;
            *counts.entry(stem).or_insert(0) += 1;
        }
    }
    (counts, wordings)
}

fn total(counts: &HashMap<String, usize>) -> f32 {
    counts.values().sum::<usize>() as f32
}

fn commonest(forms: &HashMap<String, usize>) -> String {
    let best = forms.iter().max_by(|left, right| left.1.cmp(right.1).then_with(|| right.0.cmp(left.0)));
    best.map(|(form, _)| form.clone()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sudden_word_stands_out() {
        let usual = ["missä paketti viipyy", "paketti ei tullut", "lasku puuttuu", "lasku väärin", "palautus kesken"];
        let now = ["sovellus kaatuu aina", "sovellus ei aukea", "paketti myöhässä", "sovellus jumissa"];
        let topics = stand_out(&now, &usual, Language::Fi, 3);
        assert_eq!(topics[0].wording, "sovellus");
        assert_eq!(topics[0].messages, 3);
    }
}
