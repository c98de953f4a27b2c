//! `cox_fit_agg`: what makes members leave earlier or later. The aggregate, its type, and its
//! readers.

use crate::pg::errors::{OrRaise, raise_as};
use crate::pg::floats::Floats;
use crate::pg::memory::PgHost;
use crate::pg::rows::Rows;
use crate::pg::state::InState;
use crate::pg::varlena::{Borrowed, CText, Varlena};
use crate::pg::{arguments, literal};
use pg_retention_model::cox::{Members, Model, Stored};
use pg_retention_model::error::Error;
use pg_retention_model::host::Vec;
use pgrx::prelude::*;
use pgrx::{PgSqlErrorCode, pg_sys};
use std::ffi::CStr;

type State = InState<Members<PgHost>>;

#[pg_extern]
fn cox_step(
    state: Option<State>,
    duration: Option<f64>,
    churned: Option<bool>,
    covariates: Option<Floats<'_>>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> State {
    step(state, duration, churned, covariates, None, fcinfo)
}

#[pg_extern]
fn cox_step_from_entry(
    state: Option<State>,
    duration: Option<f64>,
    churned: Option<bool>,
    covariates: Option<Floats<'_>>,
    entry: Option<f64>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> State {
    step(state, duration, churned, covariates, entry, fcinfo)
}

fn step(
    state: Option<State>,
    duration: Option<f64>,
    churned: Option<bool>,
    covariates: Option<Floats<'_>>,
    entry: Option<f64>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> State {
    let mut state = InState::or_new(state, fcinfo, Members::new);
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
fn cox_model_recv(fcinfo: pg_sys::FunctionCallInfo) -> Varlena {
    // SAFETY: the call is that of a receive function.
    unsafe {
        literal::receive(fcinfo, |bytes| {
            Model::from_foreign_bytes(bytes, PgHost::current()).map(|_| ())
        })
    }
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
fn cox_coefficients(
    fitted: Option<Borrowed<'_>>,
    names: Option<Array<'_, &str>>,
    confidence: Option<f64>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Rows {
    // SAFETY: declared RETURNS TABLE in sql/retention/cox.sql.
    let mut rows = unsafe { Rows::begin(fcinfo) };
    let Some(fitted) = fitted else { return rows };
    let model = model(&fitted);
    if let Some(given) = names.as_ref().map(Array::len).filter(|given| *given != model.width()) {
        Err(Error::BadArgument {
            message: format!("{given} names for a model of {} covariates", model.width()),
            hint: "Give a name for each covariate, in the order of the fit.",
        })
        .or_raise()
    }
    let coefficients = model.coefficients(arguments::confidence(confidence)).or_raise();
    for (i, row) in coefficients.enumerate() {
        let name = names.as_ref().and_then(|names| names.get(i).flatten());
        rows.put(|column| {
            Ok([
                name.map_or_else(|| (i + 1).to_string().into_datum(), IntoDatum::into_datum),
                column.float(Some(row.coefficient)),
                column.float(Some(row.std_error)),
                column.float(row.hazard_ratio),
                column.float(row.interval.0),
                column.float(row.interval.1),
                column.float(Some(row.z)),
                column.float(Some(row.p_value)),
            ])
        })
        .or_raise();
    }
    rows
}

#[pg_extern]
fn cox_tests(fitted: Option<Borrowed<'_>>, fcinfo: pg_sys::FunctionCallInfo) -> Rows {
    // SAFETY: declared RETURNS TABLE in sql/retention/cox.sql.
    let mut rows = unsafe { Rows::begin(fcinfo) };
    let Some(fitted) = fitted else { return rows };
    for test in model(&fitted).tests() {
        rows.put(|column| {
            Ok([
                test.name.into_datum(),
                column.float(Some(test.statistic)),
                column.integer(i64::try_from(test.df).unwrap_or(i64::MAX)),
                column.float(test.p_value),
            ])
        })
        .or_raise();
    }
    rows
}

#[pg_extern]
fn cox_summary(fitted: Option<Borrowed<'_>>, fcinfo: pg_sys::FunctionCallInfo) -> Rows {
    // SAFETY: declared RETURNS TABLE in sql/retention/cox.sql.
    let mut rows = unsafe { Rows::begin(fcinfo) };
    let Some(fitted) = fitted else { return rows };
    let model = model(&fitted);
    rows.put(|column| {
        Ok([
            column.count(model.members),
            column.count(model.events),
            column.integer(i64::try_from(model.width()).unwrap_or(i64::MAX)),
            column.float(Some(model.log_likelihood_null)),
            column.float(Some(model.log_likelihood)),
            column.float(Some(model.aic())),
            column.float(model.concordance),
        ])
    })
    .or_raise();
    rows
}

#[pg_extern]
fn survival_at_of_model(fitted: Borrowed<'_>, covariates: Floats<'_>, tenure: f64) -> Option<f64> {
    let model = Stored::parse(&fitted).or_raise();
    model.survival_at(covariates.numbers()?, tenure).or_raise()
}
