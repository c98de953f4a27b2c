//! `engagement` and `engagement_days`: how many members are active, and on how many days.

use crate::history::Events;
use crate::pg::arguments::Args;
use crate::pg::errors::OrRaise;
use crate::pg::memory::PgHost;
use crate::pg::rows::Rows;
use pg_retention_model::calendar::{Stretch, Takes};
use pg_retention_model::engagement as model;
use pgrx::prelude::*;

#[pg_extern]
fn engagement(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let h = args.summary::<Events>("h");
    let as_of = args.day("as_of");
    args.end();
    let Some(h) = h else { return rows };
    let (view, zone) = (h.view(), h.zone());
    let engagement = model::engagement(&view, &zone, as_of, PgHost::current()).or_raise();
    for day in engagement.rows() {
        rows.put(|row| {
            row.day(day.day);
            row.count(day.daily);
            row.count(day.weekly);
            row.count(day.monthly);
            row.float(day.stickiness);
            row.flag(day.truncated);
        });
    }
    rows
}

#[pg_extern]
fn engagement_days(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let h = args.summary::<Events>("h");
    let within = args.stretch(Takes::days("within")).unwrap_or(Stretch::of_days(28));
    let as_of = args.day("as_of");
    args.end();
    model::check_within(within).or_raise();
    let Some(h) = h else { return rows };
    let (view, zone) = (h.view(), h.zone());
    for share in model::frequency(&view, &zone, within, as_of, PgHost::current()).or_raise() {
        rows.put(|row| {
            row.integer(share.active_days as i64);
            row.count(share.members);
            row.float(share.share);
            row.float(share.share_at_least);
        });
    }
    rows
}
