//! The Kaplan–Meier curve, its intervals, and the Nelson–Aalen cumulative hazard.

use super::risk_table::{Risk, RiskTable};
use crate::error::Error;
use crate::host::{Host, Pace};
use crate::numeric::normal;

/// How the interval of a survival is made from its standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scale {
    /// Symmetric on the scale of log(−log S): never outside of 0 to 1, and good for few members.
    #[default]
    LogLog,
    /// Symmetric on the scale of log S.
    Log,
    /// Greenwood's: S ± z · se, cut at 0 and 1.
    Plain,
}

impl Scale {
    /// The scale of a name.
    pub fn parse(name: &str) -> Result<Self, Error> {
        match name.trim().to_ascii_lowercase().as_str() {
            "log-log" => Ok(Scale::LogLog),
            "log" => Ok(Scale::Log),
            "plain" => Ok(Scale::Plain),
            _ => Err(Error::unknown("conf_type", name, "log-log, log, plain")),
        }
    }
}

/// Intervals of survivals.
#[derive(Debug, Clone, Copy)]
pub struct Intervals {
    pub(crate) z: f64,
    scale: Scale,
}

impl Intervals {
    /// Intervals that hold the true survival with this probability, each.
    pub fn new(confidence: f64, scale: Scale) -> Result<Self, Error> {
        Ok(Intervals { z: normal::two_sided(confidence)?, scale })
    }

    /// The interval of a survival whose logarithm has this variance. None where there is none: at
    /// 1 on the log-log scale, where nobody has left, and at 0.
    fn of(self, survival: f64, log_variance: f64) -> Option<(f64, f64)> {
        let deviation = self.z * log_variance.sqrt();
        if survival <= 0.0 || !deviation.is_finite() {
            return None;
        }
        let (low, high) = match self.scale {
            Scale::Plain => (survival * (1.0 - deviation), survival * (1.0 + deviation)),
            Scale::Log => (survival * (-deviation).exp(), survival * deviation.exp()),
            Scale::LogLog if survival >= 1.0 => return None,
            Scale::LogLog => {
                let log = survival.ln();
                let stretch = (deviation / log.abs()).exp();
                ((log * stretch).exp(), (log / stretch).exp())
            }
        };
        Some((low.max(0.0), high.min(1.0)))
    }
}

impl Intervals {
    /// The interval of an incidence with this variance, on the scale of log(−log I): never outside of
    /// 0 to 1. None at 0, where nobody has left, and at 1.
    pub(super) fn of_incidence(self, incidence: f64, variance: f64) -> Option<(f64, f64)> {
        self.of(incidence, variance / (incidence * incidence)).filter(|_| variance > 0.0)
    }
}

/// A step of the curve: one time at which somebody left or was lost from sight.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SurvivalStep {
    /// The time since the beginning.
    pub tenure: f64,
    /// Members that had not left before, and were seen.
    pub at_risk: u64,
    /// Members that left.
    pub events: u64,
    /// Members last seen then, still there.
    pub censored: u64,
    /// Kaplan–Meier: the share that stays longer than this.
    pub survival: f64,
    /// Its interval.
    pub interval: Option<(f64, f64)>,
    /// Nelson–Aalen: the sum of the hazards so far.
    pub cumulative_hazard: f64,
    /// Events / at risk.
    pub hazard: f64,
}

/// The estimates at one time after another.
///
/// ```text
/// S(t) = ∏ (1 − dᵢ/nᵢ),   H(t) = Σ dᵢ/nᵢ,   var log S(t) = Σ dᵢ / nᵢ(nᵢ − dᵢ)   over the times tᵢ ≤ t
/// ```
///
/// E. L. Kaplan and P. Meier, Journal of the American Statistical Association 53 (1958), 457–481;
/// W. Nelson, Technometrics 14 (1972), 945–966; O. Aalen, Annals of Statistics 6 (1978), 701–726;
/// M. Greenwood, Reports on Public Health and Medical Subjects 33 (1926).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Estimate {
    pub(crate) survival: f64,
    pub(crate) log_variance: f64,
    pub(crate) cumulative_hazard: f64,
}

impl Estimate {
    /// Before anything happened.
    pub(crate) const START: Estimate =
        Estimate { survival: 1.0, log_variance: 0.0, cumulative_hazard: 0.0 };

    pub(crate) fn advance(&mut self, risk: &Risk) -> f64 {
        let (n, d) = (risk.at_risk as f64, risk.exit.events as f64);
        if risk.exit.events > 0 {
            self.survival *= (risk.at_risk - risk.exit.events) as f64 / n;
            self.log_variance += variance_term(risk);
        }
        let hazard = d / n;
        self.cumulative_hazard += hazard;
        hazard
    }
}

/// d / n(n − d): infinite where everybody leaves.
pub(crate) fn variance_term(risk: &Risk) -> f64 {
    let (n, d) = (risk.at_risk as f64, risk.exit.events as f64);
    d / (n * (risk.at_risk - risk.exit.events) as f64)
}

impl<H: Host> RiskTable<H> {
    /// The curve, a step for every time at which somebody left or was lost from sight.
    pub fn curve(&self, intervals: Intervals) -> impl Iterator<Item = SurvivalStep> {
        let mut estimate = Estimate::START;
        self.risks().map(move |risk| {
            let hazard = estimate.advance(&risk);
            SurvivalStep {
                tenure: risk.exit.time,
                at_risk: risk.at_risk,
                events: risk.exit.events,
                censored: risk.exit.censored,
                survival: estimate.survival,
                interval: intervals.of(estimate.survival, estimate.log_variance),
                cumulative_hazard: estimate.cumulative_hazard,
                hazard,
            }
        })
    }

    /// The share that stays longer than `time`; none after the last time at which anybody was
    /// seen, unless nobody was left then.
    pub fn survival_at(&self, time: f64) -> Option<f64> {
        if time.is_nan() {
            return None;
        }
        let mut pace = Pace::new(self.host());
        let mut estimate = Estimate::START;
        for risk in self.risks() {
            pace.step(1);
            if risk.exit.time > time {
                return Some(estimate.survival);
            }
            estimate.advance(&risk);
        }
        let is_seen = self.end().is_some_and(|end| time <= end);
        (is_seen || estimate.survival == 0.0).then_some(estimate.survival)
    }
}
