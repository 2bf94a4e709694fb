//! What is not a route of its own: sockets, search, what lists leave out.

use std::time::Duration as StdDuration;

use ennakoi_testkit::{Client, Socket, TestApp};
use serde_json::{Value, json};

use crate::{
    inbox::{Desk, answers},
    people::text,
};

fn address(app: &TestApp, path: &str) -> String {
    format!("ws://{}{path}", app.address)
}

async fn staff_socket(app: &TestApp, client: &Client) -> Result<Socket, String> {
    let path = format!("/api/v1/live?workspace={}", client.workspace.as_deref().unwrap_or_default());
    let headers = [("cookie", client.cookie.as_deref().unwrap_or_default()), ("authorization", client.authorization.as_deref().unwrap_or_default())];
    let headers: Vec<_> = headers.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    Socket::open(&address(app, &path), &headers).await.map_err(|error| error.to_string())
}

/// Everything that has arrived before the answer to a ping.
async fn heard(socket: &mut Socket) -> String {
    socket.send(json!({ "type": "ping" })).await;
    let mut all = String::new();
    loop {
        let message = socket.next().await.expect("the socket stays open");
        if message["type"] == "pong" {
            return all;
        }
        all.push_str(&message.to_string());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_is_for_members_only_and_hears_its_workspace_only() {
    let desk = Desk::open().await;
    let app = &desk.company.app;
    let neighbour = desk.company.neighbour().await;
    let mut intruder = neighbour.clone();
    intruder.workspace = Some(desk.company.workspace());
    let mut key = app.stranger();
    let made = desk.owner().post("api-keys", json!({ "name": "k", "scopes": ["conversations:read"] })).await.expect(201);
    key.authorization = Some(format!("Bearer {}", text(&made["key"])));
    let mut stranger = app.stranger();
    stranger.workspace = Some(desk.company.workspace());
    for (client, status) in [(&intruder, "403"), (&key, "403"), (&stranger, "401")] {
        let refused = staff_socket(app, client).await.err().expect("no socket for them");
        assert!(refused.contains(status), "{refused}");
    }
    let mut theirs = staff_socket(app, &neighbour).await.unwrap();
    theirs.send(json!({ "type": "hello", "last_seq": null })).await;
    theirs.until(|message| message["type"] == "welcome").await;
    let mut ours = staff_socket(app, desk.owner()).await.unwrap();
    ours.send(json!({ "type": "hello", "last_seq": null })).await;
    let talk = desk.talk("Liisa", "salainen pulma").await;
    ours.until(|message| message.to_string().contains("salainen pulma")).await;
    // They may neither look at it nor type into it nor answer it.
    theirs.send(json!({ "type": "focus", "conversation": talk.id })).await;
    theirs.send(json!({ "type": "typing", "conversation": talk.id, "visibility": "public", "on": true })).await;
    theirs.send(json!({ "type": "message", "client_key": "x", "conversation": talk.id, "body": "hei", "visibility": "public" })).await;
    theirs.until(|message| message["type"] == "refused").await;
    let told = heard(&mut theirs).await;
    assert!(!told.contains("salainen") && !told.contains("Liisa"), "{told}");
    let told = heard(&mut ours).await;
    assert!(!told.contains("naapuri"), "{told}");
    desk.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_reads_the_socket_and_writes_nothing() {
    let desk = Desk::open().await;
    let talk = desk.talk("Liisa", "Hei").await;
    let viewer = desk.company.colleague("katsoja", "viewer").await;
    let mut socket = staff_socket(&desk.company.app, &viewer).await.unwrap();
    socket.send(json!({ "type": "hello", "last_seq": null })).await;
    socket.send(json!({ "type": "message", "client_key": "x", "conversation": talk.id, "body": "hei", "visibility": "private" })).await;
    let refused = socket.until(|message| message["type"] == "refused").await;
    assert_eq!(refused["problem"]["code"], "forbidden");
    let messages = desk.owner().get(&talk.path("/messages")).await.expect(200);
    assert_eq!(messages["items"].as_array().unwrap().len(), 1);
}

/// A visitor of the desk's channel.
struct Visitor {
    client: Client,
    token: String,
}

async fn visitor(desk: &Desk) -> Visitor {
    let app = &desk.company.app;
    let channel = desk.owner().get(&format!("channels/{}", desk.channel)).await.expect(200);
    let arrived = app.stranger().post(&format!("/widget/v1/{}/visitor", text(&channel["public_key"])), json!({})).await.expect(201);
    let token = text(&arrived["token"]);
    let mut client = app.stranger();
    client.authorization = Some(format!("Visitor {token}"));
    Visitor { client, token }
}

async fn visitor_socket(app: &TestApp, visitor: &Visitor, conversation: Value) -> (Socket, Value) {
    let mut socket = Socket::open(&address(app, "/widget/v1/live"), &[]).await.unwrap();
    socket.send(json!({ "type": "hello", "token": visitor.token, "conversation": conversation, "last_seq": 0 })).await;
    let welcome = socket.next().await.expect("a welcome");
    (socket, welcome)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_reaches_their_own_conversation_only() {
    let desk = Desk::open().await;
    let app = &desk.company.app;
    let (liisa, veikko) = (visitor(&desk).await, visitor(&desk).await);
    let first = liisa.client.post("/widget/v1/messages", json!({ "client_key": "1", "body": "liisan asia" })).await.expect(201);
    let theirs = text(&first["conversation_id"]);
    veikko.client.post("/widget/v1/messages", json!({ "client_key": "1", "body": "veikon asia" })).await.expect(201);
    for (path, body) in [
        ("messages", None),
        ("seen", Some(json!({ "seq": 1 }))),
        ("rating", Some(json!({ "score": 1 }))),
        ("contact-details", Some(json!({ "email": "veikko@example.fi" }))),
    ] {
        let path = format!("/widget/v1/conversations/{theirs}/{path}");
        let answer = match (path.ends_with("contact-details"), body) {
            (_, None) => veikko.client.get(&path).await,
            (true, Some(body)) => veikko.client.post(&path, body).await,
            (false, Some(body)) => veikko.client.put(&path, body).await,
        };
        answer.expect(404);
    }
    veikko.client.post("/widget/v1/messages", json!({ "client_key": "2", "conversation_id": theirs, "body": "x" })).await.expect(404);
    veikko.client.post("/widget/v1/person", json!({ "conversation_id": theirs })).await.expect(404);
    let (mut socket, welcome) = visitor_socket(app, &veikko, json!(theirs)).await;
    assert!(!welcome.to_string().contains("liisan"), "{welcome}");
    // What staff say among themselves, and to somebody else, does not come through.
    let id = theirs.parse().unwrap();
    let talk = crate::inbox::Talk { contact: desk.contact("Muu").await, id };
    let note = json!({ "client_key": "n", "body": "sisäinen huomio", "visibility": "private" });
    desk.owner().post(&talk.path("/messages"), note).await.expect(201);
    answers(desk.owner(), talk, "a", "vastaus liisalle").await;
    let (mut own, _) = visitor_socket(app, &liisa, json!(theirs)).await;
    let told = heard(&mut own).await + &liisa.client.get(&format!("/widget/v1/conversations/{theirs}/messages")).await.text;
    assert!(told.contains("vastaus liisalle") && !told.contains("sisäinen"), "{told}");
    let told = heard(&mut socket).await;
    assert!(!told.contains("liisa") && !told.contains("sisäinen"), "{told}");
    let mut forged = Socket::open(&address(app, "/widget/v1/live"), &[]).await.unwrap();
    forged.send(json!({ "type": "hello", "token": "ev_nobody", "last_seq": 0 })).await;
    assert_eq!(forged.next().await.map(|message| message["type"].clone()), Some(json!("refused")));
    assert!(forged.next().await.is_none(), "a socket without a visitor is closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn search_and_counts_know_their_own_workspace_only() {
    let desk = Desk::open().await;
    desk.talk("Liisa", "pakettini on kadonnut").await;
    desk.settle().await;
    let found = desk.owner().get("search?q=paketti").await.expect(200);
    assert_eq!(found["conversations"].as_array().unwrap().len(), 1);
    let neighbour = desk.company.neighbour().await;
    for query in ["paketti", "liisa", "liisa@example.fi", "1"] {
        let found = neighbour.get(&format!("search?q={query}")).await.expect(200);
        let hits = ["conversations", "contacts", "articles"].map(|kind| found[kind].as_array().unwrap().len());
        assert_eq!(hits, [0, 0, 0], "{query}: {found}");
    }
    let counts = neighbour.get("conversations/counts").await.expect(200);
    assert_eq!(counts["all"], 0);
    for list in ["conversations?view=all", "contacts", "companies", "articles", "orders", "products", "webhooks", "audit"] {
        let page = neighbour.get(list).await.expect(200);
        let named = page.to_string();
        assert!(!named.contains("Liisa") && !named.contains(&desk.channel.to_string()), "{list}: {named}");
    }
    tokio::time::timeout(StdDuration::from_secs(60), desk.settle()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn suspected_duplicates_and_labels_stay_in_their_workspace() {
    let desk = Desk::open().await;
    let neighbour = desk.company.neighbour().await;
    let new = json!({ "name": "Liisa Meri" });
    let ours = text(&desk.owner().post("contacts", new.clone()).await.expect(201)["id"]);
    let twin = text(&desk.owner().post("contacts", json!({ "name": "liisa meri" })).await.expect(201)["id"]);
    neighbour.post("contacts", new).await.expect(201);
    let found = desk.owner().get(&format!("contacts/{ours}/duplicates")).await.expect(200);
    assert_eq!(found["items"].as_array().unwrap().len(), 1, "{found}");
    assert_eq!((&found["items"][0]["contact"]["id"], &found["items"][0]["reasons"]), (&json!(twin), &json!(["name"])));
    let talk = desk.talk("Veikko", "Hei").await;
    let plain = desk.talk("Ville", "Hei").await;
    let label = text(&desk.owner().post("labels", json!({ "name": "Palautus", "color": "#ff0000" })).await.expect(201)["id"]);
    desk.owner().put(&talk.path(&format!("/labels/{label}")), json!({})).await.expect(204);
    let filtered = async |client: &Client, operator: &str, value: Value| {
        let filter = json!({ "field": "label", "operator": operator, "value": value });
        let encoded: String = filter.to_string().bytes().map(|byte| format!("%{byte:02X}")).collect();
        let page = client.get(&format!("conversations?filter={encoded}")).await.expect(200);
        page["items"].as_array().unwrap().iter().map(|row| text(&row["id"])).collect::<Vec<_>>()
    };
    let (labelled, unlabelled) = (vec![talk.id.to_string()], vec![plain.id.to_string()]);
    assert_eq!(filtered(desk.owner(), "exists", Value::Null).await, labelled);
    assert_eq!(filtered(desk.owner(), "missing", Value::Null).await, unlabelled);
    assert_eq!(filtered(desk.owner(), "is", json!(label)).await, labelled);
    assert_eq!(filtered(desk.owner(), "is_not", json!(label)).await, unlabelled);
    assert_eq!(filtered(&neighbour, "is", json!(label)).await, Vec::<String>::new());
}
