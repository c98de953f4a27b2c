//! Members with their covariates: what a regression is fitted to.

use crate::error::Error;
use crate::host::{Host, Pace, Vec};
use crate::survival::{Leaving, Time, entry_time};
use std::cmp::Ordering;

/// Covariates whose covariances are kept.
const MAX_COVARIATES: usize = 500;

/// A member's own times, and where its covariates are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Member {
    pub(super) leaving: Leaving,
    /// 0: seen from the beginning.
    pub(super) entry: Time,
    row: u32,
}

/// Members, in the order in which they came.
#[derive(Debug)]
pub struct Members<H: Host> {
    members: Vec<Member, H>,
    covariates: Vec<f64, H>,
    width: usize,
}

impl<H: Host> Members<H> {
    /// Nobody yet.
    pub fn new(host: H) -> Self {
        Members { members: Vec::new_in(host.clone()), covariates: Vec::new_in(host), width: 0 }
    }

    /// A member seen from `entry` (by default, from the beginning) for `duration`: it left then, or
    /// is still there.
    pub fn push(
        &mut self,
        duration: f64,
        churned: bool,
        covariates: &[f64],
        entry: Option<f64>,
    ) -> Result<(), Error> {
        let time = Time::new("duration", duration)?;
        let entry = entry_time(entry, time)?.unwrap_or(Time::ZERO);
        if self.members.is_empty() {
            if covariates.is_empty() {
                return Err(Error::bad("there are no covariates", "Give an array of one or more."));
            }
            if covariates.len() > MAX_COVARIATES {
                return Err(Error::TooLarge {
                    what: "the number of covariates (its limit is 500)",
                    hint: "Take fewer covariates.",
                });
            }
            self.width = covariates.len();
        }
        if covariates.len() != self.width {
            return Err(Error::bad(
                format!("{} covariates after rows of {}", covariates.len(), self.width),
                "All rows of one model need the same covariates, in the same order.",
            ));
        }
        for (i, value) in covariates.iter().enumerate() {
            if !value.is_finite() {
                return Err(Error::OutOfRange {
                    what: "covariate",
                    given: format!("{value} (number {})", i + 1),
                    hint: "Covariates are finite: leave other rows out with FILTER or WHERE.",
                });
            }
        }
        let Ok(row) = u32::try_from(self.members.len()) else {
            return Err(Error::TooLarge {
                what: "the number of members (its limit is four billion)",
                hint: "Fit the model to a sample.",
            });
        };
        self.members.push(Member { leaving: Leaving::new(time, churned), entry, row });
        self.covariates.extend_from_slice(covariates);
        Ok(())
    }

    /// Is there nobody?
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    pub(super) fn covariates(&self, member: &Member) -> &[f64] {
        let start = member.row as usize * self.width;
        &self.covariates[start..start + self.width]
    }

    /// The members in the order of their times, those who left first; equal ones by what else
    /// tells them apart, so that sums do not depend on the order of rows.
    pub(super) fn in_order(&self, host: H) -> Vec<Member, H> {
        let mut pace = Pace::new(&host);
        let mut members = Vec::with_capacity_in(self.members.len(), host.clone());
        members.extend_from_slice(&self.members);
        members.sort_unstable_by(|a, b| {
            pace.step(1);
            a.leaving.cmp(&b.leaving).then_with(|| a.entry.cmp(&b.entry)).then_with(|| {
                let pairs = self.covariates(a).iter().zip(self.covariates(b));
                pairs.map(|(a, b)| a.total_cmp(b)).find(|o| o.is_ne()).unwrap_or(Ordering::Equal)
            })
        });
        members
    }
}
