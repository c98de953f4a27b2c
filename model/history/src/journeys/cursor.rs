//! Reading a run, member by member.

use super::run::RunRef;
use crate::error::Malformed;
use crate::history::cursor::RunKey;
use crate::history::member::bucket;
use crate::host::{Host, Vec};
use crate::varint::{Bytes, unzigzag};

/// What one member did, by time and then by name.
#[derive(Debug)]
pub struct Path<H: Host> {
    pub(super) times: Vec<i64, H>,
    pub(super) codes: Vec<u32, H>,
    /// Empty: once each.
    pub(super) counts: Vec<u64, H>,
}

impl<H: Host> Path<H> {
    pub(super) fn new(host: &H) -> Self {
        Path {
            times: Vec::new_in(host.clone()),
            codes: Vec::new_in(host.clone()),
            counts: Vec::new_in(host.clone()),
        }
    }

    /// The number of different events: there is one at least.
    #[inline]
    pub fn len(&self) -> usize {
        self.times.len()
    }

    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.times.is_empty()
    }

    /// When each was, in microseconds since 2000.
    #[inline]
    pub fn times(&self) -> &[i64] {
        &self.times
    }

    /// The place of each one's name among the names of the view.
    #[inline]
    pub fn codes(&self) -> &[u32] {
        &self.codes
    }

    /// How many identical rows the `i`-th stands for.
    #[inline]
    pub fn count(&self, i: usize) -> u64 {
        self.counts.get(i).copied().unwrap_or(1)
    }
}

/// Reads a run member by member.
#[derive(Debug)]
pub(super) struct Cursor<'a, K, H: Host> {
    /// Members not begun yet.
    left: u64,
    members: Bytes<'a>,
    times: Bytes<'a>,
    codes: Bytes<'a>,
    repeats: Bytes<'a>,
    /// The number in the run of the next event of several rows, and how many; the greatest number if there
    /// is none.
    next_repeat: (u64, u64),
    /// The number in the run of the first event of the present member.
    first_event: u64,
    unit: i64,
    places: Option<Vec<u32, H>>,
    names: u64,
    /// Between the first and the last of them are all times.
    bounds: (i64, i64),
    /// The member that the cursor stands at, behind its bucket.
    pub(super) at: Option<(u32, K)>,
    /// At least one, once there is a member.
    events_of_member: usize,
    previous_first: i64,
}

impl<'a, K: RunKey<'a>, H: Host> Cursor<'a, K, H> {
    pub(super) fn new(
        run: &RunRef<'a, H>,
        names: usize,
        bounds: (i64, i64),
    ) -> Result<Self, Malformed> {
        let [members, times, codes, repeats] = run.columns.map(Bytes);
        let mut cursor = Cursor {
            left: run.totals.members,
            members,
            times,
            codes,
            repeats,
            next_repeat: (0, 0),
            first_event: 0,
            unit: run.unit.micros(),
            places: run.places.clone(),
            names: run.places.as_ref().map_or(names, |places| places.len()) as u64,
            bounds,
            at: None,
            events_of_member: 0,
            previous_first: 0,
        };
        cursor.find_repeat(0)?;
        cursor.advance()?;
        Ok(cursor)
    }

    /// On to the next member, if there is one. The events of the present one must have been taken.
    #[inline]
    pub(super) fn advance(&mut self) -> Result<(), Malformed> {
        self.first_event = self.first_event.saturating_add(self.events_of_member as u64);
        if self.left == 0 {
            self.events_of_member = 0;
            self.at = None;
            return Ok(());
        }
        self.left -= 1;
        let key = K::read(&mut self.members, self.at.map(|(_, key)| key))?;
        let at = (bucket(key.hash()), key);
        if self.at.is_some_and(|before| before >= at) {
            return Err(Malformed("members are out of order"));
        }
        self.at = Some(at);
        let events = self.members.varint()?.saturating_add(1);
        // Every event takes a byte at least: nothing is allocated that the bytes do not justify.
        self.events_of_member = match usize::try_from(events) {
            Ok(events) if events <= self.times.0.len().min(self.codes.0.len()) => events,
            _ => return Err(Malformed("more events than bytes")),
        };
        Ok(())
    }

    /// The events of the present member, in place of what the path held.
    #[inline]
    pub(super) fn take(&mut self, path: &mut Path<H>) -> Result<(), Malformed> {
        let len = self.events_of_member;
        self.previous_first = self.previous_first.wrapping_add(unzigzag(self.times.varint()?));
        let first = self.previous_first;
        path.times.resize(len, 0);
        let Some((place, later)) = path.times.split_first_mut() else { return Ok(()) };
        let unit = self.unit;
        let mut overflow = false;
        let mut instant = |time: i64| {
            let (at, passed) = time.overflowing_mul(unit);
            overflow |= passed;
            at
        };
        *place = instant(first);
        let (mut time, mut wrapped) = (first, false);
        self.times.varints(later, |gap| {
            let (next, passed) = time.overflowing_add_unsigned(gap);
            wrapped |= passed;
            time = next;
            instant(next)
        })?;
        // They ascend: the first and the last stand for all.
        let ends = (path.times.first().copied(), path.times.last().copied());
        let inside = matches!(ends, (Some(first), Some(last))
            if first >= self.bounds.0 && last <= self.bounds.1);
        if overflow || wrapped || !inside {
            return Err(Malformed("a time is outside of the first and the last"));
        }
        self.take_codes(path)?;
        path.counts.clear();
        if self.next_repeat.0 < self.first_event.saturating_add(len as u64) {
            self.take_repeats(path)?;
        }
        Ok(())
    }

    #[inline(never)]
    fn take_repeats(&mut self, path: &mut Path<H>) -> Result<(), Malformed> {
        path.counts.resize(path.times.len(), 1);
        loop {
            let (event, count) = self.next_repeat;
            let place = event.checked_sub(self.first_event).and_then(|at| usize::try_from(at).ok());
            let Some(place) = place.and_then(|place| path.counts.get_mut(place)) else {
                return Ok(());
            };
            *place = count;
            self.find_repeat(event.saturating_add(1))?;
        }
    }

    /// Reads where the next event of several rows is, from an event on.
    fn find_repeat(&mut self, from: u64) -> Result<(), Malformed> {
        self.next_repeat = (u64::MAX, 0);
        if !self.repeats.0.is_empty() {
            let (gap, more) = (self.repeats.varint()?, self.repeats.varint()?);
            self.next_repeat = (from.saturating_add(gap), more.saturating_add(2));
        }
        Ok(())
    }

    #[inline]
    fn take_codes(&mut self, path: &mut Path<H>) -> Result<(), Malformed> {
        path.codes.resize(path.times.len(), 0);
        let (names, mut unknown) = (self.names, false);
        self.codes.varints(&mut path.codes, |code| {
            unknown |= code >= names;
            code as u32
        })?;
        if unknown {
            return Err(Malformed("an event has a name that is not there"));
        }
        if let Some(places) = &self.places {
            for code in &mut path.codes {
                *code = places.get(*code as usize).copied().unwrap_or_default();
            }
        }
        let before = path.times.iter().zip(&path.codes);
        let mut after = path.times.iter().zip(&path.codes);
        after.next();
        if before.zip(after).any(|(before, after)| before >= after) {
            return Err(Malformed("events are out of order"));
        }
        Ok(())
    }

    /// Has everything been read?
    pub(super) fn at_end(&self) -> bool {
        self.at.is_none()
            && self.members.0.is_empty()
            && self.times.0.is_empty()
            && self.codes.0.is_empty()
            && self.next_repeat.0 == u64::MAX
            && self.repeats.0.is_empty()
    }
}
