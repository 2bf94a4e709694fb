//! Exact Shapley values of trees: how much each feature moved the score away from its mean.
//!
//! The value of a set of features is the tree's expectation when only these are known, the others averaged by the
//! covers of the branches (Lundberg, Erion and Lee 2018). A decision splits on few different features along a path, so
//! the sets are walked as paths with the share of orders in which they occur, in polynomial time.

use super::tree::Tree;

/// One feature on the way down: shares of the paths that flow through when it is unknown and when it is known, and the
/// weight of the sets of each size.
#[derive(Debug, Clone, Copy)]
struct Way {
    feature: usize,
    unknown: f64,
    known: f64,
    weight: f64,
}

/// Adds the tree's Shapley values to `reasons` (by feature) and returns the tree's mean value. Reasons and mean add up
/// to the tree's value for the row.
pub fn shapley(tree: &Tree, bins: &[u8], reasons: &mut [f64]) -> f64 {
    walk(tree, 0, bins, reasons, &[], Way { feature: usize::MAX, unknown: 1.0, known: 1.0, weight: 0.0 });
    mean(tree, 0)
}

/// Mean of a subtree by cover.
fn mean(tree: &Tree, node: usize) -> f64 {
    let here = &tree.nodes[node];
    if here.is_leaf() {
        return here.value;
    }
    let (left, right) = (here.left as usize, here.right as usize);
    let (a, b) = (tree.nodes[left].cover, tree.nodes[right].cover);
    (a * mean(tree, left) + b * mean(tree, right)) / (a + b)
}

fn walk(tree: &Tree, node: usize, bins: &[u8], reasons: &mut [f64], path: &[Way], step: Way) {
    let mut path = extended(path, step);
    let here = &tree.nodes[node];
    if here.is_leaf() {
        for place in 1..path.len() {
            let way = path[place];
            reasons[way.feature] += unwound_sum(&path, place) * (way.known - way.unknown) * here.value;
        }
        return;
    }
    let feature = here.feature as usize;
    let (hot, cold) = if here.goes_left(bins[feature]) { (here.left as usize, here.right as usize) } else { (here.right as usize, here.left as usize) };
    let (hot_cover, cold_cover) = (tree.nodes[hot].cover, tree.nodes[cold].cover);
    let whole = hot_cover + cold_cover;
    let (mut unknown, mut known) = (1.0, 1.0);
    // A feature met again replaces its earlier step: its shares multiply.
    if let Some(place) = path.iter().skip(1).position(|w| w.feature == feature).map(|p| p + 1) {
        (unknown, known) = (path[place].unknown, path[place].known);
        path = unwound(&path, place);
    }
    let hot_step = Way { feature, unknown: unknown * hot_cover / whole, known, weight: 0.0 };
    walk(tree, hot, bins, reasons, &path, hot_step);
    let cold_step = Way { feature, unknown: unknown * cold_cover / whole, known: 0.0, weight: 0.0 };
    walk(tree, cold, bins, reasons, &path, cold_step);
}

/// The path with one more feature: the weight of sets of size k is shared between having it and not.
fn extended(path: &[Way], step: Way) -> Vec<Way> {
    let depth = path.len();
    let mut longer = path.to_vec();
    longer.push(Way { weight: if depth == 0 { 1.0 } else { 0.0 }, ..step });
    for k in (0..depth).rev() {
        let weight = longer[k].weight;
        longer[k + 1].weight += step.known * weight * (k + 1) as f64 / (depth + 1) as f64;
        longer[k].weight = step.unknown * weight * (depth - k) as f64 / (depth + 1) as f64;
    }
    longer
}

/// The path as it was without one of its features: the inverse of [`extended`].
fn unwound(path: &[Way], place: usize) -> Vec<Way> {
    let weights = unwound_weights(path, place);
    let mut shorter: Vec<Way> = path.iter().enumerate().filter(|(i, _)| *i != place).map(|(_, w)| *w).collect();
    for (way, weight) in shorter.iter_mut().zip(weights) {
        way.weight = weight;
    }
    shorter
}

fn unwound_sum(path: &[Way], place: usize) -> f64 {
    unwound_weights(path, place).iter().sum()
}

fn unwound_weights(path: &[Way], place: usize) -> Vec<f64> {
    let depth = path.len() - 1;
    let Way { unknown, known, .. } = path[place];
    let mut weights = vec![0.0; depth];
    let mut next = path[depth].weight;
    for k in (0..depth).rev() {
        if known == 0.0 {
            weights[k] = path[k].weight * (depth + 1) as f64 / (unknown * (depth - k) as f64);
        } else {
            weights[k] = next * (depth + 1) as f64 / ((k + 1) as f64 * known);
            next = path[k].weight - weights[k] * unknown * (depth - k) as f64 / (depth + 1) as f64;
        }
    }
    weights
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::random::Random;
    use crate::outcome::boosting::tree::Node;

    /// Expectation when only the features of `set` are known.
    fn expectation(tree: &Tree, node: usize, bins: &[u8], set: u32) -> f64 {
        let here = &tree.nodes[node];
        if here.is_leaf() {
            return here.value;
        }
        let (left, right) = (here.left as usize, here.right as usize);
        if set >> here.feature & 1 == 1 {
            return expectation(tree, if here.goes_left(bins[here.feature as usize]) { left } else { right }, bins, set);
        }
        let (a, b) = (tree.nodes[left].cover, tree.nodes[right].cover);
        (a * expectation(tree, left, bins, set) + b * expectation(tree, right, bins, set)) / (a + b)
    }

    fn random_tree(random: &mut Random, features: usize) -> Tree {
        let leaf = |random: &mut Random, cover| Node { feature: 0, left: 0, right: 0, mask: [0; 4], value: random.normal(), cover };
        let mut tree = Tree { nodes: vec![leaf(random, 100.0)] };
        for node in 0..9 {
            if node >= tree.nodes.len() {
                break;
            }
            let share = (0.1 + 0.8 * random.uniform()) * tree.nodes[node].cover;
            let next = tree.nodes.len() as u32;
            let rest = tree.nodes[node].cover - share;
            let (a, b) = (leaf(random, share), leaf(random, rest));
            tree.nodes.extend([a, b]);
            let here = &mut tree.nodes[node];
            (here.feature, here.left, here.right) = (random.below(features) as u32, next, next + 1);
            here.mask = [random.bits(), 0, 0, 0];
        }
        tree
    }

    #[test]
    fn values_equal_shapleys_definition_by_enumeration() {
        let mut random = Random::new(12);
        for _ in 0..40 {
            let features = 4;
            let tree = random_tree(&mut random, features);
            let bins: Vec<u8> = (0..features).map(|_| random.below(64) as u8).collect();
            let mut reasons = vec![0.0; features];
            let base = shapley(&tree, &bins, &mut reasons);
            assert!((base + reasons.iter().sum::<f64>() - tree.value(&bins)).abs() < 1e-10);
            for (feature, reason) in reasons.iter().enumerate() {
                let mut wanted = 0.0;
                for set in (0..1_u32 << features).filter(|s| s >> feature & 1 == 0) {
                    let size = set.count_ones() as usize;
                    let factorial = |n: usize| (1..=n).map(|i| i as f64).product::<f64>();
                    let weight = factorial(size) * factorial(features - size - 1) / factorial(features);
                    let with = expectation(&tree, 0, &bins, set | 1 << feature);
                    wanted += weight * (with - expectation(&tree, 0, &bins, set));
                }
                assert!((reason - wanted).abs() < 1e-10, "{feature}: {reason} {wanted}");
            }
        }
    }
}
