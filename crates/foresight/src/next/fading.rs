//! What has followed the last activities lately: older counts fade, so that a process that changes is followed.
//!
//! Each context remembers about as many of its latest events as `memory` says (an exponential moving average of what
//! followed). Only what has followed is held, and nothing of it for ever: memory is bounded, learning takes constant time.

use super::contexts::place;

/// Events of a context at which its own word counts as much as that of the context one activity shorter.
const PRIOR: f64 = 4.0;
/// New counts weigh ever more instead of old ones less; from this weight on all are scaled back.
const RESCALED: f64 = 1e12;
/// Against the newest event, what counts less than this is forgotten when counts are scaled back.
const FORGOTTEN: f64 = 1e-6;

#[derive(Debug, Clone, Default)]
struct Node {
    after: Vec<(u16, f64)>,
    total: f64,
    /// Weight of the newest event.
    newest: f64,
    /// The context one symbol longer to the left.
    longer: Vec<(u16, u32)>,
}

/// Fading counts of what followed contexts of up to `depth` activities.
#[derive(Debug, Clone)]
pub(super) struct Fading {
    depth: usize,
    /// How much heavier each event of a context is than the one before it.
    growth: f64,
    nodes: Vec<Node>,
}

impl Fading {
    /// Contexts of up to `depth` activities that remember about `memory` events.
    pub(super) fn new(depth: usize, memory: f64) -> Self {
        Self { depth, growth: 1.0 / (1.0 - 1.0 / memory), nodes: vec![Node::default()] }
    }

    /// Counts what followed the symbols of a case, the newest of which are last.
    pub(super) fn count(&mut self, recent: &[u16], symbol: u16) {
        let mut at = 0;
        self.nodes[at].count(symbol, self.growth);
        for &context in recent.iter().rev().take(self.depth) {
            at = match self.nodes[at].longer.binary_search_by_key(&context, |l| l.0) {
                Ok(place) => self.nodes[at].longer[place].1 as usize,
                Err(place) => {
                    let new = self.nodes.len();
                    self.nodes.push(Node::default());
                    self.nodes[at].longer.insert(place, (context, new as u32));
                    new
                }
            };
            self.nodes[at].count(symbol, self.growth);
        }
    }

    /// Fills in the probabilities, the end of the case last: the shortest context first, each longer one over it.
    pub(super) fn predict(&self, recent: &[u16], p: &mut [f32]) {
        p.fill(1.0 / p.len() as f32);
        let mut node = &self.nodes[0];
        node.lay_over(p);
        for context in recent.iter().rev().take(self.depth) {
            let Ok(place) = node.longer.binary_search_by_key(context, |l| l.0) else { break };
            node = &self.nodes[node.longer[place].1 as usize];
            node.lay_over(p);
        }
    }
}

impl Node {
    fn count(&mut self, symbol: u16, growth: f64) {
        self.newest = if self.newest == 0.0 { 1.0 } else { self.newest * growth };
        self.total += self.newest;
        match self.after.iter_mut().find(|a| a.0 == symbol) {
            Some(known) => known.1 += self.newest,
            None => self.after.push((symbol, self.newest)),
        }
        if self.newest > RESCALED {
            self.rescale();
        }
    }

    fn rescale(&mut self) {
        let newest = self.newest;
        self.after.iter_mut().for_each(|a| a.1 /= newest);
        self.after.retain(|a| a.1 > FORGOTTEN);
        self.total = self.after.iter().map(|a| a.1).sum();
        self.newest = 1.0;
    }

    /// Mixes what followed here with what shorter contexts said. In units of the newest event the total is the number of
    /// events that still count.
    fn lay_over(&self, p: &mut [f32]) {
        if self.total == 0.0 {
            return;
        }
        let size = p.len();
        let all = self.total + PRIOR * self.newest;
        let rest = (PRIOR * self.newest / all) as f32;
        p.iter_mut().for_each(|p| *p *= rest);
        let scale = 1.0 / all;
        self.after.iter().for_each(|&(symbol, weight)| p[place(symbol, size)] += (weight * scale) as f32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_now_replaces_what_followed_once() {
        let mut fading = Fading::new(1, 20.0);
        let mut p = [0.0_f32; 4];
        fading.predict(&[0], &mut p);
        assert_eq!(p, [0.25; 4]);
        (0..10_000).for_each(|_| fading.count(&[7, 0], 1));
        fading.predict(&[7, 0], &mut p);
        assert!(p[1] > 0.9 && p.iter().all(|p| *p > 0.0), "{p:?}");
        (0..60).for_each(|_| fading.count(&[7, 0], super::super::contexts::END));
        fading.predict(&[7, 0], &mut p);
        assert!(p[3] > 0.85 && p[1] < 0.1, "{p:?}");
        assert!((p.iter().sum::<f32>() - 1.0).abs() < 1e-5);
        // A context of its own is not needed where the shorter one is known.
        fading.predict(&[2], &mut p);
        assert!(p[3] > 0.6, "{p:?}");
        // Many more events are forgotten and scaled back without a trace of the old.
        (0..2_000).for_each(|_| fading.count(&[7, 0], 2));
        assert_eq!(fading.nodes[fading.nodes[0].longer[0].1 as usize].after, [(2, fading.nodes[1].after[0].1)]);
    }
}
