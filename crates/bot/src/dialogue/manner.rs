//! How something is said, whatever it is about: a question of how things are done, one more of the same, a wish to be called.

use ennakoi_language::text::{normalise, tokens};

use crate::flows::{number, other};

/// Words that ask how or whether something is done.
const HOW: &[&str] = &["miten", "mitenkä", "mite", "mitenkäs", "kuinka", "kuinkahan", "hur", "how"];
/// After these words a "how" asks for a measure: how long, how far.
const MEASURES: &[&str] = &[
    "kauan",
    "kauanko",
    "kauankohan",
    "pitkään",
    "pitkä",
    "pian",
    "monta",
    "monessa",
    "paljon",
    "kaukana",
    "pitkällä",
    "usein",
    "iso",
    "suuri",
    "länge",
    "långt",
    "mycket",
    "många",
    "snart",
    "ofta",
    "stor",
    "long",
    "far",
    "much",
    "many",
    "soon",
    "often",
    "big",
    "come",
    "about",
];
const WHETHER: &[&str] = &[
    "voiko",
    "voikohan",
    "voinko",
    "voinkohan",
    "voiks",
    "voinks",
    "saako",
    "saaks",
    "saanko",
    "onnistuuko",
    "onnistuuks",
    "pitääkö",
    "pitääks",
    "täytyykö",
    "kannattaako",
];
const WHETHER_IN_TWO: &[[&str; 2]] = &[
    ["onko", "mahdollista"],
    ["kan", "man"],
    ["kan", "jag"],
    ["får", "man"],
    ["får", "jag"],
    ["går", "det"],
    ["måste", "man"],
    ["måste", "jag"],
    ["can", "i"],
    ["can", "you"],
    ["could", "i"],
    ["may", "i"],
    ["do", "i"],
    ["is", "it"],
];

/// Whether a message asks how or whether something is done, rather than for its state or to have it done.
pub(super) fn asks_how(message: &str) -> bool {
    let normalised = normalise(message);
    let words: Vec<&str> = tokens(&normalised).take(WORDS).collect();
    words.iter().enumerate().any(|(place, word)| {
        let next = words.get(place + 1).copied().unwrap_or_default();
        HOW.contains(word) && !MEASURES.contains(&next) || WHETHER.contains(word) || WHETHER_IN_TWO.contains(&[word, next])
    })
}

/// Words of a message that are looked at.
const WORDS: usize = 60;

/// Words with which one asks the same of something else.
const LEADS: &[&str] = &["entä", "entäs", "entäpä", "entäpäs", "mites", "mitenkäs", "ents", "och", "men", "samma", "and", "what", "how", "same"];
/// Words that carry nothing of their own around it.
const LEAN: &[&str] = &[
    "se",
    "sit",
    "sitten",
    "tuo",
    "tää",
    "tämä",
    "toi",
    "ja",
    "no",
    "vielä",
    "myös",
    "on",
    "sama",
    "samat",
    "juttu",
    "siitä",
    "hei",
    "kiitos",
    "numero",
    "numerolla",
    "nro",
    "tilaus",
    "tilauksen",
    "tilaukseni",
    "tilauksesta",
    "tilaukselle",
    "lasku",
    "laskun",
    "laskusta",
    "laskulle",
    "paketti",
    "paketin",
    "det",
    "den",
    "då",
    "sen",
    "med",
    "är",
    "för",
    "om",
    "också",
    "tack",
    "nummer",
    "beställning",
    "beställningen",
    "order",
    "ordern",
    "faktura",
    "fakturan",
    "paketet",
    "the",
    "one",
    "about",
    "this",
    "that",
    "too",
    "then",
    "for",
    "with",
    "of",
    "my",
    "is",
    "thing",
    "number",
    "no",
    "invoice",
    "parcel",
    "please",
    "thanks",
    "hello",
    "hi",
];
const OTHERS: &[&str] = &["toinen", "toista", "toisen", "toiselle", "toisesta", "andra", "annan", "other", "another", "different"];

/// How much of a message is one more of the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Same {
    /// It names another item and nothing else: "entä tilaus 10021?"
    Wholly,
    /// It begins so, and a word or two may name the item: "entä se muki?"
    Perhaps,
}

/// Whether a message asks the same of another item.
pub(super) fn same_again(message: &str) -> Option<Same> {
    let normalised = normalise(message);
    let words: Vec<&str> = tokens(&normalised).take(WORDS).collect();
    let led = words.iter().take(2).any(|word| LEADS.contains(word));
    let plain = |word: &&&str| !LEADS.contains(word) && !LEAN.contains(word) && !OTHERS.contains(word) && !word.chars().any(|one| one.is_ascii_digit());
    let content = words.iter().filter(plain).count();
    match content {
        0 if number(message).is_some() || led && other(message) => Some(Same::Wholly),
        1..=3 if led && words.len() <= 8 => Some(Same::Perhaps),
        _ => None,
    }
}

/// Beginnings of words about a telephone call.
const CALLS: &[&str] = &[
    "soitt",
    "soita",
    "soiti",
    "soitel",
    "soite",
    "puhel",
    "takaisinsoit",
    "luuri",
    "pirau",
    "kilau",
    "ring",
    "uppring",
    "återuppring",
    "telefon",
    "luren",
    "call",
    "phone",
    "ring",
    "telephone",
    "callback",
];
/// Who says one of these cannot or will not take a call.
const NO_CALL: &[&str] = &["en", "ei", "älkää", "älä", "inte", "ej", "not", "don't", "dont", "can't", "cant", "cannot", "no", "never"];

/// Whether somebody who wants a person wants to be called.
pub(super) fn wishes_call(message: &str) -> bool {
    let normalised = normalise(message);
    let words: Vec<&str> = tokens(&normalised).take(WORDS).collect();
    words.iter().any(|word| CALLS.iter().any(|call| word.starts_with(call))) && !words.iter().any(|word| NO_CALL.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_is_told_from_where_and_how_long() {
        for message in [
            "Miten palautan tuotteen?",
            "moi, saako nää vielä takasin",
            "Hur gör man en retur?",
            "Can I send it back without the box?",
            "onko mahdollista vaihtaa kokoa",
        ] {
            assert!(asks_how(message), "{message}");
        }
        for message in
            ["Missä tilaukseni on?", "haluan palauttaa takin", "kuinka kauan tilaukseni vielä kestää", "hur länge dröjer paketet", "how long will it be", ""]
        {
            assert!(!asks_how(message), "{message}");
        }
    }

    #[test]
    fn the_same_of_another_item() {
        for message in
            ["entä tilaus 10021?", "Entäs 10021", "och beställning 10022 då?", "what about order 10021", "entä se toinen tilaus", "10021", "and the other one?"]
        {
            assert_eq!(same_again(message), Some(Same::Wholly), "{message}");
        }
        assert_eq!(same_again("entä se muki?"), Some(Same::Perhaps));
        for message in ["entä jos haluankin palauttaa sen kaupan päällä", "tilaus", "missä tilaus 10023 viipyy?", "kiitos", "toinen kenkä puuttuu", ""] {
            assert_eq!(same_again(message), None, "{message}");
        }
    }

    #[test]
    fn a_call_is_wished_for_or_refused() {
        for message in ["voisitteko soittaa mulle", "kan ni ringa upp mig", "please give me a call", "jättäisin soittopyynnön"] {
            assert!(wishes_call(message), "{message}");
        }
        for message in ["haluan puhua ihmiselle", "en voi puhua puhelimessa, ihminen kiitos", "I can't use the phone, a person please"] {
            assert!(!wishes_call(message), "{message}");
        }
    }
}
