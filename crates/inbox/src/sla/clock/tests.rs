//! The arithmetic against a slow, obvious oracle: minute by minute, by the words of the definition.

use std::collections::BTreeMap;

use ennakoi_kernel::SeededEntropy;
use jiff::{civil::Date, tz::TimeZone};

use super::*;
use crate::{
    calendars::{Holidays, Shift},
    sla::business,
};

const MINUTE: i64 = 60_000_000;
const CASES: u64 = 100_000;
/// 2025-12-20T00:00:00Z, and the days that the wall clocks below are known for.
const FIRST: i64 = 1_766_188_800 * 1_000_000;
const DAYS: i64 = 410;
const ZONES: [&str; 6] = ["Europe/Helsinki", "Europe/Stockholm", "America/New_York", "Australia/Lord_Howe", "America/Havana", "Asia/Kathmandu"];
/// When clocks change in 2026 in each zone, and nights on which a holiday begins: cases crowd around them.
const EVENTFUL: [i64; 8] = [1_774_746_000, 1_792_890_000, 1_772_953_200, 1_793_512_800, 1_775_314_800, 1_772_946_000, 1_798_063_200, 1_781_827_200];

/// What the wall clock of a zone shows at every quarter of an hour, looked up once. Zones change only at such moments.
struct WallClock {
    zone: TimeZone,
    quarters: Vec<(Date, u16)>,
}

impl WallClock {
    fn of(name: &str) -> Self {
        let zone = TimeZone::get(name).unwrap();
        let shown = |quarter: i64| {
            let local = zone.to_datetime(jiff::Timestamp::from_microsecond(FIRST + quarter * 15 * MINUTE).unwrap());
            (local.date(), u16::from(local.hour().unsigned_abs()) * 60 + u16::from(local.minute().unsigned_abs()))
        };
        Self { quarters: (0..DAYS * 96).map(shown).collect(), zone: zone.clone() }
    }

    fn shows(&self, at: i64) -> (Date, u16) {
        let minutes = (at - FIRST) / MINUTE;
        let (date, minute) = self.quarters[usize::try_from(minutes / 15).unwrap()];
        (date, minute + u16::try_from(minutes % 15).unwrap())
    }
}

/// Walks from minute to minute.
struct Oracle<'a> {
    wall: &'a WallClock,
    hours: &'a Hours,
    /// Shifts of the date that was asked for last, and of the date before it.
    known: Option<(Date, &'a [Shift], &'a [Shift])>,
}

impl Oracle<'_> {
    /// Every zone's offset is a whole number of minutes, so a minute is open as a whole or not at all.
    fn open(&mut self, at: i64) -> bool {
        let (date, minute) = self.wall.shows(at);
        let (_, today, before) = match self.known {
            Some(known) if known.0 == date => known,
            _ => *self.known.insert((date, self.hours.shifts(date), self.hours.shifts(date.yesterday().unwrap()))),
        };
        today.iter().any(|shift| if shift.to > shift.from { shift.from <= minute && minute < shift.to } else { shift.from <= minute })
            || before.iter().any(|shift| shift.to < shift.from && minute < shift.to)
    }
}

/// What a case must come to, from the walk.
struct Expected {
    spent: i64,
    due: Option<i64>,
    warning: Option<i64>,
}

impl Expected {
    fn count(&mut self, case: &Case, from: i64, length: i64) {
        let spent = self.spent;
        let reached = |span: i64| (spent < span && span <= spent + length).then(|| from + span - spent);
        self.due = self.due.or(reached(case.target));
        self.warning = self.warning.or(reached(case.warn_after));
        self.spent += length;
    }
}

/// Every minute, or its part, that is open and in no pause counts.
fn walk(oracle: &mut Oracle<'_>, case: &Case) -> Expected {
    let mut expected = Expected { spent: 0, due: None, warning: None };
    let mut at = case.start;
    while at < case.end {
        let next = (at - at.rem_euclid(MINUTE) + MINUTE).min(case.end);
        if oracle.open(at) {
            // Pauses begin and end at whole seconds, so a minute may be cut by them.
            let mut from = at;
            while from < next {
                let edge = case.pauses.iter().flat_map(|(begin, end)| [*begin, *end]).filter(|edge| *edge > from).min();
                let to = edge.map_or(next, |edge| edge.min(next));
                if !case.pauses.iter().any(|(begin, end)| *begin <= from && from < *end) {
                    expected.count(case, from, to - from);
                }
                from = to;
            }
        }
        at = next;
    }
    expected
}

#[derive(Debug)]
struct Case {
    start: i64,
    end: i64,
    pauses: Vec<(i64, i64)>,
    target: i64,
    warn_after: i64,
}

struct Dice(SeededEntropy);

impl Dice {
    fn below(&self, most: i64) -> i64 {
        i64::try_from(self.0.next() % u64::try_from(most).unwrap()).unwrap()
    }

    fn shifts(&self) -> Vec<Shift> {
        let shift = |_| {
            let (from, to) = (u16::try_from(self.below(96)).unwrap() * 15, u16::try_from(self.below(97)).unwrap() * 15);
            Shift { from, to }
        };
        (0..self.below(4)).map(shift).filter(|shift| shift.from != shift.to && shift.to > 0).collect()
    }

    fn hours(&self, zone: &TimeZone) -> Hours {
        let first = jiff::civil::date(2026, 1, 1);
        let exceptions: BTreeMap<Date, Vec<Shift>> = (0..self.below(4)).map(|_| (first + jiff::Span::new().days(self.below(365)), self.shifts())).collect();
        let holidays = [Holidays::Fi, Holidays::Sv, Holidays::None][usize::try_from(self.below(3)).unwrap()];
        Hours { timezone: zone.clone(), weekly: std::array::from_fn(|_| self.shifts()), holidays, exceptions }
    }

    fn case(&self) -> Case {
        let start = match self.below(3) {
            0 => EVENTFUL[usize::try_from(self.below(8)).unwrap()] - self.below(2 * 86_400),
            _ => FIRST / 1_000_000 + 86_400 * 12 + self.below(365 * 86_400),
        };
        let length = match self.below(20) {
            0 => self.below(8 * 86_400),
            1..=5 => self.below(2 * 86_400),
            _ => self.below(10 * 3_600),
        };
        let mut edges: Vec<i64> = (0..2 * self.below(4)).map(|_| start + self.below(length.max(1))).collect();
        edges.sort_unstable();
        let pauses = edges.chunks(2).map(|pair| (pair[0] * 1_000_000, pair[1] * 1_000_000)).collect();
        let target = 1 + self.below(length.max(2));
        let warn_after = 1 + self.below(target);
        Case { start: start * 1_000_000, end: (start + length) * 1_000_000, pauses, target: target * 1_000_000, warn_after: warn_after * 1_000_000 }
    }
}

/// The clock as the follower drives it: paused and resumed, and asked before each pause whether its moments have come.
fn drive(hours: &Hours, case: &Case) -> (Clock, Option<i64>, Option<i64>) {
    let mut clock = Clock::started(Timestamp(case.start), Duration(case.target), Duration(case.warn_after));
    let (mut due, mut warning) = (None, None);
    let mut look = |clock: &Clock, until: i64| {
        let by = |moment: Option<Timestamp>| moment.map(|at| at.0).filter(|at| *at <= until);
        due = due.or(by(clock.due(Some(hours))));
        warning = warning.or(by(clock.warning(Some(hours))));
    };
    for (from, to) in &case.pauses {
        look(&clock, *from);
        clock.pause(Some(hours), Timestamp(*from));
        clock.resume(Timestamp(*to));
    }
    look(&clock, case.end);
    (clock, due, warning)
}

#[test]
fn agrees_with_a_minute_by_minute_walk_over_100_000_calendars_holidays_clock_changes_and_pauses() {
    let walls = ZONES.map(WallClock::of);
    let (mut paused, mut breached, mut changed) = (0, 0, 0);
    for seed in 0..CASES {
        let dice = Dice(SeededEntropy::new(seed));
        let wall = &walls[usize::try_from(dice.below(6)).unwrap()];
        let (hours, case) = (dice.hours(&wall.zone), dice.case());
        let expected = walk(&mut Oracle { wall, hours: &hours, known: None }, &case);
        let (clock, due, warning) = drive(&hours, &case);
        let found = (clock.spent(Some(&hours), Timestamp(case.end)).0, due, warning);
        assert_eq!(found, (expected.spent, expected.due, expected.warning), "seed {seed}: {case:?} {hours:?}");
        paused += u64::from(!case.pauses.is_empty());
        breached += u64::from(due.is_some());
        let offset = |at: i64| wall.zone.to_offset(jiff::Timestamp::from_microsecond(at).unwrap());
        changed += u64::from(offset(case.start) != offset(case.end));
    }
    // Otherwise the agreement would say little.
    assert!(paused > CASES / 2 && breached > CASES / 20 && changed > CASES / 50, "{paused} paused, {breached} breached, {changed} over a clock change");
}

fn helsinki(from: &str, to: &str) -> Hours {
    let mut weekly: [Vec<Shift>; 7] = std::array::from_fn(|_| vec![Shift::parse(from, to).unwrap()]);
    weekly[5].clear();
    weekly[6].clear();
    Hours { timezone: TimeZone::get("Europe/Helsinki").unwrap(), weekly, holidays: Holidays::Fi, exceptions: BTreeMap::new() }
}

fn at(text: &str) -> Timestamp {
    Timestamp(text.parse::<jiff::civil::DateTime>().unwrap().in_tz("Europe/Helsinki").unwrap().timestamp().as_microsecond())
}

#[test]
fn four_hours_from_friday_afternoon_end_on_monday() {
    let hours = helsinki("09:00", "17:00");
    let clock = Clock::started(at("2026-11-20T15:30"), Duration::hours(4), Duration::hours(3));
    assert_eq!(clock.due(Some(&hours)), Some(at("2026-11-23T11:30")));
    assert_eq!(clock.warning(Some(&hours)), Some(at("2026-11-23T10:30")));
    assert_eq!(clock.spent(Some(&hours), at("2026-11-22T12:00")), Duration::minutes(90));
    // Written on Maundy Thursday evening: Easter is closed until Tuesday.
    assert_eq!(business::after(Some(&hours), at("2026-04-02T18:00"), Duration::hours(1)), Some(at("2026-04-07T10:00")));
}

#[test]
fn what_was_counted_before_a_pause_stays_whatever_becomes_of_the_hours() {
    let hours = helsinki("09:00", "17:00");
    let mut clock = Clock::started(at("2026-11-23T09:00"), Duration::hours(8), Duration::hours(6));
    clock.pause(Some(&hours), at("2026-11-23T12:00"));
    assert_eq!((clock.elapsed, clock.due(Some(&hours))), (Duration::hours(3), None));
    clock.resume(at("2026-11-24T09:00"));
    assert_eq!(clock.due(Some(&hours)), Some(at("2026-11-24T14:00")));
    assert_eq!(clock.due(Some(&helsinki("09:00", "11:00"))), Some(at("2026-11-26T10:00")));
    assert_eq!(clock.due(None), Some(at("2026-11-24T14:00")));
}

#[test]
fn hours_that_never_come_are_never_due() {
    let mut never = helsinki("09:00", "17:00");
    never.weekly = Default::default();
    assert_eq!(business::after(Some(&never), at("2026-11-20T15:30"), Duration::minutes(1)), None);
    assert_eq!(business::spent(Some(&never), at("2026-01-01T00:00"), at("2026-12-31T00:00")), Duration(0));
    assert_eq!(business::after(Some(&never), at("2026-11-20T15:30"), Duration(0)), Some(at("2026-11-20T15:30")));
}
