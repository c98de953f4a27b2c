//! A history as an argument: in memory or in bytes, it reads the same.

use super::arguments;
use super::errors::OrRaise;
use super::expanded::{self, Expanded, Form};
use super::memory::PgHost;
use super::varlena::{CText, Varlena, bytes};
use super::zone::PgZone;
use pg_retention_model::calendar::{Clock, Grain};
use pg_retention_model::error::Error;
use pg_retention_model::history::{Flat, History, View};
use pg_retention_model::memberships::{self, Bytes, Memberships};
use pgrx::callconv::{Arg, ArgAbi, BoxRet, FcInfo};
use pgrx::datum::{Date, Datum};
use pgrx::{FromDatum, pg_sys};
use std::marker::PhantomData;
use std::ptr::NonNull;

/// A history to be read.
pub enum Stored<'a> {
    /// An expanded object, settled when it became an argument.
    Expanded(NonNull<Expanded>, PhantomData<&'a Expanded>),
    /// Flat bytes.
    Flat(Flat<'a, PgHost>),
    /// What was made of bytes that an earlier version wrote.
    Made(History<PgHost>),
}

impl Stored<'_> {
    /// What is behind a datum of a type.
    ///
    /// # Safety
    /// The datum must be a valid value of that type, and live as long as the result.
    pub unsafe fn read(form: Form, datum: pg_sys::Datum) -> Self {
        // SAFETY: see above.
        unsafe {
            if let Some(object) = expanded::readable(datum) {
                return Stored::Expanded(object, PhantomData);
            }
            let (bytes, host) = (bytes(datum), PgHost::current());
            match form {
                Form::History => Stored::Flat(Flat::parse(bytes, host).or_raise()),
                Form::Memberships => match Bytes::parse(bytes, host).or_raise() {
                    Bytes::Unions(flat) => Stored::Flat(flat),
                    Bytes::AsGiven(flat) => {
                        Stored::Made(memberships::unions(&flat, host).or_raise())
                    }
                },
            }
        }
    }

    /// Its content.
    pub fn view(&self) -> View<'_, PgHost> {
        match self {
            // SAFETY: the object lives as long as the argument, and nothing writes to it after the
            // arguments are read.
            Stored::Expanded(object, _) => unsafe { object.as_ref() }.history.view(),
            Stored::Flat(flat) => flat.view(),
            Stored::Made(history) => history.view(),
        }
    }

    /// The zone whose calendar it uses.
    pub fn zone(&self) -> PgZone {
        PgZone::named(self.view().meta.zone()).or_raise()
    }
}

impl FromDatum for Stored<'_> {
    unsafe fn from_polymorphic_datum(
        datum: pg_sys::Datum,
        is_null: bool,
        _: pg_sys::Oid,
    ) -> Option<Self> {
        // SAFETY: the caller vouches for the type: a valid history.
        (!is_null).then(|| unsafe { Stored::read(Form::History, datum) })
    }
}

/// Memberships to be read.
pub struct StoredMemberships<'a>(Stored<'a>);

impl StoredMemberships<'_> {
    /// Their content.
    pub fn view(&self) -> Memberships<'_, PgHost> {
        Memberships::new(self.0.view())
    }

    /// The last day that is looked at by default: the last on which somebody joined or left, or today if
    /// that comes before, since an end of which notice has been given may lie ahead.
    fn last_day_so_far(&self) -> Result<i64, Error> {
        let last = self.view().last()?;
        let zone = match self.zone() {
            PgZone::NONE => PgZone::session(),
            zone => zone,
        };
        let mut clock = Clock::new(Grain::Day, PgHost::current());
        // SAFETY: reads when the transaction began.
        let now = unsafe { pg_sys::GetCurrentTransactionStartTimestamp() };
        Ok(last.min(clock.tick(&zone, now)))
    }

    /// The zone on whose calendar their days are.
    pub fn zone(&self) -> PgZone {
        self.0.zone()
    }
}

/// The argument `as_of` of a reader of memberships, or its default.
pub fn as_of(m: Option<&StoredMemberships<'_>>, given: Option<Date>) -> Result<Option<i64>, Error> {
    match (arguments::day("as_of", given)?, m) {
        (None, Some(m)) => m.last_day_so_far().map(Some),
        (day, _) => Ok(day),
    }
}

impl FromDatum for StoredMemberships<'_> {
    unsafe fn from_polymorphic_datum(
        datum: pg_sys::Datum,
        is_null: bool,
        _: pg_sys::Oid,
    ) -> Option<Self> {
        // SAFETY: the caller vouches for the type: valid memberships.
        (!is_null).then(|| StoredMemberships(unsafe { Stored::read(Form::Memberships, datum) }))
    }
}

// SAFETY: reads the datum as what the SQL declaration says it is.
unsafe impl<'fcx> ArgAbi<'fcx> for StoredMemberships<'fcx> {
    unsafe fn unbox_arg_unchecked(arg: Arg<'_, 'fcx>) -> Self {
        // SAFETY: the declaration says `retention.memberships`. A null is an Option's affair.
        match unsafe { arg.unbox_arg_using_from_datum() } {
            Some(stored) => stored,
            None => unreachable!("a null where Option is not expected"),
        }
    }
}

// SAFETY: reads the datum as what the SQL declaration says it is.
unsafe impl<'fcx> ArgAbi<'fcx> for Stored<'fcx> {
    unsafe fn unbox_arg_unchecked(arg: Arg<'_, 'fcx>) -> Self {
        // SAFETY: the declaration says `retention.history`. A null is an Option's affair.
        match unsafe { arg.unbox_arg_using_from_datum() } {
            Some(stored) => stored,
            None => unreachable!("a null where Option is not expected"),
        }
    }
}

// SAFETY: the datum of an expanded history is a history.
unsafe impl BoxRet for &mut Expanded {
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
