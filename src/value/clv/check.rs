//! `clv_backtest` and `clv_diagnostics`: can a model be trusted? And fitting contracts.

use super::model::in_utf8;
use super::unit;
use crate::history::Events;
use crate::pg::arguments::{Args, given};
use crate::pg::errors::OrRaise;
use crate::pg::memory::PgHost;
use crate::pg::rows::Rows;
use crate::pg::state::InState;
use crate::pg::varlena::Varlena;
use crate::state_functions;
use pg_retention_model::clv::backtest::{self, BacktestQuestion};
use pg_retention_model::clv::diagnostics;
use pg_retention_model::clv::family::Kind;
use pg_retention_model::clv::model;
use pg_retention_model::clv::survivors::Survivors;
use pgrx::prelude::*;

#[pg_extern]
fn clv_backtest(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let h = args.summary::<Events>("h");
    let kind = args.text("model").map(|name| model::FitQuestion::kind(name).or_raise());
    let kind = kind.unwrap_or(Some(Kind::Bg));
    let calibrate_until = args.day("calibrate_until");
    let unit = unit(&mut args);
    let as_of = args.day("as_of");
    args.end();
    let Some(h) = h else { return rows };
    let hint = "Take the last day that the model may see.";
    let calibrate_until = given("calibrate_until", calibrate_until, hint).or_raise();
    let (view, zone) = (h.view(), h.zone());
    let question = BacktestQuestion { kind, calibrate_until, unit, as_of };
    for found in backtest::backtest(&view, &zone, &question, PgHost::current()).or_raise() {
        rows.put(|row| {
            row.text(found.measure);
            row.count(found.at);
            row.count(found.members);
            row.float(found.actual);
            row.float(found.expected);
            row.float(found.value);
        });
    }
    rows
}

#[pg_extern]
fn clv_diagnostics(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let fitted = args.bytes("fitted", "clv_model");
    let confidence = args.confidence();
    args.end();
    let Some(fitted) = fitted else { return rows };
    let text = in_utf8(&fitted).or_raise();
    for found in diagnostics::rows(text, confidence).or_raise() {
        rows.put(|row| {
            row.text(found.name.as_ref());
            row.float(found.value);
            row.bounds(found.interval);
            row.text(found.remark.as_ref());
        });
    }
    rows
}

type State = Survivors<PgHost>;

/// `clv_survivors_step(internal, period, survivors [, model])`.
#[pg_extern]
fn clv_survivors_step(mut args: Args<'_>) -> InState<State> {
    let mut state = args.state(Survivors::new);
    let (period, survivors) = (args.get("period"), args.number("survivors"));
    let model = if args.has_more() { args.text("model") } else { None };
    args.end();
    state.ask(model).or_raise();
    if let (Some(period), Some(survivors)) = (period, survivors) {
        state.push(period, survivors).or_raise();
    }
    state
}

state_functions!(
    State: clv_survivors_combine, clv_survivors_serialize, clv_survivors_deserialize
);

#[pg_extern]
fn clv_survivors_final(state: Option<InState<State>>) -> Option<Varlena> {
    let text = state?.fit(PgHost::current()).or_raise()?;
    Some(Varlena::copy_of(text.as_bytes()))
}
