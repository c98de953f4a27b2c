//! Special functions, optimisation and intervals: only what no well-kept crate offers.

mod adjust;
mod beta;
mod cholesky;
mod difference;
mod estimate;
pub mod gamma;
pub mod newton;
pub mod normal;
mod poisson;
pub mod quadrature;
mod random;
mod ratio;
pub mod real;
mod wilson;

pub use adjust::{benjamini_hochberg, holm};
pub use beta::BetaOdds;
pub use cholesky::{Symmetric, cholesky};
pub use difference::{Difference, effective_trials};
pub use estimate::Estimate;
pub use gamma::{digamma, ln_gamma, ln_rising};
pub use poisson::Poisson;
pub use random::SplitMix64;
pub use ratio::ratio;
pub use real::{Dual, Jet, Real, Taylor};
pub use wilson::Wilson;

/// √(x² + y²), and the inverse of sinh, which Rust makes by it. That of the C library would be all that needs glibc 2.35.
pub use libm::{asinh, hypot};
