//! The widget's API: arriving, talking, reading.

use std::collections::BTreeMap;

use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, StatusCode, header},
};
use ennakoi_http::{ApiResult, App, Json, Path, Query, RateLimit, Route, delete, get, patch, post, put};
use ennakoi_inbox::{
    calendars::{self, OpenState},
    channels::{self, Channel, Mode},
    conversations::{self, Conversation},
    messages::{self, Audience},
    read_marks,
};
use ennakoi_kernel::{
    Problem, Timestamp,
    access::Access,
    ids::{AttachmentId, ConversationId, VisitorId},
    limits,
};
use ennakoi_people::{
    Locale, contacts,
    workspaces::{self, Brand},
};
use ennakoi_store::{
    Tx,
    timeline::{self, NewEvent},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::{
    contact::{self, SeenPage},
    identity,
    pace::Pace,
    view::{self, WidgetConversation, WidgetMessage},
    visitors::{self, Caller},
    write::{self, Written},
};

pub(super) fn routes() -> Vec<Route> {
    let visitor = Access::Visitor;
    let open = Access::Public;
    vec![
        get("/widget/v1/{public_key}/config", "read_widget_config", open, read_widget_config)
            .summary("How the widget looks and whether people are there")
            .query::<LocaleQuery>()
            .returns::<Config>(200)
            .rate(RateLimit::Pages),
        post("/widget/v1/{public_key}/visitor", "create_visitor", open, create_visitor)
            .summary("A visitor opens the widget")
            .takes::<NewVisitor>()
            .returns::<Arrived>(201)
            .rate(RateLimit::Visitor),
        patch("/widget/v1/visitor", "update_visitor", visitor, update_visitor)
            .summary("Language, signed identity, or what the visitor says about themselves")
            .takes::<VisitorChange>()
            .returns::<Known>(200)
            .rate(RateLimit::Visitor),
        delete("/widget/v1/visitor", "end_visitor", visitor, end_visitor).summary("Sign out: the next person at this browser starts afresh").answers(204),
        post("/widget/v1/events", "track_visitor", visitor, track_visitor)
            .summary("Pages seen and things done on the site")
            .takes::<Tracked>()
            .answers(202)
            .rate(RateLimit::Visitor),
        get("/widget/v1/conversations", "list_widget_conversations", visitor, list_widget_conversations)
            .summary("The visitor's conversations, newest first")
            .returns::<Vec<WidgetConversation>>(200)
            .rate(RateLimit::Pages),
        get("/widget/v1/conversations/{id}/messages", "list_widget_messages", visitor, list_widget_messages)
            .summary("Messages of a conversation")
            .query::<MessageQuery>()
            .returns::<WidgetMessages>(200)
            .rate(RateLimit::Pages),
        post("/widget/v1/messages", "create_widget_message", visitor, create_widget_message)
            .summary("Write; without a conversation the open one, or a new one")
            .takes::<NewWidgetMessage>()
            .returns::<Sent>(201)
            .rate(RateLimit::Visitor),
        put("/widget/v1/conversations/{id}/seen", "mark_widget_conversation_seen", visitor, mark_widget_conversation_seen)
            .summary("How far the visitor has read")
            .takes::<Seen>()
            .answers(204)
            .rate(RateLimit::Usual),
        post("/widget/v1/person", "ask_for_person", visitor, ask_for_person)
            .summary("A person, please")
            .takes::<PersonRequest>()
            .returns::<WidgetConversation>(200)
            .rate(RateLimit::Visitor),
    ]
}

/// The channel with this public key, if the calling page may use it.
pub(super) async fn channel_for(tx: &mut Tx, public_key: Uuid, headers: &HeaderMap, public_url: &str) -> Result<Channel, Problem> {
    let channel = channels::by_public_key(tx, public_key).await?.filter(|channel| channel.enabled).ok_or_else(|| Problem::not_found("this chat"))?;
    let origin = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    match origin {
        Some(origin) if !origin_allowed(&channel.settings.origins, origin, public_url, host) => Err(Problem::forbidden("this chat is not for this site")),
        _ => Ok(channel),
    }
}

/// An empty list means every site; our own pages are always allowed.
fn origin_allowed(allowed: &[String], origin: &str, public_url: &str, host: &str) -> bool {
    let own = origin == public_url || origin.split_once("://").is_some_and(|(_, rest)| rest == host);
    allowed.is_empty() || own || allowed.iter().any(|entry| entry.trim_end_matches('/').eq_ignore_ascii_case(origin))
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct LocaleQuery {
    locale: Option<Locale>,
}

/// How the widget looks, and whether people are there.
#[derive(Debug, Serialize, JsonSchema)]
struct Config {
    workspace: WorkspaceName,
    brand: Brand,
    languages: Vec<Locale>,
    locale: Locale,
    greeting: Option<String>,
    open: OpenState,
    mode: Mode,
    /// Whether a machine answers first.
    bot: bool,
    pre_chat: PreChatShown,
    /// Minutes in which a person usually answers first; null when too few have been answered lately, or when it takes long.
    reply_minutes: Option<i64>,
    /// Public help pages of the company in this language.
    help_url: String,
}

/// What is asked before the chat, in one language.
#[derive(Debug, Serialize, JsonSchema)]
struct PreChatShown {
    fields: Vec<channels::PreChatField>,
    /// What the details are used for.
    notice: Option<String>,
    privacy_url: Option<String>,
}

impl PreChatShown {
    fn of(mut pre_chat: channels::PreChat, locale: Locale, otherwise: Locale) -> Self {
        let notice = [locale, otherwise].into_iter().find_map(|language| pre_chat.notice.remove(&language).filter(|text| !text.trim().is_empty()));
        Self { fields: pre_chat.fields, notice, privacy_url: pre_chat.privacy_url }
    }
}

#[derive(Debug, Serialize, JsonSchema)]
struct WorkspaceName {
    name: String,
    slug: String,
}

async fn read_widget_config(
    State(app): State<App>,
    Path(public_key): Path<Uuid>,
    Query(query): Query<LocaleQuery>,
    Extension(pace): Extension<Pace>,
    headers: HeaderMap,
) -> ApiResult<Json<Config>> {
    let mut tx = app.db.read().await?;
    let channel = channel_for(&mut tx, public_key, &headers, &app.public_url()).await?;
    let workspace = workspaces::load(&mut tx, channel.workspace).await?;
    let workspace_language = workspace.default_language;
    let locale = query.locale.filter(|locale| workspace.languages.contains(locale)).unwrap_or(workspace_language);
    let open = calendars::open_state_of_queue(&mut tx, channel.workspace, channel.settings.queue_id, app.environment.now()).await?;
    let mode = if open.open { channel.settings.mode } else { channel.settings.night_mode.unwrap_or(channel.settings.mode) };
    Ok(Json(Config {
        reply_minutes: pace.reply_minutes(&mut tx, app.environment.now(), channel.workspace, channel.id).await?,
        greeting: workspace.brand.greeting.get(&locale).filter(|text| !text.is_empty()).cloned(),
        help_url: format!("{}/help/{}/{}/", app.public_url(), workspace.slug, locale.as_str()),
        workspace: WorkspaceName { name: workspace.name, slug: workspace.slug },
        brand: workspace.brand,
        languages: workspace.languages,
        locale,
        open,
        bot: write::bot_answers_first(mode),
        mode: channel.settings.mode,
        pre_chat: PreChatShown::of(channel.settings.pre_chat, locale, workspace_language),
    }))
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct NewVisitor {
    locale: Option<Locale>,
    /// A JWT signed by the company's site.
    identity: Option<String>,
    page: Option<PageSeen>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PageSeen {
    url: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    referrer: Option<String>,
}

/// What is known of the visitor's person.
#[derive(Debug, Serialize, JsonSchema)]
struct Known {
    name: String,
    email: Option<String>,
    verified: bool,
}

/// A visitor with the token that stands for them.
#[derive(Debug, Serialize, JsonSchema)]
struct Arrived {
    visitor_id: VisitorId,
    token: String,
    contact: Option<Known>,
    conversation: Option<WidgetConversation>,
    unread: i64,
}

async fn create_visitor(
    State(app): State<App>,
    Path(public_key): Path<Uuid>,
    headers: HeaderMap,
    Json(body): Json<NewVisitor>,
) -> ApiResult<(StatusCode, Json<Arrived>)> {
    let mut tx = app.db.begin().await?;
    let channel = channel_for(&mut tx, public_key, &headers, &app.public_url()).await?;
    // A bad token is refused before anything is stored.
    let claims = body.identity.as_deref().map(|token| identity::verify(token, &channel, app.environment.now(), &app.secret)).transpose()?;
    let (mut caller, token) = visitors::create(&mut tx, &app.environment, &channel, body.locale).await?;
    if let Some(page) = body.page {
        let seen = SeenPage { at: app.environment.now(), url: page.url, title: page.title, referrer: page.referrer };
        contact::see_page(&mut tx, &app.environment, &caller, seen).await?;
    }
    if let Some(claims) = &claims {
        contact::identify(&mut tx, &app.environment, &mut caller, claims).await?;
    }
    let (conversation, unread) = current(&mut tx, &caller).await?;
    let contact = known(&mut tx, &caller).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(Arrived { visitor_id: caller.id, token, contact, conversation, unread })))
}

async fn known(tx: &mut Tx, caller: &Caller) -> ennakoi_store::Result<Option<Known>> {
    let Some(contact) = caller.contact else { return Ok(None) };
    let contact = contacts::resolve(tx, caller.workspace, contact).await?;
    let brief = contacts::briefs(tx, caller.workspace, &[contact]).await?.remove(&contact);
    Ok(brief.map(|brief| Known { name: brief.name, email: brief.email, verified: caller.verified }))
}

/// The conversation that the visitor would go on with, and what they have not read of it.
pub(super) async fn current(tx: &mut Tx, caller: &Caller) -> ennakoi_store::Result<(Option<WidgetConversation>, i64)> {
    let Some(found) = mine(tx, caller, 1).await?.pop() else { return Ok((None, 0)) };
    let unread = write::unread(tx, caller.workspace, &found).await?;
    let Some(row) = conversations::rows(tx, caller.workspace, &[found.id], None).await?.pop() else { return Ok((None, 0)) };
    Ok((Some(view::conversation(tx, caller.workspace, &row).await?), unread))
}

/// The visitor's conversations, newest first: their own, and when they have proved who they are, all of the contact's here.
async fn mine(tx: &mut Tx, caller: &Caller, limit: u32) -> ennakoi_store::Result<Vec<Conversation>> {
    let contact = match caller.contact {
        Some(contact) if caller.verified => Some(contacts::resolve(tx, caller.workspace, contact).await?),
        _ => None,
    };
    let mut theirs = Vec::new();
    for conversation in conversations::of_visitor(tx, caller.workspace, caller.channel, caller.id, contact, limit).await? {
        if write::is_theirs(tx, caller, &conversation).await? {
            theirs.push(conversation);
        }
    }
    Ok(theirs)
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct VisitorChange {
    locale: Option<Locale>,
    identity: Option<String>,
    name: Option<String>,
    email: Option<String>,
    phone: Option<String>,
}

async fn update_visitor(State(app): State<App>, mut caller: Caller, Json(body): Json<VisitorChange>) -> ApiResult<Json<Known>> {
    let mut tx = app.db.begin().await?;
    if let Some(locale) = body.locale {
        visitors::set_locale(&mut tx, &caller, locale).await?;
        caller.locale = Some(locale);
    }
    if let Some(token) = &body.identity {
        let channel = channels::load(&mut tx, caller.workspace, caller.channel).await?;
        let claims = identity::verify(token, &channel, app.environment.now(), &app.secret)?;
        contact::identify(&mut tx, &app.environment, &mut caller, &claims).await?;
    }
    if body.name.is_some() || body.email.is_some() || body.phone.is_some() {
        contact::claim(&mut tx, &app.environment, &mut caller, body.name.as_deref(), body.email.as_deref(), body.phone.as_deref()).await?;
    }
    let known = known(&mut tx, &caller).await?.unwrap_or(Known { name: String::new(), email: None, verified: false });
    tx.commit().await?;
    Ok(Json(known))
}

async fn end_visitor(State(app): State<App>, caller: Caller) -> ApiResult<StatusCode> {
    let mut tx = app.db.begin().await?;
    visitors::end(&mut tx, &app.environment, &caller).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Reports sent at once, at most.
const EVENTS_AT_ONCE: usize = 50;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Tracked {
    events: Vec<TrackedEvent>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum TrackedEvent {
    Page {
        url: String,
        #[serde(default)]
        title: String,
        #[serde(default)]
        referrer: Option<String>,
        at: Timestamp,
    },
    Track {
        name: String,
        #[serde(default)]
        properties: BTreeMap<String, serde_json::Value>,
        at: Timestamp,
    },
}

async fn track_visitor(State(app): State<App>, caller: Caller, Json(body): Json<Tracked>) -> ApiResult<StatusCode> {
    if body.events.len() > EVENTS_AT_ONCE {
        return Err(Problem::field("events", "too_many", format!("at most {EVENTS_AT_ONCE} at once")).into());
    }
    let mut tx = app.db.begin().await?;
    let mut events = Vec::new();
    for event in body.events {
        match event {
            TrackedEvent::Page { url, title, referrer, at } => {
                contact::see_page(&mut tx, &app.environment, &caller, SeenPage { at, url, title, referrer }).await?
            }
            TrackedEvent::Track { name, properties, at } => {
                let properties = json!(properties);
                if name.is_empty() || name.len() > 100 || properties.to_string().len() > 4_000 {
                    return Err(Problem::field("events", "invalid", "a name of 1 to 100 bytes and properties of at most 4,000 bytes").into());
                }
                let event = NewEvent::new("visitor.tracked", caller.actor(), json!({ "name": name, "properties": properties }));
                events.push(event.contact(caller.contact).occurred_at(at.min(app.environment.now())));
            }
        }
    }
    timeline::append(&mut tx, &app.environment, caller.workspace, events).await?;
    tx.commit().await?;
    Ok(StatusCode::ACCEPTED)
}

async fn list_widget_conversations(State(app): State<App>, caller: Caller) -> ApiResult<Json<Vec<WidgetConversation>>> {
    let mut tx = app.db.read().await?;
    let ids: Vec<ConversationId> = mine(&mut tx, &caller, 20).await?.into_iter().map(|conversation| conversation.id).collect();
    let mut rows = conversations::rows(&mut tx, caller.workspace, &ids, None).await?;
    rows.sort_by_key(|row| std::cmp::Reverse(row.number));
    let mut items = Vec::with_capacity(rows.len());
    for row in &rows {
        items.push(view::conversation(&mut tx, caller.workspace, row).await?);
    }
    Ok(Json(items))
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct MessageQuery {
    after_seq: Option<i64>,
    before_seq: Option<i64>,
    limit: Option<u32>,
}

/// A piece of a conversation, oldest first.
#[derive(Debug, Serialize, JsonSchema)]
struct WidgetMessages {
    items: Vec<WidgetMessage>,
    has_more: bool,
}

async fn list_widget_messages(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<ConversationId>,
    Query(query): Query<MessageQuery>,
) -> ApiResult<Json<WidgetMessages>> {
    let mut tx = app.db.read().await?;
    let conversation = write::owned(&mut tx, &caller, id).await?;
    let limit = ennakoi_http::limit(query.limit);
    let page = messages::list(&mut tx, caller.workspace, conversation.id, query.after_seq, query.before_seq, limit, Audience::Contact).await?;
    Ok(Json(WidgetMessages { items: page.items.into_iter().filter_map(|message| view::message(&app, message)).collect(), has_more: page.has_more }))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewWidgetMessage {
    client_key: String,
    #[serde(default)]
    conversation_id: Option<ConversationId>,
    #[serde(default)]
    body: String,
    #[serde(default)]
    attachment_ids: Vec<AttachmentId>,
    #[serde(default)]
    option_key: Option<String>,
}

impl From<NewWidgetMessage> for Written {
    fn from(new: NewWidgetMessage) -> Self {
        Self { client_key: new.client_key, conversation: new.conversation_id, body: new.body, attachments: new.attachment_ids, option_key: new.option_key }
    }
}

/// The stored message and the conversation that it is in.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Sent {
    pub conversation_id: ConversationId,
    pub message: WidgetMessage,
}

/// Sends and shows what was stored; the socket does the same.
pub(super) async fn send(app: &App, caller: &mut Caller, written: Written) -> Result<(Sent, bool), Problem> {
    let added = write::write(app, caller, written).await?;
    let conversation_id = added.message.conversation_id;
    let message = view::message(app, added.message).ok_or_else(Problem::internal)?;
    Ok((Sent { conversation_id, message }, added.fresh))
}

async fn create_widget_message(State(app): State<App>, mut caller: Caller, Json(body): Json<NewWidgetMessage>) -> ApiResult<(StatusCode, Json<Sent>)> {
    if body.body.chars().count() > limits::MESSAGE_CHARACTERS {
        return Err(Problem::field("body", "too_long", format!("at most {} characters", limits::MESSAGE_CHARACTERS)).into());
    }
    let (sent, fresh) = send(&app, &mut caller, body.into()).await?;
    Ok((if fresh { StatusCode::CREATED } else { StatusCode::OK }, Json(sent)))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Seen {
    seq: i64,
}

async fn mark_widget_conversation_seen(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<ConversationId>,
    Json(body): Json<Seen>,
) -> ApiResult<StatusCode> {
    let mut tx = app.db.begin().await?;
    let conversation = write::owned(&mut tx, &caller, id).await?;
    read_marks::by_contact(&mut tx, &app.environment, caller.workspace, conversation.id, caller.actor(), body.seq).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct PersonRequest {
    conversation_id: Option<ConversationId>,
}

async fn ask_for_person(State(app): State<App>, mut caller: Caller, Json(body): Json<PersonRequest>) -> ApiResult<Json<WidgetConversation>> {
    let id = write::ask_for_person(&app, &mut caller, body.conversation_id).await?;
    let mut tx = app.db.read().await?;
    let row = conversations::rows(&mut tx, caller.workspace, &[id], None).await?.pop().ok_or_else(|| Problem::not_found("the conversation"))?;
    Ok(Json(view::conversation(&mut tx, caller.workspace, &row).await?))
}
