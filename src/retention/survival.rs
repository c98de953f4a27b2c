//! `survival`: how long members stay. The aggregate over durations, its type, and its readers.

use super::tenures::{FirstDepartures, FirstLapses, Members};
use crate::pg::arguments::{Args, given};
use crate::pg::errors::OrRaise;
use crate::pg::literal::{self, Literal, Message};
use crate::pg::member;
use crate::pg::memory::PgHost;
use crate::pg::once::OnceAQuery;
use crate::pg::rows::Rows;
use crate::pg::state::InState;
use crate::pg::varlena::{Borrowed, CText, Varlena};
use crate::state_functions;
use pg_retention_model::error::Error;
use pg_retention_model::history::MemberRef;
use pg_retention_model::host::Vec;
use pg_retention_model::survival::{self, Intervals, Observation, Observations, Scale};
use pgrx::pg_sys;
use pgrx::prelude::*;
use std::ffi::CStr;

type State = InState<Observations<PgHost>>;

/// `survival_step(internal, duration, churned [, entry [, weight [, cause]]])`.
#[pg_extern]
fn survival_step(mut args: Args<'_>) -> State {
    let mut state = args.state(Observations::new);
    let (duration, churned) = (args.number("duration"), args.get("churned"));
    let (entry, weight) = entry_and_weight(&mut args);
    let cause = if args.has_more() { args.name("cause") } else { None };
    args.end();
    if let (Some(duration), Some(churned)) = (duration, churned) {
        let row = Observation { duration, churned, entry, weight: weight.or_raise(), cause };
        state.push_row(&row).or_raise();
    }
    state
}

/// The arguments entry and weight of transition functions, of overloads that have them.
pub(super) fn entry_and_weight(args: &mut Args<'_>) -> (Option<f64>, Result<i64, Error>) {
    let entry = if args.has_more() { args.number("entry") } else { None };
    let weight = if args.has_more() {
        let hint = "A weight is the number of members that a row stands for: take coalesce(weight, 1), \
                    or leave the row out with FILTER.";
        given("weight", args.get("weight"), hint)
    } else {
        Ok(1)
    };
    (entry, weight)
}

/// The transition function of `rollup` over `survival_data`.
#[pg_extern]
fn survival_merge(
    state: Option<State>,
    data: Option<Borrowed<'_>>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Option<State> {
    let Some(data) = data else { return state };
    let mut state = InState::or_new(state, fcinfo, Observations::new);
    state.merge_bytes(&data).or_raise();
    Some(state)
}

state_functions!(Observations<PgHost>: survival_combine, survival_serialize, survival_deserialize);

/// The value of a state; none if no row counted.
#[pg_extern]
fn survival_final(state: Option<State>) -> Option<Varlena> {
    let mut state = state?;
    if state.is_empty() {
        return None;
    }
    let mut bytes = Vec::new_in(PgHost::current());
    state.to_bytes(&mut bytes).or_raise();
    Some(Varlena::copy_of(&bytes))
}

const LITERAL: Literal = Literal {
    of: "survival_data",
    made: "(SELECT retention.survival_agg(duration, churned) FROM TABLE) in brackets of its own, with the names of your columns",
    not_base64: || survival::malformed_data("its text is not base64"),
};

/// Reads the text form: the bytes in base64.
#[pg_extern]
fn survival_data_in(text: &CStr) -> Varlena {
    LITERAL.read(text, check)
}

/// Reads the binary form, which is the stored one.
#[pg_extern]
fn survival_data_recv(message: Message<'_>) -> Varlena {
    message.receive(check)
}

/// The same bytes as a bytea.
#[pg_extern]
fn survival_data_from_bytea(bytes: &[u8]) -> Varlena {
    check(bytes).or_raise();
    Varlena::copy_of(bytes)
}

fn check(bytes: &[u8]) -> Result<(), Error> {
    let check_name = |name: &[u8]| member::check_text(MemberRef::Text(name));
    Observations::from_bytes_checked(bytes, PgHost::current(), check_name).map(|_| ())
}

/// Writes the binary form, which is the stored one, of this type and of others whose bytes have one version.
#[pg_extern]
fn bytes_send(bytes: &[u8]) -> Varlena {
    Varlena::copy_of(bytes)
}

/// Writes the text form.
#[pg_extern]
fn survival_data_out(bytes: &[u8]) -> CText {
    literal::write(bytes)
}

fn of_data(d: Option<Borrowed<'_>>) -> Members {
    Some(Observations::from_bytes(&d?, PgHost::current()).or_raise().risk_table())
}

/// The last arguments of all of them: confidence, conf_type.
fn intervals(args: &mut Args<'_>) -> Intervals {
    let confidence = args.confidence();
    let scale = args.text("conf_type").map(|name| Scale::parse(name).or_raise());
    args.end();
    Intervals::new(confidence, scale.unwrap_or_default()).or_raise()
}

#[pg_extern]
fn survival_of_data(mut args: Args<'_>, rows: Rows) -> Rows {
    let d = args.bytes("d", "survival_data");
    let intervals = intervals(&mut args);
    put_curve(rows, of_data(d), intervals)
}

#[pg_extern]
fn survival_of_history(mut args: Args<'_>, rows: Rows) -> Rows {
    let lapses = FirstLapses::take(&mut args);
    let intervals = intervals(&mut args);
    put_curve(rows, lapses.members(), intervals)
}

#[pg_extern]
fn survival_of_memberships(mut args: Args<'_>, rows: Rows) -> Rows {
    let departures = FirstDepartures::take(&mut args);
    let intervals = intervals(&mut args);
    put_curve(rows, departures.members(), intervals)
}

fn put_curve(mut rows: Rows, members: Members, intervals: Intervals) -> Rows {
    let Some(members) = members else { return rows };
    for step in members.curve(intervals) {
        rows.put(|row| {
            row.float(step.tenure);
            row.count(step.at_risk);
            row.count(step.events);
            row.count(step.censored);
            row.float(step.survival);
            row.bounds(step.interval);
            row.float(step.cumulative_hazard);
            row.float(step.hazard);
        });
    }
    rows
}

#[pg_extern]
fn survival_summary_of_data(mut args: Args<'_>, rows: Rows) -> Rows {
    let d = args.bytes("d", "survival_data");
    let tau = args.number("tau");
    let intervals = intervals(&mut args);
    put_summary(rows, of_data(d), tau, intervals)
}

#[pg_extern]
fn survival_summary_of_history(mut args: Args<'_>, rows: Rows) -> Rows {
    let lapses = FirstLapses::take(&mut args);
    let tau = args.number("tau");
    let intervals = intervals(&mut args);
    put_summary(rows, lapses.members(), tau, intervals)
}

#[pg_extern]
fn survival_summary_of_memberships(mut args: Args<'_>, rows: Rows) -> Rows {
    let departures = FirstDepartures::take(&mut args);
    let tau = args.number("tau");
    let intervals = intervals(&mut args);
    put_summary(rows, departures.members(), tau, intervals)
}

fn put_summary(mut rows: Rows, members: Members, tau: Option<f64>, intervals: Intervals) -> Rows {
    let summary = members.and_then(|members| members.summary(intervals, tau).or_raise());
    let Some(summary) = summary else { return rows };
    rows.put(|row| {
        row.count(summary.members);
        row.count(summary.events);
        for estimate in [summary.median, summary.restricted_mean] {
            row.float(estimate.value);
            row.float(estimate.low);
            row.float(estimate.high);
        }
        row.float(summary.tau);
    });
    rows
}

#[pg_extern]
fn hazard_rates(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let d = args.bytes("d", "survival_data");
    let width = args.number("width").unwrap_or(1.0);
    let confidence = args.confidence();
    args.end();
    let Some(members) = of_data(d) else { return rows };
    for stretch in members.hazard_rates(width, confidence).or_raise() {
        rows.put(|row| {
            row.float(stretch.from);
            row.float(stretch.until);
            row.count(stretch.events);
            row.float(stretch.exposure);
            row.estimate(stretch.rate);
        });
    }
    rows
}

#[pg_extern]
fn survival_at_of_data(mut args: Args<'_>) -> Option<f64> {
    let d = args.bytes("d", "survival_data");
    let tenure = args.number("tenure");
    args.end();
    let (members, tenure) = (of_data(d)?, tenure?);
    let survival = members.survival_at(tenure);
    if let (None, Some(longest)) = (survival, members.longest().filter(|end| tenure > *end)) {
        tell_beyond(longest);
    }
    survival
}

/// Says, once a query, why there are NULLs.
pub(super) fn tell_beyond(longest: f64) {
    static TOLD: OnceAQuery = OnceAQuery::new();
    if TOLD.is_first() {
        notice!(
            "survival after {longest}, the longest duration that was seen, is not known: it is NULL \
             for such tenures (said once a query)"
        );
    }
}

#[pg_extern]
fn cumulative_incidence(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let d = args.bytes("d", "survival_data");
    let confidence = args.confidence();
    args.end();
    let Some(d) = d else { return rows };
    let data = Observations::from_bytes(&d, PgHost::current()).or_raise();
    let incidences = data.incidences(confidence).or_raise();
    for (place, cause) in incidences.causes() {
        for step in incidences.steps(place) {
            rows.put(|row| {
                match cause {
                    Some(cause) => row.member(&MemberRef::Text(cause)),
                    None => row.text(None),
                }
                row.float(step.tenure);
                row.count(step.at_risk);
                row.count(step.events);
                row.float(step.incidence);
                row.bounds(step.interval);
            });
        }
    }
    rows
}
