//! Cut points and scores for tables that have a row per member already.

use crate::pg::arguments::Args;
use crate::pg::errors::OrRaise;
use crate::pg::json::{JsonValue, Jsonb};
use crate::pg::memory::PgHost;
use crate::pg::state::InState;
use crate::state_functions;
use pg_retention_model::rfm::{Scale, Values};
use pgrx::prelude::*;
use std::cell::RefCell;

/// `rfm_cuts_step(internal, recency, frequency, monetary [, bins [, method]])`.
#[pg_extern]
fn rfm_cuts_step(mut args: Args<'_>) -> InState<Values<PgHost>> {
    let mut state = args.state(Values::new);
    let values = ["recency", "frequency", "monetary"].map(|name| args.number(name));
    let bins = if args.has_more() { args.integer("bins") } else { None };
    let method = if args.has_more() { args.text("method") } else { None };
    args.end();
    state.ask(bins, method).or_raise();
    state.push(values).or_raise();
    state
}

state_functions!(Values<PgHost>: rfm_cuts_combine, rfm_cuts_serialize, rfm_cuts_deserialize);

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
fn rfm_score(mut args: Args<'_>) -> Option<String> {
    let cuts: Option<JsonValue<'_>> = args.get("cuts");
    let [recency, frequency, monetary] =
        ["recency", "frequency", "monetary"].map(|name| args.number(name));
    args.end();
    let cuts = cuts?;
    let is_known =
        LAST.with_borrow(|last| last.as_ref().is_some_and(|(of, _)| of.as_slice() == cuts.bytes()));
    if !is_known {
        let scale = Scale::parse(&cuts.text()?).or_raise();
        LAST.set(Some((cuts.bytes().to_vec(), scale)));
    }
    let text = LAST.with_borrow(|last| {
        last.as_ref().map(|(_, scale)| scale.score_text(recency, frequency, monetary))
    });
    text?.or_raise()
}
