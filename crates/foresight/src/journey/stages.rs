//! Stages: activities gathered into the few phases people speak of.

use std::collections::HashMap;

use super::log::EventLog;

/// Stage of every activity, and the stages' names in order.
#[derive(Debug, Clone, PartialEq)]
pub struct Stages {
    pub names: Vec<String>,
    /// By number of the activity.
    pub of_activity: Vec<usize>,
}

/// Name of the stage of activities that a mapping does not mention.
pub const OTHER: &str = "other";

impl Stages {
    /// By a mapping `(activity, stage)`; stages are ordered as they first appear in it, activities it does not mention
    /// go to an explicit [`OTHER`].
    #[must_use]
    pub fn mapped<'a>(log: &EventLog, mapping: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut names: Vec<String> = Vec::new();
        let mut of_name = HashMap::new();
        for (activity, stage) in mapping {
            let place = names.iter().position(|n| n == stage).unwrap_or_else(|| {
                names.push(stage.to_owned());
                names.len() - 1
            });
            of_name.insert(activity, place);
        }
        let known: Vec<Option<usize>> = (0..log.activities()).map(|a| of_name.get(log.activity_name(a as u16).as_str()).copied()).collect();
        let other = names.len();
        if known.iter().any(Option::is_none) {
            names.push(OTHER.to_owned());
        }
        Self { names, of_activity: known.into_iter().map(|k| k.unwrap_or(other)).collect() }
    }

    /// Learned: activities are ordered by their mean place in the cases (0 first event, 1 last) and cut into at most
    /// `count` stages so that the places within a stage differ least (Fisher's exact grouping, 1958). A stage is named
    /// after its most frequent activity.
    #[must_use]
    pub fn learned(log: &EventLog, count: usize) -> Self {
        let activities = log.activities();
        let (mut places, mut events) = (vec![0.0; activities], vec![0.0; activities]);
        for case in 0..log.cases() {
            let trace = log.trace(case);
            let last = (trace.len().max(2) - 1) as f64;
            for (i, &activity) in trace.iter().enumerate() {
                places[usize::from(activity)] += i as f64 / last;
                events[usize::from(activity)] += 1.0;
            }
        }
        for (place, count) in places.iter_mut().zip(&events) {
            *place /= f64::max(*count, 1.0);
        }
        let mut order: Vec<usize> = (0..activities).collect();
        order.sort_by(|&a, &b| places[a].total_cmp(&places[b]));
        let cuts = group(&order, &places, &events, count);
        let mut of_activity = vec![0; activities];
        let mut names = Vec::new();
        for (stage, range) in cuts.windows(2).enumerate() {
            let members = &order[range[0]..range[1]];
            members.iter().for_each(|&a| of_activity[a] = stage);
            let main = members.iter().copied().max_by(|&a, &b| events[a].total_cmp(&events[b]));
            names.push(main.map_or_else(String::new, |a| log.activity_name(a as u16)));
        }
        Self { names, of_activity }
    }

    /// Cases that reach each stage, and of those the ones that never go on to a later stage: drop-out per stage.
    #[must_use]
    pub fn reached(&self, log: &EventLog) -> Vec<(u64, u64)> {
        let mut counts = vec![(0, 0); self.names.len()];
        for case in 0..log.cases() {
            let mut seen = vec![false; self.names.len()];
            log.trace(case).iter().for_each(|a| seen[self.of_activity[usize::from(*a)]] = true);
            let last = seen.iter().rposition(|s| *s);
            for (stage, _) in seen.iter().enumerate().filter(|s| *s.1) {
                counts[stage].0 += 1;
                counts[stage].1 += u64::from(last == Some(stage));
            }
        }
        counts
    }
}

/// Cuts of an ordered list into contiguous groups with the least weighted sum of squares, by dynamic programming.
fn group(order: &[usize], places: &[f64], weights: &[f64], count: usize) -> Vec<usize> {
    let n = order.len();
    let count = count.clamp(1, n.max(1));
    let mut sums = vec![(0.0, 0.0, 0.0)];
    for &a in order {
        let (w, x, last) = (weights[a], places[a], sums[sums.len() - 1]);
        sums.push((last.0 + w, last.1 + w * x, last.2 + w * x * x));
    }
    let spread = |i: usize, j: usize| {
        let (w, x, q) = (sums[j].0 - sums[i].0, sums[j].1 - sums[i].1, sums[j].2 - sums[i].2);
        if w > 0.0 { (q - x * x / w).max(0.0) } else { 0.0 }
    };
    let mut cost: Vec<f64> = (0..=n).map(|j| spread(0, j)).collect();
    let mut choices = Vec::new();
    for groups in 2..=count {
        let mut next = vec![f64::INFINITY; n + 1];
        let mut choice = vec![0; n + 1];
        for j in groups..=n {
            for (i, before) in cost.iter().enumerate().take(j).skip(groups - 1) {
                let total = before + spread(i, j);
                if total < next[j] {
                    (next[j], choice[j]) = (total, i);
                }
            }
        }
        cost = next;
        choices.push(choice);
    }
    let mut cuts = vec![n];
    for choice in choices.iter().rev() {
        cuts.push(choice[cuts[cuts.len() - 1]]);
    }
    cuts.push(0);
    cuts.reverse();
    cuts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log() -> EventLog {
        let cases: Vec<String> = (0..30).map(|n| n.to_string()).collect();
        let mut events = Vec::new();
        for (n, case) in cases.iter().enumerate() {
            let early = if n % 2 == 0 { ["home", "search"] } else { ["search", "home"] };
            let late: &[&str] = if n % 3 == 0 { &[] } else { &["cart", "pay"] };
            events.extend(early.iter().chain(late).enumerate().map(|(i, name)| (case.as_str(), *name, i as i64)));
        }
        EventLog::from_events(events).expect("few")
    }

    #[test]
    fn learned_stages_follow_the_place_in_the_case() {
        let log = log();
        let stages = Stages::learned(&log, 2);
        let of = |name: &str| stages.of_activity[usize::from(log.activity(name).expect("known"))];
        assert_eq!((of("home"), of("search")), (0, 0));
        assert_eq!((of("cart"), of("pay")), (1, 1));
        assert_eq!(stages.reached(&log), [(30, 10), (20, 20)]);
        assert_eq!(Stages::learned(&log, 99).names.len(), 4);
    }

    #[test]
    fn what_a_mapping_leaves_out_is_other() {
        let log = log();
        let stages = Stages::mapped(&log, [("home", "explore"), ("search", "explore"), ("pay", "buy")]);
        assert_eq!(stages.names, ["explore", "buy", OTHER]);
        assert_eq!(stages.of_activity[usize::from(log.activity("cart").expect("known"))], 2);
    }
}
