//! The survival of memberships: how long members stay until they first depart.

use super::tally::Tally;
use crate::calendar::Period;
use crate::cohorts::memberships::Since;
use crate::error::Error;
use crate::history::MemberRef;
use crate::host::{Host, Pace, Vec};
use crate::memberships::{Memberships, Spell};
use crate::survival::{Exit, Return, RiskTable, Tenure};
use crate::units::{Units, periods};

/// What is asked of memberships.
#[derive(Debug, Clone, Copy)]
pub struct DepartureQuestion {
    /// The unit of tenure.
    pub period: Period,
    /// The last day looked at; by default the last on which somebody joined or left.
    pub as_of: Option<i64>,
}

impl DepartureQuestion {
    /// Is it one that can be answered of some memberships?
    pub fn check(&self) -> Result<(), Error> {
        Units::new(self.period, 0).map(|_| ())
    }
}

/// The time from the period in which each member first joined to that in which it first departed.
///
/// Periods are those of the cohorts of memberships: who departs at tenure n is in at the end of n − 1
/// and not at the end of n. Whoever has not departed in a period that has ended by `as_of` is last
/// seen in the last one that has. Of those whose first one has not ended, nothing is known yet: they
/// were at no risk of departing in it, and are left out.
pub fn first_departures<H: Host>(
    memberships: &Memberships<'_, H>,
    question: &DepartureQuestion,
    host: H,
) -> Result<RiskTable<H>, Error> {
    let mut times = Tally::new(&host);
    let stays = Stays::new(memberships, question)?;
    stays.each(memberships, |_, spells| {
        if let Some(time) = spells.first().and_then(|spell| stays.tenure(spell)) {
            times.push(time);
        }
        Ok(())
    })?;
    Ok(risk_table(times, host))
}

/// The same, member by member: what [`first_departures`] counts. Those of whom nothing is known yet
/// have no tenure.
pub fn tenures<'v, H: Host>(
    memberships: &Memberships<'v, H>,
    question: &DepartureQuestion,
    mut found: impl FnMut(MemberRef<'v>, Tenure) -> Result<(), Error>,
) -> Result<(), Error> {
    let stays = Stays::new(memberships, question)?;
    stays.each(memberships, |member, spells| {
        let Some(spell) = spells.first() else { return Ok(()) };
        let known = stays.tenure(spell);
        let last_day = spell.ended.map_or(stays.as_of, |ended| stays.as_of.min(ended - 1));
        found(
            member,
            Tenure {
                tenure: known.map(|(tenure, _)| tenure),
                churned: known.is_some_and(|(_, churned)| churned),
                first_day: spell.joined,
                last_day,
            },
        )
    })
}

/// The time from the period in which each member first departed to that in which it joined again; 0
/// if that is the same. Who has not in a period that has ended by `as_of` is last seen in the last one
/// that has.
pub fn returns<H: Host>(
    memberships: &Memberships<'_, H>,
    question: &DepartureQuestion,
    host: H,
) -> Result<RiskTable<H>, Error> {
    let mut times = Tally::new(&host);
    returns_of_members(memberships, question, |_, back| {
        times.push((back.tenure, back.returned));
        Ok(())
    })?;
    Ok(risk_table(times, host))
}

/// The same, member by member: what [`returns`] counts.
pub fn returns_of_members<'v, H: Host>(
    memberships: &Memberships<'v, H>,
    question: &DepartureQuestion,
    mut found: impl FnMut(MemberRef<'v>, Return) -> Result<(), Error>,
) -> Result<(), Error> {
    let stays = Stays::new(memberships, question)?;
    stays.each(memberships, |member, spells| {
        let Some(ended) = spells.first().and_then(|spell| spell.ended) else { return Ok(()) };
        let back = spells.get(1).map(|spell| spell.joined).filter(|day| *day <= stays.as_of);
        // Of a departure whose period has not ended nothing is known yet.
        let Some((tenure, returned)) = stays.outcome(ended, back) else { return Ok(()) };
        let (last_day, lapsed_on) = (ended - 1, ended);
        found(member, Return { tenure, returned, last_day, lapsed_on, returned_on: back })
    })
}

/// Of the times that there are, however long the longest.
fn risk_table<H: Host>(mut times: Tally<(usize, bool), H>, host: H) -> RiskTable<H> {
    let mut pace = Pace::new(&host);
    let mut exits: Vec<Exit, H> = Vec::new_in(host.clone());
    for &((time, is_event), count) in times.settle() {
        pace.step(1);
        let time = time as f64;
        if exits.last().is_none_or(|exit| exit.time < time) {
            exits.push(Exit { time, events: 0, censored: 0 });
        }
        if let Some(exit) = exits.last_mut() {
            exit.add(is_event, count);
        }
    }
    RiskTable::new(exits, Vec::new_in(host.clone()))
}

/// How stays are counted in periods.
struct Stays {
    as_of: i64,
    periods: Numbers,
}

/// How periods are numbered.
enum Numbers {
    /// Stretches count from each member's own day.
    Own(Since),
    /// All others are of the calendar.
    Shared(Units),
}

impl Stays {
    fn new<H: Host>(
        memberships: &Memberships<'_, H>,
        question: &DepartureQuestion,
    ) -> Result<Self, Error> {
        let first = memberships.first()?;
        let as_of = question.as_of.map_or_else(|| memberships.last(), Ok)?;
        let numbers = match Since::of(question.period) {
            Some(since) => Numbers::Own(since),
            None => {
                let units = Units::new(question.period, as_of)?;
                periods(units, first, as_of)?;
                Numbers::Shared(units)
            }
        };
        Ok(Stays { as_of, periods: numbers })
    }

    /// The number of the period that holds a day, from the one that holds another.
    fn number(&self, since: i64, day: i64) -> i64 {
        match &self.periods {
            Numbers::Own(periods) => periods.number(since, day),
            Numbers::Shared(units) => units.of_day(day) - units.of_day(since),
        }
    }

    /// Periods from a day until another one on which something happens, or until the last look. None
    /// if the first one has not ended and nothing is known.
    fn outcome(&self, since: i64, happens: Option<i64>) -> Option<(usize, bool)> {
        // The first period that has not ended.
        let running = self.number(since, self.as_of + 1);
        let number = happens.map(|day| self.number(since, day));
        let number = number.filter(|number| *number < running);
        let time = usize::try_from(number.unwrap_or(running - 1)).ok()?;
        Some((time, number.is_some()))
    }

    fn tenure(&self, spell: &Spell) -> Option<(usize, bool)> {
        self.outcome(spell.joined, spell.ended)
    }

    /// Members that joined by `as_of`, with their spells.
    fn each<'v, H: Host>(
        &self,
        memberships: &Memberships<'v, H>,
        mut found: impl FnMut(MemberRef<'v>, &[Spell]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let host = memberships.host().clone();
        let mut pace = Pace::new(&host);
        let mut walk = memberships.walk()?;
        while let Some((member, spells)) = walk.next_member()? {
            pace.step(1 + spells.len());
            if spells.first().is_some_and(|spell| spell.joined <= self.as_of) {
                found(member, spells)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::{Grain, add_months};
    use crate::host::{Global, testing::stops};
    use crate::memberships::testing::{build, given, spells};
    use crate::survival::{Intervals, Scale};
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]
        #[test]
        fn agrees_with_looking_at_the_end_of_every_period(
            given in given(),
            period in prop_oneof![
                Just(Period::MONTH), Just(Period::Calendar(Grain::Week.into())), (1..12u32).prop_map(Period::Days),
                (1..3u32).prop_map(Period::Months),
            ],
            as_of in prop::option::of(-5..90i64),
        ) {
            let history = build(&given).unwrap();
            let found = spells(&history);
            let memberships = Memberships::new(history.view());
            let risk_table = first_departures(&memberships, &DepartureQuestion { period, as_of }, Global).unwrap();
            let as_of = as_of.unwrap_or(memberships.last().unwrap());
            let mut expected = BTreeMap::new();
            for stay in found.values().map(|spells| spells[0]).filter(|stay| stay.joined <= as_of) {
                let last_day = |n: i64| match period {
                    Period::Days(days) => stay.joined + (n + 1) * i64::from(days) - 1,
                    Period::Months(months) => add_months(stay.joined, (n + 1) * i64::from(months)) - 1,
                    Period::Calendar(grain) => grain.last_day(grain.of_day(stay.joined) + n),
                    Period::Hours(_) => unreachable!(),
                };
                let n = (0..).find(|&n| last_day(n) > as_of || !stay.holds(last_day(n))).unwrap();
                let churned = last_day(n) <= as_of;
                if n == 0 && !churned {
                    continue; // Its first period has not ended.
                }
                let tenure = if churned { n } else { n - 1 };
                let counts: &mut (u64, u64) = expected.entry(tenure).or_default();
                if churned { counts.0 += 1 } else { counts.1 += 1 }
            }
            let steps = risk_table.curve(Intervals::new(0.95, Scale::default()).unwrap());
            let steps: std::vec::Vec<_> =
                steps.map(|step| (step.tenure as i64, (step.events, step.censored))).collect();
            prop_assert_eq!(steps, expected.into_iter().collect::<std::vec::Vec<_>>());
        }
    }

    #[test]
    fn stops_when_it_is_cancelled() {
        let given: std::vec::Vec<_> =
            (0..20_000).map(|member| (member, member % 100, None)).collect();
        let history = build(&given).unwrap();
        let memberships = Memberships::new(history.view());
        let question = DepartureQuestion { period: Period::MONTH, as_of: None };
        assert!(stops(|| first_departures(&memberships, &question, Global)));
    }
}
