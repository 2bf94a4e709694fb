//! Reading the mirror: lists, single rows, and all that is known of one customer in a fixed number of queries.

use std::collections::HashMap;

use ennakoi_kernel::{
    Problem, Timestamp,
    ids::{ContactId, InvoiceId, OrderId, ProductId, ShipmentId, SubscriptionId, WorkspaceId},
};
use ennakoi_people::contacts;
use ennakoi_store::{
    Error, FromRow, FromValue, Result, Row, Tx, Value, params,
    search::{self, LastWord},
};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use crate::{
    Line,
    mirror::{Name, PRODUCT, number_key, words},
};

/// Orders, invoices or subscriptions of one customer that are shown at once.
const SHOWN: i64 = 50;

fn take<T: FromValue>(row: &mut Row) -> Result<T> {
    row.take()
}

/// A state that the shop may not have told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Told(Option<String>);

impl FromValue for Told {
    fn from_value(value: Value) -> Result<Self> {
        Ok(Self(Option::<String>::from_value(value)?.filter(|text| !text.is_empty())))
    }
}

/// The lines of an order, stored as JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Lines(Vec<Line>);

impl Lines {
    #[must_use]
    pub fn all(&self) -> &[Line] {
        &self.0
    }
}

impl FromValue for Lines {
    fn from_value(value: Value) -> Result<Self> {
        Ok(Self(serde_json::from_str(&String::from_value(value)?)?))
    }
}

macro_rules! shown {
    ($(#[$meta:meta])* $name:ident of $id:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty),+ $(,)? } and { $($(#[$more_meta:meta])* $more:ident: $more_type:ty),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
        pub struct $name {
            pub id: $id,
            /// The system that told it.
            pub source: String,
            /// Its id there.
            pub source_id: String,
            $($(#[$field_meta])* pub $field: $type,)+
            $($(#[$more_meta])* pub $more: $more_type,)*
        }
        impl FromRow for $name {
            fn from_row(row: &mut Row) -> Result<Self> {
                let (id, source, source_id) = (row.take()?, row.take()?, row.take()?);
                Ok(Self { id, source, source_id, $($field: take(row)?,)+ $($more: <$more_type>::default(),)* })
            }
        }
    };
}

shown! {
    /// An order as it is shown.
    OrderRow of OrderId {
        number: String, status: String, financial_status: Told, fulfilment_status: Told, currency: String, total_minor: i64, lines: Lines,
        placed_at: Timestamp, promised_at: Option<Timestamp>, delivered_at: Option<Timestamp>, contact_id: Option<ContactId>,
    } and {
        shipments: Vec<ShipmentRow>,
    }
}

shown! {
    /// A parcel as it is shown.
    ShipmentRow of ShipmentId {
        carrier: String, number: String, url: Option<String>, status: String, shipped_at: Option<Timestamp>, delivered_at: Option<Timestamp>,
    } and {}
}

shown! {
    /// An invoice as it is shown.
    InvoiceRow of InvoiceId {
        number: String, reference: Option<String>, status: String, currency: String, total_minor: i64,
        /// What is still to be paid.
        due_minor: i64,
        issued_at: Timestamp, due_at: Timestamp, paid_at: Option<Timestamp>, url: Option<String>, order_id: Option<OrderId>, contact_id: Option<ContactId>,
    } and {}
}

shown! {
    /// A subscription as it is shown.
    SubscriptionRow of SubscriptionId {
        name: String, status: String, currency: String, price_minor: i64,
        /// `day`, `week`, `month`, `year`.
        interval: String,
        started_at: Timestamp, renews_at: Option<Timestamp>, cancels_at: Option<Timestamp>, ended_at: Option<Timestamp>, contact_id: Option<ContactId>,
    } and {}
}

shown! {
    /// A product as it is shown.
    ProductRow of ProductId {
        sku: String, name: String, category: Option<String>, price_minor: Option<i64>, currency: Option<String>, in_stock: Option<i64>, url: Option<String>,
        image_url: Option<String>, status: String, updated_at: Timestamp,
    } and {}
}

const ORDER: &str = "SELECT id, source, source_id, number, status, financial_status, fulfilment_status, currency, total_minor, lines, placed_at, promised_at, \
                     delivered_at, contact_id FROM orders WHERE workspace_id = $1";
const SHIPMENT: &str = "id, source, source_id, carrier, number, url, status, shipped_at, delivered_at";
const INVOICE: &str = "SELECT id, source, source_id, number, reference, status, currency, total_minor, due_minor, issued_at, due_at, paid_at, url, order_id, \
                       contact_id FROM invoices WHERE workspace_id = $1";
const SUBSCRIPTION: &str = "SELECT id, source, source_id, plan, status, currency, amount_minor, billing_interval, started_at, period_ends_at, cancels_at, \
                            ended_at, contact_id FROM subscriptions WHERE workspace_id = $1";
const PRODUCT_ROW: &str = "SELECT id, source, source_id, sku, name, category, price_minor, currency, in_stock, url, image_url, status, updated_at \
                           FROM products WHERE workspace_id = $1";
const NAMED: &str = "AND source = $2 AND source_id = $3";

/// What one customer bought in one currency; cancelled, failed and refunded orders do not count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CustomerValue {
    pub currency: String,
    pub orders: i64,
    pub total_minor: i64,
}

/// All that the shop knows of one customer.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Commerce {
    /// The newest 50, newest first.
    pub orders: Vec<OrderRow>,
    pub invoices: Vec<InvoiceRow>,
    pub subscriptions: Vec<SubscriptionRow>,
    /// In the currency of most orders; null when nothing was bought.
    pub value: Option<CustomerValue>,
    /// In every currency, that of most orders first.
    pub values: Vec<CustomerValue>,
}

/// Everything of the contact and of those merged into it, in seven queries whatever there is.
///
/// # Errors
/// The contact is not there.
pub async fn of_contact(tx: &mut Tx, workspace: WorkspaceId, contact: ContactId) -> Result<Commerce> {
    let contact = contacts::resolve(tx, workspace, contact).await?;
    let members = contacts::members_of(tx, workspace, contact).await?;
    let (places, values) = list(2, &members);
    let limit = values.len() + 2;
    let mut parameters: Vec<Value> = std::iter::once(workspace.into()).chain(values).collect();
    let value_parameters = parameters.clone();
    parameters.push(SHOWN.into());
    let newest = |select: &str, at: &str| format!("{select} AND contact_id IN ({places}) ORDER BY {at} DESC, id DESC LIMIT ${limit}");
    let mut orders: Vec<OrderRow> = tx.all(&newest(ORDER, "placed_at"), &parameters).await?;
    add_shipments(tx, workspace, &mut orders).await?;
    let invoices = tx.all(&newest(INVOICE, "issued_at"), &parameters).await?;
    let subscriptions = tx.all(&newest(SUBSCRIPTION, "started_at"), &parameters).await?;
    let sums: Vec<(String, i64, i64)> = tx
        .all(
            &format!(
                "SELECT currency, CAST(COUNT(*) AS BIGINT), CAST(SUM(total_minor) AS BIGINT) FROM orders WHERE workspace_id = $1 AND contact_id IN ({places}) \
                 AND status NOT IN ('cancelled', 'failed', 'refunded') GROUP BY currency ORDER BY 2 DESC, currency LIMIT 20"
            ),
            &value_parameters,
        )
        .await?;
    let values: Vec<CustomerValue> = sums.into_iter().map(|(currency, orders, total_minor)| CustomerValue { currency, orders, total_minor }).collect();
    Ok(Commerce { orders, invoices, subscriptions, value: values.first().cloned(), values })
}

/// Places `$first …` for an IN list and its values, padded to a power of two so that a database sees few different statements.
fn list<T: Into<Value> + Copy>(first: usize, items: &[T]) -> (String, Vec<Value>) {
    let mut values: Vec<Value> = items.iter().map(|item| (*item).into()).collect();
    let last = values.last().cloned().unwrap_or(Value::Null);
    values.resize(values.len().next_power_of_two(), last);
    let places: Vec<String> = (first..first + values.len()).map(|number| format!("${number}")).collect();
    (places.join(", "), values)
}

/// The parcels of all the orders in one query.
async fn add_shipments(tx: &mut Tx, workspace: WorkspaceId, orders: &mut [OrderRow]) -> Result<()> {
    if orders.is_empty() {
        return Ok(());
    }
    let ids: Vec<OrderId> = orders.iter().map(|order| order.id).collect();
    let (places, values) = list(2, &ids);
    let parameters: Vec<Value> = std::iter::once(workspace.into()).chain(values).collect();
    let mut parcels: HashMap<OrderId, Vec<ShipmentRow>> = HashMap::new();
    let sql = format!("SELECT order_id, {SHIPMENT} FROM shipments WHERE workspace_id = $1 AND order_id IN ({places}) ORDER BY id");
    tx.each(&sql, &parameters, |mut row| {
        let order = row.take()?;
        parcels.entry(order).or_default().push(ShipmentRow::from_row(&mut row)?);
        Ok(true)
    })
    .await?;
    for order in orders {
        order.shipments = parcels.remove(&order.id).unwrap_or_default();
    }
    Ok(())
}

/// Which orders are wanted.
#[derive(Clone, Debug, Default)]
pub struct OrderFilter {
    /// The contact's and those of contacts merged into it.
    pub contact: Option<ContactId>,
    pub status: Option<String>,
    /// Beginning of the number, compared without case and signs. Results then come in the order of their numbers.
    pub number: Option<String>,
}

/// Where the page before ended: the time (or the number, when one is looked for) and the id.
#[derive(Clone, Debug, Serialize, serde::Deserialize)]
pub(crate) enum After {
    Time(Timestamp, OrderId),
    Number(String, OrderId),
}

/// Orders, newest first, or by number when one is looked for; with their parcels.
///
/// # Errors
/// The contact is not there, or the cursor is of another list.
pub(crate) async fn orders(tx: &mut Tx, workspace: WorkspaceId, filter: &OrderFilter, after: Option<After>, limit: u32) -> Result<Vec<OrderRow>> {
    let mut sql = ORDER.to_owned();
    let mut parameters: Vec<Value> = vec![workspace.into()];
    let mut bind = |value: Value| {
        parameters.push(value);
        parameters.len()
    };
    if let Some(contact) = filter.contact {
        let contact = contacts::resolve(tx, workspace, contact).await?;
        let members: Vec<String> = contacts::members_of(tx, workspace, contact).await?.into_iter().map(|member| format!("${}", bind(member.into()))).collect();
        sql.push_str(&format!(" AND contact_id IN ({})", members.join(", ")));
    }
    if let Some(status) = &filter.status {
        sql.push_str(&format!(" AND status = ${}", bind(status.into())));
    }
    let prefix = filter.number.as_deref().map(number_key);
    match (&prefix, after) {
        (Some(prefix), after) => {
            // The last character that a text can have closes the range of a prefix, without LIKE and its differences.
            let end = format!("{prefix}\u{10FFFF}");
            sql.push_str(&format!(" AND number_key >= ${} AND number_key < ${}", bind(prefix.into()), bind(end.into())));
            match after {
                Some(After::Number(number, id)) => sql.push_str(&format!(" AND (number_key, id) > (${}, ${})", bind(number.into()), bind(id.into()))),
                Some(After::Time(..)) => return Err(other_list()),
                None => {}
            }
            sql.push_str(" ORDER BY number_key, id");
        }
        (None, Some(After::Time(at, id))) => {
            sql.push_str(&format!(" AND (placed_at, id) < (${}, ${}) ORDER BY placed_at DESC, id DESC", bind(at.into()), bind(id.into())));
        }
        (None, Some(After::Number(..))) => return Err(other_list()),
        (None, None) => sql.push_str(" ORDER BY placed_at DESC, id DESC"),
    }
    let limit = bind(limit.into());
    sql.push_str(&format!(" LIMIT ${limit}"));
    let mut orders: Vec<OrderRow> = tx.all(&sql, &parameters).await?;
    add_shipments(tx, workspace, &mut orders).await?;
    Ok(orders)
}

fn other_list() -> Error {
    Problem::field("cursor", "invalid", "not a cursor of this list").into()
}

/// One order with its parcels.
///
/// # Errors
/// A "not found" problem when it is not in this workspace.
pub async fn order(tx: &mut Tx, workspace: WorkspaceId, id: OrderId) -> Result<OrderRow> {
    let found: Option<OrderRow> = tx.optional(&format!("{ORDER} AND id = $2"), params![workspace, id]).await?;
    with_shipments(tx, workspace, found).await
}

/// Orders whose number is this one, compared without case and signs, newest first; several shops may count alike.
///
/// # Errors
/// The database refuses.
pub async fn orders_numbered(tx: &mut Tx, workspace: WorkspaceId, number: &str) -> Result<Vec<OrderRow>> {
    let sql = format!("{ORDER} AND number_key = $2 ORDER BY placed_at DESC LIMIT $3");
    let mut orders: Vec<OrderRow> = tx.all(&sql, params![workspace, number_key(number), ALIKE]).await?;
    add_shipments(tx, workspace, &mut orders).await?;
    Ok(orders)
}

/// Invoices with this number, newest first.
///
/// # Errors
/// The database refuses.
pub async fn invoices_numbered(tx: &mut Tx, workspace: WorkspaceId, number: &str) -> Result<Vec<InvoiceRow>> {
    tx.all(&format!("{INVOICE} AND number = $2 ORDER BY issued_at DESC LIMIT $3"), params![workspace, number, ALIKE]).await
}

/// One invoice by its id.
///
/// # Errors
/// The database refuses.
pub async fn invoice_by_id(tx: &mut Tx, workspace: WorkspaceId, id: InvoiceId) -> Result<Option<InvoiceRow>> {
    tx.optional(&format!("{INVOICE} AND id = $2"), params![workspace, id]).await
}

/// Things with the same number that are looked at.
const ALIKE: i64 = 5;

/// Whether the shop has told of any orders, invoices and subscriptions.
///
/// # Errors
/// The database refuses.
pub async fn told(tx: &mut Tx, workspace: WorkspaceId) -> Result<[bool; 3]> {
    let mut told = [false; 3];
    for (known, sql) in told.iter_mut().zip([
        "SELECT id FROM orders WHERE workspace_id = $1 LIMIT 1",
        "SELECT id FROM invoices WHERE workspace_id = $1 LIMIT 1",
        "SELECT id FROM subscriptions WHERE workspace_id = $1 LIMIT 1",
    ]) {
        let row: Option<(Uuid,)> = tx.optional(sql, params![workspace]).await?;
        *known = row.is_some();
    }
    Ok(told)
}

/// The order that the shop calls so.
///
/// # Errors
/// A "not found" problem when it is not in this workspace.
pub async fn order_by_name(tx: &mut Tx, workspace: WorkspaceId, name: Name<'_>) -> Result<OrderRow> {
    let found: Option<OrderRow> = tx.optional(&format!("{ORDER} {NAMED}"), params![workspace, name.source, name.id]).await?;
    with_shipments(tx, workspace, found).await
}

async fn with_shipments(tx: &mut Tx, workspace: WorkspaceId, found: Option<OrderRow>) -> Result<OrderRow> {
    let mut orders = [found.ok_or_else(|| Problem::not_found("the order"))?];
    add_shipments(tx, workspace, &mut orders).await?;
    let [order] = orders;
    Ok(order)
}

pub(crate) async fn shipment(tx: &mut Tx, workspace: WorkspaceId, name: Name<'_>) -> Result<ShipmentRow> {
    tx.one(&format!("SELECT {SHIPMENT} FROM shipments WHERE workspace_id = $1 {NAMED}"), params![workspace, name.source, name.id]).await
}

pub(crate) async fn invoice(tx: &mut Tx, workspace: WorkspaceId, name: Name<'_>) -> Result<InvoiceRow> {
    tx.one(&format!("{INVOICE} {NAMED}"), params![workspace, name.source, name.id]).await
}

pub(crate) async fn subscription(tx: &mut Tx, workspace: WorkspaceId, name: Name<'_>) -> Result<SubscriptionRow> {
    tx.one(&format!("{SUBSCRIPTION} {NAMED}"), params![workspace, name.source, name.id]).await
}

pub(crate) async fn product(tx: &mut Tx, workspace: WorkspaceId, name: Name<'_>) -> Result<ProductRow> {
    tx.one(&format!("{PRODUCT_ROW} {NAMED}"), params![workspace, name.source, name.id]).await
}

/// Products by name after the given one.
pub(crate) async fn products(tx: &mut Tx, workspace: WorkspaceId, after: Option<(String, ProductId)>, limit: u32) -> Result<Vec<ProductRow>> {
    let (name, id) = after.unwrap_or((String::new(), ProductId(Uuid::nil())));
    tx.all(&format!("{PRODUCT_ROW} AND (name_key, id) > ($2, $3) ORDER BY name_key, id LIMIT $4"), params![workspace, name, id, limit]).await
}

/// Products whose name, code or category holds all words of the question (the last one may be unfinished), last told first, and where
/// the next page begins.
pub(crate) async fn find_products(tx: &mut Tx, workspace: WorkspaceId, question: &str, before: i64, limit: u32) -> Result<(Vec<ProductRow>, Option<i64>)> {
    let hits = search::find(tx, workspace, PRODUCT, &words(question), LastWord::Prefix, before, limit).await?;
    let next = hits.last().filter(|_| hits.len() >= limit as usize).map(|last| last.row);
    let ids: Vec<ProductId> = hits.iter().map(|hit| ProductId(hit.id)).collect();
    let (places, values) = list(2, &ids);
    let parameters: Vec<Value> = std::iter::once(workspace.into()).chain(values).collect();
    let mut rows: Vec<ProductRow> = tx.all(&format!("{PRODUCT_ROW} AND id IN ({places})"), &parameters).await?;
    rows.sort_by_key(|row| ids.iter().position(|id| *id == row.id));
    Ok((rows, next))
}
