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
use crate::pg::signature::TimeKind;
use crate::pg::stored::{self, StoredMemberships};
use crate::pg::varlena::{Borrowed, CText, Varlena};
use crate::pg::{arguments, literal};
use pg_retention_model::calendar::{Clock, DAY, Grain};
use pg_retention_model::churn::memberships as churn;
use pg_retention_model::churn::memberships::Question;
use pg_retention_model::cohorts::memberships as cohorts;
use pg_retention_model::error::Error;
use pg_retention_model::history::MemberRef;
use pg_retention_model::host::Vec;
use pg_retention_model::memberships::{self, Bytes, Spell};
use pgrx::datum::Date;
use pgrx::prelude::*;
use pgrx::{AnyArray, pg_sys};
use std::cmp::Ordering;
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
        let (signature, ended) = (call.signature, arguments.get(Arguments::ENDED));
        let row =
            row.map(|(member, joined)| (member::from_datum(signature.member, member), joined));
        if let (None, Some(row)) = (state, row)
            && may_be_empty(signature.time, row.1, ended)
            && spell(call, &mut Clock::new(Grain::Day, PgHost::current()), row, ended).is_none()
        {
            return None; // Nobody was in yet.
        }
        let object = match object {
            Some(object) => object,
            None => begin(Form::Memberships, fcinfo, state, call),
        };
        let Some(row) = row else { return Some(object) };
        if object.zone != call.zone {
            raise(&memberships::different_zones(&object.zone.name(), &call.zone.name()));
        }
        if let Some(spell) = spell(call, &mut object.clock, row, ended) {
            memberships::push(&mut object.history, row.0, spell).or_raise();
        }
        Some(object)
    }
}

/// The spell of a row: its member and when it joined, and when it ended. None if it holds no day.
#[inline]
fn spell(
    call: &Call,
    clock: &mut Clock<PgHost>,
    (member, joined): (MemberRef<'_>, pg_sys::Datum),
    ended: Option<pg_sys::Datum>,
) -> Option<Spell> {
    let time = call.signature.time;
    let joined = time.micros(joined).or_raise();
    let ended = ended.filter(|ended| !time.is_beyond_instants(*ended));
    let ended = ended.map(|ended| time.micros(ended).or_raise());
    memberships::spell(clock, &call.zone, member, joined, ended).or_raise()
}

/// Does a spell end so soon that it may hold no day?
fn may_be_empty(time: TimeKind, joined: pg_sys::Datum, ended: Option<pg_sys::Datum>) -> bool {
    let [joined, ended] = [Some(joined), ended].map(|at| time.micros(at?).ok());
    joined.zip(ended).is_some_and(|(joined, ended)| ended.saturating_sub(joined) < 2 * DAY)
}

/// The transition function of `rollup` and the combine function of both aggregates.
#[pg_extern]
fn memberships_merge(fcinfo: pg_sys::FunctionCallInfo) -> Option<&'static mut Expanded> {
    // SAFETY: PostgreSQL passes two values of memberships, the first as the state.
    unsafe { history::merge(Form::Memberships, fcinfo) }
}

/// Reads the text form: the bytes in base64. Those of 0.1.0 become what is written now.
#[pg_extern]
fn memberships_in(text: &CStr) -> Varlena {
    let not_base64 = memberships::malformed("their text is not base64");
    as_written_now(literal::read(text, &not_base64, check))
}

/// Writes the text form.
#[pg_extern]
fn memberships_out(bytes: &[u8]) -> CText {
    literal::write(&Canonical::of(bytes))
}

/// Reads the binary form, which is the stored one. That of 0.1.0 becomes what is written now.
#[pg_extern]
fn memberships_recv(fcinfo: pg_sys::FunctionCallInfo) -> Varlena {
    // SAFETY: the call is that of a receive function.
    as_written_now(unsafe { literal::receive(fcinfo, check) })
}

/// Writes the binary form.
#[pg_extern]
fn memberships_send(bytes: &[u8]) -> Varlena {
    Varlena::copy_of(&Canonical::of(bytes))
}

/// Are these the bytes of memberships, of a zone and with names that this database knows?
fn check(bytes: &[u8]) -> Result<(), Error> {
    let bytes = Bytes::parse(bytes, PgHost::current())?;
    history::zone_of(bytes.history())?;
    bytes.check(member::check_text)
}

fn as_written_now(mut value: Varlena) -> Varlena {
    match memberships::canonical(value.bytes(), PgHost::current()).or_raise() {
        None => value,
        Some(canonical) => Varlena::copy_of(&canonical),
    }
}

/// The bytes by which memberships compare: their own, or those of the unions in a value of 0.1.0.
enum Canonical<'a> {
    Own(&'a [u8]),
    Made(Vec<u8, PgHost>),
}

impl<'a> Canonical<'a> {
    fn of(bytes: &'a [u8]) -> Self {
        let made = memberships::canonical(bytes, PgHost::current()).or_raise();
        made.map_or(Canonical::Own(bytes), Canonical::Made)
    }
}

impl std::ops::Deref for Canonical<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Canonical::Own(bytes) => bytes,
            Canonical::Made(bytes) => bytes,
        }
    }
}

/// Are the first memberships less than, equal to or greater than the second? By bytes.
fn compare(left: &[u8], right: &[u8]) -> Ordering {
    Canonical::of(left).cmp(&Canonical::of(right))
}

#[pg_extern]
fn memberships_cmp(left: Borrowed<'_>, right: Borrowed<'_>) -> i32 {
    compare(&left, &right) as i32
}

#[pg_extern]
fn memberships_eq(left: Borrowed<'_>, right: Borrowed<'_>) -> bool {
    compare(&left, &right).is_eq()
}

#[pg_extern]
fn memberships_ne(left: Borrowed<'_>, right: Borrowed<'_>) -> bool {
    compare(&left, &right).is_ne()
}

#[pg_extern]
fn memberships_lt(left: Borrowed<'_>, right: Borrowed<'_>) -> bool {
    compare(&left, &right).is_lt()
}

#[pg_extern]
fn memberships_le(left: Borrowed<'_>, right: Borrowed<'_>) -> bool {
    compare(&left, &right).is_le()
}

#[pg_extern]
fn memberships_gt(left: Borrowed<'_>, right: Borrowed<'_>) -> bool {
    compare(&left, &right).is_gt()
}

#[pg_extern]
fn memberships_ge(left: Borrowed<'_>, right: Borrowed<'_>) -> bool {
    compare(&left, &right).is_ge()
}

/// A hash: of the checksum that ends the bytes.
#[pg_extern]
fn memberships_hash(bytes: Borrowed<'_>) -> i32 {
    history::hash(&Canonical::of(&bytes))
}

/// A hash with a seed. With seed 0 its low half is [`memberships_hash`].
#[pg_extern]
fn memberships_hash_extended(bytes: Borrowed<'_>, seed: i64) -> i64 {
    history::hash_extended(&Canonical::of(&bytes), seed)
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
    let mut walk = m.view().walk().or_raise();
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
    m: Option<&StoredMemberships<'_>>,
    period: Option<&str>,
    as_of: Option<Date>,
    confidence: Option<f64>,
) -> Result<Question, Error> {
    let question = Question {
        period: arguments::period(period)?,
        as_of: stored::as_of(m, as_of)?,
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
    let question = question(m.as_ref(), period, as_of, confidence).or_raise();
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
    let question = question(m.as_ref(), period, as_of, confidence).or_raise();
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
