//! The floor: phrases of all three languages, looked for in every message whatever its language was taken to be.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::Reason;

/// Other words allowed between two words of a phrase.
const GAP: usize = 3;
/// Words of the longest message that is compared as a whole.
const WHOLE: usize = 4;
/// What may stand around a message that is otherwise one of the whole ones ("asiakaspalvelija kiitos").
const POLITE: [&str; 18] =
    ["kiitos", "kiitti", "pliis", "nyt", "heti", "moi", "hei", "tack", "snälla", "nu", "hej", "please", "plz", "pls", "thanks", "now", "hi", "hello"];

/// Words that stand for each other in phrases, by name.
type Sets = HashMap<&'static str, Vec<&'static str>>;

struct Floor {
    phrases: Vec<Phrase>,
    /// Phrases by the first two characters of their first word, so that a message looks at few of them.
    by_beginning: HashMap<String, Vec<usize>>,
    /// Messages that are stopped when they say nothing else.
    whole: HashMap<&'static str, Reason>,
}

struct Phrase {
    reason: Reason,
    written: &'static str,
    pattern: Pattern<'static>,
}

static FLOOR: LazyLock<Floor> = LazyLock::new(|| Floor::read(include_str!("floor.txt")));

impl Floor {
    fn read(source: &'static str) -> Self {
        let mut floor = Self { phrases: Vec::new(), by_beginning: HashMap::new(), whole: HashMap::new() };
        let (mut sets, mut reason) = (Sets::new(), Reason::Person);
        for line in source.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                reason = Reason::named(name).unwrap_or_else(|| panic!("floor.txt: unknown reason {name}"));
            } else if let Some((name, words)) = line.strip_prefix('$').and_then(|line| line.split_once(" = ")) {
                sets.insert(name, words.split(' ').collect());
            } else if let Some(message) = line.strip_prefix('=') {
                floor.whole.insert(message, reason);
            } else {
                floor.push(reason, line, &sets);
            }
        }
        floor
    }

    fn push(&mut self, reason: Reason, written: &'static str, sets: &Sets) {
        let pattern = Pattern::parse(written, sets);
        for word in pattern.first() {
            let candidates = self.by_beginning.entry(beginning(word.trim_end_matches('*'))).or_default();
            if candidates.last() != Some(&self.phrases.len()) {
                candidates.push(self.phrases.len());
            }
        }
        self.phrases.push(Phrase { reason, written, pattern });
    }
}

fn beginning(word: &str) -> String {
    word.chars().take(2).collect()
}

/// The most urgent phrase of the floor among the tokens of a message.
pub(super) fn find(tokens: &[&str]) -> Option<(Reason, &'static str)> {
    let mut best = whole(tokens);
    for position in 0..tokens.len() {
        let Some(candidates) = FLOOR.by_beginning.get(&beginning(tokens[position])) else {
            continue;
        };
        for &index in candidates {
            let phrase = &FLOOR.phrases[index];
            if best.is_none_or(|(reason, _)| phrase.reason < reason) && phrase.pattern.begins(&tokens[position..]) {
                best = Some((phrase.reason, phrase.written));
            }
        }
    }
    best
}

/// Whether a message says one of the [`Floor::whole`] things and nothing else.
fn whole(tokens: &[&str]) -> Option<(Reason, &'static str)> {
    if tokens.len() > WHOLE {
        return None;
    }
    let said: Vec<&str> = tokens.iter().copied().filter(|token| !POLITE.contains(token)).collect();
    FLOOR.whole.get_key_value(said.join(" ").as_str()).map(|(message, reason)| (*reason, *message))
}

/// Whether a phrase occurs anywhere among the tokens.
pub(super) fn matches(phrase: &str, tokens: &[&str]) -> bool {
    let pattern = Pattern::parse(phrase, &Sets::new());
    !phrase.is_empty() && (0..tokens.len()).any(|position| pattern.begins(&tokens[position..]))
}

/// A phrase taken apart: words, each of them words side by side, each of these with what may stand for it.
struct Pattern<'text>(Vec<Vec<Vec<&'text str>>>);

impl<'text> Pattern<'text> {
    fn parse(written: &'text str, sets: &HashMap<&'static str, Vec<&'text str>>) -> Self {
        // A workspace may write "$100": what names no set stands for itself.
        let choices = |word: &'text str| word.strip_prefix('$').and_then(|name| sets.get(name)).cloned().unwrap_or_else(|| vec![word]);
        Self(written.split(' ').map(|joined| joined.split('_').map(choices).collect()).collect())
    }

    /// What the phrase may begin with.
    fn first(&self) -> &[&'text str] {
        self.0.first().and_then(|joined| joined.first()).map_or(&[], Vec::as_slice)
    }

    /// Whether the phrase begins at the first token.
    fn begins(&self, tokens: &[&str]) -> bool {
        let mut words = self.0.iter();
        let Some(mut rest) = words.next().and_then(|first| adjacent(first, tokens)) else {
            return false;
        };
        for word in words {
            let Some(after) = (0..rest.len().min(GAP + 1)).find_map(|gap| adjacent(word, &rest[gap..])) else {
                return false;
            };
            rest = after;
        }
        true
    }
}

/// The tokens after words that they must begin with.
fn adjacent<'rest, 'text>(joined: &[Vec<&str>], tokens: &'rest [&'text str]) -> Option<&'rest [&'text str]> {
    let fits = joined.len() <= tokens.len() && joined.iter().zip(tokens).all(|(choices, token)| choices.iter().any(|word| word_matches(word, token)));
    fits.then(|| &tokens[joined.len()..])
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
            assert!(FLOOR.phrases.iter().any(|phrase| phrase.reason == reason), "{reason:?}");
        }
        for phrase in &FLOOR.phrases {
            assert_eq!(crate::text::normalise(phrase.written), phrase.written);
            for word in phrase.pattern.0.iter().flatten().flatten() {
                assert_eq!(crate::text::normalise(word), *word);
                assert!(!word.starts_with('$'), "{word} is not defined");
            }
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

    #[test]
    fn sets_stand_for_any_of_their_words() {
        let floor = Floor::read("[person]\n$talk = puhua jutel*\n$whom = jonkun ihmisen\n$talk $whom_kanssa\n=aspa\n");
        let begins = |tokens: &[&str]| floor.phrases[0].pattern.begins(tokens);
        assert!(begins(&["puhua", "siitä", "jonkun", "kanssa"]));
        assert!(begins(&["jutellaanko", "ihmisen", "kanssa"]));
        assert!(!begins(&["puhua", "jonkun", "aikaa", "kanssa"]));
        assert_eq!(floor.by_beginning["pu"], floor.by_beginning["ju"]);
        assert_eq!(floor.whole["aspa"], Reason::Person);
        assert!(matches("$100 hyvitys", &["$100", "hyvitys"]) && !matches("$100", &["100"]));
    }

    #[test]
    fn a_word_alone_asks_for_a_person_and_within_a_question_does_not() {
        let found = |message: &str| find(&message.split(' ').collect::<Vec<_>>()).map(|(reason, _)| reason);
        assert_eq!(found("asiakaspalvelija kiitos"), Some(Reason::Person));
        assert_eq!(found("operator please"), Some(Reason::Person));
        assert_eq!(found("kundtjänst"), Some(Reason::Person));
        assert_eq!(found("asiakaspalvelu pelasti päiväni"), None);
    }
}
