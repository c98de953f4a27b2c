//! The partial likelihood, its slope and its curvature.

use super::design::Design;
use super::efron::{Efron, efron};
use crate::host::{Host, Pace, Vec};
use crate::numeric::Symmetric;

/// The largest logarithm of a relative hazard that is computed with.
const STEEPEST: f64 = 300.0;

/// The partial likelihood at some coefficients, with Efron's treatment of ties.
///
/// ```text
/// log L = Σₖ ( Σ x β over Dₖ − Σ ln(Sₖ − l/d · Tₖ) over l = 0 … d − 1 )
/// ```
///
/// at the moments k with the d members Dₖ that leave; Sₖ is the sum of exp(xβ) over those at risk, Tₖ
/// over Dₖ. A row that stands for several members is as many rows; strata share β, each with moments
/// of its own. D. R. Cox, Journal of the Royal Statistical Society B 34 (1972), 187–220; B. Efron,
/// Journal of the American Statistical Association 72 (1977), 557–565.
///
/// The slope is Σ xᵢ mᵢ with the martingale residuals mᵢ = 1{i left} − exp(xᵢβ) Hᵢ, and the curvature
///
/// ```text
/// Σᵢ exp(xᵢβ) Hᵢ xᵢ xᵢᵀ − Σₖ Σₗ (S¹ₖ − l/d T¹ₖ)(S¹ₖ − l/d T¹ₖ)ᵀ / (Sₖ − l/d Tₖ)²
/// ```
///
/// with S¹, T¹ the sums of x exp(xβ), so that no matrix is summed over those at risk.
#[derive(Debug)]
pub(super) struct Likelihood<H: Host> {
    pub(super) log: f64,
    pub(super) slope: Vec<f64, H>,
    pub(super) curvature: Symmetric<H>,
    /// The diagonal of what the curvature is the rest of, after its subtrahend.
    gross: Vec<f64, H>,
    /// xβ of every row.
    pub(super) scores: Vec<f64, H>,
    /// The baseline hazard at every moment, of a member whose covariates are the means.
    pub(super) hazards: Vec<f64, H>,
    /// The part of it that counts for members who leave at that moment.
    own: Vec<f64, H>,
    /// exp(xβ) of every row, times its weight.
    relative: Vec<f64, H>,
}

impl<H: Host> Likelihood<H> {
    pub(super) fn new(design: &Design<H>) -> Self {
        let host = design.host();
        let zeros = |len| {
            let mut values = Vec::new_in(host.clone());
            values.resize(len, 0.0);
            values
        };
        Likelihood {
            log: f64::NEG_INFINITY,
            slope: zeros(design.width),
            curvature: Symmetric::zero(design.width, host),
            gross: zeros(design.width),
            scores: zeros(design.rows()),
            hazards: zeros(design.moments.len()),
            own: zeros(design.moments.len()),
            relative: zeros(design.rows()),
        }
    }

    /// Computes all of it. False if a relative hazard is too large at these coefficients.
    pub(super) fn evaluate(&mut self, design: &Design<H>, coefficients: &[f64]) -> bool {
        let host = design.host().clone();
        let mut pace = Pace::new(&host);
        for (i, row) in design.covariates.chunks_exact(design.width).enumerate() {
            pace.step(2 + design.width);
            let score: f64 = row.iter().zip(coefficients).map(|(x, b)| x * b).sum();
            if score.is_nan() || score.abs() > STEEPEST {
                return false;
            }
            self.scores[i] = score;
            self.relative[i] = design.weights[i] * score.exp();
        }
        self.slope.fill(0.0);
        self.curvature.clear();
        self.gross.fill(0.0);
        self.log = 0.0;
        self.descend(design, &mut pace);
        self.ascend(design, &mut pace);
        self.log.is_finite()
    }

    /// From the last moment to the first: those at risk become more, but for late entries.
    fn descend(&mut self, design: &Design<H>, pace: &mut Pace<'_, H>) {
        let host = design.host().clone();
        let width = design.width;
        let mut at_risk = Sums::new(width, &host);
        let mut leaving = Sums::new(width, &host);
        let (mut sum, mut shared) = (Sums::new(width, &host), Sums::new(width, &host));
        let mut late = design.late.iter().peekable();
        for number in (1..=design.moments.len()).rev() {
            let moment = &design.moments[number - 1];
            leaving.clear();
            if moment.is_last {
                at_risk.clear();
            }
            for member in moment.first..moment.end {
                pace.step(2 + width);
                let (relative, row) = (self.relative[member], design.row(member));
                // Who enters at this moment or after the one before was never seen at one.
                if !design.spans[member].is_empty() {
                    at_risk.add(relative, row);
                }
                if member < moment.first + moment.rows {
                    leaving.add(relative, row);
                    self.log += design.weights[member] * self.scores[member];
                }
            }
            while let Some(&member) =
                late.next_if(|member| design.spans[**member as usize].from as usize >= number)
            {
                pace.step(2 + width);
                at_risk.add(-self.relative[member as usize], design.row(member as usize));
            }
            pace.step(width * width);
            at_risk.total_into(&mut sum);
            leaving.total_into(&mut shared);
            let Efron { log, hazard, own, ones, halves, squares } =
                efron(sum.value, shared.value, moment.leaving, pace);
            self.log -= log;
            self.hazards[number - 1] = hazard;
            self.own[number - 1] = own;
            self.curvature.add_square(-ones, &sum.vector);
            if moment.leaving > 1 {
                self.curvature.add_product(halves, &sum.vector, &shared.vector);
                self.curvature.add_square(-squares, &shared.vector);
            }
        }
    }

    /// From the first moment to the last: each member with the hazard that it has gone through.
    fn ascend(&mut self, design: &Design<H>, pace: &mut Pace<'_, H>) {
        let mut cumulative = Vec::with_capacity_in(design.moments.len() + 1, design.host().clone());
        let mut sum = 0.0;
        cumulative.push(sum);
        for (hazard, moment) in self.hazards.iter().zip(&design.moments) {
            sum += hazard;
            cumulative.push(sum);
            if moment.is_last {
                sum = 0.0;
            }
        }
        let spans = Spans::new(&self.hazards, design.late.is_empty());
        for (i, row) in design.covariates.chunks_exact(design.width).enumerate() {
            pace.step(design.width * design.width);
            let span = design.spans[i];
            if span.is_empty() {
                continue;
            }
            let (from, to) = (span.from as usize, span.to as usize);
            let is_whole = design.moments[to - 1].begins == from;
            let mut hazard = if is_whole { cumulative[to] } else { spans.sum(from, to) };
            let mut residual = 0.0;
            if design.left(i) {
                hazard += self.own[to - 1] - self.hazards[to - 1];
                residual = 1.0;
            }
            let weight = self.relative[i] * hazard;
            residual = residual * design.weights[i] - weight;
            self.slope.iter_mut().zip(row).for_each(|(slope, x)| *slope += residual * x);
            self.curvature.add_square(weight, row);
            self.gross.iter_mut().zip(row).for_each(|(gross, x)| *gross += weight * x * x);
        }
    }

    /// The first covariate that does not differ among those at risk together: of its curvature not
    /// more is left than rounding makes.
    pub(super) fn first_constant(&self, tolerance: f64) -> Option<usize> {
        let gross = self.gross.iter().enumerate();
        gross.map(|(i, gross)| (i, tolerance * gross)).find_map(|(i, least)| {
            let is_constant = self.curvature.get(i, i) <= least;
            is_constant.then_some(i)
        })
    }
}

/// Sums over stretches of numbers, as sums of parts: the difference of two sums from the beginning
/// would be what rounding leaves of it, for who entered after a large hazard and left after a small one.
#[derive(Debug)]
struct Spans<H: Host> {
    /// The numbers, and before them the sums of the pairs behind each place: a segment tree.
    tree: Vec<f64, H>,
}

impl<H: Host> Spans<H> {
    /// Nothing is kept where nobody will ask.
    fn new(numbers: &Vec<f64, H>, is_unused: bool) -> Self {
        let host = numbers.allocator();
        let mut tree = Vec::new_in(host.clone());
        if is_unused {
            return Spans { tree };
        }
        let mut pace = Pace::new(host);
        tree.resize(numbers.len(), 0.0);
        tree.extend_from_slice(numbers);
        for place in (1..numbers.len()).rev() {
            pace.step(1);
            tree[place] = tree[2 * place] + tree[2 * place + 1];
        }
        Spans { tree }
    }

    /// The sum of those from one place up to but not including another.
    fn sum(&self, from: usize, to: usize) -> f64 {
        let len = self.tree.len() / 2;
        let (mut low, mut high, mut sum) = (from + len, to + len, 0.0);
        while low < high {
            if low % 2 == 1 {
                sum += self.tree[low];
                low += 1;
            }
            if high % 2 == 1 {
                high -= 1;
                sum += self.tree[high];
            }
            low /= 2;
            high /= 2;
        }
        sum
    }
}

/// Sums of weights and of weighted rows, kept with what rounding lost, since late entries are taken
/// away again: A. Neumaier, Zeitschrift für angewandte Mathematik und Mechanik 54 (1974), 39–51.
#[derive(Debug)]
struct Sums<H: Host> {
    value: f64,
    value_lost: f64,
    vector: Vec<f64, H>,
    vector_lost: Vec<f64, H>,
}

impl<H: Host> Sums<H> {
    fn new(width: usize, host: &H) -> Self {
        let mut vector = Vec::new_in(host.clone());
        vector.resize(width, 0.0);
        Sums { value: 0.0, value_lost: 0.0, vector_lost: vector.clone(), vector }
    }

    fn clear(&mut self) {
        (self.value, self.value_lost) = (0.0, 0.0);
        self.vector.fill(0.0);
        self.vector_lost.fill(0.0);
    }

    #[inline]
    fn add(&mut self, weight: f64, row: &[f64]) {
        add_exactly(&mut self.value, &mut self.value_lost, weight);
        for ((sum, lost), x) in self.vector.iter_mut().zip(&mut self.vector_lost).zip(row) {
            add_exactly(sum, lost, weight * x);
        }
    }

    /// Sums and what they lost, together.
    fn total_into(&self, other: &mut Self) {
        other.value = self.value + self.value_lost;
        for ((total, sum), lost) in other.vector.iter_mut().zip(&self.vector).zip(&self.vector_lost)
        {
            *total = sum + lost;
        }
    }
}

#[inline]
fn add_exactly(sum: &mut f64, lost: &mut f64, value: f64) {
    // Knuth's two-sum, without a branch.
    let total = *sum + value;
    let back = total - *sum;
    *lost += (*sum - (total - back)) + (value - back);
    *sum = total;
}
