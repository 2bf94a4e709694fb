//! Less of a map without losing anything: what is not shown is counted as "other".

use super::map::Map;

/// A map reduced to its main activities and ways.
#[derive(Debug, Clone, PartialEq)]
pub struct Simplified {
    /// Activities shown, as numbers of the full map's nodes.
    pub nodes: Vec<u16>,
    /// Edges shown, as places in the full map's list.
    pub edges: Vec<usize>,
    /// Events of the activities not shown.
    pub other_events: u64,
    /// Steps not shown although both ends are, per shown activity they leave from.
    pub other_steps: Vec<(u16, u64)>,
    /// Steps with an end that is not shown.
    pub hidden_steps: u64,
}

/// Keeps the most frequent activities until they hold `share` of the events, then the most frequent edges among them
/// until those hold `share` of these edges' steps; every shown activity keeps its most frequent way in and out.
#[must_use]
pub fn simplify(map: &Map, share: f64) -> Simplified {
    let mut order: Vec<usize> = (0..map.nodes.len()).collect();
    order.sort_by_key(|&n| (std::cmp::Reverse(map.nodes[n].events), n));
    let mut shown = vec![false; map.nodes.len()];
    let mut covered = 0;
    for n in order {
        if covered as f64 >= share * map.events as f64 && covered > 0 {
            break;
        }
        shown[n] = true;
        covered += map.nodes[n].events;
    }
    let inside: Vec<usize> = (0..map.edges.len()).filter(|&e| shown[usize::from(map.edges[e].from)] && shown[usize::from(map.edges[e].to)]).collect();
    let steps: u64 = inside.iter().map(|&e| map.edges[e].count).sum();
    let (mut has_in, mut has_out) = (vec![false; shown.len()], vec![false; shown.len()]);
    let mut covered_steps = 0_u64;
    let mut edges = Vec::new();
    let mut other = vec![0_u64; shown.len()];
    // Edges come most frequent first, so the first seen is the most frequent of its activity.
    for &e in &inside {
        let edge = &map.edges[e];
        let (from, to) = (usize::from(edge.from), usize::from(edge.to));
        let needed = from != to && (!has_out[from] || !has_in[to]);
        if needed || (covered_steps as f64) < share * steps as f64 {
            edges.push(e);
            covered_steps += edge.count;
            if from != to {
                (has_out[from], has_in[to]) = (true, true);
            }
        } else {
            other[from] += edge.count;
        }
    }
    let nodes: Vec<u16> = map.nodes.iter().map(|n| n.activity).filter(|a| shown[usize::from(*a)]).collect();
    Simplified {
        other_events: map.events - covered,
        other_steps: nodes.iter().map(|&a| (a, other[usize::from(a)])).filter(|o| o.1 > 0).collect(),
        hidden_steps: map.events - map.cases - steps,
        nodes,
        edges,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journey::EventLog;

    #[test]
    fn shown_and_other_always_add_up() {
        let mut random = crate::numeric::random::Random::new(31);
        let names: Vec<String> = (0..12).map(|n| format!("a{n}")).collect();
        let cases: Vec<String> = (0..300).map(|n| n.to_string()).collect();
        let mut events = Vec::new();
        for case in &cases {
            for step in 0..1 + random.below(8) {
                let skewed = random.below(12) * random.below(12) / 12;
                events.push((case.as_str(), names[skewed].as_str(), step as i64));
            }
        }
        let map = Map::of(&EventLog::from_events(events).expect("few"));
        for share in [0.0, 0.3, 0.8, 0.95, 1.0] {
            let part = simplify(&map, share);
            let events: u64 = part.nodes.iter().map(|&a| map.nodes[usize::from(a)].events).sum();
            assert_eq!(events + part.other_events, map.events);
            let steps: u64 = part.edges.iter().map(|&e| map.edges[e].count).sum();
            let other: u64 = part.other_steps.iter().map(|o| o.1).sum();
            assert_eq!(steps + other + part.hidden_steps, map.events - map.cases);
        }
        assert_eq!(simplify(&map, 1.0).edges.len(), map.edges.len());
    }
}
