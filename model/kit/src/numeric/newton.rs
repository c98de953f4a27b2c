//! Maximisation of a smooth function of a few variables: Newton's method, damped so that it climbs
//! from anywhere (Levenberg and Marquardt's damping, as in J. Nocedal and S. J. Wright, "Numerical
//! Optimization", 2006, chapter 4).
//!
//! The functions here are log-likelihoods by the logarithms of their parameters, so that steps of
//! about 1 are of the right size whatever the units are.

use super::cholesky::cholesky;

/// A function's value, gradient and Hessian at a point.
#[derive(Debug, Clone, PartialEq)]
pub struct Local {
    /// The value.
    pub value: f64,
    /// First derivatives.
    pub gradient: Vec<f64>,
    /// Second derivatives.
    pub hessian: Vec<Vec<f64>>,
}

impl Local {
    /// Is everything a number?
    fn is_finite(&self) -> bool {
        let all = |numbers: &[f64]| numbers.iter().all(|number| number.is_finite());
        self.value.is_finite() && all(&self.gradient) && self.hessian.iter().all(|row| all(row))
    }

    /// The steepest slope along a variable.
    pub fn steepest(&self) -> f64 {
        self.gradient.iter().fold(0.0, |most, slope| most.max(slope.abs()))
    }
}

/// Where an ascent ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Optimum {
    /// The point.
    pub at: Vec<f64>,
    /// The function there.
    pub local: Local,
    /// Is the gradient below [`TOLERANCE`]?
    pub is_flat: bool,
}

/// The gradient at which an ascent has arrived.
pub const TOLERANCE: f64 = 1e-6;
/// The longest step along a variable.
const LONGEST: f64 = 2.0;
const MOST_STEPS: usize = 300;
/// Beyond e^±this a parameter is as good as infinite or zero.
pub const FAR: f64 = 25.0;

/// Climbs from a point. None if the function is no number there.
pub fn ascend(start: &[f64], mut function: impl FnMut(&[f64]) -> Local) -> Option<Optimum> {
    let mut at = start.to_vec();
    let mut local = function(&at);
    if !local.is_finite() {
        return None;
    }
    let mut damping = 1e-3;
    for _ in 0..MOST_STEPS {
        if local.steepest() < TOLERANCE || at.iter().any(|x| x.abs() > FAR) {
            break;
        }
        let curvature = (0..at.len()).fold(0.0_f64, |most, i| most.max(local.hessian[i][i].abs()));
        let scale = curvature.max(local.steepest()).max(f64::MIN_POSITIVE);
        let Some(step) = damped_step(&local, damping * scale) else {
            damping = (damping * 10.0).max(1e-8);
            if damping > 1e12 {
                break;
            }
            continue;
        };
        let longest = step.iter().fold(0.0_f64, |most, s| most.max(s.abs()));
        let shrink = if longest > LONGEST { LONGEST / longest } else { 1.0 };
        let next: Vec<f64> = at.iter().zip(&step).map(|(x, s)| x + s * shrink).collect();
        let there = function(&next);
        // Near the optimum the value changes by less than it is exact; then the slope decides.
        let noise = 1e-12 * local.value.abs();
        let is_better = there.is_finite()
            && (there.value > local.value + noise
                || there.value >= local.value - noise && there.steepest() < local.steepest());
        if is_better {
            at = next;
            local = there;
            damping = if damping < 1e-12 { 0.0 } else { damping * 0.1 };
        } else {
            damping = (damping * 10.0).max(1e-8);
            if damping > 1e12 {
                break;
            }
        }
    }
    let is_flat = local.steepest() < TOLERANCE;
    Some(Optimum { at, local, is_flat })
}

/// The step s with (−Hessian + damping) s = gradient; none where that matrix is not positive
/// definite.
fn damped_step(local: &Local, damping: f64) -> Option<Vec<f64>> {
    let mut step = local.gradient.clone();
    cholesky(&local.hessian, |h| -h, damping)?.solve(&mut step);
    Some(step)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::real::{Jet, Real};

    fn local<const N: usize>(jet: Jet<N>) -> Local {
        Local {
            value: jet.v,
            gradient: jet.g.to_vec(),
            hessian: jet.h.map(|r| r.to_vec()).to_vec(),
        }
    }

    /// Rosenbrock's valley, whose optimum is at (1, 1), from the classic start and from far away.
    #[test]
    fn climbs_out_of_the_valley() {
        let valley = |at: &[f64]| {
            let [x, y] = [0, 1].map(|i| {
                let mut jet = Jet::<2>::of(at[i]);
                jet.g[i] = 1.0;
                jet
            });
            let (a, b) = (-x + 1.0, y - x * x);
            local(-(a * a) - b * b * 100.0)
        };
        for start in [[-1.2, 1.0], [3.0, -3.0], [-2.0, 8.0]] {
            let optimum = ascend(&start, valley).unwrap();
            assert!(optimum.is_flat, "{optimum:?}");
            assert!((optimum.at[0] - 1.0).abs() < 1e-6 && (optimum.at[1] - 1.0).abs() < 1e-6);
        }
    }

    #[test]
    fn a_slope_without_optimum_is_not_flat() {
        let optimum = ascend(&[0.0], |at| {
            let mut jet = Jet::<1>::of(at[0]);
            jet.g[0] = 1.0;
            local(jet)
        });
        assert!(!optimum.unwrap().is_flat);
    }
}
