//! Definitions of custom attributes: a label, a type, and the choices. A key without a definition takes any simple value.

mod api;

use ennakoi_kernel::{FieldErrors, Problem, ids::WorkspaceId};
use ennakoi_store::{FromRow, Result, Row, Tx, params, stored_as_text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) use api::routes;

use crate::contacts::{AttributeValue, Attributes};

/// Definitions of one subject, at most.
pub(crate) const DEFINITIONS_MAX: i64 = 200;

/// What an attribute belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    Contact,
    Company,
    Conversation,
}
stored_as_text!(Subject { Contact = "contact", Company = "company", Conversation = "conversation" });

/// What values an attribute takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AttributeType {
    Text,
    Number,
    Boolean,
    /// `YYYY-MM-DD`.
    Date,
    /// One of `options`.
    Choice,
}
stored_as_text!(AttributeType { Text = "text", Number = "number", Boolean = "boolean", Date = "date", Choice = "choice" });

/// The definition of a custom attribute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Definition {
    pub key: String,
    pub label: String,
    #[serde(rename = "type")]
    pub kind: AttributeType,
    /// For a choice.
    pub options: Vec<String>,
}

impl FromRow for Definition {
    fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self { key: row.take()?, label: row.take()?, kind: row.take()?, options: serde_json::from_str(&row.take::<String>()?)? })
    }
}

/// All definitions of a subject by key.
///
/// # Errors
/// The database refuses.
pub async fn definitions(tx: &mut Tx, workspace: WorkspaceId, subject: Subject) -> Result<Vec<Definition>> {
    tx.all(
        "SELECT attribute_key, label, type, options FROM attribute_definitions WHERE workspace_id = $1 AND subject = $2 ORDER BY attribute_key LIMIT $3",
        params![workspace, subject, DEFINITIONS_MAX],
    )
    .await
}

/// Checks values against the definitions; null always fits, because it removes.
///
/// # Errors
/// Names each value that does not fit.
pub(crate) async fn check(tx: &mut Tx, workspace: WorkspaceId, subject: &str, values: &Attributes) -> Result<()> {
    if values.is_empty() {
        return Ok(());
    }
    let subject: Subject = subject.parse().map_err(|_| Problem::internal())?;
    let definitions = definitions(tx, workspace, subject).await?;
    let mut errors = FieldErrors::default();
    for (key, value) in values {
        let definition = definitions.iter().find(|definition| definition.key == *key);
        if definition.is_some_and(|definition| !fits(definition, value)) {
            errors.add(format!("attributes.{key}"), "type_wrong", "the value does not fit the attribute's type");
        }
    }
    errors.finish()?;
    Ok(())
}

fn fits(definition: &Definition, value: &AttributeValue) -> bool {
    match (definition.kind, value) {
        (_, AttributeValue::Null(()))
        | (AttributeType::Text, AttributeValue::Text(_))
        | (AttributeType::Number, AttributeValue::Number(_))
        | (AttributeType::Boolean, AttributeValue::Boolean(_)) => true,
        (AttributeType::Date, AttributeValue::Text(text)) => text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok(),
        (AttributeType::Choice, AttributeValue::Text(text)) => definition.options.contains(text),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_fit_their_type_only() {
        let definition = |kind| Definition { key: "k".to_owned(), label: "K".to_owned(), kind, options: vec!["gold".to_owned()] };
        let value = |json: &str| serde_json::from_str::<AttributeValue>(json).unwrap();
        for (kind, good, bad) in [
            (AttributeType::Text, r#""x""#, "1"),
            (AttributeType::Number, "1.5", r#""1.5""#),
            (AttributeType::Boolean, "true", "1"),
            (AttributeType::Date, r#""2026-02-28""#, r#""2026-02-30""#),
            (AttributeType::Choice, r#""gold""#, r#""silver""#),
        ] {
            assert!(fits(&definition(kind), &value(good)), "{good}");
            assert!(!fits(&definition(kind), &value(bad)), "{bad}");
            assert!(fits(&definition(kind), &value("null")));
        }
    }
}
