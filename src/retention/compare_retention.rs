//! `compare_retention` of several groups: what a query has counted, period by period.

use crate::pg::arguments::Args;
use crate::pg::errors::{OrRaise, raise};
use crate::pg::memory::PgHost;
use crate::pg::rows::Rows;
use pg_retention_model::cohorts::{GroupCounts, contrasts};
use pg_retention_model::error::Error;
use pg_retention_model::host::Vec;
use pg_retention_model::numeric::Wilson;
use pgrx::Array;
use pgrx::prelude::*;

/// Arrays with a place for every group and period, ordered by period.
#[pg_extern]
fn retention_contrasts(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let periods: Option<Array<'_, i32>> = args.get("period_numbers");
    let names = args.texts("grps");
    let counts = ["eligible", "retained"].map(|name| args.get::<Array<'_, i64>>(name));
    let control = args.text("control");
    let wilson = Wilson::new(args.confidence()).or_raise();
    args.end();
    let (Some(periods), Some(names)) = (periods, names) else { return rows };
    let host = PgHost::current();
    let count = |n: Option<i64>| n.and_then(|n| u64::try_from(n).ok()).unwrap_or(0);
    let [mut eligible, mut retained] =
        counts.each_ref().map(|array| array.iter().flat_map(Array::iter));
    let mut names = names.iter();
    let mut periods = periods.iter().flatten().peekable();
    let mut groups = Vec::new_in(host);
    let mut group_names = Vec::new_in(host);
    while let Some(period_number) = periods.next() {
        groups.push(GroupCounts {
            eligible: count(eligible.next().flatten()),
            retained: count(retained.next().flatten()),
        });
        group_names.push(names.next().copied().flatten());
        if periods.peek() == Some(&period_number) {
            continue;
        }
        let control = control.map(|control| {
            group_names.iter().position(|name| *name == Some(control)).unwrap_or_else(|| {
                raise(&Error::BadArgument {
                    message: format!("there is no group \"{control}\""),
                    hint: "Take one of the groups as control, or NULL for all pairs.",
                })
            })
        });
        let (pairs, overall) = contrasts(&groups, control, &wilson, host).or_raise();
        for pair in &pairs {
            rows.put(|row| {
                row.integer(i64::from(period_number));
                for group in [pair.first, pair.second] {
                    let counts = groups[group];
                    row.text(group_names[group]);
                    row.count(counts.eligible);
                    row.count(counts.retained);
                    row.float(
                        wilson.share(counts.retained, counts.eligible).map(|rate| rate.value),
                    );
                }
                row.float(pair.difference.map(|d| d.difference));
                row.bounds(pair.difference.map(|d| (d.low, d.high)));
                row.float(pair.difference.map(|d| d.p_value));
                row.float(pair.p_adjusted);
                row.float(overall);
            });
        }
        groups.clear();
        group_names.clear();
    }
    rows
}
