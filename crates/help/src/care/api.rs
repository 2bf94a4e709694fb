//! The care of the knowledge bank over HTTP.

use std::collections::HashSet;

use axum::{extract::State, http::StatusCode};
use ennakoi_http::{ApiResult, App, Json, Member, Page, Route, get, post};
use ennakoi_kernel::{
    Problem, Timestamp,
    access::{Access, Permission},
};
use ennakoi_people::{Locale, workspaces};
use ennakoi_store::params;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{DAY, Finding, Looked, SHOWN, dismissed, looked, same, stale};

pub(crate) fn routes() -> Vec<Route> {
    vec![
        get("/api/v1/knowledge-care", "list_knowledge_care", Access::Needs(Permission::KnowledgeRead), list_knowledge_care)
            .summary("Articles that have grown old, contradict each other, are there twice or lack a language, the gravest and most read first")
            .returns::<Page<Finding>>(200),
        post("/api/v1/knowledge-care/dismissals", "dismiss_knowledge_care", Access::Needs(Permission::KnowledgeWrite), dismiss_knowledge_care)
            .summary("It was looked at and is right; it comes back when a text of it changes")
            .takes::<Dismissal>()
            .answers(204),
    ]
}

async fn list_knowledge_care(State(app): State<App>, member: Member) -> ApiResult<Json<Page<Finding>>> {
    let now = app.environment.now();
    let today = now.0.div_euclid(DAY);
    let mut tx = app.db.read().await?;
    let workspace = workspaces::load(&mut tx, member.workspace).await?;
    let texts = looked(&mut tx, member.workspace, today).await?;
    let votes = stale::votes(&mut tx, member.workspace, today).await?;
    let right = dismissed(&mut tx, member.workspace).await?;
    drop(tx);
    // A large library takes a second of a processor: off the async threads.
    let found =
        tokio::task::spawn_blocking(move || found(&texts, &votes, now, &workspace.slug, &workspace.languages)).await.map_err(|_| Problem::internal())?;
    Ok(Json(Page::whole(found.into_iter().filter(|finding| !right.contains(&finding.mark)).take(SHOWN).collect())))
}

fn found(texts: &[Looked], votes: &stale::Votes, now: Timestamp, slug: &str, languages: &[Locale]) -> Vec<Finding> {
    let addresses: HashSet<(Locale, &str)> = texts.iter().map(|text| (text.locale, text.slug.as_str())).collect();
    let mut found: Vec<Finding> = texts.iter().flat_map(|text| stale::of_text(text, votes, now, slug, &addresses)).collect();
    found.extend(stale::translations(texts, languages));
    found.extend(same::compared(texts));
    found.sort_by(|one, other| {
        one.kind
            .cmp(&other.kind)
            .then(other.article.views.cmp(&one.article.views))
            .then(one.article.title.cmp(&other.article.title))
            .then(one.mark.cmp(&other.mark))
    });
    found
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Dismissal {
    mark: String,
}

async fn dismiss_knowledge_care(State(app): State<App>, member: Member, Json(dismissal): Json<Dismissal>) -> ApiResult<StatusCode> {
    if dismissal.mark.len() != 32 || !dismissal.mark.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Problem::field("mark", "invalid", "the mark of a finding").into());
    }
    let mut tx = app.db.begin().await?;
    tx.execute(
        "INSERT INTO help_care_dismissals (workspace_id, mark, at, dismissed_by) VALUES ($1, $2, $3, $4) ON CONFLICT (workspace_id, mark) DO NOTHING",
        params![member.workspace, dismissal.mark, app.environment.now(), member.actor.to_string()],
    )
    .await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
