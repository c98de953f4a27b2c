//! What the likelihood is computed from: members in the order of time, standardised covariates.

use super::members::Members;
use crate::error::Error;
use crate::host::{Host, Pace, Vec};

/// Members in the order of time, with covariates whose mean is 0 and whose standard deviation is 1.
///
/// The moments at which somebody left are numbered from 1. A member is at risk at those after its
/// `from` and up to its `to`.
#[derive(Debug)]
pub(super) struct Design<H: Host> {
    pub(super) width: usize,
    pub(super) covariates: Vec<f64, H>,
    /// Of each covariate.
    pub(super) means: Vec<f64, H>,
    pub(super) deviations: Vec<f64, H>,
    pub(super) spans: Vec<Span, H>,
    pub(super) moments: Vec<Moment, H>,
    /// Members that enter late, the last to enter first.
    pub(super) late: Vec<u32, H>,
    /// The longest duration.
    pub(super) longest: f64,
}

/// Moments at which a member is at risk.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) from: u32,
    pub(super) to: u32,
}

impl Span {
    pub(super) fn is_empty(self) -> bool {
        self.from >= self.to
    }
}

/// A moment at which members leave. They are the first of those whose span ends with it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    pub(super) time: f64,
    pub(super) first: usize,
    pub(super) leaving: usize,
}

impl<H: Host> Design<H> {
    pub(super) fn new(data: &Members<H>, host: H) -> Result<Self, Error> {
        let mut pace = Pace::new(&host);
        let (members, width) = (data.in_order(host.clone()), data.width());

        let mut moments: Vec<Moment, H> = Vec::new_in(host.clone());
        for (i, member) in members.iter().enumerate() {
            pace.step(1);
            if !member.leaving.churned() {
                continue;
            }
            let time = member.leaving.time().value();
            match moments.last_mut() {
                Some(moment) if moment.time == time => moment.leaving += 1,
                _ => moments.push(Moment { time, first: i, leaving: 1 }),
            }
        }
        if moments.is_empty() {
            return Err(Error::bad(
                "nobody left: there is nothing to fit",
                "A regression needs members that left (churned is true); groups without any can be \
                 left out with HAVING bool_or(churned).",
            ));
        }
        let mut spans = Vec::with_capacity_in(members.len(), host.clone());
        let mut late = Vec::new_in(host.clone());
        for (i, member) in members.iter().enumerate() {
            pace.step(1);
            let until = |time: f64| moments.partition_point(|m| m.time <= time) as u32;
            let entry = member.entry.value();
            let from = if entry > 0.0 { until(entry) } else { 0 };
            let span = Span { from, to: until(member.leaving.time().value()) };
            if from > 0 && !span.is_empty() {
                late.push(i as u32);
            }
            spans.push(span);
        }
        late.sort_unstable_by(|&a, &b| {
            pace.step(1);
            spans[b as usize].from.cmp(&spans[a as usize].from).then(a.cmp(&b))
        });

        let mut covariates = Vec::with_capacity_in(members.len() * width, host.clone());
        let mut means = Vec::new_in(host.clone());
        means.resize(width, 0.0);
        let mut deviations = means.clone();
        let count = members.len() as f64;
        // Differences from the first one are exact where all are far from zero, or all the same.
        let first = data.covariates(&members[0]);
        for member in &members {
            pace.step(width);
            let pairs = data.covariates(member).iter().zip(first);
            for ((value, first), mean) in pairs.zip(&mut means) {
                covariates.push(value - first);
                *mean += (value - first) / count;
            }
        }
        for row in covariates.chunks_exact_mut(width) {
            pace.step(width);
            for ((value, mean), deviation) in row.iter_mut().zip(&means).zip(&mut deviations) {
                *value -= mean;
                *deviation += *value * *value / count;
            }
        }
        for (i, deviation) in deviations.iter_mut().enumerate() {
            *deviation = deviation.sqrt();
            if !deviation.is_finite() {
                return Err(Error::OutOfRange {
                    what: "covariate",
                    given: format!("the squares of number {} are not finite", i + 1),
                    hint: "Divide the covariate by a number of its size.",
                });
            }
            if *deviation == 0.0 {
                return Err(dependent(i));
            }
        }
        for row in covariates.chunks_exact_mut(width) {
            pace.step(width);
            row.iter_mut().zip(&deviations).for_each(|(value, deviation)| *value /= deviation);
        }
        means.iter_mut().zip(first).for_each(|(mean, first)| *mean += first);
        let longest = members.last().map_or(0.0, |member| member.leaving.time().value());
        Ok(Design { width, covariates, means, deviations, spans, moments, late, longest })
    }

    pub(super) fn members(&self) -> usize {
        self.spans.len()
    }

    pub(super) fn row(&self, member: usize) -> &[f64] {
        &self.covariates[member * self.width..(member + 1) * self.width]
    }

    pub(super) fn host(&self) -> &H {
        self.covariates.allocator()
    }

    /// The members whose spans end with a moment (from 1), or before the first one (0).
    pub(super) fn ending(&self, moment: usize) -> std::ops::Range<usize> {
        let first = |number: usize| self.moments.get(number).map_or(self.members(), |m| m.first);
        moment.checked_sub(1).map_or(0, first)..first(moment)
    }

    /// Did this member leave?
    pub(super) fn left(&self, member: usize) -> bool {
        let to = self.spans[member].to as usize;
        to.checked_sub(1).is_some_and(|last| {
            let moment = &self.moments[last];
            member < moment.first + moment.leaving
        })
    }
}

/// The error for a covariate that says nothing that those before it do not.
pub(super) fn dependent(covariate: usize) -> Error {
    Error::bad(
        format!(
            "covariate {} is constant, or a linear combination of those before it",
            covariate + 1
        ),
        "Leave it out; of the indicators of all values of a column, leave out one.",
    )
}
