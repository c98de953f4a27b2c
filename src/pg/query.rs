//! A query that somebody has written, looked at before it becomes a part of another one: is it one SELECT, and nothing
//! else? PostgreSQL's own parser says so, which runs nothing.

use pg_retention_model::error::Error;
use pgrx::pg_sys;
use std::ffi::CStr;

unsafe extern "C-unwind" {
    fn getBaseType(type_oid: pg_sys::Oid) -> pg_sys::Oid;
}

/// One SELECT.
pub struct Select<'a> {
    /// Its text, without a semicolon after it.
    pub text: &'a [u8],
    columns: pg_sys::TupleDesc,
}

/// A column of a query.
pub struct Column<'a> {
    /// Its name, in the encoding of the database.
    pub name: &'a CStr,
    /// Its type.
    pub type_oid: pg_sys::Oid,
    /// The type below domains.
    pub base: pg_sys::Oid,
    /// Its collation.
    pub collation: pg_sys::Oid,
}

impl<'a> Select<'a> {
    /// Reads a query. Its syntax errors, and names that it does not know, are errors as they are anywhere.
    pub fn parse(query: &'a CStr) -> Result<Self, Error> {
        // SAFETY: what SPI makes lives until SPI_finish; of it the description of the columns is copied into the memory
        // of the caller.
        unsafe {
            let home = pg_sys::CurrentMemoryContext;
            pg_sys::SPI_connect();
            let plan = pg_sys::SPI_prepare(query.as_ptr(), 0, std::ptr::null_mut());
            let select = if plan.is_null() {
                Err(other("no SELECT"))
            } else {
                Self::of_plan(query, plan, home)
            };
            pg_sys::SPI_finish();
            select
        }
    }

    /// # Safety
    /// The plan must be of this query. The columns are made in `home`.
    unsafe fn of_plan(
        query: &'a CStr,
        plan: pg_sys::SPIPlanPtr,
        home: pg_sys::MemoryContext,
    ) -> Result<Self, Error> {
        // SAFETY: the sources of a plan, one for each statement, and the nodes in them are whole.
        unsafe {
            let statements: &[*const pg_sys::CachedPlanSource] =
                elements(pg_sys::SPI_plan_get_plan_sources(plan));
            let source = match statements {
                [] => return Err(other("empty")),
                [source] => &**source,
                many => return Err(other(&format!("{} statements", many.len()))),
            };
            let raw = &*source.raw_parse_tree;
            if (*raw.stmt).type_ != pg_sys::NodeTag::T_SelectStmt {
                return Err(other("no SELECT"));
            }
            let query_trees: &[*const pg_sys::Query] = elements(source.query_list);
            let Some(tree) = query_trees.first().and_then(|tree| tree.as_ref()) else {
                return Err(other("no SELECT"));
            };
            if tree.commandType != pg_sys::CmdType::CMD_SELECT {
                return Err(other("a SELECT INTO, which makes a table"));
            }
            if tree.hasModifyingCTE {
                return Err(other("a SELECT that writes, in its WITH"));
            }
            if tree.hasForUpdate {
                return Err(other("a SELECT that locks rows: FOR UPDATE or FOR SHARE"));
            }
            if source.resultDesc.is_null() {
                return Err(other("no SELECT"));
            }
            let from = usize::try_from(raw.stmt_location).unwrap_or(0);
            let text = &query.to_bytes()[from..];
            // 0: up to the end.
            let len = usize::try_from(raw.stmt_len).ok().filter(|len| *len > 0);
            let before = pg_sys::MemoryContextSwitchTo(home);
            let columns = pg_sys::CreateTupleDescCopy(source.resultDesc);
            pg_sys::MemoryContextSwitchTo(before);
            Ok(Select { text: len.map_or(text, |len| &text[..len]), columns })
        }
    }

    /// Its columns.
    pub fn columns(&self) -> impl Iterator<Item = Column<'_>> {
        // SAFETY: the description is ours, with as many attributes as it says.
        let count = unsafe { (*self.columns).natts };
        (1..=count).map(|place| {
            // SAFETY: as above; the names of attributes end with a zero.
            unsafe {
                let type_oid = pg_sys::SPI_gettypeid(self.columns, place);
                Column {
                    name: CStr::from_ptr(pg_sys::SPI_fname(self.columns, place)),
                    type_oid,
                    base: base_type(type_oid),
                    collation: collation_of(self.columns, place),
                }
            }
        })
    }
}

/// # Safety
/// There must be such a column, counted from 1.
unsafe fn collation_of(columns: pg_sys::TupleDesc, place: i32) -> pg_sys::Oid {
    // SAFETY: see above.
    unsafe {
        let place = usize::try_from(place - 1).unwrap_or(0);
        #[cfg(feature = "pg18")]
        let attribute = pg_sys::TupleDescAttr(columns, place as i32);
        #[cfg(not(feature = "pg18"))]
        let attribute = (*columns).attrs.as_ptr().add(place);
        (*attribute).attcollation
    }
}

/// The type below domains.
pub fn base_type(type_oid: pg_sys::Oid) -> pg_sys::Oid {
    // SAFETY: reads the catalogue.
    unsafe { pg_sys::ffi::pg_guard_ffi_boundary(|| getBaseType(type_oid)) }
}

/// The elements of a list of pointers.
///
/// # Safety
/// The list must be one of pointers to `T`, or null, and live as long as the result is used.
pub unsafe fn elements<'l, T>(list: *const pg_sys::List) -> &'l [*const T] {
    // SAFETY: see above; a cell of a list of pointers is a pointer.
    unsafe {
        match list.as_ref() {
            Some(list) => std::slice::from_raw_parts(list.elements.cast(), list.length as usize),
            None => &[],
        }
    }
}

#[cold]
fn other(what: &str) -> Error {
    Error::bad(
        format!("the query is {what}"),
        "Give one SELECT and nothing else, such as 'SELECT customer AS member, paid_at AS at FROM invoices'.",
    )
}
