//! The unit of times: most are whole seconds, or whole days.

/// Microseconds of each unit. Each divides the next, so that what divides all times is the least of what
/// divides some.
const UNITS: [i64; 10] =
    [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 60_000_000, 3_600_000_000, 86_400_000_000];

/// A stretch of time of which times are multiples, since the start of 2000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Unit(u8);

impl Unit {
    /// A day, which divides the fewest times.
    pub(super) const LARGEST: Self = Unit(UNITS.len() as u8 - 1);

    /// The unit of a number in the bytes of journeys.
    pub(super) fn from_code(code: u8) -> Option<Self> {
        (usize::from(code) < UNITS.len()).then_some(Unit(code))
    }

    pub(super) fn code(self) -> u8 {
        self.0
    }

    pub(super) fn micros(self) -> i64 {
        UNITS.get(usize::from(self.0)).copied().unwrap_or(1)
    }

    /// The largest that divides a time besides.
    #[inline]
    pub(super) fn with(mut self, at: i64) -> Self {
        while self.0 > 0 && at % self.micros() != 0 {
            self.0 -= 1;
        }
        self
    }
}
