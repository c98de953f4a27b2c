//! The call of a function that is called once a row, such as `history_step`: its arguments by their
//! places, and what is the same for all rows.

use super::encoding::to_utf8;
use super::errors::OrRaise;
use super::expanded::Notes;
use super::plain_text;
use super::signature::{Signature, TimeKind};
use super::varlena;
use super::zone::PgZone;
use pg_retention_model::calendar::Grain;
use pg_retention_model::error::Error;
use pg_retention_model::history::MemberKind;
use pg_retention_wire::memo::Seen;
use pgrx::pg_sys;

/// The arguments of a call by their places, read without a call into PostgreSQL.
#[derive(Clone, Copy)]
pub struct Places<'a>(&'a [pg_sys::NullableDatum]);

impl<'a> Places<'a> {
    /// Those of `history_step`.
    pub const STATE: usize = 0;
    pub const MEMBER: usize = 1;
    pub const AT: usize = 2;
    pub const AMOUNT: usize = 3;
    pub const IS_EVENT: usize = 6;
    /// Of `membership_step`, which has the member in the same place.
    pub const JOINED: usize = 2;
    pub const ENDED: usize = 3;
    /// Of `journey_step`, which has member and time in the same places.
    pub const EVENT: usize = 3;
    /// Where the texts are that name grain and zone, of each.
    pub const TEXTS: [usize; 2] = [4, 5];
    pub const TEXTS_OF_MEMBERSHIP: [usize; 2] = [usize::MAX, 4];
    pub const TEXTS_OF_JOURNEY: [usize; 2] = [usize::MAX, 4];

    /// # Safety
    /// Called with the call that is under way.
    #[inline]
    pub unsafe fn of(fcinfo: pg_sys::FunctionCallInfo) -> Self {
        // SAFETY: PostgreSQL passes as many arguments as it says.
        unsafe {
            let count = (*fcinfo).nargs as usize;
            Places(std::slice::from_raw_parts((*fcinfo).args.as_ptr(), count))
        }
    }

    /// An argument; none if it is null or if this overload does not have it.
    #[inline]
    pub fn get(self, position: usize) -> Option<pg_sys::Datum> {
        self.0.get(position).filter(|argument| !argument.isnull).map(|argument| argument.value)
    }

    /// # Safety
    /// The argument must be declared as text.
    #[inline]
    unsafe fn text(self, position: usize) -> Option<&'a [u8]> {
        // SAFETY: text is a varlena.
        self.get(position).map(|datum| unsafe { varlena::bytes(datum) })
    }
}

/// What is remembered with the function: the types of its arguments, and the grain and the zone
/// that its texts name.
pub struct Call {
    /// The types of the arguments.
    pub signature: Signature,
    /// The grain asked for.
    pub grain: Grain,
    /// The zone whose calendar the times are put on.
    pub zone: PgZone,
    /// Are grain and zone constants of the query, so that they need not be looked at again?
    is_fixed: bool,
    grain_text: Seen,
    zone_text: Seen,
}

impl Call {
    /// The call that is under way. What is found out is remembered with the function; or with the
    /// state, for distributed systems that call the function for an aggregate of theirs and make
    /// it anew for every row.
    ///
    /// # Safety
    /// Called from `history_step`, `membership_step` or `journey_step` with its call, the notes of its state and the
    /// places of its texts, and not again while the result is used.
    #[inline(always)] // once a row
    pub unsafe fn of<'a>(
        fcinfo: pg_sys::FunctionCallInfo,
        arguments: Places<'_>,
        texts: [usize; 2],
        state: Option<&mut Notes>,
    ) -> &'a Call {
        // SAFETY: `fn_extra` is the function's own, for as long as its plan.
        unsafe {
            let remembered: *const Call = (*(*fcinfo).flinfo).fn_extra.cast();
            match remembered.as_ref() {
                Some(call) if call.is_fixed => call,
                _ => Call::looked_at_again(fcinfo, arguments, texts, state, remembered),
            }
        }
    }

    /// # Safety
    /// As for [`Call::of`].
    unsafe fn looked_at_again<'a>(
        fcinfo: pg_sys::FunctionCallInfo,
        arguments: Places<'_>,
        texts: [usize; 2],
        state: Option<&mut Notes>,
        mut remembered: *const Call,
    ) -> &'a Call {
        // SAFETY: see `of`. `call` is the state's; the last two arguments are declared as text.
        unsafe {
            if remembered.is_null() {
                remembered = state.as_ref().map_or(std::ptr::null(), |notes| notes.place.cast());
            }
            let [grain, zone] = texts.map(|position| arguments.text(position));
            match remembered.as_ref() {
                Some(call) if call.grain_text.is(grain) && call.zone_text.is(zone) => call,
                _ => Call::remember(fcinfo, state, texts, grain, zone),
            }
        }
    }

    /// # Safety
    /// As for [`Call::of`].
    #[cold]
    unsafe fn remember<'a>(
        fcinfo: pg_sys::FunctionCallInfo,
        state: Option<&mut Notes>,
        texts: [usize; 2],
        grain: Option<&[u8]>,
        zone: Option<&[u8]>,
    ) -> &'a Call {
        // SAFETY: see `of`. The place is in the memory of the function or of the state.
        unsafe {
            let function = (*fcinfo).flinfo;
            let signature = Signature::of((*function).fn_oid).unwrap_or_else(|| {
                unreachable!("sql/history/history_agg.sql declares other types")
            });
            if signature.member == MemberKind::Text {
                plain_text::check(fcinfo, &plain_text::MEMBER);
            }
            if signature.has_event {
                plain_text::check(fcinfo, &plain_text::EVENT);
            }
            let is_zone_named = usize::try_from((*fcinfo).nargs).unwrap_or(0) > texts[1];
            let call = Call {
                signature,
                grain: grain_of(grain).or_raise(),
                zone: zone_of(signature.time, is_zone_named, zone).or_raise(),
                is_fixed: are_constant(fcinfo, texts),
                grain_text: Seen::of(grain),
                zone_text: Seen::of(zone),
            };
            let allocate =
                |context| pg_sys::MemoryContextAlloc(context, size_of::<Call>()).cast::<Call>();
            let place: *mut Call = match state {
                _ if !(*function).fn_extra.is_null() => (*function).fn_extra.cast(),
                Some(notes) => {
                    if notes.place.is_null() {
                        notes.place = allocate(notes.context).cast();
                    }
                    notes.place.cast()
                }
                None => {
                    (*function).fn_extra = allocate((*function).fn_mcxt).cast();
                    (*function).fn_extra.cast()
                }
            };
            place.write(call);
            &*place
        }
    }
}

/// Are these arguments, where this overload has them, constants of the query?
///
/// # Safety
/// Called with the call that is under way.
unsafe fn are_constant(fcinfo: pg_sys::FunctionCallInfo, positions: [usize; 2]) -> bool {
    // SAFETY: the expressions of the arguments of an aggregate, which are one less than those of its
    // transition function, live as long as its plan.
    unsafe {
        let Some(aggregate) = pg_sys::AggGetAggref(fcinfo).as_ref() else {
            return false;
        };
        let arguments = match aggregate.args.as_ref() {
            Some(list) => std::slice::from_raw_parts(list.elements, list.length as usize),
            None => &[],
        };
        positions.iter().filter_map(|position| arguments.get(position - 1)).all(|argument| {
            let argument: *const pg_sys::TargetEntry = argument.ptr_value.cast();
            (*(*argument).expr).type_ == pg_sys::NodeTag::T_Const
        })
    }
}

fn grain_of(name: Option<&[u8]>) -> Result<Grain, Error> {
    name.map_or(Ok(Grain::Day), |name| Grain::parse(&String::from_utf8_lossy(to_utf8(name))))
}

/// The zone of the times of an overload that names one, or does not.
fn zone_of(time: TimeKind, is_named: bool, name: Option<&[u8]>) -> Result<PgZone, Error> {
    let given = match name.map(|name| String::from_utf8_lossy(to_utf8(name))) {
        Some(name) => Some(PgZone::given(&name)?),
        None => None,
    };
    match (time, given) {
        // Local times are on a calendar already.
        (TimeKind::Local | TimeKind::Date, _) => Ok(PgZone::NONE),
        (TimeKind::Instant, Some(zone)) => Ok(zone),
        // The form that names a zone is IMMUTABLE.
        (TimeKind::Instant, None) if is_named => Err(Error::BadArgument {
            message: "the time zone is null".to_string(),
            hint: "Name the zone whose calendar the days are on, such as 'UTC' or 'Europe/London'; \
                   leave the argument out to take the session's TimeZone.",
        }),
        (TimeKind::Instant, None) => PgZone::session(),
    }
}
