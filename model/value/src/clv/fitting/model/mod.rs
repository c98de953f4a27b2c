//! A fitted model as users see it: JSON, which may be edited or written by hand, and is checked.
//!
//! | room | what it holds |
//! | --- | --- |
//! | this one | the texts of models |
//! | `numbers` | a model of which one can ask something |
//! | `json` | what the JSON looks like |
//! | `fitted` | fitting, and what came of it as JSON |
//! | `check` | is everything there, and of the right size? |

mod check;
mod fitted;
mod json;
mod numbers;
#[cfg(test)]
mod tests;

pub use fitted::{FitQuestion, fit_json, fit_json_with};
pub(in crate::clv) use numbers::names;
pub use numbers::{Model, Spend};

use crate::clv::family::Kind;
use crate::clv::summary::TimeUnit;
use crate::error::Error;
use check::check;
use json::{Named, read, write, wrong};

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
        TimeUnit::parse(unit)?;
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
