use super::*;
use crate::calendar::{Grain, Periods, Span as ZoneSpan, Utc, Zone, add_months};
use crate::history::{History, MemberKind, MemberRef, Meta};
use crate::host::Global;
use crate::host::testing::stops;

/// Members with the days on which they were active.
fn of_days(members: &[(i64, &[i64])]) -> History<Global> {
    let mut history = History::new(Meta::new(MemberKind::Int, Grain::Day, "", Global), Global);
    for &(member, days) in members {
        for &day in days {
            let at = day * 86_400_000_000;
            history.push(MemberRef::Int(member), day, at, Some(1_000_000)).unwrap();
        }
    }
    history.settle().unwrap();
    history
}

fn question(period: &str) -> CohortQuestion<'static> {
    CohortQuestion {
        period: Period::parse(period, Periods::Own).unwrap(),
        ..CohortQuestion::default()
    }
}

/// Active members by cell.
fn active(
    history: &History<Global>,
    question: &CohortQuestion<'_>,
) -> std::vec::Vec<(i64, i64, u64, u64)> {
    let view = history.view();
    let subject = Subject { events: Some((&view, &Utc)), starts: None };
    let table = table(subject, question, Global).unwrap().unwrap();
    table.cells().map(|c| (c.cohort, c.period_number, c.members, c.active)).collect()
}

#[test]
fn modes_by_hand() {
    // Days 0, 1, 3 and 4 of the member's own; as of its day 5.
    let history = of_days(&[(1, &[10, 11, 13, 14]), (2, &[15])]);
    let of = |mode| {
        let question = CohortQuestion { mode, as_of: Some(15), ..question("1 day") };
        active(&history, &question).iter().map(|cell| cell.3).take(6).collect::<std::vec::Vec<_>>()
    };
    assert_eq!(of(Mode::On), [1, 1, 0, 1, 1, 0]);
    assert_eq!(of(Mode::OnOrAfter), [1, 1, 1, 1, 1, 0]);
    assert_eq!(of(Mode::OnOrBefore), [1, 1, 1, 1, 1, 1]);
    assert_eq!(of(Mode::Streak), [1, 1, 0, 0, 0, 0]);
}

#[test]
fn brackets_begin_where_they_say() {
    let history = of_days(&[(1, &[0, 1, 3, 9])]);
    let brackets = Some([1, 3, 7].as_slice());
    let question = CohortQuestion { brackets, as_of: Some(9), ..question("1 day") };
    assert_eq!(active(&history, &question), [(0, 1, 1, 1), (0, 3, 1, 1)]);
    // A bracket that has not begun has no cell.
    let question = CohortQuestion { as_of: Some(2), ..question };
    assert_eq!(active(&history, &question), [(0, 1, 1, 1)]);
    for bad in [&[] as &[i32], &[1], &[3, 1], &[1, 1], &[-1, 2]] {
        assert!(
            CohortQuestion { brackets: Some(bad), ..question }.check(false).is_err(),
            "{bad:?}"
        );
    }
}

#[test]
fn days_of_one_are_calendar_days() {
    let history = of_days(&[(1, &[0, 1, 3, 9]), (2, &[1, 2]), (3, &[9])]);
    for entry in [Entry::First, Entry::Recurring] {
        for mode in [Mode::On, Mode::OnOrAfter, Mode::OnOrBefore, Mode::Streak] {
            let of = |period| active(&history, &CohortQuestion { entry, mode, ..question(period) });
            assert_eq!(of("1 day"), of("day"));
        }
    }
}

/// Where somebody signed up before, an event of the day of the sign-up is one within n days.
#[test]
fn the_day_of_the_start_is_within_n_days_of_it() {
    let starts = of_days(&[(1, &[0]), (2, &[0]), (3, &[0])]);
    let events = of_days(&[(1, &[0]), (2, &[2])]);
    let (starts, events) = (starts.view(), events.view());
    let of = |mode, brackets| {
        let entry = Entry::Starts;
        let question =
            CohortQuestion { mode, entry, brackets, as_of: Some(3), ..question("1 day") };
        let subject = Subject { events: Some((&events, &Utc)), starts: Some((&starts, &Utc)) };
        let table = table(subject, &question, Global).unwrap().unwrap();
        table.cells().map(|cell| cell.active).collect::<std::vec::Vec<_>>()
    };
    assert_eq!(of(Mode::OnOrBefore, None), [1, 1, 2, 2]);
    assert_eq!(of(Mode::OnOrBefore, Some(&[0, 1, 3])), [1, 2]);
    // What lies outside of all brackets is not looked at.
    assert_eq!(of(Mode::OnOrBefore, Some(&[1, 2, 3])), [0, 1]);
    assert_eq!(of(Mode::Streak, None), [1, 0, 0, 0]);
}

/// The months of a member are those of its own calendar, each counted from its start.
#[test]
fn months_since_a_start_end_where_the_calendar_says() {
    // 31 January 2000; then 28 and 29 February, 30 and 31 March.
    let history = of_days(&[(1, &[30, 58, 59, 89, 90])]);
    let question = CohortQuestion { as_of: Some(90), min_events: 2, ..question("1 month") };
    let cells = active(&history, &question);
    assert_eq!(cells, [(30, 0, 1, 1), (30, 1, 1, 1), (30, 2, 1, 0)]);
    let view = history.view();
    let subject = Subject { events: Some((&view, &Utc)), starts: None };
    let found = table(subject, &question, Global).unwrap().unwrap();
    let eligible: std::vec::Vec<_> = found.cells().map(|cell| cell.eligible).collect();
    assert_eq!(eligible, [1, 1, 0]);
}

mod months {
    use super::*;
    use proptest::prelude::*;
    use std::collections::{BTreeMap, BTreeSet};

    proptest! {
        /// Cells from the definition: a member's n-th period since a start on day s is that of the days
        /// from s + n months to before s + n + 1 months.
        #[test]
        fn agree_with_their_definition(
            events in prop::collection::btree_set((0..6i64, 0..400i64), 1..40),
            months in 1..4u32,
            later in -30..70i64,
            is_recurring in any::<bool>(),
            by_curve in any::<bool>(),
        ) {
            let mut members: BTreeMap<i64, std::vec::Vec<i64>> = BTreeMap::new();
            for &(member, day) in &events {
                members.entry(member).or_default().push(day);
            }
            let rows: std::vec::Vec<_> = members.iter().map(|(m, days)| (*m, &days[..])).collect();
            let history = of_days(&rows);
            let as_of = events.iter().map(|(_, day)| *day).max().unwrap() + later;
            let entry = if is_recurring { Entry::Recurring } else { Entry::First };
            let period = Period::Months(months);
            let question = CohortQuestion { period, entry, as_of: Some(as_of), ..CohortQuestion::default() };
            let begin = |s: i64, n: i64| add_months(s, n * i64::from(months));
            // (cohort, number) → members, eligible, retained, active
            let mut cells: BTreeMap<(i64, i64), [u64; 4]> = BTreeMap::new();
            let mut cohorts: BTreeMap<i64, u64> = BTreeMap::new();
            for days in members.values() {
                let first = days[0];
                let seen = days.iter().filter(|day| **day <= as_of);
                let period = |day: i64| (0..).find(|n| begin(first, n + 1) > day).unwrap();
                let active: BTreeSet<i64> = seen.map(|day| period(*day)).collect();
                let entries = active.iter().filter(|p| is_recurring || **p == 0);
                for entry in entries {
                    *cohorts.entry(begin(first, *entry)).or_default() += 1;
                    for n in (0..).take_while(|n| begin(first, entry + n) <= as_of) {
                        let is_active = u64::from(active.contains(&(entry + n)));
                        let ended = u64::from(begin(first, entry + n + 1) <= as_of + 1);
                        let cell = cells.entry((begin(first, *entry), n)).or_default();
                        cell[0] += 1;
                        cell[1] += ended;
                        cell[2] += ended * is_active;
                        cell[3] += is_active;
                    }
                }
            }
            let view = history.view();
            let subject = Subject { events: Some((&view, &Utc)), starts: None };
            if by_curve {
                let mut expected: BTreeMap<i64, [u64; 3]> = BTreeMap::new();
                for ((_, n), [members, eligible, retained, _]) in cells {
                    let point = expected.entry(n).or_default();
                    *point = [point[0] + members, point[1] + eligible, point[2] + retained];
                }
                let curve = curve(subject, &question, Global).unwrap().unwrap();
                let given: BTreeMap<i64, [u64; 3]> = curve.points()
                    .map(|p| (p.period_number, [p.members, p.eligible, p.retained])).collect();
                prop_assert_eq!(given, expected);
                return Ok(());
            }
            let table = table(subject, &question, Global).unwrap().unwrap();
            let mut given: BTreeMap<(i64, i64), [u64; 4]> = table.cells()
                .map(|c| ((c.cohort, c.period_number), [c.members, c.eligible, c.retained, c.active]))
                .collect();
            // Months from the day of the cohort may begin a day before a member's own: 30 December, where it began on
            // 31 March. The cell is there, and nobody is in it yet.
            given.retain(|key, cell| cells.contains_key(key) || cell[1..] != [0; 3]);
            for (&(cohort, _), cell) in &mut cells {
                cell[0] = cohorts[&cohort];
            }
            prop_assert_eq!(given, cells);
        }
    }
}

/// An hour is put back on 26 October, day 9430, at 1:00 UTC.
struct Back;

impl Zone for Back {
    fn span(&self, at: i64) -> ZoneSpan {
        const CHANGE: i64 = (9430 * 24 + 1) * 3_600_000_000;
        let hour = 3_600_000_000;
        if at < CHANGE {
            ZoneSpan { from: i64::MIN, until: CHANGE, offset: 2 * hour }
        } else {
            ZoneSpan { from: CHANGE, until: i64::MAX, offset: hour }
        }
    }
}

/// A day of 25 hours: 24 hours after its midnight it is still the same day.
#[test]
fn hours_are_absolute_and_days_are_not() {
    let mut history = History::new(Meta::new(MemberKind::Int, Grain::Hour, "", Global), Global);
    let midnight = (9430 * 24 - 2) * 3600;
    for tick in [midnight, midnight + 24 * 3600] {
        history.push(MemberRef::Int(1), tick, tick * 1_000_000, None).unwrap();
    }
    history.settle().unwrap();
    let view = history.view();
    let cells = |period| {
        let question = CohortQuestion { as_of: Some(9430), ..question(period) };
        let subject = Subject { events: Some((&view, &Back)), starts: None };
        let table = table(subject, &question, Global).unwrap().unwrap();
        table.cells().map(|c| (c.eligible, c.active)).collect::<std::vec::Vec<_>>()
    };
    assert_eq!(cells("24 hours"), [(1, 1), (0, 1)]);
    assert_eq!(cells("1 day"), [(1, 1)]);
}

#[test]
fn starts_without_events_are_counted() {
    let (history, starts) = (of_days(&[(1, &[5]), (3, &[8])]), of_days(&[(1, &[4]), (2, &[4])]));
    let (events, starts) = (history.view(), starts.view());
    let starts = Some((&starts, &Utc));
    let question = CohortQuestion { entry: Entry::Starts, as_of: Some(6), ..question("day") };
    let of = |events| {
        let subject = Subject { events, starts };
        let table = table(subject, &question, Global).unwrap().unwrap();
        table.cells().map(|c| (c.members, c.eligible, c.active)).collect::<std::vec::Vec<_>>()
    };
    assert_eq!(of(Some((&events, &Utc))), [(2, 2, 0), (2, 2, 1), (2, 2, 0)]);
    assert_eq!(of(None), [(2, 2, 0), (2, 2, 0), (2, 2, 0)]);
    // Without a day to look up to there is no answer.
    let question = CohortQuestion { as_of: None, ..question };
    let subject = Subject { events: None, starts };
    assert!(table(subject, &question, Global).unwrap().is_none());
}

#[test]
fn too_many_cells_are_refused() {
    let history = of_days(&[(1, &[0, 20_000])]);
    let view = history.view();
    let subject = Subject { events: Some((&view, &Utc)), starts: None };
    let recurring = CohortQuestion { entry: Entry::Recurring, ..question("day") };
    assert!(table(subject, &recurring, Global).is_ok());
    let history = of_days(&[(1, &(0..20_000).collect::<std::vec::Vec<_>>())]);
    let view = history.view();
    let subject = Subject { events: Some((&view, &Utc)), starts: None };
    assert!(matches!(table(subject, &recurring, Global), Err(Error::TooLarge { .. })));
}

#[test]
fn every_reader_can_be_stopped() {
    let many: std::vec::Vec<_> =
        (0..30_000).map(|m| (m, [m % 700, 700].as_slice().to_vec())).collect();
    let many: std::vec::Vec<_> = many.iter().map(|(m, days)| (*m, days.as_slice())).collect();
    let (history, starts) = (of_days(&many), of_days(&many[..20_000]));
    let (view, starts) = (history.view(), starts.view());
    let events = Some((&view, &Utc));
    for entry in [Entry::First, Entry::Recurring, Entry::Starts] {
        let starts = (entry == Entry::Starts).then_some((&starts, &Utc));
        let subject = Subject { events, starts };
        for mode in [Mode::On, Mode::Streak] {
            let question = CohortQuestion { entry, mode, ..question("7 days") };
            assert!(stops(|| table(subject, &question, Global)));
            assert!(stops(|| curve(subject, &question, Global)));
            assert!(stops(|| members_of_cell(subject, &question, (0, 0), Global, |_| Ok(()))));
            assert!(stops(|| compare([subject, subject], &question, Global)));
        }
    }
}
