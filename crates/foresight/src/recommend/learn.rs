//! How much each sign counts, learned from the last part of the past.

use super::affinity::Affinity;
use super::history::{Purchases, Seen};
use super::repeat::{self, Habit};
use crate::numeric::random::Random;
use crate::outcome::logistic::{Logistic, Sparse};

/// Everything learned from purchases up to a day, before signs are weighed.
pub(super) struct Signs {
    pub(super) affinity: Affinity,
    pub(super) habits: Vec<Habit>,
    pub(super) until: i32,
}

/// Fading of a purchase's say in what goes with it: the e-fold in days.
const FADING: f32 = 200.0;
/// Longest history that is looked at, the newest products.
const LONGEST: usize = 300;
/// Number of inputs for a new product: EASE, cosine, and what its popularity tells.
pub(super) const NEW_INPUTS: usize = 2 + POPULARITY;
/// Number of inputs about popularity.
pub(super) const POPULARITY: usize = 6;

/// What a product's popularity tells of how many will buy it: how many bought it in the last week, month and two months and
/// ever, how long nobody has, and how long it has been sold.
pub(super) fn popularity(habit: &Habit) -> [f64; POPULARITY] {
    let idle = if habit.idle.is_finite() { habit.idle } else { habit.age };
    [habit.recent, habit.ever, habit.week, habit.eight_weeks, idle, habit.age].map(f64::ln_1p)
}

impl Signs {
    pub(super) fn learn(purchases: &Purchases, until: i32) -> Self {
        let baskets: Vec<Vec<u32>> = (0..purchases.people())
            .map(|p| purchases.seen(p, until).into_iter().filter(|s| !s.returned).map(|s| s.item).collect())
            .filter(|b: &Vec<u32>| !b.is_empty())
            .collect();
        // The penalty grows with the people: it is a share of the evidence.
        let ridge = (0.08 * baskets.len() as f32).clamp(5.0, 1_000.0);
        let affinity = Affinity::learn(&baskets, purchases.items, ridge);
        Self { affinity, habits: repeat::habits(purchases, until), until }
    }

    /// Places of the person's products with their say, which fades with time; squares add up to one.
    pub(super) fn profile(&self, seen: &[Seen]) -> Vec<(usize, f32)> {
        let mut profile: Vec<(i32, usize)> = (seen.iter())
            .filter(|s| !s.returned)
            .map(|s| (s.last, self.affinity.place[s.item as usize]))
            .filter(|p| p.1 != u32::MAX)
            .map(|p| (p.0, p.1 as usize))
            .collect();
        profile.sort_unstable_by(|a, b| b.cmp(a));
        profile.truncate(LONGEST);
        let say = |last: i32| (-((self.until - last).max(0) as f32) / FADING).exp();
        let norm = profile.iter().map(|p| say(p.0).powi(2)).sum::<f32>().sqrt().max(1e-6);
        profile.into_iter().map(|(last, place)| (place, say(last) / norm)).collect()
    }

    /// Inputs of a product that the person does not have.
    fn new_inputs(&self, place: usize, ease: &[f32], cosine: &[f32]) -> [f64; NEW_INPUTS] {
        let habit = &self.habits[self.affinity.items[place] as usize];
        let mut inputs = [0.0; NEW_INPUTS];
        inputs[..2].copy_from_slice(&[f64::from(ease[place]), f64::from(cosine[place])]);
        inputs[2..].copy_from_slice(&popularity(habit));
        inputs
    }
}

/// Weighted sum of matrix rows.
pub(super) fn spread(matrix: &[f32], n: usize, profile: &[(usize, f32)], out: &mut Vec<f32>) {
    out.clear();
    out.resize(n, 0.0);
    for &(place, say) in profile {
        for (sum, value) in out.iter_mut().zip(&matrix[place * n..(place + 1) * n]) {
            *sum += say * value;
        }
    }
}

/// Weights of the signs for new and for known products.
#[derive(Debug, Clone)]
pub(super) struct Weights {
    pub(super) new: Logistic,
    pub(super) again: Logistic,
}

/// Everyone's facts that do not depend on a product.
pub(super) fn person(purchases: &Purchases, person: usize, seen: &[Seen], until: i32) -> (f64, f64) {
    (purchases.bought(person, until - repeat::RECENT, until).len() as f64, seen.len() as f64)
}

/// Learns the weights: signs as known at `signs.until`, what was bought after it as the answer. `None` when too little
/// was bought to learn from.
pub(super) fn weigh(purchases: &Purchases, signs: &Signs, to: i32, seed: u64) -> Option<Weights> {
    let mut random = Random::new(seed);
    let mut new: Vec<(Sparse, bool)> = Vec::new();
    let mut known_ones: Vec<([f64; repeat::INPUTS], [f64; 2], bool)> = Vec::new();
    let n = signs.affinity.len();
    // Few of the many products that were not bought are enough; the intercept is put right afterwards.
    let kept = (40.0 / n.max(1) as f64).min(1.0);
    let (mut ease, mut cosine) = (Vec::new(), Vec::new());
    for who in 0..purchases.people() {
        let bought = purchases.bought(who, signs.until, to);
        let seen = purchases.seen(who, signs.until);
        if bought.is_empty() || seen.is_empty() {
            continue;
        }
        let (active, kinds) = person(purchases, who, &seen, signs.until);
        let profile = signs.profile(&seen);
        spread(&signs.affinity.ease, n, &profile, &mut ease);
        spread(&signs.affinity.cosine, n, &profile, &mut cosine);
        for known in seen.iter().filter(|s| !s.returned) {
            let inputs = repeat::inputs(known, &signs.habits[known.item as usize], signs.until, active, kinds);
            let place = signs.affinity.place[known.item as usize] as usize;
            let says = |sums: &[f32]| f64::from(sums.get(place).copied().unwrap_or(0.0));
            known_ones.push((inputs, [says(&ease), says(&cosine)], bought.binary_search(&known.item).is_ok()));
        }
        for (place, item) in signs.affinity.items.iter().enumerate() {
            let hit = bought.binary_search(item).is_ok();
            if (hit || random.uniform() < kept) && seen.binary_search_by_key(item, |s| s.item).is_err() {
                new.push((sparse(&signs.new_inputs(place, &ease, &cosine)), hit));
            }
        }
    }
    let mut fitted = fit(&new, NEW_INPUTS)?;
    fitted.intercept += kept.ln();
    // For known products what goes with them counts as one sign, weighed as for new ones.
    let again: Vec<(Sparse, bool)> = (known_ones.into_iter())
        .map(|(inputs, [ease, cosine], hit)| {
            let mut row = sparse(&inputs);
            let together = fitted.coefficients[0] * ease + fitted.coefficients[1] * cosine;
            row.push((repeat::INPUTS as u32, together));
            (row, hit)
        })
        .collect();
    Some(Weights { new: fitted, again: fit(&again, repeat::INPUTS + 1)? })
}

fn sparse(inputs: &[f64]) -> Sparse {
    inputs.iter().enumerate().map(|(i, v)| (i as u32, *v)).collect()
}

fn fit(rows: &[(Sparse, bool)], inputs: usize) -> Option<Logistic> {
    let hits = rows.iter().filter(|r| r.1).count();
    if hits < 20 || hits == rows.len() {
        return None;
    }
    let (data, labels): (Vec<&Sparse>, Vec<bool>) = rows.iter().map(|(r, l)| (r, *l)).unzip();
    Some(Logistic::fit(&data, &labels, inputs, 1e-2, None))
}
