//! A large workspace for measuring: lists, threads and search with a hundred thousand customers and a million messages.
//!
//! Customers are made by the domain's own functions. Conversations, messages and events are written by prepared statements of several
//! rows: through the domain functions a million messages would take the better part of an hour. The rows are what those functions
//! would have written, with their derived columns, search documents and events; `ennakoi check` finds nothing to complain about.

use std::collections::BTreeMap;

use ennakoi_http::App;
use ennakoi_inbox::search::{MESSAGE, message_words};
use ennakoi_kernel::{
    Duration, Timestamp,
    ids::{ContactId, ConversationId, MessageId, WorkspaceId},
};
use ennakoi_people::{
    Locale,
    contacts::{self, IdentityKind, NewContact, Verified},
};
use ennakoi_store::{
    Result, Tx, Value, params,
    search::{self, Document},
    timeline::Actor,
};
use serde_json::json;

use crate::{
    Past, customers,
    desk::Desk,
    random::Random,
    scripts::{self, Script, Slots, Step},
    staff::Crew,
};

/// How large.
#[derive(Clone, Copy, Debug)]
pub struct Bulk {
    pub contacts: usize,
    pub messages: usize,
    /// Each conversation has one message: as many cases as messages.
    pub brief: bool,
}

/// Conversations written in one transaction.
const BATCH: usize = 1_000;
/// Rows of one statement. More would not be faster: SQLite finds a parameter's place by its name.
const ROWS: usize = 8;
/// Of a thousand messages, the newest so many are in conversations that are not closed yet.
const ACTIVE_PER_MILLE: usize = 15;

/// Fills the workspace.
#[expect(clippy::too_many_arguments, reason = "the whole workspace comes together here once")]
pub(crate) async fn fill(
    app: &App,
    past: &Past,
    workspace: WorkspaceId,
    crew: &Crew,
    desk: &Desk,
    bulk: Bulk,
    seed: u64,
    counts: &mut BTreeMap<&'static str, usize>,
) -> Result<()> {
    let mut random = Random::new(seed);
    let people = people(app, past, workspace, bulk.contacts, &mut random).await?;
    let scripts = scripts::read();
    let mut writer = Writer { past, workspace, crew, desk, scripts: &scripts, people: &people, random, number: 0, messages: 0, brief: bulk.brief };
    while writer.messages < bulk.messages {
        let mut tx = app.db.begin().await?;
        writer.batch(&mut tx, bulk.messages).await?;
        tx.commit().await?;
    }
    let (number, messages) = (writer.number, writer.messages);
    let mut tx = app.db.begin().await?;
    tx.execute(
        "INSERT INTO conversation_numbers (workspace_id, last_number) VALUES ($1, $2) ON CONFLICT (workspace_id) DO UPDATE SET last_number = $2",
        params![workspace, number],
    )
    .await?;
    tx.commit().await?;
    counts.insert("customers", people.len());
    counts.insert("conversations", usize::try_from(number).unwrap_or(0));
    counts.insert("messages", messages);
    Ok(())
}

/// Tells followers that everything so far is history to them, so that a measurement is not disturbed by their reading it.
///
/// # Errors
/// The database refuses.
pub async fn settle(app: &App, workspace: WorkspaceId, followers: &[&str]) -> Result<()> {
    let mut tx = app.db.begin().await?;
    for name in followers {
        tx.execute(
            "INSERT INTO followers (workspace_id, name, seq, attempts, lease_owner, lease_until) \
             SELECT $1, $2, seq, 0, NULL, 0 FROM timeline_heads WHERE workspace_id = $1 \
             ON CONFLICT (workspace_id, name) DO UPDATE SET seq = (SELECT seq FROM timeline_heads WHERE workspace_id = $1)",
            params![workspace, *name],
        )
        .await?;
    }
    tx.commit().await
}

async fn people(app: &App, past: &Past, workspace: WorkspaceId, count: usize, random: &mut Random) -> Result<Vec<(ContactId, Locale)>> {
    let invented = customers::invent(past, count, random);
    let mut people = Vec::with_capacity(count);
    for batch in invented.chunks(BATCH) {
        let mut tx = app.db.begin().await?;
        for customer in batch {
            past.clock.set(customer.joined);
            let new = NewContact {
                name: format!("{} {}", customer.first_name, customer.last_name),
                locale: Some(customer.locale),
                source: "shop".to_owned(),
                ..NewContact::default()
            };
            let made = contacts::ensure_by_identity(&mut tx, &past.environment, workspace, IdentityKind::Email, &customer.email, Verified::Yes, new).await?;
            people.push((made, customer.locale));
        }
        tx.commit().await?;
    }
    Ok(people)
}

/// Rows of one table that are written several at a time.
struct Rows {
    table: &'static str,
    columns: &'static [&'static str],
    values: Vec<Value>,
}

impl Rows {
    const fn new(table: &'static str, columns: &'static [&'static str]) -> Self {
        Self { table, columns, values: Vec::new() }
    }

    async fn add(&mut self, tx: &mut Tx, row: impl IntoIterator<Item = Value>) -> Result<()> {
        self.values.extend(row);
        if self.values.len() == self.columns.len() * ROWS { self.flush(tx).await } else { Ok(()) }
    }

    async fn flush(&mut self, tx: &mut Tx) -> Result<()> {
        if self.values.is_empty() {
            return Ok(());
        }
        let width = self.columns.len();
        let place = |row: usize| format!("({})", (1..=width).map(|column| format!("${}", row * width + column)).collect::<Vec<_>>().join(", "));
        let places: Vec<String> = (0..self.values.len() / width).map(place).collect();
        let sql = format!("INSERT INTO {} ({}) VALUES {}", self.table, self.columns.join(", "), places.join(", "));
        tx.execute(&sql, &self.values).await?;
        self.values.clear();
        Ok(())
    }
}

struct Writer<'a> {
    past: &'a Past,
    workspace: WorkspaceId,
    crew: &'a Crew,
    desk: &'a Desk,
    scripts: &'a [Script],
    people: &'a [(ContactId, Locale)],
    random: Random,
    number: i64,
    messages: usize,
    brief: bool,
}

/// A line of a conversation before it is a row.
struct Spoken {
    author: Actor,
    inward: bool,
    private: bool,
    text: String,
}

/// A conversation before it is a row.
struct Held {
    contact: ContactId,
    locale: Locale,
    begin: Timestamp,
    last: Timestamp,
    state: &'static str,
    owner: &'static str,
    agent: Option<ennakoi_kernel::ids::StaffId>,
    spoken: Vec<Spoken>,
}

const CONVERSATION: &[&str] = &[
    "id",
    "workspace_id",
    "number",
    "version",
    "channel_id",
    "contact_id",
    "visitor_id",
    "subject",
    "locale",
    "state",
    "owner_kind",
    "queue_id",
    "agent_id",
    "priority",
    "reason",
    "last_seq",
    "last_message_at",
    "preview",
    "preview_author",
    "waiting_since",
    "snoozed_until",
    "contact_seen_seq",
    "staff_seen_seq",
    "rating",
    "solved",
    "rating_comment",
    "created_at",
    "closed_at",
    "active",
    "desk",
    "queued_at",
];
const MESSAGES: &[&str] = &[
    "id",
    "workspace_id",
    "conversation_id",
    "seq",
    "author",
    "direction",
    "visibility",
    "kind",
    "body",
    "format",
    "language",
    "meta",
    "client_key",
    "external_id",
    "delivery",
    "attachments",
    "created_at",
];
const EVENTS: &[&str] = &["workspace_id", "seq", "kind", "occurred_at", "recorded_at", "actor", "contact_id", "conversation_id", "payload"];

impl Writer<'_> {
    /// Writes one transaction's worth of conversations.
    async fn batch(&mut self, tx: &mut Tx, wanted: usize) -> Result<()> {
        let (mut conversations, mut messages, mut events) =
            (Rows::new("conversations", CONVERSATION), Rows::new("messages", MESSAGES), Rows::new("events", EVENTS));
        let mut told: Vec<[Value; 7]> = Vec::new();
        for _ in 0..BATCH {
            if self.messages >= wanted {
                break;
            }
            let held = self.invent(wanted);
            let id: ConversationId = self.past.environment.new_id();
            // A message points to its conversation, so the conversation is written first.
            conversations.add(tx, self.conversation_row(id, &held)).await?;
            conversations.flush(tx).await?;
            told.push(event(
                "conversation.opened",
                &held,
                id,
                held.begin,
                Actor::Contact(held.contact),
                &json!({ "channel": self.desk.chat, "number": self.number }),
            ));
            self.speak(tx, id, &held, &mut messages, &mut told).await?;
            if held.state == "closed" {
                told.push(event("conversation.closed", &held, id, held.last, Actor::System, &json!({ "owner": held.owner })));
            }
        }
        messages.flush(tx).await?;
        let (head,): (i64,) =
            tx.one("UPDATE timeline_heads SET seq = seq + $2 WHERE workspace_id = $1 RETURNING seq", params![self.workspace, told.len()]).await?;
        let first = head - i64::try_from(told.len()).unwrap_or(0) + 1;
        for (seq, event) in (first..).zip(told) {
            events.add(tx, [self.workspace.into(), seq.into()].into_iter().chain(event)).await?;
        }
        events.flush(tx).await
    }

    /// A conversation of a random script; the last ones are still open.
    fn invent(&mut self, wanted: usize) -> Held {
        let (contact, locale) = *self.random.pick(self.people);
        let of_language: Vec<&Script> = self.scripts.iter().filter(|script| script.locale == locale).collect();
        let script = *self.random.pick(&of_language);
        let done = self.messages;
        self.number += 1;
        let span = (self.past.now - self.past.begin).0;
        let share = done as f64 / wanted.max(1) as f64;
        let begin = self.past.begin + Duration(((span as f64) * share.min(0.999_9)) as i64);
        self.past.clock.set(begin);
        let active = done * 1_000 > wanted * (1_000 - ACTIVE_PER_MILLE);
        let speakers = self.crew.speakers(locale);
        let agent = self.random.pick(&speakers).id;
        let (state, owner) = if active {
            [("open", "agent"), ("waiting", "agent"), ("open", "queue"), ("open", "bot"), ("snoozed", "agent")][self.random.weighted(&[30, 30, 22, 13, 5])]
        } else {
            ("closed", if script.has_people() { "agent" } else { "bot" })
        };
        let spoken = self.lines(script, contact, agent);
        let last = begin + Duration::seconds(40 * i64::try_from(spoken.len()).unwrap_or(0));
        Held { contact, locale, begin, last, state, owner, agent: (owner == "agent").then_some(agent), spoken }
    }

    fn lines(&mut self, script: &Script, contact: ContactId, agent: ennakoi_kernel::ids::StaffId) -> Vec<Spoken> {
        let order = format!("PV{}", 104_001 + self.random.below(900_000));
        let item = crate::catalogue::ITEMS[self.random.below(60)].name(script.locale).to_owned();
        let words = [("order", order), ("product", item), ("name", String::new()), ("agent", String::new()), ("carrier", "Posti".to_owned())];
        let rest = ["tracking", "promised", "total", "invoice", "reference", "due"].map(|gap| (gap, self.random.below(99_999).to_string()));
        let slots = Slots { values: words.into_iter().chain(rest).collect() };
        let line = |step: &Step| {
            let (author, inward, private, text) = match step {
                Step::Customer(text) => (Actor::Contact(contact), true, false, text),
                Step::Bot(text) | Step::BotArticle(text) => (Actor::Bot, false, false, text),
                Step::Agent(text) => (Actor::Staff(agent), false, false, text),
                Step::Note(text) => (Actor::Staff(agent), false, true, text),
                Step::HandOver(_) | Step::Rate { .. } => return None,
            };
            Some(Spoken { author, inward, private, text: slots.fill(text) })
        };
        script.steps.iter().filter_map(line).take(if self.brief { 1 } else { usize::MAX }).collect()
    }

    fn conversation_row(&mut self, id: ConversationId, held: &Held) -> Vec<Value> {
        let count = held.spoken.len();
        let last = held.spoken.iter().rev().find(|line| !line.private);
        let preview: String = last.map_or("", |line| line.text.as_str()).chars().take(160).collect();
        let preview_author = match last.map(|line| line.author) {
            Some(Actor::Contact(_)) | None => "contact",
            Some(Actor::Staff(_)) => "staff",
            Some(_) => "bot",
        };
        let (closed, waits) = (held.state == "closed", held.state == "open" && held.owner != "bot");
        let active = matches!(held.state, "open" | "waiting");
        let desk = match held.owner {
            "bot" => "bot",
            "agent" => "agent",
            _ => "unassigned",
        };
        let rating = (closed && self.random.percent(30)).then(|| [1_i64, 2, 3, 4, 5][self.random.weighted(&[4, 5, 11, 30, 50])]);
        vec![
            id.into(),
            self.workspace.into(),
            self.number.into(),
            Value::from(i64::try_from(count).unwrap_or(0) + 1),
            self.desk.chat.into(),
            held.contact.into(),
            Value::Null,
            Value::Null,
            held.locale.into(),
            held.state.into(),
            held.owner.into(),
            if held.owner == "bot" { Value::Null } else { self.desk.queue.into() },
            held.agent.into(),
            Value::from(2_i64),
            Value::Null,
            count.into(),
            held.last.into(),
            preview.into(),
            preview_author.into(),
            waits.then_some(held.last).into(),
            Value::Null,
            count.into(),
            count.into(),
            rating.into(),
            rating.map(|rating| rating > 2).into(),
            Value::Null,
            held.begin.into(),
            closed.then_some(held.last).into(),
            active.into(),
            desk.into(),
            (active && held.owner == "queue").then_some(held.last).into(),
        ]
    }

    /// Writes the messages of a conversation and puts them into the search index.
    async fn speak(&mut self, tx: &mut Tx, id: ConversationId, held: &Held, rows: &mut Rows, told: &mut Vec<[Value; 7]>) -> Result<()> {
        for (seq, line) in (1_i64..).zip(&held.spoken) {
            let at = held.begin + Duration::seconds(40 * seq);
            let message: MessageId = self.past.environment.new_id();
            let (direction, visibility) = (if line.inward { "in" } else { "out" }, if line.private { "private" } else { "public" });
            let delivery: Value = if line.inward || line.private { Value::Null } else { "sent".into() };
            let row = [
                message.into(),
                self.workspace.into(),
                id.into(),
                seq.into(),
                line.author.to_string().into(),
                direction.into(),
                visibility.into(),
                "text".into(),
                (&line.text).into(),
                "text".into(),
                held.locale.into(),
                "{}".into(),
                Value::Null,
                Value::Null,
                delivery,
                Value::from(0_i64),
                at.into(),
            ];
            rows.add(tx, row).await?;
            let words = message_words(&line.text, Some(held.locale));
            search::index(tx, self.workspace, &Document { kind: MESSAGE, id: message.0, parent: Some(id.0), occurred_at: at, words: &words }).await?;
            let payload = json!({ "message": message, "seq": seq, "direction": direction, "visibility": visibility, "kind": "text" });
            told.push(event("message.added", held, id, at, line.author, &payload));
            self.messages += 1;
        }
        Ok(())
    }
}

fn event(kind: &str, held: &Held, id: ConversationId, at: Timestamp, actor: Actor, payload: &serde_json::Value) -> [Value; 7] {
    [kind.into(), at.into(), at.into(), actor.to_string().into(), held.contact.into(), id.into(), payload.into()]
}
