//! The whole model of an outcome: boosted trees, a regression and a forest on folds, weighed and calibrated by what they
//! said about rows they had not seen.

use super::boosting::explain::shapley;
use super::boosting::{Binned, Binner, Boosted, Compiled, Growing};
use super::calibration::{Calibration, Isotonic, Platt};
use super::frame::Frame;
use super::level::Level;
use super::logistic::{Coder, Fitter, Logistic, Sparse};
use super::reasons::{Explained, Reason};
use super::split;
use crate::numeric::special::logistic;

/// How a model is fitted.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    pub folds: usize,
    /// Rows of one group never lie on both sides of a fold.
    pub groups: Option<Vec<u32>>,
    /// Shapes of trees to choose among by the loss on held-out rows.
    pub shapes: Vec<Growing>,
    pub ridge: f64,
    /// Trees of the forest, shared out among the folds; zero for none.
    pub forest: usize,
    pub calibration: Calibration,
    /// Moment of each row, in any unit: the level of the predictions then follows the latest rows.
    pub times: Option<Vec<f64>>,
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { folds: 3, groups: None, shapes: vec![Growing::default()], ridge: 8.0, forest: 90, calibration: Calibration::Platt, times: None, seed: 1 }
    }
}

impl Options {
    /// Options for a table of this many rows: large ones bear more trees in smaller steps.
    ///
    /// Deeper trees were tried on large tables and gave nothing for twice the time to fit and ten times that to predict.
    #[must_use]
    pub fn for_rows(rows: usize) -> Self {
        let mut options = Self::default();
        if rows >= LARGE {
            options.shapes = vec![Growing { trees: 900, rate: 0.075, patience: 32, ..Growing::default() }];
        }
        options
    }
}

/// Rows from which a table is large.
const LARGE: usize = 15_000;

/// Why no model was fitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutcomeError {
    /// Fewer than this many rows of one of the two kinds.
    TooFew { positives: usize, negatives: usize },
    /// There is no column to learn from.
    NoColumns,
}

impl std::fmt::Display for OutcomeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooFew { positives, negatives } => {
                write!(f, "{positives} rows with the outcome and {negatives} without it are too few to learn from; {LEAST} of each are needed")
            }
            Self::NoColumns => f.write_str("no column is left to learn from"),
        }
    }
}

impl std::error::Error for OutcomeError {}

/// Least rows of each kind.
pub const LEAST: usize = 10;

/// A fitted model. It belongs to frames with the same columns, in the same order and with the same category codes.
#[derive(Debug, Clone)]
pub struct Model {
    binner: Binner,
    coder: Coder,
    boosted: Vec<Boosted>,
    /// The same trees, faster; `None` when some have too many leaves.
    compiled: Option<Compiled>,
    linear: Logistic,
    /// Empty where it has not earned its place.
    forest: Vec<Boosted>,
    blend: Platt,
    /// On top of the blend, when it was asked for or has proved better.
    isotonic: Option<Isotonic>,
    /// Where the level was when learning ended; its shift is in the blend already.
    level: Option<Level>,
    /// Mean input of the regression, which its reasons are measured from.
    centre: Vec<f64>,
    /// What the model said about each training row when it had not seen it.
    pub out_of_fold: Vec<f64>,
}

impl Model {
    /// Fits on some rows of a frame; `labels` are by place in `rows`.
    ///
    /// # Errors
    /// With too few rows of either kind, or no columns.
    pub fn fit(frame: &Frame, rows: &[usize], labels: &[bool], options: &Options) -> Result<Self, OutcomeError> {
        let positives = labels.iter().filter(|l| **l).count();
        let negatives = labels.len() - positives;
        if positives < LEAST || negatives < LEAST {
            return Err(OutcomeError::TooFew { positives, negatives });
        }
        if frame.columns.is_empty() {
            return Err(OutcomeError::NoColumns);
        }
        // Finer bins than the rows can tell apart only cost time.
        let binner = Binner::learn(frame, rows, (rows.len() / 40).clamp(32, 256));
        let binned = binner.apply(frame, rows);
        let coder = Coder::learn(frame, rows);
        let sparse: Vec<Sparse> = rows.iter().map(|&row| coder.row(frame, row)).collect();
        let fold = match &options.groups {
            Some(groups) => split::grouped(groups, options.folds, options.seed),
            None => split::stratified(labels, options.folds, options.seed),
        };
        let target: Vec<f64> = labels.iter().map(|l| f64::from(u8::from(*l))).collect();
        let (shape, first) = choose_shape(&binned, &target, &fold, &binner.monotone, options);
        let members = Members { binned: &binned, target: &target, sparse: &sparse, labels, inputs: coder.owner.len(), options };
        let Fitted { scores, boosted, linear, mut forest } = members.fit(&fold, &shape, first, &binner.monotone);
        let pull = 0.02 * rows.len() as f64;
        let mut blend = Platt::fit(&scores[..2], labels, pull);
        if !forest.is_empty() {
            let with = Platt::fit(&scores, labels, pull);
            // It costs time with every prediction: a gain that chance could give does not pay for that.
            if blend.loss(&scores, labels) - with.loss(&scores, labels) > EARNED.max(EARNED_SHARE * rows.len() as f64) {
                blend = with;
            } else {
                forest.clear();
            }
        }
        let blended = |blend: &Platt| (0..rows.len()).map(|r| blend.log_odds(scores.iter().map(|s| s[r]))).collect::<Vec<f64>>();
        let level = options.times.as_ref().and_then(|times| Level::learn(&blended(&blend), labels, times));
        blend.intercept += level.map_or(0.0, |level| level.shift);
        let odds = blended(&blend);
        let isotonic = options.calibration.isotonic(&odds, labels);
        let out_of_fold = odds.iter().map(|&odds| isotonic.as_ref().map_or_else(|| logistic(odds), |i| i.probability(odds))).collect();
        let linear = Logistic::mean(&linear).ok_or(OutcomeError::NoColumns)?;
        let mut centre = vec![0.0; coder.owner.len()];
        sparse.iter().flatten().for_each(|&(i, v)| centre[i as usize] += v / rows.len() as f64);
        let compiled = Compiled::new(&boosted, &binned.sizes);
        Ok(Self { binner, coder, boosted, compiled, linear, forest, blend, isotonic, level, centre, out_of_fold })
    }

    /// Number of trees, and the weights of trees and regression in the blend.
    #[must_use]
    pub fn shape(&self) -> (usize, &[f64]) {
        (self.boosted.iter().map(|b| b.trees.len()).sum(), &self.blend.weights)
    }

    /// Calibrated probability of a row.
    #[must_use]
    pub fn probability(&self, frame: &Frame, row: usize) -> f64 {
        self.calibrated(self.log_odds(frame, row, &mut Work::default()))
    }

    /// Calibrated probabilities of many rows.
    #[must_use]
    pub fn probabilities(&self, frame: &Frame, rows: &[usize]) -> Vec<f64> {
        let mut work = Work::default();
        rows.iter().map(|&row| self.calibrated(self.log_odds(frame, row, &mut work))).collect()
    }

    fn calibrated(&self, log_odds: f64) -> f64 {
        self.isotonic.as_ref().map_or_else(|| logistic(log_odds), |isotonic| isotonic.probability(log_odds))
    }

    /// The level of the outcome when learning ended, from which later outcomes can be followed: its shift is zero where the
    /// model's own log-odds are right. `None` without times, or with too few rows.
    #[must_use]
    pub fn level(&self) -> Option<Level> {
        self.level.map(|level| Level { shift: 0.0, ..level })
    }

    /// Log-odds of many rows, before any isotonic step.
    #[must_use]
    pub fn log_odds_of(&self, frame: &Frame, rows: &[usize]) -> Vec<f64> {
        let mut work = Work::default();
        rows.iter().map(|&row| self.log_odds(frame, row, &mut work)).collect()
    }

    /// Whether probabilities come from isotonic calibration; reasons then add up to the log-odds before it.
    #[must_use]
    pub fn is_isotonic(&self) -> bool {
        self.isotonic.is_some()
    }

    fn log_odds(&self, frame: &Frame, row: usize, Work { bins, leaves }: &mut Work) -> f64 {
        bins.clear();
        let mut line = self.linear.intercept;
        for (f, column) in frame.columns.iter().enumerate() {
            bins.push(self.binner.bin(f, column, row));
            self.coder.code(f, column, row, |input, value| line += self.linear.coefficients[input as usize] * value);
        }
        let trees = match &self.compiled {
            Some(compiled) => compiled.score(bins, leaves),
            None => self.boosted.iter().map(|b| b.score(bins)).sum::<f64>() / self.boosted.len() as f64,
        };
        if self.forest.is_empty() {
            return self.blend.log_odds([trees, line]);
        }
        let forest = self.forest.iter().map(|f| f.score(bins)).sum::<f64>() / self.forest.len() as f64;
        self.blend.log_odds([trees, line, forest])
    }

    /// Takes a prediction apart into exact additive reasons: Shapley values of the trees, and for the regression the
    /// coefficient times the distance from the mean.
    #[must_use]
    pub fn explain(&self, frame: &Frame, row: usize) -> Explained {
        let columns = frame.columns.len();
        let bins: Vec<u8> = (0..columns).map(|f| self.binner.bin(f, &frame.columns[f], row)).collect();
        let (mut reasons, mut base) = (vec![0.0; columns], self.blend.intercept);
        for (place, models) in [(0, &self.boosted), (2, &self.forest)] {
            let weight = self.blend.weights.get(place).copied().unwrap_or(0.0) / models.len().max(1) as f64;
            let mut own = vec![0.0; columns];
            for boosted in models {
                base += weight * (boosted.base + boosted.trees.iter().map(|tree| shapley(tree, &bins, &mut own)).sum::<f64>());
            }
            reasons.iter_mut().zip(own).for_each(|(reason, own)| *reason += weight * own);
        }
        let line_weight = self.blend.weights[1];
        let coefficients = &self.linear.coefficients;
        let mean: f64 = coefficients.iter().zip(&self.centre).map(|(c, m)| c * m).sum();
        for (input, &owner) in self.coder.owner.iter().enumerate() {
            reasons[owner] -= line_weight * coefficients[input] * self.centre[input];
        }
        for (f, column) in frame.columns.iter().enumerate() {
            self.coder.code(f, column, row, |input, value| {
                reasons[f] += line_weight * coefficients[input as usize] * value;
            });
        }
        base += line_weight * (self.linear.intercept + mean);
        let log_odds = base + reasons.iter().sum::<f64>();
        let mut reasons: Vec<Reason> = reasons.into_iter().enumerate().map(|(column, log_odds)| Reason { column, log_odds }).collect();
        reasons.sort_by(|a, b| b.log_odds.abs().total_cmp(&a.log_odds.abs()));
        Explained { probability: self.calibrated(log_odds), log_odds, base, reasons }
    }
}

/// What is fitted on folds.
struct Members<'a> {
    binned: &'a Binned,
    target: &'a [f64],
    sparse: &'a [Sparse],
    labels: &'a [bool],
    inputs: usize,
    options: &'a Options,
}

struct Fitted {
    /// What boosted trees, regression and forest said about each row when they had not seen it.
    scores: [Vec<f64>; 3],
    boosted: Vec<Boosted>,
    linear: Vec<Logistic>,
    forest: Vec<Boosted>,
}

/// Fall of the loss on held-out rows, in all and a row, from which a forest has earned its place.
const EARNED: f64 = 2.0;
const EARNED_SHARE: f64 = 3e-4;
/// Trees of a forest, which are grown further than boosted ones: nothing comes after them to correct what they leave.
const FOREST: Growing = Growing {
    loss: super::boosting::Loss::Logistic,
    trees: 40,
    rate: 1.0,
    leaves: 64,
    least_rows: 8.0,
    least_weight: 1e-3,
    least_gain: 1e-6,
    ridge: 1.0,
    category_smoothing: 10.0,
    category_ridge: 10.0,
    features: 0.25,
    rows: 0.63,
    by_split: true,
    patience: 0,
    seed: 1,
};

impl Members<'_> {
    fn fit(&self, fold: &[usize], shape: &Growing, mut first: Option<Boosted>, monotone: &[i8]) -> Fitted {
        let (options, rows) = (self.options, self.labels.len());
        let mut fitted = Fitted { scores: std::array::from_fn(|_| vec![0.0; rows]), boosted: Vec::new(), linear: Vec::new(), forest: Vec::new() };
        let mut fitter = Fitter::default();
        let mut bins = vec![0_u8; self.binned.columns.len()];
        for number in 0..options.folds {
            let (held, train) = sides(fold, number);
            let seed = options.seed + number as u64;
            let growing = Growing { seed, ..shape.clone() };
            let grown = first.take();
            let trees = grown.unwrap_or_else(|| Boosted::grow(self.binned, self.target, None, (&train, &held), monotone, &growing));
            let own: Vec<&Sparse> = train.iter().map(|&r| &self.sparse[r as usize]).collect();
            let own_labels: Vec<bool> = train.iter().map(|&r| self.labels[r as usize]).collect();
            let line = fitter.fit(&own, &own_labels, self.inputs, options.ridge, fitted.linear.last());
            for &row in &held {
                let row = row as usize;
                bins.iter_mut().zip(&self.binned.columns).for_each(|(bin, column)| *bin = column[row]);
                fitted.scores[0][row] = trees.score(&bins);
                fitted.scores[1][row] = line.score(&self.sparse[row]);
            }
            if options.forest > 0 && (number == 0 || !fitted.forest.is_empty()) {
                let growing = Growing { trees: options.forest.div_ceil(options.folds), seed, ..FOREST };
                fitted.forest.push(Boosted::forest(self.binned, self.target, (&train, &held), monotone, &growing, &mut fitted.scores[2]));
            }
            // A forest that does not help on the first fold is not grown on the others.
            if number == 0 && !self.helped(&fitted.scores, &held) {
                fitted.forest.clear();
            }
            fitted.boosted.push(trees);
            fitted.linear.push(line);
        }
        fitted
    }
}

impl Members<'_> {
    /// Whether the forest lowers the loss on these rows, beside the other two.
    fn helped(&self, scores: &[Vec<f64>; 3], rows: &[u32]) -> bool {
        let own: Vec<Vec<f64>> = scores.iter().map(|s| rows.iter().map(|&r| s[r as usize]).collect()).collect();
        let labels: Vec<bool> = rows.iter().map(|&r| self.labels[r as usize]).collect();
        let pull = 0.02 * rows.len() as f64;
        let [without, with] = [2, 3].map(|members| Platt::fit(&own[..members], &labels, pull).loss(&own, &labels));
        without - with > EARNED.max(EARNED_SHARE * rows.len() as f64) / self.options.folds as f64
    }
}

/// Memory that predictions reuse.
#[derive(Default)]
struct Work {
    bins: Vec<u8>,
    leaves: Vec<u8>,
}

fn sides(fold: &[usize], number: usize) -> (Vec<u32>, Vec<u32>) {
    (0..fold.len() as u32).partition(|&row| fold[row as usize] == number)
}

/// With one shape there is nothing to choose; with several, each is tried on the first fold, and the trees that the best
/// one grew there are kept.
fn choose_shape(binned: &Binned, target: &[f64], fold: &[usize], monotone: &[i8], options: &Options) -> (Growing, Option<Boosted>) {
    if let [only] = &options.shapes[..] {
        return (only.clone(), None);
    }
    let (held, train) = sides(fold, 0);
    let mut bins = vec![0_u8; binned.columns.len()];
    let mut tried = |shape: &Growing| {
        let growing = Growing { seed: options.seed, ..shape.clone() };
        let trees = Boosted::grow(binned, target, None, (&train, &held), monotone, &growing);
        let one = |&row: &u32| {
            bins.iter_mut().zip(&binned.columns).for_each(|(bin, column)| *bin = column[row as usize]);
            let score = trees.score(&bins);
            crate::numeric::special::softplus(score) - target[row as usize] * score
        };
        (held.iter().map(one).sum::<f64>(), growing, trees)
    };
    let best = options.shapes.iter().map(&mut tried).min_by(|a, b| a.0.total_cmp(&b.0));
    best.map_or_else(|| (Growing::default(), None), |(_, growing, trees)| (growing, Some(trees)))
}
