//! The widget's whole job through HTTP: asking, being answered, reaching a person, files, proof of who one is.

mod bot;
mod files;
pub(crate) mod identity;
mod people;
mod sending;
mod transcript;

use ennakoi_inbox::channels::Channel;
use ennakoi_kernel::configuration::Configuration;
use ennakoi_testkit::{Answer, Client, Socket};
use serde_json::{Value, json};

use crate::people::{Company, text};

/// A web shop with a chat, articles in Finnish, and a queue.
pub(crate) struct Shop {
    pub(crate) company: Company,
    pub(crate) channel: String,
    pub(crate) public_key: String,
    pub(crate) queue: String,
}

/// Titles, wordings and texts of the shop's help.
const ARTICLES: &[(&str, &[&str], &str)] = &[
    (
        "Paketin seuranta",
        &["Missä pakettini on?", "Miten seuraan lähetystä?", "Onko tilaukseni jo lähtenyt?"],
        "Saat seurantakoodin tekstiviestillä, kun paketti lähtee varastostamme. Koodilla näet lähetyksen matkan kuljetusliikkeen sivuilta.",
    ),
    (
        "Tuotteen palauttaminen",
        &["Miten palautan tuotteen?", "Voinko palauttaa vaatteen?"],
        "Voit palauttaa käyttämättömän tuotteen 30 päivän kuluessa. Tulosta palautuslappu ja vie paketti postiin.",
    ),
    (
        "Palautuksen rahojen saaminen",
        &["Milloin saan palautuksen rahat?", "Koska palautetun tuotteen rahat tulevat tilille?"],
        "Maksamme palautetun tuotteen hinnan takaisin samalle maksutavalle 14 päivän kuluessa siitä, kun palautus on saapunut varastolle.",
    ),
    ("Maksutavat", &["Millä voin maksaa?", "Käykö MobilePay?"], "Voit maksaa verkkopankissa, kortilla, MobilePaylla tai laskulla."),
    (
        "Salasanan vaihtaminen",
        &["Miten vaihdan salasanani?", "Unohdin salasanan"],
        "Vaihda salasana kirjautumissivun linkistä Unohditko salasanasi. Lähetämme vaihtolinkin sähköpostiisi.",
    ),
    ("Lahjakortin käyttäminen", &["Miten käytän lahjakortin?"], "Syötä lahjakortin koodi kassalla kenttään Alennuskoodi. Kortti on voimassa kaksi vuotta."),
];

/// Hours in which somebody is always there.
pub(crate) fn always() -> Value {
    let day = json!([["00:00", "24:00"]]);
    json!({ "mon": day, "tue": day, "wed": day, "thu": day, "fri": day, "sat": day, "sun": day })
}

impl Shop {
    pub(crate) async fn open() -> Self {
        Self::open_with(|_| {}).await
    }

    pub(crate) async fn open_with(change: impl FnOnce(&mut Configuration)) -> Self {
        let company = Company::start_with(|configuration| {
            configuration.security.visitor_requests_per_second = 1_000;
            change(configuration);
        })
        .await;
        let owner = &company.owner;
        let queue = text(&owner.post("queues", json!({ "name": "Asiakaspalvelu" })).await.expect(201)["id"]);
        let channel = owner.post("channels", json!({ "kind": "chat", "name": "Verkkokauppa", "settings": { "mode": "bot_first" } })).await.expect(201);
        let shop = Self { channel: text(&channel["id"]), public_key: text(&channel["public_key"]), queue, company };
        let category = text(&shop.owner().post("categories", json!({ "title": { "fi": "Ohjeet" } })).await.expect(201)["id"]);
        for (title, questions, body) in ARTICLES {
            let new = json!({ "category_id": category, "locale": "fi", "title": title, "body": body, "questions": questions });
            let id = text(&shop.owner().post("articles", new).await.expect(201)["id"]);
            shop.owner().put(&format!("articles/{id}/texts/fi/publication"), json!({})).await.expect(200);
        }
        shop.company.app.settle().await;
        shop
    }

    pub(crate) fn owner(&self) -> &Client {
        &self.company.owner
    }

    /// Changes the channel's settings.
    pub(crate) async fn set(&self, settings: Value) {
        self.owner().patch(&format!("channels/{}", self.channel), json!({ "settings": settings })).await.expect(200);
    }

    /// Gives the queue these weekly hours, by the clock of Helsinki.
    pub(crate) async fn hours(&self, weekly: Value) {
        let calendar = json!({ "name": "Ajat", "timezone": "Europe/Helsinki", "weekly": weekly });
        let calendar = self.owner().post("calendars", calendar).await.expect(201);
        self.owner().patch(&format!("queues/{}", self.queue), json!({ "calendar_id": calendar["id"] })).await.expect(200);
    }

    /// Somebody opens the widget.
    pub(crate) async fn arrive(&self, body: Value) -> Answer {
        self.company.app.stranger().post(&format!("/widget/v1/{}/visitor", self.public_key), body).await
    }

    pub(crate) async fn visitor(&self) -> Visitor<'_> {
        let arrived = self.arrive(json!({ "locale": "fi" })).await.expect(201);
        self.visitor_with(&text(&arrived["token"]))
    }

    pub(crate) fn visitor_with(&self, token: &str) -> Visitor<'_> {
        let mut client = self.company.app.stranger();
        client.authorization = Some(format!("Visitor {token}"));
        Visitor { shop: self, client, token: token.to_owned() }
    }

    /// The channel as the server holds it.
    pub(crate) async fn stored_channel(&self) -> Channel {
        let mut tx = self.company.app.app.db.read().await.unwrap();
        ennakoi_inbox::channels::load(&mut tx, self.company.workspace().parse().unwrap(), self.channel.parse().unwrap()).await.unwrap()
    }
}

/// Somebody at the widget.
pub(crate) struct Visitor<'a> {
    pub(crate) shop: &'a Shop,
    pub(crate) client: Client,
    pub(crate) token: String,
}

impl Visitor<'_> {
    pub(crate) async fn send(&self, key: &str, body: &str) -> Answer {
        self.client.post("/widget/v1/messages", json!({ "client_key": key, "body": body })).await
    }

    /// Writes, waits until everybody has had their say, and returns what came after it.
    pub(crate) async fn ask(&self, key: &str, body: &str) -> Vec<Value> {
        let sent = self.send(key, body).await.expect(201);
        self.after(&sent).await
    }

    /// Taps an option.
    pub(crate) async fn tap(&self, key: &str, option: &str, label: &str) -> Vec<Value> {
        let body = json!({ "client_key": key, "body": label, "option_key": option });
        let sent = self.client.post("/widget/v1/messages", body).await.expect(201);
        self.after(&sent).await
    }

    async fn after(&self, sent: &Value) -> Vec<Value> {
        self.shop.company.app.settle().await;
        let path = format!("/widget/v1/conversations/{}/messages?after_seq={}", text(&sent["conversation_id"]), sent["message"]["seq"]);
        self.client.get(&path).await.expect(200)["items"].as_array().unwrap().clone()
    }

    /// The visitor's newest conversation.
    pub(crate) async fn conversation(&self) -> Value {
        self.client.get("/widget/v1/conversations").await.expect(200)[0].clone()
    }

    pub(crate) async fn messages(&self) -> Vec<Value> {
        let id = text(&self.conversation().await["id"]);
        self.client.get(&format!("/widget/v1/conversations/{id}/messages?limit=100")).await.expect(200)["items"].as_array().unwrap().clone()
    }

    /// An open socket, after its welcome.
    pub(crate) async fn socket(&self, conversation: Value, last_seq: i64) -> (Socket, Value) {
        let mut socket = Socket::open(&format!("ws://{}/widget/v1/live", self.shop.company.app.address), &[]).await.unwrap();
        socket.send(json!({ "type": "hello", "token": self.token, "conversation": conversation, "last_seq": last_seq })).await;
        let welcome = socket.until(|message| message["type"] == "welcome").await;
        (socket, welcome)
    }
}

/// What the bot said, without notes of what happened.
pub(crate) fn said(messages: &[Value]) -> Vec<&Value> {
    messages.iter().filter(|message| message["author"]["kind"] == "bot" && message["kind"] != "event").collect()
}

/// Keys of the options under a message.
pub(crate) fn options(message: &Value) -> Vec<String> {
    message["meta"]["options"].as_array().into_iter().flatten().map(|option| text(&option["key"])).collect()
}
