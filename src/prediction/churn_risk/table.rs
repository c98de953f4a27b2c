//! `churn_fit_agg` and `churn_score`: models of tables that have their labels already.

use super::{FittedModel, flat};
use crate::pg::arguments::Args;
use crate::pg::errors::OrRaise;
use crate::pg::memory::PgHost;
use crate::pg::state::InState;
use crate::pg::varlena::Varlena;
use crate::prediction::attributes::{Given, member, tell_left_out};
use pg_retention_model::churn_risk::{self, Method};
use pg_retention_model::records::Records;
use pgrx::prelude::*;

type State = InState<(Records<PgHost>, Method)>;

fn step<'a>(
    mut args: Args<'a>,
    is_number: bool,
    features: impl FnOnce(&mut Args<'a>) -> Option<Given<'a>>,
) -> State {
    let mut state = args.state(|host| (Records::new(host), Method::Auto));
    let mut digits = [0; 20];
    let name = member(&mut args, is_number, &mut digits);
    let anchor = args.day("anchor");
    let churned: Option<bool> = args.get("churned");
    let features = features(&mut args);
    let method = if args.has_more() { args.text("method") } else { None };
    args.end();
    if let Some(method) = method {
        state.1 = Method::parse(method).or_raise();
    }
    match (name, churned, &features) {
        (Some(name), Some(churned), Some(features)) => {
            state.0.push(name, anchor, churned, features.attributes()).or_raise();
        }
        _ => state.0.leave_out(),
    }
    state
}

/// `churn_fit_step(internal, member text, anchor, churned, features jsonb [, method])`.
#[pg_extern]
fn churn_fit_step(args: Args<'_>) -> State {
    step(args, false, |args| Given::named(args, "features"))
}

/// The same with `member bigint`.
#[pg_extern]
fn churn_fit_step_of_numbers(args: Args<'_>) -> State {
    step(args, true, |args| Given::named(args, "features"))
}

/// The same with `features float8[]`.
#[pg_extern]
fn churn_fit_array_step(args: Args<'_>) -> State {
    step(args, false, |args| Given::numbers(args, "features"))
}

/// The same with both.
#[pg_extern]
fn churn_fit_array_step_of_numbers(args: Args<'_>) -> State {
    step(args, true, |args| Given::numbers(args, "features"))
}

/// The model of a state; none without a row.
#[pg_extern]
fn churn_fit_final(state: Option<State>) -> Option<Varlena> {
    let mut state = state?;
    let (records, method) = &mut *state;
    // It is asked once (FINALFUNC_MODIFY = READ_WRITE), so it may take the rows.
    let records = std::mem::replace(records, Records::new(PgHost::current()));
    tell_left_out("churn_fit_agg", records.left_out());
    if records.is_empty() {
        return None;
    }
    Some(flat(&churn_risk::fit_table(records, *method).or_raise()))
}

#[pg_extern]
fn churn_score(mut args: Args<'_>) -> Option<f64> {
    let fitted = FittedModel::take(&mut args);
    let features = Given::named(&mut args, "features");
    args.end();
    score(fitted, features)
}

#[pg_extern]
fn churn_score_of_array(mut args: Args<'_>) -> Option<f64> {
    let fitted = FittedModel::take(&mut args);
    let features = Given::numbers(&mut args, "features");
    args.end();
    score(fitted, features)
}

fn score(fitted: Option<FittedModel>, features: Option<Given<'_>>) -> Option<f64> {
    let (fitted, features) = (fitted?, features?);
    let x = churn_risk::features_of(&fitted, features.attributes()).or_raise();
    Some(fitted.probability(&x))
}
