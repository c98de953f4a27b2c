//! Tiers against a naive reading of the rules.

use super::*;
use crate::calendar::Utc;
use crate::history::{History, MemberKind, Meta};
use crate::host::{Global, testing::stops};
use proptest::prelude::*;

fn history(rows: &[(i64, i64, i64)]) -> History<Global> {
    let mut history = History::new(Meta::new(MemberKind::Int, Grain::Day, "", Global), Global);
    for &(member, day, amount) in rows {
        let at = day * 86_400_000_000;
        history.push(MemberRef::Int(member), day, at, Some(amount * amount::SCALE)).unwrap();
    }
    history.settle().unwrap();
    history
}

fn stand(history: &History<Global>, rules: &Rules, as_of: i64) -> std::vec::Vec<Standing> {
    let mut found = std::vec::Vec::new();
    tiers(&history.view(), &Utc, rules, Some(as_of), Global, |_, standing| {
        found.push(standing);
        Ok(())
    })
    .unwrap();
    found
}

const RULES: &str = r#"{"window": "30 days", "grace": "10 days",
    "tiers": [{"name": "Silver", "from": 100}, {"name": "Gold", "from": 300}]}"#;

#[test]
fn a_tier_is_kept_through_its_grace() {
    let rules = Rules::parse(RULES).unwrap();
    let h = history(&[(1, 0, 200), (1, 20, 150)]);
    let at = |day| {
        let found = stand(&h, &rules, day)[0];
        (found.tier, found.value / 1_000_000, found.grace_until)
    };
    assert_eq!(at(0), (Some(0), 200, None));
    assert_eq!(at(20), (Some(1), 350, None));
    assert_eq!(at(29), (Some(1), 350, None)); // the window of day 29 begins with day 0
    assert_eq!(at(30), (Some(1), 150, Some(39)));
    assert_eq!(at(39), (Some(1), 150, Some(39)));
    assert_eq!(at(40), (Some(0), 150, None));
    assert_eq!(at(50), (Some(0), 0, Some(59)));
    assert_eq!(at(60), (None, 0, None));
    assert_eq!(stand(&h, &rules, 30)[0].next, None);
    assert_eq!(stand(&h, &rules, 0)[0].next, Some((1, 100_000_000)));
}

#[test]
fn months_are_those_of_the_calendar() {
    let length = Stretch::of_months(1);
    // 2000-03-31 and 2000-03-29 are a month after 2000-02-29.
    assert_eq!((length.before(90), length.before(88)), (59, 59));
    assert_eq!(last_after(length, 59), 90);
    assert_eq!(last_after(Stretch::of_days(10), 5), 15);
}

#[test]
fn flows_between_two_days() {
    let rules = Rules::parse(RULES).unwrap();
    let h = history(&[(1, 0, 200), (1, 20, 150), (2, 0, 50), (3, 25, 400)]);
    let flows = migration(&h.view(), &Utc, &rules, (0, 25), Global).unwrap();
    assert_eq!(
        flows,
        [
            TierFlow { from: None, to: None, is_new: false, members: 1 },
            TierFlow { from: Some(0), to: Some(1), is_new: false, members: 1 },
            TierFlow { from: None, to: Some(1), is_new: true, members: 1 },
        ]
    );
}

#[test]
fn rules_are_read_strictly() {
    let tier = r#""tiers": [{"name": "A", "from": 1}]"#;
    for wrong in [
        "[]".to_string(),
        "{}".to_string(),
        r#"{"tiers": []}"#.to_string(),
        r#"{"tiers": [{"name": "A", "from": 2}, {"name": "B", "from": 2}]}"#.to_string(),
        r#"{"tiers": [{"name": "A", "from": 1}, {"name": "A", "from": 2}]}"#.to_string(),
        r#"{"tiers": [{"name": "A", "from": -1}]}"#.to_string(),
        format!("{{\"by\": \"points\", {tier}}}"),
        format!("{{\"window\": \"12\", {tier}}}"),
        format!("{{\"window\": \"-1 days\", {tier}}}"),
        format!("{{\"window\": \"36 hours\", {tier}}}"),
        format!("{{\"grace\": \"11 years\", {tier}}}"),
        format!("{{\"window\": \"9999999999999999999 days\", {tier}}}"),
        format!("{{\"window\": \"999999999999999999 years\", {tier}}}"),
    ] {
        assert!(Rules::parse(&wrong).is_err(), "{wrong}");
    }
    for right in [
        format!("{{\"by\": \"days\", \"window\": \"1 Year\", {tier}}}"),
        format!("{{\"window\": \"1 year 6 mons\", \"grace\": \"quarter\", {tier}}}"),
        format!("{{\"grace\": \"120 months\", {tier}}}"),
        format!("{{\"grace\": \"10 years\", {tier}}}"),
    ] {
        assert!(Rules::parse(&right).is_ok(), "{right}");
    }
}

#[test]
fn thresholds_are_exact() {
    let of = |by, from: &str| {
        let text = format!(r#"{{"by": "{by}", "tiers": [{{"name": "A", "from": {from}}}]}}"#);
        Rules::parse(&text).map(|rules| rules.tiers[0].from)
    };
    // Neither is a double.
    assert_eq!(of("amount", "9007199254740993"), Ok(9_007_199_254_740_993_000_000));
    assert_eq!(of("amount", "123456789012.123457"), Ok(123_456_789_012_123_457));
    assert_eq!(of("amount", "0.3"), Ok(300_000));
    assert_eq!(of("events", "9007199254740993"), Ok(9_007_199_254_740_993_000_000));
    assert_eq!(of("events", "2.0"), Ok(2_000_000));
    for (by, from) in
        [("events", "1.0000001"), ("days", "0.5"), ("amount", "1e31"), ("amount", "-1")]
    {
        assert!(of(by, from).is_err(), "{by} {from}");
    }
}

#[test]
fn loops_poll() {
    let rows: std::vec::Vec<_> = (0..30_000).map(|i| (i % 9000, i / 100, 5)).collect();
    let (h, rules) = (history(&rows), Rules::parse(RULES).unwrap());
    assert!(stops(|| stand(&h, &rules, 300)));
    assert!(stops(|| migration(&h.view(), &Utc, &rules, (100, 200), Global)));
}

proptest! {
    /// Day by day from the definition: the best tier of any day of the grace period.
    #[test]
    fn agrees_with_every_day_by_itself(
        rows in prop::collection::vec((0..100i64, -100..300i64), 1..12),
        as_of in 0..160i64,
    ) {
        let rules = Rules::parse(RULES).unwrap();
        let rows: std::vec::Vec<_> = rows.iter().map(|&(day, amount)| (1, day, amount)).collect();
        let h = history(&rows);
        let value = |day: i64| -> i64 {
            let in_window = |row: &&(i64, i64, i64)| day - 30 < row.1 && row.1 <= day;
            rows.iter().filter(in_window).map(|row| row.2).sum()
        };
        let tier = |day| match value(day) { 300.. => Some(1), 100.. => Some(0), _ => None };
        let held = (as_of - 10..=as_of).map(tier).max().unwrap();
        let found = stand(&h, &rules, as_of);
        if rows.iter().all(|row| row.1 > as_of) {
            prop_assert!(found.is_empty());
        } else {
            prop_assert_eq!(found[0].tier, held);
            prop_assert_eq!(found[0].value, i128::from(value(as_of)) * 1_000_000);
            let last = (as_of - 10..=as_of).rev().find(|day| tier(*day) == held).unwrap();
            let grace = (tier(as_of) < held).then_some(last + 10);
            prop_assert_eq!(found[0].grace_until, grace);
        }
    }
}
