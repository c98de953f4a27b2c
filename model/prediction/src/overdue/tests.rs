//! Against a naive calculation with the distributions of statrs, and by hand.

use super::*;
use crate::calendar::Utc;
use crate::history::{History, MemberKind, Meta};
use crate::host::{Global, testing::stops};
use proptest::prelude::*;
use statrs::distribution::{Beta, ContinuousCDF, FisherSnedecor};
use std::collections::BTreeMap;

type Events = std::vec::Vec<(i64, i64, i64)>;

fn history(events: &[(i64, i64, i64)]) -> History<Global> {
    let mut history = History::new(Meta::new(MemberKind::Int, Grain::Day, "", Global), Global);
    for &(member, day, amount) in events {
        let at = day * 86_400_000_000;
        history.push(MemberRef::Int(member), day, at, Some(amount * 1_000_000)).unwrap();
    }
    history.settle().unwrap();
    history
}

fn asked(as_of: i64, min_gaps: i32, within: i64) -> OverdueQuestion {
    let within = Stretch::of_days(within);
    OverdueQuestion { min_gaps, as_of: Some(as_of), within, confidence: 0.9, common: None }
}

fn answered(events: &Events, question: &OverdueQuestion) -> BTreeMap<i64, OverdueMember> {
    let mut found = BTreeMap::new();
    let history = history(events);
    overdue(&history.view(), &Utc, question, Global, |member, of| {
        let MemberRef::Int(member) = *member else { panic!() };
        assert!(found.insert(member, of).is_none());
    })
    .unwrap();
    found
}

/// The distinct days of every member up to a day.
fn days_of(events: &Events, as_of: i64) -> BTreeMap<i64, std::vec::Vec<i64>> {
    let mut days = BTreeMap::<i64, std::vec::Vec<i64>>::new();
    for &(member, day, _) in events.iter().filter(|event| event.1 <= as_of) {
        days.entry(member).or_default().push(day);
    }
    days.values_mut().for_each(|days| {
        days.sort_unstable();
        days.dedup();
    });
    days
}

/// The log-likelihood of gaps given their sums: Dirichlet, with k for every gap.
fn likelihood(days: &BTreeMap<i64, std::vec::Vec<i64>>, k: f64) -> f64 {
    use statrs::function::gamma::ln_gamma;
    let of = |days: &std::vec::Vec<i64>| {
        let n = (days.len() - 1) as f64;
        let sum = (days[days.len() - 1] - days[0]) as f64;
        let shares: f64 = days.windows(2).map(|d| ((d[1] - d[0]) as f64 / sum).ln()).sum();
        ln_gamma(n * k) - n * ln_gamma(k) + (k - 1.0) * shares
    };
    days.values().filter(|days| days.len() > 2).map(of).sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn is_what_a_naive_calculation_finds(
        events in prop::collection::vec((0..6i64, 0..120i64, 0..50i64), 1..80),
        as_of in 60..150i64,
        min_gaps in 1..4i32,
        within in 5..50i64,
    ) {
        let question = asked(as_of, min_gaps, within);
        let days = days_of(&events, as_of);
        let found = answered(&events, &question);
        prop_assert!(found.keys().eq(days.keys()));
        let (gaps, sum) = days.values().fold((0, 0), |(gaps, sum), days| {
            (gaps + days.len() - 1, sum + days[days.len() - 1] - days[0])
        });
        let mut pooled = Gaps::new(&Global);
        days.values().for_each(|days| pooled.count(days));
        let Some(common) = pooled.common(&Global) else {
            prop_assert!(gaps == 0 && found.values().all(|of| of.silence.is_none()));
            return Ok(());
        };
        let (k, mean) = (common.shape, common.mean_gap);
        prop_assert!((mean - sum as f64 / gaps as f64).abs() < 1e-9);
        // No other k is likelier.
        let best = likelihood(&days, k);
        prop_assert!(k < 0.021 || likelihood(&days, k * 0.99) <= best + 1e-9);
        prop_assert!(k > 490.0 || likelihood(&days, k * 1.01) <= best + 1e-9);
        for (member, of) in &found {
            let days = &days[member];
            let (n, last) = (days.len() - 1, days[days.len() - 1]);
            prop_assert_eq!((of.last_day, of.silent_days, of.gaps), (last, as_of - last, n as u64));
            prop_assert_eq!(of.silence.is_some(), n >= min_gaps as usize);
            if let Some(silence) = of.silence {
                let scale = (2.0 * mean + (last - days[0]) as f64) * k / ((n as f64 + 2.0) * k);
                let f = FisherSnedecor::new(2.0 * k, 2.0 * (n as f64 + 2.0) * k).unwrap();
                let tail = f.sf(of.silent_days as f64 / scale);
                prop_assert!((silence.p_silence - tail).abs() < 1e-7, "{} {tail}", silence.p_silence);
                // The bound lies within its day.
                let due = (silence.due_by - last) as f64;
                prop_assert!(f.sf(due / scale) >= 0.1 - 1e-7 && f.sf((due + 1.0) / scale) <= 0.1 + 1e-7);
                prop_assert_eq!(silence.overdue, as_of > silence.due_by);
            }
            // The trend: days in the last stretch, and in the one before without the first of all.
            let (recent, earlier) = (as_of - within, (as_of - 2 * within).max(days[0]));
            let x1 = days.iter().filter(|day| **day > recent).count();
            let x2 = days.iter().filter(|day| **day > earlier && **day <= recent).count();
            let scale = (recent - earlier) as f64 / within as f64;
            if recent <= earlier || x1 + x2 == 0 {
                prop_assert_eq!(of.trend, Trend::default());
                continue;
            }
            let (x1, x2) = (x1 as f64, x2 as f64);
            let odds = |p: f64| p / (1.0 - p) * scale;
            let low = if x1 == 0.0 { 0.0 } else { odds(Beta::new(x1, x2 + 1.0).unwrap().inverse_cdf(0.05)) };
            prop_assert!((of.trend.low.unwrap() - low).abs() < 1e-4 * low.max(1.0));
            if x2 > 0.0 {
                let high = odds(Beta::new(x1 + 1.0, x2).unwrap().inverse_cdf(0.95));
                prop_assert!((of.trend.high.unwrap() / high - 1.0).abs() < 1e-4);
                prop_assert!((of.trend.ratio.unwrap() - x1 / x2 * scale).abs() < 1e-12);
            } else {
                prop_assert_eq!((of.trend.ratio, of.trend.high), (None, None));
            }
            let spent = |from: i64, to: i64| {
                let mine = events.iter().filter(|e| e.0 == *member && e.1 > from && e.1 <= to);
                mine.map(|event| event.2).sum::<i64>() as f64
            };
            let (last, before) = (spent(recent, as_of), spent(earlier, recent));
            match of.amount_trend {
                None => prop_assert!(before <= 0.0),
                Some(trend) => prop_assert!((trend - last / before * scale).abs() < 1e-9),
            }
        }
    }
}

#[test]
fn gaps_that_are_all_alike_have_a_narrow_bound_and_one_member_has_its_own() {
    let weekly: Events = (0..20).map(|week| (1, week * 7, 1)).collect();
    let found = answered(&weekly, &asked(19 * 7 + 9, 3, 90))[&1];
    let silence = found.silence.unwrap();
    assert_eq!((silence.due_by, silence.overdue), (19 * 7 + 7, true));
    assert!(silence.p_silence < 1e-6);
    assert_eq!(found.usual_gap, Some(7.0));
    // Who came once has no gap, and nobody to learn from.
    let once = answered(&vec![(1, 0, 1)], &asked(100, 1, 90))[&1];
    assert_eq!((once.silence, once.usual_gap, once.gaps), (None, None, 0));
}

#[test]
fn alarms_are_counted_as_they_would_have_been_raised() {
    // Ten members of gaps of 10 days, each of whom once takes 60, and comes back.
    let late = |i: i64| if i > 25 { 50 } else { 0 };
    let events: Events =
        (0..10).flat_map(|member| (0..40).map(move |i| (member, i * 10 + late(i), 1))).collect();
    let question = asked(10_000, 3, 90);
    let found = check(&history(&events).view(), &Utc, &question, 0.95, Global).unwrap();
    assert_eq!((found.members, found.gaps, found.alarms), (10, 360, 10));
    assert!((found.expected - 0.1).abs() < 1e-12);
    let rate = found.rate.unwrap();
    assert!(
        (rate.value - 10.0 / 360.0).abs() < 1e-12
            && rate.low < rate.value
            && rate.high > rate.value
    );
    // Gaps that began too late to have ended are not counted, whether they ended or not.
    let question = asked(39 * 10 + 50, 3, 90);
    let found = check(&history(&events).view(), &Utc, &question, 0.95, Global).unwrap();
    assert!(found.gaps < 360 && found.gaps > 300);
}

#[test]
fn wrong_questions_and_cancelled_ones() {
    let history = history(&(0..40_000).map(|i| (i % 5_000, i / 7, 1)).collect::<Events>());
    let view = history.view();
    let run = |question: OverdueQuestion| overdue(&view, &Utc, &question, Global, |_, _| ());
    assert!(run(asked(50, 0, 90)).is_err());
    assert!(run(OverdueQuestion { confidence: 95.0, ..asked(50, 3, 90) }).is_err());
    assert!(run(asked(-50, 3, 90)).is_ok());
    for (shape, mean_gap) in [(f64::NAN, 3.0), (0.0, 3.0), (1e9, 3.0), (1.0, f64::INFINITY)] {
        let common = Some(CommonRhythm { shape, mean_gap });
        assert!(run(OverdueQuestion { common, ..asked(50, 3, 90) }).is_err());
    }
    let question = asked(6_000, 3, 90);
    assert!(stops(|| run(question)));
    assert!(stops(|| check(&view, &Utc, &question, 0.95, Global)));
    assert!(stops(|| common_rhythm(&view, &Utc, Some(6_000), Global)));
    let mut weeks = History::new(Meta::new(MemberKind::Int, Grain::Week, "", Global), Global);
    weeks.push(MemberRef::Int(1), 0, 0, None).unwrap();
    weeks.settle().unwrap();
    let error = overdue(&weeks.view(), &Utc, &question, Global, |_, _| ()).unwrap_err();
    assert!(error.to_string().contains("does not know its days"), "{error}");
}

/// Parts of the members, judged by what all have in common, are judged as all are.
#[test]
fn parts_by_the_rhythm_of_all() {
    let events: Events = (0..3_000).map(|i| (i % 50, i * (1 + i % 7) / 9, 1)).collect();
    let question = asked(2_000, 2, 90);
    let common = common_rhythm(&history(&events).view(), &Utc, Some(2_000), Global).unwrap();
    assert!(common.is_some());
    let mut parts = BTreeMap::new();
    for part in 0..3 {
        let events = events.iter().copied().filter(|(member, ..)| member % 3 == part).collect();
        parts.extend(answered(&events, &OverdueQuestion { common, ..question }));
        assert_ne!(common_rhythm(&history(&events).view(), &Utc, None, Global).unwrap(), common);
    }
    assert_eq!(parts, answered(&events, &question));
}
