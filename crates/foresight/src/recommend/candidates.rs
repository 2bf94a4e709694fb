//! Products that come into question for a person, with a first score.

use super::history::{Purchases, Seen};
use super::learn::{Signs, Weights, person, spread};
use super::repeat;

/// New products that are looked at more closely, at least.
const NEW: usize = 30;
/// Known products that are looked at more closely, at most.
const KNOWN: usize = 100;

/// What is known about a person on the day of the signs.
pub(super) struct Person {
    pub(super) seen: Vec<Seen>,
    pub(super) profile: Vec<(usize, f32)>,
    /// Days of buying anything, ascending.
    pub(super) visits: Vec<i32>,
}

impl Person {
    pub(super) fn of(purchases: &Purchases, who: usize, signs: &Signs) -> Self {
        let seen = purchases.seen(who, signs.until);
        Self { profile: signs.profile(&seen), visits: purchases.visits(who, signs.until), seen }
    }
}

/// A product in question.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Candidate {
    pub(super) item: u32,
    /// Place in the person's history; `None` for a new product.
    pub(super) known: Option<usize>,
    /// What the person's products say for it.
    pub(super) goes_with: f64,
    /// Log-odds of being bought.
    pub(super) score: f64,
}

/// Signs with their weights: a regression on what goes together, popularity and the person's own rhythm.
pub(super) struct Base {
    pub(super) signs: Signs,
    weights: Weights,
    /// EASE and cosine already weighed against each other.
    pub(super) together: Vec<f32>,
    /// What a product's popularity says, by place.
    popularity: Vec<f32>,
}

impl Base {
    pub(super) fn new(signs: Signs, weights: Weights) -> Self {
        let [ease, cosine] = [weights.new.coefficients[0] as f32, weights.new.coefficients[1] as f32];
        let together = signs.affinity.ease.iter().zip(&signs.affinity.cosine).map(|(e, c)| ease * e + cosine * c).collect();
        let popularity = (signs.affinity.items.iter())
            .map(|&item| {
                let habit = &signs.habits[item as usize];
                let [recent, ever] = [weights.new.coefficients[2], weights.new.coefficients[3]];
                let said = recent * (habit.recent + 1.0).ln() + ever * (habit.ever + 1.0).ln();
                (weights.new.intercept + said) as f32
            })
            .collect();
        Self { signs, weights, together, popularity }
    }

    /// New products that score highest, `count` or more of them, and with `repeats` those known, in no order. What was
    /// last returned is not among them.
    pub(super) fn candidates(&self, purchases: &Purchases, who: usize, known: &Person, count: usize, repeats: bool) -> Vec<Candidate> {
        let affinity = &self.signs.affinity;
        let mut scores = Vec::new();
        spread(&self.together, affinity.len(), &known.profile, &mut scores);
        let place = |item: u32| affinity.place[item as usize] as usize;
        let says: Vec<f64> = known.seen.iter().map(|s| scores.get(place(s.item)).copied().map_or(0.0, f64::from)).collect();
        scores.iter_mut().zip(&self.popularity).for_each(|(score, popular)| *score += popular);
        // Known products are not new, returned ones not wanted.
        for seen in &known.seen {
            if let Some(score) = scores.get_mut(place(seen.item)) {
                *score = f32::NEG_INFINITY;
            }
        }
        let mut found: Vec<Candidate> = (top(&scores, count.max(NEW)).into_iter())
            .map(|place| {
                let goes_with = f64::from(scores[place] - self.popularity[place]);
                Candidate { item: affinity.items[place], known: None, goes_with, score: f64::from(scores[place]) }
            })
            .collect();
        if repeats {
            found.extend(self.again(purchases, who, known, &says, count));
        }
        found
    }

    /// Known products with the regression's score, the likeliest when there are many.
    fn again(&self, purchases: &Purchases, who: usize, known: &Person, says: &[f64], count: usize) -> Vec<Candidate> {
        let until = self.signs.until;
        let (active, kinds) = person(purchases, who, &known.seen, until);
        let again = &self.weights.again;
        let mut found: Vec<Candidate> = (known.seen.iter().zip(says).enumerate())
            .filter(|(_, (seen, _))| !seen.returned)
            .map(|(place, (seen, &goes_with))| {
                let inputs = repeat::inputs(seen, &self.signs.habits[seen.item as usize], until, active, kinds);
                let signs = inputs.iter().chain([&goes_with]);
                let score = signs.zip(&again.coefficients).map(|(i, c)| i * c).sum::<f64>() + again.intercept;
                Candidate { item: seen.item, known: Some(place), goes_with, score }
            })
            .collect();
        let most = KNOWN.max(count);
        if found.len() > most {
            found.select_nth_unstable_by(most - 1, |a, b| b.score.total_cmp(&a.score));
            found.truncate(most);
        }
        found
    }
}

/// Places of the highest scores, in no order.
fn top(scores: &[f32], count: usize) -> Vec<usize> {
    let mut places: Vec<u32> = (0..scores.len() as u32).filter(|&p| scores[p as usize] > f32::NEG_INFINITY).collect();
    if places.len() > count && count > 0 {
        places.select_nth_unstable_by(count - 1, |&a, &b| scores[b as usize].total_cmp(&scores[a as usize]));
        places.truncate(count);
    }
    places.into_iter().map(|p| p as usize).collect()
}
