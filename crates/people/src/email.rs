//! E-mail addresses as names to sign in with and to recognise contacts by.

/// The form in which two addresses are the same: trimmed and in lower case. `None` when it cannot be an address.
///
/// The part before the @ is compared without regard to case although a mail server might tell the difference: people do not.
#[must_use]
pub fn normalise(address: &str) -> Option<String> {
    let address = address.trim();
    let (local, domain) = address.rsplit_once('@')?;
    let allowed = |c: char| !c.is_whitespace() && !c.is_control() && !"<>()[]\\,;:\"@".contains(c);
    let ok = !local.is_empty()
        && local.len() <= 64
        && address.len() <= 254
        && local.chars().all(allowed)
        && !domain.is_empty()
        && domain.split('.').all(|label| !label.is_empty() && label.len() <= 63)
        && domain.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '.');
    ok.then(|| address.to_lowercase())
}
