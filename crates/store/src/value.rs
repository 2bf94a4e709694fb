//! Values as they cross into either database, and rows as they come back.

use std::error::Error as StdError;

use bytes::BytesMut;
use ennakoi_kernel::{
    Timestamp,
    ids::{
        ApiKeyId, ArticleId, AttachmentId, AuditId, CalendarId, CannedAnswerId, CategoryId, ChannelId, ClockId, CoachingNoteId, CompanyId, ContactId,
        ConversationId, DeliveryId, GrantId, IdentityId, ImportId, IntentId, InvitationId, InvoiceId, JobId, LabelId, LinkId, MacroId, MailId, MailboxId,
        MessageId, NoticeDeliveryId, NoticeHookId, NoticeId, OrderId, PasskeyId, PolicyId, ProductId, PromiseId, PushSubscriptionId, QualityCaseId, QueueId,
        ReviewId, RevisionId, RuleId, RuleRunId, ScheduledAnswerId, SessionId, SheetId, ShipmentId, StaffId, SubscriptionId, TeamId, ThreadId, TimerId,
        TrainingExerciseId, ViewId, VisitorId, WebhookId, WorkspaceId,
    },
};
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use uuid::Uuid;

use crate::{Error, Result};

/// One bound parameter or one column of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Null,
    Boolean(bool),
    Integer(i64),
    Real(f64),
    Text(String),
    Uuid(Uuid),
    Blob(Vec<u8>),
}

/// Parameters `$1…$n` in order.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { &[$($crate::Value::from($value)),*] as &[$crate::Value] };
}

macro_rules! value_from {
    ($($type:ty => |$name:ident| $make:expr),+ $(,)?) => {$(
        impl From<$type> for Value {
            fn from($name: $type) -> Self { $make }
        }
    )+};
}

value_from! {
    bool => |it| Self::Boolean(it),
    i64 => |it| Self::Integer(it),
    i32 => |it| Self::Integer(it.into()),
    u32 => |it| Self::Integer(it.into()),
    usize => |it| Self::Integer(i64::try_from(it).unwrap_or(i64::MAX)),
    f64 => |it| Self::Real(it),
    &str => |it| Self::Text(it.to_owned()),
    String => |it| Self::Text(it),
    &String => |it| Self::Text(it.clone()),
    Uuid => |it| Self::Uuid(it),
    Vec<u8> => |it| Self::Blob(it),
    &[u8] => |it| Self::Blob(it.to_vec()),
    Timestamp => |it| Self::Integer(it.0),
    serde_json::Value => |it| Self::Text(it.to_string()),
    &serde_json::Value => |it| Self::Text(it.to_string()),
}

impl<T> From<Option<T>> for Value
where
    Self: From<T>,
{
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Self::from)
    }
}

/// A type that a column can be read as.
pub trait FromValue: Sized {
    /// # Errors
    /// The value has another type, or is null where that is not expected.
    fn from_value(value: Value) -> Result<Self>;
}

fn mismatch<T>(wanted: &str, got: &Value) -> Result<T> {
    Err(Error::Decode(format!("expected {wanted}, got {got:?}")))
}

impl FromValue for Value {
    fn from_value(value: Value) -> Result<Self> {
        Ok(value)
    }
}

impl FromValue for i64 {
    fn from_value(value: Value) -> Result<Self> {
        match value {
            Value::Integer(it) => Ok(it),
            Value::Boolean(it) => Ok(it.into()),
            other => mismatch("an integer", &other),
        }
    }
}

impl FromValue for i32 {
    fn from_value(value: Value) -> Result<Self> {
        let wide = i64::from_value(value)?;
        Self::try_from(wide).or_else(|_| mismatch("a 32-bit integer", &Value::Integer(wide)))
    }
}

impl FromValue for bool {
    fn from_value(value: Value) -> Result<Self> {
        match value {
            Value::Boolean(it) => Ok(it),
            // SQLite stores booleans as 0 and 1.
            Value::Integer(it) => Ok(it != 0),
            other => mismatch("a boolean", &other),
        }
    }
}

impl FromValue for f64 {
    #[expect(clippy::cast_precision_loss, reason = "SQLite hands back whole REALs as integers; sums fit in 53 bits")]
    fn from_value(value: Value) -> Result<Self> {
        match value {
            Value::Real(it) => Ok(it),
            Value::Integer(it) => Ok(it as Self),
            other => mismatch("a number", &other),
        }
    }
}

impl FromValue for String {
    fn from_value(value: Value) -> Result<Self> {
        match value {
            Value::Text(it) => Ok(it),
            other => mismatch("a text", &other),
        }
    }
}

impl FromValue for Vec<u8> {
    fn from_value(value: Value) -> Result<Self> {
        match value {
            Value::Blob(it) => Ok(it),
            other => mismatch("bytes", &other),
        }
    }
}

impl FromValue for Uuid {
    fn from_value(value: Value) -> Result<Self> {
        match value {
            Value::Uuid(it) => Ok(it),
            Value::Blob(it) => Self::from_slice(&it).or_else(|_| mismatch("16 bytes of a UUID", &Value::Blob(it))),
            other => mismatch("a UUID", &other),
        }
    }
}

impl FromValue for Timestamp {
    fn from_value(value: Value) -> Result<Self> {
        i64::from_value(value).map(Self)
    }
}

impl FromValue for serde_json::Value {
    fn from_value(value: Value) -> Result<Self> {
        let text = String::from_value(value)?;
        serde_json::from_str(&text).map_err(|error| Error::Decode(format!("stored JSON: {error}")))
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: Value) -> Result<Self> {
        match value {
            Value::Null => Ok(None),
            other => T::from_value(other).map(Some),
        }
    }
}

macro_rules! id_values {
    ($($name:ident),+ $(,)?) => {$(
        impl From<$name> for Value {
            fn from(id: $name) -> Self { Self::Uuid(id.0) }
        }
        impl FromValue for $name {
            fn from_value(value: Value) -> Result<Self> { Uuid::from_value(value).map(Self) }
        }
    )+};
}

id_values! {
    WorkspaceId, StaffId, SessionId, InvitationId, ApiKeyId, PasskeyId, ContactId, IdentityId, CompanyId, ChannelId, ThreadId,
    ConversationId, MessageId, AttachmentId, QueueId, TeamId, LabelId, ViewId, CannedAnswerId, CalendarId, CategoryId, ArticleId,
    RevisionId, OrderId, ShipmentId, InvoiceId, SubscriptionId, ProductId, VisitorId, WebhookId, DeliveryId, JobId, TimerId, IntentId,
    AuditId, MailboxId, MailId, PolicyId, ClockId, PromiseId, GrantId, RuleId, ScheduledAnswerId, RuleRunId, MacroId, LinkId, ImportId,
    SheetId, QualityCaseId, ReviewId, CoachingNoteId, NoticeId, NoticeDeliveryId, NoticeHookId, PushSubscriptionId, TrainingExerciseId,
}

/// Stores a small enum as its text: `stored_as_text!(State { Open = "open", Closed = "closed" })`.
#[macro_export]
macro_rules! stored_as_text {
    ($name:ident { $($variant:ident = $text:literal),+ $(,)? }) => {
        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }
        impl ::std::str::FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> ::std::result::Result<Self, String> {
                match text { $($text => Ok(Self::$variant),)+ _ => Err(format!("unknown {} {text:?}", stringify!($name))) }
            }
        }
        impl From<$name> for $crate::Value {
            fn from(it: $name) -> Self { Self::Text(it.as_str().to_owned()) }
        }
        impl $crate::FromValue for $name {
            fn from_value(value: $crate::Value) -> $crate::Result<Self> {
                <String as $crate::FromValue>::from_value(value)?.parse().map_err($crate::Error::Decode)
            }
        }
    };
}

impl ToSql for Value {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> std::result::Result<IsNull, Box<dyn StdError + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Boolean(it) => it.to_sql(ty, out),
            Self::Integer(it) => match *ty {
                Type::INT4 => i32::try_from(*it)?.to_sql(ty, out),
                Type::INT2 => i16::try_from(*it)?.to_sql(ty, out),
                #[expect(clippy::cast_precision_loss, reason = "a whole number bound where a real one is stored")]
                Type::FLOAT8 => (*it as f64).to_sql(ty, out),
                _ => it.to_sql(ty, out),
            },
            Self::Real(it) => it.to_sql(ty, out),
            Self::Text(it) => it.to_sql(ty, out),
            Self::Uuid(it) => {
                out.extend_from_slice(it.as_bytes());
                Ok(IsNull::No)
            }
            Self::Blob(it) => it.to_sql(ty, out),
        }
    }

    // The server tells the type of each parameter; a value that does not fit is refused by it, in words.
    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// One row, read column by column in the order of the SELECT list.
pub struct Row(std::vec::IntoIter<Value>);

impl Row {
    pub(crate) fn new(values: Vec<Value>) -> Self {
        Self(values.into_iter())
    }

    /// The next column.
    ///
    /// # Errors
    /// The column has another type, or the row has no more columns.
    pub fn take<T: FromValue>(&mut self) -> Result<T> {
        T::from_value(self.0.next().ok_or_else(|| Error::Decode("the row has fewer columns than are read".to_owned()))?)
    }
}

/// A type made from one row. Implemented for tuples; features implement it for their own types.
pub trait FromRow: Sized {
    /// # Errors
    /// A column does not fit.
    fn from_row(row: &mut Row) -> Result<Self>;
}

macro_rules! tuple_rows {
    ($(($($name:ident),+)),+ $(,)?) => {$(
        impl<$($name: FromValue),+> FromRow for ($($name,)+) {
            fn from_row(row: &mut Row) -> Result<Self> { Ok(($(row.take::<$name>()?,)+)) }
        }
    )+};
}

tuple_rows! {
    (A), (A, B), (A, B, C), (A, B, C, D), (A, B, C, D, E), (A, B, C, D, E, F), (A, B, C, D, E, F, G), (A, B, C, D, E, F, G, H),
    (A, B, C, D, E, F, G, H, I), (A, B, C, D, E, F, G, H, I, J), (A, B, C, D, E, F, G, H, I, J, K), (A, B, C, D, E, F, G, H, I, J, K, L),
}
