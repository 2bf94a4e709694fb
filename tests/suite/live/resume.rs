//! Two hundred cuts at random moments under load: what a socket has heard in the end is everything, once, in order.

use std::{collections::BTreeSet, time::Duration};

use ennakoi_kernel::{Entropy, SeededEntropy};
use ennakoi_testkit::{Client, Socket};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::{desk_of, head, staff_socket};
use crate::{
    inbox::{Desk, Talk},
    people::{Company, text},
};

const CUTS: usize = 200;
/// Messages that are on their way while sockets are cut.
const MESSAGES: usize = 400;

/// A number below `limit`.
fn below(entropy: &SeededEntropy, limit: u64) -> u64 {
    let mut bytes = [0u8; 8];
    entropy.fill(&mut bytes);
    u64::from_le_bytes(bytes) % limit
}

/// Writes into the conversation until everything is written; says how many have been acknowledged.
async fn load(visitor: Client, aino: Client, talk: String, written: watch::Sender<usize>) {
    for n in 0..MESSAGES {
        if n % 2 == 0 {
            let body = json!({ "client_key": format!("c{n}"), "conversation_id": talk, "body": format!("viesti {n}") });
            visitor.post("/widget/v1/messages", body).await.expect(201);
        } else {
            let visibility = if n % 10 == 1 { "private" } else { "public" };
            let body = json!({ "client_key": format!("a{n}"), "body": format!("viesti {n}"), "visibility": visibility });
            aino.post(&format!("conversations/{talk}/messages"), body).await.expect(201);
        }
        written.send_replace(n + 1);
    }
}

/// What a staff socket has heard after `start`: events must come in order, each once, across all its lives.
async fn staff_life(desk: &Desk, client: &Client, start: i64, entropy: &SeededEntropy, done: &watch::Receiver<usize>) -> (usize, Vec<i64>) {
    let app = &desk.company.app;
    let mut seq = start;
    let (mut heard, mut cuts) = (Vec::new(), 0);
    loop {
        let finished = *done.borrow() == MESSAGES;
        let target = if finished { Some(head(app, client.workspace.as_deref().unwrap()).await) } else { None };
        let (mut socket, welcome) = staff_socket(app, client, Some(seq)).await;
        assert_eq!((&welcome["resumed"], &welcome["seq"]), (&json!(true), &json!(seq)));
        let mut left = below(entropy, 4);
        while target.map_or(left > 0, |target| seq < target) {
            let Ok(change) = tokio::time::timeout(Duration::from_millis(300), socket.until(|message| message["type"] == "changes")).await else { break };
            for event in change["events"].as_array().unwrap() {
                heard.push(event["seq"].as_i64().unwrap());
            }
            seq = change["seq"].as_i64().unwrap();
            left = left.saturating_sub(1);
        }
        // A clean goodbye or a torn cable.
        if below(entropy, 2) == 0 {
            socket.close().await
        } else {
            drop(socket)
        }
        cuts += 1;
        if target.is_some_and(|target| seq >= target) && cuts >= CUTS / 2 {
            return (cuts, heard);
        }
    }
}

async fn visitor_socket(desk: &Desk, token: &str, talk: &str, last_seq: i64) -> (Socket, Value) {
    let mut socket = Socket::open(&format!("ws://{}/widget/v1/live", desk.company.app.address), &[]).await.unwrap();
    socket.send(json!({ "type": "hello", "token": token, "conversation": talk, "last_seq": last_seq })).await;
    let welcome = socket.until(|message| message["type"] == "welcome").await;
    (socket, welcome)
}

async fn visitor_life(desk: &Desk, token: &str, talk: &str, entropy: &SeededEntropy, done: &watch::Receiver<usize>, last: &str) -> (usize, Vec<Value>) {
    let (mut heard, mut cuts): (Vec<Value>, usize) = (Vec::new(), 0);
    let take = |items: &Value, heard: &mut Vec<Value>| heard.extend(items.as_array().unwrap().iter().cloned());
    loop {
        let finished = *done.borrow() == MESSAGES;
        let seq = heard.last().map_or(0, |message| message["seq"].as_i64().unwrap());
        let (mut socket, welcome) = visitor_socket(desk, token, talk, seq).await;
        take(&welcome["messages"], &mut heard);
        let mut left = below(entropy, 4);
        let complete = |heard: &[Value]| heard.iter().any(|message| message["body"] == last);
        while if finished { !complete(&heard) } else { left > 0 } {
            let Ok(message) = tokio::time::timeout(Duration::from_millis(300), socket.until(|message| message["type"] == "messages")).await else { break };
            take(&message["items"], &mut heard);
            left = left.saturating_sub(1);
        }
        if below(entropy, 2) == 0 {
            socket.close().await
        } else {
            drop(socket)
        }
        cuts += 1;
        if finished && complete(&heard) && cuts >= CUTS / 2 {
            return (cuts, heard);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_cuts_lose_double_and_reorder_nothing() {
    let company = Company::start_with(|configuration| configuration.security.visitor_requests_per_second = 100_000).await;
    let desk = desk_of(company).await;
    let app = &desk.company.app;
    let channel = desk.owner().get(&format!("channels/{}", desk.channel)).await.expect(200);
    let arrived = app.stranger().post(&format!("/widget/v1/{}/visitor", text(&channel["public_key"])), json!({})).await.expect(201);
    let token = text(&arrived["token"]);
    let mut visitor = app.stranger();
    visitor.authorization = Some(format!("Visitor {token}"));
    let first = visitor.post("/widget/v1/messages", json!({ "client_key": "first", "body": "alku" })).await.expect(201);
    let talk = text(&first["conversation_id"]);
    let aino = desk.company.colleague("aino", "agent").await;
    desk.settle().await;
    let start = head(app, &desk.company.workspace()).await;
    let (written, done) = watch::channel(0);
    let writing = tokio::spawn(load(visitor.clone(), aino.clone(), talk.clone(), written));
    let (staff_seed, visitor_seed) = (SeededEntropy::new(11), SeededEntropy::new(12));
    let last = format!("viesti {}", MESSAGES - 1);
    let ((staff_cuts, events), (visitor_cuts, messages)) =
        tokio::join!(staff_life(&desk, desk.owner(), start, &staff_seed, &done), visitor_life(&desk, &token, &talk, &visitor_seed, &done, &last));
    writing.await.unwrap();
    assert!(staff_cuts + visitor_cuts >= CUTS, "{staff_cuts} + {visitor_cuts}");
    let end = start + i64::try_from(events.len()).unwrap();
    assert_eq!(events, (start + 1..=end).collect::<Vec<_>>(), "every event once, in order");
    assert!(end >= start + i64::try_from(MESSAGES).unwrap());
    // The visitor: every public message once, in order; no private one.
    let seqs: Vec<i64> = messages.iter().map(|message| message["seq"].as_i64().unwrap()).collect();
    assert!(seqs.is_sorted() && seqs.iter().collect::<BTreeSet<_>>().len() == seqs.len(), "{seqs:?}");
    let told: Vec<String> = messages.iter().filter(|message| message["kind"] == "text").map(|message| text(&message["body"])).collect();
    let public = (0..MESSAGES).filter(|n| n % 10 != 1).map(|n| format!("viesti {n}"));
    assert_eq!(told, std::iter::once("alku".to_owned()).chain(public).collect::<Vec<_>>());
    desk.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_is_far_behind_or_ahead_starts_afresh() {
    let desk = Desk::open().await;
    let app = &desk.company.app;
    let now = head(app, &desk.company.workspace()).await;
    for (last, resumed) in [(Some(now), true), (Some(0), true), (Some(now + 1_000), false), (None, false)] {
        let (socket, welcome) = staff_socket(app, desk.owner(), last).await;
        assert_eq!(welcome["resumed"], resumed, "{last:?} {welcome}");
        socket.close().await;
    }
    let talk: Talk = desk.talk("Liisa", "Hei").await;
    let (mut socket, _) = staff_socket(app, desk.owner(), Some(now)).await;
    let change = socket.until(|message| message["type"] == "changes" && !message["messages"].as_array().unwrap().is_empty()).await;
    assert_eq!(change["messages"][0]["conversation_id"], json!(talk.id));
    for strange in [json!({ "type": "hello", "last_seq": "x" }), json!({ "type": "unknown" }), json!([]), json!({ "type": "hello", "last_seq": -5 })] {
        socket.send(strange).await;
    }
    socket.send(json!({ "type": "ping" })).await;
    socket.until(|message| message["type"] == "pong").await;
}
