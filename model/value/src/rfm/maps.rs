//! Segment maps: names for regions of scores. The first rule that holds wins.

use super::built_in::BUILT_IN;
use super::cell::Score;
use super::measure::Measure;
use super::rule::{Centre, Kind, Rule, ScoreRange};
use super::scale::Scale;
use crate::error::Error;
use crate::host::{Host, Pace, Vec};
use crate::json::{self, Number, Object, Step, Text};
use serde::Deserialize;

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
        let built_in = found.ok_or_else(|| {
            Error::unknown(
                "segment map",
                name,
                "rf10, putler11, rfm8, rfm8 median, none, or a map of your own in JSON",
            )
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
