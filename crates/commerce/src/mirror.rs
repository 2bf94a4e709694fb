//! Taking over what the shop reports. Each report is an upsert by the shop's own id; an older one than known changes nothing.

use ennakoi_kernel::{
    Environment, Problem, Timestamp,
    ids::{ContactId, InvoiceId, OrderId, ProductId, ShipmentId, SubscriptionId, WorkspaceId},
};
use ennakoi_store::{
    Result, Tx, params,
    search::{self, Document},
    timeline::{self, Actor, NewEvent},
};
use serde_json::{Value, json};

use crate::{Invoice, Order, Product, Shipment, Subscription, customer};

/// What a report did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mirrored {
    Created,
    Updated,
    /// Older than, or equal to, what was known.
    Unchanged,
}

/// Whether others are to act on a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Telling {
    /// It happens now: `order.placed` and the like, which webhooks, messages and rules follow.
    News,
    /// It is brought along from the past: the timeline gets `order.imported` and the like, on which nothing acts.
    History,
}

/// Which row a report is about.
#[derive(Clone, Copy, Debug)]
pub struct Name<'a> {
    /// The system it comes from, e.g. `shop`.
    pub source: &'a str,
    /// Its id there.
    pub id: &'a str,
}

impl Name<'_> {
    fn check(&self) -> std::result::Result<(), Problem> {
        let well_formed = |text: &str| (1..=200).contains(&text.chars().count()) && !text.contains(char::is_control);
        if !well_formed(self.source) {
            return Err(Problem::field("source", "invalid", "1 to 200 characters without control characters"));
        }
        if well_formed(self.id) { Ok(()) } else { Err(Problem::field("source_id", "invalid", "1 to 200 characters without control characters")) }
    }
}

/// Order numbers are looked up without regard to case, spaces and the sign before them.
#[must_use]
pub(crate) fn number_key(number: &str) -> String {
    number.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase()
}

/// What is known of the row: whether it is there, and its state then.
struct Known {
    outcome: Mirrored,
    status: Option<String>,
}

/// Compares a report with what is known. `table` is a literal of this file.
async fn compare(tx: &mut Tx, table: &'static str, workspace: WorkspaceId, name: Name<'_>, reported: Timestamp) -> Result<Known> {
    name.check()?;
    let row: Option<(Timestamp, String)> = tx
        .optional(
            &format!("SELECT source_updated_at, status FROM {table} WHERE workspace_id = $1 AND source = $2 AND source_id = $3"),
            params![workspace, name.source, name.id],
        )
        .await?;
    Ok(match row {
        None => Known { outcome: Mirrored::Created, status: None },
        Some((at, status)) if at < reported => Known { outcome: Mirrored::Updated, status: Some(status) },
        Some((_, status)) => Known { outcome: Mirrored::Unchanged, status: Some(status) },
    })
}

/// Tells the timeline. `kind` is `(news, history)`.
async fn tell(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    (telling, kind): (Telling, (&'static str, &'static str)),
    (actor, contact, at): (Actor, Option<ContactId>, Timestamp),
    payload: Value,
) -> Result<()> {
    let kind = if telling == Telling::News { kind.0 } else { kind.1 };
    timeline::append(tx, environment, workspace, vec![NewEvent::new(kind, actor, payload).contact(contact).occurred_at(at)]).await?;
    Ok(())
}

/// Takes over an order.
///
/// # Errors
/// A field is wrong, or the database refuses.
pub async fn put_order(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    actor: Actor,
    name: Name<'_>,
    order: &Order,
    telling: Telling,
) -> Result<Mirrored> {
    order.check()?;
    let known = compare(tx, "orders", workspace, name, order.updated_at).await?;
    if known.outcome == Mirrored::Unchanged {
        return Ok(known.outcome);
    }
    let contact = customer::contact(tx, environment, workspace, actor, &order.customer).await?;
    let Some((id, contact)) = write_order(tx, environment, workspace, name, order, contact).await? else {
        // A newer report has arrived in between.
        return Ok(Mirrored::Unchanged);
    };
    let (kind, at) = match known.outcome {
        Mirrored::Created => ("order.placed", order.placed_at),
        _ => ("order.changed", order.updated_at),
    };
    let payload = json!({
        "order": id, "number": order.number, "status": order.status, "before": known.status, "total_minor": order.total_minor, "currency": order.currency,
    });
    tell(tx, environment, workspace, (telling, (kind, "order.imported")), (actor, contact, at), payload).await?;
    Ok(known.outcome)
}

/// Returns the row's id and contact, or `None` when a newer report stands there.
async fn write_order(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    name: Name<'_>,
    order: &Order,
    contact: Option<ContactId>,
) -> Result<Option<(OrderId, Option<ContactId>)>> {
    tx.optional(
        "INSERT INTO orders (id, workspace_id, source, source_id, contact_id, number, number_key, status, financial_status, fulfilment_status, currency, \
         total_minor, lines, placed_at, promised_at, delivered_at, source_updated_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18) ON CONFLICT (workspace_id, source, source_id) DO UPDATE SET \
         contact_id = COALESCE($5, orders.contact_id), number = $6, number_key = $7, status = $8, financial_status = $9, fulfilment_status = $10, \
         currency = $11, total_minor = $12, lines = $13, placed_at = $14, promised_at = $15, delivered_at = COALESCE($16, orders.delivered_at), \
         source_updated_at = $17, updated_at = $18 WHERE orders.source_updated_at < $17 RETURNING id, contact_id",
        params![
            environment.new_id::<OrderId>(),
            workspace,
            name.source,
            name.id,
            contact,
            &order.number,
            number_key(&order.number),
            &order.status,
            &order.financial_status,
            &order.fulfilment_status,
            &order.currency,
            order.total_minor,
            serde_json::to_string(&order.lines)?,
            order.placed_at,
            order.promised_at,
            order.delivered_at,
            order.updated_at,
            environment.now(),
        ],
    )
    .await
}

async fn order_named(tx: &mut Tx, workspace: WorkspaceId, source: &str, id: &str) -> Result<Option<(OrderId, Option<ContactId>)>> {
    tx.optional("SELECT id, contact_id FROM orders WHERE workspace_id = $1 AND source = $2 AND source_id = $3", params![workspace, source, id]).await
}

/// Takes over a shipment. Its order must be known.
///
/// # Errors
/// A field is wrong, the order is unknown, or the database refuses.
pub async fn put_shipment(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    actor: Actor,
    name: Name<'_>,
    shipment: &Shipment,
    telling: Telling,
) -> Result<Mirrored> {
    shipment.check()?;
    let known = compare(tx, "shipments", workspace, name, shipment.updated_at).await?;
    if known.outcome == Mirrored::Unchanged {
        return Ok(known.outcome);
    }
    let order = order_named(tx, workspace, name.source, &shipment.order).await?;
    let (order, contact) = order.ok_or_else(|| Problem::field("order", "unknown", "send the order first"))?;
    let written = tx
        .execute(
            "INSERT INTO shipments (id, workspace_id, source, source_id, order_id, carrier, number, url, status, shipped_at, delivered_at, source_updated_at, \
             updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (workspace_id, source, source_id) DO UPDATE SET \
             order_id = $5, carrier = $6, number = $7, url = $8, status = $9, shipped_at = $10, delivered_at = $11, source_updated_at = $12, updated_at = $13 \
             WHERE shipments.source_updated_at < $12",
            params![
                environment.new_id::<ShipmentId>(),
                workspace,
                name.source,
                name.id,
                order,
                &shipment.carrier,
                &shipment.number,
                shipment.url.clone(),
                &shipment.status,
                shipment.shipped_at,
                shipment.delivered_at,
                shipment.updated_at,
                environment.now(),
            ],
        )
        .await?;
    if written == 0 {
        return Ok(Mirrored::Unchanged);
    }
    if let Some(at) = shipment.delivered_at {
        tx.execute("UPDATE orders SET delivered_at = COALESCE(delivered_at, $3) WHERE workspace_id = $1 AND id = $2", params![workspace, order, at]).await?;
    }
    let payload = json!({ "order": order, "status": shipment.status, "before": known.status, "carrier": shipment.carrier, "number": shipment.number });
    tell(tx, environment, workspace, (telling, ("shipment.changed", "shipment.imported")), (actor, contact, shipment.updated_at), payload).await?;
    Ok(known.outcome)
}

/// Takes over an invoice.
///
/// # Errors
/// A field is wrong, or the database refuses.
pub async fn put_invoice(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    actor: Actor,
    name: Name<'_>,
    invoice: &Invoice,
    telling: Telling,
) -> Result<Mirrored> {
    invoice.check()?;
    let known = compare(tx, "invoices", workspace, name, invoice.updated_at).await?;
    if known.outcome == Mirrored::Unchanged {
        return Ok(known.outcome);
    }
    let order = match &invoice.order {
        Some(id) => order_named(tx, workspace, name.source, id).await?,
        None => None,
    };
    let contact = customer::contact(tx, environment, workspace, actor, &invoice.customer).await?.or(order.and_then(|(_, contact)| contact));
    let Some((contact,)) = write_invoice(tx, environment, workspace, name, invoice, (order.map(|(id, _)| id), contact)).await? else {
        return Ok(Mirrored::Unchanged);
    };
    let payload =
        json!({ "number": invoice.number, "status": invoice.status, "before": known.status, "due_minor": invoice.due_minor, "due_at": invoice.due_at });
    tell(tx, environment, workspace, (telling, ("invoice.changed", "invoice.imported")), (actor, contact, invoice.updated_at), payload).await?;
    Ok(known.outcome)
}

/// Returns the row's contact, or `None` when a newer report stands there.
async fn write_invoice(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    name: Name<'_>,
    invoice: &Invoice,
    (order, contact): (Option<OrderId>, Option<ContactId>),
) -> Result<Option<(Option<ContactId>,)>> {
    tx.optional(
        "INSERT INTO invoices (id, workspace_id, source, source_id, contact_id, order_id, number, reference, status, currency, total_minor, due_minor, \
         issued_at, due_at, paid_at, url, source_updated_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18) ON CONFLICT (workspace_id, source, source_id) DO UPDATE SET \
         contact_id = COALESCE($5, invoices.contact_id), order_id = COALESCE($6, invoices.order_id), number = $7, reference = $8, status = $9, currency = $10, \
         total_minor = $11, due_minor = $12, issued_at = $13, due_at = $14, paid_at = $15, url = $16, source_updated_at = $17, updated_at = $18 \
         WHERE invoices.source_updated_at < $17 RETURNING contact_id",
        params![
            environment.new_id::<InvoiceId>(),
            workspace,
            name.source,
            name.id,
            contact,
            order,
            &invoice.number,
            invoice.reference.clone(),
            &invoice.status,
            &invoice.currency,
            invoice.total_minor,
            invoice.due_minor,
            invoice.issued_at,
            invoice.due_at,
            invoice.paid_at,
            invoice.url.clone(),
            invoice.updated_at,
            environment.now(),
        ],
    )
    .await
}

/// Takes over a subscription.
///
/// # Errors
/// A field is wrong, or the database refuses.
pub async fn put_subscription(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    actor: Actor,
    name: Name<'_>,
    subscription: &Subscription,
    telling: Telling,
) -> Result<Mirrored> {
    subscription.check()?;
    let known = compare(tx, "subscriptions", workspace, name, subscription.updated_at).await?;
    if known.outcome == Mirrored::Unchanged {
        return Ok(known.outcome);
    }
    let contact = customer::contact(tx, environment, workspace, actor, &subscription.customer).await?;
    let written: Option<(Option<ContactId>,)> = tx
        .optional(
            "INSERT INTO subscriptions (id, workspace_id, source, source_id, contact_id, plan, status, currency, amount_minor, billing_interval, started_at, \
             period_ends_at, cancels_at, ended_at, source_updated_at, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) ON CONFLICT (workspace_id, source, source_id) DO UPDATE SET \
             contact_id = COALESCE($5, subscriptions.contact_id), plan = $6, status = $7, currency = $8, amount_minor = $9, billing_interval = $10, \
             started_at = $11, period_ends_at = $12, cancels_at = $13, ended_at = $14, source_updated_at = $15, updated_at = $16 \
             WHERE subscriptions.source_updated_at < $15 RETURNING contact_id",
            params![
                environment.new_id::<SubscriptionId>(),
                workspace,
                name.source,
                name.id,
                contact,
                &subscription.name,
                &subscription.status,
                &subscription.currency,
                subscription.price_minor,
                &subscription.interval,
                subscription.started_at,
                subscription.renews_at,
                subscription.cancels_at,
                subscription.ended_at,
                subscription.updated_at,
                environment.now(),
            ],
        )
        .await?;
    let Some((contact,)) = written else { return Ok(Mirrored::Unchanged) };
    let payload = json!({ "name": subscription.name, "status": subscription.status, "before": known.status });
    tell(tx, environment, workspace, (telling, ("subscription.changed", "subscription.imported")), (actor, contact, subscription.updated_at), payload).await?;
    Ok(known.outcome)
}

/// Takes over a product. Nothing on the timeline changes: a product is nobody's history.
///
/// # Errors
/// A field is wrong, or the database refuses.
pub async fn put_product(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, name: Name<'_>, product: &Product) -> Result<Mirrored> {
    product.check()?;
    let known = compare(tx, "products", workspace, name, product.updated_at).await?;
    if known.outcome == Mirrored::Unchanged {
        return Ok(known.outcome);
    }
    let written: Option<(ProductId,)> = tx
        .optional(
            "INSERT INTO products (id, workspace_id, source, source_id, sku, name, name_key, category, price_minor, currency, in_stock, url, image_url, \
             status, source_updated_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) \
             ON CONFLICT (workspace_id, source, source_id) DO UPDATE SET sku = $5, name = $6, name_key = $7, category = $8, price_minor = $9, \
             currency = $10, in_stock = $11, url = $12, image_url = $13, status = $14, source_updated_at = $15, updated_at = $16 \
             WHERE products.source_updated_at < $15 RETURNING id",
            params![
                environment.new_id::<ProductId>(),
                workspace,
                name.source,
                name.id,
                &product.sku,
                &product.name,
                product.name.to_lowercase(),
                product.category.clone(),
                product.price_minor,
                product.currency.clone(),
                product.in_stock,
                product.url.clone(),
                product.image_url.clone(),
                &product.status,
                product.updated_at,
                environment.now(),
            ],
        )
        .await?;
    let Some((id,)) = written else { return Ok(Mirrored::Unchanged) };
    let words = words(&[&product.name, &product.sku, product.category.as_deref().unwrap_or_default()].join(" ")).join(" ");
    search::index(tx, workspace, &Document { kind: PRODUCT, id: id.0, parent: None, occurred_at: product.updated_at, words: &words }).await?;
    Ok(known.outcome)
}

/// The kind of a product in the search index.
pub(crate) const PRODUCT: &str = "product";

/// The words of a product's name or of a question about it, as written: names and codes have no endings to strip.
pub(crate) fn words(text: &str) -> Vec<String> {
    text.to_lowercase().split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(ToOwned::to_owned).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn numbers_are_compared_without_case_and_signs() {
        for written in ["#PV-10 023", "pv10023", " PV 10023"] {
            assert_eq!(super::number_key(written), "pv10023", "{written}");
        }
    }
}
