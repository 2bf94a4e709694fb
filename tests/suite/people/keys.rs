//! API keys.

use ennakoi_kernel::Duration;
use ennakoi_testkit::Client;
use serde_json::{Value, json};

use super::{Company, count, text};

async fn key(company: &Company, by: &Client, scopes: Value) -> (String, Client) {
    let made = by.post("api-keys", json!({ "name": "Verkkokauppa", "scopes": scopes })).await.expect(201);
    (text(&made["id"]), with_key(company, &text(&made["key"])))
}

fn with_key(company: &Company, key: &str) -> Client {
    let mut client = company.app.stranger();
    client.authorization = Some(format!("Bearer {key}"));
    client
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_does_what_its_scopes_say_in_its_workspace_only() {
    let company = Company::start().await;
    let (_, program) = key(&company, &company.owner, json!(["contacts:read", "contacts:write"])).await;
    let contact = program.post("contacts", json!({ "name": "Liisa Meri" })).await.expect(201);
    program.get(&format!("contacts/{}", text(&contact["id"]))).await.expect(200);
    program.get("audit").await.expect(403);
    program.get("session").await.expect(403);
    program.put("availability", json!({ "availability": "online" })).await.expect(403);
    // The workspace is the key's; a header changes nothing.
    let neighbour = company.neighbour().await;
    let mut elsewhere = program.clone();
    elsewhere.workspace = neighbour.workspace.clone();
    assert_eq!(elsewhere.get("contacts").await.expect(200)["items"].as_array().unwrap().len(), 1);
    assert!(neighbour.get("contacts").await.expect(200)["items"].as_array().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_gets_no_right_that_its_maker_does_not_have() {
    let company = Company::start().await;
    let admin = company.colleague("pomo", "admin").await;
    admin.post("api-keys", json!({ "name": "x", "scopes": ["workspace:own"] })).await.expect(422);
    company.owner.post("api-keys", json!({ "name": "x", "scopes": ["workspace:own"] })).await.expect(422);
    company.owner.post("api-keys", json!({ "name": "x", "scopes": [] })).await.expect(422);
    company.owner.post("api-keys", json!({ "name": "x", "scopes": ["everything"] })).await.expect(422);
    let (_, program) = key(&company, &admin, json!(["integrations:manage", "staff:manage", "contacts:read"])).await;
    program.post("api-keys", json!({ "name": "more", "scopes": ["contacts:write"] })).await.expect(403);
    program.post("api-keys", json!({ "name": "as much", "scopes": ["contacts:read"] })).await.expect(201);
    // Staff management without the rights of a role does not grant that role.
    program.post("invitations", json!({ "email": "x@example.fi", "role": "viewer" })).await.expect(403);
    let aino = company.colleague("aino", "agent").await;
    let id = super::id_of(&aino).await;
    program.patch(&format!("staff/{id}"), json!({ "role": "admin" })).await.expect(403);
    program.post(&format!("staff/{id}/password-reset"), json!({})).await.expect(403);
    for role in ["supervisor", "agent", "viewer"] {
        company.colleague(&format!("k{role}"), role).await.post("api-keys", json!({ "name": "x", "scopes": ["contacts:read"] })).await.expect(403);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawn_or_expired_key_stops_at_once() {
    let company = Company::start().await;
    let (id, program) = key(&company, &company.owner, json!(["contacts:read"])).await;
    program.get("contacts").await.expect(200);
    let neighbour = company.neighbour().await;
    neighbour.delete(&format!("api-keys/{id}")).await.expect(404);
    company.owner.delete(&format!("api-keys/{id}")).await.expect(204);
    assert_eq!(program.get("contacts").await.expect(401)["code"], "api_key_invalid");

    let until = company.app.app.environment.now() + Duration::hours(1);
    let made = company.owner.post("api-keys", json!({ "name": "hetken", "scopes": ["contacts:read"], "expires_at": until.0 })).await.expect(201);
    let program = with_key(&company, &text(&made["key"]));
    program.get("contacts").await.expect(200);
    company.app.clock.advance(Duration::hours(2));
    program.get("contacts").await.expect(401);
    let past = company.app.app.environment.now() - Duration::hours(1);
    company.owner.post("api-keys", json!({ "name": "x", "scopes": ["contacts:read"], "expires_at": past.0 })).await.expect(422);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_shown_once_and_stored_as_a_hash() {
    let company = Company::start().await;
    let made = company.owner.post("api-keys", json!({ "name": "Verkkokauppa", "scopes": ["contacts:read"] })).await.expect(201);
    let key = text(&made["key"]);
    assert!(key.starts_with("ek_") && key.len() == 51, "{key}");
    let listed = company.owner.get("api-keys").await.expect(200);
    assert_eq!((listed["items"][0].get("key"), &listed["items"][0]["prefix"]), (None, &json!(key[..10])));
    assert_eq!(listed["items"][0]["last_used_at"], Value::Null);
    with_key(&company, &key).get("contacts").await.expect(200);
    assert!(company.owner.get("api-keys").await.expect(200)["items"][0]["last_used_at"].is_i64());
    assert_eq!(count(&company.app, &format!("SELECT COUNT(*) FROM api_keys WHERE key_hash = '{key}' OR prefix = '{key}'")).await, 0);
    for wrong in ["ek_", "ek_' OR 1=1 --", &key[..50], &format!("{key}0"), &key.replace("ek_", "sk_")] {
        with_key(&company, wrong).get("contacts").await.expect(401);
    }
}
