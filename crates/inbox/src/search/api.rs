//! Search over HTTP.

use axum::{Extension, extract::State};
use ennakoi_http::{ApiResult, App, Cursor, Json, Member, Query, Route, get};
use ennakoi_kernel::{
    Problem,
    access::{Access, Permission},
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{ArticleFinder, ArticleQuestion, Found, QUESTION_CHARACTERS, SearchKind};

/// Results of each kind when all kinds are asked for.
const EACH: u32 = 10;

pub(crate) fn routes() -> Vec<Route> {
    vec![
        get("/api/v1/search", "search", Access::Needs(Permission::ConversationsRead), search)
            .summary("Conversations by the words of their messages, contacts by name or address, and articles.")
            .query::<SearchQuery>()
            .returns::<Found>(200),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SearchQuery {
    q: String,
    #[serde(default)]
    kind: SearchKind,
    /// Results, 1–100; 25 when not given.
    #[serde(default)]
    limit: Option<u32>,
    #[serde(default)]
    cursor: Option<String>,
}

async fn search(
    State(app): State<App>,
    member: Member,
    Extension(finder): Extension<ArticleFinder>,
    Query(query): Query<SearchQuery>,
) -> ApiResult<Json<Found>> {
    if query.q.chars().count() > QUESTION_CHARACTERS {
        return Err(Problem::field("q", "too_long", format!("at most {QUESTION_CHARACTERS} characters")).into());
    }
    let before: Option<i64> = Cursor::read(query.cursor.as_deref())?;
    let limit = query.limit.unwrap_or(25).clamp(1, 100);
    let mut tx = app.db.read().await?;
    let mut found = Found::default();
    let mut next = None;
    let wants = |kind| query.kind == kind || (query.kind == SearchKind::All && before.is_none());
    if query.kind == SearchKind::All || query.kind == SearchKind::Conversation {
        (found.conversations, next) = super::conversations(&mut tx, member.workspace, &query.q, member.staff, before, limit).await?;
    }
    if wants(SearchKind::Contact) {
        let limit = if query.kind == SearchKind::All { EACH } else { limit };
        let (rows, more) = super::contacts(&mut tx, member.workspace, &query.q, before, limit).await?;
        found.contacts = rows;
        next = if query.kind == SearchKind::Contact { more } else { next };
    }
    if wants(SearchKind::Article) {
        let limit = if query.kind == SearchKind::All { EACH } else { limit };
        found.articles = (finder.0)(&mut tx, ArticleQuestion { workspace: member.workspace, text: query.q.clone(), limit }).await?;
    }
    found.next_cursor = next.map(|row| Cursor::write(&row));
    Ok(Json(found))
}
