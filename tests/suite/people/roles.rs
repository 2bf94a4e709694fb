//! Nobody grants more than they have; a workspace keeps an owner.

use ennakoi_testkit::Client;
use serde_json::json;

use super::{Company, audited, events, id_of, text};

async fn role_of(client: &Client, id: &str) -> String {
    let page = client.get("staff?limit=100").await.expect(200);
    text(&page["items"].as_array().unwrap().iter().find(|member| member["id"] == id).unwrap_or_else(|| panic!("{id} is no member"))["role"])
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_owner_stays() {
    let company = Company::start().await;
    let me = id_of(&company.owner).await;
    assert_eq!(company.owner.patch(&format!("staff/{me}"), json!({ "role": "admin" })).await.expect(409)["code"], "last_owner");
    assert_eq!(company.owner.delete(&format!("staff/{me}")).await.expect(409)["code"], "last_owner");
    let other = company.colleague("toinen", "owner").await;
    company.owner.patch(&format!("staff/{me}"), json!({ "role": "agent" })).await.expect(200);
    company.owner.patch(&format!("staff/{me}"), json!({ "role": "owner" })).await.expect(403);
    let them = id_of(&other).await;
    other.delete(&format!("staff/{them}")).await.expect(409);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_cannot_make_or_unmake_owners() {
    let company = Company::start().await;
    let admin = company.colleague("pomo", "admin").await;
    let agent = company.colleague("aino", "agent").await;
    let (owner_id, admin_id, agent_id) = (id_of(&company.owner).await, id_of(&admin).await, id_of(&agent).await);
    for (id, role) in [(&admin_id, "owner"), (&agent_id, "owner"), (&owner_id, "agent")] {
        admin.patch(&format!("staff/{id}"), json!({ "role": role })).await.expect(403);
    }
    admin.delete(&format!("staff/{owner_id}")).await.expect(403);
    admin.post("invitations", json!({ "email": "uusi@example.fi", "role": "owner" })).await.expect(403);
    admin.patch(&format!("staff/{agent_id}"), json!({ "role": "supervisor" })).await.expect(200);
    assert_eq!(role_of(&admin, &agent_id).await, "supervisor");
    assert!(audited(&company.owner).await.contains(&"staff.role_changed".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_role_and_a_removal_count_from_the_next_request() {
    let company = Company::start().await;
    let admin = company.colleague("pomo", "admin").await;
    let id = id_of(&admin).await;
    admin.get("audit").await.expect(200);
    company.owner.patch(&format!("staff/{id}"), json!({ "role": "viewer" })).await.expect(200);
    admin.get("audit").await.expect(403);
    admin.get("workspace").await.expect(200);
    company.owner.delete(&format!("staff/{id}")).await.expect(204);
    admin.get("workspace").await.expect(403);
    assert!(admin.get("session").await.expect(200)["memberships"].as_array().unwrap().is_empty());
    // The name stays on what the person did.
    let entries = company.owner.get("audit?limit=100&action=staff.joined").await.expect(200);
    assert!(entries["items"].as_array().unwrap().iter().any(|entry| entry["actor_name"] == "pomo"), "{entries}");
    // And they may come back.
    let again = company.owner.post("invitations", json!({ "email": "pomo@example.fi", "role": "agent" })).await.expect(201);
    let token = super::token_of(&again["link"]);
    admin.post(&format!("invitations/by-token/{token}/acceptance"), json!({})).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn members_of_another_workspace_are_out_of_reach() {
    let company = Company::start().await;
    let neighbour = company.neighbour().await;
    let aino = company.colleague("aino", "agent").await;
    let id = id_of(&aino).await;
    neighbour.patch(&format!("staff/{id}"), json!({ "role": "viewer" })).await.expect(404);
    neighbour.delete(&format!("staff/{id}")).await.expect(404);
    neighbour.post(&format!("staff/{id}/password-reset"), json!({})).await.expect(404);
    let mut intruder = neighbour.clone();
    intruder.workspace = Some(company.workspace());
    for path in ["workspace", "staff", "contacts", "audit", "invitations", "api-keys"] {
        intruder.get(path).await.expect(403);
    }
    intruder.workspace = None;
    intruder.get(&format!("workspace?workspace={}", company.workspace())).await.expect(403);
    intruder.get("workspace").await.expect(403);
}

#[tokio::test(flavor = "multi_thread")]
async fn availability_capacity_and_skills() {
    let company = Company::start().await;
    let aino = company.colleague("aino", "agent").await;
    let id = id_of(&aino).await;
    aino.put("availability", json!({ "availability": "online" })).await.expect(204);
    aino.put("availability", json!({ "availability": "asleep" })).await.expect(422);
    aino.patch(&format!("staff/{id}"), json!({ "capacity": 9 })).await.expect(403);
    let change = json!({ "capacity": 9, "skills": [" Laskutus", "laskutus", "Takuu"], "languages": ["fi", "sv"] });
    let member = company.owner.patch(&format!("staff/{id}"), change).await.expect(200);
    assert_eq!(member["skills"], json!(["laskutus", "takuu"]));
    assert_eq!((&member["capacity"], &member["availability"], &member["open_conversations"]), (&json!(9), &json!("online"), &json!(0)));
    company.owner.patch(&format!("staff/{id}"), json!({ "capacity": 101 })).await.expect(422);
    let kinds = events(&company).await;
    for kind in ["staff.invited", "staff.joined", "staff.availability_changed", "staff.updated"] {
        assert!(kinds.contains(&kind.to_owned()), "{kind} in {kinds:?}");
    }
    let first = company.owner.get("staff?limit=1").await.expect(200);
    let second = company.owner.get(&format!("staff?limit=1&cursor={}", text(&first["next_cursor"]))).await.expect(200);
    assert_ne!(first["items"][0]["id"], second["items"][0]["id"]);
    let matrix = aino.get("permissions").await.expect(200);
    assert_eq!(matrix["roles"].as_array().unwrap().len(), 5);
}
