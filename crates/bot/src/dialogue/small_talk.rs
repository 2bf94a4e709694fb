//! Small talk: messages that carry no matter. They are answered as people do, briefly, and keep nobody from asking.

use std::{collections::HashMap, sync::LazyLock};

use ennakoi_language::text;
use ennakoi_people::Locale;

use crate::{settings::Settings, texts::say};

/// What kind of small talk a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum SmallTalk {
    /// Whether or which machine this is; the law and honesty want an answer before any other.
    Machine,
    /// Insults without a matter: frustration, to which a person is offered.
    Insult,
    HowAreYou,
    Joke,
    Wishes,
    Praise,
    Thanks,
    Goodbye,
    Greeting,
    Sorry,
    Laughter,
    Understood,
}

impl SmallTalk {
    /// All kinds. Of several in one message the first is answered: "Kiitos, hei!" ends a talk rather than begins one.
    pub(crate) const ALL: [Self; 12] = [
        Self::Machine,
        Self::Insult,
        Self::HowAreYou,
        Self::Joke,
        Self::Wishes,
        Self::Praise,
        Self::Thanks,
        Self::Goodbye,
        Self::Greeting,
        Self::Sorry,
        Self::Laughter,
        Self::Understood,
    ];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Machine => "machine",
            Self::Insult => "insult",
            Self::HowAreYou => "how_are_you",
            Self::Joke => "joke",
            Self::Wishes => "wishes",
            Self::Praise => "praise",
            Self::Thanks => "thanks",
            Self::Goodbye => "goodbye",
            Self::Greeting => "greeting",
            Self::Sorry => "sorry",
            Self::Laughter => "laughter",
            Self::Understood => "understood",
        }
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Whether it is small talk also while a flow waits for an answer, where "ok" or an oath may be one.
    pub(crate) const fn between_steps(self) -> bool {
        matches!(self, Self::Machine | Self::HowAreYou | Self::Joke | Self::Thanks | Self::Greeting)
    }

    /// Whether the ways to a person are shown under the answer.
    pub(crate) const fn offers_person(self) -> bool {
        matches!(self, Self::Machine | Self::Insult)
    }

    /// What the bot says to it unless the company has written something of its own.
    pub(crate) fn built_in(self, locale: Locale) -> String {
        say(locale, &format!("small_talk_{}", self.as_str()), &[])
    }

    /// What the bot says to it.
    pub(crate) fn answer(self, settings: &Settings, locale: Locale) -> String {
        let own = settings.small_talk.get(self.as_str()).map(|texts| texts.own(locale).trim()).filter(|own| !own.is_empty());
        own.map_or_else(|| self.built_in(locale), ToOwned::to_owned)
    }
}

/// A phrase's words, and its kind; `None` for what may stand around.
type Phrase = (Vec<&'static str>, Option<SmallTalk>);

/// Phrases by their first word.
static PHRASES: LazyLock<HashMap<&'static str, Vec<Phrase>>> = LazyLock::new(|| {
    let mut phrases: HashMap<&'static str, Vec<Phrase>> = HashMap::new();
    let mut kind = None;
    for line in include_str!("small_talk.txt").lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            kind = SmallTalk::named(name);
            continue;
        }
        let words: Vec<&str> = line.split(' ').collect();
        phrases.entry(words[0]).or_default().push((words, kind));
    }
    phrases
});

/// Words of a message that may be small talk.
const WORDS_MOST: usize = 14;
const PLEASED: &[char] = &['👍', '👌', '🙏', '❤', '♥', '😊', '🙂', '😀', '😃', '😄', '😁', '😍', '🥰', '💕', '💖', '🎉', '👏', '💪', '✅'];
const AMUSED: &[char] = &['😂', '🤣', '😆', '😅'];
const CROSS: &[char] = &['😡', '🤬', '😠', '👎', '🖕', '💩'];

/// The small talk that the message is, if it is nothing else.
pub(crate) fn recognise(message: &str) -> Option<SmallTalk> {
    let normalised = text::normalise(message);
    let words: Vec<&str> = text::tokens(&normalised).filter(|word| word.chars().any(char::is_alphanumeric)).take(WORDS_MOST + 1).collect();
    if words.is_empty() {
        return of_signs(message);
    }
    if words.len() > WORDS_MOST {
        return None;
    }
    let mut best: Option<SmallTalk> = None;
    let mut rest = &words[..];
    while !rest.is_empty() {
        let (length, kind) = longest(rest)?;
        best = match (best, kind) {
            (Some(best), Some(kind)) => Some(best.min(kind)),
            (best, kind) => best.or(kind),
        };
        rest = &rest[length..];
    }
    best
}

/// The longest phrase that the words begin with: its length and kind. Among those equally long, one with a kind comes before what only
/// stands around.
fn longest(words: &[&str]) -> Option<(usize, Option<SmallTalk>)> {
    let fitting = PHRASES.get(words[0])?.iter().filter(|(phrase, _)| words.starts_with(phrase));
    fitting.max_by_key(|(phrase, kind)| (phrase.len(), kind.is_some())).map(|(phrase, kind)| (phrase.len(), *kind))
}

/// A message of signs alone.
fn of_signs(message: &str) -> Option<SmallTalk> {
    let holds = |signs: &[char]| message.chars().any(|sign| signs.contains(&sign));
    if holds(CROSS) {
        Some(SmallTalk::Insult)
    } else if holds(AMUSED) {
        Some(SmallTalk::Laughter)
    } else if holds(PLEASED) || matches!(message.trim(), ":)" | ":-)" | ":D" | ":-D" | ";)" | "<3") {
        Some(SmallTalk::Understood)
    } else {
        None
    }
}

/// What remains of a message without its sentences of small talk; the message itself when nothing or too little remains.
pub(crate) fn without(message: &str) -> String {
    let sentences = text::sentences(message);
    if sentences.len() < 2 {
        return message.to_owned();
    }
    let rest: Vec<&str> = sentences.into_iter().filter(|sentence| recognise(sentence).is_none()).collect();
    let rest = rest.join(" ");
    if rest.split_whitespace().count() < 2 { message.to_owned() } else { rest }
}

#[cfg(test)]
mod tests {
    use ennakoi_language::{Language, safety};

    use super::*;

    #[test]
    fn phrases_are_written_as_messages_are_read() {
        let mut kind_seen = 0;
        for line in include_str!("small_talk.txt").lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                assert!(name == "around" || SmallTalk::named(name).is_some(), "{name}");
                kind_seen += 1;
                continue;
            }
            let normalised = text::normalise(line);
            let read: Vec<&str> = text::tokens(&normalised).filter(|word| word.chars().any(char::is_alphanumeric)).collect();
            assert_eq!(read.join(" "), line, "is never read so");
        }
        assert_eq!(kind_seen, SmallTalk::ALL.len() + 1);
    }

    /// What customers write, and what it is; `-` where it is no small talk.
    #[test]
    fn test_lines_are_recognised_and_nothing_else() {
        for row in include_str!("../../tests/data/small_talk.tsv").lines().skip(1) {
            let [message, expected] = row.split('\t').collect::<Vec<_>>()[..] else { panic!("two columns: {row}") };
            let found = recognise(message);
            assert_eq!(found.map_or("-", SmallTalk::as_str), expected, "{message}");
            if let Some(kind) = found {
                for language in Language::ALL {
                    // Words of those who want a person are among it, and nothing that is more urgent.
                    let finding = safety::inspect(message, language, &safety::Extension::default()).filter(|finding| finding.phrase.is_some());
                    assert!(finding.is_none_or(|finding| finding.reason == safety::Reason::Person), "{message} ({kind:?}) never comes so far");
                }
            }
        }
    }

    #[test]
    fn sentences_of_small_talk_do_not_hide_a_question() {
        assert_eq!(without("Hei! Hyvää joulua. Missä pakettini on?"), "Missä pakettini on?");
        assert_eq!(without("Missä pakettini on?"), "Missä pakettini on?");
        assert_eq!(without("Kiitos! Moi."), "Kiitos! Moi.");
    }

    #[test]
    fn every_kind_is_answered_in_every_language() {
        for kind in SmallTalk::ALL {
            for &locale in Locale::ALL {
                assert!(!kind.built_in(locale).is_empty(), "{kind:?} {locale:?}");
            }
        }
    }
}
