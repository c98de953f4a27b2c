//! Special functions, optimisation and intervals: only what no well-kept crate offers.

pub(crate) mod gamma;
pub(crate) mod newton;
pub(crate) mod quadrature;
pub(crate) mod real;
mod wilson;

pub use gamma::{ln_gamma, ln_rising};
pub use real::{Dual, Jet, Real, Taylor};
pub use wilson::Wilson;
