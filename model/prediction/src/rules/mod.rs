//! A few readable rules: who leaves most often. A small tree, grown on one half of the members; its rates are those of the
//! other half, so that they hold for others too (S. Athey and G. Imbens, PNAS 113 (2016), 7353–7360).

mod grow;
#[cfg(test)]
mod tests;
mod words;

use crate::error::Error;
use crate::host::{Host, Vec};
use crate::numeric::{Estimate, Wilson};
use crate::sheet::Sheet;
use grow::{Question, Size, grow};

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct RulesQuestion {
    /// Questions that a rule asks, at most.
    pub depth: i32,
    /// Members that a rule holds for in each half, at least.
    pub min_members: i32,
    /// Of the intervals.
    pub confidence: f64,
}

/// Questions, at most.
const DEEPEST: i32 = 6;

impl RulesQuestion {
    /// Is it one that can be answered?
    pub fn check(&self) -> Result<Wilson, Error> {
        if !(1..=DEEPEST).contains(&self.depth) {
            return Err(Error::bad(
                format!("depth {} is not between 1 and {DEEPEST}", self.depth),
                "Take 3: a rule of more questions is hard to read, and holds for few members.",
            ));
        }
        if self.min_members < 1 {
            return Err(Error::bad(
                format!("min_members {} is no number of members", self.min_members),
                "Take 50 or more: rates of fewer members say little.",
            ));
        }
        Wilson::new(self.confidence)
    }
}

/// A rule, with what came of those for whom it holds, of the half that it was not grown on.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// In words that are valid after WHERE.
    pub rule: String,
    /// Rows for which it holds.
    pub members: u64,
    /// Those that left.
    pub churned: u64,
    /// Their share, with its interval.
    pub rate: Option<Estimate>,
    /// By the share of all.
    pub lift: Option<f64>,
    /// Their share of all who left.
    pub share_of_churn: Option<f64>,
}

/// The rules, the highest rate first; each row has exactly one.
pub fn rules<H: Host>(
    sheet: &Sheet<H>,
    question: &RulesQuestion,
) -> Result<std::vec::Vec<Rule>, Error> {
    let wilson = question.check()?;
    let host = sheet.host();
    let (mut growing, mut judging) = (Vec::new_in(host.clone()), Vec::new_in(host.clone()));
    for row in 0..sheet.len() as u32 {
        if sheet.grows(row) { growing.push(row) } else { judging.push(row) }
    }
    if sheet.is_empty() {
        return Ok(std::vec::Vec::new());
    }
    let mut path = std::vec::Vec::new();
    let mut leaves = std::vec::Vec::new();
    let gone = |rows: &[u32]| rows.iter().filter(|row| sheet.churned(**row)).count() as u64;
    let all = (judging.len() as u64, gone(&judging));
    let mut leaf = |path: &[(Question, bool)], rows: &[u32]| {
        let (members, churned) = (rows.len() as u64, gone(rows));
        let rate = wilson.share(churned, members);
        let overall = all.1 as f64 / all.0 as f64;
        leaves.push(Rule {
            rule: words::rule(sheet, path),
            members,
            churned,
            rate,
            lift: rate.filter(|_| all.1 > 0).map(|rate| rate.value / overall),
            share_of_churn: (all.1 > 0).then(|| churned as f64 / all.1 as f64),
        });
    };
    let size = Size {
        depth: question.depth.unsigned_abs() as usize,
        min_members: question.min_members.unsigned_abs() as usize,
    };
    grow(sheet, size, &mut growing, &mut judging, &mut path, &mut leaf);
    leaves.sort_by(|a, b| {
        let rate = |rule: &Rule| rule.rate.map_or(0.0, |rate| rate.value);
        rate(b).total_cmp(&rate(a)).then(b.members.cmp(&a.members)).then(a.rule.cmp(&b.rule))
    });
    Ok(leaves)
}
