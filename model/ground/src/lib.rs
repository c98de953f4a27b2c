//! The ground that everything else stands on, and that stands on nothing: memory and interrupts of the
//! program around the model, errors, the calendar, amounts, documents.
#![forbid(unsafe_code)]

pub mod amount;
pub mod budget;
pub mod calendar;
pub mod check;
pub mod error;
pub mod host;
pub mod json;
pub mod language;
pub mod state;
