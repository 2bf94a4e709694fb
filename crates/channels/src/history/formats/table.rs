//! A spreadsheet: one message a row; rows of one conversation need not stand together.

use std::collections::HashMap;

use ennakoi_kernel::Problem;

use super::json::at;
use crate::history::{PastConversation, PastMessage, Person, Records, Rejection, State, Who};

/// Columns, with what files call them.
const COLUMNS: [(&str, &[&str]); 11] = [
    ("conversation", &["conversation_id", "ticket", "ticket_id", "case", "keskustelu", "tapaus", "ärende"]),
    ("message", &["message_id", "id", "viesti", "meddelande"]),
    ("at", &["created_at", "date", "time", "sent_at", "aika", "päivä", "tid", "datum"]),
    ("direction", &["type", "suunta", "riktning"]),
    ("text", &["body", "content", "teksti", "meddelandetext"]),
    ("email", &["customer_email", "requester_email", "sähköposti", "e-post"]),
    ("phone", &["customer_phone", "puhelin", "telefon"]),
    ("name", &["customer", "customer_name", "requester", "nimi", "namn"]),
    ("agent", &["agent_email", "assignee", "käsittelijä", "handläggare"]),
    ("subject", &["title", "aihe", "ämne"]),
    ("state", &["status", "tila"]),
];
const ROWS_MAX: usize = 500_000;

fn key(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase()
}

struct Row {
    line: u64,
    cells: HashMap<&'static str, String>,
}

impl Row {
    fn get(&self, column: &str) -> Option<&str> {
        self.cells.get(column).map(String::as_str).filter(|cell| !cell.is_empty())
    }
}

pub(super) fn read(bytes: &[u8]) -> Result<Records, Problem> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|_| Problem::field("file", "not_text", "save it as CSV in UTF-8"))?;
    let header = text.lines().next().unwrap_or_default();
    let count = |delimiter: &u8| header.bytes().filter(|byte| byte == delimiter).count();
    let delimiter = [b',', b'\t', b';'].into_iter().max_by_key(count).unwrap_or(b',');
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).trim(csv::Trim::Headers).from_reader(text.as_bytes());
    let unreadable = |error: csv::Error| Problem::field("file", "csv_invalid", format!("line {}: not CSV", error.position().map_or(0, csv::Position::line)));
    let names: Vec<String> = reader.headers().map_err(unreadable)?.iter().map(key).collect();
    let place = |(column, called): &(&'static str, &[&str])| {
        let found = names.iter().position(|name| key(column) == *name || called.iter().any(|alias| key(alias) == *name));
        found.map(|place| (*column, place))
    };
    let columns: Vec<(&'static str, usize)> = COLUMNS.iter().filter_map(place).collect();
    for needed in ["conversation", "at", "text"] {
        if !columns.iter().any(|(column, _)| *column == needed) {
            return Err(Problem::field("file", "columns_missing", format!("the column {needed} is needed; the file has: {}", names.join(", "))));
        }
    }
    let (mut rows, mut records): (Vec<Row>, Records) = (Vec::new(), Vec::new());
    for record in reader.records() {
        let record = record.map_err(unreadable)?;
        if rows.len() >= ROWS_MAX {
            return Err(Problem::field("file", "too_many", format!("at most {ROWS_MAX} rows; split the file")));
        }
        let line = record.position().map_or(0, csv::Position::line);
        let cells = columns.iter().filter_map(|(column, place)| Some((*column, record.get(*place)?.trim().to_owned()))).collect();
        rows.push(Row { line, cells });
    }
    let (mut order, mut together): (Vec<String>, HashMap<String, Vec<Row>>) = (Vec::new(), HashMap::new());
    for row in rows {
        let Some(id) = row.get("conversation").map(str::to_owned) else {
            records.push(Err(Rejection { record: format!("line {}", row.line), reason: "id_missing" }));
            continue;
        };
        together.entry(id.clone()).or_insert_with(|| {
            order.push(id);
            Vec::new()
        });
        if let Some(rows) = row.get("conversation").map(str::to_owned).and_then(|id| together.get_mut(&id)) {
            rows.push(row);
        }
    }
    records.extend(order.into_iter().filter_map(|id| Some(conversation(&id, &together.remove(&id)?))));
    Ok(records)
}

fn conversation(id: &str, rows: &[Row]) -> Result<PastConversation, Rejection> {
    let first = |column: &str| rows.iter().find_map(|row| row.get(column)).map(str::to_owned);
    let customer = Person { name: first("name").unwrap_or_default(), email: first("email"), phone: first("phone"), id: None };
    let mut messages = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        let refused = |reason| Rejection { record: format!("{id} (line {})", row.line), reason };
        let at = row.get("at").and_then(at).ok_or_else(|| refused("date_invalid"))?;
        let direction = row.get("direction").unwrap_or("in").to_lowercase();
        let agent = || Person {
            email: row.get("agent").filter(|agent| agent.contains('@')).map(str::to_owned),
            name: row.get("agent").unwrap_or_default().to_owned(),
            ..Person::default()
        };
        let (who, private) = match direction.as_str() {
            "in" | "incoming" | "customer" | "saapuva" | "inkommande" => (Who::Customer(customer.clone()), false),
            "out" | "outgoing" | "agent" | "lähtevä" | "utgående" => (Who::Agent(agent()), false),
            "note" | "private" | "internal" | "muistiinpano" | "anteckning" => (Who::Agent(agent()), true),
            "bot" | "system" => (Who::Machine, false),
            _ => return Err(refused("direction_unknown")),
        };
        let message_id = row.get("message").map_or_else(|| format!("{id}-{index}"), str::to_owned);
        messages.push(PastMessage { id: message_id, who, at, text: row.get("text").unwrap_or_default().to_owned(), private, files: Vec::new() });
    }
    let state = match first("state").unwrap_or_default().to_lowercase().as_str() {
        "open" | "new" | "avoin" | "öppen" => State::Open,
        "pending" | "waiting" | "odottaa" | "väntar" => State::Waiting,
        _ => State::Closed,
    };
    let created_at = messages.iter().map(|message| message.at).min().ok_or_else(|| Rejection { record: id.to_owned(), reason: "no_messages" })?;
    Ok(PastConversation { id: id.to_owned(), customer, subject: first("subject"), state, created_at, messages, labels: Vec::new() })
}
