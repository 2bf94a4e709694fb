//! Ranked products for one person, with reasons.

use super::history::{Purchases, Seen};
use super::learn::{Signs, Weights, person, spread, weigh};
use super::repeat;
use crate::numeric::special::logistic;
use crate::outcome::logistic::Logistic;

/// Why a product is recommended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reason {
    /// Bought before on so many days, the last one so many days ago; usually again after so many days.
    Again { days: u32, ago: i32, usual_gap: f64 },
    /// Goes with this product, which the person has.
    GoesWith { item: u32 },
    /// Bought by many in the last weeks.
    Popular,
}

/// One recommended product.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Recommendation {
    pub item: u32,
    /// Probability of being bought in a period as long as the one the weights were learned on, by a person who buys.
    pub probability: f64,
    pub reason: Reason,
}

/// A fitted recommender, as of a day.
pub struct Recommender {
    signs: Signs,
    weights: Weights,
    /// EASE and cosine already weighed against each other.
    together: Vec<f32>,
    /// What a product's popularity says, by place.
    popularity: Vec<f32>,
}

/// Share of the past that weights are learned on.
const LEARNED_ON: f64 = 0.2;

impl Recommender {
    /// Learns from all purchases up to and including day `until`.
    #[must_use]
    pub fn fit(purchases: &Purchases, until: i32, seed: u64) -> Self {
        let first = purchases.span().map_or(until, |s| s.0);
        let window = (f64::from(until - first) * LEARNED_ON).round().clamp(7.0, 90.0) as i32;
        let earlier = Signs::learn(purchases, until - window);
        let weights = weigh(purchases, &earlier, until, seed).unwrap_or_else(usual);
        drop(earlier);
        let signs = Signs::learn(purchases, until);
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

    /// The `count` products most likely to be bought by a person: new ones only, or with `repeats` known ones too.
    /// What the person last returned is never among them.
    #[must_use]
    pub fn recommend(&self, purchases: &Purchases, who: usize, count: usize, repeats: bool) -> Vec<Recommendation> {
        let until = self.signs.until;
        let seen = purchases.seen(who, until);
        let profile = self.signs.profile(&seen);
        let n = self.signs.affinity.len();
        let mut scores = Vec::new();
        spread(&self.together, n, &profile, &mut scores);
        let goes_with: Vec<f64> =
            (seen.iter()).map(|s| self.signs.affinity.place[s.item as usize] as usize).map(|place| scores.get(place).copied().map_or(0.0, f64::from)).collect();
        scores.iter_mut().zip(&self.popularity).for_each(|(score, popular)| *score += popular);
        // Known products are not new, returned ones not wanted.
        for known in &seen {
            if let Some(score) = scores.get_mut(self.signs.affinity.place[known.item as usize] as usize) {
                *score = f32::NEG_INFINITY;
            }
        }
        let mut ranked: Vec<(f64, u32)> = top(&scores, count).into_iter().map(|place| (f64::from(scores[place]), self.signs.affinity.items[place])).collect();
        if repeats {
            let (active, kinds) = person(purchases, who, &seen, until);
            for (known, goes_with) in seen.iter().zip(&goes_with).filter(|s| !s.0.returned) {
                let habit = &self.signs.habits[known.item as usize];
                let inputs = repeat::inputs(known, habit, until, active, kinds);
                let again = &self.weights.again;
                let signs = inputs.iter().chain([goes_with]);
                let score = signs.zip(&again.coefficients).map(|(i, c)| i * c).sum::<f64>() + again.intercept;
                ranked.push((score, known.item));
            }
        }
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        ranked.truncate(count);
        ranked.into_iter().map(|(score, item)| self.explained(score, item, &seen, &profile)).collect()
    }

    fn explained(&self, score: f64, item: u32, seen: &[Seen], profile: &[(usize, f32)]) -> Recommendation {
        let reason = if let Ok(known) = seen.binary_search_by_key(&item, |s| s.item) {
            let known = &seen[known];
            let usual_gap = repeat::expected_gap(known, &self.signs.habits[item as usize]);
            Reason::Again { days: known.days, ago: self.signs.until - known.last, usual_gap }
        } else {
            let (n, place) = (self.signs.affinity.len(), self.signs.affinity.place[item as usize] as usize);
            let says = |p: &(usize, f32)| self.together[p.0 * n + place] * p.1;
            let best = profile.iter().max_by(|a, b| says(a).total_cmp(&says(b)));
            match best.filter(|b| says(b) > 0.0) {
                Some(best) => Reason::GoesWith { item: self.signs.affinity.items[best.0] },
                None => Reason::Popular,
            }
        };
        Recommendation { item, probability: logistic(score), reason }
    }
}

/// Weights for a past too thin to learn them: what goes together first, then what is popular; what was bought often
/// and lately is bought again.
fn usual() -> Weights {
    Weights {
        new: Logistic { intercept: -6.0, coefficients: vec![8.0, 2.0, 0.5, 0.1] },
        again: Logistic { intercept: -1.5, coefficients: vec![0.8, 0.4, -0.2, -0.3, -0.3, 0.6, 0.1, 0.1, -0.3, 0.1] },
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::random::Random;

    fn shop() -> Purchases {
        let mut random = Random::new(10);
        let mut rows = Vec::new();
        for person in 0..300 {
            let taste = person % 3;
            for visit in 0..6 {
                let day = visit * 20 + random.below(10) as i32;
                rows.push((person, taste * 10 + random.below(10), day, false));
                // Everybody runs out of coffee.
                rows.push((person, 30, day, false));
            }
        }
        rows.push((0, 30, 125, true));
        Purchases::new(300, 31, rows)
    }

    #[test]
    fn taste_rhythm_and_returns_are_respected() {
        let shop = shop();
        let recommender = Recommender::fit(&shop, 130, 1);
        let mut at_home = 0;
        for person in 1..300 {
            let list = recommender.recommend(&shop, person, 5, true);
            assert_eq!(list[0].item, 30, "coffee is due");
            assert!(matches!(list[0].reason, Reason::Again { days, .. } if days >= 5));
            let new = recommender.recommend(&shop, person, 3, false);
            let seen = shop.seen(person, 130);
            assert!(new.iter().all(|r| seen.iter().all(|s| s.item != r.item)));
            at_home += new.iter().filter(|r| r.item as usize / 10 == person % 3).count();
        }
        assert!(at_home > 850, "{at_home} of 897");
        let after_return = recommender.recommend(&shop, 0, 31, true);
        assert!(after_return.iter().all(|r| r.item != 30), "what was returned is not offered");
    }

    #[test]
    fn an_empty_shop_has_nothing_to_offer() {
        let empty = Purchases::new(1, 0, []);
        assert!(Recommender::fit(&empty, 10, 1).recommend(&empty, 0, 5, true).is_empty());
    }
}
