//! Ways to hold rows out.

use std::collections::HashMap;

use crate::numeric::random::Random;

/// Fold of each row, `0..folds`: positives and negatives are dealt out evenly, in shuffled order.
#[must_use]
pub fn stratified(labels: &[bool], folds: usize, seed: u64) -> Vec<usize> {
    let mut random = Random::new(seed);
    let mut order: Vec<usize> = (0..labels.len()).collect();
    random.shuffle(&mut order);
    let mut fold = vec![0; labels.len()];
    let mut dealt = [0_usize, 0];
    for row in order {
        let kind = usize::from(labels[row]);
        // The two kinds are dealt from opposite ends, so that remainders do not gather in the first folds.
        let turn = dealt[kind] % folds.max(1);
        fold[row] = if kind == 0 { turn } else { folds.max(1) - 1 - turn };
        dealt[kind] += 1;
    }
    fold
}

/// Fold of each row such that rows of one group share it: groups are placed, largest first, where fewest rows are.
#[must_use]
pub fn grouped(groups: &[u32], folds: usize, seed: u64) -> Vec<usize> {
    let mut sizes: HashMap<u32, usize> = HashMap::new();
    groups.iter().for_each(|g| *sizes.entry(*g).or_default() += 1);
    let mut order: Vec<(u32, usize)> = sizes.into_iter().collect();
    order.sort_unstable();
    Random::new(seed).shuffle(&mut order);
    order.sort_by_key(|g| std::cmp::Reverse(g.1));
    let mut filled = vec![0_usize; folds.max(1)];
    let mut of_group = HashMap::new();
    for (group, size) in order {
        let emptiest = (0..filled.len()).min_by_key(|f| filled[*f]).unwrap_or(0);
        filled[emptiest] += size;
        of_group.insert(group, emptiest);
    }
    groups.iter().map(|g| of_group[g]).collect()
}

/// Rows before and after a point in time that leaves `share` of them before; rows of one moment stay together, rows
/// without a time are left out of both.
#[must_use]
pub fn by_time(times: &[f64], share: f64) -> (Vec<usize>, Vec<usize>) {
    let mut order: Vec<usize> = (0..times.len()).filter(|&r| !times[r].is_nan()).collect();
    order.sort_by(|&a, &b| times[a].total_cmp(&times[b]));
    let mut cut = ((order.len() as f64 * share.clamp(0.0, 1.0)).round() as usize).min(order.len());
    while cut > 0 && cut < order.len() && times[order[cut]] == times[order[cut - 1]] {
        cut += 1;
    }
    let after = order.split_off(cut);
    (order, after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_are_even_and_groups_stay_together() {
        let labels: Vec<bool> = (0..1_003).map(|i| i % 4 == 0).collect();
        let fold = stratified(&labels, 5, 3);
        for f in 0..5 {
            let rows = fold.iter().filter(|x| **x == f).count();
            let hits = fold.iter().zip(&labels).filter(|(x, l)| **x == f && **l).count();
            assert!((199..=202).contains(&rows) && (50..=51).contains(&hits), "{rows} {hits}");
        }
        let groups: Vec<u32> = (0..900).map(|i| i / 9).collect();
        let fold = grouped(&groups, 3, 1);
        assert!(groups.iter().zip(&fold).all(|(g, f)| fold[*g as usize * 9] == *f));
        assert!((0..3).all(|f| (290..=310).contains(&fold.iter().filter(|x| **x == f).count())));
    }

    #[test]
    fn one_moment_is_never_on_both_sides() {
        let (before, after) = by_time(&[3.0, 1.0, 2.0, 2.0, f64::NAN, 2.0, 9.0], 0.4);
        assert_eq!((before, after), (vec![1, 2, 3, 5], vec![0, 6]));
    }
}
