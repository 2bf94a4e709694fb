//! What exports in JSON have in common.

use ennakoi_kernel::{Problem, Timestamp};
use serde_json::Value;

use crate::history::Person;

/// The documents of a file: one, a list, or one on each line, as exports over interfaces come.
pub(super) fn documents(bytes: &[u8]) -> Result<Vec<Value>, Problem> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let mut documents = Vec::new();
    for document in serde_json::Deserializer::from_slice(bytes).into_iter::<Value>() {
        documents.push(document.map_err(|error| Problem::field("file", "json_invalid", format!("line {}: not JSON", error.line())))?);
    }
    Ok(documents)
}

/// Every object of all documents that stands in a list by one of these names, or is itself such a list's member at the top.
pub(super) fn members<'a>(documents: &'a [Value], names: &[&str]) -> Vec<&'a Value> {
    let mut found = Vec::new();
    for document in documents {
        match document {
            Value::Array(items) => found.extend(items),
            Value::Object(object) => {
                let lists: Vec<&Value> = names.iter().filter_map(|name| object.get(*name)).collect();
                if lists.is_empty() {
                    found.push(document);
                }
                found.extend(lists.into_iter().filter_map(Value::as_array).flatten());
            }
            _ => {}
        }
    }
    found
}

/// The first of these fields that says something, as text; numbers count.
pub(super) fn text(value: &Value, fields: &[&str]) -> Option<String> {
    fields.iter().find_map(|field| match value.pointer(field) {
        Some(Value::String(text)) if !text.trim().is_empty() => Some(text.trim().to_owned()),
        Some(Value::Number(number)) => Some(number.to_string()),
        _ => None,
    })
}

pub(super) fn list<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    value.pointer(field).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A moment: RFC 3339, or seconds since 1970.
pub(super) fn moment(value: &Value, fields: &[&str]) -> Option<Timestamp> {
    fields.iter().find_map(|field| match value.pointer(field)? {
        Value::String(text) => at(text),
        Value::Number(number) => number.as_f64().filter(|seconds| (0.0..1e11).contains(seconds)).map(|seconds| Timestamp::from_seconds(seconds as i64)),
        _ => None,
    })
}

/// A moment as texts write it; without a zone it is UTC.
pub(super) fn at(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let instant = text.parse::<jiff::Timestamp>().ok();
    let local = || text.replace(' ', "T").trim_end_matches("UTC").trim().parse::<jiff::civil::DateTime>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok();
    let instant = instant.or_else(|| local().map(|zoned| zoned.timestamp()))?;
    Some(Timestamp(instant.as_microsecond()))
}

/// A person from an object with the usual fields.
pub(super) fn person(value: &Value) -> Person {
    Person {
        name: text(value, &["/name", "/display_name", "/fullname"])
            .or_else(|| {
                let parts = [text(value, &["/firstname", "/first_name"]), text(value, &["/lastname", "/last_name"])];
                let joined = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
                (!joined.is_empty()).then_some(joined)
            })
            .unwrap_or_default(),
        email: text(value, &["/email"]),
        phone: text(value, &["/phone", "/phone_number", "/mobile"]),
        id: text(value, &["/id"]),
    }
}

/// The text of a piece of HTML, a line for each block.
pub(super) fn plain(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let (mut tag, mut inside, mut skipped) = (String::new(), false, None::<&str>);
    for character in html.chars() {
        match character {
            '<' => {
                inside = true;
                tag.clear();
            }
            '>' if inside => {
                inside = false;
                let name = tag.trim_start_matches('/').split(|c: char| c.is_whitespace() || c == '/').next().unwrap_or_default().to_lowercase();
                let closes = tag.starts_with('/');
                match name.as_str() {
                    "style" | "script" => skipped = if closes { None } else { Some("hidden") },
                    "br" | "p" | "div" | "li" | "tr" | "h1" | "h2" | "h3" | "blockquote" if !text.ends_with('\n') && !text.is_empty() => text.push('\n'),
                    _ => {}
                }
            }
            _ if inside => tag.push(character),
            _ if skipped.is_some() => {}
            _ => text.push(character),
        }
    }
    let text = text.replace("&nbsp;", " ").replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'").replace("&amp;", "&");
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n").trim().to_owned()
}

/// A text that may be HTML.
pub(super) fn words(value: &Value, plain_fields: &[&str], html_fields: &[&str]) -> String {
    text(value, plain_fields).or_else(|| text(value, html_fields).map(|html| plain(&html))).unwrap_or_default()
}
