//! Errors of the model as errors of SQL: the only place that knows SQLSTATEs.

use super::encoding::words;
use pg_retention_model::error::{Error, without_middle};
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::{PgLogLevel, PgSqlErrorCode};

/// The SQLSTATE of an error.
fn code(error: &Error) -> PgSqlErrorCode {
    use PgSqlErrorCode::*;
    match error {
        Error::UnknownName { .. }
        | Error::BadArgument { .. }
        | Error::Miswritten { .. }
        | Error::Mismatch { .. } => ERRCODE_INVALID_PARAMETER_VALUE,
        Error::BadJson { .. } => ERRCODE_INVALID_TEXT_REPRESENTATION,
        Error::MemberType { .. } => ERRCODE_DATATYPE_MISMATCH,
        Error::AmountOutOfRange { .. } | Error::OutOfRange { .. } => {
            ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE
        }
        Error::TimeOutOfRange { .. } => ERRCODE_DATETIME_FIELD_OVERFLOW,
        Error::Malformed(_) | Error::MalformedValue { .. } | Error::NotAValue { .. } => {
            ERRCODE_INVALID_BINARY_REPRESENTATION
        }
        Error::BadModel(_) => ERRCODE_INVALID_TEXT_REPRESENTATION,
        Error::NotConverged { .. } => ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
        Error::TooLarge { .. } => ERRCODE_PROGRAM_LIMIT_EXCEEDED,
    }
}

/// Letters of the begin and of the end of a message.
const MOST_LETTERS: usize = 1000;

/// Raises an ERROR.
pub fn raise(error: &Error) -> ! {
    raise_as(code(error), error)
}

/// Raises an ERROR with another SQLSTATE than its own.
#[cold]
pub fn raise_as(code: PgSqlErrorCode, error: &Error) -> ! {
    // Whatever is quoted in it: an error is sent and logged.
    let said = |text: String| words(without_middle(&text, MOST_LETTERS));
    let report = ErrorReport::new(code, said(error.to_string()), "pg_retention");
    let report = match error.hint() {
        Some(hint) => report.set_hint(said(hint)),
        None => report,
    };
    report.report(PgLogLevel::ERROR);
    unreachable!("an ERROR does not return")
}

/// Raises the ERROR of a library and a declaration that do not go together.
#[cold]
pub fn outdated(message: String) -> ! {
    let code = PgSqlErrorCode::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE;
    let hint = "The installed files of pg_retention are of another version than the extension in this \
                database: run ALTER EXTENSION pg_retention UPDATE.";
    let report = ErrorReport::new(code, words(message), "pg_retention").set_hint(hint);
    report.report(PgLogLevel::ERROR);
    unreachable!("an ERROR does not return")
}

/// Says something in a NOTICE, and what to do.
pub fn tell(message: &'static str, hint: &'static str) {
    let code = PgSqlErrorCode::ERRCODE_SUCCESSFUL_COMPLETION;
    ErrorReport::new(code, message, "pg_retention").set_hint(hint).report(PgLogLevel::NOTICE);
}

/// What a result holds, or an ERROR.
pub trait OrRaise<T> {
    /// Unwraps, or raises the error.
    fn or_raise(self) -> T;
}

impl<T> OrRaise<T> for Result<T, Error> {
    #[inline]
    fn or_raise(self) -> T {
        match self {
            Ok(value) => value,
            Err(error) => raise(&error),
        }
    }
}
