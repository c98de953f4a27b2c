//! From a history, or a table of codes, to a model.

use super::anchors::{Anchor, Plan};
use super::bins::{Coder, UNKNOWN};
use super::dataset::dataset;
use super::fit::{self, Fitted, Method, Window};
use super::model::{ChurnModel, Feature, SplitJson, TermJson, TreeJson};
use super::replay::{Replayed, Summary, examples};
use super::table::{Scale, Table};
use crate::calendar::date_text;
use crate::error::Error;
use crate::history::MemberRef;
use crate::host::{Host, Vec, tell};
use crate::records::{Attribute, Attributes, Records};
use std::cell::Cell;

/// Rows that bins are learned from.
const SAMPLE: u64 = 60_000;
/// Codes of a table, at most: a byte each.
pub const MOST_CODES: usize = 1 << 30;
/// Members with whom others are compared.
const BACKGROUND: usize = 100;

/// What a fit is of, for the model that comes of it.
#[derive(Debug)]
pub struct About {
    /// What the rows were made of.
    pub summary: Summary,
    /// 'active', 'all' or 'table'.
    pub population: String,
    /// Months and days.
    pub horizon: Option<[i64; 2]>,
    /// The days of the anchors.
    pub anchors: std::vec::Vec<i64>,
    /// What is looked at.
    pub features: std::vec::Vec<Feature>,
    /// Rows that were left out.
    pub left_out: u64,
}

/// Fits a model to a history, or to memberships.
pub fn fit_summary<R: Replayed>(
    replay: &R,
    plan: &Plan,
    method: Method,
) -> Result<ChurnModel, Error> {
    plan.check()?;
    let host = replay.host();
    let anchors = plan.anchors(replay.first_day(), replay.as_of(), host);
    tell(|| format!("churn_fit: looking back from {} anchors", anchors.len()));
    let coders = learn_codes(replay, plan, &anchors)?;
    let mut table = Table::new(coders, anchors.len(), host);
    let mut member = 0;
    replay.each(
        |_| true,
        |_, past| {
            let before = table.len();
            for row in examples(past, &anchors, plan.population) {
                table.push(member, row.anchor, row.churned, row.features.as_ref().iter().copied());
            }
            member += u32::from(table.len() > before);
            check_size(&table)
        },
    )?;
    let windows: std::vec::Vec<Window> =
        anchors.iter().map(|anchor| (anchor.day, anchor.end)).collect();
    let features = R::NAMES.iter().map(|(name, reason)| Feature {
        name: (*name).to_string(),
        reason: reason.name().to_string(),
        log: true,
        category: None,
        auc: None,
    });
    let about = About {
        summary: R::SUMMARY,
        population: plan.population.name().to_string(),
        horizon: Some([plan.horizon.months, plan.horizon.days]),
        anchors: anchors.iter().map(|anchor| anchor.day).collect(),
        features: features.collect(),
        left_out: 0,
    };
    model(&table, &windows, false, method, about, host)
}

/// The rows of a summary, with their features by name: for rules.
pub fn records<R: Replayed>(replay: &R, plan: &Plan) -> Result<Records<R::Host>, Error> {
    let mut records = Records::new(replay.host().clone());
    dataset(
        replay,
        plan,
        |_| true,
        |member, _, row| {
            let value = |value: f64| {
                if value.is_nan() { Attribute::Null } else { Attribute::Number(value) }
            };
            let named: std::vec::Vec<(&[u8], Attribute<'_>)> = R::NAMES
                .iter()
                .zip(row.features.as_ref())
                .map(|((name, _), x)| (name.as_bytes(), value(*x)))
                .collect();
            records.push(
                member.to_string().as_bytes(),
                None,
                row.churned,
                Attributes::Named(&named),
            )
        },
    )?;
    Ok(records)
}

/// Is there room for more?
pub fn check_size<H: Host>(table: &Table<H>) -> Result<(), Error> {
    if table.len() * table.features() > MOST_CODES || table.len() > u32::MAX as usize {
        return Err(Error::TooLarge {
            what: "the rows that a model is fitted to",
            hint: "Take fewer anchors, a longer step, or a part of the members.",
        });
    }
    Ok(())
}

fn learn_codes<R: Replayed>(
    replay: &R,
    plan: &Plan,
    anchors: &[Anchor],
) -> Result<Vec<Coder<R::Host>, R::Host>, Error> {
    let host = replay.host();
    let rows = replay.count_members()?.saturating_mul(anchors.len() as u64);
    // In the order of histories, which is that of hashes: the same members in whatever order the rows came.
    let one_in = rows.div_ceil(SAMPLE).max(1);
    let number = Cell::new(0u64);
    let drawn = |_: &MemberRef<'_>| number.replace(number.get() + 1).is_multiple_of(one_in);
    let mut columns: Vec<Vec<f64, R::Host>, R::Host> = Vec::new_in(host.clone());
    columns.extend(R::NAMES.iter().map(|_| Vec::new_in(host.clone())));
    replay.each(drawn, |_, past| {
        for row in examples(past, anchors, plan.population) {
            let features = row.features.as_ref().iter();
            columns.iter_mut().zip(features).for_each(|(column, value)| column.push(*value));
        }
        Ok(())
    })?;
    let mut coders = Vec::new_in(host.clone());
    for column in &mut columns {
        coders.push(Coder::learn(column, |x| Scale::Log.of(x), host));
    }
    Ok(coders)
}

/// Fits a table, and writes down what came of it.
pub fn model<H: Host>(
    table: &Table<H>,
    windows: &[Window],
    by_folds: bool,
    method: Method,
    about: About,
    host: &H,
) -> Result<ChurnModel, Error> {
    if table.len() == 0 {
        return Err(Error::bad(
            "there is no row to fit a model to",
            "It must go back two horizons before as_of, and have a member in its population then: take \
             a shorter horizon, or population => 'all'.",
        ));
    }
    let Fitted { blend, test, alone } = fit::fit(table, windows, by_folds, method, host);
    let About { summary, population, horizon, anchors, mut features, left_out } = about;
    features.iter_mut().zip(&alone).for_each(|(feature, auc)| feature.auc = Some(*auc));
    let coefficients = blend.logit.coefficients.iter().skip(1);
    let terms = blend.logit.terms.iter().zip(coefficients).map(|(term, coefficient)| TermJson {
        feature: term.feature,
        unknown: term.unknown,
        mean: term.mean,
        sd: term.sd,
        coefficient: *coefficient,
    });
    let split = |split: super::boost::Split| {
        let feature = split.feature as usize;
        // The last bin has no end: all that is known goes left.
        let end = table.coder(feature).end(usize::from(split.bin)).unwrap_or(f64::MAX);
        SplitJson(feature, end, split.unknown_left)
    };
    let trees = blend.boosted.trees.iter().map(|tree| TreeJson {
        root: split(tree.root),
        left: tree.next[0].map(split),
        right: tree.next[1].map(split),
        leaves: tree.leaves,
    });
    let churned = (0..table.len() as u32).filter(|row| table.label(*row)).count() as u64;
    let span = anchors.first().zip(anchors.last()).map_or(0, |(first, last)| last - first);
    Ok(ChurnModel {
        version: ChurnModel::version(),
        method: method.name().to_string(),
        summary,
        population,
        horizon,
        span,
        anchors: anchors.iter().map(|day| date_text(*day)).collect(),
        rows: table.len() as u64,
        members: u64::from(table.member(table.len() as u32 - 1)) + 1,
        churned,
        left_out,
        weight: blend.weight,
        intercept: blend.logit.coefficients[0],
        terms: terms.collect(),
        covariance: blend.covariance.cells().to_vec(),
        anchor_variance: blend.anchor_variance,
        start: blend.boosted.start,
        trees: trees.collect(),
        background: background(table, &features),
        features,
        test,
    })
}

/// Some rows of the newest anchor, evenly.
fn background<H: Host>(
    table: &Table<H>,
    features: &[Feature],
) -> std::vec::Vec<std::vec::Vec<Option<f64>>> {
    let newest = (0..table.len() as u32).map(|row| table.anchor(row)).max().unwrap_or(0);
    let is_newest = |row: &u32| table.anchor(*row) == newest;
    let rows = (0..table.len() as u32).filter(is_newest).count();
    let taken = rows.min(BACKGROUND);
    let mut wanted = (0..taken).map(|i| i * rows / taken).peekable();
    let mut found = std::vec::Vec::new();
    for (place, row) in (0..table.len() as u32).filter(is_newest).enumerate() {
        if wanted.next_if_eq(&place).is_some() {
            let codes = table.row(row).iter().enumerate();
            let value = |(feature, code): (usize, &u8)| {
                (*code != UNKNOWN)
                    .then(|| raw(features[feature].scale(), table.level(feature, *code)))
            };
            found.push(codes.map(value).collect());
        }
    }
    found
}

/// The number that the logit sees as this one, as short as it may be.
fn raw(scale: Scale, level: f64) -> f64 {
    let value = match scale {
        Scale::Plain => level,
        Scale::Log => level.abs().exp_m1().copysign(level),
    };
    let digits = 6 - value.abs().max(1.0).log10().ceil() as i32;
    let power = 10f64.powi(digits.clamp(0, 9));
    let short = (value * power).round() / power;
    if short.is_finite() { short } else { value }
}
