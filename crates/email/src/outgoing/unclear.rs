//! Mails whose fate was unknown: the connection or the program broke off between the last byte of a mail and the server's answer.
//!
//! They go out again under the same name, which receiving servers use to tell that it is the same mail; some do not. So each of them
//! is listed, and its message says that it may have arrived twice.

use axum::extract::State;
use ennakoi_http::{ApiResult, App, Json, Member, Page, Path, Route, get};
use ennakoi_inbox::messages::Delivery;
use ennakoi_kernel::{
    Problem, Timestamp,
    access::{Access, Permission},
    ids::{ConversationId, MailId, MailboxId, MessageId, WorkspaceId},
};
use ennakoi_store::{FromRow, Result, Row, Tx, params};
use schemars::JsonSchema;
use serde::Serialize;

use crate::mailbox;

/// `delivery_code` of a message that may have arrived twice.
pub(crate) const CODE: &str = "perhaps_twice";
/// Mails that are listed.
const SHOWN: i64 = 100;

pub(crate) fn routes() -> Vec<Route> {
    vec![
        get("/api/v1/mailboxes/{id}/unclear", "list_unclear_mails", Access::Needs(Permission::ConversationsRead), list_unclear_mails)
            .summary("The last 100 mails of which it was unknown for a time whether they had arrived; they may have arrived twice.")
            .returns::<Page<UnclearMail>>(200),
    ]
}

/// A mail that may have arrived twice.
#[derive(Serialize, JsonSchema)]
struct UnclearMail {
    message_id: MessageId,
    conversation_id: ConversationId,
    conversation_number: i64,
    /// The name under which it left each time.
    mail_name: String,
    subject: Option<String>,
    /// What became of each recipient in the end.
    recipients: serde_json::Value,
    delivery: Option<Delivery>,
    unclear_at: Timestamp,
}

impl FromRow for UnclearMail {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self {
            message_id: row.take()?,
            conversation_id: row.take()?,
            conversation_number: row.take()?,
            mail_name: row.take()?,
            subject: row.take()?,
            recipients: row.take()?,
            delivery: row.take()?,
            unclear_at: row.take()?,
        })
    }
}

async fn list_unclear_mails(State(app): State<App>, member: Member, Path(id): Path<MailboxId>) -> ApiResult<Json<Page<UnclearMail>>> {
    let mut tx = app.db.read().await?;
    mailbox::store::find(&mut tx, member.workspace, id).await?.ok_or_else(|| Problem::not_found("the mailbox"))?;
    Ok(Json(Page::whole(list(&mut tx, member.workspace, id).await?)))
}

async fn list(tx: &mut Tx, workspace: WorkspaceId, mailbox: MailboxId) -> Result<Vec<UnclearMail>> {
    tx.all(
        "SELECT s.id, s.conversation_id, c.number, m.message_id, c.subject, m.recipients, s.delivery, m.unclear_at FROM mails m \
         JOIN mail_parts p ON p.workspace_id = m.workspace_id AND p.mail_id = m.id \
         JOIN messages s ON s.workspace_id = p.workspace_id AND s.id = p.message_id \
         JOIN conversations c ON c.workspace_id = s.workspace_id AND c.id = s.conversation_id \
         WHERE m.workspace_id = $1 AND m.mailbox_id = $2 AND m.unclear_at IS NOT NULL ORDER BY m.unclear_at DESC, s.seq LIMIT $3",
        params![workspace, mailbox, SHOWN],
    )
    .await
}

/// Says that the mail is about to be handed over: from now on until its end is stored, a server may have it.
pub(super) async fn mark(app: &App, workspace: WorkspaceId, mail: MailId) -> Result<()> {
    let mut tx = app.db.begin().await?;
    let now = app.environment.now();
    tx.execute("UPDATE mails SET handing_over_at = $3 WHERE workspace_id = $1 AND id = $2", params![workspace, mail, now]).await?;
    tx.commit().await
}

/// The server has said that it does not have it.
pub(super) async fn unmark(app: &App, workspace: WorkspaceId, mail: MailId) -> Result<()> {
    let mut tx = app.db.begin().await?;
    tx.execute("UPDATE mails SET handing_over_at = NULL WHERE workspace_id = $1 AND id = $2 AND handing_over_at IS NOT NULL", params![workspace, mail]).await?;
    tx.commit().await
}

/// Nobody knows whether the server has it.
pub(super) async fn note(app: &App, workspace: WorkspaceId, mail: MailId) -> Result<()> {
    let mut tx = app.db.begin().await?;
    tx.execute(
        "UPDATE mails SET unclear_at = COALESCE(unclear_at, $3), handing_over_at = NULL WHERE workspace_id = $1 AND id = $2",
        params![workspace, mail, app.environment.now()],
    )
    .await?;
    tx.commit().await
}
