//! Workspaces, staff, sign-in and contacts, and the attacks on them.

mod contacts;
mod identities;
mod invitations;
mod keys;
mod oidc;
mod passkeys;
mod resets;
mod roles;
mod sign_in;
mod workspaces;

use ennakoi_kernel::configuration::Configuration;
use ennakoi_store::params;
use ennakoi_testkit::{Answer, Client, TestApp};
use serde_json::{Value, json};

pub(crate) const PASSWORD: &str = "kolme punaista kissaa";

/// A company with its owner signed in.
pub(crate) struct Company {
    pub(crate) app: TestApp,
    pub(crate) owner: Client,
    pub(crate) owner_password: String,
}

impl Company {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(&mut Configuration)) -> Self {
        let app = TestApp::start_with(change).await;
        let first = ennakoi_people::first_start(&app.app).await.unwrap().expect("a fresh installation makes its first account");
        let mut owner = sign_in(&app, &first.email, &first.password).await;
        let membership = owner.post("workspaces", json!({ "name": "Käpylän Kone Oy" })).await.expect(201);
        owner.workspace = Some(text(&membership["workspace"]["id"]));
        Self { app, owner, owner_password: first.password }
    }

    /// A colleague with this role, signed in.
    pub(crate) async fn colleague(&self, name: &str, role: &str) -> Client {
        join(&self.app, &self.owner, &address(name), role).await
    }

    /// The id of the workspace.
    pub(crate) fn workspace(&self) -> String {
        self.owner.workspace.clone().unwrap()
    }

    /// A second workspace of the same installation with an owner of its own.
    pub(crate) async fn neighbour(&self) -> Client {
        let mut here = self.owner.clone();
        let membership = here.post("workspaces", json!({ "name": "Naapuri Oy" })).await.expect(201);
        here.workspace = Some(text(&membership["workspace"]["id"]));
        join(&self.app, &here, "naapuri@example.fi", "owner").await
    }
}

pub(crate) fn address(name: &str) -> String {
    format!("{name}@example.fi")
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}")).to_owned()
}

/// The session cookie that an answer sets, as a browser would send it back.
pub(crate) fn cookie(answer: &Answer) -> Option<String> {
    let set = answer.headers.get_all("set-cookie").iter().filter_map(|value| value.to_str().ok());
    set.filter(|value| value.starts_with("ennakoi_session=")).map(|value| value.split(';').next().unwrap().to_owned()).find(|pair| pair != "ennakoi_session=")
}

pub(crate) async fn try_sign_in(client: &Client, email: &str, password: &str, code: Option<&str>) -> Answer {
    let mut body = json!({ "email": email, "password": password });
    if let Some(code) = code {
        body["code"] = json!(code);
    }
    client.post("session", body).await
}

pub(crate) async fn sign_in(app: &TestApp, email: &str, password: &str) -> Client {
    let mut client = app.stranger();
    let answer = try_sign_in(&client, email, password, None).await;
    client.cookie = cookie(&answer);
    answer.expect(200);
    assert!(client.cookie.is_some(), "a session begins with a cookie");
    client
}

/// Invites and accepts; the new colleague is signed in to the inviting workspace.
pub(crate) async fn join(app: &TestApp, inviting: &Client, email: &str, role: &str) -> Client {
    let invitation = inviting.post("invitations", json!({ "email": email, "role": role })).await.expect(201);
    let token = token_of(&invitation["link"]);
    let mut client = app.stranger();
    let answer = client
        .post(&format!("invitations/by-token/{token}/acceptance"), json!({ "name": email.split('@').next().unwrap(), "password": PASSWORD, "locale": "fi" }))
        .await;
    client.cookie = cookie(&answer);
    client.workspace.clone_from(&inviting.workspace);
    answer.expect(200);
    client
}

/// The last part of a link.
pub(crate) fn token_of(link: &Value) -> String {
    text(link).rsplit('/').next().unwrap().to_owned()
}

/// The caller's own id.
pub(crate) async fn id_of(client: &Client) -> String {
    text(&client.get("session").await.expect(200)["staff"]["id"])
}

/// How many rows a statement counts.
pub(crate) async fn count(app: &TestApp, sql: &str) -> i64 {
    app.app.db.read().await.unwrap().scalar(sql, params![]).await.unwrap()
}

/// The actions in the audit, newest first.
pub(crate) async fn audited(client: &Client) -> Vec<String> {
    let page = client.get("audit?limit=100").await.expect(200);
    page["items"].as_array().unwrap().iter().map(|entry| text(&entry["action"])).collect()
}

/// The kinds of events of the workspace so far.
pub(crate) async fn events(company: &Company) -> Vec<String> {
    let workspace = company.workspace().parse().unwrap();
    let mut tx = company.app.app.db.read().await.unwrap();
    let events = ennakoi_store::timeline::after(&mut tx, workspace, 0, 500).await.unwrap();
    events.into_iter().map(|event| event.kind).collect()
}
