//! What is inside a history, and parts of one.

use super::Events;
use crate::pg::arguments::Args;
use crate::pg::errors::OrRaise;
use crate::pg::expanded::{Expanded, Home};
use crate::pg::memory::PgHost;
use crate::pg::rows::Rows;
use crate::pg::stored::Stored;
use crate::pg::zone::PgZone;
use pg_retention_model::calendar::{Clock, date_text};
use pg_retention_model::error::Error;
use pg_retention_model::history::{History, MemberRef, View};
use pg_retention_model::host::Vec;
use pgrx::datum::TimestampWithTimeZone;
use pgrx::prelude::*;

/// The only argument of these functions.
fn history<'a>(mut args: Args<'a>) -> Option<Stored<'a, Events>> {
    let h = args.summary("h");
    args.end();
    h
}

#[pg_extern]
fn members(args: Args<'_>) -> Option<i64> {
    let h = history(args)?;
    let view = h.view();
    let members = view.members().map_or_else(|| view.count_members(), Ok).or_raise();
    Some(i64::try_from(members).unwrap_or(i64::MAX))
}

#[pg_extern]
fn events(args: Args<'_>) -> Option<i64> {
    Some(i64::try_from(history(args)?.view().events()).unwrap_or(i64::MAX))
}

#[pg_extern]
fn first_at(args: Args<'_>) -> Option<TimestampWithTimeZone> {
    let h = history(args)?;
    let first = h.view().meta.extent?.first;
    h.zone().instant(first).try_into().ok()
}

#[pg_extern]
fn last_at(args: Args<'_>) -> Option<TimestampWithTimeZone> {
    let h = history(args)?;
    let last = h.view().meta.extent?.last;
    h.zone().instant(last).try_into().ok()
}

#[pg_extern]
fn grain(args: Args<'_>) -> Option<&'static str> {
    Some(history(args)?.view().meta.grain.name())
}

#[pg_extern]
fn time_zone(args: Args<'_>) -> Option<String> {
    let h = history(args)?;
    let name = h.view().meta.zone().to_string();
    (!name.is_empty()).then_some(name)
}

/// The times by which ticks are named, those used last at hand.
struct Times {
    zone: PgZone,
    clock: Clock<PgHost>,
    seen: Vec<(i64, i64), PgHost>,
}

impl Times {
    const PLACES: usize = 1024;

    fn new(view: &View<'_, PgHost>, zone: PgZone) -> Self {
        let host = PgHost::current();
        let mut times =
            Times { zone, clock: Clock::new(view.meta.grain, host), seen: Vec::new_in(host) };
        // A tick whose place is elsewhere: it will not be found.
        times.seen.resize(Self::PLACES, (-1, 0));
        times.seen[Self::PLACES - 1].0 = 0;
        times
    }

    fn of(&mut self, tick: i64) -> i64 {
        let place = tick as usize % Self::PLACES;
        if self.seen[place].0 != tick {
            let time = self.zone.instant(self.clock.label(&self.zone, tick));
            self.seen[place] = (tick, time);
        }
        self.seen[place].1
    }
}

#[pg_extern]
fn history_rows(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let h = args.summary::<Events>("h");
    let id = args.id();
    args.end();
    let Some(h) = h else { return rows };
    let (view, zone) = (h.view(), h.zone());
    let picked = id.among(view.meta.kind);
    let mut times = Times::new(&view, zone);
    let mut walk = view.walk().or_raise();
    while let Some((member, timeline)) = walk.next_entry().or_raise() {
        if !picked.has(&member) {
            continue;
        }
        let mut ticks = timeline.ticks().iter().map(|&tick| times.of(tick)).enumerate();
        let mut next = ticks.next();
        while let Some((i, at)) = next {
            let (mut events, mut amount) = (timeline.count(i), timeline.amount(i).map(i128::from));
            next = ticks.next();
            // Where a clock was set back within an hour, its two parts have one name.
            while let Some((j, _)) = next.filter(|(_, label)| *label == at) {
                events = events.saturating_add(timeline.count(j));
                let more = timeline.amount(j).map(i128::from);
                amount = amount.map_or(more, |amount| Some(amount + more.unwrap_or(0)));
                next = ticks.next();
            }
            rows.put(|row| {
                row.member(&member);
                row.instant(at);
                row.count(events);
                row.amount(amount);
            });
        }
    }
    rows
}

#[pg_extern]
fn slice(mut args: Args<'_>) -> Option<&'static mut Expanded<Events>> {
    let h = args.summary::<Events>("h");
    let (from, to) = (args.day("from_date"), args.day("to_date"));
    args.end();
    let h = h?;
    let (view, zone) = (h.view(), h.zone());
    let grain = view.meta.grain;
    let mut clock = Clock::new(grain, PgHost::current());
    let (first_day, last_day) = view.meta.extent?.days(&mut clock, &zone);
    let (from, to) = (from.unwrap_or(first_day), to.unwrap_or(last_day));
    if from > last_day || to < first_day {
        return None;
    }
    if !grain.is_instant() {
        // A tick is kept or dropped whole.
        for (what, date, cut) in [("from_date", from, from - 1), ("to_date", to, to)] {
            let is_between = first_day <= cut && cut < last_day;
            if is_between && grain.last_day(grain.of_day(cut)) != cut {
                Err(Error::BadArgument {
                    message: format!(
                        "{what} {} lies inside a {} of the history",
                        date_text(date),
                        grain.name()
                    ),
                    hint: "Slices are made of whole ticks: take the first and the last day of \
                           one, or a history with a finer grain.",
                })
                .or_raise()
            }
        }
    }
    let keep =
        |tick: i64| from <= clock.last_day(&zone, tick) && clock.first_day(&zone, tick) <= to;
    part(&h, |_| true, keep)
}

#[pg_extern]
fn without(mut args: Args<'_>) -> Option<&'static mut Expanded<Events>> {
    let h = args.summary::<Events>("h");
    let members = args.members("members");
    args.end();
    let h = h?;
    let Some(members) = members else {
        return part(&h, |_| true, |_| true);
    };
    let gone = members.of(h.view().meta.kind);
    part(&h, |member| gone.binary_search(&member).is_err(), |_| true)
}

/// A history of a part of another.
fn part(
    h: &Stored<'_, Events>,
    keep_member: impl FnMut(MemberRef<'_>) -> bool,
    keep_tick: impl FnMut(i64) -> bool,
) -> Option<&'static mut Expanded<Events>> {
    let (view, zone) = (h.view(), h.zone());
    let mut is_empty = false;
    let object = Expanded::create(Home::Own, zone, |host| {
        let part = History::part_of(&view, &zone, host, keep_member, keep_tick).or_raise();
        part.unwrap_or_else(|| {
            is_empty = true;
            History::new(view.meta.empty(host), host)
        })
    });
    (!is_empty).then_some(object)
}
