//! NBD, Pareto/NBD and Gamma-Gompertz/NBD: customers whose lifetime does not depend on their purchases.
//!
//! While alive a customer buys in a Poisson process of rate λ ~ Gamma(r, α); a lifetime with the
//! survivor function S and the hazard h ends it. The likelihood of x purchases, the last at t_x, by
//! one observed up to `age` is
//!
//! ```text
//! Γ(r + x)/Γ(r) αʳ [ (α + age)^−(r+x) S(age) + ∫ from t_x to age of (α + y)^−(r+x) h(y) S(y) dy ]
//! ```
//!
//! D. Schmittlein, D. Morrison and R. Colombo, "Counting Your Customers: Who Are They and What Will
//! They Do Next?", Management Science 33 (1987), 1–24; P. Fader and B. Hardie, "A Note on Deriving the
//! Pareto/NBD Model and Related Expressions" (2005); A. Bemmaor and N. Glady, "Modeling Purchasing
//! Behavior with Sudden 'Death': A Flexible Customer Lifetime Model", Management Science 58 (2012),
//! 1012–1021; A. Ehrenberg, "The Pattern of Consumer Purchases", Applied Statistics 8 (1959), 26–41.
//!
//! The papers write the integral with Gauss's hypergeometric function, in two cases and with
//! cancellation between them. Here it is integrated: the integrand is positive and smooth, and the
//! rule is good to the last digits. The same lines then serve every lifetime.

use crate::clv::counts::logistic;
use crate::clv::sample::Sample;
use crate::clv::{Customer, Purchases, lifetime_counts, lifetime_many};
use crate::host::{Host, Patience};
use crate::numeric::gamma::ln_rising_by;
use crate::numeric::quadrature::{panel, short_panel, shortest_panel};
use crate::numeric::real::{Real, Taylor};

/// A lifetime.
pub trait Lifetime<T: Real>: Copy {
    /// Does it end?
    const ENDS: bool;

    /// ln S(y).
    fn ln_survivor(&self, y: f64) -> T;

    /// ln h(y).
    fn ln_hazard(&self, y: f64) -> T;

    /// The distance from 0, to its left, of the nearest singularity of the two.
    fn singularity(&self) -> f64;

    /// The longest stretch on which they look like a power or an exponential.
    fn longest_stretch(&self) -> f64 {
        f64::INFINITY
    }

    /// Its parameters, as many as there are; others are 1.
    fn parameters(&self) -> [T; 3];

    /// ln S(y), with its derivatives by the parameters.
    fn ln_survivor_here(&self, y: f64) -> Taylor<3>;

    /// ln h(y) + ln S(y), with its derivatives by the parameters.
    fn ln_density(&self, y: f64) -> Taylor<3>;

    /// ∫ from 0 to t of S(age + τ) / S(age) dτ, if there is a closed form.
    fn time_left(&self, age: f64, t: f64) -> Option<T>;
}

/// Nobody leaves (NBD).
#[derive(Debug, Clone, Copy)]
pub struct Forever;

impl<T: Real> Lifetime<T> for Forever {
    const ENDS: bool = false;

    fn ln_survivor(&self, _: f64) -> T {
        T::of(0.0)
    }

    fn ln_hazard(&self, _: f64) -> T {
        T::of(f64::NEG_INFINITY)
    }

    fn singularity(&self) -> f64 {
        f64::INFINITY
    }

    fn parameters(&self) -> [T; 3] {
        [T::of(1.0); 3]
    }

    fn ln_survivor_here(&self, _: f64) -> Taylor<3> {
        Taylor { v: 0.0, g: [0.0; 3], h: [[0.0; 3]; 3] }
    }

    fn ln_density(&self, _: f64) -> Taylor<3> {
        Taylor { v: f64::NEG_INFINITY, g: [0.0; 3], h: [[0.0; 3]; 3] }
    }

    fn time_left(&self, _: f64, t: f64) -> Option<T> {
        Some(T::of(t))
    }
}

/// Exponential lifetimes with rates from Gamma(s, β): Pareto of the second kind.
#[derive(Debug, Clone, Copy)]
pub struct Pareto<T> {
    /// Shape.
    pub s: T,
    /// Rate.
    pub beta: T,
}

impl<T: Real> Lifetime<T> for Pareto<T> {
    const ENDS: bool = true;

    fn ln_survivor(&self, y: f64) -> T {
        -(self.s * (self.beta.recip() * y).ln_1p())
    }

    fn ln_hazard(&self, y: f64) -> T {
        (self.s / (self.beta + y)).ln()
    }

    fn singularity(&self) -> f64 {
        self.beta.value()
    }

    fn parameters(&self) -> [T; 3] {
        [self.s, self.beta, T::of(1.0)]
    }

    fn ln_survivor_here(&self, y: f64) -> Taylor<3> {
        let (s, beta) = (self.s.value(), self.beta.value());
        let (rb, r) = (1.0 / beta, 1.0 / (beta + y));
        let fall = -(y * rb).ln_1p();
        let mixed = rb - r;
        Taylor {
            v: s * fall,
            g: [fall, s * mixed, 0.0],
            h: [[0.0, mixed, 0.0], [mixed, -s * mixed * (rb + r), 0.0], [0.0; 3]],
        }
    }

    #[inline]
    fn ln_density(&self, y: f64) -> Taylor<3> {
        // ln s + s ln β − (s + 1) ln (β + y)
        let (s, beta) = (self.s.value(), self.beta.value());
        let (rs, rb, r) = (1.0 / s, 1.0 / beta, 1.0 / (beta + y));
        let fall = -(y * rb).ln_1p();
        let mixed = rb - r;
        let by_beta = s * rb - (s + 1.0) * r;
        Taylor {
            v: (s * r).ln() + s * fall,
            g: [rs + fall, by_beta, 0.0],
            h: [[-rs * rs, mixed, 0.0], [mixed, (s + 1.0) * r * r - s * rb * rb, 0.0], [0.0; 3]],
        }
    }

    fn time_left(&self, age: f64, t: f64) -> Option<T> {
        // (β + age) (1 − e^−(s−1)w) / (s − 1), w = ln (1 + t / (β + age))
        let base = self.beta + age;
        let w = if t.is_finite() { (base.recip() * t).ln_1p() } else { T::of(t) };
        let power = self.s - 1.0;
        if !t.is_finite() {
            return (power.value() > 0.0).then(|| base / power);
        }
        let u = power * w;
        if u.value().abs() < 1e-3 {
            // (1 − e^−u) / u by its series, which has no difficulty at 0
            let mut sum = T::of(1.0);
            for n in (2..8).rev() {
                sum = -(sum * u) * (1.0 / f64::from(n)) + 1.0;
            }
            return Some(base * w * sum);
        }
        Some(base * -((-u).exp_m1()) / power)
    }
}

/// Gompertz lifetimes, with hazard η b e^by and η from Gamma(s, β).
#[derive(Debug, Clone, Copy)]
pub struct Gompertz<T> {
    /// Growth of the hazard.
    pub b: T,
    /// Shape.
    pub s: T,
    /// Rate.
    pub beta: T,
}

impl<T: Real> Gompertz<T> {
    /// ln (1 + (e^by − 1) / β)
    fn ln_growth(&self, y: f64) -> T {
        let by = self.b * y;
        if by.value() < 30.0 {
            (by.exp_m1() / self.beta).ln_1p()
        } else {
            by - self.beta.ln() + ((self.beta - 1.0) * (-by).exp()).ln_1p()
        }
    }

    /// A function of b, s and β less (s + more) G, G = ln (1 + (e^by − 1) / β).
    #[inline]
    fn less_growth(&self, y: f64, mut of: Taylor<3>, more: f64) -> Taylor<3> {
        let (b, power, beta) = (self.b.value(), self.s.value() + more, self.beta.value());
        let by = b * y;
        let small = (-by).exp();
        // e^by / (β + e^by − 1), and 1 over that sum
        let share = 1.0 / (1.0 + (beta - 1.0) * small);
        let r = small * share;
        let growth =
            if by < 30.0 { (by.exp_m1() / beta).ln_1p() } else { by - (beta * share).ln() };
        let (g_b, g_beta) = (y * share, r - 1.0 / beta);
        let (g_bb, g_b_beta) = (y * y * share * (beta - 1.0) * r, -y * share * r);
        let g_beta_beta = 1.0 / (beta * beta) - r * r;
        let g = [power * g_b, growth, power * g_beta];
        let h = [
            [power * g_bb, g_b, power * g_b_beta],
            [g_b, 0.0, g_beta],
            [power * g_b_beta, g_beta, power * g_beta_beta],
        ];
        of.v -= power * growth;
        for i in 0..3 {
            of.g[i] -= g[i];
            (0..3).for_each(|j| of.h[i][j] -= h[i][j]);
        }
        of
    }
}

impl<T: Real> Lifetime<T> for Gompertz<T> {
    const ENDS: bool = true;

    fn ln_survivor(&self, y: f64) -> T {
        -(self.s * self.ln_growth(y))
    }

    fn ln_hazard(&self, y: f64) -> T {
        self.b.ln() + self.s.ln() + self.b * y - self.beta.ln() - self.ln_growth(y)
    }

    fn singularity(&self) -> f64 {
        // e^by = 1 − β
        let beta = self.beta.value();
        if beta < 1.0 { -(-beta).ln_1p() / self.b.value() } else { f64::INFINITY }
    }

    fn longest_stretch(&self) -> f64 {
        3.0 / self.b.value()
    }

    fn parameters(&self) -> [T; 3] {
        [self.b, self.s, self.beta]
    }

    fn ln_survivor_here(&self, y: f64) -> Taylor<3> {
        self.less_growth(y, Taylor { v: 0.0, g: [0.0; 3], h: [[0.0; 3]; 3] }, 0.0)
    }

    fn ln_density(&self, y: f64) -> Taylor<3> {
        // ln b + ln s + by − ln β − (s + 1) G
        let (b, s, beta) = (self.b.value(), self.s.value(), self.beta.value());
        let v = (b * s / beta).ln() + b * y;
        let (r, rs, r_beta) = (1.0 / b, 1.0 / s, 1.0 / beta);
        let h = [[-r * r, 0.0, 0.0], [0.0, -rs * rs, 0.0], [0.0, 0.0, r_beta * r_beta]];
        self.less_growth(y, Taylor { v, g: [r + y, rs, -r_beta], h }, 1.0)
    }

    fn time_left(&self, _: f64, _: f64) -> Option<T> {
        None
    }
}

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
    pub(in crate::clv) constant: T,
    pub(in crate::clv) shape: T,
}

/// A function of the lifetime's parameters, the shape r + x, and α.
pub(in crate::clv) type Local = Taylor<5>;

/// ln of (α + y)^−shape times a function of the lifetime, with its derivatives.
#[derive(Debug, Clone, Copy)]
pub(in crate::clv) struct LnIntegrand {
    pub(in crate::clv) v: f64,
    of_life: Taylor<3>,
    shape: f64,
    /// ln(α + y) and 1/(α + y).
    ln: f64,
    recip: f64,
}

impl LnIntegrand {
    #[inline]
    pub(in crate::clv) fn new(of_life: Taylor<3>, shape: f64, alpha: f64, y: f64) -> Self {
        let (ln, recip) = ((alpha + y).ln(), 1.0 / (alpha + y));
        LnIntegrand { v: of_life.v - shape * ln, of_life, shape, ln, recip }
    }
}

/// A sum of exponentials of functions, as a function of what these are functions of.
#[derive(Debug, Clone, Copy)]
pub(in crate::clv) struct SumOfExp(pub(in crate::clv) Local);

impl SumOfExp {
    pub(in crate::clv) const NONE: SumOfExp =
        SumOfExp(Taylor { v: 0.0, g: [0.0; 5], h: [[0.0; 5]; 5] });

    /// Adds `value`, which is the exponential of a function (times any constant).
    #[inline]
    pub(in crate::clv) fn add(&mut self, value: f64, of: &LnIntegrand) {
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
    pub(in crate::clv) fn add_times(&mut self, times: f64, other: &SumOfExp) {
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
    pub(in crate::clv) fn ln(self) -> Local {
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
const NEGLIGIBLE: f64 = 45.0;
const DECAY_PER_PANEL: f64 = 10.0;
const SMALL_DECAY: f64 = 1.0;

/// Where panels must end, for an integrand whose logarithm is known.
#[derive(Debug, Clone, Copy)]
pub(in crate::clv) struct Limits {
    /// The distance from 0, to its left, of the nearest singularity.
    pub(in crate::clv) singularity: f64,
    /// The longest stretch on which the integrand looks like a power or an exponential.
    pub(in crate::clv) longest: f64,
}

/// The panel that begins at `low`, where the logarithm of the integrand is `at_low`: not longer than
/// twice the distance to the singularity, nor than the longest stretch, nor than a decay of 10. Returns
/// where it ends, and the logarithm there; none if nothing is left of it.
#[inline]
pub(in crate::clv) fn panel_from(
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
fn panels(
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
    pub(in crate::clv) fn singularity(&self) -> f64 {
        self.alpha.value().min(self.life.singularity())
    }

    /// ln of (α + y)^−shape h(y) S(y).
    #[inline]
    pub(in crate::clv) fn ln_integrand(&self, shape: f64, y: f64) -> LnIntegrand {
        LnIntegrand::new(self.life.ln_density(y), shape, self.alpha.value(), y)
    }

    /// Calls back with the weights of the nodes between `from` and `to`, and the logarithm of the
    /// integrand there.
    #[inline]
    pub(in crate::clv) fn integrate(
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
    pub(in crate::clv) fn function_of(&self, shape: T, local: &Local) -> T {
        let [first, second, third] = self.life.parameters();
        T::map_all(&[first, second, third, shape, self.alpha], local)
    }

    /// ln ∫ from t_x to age of ((α + y)/(α + age))^−shape h(y) S(y) / S(age) dy: the odds against being
    /// alive. None if the interval is empty.
    fn ln_odds(&self, shape: T, c: Customer) -> Option<T> {
        if !L::ENDS || c.t_x >= c.age {
            return None;
        }
        let k = shape.value();
        let top = self.ln_integrand(k, c.t_x).v;
        let mut sum = SumOfExp::NONE;
        self.integrate(k, c.t_x, c.age, |weight, at| sum.add(weight * (at.v - top).exp(), at));
        let mut of_sum = sum.ln();
        of_sum.v += top;
        let integral = self.function_of(shape, &of_sum);
        let alive = self.life.ln_survivor(c.age) - shape * (self.alpha + c.age).ln();
        Some(integral - alive)
    }

    /// ∫ from 0 to t of e^−δτ S(age + τ)/S(age) dτ.
    fn time_left(&self, age: f64, t: f64, rate: f64) -> T {
        if rate == 0.0
            && let Some(time) = self.life.time_left(age, t)
        {
            return time;
        }
        let at_age = self.life.ln_survivor(age);
        let end = if rate > 0.0 { t.min(NEGLIGIBLE / rate) } else { t.min(1e9) };
        let mut sum = T::of(0.0);
        let ln_value = |at: f64| self.life.ln_survivor(age + at) - at_age - rate * at;
        let singularity = (self.life.singularity() + age).max(f64::MIN_POSITIVE);
        let limits = Limits { singularity, longest: self.life.longest_stretch() };
        let height = |at| ln_value(at).value();
        panels(0.0, end, limits, height, |at, weight| sum = sum + ln_value(at).exp() * weight);
        sum
    }
}

impl<T: Real, L: Lifetime<T>> Purchases<T> for LifetimeNbd<T, L> {
    type PerCount = PerCount<T>;

    fn per_count(&self, x: f64) -> PerCount<T> {
        PerCount {
            constant: ln_rising_by(self.r, x as u64) + self.r * self.alpha.ln(),
            shape: self.r + x,
        }
    }

    fn ln_likelihood(&self, per: &PerCount<T>, c: Customer) -> T {
        let alive =
            per.constant + self.life.ln_survivor(c.age) - per.shape * (self.alpha + c.age).ln();
        match self.ln_odds(per.shape, c) {
            Some(odds) => alive + odds.ln_add_exp(T::of(0.0)),
            None => alive,
        }
    }

    fn ln_likelihood_of_all<H: Host>(&self, sample: &Sample<H>) -> T {
        lifetime_many::ln_likelihood(self, sample)
    }

    fn p_alive(&self, c: Customer) -> T {
        match self.ln_odds(self.r + c.x, c) {
            Some(odds) => logistic(-odds),
            None => T::of(1.0),
        }
    }

    fn stays(&self, c: Customer, t: f64) -> T {
        (self.life.ln_survivor(c.age + t) - self.life.ln_survivor(c.age)).exp()
    }

    fn expected(&self, c: Customer, t: f64) -> T {
        self.discounted(c, t, 0.0)
    }

    fn discounted(&self, c: Customer, t: f64, rate: f64) -> T {
        (self.r + c.x) / (self.alpha + c.age) * self.time_left(c.age, t, rate)
    }

    fn distribution(&self, c: Customer, t: f64, most: usize) -> Vec<f64> {
        lifetime_counts::distribution(self, c, t, most)
    }

    fn exactly(&self, c: Customer, t: f64, n: usize) -> f64 {
        lifetime_counts::exactly(self, c, t, n)
    }
}
