//! Stored messages become what screens show: names, attachments and HTML, in a constant number of queries.

use std::collections::HashMap;

use ennakoi_kernel::{
    Problem,
    ids::{ContactId, MessageId, WorkspaceId},
};
use ennakoi_store::{Result, Tx, timeline::Actor};

use super::{ActorOf, Author, AuthorKind, Delivery, Direction, Kind, Message, Meta, Visibility, render, store::Stored};
use crate::{
    attachments,
    names::{self, Names},
};

pub(super) async fn hydrate(tx: &mut Tx, workspace: WorkspaceId, stored: Vec<Stored>) -> Result<Vec<Message>> {
    let actors: Vec<(Actor, Option<ContactId>)> = stored.iter().map(|message| (message.author, message.contact)).collect();
    let names = names::of(tx, workspace, &actors).await?;
    with_names(tx, workspace, stored, &names).await
}

async fn with_names(tx: &mut Tx, workspace: WorkspaceId, stored: Vec<Stored>, names: &Names) -> Result<Vec<Message>> {
    let with_files: Vec<MessageId> =
        stored.iter().filter(|message| message.attachments > 0 && message.removed_at.is_none()).map(|message| message.id).collect();
    let mut files = if with_files.is_empty() { HashMap::new() } else { attachments::of_messages(tx, workspace, &with_files).await? };
    stored.into_iter().map(|message| finish(message, names, &mut files)).collect()
}

/// One message that was written just now.
pub(super) async fn one(tx: &mut Tx, workspace: WorkspaceId, stored: Stored) -> Result<Message> {
    hydrate(tx, workspace, vec![stored]).await?.pop().ok_or_else(|| Problem::not_found("the message").into())
}

/// One message that was written just now, for its author.
pub(super) async fn nameless(tx: &mut Tx, workspace: WorkspaceId, stored: Stored) -> Result<Message> {
    with_names(tx, workspace, vec![stored], &Names::default()).await?.pop().ok_or_else(|| Problem::not_found("the message").into())
}

fn finish(stored: Stored, names: &Names, files: &mut HashMap<MessageId, Vec<attachments::Attachment>>) -> Result<Message> {
    let meta: Meta = if stored.meta == "{}" { Meta::default() } else { serde_json::from_str(&stored.meta)? };
    let seen = stored.contact_seen_seq >= stored.seq;
    let mut author = author(&stored.author, stored.contact, names);
    // A colleague of another system is nobody here, and had a name all the same.
    if let Some(name) = meta.imported.as_ref().and_then(|imported| imported.author.clone()).filter(|_| author.kind == AuthorKind::System) {
        author.name = name;
    }
    let outgoing = stored.direction == Direction::Out && stored.visibility == Visibility::Public && stored.kind != Kind::Event;
    Ok(Message {
        id: stored.id,
        conversation_id: stored.conversation,
        seq: stored.seq,
        client_key: stored.client_key,
        author,
        direction: stored.direction,
        visibility: stored.visibility,
        kind: stored.kind,
        html: render::html(&stored.body, stored.format),
        body: stored.body,
        format: stored.format,
        language: stored.language,
        attachments: files.remove(&stored.id).unwrap_or_default(),
        meta,
        // On channels without receipts of their own, what the customer has scrolled past is read.
        delivery: if outgoing && seen { Some(Delivery::Read) } else { stored.delivery },
        created_at: stored.created_at,
        edited_at: stored.edited_at,
        removed_at: stored.removed_at,
        actor: ActorOf(stored.author),
    })
}

/// The author to show for an actor; a widget visitor is the conversation's contact once that is known.
pub(crate) fn author(actor: &Actor, contact: Option<ContactId>, names: &Names) -> Author {
    let kind = AuthorKind::of(actor);
    let (id, name, avatar_url) = match actor {
        Actor::Staff(staff) => {
            let brief = names.staff.get(staff);
            (Some(staff.0), brief.map(|it| it.name.clone()), brief.and_then(|it| it.avatar_url.clone()))
        }
        Actor::Contact(_) | Actor::Visitor(_) => {
            let contact = if let Actor::Contact(contact) = actor { Some(*contact) } else { contact };
            let brief = contact.and_then(|contact| names.contacts.get(&contact));
            (contact.map(|contact| contact.0), brief.map(|it| it.name.clone()), brief.and_then(|it| it.avatar_url.clone()))
        }
        Actor::Bot | Actor::System | Actor::ApiKey(_) => (None, None, None),
    };
    Author { kind, id, name: name.unwrap_or_default(), avatar_url }
}
