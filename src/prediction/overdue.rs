//! `overdue`: whose silence is unusual for them; `overdue_check`, how often that was a false alarm.

use crate::history::Events;
use crate::pg::arguments::Args;
use crate::pg::errors::OrRaise;
use crate::pg::memory::PgHost;
use crate::pg::rows::Rows;
use pg_retention_model::calendar::{Stretch, Takes};
use pg_retention_model::overdue::{self, OverdueQuestion};
use pgrx::prelude::*;

/// The arguments of both; the check has no `within`.
fn question(args: &mut Args<'_>, has_within: bool) -> OverdueQuestion {
    let min_gaps = args.integer("min_gaps").unwrap_or(3);
    let as_of = args.day("as_of");
    let within = if has_within { args.stretch(Takes::days("within")) } else { None };
    let within = within.unwrap_or(Stretch::of_days(90));
    let question = OverdueQuestion { min_gaps, as_of, within, confidence: args.confidence() };
    args.end();
    question.check().or_raise();
    question
}

#[pg_extern]
fn overdue(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let h = args.summary::<Events>("h");
    let id = args.id();
    let question = question(&mut args, true);
    let Some(h) = h else { return rows };
    let (view, zone, host) = (h.view(), h.zone(), PgHost::current());
    let picked = id.among(view.meta.kind);
    overdue::overdue(&view, &zone, &question, host, |member, of| {
        if picked.has(member) {
            rows.put(|row| {
                row.member(member);
                row.day(of.last_day);
                row.integer(of.silent_days);
                row.count(of.gaps);
                row.float(of.usual_gap);
                row.day(of.silence.map(|silence| silence.due_by));
                row.float(of.silence.map(|silence| silence.p_silence));
                row.flag(of.silence.map(|silence| silence.overdue));
                row.float(of.trend.ratio);
                row.float(of.trend.low);
                row.float(of.trend.high);
                row.float(of.amount_trend);
            });
        }
    })
    .or_raise();
    rows
}

#[pg_extern]
fn overdue_check(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let h = args.summary::<Events>("h");
    let question = question(&mut args, false);
    let Some(h) = h else { return rows };
    let interval = question.confidence;
    let found =
        overdue::check(&h.view(), &h.zone(), &question, interval, PgHost::current()).or_raise();
    rows.put(|row| {
        row.count(found.members);
        row.count(found.gaps);
        row.count(found.alarms);
        row.estimate(found.rate);
        row.float(found.expected);
    });
    rows
}
