//! `retention.journeys`: the aggregates that build it, its text and bytes, what is inside, and parts.

use super::{Events, Paths, history};
use crate::pg::aggregate::Merge;
use crate::pg::arguments::Args;
use crate::pg::call::Places;
use crate::pg::errors::{OrRaise, raise};
use crate::pg::expanded::{Expanded, Home, State};
use crate::pg::fold::{Fold, Methods};
use crate::pg::literal::{self, Literal, Message};
use crate::pg::member;
use crate::pg::memory::PgHost;
use crate::pg::rows::Rows;
use crate::pg::step::Step;
use crate::pg::stored::Stored;
use crate::pg::varlena::{Borrowed, CText, Varlena};
use pg_retention_model::calendar::{Grain, Zone};
use pg_retention_model::error::Error;
use pg_retention_model::history::{History, MemberKind, MemberRef, Meta};
use pg_retention_model::host::Vec;
use pg_retention_model::journeys::{self, Flat, Journeys, View};
use pgrx::datum::TimestampWithTimeZone;
use pgrx::prelude::*;
use std::cmp::Ordering;
use std::ffi::CStr;

impl Fold for Paths {
    const TYPE: &'static str = "journeys";
    type Flat<'a> = Flat<'a, PgHost>;
    type View<'a> = View<'a, PgHost>;

    fn methods() -> &'static Methods {
        static METHODS: Methods = Methods::of::<Paths>();
        &METHODS
    }

    fn empty(kind: MemberKind, _: Grain, zone: &str, host: PgHost) -> Self {
        Journeys::new(kind, zone, host)
    }

    fn empty_like(other: &View<'_, PgHost>, host: PgHost) -> Self {
        Journeys::like(other, host)
    }

    fn grain(&self) -> Grain {
        Grain::Day
    }

    fn absorb(&mut self, other: &View<'_, PgHost>) -> Result<(), Error> {
        Journeys::absorb(self, other)
    }

    fn settle(&mut self) -> Result<(), Error> {
        Journeys::settle(self)
    }

    fn view(&self) -> View<'_, PgHost> {
        Journeys::view(self)
    }

    fn zone<'v>(view: &'v View<'_, PgHost>) -> &'v str {
        view.meta.zone()
    }

    fn flat_size(&mut self) -> Result<usize, Error> {
        Journeys::flat_size(self)
    }

    fn write_flat(&self, out: &mut [u8]) -> Result<(), Error> {
        Journeys::write_flat(self, out)
    }

    fn parse(bytes: &[u8], host: PgHost) -> Result<Flat<'_, PgHost>, Error> {
        Flat::parse(bytes, host)
    }

    fn view_of<'v>(flat: &'v Flat<'_, PgHost>) -> View<'v, PgHost> {
        flat.view()
    }
}

/// The transition function of every overload of `journey_agg`: one event into the state.
#[pg_extern]
fn journey_step(mut step: Step<'_, Paths>) -> Option<State> {
    let at = step.get(Places::AT);
    let given = [Places::MEMBER, Places::EVENT].map(|place| step.get(place).is_some());
    let (Some(at), [true, true]) = (at, given) else {
        return step.unchanged(); // No event.
    };
    let row = step.row(Places::TEXTS_OF_JOURNEY);
    let call = row.call;
    let object = step.state(&row);
    if object.zone != call.zone {
        raise(&journeys::different_zones(&object.zone.name(), &call.zone.name()));
    }
    if object.state.kind() != call.signature.member {
        // A user's own aggregate over this function.
        let (found, asked) = (object.state.kind().name(), call.signature.member.name());
        raise(&Error::MemberType { found, asked });
    }
    let at = call.signature.time.micros(at).or_raise();
    if let (Some(member), Some(event)) = (row.member(), row.event()) {
        object.state.push(member, at, event).or_raise();
    }
    Some(State::of(object))
}

/// The transition function of `rollup` and the combine function of both aggregates.
#[pg_extern]
fn journeys_merge(merge: Merge<Paths>) -> Option<State> {
    merge.merged()
}

const LITERAL: Literal = Literal {
    of: "value of journeys",
    made: "retention.journey_of('TABLE', 'member_id', 'at', 'event'), or (SELECT \
           retention.journey_agg(member_id, at, event) FROM TABLE) in brackets of its own, with the names of \
           your columns",
    not_base64: || journeys::malformed("their text is not base64"),
};

/// Reads the text form: the bytes in base64.
#[pg_extern]
fn journeys_in(text: &CStr) -> Varlena {
    LITERAL.read(text, check)
}

/// Writes the text form.
#[pg_extern]
fn journeys_out(bytes: &[u8]) -> CText {
    literal::write(bytes)
}

/// Reads the binary form, which is the stored one.
#[pg_extern]
fn journeys_recv(message: Message<'_>) -> Varlena {
    message.receive(check)
}

/// The same bytes as a bytea.
#[pg_extern]
fn journeys_from_bytea(bytes: &[u8]) -> Varlena {
    check(bytes).or_raise();
    Varlena::copy_of(bytes)
}

/// Writes the binary form.
#[pg_extern]
fn journeys_send(bytes: &[u8]) -> Varlena {
    Varlena::copy_of(bytes)
}

/// Are these the canonical bytes of journeys, of a zone and with names that this database knows?
fn check(bytes: &[u8]) -> Result<(), Error> {
    let flat = Flat::parse(bytes, PgHost::current())?;
    history::zone_named(flat.view().meta.zone()).map_err(|error| match error {
        Error::Malformed(why) => journeys::malformed(why),
        error => error,
    })?;
    flat.check(member::check_text)
}

/// Are the first journeys less than, equal to or greater than the second? By bytes.
fn compare(left: &[u8], right: &[u8]) -> Ordering {
    left.cmp(right)
}

#[pg_extern]
fn journeys_cmp(left: Borrowed<'_>, right: Borrowed<'_>) -> i32 {
    compare(&left, &right) as i32
}

#[pg_extern]
fn journeys_eq(left: Borrowed<'_>, right: Borrowed<'_>) -> bool {
    compare(&left, &right).is_eq()
}

#[pg_extern]
fn journeys_ne(left: Borrowed<'_>, right: Borrowed<'_>) -> bool {
    compare(&left, &right).is_ne()
}

#[pg_extern]
fn journeys_lt(left: Borrowed<'_>, right: Borrowed<'_>) -> bool {
    compare(&left, &right).is_lt()
}

#[pg_extern]
fn journeys_le(left: Borrowed<'_>, right: Borrowed<'_>) -> bool {
    compare(&left, &right).is_le()
}

#[pg_extern]
fn journeys_gt(left: Borrowed<'_>, right: Borrowed<'_>) -> bool {
    compare(&left, &right).is_gt()
}

#[pg_extern]
fn journeys_ge(left: Borrowed<'_>, right: Borrowed<'_>) -> bool {
    compare(&left, &right).is_ge()
}

/// A hash: of the checksum that ends the bytes.
#[pg_extern]
fn journeys_hash(bytes: Borrowed<'_>) -> i32 {
    history::hash(&bytes)
}

/// A hash with a seed. With seed 0 its low half is [`journeys_hash`].
#[pg_extern]
fn journeys_hash_extended(bytes: Borrowed<'_>, seed: i64) -> i64 {
    history::hash_extended(&bytes, seed)
}

/// The only argument of these functions.
fn only<'a>(mut args: Args<'a>) -> Option<Stored<'a, Paths>> {
    let j = args.summary("j");
    args.end();
    j
}

#[pg_extern]
fn members_of_journeys(args: Args<'_>) -> Option<i64> {
    let members = only(args)?.view().count_members().or_raise();
    Some(i64::try_from(members).unwrap_or(i64::MAX))
}

#[pg_extern]
fn events_of_journeys(args: Args<'_>) -> Option<i64> {
    Some(i64::try_from(only(args)?.view().events()).unwrap_or(i64::MAX))
}

#[pg_extern]
fn first_at_of_journeys(args: Args<'_>) -> Option<TimestampWithTimeZone> {
    let j = only(args)?;
    let first = j.view().meta.extent?.first;
    j.zone().instant(first).try_into().ok()
}

#[pg_extern]
fn last_at_of_journeys(args: Args<'_>) -> Option<TimestampWithTimeZone> {
    let j = only(args)?;
    let last = j.view().meta.extent?.last;
    j.zone().instant(last).try_into().ok()
}

#[pg_extern]
fn time_zone_of_journeys(args: Args<'_>) -> Option<String> {
    let j = only(args)?;
    let name = j.view().meta.zone().to_string();
    (!name.is_empty()).then_some(name)
}

#[pg_extern]
fn events_of(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let j = args.summary::<Paths>("j");
    args.end();
    let Some(j) = j else { return rows };
    let view = j.view();
    let tallies = journeys::tally(&view).or_raise();
    for (name, tally) in view.names.iter().zip(&tallies) {
        rows.put(|row| {
            row.name(name);
            row.count(tally.members);
            row.count(tally.events);
        });
    }
    rows
}

#[pg_extern]
fn journey_rows(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let j = args.summary::<Paths>("j");
    let id = args.id();
    args.end();
    let Some(j) = j else { return rows };
    let (view, zone) = (j.view(), j.zone());
    let picked = id.among(view.meta.kind);
    let mut walk = view.walk().or_raise();
    while let Some((member, path)) = walk.next_member().or_raise() {
        if !picked.has(&member) {
            continue;
        }
        for (i, (at, code)) in path.times().iter().zip(path.codes()).enumerate() {
            rows.put(|row| {
                row.member(&member);
                row.instant(zone.instant(*at));
                row.name(view.names.get(*code as usize).copied().unwrap_or_default());
                row.count(path.count(i));
            });
        }
    }
    rows
}

#[pg_extern]
fn slice_of_journeys(mut args: Args<'_>) -> Option<&'static mut Expanded<Paths>> {
    let j = args.summary::<Paths>("j");
    let (from, to) = (args.day("from_date"), args.day("to_date"));
    args.end();
    let j = j?;
    let zone = j.zone();
    let from = from.map_or(i64::MIN, |day| zone.day_start(day));
    let to = to.map_or(i64::MAX, |day| zone.day_start(day.saturating_add(1)).saturating_sub(1));
    part(&j, (from, to), |_| true)
}

#[pg_extern]
fn without_of_journeys(mut args: Args<'_>) -> Option<&'static mut Expanded<Paths>> {
    let j = args.summary::<Paths>("j");
    let members = args.members("members");
    args.end();
    let j = j?;
    let always = (i64::MIN, i64::MAX);
    let Some(members) = members else { return part(&j, always, |_| true) };
    let gone = members.of(j.view().meta.kind);
    part(&j, always, |member| gone.binary_search(&member).is_err())
}

/// Journeys of a part of others.
fn part(
    j: &Stored<'_, Paths>,
    times: (i64, i64),
    keep: impl FnMut(MemberRef<'_>) -> bool,
) -> Option<&'static mut Expanded<Paths>> {
    let view = j.view();
    let mut is_empty = false;
    let object = Expanded::create(Home::Own, j.zone(), |host| {
        journeys::part_of(&view, times, keep, host).or_raise().unwrap_or_else(|| {
            is_empty = true;
            Journeys::like(&view, host)
        })
    });
    (!is_empty).then_some(object)
}

#[pg_extern]
fn history_of_events(mut args: Args<'_>) -> Option<&'static mut Expanded<Events>> {
    let j = args.summary::<Paths>("j");
    let (events, grain) = (args.texts("events"), args.text("grain"));
    args.end();
    let j = j?;
    let (view, zone) = (j.view(), j.zone());
    let grain = grain.map_or(Ok(Grain::Day), Grain::parse).or_raise();
    let picked = match events {
        Some(events) => journeys::events_of(&view, "event", &events).or_raise(),
        None => {
            let mut all = Vec::new_in(PgHost::current());
            all.resize(view.names.len(), true);
            all
        }
    };
    let mut is_empty = false;
    let object = Expanded::create(Home::Own, zone, |host| {
        let made = journeys::history_of_events(&view, &zone, &picked, grain, host).or_raise();
        made.unwrap_or_else(|| {
            is_empty = true;
            let meta = Meta::new(view.meta.kind, grain, view.meta.zone(), host);
            History::new(meta, host)
        })
    });
    (!is_empty).then_some(object)
}
