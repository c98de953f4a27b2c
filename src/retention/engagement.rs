//! `engagement` and `engagement_days`: how many members are active, and on how many days.

use crate::pg::arguments;
use crate::pg::errors::OrRaise;
use crate::pg::memory::PgHost;
use crate::pg::rows::Rows;
use crate::pg::stored::Stored;
use pg_retention_model::engagement as model;
use pgrx::datum::Date;
use pgrx::pg_sys;
use pgrx::prelude::*;

#[pg_extern]
fn engagement(
    h: Option<Stored<'_>>,
    as_of: Option<Date>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Rows {
    // SAFETY: declared RETURNS TABLE in sql/retention/engagement.sql.
    let mut rows = unsafe { Rows::begin(fcinfo) };
    let as_of = arguments::day("as_of", as_of).or_raise();
    let Some(h) = h else { return rows };
    let (view, zone) = (h.view(), h.zone());
    let engagement = model::engagement(&view, &zone, as_of, PgHost::current()).or_raise();
    for row in engagement.rows() {
        rows.put(|column| {
            Ok([
                column.day(row.day)?,
                column.count(row.daily),
                column.count(row.weekly),
                column.count(row.monthly),
                column.float(row.stickiness),
                column.flag(row.truncated),
            ])
        })
        .or_raise();
    }
    rows
}

#[pg_extern]
fn engagement_days(
    h: Option<Stored<'_>>,
    days: Option<i32>,
    as_of: Option<Date>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Rows {
    // SAFETY: declared RETURNS TABLE in sql/retention/engagement.sql.
    let mut rows = unsafe { Rows::begin(fcinfo) };
    let as_of = arguments::day("as_of", as_of).or_raise();
    let days = days.unwrap_or(28);
    model::check_days(days).or_raise();
    let Some(h) = h else { return rows };
    let (view, zone) = (h.view(), h.zone());
    let frequency = model::frequency(&view, &zone, days, as_of, PgHost::current()).or_raise();
    for row in frequency {
        rows.put(|column| {
            Ok([
                column.integer(row.active_days as i64),
                column.count(row.members),
                column.float(row.share),
                column.float(row.share_at_least),
            ])
        })
        .or_raise();
    }
    rows
}
