//! Extractive summary: the sentences that say most, in their own order.

use std::collections::HashMap;

use crate::{Language, text};

/// Sentences read at most; a summary of more is made of the first ones.
const SENTENCES_READ: usize = 300;

/// Picks at most `limit` sentences of a text that cover its content best.
///
/// Each sentence is worth the logarithmic frequencies of its content stems, a stem once chosen counting no more (greedy
/// maximal coverage), divided by the square root of its length; questions and the first sentence weigh a little more,
/// since customers open with their matter and ask for what they want. Returns slices of the text in their order.
#[must_use]
pub fn extract(text: &str, language: Language, limit: usize) -> Vec<&str> {
    let sentences: Vec<&str> = text::sentences(text).into_iter().take(SENTENCES_READ).collect();
    if sentences.len() <= limit {
        return sentences;
    }
    let stems: Vec<Vec<String>> = sentences.iter().map(|sentence| content_stems(sentence, language)).collect();
    let mut frequencies: HashMap<&str, f32> = HashMap::new();
    for stem in stems.iter().flatten() {
        *frequencies.entry(stem).or_default() += 1.0;
    }
    let mut chosen: Vec<usize> = Vec::new();
    while chosen.len() < limit {
        let best = (0..sentences.len())
            .filter(|index| !chosen.contains(index))
            .map(|index| (index, worth(&stems[index], &frequencies, index, sentences[index])))
            .max_by(|left, right| left.1.total_cmp(&right.1).then(right.0.cmp(&left.0)));
        let Some((index, _)) = best else { break };
        for stem in &stems[index] {
            frequencies.insert(stem, 0.0);
        }
        chosen.push(index);
    }
    chosen.sort_unstable();
    chosen.into_iter().map(|index| sentences[index]).collect()
}

fn worth(stems: &[String], frequencies: &HashMap<&str, f32>, index: usize, sentence: &str) -> f32 {
    let mut distinct: Vec<&str> = stems.iter().map(String::as_str).collect();
    distinct.sort_unstable();
    distinct.dedup();
    let content: f32 = distinct.iter().map(|stem| (1.0 + frequencies.get(stem).copied().unwrap_or(0.0)).ln()).sum();
    let emphasis = if sentence.ends_with('?') { 1.3 } else { 1.0 } * if index == 0 { 1.15 } else { 1.0 };
    emphasis * content / (4.0 + stems.len() as f32).sqrt()
}

/// Stems of words longer than two letters that are not closed-class, and of numbers.
pub(crate) fn content_stems(sentence: &str, language: Language) -> Vec<String> {
    let normalised = text::normalise(sentence);
    text::tokens(&normalised)
        .filter(|token| token.chars().count() > 2 && !crate::language::is_closed_class(language, token))
        .map(|token| text::stem(language, token).into_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_matter_and_drops_the_courtesies() {
        let mail = "Hei! Tilasin teiltä sohvan kolme viikkoa sitten. Sää on ollut kurja. Sohva tuli rikki, jalka on poikki. \
            Milloin saan uuden sohvan jalan? Kiitos.";
        let summary = extract(mail, Language::Fi, 2);
        assert!(summary.iter().any(|sentence| sentence.contains("jala") || sentence.contains("jalka")), "{summary:?}");
        assert!(!summary.contains(&"Kiitos."));
    }

    #[test]
    fn short_texts_stay_whole() {
        assert_eq!(extract("Moi. Missä paketti?", Language::Fi, 3), ["Moi.", "Missä paketti?"]);
        assert!(extract("", Language::Fi, 3).is_empty());
    }
}
