//! A conversation on paper: its customer prints it, keeps it as a file, or has it sent by mail.
//!
//! The page carries no token, because it is opened in a window of its own: its address carries a signature that names the
//! conversation and ends after a day. It shows what the widget shows and nothing else.

mod paper;
mod texts;

use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use ennakoi_http::{ApiResult, App, Json, Path, Query, RateLimit, Route, get, post};
use ennakoi_inbox::{
    conversations::{self, Conversation},
    messages::{self, Audience},
};
use ennakoi_kernel::{
    Duration, Problem, Timestamp,
    access::Access,
    ids::{ConversationId, WorkspaceId},
};
use ennakoi_people::{Locale, email, workspaces};
use ennakoi_store::{
    Tx,
    outbox::{self, Class, NewIntent},
    params,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use self::{paper::Paper, texts::say};
use super::{contact, files, view, visitors::Caller, write};

/// How long an address of a transcript works.
const LIFE: Duration = Duration::days(1);
/// Messages on paper, at most: the last ones.
const MESSAGES_MAX: u32 = 1_000;
/// Times that one conversation is sent by mail: whoever sits at a widget chooses the address, so it must not be a way to send
/// many letters to strangers.
const LETTERS_MAX: usize = 5;

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/widget/v1/conversations/{id}/transcript", "find_widget_transcript", Access::Visitor, find_widget_transcript)
            .summary("Where the conversation is found as a page to print and as text; the addresses work for a day")
            .returns::<Addresses>(200)
            .rate(RateLimit::Pages),
        post("/widget/v1/conversations/{id}/transcripts", "send_widget_transcript", Access::Visitor, send_widget_transcript)
            .summary("Have the conversation sent by mail")
            .takes::<Letter>()
            .answers(202)
            .rate(RateLimit::Visitor),
        get("/widget/v1/transcripts/{conversation}", "read_widget_transcript", Access::Public, read_widget_transcript)
            .summary("A conversation on paper, by its signed address")
            .query::<Signature>()
            .rate(RateLimit::Pages),
    ]
}

/// Where the transcript is.
#[derive(Debug, Serialize, JsonSchema)]
struct Addresses {
    url: String,
    text_url: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Form {
    /// To read and to print.
    #[default]
    Page,
    /// To keep.
    Text,
}

/// The proof that an address was given out by us.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Signature {
    until: Timestamp,
    signature: String,
    locale: Locale,
    #[serde(default)]
    form: Form,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Letter {
    email: String,
}

fn claim(conversation: ConversationId, until: Timestamp) -> String {
    format!("{conversation}/{}", until.0)
}

async fn find_widget_transcript(State(app): State<App>, caller: Caller, Path(id): Path<ConversationId>) -> ApiResult<Json<Addresses>> {
    let mut tx = app.db.read().await?;
    let conversation = write::owned(&mut tx, &caller, id).await?;
    let locale = locale_of(&mut tx, &caller, &conversation).await?;
    let until = app.environment.now() + LIFE;
    let signature = files::hexadecimal(&app.secret.sign("widget-transcript", claim(id, until).as_bytes()));
    let url = format!("/widget/v1/transcripts/{id}?until={}&signature={signature}&locale={}", until.0, locale.as_str());
    Ok(Json(Addresses { text_url: format!("{url}&form=text"), url }))
}

async fn locale_of(tx: &mut Tx, caller: &Caller, conversation: &Conversation) -> ennakoi_store::Result<Locale> {
    match caller.locale.or(conversation.locale) {
        Some(locale) => Ok(locale),
        None => Ok(workspaces::load(tx, caller.workspace).await?.default_language),
    }
}

async fn read_widget_transcript(State(app): State<App>, Path(id): Path<ConversationId>, Query(proof): Query<Signature>) -> ApiResult<Response> {
    let signature = files::bytes_of(&proof.signature).unwrap_or_default();
    let genuine = app.secret.verify("widget-transcript", claim(id, proof.until).as_bytes(), &signature);
    let nonce = app.environment.token(16);
    if !genuine || proof.until < app.environment.now() {
        return Ok((StatusCode::NOT_FOUND, headers(&nonce)?, paper::missing(proof.locale)).into_response());
    }
    let mut tx = app.db.read().await?;
    let (workspace,): (WorkspaceId,) =
        tx.optional("SELECT workspace_id FROM conversations WHERE id = $1", params![id]).await?.ok_or_else(|| Problem::not_found("the conversation"))?;
    let paper = write_down(&mut tx, &app, workspace, id, proof.locale).await?;
    if proof.form == Form::Text {
        let disposition = format!("attachment; filename=\"{}-{}.txt\"", say(proof.locale, "file_name", &[]), paper.number);
        let kind = (header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        let disposition = (header::CONTENT_DISPOSITION, HeaderValue::from_str(&disposition).map_err(|_| Problem::internal())?);
        return Ok(([kind, disposition], paper.text()).into_response());
    }
    let text_url = format!("?until={}&signature={}&locale={}&form=text", proof.until.0, proof.signature, proof.locale.as_str());
    Ok((headers(&nonce)?, paper.page(&text_url, &nonce)).into_response())
}

/// The page runs the one script of its print button and loads nothing but pictures of the conversation.
fn headers(nonce: &str) -> Result<[(header::HeaderName, HeaderValue); 4], Problem> {
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    Ok([
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_str(&policy).map_err(|_| Problem::internal())?),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-store")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ])
}

async fn write_down(tx: &mut Tx, app: &App, workspace: WorkspaceId, id: ConversationId, locale: Locale) -> Result<Paper, Problem> {
    let conversation = conversations::load(tx, workspace, id).await?;
    let company = workspaces::load(tx, workspace).await?;
    let page = messages::list(tx, workspace, id, None, None, MESSAGES_MAX, Audience::Contact).await?;
    let messages = page.items.into_iter().filter_map(|message| view::message(app, message)).collect();
    Ok(Paper::new(locale, &company, &conversation, messages, page.has_more))
}

/// Plans a letter with the conversation as it stands: who carries mail sends it.
async fn send_widget_transcript(State(app): State<App>, mut caller: Caller, Path(id): Path<ConversationId>, Json(body): Json<Letter>) -> ApiResult<StatusCode> {
    let address = email::normalise(&body.email).ok_or_else(|| Problem::field("email", "email_invalid", "an e-mail address"))?;
    let mut tx = app.db.begin().await?;
    let conversation = write::owned(&mut tx, &caller, id).await?;
    let locale = locale_of(&mut tx, &caller, &conversation).await?;
    let contact = contact::claim(&mut tx, &app.environment, &mut caller, None, Some(&address), None).await?;
    let Some(fact) = free_fact(&mut tx, caller.workspace, &conversation, &address).await? else { return Ok(StatusCode::ACCEPTED) };
    let paper = write_down(&mut tx, &app, caller.workspace, id, locale).await?;
    let payload = json!({
        "kind": "transcript", "to": [address], "locale": locale, "subject": paper.subject(), "text": paper.letter(),
        "conversation": id, "last_seq": conversation.last_seq,
    });
    let intent = NewIntent {
        dedupe_key: &fact,
        class: Class::Transactional,
        transport: "email",
        contact: Some(contact),
        payload,
        send_at: app.environment.now(),
        lane: None,
    };
    outbox::plan(&mut tx, &app.environment, caller.workspace, intent).await?;
    tx.commit().await?;
    Ok(StatusCode::ACCEPTED)
}

/// The name of the next letter; `None` when this address was sent the conversation as it stands.
async fn free_fact(tx: &mut Tx, workspace: WorkspaceId, conversation: &Conversation, address: &str) -> Result<Option<String>, Problem> {
    for number in 1..=LETTERS_MAX {
        let fact = format!("transcript:{}:{number}", conversation.id);
        match outbox::planned(tx, workspace, &fact).await? {
            None => return Ok(Some(fact)),
            Some(before) if before["to"][0] == address && before["last_seq"] == conversation.last_seq => return Ok(None),
            Some(_) => {}
        }
    }
    Err(Problem::conflict("too_many_transcripts", format!("a conversation is sent at most {LETTERS_MAX} times")))
}
