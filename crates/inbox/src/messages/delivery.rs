//! How far a message has come on a channel that carries it.

use ennakoi_kernel::{
    Environment,
    ids::{MessageId, WorkspaceId},
};
use ennakoi_store::{
    Result, Tx, params,
    timeline::{self, Actor, NewEvent},
};
use serde_json::json;

use super::{Delivery, Meta, store};
use crate::conversations;

/// Raises the delivery state of a message; one that is further already stays. `code` says why it failed. Unknown messages are
/// passed over: they may have been erased meanwhile.
///
/// # Errors
/// The database refuses.
pub async fn set_delivery(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, id: MessageId, delivery: Delivery, code: Option<&str>) -> Result<()> {
    let Some(stored) = store::by_ids(tx, workspace, &[id]).await?.pop() else { return Ok(()) };
    let mut held = conversations::lock(tx, workspace, stored.conversation).await?;
    let Some(stored) = store::by_ids(tx, workspace, &[id]).await?.pop() else { return Ok(()) };
    if stored.delivery.is_none_or(|before| before >= delivery) {
        return Ok(());
    }
    let mut meta: Meta = serde_json::from_str(&stored.meta)?;
    meta.delivery_code = code.map(str::to_owned);
    tx.execute(
        "UPDATE messages SET delivery = $3, meta = $4 WHERE workspace_id = $1 AND id = $2",
        params![workspace, id, delivery, serde_json::to_value(&meta)?],
    )
    .await?;
    conversations::touch(tx, workspace, &mut held).await?;
    let payload = json!({ "message": id, "delivery": delivery, "code": code });
    let event = NewEvent::new("message.delivery_changed", Actor::System, payload).contact(held.contact).conversation(held.id);
    timeline::append(tx, environment, workspace, vec![event]).await?;
    Ok(())
}
