//! What is inside a history, and parts of one.

use crate::pg::errors::OrRaise;
use crate::pg::expanded::{Expanded, Form, Home};
use crate::pg::memory::PgHost;
use crate::pg::rows::Rows;
use crate::pg::stored::Stored;
use crate::pg::zone::PgZone;
use crate::pg::{arguments, member};
use pg_retention_model::calendar::{Clock, date_text};
use pg_retention_model::error::Error;
use pg_retention_model::history::{History, MemberKind, MemberRef, View};
use pg_retention_model::host::{Host, Vec};
use pgrx::datum::{Date, TimestampWithTimeZone};
use pgrx::prelude::*;
use pgrx::{AnyArray, direct_function_call, pg_sys};

#[pg_extern]
fn members(h: Stored<'_>) -> i64 {
    let view = h.view();
    let members = view.members().map_or_else(|| view.count_members(), Ok).or_raise();
    i64::try_from(members).unwrap_or(i64::MAX)
}

#[pg_extern]
fn events(h: Stored<'_>) -> i64 {
    i64::try_from(h.view().events()).unwrap_or(i64::MAX)
}

#[pg_extern]
fn first_at(h: Stored<'_>) -> Option<TimestampWithTimeZone> {
    let first = h.view().meta.extent?.first;
    instant(&h.zone(), first).try_into().ok()
}

#[pg_extern]
fn last_at(h: Stored<'_>) -> Option<TimestampWithTimeZone> {
    let last = h.view().meta.extent?.last;
    instant(&h.zone(), last).try_into().ok()
}

/// The instant of a time of a history. A local time is taken as PostgreSQL casts a timestamp to
/// timestamptz: as one of the session's zone.
fn instant(zone: &PgZone, micros: i64) -> i64 {
    if zone.name().is_empty() {
        // SAFETY: a timestamp in, a timestamptz out.
        let cast = unsafe {
            direct_function_call::<i64>(pg_sys::timestamp_timestamptz, &[Some(micros.into())])
        };
        return cast.unwrap_or(micros);
    }
    micros
}

#[pg_extern]
fn grain(h: Stored<'_>) -> &'static str {
    h.view().meta.grain.name()
}

#[pg_extern]
fn time_zone(h: Stored<'_>) -> Option<String> {
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
        // A tick that is at home in another place: nobody will find it.
        times.seen.resize(Self::PLACES, (-1, 0));
        times.seen[Self::PLACES - 1].0 = 0;
        times
    }

    fn of(&mut self, tick: i64) -> i64 {
        let place = tick as usize % Self::PLACES;
        if self.seen[place].0 != tick {
            let time = instant(&self.zone, self.clock.label(&self.zone, tick));
            self.seen[place] = (tick, time);
        }
        self.seen[place].1
    }
}

#[pg_extern]
fn history_rows(h: Option<Stored<'_>>, fcinfo: pg_sys::FunctionCallInfo) -> Rows {
    // SAFETY: declared RETURNS TABLE in sql/history/inspect.sql.
    let mut rows = unsafe { Rows::begin(fcinfo) };
    let Some(h) = h else { return rows };
    let (view, zone) = (h.view(), h.zone());
    let mut times = Times::new(&view, zone);
    let mut walk = view.walk().or_raise();
    while let Some((member, timeline)) = walk.next_entry().or_raise() {
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
            rows.put(|column| {
                Ok([
                    column.member(&member)?,
                    column.instant(at)?,
                    column.count(events),
                    column.amount(amount),
                ])
            })
            .or_raise();
        }
    }
    rows
}

#[pg_extern]
fn slice(
    h: Option<Stored<'_>>,
    from_date: Option<Date>,
    to_date: Option<Date>,
) -> Option<&'static mut Expanded> {
    let h = h?;
    let (view, zone) = (h.view(), h.zone());
    let grain = view.meta.grain;
    let mut clock = Clock::new(grain, PgHost::current());
    let (first_day, last_day) = view.meta.extent?.days(&mut clock, &zone);
    let from = arguments::day("from_date", from_date).or_raise().unwrap_or(first_day);
    let to = arguments::day("to_date", to_date).or_raise().unwrap_or(last_day);
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
fn without(h: Option<Stored<'_>>, members: Option<AnyArray>) -> Option<&'static mut Expanded> {
    let h = h?;
    let Some(members) = members else {
        return part(&h, |_| true, |_| true);
    };
    let gone = members_named(h.view().meta.kind, &members);
    part(&h, |member| gone.binary_search(&member).is_err(), |_| true)
}

/// The members in an array, sorted, which must be of this kind.
pub fn members_named(kind: MemberKind, members: &AnyArray) -> Vec<MemberRef<'_>, PgHost> {
    let asked = array_kind(members);
    if asked != Some(kind) {
        Err(Error::MemberType { found: kind.name(), asked: asked.map_or("that", MemberKind::name) })
            .or_raise()
    }
    elements(kind, members)
}

/// The kind of members in an array.
fn array_kind(members: &AnyArray) -> Option<MemberKind> {
    // SAFETY: looks up the element type of an array type.
    member::kind_of(unsafe { pg_sys::get_element_type(members.oid()) })
}

/// The members in an array, sorted.
fn elements<'a>(kind: MemberKind, members: &'a AnyArray) -> Vec<MemberRef<'a>, PgHost> {
    let (mut values, mut nulls, mut count) = (std::ptr::null_mut(), std::ptr::null_mut(), 0);
    // SAFETY: the array is of this element type; what comes back is `count` long, and like the
    // array itself in the memory of this call.
    let (values, nulls) = unsafe {
        let array = pg_sys::pg_detoast_datum(members.datum().cast_mut_ptr()).cast();
        let (oid, len, by_value, align) = match kind {
            MemberKind::Int => (pg_sys::INT8OID, 8, true, b'd'),
            MemberKind::Uuid => (pg_sys::UUIDOID, 16, false, b'c'),
            MemberKind::Text => (pg_sys::TEXTOID, -1, false, b'i'),
        };
        let align = align as std::ffi::c_char;
        pg_sys::deconstruct_array(
            array,
            oid,
            len,
            by_value,
            align,
            &mut values,
            &mut nulls,
            &mut count,
        );
        let count = usize::try_from(count).unwrap_or(0);
        (std::slice::from_raw_parts(values, count), std::slice::from_raw_parts(nulls, count))
    };
    let host = PgHost::current();
    let mut members = Vec::with_capacity_in(values.len(), host);
    for (i, (datum, _)) in values.iter().zip(nulls).filter(|(_, null)| !**null).enumerate() {
        if i % 4096 == 0 {
            host.poll();
        }
        // SAFETY: the element is of this kind.
        members.push(unsafe { member::from_datum(kind, *datum) });
    }
    members.sort_unstable();
    members
}

/// A history of a part of another.
fn part(
    h: &Stored<'_>,
    keep_member: impl FnMut(MemberRef<'_>) -> bool,
    keep_tick: impl FnMut(i64) -> bool,
) -> Option<&'static mut Expanded> {
    let (view, zone) = (h.view(), h.zone());
    let mut is_empty = false;
    let object = Expanded::create(Form::History, Home::Own, zone, |host| {
        let part = History::part_of(&view, &zone, host, keep_member, keep_tick).or_raise();
        part.unwrap_or_else(|| {
            is_empty = true;
            History::new(view.meta.empty(host), host)
        })
    });
    (!is_empty).then_some(object)
}
