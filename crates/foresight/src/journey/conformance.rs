//! How far cases keep to the path that was intended for them.

use super::log::EventLog;

/// An intended path: activities in order, each of which may be required and may repeat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub activity: u16,
    pub required: bool,
    pub may_repeat: bool,
}

/// What one case did beside the path.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Deviations {
    /// Required steps that are missing.
    pub missing: Vec<u16>,
    /// Events that fit nowhere in the path at their place.
    pub unexpected: Vec<u16>,
}

/// Conformance of a whole log.
#[derive(Debug, Clone, PartialEq)]
pub struct Conformance {
    pub cases: u64,
    pub conforming: u64,
    /// Mean over cases of 1 − deviations ÷ (events + required steps), the alignment fitness with unit costs.
    pub fitness: f64,
    /// Cases in which each step is missing, by step of the path.
    pub missing: Vec<u64>,
    /// Cases with each unexpected activity, by number of the activity.
    pub unexpected: Vec<u64>,
}

/// Cheapest alignment of a trace with a path: each unexpected event and each missing required step costs one.
/// Takes O(events × steps).
#[must_use]
pub fn align(trace: &[u16], path: &[Step]) -> Deviations {
    let (events, steps) = (trace.len(), path.len());
    let width = steps + 1;
    // cost[e][s]: cheapest way to explain events e.. with steps s..
    let mut cost = vec![0_u32; (events + 1) * width];
    for s in (0..steps).rev() {
        cost[events * width + s] = cost[events * width + s + 1] + u32::from(path[s].required);
    }
    for e in (0..events).rev() {
        cost[e * width + steps] = cost[(e + 1) * width + steps] + 1;
        for s in (0..steps).rev() {
            let skip_event = cost[(e + 1) * width + s] + 1;
            let skip_step = cost[e * width + s + 1] + u32::from(path[s].required);
            let mut best = skip_event.min(skip_step);
            if path[s].activity == trace[e] {
                best = best.min(cost[last_repeat(trace, path, e, s) * width + s + 1]);
            }
            cost[e * width + s] = best;
        }
    }
    let mut deviations = Deviations::default();
    let (mut e, mut s) = (0, 0);
    while e < events || s < steps {
        let here = cost[e * width + s];
        if e < events && s < steps && path[s].activity == trace[e] {
            let after = last_repeat(trace, path, e, s);
            if cost[after * width + s + 1] == here {
                (e, s) = (after, s + 1);
                continue;
            }
        }
        if s < steps && cost[e * width + s + 1] + u32::from(path[s].required) == here {
            if path[s].required {
                deviations.missing.push(path[s].activity);
            }
            s += 1;
        } else {
            deviations.unexpected.push(trace[e]);
            e += 1;
        }
    }
    deviations
}

/// First event after those that a step takes when it begins at event `e`.
fn last_repeat(trace: &[u16], path: &[Step], e: usize, s: usize) -> usize {
    if !path[s].may_repeat {
        return e + 1;
    }
    trace[e..].iter().position(|a| *a != path[s].activity).map_or(trace.len(), |n| e + n)
}

/// Aligns every case of a log. Equal traces are aligned once.
#[must_use]
pub fn conformance(log: &EventLog, path: &[Step]) -> Conformance {
    let mut total = Conformance { cases: 0, conforming: 0, fitness: 0.0, missing: vec![0; path.len()], unexpected: vec![0; log.activities()] };
    let required = path.iter().filter(|s| s.required).count();
    for variant in super::variants(log) {
        let trace = log.trace(variant.example);
        let mut found = align(trace, path);
        let wrong = found.missing.len() + found.unexpected.len();
        total.cases += variant.cases;
        total.conforming += if wrong == 0 { variant.cases } else { 0 };
        total.fitness += variant.cases as f64 * (1.0 - wrong as f64 / (trace.len() + required).max(1) as f64);
        for (step, count) in path.iter().zip(&mut total.missing) {
            *count += if found.missing.contains(&step.activity) { variant.cases } else { 0 };
        }
        found.unexpected.sort_unstable();
        found.unexpected.dedup();
        for activity in found.unexpected {
            total.unexpected[usize::from(activity)] += variant.cases;
        }
    }
    total.fitness /= total.cases.max(1) as f64;
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATH: [Step; 3] = [
        Step { activity: 0, required: true, may_repeat: false },
        Step { activity: 1, required: false, may_repeat: true },
        Step { activity: 2, required: true, may_repeat: false },
    ];

    #[test]
    fn the_cheapest_explanation_is_found() {
        assert_eq!(align(&[0, 2], &PATH), Deviations::default());
        assert_eq!(align(&[0, 1, 1, 1, 2], &PATH), Deviations::default());
        assert_eq!(align(&[0, 1], &PATH), Deviations { missing: vec![2], unexpected: vec![] });
        assert_eq!(align(&[2, 0, 2, 3], &PATH), Deviations { missing: vec![], unexpected: vec![2, 3] });
        assert_eq!(align(&[], &PATH).missing, [0, 2]);
    }

    #[test]
    fn a_log_is_summed_over_its_cases() {
        let log = EventLog::from_events([
            ("1", "see", 0),
            ("1", "ask", 1),
            ("1", "buy", 2),
            ("2", "see", 0),
            ("2", "other", 1),
            ("3", "see", 0),
            ("3", "ask", 1),
            ("3", "buy", 2),
        ])
        .expect("few");
        let found = conformance(&log, &PATH);
        assert_eq!((found.cases, found.conforming), (3, 2));
        assert_eq!(found.missing, [0, 0, 1]);
        assert_eq!(found.unexpected, [0, 0, 0, 1]);
        assert!((found.fitness - (2.0 + 0.5) / 3.0).abs() < 1e-12);
    }
}
