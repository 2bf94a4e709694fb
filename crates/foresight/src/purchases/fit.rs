//! What a fit says about itself.

use crate::numeric::linear;
use crate::numeric::minimise::{self, Ending, Limits, Minimum};

/// How a maximum-likelihood fit ended. Anything but [`Convergence::Converged`] must be shown to the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Convergence {
    /// The gradient vanished at a strict maximum.
    Converged,
    /// The likelihood keeps rising (or stays flat) as this parameter goes to an end of its range: the data do not
    /// determine it, predictions use the edge of the range.
    NotIdentified { parameter: &'static str },
    /// The search ran out of steps or could not improve although the gradient had not vanished.
    Stopped,
}

/// Why no fit was made.
#[derive(Debug, Clone, PartialEq)]
pub enum FitError {
    /// There is nobody to learn from.
    NoCustomers,
    /// This customer contradicts itself.
    Invalid { customer: usize, reason: &'static str },
    /// The likelihood has no finite value where the search starts.
    NotFinite,
}

impl std::fmt::Display for FitError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoCustomers => f.write_str("there are no customers to learn from"),
            Self::Invalid { customer, reason } => write!(f, "customer {}: {reason}", customer + 1),
            Self::NotFinite => f.write_str("the likelihood is not finite for any starting point"),
        }
    }
}

impl std::error::Error for FitError {}

/// Estimates with their uncertainty.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    pub names: &'static [&'static str],
    pub values: Vec<f64>,
    /// From the observed information; `None` when it is not positive definite or the fit did not converge.
    pub standard_errors: Option<Vec<f64>>,
    pub log_likelihood: f64,
    pub convergence: Convergence,
    /// Times the likelihood and its gradient were computed.
    pub evaluations: usize,
    pub customers: usize,
    /// Distinct customers after equal ones were merged.
    pub distinct: usize,
}

/// Logarithms of parameters stay within this distance of zero (e^±14 in internal units).
const REACH: f64 = 14.0;

/// Maximises a log-likelihood over the logarithms of positive parameters.
///
/// `log_likelihood(parameters, gradient)` fills the gradient with respect to the parameters themselves.
/// `weight` is the number of customers, which makes the tolerance independent of how many there are.
pub(super) fn maximise(
    names: &'static [&'static str],
    starts: &[Vec<f64>],
    weight: f64,
    mut log_likelihood: impl FnMut(&[f64], &mut [f64]) -> f64,
) -> Result<(Fitted, Vec<f64>), FitError> {
    let limits = Limits { reach: REACH, tolerance: 1e-7, steps: 150 };
    let mut parameters = vec![0.0; names.len()];
    let mut objective = |logs: &[f64], gradient: &mut [f64]| {
        for (parameter, log) in parameters.iter_mut().zip(logs) {
            *parameter = log.exp();
        }
        let value = log_likelihood(&parameters, gradient);
        for (slope, parameter) in gradient.iter_mut().zip(&parameters) {
            *slope *= -parameter / weight;
        }
        -value / weight
    };
    let mut best: Option<Minimum> = None;
    let mut evaluations = 0;
    for start in starts {
        let logs: Vec<f64> = start.iter().map(|v| v.max(1e-5).ln()).collect();
        let found = minimise::minimise(&mut objective, &logs, limits);
        evaluations += found.evaluations;
        // A flat edge is an answer too: other starts would only find it again.
        let good = matches!(found.ending, Ending::Converged | Ending::AtBoundary(_));
        let finite = found.ending != Ending::NotFinite;
        if finite && best.as_ref().is_none_or(|b| found.value < b.value - 1e-12 * b.value.abs()) {
            best = Some(found);
        }
        if good {
            break;
        }
    }
    let best = best.ok_or(FitError::NotFinite)?;
    let information = minimise::hessian(&mut objective, &best.point);
    let (convergence, covariance) = judge(names, &best, &information);
    let values: Vec<f64> = best.point.iter().map(|v| v.exp()).collect();
    let standard_errors = covariance.map(|covariance| {
        let n = names.len();
        // Delta method: the parameter is the exponential of what was estimated.
        (0..n).map(|i| values[i] * (covariance[i * n + i] / weight).sqrt()).collect()
    });
    let fitted =
        Fitted { names, values: values.clone(), standard_errors, log_likelihood: -best.value * weight, convergence, evaluations, customers: 0, distinct: 0 };
    Ok((fitted, values))
}

/// A vanished gradient is not enough: on a flat ridge the information is singular and a parameter is not identified.
fn judge(names: &'static [&'static str], best: &Minimum, information: &[f64]) -> (Convergence, Option<Vec<f64>>) {
    let n = names.len();
    match best.ending {
        Ending::AtBoundary(i) => (Convergence::NotIdentified { parameter: names[i] }, None),
        Ending::Converged => {
            let covariance = linear::invert_symmetric(information, n);
            let flat = |i: usize| information[i * n + i] < 1e-7;
            let loosest = (0..n).find(|&i| flat(i));
            match (covariance, loosest) {
                (Some(covariance), None) if (0..n).all(|i| covariance[i * n + i] < 1e6) => (Convergence::Converged, Some(covariance)),
                (_, Some(i)) => (Convergence::NotIdentified { parameter: names[i] }, None),
                (Some(covariance), None) => {
                    let widest = (0..n).max_by(|&i, &j| covariance[i * n + i].total_cmp(&covariance[j * n + j]));
                    (Convergence::NotIdentified { parameter: names[widest.unwrap_or(0)] }, None)
                }
                (None, None) => {
                    let steep = |i: &usize, j: &usize| information[i * n + i].total_cmp(&information[j * n + j]);
                    (Convergence::NotIdentified { parameter: names[(0..n).min_by(steep).unwrap_or(0)] }, None)
                }
            }
        }
        Ending::OutOfSteps | Ending::Stalled | Ending::NotFinite => (Convergence::Stopped, None),
    }
}
