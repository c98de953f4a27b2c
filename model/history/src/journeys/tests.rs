//! Journeys against the simplest thing that could be right: a sorted map.

use super::testing::{Content, content, flat};
use super::*;
use crate::calendar::{Clock, DAY, Grain, SECOND, Utc};
use crate::host::Vec as HostVec;
use crate::host::{Global, testing::stops};
use proptest::prelude::*;
use std::string::String;
use std::vec::Vec;

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

type Rows = Vec<(Name, i64, String)>;

fn build(kind: MemberKind, rows: &[(Name, i64, String)]) -> Journeys<Global> {
    let mut journeys = Journeys::new(kind, "", Global);
    for (member, at, event) in rows {
        journeys.push(member.as_ref(), *at, event.as_bytes()).unwrap();
    }
    journeys
}

fn settled(kind: MemberKind, rows: &[(Name, i64, String)]) -> Journeys<Global> {
    let mut journeys = build(kind, rows);
    journeys.settle().unwrap();
    journeys
}

fn expected(rows: &[(Name, i64, String)]) -> Content {
    let mut content = Content::new();
    for (member, at, event) in rows {
        *content.entry((member.as_ref().to_string(), *at, event.clone())).or_default() += 1;
    }
    content
}

fn grown(flat: &Flat<'_, Global>) -> Journeys<Global> {
    let view = flat.view();
    let mut journeys = Journeys::like(&view, Global);
    journeys.absorb(&view).unwrap();
    journeys
}

/// Rows of every type of member, with times of every unit, near and far, and few or many names.
fn rows() -> impl Strategy<Value = (MemberKind, Rows)> {
    let member = |kind: MemberKind| match kind {
        MemberKind::Int => {
            prop_oneof![(0..50i64).prop_map(Name::Int), any::<i64>().prop_map(Name::Int)].boxed()
        }
        MemberKind::Uuid => any::<u128>().prop_map(|key| Name::Uuid(key >> 110)).boxed(),
        MemberKind::Text => "[a-cä]{0,3}".prop_map(Name::Text).boxed(),
    };
    let kinds = prop::sample::select(vec![MemberKind::Int, MemberKind::Uuid, MemberKind::Text]);
    let units = prop::sample::select(vec![1, 1000, SECOND, 60 * SECOND, DAY]);
    let spans = prop::sample::select(vec![3i64, 40, 1 << 20, 1 << 40]);
    let names = prop::sample::select(vec!["[a-c]", "[a-j]{0,2}", "[a-z]{4}|ä"]);
    (kinds, units, spans, names).prop_flat_map(move |(kind, unit, span, names)| {
        let (first, last) = (EARLIEST / unit, (BEYOND - 1) / unit);
        let time = (0..span).prop_map(move |at| (at - span / 2).clamp(first, last) * unit);
        prop::collection::vec((member(kind), time, names), 1..1500)
            .prop_map(move |rows| (kind, rows))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn they_hold_what_was_put_in((kind, rows) in rows()) {
        let journeys = settled(kind, &rows);
        let view = journeys.view();
        prop_assert!(view.names.is_sorted_by(|a, b| a < b));
        prop_assert_eq!(content(&view), expected(&rows));
        prop_assert_eq!(view.events(), rows.len() as u64);
    }

    #[test]
    fn bytes_do_not_depend_on_the_way((kind, rows) in rows(), cut: prop::sample::Index) {
        let whole = flat(&mut build(kind, &rows));
        let mut backwards = rows.clone();
        backwards.reverse();
        prop_assert_eq!(&flat(&mut build(kind, &backwards)), &whole);

        let (head, tail) = rows.split_at(cut.index(rows.len()));
        let mut merged = build(kind, tail);
        merged.absorb(&settled(kind, head).view()).unwrap();
        merged.settle().unwrap();
        prop_assert_eq!(content(&merged.view()), expected(&rows));
        prop_assert_eq!(&flat(&mut merged), &whole);

        let read = Flat::parse(&whole, Global).unwrap();
        read.check(|_| Ok(())).unwrap();
        prop_assert_eq!(content(&read.view()), expected(&rows));
        prop_assert_eq!(&flat(&mut grown(&read)), &whole);
    }

    #[test]
    fn damaged_bytes_are_an_error((kind, rows) in rows(), at: prop::sample::Index, bit in 0..8u8) {
        let mut bytes = flat(&mut build(kind, &rows));
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        prop_assert!(Flat::parse(&bytes, Global).is_err());
    }

    /// With the checksum made right, whatever the bytes are, they read as journeys of canonical form or
    /// as an error.
    #[test]
    fn forged_bytes_are_an_error_or_canonical(
        (kind, rows) in rows(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        len: prop::sample::Index,
        keep in any::<bool>(),
    ) {
        let mut bytes = flat(&mut build(kind, &rows[..rows.len().min(60)]));
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
            let walked = tally(&read.view());
            if read.check(|_| Ok(())).is_ok() {
                prop_assert!(walked.is_ok());
                prop_assert_eq!(&flat(&mut grown(&read)), &bytes);
            }
        }
    }

    #[test]
    fn parts_are_what_is_kept((kind, rows) in rows(), from: prop::sample::Index, to: prop::sample::Index) {
        let journeys = settled(kind, &rows);
        let (from, to) = (from.get(&rows).1, to.get(&rows).1);
        let keep = |member: MemberRef<'_>| !member.hash().is_multiple_of(3);
        let kept: Rows = rows
            .iter()
            .filter(|(member, at, _)| (from..=to).contains(at) && keep(member.as_ref()))
            .cloned()
            .collect();
        let part = part_of(&journeys.view(), (from, to), keep, Global).unwrap();
        prop_assert_eq!(part.is_none(), kept.is_empty());
        if let Some(mut part) = part {
            prop_assert_eq!(flat(&mut part), flat(&mut build(kind, &kept)));
        }
    }

    #[test]
    fn histories_are_those_of_the_rows((kind, rows) in rows(), picked in "[a-d]", months in any::<bool>()) {
        let grain = if months { Grain::Month } else { Grain::Second };
        let journeys = settled(kind, &rows);
        let view = journeys.view();
        let names: Vec<bool> = view.names.iter().map(|name| name.starts_with(picked.as_bytes())).collect();
        let mut clock = Clock::new(grain, Global);
        let meta = Meta::new(kind, grain, "", Global);
        let mut history = crate::history::History::new(meta, Global);
        for (member, at, event) in rows.iter().filter(|row| row.2.starts_with(&picked)) {
            let tick = clock.tick(&Utc, *at);
            history.push(member.as_ref(), tick, *at, None).unwrap();
            let _ = event;
        }
        let made = history_of_events(&view, &Utc, &names, grain, Global).unwrap();
        let bytes = |history: &mut crate::history::History<Global>| {
            let mut bytes = vec![0; history.flat_size().unwrap()];
            history.write_flat(&mut bytes).unwrap();
            bytes
        };
        match made {
            Some(mut made) => prop_assert_eq!(bytes(&mut made), bytes(&mut history)),
            None => prop_assert!(history.view().meta.extent.is_none()),
        }
    }
}

/// Names come one after the other, and rows become wider under way: with the 257th name, and with a time
/// far away.
#[test]
fn rows_may_become_wider() {
    let far = |i: i64| if i % 700 == 699 { i * 400 * DAY } else { i };
    let rows: Rows = (0..20_000i64)
        .map(|i| {
            (
                Name::Int(i.wrapping_mul(0x5851_F42D_4C95_7F2D) >> 52),
                far(i),
                format!("{}", i * i % 1009),
            )
        })
        .collect();
    let mut journeys = settled(MemberKind::Int, &rows);
    assert_eq!(content(&journeys.view()), expected(&rows));
    let bytes = flat(&mut journeys);
    Flat::parse(&bytes, Global).unwrap().check(|_| Ok(())).unwrap();
    let mut backwards = rows;
    backwards.reverse();
    assert_eq!(flat(&mut build(MemberKind::Int, &backwards)), bytes);
}

#[test]
fn names_are_counted() {
    let mut journeys = Journeys::new(MemberKind::Int, "", Global);
    for i in 0..MAX_NAMES {
        journeys.push(MemberRef::Int(1), 0, format!("{i}").as_bytes()).unwrap();
    }
    let error = journeys.push(MemberRef::Int(1), 0, b"one more").unwrap_err();
    assert!(matches!(error, Error::TooLarge { .. }));
    journeys.settle().unwrap();
    assert_eq!(journeys.view().names.len(), MAX_NAMES);
    let mut other = Journeys::new(MemberKind::Int, "", Global);
    other.push(MemberRef::Int(1), 0, b"another").unwrap();
    other.settle().unwrap();
    assert!(matches!(other.absorb(&journeys.view()), Err(Error::TooLarge { .. })));
    let tallies = tally(&journeys.view()).unwrap();
    assert!(tallies.iter().all(|tally| (tally.members, tally.events) == (1, 1)));
}

#[test]
fn names_are_looked_up() {
    let journeys = testing::build(&[(1, 0, "sign up".into()), (1, 1, "order".into())]);
    let view = journeys.view();
    assert_eq!(event_of(&view, "step", "order"), Ok(0));
    let error = event_of(&view, "step", "signup").unwrap_err();
    assert_eq!(error.to_string(), "step \"signup\" is no event of the journeys");
    assert!(error.hint().unwrap().starts_with("The nearest names: 'sign up', 'order'"));
    assert_eq!(&events_of(&view, "event", &[Some("order")]).unwrap()[..], [true, false]);
    assert!(events_of(&view, "event", &[None]).is_err());
}

#[test]
fn others_do_not_merge() {
    let mut journeys = testing::build(&[(1, 0, "a".into())]);
    let zoned = Journeys::new(MemberKind::Int, "UTC", Global);
    let names = Journeys::new(MemberKind::Text, "", Global);
    let message = |error: Error| error.to_string();
    assert_eq!(
        journeys.absorb(&zoned.view()).map_err(message),
        Err("journeys of different time zone: \"none\" and \"UTC\"".into())
    );
    assert!(journeys.absorb(&names.view()).is_err());
}

/// Repetitions add up, whether they come together or in parts.
#[test]
fn identical_rows_are_counted() {
    let rows: Rows = (0..100_000).map(|i| (Name::Int(i % 7), 0, format!("{}", i % 2))).collect();
    let mut journeys = settled(MemberKind::Int, &rows);
    assert_eq!(content(&journeys.view()), expected(&rows));
    let bytes = flat(&mut journeys);
    assert!(bytes.len() < 150, "{}", bytes.len());
    let read = Flat::parse(&bytes, Global).unwrap();
    journeys.absorb(&read.view()).unwrap();
    assert_eq!(journeys.view().events(), 200_000);
}

/// The loops ask whether to go on: a cancel ends every one of them, and the journeys stay what they were.
#[test]
fn loops_poll() {
    let rows: Rows = (0..100_000i64)
        .map(|i| (Name::Int(i % 10_000), i * 7919 % 1000, format!("{}", i % 30)))
        .collect();
    let mut journeys = build(MemberKind::Int, &rows);
    let waiting = journeys.inbox.as_ref().is_some_and(|inbox| !inbox.is_empty());
    assert!(waiting && stops(|| journeys.settle()));
    journeys.settle().unwrap();
    assert_eq!(journeys.view().events(), 100_000);
    let more = testing::build(&[(1, 5000, "x".into())]);
    journeys.absorb(&more.view()).unwrap();
    assert!(journeys.runs.len() > 1 && stops(|| journeys.compact()));
    assert!(stops(|| tally(&journeys.view())));
    assert!(stops(|| journeys.view().count_members()));
    let picked = [true; 31];
    assert!(stops(|| history_of_events(&journeys.view(), &Utc, &picked, Grain::Day, Global)));
    assert!(stops(|| part_of(&journeys.view(), (0, 400), |_| true, Global)));
    let bytes = flat(&mut journeys);
    assert!(stops(|| Flat::parse(&bytes, Global).unwrap().check(|_| Ok(()))));
    // One member with a great many events.
    let rows: Rows =
        (0..50_000i64).map(|i| (Name::Int(1), i * 7919 % 50_000, "a".into())).collect();
    let mut journeys = build(MemberKind::Int, &rows);
    assert!(stops(|| journeys.settle()));
}

/// What an event takes while it waits, and stored: a web log of seconds, 20 events of a member.
#[test]
fn they_are_lean() {
    let mut random = model_kit::numeric::SplitMix64::new(1);
    let mut journeys = Journeys::new(MemberKind::Int, "UTC", Global);
    let events = 200_000;
    let mut rows: HostVec<(i64, i64, u64), Global> = HostVec::new_in(Global);
    for member in 0..events / 20 {
        let mut at = (random.next_u64() % (30 * 86_400)) as i64;
        for i in 0..20 {
            // Four sessions of five events.
            at +=
                if i % 5 == 0 { random.next_u64() % (5 * 86_400) } else { random.next_u64() % 100 }
                    as i64;
            rows.push((member, at, random.next_u64() % 20));
        }
    }
    rows.sort_by_key(|row| row.1);
    for (member, at, event) in &rows {
        let name = format!("page {event}");
        journeys.push(MemberRef::Int(*member), at * SECOND, name.as_bytes()).unwrap();
    }
    let words = journeys.inbox.as_ref().unwrap().layout.words();
    assert_eq!(words * 4, 12);
    let bytes = flat(&mut journeys).len() as f64 / events as f64;
    println!("{bytes} bytes an event");
    assert!(bytes < 3.0, "{bytes}");
}
