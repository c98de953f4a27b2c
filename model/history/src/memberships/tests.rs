//! Memberships against days counted one by one.

use super::testing::{Given, build, given, spells};
use super::*;
use crate::history::{MemberKind, Meta};
use crate::host::{Global, testing::stops};
use proptest::prelude::*;
use std::collections::BTreeMap;

const NUMBERS_OF_0_1_0: &str = "4d01000300030c0cffffb79a95c9018080b088d4db0f9d01\
    c00c060e0000040001040405021406000400b3015c0000048a0635d60029ac46dec3";
const NAMES_OF_0_1_0: &str = "4d0102030d4575726f70652f4c6f6e646f6e0308088080dd97\
    dce2d8028080adfbfd95dd029e9202dc9502120a000004616e6e61000362656e0305636c617261029e9202145a0078\
    44245a16f3c72e453b0e07";

fn bytes(history: &mut History<Global>) -> std::vec::Vec<u8> {
    let mut bytes = vec![0; flat_size(history).unwrap()];
    write_flat(history, &mut bytes).unwrap();
    bytes
}

/// The days on which each member is in, by looking at every day, as stretches.
fn stretches(given: &[(i64, i64, Option<i64>)]) -> BTreeMap<String, std::vec::Vec<Spell>> {
    const LAST: i64 = 60;
    let mut found = BTreeMap::new();
    for &(member, ..) in given {
        let is_in = |day: i64| {
            let holds = |&&(m, joined, ended): &&(i64, i64, Option<i64>)| {
                m == member && Spell { joined, ended }.holds(day)
            };
            given.iter().any(|row| holds(&row))
        };
        let mut spells = std::vec::Vec::new();
        for joined in (-1..LAST).filter(|&day| is_in(day) && !is_in(day - 1)) {
            let ended = (joined..LAST).find(|&day| !is_in(day));
            spells.push(Spell { joined, ended });
        }
        if !spells.is_empty() {
            found.insert(member.to_string(), spells);
        }
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn holds_the_union_of_the_days(given in given(), split in 0..12usize) {
        let expected = stretches(&given);
        let mut whole = build(&given).unwrap();
        prop_assert_eq!(&spells(&whole), &expected);
        // Whatever the order of rows, and however often they come.
        let flat = bytes(&mut whole);
        prop_assert_eq!(&spells(&whole), &expected);
        let mut reversed: Given = given.iter().rev().copied().collect();
        prop_assert_eq!(&flat, &bytes(&mut build(&reversed).unwrap()));
        reversed.extend(&given);
        prop_assert_eq!(&flat, &bytes(&mut build(&reversed).unwrap()));
        // However they are split, and merged more than once.
        let (left, right) = given.split_at(split.min(given.len()));
        let mut merged = build(left).unwrap();
        for other in [right, left, &given] {
            absorb(&mut merged, &build(other).unwrap().view()).unwrap();
        }
        let all = || expected.values().flatten();
        let found = Memberships::new(merged.view());
        prop_assert_eq!(found.first(), Ok(all().map(|s| s.joined).min().unwrap()));
        prop_assert_eq!(found.last(), Ok(all().map(|s| s.ended.unwrap_or(s.joined)).max().unwrap()));
        prop_assert_eq!(found.count(), Ok(expected.len() as u64));
        drop(found);
        prop_assert_eq!(&spells(&merged), &expected);
        prop_assert_eq!(&flat, &bytes(&mut merged));
        // The bytes are those of the stretches, and say so.
        let stretches: Given = expected.iter()
            .flat_map(|(m, spells)| spells.iter().map(|s| (m.parse().unwrap(), s.joined, s.ended))).collect();
        prop_assert_eq!(&flat, &bytes(&mut build(&stretches).unwrap()));
        let read = Bytes::parse(&flat, Global).unwrap();
        prop_assert_eq!(read.check(|_| Ok(())), Ok(()));
        prop_assert!(canonical(&flat, Global).unwrap().is_none());
        let Bytes::Unions(read) = read else { panic!() };
        prop_assert_eq!(Memberships::new(read.view()).last(), Memberships::new(whole.view()).last());
    }

    #[test]
    fn many_rows_of_a_few_members_are_their_union(
        seed in any::<u64>(),
        text in any::<bool>(),
    ) {
        // Past the first inboxes and their folds.
        let mut random = seed | 1;
        let mut next = |below: i64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (random >> 33) as i64 % below
        };
        let kind = if text { MemberKind::Text } else { MemberKind::Int };
        let mut history = empty(Meta::new(kind, Grain::Day, "", Global), Global);
        let mut days = vec![[false; 64]; 40];
        for _ in 0..3000 {
            let (member, joined, length) = (next(40), next(60), next(3));
            let spell = Spell { joined, ended: Some(joined + length) };
            let name = member.to_string();
            let name = if text { MemberRef::Text(name.as_bytes()) } else { MemberRef::Int(member) };
            push(&mut history, name, spell).unwrap();
            for day in joined..joined + length {
                days[member as usize][day as usize] = true;
            }
        }
        history.settle().unwrap();
        let found = spells(&history);
        for (member, days) in days.iter().enumerate() {
            let spells = found.get(&member.to_string()).map_or(&[][..], |spells| spells);
            for (day, is_in) in days.iter().enumerate() {
                prop_assert_eq!(spells.iter().any(|spell| spell.holds(day as i64)), *is_in);
            }
            prop_assert!(spells.windows(2).all(|pair| pair[0].ended.unwrap() < pair[1].joined));
        }
    }

    #[test]
    fn any_history_in_its_place_is_read_or_refused(
        events in prop::collection::vec((0..4i64, -9..9i64, any::<bool>()), 1..9),
        grain in prop::sample::select(vec![Grain::Day, Grain::Month]),
        far in prop::option::of(any::<i64>()),
        mark in prop::sample::select(&[MARK, MARK_AS_GIVEN]),
    ) {
        let mut history = History::new(Meta::new(MemberKind::Int, grain, "", Global), Global);
        let has_amounts = events.iter().any(|(.., amount)| *amount);
        for (member, tick, amount) in events {
            let tick = far.map_or(tick, |far| far.saturating_add(tick));
            history.push(MemberRef::Int(member), tick, (tick >> 1).saturating_mul(DAY), amount.then_some(1)).unwrap();
        }
        let mut flat = vec![mark; 1 + history.flat_size_in(Version::One).unwrap()];
        let written = history.write_flat_in(Version::One, &mut flat[1..]);
        // Their version is not written with amounts.
        prop_assert_eq!(written.is_err(), has_amounts);
        if has_amounts {
            return Ok(());
        }
        let flat = Bytes::parse(&flat, Global).unwrap();
        if flat.check(|_| Ok(())).is_ok() {
            let memberships = Memberships::new(flat.history().view());
            let (first, last) = memberships.bounds().unwrap();
            let mut walk = memberships.walk().unwrap();
            while let Some((_, spells)) = walk.next_member().unwrap() {
                for spell in spells {
                    prop_assert!(first <= spell.joined && spell.ended.is_none_or(|e| spell.joined < e && e <= last));
                }
            }
        }
    }
}

#[test]
fn a_part_is_that_of_the_members_left() {
    let given = [(1, 5, Some(9)), (1, 9, Some(12)), (2, 0, None), (3, 4, Some(30))];
    let history = build(&given).unwrap();
    let mut part = Memberships::new(history.view())
        .part(|member| member != MemberRef::Int(2), Global)
        .unwrap();
    let mut expected = build(&[given[0], given[1], given[3]]).unwrap();
    assert_eq!(bytes(&mut part), bytes(&mut expected));
    let nobody = Memberships::new(history.view()).part(|_| false, Global).unwrap();
    assert!(nobody.meta().extent.is_none());
}

#[test]
fn spells_that_touch_or_overlap_are_one_stretch() {
    let history = build(&[(1, 5, Some(9)), (1, 9, Some(12)), (1, 12, None), (2, 0, None)]).unwrap();
    assert_eq!(spells(&history)["1"], [Spell { joined: 5, ended: None }]);
    let memberships = Memberships::new(history.view());
    assert_eq!((memberships.first(), memberships.last()), (Ok(0), Ok(5)));
    let history = build(&[(1, 0, Some(90)), (1, 73, Some(151)), (1, 20, Some(30))]).unwrap();
    assert_eq!(spells(&history)["1"], [Spell { joined: 0, ended: Some(151) }]);
}

#[test]
fn empty_spells_count_for_nothing_and_reversed_ones_name_the_member() {
    assert!(build(&[(7, 5, Some(5))]).unwrap().meta().extent.is_none());
    let error = build(&[(7, 5, Some(4))]).unwrap_err();
    assert!(error.to_string().starts_with("member 7: a spell from 2000-01-06 to 2000-01-05 ends"));
    assert!(error.hint().is_some());
}

fn from_hex(text: &str) -> std::vec::Vec<u8> {
    let digits: std::vec::Vec<_> = text.chars().map(|c| c.to_digit(16).unwrap() as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// Values that 0.1.0 wrote are read, and are equal to what their rows are now.
#[test]
fn bytes_of_0_1_0_are_read_for_ever() {
    let numbers = [
        (1, 5, Some(9)),
        (1, 9, Some(12)),
        (1, 12, None),
        (2, 0, None),
        (3, -40, Some(7)),
        (3, 7, Some(8)),
        (3, 10, Some(400)),
    ];
    let old = from_hex(NUMBERS_OF_0_1_0);
    let read = Bytes::parse(&old, Global).unwrap();
    assert_eq!(read.check(|_| Ok(())), Ok(()));
    let Bytes::AsGiven(flat) = read else { panic!() };
    let mut now = build(&numbers).unwrap();
    assert_eq!(spells(&unions(&flat, Global).unwrap()), spells(&now));
    let canonical_bytes = canonical(&old, Global).unwrap().unwrap();
    assert_eq!(canonical_bytes.as_slice(), bytes(&mut now));
    assert!(Bytes::parse(&canonical_bytes, Global).unwrap().check(|_| Ok(())).is_ok());

    let names = [
        ("anna", 8775, None),
        ("ben", 8780, Some(8826)),
        ("ben", 8826, Some(8887)),
        ("clara", 8797, Some(8816)),
        ("clara", 8861, None),
    ];
    let meta = Meta::new(MemberKind::Text, Grain::Day, "Europe/London", Global);
    let mut now = empty(meta, Global);
    for (member, joined, ended) in names {
        push(&mut now, MemberRef::Text(member.as_bytes()), Spell { joined, ended }).unwrap();
    }
    let old = from_hex(NAMES_OF_0_1_0);
    assert_eq!(Bytes::parse(&old, Global).unwrap().check(|_| Ok(())), Ok(()));
    assert_eq!(canonical(&old, Global).unwrap().unwrap().as_slice(), bytes(&mut now));
}

#[test]
fn reading_stops_when_it_is_cancelled() {
    let given: Given = (0..20_000).map(|member| (member, member % 100, None)).collect();
    let mut history = build(&given).unwrap();
    let flat = bytes(&mut history);
    assert!(stops(|| Bytes::parse(&flat, Global).unwrap().check(|_| Ok(()))));
    assert!(stops(|| Memberships::new(history.view()).part(|_| true, Global)));
    let mut as_given = flat.clone();
    as_given[0] = MARK_AS_GIVEN;
    assert!(stops(|| canonical(&as_given, Global)));
    let mut other = build(&given).unwrap();
    absorb(&mut other, &history.view()).unwrap();
    assert!(stops(|| Memberships::new(other.view()).last()));
    assert!(stops(|| other.flat_size()));
}

/// Histories that 0.1 wrote, with amounts and without, are no memberships; nor is one in another version.
#[test]
fn a_history_is_not_taken_for_memberships() {
    let golden = include_str!("../history/golden_v1.txt");
    let mut histories = 0;
    for hex in golden.lines().filter_map(|line| line.strip_prefix("bytes ")) {
        let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
        for mark in [MARK, MARK_AS_GIVEN] {
            let mut bytes = vec![mark];
            bytes.extend((0..hex.len()).step_by(2).map(byte));
            assert!(Bytes::parse(&bytes, Global).unwrap().check(|_| Ok(())).is_err());
            let today = crate::history::canonical(&bytes[1..], Global).unwrap().unwrap();
            bytes.truncate(1);
            bytes.extend_from_slice(&today);
            assert!(Bytes::parse(&bytes, Global).is_err());
        }
        histories += 1;
    }
    assert_eq!(histories, 9);
}
