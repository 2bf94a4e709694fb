//! Lists, one contact, its timeline and pages.

use axum::extract::State;
use ennakoi_http::{ApiResult, App, Cursor, Json, Member, Page, PageQuery, Path, Query, limit};
use ennakoi_kernel::{
    Problem, Timestamp,
    ids::{CompanyId, ContactId, ConversationId, WorkspaceId},
};
use ennakoi_store::{Result, Tx, timeline};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::{Attributes, ContactRow, Identity, IdentityKind, find_by_identity, identities, members_of, missing, rows, search, store};
use crate::{Locale, actors, visits};

/// The order of a list of contacts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in super::super) enum ContactSort {
    /// Last seen first.
    #[default]
    LastSeen,
    /// Newest first.
    Created,
    /// By name.
    Name,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(in super::super) struct ContactQuery {
    pub(in super::super) limit: Option<u32>,
    pub(in super::super) cursor: Option<String>,
    /// Words of the name, an address, a number or the company; the last word may be unfinished.
    pub(in super::super) q: Option<String>,
    pub(in super::super) sort: ContactSort,
    pub(in super::super) company: Option<CompanyId>,
    pub(in super::super) blocked: Option<bool>,
    pub(in super::super) locale: Option<Locale>,
    /// Exactly this address, verified or claimed.
    pub(in super::super) email: Option<String>,
    /// Exactly this number.
    pub(in super::super) phone: Option<String>,
    /// Exactly this id of the company's own system.
    pub(in super::super) user_id: Option<String>,
}

/// A contact in full.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Contact {
    #[serde(flatten)]
    row: ContactRow,
    timezone: Option<String>,
    avatar_url: Option<String>,
    attributes: Attributes,
    identities: Vec<Identity>,
    companies: Vec<ContactCompany>,
    version: i64,
    /// The contact that this one was merged into.
    merged_into: Option<ContactId>,
    first_seen_at: Timestamp,
}

/// A company the contact belongs to.
#[derive(Debug, Serialize, JsonSchema)]
pub(in super::super) struct ContactCompany {
    pub(in super::super) id: CompanyId,
    pub(in super::super) name: String,
    /// What the person is there, e.g. buyer.
    pub(in super::super) role: String,
}

/// One event as a person reads it.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct TimelineEntry {
    seq: i64,
    kind: String,
    occurred_at: Timestamp,
    actor: String,
    actor_name: Option<String>,
    conversation: Option<ConversationId>,
    payload: serde_json::Value,
}

pub(super) async fn list_contacts(State(app): State<App>, member: Member, Query(query): Query<ContactQuery>) -> ApiResult<Json<Page<ContactRow>>> {
    let mut tx = app.db.read().await?;
    let wanted = limit(query.limit);
    let exact = [(IdentityKind::Email, &query.email), (IdentityKind::Phone, &query.phone), (IdentityKind::UserId, &query.user_id)];
    if let Some((kind, value)) = exact.into_iter().find_map(|(kind, value)| value.as_deref().map(|value| (kind, value))) {
        return Ok(Json(Page::whole(by_identity(&mut tx, member.workspace, kind, value).await?)));
    }
    match query.q.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
        Some(text) => Ok(Json(search::page(&mut tx, member.workspace, text, query.cursor.as_deref(), wanted).await?)),
        None => Ok(Json(search::listing(&mut tx, member.workspace, &query, wanted).await?)),
    }
}

async fn by_identity(tx: &mut Tx, workspace: WorkspaceId, kind: IdentityKind, value: &str) -> Result<Vec<ContactRow>> {
    let mut ids: Vec<ContactId> = Vec::new();
    for found in find_by_identity(tx, workspace, kind, value).await? {
        if !ids.contains(&found.contact) {
            ids.push(found.contact);
        }
    }
    rows(tx, workspace, &ids).await
}

/// A contact in full.
pub(super) async fn load_full(tx: &mut Tx, workspace: WorkspaceId, id: ContactId) -> Result<Contact> {
    let it = store::load(tx, workspace, id).await?.ok_or_else(missing)?;
    let companies = store::companies_of(tx, workspace, id).await?;
    let company = companies.first().map(|company| super::super::CompanyBrief { id: company.id, name: company.name.clone() });
    Ok(Contact {
        identities: identities::of_contact(tx, workspace, id).await?,
        companies,
        timezone: it.timezone,
        avatar_url: it.avatar_url,
        attributes: it.attributes,
        version: it.version,
        merged_into: it.merged_into,
        first_seen_at: it.first_seen_at,
        row: ContactRow {
            id: it.id,
            name: it.name,
            email: it.email,
            phone: it.phone,
            locale: it.locale,
            company,
            last_seen_at: it.last_seen_at,
            created_at: it.created_at,
            blocked: it.blocked,
        },
    })
}

pub(super) async fn get_contact(State(app): State<App>, member: Member, Path(id): Path<ContactId>) -> ApiResult<Json<Contact>> {
    Ok(Json(load_full(&mut app.db.read().await?, member.workspace, id).await?))
}

pub(super) async fn list_timeline(
    State(app): State<App>,
    member: Member,
    Path(id): Path<ContactId>,
    Query(query): Query<PageQuery>,
) -> ApiResult<Json<Page<TimelineEntry>>> {
    let before: i64 = Cursor::read(query.cursor.as_deref())?.unwrap_or(i64::MAX);
    let mut tx = app.db.read().await?;
    let events = events_of_person(&mut tx, member.workspace, id, before, query.limit() + 1).await?;
    let actor_texts: Vec<String> = events.iter().map(|event| event.actor.to_string()).collect();
    let names = actors::names(&mut tx, member.workspace, actor_texts.iter().map(String::as_str)).await?;
    let entries = events.into_iter().zip(actor_texts).map(|(event, actor)| TimelineEntry {
        seq: event.seq,
        kind: event.kind,
        occurred_at: event.occurred_at,
        actor_name: names.get(&actor).cloned(),
        actor,
        conversation: event.conversation,
        payload: event.payload,
    });
    Ok(Json(Page::of(entries.collect(), query.limit(), |entry| entry.seq)))
}

/// Events of the contact and of those merged into it, newest first. Nearly everybody is one contact and costs one query.
async fn events_of_person(tx: &mut Tx, workspace: WorkspaceId, id: ContactId, before: i64, limit: u32) -> Result<Vec<timeline::Event>> {
    let members = members_of(tx, workspace, id).await?;
    if members.is_empty() {
        return Err(missing());
    }
    let mut events = Vec::new();
    for contact in members {
        events.extend(timeline::of_contact(tx, workspace, contact, before, limit.into()).await?);
    }
    events.sort_unstable_by_key(|event| std::cmp::Reverse(event.seq));
    events.truncate(limit as usize);
    Ok(events)
}

pub(super) async fn list_pages(
    State(app): State<App>,
    member: Member,
    Path(id): Path<ContactId>,
    Query(query): Query<PageQuery>,
) -> ApiResult<Json<Page<visits::PageView>>> {
    let before = Cursor::read(query.cursor.as_deref())?;
    let mut tx = app.db.read().await?;
    if store::load(&mut tx, member.workspace, id).await?.is_none() {
        return Err(Problem::not_found("the contact").into());
    }
    let views = visits::of_contact(&mut tx, member.workspace, id, before, query.limit() + 1).await?;
    Ok(Json(Page::of(views, query.limit(), |view| (view.at, view.id))))
}
