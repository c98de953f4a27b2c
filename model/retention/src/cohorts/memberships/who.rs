//! The members of a cell of the cohort table of memberships.

use super::MembershipTable;
use crate::calendar::date_text;
use crate::churn::memberships::MembershipQuestion;
use crate::error::Error;
use crate::history::MemberRef;
use crate::host::{Host, Pace};
use crate::memberships::Memberships;

/// Calls back with the members that the cell of a cohort and a period number counts as active.
pub fn members_of_cell<H: Host>(
    memberships: &Memberships<'_, H>,
    question: &MembershipQuestion,
    (cohort, period_number): (i64, i64),
    host: H,
    mut tell: impl FnMut(MemberRef<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    let table = MembershipTable::empty(memberships, question, host.clone())?;
    let unit = table.units.of_day(cohort);
    if table.units.first_day(unit) != cohort {
        return Err(Error::bad(
            format!("cohort {} is not the first day of a period", date_text(cohort)),
            "Take a value of the column cohort of cohorts().",
        ));
    }
    if period_number < 0 {
        return Err(Error::bad(
            format!("period_number {period_number} is not 0 or greater"),
            "Take a value of the column period_number of cohorts().",
        ));
    }
    let mut pace = Pace::new(&host);
    let mut walk = memberships.walk()?;
    while let Some((member, spells)) = walk.next_member()? {
        pace.step(1 + spells.len());
        let Some(since) = spells.first().map(|spell| spell.joined) else { continue };
        let is_there = table.units.of_day(since) == unit && since <= table.as_of;
        if !is_there || (table.number(since, table.as_of) as i64) < period_number {
            continue;
        }
        let last = table.last_day(unit, period_number).min(table.as_of);
        if spells.iter().any(|spell| spell.holds(last)) {
            tell(member)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::cohorts;
    use super::*;
    use crate::calendar::Period;
    use crate::host::{Global, testing::stops};
    use crate::memberships::testing::{build, given};
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]
        #[test]
        fn are_as_many_as_the_cell_counts(
            given in given(),
            period in prop_oneof![Just(Period::MONTH), (1..12u32).prop_map(Period::Days)],
            as_of in prop::option::of(-5..70i64),
        ) {
            let history = build(&given).unwrap();
            let memberships = Memberships::new(history.view());
            let question = MembershipQuestion { period, as_of, confidence: 0.95 };
            for cell in cohorts(&memberships, &question, Global).unwrap().cells() {
                let mut found = 0;
                let place = (cell.cohort, cell.period_number);
                members_of_cell(&memberships, &question, place, Global, |_| {
                    found += 1;
                    Ok(())
                }).unwrap();
                prop_assert_eq!(found, cell.active);
            }
            let nobody = |_: MemberRef<'_>| panic!();
            members_of_cell(&memberships, &question, (0, 99), Global, nobody).unwrap();
            prop_assert!(members_of_cell(&memberships, &question, (0, -1), Global, nobody).is_err());
        }
    }

    #[test]
    fn stops_when_it_is_cancelled() {
        let given: std::vec::Vec<_> =
            (0..20_000).map(|member| (member, member % 100, None)).collect();
        let history = build(&given).unwrap();
        let question = MembershipQuestion { period: Period::MONTH, as_of: None, confidence: 0.95 };
        let memberships = Memberships::new(history.view());
        assert!(stops(|| members_of_cell(&memberships, &question, (0, 1), Global, |_| Ok(()))));
    }
}
