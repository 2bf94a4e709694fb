//! Which conversation a mail belongs to.
//!
//! Our own mails carry names that only this installation can make: the conversation and the mail, signed. A mail that answers one of
//! them belongs to its conversation, whoever sent it. Names that others made are good only between people of the conversation. A
//! subject alone threads nothing. None of this says who the sender is.

use ennakoi_http::{App, Secret};
use ennakoi_inbox::conversations;
use ennakoi_kernel::ids::{ConversationId, MailId, WorkspaceId};
use ennakoi_store::{Result, Tx};
use uuid::Uuid;

use super::{parse::Parsed, store};
use crate::{address, mailbox::Mailbox};

const PURPOSE: &str = "mail thread";
/// Bytes of the signature that are kept: 128 bits.
const SIGNATURE: usize = 16;
/// Ancestors that are looked up.
const LOOKED_UP: usize = 30;

/// The name of a mail of ours, without brackets.
pub(crate) fn message_id(secret: &Secret, workspace: WorkspaceId, conversation: ConversationId, mail: MailId, sender: &str) -> String {
    let signature = sign(secret, workspace, conversation, mail.0);
    format!("en.{}.{}.{signature}@{}", conversation.0.simple(), mail.0.simple(), address::domain(sender))
}

/// The address under which answers to a conversation come back: `tuki+c…@kauppa.fi`. What stands before the @ is short by law (64
/// characters), so the signature has 80 bits here; it can be tried only by sending mails.
pub(crate) fn reply_address(secret: &Secret, workspace: WorkspaceId, conversation: ConversationId, mailbox: &str) -> String {
    let (local, domain) = mailbox.rsplit_once('@').unwrap_or((mailbox, ""));
    format!("{local}+c{}@{domain}", reply_token(secret, workspace, conversation))
}

fn reply_token(secret: &Secret, workspace: WorkspaceId, conversation: ConversationId) -> String {
    let message = [workspace.0.as_bytes().as_slice(), conversation.0.as_bytes()].concat();
    let signature = secret.sign("mail reply address", &message);
    base32(&[conversation.0.as_bytes().as_slice(), &signature[..10]].concat())
}

const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// Addresses are written in any case, so only letters of one case and digits carry anything.
fn base32(bytes: &[u8]) -> String {
    let (mut text, mut held, mut bits) = (String::new(), 0u32, 0u32);
    for byte in bytes {
        held = (held << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(char::from(ALPHABET[((held >> bits) & 31) as usize]));
        }
        held &= (1 << bits) - 1;
    }
    if bits > 0 {
        text.push(char::from(ALPHABET[((held << (5 - bits)) & 31) as usize]));
    }
    text
}

fn conversation_in(token: &str) -> Option<ConversationId> {
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0u32, 0u32);
    for character in token.bytes() {
        let value = ALPHABET.iter().position(|letter| *letter == character)?;
        held = (held << 5) | u32::try_from(value).ok()?;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits).ok()?);
            held &= (1 << bits) - 1;
        }
    }
    Uuid::from_slice(bytes.get(..16)?).ok().map(ConversationId)
}

fn sign(secret: &Secret, workspace: WorkspaceId, conversation: ConversationId, of: Uuid) -> String {
    let message = [workspace.0.as_bytes().as_slice(), conversation.0.as_bytes(), of.as_bytes()].concat();
    address::hexadecimal(&secret.sign(PURPOSE, &message)[..SIGNATURE])
}

/// The conversation of a name that we made.
pub(crate) fn own(secret: &Secret, workspace: WorkspaceId, id: &str) -> Option<ConversationId> {
    let left = id.split('@').next()?;
    let mut parts = left.strip_prefix("en.")?.split('.');
    let (conversation, mail, signature) = (parts.next()?.parse().ok()?, parts.next()?.parse::<Uuid>().ok()?, parts.next()?);
    let good = parts.next().is_none() && same(&sign(secret, workspace, conversation, mail), signature);
    good.then_some(conversation)
}

fn of_reply_address(secret: &Secret, workspace: WorkspaceId, address: &str) -> Option<ConversationId> {
    let (_, token) = address.split('@').next()?.rsplit_once("+c")?;
    let token = token.to_lowercase();
    let conversation = conversation_in(&token)?;
    same(&reply_token(secret, workspace, conversation), &token).then_some(conversation)
}

/// Compares without telling by time where they differ.
fn same(expected: &str, given: &str) -> bool {
    expected.len() == given.len() && expected.bytes().zip(given.bytes()).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
}

/// The conversation that the mail goes on, if it goes on one.
pub(crate) async fn find(tx: &mut Tx, app: &App, mailbox: &Mailbox, parsed: &Parsed) -> Result<Option<ConversationId>> {
    let workspace = mailbox.workspace;
    let recipients = parsed.delivered_to.iter().chain(parsed.to.iter().chain(&parsed.cc).map(|it| &it.address));
    let by_address = recipients.filter_map(|address| of_reply_address(&app.secret, workspace, address));
    let by_name = parsed.ancestors.iter().filter_map(|id| own(&app.secret, workspace, id));
    for conversation in by_address.chain(by_name).take(LOOKED_UP) {
        if conversations::load(tx, workspace, conversation).await.is_ok() {
            return Ok(Some(conversation));
        }
    }
    let Some(from) = parsed.from.as_ref().map(|from| address::key(&from.address)) else { return Ok(None) };
    // The same mail may have come through another mailbox before.
    for id in std::iter::once(&parsed.message_id).chain(&parsed.ancestors).take(LOOKED_UP) {
        for conversation in store::conversations_of(tx, workspace, id).await? {
            if store::takes_part(tx, workspace, conversation, &from).await? {
                return Ok(Some(conversation));
            }
        }
    }
    match parsed.subject.as_deref().and_then(number_in) {
        Some(number) => match conversations::by_number(tx, workspace, number).await? {
            Some(conversation) if store::takes_part(tx, workspace, conversation, &from).await? => Ok(Some(conversation)),
            _ => Ok(None),
        },
        None => Ok(None),
    }
}

/// `[#1234]` in a subject.
fn number_in(subject: &str) -> Option<i64> {
    let (_, rest) = subject.split_once("[#")?;
    let (number, _) = rest.split_once(']')?;
    number.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_ours_or_nothing() {
        let secret = Secret::new([7; 32]);
        let (workspace, conversation, mail): (WorkspaceId, ConversationId, MailId) =
            (Uuid::from_u128(1).into(), Uuid::from_u128(2).into(), Uuid::from_u128(3).into());
        let id = message_id(&secret, workspace, conversation, mail, "tuki@kauppa.fi");
        assert!(id.len() < 200 && id.ends_with("@kauppa.fi"));
        assert_eq!(own(&secret, workspace, &id), Some(conversation));
        assert_eq!(own(&secret, Uuid::from_u128(9).into(), &id), None, "another workspace");
        assert_eq!(own(&Secret::new([8; 32]), workspace, &id), None, "another installation");
        let other = id.replace(&conversation.0.simple().to_string(), &Uuid::from_u128(4).simple().to_string());
        assert_eq!(own(&secret, workspace, &other), None, "another conversation");
        for broken in ["", "en.", "en.1.2.3@x", "x@y", &id[1..], &id.replace("@", ".a@")] {
            assert_eq!(own(&secret, workspace, broken), None, "{broken}");
        }
        let address = reply_address(&secret, workspace, conversation, "tuki@kauppa.fi");
        assert!(ennakoi_people::email::normalise(&address).is_some(), "{address}");
        assert_eq!(of_reply_address(&secret, workspace, &address), Some(conversation));
        assert_eq!(of_reply_address(&secret, workspace, &address.to_uppercase().replace("+C", "+c")), Some(conversation));
        assert_eq!(of_reply_address(&secret, workspace, &address.replace("+caaa", "+cbaa")), None);
        assert_eq!(of_reply_address(&secret, Uuid::from_u128(9).into(), &address), None);
        assert_eq!(number_in("Re: [#1234] Tilaus"), Some(1234));
        assert_eq!(number_in("Re: [#x] Tilaus"), None);
    }
}
