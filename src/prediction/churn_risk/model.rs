//! The type `retention.churn_model`: a fitted model, as JSON.

use crate::pg::arguments::Args;
use crate::pg::encoding;
use crate::pg::errors::{OrRaise, raise_as};
use crate::pg::literal::Message;
use crate::pg::varlena::{CText, Varlena};
use pg_retention_model::churn_risk::ChurnModel;
use pg_retention_model::error::Error;
use pgrx::PgSqlErrorCode;
use pgrx::prelude::*;
use std::cell::RefCell;
use std::ffi::CStr;
use std::rc::Rc;

/// A model as an argument, read.
#[derive(Clone)]
pub struct FittedModel(Rc<ChurnModel>);

impl std::ops::Deref for FittedModel {
    type Target = ChurnModel;

    fn deref(&self) -> &ChurnModel {
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
        let bytes = args.bytes("fitted", "churn_model")?;
        let seen = LAST.with_borrow(|last| match last {
            Some((seen, model)) if seen.as_bytes() == &*bytes => Some(model.clone()),
            _ => None,
        });
        Some(seen.unwrap_or_else(|| {
            let text = in_utf8(&bytes).or_raise();
            let model = FittedModel(Rc::new(ChurnModel::parse(text).or_raise()));
            LAST.set(Some((text.to_string(), model.clone())));
            model
        }))
    }
}

/// A model to return.
pub fn flat(model: &ChurnModel) -> Varlena {
    Varlena::copy_of(model.text().as_bytes())
}

/// Values are kept in UTF-8, whatever the encoding of the database.
fn in_utf8(bytes: &[u8]) -> Result<&str, Error> {
    std::str::from_utf8(bytes).map_err(|_| {
        Error::bad(
            "malformed churn_model: its text is not UTF-8",
            "Fit it again: SELECT retention.churn_fit(h, '90 days') …",
        )
    })
}

fn read(bytes: &[u8]) -> Varlena {
    match in_utf8(bytes).and_then(ChurnModel::parse) {
        Ok(model) => flat(&model),
        Err(error) => raise_as(PgSqlErrorCode::ERRCODE_INVALID_TEXT_REPRESENTATION, &error),
    }
}

/// Reads the text form, which is JSON.
#[pg_extern]
fn churn_model_in(text: &CStr) -> Varlena {
    read(encoding::to_utf8(text.to_bytes()))
}

/// Writes the text form.
#[pg_extern]
fn churn_model_out(bytes: &[u8]) -> CText {
    CText::copy_of(encoding::from_utf8(bytes))
}

/// Reads the binary form, which is the text.
#[pg_extern]
fn churn_model_recv(message: Message<'_>) -> Varlena {
    read(message.bytes())
}

/// The same bytes as a bytea.
#[pg_extern]
fn churn_model_from_bytea(bytes: &[u8]) -> Varlena {
    read(bytes)
}
