//! `rfm` and what belongs to it: members by recency, frequency and monetary value.

mod clusters;
mod maps;
mod values;

use crate::history::Events;
use crate::pg::arguments::Args;
use crate::pg::errors::OrRaise;
use crate::pg::json::{JsonText, Jsonb};
use crate::pg::memory::PgHost;
use crate::pg::rows::Rows;
use pg_retention_model::history::MemberRef;
use pg_retention_model::rfm::{self, Bin, Method, Migration, Monetary, Plan};
use pgrx::prelude::*;

fn method(args: &mut Args<'_>) -> Method {
    args.text("method").map_or(Method::Quantile, |name| Method::parse(name).or_raise())
}

fn monetary(args: &mut Args<'_>) -> Monetary {
    args.text("monetary").map_or(Monetary::Total, |name| Monetary::parse(name).or_raise())
}

/// The arguments that all readers of segments share: bins, method, cuts, map, distinct_days, monetary.
fn plan(args: &mut Args<'_>, as_of: Option<i64>) -> Plan {
    let bins = args.integer("bins").unwrap_or(5);
    let method = method(args);
    let cuts: Option<JsonText<'_>> = args.get("cuts");
    let map = args.text("map").unwrap_or("rf10");
    let distinct_days = args.flag("distinct_days");
    let monetary = monetary(args);
    Plan::new(bins, method, cuts.as_deref(), map).or_raise().with(as_of, distinct_days, monetary)
}

/// The same of the readers of cut points, which have no segments and, one of them, cuts at the end.
fn plan_of_cuts(args: &mut Args<'_>, has_cuts: bool) -> Plan {
    let as_of = args.day("as_of");
    let bins = args.integer("bins").unwrap_or(5);
    let method = method(args);
    let distinct_days = args.flag("distinct_days");
    let monetary = monetary(args);
    let cuts: Option<JsonText<'_>> = if has_cuts { args.get("cuts") } else { None };
    args.end();
    let plan = Plan::new(bins, method, cuts.as_deref(), "none").or_raise();
    plan.with(as_of, distinct_days, monetary)
}

#[pg_extern]
fn rfm(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let h = args.summary::<Events>("h");
    let id = args.id();
    let as_of = args.day("as_of");
    let plan = plan(&mut args, as_of);
    args.end();
    let Some(h) = h else { return rows };
    let (view, zone, host) = (h.view(), h.zone(), PgHost::current());
    let picked = id.among(view.meta.kind);
    let scored = rfm::scored(&view, &zone, &plan, host).or_raise();
    let bins = scored.bins();
    let segments = plan.map.segments.as_slice();
    // The text of every score is made once.
    let mut scores = std::vec::Vec::new();
    scores.resize(rfm::Score::cells(bins, scored.has_monetary()), None);
    let each = |member: &MemberRef<'_>, found: rfm::ScoredMember| {
        if picked.has(member) {
            let score = &mut scores[found.score.cell(bins)];
            let score: &String = score.get_or_insert_with(|| found.score.text(bins));
            rows.put(|row| {
                row.member(member);
                row.integer(i64::from(found.recency));
                row.count(found.frequency);
                row.amount(found.monetary);
                row.integer(i64::from(found.score.r));
                row.integer(i64::from(found.score.f));
                row.integer(found.score.m.map(i64::from));
                row.text(score.as_str());
                row.text(found.segment.map(|segment| segments[segment].as_str()));
            });
        }
        Ok(())
    };
    scored.each(each).or_raise();
    rows
}

/// The bins of the measures; a NOTICE about those that ties leave empty.
#[pg_extern]
fn rfm_cuts(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let h = args.summary::<Events>("h");
    let plan = plan_of_cuts(&mut args, true);
    let Some(h) = h else { return rows };
    let found = rfm::cut_points(&h.view(), &h.zone(), &plan, PgHost::current()).or_raise();
    for measure in rfm::Measure::ALL {
        warn_of_empty(measure.name(), found.iter().filter(|bin| bin.measure == measure));
    }
    for bin in &found {
        rows.put(|row| {
            row.text(bin.measure.name());
            row.integer(bin.score as i64);
            row.float(bin.above);
            row.float(bin.up_to);
            row.bounds(bin.range);
            row.count(bin.members);
        });
    }
    rows
}

fn warn_of_empty<'b>(measure: &str, bins: impl Iterator<Item = &'b Bin>) {
    let empty: std::vec::Vec<String> =
        bins.filter(|bin| bin.members == 0).map(|bin| bin.score.to_string()).collect();
    if !empty.is_empty() {
        notice!("nobody has the {measure} score {}", empty.join(", "));
    }
}

#[pg_extern]
fn rfm_cuts_json(mut args: Args<'_>) -> Option<Jsonb> {
    let h = args.summary::<Events>("h");
    let plan = plan_of_cuts(&mut args, false);
    let h = h?;
    let scale = rfm::scale(&h.view(), &h.zone(), &plan, PgHost::current()).or_raise();
    scale.map(|scale| Jsonb::of(&scale.to_json()).or_raise())
}

#[pg_extern]
fn rfm_segments(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let h = args.summary::<Events>("h");
    let as_of = args.day("as_of");
    let plan = plan(&mut args, as_of);
    args.end();
    let Some(h) = h else { return rows };
    let found = rfm::segments(&h.view(), &h.zone(), &plan, PgHost::current()).or_raise();
    for segment in &found {
        rows.put(|row| {
            row.text(segment.name.as_deref());
            row.count(segment.members);
            row.float(segment.share);
            row.float(segment.recency.map(|(mean, _)| mean));
            row.float(segment.recency.map(|(_, median)| median));
            row.float(segment.frequency.map(|(mean, _)| mean));
            row.float(segment.frequency.map(|(_, median)| median));
            row.amount(segment.monetary.map(|(mean, _)| mean));
            row.amount(segment.monetary.map(|(_, median)| median));
            row.amount(segment.revenue);
            row.float(segment.revenue_share);
        });
    }
    rows
}

#[pg_extern]
fn rfm_migration(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let h = args.summary::<Events>("h");
    let (from, to) = (args.day("from_date"), args.day("to_date"));
    let plan = plan(&mut args, None);
    let own_cuts = args.flag("own_cuts");
    args.end();
    let between = Migration::new(from, to, own_cuts).or_raise();
    let Some(h) = h else { return rows };
    let host = PgHost::current();
    let flows = rfm::migration(&h.view(), &h.zone(), &plan, between, host).or_raise();
    let name = |segment: usize| plan.map.segments.get(segment).map(String::as_str);
    for flow in &flows {
        rows.put(|row| {
            row.text(flow.from.and_then(name));
            row.text(name(flow.to));
            row.count(flow.members);
            row.float(flow.share);
            row.amount(flow.from_revenue);
            row.amount(flow.to_revenue);
        });
    }
    rows
}
