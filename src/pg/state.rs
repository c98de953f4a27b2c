//! States of aggregates whose transition type is `internal`.
//!
//! An aggregate over a model's `T: State<PgHost>` is a transition function, a final function, what
//! [`state_functions`] makes and, by hand in `sql/`, a CREATE AGGREGATE with SFUNC, STYPE = internal,
//! COMBINEFUNC, SERIALFUNC, DESERIALFUNC, FINALFUNC and PARALLEL = SAFE:
//!
//! ```ignore
//! #[pg_extern] // survival_step(internal, float8, boolean [, float8]) → internal, not STRICT
//! fn survival_step(mut args: Args<'_>) -> InState<Observations<PgHost>> {
//!     let mut state = args.state(Observations::new);
//!     let (duration, churned) = (args.number("duration"), args.get("churned"));
//!     let entry = if args.has_more() { args.number("entry") } else { None };
//!     args.end();
//!     if let (Some(duration), Some(churned)) = (duration, churned) {
//!         state.push(duration, churned, entry).or_raise();
//!     }
//!     state
//! }
//!
//! state_functions!(Observations<PgHost>: survival_combine, survival_serialize, survival_deserialize);
//! ```
//!
//! What a state owns must be in the memory of the host that it is made with: it lives in the
//! aggregate's context, goes with it, and is never dropped.

use super::errors::OrRaise;
use super::memory::PgHost;
use super::varlena::Varlena;
use pg_retention_model::error::Error;
use pg_retention_model::host::Vec;
use pg_retention_model::state::State;
use pgrx::callconv::{Arg, ArgAbi, BoxRet, FcInfo};
use pgrx::datum::Datum;
use pgrx::{PgSqlErrorCode, ereport, pg_sys};
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

/// A state in the memory of its aggregate.
pub struct InState<T>(NonNull<T>);

impl<T> InState<T> {
    /// The state of the rows before, or a new one.
    #[inline]
    pub fn or_new(
        state: Option<Self>,
        fcinfo: pg_sys::FunctionCallInfo,
        make: impl FnOnce(PgHost) -> T,
    ) -> Self {
        state.unwrap_or_else(|| {
            InState::in_context(aggregate_context(fcinfo), |host| Ok(make(host)))
        })
    }

    /// The state that an argument is, of a function that reads its arguments by itself.
    ///
    /// # Safety
    /// The argument must be declared as `internal`, of a function that only this aggregate calls.
    pub unsafe fn of(datum: pg_sys::Datum) -> Option<Self> {
        NonNull::new(datum.cast_mut_ptr()).map(InState)
    }

    fn in_context(
        context: pg_sys::MemoryContext,
        make: impl FnOnce(PgHost) -> Result<T, Error>,
    ) -> Self {
        const { assert!(align_of::<T>() <= 8, "what palloc aligns to") };
        // SAFETY: the context is alive, and outlives the state by the contract of the callers; the
        // place is written before anyone reads it.
        unsafe {
            let state = make(PgHost::of(context)).or_raise();
            let place: *mut T = pg_sys::MemoryContextAlloc(context, size_of::<T>()).cast();
            place.write(state);
            InState(NonNull::new_unchecked(place))
        }
    }
}

impl<T> Deref for InState<T> {
    type Target = T;
    fn deref(&self) -> &T {
        // SAFETY: made by `new`, alive as long as the aggregate, and this call's alone.
        unsafe { self.0.as_ref() }
    }
}

impl<T> DerefMut for InState<T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as above.
        unsafe { self.0.as_mut() }
    }
}

// SAFETY: an argument declared as `internal` of a function that only its aggregate calls: SQL has no
// values of that type.
unsafe impl<'fcx, T> ArgAbi<'fcx> for InState<T> {
    unsafe fn unbox_arg_unchecked(arg: Arg<'_, 'fcx>) -> Self {
        // SAFETY: see above; an Option handles nulls.
        let datum = unsafe { arg.unbox_arg_using_from_datum::<pg_sys::Datum>() };
        match datum.and_then(|datum| NonNull::new(datum.cast_mut_ptr())) {
            Some(state) => InState(state),
            None => unreachable!("a null where Option is not expected"),
        }
    }
}

// SAFETY: the datum of an `internal` value is its address.
unsafe impl<T> BoxRet for InState<T> {
    unsafe fn box_into<'fcx>(self, fcinfo: &mut FcInfo<'fcx>) -> Datum<'fcx> {
        // SAFETY: see above.
        unsafe { fcinfo.return_raw_datum(pg_sys::Datum::from(self.0.as_ptr())) }
    }
}

/// The combine function: adds the right state to the left one.
pub fn combine<T: State<PgHost>>(
    left: Option<InState<T>>,
    right: Option<InState<T>>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Option<InState<T>> {
    match (left, right) {
        (Some(mut left), Some(right)) => {
            left.merge(&right).or_raise();
            Some(left)
        }
        (None, Some(right)) => {
            // The right one is in memory that does not last.
            let mut bytes = Vec::new_in(PgHost::current());
            right.write(&mut bytes);
            Some(InState::in_context(aggregate_context(fcinfo), |host| T::read(&bytes, host)))
        }
        (left, None) => left,
    }
}

/// The serialisation function.
pub fn serialize<T: State<PgHost>>(state: &T) -> Varlena {
    let mut bytes = Vec::new_in(PgHost::current());
    state.write(&mut bytes);
    Varlena::copy_of(&bytes)
}

/// The deserialisation function. Its result lasts until it is combined, as that of PostgreSQL's own.
pub fn deserialize<T: State<PgHost>>(bytes: &[u8]) -> InState<T> {
    // SAFETY: reads a pointer that the backend has set before it calls any function.
    let context = unsafe { pg_sys::CurrentMemoryContext };
    InState::in_context(context, |host| T::read(bytes, host))
}

/// The functions of parallel plans, which are the same for every state: (internal, internal) →
/// internal, not STRICT; (internal) → bytea and (bytea, internal) → internal, both STRICT.
#[macro_export]
macro_rules! state_functions {
    ($state:ty: $combine:ident, $serialize:ident, $deserialize:ident) => {
        #[pgrx::pg_extern]
        fn $combine(
            left: Option<$crate::pg::state::InState<$state>>,
            right: Option<$crate::pg::state::InState<$state>>,
            fcinfo: pgrx::pg_sys::FunctionCallInfo,
        ) -> Option<$crate::pg::state::InState<$state>> {
            $crate::pg::state::combine(left, right, fcinfo)
        }

        #[pgrx::pg_extern]
        fn $serialize(state: $crate::pg::state::InState<$state>) -> $crate::pg::varlena::Varlena {
            $crate::pg::state::serialize(&*state)
        }

        #[pgrx::pg_extern]
        fn $deserialize(
            bytes: &[u8],
            _unused: Option<pgrx::Internal>,
        ) -> $crate::pg::state::InState<$state> {
            $crate::pg::state::deserialize(bytes)
        }
    };
}

/// The memory context in which states live from row to row.
pub fn aggregate_context(fcinfo: pg_sys::FunctionCallInfo) -> pg_sys::MemoryContext {
    let mut context = std::ptr::null_mut();
    // SAFETY: PostgreSQL passes the call that is under way.
    if unsafe { pg_sys::AggCheckCallContext(fcinfo, &mut context) } == 0 {
        ereport!(
            ERROR,
            PgSqlErrorCode::ERRCODE_FEATURE_NOT_SUPPORTED,
            "this function is part of an aggregate and cannot be called by itself"
        );
    }
    context
}
