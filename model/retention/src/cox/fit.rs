//! Fitting: Newton's method on the partial likelihood.

use super::columns::Expansion;
use super::concordance::concordance;
use super::design::Design;
use super::fault::Fault;
use super::likelihood::Likelihood;
use super::members::{Expanded, Members};
use super::model::{Baseline, Model};
use super::terms::{Terms, quoted};
use crate::error::Error;
use crate::host::{Host, Vec, tell};
use crate::numeric::Symmetric;

const MAX_STEPS: usize = 100;
const MAX_HALVINGS: usize = 30;
/// The least share of a covariate's curvature that those before it must leave.
const TOLERANCE: f64 = 1e-11;
/// The squared length of the last step, in standard errors.
const CONVERGED: f64 = 1e-18;

impl<H: Host> Members<H> {
    /// Fits the model: the hazard of a member is `h(t) exp(xβ)`, whatever `h` of its stratum is.
    ///
    /// Newton's method with halved steps, on standardised covariates. Covariates that depend on each
    /// other, and those whose hazard ratio grows without bound, are errors that name them.
    pub fn fit(&self, host: H) -> Result<Model<H>, Error> {
        let members = self.count()?;
        let (rows, covariates) = (self.rows(), self.numbers());
        let (terms, expanded) = match self.columns() {
            None => {
                let mut numbers = Vec::with_capacity_in(covariates.len(), host.clone());
                numbers.extend_from_slice(covariates);
                (None, Expanded::new(self, numbers, self.width(), host.clone()))
            }
            Some(columns) => {
                let Expansion { terms, numbers, width } =
                    columns.expand(rows, covariates, &host)?;
                (Some(terms), Expanded::new(self, numbers, width, host.clone()))
            }
        };
        let design = Design::new(&expanded, host.clone());
        drop(expanded);
        let name = |terms: &Option<Terms<H>>, number: usize| {
            let label = terms.as_ref().and_then(|terms| terms.label(number));
            let label = label.map(|label| quoted(label.to_string().as_bytes()));
            label.unwrap_or_else(|| (number + 1).to_string())
        };
        let fitted = design.and_then(|design| fit(&design).map(|fitted| (design, fitted)));
        let (design, fitted) = fitted.map_err(|fault| fault.named(|i| name(&terms, i)))?;
        let mut strata = Vec::with_capacity_in(design.strata.len(), host.clone());
        let order = self.strata().sorted();
        let mut names = crate::names::Names::new(&host);
        for stratum in &design.strata {
            let name = stratum.number.checked_sub(1).map(|place| order[place as usize]);
            let name = name.map(|number| self.strata().get(number as usize));
            let name = name.and_then(|name| names.number(name));
            strata.push(Baseline { name, times: stratum.moments, longest: stratum.longest });
        }
        Ok(Model { members, terms, strata, names, ..fitted })
    }
}

/// Fits it, but for the names.
fn fit<H: Host>(design: &Design<H>) -> Result<Model<H>, Fault> {
    let mut likelihood = Likelihood::new(design);
    let mut coefficients = Vec::new_in(design.host().clone());
    coefficients.resize(design.width, 0.0);
    likelihood.evaluate(design, &coefficients);
    let log_likelihood_null = likelihood.log;
    let factor = likelihood.curvature.factor(TOLERANCE);
    if let Some(covariate) = likelihood.first_constant(TOLERANCE) {
        return Err(Fault::Indistinct(covariate));
    }
    if let Some(covariate) = factor.first_dependent() {
        return Err(Fault::Dependent(covariate));
    }
    let mut step = likelihood.slope.clone();
    factor.solve(&mut step);
    let mut length = dot(&likelihood.slope, &step);
    let score_test = length;

    let mut runaway = Runaway::new(design.weights.iter().sum());
    let mut steps = 0;
    while length > CONVERGED {
        steps += 1;
        if steps > MAX_STEPS {
            return Err(Fault::Separated(largest(&step)));
        }
        tell(|| {
            let (width, log) = (design.width, likelihood.log);
            format!("cox_fit_agg: step {steps}, {width} covariates, log likelihood {log}")
        });
        advance(design, &mut likelihood, &mut coefficients, &mut step)?;
        let factor = likelihood.curvature.factor(TOLERANCE);
        if let Some(covariate) = factor.first_dependent() {
            return Err(Fault::Separated(covariate));
        }
        step.copy_from_slice(&likelihood.slope);
        factor.solve(&mut step);
        let before = length;
        length = dot(&likelihood.slope, &step);
        if runaway.sees(length, step[largest(&step)].abs()) {
            return Err(Fault::Separated(largest(&step)));
        }
        // As near as rounding lets it come.
        if length < 100.0 * runaway.noise && length >= before {
            break;
        }
    }
    finish(design, &likelihood, coefficients, log_likelihood_null, score_test)
}

/// Takes a step, or the part of it that makes the likelihood larger.
fn advance<H: Host>(
    design: &Design<H>,
    likelihood: &mut Likelihood<H>,
    coefficients: &mut [f64],
    step: &mut [f64],
) -> Result<(), Fault> {
    let before = likelihood.log;
    let slack = 1e-10 * (1.0 + before.abs());
    coefficients.iter_mut().zip(&*step).for_each(|(value, step)| *value += step);
    for _ in 0..MAX_HALVINGS {
        if likelihood.evaluate(design, coefficients) && likelihood.log >= before - slack {
            return Ok(());
        }
        for (value, step) in coefficients.iter_mut().zip(&mut *step) {
            *step /= 2.0;
            *value -= *step;
        }
    }
    Err(Fault::Separated(largest(step)))
}

/// Tells a likelihood without a maximum: near one, every step is far shorter than the one before;
/// without, they stay as long while the likelihood hardly grows. Lengths are squares, in standard
/// errors; what is below the least may be rounding.
#[derive(Debug)]
struct Runaway {
    noise: f64,
    before: f64,
    times: u32,
}

impl Runaway {
    /// Of so many members: where weights count billions, their sums are rounded too.
    fn new(members: f64) -> Self {
        Runaway { noise: f64::max(1e-14, 1e-29 * members), before: 0.0, times: 0 }
    }

    fn sees(&mut self, length: f64, step: f64) -> bool {
        let goes_on = (self.noise..1e-2).contains(&length) && step > 0.5 * self.before;
        self.times = if goes_on { self.times + 1 } else { 0 };
        self.before = step;
        self.times >= 3
    }
}

fn finish<H: Host>(
    design: &Design<H>,
    likelihood: &Likelihood<H>,
    standardised: Vec<f64, H>,
    log_likelihood_null: f64,
    score_test: f64,
) -> Result<Model<H>, Fault> {
    let inverse = likelihood.curvature.factor(TOLERANCE).inverse();
    let mut covariance = Symmetric::zero(design.width, design.host());
    let mut coefficients = standardised;
    for (i, deviation) in design.deviations.iter().enumerate() {
        coefficients[i] /= deviation;
        for (j, other) in design.deviations[..=i].iter().enumerate() {
            covariance.add(i, j, inverse.get(i, j) / deviation / other);
        }
    }
    let finite = |values: &[f64]| values.iter().all(|value| value.is_finite());
    let too_close = || Error::OutOfRange {
        what: "covariate",
        given: "its values are too close together".to_string(),
        hint: "Multiply the covariate so that its values are of the size of 1.",
    };
    if !finite(&coefficients) || !finite(covariance.cells()) {
        return Err(too_close().into());
    }
    let host = design.host().clone();
    let mut times = Vec::with_capacity_in(design.moments.len(), host.clone());
    let mut hazards = times.clone();
    let mut sum = 0.0;
    for (moment, hazard) in design.moments.iter().zip(&likelihood.hazards) {
        sum += hazard;
        times.push(moment.time);
        hazards.push(sum);
        if moment.is_last {
            sum = 0.0;
        }
    }
    if !finite(&hazards) {
        return Err(too_close().into());
    }
    let longest = design.strata.iter().map(|stratum| stratum.longest).fold(0.0, f64::max);
    Ok(Model {
        members: 0,
        events: design.moments.iter().map(|moment| moment.leaving).sum(),
        log_likelihood_null,
        log_likelihood: likelihood.log,
        score_test,
        concordance: concordance(design, &likelihood.scores),
        longest,
        coefficients,
        means: design.means.clone(),
        covariance,
        times,
        hazards,
        terms: None,
        strata: Vec::new_in(host.clone()),
        names: crate::names::Names::new(&host),
    })
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn largest(step: &[f64]) -> usize {
    let sizes = step.iter().map(|value| value.abs()).enumerate();
    sizes.max_by(|a, b| a.1.total_cmp(&b.1)).map_or(0, |(i, _)| i)
}
