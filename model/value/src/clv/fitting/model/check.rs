//! Is a text, which anybody may have written, that of a model?

use super::json::{FitJson, GAMMA_GAMMA, Named, wrong};
use super::numbers::{Model, Spend, names, names_of_spend};
use crate::clv::covariates;
use crate::clv::family::Kind;
use crate::clv::summary::TimeUnit;
use crate::error::Error;
use crate::numeric::cholesky;

/// Is everything there, and of the right size?
pub(super) fn check(json: &FitJson) -> Result<Model, Error> {
    let mut kind = Kind::parse(&json.model)?;
    let Some(Named(mut given)) = json.parameters.clone() else {
        return Err(wrong(format!("\"parameters\" of {} are missing", json.model)));
    };
    if let Some(place) = given.iter().position(|(name, _)| name == "k") {
        let (_, k) = given.remove(place);
        let whole = (k.fract() == 0.0 && (1.0..=1000.0).contains(&k)).then_some(k as u32);
        match (&mut kind, whole) {
            (Kind::BgCnbd(own) | Kind::MbgCnbd(own), Some(k)) => *own = Some(k),
            (Kind::BgCnbd(_) | Kind::MbgCnbd(_), None) => {
                return Err(wrong(format!("k = {k} is not a whole number from 1 to 1000")));
            }
            _ => return Err(wrong(format!("{} has no k", json.model))),
        }
    } else if matches!(kind, Kind::BgCnbd(_) | Kind::MbgCnbd(_)) {
        return Err(wrong(format!("{} needs a k", json.model)));
    }
    let effects = kind.effects().len();
    let width = given.iter().filter(|(name, _)| name.starts_with("gamma1_")).count();
    if width > covariates::MOST {
        return Err(wrong(format!("{} has too many covariates", json.model)));
    }
    let names = names(kind, effects * width);
    let positive = names.len() - effects * width;
    let (mut parameters, covariance) =
        numbers(&json.model, &names, positive, &given, &json.covariance)?;
    let coefficients = parameters.split_off(positive);
    let spend = match &json.spend {
        Some(spend) if spend.converged => {
            if spend.model != GAMMA_GAMMA {
                return Err(Error::unknown("model of spend", &spend.model, GAMMA_GAMMA));
            }
            let given = spend.parameters.clone().unwrap_or_default().0;
            let (p, covariance) =
                numbers(GAMMA_GAMMA, &names_of_spend(), 3, &given, &spend.covariance)?;
            Some(Spend { parameters: [p[0], p[1], p[2]], covariance })
        }
        _ => None,
    };
    let usual = if kind.is_contract() { TimeUnit::YEAR } else { TimeUnit::WEEK };
    let unit = json.unit.as_deref().map_or(Ok(usual), TimeUnit::parse)?;
    Ok(Model { kind, parameters, coefficients, covariance, unit, spend })
}

/// Numbers, and perhaps their covariance.
type Estimates = (Vec<f64>, Option<Vec<Vec<f64>>>);

/// The parameters in their order, of which the first ones are positive, and the covariance of the
/// logarithms of these, and of the others.
fn numbers(
    model: &str,
    names: &[String],
    positive: usize,
    given: &[(String, f64)],
    covariance: &Option<Vec<Vec<f64>>>,
) -> Result<Estimates, Error> {
    let mut parameters = Vec::new();
    for (i, name) in names.iter().enumerate() {
        let mut found = given.iter().filter(|(given, _)| given == name);
        match (found.next(), found.next()) {
            (Some((_, value)), None) if i >= positive => {
                if value.abs() >= 1e100 {
                    return Err(wrong(format!("{name} = {value} is too large")));
                }
                parameters.push(*value);
            }
            (Some((_, value)), None) if *value > 0.0 && *value < 1e100 && *value > 1e-100 => {
                parameters.push(*value);
            }
            (Some((_, value)), None) => {
                return Err(wrong(if *value > 0.0 {
                    format!("{name} = {value:e} is not between 1e-100 and 1e100")
                } else {
                    format!("{name} = {value} is not a positive number")
                }));
            }
            (Some(_), Some(_)) => return Err(wrong(format!("{name} is given twice"))),
            _ => {
                return Err(wrong(format!(
                    "{model} needs {}: {name} is missing",
                    names.join(", ")
                )));
            }
        }
    }
    if let Some((name, _)) = given.iter().find(|(given, _)| !names.contains(given)) {
        return Err(wrong(format!("{model} has {}: there is no {name}", names.join(", "))));
    }
    let n = names.len();
    let covariance = match covariance {
        None => None,
        Some(rows) => {
            let is_square = rows.len() == n && rows.iter().all(|row| row.len() == n);
            let is_symmetric = is_square
                && (0..n).all(|i| {
                    (0..n).all(|j| {
                        let scale = (rows[i][i] * rows[j][j]).abs().sqrt();
                        (rows[i][j] - rows[j][i]).abs() <= 1e-6 * scale
                    })
                });
            let scale = |i: usize| if i < positive { parameters[i] } else { 1.0 };
            let logs: Vec<Vec<f64>> = (0..n * usize::from(is_square))
                .map(|i| (0..n).map(|j| rows[i][j] / scale(i) / scale(j)).collect())
                .collect();
            if !is_symmetric || cholesky(&logs, |c| c, 0.0).is_none() {
                return Err(wrong(format!(
                    "the covariance of {model} is not a symmetric, positive definite {n} by {n} matrix"
                )));
            }
            Some(logs)
        }
    };
    Ok((parameters, covariance))
}
