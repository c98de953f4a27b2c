//! Fitting models to customers, and the fitted model as the JSON that users see.

pub mod aggregate;
pub mod covariates;
pub mod fit;
pub mod model;
pub mod spend;
pub mod survivors;
pub mod tenure;
