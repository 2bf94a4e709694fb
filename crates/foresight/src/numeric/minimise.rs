//! Minimisation of smooth functions by quasi-Newton steps, with every way it can fail reported.

use super::linear;

/// How a search ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The gradient vanished to the asked tolerance inside the box.
    Converged,
    /// The best point lies on the box in this coordinate: the data do not determine it.
    AtBoundary(usize),
    /// Steps ran out before the gradient vanished.
    OutOfSteps,
    /// No step improved the value although the gradient had not vanished.
    Stalled,
    /// The function was not finite at the start.
    NotFinite,
}

/// Result of [`minimise`].
#[derive(Debug, Clone)]
pub struct Minimum {
    pub point: Vec<f64>,
    pub value: f64,
    pub gradient: Vec<f64>,
    pub evaluations: usize,
    pub ending: Ending,
}

/// Limits of a search.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Every coordinate stays in `[-reach, reach]`.
    pub reach: f64,
    /// Largest absolute gradient entry that counts as vanished.
    pub tolerance: f64,
    pub steps: usize,
}

/// Minimises `f(point, gradient_out) -> value` from `start` by BFGS with a backtracking line search, then polishes with
/// Newton steps on a Hessian differenced from the gradient (the same Hessian gives standard errors afterwards).
pub fn minimise(mut f: impl FnMut(&[f64], &mut [f64]) -> f64, start: &[f64], limits: Limits) -> Minimum {
    let n = start.len();
    let mut search = Search::begin(&mut f, start, limits);
    if !search.value.is_finite() {
        return search.finish(Ending::NotFinite);
    }
    let mut inverse = identity(n, 1.0 / norm(&search.gradient).max(1.0));
    let mut fresh = true;
    let mut idle = 0;
    let mut ending = Ending::OutOfSteps;
    for _ in 0..limits.steps {
        if search.settled() {
            ending = Ending::Converged;
            break;
        }
        let direction: Vec<f64> = (0..n).map(|i| -(0..n).map(|j| inverse[i * n + j] * search.gradient[j]).sum::<f64>()).collect();
        let before = search.value;
        let Some((step, change)) = search.advance(&mut f, &direction) else {
            if fresh {
                ending = Ending::Stalled;
                break;
            }
            inverse = identity(n, 1.0 / norm(&search.gradient).max(1.0));
            fresh = true;
            continue;
        };
        // A long walk that gains nothing is a flat ridge, not progress.
        idle = if before - search.value > 1e-12 * before.abs() { 0 } else { idle + 1 };
        if idle >= 6 {
            ending = Ending::Stalled;
            break;
        }
        let curvature: f64 = step.iter().zip(&change).map(|(s, y)| s * y).sum();
        if curvature > 1e-14 * norm(&step) * norm(&change) {
            if fresh {
                let scale = curvature / change.iter().map(|y| y * y).sum::<f64>();
                inverse = identity(n, scale);
            }
            update(&mut inverse, &step, &change, curvature);
            fresh = false;
        }
    }
    search.polish(&mut f, &mut ending);
    search.finish(ending)
}

struct Search {
    point: Vec<f64>,
    value: f64,
    gradient: Vec<f64>,
    evaluations: usize,
    limits: Limits,
}

impl Search {
    fn begin(f: &mut impl FnMut(&[f64], &mut [f64]) -> f64, start: &[f64], limits: Limits) -> Self {
        let point: Vec<f64> = start.iter().map(|x| x.clamp(-limits.reach, limits.reach)).collect();
        let mut gradient = vec![0.0; point.len()];
        let value = f(&point, &mut gradient);
        Self { point, value, gradient, evaluations: 1, limits }
    }

    /// The gradient, without the part that pushes against the box.
    fn free_gradient(&self, i: usize) -> f64 {
        let (x, g) = (self.point[i], self.gradient[i]);
        let blocked = (x >= self.limits.reach && g < 0.0) || (x <= -self.limits.reach && g > 0.0);
        if blocked { 0.0 } else { g }
    }

    fn settled(&self) -> bool {
        (0..self.point.len()).all(|i| self.free_gradient(i).abs() <= self.limits.tolerance)
    }

    /// Backtracks along a direction until the value falls enough; returns the step and the change of the gradient.
    fn advance(&mut self, f: &mut impl FnMut(&[f64], &mut [f64]) -> f64, direction: &[f64]) -> Option<(Vec<f64>, Vec<f64>)> {
        let slope: f64 = direction.iter().zip(&self.gradient).map(|(d, g)| d * g).sum();
        if slope.is_nan() || slope >= 0.0 {
            return None;
        }
        // Parameters are logarithms: no single step may change one by more than a factor e².
        let longest = direction.iter().fold(0.0_f64, |m, d| m.max(d.abs()));
        let mut length = (2.0 / longest).min(1.0);
        for _ in 0..24 {
            let trial: Vec<f64> = (self.point.iter().zip(direction)).map(|(x, d)| (x + length * d).clamp(-self.limits.reach, self.limits.reach)).collect();
            let mut gradient = vec![0.0; trial.len()];
            let value = f(&trial, &mut gradient);
            self.evaluations += 1;
            if value.is_finite() && value <= self.value + 1e-4 * length * slope && trial != self.point {
                let step = trial.iter().zip(&self.point).map(|(a, b)| a - b).collect();
                let change = gradient.iter().zip(&self.gradient).map(|(a, b)| a - b).collect();
                self.point = trial;
                self.value = value;
                self.gradient = gradient;
                return Some((step, change));
            }
            length *= 0.4;
        }
        None
    }

    /// One to three Newton steps; they only count when they lower the gradient.
    fn polish(&mut self, f: &mut impl FnMut(&[f64], &mut [f64]) -> f64, ending: &mut Ending) {
        let n = self.point.len();
        for _ in 0..3 {
            let inside = self.point.iter().all(|x| x.abs() < self.limits.reach);
            let size = norm(&self.gradient);
            if *ending == Ending::NotFinite || !inside || size < 1e-3 * self.limits.tolerance {
                break;
            }
            let hessian = hessian(&mut *f, &self.point);
            self.evaluations += 2 * n;
            let Some(lower) = linear::cholesky(&hessian, n) else {
                break;
            };
            let step = linear::cholesky_solve(&lower, n, &self.gradient);
            if step.iter().any(|s| s.abs() > 1.0) {
                break;
            }
            let trial: Vec<f64> = self.point.iter().zip(&step).map(|(x, s)| x - s).collect();
            let mut gradient = vec![0.0; n];
            let value = f(&trial, &mut gradient);
            self.evaluations += 1;
            let lower_gradient = norm(&gradient) < size;
            if !(value.is_finite() && lower_gradient && value <= self.value + 1e-9 * self.value.abs()) {
                break;
            }
            (self.point, self.value, self.gradient) = (trial, value, gradient);
        }
        if matches!(ending, Ending::Stalled | Ending::OutOfSteps) && self.settled() {
            *ending = Ending::Converged;
        }
    }

    fn finish(self, ending: Ending) -> Minimum {
        let edge = self.point.iter().position(|x| x.abs() >= self.limits.reach * 0.999);
        let ending = match (ending, edge) {
            (Ending::NotFinite, _) | (_, None) => ending,
            (_, Some(coordinate)) => Ending::AtBoundary(coordinate),
        };
        Minimum { point: self.point, value: self.value, gradient: self.gradient, evaluations: self.evaluations, ending }
    }
}

/// Symmetric Hessian by central differences of an analytic gradient.
pub fn hessian(mut f: impl FnMut(&[f64], &mut [f64]) -> f64, point: &[f64]) -> Vec<f64> {
    let n = point.len();
    let mut result = vec![0.0; n * n];
    let (mut above, mut below) = (vec![0.0; n], vec![0.0; n]);
    let mut moved = point.to_vec();
    for i in 0..n {
        let step = 1e-4 * point[i].abs().max(1.0);
        moved[i] = point[i] + step;
        f(&moved, &mut above);
        moved[i] = point[i] - step;
        f(&moved, &mut below);
        moved[i] = point[i];
        for j in 0..n {
            let slope = (above[j] - below[j]) / (2.0 * step);
            result[i * n + j] += 0.5 * slope;
            result[j * n + i] += 0.5 * slope;
        }
    }
    result
}

fn identity(n: usize, scale: f64) -> Vec<f64> {
    (0..n * n).map(|k| if k / n == k % n { scale } else { 0.0 }).collect()
}

fn norm(vector: &[f64]) -> f64 {
    vector.iter().map(|v| v * v).sum::<f64>().sqrt()
}

/// The BFGS update of the inverse Hessian (Nocedal and Wright, Numerical Optimization, equation 6.17).
fn update(inverse: &mut [f64], step: &[f64], change: &[f64], curvature: f64) {
    let n = step.len();
    let carried: Vec<f64> = (0..n).map(|i| (0..n).map(|j| inverse[i * n + j] * change[j]).sum::<f64>()).collect();
    let spread: f64 = carried.iter().zip(change).map(|(a, b)| a * b).sum();
    for i in 0..n {
        for j in 0..n {
            inverse[i * n + j] += (1.0 + spread / curvature) * step[i] * step[j] / curvature - (carried[i] * step[j] + step[i] * carried[j]) / curvature;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { reach: 20.0, tolerance: 1e-8, steps: 300 };

    #[test]
    fn finds_the_valley_of_rosenbrock() {
        let valley = |x: &[f64], g: &mut [f64]| {
            let (a, b) = (1.0 - x[0], x[1] - x[0] * x[0]);
            g[0] = -2.0 * a - 400.0 * x[0] * b;
            g[1] = 200.0 * b;
            a * a + 100.0 * b * b
        };
        let found = minimise(valley, &[-1.2, 1.0], LIMITS);
        assert_eq!(found.ending, Ending::Converged);
        assert!((found.point[0] - 1.0).abs() < 1e-7 && (found.point[1] - 1.0).abs() < 1e-7);
    }

    #[test]
    fn says_when_the_best_point_is_at_infinity_or_nowhere() {
        let falling = |x: &[f64], g: &mut [f64]| {
            g[0] = -(-x[0]).exp();
            (-x[0]).exp()
        };
        let found = minimise(falling, &[0.0], Limits { reach: 5.0, ..LIMITS });
        assert_eq!(found.ending, Ending::AtBoundary(0));
        assert_eq!(minimise(|_, _| f64::NAN, &[0.0], LIMITS).ending, Ending::NotFinite);
    }
}
