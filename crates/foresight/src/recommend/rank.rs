//! Boosted trees that put the candidates in order.
//!
//! The regression that finds candidates adds its signs up; whether a product is due, still sold and within a person's
//! usual visits work on each other, which trees can learn.

use super::candidates::{Base, Candidate, Person};
use super::history::Purchases;
use super::learn::Signs;
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

/// Number of signs of a candidate.
const SIGNS: usize = 24;

/// A fitted ranking.
pub(super) struct Ranker {
    binner: Binner,
    trees: Compiled,
}

/// What is the same for all candidates of a person.
struct Shopper {
    visits: f64,
    lately: f64,
    away: f64,
    kinds: f64,
}

impl Shopper {
    fn of(person: &Person, until: i32) -> Self {
        let visits = &person.visits;
        Self {
            visits: visits.len() as f64,
            lately: (visits.len() - visits.partition_point(|d| *d <= until - 90)) as f64,
            away: visits.last().map_or(f64::NAN, |d| f64::from(until - d)),
            kinds: person.seen.len() as f64,
        }
    }
}

/// Signs of a candidate; those of the person's rhythm with it are missing for a new product.
fn signs(at: &Signs, person: &Person, shopper: &Shopper, candidate: &Candidate) -> [f64; SIGNS] {
    let habit = &at.habits[candidate.item as usize];
    let mut own = [f64::NAN; 11];
    if let Some(place) = candidate.known {
        let seen = &person.seen[place];
        let (days, ago, span) = (f64::from(seen.days), f64::from(at.until - seen.last), f64::from(seen.last - seen.first));
        let since_first = person.visits.len() - person.visits.partition_point(|d| *d < seen.first);
        let since_last = person.visits.len() - person.visits.partition_point(|d| *d <= seen.last);
        let [fast, middle, slow] = seen.faded.map(f64::from);
        let cycle = if seen.days > 1 { ago * (days - 1.0) / span.max(1.0) } else { f64::NAN };
        let due = (ago + 1.0) / super::repeat::expected_gap(seen, habit);
        own = [
            days,
            ago,
            f64::from(at.until - seen.first),
            fast,
            middle,
            slow,
            since_first as f64,
            since_last as f64,
            days / since_first.max(1) as f64,
            cycle,
            due,
        ];
    }
    let [a, b, c, d, e, f, g, h, i, j, k] = own;
    [
        a,
        b,
        c,
        d,
        e,
        f,
        g,
        h,
        i,
        j,
        k,
        candidate.goes_with,
        habit.week,
        habit.recent,
        habit.eight_weeks,
        habit.ever,
        habit.idle,
        habit.a_year_ago,
        habit.again,
        habit.gap,
        shopper.visits,
        shopper.lately,
        shopper.away,
        shopper.kinds,
    ]
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
            let shopper = Shopper::of(&person, until);
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
        Some(Self { binner, trees })
    }

    /// Gives every candidate its log-odds.
    pub(super) fn score(&self, at: &Signs, person: &Person, candidates: &mut [Candidate]) {
        let shopper = Shopper::of(person, at.until);
        let (mut bins, mut work) = ([0_u8; SIGNS], Vec::new());
        for candidate in candidates {
            let row = signs(at, person, &shopper, candidate);
            for (feature, (bin, value)) in bins.iter_mut().zip(row).enumerate() {
                *bin = self.binner.bin_number(feature, value);
            }
            candidate.score = self.trees.score(&bins, &mut work);
        }
    }
}
