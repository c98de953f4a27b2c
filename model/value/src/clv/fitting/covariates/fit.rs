//! Fitting a model whose parameters depend on covariates: Newton's method from the fit without them, on covariates that are
//! centred and scaled.

use super::{Covariates, Effect, apply, name, sandwich};
use crate::clv::Purchases;
use crate::clv::family::{Family, Visitor};
use crate::clv::fit::{FitFailure, Fitted, judge};
use crate::host::{Host, Pace};
use crate::numeric::newton::{FAR, Local, ascend};
use crate::numeric::{Jet, Real, cholesky};
use std::vec::Vec as StdVec;

/// From here on the first covariates are as good as making up the next one.
const COLLINEAR: f64 = 1e-10;
const CENTRE: &str = "Subtract something like its mean from every covariate, and divide by something like its spread.";

impl<H: Host> Covariates<H> {
    /// Means and standard deviations, if no covariate is made up of others.
    fn scales(&self) -> Result<(StdVec<f64>, StdVec<f64>), FitFailure> {
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
            return Err(FitFailure::new(
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
            return Err(FitFailure::new(
                format!("covariate {n} is a sum of multiples of those before it"),
                "Leave it out: of a category with n values, take n - 1 covariates of zeros and ones.",
            ));
        }
        Ok((mean, spread))
    }

    /// Fits a model, beginning with the fit without covariates.
    pub fn fit(&mut self, without: &Fitted) -> Result<Fitted, FitFailure> {
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
    type Output = Result<Fitted, FitFailure>;

    fn visit<const N: usize, F: Family<N> + 'static>(self, family: F) -> Self::Output {
        let (m, kind) = (self.covariates.width, self.without.kind);
        let effects = kind.effects();
        let mut start: StdVec<f64> = self.without.parameters.iter().map(|p| p.ln()).collect();
        start.resize(N + effects.len() * m, 0.0);
        let local = |at: &[f64]| local::<N, F, H>(&family, effects, self.covariates, at);
        let optimum = ascend(&start, local).ok_or_else(|| {
            FitFailure::new(
                "the likelihood is no number without an effect of the covariates",
                CENTRE,
            )
        })?;
        let named = (0..effects.len()).flat_map(|e| (0..m).map(move |j| name(e + 1, j + 1)));
        let names: StdVec<String> =
            F::NAMES.iter().map(|name| (*name).to_string()).chain(named).collect();
        let names: StdVec<&str> = names.iter().map(String::as_str).collect();
        let age = self.without.parameters[1];
        let advice = "Leave covariates out that few customers have, or that say who bought at all; take \
                      more customers, or a longer history.";
        let far = (N..optimum.at.len()).find(|&i| optimum.at[i].abs() > 0.7 * FAR);
        if let Some(i) = far {
            return Err(FitFailure::new(
                format!("the likelihood rises for ever as {} becomes extreme", names[i]),
                advice,
            ));
        }
        let scaled = judge(&optimum, &names, age, advice)?;

        // Back to covariates as they were given: linear in logarithms and coefficients.
        let n = optimum.at.len();
        let mut back = vec![vec![0.0; n]; n];
        (0..N).for_each(|i| back[i][i] = 1.0);
        for (e, (place, sign)) in effects.iter().enumerate() {
            for j in 0..m {
                let at = N + e * m + j;
                back[at][at] = 1.0 / self.spread[j];
                back[*place][at] = -sign * self.mean[j] / self.spread[j];
            }
        }
        let mut parameters = apply(&back, &optimum.at);
        let covariance = sandwich(&back, &scaled);
        let is_far = parameters[..N].iter().any(|log| log.is_nan() || log.abs() >= 200.0);
        if is_far || cholesky(&covariance, |c| c, 0.0).is_none() {
            return Err(FitFailure::new("0 is too far from the values of the covariates", CENTRE));
        }
        parameters[..N].iter_mut().for_each(|log| *log = log.exp());
        let coefficients = parameters.split_off(N);
        Ok(Fitted {
            kind,
            parameters,
            coefficients,
            covariance,
            log_likelihood: optimum.local.value,
        })
    }
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
