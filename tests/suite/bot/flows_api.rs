//! Editing flows: drafts, checks, trials, publishing, versions, switching off.

use serde_json::{Value, json};

use super::flows::bought;
use crate::{
    chat::{Shop, said},
    people::text,
};

const OWN: &str = r#"
id = "showroom"
needs = ["store_opening_hours"]
confidence = 0.4

[title]
fi = "Näyttely"
sv = "Utställning"
en = "Showroom"

[[step]]
id = "tell"
do = "end"
text.fi = "Näyttely on auki arkisin kymmenestä viiteen."
text.sv = "Utställningen är öppen på vardagar tio till fem."
text.en = "The showroom is open on weekdays from ten to five."

[[test]]
name = "kerrotaan ajat"
locale = "fi"
[[test.turns]]
says = "milloin olette auki"
at = "end"
hears = "kymmenestä"
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_flow_of_ones_own_is_drafted_checked_tried_published_and_taken_away() {
    let shop = Shop::open().await;
    let owner = shop.owner();
    let checked = owner.post("bot/flow-checks", json!({ "definition": OWN, "test": true })).await.expect(200);
    assert_eq!((&checked["flaws"], &checked["tests"][0]["passed"]), (&json!([]), &json!(true)), "{checked}");
    // As a drawing sends it: the same flow, changed, comes back as text.
    let mut flow = checked["flow"].clone();
    flow["step"][0]["text"]["fi"] = json!("Näyttely on auki arkisin kymmenestä \"kuuteen\".");
    let redrawn = owner.post("bot/flow-checks", json!({ "flow": flow })).await.expect(200);
    assert!(text(&redrawn["definition"]).contains("\\\"kuuteen\\\""), "{redrawn}");
    let tried = owner.post("bot/flow-trials", json!({ "definition": OWN, "locale": "fi", "says": "milloin olette auki" })).await.expect(200);
    assert_eq!((&tried["at"], &tried["state"]), (&json!("end"), &Value::Null), "{tried}");
    let saved = owner.put("bot/flows/showroom", json!({ "definition": OWN, "version": 0 })).await.expect(200);
    assert_eq!((&saved["draft_version"], &saved["published"]), (&json!(1), &json!(0)));
    assert_eq!(owner.put("bot/flows/showroom", json!({ "definition": OWN, "version": 0 })).await.expect(409)["code"], "stale_version");
    let visitor = shop.visitor().await;
    assert!(!format!("{:?}", visitor.ask("1", "Milloin olette auki?").await).contains("kymmenestä"), "a draft is not live");
    owner.put("bot/flows/showroom/publication", json!({ "version": 7 })).await.expect(409);
    assert_eq!(owner.put("bot/flows/showroom/publication", json!({ "version": 1 })).await.expect(200)["published"], 1);
    let heard = shop.visitor().await.ask("1", "Milloin olette auki?").await;
    assert!(text(&said(&heard).last().unwrap()["body"]).contains("kymmenestä"), "{heard:?}");
    assert!(text(&owner.get("bot/flows/showroom/versions/1").await.expect(200)["definition"]).contains("showroom"));
    owner.get("bot/flows/showroom/versions/9").await.expect(404);
    owner.patch("bot/flows/showroom", json!({ "enabled": false })).await.expect(200);
    let heard = shop.visitor().await.ask("1", "Milloin olette auki?").await;
    assert!(!format!("{heard:?}").contains("kymmenestä"), "{heard:?}");
    owner.delete("bot/flows/showroom").await.expect(200);
    owner.get("bot/flows/showroom").await.expect(404);
    owner.delete("bot/flows/showroom").await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_unsound_is_not_published_and_is_told_at_its_step() {
    let shop = Shop::open().await;
    let owner = shop.owner();
    for (change, step, code) in [
        (("do = \"end\"", "do = \"say\"\nnext = \"nowhere\""), Some("tell"), "leads_nowhere"),
        (("do = \"end\"", "do = \"request\"\nkind = \"visit\"\nnext = \"tell\""), Some("tell"), "unconfirmed"),
        (("Utställningen är öppen på vardagar tio till fem.", ""), Some("tell"), "text"),
        (("arkisin kymmenestä", "{order.colour}"), Some("tell"), "unknown_value"),
        (("store_opening_hours", "no_such_need"), None, "unknown_need"),
        (("do = \"end\"", "do = \"sing\""), Some("tell"), "invalid"),
        (("[title]", "[[title"), None, "not_toml"),
    ] {
        let wrong = OWN.replace(change.0, change.1);
        let checked = owner.post("bot/flow-checks", json!({ "definition": wrong })).await.expect(200);
        let flaw = checked["flaws"].as_array().unwrap().iter().find(|flaw| flaw["code"] == code).unwrap_or_else(|| panic!("{code}: {checked}")).clone();
        assert_eq!(flaw["step"].as_str(), step, "{flaw}");
    }
    let failing = OWN.replace("hears = \"kymmenestä\"", "hears = \"yhdeksästä\"");
    owner.put("bot/flows/showroom", json!({ "definition": failing, "version": 0 })).await.expect(200);
    let refused = owner.put("bot/flows/showroom/publication", json!({ "version": 1 })).await.expect(422);
    assert_eq!(refused["errors"][0]["code"], "test_failed", "{refused}");
    for (body, status) in [(json!({ "definition": "", "version": 0 }), 422), (json!({ "definition": OWN, "version": 1 }), 422)] {
        owner.put("bot/flows/other", body).await.expect(status);
    }
    owner.put("bot/flows/Bad-Name", json!({ "definition": OWN, "version": 0 })).await.expect(422);
    owner.post("bot/flow-checks", json!({})).await.expect(422);
    owner.post("bot/flow-trials", json!({ "definition": OWN, "locale": "fi" })).await.expect(422);
    owner.patch("bot/flows/nothing", json!({ "enabled": true })).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn ready_flows_are_listed_switched_off_and_changed() {
    let shop = Shop::open().await;
    bought(&shop).await;
    let owner = shop.owner();
    let listed = owner.get("bot/flows").await.expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 10);
    assert!(listed["items"].as_array().unwrap().iter().all(|flow| flow["flaws"] == 0 && flow["ready"] == true && flow["enabled"] == true), "{listed}");
    owner.patch("bot/flows/track_order", json!({ "enabled": false })).await.expect(200);
    let turn = owner.post("bot/questions", json!({ "text": "Missä tilaukseni on?", "locale": "fi" })).await.expect(200);
    assert_ne!(turn["verdict"], "flow", "{turn}");
    owner.patch("bot/flows/track_order", json!({ "enabled": true })).await.expect(200);
    let turn = owner.post("bot/questions", json!({ "text": "Missä tilaukseni on?", "locale": "fi" })).await.expect(200);
    assert_eq!((&turn["verdict"], &turn["rule"]), (&json!("flow"), &json!("flow:track_order:began")), "{turn}");
    let original = owner.get("bot/flows/track_order").await.expect(200);
    let changed = text(&original["definition"]).replace("Mitä tilausta tarkoitat?", "Kerro, mikä tilaus.");
    let saved = owner.put("bot/flows/track_order", json!({ "definition": changed, "version": original["draft_version"] })).await.expect(200);
    owner.put("bot/flows/track_order/publication", json!({ "version": saved["draft_version"] })).await.expect(422);
    let changed = changed.replace("hears = \"Mitä tilausta\"", "hears = \"mikä tilaus\"");
    let saved = owner.put("bot/flows/track_order", json!({ "definition": changed, "version": saved["draft_version"] })).await.expect(200);
    owner.put("bot/flows/track_order/publication", json!({ "version": saved["draft_version"] })).await.expect(200);
    owner.delete("bot/flows/track_order").await.expect(200);
    assert_eq!(owner.get("bot/flows/track_order").await.expect(200)["published"], 0);
    let aino = shop.company.colleague("aino", "agent").await;
    aino.get("bot/flows").await.expect(403);
    aino.put("bot/flows/track_order", json!({ "definition": changed, "version": 0 })).await.expect(403);
    assert!(shop.company.neighbour().await.get("requests").await.expect(200)["items"].as_array().unwrap().is_empty());
}
