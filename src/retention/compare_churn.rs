//! Churn compared: `compare_churn`, two groups period by period; `churn_by`, the groups of an attribute
//! against the rest; `decompose_churn`, two periods, stratum by stratum.

use super::churn::question;
use crate::history::Events;
use crate::pg::arguments::Args;
use crate::pg::errors::OrRaise;
use crate::pg::expanded::State;
use crate::pg::memory::PgHost;
use crate::pg::row_array::RowStep;
use crate::pg::rows::Rows;
use pg_retention_model::churn::groups::{ChurnGroup, contrasts};
use pg_retention_model::churn::{self, Stratum, pair};
use pg_retention_model::host::Vec;
use pg_retention_model::numeric::Wilson;
use pgrx::Array;
use pgrx::prelude::*;

#[pg_extern]
fn compare_churn(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let h1 = args.summary::<Events>("h1");
    let h2 = args.summary::<Events>("h2");
    let mut question = question(&mut args, true);
    let (Some(h1), Some(h2)) = (h1, h2) else { return rows };
    let (first, second) = (h1.view(), h2.view());
    let (zone1, zone2) = (h1.zone(), h2.zone());
    first.meta.check_same(second.meta).or_raise();
    let host = PgHost::current();
    question.as_of = question.as_of.or_else(|| first.last_day(&zone1).max(second.last_day(&zone2)));
    let wilson = Wilson::new(question.confidence).or_raise();
    let first = churn::ledger(&first, &zone1, &question, host).or_raise();
    let second = churn::ledger(&second, &zone2, &question, host).or_raise();
    for pair in pair::pairs(first.rows(), second.rows(), wilson) {
        rows.put(|row| {
            row.day(pair.period_start);
            for group in 0..2 {
                row.count(pair.opening[group]);
                row.count(pair.churned[group]);
                row.float(pair.churn_rate[group].map(|share| share.value));
            }
            let difference = pair.difference;
            row.float(difference.map(|d| d.difference));
            row.bounds(difference.map(|d| (d.low, d.high)));
            row.float(difference.map(|d| d.p_value));
            row.flag(pair.complete);
        });
    }
    rows
}

/// Groups that a query has counted, one place of the arrays for each, those of a dimension together.
#[pg_extern]
fn churn_contrasts(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let dimensions = args.texts("dimensions");
    let values = args.texts("values_of");
    let counts = ["opening", "churned"].map(|name| args.get::<Array<'_, i64>>(name));
    let confidence = args.confidence();
    args.end();
    let (Some(dimensions), Some(values)) = (dimensions, values) else { return rows };
    let host = PgHost::current();
    let [opening, churned] = counts.each_ref().map(|array| array.iter().flat_map(Array::iter));
    let mut groups: Vec<ChurnGroup, PgHost> = Vec::with_capacity_in(dimensions.len(), host);
    let (mut dimension, mut before) = (0, None);
    for (name, (opening, churned)) in dimensions.iter().zip(opening.zip(churned)) {
        if before.is_some_and(|before| before != name) {
            dimension += 1;
        }
        before = Some(name);
        let count = |n: Option<i64>| n.and_then(|n| u64::try_from(n).ok()).unwrap_or(0);
        groups.push(ChurnGroup { dimension, opening: count(opening), churned: count(churned) });
    }
    let found = contrasts(&groups, confidence, host).or_raise();
    let names = dimensions.iter().zip(values.iter());
    for ((group, contrast), (dimension, value)) in groups.iter().zip(&found).zip(names) {
        rows.put(|row| {
            row.text(*dimension);
            row.text(*value);
            row.count(group.opening);
            row.count(group.churned);
            row.estimate(contrast.churn_rate);
            row.estimate(contrast.ratio);
            row.float(contrast.p_value);
            row.float(contrast.q_value);
        });
    }
    rows
}

/// `decompose_churn_step(churn_stratum[], stratum, opening_1, churned_1, opening_2, churned_2)`.
#[pg_extern]
fn decompose_churn_step(step: RowStep) -> State {
    step.appended("strata", "decompose_churn_fewer")
}

#[pg_extern]
fn decompose_churn_arrays(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let names = args.texts("stratum");
    let counts = ["opening_1", "churned_1", "opening_2", "churned_2"];
    let mut counts = counts.map(|name| args.get::<Array<'_, i64>>(name));
    args.end();
    let Some(names) = names else { return rows };
    let mut counts = counts.each_mut().map(|array| array.iter().flat_map(Array::iter));
    let mut strata = Vec::with_capacity_in(names.len(), PgHost::current());
    for &name in &names {
        let [o1, c1, o2, c2] = counts.each_mut().map(|array| array.next().flatten().unwrap_or(0));
        strata.push(Stratum { name, opening: [o1, o2], churned: [c1, c2] });
    }
    let compared = churn::compare(&strata, PgHost::current()).or_raise();
    for (i, effect) in compared.iter().enumerate() {
        let stratum = strata.get(i);
        rows.put(|row| {
            row.text(stratum.and_then(|stratum| stratum.name));
            row.count(effect.opening[0]);
            row.count(effect.opening[1]);
            row.float(effect.share[0]);
            row.float(effect.share[1]);
            row.float(effect.rate[0]);
            row.float(effect.rate[1]);
            row.float(effect.effects.map(|(mix, _, _)| mix));
            row.float(effect.effects.map(|(_, rate, _)| rate));
            row.float(effect.effects.map(|(_, _, both)| both));
            row.flag(stratum.is_none());
        });
    }
    rows
}
