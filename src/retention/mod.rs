//! Who comes back, who leaves? The readers of this group, by family.

mod churn;
mod cohorts;
mod compare_churn;
mod compare_retention;
mod cox;
mod engagement;
mod funnel;
mod logrank;
mod memberships;
mod paths;
mod repurchase;
mod survival;
mod tenures;
mod window_funnel;
