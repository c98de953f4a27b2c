//! Which members a row of the churn of memberships counts.

use super::MembershipQuestion;
use crate::error::Error;
use crate::history::MemberRef;
use crate::host::{Host, Pace};
use crate::memberships::{Memberships, Spell};
use crate::units::Units;

/// What happened to a member in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MembershipChange {
    /// It joined for the first time.
    Joined,
    /// It joined, and had been a member before.
    Rejoined,
    /// It left.
    Departed,
    /// It was in at the beginning, and is not at the end.
    Churned,
    /// It was in at the beginning, and is at the end.
    Retained,
}

impl MembershipChange {
    /// The column of the churn of memberships that counts it.
    pub fn name(self) -> &'static str {
        match self {
            MembershipChange::Joined => "joined",
            MembershipChange::Rejoined => "rejoined",
            MembershipChange::Departed => "departed",
            MembershipChange::Churned => "churned",
            MembershipChange::Retained => "retained",
        }
    }
}

/// A change of a member, as a row counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangedMember {
    /// What happened.
    pub change: MembershipChange,
    /// How often, in the period.
    pub times: u64,
    /// The stretch that it happened to, the last one if several: that which began, which ended, or in
    /// which the member is. As it is at the end of the period: an end after it is none.
    pub stretch: Spell,
    /// Days during which the member has been in, up to the end of the period.
    pub days: u64,
}

/// Tells `found` every member that is counted in the row that begins on this day, once for every
/// column that counts it. There is nobody in a period before the first or after `as_of`.
pub fn changes_of_members<H: Host>(
    memberships: &Memberships<'_, H>,
    question: &MembershipQuestion,
    period_start: i64,
    host: H,
    mut found: impl FnMut(MemberRef<'_>, &ChangedMember) -> Result<(), Error>,
) -> Result<(), Error> {
    let as_of = question.as_of.map_or_else(|| memberships.last(), Ok)?;
    let units = Units::new(question.period, as_of)?;
    let unit = units.that_begins_on(period_start)?;
    if period_start > as_of || units.last_day(unit) < memberships.first()? {
        return Ok(());
    }
    let row = Bounds { first: period_start, last: units.last_day(unit).min(as_of) };
    let mut pace = Pace::new(&host);
    let mut walk = memberships.walk()?;
    while let Some((member, spells)) = walk.next_member()? {
        pace.step(1 + spells.len());
        for changed in row.changes(spells).into_iter().flatten() {
            found(member, &changed)?;
        }
    }
    Ok(())
}

/// The first and the last day of a row.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    first: i64,
    last: i64,
}

impl Bounds {
    fn holds(self, day: i64) -> bool {
        (self.first..=self.last).contains(&day)
    }

    /// What happened to a member with these stretches.
    fn changes(self, spells: &[Spell]) -> [Option<ChangedMember>; 5] {
        let ended = |spell: &Spell| spell.ended.filter(|ended| *ended <= self.last);
        let so_far = &spells[..spells.partition_point(|spell| spell.joined <= self.last)];
        let of = |spell: &Spell| ended(spell).unwrap_or(self.last + 1) - spell.joined;
        let days = so_far.iter().map(of).sum::<i64>().unsigned_abs();
        let changed = |change, times, spell: &Spell| {
            let stretch = Spell { joined: spell.joined, ended: ended(spell) };
            ChangedMember { change, times, stretch, days }
        };
        let all = |change, of: &[Spell], counts: &dyn Fn(&Spell) -> bool| {
            let times = of.iter().filter(|spell| counts(spell)).count() as u64;
            let last = of.iter().rev().find(|spell| counts(spell));
            last.map(|spell| changed(change, times, spell))
        };
        let joins = |spell: &Spell| self.holds(spell.joined);
        let departs = |spell: &Spell| ended(spell).is_some_and(|day| self.holds(day));
        let (first, later) = so_far.split_at(so_far.len().min(1));
        let was_in = so_far.iter().any(|spell| spell.holds(self.first - 1));
        let present = so_far.last().filter(|spell| spell.holds(self.last));
        let departed = all(MembershipChange::Departed, so_far, &departs);
        [
            all(MembershipChange::Joined, first, &joins),
            all(MembershipChange::Rejoined, later, &joins),
            departed,
            departed.filter(|_| was_in && present.is_none()).map(|departed| ChangedMember {
                change: MembershipChange::Churned,
                times: 1,
                ..departed
            }),
            present.filter(|_| was_in).map(|spell| changed(MembershipChange::Retained, 1, spell)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Period;
    use crate::churn::memberships::churn;
    use crate::host::{Global, testing::stops};
    use crate::memberships::testing::{build, given};
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]
        #[test]
        fn add_up_to_the_rows(
            given in given(),
            period in prop_oneof![Just(Period::MONTH), (1..12u32).prop_map(Period::Days)],
            as_of in prop::option::of(-5..70i64),
        ) {
            let history = build(&given).unwrap();
            let memberships = Memberships::new(history.view());
            let question = MembershipQuestion { period, as_of, confidence: 0.95 };
            for row in churn(&memberships, &question, Global).unwrap().rows() {
                let mut times = BTreeMap::new();
                changes_of_members(&memberships, &question, row.period_start, Global, |member, changed| {
                    *times.entry(changed.change.name()).or_insert(0) += changed.times;
                    assert!(changed.days > 0 && changed.stretch.joined >= 0);
                    let is_in = changed.stretch.ended.is_none();
                    match changed.change {
                        MembershipChange::Departed | MembershipChange::Churned => assert!(!is_in),
                        MembershipChange::Retained => assert!(is_in),
                        MembershipChange::Joined | MembershipChange::Rejoined => assert!(changed.stretch.joined >= row.period_start),
                    }
                    assert_eq!(member.kind(), memberships.kind());
                    Ok(())
                }).unwrap();
                let of = |name: &str| times.get(name).copied().unwrap_or(0);
                prop_assert_eq!(
                    ["joined", "rejoined", "departed", "churned", "retained"].map(of),
                    [row.joined, row.rejoined, row.departed, row.churned, row.retained]
                );
            }
        }
    }

    #[test]
    fn a_member_that_comes_and_goes() {
        let history =
            build(&[(1, 0, Some(10)), (1, 12, Some(14)), (1, 20, Some(25)), (1, 40, None)]);
        let history = history.unwrap();
        let memberships = Memberships::new(history.view());
        let question =
            MembershipQuestion { period: Period::MONTH, as_of: Some(60), confidence: 0.95 };
        let mut found = std::vec::Vec::new();
        for month in [0, 31] {
            changes_of_members(&memberships, &question, month, Global, |_, changed| {
                let ChangedMember { change, times, stretch, days } = *changed;
                found.push((change.name(), times, stretch.joined, stretch.ended, days));
                Ok(())
            })
            .unwrap();
        }
        assert_eq!(
            found,
            [
                ("joined", 1, 0, Some(10), 17),
                ("rejoined", 2, 20, Some(25), 17),
                ("departed", 3, 20, Some(25), 17),
                ("rejoined", 1, 40, None, 37),
            ]
        );
        let nobody = |_: MemberRef<'_>, _: &ChangedMember| panic!();
        changes_of_members(&memberships, &question, -31, Global, nobody).unwrap();
        changes_of_members(&memberships, &question, 91, Global, nobody).unwrap();
        assert!(changes_of_members(&memberships, &question, 32, Global, nobody).is_err());
    }

    #[test]
    fn stops_when_it_is_cancelled() {
        let given: std::vec::Vec<_> =
            (0..20_000).map(|member| (member, member % 100, None)).collect();
        let history = build(&given).unwrap();
        let question = MembershipQuestion { period: Period::MONTH, as_of: None, confidence: 0.95 };
        let memberships = Memberships::new(history.view());
        assert!(stops(|| changes_of_members(&memberships, &question, 60, Global, |_, _| Ok(()))));
    }
}
