//! Single numbers of a fitted model: for tables of customers that are summarised already.

use super::{FittedModel, customer, days, numbers};
use crate::pg::errors::OrRaise;
use crate::pg::floats::Floats;
use pg_retention_model::clv::Customer;
use pg_retention_model::clv::model::Model;
use pg_retention_model::clv::scalar;
use pg_retention_model::clv::score::Question;
use pgrx::datum::Interval;
use pgrx::prelude::*;
use std::borrow::Cow;

/// The model of customers with these covariates.
fn of_customer<'m>(fitted: &'m FittedModel, covariates: Option<Floats<'_>>) -> Cow<'m, Model> {
    fitted.of_customer(Some(numbers(covariates))).or_raise()
}

#[pg_extern]
fn p_alive(
    fitted: Option<FittedModel>,
    x: Option<f64>,
    t_x: Option<f64>,
    age: Option<f64>,
    ahead: Option<Interval>,
    covariates: Option<Floats<'_>>,
) -> Option<f64> {
    let (fitted, c) = (fitted?, customer(x, t_x, age)?);
    let fitted = of_customer(&fitted, covariates);
    Some(scalar::p_alive(&fitted, c, ahead.map_or(0.0, days)).or_raise())
}

#[pg_extern]
fn expected_purchases(
    fitted: Option<FittedModel>,
    x: Option<f64>,
    t_x: Option<f64>,
    age: Option<f64>,
    horizon: Option<Interval>,
    covariates: Option<Floats<'_>>,
) -> Option<f64> {
    let (fitted, c) = (fitted?, customer(x, t_x, age)?);
    let fitted = of_customer(&fitted, covariates);
    Some(scalar::expected_purchases(&fitted, c, days(horizon?)).or_raise())
}

/// Of a new member.
#[pg_extern]
fn expected_purchases_new(
    fitted: Option<FittedModel>,
    horizon: Option<Interval>,
    covariates: Option<Floats<'_>>,
) -> Option<f64> {
    let (fitted, c) = (fitted?, Customer::NEW);
    let fitted = of_customer(&fitted, covariates);
    Some(scalar::expected_purchases(&fitted, c, days(horizon?)).or_raise())
}

#[pg_extern]
#[allow(clippy::too_many_arguments)] // those of the SQL declaration
fn purchases_distribution(
    fitted: Option<FittedModel>,
    x: Option<f64>,
    t_x: Option<f64>,
    age: Option<f64>,
    horizon: Option<Interval>,
    n: Option<i64>,
    covariates: Option<Floats<'_>>,
) -> Option<f64> {
    let (fitted, c) = (fitted?, customer(x, t_x, age)?);
    let fitted = of_customer(&fitted, covariates);
    Some(scalar::purchases_distribution(&fitted, c, days(horizon?), n?).or_raise())
}

/// Of a new member.
#[pg_extern]
fn purchases_distribution_new(
    fitted: Option<FittedModel>,
    horizon: Option<Interval>,
    n: Option<i64>,
    covariates: Option<Floats<'_>>,
) -> Option<f64> {
    let (fitted, c) = (fitted?, Customer::NEW);
    let fitted = of_customer(&fitted, covariates);
    Some(scalar::purchases_distribution(&fitted, c, days(horizon?), n?).or_raise())
}

#[pg_extern]
fn expected_spend(fitted: Option<FittedModel>, x: Option<f64>, spend: Option<f64>) -> Option<f64> {
    scalar::mean_spend(&*fitted?, x?, spend).or_raise()
}

#[pg_extern]
#[allow(clippy::too_many_arguments)] // those of the SQL declaration
fn clv_value(
    fitted: Option<FittedModel>,
    x: Option<f64>,
    t_x: Option<f64>,
    age: Option<f64>,
    spend: Option<f64>,
    horizon: Option<Interval>,
    discount: Option<f64>,
    margin: Option<f64>,
    covariates: Option<Floats<'_>>,
) -> Option<f64> {
    let (fitted, c) = (fitted?, customer(x, t_x, age)?);
    let fitted = of_customer(&fitted, covariates);
    let question = Question {
        horizon: horizon.map(days),
        discount: discount.unwrap_or(0.0),
        margin: margin.unwrap_or(1.0),
        confidence: None,
    };
    scalar::value(&fitted, c, spend, &question).or_raise()
}
