//! `repurchase`: how many go on to the next purchase, and after how long.

use crate::history::Events;
use crate::pg::arguments::Args;
use crate::pg::errors::OrRaise;
use crate::pg::memory::PgHost;
use crate::pg::rows::Rows;
use pg_retention_model::host::Vec;
use pg_retention_model::repurchase::{self, RepurchaseQuestion, Tally};
use pgrx::Array;
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
    put(&gaps.rows().or_raise(), &mut rows);
    rows
}

fn put(purchases: &[repurchase::PurchaseStep], rows: &mut Rows) {
    for purchase in purchases {
        rows.put(|row| {
            row.integer(i64::from(purchase.purchase_number));
            row.count(purchase.members);
            row.estimate(purchase.rate);
            for days in purchase.gaps {
                row.integer(days.map(i64::from));
            }
        });
    }
}

/// What adds up over disjoint sets of members.
#[pg_extern]
fn repurchase_gaps(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let h = args.summary::<Events>("h");
    let as_of = args.day("as_of");
    let distinct_days = args.flag("distinct_days");
    let up_to = args.integer("up_to").unwrap_or(100);
    args.end();
    let question = RepurchaseQuestion::new(as_of, 0.95, distinct_days, None, up_to).or_raise();
    let Some(h) = h else { return rows };
    let host = PgHost::current();
    let gaps = repurchase::gaps(&h.view(), &h.zone(), &question, host).or_raise();
    for tally in gaps.tallies() {
        rows.put(|row| {
            row.integer(i64::from(tally.purchase_number));
            row.integer(i64::from(tally.days));
            row.count(tally.ended);
            row.count(tally.open);
        });
    }
    rows
}

/// The rows of `repurchase` from gaps that were added up, one place of the arrays for each.
#[pg_extern]
fn repurchase_of_gaps(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let keys = ["purchase_number", "days"].map(|name| args.get::<Array<'_, i32>>(name));
    let counts = ["ended", "open"].map(|name| args.get::<Array<'_, i64>>(name));
    let within = args.text("within");
    let confidence = args.confidence();
    args.end();
    let question = RepurchaseQuestion::new(None, confidence, false, within, 1).or_raise();
    let [Some(numbers), Some(days)] = keys else { return rows };
    let [Some(ended), Some(open)] = counts else { return rows };
    let host = PgHost::current();
    let mut tallies: Vec<Tally, PgHost> = Vec::with_capacity_in(numbers.len(), host);
    let keys = numbers.iter().zip(days.iter());
    for ((number, days), (ended, open)) in keys.zip(ended.iter().zip(open.iter())) {
        let count = |n: Option<i64>| n.and_then(|n| u64::try_from(n).ok()).unwrap_or(0);
        let small = |n: Option<i32>| n.and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
        tallies.push(Tally {
            purchase_number: small(number),
            days: small(days),
            ended: count(ended),
            open: count(open),
        });
    }
    put(&repurchase::rows(&tallies, &question, host).or_raise(), &mut rows);
    rows
}
