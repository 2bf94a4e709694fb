//! Grants: given at once within the budget, asked for above it, decided by somebody else.

use ennakoi_http::{Cursor, Page};
use ennakoi_kernel::{
    Environment, FieldErrors, Problem, Timestamp,
    ids::{ContactId, ConversationId, GrantId, StaffId, WorkspaceId},
    limits,
};
use ennakoi_people::{audit, contacts};
use ennakoi_store::{
    FromRow, Result, Row, Tx, params,
    timeline::{self, Actor, NewEvent},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Because, GrantKind, GrantState, SUM_MAX,
    budgets::{self, Giver},
    is_currency,
};
use crate::{
    conversations::{self, Conversation, ConversationRow},
    messages::{self, Direction, Kind, Meta, NewMessage, Visibility, check_client_key},
};

/// Grants shown of one customer, the newest.
const SHOWN: u32 = 100;

/// Something that was given to a customer, or asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Grant {
    pub id: GrantId,
    pub conversation_id: ConversationId,
    pub kind: GrantKind,
    /// Minor units (cents).
    pub amount_minor: i64,
    /// ISO 4217.
    pub currency: String,
    /// What the customer gets, in words: "Coffee, 500 g", a code.
    pub what: String,
    /// Why it is right.
    pub reason: String,
    pub state: GrantState,
    /// Why it was asked for instead of given.
    pub asked_because: Option<Because>,
    pub staff_id: StaffId,
    pub asked_at: Timestamp,
    pub decided_by: Option<StaffId>,
    pub decided_at: Option<Timestamp>,
    pub decision_note: String,
    pub given_at: Option<Timestamp>,
}

impl FromRow for Grant {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self {
            id: row.take()?,
            conversation_id: row.take()?,
            kind: row.take()?,
            amount_minor: row.take()?,
            currency: row.take()?,
            what: row.take()?,
            reason: row.take()?,
            state: row.take()?,
            asked_because: row.take()?,
            staff_id: row.take()?,
            asked_at: row.take()?,
            decided_by: row.take()?,
            decided_at: row.take()?,
            decision_note: row.take()?,
            given_at: row.take()?,
        })
    }
}

/// A grant with its case, as those see it who decide.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct GrantRow {
    #[serde(flatten)]
    pub grant: Grant,
    pub conversation: ConversationRow,
}

/// What is to be given.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewGrant {
    /// Makes a repeated request harmless.
    pub client_key: String,
    pub kind: GrantKind,
    pub amount_minor: i64,
    pub currency: String,
    #[serde(default)]
    pub what: String,
    pub reason: String,
}

const COLUMNS: &str = "g.id, g.conversation_id, g.kind, g.amount_minor, g.currency, g.what, g.reason, g.state, g.asked_because, g.staff_id, g.asked_at, \
                       g.decided_by, g.decided_at, g.decision_note, g.given_at";

/// One grant.
///
/// # Errors
/// It is not in this workspace.
pub async fn load(tx: &mut Tx, workspace: WorkspaceId, id: GrantId) -> Result<Grant> {
    let found = tx.optional(&format!("SELECT {COLUMNS} FROM authority_grants g WHERE g.workspace_id = $1 AND g.id = $2"), params![workspace, id]).await?;
    found.ok_or_else(|| Problem::not_found("the grant").into())
}

/// What was given to the customer of this conversation, in any of theirs, newest first.
///
/// # Errors
/// The conversation is not there.
pub async fn of_conversation(tx: &mut Tx, workspace: WorkspaceId, conversation: ConversationId) -> Result<Vec<Grant>> {
    if let Some(contact) = conversations::load(tx, workspace, conversation).await?.contact {
        return of_contact(tx, workspace, contact).await;
    }
    let sql = format!("SELECT {COLUMNS} FROM authority_grants g WHERE g.workspace_id = $1 AND g.conversation_id = $2 ORDER BY g.id DESC LIMIT $3");
    tx.all(&sql, params![workspace, conversation, SHOWN]).await
}

/// What was given to a customer, newest first; under whichever of their merged records it was.
///
/// # Errors
/// The customer is not there.
pub async fn of_contact(tx: &mut Tx, workspace: WorkspaceId, contact: ContactId) -> Result<Vec<Grant>> {
    let contact = contacts::rows(tx, workspace, &[contact]).await?.pop().ok_or_else(|| Problem::not_found("the contact"))?;
    let sql = format!(
        "SELECT {COLUMNS} FROM conversations c JOIN authority_grants g ON g.workspace_id = c.workspace_id AND g.conversation_id = c.id \
         WHERE c.workspace_id = $1 AND (c.contact_id = $2 OR c.contact_id IN (SELECT id FROM contacts WHERE workspace_id = $1 AND merged_into = $2)) \
         ORDER BY g.id DESC LIMIT $3"
    );
    tx.all(&sql, params![workspace, contact.id, SHOWN]).await
}

/// Grants that stand so, newest first.
///
/// # Errors
/// The cursor is of another list.
pub async fn in_state(tx: &mut Tx, workspace: WorkspaceId, state: GrantState, limit: Option<u32>, cursor: Option<&str>) -> Result<Page<GrantRow>> {
    let limit = ennakoi_http::limit(limit);
    let before: GrantId = Cursor::read(cursor)?.unwrap_or(GrantId(uuid::Uuid::max()));
    let sql = format!("SELECT {COLUMNS} FROM authority_grants g WHERE g.workspace_id = $1 AND g.state = $2 AND g.id < $3 ORDER BY g.id DESC LIMIT $4");
    let found: Vec<Grant> = tx.all(&sql, params![workspace, state, before, limit + 1]).await?;
    let page = Page::of(found, limit, |grant| grant.id);
    let ids: Vec<ConversationId> = page.items.iter().map(|grant| grant.conversation_id).collect();
    let rows: std::collections::HashMap<_, _> = conversations::rows(tx, workspace, &ids, None).await?.into_iter().map(|row| (row.id, row)).collect();
    let items = page.items.into_iter().filter_map(|grant| Some(GrantRow { conversation: rows.get(&grant.conversation_id)?.clone(), grant }));
    Ok(Page { items: items.collect(), next_cursor: page.next_cursor })
}

/// Gives, or asks for what is beyond the giver's budget. The same key gives the same grant again.
///
/// # Errors
/// The conversation is not there, or a value makes no sense.
pub async fn give(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, giver: Giver, conversation: ConversationId, new: NewGrant) -> Result<Grant> {
    check(&new)?;
    let mut held = conversations::lock(tx, workspace, conversation).await?;
    let because = budgets::judge(tx, environment, workspace, giver, (new.amount_minor, &new.currency)).await?;
    let sql = format!("SELECT {COLUMNS} FROM authority_grants g WHERE g.workspace_id = $1 AND g.staff_id = $2 AND g.client_key = $3");
    if let Some(known) = tx.optional(&sql, params![workspace, giver.staff, &new.client_key]).await? {
        return Ok(known);
    }
    let (id, now): (GrantId, _) = (environment.new_id(), environment.now());
    let state = if because.is_none() { GrantState::Given } else { GrantState::Asked };
    let given_at = because.is_none().then_some(now);
    tx.execute(
        "INSERT INTO authority_grants (workspace_id, id, client_key, conversation_id, kind, amount_minor, currency, what, reason, state, asked_because, \
         staff_id, asked_at, decided_by, decided_at, decision_note, given_at, charged) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, NULL, NULL, '', $14, $15)",
        params![
            workspace,
            id,
            &new.client_key,
            conversation,
            new.kind,
            new.amount_minor,
            &new.currency,
            new.what.trim(),
            new.reason.trim(),
            state,
            because,
            giver.staff,
            now,
            given_at,
            because.is_none()
        ],
    )
    .await?;
    let grant = load(tx, workspace, id).await?;
    tell(tx, environment, workspace, &mut held, Actor::Staff(giver.staff), &grant).await?;
    Ok(grant)
}

fn check(new: &NewGrant) -> Result<(), Problem> {
    check_client_key(&new.client_key)?;
    let mut errors = FieldErrors::default();
    if !(1..=SUM_MAX).contains(&new.amount_minor) {
        errors.add("amount_minor", "out_of_range", "more than nothing");
    }
    if !is_currency(&new.currency) {
        errors.add("currency", "invalid", "three capital letters");
    }
    if !new.what.trim().is_empty() {
        errors.line("what", &new.what, limits::LINE_CHARACTERS);
    }
    errors.line("reason", &new.reason, limits::LINE_CHARACTERS);
    errors.finish()
}

/// Approves or declines what somebody else asked for.
///
/// # Errors
/// It is not there, was decided already, or is the decider's own.
pub async fn decide(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    decider: StaffId,
    id: GrantId,
    (state, note): (GrantState, &str),
) -> Result<Grant> {
    let grant = load(tx, workspace, id).await?;
    if !matches!(state, GrantState::Given | GrantState::Declined) {
        return Err(Problem::field("state", "invalid", "given or declined").into());
    }
    if note.chars().count() > limits::LINE_CHARACTERS {
        return Err(Problem::field("note", "too_long", format!("at most {} characters", limits::LINE_CHARACTERS)).into());
    }
    if grant.staff_id == decider {
        return Err(Problem::conflict("own_request", "nobody decides about their own request").into());
    }
    let now = environment.now();
    let given_at = (state == GrantState::Given).then_some(now);
    let mut held = conversations::lock(tx, workspace, grant.conversation_id).await?;
    let done = tx
        .execute(
            "UPDATE authority_grants SET state = $3, decided_by = $4, decided_at = $5, decision_note = $6, given_at = $7 \
             WHERE workspace_id = $1 AND id = $2 AND state = 'asked'",
            params![workspace, id, state, decider, now, note.trim(), given_at],
        )
        .await?;
    settled(tx, environment, workspace, &mut held, (decider, id), done).await
}

/// Takes back: one's own request, or, by who may decide, anything that was asked for or given.
///
/// # Errors
/// It is not there, is closed already, or is not the caller's to take back.
pub async fn withdraw(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, giver: Giver, id: GrantId) -> Result<Grant> {
    let grant = load(tx, workspace, id).await?;
    let own_request = grant.staff_id == giver.staff && grant.state == GrantState::Asked;
    if !own_request && !giver.decides {
        return Err(Problem::forbidden("only who may decide takes back what was given").into());
    }
    let mut held = conversations::lock(tx, workspace, grant.conversation_id).await?;
    let done = tx
        .execute(
            "UPDATE authority_grants SET state = 'withdrawn', decided_by = $3, decided_at = $4 WHERE workspace_id = $1 AND id = $2 AND state = $5 \
             AND state IN ('asked', 'given')",
            params![workspace, id, giver.staff, environment.now(), grant.state],
        )
        .await?;
    settled(tx, environment, workspace, &mut held, (giver.staff, id), done).await
}

async fn settled(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    held: &mut Conversation,
    (by, id): (StaffId, GrantId),
    done: u64,
) -> Result<Grant> {
    if done == 0 {
        return Err(Problem::conflict("already_decided", "it has been decided already").into());
    }
    let grant = load(tx, workspace, id).await?;
    tell(tx, environment, workspace, held, Actor::Staff(by), &grant).await?;
    Ok(grant)
}

/// Puts what happened into the thread, the audit and the timeline. Who asked is mentioned when somebody else has decided.
async fn tell(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, held: &mut Conversation, actor: Actor, grant: &Grant) -> Result<()> {
    let (kind, code) = match grant.state {
        GrantState::Asked => ("grant.asked", "grant_asked"),
        GrantState::Given => ("grant.given", "grant_given"),
        GrantState::Declined => ("grant.declined", "grant_declined"),
        GrantState::Withdrawn => ("grant.withdrawn", "grant_withdrawn"),
    };
    let data: Value = json!({
        "grant": grant.id, "kind": grant.kind, "amount_minor": grant.amount_minor, "currency": grant.currency, "what": grant.what, "note": grant.decision_note,
    });
    let note = NewMessage {
        kind: Kind::Event,
        visibility: Visibility::Private,
        meta: Meta { event: Some(code.to_owned()), data: Some(data.clone()), ..Meta::default() },
        mentions: if actor == Actor::Staff(grant.staff_id) { Vec::new() } else { vec![grant.staff_id] },
        ..NewMessage::text(actor, Direction::Out, "")
    };
    let said = messages::append(tx, environment, workspace, held, note).await?.1;
    conversations::touch(tx, workspace, held).await?;
    let mut detail = data;
    detail["conversation"] = json!(held.id);
    detail["staff"] = json!(grant.staff_id);
    detail["reason"] = json!(grant.reason);
    audit::record(tx, environment, workspace, actor, kind, "grant", grant.id, detail.clone()).await?;
    let event = NewEvent::new(kind, actor, detail).contact(held.contact).conversation(held.id);
    timeline::append(tx, environment, workspace, vec![said, event]).await?;
    Ok(())
}
