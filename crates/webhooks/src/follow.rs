//! Plans deliveries as events happen.

use std::sync::Arc;

use ennakoi_store::{
    Result,
    follower::{Batch, Follower},
    timeline::Event,
};
use serde_json::json;

use crate::store::{self, NewDelivery};

pub(crate) fn follower(kinds: Arc<[&'static str]>) -> Follower {
    Follower {
        name: "webhooks",
        kinds: &[],
        handle: Arc::new(move |batch| {
            let kinds = kinds.clone();
            Box::pin(async move { follow(batch, &kinds).await })
        }),
    }
}

/// What receivers get.
pub(crate) fn body(event: &Event, workspace: ennakoi_kernel::ids::WorkspaceId) -> String {
    json!({
        "type": event.kind,
        "timestamp": event.occurred_at,
        "data": { "workspace": workspace, "seq": event.seq, "actor": event.actor, "contact": event.contact, "conversation": event.conversation, "payload": event.payload },
    })
    .to_string()
}

async fn follow(batch: Batch, kinds: &[&'static str]) -> Result<()> {
    let webhooks = store::all(&mut batch.db.read().await?, batch.workspace).await?;
    let listening: Vec<_> = webhooks.iter().filter(|webhook| webhook.enabled).collect();
    let told: Vec<&Event> = batch.events.iter().filter(|event| kinds.contains(&event.kind.as_str())).collect();
    if listening.is_empty() || told.is_empty() {
        return Ok(());
    }
    let mut tx = batch.begin().await?;
    for event in told {
        let body = body(event, batch.workspace);
        for webhook in &listening {
            if webhook.kinds.is_empty() || webhook.kinds.contains(&event.kind) {
                let new = NewDelivery { id: batch.environment.new_id(), webhook: webhook.id, seq: event.seq, kind: &event.kind, body: &body };
                store::plan(&mut tx, batch.workspace, batch.environment.now(), new).await?;
            }
        }
    }
    batch.commit(tx).await
}
