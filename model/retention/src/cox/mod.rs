//! Cox regression: what makes members leave earlier or later.
//!
//! | room | what it holds |
//! | --- | --- |
//! | `row` | a row: times, and values of covariates |
//! | `members` | members with their covariates, gathered row by row |
//! | `columns` | covariates with names, and the categories among them |
//! | `terms` | the same as a model has them |
//! | `design` | the same in the order of time, standardised |
//! | `likelihood`, `efron` | the partial likelihood, its slope and its curvature |
//! | `fit`, `fault` | Newton's method, and why it may fail |
//! | `concordance` | how well a model orders the members |
//! | `model` | the fitted model, and what is read from it |
//! | `stored`, `bytes` | its bytes, and what is read from them directly |
//! | `json`, `json_names`, `json_fields` | its text form |
//!
//! ```
//! use model_retention::cox::Members;
//! use model_ground::host::Global;
//!
//! // E. A. Gehan's remission times, 1965: 6-mercaptopurine (0) or placebo (1).
//! let mut members = Members::new(Global);
//! for (weeks, relapsed) in [(6, 1), (6, 1), (6, 1), (6, 0), (7, 1), (9, 0), (10, 1), (10, 0)]
//!     .into_iter()
//!     .chain([(11, 0), (13, 1), (16, 1), (17, 0), (19, 0), (20, 0), (22, 1), (23, 1)])
//!     .chain([(25, 0), (32, 0), (32, 0), (34, 0), (35, 0)])
//! {
//!     members.push(f64::from(weeks), relapsed == 1, &[0.0], None)?;
//! }
//! for weeks in [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23] {
//!     members.push(f64::from(weeks), true, &[1.0], None)?;
//! }
//! let model = members.fit(Global)?;
//! let placebo = model.coefficients(0.95)?.next().expect("a covariate");
//! // Published with Efron's ties: 1.5721.
//! assert!((placebo.coefficient - 1.5721).abs() < 1e-4);
//! # Ok::<(), model_ground::error::Error>(())
//! ```

mod bytes;
mod columns;
mod concordance;
mod design;
mod efron;
mod fault;
mod fit;
mod json;
mod json_fields;
mod json_names;
mod likelihood;
mod members;
mod model;
mod row;
mod stored;
mod terms;
#[cfg(test)]
mod tests;

pub use members::Members;
pub use model::{Coefficient, Model, Test};
pub use row::{Covariates, CoxObservation, Value};
pub use stored::{Prediction, Stored};
pub use terms::Label;
