//! A rule of a segment map: a region of scores, and its name.

use super::cell::Score;
use crate::json::Number;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, SeqAccess, Visitor};
use std::fmt;

/// Numbers from one to another, both included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScoreRange(pub f64, pub f64);

impl<'de> Deserialize<'de> for ScoreRange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Spans;
        impl<'de> Visitor<'de> for Spans {
            type Value = ScoreRange;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number or [from, to]")
            }

            fn visit_f64<E>(self, number: f64) -> Result<ScoreRange, E> {
                Ok(ScoreRange(number, number))
            }

            fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<ScoreRange, E> {
                self.visit_f64(number as f64)
            }

            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<ScoreRange, E> {
                self.visit_f64(number as f64)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<ScoreRange, A::Error> {
                let mut numbers = std::vec::Vec::new();
                while let Some(Number(number)) = seq.next_element()? {
                    numbers.push(number);
                }
                match numbers[..] {
                    [one] => Ok(ScoreRange(one, one)),
                    [from, to] => Ok(ScoreRange(from, to)),
                    _ => Err(A::Error::invalid_length(numbers.len(), &self)),
                }
            }
        }
        deserializer.deserialize_any(Spans)
    }
}

impl ScoreRange {
    pub(super) fn holds(self, number: f64) -> bool {
        self.0 <= number && number <= self.1
    }

    /// What is wrong with it as scores of so many bins, if something is.
    pub(super) fn fault(self, bins: usize, whole: bool) -> Option<String> {
        let ScoreRange(low, high) = self;
        if low > high {
            Some(format!("{low} is more than {high}"))
        } else if low < 1.0 || high > bins as f64 {
            Some(format!("scores run from 1 to {bins}"))
        } else if whole && (low.fract() != 0.0 || high.fract() != 0.0) {
            Some("scores are whole numbers".to_string())
        } else {
            None
        }
    }

    /// As text: '4-5', '3'.
    pub fn text(self) -> String {
        if self.0 == self.1 { self.0.to_string() } else { format!("{}-{}", self.0, self.1) }
    }
}

/// A region of scores and its name. What is none may be anything.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rule<S> {
    /// The name: a text, or its place in the map.
    pub segment: S,
    /// The score of recency.
    pub r: Option<ScoreRange>,
    /// The score of frequency.
    pub f: Option<ScoreRange>,
    /// The score of monetary value.
    pub m: Option<ScoreRange>,
    /// The mean of the scores of frequency and of monetary value.
    pub fm: Option<ScoreRange>,
}

impl<S> Rule<S> {
    /// Is this score in the region?
    pub(super) fn holds(&self, score: Score) -> bool {
        let is = |span: Option<ScoreRange>, number: Option<f64>| {
            span.is_none_or(|span| number.is_some_and(|number| span.holds(number)))
        };
        let (r, f) = (f64::from(score.r), f64::from(score.f));
        let m = score.m.map(f64::from);
        is(self.r, Some(r))
            && is(self.f, Some(f))
            && is(self.m, m)
            && is(self.fm, m.map(|m| (f + m) / 2.0))
    }

    pub(super) fn uses_monetary(&self) -> bool {
        self.m.is_some() || self.fm.is_some()
    }
}

/// What a map goes by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    /// By scores.
    Cells,
    /// By high and low values, divided at a centre.
    Classes(Centre),
    /// No names at all.
    Nothing,
}

/// Where high is divided from low.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Centre {
    Mean,
    Median,
}
