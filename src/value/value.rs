//! `value_summary`: what members have been worth so far.

use crate::pg::arguments;
use crate::pg::errors::OrRaise;
use crate::pg::memory::PgHost;
use crate::pg::rows::Rows;
use crate::pg::stored::Stored;
use pg_retention_model::value::{self, Question};
use pgrx::datum::Date;
use pgrx::pg_sys;
use pgrx::prelude::*;

#[pg_extern]
fn value_summary(
    h: Option<Stored<'_>>,
    period: Option<&str>,
    as_of: Option<Date>,
    margin: Option<f64>,
    distinct_days: Option<bool>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Rows {
    // SAFETY: declared RETURNS TABLE in sql/value/value.sql.
    let mut rows = unsafe { Rows::begin(fcinfo) };
    let question = Question {
        period: arguments::period(period).or_raise(),
        as_of: arguments::day("as_of", as_of).or_raise(),
        margin: margin.unwrap_or(1.0),
        distinct_days: distinct_days.unwrap_or(false),
    };
    let Some(h) = h else { return rows };
    let (view, zone) = (h.view(), h.zone());
    let summary = value::summary(&view, &zone, &question, PgHost::current()).or_raise();
    if let Some(summary) = summary {
        rows.put(|column| {
            Ok([
                column.count(summary.members),
                column.count(summary.orders),
                column.amount(summary.revenue),
                column.amount(summary.aov),
                column.float(Some(summary.orders_per_member)),
                column.float(Some(summary.repurchase_rate)),
                column.float(summary.churn_rate),
                column.float(summary.lifespan),
                column.amount(summary.historic_clv),
                column.amount(summary.formula_clv),
            ])
        })
        .or_raise();
    }
    rows
}
