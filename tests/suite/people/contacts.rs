//! Contacts, companies, attributes, timeline, pages.

use ennakoi_kernel::{Duration, ids::ContactId};
use ennakoi_people::visits::{self, NewPageView};
use ennakoi_store::timeline::Actor;
use serde_json::{Value, json};

use super::{Company, audited, text};

async fn contact(company: &Company, body: Value) -> Value {
    company.owner.post("contacts", body).await.expect(201)
}

fn names(page: &Value) -> Vec<String> {
    page["items"].as_array().unwrap().iter().map(|row| text(&row["name"])).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_sorted_filtered_searched_and_paged() {
    let company = Company::start().await;
    let seller = text(&company.owner.post("companies", json!({ "name": "Meri ja Aalto Oy" })).await.expect(201)["id"]);
    for (name, email) in [("Örjan Berg", "orjan@example.fi"), ("Liisa Meri", "liisa@example.fi"), ("aatos Aalto", "aatos@example.fi")] {
        let mut body = json!({ "name": name, "email": email });
        if name == "aatos Aalto" {
            body["company_id"] = json!(seller);
        }
        contact(&company, body).await;
        company.app.clock.advance(Duration::minutes(5));
    }
    let get = async |path: &str| company.owner.get(path).await.expect(200);
    assert_eq!(names(&get("contacts").await), ["aatos Aalto", "Liisa Meri", "Örjan Berg"]);
    for sort in ["last_seen", "created", "name"] {
        let whole = names(&get(&format!("contacts?sort={sort}")).await);
        let mut paged = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = get(&format!("contacts?sort={sort}&limit=1{cursor}")).await;
            paged.extend(names(&page));
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(paged, whole, "{sort}");
    }
    assert_eq!(names(&get(&format!("contacts?company={seller}")).await), ["aatos Aalto"]);
    assert_eq!(get("contacts?q=aalto").await["items"][0]["company"]["name"], "Meri ja Aalto Oy");
    for (words, found) in [("meri", 2), ("LIISA mer", 1), ("liisa@example.fi", 1), ("örj", 1), ("example", 3), ("nobody", 0), ("\" OR 1=1; --", 0), ("%", 0)] {
        let page = get(&format!("contacts?{}", url::form_urlencoded::Serializer::new(String::new()).append_pair("q", words).finish())).await;
        assert_eq!(page["items"].as_array().unwrap().len(), found, "{words}");
    }
    company.owner.get("contacts?sort=password").await.expect(422);
    company.owner.get("contacts?cursor=zz").await.expect(422);
    company.owner.get("contacts?unknown=1").await.expect(422);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_on_an_old_version_is_refused() {
    let company = Company::start().await;
    let made = contact(&company, json!({ "name": "Liisa" })).await;
    let path = format!("contacts/{}", text(&made["id"]));
    let first = company.owner.patch(&path, json!({ "name": "Liisa Meri", "version": made["version"] })).await.expect(200);
    let refused = company.owner.patch(&path, json!({ "name": "Liisa Aalto", "version": made["version"] })).await.expect(409);
    assert_eq!(refused["code"], "version_stale");
    let cleared = company.owner.patch(&path, json!({ "locale": "fi", "timezone": "Europe/Helsinki", "version": first["version"] })).await.expect(200);
    assert_eq!(cleared["locale"], "fi");
    assert_eq!(company.owner.patch(&path, json!({ "locale": null })).await.expect(200)["locale"], Value::Null);
    company.owner.patch(&path, json!({ "timezone": "Nowhere/Land" })).await.expect(422);
    for field in ["email", "merged_into", "id", "workspace_id", "created_at", "identities"] {
        assert_eq!(company.owner.patch(&path, json!({ field: "x" })).await.expect(422)["errors"][0]["code"], "unknown_field", "{field}");
    }
    company.owner.patch(&path, json!({ "blocked": true })).await.expect(200);
    assert!(audited(&company.owner).await.contains(&"contact.blocked".to_owned()));
    let viewer = company.colleague("katsoja", "viewer").await;
    viewer.get(&path).await.expect(200);
    viewer.patch(&path, json!({ "name": "X" })).await.expect(403);
}

#[tokio::test(flavor = "multi_thread")]
async fn attributes_have_definitions_and_types() {
    let company = Company::start().await;
    let define = async |body: Value, status: u16| company.owner.post("attributes", body).await.expect(status);
    define(json!({ "subject": "contact", "key": "tier", "label": "Taso", "type": "choice", "options": ["gold", "silver"] }), 201).await;
    define(json!({ "subject": "contact", "key": "born", "label": "Syntynyt", "type": "date" }), 201).await;
    define(json!({ "subject": "contact", "key": "Väärä", "label": "x", "type": "text" }), 422).await;
    define(json!({ "subject": "contact", "key": "x", "label": "x", "type": "choice" }), 422).await;
    let listed = company.owner.get("attributes?subject=contact").await.expect(200);
    assert_eq!(listed["items"][1], json!({ "key": "tier", "label": "Taso", "type": "choice", "options": ["gold", "silver"] }));
    let made = contact(&company, json!({ "name": "L", "attributes": { "tier": "gold", "free": 1.5, "vip": true } })).await;
    assert_eq!(made["attributes"], json!({ "tier": "gold", "free": 1.5, "vip": true }));
    let path = format!("contacts/{}", text(&made["id"]));
    let refused = company.owner.patch(&path, json!({ "attributes": { "tier": "bronze", "born": "yesterday" } })).await.expect(422);
    assert_eq!(refused["errors"].as_array().unwrap().len(), 2);
    company.owner.patch(&path, json!({ "attributes": { "nested": { "a": 1 } } })).await.expect(422);
    let after = company.owner.patch(&path, json!({ "attributes": { "tier": null, "born": "1980-02-29" } })).await.expect(200);
    assert_eq!(after["attributes"], json!({ "born": "1980-02-29", "free": 1.5, "vip": true }));
    company.owner.delete("attributes/contact/tier").await.expect(204);
    company.owner.delete("attributes/contact/tier").await.expect(404);
    company.colleague("aino", "agent").await.delete("attributes/contact/born").await.expect(403);
}

#[tokio::test(flavor = "multi_thread")]
async fn companies_are_unique_and_connected() {
    let company = Company::start().await;
    let made =
        company.owner.post("companies", json!({ "name": "Meri Oy", "domain": "https://www.Meri.example/", "business_id": "1234567-8" })).await.expect(201);
    assert_eq!((&made["domain"], &made["business_id"]), (&json!("meri.example"), &json!("1234567-8")));
    assert_eq!(company.owner.post("companies", json!({ "name": "Toinen", "domain": "meri.example" })).await.expect(409)["code"], "company_exists");
    let other = company.owner.post("companies", json!({ "name": "Aalto Oy" })).await.expect(201);
    company.owner.patch(&format!("companies/{}", text(&other["id"])), json!({ "business_id": "1234567-8" })).await.expect(409);
    let liisa = text(&contact(&company, json!({ "name": "Liisa" })).await["id"]);
    let link = format!("contacts/{liisa}/companies/{}", text(&made["id"]));
    company.owner.put(&link, json!({ "role": "ostaja" })).await.expect(204);
    let shown = company.owner.get(&format!("contacts/{liisa}")).await.expect(200);
    assert_eq!(shown["companies"], json!([{ "id": made["id"], "name": "Meri Oy", "role": "ostaja" }]));
    let renamed = company.owner.patch(&format!("companies/{}", text(&made["id"])), json!({ "name": "Ulappa Oy", "domain": null })).await.expect(200);
    assert_eq!(renamed["domain"], Value::Null);
    assert_eq!(names(&company.owner.get("contacts?q=ulappa").await.expect(200)), ["Liisa"]);
    company.owner.delete(&link).await.expect(204);
    company.owner.delete(&link).await.expect(404);
    assert_eq!(names(&company.owner.get("companies").await.expect(200)), ["Aalto Oy", "Ulappa Oy"]);
    assert_eq!(names(&company.owner.get("companies?q=UL").await.expect(200)), ["Ulappa Oy"]);
    assert_eq!(company.owner.get("companies?limit=1").await.expect(200)["items"].as_array().unwrap().len(), 1);
    let neighbour = company.neighbour().await;
    neighbour.get(&format!("companies/{}", text(&made["id"]))).await.expect(404);
    neighbour.put(&link, json!({})).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_timeline_and_pages_follow_the_person_through_a_merge() {
    let company = Company::start().await;
    let a = text(&contact(&company, json!({ "name": "Liisa Meri" })).await["id"]);
    let b = text(&contact(&company, json!({ "name": "Liisa" })).await["id"]);
    let view = |id: &str, url: &str| NewPageView {
        contact: id.parse::<ContactId>().unwrap(),
        actor: Actor::Contact(id.parse().unwrap()),
        at: company.app.app.environment.now(),
        url: url.to_owned(),
        title: "Sivu".to_owned(),
        referrer: None,
    };
    for (id, url) in [(&a, "https://shop.example/1"), (&b, "https://shop.example/2"), (&b, "javascript:alert(1)"), (&a, "https://shop.example/3")] {
        let mut tx = company.app.app.db.begin().await.unwrap();
        let recorded = visits::record_page(&mut tx, &company.app.app.environment, company.workspace().parse().unwrap(), view(id, url)).await.unwrap();
        assert_eq!(recorded, url.starts_with("https"));
        tx.commit().await.unwrap();
        company.app.clock.advance(Duration::seconds(1));
    }
    company.owner.post(&format!("contacts/{a}/merges"), json!({ "loser": b })).await.expect(201);
    let pages = company.owner.get(&format!("contacts/{a}/pages")).await.expect(200);
    let urls: Vec<String> = pages["items"].as_array().unwrap().iter().map(|view| text(&view["url"])).collect();
    assert_eq!(urls, ["https://shop.example/3", "https://shop.example/2", "https://shop.example/1"]);
    let mut seqs = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = company.owner.get(&format!("contacts/{a}/timeline?limit=2{cursor}")).await.expect(200);
        seqs.extend(page["items"].as_array().unwrap().iter().map(|entry| (entry["seq"].as_i64().unwrap(), text(&entry["kind"]))));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    let kinds: Vec<&str> = seqs.iter().map(|(_, kind)| kind.as_str()).collect();
    assert_eq!(kinds, ["contact.merged", "page.viewed", "page.viewed", "page.viewed", "contact.created", "contact.created"]);
    assert!(seqs.windows(2).all(|pair| pair[0].0 > pair[1].0));
    let first = company.owner.get(&format!("contacts/{a}/timeline?limit=1")).await.expect(200);
    assert_eq!(first["items"][0]["actor_name"], "Owner");
}
