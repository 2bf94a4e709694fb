//! `GET /api/v1/live`: the staff socket.

use axum::{
    Extension,
    extract::{State, WebSocketUpgrade},
    http::{HeaderMap, header},
    response::Response,
};
use ennakoi_http::{ApiResult, App, Member, Route, SignedIn, get};
use ennakoi_kernel::{
    Problem,
    access::{Access, Permission},
    limits,
};

use super::{Hub, socket};

/// The routes of this feature.
#[must_use]
pub fn routes() -> Vec<Route> {
    vec![
        get("/api/v1/live", "open_live_socket", Access::Needs(Permission::ConversationsRead), open_live_socket)
            .summary("WebSocket of everything that happens in the workspace"),
    ]
}

async fn open_live_socket(
    State(app): State<App>,
    Extension(hub): Extension<Hub>,
    member: Member,
    signed_in: Option<Extension<SignedIn>>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> ApiResult<Response> {
    refuse_other_sites(&app, &headers)?;
    let staff = member.person()?;
    let session = signed_in.map(|Extension(signed_in)| signed_in.session);
    Ok(upgrade
        .max_message_size(limits::SOCKET_FRAME_BYTES)
        .read_buffer_size(4_096)
        .write_buffer_size(0)
        .max_write_buffer_size(4 << 20)
        .on_upgrade(move |web_socket| socket::serve(app, hub, member, staff, session, web_socket)))
}

/// Browsers send cookies to sockets opened by any site, and say which site it was.
fn refuse_other_sites(app: &App, headers: &HeaderMap) -> Result<(), Problem> {
    let Some(origin) = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok()) else { return Ok(()) };
    let ours = app.public_url();
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let same_host = origin.split_once("://").is_some_and(|(_, rest)| rest == host);
    if origin == ours || same_host { Ok(()) } else { Err(Problem::forbidden("this socket is for our own pages")) }
}
