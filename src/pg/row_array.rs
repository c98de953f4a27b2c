//! An array of rows that is the state of an aggregate, which grows row by row.
//!
//! In SQL a step takes apart and copies all rows so far. PostgreSQL's own `array_append`, called with the
//! call of an aggregate, keeps the array open in the memory of the aggregate, and a step copies its row alone.

use super::arguments::name_of_function;
use super::errors::outdated;
use super::expanded::{State, header_of};
use super::state::aggregate_context;
use pgrx::callconv::{Arg, ArgAbi};
use pgrx::pg_catalog::pg_proc::PgProc;
use pgrx::{PgTupleDesc, name_data_to_str, pg_sys};
use std::ffi::{CStr, CString};

/// The call of a transition function whose state is an array of rows, and whose other arguments are the
/// columns of one.
pub struct RowStep(pg_sys::FunctionCallInfo);

// SAFETY: only such functions take one.
unsafe impl<'fcx> ArgAbi<'fcx> for RowStep {
    unsafe fn unbox_arg_unchecked(arg: Arg<'_, 'fcx>) -> Self {
        // SAFETY: see above.
        RowStep(unsafe { arg.unbox_unchecked() })
    }

    fn is_virtual_arg() -> bool {
        true
    }
}

/// What is remembered with the function.
struct Known {
    append: pg_sys::FmgrInfo,
    row: pg_sys::TupleDesc,
    fewer: pg_sys::FmgrInfo,
}

/// Arrays up to here are not worth shortening.
const SHORT: i32 = 256;

impl RowStep {
    /// The array, an argument called `state`, with the row. Whenever its length has doubled, `fewer`, a
    /// function of `retention_internal` from such an array to one, may make it shorter, so that it does
    /// not grow with the table.
    pub fn appended(self, state: &str, fewer: &str) -> State {
        let fcinfo = self.0;
        // SAFETY: it is the call that is under way, of such a function; `Known` lives as long as that.
        unsafe {
            let function = (*fcinfo).flinfo;
            if (*function).fn_extra.is_null() {
                (*function).fn_extra = Known::remember(function, state, fewer).cast();
            }
            aggregate_context(fcinfo); // or an ERROR
            let known: *mut Known = (*function).fn_extra.cast();
            let count = usize::try_from((*fcinfo).nargs).unwrap_or(0);
            let arguments = std::slice::from_raw_parts((*fcinfo).args.as_ptr(), count);
            let (state, columns) = match arguments.split_first() {
                Some((state, columns)) if !state.isnull => (state.value, columns),
                _ => unreachable!("the state of an aggregate begins as an empty array"),
            };
            let row = row_of((*known).row, columns);
            let state = if is_doubled(state) {
                let read_only = pg_sys::MakeExpandedObjectReadOnlyInternal(state);
                pg_sys::FunctionCall1Coll(&raw mut (*known).fewer, pg_sys::InvalidOid, read_only)
            } else {
                state
            };
            State(call((*fcinfo).context, &raw mut (*known).append, [state, row]))
        }
    }
}

impl Known {
    /// # Safety
    /// Called with the function of such a call.
    #[cold]
    unsafe fn remember(function: *mut pg_sys::FmgrInfo, state: &str, fewer: &str) -> *mut Known {
        // SAFETY: the type and the functions are in the catalogue. All of it is in the function's memory.
        unsafe {
            let memory = (*function).fn_mcxt;
            let array = pg_sys::get_func_rettype((*function).fn_oid);
            let array_name = CStr::from_ptr(pg_sys::format_type_be_qualified(array));
            let name =
                [b"retention_internal.", fewer.as_bytes(), b"(", array_name.to_bytes(), b")"]
                    .concat();
            let name = CString::new(name).unwrap_or_default();
            let fewer = pg_sys::OidFunctionCall1Coll(
                pg_sys::Oid::from(pg_sys::F_REGPROCEDUREIN),
                pg_sys::InvalidOid,
                pg_sys::Datum::from(name.as_ptr()),
            );
            let known: *mut Known =
                pg_sys::MemoryContextAllocZero(memory, size_of::<Known>()).cast();
            let append = pg_sys::Oid::from(pg_sys::F_ARRAY_APPEND);
            pg_sys::fmgr_info_cxt(append, &raw mut (*known).append, memory);
            let fewer = pg_sys::Oid::from(fewer.value() as u32);
            pg_sys::fmgr_info_cxt(fewer, &raw mut (*known).fewer, memory);
            let before = pg_sys::MemoryContextSwitchTo(memory);
            (*known).row = pg_sys::lookup_rowtype_tupdesc_copy(pg_sys::get_element_type(array), -1);
            pg_sys::MemoryContextSwitchTo(before);
            if !is_declared((*function).fn_oid, (array, state), (*known).row) {
                let name = name_of_function((*function).fn_oid);
                outdated(format!(
                    "function {name} is declared with other arguments than the columns of its state"
                ));
            }
            known
        }
    }
}

/// Are the arguments of a function a state of this type and name, and the columns of a row?
///
/// # Safety
/// The description must be one.
unsafe fn is_declared(
    function: pg_sys::Oid,
    state: (pg_sys::Oid, &str),
    row: pg_sys::TupleDesc,
) -> bool {
    let Some(declared) = PgProc::new(function) else { return false };
    let (types, names) = (declared.proargtypes(), declared.proargnames());
    let declared =
        types.iter().copied().zip(names.iter().map(|name| name.as_deref().unwrap_or("")));
    // SAFETY: see above.
    let columns = unsafe { PgTupleDesc::from_pg_unchecked(row) };
    let columns = columns.iter().map(|column| (column.atttypid, name_data_to_str(&column.attname)));
    types.len() <= MOST_COLUMNS && declared.eq(std::iter::once(state).chain(columns))
}

const MOST_COLUMNS: usize = 16;

/// # Safety
/// The columns must be of the row's types.
unsafe fn row_of(desc: pg_sys::TupleDesc, columns: &[pg_sys::NullableDatum]) -> pg_sys::Datum {
    let (mut values, mut nulls) = ([pg_sys::Datum::null(); MOST_COLUMNS], [true; MOST_COLUMNS]);
    for ((value, null), column) in values.iter_mut().zip(&mut nulls).zip(columns) {
        (*value, *null) = (column.value, column.isnull);
    }
    // SAFETY: as many columns as the description has, whose rest is null.
    unsafe {
        let tuple = pg_sys::heap_form_tuple(desc, values.as_mut_ptr(), nulls.as_mut_ptr());
        pg_sys::HeapTupleHeaderGetDatum((*tuple).t_data)
    }
}

/// Has an open array come to a length that is a power of two?
///
/// # Safety
/// The datum must be an array.
unsafe fn is_doubled(array: pg_sys::Datum) -> bool {
    // SAFETY: the header of an expanded object that is an array.
    unsafe {
        header_of(array).is_some_and(|(header, _)| {
            let length = (*header.cast::<pg_sys::ExpandedArrayHeader>()).nelems;
            length >= SHORT && length & (length - 1) == 0
        })
    }
}

/// Calls a function of two arguments as part of an aggregate.
///
/// # Safety
/// The arguments must be of the function's types.
unsafe fn call(
    context: *mut pg_sys::Node,
    function: *mut pg_sys::FmgrInfo,
    arguments: [pg_sys::Datum; 2],
) -> pg_sys::Datum {
    /// As PostgreSQL has it: the arguments stand behind.
    #[repr(C)]
    struct Call {
        base: pg_sys::FunctionCallInfoBaseData,
        arguments: [pg_sys::NullableDatum; 2],
    }
    // SAFETY: zero is a value of all of it.
    unsafe {
        let mut call: Call = std::mem::zeroed();
        call.base.flinfo = function;
        call.base.context = context;
        call.base.nargs = 2;
        call.arguments = arguments.map(|value| pg_sys::NullableDatum { value, isnull: false });
        pg_sys::array_append(&raw mut call.base)
    }
}
