//! A run: members with their events, sorted and free of duplicates, as compact columns.
//!
//! | column | for each | what |
//! | --- | --- | --- |
//! | members | member | its key (integers as difference to the one before), then its number of events − 1 |
//! | times | event | in units: the first of a member as difference to the first of the member before; then gaps |
//! | codes | event | the place of its name among the names of the run, which ascend byte by byte |
//! | repeats | event of several identical rows | events of the run between it and the one before; then rows − 2 |
//!
//! All numbers are varints, signed ones in zigzag form. The unit is the largest of `unit.rs` that divides
//! all times. The events of a member ascend by time, then by name. So the columns of equal contents are equal.

use super::unit::Unit;
use crate::history::MemberRef;
use crate::history::run::put_key;
use crate::host::{Host, Vec};
use crate::varint::{self, zigzag};

/// How much is in a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Totals {
    pub(super) members: u64,
    /// Different ones.
    pub(super) events: u64,
    /// With their repetitions.
    pub(super) rows: u64,
}

pub(super) const MEMBERS: usize = 0;
pub(super) const TIMES: usize = 1;
pub(super) const CODES: usize = 2;
pub(super) const REPEATS: usize = 3;
pub(super) const COLUMNS: usize = 4;

/// A run that owns its columns, and the writer of one.
#[derive(Debug)]
pub(super) struct Run<H: Host> {
    pub(super) totals: Totals,
    pub(super) unit: Unit,
    /// The numbers of its names among those of the journeys, in the order of the names themselves.
    pub(super) names: Vec<u32, H>,
    pub(super) columns: [Vec<u8, H>; COLUMNS],
    previous_key: i64,
    previous_first: i64,
    last: i64,
    /// The number of events up to the last one of several rows.
    after_repeat: u64,
}

impl<H: Host> Run<H> {
    pub(super) fn new(unit: Unit, names: Vec<u32, H>, host: &H) -> Self {
        Run {
            totals: Totals::default(),
            unit,
            names,
            columns: std::array::from_fn(|_| Vec::new_in(host.clone())),
            previous_key: 0,
            previous_first: 0,
            last: 0,
            after_repeat: 0,
        }
    }

    /// A copy of somebody else's columns, to be read only. `numbers` are those of the names of its view.
    pub(super) fn copy_of(run: &RunRef<'_, H>, numbers: &[u32], host: &H) -> Self {
        let mut names = Vec::new_in(host.clone());
        match &run.places {
            Some(places) => names.extend(places.iter().map(|place| numbers[*place as usize])),
            None => names.extend_from_slice(numbers),
        }
        let mut copy = Run::new(run.unit, names, host);
        copy.totals = run.totals;
        for (to, from) in copy.columns.iter_mut().zip(run.columns) {
            to.extend_from_slice(from);
        }
        copy
    }

    pub(super) fn bytes(&self) -> usize {
        self.columns.iter().map(|c| c.len()).sum()
    }

    pub(super) fn columns(&self) -> [&[u8]; COLUMNS] {
        self.columns.each_ref().map(|column| column.as_slice())
    }

    /// The next member, in order, with so many events to follow.
    #[inline]
    pub(super) fn member(&mut self, member: MemberRef<'_>, events: usize) {
        self.totals.members += 1;
        let column = &mut self.columns[MEMBERS];
        put_key(column, member, &mut self.previous_key);
        varint::put(column, events as u64 - 1);
    }

    /// An event of the present member, its first or a later one, so many times.
    #[inline(always)]
    pub(super) fn event(&mut self, later: bool, at: i64, code: u32, count: u64) {
        let time = at / self.unit.micros();
        let gap = if later {
            time.wrapping_sub(self.last) as u64
        } else {
            zigzag(time.wrapping_sub(std::mem::replace(&mut self.previous_first, time)))
        };
        self.last = time;
        varint::put(&mut self.columns[TIMES], gap);
        varint::put(&mut self.columns[CODES], u64::from(code));
        if count > 1 {
            self.repeat(count);
        }
        self.totals.events += 1;
        self.totals.rows = self.totals.rows.saturating_add(count);
    }

    #[inline(never)]
    fn repeat(&mut self, count: u64) {
        let column = &mut self.columns[REPEATS];
        varint::put(column, self.totals.events - self.after_repeat);
        varint::put(column, count - 2);
        self.after_repeat = self.totals.events + 1;
    }
}

/// A run to be read.
#[derive(Debug)]
pub(super) struct RunRef<'a, H: Host> {
    pub(super) totals: Totals,
    pub(super) unit: Unit,
    /// The places of its names among those of the view; none if they are those of the view.
    pub(super) places: Option<Vec<u32, H>>,
    pub(super) columns: [&'a [u8]; COLUMNS],
}
