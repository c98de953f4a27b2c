//! Cohorts: members grouped by the period in which they began, and who of them came back when.

use crate::axis::Axis;
use crate::calendar::{Period, Zone};
use crate::error::{Error, Malformed};
use crate::history::{Columns, MemberRef, Meta, Timeline, View, Walk};
use crate::host::{Host, Pace, Vec};
use crate::numeric::Wilson;

/// Cells of a table beyond which a longer period is asked for.
const MAX_CELLS: usize = 1 << 25;

/// What is asked of a cohort table.
#[derive(Debug, Clone, Copy)]
pub struct Question {
    /// The length of cohorts and of the periods after them.
    pub period: Period,
    /// The last day looked at; by default that of the last event.
    pub as_of: Option<i64>,
    /// Probability of the intervals.
    pub confidence: f64,
}

/// Checks the mode of retention: only 'on' yet.
pub fn check_mode(mode: &str) -> Result<(), Error> {
    check_word("mode", mode, "on", &["on or after", "on or before", "streak"])
}

/// Checks how members enter: 'first', or 'starts' (a history of starts). True for 'starts'.
pub fn check_entry(entry: &str) -> Result<bool, Error> {
    if entry.eq_ignore_ascii_case("starts") {
        return Ok(true);
    }
    check_word("entry", entry, "first", &["recurring"]).map(|()| false)
}

fn check_word(what: &'static str, given: &str, now: &str, later: &[&str]) -> Result<(), Error> {
    let is = |word: &&str| word.eq_ignore_ascii_case(given);
    let (valid, instead) = match what {
        "mode" => ("on", "Use mode 'on'."),
        _ => ("first, starts", "Use entry 'first' or 'starts'."),
    };
    if is(&now) {
        Ok(())
    } else if later.iter().any(is) {
        Err(Error::NotYet { what: format!("{what} \"{given}\""), instead })
    } else {
        Err(Error::UnknownName { what, given: given.to_string(), valid })
    }
}

/// A cell of the table: one cohort, so many periods after its own.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cell {
    /// First day of the cohort's period.
    pub cohort: i64,
    /// Periods since the cohort's own, which is 0.
    pub period_number: i64,
    /// Members of the cohort.
    pub members: u64,
    /// Those whose period has ended by `as_of`.
    pub eligible: u64,
    /// Eligible members that were active in it.
    pub retained: u64,
    /// Retained / eligible, with its interval.
    pub rate: Option<(f64, f64, f64)>,
    /// Members active in it so far, running periods included.
    pub active: u64,
    /// What they spent in it, in millionths; none if the history has no amounts.
    pub amount: Option<i128>,
    /// Has the period ended for every member?
    pub complete: bool,
}

/// One cohort while it is counted: its size, and per period since its own the active members and
/// their amounts.
#[derive(Debug)]
struct Cohort<H: Host> {
    members: u64,
    active: Vec<u64, H>,
    amounts: Vec<i128, H>,
}

/// A cohort table: counted, and ready to be read cell by cell.
#[derive(Debug)]
pub struct Table<'z, Z, H: Host> {
    axis: Axis<'z, Z, H>,
    /// The period of the first cohort, on the axis.
    from: i64,
    /// By period; those without members have no cells.
    cohorts: Vec<Cohort<H>, H>,
    cells: usize,
    has_amounts: bool,
    wilson: Wilson,
    host: H,
}

impl<'z, Z: Zone, H: Host> Table<'z, Z, H> {
    /// A table of so many cohorts.
    fn new(
        axis: Axis<'z, Z, H>,
        from: i64,
        periods: usize,
        has_amounts: bool,
        wilson: Wilson,
        host: H,
    ) -> Self {
        let mut cohorts = Vec::with_capacity_in(periods, host.clone());
        cohorts.resize_with(periods, || Cohort {
            members: 0,
            active: Vec::new_in(host.clone()),
            amounts: Vec::new_in(host.clone()),
        });
        Table { axis, from, cohorts, cells: 0, has_amounts, wilson, host }
    }

    /// One more member of a cohort. Its ticks from `from_tick` on count, if it has any.
    fn enter(
        &mut self,
        cohort: usize,
        from_tick: i64,
        timeline: Option<&Timeline<H>>,
    ) -> Result<(), Error> {
        let start = self.from + cohort as i64;
        let len = self.cohorts.len() - cohort;
        let cohort = &mut self.cohorts[cohort];
        if cohort.members == 0 {
            self.cells += len;
            check_size(self.cells)?;
            self.host.poll();
            cohort.active.resize(len, 0);
            cohort.amounts.resize(if self.has_amounts { len } else { 0 }, 0);
        }
        cohort.members += 1;
        match timeline {
            Some(timeline) => cohort.count(&mut self.axis, timeline, from_tick, start),
            None => Ok(()),
        }
    }

    /// Its cells, by cohort and period: dense from each cohort's own period to that of `as_of`.
    pub fn cells(&self) -> impl Iterator<Item = Cell> {
        (self.from..).zip(&self.cohorts).flat_map(move |(start, cohort)| {
            (0..).zip(&cohort.active).map(move |(n, &active)| {
                let complete = self.axis.is_complete(start + n);
                let (eligible, retained) = if complete { (cohort.members, active) } else { (0, 0) };
                let rate = (eligible > 0).then(|| {
                    let (low, high) = self.wilson.interval(retained, eligible);
                    (retained as f64 / eligible as f64, low, high)
                });
                Cell {
                    cohort: self.axis.first_day(start),
                    period_number: n,
                    members: cohort.members,
                    eligible,
                    retained,
                    rate,
                    active,
                    amount: cohort.amounts.get(n as usize).copied(),
                    complete,
                }
            })
        })
    }
}

fn check_size(cells: usize) -> Result<(), Error> {
    if cells <= MAX_CELLS {
        return Ok(());
    }
    Err(Error::TooLarge {
        what: "the cohort table (its limit is 33 million cells)",
        hint: "Take a longer period or an earlier as_of.",
    })
}

impl<H: Host> Cohort<H> {
    /// Counts a member's ticks from its start on; `start` is the period of this cohort.
    fn count<Z: Zone>(
        &mut self,
        axis: &mut Axis<'_, Z, H>,
        timeline: &Timeline<H>,
        from_tick: i64,
        start: i64,
    ) -> Result<(), Error> {
        let mut previous = usize::MAX;
        let begin = timeline.ticks().partition_point(|&tick| tick < from_tick);
        for (i, &tick) in timeline.ticks().iter().enumerate().skip(begin) {
            let Some(period) = axis.period(tick)? else {
                break;
            };
            let n = usize::try_from(period as i64 - start);
            let n = n.map_err(|_| Malformed("an event is before its cohort"))?;
            if n != previous {
                self.active[n] += 1;
                previous = n;
            }
            if let (Some(sum), Some(amount)) = (self.amounts.get_mut(n), timeline.amount(i)) {
                *sum += i128::from(amount);
            }
        }
        Ok(())
    }
}

/// The cohort table of members' first events. There is a cohort for every period in which a member
/// began.
pub fn by_first<'z, H: Host, Z: Zone>(
    view: &View<'_, H>,
    zone: &'z Z,
    question: &Question,
    host: H,
) -> Result<Table<'z, Z, H>, Error> {
    let wilson = Wilson::new(question.confidence)?;
    let axis = Axis::new(view.meta, zone, question.period, question.as_of, &host)?;
    let periods = axis.len;
    let mut table = Table::new(axis, 0, periods, view.has_amounts(), wilson, host.clone());
    let mut pace = Pace::new(&host);
    let mut walk = view.walk_over(Columns::AMOUNTS)?;
    while let Some((_, timeline)) = walk.next_member()? {
        pace.step(1 + timeline.ticks().len());
        let Some(&first) = timeline.ticks().first() else {
            continue;
        };
        let Some(cohort) = table.axis.period(first)? else {
            continue;
        };
        table.enter(cohort, first, Some(timeline))?;
    }
    Ok(table)
}

/// The cohort table of members' starts, which another history holds: of the same grain, and of the
/// same zone. Local dates without a zone go with any, on its calendar. Events before a member's
/// start do not count.
pub fn by_starts<'z, H: Host, Z: Zone>(
    (view, zone): (&View<'_, H>, &'z Z),
    (starts, starts_zone): (&View<'_, H>, &'z Z),
    question: &Question,
    host: H,
) -> Result<Table<'z, Z, H>, Error> {
    let wilson = Wilson::new(question.confidence)?;
    check_starts(view.meta, starts.meta)?;
    let axis = Axis::new(view.meta, zone, question.period, question.as_of, &host)?;
    let mut entries =
        Axis::new(starts.meta, starts_zone, question.period, Some(axis.as_of), &host)?;
    // Cohorts may begin before the first event.
    let from = entries.origin - axis.origin;
    let mut table = Table::new(axis, from, entries.len, view.has_amounts(), wilson, host.clone());
    let mut pace = Pace::new(&host);
    let mut walk = starts.walk_over(Columns::TICKS)?;
    let mut events = Lookup { walk: view.walk_over(Columns::AMOUNTS)? };
    while let Some((member, timeline)) = walk.next_member()? {
        pace.step(1 + timeline.ticks().len());
        let Some(&first) = timeline.ticks().first() else { continue };
        let Some(cohort) = entries.period(first)? else { continue };
        table.enter(cohort, first, events.find(member, &mut pace)?)?;
    }
    Ok(table)
}

fn check_starts<H: Host>(events: &Meta<H>, starts: &Meta<H>) -> Result<(), Error> {
    let mut starts = starts.clone();
    let one_has_no_zone = starts.zone().is_empty() || events.zone().is_empty();
    if one_has_no_zone && !events.grain.is_instant() {
        starts.take_zone_of(events);
    }
    events.check_same(&starts)
}

/// Looks members up in a history, in the order of histories.
struct Lookup<'a, H: Host> {
    walk: Walk<'a, H>,
}

impl<H: Host> Lookup<'_, H> {
    fn find(
        &mut self,
        member: MemberRef<'_>,
        pace: &mut Pace<'_, H>,
    ) -> Result<Option<&Timeline<H>>, Error> {
        while self.walk.is_before(member) {
            if let Some((_, timeline)) = self.walk.next_member()? {
                pace.step(1 + timeline.ticks().len());
            }
        }
        if self.walk.is_at(member) {
            return Ok(self.walk.next_member()?.map(|(_, timeline)| timeline));
        }
        Ok(None)
    }
}
