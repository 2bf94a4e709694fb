//! Sentences that mails carry, and the language of what people write.

use ennakoi_language::{Language, detect};
use ennakoi_people::Locale;

use crate::incoming::limits::Excess;

/// Texts shorter than this say too little about their language.
const ENOUGH_CHARACTERS: usize = 12;
const LOOKED_AT: usize = 2_000;

/// The language of a text, as far as the product speaks it.
pub(crate) fn language(text: &str) -> Option<Locale> {
    let sample: String = text.chars().take(LOOKED_AT).collect();
    if sample.chars().filter(|c| c.is_alphabetic()).count() < ENOUGH_CHARACTERS {
        return None;
    }
    match detect(&sample, None, &Language::ALL).language {
        Language::Fi => Some(Locale::Fi),
        Language::Sv => Some(Locale::Sv),
        Language::En => Some(Locale::En),
    }
}

/// What stands in the thread for a mail without a text, or whose text was not read.
pub(crate) const fn without_text(locale: Locale, excess: Option<Excess>) -> &'static str {
    match (locale, excess) {
        (Locale::Fi, None) => "(Viestissä ei ole tekstiä.)",
        (Locale::Sv, None) => "(Meddelandet har ingen text.)",
        (Locale::En, None) => "(The message has no text.)",
        (Locale::Fi, Some(Excess::Bytes)) => "(Viesti on liian suuri. Lue se postilaatikosta.)",
        (Locale::Sv, Some(Excess::Bytes)) => "(Meddelandet är för stort. Läs det i postlådan.)",
        (Locale::En, Some(Excess::Bytes)) => "(The message is too large. Read it in the mailbox.)",
        (Locale::Fi, Some(_)) => "(Viesti on rakennettu niin, ettei sitä voi näyttää turvallisesti. Alkuperäisen voi ladata.)",
        (Locale::Sv, Some(_)) => "(Meddelandet är byggt så att det inte kan visas säkert. Originalet kan laddas ner.)",
        (Locale::En, Some(_)) => "(The message is built so that it cannot be shown safely. The original can be downloaded.)",
    }
}

/// What stands under every mail that the machine wrote, and the way to a person.
pub(crate) const fn written_by_machine(locale: Locale) -> &'static str {
    match locale {
        Locale::Fi => "Tämän vastauksen kirjoitti kone. Jos haluat ihmisen, vastaa tähän viestiin: ihminen, kiitos.",
        Locale::Sv => "Det här svaret skrevs av en maskin. Vill du ha en människa, svara på meddelandet: en människa, tack.",
        Locale::En => "A machine wrote this answer. If you want a person, reply to this message: a person, please.",
    }
}

/// Above the links that an answer rests on.
pub(crate) const fn sources(locale: Locale) -> &'static str {
    match locale {
        Locale::Fi => "Lue lisää:",
        Locale::Sv => "Läs mer:",
        Locale::En => "Read more:",
    }
}

/// The subject of a mail that answers what was asked elsewhere.
pub(crate) fn answer_elsewhere(locale: Locale, company: &str, number: i64) -> String {
    let words = match locale {
        Locale::Fi => "Vastaus viestiisi",
        Locale::Sv => "Svar på ditt meddelande",
        Locale::En => "An answer to your message",
    };
    if company.is_empty() { format!("{words} [#{number}]") } else { format!("{words} – {company} [#{number}]") }
}

/// Above what the customer asked on another channel.
pub(crate) const fn you_asked(locale: Locale) -> &'static str {
    match locale {
        Locale::Fi => "Voit vastata tähän viestiin. Kirjoitit meille:",
        Locale::Sv => "Du kan svara på det här meddelandet. Du skrev till oss:",
        Locale::En => "You can answer this message. You wrote to us:",
    }
}
