//! How long members stay: survival curves, their medians and means, and how they compare.
//!
//! | room | what it holds |
//! | --- | --- |
//! | `data`, `codec` | the summary: how many members had which duration, outcome and entry; its bytes |
//! | `tally` | a multiset that grows with its distinct keys |
//! | `risk_table` | who is at risk, who leaves, who is lost from sight, time by time |
//! | `curve` | Kaplan–Meier, Nelson–Aalen, intervals |
//! | `incidence` | competing risks: who leaves for which cause |
//! | `hazard` | the rate of leaving, by stretches of tenure |
//! | `summary` | median and restricted mean |
//! | `groups` | the summary of several groups, in strata; its bytes |
//! | `logrank` | do groups leave alike? |
//! | `lapse` | the first lapse of the members of a history, and their return |

mod codec;
mod curve;
mod data;
mod groups;
mod hazard;
mod incidence;
mod lapse;
mod logrank;
pub mod memberships;
mod risk_table;
mod summary;
mod tally;

pub use codec::malformed_data;
pub use curve::{Intervals, Scale, SurvivalStep};
pub(crate) use data::{Leaving, Time, add_members, entry_time};
pub use data::{Observation, Observations};
pub use groups::{Groups, malformed_groups};
pub use hazard::HazardInterval;
pub use incidence::{IncidenceStep, Incidences};
pub use lapse::{
    LapseQuestion, Return, Tenure, first_lapses, returns, returns_of_members, tenures,
};
pub use logrank::{Comparison, Group, TestResult};
pub use risk_table::{Exit, RiskTable};
pub use summary::{Estimated, SurvivalSummary};
