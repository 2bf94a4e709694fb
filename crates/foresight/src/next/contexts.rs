//! Counts of what followed each context, with Kneser–Ney smoothing.

use super::waits::Waits;

/// Contexts are at most this long.
pub const LONGEST: usize = 12;
/// A shallower context is preferred for waiting times until a deeper one has so many.
const ENOUGH_WAITS: u32 = 30;
/// Waiting times are kept for contexts of up to so many symbols.
const WAITS_DEPTH: usize = 3;

/// Longer contexts that leave less than this to shorter ones have said it all: what is left is spread evenly.
const NOTHING: f32 = 1e-4;

/// Symbol of the end of a case among what may follow.
pub(super) const END: u16 = u16::MAX;

/// Place of a symbol among probabilities of which the last is the end's.
pub(super) fn place(symbol: u16, size: usize) -> usize {
    if symbol == END { size - 1 } else { usize::from(symbol) }
}

#[derive(Debug, Clone, Default)]
struct Node {
    /// What followed, and how often; END among them.
    after: Vec<(u16, u32)>,
    total: u32,
    /// The context one symbol longer to the left.
    longer: Vec<(u16, u32)>,
    /// Place in the list of waits, plus one.
    waits: u32,
}

/// Counts of what followed each context.
#[derive(Debug, Clone)]
pub(super) struct Contexts {
    order: usize,
    nodes: Vec<Node>,
    waits: Vec<Waits>,
    /// Pairs of context and symbol seen once and twice, by length of the context: they give the discounts.
    once: [u32; LONGEST + 1],
    twice: [u32; LONGEST + 1],
}

impl Contexts {
    pub(super) fn new(order: usize) -> Self {
        Self { order: order.min(LONGEST), nodes: vec![Node::default()], waits: Vec::new(), once: [0; LONGEST + 1], twice: [0; LONGEST + 1] }
    }

    pub(super) fn count(&mut self, recent: &[u16], symbol: u16, wait: Option<i64>) {
        let mut path = [0_usize; LONGEST + 1];
        let mut depth = 0;
        for &context in recent.iter().rev().take(self.order) {
            path[depth + 1] = self.longer(path[depth], context);
            depth += 1;
        }
        if let Some(wait) = wait {
            for &node in &path[..=depth.min(WAITS_DEPTH)] {
                if self.nodes[node].waits == 0 {
                    self.waits.push(Waits::default());
                    self.nodes[node].waits = self.waits.len() as u32;
                }
                self.waits[self.nodes[node].waits as usize - 1].add(wait);
            }
        }
        for (length, &place) in path[..=depth].iter().enumerate().rev() {
            let node = &mut self.nodes[place];
            node.total += 1;
            if let Some(known) = node.after.iter_mut().find(|a| a.0 == symbol) {
                known.1 += 1;
                match known.1 {
                    2 => {
                        self.once[length] -= 1;
                        self.twice[length] += 1;
                    }
                    3 => self.twice[length] -= 1,
                    _ => {}
                }
                // Known here: shorter contexts have counted it for this context already.
                return;
            }
            node.after.push((symbol, 1));
            self.once[length] += 1;
        }
    }

    /// The context one symbol longer, made when needed.
    fn longer(&mut self, node: usize, symbol: u16) -> usize {
        match self.nodes[node].longer.binary_search_by_key(&symbol, |l| l.0) {
            Ok(place) => self.nodes[node].longer[place].1 as usize,
            Err(place) => {
                let new = self.nodes.len();
                self.nodes.push(Node::default());
                self.nodes[node].longer.insert(place, (symbol, new as u32));
                new
            }
        }
    }

    /// What is taken from each count and given to shorter contexts: Ney, Essen and Kneser's estimate (1994).
    fn discount(&self, length: usize) -> f32 {
        let (once, twice) = (self.once[length] as f32, self.twice[length] as f32);
        if once + twice == 0.0 { 0.75 } else { ((once + 0.5) / (once + 2.0 * twice + 1.0)).clamp(0.05, 0.95) }
    }

    /// Fills in the probabilities (the end of the case last) and returns the waits of the best context.
    ///
    /// What the longest context leaves goes to the next shorter one and so on: taken in that order, each context costs
    /// only what has followed it, however many activities there are.
    pub(super) fn predict(&self, recent: &[u16], p: &mut [f32]) -> Option<&Waits> {
        let size = p.len();
        let mut path = [&self.nodes[0]; LONGEST + 1];
        let mut depth = 0;
        for context in recent.iter().rev().take(self.order) {
            let Ok(place) = path[depth].longer.binary_search_by_key(context, |l| l.0) else { break };
            depth += 1;
            path[depth] = &self.nodes[path[depth - 1].longer[place].1 as usize];
        }
        p.fill(0.0);
        let mut left = 1.0_f32;
        for (length, node) in path[..=depth].iter().enumerate().rev().filter(|(_, node)| node.total > 0) {
            let (discount, scale) = (self.discount(length), left / node.total as f32);
            for &(symbol, count) in &node.after {
                p[place(symbol, size)] += (count as f32 - discount) * scale;
            }
            left = discount * node.after.len() as f32 * scale;
            if left < NOTHING {
                break;
            }
        }
        let even = left / size as f32;
        p.iter_mut().for_each(|p| *p += even);
        let waits = path[..=depth.min(WAITS_DEPTH)].iter().rev().filter_map(|node| self.waits_of(node));
        let mut any = None;
        for waits in waits {
            any = Some(waits);
            if waits.total() >= ENOUGH_WAITS {
                break;
            }
        }
        any
    }

    fn waits_of(&self, node: &Node) -> Option<&Waits> {
        (node.waits as usize).checked_sub(1).map(|place| &self.waits[place])
    }
}
