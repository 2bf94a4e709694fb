//! Hides who a case is about. What is hidden is replaced by a mark, `⟦email 1⟧`, the same for the same value throughout the case; screens put a
//! word in its place. When in doubt it hides: a product that is called like the customer is hidden too.

use std::{
    collections::{BTreeMap, HashMap},
    ops::Range,
};

use ennakoi_language::entities::{self, Entity, EntityKind};

use super::{
    hiding, introductions,
    names::{self, Name},
};

/// Digits in a row from which on a sum is rather the number of something.
const SUM_DIGITS: usize = 7;

/// What the marks of one case stand for.
#[derive(Default)]
pub(super) struct Anonymiser {
    /// Words of names, and what stands for them.
    names: Vec<(Name, &'static str)>,
    /// Values from the database, as they are, in lower case.
    literals: Vec<(String, &'static str)>,
    /// Words of the company's own, in lower case.
    public: Vec<String>,
    /// Which number each value has got.
    given: BTreeMap<(&'static str, String), usize>,
    counts: HashMap<&'static str, usize>,
}

/// A piece of a text that is hidden.
pub(super) struct Hidden {
    pub(super) range: Range<usize>,
    pub(super) kind: &'static str,
    /// What makes it the same as another; `None`: one is not told from another.
    pub(super) value: Option<String>,
}

impl Anonymiser {
    /// Hides the words of a name, in whatever case ending.
    pub(super) fn name(&mut self, name: &str, stands: &'static str) {
        for (_, word) in hiding::words(name) {
            let word = Name::new(word);
            if word.word().chars().count() >= 2 && !self.names.iter().any(|(known, _)| known.word() == word.word()) {
                self.names.push((word, stands));
            }
        }
    }

    /// Hides a value wherever it stands: an account's id, a company's name.
    pub(super) fn literal(&mut self, value: &str, kind: &'static str) {
        let value = hiding::lowered(value.trim());
        if value.chars().count() >= 3 && !self.literals.iter().any(|(known, _)| *known == value) {
            self.literals.push((value, kind));
        }
    }

    /// Words of the company's own name stay.
    pub(super) fn public(&mut self, name: &str) {
        self.public.extend(hiding::words(name).map(|(_, word)| word.to_lowercase()));
    }

    /// A text of the case, with everything hidden that points at somebody or is written like a name.
    pub(super) fn text(&mut self, text: &str) -> String {
        let text = plain(text);
        let found = entities::find(&text);
        let mut hidden = self.known(&text, &found);
        hidden.extend(hiding::signature(&text));
        let words: Vec<(usize, &str)> = hiding::words(&text).collect();
        hidden.extend(hiding::streets(&text, &words, &untelling(&text, &found), &self.public));
        hidden.extend(hiding::companies(&words));
        hidden.extend(introductions::introduced(&text, &words, &self.public));
        hidden.extend(self.unknown(&text, &words));
        self.replace(&text, hidden)
    }

    /// Common names, surnames in capitals beside them, and what is written like a name in the middle of a sentence.
    fn unknown(&self, text: &str, words: &[(usize, &str)]) -> Vec<Hidden> {
        let shouted = names::is_shouted(text);
        let common: Vec<bool> = words.iter().map(|(_, word)| names::is_common(word)).collect();
        let is_common = |index: Option<usize>| index.and_then(|index| common.get(index)).copied().unwrap_or(false);
        let like = words.iter().enumerate().filter(|(index, (at, word))| {
            let beside = || is_common(index.checked_sub(1)) || is_common(Some(index + 1));
            let written = || names::is_like_a_name(word, &self.public, shouted);
            common[*index] || written() && (hiding::is_inside(text, *at) || names::is_upper(word) && beside())
        });
        like.map(|(_, (at, word))| Hidden { range: *at..at + word.len(), kind: "name", value: None }).collect()
    }

    /// A text of who practises: they saw no name, and may well name what the company sells.
    pub(super) fn answer(&mut self, text: &str) -> String {
        let text = plain(text);
        let hidden = self.known(&text, &entities::find(&text));
        self.replace(&text, hidden)
    }

    /// What is known to point at somebody: values and names of the database, and whatever has the shape of an address or a number.
    fn known(&self, text: &str, found: &[Entity]) -> Vec<Hidden> {
        let mut hidden: Vec<Hidden> = Vec::new();
        let lower = hiding::lowered(text);
        for (value, kind) in &self.literals {
            let places = lower.match_indices(value.as_str());
            hidden.extend(places.map(|(at, _)| Hidden { range: at..at + value.len(), kind, value: Some(value.clone()) }));
        }
        let points = |one: &&Entity| one.kind.identifies() || is_birthday(one);
        hidden.extend(found.iter().filter(points).map(|one| Hidden { range: one.range.clone(), kind: one.kind.as_str(), value: Some(one.value.clone()) }));
        hidden.extend(hiding::links(text));
        hidden.extend(hiding::numbers(text, &untelling(text, found)));
        hidden.extend(hiding::words(text).filter_map(|(at, word)| self.named(at, word)));
        hidden
    }

    fn replace(&mut self, text: &str, mut hidden: Vec<Hidden>) -> String {
        // The one that begins first, and of those the longest; one that begins inside another goes on where that one ends.
        hidden.sort_by_key(|one| (one.range.start, usize::MAX - one.range.end));
        let (mut out, mut end) = (String::with_capacity(text.len()), 0);
        for one in hidden {
            if one.range.end <= end {
                continue;
            }
            if one.range.start < end {
                end = one.range.end;
                continue;
            }
            out.push_str(&text[end..one.range.start]);
            match one.value {
                Some(value) => out.push_str(&format!("⟦{} {}⟧", one.kind, self.number(one.kind, value))),
                None => out.push_str(&format!("⟦{}⟧", one.kind)),
            }
            end = one.range.end;
        }
        out.push_str(&text[end..]);
        out
    }

    fn number(&mut self, kind: &'static str, value: String) -> usize {
        let next = self.counts.get(kind).copied().unwrap_or(0) + 1;
        let number = *self.given.entry((kind, value.to_lowercase())).or_insert(next);
        if number == next {
            self.counts.insert(kind, next);
        }
        number
    }

    fn named(&self, at: usize, word: &str) -> Option<Hidden> {
        let lower = word.to_lowercase();
        let (_, stands) = self.names.iter().find(|(name, _)| name.is_form(word, &lower))?;
        Some(Hidden { range: at..at + word.len(), kind: stands, value: None })
    }
}

/// A text in which nothing looks like a mark.
fn plain(text: &str) -> String {
    text.replace('⟦', "[").replace('⟧', "]")
}

/// Dates and sums of a text, which stay. What is written like a number of a person in spite of a currency behind it is none: `0401234567 e`.
fn untelling(text: &str, found: &[Entity]) -> Vec<Range<usize>> {
    let is_untelling = |one: &&Entity| match one.kind {
        EntityKind::Date => one.valid,
        EntityKind::Sum => {
            let sum = &text[one.range.clone()];
            let zero = sum.starts_with('0') && sum[1..].starts_with(|character: char| character.is_ascii_digit() || character == ' ');
            !zero && sum.split(|character: char| !character.is_ascii_digit()).all(|digits| digits.len() < SUM_DIGITS)
        }
        _ => false,
    };
    found.iter().filter(is_untelling).map(|one| one.range.clone()).collect()
}

/// A whole date of long ago is most often somebody's birthday.
fn is_birthday(entity: &Entity) -> bool {
    let year = entity.value.get(..4).and_then(|year| year.parse::<i32>().ok());
    entity.kind == EntityKind::Date && year.is_some_and(|year| year < 2015)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn case() -> Anonymiser {
        let mut case = Anonymiser::default();
        case.name("Liisa Virta", "customer");
        case.name("Aino Savela", "agent");
        case.literal("Asiakas-77", "account");
        case.public("Pellavala Oy");
        case
    }

    #[test]
    fn who_it_is_about_is_hidden_and_the_matter_stays() {
        let text = "Hei! Liisan paketti 100234 ei tullut osoitteeseen Mannerheimintie 12, 00100 Helsinki. Soita 040 123 4567 tai kirjoita liisa.virta@example.fi. \
                    Maksoin 59,90 € tililtä FI21 1234 5600 0007 85. Olen syntynyt 12.3.1984 ja IP on 192.168.10.7.";
        let hidden = case().text(text);
        for secret in ["Liisa", "liisa", "Virta", "100234", "Mannerheimintie", "00100", "Helsinki", "4567", "example.fi", "FI21", "0007", "1984", "168"] {
            assert!(!hidden.contains(secret), "{secret} in {hidden}");
        }
        for kept in ["Hei! ⟦customer⟧ paketti", "ei tullut osoitteeseen", "59,90 €", "⟦email 1⟧", "⟦iban 1⟧"] {
            assert!(hidden.contains(kept), "{kept} not in {hidden}");
        }
    }

    #[test]
    fn the_same_value_has_the_same_mark_and_another_value_another() {
        let mut one = case();
        assert_eq!(one.text("a@b.fi ja c@d.fi"), "⟦email 1⟧ ja ⟦email 2⟧");
        assert_eq!(one.text("c@d.fi, siis C@D.fi"), "⟦email 2⟧, siis ⟦email 2⟧");
    }

    #[test]
    fn names_are_hidden_in_their_forms_and_in_three_languages() {
        let mut one = case();
        for (text, secret) in [
            ("Virran tilaus ja liisalle kuitti", "irra"),
            ("LIISA VIRTA tilasi", "LIISA"),
            ("Nimeni on Matti Meikäläinen, puhun äitini puolesta", "Meikä"),
            ("Hej, jag heter Karin Lindwall", "Lindwall"),
            ("Best regards,\nJohn Smithson\nCEO, Acme", "Acme"),
            ("Ystävällisin terveisin\nPekka Pouta\nRakennus Pouta", "Pouta"),
            ("Terveisin Aino", "Aino"),
            ("terv. Jukka-Pekka", "Jukka"),
            ("Bor på Storgatan 5", "Storgatan"),
            ("I live at 221 Baker Street", "Baker"),
            ("katso https://kauppa.fi/tili?avain=abc", "avain"),
            ("tunnukseni on ASIAKAS-77", "ASIAKAS"),
            ("Matti haki sen jo", "Matti"),
            ("Korhosen Eeva soitti", "Korhosen"),
            ("Tytär asuu nykyään Kuhmossa", "Kuhmo"),
            ("Olen töissä yrityksessä Rauta-Pouta Oy", "Pouta"),
            ("Auton numero on ABC-123", "ABC"),
            ("tilaus #123 ja @liisa_v", "123"),
            ("Yhteyshenkilö: Xzibit", "Xzibit"),
            ("virran tilaus ja liisalle kuitti", "irra"),
            ("nimeni on matti meikäläinen, puhun äitini puolesta", "meikä"),
            ("nimeni on kalevi meikäläinen", "kalevi"),
            ("olen matti meikäläinen ja tilasin lakanat", "meikä"),
            ("paketti on vaimoni tiina järvenpään nimellä", "järven"),
            ("paketti on kalevi järvenpään nimellä", "kalevi"),
            ("hej, jag heter karin lindwall", "lindwall"),
            ("my name is john smithson", "smithson"),
            ("i am john smithson", "smithson"),
            ("ystävällisin terveisin\npekka pouta", "pouta"),
            ("terveisin aino", "aino"),
            ("terv. jukka-pekka", "jukka"),
            ("bor på storgatan 5", "storgatan"),
            ("i live at 221 baker street", "baker"),
            ("matti haki sen jo", "matti"),
            ("korhosen eeva soitti", "korhosen"),
            ("asun osoitteessa kauppakatu 5 a 3, 00100 helsinki", "kauppakatu"),
            ("asun osoitteessa kauppakatu 5 a 3, 00100 helsinki", "a 3"),
            ("asun osoitteessa kauppakatu 5 a 3, 00100 helsinki", "helsinki"),
            ("Hakaniemenranta 6 B 12", "B 12"),
            ("Bulevardi 7 A 2 on osoite", "Bulevardi"),
            ("Osoite on Bulevardi 7, kiitos", " 7,"),
            ("Maksaja on JÄRVENPÄÄ Tiina", "JÄRVEN"),
            ("JÄRVENPÄÄ Tiina maksaa sen", "JÄRVEN"),
        ] {
            let hidden = one.text(text);
            assert!(!hidden.contains(secret), "{secret} in {hidden}");
        }
        for kept in [
            "Tuote maksoi 25 euroa vuonna 2025",
            "Toimitus 24.12. klo 10",
            "Onko kokoa 42 vielä?",
            "Virhe ei poistu? Kiitos avusta! Mitä nyt?",
            "Posti ja Matkahuolto, kiitos Teille!",
            "Tilasin Pellavalalta lakanat",
            "When I paid with MobilePay, nothing came.",
            "MISSÄ PAKETTI ON",
            "olen tilannut lakanat",
            "olen odottanut ja haluan rahat takaisin",
            "i am waiting",
            "jag är inte nöjd",
            "anna rahat takaisin, pian",
            "Kirjoitin siitä jo: OK, PS, EU, ALV, IBAN ja SMS",
            "avoinna klo 10.30-12.00",
            "tilasin sen eri nimellä",
        ] {
            assert_eq!(one.text(kept), kept);
        }
        assert_eq!(one.answer("Hei Liisa! Tarkistan Kuulas-lakanan saldon."), "Hei ⟦customer⟧! Tarkistan Kuulas-lakanan saldon.");
    }

    #[test]
    fn a_number_before_a_sum_or_a_date_is_hidden_and_they_stay() {
        for (text, secrets, kept) in [
            ("Soitin numerosta 0401234567 120 euroa maksoi", &["0401234567", "4567"][..], "120 euroa"),
            ("Asiakasnumeroni 1234567 59,90 €", &["1234567"], "59,90 €"),
            ("Seuranta 64300012345 12.11.2025", &["64300012345"], "12.11.2025"),
            ("Tilasin 1002345 1.12.2025", &["1002345"], "1.12.2025"),
            ("soita 040.123.4567 illalla", &["040", "123", "4567"], "illalla"),
            ("1.12.2025 1002345 tuli", &["1002345"], "1.12.2025"),
        ] {
            let hidden = case().text(text);
            for secret in secrets {
                assert!(!hidden.contains(secret), "{secret} in {hidden}");
            }
            assert!(hidden.contains(kept), "{kept} not in {hidden}");
        }
    }

    #[test]
    fn what_is_hidden_grows_no_faster_than_the_text() {
        for piece in ["www.", "t. ", "https://", "@a.", "1.1.", "olen ", "nimellä ", "12345 "] {
            let text = piece.repeat(20_000 / piece.len());
            let words: Vec<(usize, &str)> = hiding::words(&text).collect();
            let found = entities::find(&text);
            let one = case();
            let mut hidden = one.known(&text, &found);
            hidden.extend(introductions::introduced(&text, &words, &one.public));
            hidden.extend(hiding::streets(&text, &words, &untelling(&text, &found), &one.public));
            // Copied for the marks, and pieces.
            let copied: usize = hidden.iter().filter_map(|one| one.value.as_ref()).map(String::len).sum();
            assert!(copied <= 4 * text.len(), "{piece}: {copied}");
            assert!(hidden.len() <= 4 * words.len() + 4, "{piece}: {}", hidden.len());
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_to_its_end(text in "\\PC{0,200}") {
            let mut one = case();
            one.text(&text);
            one.answer(&text);
        }

        #[test]
        fn no_account_of_the_customer_is_ever_left(before in "[ a-zäöİ.,!?\n]{0,30}", after in "[ a-zäö.,!?]{0,30}") {
            let hidden = case().text(&format!("{before} Liisa Virta liisa@virta.fi 0401234567 asiakas-77 {after}"));
            for secret in ["Liisa", "Virta", "virta.fi", "0401234567", "asiakas-77"] {
                prop_assert!(!hidden.contains(secret), "{secret} in {hidden}");
            }
        }
    }
}
