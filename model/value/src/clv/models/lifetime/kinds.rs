//! Lifetimes.

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
