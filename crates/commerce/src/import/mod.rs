//! Bringing history along from spreadsheets. Rows become the same upserts as reports of the API, told to the timeline as history, so
//! that nothing acts on them. Importing the same again changes the same rows. What is wrong is rejected row by row, with line and reason.

mod rows;
mod table;
mod values;

use std::collections::HashMap;

use axum::{
    extract::{FromRequest, Multipart, Request, State},
    http::header,
};
use ennakoi_http::{ApiResult, App, Json, Member, Query, Route, post};
use ennakoi_kernel::{
    Problem, Timestamp,
    access::{Access, Permission},
    limits,
};
use ennakoi_people::workspaces;
use ennakoi_store::{
    Error, Result, Tx,
    timeline::{self, NewEvent},
};
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use self::{
    rows::Person,
    table::{Cells, Column, Refused, Rejected, Table},
};
use crate::{Invoice, Mirrored, Name, Order, Product, Subscription, Telling, customer, mirror};

/// Rows written in one transaction: few enough that conversations do not wait for an import.
const BATCH: usize = 100;

pub(crate) fn routes() -> Vec<Route> {
    let (shop, people) = (Access::Needs(Permission::CommerceWrite), Access::Needs(Permission::ContactsExport));
    let import = |route: Route, summary: &'static str| route.summary(summary).query::<ImportQuery>().returns::<Imported>(200).body_bytes(limits::IMPORT_BYTES);
    vec![
        import(post("/api/v1/imports/orders", "import_orders", shop, import_orders), "Import past orders from a CSV file (multipart, field \"file\")"),
        import(post("/api/v1/imports/invoices", "import_invoices", shop, import_invoices), "Import past invoices from a CSV file"),
        import(post("/api/v1/imports/subscriptions", "import_subscriptions", shop, import_subscriptions), "Import subscriptions from a CSV file"),
        import(post("/api/v1/imports/products", "import_products", shop, import_products), "Import products from a CSV file"),
        import(post("/api/v1/imports/contacts", "import_contacts", people, import_contacts), "Import customers from a CSV file"),
    ]
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct ImportQuery {
    /// Only say what would happen.
    dry_run: bool,
    /// Name of the system that the ids are of.
    source: String,
}

impl Default for ImportQuery {
    fn default() -> Self {
        Self { dry_run: false, source: "csv".to_owned() }
    }
}

/// What an import did, or would do.
#[derive(Debug, Default, Serialize, JsonSchema)]
struct Imported {
    created: usize,
    updated: usize,
    unchanged: usize,
    /// Every row that was not taken.
    rejected: Vec<Rejected>,
}

impl Imported {
    fn count(&mut self, mirrored: Mirrored) {
        match mirrored {
            Mirrored::Created => self.created += 1,
            Mirrored::Updated => self.updated += 1,
            Mirrored::Unchanged => self.unchanged += 1,
        }
    }
}

/// One row, ready to be written.
enum Report {
    Order(String, Order),
    Invoice(String, Invoice),
    Subscription(String, Subscription),
    Product(String, Product),
    Person(Person),
}

type Parse = fn(&Cells<'_>, Timestamp) -> std::result::Result<Report, Refused>;

macro_rules! import_handlers {
    ($($handler:ident: $kind:literal from $columns:expr, $parse:expr);+ $(;)?) => {$(
        async fn $handler(State(app): State<App>, member: Member, Query(query): Query<ImportQuery>, request: Request) -> ApiResult<Json<Imported>> {
            import(&app, &member, &query, request, $kind, $columns, $parse).await
        }
    )+};
}

import_handlers! {
    import_orders: "orders" from rows::ORDERS, |cells, now| rows::order(cells, now).map(|(id, order)| Report::Order(id, order));
    import_invoices: "invoices" from rows::INVOICES, |cells, now| rows::invoice(cells, now).map(|(id, invoice)| Report::Invoice(id, invoice));
    import_subscriptions: "subscriptions" from rows::SUBSCRIPTIONS, |cells, now| rows::subscription(cells, now).map(|(id, it)| Report::Subscription(id, it));
    import_products: "products" from rows::PRODUCTS, |cells, now| rows::product(cells, now).map(|(id, product)| Report::Product(id, product));
    import_contacts: "contacts" from rows::CONTACTS, |cells, _| rows::person(cells).map(Report::Person);
}

async fn import(
    app: &App,
    member: &Member,
    query: &ImportQuery,
    request: Request,
    kind: &'static str,
    columns: &'static [Column],
    parse: Parse,
) -> ApiResult<Json<Imported>> {
    let bytes = file(app, request).await?;
    let zone = workspaces::load(&mut app.db.read().await?, member.workspace).await?.timezone;
    let zone = TimeZone::get(&zone).unwrap_or(TimeZone::UTC);
    let now = app.environment.now();
    // Taking a large file apart takes a moment: not on the threads that serve everybody.
    let taken_apart = tokio::task::spawn_blocking(move || reports(&bytes, columns, parse, &zone, now)).await;
    let (reports, rejected) = taken_apart.map_err(|error| {
        tracing::error!(%error, "an import could not be read");
        Problem::internal()
    })??;
    let mut imported = Imported { rejected, ..Imported::default() };
    for batch in reports.chunks(BATCH) {
        let mut tx = app.db.begin().await?;
        for (line, report) in batch {
            write(&mut tx, app, member, query, *line, report, &mut imported).await?;
        }
        if !query.dry_run {
            tx.commit().await?;
        }
    }
    imported.rejected.sort_by_key(|rejected| rejected.line);
    if !query.dry_run {
        let mut tx = app.db.begin().await?;
        let payload = json!({ "kind": kind, "created": imported.created, "updated": imported.updated, "rejected": imported.rejected.len() });
        timeline::append(&mut tx, &app.environment, member.workspace, vec![NewEvent::new("import.finished", member.actor, payload)]).await?;
        tx.commit().await?;
    }
    Ok(Json(imported))
}

/// The bytes of the uploaded file.
async fn file(app: &App, request: Request) -> std::result::Result<Vec<u8>, Problem> {
    let unreadable = || Problem::invalid("body_unreadable", "send one file as multipart/form-data in the field \"file\"");
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("multipart/form-data") {
        return Err(unreadable());
    }
    let mut form = Multipart::from_request(request, app).await.map_err(|_| unreadable())?;
    while let Some(field) = form.next_field().await.map_err(|_| unreadable())? {
        if field.name() == Some("file") {
            return field.bytes().await.map(|bytes| bytes.to_vec()).map_err(|_| unreadable());
        }
    }
    Err(Problem::field("file", "required", "send one file in the field \"file\""))
}

type Reports = (Vec<(u64, Report)>, Vec<Rejected>);

/// All rows as reports; rows of one order become one report with all its lines.
fn reports(bytes: &[u8], columns: &[Column], parse: Parse, zone: &TimeZone, now: Timestamp) -> std::result::Result<Reports, Problem> {
    let mut table = Table::read(&table::decode(bytes)?, columns)?;
    let mut reports: Vec<(u64, Report)> = Vec::new();
    let mut orders: HashMap<String, usize> = HashMap::new();
    let mut refused = Vec::new();
    for (line, record) in &table.rows {
        match parse(&table.cells(record, zone), now) {
            Ok(Report::Order(id, order)) => match orders.get(&id) {
                Some(place) => {
                    if let (_, Report::Order(_, known)) = &mut reports[*place] {
                        known.lines.extend(order.lines);
                    }
                }
                None => {
                    orders.insert(id.clone(), reports.len());
                    reports.push((*line, Report::Order(id, order)));
                }
            },
            Ok(report) => reports.push((*line, report)),
            Err(reason) => refused.push((*line, reason)),
        }
    }
    for (line, reason) in refused {
        table.reject(line, reason);
    }
    Ok((reports, table.rejected))
}

async fn write(tx: &mut Tx, app: &App, member: &Member, query: &ImportQuery, line: u64, report: &Report, imported: &mut Imported) -> Result<()> {
    let (environment, workspace, actor) = (&app.environment, member.workspace, member.actor);
    let name = |id| Name { source: &query.source, id };
    let written = match report {
        Report::Order(id, order) => mirror::put_order(tx, environment, workspace, actor, name(id), order, Telling::History).await,
        Report::Invoice(id, invoice) => mirror::put_invoice(tx, environment, workspace, actor, name(id), invoice, Telling::History).await,
        Report::Subscription(id, it) => mirror::put_subscription(tx, environment, workspace, actor, name(id), it, Telling::History).await,
        Report::Product(id, product) => mirror::put_product(tx, environment, workspace, name(id), product).await,
        Report::Person(person) => customer::bring(tx, environment, workspace, actor, &person.customer, (person.locale, person.seen_at)).await,
    };
    match written {
        Ok(mirrored) => imported.count(mirrored),
        Err(Error::Problem(problem)) => {
            let first = problem.fields.into_iter().next();
            let (reason, field) = first.map_or_else(|| (problem.code.to_owned(), None), |field| (field.code, Some(field.field)));
            imported.rejected.push(Rejected { line, reason, field });
        }
        Err(other) => return Err(other),
    }
    Ok(())
}
