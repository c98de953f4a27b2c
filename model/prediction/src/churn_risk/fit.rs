//! Fitting: which rows teach, which choose, which test.
//!
//! Never at random: the oldest anchors fit, the next choose the number of trees and the weight, the newest test; each
//! window ends before the next begins. Then all of them fit the model that scores. A table without anchors is
//! tested by folds of its members.

use super::boost::{self, Boosted, loss};
use super::logit::{self, Design, Logit, sigmoid};
use super::model::Test;
use super::quality::{self, Judged};
use super::table::Table;
use crate::error::Error;
use crate::host::{Host, Pace, Vec, tell};
use crate::numeric::Symmetric;

/// How a model is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Both, with the weight that predicts best.
    Auto,
    /// Logistic regression alone.
    Logit,
    /// Trees alone.
    Boosted,
}

impl Method {
    /// The one of a name, in any case.
    pub fn parse(name: &str) -> Result<Self, Error> {
        [Method::Auto, Method::Logit, Method::Boosted]
            .into_iter()
            .find(|method| name.eq_ignore_ascii_case(method.name()))
            .ok_or_else(|| Error::unknown("method", name, "auto, logit, boosted"))
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        ["auto", "logit", "boosted"][self as usize]
    }

    fn weights(self) -> &'static [f64] {
        match self {
            Method::Auto => &[0.0, 0.25, 0.5, 0.75, 1.0],
            Method::Logit => &[0.0],
            Method::Boosted => &[1.0],
        }
    }
}

/// The window of an anchor: its day, and the last one of the horizon after it.
pub type Window = (i64, i64);

const FOLDS: u32 = 5;
/// The z of the intervals of the calibration: 95 %.
pub const Z: f64 = 1.959_963_984_540_054;

/// A logit and trees.
#[derive(Debug)]
pub struct Blend<H: Host> {
    /// The logit; always there, since it says how uncertain a risk is.
    pub logit: Logit<H>,
    design: Design<H>,
    /// The trees, of which there may be none.
    pub boosted: Boosted<H>,
    /// Their weight.
    pub weight: f64,
    /// The covariance of the logit.
    pub covariance: Symmetric<H>,
    /// The variance of the shifts of anchors.
    pub anchor_variance: f64,
}

/// What was chosen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Choice {
    trees: usize,
    weight: f64,
}

impl<H: Host> Blend<H> {
    fn fit(table: &Table<H>, rows: &[u32], choice: Choice, host: &H) -> Self {
        let (count, features) = (rows.len(), table.features());
        tell(|| format!("churn_fit: fitting to {count} rows with {features} features"));
        let (logit, design) = logit::fit(table, rows, host);
        let trees = if choice.weight > 0.0 { choice.trees } else { 0 };
        let boosted = boost::fit(table, rows, trees, host);
        let covariance = logit.covariance(table, rows, &design, host);
        let weight = choice.weight;
        let mut blend = Blend { logit, design, boosted, weight, covariance, anchor_variance: 0.0 };
        blend.anchor_variance = blend.shifts(table, rows, host);
        blend
    }

    fn room(&self, host: &H) -> Vec<f64, H> {
        let mut x = Vec::new_in(host.clone());
        x.resize(self.design.width(), 0.0);
        x
    }

    fn score(&self, table: &Table<H>, row: u32, x: &mut [f64]) -> f64 {
        let codes = table.row(row);
        let logit = if self.weight < 1.0 { self.logit.score(&self.design, codes, x) } else { 0.0 };
        let trees = if self.weight > 0.0 { self.boosted.score(codes) } else { 0.0 };
        self.weight * trees + (1.0 - self.weight) * logit
    }

    /// The variance of the anchors' shifts, by the method of moments: that of the shifts less what chance explains.
    fn shifts(&self, table: &Table<H>, rows: &[u32], host: &H) -> f64 {
        let mut sums: Vec<(f64, f64), H> = Vec::new_in(host.clone());
        sums.resize(table.anchors(), (0.0, 0.0));
        let mut x = self.room(host);
        let mut pace = Pace::new(host);
        for row in rows {
            pace.step(table.features());
            let p = sigmoid(self.score(table, *row, &mut x));
            let sum = &mut sums[table.anchor(*row)];
            sum.0 += f64::from(u8::from(table.label(*row))) - p;
            sum.1 += p * (1.0 - p);
        }
        let of = sums.iter().filter(|(_, weight)| *weight > 1.0);
        let (count, squares, chance) =
            of.fold((0.0, 0.0, 0.0), |(count, squares, chance), (miss, weight)| {
                (count + 1.0, squares + (miss / weight).powi(2), chance + 1.0 / weight)
            });
        if count < 2.0 {
            return 0.0;
        }
        (squares / (count - 1.0) - chance / count).max(0.0)
    }

    /// Predicts rows, with errors.
    fn judge(&self, table: &Table<H>, rows: &[u32], out: &mut Vec<Judged, H>, host: &H) {
        let mut x = self.room(host);
        let mut pace = Pace::new(host);
        for row in rows {
            pace.step(self.design.width() * self.design.width());
            self.design.fill(table.row(*row), &mut x);
            let variance = quadratic(&self.covariance, &x) + self.anchor_variance;
            let score = self.score(table, *row, &mut x);
            out.push(Judged {
                member: table.member(*row),
                score,
                error: variance.max(0.0).sqrt(),
                churned: table.label(*row),
            });
        }
    }
}

/// xᵀ A x
fn quadratic<H: Host>(matrix: &Symmetric<H>, x: &[f64]) -> f64 {
    let mut cells = matrix.cells();
    let mut sum = 0.0;
    for (i, xi) in x.iter().enumerate() {
        let (here, rest) = cells.split_at(i + 1);
        let row: f64 = here[..i].iter().zip(x).map(|(a, b)| a * b).sum();
        sum += xi * (2.0 * row + here[i] * xi);
        cells = rest;
    }
    sum
}

/// What came of a fit.
#[derive(Debug)]
pub struct Fitted<H: Host> {
    /// Of all rows.
    pub blend: Blend<H>,
    /// Of rows that were not seen; none where there are too few anchors.
    pub test: Option<Test>,
    /// How well each feature tells by itself who left.
    pub alone: Vec<f64, H>,
}

/// Learns on some rows, and chooses by others: the sum of their losses for each weight, and the trees.
fn choose<H: Host>(
    table: &Table<H>,
    fit: &[u32],
    judge: &[u32],
    method: Method,
    host: &H,
) -> (usize, [f64; 5]) {
    if method == Method::Logit {
        // There are no trees to choose, and one weight.
        return (0, [0.0; 5]);
    }
    tell(|| format!("churn_fit: {} rows choose what {} rows teach", judge.len(), fit.len()));
    let boosted = boost::fit_until(table, fit, judge, host);
    let (logit, design) = logit::fit(table, fit, host);
    let mut losses = [0.0; 5];
    let mut x = Vec::new_in(host.clone());
    x.resize(design.width(), 0.0);
    let mut pace = Pace::new(host);
    for row in judge {
        pace.step(table.features() + boosted.trees.len());
        let codes = table.row(*row);
        let (trees, logit) = (boosted.score(codes), logit.score(&design, codes, &mut x));
        for (loss_of, weight) in losses.iter_mut().zip(method.weights()) {
            *loss_of += loss(weight * trees + (1.0 - weight) * logit, table.label(*row));
        }
    }
    (boosted.trees.len(), losses)
}

/// The weight of the least loss; of equal ones the least.
fn lightest(losses: &[f64; 5], method: Method) -> f64 {
    let weights = method.weights().iter().zip(losses);
    let best = weights.fold(None, |best: Option<(f64, f64)>, (weight, loss)| match best {
        Some((_, least)) if *loss >= least => best,
        _ => Some((*weight, *loss)),
    });
    best.map_or(0.0, |(weight, _)| weight)
}

/// Which anchors fit, choose and test; none with too few of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct InTime {
    /// So many of the oldest fit: they end before those that choose begin.
    pub fitting: usize,
    /// Those that choose, which end before the test begins. All up to the last of them are fitted again for the test.
    pub choosing: std::ops::Range<usize>,
    /// Those from this one on test.
    pub first_test: usize,
}

pub(super) fn split(windows: &[Window]) -> Option<InTime> {
    let first_test = windows.len() - (windows.len() / 4).max(1).min(windows.len());
    let before = |first: usize| {
        let begin = windows.get(first)?.0;
        Some(windows.iter().take_while(|(_, end)| *end <= begin).count()).filter(|count| *count > 0)
    };
    let choosing = before(first_test)?;
    let first_choosing = choosing - (choosing / 4).max(1);
    let fitting = before(first_choosing)?;
    Some(InTime { fitting, choosing: first_choosing..choosing, first_test })
}

/// Fits a table. `windows` are those of its anchors; `by_folds`: a table that is tested by folds of members.
pub fn fit<H: Host>(
    table: &Table<H>,
    windows: &[Window],
    by_folds: bool,
    method: Method,
    host: &H,
) -> Fitted<H> {
    let all = table.rows_of(|_| true, host);
    let alone = alone(table, &all, host);
    let in_time = split(windows).filter(|_| !by_folds).and_then(|of| {
        let before = |end: usize| table.rows_of(move |row| table.anchor(row) < end, host);
        let (fit, refit) = (before(of.fitting), before(of.choosing.end));
        let judge = table.rows_of(|row| of.choosing.contains(&table.anchor(row)), host);
        let last = table.rows_of(|row| table.anchor(row) >= of.first_test, host);
        let any = |rows: &[u32]| !rows.is_empty();
        let tested = windows.len() - of.first_test;
        (any(&fit) && any(&judge) && any(&last)).then_some((fit, judge, refit, last, tested))
    });
    if let Some((fit, judge, refit, last, tested)) = in_time {
        let (trees, losses) = choose(table, &fit, &judge, method, host);
        let choice = Choice { trees, weight: lightest(&losses, method) };
        let past = Blend::fit(table, &refit, choice, host);
        let mut rows = Vec::with_capacity_in(last.len(), host.clone());
        past.judge(table, &last, &mut rows, host);
        let best = best_alone(table, &refit, &last, host);
        let test = test("later anchors", tested, &rows, best, rate(table, &refit), host);
        let blend = Blend::fit(table, &all, choice, host);
        return Fitted { blend, test: Some(test), alone };
    }
    let folds = FOLDS.min(members(table)).max(1);
    if folds == 1 {
        let choice = Choice { trees: 0, weight: if method == Method::Boosted { 1.0 } else { 0.0 } };
        return Fitted { blend: Blend::fit(table, &all, choice, host), test: None, alone };
    }
    let fold = |row: u32| table.member(row) % folds;
    let mut losses = [0.0; 5];
    let mut trees = 0;
    let mut rows = Vec::new_in(host.clone());
    let mut chosen = Vec::new_in(host.clone());
    for tested in 0..folds {
        let choosing = (tested + 1) % folds;
        // With two folds, the one that chooses fits.
        let fit =
            table.rows_of(|row| fold(row) != tested && (folds < 3 || fold(row) != choosing), host);
        let judge = table.rows_of(|row| fold(row) == choosing, host);
        let (own, of) = choose(table, &fit, &judge, method, host);
        losses.iter_mut().zip(of).for_each(|(sum, loss)| *sum += loss);
        trees += own;
        chosen.push(Choice { trees: own, weight: lightest(&of, method) });
    }
    let choice =
        Choice { trees: trees.div_ceil(folds as usize), weight: lightest(&losses, method) };
    let tested = by_folds.then(|| {
        for (tested, choice) in (0..folds).zip(&chosen) {
            let fit = table.rows_of(|row| fold(row) != tested, host);
            let past = Blend::fit(table, &fit, *choice, host);
            past.judge(table, &table.rows_of(|row| fold(row) == tested, host), &mut rows, host);
        }
        // Folds follow each other: their rows in the order of members again.
        rows.sort_unstable_by_key(|row| row.member);
        let best = best_alone(table, &all, &all, host);
        test("folds of members", windows.len(), &rows, best, rate(table, &all), host)
    });
    Fitted { blend: Blend::fit(table, &all, choice, host), test: tested, alone }
}

fn members<H: Host>(table: &Table<H>) -> u32 {
    table.len().checked_sub(1).map_or(0, |last| table.member(last as u32) + 1)
}

fn rate<H: Host>(table: &Table<H>, rows: &[u32]) -> f64 {
    let churned = rows.iter().filter(|row| table.label(**row)).count() as f64;
    (churned + 0.5) / (rows.len() as f64 + 1.0)
}

fn test<H: Host>(
    by: &str,
    anchors: usize,
    rows: &[Judged],
    best: f64,
    rate: f64,
    host: &H,
) -> Test {
    let order = quality::order(rows, host);
    let auc = quality::auc(rows, &order, host);
    let (log_loss, loss_error) = quality::log_loss(rows);
    let line = quality::line(rows, host);
    let distinct = rows.iter().fold((0, None), |(count, before), row| {
        (count + u64::from(before != Some(row.member)), Some(row.member))
    });
    Test {
        by: by.to_string(),
        anchors,
        rows: rows.len() as u64,
        members: distinct.0,
        churned: rows.iter().filter(|row| row.churned).count() as u64,
        auc: auc.map(|(auc, error)| [auc, error, best]),
        log_loss: [log_loss, loss_error, quality::loss_of_rate(rows, rate)],
        slope: line.slope.map(|(slope, error)| [slope, error]),
        shift: line.shift.map(|(shift, error)| [shift, error]),
        bins: quality::bins(rows, &order, Z, host),
        lift: quality::lift(rows, &order),
    }
}

/// For every code of a feature, who left and who stayed.
fn counts<H: Host>(table: &Table<H>, rows: &[u32], feature: usize) -> [[f64; 2]; 256] {
    let mut counts = [[0.0; 2]; 256];
    for row in rows {
        counts[usize::from(table.row(*row)[feature])][usize::from(table.label(*row))] += 1.0;
    }
    counts
}

/// The area under the curve of a feature by itself; what is not known is least.
fn area(counts: &[[f64; 2]; 256]) -> f64 {
    let (mut below, mut area, mut gone) = (0.0, 0.0, 0.0);
    for [stayed, churned] in counts {
        area += churned * (below + stayed / 2.0);
        below += stayed;
        gone += churned;
    }
    if below * gone > 0.0 { area / (below * gone) } else { 0.5 }
}

fn alone<H: Host>(table: &Table<H>, rows: &[u32], host: &H) -> Vec<f64, H> {
    let mut alone = Vec::new_in(host.clone());
    let mut pace = Pace::new(host);
    for feature in 0..table.features() {
        pace.step(2 * rows.len());
        let area = area(&counts(table, rows, feature));
        alone.push(area.max(1.0 - area));
    }
    alone
}

/// The area of the feature that is best on the rows of a fit, on other rows.
fn best_alone<H: Host>(table: &Table<H>, fit: &[u32], others: &[u32], host: &H) -> f64 {
    let mut best = (0.0, None);
    let mut pace = Pace::new(host);
    for feature in 0..table.features() {
        pace.step(2 * fit.len());
        let area = area(&counts(table, fit, feature));
        if area.max(1.0 - area) > best.0 {
            best = (area.max(1.0 - area), Some((feature, area < 0.5)));
        }
    }
    best.1.map_or(0.5, |(feature, falls)| {
        let area = area(&counts(table, others, feature));
        if falls { 1.0 - area } else { area }
    })
}
