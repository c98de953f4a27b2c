//! `cox_fit_agg`: what makes members leave earlier or later. The aggregate, its type, and its
//! readers.

use super::survival::tell_beyond;
use crate::pg::arguments::Args;
use crate::pg::encoding;
use crate::pg::errors::{OrRaise, raise, raise_as};
use crate::pg::floats::Floats;
use crate::pg::json::Fields;
use crate::pg::literal::Message;
use crate::pg::member;
use crate::pg::memory::PgHost;
use crate::pg::rows::Rows;
use crate::pg::state::InState;
use crate::pg::varlena::{CText, Varlena};
use pg_retention_model::cox::{Covariates, CoxObservation, Members, Model, Prediction, Stored};
use pg_retention_model::error::Error;
use pg_retention_model::history::MemberRef;
use pg_retention_model::host::Vec;
use pgrx::PgSqlErrorCode;
use pgrx::prelude::*;
use std::ffi::CStr;
use std::io::Write;

type State = InState<Members<PgHost>>;

/// `cox_step(internal, duration, churned, covariates float8[] [, entry])`.
#[pg_extern]
fn cox_step(mut args: Args<'_>) -> State {
    let state = args.state(Members::new);
    let (duration, churned) = (args.number("duration"), args.get("churned"));
    let covariates: Option<Floats<'_>> = args.get("covariates");
    let entry = if args.has_more() { args.number("entry") } else { None };
    args.end();
    let covariates = covariates.and_then(|covariates| covariates.numbers());
    push(state, duration, churned, covariates.map(Covariates::Numbers), |row| CoxObservation {
        entry,
        ..row
    })
}

/// `cox_step_by_name(internal, duration, churned, covariates jsonb [, entry [, strata [, weight [, id text]]]])`.
#[pg_extern]
fn cox_step_by_name(args: Args<'_>) -> State {
    by_name(args, |args| args.name("id"))
}

/// The same with `id bigint`.
#[pg_extern]
fn cox_step_by_name_of_numbers(args: Args<'_>) -> State {
    let mut digits = [0; 20];
    by_name(args, |args| args.get("id").map(|id: i64| written(id, &mut digits)))
}

/// A number as a name.
fn written(id: i64, digits: &mut [u8; 20]) -> &[u8] {
    let mut rest = &mut digits[..];
    let fits = write!(rest, "{id}");
    debug_assert!(fits.is_ok(), "20 letters are enough");
    let len = 20 - rest.len();
    &digits[..len]
}

fn by_name<'a, 'i>(mut args: Args<'a>, id: impl FnOnce(&mut Args<'a>) -> Option<&'i [u8]>) -> State
where
    'a: 'i,
{
    let state = args.state(Members::new);
    let (duration, churned) = (args.number("duration"), args.get("churned"));
    let covariates: Option<Fields<'_>> = args.get("covariates");
    let entry = if args.has_more() { args.number("entry") } else { None };
    let stratum = if args.has_more() { args.name("strata") } else { None };
    let weight = if args.has_more() { args.get("weight") } else { None };
    let id = if args.has_more() { id(&mut args) } else { None };
    args.end();
    let covariates = covariates.as_ref().map(|fields| Covariates::Named(fields.values()));
    push(state, duration, churned, covariates, |row| CoxObservation {
        entry,
        stratum,
        weight,
        id,
        ..row
    })
}

/// `cox_step_of_literal(internal, duration, churned, covariates text [, entry])`: a literal without a type,
/// which is text, is read as jsonb if it is an object and as float8[] otherwise.
#[pg_extern]
fn cox_step_of_literal(mut args: Args<'_>) -> State {
    let state = args.state(Members::new);
    let (duration, churned) = (args.number("duration"), args.get("churned"));
    let covariates = args.text("covariates");
    let entry = if args.has_more() { args.number("entry") } else { None };
    args.end();
    let with_entry = |row| CoxObservation { entry, ..row };
    match covariates {
        Some(text) if text.contains(':') => {
            let fields = Fields::parse(text);
            let covariates = Covariates::Named(fields.values());
            push(state, duration, churned, Some(covariates), with_entry)
        }
        text => {
            let floats = text.and_then(Floats::parse);
            let covariates = floats.as_ref().and_then(Floats::numbers).map(Covariates::Numbers);
            push(state, duration, churned, covariates, with_entry)
        }
    }
}

fn push<'n>(
    mut state: State,
    duration: Option<f64>,
    churned: Option<bool>,
    covariates: Option<Covariates<'_>>,
    more: impl FnOnce(CoxObservation<'n>) -> CoxObservation<'n>,
) -> State {
    if let (Some(duration), Some(churned), Some(covariates)) = (duration, churned, covariates) {
        state.push_row(&more(CoxObservation::new(duration, churned)), covariates).or_raise();
    } else {
        state.leave_out();
    }
    state
}

/// The model of a state; none if no row counted.
#[pg_extern]
fn cox_final(state: Option<State>) -> Option<Varlena> {
    let state = state?;
    if let Some(left_out) = state.left_out() {
        notice!("cox_fit_agg: {left_out}");
    }
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
    match Model::from_json(encoding::to_utf8(text.to_bytes()), PgHost::current()) {
        Ok(model) => flat(&model),
        Err(error) => raise_as(PgSqlErrorCode::ERRCODE_INVALID_TEXT_REPRESENTATION, &error),
    }
}

/// Reads the binary form, which is the stored one.
#[pg_extern]
fn cox_model_recv(message: Message<'_>) -> Varlena {
    message.receive(check)
}

/// The same bytes as a bytea.
#[pg_extern]
fn cox_model_from_bytea(bytes: &[u8]) -> Varlena {
    check(bytes).or_raise();
    Varlena::copy_of(bytes)
}

fn check(bytes: &[u8]) -> Result<(), Error> {
    let check_name = |name: &[u8]| member::check_text(MemberRef::Text(name));
    Model::from_foreign_bytes(bytes, PgHost::current(), check_name).map(|_| ())
}

/// Writes the text form.
#[pg_extern]
fn cox_model_out(bytes: &[u8]) -> CText {
    let mut json = Vec::new_in(PgHost::current());
    model(bytes).to_json(&mut json).or_raise();
    CText::copy_of(encoding::from_utf8(&json))
}

fn model(bytes: &[u8]) -> Model<PgHost> {
    Model::from_bytes(bytes, PgHost::current()).or_raise()
}

#[pg_extern]
fn cox_coefficients(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let fitted = args.bytes("fitted", "cox_model");
    let names = args.texts("names");
    let confidence = args.confidence();
    args.end();
    let Some(fitted) = fitted else { return rows };
    let model = model(&fitted);
    if let Some(given) =
        names.as_ref().map(|names| names.len()).filter(|given| *given != model.width())
    {
        raise(&Error::BadArgument {
            message: format!("{given} names for a model of {} covariates", model.width()),
            hint: "Give a name for each covariate, in the order of the fit.",
        });
    }
    for (i, found) in model.coefficients(confidence).or_raise().enumerate() {
        let name = names.as_ref().and_then(|names| names.get(i).copied().flatten());
        let label = model.label(i);
        let unnamed = || label.map_or_else(|| (i + 1).to_string(), |label| label.to_string());
        let name = name.map_or_else(unnamed, str::to_string);
        let base = label.and_then(|label| label.value).map(|(_, base)| base);
        rows.put(|row| {
            row.text(name.as_str());
            row.float(found.coefficient);
            row.float(found.std_error);
            row.float(found.hazard_ratio);
            row.float(found.interval.0);
            row.float(found.interval.1);
            row.float(found.z);
            row.float(found.p_value);
            row.text(base.and_then(|base| std::str::from_utf8(base).ok()));
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
        row.integer(i64::try_from(model.strata()).unwrap_or(i64::MAX));
        row.float(model.longest);
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
    said(model.survival_at(covariates?.numbers()?, tenure?))
}

#[pg_extern]
fn survival_at_by_name(mut args: Args<'_>) -> Option<f64> {
    let fitted = args.bytes("fitted", "cox_model");
    let covariates: Option<Fields<'_>> = args.get("covariates");
    let (tenure, stratum) = (args.number("tenure"), args.name("stratum"));
    args.end();
    let fitted = fitted?;
    let model = Stored::parse(&fitted).or_raise();
    said(model.survival_of(covariates?.values(), tenure?, stratum, &PgHost::current()))
}

/// A literal without a type, which is text: read as the type that the model was fitted with.
#[pg_extern]
fn survival_at_of_literal(mut args: Args<'_>) -> Option<f64> {
    let fitted = args.bytes("fitted", "cox_model");
    let covariates = args.text("covariates");
    let (tenure, stratum) = (args.number("tenure"), args.name("stratum"));
    args.end();
    let (fitted, covariates, tenure) = (fitted?, covariates?, tenure?);
    let model = Stored::parse(&fitted).or_raise();
    if model.is_named() {
        let fields = Fields::parse(covariates);
        return said(model.survival_of(fields.values(), tenure, stratum, &PgHost::current()));
    }
    said(model.survival_at(Floats::parse(covariates)?.numbers()?, tenure))
}

fn said(prediction: Result<Prediction, Error>) -> Option<f64> {
    match prediction.or_raise() {
        Prediction::Survival(share) => Some(share),
        Prediction::Unknown => None,
        Prediction::Beyond(longest) => {
            tell_beyond(longest);
            None
        }
    }
}
