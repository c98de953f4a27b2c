//! `churn`: who is in, who left, who came and who came back, period by period.

use crate::pg::arguments;
use crate::pg::errors::OrRaise;
use crate::pg::memory::PgHost;
use crate::pg::rows::Rows;
use crate::pg::stored::Stored;
use pg_retention_model::churn::{self, Question};
use pgrx::datum::Date;
use pgrx::pg_sys;
use pgrx::prelude::*;

#[pg_extern]
fn churn(
    h: Option<Stored<'_>>,
    period: Option<&str>,
    gap: Option<i32>,
    as_of: Option<Date>,
    confidence: Option<f64>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Rows {
    // SAFETY: declared RETURNS TABLE in sql/churn.sql.
    let mut rows = unsafe { Rows::begin(fcinfo) };
    let question = Question {
        period: arguments::period(period).or_raise(),
        gap: gap.unwrap_or(1),
        as_of: arguments::day("as_of", as_of).or_raise(),
        confidence: arguments::confidence(confidence),
    };
    question.check().or_raise();
    let Some(h) = h else { return rows };
    let (view, zone) = (h.view(), h.zone());
    let ledger = churn::ledger(&view, &zone, &question, PgHost::current()).or_raise();
    for row in ledger.rows() {
        rows.put(|column| {
            Ok([
                column.day(row.period_start)?,
                column.count(row.opening),
                column.count(row.new),
                column.count(row.reactivated),
                column.count(row.retained),
                column.count(row.churned),
                column.count(row.closing),
                column.float(row.retention_rate),
                column.float(row.churn_rate.map(|(rate, _, _)| rate)),
                column.float(row.churn_rate.map(|(_, low, _)| low)),
                column.float(row.churn_rate.map(|(_, _, high)| high)),
                column.flag(row.truncated),
                column.flag(row.complete),
            ])
        })
        .or_raise();
    }
    rows
}
