//! SQL of mails, their participants and automatic answers.

use ennakoi_kernel::{
    Duration, Timestamp,
    ids::{ContactId, ConversationId, MailId, MailboxId, MessageId, WorkspaceId},
};
use ennakoi_store::{FromRow, Result, Row, Tx, params, stored_as_text};

/// Conversations that one foreign name may lead to.
const CONVERSATIONS: i64 = 20;
/// Mails whose names a new one refers to.
const CHAIN: i64 = 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    In,
    Out,
}
stored_as_text!(Way { In = "in", Out = "out" });

/// A mail to be noted.
pub(crate) struct NewMail<'a> {
    pub(crate) id: MailId,
    pub(crate) mailbox: MailboxId,
    pub(crate) way: Way,
    pub(crate) message_id: &'a str,
    pub(crate) conversation: Option<ConversationId>,
    pub(crate) sha256: &'a str,
    pub(crate) bytes: usize,
    /// `planned` and `sent` for what leaves; what became of it for what came.
    pub(crate) outcome: &'a str,
    pub(crate) recipients: serde_json::Value,
    pub(crate) at: Timestamp,
}

/// Notes a mail; false when it was noted before.
pub(crate) async fn insert(tx: &mut Tx, workspace: WorkspaceId, new: NewMail<'_>) -> Result<bool> {
    let inserted = tx
        .execute(
            "INSERT INTO mails (workspace_id, id, mailbox_id, direction, message_id, conversation_id, sha256, bytes, outcome, recipients, inline_files, \
             created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '{}', $11) ON CONFLICT DO NOTHING",
            params![workspace, new.id, new.mailbox, new.way, new.message_id, new.conversation, new.sha256, new.bytes, new.outcome, new.recipients, new.at],
        )
        .await?;
    Ok(inserted == 1)
}

/// Whether this mailbox has shown a mail of this name before.
pub(crate) async fn is_known(tx: &mut Tx, workspace: WorkspaceId, mailbox: MailboxId, message_id: &str) -> Result<bool> {
    let found: Option<(i64,)> = tx
        .optional(
            "SELECT 1 FROM mails WHERE workspace_id = $1 AND message_id = $2 AND mailbox_id = $3 AND direction = 'in'",
            params![workspace, message_id, mailbox],
        )
        .await?;
    Ok(found.is_some())
}

/// What became of a mail that came.
pub(crate) async fn settle(
    tx: &mut Tx,
    workspace: WorkspaceId,
    id: MailId,
    conversation: Option<ConversationId>,
    outcome: &str,
    inline: serde_json::Value,
) -> Result<()> {
    tx.execute(
        "UPDATE mails SET conversation_id = $3, outcome = $4, inline_files = $5 WHERE workspace_id = $1 AND id = $2",
        params![workspace, id, conversation, outcome, inline],
    )
    .await?;
    Ok(())
}

/// What became of a mail that left.
pub(crate) async fn set_recipients(tx: &mut Tx, workspace: WorkspaceId, id: MailId, outcome: &str, recipients: serde_json::Value) -> Result<()> {
    tx.execute(
        "UPDATE mails SET outcome = $3, recipients = $4, handing_over_at = NULL WHERE workspace_id = $1 AND id = $2",
        params![workspace, id, outcome, recipients],
    )
    .await?;
    Ok(())
}

/// Says that a message of the inbox is this mail, or a piece of it. False when it is another's already.
pub(crate) async fn join(tx: &mut Tx, workspace: WorkspaceId, message: MessageId, mail: MailId) -> Result<bool> {
    let inserted = tx
        .execute("INSERT INTO mail_parts (workspace_id, message_id, mail_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", params![workspace, message, mail])
        .await?;
    Ok(inserted == 1)
}

/// A mail as it is found again.
#[derive(Clone, Debug)]
pub(crate) struct Mail {
    pub(crate) id: MailId,
    pub(crate) message_id: String,
    pub(crate) conversation: Option<ConversationId>,
    pub(crate) sha256: String,
    pub(crate) outcome: String,
    pub(crate) recipients: serde_json::Value,
    pub(crate) inline_files: serde_json::Value,
    /// A try to hand it over began, and how it ended was never stored.
    pub(crate) being_handed_over: bool,
    /// An earlier try may have succeeded.
    pub(crate) perhaps_twice: bool,
}

impl FromRow for Mail {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self {
            id: row.take()?,
            message_id: row.take()?,
            conversation: row.take()?,
            sha256: row.take()?,
            outcome: row.take()?,
            recipients: row.take()?,
            inline_files: row.take()?,
            being_handed_over: row.take::<Option<Timestamp>>()?.is_some(),
            perhaps_twice: row.take::<Option<Timestamp>>()?.is_some(),
        })
    }
}

const COLUMNS: &str = "m.id, m.message_id, m.conversation_id, m.sha256, m.outcome, m.recipients, m.inline_files, m.handing_over_at, m.unclear_at";

/// The mail that a message is.
pub(crate) async fn of_message(tx: &mut Tx, workspace: WorkspaceId, message: MessageId) -> Result<Option<Mail>> {
    tx.optional(
        &format!(
            "SELECT {COLUMNS} FROM mail_parts p JOIN mails m ON m.workspace_id = p.workspace_id AND m.id = p.mail_id \
             WHERE p.workspace_id = $1 AND p.message_id = $2"
        ),
        params![workspace, message],
    )
    .await
}

/// The messages that a mail is.
pub(crate) async fn parts(tx: &mut Tx, workspace: WorkspaceId, mail: MailId) -> Result<Vec<MessageId>> {
    let rows: Vec<(MessageId,)> =
        tx.all("SELECT message_id FROM mail_parts WHERE workspace_id = $1 AND mail_id = $2 LIMIT 50", params![workspace, mail]).await?;
    Ok(rows.into_iter().map(|(message,)| message).collect())
}

/// A mail of ours by the name under which it left.
pub(crate) async fn sent_as(tx: &mut Tx, workspace: WorkspaceId, message_id: &str) -> Result<Option<Mail>> {
    tx.optional(
        &format!("SELECT {COLUMNS} FROM mails m WHERE m.workspace_id = $1 AND m.message_id = $2 AND m.direction = 'out' LIMIT 1"),
        params![workspace, message_id],
    )
    .await
}

/// Conversations in which a mail of this name was seen, in whatever mailbox.
pub(crate) async fn conversations_of(tx: &mut Tx, workspace: WorkspaceId, message_id: &str) -> Result<Vec<ConversationId>> {
    // Asked for by the name alone: a condition on the conversation leads SQLite to look through all mails that have one.
    let rows: Vec<(Option<ConversationId>,)> =
        tx.all("SELECT conversation_id FROM mails WHERE workspace_id = $1 AND message_id = $2 LIMIT $3", params![workspace, message_id, CONVERSATIONS]).await?;
    let mut found: Vec<ConversationId> = rows.into_iter().filter_map(|(conversation,)| conversation).collect();
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// Names of the conversation's mails, oldest first.
pub(crate) async fn chain(tx: &mut Tx, workspace: WorkspaceId, conversation: ConversationId) -> Result<Vec<String>> {
    let mut rows: Vec<(String,)> = tx
        .all(
            "SELECT message_id FROM mails WHERE workspace_id = $1 AND conversation_id = $2 AND outcome IN ('threaded', 'sent', 'automatic') \
             ORDER BY created_at DESC, id DESC LIMIT $3",
            params![workspace, conversation, CHAIN],
        )
        .await?;
    rows.reverse();
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Somebody who writes or is written to.
#[derive(Clone, Debug)]
pub(crate) struct Participant {
    pub(crate) contact: Option<ContactId>,
    /// Whether somebody of the conversation named them, or they began it.
    pub(crate) invited: bool,
}

impl FromRow for Participant {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self { contact: row.take()?, invited: row.take()? })
    }
}

pub(crate) async fn participant(tx: &mut Tx, workspace: WorkspaceId, conversation: ConversationId, address: &str) -> Result<Option<Participant>> {
    tx.optional(
        "SELECT contact_id, invited FROM mail_participants WHERE workspace_id = $1 AND conversation_id = $2 AND address = $3",
        params![workspace, conversation, address],
    )
    .await
}

pub(crate) async fn takes_part(tx: &mut Tx, workspace: WorkspaceId, conversation: ConversationId, address: &str) -> Result<bool> {
    Ok(participant(tx, workspace, conversation, address).await?.is_some_and(|it| it.invited))
}

/// Notes who takes part. Who was invited stays so.
#[expect(clippy::too_many_arguments, reason = "a participant has these parts")]
pub(crate) async fn note_participant(
    tx: &mut Tx,
    workspace: WorkspaceId,
    conversation: ConversationId,
    address: &str,
    name: Option<&str>,
    contact: Option<ContactId>,
    invited: bool,
    now: Timestamp,
) -> Result<()> {
    tx.execute(
        "INSERT INTO mail_participants (workspace_id, conversation_id, address, name, contact_id, invited, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7) \
         ON CONFLICT (workspace_id, conversation_id, address) DO UPDATE SET name = COALESCE(mail_participants.name, $4), \
         contact_id = COALESCE(mail_participants.contact_id, $5), invited = (mail_participants.invited OR $6)",
        params![workspace, conversation, address, name.map(str::to_owned), contact, invited, now],
    )
    .await?;
    Ok(())
}

/// How long an address waits for its next automatic answer.
const ONE_IN: Duration = Duration::hours(24);

/// Takes the day's one automatic answer to an address for this mail. False when another mail has it.
pub(crate) async fn take_automatic(tx: &mut Tx, workspace: WorkspaceId, address: &str, now: Timestamp, mail: MailId) -> Result<bool> {
    tx.execute("DELETE FROM automatic_answers WHERE workspace_id = $1 AND answered_at < $2", params![workspace, now - Duration(ONE_IN.0 * 2)]).await?;
    tx.execute(
        "INSERT INTO automatic_answers (workspace_id, address, mail_id, answered_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (workspace_id, address) DO UPDATE SET mail_id = $3, answered_at = $4 WHERE automatic_answers.answered_at <= $5",
        params![workspace, address, mail, now, now - ONE_IN],
    )
    .await?;
    let holder: Option<(MailId,)> =
        tx.optional("SELECT mail_id FROM automatic_answers WHERE workspace_id = $1 AND address = $2", params![workspace, address]).await?;
    Ok(holder.is_some_and(|(holder,)| holder == mail))
}

/// Whether an address has had its automatic answer of the day.
pub(crate) async fn had_automatic(tx: &mut Tx, workspace: WorkspaceId, address: &str, now: Timestamp) -> Result<bool> {
    let found: Option<(i64,)> = tx
        .optional("SELECT 1 FROM automatic_answers WHERE workspace_id = $1 AND address = $2 AND answered_at > $3", params![workspace, address, now - ONE_IN])
        .await?;
    Ok(found.is_some())
}
