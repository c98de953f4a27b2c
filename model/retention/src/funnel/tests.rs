//! Funnels against what their definitions say, tried out chain by chain.

use super::*;
use crate::calendar::{DAY, Period, Utc};
use crate::error::Error;
use crate::host::{Global, testing::stops};
use crate::journeys::testing::{Given, build, given};
use crate::journeys::{Journeys, View};
use proptest::prelude::*;
use std::string::String;
use std::vec::Vec;

const TICK: i64 = DAY / 4;

#[derive(Debug, Clone)]
struct Asked {
    steps: Vec<String>,
    within: i64,
    mode: Mode,
    entry: Entry,
    step_within: Option<Vec<Option<i64>>>,
    optional: Vec<usize>,
    excluded: Vec<String>,
    period: Option<Period>,
    as_of: Option<i64>,
}

fn asked() -> impl Strategy<Value = Asked> {
    let modes = prop::sample::select(vec![
        Mode::Ordered,
        Mode::StrictIncrease,
        Mode::StrictOrder,
        Mode::NoRepeats,
        Mode::AnyOrder,
    ]);
    let entry = prop::sample::select(vec![Entry::First, Entry::Recurring]);
    let steps = prop::collection::vec("[a-d]", 1..5);
    let step_within =
        prop::option::weighted(0.3, prop::collection::vec(prop::option::of(1..10i64), 4));
    let optional = prop::collection::vec(1..4usize, 0..3);
    let periods = prop::option::of(prop::sample::select(vec![Period::Days(3), Period::DAY]));
    let times = (1..25i64, prop::option::of(-1..9i64));
    (modes, entry, steps, step_within, optional, "(|[a-e])", periods, times).prop_map(
        |(mode, entry, steps, step_within, optional, excluded, period, (within, as_of))| {
            let plain = mode == Mode::AnyOrder;
            let count = steps.len();
            let excluded = if excluded.is_empty() || steps.contains(&excluded) {
                vec![]
            } else {
                vec![excluded]
            };
            Asked {
                within,
                mode,
                entry,
                step_within: step_within
                    .filter(|_| !plain)
                    .map(|all| all.into_iter().take(count - 1).collect()),
                optional: optional.into_iter().filter(|step| !plain && *step < count).collect(),
                excluded,
                steps,
                period,
                as_of,
            }
        },
    )
}

/// Time, name; a repeated row is there as often as it was given.
type Events = Vec<(i64, String)>;

impl Asked {
    fn limit(&self, step: usize) -> i64 {
        let all = self.step_within.as_ref();
        all.and_then(|all| all[step - 1]).map_or(i64::MAX, |ticks| ticks * TICK)
    }

    fn is_optional(&self, step: usize) -> bool {
        self.optional.contains(&step)
    }

    fn is_step(&self, name: &str) -> bool {
        self.steps.iter().any(|step| step == name)
    }

    fn question(&self) -> FunnelQuestion {
        FunnelQuestion {
            within: self.within * TICK,
            mode: self.mode,
            entry: self.entry,
            period: self.period,
            as_of: self.as_of,
            confidence: 0.95,
        }
    }

    /// The steps as some journeys know them; none if an event is not there.
    fn steps(&self, view: &View<'_, Global>) -> Option<Steps<Global>> {
        let texts =
            |names: &[String]| -> Vec<Option<String>> { names.iter().cloned().map(Some).collect() };
        let (events, excluded) = (texts(&self.steps), texts(&self.excluded));
        let within: Option<Vec<Option<String>>> = self.step_within.as_ref().map(|all| {
            all.iter().map(|ticks| ticks.map(|ticks| format!("{} hours", 6 * ticks))).collect()
        });
        let optional: Vec<Option<i32>> =
            self.optional.iter().map(|step| Some(*step as i32 + 1)).collect();
        let events: Vec<Option<&str>> = events.iter().map(Option::as_deref).collect();
        let excluded: Vec<Option<&str>> = excluded.iter().map(Option::as_deref).collect();
        let within: Option<Vec<Option<&str>>> =
            within.as_ref().map(|all| all.iter().map(Option::as_deref).collect());
        let given = StepsAsked {
            events: &events,
            within: within.as_deref(),
            optional: &optional,
            excluded: &excluded,
        };
        match Steps::new(view, &given, self.mode) {
            Ok(steps) => Some(steps),
            Err(Error::Miswritten { .. }) => None,
            Err(error) => panic!("{error}"),
        }
    }

    /// When each step is reached first from a start, by the definitions.
    fn reach(&self, events: &Events, start: usize, until: i64) -> Vec<Option<i64>> {
        match self.mode {
            Mode::Ordered | Mode::StrictIncrease => {
                let mut reached = vec![None; self.steps.len()];
                reached[0] = Some(events[start].0);
                let mut chain = vec![(0, start)];
                self.try_all(events, until, &mut chain, &mut reached);
                reached
            }
            Mode::AnyOrder => self.count_any(events, start, until),
            _ => self.go(events, start, until),
        }
    }

    /// Every chain of events there is.
    fn try_all(
        &self,
        events: &Events,
        until: i64,
        chain: &mut Vec<(usize, usize)>,
        reached: &mut [Option<i64>],
    ) {
        let (step, event) = chain[chain.len() - 1];
        let at = events[event].0;
        for next in step + 1..self.steps.len() {
            for (i, (time, name)) in events.iter().enumerate() {
                let is_used = chain.iter().any(|(_, used)| *used == i);
                let is_after =
                    if self.mode == Mode::StrictIncrease { *time > at } else { *time >= at };
                let is_cut = events.iter().any(|(other, name)| {
                    self.excluded.contains(name) && at < *other && other < time
                });
                if *name == self.steps[next]
                    && !is_used
                    && is_after
                    && !is_cut
                    && *time <= until
                    && time - at <= self.limit(next)
                {
                    reached[next] = Some(reached[next].map_or(*time, |before| before.min(*time)));
                    chain.push((next, i));
                    self.try_all(events, until, chain, reached);
                    chain.pop();
                }
            }
            if !self.is_optional(next) {
                break;
            }
        }
    }

    /// Steps of whatever order, one event each.
    fn count_any(&self, events: &Events, start: usize, until: i64) -> Vec<Option<i64>> {
        let at = events[start].0;
        let mut left = self.steps.clone();
        let mut reached = Vec::new();
        let cut = events.iter().find(|(time, name)| *time > at && self.excluded.contains(name));
        let until = cut.map_or(until, |(time, _)| until.min(*time));
        for (time, name) in events.iter().filter(|(time, _)| (at..=until).contains(time)) {
            if let Some(place) = left.iter().position(|step| step == name) {
                left.remove(place);
                reached.push(Some(*time));
            }
        }
        reached.resize(self.steps.len(), None);
        reached
    }

    /// Event by event: at one instant first what is no step, then in the order of the steps.
    fn go(&self, events: &Events, start: usize, until: i64) -> Vec<Option<i64>> {
        let begin = events[start].0;
        let mut reached = vec![None; self.steps.len()];
        reached[0] = Some(begin);
        let (mut last, mut at, mut done) = (0, begin, vec![0]);
        let mut later: Vec<(i64, usize)> = Vec::new();
        for (i, (time, name)) in events.iter().enumerate() {
            let order = self.steps.iter().position(|step| step == name).map_or(0, |step| step + 1);
            if i != start && (begin..=until).contains(time) {
                later.push((*time, order));
            }
        }
        later.sort();
        let mut cuts: Vec<i64> = events
            .iter()
            .filter(|(time, name)| self.excluded.contains(name) && *time >= begin)
            .map(|(time, _)| *time)
            .collect();
        cuts.sort();
        for (time, order) in later {
            if cuts.iter().any(|cut| at < *cut && *cut < time) {
                break;
            }
            if order == 0 {
                let other = events.iter().any(|(when, name)| {
                    *when == time && !self.is_step(name) && !self.excluded.contains(name)
                });
                if self.mode == Mode::StrictOrder && time > begin && other {
                    break;
                }
                continue;
            }
            let name = &self.steps[order - 1];
            let mut next = (last + 1..self.steps.len()).take_while(|step| {
                *step == last + 1 || (last + 1..*step).all(|between| self.is_optional(between))
            });
            let next =
                next.find(|step| self.steps[*step] == *name && time - at <= self.limit(*step));
            if let Some(next) = next {
                reached[next] = Some(time);
                (last, at) = (next, time);
                done.push(next);
                continue;
            }
            let ends = match self.mode {
                Mode::StrictOrder => self.steps[last] != *name,
                _ => done.iter().any(|step| *step > 0 && self.steps[*step] == *name),
            };
            if ends {
                break;
            }
        }
        reached
    }
}

/// Period, step, members, eligible, reached.
type Counts = Vec<(i64, usize, u64, u64, u64)>;

/// The counts by the definitions.
fn expected(rows: &Given, asked: &Asked) -> Counts {
    let mut members: std::collections::BTreeMap<i64, Events> = Default::default();
    for (member, at, name) in rows {
        members.entry(*member).or_default().push((*at, name.clone()));
    }
    let first_day = rows.iter().map(|row| row.1.div_euclid(DAY)).min().unwrap();
    let as_of = asked.as_of.unwrap_or(rows.iter().map(|row| row.1.div_euclid(DAY)).max().unwrap());
    let last = (as_of + 1) * DAY - 1;
    let unit = |day: i64| match asked.period {
        None => 0,
        Some(Period::Days(days)) => (day - as_of - 1).div_euclid(i64::from(days)),
        _ => day,
    };
    let mut counts = Counts::new();
    if first_day <= as_of {
        for period in unit(first_day)..=unit(as_of) {
            for step in 0..asked.steps.len() {
                counts.push((period, step, 0, 0, 0));
            }
        }
    }
    for events in members.values_mut() {
        events.sort();
        let mut by_period: std::collections::BTreeMap<i64, Vec<usize>> = Default::default();
        for (i, (at, name)) in events.iter().enumerate() {
            let starts = match asked.mode {
                Mode::AnyOrder => asked.is_step(name),
                _ => *name == asked.steps[0],
            };
            if starts && *at <= last {
                by_period.entry(unit(at.div_euclid(DAY))).or_default().push(i);
            }
        }
        for (period, starts) in by_period {
            let end = |start: usize| events[start].0 + asked.within * TICK;
            let reach = |start: usize| asked.reach(events, start, end(start).min(last));
            let count = |reached: &Vec<Option<i64>>| reached.iter().flatten().count();
            let mut best = reach(starts[0]);
            if asked.entry == Entry::Recurring {
                for start in &starts[1..] {
                    let other = reach(*start);
                    if count(&other) > count(&best) {
                        best = other;
                    }
                }
            }
            let is_eligible = end(starts[0]) <= last;
            for (of, step, entered, eligible, reached) in &mut counts {
                if *of == period {
                    *entered += 1;
                    *eligible += u64::from(is_eligible);
                    *reached += u64::from(is_eligible && best[*step].is_some());
                }
            }
        }
    }
    counts
}

fn counted(journeys: &Journeys<Global>, asked: &Asked) -> Option<Counts> {
    let view = journeys.view();
    let steps = asked.steps(&view)?;
    let table = funnel(&view, &Utc, &steps, &asked.question(), Global).unwrap();
    let mut period = None;
    Some(
        table
            .rows()
            .map(|row| {
                period = Some(match (period, row.step) {
                    (None, _) => 0,
                    (Some(period), 0) => period + 1,
                    (Some(period), _) => period,
                });
                (period.unwrap(), row.step, row.members, row.eligible, row.reached)
            })
            .collect(),
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn counts_are_those_of_the_definitions(rows in given(), asked in asked()) {
        let rows: Given = rows.into_iter().map(|(member, at, name)| (member, at * TICK, name)).collect();
        let Some(counts) = counted(&build(&rows), &asked) else { return Ok(()) };
        let mut wanted = expected(&rows, &asked);
        if let Some(&(origin, ..)) = wanted.first() {
            wanted.iter_mut().for_each(|row| row.0 -= origin);
        }
        prop_assert_eq!(counts, wanted);
    }
}

fn rows(text: &str) -> Given {
    text.split_whitespace()
        .enumerate()
        .flat_map(|(member, events)| {
            events.split(',').map(move |event| {
                let (name, at) = event.split_at(1);
                (member as i64, at.parse::<i64>().unwrap() * TICK, name.to_string())
            })
        })
        .collect()
}

fn plain(steps: &str, within: i64, mode: Mode) -> Asked {
    Asked {
        steps: steps.chars().map(String::from).collect(),
        within,
        mode,
        entry: Entry::First,
        step_within: None,
        optional: vec![],
        excluded: vec![],
        period: None,
        as_of: Some(100),
    }
}

fn reached(text: &str, asked: &Asked) -> Vec<u64> {
    counted(&build(&rows(text)), asked).unwrap().into_iter().map(|row| row.4).collect()
}

/// The edge of the window is inside, equal times count in the order of the steps, one event never serves
/// two steps, and the same event may be two steps.
#[test]
fn edges() {
    let ordered = |steps: &str, within| plain(steps, within, Mode::Ordered);
    assert_eq!(reached("a0,b5 a0,b6", &ordered("ab", 5)), [2, 1]);
    assert_eq!(reached("a0,b0,c0 c0,a1,b1", &ordered("abc", 5)), [2, 2, 1]);
    assert_eq!(reached("a0 a0,a0 a0,a1", &ordered("aa", 5)), [3, 2]);
    assert_eq!(reached("a0,b0,a0 a0,b0", &ordered("aba", 5)), [2, 2, 1]);
    let increase = |steps: &str| plain(steps, 5, Mode::StrictIncrease);
    assert_eq!(reached("a0,b0 a0,b0,b1", &increase("ab")), [2, 1]);
    let order = |steps: &str| plain(steps, 9, Mode::StrictOrder);
    assert_eq!(
        reached("a0,x1,b2 a0,b2,x2 a0,a1,b2 x0,a0,b1 a0,b1,b2,c3", &order("abc")),
        [5, 3, 1]
    );
    let once = |steps: &str| plain(steps, 9, Mode::NoRepeats);
    assert_eq!(reached("a0,b1,b2,c3 a0,a1,x2,b3,a4,c5", &once("abc")), [2, 2, 1]);
    assert_eq!(reached("c0,a1 b0,b1 x0", &plain("abc", 9, Mode::AnyOrder)), [2, 1, 0]);
}

/// A window for each step, steps that may be left out, events that end the way, later starts.
#[test]
fn more_of_the_question() {
    let base = plain("abc", 20, Mode::Ordered);
    let step_within = Asked { step_within: Some(vec![None, Some(3)]), ..base.clone() };
    assert_eq!(reached("a0,b1,b5,c7 a0,b1,c7", &step_within), [2, 2, 1]);
    let optional = Asked { optional: vec![1], ..base.clone() };
    assert_eq!(reached("a0,c1 a0,b1,c2 a0,c1,b2", &optional), [3, 2, 3]);
    let excluded = Asked { excluded: vec!["x".into()], ..base.clone() };
    assert_eq!(reached("a0,x1,b2 a0,b1,x1,c2 a0,b1,x2,c3 a0,b1,c2,x3", &excluded), [4, 3, 2]);
    let again = Asked { entry: Entry::Recurring, within: 3, ..base };
    assert_eq!(reached("a0,a5,b6,c7 a0,b1", &again), [2, 2, 1]);
    assert_eq!(reached("a0,a5,b6,c7", &Asked { entry: Entry::First, ..again }), [1, 0, 0]);
}

/// Half of them within a day; who has gone on so far is not all: the others may still.
#[test]
fn times_are_estimated() {
    let journeys = build(&rows("a0,b4 a0,b8 a0,b8 a0 a4,b6"));
    let asked = plain("ab", 40, Mode::Ordered);
    let view = journeys.view();
    let steps = asked.steps(&view).unwrap();
    let times = |as_of: i64| {
        let question = FunnelQuestion { as_of: Some(as_of), ..asked.question() };
        let table = funnel(&view, &Utc, &steps, &question, Global).unwrap();
        let row = table.rows().nth(1).unwrap();
        (row.times.map(|time| time.map(|time| time / TICK)), row.eligible)
    };
    assert_eq!(times(100), ([Some(4), Some(8), Some(8)], 5));
    // Up to the end of the first day one of five has gone on, up to that of the second two.
    assert_eq!(times(1), ([Some(4), None, None], 0));
}

#[test]
fn what_is_refused() {
    let journeys = build(&rows("a0,b1,c2"));
    let view = journeys.view();
    let ask = |events: &[Option<&str>],
               within,
               optional: &[Option<i32>],
               excluded: &[Option<&str>],
               mode| {
        let asked = StepsAsked { events, within, optional, excluded };
        Steps::new(&view, &asked, mode).map(|_| ()).unwrap_err().to_string()
    };
    let (a, b) = (Some("a"), Some("b"));
    let ordered = Mode::Ordered;
    assert_eq!(ask(&[], None, &[], &[], ordered), "0 steps are not 1 to 32");
    assert_eq!(ask(&[a; 33], None, &[], &[], ordered), "33 steps are not 1 to 32");
    assert_eq!(ask(&[a, None], None, &[], &[], ordered), "a NULL is among the steps");
    assert_eq!(
        ask(&[a, Some("d")], None, &[], &[], ordered),
        "step \"d\" is no event of the journeys"
    );
    assert_eq!(ask(&[a, b], None, &[], &[b], ordered), "\"b\" is both a step and excluded");
    assert!(ask(&[a, b], None, &[Some(1)], &[], ordered).starts_with("optional 1 is not"));
    assert!(ask(&[a, b], None, &[None], &[], ordered).starts_with("optional NULL is not"));
    assert!(ask(&[a, b], Some(&[None; 2]), &[], &[], ordered).starts_with("step_within has 2"));
    assert!(
        ask(&[a, b], Some(&[Some("1 month")]), &[], &[], ordered)
            .starts_with("step_within \"1 month\"")
    );
    assert!(ask(&[a, b], None, &[Some(2)], &[], Mode::AnyOrder).starts_with("mode 'any order'"));
    assert!(
        Mode::parse("in order").is_err() && Mode::parse("Strict_Order") == Ok(Mode::StrictOrder)
    );
    assert!(FunnelQuestion::new(None, None, None, None, None, 0.95).is_err());
    assert!(FunnelQuestion::new(Some("7 days"), None, Some("last"), None, None, 0.95).is_err());
}

#[test]
fn loops_poll() {
    let given: Given = (0..60_000i64)
        .map(|i| (i % 1000, i * TICK / 7, ["a", "b", "c"][i as usize % 3].into()))
        .collect();
    let journeys = build(&given);
    let view = journeys.view();
    for mode in [Mode::Ordered, Mode::StrictOrder, Mode::AnyOrder] {
        let asked = Asked { entry: Entry::Recurring, ..plain("abc", 1000, mode) };
        let steps = asked.steps(&view).unwrap();
        assert!(stops(|| funnel(&view, &Utc, &steps, &asked.question(), Global)));
    }
}
