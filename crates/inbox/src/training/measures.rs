//! Plain measures of an answer: each says what it counts, and none is a judgement of the whole.

use std::collections::BTreeSet;

use ennakoi_language::{
    Language,
    promises::{self, Reader},
    text,
};
use jiff::civil::{Date, DateTime, Time, Weekday};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Letters from which on a word is long, and a term of an article counts.
const LONG: usize = 7;
const TERM_MIN: usize = 4;

/// What can be counted in an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "AnswerMeasures")]
pub struct Measures {
    pub words: i64,
    pub sentences: i64,
    /// Words in a sentence plus the share of long words (Björnsson's LIX, 1968): the same text is easier below. Compare it within one language.
    pub reading: f64,
    pub greets: bool,
    /// It says what happens by when.
    pub promises: bool,
    /// The share of the fitting article's own words that it holds, 0–1; null when no article fits.
    pub article: Option<f64>,
}

const GREETINGS: [&str; 14] = ["hei", "heippa", "moi", "terve", "hyvää", "huomenta", "iltaa", "hej", "hejsan", "god", "hello", "hi", "dear", "good"];

/// Measures an answer. `article` is the text of the article that fits the question.
#[must_use]
pub fn of(language: Language, answer: &str, article: Option<&str>, now: DateTime) -> Measures {
    let normalised = text::normalise(answer);
    let words: Vec<&str> = text::tokens(&normalised).collect();
    let sentences = text::sentences(answer).len().max(1);
    let long = words.iter().filter(|word| word.chars().count() >= LONG).count();
    #[expect(clippy::cast_precision_loss, reason = "words of one answer")]
    let reading = if words.is_empty() { 0.0 } else { words.len() as f64 / sentences as f64 + 100.0 * long as f64 / words.len() as f64 };
    let closes = |day: Date| (!matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)).then(|| Time::constant(17, 0, 0, 0));
    Measures {
        words: words.len() as i64,
        sentences: if words.is_empty() { 0 } else { sentences as i64 },
        reading: (reading * 10.0).round() / 10.0,
        greets: words.iter().take(3).any(|word| GREETINGS.contains(word)),
        promises: !promises::find(answer, &Reader { now, closes: &closes }).is_empty(),
        article: article.and_then(|article| share(language, answer, article)),
    }
}

/// Which share of the article's terms the answer holds.
fn share(language: Language, answer: &str, article: &str) -> Option<f64> {
    let terms = |text: &str| -> BTreeSet<String> {
        text::search_terms(language, text)
            .into_iter()
            .filter(|term| term.chars().count() >= TERM_MIN && !term.bytes().any(|byte| byte.is_ascii_digit()))
            .collect()
    };
    let (wanted, said) = (terms(article), terms(answer));
    #[expect(clippy::cast_precision_loss, reason = "terms of one article's snippet")]
    let share = wanted.intersection(&said).count() as f64 / wanted.len().max(1) as f64;
    (!wanted.is_empty()).then(|| (share * 100.0).round() / 100.0)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn fi(answer: &str, article: Option<&str>) -> Measures {
        of(Language::Fi, answer, article, date(2026, 12, 1).at(12, 0, 0, 0))
    }

    #[test]
    fn what_is_counted_is_what_stands_there() {
        let it = fi("Hei Liisa! Paketti on postissa. Palaan asiaan huomenna.", Some("Missä paketti on? Paketit kulkevat postissa."));
        assert_eq!((it.words, it.sentences, it.greets, it.promises), (8, 3, true, true));
        assert!((it.reading - (8.0 / 3.0 + 300.0 / 8.0)).abs() < 0.1, "{it:?}");
        assert!(it.article.is_some_and(|share| share > 0.4 && share < 1.0), "{it:?}");
        let bare = fi("Ei.", None);
        assert_eq!((bare.greets, bare.promises, bare.article), (false, false, None));
        assert_eq!(fi("", None).words, 0);
    }
}
