//! The sums over members that leave at one moment, however many there are.

use crate::host::{Host, Pace};
use crate::numeric::quadrature::panel;

/// Of more than twice as many that leave at once only these, the last ones, are summed one by one.
const ONE_BY_ONE: u64 = 4096;

/// With S the sum over those at risk, T that over the d of them that leave, and Lₗ = S − l/d · T,
/// the sums over l = 0 … d − 1 of:
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Efron {
    /// ln L
    pub(super) log: f64,
    /// 1 / L
    pub(super) hazard: f64,
    /// (1 − l/d) / L
    pub(super) own: f64,
    /// 1 / L²
    pub(super) ones: f64,
    /// l/d / L²
    pub(super) halves: f64,
    /// (l/d)² / L²
    pub(super) squares: f64,
}

impl Efron {
    #[inline]
    fn add(&mut self, weight: f64, left: f64, share: f64) {
        let inverse = 1.0 / left;
        let square = inverse * inverse;
        self.log += weight * left.ln();
        self.hazard += weight * inverse;
        self.own += weight * ((1.0 - share) * inverse);
        self.ones += weight * square;
        self.halves += weight * (share * square);
        self.squares += weight * (share * share * square);
    }

    /// The derivatives by l, times a weight.
    fn add_slopes(&mut self, weight: f64, left: f64, share: f64, slope: f64, part: f64) {
        let inverse = 1.0 / left;
        let square = inverse * inverse;
        let steep = slope * square;
        self.log += weight * slope * inverse;
        self.hazard -= weight * steep;
        self.own -= weight * (part * inverse + (1.0 - share) * steep);
        self.ones -= weight * 2.0 * steep * inverse;
        self.halves += weight * (part * square - 2.0 * share * steep * inverse);
        self.squares += weight * 2.0 * share * (part * square - share * steep * inverse);
    }
}

/// The sums. Where a million members leave at once (rows have weights), all but the last few
/// thousand terms are an integral: Euler and Maclaurin's rule from midpoint to midpoint, whose next
/// correction is below 10⁻¹³ there.
pub(super) fn efron<H: Host>(sum: f64, shared: f64, leaving: u64, pace: &mut Pace<'_, H>) -> Efron {
    let mut sums = Efron::default();
    let count = leaving as f64;
    let at = |place: f64| {
        let share = place / count;
        (sum - share * shared, share)
    };
    let smooth = if leaving > 2 * ONE_BY_ONE { leaving - ONE_BY_ONE } else { 0 };
    if smooth > 0 {
        // Panels shrink towards the end, near which L may be zero.
        let (mut from, until) = (0, smooth);
        while from < until {
            let to = (from + (leaving - from).div_ceil(2)).min(until);
            panel(from as f64 - 0.5, to as f64 - 0.5, |place, weight| {
                let (left, share) = at(place);
                sums.add(weight, left, share);
            });
            from = to;
        }
        for (place, weight) in [(-0.5, 1.0 / 24.0), (until as f64 - 0.5, -1.0 / 24.0)] {
            let (left, share) = at(place);
            sums.add_slopes(weight, left, share, -shared / count, 1.0 / count);
        }
    }
    for before in smooth..leaving {
        pace.step(8);
        let (left, share) = at(before as f64);
        sums.add(1.0, left, share);
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Global;

    fn one_by_one(sum: f64, shared: f64, leaving: u64) -> Efron {
        let mut sums = Efron::default();
        for before in 0..leaving {
            let share = before as f64 / leaving as f64;
            sums.add(1.0, sum - share * shared, share);
        }
        sums
    }

    #[test]
    fn an_integral_is_the_sum() {
        let mut pace = Pace::new(&Global);
        for leaving in [1, 7, 8192, 8193, 20_000, 300_000] {
            for (sum, shared) in [(3.0, 3.0), (3.0, 2.9999), (5e5, 3.0), (2e-3, 1e-3)] {
                let (a, b) =
                    (efron(sum, shared, leaving, &mut pace), one_by_one(sum, shared, leaving));
                let pairs = [
                    (a.log, b.log),
                    (a.hazard, b.hazard),
                    (a.own, b.own),
                    (a.ones, b.ones),
                    (a.halves, b.halves),
                    (a.squares, b.squares),
                ];
                for (i, (a, b)) in pairs.into_iter().enumerate() {
                    assert!(
                        (a - b).abs() <= 1e-11 * b.abs(),
                        "{leaving} {sum} {shared} {i}: {a} {b}"
                    );
                }
            }
        }
    }

    #[test]
    fn any_number_takes_a_moment() {
        let sums = efron(2e15, 1e15, 1_000_000_000_000_000, &mut Pace::new(&Global));
        // ∫ 1 / (2 − x) over 0 … 1
        assert!((sums.hazard - 2f64.ln()).abs() < 1e-12, "{}", sums.hazard);
    }
}
