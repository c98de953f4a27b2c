//! `retention.history`: the aggregates that build it, its text and bytes, and how it compares.

use super::Events;
use crate::pg::aggregate::{self, Merge, begin};
use crate::pg::call::{Call, Places};
use crate::pg::errors::{OrRaise, raise};
use crate::pg::expanded::{self, Expanded, State};
use crate::pg::fold::{Fold, Methods};
use crate::pg::literal::{self, Literal, Message};
use crate::pg::memory::PgHost;

use crate::pg::varlena::{Borrowed, CText, Varlena};
use crate::pg::zone::PgZone;
use crate::pg::{amount, member};
use pg_retention_model::calendar::Grain;
use pg_retention_model::error::Error;
use pg_retention_model::history::{self, Flat, History, MemberKind, Meta, View};
use pg_retention_model::host::Vec;
use pgrx::prelude::*;
use pgrx::{pg_guard, pg_sys};
use std::cmp::Ordering;
use std::ffi::CStr;

impl Fold for Events {
    const TYPE: &'static str = "history";
    type Flat<'a> = Flat<'a, PgHost>;
    type View<'a> = View<'a, PgHost>;

    fn methods() -> &'static Methods {
        static METHODS: Methods = Methods::of::<Events>();
        &METHODS
    }

    fn empty(kind: MemberKind, grain: Grain, zone: &str, host: PgHost) -> Self {
        History::new(Meta::new(kind, grain, zone, host), host)
    }

    fn empty_like(other: &View<'_, PgHost>, host: PgHost) -> Self {
        History::new(other.meta.empty(host), host)
    }

    fn grain(&self) -> Grain {
        self.meta().grain
    }

    fn absorb(&mut self, other: &View<'_, PgHost>) -> Result<(), Error> {
        History::absorb(self, other)
    }

    fn settle(&mut self) -> Result<(), Error> {
        History::settle(self)
    }

    fn view(&self) -> View<'_, PgHost> {
        History::view(self)
    }

    fn zone<'v>(view: &'v View<'_, PgHost>) -> &'v str {
        view.meta.zone()
    }

    fn flat_size(&mut self) -> Result<usize, Error> {
        History::flat_size(self)
    }

    fn write_flat(&self, out: &mut [u8]) -> Result<(), Error> {
        History::write_flat(self, out)
    }

    fn parse(bytes: &[u8], host: PgHost) -> Result<Flat<'_, PgHost>, Error> {
        Flat::parse(bytes, host)
    }

    fn view_of<'v>(flat: &'v Flat<'_, PgHost>) -> View<'v, PgHost> {
        flat.view()
    }
}

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
        let arguments = Places::of(fcinfo);
        let state = arguments.get(Places::STATE);
        let (Some(member), Some(at)) = (arguments.get(Places::MEMBER), arguments.get(Places::AT))
        else {
            // Not an event: the state stays as it was.
            (*fcinfo).isnull = state.is_none();
            return state.unwrap_or(pg_sys::Datum::null());
        };
        // NULL is the default: an event.
        let is_event = arguments.get(Places::IS_EVENT).is_none_or(|flag| flag.value() != 0);
        if !is_event && arguments.get(Places::AMOUNT).is_none() {
            (*fcinfo).isnull = state.is_none();
            return state.unwrap_or(pg_sys::Datum::null());
        }
        let mut object = state.and_then(|state| expanded::writable::<Events>(state));
        let notes = object.as_deref_mut().map(|object| &mut object.notes);
        let call = Call::of(fcinfo, arguments, Places::TEXTS, notes);
        let object = match object {
            Some(object) => object,
            None => begin(fcinfo, state, call),
        };
        check_state(object, call);
        let amount = match (call.signature.amount, arguments.get(Places::AMOUNT)) {
            (Some(kind), Some(datum)) => Some(amount::from_datum(kind, datum).or_raise()),
            _ => None,
        };
        let member = member::from_datum(call.signature.member, member);
        let at = call.signature.time.micros(at).or_raise();
        let tick = object.clock.tick(&object.zone, at);
        match amount {
            Some(amount) if !is_event => object.state.push_amount(member, tick, at, amount),
            _ => object.state.push(member, tick, at, amount),
        }
        .or_raise();
        object.datum()
    }
}

/// Grain and zone must be the same for every row of a state, and the members of its type.
#[inline]
fn check_state(object: &Expanded<Events>, call: &Call) {
    let (grain, kind) = (object.state.meta().grain, object.state.meta().kind);
    if grain == call.grain && object.zone == call.zone && kind == call.signature.member {
        return;
    }
    if kind != call.signature.member {
        // A user's own aggregate over this function.
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

/// The transition function of `rollup` and the combine function of both aggregates: one history
/// into the state.
#[pg_extern]
fn history_merge(merge: Merge<Events>) -> Option<State> {
    merge.merged()
}

#[unsafe(no_mangle)]
#[doc(hidden)]
pub extern "C" fn pg_finfo_history_final() -> &'static pg_sys::Pg_finfo_record {
    const V1: pg_sys::Pg_finfo_record = pg_sys::Pg_finfo_record { api_version: 1 };
    &V1
}

/// The final function of every aggregate whose state is a summary: see [`aggregate::finish`].
///
/// # Safety
/// Called by PostgreSQL, as the function that sql/history/history_agg.sql declares over it.
#[unsafe(no_mangle)]
#[pg_guard]
pub unsafe extern "C-unwind" fn history_final(fcinfo: pg_sys::FunctionCallInfo) -> pg_sys::Datum {
    // SAFETY: PostgreSQL passes a state; the function is STRICT.
    unsafe { aggregate::finish(fcinfo) }
}

const LITERAL: Literal = Literal {
    of: "history",
    made: "retention.history_of('TABLE', 'member_id', 'ordered_at'), or (SELECT \
           retention.history_agg(member_id, ordered_at) FROM TABLE) in brackets of its own, with the names of \
           your columns",
    not_base64: || Error::Malformed("its text is not base64"),
};

/// Reads the text form: the bytes in base64.
#[pg_extern]
fn history_in(text: &CStr) -> Varlena {
    today(LITERAL.read(text, check))
}

/// Writes the text form.
#[pg_extern]
fn history_out(bytes: &[u8]) -> CText {
    literal::write(canonical(bytes).as_deref().unwrap_or(bytes))
}

/// Reads the binary form, which is the stored one.
#[pg_extern]
fn history_recv(message: Message<'_>) -> Varlena {
    today(message.receive(check))
}

/// The same bytes as a bytea, from whoever can not send the binary form.
#[pg_extern]
fn history_from_bytea(bytes: &[u8]) -> Varlena {
    check(bytes).or_raise();
    today(Varlena::copy_of(bytes))
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
    zone_named(flat.view().meta.zone())
}

/// The zone of a name that is stored, if this server names it so.
pub fn zone_named(name: &str) -> Result<PgZone, Error> {
    let zone = PgZone::named(name)?;
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
    hash(&bytes)
}

/// A hash with a seed. With seed 0 its low half is [`history_hash`].
#[pg_extern]
fn history_hash_extended(bytes: Borrowed<'_>, seed: i64) -> i64 {
    hash_extended(&bytes, seed)
}

/// The hash of bytes that end with a checksum.
pub fn hash(bytes: &[u8]) -> i32 {
    checksum(bytes) as i32
}

/// The same with a seed.
pub fn hash_extended(bytes: &[u8], seed: i64) -> i64 {
    let seed = seed as u64;
    (checksum(bytes) ^ seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(32) ^ seed) as i64
}

fn checksum(bytes: &[u8]) -> u64 {
    let today = canonical(bytes);
    let bytes = today.as_deref().unwrap_or(bytes);
    bytes.last_chunk().map_or(0, |last| u64::from_le_bytes(*last))
}
