//! Memberships: members with a contract, and the days on which each was in.
//!
//! Contracts are given as spells [joined, ended) of days. They may touch, overlap and repeat, as those
//! of several plans or of a file that was loaded twice do: what is kept of a member is the union of
//! its days, as stretches apart from each other. They are a history of joins and ends, see
//! `history/spells.rs`, which says how rows are spread and folded, how partial values merge, the order
//! of members and the canonical bytes.
//!
//! | bytes | what |
//! | --- | --- |
//! | 1 | U: these are memberships, of each member the union. M: of 0.1.0, spells that do not overlap but may touch |
//! | … | the history of joins and ends, see `history/codec.rs`, version 1, without counts or amounts |

#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;
mod times;

use crate::calendar::{DAY, Grain, LAST_DAY, date_text};
use crate::error::Error;
use crate::history::spells::{Union, is_join};
use crate::history::{Flat, History, MemberKind, MemberRef, Meta, Timeline, Version, View, Walk};
use crate::host::{Host, Pace, Vec};

pub use times::spell;

/// The first byte of memberships. Histories begin with their version, a small number.
pub const MARK: u8 = b'U';
/// That of 0.1.0, whose spells are as they were given.
pub const MARK_AS_GIVEN: u8 = b'M';

/// A stretch of days during which somebody was a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spell {
    /// The first day in.
    pub joined: i64,
    /// The first day out; none while the member is still in.
    pub ended: Option<i64>,
}

impl Spell {
    /// Is the member in at the end of a day?
    #[inline]
    pub fn holds(&self, day: i64) -> bool {
        self.joined <= day && self.ended.is_none_or(|ended| day < ended)
    }
}

fn tick_of_join(day: i64) -> i64 {
    2 * day + 1
}

fn tick_of_end(day: i64) -> i64 {
    2 * day
}

/// Memberships without any spells yet.
pub fn empty<H: Host>(meta: Meta<H>, host: H) -> History<H> {
    History::of_spells(meta, host)
}

/// Adds a spell. An empty one counts for nothing.
pub fn push<H: Host>(
    history: &mut History<H>,
    member: MemberRef<'_>,
    spell: Spell,
) -> Result<(), Error> {
    let event = |tick: i64| (tick, (tick >> 1).saturating_mul(DAY));
    let joins = event(tick_of_join(spell.joined));
    match spell.ended {
        None => history.push(member, joins.0, joins.1, None),
        Some(ended) if ended == spell.joined => Ok(()),
        Some(ended) if ended < spell.joined => {
            Err(reversed(member, &date_text(spell.joined), &date_text(ended)))
        }
        Some(ended) => history.push_both(member, [joins, event(tick_of_end(ended))]),
    }
}

fn reversed(member: MemberRef<'_>, joined: &str, ended: &str) -> Error {
    Error::bad(
        format!("member {member}: a spell from {joined} to {ended} ends before it begins"),
        "joined is the first day in, ended the first day out, or an instant inside the last day in. \
         Where only one of them has a time of day, cast both to date.",
    )
}

/// Memberships to be read.
#[derive(Debug)]
pub struct Memberships<'a, H: Host>(View<'a, H>);

impl<'a, H: Host> Memberships<'a, H> {
    /// Those in a history of joins and ends.
    pub fn new(view: View<'a, H>) -> Self {
        Memberships(view)
    }

    /// Where they are kept.
    pub fn host(&self) -> &H {
        self.0.host()
    }

    /// The first day on which somebody joined.
    pub fn first(&self) -> Result<i64, Error> {
        self.bounds().map(|(first, _)| first)
    }

    /// The last day on which somebody joined or left.
    pub fn last(&self) -> Result<i64, Error> {
        let (_, bound) = self.bounds()?;
        if self.0.members().is_some() {
            return Ok(bound);
        }
        // In several runs, the last spell of one may be inside another.
        let host = self.0.host().clone();
        let mut pace = Pace::new(&host);
        let (mut walk, mut last) = (self.walk()?, i64::MIN);
        while let Some((_, spells)) = walk.next_member()? {
            pace.step(1 + spells.len());
            last = spells.last().map_or(last, |s| last.max(s.ended.unwrap_or(s.joined)));
        }
        Ok(last)
    }

    /// The first day on which somebody joined, and one after which nothing happens.
    fn bounds(&self) -> Result<(i64, i64), Error> {
        let extent = self.0.meta.extent.ok_or(malformed("they have no spells"))?;
        let (first, last) = (extent.low >> 1, extent.high >> 1);
        if first < -LAST_DAY || last > LAST_DAY {
            return Err(malformed("a day is beyond the calendar"));
        }
        Ok((first, last))
    }

    /// Member by member, in the order of histories: the stretches during which each was in.
    pub fn walk(&self) -> Result<Members<'a, H>, Error> {
        let (_, last) = self.bounds()?;
        let spells = Vec::new_in(self.0.host().clone());
        Ok(Members { walk: self.0.walk()?, spells, last })
    }

    /// The history of joins and ends of those members that `keep` wants.
    pub fn part(
        &self,
        mut keep: impl FnMut(MemberRef<'_>) -> bool,
        host: H,
    ) -> Result<History<H>, Error> {
        let mut part = empty(self.0.meta.empty(host.clone()), host.clone());
        let mut pace = Pace::new(&host);
        let mut walk = self.walk()?;
        while let Some((member, spells)) = walk.next_member()? {
            pace.step(1 + spells.len());
            if keep(member) {
                for spell in spells {
                    push(&mut part, member, *spell)?;
                }
            }
        }
        part.settle()?;
        Ok(part)
    }

    /// The type of the members.
    pub fn kind(&self) -> MemberKind {
        self.0.meta.kind
    }

    /// The number of members.
    pub fn count(&self) -> Result<u64, Error> {
        self.0.members().map_or_else(|| self.0.count_members(), Ok)
    }
}

/// A walk over members and the stretches during which each was in, ascending and apart from each
/// other.
#[derive(Debug)]
pub struct Members<'a, H: Host> {
    walk: Walk<'a, H>,
    spells: Vec<Spell, H>,
    /// No day is after it.
    last: i64,
}

impl<'a, H: Host> Members<'a, H> {
    /// The next member with its stretches, of which there is one at least.
    #[inline]
    pub fn next_member(&mut self) -> Result<Option<(MemberRef<'a>, &[Spell])>, Error> {
        let Some((member, timeline)) = self.walk.next_member().map_err(of_memberships)? else {
            return Ok(None);
        };
        read(timeline, self.last, &mut self.spells)?;
        Ok(Some((member, &self.spells)))
    }
}

/// The stretches behind a member's ticks.
fn read<H: Host>(
    timeline: &Timeline<H>,
    last: i64,
    spells: &mut Vec<Spell, H>,
) -> Result<(), Error> {
    spells.clear();
    let mut union = Union::default();
    let mut put = |tick: i64| {
        let day = tick >> 1;
        if !(-LAST_DAY..=last).contains(&day) {
            return Err(malformed("a day is outside of their first and last"));
        }
        if is_join(tick) {
            spells.push(Spell { joined: day, ended: None });
        } else if let Some(spell) = spells.last_mut() {
            spell.ended = Some(day);
        }
        Ok(())
    };
    for (i, &tick) in timeline.ticks().iter().enumerate() {
        union.tick(tick, timeline.count(i), &mut put)?;
    }
    union.finish(put)
}

/// Text or bytes that are no memberships.
pub fn malformed(why: &str) -> Error {
    Error::MalformedValue { of: "memberships", why: why.to_string() }
}

/// An error of the history that they are kept as, as one of theirs.
fn of_memberships(error: Error) -> Error {
    match error {
        Error::Malformed(why) => malformed(why),
        Error::Mismatch { left, right, .. } => different_zones(&left, &right),
        error => error,
    }
}

/// Memberships on the calendars of two zones.
pub fn different_zones(left: &str, right: &str) -> Error {
    Error::bad(
        format!("memberships of different time zone: \"{left}\" and \"{right}\""),
        "Build both with the same zone (fourth argument of membership_agg), from times of the same \
         type.",
    )
}

/// Adds all spells of others.
pub fn absorb<H: Host>(history: &mut History<H>, other: &View<'_, H>) -> Result<(), Error> {
    history.absorb(other).map_err(of_memberships)
}

/// The size of the bytes of memberships. Compacts their history.
pub fn flat_size<H: Host>(history: &mut History<H>) -> Result<usize, Error> {
    Ok(1 + history.flat_size_in(Version::One)?)
}

/// Writes the bytes of memberships, whose history is compacted, into a buffer of just that size.
pub fn write_flat<H: Host>(history: &History<H>, out: &mut [u8]) -> Result<(), Error> {
    let Some((mark, out)) = out.split_first_mut() else {
        return Err(malformed("the buffer is too small"));
    };
    *mark = MARK;
    history.write_flat_in(Version::One, out)
}

/// The bytes of memberships.
#[derive(Debug)]
pub enum Bytes<'a, H: Host> {
    /// Those of unions, which a reader takes as they are.
    Unions(Flat<'a, H>),
    /// Those of 0.1.0.
    AsGiven(Flat<'a, H>),
}

impl<'a, H: Host> Bytes<'a, H> {
    /// Reads the header.
    pub fn parse(bytes: &'a [u8], host: H) -> Result<Self, Error> {
        match bytes {
            [MARK, history @ ..] => Self::history_in(history, host).map(Bytes::Unions),
            [MARK_AS_GIVEN, history @ ..] => Self::history_in(history, host).map(Bytes::AsGiven),
            _ => Err(malformed("their first byte is another")),
        }
    }

    fn history_in(bytes: &'a [u8], host: H) -> Result<Flat<'a, H>, Error> {
        match Flat::parse_spells(bytes, host).map_err(of_memberships)? {
            flat if flat.version() == Version::One => Ok(flat),
            _ => Err(malformed("their version is not known")),
        }
    }

    /// The history in them.
    pub fn history(&self) -> &Flat<'a, H> {
        match self {
            Bytes::Unions(flat) | Bytes::AsGiven(flat) => flat,
        }
    }

    /// Reads all of it: are these bytes that this version or 0.1.0 wrote? `check_member` may object to
    /// a member, such as text that is not in the encoding of the database.
    pub fn check(
        &self,
        check_member: impl FnMut(MemberRef<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let flat = self.history();
        let (low, high) = flat.check_columns(check_member).map_err(of_memberships)?;
        let view = flat.view();
        let extent = view.meta.extent.ok_or(malformed("they have no spells"))?;
        let at = |tick: i64| (tick >> 1).saturating_mul(DAY);
        if (extent.first, extent.last, extent.low, extent.high) != (at(low), at(high), low, high) {
            return Err(malformed("their first or last day is not where their spells are"));
        }
        if view.meta.grain != Grain::Day || view.has_amounts() {
            return Err(malformed("their history is one of something else"));
        }
        Memberships::new(flat.view()).bounds()?;
        let mut pace = Pace::new(view.host());
        let mut walk = view.walk()?;
        while let Some((_, timeline)) = walk.next_member().map_err(of_memberships)? {
            pace.step(1 + timeline.ticks().len());
            self.check_spells(timeline)?;
        }
        Ok(())
    }

    /// Do joins and ends alternate, and do no two stretches touch where they are unions?
    fn check_spells(&self, timeline: &Timeline<H>) -> Result<(), Error> {
        let mut before = None;
        for (i, &tick) in timeline.ticks().iter().enumerate() {
            let follows = match (is_join(tick), before) {
                _ if timeline.count(i) > 1 => false,
                (true, None) => true,
                (true, Some(end)) if matches!(self, Bytes::Unions(_)) => {
                    !is_join(end) && end < tick - 1
                }
                (joins, Some(before)) => joins != is_join(before),
                (false, None) => false,
            };
            if !follows {
                return Err(malformed("their spells are not one after the other"));
            }
            before = Some(tick);
        }
        Ok(())
    }
}

/// The unions of memberships that 0.1.0 wrote.
pub fn unions<H: Host>(as_given: &Flat<'_, H>, host: H) -> Result<History<H>, Error> {
    let view = as_given.view();
    let mut history = empty(view.meta.empty(host.clone()), host);
    history.absorb_spells(&view).map_err(of_memberships)?;
    Ok(history)
}

/// The canonical bytes of memberships whose bytes are those of 0.1.0; none if theirs are canonical.
pub fn canonical<H: Host>(bytes: &[u8], host: H) -> Result<Option<Vec<u8, H>>, Error> {
    let Bytes::AsGiven(flat) = Bytes::parse(bytes, host.clone())? else { return Ok(None) };
    let mut history = unions(&flat, host.clone())?;
    let mut canonical = Vec::new_in(host);
    canonical.resize(flat_size(&mut history)?, 0);
    write_flat(&history, &mut canonical)?;
    Ok(Some(canonical))
}
