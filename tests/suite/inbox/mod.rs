//! Conversations, messages, the desk and routing, and the attacks on them.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod attachments;
mod authority;
mod bulk;
mod calendars;
mod cases;
mod conversations;
mod desk;
mod levels;
mod lists;
mod macros;
mod messages;
mod proposals;
pub(crate) mod quality;
mod reports;
mod routing;
mod rules;
mod scheduled;
mod search;
mod settings;
mod sla;
pub(crate) mod training;

use ennakoi_inbox::{
    conversations::{NewConversation, Owner},
    messages::{Added, Direction, NewMessage},
};
use ennakoi_kernel::ids::{ChannelId, ContactId, ConversationId, QueueId, WorkspaceId};
use ennakoi_people::Locale;
use ennakoi_store::{Tx, timeline::Actor};
use ennakoi_testkit::Client;
use serde_json::{Value, json};

use crate::people::{Company, id_of, text};

/// A company that answers customers: a chat channel and a queue that is always open.
pub(crate) struct Desk {
    pub(crate) company: Company,
    pub(crate) channel: ChannelId,
    pub(crate) queue: QueueId,
}

/// A customer with one conversation.
#[derive(Clone, Copy)]
pub(crate) struct Talk {
    pub(crate) contact: ContactId,
    pub(crate) id: ConversationId,
}

impl Desk {
    pub(crate) async fn open() -> Self {
        Self::of(Company::start().await).await
    }

    /// The same for a company that is there already.
    pub(crate) async fn of(company: Company) -> Self {
        let owner = &company.owner;
        let queue = owner.post("queues", json!({ "name": "Asiakaspalvelu" })).await.expect(201);
        let channel = owner.post("channels", json!({ "kind": "chat", "name": "Verkkokauppa", "settings": { "mode": "person_first" } })).await.expect(201);
        Self { channel: text(&channel["id"]).parse().unwrap(), queue: text(&queue["id"]).parse().unwrap(), company }
    }

    pub(crate) fn owner(&self) -> &Client {
        &self.company.owner
    }

    pub(crate) fn workspace(&self) -> WorkspaceId {
        self.company.workspace().parse().unwrap()
    }

    /// An agent who is there.
    pub(crate) async fn agent(&self, name: &str) -> Client {
        let agent = self.company.colleague(name, "agent").await;
        agent.put("availability", json!({ "availability": "online" })).await.expect(204);
        agent
    }

    pub(crate) async fn contact(&self, name: &str) -> ContactId {
        let body = json!({ "name": name, "email": format!("{}@example.fi", name.to_lowercase()) });
        text(&self.owner().post("contacts", body).await.expect(201)["id"]).parse().unwrap()
    }

    /// Does something in one transaction, as a channel would.
    pub(crate) async fn within<T>(&self, act: impl AsyncFnOnce(&mut Tx) -> ennakoi_store::Result<T>) -> T {
        let mut tx = self.company.app.app.db.begin().await.unwrap();
        let done = act(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        done
    }

    /// A customer writes for the first time; the conversation is `owner`'s.
    pub(crate) async fn talk_of(&self, contact: ContactId, owner: Owner, body: &str) -> Talk {
        let environment = self.company.app.app.environment.clone();
        let new = NewConversation { channel: self.channel, contact: Some(contact), visitor: None, subject: None, locale: Some(Locale::Fi), owner };
        let workspace = self.workspace();
        let conversation = self.within(async |tx| ennakoi_inbox::conversations::open(tx, &environment, workspace, new).await).await;
        let talk = Talk { contact, id: conversation.id };
        self.says(talk, body).await;
        talk
    }

    /// A conversation of the bot's in which it has just spoken, so that it waits for the customer.
    pub(crate) async fn bots(&self, name: &str, body: &str) -> Talk {
        let contact = self.contact(name).await;
        let environment = self.company.app.app.environment.clone();
        let new = NewConversation { channel: self.channel, contact: Some(contact), visitor: None, subject: None, locale: Some(Locale::Fi), owner: Owner::Bot };
        let workspace = self.workspace();
        let conversation = self.within(async |tx| ennakoi_inbox::conversations::open(tx, &environment, workspace, new).await).await;
        let talk = Talk { contact, id: conversation.id };
        self.writes(talk, NewMessage::text(Actor::Bot, Direction::Out, body)).await;
        talk
    }

    /// A customer writes for the first time; nobody has it yet.
    pub(crate) async fn talk(&self, name: &str, body: &str) -> Talk {
        let contact = self.contact(name).await;
        self.talk_of(contact, Owner::Nobody, body).await
    }

    /// A customer writes for the first time, into the queue.
    pub(crate) async fn queued(&self, name: &str, body: &str) -> Talk {
        let contact = self.contact(name).await;
        self.talk_of(contact, Owner::Queue(self.queue), body).await
    }

    /// The customer writes.
    pub(crate) async fn says(&self, talk: Talk, body: &str) -> Added {
        self.writes(talk, NewMessage::text(Actor::Contact(talk.contact), Direction::In, body)).await
    }

    /// Any message.
    pub(crate) async fn writes(&self, talk: Talk, new: NewMessage) -> Added {
        let environment = self.company.app.app.environment.clone();
        let workspace = self.workspace();
        self.within(async |tx| ennakoi_inbox::messages::add(tx, &environment, workspace, talk.id, new).await).await
    }

    pub(crate) async fn settle(&self) {
        self.company.app.settle().await;
    }
}

impl Talk {
    pub(crate) fn path(self, rest: &str) -> String {
        format!("conversations/{}{rest}", self.id)
    }
}

/// The conversation as this person sees it.
pub(crate) async fn read(client: &Client, talk: Talk) -> Value {
    client.get(&talk.path("")).await.expect(200)
}

/// An agent answers.
pub(crate) async fn answers(client: &Client, talk: Talk, key: &str, body: &str) -> Value {
    client.post(&talk.path("/messages"), json!({ "client_key": key, "body": body, "visibility": "public" })).await.expect(201)
}

/// The ids in a list, in order.
pub(crate) async fn listed(client: &Client, query: &str) -> Vec<String> {
    let page = client.get(&format!("conversations?{query}")).await.expect(200);
    page["items"].as_array().unwrap().iter().map(|row| text(&row["id"])).collect()
}

pub(crate) fn ids(talks: &[Talk]) -> Vec<String> {
    talks.iter().map(|talk| talk.id.to_string()).collect()
}

pub(crate) async fn staff_id(client: &Client) -> String {
    id_of(client).await
}
