//! Cut points and scores for tables that have a row per member already.

use crate::pg::call;
use crate::pg::errors::OrRaise;
use crate::pg::json::{JsonText, Jsonb};
use crate::pg::memory::PgHost;
use crate::pg::state::{self, InState};
use crate::pg::varlena::{self, Varlena};
use pg_retention_model::rfm::{Scale, Values};
use pgrx::prelude::*;
use pgrx::{FromDatum, pg_sys};
use std::cell::RefCell;

/// `rfm_cuts_step(internal, recency, frequency, monetary [, bins [, method]])`.
#[pg_extern]
fn rfm_cuts_step(fcinfo: pg_sys::FunctionCallInfo) -> InState<Values<PgHost>> {
    // SAFETY: sql/value/rfm_values.sql declares float8 three times, then integer and text.
    let (state, values, bins, method) = unsafe {
        let arguments = call::Arguments::of(fcinfo);
        let number = |at| arguments.get(at).map(|datum| f64::from_bits(datum.value() as u64));
        let bins = arguments.get(4).map(|datum| datum.value() as i32);
        let method = arguments.get(5).map(|datum| varlena::bytes(datum));
        (
            arguments.get(0).and_then(|state| InState::of(state)),
            [number(1), number(2), number(3)],
            bins,
            method,
        )
    };
    let mut state = InState::or_new(state, fcinfo, Values::new);
    let method = method.map(String::from_utf8_lossy);
    state.ask(bins, method.as_deref()).or_raise();
    state.push(values).or_raise();
    state
}

#[pg_extern]
fn rfm_cuts_combine(
    left: Option<InState<Values<PgHost>>>,
    right: Option<InState<Values<PgHost>>>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Option<InState<Values<PgHost>>> {
    state::combine(left, right, fcinfo)
}

#[pg_extern]
fn rfm_cuts_serialize(state: InState<Values<PgHost>>) -> Varlena {
    state::serialize(&*state)
}

#[pg_extern]
fn rfm_cuts_deserialize(bytes: &[u8], _unused: Option<pgrx::Internal>) -> InState<Values<PgHost>> {
    state::deserialize(bytes)
}

#[pg_extern]
fn rfm_cuts_final(state: Option<InState<Values<PgHost>>>) -> Option<Jsonb> {
    let scale = state?.scale(&PgHost::current())?;
    Some(Jsonb::of(&scale.to_json()).or_raise())
}

thread_local! {
    /// The cut points of the call before, which are mostly those of this one.
    static LAST: RefCell<Option<(Vec<u8>, Scale)>> = const { RefCell::new(None) };
}

/// `rfm_score(cuts jsonb, recency, frequency, monetary)`.
#[pg_extern]
fn rfm_score(fcinfo: pg_sys::FunctionCallInfo) -> Option<String> {
    // SAFETY: sql/value/rfm_values.sql declares jsonb, and float8 three times.
    let (cuts, bytes, [recency, frequency, monetary]) = unsafe {
        let arguments = call::Arguments::of(fcinfo);
        let cuts = arguments.get(0)?;
        let number = |at| arguments.get(at).map(|datum| f64::from_bits(datum.value() as u64));
        (cuts, varlena::bytes(cuts), [number(1), number(2), number(3)])
    };
    let is_known =
        LAST.with_borrow(|last| last.as_ref().is_some_and(|(of, _)| of.as_slice() == bytes));
    if !is_known {
        // SAFETY: it is a jsonb.
        let text = unsafe { JsonText::from_datum(cuts, false) }?;
        let scale = Scale::parse(&text).or_raise();
        LAST.set(Some((bytes.to_vec(), scale)));
    }
    let text = LAST.with_borrow(|last| {
        last.as_ref().map(|(_, scale)| scale.score_text(recency, frequency, monetary))
    });
    text?.or_raise()
}
