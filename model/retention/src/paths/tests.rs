use super::*;
use crate::calendar::Utc;
use crate::host::{Global, testing::stops};
use crate::journeys::testing::{Given, build, given};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::string::String;

/// Level, from, to; none at the end.
type Key = (usize, String, Option<String>);

fn asked() -> impl Strategy<Value = PathsQuestion> {
    let ends = prop_oneof![
        Just((None, None)),
        (0..3u32).prop_map(|code| (Some(code), None)),
        (0..3u32).prop_map(|code| (None, Some(code))),
    ];
    (ends, 1..6usize, 1..6usize, prop::option::of(0..6i64)).prop_map(
        |((start, finish), levels, top, session)| PathsQuestion {
            start,
            finish,
            levels,
            top,
            session,
            as_of: None,
        },
    )
}

/// The ways by the definitions: member, names.
fn ways(
    rows: &Given,
    view: &View<'_, Global>,
    question: &PathsQuestion,
) -> std::vec::Vec<(i64, std::vec::Vec<String>)> {
    let name = |code: u32| {
        view.names.get(code as usize).map(|name| String::from_utf8(name.to_vec()).unwrap())
    };
    let mut members: BTreeMap<i64, BTreeSet<(i64, String)>> = BTreeMap::new();
    for (member, at, event) in rows {
        members.entry(*member).or_default().insert((*at, event.clone()));
    }
    let mut ways = std::vec::Vec::new();
    for (member, events) in members {
        let events: std::vec::Vec<(i64, String)> = events.into_iter().collect();
        for session in events.chunk_by(|a, b| question.session.is_none_or(|gap| b.0 - a.0 <= gap)) {
            let mut names: std::vec::Vec<String> =
                session.iter().map(|event| event.1.clone()).collect();
            if let Some(finish) = question.finish {
                let finish = name(finish).unwrap();
                names.reverse();
                names = names.into_iter().skip_while(|name| *name != finish).collect();
            }
            if let Some(start) = question.start {
                let start = name(start).unwrap();
                names = names.into_iter().skip_while(|name| *name != start).collect();
            }
            names.dedup();
            if !names.is_empty() {
                ways.push((member, names));
            }
        }
    }
    ways
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn steps_add_up_at_every_level(rows in given(), question in asked()) {
        let journeys = build(&rows);
        let view = journeys.view();
        let known = view.names.len() as u32;
        prop_assume!(question.start.is_none_or(|code| code < known) && question.finish.is_none_or(|code| code < known));
        let steps = paths(&view, &Utc, &question).unwrap();
        let ways = ways(&rows, &view, &question);
        let sum = |level: usize, keep: &dyn Fn(&PathStep) -> bool| -> u64 {
            steps.iter().filter(|step| step.level == level && keep(step)).map(|step| step.ways).sum()
        };
        for level in 1..=question.levels {
            // As many as are so long, and no more than came from the level before, node by node.
            let wanted = ways.iter().filter(|(_, names)| names.len() >= level).count() as u64;
            prop_assert_eq!(sum(level, &|_| true), wanted);
            for step in steps.iter().filter(|step| step.level == level && step.to != Node::End) {
                if level < question.levels {
                    let to = step.to;
                    prop_assert_eq!(sum(level, &|s| s.to == to), sum(level + 1, &|s| s.from == to));
                }
            }
            let share: f64 = steps.iter().filter(|step| step.level == level).map(|step| step.share).sum();
            prop_assert!(ways.is_empty() || (share - wanted as f64 / ways.len() as f64).abs() < 1e-9);
        }
        // With room for all names, each step is counted as it is.
        if question.top >= 5 {
            let mut counts: BTreeMap<Key, (u64, BTreeSet<i64>)> = BTreeMap::new();
            for (member, names) in &ways {
                for level in 0..question.levels.min(names.len()) {
                    let key = (level + 1, names[level].clone(), names.get(level + 1).cloned());
                    let count = counts.entry(key).or_default();
                    count.0 += 1;
                    count.1.insert(*member);
                }
            }
            let text = |node: Node| match node {
                Node::Event(code) => Some(String::from_utf8(view.names[code as usize].to_vec()).unwrap()),
                Node::End => None,
                Node::Other => Some("other".into()),
            };
            let found: BTreeMap<_, _> = steps
                .iter()
                .map(|step| ((step.level, text(step.from).unwrap(), text(step.to)), (step.ways, step.members)))
                .collect();
            let wanted: BTreeMap<_, _> =
                counts.into_iter().map(|(key, (ways, members))| (key, (ways, members.len() as u64))).collect();
            prop_assert_eq!(found, wanted);
        }
    }

    #[test]
    fn sessions_and_what_follows(rows in given(), gap in 0..8i64, picked in 0..3u32) {
        let journeys = build(&rows);
        let view = journeys.view();
        let mut found = 0;
        let mut events = 0;
        sessions(&view, &Utc, gap, None, |_, session| {
            assert!(session.started_at <= session.ended_at);
            found += 1;
            events += session.events;
        }).unwrap();
        let all = PathsQuestion { start: None, finish: None, levels: 1, top: 1, session: Some(gap), as_of: None };
        prop_assert_eq!(found, ways(&rows, &view, &all).len());
        prop_assert_eq!(events, rows.len() as u64);
        prop_assume!((picked as usize) < view.names.len());
        let next = next_events(&view, &Utc, picked, None).unwrap();
        let own = String::from_utf8(view.names[picked as usize].to_vec()).unwrap();
        let times: BTreeSet<(i64, i64)> =
            rows.iter().filter(|row| row.2 == own).map(|row| (row.0, row.1)).collect();
        prop_assert_eq!(next.iter().map(|row| row.events).sum::<u64>(), times.len() as u64);
    }
}

#[test]
fn loops_poll() {
    let rows: Given = (0..60_000i64)
        .map(|i| (i % 1000, i, ["a", "b", "c"][i as usize % 3].to_string()))
        .collect();
    let journeys = build(&rows);
    let view = journeys.view();
    let question =
        PathsQuestion { start: None, finish: None, levels: 5, top: 8, session: None, as_of: None };
    assert!(stops(|| paths(&view, &Utc, &question)));
    assert!(stops(|| next_events(&view, &Utc, 0, None)));
    assert!(stops(|| sessions(&view, &Utc, 5, None, |_, _| {})));
    assert!(PathsQuestion { levels: 0, ..question }.check().is_err());
    assert!(PathsQuestion { top: 101, ..question }.check().is_err());
    assert!(PathsQuestion { start: Some(0), finish: Some(1), ..question }.check().is_err());
}
