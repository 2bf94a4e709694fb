//! SQL of mailboxes.

use ennakoi_kernel::{
    Timestamp,
    ids::{ChannelId, MailboxId, WorkspaceId},
};
use ennakoi_store::{FromRow, Result, Row, Tx, params};

use super::{Arrival, Cursor, MOST, Mailbox, State};

const SELECT: &str = "SELECT id, workspace_id, channel_id, address, settings, sealed, revision, uid_validity, last_uid, highest_modseq, state, trouble, \
                      trouble_detail, checked_at, created_at FROM mailboxes WHERE removed_at IS NULL";

impl FromRow for Mailbox {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self {
            id: row.take()?,
            workspace: row.take()?,
            channel: row.take()?,
            address: row.take()?,
            settings: serde_json::from_str(&row.take::<String>()?)?,
            sealed: row.take()?,
            revision: row.take()?,
            cursor: Cursor { uid_validity: row.take()?, last_uid: row.take()?, highest_modseq: row.take()? },
            state: row.take()?,
            trouble: row.take()?,
            trouble_detail: row.take()?,
            checked_at: row.take()?,
            created_at: row.take()?,
        })
    }
}

pub(crate) async fn list(tx: &mut Tx, workspace: WorkspaceId) -> Result<Vec<Mailbox>> {
    tx.all(&format!("{SELECT} AND workspace_id = $1 ORDER BY id LIMIT $2"), params![workspace, MOST]).await
}

pub(crate) async fn find(tx: &mut Tx, workspace: WorkspaceId, id: MailboxId) -> Result<Option<Mailbox>> {
    tx.optional(&format!("{SELECT} AND workspace_id = $1 AND id = $2"), params![workspace, id]).await
}

pub(crate) async fn of_channel(tx: &mut Tx, workspace: WorkspaceId, channel: ChannelId) -> Result<Option<Mailbox>> {
    tx.optional(&format!("{SELECT} AND workspace_id = $1 AND channel_id = $2"), params![workspace, channel]).await
}

pub(crate) async fn by_address(tx: &mut Tx, workspace: WorkspaceId, address: &str) -> Result<Option<Mailbox>> {
    tx.optional(&format!("{SELECT} AND workspace_id = $1 AND address = $2"), params![workspace, address]).await
}

/// An address without what stands behind the plus sign of its local part.
fn bare(address: &str) -> String {
    let (local, domain) = address.rsplit_once('@').unwrap_or((address, ""));
    format!("{}@{domain}", local.split('+').next().unwrap_or(local))
}

/// The mailbox, of whatever workspace, that gets an address's mails this way: the address itself, or what stands before its plus sign.
pub(crate) async fn arriving_at(tx: &mut Tx, arrival: Arrival, address: &str) -> Result<Option<Mailbox>> {
    tx.optional(
        &format!("{SELECT} AND arrival = $1 AND address IN ($2, $3) ORDER BY CASE WHEN address = $2 THEN 0 ELSE 1 END, id LIMIT 1"),
        params![arrival, address, bare(address)],
    )
    .await
}

/// Whether another workspace has a mailbox to which the operator's mail server delivers this address.
pub(crate) async fn is_delivered_elsewhere(tx: &mut Tx, workspace: WorkspaceId, address: &str) -> Result<bool> {
    let found: Option<(MailboxId,)> = tx
        .optional(
            "SELECT id FROM mailboxes WHERE removed_at IS NULL AND arrival = $1 AND workspace_id <> $2 AND address IN ($3, $4) LIMIT 1",
            params![Arrival::Lmtp, workspace, address, bare(address)],
        )
        .await?;
    Ok(found.is_some())
}

/// The mailbox of an address that a provider calls, of whatever workspace.
pub(crate) async fn by_id_of_all(tx: &mut Tx, id: MailboxId) -> Result<Option<Mailbox>> {
    tx.optional(&format!("{SELECT} AND id = $1"), params![id]).await
}

/// Whether the mailbox's channel is on.
pub(crate) async fn is_on(tx: &mut Tx, mailbox: &Mailbox) -> Result<bool> {
    let found: Option<(bool,)> = tx
        .optional("SELECT enabled FROM channels WHERE workspace_id = $1 AND id = $2 AND removed_at IS NULL", params![mailbox.workspace, mailbox.channel])
        .await?;
    Ok(found.is_some_and(|(enabled,)| enabled))
}

/// Uses a provider's token for this mail; false when it has brought another one. Those used before `forgotten` are forgotten.
pub(crate) async fn use_token(
    tx: &mut Tx,
    workspace: WorkspaceId,
    mailbox: MailboxId,
    (token, mail): (&str, &str),
    now: Timestamp,
    forgotten: Timestamp,
) -> Result<bool> {
    tx.execute("DELETE FROM mail_hook_tokens WHERE workspace_id = $1 AND used_at < $2", params![workspace, forgotten]).await?;
    tx.execute(
        "INSERT INTO mail_hook_tokens (workspace_id, mailbox_id, token, mail, used_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (workspace_id, mailbox_id, token) DO NOTHING",
        params![workspace, mailbox, token, mail, now],
    )
    .await?;
    let known: Option<(String,)> =
        tx.optional("SELECT mail FROM mail_hook_tokens WHERE workspace_id = $1 AND mailbox_id = $2 AND token = $3", params![workspace, mailbox, token]).await?;
    Ok(known.is_some_and(|(known,)| known == mail))
}

/// Addresses of the company's own mailboxes.
pub(crate) async fn addresses(tx: &mut Tx, workspace: WorkspaceId) -> Result<Vec<String>> {
    let rows: Vec<(String,)> =
        tx.all("SELECT address FROM mailboxes WHERE workspace_id = $1 AND removed_at IS NULL ORDER BY id LIMIT $2", params![workspace, MOST]).await?;
    Ok(rows.into_iter().map(|(address,)| address).collect())
}

/// Mailboxes of all workspaces whose channel is on and that nobody reads, claimed for `owner`.
pub(crate) async fn claim(tx: &mut Tx, now: Timestamp, until: Timestamp, owner: &str, limit: i64) -> Result<Vec<Mailbox>> {
    let lock = tx.engine().skip_locked();
    tx.all(
        &format!(
            "UPDATE mailboxes SET lease_owner = $3, lease_until = $2 WHERE id IN (SELECT m.id FROM mailboxes m JOIN channels c ON c.id = m.channel_id \
             WHERE m.arrival = 'imap' AND m.removed_at IS NULL AND c.removed_at IS NULL AND c.enabled AND m.lease_until < $1 ORDER BY m.id LIMIT $4{lock}) \
             RETURNING id, workspace_id, channel_id, address, settings, sealed, revision, uid_validity, last_uid, highest_modseq, state, trouble, \
             trouble_detail, checked_at, created_at",
            lock = if lock.is_empty() { "" } else { " FOR UPDATE OF m SKIP LOCKED" },
        ),
        params![now, until, owner, limit],
    )
    .await
}

/// Mailboxes that a process which is gone was reading wait for a reader.
pub(crate) async fn reclaim(tx: &mut Tx) -> Result<()> {
    tx.execute("UPDATE mailboxes SET lease_owner = NULL, lease_until = 0 WHERE lease_owner IS NOT NULL", params![]).await?;
    Ok(())
}

/// Whether any mailbox waits for a reader.
pub(crate) async fn waiting(tx: &mut Tx, now: Timestamp) -> Result<bool> {
    let found: Option<(i64,)> = tx
        .optional(
            "SELECT 1 FROM mailboxes m JOIN channels c ON c.id = m.channel_id \
             WHERE m.arrival = 'imap' AND m.removed_at IS NULL AND c.removed_at IS NULL AND c.enabled AND m.lease_until < $1 LIMIT 1",
            params![now],
        )
        .await?;
    Ok(found.is_some())
}

/// Whether the mailbox is still this owner's to read: neither changed, switched off nor removed, nor another's.
pub(crate) async fn is_held(tx: &mut Tx, mailbox: &Mailbox, owner: &str) -> Result<bool> {
    let found: Option<(i64,)> = tx
        .optional(
            "SELECT 1 FROM mailboxes m JOIN channels c ON c.id = m.channel_id WHERE m.workspace_id = $1 AND m.id = $2 AND m.lease_owner = $3 \
             AND m.revision = $4 AND m.removed_at IS NULL AND c.enabled AND c.removed_at IS NULL",
            params![mailbox.workspace, mailbox.id, owner, mailbox.revision],
        )
        .await?;
    Ok(found.is_some())
}

/// Holds the lease on; false when the mailbox was changed, switched off or removed, or is another's now.
pub(crate) async fn renew(tx: &mut Tx, mailbox: &Mailbox, owner: &str, until: Timestamp) -> Result<bool> {
    let kept = tx
        .execute(
            "UPDATE mailboxes SET lease_until = $4 WHERE workspace_id = $1 AND id = $2 AND lease_owner = $3 AND revision = $5 AND removed_at IS NULL \
             AND EXISTS (SELECT 1 FROM channels WHERE workspace_id = $1 AND id = $6 AND enabled AND removed_at IS NULL)",
            params![mailbox.workspace, mailbox.id, owner, until, mailbox.revision, mailbox.channel],
        )
        .await?;
    Ok(kept == 1)
}

/// Gives the lease back; the mailbox may be taken again from `again_at` on.
pub(crate) async fn release(tx: &mut Tx, mailbox: &Mailbox, owner: &str, again_at: Timestamp) -> Result<()> {
    tx.execute(
        "UPDATE mailboxes SET lease_owner = NULL, lease_until = $4 WHERE workspace_id = $1 AND id = $2 AND lease_owner = $3",
        params![mailbox.workspace, mailbox.id, owner, again_at],
    )
    .await?;
    Ok(())
}

pub(crate) async fn insert(tx: &mut Tx, mailbox: &Mailbox) -> Result<()> {
    tx.execute(
        "INSERT INTO mailboxes (id, workspace_id, channel_id, address, settings, sealed, revision, uid_validity, last_uid, highest_modseq, state, trouble, \
         trouble_detail, checked_at, lease_owner, lease_until, created_at, updated_at, removed_at, arrival) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, NULL, NULL, NULL, $8, NULL, NULL, NULL, NULL, 0, $9, $9, NULL, $10)",
        params![
            mailbox.id,
            mailbox.workspace,
            mailbox.channel,
            &mailbox.address,
            serde_json::to_value(&mailbox.settings)?,
            mailbox.sealed.clone(),
            mailbox.revision,
            mailbox.state,
            mailbox.created_at,
            mailbox.settings.arrival
        ],
    )
    .await?;
    Ok(())
}

/// Stores settings and secrets changed by hand; whoever reads the mailbox begins again.
pub(crate) async fn update(tx: &mut Tx, mailbox: &Mailbox, now: Timestamp) -> Result<()> {
    tx.execute(
        "UPDATE mailboxes SET settings = $3, sealed = $4, revision = revision + 1, state = 'new', trouble = NULL, trouble_detail = NULL, lease_owner = NULL, \
         lease_until = 0, updated_at = $5, arrival = $6 WHERE workspace_id = $1 AND id = $2",
        params![mailbox.workspace, mailbox.id, serde_json::to_value(&mailbox.settings)?, mailbox.sealed.clone(), now, mailbox.settings.arrival],
    )
    .await?;
    Ok(())
}

/// Stores secrets that changed by themselves (a fresh token).
pub(crate) async fn reseal(tx: &mut Tx, mailbox: &Mailbox) -> Result<()> {
    tx.execute(
        "UPDATE mailboxes SET sealed = $3 WHERE workspace_id = $1 AND id = $2 AND revision = $4",
        params![mailbox.workspace, mailbox.id, mailbox.sealed.clone(), mailbox.revision],
    )
    .await?;
    Ok(())
}

pub(crate) async fn remove(tx: &mut Tx, workspace: WorkspaceId, id: MailboxId, now: Timestamp) -> Result<()> {
    tx.execute(
        "UPDATE mailboxes SET removed_at = $3, sealed = $4, lease_owner = NULL, lease_until = 0, updated_at = $3 WHERE workspace_id = $1 AND id = $2",
        params![workspace, id, now, Vec::<u8>::new()],
    )
    .await?;
    tx.execute("DELETE FROM mail_hook_tokens WHERE workspace_id = $1 AND mailbox_id = $2", params![workspace, id]).await?;
    Ok(())
}

/// Records whether the mailbox can be reached. Returns whether that is news.
pub(crate) async fn set_state(tx: &mut Tx, mailbox: &Mailbox, state: State, trouble: Option<(&str, &str)>, now: Timestamp) -> Result<bool> {
    let before: Option<(State, Option<String>)> =
        tx.optional("SELECT state, trouble FROM mailboxes WHERE workspace_id = $1 AND id = $2", params![mailbox.workspace, mailbox.id]).await?;
    let detail = trouble.map(|(_, detail)| detail.chars().take(500).collect::<String>());
    let code = trouble.map(|(code, _)| code.to_owned());
    tx.execute(
        "UPDATE mailboxes SET state = $3, trouble = $4, trouble_detail = $5, checked_at = $6 WHERE workspace_id = $1 AND id = $2 AND revision = $7",
        params![mailbox.workspace, mailbox.id, state, code.clone(), detail, now, mailbox.revision],
    )
    .await?;
    Ok(before.is_some_and(|before| before != (state, code)))
}

/// Moves the cursor.
pub(crate) async fn advance(tx: &mut Tx, workspace: WorkspaceId, id: MailboxId, cursor: Cursor) -> Result<()> {
    tx.execute(
        "UPDATE mailboxes SET uid_validity = $3, last_uid = $4, highest_modseq = COALESCE($5, highest_modseq) WHERE workspace_id = $1 AND id = $2",
        params![workspace, id, cursor.uid_validity, cursor.last_uid, cursor.highest_modseq],
    )
    .await?;
    Ok(())
}
