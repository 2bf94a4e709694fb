//! Search: the page of results, suggestions while typing, and the searches that found nothing.

use axum::{
    Extension,
    extract::{RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use ennakoi_http::{ApiResult, App, ClientAddress, Json, Path, RateLimit};
use ennakoi_language::entities;
use ennakoi_people::Locale;
use ennakoi_store::{
    Result,
    timeline::{self, Actor, NewEvent},
};
use minijinja::{Value, context};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use super::{
    centre::Centre,
    pages::{article_path, nothing, open, parameter},
    render::{self, Alternate, Frame},
    response::Keep,
    search::{Found, Marks},
    shelf::{Shelf, Text, language},
    store, texts,
};

/// Characters of a query that are looked at.
const QUERY: usize = 200;
/// Results of the page, and suggestions while typing.
const RESULTS: usize = 30;
const SUGGESTIONS: usize = 6;
/// Results in each other language when there is none in the reader's own.
const ELSEWHERE: usize = 5;
/// Characters around what was found.
const EXCERPT: usize = 180;

/// The words that a reader asked for: one line, not longer than is looked at.
fn tidy(asked: &str) -> String {
    let line: Vec<&str> = asked.split(|character: char| character.is_whitespace() || character.is_control()).filter(|word| !word.is_empty()).collect();
    line.join(" ").chars().take(QUERY).collect()
}

/// The page of results.
pub(super) async fn show(app: &App, shelf: &Shelf, locale: Locale, asked: &str, address: &ClientAddress, request: &HeaderMap) -> ApiResult<Response> {
    let query = tidy(asked);
    let (hits, found) = shelf.of(locale).find(&query, RESULTS);
    if hits.is_empty() {
        remember(app, shelf, locale, &query, address).await;
    }
    let results: Vec<Value> = hits.iter().map(|text| result(shelf, text, &found.marks)).collect();
    let elsewhere = if hits.is_empty() { in_other_languages(shelf, locale, &query) } else { Vec::new() };
    let site = app.public_url();
    let home = render::home(&shelf.workspace.slug, locale);
    let mut frame = Frame::new(shelf, &site, locale, home);
    let gaps = [("query", query.as_str())];
    frame.title = texts::say(locale, "results_title", &gaps);
    // The same words mean something else in another language: the switch leads to its start page, with them kept.
    let asked: String = url::form_urlencoded::Serializer::new(String::new()).append_pair("q", &query).finish();
    frame.indexed = false;
    frame.alternates = shelf.written().map(|locale| Alternate { locale, path: format!("{}?{asked}", render::home(&shelf.workspace.slug, locale)) }).collect();
    let heading = match hits.len() {
        0 => texts::say(locale, "results_none", &gaps),
        count => texts::counted(locale, "results", count, &gaps),
    };
    frame.query = query;
    let values = context! { heading, results, elsewhere, corrected => found.corrected && !hits.is_empty() };
    let page = render::page("search.html", &frame, values, StatusCode::OK, Keep::Never)?;
    Ok(page.answer(request, "", 0))
}

fn result(shelf: &Shelf, text: &Text, marks: &Marks) -> Value {
    let language = language(text.head.locale);
    context! {
        href => article_path(shelf, text), lang => text.head.locale.as_str(), title => marks.runs(language, &text.head.title),
        excerpt => marks.runs(language, &text.found_in(marks, EXCERPT)),
    }
}

fn in_other_languages(shelf: &Shelf, locale: Locale, query: &str) -> Vec<Value> {
    let found_in = |other: Locale| {
        let (hits, found): (Vec<&Text>, Found) = shelf.of(other).find(query, ELSEWHERE);
        hits.into_iter().filter(|_| !found.corrected).map(|text| result(shelf, text, &found.marks)).collect::<Vec<_>>()
    };
    shelf.written().filter(|other| *other != locale).flat_map(found_in).collect()
}

/// Keeps a search that found nothing, without what identifies a person. One reader cannot fill the table: what comes too fast is
/// not kept.
async fn remember(app: &App, shelf: &Shelf, locale: Locale, query: &str, address: &ClientAddress) {
    let now = app.environment.now();
    if app.rates.take(RateLimit::Visitor, &format!("failed search {}", address.0), now).is_err() {
        return;
    }
    let query = entities::mask(query);
    let kept = async {
        let mut tx = app.db.begin().await?;
        store::keep_failed_search(&mut tx, app.environment.new_uuid(), shelf.workspace.id, locale, &query, now).await?;
        let event = NewEvent::new("help.search_failed", Actor::System, json!({ "locale": locale, "query": query }));
        timeline::append(&mut tx, &app.environment, shelf.workspace.id, vec![event]).await?;
        tx.commit().await
    };
    let kept: Result<()> = kept.await;
    if let Err(error) = kept {
        tracing::warn!(%error, "a failed search was not kept");
    }
}

/// Suggestions while typing.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Suggestions {
    items: Vec<Suggestion>,
    /// How many there are, said in the reader's language.
    status: String,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Suggestion {
    title: String,
    excerpt: String,
    url: String,
}

/// `GET /help/{slug}/{locale}/search.json`
pub(super) async fn search_help(
    State(app): State<App>,
    Extension(centre): Extension<Centre>,
    Path((slug, locale)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> ApiResult<Response> {
    let Some((shelf, locale)) = open(&app, &centre, &slug, &locale).await? else { return Ok(nothing()) };
    let query = tidy(&parameter(query.as_deref(), "q").unwrap_or_default());
    let (hits, found) = shelf.of(locale).find(&query, SUGGESTIONS);
    let items: Vec<Suggestion> = hits
        .into_iter()
        .map(|text| Suggestion { title: text.head.title.clone(), excerpt: text.found_in(&found.marks, 90), url: article_path(&shelf, text) })
        .collect();
    let status = if items.is_empty() { texts::say(locale, "suggestions_none", &[]) } else { texts::counted(locale, "suggestions", items.len(), &[]) };
    let mut response = Json(Suggestions { items, status }).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=60"));
    Ok(response)
}
