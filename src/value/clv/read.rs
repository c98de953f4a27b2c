//! `btyd`, `clv` and `clv_score`: what is known of every member, and what is expected of it.

use super::{FittedModel, customer, days, numbers, unit};
use crate::history::Events;
use crate::pg::arguments::Args;
use crate::pg::errors::{OrRaise, tell};
use crate::pg::memory::PgHost;
use crate::pg::once::OnceAQuery;
use crate::pg::rows::{Row, Rows};
use pg_retention_model::clv::ScoreQuestion;
use pg_retention_model::clv::model::Model;
use pg_retention_model::clv::scalar;
use pg_retention_model::clv::score::{self, Estimate, Score};
use pg_retention_model::clv::summary::Summaries;
use pgrx::prelude::*;

#[pg_extern]
fn btyd(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let h = args.summary::<Events>("h");
    let id = args.id();
    let unit = unit(&mut args);
    let as_of = args.day("as_of");
    args.end();
    let Some(h) = h else { return rows };
    let (view, zone) = (h.view(), h.zone());
    let picked = id.among(view.meta.kind);
    let mut members = Summaries::new(&view, &zone, unit, as_of, &PgHost::current()).or_raise();
    while let Some((member, summary)) = members.next_member().or_raise() {
        if picked.has(&member) {
            rows.put(|row| {
                row.member(&member);
                row.count(summary.customer.x as u64);
                row.float(summary.customer.t_x);
                row.float(summary.customer.age);
                row.float(summary.ln_gaps);
                row.float(summary.spend);
            });
        }
    }
    rows
}

#[pg_extern]
fn clv(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let h = args.summary::<Events>("h");
    let id = args.id();
    let fitted = FittedModel::take(&mut args);
    let horizon = days(&mut args, "horizon");
    let discount = args.rate_per_year("discount").unwrap_or(0.0);
    let margin = args.share("margin").unwrap_or(1.0);
    let as_of = args.day("as_of");
    let question = ScoreQuestion { horizon, discount, margin, confidence: Some(args.confidence()) };
    args.end();
    question.check().or_raise();
    let (Some(h), Some(fitted)) = (h, fitted) else { return rows };
    fitted.kind.check_history().or_raise();
    tell_without_spend(&fitted);
    let (view, zone, host) = (h.view(), h.zone(), PgHost::current());
    let picked = id.among(view.meta.kind);
    let mut scorer = score::scorer(&fitted, &question, host).or_raise();
    let mut members = Summaries::new(&view, &zone, fitted.unit, as_of, &host).or_raise();
    while let Some((member, summary)) = members.next_member().or_raise() {
        if !picked.has(&member) {
            continue;
        }
        let score = scorer.score(summary.customer, summary.spend).or_raise();
        rows.put(|row| {
            row.member(&member);
            row.count(summary.customer.x as u64);
            row.float(summary.customer.t_x);
            row.float(summary.customer.age);
            row.float(summary.spend);
            put_score(row, &score);
        });
    }
    rows
}

/// Says, once a query, why nothing is known of money.
fn tell_without_spend(fitted: &Model) {
    static TOLD: OnceAQuery = OnceAQuery::new();
    if fitted.spend.is_none() && TOLD.is_first() {
        let hint = scalar::without_spend(fitted.kind);
        tell("the model knows no amounts: expected_spend and clv are NULL", hint);
    }
}

/// p_alive and what follows.
fn put_score(row: &mut Row<'_>, score: &Score) {
    put_estimate(row, Some(score.p_alive));
    put_estimate(row, score.expected);
    row.count(score.purchases.map(|purchases| purchases.median));
    row.count(score.purchases.map(|purchases| purchases.low));
    row.count(score.purchases.map(|purchases| purchases.high));
    row.float(score.expected_spend);
    put_estimate(row, score.value);
}

fn put_estimate(row: &mut Row<'_>, estimate: Option<Estimate>) {
    row.float(estimate.map(|estimate| estimate.value));
    row.bounds(estimate.and_then(|estimate| estimate.interval));
}

#[pg_extern]
fn clv_score(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let fitted = FittedModel::take(&mut args);
    let customer = customer(&mut args);
    let spend = args.number("spend");
    let question = ScoreQuestion {
        horizon: days(&mut args, "horizon"),
        discount: args.rate_per_year("discount").unwrap_or(0.0),
        margin: args.share("margin").unwrap_or(1.0),
        confidence: Some(args.confidence()),
    };
    let covariates = args.get("covariates");
    args.end();
    question.check().or_raise();
    let (Some(fitted), Some(c)) = (fitted, customer) else { return rows };
    tell_without_spend(&fitted);
    let model = fitted.of_customer(Some(numbers(covariates))).or_raise();
    let score = score::score_one(&model, &question, c, spend, PgHost::current()).or_raise();
    rows.put(|row| put_score(row, &score));
    rows
}
