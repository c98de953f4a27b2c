//! `clv_fit` and `clv_fit_agg`: a model from a history, from memberships, or from a table of customers.

use super::{customer, numbers};
use crate::pg::arguments;
use crate::pg::call::Arguments;
use crate::pg::errors::OrRaise;
use crate::pg::floats::Floats;
use crate::pg::memory::PgHost;
use crate::pg::state::{self, InState};
use crate::pg::stored::{self, Stored, StoredMemberships};
use crate::pg::varlena::{self, Varlena};
use pg_retention_model::clv::aggregate::FitState;
use pg_retention_model::clv::family::Kind;
use pg_retention_model::clv::model::{self, Question};
use pg_retention_model::clv::summary::{self, Unit};
use pg_retention_model::clv::tenure;
use pgrx::datum::Date;
use pgrx::prelude::*;
use pgrx::{FromDatum, pg_sys};

#[pg_extern]
fn clv_fit(
    h: Option<Stored<'_>>,
    model: Option<&str>,
    unit: Option<&str>,
    as_of: Option<Date>,
) -> Option<Varlena> {
    let kind = model.map_or(Ok(Some(Kind::Bg)), Question::kind).or_raise();
    let unit = unit.map_or(Ok(Unit::WEEK), Unit::parse).or_raise();
    let as_of = arguments::day("as_of", as_of).or_raise();
    kind.map_or(Ok(()), Kind::check_history).or_raise();
    let h = h?;
    let (view, zone) = (h.view(), h.zone());
    let sample = summary::sample(&view, &zone, unit, as_of, PgHost::current());
    let (mut sample, as_of) = sample.or_raise();
    let question = Question { kind, unit, as_of: Some(as_of) };
    let text = model::fit_json(&mut sample, &question).or_raise();
    Some(Varlena::copy_of(text.as_bytes()))
}

#[pg_extern]
fn clv_fit_of_memberships(
    m: Option<StoredMemberships<'_>>,
    model: Option<&str>,
    period: Option<&str>,
    as_of: Option<Date>,
) -> Option<Varlena> {
    let question = tenure::Question {
        kind: Kind::of_contracts(model).or_raise(),
        period: Unit::of_period(period.unwrap_or("month")).or_raise(),
        as_of: stored::as_of(m.as_ref(), as_of).or_raise(),
    };
    let text = tenure::fit(&m?.view(), &question, PgHost::current()).or_raise();
    Some(Varlena::copy_of(text.as_bytes()))
}

type State = FitState<PgHost>;

/// `clv_fit_step(internal, x, t_x, age, spend, model)`.
#[pg_extern]
fn clv_fit_step(fcinfo: pg_sys::FunctionCallInfo) -> InState<State> {
    // SAFETY: sql/value/clv.sql declares float8 four times, then text.
    unsafe {
        let arguments = Arguments::of(fcinfo);
        step(fcinfo, [arguments.get(4), arguments.get(5)], [None; 3])
    }
}

/// `clv_fit_step(internal, x, t_x, age, litt, spend, covariates, unit, model)`.
#[pg_extern]
fn clv_fit_full_step(fcinfo: pg_sys::FunctionCallInfo) -> InState<State> {
    // SAFETY: sql/value/clv.sql declares float8 five times, then float8[], and text twice.
    unsafe {
        let arguments = Arguments::of(fcinfo);
        let others = [arguments.get(4), arguments.get(6), arguments.get(7)];
        step(fcinfo, [arguments.get(5), arguments.get(8)], others)
    }
}

/// Adds a row, whose arguments are read without a call into PostgreSQL.
///
/// # Safety
/// The first four arguments are the state and x, t_x and age as float8; spend is float8 and model
/// text; litt is float8, covariates float8[] and unit text.
#[inline(always)] // once a row
unsafe fn step(
    fcinfo: pg_sys::FunctionCallInfo,
    [spend, model]: [Option<pg_sys::Datum>; 2],
    [litt, covariates, unit]: [Option<pg_sys::Datum>; 3],
) -> InState<State> {
    let number = |datum: pg_sys::Datum| f64::from_bits(datum.value() as u64);
    // SAFETY: as above.
    let (state, customer, covariates, model, unit) = unsafe {
        let arguments = Arguments::of(fcinfo);
        let time = |at| arguments.get(at).map(number);
        (
            arguments.get(0).and_then(|state| InState::of(state)),
            customer(time(1), time(2), time(3)),
            covariates.and_then(|array| Floats::from_datum(array, false)),
            model.map(|text| varlena::bytes(text)),
            unit.map(|text| varlena::bytes(text)),
        )
    };
    // What is not UTF-8 is no name of ours.
    let (model, unit) = (model.map(name), unit.map(name));
    let mut state = InState::or_new(state, fcinfo, FitState::new);
    state.ask(model, unit).or_raise();
    if let Some(c) = customer {
        state.push(c, litt.map(number), spend.map(number), numbers(covariates)).or_raise();
    }
    state
}

fn name(text: &[u8]) -> &str {
    std::str::from_utf8(text).unwrap_or("\u{FFFD}")
}

#[pg_extern]
fn clv_fit_combine(
    left: Option<InState<State>>,
    right: Option<InState<State>>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Option<InState<State>> {
    state::combine(left, right, fcinfo)
}

#[pg_extern]
fn clv_fit_serialize(state: InState<State>) -> Varlena {
    state::serialize(&*state)
}

#[pg_extern]
fn clv_fit_deserialize(bytes: &[u8], _unused: Option<pgrx::Internal>) -> InState<State> {
    state::deserialize(bytes)
}

#[pg_extern]
fn clv_fit_final(state: Option<InState<State>>) -> Option<Varlena> {
    let text = state?.fit().or_raise()?;
    Some(Varlena::copy_of(text.as_bytes()))
}
