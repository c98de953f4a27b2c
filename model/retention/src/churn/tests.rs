//! The ledger against its definition, period by period and member by member.

use super::*;
use crate::calendar::{DAY, Grain, Utc};
use crate::history::{History, MemberKind, MemberRef, Meta};
use crate::host::{Global, testing::stops};
use crate::units::Units;
use proptest::prelude::*;
use std::collections::BTreeSet;

fn build(events: &[(i64, i64)]) -> History<Global> {
    let mut history = History::new(Meta::new(MemberKind::Int, Grain::Day, "", Global), Global);
    for &(member, day) in events {
        history.push(MemberRef::Int(member), day, day * DAY, None).unwrap();
    }
    history.settle().unwrap();
    history
}

fn periods() -> impl Strategy<Value = Period> {
    prop_oneof![
        Just(Period::Calendar(Grain::Day)),
        Just(Period::Calendar(Grain::Week)),
        Just(Period::MONTH),
        (1..40u32).prop_map(Period::Days),
    ]
}

proptest! {
    #[test]
    fn agrees_with_its_definition(
        events in prop::collection::vec((0..9i64, -40..200i64), 1..60),
        period in periods(),
        gap in 1..6i32,
        later in -60..60i64,
    ) {
        let history = build(&events);
        let (first, last) = (events.iter().map(|e| e.1).min(), events.iter().map(|e| e.1).max());
        let (first, as_of) = (first.unwrap(), last.unwrap() + later);
        let question = Question { period, gap, as_of: Some(as_of), confidence: 0.95 };
        let ledger = ledger(&history.view(), &Utc, &question, Global).unwrap();

        let units = Units::new(period, as_of).unwrap();
        let active: BTreeSet<(i64, i64)> = events.iter().filter(|(_, day)| *day <= as_of)
            .map(|&(member, day)| (member, units.of_day(day))).collect();
        let is_in = |member, unit| (0..i64::from(gap)).any(|back| active.contains(&(member, unit - back)));
        let seen = |member, unit| active.iter().any(|&(m, u)| m == member && u < unit);
        let mut expected = units.of_day(first)..if as_of < first { i64::MIN } else { units.of_day(as_of) + 1 };
        for growth in growth(&ledger) {
            let (row, unit) = (growth.row, expected.next().unwrap());
            let who = |f: &dyn Fn(i64) -> bool| (0..9).filter(|&m| f(m)).collect::<std::vec::Vec<_>>();
            let new = who(&|m| is_in(m, unit) && !seen(m, unit));
            let back = who(&|m| is_in(m, unit) && !is_in(m, unit - 1) && seen(m, unit));
            let left = who(&|m| !is_in(m, unit) && is_in(m, unit - 1));
            let counts = [&new, &back, &left].map(|members| members.len() as u64);
            prop_assert_eq!([row.new, row.reactivated, row.churned], counts);
            prop_assert_eq!(row.opening, who(&|m| is_in(m, unit - 1)).len() as u64);
            prop_assert_eq!(row.closing, who(&|m| is_in(m, unit)).len() as u64);
            prop_assert_eq!(row.retained + row.churned, row.opening);
            prop_assert_eq!(growth.dormant, who(&|m| seen(m, unit) && !is_in(m, unit)).len() as u64);
            prop_assert_eq!(growth.net_change, row.closing as i64 - row.opening as i64);
            prop_assert_eq!(row.period_start, units.first_day(unit));
            prop_assert_eq!(row.complete, units.last_day(unit) <= as_of);
            prop_assert_eq!(growth.quick_ratio.is_some(), row.complete && row.churned > 0);
            if let Some(Estimate { value: ratio, low, high }) = growth.quick_ratio {
                prop_assert_eq!(ratio, (row.new + row.reactivated) as f64 / row.churned as f64);
                prop_assert!(low <= ratio && ratio <= high && high.is_finite());
            }

            let mut found = BTreeSet::new();
            change_of_members(&history.view(), &Utc, &question, row.period_start, Global, |m, change| {
                found.insert((m.to_string(), change.name()));
                Ok(())
            }).unwrap();
            let named = [(new, "new"), (back, "reactivated"), (left, "churned")].into_iter()
                .flat_map(|(members, name)| members.into_iter().map(move |m| (m.to_string(), name)));
            prop_assert_eq!(found, named.collect::<BTreeSet<_>>());
        }
        prop_assert!(expected.next().is_none());
    }
}

#[test]
fn members_of_a_row_are_asked_for_by_its_first_day() {
    let history = build(&[(1, 0), (2, 40)]);
    let question = Question { period: Period::MONTH, gap: 1, as_of: Some(50), confidence: 0.95 };
    let ask = |day| {
        let mut found = 0;
        change_of_members(&history.view(), &Utc, &question, day, Global, |_, _| {
            found += 1;
            Ok(())
        })
        .map(|()| found)
    };
    assert_eq!(ask(31), Ok(2)); // February: 1 churned, 2 is new
    assert_eq!((ask(60), ask(-31)), (Ok(0), Ok(0))); // no rows of the ledger
    assert!(matches!(ask(32), Err(Error::BadArgument { .. })));
}

#[test]
fn every_question_stops_when_it_is_cancelled() {
    let events: std::vec::Vec<_> = (0..20_000).map(|member| (member, member % 100)).collect();
    let history = build(&events);
    let question = Question { period: Period::Days(7), gap: 2, as_of: None, confidence: 0.95 };
    let view = history.view();
    assert!(stops(|| ledger(&view, &Utc, &question, Global).map(|_| ())));
    assert!(stops(|| change_of_members(&view, &Utc, &question, 51, Global, |_, _| Ok(()))));
}
