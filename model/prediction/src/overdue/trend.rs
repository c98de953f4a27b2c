//! Has a member become more or less active? Its rate in the last stretch by that in the one before.
//!
//! Of x₁ + x₂ days, x₁ fall into the last stretch as a binomial number does if the days come at a constant rate in
//! each, whose ratio is r: with the odds r e₁ / e₂, for stretches of e₁ and e₂ days. So the exact interval of a
//! binomial share gives that of r (C. J. Clopper and E. S. Pearson, Biometrika 26 (1934), 404–413; for rates J. Przyborowski and
//! H. Wilenski, Biometrika 31 (1940), 313–323).

use crate::host::{Host, Vec};
use crate::numeric::BetaOdds;

/// Counts up to this have their bounds kept.
const KEPT: u32 = 1 << 8;

/// The rate of the last stretch by that of the one before. What is unbounded is none.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Trend {
    /// The ratio; none if nothing happened in the stretch before.
    pub ratio: Option<f64>,
    /// The lower end of its interval.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
}

/// The exact intervals of odds, made when they are asked for.
#[derive(Debug)]
pub(super) struct Exact<H: Host> {
    tail: f64,
    /// By x₁ and x₂; NaN: not made yet.
    kept: Vec<(f64, f64), H>,
}

impl<H: Host> Exact<H> {
    pub(super) fn new(confidence: f64, host: &H) -> Self {
        let mut kept = Vec::new_in(host.clone());
        kept.resize((KEPT * KEPT) as usize, (f64::NAN, f64::NAN));
        Exact { tail: (1.0 - confidence) / 2.0, kept }
    }

    /// The odds of a share of x₁ to x₂: the lower and the upper end, 0 and infinite where they are open.
    fn odds(&mut self, last: u32, before: u32) -> (f64, f64) {
        let tail = self.tail;
        let bound = |a: u32, b: u32| match a {
            0 => 0.0,
            // P(X ≤ x) = tail, X ~ Beta(a, b + 1): the odds the other way round are passed as often.
            _ => BetaOdds::new(f64::from(b) + 1.0, f64::from(a)).at_tail(tail).recip(),
        };
        let make = || (bound(last, before), bound(before, last).recip());
        if last >= KEPT || before >= KEPT {
            return make();
        }
        let kept = &mut self.kept[(last * KEPT + before) as usize];
        if kept.0.is_nan() {
            *kept = make();
        }
        *kept
    }

    /// The trend of so many active days in stretches of so many days; none without any, or without a stretch before.
    #[inline]
    pub(super) fn trend(&mut self, days: (u32, u32), stretches: (u32, u32)) -> Trend {
        if days == (0, 0) || stretches.0 == 0 || stretches.1 == 0 {
            return Trend::default();
        }
        let scale = f64::from(stretches.1) / f64::from(stretches.0);
        let (low, high) = self.odds(days.0, days.1);
        Trend {
            ratio: (days.1 > 0).then(|| f64::from(days.0) / f64::from(days.1) * scale),
            low: Some(low * scale),
            high: Some(high * scale).filter(|high| high.is_finite()),
        }
    }
}
