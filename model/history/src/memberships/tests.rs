//! Memberships against days counted one by one.

use super::testing::{Given, build, given, spells};
use super::*;
use crate::history::{MemberKind, Meta};
use crate::host::{Global, testing::stops};
use proptest::prelude::*;

fn bytes(history: &mut History<Global>) -> std::vec::Vec<u8> {
    // The history's own size, which does not mind spells that overlap.
    let mut bytes = vec![0; 1 + history.flat_size_in(Version::One).unwrap()];
    write_flat(history, &mut bytes).unwrap();
    bytes
}

/// How often a member is in at the end of a day.
fn times_in(given: &[(i64, i64, Option<i64>)], member: i64, day: i64) -> usize {
    let holds = |&&(m, joined, ended): &&(i64, i64, Option<i64>)| {
        m == member && Spell { joined, ended }.holds(day)
    };
    given.iter().filter(holds).count()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn holds_what_was_given_or_says_who_overlaps(given in given()) {
        let history = build(&given).unwrap();
        let twice = (0..5).find(|&m| (0..60).any(|day| times_in(&given, m, day) > 1));
        match (spells(&history, false), twice) {
            (Ok(found), None) => {
                for member in 0..5 {
                    let spells = found.get(&member.to_string()).map_or(&[][..], |s| s);
                    prop_assert!(spells.windows(2).all(|pair| pair[0].ended.unwrap() < pair[1].joined));
                    for day in 0..60 {
                        let times = spells.iter().filter(|spell| spell.holds(day)).count();
                        prop_assert_eq!(times, times_in(&given, member, day));
                    }
                }
                let mut sorted: std::vec::Vec<_> = given.iter().map(|&(m, joined, ended)| (m.to_string(), Spell { joined, ended })).collect();
                sorted.sort();
                let kept: std::vec::Vec<_> = spells(&history, true).unwrap().into_iter()
                    .flat_map(|(m, spells)| spells.into_iter().map(move |spell| (m.clone(), spell))).collect();
                prop_assert_eq!(kept, sorted);
            }
            (Err(Error::BadArgument { message, .. }), Some(_)) => prop_assert!(message.contains("overlap")),
            (answer, _) => prop_assert!(false, "{answer:?}"),
        }
    }

    #[test]
    fn bytes_are_those_of_the_content(given in given(), split in 0..12usize) {
        let mut whole = build(&given).unwrap();
        let mut reversed = build(&given.iter().rev().copied().collect::<Given>()).unwrap();
        let flat = bytes(&mut whole);
        prop_assert_eq!(&flat, &bytes(&mut reversed));
        let (left, right) = given.split_at(split.min(given.len()));
        let mut merged = build(left).unwrap();
        merged.absorb(&build(right).unwrap().view()).unwrap();
        prop_assert_eq!(&flat, &bytes(&mut merged));
        let overlaps = spells(&whole, false).is_err();
        prop_assert_eq!(flat_size(&mut whole).ok(), (!overlaps).then_some(flat.len()));
        prop_assert_eq!(check(&parse(&flat, Global).unwrap(), |_| Ok(())).is_err(), overlaps);
    }

    #[test]
    fn any_history_in_its_place_is_read_or_refused(
        events in prop::collection::vec((0..4i64, -9..9i64, any::<bool>()), 1..9),
        grain in prop::sample::select(vec![Grain::Day, Grain::Month]),
        far in prop::option::of(any::<i64>()),
    ) {
        let mut history = History::new(Meta::new(MemberKind::Int, grain, "", Global), Global);
        let has_amounts = events.iter().any(|(.., amount)| *amount);
        for (member, tick, amount) in events {
            let tick = far.map_or(tick, |far| far.saturating_add(tick));
            history.push(MemberRef::Int(member), tick, (tick >> 1).saturating_mul(DAY), amount.then_some(1)).unwrap();
        }
        if has_amounts {
            // Their version has no room for these.
            let mut bytes = vec![0; 1 + history.flat_size_in(Version::One).unwrap()];
            prop_assert!(write_flat(&history, &mut bytes).is_err());
            return Ok(());
        }
        let flat = bytes(&mut history);
        let flat = parse(&flat, Global).unwrap();
        if check(&flat, |_| Ok(())).is_ok() {
            let memberships = Memberships::new(flat.view());
            let (first, last) = memberships.days().unwrap();
            let mut walk = memberships.walk_as_given().unwrap();
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
fn spells_that_touch_are_one_stretch() {
    let history = build(&[(1, 5, Some(9)), (1, 9, Some(12)), (1, 12, None), (2, 0, None)]).unwrap();
    assert_eq!(spells(&history, true).unwrap()["1"].len(), 3);
    assert_eq!(spells(&history, false).unwrap()["1"], [Spell { joined: 5, ended: None }]);
    let memberships = Memberships::new(history.view());
    assert_eq!((memberships.days(), memberships.count()), (Ok((0, 12)), Ok(2)));
}

#[test]
fn empty_and_reversed_spells_name_the_member() {
    for (ended, what) in [(5, "is empty"), (4, "ends before it begins")] {
        let error = build(&[(7, 5, Some(ended))]).unwrap_err();
        assert!(error.to_string().starts_with("member 7: a spell from 2000-01-06 to "));
        assert!(error.to_string().ends_with(what) && error.hint().is_some());
    }
}

#[test]
fn reading_stops_when_it_is_cancelled() {
    let given: Given = (0..20_000).map(|member| (member, member % 100, None)).collect();
    let mut history = build(&given).unwrap();
    assert!(stops(|| Memberships::new(history.view()).count()));
    let flat = bytes(&mut history);
    assert!(stops(|| check(&parse(&flat, Global).unwrap(), |_| Ok(()))));
}

/// Histories that 0.1 wrote, with amounts and without, are no memberships; nor is one in another version.
#[test]
fn a_history_is_not_taken_for_memberships() {
    let golden = include_str!("../history/golden_v1.txt");
    let mut histories = 0;
    for hex in golden.lines().filter_map(|line| line.strip_prefix("bytes ")) {
        let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
        let mut bytes = vec![MARK];
        bytes.extend((0..hex.len()).step_by(2).map(byte));
        assert!(check(&parse(&bytes, Global).unwrap(), |_| Ok(())).is_err());
        let today = crate::history::canonical(&bytes[1..], Global).unwrap().unwrap();
        bytes.truncate(1);
        bytes.extend_from_slice(&today);
        assert!(parse(&bytes, Global).is_err());
        histories += 1;
    }
    assert_eq!(histories, 9);
}
