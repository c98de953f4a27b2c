//! `survival`: how long members stay. The aggregate over durations, its type, and its readers.

use crate::pg::errors::OrRaise;
use crate::pg::memory::PgHost;
use crate::pg::rows::Rows;
use crate::pg::state::{self, InState};
use crate::pg::stored::{Stored, StoredMemberships};
use crate::pg::varlena::{Borrowed, CText, Varlena};
use crate::pg::{arguments, literal};
use pg_retention_model::error::Error;
use pg_retention_model::host::Vec;
use pg_retention_model::survival::memberships;
use pg_retention_model::survival::{self, Course, Data, Intervals, Question, Scale};
use pgrx::datum::Date;
use pgrx::pg_sys;
use pgrx::prelude::*;
use std::ffi::CStr;

type State = InState<Data<PgHost>>;

#[pg_extern]
fn survival_step(
    state: Option<State>,
    duration: Option<f64>,
    churned: Option<bool>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> State {
    let mut state = InState::or_new(state, fcinfo, Data::new);
    if let (Some(duration), Some(churned)) = (duration, churned) {
        state.push(duration, churned, None).or_raise();
    }
    state
}

#[pg_extern]
fn survival_step_from_entry(
    state: Option<State>,
    duration: Option<f64>,
    churned: Option<bool>,
    entry: Option<f64>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> State {
    let mut state = InState::or_new(state, fcinfo, Data::new);
    if let (Some(duration), Some(churned)) = (duration, churned) {
        state.push(duration, churned, entry).or_raise();
    }
    state
}

/// The transition function of `rollup` over `survival_data`.
#[pg_extern]
fn survival_merge(
    state: Option<State>,
    data: Option<Borrowed<'_>>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Option<State> {
    let Some(data) = data else { return state };
    let mut state = InState::or_new(state, fcinfo, Data::new);
    state.merge_bytes(&data).or_raise();
    Some(state)
}

#[pg_extern]
fn survival_combine(
    left: Option<State>,
    right: Option<State>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Option<State> {
    state::combine(left, right, fcinfo)
}

#[pg_extern]
fn survival_serialize(state: State) -> Varlena {
    state::serialize(&*state)
}

#[pg_extern]
fn survival_deserialize(bytes: &[u8], _unused: Option<pgrx::Internal>) -> State {
    state::deserialize(bytes)
}

/// The value of a state; none if no row counted.
#[pg_extern]
fn survival_final(state: Option<State>) -> Option<Varlena> {
    let mut state = state?;
    (!state.is_empty()).then(|| flat(&mut state))
}

fn flat(data: &mut Data<PgHost>) -> Varlena {
    let mut bytes = Vec::new_in(PgHost::current());
    data.to_bytes(&mut bytes).or_raise();
    Varlena::copy_of(&bytes)
}

/// Reads the text form: the bytes in base64.
#[pg_extern]
fn survival_data_in(text: &CStr) -> Varlena {
    literal::read(text, &survival::malformed_data("its text is not base64"), check)
}

/// Reads the binary form, which is the stored one.
#[pg_extern]
fn survival_data_recv(fcinfo: pg_sys::FunctionCallInfo) -> Varlena {
    // SAFETY: the call is that of a receive function.
    unsafe { literal::receive(fcinfo, check) }
}

fn check(bytes: &[u8]) -> Result<(), Error> {
    Data::from_bytes(bytes, PgHost::current()).map(|_| ())
}

/// Writes the text form.
#[pg_extern]
fn survival_data_out(bytes: &[u8]) -> CText {
    literal::write(bytes)
}

fn course(data: &[u8]) -> Course<PgHost> {
    Data::from_bytes(data, PgHost::current()).or_raise().course()
}

fn intervals(confidence: Option<f64>, conf_type: Option<&str>) -> Intervals {
    let scale = conf_type.map_or(Ok(Scale::default()), Scale::parse).or_raise();
    Intervals::new(arguments::confidence(confidence), scale).or_raise()
}

fn question(period: Option<&str>, gap: Option<i32>, as_of: Option<Date>) -> Question {
    let question = Question {
        period: arguments::period(period).or_raise(),
        gap: gap.unwrap_or(1),
        as_of: arguments::day("as_of", as_of).or_raise(),
    };
    question.check().or_raise();
    question
}

fn first_lapses(h: &Stored<'_>, question: &Question) -> Course<PgHost> {
    survival::first_lapses(&h.view(), &h.zone(), question, PgHost::current()).or_raise()
}

#[pg_extern]
fn survival_of_data(
    d: Option<Borrowed<'_>>,
    confidence: Option<f64>,
    conf_type: Option<&str>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Rows {
    // SAFETY: declared RETURNS TABLE in sql/retention/survival.sql.
    let rows = unsafe { Rows::begin(fcinfo) };
    let intervals = intervals(confidence, conf_type);
    put_curve(rows, d.map(|d| course(&d)), intervals)
}

#[pg_extern]
fn survival_of_history(
    h: Option<Stored<'_>>,
    period: Option<&str>,
    gap: Option<i32>,
    as_of: Option<Date>,
    confidence: Option<f64>,
    conf_type: Option<&str>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Rows {
    // SAFETY: declared RETURNS TABLE in sql/retention/survival.sql.
    let rows = unsafe { Rows::begin(fcinfo) };
    let intervals = intervals(confidence, conf_type);
    let question = question(period, gap, as_of);
    put_curve(rows, h.map(|h| first_lapses(&h, &question)), intervals)
}

fn first_departures(
    m: Option<StoredMemberships<'_>>,
    period: Option<&str>,
    as_of: Option<Date>,
) -> Option<Course<PgHost>> {
    let question = memberships::Question {
        period: arguments::period(period).or_raise(),
        as_of: arguments::day("as_of", as_of).or_raise(),
    };
    question.check().or_raise();
    let m = m?;
    let host = PgHost::current();
    Some(memberships::first_departures(&m.view(), &question, host).or_raise())
}

#[pg_extern]
fn survival_of_memberships(
    m: Option<StoredMemberships<'_>>,
    period: Option<&str>,
    as_of: Option<Date>,
    confidence: Option<f64>,
    conf_type: Option<&str>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Rows {
    // SAFETY: declared RETURNS TABLE in sql/retention/survival.sql.
    let rows = unsafe { Rows::begin(fcinfo) };
    let intervals = intervals(confidence, conf_type);
    put_curve(rows, first_departures(m, period, as_of), intervals)
}

fn put_curve(mut rows: Rows, course: Option<Course<PgHost>>, intervals: Intervals) -> Rows {
    let Some(course) = course else { return rows };
    for step in course.curve(intervals) {
        rows.put(|column| {
            Ok([
                column.float(Some(step.tenure)),
                column.count(step.at_risk),
                column.count(step.events),
                column.count(step.censored),
                column.float(Some(step.survival)),
                column.float(step.interval.map(|(low, _)| low)),
                column.float(step.interval.map(|(_, high)| high)),
                column.float(Some(step.cumulative_hazard)),
                column.float(Some(step.hazard)),
            ])
        })
        .or_raise();
    }
    rows
}

#[pg_extern]
fn survival_summary_of_data(
    d: Option<Borrowed<'_>>,
    tau: Option<f64>,
    confidence: Option<f64>,
    conf_type: Option<&str>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Rows {
    // SAFETY: declared RETURNS TABLE in sql/retention/survival.sql.
    let rows = unsafe { Rows::begin(fcinfo) };
    let intervals = intervals(confidence, conf_type);
    put_summary(rows, d.map(|d| course(&d)), tau, intervals)
}

#[pg_extern]
#[allow(clippy::too_many_arguments)] // the arguments of the SQL function
fn survival_summary_of_history(
    h: Option<Stored<'_>>,
    period: Option<&str>,
    gap: Option<i32>,
    as_of: Option<Date>,
    tau: Option<f64>,
    confidence: Option<f64>,
    conf_type: Option<&str>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Rows {
    // SAFETY: declared RETURNS TABLE in sql/retention/survival.sql.
    let rows = unsafe { Rows::begin(fcinfo) };
    let intervals = intervals(confidence, conf_type);
    let question = question(period, gap, as_of);
    put_summary(rows, h.map(|h| first_lapses(&h, &question)), tau, intervals)
}

#[pg_extern]
fn survival_summary_of_memberships(
    m: Option<StoredMemberships<'_>>,
    period: Option<&str>,
    as_of: Option<Date>,
    tau: Option<f64>,
    confidence: Option<f64>,
    conf_type: Option<&str>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Rows {
    // SAFETY: declared RETURNS TABLE in sql/retention/survival.sql.
    let rows = unsafe { Rows::begin(fcinfo) };
    let intervals = intervals(confidence, conf_type);
    put_summary(rows, first_departures(m, period, as_of), tau, intervals)
}

fn put_summary(
    mut rows: Rows,
    course: Option<Course<PgHost>>,
    tau: Option<f64>,
    intervals: Intervals,
) -> Rows {
    let summary = course.and_then(|course| course.summary(intervals, tau).or_raise());
    let Some(summary) = summary else { return rows };
    let (median, mean) = (summary.median, summary.restricted_mean);
    rows.put(|column| {
        Ok([
            column.count(summary.members),
            column.count(summary.events),
            column.float(median.value),
            column.float(median.low),
            column.float(median.high),
            column.float(mean.value),
            column.float(mean.low),
            column.float(mean.high),
            column.float(Some(summary.tau)),
        ])
    })
    .or_raise();
    rows
}

#[pg_extern]
fn hazard_rates(
    d: Option<Borrowed<'_>>,
    width: Option<f64>,
    confidence: Option<f64>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Rows {
    // SAFETY: declared RETURNS TABLE in sql/retention/survival.sql.
    let mut rows = unsafe { Rows::begin(fcinfo) };
    let Some(d) = d else { return rows };
    let confidence = arguments::confidence(confidence);
    let rates = course(&d).hazard_rates(width.unwrap_or(1.0), confidence).or_raise();
    for stretch in rates {
        rows.put(|column| {
            Ok([
                column.float(Some(stretch.from)),
                column.float(Some(stretch.until)),
                column.count(stretch.events),
                column.float(Some(stretch.exposure)),
                column.float(stretch.rate.map(|(rate, _, _)| rate)),
                column.float(stretch.rate.map(|(_, low, _)| low)),
                column.float(stretch.rate.map(|(_, _, high)| high)),
            ])
        })
        .or_raise();
    }
    rows
}

#[pg_extern]
fn survival_at_of_data(d: Borrowed<'_>, tenure: f64) -> Option<f64> {
    course(&d).survival_at(tenure)
}
