//! `paths`, `next_events` and `sessions`: what members do one after the other.

use crate::history::Paths;
use crate::pg::arguments::{Args, given};
use crate::pg::errors::{OrRaise, raise};
use crate::pg::memory::PgHost;
use crate::pg::rows::Rows;
use pg_retention_model::calendar::exact_micros;
use pg_retention_model::error::Error;
use pg_retention_model::journeys::{View, event_of};
use pg_retention_model::paths::{self, Node, PathsQuestion};
use pgrx::prelude::*;

#[pg_extern]
fn paths_of(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let j = args.summary::<Paths>("j");
    let (start, finish) = (args.text("start"), args.text("finish"));
    let (levels, top) = (args.integer("levels"), args.integer("top"));
    let session = args.text("session").map(|gap| exact_micros("session", gap).or_raise());
    let as_of = args.day("as_of");
    args.end();
    let Some(j) = j else { return rows };
    let view = j.view();
    let event =
        |what: &str, name: Option<&str>| name.map(|name| event_of(&view, what, name).or_raise());
    let number = |what: &str, given: Option<i32>, usual| match given.map(usize::try_from) {
        None => usual,
        Some(Ok(number)) => number,
        Some(Err(_)) => raise(&Error::bad(
            format!("{what} {} is less than nothing", given.unwrap_or_default()),
            "Take 1 or more.",
        )),
    };
    let question = PathsQuestion {
        start: event("start", start),
        finish: event("finish", finish),
        levels: number("levels", levels, 5),
        top: number("top", top, 8),
        session,
        as_of,
    };
    let (other, end) =
        (marker(&view, "other"), marker(&view, if finish.is_some() { "start" } else { "end" }));
    for step in paths::paths(&view, &j.zone(), &question).or_raise() {
        let name = |node: Node| match node {
            Node::Event(code) => view.names.get(code as usize).copied().unwrap_or_default(),
            Node::Other => other.as_bytes(),
            Node::End => end.as_bytes(),
        };
        rows.put(|row| {
            row.integer(step.level as i64);
            row.name(name(step.from));
            row.name(name(step.to));
            row.count(step.members);
            row.count(step.ways);
            row.float(step.share);
        });
    }
    rows
}

/// A word that is no event of these journeys.
fn marker(view: &View<'_, PgHost>, word: &str) -> String {
    match view.names.binary_search(&word.as_bytes()) {
        Ok(_) => format!("({word})"),
        Err(_) => word.to_string(),
    }
}

#[pg_extern]
fn next_events(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let j = args.summary::<Paths>("j");
    let (event, as_of) = (args.text("event"), args.day("as_of"));
    args.end();
    let event = given("event", event, "Name the event after which to look, such as 'complaint'.")
        .or_raise();
    let Some(j) = j else { return rows };
    let view = j.view();
    let event = event_of(&view, "event", event).or_raise();
    let found = paths::next_events(&view, &j.zone(), event, as_of).or_raise();
    let all: u64 = found.iter().map(|next| next.events).sum();
    for next in &found {
        rows.put(|row| {
            match next.next.and_then(|code| view.names.get(code as usize)) {
                Some(name) => row.name(name),
                None => row.text(None),
            }
            row.count(next.members);
            row.count(next.events);
            row.float(next.events as f64 / all as f64);
        });
    }
    rows
}

#[pg_extern]
fn sessions(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let j = args.summary::<Paths>("j");
    let id = args.id();
    let gap = args.text("gap").unwrap_or("30 minutes");
    let as_of = args.day("as_of");
    args.end();
    let gap = exact_micros("gap", gap).or_raise();
    let Some(j) = j else { return rows };
    let (view, zone) = (j.view(), j.zone());
    let picked = id.among(view.meta.kind);
    paths::sessions(&view, &zone, gap, as_of, |member, session| {
        if !picked.has(&member) {
            return;
        }
        let name = |code: u32| view.names.get(code as usize).copied().unwrap_or_default();
        rows.put(|row| {
            row.member(&member);
            row.count(session.number);
            row.instant(zone.instant(session.started_at));
            row.instant(zone.instant(session.ended_at));
            row.count(session.events);
            row.name(name(session.ends.0));
            row.name(name(session.ends.1));
        });
    })
    .or_raise();
    rows
}
