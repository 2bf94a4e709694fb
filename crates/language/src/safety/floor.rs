//! The floor: phrases of all three languages, looked for in every message whatever its language was taken to be.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::Reason;

/// Other words allowed between two words of a phrase.
const GAP: usize = 3;

struct Phrase {
    reason: Reason,
    written: &'static str,
}

static PHRASES: LazyLock<Vec<Phrase>> = LazyLock::new(|| {
    include_str!("floor.txt")
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .scan(None, |reason, line| {
            if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                *reason = Reason::named(name);
                assert!(reason.is_some(), "floor.txt: unknown reason {name}");
                return Some(None);
            }
            Some(reason.map(|reason| Phrase { reason, written: line }))
        })
        .flatten()
        .collect()
});

/// Phrases by the first three characters of their first word, so that a message looks at few of them.
static BY_BEGINNING: LazyLock<HashMap<String, Vec<usize>>> = LazyLock::new(|| {
    let mut beginnings: HashMap<String, Vec<usize>> = HashMap::new();
    for (index, phrase) in PHRASES.iter().enumerate() {
        beginnings.entry(beginning(phrase.written)).or_default().push(index);
    }
    beginnings
});

fn beginning(word: &str) -> String {
    word.chars().take_while(|&character| !matches!(character, ' ' | '*' | '_')).take(2).collect()
}

/// The most urgent phrase of the floor among the tokens of a message.
pub(super) fn find(tokens: &[&str]) -> Option<(Reason, &'static str)> {
    let mut best: Option<(Reason, &'static str)> = None;
    for position in 0..tokens.len() {
        let Some(candidates) = BY_BEGINNING.get(&beginning(tokens[position])) else {
            continue;
        };
        for &index in candidates {
            let phrase = &PHRASES[index];
            if best.is_none_or(|(reason, _)| phrase.reason < reason) && matches_at(phrase.written, &tokens[position..]) {
                best = Some((phrase.reason, phrase.written));
            }
        }
    }
    best
}

/// Whether a phrase occurs anywhere among the tokens.
pub(super) fn matches(phrase: &str, tokens: &[&str]) -> bool {
    !phrase.is_empty() && (0..tokens.len()).any(|position| matches_at(phrase, &tokens[position..]))
}

/// Whether a phrase begins at the first token.
fn matches_at(phrase: &str, tokens: &[&str]) -> bool {
    let mut words = phrase.split(' ');
    let Some(first) = words.next() else {
        return false;
    };
    let Some(mut rest) = adjacent(first, tokens) else { return false };
    for word in words {
        let window = &rest[..rest.len().min(GAP + 1)];
        let Some(found) = window.iter().position(|token| word_matches(word, token)) else {
            return false;
        };
        rest = &rest[found + 1..];
    }
    true
}

/// The tokens after a word, or after words joined by `_`, that the tokens must begin with.
fn adjacent<'rest, 'text>(joined: &str, tokens: &'rest [&'text str]) -> Option<&'rest [&'text str]> {
    let mut rest = tokens;
    for word in joined.split('_') {
        let (token, after) = rest.split_first()?;
        if !word_matches(word, token) {
            return None;
        }
        rest = after;
    }
    Some(rest)
}

fn word_matches(word: &str, token: &str) -> bool {
    match word.strip_suffix('*') {
        Some(prefix) => token.starts_with(prefix),
        None => word == token,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_a_floor_and_phrases_are_normalised() {
        for reason in Reason::ALL {
            assert!(PHRASES.iter().any(|phrase| phrase.reason == reason), "{reason:?}");
        }
        for phrase in PHRASES.iter() {
            assert_eq!(crate::text::normalise(phrase.written), phrase.written);
        }
    }

    #[test]
    fn words_match_in_order_with_gaps() {
        assert!(matches("puhu* ihmi*", &["saanko", "puhua", "jonkun", "ihmisen", "kanssa"]));
        assert!(!matches("puhu* ihmi*", &["ihmisen", "puhua"]));
        assert!(!matches("a b", &["a", "1", "2", "3", "4", "b"]));
        assert!(matches("olen_14", &["minä", "olen", "14", "vuotias"]));
        assert!(!matches("olen_14", &["olen", "lähettänyt", "14", "viestiä"]));
    }
}
