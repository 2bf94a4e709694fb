//! Guides over HTTP, for staff.

use axum::{extract::State, http::StatusCode};
use ennakoi_http::{ApiResult, App, Json, Member, Page, Path, Query, Route, delete, get, post, put};
use ennakoi_kernel::access::{Access, Permission};
use ennakoi_people::audit;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::{
    Guide, GuideId,
    count::{self, StepCount},
    store::{self, GuideView},
};

const DAY: i64 = 86_400_000_000;

pub(crate) fn routes() -> Vec<Route> {
    let (read, write, publish) =
        (Access::Needs(Permission::KnowledgeRead), Access::Needs(Permission::KnowledgeWrite), Access::Needs(Permission::KnowledgePublish));
    vec![
        get("/api/v1/guides", "list_guides", read, list_guides)
            .summary("Troubleshooting guides, the most recently changed first")
            .returns::<Page<GuideView>>(200),
        post("/api/v1/guides", "create_guide", write, create_guide).summary("Begin a guide").takes::<Guide>().returns::<GuideView>(201),
        get("/api/v1/guides/{id}", "read_guide", read, read_guide).summary("A guide with what keeps it from being public").returns::<GuideView>(200),
        put("/api/v1/guides/{id}", "save_guide", write, save_guide).summary("Save the working definition").takes::<SavedGuide>().returns::<GuideView>(200),
        delete("/api/v1/guides/{id}", "archive_guide", publish, archive_guide).summary("Put a guide away").answers(204),
        put("/api/v1/guides/{id}/publication", "publish_guide", publish, publish_guide)
            .summary("Make the working definition public, in every language that is complete")
            .returns::<GuideView>(200),
        delete("/api/v1/guides/{id}/publication", "unpublish_guide", publish, unpublish_guide).summary("Take a guide back").returns::<GuideView>(200),
        get("/api/v1/guides/{id}/counts", "list_guide_counts", read, list_guide_counts)
            .summary("How often each step was shown, where people went on from it and where they left")
            .query::<CountQuery>()
            .returns::<Page<StepCount>>(200),
    ]
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SavedGuide {
    guide: Guide,
    /// The version that it is based on.
    version: i64,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct CountQuery {
    /// How far to look back, 1–365; 28 when not given.
    days: Option<u32>,
}

async fn list_guides(State(app): State<App>, member: Member) -> ApiResult<Json<Page<GuideView>>> {
    Ok(Json(Page::whole(store::all(&mut app.db.read().await?, member.workspace).await?)))
}

async fn create_guide(State(app): State<App>, member: Member, Json(guide): Json<Guide>) -> ApiResult<(StatusCode, Json<GuideView>)> {
    let mut tx = app.db.begin().await?;
    let view = store::create(&mut tx, &app.environment, member.workspace, member.actor, &guide).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(view)))
}

async fn read_guide(State(app): State<App>, member: Member, Path(id): Path<GuideId>) -> ApiResult<Json<GuideView>> {
    Ok(Json(store::load(&mut app.db.read().await?, member.workspace, id).await?))
}

async fn save_guide(State(app): State<App>, member: Member, Path(id): Path<GuideId>, Json(saved): Json<SavedGuide>) -> ApiResult<Json<GuideView>> {
    let mut tx = app.db.begin().await?;
    let view = store::save(&mut tx, &app.environment, member.workspace, member.actor, id, &saved.guide, saved.version).await?;
    tx.commit().await?;
    Ok(Json(view))
}

async fn archive_guide(State(app): State<App>, member: Member, Path(id): Path<GuideId>) -> ApiResult<StatusCode> {
    let mut tx = app.db.begin().await?;
    store::archive(&mut tx, &app.environment, member.workspace, member.actor, id).await?;
    audit::record(&mut tx, &app.environment, member.workspace, member.actor, "guide.archived", "guide", id, json!({})).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn publish_guide(State(app): State<App>, member: Member, Path(id): Path<GuideId>) -> ApiResult<Json<GuideView>> {
    let mut tx = app.db.begin().await?;
    let view = store::publish(&mut tx, &app.environment, member.workspace, member.actor, id).await?;
    tx.commit().await?;
    Ok(Json(view))
}

async fn unpublish_guide(State(app): State<App>, member: Member, Path(id): Path<GuideId>) -> ApiResult<Json<GuideView>> {
    let mut tx = app.db.begin().await?;
    let view = store::unpublish(&mut tx, &app.environment, member.workspace, member.actor, id).await?;
    tx.commit().await?;
    Ok(Json(view))
}

async fn list_guide_counts(
    State(app): State<App>,
    member: Member,
    Path(id): Path<GuideId>,
    Query(query): Query<CountQuery>,
) -> ApiResult<Json<Page<StepCount>>> {
    let mut tx = app.db.read().await?;
    let view = store::load(&mut tx, member.workspace, id).await?;
    let since = app.environment.now().0.div_euclid(DAY) - i64::from(query.days.unwrap_or(28).clamp(1, 365)) + 1;
    Ok(Json(Page::whole(count::counts(&mut tx, member.workspace, id, &view.guide, since).await?)))
}
