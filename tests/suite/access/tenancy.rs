//! Ids of another workspace's things lead nowhere, on every route that carries one.
//!
//! Each route is called twice with the same address and body: by the owner of another workspace, who must get 404, and by the
//! owner of the thing, who must not. Without the second call a mistyped address would look like a closed door.

use std::collections::BTreeMap;

use axum::http::Method;
use ennakoi_http::Route;
use ennakoi_kernel::{Duration, access::Access};
use ennakoi_store::params;
use ennakoi_testkit::Client;
use serde_json::{Value, json};

use super::{address, call, routes};
use crate::{
    inbox::{Desk, quality, training},
    people::{id_of, text},
};

/// Routes whose parameter is the caller's own word for their own thing: another workspace's same word is another thing.
const OWN_NAMES: [&str; 13] = [
    "put_order",
    "put_shipment",
    "put_invoice",
    "put_subscription",
    "put_product",
    "remove_attribute",
    "list_widget_articles",
    "read_flow",
    "save_flow",
    "update_flow",
    "delete_flow",
    "publish_flow",
    "read_flow_version",
];

/// One of everything, in one workspace.
struct World {
    desk: Desk,
    /// The beginning of a route's path → what stands for `{id}` below it.
    ids: BTreeMap<&'static str, String>,
    /// Other parameters.
    others: BTreeMap<&'static str, String>,
}

/// What the owner was told of their own work.
async fn told(desk: &Desk) -> String {
    desk.settle().await;
    text(&desk.owner().get("notices").await.expect(200)["items"][0]["id"])
}

/// An exercise on a case that somebody else answered well.
async fn exercise(desk: &Desk, agent: &Client, practises: &Client, name: &str) -> String {
    let talk = training::telling(desk, agent, name).await;
    training::rate(desk, talk, 5, None).await;
    desk.settle().await;
    text(&training::begun(practises).await["id"])
}

/// One that was shown to whoever reviews.
async fn shared(desk: &Desk, practises: &Client) -> String {
    let id = exercise(desk, desk.owner(), practises, "Kalevi").await;
    practises.post(&format!("training-exercises/{id}/answers"), json!({ "turn": 0, "answer": "Hei! Selvitän asian." })).await.expect(201);
    practises.put(&format!("training-exercises/{id}/end"), json!({})).await.expect(200);
    practises.put(&format!("training-exercises/{id}/sharing"), json!({})).await.expect(200);
    id
}

fn hook(kinds: Value) -> Value {
    json!({ "service": "slack", "name": "Kanava", "url": "https://example.com/hook", "kinds": kinds })
}

/// A browser with the key of the example of RFC 8291.
fn browser() -> Value {
    let key = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
    json!({ "endpoint": "https://example.com/push", "p256dh": key, "auth": "BTBZMqHH6r4Tts7J_aSIgg", "browser": "Firefox" })
}

/// A mailbox, and a mail of it that `message` is.
async fn mailbox(desk: &Desk, message: &str) -> String {
    let server = json!({ "host": "127.0.0.1", "port": 9, "security": "plain" });
    let settings = json!({ "name": "Tuki", "incoming": server, "outgoing": server, "sign_in": "password" });
    let id = made(desk, "mailboxes", json!({ "address": "tuki@kone.example", "settings": settings, "secrets": { "password": "x" } })).await;
    let app = &desk.company.app.app;
    let workspace: ennakoi_kernel::ids::WorkspaceId = desk.company.workspace().parse().unwrap();
    let raw: &[u8] = b"From: a@b.fi\r\nMessage-ID: <m@b.fi>\r\nContent-Type: text/html\r\n\r\n<p>Hei</p>\r\n";
    let sha256 = ennakoi_store::files::digest(raw);
    app.blobs.put(&ennakoi_store::files::key(workspace, &sha256), raw.into()).await.unwrap();
    let (mail, message): (uuid::Uuid, uuid::Uuid) = (app.environment.new_uuid(), message.parse().unwrap());
    let mut tx = app.db.begin().await.unwrap();
    let noted = "INSERT INTO mails (workspace_id, id, mailbox_id, direction, message_id, conversation_id, sha256, bytes, outcome, recipients, inline_files, created_at) \
                 VALUES ($1, $2, $3, 'in', 'm@b.fi', NULL, $4, 1, 'threaded', '[]', '{}', 0)";
    tx.execute(noted, params![workspace, mail, id.parse::<uuid::Uuid>().unwrap(), sha256]).await.unwrap();
    tx.execute("INSERT INTO mail_parts (workspace_id, message_id, mail_id) VALUES ($1, $2, $3)", params![workspace, message, mail]).await.unwrap();
    tx.commit().await.unwrap();
    id
}

async fn made(desk: &Desk, path: &str, body: Value) -> String {
    text(&desk.owner().post(path, body).await.expect(201)["id"])
}

fn later(desk: &Desk, key: &str) -> Value {
    json!({ "client_key": key, "body": "Huomenna.", "send_at": desk.company.app.app.environment.now().0 + 86_400_000_000 })
}

/// An answer that waits for its moment.
async fn scheduled(desk: &Desk, talk: crate::inbox::Talk, key: &str) -> String {
    made(desk, &talk.path("/scheduled-answers"), later(desk, key)).await
}

/// A request that a customer made to the bot.
async fn request(desk: &Desk, conversation: &str) -> String {
    let app = &desk.company.app.app;
    let id = app.environment.new_uuid();
    let (workspace, conversation): (uuid::Uuid, uuid::Uuid) = (desk.company.workspace().parse().unwrap(), conversation.parse().unwrap());
    let mut tx = app.db.begin().await.unwrap();
    tx.execute(
        "INSERT INTO bot_requests (id, workspace_id, conversation_id, flow_id, flow_version, kind, standing, fields, state, created_at) \
         VALUES ($1, $2, $3, 'return_order', 0, 'return', 'claimed', '[]', 'open', $4)",
        params![id, workspace, conversation, app.environment.now()],
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    id.to_string()
}

/// A wording that an agent taught the bot.
async fn example(desk: &Desk) -> String {
    let app = &desk.company.app.app;
    let id = app.environment.new_uuid();
    let workspace: uuid::Uuid = desk.company.workspace().parse().unwrap();
    let mut tx = app.db.begin().await.unwrap();
    tx.execute(
        "INSERT INTO bot_examples (id, workspace_id, article_id, locale, question, live, created_at, created_by) \
         VALUES ($1, $2, $1, 'fi', 'Milloin?', FALSE, $3, 'system')",
        params![id, workspace, app.environment.now()],
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    id.to_string()
}

/// Cases that were merged into a talk, split from it, and related to it.
struct Cases {
    other: String,
    merge: String,
    split: String,
    relation: String,
}

impl Cases {
    async fn of(desk: &Desk, talk: crate::inbox::Talk) -> Self {
        let owner = desk.owner();
        let [other, merged, related] = [desk.talk("A", "a").await, desk.talk("B", "b").await, desk.talk("C", "c").await];
        let link = async |path: &str, body: Value| text(&owner.post(&talk.path(path), body).await.expect(201)["link"]);
        let first = owner.get(&talk.path("/messages")).await.expect(200)["items"][0]["id"].clone();
        Self {
            other: other.id.to_string(),
            merge: link("/merges", json!({ "conversation_id": merged.id })).await,
            split: link("/splits", json!({ "message_ids": [first] })).await,
            relation: link("/relations", json!({ "conversation_id": related.id })).await,
        }
    }
}

/// Something to give.
fn grant(key: &str) -> Value {
    json!({ "client_key": key, "kind": "credit", "amount_minor": 100, "currency": "EUR", "reason": "Viivästys" })
}

/// A guide that is whole.
fn guide() -> Value {
    json!({ "title": { "fi": "Ei käynnisty" }, "steps": [{ "id": "alku", "text": { "fi": "Onko johto kiinni?" } }] })
}

/// Reviews and notes: of the owner's work, and of somebody else's by the owner.
struct Quality {
    sheet: String,
    case: String,
    review: String,
    own_review: String,
    note: String,
    own_note: String,
}

impl Quality {
    async fn of(desk: &Desk, aino: &Client) -> Self {
        let (owner, sirpa) = (desk.owner(), desk.company.colleague("sirpa", "supervisor").await);
        let sheet = made(desk, "quality-sheets", quality::sheet("Perus")).await;
        let review = async |reviewer: &Client, agent: &Client, name: &str| -> String {
            let talk = quality::closed(desk, agent, name).await;
            let id = text(&reviewer.post(&talk.path("/reviews"), json!({})).await.expect(201)["id"]);
            let marks = json!({ "version": 1, "marks": quality::marks(1, None, 1) });
            reviewer.put(&format!("reviews/{id}"), marks).await.expect(200);
            id
        };
        let own_review = review(&sirpa, owner, "Oma").await;
        sirpa.put(&format!("reviews/{own_review}/publication"), json!({})).await.expect(200);
        let note = |agent: String| json!({ "agent_id": agent, "body": "Hyvä!" });
        let app = &desk.company.app.app;
        let case = app.environment.new_uuid();
        let talk = quality::closed(desk, aino, "Jono").await;
        let mut tx = app.db.begin().await.unwrap();
        tx.execute(
            "INSERT INTO quality_cases (workspace_id, id, conversation_id, agent_id, week, reasons, draw, sampled, state, chosen_at) \
             VALUES ($1, $2, $3, $4, '2026-11-30', 'low_rating', 1, FALSE, 'waiting', 0)",
            params![desk.workspace(), case, talk.id, id_of(aino).await.parse::<uuid::Uuid>().unwrap()],
        )
        .await
        .unwrap();
        tx.commit().await.unwrap();
        Self {
            sheet,
            case: case.to_string(),
            review: review(owner, aino, "Muu").await,
            own_review,
            note: made(desk, "coaching-notes", note(id_of(aino).await)).await,
            own_note: text(&sirpa.post("coaching-notes", note(id_of(owner).await)).await.expect(201)["id"]),
        }
    }
}

impl World {
    #[expect(clippy::too_many_lines, reason = "one of everything there is, each in a line")]
    async fn build() -> Self {
        let desk = Desk::open().await;
        let owner = desk.owner().clone();
        let aino = desk.company.colleague("aino", "agent").await;
        let talk = desk.talk("Liisa", "Hei").await;
        let loser = desk.contact("Liisu").await;
        let merged = desk.contact("Liisukka").await;
        let merge = made(&desk, &format!("contacts/{}/merges", talk.contact), json!({ "loser": merged })).await;
        let company = made(&desk, "companies", json!({ "name": "Meri Oy" })).await;
        owner.put(&format!("contacts/{}/companies/{company}", talk.contact), json!({ "role": "ostaja" })).await;
        let detail = owner.get(&format!("contacts/{}", talk.contact)).await.expect(200);
        let message = made(&desk, &talk.path("/messages"), json!({ "client_key": "m", "body": "Hei!", "visibility": "public" })).await;
        let label = made(&desk, "labels", json!({ "name": "Palautus", "color": "#ff0000" })).await;
        let file = owner.upload("attachments", "a.txt", "text/plain", b"hei".to_vec()).await.expect(201);
        let sent = json!({ "client_key": "f", "body": "", "visibility": "public", "attachment_ids": [file["id"]] });
        owner.post(&talk.path("/messages"), sent).await.expect(201);
        let category = made(&desk, "categories", json!({ "title": { "fi": "Toimitus" } })).await;
        let article = made(&desk, "articles", json!({ "category_id": category, "locale": "fi", "title": "Toimitusaika", "body": "Kolme päivää." })).await;
        let empty = made(&desk, "categories", json!({ "title": { "fi": "Tyhjä" } })).await;
        let now = desk.company.app.app.environment.now().0;
        let order = json!({ "number": "1001", "status": "processing", "currency": "EUR", "total_minor": 100, "placed_at": now, "updated_at": now });
        let order = text(&owner.put("orders/w-1", order).await.expect(201)["id"]);
        let mailbox = mailbox(&desk, &message).await;
        let cases = Cases::of(&desk, talk).await;
        let past = owner.upload(&format!("imports/history?format=csv&channel={}", desk.channel), "a.csv", "text/csv", b"a;b\n".to_vec()).await.expect(201);
        let quality = Quality::of(&desk, &aino).await;
        let filter = json!({ "field": "state", "operator": "is", "value": "open" });
        let due = now + 3_600_000_000;
        let ids = BTreeMap::from([
            ("conversations", talk.id.to_string()),
            ("contacts", talk.contact.to_string()),
            ("companies", company.clone()),
            ("labels", label.clone()),
            ("queues", made(&desk, "queues", json!({ "name": "Toinen" })).await),
            ("calendars", made(&desk, "calendars", json!({ "name": "Arki", "timezone": "Europe/Helsinki" })).await),
            ("channels", made(&desk, "channels", json!({ "kind": "chat", "name": "Toinen" })).await),
            ("views", made(&desk, "views", json!({ "name": "Avoimet", "filter": filter, "shared": true })).await),
            ("canned-answers", made(&desk, "canned-answers", json!({ "shortcut": "hei", "title": "Hei", "body": { "fi": "Hei!" }, "shared": true })).await),
            ("mailboxes", mailbox),
            ("messages", message.clone()),
            ("attachments", text(&file["id"])),
            ("articles", article),
            ("categories", empty),
            ("orders", order),
            ("staff", id_of(&aino).await),
            ("api-keys", made(&desk, "api-keys", json!({ "name": "k", "scopes": ["contacts:read"] })).await),
            ("invitations", made(&desk, "invitations", json!({ "email": "uusi@example.fi", "role": "agent" })).await),
            ("webhooks", made(&desk, "webhooks", json!({ "url": "https://example.com/hook" })).await),
            ("bot", example(&desk).await),
            ("sla-policies", made(&desk, "sla-policies", json!({ "name": "Perus", "targets": { "first_answer": 60 } })).await),
            ("rules", made(&desk, "rules", json!({ "name": "Sääntö", "when": ["rated"], "actions": [{ "kind": "close" }] })).await),
            ("macros", made(&desk, "macros", json!({ "name": "Makro", "actions": [{ "kind": "close" }], "shared": true })).await),
            ("grants", made(&desk, &talk.path("/grants"), grant("a")).await),
            ("promises", made(&desk, &talk.path("/promises"), json!({ "body": "Soitan", "due_at": due })).await),
            ("quality-sheets", quality.sheet),
            ("quality-cases", quality.case),
            ("reviews", quality.review),
            ("own-reviews", quality.own_review),
            ("coaching-notes", quality.note),
            ("own-coaching-notes", quality.own_note),
            ("notices", told(&desk).await),
            ("notice-hooks", made(&desk, "notice-hooks", hook(json!([]))).await),
            ("workspace-notice-hooks", made(&desk, "workspace-notice-hooks", hook(json!(["team_breached"]))).await),
            ("push-subscriptions", made(&desk, "push-subscriptions", browser()).await),
            ("training-exercises", exercise(&desk, &aino, desk.owner(), "Kerttu").await),
            ("shared-exercises", shared(&desk, &aino).await),
            ("guides", made(&desk, "guides", guide()).await),
            ("requests", request(&desk, &talk.id.to_string()).await),
            ("api-channels", made(&desk, "api-channels", json!({ "name": "Kassa" })).await),
            ("imports", text(&past["id"])),
        ]);
        let identity = text(&detail["identities"][0]["id"]);
        let others = BTreeMap::from([
            ("message", message),
            ("label", label),
            ("identity", identity),
            ("merge", merge),
            ("company", company),
            ("locale", "fi".to_owned()),
            ("revision", "1".to_owned()),
            ("name", "a.txt".to_owned()),
            ("loser", loser.to_string()),
            ("other_case", cases.other),
            ("merges", cases.merge),
            ("splits", cases.split),
            ("relations", cases.relation),
            ("answer", scheduled(&desk, talk, "s1").await),
            ("answer_to_send", scheduled(&desk, talk, "s2").await),
        ]);
        Self { desk, ids, others }
    }

    fn address(&self, path: &str) -> String {
        let collection = path.trim_start_matches("/api/v1/").split('/').next().unwrap_or_default();
        // A link of cases is of the kind that its address says.
        let kind = path.split('/').nth(5).unwrap_or_default();
        address(path, |name| match name {
            "id" => self.ids.get(collection).cloned(),
            "link" => self.others.get(kind).cloned(),
            // One leaves, another is taken back.
            "answer" if path.ends_with("/sending") => self.others.get("answer_to_send").cloned(),
            other => self.others.get(other).cloned(),
        })
    }

    /// A body with which the route does something. `None`: it takes none, or an empty one will do.
    fn body(&self, operation: &str) -> Value {
        match operation {
            "add_identity" => json!({ "kind": "email", "value": "toinen@example.fi" }),
            "merge_contacts" => json!({ "loser": self.others["loser"] }),
            "create_message" => json!({ "client_key": "toinen", "body": "Hei", "visibility": "private" }),
            "update_message" => json!({ "body": "Hei hei" }),
            "merge_conversation" | "relate_conversation" => json!({ "conversation_id": self.others["other_case"] }),
            "split_conversation" => json!({ "message_ids": [self.others["message"]] }),
            "feed_message" => json!({ "id": "1", "contact": { "external_id": "a" }, "text": "Hei" }),
            "feed_statuses" => json!({ "statuses": [{ "message_id": self.others["message"], "status": "read" }] }),
            "mark_seen" => json!({ "seq": 1 }),
            "create_grant" => grant("b"),
            "save_quality_sheet" => {
                let mut sheet = quality::sheet("Uusi");
                sheet["version"] = json!(1);
                sheet
            }
            "score_training_exercise" | "review_shared_exercise" => {
                json!({ "sheet_id": self.ids["quality-sheets"], "sheet_version": 1, "marks": quality::marks(1, None, 1), "note": "" })
            }
            "answer_training_exercise" => json!({ "turn": 0, "answer": "Hei! Selvitän asian." }),
            "save_review" => json!({ "version": 1, "marks": {} }),
            "resolve_review" => json!({ "resolution": "stands", "note": "Näin on." }),
            "answer_review" => json!({ "answer": "acknowledged" }),
            "decide_grant" => json!({ "state": "declined" }),
            "make_promise" => json!({ "body": "Palaan asiaan", "due_at": 4_102_444_800_000_000i64 }),
            "run_macro" => json!({ "ids": [self.ids["conversations"]] }),
            "close_promise" => json!({ "state": "kept" }),
            "create_scheduled_answer" => later(&self.desk, "s3"),
            "keep_draft" => json!({ "mode": "reply", "body": "luonnos" }),
            "save_guide" => json!({ "guide": guide(), "version": 1 }),
            "create_writing" => json!({ "task": "summarise" }),
            "save_article_text" => json!({ "title": "Toimitusaika", "body": "Neljä päivää.", "version": 1 }),
            _ => json!({}),
        }
    }
}

/// Whether the route names a thing of one workspace.
fn names_a_thing(route: &Route) -> bool {
    matches!(route.access, Access::Needs(_)) && route.path.contains('{') && !OWN_NAMES.contains(&route.operation)
}

/// First what only looks, then what changes, at last what removes: inner things before those that hold them.
fn order(route: &Route) -> (u8, usize) {
    let kind = match route.method {
        Method::GET => 0,
        Method::PATCH | Method::PUT => 1,
        Method::POST => 2,
        _ => 3,
    };
    (kind, usize::MAX - route.path.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn things_of_another_workspace_are_not_there() {
    let world = World::build().await;
    let neighbour = world.desk.company.neighbour().await;
    let mut table: Vec<Route> = routes(&world.desk.company.app).into_iter().filter(names_a_thing).collect();
    assert!(table.len() > 60, "only {} routes name a thing", table.len());
    table.sort_by_key(order);
    let mut wrong = Vec::new();
    for route in &table {
        let suffix = match route.operation {
            "delete_draft" => "?mode=reply".to_owned(),
            "preview_macro" => format!("?conversation={}", world.ids["conversations"]),
            _ => String::new(),
        };
        let path = format!("{}{suffix}", world.address(route.path));
        let body = world.body(route.operation);
        let body = (!matches!(route.method, Method::GET | Method::DELETE)).then_some(&body);
        world.desk.company.app.clock.advance(Duration(100_000));
        let theirs = call(&neighbour, &route.method, &path, body).await;
        if theirs.status != 404 {
            wrong.push(format!("{} {path} answers a stranger {} {}", route.method, theirs.status, theirs.text));
        }
        let ours = call(world.desk.owner(), &route.method, &path, body).await;
        if matches!(ours.status.as_u16(), 400..=404 | 405..=408 | 422 | 500..) {
            wrong.push(format!("{} {path} does not answer its own workspace: {} {}", route.method, ours.status, ours.text));
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    world.desk.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_and_sign_in_ways_of_somebody_else_are_not_there() {
    let desk = Desk::open().await;
    let aino = desk.company.colleague("aino", "agent").await;
    let onni = desk.company.colleague("onni", "agent").await;
    let session = text(&aino.get("sessions").await.expect(200)["items"][0]["id"]);
    onni.delete(&format!("sessions/{session}")).await.expect(404);
    aino.get("session").await.expect(200);
    onni.delete("profile/passkeys/0190a000-0000-7000-8000-00000000dead").await.expect(404);
    // Only an operator of the installation sees its providers.
    for (method, path) in
        [(Method::GET, "oidc-providers"), (Method::POST, "oidc-providers"), (Method::DELETE, "oidc-providers/0190a000-0000-7000-8000-00000000dead")]
    {
        let body = json!({ "name": "x", "issuer": "https://id.example.com", "client_id": "x", "client_secret": "x", "domains": ["example.fi"] });
        call(&aino, &method, path, (method == Method::POST).then_some(&body)).await.expect(403);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn references_inside_a_body_stay_in_the_workspace() {
    let world = World::build().await;
    let neighbour = world.desk.company.neighbour().await;
    let ids = &world.ids;
    let channel = text(&neighbour.post("channels", json!({ "kind": "chat", "name": "Oma" })).await.expect(201)["id"]);
    let contact = text(&neighbour.post("contacts", json!({ "name": "Oma" })).await.expect(201)["id"]);
    let talk = json!({ "channel_id": channel, "contact_id": contact, "body": "Hei" });
    let conversation = text(&neighbour.post("conversations", talk).await.expect(201)["id"]);
    let category = text(&neighbour.post("categories", json!({ "title": { "fi": "Oma" } })).await.expect(201)["id"]);
    let article = text(&neighbour.post("articles", json!({ "category_id": category, "locale": "fi", "title": "Oma", "body": "x" })).await.expect(201)["id"]);
    let cases = [
        (Method::POST, "conversations".to_owned(), json!({ "channel_id": ids["channels"], "contact_id": contact, "body": "Hei" })),
        (Method::POST, "conversations".to_owned(), json!({ "channel_id": channel, "contact_id": ids["contacts"], "body": "Hei" })),
        (Method::PUT, format!("conversations/{conversation}/assignment"), json!({ "agent_id": ids["staff"] })),
        (Method::PUT, format!("conversations/{conversation}/assignment"), json!({ "queue_id": ids["queues"] })),
        (Method::PUT, format!("conversations/{conversation}/labels/{}", ids["labels"]), json!({})),
        (
            Method::POST,
            format!("conversations/{conversation}/messages"),
            json!({ "client_key": "a", "body": "x", "visibility": "public", "attachment_ids": [ids["attachments"]] }),
        ),
        (
            Method::POST,
            format!("conversations/{conversation}/messages"),
            json!({ "client_key": "b", "body": "x", "visibility": "private", "mentions": [ids["staff"]] }),
        ),
        (Method::POST, "queues".to_owned(), json!({ "name": "x", "calendar_id": ids["calendars"] })),
        (Method::POST, "sla-policies".to_owned(), json!({ "name": "x", "targets": { "first_answer": 60 }, "calendar_id": ids["calendars"] })),
        (Method::PUT, "rule-order".to_owned(), json!({ "ids": [ids["rules"]] })),
        (Method::POST, "rules".to_owned(), json!({ "name": "x", "when": ["opened"], "actions": [{ "kind": "queue", "queue_id": ids["queues"] }] })),
        (Method::POST, "rules".to_owned(), json!({ "name": "x", "when": ["opened"], "actions": [{ "kind": "label", "label_id": ids["labels"] }] })),
        (Method::POST, "rules".to_owned(), json!({ "name": "x", "when": ["opened"], "actions": [{ "kind": "assign", "agent_id": ids["staff"] }] })),
        (Method::POST, "macros".to_owned(), json!({ "name": "x", "actions": [{ "kind": "reply", "canned_answer_id": ids["canned-answers"] }] })),
        (Method::PUT, "sla-policy-order".to_owned(), json!({ "ids": [ids["sla-policies"]] })),
        (Method::POST, "queues".to_owned(), json!({ "name": "x", "members": [ids["staff"]] })),
        (Method::POST, "channels".to_owned(), json!({ "kind": "chat", "name": "x", "settings": { "queue_id": ids["queues"] } })),
        (Method::POST, "articles".to_owned(), json!({ "category_id": ids["categories"], "locale": "fi", "title": "x", "body": "x" })),
        (Method::PATCH, format!("articles/{article}"), json!({ "category_id": ids["categories"] })),
        (Method::PATCH, format!("articles/{article}"), json!({ "related": [ids["articles"]] })),
        (Method::POST, format!("contacts/{contact}/merges"), json!({ "loser": ids["contacts"] })),
        (Method::POST, "contacts".to_owned(), json!({ "name": "x", "company_id": ids["companies"] })),
        (Method::PUT, format!("contacts/{contact}/companies/{}", ids["companies"]), json!({})),
    ];
    let mut wrong = Vec::new();
    for (method, path, body) in cases {
        let answer = call(&neighbour, &method, &path, Some(&body)).await;
        if !matches!(answer.status.as_u16(), 404 | 422) {
            wrong.push(format!("{method} {path} {body}: {} {}", answer.status, answer.text));
        }
    }
    let bulk = json!({ "ids": [ids["conversations"]], "action": { "kind": "close" } });
    let outcome = neighbour.post("conversations/bulk", bulk).await.expect(200);
    assert!(outcome["changed"].as_array().unwrap().is_empty(), "{outcome}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
