//! `churn_risk` and `churn_reasons`: who of a history may leave, and why.

use super::FittedModel;
use crate::history::Events;
use crate::pg::arguments::Args;
use crate::pg::errors::OrRaise;
use crate::pg::rows::{Row, Rows};
use crate::prediction::attributes::Given;
use crate::value::ClvModel;
use pg_retention_model::churn_risk::{self, Language, MILLIONTHS, Reasons, Told};
use pg_retention_model::error::Error;
use pg_retention_model::numeric::normal;
use pgrx::prelude::*;

#[pg_extern]
fn churn_risk(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let h = args.summary::<Events>("h");
    let id = args.id();
    let fitted = FittedModel::take(&mut args);
    let value = ClvModel::named(&mut args, "value_model");
    let as_of = args.day("as_of");
    let z = normal::two_sided(args.confidence()).or_raise();
    args.end();
    let (Some(h), Some(fitted)) = (h, fitted) else { return rows };
    let (view, zone) = (h.view(), h.zone());
    let picked = id.among(view.meta.kind);
    churn_risk::members(
        &view,
        &zone,
        &fitted,
        as_of,
        |member| picked.has(member),
        |member, anchor, found| {
            let risk = fitted.risk(&found.features, z);
            let amount = match &value {
                Some(value) => {
                    churn_risk::amount_if_it_buys(value, &found.purchases, anchor.horizon as f64)?
                }
                None => None,
            };
            rows.put(|row| {
                row.member(member);
                row.estimate(risk);
                row.amount(amount.map(|amount| (risk.value * amount * MILLIONTHS).round() as i128));
            });
            Ok(())
        },
    )
    .or_raise();
    rows
}

/// How many reasons are told, and in which language.
fn asked(args: &mut Args<'_>) -> (usize, Language) {
    let top = args.integer("top").unwrap_or(3);
    let language =
        args.text("language").map_or(Language::English, |name| Language::parse(name).or_raise());
    let wrong = || {
        Error::bad(
            format!("top {top} is no number of reasons"),
            "Take 1 or more: so many reasons for each member.",
        )
    };
    (usize::try_from(top).ok().filter(|top| *top > 0).ok_or_else(wrong).or_raise(), language)
}

fn put(row: &mut Row<'_>, told: &Told) {
    row.integer(told.rank as i64);
    row.text(told.reason.as_str());
    row.float(told.value);
    row.float(told.typical);
    row.float(told.effect);
    row.float(told.risk_without);
}

#[pg_extern]
fn churn_reasons(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let h = args.summary::<Events>("h");
    let id = args.id();
    let fitted = FittedModel::take(&mut args);
    let (top, language) = asked(&mut args);
    let as_of = args.day("as_of");
    args.end();
    let (Some(h), Some(fitted)) = (h, fitted) else { return rows };
    let (view, zone) = (h.view(), h.zone());
    let picked = id.among(view.meta.kind);
    let last = as_of.or_else(|| view.last_day(&zone)).unwrap_or(0);
    let mut reasons = Reasons::new(&fitted, churn_risk::horizon_days(&fitted, last), language);
    churn_risk::members(
        &view,
        &zone,
        &fitted,
        as_of,
        |member| picked.has(member),
        |member, _, found| {
            for told in reasons.of(&found.features, top) {
                rows.put(|row| {
                    row.member(member);
                    put(row, &told);
                });
            }
            Ok(())
        },
    )
    .or_raise();
    rows
}

/// Of one row of a table: `churn_reasons(fitted, features jsonb, top, language)`.
#[pg_extern]
fn churn_reasons_of_row(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let fitted = FittedModel::take(&mut args);
    let features = Given::named(&mut args, "features");
    let (top, language) = asked(&mut args);
    args.end();
    let (Some(fitted), Some(features)) = (fitted, features) else { return rows };
    let x = churn_risk::features_of(&fitted, features.attributes()).or_raise();
    let horizon = churn_risk::horizon_days(&fitted, 0);
    for told in Reasons::new(&fitted, horizon, language).of(&x, top) {
        rows.put(|row| put(row, &told));
    }
    rows
}
