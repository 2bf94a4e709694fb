//! Boosted trees that put the candidates in order.
//!
//! The regression that finds candidates adds its signs up; whether a product is due, still sold and within a person's
//! usual visits work on each other, which trees can learn.

use super::candidates::{Base, Candidate, Person};
use super::history::Purchases;
use super::learn::Signs;
use super::repeat::{self, Habit};
use crate::numeric::random::Random;
use crate::outcome::Frame;
use crate::outcome::boosting::{Binner, Boosted, Compiled, Growing};

/// People whose purchases the trees learn from, at most.
const PEOPLE: usize = 4_000;
/// Rows with a purchase that are needed to learn.
const LEAST: usize = 200;
/// Bins of each sign.
const BINS: usize = 64;
/// New products that the trees see of each person they learn from.
const NEW_LEARNED: usize = 40;

/// Signs of a candidate, in this order: the person's rhythm with it, what goes with it, the product's own, the person's.
const OWN: usize = 11;
/// What goes with it, and what the regression says of it.
const GOES_WITH: usize = OWN;
const REGRESSION: usize = OWN + 1;
const ITEM: usize = OWN + 2;
const ITEM_SIGNS: usize = 9;
const SHOPPER: usize = ITEM + ITEM_SIGNS;
const SHOPPER_SIGNS: usize = 6;
const SIGNS: usize = SHOPPER + SHOPPER_SIGNS;

/// A fitted ranking.
pub(super) struct Ranker {
    binner: Binner,
    trees: Compiled,
    /// Leaves left by each product's own signs on the day asked for, one after the other: they are the same for everybody.
    items: Vec<u8>,
}

/// What is the same for all candidates of a person: visits, those of the last weeks, days since the last one, kinds of
/// products known, kinds a visit, and the share of purchases that were repeats: some try, some stay with what they know.
fn shopper(person: &Person, until: i32) -> [f64; SHOPPER_SIGNS] {
    let visits = &person.visits;
    let lately = visits.len() - visits.partition_point(|d| *d <= until - 90);
    let kinds = person.seen.len() as f64;
    let bought: f64 = person.seen.iter().map(|s| f64::from(s.days)).sum();
    let since = visits.last().map_or(f64::NAN, |d| f64::from(until - d));
    [visits.len() as f64, lately as f64, since, kinds, bought / visits.len().max(1) as f64, 1.0 - kinds / bought.max(1.0)]
}

/// What is the same for everybody.
fn item_signs(habit: &Habit) -> [f64; ITEM_SIGNS] {
    [habit.week, habit.recent, habit.eight_weeks, habit.ever, habit.idle, habit.a_year_ago, habit.again, habit.gap, habit.age]
}

/// The person's rhythm with a product; all of it is missing for a new one.
fn own_signs(at: &Signs, person: &Person, candidate: &Candidate) -> [f64; OWN] {
    let Some(place) = candidate.known else { return [f64::NAN; OWN] };
    let (seen, habit) = (&person.seen[place], &at.habits[candidate.item as usize]);
    let (days, ago, span) = (f64::from(seen.days), f64::from(at.until - seen.last), f64::from(seen.last - seen.first));
    let since_first = person.visits.len() - person.visits.partition_point(|d| *d < seen.first);
    let since_last = person.visits.len() - person.visits.partition_point(|d| *d <= seen.last);
    let [fast, middle, slow] = seen.faded.map(f64::from);
    let cycle = if seen.days > 1 { ago * (days - 1.0) / span.max(1.0) } else { f64::NAN };
    let due = (ago + 1.0) / repeat::expected_gap(seen, habit);
    let often = days / since_first.max(1) as f64;
    [days, ago, f64::from(at.until - seen.first), fast, middle, slow, since_first as f64, since_last as f64, often, cycle, due]
}

fn signs(at: &Signs, person: &Person, shopper: &[f64; SHOPPER_SIGNS], candidate: &Candidate) -> [f64; SIGNS] {
    let mut all = [0.0; SIGNS];
    all[..OWN].copy_from_slice(&own_signs(at, person, candidate));
    all[GOES_WITH] = candidate.goes_with;
    all[REGRESSION] = candidate.score;
    all[ITEM..SHOPPER].copy_from_slice(&item_signs(&at.habits[candidate.item as usize]));
    all[SHOPPER..].copy_from_slice(shopper);
    all
}

impl Ranker {
    /// Learns from what people bought after the day of the signs, up to and including `to`. `None` when that is too
    /// little.
    pub(super) fn learn(purchases: &Purchases, base: &Base, to: i32, seed: u64) -> Option<Self> {
        let until = base.signs.until;
        let mut people: Vec<(usize, Vec<u32>)> = (0..purchases.people()).map(|who| (who, purchases.bought(who, until, to))).collect();
        people.retain(|(who, bought)| !bought.is_empty() && !purchases.visits(*who, until).is_empty());
        Random::new(seed).shuffle(&mut people);
        people.truncate(PEOPLE);
        let (mut columns, mut target, mut held_from) = (vec![Vec::new(); SIGNS], Vec::new(), 0);
        for (number, (who, bought)) in people.iter().enumerate() {
            let person = Person::of(purchases, *who, &base.signs);
            let shopper = shopper(&person, until);
            if number * 5 < people.len() * 4 {
                held_from = target.len();
            }
            for candidate in base.candidates(purchases, *who, &person, NEW_LEARNED, true) {
                let row = signs(&base.signs, &person, &shopper, &candidate);
                columns.iter_mut().zip(row).for_each(|(column, value)| column.push(value));
                target.push(f64::from(u8::from(bought.binary_search(&candidate.item).is_ok())));
            }
        }
        if target.iter().filter(|t| **t > 0.0).count() < LEAST {
            return None;
        }
        let mut frame = Frame::default();
        columns.into_iter().for_each(|column| frame.push_number("", column));
        let rows: Vec<usize> = (0..target.len()).collect();
        let binner = Binner::learn(&frame, &rows, BINS);
        let binned = binner.apply(&frame, &rows);
        // The last fifth of the people, who are in random order, says when to stop.
        let (train, held): (Vec<u32>, Vec<u32>) = (0..target.len() as u32).partition(|&r| (r as usize) < held_from);
        let growing = Growing { trees: 180, rate: 0.08, least_rows: 60.0, patience: 24, seed, ..Growing::default() };
        let trees = Boosted::grow(&binned, &target, None, (&train, &held), &binner.monotone, &growing);
        let trees = Compiled::new(&[trees], &binned.sizes)?;
        Some(Self { binner, trees, items: Vec::new() })
    }

    /// Readies the ranking for the day of these signs.
    pub(super) fn prepare(&mut self, at: &Signs) {
        self.items.clear();
        let mut left = self.trees.start();
        for habit in &at.habits {
            left.fill(0xFF);
            let signs = item_signs(habit);
            self.trees.narrow(&mut left, signs.iter().enumerate().map(|(place, sign)| (ITEM + place, self.binner.bin_number(ITEM + place, *sign))));
            self.items.extend_from_slice(&left);
        }
    }

    /// Gives every candidate its log-odds.
    pub(super) fn score(&self, at: &Signs, person: &Person, candidates: &mut [Candidate]) {
        let bin = |feature: usize, value: f64| (feature, self.binner.bin_number(feature, value));
        // What is the same for all candidates, and for all new ones, rules out leaves once.
        let mut start = self.trees.start();
        let own = shopper(person, at.until);
        self.trees.narrow(&mut start, own.iter().enumerate().map(|(place, value)| bin(SHOPPER + place, *value)));
        let mut start_of_new = start.clone();
        self.trees.narrow(&mut start_of_new, (0..OWN).map(|feature| (feature, 0)));
        let mut leaves = start.clone();
        for candidate in candidates {
            let from = if candidate.known.is_some() { &start } else { &start_of_new };
            leaves.copy_from_slice(from);
            let first = candidate.item as usize * leaves.len();
            Compiled::narrow_by(&mut leaves, &self.items[first..first + start.len()]);
            self.trees.narrow(&mut leaves, [bin(GOES_WITH, candidate.goes_with), bin(REGRESSION, candidate.score)]);
            if candidate.known.is_some() {
                let own = own_signs(at, person, candidate);
                self.trees.narrow(&mut leaves, own.iter().enumerate().map(|(feature, value)| bin(feature, *value)));
            }
            candidate.score = self.trees.sum(&leaves);
        }
    }
}
