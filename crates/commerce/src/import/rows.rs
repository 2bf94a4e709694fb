//! What the columns of each kind are called, and how a row becomes a report.

use ennakoi_kernel::Timestamp;
use ennakoi_people::Locale;

use super::table::{Cells, Column, Refused};
use crate::{Customer, Invoice, Line, Order, Product, Subscription};

const fn column(field: &'static str, called: &'static [&'static str]) -> Column {
    Column { field, called, required: false }
}

const fn needed(field: &'static str, called: &'static [&'static str]) -> Column {
    Column { field, called, required: true }
}

const CUSTOMER_ID: Column = column("customer_id", &["asiakasnumero", "asiakas_id", "kundnummer", "kund_id", "customer number"]);
const EMAIL: Column = column("email", &["e-mail", "email address", "sähköposti", "sähköpostiosoite", "e-post", "epost", "e-postadress", "customer email"]);
const PHONE: Column = column("phone", &["puhelin", "puhelinnumero", "telefon", "telefonnummer", "mobile", "matkapuhelin"]);
const CUSTOMER_NAME: Column = column("customer_name", &["customer", "asiakas", "asiakkaan nimi", "kund", "kundnamn"]);
const CURRENCY: Column = column("currency", &["valuutta", "valuta"]);
const STATUS: Column = column("status", &["tila", "state", "läge"]);
const UPDATED: Column = column("updated_at", &["updated", "päivitetty", "muokattu", "uppdaterad", "ändrad"]);

pub(super) const ORDERS: &[Column] = &[
    needed("id", &["order_id", "tilaus_id", "tilausnumero", "ordernummer", "order number", "order"]),
    column("number", &["tilauksen numero", "number"]),
    STATUS,
    column("financial_status", &["maksun tila", "payment status", "betalningsstatus"]),
    column("fulfilment_status", &["toimituksen tila", "fulfillment status", "leveransstatus"]),
    CURRENCY,
    needed("total", &["summa", "yhteensä", "loppusumma", "belopp", "totalt", "total amount"]),
    needed("placed_at", &["created_at", "date", "order date", "tilauspäivä", "päivä", "pvm", "orderdatum", "datum"]),
    column("promised_at", &["promised", "luvattu toimitus", "toimituslupaus", "utlovad leverans"]),
    column("delivered_at", &["delivered", "toimitettu", "toimituspäivä", "levererad"]),
    column("sku", &["tuotekoodi", "artikelnummer", "product code"]),
    column("product", &["tuote", "tuotenimi", "produkt", "product name", "item"]),
    column("quantity", &["määrä", "kpl", "antal", "qty"]),
    column("unit_price", &["yksikköhinta", "hinta", "á-pris", "pris", "price"]),
    CUSTOMER_ID,
    EMAIL,
    PHONE,
    CUSTOMER_NAME,
    UPDATED,
];

pub(super) const INVOICES: &[Column] = &[
    needed("id", &["invoice_id", "laskunumero", "lasku", "fakturanummer", "invoice number", "number"]),
    column("reference", &["viite", "viitenumero", "referens", "referensnummer"]),
    STATUS,
    CURRENCY,
    needed("total", &["summa", "yhteensä", "belopp", "totalt"]),
    column("due", &["avoinna", "open amount", "obetalt", "due amount"]),
    needed("issued_at", &["issued", "laskupäivä", "fakturadatum", "date", "päivä", "pvm", "datum"]),
    needed("due_at", &["due date", "eräpäivä", "förfallodag", "förfallodatum"]),
    column("paid_at", &["paid", "maksettu", "maksupäivä", "betald", "betalningsdag"]),
    column("order", &["order_id", "tilausnumero", "tilaus", "ordernummer"]),
    column("url", &["link", "linkki", "länk"]),
    CUSTOMER_ID,
    EMAIL,
    PHONE,
    CUSTOMER_NAME,
    UPDATED,
];

pub(super) const SUBSCRIPTIONS: &[Column] = &[
    needed("id", &["subscription_id", "tilaus_id", "prenumeration_id", "number"]),
    needed("name", &["plan", "nimi", "tuote", "paketti", "namn", "produkt"]),
    STATUS,
    CURRENCY,
    needed("price", &["hinta", "summa", "pris", "belopp", "amount"]),
    column("interval", &["jakso", "laskutusväli", "period", "faktureringsperiod"]),
    needed("started_at", &["started", "alkoi", "alkaen", "aloituspäivä", "startdatum", "start date"]),
    column("renews_at", &["renews", "uusiutuu", "förnyas", "next payment"]),
    column("cancels_at", &["cancels", "irtisanottu", "uppsagd"]),
    column("ended_at", &["ended", "päättyi", "avslutad"]),
    CUSTOMER_ID,
    EMAIL,
    PHONE,
    CUSTOMER_NAME,
    UPDATED,
];

pub(super) const PRODUCTS: &[Column] = &[
    needed("sku", &["id", "tuotekoodi", "artikelnummer", "product code"]),
    needed("name", &["nimi", "tuote", "tuotenimi", "namn", "produkt", "title"]),
    column("category", &["kategoria", "tuoteryhmä", "kategori", "produktgrupp"]),
    column("price", &["hinta", "pris"]),
    CURRENCY,
    column("in_stock", &["stock", "varasto", "saldo", "varastosaldo", "lager", "lagersaldo"]),
    column("url", &["link", "linkki", "länk"]),
    column("image_url", &["image", "kuva", "bild"]),
    STATUS,
    UPDATED,
];

pub(super) const CONTACTS: &[Column] = &[
    column("id", &["customer_id", "user_id", "asiakasnumero", "asiakas_id", "kundnummer"]),
    column("name", &["nimi", "full name", "koko nimi", "namn", "customer", "asiakas"]),
    column("first_name", &["etunimi", "förnamn", "given name"]),
    column("last_name", &["sukunimi", "efternamn", "surname", "family name"]),
    EMAIL,
    PHONE,
    column("language", &["kieli", "språk", "locale", "lang"]),
    column("created_at", &["created", "luotu", "rekisteröitynyt", "asiakas alkaen", "skapad", "registered"]),
];

/// States in the words of spreadsheets; others are kept as the shop says them.
fn state(text: Option<&str>, otherwise: &str) -> String {
    let lower = text.unwrap_or(otherwise).to_lowercase();
    let known = match lower.as_str() {
        "odottaa" | "vastaanotettu" | "mottagen" | "väntar" => "pending",
        "käsittelyssä" | "käsitellään" | "behandlas" | "under behandling" => "processing",
        "lähetetty" | "skickad" => "shipped",
        "toimitettu" | "levererad" => "delivered",
        "valmis" | "suoritettu" | "klar" | "slutförd" => "completed",
        "peruttu" | "peruutettu" | "canceled" | "avbeställd" | "annullerad" => "cancelled",
        "palautettu" | "hyvitetty" | "återbetald" => "refunded",
        "epäonnistui" | "misslyckades" => "failed",
        "maksettu" | "betald" => "paid",
        "avoin" | "öppen" | "maksamatta" | "obetald" => "open",
        "erääntynyt" | "förfallen" => "overdue",
        "perinnässä" | "inkasso" => "collection",
        "mitätöity" | "makulerad" => "void",
        "voimassa" | "aktiivinen" | "aktiv" => "active",
        "tauolla" | "pausad" => "paused",
        "päättynyt" | "avslutad" => "ended",
        "poistunut" | "utgått" => "discontinued",
        other => other,
    };
    known.to_owned()
}

fn customer(cells: &Cells<'_>) -> Customer {
    Customer { id: cells.owned("customer_id"), email: cells.owned("email"), phone: cells.owned("phone"), name: cells.owned("customer_name") }
}

fn at(cells: &Cells<'_>, field: &'static str) -> Result<Timestamp, Refused> {
    cells.needed(field)?;
    cells.moment(field)?.ok_or(Refused { field, reason: "required" })
}

fn amount(cells: &Cells<'_>, field: &'static str, currency: &str) -> Result<i64, Refused> {
    cells.needed(field)?;
    cells.money(field, currency)?.ok_or(Refused { field, reason: "required" })
}

/// An order's id and the order with the line of this row, if the row has one. Files with a row for each line repeat the order.
pub(super) fn order(cells: &Cells<'_>, now: Timestamp) -> Result<(String, Order), Refused> {
    let id = cells.needed("id")?.to_owned();
    let currency = cells.currency()?;
    let quantity = cells.number("quantity")?.unwrap_or(1);
    let unit_minor = cells.money("unit_price", &currency)?.unwrap_or(0);
    let line = cells.text("product").or(cells.text("sku")).map(|name| Line {
        sku: cells.owned("sku").unwrap_or_default(),
        name: cells.text("product").unwrap_or(name).to_owned(),
        quantity,
        unit_minor,
        total_minor: unit_minor.saturating_mul(quantity),
    });
    let order = Order {
        number: cells.text("number").unwrap_or(&id).to_owned(),
        status: state(cells.text("status"), "completed"),
        financial_status: cells.text("financial_status").map(|text| state(Some(text), "")).unwrap_or_default(),
        fulfilment_status: cells.text("fulfilment_status").map(|text| state(Some(text), "")).unwrap_or_default(),
        total_minor: amount(cells, "total", &currency)?,
        currency,
        lines: line.into_iter().collect(),
        placed_at: at(cells, "placed_at")?,
        promised_at: cells.moment("promised_at")?,
        delivered_at: cells.moment("delivered_at")?,
        customer: customer(cells),
        updated_at: cells.moment("updated_at")?.unwrap_or(now),
    };
    Ok((id, order))
}

pub(super) fn invoice(cells: &Cells<'_>, now: Timestamp) -> Result<(String, Invoice), Refused> {
    let id = cells.needed("id")?.to_owned();
    let currency = cells.currency()?;
    let total_minor = amount(cells, "total", &currency)?;
    let (due_at, paid_at) = (at(cells, "due_at")?, cells.moment("paid_at")?);
    let otherwise = match paid_at {
        Some(_) => "paid",
        None if due_at < now => "overdue",
        None => "open",
    };
    let status = state(cells.text("status"), otherwise);
    let settled = matches!(status.as_str(), "paid" | "void");
    let due_minor = cells.money("due", &currency)?.unwrap_or(if settled { 0 } else { total_minor });
    let invoice = Invoice {
        number: id.clone(),
        reference: cells.owned("reference"),
        status,
        currency,
        total_minor,
        due_minor,
        issued_at: at(cells, "issued_at")?,
        due_at,
        paid_at,
        url: cells.owned("url"),
        order: cells.owned("order"),
        customer: customer(cells),
        updated_at: cells.moment("updated_at")?.unwrap_or(now),
    };
    Ok((id, invoice))
}

pub(super) fn subscription(cells: &Cells<'_>, now: Timestamp) -> Result<(String, Subscription), Refused> {
    let id = cells.needed("id")?.to_owned();
    let currency = cells.currency()?;
    let interval = match cells.text("interval").unwrap_or("month").to_lowercase().as_str() {
        "day" | "päivä" | "dag" => "day",
        "week" | "viikko" | "vecka" => "week",
        "month" | "kuukausi" | "kk" | "månad" | "monthly" => "month",
        "year" | "vuosi" | "år" | "yearly" => "year",
        _ => return Err(Refused { field: "interval", reason: "interval_invalid" }),
    };
    let ended_at = cells.moment("ended_at")?;
    let subscription = Subscription {
        name: cells.needed("name")?.to_owned(),
        status: state(cells.text("status"), if ended_at.is_some() { "ended" } else { "active" }),
        price_minor: amount(cells, "price", &currency)?,
        currency,
        interval: interval.to_owned(),
        started_at: at(cells, "started_at")?,
        renews_at: cells.moment("renews_at")?,
        cancels_at: cells.moment("cancels_at")?,
        ended_at,
        customer: customer(cells),
        updated_at: cells.moment("updated_at")?.unwrap_or(now),
    };
    Ok((id, subscription))
}

pub(super) fn product(cells: &Cells<'_>, now: Timestamp) -> Result<(String, Product), Refused> {
    let sku = cells.needed("sku")?.to_owned();
    let currency = cells.currency()?;
    let price_minor = cells.money("price", &currency)?;
    let product = Product {
        sku: sku.clone(),
        name: cells.needed("name")?.to_owned(),
        category: cells.owned("category"),
        price_minor,
        currency: price_minor.map(|_| currency),
        in_stock: cells.number("in_stock")?,
        url: cells.owned("url"),
        image_url: cells.owned("image_url"),
        status: state(cells.text("status"), "active"),
        updated_at: cells.moment("updated_at")?.unwrap_or(now),
    };
    Ok((sku, product))
}

/// A customer as a row tells it.
#[derive(Debug)]
pub(super) struct Person {
    pub(super) customer: Customer,
    pub(super) locale: Option<Locale>,
    pub(super) seen_at: Option<Timestamp>,
}

pub(super) fn person(cells: &Cells<'_>) -> Result<Person, Refused> {
    let parts = [cells.text("first_name"), cells.text("last_name")].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let name = cells.owned("name").or(Some(parts).filter(|name| !name.is_empty()));
    let customer = Customer { id: cells.owned("id"), email: cells.owned("email"), phone: cells.owned("phone"), name };
    if customer.id.is_none() && customer.email.is_none() && customer.phone.is_none() {
        return Err(Refused { field: "email", reason: "identity_missing" });
    }
    let locale = match cells.text("language").unwrap_or_default().to_lowercase().as_str() {
        "" => None,
        "fi" | "fin" | "suomi" | "finnish" | "finska" | "fi-fi" => Some(Locale::Fi),
        "sv" | "swe" | "ruotsi" | "swedish" | "svenska" | "sv-fi" | "sv-se" => Some(Locale::Sv),
        "en" | "eng" | "englanti" | "english" | "engelska" | "en-gb" | "en-us" => Some(Locale::En),
        _ => return Err(Refused { field: "language", reason: "language_unknown" }),
    };
    Ok(Person { customer, locale, seen_at: cells.moment("created_at")? })
}
