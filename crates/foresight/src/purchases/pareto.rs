//! Pareto/NBD (Schmittlein, Morrison and Colombo 1987).
//!
//! Purchases are Poisson with a gamma(r, α) rate over customers, life is exponential with a gamma(s, β) rate. The
//! likelihood is written as an integral over the unobserved end of life, instead of the hypergeometric functions of the
//! papers: the integrand is smooth, its derivatives give the gradient by the same nodes, and nothing cancels.

use super::RepeatModel;
use super::fit::{FitError, Fitted, maximise};
use super::history::Summary;
use super::merged::{Merged, Row};
use crate::numeric::lanes::{exponential, logarithm};
use crate::numeric::quadrature::GaussLegendre;
use crate::numeric::special::{digamma, ln_gamma};

/// A fitted model; `r` and `s` have no unit, `alpha` and `beta` have the unit of time.
#[derive(Debug, Clone)]
pub struct Pareto {
    pub r: f64,
    pub alpha: f64,
    pub s: f64,
    pub beta: f64,
    rules: Rules,
}

const NAMES: [&str; 4] = ["r", "alpha", "s", "beta"];
/// The integrand is followed until it has fallen by this many e-folds.
const DEPTH: f64 = 37.0;
/// Most nodes of a rule.
const MOST_NODES: usize = 30;

#[derive(Debug, Clone)]
pub(super) struct Rules {
    short: GaussLegendre,
    middle: GaussLegendre,
    long: GaussLegendre,
}

impl Default for Rules {
    fn default() -> Self {
        Self { short: GaussLegendre::new(14), middle: GaussLegendre::new(22), long: GaussLegendre::new(MOST_NODES) }
    }
}

impl Rules {
    /// The shortest rule that integrates to 12 digits what falls by so many e-folds over a way of this length. Of e^−fall the
    /// error of n nodes is fall^2n n!⁴ / ((2n + 1) (2n)!³); the way matters for the singularities, which lie π off the axis.
    fn of(&self, fall: f64, way: f64) -> &GaussLegendre {
        if fall < 10.0 && way < 3.0 {
            &self.short
        } else if way < 6.0 {
            &self.middle
        } else {
            &self.long
        }
    }
}

impl Pareto {
    /// A model with known parameters.
    #[must_use]
    pub fn new(r: f64, alpha: f64, s: f64, beta: f64) -> Self {
        Self { r, alpha, s, beta, rules: Rules::default() }
    }

    /// Fits by maximum likelihood.
    ///
    /// # Errors
    /// When there are no customers or one contradicts itself. A fit that did not converge is returned and says so.
    pub fn fit(customers: &[Summary]) -> Result<(Self, Fitted), FitError> {
        let merged = Merged::new(customers)?;
        let rate = merged.rate();
        let starts: Vec<Vec<f64>> =
            [(0.6, 0.6, 10.0), (1.2, 1.5, 60.0), (0.3, 0.2, 3.0)].iter().map(|&(r, s, beta)| vec![r, 0.7 * r / rate, s, beta]).collect();
        let rules = Rules::default();
        let weight = merged.customers as f64;
        let (mut fitted, values) = maximise(&NAMES, &starts, weight, |parameters, gradient| log_likelihood(&merged, parameters, &rules, gradient))?;
        for time in [1, 3] {
            fitted.values[time] /= merged.scale;
            if let Some(errors) = &mut fitted.standard_errors {
                errors[time] /= merged.scale;
            }
        }
        let purchases: f64 = merged.rows.iter().map(|row| row.weight * row.repeats).sum();
        fitted.log_likelihood += purchases * merged.scale.ln();
        fitted.customers = merged.customers;
        fitted.distinct = merged.rows.len();
        Ok((Self::new(values[0], values[1] / merged.scale, values[2], values[3] / merged.scale), fitted))
    }

    fn parameters(&self) -> [f64; 4] {
        [self.r, self.alpha, self.s, self.beta]
    }
}

impl RepeatModel for Pareto {
    fn probability_alive(&self, customer: &Summary) -> f64 {
        let row = Row { repeats: customer.repeats, last: customer.last, watched: customer.watched, weight: 1.0 };
        let ended = Ended::new(&row, &self.parameters(), &self.rules);
        ended.alive / (ended.alive + self.s * ended.mass)
    }

    fn expected_purchases(&self, customer: &Summary, horizon: f64) -> f64 {
        let ends = self.beta + customer.watched;
        let rate = (self.r + customer.repeats) / (self.alpha + customer.watched);
        // ((β+T)/(s−1)) · (1 − ((β+T)/(β+T+t))^(s−1)), written so that s = 1 is no special point.
        let log = (horizon.max(0.0) / ends).ln_1p();
        let power = (self.s - 1.0) * log;
        let life = if power.abs() < 1e-8 { log * (1.0 - 0.5 * power) } else { -(-power).exp_m1() / (self.s - 1.0) };
        rate * ends * life * self.probability_alive(customer)
    }

    /// Integral of the density of the next purchase times the chance of still being a customer then, after the change
    /// of variable that makes the density of the purchase uniform.
    fn probability_of_purchase(&self, customer: &Summary, horizon: f64) -> f64 {
        let shape = self.r + customer.repeats;
        let (start, ends) = (self.alpha + customer.watched, self.beta + customer.watched);
        let reach = -(-shape * (horizon.max(0.0) / start).ln_1p()).exp_m1();
        let integral: f64 = (self.rules.long.points.iter())
            .map(|&(node, weight)| {
                let time = start * (-(-node * reach).ln_1p() / shape).exp_m1();
                weight * (-self.s * (time / ends).ln_1p()).exp()
            })
            .sum();
        reach * integral * self.probability_alive(customer)
    }

    fn time_to_next(&self, customer: &Summary, share: f64) -> Option<f64> {
        let mut high = 1.0;
        while self.probability_of_purchase(customer, high) < share {
            high *= 2.0;
            if high > 1e9 * (1.0 + customer.watched) {
                return None;
            }
        }
        let mut low = 0.0;
        for _ in 0..60 {
            let middle = f64::midpoint(low, high);
            if self.probability_of_purchase(customer, middle) < share { low = middle } else { high = middle }
        }
        Some(high)
    }

    fn log_likelihood(&self, customer: &Summary) -> f64 {
        let row = Row { repeats: customer.repeats, last: customer.last, watched: customer.watched, weight: 1.0 };
        let x = customer.repeats;
        let ended = Ended::new(&row, &self.parameters(), &self.rules);
        ln_gamma(self.r + x) - ln_gamma(self.r) + self.r * self.alpha.ln() + self.s * self.beta.ln() + ended.peak + (ended.alive + self.s * ended.mass).ln()
    }
}

/// Integrals over the possible ends of life of one customer, all relative to e^peak, the integrand's size at `t_x`.
struct Ended {
    peak: f64,
    /// (α+T)^−(r+x) (β+T)^−s: still a customer at T.
    alive: f64,
    /// ∫ (α+t)^−(r+x) (β+t)^−(s+1) dt over (t_x, T].
    mass: f64,
    /// The same integral with factors ln(α+t), ln(β+t), 1/(α+t), 1/(β+t).
    log_alpha: f64,
    log_beta: f64,
    inverse_alpha: f64,
    inverse_beta: f64,
}

impl Ended {
    fn new(row: &Row, parameters: &[f64; 4], rules: &Rules) -> Self {
        let [r, alpha, s, beta] = *parameters;
        let shape = r + row.repeats;
        let (alpha_last, beta_last) = (alpha + row.last, beta + row.last);
        let (ln_alpha_last, ln_beta_last) = (alpha_last.ln(), beta_last.ln());
        let span = row.watched - row.last;
        let (rise_alpha, rise_beta) = ((span / alpha_last).ln_1p(), (span / beta_last).ln_1p());
        let peak = -shape * ln_alpha_last - s * ln_beta_last;
        let mut sums = [0.0; 5];
        if span > 0.0 {
            // Steps are taken in y = ln of the faster growing of the two bases, where the integrand is smoothest.
            let first = alpha_last <= beta_last;
            let (base, other) = if first { (alpha_last, beta_last) } else { (beta_last, alpha_last) };
            let (power, other_power) = if first { (shape, s + 1.0) } else { (s + 1.0, shape) };
            let (ratio, full) = (base / other, if first { rise_alpha } else { rise_beta });
            let fall = |y: f64| power * y + other_power * (ratio * y.exp_m1()).ln_1p();
            let total = shape * rise_alpha + (s + 1.0) * rise_beta;
            let reach = if total - full > DEPTH { cut(full, |y| fall(y) - y) } else { full };
            let found = Nodes { reach, ratio, power: power - 1.0, other_power }.sums(rules.of(total.min(DEPTH), reach));
            let [mass, in_base, in_other, by_base, by_other] = found.map(|sum| sum * reach * base / beta_last);
            // One factor (β+t) is left over from the peak.
            let [by_base, by_other] = [by_base / base, by_other / other];
            sums = if first { [mass, in_base, in_other, by_base, by_other] } else { [mass, in_other, in_base, by_other, by_base] };
        }
        Self {
            peak,
            alive: (-shape * rise_alpha - s * rise_beta).exp(),
            mass: sums[0],
            log_alpha: sums[1] + sums[0] * ln_alpha_last,
            log_beta: sums[2] + sums[0] * ln_beta_last,
            inverse_alpha: sums[3],
            inverse_beta: sums[4],
        }
    }
}

/// The integrand over y: with g = e^y and h = 1 + ratio (g − 1), the growth of the two bases, it is g^−power h^−other_power.
struct Nodes {
    reach: f64,
    ratio: f64,
    power: f64,
    other_power: f64,
}

impl Nodes {
    /// Sums over the nodes of the integrand, and of it times ln g, ln h, 1 / g and 1 / h.
    fn sums(&self, rule: &GaussLegendre) -> [f64; 5] {
        let count = rule.points.len().min(MOST_NODES);
        let [mut ys, mut grown, mut rises, mut values] = [[0.0; MOST_NODES]; 4];
        // Simple loops over slices, each of which the compiler takes several nodes at once through.
        for (y, (node, _)) in ys.iter_mut().zip(&rule.points) {
            *y = node * self.reach;
        }
        for (grown, y) in grown[..count].iter_mut().zip(&ys) {
            *grown = exponential(*y);
        }
        for (rise, grown) in rises[..count].iter_mut().zip(&grown) {
            *rise = logarithm(1.0 + self.ratio * (grown - 1.0));
        }
        for ((value, y), rise) in values[..count].iter_mut().zip(&ys).zip(&rises) {
            *value = exponential(-(self.power * y + self.other_power * rise));
        }
        let mut sums = [0.0; 5];
        for (i, (_, weight)) in rule.points.iter().enumerate().take(count) {
            let value = weight * values[i];
            sums[0] += value;
            sums[1] += value * ys[i];
            sums[2] += value * rises[i];
            sums[3] += value / grown[i];
            sums[4] += value / (1.0 + self.ratio * (grown[i] - 1.0));
        }
        sums
    }
}

/// Where an increasing function of `y` in `[0, full]` passes the depth, by bisection from above.
fn cut(full: f64, fallen: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (0.0, full);
    for _ in 0..40 {
        let middle = f64::midpoint(low, high);
        if fallen(middle) < DEPTH {
            low = middle
        } else {
            high = middle
        }
        if high - low < 0.1 * high {
            break;
        }
    }
    high
}

/// Log-likelihood of all rows and its gradient with respect to (r, α, s, β), in internal time.
pub(super) fn log_likelihood(merged: &Merged, parameters: &[f64], rules: &Rules, gradient: &mut [f64]) -> f64 {
    let parameters = [parameters[0], parameters[1], parameters[2], parameters[3]];
    let [r, alpha, s, beta] = parameters;
    let (ln_alpha, ln_beta, ln_gamma_r, digamma_r) = (alpha.ln(), beta.ln(), ln_gamma(r), digamma(r));
    let mut total = 0.0;
    gradient.fill(0.0);
    for group in merged.rows.chunk_by(|p, q| p.repeats == q.repeats) {
        let x = group[0].repeats;
        let constant = ln_gamma(r + x) - ln_gamma_r + r * ln_alpha + s * ln_beta;
        let slope = digamma(r + x) - digamma_r + ln_alpha;
        for row in group {
            let ended = Ended::new(row, &parameters, rules);
            let (end_alpha, end_beta) = (alpha + row.watched, beta + row.watched);
            let sum = ended.alive + s * ended.mass;
            total += row.weight * (constant + ended.peak + sum.ln());
            let share = row.weight / sum;
            gradient[0] += row.weight * slope - share * (ended.alive * end_alpha.ln() + s * ended.log_alpha);
            gradient[1] += row.weight * r / alpha - share * (r + x) * (ended.alive / end_alpha + s * ended.inverse_alpha);
            gradient[2] += row.weight * ln_beta + share * (ended.mass - ended.alive * end_beta.ln() - s * ended.log_beta);
            gradient[3] += row.weight * s / beta - share * s * (ended.alive / end_beta + (s + 1.0) * ended.inverse_beta);
        }
    }
    total
}
