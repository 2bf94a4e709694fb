//! What is mirrored, as the API takes it.

use ennakoi_kernel::{FieldErrors, Problem, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who bought. Recognised by `id`, else by `email`, else by `phone`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Customer {
    /// The shop's own id.
    pub id: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub name: Option<String>,
}

/// One line of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Line {
    pub sku: String,
    pub name: String,
    pub quantity: i64,
    pub unit_minor: i64,
    pub total_minor: i64,
}

/// An order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// As the customer knows it.
    pub number: String,
    /// `pending`, `processing`, `shipped`, `delivered`, `completed`, `cancelled`, `refunded`, `failed`, or the shop's own word.
    pub status: String,
    /// `pending`, `paid`, `partially_refunded`, `refunded`, `failed` …
    #[serde(default)]
    pub financial_status: String,
    /// `unfulfilled`, `partial`, `fulfilled` …
    #[serde(default)]
    pub fulfilment_status: String,
    /// ISO 4217.
    pub currency: String,
    pub total_minor: i64,
    #[serde(default)]
    pub lines: Vec<Line>,
    pub placed_at: Timestamp,
    /// When delivery was promised.
    #[serde(default)]
    pub promised_at: Option<Timestamp>,
    #[serde(default)]
    pub delivered_at: Option<Timestamp>,
    #[serde(default)]
    pub customer: Customer,
    /// When the shop last changed it; an older report is ignored.
    pub updated_at: Timestamp,
}

/// A parcel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Shipment {
    /// `source_id` of its order.
    pub order: String,
    pub carrier: String,
    /// Tracking number.
    pub number: String,
    #[serde(default)]
    pub url: Option<String>,
    /// `created`, `in_transit`, `out_for_delivery`, `ready_for_pickup`, `delivered`, `returned`, `exception`, or the carrier's word.
    pub status: String,
    #[serde(default)]
    pub shipped_at: Option<Timestamp>,
    #[serde(default)]
    pub delivered_at: Option<Timestamp>,
    pub updated_at: Timestamp,
}

/// An invoice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Invoice {
    pub number: String,
    /// Payment reference.
    #[serde(default)]
    pub reference: Option<String>,
    /// `draft`, `open`, `overdue`, `paid`, `void`, `collection`, or the shop's own word.
    pub status: String,
    pub currency: String,
    pub total_minor: i64,
    /// What is still to be paid.
    pub due_minor: i64,
    pub issued_at: Timestamp,
    pub due_at: Timestamp,
    #[serde(default)]
    pub paid_at: Option<Timestamp>,
    #[serde(default)]
    pub url: Option<String>,
    /// `source_id` of its order, if it is for one.
    #[serde(default)]
    pub order: Option<String>,
    #[serde(default)]
    pub customer: Customer,
    pub updated_at: Timestamp,
}

/// A subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Subscription {
    /// What is subscribed to, as the customer knows it.
    pub name: String,
    /// `trialing`, `active`, `past_due`, `paused`, `cancelled`, `ended`, or the shop's own word.
    pub status: String,
    pub currency: String,
    /// Charged once in each interval.
    pub price_minor: i64,
    /// `day`, `week`, `month`, `year`.
    pub interval: String,
    pub started_at: Timestamp,
    /// When the present period ends and the next is charged.
    #[serde(default)]
    pub renews_at: Option<Timestamp>,
    /// When it will end, once it is cancelled.
    #[serde(default)]
    pub cancels_at: Option<Timestamp>,
    #[serde(default)]
    pub ended_at: Option<Timestamp>,
    #[serde(default)]
    pub customer: Customer,
    pub updated_at: Timestamp,
}

/// A product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Product {
    pub sku: String,
    pub name: String,
    #[serde(default)]
    pub category: Option<String>,
    #[serde(default)]
    pub price_minor: Option<i64>,
    #[serde(default)]
    pub currency: Option<String>,
    #[serde(default)]
    pub in_stock: Option<i64>,
    #[serde(default)]
    pub url: Option<String>,
    #[serde(default)]
    pub image_url: Option<String>,
    /// `active`, `discontinued` …
    #[serde(default = "active")]
    pub status: String,
    pub updated_at: Timestamp,
}

fn active() -> String {
    "active".to_owned()
}

/// Lines of one order, at most.
const LINES: usize = 500;

fn word(wrong: &mut FieldErrors, field: &str, text: &str) {
    wrong.line(field, text, 200);
}

fn currency(wrong: &mut FieldErrors, code: &str) {
    if code.len() != 3 || !code.bytes().all(|byte| byte.is_ascii_uppercase()) {
        wrong.add("currency", "invalid", "three capital letters (ISO 4217)");
    }
}

/// A word that may be missing.
fn optional_word(wrong: &mut FieldErrors, field: &str, text: Option<&str>) {
    if let Some(text) = text.filter(|text| !text.is_empty()) {
        word(wrong, field, text);
    }
}

/// More than any shop sells for (ten thousand million), and far from where sums would overflow.
const MONEY_MAX: i64 = 1_000_000_000_000;

fn money(wrong: &mut FieldErrors, field: &str, minor: i64) {
    if !(-MONEY_MAX..=MONEY_MAX).contains(&minor) {
        wrong.add(field, "out_of_range", "too large");
    }
}

fn customer(wrong: &mut FieldErrors, customer: &Customer) {
    for (field, text) in
        [("customer.id", &customer.id), ("customer.email", &customer.email), ("customer.phone", &customer.phone), ("customer.name", &customer.name)]
    {
        optional_word(wrong, field, text.as_deref());
    }
}

fn address(wrong: &mut FieldErrors, field: &str, url: Option<&str>) {
    if url.is_some_and(|url| !(url.starts_with("https://") || url.starts_with("http://")) || url.len() > 1_000 || url.contains(char::is_whitespace)) {
        wrong.add(field, "invalid", "an address that begins with https://");
    }
}

impl Order {
    /// # Errors
    /// Names every field that is wrong.
    pub fn check(&self) -> Result<(), Problem> {
        let mut wrong = FieldErrors::default();
        word(&mut wrong, "number", &self.number);
        word(&mut wrong, "status", &self.status);
        optional_word(&mut wrong, "financial_status", Some(&self.financial_status));
        optional_word(&mut wrong, "fulfilment_status", Some(&self.fulfilment_status));
        currency(&mut wrong, &self.currency);
        money(&mut wrong, "total_minor", self.total_minor);
        customer(&mut wrong, &self.customer);
        let too_long = |line: &Line| line.name.chars().count() > 500 || line.sku.chars().count() > 200;
        if self.lines.len() > LINES || self.lines.iter().any(too_long) {
            wrong.add("lines", "too_long", format!("at most {LINES} lines with names of at most 500 characters"));
        }
        wrong.finish()
    }
}

impl Shipment {
    /// # Errors
    /// Names every field that is wrong.
    pub fn check(&self) -> Result<(), Problem> {
        let mut wrong = FieldErrors::default();
        word(&mut wrong, "order", &self.order);
        word(&mut wrong, "carrier", &self.carrier);
        word(&mut wrong, "number", &self.number);
        word(&mut wrong, "status", &self.status);
        address(&mut wrong, "url", self.url.as_deref());
        wrong.finish()
    }
}

impl Invoice {
    /// # Errors
    /// Names every field that is wrong.
    pub fn check(&self) -> Result<(), Problem> {
        let mut wrong = FieldErrors::default();
        word(&mut wrong, "number", &self.number);
        word(&mut wrong, "status", &self.status);
        currency(&mut wrong, &self.currency);
        optional_word(&mut wrong, "reference", self.reference.as_deref());
        money(&mut wrong, "total_minor", self.total_minor);
        money(&mut wrong, "due_minor", self.due_minor);
        customer(&mut wrong, &self.customer);
        address(&mut wrong, "url", self.url.as_deref());
        wrong.finish()
    }
}

impl Subscription {
    /// # Errors
    /// Names every field that is wrong.
    pub fn check(&self) -> Result<(), Problem> {
        let mut wrong = FieldErrors::default();
        word(&mut wrong, "name", &self.name);
        word(&mut wrong, "status", &self.status);
        currency(&mut wrong, &self.currency);
        money(&mut wrong, "price_minor", self.price_minor);
        customer(&mut wrong, &self.customer);
        if !["day", "week", "month", "year"].contains(&self.interval.as_str()) {
            wrong.add("interval", "invalid", "day, week, month or year");
        }
        wrong.finish()
    }
}

impl Product {
    /// # Errors
    /// Names every field that is wrong.
    pub fn check(&self) -> Result<(), Problem> {
        let mut wrong = FieldErrors::default();
        word(&mut wrong, "sku", &self.sku);
        word(&mut wrong, "name", &self.name);
        word(&mut wrong, "status", &self.status);
        optional_word(&mut wrong, "category", self.category.as_deref());
        money(&mut wrong, "price_minor", self.price_minor.unwrap_or(0));
        if let Some(code) = &self.currency {
            currency(&mut wrong, code);
        }
        address(&mut wrong, "url", self.url.as_deref());
        address(&mut wrong, "image_url", self.image_url.as_deref());
        wrong.finish()
    }
}
