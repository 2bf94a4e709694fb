//! One form for a word's forms. The Snowball stem is the beginning; Finnish needs a step more, because its stems still differ
//! where customers do not: `toimitus`, `toimituksen`, `toimitusta` and `toimittaa` are one matter to somebody who searches.

use crate::{Language, text};

/// Letters below which a stem is left alone: cutting short ones would join strangers.
const LONG: usize = 5;

/// The words of a raw text, each brought to one form: what a full-text index stores and is asked for.
#[must_use]
pub fn of(language: Language, raw: &str) -> Vec<String> {
    text::search_terms(language, raw).into_iter().map(|stem| folded(language, stem)).collect()
}

/// A normalised word brought to one form.
#[must_use]
pub fn of_word(language: Language, word: &str) -> String {
    folded(language, text::stem(language, word).into_owned())
}

fn folded(language: Language, mut stem: String) -> String {
    if language != Language::Fi || stem.bytes().any(|byte| byte.is_ascii_digit()) || stem.chars().count() < LONG {
        return stem;
    }
    // Deeds named by their verb: palauttamin(en) → palaut.
    if let Some(verb) = ["ttamin", "ttämin"].into_iter().find_map(|ending| stem.strip_suffix(ending)).filter(|verb| verb.len() >= 3) {
        return format!("{verb}t");
    }
    // Nouns in -us, -uus and -as: their last consonant comes and goes with the case.
    let endings = [("uks", 2), ("yks", 2), ("uud", 1), ("yyd", 1), ("uut", 1), ("yyt", 1), ("us", 1), ("ys", 1), ("as", 2), ("äs", 3)];
    if let Some((_, bytes)) = endings.into_iter().find(|(ending, _)| stem.ends_with(ending)) {
        stem.truncate(stem.len() - bytes);
    }
    if stem.chars().count() >= LONG && stem.ends_with(['a', 'e', 'i', 'o', 'u', 'y', 'ä', 'ö']) {
        stem.pop();
    }
    stem
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_a_word_become_one() {
        for line in [
            "toimitus toimituksen toimitukset toimitusta toimittaa",
            "palautus palautuksen palautan palauttaminen palautukset",
            "tilaus tilauksen tilausta tilaukset",
            "kysymys kysymyksen kysymykset",
            "mahdollisuus mahdollisuuden mahdollisuutta mahdollisuuksia",
            "tuote tuotteen tuotteita",
            "asiakas asiakkaan asiakkaat",
            "lähetys lähetyksen lähetystä",
        ] {
            let forms = of(Language::Fi, line);
            assert!(forms.iter().all(|form| form == &forms[0]), "{line}: {forms:?}");
        }
        for (one, other) in [("maksu", "massa"), ("lasku", "lasi"), ("tilaus", "tili"), ("koko", "koodi"), ("A123us", "A123")] {
            assert_ne!(of(Language::Fi, one), of(Language::Fi, other));
        }
        assert_eq!(of(Language::En, "status"), text::search_terms(Language::En, "status"));
    }
}
