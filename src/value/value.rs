//! `value_summary`: what members have been worth so far.

use crate::history::Events;
use crate::pg::arguments::Args;
use crate::pg::errors::OrRaise;
use crate::pg::memory::PgHost;
use crate::pg::rows::Rows;
use pg_retention_model::calendar::Periods;
use pg_retention_model::value::{self, ValueQuestion};
use pgrx::prelude::*;

#[pg_extern]
fn value_summary(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let h = args.summary::<Events>("h");
    let question = ValueQuestion {
        period: args.period(Periods::Shared),
        lapse: args.lapse(),
        as_of: args.day("as_of"),
        margin: args.share("margin").unwrap_or(1.0),
        distinct_days: args.flag("distinct_days"),
    };
    args.end();
    let Some(h) = h else { return rows };
    let (view, zone) = (h.view(), h.zone());
    let summary = value::summary(&view, &zone, &question, PgHost::current()).or_raise();
    if let Some(summary) = summary {
        rows.put(|row| {
            row.count(summary.members);
            row.count(summary.orders);
            row.amount(summary.revenue);
            row.amount(summary.aov);
            row.float(summary.orders_per_member);
            row.float(summary.repurchase_rate);
            row.float(summary.churn_rate);
            row.float(summary.lifespan);
            row.amount(summary.historic_clv);
            row.amount(summary.formula_clv);
        });
    }
    rows
}
