//! The models: likelihoods and expectations, by family.

pub mod bg_bb;
pub mod bg_cnbd;
pub(in crate::clv) mod bg_many;
pub mod contract;
pub(in crate::clv) mod counts;
pub mod family;
pub(in crate::clv) mod future;
pub mod lifetime;
pub(in crate::clv) mod purchases;
pub mod spend;
