//! Which cases nobody practises on, however well they were answered: those that touch what a person would tell few others.

use ennakoi_language::{
    Language,
    entities::{self, EntityKind},
    safety::{self, Reason},
    text,
};

use crate::messages::Direction;

/// Beginnings of words about health, faith, origin, love, money troubles and crime.
const STEMS: [&str; 60] = [
    "sairau",
    "sairast",
    "sairaala",
    "syöpä",
    "syövän",
    "diabe",
    "masennu",
    "masentu",
    "lääkäri",
    "lääkity",
    "lääkkee",
    "diagno",
    "vammai",
    "invalid",
    "raskaan",
    "raskaud",
    "keskenmen",
    "päihte",
    "päihde",
    "alkoholis",
    "uskonno",
    "homoseks",
    "lesbo",
    "transsuku",
    "ammattiliit",
    "avioero",
    "turvakiel",
    "lähestymiskiel",
    "väkival",
    "vanki",
    "rikosil",
    "sosiaalitoimi",
    "toimeentulotu",
    "huostaan",
    "edunvalvo",
    "kuolinpes",
    "sjukdom",
    "sjukhus",
    "cancer",
    "depress",
    "läkare",
    "medicin",
    "handikapp",
    "gravid",
    "missfall",
    "missbruk",
    "skilsmäss",
    "våld",
    "fängel",
    "socialbidrag",
    "dödsbo",
    "illness",
    "hospital",
    "diabetes",
    "doctor",
    "medicat",
    "pregnan",
    "disabilit",
    "divorce",
    "violen",
];

/// What is hard to answer and yet tells nothing that is only the customer's own.
const fn is_everyday(reason: Reason) -> bool {
    matches!(reason, Reason::MoneyDispute | Reason::Complaint | Reason::RepeatedFailure | Reason::Person)
}

/// Whether a case that came to people for this reason is left alone.
pub(super) fn is_reason(code: &str) -> bool {
    Reason::ALL.into_iter().any(|reason| reason.as_str() == code && !is_everyday(reason))
}

/// Whether a message makes its case one that nobody practises on.
pub(super) fn is_sensitive(language: Language, body: &str, direction: Direction) -> bool {
    let normalised = text::normalise(body);
    let told = text::tokens(&normalised).any(|word| STEMS.iter().any(|stem| word.starts_with(stem)));
    let coded = || entities::find(body).iter().any(|one| matches!(one.kind, EntityKind::PersonalIdentityCode | EntityKind::PaymentCard));
    told || coded() || (direction == Direction::In && safety::screen(body, language).is_some_and(|reason| !is_everyday(reason)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_few_are_told_is_not_practised_on() {
        for text in [
            "Olen ollut sairaalassa ja siksi lasku unohtui",
            "Äitini kuoli viime viikolla, miten tilaus perutaan?",
            "Henkilötunnukseni on 131052-308T",
            "Jag är gravid och kan inte vänta",
            "En pysty maksamaan laskua, se on menossa ulosottoon",
        ] {
            assert!(is_sensitive(Language::Fi, text, Direction::In) || is_sensitive(Language::Sv, text, Direction::In), "{text}");
        }
        for text in ["Missä pakettini on?", "Haluan palauttaa mekon", "Kiitos! Tuleeko se ilmoitettuna?", "Tilaukseni ei ole tullut, olen todella pettynyt"] {
            assert!(!is_sensitive(Language::Fi, text, Direction::In), "{text}");
        }
        assert!(is_reason("debt") && !is_reason("complaint") && !is_reason("person_first"));
    }
}
