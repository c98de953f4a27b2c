//! What readers of memberships share with those of histories by name: `growth`, `churn_members`,
//! `retention_curve` and `cohort_members` of members with a contract.

use crate::history::Spells;
use crate::pg::arguments::{Args, given};
use crate::pg::errors::OrRaise;
use crate::pg::memory::PgHost;
use crate::pg::rows::Rows;
use crate::pg::stored::Stored;
use pg_retention_model::calendar::Periods;
use pg_retention_model::churn::memberships::{MembershipQuestion, changes_of_members, churn};
use pg_retention_model::cohorts::memberships::{cohorts, curve, members_of_cell};
use pgrx::prelude::*;

/// The arguments period, as_of and confidence, which the readers of members have not.
pub fn question(
    args: &mut Args<'_>,
    m: Option<&Stored<'_, Spells>>,
    periods: Periods,
    has_confidence: bool,
) -> MembershipQuestion {
    let (period, as_of) = (args.period(periods), args.day("as_of"));
    let confidence = if has_confidence { args.confidence() } else { 0.95 };
    args.end();
    let question = MembershipQuestion { period, as_of, confidence };
    question.check().or_raise();
    MembershipQuestion { as_of: m.map(|m| m.as_of(as_of)), ..question }
}

#[pg_extern]
fn growth_of_memberships(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let m = args.summary::<Spells>("m");
    let question = question(&mut args, m.as_ref(), Periods::Shared, true);
    let Some(m) = m else { return rows };
    let ledger = churn(&m.memberships(), &question, PgHost::current()).or_raise();
    for growth in ledger.growth() {
        let line = growth.row;
        rows.put(|row| {
            row.day(line.period_start);
            row.count(line.joined);
            row.count(line.retained);
            row.count(line.rejoined);
            row.count(growth.dormant);
            row.count(line.departed);
            row.count(line.churned);
            row.difference(growth.net_change);
            row.estimate(growth.quick_ratio);
            row.flag(line.complete);
        });
    }
    rows
}

#[pg_extern]
fn churn_members_of_memberships(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let m = args.summary::<Spells>("m");
    let id = args.id();
    let period_start = args.day("period_start");
    let question = question(&mut args, m.as_ref(), Periods::Shared, false);
    let hint = "Take a period_start of churn with the same period and as_of.";
    let period_start = given("period_start", period_start, hint).or_raise();
    let Some(m) = m else { return rows };
    let (view, host) = (m.memberships(), PgHost::current());
    let picked = id.among(view.kind());
    changes_of_members(&view, &question, period_start, host, |member, changed| {
        if picked.has(&member) {
            rows.put(|row| {
                row.member(&member);
                row.text(changed.change.name());
                row.count(changed.times);
                row.day(changed.stretch.joined);
                row.day(changed.stretch.ended);
                row.count(changed.days);
            });
        }
        Ok(())
    })
    .or_raise();
    rows
}

#[pg_extern]
fn retention_curve_of_memberships(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let m = args.summary::<Spells>("m");
    let question = question(&mut args, m.as_ref(), Periods::OwnDays, true);
    let Some(m) = m else { return rows };
    let table = cohorts(&m.memberships(), &question, PgHost::current()).or_raise();
    for point in curve(&table) {
        rows.put(|row| {
            row.integer(point.period_number);
            row.count(point.members);
            row.count(point.eligible);
            row.count(point.retained);
            row.estimate(point.rate);
        });
    }
    rows
}

#[pg_extern]
fn cohort_members_of_memberships(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let m = args.summary::<Spells>("m");
    let id = args.id();
    let (cohort, period_number) = (args.day("cohort"), args.integer("period_number"));
    let question = question(&mut args, m.as_ref(), Periods::OwnDays, false);
    let hint = "Take the cohort and the period_number of a row of cohorts().";
    let cohort = given("cohort", cohort, hint).or_raise();
    let period_number = given("period_number", period_number, hint).or_raise();
    let Some(m) = m else { return rows };
    let (view, host) = (m.memberships(), PgHost::current());
    let picked = id.among(view.kind());
    let cell = (cohort, i64::from(period_number));
    members_of_cell(&view, &question, cell, host, |member| {
        if picked.has(&member) {
            rows.put(|row| row.member(&member));
        }
        Ok(())
    })
    .or_raise();
    rows
}
