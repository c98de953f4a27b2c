//! The ledger: `churn`, who is in, who left, who came and who came back; `churn_members`, which members
//! those are; `growth`, the same rows as growth accounting.

use super::memberships::question as question_of_memberships;
use crate::history::{Events, Spells};
use crate::pg::arguments::{Args, given};
use crate::pg::errors::OrRaise;
use crate::pg::memory::PgHost;
use crate::pg::rows::Rows;
use pg_retention_model::calendar::Periods;
use pg_retention_model::churn::{self, ChurnQuestion, memberships};
use pgrx::prelude::*;

/// The arguments that readers of the ledger share; `churn_members` has no confidence.
pub(super) fn question(args: &mut Args<'_>, has_confidence: bool) -> ChurnQuestion {
    let question = ChurnQuestion {
        period: args.period(Periods::Shared),
        lapse: args.lapse(),
        as_of: args.day("as_of"),
        confidence: if has_confidence { args.confidence() } else { 0.95 },
    };
    args.end();
    question.check().or_raise();
    question
}

#[pg_extern]
fn churn(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let h = args.summary::<Events>("h");
    let question = question(&mut args, true);
    let Some(h) = h else { return rows };
    let (view, zone) = (h.view(), h.zone());
    let ledger = churn::ledger(&view, &zone, &question, PgHost::current()).or_raise();
    for line in ledger.rows() {
        rows.put(|row| {
            row.day(line.period_start);
            row.count(line.opening);
            row.count(line.new);
            row.count(line.reactivated);
            row.count(line.retained);
            row.count(line.churned);
            row.count(line.closing);
            row.float(line.retention_rate);
            row.float(line.crr);
            row.estimate(line.churn_rate);
            row.flag(line.truncated);
            row.flag(line.complete);
        });
    }
    rows
}

#[pg_extern]
fn churn_of_memberships(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let m = args.summary::<Spells>("m");
    let question = question_of_memberships(&mut args, m.as_ref(), Periods::Shared, true);
    let Some(m) = m else { return rows };
    let host = PgHost::current();
    let ledger = memberships::churn(&m.memberships(), &question, host).or_raise();
    for line in ledger.rows() {
        rows.put(|row| {
            row.day(line.period_start);
            row.count(line.opening);
            row.count(line.joined);
            row.count(line.rejoined);
            row.count(line.departed);
            row.count(line.retained);
            row.count(line.churned);
            row.count(line.closing);
            row.float(line.retention_rate);
            row.float(line.crr);
            row.estimate(line.churn_rate);
            row.float(line.member_years);
            row.estimate(line.departure_rate);
            row.flag(line.complete);
        });
    }
    rows
}

#[pg_extern]
fn churn_members(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let h = args.summary::<Events>("h");
    let id = args.id();
    let period_start = args.day("period_start");
    let question = question(&mut args, false);
    let hint = "Take a period_start of churn with the same period, gap and as_of.";
    let period_start = given("period_start", period_start, hint).or_raise();
    let Some(h) = h else { return rows };
    let (view, zone, host) = (h.view(), h.zone(), PgHost::current());
    let picked = id.among(view.meta.kind);
    churn::change_of_members(&view, &zone, &question, period_start, host, |member, found| {
        if picked.has(&member) {
            rows.put(|row| {
                row.member(&member);
                row.text(found.change.name());
                row.day(found.last_day);
                row.integer(found.silent_days);
                row.amount(found.amount);
            });
        }
        Ok(())
    })
    .or_raise();
    rows
}

#[pg_extern]
fn growth(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let h = args.summary::<Events>("h");
    let question = question(&mut args, true);
    let Some(h) = h else { return rows };
    let (view, zone) = (h.view(), h.zone());
    let ledger = churn::ledger(&view, &zone, &question, PgHost::current()).or_raise();
    for growth in churn::growth(&ledger) {
        let line = growth.row;
        rows.put(|row| {
            row.day(line.period_start);
            row.count(line.new);
            row.count(line.retained);
            row.count(line.reactivated);
            row.count(growth.dormant);
            row.count(line.churned);
            row.difference(growth.net_change);
            row.estimate(growth.quick_ratio);
            row.flag(line.truncated);
            row.flag(line.complete);
        });
    }
    rows
}
