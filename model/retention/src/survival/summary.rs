//! A survival curve in a few numbers: its median and its restricted mean.

use super::curve::{Estimate, Intervals, variance_term};
use super::risk_table::RiskTable;
use crate::error::Error;
use crate::host::{Host, Pace, Vec};

/// An estimate and its interval. An end is none where the data do not reach it.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Estimated {
    /// The estimate.
    pub value: Option<f64>,
    /// The lower end.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
}

/// The summary of a curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SurvivalSummary {
    /// Members.
    pub members: u64,
    /// Members that left.
    pub events: u64,
    /// The time by which half have left.
    pub median: Estimated,
    /// The mean of the time up to `tau`.
    pub restricted_mean: Estimated,
    /// How far the restricted mean looks.
    pub tau: f64,
}

/// Rounding may keep a product of fractions from being just one half.
const TOLERANCE: f64 = 1e-9;

/// Where a curve that only falls passes a height: the first time at which it is not above it. Where
/// it stays just at that height until it falls again, the middle between, as for the median of an
/// even number of values.
#[derive(Debug, Clone, Copy, Default)]
struct Crossing {
    reached: Option<f64>,
    passed: Option<f64>,
}

impl Crossing {
    fn see(&mut self, time: f64, height: f64, level: f64) {
        if self.reached.is_none() && height <= level + TOLERANCE {
            self.reached = Some(time);
        }
        if self.passed.is_none() && height < level - TOLERANCE {
            self.passed = Some(time);
        }
    }

    fn time(self) -> Option<f64> {
        let reached = self.reached?;
        Some(f64::midpoint(reached, self.passed.unwrap_or(reached)))
    }
}

impl<H: Host> RiskTable<H> {
    /// Median and restricted mean.
    ///
    /// The interval of the median holds the times at which the interval of the survival holds one
    /// half: R. Brookmeyer and J. Crowley, Biometrics 38 (1982), 29–41. The restricted mean is the
    /// area below the curve up to `tau`, by default the longest duration, with the variance
    ///
    /// ```text
    /// Σ Aᵢ² dᵢ / nᵢ(nᵢ − dᵢ),   Aᵢ the area between tᵢ and tau
    /// ```
    ///
    /// J. P. Klein and M. L. Moeschberger, Survival Analysis, 2nd edition (2003), 4.5. There is
    /// none where `tau` lies beyond the longest duration and some are left then.
    pub fn summary(
        &self,
        intervals: Intervals,
        tau: Option<f64>,
    ) -> Result<Option<SurvivalSummary>, Error> {
        if let Some(tau) = tau.filter(|tau| !(*tau > 0.0 && tau.is_finite())) {
            return Err(Error::bad(
                format!("tau {tau} is not a positive time"),
                "Take the time up to which the mean is restricted, or NULL for the longest \
                 duration.",
            ));
        }
        let Some(end) = self.end() else { return Ok(None) };
        let tau = tau.unwrap_or(end);
        let mut pace = Pace::new(self.host());
        let mut events = 0;
        let (mut median, mut low, mut high) =
            (Crossing::default(), Crossing::default(), Crossing::default());
        for step in self.curve(intervals) {
            pace.step(1);
            events += step.events;
            median.see(step.tenure, step.survival, 0.5);
            if let Some((lower, upper)) = step.interval {
                low.see(step.tenure, lower, 0.5);
                high.see(step.tenure, upper, 0.5);
            }
        }
        let median = Estimated { value: median.time(), low: low.time(), high: high.time() };
        let restricted_mean = self.restricted_mean(tau, intervals.z);
        let members = self.members();
        Ok(Some(SurvivalSummary { members, events, median, restricted_mean, tau }))
    }

    fn restricted_mean(&self, tau: f64, z: f64) -> Estimated {
        let mut pace = Pace::new(self.host());
        let mut estimate = Estimate::START;
        let mut before = 0.0;
        let mut area = 0.0;
        // The area up to a time at which somebody left, and that time's part of the variance.
        let mut parts = Vec::with_capacity_in(self.len(), self.host().clone());
        for risk in self.risks().take_while(|risk| risk.exit.time <= tau) {
            pace.step(1);
            area += estimate.survival * (risk.exit.time - before);
            before = risk.exit.time;
            estimate.advance(&risk);
            if risk.exit.events > 0 {
                parts.push((area, variance_term(&risk)));
            }
        }
        if self.end().is_none_or(|end| tau > end) && estimate.survival > 0.0 {
            return Estimated::default();
        }
        area += estimate.survival * (tau - before);
        // Nothing is left after a time at which everybody leaves: its infinite term does not count.
        let terms = parts.iter().filter(|part| part.1.is_finite());
        let variance: f64 = terms.map(|(until, term)| (area - until).powi(2) * term).sum();
        // Where nobody left, or all did at once, nothing tells how far the mean may be off.
        let deviation = (variance > 0.0).then(|| z * variance.sqrt());
        Estimated {
            value: Some(area),
            low: deviation.map(|deviation| (area - deviation).max(0.0)),
            high: deviation.map(|deviation| (area + deviation).min(tau)),
        }
    }
}
