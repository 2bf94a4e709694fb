//! Values of contacts: what is allowed, and in which form they are compared.

use ennakoi_kernel::{FieldErrors, Problem, limits};
use ennakoi_store::Result;

use super::{AttributeValue, Attributes, ContactChange, IdentityKind, Stored};

/// The form of an identity in which two are the same: an address in lower case, a phone number as `+` and digits.
/// `country_code` is put before national numbers, e.g. `358`.
///
/// # Errors
/// The value cannot be an identity of this kind.
pub fn normalise(kind: IdentityKind, value: &str, country_code: Option<&str>) -> Result<String, Problem> {
    let value = value.trim();
    let wrong = |code: &str, message: &str| Problem::field("value", code, message);
    if value.is_empty() || value.chars().count() > limits::LINE_CHARACTERS || value.chars().any(char::is_control) {
        return Err(wrong("invalid", "one line, not empty"));
    }
    match kind {
        IdentityKind::Email => crate::email::normalise(value).ok_or_else(|| wrong("email_invalid", "not an e-mail address")),
        IdentityKind::Phone => phone(value, country_code).ok_or_else(|| wrong("phone_invalid", "not a phone number")),
        IdentityKind::UserId => Ok(value.to_owned()),
        IdentityKind::Handle => {
            Ok(value.trim_start_matches('@').to_lowercase()).and_then(|it| if it.is_empty() { Err(wrong("invalid", "empty")) } else { Ok(it) })
        }
    }
}

fn phone(value: &str, country_code: Option<&str>) -> Option<String> {
    if !value.chars().all(|c| c.is_ascii_digit() || " +-().\u{a0}/".contains(c)) {
        return None;
    }
    let digits: String = value.replace("(0)", "").chars().filter(char::is_ascii_digit).collect();
    let international = if value.starts_with('+') {
        digits
    } else if let Some(rest) = digits.strip_prefix("00") {
        rest.to_owned()
    } else if let (Some(rest), Some(code)) = (digits.strip_prefix('0'), country_code) {
        format!("{code}{rest}")
    } else {
        // A short or local number: comparable only with itself.
        return (3..=15).contains(&digits.len()).then_some(digits);
    };
    (5..=15).contains(&international.len()).then(|| format!("+{international}"))
}

/// The international prefix of national numbers where the company is, as its time zone tells.
pub(super) fn country_code(timezone: &str) -> Option<&'static str> {
    match timezone {
        "Europe/Helsinki" | "Europe/Mariehamn" => Some("358"),
        "Europe/Stockholm" => Some("46"),
        "Europe/Oslo" => Some("47"),
        "Europe/Copenhagen" => Some("45"),
        "Europe/Tallinn" => Some("372"),
        "Europe/Berlin" => Some("49"),
        "Europe/London" => Some("44"),
        _ => None,
    }
}

pub(super) fn check_name(name: &str) -> Result<(), Problem> {
    let mut errors = FieldErrors::default();
    if !name.trim().is_empty() {
        errors.line("name", name, limits::LINE_CHARACTERS);
    }
    errors.finish()
}

pub(crate) fn check_attributes(attributes: &Attributes) -> Result<(), Problem> {
    let mut errors = FieldErrors::default();
    if attributes.len() > limits::ATTRIBUTES {
        errors.add("attributes", "too_many", format!("at most {}", limits::ATTRIBUTES));
    }
    for (key, value) in attributes {
        let field = format!("attributes.{key}");
        if !attribute_key_is_valid(key) {
            errors.add(&field, "key_invalid", "1 to 60 lower-case letters, digits and underscores");
        }
        match value {
            AttributeValue::Text(text) if text.chars().count() > 2_000 => errors.add(&field, "too_long", "at most 2000 characters"),
            AttributeValue::Number(number) if !number.is_finite() => errors.add(&field, "invalid", "not a number"),
            _ => {}
        }
    }
    errors.finish()
}

pub(crate) fn attribute_key_is_valid(key: &str) -> bool {
    (1..=60).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// Applies a change and names the fields that really changed.
pub(super) fn apply(contact: &mut Stored, change: ContactChange) -> Result<Vec<String>, Problem> {
    let before = contact.clone();
    if let Some(name) = change.name {
        check_name(&name)?;
        name.trim().clone_into(&mut contact.name);
    }
    if let Some(locale) = change.locale {
        contact.locale = locale;
    }
    if let Some(timezone) = change.timezone {
        contact.timezone = timezone;
    }
    if let Some(avatar_url) = change.avatar_url {
        contact.avatar_url = avatar_url;
    }
    if let Some(blocked) = change.blocked {
        contact.blocked = blocked;
    }
    merge_attributes(&mut contact.attributes, change.attributes.unwrap_or_default());
    check_attributes(&contact.attributes)?;
    let changed = [
        ("name", before.name != contact.name),
        ("locale", before.locale != contact.locale),
        ("timezone", before.timezone != contact.timezone),
        ("avatar_url", before.avatar_url != contact.avatar_url),
        ("blocked", before.blocked != contact.blocked),
        ("attributes", before.attributes != contact.attributes),
    ];
    Ok(changed.into_iter().filter(|(_, changed)| *changed).map(|(field, _)| field.to_owned()).collect())
}

/// Sets the named attributes; null removes one.
pub(crate) fn merge_attributes(present: &mut Attributes, changes: Attributes) {
    for (key, value) in changes {
        if value == AttributeValue::Null(()) {
            present.remove(&key);
        } else {
            present.insert(key, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_number_is_recognised_in_every_spelling() {
        for spelling in ["+358 40 123 4567", "040-1234567", "00358 40 1234567", "(040) 123 4567", "+358 (0)40 1234567"] {
            assert_eq!(normalise(IdentityKind::Phone, spelling, Some("358")).unwrap(), "+358401234567", "{spelling}");
        }
        assert_eq!(normalise(IdentityKind::Phone, "040 123", None).unwrap(), "040123");
        for wrong in ["", "abc", "+1", "12345678901234567890", "040 <b>"] {
            assert!(normalise(IdentityKind::Phone, wrong, Some("358")).is_err(), "{wrong}");
        }
    }

    #[test]
    fn addresses_are_compared_in_lower_case_and_checked() {
        assert_eq!(normalise(IdentityKind::Email, " Liisa.Meri@Example.FI ", None).unwrap(), "liisa.meri@example.fi");
        for wrong in ["liisa", "a@b@c", "@b.fi", "a@", "a b@c.fi", "a\n@b.fi"] {
            assert!(normalise(IdentityKind::Email, wrong, None).is_err(), "{wrong}");
        }
    }

    #[test]
    fn attributes_change_one_by_one() {
        let mut present = Attributes::from([("a".to_owned(), AttributeValue::Number(1.0)), ("b".to_owned(), AttributeValue::Boolean(true))]);
        merge_attributes(&mut present, serde_json::from_str(r#"{"a":null,"c":"x"}"#).unwrap());
        assert_eq!(serde_json::to_string(&present).unwrap(), r#"{"b":true,"c":"x"}"#);
        assert!(check_attributes(&Attributes::from([("Ä key".to_owned(), AttributeValue::Boolean(true))])).is_err());
    }
}
