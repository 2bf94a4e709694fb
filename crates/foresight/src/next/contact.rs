//! The next contact of a person: for which reason, when, or not at all within a time.
//!
//! Two things are learned from contact events. *When*: the hazard of the next contact by the time since the last one, in
//! bins that double (a life table: Cutler and Ederer 1958), by the reason of the last contact and by how many contacts
//! there have been, each drawn to the coarser table above it. A person's last silence has not ended: it counts as watched
//! until `now`, never as "no more contacts". *Why*: what followed such contacts before, from the suffix model.

use std::collections::HashMap;

use super::suffix::{CaseState, NextModel};

/// A contact, on any channel. `reason` is a number below the number of reasons; `time` is in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContactEvent {
    pub person: u64,
    pub reason: u16,
    pub time: i64,
}

/// What is expected of one person within a horizon.
#[derive(Debug, Clone, PartialEq)]
pub struct NextContact {
    /// Probability that the next contact comes within the horizon and has this reason, by reason.
    pub reasons: Vec<f64>,
    /// Probability of no contact within the horizon; with `reasons` it adds up to one.
    pub silence: f64,
    /// Contacts a day to be expected at this very moment.
    pub hazard_per_day: f64,
    /// Days from now until half of such people have been in touch; `None` when the history does not reach that far.
    pub median_days: Option<f64>,
}

/// Bins of the time since the last contact: the first until a minute, each later one twice as long as all before it.
const BINS: usize = 24;
const MINUTE: f64 = 60_000.0;
const DAY: f64 = 86_400_000.0;
/// Contacts that the coarser table counts for in a bin.
const PRIOR: f64 = 8.0;
/// Contacts so far are told apart up to this number.
const MOST_SO_FAR: usize = 4;
/// Contexts of reasons are at most this long: people have few contacts.
const ORDER: usize = 4;

/// End of a bin, milliseconds.
fn end(bin: usize) -> f64 {
    MINUTE * (1_u64 << bin) as f64
}

fn start(bin: usize) -> f64 {
    if bin == 0 { 0.0 } else { end(bin - 1) }
}

/// Contacts and time watched by bin.
#[derive(Debug, Clone, Default)]
struct LifeTable {
    contacts: [f64; BINS],
    watched: [f64; BINS],
}

impl LifeTable {
    /// Counts a silence of `wait` milliseconds, and whether a contact ended it.
    fn add(&mut self, wait: f64, ended: bool) {
        for bin in 0..BINS {
            self.watched[bin] += (wait.min(end(bin)) - start(bin)).max(0.0);
            if ended && (wait < end(bin) || bin == BINS - 1) {
                self.contacts[bin] += 1.0;
                return;
            }
        }
    }

    /// Contacts a millisecond in each bin, drawn to the rates of a coarser table.
    fn rates(&self, coarser: &[f64; BINS]) -> [f64; BINS] {
        std::array::from_fn(|bin| {
            let prior = coarser[bin].max(1e-18);
            (self.contacts[bin] + PRIOR) / (self.watched[bin] + PRIOR / prior)
        })
    }
}

/// Expected contacts of someone watched from `from` to `to` milliseconds after the last contact.
fn accumulated(rates: &[f64; BINS], from: f64, to: f64) -> f64 {
    let within = |bin: usize| (if bin == BINS - 1 { to } else { to.min(end(bin)) } - from.max(start(bin))).max(0.0);
    (0..BINS).map(|bin| rates[bin] * within(bin)).sum()
}

/// A fitted model of contacts.
#[derive(Debug, Clone)]
pub struct ContactModel {
    reasons: usize,
    next: NextModel,
    /// Rates by reason of the last contact and number of contacts so far.
    rates: HashMap<(u16, usize), [f64; BINS]>,
    /// Rates by number of contacts so far, for reasons never seen with it.
    by_number: Vec<[f64; BINS]>,
}

impl ContactModel {
    /// Learns from contacts in any order, everyone watched until `now`; contacts after `now` and reasons of `reasons` or
    /// above are left out.
    #[must_use]
    pub fn fit(events: &[ContactEvent], reasons: u16, now: i64) -> Self {
        let mut people: HashMap<u64, Vec<(i64, u16)>> = HashMap::new();
        for event in events.iter().filter(|e| e.time <= now && e.reason < reasons) {
            people.entry(event.person).or_default().push((event.time, event.reason));
        }
        let mut histories: Vec<(u64, Vec<(i64, u16)>)> = people.into_iter().collect();
        histories.iter_mut().for_each(|h| h.1.sort_unstable());
        // The suffix model fades with time: people are taken in the order in which they were last in touch.
        histories.sort_unstable_by_key(|h| (h.1.last().map(|e| e.0), h.0));
        let mut next = NextModel::new(usize::from(reasons), ORDER);
        let mut all = LifeTable::default();
        let mut by_number = vec![LifeTable::default(); MOST_SO_FAR];
        let mut by_reason: HashMap<(u16, usize), LifeTable> = HashMap::new();
        for (_, history) in &histories {
            let mut state = CaseState::default();
            for (place, &(time, reason)) in history.iter().enumerate() {
                next.learn(&mut state, reason, time);
                let following = history.get(place + 1).map(|e| e.0);
                let wait = following.unwrap_or(now).saturating_sub(time) as f64;
                let so_far = (place + 1).min(MOST_SO_FAR);
                let fine = by_reason.entry((reason, so_far)).or_default();
                for table in [&mut all, &mut by_number[so_far - 1], fine] {
                    table.add(wait, following.is_some());
                }
            }
        }
        let (contacts, watched) = (all.contacts.iter().sum::<f64>(), all.watched.iter().sum::<f64>());
        // One contact in a hundred years when nothing is known at all.
        let flat = [(contacts + 1.0) / (watched + 36_500.0 * DAY); BINS];
        let overall = all.rates(&flat);
        let by_number: Vec<[f64; BINS]> = by_number.iter().map(|table| table.rates(&overall)).collect();
        let rates = by_reason.into_iter().map(|(key, table)| (key, table.rates(&by_number[key.1 - 1]))).collect();
        Self { reasons: usize::from(reasons), next, rates, by_number }
    }

    /// What is expected of a person with this history of `(time, reason)`, oldest first, in the `horizon` milliseconds
    /// after `now`. `None` for an empty history: who was never in touch has no rhythm to go by.
    #[must_use]
    pub fn predict(&self, history: &[(i64, u16)], now: i64, horizon: i64) -> Option<NextContact> {
        let &(last, reason) = history.last()?;
        let mut state = CaseState::default();
        history.iter().for_each(|&(time, reason)| state.push(reason, time));
        let so_far = history.len().min(MOST_SO_FAR);
        let rates = self.rates.get(&(reason, so_far)).unwrap_or(&self.by_number[so_far - 1]);
        let silent = now.saturating_sub(last).max(0) as f64;
        let expected = |days: f64| accumulated(rates, silent, silent + days * DAY);
        let silence = (-expected(horizon.max(0) as f64 / DAY)).exp();
        let mut reasons = self.next.predict(&state).probabilities;
        reasons.truncate(self.reasons);
        let going_on: f64 = reasons.iter().sum();
        reasons.iter_mut().for_each(|p| *p *= (1.0 - silence) / going_on.max(1e-300));
        let bin = (0..BINS - 1).find(|&b| silent < end(b)).unwrap_or(BINS - 1);
        Some(NextContact { reasons, silence, hazard_per_day: rates[bin] * DAY, median_days: median(expected) })
    }
}

/// Days after which the expected contacts reach ln 2, by bisection; nothing beyond the last bin is known.
fn median(expected: impl Fn(f64) -> f64) -> Option<f64> {
    let (mut low, mut high) = (0.0, end(BINS - 1) / DAY);
    if expected(high) < std::f64::consts::LN_2 {
        return None;
    }
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if expected(middle) < std::f64::consts::LN_2 {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some(high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::random::Random;

    /// Billing (0) is mostly followed by billing, delivery (1) by a return (2); waits are exponential with a mean of 20
    /// days after billing and 5 days otherwise; everyone is watched until day 200.
    fn world(people: u64, seed: u64) -> (Vec<ContactEvent>, i64) {
        let mut random = Random::new(seed);
        let now = 200 * DAY as i64;
        let mut events = Vec::new();
        for person in 0..people {
            let mut time = (random.uniform() * 200.0 * DAY) as i64;
            let mut reason = (person % 2) as u16;
            while time <= now {
                events.push(ContactEvent { person, reason, time });
                let mean = if reason == 0 { 20.0 } else { 5.0 };
                time += (mean * DAY * random.exponential(1.0)) as i64;
                let likely = if reason == 1 { 2 } else { 0 };
                reason = if random.uniform() < 0.8 { likely } else { random.below(3) as u16 };
            }
        }
        (events, now)
    }

    #[test]
    fn silence_hazard_and_reasons_follow_a_known_world() {
        let (events, now) = world(3_000, 3);
        let model = ContactModel::fit(&events, 3, now);
        let horizon = 10 * DAY as i64;
        for (reason, mean, likely) in [(0, 20.0, 0), (1, 5.0, 2)] {
            for silent in [1, 6] {
                let history = [(now - silent * DAY as i64, reason)];
                let found = model.predict(&history, now, horizon).expect("a history");
                assert!((found.reasons.iter().sum::<f64>() + found.silence - 1.0).abs() < 1e-9);
                let expected = (-10.0_f64 / mean).exp();
                assert!((found.silence - expected).abs() < 0.07, "{reason} {silent}: {} {expected}", found.silence);
                let share = found.reasons[likely] / (1.0 - found.silence);
                assert!((share - (0.8 + 0.2 / 3.0)).abs() < 0.08, "{share}");
                let median = found.median_days.expect("within reach");
                assert!((median / (mean * 2.0_f64.ln()) - 1.0).abs() < 0.3, "{median}");
                assert!((found.hazard_per_day * mean - 1.0).abs() < 0.35, "{}", found.hazard_per_day);
            }
        }
    }

    #[test]
    fn a_longer_horizon_never_makes_silence_likelier_and_strangers_get_no_answer() {
        let (events, now) = world(50, 9);
        let model = ContactModel::fit(&events, 3, now);
        let mut before = 1.0;
        for days in 0..400 {
            let found = model.predict(&[(now - DAY as i64, 1)], now, days * DAY as i64).expect("a history");
            assert!(found.silence <= before && found.silence >= 0.0);
            before = found.silence;
        }
        assert_eq!(model.predict(&[], now, 1), None);
        let empty = ContactModel::fit(&[], 2, now).predict(&[(0, 1)], now, DAY as i64).expect("a history");
        assert!(empty.silence > 0.99 && empty.median_days.is_none());
    }
}
