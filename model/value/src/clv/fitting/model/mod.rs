//! A fitted model as users see it: JSON, which may be edited or written by hand, and is checked.
//!
//! | room | what it holds |
//! | --- | --- |
//! | this one | models of which one can ask something, and their texts |
//! | `json` | what the JSON looks like |
//! | `fitted` | fitting, and what came of it as JSON |
//! | `check` | is everything there, and of the right size? |

mod check;
mod fitted;
mod json;
#[cfg(test)]
mod tests;

pub use fitted::{fit_json, fit_json_with};

use crate::clv::covariates;
use crate::clv::family::{Family, Kind, Visitor};
use crate::clv::spend;
use crate::clv::summary::Unit;
use crate::error::Error;
use check::check;
use json::{Named, read, write, wrong};
use std::borrow::Cow;

/// A model of which one can ask something.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// Which one, with its k.
    pub kind: Kind,
    /// The parameters, in the order of the family.
    pub parameters: Vec<f64>,
    /// The coefficients of covariates, those of the first effect first.
    pub coefficients: Vec<f64>,
    /// The covariance of the parameters' logarithms and of the coefficients, if it is known.
    pub covariance: Option<Vec<Vec<f64>>>,
    /// The unit of time.
    pub unit: Unit,
    /// The model of spend, if there is one: p, q, gamma.
    pub spend: Option<Spend>,
}

/// The model of spend.
#[derive(Debug, Clone, PartialEq)]
pub struct Spend {
    /// p, q, gamma.
    pub parameters: [f64; 3],
    /// The covariance of their logarithms, if it is known.
    pub covariance: Option<Vec<Vec<f64>>>,
}

impl Model {
    /// The model of customers with these covariates: it has none itself.
    pub fn of_customer(&self, z: Option<&[f64]>) -> Result<Cow<'_, Model>, Error> {
        let z = z.unwrap_or(&[]);
        covariates::check(z)?;
        let width = self.coefficients.len() / self.kind.effects().len().max(1);
        if z.len() != width {
            return Err(Error::bad(
                format!("the model has {width} covariates, and there are {}", z.len()),
                "clv_score, p_alive, expected_purchases, purchases_distribution and clv_value take \
                 covariates: those of one customer, as many as in the fit and in their order.",
            ));
        }
        if width == 0 {
            return Ok(Cow::Borrowed(self));
        }
        let of_all = (self.kind, self.parameters.as_slice(), self.coefficients.as_slice());
        let (parameters, covariance) =
            covariates::of_customer(of_all, self.covariance.as_deref(), z);
        let (unit, spend) = (self.unit, self.spend.clone());
        let coefficients = Vec::new();
        Ok(Cow::Owned(Model { kind: self.kind, parameters, coefficients, covariance, unit, spend }))
    }
}

/// What is asked of a fit.
#[derive(Debug, Clone, Copy)]
pub struct Question {
    /// The model; none for the best one by BIC.
    pub kind: Option<Kind>,
    /// The unit of time.
    pub unit: Unit,
    /// The last day that was looked at.
    pub as_of: Option<i64>,
}

impl Question {
    /// The model of a name, or 'auto'.
    pub fn kind(name: &str) -> Result<Option<Kind>, Error> {
        if name.trim().eq_ignore_ascii_case("auto") {
            Ok(None)
        } else {
            Kind::parse(name).map(Some)
        }
    }
}

/// The names of a model's parameters and of so many coefficients, in their order.
pub(in crate::clv) fn names(kind: Kind, coefficients: usize) -> Vec<String> {
    struct Names;
    impl Visitor for Names {
        type Output = Vec<&'static str>;
        fn visit<const N: usize, F: Family<N> + 'static>(self, _: F) -> Self::Output {
            F::NAMES.to_vec()
        }
    }
    let effects = kind.effects().len();
    let width = coefficients.checked_div(effects).unwrap_or(0);
    let of_covariates =
        (1..=effects).flat_map(|e| (1..=width).map(move |j| covariates::name(e, j)));
    kind.visit(Names).into_iter().map(str::to_string).chain(of_covariates).collect()
}

/// The same of the model of spend.
fn names_of_spend() -> Vec<String> {
    spend::NAMES.map(str::to_string).to_vec()
}

/// Checks the text of a model, and writes it as all models are written.
pub fn canonical(text: &str) -> Result<String, Error> {
    let mut json = read(text)?;
    json.model = Kind::parse(&json.model)?.name().to_string();
    if json.converged {
        let model = check(&json)?;
        if let Some(Named(parameters)) = &mut json.parameters {
            let order = names(model.kind, model.coefficients.len());
            parameters.sort_by_key(|(name, _)| order.iter().position(|known| known == name));
        }
    } else {
        if json.parameters.is_some() {
            return Err(wrong("a fit that did not converge has no parameters".to_string()));
        }
    }
    for candidate in json.candidates.iter().flatten() {
        Kind::parse(&candidate.model)?;
    }
    if let Some(unit) = &json.unit {
        Unit::parse(unit)?;
    }
    Ok(write(&json))
}

/// Reads a model to ask something of it. One that did not converge is an error.
pub fn parse(text: &str) -> Result<Model, Error> {
    let json = read(text)?;
    if !json.converged {
        return Err(Error::NotConverged {
            what: "the model",
            reason: json.reason.unwrap_or_default(),
            advice: json.advice.unwrap_or_default(),
        });
    }
    check(&json)
}

/// What [`super::diagnostics`] looks at.
pub(in crate::clv) struct Facts {
    pub(in crate::clv) model: String,
    pub(in crate::clv) converged: bool,
    pub(in crate::clv) reason: Option<String>,
    pub(in crate::clv) numbers: [(&'static str, Option<f64>); 5],
    pub(in crate::clv) spend_customers: Option<f64>,
    pub(in crate::clv) spend_excluded: Option<f64>,
    pub(in crate::clv) correlation: Option<f64>,
    pub(in crate::clv) spend_reason: Option<String>,
    /// Model, BIC, reason.
    pub(in crate::clv) candidates: Vec<(String, Option<f64>, Option<String>)>,
}

/// The facts of a model's text.
pub(in crate::clv) fn facts(text: &str) -> Result<Facts, Error> {
    let json = read(text)?;
    let count = |count: Option<u64>| count.map(|count| count as f64);
    let spend = json.spend.map(|spend| *spend).unwrap_or_default();
    let candidates = json.candidates.unwrap_or_default().into_iter();
    Ok(Facts {
        model: json.model,
        converged: json.converged,
        reason: json.reason,
        numbers: [
            ("customers", count(json.customers)),
            ("repeat_purchases", count(json.repeat_purchases)),
            ("log_likelihood", json.log_likelihood),
            ("aic", json.aic),
            ("bic", json.bic),
        ],
        spend_customers: count(spend.customers),
        spend_excluded: count(spend.excluded),
        correlation: spend.frequency_correlation,
        spend_reason: spend.reason,
        candidates: candidates.map(|c| (c.model, c.bic, c.reason)).collect(),
    })
}
