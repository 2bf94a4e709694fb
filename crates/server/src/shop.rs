//! Joins the bot's flows to what the commerce mirror and the chat know: the siblings do not know each other.

use ennakoi_bot::flows::shop::{Claim, Fact, Item, ItemKind, Proof, Shop};
use ennakoi_channels::chat;
use ennakoi_commerce::{self as commerce, InvoiceRow, OrderRow, SubscriptionRow};
use ennakoi_inbox::conversations::Conversation;
use ennakoi_kernel::{
    Timestamp,
    ids::{ContactId, WorkspaceId},
};
use ennakoi_people::contacts::{self, IdentityKind};
use ennakoi_store::{Error, Result, Tx};
use futures_util::{FutureExt, future::BoxFuture};

/// Names of lines that are told of an order.
const LINES_TOLD: usize = 4;
const DAY: i64 = 86_400_000_000;

/// What the mirror of the shop knows.
pub struct Mirror;

impl Shop for Mirror {
    fn identified<'a>(&'a self, tx: &'a mut Tx, workspace: WorkspaceId, conversation: &'a Conversation) -> BoxFuture<'a, Result<Option<ContactId>>> {
        async move {
            let Some(visitor) = conversation.visitor else { return Ok(None) };
            let Some(contact) = chat::identified(tx, workspace, visitor).await? else { return Ok(None) };
            Ok(Some(contacts::resolve(tx, workspace, contact).await?))
        }
        .boxed()
    }

    fn of_contact<'a>(&'a self, tx: &'a mut Tx, workspace: WorkspaceId, contact: ContactId, now: Timestamp) -> BoxFuture<'a, Result<Vec<Item>>> {
        async move {
            let all = commerce::of_contact(tx, workspace, contact).await?;
            let orders = all.orders.iter().map(|order| of_order(order, now));
            let invoices = all.invoices.iter().map(|invoice| of_invoice(invoice, now));
            Ok(orders.chain(invoices).chain(all.subscriptions.iter().map(of_subscription)).collect())
        }
        .boxed()
    }

    fn prove<'a>(&'a self, tx: &'a mut Tx, workspace: WorkspaceId, proof: &'a Proof, now: Timestamp) -> BoxFuture<'a, Result<Option<Item>>> {
        async move {
            let (kind, value) = match &proof.claim {
                Claim::Email(email) => (IdentityKind::Email, email),
                Claim::Phone(phone) => (IdentityKind::Phone, phone),
            };
            let named = match contacts::find_by_identity(tx, workspace, kind, value).await {
                Ok(named) => named,
                // Not an address after all.
                Err(Error::Problem(_)) => return Ok(None),
                Err(error) => return Err(error),
            };
            let owners: Vec<ContactId> = named.into_iter().filter(|known| known.verified).map(|known| known.contact).collect();
            let candidates: Vec<(Option<ContactId>, Item)> = match proof.kind {
                ItemKind::Order => {
                    let orders = commerce::orders_numbered(tx, workspace, &proof.number).await?;
                    orders.iter().map(|order| (order.contact_id, of_order(order, now))).collect()
                }
                ItemKind::Invoice => {
                    let invoices = commerce::invoices_numbered(tx, workspace, &proof.number).await?;
                    invoices.iter().map(|invoice| (invoice.contact_id, of_invoice(invoice, now))).collect()
                }
                ItemKind::Subscription => Vec::new(),
            };
            for (contact, item) in candidates {
                if let Some(contact) = contact
                    && owners.contains(&contacts::resolve(tx, workspace, contact).await?)
                {
                    return Ok(Some(item));
                }
            }
            Ok(None)
        }
        .boxed()
    }

    fn again<'a>(&'a self, tx: &'a mut Tx, workspace: WorkspaceId, ids: &'a [(ItemKind, String)], now: Timestamp) -> BoxFuture<'a, Result<Vec<Item>>> {
        async move {
            let mut items = Vec::new();
            for (kind, id) in ids {
                match kind {
                    ItemKind::Order => {
                        let Ok(id) = id.parse() else { continue };
                        match commerce::order(tx, workspace, id).await {
                            Ok(order) => items.push(of_order(&order, now)),
                            Err(Error::Problem(_)) => {}
                            Err(error) => return Err(error),
                        }
                    }
                    ItemKind::Invoice => {
                        let Ok(id) = id.parse() else { continue };
                        items.extend(commerce::invoice_by_id(tx, workspace, id).await?.map(|invoice| of_invoice(&invoice, now)));
                    }
                    ItemKind::Subscription => {}
                }
            }
            Ok(items)
        }
        .boxed()
    }

    fn told<'a>(&'a self, tx: &'a mut Tx, workspace: WorkspaceId) -> BoxFuture<'a, Result<Vec<ItemKind>>> {
        async move {
            let told = commerce::told(tx, workspace).await?;
            Ok(ItemKind::ALL.iter().copied().zip(told).filter(|(_, told)| *told).map(|(kind, _)| kind).collect())
        }
        .boxed()
    }
}

fn item(kind: ItemKind, id: impl ToString, number: &str, facts: Vec<(&str, Option<Fact>)>) -> Item {
    let facts = facts.into_iter().chain([("number", text(number))]).filter_map(|(name, fact)| Some((name.to_owned(), fact?))).collect();
    Item { kind, id: id.to_string(), number: number.to_owned(), facts }
}

fn text(text: &str) -> Option<Fact> {
    (!text.trim().is_empty()).then(|| Fact::Text(text.to_owned()))
}

fn word(word: &str) -> Option<Fact> {
    (!word.trim().is_empty()).then(|| Fact::Word(word.to_owned()))
}

fn money(minor: i64, currency: &str) -> Option<Fact> {
    Some(Fact::Money { minor, currency: currency.to_owned() })
}

fn of_order(order: &OrderRow, now: Timestamp) -> Item {
    let lines = order.lines.all();
    let mut told: Vec<String> =
        lines.iter().take(LINES_TOLD).map(|line| if line.quantity > 1 { format!("{} × {}", line.quantity, line.name) } else { line.name.clone() }).collect();
    if lines.len() > LINES_TOLD {
        told.push("…".to_owned());
    }
    // The parcel that is still to come, else the last one.
    let parcel = order.shipments.iter().find(|parcel| parcel.delivered_at.is_none()).or(order.shipments.last());
    let over = matches!(order.status.as_str(), "completed" | "delivered" | "cancelled" | "refunded" | "failed");
    let late = !over && order.delivered_at.is_none() && order.promised_at.is_some_and(|promised| promised + ennakoi_kernel::Duration::days(1) < now);
    item(
        ItemKind::Order,
        order.id,
        &order.number,
        vec![
            ("status", word(&order.status)),
            ("total", money(order.total_minor, &order.currency)),
            ("lines", text(&told.join(", "))),
            ("placed", Some(Fact::At(order.placed_at))),
            ("promised", order.promised_at.map(Fact::At)),
            ("delivered", order.delivered_at.map(Fact::At)),
            ("days_since_delivery", order.delivered_at.map(|at| Fact::Count((now.0 - at.0).max(0) / DAY))),
            ("late", word(if late { "yes" } else { "no" })),
            ("parcel", parcel.and_then(|parcel| word(&parcel.status))),
            ("carrier", parcel.and_then(|parcel| text(&parcel.carrier))),
            ("tracking", parcel.and_then(|parcel| text(&parcel.number))),
            ("link", parcel.and_then(|parcel| parcel.url.as_deref()).and_then(text)),
        ],
    )
}

fn of_invoice(invoice: &InvoiceRow, now: Timestamp) -> Item {
    item(
        ItemKind::Invoice,
        invoice.id,
        &invoice.number,
        vec![
            ("status", word(&invoice.status)),
            ("reference", invoice.reference.as_deref().and_then(text)),
            ("total", money(invoice.total_minor, &invoice.currency)),
            ("due", money(invoice.due_minor, &invoice.currency)),
            ("due_at", Some(Fact::At(invoice.due_at))),
            ("days_to_due", Some(Fact::Count((invoice.due_at.0 - now.0) / DAY))),
            ("issued", Some(Fact::At(invoice.issued_at))),
            ("paid", invoice.paid_at.map(Fact::At)),
            ("link", invoice.url.as_deref().and_then(text)),
        ],
    )
}

fn of_subscription(subscription: &SubscriptionRow) -> Item {
    item(
        ItemKind::Subscription,
        subscription.id,
        &subscription.name,
        vec![
            ("name", text(&subscription.name)),
            ("status", word(&subscription.status)),
            ("price", money(subscription.price_minor, &subscription.currency)),
            ("interval", word(&subscription.interval)),
            ("renews", subscription.renews_at.map(Fact::At)),
            ("cancels", subscription.cancels_at.map(Fact::At)),
        ],
    )
}
