//! What the likelihood is computed from: members in the order of time, standardised covariates.

use super::fault::Fault;
use super::members::Expanded;
use crate::error::Error;
use crate::host::{Host, Pace, Vec};
use std::ops::Range;

/// Rows by stratum and in the order of time, with covariates whose mean is 0 and whose standard
/// deviation is 1.
///
/// The moments at which somebody left are numbered from 1, stratum by stratum. A row is at risk at
/// those after its `from` and up to its `to`, which are of its stratum.
#[derive(Debug)]
pub(super) struct Design<H: Host> {
    pub(super) width: usize,
    pub(super) covariates: Vec<f64, H>,
    /// Of each covariate.
    pub(super) means: Vec<f64, H>,
    pub(super) deviations: Vec<f64, H>,
    /// For how many members each row stands.
    pub(super) weights: Vec<f64, H>,
    pub(super) spans: Vec<Span, H>,
    pub(super) moments: Vec<Moment, H>,
    /// Rows that enter late, the last to enter first.
    pub(super) late: Vec<u32, H>,
    pub(super) strata: Vec<Stratum, H>,
}

/// Rows among which there is one baseline.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stratum {
    /// Its place in the order of names, from 1; 0: of no stratum.
    pub(super) number: u32,
    /// Its moments are up to this one, from that of the stratum before on.
    pub(super) moments: usize,
    /// Its rows are up to this one.
    rows: usize,
    /// The longest duration.
    pub(super) longest: f64,
}

/// Moments at which a row is at risk.
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

/// A moment at which members leave. Their rows are the first of those whose span ends with it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    pub(super) time: f64,
    pub(super) first: usize,
    /// Rows, and the members that they are.
    pub(super) rows: usize,
    pub(super) leaving: u64,
    /// The rows whose span ends with it are up to this one.
    pub(super) end: usize,
    /// Moments of the strata before.
    pub(super) begins: usize,
    /// Is it the last one of its stratum?
    pub(super) is_last: bool,
}

impl<H: Host> Design<H> {
    pub(super) fn new(data: &Expanded<H>, host: H) -> Result<Self, Fault> {
        let mut pace = Pace::new(&host);
        let (members, width) = (&data.members, data.width);

        let mut moments: Vec<Moment, H> = Vec::new_in(host.clone());
        let mut strata: Vec<Stratum, H> = Vec::new_in(host.clone());
        let mut spans = Vec::with_capacity_in(members.len(), host.clone());
        let mut late = Vec::new_in(host.clone());
        let mut row = 0;
        for stratum in members.chunk_by(|a, b| a.stratum == b.stratum) {
            let (first_row, before) = (row, moments.len());
            for member in stratum {
                pace.step(1);
                row += 1;
                let time = member.leaving.time().value();
                if !member.leaving.churned() {
                    continue;
                }
                match moments.get_mut(before..).and_then(<[Moment]>::last_mut) {
                    Some(moment) if moment.time == time => {
                        moment.rows += 1;
                        moment.leaving += member.weight;
                    }
                    _ => moments.push(Moment {
                        time,
                        first: row - 1,
                        rows: 1,
                        leaving: member.weight,
                        end: 0,
                        begins: before,
                        is_last: false,
                    }),
                }
            }
            let mut end = row;
            for moment in moments.iter_mut().skip(before).rev() {
                pace.step(1);
                moment.is_last = end == row;
                moment.end = end;
                end = moment.first;
            }
            let own = &moments[before..];
            for (i, member) in stratum.iter().enumerate() {
                pace.step(16);
                let until = |time: f64| (before + own.partition_point(|m| m.time <= time)) as u32;
                let entry = member.entry.value();
                let from = if entry > 0.0 { until(entry) } else { before as u32 };
                let span = Span { from, to: until(member.leaving.time().value()) };
                if from > before as u32 && !span.is_empty() {
                    late.push((first_row + i) as u32);
                }
                spans.push(span);
            }
            let longest = stratum.last().map_or(0.0, |member| member.leaving.time().value());
            let number = stratum.first().map_or(0, |member| member.stratum);
            strata.push(Stratum { number, moments: moments.len(), rows: row, longest });
        }
        if moments.is_empty() {
            return Err(Error::bad(
                "nobody left: there is nothing to fit",
                "A regression needs members that left (churned is true); groups without any can be \
                 left out with HAVING bool_or(churned).",
            )
            .into());
        }
        late.sort_unstable_by(|&a: &u32, &b: &u32| {
            pace.step(1);
            let spans: &[Span] = &spans;
            spans[b as usize].from.cmp(&spans[a as usize].from).then(a.cmp(&b))
        });
        let mut weights = Vec::with_capacity_in(members.len(), host.clone());
        for member in members {
            pace.step(1);
            weights.push(member.weight as f64);
        }

        let mut covariates = Vec::with_capacity_in(members.len() * width, host.clone());
        let mut means = Vec::new_in(host.clone());
        means.resize(width, 0.0);
        let mut deviations = means.clone();
        let count = members.iter().map(|member| member.weight).sum::<u64>() as f64;
        // Differences from the first one are exact where all are far from zero, or all the same.
        let first = data.row(&members[0]);
        for (member, weight) in members.iter().zip(&weights) {
            pace.step(width);
            let pairs = data.row(member).iter().zip(first);
            for ((value, first), mean) in pairs.zip(&mut means) {
                covariates.push(value - first);
                *mean += (value - first) / count * weight;
            }
        }
        for (row, weight) in covariates.chunks_exact_mut(width).zip(&weights) {
            pace.step(width);
            for ((value, mean), deviation) in row.iter_mut().zip(&means).zip(&mut deviations) {
                *value -= mean;
                *deviation += *value * *value / count * weight;
            }
        }
        for (i, deviation) in deviations.iter_mut().enumerate() {
            *deviation = deviation.sqrt();
            if !deviation.is_finite() {
                return Err(Fault::Unsquarable(i));
            }
            if *deviation == 0.0 {
                return Err(Fault::Dependent(i));
            }
        }
        for row in covariates.chunks_exact_mut(width) {
            pace.step(width);
            row.iter_mut().zip(&deviations).for_each(|(value, deviation)| *value /= deviation);
        }
        means.iter_mut().zip(first).for_each(|(mean, first)| *mean += first);
        Ok(Design { width, covariates, means, deviations, weights, spans, moments, late, strata })
    }

    pub(super) fn rows(&self) -> usize {
        self.spans.len()
    }

    pub(super) fn row(&self, member: usize) -> &[f64] {
        &self.covariates[member * self.width..(member + 1) * self.width]
    }

    pub(super) fn host(&self) -> &H {
        self.covariates.allocator()
    }

    /// The strata with their moments, by place, and their rows.
    pub(super) fn strata(&self) -> impl Iterator<Item = (Range<usize>, Range<usize>)> {
        self.strata.iter().scan((0, 0), |before, stratum| {
            let ranges = (before.0..stratum.moments, before.1..stratum.rows);
            *before = (stratum.moments, stratum.rows);
            Some(ranges)
        })
    }

    /// Did this member leave?
    pub(super) fn left(&self, member: usize) -> bool {
        let to = self.spans[member].to as usize;
        to.checked_sub(1).is_some_and(|last| {
            let moment = &self.moments[last];
            (moment.first..moment.first + moment.rows).contains(&member)
        })
    }
}
