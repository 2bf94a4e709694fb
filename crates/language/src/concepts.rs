//! What words mean across languages: a hand-made thesaurus of customer service (`corpus/concepts.txt`).
//!
//! A concept is the same number in Finnish, Swedish and English, so what is learned from one language's lines helps the
//! others, and "läppäri" and "laptop" are near each other although they share few letters.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::Language;

/// Shortest pattern that may also begin inside a compound ("sohvatyyny").
const INSIDE: usize = 5;
/// Longest pattern in characters; longer tokens are only looked at so far.
const LONGEST: usize = 20;

#[derive(Default)]
struct Table {
    /// Whole words.
    exact: HashMap<&'static str, Vec<u16>>,
    /// Beginnings of words.
    prefixes: HashMap<&'static str, Vec<u16>>,
}

/// The thesaurus as it is written.
pub(crate) const SOURCE: &str = include_str!("../corpus/concepts.txt");

static TABLES: LazyLock<[Table; 3]> = LazyLock::new(|| {
    let mut tables: [Table; 3] = Default::default();
    let lines = SOURCE.lines().filter(|line| !line.starts_with('#'));
    for (concept, line) in lines.filter_map(|line| line.split_once(": ")).enumerate() {
        for (table, words) in tables.iter_mut().zip(line.1.split('|')) {
            for word in words.split_whitespace() {
                let (map, word) = match word.strip_suffix('*') {
                    Some(prefix) => (&mut table.prefixes, prefix),
                    None => (&mut table.exact, word),
                };
                map.entry(word).or_default().push(concept as u16);
            }
        }
    }
    tables
});

/// Calls `visit` with every concept of a normalised token. A token may have several; the same one may come twice.
pub(crate) fn each(language: Language, token: &str, visit: &mut impl FnMut(u16)) {
    let table = &TABLES[language.index()];
    for &concept in table.exact.get(token).into_iter().flatten() {
        visit(concept);
    }
    // English writes its compounds apart.
    let inside = language != Language::En;
    let boundaries: Vec<usize> = token.char_indices().map(|(position, _)| position).chain([token.len()]).take(48).collect();
    for begin in 0..boundaries.len().saturating_sub(1) {
        if begin > 0 && !inside {
            break;
        }
        let shortest = if begin == 0 { 2 } else { INSIDE };
        for length in shortest..=LONGEST {
            let Some(&end) = boundaries.get(begin + length) else { break };
            for &concept in table.prefixes.get(&token[boundaries[begin]..end]).into_iter().flatten() {
                visit(concept);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(language: Language, token: &str) -> Vec<u16> {
        let mut found = Vec::new();
        each(language, token, &mut |concept| found.push(concept));
        found.sort_unstable();
        found.dedup();
        found
    }

    #[test]
    fn languages_share_concepts() {
        let shared = |left: Vec<u16>, right: Vec<u16>| left.iter().any(|concept| right.contains(concept));
        assert!(shared(of(Language::Fi, "laskuni"), of(Language::En, "invoice")));
        assert!(shared(of(Language::Sv, "presentkortet"), of(Language::Fi, "lahjakorttini")));
        assert!(of(Language::En, "xylophone").is_empty());
    }

    #[test]
    fn compounds_are_looked_into() {
        let furniture = of(Language::Fi, "sohva");
        assert!(furniture.iter().all(|concept| of(Language::Fi, "kulmasohvaan").contains(concept)));
    }

    #[test]
    fn every_line_has_three_languages_of_normalised_patterns() {
        for line in SOURCE.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (name, words) = line.split_once(": ").expect("a name and words");
            assert_eq!(words.split('|').count(), 3, "{name}");
            for word in words.split_whitespace().filter(|word| *word != "|") {
                let bare = word.trim_end_matches('*');
                assert_eq!(crate::text::normalise(bare), bare, "{name}");
                assert!(bare.chars().count() <= LONGEST || !word.ends_with('*'), "{name}: {word}");
                assert!(bare.chars().count() >= 2, "{name}: {word}");
            }
        }
    }
}
