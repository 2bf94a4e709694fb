//! Plans the sending of answers as they are written, and takes back what its author removes in time.

use std::{collections::HashMap, sync::Arc};

use ennakoi_inbox::{
    channels, conversations,
    messages::{self, AuthorKind, Direction, Kind, Visibility},
};
use ennakoi_kernel::ids::{ChannelId, MessageId};
use ennakoi_store::{
    Result, Tx,
    follower::{Batch, Follower},
    outbox::{self, Class, NewIntent},
    timeline::Event,
};
use serde_json::json;

use super::Channel;

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
    let mut kinds: HashMap<ChannelId, Option<Arc<dyn Channel>>> = HashMap::new();
    for event in concerned {
        let (Some(conversation), Some(message)) = (event.conversation, message_of(event)) else { continue };
        if event.kind == "message.removed" {
            outbox::cancel(&mut tx, &batch.environment, batch.workspace, &key(message)).await?;
            continue;
        }
        let channel = conversations::load(&mut tx, batch.workspace, conversation).await?.channel;
        if let std::collections::hash_map::Entry::Vacant(unknown) = kinds.entry(channel) {
            // A removed channel has nobody to carry for it.
            let kind = channels::load(&mut tx, batch.workspace, channel).await.ok().map(|channel| channel.kind);
            unknown.insert(adapters.iter().find(|adapter| Some(adapter.kind()) == kind).cloned());
        }
        if let Some(Some(adapter)) = kinds.get(&channel) {
            plan(&mut tx, &batch, &**adapter, channel, message).await?;
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

fn key(message: MessageId) -> String {
    format!("answer:{message}")
}

async fn plan(tx: &mut Tx, batch: &Batch, adapter: &dyn Channel, channel: ChannelId, id: MessageId) -> Result<()> {
    let Some(message) = messages::by_ids(tx, batch.workspace, &[id]).await?.pop() else { return Ok(()) };
    let leaves = message.direction == Direction::Out
        && message.visibility == Visibility::Public
        && matches!(message.kind, Kind::Text | Kind::Options)
        && message.author.kind != AuthorKind::Contact
        && message.removed_at.is_none()
        // What was carried already when it was written (an import) has no state to wait for.
        && message.delivery == Some(messages::Delivery::Pending);
    if !leaves {
        return Ok(());
    }
    let hold = adapter.hold(tx, batch.workspace, channel).await?;
    let intent = NewIntent {
        dedupe_key: &key(id),
        class: Class::Personal,
        transport: adapter.transport(),
        contact: None,
        payload: json!({ "kind": ANSWER, "message": id, "conversation": message.conversation_id }),
        send_at: message.created_at + hold,
    };
    outbox::plan(tx, &batch.environment, batch.workspace, intent).await?;
    Ok(())
}
