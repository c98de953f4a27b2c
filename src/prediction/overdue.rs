//! `overdue`: whose silence is unusual for them; `overdue_check`, how often that was a false alarm. `common_rhythm` and `overdue_by`:
//! the first for a history that is in parts.

use crate::history::Events;
use crate::pg::arguments::{Args, Id};
use crate::pg::errors::OrRaise;
use crate::pg::memory::PgHost;
use crate::pg::rows::Rows;
use crate::pg::stored::Stored;
use pg_retention_model::calendar::{Stretch, Takes};
use pg_retention_model::overdue::{self, CommonRhythm, OverdueQuestion};
use pgrx::prelude::*;

/// The arguments of both; the check has no `within`.
fn question(args: &mut Args<'_>, has_within: bool) -> OverdueQuestion {
    let min_gaps = args.integer("min_gaps").unwrap_or(3);
    let as_of = args.day("as_of");
    let within = if has_within { args.stretch(Takes::days("within")) } else { None };
    let within = within.unwrap_or(Stretch::of_days(90));
    let question =
        OverdueQuestion { min_gaps, as_of, within, confidence: args.confidence(), common: None };
    args.end();
    question.check().or_raise();
    question
}

#[pg_extern]
fn overdue(mut args: Args<'_>, rows: Rows) -> Rows {
    let h = args.summary::<Events>("h");
    let id = args.id();
    let question = question(&mut args, true);
    judge(h, &id, &question, rows)
}

/// As overdue, by the rhythm of more members than the history has: none, and nobody is judged by a part.
#[pg_extern]
fn overdue_by(mut args: Args<'_>, rows: Rows) -> Rows {
    let h = args.summary::<Events>("h");
    let id = args.id();
    let (shape, mean_gap) = (args.number("shape"), args.number("mean_gap"));
    let mut question = question(&mut args, true);
    let Some((shape, mean_gap)) = shape.zip(mean_gap) else { return rows };
    question.common = Some(CommonRhythm { shape, mean_gap });
    question.check().or_raise();
    judge(h, &id, &question, rows)
}

#[pg_extern]
fn common_rhythm(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let h = args.summary::<Events>("h");
    let as_of = args.day("as_of");
    args.end();
    let Some(h) = h else { return rows };
    let found = overdue::common_rhythm(&h.view(), &h.zone(), as_of, PgHost::current()).or_raise();
    if let Some(common) = found {
        rows.put(|row| {
            row.float(common.shape);
            row.float(common.mean_gap);
        });
    }
    rows
}

fn judge(
    h: Option<Stored<'_, Events>>,
    id: &Id,
    question: &OverdueQuestion,
    mut rows: Rows,
) -> Rows {
    let Some(h) = h else { return rows };
    let (view, zone, host) = (h.view(), h.zone(), PgHost::current());
    let picked = id.among(view.meta.kind);
    overdue::overdue(&view, &zone, question, host, |member, of| {
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
