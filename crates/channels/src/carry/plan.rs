//! Plans the sending of answers as they are written, and takes back what its author removes in time.

use std::{collections::HashMap, sync::Arc};

use ennakoi_inbox::{
    channels::{self, ChannelKind},
    conversations::{self, Conversation},
    messages::{self, AuthorKind, Direction, Kind, Visibility},
};
use ennakoi_kernel::{
    Duration, Environment,
    ids::{ChannelId, MessageId, WorkspaceId},
};
use ennakoi_store::{
    Result, Tx,
    follower::{Batch, Follower},
    outbox::{self, Class, Lane, NewIntent},
    timeline::Event,
};
use serde_json::json;

use super::{Answer, Channel};

/// `kind` of an answer's payload in the outbox.
pub const ANSWER: &str = "answer";

pub(super) fn follower(adapters: Vec<Arc<dyn Channel>>) -> Follower {
    let adapters: Arc<[Arc<dyn Channel>]> = adapters.into();
    Follower {
        name: "channels.answers",
        kinds: &["message.added", "message.removed"],
        handle: Arc::new(move |batch| {
            let adapters = adapters.clone();
            Box::pin(async move { follow(batch, &adapters).await })
        }),
    }
}

async fn follow(batch: Batch, adapters: &[Arc<dyn Channel>]) -> Result<()> {
    let concerned: Vec<&Event> = batch.events.iter().filter(|event| concerns(event)).collect();
    if concerned.is_empty() {
        return Ok(());
    }
    let mut tx = batch.begin().await?;
    let mut kinds: HashMap<ChannelId, Option<ChannelKind>> = HashMap::new();
    for event in concerned {
        let (Some(conversation), Some(message)) = (event.conversation, message_of(event)) else { continue };
        if event.kind == "message.removed" {
            outbox::cancel(&mut tx, &batch.environment, batch.workspace, &key(message)).await?;
            continue;
        }
        let conversation = conversations::load(&mut tx, batch.workspace, conversation).await?;
        if let std::collections::hash_map::Entry::Vacant(unknown) = kinds.entry(conversation.channel) {
            // A removed channel has nobody to carry for it.
            unknown.insert(channels::load(&mut tx, batch.workspace, conversation.channel).await.ok().map(|channel| channel.kind));
        }
        if let Some(Some(kind)) = kinds.get(&conversation.channel) {
            plan(&mut tx, &batch, adapters, *kind, &conversation, message).await?;
        }
    }
    batch.commit(tx).await
}

fn concerns(event: &Event) -> bool {
    event.kind == "message.removed"
        || event.payload["direction"] == "out" && event.payload["visibility"] == "public" && matches!(event.payload["kind"].as_str(), Some("text" | "options"))
}

fn message_of(event: &Event) -> Option<MessageId> {
    event.payload["message"].as_str()?.parse().ok()
}

/// The other side has said what became of an answer: it is not tried again.
///
/// # Errors
/// The database refuses.
pub async fn settled(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, message: MessageId) -> Result<()> {
    outbox::cancel(tx, environment, workspace, &key(message)).await?;
    Ok(())
}

fn key(message: MessageId) -> String {
    format!("answer:{message}")
}

async fn plan(tx: &mut Tx, batch: &Batch, adapters: &[Arc<dyn Channel>], kind: ChannelKind, conversation: &Conversation, id: MessageId) -> Result<()> {
    let Some(message) = messages::by_ids(tx, batch.workspace, &[id]).await?.pop() else { return Ok(()) };
    let leaves = message.direction == Direction::Out
        && message.visibility == Visibility::Public
        && matches!(message.kind, Kind::Text | Kind::Options)
        && message.author.kind != AuthorKind::Contact
        && message.removed_at.is_none();
    if !leaves {
        return Ok(());
    }
    let answer = Answer { workspace: batch.workspace, conversation, message: &message, now: batch.environment.now() };
    let Some((adapter, hold)) = way(tx, adapters, kind, &answer).await? else { return Ok(()) };
    let intent = NewIntent {
        dedupe_key: &key(id),
        class: Class::Personal,
        transport: adapter.transport(),
        contact: None,
        payload: json!({ "kind": ANSWER, "message": id, "conversation": message.conversation_id }),
        send_at: message.created_at + hold,
        lane: adapter.keeps_order().then(|| Lane { name: message.conversation_id.to_string(), place: message.seq }),
    };
    outbox::plan(tx, &batch.environment, batch.workspace, intent).await?;
    Ok(())
}

/// Who takes an answer out, and how long it rests before: the channel's own adapter, or another one by which the customer is reached.
async fn way<'a>(tx: &mut Tx, adapters: &'a [Arc<dyn Channel>], kind: ChannelKind, answer: &Answer<'_>) -> Result<Option<(&'a dyn Channel, Duration)>> {
    let own = adapters.iter().find(|adapter| adapter.kind() == kind).map(|adapter| &**adapter);
    let channel = answer.conversation.channel;
    // What was carried already when it was written (an import) has no state to wait for.
    let waits = answer.message.delivery == Some(messages::Delivery::Pending);
    if let Some(own) = own
        && (!waits || own.takes(tx, answer.workspace, channel).await?)
    {
        return Ok(if waits { Some((own, own.hold(tx, answer.workspace, channel).await?)) } else { None });
    }
    for adapter in adapters.iter().filter(|adapter| adapter.kind() != kind) {
        if let Some(hold) = adapter.instead(tx, answer).await? {
            return Ok(Some((&**adapter, hold)));
        }
    }
    // It will say itself that it cannot.
    Ok(own.map(|own| (own, Duration::seconds(0))))
}
