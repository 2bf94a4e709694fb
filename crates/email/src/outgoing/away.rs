//! Answers to customers of other channels who have gone and left an address: they get a mail, and what they answer comes back into the
//! same conversation.

use ennakoi_channels::carry::Answer;
use ennakoi_inbox::{
    channels::{self, ChannelKind},
    conversations::Conversation,
    messages::{self, Audience, AuthorKind, Direction, Kind, Message, Visibility},
};
use ennakoi_kernel::{Duration, ids::WorkspaceId};
use ennakoi_people::contacts;
use ennakoi_store::{Result, Tx};

use crate::{
    incoming::store,
    mailbox::{self, Mailbox},
};

/// How long somebody at the chat has to read an answer there.
const AWAY_AFTER: Duration = Duration::minutes(2);
/// An answer that was written longer ago than this was brought along from elsewhere, or nobody waits for it any more.
const FRESH_FOR: Duration = Duration::hours(24);
/// Messages that are looked back at, and that go out together.
const WINDOW: u32 = 20;

/// The mailbox by which customers of other channels are written to: the oldest one that is on.
pub(super) async fn mailbox(tx: &mut Tx, workspace: WorkspaceId) -> Result<Option<Mailbox>> {
    for mailbox in mailbox::store::list(tx, workspace).await? {
        if channels::load(tx, workspace, mailbox.channel).await.is_ok_and(|channel| channel.enabled) {
            return Ok(Some(mailbox));
        }
    }
    Ok(None)
}

/// Whether the customer of a conversation wrote last by mail.
pub(super) async fn wrote_by_mail(tx: &mut Tx, workspace: WorkspaceId, conversation: &Conversation, before: i64) -> Result<bool> {
    let page = messages::list(tx, workspace, conversation.id, None, Some(before), WINDOW, Audience::Contact).await?;
    let last = page.items.iter().rev().find(|message| message.direction == Direction::In && message.kind == Kind::Text);
    Ok(last.is_some_and(|message| message.meta.addressing.is_some()))
}

/// How long an answer of another channel waits before it goes by mail; `None` when it does not.
pub(super) async fn hold(tx: &mut Tx, answer: &Answer<'_>) -> Result<Option<Duration>> {
    let (workspace, conversation) = (answer.workspace, answer.conversation);
    if answer.message.author.kind != AuthorKind::Staff || answer.message.created_at + FRESH_FOR < answer.now {
        return Ok(None);
    }
    let Some(contact) = conversation.contact else { return Ok(None) };
    let brief = contacts::briefs(tx, workspace, &[contact]).await?.remove(&contact);
    if brief.is_none_or(|brief| brief.email.is_none() || brief.blocked) {
        return Ok(None);
    }
    let Some(mailbox) = mailbox(tx, workspace).await? else { return Ok(None) };
    let at_once = Duration::seconds(i64::from(mailbox.settings.undo_seconds));
    if wrote_by_mail(tx, workspace, conversation, answer.message.seq).await? {
        return Ok(Some(at_once));
    }
    let channel = channels::load(tx, workspace, conversation.channel).await?;
    Ok(match channel.kind {
        ChannelKind::Chat if channel.settings.chat_only => None,
        ChannelKind::Chat => Some(Duration(AWAY_AFTER.0.max(at_once.0))),
        _ => Some(at_once),
    })
}

/// The answers around this one that nobody has read yet and that no mail carries, between two words of the customer. Whichever of them is
/// tried first takes the others along.
pub(super) async fn unread(tx: &mut Tx, workspace: WorkspaceId, conversation: &Conversation, message: &Message) -> Result<Vec<Message>> {
    let earlier = messages::list(tx, workspace, conversation.id, None, Some(message.seq), WINDOW, Audience::Contact).await?.items;
    let later = messages::list(tx, workspace, conversation.id, Some(message.seq - 1), None, WINDOW, Audience::Contact).await?.items;
    let talks = |candidate: &Message| candidate.author.kind == AuthorKind::Contact && candidate.kind == Kind::Text;
    let mut around: Vec<Message> = earlier.into_iter().rev().take_while(|candidate| !talks(candidate)).collect();
    around.reverse();
    around.extend(later.into_iter().take_while(|candidate| !talks(candidate)));
    let mut parts = Vec::new();
    for candidate in around {
        let answers = candidate.direction == Direction::Out
            && candidate.visibility == Visibility::Public
            && candidate.kind == Kind::Text
            && candidate.author.kind == AuthorKind::Staff
            && candidate.removed_at.is_none()
            && candidate.seq > conversation.contact_seen_seq;
        if candidate.id == message.id || answers && store::of_message(tx, workspace, candidate.id).await?.is_none() {
            parts.push(candidate);
        }
    }
    Ok(parts)
}

/// What the customer asked, to begin the mail's quote with: they did not write it by mail.
pub(super) async fn asked(tx: &mut Tx, workspace: WorkspaceId, message: &Message) -> Result<Option<String>> {
    const CHARACTERS: usize = 600;
    let page = messages::list(tx, workspace, message.conversation_id, None, Some(message.seq), WINDOW, Audience::Contact).await?;
    let last = page.items.into_iter().rev().find(|earlier| earlier.direction == Direction::In && earlier.kind == Kind::Text);
    Ok(last.map(|earlier| earlier.body.chars().take(CHARACTERS).collect::<String>()).filter(|text: &String| !text.trim().is_empty()))
}
