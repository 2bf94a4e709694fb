//! Signing in and out, and the list of one's sessions.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use ennakoi_http::{ApiError, ApiResult, App, ClientAddress, Cursor, Json, Page, PageQuery, Path, Query, RateLimit, Route, SignedIn, delete, get, post};
use ennakoi_kernel::{
    Problem, ProblemKind, Timestamp,
    access::{Access, Permission, Role},
    ids::{SessionId, StaffId, WorkspaceId},
};
use ennakoi_store::{Tx, timeline::Actor};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Begun, Origin, begin, clear_cookie, end_all, forget_cached, set_cookie, store, token_of};
use crate::{
    Locale,
    accounts::{self, Credentials},
    email, second_factor,
    staff::Availability,
    workspaces,
};

pub(crate) fn routes() -> Vec<Route> {
    vec![
        post("/api/v1/session", "sign_in", Access::Public, sign_in)
            .summary("Sign in with a password, and a code when two-step sign-in is on")
            .rate(RateLimit::SignIn)
            .takes::<SignIn>()
            .returns::<Session>(200),
        get("/api/v1/session", "get_session", Access::SignedIn, get_session).summary("Who is signed in").returns::<Session>(200),
        delete("/api/v1/session", "sign_out", Access::SignedIn, sign_out).summary("Sign out").answers(204),
        get("/api/v1/sessions", "list_sessions", Access::SignedIn, list_sessions)
            .summary("My sessions, last used first")
            .query::<PageQuery>()
            .returns::<Page<SessionRow>>(200),
        delete("/api/v1/sessions", "end_other_sessions", Access::SignedIn, end_other_sessions).summary("End all my other sessions").answers(204),
        delete("/api/v1/sessions/{id}", "end_session", Access::SignedIn, end_session).summary("End one of my sessions").answers(204),
    ]
}

/// Name and password; `code` is the six digits of the second step, or a recovery code.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SignIn {
    email: String,
    password: String,
    code: Option<String>,
}

/// A person of staff, as they see themselves.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Staff")]
pub struct StaffProfile {
    pub id: StaffId,
    pub email: String,
    pub name: String,
    pub locale: Locale,
    pub avatar_url: Option<String>,
    pub has_password: bool,
    pub has_totp: bool,
    /// May create workspaces on this installation.
    pub operator: bool,
    /// Whatever the console remembers for the person.
    pub preferences: serde_json::Value,
}

/// A workspace as a membership names it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct MembershipWorkspace {
    pub id: WorkspaceId,
    pub slug: String,
    pub name: String,
}

/// What somebody is in a workspace.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Membership {
    pub workspace: MembershipWorkspace,
    pub role: Role,
    pub permissions: Vec<Permission>,
    pub availability: Availability,
    pub capacity: i64,
}

/// Who is signed in and where they may go.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Session {
    pub id: SessionId,
    pub staff: StaffProfile,
    pub memberships: Vec<Membership>,
    /// Whether two factors, a passkey or an identity provider proved who it is.
    pub second_factor: bool,
    /// The installation has no workspace yet, and this person may create one.
    pub setup_needed: bool,
}

/// One of my sessions.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct SessionRow {
    pub id: SessionId,
    pub created_at: Timestamp,
    pub last_seen_at: Timestamp,
    pub user_agent: String,
    pub address: String,
    /// The one that asks.
    pub current: bool,
}

fn credentials_wrong() -> Problem {
    Problem::new(ProblemKind::Unauthenticated, "credentials_wrong", "the address or the password is not right")
}

async fn sign_in(State(app): State<App>, address: ClientAddress, headers: HeaderMap, Json(body): Json<SignIn>) -> ApiResult<Response> {
    let staff = prove(&app, &body.email, &body.password, body.code.as_deref()).await?;
    let origin = Origin::new(&headers, address);
    let mut tx = app.db.begin().await?;
    let proof = match second_factor::check(&mut tx, &app, &staff, body.code.as_deref()).await {
        Ok(proof) => proof,
        Err(problem) => {
            note_failure(&app, staff.staff, "second_factor");
            return Err(problem.into());
        }
    };
    let begun = begin(&mut tx, &app, staff.staff, proof, &origin, &headers).await?;
    accounts::audit_everywhere(&mut tx, &app.environment, staff.staff, Actor::Staff(staff.staff), "session.started", json!({ "address": origin.address }))
        .await?;
    let session = load_session(&mut tx, staff.staff, begun.id).await?;
    tx.commit().await?;
    forget_cached();
    answer(&app, StatusCode::OK, &begun, session)
}

/// The account that the address and password prove. The same refusal, after the same work, whether the account exists or not.
pub(crate) async fn prove(app: &App, address: &str, password: &str, code: Option<&str>) -> Result<Credentials, Problem> {
    let normalised = email::normalise(address);
    let caller = format!("account:{}", normalised.as_deref().unwrap_or("malformed"));
    app.rates.take(RateLimit::SignIn, &caller, app.environment.now())?;
    let credentials = accounts::credentials_of(&mut app.db.read().await?, normalised.as_deref().unwrap_or_default()).await?;
    let fits = accounts::password_fits(credentials.as_ref(), password).await?;
    match credentials {
        Some(credentials) if fits => {
            if credentials.totp_secret.is_some() && code.is_none() {
                return Err(Problem::new(ProblemKind::Unauthenticated, "second_factor_required", "send the code of the second step as well"));
            }
            Ok(credentials)
        }
        Some(credentials) => {
            note_failure(app, credentials.staff, "password");
            Err(credentials_wrong())
        }
        None => Err(credentials_wrong()),
    }
}

/// Writes a failed sign-in into the audit, beside the answer: writing it before would tell by its time that the account exists.
fn note_failure(app: &App, staff: StaffId, what: &'static str) {
    let app = app.clone();
    tokio::spawn(async move {
        let noted = async {
            let mut tx = app.db.begin().await?;
            accounts::audit_everywhere(&mut tx, &app.environment, staff, Actor::System, "session.refused", json!({ "because": what })).await?;
            tx.commit().await
        };
        if let Err(error) = noted.await {
            tracing::warn!(%error, "a refused sign-in could not be noted in the audit");
        }
    });
}

/// A session with its cookie.
pub(crate) fn answer(app: &App, status: StatusCode, begun: &Begun, session: Session) -> ApiResult<Response> {
    let cookie = set_cookie(app, &begun.token)?;
    Ok((status, [(header::SET_COOKIE, cookie)], Json(session)).into_response())
}

/// The session as its owner sees it.
pub(crate) async fn load_session(tx: &mut Tx, staff: StaffId, id: SessionId) -> ennakoi_store::Result<Session> {
    let account = accounts::load(tx, staff).await?.ok_or_else(Problem::unauthenticated)?;
    let memberships: Vec<Membership> = accounts::memberships(tx, staff, None).await?.into_iter().map(Membership::from).collect();
    Ok(Session {
        id,
        second_factor: store::is_strong(tx, id).await?,
        setup_needed: account.operator && memberships.is_empty() && !workspaces::any(tx).await?,
        staff: StaffProfile::from(account),
        memberships,
    })
}

impl From<accounts::Account> for StaffProfile {
    fn from(account: accounts::Account) -> Self {
        Self {
            avatar_url: account.avatar_url(),
            id: account.id,
            email: account.email,
            name: account.name,
            locale: account.locale,
            has_password: account.has_password,
            has_totp: account.has_totp,
            operator: account.operator,
            preferences: account.preferences,
        }
    }
}

impl From<accounts::MembershipRow> for Membership {
    fn from(row: accounts::MembershipRow) -> Self {
        Self {
            workspace: MembershipWorkspace { id: row.workspace, slug: row.slug, name: row.name },
            permissions: Permission::ALL.iter().copied().filter(|permission| row.role.may(*permission)).collect(),
            role: row.role,
            availability: row.availability,
            capacity: row.capacity,
        }
    }
}

async fn get_session(State(app): State<App>, me: SignedIn) -> ApiResult<Json<Session>> {
    Ok(Json(load_session(&mut app.db.read().await?, me.staff, me.session).await?))
}

async fn sign_out(State(app): State<App>, me: SignedIn, headers: HeaderMap) -> ApiResult<Response> {
    let mut tx = app.db.begin().await?;
    store::delete_one(&mut tx, me.staff, me.session).await?;
    if let Some(token) = token_of(&headers) {
        store::delete_by_token(&mut tx, &token).await?;
    }
    tx.commit().await?;
    forget_cached();
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, clear_cookie(&app)?)]).into_response())
}

async fn list_sessions(State(app): State<App>, me: SignedIn, Query(query): Query<PageQuery>) -> ApiResult<Json<Page<SessionRow>>> {
    let before = Cursor::read(query.cursor.as_deref())?;
    let rows = store::list(&mut app.db.read().await?, me.staff, app.environment.now(), before, query.limit() + 1).await?;
    let rows = rows.into_iter().map(|row| SessionRow { current: row.id == me.session, ..row }).collect();
    Ok(Json(Page::of(rows, query.limit(), |row| (row.last_seen_at, row.id))))
}

async fn end_session(State(app): State<App>, me: SignedIn, Path(id): Path<SessionId>) -> ApiResult<StatusCode> {
    let mut tx = app.db.begin().await?;
    if !store::delete_one(&mut tx, me.staff, id).await? {
        return Err(ApiError(Problem::not_found("the session")));
    }
    accounts::audit_everywhere(&mut tx, &app.environment, me.staff, Actor::Staff(me.staff), "session.ended", json!({ "session": id })).await?;
    tx.commit().await?;
    forget_cached();
    Ok(StatusCode::NO_CONTENT)
}

async fn end_other_sessions(State(app): State<App>, me: SignedIn) -> ApiResult<StatusCode> {
    let mut tx = app.db.begin().await?;
    let ended = end_all(&mut tx, me.staff, Some(me.session)).await?;
    accounts::audit_everywhere(&mut tx, &app.environment, me.staff, Actor::Staff(me.staff), "session.others_ended", json!({ "sessions": ended })).await?;
    tx.commit().await?;
    forget_cached();
    Ok(StatusCode::NO_CONTENT)
}
