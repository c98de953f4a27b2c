//! Fitting: Newton's method on the partial likelihood.

use super::concordance::concordance;
use super::design::{Design, dependent};
use super::likelihood::Likelihood;
use super::members::Members;
use super::model::Model;
use crate::error::Error;
use crate::host::{Host, Vec};
use crate::numeric::Symmetric;

const MAX_STEPS: usize = 100;
const MAX_HALVINGS: usize = 30;
/// What must be left of a covariate's curvature besides that of those before it.
const TOLERANCE: f64 = 1e-11;
/// The squared length of the last step, in standard errors.
const CONVERGED: f64 = 1e-18;

impl<H: Host> Members<H> {
    /// Fits the model: the hazard of a member is `h(t) exp(xβ)`, whatever `h` is.
    ///
    /// Newton's method with halved steps, on standardised covariates. Covariates that depend on each
    /// other, and those whose hazard ratio grows without bound, are errors that name them.
    pub fn fit(&self, host: H) -> Result<Model<H>, Error> {
        let design = Design::new(self, host)?;
        let mut likelihood = Likelihood::new(&design);
        let mut coefficients = Vec::new_in(design.host().clone());
        coefficients.resize(design.width, 0.0);
        likelihood.evaluate(&design, &coefficients);
        let log_likelihood_null = likelihood.log;
        let factor = likelihood.curvature.factor(TOLERANCE);
        if let Some(covariate) = likelihood.first_constant(TOLERANCE) {
            return Err(indistinct(covariate));
        }
        if let Some(covariate) = factor.first_dependent() {
            return Err(dependent(covariate));
        }
        let mut step = likelihood.slope.clone();
        factor.solve(&mut step);
        let mut length = dot(&likelihood.slope, &step);
        let score_test = length;

        let mut runaway = Runaway::default();
        let mut steps = 0;
        while length > CONVERGED {
            steps += 1;
            if steps > MAX_STEPS {
                return Err(separated(largest(&step)));
            }
            self.advance(&design, &mut likelihood, &mut coefficients, &mut step)?;
            let factor = likelihood.curvature.factor(TOLERANCE);
            if let Some(covariate) = factor.first_dependent() {
                return Err(separated(covariate));
            }
            step.copy_from_slice(&likelihood.slope);
            factor.solve(&mut step);
            let before = length;
            length = dot(&likelihood.slope, &step);
            if runaway.sees(length, step[largest(&step)].abs()) {
                return Err(separated(largest(&step)));
            }
            // As near as rounding lets it come.
            if length < 1e-12 && length >= before {
                break;
            }
        }
        finish(&design, &likelihood, coefficients, log_likelihood_null, score_test)
    }

    /// Takes a step, or the part of it that makes the likelihood larger.
    fn advance(
        &self,
        design: &Design<H>,
        likelihood: &mut Likelihood<H>,
        coefficients: &mut [f64],
        step: &mut [f64],
    ) -> Result<(), Error> {
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
        Err(separated(largest(step)))
    }
}

/// Tells a likelihood without a maximum: near one, every step is far shorter than the one before;
/// without, they stay as long while the likelihood hardly grows. Lengths are squares, in standard
/// errors; what is below the least may be rounding.
#[derive(Debug, Default)]
struct Runaway {
    before: f64,
    times: u32,
}

impl Runaway {
    fn sees(&mut self, length: f64, step: f64) -> bool {
        let goes_on = (1e-14..1e-2).contains(&length) && step > 0.5 * self.before;
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
) -> Result<Model<H>, Error> {
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
    if !finite(&coefficients) || !finite(covariance.cells()) {
        return Err(Error::OutOfRange {
            what: "covariate",
            given: "its values are too close together".to_string(),
            hint: "Multiply the covariate so that its values are of the size of 1.",
        });
    }
    let mut times = Vec::with_capacity_in(design.moments.len(), design.host().clone());
    let mut hazards = times.clone();
    let mut sum = 0.0;
    for (moment, hazard) in design.moments.iter().zip(&likelihood.hazards) {
        sum += hazard;
        times.push(moment.time);
        hazards.push(sum);
    }
    Ok(Model {
        members: design.members() as u64,
        events: design.moments.iter().map(|moment| moment.leaving as u64).sum(),
        log_likelihood_null,
        log_likelihood: likelihood.log,
        score_test,
        concordance: concordance(design, &likelihood.scores),
        longest: design.longest,
        coefficients,
        means: design.means.clone(),
        covariance,
        times,
        hazards,
    })
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn largest(step: &[f64]) -> usize {
    let sizes = step.iter().map(|value| value.abs()).enumerate();
    sizes.max_by(|a, b| a.1.total_cmp(&b.1)).map_or(0, |(i, _)| i)
}

fn indistinct(covariate: usize) -> Error {
    Error::bad(
        format!(
            "covariate {} does not differ between members that are at risk together",
            covariate + 1
        ),
        "Whenever one leaves, the others that are seen then, between their entry and their duration, \
         must differ from it for anything to be learnt: leave the covariate out.",
    )
}

fn separated(covariate: usize) -> Error {
    Error::bad(
        format!(
            "the likelihood has no maximum: the hazard ratio of covariate {} grows without bound",
            covariate + 1
        ),
        "The covariate tells nearly by itself who leaves first. Leave it out, or join a rare value \
         with another.",
    )
}
