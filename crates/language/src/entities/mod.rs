//! Facts inside a message: order and invoice numbers, addresses, accounts, identity codes, dates and sums; each with its
//! place, its normalised value and whether its check digits hold. [`mask`] hides what identifies a person.

mod checks;
mod dates;
mod find;

use std::ops::Range;

pub use find::find;

/// What an entity is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntityKind {
    Email,
    Iban,
    PaymentCard,
    /// A Finnish or Swedish personal identity code.
    PersonalIdentityCode,
    /// A Finnish or international (RF) payment reference.
    PaymentReference,
    OrderNumber,
    InvoiceNumber,
    Phone,
    Date,
    Sum,
}

impl EntityKind {
    /// The stable name used in stored data and in masks.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Iban => "iban",
            Self::PaymentCard => "payment_card",
            Self::PersonalIdentityCode => "personal_identity_code",
            Self::PaymentReference => "payment_reference",
            Self::OrderNumber => "order_number",
            Self::InvoiceNumber => "invoice_number",
            Self::Phone => "phone",
            Self::Date => "date",
            Self::Sum => "sum",
        }
    }

    /// Whether the value points at a person or an account, and is therefore masked.
    #[must_use]
    pub const fn identifies(self) -> bool {
        !matches!(self, Self::Date | Self::Sum)
    }
}

/// One entity found in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entity {
    pub kind: EntityKind,
    /// Byte range in the text that was searched.
    pub range: Range<usize>,
    /// Normalised: no spaces in numbers, upper-case codes, lower-case e-mail, dates as `2026-11-21` (or `--11-21`
    /// without a year), sums as `1234.50 EUR`.
    pub value: String,
    /// Whether check digits, calendar or shape hold. An invalid one is probably mistyped.
    pub valid: bool,
}

/// The text with every identifying entity replaced by its kind in brackets (`[email]`, `[iban]`, …), valid or not: a
/// mistyped account number is still private. Dates and sums stay.
#[must_use]
pub fn mask(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut end = 0;
    for entity in find(text).into_iter().filter(|entity| entity.kind.identifies()) {
        masked.push_str(&text[end..entity.range.start]);
        masked.push('[');
        masked.push_str(entity.kind.as_str());
        masked.push(']');
        end = entity.range.end;
    }
    masked.push_str(&text[end..]);
    masked
}

#[cfg(test)]
mod tests;
