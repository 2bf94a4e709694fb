//! What each person has chosen: kinds × ways, quiet hours, absence.

use std::collections::BTreeMap;

use ennakoi_inbox::calendars::{Holidays, Hours, Shift};
use ennakoi_kernel::{
    FieldErrors, Problem, Timestamp,
    access::Role,
    ids::{StaffId, WorkspaceId},
};
use ennakoi_store::{Result, Tx, params};
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::kinds::{NoticeKind, Way, Ways};

/// Shifts of quiet hours, at most.
const QUIET_MAX: usize = 14;
const WAIT_MAX_MINUTES: i64 = 240;
pub(crate) const QUEUE_MAX: i64 = 10_000;
/// Cases that wait in a queue before those who lead are told.
pub(crate) const QUEUE_USUAL: i64 = 20;

/// What of a case leaves the building.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Detail {
    /// The kind and the case's number.
    #[default]
    Number,
    /// Also the customer's name and the subject.
    Customer,
}

/// Hours without any notice but the list's: `from` to `to` on these days; `to` before `from` runs into the next morning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QuietHours {
    /// 1 is Monday, 7 Sunday.
    pub days: Vec<u8>,
    /// `HH:MM`
    pub from: String,
    pub to: String,
}

/// Away from work. Nothing but what is asked for goes out meanwhile; the list waits for the return.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Absence {
    pub from: Timestamp,
    pub until: Timestamp,
    /// What goes out all the same.
    #[serde(default)]
    pub kinds: Vec<NoticeKind>,
}

/// A person's choices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoticeSettings {
    /// Kinds that are not named are told as usual.
    pub kinds: BTreeMap<NoticeKind, Ways>,
    /// Ways that are used only while the console is open nowhere.
    pub only_away: Vec<Way>,
    /// IANA name of the time zone of the quiet hours.
    pub timezone: String,
    pub quiet: Vec<QuietHours>,
    pub absence: Option<Absence>,
    /// So long a mail waits for more, in minutes.
    pub mail_after_minutes: i64,
    pub detail: Detail,
    /// Those who lead are told when so many cases wait in a queue.
    pub queue_limit: i64,
}

impl NoticeSettings {
    /// What holds for who has chosen nothing.
    #[must_use]
    pub fn usual(role: Role, timezone: &str) -> Self {
        Self {
            kinds: NoticeKind::ALL.iter().copied().map(|kind| (kind, Ways::usual(kind, role))).collect(),
            only_away: Way::ALL.to_vec(),
            timezone: timezone.to_owned(),
            quiet: Vec::new(),
            absence: None,
            mail_after_minutes: 10,
            detail: Detail::Number,
            queue_limit: QUEUE_USUAL,
        }
    }

    /// How a kind is told at this moment; the quiet hours only delay.
    #[must_use]
    pub fn ways(&self, kind: NoticeKind, role: Role, now: Timestamp) -> Ways {
        let chosen = self.kinds.get(&kind).copied().unwrap_or_else(|| Ways::usual(kind, role));
        let absent = self.absence.as_ref().is_some_and(|absence| absence.from <= now && now < absence.until && !absence.kinds.contains(&kind));
        if absent { Ways { list: chosen.list, ..Ways::default() } } else { chosen }
    }

    /// When the quiet hours end, if they hold now. Hours that never end hold nothing back.
    #[must_use]
    pub fn quiet_until(&self, now: Timestamp) -> Option<Timestamp> {
        let hours = self.hours()?;
        let state = hours.open_state(now);
        state.closes_at.filter(|_| state.open)
    }

    /// When the next quiet hours begin, if none hold now.
    #[must_use]
    pub fn quiet_from(&self, now: Timestamp) -> Option<Timestamp> {
        self.hours()?.open_state(now).opens_at
    }

    /// With every kind named, so that whoever reads the choices need not know what is usual.
    fn whole(mut self, role: Role) -> Self {
        for kind in NoticeKind::ALL.iter().copied() {
            self.kinds.entry(kind).or_insert_with(|| Ways::usual(kind, role));
        }
        self
    }

    /// Only what differs from the usual is kept, so that who gets another role later is told what is usual there.
    fn own(&self, role: Role) -> Self {
        let mut own = self.clone();
        own.kinds.retain(|kind, ways| *ways != Ways::usual(*kind, role));
        own
    }

    fn hours(&self) -> Option<Hours> {
        if self.quiet.is_empty() {
            return None;
        }
        let timezone = TimeZone::get(&self.timezone).ok()?;
        let mut weekly: [Vec<Shift>; 7] = Default::default();
        for quiet in &self.quiet {
            let shift = Shift::parse(&quiet.from, &quiet.to)?;
            for day in &quiet.days {
                weekly.get_mut(usize::from(*day).checked_sub(1)?)?.push(shift);
            }
        }
        Some(Hours { timezone, weekly, holidays: Holidays::None, exceptions: BTreeMap::new() })
    }

    /// # Errors
    /// Names the fields that make no sense.
    pub fn check(&self) -> std::result::Result<(), Problem> {
        let mut errors = FieldErrors::default();
        if TimeZone::get(&self.timezone).is_err() || self.timezone.len() > 60 {
            errors.add("timezone", "unknown", "an IANA name: Europe/Helsinki");
        }
        if self.quiet.len() > QUIET_MAX {
            errors.add("quiet", "too_many", format!("at most {QUIET_MAX}"));
        }
        for (at, quiet) in self.quiet.iter().enumerate() {
            if Shift::parse(&quiet.from, &quiet.to).is_none() {
                errors.add(format!("quiet[{at}].from"), "invalid", "two different times, HH:MM");
            }
            if quiet.days.is_empty() || quiet.days.len() > 7 || quiet.days.iter().any(|day| !(1..=7).contains(day)) {
                errors.add(format!("quiet[{at}].days"), "invalid", "days from 1 to 7");
            }
        }
        if self.absence.as_ref().is_some_and(|absence| absence.until <= absence.from) {
            errors.add("absence.until", "invalid", "after it has begun");
        }
        if self.absence.as_ref().is_some_and(|absence| absence.kinds.len() > NoticeKind::ALL.len()) {
            errors.add("absence.kinds", "too_many", "each once");
        }
        if !(0..=WAIT_MAX_MINUTES).contains(&self.mail_after_minutes) {
            errors.add("mail_after_minutes", "out_of_range", format!("0 to {WAIT_MAX_MINUTES}"));
        }
        if !(1..=QUEUE_MAX).contains(&self.queue_limit) {
            errors.add("queue_limit", "out_of_range", format!("1 to {QUEUE_MAX}"));
        }
        if self.only_away.len() > Way::ALL.len() {
            errors.add("only_away", "too_many", "each once");
        }
        errors.finish()
    }
}

/// What a person has chosen, or the usual.
///
/// # Errors
/// The database refuses.
pub async fn of(tx: &mut Tx, workspace: WorkspaceId, staff: StaffId, role: Role) -> Result<NoticeSettings> {
    let found: Option<(serde_json::Value,)> =
        tx.optional("SELECT definition FROM notice_settings WHERE workspace_id = $1 AND staff_id = $2", params![workspace, staff]).await?;
    if let Some((definition,)) = found {
        match serde_json::from_value::<NoticeSettings>(definition) {
            Ok(settings) => return Ok(settings.whole(role)),
            // Timers stand behind each other: what one person's row says must not hold up everybody's.
            Err(error) => tracing::error!(%error, "what somebody has chosen cannot be read; the usual holds"),
        }
    }
    Ok(NoticeSettings::usual(role, &ennakoi_people::workspaces::load(tx, workspace).await?.timezone))
}

/// Keeps a person's choices.
///
/// # Errors
/// They make no sense.
pub async fn save(tx: &mut Tx, workspace: WorkspaceId, staff: StaffId, role: Role, settings: &NoticeSettings, now: Timestamp) -> Result<()> {
    settings.check()?;
    tx.execute(
        "INSERT INTO notice_settings (workspace_id, staff_id, definition, updated_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (workspace_id, staff_id) DO UPDATE SET definition = $3, updated_at = $4",
        params![workspace, staff, serde_json::to_value(settings.own(role))?, now],
    )
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp(text.parse::<jiff::Timestamp>().unwrap().as_microsecond())
    }

    fn night() -> NoticeSettings {
        let mut settings = NoticeSettings::usual(Role::Agent, "Europe/Helsinki");
        settings.quiet = vec![
            QuietHours { days: vec![1, 2, 3, 4, 5], from: "20:00".to_owned(), to: "07:30".to_owned() },
            QuietHours { days: vec![6, 7], from: "00:00".to_owned(), to: "24:00".to_owned() },
        ];
        settings
    }

    #[test]
    fn quiet_hours_run_through_the_night_and_the_weekend() {
        let settings = night();
        // Tuesday, noon in Helsinki.
        assert_eq!(settings.quiet_until(at("2026-12-01T10:00:00Z")), None);
        assert_eq!(settings.quiet_until(at("2026-12-01T18:30:00Z")), Some(at("2026-12-02T05:30:00Z")));
        assert_eq!(settings.quiet_until(at("2026-12-02T05:29:59Z")), Some(at("2026-12-02T05:30:00Z")));
        assert_eq!(settings.quiet_until(at("2026-12-02T05:30:00Z")), None);
        // Friday evening until Monday: the night, Saturday and Sunday hang together, and Sunday's has no night after it.
        assert_eq!(settings.quiet_until(at("2026-12-04T18:00:00Z")), Some(at("2026-12-06T22:00:00Z")));
        // The night in which clocks go forward is an hour shorter.
        assert_eq!(settings.quiet_until(at("2027-03-26T18:00:00Z")), Some(at("2027-03-28T21:00:00Z")));
    }

    #[test]
    fn hours_that_never_end_hold_nothing_back() {
        let mut settings = night();
        settings.quiet = vec![QuietHours { days: (1..=7).collect(), from: "00:00".to_owned(), to: "24:00".to_owned() }];
        assert_eq!(settings.quiet_until(at("2026-12-01T10:00:00Z")), None);
    }

    #[test]
    fn who_is_absent_hears_only_what_they_ask_for() {
        let mut settings = NoticeSettings::usual(Role::Agent, "Europe/Helsinki");
        settings.absence = Some(Absence { from: at("2026-12-01T00:00:00Z"), until: at("2026-12-08T00:00:00Z"), kinds: vec![NoticeKind::PromiseDue] });
        let now = at("2026-12-02T00:00:00Z");
        assert_eq!(settings.ways(NoticeKind::Assigned, Role::Agent, now), Ways { list: true, ..Ways::default() });
        assert!(settings.ways(NoticeKind::PromiseDue, Role::Agent, now).push);
        assert!(settings.ways(NoticeKind::Assigned, Role::Agent, at("2026-12-08T00:00:00Z")).push);
        assert!(!settings.ways(NoticeKind::TeamBreached, Role::Agent, now).any(), "an agent does not lead");
    }

    #[test]
    fn only_differences_are_kept_and_a_new_role_brings_its_usual() {
        let mut settings = NoticeSettings::usual(Role::Agent, "Europe/Helsinki");
        settings.kinds.insert(NoticeKind::Mentioned, Ways { list: true, ..Ways::default() });
        let kept = settings.own(Role::Agent);
        assert_eq!(kept.kinds.keys().collect::<Vec<_>>(), [&NoticeKind::Mentioned]);
        let later = kept.whole(Role::Supervisor);
        assert!(later.kinds[&NoticeKind::TeamBreached].list && !later.kinds[&NoticeKind::Mentioned].push);
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        assert!(night().check().is_ok());
        let wrong = |change: fn(&mut NoticeSettings)| {
            let mut settings = night();
            change(&mut settings);
            settings.check().unwrap_err().fields[0].field.clone()
        };
        assert_eq!(wrong(|it| it.timezone = "Europe/Nowhere".to_owned()), "timezone");
        assert_eq!(wrong(|it| it.quiet[0].to = "20:00".to_owned()), "quiet[0].from");
        assert_eq!(wrong(|it| it.quiet[1].days = vec![0]), "quiet[1].days");
        assert_eq!(wrong(|it| it.mail_after_minutes = 241), "mail_after_minutes");
        assert_eq!(wrong(|it| it.queue_limit = 0), "queue_limit");
        assert_eq!(wrong(|it| it.absence = Some(Absence { from: Timestamp(2), until: Timestamp(2), kinds: Vec::new() })), "absence.until");
        assert_eq!(wrong(|it| it.quiet = vec![it.quiet[0].clone(); 15]), "quiet");
    }
}
