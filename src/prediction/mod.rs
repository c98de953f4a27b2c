//! Who will leave, and why? The readers of this group, by family.

mod attributes;
mod churn_risk;
mod overdue;
mod rules;
