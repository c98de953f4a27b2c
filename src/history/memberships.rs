//! `retention.memberships`: the aggregates that build it, its text and bytes, what is inside, and its
//! readers.

use super::history;
use crate::pg::aggregate::Merge;
use crate::pg::arguments::Args;
use crate::pg::call::{Call, Places};
use crate::pg::errors::{OrRaise, raise};
use crate::pg::expanded::{Expanded, Home, State};
use crate::pg::fold::{Fold, Methods};
use crate::pg::literal::{self, Literal, Message};
use crate::pg::member;
use crate::pg::memory::PgHost;
use crate::pg::rows::Rows;
use crate::pg::signature::TimeKind;
use crate::pg::step::Step;
use crate::pg::stored::Stored;
use crate::pg::varlena::{Borrowed, CText, Varlena};
use crate::pg::zone::{PgZone, now};
use pg_retention_model::calendar::{Clock, DAY, Grain};
use pg_retention_model::error::Error;
use pg_retention_model::history::{Flat, History, MemberKind, MemberRef, Meta, View};
use pg_retention_model::host::Vec;
use pg_retention_model::memberships::{self, Bytes, Memberships, Spell};
use pgrx::pg_sys;
use pgrx::prelude::*;
use std::cmp::Ordering;
use std::ffi::CStr;

/// The state of `membership_agg`, which the type `memberships` is: a history of joins and ends.
pub struct Spells(History<PgHost>);

impl Fold for Spells {
    const TYPE: &'static str = "memberships";
    type Flat<'a> = Read<'a>;
    type View<'a> = View<'a, PgHost>;

    fn methods() -> &'static Methods {
        static METHODS: Methods = Methods::of::<Spells>();
        &METHODS
    }

    fn empty(kind: MemberKind, grain: Grain, zone: &str, host: PgHost) -> Self {
        Spells(memberships::empty(Meta::new(kind, grain, zone, host), host))
    }

    fn empty_like(other: &View<'_, PgHost>, host: PgHost) -> Self {
        Spells(memberships::empty(other.meta.empty(host), host))
    }

    fn grain(&self) -> Grain {
        self.0.meta().grain
    }

    fn absorb(&mut self, other: &View<'_, PgHost>) -> Result<(), Error> {
        memberships::absorb(&mut self.0, other)
    }

    fn settle(&mut self) -> Result<(), Error> {
        self.0.settle()
    }

    fn view(&self) -> View<'_, PgHost> {
        self.0.view()
    }

    fn zone<'v>(view: &'v View<'_, PgHost>) -> &'v str {
        view.meta.zone()
    }

    fn flat_size(&mut self) -> Result<usize, Error> {
        memberships::flat_size(&mut self.0)
    }

    fn write_flat(&self, out: &mut [u8]) -> Result<(), Error> {
        memberships::write_flat(&self.0, out)
    }

    fn parse(bytes: &[u8], host: PgHost) -> Result<Read<'_>, Error> {
        Ok(match Bytes::parse(bytes, host)? {
            Bytes::Unions(flat) => Read::Unions(flat),
            Bytes::AsGiven(flat) => Read::Made(memberships::unions(&flat, host)?),
        })
    }

    fn view_of<'v>(read: &'v Read<'_>) -> View<'v, PgHost> {
        match read {
            Read::Unions(flat) => flat.view(),
            Read::Made(history) => history.view(),
        }
    }
}

/// Bytes of memberships to be read.
#[allow(clippy::large_enum_variant)] // one of them, for one call, on the stack
pub enum Read<'a> {
    /// Those of unions.
    Unions(Flat<'a, PgHost>),
    /// What was made of bytes of 0.1.0.
    Made(History<PgHost>),
}

impl Stored<'_, Spells> {
    /// The memberships.
    pub fn memberships(&self) -> Memberships<'_, PgHost> {
        Memberships::new(self.view())
    }

    /// The last day that is looked at: by default the last on which somebody joined or left, or today
    /// if that comes before, since an end of which notice has been given may lie ahead.
    pub fn as_of(&self, given: Option<i64>) -> i64 {
        given.unwrap_or_else(|| {
            let zone = match self.zone() {
                PgZone::NONE => PgZone::session().or_raise(),
                zone => zone,
            };
            let mut clock = Clock::new(Grain::Day, PgHost::current());
            self.memberships().last().or_raise().min(clock.tick(&zone, now()))
        })
    }
}

/// The transition function of every overload of `membership_agg`: one spell into the state.
#[pg_extern]
fn membership_step(mut step: Step<'_, Spells>) -> Option<State> {
    let (joined, ended) = (step.get(Places::JOINED), step.get(Places::ENDED));
    let has_row = step.get(Places::MEMBER).is_some() && joined.is_some();
    if !has_row && (step.has_object() || step.is_first()) {
        return step.unchanged(); // No membership.
    }
    let row = step.row(Places::TEXTS_OF_MEMBERSHIP);
    let call = row.call;
    let member = row.member();
    if let (true, Some(member), Some(joined)) = (step.is_first(), member, joined)
        && may_be_empty(call.signature.time, joined, ended)
    {
        let mut clock = Clock::new(Grain::Day, PgHost::current());
        spell(call, &mut clock, (member, joined), ended)?; // Or nobody was in yet.
    }
    let object = step.state(&row);
    let (Some(member), Some(joined)) = (member, joined) else { return Some(State::of(object)) };
    if object.zone != call.zone {
        raise(&memberships::different_zones(&object.zone.name(), &call.zone.name()));
    }
    if let Some(spell) = spell(call, &mut object.clock, (member, joined), ended) {
        memberships::push(&mut object.state.0, member, spell).or_raise();
    }
    Some(State::of(object))
}

/// The spell of a row: its member and when it joined, and when it ended. None if it holds no day.
#[inline]
fn spell(
    call: &Call,
    clock: &mut Clock<PgHost>,
    (member, joined): (MemberRef<'_>, pg_sys::Datum),
    ended: Option<pg_sys::Datum>,
) -> Option<Spell> {
    let time = call.signature.time;
    let joined = time.micros(joined).or_raise();
    let ended = ended.filter(|ended| !time.is_beyond_instants(*ended));
    let ended = ended.map(|ended| time.micros(ended).or_raise());
    memberships::spell(clock, &call.zone, member, joined, ended).or_raise()
}

/// Does a spell end so soon that it may hold no day?
fn may_be_empty(time: TimeKind, joined: pg_sys::Datum, ended: Option<pg_sys::Datum>) -> bool {
    let [joined, ended] = [Some(joined), ended].map(|at| time.micros(at?).ok());
    joined.zip(ended).is_some_and(|(joined, ended)| ended.saturating_sub(joined) < 2 * DAY)
}

/// The transition function of `rollup` and the combine function of both aggregates.
#[pg_extern]
fn memberships_merge(merge: Merge<Spells>) -> Option<State> {
    merge.merged()
}

const LITERAL: Literal = Literal {
    of: "value of memberships",
    made: "(SELECT retention.membership_agg(member_id, joined, ended) FROM TABLE) in brackets of its own, \
           with the names of your columns",
    not_base64: || memberships::malformed("their text is not base64"),
};

/// Reads the text form: the bytes in base64. Those of 0.1.0 become what is written now.
#[pg_extern]
fn memberships_in(text: &CStr) -> Varlena {
    as_written_now(LITERAL.read(text, check))
}

/// Writes the text form.
#[pg_extern]
fn memberships_out(bytes: &[u8]) -> CText {
    literal::write(&Canonical::of(bytes))
}

/// Reads the binary form, which is the stored one. That of 0.1.0 becomes what is written now.
#[pg_extern]
fn memberships_recv(message: Message<'_>) -> Varlena {
    as_written_now(message.receive(check))
}

/// The same bytes as a bytea.
#[pg_extern]
fn memberships_from_bytea(bytes: &[u8]) -> Varlena {
    check(bytes).or_raise();
    as_written_now(Varlena::copy_of(bytes))
}

/// Writes the binary form.
#[pg_extern]
fn memberships_send(bytes: &[u8]) -> Varlena {
    Varlena::copy_of(&Canonical::of(bytes))
}

/// Are these the bytes of memberships, of a zone and with names that this database knows?
fn check(bytes: &[u8]) -> Result<(), Error> {
    let bytes = Bytes::parse(bytes, PgHost::current())?;
    history::zone_of(bytes.history())?;
    bytes.check(member::check_text)
}

fn as_written_now(mut value: Varlena) -> Varlena {
    match memberships::canonical(value.bytes(), PgHost::current()).or_raise() {
        None => value,
        Some(canonical) => Varlena::copy_of(&canonical),
    }
}

/// The bytes by which memberships compare: their own, or those of the unions in a value of 0.1.0.
enum Canonical<'a> {
    Own(&'a [u8]),
    Made(Vec<u8, PgHost>),
}

impl<'a> Canonical<'a> {
    fn of(bytes: &'a [u8]) -> Self {
        let made = memberships::canonical(bytes, PgHost::current()).or_raise();
        made.map_or(Canonical::Own(bytes), Canonical::Made)
    }
}

impl std::ops::Deref for Canonical<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Canonical::Own(bytes) => bytes,
            Canonical::Made(bytes) => bytes,
        }
    }
}

/// Are the first memberships less than, equal to or greater than the second? By bytes.
fn compare(left: &[u8], right: &[u8]) -> Ordering {
    Canonical::of(left).cmp(&Canonical::of(right))
}

#[pg_extern]
fn memberships_cmp(left: Borrowed<'_>, right: Borrowed<'_>) -> i32 {
    compare(&left, &right) as i32
}

#[pg_extern]
fn memberships_eq(left: Borrowed<'_>, right: Borrowed<'_>) -> bool {
    compare(&left, &right).is_eq()
}

#[pg_extern]
fn memberships_ne(left: Borrowed<'_>, right: Borrowed<'_>) -> bool {
    compare(&left, &right).is_ne()
}

#[pg_extern]
fn memberships_lt(left: Borrowed<'_>, right: Borrowed<'_>) -> bool {
    compare(&left, &right).is_lt()
}

#[pg_extern]
fn memberships_le(left: Borrowed<'_>, right: Borrowed<'_>) -> bool {
    compare(&left, &right).is_le()
}

#[pg_extern]
fn memberships_gt(left: Borrowed<'_>, right: Borrowed<'_>) -> bool {
    compare(&left, &right).is_gt()
}

#[pg_extern]
fn memberships_ge(left: Borrowed<'_>, right: Borrowed<'_>) -> bool {
    compare(&left, &right).is_ge()
}

/// A hash: of the checksum that ends the bytes.
#[pg_extern]
fn memberships_hash(bytes: Borrowed<'_>) -> i32 {
    history::hash(&Canonical::of(&bytes))
}

/// A hash with a seed. With seed 0 its low half is [`memberships_hash`].
#[pg_extern]
fn memberships_hash_extended(bytes: Borrowed<'_>, seed: i64) -> i64 {
    history::hash_extended(&Canonical::of(&bytes), seed)
}

#[pg_extern]
fn members_of_memberships(mut args: Args<'_>) -> Option<i64> {
    let m = args.summary::<Spells>("m");
    args.end();
    let members = m?.memberships().count().or_raise();
    Some(i64::try_from(members).unwrap_or(i64::MAX))
}

#[pg_extern]
fn without_of_memberships(mut args: Args<'_>) -> Option<&'static mut Expanded<Spells>> {
    let m = args.summary::<Spells>("m");
    let members = args.members("members");
    args.end();
    let m = m?;
    let view = m.memberships();
    let gone = members.map(|members| members.of(view.kind()));
    let keep = |member: MemberRef<'_>| {
        gone.as_ref().is_none_or(|gone| gone.binary_search(&member).is_err())
    };
    let object =
        Expanded::create(Home::Own, m.zone(), |host| Spells(view.part(keep, host).or_raise()));
    object.state.0.meta().extent.is_some().then_some(object)
}

#[pg_extern]
fn membership_rows(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let m = args.summary::<Spells>("m");
    let id = args.id();
    args.end();
    let Some(m) = m else { return rows };
    let view = m.memberships();
    let picked = id.among(view.kind());
    let mut walk = view.walk().or_raise();
    while let Some((member, spells)) = walk.next_member().or_raise() {
        for spell in spells.iter().filter(|_| picked.has(&member)) {
            rows.put(|row| {
                row.member(&member);
                row.day(spell.joined);
                row.day(spell.ended);
            });
        }
    }
    rows
}
