//! The survival of memberships: how long members stay until they first depart.

use crate::calendar::Period;
use crate::cohorts::memberships::Since;
use crate::error::Error;
use crate::host::{Host, Pace, Vec};
use crate::memberships::Memberships;
use crate::survival::{Course, Exit};
use crate::units::{Units, periods};

/// What is asked of memberships.
#[derive(Debug, Clone, Copy)]
pub struct Question {
    /// The unit of tenure.
    pub period: Period,
    /// The last day looked at; by default the last on which somebody joined or left.
    pub as_of: Option<i64>,
}

impl Question {
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
    question: &Question,
    host: H,
) -> Result<Course<H>, Error> {
    let first = memberships.first()?;
    let as_of = question.as_of.map_or_else(|| memberships.last(), Ok)?;
    // Stretches count from each member's own first day, all others are of the calendar.
    let number: &dyn Fn(i64, i64) -> i64 = match Since::of(question.period) {
        Some(periods) => &move |since, day| periods.number(since, day),
        None => {
            let units = Units::new(question.period, as_of)?;
            periods(units, first, as_of)?;
            &move |since, day| units.of_day(day) - units.of_day(since)
        }
    };
    let mut exits: Vec<Exit, H> = Vec::new_in(host.clone());
    let mut pace = Pace::new(&host);
    let mut walk = memberships.walk()?;
    while let Some((_, spells)) = walk.next_member()? {
        pace.step(1 + spells.len());
        let Some(spell) = spells.first().filter(|spell| spell.joined <= as_of) else { continue };
        // The first period that has not ended.
        let running = number(spell.joined, as_of + 1);
        let departed = spell.ended.map(|ended| number(spell.joined, ended));
        let churned = departed.filter(|departed| *departed < running);
        let Ok(tenure) = usize::try_from(churned.unwrap_or(running - 1)) else { continue };
        if exits.len() <= tenure {
            let next = exits.len()..=tenure;
            exits.extend(next.map(|n| Exit { time: n as f64, events: 0, censored: 0 }));
        }
        exits[tenure].add(churned.is_some(), 1);
    }
    exits.retain(|exit| exit.events + exit.censored > 0);
    Ok(Course::new(exits, Vec::new_in(host)))
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
            let course = first_departures(&memberships, &Question { period, as_of }, Global).unwrap();
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
            let steps = course.curve(Intervals::new(0.95, Scale::default()).unwrap());
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
        let question = Question { period: Period::MONTH, as_of: None };
        assert!(stops(|| first_departures(&memberships, &question, Global)));
    }
}
