//! Forgotten passwords.

use ennakoi_kernel::Duration;
use ennakoi_store::params;
use ennakoi_testkit::Client;
use serde_json::{Value, json};

use super::{Company, PASSWORD, address, count, id_of, join, sign_in, text, token_of, try_sign_in};

const NEW: &str = "neljä vihreää koiraa";

/// The token in the newest letter with a reset link.
async fn mailed_token(company: &Company) -> String {
    company.app.settle().await;
    let mut tx = company.app.app.db.read().await.unwrap();
    let (payload,): (String,) = tx
        .one("SELECT payload FROM intents WHERE transport = 'email' AND payload LIKE '%password_reset%' ORDER BY created_at DESC, id DESC LIMIT 1", params![])
        .await
        .unwrap();
    let payload: Value = serde_json::from_str(&payload).unwrap();
    let letter = text(&payload["text"]);
    letter.split("/app/password-reset/").nth(1).unwrap().split_whitespace().next().unwrap().to_owned()
}

async fn ask(client: &Client, email: &str) {
    client.post("password-resets", json!({ "email": email })).await.expect(202);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_is_the_same_for_everybody_and_only_members_get_a_letter() {
    let company = Company::start().await;
    company.colleague("aino", "agent").await;
    let letters = "SELECT COUNT(*) FROM intents WHERE payload LIKE '%password_reset%'";
    let stranger = company.app.stranger();
    let known = stranger.post("password-resets", json!({ "email": address("aino") })).await;
    let unknown = stranger.post("password-resets", json!({ "email": address("nobody") })).await;
    let malformed = stranger.post("password-resets", json!({ "email": "nobody" })).await;
    assert_eq!((known.status.as_u16(), known.text), (202, String::new()));
    assert_eq!((unknown.status.as_u16(), unknown.text), (202, String::new()));
    assert_eq!((malformed.status.as_u16(), malformed.text), (202, String::new()));
    company.app.settle().await;
    assert_eq!(count(&company.app, letters).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_works_once_within_an_hour_and_ends_all_sessions() {
    let company = Company::start().await;
    let aino = company.colleague("aino", "agent").await;
    let stranger = company.app.stranger();
    ask(&stranger, &address("aino")).await;
    let first = mailed_token(&company).await;
    ask(&stranger, &address("aino")).await;
    let token = mailed_token(&company).await;
    stranger.put(&format!("password-resets/{first}"), json!({ "password": NEW })).await.expect(404);
    let path = format!("password-resets/{token}");
    stranger.put(&path, json!({ "password": "salasana1" })).await.expect(422);
    aino.get("session").await.expect(200);
    stranger.put(&path, json!({ "password": NEW })).await.expect(204);
    aino.get("session").await.expect(401);
    stranger.put(&path, json!({ "password": NEW })).await.expect(404);
    try_sign_in(&stranger, &address("aino"), PASSWORD, None).await.expect(401);
    sign_in(&company.app, &address("aino"), NEW).await;
    ask(&stranger, &address("aino")).await;
    let late = mailed_token(&company).await;
    company.app.clock.advance(Duration::minutes(61));
    stranger.put(&format!("password-resets/{late}"), json!({ "password": NEW })).await.expect(404);
    assert_eq!(count(&company.app, &format!("SELECT COUNT(*) FROM password_resets WHERE token_hash = '{late}'")).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_hands_links_out_only_to_those_below() {
    let company = Company::start().await;
    let admin = company.colleague("pomo", "admin").await;
    let aino = company.colleague("aino", "agent").await;
    let other_owner = company.colleague("toinen", "owner").await;
    let link = admin.post(&format!("staff/{}/password-reset", id_of(&aino).await), json!({})).await.expect(201);
    assert!(text(&link["link"]).starts_with(&company.app.url));
    company.app.stranger().put(&format!("password-resets/{}", token_of(&link["link"])), json!({ "password": NEW })).await.expect(204);
    sign_in(&company.app, &address("aino"), NEW).await;
    // Not for an owner, and not for whoever runs the installation.
    admin.post(&format!("staff/{}/password-reset", id_of(&other_owner).await), json!({})).await.expect(403);
    other_owner.post(&format!("staff/{}/password-reset", id_of(&company.owner).await), json!({})).await.expect(403);
    // Not for somebody who is an owner elsewhere: the link would open that workspace too.
    let neighbour = company.neighbour().await;
    let here = company.owner.post("invitations", json!({ "email": "naapuri@example.fi", "role": "viewer" })).await.expect(201);
    neighbour.post(&format!("invitations/by-token/{}/acceptance", token_of(&here["link"])), json!({})).await.expect(200);
    let neighbour = sign_in(&company.app, "naapuri@example.fi", PASSWORD).await;
    admin.post(&format!("staff/{}/password-reset", id_of(&neighbour).await), json!({})).await.expect(403);
    company.owner.post(&format!("staff/{}/password-reset", id_of(&neighbour).await), json!({})).await.expect(201);
    let viewer = join(&company.app, &company.owner, &address("katsoja"), "viewer").await;
    viewer.post(&format!("staff/{}/password-reset", id_of(&aino_again(&company).await).await), json!({})).await.expect(403);
}

async fn aino_again(company: &Company) -> Client {
    sign_in(&company.app, &address("aino"), NEW).await
}
