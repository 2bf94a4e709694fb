//! Two nodes on one PostgreSQL: the customer on one, the agent on the other, and one of them dies.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use ennakoi_kernel::{Environment, SystemClock, SystemEntropy};
use ennakoi_server::start::{self, Running};
use ennakoi_store::Engine;
use ennakoi_testkit::{Client, Socket};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::{
    inbox::Desk,
    live::desk_of,
    people::{Company, text},
};

/// A second program on the same database, with threads of its own, so that it can be killed with everything that it holds open.
struct Node {
    runtime: Option<Runtime>,
    running: Option<Running>,
    address: SocketAddr,
}

impl Node {
    async fn beside(desk: &Desk) -> Self {
        let configuration = desk.company.app.app.configuration.clone();
        let started = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            let (running, address) = runtime.block_on(async {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
                let address = listener.local_addr().unwrap();
                let app = start::open(configuration, Environment::new(Arc::new(SystemClock), Arc::new(SystemEntropy))).await.unwrap();
                let modules = ennakoi_server::modules::all(&app);
                (start::serve(&app, modules, listener).unwrap(), address)
            });
            Node { runtime: Some(runtime), running: Some(running), address }
        });
        tokio::task::spawn_blocking(move || started.join().unwrap()).await.unwrap()
    }

    fn client(&self, authorization: Option<String>) -> Client {
        let mut client = Client::new(&format!("http://{}", self.address));
        client.authorization = authorization;
        client
    }

    /// Nothing is finished, nothing is said goodbye to.
    fn kill(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
        std::mem::forget(self.running.take());
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill();
    }
}

async fn desk() -> Option<Desk> {
    let company = Company::start_with(|configuration| configuration.security.visitor_requests_per_second = 100_000).await;
    if company.app.app.db.engine() == Engine::Sqlite {
        println!("two nodes need PostgreSQL; SQLite serves one");
        return None;
    }
    Some(desk_of(company).await)
}

struct Customer {
    token: String,
    talk: String,
}

impl Customer {
    fn authorization(&self) -> Option<String> {
        Some(format!("Visitor {}", self.token))
    }

    async fn socket(&self, address: SocketAddr, last_seq: i64) -> (Socket, Value) {
        let mut socket = Socket::open(&format!("ws://{address}/widget/v1/live"), &[]).await.unwrap();
        socket.send(json!({ "type": "hello", "token": self.token, "conversation": self.talk, "last_seq": last_seq })).await;
        let welcome = socket.until(|message| message["type"] == "welcome").await;
        (socket, welcome)
    }
}

/// Somebody opens the widget on that node and writes.
async fn customer(desk: &Desk, node: &Node) -> Customer {
    let channel = desk.owner().get(&format!("channels/{}", desk.channel)).await.expect(200);
    let arrived = node.client(None).post(&format!("/widget/v1/{}/visitor", text(&channel["public_key"])), json!({})).await.expect(201);
    let token = text(&arrived["token"]);
    let client = node.client(Some(format!("Visitor {token}")));
    let sent = client.post("/widget/v1/messages", json!({ "client_key": "alku", "body": "alku" })).await.expect(201);
    Customer { token, talk: text(&sent["conversation_id"]) }
}

async fn staff_socket(address: SocketAddr, client: &Client) -> Socket {
    let url = format!("ws://{address}/api/v1/live?workspace={}", client.workspace.as_deref().unwrap());
    let mut socket = Socket::open(&url, &[("cookie", client.cookie.as_deref().unwrap())]).await.unwrap();
    socket.send(json!({ "type": "hello", "last_seq": null })).await;
    socket.until(|message| message["type"] == "welcome").await;
    socket
}

fn holds(message: &Value, list: &str, body: &str) -> bool {
    message[list].as_array().is_some_and(|items| items.iter().any(|item| item["body"] == body))
}

#[tokio::test(flavor = "multi_thread")]
async fn customer_and_agent_on_different_nodes_talk_live() {
    let Some(desk) = desk().await else { return };
    let other = Node::beside(&desk).await;
    let customer = customer(&desk, &other).await;
    let aino = desk.company.colleague("aino", "agent").await;
    let mut agent = staff_socket(desk.company.app.address, &aino).await;
    let (mut theirs, _) = customer.socket(other.address, 1).await;
    for n in 0..10 {
        let (asked, answered) = (format!("kysymys {n}"), format!("vastaus {n}"));
        theirs.send(json!({ "type": "message", "client_key": asked, "body": asked })).await;
        theirs.until(|message| message["type"] == "ack" && message["client_key"] == json!(asked)).await;
        agent.until(|message| holds(message, "messages", &asked)).await;
        agent.send(json!({ "type": "message", "client_key": answered, "conversation": customer.talk, "body": answered, "visibility": "public" })).await;
        theirs.until(|message| holds(message, "items", &answered)).await;
    }
    // What passes is heard on the other node as well.
    agent.send(json!({ "type": "typing", "conversation": customer.talk, "visibility": "public", "on": true })).await;
    theirs.until(|message| message["type"] == "typing").await;
    theirs.send(json!({ "type": "typing", "on": true })).await;
    agent.until(|message| message["type"] == "typing" && message["author"]["kind"] == "contact").await;
    // A right taken away on one node is gone on the other within seconds.
    let elsewhere = {
        let mut client = other.client(None);
        client.cookie.clone_from(&aino.cookie);
        client.workspace.clone_from(&aino.workspace);
        client
    };
    elsewhere.get("contacts").await.expect(200);
    aino.delete("session").await.expect(204);
    let refused = async {
        while elsewhere.get("contacts").await.status != 401 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), refused).await.expect("the other node learns of it");
    desk.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_dies_in_mid_conversation_loses_nothing() {
    let Some(desk) = desk().await else { return };
    let mut dying = Node::beside(&desk).await;
    let customer = customer(&desk, &dying).await;
    let aino = desk.company.colleague("aino", "agent").await;
    let mut agent = staff_socket(desk.company.app.address, &aino).await;
    let (mut theirs, _) = customer.socket(dying.address, 1).await;
    // Both write without waiting for each other; the node dies while messages are on their way.
    let mut acknowledged = Vec::new();
    let answers = tokio::spawn({
        let (aino, talk) = (aino.clone(), customer.talk.clone());
        async move {
            for n in 0..60 {
                let body = json!({ "client_key": format!("a{n}"), "body": format!("vastaus {n}"), "visibility": "public" });
                aino.post(&format!("conversations/{talk}/messages"), body).await.expect(201);
            }
        }
    });
    let mut sent = 0;
    for n in 0..60 {
        if n == 30 {
            dying.kill();
        }
        let body = format!("kysymys {n}");
        if theirs.try_send(json!({ "type": "message", "client_key": body, "body": body })).await.is_err() {
            break;
        }
        sent = n + 1;
        if n % 5 == 4 && n < 30 {
            let ack = theirs.try_until(|message| message["type"] == "ack" && message["client_key"] == json!(body)).await;
            if ack.is_some() {
                acknowledged.push(body);
            }
        }
    }
    assert!(sent >= 30 && acknowledged.len() == 6, "sent {sent}, acknowledged {}", acknowledged.len());
    assert!(Socket::open(&format!("ws://{}/widget/v1/live", dying.address), &[]).await.is_err(), "the node is gone");
    answers.await.unwrap();
    // The widget comes back by the other node and sends again what was not acknowledged, with the same keys.
    let mut client = desk.company.app.stranger();
    client.authorization = customer.authorization();
    for n in 0..60 {
        let body = format!("kysymys {n}");
        let answer = client.post("/widget/v1/messages", json!({ "client_key": body, "conversation_id": customer.talk, "body": body })).await;
        assert!(matches!(answer.status.as_u16(), 200 | 201), "{}", answer.text);
        assert!(!acknowledged.contains(&body) || answer.status == 200, "{body} was acknowledged and then lost");
    }
    let (mut again, welcome) = customer.socket(desk.company.app.address, 1).await;
    let mut seen: Vec<Value> = welcome["messages"].as_array().unwrap().clone();
    while seen.iter().filter(|message| message["kind"] == "text").count() < 120 {
        let more = again.until(|message| message["type"] == "messages").await;
        seen.extend(more["items"].as_array().unwrap().iter().cloned());
    }
    let seqs: Vec<i64> = seen.iter().map(|message| message["seq"].as_i64().unwrap()).collect();
    assert!(seqs.is_sorted_by(|one, next| one < next), "{seqs:?}");
    for who in ["kysymys", "vastaus"] {
        let mut told: Vec<String> = seen.iter().map(|message| text(&message["body"])).filter(|body| body.starts_with(who)).collect();
        told.sort();
        told.dedup();
        assert_eq!(told.len(), 60, "{who}: each once");
    }
    agent.until(|message| holds(message, "messages", "kysymys 59")).await;
    // What the dead node held (leases of followers and jobs) is taken over.
    tokio::time::timeout(Duration::from_secs(60), desk.settle()).await.expect("the living node takes over");
}
