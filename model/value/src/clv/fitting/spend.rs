//! Fitting Gamma-Gamma to the mean values of customers' purchases.

use crate::clv::fit::{FitFailure, judge, search};
use crate::clv::sample::Sample;
use crate::clv::spend::{NAMES, local};
use crate::host::Host;

/// The model fitted to customers.
#[derive(Debug, Clone, PartialEq)]
pub struct FittedSpend {
    /// p, q, gamma.
    pub parameters: [f64; 3],
    /// The covariance of their logarithms.
    pub covariance: Vec<Vec<f64>>,
    /// The logarithm of the likelihood.
    pub log_likelihood: f64,
}

/// Fits the model to a settled sample.
pub fn fit<H: Host>(sample: &Sample<H>) -> Result<FittedSpend, FitFailure> {
    let spends = sample.spends();
    let positive = spends.iter().filter(|s| s.mean > 0.0);
    let n = positive.clone().count() as f64;
    if n == 0.0 {
        return Err(FitFailure::new(
            "no customer has repeat purchases of a positive mean value",
            "Fit the model of purchases alone (spend NULL), or build the history with amounts.",
        ));
    }
    let mean = positive.clone().map(|s| s.mean).sum::<f64>() / n;
    let starts = [(2.0, 3.0), (6.0, 4.0), (1.0, 1.5), (15.0, 8.0)]
        .map(|(p, q): (f64, f64)| vec![p.ln(), q.ln(), (mean * (q - 1.0) / p).ln()]);
    let optimum = search(sample, spends.len(), &starts, local).ok_or_else(|| {
        FitFailure::new(
            "the likelihood of the spend is no number at any start",
            "Look at the amounts: are they of plausible size?",
        )
    })?;
    const ADVICE: &str = "Fit the model of purchases alone (spend NULL), or to more customers whose \
                          purchases differ in value.";
    let covariance = judge(&optimum, &NAMES, mean, ADVICE)?;
    let mut parameters = [0.0; 3];
    for (parameter, log) in parameters.iter_mut().zip(&optimum.at) {
        *parameter = log.exp();
    }
    Ok(FittedSpend { parameters, covariance, log_likelihood: optimum.local.value })
}
