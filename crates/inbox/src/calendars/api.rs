//! Calendars over HTTP.

use axum::{extract::State, http::StatusCode};
use ennakoi_http::{ApiResult, App, Json, Member, Page, Path, Query, Route, delete, get, patch, post};
use ennakoi_kernel::{
    Timestamp,
    access::{Access, Permission},
    ids::CalendarId,
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Calendar, CalendarChange, Exception, Holidays, OpenState, Weekly};

pub(crate) fn routes() -> Vec<Route> {
    let reads = Access::Needs(Permission::SettingsRead);
    let manages = Access::Needs(Permission::SettingsManage);
    vec![
        get("/api/v1/calendars", "list_calendars", reads, list_calendars).summary("The calendars of the workspace.").returns::<Page<Calendar>>(200),
        post("/api/v1/calendars", "create_calendar", manages, create_calendar)
            .summary("Creates a calendar.")
            .takes::<CreateCalendar>()
            .returns::<Calendar>(201),
        get("/api/v1/calendars/{id}", "read_calendar", reads, read_calendar).summary("One calendar.").returns::<Calendar>(200),
        patch("/api/v1/calendars/{id}", "update_calendar", manages, update_calendar)
            .summary("Changes a calendar; `weekly` and `exceptions` are replaced as a whole.")
            .takes::<UpdateCalendar>()
            .returns::<Calendar>(200),
        delete("/api/v1/calendars/{id}", "delete_calendar", manages, delete_calendar).summary("Removes a calendar that no queue keeps.").answers(204),
        get("/api/v1/calendars/{id}/open", "read_open_state", Access::Needs(Permission::ConversationsRead), read_open_state)
            .summary("Whether the calendar is open, now or at a moment, and what comes next.")
            .query::<OpenQuery>()
            .returns::<OpenState>(200),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CreateCalendar {
    name: String,
    timezone: String,
    #[serde(default)]
    weekly: Weekly,
    #[serde(default)]
    holidays: Holidays,
    #[serde(default)]
    exceptions: Vec<Exception>,
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct UpdateCalendar {
    name: Option<String>,
    timezone: Option<String>,
    weekly: Option<Weekly>,
    holidays: Option<Holidays>,
    exceptions: Option<Vec<Exception>>,
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct OpenQuery {
    /// Now, when not given.
    at: Option<Timestamp>,
}

async fn list_calendars(State(app): State<App>, member: Member) -> ApiResult<Json<Page<Calendar>>> {
    let mut tx = app.db.read().await?;
    Ok(Json(Page::whole(super::list(&mut tx, member.workspace).await?)))
}

async fn create_calendar(State(app): State<App>, member: Member, Json(body): Json<CreateCalendar>) -> ApiResult<(StatusCode, Json<Calendar>)> {
    let new = CalendarChange {
        name: Some(body.name),
        timezone: Some(body.timezone),
        weekly: Some(body.weekly),
        holidays: Some(body.holidays),
        exceptions: Some(body.exceptions),
    };
    let mut tx = app.db.begin().await?;
    let calendar = super::create(&mut tx, &app.environment, member.workspace, member.actor, new).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(calendar)))
}

async fn read_calendar(State(app): State<App>, member: Member, Path(id): Path<CalendarId>) -> ApiResult<Json<Calendar>> {
    let mut tx = app.db.read().await?;
    Ok(Json(super::load(&mut tx, member.workspace, id).await?))
}

async fn update_calendar(State(app): State<App>, member: Member, Path(id): Path<CalendarId>, Json(body): Json<UpdateCalendar>) -> ApiResult<Json<Calendar>> {
    let change = CalendarChange { name: body.name, timezone: body.timezone, weekly: body.weekly, holidays: body.holidays, exceptions: body.exceptions };
    let mut tx = app.db.begin().await?;
    let calendar = super::update(&mut tx, &app.environment, member.workspace, member.actor, id, change).await?;
    tx.commit().await?;
    Ok(Json(calendar))
}

async fn delete_calendar(State(app): State<App>, member: Member, Path(id): Path<CalendarId>) -> ApiResult<StatusCode> {
    let mut tx = app.db.begin().await?;
    super::remove(&mut tx, &app.environment, member.workspace, member.actor, id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn read_open_state(State(app): State<App>, member: Member, Path(id): Path<CalendarId>, Query(query): Query<OpenQuery>) -> ApiResult<Json<OpenState>> {
    let mut tx = app.db.read().await?;
    let calendar = super::load(&mut tx, member.workspace, id).await?;
    Ok(Json(super::open_state(&calendar, query.at.unwrap_or_else(|| app.environment.now()))?))
}
