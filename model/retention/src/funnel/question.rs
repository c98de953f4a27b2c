//! What is asked of a funnel.

use crate::calendar::{Period, exact_micros};
use crate::error::Error;
use crate::numeric::Wilson;

/// What may be between the steps, and in which order they come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// In the order of the steps, whatever happens between them.
    Ordered,
    /// The same, each later than the one before.
    StrictIncrease,
    /// In the order of the steps, and nothing else between them but repetitions of the step just done.
    StrictOrder,
    /// In the order of the steps, until one of them that is done is repeated.
    NoRepeats,
    /// In any order.
    AnyOrder,
}

impl Mode {
    /// The mode of a word. Those of columnar engines are taken too.
    pub fn parse(given: &str) -> Result<Self, Error> {
        match given.trim().to_ascii_lowercase().replace('_', " ").as_str() {
            // One event never serves two steps: 'once' is what always holds.
            "ordered" | "once" | "strict once" => Ok(Mode::Ordered),
            "strict increase" => Ok(Mode::StrictIncrease),
            "strict order" => Ok(Mode::StrictOrder),
            "no repeats" | "strict deduplication" => Ok(Mode::NoRepeats),
            "any order" => Ok(Mode::AnyOrder),
            _ => Err(Error::UnknownName {
                what: "mode",
                given: given.to_string(),
                valid: "ordered, strict order, strict increase, once, any order, no repeats",
            }),
        }
    }
}

/// Which starts of a member count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// Its first one in the period.
    First,
    /// Each, and the one from which it comes furthest is told of; it is eligible by the first.
    Recurring,
}

impl Entry {
    /// The entry of a word.
    pub fn parse(given: &str) -> Result<Self, Error> {
        match given.trim().to_ascii_lowercase().as_str() {
            "first" => Ok(Entry::First),
            "recurring" => Ok(Entry::Recurring),
            _ => Err(Error::UnknownName {
                what: "entry",
                given: given.to_string(),
                valid: "first, recurring",
            }),
        }
    }
}

/// The steps as they were given.
#[derive(Debug, Clone, Copy)]
pub struct StepsAsked<'a> {
    /// The names of their events.
    pub events: &'a [Option<&'a str>],
    /// The longest time from the step before to the second step, the third …: as long as one likes where there
    /// is none.
    pub within: Option<&'a [Option<&'a str>]>,
    /// The numbers, from 1, of those that may be left out.
    pub optional: &'a [Option<i32>],
    /// Events that end a chain.
    pub excluded: &'a [Option<&'a str>],
}

/// What is asked, besides the steps.
#[derive(Debug, Clone, Copy)]
pub struct FunnelQuestion {
    /// The longest time from the first step to the last, in microseconds.
    pub within: i64,
    /// What may be between the steps.
    pub mode: Mode,
    /// Which starts count.
    pub entry: Entry,
    /// By which members are told apart, by the day of their start; none: all together.
    pub period: Option<Period>,
    /// The last day looked at; by default that of the last event.
    pub as_of: Option<i64>,
    /// Probability of the intervals.
    pub confidence: f64,
}

impl FunnelQuestion {
    /// A question, checked.
    pub fn new(
        within: Option<&str>,
        mode: Option<&str>,
        entry: Option<&str>,
        period: Option<Period>,
        as_of: Option<i64>,
        confidence: f64,
    ) -> Result<Self, Error> {
        Wilson::new(confidence)?;
        let Some(within) = within else {
            return Err(Error::bad(
                "within is not given",
                "Say how long after the first step the last one counts, such as '7 days': who has had less \
                 time since is not counted yet.",
            ));
        };
        Ok(FunnelQuestion {
            within: exact_micros("within", within)?,
            mode: mode.map_or(Ok(Mode::Ordered), Mode::parse)?,
            entry: entry.map_or(Ok(Entry::First), Entry::parse)?,
            period,
            as_of,
            confidence,
        })
    }
}
