//! `retention.memberships`: the aggregates that build it, its text and bytes, what is inside, and its
//! readers.

use super::history;
use crate::pg::aggregate::{self, begin};
use crate::pg::arguments::Args;
use crate::pg::call::{Call, Places};
use crate::pg::errors::{OrRaise, raise};
use crate::pg::expanded::{self, Expanded, Home, Methods};
use crate::pg::fold::Fold;
use crate::pg::literal::{Literal, Message};
use crate::pg::member;
use crate::pg::memory::PgHost;
use crate::pg::rows::Rows;
use crate::pg::stored::Stored;
use crate::pg::varlena::Varlena;
use pg_retention_model::calendar::Grain;
use pg_retention_model::error::Error;
use pg_retention_model::history::{Flat, History, MemberKind, MemberRef, Meta, View};
use pg_retention_model::memberships::{self, Memberships};
use pgrx::pg_sys;
use pgrx::prelude::*;
use std::ffi::CStr;

/// The state of `membership_agg`, which the type `memberships` is: a history of joins and ends.
pub struct Spells(History<PgHost>);

impl Fold for Spells {
    const TYPE: &'static str = "memberships";
    type Flat<'a> = Flat<'a, PgHost>;
    type View<'a> = View<'a, PgHost>;

    fn methods() -> &'static Methods {
        static METHODS: Methods = Methods::of::<Spells>();
        &METHODS
    }

    fn empty(kind: MemberKind, grain: Grain, zone: &str, host: PgHost) -> Self {
        Spells(History::new(Meta::new(kind, grain, zone, host), host))
    }

    fn empty_like(other: &View<'_, PgHost>, host: PgHost) -> Self {
        Spells(History::new(other.meta.empty(host), host))
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

    fn parse(bytes: &[u8], host: PgHost) -> Result<Flat<'_, PgHost>, Error> {
        memberships::parse(bytes, host)
    }

    fn view_of<'v>(flat: &'v Flat<'_, PgHost>) -> View<'v, PgHost> {
        flat.view()
    }
}

impl Stored<'_, Spells> {
    /// The memberships.
    pub fn memberships(&self) -> Memberships<'_, PgHost> {
        Memberships::new(self.view())
    }
}

/// The transition function of every overload of `membership_agg`: one spell into the state.
#[pg_extern]
fn membership_step(fcinfo: pg_sys::FunctionCallInfo) -> Option<&'static mut Expanded<Spells>> {
    // SAFETY: PostgreSQL passes values of the declared types; the state is this aggregate's own, so
    // nobody else uses it.
    unsafe {
        let arguments = Places::of(fcinfo);
        let state = arguments.get(Places::STATE);
        let mut object = state.and_then(|state| expanded::writable::<Spells>(state));
        let row = arguments.get(Places::MEMBER).zip(arguments.get(Places::JOINED));
        if row.is_none() && (object.is_some() || state.is_none()) {
            return object; // No membership. The state is what it was.
        }
        let texts = Places::TEXTS_OF_MEMBERSHIP;
        let notes = object.as_deref_mut().map(|object| &mut object.notes);
        let call = Call::of(fcinfo, arguments, texts, notes);
        let object = match object {
            Some(object) => object,
            None => begin(fcinfo, state, call),
        };
        let Some((member, joined)) = row else { return Some(object) };
        if object.zone != call.zone {
            raise(&memberships::different_zones(&object.zone.name(), &call.zone.name()));
        }
        let (member, time) =
            (member::from_datum(call.signature.member, member), call.signature.time);
        let mut day = |datum| {
            let at = time.micros(datum).or_raise();
            object.clock.tick(&object.zone, at)
        };
        let joined = day(joined);
        let ended = arguments.get(Places::ENDED).filter(|ended| !time.is_infinity(*ended));
        let ended = ended.map(&mut day);
        memberships::push(&mut object.state.0, member, joined, ended).or_raise();
        Some(object)
    }
}

/// The transition function of `rollup` and the combine function of both aggregates.
#[pg_extern]
fn memberships_merge(fcinfo: pg_sys::FunctionCallInfo) -> Option<&'static mut Expanded<Spells>> {
    // SAFETY: PostgreSQL passes two values of memberships, the first as the state.
    unsafe { aggregate::merge(fcinfo) }
}

const LITERAL: Literal = Literal {
    of: "value of memberships",
    made: "(SELECT retention.membership_agg(member_id, joined, ended) FROM TABLE) in brackets of its own, \
           with the names of your columns",
    not_base64: || memberships::malformed("their text is not base64"),
};

/// Reads the text form: the bytes in base64.
#[pg_extern]
fn memberships_in(text: &CStr) -> Varlena {
    LITERAL.read(text, check)
}

/// Reads the binary form, which is the stored one.
#[pg_extern]
fn memberships_recv(message: Message<'_>) -> Varlena {
    message.receive(check)
}

/// Are these the canonical bytes of memberships, of a zone and with names that this database knows?
fn check(bytes: &[u8]) -> Result<(), Error> {
    let flat = memberships::parse(bytes, PgHost::current())?;
    history::zone_of(&flat)?;
    memberships::check(&flat, member::check_text)
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
    let mut walk = view.walk_as_given().or_raise();
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
