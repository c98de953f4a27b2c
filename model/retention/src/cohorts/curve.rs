//! The retention curve: the cells of all cohorts, pooled by period.

use super::entries::{Ground, Sink, Subject};
use super::length::Span;
use super::modes::{Marks, Tally};
use super::{CohortQuestion, Entry, add_up};
use crate::amount::divide;
use crate::budget::{MAX_PERIODS, PERIODS};
use crate::calendar::Zone;
use crate::error::Error;
use crate::history::MemberRef;
use crate::host::{Host, Pace, Vec};
use crate::numeric::{Estimate, Wilson, effective_trials};

/// A point of the curve: so many periods after the entry, whenever that was.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CurvePoint {
    /// Periods since the entry's own, which is 0; of a bracket, its first period.
    pub period_number: i64,
    /// Entries whose period has begun by `as_of`.
    pub members: u64,
    /// Those whose period has ended.
    pub eligible: u64,
    /// Eligible ones that count.
    pub retained: u64,
    /// Retained / eligible, with its interval.
    pub rate: Option<Estimate>,
    /// What the eligible ones spent in it, divided by their number, in millionths.
    pub amount_per_member: Option<i128>,
    /// Trials in which each counts once and that are as good as the eligible.
    pub(super) effective: f64,
}

/// A retention curve: counted, and ready to be read point by point.
#[derive(Debug)]
pub struct Curve<'q, H: Host> {
    question: CohortQuestion<'q>,
    wilson: Wilson,
    begun: Vec<u64, H>,
    ended: Vec<u64, H>,
    retained: Vec<u64, H>,
    amounts: Vec<i128, H>,
    /// Where members enter more than once.
    clusters: Vec<Cluster, H>,
}

/// How the entries and successes of a point are spread over members.
#[derive(Debug, Clone, Copy, Default)]
struct Cluster {
    members: u64,
    successes_squared: u128,
    products: u128,
    entries_squared: u128,
}

/// The retention curve of a subject; none if nobody can have entered.
pub fn curve<'q, Z: Zone, H: Host>(
    subject: Subject<'_, Z, H>,
    question: &CohortQuestion<'q>,
    host: H,
) -> Result<Option<Curve<'q, H>>, Error> {
    let Some(mut ground) = Ground::new(subject, question, host.clone())? else {
        return Ok(None);
    };
    let points = ground.longest(question);
    PERIODS.check_limit(points, MAX_PERIODS)?;
    let mut curve = Curve {
        question: *question,
        wilson: Wilson::new(question.confidence)?,
        begun: zeros(points, &host),
        ended: zeros(points, &host),
        retained: zeros(points, &host),
        amounts: zeros(if subject.has_amounts() { points } else { 0 }, &host),
        clusters: Vec::new_in(host.clone()),
    };
    let is_plain = question.is_plain();
    if question.entry == Entry::Recurring {
        curve.clusters.resize(points, Cluster::default());
        let (entries, successes) = (zeros(points, &host), zeros(points, &host));
        let pace = Pace::new(&host);
        let mut members =
            Members { curve: &mut curve, is_plain, entries, successes, used: 0, pace };
        ground.follow(subject, question, &mut members)?;
    } else {
        ground.follow(subject, question, &mut curve)?;
        if !is_plain {
            add_up(&mut curve.retained);
        }
    }
    add_up(&mut curve.begun);
    if question.entry != Entry::Recurring {
        add_up(&mut curve.ended);
    }
    Ok(Some(curve))
}

fn zeros<T: Copy + Default, H: Host>(len: usize, host: &H) -> Vec<T, H> {
    let mut zeros = Vec::with_capacity_in(len, host.clone());
    zeros.resize(len, T::default());
    zeros
}

fn count_up_to(steps: &mut [u64], cell: usize) {
    Tally { counts: steps, amounts: &mut [], end: cell }.range(0..cell);
}

/// Members enter once: theirs are the entries.
impl<H: Host> Sink for Curve<'_, H> {
    type Marks<'s>
        = Tally<'s>
    where
        Self: 's;

    fn enter(
        &mut self,
        _: usize,
        cells: Span,
        _: impl FnOnce() -> Span,
    ) -> Result<Option<Tally<'_>>, Error> {
        count_up_to(&mut self.begun, cells.begun);
        count_up_to(&mut self.ended, cells.ended);
        let (counts, amounts) = (&mut self.retained, &mut self.amounts);
        Ok(Some(Tally { counts, amounts, end: cells.ended }))
    }
}

/// Members enter more than once: first each by itself, then all.
struct Members<'c, 'q, 'h, H: Host> {
    curve: &'c mut Curve<'q, H>,
    is_plain: bool,
    /// Of the present member, in steps: its entries whose cell has ended,
    entries: Vec<u64, H>,
    /// and those of them that count; in a plain question not in steps.
    successes: Vec<u64, H>,
    /// Cells of which there is something in these.
    used: usize,
    pace: Pace<'h, H>,
}

impl<H: Host> Sink for Members<'_, '_, '_, H> {
    type Marks<'s>
        = Tally<'s>
    where
        Self: 's;

    fn enter(
        &mut self,
        _: usize,
        cells: Span,
        _: impl FnOnce() -> Span,
    ) -> Result<Option<Tally<'_>>, Error> {
        count_up_to(&mut self.curve.begun, cells.begun);
        count_up_to(&mut self.entries, cells.ended);
        self.used = self.used.max(cells.ended);
        let (counts, amounts) = (&mut self.successes, &mut self.curve.amounts);
        Ok(Some(Tally { counts, amounts, end: cells.ended }))
    }

    fn leave(&mut self, _: MemberRef<'_>) -> Result<(), Error> {
        self.pace.step(self.used);
        let curve = &mut *self.curve;
        let (mut entries, mut successes) = (0u64, 0u64);
        for cell in 0..self.used {
            entries = entries.wrapping_add(std::mem::take(&mut self.entries[cell]));
            let step = std::mem::take(&mut self.successes[cell]);
            successes = if self.is_plain { step } else { successes.wrapping_add(step) };
            curve.ended[cell] += entries;
            curve.retained[cell] += successes;
            let (entries, successes) = (u128::from(entries), u128::from(successes));
            let cluster = &mut curve.clusters[cell];
            cluster.members += 1;
            cluster.successes_squared += successes * successes;
            cluster.products += successes * entries;
            cluster.entries_squared += entries * entries;
        }
        // Where the last steps lead to.
        for steps in [&mut self.entries, &mut self.successes] {
            if let Some(step) = steps.get_mut(self.used) {
                *step = 0;
            }
        }
        self.used = 0;
        Ok(())
    }
}

impl<H: Host> Curve<'_, H> {
    /// Its points, from the period of the entry on, up to the last that has begun for somebody.
    pub fn points(&self) -> impl Iterator<Item = CurvePoint> {
        let cells = self.question.cells();
        let begun = self.begun.iter().take_while(|begun| **begun > 0).enumerate();
        begun.map(move |(i, &members)| {
            let (eligible, retained) = (self.ended[i], self.retained[i]);
            let effective = self.clusters.get(i).map_or(eligible as f64, |cluster| {
                let rate = retained as f64 / eligible as f64;
                let residual = cluster.successes_squared as f64
                    - 2.0 * rate * cluster.products as f64
                    + rate * rate * cluster.entries_squared as f64;
                effective_trials(retained, eligible, cluster.members, residual)
            });
            let rate = (eligible > 0)
                .then(|| self.wilson.share_of(retained as f64 / eligible as f64, effective));
            let amount = self.amounts.get(i).copied();
            CurvePoint {
                period_number: cells.number(i),
                members,
                eligible,
                retained,
                rate,
                amount_per_member: amount.and_then(|sum| divide(sum, i128::from(eligible))),
                effective,
            }
        })
    }

    /// The interval of its rates.
    pub(super) fn wilson(&self) -> Wilson {
        self.wilson
    }
}
