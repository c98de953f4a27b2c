//! The functions of every aggregate whose state is a summary: beginning one, merging two, and the
//! final one.

use super::call::{Call, Places};
use super::errors::OrRaise;
use super::expanded::{self, Expanded, Home, State};
use super::fold::Fold;
use super::state::aggregate_context;
use super::stored::Stored;
use pgrx::callconv::{Arg, ArgAbi};
use pgrx::pg_sys;
use std::marker::PhantomData;

/// A state for the first row, or for the first after somebody flattened it.
///
/// # Safety
/// Called by a transition function with its call, and with its state if it is not to be written to.
#[cold]
pub unsafe fn begin<'a, T: Fold>(
    fcinfo: pg_sys::FunctionCallInfo,
    state: Option<pg_sys::Datum>,
    call: &Call,
) -> &'a mut Expanded<T> {
    let home = Home::Aggregate(aggregate_context(fcinfo));
    match state {
        // SAFETY: a value of this type.
        Some(state) => unsafe { copy(home, state) },
        None => Expanded::create(home, call.zone, |host| {
            T::empty(call.signature.member, call.grain, &call.zone.name(), host)
        }),
    }
}

/// A new state with the content of another value.
///
/// # Safety
/// The datum must be a valid value of the type of `T`.
unsafe fn copy<'a, T: Fold>(home: Home, datum: pg_sys::Datum) -> &'a mut Expanded<T> {
    // SAFETY: see above.
    let stored = unsafe { Stored::<T>::read(datum) };
    let view = stored.view();
    let object = Expanded::create(home, stored.zone(), |host| T::empty_like(&view, host));
    object.state.absorb(&view).or_raise();
    object
}

/// The call of a function over two values of the type of `T`, of which the first is the state of an
/// aggregate: the transition function of `rollup`, and the combine function.
pub struct Merge<T>(pg_sys::FunctionCallInfo, PhantomData<T>);

// SAFETY: only such functions take one.
unsafe impl<'fcx, T: Fold> ArgAbi<'fcx> for Merge<T> {
    unsafe fn unbox_arg_unchecked(arg: Arg<'_, 'fcx>) -> Self {
        // SAFETY: see above.
        Merge(unsafe { arg.unbox_unchecked() }, PhantomData)
    }

    fn is_virtual_arg() -> bool {
        true
    }
}

impl<T: Fold> Merge<T> {
    /// The state, to which the other value was added.
    pub fn merged(self) -> Option<State> {
        let fcinfo = self.0;
        // SAFETY: the state is the aggregate's own, and nobody else uses it. The other value is read
        // before the state is changed, and is another object.
        unsafe {
            let places = Places::of(fcinfo);
            let (state, other) = (places.get(0), places.get(1));
            let home = || Home::Aggregate(aggregate_context(fcinfo));
            let object = match state.map(|state| (state, expanded::writable::<T>(state))) {
                Some((_, Some(object))) => object,
                Some((state, None)) => copy(home(), state),
                None => return other.map(|other| State::of(copy::<T>(home(), other))),
            };
            if let Some(other) = other {
                let other = Stored::<T>::read(other);
                object.state.absorb(&other.view()).or_raise();
            }
            Some(State::of(object))
        }
    }
}

/// The final function: the state itself.
///
/// PostgreSQL 15 copies a result that is not in the memory where it asked for it, which would
/// flatten the summary; so what it gets there is a pointer to it. Not in a window, where the rows to
/// come still change the state.
///
/// # Safety
/// PostgreSQL passes a state that is a summary, to a function that is STRICT.
pub unsafe fn finish(fcinfo: pg_sys::FunctionCallInfo) -> pg_sys::Datum {
    // SAFETY: see above.
    unsafe {
        let Some(state) = Places::of(fcinfo).get(Places::STATE) else {
            unreachable!("a null argument of a strict function");
        };
        let kind = pg_sys::AggCheckCallContext(fcinfo, std::ptr::null_mut());
        let is_final = u32::try_from(kind) == Ok(pg_sys::AGG_CONTEXT_AGGREGATE);
        is_final.then(|| expanded::pointer_to(state)).flatten().unwrap_or(state)
    }
}
