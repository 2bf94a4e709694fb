//! Texts as words of the index.

use std::collections::BTreeSet;

use ennakoi_language::{
    Language, search_forms,
    text::{normalise, tokens},
};
use ennakoi_people::Locale;

/// Words around a hit.
const SNIPPET_BEFORE: usize = 8;
const SNIPPET_WORDS: usize = 26;
/// Shorter beginnings would match half of the index.
const BEGINNING_CHARACTERS: usize = 2;
/// Words of a question that count.
const QUESTION_WORDS: usize = 12;

const fn language(locale: Locale) -> Language {
    match locale {
        Locale::Fi => Language::Fi,
        Locale::Sv => Language::Sv,
        Locale::En => Language::En,
    }
}

/// Letters and digits only, as the index wants them.
fn bare(word: &str) -> String {
    word.chars().filter(|c| c.is_alphanumeric()).take(64).collect()
}

fn stems(language: Language, text: &str) -> Vec<String> {
    search_forms::of(language, text).iter().map(|word| bare(word)).filter(|word| !word.is_empty()).collect()
}

/// The words under which a text is found, each once.
pub(super) fn indexed(text: &str, locale: Option<Locale>) -> String {
    let mut words: Vec<String> = match locale {
        Some(locale) => stems(language(locale), text),
        None => Language::ALL.into_iter().flat_map(|language| stems(language, text)).collect(),
    };
    words.sort_unstable();
    words.dedup();
    words.join(" ")
}

/// Words that are looked for together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Query {
    pub(super) words: Vec<String>,
    /// The last word is the beginning of one.
    pub(super) unfinished: bool,
}

/// What a question asks the index for: its stems, once for each language in which they differ; and, because the last word may be
/// unfinished or the first part of a compound, the same with that word as it was typed, as the beginning of another.
pub(super) fn queries(question: &str) -> Vec<Query> {
    let normalised = normalise(question);
    let typed = tokens(&normalised).take(QUESTION_WORDS).last().map(bare).unwrap_or_default();
    let mut queries: Vec<Query> = Vec::new();
    let mut add = |query: Query| {
        if !query.words.is_empty() && !queries.contains(&query) {
            queries.push(query);
        }
    };
    for language in Language::ALL {
        let mut words = stems(language, question);
        words.truncate(QUESTION_WORDS);
        add(Query { words: words.clone(), unfinished: false });
        if typed.chars().count() >= BEGINNING_CHARACTERS {
            words.pop();
            words.push(typed.clone());
            add(Query { words, unfinished: true });
        }
    }
    queries
}

/// Words of names and addresses, which are not stemmed.
pub(super) fn as_written(question: &str) -> Vec<String> {
    question.to_lowercase().split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).take(QUESTION_WORDS).map(ToOwned::to_owned).collect()
}

/// How many different words of the question a text holds.
pub(super) fn held(text: &str, queries: &[Query]) -> usize {
    let known: BTreeSet<String> = Language::ALL.into_iter().flat_map(|language| stems(language, text)).collect();
    let holds = |word: &String| known.range(word.clone()..).next().is_some_and(|stem| stem.starts_with(word.as_str()));
    queries.iter().map(|query| query.words.iter().filter(|word| holds(word)).count()).max().unwrap_or(0)
}

fn is_asked_for(word: &str, queries: &[Query]) -> bool {
    let normalised = normalise(word);
    tokens(&normalised).any(|token| {
        Language::ALL.into_iter().any(|language| {
            stems(language, token).iter().any(|stem| queries.iter().any(|query| query.words.iter().any(|wanted| stem.starts_with(wanted.as_str()))))
        })
    })
}

/// The part of the text around the first word that was asked for.
pub(super) fn snippet(text: &str, queries: &[Query]) -> String {
    let written: Vec<&str> = text.split_whitespace().collect();
    let first = written.iter().position(|word| is_asked_for(word, queries)).unwrap_or(0);
    let start = first.saturating_sub(SNIPPET_BEFORE);
    let end = written.len().min(start + SNIPPET_WORDS);
    let mut snippet = written[start..end].join(" ");
    if start > 0 {
        snippet.insert_str(0, "… ");
    }
    if end < written.len() {
        snippet.push_str(" …");
    }
    snippet.chars().take(400).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(question: &str, indexed: &str) -> bool {
        let known: Vec<&str> = indexed.split(' ').collect();
        queries(question).iter().any(|query| {
            let last = query.words.len() - 1;
            query.words.iter().enumerate().all(|(at, word)| {
                let beginning = query.unfinished && at == last;
                known.iter().any(|known| if beginning { known.starts_with(word.as_str()) } else { known == word })
            })
        })
    }

    #[test]
    fn finnish_forms_meet_in_the_index() {
        let text = indexed("Missä tilaukseni viipyy? Se oli kahvikoneesta.", Some(Locale::Fi));
        for question in ["tilaus", "tilaukset", "tilauksen", "TILAUKSESTANI", "tilauksia", "kahvi", "kahvikone", "viipyy tilaus"] {
            assert!(found(question, &text), "{question}: {text}");
        }
        for question in ["palautus", "kone", "tilaus palautus"] {
            assert!(!found(question, &text), "{question}: {text}");
        }
    }

    #[test]
    fn a_deed_and_its_verb_meet() {
        let text = indexed("Toimituksen piti tulla jo, ja palautin edellisen", Some(Locale::Fi));
        for question in ["toimitus", "toimitusta", "toimittaa", "palautus", "toimitu"] {
            assert!(found(question, &text), "{question}: {text}");
        }
    }

    #[test]
    fn an_unknown_language_is_found_in_each() {
        let text = indexed("Var är mina beställningar", None);
        for question in ["beställning", "beställningar", "bestäl"] {
            assert!(found(question, &text), "{question}: {text}");
        }
    }

    #[test]
    fn snippets_show_the_place() {
        let text = format!("{} lasku on väärin {}", "alku ".repeat(30), "loppu ".repeat(30));
        let snippet = snippet(&text, &queries("laskut"));
        assert!(snippet.contains("lasku on väärin") && snippet.starts_with('…') && snippet.ends_with('…'), "{snippet}");
        assert_eq!(as_written("Åke O'Brien <ake@x.fi>"), ["åke", "o", "brien", "ake", "x", "fi"]);
    }
}
