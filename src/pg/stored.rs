//! A summary as an argument: in memory or in bytes, it reads the same.

use super::errors::OrRaise;
use super::expanded::{self, Expanded};
use super::fold::Fold;
use super::memory::PgHost;
use super::varlena::{CText, Varlena, bytes};
use super::zone::PgZone;
use pgrx::callconv::{BoxRet, FcInfo};
use pgrx::datum::Datum;
use pgrx::pg_sys;
use std::marker::PhantomData;
use std::ptr::NonNull;

/// A summary to be read.
pub enum Stored<'a, T: Fold> {
    /// An expanded object, settled when it became an argument.
    Expanded(NonNull<Expanded<T>>, PhantomData<&'a T>),
    /// Flat bytes.
    Flat(T::Flat<'a>),
}

impl<T: Fold> Stored<'_, T> {
    /// What is behind a datum.
    ///
    /// # Safety
    /// The datum must be a valid value of the type of `T`, and live as long as the result.
    pub unsafe fn read(datum: pg_sys::Datum) -> Self {
        // SAFETY: see above.
        unsafe {
            if let Some(object) = expanded::readable(datum) {
                return Stored::Expanded(object, PhantomData);
            }
            Stored::Flat(T::parse(bytes(datum), PgHost::current()).or_raise())
        }
    }

    /// Its content.
    pub fn view(&self) -> T::View<'_> {
        match self {
            // SAFETY: the object lives as long as the argument, and nothing writes to it after the
            // arguments are read.
            Stored::Expanded(object, _) => unsafe { object.as_ref() }.state.view(),
            Stored::Flat(flat) => T::view_of(flat),
        }
    }

    /// The zone whose calendar it uses.
    pub fn zone(&self) -> PgZone {
        PgZone::named(T::zone(&self.view())).or_raise()
    }
}

// SAFETY: the datum of an expanded object is a value of its type.
unsafe impl<T: Fold> BoxRet for &mut Expanded<T> {
    unsafe fn box_into<'fcx>(self, fcinfo: &mut FcInfo<'fcx>) -> Datum<'fcx> {
        // SAFETY: see above.
        unsafe { fcinfo.return_raw_datum(self.datum()) }
    }
}

// SAFETY: the datum of a varlena is one; its maker vouches for the type.
unsafe impl BoxRet for Varlena {
    unsafe fn box_into<'fcx>(self, fcinfo: &mut FcInfo<'fcx>) -> Datum<'fcx> {
        // SAFETY: see above.
        unsafe { fcinfo.return_raw_datum(self.into_datum()) }
    }
}

// SAFETY: the datum of a C string is one.
unsafe impl BoxRet for CText {
    unsafe fn box_into<'fcx>(self, fcinfo: &mut FcInfo<'fcx>) -> Datum<'fcx> {
        // SAFETY: see above.
        unsafe { fcinfo.return_raw_datum(self.into_datum()) }
    }
}
