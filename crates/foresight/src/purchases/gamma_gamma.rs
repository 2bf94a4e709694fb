//! Gamma-Gamma model of the amount of a purchase (Fader, Hardie and Lee 2005; Colombo and Jiang 1999).
//!
//! Amounts of one customer are gamma(p, ν), and ν is gamma(q, v) over customers: a customer seen once is pulled to the
//! mean of all, a customer seen often is believed.

use super::fit::{Convergence, FitError, Fitted, maximise};
use super::history::Summary;
use crate::numeric::special::{digamma, ln_gamma};

/// A fitted model; `p` and `q` have no unit, `v` has the unit of money.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GammaGamma {
    pub p: f64,
    pub q: f64,
    pub v: f64,
}

const NAMES: [&str; 3] = ["p", "q", "v"];

impl GammaGamma {
    /// Fits to customers with repeat purchases of a positive mean amount; others are left out.
    ///
    /// # Errors
    /// [`FitError::NoCustomers`] when nobody has a repeat purchase with a positive amount.
    pub fn fit(customers: &[Summary]) -> Result<(Self, Fitted), FitError> {
        let mut rows: Vec<(f64, f64)> =
            (customers.iter()).filter_map(|c| Some((c.repeats, c.mean_amount.filter(|m| *m > 0.0 && m.is_finite())?))).filter(|&(x, _)| x > 0.0).collect();
        if rows.is_empty() {
            return Err(FitError::NoCustomers);
        }
        let customers = rows.len();
        // Everything is done in units of the median, so that a currency does not matter.
        rows.sort_unstable_by(|a, b| a.1.total_cmp(&b.1));
        let scale = rows[rows.len() / 2].1;
        rows.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let mut merged: Vec<Amount> = Vec::with_capacity(rows.len());
        for (x, z) in rows {
            match merged.last_mut() {
                Some(last) if last.repeats == x && last.mean == z / scale => last.weight += 1.0,
                _ => merged.push(Amount { repeats: x, mean: z / scale, ln_mean: (z / scale).ln(), weight: 1.0 }),
            }
        }
        let starts = [vec![3.0, 3.0, 1.0], vec![1.0, 10.0, 5.0], vec![10.0, 1.5, 0.3]];
        let (mut fitted, values) = maximise(&NAMES, &starts, customers as f64, |parameters, gradient| log_likelihood(&merged, parameters, gradient))?;
        fitted.values[2] *= scale;
        if let Some(errors) = &mut fitted.standard_errors {
            errors[2] *= scale;
        }
        fitted.log_likelihood -= customers as f64 * scale.ln();
        fitted.customers = customers;
        fitted.distinct = merged.len();
        if values[1] <= 1.0 && fitted.convergence == Convergence::Converged {
            // With q ≤ 1 the mean over customers does not exist.
            fitted.convergence = Convergence::NotIdentified { parameter: "q" };
        }
        Ok((Self { p: values[0], q: values[1], v: values[2] * scale }, fitted))
    }

    /// Expected amount of a future purchase: the customer's own mean weighed against the mean of all
    /// (`p·v / (q − 1)`). With `q ≤ 1` the mean of all does not exist and the posterior mode of the scale is used.
    #[must_use]
    pub fn expected_amount(&self, customer: &Summary) -> f64 {
        let (x, mean) = match customer.mean_amount {
            Some(mean) if customer.repeats > 0.0 && mean > 0.0 => (customer.repeats, mean),
            _ => (0.0, 0.0),
        };
        let weight = if self.q > 1.0 { self.p * x + self.q - 1.0 } else { self.p * x + self.q + 1.0 };
        self.p * (self.v + x * mean) / weight
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Amount {
    repeats: f64,
    mean: f64,
    ln_mean: f64,
    weight: f64,
}

/// Log-likelihood of the mean amounts and its gradient with respect to (p, q, v).
fn log_likelihood(rows: &[Amount], parameters: &[f64], gradient: &mut [f64]) -> f64 {
    let [p, q, v] = [parameters[0], parameters[1], parameters[2]];
    let (ln_gamma_q, digamma_q, ln_v) = (ln_gamma(q), digamma(q), v.ln());
    gradient.fill(0.0);
    let mut total = 0.0;
    for group in rows.chunk_by(|a, b| a.repeats == b.repeats) {
        let x = group[0].repeats;
        let shape = p * x;
        let constant = ln_gamma(shape + q) - ln_gamma(shape) - ln_gamma_q + q * ln_v + shape * x.ln();
        let (digamma_both, digamma_shape, ln_x) = (digamma(shape + q), digamma(shape), x.ln());
        for row in group {
            let sum = x * row.mean + v;
            let ln_sum = sum.ln();
            total += row.weight * (constant + (shape - 1.0) * row.ln_mean - (shape + q) * ln_sum);
            gradient[0] += row.weight * x * (digamma_both - digamma_shape + row.ln_mean + ln_x - ln_sum);
            gradient[1] += row.weight * (digamma_both - digamma_q + ln_v - ln_sum);
            gradient[2] += row.weight * (q / v - (shape + q) / sum);
        }
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::random::Random;

    #[test]
    fn gradient_agrees_with_finite_differences() {
        let rows: Vec<Amount> = [(1.0, 0.4_f64, 2.0), (1.0, 3.0, 1.0), (7.0, 1.2, 1.0)]
            .map(|(repeats, mean, weight)| Amount { repeats, mean, ln_mean: mean.ln(), weight })
            .to_vec();
        let point = [2.3, 1.7, 0.8];
        let mut gradient = [0.0; 3];
        log_likelihood(&rows, &point, &mut gradient);
        for i in 0..3 {
            let (mut up, mut down, mut unused) = (point, point, [0.0; 3]);
            up[i] += 1e-6;
            down[i] -= 1e-6;
            let slope = (log_likelihood(&rows, &up, &mut unused) - log_likelihood(&rows, &down, &mut unused)) / 2e-6;
            assert!((gradient[i] - slope).abs() < 1e-6 * slope.abs().max(1.0));
        }
    }

    #[test]
    fn recovers_simulated_parameters_within_their_standard_errors_in_any_currency() {
        let mut random = Random::new(11);
        let customers: Vec<Summary> = (0..4_000)
            .map(|_| {
                let rate = random.gamma(3.5, 15.0);
                let repeats = 1.0 + random.below(6) as f64;
                let mean = random.gamma(6.0 * repeats, rate) / repeats;
                Summary { repeats, last: 1.0, watched: 2.0, mean_amount: Some(mean) }
            })
            .collect();
        let (_, fitted) = GammaGamma::fit(&customers).expect("customers");
        let errors = fitted.standard_errors.clone().expect("identified");
        for ((value, error), truth) in fitted.values.iter().zip(&errors).zip([6.0, 3.5, 15.0]) {
            assert!((value - truth).abs() < 4.0 * error, "{value} ± {error}, {truth}");
        }
        let other: Vec<Summary> = customers.iter().map(|c| Summary { mean_amount: c.mean_amount.map(|m| m * 1000.0), ..*c }).collect();
        let (_, scaled) = GammaGamma::fit(&other).expect("customers");
        assert!((scaled.values[2] / fitted.values[2] / 1000.0 - 1.0).abs() < 1e-6);
    }
}
