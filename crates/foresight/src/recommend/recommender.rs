//! Ranked products for one person, with reasons.

use super::candidates::{Base, Person};
use super::history::{Purchases, Seen};
use super::learn::{Signs, Weights, weigh};
use super::rank::Ranker;
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
    base: Base,
    /// `None` when the past is too thin: then the regression ranks.
    ranker: Option<Ranker>,
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
        let mut ranker = Ranker::learn(purchases, &Base::new(earlier, weights.clone()), until, seed);
        let base = Base::new(Signs::learn(purchases, until), weights);
        if let Some(ranker) = &mut ranker {
            ranker.prepare(&base.signs);
        }
        Self { base, ranker }
    }

    /// The `count` products most likely to be bought by a person: new ones only, or with `repeats` known ones too.
    /// What the person last returned is never among them.
    #[must_use]
    pub fn recommend(&self, purchases: &Purchases, who: usize, count: usize, repeats: bool) -> Vec<Recommendation> {
        let person = Person::of(purchases, who, &self.base.signs);
        let mut candidates = self.base.candidates(purchases, who, &person, count, repeats);
        // Among new products alone the regression, which adds few signs up, has proved as good as the trees.
        if let Some(ranker) = self.ranker.as_ref().filter(|_| repeats) {
            ranker.score(&self.base.signs, &person, &mut candidates);
        }
        candidates.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.item.cmp(&b.item)));
        candidates.truncate(count);
        let lines: Vec<(u32, f64)> = candidates.into_iter().map(|c| (c.item, c.score)).collect();
        self.explained(&lines, &person.seen, &person.profile)
    }

    /// Puts reasons to products with their log-odds.
    fn explained(&self, lines: &[(u32, f64)], seen: &[Seen], profile: &[(usize, f32)]) -> Vec<Recommendation> {
        let (base, signs) = (&self.base, &self.base.signs);
        let known = |item: u32| seen.binary_search_by_key(&item, |s| s.item).ok().map(|place| &seen[place]);
        let new: Vec<usize> = lines.iter().filter(|l| known(l.0).is_none()).map(|l| signs.affinity.place[l.0 as usize] as usize).collect();
        let mut strongest = base.together.strongest(profile, &new).into_iter();
        let reason = |item: u32| match known(item) {
            Some(known) => {
                let usual_gap = repeat::expected_gap(known, &signs.habits[item as usize]);
                Reason::Again { days: known.days, ago: signs.until - known.last, usual_gap }
            }
            None => match strongest.next().flatten() {
                Some(place) => Reason::GoesWith { item: signs.affinity.items[place] },
                None => Reason::Popular,
            },
        };
        let reasons: Vec<Reason> = lines.iter().map(|l| l.0).map(reason).collect();
        lines.iter().zip(reasons).map(|(&(item, score), reason)| Recommendation { item, probability: logistic(score), reason }).collect()
    }
}

/// Weights for a past too thin to learn them: what goes together first, then what is popular; what was bought often
/// and lately is bought again.
fn usual() -> Weights {
    Weights {
        new: Logistic { intercept: -6.0, coefficients: vec![8.0, 2.0, 0.5, 0.1, 0.0, 0.0, 0.0, 0.0] },
        again: Logistic { intercept: -1.5, coefficients: vec![0.8, 0.4, -0.2, -0.3, -0.3, 0.6, 0.1, 0.1, -0.3, 0.1] },
    }
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
