//! A model of which one can ask something: which one it is, and its numbers.

use crate::clv::covariates;
use crate::clv::family::{Family, Kind, Visitor};
use crate::clv::spend;
use crate::clv::summary::TimeUnit;
use crate::error::Error;
use std::borrow::Cow;

/// A model of which one can ask something.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// Which one, with its k.
    pub kind: Kind,
    /// The parameters, in the order of the family.
    pub parameters: Vec<f64>,
    /// The coefficients of covariates, those of the first effect first.
    pub coefficients: Vec<f64>,
    /// The covariance of the parameters' logarithms and of the coefficients, if it is known.
    pub covariance: Option<Vec<Vec<f64>>>,
    /// The unit of time.
    pub unit: TimeUnit,
    /// The model of spend, if there is one: p, q, gamma.
    pub spend: Option<Spend>,
}

/// The model of spend.
#[derive(Debug, Clone, PartialEq)]
pub struct Spend {
    /// p, q, gamma.
    pub parameters: [f64; 3],
    /// The covariance of their logarithms, if it is known.
    pub covariance: Option<Vec<Vec<f64>>>,
}

impl Model {
    /// The model of customers with these covariates: it has none itself.
    pub fn of_customer(&self, z: Option<&[f64]>) -> Result<Cow<'_, Model>, Error> {
        let z = z.unwrap_or(&[]);
        covariates::check(z)?;
        let width = self.coefficients.len() / self.kind.effects().len().max(1);
        if z.len() != width {
            return Err(Error::bad(
                format!("the model has {width} covariates, and there are {}", z.len()),
                "clv_score, p_alive, expected_purchases, purchases_distribution and clv_value take \
                 covariates: those of one customer, as many as in the fit and in their order.",
            ));
        }
        if width == 0 {
            return Ok(Cow::Borrowed(self));
        }
        let of_all = (self.kind, self.parameters.as_slice(), self.coefficients.as_slice());
        let (parameters, covariance) =
            covariates::of_customer(of_all, self.covariance.as_deref(), z);
        let (unit, spend) = (self.unit, self.spend.clone());
        let coefficients = Vec::new();
        Ok(Cow::Owned(Model { kind: self.kind, parameters, coefficients, covariance, unit, spend }))
    }
}

/// The names of a model's parameters and of so many coefficients, in their order.
pub(in crate::clv) fn names(kind: Kind, coefficients: usize) -> Vec<String> {
    struct Names;
    impl Visitor for Names {
        type Output = Vec<&'static str>;
        fn visit<const N: usize, F: Family<N> + 'static>(self, _: F) -> Self::Output {
            F::NAMES.to_vec()
        }
    }
    let effects = kind.effects().len();
    let width = coefficients.checked_div(effects).unwrap_or(0);
    let of_covariates =
        (1..=effects).flat_map(|e| (1..=width).map(move |j| covariates::name(e, j)));
    kind.visit(Names).into_iter().map(str::to_string).chain(of_covariates).collect()
}

/// The same of the model of spend.
pub(super) fn names_of_spend() -> Vec<String> {
    spend::NAMES.map(str::to_string).to_vec()
}
