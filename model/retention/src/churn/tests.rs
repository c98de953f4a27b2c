//! The ledger against its definition, period by period and member by member.

use super::*;
use crate::calendar::{DAY, Grain, Stretch, Utc, add_months};
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
        Just(Period::DAY),
        Just(Period::Calendar(Grain::Week.into())),
        Just(Period::MONTH),
        (1..40u32).prop_map(Period::Days),
        (1..4u32).prop_map(Period::Months),
    ]
}

fn lapses() -> impl Strategy<Value = Lapse> {
    prop_oneof![
        (1..6i32).prop_map(Lapse::Gap),
        (1..100i64).prop_map(|days| Lapse::Silence(Stretch::of_days(days))),
        (1..5i64).prop_map(|months| Lapse::Silence(Stretch::of_months(months))),
        Just(Lapse::Silence(Stretch { months: 1, days: 10, seconds: 0 })),
    ]
}

proptest! {
    #[test]
    fn agrees_with_its_definition(
        events in prop::collection::vec((0..9i64, -40..200i64), 1..60),
        period in periods(),
        lapse in lapses(),
        later in -60..60i64,
    ) {
        let history = build(&events);
        let (first, last) = (events.iter().map(|e| e.1).min(), events.iter().map(|e| e.1).max());
        let (first, as_of) = (first.unwrap(), last.unwrap() + later);
        let question = ChurnQuestion { period, lapse, as_of: Some(as_of), confidence: 0.95 };
        let ledger = ledger(&history.view(), &Utc, &question, Global).unwrap();

        let units = Units::new(period, as_of).unwrap();
        let active: BTreeSet<(i64, i64)> = events.iter().filter(|(_, day)| *day <= as_of)
            .map(|&(member, day)| (member, units.of_day(day))).collect();
        let is_in = |member, unit| match lapse {
            Lapse::Gap(gap) => (0..i64::from(gap)).any(|back| active.contains(&(member, unit - back))),
            Lapse::Silence(silence) => {
                let end = units.first_day(unit + 1).min(as_of + 1);
                let earliest = add_months(end, -silence.months) - silence.days;
                events.iter().any(|&(m, day)| {
                    m == member && earliest <= day && day < end && day <= as_of
                })
            }
        };
        let first_unit = units.of_day(first);
        let seen = |member, unit| (first_unit..unit).any(|u| is_in(member, u));
        let mut expected = units.of_day(first)..if as_of < first { i64::MIN } else { units.of_day(as_of) + 1 };
        for growth in growth(&ledger) {
            let (row, unit) = (growth.row, expected.next().unwrap());
            let who = |f: &dyn Fn(i64) -> bool| (0..9).filter(|&m| f(m)).collect::<std::vec::Vec<_>>();
            let new = who(&|m| is_in(m, unit) && !seen(m, unit));
            let back = who(&|m| is_in(m, unit) && !is_in(m, unit - 1) && seen(m, unit));
            let left = who(&|m| !is_in(m, unit) && is_in(m, unit - 1));
            let kept = who(&|m| is_in(m, unit) && is_in(m, unit - 1));
            let counts = [&new, &back, &left].map(|members| members.len() as u64);
            prop_assert_eq!([row.new, row.reactivated, row.churned], counts);
            prop_assert_eq!(row.opening, who(&|m| is_in(m, unit - 1)).len() as u64);
            prop_assert_eq!(row.closing, who(&|m| is_in(m, unit)).len() as u64);
            prop_assert_eq!(row.retained + row.churned, row.opening);
            prop_assert_eq!(growth.dormant, who(&|m| seen(m, unit) && !is_in(m, unit)).len() as u64);
            prop_assert_eq!(growth.net_change, row.closing as i64 - row.opening as i64);
            prop_assert_eq!(row.period_start, units.first_day(unit));
            prop_assert_eq!(row.complete, units.last_day(unit) <= as_of);
            let truncated = match lapse {
                Lapse::Gap(gap) => unit - i64::from(gap) < first_unit,
                Lapse::Silence(s) => {
                    let before = add_months(units.first_day(unit), -s.months) - s.days;
                    before < units.first_day(first_unit)
                }
            };
            prop_assert_eq!(row.truncated, truncated);
            prop_assert_eq!(growth.quick_ratio.is_some(), row.complete && row.churned > 0);
            if let Some(Estimate { value: ratio, low, high }) = growth.quick_ratio {
                prop_assert_eq!(ratio, (row.new + row.reactivated) as f64 / row.churned as f64);
                prop_assert!(low <= ratio && ratio <= high && high.is_finite());
            }

            let mut found = BTreeSet::new();
            change_of_members(&history.view(), &Utc, &question, row.period_start, Global, |m, change| {
                found.insert((m.to_string(), change.change.name()));
                Ok(())
            }).unwrap();
            let named = [(new, "new"), (back, "reactivated"), (kept, "retained"), (left, "churned")].into_iter()
                .flat_map(|(members, name)| members.into_iter().map(move |m| (m.to_string(), name)));
            prop_assert_eq!(found, named.collect::<BTreeSet<_>>());
        }
        prop_assert!(expected.next().is_none());
    }
}

#[test]
fn a_silence_of_as_many_days_or_months_is_a_gap_of_as_many() {
    let events: std::vec::Vec<_> = (0..400).map(|i| (i % 17, i * i % 211 + (i % 5) * 37)).collect();
    let history = build(&events);
    let rows = |period, lapse| {
        let question = ChurnQuestion { period, lapse, as_of: Some(380), confidence: 0.95 };
        let ledger = ledger(&history.view(), &Utc, &question, Global).unwrap();
        // The running period differs: a gap counts it as a whole, a silence ends today.
        ledger.rows().filter(|row| row.complete).collect::<std::vec::Vec<_>>()
    };
    for n in 1..9 {
        let days = Lapse::Silence(Stretch::of_days(n));
        let months = Lapse::Silence(Stretch::of_months(n));
        let gap = Lapse::Gap(n as i32);
        assert_eq!(rows(Period::DAY, days), rows(Period::DAY, gap));
        assert_eq!(rows(Period::Days(1), days), rows(Period::Days(1), gap));
        assert_eq!(rows(Period::MONTH, months), rows(Period::MONTH, gap));
        assert_eq!(rows(Period::Months(1), months), rows(Period::Months(1), gap));
    }
}

#[test]
fn a_gap_and_a_silence_are_one_question() {
    assert_eq!(Lapse::new(None, None), Ok(Lapse::Gap(1)));
    assert_eq!(Lapse::new(Some(3), None), Ok(Lapse::Gap(3)));
    assert_eq!(Lapse::new(None, Some("90 days")), Ok(Lapse::Silence(Stretch::of_days(90))));
    assert!(Lapse::new(Some(1), Some("90 days")).is_err());
    assert!(Lapse::new(Some(0), None).is_err());
    assert!(Lapse::new(None, Some("90")).is_err());
    let mut history = History::new(Meta::new(MemberKind::Int, Grain::Month, "", Global), Global);
    history.push(MemberRef::Int(1), 0, 0, None).unwrap();
    history.settle().unwrap();
    let ask = |silence: &str| {
        let lapse = Lapse::new(None, Some(silence)).unwrap();
        let question =
            ChurnQuestion { period: Period::MONTH, lapse, as_of: None, confidence: 0.95 };
        ledger(&history.view(), &Utc, &question, Global).is_ok()
    };
    assert!(ask("3 months") && !ask("90 days"));
}

#[test]
fn members_of_a_row_are_asked_for_by_its_first_day() {
    let history = build(&[(1, 0), (2, 40)]);
    let question = ChurnQuestion {
        period: Period::MONTH,
        lapse: Lapse::Gap(1),
        as_of: Some(50),
        confidence: 0.95,
    };
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
    let question = ChurnQuestion {
        period: Period::Days(7),
        lapse: Lapse::Gap(2),
        as_of: None,
        confidence: 0.95,
    };
    let view = history.view();
    assert!(stops(|| ledger(&view, &Utc, &question, Global).map(|_| ())));
    assert!(stops(|| change_of_members(&view, &Utc, &question, 51, Global, |_, _| Ok(()))));
}
