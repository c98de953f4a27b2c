//! A fitted model as users see it: JSON, which is checked when it is read.
//!
//! It is of raw numbers, as `churn_features` returns them: neither the rows nor their codes are kept.

use super::logit::{dot, sigmoid};
use super::replay::Summary;
use super::table::Scale;
use crate::error::{Error, shorten};
use crate::numeric::Estimate;
use serde::{Deserialize, Serialize};

/// The longest text that is read.
const MOST_BYTES: usize = 1 << 23;
/// Features of a model, at most.
pub const MOST_FEATURES: usize = 256;
/// Days or months of a horizon, at most: more than any fit takes.
const MOST_DAYS: i64 = 10_000;
/// Numbers of a model are smaller, so that their sums are finite.
const LARGEST: f64 = 1e100;
/// The intercept, and each feature with whether it is unknown.
const MOST_COLUMNS: usize = 2 * MOST_FEATURES + 1;
const MOST_TREES: usize = 1_000;
const MOST_ROWS: usize = 1_000;
const VERSION: u32 = 1;

/// One number that a model looks at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feature {
    /// Its name: a column of `churn_features`, or an attribute.
    pub name: String,
    /// What it is counted to where reasons are told.
    pub reason: String,
    /// Is it put before the logit as sign(x) ln(1 + |x|)?
    #[serde(default, skip_serializing_if = "is_not")]
    pub log: bool,
    /// Of an attribute that is a text: 1 if it is this, else 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// How well it tells by itself who leaves: the area under its curve on the rows of the fit, 0.5 or more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auc: Option<f64>,
}

fn is_not(flag: &bool) -> bool {
    !flag
}

impl Feature {
    /// How the logit sees it.
    pub fn scale(&self) -> Scale {
        if self.log { Scale::Log } else { Scale::Plain }
    }
}

/// A term of the logit, by the place of its feature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TermJson {
    /// The place of its feature.
    pub feature: usize,
    /// Is it that the feature is unknown?
    #[serde(default, skip_serializing_if = "is_not")]
    pub unknown: bool,
    /// The mean over the rows of the fit.
    pub mean: f64,
    /// The standard deviation.
    pub sd: f64,
    /// The coefficient of the standardised column.
    pub coefficient: f64,
}

/// A question of a tree: [feature, the greatest number that goes left, whether what is not known goes left].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SplitJson(pub usize, pub f64, pub bool);

impl SplitJson {
    #[inline]
    pub(super) fn is_left(&self, x: &[f64]) -> bool {
        let value = x[self.0];
        if value.is_nan() { self.2 } else { value <= self.1 }
    }
}

/// A tree of depth two.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TreeJson {
    /// The first question.
    pub root: SplitJson,
    /// The next one on the left, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<SplitJson>,
    /// The next one on the right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub right: Option<SplitJson>,
    /// What it adds to the log-odds: left-left, left-right, right-left, right-right.
    pub leaves: [f64; 4],
}

impl TreeJson {
    /// What it adds for the answers to its questions: which of them go right.
    #[inline]
    pub(super) fn leaf(&self, right: [bool; 3]) -> f64 {
        self.leaves
            [2 * usize::from(right[0]) + usize::from(if right[0] { right[2] } else { right[1] })]
    }

    /// The answers: which of its questions go right. A question that is not asked goes left.
    #[inline]
    pub(super) fn answers(&self, x: &[f64]) -> [bool; 3] {
        let right =
            |split: &Option<SplitJson>| split.as_ref().is_some_and(|split| !split.is_left(x));
        [!self.root.is_left(x), right(&self.left), right(&self.right)]
    }

    /// The features of its questions.
    pub(super) fn features(&self) -> [Option<usize>; 3] {
        let feature = |split: &Option<SplitJson>| split.as_ref().map(|split| split.0);
        [Some(self.root.0), feature(&self.left), feature(&self.right)]
    }
}

/// Score deciles of the test: what was predicted, and what happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bin {
    /// Rows in it.
    pub members: u64,
    /// Those that left.
    pub churned: u64,
    /// Their mean risk, and the means of its bounds at 95 %.
    pub predicted: [f64; 3],
    /// As many independent rows would tell as much of the rate: a member's are alike.
    pub trials: f64,
}

/// What came of predicting rows that the fit had not seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Test {
    /// How it was made: 'later anchors', or 'folds of members'.
    pub by: String,
    /// Anchors that were predicted.
    pub anchors: usize,
    /// Rows.
    pub rows: u64,
    /// Members.
    pub members: u64,
    /// Rows of members that left.
    pub churned: u64,
    /// The area under the ROC curve, with its standard error, and the one of the best single feature; none where all ended alike.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auc: Option<[f64; 3]>,
    /// The mean of −ln p of what happened, with its standard error, and that of the rate of the fit's rows.
    pub log_loss: [f64; 3],
    /// Slope of the log-odds of what happened by those predicted, with its standard error; none where all scores are alike.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slope: Option<[f64; 2]>,
    /// Their shift, with its standard error; none where all ended alike.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shift: Option<[f64; 2]>,
    /// Rows by descending risk, in as many equal parts.
    pub bins: Vec<Bin>,
    /// By descending risk in a hundred equal parts: members, and churned.
    pub lift: Vec<[u64; 2]>,
}

/// A model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChurnModel {
    /// Of the format.
    pub version: u32,
    /// 'auto', 'logit' or 'boosted'.
    pub method: String,
    /// What it was fitted to.
    #[serde(default, skip_serializing_if = "Summary::is_history")]
    pub summary: Summary,
    /// 'active' or 'all', of a summary; 'table'.
    pub population: String,
    /// How far is looked ahead: months and days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub horizon: Option<[i64; 2]>,
    /// The anchors, as days; none of a table without them.
    pub anchors: Vec<String>,
    /// Days from the first anchor to the last.
    pub span: i64,
    /// Rows of the fit.
    pub rows: u64,
    /// Members of the fit.
    pub members: u64,
    /// Rows of members that left.
    pub churned: u64,
    /// Rows that were left out, since something is NULL.
    #[serde(default)]
    pub left_out: u64,
    /// What it looks at.
    pub features: Vec<Feature>,
    /// The weight of the trees in the log-odds; the logit has the rest.
    pub weight: f64,
    /// The logit.
    pub intercept: f64,
    /// Its terms.
    pub terms: Vec<TermJson>,
    /// The covariance of intercept and coefficients: the lower half, row by row.
    pub covariance: Vec<f64>,
    /// The variance of the shifts of anchors, in log-odds.
    pub anchor_variance: f64,
    /// The trees: the log-odds before the first.
    pub start: f64,
    /// The trees.
    pub trees: Vec<TreeJson>,
    /// Members with whom others are compared when reasons are told: their features, null for what is not known.
    pub background: Vec<Vec<Option<f64>>>,
    /// What came of the test.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<Test>,
}

fn wrong(why: impl Into<String>) -> Error {
    Error::MalformedValue { of: "churn_model", why: why.into() }
}

impl ChurnModel {
    /// The model of a text.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.len() > MOST_BYTES {
            return Err(Error::TooLarge {
                what: "the text of a churn_model",
                hint: "A model has some hundred thousand bytes: look at what is being read.",
            });
        }
        if !text.trim_start().starts_with('{') {
            return Err(Error::NotAValue {
                of: "churn_model",
                given: shorten(text),
                made: "retention.churn_fit((SELECT retention.history_agg(member, at) FROM TABLE), horizon => '90 days')",
            });
        }
        let model: ChurnModel =
            serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
        model.check()?;
        Ok(model)
    }

    /// Its text.
    pub fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The version a fit writes.
    pub(super) const fn version() -> u32 {
        VERSION
    }

    /// Is everything there, of the right size, and finite?
    fn check(&self) -> Result<(), Error> {
        if self.version != VERSION {
            return Err(wrong(format!("version {} is not known here", self.version)));
        }
        let features = self.features.len();
        let known = ["active", "all", "table"].contains(&&*self.population);
        if !known || self.horizon.is_none() != (self.population == "table") {
            return Err(wrong(format!("population {} without its horizon", self.population)));
        }
        if self.horizon.is_some_and(|of| of.iter().any(|part| !(0..=MOST_DAYS).contains(part))) {
            return Err(wrong("its horizon is none"));
        }
        let sizes = features <= MOST_FEATURES
            && self.trees.len() <= MOST_TREES
            && self.background.len() <= MOST_ROWS
            && !self.background.is_empty()
            && self.terms.len() <= 2 * MOST_FEATURES
            && self.anchors.len() <= 255;
        let width = self.terms.len() + 1;
        if !sizes || self.covariance.len() != width * (width + 1) / 2 {
            return Err(wrong("its parts are not of the sizes that go together"));
        }
        if self.background.iter().any(|row| row.len() != features)
            || self.terms.iter().any(|term| term.feature >= features)
            || self
                .trees
                .iter()
                .any(|tree| tree.features().into_iter().flatten().any(|f| f >= features))
        {
            return Err(wrong("a feature is named that there is not"));
        }
        let sound = |x: &f64| x.abs() < LARGEST;
        let term = |term: &TermJson| {
            term.sd > 0.0 && [term.mean, term.sd, term.coefficient].iter().all(sound)
        };
        let numbers = [self.weight, self.intercept, self.anchor_variance, self.start];
        let finite = numbers.iter().chain(&self.covariance).all(sound)
            && self.trees.iter().all(|tree| tree.leaves.iter().all(sound))
            && self.terms.iter().all(term)
            && (0.0..=1.0).contains(&self.weight)
            && self.anchor_variance >= 0.0;
        if !finite {
            return Err(wrong("a number is not finite, or not in its range"));
        }
        let test = self.test.as_ref();
        if test.is_some_and(|test| test.bins.len() > 100 || test.lift.len() > 1000) {
            return Err(wrong("its test has more parts than there are"));
        }
        Ok(())
    }

    /// A number as the logit's term sees it, standardised.
    #[inline]
    pub(super) fn column(&self, term: &TermJson, x: &[f64]) -> f64 {
        let value = x[term.feature];
        if term.unknown {
            return (f64::from(u8::from(value.is_nan())) - term.mean) / term.sd;
        }
        if value.is_nan() {
            return 0.0;
        }
        (self.features[term.feature].scale().of(value) - term.mean) / term.sd
    }

    /// The columns of the regression, with 1 for the intercept.
    fn columns(&self, x: &[f64]) -> [f64; MOST_COLUMNS] {
        let mut columns = [0.0; MOST_COLUMNS];
        columns[0] = 1.0;
        for (column, term) in columns[1..].iter_mut().zip(&self.terms) {
            *column = self.column(term, x);
        }
        columns
    }

    /// The log-odds that a member with these features leaves.
    pub fn log_odds(&self, x: &[f64]) -> f64 {
        self.log_odds_of(x, &self.columns(x))
    }

    fn log_odds_of(&self, x: &[f64], columns: &[f64]) -> f64 {
        let logit = if self.weight < 1.0 {
            let terms = self.terms.iter().zip(&columns[1..]).map(|(term, x)| term.coefficient * x);
            self.intercept + terms.sum::<f64>()
        } else {
            0.0
        };
        let trees = if self.weight > 0.0 {
            self.start + self.trees.iter().map(|tree| tree.leaf(tree.answers(x))).sum::<f64>()
        } else {
            0.0
        };
        // Forged numbers may be so large that the sum is none.
        let sum = self.weight * trees + (1.0 - self.weight) * logit;
        if sum.is_nan() { 0.0 } else { sum }
    }

    /// The standard error of the log-odds: of the coefficients, and of a season to come.
    pub fn std_error(&self, x: &[f64]) -> f64 {
        self.std_error_of(&self.columns(x))
    }

    fn std_error_of(&self, columns: &[f64]) -> f64 {
        let mut variance = self.anchor_variance;
        let mut cells = &self.covariance[..];
        for (i, column) in columns.iter().enumerate().take(self.terms.len() + 1) {
            let Some((row, rest)) = cells.split_at_checked(i) else { break };
            let Some((own, rest)) = rest.split_first() else { break };
            variance += column * (2.0 * dot(row, columns) + own * column);
            cells = rest;
        }
        if variance > 0.0 { variance.sqrt() } else { 0.0 }
    }

    /// The risk alone.
    pub fn probability(&self, x: &[f64]) -> f64 {
        sigmoid(self.log_odds(x))
    }

    /// The risk, with its interval of z standard errors.
    pub fn risk(&self, x: &[f64], z: f64) -> Estimate {
        let columns = self.columns(x);
        let (odds, error) = (self.log_odds_of(x, &columns), self.std_error_of(&columns));
        Estimate::new(sigmoid(odds), (sigmoid(odds - z * error), sigmoid(odds + z * error)))
    }

    /// The place of a feature.
    pub fn place(&self, name: &str) -> Option<usize> {
        self.features.iter().position(|feature| feature.name == name)
    }

    /// The features of a member of the background.
    pub(super) fn background_row(&self, row: usize) -> Vec<f64> {
        self.background[row].iter().map(|value| value.unwrap_or(f64::NAN)).collect()
    }

    /// The middle of a feature over the background, of those in which it is known.
    pub fn typical(&self, feature: usize) -> Option<f64> {
        let mut known: Vec<f64> = self.background.iter().filter_map(|row| row[feature]).collect();
        known.sort_by(f64::total_cmp);
        known.get(known.len() / 2).copied()
    }
}
