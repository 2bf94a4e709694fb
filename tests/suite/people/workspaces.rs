//! Workspaces.

use serde_json::{Value, json};

use super::{Company, audited, events, text};

#[tokio::test(flavor = "multi_thread")]
async fn only_operators_make_workspaces() {
    let company = Company::start().await;
    let other = company.colleague("toinen", "owner").await;
    other.post("workspaces", json!({ "name": "Oma" })).await.expect(403);
    company.app.stranger().post("workspaces", json!({ "name": "Oma" })).await.expect(401);
    company.owner.post("workspaces", json!({ "name": "Käpylän Kone Oy" })).await.expect(201);
    company.owner.post("workspaces", json!({ "name": "Sama", "slug": "kapylan-kone-oy" })).await.expect(422);
    company.owner.post("workspaces", json!({ "name": "Sama", "slug": "../etc" })).await.expect(422);
    company.owner.post("workspaces", json!({ "name": " " })).await.expect(422);
    let session = company.owner.get("session").await.expect(200);
    let slugs: Vec<String> = session["memberships"].as_array().unwrap().iter().map(|it| text(&it["workspace"]["slug"])).collect();
    assert!(slugs.contains(&"kapylan-kone-oy-2".to_owned()), "{slugs:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_change_one_by_one() {
    let company = Company::start().await;
    let before = company.owner.get("workspace").await.expect(200);
    assert_eq!((&before["timezone"], &before["languages"], &before["default_language"]), (&json!("Europe/Helsinki"), &json!(["fi", "sv", "en"]), &json!("fi")));
    let change = json!({
        "name": "Käpylän Kone", "languages": ["sv", "fi", "sv"], "default_language": "sv", "timezone": "Europe/Stockholm",
        "brand": { "color": "#aa3300", "launcher": "left", "greeting": { "fi": "Hei!" } },
        "modules": { "commerce": false }, "setup": { "done": ["name", "languages"] },
    });
    let after = company.owner.patch("workspace", change).await.expect(200);
    assert_eq!(after["languages"], json!(["sv", "fi"]));
    let after = company.owner.patch("workspace", json!({ "brand": { "greeting": { "sv": "Hej!" } }, "modules": { "voice": true } })).await.expect(200);
    assert_eq!(after["brand"], json!({ "color": "#aa3300", "logo_url": null, "launcher": "left", "greeting": { "fi": "Hei!", "sv": "Hej!" } }));
    assert_eq!(after["modules"], json!({ "commerce": false, "voice": true }));
    assert_eq!(company.owner.get("workspace").await.expect(200), after);
    assert_eq!(events(&company).await.iter().filter(|kind| *kind == "workspace.updated").count(), 2);
    assert!(audited(&company.owner).await.contains(&"workspace.updated".to_owned()));
    // Saying the same again is not a change.
    company.owner.patch("workspace", json!({ "name": "Käpylän Kone" })).await.expect(200);
    assert_eq!(events(&company).await.iter().filter(|kind| *kind == "workspace.updated").count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_settings_are_named_all_at_once() {
    let company = Company::start().await;
    let change = json!({
        "name": "", "timezone": "Mars/Olympus", "languages": ["fi"], "default_language": "sv",
        "brand": { "color": "red; background: url(//evil.example)", "logo_url": "javascript:alert(1)" },
    });
    let refused = company.owner.patch("workspace", change).await.expect(422);
    let mut fields: Vec<String> = refused["errors"].as_array().unwrap().iter().map(|error| text(&error["field"])).collect();
    fields.sort();
    assert_eq!(fields, ["brand.color", "brand.logo_url", "default_language", "name", "timezone"]);
    for (field, value) in [("slug", json!("x")), ("id", json!("x")), ("version", json!(1))] {
        assert_eq!(company.owner.patch("workspace", json!({ field: value })).await.expect(422)["errors"][0]["code"], "unknown_field");
    }
    for logo in ["//evil.example/x.png", "http://example.fi/x.png", "/\\evil.example"] {
        company.owner.patch("workspace", json!({ "brand": { "logo_url": logo } })).await.expect(422);
    }
    company.owner.patch("workspace", json!({ "brand": { "logo_url": "https://example.fi/x.png" } })).await.expect(200);
    let emptied = company.owner.patch("workspace", json!({ "brand": { "logo_url": null } })).await.expect(200);
    assert_eq!(emptied["brand"]["logo_url"], Value::Null);
    for role in ["supervisor", "agent", "viewer"] {
        let colleague = company.colleague(role, role).await;
        colleague.get("workspace").await.expect(200);
        colleague.patch("workspace", json!({ "name": "Kaapattu" })).await.expect(403);
    }
}
