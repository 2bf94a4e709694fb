//! The commerce mirror: what the shop knows of a customer, beside every conversation.
//!
//! Invariants: nothing is invented here; each row is named by the shop (`source`, `source_id`) and a write that is older than what
//! is known (`updated_at`) changes nothing; money is whole minor units (cents) with a currency, never a floating-point number; a
//! customer is recognised by the shop's own id or a verified address, and never merged on a name.

mod api;
mod customer;
mod import;
mod kinds;
mod mirror;
mod read;

use ennakoi_http::{EventKind, Module};

pub use kinds::{Customer, Invoice, Line, Order, Product, Shipment, Subscription};
pub use mirror::{Mirrored, Name, Telling, put_invoice, put_order, put_product, put_shipment, put_subscription};
pub use read::{
    Commerce, CustomerValue, InvoiceRow, OrderRow, ProductRow, ShipmentRow, SubscriptionRow, invoice_by_id, invoices_numbered, of_contact, order,
    order_by_name, orders_numbered, told,
};

/// The module.
#[must_use]
pub fn module() -> Module {
    let mut module = Module::new("commerce");
    module.routes = api::routes();
    module.routes.extend(import::routes());
    module.events = &[
        EventKind { kind: "order.placed", summary: "The shop reported a new order.", webhook: true },
        EventKind { kind: "order.changed", summary: "An order's state changed.", webhook: true },
        EventKind { kind: "shipment.changed", summary: "A shipment moved.", webhook: true },
        EventKind { kind: "invoice.changed", summary: "An invoice was issued, fell due or was paid.", webhook: true },
        EventKind { kind: "subscription.changed", summary: "A subscription began, changed or ended.", webhook: true },
        EventKind { kind: "order.imported", summary: "A past order was brought along; nothing acts on it.", webhook: false },
        EventKind { kind: "shipment.imported", summary: "A past shipment was brought along.", webhook: false },
        EventKind { kind: "invoice.imported", summary: "A past invoice was brought along.", webhook: false },
        EventKind { kind: "subscription.imported", summary: "A subscription was brought along.", webhook: false },
        EventKind { kind: "import.finished", summary: "A file of orders, invoices, subscriptions, products or contacts was imported.", webhook: true },
    ];
    module
}
