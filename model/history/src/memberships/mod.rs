//! Memberships: members with a contract, and the spells [joined, ended) of each.
//!
//! They are kept as a history of joins and ends. The spell of the days [joined, ended) is two ticks,
//! 2 · joined + 1 and 2 · ended, so that on one day ends come before joins. A member's spells do not
//! overlap exactly if no tick repeats, and joins and ends alternate. Everything else is a history's:
//! how rows are spread and folded, how partial values merge, the order of members, the canonical
//! bytes. What is kept are the spells as they were given; what is read are stretches of membership:
//! spells that touch are one, since the member was never out.
//!
//! | bytes | what |
//! | --- | --- |
//! | 1 | M: these are memberships |
//! | … | the history of joins and ends, see `history/codec.rs`, without counts or amounts |

#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;

use crate::calendar::{DAY, Grain, LAST_DAY, date_text};
use crate::error::Error;
use crate::history::{Flat, History, MemberKind, MemberRef, Timeline, View, Walk};
use crate::host::{Host, Pace, Vec};

/// The first byte of memberships. Histories begin with their version, a small number.
pub const MARK: u8 = b'M';

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

/// Adds a spell to a history that holds memberships.
pub fn push<H: Host>(
    history: &mut History<H>,
    member: MemberRef<'_>,
    joined: i64,
    ended: Option<i64>,
) -> Result<(), Error> {
    if let Some(ended) = ended.filter(|ended| *ended <= joined) {
        let spell = format!("from {} to {}", date_text(joined), date_text(ended));
        return Err(if ended < joined {
            Error::bad(
                format!("member {member}: a spell {spell} ends before it begins"),
                "joined is the first day in, ended the first day out.",
            )
        } else {
            Error::bad(
                format!("member {member}: a spell {spell} is empty"),
                "joined is the first day in, ended the first day out: leave out who was never in \
                 for a day with FILTER (WHERE …), or let them end a day later.",
            )
        });
    }
    history.push(member, tick_of_join(joined), joined.saturating_mul(DAY), None)?;
    if let Some(ended) = ended {
        history.push(member, tick_of_end(ended), ended.saturating_mul(DAY), None)?;
    }
    Ok(())
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

    /// The first day on which somebody joined, and the last on which somebody joined or ended.
    pub fn days(&self) -> Result<(i64, i64), Error> {
        let extent = self.0.meta.extent.ok_or(malformed("they have no spells"))?;
        let (first, last) = (extent.low >> 1, extent.high >> 1);
        if first < -LAST_DAY || last > LAST_DAY {
            return Err(malformed("a day is beyond the calendar"));
        }
        Ok((first, last))
    }

    /// Member by member, in the order of histories: the stretches during which each was in.
    pub fn walk(&self) -> Result<Members<'a, H>, Error> {
        self.walk_spells(true)
    }

    /// The same with the spells as they were given, also where one begins as another ends.
    pub fn walk_as_given(&self) -> Result<Members<'a, H>, Error> {
        self.walk_spells(false)
    }

    fn walk_spells(&self, join: bool) -> Result<Members<'a, H>, Error> {
        let (_, last) = self.days()?;
        let spells = Vec::new_in(self.0.host().clone());
        Ok(Members { walk: self.0.walk()?, spells, join, last })
    }

    /// The history of joins and ends of those members that `keep` wants.
    pub fn part(
        &self,
        mut keep: impl FnMut(MemberRef<'_>) -> bool,
        host: H,
    ) -> Result<History<H>, Error> {
        let mut part = History::new(self.0.meta.empty(host.clone()), host.clone());
        let mut pace = Pace::new(&host);
        let mut walk = self.walk_as_given()?;
        while let Some((member, spells)) = walk.next_member()? {
            pace.step(1 + spells.len());
            if keep(member) {
                for spell in spells {
                    push(&mut part, member, spell.joined, spell.ended)?;
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

    /// The number of members. Reads them all: spells that overlap are an error.
    pub fn count(&self) -> Result<u64, Error> {
        let host = self.0.host().clone();
        let mut pace = Pace::new(&host);
        let (mut walk, mut members) = (self.walk_as_given()?, 0);
        while let Some((_, spells)) = walk.next_member()? {
            pace.step(1 + spells.len());
            members += 1;
        }
        Ok(members)
    }
}

/// A walk over members and their spells, ascending and apart from each other.
#[derive(Debug)]
pub struct Members<'a, H: Host> {
    walk: Walk<'a, H>,
    spells: Vec<Spell, H>,
    /// Are spells that touch one?
    join: bool,
    /// No day is after it.
    last: i64,
}

impl<'a, H: Host> Members<'a, H> {
    /// The next member with its spells, of which there is one at least.
    #[inline]
    pub fn next_member(&mut self) -> Result<Option<(MemberRef<'a>, &[Spell])>, Error> {
        let Some((member, timeline)) = self.walk.next_member().map_err(of_memberships)? else {
            return Ok(None);
        };
        read(member, timeline, self.join, self.last, &mut self.spells)?;
        Ok(Some((member, &self.spells)))
    }
}

/// The spells behind a member's ticks.
fn read<H: Host>(
    member: MemberRef<'_>,
    timeline: &Timeline<H>,
    join: bool,
    last: i64,
    spells: &mut Vec<Spell, H>,
) -> Result<(), Error> {
    spells.clear();
    let mut open = None;
    for (i, &tick) in timeline.ticks().iter().enumerate() {
        let (day, joins) = (tick >> 1, tick & 1 == 1);
        if !(-LAST_DAY..=last).contains(&day) {
            return Err(malformed("a day is outside of their first and last"));
        }
        match (joins, open) {
            _ if timeline.count(i) > 1 => return Err(overlap(member, day)),
            (true, Some(_)) => return Err(overlap(member, day)),
            (true, None) => {
                let touches = join && spells.last().and_then(|spell| spell.ended) == Some(day);
                let before = if touches { spells.pop() } else { None };
                open = Some(before.map_or(day, |spell| spell.joined));
            }
            (false, Some(joined)) => {
                spells.push(Spell { joined, ended: Some(day) });
                open = None;
            }
            (false, None) => return Err(malformed("an end without a beginning")),
        }
    }
    spells.extend(open.map(|joined| Spell { joined, ended: None }));
    Ok(())
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

fn overlap(member: MemberRef<'_>, day: i64) -> Error {
    Error::bad(
        format!("member {member}: two spells overlap on {}", date_text(day)),
        "A member has one membership at a time, and each is given once: end one before the next \
         begins (on the same day will do), or take DISTINCT rows.",
    )
}

/// The size of the bytes of memberships. Compacts their history, and reads it: spells that overlap are
/// an error, so that there are no bytes of such.
pub fn flat_size<H: Host>(history: &mut History<H>) -> Result<usize, Error> {
    let size = history.flat_size()?;
    Memberships::new(history.view()).count()?;
    Ok(1 + size)
}

/// Writes the bytes of memberships, whose history is compacted, into a buffer of just that size.
pub fn write_flat<H: Host>(history: &History<H>, out: &mut [u8]) -> Result<(), Error> {
    let Some((mark, out)) = out.split_first_mut() else {
        return Err(malformed("the buffer is too small"));
    };
    *mark = MARK;
    history.write_flat(out)
}

/// The history inside the bytes of memberships.
pub fn parse<H: Host>(bytes: &[u8], host: H) -> Result<Flat<'_, H>, Error> {
    match bytes {
        [MARK, history @ ..] => Flat::parse(history, host).map_err(of_memberships),
        _ => Err(malformed("their first byte is another")),
    }
}

/// Reads all of it: are these the canonical bytes of memberships? `check_member` may object to a
/// member, such as text that is not in the encoding of the database.
pub fn check<H: Host>(
    flat: &Flat<'_, H>,
    check_member: impl FnMut(MemberRef<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
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
    Memberships::new(view).count().map(|_| ())
}
