//! Growing trees one after the other.

use super::bins::Binned;
use super::histogram::{Chooser, Histogram, Lanes, Split, Sum, offsets};
use super::tree::{Node, Tree};
use crate::numeric::random::Random;
use crate::numeric::special::{logistic, logit, softplus};

/// What is being predicted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// A yes or no (0 or 1); trees add log-odds.
    Logistic,
    /// A number; trees add to it.
    Squared,
    /// A count; trees add to the logarithm of its mean.
    Poisson,
}

/// How trees are grown.
#[derive(Debug, Clone, PartialEq)]
pub struct Growing {
    pub loss: Loss,
    pub trees: usize,
    pub rate: f64,
    pub leaves: usize,
    pub least_rows: f64,
    pub least_weight: f64,
    pub least_gain: f64,
    pub ridge: f64,
    pub category_smoothing: f64,
    /// Added to `ridge` when a split sorts many categories.
    pub category_ridge: f64,
    /// Share of features and of rows that each tree sees.
    pub features: f64,
    pub rows: f64,
    /// The share of features is drawn anew for every split.
    pub by_split: bool,
    /// Growing stops when the loss on held-out rows has not fallen for so many trees.
    pub patience: usize,
    pub seed: u64,
}

impl Default for Growing {
    fn default() -> Self {
        Self {
            loss: Loss::Logistic,
            trees: 400,
            rate: 0.09,
            leaves: 8,
            least_rows: 20.0,
            least_weight: 1e-3,
            least_gain: 1e-6,
            ridge: 5.0,
            category_smoothing: 10.0,
            category_ridge: 10.0,
            features: 0.6,
            rows: 0.8,
            by_split: false,
            patience: 12,
            seed: 1,
        }
    }
}

/// The loss on held-out rows is looked at after so many trees.
const CHECKED_EVERY: usize = 4;

/// A sum of trees.
#[derive(Debug, Clone, PartialEq)]
pub struct Boosted {
    pub base: f64,
    pub trees: Vec<Tree>,
    pub loss: Loss,
}

impl Boosted {
    /// Grows trees on the rows `train`; `held` rows decide when to stop (none: all trees are grown).
    /// `target` and `offset` (a score known beforehand, often zero) are by row of `binned`.
    #[must_use]
    pub fn grow(binned: &Binned, target: &[f64], offset: Option<&[f64]>, (train, held): (&[u32], &[u32]), monotone: &[i8], growing: &Growing) -> Self {
        let base = if offset.is_some() { 0.0 } else { base(target, train, growing.loss) };
        let mut scores: Vec<f64> = match offset {
            Some(offset) => offset.to_vec(),
            None => vec![base; binned.rows],
        };
        let mut grower = Grower::new(binned, monotone, growing);
        let mut trees = Vec::new();
        let (mut best, mut best_count) = (loss(target, &scores, held, growing.loss), 0);
        for _ in 0..growing.trees {
            let tree = grower.tree(target, &mut scores, train, held);
            if tree.nodes.len() < 2 {
                break;
            }
            trees.push(tree);
            if !held.is_empty() && trees.len() % CHECKED_EVERY == 0 {
                let now = loss(target, &scores, held, growing.loss);
                if now < best {
                    (best, best_count) = (now, trees.len());
                } else if trees.len() >= best_count + growing.patience {
                    break;
                }
            }
        }
        if !held.is_empty() {
            trees.truncate(best_count);
        }
        Self { base, trees, loss: growing.loss }
    }

    /// Grows a forest (Breiman 2001): every tree on its own, from the same start, its features drawn anew for every split;
    /// the forest says the mean. `scores` of the rows `held` become what it says about them.
    #[must_use]
    pub fn forest(binned: &Binned, target: &[f64], (train, held): (&[u32], &[u32]), monotone: &[i8], growing: &Growing, scores: &mut [f64]) -> Self {
        let base = base(target, train, growing.loss);
        let growing = Growing { rate: 1.0 / growing.trees.max(1) as f64, by_split: true, ..growing.clone() };
        let mut grower = Grower::new(binned, monotone, &growing);
        held.iter().for_each(|&row| scores[row as usize] = base);
        let mut alone = vec![base; binned.rows];
        let trees = (0..growing.trees)
            .map(|_| {
                let tree = grower.tree(target, &mut alone, train, held);
                held.iter().for_each(|&row| scores[row as usize] += alone[row as usize] - base);
                alone.fill(base);
                tree
            })
            .collect();
        Self { base, trees, loss: growing.loss }
    }

    /// The sum of the trees for a row given by its bins: log-odds, number or logarithm of a mean.
    #[must_use]
    pub fn score(&self, bins: &[u8]) -> f64 {
        self.base + self.trees.chunks(ABREAST).map(|trees| abreast(trees, bins)).sum::<f64>()
    }
}

/// Trees walked side by side: each step waits for memory, and these wait at once.
const ABREAST: usize = 8;

fn abreast(trees: &[Tree], bins: &[u8]) -> f64 {
    let mut at = [0_u32; ABREAST];
    let mut walking = true;
    while walking {
        walking = false;
        for (place, tree) in at.iter_mut().zip(trees) {
            let node = &tree.nodes[*place as usize];
            if !node.is_leaf() {
                *place = if node.goes_left(bins[node.feature as usize]) { node.left } else { node.right };
                walking = true;
            }
        }
    }
    at.iter().zip(trees).map(|(place, tree)| tree.nodes[*place as usize].value).sum()
}

fn base(target: &[f64], train: &[u32], loss: Loss) -> f64 {
    let mean = train.iter().map(|&r| target[r as usize]).sum::<f64>() / train.len().max(1) as f64;
    match loss {
        Loss::Logistic => logit(mean.clamp(1e-4, 1.0 - 1e-4)),
        Loss::Squared => mean,
        Loss::Poisson => mean.max(1e-6).ln(),
    }
}

fn loss(target: &[f64], scores: &[f64], rows: &[u32], loss: Loss) -> f64 {
    let one = |row: u32| {
        let (y, score) = (target[row as usize], scores[row as usize]);
        match loss {
            Loss::Logistic => softplus(score) - y * score,
            Loss::Squared => (y - score) * (y - score),
            Loss::Poisson => score.exp() - y * score,
        }
    };
    rows.iter().map(|&row| one(row)).sum()
}

struct Grower<'a> {
    binned: &'a Binned,
    monotone: &'a [i8],
    growing: &'a Growing,
    random: Random,
    gradients: Vec<Lanes>,
    /// Memory that splits reuse.
    spare: Vec<u32>,
}

/// A leaf that may still be split.
struct Leaf {
    node: usize,
    /// Where the rows lie that the tree learns from, and those that only follow it.
    rows: std::ops::Range<usize>,
    others: std::ops::Range<usize>,
    histogram: Histogram,
    bounds: (f64, f64),
    split: Option<Split>,
}

/// Rows by leaf while a tree grows.
struct Rows {
    learning: Vec<u32>,
    following: Vec<u32>,
}

/// The features that one tree looks at, and their places in its histograms.
struct Features {
    chosen: Vec<usize>,
    offsets: Vec<usize>,
}

impl<'a> Grower<'a> {
    fn new(binned: &'a Binned, monotone: &'a [i8], growing: &'a Growing) -> Self {
        let gradients = vec![Lanes::default(); binned.rows];
        Self { binned, monotone, growing, random: Random::new(growing.seed), gradients, spare: Vec::new() }
    }

    /// Grows one tree on a part of `train`; the scores of all of it and of `held` move on.
    fn tree(&mut self, target: &[f64], scores: &mut [f64], train: &[u32], held: &[u32]) -> Tree {
        let mut rows = Rows { learning: Vec::with_capacity(train.len()), following: held.to_vec() };
        for &row in train {
            let seen = self.growing.rows >= 1.0 || self.random.uniform() < self.growing.rows;
            if seen { rows.learning.push(row) } else { rows.following.push(row) }
        }
        let total = self.derive(target, scores, &rows.learning);
        let chosen = self.choose_features();
        let mut features = Features { offsets: offsets(self.binned, &chosen), chosen };
        let histogram = Histogram::build(self.binned, &features.offsets, &features.chosen, &rows.learning, &self.gradients);
        let bounds = (f64::NEG_INFINITY, f64::INFINITY);
        let mut tree = Tree::default();
        tree.nodes.push(leaf_node(Chooser::new(self.growing, bounds, total).value(total), total));
        let split = self.best(&histogram, &features, bounds, total);
        let mut leaves = vec![Leaf { node: 0, rows: 0..rows.learning.len(), others: 0..rows.following.len(), histogram, bounds, split }];
        while leaves.len() < self.growing.leaves {
            let gain = |leaf: &Leaf| leaf.split.as_ref().map_or(f64::NEG_INFINITY, |s| s.gain);
            let Some(place) = (0..leaves.len()).max_by(|&a, &b| gain(&leaves[a]).total_cmp(&gain(&leaves[b]))) else {
                break;
            };
            if leaves[place].split.is_none() {
                break;
            }
            let leaf = leaves.swap_remove(place);
            // The last split needs no sums of its leaves: they are not split further.
            let last = leaves.len() + 2 >= self.growing.leaves;
            leaves.extend(self.split(leaf, &mut tree, &mut rows, &mut features, last));
        }
        for node in &mut tree.nodes {
            node.value *= self.growing.rate;
        }
        for leaf in &leaves {
            let value = tree.nodes[leaf.node].value;
            let own = rows.learning[leaf.rows.clone()].iter().chain(&rows.following[leaf.others.clone()]);
            own.for_each(|&row| scores[row as usize] += value);
        }
        tree
    }

    /// Derivatives of the loss at the present scores, and their sum.
    fn derive(&mut self, target: &[f64], scores: &[f64], rows: &[u32]) -> Sum {
        let mut total = Sum::default();
        for &row in rows {
            let (y, score) = (target[row as usize], scores[row as usize]);
            let (gradient, weight) = match self.growing.loss {
                Loss::Logistic => {
                    let p = logistic(score);
                    (p - y, p * (1.0 - p))
                }
                Loss::Squared => (score - y, 1.0),
                Loss::Poisson => (score.exp() - y, score.exp()),
            };
            self.gradients[row as usize] = [gradient as f32, weight as f32, 1.0, 0.0];
            total.add(Sum { gradient, weight, count: 1.0 });
        }
        total
    }

    fn choose_features(&mut self) -> Vec<usize> {
        let all = self.binned.columns.len();
        let wanted = ((self.growing.features * all as f64).ceil() as usize).clamp(1, all.max(1));
        let mut features: Vec<usize> = (0..all).filter(|&f| self.binned.sizes[f] > 1).collect();
        self.random.shuffle(&mut features);
        features.truncate(wanted);
        features.sort_unstable();
        features
    }

    fn best(&self, histogram: &Histogram, features: &Features, bounds: (f64, f64), total: Sum) -> Option<Split> {
        let mut best = None;
        if total.count < 2.0 * self.growing.least_rows {
            return None;
        }
        let chooser = Chooser::new(self.growing, bounds, total);
        for (&feature, place) in features.chosen.iter().zip(features.offsets.windows(2)) {
            let sums = &histogram.sums[place[0]..place[1]];
            if self.binned.categorical[feature] {
                chooser.category(feature, sums, &mut best);
            } else {
                chooser.number(feature, sums, self.monotone.get(feature).copied().unwrap_or(0), &mut best);
            }
        }
        best
    }

    /// Makes a leaf a decision; returns its two leaves.
    fn split(&mut self, leaf: Leaf, tree: &mut Tree, rows: &mut Rows, features: &mut Features, last: bool) -> Vec<Leaf> {
        let Some(split) = leaf.split else { return vec![leaf] };
        let chooser = Chooser::new(self.growing, leaf.bounds, split.left);
        let (left_value, right_value) = (chooser.value(split.left), chooser.value(split.right));
        let (left, right) = (tree.nodes.len() as u32, tree.nodes.len() as u32 + 1);
        let node = &mut tree.nodes[leaf.node];
        (node.feature, node.left, node.right, node.mask) = (split.feature as u32, left, right, split.mask);
        let decision = *node;
        tree.nodes.push(leaf_node(left_value, split.left));
        tree.nodes.push(leaf_node(right_value, split.right));
        let column = &self.binned.columns[split.feature];
        let lefts = partition(&mut rows.learning[leaf.rows.clone()], column, &decision, &mut self.spare);
        let other_lefts = partition(&mut rows.following[leaf.others.clone()], column, &decision, &mut self.spare);
        let (mut left_bounds, mut right_bounds) = (leaf.bounds, leaf.bounds);
        let direction = self.monotone.get(split.feature).copied().unwrap_or(0);
        if direction != 0 {
            // Whatever is split further below, the two sides stay on their sides of the middle.
            let middle = f64::midpoint(left_value, right_value);
            let (lower, upper) = if direction > 0 { (&mut left_bounds, &mut right_bounds) } else { (&mut right_bounds, &mut left_bounds) };
            lower.1 = lower.1.min(middle);
            upper.0 = upper.0.max(middle);
        }
        let middle = leaf.rows.start + lefts;
        let other_middle = leaf.others.start + other_lefts;
        let [left_rows, right_rows] = [leaf.rows.start..middle, middle..leaf.rows.end];
        let mut splits = [None, None];
        let mut histograms = [Histogram { sums: Vec::new() }, Histogram { sums: Vec::new() }];
        let sides = [(&left_rows, left_bounds, split.left), (&right_rows, right_bounds, split.right)];
        if self.growing.by_split && !last {
            for (found, (own, bounds, total)) in splits.iter_mut().zip(sides) {
                if total.count >= 2.0 * self.growing.least_rows {
                    let chosen = self.choose_features();
                    *features = Features { offsets: offsets(self.binned, &chosen), chosen };
                    let histogram = Histogram::build(self.binned, &features.offsets, &features.chosen, &rows.learning[own.clone()], &self.gradients);
                    *found = self.best(&histogram, features, bounds, total);
                }
            }
        } else if !last {
            // Only the smaller side is counted; the other is what is left of the parent.
            let small_left = left_rows.len() <= right_rows.len();
            let small_rows = &rows.learning[if small_left { left_rows.clone() } else { right_rows.clone() }];
            let small = Histogram::build(self.binned, &features.offsets, &features.chosen, small_rows, &self.gradients);
            let large = small.subtracted_from(leaf.histogram);
            histograms = if small_left { [small, large] } else { [large, small] };
            for ((found, histogram), (_, bounds, total)) in splits.iter_mut().zip(&histograms).zip(sides) {
                *found = self.best(histogram, features, bounds, total);
            }
        }
        let [left_histogram, right_histogram] = histograms;
        let make = |node: u32, rows, others, histogram, bounds, split| Leaf { node: node as usize, rows, others, histogram, bounds, split };
        let [left_split, right_split] = splits;
        vec![
            make(left, left_rows, leaf.others.start..other_middle, left_histogram, left_bounds, left_split),
            make(right, right_rows, other_middle..leaf.others.end, right_histogram, right_bounds, right_split),
        ]
    }
}

/// Puts the rows that go left first, both sides in their order; returns how many they are. Without branches: which way a
/// row goes cannot be guessed.
fn partition(rows: &mut [u32], column: &[u8], decision: &Node, spare: &mut Vec<u32>) -> usize {
    spare.resize(rows.len().max(spare.len()), 0);
    let (mut lefts, mut rights) = (0, 0);
    for i in 0..rows.len() {
        let row = rows[i];
        let left = usize::from(decision.goes_left(column[row as usize]));
        rows[lefts] = row;
        spare[rights] = row;
        lefts += left;
        rights += 1 - left;
    }
    rows[lefts..].copy_from_slice(&spare[..rights]);
    lefts
}

fn leaf_node(value: f64, sum: Sum) -> Node {
    Node { feature: 0, left: 0, right: 0, mask: [0; 4], value, cover: sum.weight }
}
