//! `tiers` and `tier_migration`: membership levels.

use crate::pg::arguments;
use crate::pg::errors::OrRaise;
use crate::pg::json::JsonText;
use crate::pg::memory::PgHost;
use crate::pg::rows::{Rows, SharedText};
use crate::pg::stored::Stored;
use pg_retention_model::error::Error;
use pg_retention_model::tiers::{self, Rules};
use pgrx::datum::Date;
use pgrx::pg_sys;
use pgrx::prelude::*;

fn needed<T>(value: Option<T>, what: &str) -> Result<T, Error> {
    let hint = "tiers needs rules; tier_migration needs rules, from_date and to_date.";
    arguments::given(what, value, hint)
}

fn names(rules: &Rules) -> Vec<SharedText> {
    rules.tiers.iter().map(|tier| SharedText::new(&tier.name)).collect()
}

#[pg_extern]
fn tiers(fcinfo: pg_sys::FunctionCallInfo) -> Rows {
    // SAFETY: declared RETURNS TABLE in sql/value/tiers.sql, with these arguments; some overloads have one
    // more between them, whose value is ignored.
    let (mut rows, h, rules, as_of) = unsafe {
        (
            Rows::begin(fcinfo),
            pgrx::pg_getarg::<Stored<'_>>(fcinfo, 0),
            pgrx::pg_getarg::<JsonText<'_>>(
                fcinfo,
                usize::try_from((*fcinfo).nargs).unwrap_or(0) - 2,
            ),
            pgrx::pg_getarg::<Date>(fcinfo, usize::try_from((*fcinfo).nargs).unwrap_or(0) - 1),
        )
    };
    let as_of = arguments::day("as_of", as_of).or_raise();
    let Some(h) = h else { return rows };
    let rules = Rules::parse(&needed(rules, "rules").or_raise()).or_raise();
    let names = names(&rules);
    let (view, zone, host) = (h.view(), h.zone(), PgHost::current());
    tiers::tiers(&view, &zone, &rules, as_of, host, |member, standing| {
        rows.put(|column| {
            Ok([
                column.member(&member)?,
                column.shared(standing.tier.map(|tier| names[tier])),
                column.amount(Some(standing.value)),
                standing.grace_until.map_or(Ok(None), |day| column.day(day))?,
                column.shared(standing.next.map(|(tier, _)| names[tier])),
                column.amount(standing.next.map(|(_, missing)| missing)),
            ])
        })
    })
    .or_raise();
    rows
}

#[pg_extern]
fn tier_migration(
    h: Option<Stored<'_>>,
    rules: Option<JsonText<'_>>,
    from_date: Option<Date>,
    to_date: Option<Date>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Rows {
    // SAFETY: declared RETURNS TABLE in sql/value/tiers.sql.
    let mut rows = unsafe { Rows::begin(fcinfo) };
    let from = arguments::day("from_date", from_date).or_raise();
    let to = arguments::day("to_date", to_date).or_raise();
    let Some(h) = h else { return rows };
    let rules = Rules::parse(&needed(rules, "rules").or_raise()).or_raise();
    let between = (needed(from, "from_date").or_raise(), needed(to, "to_date").or_raise());
    let names = names(&rules);
    let host = PgHost::current();
    let flows = tiers::migration(&h.view(), &h.zone(), &rules, between, host).or_raise();
    for flow in &flows {
        rows.put(|column| {
            Ok([
                column.shared(flow.from.map(|tier| names[tier])),
                column.shared(flow.to.map(|tier| names[tier])),
                column.flag(flow.is_new),
                column.count(flow.members),
            ])
        })
        .or_raise();
    }
    rows
}
