//! Cohorts of memberships: members grouped by the period in which they first joined, and who of them
//! is in at the end of each period after.

mod curve;
mod who;

pub use curve::{MembershipPoint, curve};
pub use who::members_of_cell;

use crate::budget::COHORTS;
use crate::calendar::{Period, Unit, add_months, months_between};
use crate::churn::memberships::MembershipQuestion;
use crate::error::Error;
use crate::host::{Host, Pace, Vec};
use crate::memberships::{Memberships, Spell, malformed};
use crate::numeric::{Estimate, Wilson};
use crate::units::{Units, periods};

/// A cell of the table: one cohort, so many periods after its own.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MembershipCell {
    /// First day of the cohort's period; of periods of days, the day on which its members joined.
    pub cohort: i64,
    /// Periods since the cohort's own, which is 0.
    pub period_number: i64,
    /// Members of the cohort.
    pub members: u64,
    /// Those whose period has ended by `as_of`.
    pub eligible: u64,
    /// Eligible members that are in at its end.
    pub retained: u64,
    /// Retained / eligible, with its interval.
    pub rate: Option<Estimate>,
    /// Members in at its end, or at `as_of` if that comes before.
    pub active: u64,
    /// Has the period ended?
    pub complete: bool,
}

#[derive(Debug)]
struct Cohort<H: Host> {
    members: u64,
    /// By how much more members are in at the end of a period than at the end of the one before.
    steps: Vec<i64, H>,
}

/// Periods since a member's own first day.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Since {
    Days(i64),
    Months(i64),
}

impl Since {
    /// Those of a question, if it asks for such.
    pub(crate) fn of(period: Period) -> Option<Self> {
        match period {
            Period::Days(days) => Some(Since::Days(i64::from(days))),
            Period::Months(months) => Some(Since::Months(i64::from(months))),
            Period::Calendar(_) | Period::Hours(_) => None,
        }
    }

    /// The period that holds a day.
    pub(crate) fn number(self, since: i64, day: i64) -> i64 {
        match self {
            Since::Days(days) => (day - since).div_euclid(days),
            Since::Months(months) => months_between(since, day).div_euclid(months),
        }
    }

    /// The first day of a period.
    pub(crate) fn begin(self, since: i64, n: i64) -> i64 {
        match self {
            Since::Days(days) => since + n * days,
            Since::Months(months) => add_months(since, n * months),
        }
    }
}

/// A cohort table: counted, and ready to be read cell by cell.
#[derive(Debug)]
pub struct MembershipTable<H: Host> {
    /// What the members of a cohort have joined in.
    units: Units,
    origin: i64,
    /// Periods since the day of joining; by default those of the calendar.
    since: Option<Since>,
    as_of: i64,
    cohorts: Vec<Cohort<H>, H>,
    cells: usize,
    wilson: Wilson,
    host: H,
}

/// The cohort table of the days on which members first joined.
pub fn cohorts<H: Host>(
    memberships: &Memberships<'_, H>,
    question: &MembershipQuestion,
    host: H,
) -> Result<MembershipTable<H>, Error> {
    let pace_host = host.clone();
    let mut table = MembershipTable::empty(memberships, question, host)?;
    let mut pace = Pace::new(&pace_host);
    let mut walk = memberships.walk()?;
    while let Some((_, spells)) = walk.next_member()? {
        pace.step(1 + spells.len());
        table.count(spells)?;
    }
    Ok(table)
}

impl<H: Host> MembershipTable<H> {
    /// Nobody is counted yet.
    fn empty(
        memberships: &Memberships<'_, H>,
        question: &MembershipQuestion,
        host: H,
    ) -> Result<Self, Error> {
        let wilson = Wilson::new(question.confidence)?;
        let first = memberships.first()?;
        let as_of = question.as_of.map_or_else(|| memberships.last(), Ok)?;
        let since = Since::of(question.period);
        let units = match since {
            Some(_) => Units::Calendar(Unit::DAY),
            None => Units::new(question.period, as_of)?,
        };
        let mut cohorts = Vec::new_in(host.clone());
        cohorts.resize_with(periods(units, first, as_of)?, || Cohort {
            members: 0,
            steps: Vec::new_in(host.clone()),
        });
        let origin = units.of_day(first);
        Ok(MembershipTable { units, origin, since, as_of, cohorts, cells: 0, wilson, host })
    }

    /// The period that holds a day, counted from that of `since`.
    fn number(&self, since: i64, day: i64) -> usize {
        let number = match self.since {
            Some(periods) => periods.number(since, day),
            None => self.units.of_day(day) - self.units.of_day(since),
        };
        usize::try_from(number).unwrap_or(0)
    }

    /// The last day of the n-th period of who has joined in a unit.
    fn last_day(&self, unit: i64, n: i64) -> i64 {
        match self.since {
            Some(since) => since.begin(self.units.first_day(unit), n + 1) - 1,
            None => self.units.last_day(unit + n),
        }
    }

    fn count(&mut self, spells: &[Spell]) -> Result<(), Error> {
        let Some(since) = spells.first().map(|spell| spell.joined).filter(|day| *day <= self.as_of)
        else {
            return Ok(());
        };
        let cohort = usize::try_from(self.units.of_day(since) - self.origin).unwrap_or(0);
        if cohort >= self.cohorts.len() {
            return Err(malformed("their first day is not where their spells are"));
        }
        if self.cohorts[cohort].members == 0 {
            let len = self.number(since, self.as_of) + 1;
            self.cells = self.cells.saturating_add(len);
            COHORTS.check(self.cells, size_of::<i64>())?;
            self.host.poll();
            self.cohorts[cohort].steps.resize(len, 0);
        }
        self.cohorts[cohort].members += 1;
        for spell in spells.iter().take_while(|spell| spell.joined <= self.as_of) {
            // At the end of the period that holds its end, the member is out.
            let joined = self.number(since, spell.joined);
            let ended = spell.ended.filter(|ended| *ended <= self.as_of);
            let ended = ended.map(|ended| self.number(since, ended));
            let steps = &mut self.cohorts[cohort].steps;
            steps[joined] += 1;
            if let Some(ended) = ended {
                steps[ended] -= 1;
            }
        }
        Ok(())
    }

    /// Its cells, by cohort and period: dense from each cohort's own period to that of `as_of`.
    pub fn cells(&self) -> impl Iterator<Item = MembershipCell> {
        (self.origin..).zip(&self.cohorts).flat_map(move |(unit, cohort)| {
            let start = self.units.first_day(unit);
            (0..).zip(&cohort.steps).scan(0i64, move |inside, (n, step)| {
                *inside += step;
                let last = self.last_day(unit, n);
                let (active, complete) = (*inside as u64, last <= self.as_of);
                let (eligible, retained) = if complete { (cohort.members, active) } else { (0, 0) };
                let rate = self.wilson.share(retained, eligible);
                Some(MembershipCell {
                    cohort: start,
                    period_number: n,
                    members: cohort.members,
                    eligible,
                    retained,
                    rate,
                    active,
                    complete,
                })
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Grain;
    use crate::host::{Global, testing::stops};
    use crate::memberships::testing::{build, given, spells};
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn agrees_with_looking_at_the_ends_of_periods(
            given in given(),
            days in prop::option::of(1..12u32),
            months in prop::option::of(1..3u32),
            as_of in prop::option::of(-5..70i64),
        ) {
            let history = build(&given).unwrap();
            let found = spells(&history);
            let memberships = Memberships::new(history.view());
            let own = months.map(Period::Months).or(days.map(Period::Days));
            let period = own.unwrap_or(Period::Calendar(Grain::Week.into()));
            let question = MembershipQuestion { period, as_of, confidence: 0.95 };
            let table = cohorts(&memberships, &question, Global).unwrap();
            let as_of = as_of.unwrap_or(memberships.last().unwrap());
            let week = |day: i64| Grain::Week.first_day(Grain::Week.of_day(day));

            let mut sizes = BTreeMap::new();
            for stretches in found.values().filter(|s| s[0].joined <= as_of) {
                let since = stretches[0].joined;
                let cohort = if own.is_some() { since } else { week(since) };
                sizes.entry(cohort).or_insert(std::vec::Vec::new()).push(stretches);
            }
            let mut expected = std::vec::Vec::new();
            for (cohort, members) in &sizes {
                let begin = |n: i64| match own {
                    Some(Period::Months(months)) => add_months(*cohort, n * i64::from(months)),
                    _ => cohort + n * days.map_or(7, i64::from),
                };
                for n in (0..).take_while(|n| begin(*n) <= as_of) {
                    let last = begin(n + 1) - 1;
                    let at = last.min(as_of);
                    let active = members.iter().filter(|s| s.iter().any(|spell| spell.holds(at))).count();
                    expected.push((*cohort, n, members.len() as u64, active as u64, last <= as_of));
                }
            }
            let given: std::vec::Vec<_> = table.cells().map(|c| {
                (c.cohort, c.period_number, c.members, c.active, c.complete)
            }).collect();
            prop_assert_eq!(given, expected);
            for cell in table.cells() {
                let ended = u64::from(cell.complete);
                prop_assert_eq!((cell.eligible, cell.retained), (cell.members * ended, cell.active * ended));
                prop_assert_eq!(cell.rate.map(|r| r.value), cell.complete.then(|| cell.active as f64 / cell.members as f64));
            }
        }
    }

    #[test]
    fn stops_when_it_is_cancelled() {
        let given: std::vec::Vec<_> =
            (0..20_000).map(|member| (member, member % 100, None)).collect();
        let history = build(&given).unwrap();
        let question = MembershipQuestion { period: Period::MONTH, as_of: None, confidence: 0.95 };
        assert!(
            stops(|| cohorts(&Memberships::new(history.view()), &question, Global).map(|_| ()))
        );
    }
}
