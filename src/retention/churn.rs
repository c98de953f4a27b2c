//! The ledger: `churn`, who is in, who left, who came and who came back; `churn_members`, which members
//! those are; `growth`, the same rows as growth accounting; `compare_churn`, two periods compared.

use crate::pg::arguments;
use crate::pg::errors::OrRaise;
use crate::pg::memory::PgHost;
use crate::pg::rows::Rows;
use crate::pg::stored::Stored;
use pg_retention_model::churn::{self, Question, Stratum};
use pg_retention_model::error::Error;
use pg_retention_model::host::Vec;
use pgrx::datum::Date;
use pgrx::prelude::*;
use pgrx::{Array, pg_sys};

fn question(
    period: Option<&str>,
    gap: Option<i32>,
    as_of: Option<Date>,
    confidence: Option<f64>,
) -> Result<Question, Error> {
    let question = Question {
        period: arguments::period(period)?,
        gap: gap.unwrap_or(1),
        as_of: arguments::day("as_of", as_of)?,
        confidence: arguments::confidence(confidence),
    };
    question.check().map(|()| question)
}

#[pg_extern]
fn churn(
    h: Option<Stored<'_>>,
    period: Option<&str>,
    gap: Option<i32>,
    as_of: Option<Date>,
    confidence: Option<f64>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Rows {
    // SAFETY: declared RETURNS TABLE in sql/retention/churn.sql.
    let mut rows = unsafe { Rows::begin(fcinfo) };
    let question = question(period, gap, as_of, confidence).or_raise();
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

#[pg_extern]
fn churn_members(fcinfo: pg_sys::FunctionCallInfo) -> Rows {
    // SAFETY: declared RETURNS TABLE in sql/retention/churn.sql, with these arguments; some overloads have one
    // more before them, whose value is ignored.
    let (mut rows, h, period_start, period, gap, as_of) = unsafe {
        let last = usize::try_from((*fcinfo).nargs).unwrap_or(0) - 1;
        (
            Rows::begin(fcinfo),
            pgrx::pg_getarg::<Stored<'_>>(fcinfo, 0),
            pgrx::pg_getarg::<Date>(fcinfo, last - 3),
            pgrx::pg_getarg::<&str>(fcinfo, last - 2),
            pgrx::pg_getarg::<i32>(fcinfo, last - 1),
            pgrx::pg_getarg::<Date>(fcinfo, last),
        )
    };
    let question = question(period, gap, as_of, None).or_raise();
    let period_start = arguments::day("period_start", period_start).or_raise();
    let hint = "Take a period_start of churn with the same period, gap and as_of.";
    let period_start = arguments::given("period_start", period_start, hint).or_raise();
    let Some(h) = h else { return rows };
    let (view, zone, host) = (h.view(), h.zone(), PgHost::current());
    churn::change_of_members(&view, &zone, &question, period_start, host, |member, change| {
        rows.put(|column| Ok([column.member(&member)?, column.text(change.name())]))
    })
    .or_raise();
    rows
}

#[pg_extern]
fn growth(
    h: Option<Stored<'_>>,
    period: Option<&str>,
    gap: Option<i32>,
    as_of: Option<Date>,
    confidence: Option<f64>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Rows {
    // SAFETY: declared RETURNS TABLE in sql/retention/churn.sql.
    let mut rows = unsafe { Rows::begin(fcinfo) };
    let question = question(period, gap, as_of, confidence).or_raise();
    let Some(h) = h else { return rows };
    let (view, zone) = (h.view(), h.zone());
    let ledger = churn::ledger(&view, &zone, &question, PgHost::current()).or_raise();
    for growth in churn::growth(&ledger) {
        let row = growth.row;
        rows.put(|column| {
            Ok([
                column.day(row.period_start)?,
                column.count(row.new),
                column.count(row.retained),
                column.count(row.reactivated),
                column.count(growth.dormant),
                column.count(row.churned),
                column.difference(growth.net_change),
                column.float(growth.quick_ratio.map(|(ratio, _, _)| ratio)),
                column.float(growth.quick_ratio.map(|(_, low, _)| low)),
                column.float(growth.quick_ratio.map(|(_, _, high)| high)),
                column.flag(row.truncated),
                column.flag(row.complete),
            ])
        })
        .or_raise();
    }
    rows
}

#[pg_extern]
fn compare_churn_arrays(
    stratum: Option<Array<'_, &str>>,
    opening_1: Option<Array<'_, i64>>,
    churned_1: Option<Array<'_, i64>>,
    opening_2: Option<Array<'_, i64>>,
    churned_2: Option<Array<'_, i64>>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Rows {
    // SAFETY: declared RETURNS TABLE in sql/retention/churn.sql.
    let mut rows = unsafe { Rows::begin(fcinfo) };
    let Some(names) = stratum else { return rows };
    let mut counts = [opening_1, churned_1, opening_2, churned_2];
    let mut counts = counts.each_mut().map(|array| array.iter().flat_map(Array::iter));
    let mut strata = Vec::with_capacity_in(names.len(), PgHost::current());
    for name in names.iter() {
        let [o1, c1, o2, c2] = counts.each_mut().map(|array| array.next().flatten().unwrap_or(0));
        strata.push(Stratum { name, opening: [o1, o2], churned: [c1, c2] });
    }
    let compared = churn::compare(&strata, PgHost::current()).or_raise();
    for (i, row) in compared.iter().enumerate() {
        let stratum = strata.get(i);
        rows.put(|column| {
            Ok([
                stratum.and_then(|stratum| stratum.name).and_then(|name| column.text(name)),
                column.count(row.opening[0]),
                column.count(row.opening[1]),
                column.float(row.share[0]),
                column.float(row.share[1]),
                column.float(row.rate[0]),
                column.float(row.rate[1]),
                column.float(row.effects.map(|(mix, _, _)| mix)),
                column.float(row.effects.map(|(_, rate, _)| rate)),
                column.float(row.effects.map(|(_, _, both)| both)),
                column.flag(stratum.is_none()),
            ])
        })
        .or_raise();
    }
    rows
}
