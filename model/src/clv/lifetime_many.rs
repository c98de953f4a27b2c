//! The likelihood of many customers with a lifetime at once.
//!
//! With f(y) = (α + y)^−(r+x) h(y) S(y), a customer's likelihood needs the integral of f from t_x to
//! age. Customers with the same x have f in common, and at the resolution of days few different times
//! between them: the integrals from each of these times to the last one serve them all,
//!
//! ```text
//! G(t) = ∫ from t to the last time of f(y)/f(t) dy,   ∫ from t_x to age of f(y) dy = f(t_x) G(t_x) − f(age) G(age)
//! ```
//!
//! with their derivatives by the parameters of the lifetime, the shape r + x, and α. f falls, and an
//! interval is not so short that the difference loses more than a few digits.

use super::lifetime::{Lifetime, LifetimeNbd, LnIntegrand, Local, SumOfExp};
use super::sample::Sample;
use super::{Purchases, ln_likelihood_of_each};
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

/// Most times that are looked at together: memory that does not grow with the data.
const MOST_TIMES: usize = 1 << 14;
/// More times than this for each customer, and it is quicker to integrate for each by itself.
const TIMES_EACH: usize = 4;

/// Σ ln(likelihood) of the customers of a settled sample.
pub(super) fn ln_likelihood<T: Real, L: Lifetime<T>, H: Host>(
    model: &LifetimeNbd<T, L>,
    sample: &Sample<H>,
) -> T {
    let mut pace = Pace::new(sample.host());
    let mut times = Vec::new_in(sample.host().clone());
    let mut total = T::of(0.0);
    for alike in sample.by_count() {
        let (first, last) = alike.range();
        let range = &sample.times()[first..=last];
        if !L::ENDS || range.len() > MOST_TIMES.min(TIMES_EACH * alike.distinct()) {
            total = total + ln_likelihood_of_each(model, [alike], &mut pace);
            continue;
        }
        let per = model.per_count(alike.x());
        let shape = per.shape.value();
        fill(&mut times, model, shape, range, &mut pace);
        let (mut sum, mut count) = (ZERO, 0.0);
        for block in alike.blocks(BLOCK) {
            pace.step(16 * BLOCK);
            let mut of_block = ZERO;
            for (t_x, age, n) in block.places() {
                let (from, to) = (&times[t_x - first], &times[age - first]);
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
        total = total + per.constant * count + model.function_of(per.shape, &sum);
    }
    total
}

/// Customers whose sums are added up by themselves: sums of sums lose fewer digits.
const BLOCK: usize = 256;
const ZERO: Local = SumOfExp::NONE.0;

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

/// What customers with the same x share at each of the times, from the last one back.
fn fill<T: Real, L: Lifetime<T>, H: Host>(
    out: &mut Vec<Time, H>,
    model: &LifetimeNbd<T, L>,
    shape: f64,
    times: &[f64],
    pace: &mut Pace<'_, H>,
) {
    out.clear();
    let mut after: Option<(f64, f64, SumOfExp)> = None;
    for &time in times.iter().rev() {
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
