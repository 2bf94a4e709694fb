//! Calendars: when people are there.

pub mod api;
pub mod holidays;
pub mod hours;
mod store;

use std::collections::BTreeMap;

use ennakoi_kernel::{
    Environment, FieldErrors, Problem, Timestamp,
    ids::{CalendarId, ChannelId, QueueId, WorkspaceId},
    limits,
};
use ennakoi_store::{
    Error, Result, Tx,
    timeline::{self, Actor, NewEvent},
};
use jiff::{civil::Date, tz::TimeZone};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

pub use holidays::Holidays;
pub use hours::{Hours, OpenState, Shift};

use crate::queues;

/// `["09:00", "12:00"]`: from inclusive, to exclusive. `24:00` ends a day; a `to` before `from` runs into the next day.
pub type ShiftText = (String, String);

/// The shifts of each weekday.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Weekly {
    pub mon: Vec<ShiftText>,
    pub tue: Vec<ShiftText>,
    pub wed: Vec<ShiftText>,
    pub thu: Vec<ShiftText>,
    pub fri: Vec<ShiftText>,
    pub sat: Vec<ShiftText>,
    pub sun: Vec<ShiftText>,
}

impl Weekly {
    fn days(&self) -> [(&'static str, &Vec<ShiftText>); 7] {
        [("mon", &self.mon), ("tue", &self.tue), ("wed", &self.wed), ("thu", &self.thu), ("fri", &self.fri), ("sat", &self.sat), ("sun", &self.sun)]
    }
}

/// A date with shifts of its own, or none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    /// `2026-12-24`.
    pub date: String,
    /// Empty: closed all day.
    pub hours: Vec<ShiftText>,
    #[serde(default)]
    pub name: String,
}

/// Opening hours of a workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Calendar {
    pub id: CalendarId,
    pub name: String,
    /// A name of the IANA time zone database, `Europe/Helsinki`.
    pub timezone: String,
    pub weekly: Weekly,
    pub holidays: Holidays,
    pub exceptions: Vec<Exception>,
}

/// What may change about a calendar; `None` stays.
#[derive(Clone, Debug, Default)]
pub struct CalendarChange {
    pub name: Option<String>,
    pub timezone: Option<String>,
    pub weekly: Option<Weekly>,
    pub holidays: Option<Holidays>,
    pub exceptions: Option<Vec<Exception>>,
}

const CALENDARS_MAX: usize = 100;
const EXCEPTIONS_MAX: usize = 1_000;
const SHIFTS_A_DAY: usize = 12;

impl Calendar {
    /// The hours, ready for questions.
    ///
    /// # Errors
    /// Names every field that is not valid.
    pub fn hours(&self) -> Result<Hours, Problem> {
        let mut errors = FieldErrors::default();
        errors.line("name", &self.name, limits::LINE_CHARACTERS);
        let timezone = TimeZone::get(&self.timezone).unwrap_or_else(|_| {
            errors.add("timezone", "unknown", "a name of the IANA time zone database, like Europe/Helsinki");
            TimeZone::UTC
        });
        let weekly = self.weekly.days().map(|(day, shifts)| parse_shifts(&format!("weekly.{day}"), shifts, &mut errors));
        if self.exceptions.len() > EXCEPTIONS_MAX {
            errors.add("exceptions", "too_many", format!("at most {EXCEPTIONS_MAX}"));
        }
        let mut exceptions = BTreeMap::new();
        for (index, exception) in self.exceptions.iter().take(EXCEPTIONS_MAX).enumerate() {
            let shifts = parse_shifts(&format!("exceptions[{index}].hours"), &exception.hours, &mut errors);
            if exception.name.chars().count() > limits::LINE_CHARACTERS {
                errors.add(format!("exceptions[{index}].name"), "too_long", format!("at most {} characters", limits::LINE_CHARACTERS));
            }
            match exception.date.parse::<Date>() {
                Ok(date) if exceptions.insert(date, shifts).is_some() => errors.add(format!("exceptions[{index}].date"), "repeated", "this date stands twice"),
                Ok(_) => {}
                Err(_) => errors.add(format!("exceptions[{index}].date"), "invalid", "a date like 2026-12-24"),
            }
        }
        errors.finish()?;
        Ok(Hours { timezone, weekly, holidays: self.holidays, exceptions })
    }
}

fn parse_shifts(field: &str, texts: &[ShiftText], errors: &mut FieldErrors) -> Vec<Shift> {
    if texts.len() > SHIFTS_A_DAY {
        errors.add(field, "too_many", format!("at most {SHIFTS_A_DAY} shifts a day"));
    }
    let mut shifts = Vec::new();
    for (index, (from, to)) in texts.iter().take(SHIFTS_A_DAY).enumerate() {
        match Shift::parse(from, to) {
            Some(shift) => shifts.push(shift),
            None => errors.add(format!("{field}[{index}]"), "invalid", "two different times like 09:00 and 17:00"),
        }
    }
    shifts
}

/// Whether the calendar is open at `now`, and what comes next.
///
/// # Errors
/// The calendar's fields are not valid.
pub fn open_state(calendar: &Calendar, now: Timestamp) -> Result<OpenState, Problem> {
    Ok(calendar.hours()?.open_state(now))
}

/// Whether people serve this queue (`None`, or a removed one: the default queue) at `now`. A queue without a calendar is always open.
///
/// # Errors
/// The database refuses.
pub async fn open_state_of_queue(tx: &mut Tx, workspace: WorkspaceId, queue: Option<QueueId>, now: Timestamp) -> Result<OpenState> {
    match queues::calendar_of(tx, workspace, queue).await? {
        Some(calendar) => Ok(open_state(&load(tx, workspace, calendar).await?, now)?),
        None => Ok(OpenState::ALWAYS),
    }
}

/// Whether people answer this channel at `now`: the state of the queue that its conversations go to.
///
/// # Errors
/// The channel is not there.
pub async fn open_state_of_channel(tx: &mut Tx, workspace: WorkspaceId, channel: ChannelId, now: Timestamp) -> Result<OpenState> {
    let queue = queues::destination(tx, workspace, None, channel).await?;
    open_state_of_queue(tx, workspace, queue, now).await
}

/// All calendars of the workspace, oldest first.
///
/// # Errors
/// The database refuses.
pub async fn list(tx: &mut Tx, workspace: WorkspaceId) -> Result<Vec<Calendar>> {
    store::list(tx, workspace, CALENDARS_MAX).await
}

/// One calendar.
///
/// # Errors
/// A "not found" problem when it is not in this workspace.
pub async fn load(tx: &mut Tx, workspace: WorkspaceId, id: CalendarId) -> Result<Calendar> {
    store::find(tx, workspace, id).await?.ok_or_else(|| Problem::not_found("the calendar").into())
}

/// One calendar, if it is there.
///
/// # Errors
/// The database refuses.
pub async fn find(tx: &mut Tx, workspace: WorkspaceId, id: CalendarId) -> Result<Option<Calendar>> {
    store::find(tx, workspace, id).await
}

/// Creates a calendar.
///
/// # Errors
/// A field is not valid, or there are too many.
pub async fn create(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, actor: Actor, new: CalendarChange) -> Result<Calendar> {
    if store::list(tx, workspace, CALENDARS_MAX).await?.len() >= CALENDARS_MAX {
        return Err(Problem::conflict("too_many", format!("at most {CALENDARS_MAX} calendars")).into());
    }
    let mut calendar = Calendar {
        id: environment.new_id(),
        name: String::new(),
        timezone: String::new(),
        weekly: Weekly::default(),
        holidays: Holidays::None,
        exceptions: Vec::new(),
    };
    apply(&mut calendar, new);
    calendar.hours()?;
    store::insert(tx, workspace, &calendar, environment.now()).await?;
    tell(tx, environment, workspace, actor, "calendar.created", calendar.id).await?;
    Ok(calendar)
}

/// Changes a calendar.
///
/// # Errors
/// It is not there, or a field is not valid.
pub async fn update(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, actor: Actor, id: CalendarId, change: CalendarChange) -> Result<Calendar> {
    let mut calendar = load(tx, workspace, id).await?;
    apply(&mut calendar, change);
    calendar.hours()?;
    store::update(tx, workspace, &calendar, environment.now()).await?;
    tell(tx, environment, workspace, actor, "calendar.updated", id).await?;
    Ok(calendar)
}

/// Removes a calendar that no queue keeps.
///
/// # Errors
/// It is not there, or a queue keeps it.
pub async fn remove(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, actor: Actor, id: CalendarId) -> Result<()> {
    load(tx, workspace, id).await?;
    store::forget_in_removed_queues(tx, workspace, id).await?;
    match store::remove(tx, workspace, id).await {
        Err(Error::Constraint(_)) => return Err(Problem::conflict("in_use", "a queue keeps this calendar").into()),
        other => other?,
    }
    tell(tx, environment, workspace, actor, "calendar.removed", id).await
}

fn apply(calendar: &mut Calendar, change: CalendarChange) {
    if let Some(name) = change.name {
        calendar.name = name.trim().to_owned();
    }
    if let Some(timezone) = change.timezone {
        calendar.timezone = timezone;
    }
    if let Some(weekly) = change.weekly {
        calendar.weekly = weekly;
    }
    if let Some(holidays) = change.holidays {
        calendar.holidays = holidays;
    }
    if let Some(exceptions) = change.exceptions {
        calendar.exceptions = exceptions;
    }
}

async fn tell(tx: &mut Tx, environment: &Environment, workspace: WorkspaceId, actor: Actor, kind: &'static str, id: CalendarId) -> Result<()> {
    timeline::append(tx, environment, workspace, vec![NewEvent::new(kind, actor, json!({ "calendar": id }))]).await?;
    Ok(())
}
