//! Becoming a member.

use ennakoi_kernel::Duration;
use serde_json::json;

use super::{Company, PASSWORD, address, cookie, count, join, sign_in, text, token_of};

#[tokio::test(flavor = "multi_thread")]
async fn a_link_works_once_and_only_for_a_week() {
    let company = Company::start().await;
    let invitation = company.owner.post("invitations", json!({ "email": "Uusi@Example.fi", "role": "agent" })).await.expect(201);
    let token = token_of(&invitation["link"]);
    let listed = company.owner.get("invitations").await.expect(200);
    assert_eq!(listed["items"][0].get("link"), None, "the link is shown once");
    let stranger = company.app.stranger();
    let shown = stranger.get(&format!("invitations/by-token/{token}")).await.expect(200);
    assert_eq!((&shown["workspace"], &shown["account_exists"]), (&json!("Käpylän Kone Oy"), &json!(false)));
    let path = format!("invitations/by-token/{token}/acceptance");
    stranger.post(&path, json!({ "name": "", "password": PASSWORD })).await.expect(422);
    stranger.post(&path, json!({ "name": "Uusi", "password": "lyhyt" })).await.expect(422);
    let session = stranger.post(&path, json!({ "name": "Uusi", "password": PASSWORD, "locale": "sv" })).await.expect(200);
    assert_eq!(
        (&session["memberships"][0]["role"], &session["staff"]["locale"], &session["staff"]["operator"]),
        (&json!("agent"), &json!("sv"), &json!(false))
    );
    stranger.post(&path, json!({ "name": "Toinen", "password": PASSWORD })).await.expect(404);
    assert_eq!(company.owner.post("invitations", json!({ "email": "uusi@example.fi", "role": "agent" })).await.expect(409)["code"], "already_member");

    let late = company.owner.post("invitations", json!({ "email": "myöhäinen@example.fi", "role": "agent" })).await.expect(201);
    company.app.clock.advance(Duration::days(8));
    company.app.stranger().get(&format!("invitations/by-token/{}", token_of(&late["link"]))).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn inviting_again_replaces_the_link_and_withdrawing_ends_it() {
    let company = Company::start().await;
    let invite = || company.owner.post("invitations", json!({ "email": "uusi@example.fi", "role": "agent" }));
    let first = invite().await.expect(201);
    let second = invite().await.expect(201);
    let stranger = company.app.stranger();
    stranger.get(&format!("invitations/by-token/{}", token_of(&first["link"]))).await.expect(404);
    let path = format!("invitations/by-token/{}", token_of(&second["link"]));
    stranger.get(&path).await.expect(200);
    let neighbour = company.neighbour().await;
    neighbour.delete(&format!("invitations/{}", text(&second["id"]))).await.expect(404);
    company.owner.delete(&format!("invitations/{}", text(&second["id"]))).await.expect(204);
    stranger.get(&path).await.expect(404);
    // Each letter is planned once, with its own link.
    let letters = "SELECT COUNT(*) FROM intents WHERE transport = 'email' AND payload LIKE '%uusi@example.fi%'";
    assert_eq!(count(&company.app, letters).await, 2);
    assert_eq!(count(&company.app, &format!("SELECT COUNT(*) FROM invitations WHERE token_hash = '{}'", token_of(&second["link"]))).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_existing_account_is_joined_only_by_its_person() {
    let company = Company::start().await;
    let neighbour = company.neighbour().await;
    join(&company.app, &neighbour, &address("aino"), "agent").await;
    let invitation = company.owner.post("invitations", json!({ "email": "AINO@example.fi", "role": "owner" })).await.expect(201);
    let path = format!("invitations/by-token/{}/acceptance", token_of(&invitation["link"]));
    let stranger = company.app.stranger();
    // Whoever holds the link (it was shown to the inviting person) cannot take the account over.
    stranger.post(&path, json!({ "name": "Mallory", "password": "mallory sets a password" })).await.expect(401);
    stranger.post(&path, json!({})).await.expect(422);
    company.owner.post(&path, json!({ "password": "mallory sets a password" })).await.expect(401);
    sign_in(&company.app, &address("aino"), PASSWORD).await;
    let session = stranger.post(&path, json!({ "password": PASSWORD })).await.expect(200);
    assert_eq!(session["memberships"].as_array().unwrap().len(), 2);
    assert_ne!(session["staff"]["name"], "Mallory");
}

#[tokio::test(flavor = "multi_thread")]
async fn links_do_not_follow_the_host_header() {
    let company = Company::start().await;
    let poisoned = company.owner.clone().with_header("host", "evil.example").with_header("x-forwarded-host", "evil.example");
    let invitation = poisoned.post("invitations", json!({ "email": "uusi@example.fi", "role": "agent" })).await.expect(201);
    assert!(text(&invitation["link"]).starts_with(&company.app.url), "{invitation}");
    company.colleague("aino", "agent").await;
    let stranger = company.app.stranger().with_header("host", "evil.example").with_header("x-forwarded-host", "evil.example");
    stranger.post("password-resets", json!({ "email": address("aino") })).await.expect(202);
    company.app.settle().await;
    assert_eq!(count(&company.app, "SELECT COUNT(*) FROM intents WHERE payload LIKE '%evil.example%'").await, 0);
    assert_eq!(count(&company.app, "SELECT COUNT(*) FROM intents WHERE payload LIKE '%/app/password-reset/%'").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_administrators_invite() {
    let company = Company::start().await;
    for role in ["supervisor", "agent", "viewer"] {
        let colleague = company.colleague(role, role).await;
        colleague.post("invitations", json!({ "email": "x@example.fi", "role": "viewer" })).await.expect(403);
        colleague.get("invitations").await.expect(403);
    }
    let bad = company.owner.post("invitations", json!({ "email": "x@example.fi\r\nBcc: all@example.fi", "role": "viewer" })).await.expect(422);
    assert_eq!(bad["errors"][0]["code"], "email_invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_signed_in_as_the_invited_person_needs_no_password() {
    let company = Company::start().await;
    let neighbour = company.neighbour().await;
    let mut aino = join(&company.app, &neighbour, &address("aino"), "agent").await;
    let invitation = company.owner.post("invitations", json!({ "email": address("aino"), "role": "viewer" })).await.expect(201);
    let path = format!("invitations/by-token/{}/acceptance", token_of(&invitation["link"]));
    let answer = aino.post(&path, json!({})).await;
    let fresh = cookie(&answer).unwrap();
    answer.expect(200);
    aino.get("session").await.expect(401);
    aino.cookie = Some(fresh);
    aino.workspace = Some(company.workspace());
    aino.get("workspace").await.expect(200);
}
