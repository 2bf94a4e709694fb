//! Mailboxes over HTTP. Secrets go in and never come out.

use axum::{extract::State as AppState, http::StatusCode};
use ennakoi_http::{ApiResult, App, Json, Member, Page, Path, RateLimit, Route, delete, get, patch, post};
use ennakoi_inbox::channels::{self, ChannelKind, Mode, NewChannel};
use ennakoi_kernel::{
    Problem, Timestamp,
    access::{Access, Permission},
    ids::{ChannelId, MailboxId, WorkspaceId},
};
use ennakoi_people::{audit, email};
use ennakoi_store::{Result, Tx};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::incoming::hooks;

use super::{
    Arrival, Cursor, MOST, Mailbox, Settings, SignIn, State,
    check::{self, CheckReport},
    discover::{self, Discovery},
    secrets::{self, Secrets},
    store,
};

pub(crate) fn routes() -> Vec<Route> {
    let reads = Access::Needs(Permission::SettingsRead);
    let manages = Access::Needs(Permission::SettingsManage);
    vec![
        get("/api/v1/mailboxes", "list_mailboxes", reads, list_mailboxes)
            .summary("The mailboxes of the workspace and whether they can be reached.")
            .returns::<Page<MailboxView>>(200),
        post("/api/v1/mailboxes", "create_mailbox", manages, create_mailbox)
            .summary("Makes an address a channel: its mails become conversations, and answers go out as mails.")
            .takes::<CreateMailbox>()
            .returns::<MailboxView>(201),
        get("/api/v1/mailboxes/{id}", "read_mailbox", reads, read_mailbox).summary("One mailbox.").returns::<MailboxView>(200),
        patch("/api/v1/mailboxes/{id}", "update_mailbox", manages, update_mailbox)
            .summary("Changes a mailbox; `settings` are replaced as a whole, secrets that are left out stay.")
            .takes::<UpdateMailbox>()
            .returns::<MailboxView>(200),
        delete("/api/v1/mailboxes/{id}", "delete_mailbox", manages, delete_mailbox)
            .summary("Removes a mailbox and its channel; its conversations stay.")
            .answers(204),
        get("/api/v1/mailboxes/{id}/arrival", "read_mailbox_arrival", manages, read_mailbox_arrival)
            .summary("Where a provider or a mail server brings the mails of this mailbox. The address may hold a secret.")
            .returns::<ArrivalView>(200),
        post("/api/v1/mailboxes/discovery", "discover_mailbox", manages, discover_mailbox)
            .summary("How an address is probably reached.")
            .rate(RateLimit::SignIn)
            .takes::<Discover>()
            .returns::<Discovery>(200),
        post("/api/v1/mailboxes/check", "check_mailbox", manages, check_mailbox)
            .summary("Tries settings out without storing them; with the id of a mailbox, its secrets are used where none are given.")
            .rate(RateLimit::SignIn)
            .takes::<CheckMailbox>()
            .returns::<CheckReport>(200),
    ]
}

/// A mailbox as it is shown.
#[derive(Serialize, JsonSchema)]
struct MailboxView {
    id: MailboxId,
    channel_id: ChannelId,
    address: String,
    settings: Settings,
    state: State,
    /// Code of what keeps it from being reached.
    trouble: Option<String>,
    /// What the server said.
    trouble_detail: Option<String>,
    checked_at: Option<Timestamp>,
    created_at: Timestamp,
}

impl From<Mailbox> for MailboxView {
    fn from(mailbox: Mailbox) -> Self {
        Self {
            id: mailbox.id,
            channel_id: mailbox.channel,
            address: mailbox.address,
            settings: mailbox.settings,
            state: mailbox.state,
            trouble: mailbox.trouble,
            trouble_detail: mailbox.trouble_detail,
            checked_at: mailbox.checked_at,
            created_at: mailbox.created_at,
        }
    }
}

/// Secrets as they are given; those left out stay as they are.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct GivenSecrets {
    password: Option<String>,
    client_secret: Option<String>,
    refresh_token: Option<String>,
    /// Mailgun's key for signing webhooks; for Postmark anything new, which gives the hook's address a new password.
    signing_key: Option<String>,
}

/// Where mails are brought to; both null when we fetch them ourselves.
#[derive(Serialize, JsonSchema)]
struct ArrivalView {
    /// What the provider calls.
    url: Option<String>,
    /// Where a mail server delivers (LMTP); null also when the installation does not listen.
    lmtp: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CreateMailbox {
    address: String,
    settings: Settings,
    #[serde(default)]
    secrets: GivenSecrets,
    /// Who answers first; people, unless said otherwise.
    #[serde(default)]
    mode: Option<Mode>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[derive(Default)]
struct UpdateMailbox {
    settings: Option<Settings>,
    secrets: GivenSecrets,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Discover {
    address: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CheckMailbox {
    #[serde(default)]
    id: Option<MailboxId>,
    address: String,
    settings: Settings,
    #[serde(default)]
    secrets: GivenSecrets,
}

const SECRET_BYTES: usize = 8_192;

impl GivenSecrets {
    fn over(self, mut stored: Secrets) -> std::result::Result<Secrets, Problem> {
        for (field, value) in [
            ("secrets.password", &self.password),
            ("secrets.client_secret", &self.client_secret),
            ("secrets.refresh_token", &self.refresh_token),
            ("secrets.signing_key", &self.signing_key),
        ] {
            if value.as_ref().is_some_and(|value| value.len() > SECRET_BYTES || value.contains(['\r', '\n', '\0'])) {
                return Err(Problem::field(field, "invalid", "one line"));
            }
        }
        stored.password = self.password.or(stored.password);
        stored.client_secret = self.client_secret.or(stored.client_secret);
        stored.signing_key = self.signing_key.or(stored.signing_key);
        if self.refresh_token.is_some() {
            stored.refresh_token = self.refresh_token;
            (stored.access_token, stored.access_until) = (None, None);
        }
        Ok(stored)
    }
}

async fn find(tx: &mut Tx, workspace: WorkspaceId, id: MailboxId) -> Result<Mailbox> {
    store::find(tx, workspace, id).await?.ok_or_else(|| Problem::not_found("the mailbox").into())
}

async fn list_mailboxes(AppState(app): AppState<App>, member: Member) -> ApiResult<Json<Page<MailboxView>>> {
    let mut tx = app.db.read().await?;
    Ok(Json(Page::whole(store::list(&mut tx, member.workspace).await?.into_iter().map(MailboxView::from).collect())))
}

async fn read_mailbox(AppState(app): AppState<App>, member: Member, Path(id): Path<MailboxId>) -> ApiResult<Json<MailboxView>> {
    let mut tx = app.db.read().await?;
    Ok(Json(find(&mut tx, member.workspace, id).await?.into()))
}

/// A mailbox made of what was given, not stored anywhere.
fn assemble(app: &App, member: &Member, id: MailboxId, address: &str, settings: Settings, secrets: &Secrets) -> std::result::Result<Mailbox, Problem> {
    let address = email::normalise(address).ok_or_else(|| Problem::field("address", "email_invalid", "not an e-mail address"))?;
    settings.check()?;
    if settings.sign_in == SignIn::Password && secrets.password.as_deref().unwrap_or_default().is_empty() {
        return Err(Problem::field("secrets.password", "required", "the password of the mailbox"));
    }
    if settings.sign_in == SignIn::Oauth && secrets.refresh_token.as_deref().unwrap_or_default().is_empty() {
        return Err(Problem::field("secrets.refresh_token", "required", "the provider's consent as a refresh token"));
    }
    if settings.arrival == Arrival::Mailgun && secrets.signing_key.as_deref().unwrap_or_default().is_empty() {
        return Err(Problem::field("secrets.signing_key", "required", "Mailgun's key for signing webhooks"));
    }
    Ok(Mailbox {
        id,
        workspace: member.workspace,
        channel: ChannelId(id.0),
        address,
        settings,
        sealed: secrets::seal(app, id, secrets)?,
        revision: 1,
        cursor: Cursor::default(),
        state: State::New,
        trouble: None,
        trouble_detail: None,
        checked_at: None,
        created_at: app.environment.now(),
    })
}

/// The stored secrets, as long as they go where they went before: nobody learns a password by naming a server of their own. The
/// signing key goes nowhere, and what it has replaced must not come back.
fn stored_for(app: &App, mailbox: &Mailbox, settings: &Settings) -> Result<Secrets> {
    let places = |it: &Settings| (it.incoming.host.clone(), it.outgoing.host.clone(), it.oauth.as_ref().map(|client| client.token_url.clone()));
    let stored = secrets::open(app, mailbox)?;
    if places(&mailbox.settings) == places(settings) {
        return Ok(stored);
    }
    Ok(Secrets { signing_key: stored.signing_key, ..Secrets::default() })
}

/// A mail server that delivers to all companies of the installation goes by the address alone: it belongs to who had it first.
async fn refuse_another_companys(tx: &mut Tx, mailbox: &Mailbox) -> Result<()> {
    if mailbox.settings.arrival == Arrival::Lmtp && store::is_delivered_elsewhere(tx, mailbox.workspace, &mailbox.address).await? {
        return Err(Problem::field("address", "taken_elsewhere", "another company of this installation gets the mails of this address").into());
    }
    Ok(())
}

async fn create_mailbox(AppState(app): AppState<App>, member: Member, Json(body): Json<CreateMailbox>) -> ApiResult<(StatusCode, Json<MailboxView>)> {
    let secrets = body.secrets.over(Secrets::default())?;
    let mut mailbox = assemble(&app, &member, app.environment.new_id(), &body.address, body.settings, &secrets)?;
    let mut tx = app.db.begin().await?;
    if store::by_address(&mut tx, member.workspace, &mailbox.address).await?.is_some() {
        return Err(Problem::field("address", "taken", "this mailbox is set up already").into());
    }
    refuse_another_companys(&mut tx, &mailbox).await?;
    if i64::try_from(store::list(&mut tx, member.workspace).await?.len()).unwrap_or(i64::MAX) >= MOST {
        return Err(Problem::conflict("too_many", format!("at most {MOST} mailboxes")).into());
    }
    let settings = channels::Settings { mode: body.mode.unwrap_or(Mode::PersonOnly), ..channels::Settings::default() };
    let new = NewChannel { kind: ChannelKind::Email, name: mailbox.address.clone(), enabled: true, settings };
    mailbox.channel = channels::create(&mut tx, &app.environment, member.workspace, member.actor, new).await?.id;
    store::insert(&mut tx, &mailbox).await?;
    audit::record(&mut tx, &app.environment, member.workspace, member.actor, "mailbox.created", "mailbox", mailbox.id, json!({ "address": &mailbox.address }))
        .await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(mailbox.into())))
}

async fn update_mailbox(
    AppState(app): AppState<App>,
    member: Member,
    Path(id): Path<MailboxId>,
    Json(body): Json<UpdateMailbox>,
) -> ApiResult<Json<MailboxView>> {
    let mut tx = app.db.begin().await?;
    let mut mailbox = find(&mut tx, member.workspace, id).await?;
    let settings = body.settings.unwrap_or_else(|| mailbox.settings.clone());
    let secrets = body.secrets.over(stored_for(&app, &mailbox, &settings)?)?;
    let changed = assemble(&app, &member, id, &mailbox.address, settings, &secrets)?;
    (mailbox.settings, mailbox.sealed) = (changed.settings, changed.sealed);
    refuse_another_companys(&mut tx, &mailbox).await?;
    store::update(&mut tx, &mailbox, app.environment.now()).await?;
    audit::record(&mut tx, &app.environment, member.workspace, member.actor, "mailbox.updated", "mailbox", id, json!({})).await?;
    let stored = find(&mut tx, member.workspace, id).await?;
    tx.commit().await?;
    Ok(Json(stored.into()))
}

async fn delete_mailbox(AppState(app): AppState<App>, member: Member, Path(id): Path<MailboxId>) -> ApiResult<StatusCode> {
    let mut tx = app.db.begin().await?;
    let mailbox = find(&mut tx, member.workspace, id).await?;
    store::remove(&mut tx, member.workspace, id, app.environment.now()).await?;
    if channels::load(&mut tx, member.workspace, mailbox.channel).await.is_ok() {
        channels::remove(&mut tx, &app.environment, member.workspace, member.actor, mailbox.channel).await?;
    }
    audit::record(&mut tx, &app.environment, member.workspace, member.actor, "mailbox.removed", "mailbox", id, json!({ "address": mailbox.address })).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn read_mailbox_arrival(AppState(app): AppState<App>, member: Member, Path(id): Path<MailboxId>) -> ApiResult<Json<ArrivalView>> {
    let mailbox = find(&mut app.db.read().await?, member.workspace, id).await?;
    let listens = &app.configuration.mail.lmtp_listen;
    let lmtp = (mailbox.settings.arrival == Arrival::Lmtp && !listens.is_empty()).then(|| listens.clone());
    Ok(Json(ArrivalView { url: hooks::url(&app, &mailbox)?, lmtp }))
}

async fn discover_mailbox(AppState(app): AppState<App>, _member: Member, Json(body): Json<Discover>) -> ApiResult<Json<Discovery>> {
    let address = email::normalise(&body.address).ok_or_else(|| Problem::field("address", "email_invalid", "not an e-mail address"))?;
    Ok(Json(discover::discover(&app, &address).await))
}

async fn check_mailbox(AppState(app): AppState<App>, member: Member, Json(body): Json<CheckMailbox>) -> ApiResult<Json<CheckReport>> {
    let (id, stored) = match body.id {
        Some(id) => {
            let mailbox = find(&mut app.db.read().await?, member.workspace, id).await?;
            (id, stored_for(&app, &mailbox, &body.settings)?)
        }
        None => (app.environment.new_id(), Secrets::default()),
    };
    let secrets = body.secrets.over(stored)?;
    let mut mailbox = assemble(&app, &member, id, &body.address, body.settings, &secrets)?;
    Ok(Json(check::check(&app, &mut mailbox).await))
}
