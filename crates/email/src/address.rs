//! Addresses of people, and small things about them.

use ennakoi_inbox::messages::Correspondent;

/// Reads `address` or `Name <address>`; `None` when there is no usable address in it.
pub(crate) fn parse(text: &str) -> Option<Correspondent> {
    let text = text.trim();
    let (name, address) = match text.strip_suffix('>').and_then(|rest| rest.rsplit_once('<')) {
        Some((name, address)) => (name.trim().trim_matches('"').trim(), address),
        None => ("", text),
    };
    ennakoi_people::email::normalise(address)?;
    let name = (!name.is_empty()).then(|| name.to_owned());
    Some(Correspondent { address: address.trim().to_owned(), name })
}

/// The form in which two addresses are compared.
pub(crate) fn key(address: &str) -> String {
    ennakoi_people::email::normalise(address).unwrap_or_else(|| address.trim().to_lowercase())
}

/// The domain of an address, in lower case.
pub(crate) fn domain(address: &str) -> String {
    address.rsplit('@').next().unwrap_or_default().to_lowercase()
}

pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
