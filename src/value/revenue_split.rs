//! `revenue_split`: the revenue of each period, from new and from returning members.

use crate::history::Events;
use crate::pg::arguments::Args;
use crate::pg::errors::OrRaise;
use crate::pg::memory::PgHost;
use crate::pg::rows::Rows;
use pg_retention_model::calendar::Periods;
use pg_retention_model::revenue_split as model;
use pgrx::prelude::*;

#[pg_extern]
fn revenue_split(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let h = args.summary::<Events>("h");
    let (period, as_of) = (args.period(Periods::Shared), args.day("as_of"));
    args.end();
    let Some(h) = h else { return rows };
    let (view, zone) = (h.view(), h.zone());
    let split = model::revenue_split(&view, &zone, period, as_of, PgHost::current()).or_raise();
    let has_amounts = view.has_amounts();
    let known = |amount: i128| has_amounts.then_some(amount);
    for line in &split {
        rows.put(|row| {
            row.day(line.period_start);
            row.count(line.new_members);
            row.count(line.returning_members);
            row.amount(known(line.from_new));
            row.amount(known(line.from_returning));
            row.amount(known(line.revenue()));
            row.float(line.returning_share().filter(|_| has_amounts));
            row.flag(line.complete);
        });
    }
    rows
}
