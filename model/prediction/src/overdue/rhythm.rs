//! How members space their active days, and from which silence on one is unusual.
//!
//! A member's gaps, in days, are Gamma(k, λ): k is shared, λ the member's own. λ has the prior Gamma(2k, 2m),
//! which is worth two gaps of the mean m of all. After n gaps of s days together the next gap x
//! has the posterior predictive distribution
//!
//! ```text
//! x / (2m + s) = the odds of a Beta(k, (n + 2) k)
//! ```
//!
//! so one quantile for each n is a bound for everybody who has n gaps. k is the maximum of the likelihood
//! given each member's sum, in which λ has no part: gaps divided by their sum are Dirichlet(k, …, k), so
//!
//! ```text
//! Σᵢ nᵢ [ψ(nᵢ k) − ψ(k)] = Σᵢ Σⱼ ln(sᵢ / xᵢⱼ)
//! ```
//!
//! over the members with two gaps or more. (With the λᵢ estimated beside it, as maximum likelihood has it, k would be
//! too large: J. Neyman and E. L. Scott, Econometrica 16 (1948), 1–32.)

use crate::error::Error;
use crate::host::{Host, Pace, Vec};
use crate::numeric::BetaOdds;
use crate::numeric::gamma::digamma;

/// What the prior is worth, in gaps.
const PRIOR: f64 = 2.0;
/// Gaps that are all alike, or wildly different, have no k.
const SHAPES: (f64, f64) = (0.02, 500.0);
/// Counts of gaps whose bounds are kept.
const KEPT: usize = 1 << 12;
/// Gaps whose logarithms are kept.
const LOGS: u32 = 1 << 12;

/// The gaps of everybody, as they are counted.
#[derive(Debug)]
pub(super) struct Gaps<H: Host> {
    /// Members by their number of gaps; the last place is for all who have more, whose gaps are in `more`.
    members: Vec<u64, H>,
    /// The numbers of gaps of those who have many.
    more: Vec<u64, H>,
    /// Σᵢ Σⱼ ln(sᵢ / xᵢⱼ), of members with two gaps or more.
    spread: f64,
    gaps: u64,
    days: u64,
    logs: Vec<f64, H>,
}

impl<H: Host> Gaps<H> {
    pub(super) fn new(host: &H) -> Self {
        let mut members = Vec::new_in(host.clone());
        members.resize(KEPT, 0);
        let mut logs = Vec::with_capacity_in(LOGS as usize, host.clone());
        logs.extend((0..LOGS).map(|gap| f64::from(gap.max(1)).ln()));
        Gaps { members, more: Vec::new_in(host.clone()), spread: 0.0, gaps: 0, days: 0, logs }
    }

    fn ln(&self, days: u64) -> f64 {
        self.logs.get(days as usize).copied().unwrap_or_else(|| (days as f64).ln())
    }

    /// Counts a member by its active days, which ascend.
    #[inline]
    pub(super) fn count(&mut self, days: &[i64]) {
        let gaps = days.len().saturating_sub(1);
        let (Some(first), Some(last)) = (days.first(), days.last()) else { return };
        if gaps == 0 {
            return;
        }
        let sum = last.abs_diff(*first);
        self.gaps += gaps as u64;
        self.days = self.days.saturating_add(sum);
        if gaps == 1 {
            return;
        }
        match self.members.get_mut(gaps) {
            Some(members) => *members += 1,
            None => self.more.push(gaps as u64),
        }
        let logs: f64 = days.windows(2).map(|pair| self.ln(pair[1].abs_diff(pair[0]))).sum();
        self.spread += gaps as f64 * self.ln(sum) - logs;
    }

    /// What they have in common; none if nobody came twice.
    pub(super) fn common(&self, host: &H) -> Option<CommonRhythm> {
        (self.gaps > 0).then(|| CommonRhythm {
            shape: self.shape(host),
            mean_gap: self.days as f64 / self.gaps as f64,
        })
    }

    /// k; 1, which is a constant rate, where nobody has two gaps.
    fn shape(&self, host: &H) -> f64 {
        let few =
            self.members.iter().enumerate().map(|(gaps, members)| (gaps as f64, *members as f64));
        let many = self.more.iter().map(|gaps| (*gaps as f64, 1.0));
        if self.more.is_empty() && self.members.iter().all(|members| *members == 0) {
            return 1.0;
        }
        // The left side falls with k.
        let (mut low, mut high) = (SHAPES.0.ln(), SHAPES.1.ln());
        let mut pace = Pace::new(host);
        for _ in 0..60 {
            let middle = low + (high - low) / 2.0;
            let k = middle.exp();
            let own = digamma(k);
            let mut left = 0.0;
            for (gaps, members) in
                few.clone().chain(many.clone()).filter(|(_, members)| *members > 0.0)
            {
                pace.step(10);
                left += members * gaps * (digamma(gaps * k) - own);
            }
            if left > self.spread {
                low = middle;
            } else {
                high = middle;
            }
        }
        (low + (high - low) / 2.0).exp()
    }
}

/// What members have in common.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CommonRhythm {
    /// k.
    pub shape: f64,
    /// m: the mean of all gaps, in days.
    pub mean_gap: f64,
}

impl CommonRhythm {
    /// Could it be that of some history?
    pub(super) fn check(&self) -> Result<(), Error> {
        let is_shape = self.shape >= SHAPES.0 * 0.99 && self.shape <= SHAPES.1 * 1.01;
        if is_shape && self.mean_gap >= 1.0 && self.mean_gap < 1e10 {
            return Ok(());
        }
        Err(Error::bad(
            format!("no rhythm has the shape {} and the mean {}", self.shape, self.mean_gap),
            "Take both from common_rhythm.",
        ))
    }
}

/// The bounds that follow from it.
#[derive(Debug)]
pub(super) struct Rhythm<H: Host> {
    k: f64,
    /// 2m: the days that the prior is worth.
    prior_days: f64,
    tail: f64,
    /// For every number of gaps, where it was asked for: the distribution, and its bound.
    bounds: Vec<Option<(BetaOdds, f64)>, H>,
}

impl<H: Host> Rhythm<H> {
    pub(super) fn new(common: CommonRhythm, confidence: f64, host: &H) -> Self {
        let mut bounds = Vec::new_in(host.clone());
        bounds.resize(KEPT, None);
        let prior_days = PRIOR * common.mean_gap;
        Rhythm { k: common.shape, prior_days, tail: 1.0 - confidence, bounds }
    }

    fn bound(&mut self, gaps: u64) -> (BetaOdds, f64) {
        let make = || {
            let odds = BetaOdds::new(self.k, (gaps as f64 + PRIOR) * self.k);
            (odds, odds.at_tail(self.tail))
        };
        match usize::try_from(gaps).ok().and_then(|gaps| self.bounds.get_mut(gaps)) {
            Some(kept) => *kept.get_or_insert_with(make),
            None => make(),
        }
    }

    /// The days of silence that the next gap of a member passes with the probability 1 − confidence.
    #[inline]
    pub(super) fn usual(&mut self, gaps: u64, days: u64) -> f64 {
        (self.prior_days + days as f64) * self.bound(gaps).1
    }

    /// The probability that the next gap of a member is so long or longer.
    #[inline]
    pub(super) fn beyond(&mut self, gaps: u64, days: u64, silence: u64) -> f64 {
        let scale = self.prior_days + days as f64;
        self.bound(gaps).0.above(silence as f64 / scale)
    }
}
