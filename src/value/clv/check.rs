//! `clv_backtest` and `clv_diagnostics`: is a model to be believed? And fitting contracts.

use crate::pg::arguments;
use crate::pg::errors::OrRaise;
use crate::pg::memory::PgHost;
use crate::pg::rows::Rows;
use crate::pg::state::{self, InState};
use crate::pg::stored::Stored;
use crate::pg::varlena::Varlena;
use pg_retention_model::clv::backtest::{self, Question};
use pg_retention_model::clv::diagnostics;
use pg_retention_model::clv::family::Kind;
use pg_retention_model::clv::model;
use pg_retention_model::clv::summary::Unit;
use pg_retention_model::clv::survivors::Survivors;
use pg_retention_model::error::Error;
use pgrx::datum::Date;
use pgrx::pg_sys;
use pgrx::prelude::*;

#[pg_extern]
fn clv_backtest(
    h: Option<Stored<'_>>,
    model: Option<&str>,
    calibrate_until: Option<Date>,
    unit: Option<&str>,
    as_of: Option<Date>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Rows {
    // SAFETY: declared RETURNS TABLE in sql/value/clv.sql.
    let mut rows = unsafe { Rows::begin(fcinfo) };
    let kind = model.map_or(Ok(Some(Kind::Bg)), model::Question::kind).or_raise();
    let unit = unit.map_or(Ok(Unit::WEEK), Unit::parse).or_raise();
    let as_of = arguments::day("as_of", as_of).or_raise();
    let until = arguments::day("calibrate_until", calibrate_until).or_raise();
    let Some(h) = h else { return rows };
    let Some(calibrate_until) = until else {
        return Err(Error::BadArgument {
            message: "calibrate_until is NULL".to_string(),
            hint: "Take the last day that the model may see.",
        })
        .or_raise();
    };
    let (view, zone) = (h.view(), h.zone());
    let question = Question { kind, calibrate_until, unit, as_of };
    for row in backtest::backtest(&view, &zone, &question, PgHost::current()).or_raise() {
        rows.put(|column| {
            Ok([
                column.text(row.measure),
                row.at.and_then(|at| column.count(at)),
                column.count(row.members),
                column.float(row.actual),
                column.float(row.expected),
                column.float(row.value),
            ])
        })
        .or_raise();
    }
    rows
}

#[pg_extern]
fn clv_diagnostics(
    fitted: Option<&[u8]>,
    confidence: Option<f64>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Rows {
    // SAFETY: declared RETURNS TABLE in sql/value/clv.sql.
    let mut rows = unsafe { Rows::begin(fcinfo) };
    let Some(fitted) = fitted else { return rows };
    let text = String::from_utf8_lossy(fitted);
    for row in diagnostics::rows(&text, arguments::confidence(confidence)).or_raise() {
        rows.put(|column| {
            Ok([
                column.text(&row.name),
                column.float(row.value),
                column.float(row.interval.map(|(low, _)| low)),
                column.float(row.interval.map(|(_, high)| high)),
                column.text(&row.remark),
            ])
        })
        .or_raise();
    }
    rows
}

type State = Survivors<PgHost>;

/// period, survivors, model
#[pg_extern]
fn clv_survivors_step(
    state: Option<InState<State>>,
    period: Option<i64>,
    survivors: Option<f64>,
    model: Option<&str>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> InState<State> {
    step(state, period, survivors, model, fcinfo)
}

/// period, survivors
#[pg_extern]
fn clv_survivors_default_step(
    state: Option<InState<State>>,
    period: Option<i64>,
    survivors: Option<f64>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> InState<State> {
    step(state, period, survivors, None, fcinfo)
}

fn step(
    state: Option<InState<State>>,
    period: Option<i64>,
    survivors: Option<f64>,
    model: Option<&str>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> InState<State> {
    let mut state = InState::or_new(state, fcinfo, Survivors::new);
    state.ask(model).or_raise();
    if let (Some(period), Some(survivors)) = (period, survivors) {
        state.push(period, survivors).or_raise();
    }
    state
}

#[pg_extern]
fn clv_survivors_combine(
    left: Option<InState<State>>,
    right: Option<InState<State>>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Option<InState<State>> {
    state::combine(left, right, fcinfo)
}

#[pg_extern]
fn clv_survivors_serialize(state: InState<State>) -> Varlena {
    state::serialize(&*state)
}

#[pg_extern]
fn clv_survivors_deserialize(bytes: &[u8], _unused: Option<pgrx::Internal>) -> InState<State> {
    state::deserialize(bytes)
}

#[pg_extern]
fn clv_survivors_final(state: Option<InState<State>>) -> Option<Varlena> {
    let text = state?.fit(PgHost::current()).or_raise()?;
    Some(Varlena::copy_of(text.as_bytes()))
}
