//! `cohorts`, `retention_curve`, `cohort_members`, `compare_retention`: who comes back.

use crate::pg::arguments;
use crate::pg::errors::OrRaise;
use crate::pg::memory::PgHost;
use crate::pg::rows::{Columns, Rows};
use crate::pg::stored::Stored;
use crate::pg::zone::PgZone;
use pg_retention_model::cohorts::{self, Entry, Mode, Question, Subject};
use pg_retention_model::error::Error;
use pg_retention_model::history::View;
use pg_retention_model::host::Vec;
use pg_retention_model::numeric::{Share, Wilson};
use pgrx::datum::Date;
use pgrx::prelude::*;
use pgrx::{Array, pg_sys};

#[pg_extern]
#[allow(clippy::too_many_arguments)] // the arguments of the SQL function
fn cohorts(
    h: Option<Stored<'_>>,
    period: Option<&str>,
    mode: Option<&str>,
    entry: Option<&str>,
    starts: Option<Stored<'_>>,
    as_of: Option<Date>,
    brackets: Option<Array<'_, i32>>,
    min_events: Option<i32>,
    confidence: Option<f64>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Rows {
    // SAFETY: declared RETURNS TABLE in sql/retention/cohorts.sql.
    let mut rows = unsafe { Rows::begin(fcinfo) };
    let brackets = bounds(brackets).or_raise();
    let question =
        question(period, mode, entry, as_of, &brackets, min_events, confidence).or_raise();
    question.check(starts.is_some()).or_raise();
    let (h, starts) = (Opened::of(&h), Opened::of(&starts));
    let table = cohorts::table(subject(&h, &starts), &question, PgHost::current()).or_raise();
    let Some(table) = table else { return rows };
    for cell in table.cells() {
        rows.put(|column| {
            let [rate, low, high] = rate(column, cell.rate);
            Ok([
                column.day(cell.cohort)?,
                column.integer(cell.period_number),
                column.count(cell.members),
                column.count(cell.eligible),
                column.count(cell.retained),
                rate,
                low,
                high,
                column.count(cell.active),
                column.amount(cell.amount),
                column.flag(cell.complete),
            ])
        })
        .or_raise();
    }
    rows
}

#[pg_extern]
#[allow(clippy::too_many_arguments)] // the arguments of the SQL function
fn retention_curve(
    h: Option<Stored<'_>>,
    period: Option<&str>,
    mode: Option<&str>,
    entry: Option<&str>,
    starts: Option<Stored<'_>>,
    as_of: Option<Date>,
    brackets: Option<Array<'_, i32>>,
    min_events: Option<i32>,
    confidence: Option<f64>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Rows {
    // SAFETY: declared RETURNS TABLE in sql/retention/cohorts.sql.
    let mut rows = unsafe { Rows::begin(fcinfo) };
    let brackets = bounds(brackets).or_raise();
    let question =
        question(period, mode, entry, as_of, &brackets, min_events, confidence).or_raise();
    question.check(starts.is_some()).or_raise();
    let (h, starts) = (Opened::of(&h), Opened::of(&starts));
    let curve = cohorts::curve(subject(&h, &starts), &question, PgHost::current()).or_raise();
    let Some(curve) = curve else { return rows };
    for point in curve.points() {
        rows.put(|column| {
            let [rate, low, high] = rate(column, point.rate);
            Ok([
                column.integer(point.period_number),
                column.count(point.members),
                column.count(point.eligible),
                column.count(point.retained),
                rate,
                low,
                high,
                column.amount(point.amount_per_member),
            ])
        })
        .or_raise();
    }
    rows
}

#[pg_extern]
#[allow(clippy::too_many_arguments)] // the arguments of the SQL function
fn cohort_members(
    h: Option<Stored<'_>>,
    cohort: Option<Date>,
    period_number: Option<i32>,
    period: Option<&str>,
    mode: Option<&str>,
    entry: Option<&str>,
    starts: Option<Stored<'_>>,
    as_of: Option<Date>,
    brackets: Option<Array<'_, i32>>,
    min_events: Option<i32>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Rows {
    // SAFETY: declared RETURNS TABLE in sql/retention/cohorts.sql.
    let mut rows = unsafe { Rows::begin(fcinfo) };
    let brackets = bounds(brackets).or_raise();
    let question = question(period, mode, entry, as_of, &brackets, min_events, None).or_raise();
    question.check(starts.is_some()).or_raise();
    let cohort = arguments::day("cohort", cohort).or_raise();
    let hint = "Take the cohort and the period_number of a row of cohorts().";
    let cohort = arguments::given("cohort", cohort, hint).or_raise();
    let period_number = arguments::given("period_number", period_number, hint).or_raise();
    let (h, starts) = (Opened::of(&h), Opened::of(&starts));
    let (cell, host) = ((cohort, i64::from(period_number)), PgHost::current());
    cohorts::members_of_cell(subject(&h, &starts), &question, cell, host, |member| {
        rows.put(|column| Ok([column.member(&member)?]))
    })
    .or_raise();
    rows
}

/// `cohort_members` with members in their own type: the second argument only names it.
#[pg_extern]
#[allow(clippy::too_many_arguments)] // the arguments of the SQL function
fn cohort_members_typed(
    h: Option<Stored<'_>>,
    _id: Option<arguments::Ignored>,
    cohort: Option<Date>,
    period_number: Option<i32>,
    period: Option<&str>,
    mode: Option<&str>,
    entry: Option<&str>,
    starts: Option<Stored<'_>>,
    as_of: Option<Date>,
    brackets: Option<Array<'_, i32>>,
    min_events: Option<i32>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Rows {
    cohort_members(
        h,
        cohort,
        period_number,
        period,
        mode,
        entry,
        starts,
        as_of,
        brackets,
        min_events,
        fcinfo,
    )
}

#[pg_extern]
#[allow(clippy::too_many_arguments)] // the arguments of the SQL function
fn compare_retention(
    h1: Option<Stored<'_>>,
    h2: Option<Stored<'_>>,
    period: Option<&str>,
    mode: Option<&str>,
    entry: Option<&str>,
    starts1: Option<Stored<'_>>,
    starts2: Option<Stored<'_>>,
    as_of: Option<Date>,
    brackets: Option<Array<'_, i32>>,
    min_events: Option<i32>,
    confidence: Option<f64>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Rows {
    // SAFETY: declared RETURNS TABLE in sql/retention/cohorts.sql.
    let mut rows = unsafe { Rows::begin(fcinfo) };
    let brackets = bounds(brackets).or_raise();
    let question =
        question(period, mode, entry, as_of, &brackets, min_events, confidence).or_raise();
    question.check(starts1.is_some() || starts2.is_some()).or_raise();
    let (h1, h2) = (Opened::of(&h1), Opened::of(&h2));
    let (starts1, starts2) = (Opened::of(&starts1), Opened::of(&starts2));
    let subjects = [subject(&h1, &starts1), subject(&h2, &starts2)];
    let pair = cohorts::compare(subjects, &question, PgHost::current()).or_raise();
    let Some(pair) = pair else { return rows };
    for row in pair.rows() {
        rows.put(|column| {
            let count = |count: Option<u64>| count.and_then(|count| column.count(count));
            let [rate1, _, _] = rate(column, row.first_rate);
            let [rate2, _, _] = rate(column, row.second_rate);
            Ok([
                column.integer(row.period_number),
                count(Some(row.first.0)),
                count(Some(row.first.1)),
                rate1,
                count(Some(row.second.0)),
                count(Some(row.second.1)),
                rate2,
                column.float(row.difference.map(|d| d.difference)),
                column.float(row.difference.map(|d| d.low)),
                column.float(row.difference.map(|d| d.high)),
                column.float(row.difference.map(|d| d.p_value)),
            ])
        })
        .or_raise();
    }
    rows
}

#[pg_extern]
fn wilson(
    successes: Option<f64>,
    trials: Option<f64>,
    confidence: Option<f64>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Rows {
    // SAFETY: declared RETURNS TABLE in sql/retention/cohorts.sql.
    let mut rows = unsafe { Rows::begin(fcinfo) };
    let wilson = Wilson::new(arguments::confidence(confidence)).or_raise();
    let share = match (successes, trials) {
        (Some(successes), Some(trials)) => wilson.share_of_counts(successes, trials).or_raise(),
        _ => None,
    };
    rows.put(|column| Ok(rate(column, share))).or_raise();
    rows
}

/// A rate and its interval.
fn rate(column: &Columns, share: Option<Share>) -> [Option<pg_sys::Datum>; 3] {
    [
        column.float(share.map(|share| share.rate)),
        column.float(share.map(|share| share.low)),
        column.float(share.map(|share| share.high)),
    ]
}

/// The bounds of brackets.
fn bounds(brackets: Option<Array<'_, i32>>) -> Result<Option<Vec<i32, PgHost>>, Error> {
    let Some(brackets) = brackets else { return Ok(None) };
    let mut bounds = Vec::with_capacity_in(brackets.len(), PgHost::current());
    for bound in brackets.iter() {
        bounds.push(bound.ok_or_else(|| Error::BadArgument {
            message: "brackets must not have a null".to_string(),
            hint: "Take bounds such as {1,3,7,14}, for the brackets [1, 3), [3, 7) and [7, 14).",
        })?);
    }
    Ok(Some(bounds))
}

#[allow(clippy::too_many_arguments)] // arguments that all readers of this family have
fn question<'q>(
    period: Option<&str>,
    mode: Option<&str>,
    entry: Option<&str>,
    as_of: Option<Date>,
    brackets: &'q Option<Vec<i32, PgHost>>,
    min_events: Option<i32>,
    confidence: Option<f64>,
) -> Result<Question<'q>, Error> {
    Ok(Question {
        period: arguments::period(period)?,
        mode: mode.map_or(Ok(Mode::On), Mode::parse)?,
        entry: entry.map_or(Ok(Entry::First), Entry::parse)?,
        as_of: arguments::day("as_of", as_of)?,
        brackets: brackets.as_deref(),
        min_events: min_events.unwrap_or(1),
        confidence: arguments::confidence(confidence),
    })
}

/// A history that is being read, if there is one.
struct Opened<'a>(Option<(View<'a, PgHost>, PgZone)>);

impl<'a> Opened<'a> {
    fn of(stored: &'a Option<Stored<'_>>) -> Self {
        Opened(stored.as_ref().map(|stored| (stored.view(), stored.zone())))
    }

    fn get(&self) -> Option<(&View<'a, PgHost>, &PgZone)> {
        self.0.as_ref().map(|(view, zone)| (view, zone))
    }
}

fn subject<'a>(h: &'a Opened<'_>, starts: &'a Opened<'_>) -> Subject<'a, PgZone, PgHost> {
    Subject { events: h.get(), starts: starts.get() }
}
