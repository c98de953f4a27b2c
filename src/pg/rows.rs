//! Set-returning functions: rows straight into a tuple store.

use super::arena::Arena;
use super::tuples::Tuples;
use super::varlena::Varlena;
use super::{amount, member};
use pg_retention_model::calendar::date_text;
use pg_retention_model::error::Error;
use pg_retention_model::history::MemberRef;
use pgrx::callconv::{BoxRet, FcInfo};
use pgrx::datum::Datum;
use pgrx::{IntoDatum, pg_sys};
use std::cell::Cell;

/// Rows between two clean-ups of the values that they refer to.
const ROWS_PER_CLEANING: usize = 256;

/// The rows that a function returns. Their columns are those of its SQL declaration.
pub struct Rows {
    tuples: Tuples,
    /// Where the values of a row are made.
    values: pg_sys::MemoryContext,
    columns: Columns,
    since_cleaning: usize,
}

impl Rows {
    /// Begins to return rows from the function being called.
    ///
    /// # Safety
    /// `fcinfo` must be that of a function declared RETURNS TABLE.
    pub unsafe fn begin(fcinfo: pg_sys::FunctionCallInfo) -> Self {
        // SAFETY: PostgreSQL calls a set-returning function with a ReturnSetInfo, which tells
        // whether a tuple store will do. Store and description live in the per-query context.
        unsafe {
            let info: *mut pg_sys::ReturnSetInfo = (*fcinfo).resultinfo.cast();
            let materialize = pg_sys::SetFunctionReturnMode::SFRM_Materialize;
            if info.is_null() || (*info).allowedModes & materialize as i32 == 0 {
                pgrx::ereport!(
                    ERROR,
                    pgrx::PgSqlErrorCode::ERRCODE_FEATURE_NOT_SUPPORTED,
                    "a function that returns rows is called where a set is not accepted"
                );
            }
            let random = (*info).allowedModes
                & pg_sys::SetFunctionReturnMode::SFRM_Materialize_Random as i32
                != 0;
            let query = (*(*info).econtext).ecxt_per_query_memory;
            let before = pg_sys::MemoryContextSwitchTo(query);
            let mut desc = std::ptr::null_mut();
            pg_sys::get_call_result_type(fcinfo, std::ptr::null_mut(), &mut desc);
            if desc.is_null() {
                // A table of one column is a set of plain values: the caller says of which type.
                desc = pg_sys::CreateTupleDescCopy((*info).expectedDesc);
            }
            let store = pg_sys::tuplestore_begin_heap(random, false, pg_sys::work_mem);
            (*info).returnMode = materialize;
            (*info).setResult = store;
            (*info).setDesc = desc;
            pg_sys::MemoryContextSwitchTo(before);
            let values = pg_sys::AllocSetContextCreateInternal(
                before,
                c"retention rows".as_ptr(),
                0,
                pg_sys::ALLOCSET_DEFAULT_INITSIZE as usize,
                pg_sys::ALLOCSET_DEFAULT_MAXSIZE as usize,
            );
            let columns = Columns {
                first_type: pg_sys::SPI_gettypeid(desc, 1),
                arena: Arena::new(),
                member: Arena::new(),
                last_member: Cell::new(None),
            };
            let tuples = Tuples::new(store, desc);
            Rows { tuples, values, columns, since_cleaning: 0 }
        }
    }

    /// Adds a row: `fill` makes its values, in the order of the columns.
    pub fn put<const N: usize>(
        &mut self,
        fill: impl FnOnce(&Columns) -> Result<[Option<pg_sys::Datum>; N], Error>,
    ) -> Result<(), Error> {
        // SAFETY: the values were made in `values`, which is reset only when they are copied. Each is
        // of the type that its column is declared with.
        unsafe {
            self.columns.arena.clear();
            let before = pg_sys::MemoryContextSwitchTo(self.values);
            let row = fill(&self.columns);
            pg_sys::MemoryContextSwitchTo(before);
            self.tuples.put(&row?);
            self.since_cleaning += 1;
            if self.since_cleaning == ROWS_PER_CLEANING {
                pg_sys::MemoryContextReset(self.values);
                self.since_cleaning = 0;
                pgrx::check_for_interrupts!();
            }
        }
        Ok(())
    }
}

// SAFETY: in materialize mode the result is in the ReturnSetInfo, and the datum is not looked at.
unsafe impl BoxRet for Rows {
    unsafe fn box_into<'fcx>(mut self, fcinfo: &mut FcInfo<'fcx>) -> Datum<'fcx> {
        self.tuples.flush();
        fcinfo.return_null()
    }
}

/// A text that many rows share: made once, in the memory of the call.
#[derive(Clone, Copy)]
pub struct SharedText(pg_sys::Datum);

impl SharedText {
    /// Makes it. Not while a row is being filled: values of rows do not last.
    pub fn new(text: &str) -> Self {
        SharedText(Varlena::copy_of(member::from_utf8(text.as_bytes())).into_datum())
    }
}

/// Makes the values of a row.
pub struct Columns {
    /// The SQL type of the first column.
    first_type: pg_sys::Oid,
    /// Where the values of a row are made, if they are small.
    arena: Arena,
    /// Where the member is, which is often the one of the row before.
    member: Arena,
    last_member: Cell<Option<(MemberRef<'static>, pg_sys::Datum)>>,
}

impl Columns {
    /// A member, which is the first column of its rows, in the type of that column.
    #[inline]
    pub fn member(&self, member: &MemberRef<'_>) -> Result<Option<pg_sys::Datum>, Error> {
        if let MemberRef::Int(key) = *member
            && self.first_type == pg_sys::INT8OID
        {
            return Ok(Some(pg_sys::Datum::from(key)));
        }
        self.member_by_reference(member).map(Some)
    }

    fn member_by_reference(&self, member: &MemberRef<'_>) -> Result<pg_sys::Datum, Error> {
        let key = match *member {
            MemberRef::Int(key) if self.first_type == pg_sys::TEXTOID => MemberRef::Int(key),
            MemberRef::Uuid(key) if self.first_type == pg_sys::TEXTOID => MemberRef::Uuid(key),
            member => return member::to_datum(member, self.first_type, &self.arena),
        };
        // Numbers as text are worth remembering from row to row.
        if let Some((_, datum)) = self.last_member.get().filter(|(last, _)| *last == key) {
            return Ok(datum);
        }
        self.member.clear();
        let datum = member::to_datum(key, self.first_type, &self.member)?;
        self.last_member.set(Some((key, datum)));
        Ok(datum)
    }

    /// A number of members or events.
    pub fn count(&self, count: u64) -> Option<pg_sys::Datum> {
        i64::try_from(count).unwrap_or(i64::MAX).into_datum()
    }

    /// A whole number.
    pub fn integer(&self, number: i64) -> Option<pg_sys::Datum> {
        i32::try_from(number).unwrap_or(i32::MAX).into_datum()
    }

    /// A difference between two counts.
    pub fn difference(&self, difference: i64) -> Option<pg_sys::Datum> {
        difference.into_datum()
    }

    /// A word.
    pub fn text(&self, text: &str) -> Option<pg_sys::Datum> {
        Some(self.arena.varlena(member::from_utf8(text.as_bytes())))
    }

    /// A text that other rows have too.
    pub fn shared(&self, text: Option<SharedText>) -> Option<pg_sys::Datum> {
        text.map(|text| text.0)
    }

    /// Yes or no.
    pub fn flag(&self, flag: bool) -> Option<pg_sys::Datum> {
        flag.into_datum()
    }

    /// A rate, a number of periods, an estimate.
    pub fn float(&self, value: Option<f64>) -> Option<pg_sys::Datum> {
        value.and_then(IntoDatum::into_datum)
    }

    /// An amount in millionths.
    pub fn amount(&self, units: Option<i128>) -> Option<pg_sys::Datum> {
        units.and_then(|units| amount::to_datum(units, &self.arena))
    }

    /// A day.
    pub fn day(&self, day: i64) -> Result<Option<pg_sys::Datum>, Error> {
        // src/include/datatype/timestamp.h: dates begin on Julian day 0.
        const FIRST: i64 = -2_451_545;
        match i32::try_from(day) {
            Ok(day) if i64::from(day) >= FIRST => Ok(Some(pg_sys::Datum::from(day))),
            _ => Err(Error::TimeOutOfRange { given: date_text(day) }),
        }
    }

    /// An instant.
    pub fn instant(&self, micros: i64) -> Result<Option<pg_sys::Datum>, Error> {
        // src/include/datatype/timestamp.h: 4714-11-24 BC to 294276.
        const VALID: std::ops::Range<i64> = -211_813_488_000_000_000..9_223_371_331_200_000_000;
        if VALID.contains(&micros) {
            Ok(Some(pg_sys::Datum::from(micros)))
        } else {
            Err(Error::TimeOutOfRange { given: "a tick begins before 4714-11-24 BC".to_string() })
        }
    }
}
