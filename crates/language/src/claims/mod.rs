//! What a sentence claims, held against a text: the test that a written sentence rests on its source, and the test that two
//! sentences about one matter say different things.
//!
//! Both look at the same three things: the quantities (with their units), the negations, and the words that carry meaning. Neither
//! understands; both err towards "not supported" and towards "look at it", because a person or an ordinary answer stands behind.

mod compare;
pub mod library;
mod quantities;

pub use compare::{Conflict, conflict};
pub use quantities::{Quantity, Unit, quantities};

use crate::{Language, summary, text};

/// Share of a sentence's words of meaning that its source must hold.
const WORDS_LEAST: f32 = 0.65;
/// The same when a sentence-embedding model says that both mean the same.
const WORDS_LEAST_CLOSE: f32 = 0.45;
/// Cosine from which a model's word counts.
const CLOSE: f32 = 0.88;
/// Share that the best place of the source, one sentence with its neighbours, must hold alone: words gathered from all over a
/// text prove nothing.
const PLACE_LEAST: f32 = 0.5;
/// Sentences of a source that are read.
const SENTENCES_READ: usize = 400;
/// Different stems of one sentence that are read; it keeps the comparison linear in the text.
const STEMS_READ: usize = 60;
/// Letters of a common beginning, or of a part of a compound, that make two stems the same word.
const COMMON: usize = 5;

/// Why a sentence does not rest on its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flaw {
    /// It says nothing that could be looked for.
    Empty,
    /// A number, sum, date or share that the source does not hold.
    Quantity,
    /// It denies what the source affirms, or the other way round.
    Negation,
    /// A word that decides the matter ("free", "always", "forbidden") and does not stand in the source.
    Decisive,
    /// Too few of its words stand in the source.
    Words,
}

/// How a sentence stands towards its source.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Support {
    /// Share of its words of meaning that the source holds, 0–1.
    pub share: f32,
    pub flaw: Option<Flaw>,
}

impl Support {
    #[must_use]
    pub const fn holds(&self) -> bool {
        self.flaw.is_none()
    }
}

/// Holds a sentence against the text it claims to rest on. `closeness` is the cosine of a sentence-embedding model between the
/// sentence and the nearest sentence of the source, where there is such a model.
#[must_use]
pub fn support(sentence: &str, source: &str, language: Language, closeness: Option<f32>) -> Support {
    let claimed = Words::of(sentence, language);
    if claimed.stems.is_empty() {
        return Support { share: 0.0, flaw: Some(Flaw::Empty) };
    }
    let places: Vec<Words> = text::sentences(source).into_iter().take(SENTENCES_READ).map(|place| Words::of(place, language)).collect();
    let share = claimed.share_in(places.iter().flat_map(|place| &place.stems));
    let flawed = |flaw| Support { share, flaw: Some(flaw) };
    let held = quantities(source, language);
    if quantities(sentence, language).iter().any(|quantity| !held.iter().any(|other| other.covers(quantity))) {
        return flawed(Flaw::Quantity);
    }
    if decisive(sentence, language).iter().any(|word| !decisive(source, language).contains(word)) {
        return flawed(Flaw::Decisive);
    }
    let least = if closeness.is_some_and(|cosine| cosine >= CLOSE) { WORDS_LEAST_CLOSE } else { WORDS_LEAST };
    let Some((best, in_place)) = best_place(&claimed, &places) else { return flawed(Flaw::Words) };
    if share < least || in_place < PLACE_LEAST.min(least) {
        return flawed(Flaw::Words);
    }
    // The sentence that says most of it decides; a neighbour may say the same again the other way round ("Not after that.").
    if places[best].negated != claimed.negated {
        return flawed(Flaw::Negation);
    }
    Support { share, flaw: None }
}

/// The sentence of the source that holds most of what is claimed, and the share that it holds with its neighbours.
fn best_place(claimed: &Words, places: &[Words]) -> Option<(usize, f32)> {
    let own = |at: usize| claimed.share_in(places[at].stems.iter());
    // Of equals, one that agrees in its negation.
    let best = (0..places.len()).max_by(|left, right| {
        let agrees = |at: usize| places[at].negated == claimed.negated;
        own(*left).total_cmp(&own(*right)).then(agrees(*left).cmp(&agrees(*right))).then(right.cmp(left))
    })?;
    let around = &places[best.saturating_sub(1)..(best + 2).min(places.len())];
    Some((best, claimed.share_in(around.iter().flat_map(|place| &place.stems))))
}

/// A sentence as both tests see it.
struct Words {
    /// Stems of the words that carry meaning, without numbers.
    stems: Vec<String>,
    negated: bool,
}

impl Words {
    fn of(sentence: &str, language: Language) -> Self {
        let mut stems = summary::content_stems(sentence, language);
        stems.retain(|stem| !stem.bytes().any(|byte| byte.is_ascii_digit()) && !is_negation(stem, language));
        stems.sort_unstable();
        stems.dedup();
        stems.truncate(STEMS_READ);
        Self { stems, negated: negated(sentence, language) }
    }

    fn share_in<'stem>(&self, others: impl Iterator<Item = &'stem String>) -> f32 {
        if self.stems.is_empty() {
            return 0.0;
        }
        let others: Vec<&String> = others.collect();
        let held = self.stems.iter().filter(|stem| others.iter().any(|other| same(stem, other))).count();
        held as f32 / self.stems.len() as f32
    }
}

/// Whether two stems are of one word: equal, or alike in all but their ending, or one a part of the other as a compound.
fn same(left: &str, right: &str) -> bool {
    if left == right {
        return true;
    }
    let (short, long) = if left.len() <= right.len() { (left, right) } else { (right, left) };
    let letters = short.chars().count();
    if letters < COMMON {
        return false;
    }
    let shared = short.chars().zip(long.chars()).take_while(|(one, other)| one == other).count();
    shared >= COMMON && shared * 10 >= letters * 7 || letters > COMMON && long.contains(short)
}

/// Words that deny, in each language: "en" denies in Finnish and is an article in Swedish.
const fn negations(language: Language) -> &'static [&'static str] {
    match language {
        Language::Fi => {
            &["ei", "en", "et", "emme", "ette", "eivät", "eikä", "enkä", "etkä", "emmekä", "ettekä", "eivätkä", "älä", "älkää", "ilman", "eihän", "eipä"]
        }
        Language::Sv => &["inte", "ej", "aldrig", "ingen", "inget", "inga", "icke", "utan"],
        Language::En => &["not", "no", "never", "cannot", "none", "neither", "nor", "without", "nobody", "nothing", "unable"],
    }
}

fn is_negation(token: &str, language: Language) -> bool {
    negations(language).contains(&token) || language == Language::En && token.ends_with("n't")
}

/// Whether a sentence denies something. Two denials make an affirmation no more than they do in talk: it stays denied.
fn negated(sentence: &str, language: Language) -> bool {
    let normalised = text::normalise(sentence);
    text::tokens(&normalised).any(|token| is_negation(token, language))
}

/// Beginnings of words that decide a matter, by what they decide, in the three languages.
const DECISIVE: [(&str, &[&str]); 11] = [
    ("free", &["maksuto", "maksutta", "ilmai", "veloituksett", "gratis", "avgiftsfri", "kostnadsfri", "free"]),
    ("charged", &["maksulli", "avgiftsbelag", "chargeable"]),
    ("forbidden", &["kielle", "förbjud", "forbidden", "prohibit"]),
    ("always", &["aina", "alltid", "always"]),
    ("never", &["koskaan", "ikinä", "aldrig", "never"]),
    ("must", &["pakolli", "obligatorisk", "mandatory", "compulsory"]),
    ("voluntary", &["vapaaehtoi", "frivillig", "voluntar", "optional"]),
    ("guaranteed", &["takaamme", "taataan", "garanter", "guarantee"]),
    ("whole", &["täysimääräi", "kokonaan", "helt", "entire", "fully"]),
    ("immediately", &["välittömästi", "heti", "omedelbart", "genast", "immediately", "instantly"]),
    ("unlimited", &["rajato", "rajoituksett", "obegräns", "unlimited"]),
];

fn decisive(sentence: &str, language: Language) -> Vec<&'static str> {
    let normalised = text::normalise(sentence);
    let tokens: Vec<&str> = text::tokens(&normalised).collect();
    // "Feel free" decides nothing, and "free" is a Swedish name at most.
    let idle = |token: &str| language == Language::En && token == "free" && tokens.windows(2).any(|pair| pair == ["feel", "free"]);
    let says = |beginnings: &[&str]| tokens.iter().any(|token| beginnings.iter().any(|beginning| token.starts_with(beginning)) && !idle(token));
    DECISIVE.iter().filter(|(_, beginnings)| says(beginnings)).map(|(what, _)| *what).collect()
}

#[cfg(test)]
mod tests;
