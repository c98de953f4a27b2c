//! `tiers` and `tier_migration`: membership levels.

use crate::history::Events;
use crate::pg::arguments::{Args, given};
use crate::pg::errors::OrRaise;
use crate::pg::json::JsonText;
use crate::pg::memory::PgHost;
use crate::pg::rows::Rows;
use pg_retention_model::tiers::{self, Rules};
use pgrx::prelude::*;

fn needed<T>(value: Option<T>, what: &str) -> T {
    let hint = "tiers needs rules; tier_migration needs rules, from_date and to_date.";
    given(what, value, hint).or_raise()
}

/// The name of a tier.
fn name(rules: &Rules, tier: Option<usize>) -> Option<&str> {
    Some(rules.tiers.get(tier?)?.name.as_str())
}

#[pg_extern]
fn tiers(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let h = args.summary::<Events>("h");
    let id = args.id();
    let rules: Option<JsonText<'_>> = args.get("rules");
    let as_of = args.day("as_of");
    args.end();
    let Some(h) = h else { return rows };
    let rules = Rules::parse(&needed(rules, "rules")).or_raise();
    let (view, zone, host) = (h.view(), h.zone(), PgHost::current());
    let picked = id.among(view.meta.kind);
    tiers::tiers(&view, &zone, &rules, as_of, host, |member, standing| {
        if picked.has(&member) {
            rows.put(|row| {
                row.member(&member);
                row.text(name(&rules, standing.tier));
                row.amount(standing.value);
                row.day(standing.grace_until);
                row.text(name(&rules, standing.next.map(|(tier, _)| tier)));
                row.amount(standing.next.map(|(_, missing)| missing));
            });
        }
        Ok(())
    })
    .or_raise();
    rows
}

#[pg_extern]
fn tier_migration(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let h = args.summary::<Events>("h");
    let rules: Option<JsonText<'_>> = args.get("rules");
    let (from, to) = (args.day("from_date"), args.day("to_date"));
    args.end();
    let Some(h) = h else { return rows };
    let rules = Rules::parse(&needed(rules, "rules")).or_raise();
    let between = (needed(from, "from_date"), needed(to, "to_date"));
    let host = PgHost::current();
    let flows = tiers::migration(&h.view(), &h.zone(), &rules, between, host).or_raise();
    for flow in &flows {
        rows.put(|row| {
            row.text(name(&rules, flow.from));
            row.text(name(&rules, flow.to));
            row.flag(flow.is_new);
            row.count(flow.members);
        });
    }
    rows
}
