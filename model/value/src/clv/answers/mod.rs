//! What a fitted model says.

pub mod backtest;
pub mod diagnostics;
pub(in crate::clv) mod question;
pub mod scalar;
pub mod score;
#[cfg(test)]
mod simulation;
