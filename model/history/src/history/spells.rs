//! Histories of spells: what is kept of a member are not its ticks but the union of its spells.
//!
//! The spell of the days [joined, ended) is two ticks, 2 · joined + 1 and 2 · ended: odd ones join,
//! even ones end, and on one day ends come before joins. Both are pushed at once, so whatever is
//! folded or merged holds whole spells, and may be replaced by their union.

use super::blocks::NO_AMOUNT;
use super::meta::Extent;
use super::run::{Run, Timeline};
use crate::calendar::DAY;
use crate::error::{Error, Malformed};
use crate::host::Host;

/// What the ticks of a history are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    /// Events, which add up.
    Events,
    /// Joins and ends of spells, of which the union is kept.
    Spells,
}

/// Does a member join at this tick, or does a spell of it end?
#[inline]
pub(crate) fn is_join(tick: i64) -> bool {
    tick & 1 == 1
}

/// The ticks of one member, in their order, on their way to those of the union of its spells.
#[derive(Debug, Default)]
pub(crate) struct Union {
    /// Spells that have begun and not ended.
    depth: u64,
    /// The end of the last stretch, until it is known that no spell begins there.
    end: Option<i64>,
}

impl Union {
    /// A tick of so many spells. `put` is given the ticks of the union, in their order.
    #[inline]
    pub(crate) fn tick<E: From<Malformed>>(
        &mut self,
        tick: i64,
        spells: u64,
        mut put: impl FnMut(i64) -> Result<(), E>,
    ) -> Result<(), E> {
        if is_join(tick) {
            if self.depth == 0 {
                match self.end.take() {
                    Some(end) if end == tick - 1 => {} // The member was never out.
                    Some(end) => {
                        put(end)?;
                        put(tick)?;
                    }
                    None => put(tick)?,
                }
            }
            self.depth = self.depth.saturating_add(spells);
            return Ok(());
        }
        let left = self.depth.checked_sub(spells);
        self.depth = left.ok_or(Malformed("an end without a beginning"))?;
        if self.depth == 0 {
            self.end = Some(tick);
        }
        Ok(())
    }

    /// The number of ticks of the union of a member's spells.
    pub(crate) fn ticks<H: Host>(timeline: &Timeline<H>) -> Result<usize, Malformed> {
        let (mut union, mut ticks) = (Union::default(), 0);
        let mut count = |_| {
            ticks += 1;
            Ok(())
        };
        for (i, tick) in timeline.ticks().iter().enumerate() {
            union.tick(*tick, timeline.count(i), &mut count)?;
        }
        union.finish(&mut count)?;
        Ok(ticks)
    }

    /// There are no more ticks of the member.
    #[inline]
    pub(crate) fn finish<E>(&mut self, put: impl FnOnce(i64) -> Result<(), E>) -> Result<(), E> {
        self.depth = 0;
        self.end.take().map_or(Ok(()), put)
    }
}

/// Writes the ticks of members into a run.
pub(crate) trait Pen<H: Host> {
    /// Writes one of the present member, with its events and their amount.
    fn tick(&mut self, run: &mut Run<H>, tick: i64, count: u64, amount: i64) -> Result<(), Error>;

    /// There are no more of this member. How many were written?
    fn lift(&mut self, run: &mut Run<H>) -> Result<usize, Error>;
}

/// Writes ticks as they are. How many so far?
#[derive(Debug, Default)]
pub(crate) struct EventPen(usize);

impl<H: Host> Pen<H> for EventPen {
    #[inline(always)]
    fn tick(&mut self, run: &mut Run<H>, tick: i64, count: u64, amount: i64) -> Result<(), Error> {
        run.tick_of_member(self.0 > 0, tick, count, amount)?;
        self.0 += 1;
        Ok(())
    }

    #[inline(always)]
    fn lift(&mut self, _: &mut Run<H>) -> Result<usize, Error> {
        Ok(std::mem::take(&mut self.0))
    }
}

/// Writes ticks that have an amount and no event.
#[derive(Debug, Default)]
pub(crate) struct RefundPen(EventPen);

impl<H: Host> Pen<H> for RefundPen {
    #[inline]
    fn tick(&mut self, run: &mut Run<H>, tick: i64, _: u64, amount: i64) -> Result<(), Error> {
        self.0.tick(run, tick, 0, amount)
    }

    #[inline]
    fn lift(&mut self, run: &mut Run<H>) -> Result<usize, Error> {
        self.0.lift(run)
    }
}

/// Writes the union of spells.
#[derive(Debug)]
pub(crate) struct SpellPen {
    union: Union,
    written: usize,
    /// The greatest tick of all that were written.
    pub(crate) high: i64,
}

impl SpellPen {
    pub(crate) fn new() -> Self {
        SpellPen { union: Union::default(), written: 0, high: i64::MIN }
    }

    /// Where the spells that were written begin and end, which are the union of some in `given`.
    pub(crate) fn extent(&self, given: Extent) -> Extent {
        Extent { high: self.high, last: (self.high >> 1).saturating_mul(DAY), ..given }
    }

    #[inline]
    fn put<H: Host>(
        (written, high): (&mut usize, &mut i64),
        run: &mut Run<H>,
        tick: i64,
    ) -> Result<(), Error> {
        run.tick_of_member(*written > 0, tick, 1, NO_AMOUNT)?;
        *written += 1;
        *high = tick.max(*high);
        Ok(())
    }
}

impl<H: Host> Pen<H> for SpellPen {
    #[inline]
    fn tick(&mut self, run: &mut Run<H>, tick: i64, count: u64, _: i64) -> Result<(), Error> {
        let SpellPen { union, written, high } = self;
        union.tick(tick, count, |tick| Self::put((written, high), run, tick))
    }

    #[inline]
    fn lift(&mut self, run: &mut Run<H>) -> Result<usize, Error> {
        let SpellPen { union, written, high } = self;
        union.finish(|tick| Self::put((written, high), run, tick))?;
        Ok(std::mem::take(written))
    }
}
