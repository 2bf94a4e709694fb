//! Files taken apart. Each format is read leniently: what one record lacks never costs another.

mod chatwoot;
mod freshdesk;
mod json;
mod table;
mod zammad;
mod zendesk;

use super::record::{CONVERSATIONS_MAX, Format, Read, Records};
use ennakoi_kernel::Problem;

/// Takes a file of a format that is read here apart.
pub(super) fn read(format: Format, bytes: &[u8]) -> Read {
    let records: Records = match format {
        Format::Csv => table::read(bytes)?,
        Format::Zendesk => zendesk::read(&json::documents(bytes)?),
        Format::Freshdesk => freshdesk::read(&json::documents(bytes)?),
        Format::Chatwoot => chatwoot::read(&json::documents(bytes)?),
        Format::Zammad => zammad::read(&json::documents(bytes)?),
        Format::Mbox => return Err(Problem::field("format", "unknown", "mail folders cannot be read here")),
    };
    checked(records)
}

/// Judges every record.
pub(super) fn checked(records: Records) -> Read {
    if records.is_empty() {
        return Err(Problem::field("file", "nothing_found", "no conversation was found in the file"));
    }
    if records.len() > CONVERSATIONS_MAX {
        return Err(Problem::field("file", "too_many", format!("at most {CONVERSATIONS_MAX} conversations; split the file")));
    }
    Ok(records.into_iter().map(|record| record.and_then(super::PastConversation::checked)).collect())
}

#[cfg(test)]
mod tests;
