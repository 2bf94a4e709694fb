//! Which language a message is written in.
//!
//! A word-wise generative model: each word is scored by the character 4-gram model of each language, learned from the
//! product's own corpus, joined with closed-class words that alone decide a short message. The conversation's memory
//! enters as a prior, so that "ok" does not change the language of a conversation but "thank you" does.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use crate::learn::hashing::{PassThroughHasher, hash_bytes};
use crate::{needs, text};

/// The languages that the product speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    Fi,
    Sv,
    En,
}

impl Language {
    /// All languages, in the order of their discriminants.
    pub const ALL: [Self; 3] = [Self::Fi, Self::Sv, Self::En];

    /// The ISO 639-1 code.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fi => "fi",
            Self::Sv => "sv",
            Self::En => "en",
        }
    }

    pub(crate) const fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Language {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A language code that the product does not speak.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown language `{0}`: expected fi, sv or en")]
pub struct UnknownLanguage(pub String);

impl FromStr for Language {
    type Err = UnknownLanguage;

    /// Reads `fi`, `sv`, `en`, in any case, with or without a region (`fi-FI`, `sv_SE`).
    fn from_str(code: &str) -> Result<Self, Self::Err> {
        let lower = code.trim().to_ascii_lowercase();
        match lower.split(['-', '_']).next().unwrap_or("") {
            "fi" => Ok(Self::Fi),
            "sv" => Ok(Self::Sv),
            "en" => Ok(Self::En),
            _ => Err(UnknownLanguage(code.to_owned())),
        }
    }
}

/// The outcome of [`detect`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Detection {
    pub language: Language,
    /// Posterior probability of `language` among the languages asked about, 0–1.
    pub confidence: f32,
}

/// Words that are scored; the beginning of a message decides its language, and the bound keeps a pasted megabyte cheap.
const WORDS_READ: usize = 400;
/// Log-odds that a message stays in the language of its conversation: about one message in fifty changes it.
const MEMORY_LOG_ODDS: f64 = 3.9;
/// The score of a whole message is tempered by this, since neighbouring n-grams are not independent evidence.
const TEMPER: f64 = 0.55;

/// Decides the language of one message among those the workspace speaks.
///
/// `memory` is the language of the conversation so far. `among` empty means all languages. A text without letters gets
/// the remembered language, else the first of `among`, with the confidence of the prior alone.
#[must_use]
pub fn detect(text: &str, memory: Option<Language>, among: &[Language]) -> Detection {
    let among = if among.is_empty() { &Language::ALL[..] } else { among };
    let model = &*MODEL;
    let normalised = text::normalise(text);
    let mut scores = [0.0_f64; 3];
    for word in words(&normalised).take(WORDS_READ) {
        let word_scores = model.word(word);
        for (score, word_score) in scores.iter_mut().zip(word_scores) {
            *score += word_score * TEMPER;
        }
    }
    if let Some(remembered) = memory {
        scores[remembered.index()] += MEMORY_LOG_ODDS;
    }
    let best = among.iter().copied().fold(among[0], |best, candidate| if scores[candidate.index()] > scores[best.index()] { candidate } else { best });
    let total: f64 = among.iter().map(|language| (scores[language.index()] - scores[best.index()]).exp()).sum();
    Detection { language: best, confidence: (1.0 / total) as f32 }
}

/// Words that say something of the language: no numbers, codes, addresses of mail and web.
fn words(normalised: &str) -> impl Iterator<Item = &str> {
    normalised
        .split(' ')
        .filter(|piece| !piece.contains('@') && !piece.contains("://") && !piece.starts_with("www."))
        .flat_map(text::tokens)
        .filter(|token| !token.bytes().any(|byte| byte.is_ascii_digit()))
}

/// Character n-gram counts per language.
struct Model {
    grams: HashMap<u64, [f32; 3], PassThroughHasher>,
    /// Whole words with their share among the words of each language.
    words: HashMap<u64, [f32; 3], PassThroughHasher>,
    totals: [f32; 3],
}

/// Longest character n-gram of the word model.
const ORDER: usize = 4;

static MODEL: LazyLock<Model> = LazyLock::new(Model::learn);

impl Model {
    fn learn() -> Self {
        let mut model = Self { grams: HashMap::default(), words: HashMap::default(), totals: [0.0; 3] };
        for (language, list) in [(Language::Fi, FINNISH), (Language::Sv, SWEDISH), (Language::En, ENGLISH)] {
            for word in list.split_whitespace() {
                model.add(word, language, 40.0);
            }
        }
        for line in needs::Corpus::built_in().lines() {
            let normalised = text::normalise(line.text);
            for word in words(&normalised) {
                model.add(word, line.language, 1.0);
            }
        }
        model
    }

    fn add(&mut self, word: &str, language: Language, weight: f32) {
        let slot = language.index();
        self.words.entry(hash_bytes(1, word.as_bytes())).or_default()[slot] += weight;
        self.totals[slot] += weight;
        // Counts of grams grow with the logarithm's weight of closed-class words, else "och" would rule all of "ch".
        let weight = weight.sqrt();
        each_gram(word, |gram| self.grams.entry(gram).or_default()[slot] += weight);
    }

    /// Log-likelihood of one word in each language, up to a constant shared by the languages.
    fn word(&self, word: &str) -> [f64; 3] {
        let mut scores = [0.0_f64; 3];
        // Witten–Bell-like interpolation: each context is trusted by how often it was seen in that language.
        each_position(word, |contexts| {
            let mut probabilities = [1.0 / 40.0_f64; 3];
            for (context, extended) in contexts {
                let seen = self.grams.get(context).copied().unwrap_or_default();
                let followed = self.grams.get(extended).copied().unwrap_or_default();
                for slot in 0..3 {
                    let trust = 4.0;
                    probabilities[slot] = (f64::from(followed[slot]) + trust * probabilities[slot]) / (f64::from(seen[slot]) + trust);
                }
            }
            for (score, probability) in scores.iter_mut().zip(probabilities) {
                *score += probability.max(1e-9).ln();
            }
        });
        if let Some(counts) = self.words.get(&hash_bytes(1, word.as_bytes())) {
            for slot in 0..3 {
                let share = (f64::from(counts[slot]) + 0.3) / (f64::from(self.totals[slot]) + 1000.0);
                // A known word is scored half by itself, half by its letters.
                scores[slot] = 0.5 * scores[slot] + 0.5 * share.ln();
            }
        }
        scores
    }
}

/// Boundaries of characters of a word wrapped in word marks.
fn wrapped(word: &str) -> (String, Vec<usize>) {
    let wrapped = format!(" {} ", word.chars().take(40).collect::<String>());
    let boundaries = wrapped.char_indices().map(|(position, _)| position).chain([wrapped.len()]).collect();
    (wrapped, boundaries)
}

/// Calls with the hash of every context (0 to ORDER−1 characters) and n-gram (1 to ORDER) of a word.
fn each_gram(word: &str, mut visit: impl FnMut(u64)) {
    each_position(word, |pairs| {
        for (order, (context, extended)) in pairs.iter().enumerate() {
            // A context of n characters is a key of its own, because at a word's end it is seen but never followed.
            visit(*context);
            debug_assert!(order < ORDER);
            visit(*extended);
        }
    });
}

/// For each character of a word: hashes of (context, context + character) from the shortest context to the longest.
fn each_position(word: &str, mut visit: impl FnMut(&[(u64, u64)])) {
    let (wrapped, boundaries) = wrapped(word);
    let bytes = wrapped.as_bytes();
    let mut pairs = Vec::with_capacity(ORDER);
    for end in 2..boundaries.len() {
        pairs.clear();
        for length in 0..ORDER.min(end) {
            let start = boundaries[end - 1 - length];
            let context = hash_bytes(100 + length as u64, &bytes[start..boundaries[end - 1]]);
            let extended = hash_bytes(200 + length as u64, &bytes[start..boundaries[end]]);
            pairs.push((context, extended));
        }
        visit(&pairs);
    }
}

/// Whether a normalised token is a closed-class or greeting word of the language: it carries no content.
pub(crate) fn is_closed_class(language: Language, token: &str) -> bool {
    static SETS: LazyLock<[HashSet<&'static str>; 3]> = LazyLock::new(|| [FINNISH, SWEDISH, ENGLISH].map(|list| list.split_whitespace().collect()));
    SETS[language.index()].contains(token)
}

/// Closed-class and greeting words; content words are learned from the corpus.
const FINNISH: &str = "ja on ei en et emme ette eivät ole olen olet oli olisi että se tämä tuo ne nämä minä sinä hän me te he mä sä mun sun mulla sulla minun \
    minulla minulle mitä mikä missä mistä mihin miten milloin miksi kuinka kuka onko voiko voinko saako saanko pitääkö kun jos niin mutta vaan vai tai sekä myös vielä jo nyt \
    sitten kiitos kiitti hei moi terve moikka päivää huomenta joo juu kyllä ok ihan tosi hyvä hyvin paljon paljonko kanssa ilman ennen jälkeen koska vain mulle sulle teillä \
    teiltä teille meillä haluan haluaisin tarvitsen kiitoksia anteeksi ollaan pitäisi voisi oon onks siis taas aina";
const SWEDISH: &str = "och är inte har jag du han hon vi ni de den det en ett som att för med på av till från om men eller så nu när var vad vem hur varför vilken vilket kan ska \
    skulle vill måste får fick hade blir blev min mitt mina din ditt er ert era vår tack hej hejsan tjena ja nej jo bra mycket mer också bara redan ännu inte ingen inget några \
    något någon här där sedan efter innan utan mig dig sig oss dem vänligen snälla ursäkta går gör kommer finns tacka igen alltid aldrig";
const ENGLISH: &str = "the and is are was were be been not don't doesn't didn't i you he she it we they my your our their me him her us them this that these those what where \
    when why how who which can could would should will have has had do does did to of in on at for with from by about if but or so now then there here please thanks thank hello \
    hi hey yes no ok good very much any some just still yet already again never always want need get got i'm it's can't won't sorry";

#[cfg(test)]
mod tests {
    use super::*;

    fn language(text: &str) -> Language {
        detect(text, None, &[]).language
    }

    #[test]
    fn tells_the_three_apart() {
        assert_eq!(language("missä mun paketti on"), Language::Fi);
        assert_eq!(language("var är mitt paket"), Language::Sv);
        assert_eq!(language("where is my parcel"), Language::En);
    }

    #[test]
    fn memory_settles_what_says_nothing_and_yields_to_what_does() {
        assert_eq!(detect("ok", Some(Language::Sv), &[]).language, Language::Sv);
        assert_eq!(detect("12345", Some(Language::En), &[]).language, Language::En);
        assert_eq!(detect("thank you very much for the help", Some(Language::Fi), &[]).language, Language::En);
    }

    #[test]
    fn only_languages_asked_for_are_given() {
        let detection = detect("where is my parcel", None, &[Language::Fi, Language::Sv]);
        assert_ne!(detection.language, Language::En);
        assert!((0.0..=1.0).contains(&detection.confidence));
    }

    #[test]
    fn codes_are_read_with_regions() {
        assert_eq!("sv-FI".parse(), Ok(Language::Sv));
        assert!("de".parse::<Language>().is_err());
    }
}
