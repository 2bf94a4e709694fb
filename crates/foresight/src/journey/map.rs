//! The directly-follows graph, counted in one pass.

use super::log::EventLog;

/// Spread of durations in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Durations {
    pub count: u64,
    pub mean: f64,
    pub median: f64,
    pub p90: f64,
    pub p95: f64,
    pub longest: i64,
}

/// An activity of the map.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    pub activity: u16,
    pub name: String,
    pub events: u64,
    /// Different cases in which it happens.
    pub cases: u64,
    /// Cases that begin or end here.
    pub starts: u64,
    pub ends: u64,
    /// Events that repeat the activity later in the same case: `events − cases`.
    pub repeats: u64,
}

/// One activity directly following another in the same case.
#[derive(Debug, Clone, PartialEq)]
pub struct Edge {
    pub from: u16,
    pub to: u16,
    pub count: u64,
    /// Different cases in which it happens.
    pub cases: u64,
    /// Time between the two events; its count equals `count`.
    pub durations: Durations,
}

/// What happens in a log. The following always hold, see [`Map::reconcile`]:
/// events of the nodes add up to the events of the log, edge counts to events minus cases, starts and ends to cases.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Map {
    pub events: u64,
    pub cases: u64,
    pub nodes: Vec<Node>,
    /// By count, most frequent first.
    pub edges: Vec<Edge>,
    /// Time from the first to the last event of a case.
    pub case_durations: Durations,
}

impl Durations {
    /// Summarises durations; the slice is reordered.
    #[must_use]
    pub fn of(values: &mut [i64]) -> Self {
        if values.is_empty() {
            return Self::default();
        }
        let count = values.len();
        let mean = values.iter().map(|v| *v as f64).sum::<f64>() / count as f64;
        let longest = values.iter().copied().max().unwrap_or(0);
        // From the highest down: each selection leaves the smaller part in front.
        let p95 = quantile(values, 0.95);
        let p90 = quantile(values, 0.9);
        let median = quantile(values, 0.5);
        Self { count: count as u64, mean, median, p90, p95, longest }
    }
}

/// Quantile by selection, linear between neighbours.
fn quantile(values: &mut [i64], q: f64) -> f64 {
    let place = q * (values.len() - 1) as f64;
    let low = place.floor() as usize;
    let (_, &mut lower, above) = values.select_nth_unstable(low);
    let share = place - low as f64;
    match above.iter().min() {
        Some(&upper) if share > 0.0 => lower as f64 + share * (upper - lower) as f64,
        _ => lower as f64,
    }
}

/// Pairs of activities up to this many distinct ones are counted in a dense matrix.
const DENSE: usize = 1_024;

/// Numbers pairs of activities in order of appearance.
enum Pairs {
    Dense { side: usize, numbers: Vec<u32> },
    Sparse(std::collections::HashMap<(u16, u16), u32>),
}

impl Pairs {
    fn new(activities: usize) -> Self {
        if activities <= DENSE {
            Self::Dense { side: activities, numbers: vec![u32::MAX; activities * activities] }
        } else {
            Self::Sparse(std::collections::HashMap::new())
        }
    }

    /// The pair's number; `next` is taken when it is new.
    fn number(&mut self, from: u16, to: u16, next: usize) -> usize {
        let slot = match self {
            Self::Dense { side, numbers } => &mut numbers[usize::from(from) * *side + usize::from(to)],
            Self::Sparse(map) => map.entry((from, to)).or_insert(u32::MAX),
        };
        if *slot == u32::MAX {
            *slot = next as u32;
        }
        *slot as usize
    }
}

struct Counting {
    edges: Vec<Edge>,
    /// The last case that walked each edge and visited each activity, plus one.
    edge_case: Vec<u64>,
    node_case: Vec<u64>,
    pairs: Pairs,
}

impl Map {
    /// Counts a log.
    #[must_use]
    pub fn of(log: &EventLog) -> Self {
        let mut nodes: Vec<Node> = (0..log.activities()).map(|a| Node::new(a as u16, log)).collect();
        let mut counting = Counting { edges: Vec::new(), edge_case: Vec::new(), node_case: vec![0; nodes.len()], pairs: Pairs::new(nodes.len()) };
        let mut case_durations = Vec::with_capacity(log.cases());
        for case in 0..log.cases() {
            let (trace, times) = (log.trace(case), log.times(case));
            let (Some(&first), Some(&last)) = (trace.first(), trace.last()) else { continue };
            counting.case(case, trace, &mut nodes);
            nodes[usize::from(first)].starts += 1;
            nodes[usize::from(last)].ends += 1;
            case_durations.push(times[times.len() - 1] - times[0]);
        }
        let Counting { mut edges, mut pairs, .. } = counting;
        time_edges(log, &mut edges, &mut pairs);
        edges.sort_by_key(|e| (std::cmp::Reverse(e.count), e.from, e.to));
        for node in &mut nodes {
            node.repeats = node.events - node.cases;
        }
        Self { events: log.events() as u64, cases: log.cases() as u64, nodes, edges, case_durations: Durations::of(&mut case_durations) }
    }

    /// Checks that the parts add up to the whole.
    ///
    /// # Errors
    /// Which sum does not, in words.
    pub fn reconcile(&self) -> Result<(), String> {
        let sum = |f: fn(&Node) -> u64| self.nodes.iter().map(f).sum::<u64>();
        let edges: u64 = self.edges.iter().map(|e| e.count).sum();
        let into = |a: u16| self.edges.iter().filter(|e| e.to == a).map(|e| e.count).sum::<u64>();
        let out_of = |a: u16| self.edges.iter().filter(|e| e.from == a).map(|e| e.count).sum::<u64>();
        let same = |what: &str, found: u64, wanted: u64| {
            if found == wanted { Ok(()) } else { Err(format!("{what}: {found} instead of {wanted}")) }
        };
        same("events of the activities", sum(|n| n.events), self.events)?;
        same("starts", sum(|n| n.starts), self.cases)?;
        same("ends", sum(|n| n.ends), self.cases)?;
        same("steps", edges, self.events - self.cases)?;
        for node in &self.nodes {
            same(&format!("ways into {}", node.name), into(node.activity) + node.starts, node.events)?;
            same(&format!("ways out of {}", node.name), out_of(node.activity) + node.ends, node.events)?;
        }
        Ok(())
    }

    /// The edge between two activities.
    #[must_use]
    pub fn edge(&self, from: u16, to: u16) -> Option<&Edge> {
        self.edges.iter().find(|e| e.from == from && e.to == to)
    }

    /// Edges by the time they cost in total (count × mean), the costliest first: where waiting hurts most.
    #[must_use]
    pub fn bottlenecks(&self) -> Vec<&Edge> {
        let cost = |e: &Edge| e.count as f64 * e.durations.mean;
        let mut edges: Vec<&Edge> = self.edges.iter().collect();
        edges.sort_by(|a, b| cost(b).total_cmp(&cost(a)));
        edges
    }

    /// Share of the cases that visit an activity and never go on to anything after their last visit of it.
    #[must_use]
    pub fn drop_out(&self, activity: u16) -> Option<f64> {
        let node = self.nodes.iter().find(|n| n.activity == activity)?;
        (node.cases > 0).then(|| node.ends as f64 / node.cases as f64)
    }
}

impl Node {
    fn new(activity: u16, log: &EventLog) -> Self {
        let name = log.activity_name(activity);
        Self { activity, name, events: 0, cases: 0, starts: 0, ends: 0, repeats: 0 }
    }
}

impl Counting {
    fn case(&mut self, case: usize, trace: &[u16], nodes: &mut [Node]) {
        let stamp = case as u64 + 1;
        let mut previous = None;
        for &activity in trace {
            let node = usize::from(activity);
            nodes[node].events += 1;
            if self.node_case[node] != stamp {
                self.node_case[node] = stamp;
                nodes[node].cases += 1;
            }
            if let Some(from) = previous {
                let number = self.pairs.number(from, activity, self.edges.len());
                if number == self.edges.len() {
                    let durations = Durations::default();
                    self.edges.push(Edge { from, to: activity, count: 0, cases: 0, durations });
                    self.edge_case.push(0);
                }
                let edge = &mut self.edges[number];
                edge.count += 1;
                if self.edge_case[number] != stamp {
                    self.edge_case[number] = stamp;
                    edge.cases += 1;
                }
            }
            previous = Some(activity);
        }
    }
}

/// Puts the durations of each edge side by side (a counting sort) and summarises them.
fn time_edges(log: &EventLog, edges: &mut [Edge], pairs: &mut Pairs) {
    let mut next = Vec::with_capacity(edges.len());
    let mut total = 0_usize;
    for edge in edges.iter() {
        next.push(total);
        total += edge.count as usize;
    }
    let mut durations = vec![0_i64; total];
    for case in 0..log.cases() {
        let (trace, times) = (log.trace(case), log.times(case));
        for (activities, moments) in trace.windows(2).zip(times.windows(2)) {
            let number = pairs.number(activities[0], activities[1], 0);
            durations[next[number]] = moments[1] - moments[0];
            next[number] += 1;
        }
    }
    let mut rest = durations.as_mut_slice();
    for edge in edges {
        let (own, others) = rest.split_at_mut(edge.count as usize);
        edge.durations = Durations::of(own);
        rest = others;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_times_and_sums_of_a_small_log() {
        let log =
            EventLog::from_events([("1", "see", 0), ("1", "ask", 10), ("1", "ask", 40), ("1", "buy", 50), ("2", "see", 0), ("2", "ask", 30), ("3", "see", 7)])
                .expect("few");
        let map = Map::of(&log);
        map.reconcile().expect("adds up");
        let [see, ask, buy] = ["see", "ask", "buy"].map(|n| log.activity(n).expect("known"));
        let first = map.edge(see, ask).expect("walked");
        assert_eq!((first.count, first.cases, first.durations.median), (2, 2, 20.0));
        assert_eq!(map.edge(ask, ask).map(|e| (e.count, e.cases)), Some((1, 1)));
        assert_eq!(map.edge(ask, buy).map(|e| e.durations.longest), Some(10));
        assert_eq!(map.edge(buy, see), None);
        assert_eq!(map.nodes[usize::from(ask)].repeats, 1);
        assert_eq!(map.drop_out(see), Some(1.0 / 3.0));
        assert_eq!(map.case_durations.longest, 50);
        assert_eq!(map.bottlenecks()[0].from, see);
    }

    #[test]
    fn selected_quantiles_equal_sorted_ones() {
        let mut random = crate::numeric::random::Random::new(8);
        for n in 1..60 {
            let mut values: Vec<i64> = (0..n).map(|_| random.below(50) as i64).collect();
            let floats: Vec<f64> = values.iter().map(|v| *v as f64).collect();
            let found = Durations::of(&mut values);
            for (q, value) in [(0.5, found.median), (0.9, found.p90), (0.95, found.p95)] {
                let wanted = crate::numeric::summary::quantile(&floats, q).expect("some");
                assert!((value - wanted).abs() < 1e-9);
            }
        }
    }
}
