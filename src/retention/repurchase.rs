//! `repurchase`: how many go on to the next purchase, and after how long.

use crate::pg::arguments;
use crate::pg::errors::OrRaise;
use crate::pg::memory::PgHost;
use crate::pg::rows::Rows;
use crate::pg::stored::Stored;
use pg_retention_model::repurchase::{self, Question};
use pgrx::datum::Date;
use pgrx::pg_sys;
use pgrx::prelude::*;

#[pg_extern]
fn repurchase(
    h: Option<Stored<'_>>,
    as_of: Option<Date>,
    confidence: Option<f64>,
    distinct_days: Option<bool>,
    within: Option<i32>,
    up_to: Option<i32>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Rows {
    // SAFETY: declared RETURNS TABLE in sql/retention/repurchase.sql.
    let mut rows = unsafe { Rows::begin(fcinfo) };
    let question = Question::new(
        arguments::day("as_of", as_of).or_raise(),
        arguments::confidence(confidence),
        distinct_days.unwrap_or(false),
        within,
        up_to.unwrap_or(100),
    )
    .or_raise();
    let Some(h) = h else { return rows };
    let host = PgHost::current();
    let gaps = repurchase::gaps(&h.view(), &h.zone(), &question, host).or_raise();
    for row in gaps.rows() {
        let row = row.or_raise();
        rows.put(|column| {
            let days = |gap: Option<u32>| gap.and_then(|days| column.integer(days.into()));
            Ok([
                column.integer(row.purchase_number.into()),
                column.count(row.members),
                column.float(row.rate.map(|rate| rate.0)),
                column.float(row.rate.map(|rate| rate.1)),
                column.float(row.rate.map(|rate| rate.2)),
                days(row.gaps[0]),
                days(row.gaps[1]),
                days(row.gaps[2]),
            ])
        })
        .or_raise();
    }
    rows
}
