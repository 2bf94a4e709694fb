//! "Was this helpful?" without a cookie. Each page carries a signed token with a mark of its reader: a keyed hash of address,
//! browser, article and day, which names nobody and cannot be told from another day's. One mark has one vote; who votes again
//! changes it.

use axum::{
    Extension, Form,
    extract::{State, rejection::FormRejection},
    http::{HeaderMap, header},
    response::{IntoResponse, Redirect, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ennakoi_http::{ApiResult, App, ClientAddress, Path, Secret};
use ennakoi_kernel::{Timestamp, ids::WorkspaceId};
use ennakoi_store::{
    Result,
    timeline::{self, Actor, NewEvent},
};
use serde::Deserialize;
use serde_json::json;

use super::{
    centre::Centre,
    pages::{self, Rated, article_path, nothing, open},
    response::hex,
    shelf::{self, Shelf, Text},
    store::{self, DayOf},
};

const MARK_BYTES: usize = 12;
const SIGNATURE_BYTES: usize = 16;
/// Days after the page was made during which its token is good, besides the day itself.
const GOOD_DAYS: i64 = 1;
const PURPOSE_MARK: &str = "help centre reader";
const PURPOSE_TOKEN: &str = "help centre vote";

/// The token of this reader for this article today: day, mark, signature.
pub(super) fn token(app: &App, shelf: &Shelf, text: &Text, address: &ClientAddress, request: &HeaderMap) -> String {
    let browser = request.get(header::USER_AGENT).map(|agent| agent.as_bytes()).unwrap_or_default();
    let day = shelf::day(app.environment.now());
    let subject = subject(shelf.workspace.id, text);
    let mut reader = format!("{subject}\n{day}\n{}\n", address.0).into_bytes();
    reader.extend_from_slice(browser);
    let mark = &app.secret.sign(PURPOSE_MARK, &reader)[..MARK_BYTES];
    let mut token = Vec::with_capacity(8 + MARK_BYTES + SIGNATURE_BYTES);
    token.extend_from_slice(&day.to_be_bytes());
    token.extend_from_slice(mark);
    let signature = signature(&app.secret, &subject, &token);
    token.extend_from_slice(&signature[..SIGNATURE_BYTES]);
    URL_SAFE_NO_PAD.encode(token)
}

fn subject(workspace: WorkspaceId, text: &Text) -> String {
    format!("{workspace} {} {}", text.head.id, text.head.locale.as_str())
}

fn signature(secret: &Secret, subject: &str, content: &[u8]) -> [u8; 32] {
    let mut message = subject.as_bytes().to_vec();
    message.push(0);
    message.extend_from_slice(content);
    secret.sign(PURPOSE_TOKEN, &message)
}

/// The mark in a token that is ours, for this article, and not too old.
fn mark(app: &App, workspace: WorkspaceId, text: &Text, token: &str) -> Option<String> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok().filter(|bytes| bytes.len() == 8 + MARK_BYTES + SIGNATURE_BYTES)?;
    let (content, given) = bytes.split_at(8 + MARK_BYTES);
    let expected = signature(&app.secret, &subject(workspace, text), content);
    // Compared without a hint by time how much of it fits.
    let differs = expected[..SIGNATURE_BYTES].iter().zip(given).fold(0, |differs, (one, other)| differs | (one ^ other));
    let (day, mark) = content.split_at(8);
    let day = i64::from_be_bytes(day.try_into().ok()?);
    let age = shelf::day(app.environment.now()).checked_sub(day)?;
    (differs == 0 && (0..=GOOD_DAYS).contains(&age)).then(|| hex(mark))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Yes,
    No,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Vote {
    token: String,
    helpful: Answer,
}

/// `POST /help/{slug}/{locale}/a/{article}/feedback`
pub(super) async fn rate_article(
    State(app): State<App>,
    Extension(centre): Extension<Centre>,
    Extension(address): Extension<ClientAddress>,
    Path((slug, locale, article)): Path<(String, String, String)>,
    request: HeaderMap,
    form: std::result::Result<Form<Vote>, FormRejection>,
) -> ApiResult<Response> {
    let Some((shelf, locale)) = open(&app, &centre, &slug, &locale).await? else { return Ok(nothing()) };
    let Some(text) = shelf.of(locale).by_slug(&article) else { return pages::missing(&app, &shelf, locale, &request) };
    let vote = form.ok().and_then(|Form(vote)| Some((mark(&app, shelf.workspace.id, text, &vote.token)?, vote.helpful)));
    let Some((mark, helpful)) = vote else {
        return pages::show_article(&app, &centre, &shelf, locale, &article, Rated::Expired, &address, &request).await;
    };
    record(&app, shelf.workspace.id, text, &mark, helpful == Answer::Yes).await?;
    let said = if helpful == Answer::Yes { "yes" } else { "no" };
    Ok(Redirect::to(&format!("{}?rated={said}#feedback", article_path(&shelf, text))).into_response())
}

/// Counts the vote once; a changed mind moves it.
async fn record(app: &App, workspace: WorkspaceId, text: &Text, mark: &str, helpful: bool) -> Result<()> {
    let now = app.environment.now();
    let of = |at: Timestamp| DayOf { workspace, article: text.head.id, locale: text.head.locale, day: shelf::day(at) };
    let mut tx = app.db.begin().await?;
    let (yes, no) = (i64::from(helpful), i64::from(!helpful));
    if store::vote(&mut tx, of(now), mark, helpful, now).await? {
        store::add(&mut tx, of(now), 0, yes, no).await?;
    } else if let Some(voted_at) = store::revote(&mut tx, of(now), mark, helpful).await? {
        store::add(&mut tx, of(voted_at), 0, yes - no, no - yes).await?;
    } else {
        return Ok(());
    }
    let payload = json!({ "article": text.head.id, "locale": text.head.locale, "helpful": helpful });
    timeline::append(&mut tx, &app.environment, workspace, vec![NewEvent::new("article.rated", Actor::System, payload)]).await?;
    tx.commit().await
}
