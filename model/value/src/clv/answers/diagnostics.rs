//! What to look at before a fitted model is trusted.

use crate::clv::model::{self, Facts};
use crate::clv::spend;
use crate::error::Error;
use crate::numeric::Wilson;

/// A row: a number, perhaps with an interval, and what it means.
#[derive(Debug, Clone, PartialEq)]
pub struct Diagnostic {
    /// What it is.
    pub name: String,
    /// The number.
    pub value: Option<f64>,
    /// Its interval.
    pub interval: Option<(f64, f64)>,
    /// What it means.
    pub remark: String,
}

/// From here on two estimates are hard to tell apart.
const ALIKE: f64 = 0.95;
/// From here on a positive parameter is as uncertain as it is large: the standard error of its logarithm.
const VAGUE: f64 = 1.0;
/// From here on spend depends on frequency so much that it matters.
const DEPENDENT: f64 = 0.1;

/// The rows of a model's text.
pub fn rows(text: &str, confidence: f64) -> Result<Vec<Diagnostic>, Error> {
    let z = Wilson::new(confidence)?.z();
    let facts = model::facts(text)?;
    let mut rows = Vec::new();
    let mut add = |name: &str, value, interval, remark: String| {
        rows.push(Diagnostic { name: name.to_string(), value, interval, remark });
    };
    let converged = Some(f64::from(u8::from(facts.converged)));
    let remark = facts.reason.clone().unwrap_or_else(|| format!("{} has a maximum", facts.model));
    add("converged", converged, None, remark);
    for (name, value) in facts.numbers {
        if value.is_some() {
            add(name, value, None, String::new());
        }
    }
    if facts.converged {
        let model = model::parse(text)?;
        let names = model::names(model.kind, model.coefficients.len());
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let numbers = [&model.parameters[..], &model.coefficients].concat();
        let positive = model.parameters.len();
        estimates(&names, &numbers, positive, model.covariance.as_deref(), z, &mut add);
        if let Some(spend) = &model.spend {
            let covariance = spend.covariance.as_deref();
            let names = spend::NAMES.map(|name| format!("spend {name}"));
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            estimates(&names, &spend.parameters, 3, covariance, z, &mut add);
        }
    }
    of_spend(&facts, z, &mut add);
    for (name, bic, reason) in facts.candidates {
        add(&format!("bic of {name}"), bic, None, reason.unwrap_or_default());
    }
    Ok(rows)
}

/// Every parameter with its interval (of the logarithm, where it is a positive one), and the two that depend on each other most.
fn estimates(
    names: &[&str],
    parameters: &[f64],
    positive: usize,
    covariance: Option<&[Vec<f64>]>,
    z: f64,
    add: &mut impl FnMut(&str, Option<f64>, Option<(f64, f64)>, String),
) {
    for (i, (name, value)) in names.iter().zip(parameters).enumerate() {
        let interval = covariance.map(|c| {
            let half = z * c[i][i].sqrt();
            if i >= positive {
                return (value - half, value + half);
            }
            let factor = half.min(300.0).exp();
            (value / factor, value * factor)
        });
        let is_vague = i < positive && covariance.is_some_and(|c| c[i][i] >= VAGUE * VAGUE);
        let remark = match *name {
            _ if !is_vague => "",
            "a" | "s" => {
                "not told apart from 0 by its standard error: the data hardly show that customers leave \
                 for good, and P(alive) is a guess, near 1 even for the long silent"
            }
            _ => "not told apart from 0 by its standard error",
        };
        add(name, Some(*value), interval, remark.to_string());
    }
    let mut most: Option<(f64, usize, usize)> = None;
    for (c, i, j) in covariance
        .iter()
        .flat_map(|c| (0..names.len()).flat_map(move |i| (0..i).map(move |j| (c, i, j))))
    {
        let r = c[i][j] / (c[i][i] * c[j][j]).sqrt();
        if most.is_none_or(|(most, ..)| r.abs() > most.abs()) {
            most = Some((r, i, j));
        }
    }
    if let Some((r, i, j)) = most {
        let verdict = if r.abs() > ALIKE { "the data hardly tell them apart" } else { "fine" };
        let remark = format!("of {} and {}: {verdict}", names[j], names[i]);
        let name = if names[0].starts_with("spend ") {
            "spend largest correlation of estimates"
        } else {
            "largest correlation of estimates"
        };
        add(name, Some(r), None, remark);
    }
}

/// Does spend depend on frequency? The interval of the correlation is Fisher's.
fn of_spend(
    facts: &Facts,
    z: f64,
    add: &mut impl FnMut(&str, Option<f64>, Option<(f64, f64)>, String),
) {
    let Some(n) = facts.spend_customers else { return };
    add("spend customers", Some(n), None, facts.spend_reason.clone().unwrap_or_default());
    let remark = "customers whose repeat purchases are worth nothing or less: not in the fit";
    add("spend excluded", facts.spend_excluded, None, remark.to_string());
    let Some(r) = facts.correlation else { return };
    let interval = (n > 3.0 && r.abs() < 1.0).then(|| {
        let (centre, half) = (r.atanh(), z / (n - 3.0).sqrt());
        ((centre - half).tanh(), (centre + half).tanh())
    });
    let (low, high) = interval.unwrap_or((-1.0, 1.0));
    let remark = if low <= 0.0 && high >= 0.0 {
        "spend may well be independent of frequency, as the model assumes"
    } else if r.abs() < DEPENDENT {
        "spend depends on frequency a little: the model's assumption holds roughly"
    } else {
        "spend depends on frequency, and the model assumes that it does not: fit groups apart"
    };
    add("spend and frequency", Some(r), interval, remark.to_string());
}
