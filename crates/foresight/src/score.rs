//! How good a prediction was.

/// Area under the ROC curve: the chance that a positive case is scored above a negative one, ties counted half
/// (Mann and Whitney's statistic). `None` unless both kinds are present.
#[must_use]
pub fn auc(scores: &[f64], positive: &[bool]) -> Option<f64> {
    let mut order: Vec<usize> = (0..scores.len().min(positive.len())).collect();
    order.sort_unstable_by(|&a, &b| scores[a].total_cmp(&scores[b]));
    let (mut negatives_below, mut wins, mut positives) = (0.0, 0.0, 0.0);
    for tied in order.chunk_by(|&a, &b| scores[a] == scores[b]) {
        let hits = tied.iter().filter(|&&i| positive[i]).count() as f64;
        let misses = tied.len() as f64 - hits;
        wins += hits * (negatives_below + 0.5 * misses);
        negatives_below += misses;
        positives += hits;
    }
    (positives > 0.0 && negatives_below > 0.0).then(|| wins / (positives * negatives_below))
}

/// AUC with its interval after DeLong, DeLong and Clarke-Pearson (1988), on the logit scale, which keeps it within 0 and 1:
/// every case is placed among those of the other kind, and the spread of the places tells how sure the area is. `None` unless
/// there are two of both kinds.
#[must_use]
pub fn auc_interval(scores: &[f64], positive: &[bool], confidence: f64) -> Option<crate::measures::Interval> {
    let area = auc(scores, positive)?;
    let [mut hits, mut misses] = [Vec::new(), Vec::new()];
    scores.iter().zip(positive).for_each(|(s, p)| if *p { hits.push(*s) } else { misses.push(*s) });
    hits.sort_unstable_by(f64::total_cmp);
    misses.sort_unstable_by(f64::total_cmp);
    // Share of the others below, ties counted half; for misses the share above.
    let below = |score: f64, others: &[f64]| {
        let [under, up_to] = [others.partition_point(|o| *o < score), others.partition_point(|o| *o <= score)];
        0.5 * (under + up_to) as f64 / others.len() as f64
    };
    let of_hits: Vec<f64> = hits.iter().map(|s| below(*s, &misses)).collect();
    let of_misses: Vec<f64> = misses.iter().map(|s| 1.0 - below(*s, &hits)).collect();
    let part = |places: &[f64]| crate::numeric::summary::variance(places).map(|v| v / places.len() as f64);
    let deviation = (part(&of_hits)? + part(&of_misses)?).sqrt();
    // At the very ends the logit has no value; half a pair of cases inside, it has.
    let inside = 0.5 / (hits.len() * misses.len()) as f64;
    let held = area.clamp(inside, 1.0 - inside);
    let reach = crate::measures::proportion::quantile_of(confidence) * deviation / (held * (1.0 - held));
    let odds = crate::numeric::special::logit(held);
    let [low, high] = [odds - reach, odds + reach].map(crate::numeric::special::logistic);
    Some(crate::measures::Interval { estimate: area, low: low.min(area), high: high.max(area) })
}

/// Average precision: precision at each positive case, averaged, with tied scores taken as one step.
#[must_use]
pub fn average_precision(scores: &[f64], positive: &[bool]) -> Option<f64> {
    let mut order: Vec<usize> = (0..scores.len().min(positive.len())).collect();
    order.sort_unstable_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    let (mut seen, mut found, mut sum) = (0.0, 0.0, 0.0);
    for tied in order.chunk_by(|&a, &b| scores[a] == scores[b]) {
        let hits = tied.iter().filter(|&&i| positive[i]).count() as f64;
        seen += tied.len() as f64;
        found += hits;
        sum += hits * found / seen;
    }
    (found > 0.0).then(|| sum / found)
}

/// Mean negative natural logarithm of the probability given to what happened; probabilities are held 1e-15 inside.
#[must_use]
pub fn log_loss(probabilities: &[f64], positive: &[bool]) -> Option<f64> {
    let losses: Vec<f64> = (probabilities.iter().zip(positive)).map(|(p, &y)| -(if y { *p } else { 1.0 - p }).clamp(1e-15, 1.0).ln()).collect();
    crate::numeric::summary::mean(&losses)
}

/// Mean squared difference of probability and outcome (Brier 1950).
#[must_use]
pub fn brier(probabilities: &[f64], positive: &[bool]) -> Option<f64> {
    let errors: Vec<f64> = probabilities.iter().zip(positive).map(|(p, &y)| (p - f64::from(u8::from(y))).powi(2)).collect();
    crate::numeric::summary::mean(&errors)
}

/// One bin of a reliability diagram.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bin {
    pub predicted: f64,
    pub observed: f64,
    pub count: usize,
}

/// Reliability diagram with equal-width bins over `[0, 1]`; empty bins are left out.
#[must_use]
pub fn reliability(probabilities: &[f64], positive: &[bool], bins: usize) -> Vec<Bin> {
    let bins = bins.max(1);
    let mut sums = vec![(0.0, 0.0, 0_usize); bins];
    for (p, &y) in probabilities.iter().zip(positive) {
        let place = ((p * bins as f64) as usize).min(bins - 1);
        sums[place].0 += p;
        sums[place].1 += f64::from(u8::from(y));
        sums[place].2 += 1;
    }
    let bin = |(p, y, count): (f64, f64, usize)| Bin { predicted: p / count as f64, observed: y / count as f64, count };
    sums.into_iter().filter(|s| s.2 > 0).map(bin).collect()
}

/// Expected calibration error of the likelier answer: |confidence − share right|, weighted over equal-width bins of the
/// confidence (Guo and others 2017).
#[must_use]
pub fn calibration_error(probabilities: &[f64], positive: &[bool], bins: usize) -> Option<f64> {
    let confidence: Vec<f64> = probabilities.iter().map(|p| p.max(1.0 - p)).collect();
    let right: Vec<bool> = probabilities.iter().zip(positive).map(|(p, &y)| (*p >= 0.5) == y).collect();
    let total = confidence.len() as f64;
    (total > 0.0).then(|| {
        let gap = |b: Bin| (b.predicted - b.observed).abs() * b.count as f64 / total;
        reliability(&confidence, &right, bins).into_iter().map(gap).sum()
    })
}

/// Share of positive cases among the tenth with the highest scores (at least one case).
#[must_use]
pub fn top_decile_precision(scores: &[f64], positive: &[bool]) -> Option<f64> {
    let top = top_decile(scores);
    (!top.is_empty()).then(|| top.iter().filter(|&&i| positive[i]).count() as f64 / top.len() as f64)
}

/// Share of all value that belongs to the tenth with the highest scores.
#[must_use]
pub fn top_decile_capture(scores: &[f64], value: &[f64]) -> Option<f64> {
    let total: f64 = value.iter().sum();
    (total > 0.0).then(|| top_decile(scores).iter().map(|&i| value[i]).sum::<f64>() / total)
}

/// Places of the tenth with the highest scores, rounded up.
#[must_use]
pub fn top_decile(scores: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    order.truncate(scores.len().div_ceil(10));
    order
}

/// Concordance: of all pairs whose outcomes differ, the share ordered rightly by the score, ties counted half
/// (Harrell's index without censoring). Takes O(n log n).
#[must_use]
pub fn concordance(scores: &[f64], outcome: &[f64]) -> Option<f64> {
    let n = scores.len().min(outcome.len());
    let mut ranks: Vec<f64> = scores[..n].to_vec();
    ranks.sort_unstable_by(f64::total_cmp);
    ranks.dedup();
    let rank_of = |score: f64| ranks.partition_point(|r| r.total_cmp(&score).is_lt());
    let mut tree = vec![0_u64; ranks.len() + 1];
    let below = |tree: &[u64], mut end: usize| {
        let mut sum = 0;
        while end > 0 {
            sum += tree[end];
            end &= end - 1;
        }
        sum as f64
    };
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_unstable_by(|&a, &b| outcome[a].total_cmp(&outcome[b]));
    let (mut right, mut pairs, mut seen) = (0.0, 0.0, 0.0);
    for equal in order.chunk_by(|&a, &b| outcome[a] == outcome[b]) {
        for &i in equal {
            let rank = rank_of(scores[i]);
            let (lower, up_to) = (below(&tree, rank), below(&tree, rank + 1));
            right += lower + 0.5 * (up_to - lower);
            pairs += seen;
        }
        for &i in equal {
            let mut place = rank_of(scores[i]) + 1;
            while place < tree.len() {
                tree[place] += 1;
                place += place & place.wrapping_neg();
            }
        }
        seen += equal.len() as f64;
    }
    (pairs > 0.0).then(|| right / pairs)
}

/// Mean absolute difference.
#[must_use]
pub fn mean_absolute_error(predicted: &[f64], actual: &[f64]) -> Option<f64> {
    let errors: Vec<f64> = predicted.iter().zip(actual).map(|(p, a)| (p - a).abs()).collect();
    crate::numeric::summary::mean(&errors)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_of_an_auc_covers_the_truth_by_simulation() {
        let mut random = crate::numeric::random::Random::new(61);
        // Two normal distributions one apart: the area is Φ(1 / √2).
        let truth = crate::numeric::special::normal_cdf(std::f64::consts::FRAC_1_SQRT_2);
        let covered = (0..600)
            .filter(|_| {
                let positive: Vec<bool> = (0..150).map(|i| i % 5 == 0).collect();
                let scores: Vec<f64> = positive.iter().map(|p| random.normal() + f64::from(u8::from(*p))).collect();
                !auc_interval(&scores, &positive, 0.95).expect("both kinds").excludes(truth)
            })
            .count();
        assert!((552..=588).contains(&covered), "{covered} of 600");
        let perfect = auc_interval(&[1.0, 2.0, 3.0, 4.0], &[false, false, true, true], 0.95).expect("both kinds");
        assert!(perfect.estimate == 1.0 && perfect.high == 1.0);
        assert_eq!(auc_interval(&[1.0, 2.0], &[true, true], 0.95), None);
    }
    use crate::numeric::random::Random;

    #[test]
    fn auc_and_concordance_agree_with_counting_pairs() {
        let mut random = Random::new(2);
        let scores: Vec<f64> = (0..300).map(|_| random.below(40) as f64).collect();
        let outcome: Vec<f64> = scores.iter().map(|s| ((s / 10.0) as usize + random.below(3)) as f64).collect();
        let positive: Vec<bool> = outcome.iter().map(|o| *o > 2.0).collect();
        let count = |truth: &dyn Fn(usize, usize) -> bool| {
            let (mut right, mut pairs) = (0.0, 0.0);
            for i in 0..300 {
                for j in (0..300).filter(|&j| truth(i, j)) {
                    pairs += 1.0;
                    right += if scores[i] > scores[j] {
                        1.0
                    } else if scores[i] == scores[j] {
                        0.5
                    } else {
                        0.0
                    };
                }
            }
            right / pairs
        };
        let by_pairs = count(&|i, j| positive[i] && !positive[j]);
        assert!((auc(&scores, &positive).expect("both") - by_pairs).abs() < 1e-12);
        let by_pairs = count(&|i, j| outcome[i] > outcome[j]);
        assert!((concordance(&scores, &outcome).expect("pairs") - by_pairs).abs() < 1e-12);
        assert_eq!(auc(&scores, &[true; 300]), None);
    }

    #[test]
    fn calibration_error_is_zero_for_true_probabilities_and_large_for_boasts() {
        let mut random = Random::new(5);
        let p: Vec<f64> = (0..100_000).map(|_| random.uniform()).collect();
        let y: Vec<bool> = p.iter().map(|p| random.uniform() < *p).collect();
        assert!(calibration_error(&p, &y, 15).expect("some") < 0.006);
        let boast: Vec<f64> = p.iter().map(|p| if *p > 0.5 { 0.99 } else { 0.01 }).collect();
        assert!(calibration_error(&boast, &y, 15).expect("some") > 0.2);
    }

    #[test]
    fn top_decile_counts() {
        let scores: Vec<f64> = (0..20).map(f64::from).collect();
        let value: Vec<f64> = (0..20).map(|i| if i >= 18 { 5.0 } else { 1.0 }).collect();
        assert_eq!(top_decile_capture(&scores, &value), Some(10.0 / 28.0));
        assert_eq!(top_decile_precision(&scores, &[false; 20]), Some(0.0));
    }
}
