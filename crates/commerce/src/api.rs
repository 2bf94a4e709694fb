//! The mirror's web face.

use axum::{extract::State, http::StatusCode};
use ennakoi_http::{ApiResult, App, Cursor, Json, Member, Page, Path, Query, Route, get, limit, put};
use ennakoi_kernel::{
    access::{Access, Permission},
    ids::{ContactId, OrderId, ProductId},
};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    Invoice, Mirrored, Name, Order, Product, Shipment, Subscription, Telling, mirror,
    read::{self, After, Commerce, InvoiceRow, OrderFilter, OrderRow, ProductRow, ShipmentRow, SubscriptionRow},
};

pub(crate) fn routes() -> Vec<Route> {
    let (look, feed) = (Access::Needs(Permission::CommerceRead), Access::Needs(Permission::CommerceWrite));
    vec![
        put("/api/v1/orders/{id}", "put_order", feed, put_order)
            .summary("Report an order by the shop's own id: 201 new, 200 known; a report older than what is known changes nothing")
            .query::<SourceQuery>()
            .takes::<Order>()
            .returns::<OrderRow>(200),
        put("/api/v1/shipments/{source_id}", "put_shipment", feed, put_shipment)
            .summary("Report a parcel of a known order")
            .query::<SourceQuery>()
            .takes::<Shipment>()
            .returns::<ShipmentRow>(200),
        put("/api/v1/invoices/{source_id}", "put_invoice", feed, put_invoice)
            .summary("Report an invoice")
            .query::<SourceQuery>()
            .takes::<Invoice>()
            .returns::<InvoiceRow>(200),
        put("/api/v1/subscriptions/{source_id}", "put_subscription", feed, put_subscription)
            .summary("Report a subscription")
            .query::<SourceQuery>()
            .takes::<Subscription>()
            .returns::<SubscriptionRow>(200),
        put("/api/v1/products/{source_id}", "put_product", feed, put_product)
            .summary("Report a product")
            .query::<SourceQuery>()
            .takes::<Product>()
            .returns::<ProductRow>(200),
        get("/api/v1/orders", "list_orders", look, list_orders)
            .summary("Orders, newest first; by number when one is looked for")
            .query::<OrdersQuery>()
            .returns::<Page<OrderRow>>(200),
        get("/api/v1/orders/{id}", "get_order", look, get_order).summary("One order with its parcels").returns::<OrderRow>(200),
        get("/api/v1/products", "list_products", look, list_products)
            .summary("Products by name, or those that hold the words looked for")
            .query::<ProductsQuery>()
            .returns::<Page<ProductRow>>(200),
        get("/api/v1/contacts/{id}/commerce", "get_contact_commerce", look, get_contact_commerce)
            .summary("What this person bought, owes and subscribes to, and what it was worth")
            .returns::<Commerce>(200),
    ]
}

/// Which system reports.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct SourceQuery {
    /// Name of the reporting system: ids of different systems do not meet. `api` when not given.
    source: String,
}

impl Default for SourceQuery {
    fn default() -> Self {
        Self { source: "api".to_owned() }
    }
}

const fn status(mirrored: Mirrored) -> StatusCode {
    match mirrored {
        Mirrored::Created => StatusCode::CREATED,
        Mirrored::Updated | Mirrored::Unchanged => StatusCode::OK,
    }
}

macro_rules! put_handlers {
    ($($handler:ident: $body:ident => $row:ident by $read:path),+ $(,)?) => {$(
        async fn $handler(
            State(app): State<App>,
            member: Member,
            Path(id): Path<String>,
            Query(query): Query<SourceQuery>,
            Json(body): Json<$body>,
        ) -> ApiResult<(StatusCode, Json<$row>)> {
            let name = Name { source: &query.source, id: &id };
            let mut tx = app.db.begin().await?;
            let mirrored = mirror::$handler(&mut tx, &app.environment, member.workspace, member.actor, name, &body, Telling::News).await?;
            let row = $read(&mut tx, member.workspace, name).await?;
            tx.commit().await?;
            Ok((status(mirrored), Json(row)))
        }
    )+};
}

put_handlers! {
    put_order: Order => OrderRow by read::order_by_name,
    put_shipment: Shipment => ShipmentRow by read::shipment,
    put_invoice: Invoice => InvoiceRow by read::invoice,
    put_subscription: Subscription => SubscriptionRow by read::subscription,
}

async fn put_product(
    State(app): State<App>,
    member: Member,
    Path(id): Path<String>,
    Query(query): Query<SourceQuery>,
    Json(body): Json<Product>,
) -> ApiResult<(StatusCode, Json<ProductRow>)> {
    let name = Name { source: &query.source, id: &id };
    let mut tx = app.db.begin().await?;
    let mirrored = mirror::put_product(&mut tx, &app.environment, member.workspace, name, &body).await?;
    let row = read::product(&mut tx, member.workspace, name).await?;
    tx.commit().await?;
    Ok((status(mirrored), Json(row)))
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct OrdersQuery {
    /// Items wanted, 1–100; 50 when not given.
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Of this contact, and of those merged into it.
    contact: Option<ContactId>,
    status: Option<String>,
    /// Beginning of an order number; case, spaces and signs do not matter.
    q: Option<String>,
}

async fn list_orders(State(app): State<App>, member: Member, Query(query): Query<OrdersQuery>) -> ApiResult<Json<Page<OrderRow>>> {
    let wanted = limit(query.limit);
    let number = query.q.filter(|text| !text.trim().is_empty());
    if number.as_deref().is_some_and(|number| mirror::number_key(number).is_empty()) {
        return Ok(Json(Page::whole(Vec::new())));
    }
    let by_number = number.is_some();
    let filter = OrderFilter { contact: query.contact, status: query.status, number };
    let after: Option<After> = Cursor::read(query.cursor.as_deref())?;
    let orders = read::orders(&mut app.db.read().await?, member.workspace, &filter, after, wanted + 1).await?;
    let position = |order: &OrderRow| {
        if by_number { After::Number(mirror::number_key(&order.number), order.id) } else { After::Time(order.placed_at, order.id) }
    };
    Ok(Json(Page::of(orders, wanted, position)))
}

async fn get_order(State(app): State<App>, member: Member, Path(id): Path<OrderId>) -> ApiResult<Json<OrderRow>> {
    Ok(Json(read::order(&mut app.db.read().await?, member.workspace, id).await?))
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct ProductsQuery {
    /// Items wanted, 1–100; 50 when not given.
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Words of the name, the code or the category; the last one may be unfinished.
    q: Option<String>,
}

async fn list_products(State(app): State<App>, member: Member, Query(query): Query<ProductsQuery>) -> ApiResult<Json<Page<ProductRow>>> {
    let wanted = limit(query.limit);
    let mut tx = app.db.read().await?;
    if let Some(question) = query.q.filter(|text| !text.trim().is_empty()) {
        let before = Cursor::read(query.cursor.as_deref())?.unwrap_or(i64::MAX);
        let (items, next) = read::find_products(&mut tx, member.workspace, &question, before, wanted).await?;
        return Ok(Json(Page { items, next_cursor: next.map(|row| Cursor::write(&row)) }));
    }
    let after: Option<(String, ProductId)> = Cursor::read(query.cursor.as_deref())?;
    let products = read::products(&mut tx, member.workspace, after, wanted + 1).await?;
    Ok(Json(Page::of(products, wanted, |product| (product.name.to_lowercase(), product.id))))
}

async fn get_contact_commerce(State(app): State<App>, member: Member, Path(id): Path<ContactId>) -> ApiResult<Json<Commerce>> {
    Ok(Json(read::of_contact(&mut app.db.read().await?, member.workspace, id).await?))
}
