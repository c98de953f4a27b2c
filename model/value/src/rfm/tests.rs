//! Against definitions written another way, on small sets that can be counted.

use super::cuts::{Column, below, ntile};
use super::*;
use crate::calendar::{Grain, Utc};
use crate::error::Error;
use crate::history::{History, MemberKind, MemberRef, Meta};
use crate::host::{Global, testing::stops};
use proptest::prelude::*;

/// (member, days before day 1000, events on each, amount of each day).
fn history(rows: &[(i64, i64, u64, Option<i64>)]) -> History<Global> {
    let mut history = History::new(Meta::new(MemberKind::Int, Grain::Day, "", Global), Global);
    for &(member, ago, events, amount) in rows {
        let day = 1000 - ago;
        for event in 0..events {
            let amount = amount.filter(|_| event == 0);
            history.push(MemberRef::Int(member), day, day * 86_400_000_000, amount).unwrap();
        }
    }
    history.settle().unwrap();
    history
}

fn plan(bins: i32, method: Method, map: &str) -> Plan {
    Plan::new(bins, method, None, map).unwrap().with(Some(1000), false, Monetary::Total)
}

/// Member, recency, frequency, monetary value, score, segment.
type Found = (i64, u32, u64, Option<i128>, String, Option<String>);

fn rows(history: &History<Global>, plan: &Plan) -> Vec<Found> {
    let view = history.view();
    let scored = scored(&view, &Utc, plan, Global).unwrap();
    let (mut rows, bins) = (Vec::new(), scored.bins());
    let each = |member: &MemberRef<'_>, row: ScoredMember| {
        let MemberRef::Int(member) = *member else { panic!("a member of another kind") };
        let segment = row.segment.map(|segment| plan.map.segments[segment].clone());
        rows.push((
            member,
            row.recency,
            row.frequency,
            row.monetary,
            row.score.text(bins),
            segment,
        ));
        Ok(())
    };
    scored.each(each).unwrap();
    rows.sort();
    rows
}

#[test]
fn five_members_by_hand() {
    // Of 1, 2, 3, 4, 5 the cut points are 1.8, 2.6, 3.4, 4.2: every one a bin of its own.
    let h = history(&[
        (1, 4, 1, Some(50_000_000)),
        (2, 3, 2, Some(40_000_000)),
        (3, 2, 3, Some(30_000_000)),
        (4, 1, 4, Some(20_000_000)),
        (5, 0, 5, Some(10_000_000)),
        (5, 700, 0, None),
    ]);
    let found = rows(&h, &plan(5, Method::Quantile, "rf10"));
    let expected = [
        "115 Hibernating",
        "224 Hibernating",
        "333 Need attention",
        "442 Loyal customers",
        "551 Champions",
    ];
    assert_eq!(found.len(), expected.len());
    for (row, expected) in found.iter().zip(expected) {
        assert_eq!(format!("{} {}", row.4, row.5.clone().unwrap()), expected);
    }
    assert_eq!(found[4], (5, 0, 5, Some(10_000_000), "551".into(), Some("Champions".into())));
    let bins = cut_points(&h.view(), &Utc, &plan(5, Method::Quantile, "none"), Global).unwrap();
    assert_eq!(bins.len(), 15);
    assert!(bins.iter().all(|bin| bin.members == 1));
    let second =
        bins.iter().find(|bin| bin.measure == Measure::Frequency && bin.score == 2).unwrap();
    assert_eq!((second.above, second.up_to), (Some(1.8), Some(2.6)));
}

#[test]
fn every_built_in_map_names_every_cell() {
    for built_in in BUILT_IN {
        let map = Map::named(built_in.name, 5).unwrap();
        assert_eq!(
            map.faults(5, Global).filter(|fault| fault.claims.is_empty()).count(),
            if built_in.name == "none" {
                25
            } else if built_in.is_of_classes() {
                117
            } else {
                0
            }
        );
        if built_in.is_of_classes() {
            // Of high and low: eight cells, each with a class of its own.
            assert_eq!(map.faults(2, Global).count(), 0);
        } else if built_in.name != "none" {
            let cells = map.cells(5, true, &Global).unwrap();
            assert_eq!(cells.len(), 125);
            // And no name is without a cell.
            assert!((0..map.segments.len()).all(|segment| cells.contains(&(segment as u16))));
        }
    }
    assert_eq!(Map::named("rf10", 5).unwrap().faults(5, Global).count(), 0);
}

/// A segment with its ranges of r and of fm.
type Published = (&'static str, (u8, u8), (f64, f64));

/// Where Putler's published regions overlap: see docs/value/rfm.md.
#[test]
fn the_narrowest_of_the_overlapping_rules_wins() {
    let map = Map::named("putler11", 5).unwrap();
    let cells = map.cells(5, true, &Global).unwrap();
    let name = |r, f, m| {
        let segment = cells[Score { r, f, m: Some(m) }.cell(5)];
        map.segments[usize::from(segment)].as_str()
    };
    let published: [Published; 11] = [
        ("Champions", (4, 5), (4.0, 5.0)),
        ("Loyal customers", (2, 5), (3.0, 5.0)),
        ("Potential loyalists", (3, 5), (1.0, 3.0)),
        ("New customers", (4, 5), (0.0, 1.0)),
        ("Promising", (3, 4), (0.0, 1.0)),
        ("Need attention", (2, 3), (2.0, 3.0)),
        ("About to sleep", (2, 3), (0.0, 2.0)),
        ("At risk", (0, 2), (2.0, 5.0)),
        ("Can't lose them", (0, 1), (4.0, 5.0)),
        ("Hibernating", (1, 2), (1.0, 2.0)),
        ("Lost", (0, 2), (0.0, 2.0)),
    ];
    for r in 1..=5u8 {
        for f in 1..=5u8 {
            for m in 1..=5u8 {
                let fm = f64::from(f + m) / 2.0;
                let holds = |(_, r_span, span): &&Published| {
                    (r_span.0..=r_span.1).contains(&r) && span.0 <= fm && fm <= span.1
                };
                // Whole cells from 1 to 5.
                let size = |(_, r, fm): &&Published| {
                    f64::from(r.1 - r.0.max(1) + 1) * (fm.1 - fm.0.max(1.0) + 1.0)
                };
                let narrowest =
                    published.iter().filter(holds).min_by(|a, b| size(a).total_cmp(&size(b)));
                let expected = if (r, f, m) == (1, 1, 1) { "Lost" } else { narrowest.unwrap().0 };
                assert_eq!(name(r, f, m), expected, "{r}{f}{m}");
            }
        }
    }
}

#[test]
fn a_migration_has_the_cut_points_of_the_first_day() {
    let h = history(&[(1, 100, 1, None), (2, 100, 3, None), (1, 5, 8, None), (3, 0, 1, None)]);
    let plan = plan(5, Method::Quantile, "rf10");
    let between = Migration::new(Some(900), Some(1000), false).unwrap();
    let flows = migration(&h.view(), &Utc, &plan, between, Global).unwrap();
    let name = |place: usize| plan.map.segments[place].as_str();
    let found: Vec<_> = flows.iter().map(|f| (f.from.map(name), name(f.to), f.members)).collect();
    // At day 900 both were there that very day: recency 0 is the best, and a later one the worst.
    assert_eq!(
        found,
        [
            (Some("Champions"), "Can't lose them", 1),
            (Some("New customers"), "Can't lose them", 1),
            (None, "New customers", 1),
        ]
    );
    let ntile = Plan::new(5, Method::Ntile, None, "rf10").unwrap();
    assert!(migration(&h.view(), &Utc, &ntile, between, Global).is_err());
}

#[test]
fn cut_points_come_back_from_json() {
    let h = history(&[(1, 1, 1, Some(3)), (2, 30, 2, Some(1_234_567)), (3, 31, 7, Some(-5))]);
    let own = scale(&h.view(), &Utc, &plan(7, Method::Quantile, "none"), Global).unwrap().unwrap();
    assert_eq!(Scale::parse(&own.to_json()), Ok(own.clone()));
    let fixed = Plan::new(5, Method::Fixed, Some(&own.to_json()), "none").unwrap();
    let fixed = fixed.with(Some(1000), false, Monetary::Total);
    assert_eq!(rows(&h, &fixed), rows(&h, &plan(7, Method::Quantile, "none")));
}

#[test]
fn states_of_values_merge() {
    use crate::state::State;
    let mut parts = [Values::new(Global), Values::new(Global)];
    let mut whole = Values::new(Global);
    for i in 0..1000u32 {
        let values = [
            Some(f64::from(i % 97)),
            Some(f64::from(i % 13)),
            (i % 5 > 0).then(|| f64::from(i) / 7.0),
        ];
        for state in [&mut parts[(i % 2) as usize], &mut whole] {
            state.ask(Some(6), Some("rank")).unwrap();
            state.push(values).unwrap();
        }
    }
    let [mut left, right] = parts;
    let mut bytes = allocator_api2::vec::Vec::new_in(Global);
    right.write(&mut bytes);
    left.merge(&Values::read(&bytes, Global).unwrap()).unwrap();
    assert_eq!(left.scale(&Global), whole.scale(&Global));
    for cut in [0, 3, 5, 12, bytes.len() - 1] {
        assert!(Values::read(&bytes[..cut], Global).is_err());
    }
    assert!(whole.ask(Some(5), None).is_err());
    assert!(matches!(
        whole.push([Some(f64::NAN), None, None]),
        Err(Error::AmountOutOfRange { .. })
    ));
}

#[test]
fn loops_poll() {
    let rows: Vec<_> = (0..40_000).map(|i| (i, i % 900, 1, Some(i))).collect();
    let h = history(&rows);
    let view = h.view();
    for method in [Method::Quantile, Method::Rank, Method::Ntile] {
        let plan = plan(5, method, "rf10");
        assert!(stops(|| scored(&view, &Utc, &plan, Global)));
        let scored = scored(&view, &Utc, &plan, Global).unwrap();
        assert!(stops(|| scored.each(|_, _| Ok(()))));
        assert!(stops(|| cut_points(&view, &Utc, &plan, Global)));
        assert!(stops(|| segments(&view, &Utc, &plan, Global)));
    }
    let between = Migration::new(Some(900), Some(1000), true).unwrap();
    assert!(stops(|| migration(&view, &Utc, &plan(5, Method::Rank, "rf10"), between, Global)));
    let map = Map::parse("[]", 100).unwrap();
    assert!(stops(|| map.faults(100, Global).count()));
}

/// NTILE, row by row: the first n mod bins buckets have one row more.
#[test]
fn ntile_is_that_of_sql() {
    for (n, bins) in [(1, 5), (4, 5), (5, 5), (7, 3), (10, 4), (100, 7), (3, 100)] {
        let mut expected = Vec::new();
        for bin in 0..bins {
            let size = n / bins + usize::from(bin < n % bins);
            expected.extend(std::iter::repeat_n(bin, size));
        }
        let found: Vec<usize> = (0..n).map(|i| ntile(i, n, bins)).collect();
        assert_eq!(found, expected);
    }
}

proptest! {
    #[test]
    fn scores_by_rank_have_cut_points(
        values in prop::collection::vec(0..40u64, 1..200),
        bins in 2..=100usize,
    ) {
        let mut column = Column::of_whole(0, &Global);
        values.iter().for_each(|value| column.push_whole(*value));
        let n = values.len();
        for &value in &values {
            let score = |worse| (1..bins).filter(|bin| bin * (n - 1) <= bins * worse && n > 1).count() + 1;
            let more = score(values.iter().filter(|other| **other < value).count());
            let (points, _) = column.points(Measure::Frequency, Method::Rank, bins);
            prop_assert_eq!(1 + below(&points, value as f64), more);
            let less = score(values.iter().filter(|other| **other > value).count());
            let (points, _) = column.points(Measure::Recency, Method::Rank, bins);
            prop_assert_eq!(bins - below(&points, value as f64), less);
        }
    }

    #[test]
    fn doubles_sort_as_numbers(
        values in prop::collection::vec(-1e12..1e12f64, 1..1500),
        repeat in 0..600usize,
        shares in prop::collection::vec(0.0..=1.0f64, 0..9),
    ) {
        let mut sorted = values.clone();
        sorted.extend(std::iter::repeat_n(values[0], repeat));
        let mut column = Column::of_real(0, &Global);
        sorted.iter().for_each(|value| column.push_real(*value));
        sorted.sort_by(f64::total_cmp);
        prop_assert_eq!(column.ascending().collect::<Vec<f64>>(), sorted.clone());
        let quantile = |share: &f64| {
            let position = share * (sorted.len() - 1) as f64;
            let (low, high) = (sorted[position.floor() as usize], sorted[position.ceil() as usize]);
            low + (position - position.floor()) * (high - low)
        };
        prop_assert_eq!(column.quantiles(&shares), shares.iter().map(quantile).collect::<Vec<f64>>());
    }

    /// Any result is right, except a panic.
    #[test]
    fn any_text_is_a_map_or_an_error(text in "[\\[\\]{}\",:a-fmr0-9.e -]{0,60}") {
        let _ = Map::parse(&text, 5);
        let _ = Scale::parse(&text);
    }
}

/// What users read of their mistakes: where, what is there, and what may be.
#[test]
fn errors_name_the_place_and_what_is_allowed() {
    let message = |error: Error| error.to_string();
    for (text, expected) in [
        (
            "{\"rules\": [",
            "the segment map is not valid JSON: EOF while parsing a list at line 1 column 11",
        ),
        ("{}", "the segment map: missing field `rules`"),
        (
            "{\"rules\": [1]}",
            "the segment map, \"rules\", 1: invalid type: integer `1`, expected an object",
        ),
        ("[[]]", "the segment map, 1: invalid type: sequence, expected an object"),
        ("[{\"r\": 2}]", "the segment map, 1: missing field `segment`"),
        (
            "[{\"segment\": \"a\", \"x\": 2}]",
            "the segment map, 1, \"x\": unknown field `x`, expected one of `segment`, `r`, `f`, `m`, `fm`",
        ),
        (
            "[{\"segment\": \"a\", \"r\": [1, 2, 3]}]",
            "the segment map, 1, \"r\": invalid length 3, expected a number or [from, to]",
        ),
        (
            "[{\"segment\": \"a\", \"r\": [1, \"2\"]}]",
            "the segment map, 1, \"r\", 2: invalid type: string \"2\", expected a number",
        ),
        ("[{\"segment\": \"a\", \"r\": [3, 2]}]", "the segment map, 1, \"r\": 3 is more than 2"),
        (
            "{\"rules\": [{\"segment\": \"a\", \"f\": 6}]}",
            "the segment map, \"rules\", 1, \"f\": scores run from 1 to 5",
        ),
        ("{\"bins\": 3, \"rules\": []}", "the segment map, \"bins\": made for 3 bins, not 5"),
    ] {
        assert_eq!(Map::parse(text, 5).map_err(message).unwrap_err(), expected);
    }
    for (text, expected) in [
        ("{}", "the cut points: missing field `recency`"),
        (
            "{\"recency\": [1, \"x\"], \"frequency\": [2, 3]}",
            "the cut points, \"recency\", 2: invalid type: string \"x\", expected a number",
        ),
        (
            "{\"recency\": [1], \"frequency\": [2, 3]}",
            "the cut points, \"frequency\": 2 cut points, but 1 of recency",
        ),
        (
            "{\"recency\": [2, 1], \"frequency\": [2, 3]}",
            "the cut points, \"recency\": the numbers do not ascend",
        ),
    ] {
        assert_eq!(Scale::parse(text).map_err(message).unwrap_err(), expected);
    }
}
