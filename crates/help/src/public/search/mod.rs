//! Search over the published texts of one language, in memory.
//!
//! Each word of a text has one weight, from the places it stands in: the title and the wordings of customers weigh most. A
//! query's word finds itself, the words that begin with it (Finnish and Swedish build compounds, and a visitor may still be
//! typing), and, when there is none, the words of titles and wordings that are spelled alike. Rarer words count for more, by
//! the inverse document frequency that BM25 uses.

mod spelling;
mod stop_words;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    ops::Bound,
};

use ennakoi_language::{Language, search_forms, text};
use minijinja::{Value, context};

use spelling::Words;

/// Words of a query that are looked at.
const QUERY_WORDS: usize = 24;
/// Different words that one prefix stands for, at most.
const PREFIX_WORDS: usize = 200;
/// Letters that a word needs to stand for the longer words that begin with it.
const PREFIX_LETTERS: usize = 3;
/// Share of a query's words that a text must hold.
const SHARE: f32 = 0.33;
/// How much of a word's weight counts when only its beginning was asked for.
const PREFIX_FACTOR: f32 = 0.7;
/// The same for a word that is merely spelled alike, times the likeness.
const ALIKE_FACTOR: f32 = 0.6;

/// What is searched in one text, prepared once for each revision.
#[derive(Debug, Default)]
pub(super) struct Terms {
    /// Stems with their weights, each once.
    weights: Vec<(Box<str>, f32)>,
    /// Normalised words of the title and the wordings, for spelling.
    words: Vec<Box<str>>,
}

impl Terms {
    pub(super) fn of(language: Language, title: &str, questions: &[String], summary: &str, body: &str) -> Self {
        let mut weights: HashMap<String, f32> = HashMap::new();
        let in_title: HashSet<String> = search_forms::of(language, title).into_iter().collect();
        // A short title that matches says more than a long one.
        let title_weight = 6.0 * (0.6 + 0.4 / count(in_title.len().max(1)).sqrt());
        let asked: HashSet<String> = questions.iter().flat_map(|question| search_forms::of(language, question)).collect();
        let summed: HashSet<String> = search_forms::of(language, summary).into_iter().collect();
        for (terms, weight) in [(in_title, title_weight), (asked, 4.0), (summed, 2.0)] {
            for term in terms {
                *weights.entry(term).or_default() += weight;
            }
        }
        let mut frequencies: HashMap<String, usize> = HashMap::new();
        for term in search_forms::of(language, body) {
            *frequencies.entry(term).or_default() += 1;
        }
        for (term, times) in frequencies {
            *weights.entry(term).or_default() += (0.6 * (1.0 + count(times).ln())).min(1.5);
        }
        let normalised = text::normalise(&format!("{title}\n{}", questions.join("\n")));
        let words: HashSet<&str> = text::tokens(&normalised).collect();
        let mut weights: Vec<(Box<str>, f32)> = weights.into_iter().map(|(term, weight)| (term.into(), weight)).collect();
        weights.sort_unstable_by(|one, other| one.0.cmp(&other.0));
        Self { weights, words: words.into_iter().map(Into::into).collect() }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of words and texts, far below 2^24")]
const fn count(n: usize) -> f32 {
    n as f32
}

/// A text that was found: its number in the index and how well it fits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Hit {
    pub(super) text: usize,
    pub(super) score: f32,
}

/// What a search found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Best first.
    pub(super) hits: Vec<Hit>,
    /// Some words were not found as they were written, others that are spelled alike were.
    pub(super) corrected: bool,
    /// What to mark in the texts that are shown.
    pub(super) marks: Marks,
}

/// An index of texts, numbered from 0 in the order they were given.
#[derive(Debug)]
pub(super) struct Index {
    language: Language,
    texts: usize,
    postings: BTreeMap<Box<str>, Vec<(u32, f32)>>,
    spelling: Words,
}

impl Index {
    pub(super) fn build<'a>(language: Language, texts: impl IntoIterator<Item = &'a Terms>) -> Self {
        let mut postings: BTreeMap<Box<str>, Vec<(u32, f32)>> = BTreeMap::new();
        let mut spelling = Words::default();
        let mut number = 0u32;
        for terms in texts {
            for (term, weight) in &terms.weights {
                postings.entry(term.clone()).or_default().push((number, *weight));
            }
            for word in &terms.words {
                spelling.add(word);
            }
            number += 1;
        }
        Self { language, texts: number as usize, postings, spelling }
    }

    /// The texts that fit, best first, at most `limit`.
    pub(super) fn find(&self, query: &str, limit: usize) -> Found {
        let words = query_words(self.language, query);
        let mut found = Found::default();
        let mut scores: HashMap<u32, (f32, usize)> = HashMap::new();
        for word in &words {
            let mut matched = self.matched(word, &mut found.marks);
            if matched.is_empty() {
                matched = self.alike(word, &mut found.marks);
                found.corrected |= !matched.is_empty();
            }
            let rarity = self.rarity(matched.len());
            for (text, weight) in matched {
                let (score, times) = scores.entry(text).or_default();
                *score += rarity * weight;
                *times += 1;
            }
        }
        let enough = SHARE * count(words.len());
        let fits = |(_, (_, times)): &(&u32, &(f32, usize))| count(*times) >= enough;
        // Holding more of the words beats holding a rare one often.
        let score = |(score, times): (f32, usize)| score * count(times) / count(words.len());
        found.hits = scores.iter().filter(fits).map(|(text, found)| Hit { text: *text as usize, score: score(*found) }).collect();
        found.hits.sort_by(|one, other| other.score.total_cmp(&one.score).then(one.text.cmp(&other.text)));
        found.hits.truncate(limit);
        found
    }

    /// The texts with this word or with one that begins with it, each with its best weight.
    fn matched(&self, word: &Word, marks: &mut Marks) -> HashMap<u32, f32> {
        let mut matched = HashMap::new();
        self.add(&mut matched, &word.stem, 1.0);
        marks.stems.insert(word.stem.clone());
        for beginning in [&word.stem, &word.written] {
            if beginning.chars().count() < PREFIX_LETTERS {
                continue;
            }
            marks.beginnings.insert(beginning.clone());
            let range = self.postings.range::<str, _>((Bound::Excluded(beginning.as_str()), Bound::Unbounded));
            for (term, _) in range.take_while(|(term, _)| term.starts_with(beginning.as_str())).take(PREFIX_WORDS) {
                self.add(&mut matched, term, PREFIX_FACTOR);
            }
        }
        matched
    }

    fn alike(&self, word: &Word, marks: &mut Marks) -> HashMap<u32, f32> {
        let mut matched = HashMap::new();
        for (other, likeness) in self.spelling.alike(&word.written) {
            let stem = search_forms::of_word(self.language, other);
            self.add(&mut matched, &stem, ALIKE_FACTOR * likeness);
            marks.stems.insert(stem);
        }
        matched
    }

    fn add(&self, matched: &mut HashMap<u32, f32>, term: &str, factor: f32) {
        for (text, weight) in self.postings.get(term).into_iter().flatten() {
            let best = matched.entry(*text).or_default();
            *best = best.max(weight * factor);
        }
    }

    /// Inverse document frequency as in BM25: ln(1 + (N − n + ½) / (n + ½)).
    fn rarity(&self, texts_with: usize) -> f32 {
        let with = count(texts_with);
        ((count(self.texts) - with + 0.5) / (with + 0.5)).ln_1p()
    }
}

struct Word {
    /// Normalised, as the visitor wrote it.
    written: String,
    stem: String,
}

/// The words of a query that mean something; all of them when none does.
fn query_words(language: Language, query: &str) -> Vec<Word> {
    let normalised = text::normalise(query);
    let mut seen = HashSet::new();
    let mut words: Vec<Word> = Vec::new();
    for written in text::tokens(&normalised) {
        let stem = search_forms::of(language, written).concat();
        if seen.insert(stem.clone()) {
            words.push(Word { written: written.to_owned(), stem });
        }
        if words.len() == QUERY_WORDS {
            break;
        }
    }
    if words.iter().any(|word| !stop_words::contains(language, &word.written)) {
        words.retain(|word| !stop_words::contains(language, &word.written));
    }
    words
}

/// A run of a text that is shown, marked or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) text: String,
    pub(super) marked: bool,
}

impl From<Run> for Value {
    fn from(run: Run) -> Self {
        context! { text => run.text, marked => run.marked }
    }
}

/// Which words of a found text are marked.
#[derive(Debug, Default)]
pub(super) struct Marks {
    stems: HashSet<String>,
    beginnings: HashSet<String>,
}

impl Marks {
    fn hold(&self, language: Language, word: &str) -> bool {
        let normalised = text::normalise(word);
        self.beginnings.iter().any(|beginning| normalised.starts_with(beginning.as_str()))
            || search_forms::of(language, word).iter().any(|stem| self.stems.contains(stem))
    }

    /// The text cut into marked and other runs.
    pub(super) fn runs(&self, language: Language, shown: &str) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        for (piece, is_word) in pieces(shown) {
            let marked = is_word && self.hold(language, piece);
            match runs.last_mut().filter(|run| run.marked == marked) {
                Some(run) => run.text.push_str(piece),
                None => runs.push(Run { text: piece.to_owned(), marked }),
            }
        }
        runs
    }

    /// About `most` characters of the text around the first marked word.
    pub(super) fn excerpt(&self, language: Language, whole: &str, most: usize) -> String {
        let mut at = 0;
        let mut first = None;
        for (piece, is_word) in pieces(whole) {
            if is_word && self.hold(language, piece) {
                first = Some(at);
                break;
            }
            at += piece.len();
        }
        let first = first.unwrap_or(0);
        let before = whole[..first].chars().count();
        let start = if before > most / 2 {
            // The last sentence or word that begins within a third of the window before the word.
            let window: usize = whole[..first].char_indices().rev().nth(most / 3).map_or(0, |(at, _)| at);
            whole[window..first].find(". ").map(|at| window + at + 2).or_else(|| whole[window..first].find(' ').map(|at| window + at + 1)).unwrap_or(first)
        } else {
            0
        };
        let rest = &whole[start..];
        let mut excerpt: String = if start > 0 { "…".to_owned() } else { String::new() };
        if rest.chars().count() <= most {
            excerpt.push_str(rest);
            return excerpt;
        }
        let end = rest.char_indices().nth(most).map_or(rest.len(), |(at, _)| at);
        let end = rest[..end].rfind(' ').unwrap_or(end);
        excerpt.push_str(rest[..end].trim_end_matches([',', '.', ';', ':', ' ']));
        excerpt.push('…');
        excerpt
    }
}

/// A text's words and what stands between them, in order and without loss.
fn pieces(text: &str) -> impl Iterator<Item = (&str, bool)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let is_word = first.is_alphanumeric();
        let end = rest.find(|character: char| character.is_alphanumeric() != is_word).unwrap_or(rest.len());
        let (piece, after) = rest.split_at(end);
        rest = after;
        Some((piece, is_word))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index() -> Index {
        let terms = [
            Terms::of(Language::Fi, "Miten palautan tuotteen?", &["haluan rahat takaisin".to_owned()], "Täytä lomake.", "Paketti viedään postiin."),
            Terms::of(Language::Fi, "Toimitusajat ja paketin seuranta", &[], "", "Toimitus kestää 2–5 päivää. Palautus on ilmainen."),
            Terms::of(Language::Fi, "Maksutavat", &[], "", "Kortti, lasku ja verkkopankki."),
        ];
        Index::build(Language::Fi, &terms)
    }

    fn found(query: &str) -> Vec<usize> {
        index().find(query, 10).hits.iter().map(|hit| hit.text).collect()
    }

    #[test]
    fn inflected_words_find_and_the_title_comes_first() {
        assert_eq!(found("tuotteiden palauttaminen"), [0, 1], "both words, then one of them");
        assert_eq!(found("paketit"), [1, 0]);
        assert_eq!(found("palautuksen tuotteista")[0], 0);
        assert_eq!(found("miten palautus"), found("palautus"));
        assert_eq!(found("maksu"), [2], "a compound is found by its beginning");
        assert_eq!(found("avaruusraketin laukaisu"), Vec::<usize>::new());
        assert_eq!(found(""), Vec::<usize>::new());
    }

    #[test]
    fn a_slip_of_the_keys_is_forgiven_on_titles() {
        let slipped = index().find("maksutvat", 10);
        assert!(slipped.corrected);
        assert_eq!(slipped.hits.iter().map(|hit| hit.text).collect::<Vec<_>>(), [2]);
        assert!(!index().find("maksutavat", 10).corrected);
    }

    #[test]
    fn marks_stand_on_whole_words_and_lose_nothing() {
        let found = index().find("toimitus", 10);
        let shown = "Toimitusajat ja <b>toimituksen</b> hinta";
        let runs = found.marks.runs(Language::Fi, shown);
        assert_eq!(runs.iter().map(|run| run.text.as_str()).collect::<String>(), shown);
        assert_eq!(runs.iter().filter(|run| run.marked).map(|run| run.text.as_str()).collect::<Vec<_>>(), ["Toimitusajat", "toimituksen"]);
    }

    #[test]
    fn an_excerpt_shows_the_word_and_cuts_at_words() {
        let marks = index().find("verkkopankki", 10).marks;
        let whole = format!("{} Maksat kortilla tai verkkopankissa. {}", "Alku on pitkä ja sitä riittää.".repeat(20), "Loppu jatkuu. ".repeat(20));
        let excerpt = marks.excerpt(Language::Fi, &whole, 120);
        assert!(excerpt.contains("verkkopankissa") && excerpt.chars().count() <= 122 && excerpt.starts_with('…') && excerpt.ends_with('…'), "{excerpt}");
        assert_eq!(marks.excerpt(Language::Fi, "Lyhyt.", 120), "Lyhyt.");
        assert_eq!(marks.excerpt(Language::Fi, "", 120), "");
    }
}
