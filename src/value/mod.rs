//! Who matters, what will they be worth? The readers of this group, by family.

mod clv;
mod revenue_split;
mod rfm;
mod tiers;
// The family `value` of the group `value`.
#[allow(clippy::module_inception)]
mod value;

pub use clv::FittedModel as ClvModel;
