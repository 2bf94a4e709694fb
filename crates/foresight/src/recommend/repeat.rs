//! Buying the same again: the person's own rhythm with the product.

use super::history::{Purchases, Seen};
use crate::numeric::summary;

/// What is known about a product's re-buying from everyone.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Habit {
    /// Share of buyers who bought it on another day again, drawn to the mean of all products.
    pub again: f64,
    /// Typical days between two purchases of one person.
    pub gap: f64,
    /// Purchases in the last weeks, and over all time.
    pub recent: f64,
    pub ever: f64,
    /// Buyers in the last week and in the last eight.
    pub week: f64,
    pub eight_weeks: f64,
    /// Days since anybody bought it last: what is no longer sold is not bought again.
    pub idle: f64,
    /// Days since anybody bought it first: a new product gains what an old one loses.
    pub age: f64,
    /// Buyers in the weeks that followed this day a year ago; NaN without a year of history.
    pub a_year_ago: f64,
}

const YEAR: i32 = 365;
/// Days that count as recent.
pub const RECENT: i32 = 28;
/// Buyers that the mean of all products counts for.
const PRIOR: f64 = 20.0;

/// Habits of every product as known at the end of a day.
#[must_use]
pub fn habits(purchases: &Purchases, until: i32) -> Vec<Habit> {
    let mut buyers = vec![0.0; purchases.items];
    let mut again = vec![0.0; purchases.items];
    let mut gaps: Vec<Vec<f64>> = vec![Vec::new(); purchases.items];
    let year_known = purchases.span().is_some_and(|s| s.0 <= until - YEAR);
    let blank = Habit { idle: f64::INFINITY, a_year_ago: if year_known { 0.0 } else { f64::NAN }, ..Habit::default() };
    let mut habits = vec![blank; purchases.items];
    for person in 0..purchases.people() {
        for seen in purchases.seen(person, until) {
            let item = seen.item as usize;
            buyers[item] += 1.0;
            habits[item].ever += f64::from(seen.days);
            habits[item].idle = habits[item].idle.min(f64::from(until - seen.last));
            habits[item].age = habits[item].age.max(f64::from(until - seen.first));
            if seen.days > 1 {
                again[item] += 1.0;
                gaps[item].push(f64::from(seen.last - seen.first) / f64::from(seen.days - 1));
            }
        }
        for item in purchases.bought(person, until - RECENT, until) {
            habits[item as usize].recent += 1.0;
        }
        purchases.bought(person, until - 7, until).iter().for_each(|&item| habits[item as usize].week += 1.0);
        purchases.bought(person, until - 56, until).iter().for_each(|&item| habits[item as usize].eight_weeks += 1.0);
        if year_known {
            let then = purchases.bought(person, until - YEAR, until - YEAR + RECENT);
            then.iter().for_each(|&item| habits[item as usize].a_year_ago += 1.0);
        }
    }
    let all_gaps: Vec<f64> = gaps.iter().flatten().copied().collect();
    let usual = summary::quantile(&all_gaps, 0.5).unwrap_or(30.0).max(1.0);
    let mean = again.iter().sum::<f64>() / buyers.iter().sum::<f64>().max(1.0);
    for (item, habit) in habits.iter_mut().enumerate() {
        habit.again = (again[item] + PRIOR * mean) / (buyers[item] + PRIOR);
        gaps[item].push(usual);
        habit.gap = summary::quantile(&gaps[item], 0.5).unwrap_or(usual).max(1.0);
    }
    habits
}

/// Days between purchases to expect of this person for this product.
#[must_use]
pub fn expected_gap(seen: &Seen, habit: &Habit) -> f64 {
    if seen.days < 2 {
        return habit.gap;
    }
    // The person's own gaps weigh by their number against one of everybody's.
    let own = f64::from(seen.days - 1);
    (f64::from(seen.last - seen.first) + habit.gap) / (own + 1.0)
}

/// Number of inputs of [`inputs`].
pub const INPUTS: usize = 9;

/// Facts that say whether a product known to the person will be bought again soon. `active` is the person's number of
/// purchases of anything in the recent weeks, `kinds` of different products ever.
#[must_use]
pub fn inputs(seen: &Seen, habit: &Habit, until: i32, active: f64, kinds: f64) -> [f64; INPUTS] {
    let ago = f64::from(until - seen.last).max(0.0);
    let due = ((ago + 1.0) / expected_gap(seen, habit)).ln();
    [
        f64::from(seen.days).ln(),
        f64::from(u8::from(seen.days > 1)),
        ago.ln_1p(),
        due.max(0.0),
        (-due).max(0.0),
        (habit.again / (1.0 - habit.again).max(1e-6)).ln(),
        (habit.recent + 1.0).ln(),
        active.ln_1p(),
        kinds.ln_1p(),
    ]
}
