//! What a fitted model says.

pub mod backtest;
pub mod diagnostics;
pub mod scalar;
pub mod score;
#[cfg(test)]
mod simulation;
