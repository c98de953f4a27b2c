//! Histories against the simplest thing that could be right: a sorted map.

use super::*;
use crate::calendar::{DAY, Utc};
use crate::host::Global;
use proptest::prelude::*;
use std::collections::BTreeMap;

type Events = std::vec::Vec<(Name, i64, Option<i64>)>;
type Content = BTreeMap<(String, i64), (u64, Option<i64>)>;

#[derive(Debug, Clone)]
enum Name {
    Int(i64),
    Uuid(u128),
    Text(String),
}

impl Name {
    fn as_ref(&self) -> MemberRef<'_> {
        match self {
            Name::Int(key) => MemberRef::Int(*key),
            Name::Uuid(key) => MemberRef::Uuid(*key),
            Name::Text(key) => MemberRef::Text(key.as_bytes()),
        }
    }
}

fn build(kind: MemberKind, events: &[(Name, i64, Option<i64>)]) -> History<Global> {
    let mut history = History::new(Meta::new(kind, Grain::Day, "", Global), Global);
    for (name, day, amount) in events {
        history.push(name.as_ref(), *day, day * DAY, *amount).unwrap();
    }
    history
}

fn content(history: &mut History<Global>) -> Content {
    history.settle().unwrap();
    let mut content = Content::new();
    let view = history.view();
    let mut walk = view.walk().unwrap();
    while let Some((member, timeline)) = walk.next_member().unwrap() {
        assert!(timeline.ticks().is_sorted_by(|a, b| a < b));
        for (i, tick) in timeline.ticks().iter().enumerate() {
            let before = content
                .insert((member.to_string(), *tick), (timeline.count(i), timeline.amount(i)));
            assert!(before.is_none(), "{member} comes twice");
        }
    }
    content
}

fn expected(events: &[(Name, i64, Option<i64>)]) -> Content {
    let mut content = Content::new();
    for (name, tick, amount) in events {
        let entry = content.entry((name.as_ref().to_string(), *tick)).or_insert((0, None));
        entry.0 += 1;
        if let Some(amount) = amount {
            entry.1 = Some(entry.1.unwrap_or(0) + amount);
        }
    }
    content
}

fn flat(history: &mut History<Global>) -> std::vec::Vec<u8> {
    let mut bytes = vec![0; history.flat_size().unwrap()];
    history.write_flat(&mut bytes).unwrap();
    bytes
}

fn grown(flat: &Flat<'_, Global>) -> History<Global> {
    let view = flat.view();
    let mut history = History::new(view.meta.empty(Global), Global);
    history.absorb(&view).unwrap();
    history
}

fn kinds() -> impl Strategy<Value = (MemberKind, Events)> {
    let amount = || prop::option::weighted(0.8, -1_000_000_000..1_000_000_000i64);
    let with = move |kind: MemberKind, name: BoxedStrategy<Name>, most: usize| {
        let events = prop::collection::vec((name, -400..400i64, amount()), 1..most);
        (Just(kind), events)
    };
    prop_oneof![
        with(MemberKind::Int, (0..50i64).prop_map(Name::Int).boxed(), 3000),
        with(MemberKind::Int, any::<i64>().prop_map(Name::Int).boxed(), 500),
        with(MemberKind::Uuid, any::<u128>().prop_map(|k| Name::Uuid(k >> 110)).boxed(), 1000),
        with(MemberKind::Text, "[a-cä]{0,3}".prop_map(Name::Text).boxed(), 1000),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_history_holds_what_was_put_in((kind, events) in kinds()) {
        prop_assert_eq!(content(&mut build(kind, &events)), expected(&events));
    }

    #[test]
    fn summaries_are_those_of_timelines((kind, events) in kinds(), cut: prop::sample::Index) {
        let (one, other) = events.split_at(cut.index(events.len() + 1));
        let mut history = build(kind, one);
        let mut more = build(kind, other);
        more.settle().unwrap();
        history.settle().unwrap();
        history.absorb(&more.view()).unwrap();
        for compact in [false, true] {
            if compact {
                history.compact().unwrap();
            }
            let view = history.view();
            for columns in [Columns::ALL, Columns::AMOUNTS, Columns::TICKS] {
                let mut walk = view.walk_over(columns).unwrap();
                let mut summaries = view.walk_over(columns).unwrap();
                let mut expected = std::vec::Vec::new();
                while let Some((member, timeline)) = walk.next_member().unwrap() {
                    expected.push((member, timeline.summary_of(timeline.ticks().len())));
                }
                let mut found = std::vec::Vec::new();
                summaries.each_summary(|member, summary| {
                    found.push((*member, summary));
                    Ok(())
                }).unwrap();
                prop_assert_eq!(&found, &expected);
                prop_assert!(summaries.at_end());
                let mut names = std::vec::Vec::new();
                view.walk_over(columns).unwrap().each_name(|member| {
                    names.push(*member);
                    Ok(())
                }).unwrap();
                prop_assert!(names.into_iter().eq(expected.iter().map(|(member, _)| *member)));
            }
        }
    }

    #[test]
    fn bytes_do_not_depend_on_the_way((kind, events) in kinds(), cut: prop::sample::Index) {
        let whole = flat(&mut build(kind, &events));
        let mut backwards = events.clone();
        backwards.reverse();
        prop_assert_eq!(&flat(&mut build(kind, &backwards)), &whole);

        let (head, tail) = events.split_at(cut.index(events.len()));
        let mut merged = build(kind, tail);
        let mut other = build(kind, head);
        other.settle().unwrap();
        merged.absorb(&other.view()).unwrap();
        prop_assert_eq!(&flat(&mut merged), &whole);

        let read = Flat::parse(&whole, Global).unwrap();
        read.check(&Utc, |_| Ok(())).unwrap();
        prop_assert_eq!(&flat(&mut grown(&read)), &whole);
    }

    #[test]
    fn damaged_bytes_are_an_error((kind, events) in kinds(), at: prop::sample::Index, bit in 0..8u8) {
        let mut bytes = flat(&mut build(kind, &events));
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        prop_assert!(Flat::parse(&bytes, Global).is_err());
    }

    /// The checksum only guards against accidents: with it made right, whatever the bytes are,
    /// they read as a history of canonical form or as an error.
    #[test]
    fn forged_bytes_are_an_error_or_canonical(
        (kind, events) in kinds(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        len: prop::sample::Index,
        keep in any::<bool>(),
    ) {
        let mut bytes = flat(&mut build(kind, &events));
        bytes.truncate(if keep { bytes.len() - 8 } else { len.index(bytes.len()) });
        for (at, byte) in edits {
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
        }
        let checksum = xxhash_rust::xxh3::xxh3_64(&bytes).to_le_bytes();
        bytes.extend_from_slice(&checksum);
        if let Ok(read) = Flat::parse(&bytes, Global) {
            let view = read.view();
            if let Ok(mut walk) = view.walk() {
                while let Ok(Some(_)) = walk.next_member() {}
            }
            if read.check(&Utc, |_| Ok(())).is_ok() {
                prop_assert_eq!(&flat(&mut grown(&read)), &bytes);
            }
        }
    }

    #[test]
    fn parts_are_what_is_kept((kind, events) in kinds(), from in -400..400i64, len in 0..300i64) {
        let mut history = build(kind, &events);
        history.settle().unwrap();
        let within = |tick: i64| (from..from + len).contains(&tick);
        let part =
            History::part_of(&history.view(), &Utc, Global, |m| m.to_string() != "3", within);
        let kept: Events = events
            .iter()
            .filter(|(name, tick, _)| within(*tick) && name.as_ref().to_string() != "3")
            .cloned()
            .collect();
        match part.unwrap() {
            Some(mut part) => {
                prop_assert_eq!(content(&mut part), expected(&kept));
                let bytes = flat(&mut part);
                Flat::parse(&bytes, Global).unwrap().check(&Utc, |_| Ok(())).unwrap();
            }
            None => prop_assert!(kept.is_empty()),
        }
    }
}

#[test]
fn many_rows_fold_and_merge_many_times() {
    let mut state = 1u64;
    let mut random = move || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as i64
    };
    let events: Events = (0..300_000)
        .map(|_| (Name::Int(random() % 20_000), random() % 24, Some(random() % 100)))
        .collect();
    let mut history = build(MemberKind::Int, &events);
    assert_eq!(content(&mut history), expected(&events));
    assert!(history.runs.len() <= MAX_RUNS);
    let held: u64 = history.runs.iter().map(|run| run.totals.ticks).sum();
    let distinct = expected(&events).len() as u64;
    assert!(held < distinct * 2, "{held} ticks in runs for {distinct}");
}

#[test]
fn sums_that_leave_64_bits_are_an_error() {
    let mut history = build(MemberKind::Int, &[(Name::Int(1), 0, Some(i64::MAX))]);
    history.push(MemberRef::Int(1), 0, 0, Some(1)).unwrap();
    assert!(matches!(history.settle(), Err(Error::AmountOutOfRange { .. })));
}

#[test]
fn histories_of_other_kinds_do_not_merge() {
    let mut days = build(MemberKind::Int, &[(Name::Int(1), 0, None)]);
    let meta = |kind, grain, zone| Meta::new(kind, grain, zone, Global);
    for (other, message) in [
        (
            meta(MemberKind::Int, Grain::Month, ""),
            "histories of different grain: \"day\" and \"month\"",
        ),
        (
            meta(MemberKind::Int, Grain::Day, "UTC"),
            "histories of different time zone: \"none\" and \"UTC\"",
        ),
        (meta(MemberKind::Uuid, Grain::Day, ""), "members are of type uuid, not bigint"),
    ] {
        let other = History::new(other, Global);
        assert_eq!(days.absorb(&other.view()).unwrap_err().to_string(), message);
    }
}

/// The loops ask whether to go on: a cancel ends every one of them, and the history stays what it
/// was.
#[test]
fn loops_poll() {
    use crate::host::testing::stops;
    let mut history = build(MemberKind::Int, &[]);
    for i in 0..100_000 {
        history.push(MemberRef::Int(i % 10_000), i / 100, i * 1000, Some(1)).unwrap();
    }
    let waiting = history.inbox.as_ref().is_some_and(|inbox| !inbox.is_empty());
    assert!(waiting && stops(|| history.settle()));
    history.settle().unwrap();
    assert_eq!(history.view().events(), 100_000);
    let mut more = build(MemberKind::Int, &[(Name::Int(1), 5000, None)]);
    more.settle().unwrap();
    history.absorb(&more.view()).unwrap();
    assert!(history.runs.len() > 1 && stops(|| history.compact()));
    assert_eq!(history.view().events(), 100_001);
    let bytes = flat(&mut history);
    assert!(stops(|| Flat::parse(&bytes, Global).unwrap().check(&Utc, |_| Ok(()))));
}

/// Rows whose members, ticks and places do not fit 64 bits are sorted another way: seconds over all
/// of PostgreSQL's time, by members from all over.
#[test]
fn ticks_may_lie_as_far_apart_as_times_do() {
    let mut history = History::new(Meta::new(MemberKind::Int, Grain::Second, "", Global), Global);
    let ends = [-211_813_488_000, 9_223_371_331_199];
    for i in 0..100_000i64 {
        let (member, second) =
            (i.wrapping_mul(0x5851_F42D_4C95_7F2D) >> (i % 48), ends[i as usize % 2]);
        history.push(MemberRef::Int(member), second + i % 3, 0, Some(i)).unwrap();
    }
    let sum: i64 = content(&mut history).values().filter_map(|(_, amount)| *amount).sum();
    assert_eq!(sum, (0..100_000i64).sum::<i64>());
}
