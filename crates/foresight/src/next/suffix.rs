//! What comes next in a case: the longest contexts seen before decide, shorter ones fill in, and what came lately speaks up.
//!
//! Interpolated Kneser–Ney smoothing (Chen and Goodman 1999) over variable-length contexts. A symbol is counted in a
//! shorter context only the first time it is met in the longer one (the "update exclusion" of PPM, Cleary and Witten
//! 1984), which makes the counts of short contexts the continuation counts of Kneser and Ney. Learning one event and
//! predicting one both touch as many nodes as the longest context has symbols: constant time, whatever was seen before.

use std::collections::VecDeque;

use super::contexts::{Contexts, END, place};
use super::fading::Fading;
use super::mixing::{Mixer, logarithm};

pub use super::contexts::LONGEST;

/// Symbol of the beginning of a case in contexts.
const BEGIN: u16 = u16::MAX;

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

/// A number that tells sets of activities apart when those of its members are added up without carry.
fn spread(activity: u16) -> u16 {
    ((u32::from(activity) + 1).wrapping_mul(0x9e37_79b1) >> 16) as u16
}

/// The last symbols of a case, the newest last, held in place: what is predicted for a case that has rested is asked of
/// memory that is not at hand, and one piece of it comes sooner than several.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Symbols {
    list: [u16; LONGEST],
    length: u8,
}

impl Symbols {
    /// Appends, dropping the oldest beyond the longest context.
    fn push(&mut self, symbol: u16) {
        if usize::from(self.length) == LONGEST {
            self.list.copy_within(1.., 0);
            self.length -= 1;
        }
        self.list[usize::from(self.length)] = symbol;
        self.length += 1;
    }

    fn set(&mut self, symbols: &[u16]) {
        self.list[..symbols.len()].copy_from_slice(symbols);
        self.length = symbols.len() as u8;
    }

    fn all(&self) -> &[u16] {
        &self.list[..usize::from(self.length)]
    }
}

/// Where a case stands: its last symbols, the newest last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CaseState {
    recent: Symbols,
    /// The same with the wait before each event beside it.
    timed: Symbols,
    /// Activity before the last, time since the case began, how often the last activity has come, the last activity.
    looped: Symbols,
    /// Activity before the last, a number for the set of activities that have come, the last activity.
    gathered: Symbols,
    /// How often each activity has come.
    counts: Vec<(u16, u16)>,
    /// A number for the set of them.
    set: u16,
    first_time: i64,
    last_time: Option<i64>,
}

impl CaseState {
    /// Moves on by one event.
    pub fn push(&mut self, activity: u16, time: i64) {
        let waited = self.last_time.map_or(BEGIN, |last| wait_symbol(time - last));
        if self.last_time.is_none() {
            self.recent.push(BEGIN);
        }
        self.recent.push(activity);
        if self.last_time.is_none() {
            self.first_time = time;
        }
        let repeats = self.repeats(activity);
        let before = self.looped.all().last().copied().unwrap_or(BEGIN);
        self.looped.set(&[before, wait_symbol(time.saturating_sub(self.first_time)), REPEATS_FROM + repeats, activity]);
        if repeats == 1 {
            self.set ^= spread(activity);
        }
        self.gathered.set(&[before, self.set, activity]);
        self.timed.push(waited);
        self.timed.push(activity);
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
    /// Memory that the next prediction reuses.
    scratch: Vec<f32>,
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

/// The model: four sets of contexts — of activities alone, of activities with the waits between them, of the last activity
/// with its repeats and the age of the case, and with the set of what has come — and two that forget, mixed by weights that
/// follow how well each predicts. Activities are numbers below `activities`.
#[derive(Debug, Clone)]
pub struct NextModel {
    activities: usize,
    contexts: [Contexts; CONTEXTS],
    fading: [Fading; FADING],
    mixer: Mixer<{ CONTEXTS + FADING }>,
    /// The mixture without those that forget, for cases from before what they remember.
    lasting: Mixer<CONTEXTS>,
    /// When the latest events learned took place, in the order in which they were learned.
    latest: VecDeque<i64>,
    /// Memory that learning reuses.
    scratch: Vec<f32>,
}

const CONTEXTS: usize = 4;
const FADING: usize = 2;
/// Depth of the contexts that forget, and the events each remembers: chosen on the earlier two thirds of four logs.
const MEMORIES: [(usize, f64); FADING] = [(1, 20.0), (2, 50.0)];
/// A case is from before what is remembered when so many events learned last are later.
const LATEST: usize = 1_000;
/// Longest context of the sets beside the first.
const BESIDE: usize = 4;

impl CaseState {
    /// Symbols that each set of contexts goes by.
    fn symbols(&self) -> [&[u16]; CONTEXTS] {
        [self.recent.all(), self.timed.all(), self.looped.all(), self.gathered.all()]
    }
}

impl NextModel {
    /// An empty model with contexts of at most `order` symbols.
    #[must_use]
    pub fn new(activities: usize, order: usize) -> Self {
        let contexts = [order, BESIDE, BESIDE, BESIDE].map(Contexts::new);
        let fading = MEMORIES.map(|(depth, memory)| Fading::new(depth, memory));
        Self { activities, contexts, fading, mixer: Mixer::new(), lasting: Mixer::new(), latest: VecDeque::new(), scratch: Vec::new() }
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
        if self.latest.len() == LATEST {
            self.latest.pop_front();
        }
        self.latest.push_back(time);
        state.push(activity, time);
    }

    /// Learns that a case has ended where it stands.
    pub fn learn_end(&mut self, state: &CaseState) {
        if state.last_time.is_some() {
            self.count(state, END, None);
        }
    }

    fn count(&mut self, state: &CaseState, symbol: u16, wait: Option<i64>) {
        let size = self.activities + 1;
        let mut scratch = std::mem::take(&mut self.scratch);
        self.opinions(state, &mut scratch);
        let (mixed, opinions) = scratch.split_at_mut(size);
        // Both mixtures learn from every event, whichever is asked.
        self.mixer.mix(opinions, mixed);
        self.mixer.learn(opinions, mixed, place(symbol, size));
        let lasting = &opinions[..CONTEXTS * size];
        self.lasting.mix(lasting, mixed);
        self.lasting.learn(lasting, mixed, place(symbol, size));
        self.scratch = scratch;
        for (number, (contexts, symbols)) in self.contexts.iter_mut().zip(state.symbols()).enumerate() {
            contexts.count(symbols, symbol, wait.filter(|_| number == 0));
        }
        self.fading.iter_mut().for_each(|fading| fading.count(state.recent.all(), symbol));
    }

    /// Room for the mixture, then the logarithms of what each member says. Returns the waits to expect.
    fn opinions(&self, state: &CaseState, all: &mut Vec<f32>) -> Option<&super::waits::Waits> {
        let size = self.activities + 1;
        all.clear();
        all.resize(size * (1 + CONTEXTS + FADING), 0.0);
        let mut places = all.chunks_exact_mut(size).skip(1);
        let mut waits = None;
        for ((contexts, symbols), p) in self.contexts.iter().zip(state.symbols()).zip(&mut places) {
            let found = contexts.predict(symbols, p);
            waits = waits.or(found);
        }
        self.fading.iter().zip(places).for_each(|(fading, p)| fading.predict(state.recent.all(), p));
        all[size..].iter_mut().for_each(|p| *p = logarithm(*p));
        waits
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
        let waits = self.opinions(state, &mut prediction.scratch);
        let (mixed, opinions) = prediction.scratch.split_at_mut(size);
        if self.is_past(state) {
            self.lasting.mix(&opinions[..CONTEXTS * size], mixed);
        } else {
            self.mixer.mix(opinions, mixed);
        }
        // In double precision they add up to one.
        let all: f64 = mixed.iter().map(|p| f64::from(*p)).sum();
        prediction.probabilities.clear();
        prediction.probabilities.extend(mixed.iter().map(|p| f64::from(*p) / all));
        prediction.median_wait = waits.and_then(|w| w.quantile(0.5));
    }

    /// Whether the case stands before all of the events learned last: what came lately is no guide to what came before.
    fn is_past(&self, state: &CaseState) -> bool {
        self.latest.front().zip(state.last_time).is_some_and(|(oldest, time)| self.latest.len() == LATEST && time < *oldest)
    }

    /// Probability that nothing more comes, given that nothing has come for `silent` milliseconds: the longer the
    /// silence against the waits seen in this place, the surer the end.
    #[must_use]
    pub fn silence(&self, state: &CaseState, silent: i64) -> f64 {
        let end = self.predict(state).end();
        let mut p = vec![0.0_f32; self.activities + 1];
        let waits = self.contexts[0].predict(state.recent.all(), &mut p);
        let longer = waits.map_or(1.0, |w| w.longer(silent));
        end / (end + (1.0 - end) * longer)
    }
}

/// The length of context that predicts best by itself: learned on the earlier four fifths of the cases, judged by log-loss on
/// the rest. `cases` gives (trace, times) in order of time.
#[must_use]
pub fn choose_order<'a>(activities: usize, cases: &[(&'a [u16], &'a [i64])]) -> usize {
    let cut = cases.len() * 4 / 5;
    let candidates = [1, 2, 3, 4, 6, 8, LONGEST];
    let mut p = vec![0.0_f32; activities + 1];
    let mut loss = |order: usize| {
        let mut contexts = Contexts::new(order);
        let steps = |cases: &[(&'a [u16], &'a [i64])], step: &mut dyn FnMut(&[u16], u16)| {
            for (trace, times) in cases {
                let mut state = CaseState::default();
                for (i, (&activity, &time)) in trace.iter().zip(*times).enumerate() {
                    state.push(activity, time);
                    step(state.recent.all(), trace.get(i + 1).copied().unwrap_or(END));
                }
            }
        };
        steps(&cases[..cut], &mut |recent, symbol| contexts.count(recent, symbol, None));
        let mut sum = 0.0;
        steps(&cases[cut..], &mut |recent, symbol| {
            contexts.predict(recent, &mut p);
            sum -= f64::from(p[place(symbol, p.len())]).max(1e-12).ln();
        });
        sum
    };
    let best = candidates.into_iter().map(|o| (loss(o), o)).min_by(|a, b| a.0.total_cmp(&b.0));
    best.map_or(LONGEST, |b| b.1)
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
    fn a_process_that_changes_is_followed_and_its_past_is_not_forgotten() {
        let hours = |case: i64| [case, case + 1, case + 2].map(|h| h * 3_600_000);
        let mut model = NextModel::new(4, 4);
        // After 0 came 1 for a year; for a while it has been 2.
        (0..8_000).for_each(|case| model.learn_case(&[0, 1, 3], &hours(case)));
        (8_000..8_600).for_each(|case| model.learn_case(&[0, 2, 3], &hours(case)));
        let chance = |case: i64, activity: usize| {
            let mut state = CaseState::default();
            state.push(0, case * 3_600_000);
            model.predict(&state).probabilities[activity]
        };
        assert!(chance(8_601, 2) > 0.9, "{}", chance(8_601, 2));
        assert!(chance(100, 1) > 0.5, "{}", chance(100, 1));
    }

    #[test]
    fn an_empty_model_is_even_handed() {
        let model = NextModel::new(3, 4);
        let prediction = model.predict(&CaseState::default());
        assert_eq!(prediction.probabilities, [0.25; 4]);
        assert_eq!(prediction.median_wait, None);
    }
}
