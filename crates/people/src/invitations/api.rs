//! Inviting and accepting.

use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use ennakoi_http::{ApiResult, App, ClientAddress, Cursor, Json, Member, Page, PageQuery, Path, Principal, Query, RateLimit, Route, delete, get, post};
use ennakoi_kernel::{
    FieldErrors, Problem,
    access::{Access, Permission, Role},
    ids::{InvitationId, StaffId},
    limits,
};
use ennakoi_store::timeline::{self, NewEvent};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Invitation, Open, accept, gone, invite, store};
use crate::{
    Locale,
    accounts::{self, NewAccount},
    audit, email, passwords, rights, second_factor,
    sessions::{self, Origin, Proof},
    workspaces,
};

pub(crate) fn routes() -> Vec<Route> {
    let manage = Access::Needs(Permission::StaffManage);
    vec![
        get("/api/v1/invitations", "list_invitations", manage, list_invitations)
            .summary("Open invitations, newest first")
            .query::<PageQuery>()
            .returns::<Page<Invitation>>(200),
        post("/api/v1/invitations", "create_invitation", manage, create_invitation)
            .summary("Invite somebody; a letter is sent and the link is in the answer")
            .takes::<NewInvitation>()
            .returns::<Invitation>(201),
        delete("/api/v1/invitations/{id}", "delete_invitation", manage, delete_invitation).summary("Withdraw an invitation").answers(204),
        get("/api/v1/invitations/by-token/{token}", "get_invitation", Access::Public, get_invitation)
            .summary("What a link invites to")
            .rate(RateLimit::Visitor)
            .returns::<PublicInvitation>(200),
        post("/api/v1/invitations/by-token/{token}/acceptance", "accept_invitation", Access::Public, accept_invitation)
            .summary("Become a member; a new account gets the name and password, an existing one must prove itself")
            .rate(RateLimit::SignIn)
            .takes::<Acceptance>()
            .returns::<sessions::Session>(200),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewInvitation {
    email: String,
    role: Role,
}

/// What the invited person sees before accepting.
#[derive(Serialize, JsonSchema)]
struct PublicInvitation {
    email: String,
    role: Role,
    workspace: String,
    /// The address has an account: sign in with it, or send its password.
    account_exists: bool,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Acceptance {
    /// For a new account.
    name: Option<String>,
    /// The new account's password, or the existing one's. Not needed when signed in as that account.
    password: Option<String>,
    locale: Option<Locale>,
    /// The second step of an existing account.
    code: Option<String>,
}

async fn list_invitations(State(app): State<App>, member: Member, Query(query): Query<PageQuery>) -> ApiResult<Json<Page<Invitation>>> {
    let before: Option<InvitationId> = Cursor::read(query.cursor.as_deref())?;
    let before = before.unwrap_or(InvitationId(uuid::Uuid::max()));
    let rows = store::list(&mut app.db.read().await?, member.workspace, before, query.limit() + 1).await?;
    Ok(Json(Page::of(rows, query.limit(), |row| row.id)))
}

async fn create_invitation(
    State(app): State<App>,
    member: Member,
    Extension(principal): Extension<Principal>,
    Json(body): Json<NewInvitation>,
) -> ApiResult<(StatusCode, Json<Invitation>)> {
    rights::require_role(&principal, body.role)?;
    let mut tx = app.db.begin().await?;
    let invitation = invite(&mut tx, &app, member.workspace, member.actor, &body.email, body.role).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(invitation)))
}

async fn delete_invitation(State(app): State<App>, member: Member, Path(id): Path<InvitationId>) -> ApiResult<StatusCode> {
    let mut tx = app.db.begin().await?;
    if !store::take(&mut tx, member.workspace, id).await? {
        return Err(Problem::not_found("the invitation").into());
    }
    audit::record(&mut tx, &app.environment, member.workspace, member.actor, "invitation.withdrawn", "invitation", id, json!({})).await?;
    let event = NewEvent::new("invitation.withdrawn", member.actor, json!({ "invitation": id }));
    timeline::append(&mut tx, &app.environment, member.workspace, vec![event]).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn get_invitation(State(app): State<App>, Path(token): Path<String>) -> ApiResult<Json<PublicInvitation>> {
    let mut tx = app.db.read().await?;
    let open = store::find_open(&mut tx, &token, app.environment.now()).await?.ok_or_else(gone)?;
    let workspace = workspaces::load(&mut tx, open.workspace).await?.name;
    let account_exists = accounts::by_email(&mut tx, &email::normalise(&open.email).unwrap_or_default()).await?.is_some();
    Ok(Json(PublicInvitation { email: open.email, role: open.role, workspace, account_exists }))
}

/// Who accepts, and how they proved it.
enum Person {
    Known(StaffId, Proof),
    New { name: String, password_hash: String, locale: Locale },
}

async fn accept_invitation(
    State(app): State<App>,
    address: ClientAddress,
    headers: HeaderMap,
    Path(token): Path<String>,
    Json(body): Json<Acceptance>,
) -> ApiResult<Response> {
    let now = app.environment.now();
    let open = store::find_open(&mut app.db.read().await?, &token, now).await?.ok_or_else(gone)?;
    let person = recognise(&app, &open, &headers, body).await?;
    let mut tx = app.db.begin().await?;
    let (staff, proof) = match person {
        Person::Known(staff, proof) => (staff, proof),
        Person::New { name, password_hash, locale } => {
            let new = NewAccount { email: &open.email, name: &name, locale, password_hash: Some(password_hash), operator: false };
            (accounts::create(&mut tx, &app.environment, new).await?, Proof::Password)
        }
    };
    accept(&mut tx, &app.environment, &open, staff).await?;
    let begun = sessions::begin(&mut tx, &app, staff, proof, &Origin::new(&headers, address), &headers).await?;
    let session = sessions::load_session(&mut tx, staff, begun.id).await?;
    tx.commit().await?;
    sessions::forget_cached();
    sessions::answer(&app, StatusCode::OK, &begun, session)
}

async fn recognise(app: &App, open: &Open, headers: &HeaderMap, body: Acceptance) -> Result<Person, Problem> {
    let normalised = email::normalise(&open.email).unwrap_or_default();
    let mut tx = app.db.read().await?;
    let account = accounts::by_email(&mut tx, &normalised).await?;
    let signed_in = sessions::staff_of(&mut tx, headers, app.environment.now()).await?;
    drop(tx);
    let Some(account) = account else { return new_person(app, open, body).await };
    if let Some((staff, proof)) = signed_in.filter(|(staff, _)| *staff == account.id) {
        return Ok(Person::Known(staff, proof));
    }
    let password = body.password.ok_or_else(|| Problem::field("password", "required", "sign in, or send the account's password"))?;
    let credentials = sessions::prove(app, &open.email, &password, body.code.as_deref()).await?;
    let mut tx = app.db.begin().await?;
    let proof = second_factor::check(&mut tx, app, &credentials, body.code.as_deref()).await?;
    tx.commit().await?;
    Ok(Person::Known(credentials.staff, proof))
}

async fn new_person(app: &App, open: &Open, body: Acceptance) -> Result<Person, Problem> {
    let name = body.name.unwrap_or_default();
    let password = body.password.unwrap_or_default();
    let mut errors = FieldErrors::default();
    errors.line("name", &name, limits::LINE_CHARACTERS);
    errors.finish()?;
    passwords::check("password", &password, &open.email)?;
    let password_hash = passwords::hash(&app.environment, &password).await?;
    Ok(Person::New { name, password_hash, locale: body.locale.unwrap_or_default() })
}
