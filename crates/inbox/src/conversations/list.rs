//! Lists of the desk: views, filters, orders. Every page is a range of an index, whatever came before it.

use ennakoi_http::{Cursor, Page};
use ennakoi_kernel::{
    Environment, Problem,
    ids::{ChannelId, ContactId, ConversationId, LabelId, QueueId, StaffId, ViewId, WorkspaceId},
};
use ennakoi_people::Locale;
use ennakoi_store::{Result, Tx, Value, params};
use schemars::JsonSchema;
use serde::Deserialize;
use uuid::Uuid;

use super::{ConversationRow, Priority, State, rows};
use crate::{
    search, sql,
    views::{self, filter},
};

/// By what a list is ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// Last message.
    #[default]
    Activity,
    Created,
    Priority,
    /// Since when the customer has been waiting; only those who wait.
    Waiting,
    /// When the next clock is due; only those on which one runs.
    Due,
    /// When the next promise is due; only those with one.
    Promised,
}

/// In which direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    Asc,
    Desc,
}

/// What of the desk is wanted.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ListQuery {
    /// `mine`, `unassigned`, `all`, `mentions`, `waiting`, `breaching`, `promised`, `bot`, `closed`, `snoozed` or the id of a view; `all` when not given.
    pub view: Option<String>,
    pub state: Option<State>,
    /// An id of staff, `me` or `none`.
    pub assignee: Option<String>,
    pub queue: Option<QueueId>,
    pub channel: Option<ChannelId>,
    pub label: Option<LabelId>,
    pub priority: Option<Priority>,
    /// With a contact and no view, conversations of all states.
    pub contact: Option<ContactId>,
    pub language: Option<Locale>,
    /// Words of messages, or a number.
    pub q: Option<String>,
    /// A filter that is not kept as a view, as JSON; it narrows the view.
    pub filter: Option<String>,
    pub sort: Sort,
    /// Newest, most urgent, or longest waiting first when not given.
    pub order: Option<Order>,
    pub limit: Option<u32>,
    pub cursor: Option<String>,
}

/// The most conversations that words narrow a list to.
const WORDS_MAX: u32 = 500;
/// A label on fewer conversations is looked up from the label's side.
const RARE_LABEL: i64 = 1_000;

/// SQL of one list under construction; `$1` is the workspace.
pub(super) struct Conditions {
    pub(super) sql: Vec<String>,
    pub(super) parameters: Vec<Value>,
    /// `Some(true)`: open or waiting. `Some(false)`: snoozed or closed. `None`: both, read as two ranges and merged.
    pub(super) active: Option<bool>,
    /// A condition leaves so few that they are found first and then put in order. Both planners would rather walk the order's
    /// index and test each row, which reads the whole history for a customer with three conversations.
    pub(super) narrow: bool,
}

impl Conditions {
    pub(super) fn new(workspace: WorkspaceId) -> Self {
        Self { sql: Vec::new(), parameters: vec![workspace.into()], active: Some(true), narrow: false }
    }

    pub(super) fn add(&mut self, sql: &str) {
        self.sql.push(sql.to_owned());
    }

    /// Adds `sql` with `{}` in place of the bound value.
    pub(super) fn bind(&mut self, sql: &str, value: impl Into<Value>) {
        self.parameters.push(value.into());
        self.sql.push(sql.replace("{}", &format!("${}", self.parameters.len())));
    }

    pub(super) fn filter(&mut self, tree: &views::Filter, context: filter::Context) -> Result<(), Problem> {
        let compiled = filter::compile(tree, context, self.parameters.len() + 1)?;
        self.sql.push(compiled.sql);
        self.parameters.extend(compiled.parameters);
        if filter::names_state(tree) {
            let may = |state| filter::may_hold(tree, state).0;
            let (resting, snoozed) = (may(State::Closed), may(State::Snoozed));
            self.active = match (may(State::Open) || may(State::Waiting), resting || snoozed) {
                (true, true) => None,
                (active, resting) => Some(active || !resting),
            };
            if self.active == Some(false) && !resting {
                in_state(self, State::Snoozed);
            }
        }
        Ok(())
    }

    pub(super) fn text(&self) -> String {
        self.sql.iter().map(|condition| format!(" AND {condition}")).collect()
    }
}

/// A list of conversations as the viewer asked for it.
///
/// # Errors
/// The view is not there, a value makes no sense, or the cursor is of another list.
pub async fn list(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, viewer: Option<StaffId>, query: &ListQuery) -> Result<Page<ConversationRow>> {
    let limit = ennakoi_http::limit(query.limit);
    let after: Option<(i64, Uuid)> = Cursor::read(query.cursor.as_deref())?;
    let Some(conditions) = conditions(tx, environment, workspace, viewer, query).await? else { return Ok(Page::whole(Vec::new())) };
    let partitions: &[bool] = match conditions.active {
        Some(true) => &[true],
        Some(false) => &[false],
        None => &[true, false],
    };
    let (column, descending) = direction(query);
    let mut keys: Vec<(i64, Uuid)> = Vec::new();
    for active in partitions {
        keys.extend(range(tx, &conditions, *active, (column, descending), after, limit).await?);
    }
    keys.sort_unstable();
    if descending {
        keys.reverse();
    }
    let page = Page::of(keys, limit, |key| *key);
    let ids: Vec<ConversationId> = page.items.iter().map(|(_, id)| ConversationId(*id)).collect();
    Ok(Page { items: rows(tx, workspace, &ids, viewer).await?, next_cursor: page.next_cursor })
}

/// The column of the order, and whether it runs downwards.
fn direction(query: &ListQuery) -> (&'static str, bool) {
    let down = |usual: Order| query.order.unwrap_or(usual) == Order::Desc;
    match query.sort {
        Sort::Activity => ("last_message_at", down(Order::Desc)),
        Sort::Created => ("created_at", down(Order::Desc)),
        // Urgent has the smallest rank, so downwards in urgency is upwards in rank.
        Sort::Priority => ("priority", !down(Order::Desc)),
        Sort::Waiting => ("waiting_since", down(Order::Asc)),
        Sort::Due => ("sla_due_at", down(Order::Asc)),
        Sort::Promised => ("promise_due_at", down(Order::Asc)),
    }
}

/// One more key than the page holds, in order.
async fn range(
    tx: &mut Tx,
    conditions: &Conditions,
    active: bool,
    (column, descending): (&'static str, bool),
    after: Option<(i64, Uuid)>,
    limit: u32,
) -> Result<Vec<(i64, Uuid)>> {
    let mut parameters = conditions.parameters.clone();
    let (comparison, order) = if descending { ("<", "DESC") } else { (">", "ASC") };
    // An expression that is not in any index.
    let key = if conditions.narrow { format!("{column} + 0") } else { column.to_owned() };
    let mut position = String::new();
    if let Some((value, id)) = after {
        position = format!(" AND ({key}, id) {comparison} (${}, ${})", parameters.len() + 1, parameters.len() + 2);
        parameters.extend([value.into(), id.into()]);
    }
    parameters.push((limit + 1).into());
    let partition = if active { "active" } else { "NOT active" };
    let waits = match column {
        "waiting_since" | "sla_due_at" | "promise_due_at" => format!(" AND {column} IS NOT NULL"),
        _ => String::new(),
    };
    let statement = format!(
        "SELECT {column}, id FROM conversations WHERE workspace_id = $1 AND {partition}{waits}{}{position} ORDER BY {key} {order}, id {order} LIMIT ${}",
        conditions.text(),
        parameters.len()
    );
    tx.all(&statement, &parameters).await
}

/// What the query asks for; `None` when nothing can match.
async fn conditions(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, viewer: Option<StaffId>, query: &ListQuery) -> Result<Option<Conditions>> {
    let mut conditions = Conditions::new(workspace);
    let context = filter::Context { viewer, now: environment.now() };
    view(tx, &mut conditions, workspace, context, query).await?;
    if let Some(state) = query.state {
        in_state(&mut conditions, state);
    }
    if let Some(filter) = &query.filter {
        let tree = serde_json::from_str(filter).map_err(|_| Problem::field("filter", "invalid", "a filter, as JSON"))?;
        conditions.filter(&tree, context)?;
    }
    assignee(&mut conditions, viewer, query.assignee.as_deref())?;
    if let Some(queue) = query.queue {
        conditions.bind("queue_id = {}", queue);
    }
    if let Some(channel) = query.channel {
        conditions.bind("channel_id = {}", channel);
    }
    if let Some(priority) = query.priority {
        conditions.bind("priority = {}", priority.rank());
    }
    if let Some(language) = query.language {
        conditions.bind("locale = {}", language);
    }
    if let Some(contact) = query.contact {
        let theirs = "contact_id IN (SELECT id FROM contacts WHERE workspace_id = $1 AND id = {} \
             UNION ALL SELECT id FROM contacts WHERE workspace_id = $1 AND merged_into = {})";
        conditions.bind(theirs, contact);
        conditions.narrow = true;
    }
    if let Some(label) = query.label {
        labelled(tx, &mut conditions, workspace, label).await?;
    }
    if let Some(question) = query.q.as_deref().filter(|question| !question.trim().is_empty()) {
        if question.chars().count() > search::QUESTION_CHARACTERS {
            return Err(Problem::field("q", "too_long", format!("at most {} characters", search::QUESTION_CHARACTERS)).into());
        }
        let ids = search::conversation_ids(tx, workspace, question, WORDS_MAX).await?;
        if ids.is_empty() {
            return Ok(None);
        }
        let (places, values) = sql::list(conditions.parameters.len() + 1, &ids);
        conditions.parameters.extend(values);
        conditions.add(&format!("id IN ({places})"));
        conditions.narrow = true;
    }
    Ok(Some(conditions))
}

async fn view(tx: &mut Tx, conditions: &mut Conditions, workspace: WorkspaceId, context: filter::Context, query: &ListQuery) -> Result<()> {
    let person = || context.viewer.ok_or_else(|| Problem::field("view", "invalid", "a program has no view of its own"));
    let Some(name) = query.view.as_deref() else {
        if query.contact.is_some() {
            conditions.active = None;
        }
        return Ok(());
    };
    match name {
        "mine" => conditions.bind("agent_id = {}", person()?),
        "unassigned" => conditions.add(UNASSIGNED),
        "all" => {}
        "mentions" => {
            conditions.bind(MENTIONED, person()?);
            conditions.narrow = true;
        }
        "waiting" => conditions.add(WAITING),
        "breaching" => {
            conditions.bind(BREACHING, context.now);
            conditions.active = None;
        }
        // A promise outlives the closing of the conversation.
        "promised" => {
            conditions.add(PROMISED);
            conditions.active = None;
            conditions.narrow = query.sort != Sort::Promised;
        }
        "bot" => conditions.add(BOT),
        "closed" => in_state(conditions, State::Closed),
        "snoozed" => in_state(conditions, State::Snoozed),
        id => {
            let id: ViewId = id.parse().map_err(|_| Problem::field("view", "unknown", "no view has this name or id"))?;
            let view = views::load(tx, workspace, person()?, id).await?;
            conditions.filter(&view.filter, context)?;
        }
    }
    Ok(())
}

/// The state as a literal, because the index of snoozed ones knows only that.
fn in_state(conditions: &mut Conditions, state: State) {
    conditions.active = Some(state.active());
    conditions.add(&format!("state = '{}'", state.as_str()));
    conditions.narrow |= state == State::Snoozed;
}

pub(super) const UNASSIGNED: &str = "agent_id IS NULL AND desk = 'unassigned'";
pub(super) const BOT: &str = "agent_id IS NULL AND desk = 'bot'";
/// Customers whom people keep waiting; the bot's own are not among them.
pub(super) const WAITING: &str = "waiting_since IS NOT NULL AND desk <> 'bot'";
/// A clock has come so far that it is urgent, or its target is spent.
pub(super) const BREACHING: &str = "sla_due_at IS NOT NULL AND sla_warn_at <= {}";
pub(super) const PROMISED: &str = "promise_due_at IS NOT NULL";
pub(super) const MENTIONED: &str = "id IN (SELECT conversation_id FROM mentions WHERE workspace_id = $1 AND staff_id = {})";

fn assignee(conditions: &mut Conditions, viewer: Option<StaffId>, assignee: Option<&str>) -> Result<(), Problem> {
    let wrong = || Problem::field("assignee", "invalid", "an id of staff, me or none");
    match assignee {
        None => {}
        Some("none") => conditions.add("agent_id IS NULL"),
        Some("me") => conditions.bind("agent_id = {}", viewer.ok_or_else(wrong)?),
        Some(id) => conditions.bind("agent_id = {}", id.parse::<StaffId>().map_err(|_| wrong())?),
    }
    Ok(())
}

/// A rare label is looked up from its own side; a common one is met soon enough along the order.
async fn labelled(tx: &mut Tx, conditions: &mut Conditions, workspace: WorkspaceId, label: LabelId) -> Result<()> {
    let carriers: i64 = tx
        .scalar(
            "SELECT CAST(COUNT(*) AS BIGINT) FROM (SELECT 1 FROM conversation_labels WHERE workspace_id = $1 AND label_id = $2 LIMIT $3) AS carriers",
            params![workspace, label, RARE_LABEL],
        )
        .await?;
    if carriers < RARE_LABEL {
        conditions.bind("id IN (SELECT conversation_id FROM conversation_labels WHERE workspace_id = $1 AND label_id = {})", label);
        conditions.narrow = true;
    } else {
        conditions.bind("EXISTS (SELECT 1 FROM conversation_labels WHERE workspace_id = $1 AND conversation_id = conversations.id AND label_id = {})", label);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directions_follow_meaning() {
        let of = |sort, order| direction(&ListQuery { sort, order, ..ListQuery::default() });
        assert_eq!(of(Sort::Priority, None), ("priority", false));
        assert_eq!(of(Sort::Priority, Some(Order::Asc)), ("priority", true));
        assert_eq!(of(Sort::Waiting, None), ("waiting_since", false));
        assert_eq!(of(Sort::Activity, None), ("last_message_at", true));
        assert_eq!(of(Sort::Due, None), ("sla_due_at", false));
        assert_eq!(of(Sort::Created, Some(Order::Asc)), ("created_at", false));
    }
}
