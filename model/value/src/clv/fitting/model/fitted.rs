//! A fit as JSON: parameters, standard errors and covariance on their own scale, or why there are none.

use super::json::{FitJson, GAMMA_GAMMA, Named, VERSION, write};
use super::numbers::{names, names_of_spend};
use crate::clv::covariates::Covariates;
use crate::clv::family::Kind;
use crate::clv::fit::{FitFailure, Fitted, fit};
use crate::clv::fitting::spend::FittedSpend;
use crate::clv::sample::Sample;
use crate::clv::spend;
use crate::clv::summary::TimeUnit;
use crate::error::Error;
use crate::host::{Host, tell};

/// What is asked of a fit.
#[derive(Debug, Clone, Copy)]
pub struct FitQuestion {
    /// The model; none for the best one by BIC.
    pub kind: Option<Kind>,
    /// The unit of time.
    pub unit: TimeUnit,
    /// The last day that was looked at.
    pub as_of: Option<i64>,
}

impl FitQuestion {
    /// The model of a name, or 'auto'.
    pub fn kind(name: &str) -> Result<Option<Kind>, Error> {
        if name.trim().eq_ignore_ascii_case("auto") {
            Ok(None)
        } else {
            Kind::parse(name).map(Some)
        }
    }
}

/// Fits a model, and that of spend where amounts are known, and writes them as JSON. A fit that does
/// not converge has no numbers: it says why, and what to do.
pub fn fit_json<H: Host>(sample: &mut Sample<H>, question: &FitQuestion) -> Result<String, Error> {
    fit_json_with(sample, None, question)
}

/// The same with the covariates of the customers, for a model that knows what to do with them.
pub fn fit_json_with<H: Host>(
    sample: &mut Sample<H>,
    mut covariates: Option<&mut Covariates<H>>,
    question: &FitQuestion,
) -> Result<String, Error> {
    sample.settle();
    let customers = sample.customers();
    let mut describe = |kind: Kind| {
        tell(|| format!("clv_fit: fitting {} to {customers} customers", kind.name()));
        let fitted = fit(sample, kind).and_then(|fitted| match &mut covariates {
            Some(covariates) => covariates.fit(&fitted),
            None => Ok(fitted),
        });
        match fitted {
            Ok(fitted) => of_fit(&fitted, customers),
            Err(failure) => of_failure(kind.name(), failure),
        }
    };
    let mut json = match question.kind {
        Some(kind) => describe(kind),
        None => {
            let candidates: Vec<FitJson> = Kind::CONTINUOUS.into_iter().map(describe).collect();
            let best = candidates.iter().filter(|json| json.converged);
            let best = best.min_by(|a, b| {
                a.bic.unwrap_or(f64::INFINITY).total_cmp(&b.bic.unwrap_or(f64::INFINITY))
            });
            let mut json = best.or(candidates.get(1)).cloned().unwrap_or_default();
            json.candidates = Some(candidates.iter().map(without_errors).collect());
            json
        }
    };
    json.customers = Some(customers as u64);
    json.repeat_purchases = Some(sample.purchases() as u64);
    json.unit = Some(question.unit.name().into_owned());
    json.as_of = question.as_of.map(crate::calendar::date_text);
    if !sample.spends().is_empty() {
        let facts = spend::facts(sample);
        let mut of_spend = match crate::clv::fitting::spend::fit(sample) {
            Ok(fitted) => of_spend(&fitted),
            Err(failure) => of_failure(GAMMA_GAMMA, failure),
        };
        of_spend.customers = Some(facts.customers as u64);
        of_spend.excluded = Some(facts.excluded as u64);
        of_spend.frequency_correlation = facts.correlation;
        json.spend = Some(Box::new(of_spend));
    }
    json.version = Some(VERSION);
    Ok(write(&json))
}

fn of_fit(fitted: &Fitted, customers: f64) -> FitJson {
    let parameters = fitted.parameters.len();
    let names = names(fitted.kind, fitted.coefficients.len());
    let (degrees, double) = (fitted.degrees() as f64, -2.0 * fitted.log_likelihood);
    let numbers = [&fitted.parameters[..], &fitted.coefficients].concat();
    let mut json = of_numbers(&names, &numbers, parameters, &fitted.covariance);
    if let (Some(k), Some(parameters)) = (fitted.kind.stages(), &mut json.parameters) {
        parameters.0.insert(0, ("k".to_string(), f64::from(k)));
    }
    FitJson {
        model: fitted.kind.name().to_string(),
        log_likelihood: Some(fitted.log_likelihood),
        bic: Some(double + degrees * customers.ln()),
        aic: Some(double + 2.0 * degrees),
        ..json
    }
}

fn of_spend(fitted: &FittedSpend) -> FitJson {
    FitJson {
        model: GAMMA_GAMMA.to_string(),
        log_likelihood: Some(fitted.log_likelihood),
        ..of_numbers(&names_of_spend(), &fitted.parameters, 3, &fitted.covariance)
    }
}

/// Parameters, standard errors and covariance on the scale of the parameters (delta method): the first
/// `positive` ones have logarithms.
fn of_numbers(names: &[String], parameters: &[f64], positive: usize, logs: &[Vec<f64>]) -> FitJson {
    let named = |value: &dyn Fn(usize) -> f64| {
        let named = names.iter().enumerate().map(|(i, name)| (name.clone(), value(i)));
        Some(Named(named.collect()))
    };
    let n = names.len();
    let scale = |i: usize| if i < positive { parameters[i] } else { 1.0 };
    let covariance = |i: usize, j: usize| scale(i) * scale(j) * logs[i][j];
    FitJson {
        parameters: named(&|i| parameters[i]),
        std_errors: named(&|i| covariance(i, i).sqrt()),
        covariance: Some((0..n).map(|i| (0..n).map(|j| covariance(i, j)).collect()).collect()),
        converged: true,
        ..FitJson::default()
    }
}

fn of_failure(model: &str, failure: FitFailure) -> FitJson {
    FitJson {
        model: model.to_string(),
        converged: false,
        reason: Some(failure.reason),
        advice: Some(failure.advice.to_string()),
        ..FitJson::default()
    }
}

fn without_errors(json: &FitJson) -> FitJson {
    FitJson { std_errors: None, covariance: None, ..json.clone() }
}
