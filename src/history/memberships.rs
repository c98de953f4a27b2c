//! `retention.memberships`: the aggregates that build it, its text and bytes, what is inside, and its
//! readers.

use super::history::{self, begin};
use super::inspect;
use crate::pg::call::{Arguments, Call};
use crate::pg::errors::{OrRaise, raise};
use crate::pg::expanded::{self, Expanded, Form, Home};
use crate::pg::member;
use crate::pg::memory::PgHost;
use crate::pg::rows::Rows;
use crate::pg::stored::StoredMemberships;
use crate::pg::varlena::Varlena;
use crate::pg::{arguments, literal};
use pg_retention_model::churn::memberships as churn;
use pg_retention_model::churn::memberships::Question;
use pg_retention_model::cohorts::memberships as cohorts;
use pg_retention_model::error::Error;
use pg_retention_model::history::MemberRef;
use pg_retention_model::memberships;
use pgrx::datum::Date;
use pgrx::prelude::*;
use pgrx::{AnyArray, pg_sys};
use std::ffi::CStr;

/// The transition function of every overload of `membership_agg`: one spell into the state.
#[pg_extern]
fn membership_step(fcinfo: pg_sys::FunctionCallInfo) -> Option<&'static mut Expanded> {
    // SAFETY: PostgreSQL passes values of the declared types; the state is this aggregate's own, so
    // nobody else uses it.
    unsafe {
        let arguments = Arguments::of(fcinfo);
        let state = arguments.get(Arguments::STATE);
        let mut object = state.and_then(|state| expanded::writable(state));
        let row = arguments.get(Arguments::MEMBER).zip(arguments.get(Arguments::JOINED));
        if row.is_none() && (object.is_some() || state.is_none()) {
            return object; // No membership. The state is what it was.
        }
        let texts = Arguments::TEXTS_OF_MEMBERSHIP;
        let call = Call::of(fcinfo, arguments, texts, object.as_deref_mut());
        let object = match object {
            Some(object) => object,
            None => begin(Form::Memberships, fcinfo, state, call),
        };
        let Some((member, joined)) = row else { return Some(object) };
        if object.zone != call.zone {
            raise(&memberships::different_zones(&object.zone.name(), &call.zone.name()));
        }
        let (member, time) =
            (member::from_datum(call.signature.member, member), call.signature.time);
        let mut day = |datum| {
            let at = time.micros(datum).or_raise();
            object.clock.tick(&object.zone, at)
        };
        let joined = day(joined);
        let ended = arguments.get(Arguments::ENDED).filter(|ended| !time.is_infinity(*ended));
        let ended = ended.map(&mut day);
        memberships::push(&mut object.history, member, joined, ended).or_raise();
        Some(object)
    }
}

/// The transition function of `rollup` and the combine function of both aggregates.
#[pg_extern]
fn memberships_merge(fcinfo: pg_sys::FunctionCallInfo) -> Option<&'static mut Expanded> {
    // SAFETY: PostgreSQL passes two values of memberships, the first as the state.
    unsafe { history::merge(Form::Memberships, fcinfo) }
}

/// Reads the text form: the bytes in base64.
#[pg_extern]
fn memberships_in(text: &CStr) -> Varlena {
    literal::read(text, &memberships::malformed("their text is not base64"), check)
}

/// Reads the binary form, which is the stored one.
#[pg_extern]
fn memberships_recv(fcinfo: pg_sys::FunctionCallInfo) -> Varlena {
    // SAFETY: the call is that of a receive function.
    unsafe { literal::receive(fcinfo, check) }
}

/// Are these the canonical bytes of memberships, of a zone and with names that this database knows?
fn check(bytes: &[u8]) -> Result<(), Error> {
    let flat = memberships::parse(bytes, PgHost::current())?;
    history::zone_of(&flat)?;
    memberships::check(&flat, member::check_text)
}

#[pg_extern]
fn members_of_memberships(m: StoredMemberships<'_>) -> i64 {
    i64::try_from(m.view().count().or_raise()).unwrap_or(i64::MAX)
}

#[pg_extern]
fn without_of_memberships(
    m: Option<StoredMemberships<'_>>,
    members: Option<AnyArray>,
) -> Option<&'static mut Expanded> {
    let m = m?;
    let view = m.view();
    let gone = members.as_ref().map(|members| inspect::members_named(view.kind(), members));
    let keep = |member: MemberRef<'_>| {
        gone.as_ref().is_none_or(|gone| gone.binary_search(&member).is_err())
    };
    let object = Expanded::create(Form::Memberships, Home::Own, m.zone(), |host| {
        view.part(keep, host).or_raise()
    });
    object.history.meta().extent.is_some().then_some(object)
}

#[pg_extern]
fn membership_rows(m: Option<StoredMemberships<'_>>, fcinfo: pg_sys::FunctionCallInfo) -> Rows {
    // SAFETY: declared RETURNS TABLE in sql/history/memberships.sql.
    let mut rows = unsafe { Rows::begin(fcinfo) };
    let Some(m) = m else { return rows };
    let mut walk = m.view().walk_as_given().or_raise();
    while let Some((member, spells)) = walk.next_member().or_raise() {
        for spell in spells {
            rows.put(|column| {
                let ended = spell.ended.map_or(Ok(None), |ended| column.day(ended))?;
                Ok([column.member(&member)?, column.day(spell.joined)?, ended])
            })
            .or_raise();
        }
    }
    rows
}

fn question(
    period: Option<&str>,
    as_of: Option<Date>,
    confidence: Option<f64>,
) -> Result<Question, Error> {
    let question = Question {
        period: arguments::period(period)?,
        as_of: arguments::day("as_of", as_of)?,
        confidence: arguments::confidence(confidence),
    };
    question.check().map(|()| question)
}

#[pg_extern]
fn churn_of_memberships(
    m: Option<StoredMemberships<'_>>,
    period: Option<&str>,
    as_of: Option<Date>,
    confidence: Option<f64>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Rows {
    // SAFETY: declared RETURNS TABLE in sql/history/memberships.sql.
    let mut rows = unsafe { Rows::begin(fcinfo) };
    let question = question(period, as_of, confidence).or_raise();
    let Some(m) = m else { return rows };
    let churn = churn::churn(&m.view(), &question, PgHost::current()).or_raise();
    for row in churn.rows() {
        rows.put(|column| {
            Ok([
                column.day(row.period_start)?,
                column.count(row.opening),
                column.count(row.joined),
                column.count(row.rejoined),
                column.count(row.departed),
                column.count(row.retained),
                column.count(row.churned),
                column.count(row.closing),
                column.float(row.retention_rate),
                column.float(row.churn_rate.map(|(rate, _, _)| rate)),
                column.float(row.churn_rate.map(|(_, low, _)| low)),
                column.float(row.churn_rate.map(|(_, _, high)| high)),
                column.float(Some(row.member_years)),
                column.float(row.departure_rate.map(|(rate, _, _)| rate)),
                column.float(row.departure_rate.map(|(_, low, _)| low)),
                column.float(row.departure_rate.map(|(_, _, high)| high)),
                column.flag(row.complete),
            ])
        })
        .or_raise();
    }
    rows
}

#[pg_extern]
fn cohorts_of_memberships(
    m: Option<StoredMemberships<'_>>,
    period: Option<&str>,
    as_of: Option<Date>,
    confidence: Option<f64>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Rows {
    // SAFETY: declared RETURNS TABLE in sql/history/memberships.sql.
    let mut rows = unsafe { Rows::begin(fcinfo) };
    let question = question(period, as_of, confidence).or_raise();
    let Some(m) = m else { return rows };
    let table = cohorts::cohorts(&m.view(), &question, PgHost::current()).or_raise();
    for cell in table.cells() {
        rows.put(|column| {
            Ok([
                column.day(cell.cohort)?,
                column.integer(cell.period_number),
                column.count(cell.members),
                column.count(cell.eligible),
                column.count(cell.retained),
                column.float(cell.rate.map(|(rate, _, _)| rate)),
                column.float(cell.rate.map(|(_, low, _)| low)),
                column.float(cell.rate.map(|(_, _, high)| high)),
                column.count(cell.active),
                column.flag(cell.complete),
            ])
        })
        .or_raise();
    }
    rows
}
