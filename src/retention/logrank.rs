//! `logrank`: do groups leave alike? The aggregate over durations and groups, its type, and its
//! readers.

use crate::pg::errors::OrRaise;
use crate::pg::memory::PgHost;
use crate::pg::rows::Rows;
use crate::pg::state::{self, InState};
use crate::pg::varlena::{Borrowed, CText, Varlena};
use crate::pg::{literal, member};
use pg_retention_model::error::Error;
use pg_retention_model::history::MemberRef;
use pg_retention_model::host::Vec;
use pg_retention_model::survival::{self, Groups};
use pgrx::pg_sys;
use pgrx::prelude::*;
use std::ffi::CStr;

type State = InState<Groups<PgHost>>;

#[pg_extern]
fn logrank_step(
    state: Option<State>,
    duration: Option<f64>,
    churned: Option<bool>,
    group: Option<Borrowed<'_>>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> State {
    step(state, duration, churned, group, None, fcinfo)
}

#[pg_extern]
fn logrank_step_in_stratum(
    state: Option<State>,
    duration: Option<f64>,
    churned: Option<bool>,
    group: Option<Borrowed<'_>>,
    stratum: Option<Borrowed<'_>>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> State {
    step(state, duration, churned, group, stratum, fcinfo)
}

fn step(
    state: Option<State>,
    duration: Option<f64>,
    churned: Option<bool>,
    group: Option<Borrowed<'_>>,
    stratum: Option<Borrowed<'_>>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> State {
    let mut state = InState::or_new(state, fcinfo, Groups::new);
    if let (Some(duration), Some(churned), Some(group)) = (duration, churned, group) {
        let stratum = stratum.as_ref().map(|stratum| member::to_utf8(stratum));
        state.push(duration, churned, member::to_utf8(&group), stratum).or_raise();
    }
    state
}

#[pg_extern]
fn logrank_combine(
    left: Option<State>,
    right: Option<State>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Option<State> {
    state::combine(left, right, fcinfo)
}

#[pg_extern]
fn logrank_serialize(state: State) -> Varlena {
    state::serialize(&*state)
}

#[pg_extern]
fn logrank_deserialize(bytes: &[u8], _unused: Option<pgrx::Internal>) -> State {
    state::deserialize(bytes)
}

/// The value of a state; none if no row counted.
#[pg_extern]
fn logrank_final(state: Option<State>) -> Option<Varlena> {
    let mut state = state?;
    if state.is_empty() {
        return None;
    }
    let mut bytes = Vec::new_in(PgHost::current());
    state.to_bytes(&mut bytes).or_raise();
    Some(Varlena::copy_of(&bytes))
}

/// Reads the text form: the bytes in base64.
#[pg_extern]
fn logrank_data_in(text: &CStr) -> Varlena {
    literal::read(text, &survival::malformed_groups("its text is not base64"), check)
}

/// Reads the binary form, which is the stored one.
#[pg_extern]
fn logrank_data_recv(fcinfo: pg_sys::FunctionCallInfo) -> Varlena {
    // SAFETY: the call is that of a receive function.
    unsafe { literal::receive(fcinfo, check) }
}

fn check(bytes: &[u8]) -> Result<(), Error> {
    let check_name = |name: &[u8]| member::check_text(MemberRef::Text(name));
    Groups::from_bytes(bytes, PgHost::current(), check_name).map(|_| ())
}

/// Writes the text form.
#[pg_extern]
fn logrank_data_out(bytes: &[u8]) -> CText {
    literal::write(bytes)
}

fn groups(bytes: &[u8]) -> Groups<PgHost> {
    Groups::from_bytes(bytes, PgHost::current(), |_| Ok(())).or_raise()
}

#[pg_extern]
fn logrank(d: Option<Borrowed<'_>>, rho: Option<f64>, fcinfo: pg_sys::FunctionCallInfo) -> Rows {
    // SAFETY: declared RETURNS TABLE in sql/retention/logrank.sql.
    let mut rows = unsafe { Rows::begin(fcinfo) };
    let Some(d) = d else { return rows };
    let outcome = groups(&d).compare(rho.unwrap_or(0.0)).or_raise().outcome();
    rows.put(|column| {
        Ok([
            column.float(outcome.chi_square),
            column.integer(i64::try_from(outcome.df).unwrap_or(i64::MAX)),
            column.float(outcome.p_value),
        ])
    })
    .or_raise();
    rows
}

#[pg_extern]
fn logrank_groups(
    d: Option<Borrowed<'_>>,
    rho: Option<f64>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Rows {
    // SAFETY: declared RETURNS TABLE in sql/retention/logrank.sql.
    let mut rows = unsafe { Rows::begin(fcinfo) };
    let Some(d) = d else { return rows };
    let mut data = groups(&d);
    let comparison = data.compare(rho.unwrap_or(0.0)).or_raise();
    for group in comparison.groups() {
        rows.put(|column| {
            Ok([
                column.member(&MemberRef::Text(group.name))?,
                column.count(group.members),
                column.float(Some(group.observed)),
                column.float(Some(group.expected)),
                column.float(Some(group.variance)),
            ])
        })
        .or_raise();
    }
    rows
}
