//! The retention curve of memberships: the cells of all cohorts, added up by period.

use super::MembershipTable;
use crate::host::{Host, Pace, Vec};
use crate::numeric::Estimate;

/// A point of the curve: so many periods after joining, whenever that was.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MembershipPoint {
    /// Periods since the one in which members joined, which is 0.
    pub period_number: i64,
    /// Members whose period has begun by `as_of`.
    pub members: u64,
    /// Those whose period has ended.
    pub eligible: u64,
    /// Eligible members that are in at its end.
    pub retained: u64,
    /// Retained / eligible, with its interval.
    pub rate: Option<Estimate>,
}

/// The points of the retention curve of a cohort table.
pub fn curve<H: Host>(table: &MembershipTable<H>) -> Vec<MembershipPoint, H> {
    let mut points: Vec<MembershipPoint, H> = Vec::new_in(table.host.clone());
    let mut pace = Pace::new(&table.host);
    for cell in table.cells() {
        pace.step(1);
        let n = usize::try_from(cell.period_number).unwrap_or(0);
        if n == points.len() {
            let nobody = MembershipPoint {
                period_number: cell.period_number,
                members: 0,
                eligible: 0,
                retained: 0,
                rate: None,
            };
            points.push(nobody);
        }
        let point = &mut points[n];
        point.members += cell.members;
        point.eligible += cell.eligible;
        point.retained += cell.retained;
    }
    for point in &mut points {
        point.rate = table.wilson.share(point.retained, point.eligible);
    }
    points
}

#[cfg(test)]
mod tests {
    use super::super::cohorts;
    use super::*;
    use crate::calendar::Period;
    use crate::churn::memberships::MembershipQuestion;
    use crate::host::Global;
    use crate::memberships::Memberships;
    use crate::memberships::testing::{build, given, spells};
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]
        #[test]
        fn agrees_with_looking_at_every_member(
            given in given(),
            days in 1..12u32,
            as_of in prop::option::of(-5..70i64),
        ) {
            let history = build(&given).unwrap();
            let memberships = Memberships::new(history.view());
            let question = MembershipQuestion { period: Period::Days(days), as_of, confidence: 0.95 };
            let points = curve(&cohorts(&memberships, &question, Global).unwrap());
            let as_of = as_of.unwrap_or(memberships.last().unwrap());
            let found = spells(&history);
            for n in 0..=points.len() as i64 {
                let begin = |since: i64, n: i64| since + n * i64::from(days);
                let count = |counts: &dyn Fn(i64) -> bool| {
                    found.values().filter(|s| counts(s[0].joined)).count() as u64
                };
                let members = count(&|since| begin(since, n) <= as_of);
                let Some(point) = points.get(n as usize) else {
                    prop_assert_eq!(members, 0);
                    break;
                };
                prop_assert_eq!((point.period_number, point.members), (n, members));
                prop_assert_eq!(point.eligible, count(&|since| begin(since, n + 1) <= as_of + 1));
                let is_in = |s: &&std::vec::Vec<crate::memberships::Spell>| {
                    let last = begin(s[0].joined, n + 1) - 1;
                    last <= as_of && s.iter().any(|spell| spell.holds(last))
                };
                prop_assert_eq!(point.retained, found.values().filter(is_in).count() as u64);
                prop_assert_eq!(point.rate.is_some(), point.eligible > 0);
            }
        }
    }
}
