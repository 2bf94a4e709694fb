//! Every route × everybody who could call it.

use std::collections::BTreeSet;

use ennakoi_http::Route;
use ennakoi_kernel::{
    Duration,
    access::{Access, Permission, Role},
};
use ennakoi_testkit::{Answer, Client};
use serde_json::{Value, json};

use super::{address, call, nowhere, routes};
use crate::people::{Company, PASSWORD, sign_in, text};

/// What anybody may call. A new public route belongs here on purpose or not at all.
const PUBLIC: &[&str] = &[
    "sign_in",
    "list_sign_in_providers",
    "begin_oidc",
    "finish_oidc",
    "begin_passkey_sign_in",
    "sign_in_with_passkey",
    "request_password_reset",
    "reset_password",
    "get_invitation",
    "accept_invitation",
    "get_avatar",
    "get_logo",
    "redirect_help",
    "redirect_help_home",
    "read_help_sitemap",
    "redirect_help_locale",
    "show_help_home",
    "show_help_category",
    "show_help_article",
    "show_help_guide",
    "search_help",
    "read_help_asset",
    "read_robots",
    "rate_article",
    "end_help_guide",
    "list_widget_articles",
    "read_widget_config",
    "create_visitor",
    "read_widget_file",
    "read_widget_transcript",
    "open_widget_socket",
    "receive_signed_message",
    "receive_signed_statuses",
    "receive_signed_attachment",
    "receive_mailgun",
    "receive_postmark",
    "receive_ses",
    "read_widget_loader",
    "read_widget_panel",
    "read_widget_asset",
];

/// These end the session that calls them, so they come last.
const ENDS_THE_SESSION: [&str; 1] = ["sign_out"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// The guard let it through to the handler.
    Admitted,
    /// Nobody known is calling.
    Unknown,
    /// The caller lacks the route's permission.
    Lacking,
    /// The caller is no member of the workspace named.
    Outside,
    /// A program calls what only people do.
    ForPeople,
}

fn verdict(route: &Route, answer: &Answer) -> Verdict {
    let status = answer.status.as_u16();
    assert!(status < 500 && status != 429, "{} {}: {status} {}", route.method, route.path, answer.text);
    let detail = serde_json::from_str::<Value>(&answer.text).ok().and_then(|body| body["detail"].as_str().map(ToOwned::to_owned)).unwrap_or_default();
    let Access::Needs(permission) = route.access else {
        return match (route.access, status) {
            (Access::Public, _) => Verdict::Admitted,
            (_, 401) => Verdict::Unknown,
            (_, 403) if detail == "only a signed-in person can do this" => Verdict::ForPeople,
            _ => Verdict::Admitted,
        };
    };
    match status {
        401 => Verdict::Unknown,
        403 if detail == format!("this needs the permission {}", permission.as_str()) => Verdict::Lacking,
        403 if detail.starts_with("name a workspace you are a member of") => Verdict::Outside,
        _ => Verdict::Admitted,
    }
}

enum Caller {
    Staff(Role),
    /// Signed in, and names a workspace of which they are no member.
    Intruder,
    Key(Vec<Permission>),
    Visitor,
    Stranger,
}

/// What should come of it, from the route's declaration alone.
fn expected(access: Access, caller: &Caller) -> Verdict {
    let held = |has: bool| if has { Verdict::Admitted } else { Verdict::Lacking };
    match (access, caller) {
        (Access::Public, _) | (Access::Visitor, Caller::Visitor) | (Access::SignedIn, Caller::Staff(_) | Caller::Intruder) => Verdict::Admitted,
        (Access::SignedIn, Caller::Key(_)) => Verdict::ForPeople,
        (Access::Visitor, _) | (_, Caller::Stranger | Caller::Visitor) => Verdict::Unknown,
        (Access::Needs(permission), Caller::Staff(role)) => held(role.may(permission)),
        (Access::Needs(permission), Caller::Key(scopes)) => held(scopes.contains(&permission)),
        (Access::Needs(_), Caller::Intruder) => Verdict::Outside,
    }
}

async fn walk(company: &Company, routes: &[Route], name: &str, caller: &Caller, client: &Client) -> BTreeSet<String> {
    let mut wrong = BTreeSet::new();
    for route in routes {
        // Each caller has a bucket of requests; it fills while nobody waits.
        company.app.clock.advance(Duration(100_000));
        let answer = call(client, &route.method, &address(route.path, nowhere), None).await;
        let (found, wanted) = (verdict(route, &answer), expected(route.access, caller));
        if found != wanted {
            wrong.insert(format!("{name}: {} {} is {found:?}, not {wanted:?} ({} {})", route.method, route.path, answer.status, answer.text));
        }
    }
    wrong
}

/// A company whose address passkeys can be bound to.
async fn company() -> Company {
    Company::start_with(|configuration| {
        configuration.security.visitor_requests_per_second = 1_000;
        configuration.server.public_url = "https://ennakoi.example.com".to_owned();
    })
    .await
}

async fn key(company: &Company, scopes: &[Permission]) -> Client {
    let made = company.owner.post("api-keys", json!({ "name": "matriisi", "scopes": scopes })).await.expect(201);
    let mut client = company.app.stranger();
    client.authorization = Some(format!("Bearer {}", text(&made["key"])));
    client
}

pub(super) async fn visitor(company: &Company) -> Client {
    let settings = json!({ "kind": "chat", "name": "Verkkokauppa", "settings": { "mode": "person_first" } });
    let channel = company.owner.post("channels", settings).await.expect(201);
    let arrived = company.app.stranger().post(&format!("/widget/v1/{}/visitor", text(&channel["public_key"])), json!({})).await.expect(201);
    let mut client = company.app.stranger();
    client.authorization = Some(format!("Visitor {}", text(&arrived["token"])));
    client
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_admits_whom_it_declares_and_nobody_else() {
    let company = company().await;
    let mut table = routes(&company.app);
    // The visitor signs out, and a person too: after everything else.
    table.sort_by_key(|route| (ENDS_THE_SESSION.contains(&route.operation), route.operation == "end_visitor"));
    let mut wrong = BTreeSet::new();
    for role in Role::ALL {
        let client = company.colleague(&format!("rooli-{}", role.as_str()), role.as_str()).await;
        wrong.extend(walk(&company, &table, role.as_str(), &Caller::Staff(*role), &client).await);
    }
    let mut intruder = company.neighbour().await;
    intruder.workspace = Some(company.workspace());
    wrong.extend(walk(&company, &table, "intruder", &Caller::Intruder, &intruder).await);
    wrong.extend(walk(&company, &table, "stranger", &Caller::Stranger, &company.app.stranger()).await);
    let visiting = visitor(&company).await;
    wrong.extend(walk(&company, &table, "visitor", &Caller::Visitor, &visiting).await);
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.into_iter().collect::<Vec<_>>().join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_opens_exactly_the_routes_of_its_scopes() {
    let company = company().await;
    let table = routes(&company.app);
    let scopes: Vec<Permission> = Permission::ALL.iter().copied().filter(|permission| *permission != Permission::WorkspaceOwn).collect();
    let mut wrong = BTreeSet::new();
    for scope in &scopes {
        let others: Vec<Permission> = scopes.iter().copied().filter(|other| other != scope).collect();
        // With the one scope, and with all but it, on every route that needs it; the first on the others' routes too.
        let of_scope: Vec<Route> = table.iter().filter(|route| route.access == Access::Needs(*scope)).cloned().collect();
        let one = key(&company, &[*scope]).await;
        wrong.extend(walk(&company, &table, &format!("key {}", scope.as_str()), &Caller::Key(vec![*scope]), &one).await);
        let rest = key(&company, &others).await;
        wrong.extend(walk(&company, &of_scope, &format!("key without {}", scope.as_str()), &Caller::Key(others), &rest).await);
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.into_iter().collect::<Vec<_>>().join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_public_is_public_on_purpose() {
    let company = Company::start().await;
    let table = routes(&company.app);
    let public: BTreeSet<&str> = table.iter().filter(|route| route.access == Access::Public).map(|route| route.operation).collect();
    assert_eq!(public, PUBLIC.iter().copied().collect(), "routes that anybody may call");
    let operations: BTreeSet<&str> = table.iter().map(|route| route.operation).collect();
    assert_eq!(operations.len(), table.len(), "an operation id names one route");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ended_session_and_a_forged_one_open_nothing() {
    let company = Company::start().await;
    let aino = company.colleague("aino", "agent").await;
    let again = sign_in(&company.app, "aino@example.fi", PASSWORD).await;
    aino.get("session").await.expect(200);
    again.delete("session").await.expect(204);
    again.get("session").await.expect(401);
    aino.get("session").await.expect(200);
    for cookie in ["ennakoi_session=", "ennakoi_session=nobody", "ennakoi_session=' OR 1=1 --"] {
        let mut forged = company.app.stranger();
        forged.cookie = Some(cookie.to_owned());
        forged.workspace = Some(company.workspace());
        forged.get("contacts").await.expect(401);
    }
}
