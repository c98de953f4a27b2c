//! `clv_fit` and `clv_fit_agg`: a model from a history, from memberships, or from a table of customers.

use super::{customer, numbers, unit};
use crate::history::{Events, Spells};
use crate::pg::arguments::Args;
use crate::pg::errors::OrRaise;
use crate::pg::memory::PgHost;
use crate::pg::state::InState;
use crate::pg::varlena::Varlena;
use crate::state_functions;
use pg_retention_model::clv::aggregate::FitState;
use pg_retention_model::clv::family::Kind;
use pg_retention_model::clv::model::{self, FitQuestion};
use pg_retention_model::clv::summary::{self, TimeUnit};
use pg_retention_model::clv::tenure;
use pgrx::prelude::*;

#[pg_extern]
fn clv_fit(mut args: Args<'_>) -> Option<Varlena> {
    let h = args.summary::<Events>("h");
    let kind = args.text("model").map(|name| FitQuestion::kind(name).or_raise());
    let kind = kind.unwrap_or(Some(Kind::Bg));
    let unit = unit(&mut args);
    let as_of = args.day("as_of");
    args.end();
    kind.map_or(Ok(()), Kind::check_history).or_raise();
    let h = h?;
    let (view, zone) = (h.view(), h.zone());
    let sample = summary::sample(&view, &zone, unit, as_of, PgHost::current());
    let (mut sample, as_of) = sample.or_raise();
    let question = FitQuestion { kind, unit, as_of: Some(as_of) };
    let text = model::fit_json(&mut sample, &question).or_raise();
    Some(Varlena::copy_of(text.as_bytes()))
}

#[pg_extern]
fn clv_fit_of_memberships(mut args: Args<'_>) -> Option<Varlena> {
    let m = args.summary::<Spells>("m");
    let question = tenure::ContractQuestion {
        kind: Kind::of_contracts(args.text("model")).or_raise(),
        period: TimeUnit::of_period(args.text("period").unwrap_or("month")).or_raise(),
        as_of: args.day("as_of"),
    };
    args.end();
    let m = m?;
    let question = tenure::ContractQuestion { as_of: Some(m.as_of(question.as_of)), ..question };
    let text = tenure::fit(&m.memberships(), &question, PgHost::current()).or_raise();
    Some(Varlena::copy_of(text.as_bytes()))
}

type State = FitState<PgHost>;

/// `clv_fit_step(internal, x, t_x, age, spend, model)`.
#[pg_extern]
fn clv_fit_step(mut args: Args<'_>) -> InState<State> {
    let mut state = args.state(FitState::new);
    let customer = customer(&mut args);
    let (spend, model) = (args.number("spend"), args.text("model"));
    args.end();
    state.ask(model, None).or_raise();
    if let Some(c) = customer {
        state.push(c, None, spend, &[]).or_raise();
    }
    state
}

/// `clv_fit_step(internal, x, t_x, age, litt, spend, covariates, unit, model)`.
#[pg_extern]
fn clv_fit_full_step(mut args: Args<'_>) -> InState<State> {
    let mut state = args.state(FitState::new);
    let customer = customer(&mut args);
    let (litt, spend) = (args.number("litt"), args.number("spend"));
    let covariates = args.get("covariates");
    let (unit, model) = (args.text("unit"), args.text("model"));
    args.end();
    state.ask(model, unit).or_raise();
    if let Some(c) = customer {
        state.push(c, litt, spend, numbers(covariates)).or_raise();
    }
    state
}

state_functions!(State: clv_fit_combine, clv_fit_serialize, clv_fit_deserialize);

#[pg_extern]
fn clv_fit_final(state: Option<InState<State>>) -> Option<Varlena> {
    let text = state?.fit().or_raise()?;
    Some(Varlena::copy_of(text.as_bytes()))
}
