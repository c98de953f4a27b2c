//! Funnels: of those who begin, how many go on to each step, within how long, and who is lost where.
//!
//! A member enters with an event of the first step, and what it does after that, up to the end of the
//! window, is looked at. Both ends of the window are in it, what happens at one instant counts in the order
//! of the steps, and one event never serves two steps. Only members whose window has ended are *eligible*:
//! rates are theirs.
//!
//! | file | what |
//! | --- | --- |
//! | `question.rs` | what is asked, as people write it |
//! | `steps.rs` | the steps as names of events of some journeys |
//! | `chain.rs`, `strict.rs`, `any.rs` | how far a member comes from one start, by mode |
//! | `entries.rs` | the starts of a member, and the best of its chains |
//! | `table.rs`, `times.rs` | the rows: counts and rates; quantiles of the time from step to step |

mod any;
mod chain;
mod entries;
mod question;
mod steps;
mod strict;
mod table;
#[cfg(test)]
mod tests;
mod times;

pub use entries::{Entered, entered, period_of};
pub use question::{Entry, FunnelQuestion, Mode, StepsAsked};
pub use steps::{MAX_STEPS, Steps};
pub use table::{FunnelRow, FunnelTable, funnel};
