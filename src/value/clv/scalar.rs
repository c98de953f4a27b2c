//! Single numbers of a fitted model: for tables of customers that are summarised already.

use super::{FittedModel, customer, days, numbers};
use crate::pg::arguments::Args;
use crate::pg::errors::OrRaise;
use crate::pg::floats::Floats;
use pg_retention_model::clv::Customer;
use pg_retention_model::clv::ScoreQuestion;
use pg_retention_model::clv::model::Model;
use pg_retention_model::clv::scalar;
use pgrx::prelude::*;
use std::borrow::Cow;

/// The last argument: the model of customers with these covariates.
fn of_customer<'m>(fitted: &'m FittedModel, covariates: Option<Floats<'_>>) -> Cow<'m, Model> {
    fitted.of_customer(Some(numbers(covariates))).or_raise()
}

#[pg_extern]
fn p_alive(mut args: Args<'_>) -> Option<f64> {
    let fitted = FittedModel::take(&mut args);
    let customer = customer(&mut args);
    let ahead = days(&mut args, "ahead").unwrap_or(0.0);
    let covariates = args.get("covariates");
    args.end();
    let (fitted, c) = (fitted?, customer?);
    let fitted = of_customer(&fitted, covariates);
    Some(scalar::p_alive(&fitted, c, ahead).or_raise())
}

#[pg_extern]
fn expected_purchases(mut args: Args<'_>) -> Option<f64> {
    let fitted = FittedModel::take(&mut args);
    let customer = customer(&mut args);
    expected(args, fitted, customer)
}

/// Of a new member.
#[pg_extern]
fn expected_purchases_new(mut args: Args<'_>) -> Option<f64> {
    let fitted = FittedModel::take(&mut args);
    expected(args, fitted, Some(Customer::NEW))
}

fn expected(mut args: Args<'_>, fitted: Option<FittedModel>, c: Option<Customer>) -> Option<f64> {
    let horizon = days(&mut args, "horizon");
    let covariates = args.get("covariates");
    args.end();
    let (fitted, c) = (fitted?, c?);
    let fitted = of_customer(&fitted, covariates);
    Some(scalar::expected_purchases(&fitted, c, horizon?).or_raise())
}

#[pg_extern]
fn purchases_distribution(mut args: Args<'_>) -> Option<f64> {
    let fitted = FittedModel::take(&mut args);
    let customer = customer(&mut args);
    distribution(args, fitted, customer)
}

/// Of a new member.
#[pg_extern]
fn purchases_distribution_new(mut args: Args<'_>) -> Option<f64> {
    let fitted = FittedModel::take(&mut args);
    distribution(args, fitted, Some(Customer::NEW))
}

fn distribution(
    mut args: Args<'_>,
    fitted: Option<FittedModel>,
    c: Option<Customer>,
) -> Option<f64> {
    let horizon = days(&mut args, "horizon");
    let n: Option<i64> = args.get("n");
    let covariates = args.get("covariates");
    args.end();
    let (fitted, c) = (fitted?, c?);
    let fitted = of_customer(&fitted, covariates);
    Some(scalar::purchases_distribution(&fitted, c, horizon?, n?).or_raise())
}

#[pg_extern]
fn expected_spend(mut args: Args<'_>) -> Option<f64> {
    let fitted = FittedModel::take(&mut args);
    let (x, spend) = (args.number("x"), args.number("spend"));
    args.end();
    scalar::mean_spend(&*fitted?, x?, spend).or_raise()
}

#[pg_extern]
fn clv_value(mut args: Args<'_>) -> Option<f64> {
    let fitted = FittedModel::take(&mut args);
    let customer = customer(&mut args);
    let spend = args.number("spend");
    let question = ScoreQuestion {
        horizon: days(&mut args, "horizon"),
        discount: args.rate_per_year("discount").unwrap_or(0.0),
        margin: args.share("margin").unwrap_or(1.0),
        confidence: None,
    };
    let covariates = args.get("covariates");
    args.end();
    let (fitted, c) = (fitted?, customer?);
    let fitted = of_customer(&fitted, covariates);
    scalar::value(&fitted, c, spend, &question).or_raise()
}
