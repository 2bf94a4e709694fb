//! The lexicon and how its words are read in context.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::{Emotion, Polarity};
use crate::{Language, colloquial, text};

struct Lexicon {
    /// Valence −5…5 by word form.
    words: HashMap<String, f32>,
    /// The same by stem, for inflected forms; a stem of words that disagree in sign is left out.
    stems: HashMap<String, f32>,
    emotions: Vec<(&'static str, Emotion)>,
    negations: &'static [&'static str],
    intensifiers: &'static [&'static str],
    contrasts: &'static [&'static str],
}

static LEXICONS: LazyLock<[Lexicon; 3]> = LazyLock::new(|| Language::ALL.map(Lexicon::load));
static EMOTICONS: LazyLock<Vec<(&'static str, f32)>> = LazyLock::new(|| {
    let listed = include_str!("../../data/afinn-emoticons.txt").lines().filter_map(pair);
    listed.chain(EMOJI.iter().map(|&(emoji, valence)| (emoji, valence))).collect()
});
#[rustfmt::skip]
const EMOJI: [(&str, f32); 24] = [
    ("😀", 3.0), ("😊", 3.0), ("🙂", 2.0), ("😍", 4.0), ("🥰", 4.0), ("❤", 3.0), ("👍", 2.0), ("🙏", 1.0), ("🎉", 3.0), ("😂", 1.0), ("👏", 2.0),
    ("😡", -4.0), ("🤬", -5.0), ("😠", -3.0), ("😤", -3.0), ("😢", -2.0), ("😭", -3.0), ("😞", -3.0), ("😟", -2.0), ("😔", -2.0), ("👎", -3.0),
    ("🤮", -4.0), ("💩", -3.0), ("🙄", -2.0),
];

/// What a text says, before it is weighed.
pub(super) struct Reading {
    positive: f32,
    negative: f32,
    tokens: usize,
    shouting: f32,
    emotions: [f32; 4],
}

impl Reading {
    /// −1…1: the balance of good and bad words, softened so that one weak word stays weak.
    pub(super) fn valence(&self) -> f32 {
        let sum = self.positive - self.negative;
        sum / (sum.abs() + 3.0 + 0.05 * self.tokens as f32)
    }

    pub(super) fn intensity(&self) -> f32 {
        let strength = (self.positive + self.negative) / (4.0 + 0.25 * self.tokens as f32);
        (strength * 0.5 + self.shouting).clamp(0.0, 1.0)
    }

    pub(super) fn emotion(&self, polarity: Polarity) -> Option<Emotion> {
        const ALL: [Emotion; 4] = [Emotion::Anger, Emotion::Worry, Emotion::Disappointment, Emotion::Joy];
        let mut emotions = self.emotions;
        match polarity {
            Polarity::Positive => emotions[3] += 0.5,
            Polarity::Negative => {
                emotions[3] = 0.0;
                emotions[0] += self.shouting;
            }
            Polarity::Neutral => {}
        }
        let best = (0..4).fold(0, |best, next| if emotions[next] > emotions[best] { next } else { best });
        (emotions[best] >= 0.5).then_some(ALL[best])
    }

    /// Numbers that a learned model takes as features.
    pub(super) fn features(&self) -> [f32; 3] {
        [self.positive.min(10.0) / 4.0, self.negative.min(10.0) / 4.0, self.valence()]
    }

    /// The same, and the emotions.
    pub(super) fn all_features(&self) -> [f32; 7] {
        let [positive, negative, valence] = self.features();
        let [anger, worry, disappointment, joy] = self.emotions.map(|emotion| emotion.min(3.0));
        [positive, negative, valence, anger, worry, disappointment, joy]
    }
}

fn pair(line: &'static str) -> Option<(&'static str, f32)> {
    let (word, valence) = line.rsplit_once('\t')?;
    Some((word, valence.trim().parse().ok()?))
}

impl Lexicon {
    fn load(language: Language) -> Self {
        let (afinn, own) = match language {
            Language::Fi => (include_str!("../../data/afinn-fi.txt"), include_str!("words-fi.txt")),
            Language::Sv => (include_str!("../../data/afinn-sv.txt"), include_str!("words-sv.txt")),
            Language::En => (include_str!("../../data/afinn-en.txt"), include_str!("words-en.txt")),
        };
        let mut words: HashMap<String, f32> = HashMap::new();
        for (word, valence) in afinn.lines().filter_map(pair).chain(own.lines().filter_map(pair)) {
            words.insert(text::normalise(word), valence);
        }
        let mut sums: HashMap<String, (f32, f32, bool)> = HashMap::new();
        for (word, &valence) in words.iter().filter(|(word, _)| !word.contains(' ') && word.chars().count() > 3) {
            let entry = sums.entry(text::stem(language, word).into_owned()).or_insert((0.0, 0.0, false));
            entry.2 |= entry.0 * valence < 0.0;
            entry.0 += valence;
            entry.1 += 1.0;
        }
        let stems = sums
            .into_iter()
            .filter(|(stem, (_, _, disagree))| !disagree && stem.chars().count() > 2)
            .map(|(stem, (sum, count, _))| (stem, sum / count))
            .collect();
        let emotions = include_str!("emotions.txt").lines().filter_map(emotion_line).collect();
        let (negations, intensifiers, contrasts) = context_words(language);
        Self { words, stems, emotions, negations, intensifiers, contrasts }
    }

    fn valence(&self, language: Language, token: &str) -> Option<f32> {
        let token = colloquial::written(language, token).unwrap_or(token);
        self.words.get(token).or_else(|| self.stems.get(text::stem(language, token).as_ref())).copied()
    }
}

type WordList = &'static [&'static str];

/// Negations, intensifiers and words of contrast.
fn context_words(language: Language) -> (WordList, WordList, WordList) {
    match language {
        Language::Fi => FINNISH_CONTEXT,
        Language::Sv => SWEDISH_CONTEXT,
        Language::En => ENGLISH_CONTEXT,
    }
}

#[rustfmt::skip]
const FINNISH_CONTEXT: (WordList, WordList, WordList) = (
    &["ei", "en", "et", "emme", "ette", "eivät", "ilman", "eikä", "enkä", "ettei", "etten", "eihän", "eipä", "älä", "tuskin"],
    &["todella", "erittäin", "tosi", "hyvin", "aivan", "täysin", "niin", "ihan", "äärimmäisen", "liian", "hirveän", "tosiaan", "super", "kaikkein"],
    &["mutta", "kuitenkin", "silti", "vaan"],
);
#[rustfmt::skip]
const SWEDISH_CONTEXT: (WordList, WordList, WordList) = (
    &["inte", "ej", "aldrig", "ingen", "inget", "inga", "utan", "knappast", "icke"],
    &["mycket", "väldigt", "jätte", "extremt", "så", "otroligt", "helt", "verkligen", "riktigt", "alldeles", "super"],
    &["men", "ändå", "dock"],
);
#[rustfmt::skip]
const ENGLISH_CONTEXT: (WordList, WordList, WordList) = (
    &["not", "no", "never", "don't", "doesn't", "didn't", "can't", "won't", "isn't", "wasn't", "aren't", "weren't", "couldn't", "wouldn't",
      "shouldn't", "haven't", "hasn't", "without", "hardly", "nothing", "nobody", "cannot", "dont", "cant", "neither"],
    &["very", "really", "extremely", "so", "too", "absolutely", "totally", "completely", "incredibly", "super", "such"],
    &["but", "however", "yet", "still"],
);

fn emotion_line(line: &'static str) -> Option<(&'static str, Emotion)> {
    let (name, prefix) = line.split_once(' ')?;
    let emotion = match name {
        "anger" => Emotion::Anger,
        "worry" => Emotion::Worry,
        "disappointment" => Emotion::Disappointment,
        "joy" => Emotion::Joy,
        _ => return None,
    };
    Some((prefix, emotion))
}

/// Words a negation reaches.
const NEGATION_REACH: usize = 3;
const TOKENS_READ: usize = 3_000;

/// Reads a text.
pub(super) fn read(raw: &str, language: Language) -> Reading {
    let lexicon = &LEXICONS[language.index()];
    let normalised = text::normalise(raw);
    let tokens: Vec<&str> = text::tokens(&normalised).take(TOKENS_READ).collect();
    let mut reading = Reading { positive: 0.0, negative: 0.0, tokens: tokens.len(), shouting: shouting(raw), emotions: [0.0; 4] };
    let mut negated_until = 0;
    let mut emphasis = 1.0_f32;
    for (position, token) in tokens.iter().enumerate() {
        if lexicon.contrasts.contains(token) {
            // What comes after "but" is what is meant.
            reading.positive *= 0.6;
            reading.negative *= 0.6;
            negated_until = 0;
        }
        if lexicon.negations.contains(token) {
            negated_until = position + 1 + NEGATION_REACH;
            continue;
        }
        if lexicon.intensifiers.contains(token) {
            emphasis = 1.5;
            continue;
        }
        let negated = position < negated_until;
        if let Some(valence) = lexicon.valence(language, token) {
            // "Not good" is bad; "not bad" is only half good.
            let valence = emphasis
                * if !negated {
                    valence
                } else if valence > 0.0 {
                    -0.8 * valence
                } else {
                    -0.4 * valence
                };
            if valence > 0.0 {
                reading.positive += valence;
            } else {
                reading.negative -= valence;
            }
        }
        if !negated {
            for (prefix, emotion) in &lexicon.emotions {
                if token.starts_with(prefix) {
                    reading.emotions[*emotion as usize] += emphasis;
                }
            }
        }
        emphasis = 1.0;
    }
    emoticons(raw, &mut reading);
    reading
}

fn emoticons(raw: &str, reading: &mut Reading) {
    // Emoticons count once each: ten laughing faces are one laugh.
    let head: String = raw.chars().take(20_000).collect();
    for (emoticon, valence) in EMOTICONS.iter().filter(|(emoticon, _)| emoticon.chars().count() > 1 || !emoticon.is_ascii()) {
        if head.contains(emoticon) {
            if *valence > 0.0 {
                reading.positive += valence;
            } else {
                reading.negative -= valence;
            }
        }
    }
}

/// Exclamation marks and words in capitals, 0–0.6.
fn shouting(raw: &str) -> f32 {
    let marks = raw.chars().take(20_000).filter(|&character| character == '!').count().min(4) as f32 * 0.08;
    let (mut capitals, mut words) = (0_u32, 0_u32);
    for word in raw.split_whitespace().take(500).filter(|word| word.chars().filter(|character| character.is_alphabetic()).count() > 3) {
        words += 1;
        capitals += u32::from(word.chars().all(|character| !character.is_lowercase()));
    }
    let share = if words > 0 { capitals as f32 / words as f32 } else { 0.0 };
    marks + if capitals >= 2 { 0.3 * share } else { 0.0 }
}
