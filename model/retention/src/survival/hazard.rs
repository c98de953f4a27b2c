//! The rate of leaving, by stretches of tenure.

use super::risk_table::RiskTable;
use crate::budget;
use crate::error::Error;
use crate::host::{Host, Pace, Vec};
use crate::numeric::{Estimate, Poisson};

/// Stretches of one curve.
const MAX_STRETCHES: f64 = 1e6;
const STRETCHES: budget::Result = budget::Result {
    what: "the number of stretches (its limit is a million)",
    hint: "Take a larger width.",
};

/// Below this a rate may be beyond all numbers.
const MIN_WIDTH: f64 = 1e-250;

/// A stretch of tenure, from `from` up to but not including `until`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HazardInterval {
    /// Where it begins.
    pub from: f64,
    /// Where the next one begins.
    pub until: f64,
    /// Members that left in it.
    pub events: u64,
    /// The time that members spent in it, together.
    pub exposure: f64,
    /// Events / exposure, with its interval; none where nobody spent any time.
    pub rate: Option<Estimate>,
}

/// Where stretches of a width begin and end.
///
/// A width such as 0.1 is not a binary fraction, and 41 times it is 4.1000000000000005. Who writes such a
/// width writes durations like 4.1, which lie on the bounds: so these are what their decimals say.
struct Bounds {
    width: f64,
    /// width = whole / unit
    whole: f64,
    unit: f64,
}

impl Bounds {
    fn new(width: f64) -> Self {
        // Products of less than this and the number of a stretch are exact.
        const MOST: f64 = (1_u64 << f64::MANTISSA_DIGITS) as f64 / MAX_STRETCHES;
        let mut unit = 1.0;
        for _ in 0..=15 {
            let whole = (width * unit).round();
            if whole <= MOST && whole / unit == width {
                return Bounds { width, whole, unit };
            }
            unit *= 10.0;
        }
        Bounds { width, whole: width, unit: 1.0 }
    }

    fn begin(&self, number: usize) -> f64 {
        number as f64 * self.whole / self.unit
    }

    /// The number of the stretch that a time lies in.
    fn stretch_of(&self, time: f64) -> usize {
        let mut number = (time / self.width) as usize;
        while number > 0 && time < self.begin(number) {
            number -= 1;
        }
        while self.begin(number + 1) <= time {
            number += 1;
        }
        number
    }
}

impl<H: Host> RiskTable<H> {
    /// The rate of leaving in stretches of this width.
    ///
    /// ```text
    /// rate = events / exposure,   with Garwood's exact interval of a Poisson count
    /// ```
    pub fn hazard_rates(
        &self,
        width: f64,
        confidence: f64,
    ) -> Result<Vec<HazardInterval, H>, Error> {
        let poisson = Poisson::new(confidence)?;
        if !(width > 0.0 && width.is_finite()) {
            return Err(Error::bad(
                format!("width {width} is not a positive time"),
                "Take the length of the stretches of tenure, in the unit of the durations.",
            ));
        }
        let host = self.host().clone();
        let mut stretches = Vec::new_in(host.clone());
        let Some(end) = self.end() else { return Ok(stretches) };
        if end / width >= MAX_STRETCHES {
            return Err(STRETCHES.error());
        }
        let is_finite = ((end + width) * self.members() as f64).is_finite();
        if !is_finite || width < MIN_WIDTH {
            return Err(Error::OutOfRange {
                what: "duration",
                given: format!("{end:e} in stretches of {width:e}"),
                hint: "Take another unit, of which members stay a number nearer to 1.",
            });
        }
        let mut pace = Pace::new(&host);
        let bounds = Bounds::new(width);
        let place = |time: f64| bounds.stretch_of(time);
        for number in 0..=place(end) {
            pace.step(1);
            let (from, until) = (bounds.begin(number), bounds.begin(number + 1));
            stretches.push(HazardInterval { from, until, events: 0, exposure: 0.0, rate: None });
        }
        // Everybody from the time of entry on, less everybody from the time of exit on: the time in
        // the stretch of that moment, and as many whole stretches after it as the sums say.
        let mut whole = Vec::new_in(host.clone());
        whole.resize(stretches.len() + 1, 0i64);
        let mut spend = |stretches: &mut [HazardInterval], time: f64, members: i64| {
            let number = place(time);
            stretches[number].exposure += (stretches[number].until - time) * members as f64;
            whole[number + 1] += members;
        };
        let late: u64 = self.entries().iter().map(|entry| entry.1).sum();
        spend(&mut stretches, 0.0, count(self.members() - late));
        for &(time, members) in self.entries() {
            pace.step(1);
            spend(&mut stretches, time, count(members));
        }
        for exit in self.exits() {
            pace.step(1);
            spend(&mut stretches, exit.time, -count(exit.events + exit.censored));
            stretches[place(exit.time)].events += exit.events;
        }
        let mut throughout = 0;
        for (stretch, change) in stretches.iter_mut().zip(&whole) {
            // Of the interval, up to a thousand.
            pace.step(1 << 10);
            throughout += change;
            stretch.exposure += throughout as f64 * (stretch.until - stretch.from);
            // What rounding leaves where nobody was.
            if stretch.exposure <= 1e-9 * width {
                stretch.exposure = 0.0;
            } else {
                stretch.rate = Some(poisson.rate(stretch.events, stretch.exposure));
            }
        }
        Ok(stretches)
    }
}

fn count(members: u64) -> i64 {
    i64::try_from(members).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use crate::host::{Global, testing};
    use crate::numeric::Estimate;
    use crate::survival::Observations;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn agrees_with_adding_up_every_member(
            rows in proptest::collection::vec((0.0..50.0f64, any::<bool>(), proptest::option::of(0.0..0.99f64)), 1..40),
            width in 0.7..20.0f64,
        ) {
            let mut data = Observations::new(Global);
            for &(duration, churned, entry) in &rows {
                data.push(duration, churned, entry.map(|share| share * duration)).unwrap();
            }
            let stretches = data.risk_table().hazard_rates(width, 0.9).unwrap();
            for stretch in &stretches {
                let (from, until) = (stretch.from, stretch.until);
                let events = rows.iter().filter(|row| row.1 && from <= row.0 && row.0 < until).count();
                let exposure: f64 = rows
                    .iter()
                    .map(|row| row.0.min(until) - row.2.map_or(0.0, |share| share * row.0).max(from))
                    .filter(|time| *time > 0.0)
                    .sum();
                prop_assert_eq!(stretch.events, events as u64);
                prop_assert!((stretch.exposure - exposure).abs() < 1e-9, "{:?} {}", stretch, exposure);
                if let Some(Estimate { value: rate, low, high }) = stretch.rate {
                    prop_assert!((rate * stretch.exposure - events as f64).abs() < 1e-9);
                    prop_assert!(low <= rate && rate <= high);
                }
            }
            let all: u64 = stretches.iter().map(|stretch| stretch.events).sum();
            prop_assert_eq!(all, rows.iter().filter(|row| row.1).count() as u64);
        }
    }

    /// 4.2 / 0.1 is 42 and 4.3 / 0.1 is less than 43; 41 × 0.1 is more than 4.1, and 3 × 0.1 than 0.3.
    #[test]
    fn what_lies_on_a_bound_belongs_to_the_stretch_that_begins_there() {
        for (width, decimals) in [(0.1, 1), (0.7, 1), (0.01, 2), (2.5, 1), (30.4375, 4), (1.0, 0)] {
            let mut data = Observations::new(Global);
            let bound = |i: usize| -> f64 {
                let text = format!("{:.decimals$}", i as f64 * width);
                text.parse().unwrap()
            };
            for i in 1..=300 {
                data.push(bound(i), true, Some(bound(i - 1))).unwrap();
            }
            let stretches = data.risk_table().hazard_rates(width, 0.95).unwrap();
            assert_eq!(stretches.len(), 301);
            for (i, stretch) in stretches.iter().enumerate() {
                assert_eq!((stretch.from, stretch.until), (bound(i), bound(i + 1)));
                assert_eq!(stretch.events, u64::from(i > 0), "{width} {stretch:?}");
                let exposure = if i < 300 { width } else { 0.0 };
                assert!((stretch.exposure - exposure).abs() < 1e-12, "{width} {stretch:?}");
                assert_eq!(stretch.rate.is_some(), i < 300);
            }
        }
    }

    /// Widths that no decimals give exactly: every event still lies within the bounds that are returned.
    #[test]
    fn bounds_of_any_width_hold_their_events() {
        for width in [1.0 / 3.0, std::f64::consts::PI, 1e-7 / 3.0, 0.123_456_789_012_345_67] {
            let mut data = Observations::new(Global);
            for i in 1..=2000 {
                data.push(f64::from(i) * width, true, None).unwrap();
            }
            for (i, stretch) in
                data.risk_table().hazard_rates(width, 0.95).unwrap().iter().enumerate()
            {
                let inside = |i: usize| (stretch.from..stretch.until).contains(&(i as f64 * width));
                let events = (i.saturating_sub(2)..i + 3).filter(|i| *i > 0 && inside(*i)).count();
                assert_eq!(stretch.events, events as u64, "{width} {stretch:?}");
            }
        }
    }

    #[test]
    fn widths_must_make_sense_and_it_can_be_stopped() {
        let mut data = Observations::new(Global);
        for i in 0..20_000 {
            data.push(f64::from(i), true, None).unwrap();
        }
        let risk_table = data.risk_table();
        for width in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e-3] {
            assert!(risk_table.hazard_rates(width, 0.95).is_err());
        }
        assert!(testing::stops(|| risk_table.hazard_rates(1.0, 0.95)));
    }
}
