//! Customers with covariates: what is known of each of them beside its purchases, and does not change.
//!
//! Covariates z act on the parameters of a customer as P. Fader and B. Hardie, "Incorporating
//! Time-Invariant Covariates into the Pareto/NBD and BG/NBD Models" (2007) have it:
//!
//! ```text
//! BG/NBD      α = α₀ e^−γ₁ᵀz   a = a₀ e^γ₂ᵀz   b = b₀ e^γ₃ᵀz
//! Pareto/NBD  α = α₀ e^−γ₁ᵀz   β = β₀ e^−γ₂ᵀz
//! ```
//!
//! The logarithm of a customer's parameters is then linear in those that are estimated, and so is the
//! way back from covariates that are centred and scaled, with which the search is done.

use super::family::{Family, Kind, Visitor};
use super::fit::{Fitted, Unfit, judge};
use super::sample::{Group, key};
use super::{Customer, Purchases};
use crate::error::Error;
use crate::host::{Host, Pace, Vec};
use crate::numeric::newton::{FAR, Local, ascend};
use crate::numeric::{Jet, Real, cholesky};
use std::vec::Vec as StdVec;

/// Most covariates of a model.
pub const MOST: usize = 30;
/// From here on the first covariates are as good as making up the next one.
const COLLINEAR: f64 = 1e-10;
const CENTRE: &str = "Subtract something like its mean from every covariate, and divide by something like its spread.";

/// A parameter that covariates act on: its place in the family, and the sign with which they do.
pub(super) type Effect = (usize, f64);

impl Kind {
    /// The parameters that covariates act on.
    pub(super) fn effects(self) -> &'static [Effect] {
        match self {
            Kind::Bg => &[(1, -1.0), (2, 1.0), (3, 1.0)],
            Kind::Pareto => &[(1, -1.0), (3, -1.0)],
            _ => &[],
        }
    }
}

/// The name of the coefficient of a covariate: both count from 1.
pub(super) fn name(effect: usize, covariate: usize) -> String {
    format!("gamma{effect}_{covariate}")
}

/// Customers who are alike, with their covariates.
#[derive(Debug, Clone, Copy)]
struct Row {
    group: Group,
    /// Where their covariates are.
    at: usize,
}

/// Customers with covariates, collected in any order.
#[derive(Debug)]
pub struct Covariates<H: Host> {
    width: usize,
    rows: Vec<Row, H>,
    values: Vec<f64, H>,
    host: H,
}

/// Are these covariates?
pub fn check(z: &[f64]) -> Result<(), Error> {
    if z.len() > MOST {
        return Err(Error::bad(
            format!("there are {} covariates", z.len()),
            "Take 30 at most: each has an effect of its own on two or three parameters.",
        ));
    }
    match z.iter().position(|z| z.is_nan() || z.abs() >= 1e100) {
        Some(i) => Err(Error::bad(
            format!("covariate {} is {}", i + 1, z[i]),
            "Covariates are finite numbers. Leave other rows out with FILTER or WHERE.",
        )),
        None => Ok(()),
    }
}

impl<H: Host> Covariates<H> {
    /// No customers, each with so many covariates. Where these are none, nothing is kept.
    pub fn new(width: usize, host: H) -> Self {
        let (rows, values) = (Vec::new_in(host.clone()), Vec::new_in(host.clone()));
        Covariates { width, rows, values, host }
    }

    /// How many covariates each has.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Adds a customer that has been checked.
    pub fn push(&mut self, customer: Customer, z: &[f64]) -> Result<(), Error> {
        check(z)?;
        self.add(Group { customer, count: 1.0 }, z);
        Ok(())
    }

    fn add(&mut self, group: Group, z: &[f64]) {
        if self.width == 0 {
            return;
        }
        if let Some(last) = self.rows.last_mut()
            && last.group.customer == group.customer
            && self.values[last.at..] == *z
        {
            last.group.count += group.count;
            return;
        }
        self.rows.push(Row { group, at: self.values.len() });
        // No negative zeros.
        self.values.extend(z.iter().map(|z| z + 0.0));
    }

    fn of(&self, row: &Row) -> &[f64] {
        &self.values[row.at..row.at + self.width]
    }

    /// Sorts the customers by covariates, then as samples do, and makes those that are alike one.
    fn settle(&mut self) {
        let Covariates { width, rows, values, host } = self;
        let mut pace = Pace::new(host);
        let of = |row: &Row| &values[row.at..row.at + *width];
        rows.sort_unstable_by(|a, b| {
            pace.step(4);
            let by_z = of(a).iter().zip(of(b)).map(|(a, b)| a.total_cmp(b));
            by_z.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
                .then_with(|| key(&a.group.customer).cmp(&key(&b.group.customer)))
        });
        let mut kept = 0;
        for i in 0..rows.len() {
            pace.step(4);
            let row = rows[i];
            if kept > 0
                && rows[kept - 1].group.customer == row.group.customer
                && of(&rows[kept - 1]) == of(&row)
            {
                rows[kept - 1].group.count += row.group.count;
            } else {
                rows[kept] = row;
                kept += 1;
            }
        }
        rows.truncate(kept);
    }

    /// Adds others with as many covariates.
    pub fn merge(&mut self, other: &Self) {
        let mut pace = Pace::new(&other.host);
        for row in &other.rows {
            pace.step(4);
            self.add(row.group, other.of(row));
        }
    }

    /// Writes the number of customers, and the customers.
    pub fn write(&self, out: &mut Vec<u8, H>) {
        out.extend_from_slice(&(self.rows.len() as u64).to_le_bytes());
        let mut number = |n: &f64| out.extend_from_slice(&n.to_le_bytes());
        for row in &self.rows {
            let Group { customer: c, count } = row.group;
            [c.x, c.t_x, c.age, count].iter().for_each(&mut number);
            self.of(row).iter().for_each(&mut number);
        }
    }

    /// Reads what was written, and what is behind it.
    pub fn read(width: usize, bytes: &[u8], host: H) -> Result<(Self, &[u8]), Error> {
        let broken = || Error::Malformed("the state of an aggregate is cut short");
        let (len, rest) = bytes.split_first_chunk::<8>().ok_or_else(broken)?;
        let size = usize::try_from(u64::from_le_bytes(*len))
            .ok()
            .and_then(|len| len.checked_mul(8 * (4 + width)));
        let (rows, rest) = size.and_then(|size| rest.split_at_checked(size)).ok_or_else(broken)?;
        let mut read = Covariates::new(width, host);
        let (numbers, _) = rows.as_chunks::<8>();
        let mut z = [0.0; MOST];
        for row in numbers.chunks_exact(4 + width) {
            let number = |i: usize| f64::from_le_bytes(row[i]);
            for (i, z) in z.iter_mut().enumerate().take(width) {
                *z = number(4 + i);
            }
            let customer = Customer { x: number(0), t_x: number(1), age: number(2) };
            read.add(Group { customer, count: number(3) }, &z[..width]);
        }
        Ok((read, rest))
    }

    /// Means and standard deviations, if no covariate is made up of others.
    fn scales(&self) -> Result<(StdVec<f64>, StdVec<f64>), Unfit> {
        let m = self.width;
        let mut pace = Pace::new(&self.host);
        let mut total = 0.0;
        let mut mean = vec![0.0; m];
        // Means of means so far: sums could lose the digits of small differences.
        for row in &self.rows {
            pace.step(m);
            total += row.group.count;
            let share = row.group.count / total;
            mean.iter_mut().zip(self.of(row)).for_each(|(mean, z)| *mean += share * (z - *mean));
        }
        let mut squares = vec![vec![0.0; m]; m];
        for row in &self.rows {
            pace.step(m * m);
            let z = self.of(row);
            for i in 0..m {
                let by = row.group.count / total * (z[i] - mean[i]);
                for j in 0..=i {
                    squares[i][j] += by * (z[j] - mean[j]);
                }
            }
        }
        let spread: StdVec<f64> = (0..m).map(|i| squares[i][i].sqrt()).collect();
        if let Some(i) = (0..m).find(|&i| spread[i].is_nan() || spread[i] <= 1e-12 * mean[i].abs())
        {
            return Err(Unfit::new(
                format!("covariate {} is the same for all customers", i + 1),
                "Leave it out: what all have in common is in the parameters already.",
            ));
        }
        let correlations = |n: usize| -> StdVec<StdVec<f64>> {
            (0..n)
                .map(|i| {
                    (0..n).map(|j| squares[i.max(j)][i.min(j)] / spread[i] / spread[j]).collect()
                })
                .collect()
        };
        let made_up = |n: &usize| cholesky(&correlations(*n), |c| c, -COLLINEAR).is_none();
        if let Some(n) = (2..=m).find(made_up) {
            return Err(Unfit::new(
                format!("covariate {n} is a sum of multiples of those before it"),
                "Leave it out: of a category with n values, take n - 1 covariates of zeros and ones.",
            ));
        }
        Ok((mean, spread))
    }

    /// Fits a model, beginning with the fit without covariates.
    pub fn fit(&mut self, without: &Fitted) -> Result<Fitted, Unfit> {
        self.settle();
        let (mean, spread) = self.scales()?;
        let (m, kind) = (self.width, without.kind);
        // From now on they are centred and scaled.
        let mut pace = Pace::new(&self.host);
        for z in self.values.chunks_exact_mut(m) {
            pace.step(m);
            z.iter_mut()
                .zip(mean.iter().zip(&spread))
                .for_each(|(z, (mean, s))| *z = (*z - mean) / s);
        }
        kind.visit(Search { covariates: self, without, mean, spread })
    }
}

struct Search<'c, H: Host> {
    covariates: &'c Covariates<H>,
    without: &'c Fitted,
    mean: StdVec<f64>,
    spread: StdVec<f64>,
}

impl<H: Host> Visitor for Search<'_, H> {
    type Output = Result<Fitted, Unfit>;

    fn visit<const N: usize, F: Family<N> + 'static>(self, family: F) -> Self::Output {
        let (m, kind) = (self.covariates.width, self.without.kind);
        let effects = kind.effects();
        let mut start: StdVec<f64> = self.without.parameters.iter().map(|p| p.ln()).collect();
        start.resize(N + effects.len() * m, 0.0);
        let local = |at: &[f64]| local::<N, F, H>(&family, effects, self.covariates, at);
        let summit = ascend(&start, local).ok_or_else(|| {
            Unfit::new("the likelihood is no number without an effect of the covariates", CENTRE)
        })?;
        let named = (0..effects.len()).flat_map(|e| (0..m).map(move |j| name(e + 1, j + 1)));
        let names: StdVec<String> =
            F::NAMES.iter().map(|name| (*name).to_string()).chain(named).collect();
        let names: StdVec<&str> = names.iter().map(String::as_str).collect();
        let age = self.without.parameters[1];
        let advice = "Leave covariates out that few customers have, or that say who bought at all; take \
                      more customers, or a longer history.";
        let far = (N..summit.at.len()).find(|&i| summit.at[i].abs() > 0.7 * FAR);
        if let Some(i) = far {
            return Err(Unfit::new(
                format!("the likelihood rises for ever as {} becomes extreme", names[i]),
                advice,
            ));
        }
        let scaled = judge(&summit, &names, age, advice)?;

        // Back to covariates as they were given: linear in logarithms and coefficients.
        let n = summit.at.len();
        let mut back = vec![vec![0.0; n]; n];
        (0..N).for_each(|i| back[i][i] = 1.0);
        for (e, (place, sign)) in effects.iter().enumerate() {
            for j in 0..m {
                let at = N + e * m + j;
                back[at][at] = 1.0 / self.spread[j];
                back[*place][at] = -sign * self.mean[j] / self.spread[j];
            }
        }
        let mut parameters = apply(&back, &summit.at);
        let covariance = sandwich(&back, &scaled);
        let is_far = parameters[..N].iter().any(|log| log.is_nan() || log.abs() >= 200.0);
        if is_far || cholesky(&covariance, |c| c, 0.0).is_none() {
            return Err(Unfit::new("0 is too far from the values of the covariates", CENTRE));
        }
        parameters[..N].iter_mut().for_each(|log| *log = log.exp());
        let coefficients = parameters.split_off(N);
        Ok(Fitted {
            kind,
            parameters,
            coefficients,
            covariance,
            log_likelihood: summit.local.value,
        })
    }
}

fn apply(matrix: &[StdVec<f64>], to: &[f64]) -> StdVec<f64> {
    matrix.iter().map(|row| row.iter().zip(to).map(|(m, x)| m * x).sum()).collect()
}

/// B C Bᵀ
fn sandwich(b: &[StdVec<f64>], c: &[StdVec<f64>]) -> StdVec<StdVec<f64>> {
    // C is symmetric: the rows of B C are C applied to those of B.
    let half: StdVec<StdVec<f64>> = b.iter().map(|row| apply(c, row)).collect();
    half.iter().map(|row| apply(b, row)).collect()
}

/// The logarithms of a customer's parameters, whose covariates are `z`, as multiples of the logarithms
/// of the parameters and of the coefficients: `n` rows.
pub(super) fn design(effects: &[Effect], n: usize, z: &[f64]) -> StdVec<StdVec<f64>> {
    let m = z.len();
    let mut rows = vec![vec![0.0; n + effects.len() * m]; n];
    (0..n).for_each(|i| rows[i][i] = 1.0);
    for (e, (place, sign)) in effects.iter().enumerate() {
        for (j, z) in z.iter().enumerate() {
            rows[*place][n + e * m + j] = sign * z;
        }
    }
    rows
}

/// The parameters of a customer with covariates, and the covariance of their logarithms.
pub(super) fn of_customer(
    (kind, parameters, coefficients): (Kind, &[f64], &[f64]),
    covariance: Option<&[StdVec<f64>]>,
    z: &[f64],
) -> (StdVec<f64>, Option<StdVec<StdVec<f64>>>) {
    let n = parameters.len();
    let design = design(kind.effects(), n, z);
    let all: StdVec<f64> =
        parameters.iter().map(|p| p.ln()).chain(coefficients.iter().copied()).collect();
    let logs = apply(&design, &all);
    (
        logs.iter().map(|log| log.clamp(-230.0, 230.0).exp()).collect(),
        covariance.map(|covariance| sandwich(&design, covariance)),
    )
}

/// The log-likelihood, with its derivatives by logarithms and coefficients: those by the logarithms of
/// a customer's own parameters, times the covariates.
fn local<const N: usize, F: Family<N>, H: Host>(
    family: &F,
    effects: &[Effect],
    covariates: &Covariates<H>,
    at: &[f64],
) -> Local {
    let (m, n) = (covariates.width, at.len());
    let mut total = Local { value: 0.0, gradient: vec![0.0; n], hessian: vec![vec![0.0; n]; n] };
    let mut pace = Pace::new(&covariates.host);
    let rows = &covariates.rows;
    for alike in rows.chunk_by(|a, b| covariates.of(a) == covariates.of(b)) {
        let z = covariates.of(&alike[0]);
        let mut logs = [0.0; N];
        logs.copy_from_slice(&at[..N]);
        for (e, (place, sign)) in effects.iter().enumerate() {
            let sum: f64 = at[N + e * m..].iter().zip(z).map(|(g, z)| g * z).sum();
            logs[*place] += sign * sum;
        }
        let model = family.with(&Jet::exp_of(&logs));
        let mut sum = Jet::<N>::of(0.0);
        for same in alike.chunk_by(|a, b| a.group.customer.x == b.group.customer.x) {
            let per_count = model.per_count(same[0].group.customer.x);
            for row in same {
                pace.step(64);
                sum = sum + model.ln_likelihood(&per_count, row.group.customer) * row.group.count;
            }
        }
        pace.step(n * n);
        // By place i of the family, and the multiples of it that z makes.
        total.value += sum.v;
        let by = |i: usize| -> (usize, f64) {
            if i < N {
                return (i, 1.0);
            }
            let (place, sign) = effects[(i - N) / m];
            (place, sign * z[(i - N) % m])
        };
        for i in 0..n {
            let (place, times) = by(i);
            total.gradient[i] += times * sum.g[place];
            for j in 0..=i {
                let (other, other_times) = by(j);
                total.hessian[i][j] += times * other_times * sum.h[place][other];
            }
        }
    }
    for i in 0..n {
        for j in 0..i {
            total.hessian[j][i] = total.hessian[i][j];
        }
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clv::aggregate::FitState;
    use crate::clv::model::{Model, canonical, parse};
    use crate::clv::scalar;
    use crate::host::Global;
    use crate::host::testing::stops;
    use crate::state::State;

    /// x, t_x and age of a thousand customers, and two covariates: who is a member, and years of age.
    fn customers(kind: Kind) -> impl DoubleEndedIterator<Item = (Customer, [f64; 2])> + Clone {
        let text = include_str!("../../tests/data/clv_covariates.csv");
        text.lines().filter(move |line| line.starts_with(kind.name())).map(|line| {
            let v: StdVec<f64> = line.split(',').skip(1).map(|v| v.parse().unwrap()).collect();
            (Customer { x: v[0], t_x: v[1], age: v[2] }, [v[3], v[4]])
        })
    }

    fn state(kind: Kind) -> FitState<Global> {
        let mut state = FitState::new(Global);
        state.ask(Some(kind.name()), None).unwrap();
        state
    }

    fn fit_of(kind: Kind, z: impl Fn([f64; 2]) -> StdVec<f64>) -> String {
        let mut state = state(kind);
        customers(kind).for_each(|(c, of)| state.push(c, None, None, &z(of)).unwrap());
        state.fit().unwrap().unwrap()
    }

    fn log_likelihood(text: &str) -> f64 {
        let json: serde_json::Value = serde_json::from_str(text).unwrap();
        json["log_likelihood"].as_f64().unwrap()
    }

    /// The maximum of PyMC-Marketing 0.19.2's models with flat priors, found with SciPy's BFGS.
    #[test]
    fn agrees_with_pymc_marketing() {
        let reference: [(Kind, [f64; 4], &[f64], f64); 2] = [
            (
                Kind::Bg,
                [0.7452569802789161, 4.692413281649452, 0.604766961308731, 1.6590721890556308],
                &[
                    0.3853474546078965,
                    -0.1863735772084475,
                    -0.3014118906703032,
                    0.0925161429866154,
                    0.42122437041269356,
                    -0.030609902284957195,
                ],
                -12960.832726240797,
            ),
            (
                Kind::Pareto,
                [0.788892889254439, 10.379588537752701, 1.349398717394327, 28.542111587441568],
                &[
                    0.6146417580723417,
                    -0.20705025412036493,
                    -0.32884008483637334,
                    0.04488180608862514,
                ],
                -8564.538135073311,
            ),
        ];
        for (kind, parameters, coefficients, ll) in reference {
            let text = fit_of(kind, |[member, years]| vec![member, (years - 35.0) / 10.0]);
            let model = parse(&text).unwrap();
            for (ours, theirs) in model.parameters.iter().zip(parameters) {
                assert!((ours / theirs - 1.0).abs() < 1e-6, "{text}");
            }
            for (ours, theirs) in model.coefficients.iter().zip(coefficients) {
                assert!((ours - theirs).abs() < 1e-6, "{text}");
            }
            assert!((log_likelihood(&text) - ll).abs() < 1e-6, "{text}");
        }
    }

    /// The unit and the origin of a covariate change nothing that can be seen of a customer.
    #[test]
    fn scales_do_not_matter() {
        for kind in [Kind::Bg, Kind::Pareto] {
            let plain = fit_of(kind, |z| z.to_vec());
            let scaled = fit_of(kind, |[member, years]| vec![5.0 - 1e4 * years, 7.0 - member]);
            assert!((log_likelihood(&plain) - log_likelihood(&scaled)).abs() < 1e-7);
            let c = Customer { x: 2.0, t_x: 8.0, age: 30.0 };
            let of = |text: &str, z: &[f64]| {
                let of_all = parse(text).unwrap();
                let model = of_all.of_customer(Some(z)).unwrap();
                let variance: f64 = model.covariance.as_ref().unwrap()[1][1];
                (scalar::expected_purchases(&model, c, 365.0).unwrap(), variance)
            };
            let (expected, variance) = of(&plain, &[1.0, 50.0]);
            let (same, same_variance) = of(&scaled, &[5.0 - 50e4, 6.0]);
            assert!((expected / same - 1.0).abs() < 1e-6, "{expected} {same}");
            assert!((variance / same_variance - 1.0).abs() < 1e-5);
        }
    }

    #[test]
    fn an_effect_never_makes_the_likelihood_smaller() {
        for kind in [Kind::Bg, Kind::Pareto] {
            let mut without = state(kind);
            customers(kind).for_each(|(c, _)| without.push(c, None, None, &[]).unwrap());
            let without = log_likelihood(&without.fit().unwrap().unwrap());
            let one = log_likelihood(&fit_of(kind, |[member, _]| vec![member]));
            let two = log_likelihood(&fit_of(kind, |z| z.to_vec()));
            assert!(without < one && one < two, "{without} {one} {two}");
        }
    }

    #[test]
    fn a_fit_reads_as_it_was_written_whatever_the_order() {
        let kind = Kind::Bg;
        let text = fit_of(kind, |z| z.to_vec());
        assert_eq!(canonical(&text).unwrap(), text);
        let mut parts = [state(kind), state(kind), FitState::new(Global)];
        for (i, (c, z)) in customers(kind).rev().enumerate() {
            parts[i % 2].push(c, None, None, &z).unwrap();
        }
        let mut whole = FitState::new(Global);
        for part in parts {
            let mut bytes = Vec::new_in(Global);
            part.write(&mut bytes);
            whole.merge(&FitState::read(&bytes, Global).unwrap()).unwrap();
            for cut in 0..bytes.len().min(3000) {
                let _ = FitState::<Global>::read(&bytes[..cut], Global);
            }
        }
        assert_eq!(whole.fit().unwrap().unwrap(), text);
        let shuffled = text.replace("\"r\":", "\"gamma1_3\":1,\"r\":");
        assert!(canonical(&shuffled).is_err());
        let by_hand = r#"{"model":"pareto/nbd","parameters":{"gamma2_1":-0.5,"r":0.5,"alpha":10,
            "s":0.6,"beta":12,"gamma1_1":0.25}}"#;
        let Model { coefficients, .. } = parse(by_hand).unwrap();
        assert_eq!(coefficients, [0.25, -0.5]);
        assert!(parse(&by_hand.replace("gamma2_1", "gamma2_2")).is_err());
        assert!(parse(&by_hand.replace("pareto/nbd", "ggompertz/nbd")).is_err());
    }

    #[test]
    fn effects_have_the_sign_of_the_paper() {
        let with = |z: &[f64]| {
            let kind = Kind::Bg;
            of_customer((kind, &[0.5, 10.0, 2.0, 3.0], &[1.0, 0.5, -0.25]), None, z).0
        };
        let e = f64::exp;
        for (found, by_hand) in
            with(&[2.0]).iter().zip([0.5, 10.0 * e(-2.0), 2.0 * e(1.0), 3.0 * e(-0.5)])
        {
            assert!((found / by_hand - 1.0).abs() < 1e-14);
        }
        let of_pareto = (Kind::Pareto, &[0.5, 10.0, 2.0, 3.0][..], &[1.0, 0.5][..]);
        let found = of_customer(of_pareto, None, &[2.0]).0;
        assert!((found[3] / (3.0 * e(-1.0)) - 1.0).abs() < 1e-14 && found[2] == 2.0);
    }

    #[test]
    fn covariates_that_say_nothing_are_told() {
        for (z, reason) in [
            (
                &(|[_, _]: [f64; 2]| vec![1.0]) as &dyn Fn([f64; 2]) -> StdVec<f64>,
                "covariate 1 is the same",
            ),
            (&|[m, y]| vec![m, 1e9, y], "covariate 2 is the same"),
            (&|[m, y]| vec![m, y, 3.0 * y - m], "covariate 3 is a sum of multiples"),
            (&|[m, _]| vec![m, 1.0 - m], "covariate 2 is a sum of multiples"),
            (&|[_, y]| vec![y + 1e8], "0 is too far"),
        ] {
            let text = fit_of(Kind::Pareto, z);
            assert!(
                text.contains("\"converged\":false") && text.contains(reason),
                "{reason}: {text}"
            );
        }
        let nobody = |z: &[f64]| {
            let mut state = state(Kind::Bg);
            (0..9).for_each(|_| state.push(Customer::NEW, None, None, z).unwrap());
            state.fit().unwrap().unwrap()
        };
        assert!(nobody(&[1.0]).contains("no repeat buyers"));
    }

    #[test]
    fn rows_that_do_not_go_together_are_errors() {
        let c = Customer { x: 1.0, t_x: 1.0, age: 2.0 };
        let mut state = state(Kind::Bg);
        state.push(c, None, None, &[1.0, 2.0]).unwrap();
        assert!(state.push(c, None, None, &[1.0]).is_err());
        assert!(state.push(c, None, None, &[]).is_err());
        assert!(state.push(c, None, None, &[1.0, f64::NAN]).is_err());
        assert!(state.push(c, None, None, &[f64::INFINITY, 0.0]).is_err());
        assert!(super::check(&[0.0; MOST + 1]).is_err());
        let mut other = FitState::new(Global);
        other.ask(Some("bg/nbd"), None).unwrap();
        other.push(c, None, None, &[]).unwrap();
        assert!(state.merge(&other).is_err());
        for model in ["mbg/nbd", "auto", "nbd", "bg/bb"] {
            let mut state = FitState::new(Global);
            state.ask(Some(model), None).unwrap();
            assert!(state.push(c, None, None, &[1.0]).is_err(), "{model}");
        }
        let model = parse(&fit_of(Kind::Bg, |z| z.to_vec())).unwrap();
        assert!(scalar::p_alive(&model, c, 0.0).is_err());
        assert!(model.of_customer(None).is_err());
        assert!(model.of_customer(Some(&[1.0])).is_err());
        assert!(model.of_customer(Some(&[1.0, f64::NAN])).is_err());
        let there = model.of_customer(Some(&[1e99, 1e99])).unwrap();
        assert!(scalar::p_alive(&there, c, 0.0).is_ok_and(f64::is_finite));
        assert!(there.of_customer(Some(&[1.0])).is_err());
    }

    #[test]
    fn fits_can_be_cancelled() {
        let mut sample = crate::clv::sample::Sample::new(Global);
        let mut covariates = Covariates::new(2, Global);
        for (c, z) in customers(Kind::Pareto) {
            sample.push(c, None, None).unwrap();
            covariates.push(c, &z).unwrap();
        }
        sample.settle();
        let without = crate::clv::fit::fit(&sample, Kind::Pareto).unwrap();
        assert!(stops(|| covariates.fit(&without)));
    }
}
