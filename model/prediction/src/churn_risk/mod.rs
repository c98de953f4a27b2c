//! Who will leave within a horizon: learned from a history, or from memberships, replayed as of past days.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `anchors` | the past days, and what is asked |
//! | `replay` | what is asked of a summary: its members as of past days |
//! | `features` | what is known of a member of a history on a day |
//! | `stays` | the same of memberships |
//! | `dataset` | every member at every anchor, and whether it left |
//! | `bins`, `table` | those rows, a byte for each number |
//! | `logit`, `boost` | the two models |
//! | `fit` | which rows fit, which choose, which test |
//! | `quality` | how good predictions were |
//! | `learn` | from a history to a model |
//! | `tables` | from a table with labels to one |
//! | `model` | a model as JSON |
//! | `score` | the members that a model is asked about |
//! | `explain`, `reason`, `reasons`, `words` | why, as numbers and in words |
//! | `deviance` | how much some columns explain, for drivers |
//! | `answers` | what a model says of itself |

mod anchors;
mod answers;
mod bins;
mod boost;
mod dataset;
pub(crate) mod deviance;
mod explain;
mod features;
mod fit;
mod learn;
mod logit;
mod model;
mod quality;
mod reason;
mod reasons;
mod replay;
mod score;
mod stays;
mod table;
mod tables;
#[cfg(test)]
mod tests;
mod words;

pub use anchors::{Anchor, MOST_ANCHORS, Plan, Population};
pub use answers::{
    Action, CalibrationBin, Importance, LiftStep, Measure, calibration, importance, lift, measures,
};
pub use dataset::{Replay, dataset};
pub use explain::Explainer;
pub use features::{FEATURES, Features, MILLIONTHS, NAMES, Purchases};
pub use fit::Method;
pub(crate) use learn::MOST_CODES;
pub use learn::{fit_summary, records};
pub use model::ChurnModel;
pub use reason::Reason;
pub use reasons::{Language, Reasons, Told};
pub use replay::{Example, Past, Replayed, Summary};
pub use score::{amount_if_it_buys, features, horizon_days, members};
pub use stays::{Stays, TIMES};
pub use tables::{features_of, fit_table};
