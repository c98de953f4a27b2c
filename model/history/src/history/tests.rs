//! Histories against the simplest thing that could be right: a sorted map.

use super::*;
use crate::calendar::{DAY, Grain, LAST_DAY, Utc};
use crate::host::Global;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Member, tick, amount; and is it an event?
type Events = std::vec::Vec<(Name, i64, Option<i64>, bool)>;
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

fn build(kind: MemberKind, events: &[(Name, i64, Option<i64>, bool)]) -> History<Global> {
    let mut history = History::new(Meta::new(kind, Grain::Day, "", Global), Global);
    for (name, day, amount, is_event) in events {
        if *is_event {
            history.push(name.as_ref(), *day, day * DAY, *amount).unwrap();
        } else if let Some(amount) = amount {
            history.push_amount(name.as_ref(), *day, day * DAY, *amount).unwrap();
        }
    }
    history
}

fn content(history: &mut History<Global>) -> Content {
    history.settle().unwrap();
    let mut content = Content::new();
    let view = history.view();
    let mut walk = view.walk().unwrap();
    while let Some((member, timeline)) = walk.next_entry().unwrap() {
        assert!(timeline.ticks().is_sorted_by(|a, b| a < b));
        for (i, tick) in timeline.ticks().iter().enumerate() {
            let before = content
                .insert((member.to_string(), *tick), (timeline.count(i), timeline.amount(i)));
            assert!(before.is_none(), "{member} comes twice");
        }
    }
    content
}

fn expected(events: &[(Name, i64, Option<i64>, bool)]) -> Content {
    let mut content = Content::new();
    for (name, tick, amount, is_event) in events {
        if !is_event && amount.is_none() {
            continue;
        }
        let entry = content.entry((name.as_ref().to_string(), *tick)).or_insert((0, None));
        entry.0 += u64::from(*is_event);
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
        let event = (name, -400..400i64, amount(), 0..100u32);
        let events = prop::collection::vec(event, 1..most);
        // All events, or few of them, or mostly: and one event at least.
        (Just(kind), events, prop_oneof![Just(0u32), Just(10), Just(95)]).prop_map(
            |(kind, events, refunds)| {
                let events = events.into_iter().enumerate();
                let events = events.map(|(i, (name, tick, amount, of_hundred))| {
                    (name, tick, amount, i == 0 || of_hundred >= refunds)
                });
                (kind, events.collect())
            },
        )
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
                    expected.push((member, timeline.summary_until(i64::MAX)));
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
    fn readers_see_activity_apart_from_money((kind, events) in kinds(), cut: prop::sample::Index) {
        let (one, other) = events.split_at(cut.index(events.len() + 1));
        let mut history = build(kind, one);
        let mut more = build(kind, other);
        more.settle().unwrap();
        history.settle().unwrap();
        history.absorb(&more.view()).unwrap();
        let mut left = expected(&events);
        let view = history.view();
        for columns in [Columns::TICKS, Columns::AMOUNTS, Columns::ALL] {
            let mut walk = view.walk_over(columns).unwrap();
            let mut members = 0;
            while let Some((member, timeline)) = walk.next_member().unwrap() {
                members += 1;
                let member = member.to_string();
                prop_assert!(!timeline.ticks().is_empty());
                for (i, tick) in timeline.ticks().iter().enumerate() {
                    let found = left.get(&(member.clone(), *tick)).copied();
                    prop_assert!(found.is_some_and(|(events, _)| events > 0));
                    if columns == Columns::ALL {
                        prop_assert_eq!(found, Some((timeline.count(i), timeline.amount(i))));
                        left.remove(&(member.clone(), *tick));
                    }
                }
                prop_assert_eq!(timeline.refunds().is_empty(), !columns.amounts || {
                    !left.range((member.clone(), i64::MIN)..=(member.clone(), i64::MAX))
                        .any(|(_, (events, _))| *events == 0)
                });
                if columns == Columns::ALL {
                    for (tick, amount) in timeline.refunds() {
                        let found = left.remove(&(member.clone(), *tick));
                        prop_assert_eq!(found, Some((0, Some(*amount))));
                    }
                }
            }
            prop_assert_eq!(view.count_members().unwrap(), members);
            prop_assert!(view.members().is_none_or(|known| known == members));
        }
        // Of who is left nothing but amounts is known.
        prop_assert!(left.values().all(|(events, _)| *events == 0));
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
            .filter(|(name, tick, ..)| within(*tick) && name.as_ref().to_string() != "3")
            .cloned()
            .collect();
        match part.unwrap() {
            Some(mut part) => {
                prop_assert_eq!(content(&mut part), expected(&kept));
                let bytes = flat(&mut part);
                Flat::parse(&bytes, Global).unwrap().check(&Utc, |_| Ok(())).unwrap();
            }
            None => prop_assert!(expected(&kept).is_empty()),
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
        .map(|_| {
            (Name::Int(random() % 20_000), random() % 24, Some(random() % 100), random() % 9 > 0)
        })
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
    let mut history = build(MemberKind::Int, &[(Name::Int(1), 0, Some(i64::MAX), true)]);
    history.push(MemberRef::Int(1), 0, 0, Some(1)).unwrap();
    assert!(matches!(history.settle(), Err(Error::AmountOutOfRange { .. })));
}

#[test]
fn histories_of_other_kinds_do_not_merge() {
    let mut days = build(MemberKind::Int, &[(Name::Int(1), 0, None, true)]);
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
    let mut more = build(MemberKind::Int, &[(Name::Int(1), 5000, None, true)]);
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

/// A tick without an event has an amount: of zero too, but not none. And no tick is twice without one.
#[test]
fn a_tick_has_an_event_or_an_amount() {
    let refund = |day, amount| (Name::Int(1), day, Some(amount), false);
    let mut history = build(MemberKind::Int, &[refund(3, 0), refund(5, 7), refund(5, -7)]);
    assert_eq!(
        content(&mut history).into_values().collect::<std::vec::Vec<_>>(),
        [(0, Some(0)); 2]
    );
    assert_eq!((history.view().count_members().unwrap(), history.view().events()), (0, 0));
    let bytes = flat(&mut history);
    let parsed = Flat::parse(&bytes, Global).unwrap();
    parsed.check(&Utc, |_| Ok(())).unwrap();
    // Without their amounts they are nothing, though every column is well-formed.
    let amounts = bytes.len() - 8 - 3;
    let lengths = bytes[..amounts].iter().rposition(|byte| *byte == 3).unwrap();
    let mut forged = bytes[..amounts].to_vec();
    forged[lengths] = 0;
    let checksum = xxhash_rust::xxh3::xxh3_64(&forged).to_le_bytes();
    forged.extend_from_slice(&checksum);
    let parsed = Flat::parse(&forged, Global).unwrap();
    assert!(parsed.check(&Utc, |_| Ok(())).is_err());
}

/// Rows come between events in every way, and the history is what it would have been.
#[test]
fn refunds_fold_and_merge_many_times() {
    let events: Events = (0..200_000i64)
        .map(|i| {
            let member = i.wrapping_mul(0x5851_F42D_4C95_7F2D) >> 49;
            (Name::Int(member), i % 37, Some((i % 900 - 100) * 10_000), i % 3 > 0)
        })
        .collect();
    let mut history = build(MemberKind::Int, &events);
    assert_eq!(content(&mut history), expected(&events));
    let bytes = flat(&mut history);
    Flat::parse(&bytes, Global).unwrap().check(&Utc, |_| Ok(())).unwrap();
}

/// Bytes that 0.1 wrote stay readable for ever, and compare as what they hold does today.
#[test]
fn version_1_reads_as_what_it_holds() {
    let mut values = 0;
    for value in include_str!("golden_v1.txt").split("\n\n") {
        let mut lines = value.lines().filter(|line| !line.starts_with('#'));
        let Some(name) = lines.next() else { continue };
        let hex = lines.next().and_then(|line| line.strip_prefix("bytes ")).unwrap();
        let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
        let bytes: std::vec::Vec<u8> = (0..hex.len()).step_by(2).map(byte).collect();
        assert_eq!(bytes[0], 1, "{name}");
        let old = Flat::parse(&bytes, Global).unwrap();
        old.check(&Utc, |_| Ok(())).unwrap();

        // What it holds, as text says.
        let mut rows = Content::new();
        for line in lines {
            let mut fields = line.strip_prefix("row ").unwrap().splitn(4, ' ');
            let [tick, count, amount, member] = std::array::from_fn(|_| fields.next().unwrap());
            let content = (count.parse().unwrap(), amount.parse().ok());
            rows.insert((member.to_string(), tick.parse().unwrap()), content);
        }
        let mut grown = grown(&old);
        assert_eq!(content(&mut grown), rows, "{name}");

        // The same rows today.
        let meta = old.view().meta.empty(Global);
        let extent = old.view().meta.extent.unwrap();
        let mut today = History::new(meta, Global);
        for ((member, tick), (count, amount)) in &rows {
            let member = match old.view().meta.kind {
                MemberKind::Int => Name::Int(member.parse().unwrap()),
                MemberKind::Uuid => {
                    Name::Uuid(u128::from_str_radix(&member.replace('-', ""), 16).unwrap())
                }
                MemberKind::Text => Name::Text(member.clone()),
            };
            for i in 0..*count {
                let at = if *tick == extent.low { extent.first } else { extent.last };
                today.push(member.as_ref(), *tick, at, amount.filter(|_| i == 0)).unwrap();
            }
        }
        let today = flat(&mut today);
        assert_eq!(today[0], 2, "{name}");
        assert_eq!(canonical(&bytes, Global).unwrap().as_deref(), Some(&today[..]), "{name}");
        assert_eq!(canonical(&today, Global).unwrap(), None);
        values += 1;
    }
    assert_eq!(values, 9);
}

/// A tick so far away that its first day passes 64 bits reads as some other day: of 2^62 + 20 years, as
/// one of the year 2020.
#[test]
fn ticks_beyond_the_calendar_are_an_error() {
    let read = |grain: Grain, tick: i64| {
        let mut history = History::new(Meta::new(MemberKind::Int, grain, "", Global), Global);
        history.push(MemberRef::Int(1), tick, 0, None).unwrap();
        let bytes = flat(&mut history);
        Flat::parse(&bytes, Global).map(|_| ())
    };
    for grain in (0..8).filter_map(Grain::from_code) {
        for tick in [i64::MIN, -(1 << 62) - 20, (1 << 62) + 20, (1 << 61) + 7, i64::MAX] {
            assert!(matches!(read(grain, tick), Err(Error::Malformed(_))), "{grain:?} {tick}");
        }
        let last = if grain.is_instant() { LAST_DAY * 86_400 } else { grain.of_day(LAST_DAY) };
        assert_eq!(read(grain, last), Ok(()), "{grain:?}");
        assert_eq!(read(grain, -last), Ok(()), "{grain:?}");
    }
}

/// Forged bytes of version 1 are an error or canonical too.
#[test]
fn version_1_is_not_believed_either() {
    let value = include_str!("golden_v1.txt").split("\n\n").nth(6).unwrap();
    let hex = value.lines().find_map(|line| line.strip_prefix("bytes ")).unwrap();
    let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    let bytes: std::vec::Vec<u8> = (0..hex.len()).step_by(2).map(byte).collect();
    let body = bytes.len() - 8;
    for at in 0..body {
        for byte in [0, 1, 0x7f, 0x80, 0xff, bytes[at] ^ 1, bytes[at].wrapping_add(1)] {
            let mut forged = bytes[..body].to_vec();
            forged[at] = byte;
            let checksum = xxhash_rust::xxh3::xxh3_64(&forged).to_le_bytes();
            forged.extend_from_slice(&checksum);
            let Ok(read) = Flat::parse(&forged, Global) else { continue };
            let accepted = read.check(&Utc, |_| Ok(())).is_ok();
            let again = canonical(&forged, Global);
            if accepted && read.version() == Version::One {
                let again = again.unwrap().unwrap();
                let today = Flat::parse(&again, Global).unwrap();
                today.check(&Utc, |_| Ok(())).unwrap();
                assert_eq!(content(&mut grown(&today)), content(&mut grown(&read)));
            }
        }
    }
}
