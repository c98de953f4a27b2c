//! A row that is to be folded into a summary: the call of a transition function whose state is one.
//!
//! It runs once a row: whatever can be is read without a call into PostgreSQL.

use super::aggregate::begin;
use super::call::{Call, Places};
use super::encoding::to_utf8;
use super::expanded::{self, Expanded, State};
use super::fold::Fold;
use super::member;
use super::varlena::bytes;
use pg_retention_model::history::MemberRef;
use pgrx::callconv::{Arg, ArgAbi};
use pgrx::pg_sys;

/// The call of a transition function.
pub struct Step<'a, T: Fold> {
    fcinfo: pg_sys::FunctionCallInfo,
    places: Places<'a>,
    state: Option<pg_sys::Datum>,
    /// The state, where it can be written to.
    object: Option<&'a mut Expanded<T>>,
}

impl<'a, T: Fold> Step<'a, T> {
    /// # Safety
    /// Called with the call that is under way, of a function whose first argument is the state of an
    /// aggregate of this type: nobody else uses it.
    #[inline(always)] // once a row
    pub unsafe fn of(fcinfo: pg_sys::FunctionCallInfo) -> Self {
        // SAFETY: see above.
        unsafe {
            let places = Places::of(fcinfo);
            let state = places.get(Places::STATE);
            let object = state.and_then(|state| expanded::writable::<T>(state));
            Step { fcinfo, places, state, object }
        }
    }

    /// Is there no state yet?
    #[inline]
    pub fn is_first(&self) -> bool {
        self.state.is_none()
    }

    /// Is there a state that can be handed on as it is?
    #[inline]
    pub fn has_object(&self) -> bool {
        self.object.is_some()
    }

    /// An argument; none if it is null or if this overload does not have it.
    #[inline]
    pub fn get(&self, place: usize) -> Option<pg_sys::Datum> {
        self.places.get(place)
    }

    /// The state as it was: the row is none.
    #[inline]
    pub fn unchanged(self) -> Option<State> {
        self.state.map(State)
    }

    /// The row, with what is the same for all rows; `texts` are the places of grain and zone.
    #[inline(always)]
    pub fn row(&mut self, texts: [usize; 2]) -> Row<'a> {
        let notes = self.object.as_deref_mut().map(|object| &mut object.notes);
        // SAFETY: it is the call that is under way, with its state.
        let call = unsafe { Call::of(self.fcinfo, self.places, texts, notes) };
        Row { places: self.places, call }
    }

    /// The state to which the row is added; a new one for the first.
    #[inline(always)]
    pub fn state(self, row: &Row<'_>) -> &'a mut Expanded<T> {
        match self.object {
            Some(object) => object,
            // SAFETY: there is no state, or not one to be written to.
            None => unsafe { begin(self.fcinfo, self.state, row.call) },
        }
    }
}

// SAFETY: see `Step::of`. Only transition functions take one.
unsafe impl<'fcx, T: Fold> ArgAbi<'fcx> for Step<'fcx, T> {
    unsafe fn unbox_arg_unchecked(arg: Arg<'_, 'fcx>) -> Self {
        // SAFETY: see above.
        unsafe { Step::of(arg.unbox_unchecked()) }
    }

    fn is_virtual_arg() -> bool {
        true
    }
}

/// The row of a call.
pub struct Row<'a> {
    places: Places<'a>,
    /// What is the same for all rows.
    pub call: &'a Call,
}

impl<'a> Row<'a> {
    /// The name of an event, where the signature has one.
    #[inline(always)]
    pub fn event(&self) -> Option<&'a [u8]> {
        let datum = self.places.get(Places::EVENT).filter(|_| self.call.signature.has_event)?;
        // SAFETY: it is declared as text, a varlena.
        Some(to_utf8(unsafe { bytes(datum) }))
    }

    /// The member.
    #[inline(always)]
    pub fn member(&self) -> Option<MemberRef<'a>> {
        let datum = self.places.get(Places::MEMBER)?;
        // SAFETY: the signature is that of the function's own declaration.
        Some(unsafe { member::from_datum(self.call.signature.member, datum) })
    }
}
