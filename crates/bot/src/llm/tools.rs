//! What the model may ask for: two questions, both of which only read, and only what the visitor may read.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::flows::shop::ItemKind;

/// Characters of a search.
const QUERY_MOST: usize = 200;

/// A tool with its checked arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Tool {
    /// More articles of the company.
    SearchArticles { query: String },
    /// The visitor's own orders, invoices or subscriptions.
    OwnItems { kind: ItemKind },
}

/// Why a call is not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// There is no such tool: whoever asks for one is not doing what it was told.
    Unlisted,
    /// The arguments are not what the tool takes; it may try again.
    Arguments,
}

/// The list, as the endpoint is told of it. Without own items the second is not offered.
pub(super) fn listed(own: bool) -> Value {
    let tool = |name: &str, description: &str, parameters: Value| json!({ "type": "function", "function": { "name": name, "description": description, "parameters": parameters } });
    let search = tool(
        "search_articles",
        "Find more help articles of the company.",
        json!({ "type": "object", "properties": { "query": { "type": "string", "maxLength": QUERY_MOST } }, "required": ["query"], "additionalProperties": false }),
    );
    let items = tool(
        "own_items",
        "The customer's own orders, invoices or subscriptions.",
        json!({ "type": "object", "properties": { "kind": { "type": "string", "enum": ["order", "invoice", "subscription"] } }, "required": ["kind"], "additionalProperties": false }),
    );
    if own { json!([search, items]) } else { json!([search]) }
}

/// Checks a call against the list.
pub(super) fn checked(name: &str, arguments: &str, own: bool) -> Result<Tool, Wrong> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Search {
        query: String,
    }
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Own {
        kind: ItemKind,
    }
    match name {
        "search_articles" => {
            let Search { query } = serde_json::from_str(arguments).map_err(|_| Wrong::Arguments)?;
            let fits = !query.trim().is_empty() && query.chars().count() <= QUERY_MOST;
            if fits { Ok(Tool::SearchArticles { query }) } else { Err(Wrong::Arguments) }
        }
        "own_items" if own => {
            let Own { kind } = serde_json::from_str(arguments).map_err(|_| Wrong::Arguments)?;
            Ok(Tool::OwnItems { kind })
        }
        _ => Err(Wrong::Unlisted),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_listed_with_arguments_that_fit() {
        assert_eq!(checked("search_articles", r#"{"query":"palautus"}"#, false), Ok(Tool::SearchArticles { query: "palautus".to_owned() }));
        assert_eq!(checked("own_items", r#"{"kind":"order"}"#, true), Ok(Tool::OwnItems { kind: ItemKind::Order }));
        for (name, arguments, wrong) in [
            ("own_items", r#"{"kind":"order"}"#, Wrong::Unlisted),
            ("refund", "{}", Wrong::Unlisted),
            ("search_articles; drop table", "{}", Wrong::Unlisted),
            ("search_articles", "{}", Wrong::Arguments),
            ("search_articles", r#"{"query":"a","workspace":"other"}"#, Wrong::Arguments),
            ("search_articles", r#"{"query":""}"#, Wrong::Arguments),
            ("search_articles", "nonsense", Wrong::Arguments),
        ] {
            assert_eq!(checked(name, arguments, false), Err(wrong), "{name} {arguments}");
        }
        for arguments in [r#"{"kind":"order","contact":"7"}"#, r#"{"kind":"password"}"#, r#"{"kind":["order"]}"#, "[]"] {
            assert_eq!(checked("own_items", arguments, true), Err(Wrong::Arguments), "{arguments}");
        }
        assert!(checked("search_articles", &json!({ "query": "x".repeat(201) }).to_string(), true).is_err());
    }
}
