//! Stale state and the changes since are the fresh state, for every kind of event that a module declares.

use std::collections::BTreeSet;

use axum::http::Method;
use ennakoi_testkit::Client;
use serde_json::{Value, json};

use super::Replica;
use crate::{
    bot::flows,
    chat::{Shop, Visitor, always, identity::Site},
    help::guides,
    inbox::quality,
    people::{id_of, text},
};

/// Kinds that nothing reachable over HTTP writes yet, each with its reason.
const NOT_DRIVEN: [(&str, &str); 2] = [
    ("shipment.imported", "only a shop adapter and the demo bring past parcels along; no file format has them"),
    ("contact.imported", "past conversations come by the thousands and tell nobody; screens fetch them afresh when the import has finished"),
];

/// A client that comes back after every step.
struct Drive<'a> {
    shop: &'a Shop,
    owner: &'a Client,
    replica: Replica,
}

impl Drive<'_> {
    async fn step(&mut self, what: &str) {
        let patience = tokio::time::Instant::now() + std::time::Duration::from_secs(60);
        loop {
            self.shop.company.app.settle().await;
            self.replica.return_to(&self.shop.company.app, self.owner).await;
            // A timer may act between the two looks; what nobody is told of stays different for ever.
            let Some(difference) = self.replica.difference(self.owner).await else { return };
            assert!(tokio::time::Instant::now() < patience, "after {what}: {difference}");
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
    }

    async fn made(&self, path: &str, body: Value) -> String {
        text(&self.owner.post(path, body).await.expect(201)["id"])
    }

    fn now(&self) -> i64 {
        self.shop.company.app.app.environment.now().0
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn stale_state_and_changes_are_the_fresh_state_for_every_kind() {
    let shop = Shop::open().await;
    shop.hours(always()).await;
    let owner = shop.owner().clone();
    let mut drive = Drive { shop: &shop, owner: &owner, replica: Replica::default() };
    drive.step("setting up").await;
    staff(&mut drive).await;
    settings(&mut drive).await;
    talking(&mut drive).await;
    service(&mut drive).await;
    giving(&mut drive).await;
    reviewing(&mut drive).await;
    cases(&mut drive).await;
    later(&mut drive).await;
    mails(&mut drive).await;
    contacts(&mut drive).await;
    commerce(&mut drive).await;
    knowledge(&mut drive).await;
    requests(&mut drive).await;
    guide(&mut drive).await;
    let declared: BTreeSet<String> =
        ennakoi_server::modules::all(&shop.company.app.app).modules.iter().flat_map(|module| module.events).map(|event| event.kind.to_owned()).collect();
    let excused: BTreeSet<&str> = NOT_DRIVEN.iter().map(|(kind, _)| *kind).collect();
    let missing: Vec<_> = declared.iter().filter(|kind| !drive.replica.kinds.contains(*kind) && !excused.contains(kind.as_str())).collect();
    assert!(missing.is_empty(), "no test drives {missing:?}");
    let unknown: Vec<_> = drive.replica.kinds.iter().filter(|kind| !declared.contains(*kind)).collect();
    assert!(unknown.is_empty(), "written but declared by no module: {unknown:?}");
}

async fn staff(drive: &mut Drive<'_>) {
    let aino = drive.shop.company.colleague("aino", "agent").await;
    aino.put("availability", json!({ "availability": "online" })).await.expect(204);
    let id = id_of(&aino).await;
    drive.owner.patch(&format!("staff/{id}"), json!({ "capacity": 7 })).await.expect(200);
    let invitation = drive.made("invitations", json!({ "email": "ei@example.fi", "role": "agent" })).await;
    drive.owner.delete(&format!("invitations/{invitation}")).await.expect(204);
    let leaving = drive.shop.company.colleague("lahtija", "agent").await;
    let leaving = id_of(&leaving).await;
    drive.owner.delete(&format!("staff/{leaving}")).await.expect(204);
    drive.owner.patch("workspace", json!({ "name": "Käpylän Kauppa" })).await.expect(200);
    drive.step("staff").await;
}

async fn settings(drive: &mut Drive<'_>) {
    let owner = drive.owner;
    let channel = drive.made("channels", json!({ "kind": "chat", "name": "Turha" })).await;
    owner.patch(&format!("channels/{channel}"), json!({ "name": "Turhempi" })).await.expect(200);
    owner.delete(&format!("channels/{channel}")).await.expect(204);
    let calendar = drive.made("calendars", json!({ "name": "Turha", "timezone": "UTC" })).await;
    owner.patch(&format!("calendars/{calendar}"), json!({ "name": "Turhempi" })).await.expect(200);
    owner.delete(&format!("calendars/{calendar}")).await.expect(204);
    let queue = drive.made("queues", json!({ "name": "Turha" })).await;
    owner.patch(&format!("queues/{queue}"), json!({ "name": "Turhempi" })).await.expect(200);
    owner.delete(&format!("queues/{queue}")).await.expect(204);
    owner.post("attributes", json!({ "subject": "contact", "key": "koko", "label": "Koko", "type": "text" })).await.expect(201);
    owner.delete("attributes/contact/koko").await.expect(204);
    drive.step("settings").await;
}

/// What a customer confirms to the bot, and what becomes of it.
async fn guide(drive: &mut Drive<'_>) {
    let (id, _) = guides::published(drive.shop).await;
    drive.shop.visitor().await.ask("walk", "Kahvinkeitin ei käynnisty").await;
    drive.step("a guide is walked").await;
    drive.owner.delete(&format!("guides/{id}/publication")).await.expect(200);
    drive.step("a guide is taken back").await;
}

async fn requests(drive: &mut Drive<'_>) {
    flows::bought(drive.shop).await;
    let liisa = flows::liisa(drive.shop).await;
    let lines =
        [("Haluan palauttaa tilauksen 10021", "Mitä niistä palautat"), ("villapaidan", "Miksi"), ("liian pieni", "Onko tämä oikein"), ("joo", "on kirjattu")];
    flows::talk(&liisa, &lines).await;
    drive.step("a request").await;
    let request = drive.owner.get("requests").await.expect(200)["items"][0]["id"].clone();
    drive.owner.put(&format!("requests/{}/closure", text(&request)), json!({ "outcome": "done" })).await.expect(200);
    drive.step("a request is done").await;
}

/// A mailbox that cannot be reached, and an answer to somebody without an address.
async fn mails(drive: &mut Drive<'_>) {
    let server = json!({ "host": "127.0.0.1", "port": 9, "security": "plain" });
    let settings = json!({ "name": "Tuki", "incoming": server, "outgoing": server, "sign_in": "password", "undo_seconds": 0 });
    let mailbox =
        drive.owner.post("mailboxes", json!({ "address": "tuki@kone.example", "settings": settings, "secrets": { "password": "x" } })).await.expect(201);
    let contact = drive.made("contacts", json!({ "name": "Osoitteeton" })).await;
    let talk = drive.made("conversations", json!({ "channel_id": mailbox["channel_id"], "contact_id": contact, "body": "Hei" })).await;
    for _ in 0..1_500 {
        let failing = drive.owner.get(&format!("mailboxes/{}", text(&mailbox["id"]))).await.expect(200)["state"] == "failing";
        if failing && drive.owner.get(&format!("conversations/{talk}/messages")).await.expect(200).to_string().contains("address_missing") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(40)).await;
    }
    drive.owner.delete(&format!("mailboxes/{}", text(&mailbox["id"]))).await.expect(204);
    drive.step("mails").await;
}

async fn talking(drive: &mut Drive<'_>) {
    let shop = drive.shop;
    let visitor: Visitor<'_> = shop.visitor().await;
    let track = json!({ "events": [
        { "kind": "page", "url": "https://shop.example.fi/kengat", "title": "Kengät", "at": drive.now() },
        { "kind": "track", "name": "cart_opened", "properties": { "items": 2 }, "at": drive.now() },
    ] });
    visitor.client.post("/widget/v1/events", track).await.expect(202);
    drive.step("a visitor looks around").await;
    visitor.ask("1", "Missä pakettini on?").await;
    drive.step("the bot answers").await;
    let id = text(&visitor.conversation().await["id"]);
    let path = |rest: &str| format!("conversations/{id}{rest}");
    visitor.client.put(&format!("/widget/v1/conversations/{id}/seen"), json!({ "seq": 2 })).await.expect(204);
    drive.step("the customer reads").await;
    visitor.client.post("/widget/v1/person", json!({})).await.expect(200);
    drive.step("a person is asked for").await;
    let owner = drive.owner;
    owner.put(&path("/assignment"), json!({ "agent_id": id_of(owner).await })).await.expect(200);
    drive.step("a colleague takes over").await;
    let message = drive.made(&path("/messages"), json!({ "client_key": "a", "body": "Hei!", "visibility": "public" })).await;
    drive.step("an answer").await;
    owner.patch(&path(&format!("/messages/{message}")), json!({ "body": "Hei Liisa!" })).await.expect(200);
    drive.step("a correction").await;
    owner.delete(&path(&format!("/messages/{message}"))).await;
    drive.step("a removal").await;
    owner.put(&path("/snooze"), json!({ "until": null })).await.expect(200);
    drive.step("a snooze").await;
    owner.delete(&path("/snooze")).await.expect(200);
    drive.step("a waking").await;
    owner.patch(&path(""), json!({ "subject": "Paketti", "priority": "high" })).await.expect(200);
    drive.step("a change of subject").await;
    let label = drive.made("labels", json!({ "name": "Paketti", "color": "#00ff00" })).await;
    owner.put(&path(&format!("/labels/{label}")), json!({})).await.expect(204);
    drive.step("a label").await;
    owner.put(&path("/closure"), json!({})).await.expect(200);
    drive.step("a closure").await;
    visitor.client.put(&format!("/widget/v1/conversations/{id}/rating"), json!({ "score": 5, "solved": true })).await.expect(200);
    drive.step("a rating").await;
    owner.delete(&path("/closure")).await.expect(200);
    drive.step("a reopening").await;
    let site = Site::of(shop).await;
    visitor.client.patch("/widget/v1/visitor", json!({ "identity": site.token("asiakas-9") })).await.expect(200);
    drive.step("a proof").await;
}

/// A policy, a promise, and what their clocks tell.
async fn service(drive: &mut Drive<'_>) {
    let owner = drive.owner;
    let policy = drive.made("sla-policies", json!({ "name": "Perus", "targets": { "first_answer": 60, "resolution": 600 } })).await;
    owner.patch(&format!("sla-policies/{policy}"), json!({ "warn_percent": 50 })).await.expect(200);
    let rule = drive.made("rules", json!({ "name": "Kerro", "when": ["promise_made"], "actions": [{ "kind": "tell", "topic": "lupaus" }] })).await;
    owner.patch(&format!("rules/{rule}"), json!({ "last": true })).await.expect(200);
    drive.step("a policy and a rule").await;
    let contact = drive.made("contacts", json!({ "name": "Kiireinen" })).await;
    let talk = drive.made("conversations", json!({ "contact_id": contact, "body": "Hei", "channel_id": drive.shop.channel })).await;
    let promise = |minutes: i64| json!({ "body": "Soitan", "due_at": drive.now() + minutes * 60_000_000 });
    let kept = drive.made(&format!("conversations/{talk}/promises"), promise(10)).await;
    let withdrawn = drive.made(&format!("conversations/{talk}/promises"), promise(600)).await;
    drive.step("promises").await;
    drive.shop.company.app.clock.advance(ennakoi_kernel::Duration::minutes(11));
    for _ in 0..1_200 {
        if owner.get(&format!("conversations/{talk}/events?limit=100")).await.expect(200).to_string().contains("sla.breached") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    drive.step("a breach").await;
    owner.put(&format!("promises/{kept}/closure"), json!({ "state": "kept" })).await.expect(200);
    owner.put(&format!("promises/{withdrawn}/closure"), json!({ "state": "withdrawn" })).await.expect(200);
    owner.delete(&format!("sla-policies/{policy}")).await.expect(204);
    owner.delete(&format!("rules/{rule}")).await.expect(204);
    drive.step("no promises and no policy").await;
}

/// What is given to a customer, asked for, declined and taken back.
async fn giving(drive: &mut Drive<'_>) {
    let agent = drive.shop.company.colleague("antaja", "agent").await;
    let contact = drive.made("contacts", json!({ "name": "Pettynyt" })).await;
    let talk = drive.made("conversations", json!({ "contact_id": contact, "body": "Hei", "channel_id": drive.shop.channel })).await;
    let grant = |key: &str| json!({ "client_key": key, "kind": "gift", "amount_minor": 500, "currency": "EUR", "reason": "Viivästys" });
    let asked = text(&agent.post(&format!("conversations/{talk}/grants"), grant("a")).await.expect(201)["id"]);
    drive.step("asked for").await;
    drive.owner.put(&format!("grants/{asked}/decision"), json!({ "state": "declined" })).await.expect(200);
    let given = drive.made(&format!("conversations/{talk}/grants"), grant("b")).await;
    drive.step("declined and given").await;
    drive.owner.put(&format!("grants/{given}/withdrawal"), json!({})).await.expect(200);
    drive.step("taken back").await;
}

/// A review that is disputed and corrected, and a note of coaching.
async fn reviewing(drive: &mut Drive<'_>) {
    let agent = drive.shop.company.colleague("arvioitu", "agent").await;
    let id = id_of(&agent).await;
    let contact = drive.made("contacts", json!({ "name": "Arvioitava" })).await;
    let talk = drive.made("conversations", json!({ "contact_id": contact, "body": "Hei", "channel_id": drive.shop.channel })).await;
    let path = |rest: &str| format!("conversations/{talk}{rest}");
    agent.put(&path("/assignment"), json!({ "agent_id": id })).await.expect(200);
    agent.post(&path("/messages"), json!({ "client_key": "r", "body": "Hei!", "visibility": "public" })).await.expect(201);
    agent.put(&path("/closure"), json!({})).await.expect(200);
    drive.step("a case to review").await;
    drive.made("quality-sheets", quality::sheet("Perus")).await;
    let review = drive.made(&path("/reviews"), json!({})).await;
    drive.owner.put(&format!("reviews/{review}"), json!({ "version": 1, "marks": quality::marks(1, Some(1), 1) })).await.expect(200);
    drive.owner.put(&format!("reviews/{review}/publication"), json!({})).await.expect(200);
    drive.made("coaching-notes", json!({ "agent_id": id, "conversation_id": talk, "body": "Kerro aina päivä." })).await;
    drive.step("reviewed").await;
    agent.put(&format!("own-reviews/{review}/answer"), json!({ "answer": "disputed", "reason": "Kerroin." })).await.expect(200);
    drive.owner.put(&format!("reviews/{review}/resolution"), json!({ "resolution": "stands", "note": "Katso uudelleen." })).await.expect(200);
    drive.step("disputed").await;
}

/// An answer for later, which the customer's next message holds.
async fn later(drive: &mut Drive<'_>) {
    let (owner, shop) = (drive.owner, drive.shop);
    let visitor = shop.visitor().await;
    visitor.ask("later", "Missä pakettini on?").await;
    let path = format!("conversations/{}/scheduled-answers", text(&visitor.conversation().await["id"]));
    let new = json!({ "client_key": "later", "body": "Huomenna.", "send_at": drive.now() + 3_600_000_000_i64 });
    let answer = owner.post(&path, new).await.expect(201);
    drive.step("an answer for later").await;
    let one = format!("{path}/{}", text(&answer["id"]));
    owner.patch(&one, json!({ "send_at": drive.now() + 7_200_000_000_i64, "version": answer["version"] })).await.expect(200);
    drive.step("an answer for still later").await;
    visitor.send("holds", "Se tulikin jo, kiitos").await.expect(201);
    drive.step("an answer that is held").await;
    owner.delete(&one).await.expect(204);
    drive.step("an answer taken back").await;
}

/// Cases that belong together, or do not.
async fn cases(drive: &mut Drive<'_>) {
    let owner = drive.owner;
    let contact = drive.made("contacts", json!({ "name": "Kaisa" })).await;
    let talk = |body: &str| json!({ "contact_id": contact, "body": body, "channel_id": drive.shop.channel });
    let (first, second) = (drive.made("conversations", talk("Yksi")).await, drive.made("conversations", talk("Kaksi")).await);
    drive.step("two cases").await;
    let link = async |path: &str, body: Value| text(&owner.post(&format!("conversations/{first}/{path}"), body).await.expect(201)["link"]);
    let other = json!({ "conversation_id": second });
    let related = link("relations", other.clone()).await;
    owner.delete(&format!("conversations/{first}/relations/{related}")).await.expect(204);
    drive.step("related for a while").await;
    let merged = link("merges", other).await;
    drive.step("merged").await;
    owner.delete(&format!("conversations/{first}/merges/{merged}")).await.expect(204);
    drive.step("not merged after all").await;
    let page = owner.get(&format!("conversations/{first}/messages")).await.expect(200);
    let said = page["items"].as_array().unwrap().iter().find(|message| message["kind"] == "text").unwrap()["id"].clone();
    let split = link("splits", json!({ "message_ids": [said] })).await;
    drive.step("split").await;
    owner.delete(&format!("conversations/{first}/splits/{split}")).await.expect(204);
    drive.step("not split after all").await;
}

async fn contacts(drive: &mut Drive<'_>) {
    let owner = drive.owner;
    let winner = drive.made("contacts", json!({ "name": "Liisa Meri", "email": "liisa@example.fi" })).await;
    let loser = drive.made("contacts", json!({ "name": "L. Meri" })).await;
    let talk = json!({ "contact_id": loser, "body": "Hei", "channel_id": drive.shop.channel });
    drive.made("conversations", talk).await;
    drive.step("new contacts").await;
    owner.patch(&format!("contacts/{loser}"), json!({ "name": "Liisa M." })).await.expect(200);
    drive.step("a new name").await;
    let identities = format!("contacts/{winner}/identities");
    let claimed = drive.made(&identities, json!({ "kind": "email", "value": "meri@example.fi" })).await;
    owner.post(&identities, json!({ "kind": "email", "value": "meri@example.fi", "verified": true })).await;
    drive.step("a verified address").await;
    owner.delete(&format!("{identities}/{claimed}")).await.expect(204);
    let merge = drive.made(&format!("contacts/{winner}/merges"), json!({ "loser": loser })).await;
    drive.step("a merge").await;
    owner.delete(&format!("contacts/{winner}/merges/{merge}")).await.expect(204);
    drive.step("an undone merge").await;
    let company = drive.made("companies", json!({ "name": "Meri Oy" })).await;
    owner.put(&format!("contacts/{winner}/companies/{company}"), json!({ "role": "ostaja" })).await;
    drive.step("a company").await;
    owner.patch(&format!("companies/{company}"), json!({ "name": "Meri Oyj" })).await.expect(200);
    owner.delete(&format!("contacts/{winner}/companies/{company}")).await.expect(204);
    drive.step("no company").await;
}

async fn commerce(drive: &mut Drive<'_>) {
    let owner = drive.owner;
    let now = drive.now();
    let customer = json!({ "email": "ostaja@example.fi", "name": "Ossi Ostaja" });
    let order = |status: &str, at: i64| json!({ "number": "1001", "status": status, "currency": "EUR", "total_minor": 100, "placed_at": now, "updated_at": at, "customer": customer });
    owner.put("orders/1001", order("processing", now)).await.expect(201);
    owner.put("orders/1001", order("shipped", now + 1)).await.expect(200);
    let shipment = json!({ "order": "1001", "carrier": "Posti", "number": "JJFI1", "status": "in_transit", "updated_at": now });
    owner.put("shipments/s1", shipment).await.expect(201);
    let invoice = json!({ "number": "L-1", "status": "open", "currency": "EUR", "total_minor": 100, "due_minor": 100, "issued_at": now, "due_at": now, "updated_at": now, "customer": customer });
    owner.put("invoices/l1", invoice).await.expect(201);
    let subscription = json!({ "name": "Kahvi", "status": "active", "currency": "EUR", "price_minor": 100, "interval": "month", "started_at": now, "updated_at": now, "customer": customer });
    owner.put("subscriptions/k1", subscription).await.expect(201);
    drive.step("news from the shop").await;
    for (what, csv) in [
        ("orders", "id;status;currency;total;placed_at;email;product;quantity\nV-1;toimitettu;EUR;10,00;2025-01-02;vanha@example.fi;Kenkä;1\n"),
        ("invoices", "id;status;currency;total;issued_at;due_at;email\nVL-1;maksettu;EUR;10,00;2025-01-02;2025-01-16;vanha@example.fi\n"),
        ("subscriptions", "id;name;status;currency;price;interval;started_at;email\nVT-1;Kahvi;voimassa;EUR;10,00;month;2025-01-02;vanha@example.fi\n"),
        ("contacts", "name;email\nVanha Asiakas;vanha@example.fi\n"),
    ] {
        let report = owner.upload(&format!("imports/{what}"), "tiedosto.csv", "text/csv", csv.as_bytes().to_vec()).await.expect(200);
        assert_eq!(report["rejected"], json!([]), "{what}: {report}");
    }
    drive.step("past orders").await;
}

async fn knowledge(drive: &mut Drive<'_>) {
    let owner = drive.owner;
    let category = drive.made("categories", json!({ "title": { "fi": "Muut" } })).await;
    let article = drive.made("articles", json!({ "category_id": category, "locale": "fi", "title": "Aukioloajat", "body": "Arkisin." })).await;
    let publication = format!("articles/{article}/texts/fi/publication");
    owner.put(&publication, json!({})).await.expect(200);
    let slug = text(&owner.get("workspace").await.expect(200)["slug"]);
    let reader = drive.shop.company.app.stranger();
    let address = format!("/help/{slug}/fi/a/aukioloajat");
    let page = reader.get(&address).await;
    assert_eq!(page.status, 200, "{address}");
    let token = page.text.split("name=\"token\"").nth(1).and_then(|rest| rest.split("value=\"").nth(1)).and_then(|rest| rest.split('"').next());
    let form = format!("token={}&helpful=yes", token.expect("the page carries a token"));
    let vote = reader.request(Method::POST, &format!("{address}/feedback")).header("content-type", "application/x-www-form-urlencoded").body(form);
    let voted = reader.send(vote).await;
    assert!(voted.status.as_u16() < 400, "{} {}", voted.status, voted.text);
    reader.get(&format!("/help/{slug}/fi/search.json?q=avaruusasema")).await.expect(200);
    reader.get(&format!("/help/{slug}/fi/?q=avaruusasema")).await;
    owner.delete(&publication).await.expect(200);
    owner.delete(&format!("articles/{article}")).await.expect(204);
    drive.step("articles").await;
}
