//! The likelihood of many customers of BG/NBD or MBG/NBD at once.
//!
//! With L(t) = ln(α + t), stages s = r + x, and the odds against being alive
//! eᵘ, u = ln(a / (b + chances − 1)) + s (L(age) − L(t_x)), a customer's ln-likelihood is
//!
//! ```text
//! constant(x) − s L(age) + ln(1 + eᵘ)
//! ```
//!
//! What it takes from a customer are three numbers, and logarithms of times that others have too. The
//! derivatives by s, α and the first term of u are a few weighted sums over the customers with the
//! same x; the chain rule is theirs together.

use crate::clv::sample::Sample;
use crate::host::{Host, Pace, Vec};
use crate::numeric::real::{Real, Taylor};

/// ln(α + t) and 1/(α + t).
#[derive(Debug, Clone, Copy)]
struct Time {
    ln: f64,
    recip: f64,
}

/// Customers whose sums are added up by themselves: sums of sums lose fewer digits, and products of so
/// many numbers between 1 and 2 stay in range.
const BLOCK: usize = 512;
/// Customers who are alike, up to this number, are factors of a product.
const FEW: usize = 8;

/// What the likelihood of customers with the same number of purchases has in common, with stages
/// s = r + kx.
#[derive(Debug, Clone, Copy)]
pub struct PerCount<T> {
    /// What does not depend on times.
    pub(in crate::clv) constant: T,
    /// The first term of u.
    pub(in crate::clv) ln_left: T,
    pub(in crate::clv) stages: T,
    pub(in crate::clv) may_have_left: bool,
}

/// Σ n ln w over numbers w between 1 and 2, with one logarithm for those with the same n.
struct Logarithms {
    products: [f64; FEW],
    others: f64,
}

impl Logarithms {
    const NONE: Logarithms = Logarithms { products: [1.0; FEW], others: 0.0 };

    #[inline]
    fn add(&mut self, w: f64, n: f64) {
        let few = n as usize;
        if few < FEW && few as f64 == n {
            self.products[few] *= w;
        } else {
            self.others += n * w.ln();
        }
    }

    fn sum(&self) -> f64 {
        let powers = (0..).zip(&self.products).map(|(n, product)| f64::from(n) * product.ln());
        self.others + powers.sum::<f64>()
    }
}

/// Sums over customers, weighted with their number, with D = L(age) − L(t_x), E and F its first and
/// second derivative by α, p = P(not alive) and q = p (1 − p).
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    count: f64,
    ln: f64,
    recip: f64,
    recip_2: f64,
    softplus: f64,
    p: f64,
    p_d: f64,
    p_e: f64,
    p_f: f64,
    q: f64,
    q_d: f64,
    q_e: f64,
    q_dd: f64,
    q_de: f64,
    q_ee: f64,
}

impl Sums {
    fn add(&mut self, other: &Sums) {
        self.count += other.count;
        self.ln += other.ln;
        self.recip += other.recip;
        self.recip_2 += other.recip_2;
        self.softplus += other.softplus;
        self.p += other.p;
        self.p_d += other.p_d;
        self.p_e += other.p_e;
        self.p_f += other.p_f;
        self.q += other.q;
        self.q_d += other.q_d;
        self.q_e += other.q_e;
        self.q_dd += other.q_dd;
        self.q_de += other.q_de;
        self.q_ee += other.q_ee;
    }

    /// Of customers who cannot have left.
    fn of_alive(customers: impl Iterator<Item = (Time, f64)>) -> Self {
        let mut sums = Sums::default();
        for (age, n) in customers {
            sums.count += n;
            sums.ln += n * age.ln;
            sums.recip += n * age.recip;
            sums.recip_2 += n * age.recip * age.recip;
        }
        sums
    }

    /// Of customers at t_x and age.
    #[inline]
    fn of(customers: impl Iterator<Item = (Time, Time, f64)>, stages: f64, ln_left: f64) -> Self {
        let mut sums = Sums::default();
        let mut logarithms = Logarithms::NONE;
        for (t_x, age, n) in customers {
            let d = age.ln - t_x.ln;
            let e = age.recip - t_x.recip;
            let f = -e * (age.recip + t_x.recip);
            let u = ln_left + stages * d;
            let small = (-u.abs()).exp();
            let w = 1.0 + small;
            logarithms.add(w, n);
            let share = 1.0 / w;
            let p = n * if u >= 0.0 { share } else { small * share };
            let q = n * small * share * share;
            let (p_e, q_d, q_e) = (p * e, q * d, q * e);
            sums.count += n;
            sums.ln += n * age.ln;
            sums.recip += n * age.recip;
            sums.recip_2 += n * age.recip * age.recip;
            sums.softplus += n * u.max(0.0);
            sums.p += p;
            sums.p_d += p * d;
            sums.p_e += p_e;
            sums.p_f += p * f;
            sums.q += q;
            sums.q_d += q_d;
            sums.q_e += q_e;
            sums.q_dd += q_d * d;
            sums.q_de += q_d * e;
            sums.q_ee += q_e * e;
        }
        sums.softplus += logarithms.sum();
        sums
    }

    /// Of −s L(age) + ln(1 + eᵘ), with its derivatives by s, α and the first term of u.
    fn taylor(&self, s: f64) -> Taylor<3> {
        let mixed = self.p_e - self.recip + s * self.q_de;
        let by_alpha_twice = s * (self.recip_2 + self.p_f + s * self.q_ee);
        Taylor {
            v: self.softplus - s * self.ln,
            g: [self.p_d - self.ln, s * (self.p_e - self.recip), self.p],
            h: [
                [self.q_dd, mixed, self.q_d],
                [mixed, by_alpha_twice, s * self.q_e],
                [self.q_d, s * self.q_e, self.q],
            ],
        }
    }
}

/// Σ ln(likelihood) of the customers of a settled sample, for the α of a model, and what it says of
/// customers with x purchases.
pub(in crate::clv) fn ln_likelihood<T: Real, H: Host>(
    sample: &Sample<H>,
    of_alpha: T,
    per_count: impl Fn(f64) -> PerCount<T>,
) -> T {
    let host = sample.host();
    let mut pace = Pace::new(host);
    let alpha = of_alpha.value();
    let mut times = Vec::with_capacity_in(sample.times().len(), host.clone());
    for time in sample.times() {
        pace.step(8);
        times.push(Time { ln: (alpha + time).ln(), recip: 1.0 / (alpha + time) });
    }
    let mut total = T::of(0.0);
    for alike in sample.by_count() {
        let per = per_count(alike.x());
        let (stages, ln_left) = (per.stages.value(), per.ln_left.value());
        let mut sums = Sums::default();
        for block in alike.blocks(BLOCK) {
            pace.step(8 * BLOCK);
            let customers = block.places().map(|(t_x, age, n)| (times[t_x], times[age], n));
            sums.add(&if per.may_have_left {
                Sums::of(customers, stages, ln_left)
            } else {
                Sums::of_alive(customers.map(|(_, age, n)| (age, n)))
            });
        }
        let of_times = [per.stages, of_alpha, per.ln_left];
        total = total + per.constant * sums.count + T::map_all(&of_times, &sums.taylor(stages));
    }
    total
}

#[cfg(test)]
mod tests {
    use crate::clv::family::BgFamily;
    use crate::clv::fit::cdnow;
    use crate::clv::testing;

    #[test]
    fn is_the_sum_over_single_customers() {
        let mut sample = cdnow();
        for c in testing::CUSTOMERS {
            sample.push(c, None, None).unwrap();
        }
        for (i, count) in [1.5, 3.0, 7.0, 8.0, 1e6].into_iter().enumerate() {
            sample.push_many(testing::CUSTOMERS[i], count);
        }
        sample.settle();
        for modified in [false, true] {
            for parameters in
                [[0.24, 4.4, 0.8, 2.4], [5.0, 1e-3, 1e-3, 50.0], [1e-3, 1e5, 30.0, 1e-2]]
            {
                let family = BgFamily { k: 1, modified };
                testing::likelihoods_agree(&family, &parameters, &sample);
            }
        }
    }
}
