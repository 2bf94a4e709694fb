//! Promises that an agent's answer seems to make: proposed for a confirmation, never recorded by themselves.

use ennakoi_kernel::{
    Environment, Problem, Timestamp,
    ids::{ConversationId, MessageId, WorkspaceId},
    limits,
};
use ennakoi_language::promises::{self as recogniser, Reader};
use ennakoi_people::workspaces;
use ennakoi_store::{Result, Tx};
use jiff::{
    civil::{Date, Time, Weekday},
    tz::TimeZone,
};
use schemars::JsonSchema;
use serde::Serialize;

use super::promises::{self, PromiseState};
use crate::{
    calendars::{self, Hours},
    conversations,
    messages::{self, AuthorKind, Direction, Kind, Visibility},
    queues,
};

/// A promise that an answer seems to make.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PromiseProposal {
    pub message_id: MessageId,
    /// The sentence that makes it, in the agent's words.
    pub body: String,
    /// The last moment at which it would be kept: the time that was named, else the end of that day's opening hours.
    pub due_at: Timestamp,
    /// A time of day was named, not only a day.
    pub timed: bool,
}

/// What a person's answer promises and nobody has recorded yet. Empty for notes, for the bot, and for what the customer wrote.
///
/// # Errors
/// The message is not in this conversation.
pub async fn of_message(
    tx: &mut Tx,
    environment: &Environment,
    workspace: WorkspaceId,
    conversation: ConversationId,
    message: MessageId,
) -> Result<Vec<PromiseProposal>> {
    let held = conversations::load(tx, workspace, conversation).await?;
    let said = messages::load(tx, workspace, message).await?;
    if said.conversation_id != conversation {
        return Err(Problem::not_found("the message").into());
    }
    let answer = said.direction == Direction::Out && said.visibility == Visibility::Public && said.kind == Kind::Text;
    if !answer || said.removed_at.is_some() || said.author.kind != AuthorKind::Staff {
        return Ok(Vec::new());
    }
    let hours = match queues::calendar_of(tx, workspace, held.queue).await? {
        Some(id) => calendars::find(tx, workspace, id).await?.map(|calendar| calendar.hours()).transpose()?,
        None => None,
    };
    let zone = match &hours {
        Some(hours) => hours.timezone.clone(),
        None => TimeZone::get(&workspaces::load(tx, workspace).await?.timezone).unwrap_or(TimeZone::UTC),
    };
    let known: Vec<Timestamp> = promises::list(tx, workspace, conversation)
        .await?
        .into_iter()
        .filter(|promise| promise.state == PromiseState::Open)
        .map(|promise| promise.due_at)
        .collect();
    let written = jiff::Timestamp::from_microsecond(said.created_at.0).unwrap_or(jiff::Timestamp::MAX);
    let closes = |day: Date| closing(hours.as_ref(), day);
    let reader = Reader { now: zone.to_datetime(written), closes: &closes };
    let found = recogniser::find(&said.body, &reader).into_iter().filter_map(|promised| {
        let due_at = Timestamp(zone.to_timestamp(promised.due).ok()?.as_microsecond());
        let sentence = said.body.get(promised.range).unwrap_or_default();
        let body = sentence.chars().take(limits::LINE_CHARACTERS).collect();
        Some(PromiseProposal { message_id: message, body, due_at, timed: promised.timed })
    });
    let now = environment.now();
    Ok(found.filter(|proposal| proposal.due_at > now && !known.contains(&proposal.due_at)).collect())
}

/// When work ends on a day. Without opening hours: five o'clock on weekdays.
fn closing(hours: Option<&Hours>, day: Date) -> Option<Time> {
    let Some(hours) = hours else {
        return (!matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)).then(|| Time::constant(17, 0, 0, 0));
    };
    let last = hours.shifts(day).iter().map(|shift| if shift.to < shift.from { 24 * 60 } else { shift.to }).max()?;
    // A day ends a minute before the next one begins, and is still called by its own name then.
    let last = last.min(24 * 60 - 1);
    Time::new(i8::try_from(last / 60).ok()?, i8::try_from(last % 60).ok()?, 0, 0).ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::civil::{date, time};

    use super::*;
    use crate::calendars::{Holidays, Shift};

    #[test]
    fn a_day_ends_with_its_last_shift() {
        let shifts = |pairs: &[(&str, &str)]| pairs.iter().map(|(from, to)| Shift::parse(from, to).expect("a shift")).collect::<Vec<_>>();
        let mut weekly: [Vec<Shift>; 7] = std::array::from_fn(|_| shifts(&[("09:00", "12:00"), ("13:00", "16:30")]));
        weekly[4] = shifts(&[("20:00", "02:00")]);
        weekly[5] = shifts(&[("00:00", "24:00")]);
        weekly[6].clear();
        let hours = Hours { timezone: TimeZone::UTC, weekly, holidays: Holidays::None, exceptions: BTreeMap::new() };
        let monday = date(2026, 11, 30);
        assert_eq!(closing(Some(&hours), monday), Some(time(16, 30, 0, 0)));
        assert_eq!(closing(Some(&hours), date(2026, 12, 4)), Some(time(23, 59, 0, 0)));
        assert_eq!(closing(Some(&hours), date(2026, 12, 5)), Some(time(23, 59, 0, 0)));
        assert_eq!(closing(Some(&hours), date(2026, 12, 6)), None);
        assert_eq!((closing(None, monday), closing(None, date(2026, 12, 6))), (Some(time(17, 0, 0, 0)), None));
    }
}
