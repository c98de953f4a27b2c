//! `churn_features`, `churn_dataset` and `churn_fit`: what a history says of its members, and a model learned from it.

use super::{Asked, asked, flat, known, stays};
use crate::history::{Events, Spells};
use crate::pg::arguments::{Args, Id};
use crate::pg::errors::OrRaise;
use crate::pg::rows::{Row, Rows};
use crate::pg::varlena::Varlena;
use pg_retention_model::calendar::{Stretch, Takes};
use pg_retention_model::churn_risk::{self, MILLIONTHS, NAMES, Plan, Replay, Replayed, TIMES};
use pg_retention_model::history::MemberKind;
use pgrx::prelude::*;

/// What is known of a member, in the columns of its summary.
fn features<R: Replayed>(
    replay: &R,
    id: Id,
    kind: MemberKind,
    horizon: Stretch,
    rows: &mut Rows,
    put: impl Fn(&mut Row<'_>, &[f64]),
) {
    let picked = id.among(kind);
    churn_risk::features(
        replay,
        horizon,
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
}

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
    let replay = Replay::new(&view, &zone, as_of).or_raise();
    features(&replay, id, view.meta.kind, horizon, &mut rows, put);
    rows
}

#[pg_extern]
fn churn_features_of_memberships(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let m = args.summary::<Spells>("m");
    let id = args.id();
    let horizon = args.stretch(Takes::days("horizon"));
    let as_of = args.day("as_of");
    args.end();
    let horizon = known(horizon);
    let Some(m) = m else { return rows };
    let kind = m.memberships().kind();
    features(&stays(&m, as_of), id, kind, horizon, &mut rows, put_times);
    rows
}

/// Those of memberships: days, but for two counts, and shares and means.
fn put_times(row: &mut Row<'_>, features: &[f64]) {
    for ((name, _), value) in TIMES.iter().zip(features) {
        let known = Some(*value).filter(|value| !value.is_nan());
        match *name {
            "tenure_of_longest" | "share_in" | "stretch_mean" | "pause_mean" => row.float(known),
            "stretches" | "years_due" => row.count(known.map(|count| count as u64)),
            _ => row.integer(known.map(|days| days as i64)),
        }
    }
}

/// Each number in the type of its column.
fn put(row: &mut Row<'_>, features: &[f64]) {
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

fn dataset<R: Replayed>(replay: &R, id: Id, kind: MemberKind, plan: &Plan, rows: &mut Rows) {
    let picked = id.among(kind);
    churn_risk::dataset(
        replay,
        plan,
        |member| picked.has(member),
        |member, anchor, example| {
            rows.put(|row| {
                row.member(member);
                row.day(anchor.day);
                row.flag(example.churned);
                row.floats(example.features.as_ref());
            });
            Ok(())
        },
    )
    .or_raise();
}

#[pg_extern]
fn churn_dataset(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let h = args.summary::<Events>("h");
    let id = args.id();
    let Asked { plan, as_of, .. } = asked(&mut args, false);
    let Some(h) = h else { return rows };
    let (view, zone) = (h.view(), h.zone());
    let replay = Replay::new(&view, &zone, as_of).or_raise();
    dataset(&replay, id, view.meta.kind, &plan, &mut rows);
    rows
}

#[pg_extern]
fn churn_dataset_of_memberships(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let m = args.summary::<Spells>("m");
    let id = args.id();
    let Asked { plan, as_of, .. } = asked(&mut args, false);
    let Some(m) = m else { return rows };
    let kind = m.memberships().kind();
    dataset(&stays(&m, as_of), id, kind, &plan, &mut rows);
    rows
}

#[pg_extern]
fn churn_fit(mut args: Args<'_>) -> Option<Varlena> {
    let h = args.summary::<Events>("h");
    let Asked { plan, method, as_of } = asked(&mut args, true);
    let h = h?;
    let (view, zone) = (h.view(), h.zone());
    let replay = Replay::new(&view, &zone, as_of).or_raise();
    Some(flat(&churn_risk::fit_summary(&replay, &plan, method).or_raise()))
}

#[pg_extern]
fn churn_fit_of_memberships(mut args: Args<'_>) -> Option<Varlena> {
    let m = args.summary::<Spells>("m");
    let Asked { plan, method, as_of } = asked(&mut args, true);
    let m = m?;
    Some(flat(&churn_risk::fit_summary(&stays(&m, as_of), &plan, method).or_raise()))
}
