//! The arithmetic of opening hours.
//!
//! One definition rules: a moment is inside the hours when the wall clock of the calendar's time zone, read at that moment, lies in
//! a shift of its date (or in a shift of the date before that runs past midnight). On a day when clocks go back the repeated hour is
//! therefore read twice, and an hour that does not exist is never open.

use std::collections::BTreeMap;

use ennakoi_kernel::Timestamp;
use jiff::{
    civil::{Date, DateTime, Time},
    tz::{AmbiguousOffset, TimeZone},
};

use super::holidays::{self, Holidays};

/// Minutes of a day.
const DAY: u16 = 24 * 60;
/// A calendar that stays closed (or open) longer than this has no next change.
const HORIZON_DAYS: i32 = 400;
/// Nearly every question is answered within this many days.
const NEAR_DAYS: i32 = 9;

/// A shift in minutes after midnight: `from` inclusive, `to` exclusive. `to < from` runs into the next day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shift {
    pub from: u16,
    pub to: u16,
}

impl Shift {
    /// Reads `HH:MM` pairs; `24:00` ends a day.
    #[must_use]
    pub fn parse(from: &str, to: &str) -> Option<Self> {
        let shift = Self { from: minutes(from)?, to: minutes(to)? };
        (shift.from < DAY && shift.from != shift.to).then_some(shift)
    }

    const fn overnight(self) -> bool {
        self.to < self.from
    }

    const fn covers_own_day(self, minute: u16) -> bool {
        self.from <= minute && (self.overnight() || minute < self.to)
    }

    const fn covers_next_day(self, minute: u16) -> bool {
        self.overnight() && minute < self.to
    }
}

fn minutes(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let two_digits = |part: &str| (part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit())).then(|| part.parse::<u16>().ok()).flatten();
    let total = two_digits(hours)? * 60 + two_digits(minutes).filter(|minutes| *minutes < 60)?;
    (total <= DAY).then_some(total)
}

/// Opening hours ready for questions.
#[derive(Clone, Debug)]
pub struct Hours {
    pub timezone: TimeZone,
    /// Monday first.
    pub weekly: [Vec<Shift>; 7],
    pub holidays: Holidays,
    /// Dates with their own shifts; they win over holidays and weekdays.
    pub exceptions: BTreeMap<Date, Vec<Shift>>,
}

/// Whether a calendar is open, and what comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct OpenState {
    pub open: bool,
    /// When it opens next; null while open, or when it does not open within 400 days.
    pub opens_at: Option<Timestamp>,
    /// When it closes; null while closed, or when it never closes.
    pub closes_at: Option<Timestamp>,
}

impl OpenState {
    /// Without a calendar people are always there.
    pub const ALWAYS: Self = Self { open: true, opens_at: None, closes_at: None };
}

impl Hours {
    /// The state at `now`.
    #[must_use]
    pub fn open_state(&self, now: Timestamp) -> OpenState {
        let open = self.is_open(now);
        let change = self.next_change(now, open);
        OpenState { open, opens_at: change.filter(|_| !open), closes_at: change.filter(|_| open) }
    }

    /// Whether `at` is inside the hours.
    #[must_use]
    pub fn is_open(&self, at: Timestamp) -> bool {
        let local = self.timezone.to_datetime(instant(at));
        let minute = minute_of_day(local);
        let yesterday = local.date().yesterday();
        self.shifts(local.date()).iter().any(|shift| shift.covers_own_day(minute))
            || yesterday.is_ok_and(|date| self.shifts(date).iter().any(|shift| shift.covers_next_day(minute)))
    }

    /// The shifts that begin on `date`.
    #[must_use]
    pub fn shifts(&self, date: Date) -> &[Shift] {
        if let Some(own) = self.exceptions.get(&date) {
            return own;
        }
        if holidays::holiday(self.holidays, date).is_some() {
            return &[];
        }
        &self.weekly[usize::from(date.weekday().to_monday_zero_offset().unsigned_abs())]
    }

    /// The first moment after `now` at which the answer of [`Self::is_open`] is no longer `open`.
    fn next_change(&self, now: Timestamp, open: bool) -> Option<Timestamp> {
        let today = self.timezone.to_datetime(instant(now)).date();
        // Moments near the end of the window may be preceded by ones of later dates (clocks that go back at midnight), so the last
        // day of the near window is left to the far one.
        self.first_change(now, open, today, NEAR_DAYS)
            .filter(|change| (*change - now).0 < ennakoi_kernel::Duration::days(i64::from(NEAR_DAYS) - 2).0)
            .or_else(|| self.first_change(now, open, today, HORIZON_DAYS))
    }

    fn first_change(&self, now: Timestamp, open: bool, today: Date, days: i32) -> Option<Timestamp> {
        let mut candidates = Vec::new();
        for offset in -1..=days {
            let Ok(date) = today.checked_add(jiff::Span::new().days(offset)) else { continue };
            for shift in self.shifts(date) {
                self.moments(date, shift.from, &mut candidates);
                match date.tomorrow() {
                    Ok(next) if shift.overnight() => self.moments(next, shift.to, &mut candidates),
                    _ => self.moments(date, shift.to, &mut candidates),
                }
            }
        }
        let last = now + ennakoi_kernel::Duration::days(i64::from(days));
        let transitions = self.timezone.following(instant(now)).map(|transition| stamp(transition.timestamp()));
        candidates.extend(transitions.take_while(|at| *at <= last));
        candidates.retain(|at| *at > now);
        candidates.sort_unstable();
        candidates.into_iter().find(|at| self.is_open(*at) != open)
    }

    /// The moments at which the wall clock shows `minute` of `date`: one, two when clocks go back, none when they jump over it.
    fn moments(&self, date: Date, minute: u16, into: &mut Vec<Timestamp>) {
        let wall = if minute == DAY { date.tomorrow().ok().map(|next| next.to_datetime(Time::midnight())) } else { wall_clock(date, minute) };
        let Some(wall) = wall else { return };
        let mut add = |offset: jiff::tz::Offset| into.extend(offset.to_timestamp(wall).ok().map(stamp));
        match self.timezone.to_ambiguous_timestamp(wall).offset() {
            AmbiguousOffset::Unambiguous { offset } => add(offset),
            AmbiguousOffset::Fold { before, after } => {
                add(before);
                add(after);
            }
            // The jump itself is a candidate of its own.
            AmbiguousOffset::Gap { .. } => {}
        }
    }
}

fn wall_clock(date: Date, minute: u16) -> Option<DateTime> {
    let hour = i8::try_from(minute / 60).ok()?;
    let minute = i8::try_from(minute % 60).ok()?;
    Some(date.to_datetime(Time::new(hour, minute, 0, 0).ok()?))
}

fn minute_of_day(local: DateTime) -> u16 {
    u16::from(local.hour().unsigned_abs()) * 60 + u16::from(local.minute().unsigned_abs())
}

/// The same moment for the calendar library; beyond its range (the year 9999) the end of the range.
fn instant(at: Timestamp) -> jiff::Timestamp {
    jiff::Timestamp::from_microsecond(at.0).unwrap_or(jiff::Timestamp::MAX)
}

fn stamp(at: jiff::Timestamp) -> Timestamp {
    Timestamp(at.as_microsecond())
}

#[cfg(test)]
mod tests {
    use ennakoi_kernel::Duration;
    use proptest::prelude::*;

    use super::*;

    /// Minute by minute, by the words of the definition, without any of the code above but the wall clock and the shifts.
    fn oracle_open(hours: &Hours, at: Timestamp) -> bool {
        let zoned = instant(at).to_zoned(hours.timezone.clone());
        let shows = format!("{:02}:{:02}", zoned.hour(), zoned.minute());
        let text = |minutes: u16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        let of_today = hours.shifts(zoned.date()).iter().any(|shift| {
            let (from, to) = (text(shift.from), text(shift.to));
            if to > from { shows >= from && shows < to } else { shows >= from }
        });
        let of_yesterday = hours.shifts(zoned.date().yesterday().unwrap()).iter().any(|shift| {
            let (from, to) = (text(shift.from), text(shift.to));
            to < from && shows < to
        });
        of_today || of_yesterday
    }

    fn oracle_change(hours: &Hours, now: Timestamp, minutes: i64) -> Option<Timestamp> {
        let open = oracle_open(hours, now);
        let start = now.0.div_euclid(60_000_000) * 60_000_000;
        (1..=minutes).map(|minute| Timestamp(start) + Duration::minutes(minute)).find(|at| oracle_open(hours, *at) != open)
    }

    fn shifts() -> impl Strategy<Value = Vec<Shift>> {
        proptest::collection::vec((0u16..96, 0u16..=96), 0..4).prop_map(|pairs| {
            pairs.into_iter().map(|(from, to)| Shift { from: from * 15, to: to * 15 }).filter(|shift| shift.from != shift.to && shift.to > 0).collect()
        })
    }

    fn calendars() -> impl Strategy<Value = Hours> {
        let zones = prop_oneof![
            4 => Just("Europe/Helsinki"), 2 => Just("Europe/Stockholm"), 1 => Just("America/New_York"),
            1 => Just("Australia/Lord_Howe"), 1 => Just("America/Havana"), 1 => Just("Asia/Kathmandu"),
        ];
        let weekly = proptest::array::uniform7(shifts());
        let holidays = prop_oneof![Just(Holidays::Fi), Just(Holidays::Sv), Just(Holidays::None)];
        let exceptions = proptest::collection::btree_map(0i32..400, shifts(), 0..4);
        (zones, weekly, holidays, exceptions).prop_map(|(zone, weekly, holidays, exceptions)| {
            let first = jiff::civil::date(2026, 1, 1);
            let exceptions = exceptions.into_iter().map(|(day, shifts)| (first + jiff::Span::new().days(day), shifts)).collect();
            Hours { timezone: TimeZone::get(zone).unwrap(), weekly, holidays, exceptions }
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

        #[test]
        fn agrees_with_a_slow_obvious_oracle(hours in calendars(), minute in 0i64..(365 * 24 * 60), second in 0i64..60) {
            let now = Timestamp::from_seconds(1_767_225_600 + minute * 60 + second);
            let state = hours.open_state(now);
            prop_assert_eq!(state.open, oracle_open(&hours, now));
            let change = if state.open { state.closes_at } else { state.opens_at };
            match oracle_change(&hours, now, 6 * 24 * 60) {
                Some(expected) => prop_assert_eq!(change, Some(expected)),
                None => prop_assert!(change.is_none_or(|at| at > now + Duration::days(6) - Duration::minutes(1))),
            }
        }

        #[test]
        fn agrees_around_the_days_when_clocks_change(hours in calendars(), day in prop_oneof![Just(1_774_746_000i64), Just(1_793_494_800)], minute in -1_500i64..1_500) {
            let now = Timestamp::from_seconds(day + minute * 60);
            let state = hours.open_state(now);
            let change = if state.open { state.closes_at } else { state.opens_at };
            prop_assert_eq!(state.open, oracle_open(&hours, now));
            if let Some(expected) = oracle_change(&hours, now, 3 * 24 * 60) {
                prop_assert_eq!(change, Some(expected));
            }
        }
    }

    fn helsinki(weekday: &[(&str, &str)]) -> Hours {
        let shifts: Vec<Shift> = weekday.iter().map(|(from, to)| Shift::parse(from, to).unwrap()).collect();
        let mut weekly: [Vec<Shift>; 7] = std::array::from_fn(|_| shifts.clone());
        weekly[5].clear();
        weekly[6].clear();
        Hours { timezone: TimeZone::get("Europe/Helsinki").unwrap(), weekly, holidays: Holidays::Fi, exceptions: BTreeMap::new() }
    }

    fn at(text: &str) -> Timestamp {
        stamp(text.parse::<jiff::civil::DateTime>().unwrap().in_tz("Europe/Helsinki").unwrap().timestamp())
    }

    #[test]
    fn lunch_closes_and_a_long_weekend_is_skipped() {
        let hours = helsinki(&[("09:00", "12:00"), ("13:00", "17:00")]);
        assert_eq!(hours.open_state(at("2026-11-20T11:59:59")), OpenState { open: true, opens_at: None, closes_at: Some(at("2026-11-20T12:00")) });
        assert_eq!(hours.open_state(at("2026-11-20T12:00")), OpenState { open: false, opens_at: Some(at("2026-11-20T13:00")), closes_at: None });
        // Thursday before Easter: Good Friday, the weekend and Easter Monday are closed.
        assert_eq!(hours.open_state(at("2026-04-02T17:00")).opens_at, Some(at("2026-04-07T09:00")));
    }

    #[test]
    fn an_exception_wins_over_a_holiday() {
        let mut hours = helsinki(&[("09:00", "17:00")]);
        let eve = jiff::civil::date(2026, 12, 24);
        hours.exceptions.insert(eve, vec![Shift::parse("10:00", "12:00").unwrap()]);
        assert_eq!(hours.open_state(at("2026-12-24T08:00")).opens_at, Some(at("2026-12-24T10:00")));
    }

    #[test]
    fn hours_that_never_end_or_never_begin_have_no_change() {
        let mut always = helsinki(&[("00:00", "24:00")]);
        always.holidays = Holidays::None;
        always.weekly = std::array::from_fn(|_| vec![Shift::parse("00:00", "24:00").unwrap()]);
        assert_eq!(always.open_state(at("2026-10-25T03:30")), OpenState::ALWAYS);
        let never = helsinki(&[]);
        assert_eq!(never.open_state(at("2026-10-25T03:30")), OpenState { open: false, opens_at: None, closes_at: None });
    }

    #[test]
    fn malformed_shifts_are_refused() {
        for (from, to) in
            [("9:00", "12:00"), ("09:00", "09:00"), ("24:00", "25:00"), ("09:60", "10:00"), ("aa:00", "10:00"), ("+9:00", "10:00"), ("09:00", "24:01")]
        {
            assert_eq!(Shift::parse(from, to), None, "{from}–{to}");
        }
        assert_eq!(Shift::parse("22:00", "06:00"), Some(Shift { from: 1_320, to: 360 }));
    }
}
