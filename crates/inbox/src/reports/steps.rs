//! Lengths in steps: a histogram in which every step is 4 % longer than the one before.

use ennakoi_kernel::Duration;

/// Each step is longer than the last by this much.
const GROWTH: f64 = 1.04;
/// Something that has no length.
pub const NONE: i64 = -1;

/// The step of a span: 0 up to a second, then ever longer ones.
#[must_use]
pub fn of(span: Option<Duration>) -> i64 {
    let Some(span) = span else { return NONE };
    #[expect(clippy::cast_precision_loss, reason = "a span of microseconds is far below 2^52")]
    let seconds = span.0 as f64 / 1_000_000.0;
    if seconds <= 1.0 {
        return 0;
    }
    #[expect(clippy::cast_possible_truncation, reason = "the logarithm of a span is a small number")]
    let step = (seconds.ln() / GROWTH.ln()).floor() as i64;
    step + 1
}

/// The middle of a step, in seconds.
#[must_use]
pub fn seconds(step: i64) -> f64 {
    if step <= 0 {
        return 0.0;
    }
    let step = i32::try_from(step).unwrap_or(i32::MAX);
    GROWTH.powi(step - 1) * GROWTH.sqrt()
}

/// The span that a share `q` of the counted ones does not exceed, in seconds; `cells` are steps with their counts, in order of steps. What has
/// no length is left out; `None` when nothing has one.
#[must_use]
pub fn quantile(cells: &[(i64, i64)], q: f64) -> Option<f64> {
    let measured = cells.iter().filter(|(step, _)| *step != NONE);
    let total: i64 = measured.clone().map(|(_, count)| count).sum();
    if total == 0 {
        return None;
    }
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "a count of cases")]
    let rank = ((total as f64 * q).ceil() as i64).clamp(1, total);
    let mut seen = 0;
    measured
        .into_iter()
        .find(|(_, count)| {
            seen += count;
            seen >= rank
        })
        .map(|(step, _)| seconds(*step))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn quantiles_are_within_two_per_cent_of_the_exact_ones(mut spans in proptest::collection::vec(2_000_000i64..90 * 86_400_000_000, 1..200), q in 0.01f64..1.0) {
            let mut cells: BTreeMap<i64, i64> = BTreeMap::new();
            for span in &spans {
                *cells.entry(of(Some(Duration(*span)))).or_default() += 1;
            }
            spans.sort_unstable();
            let rank = ((spans.len() as f64 * q).ceil() as usize).clamp(1, spans.len());
            let exact = spans[rank - 1] as f64 / 1e6;
            let found = quantile(&cells.into_iter().collect::<Vec<_>>(), q).unwrap();
            prop_assert!((found / exact - 1.0).abs() < 0.0201, "{found} for {exact}");
        }
    }

    #[test]
    fn what_has_no_length_has_no_quantile() {
        assert_eq!(quantile(&[(NONE, 7)], 0.5), None);
        assert_eq!(quantile(&[], 0.5), None);
        assert_eq!(quantile(&[(NONE, 7), (0, 1)], 0.9), Some(0.0));
        assert_eq!((of(None), of(Some(Duration(0))), of(Some(Duration::seconds(1)))), (NONE, 0, 0));
    }
}
