//! Finding entities: each kind by its own pattern, overlaps settled by rank.

use std::sync::LazyLock;

use regex::Regex;

use super::{Entity, EntityKind, checks, dates};

macro_rules! pattern {
    ($name:ident, $pattern:expr) => {
        static $name: LazyLock<Regex> = LazyLock::new(|| Regex::new($pattern).expect("the pattern is constant"));
    };
}

pattern!(EMAIL, r"(?i)[a-z0-9][a-z0-9._%+'-]{0,63}@[a-z0-9](?:[a-z0-9-]{0,62}\.){1,8}[a-z]{2,24}");
pattern!(IBAN_START, r"\b[A-Za-z]{2}\d{2}");
pattern!(RF_START, r"\b(?i:rf)\d{2}");
pattern!(FINNISH_CODE, r"\b\d{6}[-+A-FU-Ya-fu-y]\d{3}[0-9A-Ya-y]\b");
pattern!(SWEDISH_CODE, r"\b(?:19|20)?(\d{6})[-+](\d{4})\b");
pattern!(DIGIT_RUN, r"\b\d(?:[ -]?\d){11,22}\b");
pattern!(
    REFERENCE,
    r"(?i)\b(?:viite\p{L}*|viitenro|ref(?:erens|erence)?(?:nummer|nr|\s?number|\s?no)?|ocr(?:-?nummer|-?nr)?)\b[^\d\n]{0,12}(\d(?: ?\d){3,24})\b"
);
pattern!(
    ORDER,
    r"(?i)(?:\b(?:tilau(?:s|k)\p{L}*|tilausnro|order(?:s|nummer|numret|nr)?|beställning(?:en|s|snummer|snumret|snr)?)\b(?:\s?(?:numero\p{L}*|nro|number|num|no|nr|nummer|id))?[\s:.#(]{0,4}(?:on |är |is |number |nro )?#?|#)((?:[a-z]{1,5}-?)?\d{3,12}(?:-\d{1,8}){0,2})\b"
);
pattern!(
    INVOICE,
    r"(?i)\b(?:lasku(?:n|a|nro|numero\p{L}*)?|invoice(?:s)?|faktura(?:n|nummer|numret|nr)?)\b(?:\s?(?:numero\p{L}*|nro|number|num|no|nr|nummer|id))?[\s:.#(]{0,4}(?:on |är |is |number |nro )?#?((?:[a-z]{1,5}-?)?\d{3,14}(?:-\d{1,8}){0,2})\b"
);
pattern!(PHONE, r"(?:\+|\b00|\b0)\d(?:[ \-()]{0,2}\d){5,14}\b");
pattern!(
    SUM,
    r"(?i)(?:(€|\$|£)\s?(\d{1,3}(?:[ .,\u{a0}]\d{3})+(?:[.,]\d{1,2})?|\d{1,9}(?:[.,]\d{1,2})?)\b|\b(\d{1,3}(?:[ .,\u{a0}]\d{3})+(?:[.,]\d{1,2})?|\d{1,9}(?:[.,]\d{1,2})?)(?:\s|\u{a0})?(€|\$|£|euro\p{L}*|eur\b|e\b|kr\b|kronor\b|sek\b|usd\b|gbp\b|dollar\p{L}*|pund\b|pounds?\b)|\b(\d{1,9}),-)"
);

/// All entities of a text in order of place, none overlapping. Where two kinds claim the same characters, the one with
/// the stronger evidence (check digits, then a naming word before it, then shape) wins.
#[must_use]
pub fn find(text: &str) -> Vec<Entity> {
    let mut found = Vec::new();
    emails(text, &mut found);
    accounts(text, &mut found);
    identity_codes(text, &mut found);
    named_numbers(text, &mut found);
    digit_runs(text, &mut found);
    dates::dates(text, &mut found);
    sums(text, &mut found);
    phones(text, &mut found);
    settle(found)
}

fn emails(text: &str, found: &mut Vec<Entity>) {
    for hit in EMAIL.find_iter(text) {
        let value = hit.as_str().to_lowercase();
        let valid = !value.contains("..") && !value.contains(".@");
        found.push(Entity { kind: EntityKind::Email, range: hit.range(), value, valid });
    }
}

/// IBANs and RF references: a start that looks like one, then as many letters and digits as its country has, across
/// single spaces.
fn accounts(text: &str, found: &mut Vec<Entity>) {
    for hit in IBAN_START.find_iter(text) {
        let country = text[hit.start()..hit.start() + 2].to_ascii_uppercase();
        let Some(length) = checks::iban_length(&country) else {
            continue;
        };
        if let Some((value, end)) = gather(text, hit.start(), length, length) {
            let valid = checks::mod_97(&value) == Some(1);
            found.push(Entity { kind: EntityKind::Iban, range: hit.start()..end, value, valid });
        }
    }
    for hit in RF_START.find_iter(text) {
        if let Some((value, end)) = gather(text, hit.start(), 5, 25) {
            let valid = checks::mod_97(&value) == Some(1);
            found.push(Entity { kind: EntityKind::PaymentReference, range: hit.start()..end, value, valid });
        }
    }
}

/// Collects letters and digits from `start` over single spaces, at least `shortest`, at most `longest`, ending at a word
/// boundary. After the first four, a group without any digit ends it (it is the next word of the sentence).
fn gather(text: &str, start: usize, shortest: usize, longest: usize) -> Option<(String, usize)> {
    let mut value = String::with_capacity(longest);
    let mut end = start;
    let mut rest = &text[start..];
    loop {
        let group: String = rest.chars().take_while(char::is_ascii_alphanumeric).take(longest + 1).collect();
        let is_word = !group.bytes().any(|byte| byte.is_ascii_digit());
        if group.is_empty() || is_word || value.len() + group.len() > longest {
            break;
        }
        end += group.len();
        value.push_str(&group.to_ascii_uppercase());
        rest = &text[end..];
        if value.len() == longest || !rest.starts_with([' ', '\u{a0}']) {
            break;
        }
        let space = rest.chars().next().map_or(0, char::len_utf8);
        rest = &rest[space..];
        if !rest.starts_with(|character: char| character.is_ascii_alphanumeric()) {
            break;
        }
        end += space;
    }
    let end = start + text[start..end].trim_end().len();
    let closed = !text[end..].starts_with(|character: char| character.is_alphanumeric());
    (value.len() >= shortest && closed).then_some((value, end))
}

fn identity_codes(text: &str, found: &mut Vec<Entity>) {
    for hit in FINNISH_CODE.find_iter(text) {
        let value = hit.as_str().to_ascii_uppercase();
        let valid = checks::finnish_identity_code(&value);
        found.push(Entity { kind: EntityKind::PersonalIdentityCode, range: hit.range(), value, valid });
    }
    for captures in SWEDISH_CODE.captures_iter(text) {
        let digits = format!("{}{}", &captures[1], &captures[2]);
        if let Some(whole) = captures.get(0).filter(|_| checks::swedish_identity_number(&digits)) {
            let value = whole.as_str().to_owned();
            found.push(Entity { kind: EntityKind::PersonalIdentityCode, range: whole.range(), value, valid: true });
        }
    }
}

/// Numbers that a word before them names: references, orders, invoices.
fn named_numbers(text: &str, found: &mut Vec<Entity>) {
    for captures in REFERENCE.captures_iter(text) {
        if let Some(number) = captures.get(1) {
            let value: String = number.as_str().chars().filter(char::is_ascii_digit).collect();
            let valid = checks::finnish_reference(&value);
            found.push(Entity { kind: EntityKind::PaymentReference, range: number.range(), value, valid });
        }
    }
    for (pattern, kind) in [(&*INVOICE, EntityKind::InvoiceNumber), (&*ORDER, EntityKind::OrderNumber)] {
        for captures in pattern.captures_iter(text) {
            if let Some(number) = captures.get(1) {
                let value = number.as_str().to_ascii_uppercase();
                found.push(Entity { kind, range: number.range(), value, valid: true });
            }
        }
    }
}

/// Long runs of digits: payment cards when the issuer digit and length fit.
fn digit_runs(text: &str, found: &mut Vec<Entity>) {
    for hit in DIGIT_RUN.find_iter(text) {
        let value: String = hit.as_str().chars().filter(char::is_ascii_digit).collect();
        let issuer = value.starts_with(['2', '3', '4', '5', '6']);
        if issuer && (13..=19).contains(&value.len()) {
            let valid = checks::luhn(&value);
            // Without the check, only the usual sixteen digits in groups of four look like a card.
            if valid || (value.len() == 16 && hit.as_str().contains([' ', '-'])) {
                found.push(Entity { kind: EntityKind::PaymentCard, range: hit.range(), value, valid });
            }
        }
    }
}

fn phones(text: &str, found: &mut Vec<Entity>) {
    for hit in PHONE.find_iter(text) {
        let digits: String = hit.as_str().chars().filter(char::is_ascii_digit).collect();
        let international = hit.as_str().starts_with('+') || digits.starts_with("00");
        let value = match (hit.as_str().starts_with('+'), digits.strip_prefix("00")) {
            (true, _) => format!("+{digits}"),
            (false, Some(rest)) => format!("+{rest}"),
            (false, None) => digits.clone(),
        };
        let valid = if international { (8..=15).contains(&digits.len()) } else { (7..=12).contains(&digits.len()) };
        found.push(Entity { kind: EntityKind::Phone, range: hit.range(), value, valid });
    }
}

fn sums(text: &str, found: &mut Vec<Entity>) {
    for captures in SUM.captures_iter(text) {
        let Some(whole) = captures.get(0) else {
            continue;
        };
        let (amount, currency) = match (captures.get(1), captures.get(2), captures.get(3), captures.get(4)) {
            (Some(currency), Some(amount), _, _) | (_, _, Some(amount), Some(currency)) => (amount.as_str(), currency.as_str()),
            _ => (captures.get(5).map_or("", |amount| amount.as_str()), "€"),
        };
        let value = format!("{} {}", plain_amount(amount), currency_code(currency));
        found.push(Entity { kind: EntityKind::Sum, range: whole.range(), value, valid: true });
    }
}

/// `1.234,5` and `1 234.50` as `1234.50`. The last separator is decimal if one or two digits follow it.
fn plain_amount(amount: &str) -> String {
    let (whole, cents) = match amount.rfind(['.', ',']) {
        Some(position) if amount.len() - position <= 3 => (&amount[..position], &amount[position + 1..]),
        _ => (amount, ""),
    };
    let whole: String = whole.chars().filter(char::is_ascii_digit).collect();
    format!("{whole}.{cents:0<2}")
}

fn currency_code(written: &str) -> &'static str {
    let lower = written.to_lowercase();
    match lower.as_str() {
        "kr" | "kronor" | "sek" => "SEK",
        "$" | "usd" => "USD",
        "£" | "gbp" | "pund" | "pound" | "pounds" => "GBP",
        _ if lower.starts_with("dollar") => "USD",
        _ => "EUR",
    }
}

/// Keeps the strongest claim on every stretch of text.
fn settle(mut found: Vec<Entity>) -> Vec<Entity> {
    // A valid check digit beats a name, a name beats a shape, longer beats shorter.
    let strength = |entity: &Entity| {
        let checked = matches!(
            entity.kind,
            EntityKind::Iban | EntityKind::PaymentCard | EntityKind::PersonalIdentityCode | EntityKind::Email | EntityKind::PaymentReference
        );
        let named = matches!(entity.kind, EntityKind::OrderNumber | EntityKind::InvoiceNumber | EntityKind::PaymentReference);
        (u8::from(checked && entity.valid), u8::from(named), u8::from(entity.valid), entity.range.len())
    };
    found.sort_by(|left, right| strength(right).cmp(&strength(left)).then(left.range.start.cmp(&right.range.start)).then(left.kind.cmp(&right.kind)));
    let mut taken = std::collections::BTreeMap::<usize, usize>::new();
    found.retain(|entity| {
        let before = taken.range(..entity.range.end).next_back();
        let free = before.is_none_or(|(_, &end)| end <= entity.range.start);
        if free {
            taken.insert(entity.range.start, entity.range.end);
        }
        free
    });
    found.sort_by_key(|entity| entity.range.start);
    found
}
