//! Sockets that are slow, forbidden or over; who types and who looks.

use std::time::Duration as StdDuration;

use ennakoi_testkit::{Client, Socket, TestApp};
use serde_json::{Value, json};
use tokio::{io::AsyncReadExt, io::AsyncWriteExt, net::TcpStream};

use super::{Replica, head, staff_socket};
use crate::{
    inbox::Desk,
    people::{PASSWORD, id_of, sign_in, text},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_of_another_site_is_refused() {
    let desk = Desk::open().await;
    let app = &desk.company.app;
    let url = format!("ws://{}/api/v1/live?workspace={}", app.address, desk.company.workspace());
    let cookie = desk.owner().cookie.clone().unwrap();
    for (origin, opens) in [
        (app.url.clone(), true),
        (app.app.public_url(), true),
        ("https://evil.example".to_owned(), false),
        (format!("{}.evil.example", app.url), false),
        ("null".to_owned(), false),
        ("http://127.0.0.1".to_owned(), false),
    ] {
        let socket = Socket::open(&url, &[("cookie", &cookie), ("origin", &origin)]).await;
        assert_eq!(socket.is_ok(), opens, "{origin}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ended_session_ends_its_socket() {
    let desk = Desk::open().await;
    let app = &desk.company.app;
    desk.company.colleague("aino", "agent").await;
    let mut aino = sign_in(app, "aino@example.fi", PASSWORD).await;
    aino.workspace = desk.owner().workspace.clone();
    let (mut socket, _) = staff_socket(app, &aino, None).await;
    let talk = desk.talk("Liisa", "Hei").await;
    socket.until(|message| message.to_string().contains("Hei")).await;
    aino.delete("session").await.expect(204);
    desk.says(talk, "salaisuus").await;
    let told = socket.try_until(|message| message.to_string().contains("salaisuus")).await;
    assert_eq!(told, None, "what happens after the sign-out is not told");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_hears_no_more_and_a_lesser_role_writes_no_more() {
    let desk = Desk::open().await;
    let app = &desk.company.app;
    let talk = desk.talk("Liisa", "Hei").await;
    let aino = desk.company.colleague("aino", "agent").await;
    let id = id_of(&aino).await;
    let (mut socket, _) = staff_socket(app, &aino, None).await;
    desk.owner().patch(&format!("staff/{id}"), json!({ "role": "viewer" })).await.expect(200);
    socket.send(json!({ "type": "message", "client_key": "x", "conversation": talk.id, "body": "hei", "visibility": "public" })).await;
    socket.until(|message| message["type"] == "refused").await;
    desk.owner().delete(&format!("staff/{id}")).await.expect(204);
    desk.says(talk, "salaisuus").await;
    let told = socket.try_until(|message| message.to_string().contains("salaisuus")).await;
    assert_eq!(told, None, "what happens after they left is not told");
}

/// A socket that never reads: the hello is written by hand, and nothing after it is taken from the line.
async fn deaf(app: &TestApp, client: &Client) -> TcpStream {
    let mut stream = TcpStream::connect(app.address).await.unwrap();
    let request = format!(
        "GET /api/v1/live?workspace={} HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nCookie: {}\r\n\r\n",
        client.workspace.as_deref().unwrap(),
        app.address,
        client.cookie.as_deref().unwrap()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(stream.read_u8().await.unwrap());
    }
    assert!(answer.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&answer));
    let hello = br#"{"type":"hello","last_seq":null}"#;
    let mut frame = vec![0x81, 0x80 | u8::try_from(hello.len()).unwrap(), 0, 0, 0, 0];
    frame.extend_from_slice(hello);
    stream.write_all(&frame).await.unwrap();
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_that_does_not_keep_up_is_dropped_and_its_client_resumes() {
    let desk = Desk::open().await;
    let app = &desk.company.app;
    let slow = desk.company.colleague("hidas", "agent").await;
    let mut replica = Replica { seq: 0, ..Replica::default() };
    replica.return_to(app, &slow).await;
    let mut stream = deaf(app, &slow).await;
    let (mut quick, _) = staff_socket(app, desk.owner(), None).await;
    // Each of these is told to both; what waits for the deaf one passes every buffer between it and the server.
    let talk = desk.talk("Liisa", "Hei").await;
    let long = "x".repeat(19_000);
    let reading = tokio::spawn(async move {
        let mut heard = 0;
        while heard < 700 {
            let change = quick.until(|message| message["type"] == "changes").await;
            heard += change["messages"].as_array().unwrap().iter().filter(|message| message["visibility"] == "private").count();
        }
    });
    for n in 0..700 {
        let body = json!({ "client_key": format!("k{n}"), "body": format!("{n} {long}"), "visibility": "private" });
        desk.company.app.clock.advance(ennakoi_kernel::Duration(100_000));
        desk.owner().post(&talk.path("/messages"), body).await.expect(201);
    }
    reading.await.unwrap();
    // The server has hung up: reading what was left ends, instead of waiting for ever.
    let mut rest = Vec::new();
    let ended = tokio::time::timeout(StdDuration::from_secs(60), stream.read_to_end(&mut rest)).await;
    assert!(ended.is_ok(), "the deaf socket is still open after {} bytes", rest.len());
    assert!(rest.len() < 13_000_000, "it was told everything ({} bytes)", rest.len());
    replica.return_to(app, &slow).await;
    assert_eq!(replica.seq, head(app, &desk.company.workspace()).await);
    assert_eq!(replica.messages.len(), 701);
}

fn typing(message: &Value, on: bool) -> bool {
    message["type"] == "typing" && message["on"] == on
}

#[tokio::test(flavor = "multi_thread")]
async fn both_sides_see_who_types_and_colleagues_who_looks() {
    let desk = Desk::open().await;
    let app = &desk.company.app;
    let channel = desk.owner().get(&format!("channels/{}", desk.channel)).await.expect(200);
    let arrived = app.stranger().post(&format!("/widget/v1/{}/visitor", text(&channel["public_key"])), json!({})).await.expect(201);
    let token = text(&arrived["token"]);
    let mut visitor = app.stranger();
    visitor.authorization = Some(format!("Visitor {token}"));
    let talk = text(&visitor.post("/widget/v1/messages", json!({ "client_key": "1", "body": "Hei" })).await.expect(201)["conversation_id"]);
    let mut theirs = Socket::open(&format!("ws://{}/widget/v1/live", app.address), &[]).await.unwrap();
    theirs.send(json!({ "type": "hello", "token": token, "conversation": talk, "last_seq": 1 })).await;
    theirs.until(|message| message["type"] == "welcome").await;
    let (aino, onni) = (desk.company.colleague("aino", "agent").await, desk.company.colleague("onni", "agent").await);
    let (mut first, _) = staff_socket(app, &aino, None).await;
    let (mut second, _) = staff_socket(app, &onni, None).await;
    first.send(json!({ "type": "focus", "conversation": talk })).await;
    let presence = second.until(|message| message["type"] == "presence" && message["people"] != json!([])).await;
    assert_eq!((&presence["conversation"], &presence["people"][0]["mode"]), (&json!(talk), &json!("viewing")));
    first.send(json!({ "type": "typing", "conversation": talk, "visibility": "private", "on": true })).await;
    first.send(json!({ "type": "typing", "conversation": talk, "visibility": "public", "on": true })).await;
    // The customer hears of the answer only.
    let told = theirs.until(|message| message["type"] == "typing").await;
    assert_eq!((&told["on"], &told["author"]["kind"]), (&json!(true), &json!("staff")));
    assert_eq!(told["author"]["name"], "aino", "{told}");
    second.until(|message| typing(message, true)).await;
    theirs.send(json!({ "type": "typing", "on": true })).await;
    let told = second.until(|message| typing(message, true) && message["author"]["kind"] == "contact").await;
    assert_eq!(told["conversation"], json!(talk));
    // And how far the customer has read.
    let answer = json!({ "client_key": "a", "body": "Hei!", "visibility": "public" });
    let seq = aino.post(&format!("conversations/{talk}/messages"), answer).await.expect(201)["seq"].clone();
    theirs.until(|message| message["type"] == "messages").await;
    theirs.send(json!({ "type": "seen", "seq": seq })).await;
    let seen = second.until(|message| message["events"].to_string().contains("conversation.seen")).await;
    assert_eq!((&seen["messages"][0]["body"], &seen["messages"][0]["delivery"]), (&json!("Hei!"), &json!("read")));
    // Who leaves is no longer there.
    first.close().await;
    second.until(|message| message["type"] == "presence" && message["people"] == json!([])).await;
    onni.put("availability", json!({ "availability": "away" })).await.expect(204);
    second.until(|message| message["type"] == "staff" && message["availability"] == "away").await;
}
