//! Reports over HTTP.

use axum::extract::State;
use ennakoi_http::{ApiResult, App, Json, Member, Page, Query, Route, get};
use ennakoi_kernel::access::{Access, Permission};

use super::{
    read::{self, Group, ReportCase, ReportQuery, Summary},
    service::{self, ServiceCase, ServiceLevel, ServiceQuery},
};

pub(crate) fn routes() -> Vec<Route> {
    let reads = Access::Needs(Permission::ReportsRead);
    vec![
        get("/api/v1/reports/summary", "read_report_summary", reads, read_report_summary)
            .summary("Every measure of a period with the period before it, and what stands open now.")
            .query::<ReportQuery>()
            .returns::<Summary>(200),
        get("/api/v1/reports/groups", "list_report_groups", reads, list_report_groups)
            .summary("One measure of a period by day, hour, channel, queue, agent or label.")
            .query::<ReportQuery>()
            .returns::<Page<Group>>(200),
        get("/api/v1/reports/cases", "list_report_cases", reads, list_report_cases)
            .summary("The cases behind a figure, newest first.")
            .query::<ReportQuery>()
            .returns::<Page<ReportCase>>(200),
        get("/api/v1/reports/service-levels", "list_service_levels", reads, list_service_levels)
            .summary("How service levels and promises held in a period: the share met, with what is open told beside it.")
            .query::<ServiceQuery>()
            .returns::<Page<ServiceLevel>>(200),
        get("/api/v1/reports/service-cases", "list_service_cases", reads, list_service_cases)
            .summary("The clocks behind a share, newest first.")
            .query::<ServiceQuery>()
            .returns::<Page<ServiceCase>>(200),
    ]
}

async fn read_report_summary(State(app): State<App>, member: Member, Query(query): Query<ReportQuery>) -> ApiResult<Json<Summary>> {
    let mut tx = app.db.read().await?;
    Ok(Json(read::summary(&mut tx, &app.environment, member.workspace, &query).await?))
}

async fn list_report_groups(State(app): State<App>, member: Member, Query(query): Query<ReportQuery>) -> ApiResult<Json<Page<Group>>> {
    let mut tx = app.db.read().await?;
    Ok(Json(Page::whole(read::groups(&mut tx, member.workspace, &query).await?)))
}

async fn list_report_cases(State(app): State<App>, member: Member, Query(query): Query<ReportQuery>) -> ApiResult<Json<Page<ReportCase>>> {
    let mut tx = app.db.read().await?;
    Ok(Json(read::cases(&mut tx, member.workspace, &query).await?))
}

async fn list_service_levels(State(app): State<App>, member: Member, Query(query): Query<ServiceQuery>) -> ApiResult<Json<Page<ServiceLevel>>> {
    let mut tx = app.db.read().await?;
    Ok(Json(Page::whole(service::levels(&mut tx, member.workspace, &query).await?)))
}

async fn list_service_cases(State(app): State<App>, member: Member, Query(query): Query<ServiceQuery>) -> ApiResult<Json<Page<ServiceCase>>> {
    let mut tx = app.db.read().await?;
    Ok(Json(service::cases(&mut tx, member.workspace, &query).await?))
}
