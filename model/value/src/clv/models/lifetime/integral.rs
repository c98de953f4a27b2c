//! The integral over the time at which a customer may have left.

use super::kinds::Lifetime;
use crate::host::Patience;
use crate::numeric::gamma::ln_rising_by;
use crate::numeric::quadrature::{panel, short_panel, shortest_panel};
use crate::numeric::real::{Real, Taylor};

/// The parameters.
#[derive(Debug, Clone, Copy)]
pub struct LifetimeNbd<T, L> {
    /// Shape of the rates.
    pub r: T,
    /// Rate of the rates.
    pub alpha: T,
    /// The lifetime.
    pub life: L,
}

/// What the likelihood of customers with the same number of purchases has in common.
#[derive(Debug, Clone, Copy)]
pub struct PerCount<T> {
    pub(super) constant: T,
    pub(super) shape: T,
}

/// A function of the lifetime's parameters, the shape r + x, and α.
pub(super) type Local = Taylor<5>;

/// ln of (α + y)^−shape times a function of the lifetime, with its derivatives.
#[derive(Debug, Clone, Copy)]
pub(super) struct LnIntegrand {
    pub(super) v: f64,
    of_life: Taylor<3>,
    shape: f64,
    /// ln(α + y) and 1/(α + y).
    ln: f64,
    recip: f64,
}

impl LnIntegrand {
    #[inline]
    pub(super) fn new(of_life: Taylor<3>, shape: f64, alpha: f64, y: f64) -> Self {
        let (ln, recip) = ((alpha + y).ln(), 1.0 / (alpha + y));
        LnIntegrand { v: of_life.v - shape * ln, of_life, shape, ln, recip }
    }
}

/// A sum of exponentials of functions, as a function of what these are functions of.
#[derive(Debug, Clone, Copy)]
pub(super) struct SumOfExp(pub(super) Local);

impl SumOfExp {
    pub(super) const NONE: SumOfExp = SumOfExp(Taylor { v: 0.0, g: [0.0; 5], h: [[0.0; 5]; 5] });

    /// Adds `value`, which is the exponential of a function (times any constant).
    #[inline]
    pub(super) fn add(&mut self, value: f64, of: &LnIntegrand) {
        let Taylor { g: life_g, h: life_h, .. } = &of.of_life;
        let SumOfExp(Taylor { v, g, h }) = self;
        *v += value;
        for i in 0..3 {
            let slope = value * life_g[i];
            g[i] += slope;
            for j in 0..=i {
                h[i][j] += value * life_h[i][j] + slope * life_g[j];
            }
        }
        let by_alpha = of.shape * of.recip;
        let slopes = [-value * of.ln, -value * by_alpha];
        for (i, slope) in slopes.into_iter().enumerate() {
            g[3 + i] += slope;
            for j in 0..3 {
                h[3 + i][j] += slope * life_g[j];
            }
        }
        h[3][3] -= slopes[0] * of.ln;
        h[4][3] -= slopes[1] * of.ln + value * of.recip;
        h[4][4] -= slopes[1] * (by_alpha + of.recip);
    }

    /// Adds multiples of another sum.
    #[inline]
    pub(super) fn add_times(&mut self, times: f64, other: &SumOfExp) {
        self.0.v += times * other.0.v;
        for i in 0..5 {
            self.0.g[i] += times * other.0.g[i];
            for j in 0..=i {
                self.0.h[i][j] += times * other.0.h[i][j];
            }
        }
    }

    /// Its logarithm.
    #[inline]
    pub(super) fn ln(self) -> Local {
        let scale = 1.0 / self.0.v;
        let mut ln = self.0;
        ln.v = ln.v.ln();
        for i in 0..5 {
            ln.g[i] *= scale;
            for j in 0..=i {
                ln.h[i][j] = ln.h[i][j] * scale - ln.g[i] * ln.g[j];
            }
        }
        ln
    }
}

/// Where a decaying integrand has become negligible, and how much of a decay one panel takes.
pub(super) const NEGLIGIBLE: f64 = 45.0;
const DECAY_PER_PANEL: f64 = 10.0;
const SMALL_DECAY: f64 = 1.0;

/// Where panels must end, for an integrand whose logarithm is known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// The distance from 0, to its left, of the nearest singularity.
    pub(super) singularity: f64,
    /// The longest stretch on which the integrand looks like a power or an exponential.
    pub(super) longest: f64,
}

/// The panel that begins at `low`, where the logarithm of the integrand is `at_low`: not longer than
/// twice the distance to the singularity, nor than the longest stretch, nor than a decay of 10. Returns
/// where it ends, and the logarithm there; none if nothing is left of it.
#[inline]
pub(super) fn panel_from(
    (low, at_low): (f64, f64),
    to: f64,
    Limits { singularity, longest }: Limits,
    ln_value: impl Fn(f64) -> f64,
    each: impl FnMut(f64, f64),
) -> Option<(f64, f64)> {
    let mut high = to.min(low + (2.0 * (low + singularity)).min(longest));
    let mut at_high = ln_value(high);
    while (at_low - at_high).abs() > DECAY_PER_PANEL && high > low * (1.0 + 1e-12) {
        high = low + 0.5 * (high - low);
        at_high = ln_value(high);
    }
    if high <= low {
        return None;
    }
    let decay = (at_low - at_high).abs();
    let parts = (low + singularity).min(longest) / (high - low);
    if parts >= 32.0 && decay < SMALL_DECAY / 8.0 {
        shortest_panel(low, high, each);
    } else if parts >= 8.0 && decay < SMALL_DECAY {
        short_panel(low, high, each);
    } else {
        panel(low, high, each);
    }
    Some((high, at_high))
}

/// Panels over [from, to] for an integrand whose logarithm falls from where it is at `from`.
pub(super) fn panels(
    from: f64,
    to: f64,
    limits: Limits,
    ln_value: impl Fn(f64) -> f64,
    mut each: impl FnMut(f64, f64),
) {
    let begin = ln_value(from);
    let mut low = (from, begin);
    let mut patience = Patience::new();
    while low.0 < to && begin - low.1 <= NEGLIGIBLE {
        patience.step(256);
        match panel_from(low, to, limits, &ln_value, &mut each) {
            Some(high) => low = high,
            None => return,
        }
    }
}

impl<T: Real, L: Lifetime<T>> LifetimeNbd<T, L> {
    pub(super) fn singularity(&self) -> f64 {
        self.alpha.value().min(self.life.singularity())
    }

    /// ln of (α + y)^−shape h(y) S(y).
    #[inline]
    pub(super) fn ln_integrand(&self, shape: f64, y: f64) -> LnIntegrand {
        LnIntegrand::new(self.life.ln_density(y), shape, self.alpha.value(), y)
    }

    /// Calls back with the weights of the nodes between `from` and `to`, and the logarithm of the
    /// integrand there.
    #[inline]
    pub(super) fn integrate(
        &self,
        shape: f64,
        from: f64,
        to: f64,
        mut node: impl FnMut(f64, &LnIntegrand),
    ) {
        let limits =
            Limits { singularity: self.singularity(), longest: self.life.longest_stretch() };
        let ln_value = |y| self.ln_integrand(shape, y).v;
        panels(from, to, limits, ln_value, |y, weight| {
            node(weight, &self.ln_integrand(shape, y));
        });
    }

    /// A local function as one of what the parameters depend on.
    pub(super) fn function_of(&self, shape: T, local: &Local) -> T {
        let [first, second, third] = self.life.parameters();
        T::map_all(&[first, second, third, shape, self.alpha], local)
    }

    /// What the likelihood of customers with `x` repeat purchases has in common.
    pub(super) fn per_count(&self, x: f64) -> PerCount<T> {
        PerCount {
            constant: ln_rising_by(self.r, x as u64) + self.r * self.alpha.ln(),
            shape: self.r + x,
        }
    }
}
