//! `rfm_clusters` and `rfm_cluster_members`.

use super::monetary;
use crate::history::Events;
use crate::pg::arguments::Args;
use crate::pg::errors::OrRaise;
use crate::pg::memory::PgHost;
use crate::pg::rows::Rows;
use pg_retention_model::history::MemberRef;
use pg_retention_model::rfm::{self, ClusterQuestion};
use pgrx::prelude::*;

/// What both ask: k, seed, as_of, distinct_days, monetary.
fn question(args: &mut Args<'_>) -> ClusterQuestion {
    let k = args.integer("k");
    let seed = args.get("seed").unwrap_or(1);
    let as_of = args.day("as_of");
    let distinct_days = args.flag("distinct_days");
    let monetary = monetary(args);
    args.end();
    ClusterQuestion::new(k, seed, as_of, distinct_days, monetary).or_raise()
}

#[pg_extern]
fn rfm_clusters(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let h = args.summary::<Events>("h");
    let question = question(&mut args);
    let Some(h) = h else { return rows };
    let found = rfm::clusters(&h.view(), &h.zone(), &question, PgHost::current()).or_raise();
    for (place, cluster) in found.clusters.iter().enumerate() {
        rows.put(|row| {
            row.integer(place as i64 + 1);
            row.count(cluster.members);
            row.float(cluster.share);
            row.float(cluster.recency);
            row.float(cluster.frequency);
            row.float(cluster.monetary);
            row.amount(cluster.revenue);
            row.float(cluster.silhouette);
        });
    }
    rows
}

#[pg_extern]
fn rfm_cluster_members(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let h = args.summary::<Events>("h");
    let id = args.id();
    let question = question(&mut args);
    let Some(h) = h else { return rows };
    let view = h.view();
    let picked = id.among(view.meta.kind);
    let mut found = rfm::clusters(&view, &h.zone(), &question, PgHost::current()).or_raise();
    let each = |member: &MemberRef<'_>, found: rfm::ClusterMember| {
        if picked.has(member) {
            rows.put(|row| {
                row.member(member);
                row.integer(i64::from(found.recency));
                row.count(found.frequency);
                row.amount(found.monetary);
                row.integer(found.cluster as i64 + 1);
                row.float(found.silhouette);
            });
        }
        Ok(())
    };
    found.each(each).or_raise();
    rows
}
