//! The same counts kept up to date event by event, in constant time and with memory that grows with the graph and the
//! open cases only.

use std::collections::HashMap;

/// Counters of a living log. Activities are numbered by the caller.
#[derive(Debug, Clone, Default)]
pub struct LiveMap {
    open: HashMap<u64, Open>,
    edges: HashMap<(u16, u16), LiveEdge>,
    events: u64,
    cases: u64,
}

#[derive(Debug, Clone, Copy)]
struct Open {
    activity: u16,
    time: i64,
}

/// Count and durations of one edge; the durations live in logarithmic bins, which give any quantile within 5 %.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LiveEdge {
    pub count: u64,
    /// Events that came with a time before the one they follow.
    pub out_of_order: u64,
    bins: HashMap<u16, u64>,
}

/// Ratio of the ends of a bin: a quantile is off by at most half of it.
const BIN_RATIO: f64 = 1.1;

impl LiveEdge {
    /// A quantile of the durations in milliseconds, within 5 %; `None` before the first.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<f64> {
        let mut bins: Vec<(u16, u64)> = self.bins.iter().map(|(b, c)| (*b, *c)).collect();
        bins.sort_unstable();
        let wanted = (q.clamp(0.0, 1.0) * self.count as f64).max(1.0);
        let mut seen = 0.0;
        for (bin, count) in bins {
            seen += count as f64;
            if seen >= wanted {
                return Some(if bin == 0 { 0.0 } else { BIN_RATIO.powf(f64::from(bin) - 0.5) });
            }
        }
        None
    }
}

impl LiveMap {
    /// Counts one event of a case. An event that is older than the last one of its case counts as following it, with
    /// no duration, and is reported in [`LiveEdge::out_of_order`].
    pub fn event(&mut self, case: u64, activity: u16, time: i64) {
        self.events += 1;
        let Some(before) = self.open.insert(case, Open { activity, time }) else {
            self.cases += 1;
            return;
        };
        let edge = self.edges.entry((before.activity, activity)).or_default();
        edge.count += 1;
        let waited = time - before.time;
        if waited < 0 {
            edge.out_of_order += 1;
        }
        let bin = if waited < 1 { 0 } else { 1 + ((waited as f64).ln() / BIN_RATIO.ln()).floor() as u16 };
        *edge.bins.entry(bin).or_default() += 1;
    }

    /// Forgets where a case stands; its counts remain. To be called for ended cases, which bounds memory.
    pub fn close(&mut self, case: u64) {
        self.open.remove(&case);
    }

    /// Events, cases, and edges counted so far.
    #[must_use]
    pub fn totals(&self) -> (u64, u64, usize) {
        (self.events, self.cases, self.edges.len())
    }

    /// The counters of one edge.
    #[must_use]
    pub fn edge(&self, from: u16, to: u16) -> Option<&LiveEdge> {
        self.edges.get(&(from, to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journey::{EventLog, Map};

    #[test]
    fn live_counts_equal_a_recount_and_quantiles_are_close() {
        let mut random = crate::numeric::random::Random::new(41);
        let names = ["a", "b", "c", "d"];
        let cases: Vec<String> = (0..50).map(|n| n.to_string()).collect();
        let mut live = LiveMap::default();
        let mut events = Vec::new();
        for time in 0..5_000_i64 {
            let (case, activity) = (random.below(50), random.below(4));
            live.event(case as u64, activity as u16, time * 1_000);
            events.push((cases[case].as_str(), names[activity], time * 1_000));
        }
        let log = EventLog::from_events(events).expect("few");
        let map = Map::of(&log);
        assert_eq!(live.totals(), (map.events, map.cases, map.edges.len()));
        for edge in &map.edges {
            let number = |a: u16| names.iter().position(|n| *n == log.activity_name(a)).expect("known") as u16;
            let counted = live.edge(number(edge.from), number(edge.to)).expect("counted");
            assert_eq!(counted.count, edge.count);
            let median = counted.quantile(0.5).expect("some");
            assert!((median / edge.durations.median - 1.0).abs() < 0.08, "{median} {}", edge.durations.median);
        }
    }
}
