//! A suffix model: the longest contexts seen before decide, shorter ones fill in.
//!
//! Interpolated Kneser–Ney smoothing (Chen and Goodman 1999) over variable-length contexts. A symbol is counted in a
//! shorter context only the first time it is met in the longer one (the "update exclusion" of PPM, Cleary and Witten
//! 1984), which makes the counts of short contexts the continuation counts of Kneser and Ney. Learning one event and
//! predicting one both touch as many nodes as the longest context has symbols: constant time, whatever was seen before.

use super::waits::Waits;

/// Contexts are at most this long.
pub const LONGEST: usize = 12;
/// A shallower context is preferred for waiting times until a deeper one has so many.
const ENOUGH_WAITS: u32 = 30;
/// Waiting times are kept for contexts of up to so many symbols.
const WAITS_DEPTH: usize = 3;

/// Symbol of the beginning of a case in contexts.
const BEGIN: u16 = u16::MAX;
/// Symbol of the end of a case among what may follow.
const END: u16 = u16::MAX;

/// Waits as symbols of contexts lie above this number, below [`BEGIN`].
const WAITS_FROM: u16 = 65_000;

/// Repeats of an activity as symbols of contexts lie above this number; more than [`MOST_REPEATS`] are one symbol.
const REPEATS_FROM: u16 = 65_100;
const MOST_REPEATS: u16 = 8;

/// A factor four from a minute to months: finer steps would only split the counts.
fn wait_symbol(wait: i64) -> u16 {
    let minutes = (wait / 60_000).clamp(0, 1 << 20);
    WAITS_FROM + if minutes == 0 { 0 } else { 1 + minutes.ilog2() as u16 / 2 }
}

/// Appends, dropping the oldest beyond the longest context.
fn shift(symbols: &mut Vec<u16>, symbol: u16) {
    if symbols.len() == LONGEST {
        symbols.remove(0);
    }
    symbols.push(symbol);
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

/// Where a case stands: its last symbols, the newest last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CaseState {
    recent: Vec<u16>,
    /// The same with the wait before each event beside it.
    timed: Vec<u16>,
    /// Activity before the last, time since the case began, how often the last activity has come, the last activity.
    looped: Vec<u16>,
    /// How often each activity has come.
    counts: Vec<(u16, u16)>,
    first_time: i64,
    last_time: Option<i64>,
}

impl CaseState {
    /// Moves on by one event.
    pub fn push(&mut self, activity: u16, time: i64) {
        let waited = self.last_time.map_or(BEGIN, |last| wait_symbol(time - last));
        if self.last_time.is_none() {
            shift(&mut self.recent, BEGIN);
        }
        shift(&mut self.recent, activity);
        if self.last_time.is_none() {
            self.first_time = time;
        }
        let repeats = self.repeats(activity);
        let before = self.looped.last().copied().unwrap_or(BEGIN);
        self.looped.clear();
        self.looped.extend([before, wait_symbol(time.saturating_sub(self.first_time)), REPEATS_FROM + repeats, activity]);
        shift(&mut self.timed, waited);
        shift(&mut self.timed, activity);
        self.last_time = Some(time);
    }

    /// Counts an activity; how often it has come, up to [`MOST_REPEATS`].
    fn repeats(&mut self, activity: u16) -> u16 {
        if let Some(known) = self.counts.iter_mut().find(|c| c.0 == activity) {
            known.1 = (known.1 + 1).min(MOST_REPEATS);
            return known.1;
        }
        self.counts.push((activity, 1));
        1
    }
}

/// What is expected after a case's last event.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Prediction {
    /// Probability of each activity by number, and of the end of the case at the last place; they add up to one.
    pub probabilities: Vec<f64>,
    /// Half of the next events have come by then, milliseconds after the last one.
    pub median_wait: Option<f64>,
}

impl Prediction {
    /// The likeliest continuation: an activity, or `None` for the end.
    #[must_use]
    pub fn likeliest(&self) -> Option<u16> {
        let end = self.probabilities.len().saturating_sub(1);
        let best = (0..self.probabilities.len()).max_by(|&a, &b| self.probabilities[a].total_cmp(&self.probabilities[b]));
        best.filter(|b| *b != end).map(|b| b as u16)
    }

    /// The likeliest activity if the case goes on.
    #[must_use]
    pub fn likeliest_activity(&self) -> Option<u16> {
        let end = self.probabilities.len().saturating_sub(1);
        (0..end).max_by(|&a, &b| self.probabilities[a].total_cmp(&self.probabilities[b])).map(|b| b as u16)
    }

    /// Probability that the case ends.
    #[must_use]
    pub fn end(&self) -> f64 {
        self.probabilities.last().copied().unwrap_or(1.0)
    }
}

/// Counts of what followed each context.
#[derive(Debug, Clone)]
struct Contexts {
    order: usize,
    nodes: Vec<Node>,
    waits: Vec<Waits>,
    /// Pairs of context and symbol seen once and twice, by length of the context: they give the discounts.
    once: [u32; LONGEST + 1],
    twice: [u32; LONGEST + 1],
}

impl Contexts {
    fn new(order: usize) -> Self {
        Self { order: order.min(LONGEST), nodes: vec![Node::default()], waits: Vec::new(), once: [0; LONGEST + 1], twice: [0; LONGEST + 1] }
    }

    fn count(&mut self, recent: &[u16], symbol: u16, wait: Option<i64>) {
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
    fn discount(&self, length: usize) -> f64 {
        let (once, twice) = (f64::from(self.once[length]), f64::from(self.twice[length]));
        if once + twice == 0.0 { 0.75 } else { ((once + 0.5) / (once + 2.0 * twice + 1.0)).clamp(0.05, 0.95) }
    }

    /// Fills in the probabilities (the end of the case last) and returns the waits of the best context.
    fn predict(&self, recent: &[u16], p: &mut [f64]) -> Option<&Waits> {
        let size = p.len();
        p.fill(1.0 / size as f64);
        let mut node = &self.nodes[0];
        let mut waits = self.waits_of(node);
        let mut contexts = recent.iter().rev().take(self.order);
        for length in 0.. {
            if node.total > 0 {
                let discount = self.discount(length);
                let total = f64::from(node.total);
                let rest = discount * node.after.len() as f64 / total;
                p.iter_mut().for_each(|p| *p *= rest);
                for &(symbol, count) in &node.after {
                    let place = if symbol == END { size - 1 } else { usize::from(symbol) };
                    p[place] += (f64::from(count) - discount) / total;
                }
            }
            let Some(context) = contexts.next() else { break };
            let Ok(place) = node.longer.binary_search_by_key(context, |l| l.0) else { break };
            node = &self.nodes[node.longer[place].1 as usize];
            waits = self.waits_of(node).filter(|w| w.total() >= ENOUGH_WAITS).or(waits);
        }
        waits
    }

    fn waits_of(&self, node: &Node) -> Option<&Waits> {
        (node.waits as usize).checked_sub(1).map(|place| &self.waits[place])
    }
}

/// The model: three sets of contexts — of activities alone, of activities with the waits between them, and of the last
/// activity with its repeats and the age of the case — mixed by how well each has predicted so far. Activities are numbers
/// below `activities`.
#[derive(Debug, Clone)]
pub struct NextModel {
    activities: usize,
    experts: [Contexts; EXPERTS],
    /// Logarithm of how much better each has predicted than the first, fading.
    leads: [f64; EXPERTS],
}

const EXPERTS: usize = 3;
/// How strongly a lead is acted on.
const WEIGHING: f64 = 0.1;
/// What each earlier prediction counts less for the weights than the next.
const FADING: f64 = 0.998;
/// No set of contexts loses more than all but this share: it may be the better one again.
const LEAST_WEIGHT: f64 = 0.02;

impl CaseState {
    /// Symbols that each set of contexts goes by.
    fn symbols(&self) -> [&[u16]; EXPERTS] {
        [&self.recent, &self.timed, &self.looped]
    }
}

impl NextModel {
    /// An empty model with contexts of at most `order` symbols.
    #[must_use]
    pub fn new(activities: usize, order: usize) -> Self {
        Self { activities, experts: [order, 4, 4].map(Contexts::new), leads: [0.0; EXPERTS] }
    }

    /// Number of activities the model can predict.
    #[must_use]
    pub fn activities(&self) -> usize {
        self.activities
    }

    /// Learns a whole ended case.
    pub fn learn_case(&mut self, trace: &[u16], times: &[i64]) {
        let mut state = CaseState::default();
        for (&activity, &time) in trace.iter().zip(times) {
            self.learn(&mut state, activity, time);
        }
        self.learn_end(&state);
    }

    /// Learns one event of a case and moves its state on. A first event is not predicted, only stepped to.
    pub fn learn(&mut self, state: &mut CaseState, activity: u16, time: i64) {
        self.activities = self.activities.max(usize::from(activity) + 1);
        if let Some(last) = state.last_time {
            self.count(state, activity, Some(time - last));
        }
        state.push(activity, time);
    }

    /// Learns that a case has ended where it stands.
    pub fn learn_end(&mut self, state: &CaseState) {
        if state.last_time.is_some() {
            self.count(state, END, None);
        }
    }

    fn count(&mut self, state: &CaseState, symbol: u16, wait: Option<i64>) {
        let place = if symbol == END { self.activities } else { usize::from(symbol) };
        let mut p = vec![0.0; self.activities + 1];
        let mut first = None;
        for ((expert, symbols), lead) in self.experts.iter().zip(state.symbols()).zip(&mut self.leads) {
            expert.predict(symbols, &mut p);
            let first = *first.get_or_insert(p[place]);
            *lead = FADING * *lead + (p[place] / first).ln();
        }
        for (number, (expert, symbols)) in self.experts.iter_mut().zip(state.symbols()).enumerate() {
            expert.count(symbols, symbol, wait.filter(|_| number == 0));
        }
    }

    /// Weights of the sets of contexts: even when all predict alike; they add up to one.
    fn weights(&self) -> [f64; EXPERTS] {
        let best = self.leads.iter().copied().fold(f64::MIN, f64::max);
        let raw = self.leads.map(|lead| ((lead - best) * WEIGHING).exp().max(LEAST_WEIGHT));
        let sum: f64 = raw.iter().sum();
        raw.map(|w| w / sum)
    }

    /// What is expected after the state.
    #[must_use]
    pub fn predict(&self, state: &CaseState) -> Prediction {
        let mut prediction = Prediction::default();
        self.predict_into(state, &mut prediction);
        prediction
    }

    /// The same into memory that is reused.
    pub fn predict_into(&self, state: &CaseState, prediction: &mut Prediction) {
        let size = self.activities + 1;
        let p = &mut prediction.probabilities;
        p.clear();
        p.resize(2 * size, 0.0);
        let (sum, one) = p.split_at_mut(size);
        let mut waits = None;
        for ((expert, symbols), weight) in self.experts.iter().zip(state.symbols()).zip(self.weights()) {
            let found = expert.predict(symbols, one);
            waits = waits.or(found);
            sum.iter_mut().zip(one.iter()).for_each(|(sum, one)| *sum += weight * one);
        }
        p.truncate(size);
        prediction.median_wait = waits.and_then(|w| w.quantile(0.5));
    }

    /// Probability that nothing more comes, given that nothing has come for `silent` milliseconds: the longer the
    /// silence against the waits seen in this place, the surer the end.
    #[must_use]
    pub fn silence(&self, state: &CaseState, silent: i64) -> f64 {
        let end = self.predict(state).end();
        let mut p = vec![0.0; self.activities + 1];
        let waits = self.experts[0].predict(&state.recent, &mut p);
        let longer = waits.map_or(1.0, |w| w.longer(silent));
        end / (end + (1.0 - end) * longer)
    }
}

/// The length of context that predicts best: learned on the earlier four fifths of the cases, judged by log-loss on
/// the rest. `cases` gives (trace, times) in order of time.
#[must_use]
pub fn choose_order<'a>(activities: usize, cases: &[(&'a [u16], &'a [i64])]) -> usize {
    let cut = cases.len() * 4 / 5;
    let candidates = [1, 2, 3, 4, 6, 8, LONGEST];
    let loss = |order: usize| {
        let mut model = NextModel::new(activities, order);
        cases[..cut].iter().for_each(|(trace, times)| model.learn_case(trace, times));
        cases[cut..].iter().map(|(trace, times)| case_loss(&model, trace, times)).sum::<f64>()
    };
    let best = candidates.into_iter().map(|o| (loss(o), o)).min_by(|a, b| a.0.total_cmp(&b.0));
    best.map_or(LONGEST, |b| b.1)
}

/// Sum of −ln p over the steps and the end of a case.
fn case_loss(model: &NextModel, trace: &[u16], times: &[i64]) -> f64 {
    let mut state = CaseState::default();
    let mut prediction = Prediction::default();
    let mut loss = 0.0;
    for (i, (&activity, &time)) in trace.iter().zip(times).enumerate() {
        state.push(activity, time);
        model.predict_into(&state, &mut prediction);
        let p = trace.get(i + 1).map_or_else(|| prediction.end(), |a| prediction.probabilities[usize::from(*a)]);
        loss -= p.max(1e-12).ln();
    }
    loss
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::random::Random;

    #[test]
    fn probabilities_add_up_and_certainties_are_learned() {
        let mut random = Random::new(4);
        let mut model = NextModel::new(5, 6);
        for _ in 0..500 {
            let mut trace = vec![0];
            while trace[trace.len() - 1] != 4 {
                let last = trace[trace.len() - 1];
                trace.push(if random.uniform() < 0.9 { last + 1 } else { random.below(4) as u16 });
            }
            let times: Vec<i64> = (0..trace.len() as i64).map(|i| i * 60_000).collect();
            model.learn_case(&trace, &times);
        }
        let mut state = CaseState::default();
        state.push(0, 0);
        for _ in 0..50 {
            let prediction = model.predict(&state);
            assert!((prediction.probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-9);
            assert!(prediction.probabilities.iter().all(|p| *p > 0.0));
            state.push(random.below(5) as u16, 0);
        }
        let mut state = CaseState::default();
        (0..5).for_each(|a| state.push(a, i64::from(a) * 60_000));
        assert_eq!(model.predict(&state).likeliest(), None);
        assert!(model.predict(&state).end() > 0.9);
        let mut state = CaseState::default();
        (0..3).for_each(|a| state.push(a, i64::from(a) * 60_000));
        let prediction = model.predict(&state);
        assert_eq!(prediction.likeliest(), Some(3));
        assert!((prediction.median_wait.expect("seen") / 60_000.0 - 1.0).abs() < 0.6);
        assert!(model.silence(&state, 60_000_000) > model.silence(&state, 1_000));
    }

    #[test]
    fn a_longer_context_is_chosen_when_it_helps() {
        let mut random = Random::new(9);
        let mut traces = Vec::new();
        for _ in 0..400 {
            // What comes third depends on what came first.
            let first = random.below(2) as u16;
            traces.push(vec![first, 2, 3 + first]);
        }
        let times = [0, 1, 2];
        let cases: Vec<(&[u16], &[i64])> = traces.iter().map(|t| (t.as_slice(), &times[..])).collect();
        assert!(choose_order(5, &cases) >= 2);
    }

    #[test]
    fn an_empty_model_is_even_handed() {
        let model = NextModel::new(3, 4);
        let prediction = model.predict(&CaseState::default());
        assert_eq!(prediction.probabilities, [0.25; 4]);
        assert_eq!(prediction.median_wait, None);
    }
}
