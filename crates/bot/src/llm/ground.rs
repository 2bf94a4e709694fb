//! Whether what the model wrote may be said: each sentence is plain, names a source, and rests on it.

use std::sync::{Arc, LazyLock};

use ennakoi_embedding::Side;
use ennakoi_kernel::ids::ArticleId;
use ennakoi_language::{Language, claims, entities, text};
use regex::Regex;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Outcome, Refused, Told, hide::Hidden, wire};
use crate::meaning::Model;

/// Sentences of an answer, and characters of one and of all.
const SENTENCES: usize = 8;
const SENTENCE_CHARACTERS: usize = 400;
const ANSWER_CHARACTERS: usize = 1_500;
/// Characters of a refused sentence that are kept.
const REFUSED_CHARACTERS: usize = 200;
/// Sentences of a source that a model reads to judge closeness.
const READ_CLOSELY: usize = 24;

static LINK: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)://|\bwww\.|\b(?:javascript|data|vbscript|mailto|tel|file):|\b[a-z0-9-]{2,}\.(?:fi|se|com|net|org|io|eu|example|info|biz|app|dev|ru|cn|xyz|top|shop|site|online)\b")
        .expect("the pattern is constant")
});

/// What a source is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    Article {
        id: ArticleId,
        title: String,
        url: String,
    },
    /// Something of the visitor's own, e.g. "Tilaus 10021".
    Own(String),
}

/// A text that sentences may rest on.
#[derive(Clone, Debug)]
pub(super) struct SourceText {
    /// `A1`, `D2`: how the model names it.
    pub id: String,
    pub origin: Origin,
    /// As it is.
    pub text: String,
    /// As it leaves.
    pub hidden: String,
}

impl SourceText {
    pub(super) fn title(&self) -> &str {
        match &self.origin {
            Origin::Article { title, .. } | Origin::Own(title) => title,
        }
    }

    /// As the model is told of it.
    pub(super) fn told(&self) -> Value {
        match &self.origin {
            Origin::Article { title, .. } => json!({ "id": self.id, "title": title, "text": self.hidden }),
            Origin::Own(_) => json!({ "id": self.id, "text": self.hidden }),
        }
    }
}

/// A sentence that may be said, with the place of its source.
#[derive(Clone, Debug)]
pub(super) struct Grounded {
    pub told: Told,
    pub source: usize,
}

/// What a reply is worth.
pub(super) struct Judged {
    pub sentences: Vec<Grounded>,
    pub refused: Vec<Refused>,
    pub outcome: Outcome,
}

#[derive(Deserialize)]
struct Written {
    sentences: Vec<WrittenSentence>,
}

#[derive(Deserialize)]
struct WrittenSentence {
    text: String,
    #[serde(default)]
    source: String,
}

/// Judges a reply. One sentence that must be refused refuses the whole: what is left of an answer without its exception is a
/// different answer.
pub(super) fn judge(reply: &str, sources: &[SourceText], hidden: &Hidden, language: Language, model: Option<&Arc<Model>>) -> Judged {
    let nothing = |outcome| Judged { sentences: Vec::new(), refused: Vec::new(), outcome };
    let Some(written) = wire::object::<Written>(reply) else { return nothing(Outcome::Unreadable) };
    if written.sentences.is_empty() {
        return nothing(Outcome::Declined);
    }
    let too_many = written.sentences.len() > SENTENCES;
    let (mut sentences, mut refused, mut characters) = (Vec::new(), Vec::new(), 0);
    for sentence in written.sentences.into_iter().take(SENTENCES) {
        match check(&sentence, sources, hidden, language, model) {
            Ok(Some(grounded)) => {
                characters += grounded.told.text.chars().count();
                sentences.push(grounded);
            }
            // "Hei!" and the like say nothing, and are not said.
            Ok(None) => {}
            Err(why) => refused.push(Refused { text: beginning(&sentence.text), why: why.to_owned() }),
        }
    }
    if too_many || characters > ANSWER_CHARACTERS {
        refused.push(Refused { text: String::new(), why: "length".to_owned() });
    }
    let outcome = match (refused.is_empty(), sentences.is_empty()) {
        (false, _) => Outcome::Unsupported,
        (true, true) => Outcome::Declined,
        (true, false) => Outcome::Used,
    };
    Judged { sentences, refused, outcome }
}

fn beginning(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(REFUSED_CHARACTERS).collect()
}

fn check(
    sentence: &WrittenSentence,
    sources: &[SourceText],
    hidden: &Hidden,
    language: Language,
    model: Option<&Arc<Model>>,
) -> Result<Option<Grounded>, &'static str> {
    let written = sentence.text.trim();
    if written.chars().count() > SENTENCE_CHARACTERS {
        return Err("length");
    }
    let shown = hidden.show(written).ok_or("placeholder")?;
    let Some(source) = sources.iter().position(|source| source.id == sentence.source.trim()) else {
        return if says_nothing(&shown, language) { Ok(None) } else { Err("source") };
    };
    plain(&shown)?;
    let rest = &sources[source];
    borrowed(&shown, &rest.text)?;
    // Two sentences in one would let the second hide behind the first.
    let mut least: f32 = 1.0;
    let mut says = false;
    for part in text::sentences(&shown) {
        if says_nothing(part, language) {
            continue;
        }
        let support = supported(part, rest, language, model);
        if let Some(flaw) = support.flaw {
            return Err(name_of(flaw));
        }
        says = true;
        least = least.min(support.share);
    }
    if !says {
        return Ok(None);
    }
    Ok(Some(Grounded { told: Told { text: shown, source: rest.title().to_owned(), support: least }, source }))
}

const fn name_of(flaw: claims::Flaw) -> &'static str {
    match flaw {
        claims::Flaw::Empty => "empty",
        claims::Flaw::Quantity => "quantity",
        claims::Flaw::Negation => "negation",
        claims::Flaw::Decisive => "decisive",
        claims::Flaw::Words => "words",
    }
}

/// Greetings and thanks: short, and without a word that carries meaning.
fn says_nothing(sentence: &str, language: Language) -> bool {
    sentence.chars().count() <= 40
        && !sentence.chars().any(|character| character.is_ascii_digit())
        && claims::support(sentence, "", language, None).flaw == Some(claims::Flaw::Empty)
        && plain(sentence).is_ok()
}

/// Plain words: no markup, no links, nothing invisible.
pub(super) fn plain(sentence: &str) -> Result<(), &'static str> {
    let invisible = |character: char| {
        character.is_control()
            || matches!(character, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
    };
    if sentence.contains(['<', '>', '[', ']', '{', '}', '`', '|', '\\', '*', '#']) || sentence.contains("](") || sentence.chars().any(invisible) {
        return Err("markup");
    }
    if LINK.is_match(sentence) {
        return Err("link");
    }
    Ok(())
}

/// Addresses, accounts and names must stand in the source as they are.
fn borrowed(sentence: &str, source: &str) -> Result<(), &'static str> {
    let held = entities::find(source);
    for entity in entities::find(sentence).into_iter().filter(|entity| entity.kind.identifies()) {
        let as_it_is =
            held.iter().any(|other| other.value == entity.value) || source.contains(&sentence[entity.range.clone()]) || source.contains(&entity.value);
        if !as_it_is {
            return Err("contact");
        }
    }
    let normalised = text::normalise(source);
    let known: Vec<&str> = text::tokens(&normalised).collect();
    for part in text::sentences(sentence) {
        // The first word of a sentence is always capital.
        for word in part.split_whitespace().skip(1) {
            let word = word.trim_matches(|character: char| !character.is_alphanumeric());
            if word.chars().count() < 3 || !word.chars().next().is_some_and(char::is_uppercase) {
                continue;
            }
            let lower = text::normalise(word);
            // Names are inflected: the beginning must be one that the source has.
            let stem: String = lower.chars().take(lower.chars().count().saturating_sub(3).max(3)).collect();
            if !known.iter().any(|token| token.starts_with(&stem)) {
                return Err("name");
            }
        }
    }
    Ok(())
}

/// Words alone decide; where too few of them are shared, a model for meaning may say that both say the same.
fn supported(sentence: &str, source: &SourceText, language: Language, model: Option<&Arc<Model>>) -> claims::Support {
    let support = claims::support(sentence, &source.text, language, None);
    let Some(model) = model.filter(|_| support.flaw == Some(claims::Flaw::Words)) else { return support };
    let places: Vec<&str> = text::sentences(&source.text).into_iter().take(READ_CLOSELY).collect();
    let claimed = model.embedder.embed(Side::Passage, &[sentence]).pop().unwrap_or_default();
    let closest = model.embedder.embed(Side::Passage, &places).iter().map(|place| cosine(&claimed, place)).fold(0.0, f32::max);
    claims::support(sentence, &source.text, language, Some(closest))
}

fn cosine(left: &[f32], right: &[f32]) -> f32 {
    left.iter().zip(right).map(|(one, other)| one * other).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources() -> Vec<SourceText> {
        let text = "Voit palauttaa käyttämättömän tuotteen 30 päivän kuluessa. Vie paketti Postin toimipisteeseen. Apua saa osoitteesta apua@kauppa.example.";
        let own = "Tilaus 10022. Tila: lähetetty. Loppusumma: 59,90 €.";
        vec![
            SourceText {
                id: "A1".to_owned(),
                origin: Origin::Article { id: ArticleId(uuid::Uuid::nil()), title: "Palautus".to_owned(), url: "/help/x".to_owned() },
                text: text.to_owned(),
                hidden: text.to_owned(),
            },
            SourceText { id: "D1".to_owned(), origin: Origin::Own("Tilaus 10022".to_owned()), text: own.to_owned(), hidden: own.to_owned() },
        ]
    }

    fn judged(sentences: &[(&str, &str)]) -> Judged {
        let mut hidden = Hidden::default();
        hidden.hide("tilaus 10022");
        let sentences: Vec<Value> = sentences.iter().map(|(text, source)| json!({ "text": text, "source": source })).collect();
        judge(&json!({ "sentences": sentences }).to_string(), &sources(), &hidden, Language::Fi, None)
    }

    #[test]
    fn what_rests_on_its_source_is_said() {
        let judged = judged(&[
            ("Hei!", ""),
            ("Voit palauttaa käyttämättömän tuotteen 30 päivän kuluessa.", "A1"),
            ("Paketti viedään Postin toimipisteeseen.", "A1"),
            ("Tilauksesi [ORDER_NUMBER_1] on lähetetty.", "D1"),
        ]);
        assert_eq!((judged.outcome, judged.refused.len(), judged.sentences.len()), (Outcome::Used, 0, 3), "{:?}", judged.refused);
        assert_eq!(judged.sentences[2].told.text, "Tilauksesi 10022 on lähetetty.");
    }

    #[test]
    fn one_sentence_too_many_refuses_the_whole() {
        for (sentence, source, why) in [
            ("Voit palauttaa käyttämättömän tuotteen 90 päivän kuluessa.", "A1", "quantity"),
            ("Voit palauttaa käyttämättömän tuotteen osoitteessa https://evil.example.", "A1", "link"),
            ("Voit palauttaa käyttämättömän tuotteen evil.example-sivulla.", "A1", "link"),
            ("Voit palauttaa <b>käyttämättömän</b> tuotteen.", "A1", "markup"),
            ("Voit palauttaa ![x](y) käyttämättömän tuotteen.", "A1", "markup"),
            ("Apua saa osoitteesta huijari@kauppa.example.", "A1", "link"),
            ("Palauta käyttämätön tuote numeroon 0401234567.", "A1", "contact"),
            ("Voit palauttaa käyttämättömän tuotteen Matti Virtaselle.", "A1", "name"),
            ("Voit palauttaa käyttämättömän tuotteen.", "A9", "source"),
            ("Voit palauttaa käyttämättömän tuotteen.", "", "source"),
            ("Tilaus [ORDER_NUMBER_9] on lähetetty.", "D1", "placeholder"),
            ("Voit palauttaa käyttä\u{200b}mättömän tuotteen.", "A1", "markup"),
            ("Voit palauttaa käyttämättömän tuotteen. Lähetä pankkitunnuksesi ja salasanasi heti.", "A1", "decisive"),
            (&"Voit palauttaa käyttämättömän tuotteen ".repeat(20), "A1", "length"),
        ] {
            let judged = judged(&[("Voit palauttaa käyttämättömän tuotteen.", "A1"), (sentence, source)]);
            assert_eq!(judged.outcome, Outcome::Unsupported, "{sentence}");
            assert_eq!(judged.refused[0].why, why, "{sentence}");
        }
    }

    #[test]
    fn nothing_and_nonsense_are_no_answer() {
        assert_eq!(judged(&[]).outcome, Outcome::Declined);
        assert_eq!(judge("ihan mitä vain", &sources(), &Hidden::default(), Language::Fi, None).outcome, Outcome::Unreadable);
        let many = vec![("Voit palauttaa käyttämättömän tuotteen.", "A1"); 9];
        assert_eq!(judged(&many).outcome, Outcome::Unsupported);
    }
}
