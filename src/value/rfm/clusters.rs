//! `rfm_clusters` and `rfm_cluster_members`.

use super::Arguments;
use crate::pg::arguments;
use crate::pg::errors::OrRaise;
use crate::pg::memory::PgHost;
use crate::pg::rows::Rows;
use crate::pg::stored::Stored;
use pg_retention_model::error::Error;
use pg_retention_model::history::MemberRef;
use pg_retention_model::rfm::{self, ClusterQuestion, Monetary};
use pgrx::datum::Date;
use pgrx::pg_sys;
use pgrx::prelude::*;

/// What both ask: k, seed, as_of, distinct_days, monetary.
///
/// # Safety
/// They must be the last arguments of the call.
unsafe fn question(fcinfo: pg_sys::FunctionCallInfo) -> Result<ClusterQuestion, Error> {
    // SAFETY: of these types in sql/value/rfm_clusters.sql.
    let (k, seed, as_of, distinct_days, monetary) = unsafe {
        let mut arguments = Arguments::last(fcinfo, 5);
        (
            arguments.take::<i32>(),
            arguments.take::<i64>(),
            arguments.take::<Date>(),
            arguments.take::<bool>(),
            arguments.take::<&str>(),
        )
    };
    let as_of = arguments::day("as_of", as_of)?;
    let monetary = monetary.map_or(Ok(Monetary::Total), Monetary::parse)?;
    ClusterQuestion::new(k, seed.unwrap_or(1), as_of, distinct_days.unwrap_or(false), monetary)
}

#[pg_extern]
fn rfm_clusters(fcinfo: pg_sys::FunctionCallInfo) -> Rows {
    // SAFETY: declared RETURNS TABLE in sql/value/rfm_clusters.sql, with a history and these arguments.
    let (mut rows, h, question) = unsafe {
        (Rows::begin(fcinfo), pgrx::pg_getarg::<Stored<'_>>(fcinfo, 0), question(fcinfo))
    };
    let question = question.or_raise();
    let Some(h) = h else { return rows };
    let found = rfm::clusters(&h.view(), &h.zone(), &question, PgHost::current()).or_raise();
    for (place, cluster) in found.clusters.iter().enumerate() {
        rows.put(|column| {
            Ok([
                column.integer(place as i64 + 1),
                column.count(cluster.members),
                column.float(Some(cluster.share)),
                column.float(Some(cluster.recency)),
                column.float(Some(cluster.frequency)),
                column.float(cluster.monetary),
                column.amount(cluster.revenue),
                column.float(cluster.silhouette),
            ])
        })
        .or_raise();
    }
    rows
}

#[pg_extern]
fn rfm_cluster_members(fcinfo: pg_sys::FunctionCallInfo) -> Rows {
    // SAFETY: declared RETURNS TABLE in sql/value/rfm_clusters.sql, with a history and these arguments.
    let (mut rows, h, question) = unsafe {
        (Rows::begin(fcinfo), pgrx::pg_getarg::<Stored<'_>>(fcinfo, 0), question(fcinfo))
    };
    let question = question.or_raise();
    let Some(h) = h else { return rows };
    let view = h.view();
    let mut found = rfm::clusters(&view, &h.zone(), &question, PgHost::current()).or_raise();
    let each = |member: &MemberRef<'_>, row: rfm::Assigned| {
        rows.put(|column| {
            Ok([
                column.member(member)?,
                column.integer(row.recency.into()),
                column.count(row.frequency),
                column.amount(row.monetary),
                column.integer(row.cluster as i64 + 1),
                column.float(row.silhouette),
            ])
        })
    };
    found.each(each).or_raise();
    rows
}
