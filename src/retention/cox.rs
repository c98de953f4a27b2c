//! `cox_fit_agg`: what makes members leave earlier or later. The aggregate, its type, and its
//! readers.

use crate::pg::arguments::Args;
use crate::pg::errors::{OrRaise, raise, raise_as};
use crate::pg::floats::Floats;
use crate::pg::literal::Message;
use crate::pg::memory::PgHost;
use crate::pg::rows::Rows;
use crate::pg::state::InState;
use crate::pg::varlena::{CText, Varlena};
use pg_retention_model::cox::{Members, Model, Stored};
use pg_retention_model::error::Error;
use pg_retention_model::host::Vec;
use pgrx::prelude::*;
use pgrx::{Array, PgSqlErrorCode};
use std::ffi::CStr;

type State = InState<Members<PgHost>>;

/// `cox_step(internal, duration, churned, covariates [, entry])`.
#[pg_extern]
fn cox_step(mut args: Args<'_>) -> State {
    let mut state = args.state(Members::new);
    let (duration, churned) = (args.number("duration"), args.get("churned"));
    let covariates: Option<Floats<'_>> = args.get("covariates");
    let entry = if args.has_more() { args.number("entry") } else { None };
    args.end();
    let covariates = covariates.and_then(|covariates| covariates.numbers());
    if let (Some(duration), Some(churned), Some(covariates)) = (duration, churned, covariates) {
        state.push(duration, churned, covariates, entry).or_raise();
    }
    state
}

/// The model of a state; none if no row counted.
#[pg_extern]
fn cox_final(state: Option<State>) -> Option<Varlena> {
    let state = state?;
    (!state.is_empty()).then(|| flat(&state.fit(PgHost::current()).or_raise()))
}

fn flat(model: &Model<PgHost>) -> Varlena {
    let mut bytes = Vec::new_in(PgHost::current());
    model.to_bytes(&mut bytes);
    Varlena::copy_of(&bytes)
}

/// Reads the text form: JSON.
#[pg_extern]
fn cox_model_in(text: &CStr) -> Varlena {
    match Model::from_json(text.to_bytes(), PgHost::current()) {
        Ok(model) => flat(&model),
        Err(error) => raise_as(PgSqlErrorCode::ERRCODE_INVALID_TEXT_REPRESENTATION, &error),
    }
}

/// Reads the binary form, which is the stored one.
#[pg_extern]
fn cox_model_recv(message: Message<'_>) -> Varlena {
    message.receive(|bytes| Model::from_foreign_bytes(bytes, PgHost::current()).map(|_| ()))
}

/// Writes the text form.
#[pg_extern]
fn cox_model_out(bytes: &[u8]) -> CText {
    let mut json = Vec::new_in(PgHost::current());
    model(bytes).to_json(&mut json).or_raise();
    let mut text = CText::with_len(json.len());
    text.bytes().copy_from_slice(&json);
    text
}

fn model(bytes: &[u8]) -> Model<PgHost> {
    Model::from_bytes(bytes, PgHost::current()).or_raise()
}

#[pg_extern]
fn cox_coefficients(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let fitted = args.bytes("fitted", "cox_model");
    let names: Option<Array<'_, &str>> = args.get("names");
    let confidence = args.confidence();
    args.end();
    let Some(fitted) = fitted else { return rows };
    let model = model(&fitted);
    if let Some(given) = names.as_ref().map(Array::len).filter(|given| *given != model.width()) {
        raise(&Error::BadArgument {
            message: format!("{given} names for a model of {} covariates", model.width()),
            hint: "Give a name for each covariate, in the order of the fit.",
        });
    }
    for (i, found) in model.coefficients(confidence).or_raise().enumerate() {
        let name = names.as_ref().and_then(|names| names.get(i).flatten());
        let name = name.map_or_else(|| (i + 1).to_string(), str::to_string);
        rows.put(|row| {
            row.text(name.as_str());
            row.float(found.coefficient);
            row.float(found.std_error);
            row.float(found.hazard_ratio);
            row.float(found.interval.0);
            row.float(found.interval.1);
            row.float(found.z);
            row.float(found.p_value);
        });
    }
    rows
}

/// The only argument of two of the readers.
fn fitted(mut args: Args<'_>) -> Option<Model<PgHost>> {
    let fitted = args.bytes("fitted", "cox_model");
    args.end();
    fitted.map(|fitted| model(&fitted))
}

#[pg_extern]
fn cox_tests(args: Args<'_>, mut rows: Rows) -> Rows {
    let Some(model) = fitted(args) else { return rows };
    for test in model.tests() {
        rows.put(|row| {
            row.text(test.name);
            row.float(test.statistic);
            row.integer(i64::try_from(test.df).unwrap_or(i64::MAX));
            row.float(test.p_value);
        });
    }
    rows
}

#[pg_extern]
fn cox_summary(args: Args<'_>, mut rows: Rows) -> Rows {
    let Some(model) = fitted(args) else { return rows };
    rows.put(|row| {
        row.count(model.members);
        row.count(model.events);
        row.integer(i64::try_from(model.width()).unwrap_or(i64::MAX));
        row.float(model.log_likelihood_null);
        row.float(model.log_likelihood);
        row.float(model.aic());
        row.float(model.concordance);
    });
    rows
}

#[pg_extern]
fn survival_at_of_model(mut args: Args<'_>) -> Option<f64> {
    let fitted = args.bytes("fitted", "cox_model");
    let covariates: Option<Floats<'_>> = args.get("covariates");
    let tenure = args.number("tenure");
    args.end();
    let fitted = fitted?;
    let model = Stored::parse(&fitted).or_raise();
    model.survival_at(covariates?.numbers()?, tenure?).or_raise()
}
