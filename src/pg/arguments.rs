//! The arguments of a function, taken one after another in the order of its SQL declaration.
//!
//! A function takes [`Args`] and asks for each argument by its name; NULL is the same as leaving one
//! out. Types and names are compared with the declaration the first time that a call in a query is
//! executed. So a library that is newer than what a database declares, as it is between the
//! installation of new files and ALTER EXTENSION UPDATE, ends in an ERROR that says so.
//!
//! ```ignore
//! #[pg_extern] // growth(h history, period text, gap integer, as_of date, confidence float8)
//! fn growth(mut args: Args<'_>, mut rows: Rows) -> Rows {
//!     let h = args.summary::<Events>("h");
//!     let (period, gap, as_of) = (args.period(), args.integer("gap"), args.day("as_of"));
//!     let confidence = args.confidence();
//!     args.end();
//!     // …
//! }
//! ```

use super::encoding;
use super::errors::{OrRaise, outdated, raise};
use super::fold::Fold;
pub use super::id::Id;
use super::member::{self, Members};
use super::memory::PgHost;
use super::signature::TimeKind;
use super::state::InState;
use super::stored::Stored;
use super::varlena::{self, Borrowed};
use pg_retention_model::calendar::{Period, Periods, Stretch, Takes};
use pg_retention_model::check;
use pg_retention_model::churn::Lapse;
use pg_retention_model::error::Error;
use pg_retention_model::history::MemberKind;
use pg_retention_model::host;
use pgrx::callconv::{Arg, ArgAbi};
use pgrx::datum::Date;
use pgrx::pg_catalog::pg_proc::PgProc;
use pgrx::{Array, FromDatum, pg_sys};
use std::ffi::CStr;

/// An SQL type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SqlType {
    /// One of PostgreSQL's own.
    Of(pg_sys::Oid),
    /// One of this extension's, by its name.
    Ours(&'static str),
}

impl SqlType {
    fn is(self, type_oid: pg_sys::Oid) -> bool {
        match self {
            SqlType::Of(known) => known == type_oid,
            // In whatever schema, and quoted where the session quotes everything, as pg_dump can be asked
            // to. Other types have other names, or no function of ours.
            SqlType::Ours(name) => {
                name_of(type_oid).rsplit('.').next().is_some_and(|of| of.trim_matches('"') == name)
            }
        }
    }

    fn name(self) -> String {
        match self {
            SqlType::Of(known) => name_of(known),
            SqlType::Ours(name) => name.to_string(),
        }
    }
}

/// The name of a type, with its schema where that is needed.
pub fn name_of(type_oid: pg_sys::Oid) -> String {
    // SAFETY: returns a C string for every number.
    unsafe { in_utf8(CStr::from_ptr(pg_sys::format_type_be(type_oid))) }
}

fn in_utf8(name: &CStr) -> String {
    String::from_utf8_lossy(encoding::to_utf8(name.to_bytes())).into_owned()
}

/// The name of a function.
pub fn name_of_function(function: pg_sys::Oid) -> String {
    // SAFETY: returns a C string, or null where there is no such function.
    unsafe {
        let name = pg_sys::get_func_name(function);
        if name.is_null() {
            return String::new();
        }
        in_utf8(CStr::from_ptr(name))
    }
}

/// What can be an argument.
///
/// # Safety
/// `from_datum` must read the values of this SQL type.
pub unsafe trait Argument: FromDatum {
    /// The type that it is declared with.
    const TYPE: SqlType;
}

macro_rules! arguments {
    ($($rust:ty: $oid:ident;)*) => {
        $(
            // SAFETY: pgrx reads this type so.
            unsafe impl Argument for $rust {
                const TYPE: SqlType = SqlType::Of(pg_sys::$oid);
            }
        )*
    };
}

arguments! {
    bool: BOOLOID;
    i32: INT4OID;
    i64: INT8OID;
    f64: FLOAT8OID;
    Date: DATEOID;
    Array<'_, bool>: BOOLARRAYOID;
    Array<'_, i32>: INT4ARRAYOID;
    Array<'_, i64>: INT8ARRAYOID;
}

/// The arguments of the call that is under way.
pub struct Args<'a> {
    fcinfo: pg_sys::FunctionCallInfo,
    values: &'a [pg_sys::NullableDatum],
    next: usize,
    declared: Declared,
}

/// What is known of the declaration.
enum Declared {
    /// It is to be compared with what is asked for.
    As(Box<Declaration>),
    /// It has been.
    Checked(&'static Checked),
}

struct Declaration {
    function: String,
    types: Vec<pg_sys::Oid>,
    names: Vec<Option<String>>,
}

/// What is remembered with a function that was compared: a pointer to one of three constants, so that
/// nothing is allocated.
struct Checked {
    /// The type of `id`, in the overloads that have one.
    id: Option<MemberKind>,
}

static CHECKED: [Checked; 3] = [
    Checked { id: None },
    Checked { id: Some(MemberKind::Int) },
    Checked { id: Some(MemberKind::Uuid) },
];

// SAFETY: reads the call that is under way, whose arguments and function live as long as it lasts.
unsafe impl<'fcx> ArgAbi<'fcx> for Args<'fcx> {
    unsafe fn unbox_arg_unchecked(arg: Arg<'_, 'fcx>) -> Self {
        // SAFETY: PostgreSQL passes as many arguments as it says. Nobody else uses `fn_extra` of the
        // functions that take `Args`.
        unsafe {
            let fcinfo: pg_sys::FunctionCallInfo = arg.unbox_unchecked();
            let count = (*fcinfo).nargs as usize;
            let values = std::slice::from_raw_parts((*fcinfo).args.as_ptr(), count);
            let function = (*fcinfo).flinfo;
            let declared = match (*function).fn_extra.cast::<Checked>().as_ref() {
                Some(checked) => Declared::Checked(checked),
                None => Declared::As(Box::new(Declaration::of((*function).fn_oid))),
            };
            Args { fcinfo, values, next: 0, declared }
        }
    }

    fn is_virtual_arg() -> bool {
        true
    }
}

impl Declaration {
    #[cold]
    fn of(function: pg_sys::Oid) -> Self {
        let Some(proc) = PgProc::new(function) else {
            return Declaration { function: String::new(), types: Vec::new(), names: Vec::new() };
        };
        Declaration {
            function: name_of_function(function),
            types: proc.proargtypes(),
            names: proc.proargnames(),
        }
    }

    /// Compares an argument with what is asked for.
    #[cold]
    fn check(&self, at: usize, name: &str, sql_type: SqlType) {
        let Some(declared) = self.types.get(at).copied() else {
            outdated(format!("function {} is declared without {name}", self.function));
        };
        // Those of aggregates have no names.
        let named = self.names.get(at).and_then(Option::as_deref).filter(|name| !name.is_empty());
        if !sql_type.is(declared) || named.is_some_and(|named| named != name) {
            outdated(format!(
                "argument {} of function {} is declared as {} {}, and the library expects {name} {}",
                at + 1,
                self.function,
                named.unwrap_or(name),
                name_of(declared),
                sql_type.name(),
            ));
        }
    }
}

impl<'a> Args<'a> {
    /// The next argument, which must be declared so.
    #[inline]
    fn take(&mut self, name: &str, sql_type: SqlType) -> Option<pg_sys::Datum> {
        if let Declared::As(declaration) = &self.declared {
            declaration.check(self.next, name, sql_type);
        }
        let argument = self.values.get(self.next);
        self.next += 1;
        argument.filter(|argument| !argument.isnull).map(|argument| argument.value)
    }

    /// The next argument, of the SQL type of `T`.
    #[inline]
    pub fn get<T: Argument>(&mut self, name: &str) -> Option<T> {
        let datum = self.take(name, T::TYPE)?;
        // SAFETY: it is of the type that `T` reads.
        unsafe { T::from_datum(datum, false) }
    }

    /// Has this overload more arguments?
    #[inline]
    pub fn has_more(&self) -> bool {
        self.next < self.values.len()
    }

    /// All arguments are taken: from the next call on they need not be compared any more.
    #[inline]
    pub fn end(&self) {
        if let Declared::As(declaration) = &self.declared {
            self.end_check(declaration);
        }
    }

    #[cold]
    fn end_check(&self, declaration: &Declaration) {
        if self.has_more() {
            outdated(format!(
                "function {} is declared with {} arguments, and the library takes {}",
                declaration.function,
                self.values.len(),
                self.next
            ));
        }
        let id = declaration.id_at(1).and_then(member::kind_of);
        if let Some(checked) = CHECKED.iter().find(|checked| checked.id == id) {
            // SAFETY: the function is that of the call under way, and the place is ours.
            let function = unsafe { &mut *(*self.fcinfo).flinfo };
            function.fn_extra = std::ptr::from_ref(checked).cast_mut().cast();
        }
    }

    /// A summary.
    #[inline]
    pub fn summary<T: Fold>(&mut self, name: &str) -> Option<Stored<'a, T>> {
        let datum = self.take(name, SqlType::Ours(T::TYPE))?;
        // SAFETY: it is of the type of this summary.
        Some(unsafe { Stored::read(datum) })
    }

    /// Whom the rows are to be about: `id`, in the overloads that have it. It comes after the summary.
    #[inline]
    pub fn id(&mut self) -> Id {
        let kind = match &self.declared {
            Declared::As(declaration) => declaration.id_at(self.next).and_then(member::kind_of),
            Declared::Checked(checked) => checked.id,
        };
        let sql_type = match kind {
            Some(MemberKind::Int) => SqlType::Of(pg_sys::INT8OID),
            Some(MemberKind::Uuid) => SqlType::Of(pg_sys::UUIDOID),
            // There is no such overload: it would take dates for members.
            Some(MemberKind::Text) | None => return Id(None),
        };
        let datum = self.take("id", sql_type);
        // SAFETY: it is of the type of this kind, which is copied.
        Id(datum.zip(kind).map(|(datum, kind)| unsafe { member::from_datum(kind, datum) }))
    }

    /// A text.
    #[inline]
    pub fn text(&mut self, name: &str) -> Option<&'a str> {
        let datum = self.take(name, SqlType::Of(pg_sys::TEXTOID))?;
        // SAFETY: text is a varlena.
        let text = encoding::to_utf8(unsafe { varlena::bytes(datum) });
        Some(std::str::from_utf8(text).unwrap_or_else(|_| not_utf8(name)))
    }

    /// A text as PostgreSQL's parser takes it, in the encoding of the database.
    #[inline]
    pub fn c_text(&mut self, name: &str) -> Option<&'a CStr> {
        let datum = self.take(name, SqlType::Of(pg_sys::CSTRINGOID))?;
        // SAFETY: it is a C string.
        Some(unsafe { CStr::from_ptr(datum.cast_mut_ptr()) })
    }

    /// A text, as the bytes that are kept of names.
    #[inline]
    pub fn name(&mut self, name: &str) -> Option<&'a [u8]> {
        let datum = self.take(name, SqlType::Of(pg_sys::TEXTOID))?;
        // SAFETY: text is a varlena.
        Some(encoding::to_utf8(unsafe { varlena::bytes(datum) }))
    }

    /// A list of texts, of which some may be NULL.
    pub fn texts(&mut self, name: &str) -> Option<host::Vec<Option<&'a str>, PgHost>> {
        let datum = self.take(name, SqlType::Of(pg_sys::TEXTARRAYOID))?;
        // SAFETY: it is an array of text.
        let bytes = unsafe { member::texts(datum) };
        let mut texts = host::Vec::with_capacity_in(bytes.len(), PgHost::current());
        texts.extend(bytes.iter().map(|text| {
            text.map(|text| std::str::from_utf8(text).unwrap_or_else(|_| not_utf8(name)))
        }));
        Some(texts)
    }

    /// The bytes of a value of a type of ours.
    #[inline]
    pub fn bytes(&mut self, name: &str, type_name: &'static str) -> Option<Borrowed<'a>> {
        let datum = self.take(name, SqlType::Ours(type_name))?;
        // SAFETY: such types are varlenas.
        unsafe { Borrowed::from_datum(datum, false) }
    }

    /// The state of an aggregate whose transition type is `internal`, the first argument; a new one
    /// for the first row.
    #[inline]
    pub fn state<T>(&mut self, make: impl FnOnce(PgHost) -> T) -> InState<T> {
        let datum = self.take("state", SqlType::Of(pg_sys::INTERNALOID));
        // SAFETY: SQL has no values of this type, and only this aggregate calls the function.
        let state = datum.and_then(|datum| unsafe { InState::of(datum) });
        InState::or_new(state, self.fcinfo, make)
    }

    /// The members in an array, and their type.
    pub fn members(&mut self, name: &str) -> Option<Members> {
        let kinds = [
            (MemberKind::Int, pg_sys::INT8ARRAYOID),
            (MemberKind::Uuid, pg_sys::UUIDARRAYOID),
            (MemberKind::Text, pg_sys::TEXTARRAYOID),
        ];
        // SAFETY: the function is that of the call under way.
        let declared = Declaration::of(unsafe { (*(*self.fcinfo).flinfo).fn_oid });
        let declared = declared.types.get(self.next).copied();
        let known = kinds.iter().find(|(_, oid)| declared == Some(*oid)).unwrap_or(&kinds[0]);
        let datum = self.take(name, SqlType::Of(known.1))?;
        // SAFETY: it is of this type.
        Some(unsafe { Members::new(known.0, datum) })
    }

    /// A time, in microseconds since 2000.
    #[inline]
    pub fn time(&mut self, name: &str, kind: TimeKind) -> Option<i64> {
        let sql_type = match kind {
            TimeKind::Instant => pg_sys::TIMESTAMPTZOID,
            TimeKind::Local => pg_sys::TIMESTAMPOID,
            TimeKind::Date => pg_sys::DATEOID,
        };
        let datum = self.take(name, SqlType::Of(sql_type))?;
        Some(kind.micros(datum).or_raise())
    }

    /// A list of numbers, some of which may be null.
    pub fn floats(&mut self, name: &str) -> Option<Array<'a, f64>> {
        let datum = self.take(name, SqlType::Of(pg_sys::FLOAT8ARRAYOID))?;
        // SAFETY: it is an array of these.
        unsafe { Array::from_datum(datum, false) }
    }

    /// A list of whole numbers.
    pub fn integers(&mut self, name: &str) -> Option<Array<'a, i32>> {
        let datum = self.take(name, SqlType::Of(pg_sys::INT4ARRAYOID))?;
        // SAFETY: it is an array. Detoasted, it begins with its number of dimensions.
        let is_list = unsafe {
            let array: *const pg_sys::ArrayType =
                pg_sys::pg_detoast_datum(datum.cast_mut_ptr()).cast();
            (*array).ndim <= 1
        };
        if !is_list {
            raise(&Error::BadArgument {
                message: format!("{name} is an array of arrays"),
                hint: "Take one list of numbers, such as {1,3,7,14}.",
            });
        }
        // SAFETY: it is an array of these.
        unsafe { Array::from_datum(datum, false) }
    }

    /// Was the argument that was taken last left out, or is it otherwise no value that the query has
    /// computed?
    pub fn is_fixed(&self) -> bool {
        let Ok(at) = i32::try_from(self.next - 1) else { return false };
        // SAFETY: the function is that of the call under way.
        unsafe { pg_sys::get_fn_expr_arg_stable((*self.fcinfo).flinfo, at) }
    }

    /// A whole number.
    #[inline]
    pub fn integer(&mut self, name: &str) -> Option<i32> {
        self.get(name)
    }

    /// A number.
    #[inline]
    pub fn number(&mut self, name: &str) -> Option<f64> {
        self.get(name)
    }

    /// Yes or no: no by default.
    #[inline]
    pub fn flag(&mut self, name: &str) -> bool {
        self.get(name).unwrap_or(false)
    }

    /// A day; none by default.
    pub fn day(&mut self, name: &str) -> Option<i64> {
        let date: Date = self.get(name)?;
        if date.is_infinity() || date.is_neg_infinity() {
            raise(&Error::BadArgument {
                message: format!("{name} is infinite"),
                hint: "Take a date, or NULL for the default.",
            });
        }
        Some(i64::from(date.to_pg_epoch_days()))
    }

    /// The period: 'month' by default.
    pub fn period(&mut self, periods: Periods) -> Period {
        self.text("period").map_or(Period::MONTH, |text| Period::parse(text, periods).or_raise())
    }

    /// A stretch of time; none by default.
    pub fn stretch(&mut self, takes: Takes) -> Option<Stretch> {
        self.text(takes.what).map(|text| Stretch::parse(text, takes).or_raise())
    }

    /// The silence after which a member is out, in periods or in time: one period by default.
    pub fn lapse(&mut self) -> Lapse {
        let (gap, silence) = (self.integer("gap"), self.text("silence"));
        Lapse::new(gap, silence).or_raise()
    }

    /// A share between 0 and 1.
    pub fn share(&mut self, name: &str) -> Option<f64> {
        self.number(name).map(|value| check::share(name, value).or_raise())
    }

    /// A rate a year of less than 1.
    pub fn rate_per_year(&mut self, name: &str) -> Option<f64> {
        self.number(name).map(|value| check::rate_per_year(name, value).or_raise())
    }

    /// The confidence of intervals: 0.95 by default.
    pub fn confidence(&mut self) -> f64 {
        self.number("confidence").map_or(0.95, |value| check::confidence(value).or_raise())
    }
}

impl Declaration {
    /// The type of an argument that is called `id`.
    fn id_at(&self, at: usize) -> Option<pg_sys::Oid> {
        let is_id = self.names.get(at).is_some_and(|name| name.as_deref() == Some("id"));
        self.types.get(at).copied().filter(|_| is_id)
    }
}

#[cold]
fn not_utf8(name: &str) -> ! {
    raise(&Error::BadArgument {
        message: format!("{name} is not text in the encoding of the database"),
        hint: "Take words that it knows.",
    })
}

/// An argument without a default.
pub fn given<T>(what: &str, value: Option<T>, hint: &'static str) -> Result<T, Error> {
    value.ok_or_else(|| Error::BadArgument { message: format!("{what} is not given"), hint })
}
