//! `clv_fit` and `clv_fit_agg`: a model from a history, from memberships, or from a table of customers.

use super::{customer, numbers};
use crate::pg::arguments;
use crate::pg::errors::OrRaise;
use crate::pg::floats::Floats;
use crate::pg::memory::PgHost;
use crate::pg::state::{self, InState};
use crate::pg::stored::{Stored, StoredMemberships};
use crate::pg::varlena::Varlena;
use pg_retention_model::clv::aggregate::FitState;
use pg_retention_model::clv::family::Kind;
use pg_retention_model::clv::model::{self, Question};
use pg_retention_model::clv::summary::{self, Unit};
use pg_retention_model::clv::tenure;
use pgrx::datum::Date;
use pgrx::pg_sys;
use pgrx::prelude::*;

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
        as_of: arguments::day("as_of", as_of).or_raise(),
    };
    let text = tenure::fit(&m?.view(), &question, PgHost::current()).or_raise();
    Some(Varlena::copy_of(text.as_bytes()))
}

type State = FitState<PgHost>;

/// x, t_x, age, spend, model
#[pg_extern]
fn clv_fit_step(
    state: Option<InState<State>>,
    x: Option<f64>,
    t_x: Option<f64>,
    age: Option<f64>,
    spend: Option<f64>,
    model: Option<&str>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> InState<State> {
    let mut state = InState::or_new(state, fcinfo, FitState::new);
    state.ask(model, None).or_raise();
    if let Some(c) = customer(x, t_x, age) {
        state.push(c, None, spend, &[]).or_raise();
    }
    state
}

/// x, t_x, age, litt, spend, covariates, unit, model
#[pg_extern]
#[allow(clippy::too_many_arguments)] // those of the SQL declaration
fn clv_fit_full_step(
    state: Option<InState<State>>,
    x: Option<f64>,
    t_x: Option<f64>,
    age: Option<f64>,
    litt: Option<f64>,
    spend: Option<f64>,
    covariates: Option<Floats<'_>>,
    unit: Option<&str>,
    model: Option<&str>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> InState<State> {
    let mut state = InState::or_new(state, fcinfo, FitState::new);
    state.ask(model, unit).or_raise();
    if let Some(c) = customer(x, t_x, age) {
        state.push(c, litt, spend, numbers(covariates)).or_raise();
    }
    state
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
