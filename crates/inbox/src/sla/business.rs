//! Time as a company counts it: spans of opening hours.
//!
//! The one definition is that of [`crate::calendars::hours`]: a moment is open when the wall clock lies in a shift of its date, or in one of the
//! date before that runs past midnight. Between two changes of the zone's offset the wall clock runs evenly, so such a piece is cut into dates, and
//! the shifts of each date into spans. A repeated hour therefore counts twice, and an hour that is jumped over not at all.
//! Without hours (`None`) every moment counts.

use ennakoi_kernel::{Duration, Timestamp};
use jiff::civil::Date;

use crate::calendars::{Hours, Shift};

const MINUTE: i64 = 60_000_000;
const DAY: i64 = 24 * 60 * MINUTE;
/// A span that has not been spent within this time never is.
const HORIZON: Duration = Duration::days(3 * 366);
/// The end of a span is looked for in pieces of this length, so that a near one costs little.
const STRIDE: Duration = Duration::days(14);

/// How much of `[from, to)` is open. Zero when `to` is not after `from`.
#[must_use]
pub fn spent(hours: Option<&Hours>, from: Timestamp, to: Timestamp) -> Duration {
    if to <= from {
        return Duration(0);
    }
    let Some(hours) = hours else { return to - from };
    let mut sum = 0;
    open_spans(hours, from, to, &mut |start, end| {
        sum += (end - start).0;
        true
    });
    Duration(sum)
}

/// The first moment by which `span` of open time has been spent since `from`; `from` itself for nothing or less, `None` when that never comes.
#[must_use]
pub fn after(hours: Option<&Hours>, from: Timestamp, span: Duration) -> Option<Timestamp> {
    if span.0 <= 0 {
        return Some(from);
    }
    let Some(hours) = hours else { return Some(from + span) };
    let (mut left, mut start, last) = (span.0, from, from + HORIZON);
    while start < last {
        let end = start + STRIDE;
        let mut found = None;
        open_spans(hours, start, end, &mut |open, close| {
            let length = (close - open).0;
            if length < left {
                left -= length;
                return true;
            }
            found = Some(open + Duration(left));
            false
        });
        if found.is_some() {
            return found;
        }
        start = end;
    }
    None
}

/// Calls `each` with the open spans inside `[from, to)`, in order and apart from each other, until it returns false.
fn open_spans(hours: &Hours, from: Timestamp, to: Timestamp, each: &mut impl FnMut(Timestamp, Timestamp) -> bool) {
    let mut begin = from;
    while begin < to {
        let change = hours.timezone.following(instant(begin)).next().map(|transition| Timestamp(transition.timestamp().as_microsecond()));
        let end = change.map_or(to, |change| change.min(to));
        if !even_spans(hours, begin, end, each) {
            return;
        }
        begin = end;
    }
}

/// The same within a piece in which the zone's offset does not change. Returns whether to go on.
fn even_spans(hours: &Hours, from: Timestamp, to: Timestamp, each: &mut impl FnMut(Timestamp, Timestamp) -> bool) -> bool {
    let offset = i64::from(hours.timezone.to_offset(instant(from)).seconds()) * 1_000_000;
    let (wall_from, wall_to) = (from.0 + offset, to.0 + offset);
    let mut day = wall_from.div_euclid(DAY);
    let Some(mut date) = date_of(day) else { return false };
    let mut before: Vec<Shift> = date.yesterday().map(|date| hours.shifts(date).to_vec()).unwrap_or_default();
    while day * DAY < wall_to {
        let today = hours.shifts(date);
        for (open, close) in spans_of_day(&before, today) {
            let open = (day * DAY + i64::from(open) * MINUTE).max(wall_from);
            let close = (day * DAY + i64::from(close) * MINUTE).min(wall_to);
            if open < close && !each(Timestamp(open - offset), Timestamp(close - offset)) {
                return false;
            }
        }
        before = today.to_vec();
        let Ok(next) = date.tomorrow() else { return false };
        (day, date) = (day + 1, next);
    }
    true
}

/// Minutes of a date that are open, joined where they overlap.
fn spans_of_day(before: &[Shift], today: &[Shift]) -> Vec<(u16, u16)> {
    const MIDNIGHT: u16 = 24 * 60;
    let tails = before.iter().filter(|shift| shift.to < shift.from).map(|shift| (0, shift.to));
    let own = today.iter().map(|shift| (shift.from, if shift.to < shift.from { MIDNIGHT } else { shift.to }));
    let mut spans: Vec<(u16, u16)> = tails.chain(own).collect();
    spans.sort_unstable();
    let mut joined: Vec<(u16, u16)> = Vec::with_capacity(spans.len());
    for (open, close) in spans {
        match joined.last_mut() {
            Some((_, last)) if open <= *last => *last = close.max(*last),
            _ => joined.push((open, close)),
        }
    }
    joined
}

/// The date of a day counted from 1970-01-01.
fn date_of(day: i64) -> Option<Date> {
    let days = i32::try_from(day).ok()?;
    jiff::civil::date(1970, 1, 1).checked_add(jiff::Span::new().try_days(days).ok()?).ok()
}

fn instant(at: Timestamp) -> jiff::Timestamp {
    jiff::Timestamp::from_microsecond(at.0).unwrap_or(jiff::Timestamp::MAX)
}
