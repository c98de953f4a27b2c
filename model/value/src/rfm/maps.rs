//! Segment maps: names for regions of scores. The first rule that holds wins.

use super::cell::Score;
use super::measure::Measure;
use super::scale::Scale;
use crate::error::Error;
use crate::host::{Host, Pace, Vec};
use crate::json::{self, Number, Object, Step, Text};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, SeqAccess, Visitor};
use std::fmt;

const MAP: json::Kind = json::Kind {
    what: "the segment map",
    hint: "A map looks like {\"rules\": [{\"segment\": \"Best\", \"r\": [4, 5], \"fm\": [3.5, 5]}, \
           {\"segment\": \"New\", \"r\": 5, \"f\": 1}], \"default\": \"Others\"}: of the keys r, f, m \
           and fm, the mean of f and m, those that are left out may be anything.",
};

/// A map as it is written: its rules, or these and more.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MapJson {
    rules: std::vec::Vec<Object<RuleJson>>,
    default: Option<Text>,
    bins: Option<Number>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleJson {
    segment: Text,
    r: Option<ScoreRange>,
    f: Option<ScoreRange>,
    m: Option<ScoreRange>,
    fm: Option<ScoreRange>,
}

/// Migration counts every pair of segments.
const MAX_SEGMENTS: u16 = 1000;

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
    fn holds(self, number: f64) -> bool {
        self.0 <= number && number <= self.1
    }

    /// What is wrong with it as scores of so many bins, if something is.
    fn fault(self, bins: usize, whole: bool) -> Option<String> {
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
    fn holds(&self, score: Score) -> bool {
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

    fn uses_monetary(&self) -> bool {
        self.m.is_some() || self.fm.is_some()
    }
}

/// A built-in map.
#[derive(Debug)]
pub struct BuiltIn {
    /// Its name.
    pub name: &'static str,
    /// Its rules, the first one that holds wins; of a map of classes in the order of [`CLASSES`].
    pub rules: &'static [Rule<&'static str>],
    /// The number of bins that it is made for, where it goes by scores.
    bins: Option<usize>,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    /// By scores.
    Cells,
    /// By high and low values, divided at a centre.
    Classes(Centre),
    /// No names at all.
    Nothing,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Centre {
    Mean,
    Median,
}

const fn rf(segment: &'static str, r: (u8, u8), f: (u8, u8)) -> Rule<&'static str> {
    Rule {
        segment,
        r: Some(ScoreRange(r.0 as f64, r.1 as f64)),
        f: Some(ScoreRange(f.0 as f64, f.1 as f64)),
        m: None,
        fm: None,
    }
}

const fn rfm(segment: &'static str, r: (u8, u8), fm: (u8, u8)) -> Rule<&'static str> {
    Rule { fm: Some(ScoreRange(fm.0 as f64, fm.1 as f64)), f: None, ..rf(segment, r, fm) }
}

/// High is 2 and low is 1.
const fn class(segment: &'static str, r: u8, f: u8, m: u8) -> Rule<&'static str> {
    Rule { m: Some(ScoreRange(m as f64, m as f64)), ..rf(segment, (r, r), (f, f)) }
}

/// The ten named segments of recency and frequency. They cover the 25 cells without overlap.
const RF10: &[Rule<&str>] = &[
    rf("Champions", (5, 5), (4, 5)),
    rf("Loyal customers", (3, 4), (4, 5)),
    rf("Potential loyalists", (4, 5), (2, 3)),
    rf("New customers", (5, 5), (1, 1)),
    rf("Promising", (4, 4), (1, 1)),
    rf("Need attention", (3, 3), (3, 3)),
    rf("About to sleep", (3, 3), (1, 2)),
    rf("At risk", (1, 2), (3, 4)),
    rf("Can't lose them", (1, 2), (5, 5)),
    rf("Hibernating", (1, 2), (1, 2)),
];

/// Putler's eleven segments. Their published regions overlap, so their order is part of the map: the
/// narrowest first, of equally narrow ones the one that is published first; and Lost takes the lowest
/// cell from Hibernating, which would leave it nothing.
const PUTLER11: &[Rule<&str>] = &[
    rfm("Lost", (1, 1), (1, 1)),
    rfm("New customers", (4, 5), (1, 1)),
    rfm("Promising", (3, 4), (1, 1)),
    rfm("Can't lose them", (1, 1), (4, 5)),
    rfm("Champions", (4, 5), (4, 5)),
    rfm("Need attention", (2, 3), (2, 3)),
    rfm("About to sleep", (2, 3), (1, 2)),
    rfm("Hibernating", (1, 2), (1, 2)),
    rfm("At risk", (1, 2), (2, 5)),
    rfm("Potential loyalists", (3, 5), (1, 3)),
    rfm("Loyal customers", (2, 5), (3, 5)),
];

/// The eight classes of high and low values.
const RFM8: &[Rule<&str>] = &[
    class("Important value", 2, 2, 2),
    class("Important keep", 1, 2, 2),
    class("Important develop", 2, 1, 2),
    class("Important win back", 1, 1, 2),
    class("General value", 2, 2, 1),
    class("General keep", 1, 2, 1),
    class("General develop", 2, 1, 1),
    class("General win back", 1, 1, 1),
];

/// The customary Chinese names of the eight classes, in their order.
pub const CHINESE: [&str; 8] = [
    "重要价值",
    "重要保持",
    "重要发展",
    "重要挽留",
    "一般价值",
    "一般维持",
    "一般发展",
    "一般挽留",
];

/// The maps that are known by name.
pub const BUILT_IN: &[BuiltIn] = &[
    BuiltIn { name: "rf10", rules: RF10, bins: Some(5), kind: Kind::Cells },
    BuiltIn { name: "putler11", rules: PUTLER11, bins: Some(5), kind: Kind::Cells },
    BuiltIn { name: "rfm8", rules: RFM8, bins: None, kind: Kind::Classes(Centre::Mean) },
    BuiltIn { name: "rfm8 median", rules: RFM8, bins: None, kind: Kind::Classes(Centre::Median) },
    BuiltIn { name: "none", rules: &[], bins: None, kind: Kind::Nothing },
];

impl BuiltIn {
    /// Does it go by high (2) and low (1) values rather than by scores?
    pub fn is_of_classes(&self) -> bool {
        matches!(self.kind, Kind::Classes(_))
    }
}

/// A map, ready to be used with so many bins.
#[derive(Debug)]
pub struct Map {
    name: String,
    /// Names of segments, each once, in the order of the rules.
    pub segments: std::vec::Vec<String>,
    rules: std::vec::Vec<Rule<u16>>,
    default: Option<u16>,
    kind: Kind,
}

impl Map {
    /// The built-in map of a name, or the map in a JSON document.
    pub fn named(name: &str, bins: usize) -> Result<Self, Error> {
        if name.trim_start().starts_with(['{', '[']) {
            return Map::parse(name, bins);
        }
        let found = BUILT_IN.iter().find(|map| map.name.eq_ignore_ascii_case(name.trim()));
        let built_in = found.ok_or_else(|| Error::UnknownName {
            what: "segment map",
            given: json::shorten(name),
            valid: "rf10, putler11, rfm8, rfm8 median, none, or a map of your own in JSON",
        })?;
        if let Some(made_for) = built_in.bins
            && made_for != bins
        {
            return Err(Error::bad(
                format!(
                    "segment map \"{}\" is made for {made_for} bins, not {bins}",
                    built_in.name
                ),
                "Take 5 bins, the map 'rfm8', which goes with any number, a map of your own, or 'none'.",
            ));
        }
        let mut map = Map::empty(built_in.name);
        map.kind = built_in.kind;
        for rule in built_in.rules {
            let segment = map.segment(rule.segment)?;
            map.rules.push(Rule { segment, r: rule.r, f: rule.f, m: rule.m, fm: rule.fm });
        }
        Ok(map)
    }

    fn empty(name: &str) -> Self {
        Map {
            name: name.to_string(),
            segments: std::vec::Vec::new(),
            rules: std::vec::Vec::new(),
            default: None,
            kind: Kind::Cells,
        }
    }

    /// The map in a document.
    pub fn parse(text: &str, bins: usize) -> Result<Self, Error> {
        let mut map = Map::empty("of your own");
        let bare = text.trim_start().starts_with('[');
        let read = if bare {
            MapJson { rules: MAP.read(text)?, default: None, bins: None }
        } else {
            MAP.read::<Object<MapJson>>(text)?.0
        };
        if let Some(Number(made_for)) = read.bins.filter(|made_for| made_for.0 != bins as f64) {
            let why = format_args!("made for {made_for} bins, not {bins}");
            return Err(MAP.wrong(&[Step::Key("bins")], why));
        }
        for (place, Object(rule)) in (1..).zip(read.rules) {
            let check = |key, span: Option<ScoreRange>, whole| {
                let Some(why) = span.and_then(|span| span.fault(bins, whole)) else {
                    return Ok(span);
                };
                let way = [Step::Key("rules"), Step::Place(place), Step::Key(key)];
                Err(MAP.wrong(&way[usize::from(bare)..], why))
            };
            let (r, f, m) =
                (check("r", rule.r, true)?, check("f", rule.f, true)?, check("m", rule.m, true)?);
            let fm = check("fm", rule.fm, false)?;
            let segment = map.segment(&rule.segment.0)?;
            map.rules.push(Rule { segment, r, f, m, fm });
        }
        if let Some(Text(default)) = &read.default {
            map.default = Some(map.segment(default)?);
        }
        Ok(map)
    }

    /// The place of a name, new or not.
    fn segment(&mut self, name: &str) -> Result<u16, Error> {
        let place = match self.segments.iter().position(|segment| segment == name) {
            Some(place) => place,
            None => {
                self.segments.push(name.to_string());
                self.segments.len() - 1
            }
        };
        match u16::try_from(place) {
            Ok(place) if place < MAX_SEGMENTS => Ok(place),
            _ => Err(Error::TooLarge { what: MAP.what, hint: "A map has up to 1000 segments." }),
        }
    }

    /// Does it go by amounts?
    pub fn uses_monetary(&self) -> bool {
        self.rules.iter().any(Rule::uses_monetary)
    }

    pub(crate) fn check_amounts(&self, has_amounts: bool) -> Result<(), Error> {
        if has_amounts || !self.uses_monetary() {
            return Ok(());
        }
        Err(Error::bad(
            format!(
                "segment map \"{}\" goes by monetary value, and the history has no amounts",
                self.name
            ),
            "Take the map 'rf10', a map of your own over r and f, or build the history with amounts.",
        ))
    }

    /// Where it divides high from low, if it does.
    pub(crate) fn centre(&self) -> Option<Centre> {
        match self.kind {
            Kind::Classes(centre) => Some(centre),
            _ => None,
        }
    }

    /// The segment of every cell, by [`Score::cell`]; nothing for maps that do not go by scores. A cell
    /// without one is an error.
    pub(crate) fn cells<H: Host>(
        &self,
        bins: usize,
        monetary: bool,
        host: &H,
    ) -> Result<Vec<u16, H>, Error> {
        let mut cells = Vec::new_in(host.clone());
        if self.kind != Kind::Cells {
            return Ok(cells);
        }
        let mut pace = Pace::new(host);
        for cell in 0..Score::cells(bins, monetary) {
            let score = Score::at(cell, bins, monetary);
            pace.step(1 + self.rules.len());
            let rule = self.rules.iter().find(|rule| rule.holds(score)).map(|rule| rule.segment);
            match rule.or(self.default) {
                Some(segment) => cells.push(segment),
                None => {
                    return Err(Error::bad(
                        format!(
                            "the segment map has no segment for the score {}",
                            score.text(bins)
                        ),
                        "Add rules until check_segment_map finds no hole, or name a \"default\" segment.",
                    ));
                }
            }
        }
        Ok(cells)
    }

    /// The class of three values, in a map of classes.
    pub(crate) fn class(&self, scale: &Scale, values: [Option<f64>; 3]) -> Option<usize> {
        let centres = match self.centre()? {
            Centre::Mean => scale.mean,
            Centre::Median => scale.median,
        };
        let mut high = [1; 3];
        for measure in Measure::ALL {
            let (value, centre) = (values[measure as usize]?, centres[measure as usize]?);
            let is_high =
                if measure == Measure::Recency { value <= centre } else { value > centre };
            high[measure as usize] = if is_high { 2 } else { 1 };
        }
        let score = Score { r: high[0], f: high[1], m: Some(high[2]) };
        self.rules.iter().find(|rule| rule.holds(score)).map(|rule| usize::from(rule.segment))
    }

    /// The cells that no rule covers, or that several segments claim. Scores have no m where the map
    /// does not ask for it.
    pub fn faults<'m, H: Host>(&'m self, bins: usize, host: H) -> impl Iterator<Item = Fault<'m>> {
        let monetary = self.uses_monetary();
        (0..Score::cells(bins, monetary)).filter_map(move |cell| {
            if cell % 256 == 0 {
                host.poll();
            }
            let score = Score::at(cell, bins, monetary);
            let mut claims: std::vec::Vec<u16> = std::vec::Vec::new();
            for rule in self.rules.iter().filter(|rule| rule.holds(score)) {
                if !claims.contains(&rule.segment) {
                    claims.push(rule.segment);
                }
            }
            let is_fault = claims.len() > 1 || claims.is_empty() && self.default.is_none();
            let names = claims.iter().map(|claim| self.segments[usize::from(*claim)].as_str());
            is_fault.then(|| Fault { score, claims: names.collect() })
        })
    }
}

/// A cell that is not covered exactly once.
#[derive(Debug, PartialEq)]
pub struct Fault<'m> {
    /// The cell.
    pub score: Score,
    /// The segments that claim it, in the order of the rules: the first one gets it. None: a hole.
    pub claims: std::vec::Vec<&'m str>,
}
