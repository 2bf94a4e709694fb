//! Changing and removing messages. What was said to a customer stays said; notes and one's own words can be corrected.

use ennakoi_kernel::{
    Environment, Problem,
    ids::{ConversationId, MessageId, WorkspaceId},
    limits,
};
use ennakoi_store::{
    Result, Tx,
    timeline::{self, Actor, NewEvent},
};
use serde_json::json;

use super::{Kind, Message, load, store};
use crate::{
    conversations::{self, Conversation},
    search,
};

/// Replaces the text of the actor's own message.
///
/// # Errors
/// The message is not there, is not the actor's own text, or the new text is empty or too long.
pub async fn edit(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    conversation: ConversationId,
    id: MessageId,
    actor: Actor,
    body: &str,
) -> Result<Message> {
    let (mut held, message) = own(tx, workspace, conversation, id, actor).await?;
    let length = body.chars().count();
    if body.trim().is_empty() || length > limits::MESSAGE_CHARACTERS || body.contains('\0') {
        return Err(Problem::field("body", "invalid", format!("1 to {} characters", limits::MESSAGE_CHARACTERS)).into());
    }
    let now = environment.now();
    store::rewrite(tx, workspace, id, body, Some(now), None).await?;
    search::index_message(tx, workspace, conversation, id, body, message.language.or(held.locale), message.created_at).await?;
    finish(tx, environment, workspace, &mut held, id, actor, "message.edited").await
}

/// Removes the actor's own message: its place in the order stays, its text and files are gone.
///
/// # Errors
/// The message is not there, or is not the actor's own text.
pub async fn remove(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    conversation: ConversationId,
    id: MessageId,
    actor: Actor,
) -> Result<Message> {
    let (mut held, _) = own(tx, workspace, conversation, id, actor).await?;
    store::rewrite(tx, workspace, id, "", None, Some(environment.now())).await?;
    ennakoi_store::search::remove(tx, workspace, search::MESSAGE, id.0).await?;
    finish(tx, environment, workspace, &mut held, id, actor, "message.removed").await
}

async fn own(tx: &mut Tx, workspace: WorkspaceId, conversation: ConversationId, id: MessageId, actor: Actor) -> Result<(Conversation, Message)> {
    let held = conversations::lock(tx, workspace, conversation).await?;
    let message = load(tx, workspace, id).await?;
    if message.conversation_id != conversation || message.removed_at.is_some() {
        return Err(Problem::not_found("the message").into());
    }
    if message.kind != Kind::Text || message.actor.0 != actor {
        return Err(Problem::forbidden("only the author of a text can change it").into());
    }
    Ok((held, message))
}

async fn finish(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    held: &mut Conversation,
    id: MessageId,
    actor: Actor,
    kind: &'static str,
) -> Result<Message> {
    conversations::touch(tx, workspace, held).await?;
    let message = load(tx, workspace, id).await?;
    let payload = json!({ "message": id, "seq": message.seq, "visibility": message.visibility });
    let event = NewEvent::new(kind, actor, payload).contact(held.contact).conversation(held.id);
    timeline::append(tx, environment, workspace, vec![event]).await?;
    Ok(message)
}
