//! `churn_features`, `churn_dataset` and `churn_fit`: what a history says of its members, and a model learned from it.

use super::{flat, known, plan};
use crate::history::Events;
use crate::pg::arguments::Args;
use crate::pg::errors::OrRaise;
use crate::pg::memory::PgHost;
use crate::pg::rows::{Row, Rows};
use crate::pg::varlena::Varlena;
use pg_retention_model::calendar::Takes;
use pg_retention_model::churn_risk::{self, Features, MILLIONTHS, NAMES};
use pgrx::prelude::*;

#[pg_extern]
fn churn_features(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let h = args.summary::<Events>("h");
    let id = args.id();
    let horizon = args.stretch(Takes::days("horizon"));
    let as_of = args.day("as_of");
    args.end();
    let horizon = known(horizon);
    let Some(h) = h else { return rows };
    let (view, zone) = (h.view(), h.zone());
    let picked = id.among(view.meta.kind);
    churn_risk::features(
        &view,
        &zone,
        horizon,
        as_of,
        |member| picked.has(member),
        |member, features| {
            rows.put(|row| {
                row.member(member);
                put(row, features);
            });
            Ok(())
        },
    )
    .or_raise();
    rows
}

/// Each number in the type of its column.
fn put(row: &mut Row<'_>, features: &Features) {
    for ((name, _), value) in NAMES.iter().zip(features) {
        let known = Some(*value).filter(|value| !value.is_nan());
        match *name {
            "silent_days" | "tenure_days" | "gap_max" | "gap_last" => {
                row.integer(known.map(|days| days as i64))
            }
            "active_days" | "events" | "days_quarter" | "days_half" | "days_1" | "days_2"
            | "days_4" => {
                row.count(known.map(|count| count as u64));
            }
            "amount" | "amount_per_day" | "amount_last" | "amount_half" | "amount_1"
            | "amount_2" => {
                row.amount(known.map(|amount| (amount * MILLIONTHS).round() as i128));
            }
            _ => row.float(known),
        }
    }
}

#[pg_extern]
fn churn_dataset(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let h = args.summary::<Events>("h");
    let id = args.id();
    let (plan, _) = plan(&mut args, false);
    let Some(h) = h else { return rows };
    let (view, zone) = (h.view(), h.zone());
    let picked = id.among(view.meta.kind);
    churn_risk::dataset(
        &view,
        &zone,
        &plan,
        |member| picked.has(member),
        |member, anchor, example| {
            rows.put(|row| {
                row.member(member);
                row.day(anchor.day);
                row.flag(example.churned);
                row.floats(&example.features);
            });
            Ok(())
        },
    )
    .or_raise();
    rows
}

#[pg_extern]
fn churn_fit(mut args: Args<'_>) -> Option<Varlena> {
    let h = args.summary::<Events>("h");
    let (plan, method) = plan(&mut args, true);
    let h = h?;
    let model =
        churn_risk::fit_history(&h.view(), &h.zone(), &plan, method, &PgHost::current()).or_raise();
    Some(flat(&model))
}
