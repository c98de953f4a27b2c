//! A logistic regression with a ridge penalty, over rows of codes.
//!
//! The columns are standardised, so that one penalty suits all: maximised is the log-likelihood less half the sum of the
//! squared coefficients. What is not known counts as the mean, and has a column of its own that says so.

use super::bins::{CODES, UNKNOWN};
use super::table::Table;
use crate::host::{Host, Pace, Vec};
use crate::numeric::Symmetric;

/// The weight of half the sum of squares.
const PENALTY: f64 = 1.0;
/// Rows by which the curvature is measured: with more of them it is the same but for a factor.
const ENOUGH: usize = 40_000;
const MOST_STEPS: usize = 60;
/// A change of all coefficients at which a fit has arrived.
const ARRIVED: f64 = 1e-10;

/// One column of the regression: of a feature, or of its being unknown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Term {
    /// The feature.
    pub feature: usize,
    /// Is it that the feature is unknown?
    pub unknown: bool,
    /// Its mean over the rows, on the scale that it is fitted on.
    pub mean: f64,
    /// Its standard deviation there.
    pub sd: f64,
}

/// A fitted regression.
#[derive(Debug, Clone)]
pub struct Logit<H: Host> {
    /// The columns; those that do not vary are left out.
    pub terms: Vec<Term, H>,
    /// The intercept, and a coefficient for each term, of standardised columns.
    pub coefficients: Vec<f64, H>,
}

/// Rows whose labels are fitted: their places in a table.
pub type Rows<'r> = &'r [u32];

/// 1 / (1 + e^−x)
#[inline]
pub fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// The log-odds that rows left: with half a row more on either side there are some even if all are alike.
pub fn log_odds_of<H: Host>(table: &Table<H>, rows: Rows<'_>) -> f64 {
    let churned = rows.iter().filter(|row| table.label(**row)).count() as f64;
    ((churned + 0.5) / (rows.len() as f64 - churned + 0.5)).ln()
}

/// Did all rows leave, or none?
pub fn ended_alike<H: Host>(table: &Table<H>, rows: Rows<'_>) -> bool {
    rows.windows(2).all(|pair| table.label(pair[0]) == table.label(pair[1]))
}

/// The standardised columns of codes: for each term, a number for every code.
#[derive(Debug)]
pub struct Design<H: Host> {
    terms: Vec<Term, H>,
    numbers: Vec<f64, H>,
}

impl<H: Host> Design<H> {
    /// Of some rows of a table, and of the features that are wanted.
    pub fn new(table: &Table<H>, rows: Rows<'_>, wanted: impl Fn(usize) -> bool, host: &H) -> Self {
        let features = table.features();
        let mut counts: Vec<u32, H> = Vec::new_in(host.clone());
        counts.resize(features * CODES, 0);
        let mut pace = Pace::new(host);
        for row in rows {
            pace.step(features);
            for (feature, code) in table.row(*row).iter().enumerate() {
                counts[feature * CODES + usize::from(*code)] += 1;
            }
        }
        let mut terms = Vec::new_in(host.clone());
        let n = rows.len() as f64;
        for feature in (0..features).filter(|feature| wanted(*feature)) {
            let counts = &counts[feature * CODES..(feature + 1) * CODES];
            let unknown = f64::from(counts[usize::from(UNKNOWN)]);
            let known = n - unknown;
            let of = |power: &dyn Fn(f64) -> f64| {
                let codes = (1..CODES).filter(|code| counts[*code] > 0);
                codes
                    .map(|code| f64::from(counts[code]) * power(table.level(feature, code as u8)))
                    .sum::<f64>()
            };
            let mean = of(&|x| x) / known;
            // What is not known is at the mean.
            let sd = (of(&|x| (x - mean) * (x - mean)) / n).sqrt();
            if known > 0.0 && sd > 1e-9 * mean.abs().max(1e-3) {
                terms.push(Term { feature, unknown: false, mean, sd });
            }
            let share = unknown / n;
            if unknown > 0.0 && known > 0.0 {
                let sd = (share * (1.0 - share)).sqrt();
                terms.push(Term { feature, unknown: true, mean: share, sd });
            }
        }
        let mut numbers = Vec::new_in(host.clone());
        for term in &terms {
            for code in 0..CODES {
                let is_unknown = code == usize::from(UNKNOWN);
                let value = match (term.unknown, is_unknown) {
                    (true, _) => f64::from(u8::from(is_unknown)),
                    (false, true) => term.mean,
                    (false, false) => table.level(term.feature, code as u8),
                };
                let value = (value - term.mean) / term.sd;
                numbers.push(if value.is_finite() { value } else { 0.0 });
            }
        }
        Design { terms, numbers }
    }

    /// The columns of a row, with 1 for the intercept.
    #[inline]
    pub fn fill(&self, codes: &[u8], out: &mut [f64]) {
        out[0] = 1.0;
        for (i, (term, out)) in self.terms.iter().zip(&mut out[1..]).enumerate() {
            *out = self.numbers[i * CODES + usize::from(codes[term.feature])];
        }
    }

    /// The intercept, and what each code of each feature adds to the log-odds.
    fn of_codes(&self, features: usize, coefficients: &[f64], host: &H) -> (f64, Vec<f64, H>) {
        let mut of_codes = Vec::new_in(host.clone());
        of_codes.resize(features * CODES, 0.0);
        for ((term, numbers), b) in
            self.terms.iter().zip(self.numbers.chunks_exact(CODES)).zip(&coefficients[1..])
        {
            let of_feature = &mut of_codes[term.feature * CODES..(term.feature + 1) * CODES];
            of_feature.iter_mut().zip(numbers).for_each(|(sum, number)| *sum += b * number);
        }
        (coefficients[0], of_codes)
    }

    /// The intercept and the terms.
    pub fn width(&self) -> usize {
        self.terms.len() + 1
    }
}

/// Σ aᵢ bᵢ over the shorter of the two. Four sums at a time do not wait for each other.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let both = a.len().min(b.len());
    let (a, b) = (&a[..both], &b[..both]);
    let mut sums = [0.0; 4];
    for (a, b) in a.chunks_exact(4).zip(b.chunks_exact(4)) {
        for lane in 0..4 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let rest = both - both % 4;
    let rest: f64 = a[rest..].iter().zip(&b[rest..]).map(|(a, b)| a * b).sum();
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}

/// Fits some rows. Each weighs the same.
pub fn fit<H: Host>(table: &Table<H>, rows: Rows<'_>, host: &H) -> (Logit<H>, Design<H>) {
    fit_of(table, rows, |_| true, host)
}

/// The same with some of the features alone.
pub fn fit_of<H: Host>(
    table: &Table<H>,
    rows: Rows<'_>,
    wanted: impl Fn(usize) -> bool,
    host: &H,
) -> (Logit<H>, Design<H>) {
    let design = Design::new(table, rows, wanted, host);
    let width = design.width();
    let mut coefficients = Vec::new_in(host.clone());
    coefficients.resize(width, 0.0);
    coefficients[0] = log_odds_of(table, rows);
    if ended_alike(table, rows) {
        // Nothing tells who leaves; a fit would go on for ever towards certainty.
        return (Logit { terms: design.terms.clone(), coefficients }, design);
    }
    let stride = rows.len().div_ceil(ENOUGH).max(1);
    let mut x = Vec::new_in(host.clone());
    x.resize(width, 0.0);
    let mut curvature = None;
    for _ in 0..MOST_STEPS {
        // While the curvature is unknown or the whole is few rows, both are of the same rows.
        let fresh = curvature.is_none() || stride == 1;
        let mut hessian = Symmetric::zero(width, host);
        let mut gradient =
            slopes(table, rows, &design, &coefficients, host, |weight, codes, place| {
                if fresh && place % stride == 0 {
                    design.fill(codes, &mut x);
                    hessian.add_square(weight * stride as f64, &x);
                }
            });
        if fresh {
            (1..width).for_each(|i| hessian.add(i, i, PENALTY));
            curvature = Some(hessian.factor(1e-13));
        }
        let Some(factor) = &curvature else { break };
        factor.solve(&mut gradient);
        let longest = gradient.iter().fold(0.0_f64, |most, step| most.max(step.abs()));
        // Far from the optimum a whole step may go too far.
        let shrink = if longest > 2.0 { 2.0 / longest } else { 1.0 };
        coefficients.iter_mut().zip(&gradient).for_each(|(b, step)| *b += step * shrink);
        if longest < ARRIVED {
            break;
        }
        if longest > 0.1 {
            curvature = None;
        }
    }
    (Logit { terms: design.terms.clone(), coefficients }, design)
}

/// The gradient; tells `each` the weight and the codes of every row.
///
/// A row adds up what each of its codes adds to the log-odds, and leaves its residual with each: what the terms are
/// multiplied with waits until the codes are counted.
fn slopes<H: Host>(
    table: &Table<H>,
    rows: Rows<'_>,
    design: &Design<H>,
    coefficients: &[f64],
    host: &H,
    mut each: impl FnMut(f64, &[u8], usize),
) -> Vec<f64, H> {
    let (intercept, of_codes) = design.of_codes(table.features(), coefficients, host);
    let mut residuals: Vec<f64, H> = Vec::new_in(host.clone());
    residuals.resize(of_codes.len(), 0.0);
    let mut all = 0.0;
    let mut pace = Pace::new(host);
    for (place, row) in rows.iter().enumerate() {
        let codes = table.row(*row);
        pace.step(codes.len());
        let p = sigmoid(intercept + sum_of(&of_codes, codes));
        let residual = f64::from(u8::from(table.label(*row))) - p;
        all += residual;
        for (residuals, code) in residuals.chunks_exact_mut(CODES).zip(codes) {
            residuals[usize::from(*code)] += residual;
        }
        each(p * (1.0 - p), codes, place);
    }
    let mut gradient = Vec::with_capacity_in(design.width(), host.clone());
    gradient.push(all);
    for (i, term) in design.terms.iter().enumerate() {
        let numbers = &design.numbers[i * CODES..(i + 1) * CODES];
        let slope = dot(numbers, &residuals[term.feature * CODES..(term.feature + 1) * CODES]);
        gradient.push(slope - PENALTY * coefficients[i + 1]);
    }
    gradient
}

/// The sum of what each code of a row adds. Four sums at a time do not wait for each other.
#[inline]
fn sum_of(of_codes: &[f64], codes: &[u8]) -> f64 {
    let mut sums = [0.0; 4];
    for (place, (of_codes, code)) in of_codes.chunks_exact(CODES).zip(codes).enumerate() {
        sums[place % 4] += of_codes[usize::from(*code)];
    }
    (sums[0] + sums[1]) + (sums[2] + sums[3])
}

impl<H: Host> Logit<H> {
    /// The covariance of the coefficients, with members as clusters: A⁻¹ (Σ sᵢ sᵢᵀ) A⁻¹, where A is minus the Hessian and
    /// sᵢ the sum of a member's scores (the sandwich of P. J. Huber, 1967, and H. White, 1982).
    pub fn covariance(
        &self,
        table: &Table<H>,
        rows: Rows<'_>,
        design: &Design<H>,
        host: &H,
    ) -> Symmetric<H> {
        let width = design.width();
        if ended_alike(table, rows) {
            // Of the log-odds with half a row more on either side (J. B. S. Haldane, 1956): 1/(c + ½) + 1/(n − c + ½).
            let mut covariance = Symmetric::zero(width, host);
            covariance.add(0, 0, 2.0 + 1.0 / (rows.len() as f64 + 0.5));
            return covariance;
        }
        // So many members are left out between two.
        let stride = rows.len().div_ceil(2 * ENOUGH).max(1) as u32;
        let mut bread = Symmetric::zero(width, host);
        let mut meat = Symmetric::zero(width, host);
        let (mut x, mut score) = (Vec::new_in(host.clone()), Vec::new_in(host.clone()));
        x.resize(width, 0.0);
        score.resize(width, 0.0);
        let mut member = None;
        let mut pace = Pace::new(host);
        let taken = |row: &&u32| table.member(**row).is_multiple_of(stride);
        for row in rows.iter().filter(taken) {
            pace.step(width * width);
            if member.replace(table.member(*row)) != Some(table.member(*row)) {
                meat.add_square(1.0, &score);
                score.fill(0.0);
            }
            design.fill(table.row(*row), &mut x);
            let p = sigmoid(dot(&x, &self.coefficients));
            bread.add_square(p * (1.0 - p), &x);
            let residual = f64::from(u8::from(table.label(*row))) - p;
            score.iter_mut().zip(&x).for_each(|(s, x)| *s += residual * x);
        }
        meat.add_square(1.0, &score);
        (1..width).for_each(|i| bread.add(i, i, PENALTY / f64::from(stride)));
        let factor = bread.factor(1e-13);
        // A⁻¹ M A⁻¹, column by column.
        let mut half: Vec<f64, H> = Vec::new_in(host.clone());
        for i in 0..width {
            pace.step(width * width);
            let mut column = Vec::with_capacity_in(width, host.clone());
            column.extend((0..width).map(|j| meat.get(i, j)));
            factor.solve(&mut column);
            half.extend_from_slice(&column);
        }
        let mut covariance = Symmetric::zero(width, host);
        for j in 0..width {
            pace.step(width * width);
            let mut column = Vec::with_capacity_in(width, host.clone());
            column.extend((0..width).map(|i| half[i * width + j]));
            factor.solve(&mut column);
            for i in j..width {
                covariance.add(i, j, column[i] / f64::from(stride));
            }
        }
        covariance
    }

    /// The log-odds of a row.
    #[inline]
    pub fn score(&self, design: &Design<H>, codes: &[u8], x: &mut [f64]) -> f64 {
        design.fill(codes, x);
        dot(x, &self.coefficients)
    }
}
