//! From marks to points.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::sheets::Definition;

/// What a reviewer gave for one criterion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mark {
    /// 0 to the criterion's `most`; null: does not apply here.
    pub value: Option<i64>,
    #[serde(default)]
    pub note: String,
}

/// Marks by the criterion's id.
pub type Marks = BTreeMap<String, Mark>;

/// What a whole sheet comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Of a thousand; `None` when nothing applied.
    pub points: Option<i64>,
    /// A critical criterion got nothing.
    pub failed: bool,
}

/// The weighted mean of what applied, to the nearest thousandth; nothing when a critical criterion failed.
#[must_use]
pub fn outcome(sheet: &Definition, marks: &Marks) -> Outcome {
    let (mut got, mut most, mut failed) = (0_i64, 0_i64, false);
    // Weights and scales are small (100 and 10), so that shares can be added as whole numbers of one denominator.
    for criterion in sheet.criteria() {
        let Some(value) = marks.get(&criterion.id).and_then(|mark| mark.value) else { continue };
        let scale = criterion.most();
        got += criterion.weight * value * (DENOMINATOR / scale);
        most += criterion.weight * DENOMINATOR;
        failed |= criterion.critical && value == 0;
    }
    if most == 0 {
        return Outcome { points: None, failed };
    }
    let points = if failed { 0 } else { (got * 1_000 * 2 + most) / (most * 2) };
    Outcome { points: Some(points), failed }
}

/// A multiple of every scale from 1 to 10.
const DENOMINATOR: i64 = 2_520;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::sheets::*, *};

    fn criterion(id: usize, kind: CriterionKind, most: i64, weight: i64, critical: bool) -> Criterion {
        Criterion { id: format!("c{id}"), text: "x".into(), help: String::new(), kind, most, weight, critical, may_not_apply: true }
    }

    fn sheet(criteria: Vec<Criterion>) -> Definition {
        Definition { sections: vec![Section { title: "x".into(), criteria }] }
    }

    proptest! {
        #[test]
        fn points_are_the_weighted_mean_of_what_applied(parts in proptest::collection::vec((1_i64..=10, 1_i64..=100, proptest::option::of(0.0_f64..=1.0)), 1..50)) {
            let criteria = parts.iter().enumerate().map(|(at, (most, weight, _))| criterion(at, CriterionKind::Scale, *most, *weight, false)).collect();
            let value = |most: i64, share: f64| (share * most as f64).round() as i64;
            let marks: Marks = parts.iter().enumerate()
                .map(|(at, (most, _, share))| (format!("c{at}"), Mark { value: share.map(|share| value(*most, share)), note: String::new() })).collect();
            let applied: Vec<_> = parts.iter().filter_map(|(most, weight, share)| Some((*weight as f64, value(*most, (*share)?) as f64 / *most as f64))).collect();
            let weights: f64 = applied.iter().map(|(weight, _)| weight).sum();
            let outcome = outcome(&sheet(criteria), &marks);
            if applied.is_empty() {
                prop_assert_eq!(outcome.points, None);
            } else {
                let exact = applied.iter().map(|(weight, share)| weight * share).sum::<f64>() / weights * 1_000.0;
                prop_assert!((outcome.points.unwrap() as f64 - exact).abs() <= 0.5 + 1e-6, "{:?} for {exact}", outcome);
            }
        }
    }

    #[test]
    fn a_critical_criterion_that_gets_nothing_fails_the_whole() {
        let sheet = sheet(vec![criterion(1, CriterionKind::Scale, 5, 10, false), criterion(2, CriterionKind::YesNo, 1, 1, true)]);
        let marks = |critical: Option<i64>| -> Marks {
            [("c1", Some(5)), ("c2", critical)].into_iter().map(|(id, value)| (id.to_owned(), Mark { value, note: String::new() })).collect()
        };
        assert_eq!(outcome(&sheet, &marks(Some(1))), Outcome { points: Some(1_000), failed: false });
        assert_eq!(outcome(&sheet, &marks(Some(0))), Outcome { points: Some(0), failed: true });
        // What does not apply fails nothing.
        assert_eq!(outcome(&sheet, &marks(None)), Outcome { points: Some(1_000), failed: false });
    }
}
