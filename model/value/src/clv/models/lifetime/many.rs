//! The likelihood of many customers with a lifetime at once.
//!
//! With f(y) = (α + y)^−(r+x) h(y) S(y), a customer's likelihood needs the integral of f from t_x to
//! age. Customers with the same x have f in common: it is integrated once, from each of their times to
//! the next, and not for each of them from t_x to age. At the resolution of days there are few of these
//! times, else the steps are short.
//!
//! ```text
//! G(t) = ∫ from t to the last time of f(y)/f(t) dy,   ∫ from t_x to age of f(y) dy = f(t_x) G(t_x) − f(age) G(age)
//! ```
//!
//! with their derivatives by the parameters of the lifetime, the shape r + x, and α. The difference loses
//! digits where t_x is near age, and there it is small beside the likelihood of being alive.

use super::integral::{LifetimeNbd, LnIntegrand, Local, SumOfExp};
use super::kinds::Lifetime;
use crate::clv::alike::Alike;
use crate::clv::sample::Sample;
use crate::host::{Host, Pace, Vec};
use crate::numeric::real::Real;

/// What customers with a time in common share.
#[derive(Debug, Clone, Copy)]
struct Time {
    ln_f: f64,
    /// G(t).
    left: SumOfExp,
    /// The likelihood of being alive at t, over f(t), less G(t).
    alive: SumOfExp,
}

/// Times that are looked at together: memory that does not grow with the data.
const TOGETHER: usize = 1 << 11;
/// Customers whose sums are added up by themselves: sums of sums lose fewer digits.
const BLOCK: usize = 1 << 8;
const ZERO: Local = SumOfExp::NONE.0;

/// Σ ln(likelihood) of the customers of a settled sample, where lifetimes end.
pub(super) fn ln_likelihood<T: Real, L: Lifetime<T>, H: Host>(
    model: &LifetimeNbd<T, L>,
    sample: &Sample<H>,
) -> T {
    let host = sample.host();
    let mut pace = Pace::new(host);
    let mut total = T::of(0.0);
    let mut times = Vec::new_in(host.clone());
    let mut used = Used::new(sample);
    for alike in sample.by_count() {
        let per = model.per_count(alike.x());
        let (mut sum, mut count) = (ZERO, 0.0);
        let mut rest = alike;
        while !rest.is_empty() {
            let (together, others) = rest.split_at(used.note(&rest, &mut pace));
            rest = others;
            fill(&mut times, model, per.shape.value(), used.times(sample), &mut pace);
            for block in together.blocks(BLOCK) {
                pace.step(16 * BLOCK);
                let mut of_block = ZERO;
                for (t_x, age, n) in block.places() {
                    let (from, to) = (&times[used.position(t_x)], &times[used.position(age)]);
                    let fall = (to.ln_f - from.ln_f).exp();
                    add_ln_of_sum(&mut of_block, n, &from.left, fall, &to.alive);
                    of_block.v += n * from.ln_f;
                    count += n;
                }
                sum.v += of_block.v;
                for i in 0..5 {
                    sum.g[i] += of_block.g[i];
                    (0..=i).for_each(|j| sum.h[i][j] += of_block.h[i][j]);
                }
            }
        }
        total = total + per.constant * count + model.function_of(per.shape, &sum);
    }
    total
}

/// Which times of a sample some of its customers have.
struct Used<H: Host> {
    /// Their places, in order.
    places: Vec<u32, H>,
    /// By place, where that is among these.
    positions: Vec<u32, H>,
}

impl<H: Host> Used<H> {
    const NOWHERE: u32 = u32::MAX;

    fn new(sample: &Sample<H>) -> Self {
        let mut positions = Vec::new_in(sample.host().clone());
        positions.resize(sample.times().len(), Self::NOWHERE);
        Used { places: Vec::new_in(sample.host().clone()), positions }
    }

    /// Looks at customers until they have so many times that it is enough: returns how many these are.
    fn note(&mut self, customers: &Alike<'_>, pace: &mut Pace<'_, H>) -> usize {
        for place in &self.places {
            self.positions[*place as usize] = Self::NOWHERE;
        }
        self.places.clear();
        let mut noted = 0;
        for (t_x, age, _) in customers.places() {
            pace.step(2);
            if self.places.len() >= TOGETHER {
                break;
            }
            noted += 1;
            for place in [t_x, age] {
                if std::mem::replace(&mut self.positions[place], 0) == Self::NOWHERE {
                    self.places.push(place as u32);
                }
            }
        }
        self.places.sort_unstable();
        for (position, place) in (0..).zip(&self.places) {
            self.positions[*place as usize] = position;
        }
        noted
    }

    fn position(&self, place: usize) -> usize {
        self.positions[place] as usize
    }

    /// The times, from the last one back.
    fn times(&self, sample: &Sample<H>) -> impl Iterator<Item = f64> {
        self.places.iter().rev().map(|place| sample.times()[*place as usize])
    }
}

/// Adds n ln(left + fall · alive).
#[inline]
fn add_ln_of_sum(sum: &mut Local, n: f64, left: &SumOfExp, fall: f64, alive: &SumOfExp) {
    let (left, alive) = (&left.0, &alive.0);
    let value = left.v + fall * alive.v;
    let scale = 1.0 / value;
    sum.v += n * value.ln();
    let n_scale = n * scale;
    let mut g = [0.0; 5];
    for i in 0..5 {
        g[i] = scale * (left.g[i] + fall * alive.g[i]);
        let slope = n * g[i];
        sum.g[i] += slope;
        let curves = left.h[i].iter().zip(&alive.h[i]).zip(g);
        for (h, ((left, alive), g)) in sum.h[i].iter_mut().zip(curves).take(i + 1) {
            *h += n_scale * (left + fall * alive) - slope * g;
        }
    }
}

/// What customers with the same x share at each of the times, which are given from the last one back.
fn fill<T: Real, L: Lifetime<T>, H: Host>(
    out: &mut Vec<Time, H>,
    model: &LifetimeNbd<T, L>,
    shape: f64,
    backwards: impl Iterator<Item = f64>,
    pace: &mut Pace<'_, H>,
) {
    out.clear();
    let mut after: Option<(f64, f64, SumOfExp)> = None;
    for time in backwards {
        pace.step(128);
        let ln_f = model.ln_integrand(shape, time).v;
        let mut left = SumOfExp::NONE;
        if let Some((next, ln_f_next, left_next)) = &after {
            model.integrate(shape, time, *next, |weight, at| {
                left.add(weight * (at.v - ln_f).exp(), at);
            });
            left.add_times((ln_f_next - ln_f).exp(), left_next);
        }
        let survivor = model.life.ln_survivor_here(time);
        let of_alive = LnIntegrand::new(survivor, shape, model.alpha.value(), time);
        let mut alive = SumOfExp::NONE;
        alive.add((of_alive.v - ln_f).exp(), &of_alive);
        alive.add_times(-1.0, &left);
        out.push(Time { ln_f, left, alive });
        after = Some((time, ln_f, left));
    }
    out.reverse();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clv::family::{Family, GompertzFamily, ParetoFamily};
    use crate::clv::fit::cdnow;
    use crate::clv::{Customer, testing};
    use crate::host::Global;

    /// CDNOW, and customers at the ends of what there is.
    fn sample() -> Sample<Global> {
        let mut sample = cdnow();
        let days = (0..200).map(|day| f64::from(day) / 7.0);
        let many = days.map(|t_x| Customer { x: 3000.0, t_x, age: 39.0 });
        for c in many.chain(testing::CUSTOMERS) {
            sample.push(c, None, None).unwrap();
        }
        sample.push_many(testing::CUSTOMERS[1], 1234.5);
        sample.settle();
        sample
    }

    fn agrees<const N: usize, F: Family<N>>(family: F, parameters: &[[f64; N]]) {
        for parameters in parameters {
            testing::likelihoods_agree(&family, parameters, &sample());
        }
    }

    #[test]
    fn is_the_sum_over_single_customers() {
        let pareto = [[0.55, 10.6, 0.6, 11.7], [3.0, 0.01, 0.1, 0.02], [1e-3, 1e4, 2.0, 1e-3]];
        agrees(ParetoFamily, &pareto);
        agrees(GompertzFamily, &[[0.55, 10.6, 0.03, 0.6, 0.4], [0.5, 10.0, 1.0, 0.01, 1e3]]);
    }
}
