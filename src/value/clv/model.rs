//! The type `retention.clv_model`: a fitted model, as JSON.

use crate::pg::errors::{OrRaise, raise_as};
use crate::pg::varlena::{CText, Varlena, bytes};
use pg_retention_model::clv::model::{self, Model};
use pg_retention_model::error::Error;
use pgrx::callconv::{Arg, ArgAbi};
use pgrx::prelude::*;
use pgrx::{FromDatum, PgSqlErrorCode, pg_sys};
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

impl FromDatum for FittedModel {
    unsafe fn from_polymorphic_datum(
        datum: pg_sys::Datum,
        is_null: bool,
        _: pg_sys::Oid,
    ) -> Option<Self> {
        if is_null {
            return None;
        }
        // SAFETY: the caller vouches for the type, whose values are UTF-8 or that of the database.
        let text = String::from_utf8_lossy(unsafe { bytes(datum) });
        let seen = LAST.with_borrow(|last| match last {
            Some((seen, model)) if *seen == *text => Some(model.clone()),
            _ => None,
        });
        Some(seen.unwrap_or_else(|| {
            let model = FittedModel(Rc::new(model::parse(&text).or_raise()));
            LAST.set(Some((text.into_owned(), model.clone())));
            model
        }))
    }
}

// SAFETY: reads the datum as what the SQL declaration says it is.
unsafe impl<'fcx> ArgAbi<'fcx> for FittedModel {
    unsafe fn unbox_arg_unchecked(arg: Arg<'_, 'fcx>) -> Self {
        // SAFETY: the declaration says `retention.clv_model`. A null is an Option's affair.
        match unsafe { arg.unbox_arg_using_from_datum() } {
            Some(model) => model,
            None => unreachable!("a null where Option is not expected"),
        }
    }
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
    as_input_error(canonical(&text.to_string_lossy()))
}

/// Writes the text form.
#[pg_extern]
fn clv_model_out(bytes: &[u8]) -> CText {
    let mut text = CText::with_len(bytes.len());
    text.bytes().copy_from_slice(bytes);
    text
}

/// Reads the binary form, which is the text.
#[pg_extern]
fn clv_model_recv(fcinfo: pg_sys::FunctionCallInfo) -> Varlena {
    // SAFETY: PostgreSQL calls receive functions with a StringInfo whose unread part is the value;
    // having read it all is told by the cursor.
    let bytes = unsafe {
        let message: pg_sys::StringInfo = (*fcinfo).args.as_slice(1)[0].value.cast_mut_ptr();
        let (len, cursor) = ((*message).len as usize, (*message).cursor as usize);
        (*message).cursor = (*message).len;
        std::slice::from_raw_parts((*message).data.cast::<u8>().add(cursor), len - cursor)
    };
    as_input_error(canonical(&String::from_utf8_lossy(bytes)))
}

/// Writes the binary form.
#[pg_extern]
fn clv_model_send(bytes: &[u8]) -> Varlena {
    Varlena::copy_of(bytes)
}
