//! The cut points of all three measures: what scores are made with.

use super::cell::{MAX_BINS, Score};
use super::cuts::{BETWEEN_POLLS, Column, Method, below};
use super::measure::{Measure, Measures};
use crate::amount;
use crate::error::Error;
use crate::host::{Host, Pace, Vec};
use crate::json::{self, Number, Object, Step};
use serde::Deserialize;
use std::fmt::{Display, Write};

const CUTS: json::Kind = json::Kind {
    what: "the cut points",
    hint: "Cut points are lists of ascending numbers of one length, as rfm_cuts_json returns \
           them: {\"recency\": [30, 90], \"frequency\": [1, 4], \"monetary\": [50, 250]}.",
};

/// Something of every measure, as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CutsJson {
    recency: std::vec::Vec<Number>,
    frequency: std::vec::Vec<Number>,
    monetary: Option<std::vec::Vec<Number>>,
    mean: Option<Object<CentresJson>>,
    median: Option<Object<CentresJson>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CentresJson {
    recency: Option<Number>,
    frequency: Option<Number>,
    monetary: Option<Number>,
}

impl CentresJson {
    /// By measure.
    fn centres(self) -> [Option<f64>; 3] {
        [self.recency, self.frequency, self.monetary]
            .map(|centre| centre.map(|Number(value)| value))
    }
}

/// Cut points, and the means and medians that divide high from low. Indexed by [`Measure`]; none where
/// there are no amounts.
#[derive(Debug, Clone, PartialEq)]
pub struct Scale {
    /// Scores run from 1 to this.
    pub bins: usize,
    pub(crate) points: [Option<std::vec::Vec<f64>>; 3],
    pub(crate) mean: [Option<f64>; 3],
    pub(crate) median: [Option<f64>; 3],
}

impl Scale {
    /// The cut points in a document.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let Object(cuts): Object<CutsJson> = CUTS.read(text)?;
        let centres = |centres: Option<Object<CentresJson>>| {
            centres.map_or([None; 3], |Object(centres)| centres.centres())
        };
        let (mean, median) = (centres(cuts.mean), centres(cuts.median));
        let mut scale = Scale { bins: 0, points: [None, None, None], mean, median };
        let lists = [Some(cuts.recency), Some(cuts.frequency), cuts.monetary];
        for (measure, list) in Measure::ALL.into_iter().zip(lists) {
            let Some(list) = list else { continue };
            let wrong = |why: &dyn Display| CUTS.wrong(&[Step::Key(measure.name())], why);
            let points: std::vec::Vec<f64> = list.into_iter().map(|Number(point)| point).collect();
            if !points.is_sorted() {
                return Err(wrong(&"the numbers do not ascend"));
            }
            if scale.bins != 0 && points.len() + 1 != scale.bins {
                let (here, there) = (points.len(), scale.bins - 1);
                return Err(wrong(&format_args!("{here} cut points, but {there} of recency")));
            }
            if points.is_empty() || points.len() >= MAX_BINS {
                return Err(wrong(&format_args!("not from 1 to {} cut points", MAX_BINS - 1)));
            }
            scale.bins = points.len() + 1;
            scale.points[measure as usize] = Some(points);
        }
        Ok(scale)
    }

    /// As a document that [`Scale::parse`] reads.
    pub fn to_json(&self) -> String {
        let mut out = String::from("{");
        for measure in Measure::ALL {
            let _ = write!(out, "\"{}\": ", measure.name());
            match &self.points[measure as usize] {
                None => out.push_str("null"),
                Some(points) => {
                    let points: std::vec::Vec<String> = points.iter().map(f64::to_string).collect();
                    let _ = write!(out, "[{}]", points.join(", "));
                }
            }
            out.push_str(", ");
        }
        for (name, centres) in [("mean", self.mean), ("median", self.median)] {
            let centres: std::vec::Vec<String> = Measure::ALL
                .iter()
                .zip(centres)
                .map(|(measure, centre)| {
                    let centre = centre.map_or("null".to_string(), |centre| centre.to_string());
                    format!("\"{}\": {centre}", measure.name())
                })
                .collect();
            let end = if name == "mean" { ", " } else { "}" };
            let _ = write!(out, "\"{name}\": {{{}}}{end}", centres.join(", "));
        }
        out
    }

    /// Does it score monetary value?
    pub fn has_monetary(&self) -> bool {
        self.points[Measure::Monetary as usize].is_some()
    }

    pub(crate) fn points(&self, measure: Measure) -> Option<&[f64]> {
        self.points[measure as usize].as_deref()
    }

    /// The score of a value: 1 + the cut points strictly below it; of recency, of which less is
    /// better, counted from the other end.
    #[inline(always)]
    pub(crate) fn one(&self, measure: Measure, value: f64) -> Option<u8> {
        let below = below(self.points(measure)?, value);
        let score = if measure == Measure::Recency { self.bins - below } else { below + 1 };
        u8::try_from(score).ok()
    }

    /// The scores of three values. There is none of monetary value if either lacks it.
    #[inline(always)]
    pub fn score(&self, recency: f64, frequency: f64, monetary: Option<f64>) -> Score {
        Score {
            r: self.one(Measure::Recency, recency).unwrap_or(1),
            f: self.one(Measure::Frequency, frequency).unwrap_or(1),
            m: monetary.and_then(|monetary| self.one(Measure::Monetary, monetary)),
        }
    }

    /// The scores of three values as text; none if one is missing, of the measures that are scored.
    pub fn score_text(
        &self,
        recency: Option<f64>,
        frequency: Option<f64>,
        monetary: Option<f64>,
    ) -> Result<Option<String>, Error> {
        let given = [recency, frequency, monetary];
        if let Some(wrong) = given.iter().flatten().find(|value| !value.is_finite()) {
            return Err(Error::AmountOutOfRange { given: wrong.to_string() });
        }
        let (Some(recency), Some(frequency)) = (recency, frequency) else { return Ok(None) };
        if self.has_monetary() && monetary.is_none() {
            return Ok(None);
        }
        Ok(Some(self.score(recency, frequency, monetary).text(self.bins)))
    }
}

/// The values of a measure, with their mean.
type Of<H> = (Column<H>, Option<f64>);

impl Scale {
    /// The cut points of a history's members.
    pub(crate) fn of<H: Host>(
        measures: &Measures<H>,
        method: Method,
        bins: usize,
        host: &H,
    ) -> Self {
        Scale::build(method, bins, |measure| match measure {
            Measure::Recency => Some(whole(measures.recencies(), measures.present, host)),
            Measure::Frequency => Some(whole(measures.frequencies(), measures.present, host)),
            Measure::Monetary if !measures.has_amounts() => None,
            Measure::Monetary => {
                let (mut column, mut sum) = (Column::of_real(measures.present, host), 0i128);
                let mut pace = Pace::new(host);
                measures.amounts().for_each(|units| {
                    pace.step(1);
                    sum += units;
                    column.push_real(amount::to_double(units));
                });
                Some((column, mean(sum, measures.present, amount::to_double)))
            }
        })
    }

    /// The cut points of values in tables that have a row per member already. A sum of doubles depends
    /// on their order, so they are added up in that of their size.
    pub fn of_values<H: Host>(
        values: [&Vec<f64, H>; 3],
        method: Method,
        bins: usize,
        host: &H,
    ) -> Self {
        Scale::build(method, bins, |measure| {
            let values = values[measure as usize];
            let mut column = Column::of_real(values.len(), host);
            for part in values.chunks(BETWEEN_POLLS) {
                host.poll();
                part.iter().for_each(|value| column.push_real(*value));
            }
            let mut pace = Pace::new(host);
            let sum: f64 = column.ascending().inspect(|_| pace.step(1)).sum();
            let mean = sum / column.len() as f64;
            Some((column, Some(mean)))
        })
    }

    /// One measure after the other, so that no more than one column takes memory.
    fn build<H: Host>(
        method: Method,
        bins: usize,
        column: impl Fn(Measure) -> Option<Of<H>>,
    ) -> Self {
        let mut scale =
            Scale { bins, points: [None, None, None], mean: [None; 3], median: [None; 3] };
        for measure in Measure::ALL {
            let i = measure as usize;
            if let Some((column, mean)) = column(measure).filter(|(column, _)| column.len() > 0) {
                let (points, median) = column.points(measure, method, bins);
                (scale.points[i], scale.mean[i], scale.median[i]) = (Some(points), mean, median);
            }
        }
        scale
    }
}

/// A column of whole numbers.
fn whole<H: Host>(values: impl Iterator<Item = u64>, room: usize, host: &H) -> Of<H> {
    let (mut column, mut sum) = (Column::of_whole(room, host), 0i128);
    let mut pace = Pace::new(host);
    values.for_each(|value| {
        pace.step(1);
        sum += i128::from(value);
        column.push_whole(value);
    });
    (column, mean(sum, room, |whole| whole as f64))
}

/// A mean that is rounded once if it is whole, so that it meets values equal to it.
fn mean(sum: i128, n: usize, to_double: impl Fn(i128) -> f64) -> Option<f64> {
    let n = n as i128;
    let whole = sum.checked_div_euclid(n)?;
    let rest = sum.rem_euclid(n) as f64 / n as f64;
    Some(if rest == 0.0 { to_double(whole) } else { to_double(whole) + rest * to_double(1) })
}
