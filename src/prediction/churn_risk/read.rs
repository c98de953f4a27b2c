//! `churn_risk` and `churn_reasons`: who of a history or of memberships may leave, and why.

use super::{FittedModel, stays};
use crate::history::{Events, Spells};
use crate::pg::arguments::{Args, Id};
use crate::pg::encoding;
use crate::pg::errors::OrRaise;
use crate::pg::rows::{Row, Rows};
use crate::prediction::attributes::Given;
use crate::value::ClvModel;
use pg_retention_model::churn_risk::{
    self, Anchor, Language, MILLIONTHS, Purchases, Reasons, Replay, Replayed, Told,
};
use pg_retention_model::clv::model::Model;
use pg_retention_model::error::Error;
use pg_retention_model::history::MemberKind;
use pg_retention_model::numeric::{Estimate, normal};
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
    let replay = Replay::new(&view, &zone, as_of).or_raise();
    churn_risk::members(
        &replay,
        &fitted,
        |member| picked.has(member),
        |member, anchor, past, features| {
            let risk = fitted.risk(features, z);
            let loss = loss(value.as_deref(), risk, past.purchases(anchor.day), anchor)?;
            rows.put(|row| {
                row.member(member);
                row.estimate(risk);
                row.amount(loss);
            });
            Ok(())
        },
    )
    .or_raise();
    rows
}

/// As `churn_risk`, with the first reasons of every member as one text in both languages: of what is published.
#[pg_extern]
fn churn_told(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let h = args.summary::<Events>("h");
    let id = args.id();
    let fitted = FittedModel::take(&mut args);
    let value = ClvModel::named(&mut args, "value_model");
    let as_of = args.day("as_of");
    args.end();
    let z = normal::two_sided(0.95).or_raise();
    let (Some(h), Some(fitted)) = (h, fitted) else { return rows };
    let (view, zone) = (h.view(), h.zone());
    let picked = id.among(view.meta.kind);
    let replay = Replay::new(&view, &zone, as_of).or_raise();
    let mut reasons = Reasons::new(&fitted, churn_risk::horizon_days(&fitted, replay.as_of()));
    churn_risk::members(
        &replay,
        &fitted,
        |member| picked.has(member),
        |member, anchor, past, features| {
            let risk = fitted.risk(features, z);
            let loss = loss(value.as_deref(), risk, past.purchases(anchor.day), anchor)?;
            // What keeps the risk low is no reason of it: no effect stands beside these.
            let mut told = reasons.of(features, 3, Language::English);
            told.retain(|told| told.effect > 0.0);
            let english: Vec<&str> = told.iter().map(|told| told.reason.as_str()).collect();
            let chinese = told.iter().map(|told| reasons.again(told, features, Language::Chinese));
            let chinese = chinese.collect::<Vec<_>>().join("；");
            let english = english.join("; ");
            let any = !told.is_empty();
            rows.put(|row| {
                row.member(member);
                row.estimate(risk);
                row.amount(loss);
                row.text(any.then_some(english.as_str()));
                // Not every database has these letters.
                row.text(
                    Some(chinese.as_str()).filter(|text| any && encoding::has_letters_of(text)),
                );
            });
            Ok(())
        },
    )
    .or_raise();
    rows
}

/// What may be lost: the risk times what the member would spend if it buys, in millionths.
fn loss(
    value: Option<&Model>,
    risk: Estimate,
    purchases: Option<Purchases>,
    anchor: &Anchor,
) -> Result<Option<i128>, Error> {
    let Some((value, purchases)) = value.zip(purchases) else { return Ok(None) };
    let amount = churn_risk::amount_if_it_buys(value, &purchases, anchor.horizon as f64)?;
    Ok(amount.map(|amount| (risk.value * amount * MILLIONTHS).round() as i128))
}

#[pg_extern]
fn churn_risk_of_memberships(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let m = args.summary::<Spells>("m");
    let id = args.id();
    let fitted = FittedModel::take(&mut args);
    let as_of = args.day("as_of");
    let z = normal::two_sided(args.confidence()).or_raise();
    args.end();
    let (Some(m), Some(fitted)) = (m, fitted) else { return rows };
    let picked = id.among(m.memberships().kind());
    churn_risk::members(
        &stays(&m, as_of),
        &fitted,
        |member| picked.has(member),
        |member, _, _, features| {
            let risk = fitted.risk(features, z);
            rows.put(|row| {
                row.member(member);
                row.estimate(risk);
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

/// The reasons of every member of a summary.
fn tell<R: Replayed>(
    replay: &R,
    id: Id,
    kind: MemberKind,
    fitted: &FittedModel,
    (top, language): (usize, Language),
    rows: &mut Rows,
) {
    let picked = id.among(kind);
    let horizon = churn_risk::horizon_days(fitted, replay.as_of());
    let mut reasons = Reasons::new(fitted, horizon);
    churn_risk::members(
        replay,
        fitted,
        |member| picked.has(member),
        |member, _, _, features| {
            for told in reasons.of(features, top, language) {
                rows.put(|row| {
                    row.member(member);
                    put(row, &told);
                });
            }
            Ok(())
        },
    )
    .or_raise();
}

#[pg_extern]
fn churn_reasons(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let h = args.summary::<Events>("h");
    let id = args.id();
    let fitted = FittedModel::take(&mut args);
    let asked = asked(&mut args);
    let as_of = args.day("as_of");
    args.end();
    let (Some(h), Some(fitted)) = (h, fitted) else { return rows };
    let (view, zone) = (h.view(), h.zone());
    let replay = Replay::new(&view, &zone, as_of).or_raise();
    tell(&replay, id, view.meta.kind, &fitted, asked, &mut rows);
    rows
}

#[pg_extern]
fn churn_reasons_of_memberships(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let m = args.summary::<Spells>("m");
    let id = args.id();
    let fitted = FittedModel::take(&mut args);
    let asked = asked(&mut args);
    let as_of = args.day("as_of");
    args.end();
    let (Some(m), Some(fitted)) = (m, fitted) else { return rows };
    let kind = m.memberships().kind();
    tell(&stays(&m, as_of), id, kind, &fitted, asked, &mut rows);
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
    for told in Reasons::new(&fitted, horizon).of(&x, top, language) {
        rows.put(|row| put(row, &told));
    }
    rows
}
