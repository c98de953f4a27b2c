//! `btyd`, `clv` and `clv_score`: what is known of every member, and what is expected of it.

use super::{FittedModel, customer, days, numbers};
use crate::pg::arguments;
use crate::pg::errors::OrRaise;
use crate::pg::floats::Floats;
use crate::pg::memory::PgHost;
use crate::pg::rows::{Columns, Rows};
use crate::pg::stored::Stored;
use pg_retention_model::clv::score::{self, Estimate, Question, Score};
use pg_retention_model::clv::summary::{Summaries, Unit};
use pgrx::datum::{Date, Interval};
use pgrx::pg_sys;
use pgrx::prelude::*;

#[pg_extern]
fn btyd(
    h: Option<Stored<'_>>,
    unit: Option<&str>,
    as_of: Option<Date>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Rows {
    rows_of_btyd(h, unit, as_of, fcinfo)
}

/// With an `id`, whose type the rows heed.
#[pg_extern]
fn btyd_with_id(
    h: Option<Stored<'_>>,
    _id: Option<i64>, // or an uuid: its value is not looked at
    unit: Option<&str>,
    as_of: Option<Date>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Rows {
    rows_of_btyd(h, unit, as_of, fcinfo)
}

fn rows_of_btyd(
    h: Option<Stored<'_>>,
    unit: Option<&str>,
    as_of: Option<Date>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Rows {
    // SAFETY: declared RETURNS TABLE in sql/value/clv.sql.
    let mut rows = unsafe { Rows::begin(fcinfo) };
    let unit = unit.map_or(Ok(Unit::WEEK), Unit::parse).or_raise();
    let as_of = arguments::day("as_of", as_of).or_raise();
    let Some(h) = h else { return rows };
    let (view, zone) = (h.view(), h.zone());
    let mut members = Summaries::new(&view, &zone, unit, as_of, &PgHost::current()).or_raise();
    while let Some((member, summary)) = members.next_member().or_raise() {
        rows.put(|column| {
            Ok([
                column.member(&member)?,
                column.count(summary.customer.x as u64),
                column.float(Some(summary.customer.t_x)),
                column.float(Some(summary.customer.age)),
                column.float(Some(summary.ln_gaps)),
                column.float(summary.spend),
            ])
        })
        .or_raise();
    }
    rows
}

#[pg_extern]
#[allow(clippy::too_many_arguments)] // those of the SQL declaration
fn clv(
    h: Option<Stored<'_>>,
    fitted: Option<FittedModel>,
    horizon: Option<Interval>,
    discount: Option<f64>,
    margin: Option<f64>,
    as_of: Option<Date>,
    confidence: Option<f64>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Rows {
    rows_of_clv(h, fitted, question(horizon, discount, margin, confidence), as_of, fcinfo)
}

/// With an `id`, whose type the rows heed.
#[pg_extern]
#[allow(clippy::too_many_arguments)] // those of the SQL declaration
fn clv_with_id(
    h: Option<Stored<'_>>,
    _id: Option<i64>, // or an uuid: its value is not looked at
    fitted: Option<FittedModel>,
    horizon: Option<Interval>,
    discount: Option<f64>,
    margin: Option<f64>,
    as_of: Option<Date>,
    confidence: Option<f64>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Rows {
    rows_of_clv(h, fitted, question(horizon, discount, margin, confidence), as_of, fcinfo)
}

fn question(
    horizon: Option<Interval>,
    discount: Option<f64>,
    margin: Option<f64>,
    confidence: Option<f64>,
) -> Question {
    Question {
        horizon: horizon.map(days),
        discount: discount.unwrap_or(0.0),
        margin: margin.unwrap_or(1.0),
        confidence: Some(arguments::confidence(confidence)),
    }
}

fn rows_of_clv(
    h: Option<Stored<'_>>,
    fitted: Option<FittedModel>,
    question: Question,
    as_of: Option<Date>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Rows {
    // SAFETY: declared RETURNS TABLE in sql/value/clv.sql.
    let mut rows = unsafe { Rows::begin(fcinfo) };
    question.check().or_raise();
    let as_of = arguments::day("as_of", as_of).or_raise();
    let (Some(h), Some(fitted)) = (h, fitted) else { return rows };
    fitted.kind.check_history().or_raise();
    let (view, zone, host) = (h.view(), h.zone(), PgHost::current());
    let mut scorer = score::scorer(&fitted, &question, host).or_raise();
    let mut members = Summaries::new(&view, &zone, fitted.unit, as_of, &host).or_raise();
    while let Some((member, summary)) = members.next_member().or_raise() {
        let score = scorer.score(summary.customer, summary.spend).or_raise();
        rows.put(|column| {
            let member = [
                column.member(&member)?,
                column.count(summary.customer.x as u64),
                column.float(Some(summary.customer.t_x)),
                column.float(Some(summary.customer.age)),
                column.float(summary.spend),
            ];
            let [a, b, c, d, e] = member;
            let [f, g, h, i, j, k, l, m, n, o, p, q] = columns_of(&score, column);
            Ok([a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q])
        })
        .or_raise();
    }
    rows
}

/// p_alive and what follows.
fn columns_of(score: &Score, column: &Columns) -> [Option<pg_sys::Datum>; 12] {
    let value = |e: Option<Estimate>| column.float(e.map(|e| e.value));
    let low = |e: Option<Estimate>| column.float(e.and_then(|e| e.interval).map(|(low, _)| low));
    let high = |e: Option<Estimate>| column.float(e.and_then(|e| e.interval).map(|(_, high)| high));
    let (p_alive, expected, clv) = (Some(score.p_alive), score.expected, score.value);
    [
        value(p_alive),
        low(p_alive),
        high(p_alive),
        value(expected),
        low(expected),
        high(expected),
        score.purchases.and_then(|(low, _)| column.count(low)),
        score.purchases.and_then(|(_, high)| column.count(high)),
        column.float(score.expected_spend),
        value(clv),
        low(clv),
        high(clv),
    ]
}

#[pg_extern]
#[allow(clippy::too_many_arguments)] // those of the SQL declaration
fn clv_score(
    fitted: Option<FittedModel>,
    x: Option<f64>,
    t_x: Option<f64>,
    age: Option<f64>,
    spend: Option<f64>,
    horizon: Option<Interval>,
    discount: Option<f64>,
    margin: Option<f64>,
    confidence: Option<f64>,
    covariates: Option<Floats<'_>>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Rows {
    // SAFETY: declared RETURNS TABLE in sql/value/clv.sql.
    let mut rows = unsafe { Rows::begin(fcinfo) };
    let question = question(horizon, discount, margin, confidence);
    question.check().or_raise();
    let (Some(fitted), Some(c)) = (fitted, customer(x, t_x, age)) else { return rows };
    let model = fitted.of_customer(Some(numbers(covariates))).or_raise();
    let score = score::score_one(&model, &question, c, spend, PgHost::current()).or_raise();
    rows.put(|column| Ok(columns_of(&score, column))).or_raise();
    rows
}
