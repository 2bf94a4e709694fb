//! Hides who a case is about. What is hidden is replaced by a mark, `⟦email 1⟧`, the same for the same value throughout the case; screens put a
//! word in its place. When in doubt it hides: a product that is called like the customer is hidden too.

use std::{collections::BTreeMap, ops::Range};

use ennakoi_language::entities::{self, EntityKind};

/// Digits from which on a number may point at a person.
const DIGITS_MIN: usize = 4;
/// How much longer than a name its inflected forms are: `Liisallekin`.
const ENDING_MAX: usize = 7;
/// Words after an introduction or a greeting at the end that can be a name.
const NAME_WORDS: usize = 3;

/// What the marks of one case stand for.
#[derive(Default)]
pub(super) struct Anonymiser {
    /// Words of names in lower case, and what stands for them.
    names: Vec<(String, &'static str)>,
    /// Values from the database, as they are.
    literals: Vec<(String, &'static str)>,
    /// Which number each value has got.
    given: BTreeMap<(&'static str, String), usize>,
}

/// A piece of a text that is hidden.
struct Hidden {
    range: Range<usize>,
    kind: &'static str,
    /// What makes it the same as another; `None`: there is only one of its kind.
    value: Option<String>,
}

impl Anonymiser {
    /// Hides the words of a name, in whatever case ending.
    pub(super) fn name(&mut self, name: &str, stands: &'static str) {
        for (_, word) in words(name) {
            let word = word.to_lowercase();
            if word.chars().count() >= 2 && !self.names.iter().any(|(known, _)| *known == word) {
                self.names.push((word, stands));
            }
        }
    }

    /// Hides a value wherever it stands: an account's id, a company's name.
    pub(super) fn literal(&mut self, value: &str, kind: &'static str) {
        if value.trim().chars().count() >= 3 {
            self.literals.push((value.trim().to_owned(), kind));
        }
    }

    /// The text with everything hidden that points at somebody.
    pub(super) fn text(&mut self, text: &str) -> String {
        let mut hidden: Vec<Hidden> = Vec::new();
        for (value, kind) in &self.literals {
            hidden.extend(text.match_indices(value.as_str()).map(|(at, _)| Hidden { range: at..at + value.len(), kind, value: Some(value.clone()) }));
        }
        let found = entities::find(text);
        hidden.extend(found.iter().filter(|one| one.kind.identifies()).map(|one| Hidden {
            range: one.range.clone(),
            kind: one.kind.as_str(),
            value: Some(one.value.clone()),
        }));
        let plain: Vec<Range<usize>> = found.into_iter().filter(|one| matches!(one.kind, EntityKind::Date | EntityKind::Sum)).map(|one| one.range).collect();
        let words: Vec<(usize, &str)> = words(text).collect();
        hidden.extend(links(text));
        hidden.extend(numbers(text, &plain));
        hidden.extend(streets(&words));
        hidden.extend(words.iter().filter_map(|(at, word)| self.named(*at, word)));
        hidden.extend(introduced(text, &words));
        // The one that begins first, and of those the longest.
        hidden.sort_by_key(|one| (one.range.start, usize::MAX - one.range.end));
        self.replace(text, hidden)
    }

    fn replace(&mut self, text: &str, hidden: Vec<Hidden>) -> String {
        let (mut out, mut end) = (String::with_capacity(text.len()), 0);
        for one in hidden {
            if one.range.start < end {
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
        let next = self.given.keys().filter(|(known, _)| *known == kind).count() + 1;
        *self.given.entry((kind, value.to_lowercase())).or_insert(next)
    }

    fn named(&self, at: usize, word: &str) -> Option<Hidden> {
        let (_, stands) = self.names.iter().find(|(name, _)| is_form_of(word, name))?;
        Some(Hidden { range: at..at + word.len(), kind: stands, value: None })
    }
}

/// Whether a word is the name, or the name with an ending. Capital letters are believed sooner, because stems change: Virta, Virran.
fn is_form_of(word: &str, name: &str) -> bool {
    let lower = word.to_lowercase();
    if lower == name {
        return true;
    }
    let length = name.chars().count();
    let capital = word.chars().next().is_some_and(char::is_uppercase);
    let kept = match (capital, length) {
        (_, ..=3) => length,
        (true, _) => (length - 2).max(3),
        (false, _) => length,
    };
    let beginning: String = name.chars().take(kept).collect();
    (capital || length >= 4) && lower.starts_with(&beginning) && lower.chars().count() <= length + ENDING_MAX
}

/// Words with where they begin: letters, with hyphens and apostrophes inside, and numbers.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_part = |character: char| character.is_alphanumeric() || matches!(character, '-' | '\'' | '’');
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + text[at..].find(char::is_alphanumeric)?;
        let length = text[start..].find(|character| !is_part(character)).unwrap_or(text.len() - start);
        at = start + length;
        Some((start, &text[start..at]))
    })
}

/// Addresses of pages: they carry names of accounts and keys.
fn links(text: &str) -> Vec<Hidden> {
    let mut found = Vec::new();
    for begin in ["http://", "https://", "www."] {
        for (at, _) in text.match_indices(begin) {
            let length = text[at..].find(|character: char| character.is_whitespace() || matches!(character, '<' | '>' | '"' | ')' | ']')).unwrap_or(text.len() - at);
            found.push(Hidden { range: at..at + length, kind: "link", value: Some(text[at..at + length].to_owned()) });
        }
    }
    found
}

/// Longer runs of digits, with a space or a hyphen between, that are neither a date nor a sum; years stay.
fn numbers(text: &str, plain: &[Range<usize>]) -> Vec<Hidden> {
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(offset) = text[at..].find(|character: char| character.is_ascii_digit()) {
        let start = at + offset;
        let mut end = start;
        let mut digits = String::new();
        let mut characters = text[start..].char_indices().peekable();
        while let Some((position, character)) = characters.next() {
            let joins = matches!(character, ' ' | '-' | '/') && characters.peek().is_some_and(|(_, next)| next.is_ascii_digit());
            if character.is_ascii_digit() {
                digits.push(character);
                end = start + position + 1;
            } else if !joins {
                break;
            }
        }
        at = end;
        let known = plain.iter().any(|one| one.start < end && start < one.end);
        let year = digits.len() == 4 && (digits.starts_with("19") || digits.starts_with("20"));
        if digits.len() >= DIGITS_MIN && !known && !year {
            // With the letters that stick to it: FI-12345, A1234.
            let start = text[..start].rfind(|character: char| !(character.is_ascii_alphanumeric() || character == '-')).map_or(0, |before| {
                before + text[before..].chars().next().map_or(1, char::len_utf8)
            });
            found.push(Hidden { range: start..end, kind: "number", value: Some(digits) });
        }
    }
    found
}

const STREETS: [&str; 24] = [
    "katu", "kadun", "kadulla", "kadulle", "katua", "tie", "tien", "tiellä", "tielle", "kuja", "polku", "väylä", "raitti", "kaari", "rinne", "puistikko", "gatan",
    "vägen", "gränd", "stigen", "street", "road", "lane", "avenue",
];

/// A street with its number, before or after it, and the town behind a postal code.
fn streets(words: &[(usize, &str)]) -> Vec<Hidden> {
    let mut found = Vec::new();
    let is_number = |word: &str| word.starts_with(|character: char| character.is_ascii_digit());
    let is_capital = |word: &str| word.chars().next().is_some_and(char::is_uppercase);
    for (index, (at, word)) in words.iter().enumerate() {
        let lower = word.to_lowercase();
        let end_of = |index: usize| words[index].0 + words[index].1.len();
        if STREETS.iter().any(|street| lower.ends_with(street)) {
            let capitals = words[..index].iter().rev().take(2).take_while(|(_, before)| is_capital(before) || is_number(before)).count();
            let first = index - capitals;
            let after = words.get(index + 1).is_some_and(|(_, next)| is_number(next));
            let before = words[first..index].iter().any(|(_, one)| is_number(one));
            if after || before {
                let last = if after { index + 1 } else { index };
                let first = if after { first.max(index.saturating_sub(1)) } else { first };
                let first = if is_capital(words[first].1) || before { first } else { index };
                found.push(Hidden { range: words[first].0..end_of(last), kind: "address", value: Some(format!("{lower}{}", words[last].1)) });
            }
        }
        let postal = word.len() == 5 && word.bytes().all(|byte| byte.is_ascii_digit());
        if postal && words.get(index + 1).is_some_and(|(_, town)| is_capital(town)) {
            found.push(Hidden { range: *at..end_of(index + 1), kind: "address", value: Some((*word).to_owned()) });
        }
    }
    found
}

const INTRODUCTIONS: [&str; 9] =
    ["nimeni on", "nimi on", "terveisin", "jag heter", "mitt namn är", "hälsningar", "my name is", "regards", "sincerely"];

/// Names that somebody says of themselves, or writes under a message.
fn introduced(text: &str, words: &[(usize, &str)]) -> Vec<Hidden> {
    let lower = text.to_lowercase();
    // Places in the lower-case text are places in the text only while both are of one length.
    if lower.len() != text.len() {
        return Vec::new();
    }
    let ends = INTRODUCTIONS.iter().flat_map(|phrase| lower.match_indices(phrase).map(|(at, found)| at + found.len()));
    let names = ends.flat_map(|end| {
        let after = words.iter().skip_while(move |(at, _)| *at < end).take(NAME_WORDS);
        after.take_while(|(_, word)| word.chars().next().is_some_and(char::is_uppercase))
    });
    names.map(|(at, word)| Hidden { range: *at..at + word.len(), kind: "name", value: Some((*word).to_owned()) }).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn case() -> Anonymiser {
        let mut case = Anonymiser::default();
        case.name("Liisa Virta", "customer");
        case.name("Aino Savela", "agent");
        case.literal("asiakas-77", "account");
        case
    }

    #[test]
    fn who_it_is_about_is_hidden_and_the_matter_stays() {
        let mut one = case();
        let text = "Hei! Liisan paketti 100234 ei tullut osoitteeseen Mannerheimintie 12, 00100 Helsinki. Soita 040 123 4567 tai kirjoita liisa.virta@example.fi. \
                    Maksoin 59,90 € tililtä FI21 1234 5600 0007 85.";
        let hidden = one.text(text);
        for secret in ["Liisa", "liisa", "Virta", "100234", "Mannerheimintie", "00100", "Helsinki", "4567", "example.fi", "FI21", "0007"] {
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
            ("Nimeni on Matti Meikäläinen, puhun äitini puolesta", "Matti"),
            ("Hej, jag heter Karin Lind", "Lind"),
            ("Best regards,\nJohn Smith", "Smith"),
            ("Ystävällisin terveisin\nPekka Pouta", "Pouta"),
            ("Terveisin Aino", "Aino"),
            ("Bor på Storgatan 5", "Storgatan"),
            ("I live at 221 Baker Street", "Baker"),
            ("katso https://kauppa.fi/tili?avain=abc", "avain"),
            ("tunnukseni on asiakas-77", "asiakas-77"),
        ] {
            let hidden = one.text(text);
            assert!(!hidden.contains(secret), "{secret} in {hidden}");
        }
        for kept in ["Tuote maksoi 25 euroa vuonna 2025", "Toimitus 24.12. klo 10", "Onko kokoa 42 vielä?", "Virhe ei poistu? Kiitos avusta!"] {
            let hidden = one.text(kept);
            assert!(hidden == kept || hidden.contains("⟦customer⟧"), "{hidden}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_to_its_end(text in "\\PC{0,200}") {
            let mut one = case();
            one.text(&text);
        }

        #[test]
        fn no_account_of_the_customer_is_ever_left(before in "[ a-zäö.,!?]{0,30}", after in "[ a-zäö.,!?]{0,30}") {
            let hidden = case().text(&format!("{before} Liisa Virta liisa@virta.fi 0401234567 asiakas-77 {after}"));
            for secret in ["Liisa", "Virta", "virta.fi", "0401234567", "asiakas-77"] {
                prop_assert!(!hidden.contains(secret), "{secret} in {hidden}");
            }
        }
    }
}
