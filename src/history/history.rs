//! `retention.history`: the aggregates that build it, its text and bytes, and how it compares.

use crate::pg::call::{Arguments, Call};
use crate::pg::errors::{OrRaise, raise};
use crate::pg::expanded::{self, Expanded, Form, Home};
use crate::pg::memory::PgHost;
use crate::pg::state::aggregate_context;
use crate::pg::stored::Stored;
use crate::pg::varlena::{Borrowed, CText, Varlena};
use crate::pg::zone::PgZone;
use crate::pg::{amount, literal, member};
use pg_retention_model::error::Error;
use pg_retention_model::history::{self, Flat, History, Meta};
use pg_retention_model::host::Vec;
use pg_retention_model::memberships;
use pgrx::prelude::*;
use pgrx::{pg_guard, pg_sys};
use std::cmp::Ordering;
use std::ffi::CStr;

#[unsafe(no_mangle)]
#[doc(hidden)]
pub extern "C" fn pg_finfo_history_step() -> &'static pg_sys::Pg_finfo_record {
    const V1: pg_sys::Pg_finfo_record = pg_sys::Pg_finfo_record { api_version: 1 };
    &V1
}

/// The transition function of every overload of `history_agg`: one row into the state.
///
/// It is written against the bare calling convention because it runs once a row.
///
/// # Safety
/// Called by PostgreSQL, as one of the functions that sql/history/history_agg.sql declares over it.
#[unsafe(no_mangle)]
#[pg_guard]
pub unsafe extern "C-unwind" fn history_step(fcinfo: pg_sys::FunctionCallInfo) -> pg_sys::Datum {
    // SAFETY: PostgreSQL passes values of the declared types; the state is this aggregate's own, so
    // nobody else uses it.
    unsafe {
        let arguments = Arguments::of(fcinfo);
        let state = arguments.get(Arguments::STATE);
        let (Some(member), Some(at)) =
            (arguments.get(Arguments::MEMBER), arguments.get(Arguments::AT))
        else {
            // No event. The state is what it was.
            (*fcinfo).isnull = state.is_none();
            return state.unwrap_or(pg_sys::Datum::null());
        };
        // NULL is the default: an event.
        let is_event = arguments.get(Arguments::IS_EVENT).is_none_or(|flag| flag.value() != 0);
        if !is_event && arguments.get(Arguments::AMOUNT).is_none() {
            (*fcinfo).isnull = state.is_none();
            return state.unwrap_or(pg_sys::Datum::null());
        }
        let mut object = state.and_then(|state| expanded::writable(state));
        let call = Call::of(fcinfo, arguments, Arguments::TEXTS, object.as_deref_mut());
        let object = match object {
            Some(object) => object,
            None => begin(Form::History, fcinfo, state, call),
        };
        check_state(object, call);
        let amount = match (call.signature.amount, arguments.get(Arguments::AMOUNT)) {
            (Some(kind), Some(datum)) => Some(amount::from_datum(kind, datum).or_raise()),
            _ => None,
        };
        let member = member::from_datum(call.signature.member, member);
        let at = call.signature.time.micros(at).or_raise();
        let tick = object.clock.tick(&object.zone, at);
        match amount {
            Some(amount) if !is_event => object.history.push_amount(member, tick, at, amount),
            _ => object.history.push(member, tick, at, amount),
        }
        .or_raise();
        object.datum()
    }
}

/// A state for the first row, or for the first after somebody flattened it.
///
/// # Safety
/// As for [`history_step`].
#[cold]
pub unsafe fn begin<'a>(
    form: Form,
    fcinfo: pg_sys::FunctionCallInfo,
    state: Option<pg_sys::Datum>,
    call: &Call,
) -> &'a mut Expanded {
    // SAFETY: see `history_step`.
    unsafe {
        let home = Home::Aggregate(aggregate_context(fcinfo));
        match state {
            Some(state) => copy(form, home, state),
            None => Expanded::create(form, home, call.zone, |host| {
                let meta = Meta::new(call.signature.member, call.grain, &call.zone.name(), host);
                History::new(meta, host)
            }),
        }
    }
}

/// Grain and zone must be the same for every row of a state, and the members of its type.
#[inline]
fn check_state(object: &Expanded, call: &Call) {
    let (grain, kind) = (object.history.meta().grain, object.history.meta().kind);
    if grain == call.grain && object.zone == call.zone && kind == call.signature.member {
        return;
    }
    if kind != call.signature.member {
        // Somebody's own aggregate over this function.
        raise(&Error::MemberType { found: kind.name(), asked: call.signature.member.name() });
    }
    let (what, left, right) = if grain == call.grain {
        ("time zone", object.zone.name(), call.zone.name())
    } else {
        ("grain", grain.name().to_string(), call.grain.name().to_string())
    };
    raise(&Error::Mismatch {
        what,
        left,
        right,
        hint: "Grain and zone must be the same for all rows of one history: GROUP BY them.",
    })
}

/// A new state with the content of another value.
///
/// # Safety
/// The datum must be a valid value of the type that `form` says.
unsafe fn copy<'a>(form: Form, home: Home, datum: pg_sys::Datum) -> &'a mut Expanded {
    // SAFETY: see above.
    let stored = unsafe { Stored::read(form, datum) };
    let view = stored.view();
    let make = |host| History::new(view.meta.empty(host), host);
    let object = Expanded::create(form, home, stored.zone(), make);
    object.history.absorb(&view).or_raise();
    object
}

/// The transition function of `rollup` and the combine function of both aggregates: one history
/// into the state.
#[pg_extern]
fn history_merge(fcinfo: pg_sys::FunctionCallInfo) -> Option<&'static mut Expanded> {
    // SAFETY: PostgreSQL passes two histories, the first as the state.
    unsafe { merge(Form::History, fcinfo) }
}

/// Merges one value into the state.
///
/// # Safety
/// PostgreSQL passes two values of the type that `form` says; the first is the state of an aggregate.
pub unsafe fn merge(form: Form, fcinfo: pg_sys::FunctionCallInfo) -> Option<&'static mut Expanded> {
    // SAFETY: the state is the aggregate's own, and nobody else uses it. The other value is read
    // before the state is changed, and is another object.
    unsafe {
        let arguments = Arguments::of(fcinfo);
        let (state, other) = (arguments.get(0), arguments.get(1));
        let object = match state.map(|state| (state, expanded::writable(state))) {
            Some((_, Some(object))) => object,
            Some((state, None)) => copy(form, Home::Aggregate(aggregate_context(fcinfo)), state),
            None => {
                let home = |fcinfo| Home::Aggregate(aggregate_context(fcinfo));
                return other.map(|other| copy(form, home(fcinfo), other));
            }
        };
        if let Some(other) = other {
            let other = Stored::read(form, other);
            match form {
                Form::History => object.history.absorb(&other.view()),
                Form::Memberships => memberships::absorb(&mut object.history, &other.view()),
            }
            .or_raise();
        }
        Some(object)
    }
}

#[unsafe(no_mangle)]
#[doc(hidden)]
pub extern "C" fn pg_finfo_history_final() -> &'static pg_sys::Pg_finfo_record {
    const V1: pg_sys::Pg_finfo_record = pg_sys::Pg_finfo_record { api_version: 1 };
    &V1
}

/// The final function of both aggregates: the state itself.
///
/// PostgreSQL 14 and 15 copy a result that is not in the memory where they asked for it, which would
/// flatten the history; so what they get there is a pointer to it. Not in a window, where the rows
/// to come still change the state.
///
/// # Safety
/// Called by PostgreSQL, as the function that sql/history/history_agg.sql declares over it.
#[unsafe(no_mangle)]
#[pg_guard]
pub unsafe extern "C-unwind" fn history_final(fcinfo: pg_sys::FunctionCallInfo) -> pg_sys::Datum {
    // SAFETY: PostgreSQL passes a state; the function is STRICT.
    unsafe {
        let Some(state) = Arguments::of(fcinfo).get(Arguments::STATE) else {
            unreachable!("a null argument of a strict function");
        };
        let kind = pg_sys::AggCheckCallContext(fcinfo, std::ptr::null_mut());
        let is_final = u32::try_from(kind) == Ok(pg_sys::AGG_CONTEXT_AGGREGATE);
        is_final.then(|| expanded::pointer_to(state)).flatten().unwrap_or(state)
    }
}

/// Reads the text form: the bytes in base64.
#[pg_extern]
fn history_in(text: &CStr) -> Varlena {
    today(literal::read(text, &Error::Malformed("its text is not base64"), check))
}

/// Writes the text form.
#[pg_extern]
fn history_out(bytes: &[u8]) -> CText {
    literal::write(canonical(bytes).as_deref().unwrap_or(bytes))
}

/// Reads the binary form, which is the stored one.
#[pg_extern]
fn history_recv(fcinfo: pg_sys::FunctionCallInfo) -> Varlena {
    // SAFETY: the call is that of a receive function.
    today(unsafe { literal::receive(fcinfo, check) })
}

/// Writes the binary form.
#[pg_extern]
fn history_send(bytes: &[u8]) -> Varlena {
    Varlena::copy_of(canonical(bytes).as_deref().unwrap_or(bytes))
}

/// The bytes of today's version with the content of bytes of an older one; none for others. Tables may
/// hold values of every version: what is told of them, and how they compare, does not depend on it.
fn canonical(bytes: &[u8]) -> Option<Vec<u8, PgHost>> {
    history::canonical(bytes, PgHost::current()).or_raise()
}

/// A value that was read, in today's version.
fn today(mut value: Varlena) -> Varlena {
    match canonical(value.bytes()) {
        Some(bytes) => Varlena::copy_of(&bytes),
        None => value,
    }
}

/// Are these the canonical bytes of a history, of a zone and with names that this database knows?
fn check(bytes: &[u8]) -> Result<(), Error> {
    let flat = Flat::parse(bytes, PgHost::current())?;
    flat.check(&zone_of(&flat)?, member::check_text)
}

/// The zone of a history, if it is named as this server names it.
pub fn zone_of(flat: &Flat<'_, PgHost>) -> Result<PgZone, Error> {
    let name = flat.view().meta.zone().to_string();
    let zone = PgZone::named(&name)?;
    if zone.name() != name {
        return Err(Error::Malformed("its zone is not named as this server names it"));
    }
    Ok(zone)
}

/// How two histories compare: by their bytes in today's version.
fn compare(left: &[u8], right: &[u8]) -> Ordering {
    let [of_left, of_right] = [left, right].map(canonical);
    of_left.as_deref().unwrap_or(left).cmp(of_right.as_deref().unwrap_or(right))
}

/// Is the first history less than, equal to or greater than the second? By bytes.
#[pg_extern]
fn history_cmp(left: Borrowed<'_>, right: Borrowed<'_>) -> i32 {
    compare(&left, &right) as i32
}

#[pg_extern]
fn history_eq(left: Borrowed<'_>, right: Borrowed<'_>) -> bool {
    compare(&left, &right).is_eq()
}

#[pg_extern]
fn history_ne(left: Borrowed<'_>, right: Borrowed<'_>) -> bool {
    compare(&left, &right).is_ne()
}

#[pg_extern]
fn history_lt(left: Borrowed<'_>, right: Borrowed<'_>) -> bool {
    compare(&left, &right).is_lt()
}

#[pg_extern]
fn history_le(left: Borrowed<'_>, right: Borrowed<'_>) -> bool {
    compare(&left, &right).is_le()
}

#[pg_extern]
fn history_gt(left: Borrowed<'_>, right: Borrowed<'_>) -> bool {
    compare(&left, &right).is_gt()
}

#[pg_extern]
fn history_ge(left: Borrowed<'_>, right: Borrowed<'_>) -> bool {
    compare(&left, &right).is_ge()
}

/// A hash: of the checksum that ends the bytes.
#[pg_extern]
fn history_hash(bytes: Borrowed<'_>) -> i32 {
    checksum(&bytes) as i32
}

/// A hash with a seed. With seed 0 its low half is [`history_hash`].
#[pg_extern]
fn history_hash_extended(bytes: Borrowed<'_>, seed: i64) -> i64 {
    let seed = seed as u64;
    (checksum(&bytes) ^ seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(32) ^ seed) as i64
}

fn checksum(bytes: &[u8]) -> u64 {
    let today = canonical(bytes);
    let bytes = today.as_deref().unwrap_or(bytes);
    bytes.last_chunk().map_or(0, |last| u64::from_le_bytes(*last))
}
