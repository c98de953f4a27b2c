//! The type `retention.clv_model`: a fitted model, as JSON.

use crate::pg::arguments::Args;
use crate::pg::encoding;
use crate::pg::errors::{OrRaise, raise_as};
use crate::pg::literal::Message;
use crate::pg::varlena::{CText, Varlena};
use pg_retention_model::clv::model::{self, Model};
use pg_retention_model::error::Error;
use pgrx::PgSqlErrorCode;
use pgrx::prelude::*;
use std::cell::RefCell;
use std::ffi::CStr;
use std::rc::Rc;

/// A model as an argument, read. One that did not converge is an ERROR.
#[derive(Clone)]
pub struct FittedModel(Rc<Model>);

impl std::ops::Deref for FittedModel {
    type Target = Model;

    fn deref(&self) -> &Model {
        &self.0
    }
}

/// The text of a model, and the model.
type LastRead = Option<(String, FittedModel)>;

// The model that was read last: functions are called with the same one row after row.
thread_local!(static LAST: RefCell<LastRead> = const { RefCell::new(None) });

impl FittedModel {
    /// The argument `fitted`.
    pub fn take(args: &mut Args<'_>) -> Option<Self> {
        Self::named(args, "fitted")
    }

    /// The argument of this name.
    pub fn named(args: &mut Args<'_>, name: &str) -> Option<Self> {
        let bytes = args.bytes(name, "clv_model")?;
        let text = in_utf8(&bytes).or_raise();
        let seen = LAST.with_borrow(|last| match last {
            Some((seen, model)) if seen == text => Some(model.clone()),
            _ => None,
        });
        Some(seen.unwrap_or_else(|| {
            let model = FittedModel(Rc::new(model::parse(text).or_raise()));
            LAST.set(Some((text.to_string(), model.clone())));
            model
        }))
    }
}

/// Values are kept in UTF-8, whatever the encoding of the database.
pub fn in_utf8(bytes: &[u8]) -> Result<&str, Error> {
    std::str::from_utf8(bytes).map_err(|_| Error::BadModel("its text is not UTF-8".to_string()))
}

fn canonical(text: &str) -> Result<Varlena, Error> {
    Ok(Varlena::copy_of(model::canonical(text)?.as_bytes()))
}

fn as_input_error<T>(result: Result<T, Error>) -> T {
    result.unwrap_or_else(|error| {
        raise_as(PgSqlErrorCode::ERRCODE_INVALID_TEXT_REPRESENTATION, &error)
    })
}

/// Reads the text form, which is JSON.
#[pg_extern]
fn clv_model_in(text: &CStr) -> Varlena {
    as_input_error(in_utf8(encoding::to_utf8(text.to_bytes())).and_then(canonical))
}

/// Writes the text form.
#[pg_extern]
fn clv_model_out(bytes: &[u8]) -> CText {
    CText::copy_of(encoding::from_utf8(bytes))
}

/// Reads the binary form, which is the text.
#[pg_extern]
fn clv_model_recv(message: Message<'_>) -> Varlena {
    as_input_error(in_utf8(message.bytes()).and_then(canonical))
}

/// Writes the binary form.
#[pg_extern]
fn clv_model_send(bytes: &[u8]) -> Varlena {
    Varlena::copy_of(bytes)
}
