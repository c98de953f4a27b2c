//! Members that are text are told apart byte by byte. Some types and collations take different texts for equal, as citext
//! does: `count(DISTINCT)` would count one where a history counts two.

use super::encoding::to_utf8;
use super::errors::raise_as;
use super::query::{base_type, elements};
use pg_retention_model::error::Error;
use pgrx::{PgSqlErrorCode, pg_sys};
use std::ffi::{CStr, c_char};

unsafe extern "C-unwind" {
    fn get_collation_isdeterministic(collation: pg_sys::Oid) -> bool;
    fn get_collation_name(collation: pg_sys::Oid) -> *mut c_char;
}

/// The types whose texts are equal if their bytes are.
const PLAIN: [pg_sys::Oid; 5] =
    [pg_sys::TEXTOID, pg_sys::VARCHAROID, pg_sys::BPCHAROID, pg_sys::NAMEOID, pg_sys::UNKNOWNOID];

/// A text among the arguments of an aggregate.
pub struct Told {
    /// Its place.
    place: usize,
    /// What it is, and what several are.
    one: &'static str,
    many: &'static str,
    /// What tells them apart.
    by: &'static str,
}

/// The member.
pub const MEMBER: Told = Told { place: 0, one: "member", many: "members", by: "'Ann' and 'ann'" };
/// The name of an event.
pub const EVENT: Told = Told { place: 2, one: "event", many: "events", by: "'Buy' and 'buy'" };

/// Raises an ERROR if an argument of an aggregate, a text, is of a type or in a collation that takes different
/// texts for equal. Whoever has written the cast has been told.
///
/// # Safety
/// Called by a transition function with its call.
pub unsafe fn check(fcinfo: pg_sys::FunctionCallInfo, told: &Told) {
    let Told { one, many, by, .. } = told;
    // SAFETY: see above.
    let collation = unsafe { (*fcinfo).fncollation };
    if let Some(name) = loose(collation) {
        refuse(
            format!("{many} in collation {name}, which takes different texts for equal"),
            format!(
                "{one} COLLATE \"C\" where {by} are two {many}, lower({one}) COLLATE \"C\" where they are one"
            ),
        );
    }
    // SAFETY: as above.
    if let Some(given) = unsafe { type_before_cast(fcinfo, told.place) }
        && !PLAIN.contains(&base_type(given))
    {
        refuse(
            format!("{many} of type {}", super::arguments::name_of(given)),
            format!("{one}::text where {by} are two {many}, lower({one}::text) where they are one"),
        );
    }
}

/// The name of a collation that is not deterministic.
fn loose(collation: pg_sys::Oid) -> Option<String> {
    if collation == pg_sys::InvalidOid || collation == pg_sys::DEFAULT_COLLATION_OID {
        return None;
    }
    // SAFETY: reads the catalogue; the name is a C string, or null.
    unsafe {
        pg_sys::ffi::pg_guard_ffi_boundary(|| {
            if get_collation_isdeterministic(collation) {
                return None;
            }
            let name = get_collation_name(collation);
            let name = if name.is_null() { c"" } else { CStr::from_ptr(name) };
            Some(format!("\"{}\"", String::from_utf8_lossy(to_utf8(name.to_bytes()))))
        })
    }
}

/// The type of an argument before it became text, if it did so by itself and as it stood.
///
/// # Safety
/// As for [`check`].
unsafe fn type_before_cast(fcinfo: pg_sys::FunctionCallInfo, place: usize) -> Option<pg_sys::Oid> {
    // SAFETY: the expressions of the arguments live as long as their plan.
    unsafe {
        if let Some(aggregate) = pg_sys::AggGetAggref(fcinfo).as_ref() {
            let argument: &*const pg_sys::TargetEntry = elements(aggregate.args).get(place)?;
            return type_below((**argument).expr);
        }
        let context = (*fcinfo).context;
        if context.is_null() || (*context).type_ != pg_sys::NodeTag::T_WindowAggState {
            return None;
        }
        // Which call of the window it is, is not told: one that makes what this one does.
        let (mut types, mut count) = (std::ptr::null_mut(), 0);
        let made = pg_sys::get_func_signature((*(*fcinfo).flinfo).fn_oid, &mut types, &mut count);
        let window: *const pg_sys::WindowAggState = context.cast();
        let calls: &[*const pg_sys::WindowFuncExprState] = elements((*window).funcs);
        calls.iter().map(|call| &*(**call).wfunc).filter(|call| call.wintype == made).find_map(
            |call| {
                let argument: &*const pg_sys::Expr = elements(call.args).get(place)?;
                type_below(*argument)
            },
        )
    }
}

/// The type of what an expression casts, if the cast is one that nobody has written.
///
/// # Safety
/// The expression must be whole.
unsafe fn type_below(node: *const pg_sys::Expr) -> Option<pg_sys::Oid> {
    // SAFETY: see above.
    unsafe {
        if (*node).type_ != pg_sys::NodeTag::T_RelabelType {
            return None;
        }
        let cast: *const pg_sys::RelabelType = node.cast();
        let is_implicit = (*cast).relabelformat == pg_sys::CoercionForm::COERCE_IMPLICIT_CAST;
        let arg = (*cast).arg.cast();
        // A COLLATE that somebody has written hides the cast below it.
        let is_bare = (*cast).resultcollid == pg_sys::exprCollation(arg);
        (is_implicit && is_bare).then(|| pg_sys::exprType(arg))
    }
}

#[cold]
fn refuse(what: String, casts: String) -> ! {
    let error = Error::Miswritten {
        message: format!("{what}: they would be told apart by their bytes"),
        hint: format!("Say which are the same with a cast: {casts}."),
    };
    raise_as(PgSqlErrorCode::ERRCODE_DATATYPE_MISMATCH, &error)
}
