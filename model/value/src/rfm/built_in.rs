//! The segment maps that are known by name, and the names of their segments.

use super::rule::{Centre, Kind, Rule, ScoreRange};

/// A built-in map.
#[derive(Debug)]
pub struct BuiltIn {
    /// Its name.
    pub name: &'static str,
    /// Its rules, the first one that holds wins.
    pub rules: &'static [Rule<&'static str>],
    /// The Chinese name of each rule's segment.
    pub chinese: &'static [&'static str],
    /// The number of bins that it is made for, where it goes by scores.
    pub(super) bins: Option<usize>,
    pub(super) kind: Kind,
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

/// The Chinese names of segments, in the order of the rules: those of the textbooks for the eight classes, for
/// the others the terms that Chinese customer management has for them.
const RF10_CHINESE: [&str; RF10.len()] = [
    "冠军客户",
    "忠诚客户",
    "潜在忠诚客户",
    "新客户",
    "潜力客户",
    "需要关注客户",
    "即将沉睡客户",
    "流失风险客户",
    "不能失去客户",
    "沉睡客户",
];

const PUTLER11_CHINESE: [&str; PUTLER11.len()] = [
    "流失客户",
    "新客户",
    "潜力客户",
    "不能失去客户",
    "冠军客户",
    "需要关注客户",
    "即将沉睡客户",
    "沉睡客户",
    "流失风险客户",
    "潜在忠诚客户",
    "忠诚客户",
];

const RFM8_CHINESE: [&str; RFM8.len()] = [
    "重要价值客户",
    "重要保持客户",
    "重要发展客户",
    "重要挽留客户",
    "一般价值客户",
    "一般维持客户",
    "一般发展客户",
    "一般挽留客户",
];

/// The maps that are known by name.
pub const BUILT_IN: &[BuiltIn] = &[
    built_in("rf10", RF10, &RF10_CHINESE, Some(5), Kind::Cells),
    built_in("putler11", PUTLER11, &PUTLER11_CHINESE, Some(5), Kind::Cells),
    built_in("rfm8", RFM8, &RFM8_CHINESE, None, Kind::Classes(Centre::Mean)),
    built_in("rfm8 median", RFM8, &RFM8_CHINESE, None, Kind::Classes(Centre::Median)),
    built_in("none", &[], &[], None, Kind::Nothing),
];

const fn built_in(
    name: &'static str,
    rules: &'static [Rule<&'static str>],
    chinese: &'static [&'static str],
    bins: Option<usize>,
    kind: Kind,
) -> BuiltIn {
    BuiltIn { name, rules, chinese, bins, kind }
}

impl BuiltIn {
    /// Does it go by high (2) and low (1) values rather than by scores?
    pub fn is_of_classes(&self) -> bool {
        matches!(self.kind, Kind::Classes(_))
    }
}
