//! `logrank`: do groups leave alike? The aggregate over durations and groups, its type, and its
//! readers.

use super::survival::entry_and_weight;
use crate::pg::arguments::Args;
use crate::pg::errors::OrRaise;
use crate::pg::literal::{self, Literal, Message};
use crate::pg::member;
use crate::pg::memory::PgHost;
use crate::pg::rows::Rows;
use crate::pg::state::InState;
use crate::pg::varlena::{CText, Varlena};
use crate::state_functions;
use pg_retention_model::error::Error;
use pg_retention_model::history::MemberRef;
use pg_retention_model::host::Vec;
use pg_retention_model::survival::{self, Groups, Observation};
use pgrx::prelude::*;
use std::ffi::CStr;

type State = InState<Groups<PgHost>>;

/// `logrank_step(internal, duration, churned, group [, stratum [, entry [, weight]]])`.
#[pg_extern]
fn logrank_step(mut args: Args<'_>) -> State {
    let mut state = args.state(Groups::new);
    let (duration, churned) = (args.number("duration"), args.get("churned"));
    let group = args.name("group");
    let stratum = if args.has_more() { args.name("stratum") } else { None };
    let (entry, weight) = entry_and_weight(&mut args);
    args.end();
    if let (Some(duration), Some(churned), Some(group)) = (duration, churned, group) {
        let row =
            Observation { entry, weight: weight.or_raise(), ..Observation::new(duration, churned) };
        state.push_row(&row, group, stratum).or_raise();
    }
    state
}

state_functions!(Groups<PgHost>: logrank_combine, logrank_serialize, logrank_deserialize);

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

const LITERAL: Literal = Literal {
    of: "logrank_data",
    made: "(SELECT retention.logrank_agg(duration, churned, grp) FROM TABLE) in brackets of its own, with the names of your columns",
    not_base64: || survival::malformed_groups("its text is not base64"),
};

/// Reads the text form: the bytes in base64.
#[pg_extern]
fn logrank_data_in(text: &CStr) -> Varlena {
    LITERAL.read(text, check)
}

/// Reads the binary form, which is the stored one.
#[pg_extern]
fn logrank_data_recv(message: Message<'_>) -> Varlena {
    message.receive(check)
}

/// The same bytes as a bytea.
#[pg_extern]
fn logrank_data_from_bytea(bytes: &[u8]) -> Varlena {
    check(bytes).or_raise();
    Varlena::copy_of(bytes)
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

/// What both readers take: the data, and rho.
fn asked(args: &mut Args<'_>) -> Option<(Groups<PgHost>, f64)> {
    let d = args.bytes("d", "logrank_data");
    let rho = args.number("rho").unwrap_or(0.0);
    args.end();
    Some((Groups::from_bytes(&d?, PgHost::current(), |_| Ok(())).or_raise(), rho))
}

#[pg_extern]
fn logrank(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let Some((mut groups, rho)) = asked(&mut args) else { return rows };
    let outcome = groups.compare(rho).or_raise().outcome();
    rows.put(|row| {
        row.float(outcome.chi_square);
        row.integer(i64::try_from(outcome.df).unwrap_or(i64::MAX));
        row.float(outcome.p_value);
    });
    rows
}

#[pg_extern]
fn logrank_groups(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let Some((mut groups, rho)) = asked(&mut args) else { return rows };
    let comparison = groups.compare(rho).or_raise();
    for group in comparison.groups() {
        rows.put(|row| {
            row.member(&MemberRef::Text(group.name));
            row.count(group.members);
            row.float(group.observed);
            row.float(group.expected);
            row.float(group.variance);
        });
    }
    rows
}
