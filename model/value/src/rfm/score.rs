//! Members with their scores and segments.

use super::cell::{self, Score};
use super::cuts::{Bin, Method, ntile};
use super::maps::Map;
use super::measure::{Measure, Measures, Monetary, Values};
use super::scale::Scale;
use crate::amount;
use crate::calendar::Zone;
use crate::error::Error;
use crate::history::{Columns, MemberRef, View, Walk};
use crate::host::{Host, Pace, Vec};

/// What is asked of a scoring, checked before any member is looked at.
#[derive(Debug)]
pub struct Plan {
    /// The last day looked at; by default that of the last event.
    pub as_of: Option<i64>,
    distinct_days: bool,
    monetary: Monetary,
    bins: usize,
    method: Method,
    fixed: Option<Scale>,
    /// The names of segments.
    pub map: Map,
}

impl Plan {
    /// A plan. The number of bins of given cut points is theirs.
    pub fn new(bins: i32, method: Method, cuts: Option<&str>, map: &str) -> Result<Self, Error> {
        let mut bins = cell::bins(bins)?;
        let fixed = cuts.map(Scale::parse).transpose()?;
        match (&fixed, method) {
            (None, Method::Fixed) => {
                return Err(Error::bad(
                    "method 'fixed' needs cuts",
                    "Pass cuts => what rfm_cuts_json returned, or cut points of your own.",
                ));
            }
            (Some(_), Method::Quantile | Method::Rank | Method::Ntile) => {
                return Err(Error::bad(
                    "cuts are given, but method is not 'fixed'",
                    "Add method => 'fixed', or leave cuts out.",
                ));
            }
            (Some(scale), Method::Fixed) => {
                const DEFAULT: usize = 5;
                if bins != DEFAULT && bins != scale.bins {
                    return Err(Error::bad(
                        format!("bins is {bins}, but the cuts make {} bins", scale.bins),
                        "Leave bins out: it is the number of cut points and one more.",
                    ));
                }
                bins = scale.bins;
            }
            (None, _) => {}
        }
        let map = Map::named(map, bins)?;
        let (as_of, monetary) = (None, Monetary::Total);
        Ok(Plan { as_of, distinct_days: false, monetary, bins, method, fixed, map })
    }

    /// The same as of a day, with frequency as purchase days, and another monetary value.
    pub fn with(self, as_of: Option<i64>, distinct_days: bool, monetary: Monetary) -> Self {
        Plan { as_of, distinct_days, monetary, ..self }
    }

    /// Do equal values have equal scores?
    pub(crate) fn check_keeps_ties(&self, what: &str) -> Result<(), Error> {
        if self.method == Method::Ntile {
            return Err(Error::bad(
                format!("{what} and method 'ntile' do not go together"),
                "It splits equal values, so it has no cut points to keep: take 'quantile' or 'rank'.",
            ));
        }
        Ok(())
    }

    pub(crate) fn measure<H: Host>(
        &self,
        view: &View<'_, H>,
        zone: &impl Zone,
        as_of: Option<i64>,
        host: &H,
    ) -> Result<Measures<H>, Error> {
        let measures = Measures::of(view, zone, as_of, self.distinct_days, self.monetary, host)?;
        if let Some(fixed) = &self.fixed
            && fixed.has_monetary() != measures.has_amounts()
        {
            let (has, wants) = if measures.has_amounts() {
                ("amounts", "no cut points of them")
            } else {
                ("no amounts", "cut points of them")
            };
            return Err(Error::bad(
                format!("the history has {has}, but there are {wants}"),
                "Take cut points of the same measures: see rfm_cuts_json.",
            ));
        }
        self.map.check_amounts(measures.has_amounts())?;
        Ok(measures)
    }

    /// The cut points for some members: given, or their own.
    pub(crate) fn scale<H: Host>(&self, measures: &Measures<H>, host: &H) -> Scale {
        let scored_by_class = self.map.centre().is_some();
        match &self.fixed {
            Some(fixed) if !scored_by_class => fixed.clone(),
            Some(fixed) => {
                // Means and medians that are not given are those of the members.
                let own = Scale::of(measures, Method::Quantile, 2, host);
                let fill = |given: [Option<f64>; 3], own: [Option<f64>; 3]| {
                    std::array::from_fn(|i| given[i].or(own[i]))
                };
                Scale {
                    mean: fill(fixed.mean, own.mean),
                    median: fill(fixed.median, own.median),
                    ..fixed.clone()
                }
            }
            None => Scale::of(measures, self.method, self.bins, host),
        }
    }
}

/// The numbers of a member.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScoredMember {
    /// Whole days from the last event to `as_of`.
    pub recency: u32,
    /// Events, or purchase days.
    pub frequency: u64,
    /// Their amounts in millionths, in total or on average; none in a history without amounts.
    pub monetary: Option<i128>,
    /// The scores.
    pub score: Score,
    /// The place of the segment in its map; none if the map names none.
    pub segment: Option<usize>,
}

/// The members of a history with the scores of a plan.
#[derive(Debug)]
pub struct Scored<'a, 'p, H: Host> {
    walk: Walk<'a, H>,
    pub(crate) measures: Measures<H>,
    scorer: Scorer<'p, H>,
    host: H,
}

/// Makes scores and segments of values.
#[derive(Debug)]
pub(crate) struct Scorer<'p, H: Host> {
    pub(crate) scale: Scale,
    map: &'p Map,
    /// The segment of every cell; empty for maps that do not go by scores.
    segments: Vec<u16, H>,
    /// The scores of every member, where they are not a matter of cut points.
    given: Option<Vec<Score, H>>,
}

impl<'p, H: Host> Scorer<'p, H> {
    pub(crate) fn new(
        plan: &'p Plan,
        scale: Scale,
        monetary: bool,
        host: &H,
    ) -> Result<Self, Error> {
        let segments = plan.map.cells(scale.bins, monetary, host)?;
        Ok(Scorer { scale, map: &plan.map, segments, given: None })
    }

    /// The scores and the segment of the `i`-th member.
    #[inline(always)] // four small numbers, which would be returned by way of memory
    pub(crate) fn of(&self, i: usize, values: &Values) -> (Score, Option<usize>) {
        let (recency, frequency) = (f64::from(values.recency), values.frequency as f64);
        let monetary = values.monetary.map(amount::to_double);
        let score = match &self.given {
            Some(given) => given[i],
            None => self.scale.score(recency, frequency, monetary),
        };
        let segment = match self.segments.get(score.cell(self.scale.bins)) {
            Some(&segment) => Some(usize::from(segment)),
            None => self.map.class(&self.scale, [Some(recency), Some(frequency), monetary]),
        };
        (score, segment)
    }
}

/// Scores the members of a history.
pub fn scored<'a, 'p, H: Host>(
    view: &View<'a, H>,
    zone: &impl Zone,
    plan: &'p Plan,
    host: H,
) -> Result<Scored<'a, 'p, H>, Error> {
    let measures = plan.measure(view, zone, plan.as_of, &host)?;
    let scale = plan.scale(&measures, &host);
    let mut scorer = Scorer::new(plan, scale, measures.has_amounts(), &host)?;
    if plan.method == Method::Ntile {
        scorer.given = Some(ntile_scores(view, &measures, plan.bins, &host)?);
    }
    Ok(Scored { walk: view.walk_over(Columns::TICKS)?, measures, scorer, host })
}

impl<'a, H: Host> Scored<'a, '_, H> {
    /// Hands over every member.
    #[inline]
    pub fn each(
        self,
        mut each: impl FnMut(&MemberRef<'a>, ScoredMember) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let Scored { mut walk, measures, scorer, host } = self;
        let mut pace = Pace::new(&host);
        let mut next = 0;
        walk.each_name(|member| {
            pace.step(1);
            let i = next;
            next += 1;
            let Some(values) = measures.get(i) else { return Ok(()) };
            let (score, segment) = scorer.of(i, &values);
            let Values { recency, frequency, monetary } = values;
            each(member, ScoredMember { recency, frequency, monetary, score, segment })
        })
    }

    /// The number of bins.
    pub fn bins(&self) -> usize {
        self.scorer.scale.bins
    }

    /// Are there scores of monetary value?
    pub fn has_monetary(&self) -> bool {
        self.measures.has_amounts()
    }

    /// The score and the segment of the `i`-th member of the history; none before its first event.
    pub(crate) fn at(&self, i: usize) -> Option<(Values, Score, Option<usize>)> {
        let values = self.measures.get(i)?;
        let (score, segment) = self.scorer.of(i, &values);
        Some((values, score, segment))
    }
}

/// Scores as NTILE gives them, over the worst to the best, equal values by member: numbers by size,
/// uuids and texts by their bytes.
fn ntile_scores<H: Host>(
    view: &View<'_, H>,
    measures: &Measures<H>,
    bins: usize,
    host: &H,
) -> Result<Vec<Score, H>, Error> {
    let mut names = Vec::with_capacity_in(measures.len(), host.clone());
    let mut pace = Pace::new(host);
    let mut walk = view.walk_over(Columns::TICKS)?;
    walk.each_name(|name| {
        pace.step(1);
        names.push(*name);
        Ok(())
    })?;
    let mut order: Vec<u32, H> = Vec::with_capacity_in(measures.present, host.clone());
    order.extend((0..measures.len()).filter(|i| measures.get(*i).is_some()).map(|i| i as u32));
    let nothing = Score { r: 1, f: 1, m: measures.has_amounts().then_some(1) };
    let mut scores = Vec::with_capacity_in(measures.len(), host.clone());
    scores.resize(measures.len(), nothing);
    for measure in Measure::ALL {
        if measure == Measure::Monetary && !measures.has_amounts() {
            continue;
        }
        // Values of a member that is in `order`.
        let value = |i: u32| match measures.get(i as usize) {
            None => 0,
            Some(values) => match measure {
                Measure::Recency => -i128::from(values.recency),
                Measure::Frequency => i128::from(values.frequency),
                Measure::Monetary => values.monetary.unwrap_or(0),
            },
        };
        order.sort_unstable_by(|a, b| {
            pace.step(1);
            (value(*a), names[*a as usize]).cmp(&(value(*b), names[*b as usize]))
        });
        for (place, i) in order.iter().enumerate() {
            pace.step(1);
            let score = ntile(place, order.len(), bins) as u8 + 1;
            let of = &mut scores[*i as usize];
            match measure {
                Measure::Recency => of.r = score,
                Measure::Frequency => of.f = score,
                Measure::Monetary => of.m = Some(score),
            }
        }
    }
    Ok(scores)
}

/// The cut points for the members of a history; none without members.
pub fn scale<H: Host>(
    view: &View<'_, H>,
    zone: &impl Zone,
    plan: &Plan,
    host: H,
) -> Result<Option<Scale>, Error> {
    plan.check_keeps_ties("cut points in JSON")?;
    let measures = plan.measure(view, zone, plan.as_of, &host)?;
    Ok((measures.present > 0).then(|| plan.scale(&measures, &host)))
}

/// The bins of every measure, from score 1 up, with the members in them.
pub fn cut_points<H: Host>(
    view: &View<'_, H>,
    zone: &impl Zone,
    plan: &Plan,
    host: H,
) -> Result<std::vec::Vec<Bin>, Error> {
    let scored = scored(view, zone, plan, host.clone())?;
    let scale = scored.scorer.scale.clone();
    let mut found: std::vec::Vec<Bin> = std::vec::Vec::new();
    for measure in Measure::ALL {
        let Some(points) = scale.points(measure).filter(|_| scored.measures.present > 0) else {
            continue;
        };
        for score in 1..=scale.bins {
            let place = if measure == Measure::Recency { scale.bins - score } else { score - 1 };
            let has_points = plan.method != Method::Ntile;
            let above = place.checked_sub(1).map(|below| points[below]);
            found.push(Bin {
                measure,
                score,
                above: above.filter(|_| has_points),
                up_to: points.get(place).copied().filter(|_| has_points),
                range: None,
                members: 0,
            });
        }
    }
    let mut pace = Pace::new(&host);
    for i in 0..scored.measures.len() {
        pace.step(1);
        let Some((values, score, _)) = scored.at(i) else { continue };
        let of_member = [
            (Some(score.r), f64::from(values.recency)),
            (Some(score.f), values.frequency as f64),
            (score.m, values.monetary.map_or(0.0, amount::to_double)),
        ];
        for (k, (score, value)) in of_member.into_iter().enumerate() {
            let Some(score) = score else { continue };
            let bin = &mut found[k * scale.bins + usize::from(score) - 1];
            bin.members += 1;
            let (low, high) = bin.range.unwrap_or((value, value));
            bin.range = Some((low.min(value), high.max(value)));
        }
    }
    Ok(found)
}
