//! Two groups or two periods beside each other.

use super::log::EventLog;
use super::map::Map;
use crate::measures::proportion::{Interval, difference};

/// A way (or an activity, when `to` is `None`) in both groups.
#[derive(Debug, Clone, PartialEq)]
pub struct Compared {
    pub from: String,
    pub to: Option<String>,
    /// Cases that have it, first and second group.
    pub cases: [u64; 2],
    /// Share of cases of the second group minus that of the first.
    pub change: Interval,
    /// Median time of the way in both groups, milliseconds; `None` for activities and for ways not walked.
    pub median: [Option<f64>; 2],
}

impl Compared {
    /// Whether the change is beyond what chance explains at the confidence asked for.
    #[must_use]
    pub fn is_change(&self) -> bool {
        self.change.excludes(0.0)
    }
}

/// Compares two maps by the names of their activities, the clearest changes first. With many comparisons some look
/// like changes by chance: the confidence is raised by Bonferroni's rule over all of them.
#[must_use]
pub fn compare(first: &Map, second: &Map, confidence: f64) -> Vec<Compared> {
    let mut found = std::collections::BTreeMap::<(String, Option<String>), ([u64; 2], [Option<f64>; 2])>::new();
    for (group, map) in [first, second].into_iter().enumerate() {
        let name = |a: u16| map.nodes[usize::from(a)].name.clone();
        for node in map.nodes.iter().filter(|n| n.events > 0) {
            found.entry((node.name.clone(), None)).or_default().0[group] = node.cases;
        }
        for edge in &map.edges {
            let entry = found.entry((name(edge.from), Some(name(edge.to)))).or_default();
            entry.0[group] = edge.cases;
            entry.1[group] = Some(edge.durations.median);
        }
    }
    let strict = 1.0 - (1.0 - confidence) / found.len().max(1) as f64;
    let mut all: Vec<Compared> = (found.into_iter())
        .filter_map(|((from, to), (cases, median))| {
            let change = difference((cases[1], second.cases), (cases[0], first.cases), strict)?;
            Some(Compared { from, to, cases, change, median })
        })
        .collect();
    let clarity = |c: &Compared| c.change.estimate.abs() / c.change.half_width().max(1e-12);
    all.sort_by(|a, b| clarity(b).total_cmp(&clarity(a)));
    all
}

/// Splits a log by the start of the cases: before a moment, and from it on.
#[must_use]
pub fn split_at(log: &EventLog, moment: i64) -> (EventLog, EventLog) {
    let early = |case: usize| log.times(case).first().is_some_and(|t| *t < moment);
    (log.select(early), log.select(|case| !early(case)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_real_change_is_found_and_an_even_split_shows_none() {
        let cases: Vec<String> = (0..400).map(|n| n.to_string()).collect();
        let mut events = Vec::new();
        for (n, case) in cases.iter().enumerate() {
            let start = n as i64 * 100;
            events.push((case.as_str(), "see", start));
            let calls = if n < 200 { n % 10 == 0 } else { n % 2 == 0 };
            events.push((case.as_str(), if calls { "call" } else { "buy" }, start + 10));
        }
        let log = EventLog::from_events(events).expect("few");
        let (early, late) = split_at(&log, 200 * 100);
        assert_eq!((early.cases(), late.cases()), (200, 200));
        let changes = compare(&Map::of(&early), &Map::of(&late), 0.95);
        assert!(changes[0].is_change());
        assert!(changes.iter().any(|c| c.to.as_deref() == Some("call") && (c.change.estimate - 0.4).abs() < 1e-9));
        let even = log.select(|case| case % 4 < 2);
        let odd = log.select(|case| case % 4 >= 2);
        assert!(compare(&Map::of(&even), &Map::of(&odd), 0.95).iter().all(|c| !c.is_change()));
    }
}
