//! Two contacts that are one person.
//!
//! A merge points the loser, and everybody merged into it, at the winner, and fills what the winner lacks. Nothing moves, so
//! undoing it gives back exactly what was there; what was filled is emptied again unless somebody has changed it since.

use ennakoi_kernel::{
    Environment, Problem, Timestamp,
    ids::{ContactId, WorkspaceId},
};
use ennakoi_store::{
    FromRow, Result, Row, Tx, params,
    timeline::{self, Actor, NewEvent},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::{Attributes, Stored, missing, store};
use crate::Locale;

/// Contacts merged into one, at most.
const MERGED_MAX: usize = 50;

/// A merge, done or undone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Merge {
    pub id: Uuid,
    pub winner: ContactId,
    pub loser: ContactId,
    /// The loser's name, to recognise it by.
    pub loser_name: String,
    pub merged_at: Timestamp,
    pub undone_at: Option<Timestamp>,
}

impl FromRow for Merge {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self { id: row.take()?, winner: row.take()?, loser: row.take()?, loser_name: row.take()?, merged_at: row.take()?, undone_at: row.take()? })
    }
}

/// What the winner got from the loser.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Filled {
    name: Option<String>,
    locale: Option<Locale>,
    timezone: Option<String>,
    avatar_url: Option<String>,
    attributes: Attributes,
}

/// The live contact behind an id: itself, or the one it was merged into.
///
/// # Errors
/// There is no such contact.
pub async fn resolve(tx: &mut Tx, workspace: WorkspaceId, id: ContactId) -> Result<ContactId> {
    let row: Option<(ContactId,)> =
        tx.optional("SELECT COALESCE(merged_into, id) FROM contacts WHERE workspace_id = $1 AND id = $2", params![workspace, id]).await?;
    row.map(|(live,)| live).ok_or_else(missing)
}

/// The contact itself and all that were merged into it: everything that belongs to the person.
///
/// # Errors
/// The database refuses.
pub async fn members_of(tx: &mut Tx, workspace: WorkspaceId, id: ContactId) -> Result<Vec<ContactId>> {
    let rows: Vec<(ContactId,)> = tx
        .all(
            "SELECT id FROM contacts WHERE workspace_id = $1 AND id = $2 UNION ALL \
             SELECT id FROM contacts WHERE workspace_id = $1 AND merged_into = $2 LIMIT 100",
            params![workspace, id],
        )
        .await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Merges `loser` into `winner`; returns the merge's id, by which it is undone.
///
/// # Errors
/// One of them is not there, is merged already, or they are the same.
pub async fn merge(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, actor: Actor, winner: ContactId, loser: ContactId) -> Result<Uuid> {
    if winner == loser {
        return Err(Problem::field("loser", "same_contact", "a contact cannot be merged with itself").into());
    }
    let mut kept = store::load_locked(tx, workspace, winner).await?.ok_or_else(missing)?;
    let given = store::load_locked(tx, workspace, loser).await?.ok_or_else(|| Problem::field("loser", "not_found", "the other contact is not here"))?;
    if kept.merged_into.is_some() || given.merged_into.is_some() {
        return Err(Problem::conflict("already_merged", "one of the contacts was merged before").into());
    }
    let together = members_of(tx, workspace, winner).await?.len() + members_of(tx, workspace, loser).await?.len();
    if together > MERGED_MAX {
        return Err(Problem::conflict("too_many_merged", format!("at most {MERGED_MAX} contacts can be one")).into());
    }
    let filled = fill(&mut kept, &given);
    let id = environment.new_uuid();
    tx.execute(
        "INSERT INTO contact_merges (workspace_id, id, winner_id, loser_id, actor, filled, merged_at, undone_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, NULL)",
        params![workspace, id, winner, loser, actor.to_string(), json!(filled), environment.now()],
    )
    .await?;
    tx.execute(
        "UPDATE contacts SET merged_into = $3, version = version + 1 WHERE workspace_id = $1 AND id IN \
         (SELECT id FROM contacts WHERE workspace_id = $1 AND id = $2 \
             UNION ALL SELECT id FROM contacts WHERE workspace_id = $1 AND merged_into = $2)",
        params![workspace, loser, winner],
    )
    .await?;
    tx.execute(
        "UPDATE contacts SET first_seen_at = CASE WHEN first_seen_at > $3 THEN $3 ELSE first_seen_at END, \
         last_seen_at = CASE WHEN last_seen_at < $4 THEN $4 ELSE last_seen_at END WHERE workspace_id = $1 AND id = $2",
        params![workspace, winner, given.first_seen_at, given.last_seen_at],
    )
    .await?;
    store::update(tx, workspace, &kept).await?;
    settle(tx, workspace, winner, loser).await?;
    let event = NewEvent::new("contact.merged", actor, json!({ "merge": id, "winner": winner, "loser": loser })).contact(winner);
    timeline::append(tx, environment, workspace, vec![event]).await?;
    Ok(id)
}

/// Fills what the winner lacks and says what it was.
fn fill(winner: &mut Stored, loser: &Stored) -> Filled {
    fn lacking<T: Clone>(mine: &mut Option<T>, theirs: Option<&T>) -> Option<T> {
        let given = theirs.filter(|_| mine.is_none()).cloned();
        if given.is_some() {
            mine.clone_from(&given);
        }
        given
    }
    let mut filled = Filled {
        name: (winner.name.is_empty() && !loser.name.is_empty()).then(|| loser.name.clone()),
        locale: lacking(&mut winner.locale, loser.locale.as_ref()),
        timezone: lacking(&mut winner.timezone, loser.timezone.as_ref()),
        avatar_url: lacking(&mut winner.avatar_url, loser.avatar_url.as_ref()),
        attributes: Attributes::new(),
    };
    if let Some(name) = &filled.name {
        winner.name.clone_from(name);
    }
    for (key, value) in &loser.attributes {
        if !winner.attributes.contains_key(key) && winner.attributes.len() < ennakoi_kernel::limits::ATTRIBUTES {
            winner.attributes.insert(key.clone(), value.clone());
            filled.attributes.insert(key.clone(), value.clone());
        }
    }
    // The winner is blocked when either was: a merge must not be a way around a block.
    winner.blocked |= loser.blocked;
    filled
}

/// Takes back what [`fill`] gave, where it is still the same.
fn empty(winner: &mut Stored, filled: Filled) {
    fn given_back<T: PartialEq>(mine: &mut Option<T>, given: Option<T>) {
        if given.is_some() && *mine == given {
            *mine = None;
        }
    }
    if filled.name.as_deref() == Some(winner.name.as_str()) {
        winner.name.clear();
    }
    given_back(&mut winner.locale, filled.locale);
    given_back(&mut winner.timezone, filled.timezone);
    given_back(&mut winner.avatar_url, filled.avatar_url);
    for (key, value) in filled.attributes {
        if winner.attributes.get(&key) == Some(&value) {
            winner.attributes.remove(&key);
        }
    }
}

/// Undoes a merge: the loser, and who had been merged into it before, stand alone again. Undoing twice changes nothing.
///
/// # Errors
/// There is no such merge of this contact.
pub async fn undo_merge(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, actor: Actor, contact: ContactId, id: Uuid) -> Result<()> {
    let (winner, loser, filled, undone): (ContactId, ContactId, String, Option<Timestamp>) = tx
        .optional(
            "SELECT winner_id, loser_id, filled, undone_at FROM contact_merges WHERE workspace_id = $1 AND id = $2 AND (winner_id = $3 OR loser_id = $3)",
            params![workspace, id, contact],
        )
        .await?
        .ok_or_else(|| Problem::not_found("the merge"))?;
    if undone.is_some() {
        return Ok(());
    }
    // The winner may itself have been merged since: then its own redirect is where the loser points now.
    let live = resolve(tx, workspace, winner).await?;
    tx.execute("UPDATE contact_merges SET undone_at = $3 WHERE workspace_id = $1 AND id = $2", params![workspace, id, environment.now()]).await?;
    let below = descendants(tx, workspace, loser).await?;
    tx.execute("UPDATE contacts SET merged_into = NULL, version = version + 1 WHERE workspace_id = $1 AND id = $2", params![workspace, loser]).await?;
    for member in below {
        tx.execute("UPDATE contacts SET merged_into = $3, version = version + 1 WHERE workspace_id = $1 AND id = $2", params![workspace, member, loser])
            .await?;
    }
    if let Some(mut kept) = store::load_locked(tx, workspace, winner).await? {
        empty(&mut kept, serde_json::from_str(&filled)?);
        store::update(tx, workspace, &kept).await?;
    }
    settle(tx, workspace, live, loser).await?;
    let event = NewEvent::new("contact.merge_undone", actor, json!({ "merge": id, "winner": live, "loser": loser })).contact(live);
    timeline::append(tx, environment, workspace, vec![event]).await?;
    Ok(())
}

/// Everybody whose live merges lead to `root`.
async fn descendants(tx: &mut Tx, workspace: WorkspaceId, root: ContactId) -> Result<Vec<ContactId>> {
    let rows: Vec<(ContactId,)> = tx
        .all(
            "WITH RECURSIVE below (id) AS (SELECT loser_id FROM contact_merges WHERE workspace_id = $1 AND winner_id = $2 AND undone_at IS NULL \
             UNION SELECT m.loser_id FROM contact_merges m JOIN below b ON m.winner_id = b.id WHERE m.workspace_id = $1 AND m.undone_at IS NULL) \
             SELECT id FROM below LIMIT 100",
            params![workspace, root],
        )
        .await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

async fn settle(tx: &mut Tx, workspace: WorkspaceId, winner: ContactId, loser: ContactId) -> Result<()> {
    for id in [winner, loser] {
        store::refresh_primary(tx, workspace, id).await?;
        store::index(tx, workspace, id).await?;
    }
    Ok(())
}

/// Merges that this contact won or lost, newest first, at most 100.
///
/// # Errors
/// The database refuses.
pub async fn merges_of(tx: &mut Tx, workspace: WorkspaceId, contact: ContactId) -> Result<Vec<Merge>> {
    tx.all(
        "SELECT m.id, m.winner_id, m.loser_id, c.name, m.merged_at, m.undone_at FROM contact_merges m \
         JOIN contacts c ON c.workspace_id = m.workspace_id AND c.id = m.loser_id \
         WHERE m.workspace_id = $1 AND (m.winner_id = $2 OR m.loser_id = $2) ORDER BY m.merged_at DESC, m.id DESC LIMIT 100",
        params![workspace, contact],
    )
    .await
}
