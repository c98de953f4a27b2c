//! Special functions, optimisation and intervals: only what no well-kept crate offers.

mod cholesky;
mod difference;
pub mod gamma;
pub mod newton;
pub mod normal;
mod poisson;
pub mod quadrature;
mod random;
pub mod real;
mod wilson;

pub use cholesky::{Symmetric, cholesky};
pub use difference::{Difference, effective_trials};
pub use gamma::{ln_gamma, ln_rising};
pub use poisson::Poisson;
pub use random::SplitMix64;
pub use real::{Dual, Jet, Real, Taylor};
pub use wilson::{Share, Wilson};
