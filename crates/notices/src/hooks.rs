//! Incoming webhooks of Slack and Microsoft Teams: where a person's notices go, and what channels of the whole company hear.

use ennakoi_channels::carry::{Carrier, Outcome};
use ennakoi_egress::{Egress, Limits, Method, Reach, Request, check, header, signed};
use ennakoi_http::App;
use ennakoi_inbox::conversations;
use ennakoi_kernel::{
    Duration, Environment, FieldErrors, Problem, Timestamp,
    ids::{NoticeHookId, NoticeId, StaffId, WorkspaceId},
};
use ennakoi_people::{Locale, sealed, staff::Reader, workspaces};
use ennakoi_store::{
    Error, FromRow, Result, Row, Tx,
    outbox::{self, Class, Intent, NewIntent},
    params, stored_as_text,
};
use futures_util::future::BoxFuture;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

use crate::{
    kinds::{NoticeKind, Way},
    letter::{self, Line},
    push,
    settings::Detail,
    store::{Notice, Telling},
    words,
};

const TRANSPORT: &str = "notice_chat";
const PURPOSE: &str = "notice hooks";
/// Addresses of one person, and of the company, at most.
pub(crate) const MOST: i64 = 10;
const URL_MAX: usize = 2_000;
const NAME_MAX: usize = 60;
/// A channel of the company hears of the same kind and case once in so long.
const ONCE_IN: Duration = Duration::minutes(10);
const MARKS_KEPT: Duration = Duration::days(60);
/// What could not be told for so long is no news any more.
const NEWS: Duration = Duration::hours(12);
const ANSWER_BYTES: usize = 16 << 10;
const ERROR_CHARACTERS: usize = 200;
/// The code of an end after which the address is used no more.
const GONE: &str = "gone";

/// Whose form of message an address takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Service {
    Slack,
    /// A workflow of Microsoft Teams that posts adaptive cards.
    Teams,
}
stored_as_text!(Service { Slack = "slack", Teams = "teams" });

/// An address in Slack or Teams. The address itself is shown to nobody: whoever has it can write there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct NoticeHook {
    pub id: NoticeHookId,
    pub service: Service,
    pub name: String,
    /// Host of the address.
    pub host: String,
    /// What a channel of the whole company hears; a person's own address hears what the person chooses.
    pub kinds: Vec<NoticeKind>,
    /// Since when nothing arrives there.
    pub failing_since: Option<Timestamp>,
    /// Why: the number of the answer, never what it says, or what stood in the way.
    pub last_error: Option<String>,
    /// Since when it is used no more, because nothing is there; a trial that arrives switches it on again.
    pub off_since: Option<Timestamp>,
    pub created_at: Timestamp,
    #[serde(skip)]
    pub staff: Option<StaffId>,
}

impl FromRow for NoticeHook {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self {
            id: row.take()?,
            service: row.take()?,
            name: row.take()?,
            host: row.take()?,
            kinds: serde_json::from_str(&row.take::<String>()?)?,
            failing_since: row.take()?,
            last_error: row.take()?,
            off_since: row.take()?,
            created_at: row.take()?,
            staff: row.take()?,
        })
    }
}

impl NoticeHook {
    const fn works(&self) -> bool {
        self.off_since.is_none()
    }
}

/// An address to be added.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewNoticeHook {
    pub service: Service,
    pub name: String,
    pub url: String,
    /// For a channel of the whole company; a person's own has none.
    #[serde(default)]
    pub kinds: Vec<NoticeKind>,
}

const COLUMNS: &str = "id, service, name, host, kinds, failing_since, last_error, off_since, created_at, staff_id";

/// A person's addresses, or the company's.
///
/// # Errors
/// The database refuses.
pub async fn of(tx: &mut Tx, workspace: WorkspaceId, staff: Option<StaffId>) -> Result<Vec<NoticeHook>> {
    match staff {
        Some(staff) => {
            let sql = format!("SELECT {COLUMNS} FROM notice_hooks WHERE workspace_id = $1 AND staff_id = $2 ORDER BY id LIMIT $3");
            tx.all(&sql, params![workspace, staff, MOST]).await
        }
        None => {
            let sql = format!("SELECT {COLUMNS} FROM notice_hooks WHERE workspace_id = $1 AND staff_id IS NULL ORDER BY id LIMIT $2");
            tx.all(&sql, params![workspace, MOST]).await
        }
    }
}

pub(crate) async fn any_of(tx: &mut Tx, workspace: WorkspaceId, staff: StaffId) -> Result<bool> {
    Ok(of(tx, workspace, Some(staff)).await?.iter().any(NoticeHook::works))
}

pub(crate) async fn any_shared(tx: &mut Tx, workspace: WorkspaceId, kind: NoticeKind) -> Result<bool> {
    Ok(of(tx, workspace, None).await?.iter().any(|hook| hook.works() && hook.kinds.contains(&kind)))
}

/// One of this person's addresses, or of the company's.
///
/// # Errors
/// It is not there, or is somebody else's.
pub async fn load(tx: &mut Tx, workspace: WorkspaceId, staff: Option<StaffId>, id: NoticeHookId) -> Result<NoticeHook> {
    let found: Option<NoticeHook> =
        tx.optional(&format!("SELECT {COLUMNS} FROM notice_hooks WHERE workspace_id = $1 AND id = $2"), params![workspace, id]).await?;
    found.filter(|hook| hook.staff == staff).ok_or_else(|| Problem::not_found("the address").into())
}

/// The company's channels are added by who may connect systems, and may lie where the operator lets systems lie. A person's own never
/// do: otherwise whoever may sign in could write into the operator's network.
fn reach(app: &App, staff: Option<StaffId>) -> Reach {
    if staff.is_some() {
        return push::reach(app);
    }
    if app.configuration.security.private_egress { Reach::Anywhere } else { Reach::Public }
}

fn checked(app: &App, staff: Option<StaffId>, new: &NewNoticeHook) -> std::result::Result<String, Problem> {
    let mut errors = FieldErrors::default();
    errors.line("name", &new.name, NAME_MAX);
    let host = match Url::parse(new.url.trim()) {
        Ok(url) if new.url.len() <= URL_MAX => {
            let reach = reach(app, staff);
            if let Err(error) = check(&url, reach) {
                errors.add("url", "not_allowed", error.to_string());
            } else if url.scheme() != "https" && reach == Reach::Public {
                errors.add("url", "not_allowed", "only https");
            }
            url.host_str().unwrap_or_default().to_owned()
        }
        _ => {
            errors.add("url", "invalid", "a whole address: https://hooks.slack.com/services/…");
            String::new()
        }
    };
    if let Some(at) = new.kinds.iter().position(|kind| staff.is_some() || !kind.for_everybody()) {
        errors.add(format!("kinds[{at}]"), "not_allowed", "not for a channel of the whole company");
    }
    if (staff.is_none() && new.kinds.is_empty()) || new.kinds.len() > NoticeKind::ALL.len() {
        errors.add("kinds", "required", "what the channel hears");
    }
    errors.finish()?;
    Ok(host)
}

/// Adds an address.
///
/// # Errors
/// A field makes no sense, or there are too many.
pub async fn add(tx: &mut Tx, app: &App, workspace: WorkspaceId, staff: Option<StaffId>, new: &NewNoticeHook) -> Result<NoticeHook> {
    let host = checked(app, staff, new)?;
    if of(tx, workspace, staff).await?.len() as i64 >= MOST {
        return Err(Problem::conflict("too_many", format!("at most {MOST} addresses")).into());
    }
    let id: NoticeHookId = app.environment.new_id();
    let url = sealed::seal(app, PURPOSE, id.0.as_bytes(), new.url.trim().as_bytes());
    tx.execute(
        "INSERT INTO notice_hooks (workspace_id, id, staff_id, service, name, url, host, kinds, failing_since, last_error, off_since, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, NULL, NULL, NULL, $9)",
        params![workspace, id, staff, new.service, new.name.trim(), url, host, json!(new.kinds), app.environment.now()],
    )
    .await?;
    load(tx, workspace, staff, id).await
}

/// Removes an address.
///
/// # Errors
/// It is not there, or is somebody else's.
pub async fn remove(tx: &mut Tx, workspace: WorkspaceId, staff: Option<StaffId>, id: NoticeHookId) -> Result<()> {
    load(tx, workspace, staff, id).await?;
    tx.execute("DELETE FROM notice_hooks WHERE workspace_id = $1 AND id = $2", params![workspace, id]).await?;
    Ok(())
}

/// Plans a message that says that it works.
///
/// # Errors
/// The database refuses.
pub async fn try_out(tx: &mut Tx, app: &App, workspace: WorkspaceId, hook: &NoticeHook, locale: Locale) -> Result<()> {
    let line = Line { text: words::trial(locale).to_owned(), more: None, path: letter::within(workspace, "/app/profile#notices") };
    let fact = format!("trial:{}", app.environment.now().0);
    post(tx, app, workspace, hook, locale, (&fact, &[]), &[line]).await
}

/// Plans what a person's own addresses are told.
pub(crate) async fn plan(tx: &mut Tx, app: &App, workspace: WorkspaceId, reader: &Reader, detail: Detail, notices: &[Notice]) -> Result<()> {
    let Some(first) = notices.first() else { return Ok(()) };
    let mut lines = letter::lines(tx, workspace, reader.locale, detail, notices).await?;
    if notices.len() > lines.len() {
        let more = words::and_more(reader.locale, notices.len() - lines.len());
        lines.push(Line { text: more, more: None, path: letter::within(workspace, "/app/inbox/mine") });
    }
    let ids: Vec<NoticeId> = notices.iter().map(|notice| notice.id).collect();
    for hook in of(tx, workspace, Some(reader.id)).await?.into_iter().filter(NoticeHook::works) {
        post(tx, app, workspace, &hook, reader.locale, (&first.id.to_string(), &ids), &lines).await?;
    }
    Ok(())
}

/// Tells the company's channels, each of the same kind and case once in a while.
pub(crate) async fn tell(tx: &mut Tx, app: &App, workspace: WorkspaceId, telling: &Telling) -> Result<()> {
    let now = app.environment.now();
    let subject = telling.conversation.map(|id| id.0).or(telling.queue.map(|id| id.0)).unwrap_or_default().to_string();
    let locale = workspaces::load(tx, workspace).await?.default_language;
    for hook in of(tx, workspace, None).await?.into_iter().filter(|hook| hook.works() && hook.kinds.contains(&telling.kind)) {
        let marked = tx
            .execute(
                "INSERT INTO notice_hook_marks (workspace_id, hook_id, kind, subject, told_at) VALUES ($1, $2, $3, $4, $5) \
                 ON CONFLICT (workspace_id, hook_id, kind, subject) DO UPDATE SET told_at = $5 WHERE notice_hook_marks.told_at <= $6",
                params![workspace, hook.id, telling.kind, &subject, now, now - ONCE_IN],
            )
            .await?;
        if marked == 0 {
            continue;
        }
        let ids: Vec<_> = telling.conversation.into_iter().collect();
        let case = conversations::rows(tx, workspace, &ids, None).await?.pop();
        let line = letter::line(tx, workspace, locale, Detail::Number, (telling.kind, &telling.detail, telling.queue), case.as_ref()).await?;
        let fact = format!("{}:{subject}:{}", telling.kind.as_str(), now.0);
        post(tx, app, workspace, &hook, locale, (&fact, &[]), &[line]).await?;
    }
    tx.execute("DELETE FROM notice_hook_marks WHERE workspace_id = $1 AND told_at < $2", params![workspace, now - MARKS_KEPT]).await?;
    Ok(())
}

async fn post(
    tx: &mut Tx,
    app: &App,
    workspace: WorkspaceId,
    hook: &NoticeHook,
    locale: Locale,
    (fact, notices): (&str, &[NoticeId]),
    lines: &[Line],
) -> Result<()> {
    let body = match hook.service {
        Service::Slack => slack(&app.public_url(), lines),
        Service::Teams => teams(&app.public_url(), locale, lines),
    };
    let now = app.environment.now();
    let intent = NewIntent {
        dedupe_key: &format!("notice:chat:{}:{fact}", hook.id),
        class: Class::Personal,
        transport: TRANSPORT,
        contact: None,
        payload: json!({ "hook": hook.id, "staff": hook.staff, "notices": notices, "until": now + NEWS, "body": body }),
        send_at: now,
        lane: None,
    };
    outbox::plan(tx, &app.environment, workspace, intent).await?;
    Ok(())
}

/// Slack reads `&`, `<` and `>` as its own; nothing else in a text is markup that could hurt, and `<url|text>` is a link.
fn slack(url: &str, lines: &[Line]) -> Value {
    let escaped = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('|', "¦");
    let written: Vec<String> = lines
        .iter()
        .map(|line| {
            let more = line.more.as_deref().map(|more| format!("\n{}", escaped(more))).unwrap_or_default();
            format!("<{url}{}|{}>{more}", line.path, escaped(&line.text))
        })
        .collect();
    // `blocks` whose text is plain would not link; `text` alone shows names in it as they are.
    json!({ "text": written.join("\n"), "unfurl_links": false, "unfurl_media": false })
}

/// An adaptive card of runs, which no markup is read in.
fn teams(url: &str, locale: Locale, lines: &[Line]) -> Value {
    let block = |text: &str, subtle: bool| json!({ "type": "RichTextBlock", "inlines": [{ "type": "TextRun", "text": text, "isSubtle": subtle }] });
    let body: Vec<Value> =
        lines.iter().flat_map(|line| [Some(block(&line.text, false)), line.more.as_deref().map(|more| block(more, true))]).flatten().collect();
    let open = lines.first().map(|line| json!({ "type": "Action.OpenUrl", "title": words::open(locale), "url": format!("{url}{}", line.path) }));
    json!({ "type": "message", "attachments": [{ "contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": null, "content": {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4", "body": body,
        "actions": open.into_iter().collect::<Vec<_>>(),
    } }] })
}

/// Takes planned messages to Slack and Teams.
pub(crate) struct Chat {
    /// To people's own addresses.
    own: Egress,
    /// To channels of the company.
    shared: Egress,
}

impl Chat {
    pub(crate) fn new(app: &App) -> Option<Self> {
        let client = |reach: Reach| {
            let client = Egress::new(reach, Limits { answer_bytes: ANSWER_BYTES, ..Limits::default() });
            client.inspect_err(|error| tracing::error!(%error, "notices cannot be sent to Slack and Teams")).ok()
        };
        Some(Self { own: client(push::reach(app))?, shared: client(reach(app, None))? })
    }

    async fn send(&self, app: &App, intent: &Intent) -> Result<Outcome> {
        let (workspace, now) = (intent.workspace, app.environment.now());
        let id: NoticeHookId = serde_json::from_value(intent.payload["hook"].clone())?;
        let mut tx = app.db.read().await?;
        if let Some(over) = crate::over(&mut tx, intent, Way::Chat, now).await? {
            return Ok(over);
        }
        let sql = "SELECT url, staff_id FROM notice_hooks WHERE workspace_id = $1 AND id = $2";
        let found: Option<(Vec<u8>, Option<StaffId>)> = tx.optional(sql, params![workspace, id]).await?;
        drop(tx);
        let Some((url, staff)) = found else { return Ok(Outcome::Withheld { code: "removed" }) };
        let url = sealed::open(app, PURPOSE, id.0.as_bytes(), &url)?;
        let url = Url::parse(&String::from_utf8_lossy(&url)).map_err(|error| Error::Decode(error.to_string()))?;
        let headers = header::HeaderMap::from_iter([(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"))]);
        let request = Request { method: Method::POST, url, headers, body: intent.payload["body"].to_string().into() };
        let client = if staff.is_some() { &self.own } else { &self.shared };
        let outcome = match client.call(request).await {
            Ok(answer) if answer.status.is_success() => Outcome::Sent,
            Ok(answer) => {
                let status = answer.status.as_u16();
                // What the answer says is shown to nobody: an address would otherwise be a way to read what stands behind it.
                let reason = status.to_string();
                let after = signed::retry_after_seconds(&answer.headers, now.seconds()).map(Duration::seconds);
                match status {
                    408 | 429 | 500.. => Outcome::Again { reason, after },
                    404 | 410 => Outcome::Refused { code: GONE, reason },
                    _ => Outcome::Refused { code: "refused", reason },
                }
            }
            Err(error @ (ennakoi_egress::Error::Address(_) | ennakoi_egress::Error::Private)) => {
                Outcome::Refused { code: "not_allowed", reason: error.to_string() }
            }
            Err(error) => Outcome::Again { reason: error.to_string(), after: None },
        };
        note(app, &app.environment, workspace, id, &outcome).await?;
        Ok(outcome)
    }
}

/// Whether it works is shown beside the address; one where nothing is any more is switched off.
async fn note(app: &App, environment: &Environment, workspace: WorkspaceId, id: NoticeHookId, outcome: &Outcome) -> Result<()> {
    let failed = match outcome {
        Outcome::Again { reason, .. } | Outcome::Refused { reason, .. } => Some(reason.chars().take(ERROR_CHARACTERS).collect::<String>()),
        _ => None,
    };
    let gone = matches!(outcome, Outcome::Refused { code: GONE, .. });
    let mut tx = app.db.begin().await?;
    tx.execute(
        "UPDATE notice_hooks SET last_error = $3, failing_since = CASE WHEN $4 THEN COALESCE(failing_since, $5) ELSE NULL END, \
         off_since = CASE WHEN $6 THEN COALESCE(off_since, $5) WHEN $4 THEN off_since ELSE NULL END \
         WHERE workspace_id = $1 AND id = $2 AND ($4 OR failing_since IS NOT NULL)",
        params![workspace, id, failed.clone(), failed.is_some(), environment.now(), gone],
    )
    .await?;
    tx.commit().await
}

impl Carrier for Chat {
    fn transport(&self) -> &'static str {
        TRANSPORT
    }

    fn send<'a>(&'a self, app: &'a App, intent: &'a Intent) -> BoxFuture<'a, Result<Outcome>> {
        Box::pin(self.send(app, intent))
    }
}

/// All of a notice's ids in a payload, for who asks whether it is still news.
pub(crate) fn notices_in(payload: &Value) -> Vec<NoticeId> {
    payload["notices"].as_array().into_iter().flatten().filter_map(|id| id.as_str()?.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_become_markup() {
        let line = Line { text: "Case #1".to_owned(), more: Some("<!channel> & <http://evil|x>".to_owned()), path: "/app/inbox/all/1".to_owned() };
        let said = slack("https://help.example.fi", std::slice::from_ref(&line));
        assert_eq!(said["text"], "<https://help.example.fi/app/inbox/all/1|Case #1>\n&lt;!channel&gt; &amp; &lt;http://evil¦x&gt;");
        let card = teams("https://help.example.fi", Locale::En, &[line]);
        let content = &card["attachments"][0]["content"];
        assert_eq!(content["body"][1]["inlines"][0]["text"], "<!channel> & <http://evil|x>");
        assert_eq!(content["actions"][0]["url"], "https://help.example.fi/app/inbox/all/1");
    }
}
