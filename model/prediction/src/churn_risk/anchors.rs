//! Anchors: the past days as of which a history is replayed.

use crate::calendar::Stretch;
use crate::error::Error;
use crate::host::{Host, Vec};

/// More anchors than these teach nothing: the oldest are of another time.
pub const MOST_ANCHORS: i32 = 120;
/// Ten years.
const LONGEST: i64 = 3_660;

/// A day A: features are of events up to it, the label of those in the horizon after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Anchor {
    /// A, which is the last day of what is known.
    pub day: i64,
    /// The last day of the horizon after it.
    pub end: i64,
    /// The days of the horizon that ends with A.
    pub horizon: i64,
    /// The last days before the last quarter, half, one, two and four horizons.
    pub windows: [i64; 5],
}

impl Anchor {
    /// The anchor of a day.
    pub fn on(day: i64, horizon: Stretch) -> Self {
        // As the ledger counts a silence: from the midnight with which the day ends.
        let midnight = day.saturating_add(1);
        let before = horizon.before(midnight).saturating_sub(1);
        let days = day.saturating_sub(before);
        let back = |part: f64| day - ((days as f64 * part).round() as i64).max(1);
        Anchor {
            day,
            end: horizon.after(midnight) - 1,
            horizon: days,
            windows: [back(0.25), back(0.5), before, back(2.0), back(4.0)],
        }
    }

    /// Was a member whose last event was on this day active in the horizon before?
    #[inline]
    pub fn is_active(&self, last: i64) -> bool {
        last > self.windows[2]
    }
}

/// Whose leaving is predicted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Population {
    /// Who had an event in the last horizon; of memberships, who is in.
    Active,
    /// Everybody ever seen, or ever in.
    All,
}

impl Population {
    /// The one of a name, in any case.
    pub fn parse(name: &str) -> Result<Self, Error> {
        match name {
            _ if name.eq_ignore_ascii_case("active") => Ok(Population::Active),
            _ if name.eq_ignore_ascii_case("all") => Ok(Population::All),
            _ => Err(Error::unknown("population", name, "active, all")),
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        ["active", "all"][self as usize]
    }
}

/// Which anchors are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// How far is looked ahead.
    pub horizon: Stretch,
    /// Whose leaving is predicted.
    pub population: Population,
    /// At most so many anchors.
    pub anchors: i32,
    /// From one to the next; by default the horizon.
    pub step: Option<Stretch>,
}

impl Plan {
    /// Is it one that can be answered of some history?
    pub fn check(&self) -> Result<(), Error> {
        check_horizon(self.horizon)?;
        if !(1..=MOST_ANCHORS).contains(&self.anchors) {
            return Err(Error::bad(
                format!("anchors {} is not between 1 and {MOST_ANCHORS}", self.anchors),
                "Take 12, or fewer if the history is short or has changed.",
            ));
        }
        Ok(())
    }

    /// The anchors of a history, ascending: the newest one's horizon ends on `as_of`, the oldest has a
    /// whole horizon of past before it.
    pub fn anchors<H: Host>(&self, first_day: i64, as_of: i64, host: &H) -> Vec<Anchor, H> {
        let newest = self.horizon.before(as_of.saturating_add(1));
        let step = self.step.unwrap_or(self.horizon);
        let mut anchors = Vec::new_in(host.clone());
        for i in 0..i64::from(self.anchors) {
            let back = Stretch { months: step.months * i, days: step.days * i, seconds: 0 };
            let anchor = Anchor::on(back.before(newest) - 1, self.horizon);
            if anchor.windows[2] + 1 < first_day {
                break;
            }
            anchors.push(anchor);
        }
        anchors.reverse();
        anchors
    }
}

/// Is a horizon of some use?
pub fn check_horizon(horizon: Stretch) -> Result<(), Error> {
    let days = horizon.after(0);
    if (1..=LONGEST).contains(&days) {
        return Ok(());
    }
    Err(Error::bad(
        format!("horizon of {days} days"),
        "Take a horizon between a day and ten years: about as long as a silence after which you call a \
         member lost, such as '90 days'.",
    ))
}
