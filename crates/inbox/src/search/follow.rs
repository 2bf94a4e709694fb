//! Puts what is written into the index, behind the writers: cutting a text into stems and merging them into the index costs more
//! than storing the message, and nobody looks for what they are just writing.

use std::sync::Arc;

use ennakoi_kernel::{
    Timestamp,
    ids::{ConversationId, MessageId, WorkspaceId},
};
use ennakoi_people::Locale;
use ennakoi_store::{
    FromRow, Result, Row, Tx, Value,
    follower::{Batch, Follower},
    search::{self, Document},
    timeline::Event,
};

use super::{MESSAGE, words};
use crate::sql;

pub(crate) fn follower() -> Follower {
    Follower { name: "inbox.search", kinds: &["message.added"], handle: Arc::new(|batch| Box::pin(follow(batch))) }
}

/// A text as the index needs it.
struct Text {
    id: MessageId,
    conversation: ConversationId,
    body: String,
    language: Option<Locale>,
    conversation_language: Option<Locale>,
    at: Timestamp,
}

impl FromRow for Text {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self { id: row.take()?, conversation: row.take()?, body: row.take()?, language: row.take()?, conversation_language: row.take()?, at: row.take()? })
    }
}

async fn follow(batch: Batch) -> Result<()> {
    let ids: Vec<MessageId> = batch.events.iter().filter_map(text).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let texts = {
        let mut tx = batch.db.read().await?;
        texts(&mut tx, batch.workspace, &ids).await?
    };
    let documents: Vec<(Text, String)> = texts
        .into_iter()
        .map(|text| {
            let words = words::indexed(&text.body, text.language.or(text.conversation_language));
            (text, words)
        })
        .filter(|(_, words)| !words.is_empty())
        .collect();
    let mut tx = batch.begin().await?;
    let unchanged = unchanged(&mut tx, batch.workspace, &ids).await?;
    for (text, words) in documents.iter().filter(|(text, _)| unchanged.contains(&text.id)) {
        let document = Document { kind: MESSAGE, id: text.id.0, parent: Some(text.conversation.0), occurred_at: text.at, words };
        search::index(&mut tx, batch.workspace, &document).await?;
    }
    batch.commit(tx).await
}

fn text(event: &Event) -> Option<MessageId> {
    let payload = event.payload.as_object()?;
    if payload.get("kind")?.as_str()? != "text" {
        return None;
    }
    payload.get("message")?.as_str()?.parse().ok()
}

async fn texts(tx: &mut Tx, workspace: WorkspaceId, ids: &[MessageId]) -> Result<Vec<Text>> {
    let (places, values) = sql::list(2, ids);
    let mut texts: Vec<Text> = tx
        .all(
            &format!(
                "SELECT m.id, m.conversation_id, m.body, m.language, c.locale, m.created_at FROM messages m \
                 JOIN conversations c ON c.workspace_id = m.workspace_id AND c.id = m.conversation_id WHERE m.workspace_id = $1 AND m.id IN ({places})"
            ),
            &sql::with_list(&[workspace.into()], values),
        )
        .await?;
    // Results are shown in the order in which they came into the index.
    texts.sort_unstable_by_key(|text| text.id);
    Ok(texts)
}

/// Those that were neither edited nor removed since they were written: whoever does that sees to the index, and what was removed must
/// not come back. Held until the end, so that nobody does it meanwhile.
async fn unchanged(tx: &mut Tx, workspace: WorkspaceId, ids: &[MessageId]) -> Result<Vec<MessageId>> {
    let (places, values) = sql::list(2, ids);
    let lock = tx.engine().for_update();
    let sql = format!("SELECT id FROM messages WHERE workspace_id = $1 AND id IN ({places}) AND edited_at IS NULL AND removed_at IS NULL ORDER BY id{lock}");
    let rows: Vec<(MessageId,)> = tx.all(&sql, &sql::with_list(&[Value::from(workspace)], values)).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}
