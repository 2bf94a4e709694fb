//! Requests: what a customer confirmed to the bot and the company acts on.

use axum::extract::State;
use ennakoi_http::{ApiResult, App, Json, Member, Page, PageQuery, Path, Query, Route, get, put};
use ennakoi_inbox::conversations;
use ennakoi_kernel::{
    Environment, Problem, Timestamp,
    access::{Access, Permission},
    ids::{ContactId, ConversationId, WorkspaceId},
};
use ennakoi_store::{
    FromRow, Result, Row, Tx, params, stored_as_text,
    timeline::{self, Actor, NewEvent},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::run::{Field, Requested, Standing};

/// Whether somebody has acted on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RequestState {
    Open,
    /// It was done.
    Done,
    /// It was not granted.
    Declined,
}
stored_as_text!(RequestState { Open = "open", Done = "done", Declined = "declined" });

/// A request as it is shown.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Request {
    pub id: Uuid,
    pub conversation_id: ConversationId,
    pub contact_id: Option<ContactId>,
    /// Absent when they have not said their name.
    pub contact_name: Option<String>,
    pub flow_id: String,
    pub flow_version: i64,
    /// `return`, `address_change`, …
    pub kind: String,
    /// `order`, `invoice` or `subscription`, when it is about one.
    pub item_kind: Option<String>,
    pub item_id: Option<String>,
    pub item_number: Option<String>,
    /// How sure it is who asks.
    pub standing: Standing,
    pub fields: Vec<Field>,
    pub state: RequestState,
    pub created_at: Timestamp,
    pub closed_at: Option<Timestamp>,
}

impl FromRow for Request {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self {
            id: row.take()?,
            conversation_id: row.take()?,
            contact_id: row.take()?,
            contact_name: row.take::<Option<String>>()?.filter(|name| !name.is_empty()),
            flow_id: row.take()?,
            flow_version: row.take()?,
            kind: row.take()?,
            item_kind: row.take()?,
            item_id: row.take()?,
            item_number: row.take()?,
            standing: row.take()?,
            fields: serde_json::from_str(&row.take::<String>()?)?,
            state: row.take()?,
            created_at: row.take()?,
            closed_at: row.take()?,
        })
    }
}

const COLUMNS: &str = "id, conversation_id, contact_id, \
     (SELECT contacts.name FROM contacts WHERE contacts.workspace_id = bot_requests.workspace_id AND contacts.id = bot_requests.contact_id), \
     flow_id, flow_version, kind, item_kind, item_id, item_number, standing, fields, state, created_at, closed_at";

/// Whose talk a request comes from.
#[derive(Clone, Copy)]
pub(crate) struct Origin<'a> {
    pub conversation: ConversationId,
    pub contact: Option<ContactId>,
    pub flow: &'a str,
    pub version: i64,
}

/// Records a confirmed request.
///
/// # Errors
/// The database refuses.
pub(crate) async fn record(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, from: Origin<'_>, request: &Requested) -> Result<Uuid> {
    let id = environment.new_uuid();
    let (kind, item, number) = match &request.item {
        Some((kind, id, number)) => (Some(kind.as_str().to_owned()), Some(id.clone()), Some(number.clone())),
        None => (None, None, None),
    };
    tx.execute(
        "INSERT INTO bot_requests (id, workspace_id, conversation_id, contact_id, flow_id, flow_version, kind, item_kind, item_id, item_number, standing, \
         fields, state, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'open', $13)",
        params![
            id,
            workspace,
            from.conversation,
            from.contact,
            from.flow,
            from.version,
            &request.kind,
            kind.clone(),
            item,
            number.clone(),
            request.standing,
            serde_json::to_string(&request.fields)?,
            environment.now(),
        ],
    )
    .await?;
    let payload = json!({ "request": id, "kind": request.kind, "item_kind": kind, "item_number": number, "standing": request.standing, "flow": from.flow });
    let event = NewEvent::new("request.recorded", Actor::Bot, payload).contact(from.contact).conversation(from.conversation);
    timeline::append(tx, environment, workspace, vec![event]).await?;
    Ok(id)
}

pub(crate) fn routes() -> Vec<Route> {
    vec![
        get("/api/v1/requests", "list_requests", Access::Needs(Permission::ConversationsRead), list_requests)
            .summary("What customers have asked for through the bot, newest first")
            .query::<RequestQuery>()
            .returns::<Page<Request>>(200),
        get("/api/v1/requests/{id}", "read_request", Access::Needs(Permission::ConversationsRead), read_request)
            .summary("One request with its details")
            .returns::<Request>(200),
        get("/api/v1/conversations/{id}/requests", "list_conversation_requests", Access::Needs(Permission::ConversationsRead), list_conversation_requests)
            .summary("Requests made in a conversation")
            .returns::<Page<Request>>(200),
        put("/api/v1/requests/{id}/closure", "close_request", Access::Needs(Permission::ConversationsWrite), close_request)
            .summary("Notes that it was done or declined")
            .takes::<Closure>()
            .returns::<Request>(200),
    ]
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct RequestQuery {
    state: Option<RequestState>,
    limit: Option<u32>,
    cursor: Option<String>,
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    #[default]
    Done,
    Declined,
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Closure {
    outcome: Outcome,
}

async fn list_requests(State(app): State<App>, member: Member, Query(query): Query<RequestQuery>) -> ApiResult<Json<Page<Request>>> {
    let page = PageQuery { limit: query.limit, cursor: query.cursor };
    let before: Option<Uuid> =
        page.cursor.as_deref().map(|cursor| cursor.parse().map_err(|_| Problem::field("cursor", "invalid", "not a cursor of this list"))).transpose()?;
    let before = before.unwrap_or(Uuid::max());
    let limit = page.limit();
    let mut tx = app.db.read().await?;
    let items: Vec<Request> = match query.state {
        Some(state) => {
            let sql = format!("SELECT {COLUMNS} FROM bot_requests WHERE workspace_id = $1 AND state = $2 AND id < $3 ORDER BY id DESC LIMIT $4");
            tx.all(&sql, params![member.workspace, state, before, limit]).await?
        }
        None => {
            let sql = format!("SELECT {COLUMNS} FROM bot_requests WHERE workspace_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3");
            tx.all(&sql, params![member.workspace, before, limit]).await?
        }
    };
    let next_cursor = (items.len() >= limit as usize).then(|| items.last().map(|last| last.id.to_string())).flatten();
    Ok(Json(Page { items, next_cursor }))
}

async fn load(tx: &mut Tx, workspace: WorkspaceId, id: Uuid) -> Result<Request> {
    let found: Option<Request> =
        tx.optional(&format!("SELECT {COLUMNS} FROM bot_requests WHERE workspace_id = $1 AND id = $2"), params![workspace, id]).await?;
    found.ok_or_else(|| Problem::not_found("the request").into())
}

async fn read_request(State(app): State<App>, member: Member, Path(id): Path<Uuid>) -> ApiResult<Json<Request>> {
    Ok(Json(load(&mut app.db.read().await?, member.workspace, id).await?))
}

async fn list_conversation_requests(State(app): State<App>, member: Member, Path(id): Path<ConversationId>) -> ApiResult<Json<Page<Request>>> {
    let mut tx = app.db.read().await?;
    conversations::load(&mut tx, member.workspace, id).await?;
    let sql = format!("SELECT {COLUMNS} FROM bot_requests WHERE workspace_id = $1 AND conversation_id = $2 ORDER BY id DESC LIMIT 100");
    Ok(Json(Page::whole(tx.all(&sql, params![member.workspace, id]).await?)))
}

async fn close_request(State(app): State<App>, member: Member, Path(id): Path<Uuid>, Json(closure): Json<Closure>) -> ApiResult<Json<Request>> {
    let mut tx = app.db.begin().await?;
    let request = load(&mut tx, member.workspace, id).await?;
    let state = match closure.outcome {
        Outcome::Done => RequestState::Done,
        Outcome::Declined => RequestState::Declined,
    };
    if request.state != state {
        tx.execute(
            "UPDATE bot_requests SET state = $3, closed_at = $4, closed_by = $5 WHERE workspace_id = $1 AND id = $2",
            params![member.workspace, id, state, app.environment.now(), member.actor.to_string()],
        )
        .await?;
        let payload = json!({ "request": id, "kind": request.kind, "outcome": state });
        let event = NewEvent::new("request.closed", member.actor, payload).contact(request.contact_id).conversation(request.conversation_id);
        timeline::append(&mut tx, &app.environment, member.workspace, vec![event]).await?;
    }
    let request = load(&mut tx, member.workspace, id).await?;
    tx.commit().await?;
    Ok(Json(request))
}
