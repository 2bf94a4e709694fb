//! A person's own notices and choices, over HTTP.

pub(crate) mod outside;

use std::collections::{BTreeSet, HashMap};

use axum::{extract::State, http::StatusCode};
use ennakoi_http::{ApiResult, App, Cursor, Json, Member, Page, PageQuery, Path, Query, Route, get, put};
use ennakoi_inbox::{
    conversations::{self, ConversationRow},
    live::Ephemeral,
    queues,
};
use ennakoi_kernel::{
    Problem, Timestamp,
    access::{Access, Permission},
    ids::{ConversationId, NoticeId, QueueId, StaffId, WorkspaceId},
};
use ennakoi_people::{audit, staff};
use ennakoi_store::{Error, Tx, timeline::Actor};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use crate::{
    due,
    kinds::{NoticeKind, Way},
    policy,
    settings::{self, NoticeSettings},
    store::{self, Notice},
};

pub(crate) const OWN: Access = Access::Needs(Permission::ConversationsRead);

pub(crate) fn routes() -> Vec<Route> {
    vec![
        get("/api/v1/notices", "list_notices", OWN, list_notices)
            .summary("What you were told, newest first.")
            .query::<PageQuery>()
            .returns::<Page<NoticeRow>>(200),
        get("/api/v1/notices/counts", "count_notices", OWN, count_notices).summary("How much of it you have not read.").returns::<NoticeCounts>(200),
        put("/api/v1/notices/read", "read_all_notices", OWN, read_all_notices).summary("You have read everything.").answers(204),
        put("/api/v1/notices/{id}/read", "read_notice", OWN, read_notice).summary("You have read one.").answers(204),
        get("/api/v1/notice-settings", "get_notice_settings", OWN, get_notice_settings)
            .summary("What you are told, in which ways, and when not.")
            .returns::<NoticeChoices>(200),
        put("/api/v1/notice-settings", "set_notice_settings", OWN, set_notice_settings)
            .summary("Choose what you are told, in which ways, and when not.")
            .takes::<NoticeSettings>()
            .returns::<NoticeChoices>(200),
    ]
}

/// A notice as the console lists it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Notice")]
struct NoticeRow {
    id: NoticeId,
    kind: NoticeKind,
    /// The sort of clock, or how it ended; empty: nothing to add.
    detail: String,
    conversation_id: Option<ConversationId>,
    /// The case's number, for people.
    number: Option<i64>,
    customer: Option<String>,
    subject: Option<String>,
    queue: Option<String>,
    /// The colleague who caused it.
    by: Option<String>,
    /// So often within a few minutes.
    happened: i64,
    at: Timestamp,
    unread: bool,
}

#[derive(Serialize, JsonSchema)]
struct NoticeCounts {
    /// Counted as far as 100.
    unread: i64,
}

/// A person's choices, and which ways lead anywhere.
#[derive(Serialize, JsonSchema)]
struct NoticeChoices {
    settings: NoticeSettings,
    /// Ways that are set up: a mail server, a browser, an address.
    ways: Vec<Way>,
    /// Kinds that this person can be told.
    kinds: Vec<NoticeKind>,
    /// Whether the company lets customers' names and subjects leave; otherwise `detail` adds nothing.
    names_leave: bool,
}

async fn list_notices(State(app): State<App>, member: Member, Query(query): Query<PageQuery>) -> ApiResult<Json<Page<NoticeRow>>> {
    let person = member.person()?;
    let before = Cursor::read(query.cursor.as_deref())?.unwrap_or((Timestamp(i64::MAX), NoticeId(uuid::Uuid::max())));
    let mut tx = app.db.read().await?;
    let found = store::page(&mut tx, member.workspace, person, before, query.limit() + 1).await?;
    let page = Page::of(found, query.limit(), |notice: &Notice| (notice.at, notice.id));
    let items = rows(&mut tx, member.workspace, page.items).await?;
    Ok(Json(Page { items, next_cursor: page.next_cursor }))
}

async fn rows(tx: &mut Tx, workspace: WorkspaceId, notices: Vec<Notice>) -> Result<Vec<NoticeRow>, Error> {
    let ids: BTreeSet<ConversationId> = notices.iter().filter_map(|notice| notice.conversation).collect();
    let ids: Vec<ConversationId> = ids.into_iter().collect();
    let cases: HashMap<ConversationId, ConversationRow> = conversations::rows(tx, workspace, &ids, None).await?.into_iter().map(|row| (row.id, row)).collect();
    let people: BTreeSet<StaffId> = notices.iter().filter_map(|notice| if let Actor::Staff(staff) = notice.actor { Some(staff) } else { None }).collect();
    let people: Vec<StaffId> = people.into_iter().collect();
    let names = if people.is_empty() { HashMap::new() } else { staff::briefs(tx, workspace, &people).await? };
    let queues: HashMap<QueueId, String> = if notices.iter().any(|notice| notice.queue.is_some()) {
        queues::list(tx, workspace).await?.into_iter().map(|queue| (queue.id, queue.name)).collect()
    } else {
        HashMap::new()
    };
    let row = |notice: Notice| {
        let case = notice.conversation.and_then(|id| cases.get(&id));
        let by = if let Actor::Staff(staff) = notice.actor { names.get(&staff).map(|brief| brief.name.clone()) } else { None };
        NoticeRow {
            id: notice.id,
            kind: notice.kind,
            detail: notice.detail,
            conversation_id: notice.conversation,
            number: case.map(|case| case.number),
            customer: case.and_then(|case| case.contact.as_ref()).map(|contact| contact.name.clone()).filter(|name| !name.is_empty()),
            subject: case.and_then(|case| case.subject.clone()),
            queue: notice.queue.and_then(|id| queues.get(&id).cloned()),
            // Reviews are told without who wrote them.
            by: by.filter(|_| notice.kind != NoticeKind::Review),
            happened: notice.happened,
            at: notice.at,
            unread: notice.unread,
        }
    };
    Ok(notices.into_iter().map(row).collect())
}

async fn count_notices(State(app): State<App>, member: Member) -> ApiResult<Json<NoticeCounts>> {
    let person = member.person()?;
    Ok(Json(NoticeCounts { unread: store::unread(&mut app.db.read().await?, member.workspace, person, app.environment.now()).await? }))
}

/// The person's other windows hear of it.
async fn tell(app: &App, workspace: WorkspaceId, staff: StaffId) {
    if let Ok(text) = serde_json::to_string(&Ephemeral::Notices { staff }) {
        app.db.signal(workspace, &text).await;
    }
}

async fn read_all_notices(State(app): State<App>, member: Member) -> ApiResult<StatusCode> {
    let person = member.person()?;
    let mut tx = app.db.begin().await?;
    store::read_all(&mut tx, member.workspace, person, app.environment.now()).await?;
    tx.commit().await?;
    tell(&app, member.workspace, person).await;
    Ok(StatusCode::NO_CONTENT)
}

async fn read_notice(State(app): State<App>, member: Member, Path(id): Path<NoticeId>) -> ApiResult<StatusCode> {
    let person = member.person()?;
    let mut tx = app.db.begin().await?;
    if !store::read(&mut tx, member.workspace, person, id, app.environment.now()).await? {
        return Err(Problem::not_found("the notice").into());
    }
    tx.commit().await?;
    tell(&app, member.workspace, person).await;
    Ok(StatusCode::NO_CONTENT)
}

async fn choices(tx: &mut Tx, app: &App, member: &Member, person: StaffId) -> Result<NoticeChoices, Error> {
    let reader = staff::reader(tx, member.workspace, person).await?.ok_or_else(|| Problem::not_found("the member"))?;
    let settings = settings::of(tx, member.workspace, person, reader.role).await?;
    let mut ways = Vec::new();
    for way in Way::ALL.iter().copied() {
        if due::exists(tx, app, member.workspace, person, way).await? {
            ways.push(way);
        }
    }
    let may = |kind: &NoticeKind| match kind {
        NoticeKind::ApprovalAsked => reader.role.may(Permission::GrantsDecide),
        NoticeKind::TeamBreached | NoticeKind::QueueFull => reader.role.may(Permission::QualityReview),
        NoticeKind::ApprovalDecided => reader.role.may(Permission::GrantsGive),
        NoticeKind::Review => reader.role.may(Permission::QualityOwn),
        _ => true,
    };
    let names_leave = policy::of(tx, member.workspace).await?.names_leave;
    Ok(NoticeChoices { settings, ways, kinds: NoticeKind::ALL.iter().copied().filter(may).collect(), names_leave })
}

async fn get_notice_settings(State(app): State<App>, member: Member) -> ApiResult<Json<NoticeChoices>> {
    let person = member.person()?;
    Ok(Json(choices(&mut app.db.read().await?, &app, &member, person).await?))
}

async fn set_notice_settings(State(app): State<App>, member: Member, Json(wanted): Json<NoticeSettings>) -> ApiResult<Json<NoticeChoices>> {
    let person = member.person()?;
    let mut tx = app.db.begin().await?;
    let role = staff::reader(&mut tx, member.workspace, person).await?.ok_or_else(|| Problem::not_found("the member"))?.role;
    let before = settings::of(&mut tx, member.workspace, person, role).await?.detail;
    settings::save(&mut tx, member.workspace, person, role, &wanted, app.environment.now()).await?;
    if wanted.detail != before {
        let detail = json!({ "detail": wanted.detail });
        audit::record(&mut tx, &app.environment, member.workspace, member.actor, "notice_settings.detail_changed", "staff", person, detail).await?;
    }
    let choices = choices(&mut tx, &app, &member, person).await?;
    tx.commit().await?;
    Ok(Json(choices))
}
