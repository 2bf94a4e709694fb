//! BG/NBD (Fader, Hardie and Lee 2005) and MBG/NBD (Batislam, Denizel and Filiztekin 2007).
//!
//! While a customer is one, purchases come as a Poisson process whose rate is gamma(r, α) over customers; after each
//! purchase the customer leaves with a probability that is beta(a, b) over customers. In the modified model the first
//! purchase may be the last as well, so that even a customer without repeats may have left.

use super::RepeatModel;
use super::fit::{FitError, Fitted, maximise};
use super::history::Summary;
use super::merged::Merged;
use crate::numeric::quadrature::beta_mean;
use crate::numeric::special::{digamma, ln_beta, ln_gamma, logistic, softplus};

/// When a customer can leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DropOut {
    /// Only after a repeat purchase: BG/NBD.
    AfterRepeat,
    /// After any purchase, the first included: MBG/NBD.
    AfterAny,
}

impl DropOut {
    /// How many chances to stay lie before the repeats are counted.
    fn shift(self) -> f64 {
        match self {
            Self::AfterRepeat => 0.0,
            Self::AfterAny => 1.0,
        }
    }
}

/// A fitted model; `r` and `a`, `b` have no unit, `alpha` has the unit of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BetaGeometric {
    pub r: f64,
    pub alpha: f64,
    pub a: f64,
    pub b: f64,
    pub drop_out: DropOut,
}

const NAMES: [&str; 4] = ["r", "alpha", "a", "b"];

impl BetaGeometric {
    /// A model with known parameters.
    #[must_use]
    pub fn new(r: f64, alpha: f64, a: f64, b: f64, drop_out: DropOut) -> Self {
        Self { r, alpha, a, b, drop_out }
    }

    /// Fits by maximum likelihood.
    ///
    /// # Errors
    /// When there are no customers or one contradicts itself. A fit that did not converge is returned and says so.
    pub fn fit(customers: &[Summary], drop_out: DropOut) -> Result<(Self, Fitted), FitError> {
        let merged = Merged::new(customers)?;
        let rate = merged.rate();
        let starts: Vec<Vec<f64>> = [(0.5, 0.8, 2.5), (1.5, 0.3, 4.0), (0.2, 2.0, 2.0)].iter().map(|&(r, a, b)| vec![r, 0.5 * r / rate, a, b]).collect();
        let weight = merged.customers as f64;
        let (mut fitted, values) = maximise(&NAMES, &starts, weight, |parameters, gradient| log_likelihood(&merged, parameters, drop_out, gradient))?;
        // Back from internal time: α carries its unit, and the density of x purchase times has the unit time^−x.
        fitted.values[1] /= merged.scale;
        if let Some(errors) = &mut fitted.standard_errors {
            errors[1] /= merged.scale;
        }
        let purchases: f64 = merged.rows.iter().map(|row| row.weight * row.repeats).sum();
        fitted.log_likelihood += purchases * merged.scale.ln();
        fitted.customers = merged.customers;
        fitted.distinct = merged.rows.len();
        Ok((Self::new(values[0], values[1] / merged.scale, values[2], values[3], drop_out), fitted))
    }

    /// Log-odds of having left, `None` when leaving was not yet possible.
    fn leaving(&self, customer: &Summary) -> Option<f64> {
        let stays = self.b + customer.repeats + self.drop_out.shift() - 1.0;
        if self.drop_out == DropOut::AfterRepeat && customer.repeats == 0.0 {
            return None;
        }
        let growth = ((self.alpha + customer.watched) / (self.alpha + customer.last)).ln();
        Some((self.a / stays).ln() + (self.r + customer.repeats) * growth)
    }
}

impl RepeatModel for BetaGeometric {
    fn probability_alive(&self, customer: &Summary) -> f64 {
        self.leaving(customer).map_or(1.0, |odds| logistic(-odds))
    }

    /// The expectation over the posterior of the leaving probability, integrated numerically: it has none of the poles
    /// that the closed form in the papers has at a = 1 and a + b + x = 1.
    fn expected_purchases(&self, customer: &Summary, horizon: f64) -> f64 {
        if horizon <= 0.0 {
            return 0.0;
        }
        let shape = self.r + customer.repeats;
        let ratio = horizon / (self.alpha + customer.watched);
        let stays = self.b + customer.repeats + self.drop_out.shift();
        let forever = shape * ratio;
        let expected = beta_mean(self.a, stays, |p, _| if p < 1e-300 { forever } else { -(-shape * (p * ratio).ln_1p()).exp_m1() / p });
        self.probability_alive(customer) * expected
    }

    fn probability_of_purchase(&self, customer: &Summary, horizon: f64) -> f64 {
        let ratio = horizon.max(0.0) / (self.alpha + customer.watched);
        -(-(self.r + customer.repeats) * ratio.ln_1p()).exp_m1() * self.probability_alive(customer)
    }

    fn time_to_next(&self, customer: &Summary, share: f64) -> Option<f64> {
        let reached = share / self.probability_alive(customer);
        let time = (-(-reached).ln_1p() / (self.r + customer.repeats)).exp_m1() * (self.alpha + customer.watched);
        (reached < 1.0 && time.is_finite()).then_some(time)
    }

    fn log_likelihood(&self, customer: &Summary) -> f64 {
        let k = self.drop_out.shift();
        let x = customer.repeats;
        ln_gamma(self.r + x) - ln_gamma(self.r) + self.r * self.alpha.ln() + ln_beta(self.a, self.b + x + k)
            - ln_beta(self.a, self.b)
            - (self.r + x) * (self.alpha + customer.watched).ln()
            + self.leaving(customer).map_or(0.0, softplus)
    }
}

/// Log-likelihood of all rows and its gradient with respect to (r, α, a, b), in internal time.
pub(super) fn log_likelihood(merged: &Merged, parameters: &[f64], drop_out: DropOut, gradient: &mut [f64]) -> f64 {
    let [r, alpha, a, b] = [parameters[0], parameters[1], parameters[2], parameters[3]];
    let k = drop_out.shift();
    let (ln_gamma_r, digamma_r) = (ln_gamma(r), digamma(r));
    let (ln_beta_ab, digamma_b, digamma_ab) = (ln_beta(a, b), digamma(b), digamma(a + b));
    let mut total = 0.0;
    gradient.fill(0.0);
    for group in merged.rows.chunk_by(|p, q| p.repeats == q.repeats) {
        // Everything that depends on the number of repeats alone is computed once for the group.
        let x = group[0].repeats;
        let (mut weight, mut sum, mut ends, mut inverse_ends) = (0.0, 0.0, 0.0, 0.0);
        let (mut left, mut left_growth, mut left_inverse) = (0.0, 0.0, 0.0);
        let can_leave = drop_out == DropOut::AfterAny || x > 0.0;
        let odds = (a / (b + x + k - 1.0)).ln();
        let (mut seen_end, mut ln_end) = (f64::NAN, 0.0);
        for row in group {
            let end = alpha + row.watched;
            if end != seen_end {
                (seen_end, ln_end) = (end, end.ln());
            }
            weight += row.weight;
            ends += row.weight * ln_end;
            inverse_ends += row.weight / end;
            if can_leave {
                let last = alpha + row.last;
                let growth = ln_end - last.ln();
                let d = odds + (r + x) * growth;
                let small = (-d.abs()).exp();
                sum += row.weight * (d.max(0.0) + small.ln_1p());
                let share = row.weight * if d >= 0.0 { 1.0 } else { small } / (1.0 + small);
                left += share;
                left_growth += share * growth;
                left_inverse += share * (1.0 / end - 1.0 / last);
            }
        }
        let constant = ln_gamma(r + x) - ln_gamma_r + r * alpha.ln() + ln_beta(a, b + x + k) - ln_beta_ab;
        total += weight * constant - (r + x) * ends + sum;
        let digamma_end = digamma(a + b + x + k);
        gradient[0] += weight * (digamma(r + x) - digamma_r + alpha.ln()) - ends + left_growth;
        gradient[1] += weight * r / alpha - (r + x) * inverse_ends + (r + x) * left_inverse;
        gradient[2] += weight * (digamma_ab - digamma_end) + left / a;
        gradient[3] += weight * (digamma(b + x + k) - digamma_end - digamma_b + digamma_ab);
        if can_leave {
            gradient[3] -= left / (b + x + k - 1.0);
        }
    }
    total
}
