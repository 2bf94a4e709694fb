//! What the shop knows, as flows see it: items with facts, and the boundary through which they come.

use std::collections::BTreeMap;

use ennakoi_inbox::conversations::Conversation;
use ennakoi_kernel::{
    Timestamp,
    ids::{ContactId, WorkspaceId},
};
use ennakoi_store::{Result, Tx};
use futures_util::future::BoxFuture;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What can be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ItemKind {
    Order,
    Invoice,
    Subscription,
}

impl ItemKind {
    pub const ALL: &[Self] = &[Self::Order, Self::Invoice, Self::Subscription];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Invoice => "invoice",
            Self::Subscription => "subscription",
        }
    }

    /// Facts that sentences and branches of a flow may use.
    #[must_use]
    pub const fn facts(self) -> &'static [&'static str] {
        match self {
            Self::Order => &[
                "number",
                "status",
                "total",
                "lines",
                "placed",
                "promised",
                "delivered",
                "late",
                "days_since_delivery",
                "parcel",
                "carrier",
                "tracking",
                "link",
            ],
            Self::Invoice => &["number", "status", "reference", "total", "due", "due_at", "paid", "issued", "link", "days_to_due"],
            Self::Subscription => &["number", "name", "status", "price", "interval", "renews", "cancels"],
        }
    }
}

/// One thing that is known of an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// As it is.
    Text(String),
    /// A word of the shop that is told in the customer's language when it is a known one.
    Word(String),
    At(Timestamp),
    Money {
        minor: i64,
        currency: String,
    },
    Count(i64),
}

/// An order, invoice or subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Item {
    pub kind: ItemKind,
    pub id: String,
    /// As the customer knows it; of a subscription its name.
    pub number: String,
    pub facts: BTreeMap<String, Fact>,
}

impl Item {
    /// What it is called in a list to choose from: the number and what is in it.
    #[must_use]
    pub fn title(&self) -> String {
        match self.facts.get("lines") {
            Some(Fact::Text(lines)) if !lines.is_empty() => format!("{} · {lines}", self.number),
            _ => self.number.clone(),
        }
    }
}

/// Something by which an unknown visitor proves that an item is theirs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    pub kind: ItemKind,
    pub number: String,
    pub claim: Claim,
}

/// An address that must be the customer's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    Email(String),
    Phone(String),
}

/// Where flows get what the shop and the channels know. The server joins it to the modules that know; tests bring their own.
pub trait Shop: Send + Sync + 'static {
    /// The contact whom the channel vouches for: proved by a signed identity, not by typing an address.
    fn identified<'a>(&'a self, tx: &'a mut Tx, workspace: WorkspaceId, conversation: &'a Conversation) -> BoxFuture<'a, Result<Option<ContactId>>>;
    /// Everything of a contact, newest first.
    fn of_contact<'a>(&'a self, tx: &'a mut Tx, workspace: WorkspaceId, contact: ContactId, now: Timestamp) -> BoxFuture<'a, Result<Vec<Item>>>;
    /// Items that a proof opens: the number is an item's, and the address is a verified one of its customer.
    fn prove<'a>(&'a self, tx: &'a mut Tx, workspace: WorkspaceId, proof: &'a Proof, now: Timestamp) -> BoxFuture<'a, Result<Option<Item>>>;
    /// Items that were proved before, by kind and id.
    fn again<'a>(&'a self, tx: &'a mut Tx, workspace: WorkspaceId, ids: &'a [(ItemKind, String)], now: Timestamp) -> BoxFuture<'a, Result<Vec<Item>>>;
    /// Kinds of which the shop has told anything.
    fn told<'a>(&'a self, tx: &'a mut Tx, workspace: WorkspaceId) -> BoxFuture<'a, Result<Vec<ItemKind>>>;
}

/// Where there is no shop: nobody is identified and nothing can be found.
pub struct NoShop;

impl Shop for NoShop {
    fn identified<'a>(&'a self, _: &'a mut Tx, _: WorkspaceId, _: &'a Conversation) -> BoxFuture<'a, Result<Option<ContactId>>> {
        Box::pin(async { Ok(None) })
    }

    fn of_contact<'a>(&'a self, _: &'a mut Tx, _: WorkspaceId, _: ContactId, _: Timestamp) -> BoxFuture<'a, Result<Vec<Item>>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn prove<'a>(&'a self, _: &'a mut Tx, _: WorkspaceId, _: &'a Proof, _: Timestamp) -> BoxFuture<'a, Result<Option<Item>>> {
        Box::pin(async { Ok(None) })
    }

    fn again<'a>(&'a self, _: &'a mut Tx, _: WorkspaceId, _: &'a [(ItemKind, String)], _: Timestamp) -> BoxFuture<'a, Result<Vec<Item>>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn told<'a>(&'a self, _: &'a mut Tx, _: WorkspaceId) -> BoxFuture<'a, Result<Vec<ItemKind>>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}
