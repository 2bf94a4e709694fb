//! What is linked with low scores. Linked: these are associations, not causes.

use super::proportion::Interval;
use super::resample::{acceleration, corrected, influences};
use crate::numeric::random::Random;

/// How a trait of the contacts — an issue, a stage, a channel, a broken promise — goes with low answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Driver {
    pub name: String,
    /// Answers with the trait, and low ones among them.
    pub count: u64,
    pub low: u64,
    /// Share of low answers with the trait minus without it.
    pub difference: Interval,
    /// Difference × share of answers with the trait: how much the whole would gain if the trait's answers were like the
    /// rest. Negative when the trait goes with fewer low answers.
    pub impact: Interval,
}

/// Drivers by the size of their impact. `traits` gives name and presence per answer. Intervals come from `rounds`
/// bootstrap resamples of the answers (BCa); they are widened to hold over all traits together (Bonferroni).
#[must_use]
pub fn drivers(low: &[bool], traits: &[(String, Vec<bool>)], rounds: usize, confidence: f64, seed: u64) -> Vec<Driver> {
    let strict = 1.0 - (1.0 - confidence) / traits.len().max(1) as f64;
    let rounds = rounds.max((40.0 / (1.0 - strict)).min(20_000.0) as usize);
    let mut random = Random::new(seed);
    let mut found: Vec<Driver> = (traits.iter())
        .filter_map(|(name, present)| {
            // Low and not, with and without the trait: resampling answers is resampling these four counts.
            let mut cells = [0_u64; 4];
            low.iter().zip(present).for_each(|(&l, &p)| cells[usize::from(l) + 2 * usize::from(p)] += 1);
            let (difference, impact) = linked(&cells)?;
            let mut values: [Vec<f64>; 2] = [Vec::new(), Vec::new()];
            for _ in 0..rounds {
                if let Some((d, i)) = linked(&redraw(&cells, &mut random)) {
                    values[0].push(d);
                    values[1].push(i);
                }
            }
            let [differences, impacts] = values;
            Some(Driver {
                name: name.clone(),
                count: cells[2] + cells[3],
                low: cells[3],
                difference: corrected(difference, differences, rounds, strict, skewed(&cells, |l| l.0))?,
                impact: corrected(impact, impacts, rounds, strict, skewed(&cells, |l| l.1))?,
            })
        })
        .collect();
    found.sort_by(|a, b| b.impact.estimate.abs().total_cmp(&a.impact.estimate.abs()));
    found
}

fn linked(cells: &[u64; 4]) -> Option<(f64, f64)> {
    let [other_high, other_low, own_high, own_low] = cells.map(|c| c as f64);
    let (own, other) = (own_high + own_low, other_high + other_low);
    if own == 0.0 || other == 0.0 {
        return None;
    }
    let difference = own_low / own - other_low / other;
    Some((difference, difference * own / (own + other)))
}

/// A multinomial redraw, cell after cell as binomials; large ones by their normal limit.
fn redraw(cells: &[u64; 4], random: &mut Random) -> [u64; 4] {
    let total: u64 = cells.iter().sum();
    let (mut left, mut mass) = (total, total as f64);
    let mut drawn = [0; 4];
    for (cell, out) in cells.iter().zip(&mut drawn) {
        let p = if mass > 0.0 { (*cell as f64 / mass).min(1.0) } else { 0.0 };
        let (n, mean) = (left as f64, left as f64 * p);
        *out = if mean.min(n - mean) > 30.0 {
            (mean + (mean * (1.0 - p)).sqrt() * random.normal()).round().clamp(0.0, n) as u64
        } else {
            (0..left).filter(|_| random.uniform() < p).count() as u64
        };
        left -= *out;
        mass -= *cell as f64;
    }
    drawn
}

/// Acceleration of a figure: answers of one cell are alike, so that one of each is left out.
fn skewed(cells: &[u64; 4], figure: impl Fn((f64, f64)) -> f64) -> f64 {
    let without: Vec<(f64, f64)> = (0..4)
        .filter(|&cell| cells[cell] > 0)
        .filter_map(|cell| {
            let mut rest = *cells;
            rest[cell] -= 1;
            linked(&rest).map(|found| (figure(found), cells[cell] as f64))
        })
        .collect();
    acceleration(&[influences(&without)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_of_a_driver_cover_the_truth_by_simulation() {
        let mut random = Random::new(77);
        let (mut difference, mut impact) = (0, 0);
        for round in 0..250 {
            let present: Vec<bool> = (0..300).map(|_| random.uniform() < 0.25).collect();
            let low: Vec<bool> = present.iter().map(|p| random.uniform() < if *p { 0.35 } else { 0.15 }).collect();
            let found = drivers(&low, &[("trait".to_owned(), present)], 800, 0.95, round);
            difference += usize::from(!found[0].difference.excludes(0.2));
            impact += usize::from(!found[0].impact.excludes(0.05));
        }
        assert!((228..=247).contains(&difference), "{difference} of 250");
        assert!((228..=247).contains(&impact), "{impact} of 250");
    }

    #[test]
    fn the_true_driver_comes_first_and_noise_stays_within_chance() {
        let mut random = Random::new(19);
        let broken: Vec<bool> = (0..3_000).map(|_| random.uniform() < 0.2).collect();
        let low: Vec<bool> = broken.iter().map(|b| random.uniform() < if *b { 0.5 } else { 0.1 }).collect();
        let mut traits = vec![("promise broken".to_owned(), broken)];
        for n in 0..8 {
            traits.push((format!("noise {n}"), (0..3_000).map(|_| random.uniform() < 0.3).collect()));
        }
        let found = drivers(&low, &traits, 500, 0.95, 1);
        assert_eq!(found[0].name, "promise broken");
        assert!(!found[0].difference.excludes(0.4) && found[0].difference.excludes(0.0));
        assert!((found[0].impact.estimate - 0.08).abs() < 0.02);
        assert!(found[1..].iter().all(|d| !d.difference.excludes(0.0)));
    }
}
