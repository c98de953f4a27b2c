//! Set-returning functions: rows straight into a tuple store.
//!
//! A function takes [`Rows`], puts rows into them and returns them. Each value of a row is of the type
//! that its column is declared with, or the row is an ERROR: see [`super::arguments`].

use super::arguments::{name_of, name_of_function};
use super::errors::{outdated, raise};
use super::memory::PgHost;
use super::{amount, encoding, varlena};
use pg_retention_model::amount::to_base_10000;
use pg_retention_model::calendar::date_text;
use pg_retention_model::error::Error;
use pg_retention_model::history::MemberRef;
use pg_retention_model::host::Vec;
use pg_retention_model::numeric::Estimate;
use pg_retention_wire::row::{self, Batch, Mismatch, Type};
use pgrx::callconv::{Arg, ArgAbi, BoxRet, FcInfo};
use pgrx::datum::Datum;
use pgrx::pg_sys;
use std::io::Write;
use std::mem::offset_of;

/// Rows between two clean-ups of what was made for their values.
const ROWS_PER_CLEANING: usize = 256;

/// The rows that a function returns. Their columns are those of its SQL declaration.
pub struct Rows {
    batch: Batch<PgHost>,
    store: *mut pg_sys::Tuplestorestate,
    desc: pg_sys::TupleDesc,
    function: pg_sys::Oid,
    /// Where the values of a row are made, if they are not written at once.
    values: pg_sys::MemoryContext,
    last_member: LastMember,
    since_cleaning: usize,
}

// SAFETY: begins rows for the call that is under way.
unsafe impl<'fcx> ArgAbi<'fcx> for Rows {
    unsafe fn unbox_arg_unchecked(arg: Arg<'_, 'fcx>) -> Self {
        // SAFETY: see above.
        unsafe { Rows::begin(arg.unbox_unchecked()) }
    }

    fn is_virtual_arg() -> bool {
        true
    }
}

impl Rows {
    /// # Safety
    /// Called with the call that is under way.
    unsafe fn begin(fcinfo: pg_sys::FunctionCallInfo) -> Self {
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
            let host = PgHost::current();
            let mut columns = Vec::new_in(host);
            columns
                .extend((1..=(*desc).natts).map(|i| column_type(pg_sys::SPI_gettypeid(desc, i))));
            Rows {
                batch: Batch::new(columns, host),
                store,
                desc,
                function: (*(*fcinfo).flinfo).fn_oid,
                values,
                last_member: LastMember::NONE,
                since_cleaning: 0,
            }
        }
    }

    /// Adds a row: `fill` writes its values, in the order of the columns.
    #[inline]
    pub fn put(&mut self, fill: impl FnOnce(&mut Row<'_>)) {
        // SAFETY: the contexts are alive; what was made in `values` is not used after its row.
        let before = unsafe { pg_sys::MemoryContextSwitchTo(self.values) };
        let mut row = Row { row: self.batch.row(), last_member: &mut self.last_member };
        fill(&mut row);
        let finished = row.row.finish();
        // SAFETY: see above.
        unsafe { pg_sys::MemoryContextSwitchTo(before) };
        if let Err(mismatch) = finished {
            self.raise(mismatch);
        }
        if self.batch.is_full() {
            self.flush();
        }
        self.since_cleaning += 1;
        if self.since_cleaning == ROWS_PER_CLEANING {
            // SAFETY: see above.
            unsafe { pg_sys::MemoryContextReset(self.values) };
            self.since_cleaning = 0;
            pgrx::check_for_interrupts!();
        }
    }

    /// Hands over the rows that are still here. A call into the server is guarded against its errors,
    /// which costs as much as making a row: so many go together.
    fn flush(&mut self) {
        unsafe extern "C-unwind" {
            fn tuplestore_puttuple(
                store: *mut pg_sys::Tuplestorestate,
                tuple: *mut pg_sys::HeapTupleData,
            );
        }
        let (store, batch) = (self.store, &self.batch);
        // SAFETY: the batch holds tuples of the store's columns. The store copies them; if it raises
        // an ERROR the guard finds nothing to drop.
        unsafe {
            pg_sys::ffi::pg_guard_ffi_boundary(|| {
                for tuple in batch.tuples() {
                    let mut tuple = pg_sys::HeapTupleData {
                        t_len: tuple.len() as u32,
                        t_data: tuple.as_ptr().cast_mut().cast(),
                        ..Default::default()
                    };
                    tuplestore_puttuple(store, &mut tuple);
                }
            });
        }
        self.batch.clear();
    }

    #[cold]
    fn raise(&self, mismatch: Mismatch) -> ! {
        let Mismatch { column, written } = mismatch;
        let declared = (column < self.batch.columns().len()).then(|| {
            let column = i32::try_from(column + 1).unwrap_or(i32::MAX);
            // SAFETY: there is such a column.
            name_of(unsafe { pg_sys::SPI_gettypeid(self.desc, column) })
        });
        let function = name_of_function(self.function);
        let place = format!("column {} of function {function}", column + 1);
        let written = written.map_or("no such column", sql_name);
        outdated(match declared {
            Some(declared) => {
                format!("{place} is declared as {declared}, and the library returns {written}")
            }
            None => format!("{place} is not declared, and the library returns {written}"),
        })
    }
}

// The layout of `row` is that of the server.
const _: () = assert!(row::HEADER == offset_of!(pg_sys::HeapTupleHeaderData, t_bits));
const _: () = assert!(row::FIELDS[0] == offset_of!(pg_sys::HeapTupleHeaderData, t_infomask2));
const _: () = assert!(row::FIELDS[1] == offset_of!(pg_sys::HeapTupleHeaderData, t_infomask));
const _: () = assert!(row::FIELDS[2] == offset_of!(pg_sys::HeapTupleHeaderData, t_hoff));

fn column_type(type_oid: pg_sys::Oid) -> Type {
    match type_oid {
        pg_sys::BOOLOID => Type::Bool,
        pg_sys::INT4OID => Type::Int4,
        pg_sys::INT8OID => Type::Int8,
        pg_sys::FLOAT8OID => Type::Float8,
        pg_sys::DATEOID => Type::Date,
        pg_sys::TIMESTAMPTZOID => Type::Timestamptz,
        pg_sys::INTERVALOID => Type::Interval,
        pg_sys::NUMERICOID => Type::Numeric,
        pg_sys::TEXTOID => Type::Text,
        pg_sys::UUIDOID => Type::Uuid,
        pg_sys::FLOAT8ARRAYOID => Type::Float8Array,
        _ => Type::Other,
    }
}

fn sql_name(of: Type) -> &'static str {
    match of {
        Type::Bool => "boolean",
        Type::Int4 => "integer",
        Type::Int8 => "bigint",
        Type::Float8 => "double precision",
        Type::Date => "date",
        Type::Timestamptz => "timestamp with time zone",
        Type::Interval => "interval",
        Type::Numeric => "numeric",
        Type::Text => "text",
        Type::Uuid => "uuid",
        Type::Float8Array => "double precision[]",
        Type::Other => "another type",
    }
}

// SAFETY: in materialize mode the result is in the ReturnSetInfo, and the datum is not looked at.
unsafe impl BoxRet for Rows {
    unsafe fn box_into<'fcx>(mut self, fcinfo: &mut FcInfo<'fcx>) -> Datum<'fcx> {
        self.flush();
        fcinfo.return_null()
    }
}

/// A number that names a member, as text: rows of one member often follow each other.
struct LastMember {
    member: Option<MemberRef<'static>>,
    text: [u8; 40],
    len: usize,
}

impl LastMember {
    const NONE: Self = LastMember { member: None, text: [0; 40], len: 0 };

    fn text(&mut self, member: MemberRef<'static>) -> &[u8] {
        if self.member != Some(member) {
            let mut rest = self.text.as_mut_slice();
            let fits = write!(rest, "{member}");
            debug_assert!(fits.is_ok(), "a uuid has 36 letters, an integer 20");
            self.len = 40 - rest.len();
            self.member = Some(member);
        }
        &self.text[..self.len]
    }
}

/// A row that is being written. A value that may be missing is NULL then.
pub struct Row<'a> {
    row: row::Row<'a, PgHost>,
    last_member: &'a mut LastMember,
}

impl Row<'_> {
    /// A member, in the type of its column: its own, or text.
    #[inline]
    pub fn member(&mut self, member: &MemberRef<'_>) {
        match (*member, self.row.next_type()) {
            (MemberRef::Int(key), Type::Int8) => self.row.int8(Some(key)),
            (MemberRef::Uuid(key), Type::Uuid) => self.row.uuid(Some(key.to_be_bytes())),
            (MemberRef::Text(key), Type::Text) => self.row.text(Some(encoding::from_utf8(key))),
            (MemberRef::Int(key), Type::Text) => {
                self.row.text(Some(self.last_member.text(MemberRef::Int(key))));
            }
            (MemberRef::Uuid(key), Type::Text) => {
                self.row.text(Some(self.last_member.text(MemberRef::Uuid(key))));
            }
            (member, asked @ (Type::Int8 | Type::Uuid)) => other_type(member, asked),
            // No column of members at all.
            _ => self.row.text(None),
        }
    }

    /// A number of members or events.
    #[inline]
    pub fn count(&mut self, count: impl Into<Option<u64>>) {
        self.row.int8(count.into().map(|count| i64::try_from(count).unwrap_or(i64::MAX)));
    }

    /// A whole number.
    #[inline]
    pub fn integer(&mut self, number: impl Into<Option<i64>>) {
        self.row.int4(number.into().map(|number| i32::try_from(number).unwrap_or(i32::MAX)));
    }

    /// A difference between two counts.
    #[inline]
    pub fn difference(&mut self, difference: impl Into<Option<i64>>) {
        self.row.int8(difference.into());
    }

    /// The number of an object of the catalogue, as a bigint.
    pub fn oid(&mut self, oid: pg_sys::Oid) {
        self.row.int8(Some(i64::from(oid.to_u32())));
    }

    /// Yes or no.
    #[inline]
    pub fn flag(&mut self, flag: impl Into<Option<bool>>) {
        self.row.bool(flag.into());
    }

    /// A rate, a number of periods.
    #[inline]
    pub fn float(&mut self, value: impl Into<Option<f64>>) {
        self.row.float8(value.into());
    }

    /// Numbers as an array; what is NaN is NULL in it.
    pub fn floats(&mut self, values: &[f64]) {
        self.row.float8s(values);
    }

    /// Three columns: an estimate x, x_low and x_high.
    #[inline]
    pub fn estimate(&mut self, estimate: impl Into<Option<Estimate>>) {
        let estimate = estimate.into();
        self.float(estimate.map(|estimate| estimate.value));
        self.bounds(estimate.map(|estimate| (estimate.low, estimate.high)));
    }

    /// Two columns: x_low and x_high.
    #[inline]
    pub fn bounds(&mut self, bounds: Option<(f64, f64)>) {
        self.float(bounds.map(|(low, _)| low));
        self.float(bounds.map(|(_, high)| high));
    }

    /// A text.
    #[inline]
    pub fn text<'t>(&mut self, text: impl Into<Option<&'t str>>) {
        self.row.text(text.into().map(|text| encoding::from_utf8(text.as_bytes())));
    }

    /// A name, kept as bytes.
    #[inline]
    pub fn name(&mut self, name: &[u8]) {
        self.row.text(Some(encoding::from_utf8(name)));
    }

    /// An amount in millionths.
    #[inline]
    pub fn amount(&mut self, units: impl Into<Option<i128>>) {
        match units.into().map(|units| (units, i64::try_from(units))) {
            None => self.row.decimal(None),
            Some((_, Ok(units))) => self.row.decimal(Some(&to_base_10000(units))),
            Some((units, Err(_))) => {
                let numeric = amount::to_numeric(units);
                // SAFETY: it is a numeric, made in the memory of this row.
                let bytes = numeric.as_ref().map(|datum| unsafe { varlena::bytes(*datum) });
                self.row.numeric(bytes);
            }
        }
    }

    /// A day.
    #[inline]
    pub fn day(&mut self, day: impl Into<Option<i64>>) {
        self.row.date(
            day.into().map(|day| row::date(day).unwrap_or_else(|| out_of_range(date_text(day)))),
        );
    }

    /// A length of time in microseconds.
    #[inline]
    pub fn interval(&mut self, micros: Option<i64>) {
        self.row.interval(micros);
    }

    /// An instant.
    #[inline]
    pub fn instant(&mut self, micros: i64) {
        let instant = row::timestamp(micros);
        self.row
            .timestamptz(Some(instant.unwrap_or_else(|| {
                out_of_range("a tick begins before 4714-11-24 BC".to_string())
            })));
    }
}

#[cold]
fn out_of_range(given: String) -> ! {
    raise(&Error::TimeOutOfRange { given })
}

/// The column of members is of another type than they are.
#[cold]
fn other_type(member: MemberRef<'_>, asked: Type) -> ! {
    raise(&Error::MemberType { found: member.kind().name(), asked: sql_name(asked) })
}
