//! Texts as words of the index.

use ennakoi_language::{
    Language,
    text::{normalise, search_terms, tokens},
};
use ennakoi_people::Locale;

/// Words around a hit.
const SNIPPET_BEFORE: usize = 8;
const SNIPPET_WORDS: usize = 26;
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
    search_terms(language, text).iter().map(|word| bare(word)).filter(|word| !word.is_empty()).collect()
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

/// What a question asks the index for: once for each language in which its words have other stems.
pub(super) fn queries(question: &str) -> Vec<Vec<String>> {
    let mut queries: Vec<Vec<String>> = Vec::new();
    for language in Language::ALL {
        let mut words = stems(language, question);
        words.truncate(QUESTION_WORDS);
        if !words.is_empty() && !queries.contains(&words) {
            queries.push(words);
        }
    }
    queries
}

/// Words of names and addresses, which are not stemmed.
pub(super) fn as_written(question: &str) -> Vec<String> {
    question.to_lowercase().split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).take(QUESTION_WORDS).map(ToOwned::to_owned).collect()
}

/// The part of the text around the first word that was asked for.
pub(super) fn snippet(text: &str, queries: &[Vec<String>]) -> String {
    let written: Vec<&str> = text.split_whitespace().collect();
    let matches = |word: &str| {
        let normalised = normalise(word);
        tokens(&normalised).any(|token| {
            Language::ALL.into_iter().any(|language| {
                stems(language, token).iter().any(|stem| queries.iter().any(|query| query.iter().any(|wanted| stem.starts_with(wanted.as_str()))))
            })
        })
    };
    let first = written.iter().position(|word| matches(word)).unwrap_or(0);
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

    #[test]
    fn finnish_forms_meet_in_the_index() {
        let indexed = indexed("Missä tilaukseni viipyy?", Some(Locale::Fi));
        assert!(queries("tilaukset").iter().any(|query| query.iter().all(|word| indexed.split(' ').any(|known| known.starts_with(word)))), "{indexed}");
    }

    #[test]
    fn an_unknown_language_is_found_in_each() {
        let indexed = indexed("Var är mina beställningar", None);
        for question in ["beställning", "beställningar"] {
            assert!(
                queries(question).iter().any(|query| query.iter().all(|word| indexed.split(' ').any(|known| known.starts_with(word)))),
                "{question}: {indexed}"
            );
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
