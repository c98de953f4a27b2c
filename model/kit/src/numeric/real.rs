//! Numbers that carry their derivatives: a formula is written once, and evaluated with doubles for
//! its value, with [`Dual`]s for its gradient too, with [`Jet`]s for its Hessian as well. The
//! derivatives are those of the formula itself, not differences.

use std::ops::{Add, Div, Mul, Neg, Sub};

/// A number: a double, or one with its derivatives by some parameters.
pub trait Real:
    Copy
    + std::fmt::Debug
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + Add<f64, Output = Self>
    + Sub<f64, Output = Self>
    + Mul<f64, Output = Self>
{
    /// A constant.
    fn of(value: f64) -> Self;

    /// The number itself.
    fn value(self) -> f64;

    /// A function of it, given that function's value and its first and second derivative here.
    fn map(self, value: f64, first: f64, second: f64) -> Self;

    /// A function of several numbers, given its value and its derivatives here.
    fn map_all<const M: usize>(of: &[Self; M], local: &Taylor<M>) -> Self;

    /// e to its power.
    fn exp(self) -> Self {
        let e = self.value().exp();
        self.map(e, e, e)
    }

    /// e to its power, less 1.
    fn exp_m1(self) -> Self {
        let (v, e) = (self.value().exp_m1(), self.value().exp());
        self.map(v, e, e)
    }

    /// Its natural logarithm.
    fn ln(self) -> Self {
        let r = 1.0 / self.value();
        self.map(self.value().ln(), r, -r * r)
    }

    /// The natural logarithm of 1 more.
    fn ln_1p(self) -> Self {
        let r = 1.0 / (1.0 + self.value());
        self.map(self.value().ln_1p(), r, -r * r)
    }

    /// 1 over it.
    fn recip(self) -> Self {
        let r = 1.0 / self.value();
        self.map(r, -r * r, 2.0 * r * r * r)
    }

    /// ln(eᵃ + eᵇ), without leaving the range of doubles.
    fn ln_add_exp(self, other: Self) -> Self {
        let (high, low) = if self.value() >= other.value() { (self, other) } else { (other, self) };
        if low.value() == f64::NEG_INFINITY {
            return high;
        }
        high + (low - high).exp().ln_1p()
    }
}

/// A function of M numbers near a point: its value and derivatives.
#[derive(Debug, Clone, Copy)]
pub struct Taylor<const M: usize> {
    /// The value.
    pub v: f64,
    /// First derivatives.
    pub g: [f64; M],
    /// Second derivatives; the lower triangle is looked at.
    pub h: [[f64; M]; M],
}

impl Real for f64 {
    #[inline]
    fn of(value: f64) -> Self {
        value
    }

    #[inline]
    fn value(self) -> f64 {
        self
    }

    #[inline]
    fn map(self, value: f64, _: f64, _: f64) -> Self {
        value
    }

    #[inline]
    fn map_all<const M: usize>(_: &[Self; M], local: &Taylor<M>) -> Self {
        local.v
    }
}

/// A number with its gradient.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dual<const N: usize> {
    /// The number.
    pub v: f64,
    /// Its derivatives.
    pub g: [f64; N],
}

/// A number with its gradient and Hessian.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Jet<const N: usize> {
    /// The number.
    pub v: f64,
    /// Its derivatives.
    pub g: [f64; N],
    /// Its second derivatives.
    pub h: [[f64; N]; N],
}

impl<const N: usize> Dual<N> {
    /// The parameters whose logarithms are given, with derivatives by these logarithms.
    pub fn exp_of(logs: &[f64; N]) -> [Self; N] {
        std::array::from_fn(|i| {
            let mut g = [0.0; N];
            g[i] = logs[i].exp();
            Dual { v: g[i], g }
        })
    }
}

impl<const N: usize> Jet<N> {
    /// The parameters whose logarithms are given, with derivatives by these logarithms.
    pub fn exp_of(logs: &[f64; N]) -> [Self; N] {
        std::array::from_fn(|i| {
            let (mut g, mut h) = ([0.0; N], [[0.0; N]; N]);
            let v = logs[i].exp();
            g[i] = v;
            h[i][i] = v;
            Jet { v, g, h }
        })
    }
}

impl<const N: usize> Real for Dual<N> {
    #[inline]
    fn of(v: f64) -> Self {
        Dual { v, g: [0.0; N] }
    }

    #[inline]
    fn value(self) -> f64 {
        self.v
    }

    #[inline]
    fn map(self, v: f64, first: f64, _: f64) -> Self {
        Dual { v, g: self.g.map(|g| g * first) }
    }

    fn map_all<const M: usize>(of: &[Self; M], local: &Taylor<M>) -> Self {
        let mut out = Dual::of(local.v);
        for (number, slope) in of.iter().zip(local.g) {
            for (sum, g) in out.g.iter_mut().zip(number.g) {
                *sum += slope * g;
            }
        }
        out
    }
}

impl<const N: usize> Real for Jet<N> {
    #[inline]
    fn of(v: f64) -> Self {
        Jet { v, g: [0.0; N], h: [[0.0; N]; N] }
    }

    #[inline]
    fn value(self) -> f64 {
        self.v
    }

    #[inline]
    fn map(mut self, v: f64, first: f64, second: f64) -> Self {
        let g = self.g;
        self.v = v;
        for i in 0..N {
            self.g[i] = g[i] * first;
            let by = second * g[i];
            for (h, g) in self.h[i].iter_mut().zip(g) {
                *h = *h * first + by * g;
            }
        }
        self
    }

    fn map_all<const M: usize>(of: &[Self; M], local: &Taylor<M>) -> Self {
        let mut out = Jet::of(local.v);
        for (a, number) in of.iter().enumerate() {
            out = out + (*number * local.g[a] + -(number.v * local.g[a]));
            for (b, other) in of[..=a].iter().enumerate() {
                let half = if a == b { 0.5 } else { 1.0 };
                let second = half * local.h[a][b];
                for i in 0..N {
                    for j in 0..N {
                        let cross = number.g[i] * other.g[j] + other.g[i] * number.g[j];
                        out.h[i][j] += second * cross;
                    }
                }
            }
        }
        out
    }
}

impl<const N: usize> Add for Dual<N> {
    type Output = Self;
    #[inline]
    fn add(mut self, other: Self) -> Self {
        self.v += other.v;
        for i in 0..N {
            self.g[i] += other.g[i];
        }
        self
    }
}

impl<const N: usize> Add for Jet<N> {
    type Output = Self;
    #[inline]
    fn add(mut self, other: Self) -> Self {
        self.v += other.v;
        for i in 0..N {
            self.g[i] += other.g[i];
            for j in 0..N {
                self.h[i][j] += other.h[i][j];
            }
        }
        self
    }
}

impl<const N: usize> Mul for Dual<N> {
    type Output = Self;
    #[inline]
    #[allow(clippy::suspicious_arithmetic_impl)] // the product rule
    fn mul(self, other: Self) -> Self {
        let g = std::array::from_fn(|i| self.g[i] * other.v + self.v * other.g[i]);
        Dual { v: self.v * other.v, g }
    }
}

impl<const N: usize> Mul for Jet<N> {
    type Output = Self;
    #[inline]
    #[allow(clippy::suspicious_arithmetic_impl)] // the product rule
    fn mul(self, other: Self) -> Self {
        let mut out = Jet { v: self.v * other.v, g: [0.0; N], h: self.h };
        for i in 0..N {
            out.g[i] = self.g[i] * other.v + self.v * other.g[i];
            for j in 0..N {
                out.h[i][j] = self.h[i][j] * other.v
                    + self.v * other.h[i][j]
                    + self.g[i] * other.g[j]
                    + other.g[i] * self.g[j];
            }
        }
        out
    }
}

impl<const N: usize> Mul<f64> for Dual<N> {
    type Output = Self;
    #[inline]
    fn mul(self, by: f64) -> Self {
        Dual { v: self.v * by, g: self.g.map(|g| g * by) }
    }
}

impl<const N: usize> Mul<f64> for Jet<N> {
    type Output = Self;
    #[inline]
    fn mul(mut self, by: f64) -> Self {
        self.v *= by;
        for i in 0..N {
            self.g[i] *= by;
            for j in 0..N {
                self.h[i][j] *= by;
            }
        }
        self
    }
}

/// What follows from the operations above.
macro_rules! derived_operations {
    ($number:ident) => {
        impl<const N: usize> Neg for $number<N> {
            type Output = Self;
            #[inline]
            fn neg(self) -> Self {
                self * -1.0
            }
        }

        impl<const N: usize> Sub for $number<N> {
            type Output = Self;
            #[inline]
            fn sub(self, other: Self) -> Self {
                self + other * -1.0
            }
        }

        impl<const N: usize> Div for $number<N> {
            type Output = Self;
            #[inline]
            #[allow(clippy::suspicious_arithmetic_impl)] // by the reciprocal
            fn div(self, other: Self) -> Self {
                self * other.recip()
            }
        }

        impl<const N: usize> Add<f64> for $number<N> {
            type Output = Self;
            #[inline]
            fn add(mut self, constant: f64) -> Self {
                self.v += constant;
                self
            }
        }

        impl<const N: usize> Sub<f64> for $number<N> {
            type Output = Self;
            #[inline]
            fn sub(mut self, constant: f64) -> Self {
                self.v -= constant;
                self
            }
        }
    };
}

derived_operations!(Dual);
derived_operations!(Jet);

#[cfg(test)]
mod tests {
    use super::*;

    /// A formula with every operation, and its derivatives by hand.
    fn formula<T: Real>(x: T, y: T) -> T {
        (x * y).ln() / (x + 2.0).exp() - y.ln_1p() * x.recip() + (-y).exp_m1()
    }

    #[test]
    fn derivatives_agree_with_differences() {
        let logs = [0.3_f64, -0.7];
        let at = |d0: f64, d1: f64| formula((logs[0] + d0).exp(), (logs[1] + d1).exp());
        let [x, y] = Jet::exp_of(&logs);
        let jet = formula(x, y);
        let [x, y] = Dual::exp_of(&logs);
        let dual = formula(x, y);
        assert_eq!((jet.v, jet.g), (dual.v, dual.g));
        assert_eq!(jet.v, at(0.0, 0.0));
        let e = 1e-4;
        let first = (at(e, 0.0) - at(-e, 0.0)) / (2.0 * e);
        let second = (at(e, 0.0) - 2.0 * at(0.0, 0.0) + at(-e, 0.0)) / (e * e);
        let mixed = (at(e, e) - at(e, -e) - at(-e, e) + at(-e, -e)) / (4.0 * e * e);
        assert!((jet.g[0] - first).abs() < 1e-7, "{} {first}", jet.g[0]);
        assert!((jet.h[0][0] - second).abs() < 1e-6, "{} {second}", jet.h[0][0]);
        assert!((jet.h[0][1] - mixed).abs() < 1e-6, "{} {mixed}", jet.h[0][1]);
        assert_eq!(jet.h[0][1], jet.h[1][0]);
    }

    #[test]
    fn functions_of_several_numbers_follow_the_chain_rule() {
        let [x, y] = Jet::exp_of(&[0.3_f64, -0.7]);
        // x² y, of x³ and xy
        let (u, w) = (x * x * x, x * y);
        let t = Taylor {
            v: u.v * w.v * w.v,
            g: [w.v * w.v, 2.0 * u.v * w.v],
            h: [[0.0, f64::NAN], [2.0 * w.v, 2.0 * u.v]],
        };
        let (direct, chained) = (u * w * w, Jet::map_all(&[u, w], &t));
        for i in 0..2 {
            assert!((direct.g[i] - chained.g[i]).abs() < 1e-12);
            for j in 0..2 {
                assert!((direct.h[i][j] - chained.h[i][j]).abs() < 1e-12);
            }
        }
        assert!((direct.v - chained.v).abs() < 1e-14);
    }

    #[test]
    fn sums_of_exponentials_stay_in_range() {
        assert!((800.0_f64.ln_add_exp(800.0) - (800.0 + 2.0_f64.ln())).abs() < 1e-12);
        assert_eq!((-800.0_f64).ln_add_exp(f64::NEG_INFINITY), -800.0);
    }
}
