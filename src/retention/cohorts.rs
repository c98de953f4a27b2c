//! `cohorts`, `retention_curve`, `cohort_members`, `compare_retention`: who comes back.

use super::memberships::question as question_of_memberships;
use crate::history::{Events, Spells};
use crate::pg::arguments::{Args, given};
use crate::pg::errors::{OrRaise, raise};
use crate::pg::memory::PgHost;
use crate::pg::rows::Rows;
use crate::pg::stored::Stored;
use crate::pg::zone::PgZone;
use pg_retention_model::calendar::Periods;
use pg_retention_model::cohorts::{self, CohortQuestion, Entry, Mode, Subject, memberships};
use pg_retention_model::error::Error;
use pg_retention_model::history::View;
use pg_retention_model::host::Vec;
use pg_retention_model::numeric::Wilson;
use pgrx::Array;
use pgrx::prelude::*;

/// What all readers of this family ask, in the order of their declarations: period, mode, entry, the
/// histories of starts, as_of, brackets, min_events and, but for `cohort_members`, confidence.
struct Asked<'a, const STARTS: usize> {
    starts: [Option<Stored<'a, Events>>; STARTS],
    brackets: Option<Vec<i32, PgHost>>,
    /// All but the brackets, which it borrows.
    question: CohortQuestion<'static>,
}

impl<'a, const STARTS: usize> Asked<'a, STARTS> {
    fn take(args: &mut Args<'a>, starts: [&str; STARTS], has_confidence: bool) -> Self {
        let period = args.period(Periods::Own);
        let mode = args.text("mode").map_or(Mode::On, |mode| Mode::parse(mode).or_raise());
        let entry = args.text("entry").map_or(Entry::First, |entry| Entry::parse(entry).or_raise());
        let starts = starts.map(|name| {
            let starts = args.summary(name);
            // Where a query finds no starts nobody entered; but leaving the argument out is a mistake.
            if entry == Entry::Starts && starts.is_none() && args.is_fixed() {
                raise(&cohorts::no_starts(name));
            }
            starts
        });
        let as_of = args.day("as_of");
        let brackets = args.integers("brackets").map(bounds);
        let min_events = args.integer("min_events").unwrap_or(1);
        let confidence = if has_confidence { args.confidence() } else { 0.95 };
        args.end();
        let question =
            CohortQuestion { period, mode, entry, as_of, brackets: None, min_events, confidence };
        let asked = Asked { starts, brackets, question };
        asked.question().check(asked.starts.iter().any(Option::is_some)).or_raise();
        asked
    }

    fn question(&self) -> CohortQuestion<'_> {
        CohortQuestion { brackets: self.brackets.as_deref(), ..self.question }
    }
}

/// The bounds of brackets.
fn bounds(brackets: Array<'_, i32>) -> Vec<i32, PgHost> {
    let mut bounds = Vec::with_capacity_in(brackets.len(), PgHost::current());
    for bound in brackets.iter() {
        bounds.push(bound.unwrap_or_else(|| {
            raise(&Error::BadArgument {
                message: "brackets must not have a null".to_string(),
                hint: "Take bounds such as {1,3,7,14}, for the brackets [1, 3), [3, 7) and [7, 14).",
            })
        }));
    }
    bounds
}

#[pg_extern]
fn cohorts(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let h = args.summary("h");
    let asked = Asked::take(&mut args, ["starts"], true);
    let (h, starts) = (Opened::of(&h), Opened::of(&asked.starts[0]));
    let (subject, host) = (subject(&h, &starts), PgHost::current());
    let Some(table) = cohorts::table(subject, &asked.question(), host).or_raise() else {
        return rows;
    };
    for cell in table.cells() {
        rows.put(|row| {
            row.day(cell.cohort);
            row.integer(cell.period_number);
            row.count(cell.members);
            row.count(cell.eligible);
            row.count(cell.retained);
            row.estimate(cell.rate);
            row.count(cell.active);
            row.amount(cell.amount);
            row.flag(cell.complete);
        });
    }
    rows
}

#[pg_extern]
fn cohorts_of_memberships(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let m = args.summary::<Spells>("m");
    let question = question_of_memberships(&mut args, m.as_ref(), Periods::OwnDays, true);
    let Some(m) = m else { return rows };
    let host = PgHost::current();
    let table = memberships::cohorts(&m.memberships(), &question, host).or_raise();
    for cell in table.cells() {
        rows.put(|row| {
            row.day(cell.cohort);
            row.integer(cell.period_number);
            row.count(cell.members);
            row.count(cell.eligible);
            row.count(cell.retained);
            row.estimate(cell.rate);
            row.count(cell.active);
            row.flag(cell.complete);
        });
    }
    rows
}

#[pg_extern]
fn retention_curve(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let h = args.summary("h");
    let asked = Asked::take(&mut args, ["starts"], true);
    let (h, starts) = (Opened::of(&h), Opened::of(&asked.starts[0]));
    let (subject, host) = (subject(&h, &starts), PgHost::current());
    let Some(curve) = cohorts::curve(subject, &asked.question(), host).or_raise() else {
        return rows;
    };
    for point in curve.points() {
        rows.put(|row| {
            row.integer(point.period_number);
            row.count(point.members);
            row.count(point.eligible);
            row.count(point.retained);
            row.estimate(point.rate);
            row.amount(point.amount_per_member);
        });
    }
    rows
}

#[pg_extern]
fn cohort_members(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let h = args.summary::<Events>("h");
    let id = args.id();
    let cohort = args.day("cohort");
    let period_number = args.integer("period_number");
    let asked = Asked::take(&mut args, ["starts"], false);
    let hint = "Take the cohort and the period_number of a row of cohorts().";
    let cohort = given("cohort", cohort, hint).or_raise();
    let period_number = given("period_number", period_number, hint).or_raise();
    let picked = h.as_ref().map(|h| id.among(h.view().meta.kind));
    let (h, starts) = (Opened::of(&h), Opened::of(&asked.starts[0]));
    let (cell, host) = ((cohort, i64::from(period_number)), PgHost::current());
    let subject = subject(&h, &starts);
    cohorts::members_of_cell(subject, &asked.question(), cell, host, |member| {
        if picked.is_none_or(|picked| picked.has(&member)) {
            rows.put(|row| row.member(&member));
        }
        Ok(())
    })
    .or_raise();
    rows
}

#[pg_extern]
fn compare_retention(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let (h1, h2) = (args.summary("h1"), args.summary("h2"));
    let asked = Asked::take(&mut args, ["starts1", "starts2"], true);
    let (h1, h2) = (Opened::of(&h1), Opened::of(&h2));
    let [starts1, starts2] = asked.starts.each_ref().map(Opened::of);
    let subjects = [subject(&h1, &starts1), subject(&h2, &starts2)];
    let host = PgHost::current();
    let Some(pair) = cohorts::compare(subjects, &asked.question(), host).or_raise() else {
        return rows;
    };
    for point in pair.rows() {
        rows.put(|row| {
            row.integer(point.period_number);
            row.count(point.first.0);
            row.count(point.first.1);
            row.float(point.first_rate.map(|rate| rate.value));
            row.count(point.second.0);
            row.count(point.second.1);
            row.float(point.second_rate.map(|rate| rate.value));
            row.float(point.difference.map(|d| d.difference));
            row.bounds(point.difference.map(|d| (d.low, d.high)));
            row.float(point.difference.map(|d| d.p_value));
        });
    }
    rows
}

#[pg_extern]
fn wilson(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let (successes, trials) = (args.number("successes"), args.number("trials"));
    let wilson = Wilson::new(args.confidence()).or_raise();
    args.end();
    let share = match (successes, trials) {
        (Some(successes), Some(trials)) => wilson.share_of_counts(successes, trials).or_raise(),
        _ => None,
    };
    rows.put(|row| row.estimate(share));
    rows
}

/// A history that is being read, if there is one.
struct Opened<'a>(Option<(View<'a, PgHost>, PgZone)>);

impl<'a> Opened<'a> {
    fn of(stored: &'a Option<Stored<'_, Events>>) -> Self {
        Opened(stored.as_ref().map(|stored| (stored.view(), stored.zone())))
    }

    fn get(&self) -> Option<(&View<'a, PgHost>, &PgZone)> {
        self.0.as_ref().map(|(view, zone)| (view, zone))
    }
}

fn subject<'a>(h: &'a Opened<'_>, starts: &'a Opened<'_>) -> Subject<'a, PgZone, PgHost> {
    Subject { events: h.get(), starts: starts.get() }
}
