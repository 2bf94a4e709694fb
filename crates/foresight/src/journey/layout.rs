//! Places for drawing a map: layers from left to right, few crossings, the main road straight.
//!
//! The steps are those of Sugiyama, Tagawa and Toda (1981): break cycles, layer, order, place.

use super::map::Map;
use super::simplify::Simplified;

/// A drawn activity, its centre. One unit is the distance between two layers or two rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Placed {
    pub activity: u16,
    pub x: f64,
    pub y: f64,
}

/// A drawn edge: the place in the full map's list and the points it goes through, ends included.
#[derive(Debug, Clone, PartialEq)]
pub struct Routed {
    pub edge: usize,
    pub points: Vec<(f64, f64)>,
    /// It leads back to an earlier layer (or to itself).
    pub backwards: bool,
}

/// The picture; coordinates start at zero.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Layout {
    pub nodes: Vec<Placed>,
    pub edges: Vec<Routed>,
    pub width: f64,
    pub height: f64,
}

/// Rounds of ordering; the crossings no longer fall after a few.
const ROUNDS: usize = 12;

struct Work {
    /// Layer of each vertex; the first ones are the activities, bends of long edges follow.
    layer: Vec<usize>,
    /// Vertices of each layer in order.
    layers: Vec<Vec<usize>>,
    /// Neighbouring vertices in the layer before and after, with weights.
    before: Vec<Vec<(usize, f64)>>,
    after: Vec<Vec<(usize, f64)>>,
}

/// Lays out the shown part of a map.
#[must_use]
pub fn layout(map: &Map, shown: &Simplified) -> Layout {
    let count = shown.nodes.len();
    if count == 0 {
        return Layout::default();
    }
    let place = |activity: u16| shown.nodes.iter().position(|a| *a == activity);
    let ends: Vec<(usize, usize)> = (shown.edges.iter()).map(|&e| (place(map.edges[e].from).unwrap_or(0), place(map.edges[e].to).unwrap_or(0))).collect();
    let weights: Vec<f64> = shown.edges.iter().map(|&e| map.edges[e].count as f64).collect();
    let starts: Vec<f64> = shown.nodes.iter().map(|&a| map.nodes[usize::from(a)].starts as f64).collect();
    let order = sequence(count, &ends, &weights, &starts);
    let (work, chains) = layers(count, &ends, &weights, &order);
    let work = arrange(work);
    let y = rows(&work, count);
    let point = |v: usize| (work.layer[v] as f64, y[v]);
    let edges = (shown.edges.iter().zip(&ends).zip(&chains))
        .map(|((&edge, &(from, to)), chain)| {
            let backwards = order[from] >= order[to];
            let mut points: Vec<(f64, f64)> = chain.iter().map(|&v| point(v)).collect();
            if backwards {
                points.reverse();
            }
            if from == to {
                let (x, y) = point(from);
                points = vec![(x, y), (x - 0.25, y - 0.45), (x + 0.25, y - 0.45), (x, y)];
            }
            Routed { edge, points, backwards }
        })
        .collect();
    let nodes = (0..count).map(|v| Placed { activity: shown.nodes[v], x: point(v).0, y: point(v).1 }).collect();
    Layout { nodes, edges, width: work.layers.len() as f64 - 1.0, height: y.iter().fold(0.0, |m: f64, v| m.max(*v)) }
}

/// A linear order in which most of the traffic goes forwards (Eades, Lin and Smyth's greedy choice by balance of what
/// goes out and in; starts of cases count as coming in from outside, which puts true beginnings first).
fn sequence(count: usize, ends: &[(usize, usize)], weights: &[f64], starts: &[f64]) -> Vec<usize> {
    let mut balance: Vec<f64> = starts.to_vec();
    for (&(from, to), weight) in ends.iter().zip(weights) {
        if from != to {
            balance[from] += weight;
            balance[to] -= weight;
        }
    }
    let mut order = vec![usize::MAX; count];
    for position in 0..count {
        let next = (0..count).filter(|&v| order[v] == usize::MAX).max_by(|&a, &b| balance[a].total_cmp(&balance[b]));
        let Some(next) = next else { break };
        order[next] = position;
        // Removing it frees what it leads to.
        for (&(from, to), weight) in ends.iter().zip(weights) {
            if from == next && to != next {
                balance[to] += weight;
            } else if to == next && from != next {
                balance[from] -= weight;
            }
        }
    }
    order
}

/// Longest-path layers along the order, and bends where an edge passes a layer.
fn layers(count: usize, ends: &[(usize, usize)], weights: &[f64], order: &[usize]) -> (Work, Vec<Vec<usize>>) {
    let forward: Vec<(usize, usize)> = ends.iter().map(|&(a, b)| if order[a] <= order[b] { (a, b) } else { (b, a) }).collect();
    let mut by_order: Vec<usize> = (0..count).collect();
    by_order.sort_by_key(|&v| order[v]);
    let mut layer = vec![0_usize; count];
    for &v in &by_order {
        for &(from, to) in forward.iter().filter(|e| e.0 == v && e.1 != v) {
            layer[to] = layer[to].max(layer[from] + 1);
        }
    }
    let depth = layer.iter().max().map_or(1, |l| l + 1);
    let mut work = Work { layers: vec![Vec::new(); depth], before: vec![Vec::new(); count], after: vec![Vec::new(); count], layer };
    by_order.iter().for_each(|&v| work.layers[work.layer[v]].push(v));
    let chains = (forward.iter().zip(weights))
        .map(|(&(from, to), &weight)| {
            let mut chain = vec![from];
            for layer in work.layer[from] + 1..work.layer[to] {
                let bend = work.layer.len();
                work.layer.push(layer);
                work.layers[layer].push(bend);
                work.before.push(Vec::new());
                work.after.push(Vec::new());
                chain.push(bend);
            }
            if from != to {
                chain.push(to);
            }
            for pair in chain.windows(2) {
                work.after[pair[0]].push((pair[1], weight));
                work.before[pair[1]].push((pair[0], weight));
            }
            chain
        })
        .collect();
    (work, chains)
}

/// Orders each layer by the weighted mean place of its neighbours, forwards and backwards in turn; the round with the
/// fewest weighted crossings is kept.
fn arrange(mut work: Work) -> Work {
    let mut best = (crossings(&work), work.layers.clone());
    for round in 0..ROUNDS {
        let depth = work.layers.len();
        let mut place = vec![0.0; work.layer.len()];
        let mark = |layer: &[usize], place: &mut Vec<f64>| {
            layer.iter().enumerate().for_each(|(i, &v)| place[v] = i as f64 - 0.5 * layer.len() as f64);
        };
        work.layers.iter().for_each(|layer| mark(layer, &mut place));
        for step in 1..depth {
            let (current, neighbours) = if round % 2 == 0 { (step, &work.before) } else { (depth - 1 - step, &work.after) };
            let centre = |v: usize| {
                let total: f64 = neighbours[v].iter().map(|n| n.1).sum();
                if total > 0.0 { neighbours[v].iter().map(|n| n.1 * place[n.0]).sum::<f64>() / total } else { place[v] }
            };
            let mut keyed: Vec<(f64, usize)> = work.layers[current].iter().map(|&v| (centre(v), v)).collect();
            keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
            work.layers[current] = keyed.into_iter().map(|k| k.1).collect();
            mark(&work.layers[current], &mut place);
        }
        let count = crossings(&work);
        if count < best.0 {
            best = (count, work.layers.clone());
        }
    }
    work.layers = best.1;
    work
}

/// Number of pairs of edges that cross between neighbouring layers.
fn crossings(work: &Work) -> usize {
    let mut place = vec![0_usize; work.layer.len()];
    for layer in &work.layers {
        layer.iter().enumerate().for_each(|(i, &v)| place[v] = i);
    }
    let mut total = 0;
    for layer in &work.layers {
        let mut targets: Vec<(usize, usize)> = layer.iter().flat_map(|&v| work.after[v].iter().map(|n| (place[v], place[n.0])).collect::<Vec<_>>()).collect();
        targets.sort_unstable();
        for (i, a) in targets.iter().enumerate() {
            total += targets[i + 1..].iter().filter(|b| b.0 > a.0 && b.1 < a.1).count();
        }
    }
    total
}

/// Room that a bend of a passing edge takes, in rows; an activity takes one.
const BEND: f64 = 0.45;

/// Rows: every vertex is drawn towards its neighbours, far enough from the next in its layer that neither lies on the other.
/// The first `count` vertices are activities, the others bends.
fn rows(work: &Work, count: usize) -> Vec<f64> {
    let room = |v: usize| if v < count { 1.0 } else { BEND };
    // Where each vertex of a layer would be if they stood as close as they may.
    let close = |layer: &[usize]| -> Vec<f64> {
        let mut place = 0.0;
        let mut before = 0.0;
        (layer.iter())
            .map(|&v| {
                place += if before > 0.0 { f64::midpoint(before, room(v)) } else { 0.0 };
                before = room(v);
                place
            })
            .collect()
    };
    let closest: Vec<Vec<f64>> = work.layers.iter().map(|layer| close(layer)).collect();
    let mut y = vec![0.0; work.layer.len()];
    for (layer, closest) in work.layers.iter().zip(&closest) {
        let middle = 0.5 * closest.last().copied().unwrap_or(0.0);
        layer.iter().zip(closest).for_each(|(&v, place)| y[v] = place - middle);
    }
    for _ in 0..ROUNDS {
        for (layer, closest) in work.layers.iter().zip(&closest) {
            let wish = |v: usize| {
                let (sum, total) = (work.before[v].iter().chain(&work.after[v])).fold((0.0, 0.0), |(s, t), n| (s + n.1 * y[n.0], t + n.1));
                if total > 0.0 { sum / total } else { y[v] }
            };
            let wishes: Vec<f64> = layer.iter().map(|&v| wish(v)).collect();
            for (&v, place) in layer.iter().zip(spaced(&wishes, closest)) {
                y[v] = place;
            }
        }
    }
    let top = y.iter().fold(f64::INFINITY, |m, v| m.min(*v));
    y.iter().map(|v| v - top).collect()
}

/// The ascending places nearest to the wishes in squares, each at least as far from the next as the closest places are from
/// each other (pool adjacent violators).
fn spaced(wishes: &[f64], closest: &[f64]) -> Vec<f64> {
    let mut blocks: Vec<(f64, usize)> = Vec::new();
    for (wish, close) in wishes.iter().zip(closest) {
        blocks.push((wish - close, 1));
        while let [.., a, b] = blocks[..]
            && a.0 > b.0
        {
            blocks.truncate(blocks.len() - 2);
            let size = a.1 + b.1;
            blocks.push(((a.0 * a.1 as f64 + b.0 * b.1 as f64) / size as f64, size));
        }
    }
    let free = blocks.iter().flat_map(|&(value, size)| std::iter::repeat_n(value, size));
    free.zip(closest).map(|(value, close)| value + close).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journey::{EventLog, simplify::simplify};

    #[test]
    fn the_main_road_runs_from_left_to_right_without_overlaps() {
        let cases: Vec<String> = (0..60).map(|n| n.to_string()).collect();
        let mut events = Vec::new();
        for (n, case) in cases.iter().enumerate() {
            let mut trace = vec!["home", "search", "product"];
            if n % 3 == 0 {
                trace.extend(["search", "product"]);
            }
            if n % 2 == 0 {
                trace.extend(["cart", "pay", "thanks"]);
            } else if n % 5 == 0 {
                trace.extend(["help", "chat", "chat"]);
            }
            events.extend(trace.iter().enumerate().map(|(i, name)| (case.as_str(), *name, i as i64)));
        }
        let log = EventLog::from_events(events).expect("few");
        let map = Map::of(&log);
        let shown = simplify(&map, 1.0);
        let picture = layout(&map, &shown);
        let x = |name: &str| {
            let activity = log.activity(name).expect("known");
            picture.nodes.iter().find(|n| n.activity == activity).expect("drawn").x
        };
        assert!(x("home") < x("search") && x("search") < x("product") && x("product") < x("cart"));
        assert!(x("cart") < x("pay") && x("pay") < x("thanks"));
        for (i, a) in picture.nodes.iter().enumerate() {
            for b in &picture.nodes[i + 1..] {
                assert!(a.x != b.x || (a.y - b.y).abs() > 0.999, "{a:?} {b:?}");
            }
        }
        let back = picture.edges.iter().filter(|e| e.backwards).count();
        assert_eq!(back, 2, "product to search, and chat to itself");
        for routed in &picture.edges {
            let edge = &map.edges[routed.edge];
            let at = |a: u16| picture.nodes.iter().find(|n| n.activity == a).map(|n| (n.x, n.y));
            assert_eq!(routed.points.first().copied(), at(edge.from));
            assert_eq!(routed.points.last().copied(), at(edge.to));
        }
    }
}
