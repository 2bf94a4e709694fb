//! Words that are spelled alike: by the Dice coefficient of their letter trigrams, twice the shared ones over all of both.

use std::collections::HashMap;

/// Letters that a word needs before it can be a misspelling.
const LETTERS: usize = 4;
/// Likeness from which two words pass for one.
const ALIKE: f32 = 0.5;
/// Words that a misspelled one may stand for.
const MOST: usize = 3;

/// The words that can be meant.
#[derive(Debug, Default)]
pub(super) struct Words {
    words: Vec<(Box<str>, usize)>,
    /// Numbers of the words that hold a trigram.
    holders: HashMap<[char; 3], Vec<u32>>,
    known: HashMap<Box<str>, ()>,
}

impl Words {
    pub(super) fn add(&mut self, word: &str) {
        if word.chars().count() < LETTERS || word.bytes().any(|byte| byte.is_ascii_digit()) || self.known.insert(word.into(), ()).is_some() {
            return;
        }
        let trigrams = trigrams(word);
        let number = u32::try_from(self.words.len()).unwrap_or(u32::MAX);
        self.words.push((word.into(), trigrams.len()));
        for trigram in trigrams {
            let holders = self.holders.entry(trigram).or_default();
            if holders.last() != Some(&number) {
                holders.push(number);
            }
        }
    }

    /// The words most like this one, best first, with their likeness (0–1).
    pub(super) fn alike(&self, word: &str) -> Vec<(&str, f32)> {
        if word.chars().count() < LETTERS || word.chars().count() > 60 {
            return Vec::new();
        }
        let mut wanted = trigrams(word);
        wanted.sort_unstable();
        wanted.dedup();
        let mut shared: HashMap<u32, usize> = HashMap::new();
        for trigram in &wanted {
            for number in self.holders.get(trigram).into_iter().flatten() {
                *shared.entry(*number).or_default() += 1;
            }
        }
        let mut alike: Vec<(&str, f32)> = shared
            .into_iter()
            .map(|(number, both)| {
                let (other, size) = &self.words[number as usize];
                (other.as_ref(), 2.0 * super::count(both) / super::count(wanted.len() + size))
            })
            .filter(|(_, likeness)| *likeness >= ALIKE)
            .collect();
        alike.sort_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(other.0)));
        alike.truncate(MOST);
        alike
    }
}

/// Trigrams of the word between two borders.
fn trigrams(word: &str) -> Vec<[char; 3]> {
    let letters: Vec<char> = std::iter::once('^').chain(word.chars()).chain(std::iter::once('$')).collect();
    letters.windows(3).map(|window| [window[0], window[1], window[2]]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_likeliest_word_comes_first_and_strangers_stay_away() {
        let mut words = Words::default();
        for word in ["palautus", "palaute", "toimitus", "2026", "ja"] {
            words.add(word);
        }
        assert_eq!(words.alike("palatus")[0].0, "palautus");
        assert_eq!(words.alike("toimtus")[0].0, "toimitus");
        assert!(words.alike("avaruus").is_empty() && words.alike("jaa").is_empty());
    }
}
