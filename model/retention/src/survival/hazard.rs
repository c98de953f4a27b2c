//! The rate of leaving, by stretches of tenure.

use super::course::Course;
use crate::error::Error;
use crate::host::{Host, Pace, Vec};
use crate::numeric::{Estimate, Poisson};

/// Stretches of one curve.
const MAX_STRETCHES: f64 = 1e6;

/// Below this a rate may be beyond all numbers.
const MIN_WIDTH: f64 = 1e-250;

/// A stretch of tenure, from `from` up to but not including `until`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stretch {
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

impl<H: Host> Course<H> {
    /// The rate of leaving in stretches of this width.
    ///
    /// ```text
    /// rate = events / exposure,   with Garwood's exact interval of a Poisson count
    /// ```
    pub fn hazard_rates(&self, width: f64, confidence: f64) -> Result<Vec<Stretch, H>, Error> {
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
            return Err(Error::TooLarge {
                what: "the number of stretches (its limit is a million)",
                hint: "Take a larger width.",
            });
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
        let place = |time: f64| (time / width) as usize;
        for number in 0..=place(end) {
            pace.step(1);
            let from = number as f64 * width;
            let until = (number + 1) as f64 * width;
            stretches.push(Stretch { from, until, events: 0, exposure: 0.0, rate: None });
        }
        // Everybody from the time of entry on, less everybody from the time of exit on: the time in
        // the stretch of that moment, and as many whole stretches after it as the sums say.
        let mut whole = Vec::new_in(host.clone());
        whole.resize(stretches.len() + 1, 0i64);
        let mut spend = |stretches: &mut [Stretch], time: f64, members: i64| {
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
            pace.step(64);
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
    use crate::survival::Data;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn agrees_with_adding_up_every_member(
            rows in proptest::collection::vec((0.0..50.0f64, any::<bool>(), proptest::option::of(0.0..0.99f64)), 1..40),
            width in 0.7..20.0f64,
        ) {
            let mut data = Data::new(Global);
            for &(duration, churned, entry) in &rows {
                data.push(duration, churned, entry.map(|share| share * duration)).unwrap();
            }
            let stretches = data.course().hazard_rates(width, 0.9).unwrap();
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

    #[test]
    fn widths_must_make_sense_and_it_can_be_stopped() {
        let mut data = Data::new(Global);
        for i in 0..20_000 {
            data.push(f64::from(i), true, None).unwrap();
        }
        let course = data.course();
        for width in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e-3] {
            assert!(course.hazard_rates(width, 0.95).is_err());
        }
        assert!(testing::stops(|| course.hazard_rates(1.0, 0.95)));
    }
}
