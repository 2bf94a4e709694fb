//! Moments to offer: when the customer's side of the day begins, by the opening hours of the channel.

use ennakoi_kernel::{Duration, Timestamp};
use jiff::{ToSpan, civil::Date, tz::TimeZone};
use schemars::JsonSchema;
use serde::Serialize;

use crate::calendars::Hours;

/// Where nobody has said when the day begins.
const MORNING: i8 = 9;

/// A moment to offer. `code` is for the screen: `hour`, `opening`, `tomorrow`, `monday`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SendTime {
    pub code: &'static str,
    pub at: Timestamp,
}

/// What is offered at `now`, soonest first, each moment once. Without hours every day begins at nine.
pub(super) fn offered(now: Timestamp, hours: Option<&Hours>, timezone: &TimeZone) -> Vec<SendTime> {
    let timezone = hours.map_or(timezone, |hours| &hours.timezone);
    let today = jiff::Timestamp::from_microsecond(now.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH).to_zoned(timezone.clone()).date();
    let mut offered = Vec::new();
    let opening = hours.map(|hours| hours.open_state(now)).and_then(|state| state.opens_at);
    if opening.is_none() {
        offered.push(SendTime { code: "hour", at: now + Duration::hours(1) });
    }
    offered.extend(opening.map(|at| SendTime { code: "opening", at }));
    let monday = i32::from(7 - today.weekday().to_monday_zero_offset());
    for (code, days) in [("tomorrow", 1), ("monday", monday)] {
        let Ok(date) = today.checked_add(days.days()) else { continue };
        if let Some(at) = morning(date, hours, timezone) {
            offered.push(SendTime { code, at });
        }
    }
    let mut distinct: Vec<SendTime> = Vec::new();
    for time in offered {
        if time.at > now && distinct.iter().all(|known| known.at != time.at) {
            distinct.push(time);
        }
    }
    distinct.sort_by_key(|time| time.at);
    distinct
}

/// When work begins on a date; `None` when it does not.
fn morning(date: Date, hours: Option<&Hours>, timezone: &TimeZone) -> Option<Timestamp> {
    let at = |hour: i8| date.at(hour, 0, 0, 0).to_zoned(timezone.clone()).ok().map(|zoned| Timestamp(zoned.timestamp().as_microsecond()));
    let Some(hours) = hours else { return at(MORNING) };
    let midnight = at(0)?;
    if hours.is_open(midnight) {
        return at(MORNING).filter(|nine| hours.is_open(*nine));
    }
    let opens = hours.open_state(midnight).opens_at?;
    let next = date.tomorrow().ok()?.at(0, 0, 0, 0).to_zoned(timezone.clone()).ok()?;
    (opens.0 < next.timestamp().as_microsecond()).then_some(opens)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::calendars::{Holidays, Shift};

    fn weekdays() -> Hours {
        let shift = || vec![Shift::parse("09:00", "17:00").unwrap()];
        Hours {
            timezone: TimeZone::get("Europe/Helsinki").unwrap(),
            weekly: [shift(), shift(), shift(), shift(), shift(), vec![], vec![]],
            holidays: Holidays::None,
            exceptions: BTreeMap::new(),
        }
    }

    fn at(text: &str) -> Timestamp {
        let zoned: jiff::Zoned = format!("{text}[Europe/Helsinki]").parse().unwrap();
        Timestamp(zoned.timestamp().as_microsecond())
    }

    fn told(now: &str, hours: Option<&Hours>) -> Vec<(&'static str, String)> {
        let helsinki = TimeZone::get("Europe/Helsinki").unwrap();
        let text = |at: Timestamp| jiff::Timestamp::from_microsecond(at.0).unwrap().to_zoned(helsinki.clone()).strftime("%a %d.%m. %H:%M").to_string();
        offered(at(now), hours, &helsinki).into_iter().map(|time| (time.code, text(time.at))).collect()
    }

    #[test]
    fn the_morning_is_when_work_begins() {
        let hours = weekdays();
        let expect = |items: &[(&'static str, &str)]| items.iter().map(|(code, text)| (*code, (*text).to_owned())).collect::<Vec<_>>();
        // A Monday afternoon, during work.
        assert_eq!(
            told("2026-11-30T15:10:00", Some(&hours)),
            expect(&[("hour", "Mon 30.11. 16:10"), ("tomorrow", "Tue 01.12. 09:00"), ("monday", "Mon 07.12. 09:00")])
        );
        // The evening before: what opens next is tomorrow.
        assert_eq!(told("2026-11-30T20:00:00", Some(&hours)), expect(&[("opening", "Tue 01.12. 09:00"), ("monday", "Mon 07.12. 09:00")]));
        // A Friday evening: nobody works tomorrow, and Monday is what opens next.
        assert_eq!(told("2026-12-04T20:00:00", Some(&hours)), expect(&[("opening", "Mon 07.12. 09:00")]));
        // Without hours.
        assert_eq!(
            told("2026-12-05T20:00:00", None),
            expect(&[("hour", "Sat 05.12. 21:00"), ("tomorrow", "Sun 06.12. 09:00"), ("monday", "Mon 07.12. 09:00")])
        );
    }

    #[test]
    fn clocks_that_change_leave_nine_at_nine() {
        // The clocks go forward in the night to 28 March 2027.
        assert_eq!(told("2027-03-27T15:00:00", None)[1], ("tomorrow", "Sun 28.03. 09:00".to_owned()));
    }
}
