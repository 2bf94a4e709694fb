//! Products that come into question for a person, with a first score.

use super::history::{Purchases, Seen};
use super::learn::{Signs, Weights, person, popularity};
use super::repeat;

/// New products that are looked at more closely, at least.
const NEW: usize = 30;
/// Known products that are looked at more closely, at most.
const KNOWN: usize = 60;

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
    pub(super) together: Together,
    /// What a product's popularity says, by place.
    popularity: Vec<f32>,
}

impl Base {
    pub(super) fn new(mut signs: Signs, weights: Weights) -> Self {
        let [ease, cosine] = [weights.new.coefficients[0] as f32, weights.new.coefficients[1] as f32];
        // The two matrices have said what they had to say.
        let (by_ease, by_cosine) = (std::mem::take(&mut signs.affinity.ease), std::mem::take(&mut signs.affinity.cosine));
        let together = Together::new(by_ease.iter().zip(&by_cosine).map(|(e, c)| ease * e + cosine * c), signs.affinity.len());
        let popularity = (signs.affinity.items.iter())
            .map(|&item| {
                let inputs = popularity(&signs.habits[item as usize]);
                let said: f64 = inputs.iter().zip(&weights.new.coefficients[2..]).map(|(input, weight)| input * weight).sum();
                (weights.new.intercept + said) as f32
            })
            .collect();
        Self { signs, weights, together, popularity }
    }

    /// New products that score highest, `count` or more of them, and with `repeats` those known. What was
    /// last returned is not among them.
    pub(super) fn candidates(&self, purchases: &Purchases, who: usize, known: &Person, count: usize, repeats: bool) -> Vec<Candidate> {
        let affinity = &self.signs.affinity;
        let mut scores = Vec::new();
        self.together.spread(&known.profile, &mut scores);
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

/// What goes together, in half of single precision: the upper sixteen bits, which keep three digits. Adding its rows up is
/// most of the time of a list, and waits for memory.
pub(super) struct Together {
    side: usize,
    values: Vec<u16>,
}

impl Together {
    fn new(values: impl Iterator<Item = f32>, side: usize) -> Self {
        // Half of the last place kept is added before the rest is cut off: rounding, not truncation.
        Self { side, values: values.map(|v| (v.to_bits().saturating_add(0x8000) >> 16) as u16).collect() }
    }

    /// Weighted sum of rows.
    fn spread(&self, profile: &[(usize, f32)], out: &mut Vec<f32>) {
        out.clear();
        out.resize(self.side, 0.0);
        // Four rows at a time: the sums are read and written a quarter as often.
        let (fours, rest) = profile.as_chunks::<4>();
        for four in fours {
            let [a, b, c, d] = four.map(|(place, say)| (self.row(place), say));
            let rows = a.0.iter().zip(b.0).zip(c.0).zip(d.0);
            for (sum, (((first, second), third), fourth)) in out.iter_mut().zip(rows) {
                *sum += (a.1 * widened(*first) + b.1 * widened(*second)) + (c.1 * widened(*third) + d.1 * widened(*fourth));
            }
        }
        for &(place, say) in rest {
            for (sum, value) in out.iter_mut().zip(self.row(place)) {
                *sum += say * widened(*value);
            }
        }
    }

    fn row(&self, place: usize) -> &[u16] {
        &self.values[place * self.side..(place + 1) * self.side]
    }

    /// For each of some places the entry of the profile that says most for it, when any speaks for it.
    pub(super) fn strongest(&self, profile: &[(usize, f32)], places: &[usize]) -> Vec<Option<usize>> {
        let mut best = vec![(0.0, None); places.len()];
        // Row by row: a row has just been read, a column would wait for memory at every step.
        for &(from, say) in profile {
            let row = self.row(from);
            for (best, &place) in best.iter_mut().zip(places) {
                let says = say * widened(row[place]);
                if says > best.0 {
                    *best = (says, Some(from));
                }
            }
        }
        best.into_iter().map(|b| b.1).collect()
    }
}

fn widened(value: u16) -> f32 {
    f32::from_bits(u32::from(value) << 16)
}

/// Places of the highest scores, highest first. Few of many pass the lowest one held, so that the others cost a comparison.
fn top(scores: &[f32], count: usize) -> Vec<usize> {
    let mut held: Vec<(f32, usize)> = Vec::with_capacity(count + 1);
    let mut least = f32::NEG_INFINITY;
    for (place, &score) in scores.iter().enumerate() {
        if score > least {
            let at = held.partition_point(|h| h.0 >= score);
            held.insert(at, (score, place));
            held.truncate(count);
            if held.len() == count {
                least = held.last().map_or(f32::INFINITY, |h| h.0);
            }
        }
    }
    held.into_iter().map(|h| h.1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::random::Random;

    #[test]
    fn the_highest_are_found_and_what_is_ruled_out_is_not() {
        let mut random = Random::new(3);
        let mut scores: Vec<f32> = (0..500).map(|_| random.normal() as f32).collect();
        scores[7] = f32::NEG_INFINITY;
        let mut order: Vec<usize> = (0..500).filter(|p| *p != 7).collect();
        order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
        assert_eq!(top(&scores, 30), order[..30]);
        assert_eq!(top(&scores, 600), order);
        assert!(top(&scores, 0).is_empty() && top(&[], 5).is_empty());
    }

    #[test]
    fn rows_add_up_and_the_strongest_is_named() {
        let together = Together::new([0.0_f32, 0.5, -0.25, 1.0, 0.0, 0.75, -1.0, 0.1, 0.0].into_iter(), 3);
        let profile = [(0, 1.0), (1, 0.5)];
        let mut sums = Vec::new();
        together.spread(&profile, &mut sums);
        assert_eq!(sums, [0.5, 0.5, 0.125]);
        assert_eq!(together.strongest(&profile, &[0, 1, 2]), [Some(1), Some(0), Some(1)]);
        assert_eq!(together.strongest(&[(2, 1.0)], &[0]), [None]);
        for value in [0.123_456_f32, -7.654_321, 1e-3] {
            let kept = widened(Together::new(std::iter::once(value), 1).values[0]);
            assert!((kept / value - 1.0).abs() < 1.0 / 256.0, "{kept} for {value}");
        }
    }
}
