//! Several opinions about what comes next made one.
//!
//! Probabilities are multiplied, each to the power of its weight, and made to add up to one again: an opinion pool in
//! logarithms (Genest and Zidek 1986), whose weights follow the slope of the loss after every event (as in the mixing of
//! context models, Mahoney 2005). A sure and right opinion counts for more there than in a sum of probabilities.

/// Step of the weights at the first event, and the least that it shrinks to.
const STEP: f64 = 0.01;
const LEAST_STEP: f64 = 0.001;
/// Events after which steps have begun to shrink.
const SETTLING: f64 = 200.0;
/// No event counts for more than this slope.
const STEEPEST: f64 = 4.0;
/// No opinion counts for more than twice what it says.
const MOST: f64 = 2.0;

/// Weights of opinions.
#[derive(Debug, Clone)]
pub(super) struct Mixer<const N: usize> {
    weights: [f64; N],
    events: f64,
}

impl<const N: usize> Mixer<N> {
    pub(super) fn new() -> Self {
        Self { weights: [1.0 / N as f64; N], events: 0.0 }
    }

    /// Mixes `opinions`, which are logarithms: one after the other, each as long as `mixed`.
    pub(super) fn mix(&self, opinions: &[f32], mixed: &mut [f32]) {
        mixed.fill(0.0);
        for (opinion, weight) in opinions.chunks_exact(mixed.len()).zip(self.weights) {
            let weight = weight as f32;
            mixed.iter_mut().zip(opinion).for_each(|(sum, p)| *sum += weight * p);
        }
        let most = mixed.iter().fold(f32::NEG_INFINITY, |most, &p| if p > most { p } else { most });
        mixed.iter_mut().for_each(|p| *p = exponential(*p - most));
        let share = 1.0 / mixed.iter().sum::<f32>();
        mixed.iter_mut().for_each(|p| *p *= share);
    }

    /// Moves the weights after an event: `mixed` as [`Self::mix`] left it, `place` of what came.
    pub(super) fn learn(&mut self, opinions: &[f32], mixed: &[f32], place: usize) {
        let step = (STEP / (1.0 + self.events / SETTLING).sqrt()).max(LEAST_STEP);
        self.events += 1.0;
        for (opinion, weight) in opinions.chunks_exact(mixed.len()).zip(&mut self.weights) {
            let expected: f32 = opinion.iter().zip(mixed).map(|(o, p)| o * p).sum();
            let slope = f64::from(opinion[place] - expected).clamp(-STEEPEST, STEEPEST);
            *weight = (*weight + step * slope).clamp(0.0, MOST);
        }
    }
}

/// Natural logarithm without a branch, so that several are taken at once: the exponent apart, and for what is left, between
/// √½ and √2, ln m = 2 artanh((m − 1) / (m + 1)).
pub(super) fn logarithm(p: f32) -> f32 {
    let bits = (if p > f32::MIN_POSITIVE { p } else { f32::MIN_POSITIVE }).to_bits();
    // Subtracting the bits of √½ puts the mantissa's borders there.
    let shifted = bits.wrapping_sub(0x3f35_04f3);
    let exponent = (shifted as i32) >> 23;
    let mantissa = f32::from_bits(bits.wrapping_sub((exponent << 23) as u32));
    let t = (mantissa - 1.0) / (mantissa + 1.0);
    let square = t * t;
    let series = 2.0 * t * (1.0 + square * (1.0 / 3.0 + square * (0.2 + square / 7.0)));
    exponent as f32 * std::f32::consts::LN_2 + series
}

/// e to a power of zero or less without a branch: two to the whole part by its bits, the series of e^r for the rest, which
/// is at most half of ln 2. Powers below −80 are taken for −80, so that nothing is impossible.
fn exponential(power: f32) -> f32 {
    /// Added and taken off again this leaves the nearest whole number, and in between that number in the lowest bits.
    const WHOLE: f32 = 12_582_912.0;
    let power = if power > -80.0 { power } else { -80.0 };
    let shifted = power * std::f32::consts::LOG2_E + WHOLE;
    let whole = shifted - WHOLE;
    // ln 2 in two parts, the first of which is exact in few bits.
    let r = (power - whole * 0.693_359_4) + whole * 2.121_944_4e-4;
    let series = 1.0 + r * (1.0 + r * (0.5 + r * (1.0 / 6.0 + r * (1.0 / 24.0 + r * (1.0 / 120.0 + r / 720.0)))));
    let exponent = (shifted.to_bits() as i32).wrapping_sub(WHOLE.to_bits() as i32);
    series * f32::from_bits(((exponent + 127) << 23) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::random::Random;

    #[test]
    fn logarithms_agree_with_the_exact_ones() {
        for power in -60..=0 {
            for p in [1.0, 0.999, 0.75, 0.708, 0.706, 0.51] {
                let p = p * 2.0_f64.powi(power);
                assert!((f64::from(logarithm(p as f32)) - p.ln()).abs() < 1e-5 * (1.0 - p.ln()), "{p}");
            }
        }
        assert!(logarithm(0.0) < -80.0);
    }

    #[test]
    fn exponentials_agree_with_the_exact_ones() {
        for step in 0..8_000 {
            let power = -0.01 * step as f32;
            let exact = f64::from(power).exp();
            assert!((f64::from(exponential(power)) - exact).abs() < 1e-6 * exact, "{power}");
        }
        assert_eq!(exponential(0.0), 1.0);
        assert!(exponential(f32::NEG_INFINITY) > 1e-35);
    }

    #[test]
    fn the_better_opinion_gains_weight_and_all_adds_up() {
        let mut random = Random::new(2);
        let mut mixer = Mixer::<2>::new();
        let mut mixed = [0.0_f32; 3];
        for _ in 0..3_000 {
            let truth = random.below(3);
            let mut opinions = [0.1; 6];
            // The first is right in four of five, the second says something at random.
            opinions[if random.uniform() < 0.8 { truth } else { random.below(3) }] = 0.8;
            opinions[3 + random.below(3)] = 0.8;
            let opinions = opinions.map(logarithm);
            mixer.mix(&opinions, &mut mixed);
            assert!((mixed.iter().sum::<f32>() - 1.0).abs() < 1e-6);
            mixer.learn(&opinions, &mixed, truth);
        }
        assert!(mixer.weights[0] > 0.8 && mixer.weights[1] < 0.15, "{mixer:?}");
    }
}
