//! An event as one number in a row of the inbox: its time since a base, then the number of its name. Such
//! numbers sort as time and name do.

use crate::history::blocks::NO_AMOUNT;
use crate::history::row::HUNDREDTH;

/// How times and names become numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Form {
    base: i64,
    /// Bits of the number of a name: 8, which leaves times of a thousand years on either side of the base; 16,
    /// which leaves four years; or none, where the time stands as the tick of the row, and the name as its
    /// amount.
    bits: u32,
}

impl Form {
    /// For all times and names, in a row that is a word longer.
    pub(super) const WIDE: Self = Form { base: 0, bits: 0 };

    /// The narrowest for so many names, of times near this one.
    pub(super) fn narrow(at: i64, names: usize) -> Self {
        Form { base: at, bits: if names <= 1 << 8 { 8 } else { 16 } }
    }

    /// One that holds an event besides.
    pub(super) fn holding(self, at: i64, code: u32) -> Self {
        let more = Form { bits: 16, ..self };
        match [self, more].into_iter().find(|form| form.write(at, code).is_some()) {
            Some(form) if self.bits > 0 => form,
            _ => Form::WIDE,
        }
    }

    /// Tick and amount of the row of an event; none if it does not fit.
    #[inline(always)]
    pub(super) fn write(self, at: i64, code: u32) -> Option<(i64, i64)> {
        if self.bits == 0 {
            return Some((at, i64::from(code) * HUNDREDTH));
        }
        let (distance, is_too_far) = at.overflowing_sub(self.base);
        let tick = distance << self.bits;
        let fits = !is_too_far && tick >> self.bits == distance && code >> self.bits == 0;
        fits.then_some((tick | i64::from(code), NO_AMOUNT))
    }

    /// Time and number of the name of a row, whose amount is as it stands there.
    #[inline(always)]
    pub(super) fn read(self, tick: i64, amount: i64) -> (i64, u32) {
        if self.bits == 0 {
            return (tick, amount as u32);
        }
        let at = (tick >> self.bits).wrapping_add(self.base);
        (at, (tick & ((1 << self.bits) - 1)) as u32)
    }

    /// Is an event one number?
    pub(super) fn is_narrow(self) -> bool {
        self.bits > 0
    }
}

/// What sorts the events of one member: the time, then the place of the name among all names.
pub(super) trait Stamp: Copy + Ord + Default {
    fn of(form: Form, at: i64, code: u32) -> Self;
    fn read(self, form: Form) -> (i64, u32);
}

/// Of a narrow form.
impl Stamp for i64 {
    #[inline(always)]
    fn of(form: Form, at: i64, code: u32) -> Self {
        (at.wrapping_sub(form.base) << form.bits) | i64::from(code)
    }
    #[inline(always)]
    fn read(self, form: Form) -> (i64, u32) {
        form.read(self, NO_AMOUNT)
    }
}

/// Of the wide one.
impl Stamp for (i64, u32) {
    #[inline(always)]
    fn of(_: Form, at: i64, code: u32) -> Self {
        (at, code)
    }
    #[inline(always)]
    fn read(self, _: Form) -> (i64, u32) {
        self
    }
}
