//! `repurchase`: how many go on to the next purchase, and after how long.

use crate::history::Events;
use crate::pg::arguments::Args;
use crate::pg::errors::OrRaise;
use crate::pg::memory::PgHost;
use crate::pg::rows::Rows;
use pg_retention_model::repurchase::{self, RepurchaseQuestion};
use pgrx::prelude::*;

#[pg_extern]
fn repurchase(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let h = args.summary::<Events>("h");
    let within = args.text("within");
    let as_of = args.day("as_of");
    let distinct_days = args.flag("distinct_days");
    let up_to = args.integer("up_to").unwrap_or(100);
    let confidence = args.confidence();
    args.end();
    let question =
        RepurchaseQuestion::new(as_of, confidence, distinct_days, within, up_to).or_raise();
    let Some(h) = h else { return rows };
    let host = PgHost::current();
    let gaps = repurchase::gaps(&h.view(), &h.zone(), &question, host).or_raise();
    for purchase in gaps.rows() {
        let purchase = purchase.or_raise();
        rows.put(|row| {
            row.integer(i64::from(purchase.purchase_number));
            row.count(purchase.members);
            row.estimate(purchase.rate);
            for days in purchase.gaps {
                row.integer(days.map(i64::from));
            }
        });
    }
    rows
}
