//! Greetings, thanks and goodbyes that carry no question.

use ennakoi_language::text;

/// What kind of small talk a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SmallTalk {
    Greeting,
    Thanks,
    Goodbye,
}

const GREETINGS: &[&str] = &[
    "hei",
    "heippa",
    "heips",
    "moi",
    "moikka",
    "moro",
    "terve",
    "huomenta",
    "huomenia",
    "iltaa",
    "päivää",
    "haloo",
    "morjens",
    "tervehdys",
    "hej",
    "hejsan",
    "hallå",
    "tjena",
    "morgon",
    "hi",
    "hello",
    "hey",
    "morning",
    "evening",
    "afternoon",
];
const THANKS: &[&str] = &["kiitos", "kiitti", "kiitoksia", "kiitän", "kiitokset", "tack", "tackar", "tackartackar", "thanks", "thank", "thx", "cheers"];
const GOODBYES: &[&str] = &["heihei", "moimoi", "näkemiin", "kuulemiin", "hejdå", "adjö", "bye", "goodbye"];
/// Words that may stand beside without making a question of it.
const AROUND: &[&str] = &[
    "hyvää",
    "hyvä",
    "huomenta",
    "päivää",
    "iltaa",
    "viikonloppua",
    "päivänjatkoa",
    "jatkoa",
    "vaan",
    "oikein",
    "paljon",
    "suuri",
    "suuret",
    "avusta",
    "teille",
    "sulle",
    "sinulle",
    "kaikille",
    "siellä",
    "no",
    "ok",
    "okei",
    "selvä",
    "juu",
    "joo",
    "god",
    "dag",
    "kväll",
    "så",
    "mycket",
    "för",
    "hjälpen",
    "ha",
    "det",
    "bra",
    "good",
    "day",
    "have",
    "a",
    "nice",
    "you",
    "very",
    "much",
    "so",
    "for",
    "the",
    "help",
    "your",
    "there",
    "all",
    "okay",
    "great",
    "se",
    "oli",
    "siinä",
    "tästä",
];
const WORDS_MOST: usize = 7;

/// The small talk that the message is, if it is nothing else.
pub(crate) fn recognise(message: &str) -> Option<SmallTalk> {
    let normalised = text::normalise(message);
    if normalised.contains('?') {
        return None;
    }
    let words: Vec<&str> = text::tokens(&normalised).take(WORDS_MOST + 1).collect();
    if words.is_empty() || words.len() > WORDS_MOST {
        return None;
    }
    let in_any = |word: &str| [GREETINGS, THANKS, GOODBYES, AROUND].iter().any(|list| list.contains(&word));
    if !words.iter().all(|word| in_any(word)) {
        return None;
    }
    let holds = |list: &[&str]| words.iter().any(|word| list.contains(word));
    // "Kiitos, hei!" ends a talk rather than begins one.
    if holds(THANKS) {
        Some(SmallTalk::Thanks)
    } else if holds(GOODBYES) || words.len() == 2 && words[0] == words[1] {
        Some(SmallTalk::Goodbye)
    } else if holds(GREETINGS) {
        Some(SmallTalk::Greeting)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_talk_is_only_what_carries_nothing_else() {
        for (message, expected) in [
            ("Moi!", Some(SmallTalk::Greeting)),
            ("hyvää huomenta", Some(SmallTalk::Greeting)),
            ("Kiitos paljon avusta!", Some(SmallTalk::Thanks)),
            ("tack så mycket", Some(SmallTalk::Thanks)),
            ("hei hei", Some(SmallTalk::Goodbye)),
            ("Hei, missä pakettini on", None),
            ("moi onko ketään paikalla?", None),
            ("kiitos ei", None),
            ("", None),
        ] {
            assert_eq!(recognise(message), expected, "{message}");
        }
    }
}
