//! Measures of classifiers and rankers, as the evaluations report them.

/// Area under the receiver operating characteristic of `scores` (higher means positive), ties counted half. `None` when
/// one of the classes is missing.
#[must_use]
pub fn auroc(scores: &[f32], positives: &[bool]) -> Option<f64> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&left, &right| scores[left].total_cmp(&scores[right]));
    let count = positives.iter().filter(|&&positive| positive).count();
    let others = positives.len() - count;
    if count == 0 || others == 0 {
        return None;
    }
    let mut rank_sum = 0.0_f64;
    let mut begin = 0;
    while begin < order.len() {
        let mut end = begin + 1;
        while end < order.len() && scores[order[end]] == scores[order[begin]] {
            end += 1;
        }
        let rank = (begin + end + 1) as f64 / 2.0;
        rank_sum += rank * order[begin..end].iter().filter(|&&index| positives[index]).count() as f64;
        begin = end;
    }
    let count = count as f64;
    Some((rank_sum - count * (count + 1.0) / 2.0) / (count * others as f64))
}

/// Expected calibration error of the top label with 15 equal-width bins: the mean distance between confidence and
/// accuracy, weighted by the bins' sizes.
#[must_use]
pub fn expected_calibration_error(confidences: &[f32], right: &[bool]) -> f64 {
    reliability(confidences, right).iter().map(|bin| bin.count as f64 / confidences.len().max(1) as f64 * (bin.accuracy - bin.confidence).abs()).sum()
}

/// One bin of a reliability diagram.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct ReliabilityBin {
    pub count: usize,
    /// Mean confidence of the bin, 0–1.
    pub confidence: f64,
    /// Share that was right, 0–1.
    pub accuracy: f64,
}

/// The reliability diagram with 15 equal-width bins, empty bins left out.
#[must_use]
pub fn reliability(confidences: &[f32], right: &[bool]) -> Vec<ReliabilityBin> {
    const BINS: usize = 15;
    let mut sums = [(0_usize, 0.0_f64, 0_usize); BINS];
    for (&confidence, &right) in confidences.iter().zip(right) {
        let bin = ((confidence.clamp(0.0, 1.0) * BINS as f32) as usize).min(BINS - 1);
        sums[bin].0 += 1;
        sums[bin].1 += f64::from(confidence);
        sums[bin].2 += usize::from(right);
    }
    sums.iter()
        .filter(|(count, _, _)| *count > 0)
        .map(|&(count, confidence, right)| ReliabilityBin { count, confidence: confidence / count as f64, accuracy: right as f64 / count as f64 })
        .collect()
}

/// Mean F1 over the classes that occur in `truth`.
#[must_use]
pub fn macro_f1(truth: &[usize], predicted: &[usize]) -> f64 {
    let classes = truth.iter().chain(predicted).max().map_or(0, |&highest| highest + 1);
    let mut counts = vec![(0_u32, 0_u32, 0_u32); classes];
    for (&truth, &predicted) in truth.iter().zip(predicted) {
        counts[truth].0 += u32::from(truth == predicted);
        counts[truth].1 += 1;
        counts[predicted].2 += 1;
    }
    let scores: Vec<f64> = counts
        .iter()
        .filter(|(_, in_truth, _)| *in_truth > 0)
        .map(|&(hits, in_truth, in_prediction)| 2.0 * f64::from(hits) / f64::from(in_truth + in_prediction))
        .collect();
    scores.iter().sum::<f64>() / scores.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn auroc_of_known_orders() {
        assert_eq!(auroc(&[0.1, 0.2, 0.8, 0.9], &[false, false, true, true]), Some(1.0));
        assert_eq!(auroc(&[0.5, 0.5], &[false, true]), Some(0.5));
        assert_eq!(auroc(&[0.9, 0.1, 0.5], &[false, true, true]), Some(0.0));
        assert_eq!(auroc(&[0.9], &[true]), None);
    }

    #[test]
    fn calibration_error_of_known_bins() {
        let error = expected_calibration_error(&[0.9; 10], &[true, true, true, true, true, true, true, true, false, false]);
        assert!((error - 0.1).abs() < 1e-6);
    }

    #[test]
    fn macro_f1_counts_each_class_alike() {
        assert!((macro_f1(&[0, 0, 0, 1], &[0, 0, 0, 0]) - 0.5 * (6.0 / 7.0)).abs() < 1e-9);
    }
}
