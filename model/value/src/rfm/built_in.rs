//! The segment maps that are known by name.

use super::rules::{Rule, ScoreRange};

/// A built-in map.
#[derive(Debug)]
pub struct BuiltIn {
    /// Its name.
    pub name: &'static str,
    /// Its rules, the first one that holds wins; of a map of classes in the order of [`CHINESE`].
    pub rules: &'static [Rule<&'static str>],
    /// The number of bins that it is made for, where it goes by scores.
    pub(super) bins: Option<usize>,
    pub(super) kind: Kind,
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

/// What divides high values from low ones.
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
