//! A fitted model as users see it: JSON, which may be edited or written by hand, and is checked.

use super::covariates::{self, Covariates};
use super::family::{Family, Kind, Visitor};
use super::fit::{Fitted, Unfit, fit};
use super::sample::Sample;
use super::spend::{self, FittedSpend};
use super::summary::Unit;
use crate::error::Error;
use crate::host::Host;
use crate::numeric::cholesky;
use serde::de::{MapAccess, Visitor as DeVisitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;

/// Numbers with their names, in their order.
#[derive(Debug, Clone, PartialEq, Default)]
struct Named(Vec<(String, f64)>);

impl Serialize for Named {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            // 3.0 as 3
            if value.fract() == 0.0 && value.abs() < 1e15 {
                map.serialize_entry(name, &(*value as i64))?;
            } else {
                map.serialize_entry(name, value)?;
            }
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Named {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> DeVisitor<'de> for Reader {
            type Value = Named;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object of numbers")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Named, A::Error> {
                let mut named = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    named.push(entry);
                }
                Ok(Named(named))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

/// What the JSON of a fit looks like, for purchases and for spend.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with the keys of a clv_model")]
struct FitJson {
    model: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    parameters: Option<Named>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    log_likelihood: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    std_errors: Option<Named>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    covariance: Option<Vec<Vec<f64>>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    customers: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    repeat_purchases: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    excluded: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    frequency_correlation: Option<f64>,
    #[serde(default = "yes")]
    converged: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bic: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    aic: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unit: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    as_of: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    spend: Option<Box<FitJson>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    candidates: Option<Vec<FitJson>>,
}

fn yes() -> bool {
    true
}

/// Longest text that is read: a model with every candidate has some thousand bytes.
const MOST_BYTES: usize = 1 << 18;
const GAMMA_GAMMA: &str = "gamma-gamma";

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
                "p_alive, expected_purchases, purchases_distribution and clv_value take covariates: \
                 those of one customer, as many as in the fit and in their order.",
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

/// Fits a model, and that of spend where amounts are known, and writes them as JSON. A fit that does
/// not converge has no numbers: it says why, and what to do.
pub fn fit_json<H: Host>(sample: &mut Sample<H>, question: &Question) -> Result<String, Error> {
    fit_json_with(sample, None, question)
}

/// The same with the covariates of the customers, for a model that knows what to do with them.
pub fn fit_json_with<H: Host>(
    sample: &mut Sample<H>,
    mut covariates: Option<&mut Covariates<H>>,
    question: &Question,
) -> Result<String, Error> {
    sample.settle();
    let customers = sample.customers();
    let mut describe = |kind: Kind| {
        let fitted = fit(sample, kind).and_then(|fitted| match &mut covariates {
            Some(covariates) => covariates.fit(&fitted),
            None => Ok(fitted),
        });
        match fitted {
            Ok(fitted) => of_fit(&fitted, customers),
            Err(unfit) => of_unfit(kind.name(), unfit),
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
    json.unit = Some(question.unit.name().to_string());
    json.as_of = question.as_of.map(crate::calendar::date_text);
    if !sample.spends().is_empty() {
        let facts = spend::facts(sample);
        let mut of_spend = match spend::fit(sample) {
            Ok(fitted) => of_spend(&fitted),
            Err(unfit) => of_unfit(GAMMA_GAMMA, unfit),
        };
        of_spend.customers = Some(facts.customers as u64);
        of_spend.excluded = Some(facts.excluded as u64);
        of_spend.frequency_correlation = facts.correlation;
        json.spend = Some(Box::new(of_spend));
    }
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

fn names_of_spend() -> Vec<String> {
    spend::NAMES.map(str::to_string).to_vec()
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

fn of_unfit(model: &str, unfit: Unfit) -> FitJson {
    FitJson {
        model: model.to_string(),
        converged: false,
        reason: Some(unfit.reason),
        advice: Some(unfit.advice.to_string()),
        ..FitJson::default()
    }
}

fn without_errors(json: &FitJson) -> FitJson {
    FitJson { std_errors: None, covariance: None, ..json.clone() }
}

fn write(json: &FitJson) -> String {
    serde_json::to_string(json).unwrap_or_default()
}

/// The names of a model's parameters and of so many coefficients, in their order.
pub(super) fn names(kind: Kind, coefficients: usize) -> Vec<String> {
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

fn wrong(message: String) -> Error {
    Error::BadModel(message)
}

fn read(text: &str) -> Result<FitJson, Error> {
    if text.len() > MOST_BYTES {
        return Err(Error::TooLarge {
            what: "the text of a clv_model",
            hint: "A model has some thousand bytes: look at what is being read.",
        });
    }
    serde_json::from_str(text).map_err(|error| wrong(error.to_string()))
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
pub(super) struct Facts {
    pub(super) model: String,
    pub(super) converged: bool,
    pub(super) reason: Option<String>,
    pub(super) numbers: [(&'static str, Option<f64>); 5],
    pub(super) spend_customers: Option<f64>,
    pub(super) spend_excluded: Option<f64>,
    pub(super) correlation: Option<f64>,
    pub(super) spend_reason: Option<String>,
    /// Model, BIC, reason.
    pub(super) candidates: Vec<(String, Option<f64>, Option<String>)>,
}

/// The facts of a model's text.
pub(super) fn facts(text: &str) -> Result<Facts, Error> {
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

/// Is everything there, and of the right size?
fn check(json: &FitJson) -> Result<Model, Error> {
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
                return Err(Error::UnknownName {
                    what: "model of spend",
                    given: spend.model.clone(),
                    valid: GAMMA_GAMMA,
                });
            }
            let given = spend.parameters.clone().unwrap_or_default().0;
            let (p, covariance) =
                numbers(GAMMA_GAMMA, &names_of_spend(), 3, &given, &spend.covariance)?;
            Some(Spend { parameters: [p[0], p[1], p[2]], covariance })
        }
        _ => None,
    };
    let unit = json.unit.as_deref().map_or(Ok(Unit::WEEK), Unit::parse)?;
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
                return Err(wrong(format!("{name} = {value} is not a positive number")));
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
                    "the covariance of {model} is not a symmetric, positive definite {n} × {n} matrix"
                )));
            }
            Some(logs)
        }
    };
    Ok((parameters, covariance))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clv::fit::cdnow;

    fn question(kind: Option<Kind>) -> Question {
        Question { kind, unit: Unit::WEEK, as_of: Some(-823) }
    }

    #[test]
    fn a_fit_reads_as_it_was_written() {
        let text = fit_json(&mut cdnow(), &question(Some(Kind::Bg))).unwrap();
        assert_eq!(canonical(&text).unwrap(), text);
        let model = parse(&text).unwrap();
        assert_eq!((model.kind, model.unit), (Kind::Bg, Unit::WEEK));
        assert!((model.parameters[0] - 0.242594).abs() < 1e-6);
        assert!(text.contains(r#""as_of":"1997-09-30""#), "{text}");
        let covariance = model.covariance.unwrap();
        assert!((covariance[0][0].sqrt() * model.parameters[0] - 0.0125573767).abs() < 1e-8);
        assert!(model.spend.unwrap().covariance.is_some());
    }

    #[test]
    fn auto_takes_the_least_bic_and_tells_of_all() {
        let text = fit_json(&mut cdnow(), &question(None)).unwrap();
        let json = read(&text).unwrap();
        let candidates = json.candidates.unwrap();
        assert_eq!((json.model.as_str(), candidates.len()), ("mbg/nbd", 7));
        let best = candidates.iter().filter_map(|c| c.bic).fold(f64::INFINITY, f64::min);
        assert_eq!(json.bic, Some(best));
        let gompertz = &candidates[6];
        assert!(!gompertz.converged && gompertz.parameters.is_none() && gompertz.reason.is_some());
        assert_eq!(canonical(&text).unwrap(), text);
    }

    #[test]
    fn what_is_written_by_hand_is_checked() {
        let right = r#"{"model": "BG/NBD", "parameters": {"r": 0.2, "alpha": 4, "a": 1, "b": 2}}"#;
        assert_eq!(parse(right).unwrap().parameters, [0.2, 4.0, 1.0, 2.0]);
        let shuffled = right.replace("\"r\": 0.2, ", "").replace("2}", "2, \"r\": 0.2}");
        assert_eq!(canonical(&shuffled).unwrap(), canonical(right).unwrap());
        for (from, to) in [
            ("BG/NBD", "XX"),
            ("\"r\"", "\"s\""),
            ("0.2", "-0.2"),
            ("0.2", "0"),
            ("0.2", "1e999"),
            ("4,", "null,"),
            ("\"b\": 2", "\"b\": 2, \"k\": 3"),
            ("\"b\": 2", "\"b\": 2, \"b\": 2"),
            ("BG/NBD", "bg/cnbd-k"),
            ("}}", "}, \"colour\": 1}"),
            ("}}", "}, \"unit\": \"fortnight\"}"),
            ("}}", "}, \"covariance\": [[1]]}"),
            ("}}", "}, \"covariance\": [[1,9,0,0],[9,1,0,0],[0,0,1,0],[0,0,0,1]]}"),
            ("}}", "}"),
            ("{\"model\"", "[\"model\""),
        ] {
            let text = right.replace(from, to);
            assert!(canonical(&text).is_err(), "{text}");
        }
        let cnbd = right.replace("BG/NBD", "mbg/cnbd-k").replace("\"r\"", "\"k\": 3, \"r\"");
        assert_eq!(parse(&cnbd).unwrap().kind, Kind::MbgCnbd(Some(3)));
        assert!(parse(&cnbd.replace("3", "2.5")).is_err());
    }

    #[test]
    fn without_repeat_buyers_there_are_no_numbers() {
        let mut sample = Sample::new(crate::host::Global);
        for age in 0..50 {
            let c = crate::clv::Customer { x: 0.0, t_x: 0.0, age: f64::from(age) };
            sample.push(c, None, None).unwrap();
        }
        let text = fit_json(&mut sample, &question(Some(Kind::Bg))).unwrap();
        assert!(
            text.contains("\"converged\":false") && text.contains("no repeat buyers"),
            "{text}"
        );
        assert!(!text.contains("parameters"), "{text}");
        assert!(matches!(parse(&text), Err(Error::NotConverged { .. })));
        canonical(&text).unwrap();
    }
}
