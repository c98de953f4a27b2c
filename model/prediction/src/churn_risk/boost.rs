//! Gradient boosting of trees of depth two, by Newton steps of the logistic loss over histograms of binned features
//! (J. H. Friedman, "Greedy function approximation", Annals of Statistics 29 (2001), 1189–1232).
//!
//! A tree asks one question, and one more on either side: it sees interactions of two features, and no more than
//! three features, so that its Shapley values can be computed exactly.

use super::bins::{BINS, UNKNOWN, bin};
use super::logit::{ended_alike, log_odds_of, sigmoid};
use super::table::Table;
use crate::host::{Host, Pace, Vec};
use crate::numeric::SplitMix64;

/// What is added to the curvature of a leaf.
const PENALTY: f64 = 1.0;
/// The least curvature of a leaf: about four times as many rows at a rate of one half.
const LEAST: f64 = 2.0;
/// How much of a leaf's step is taken.
const RATE: f64 = 0.15;
/// Trees at most.
pub const MOST_TREES: usize = 400;
/// Trees without getting better, after which the search for their number ends.
const PATIENCE: usize = 30;
/// Rows that a tree grows from; of more, as many are drawn for each tree.
const ENOUGH: usize = 60_000;

/// A question about one feature: is its bin at most this one?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Split {
    /// The feature.
    pub feature: u32,
    /// The last bin that goes left.
    pub bin: u8,
    /// Where what is not known goes.
    pub unknown_left: bool,
}

impl Split {
    #[inline]
    fn is_left(&self, codes: &[u8]) -> bool {
        let code = codes[self.feature as usize];
        if code == UNKNOWN { self.unknown_left } else { bin(code) <= usize::from(self.bin) }
    }
}

/// A tree: the first question, one more on either side if it helps, and what the leaves add to the log-odds: left-left,
/// left-right, right-left, right-right.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tree {
    /// The first question.
    pub root: Split,
    /// The next one, left and right.
    pub next: [Option<Split>; 2],
    /// The leaves.
    pub leaves: [f64; 4],
}

impl Tree {
    #[inline]
    fn of(&self, codes: &[u8]) -> f64 {
        let side = usize::from(!self.root.is_left(codes));
        let leaf = self.next[side].is_some_and(|next| !next.is_left(codes));
        self.leaves[2 * side + usize::from(leaf)]
    }
}

/// Trees whose sum, with the start, are log-odds.
#[derive(Debug, Clone)]
pub struct Boosted<H: Host> {
    /// The log-odds before the first tree.
    pub start: f64,
    /// The trees.
    pub trees: Vec<Tree, H>,
}

impl<H: Host> Boosted<H> {
    /// The log-odds of a row.
    #[inline]
    pub fn score(&self, codes: &[u8]) -> f64 {
        self.start + self.trees.iter().map(|tree| tree.of(codes)).sum::<f64>()
    }
}

/// Sums over the rows of a node.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    gradient: f64,
    curvature: f64,
}

impl Sum {
    fn plus(self, other: Sum) -> Sum {
        Sum {
            gradient: self.gradient + other.gradient,
            curvature: self.curvature + other.curvature,
        }
    }

    fn minus(self, other: Sum) -> Sum {
        Sum {
            gradient: self.gradient - other.gradient,
            curvature: self.curvature - other.curvature,
        }
    }

    /// What a leaf of these gains, twice.
    fn gain(self) -> f64 {
        self.gradient * self.gradient / (self.curvature + PENALTY)
    }

    fn step(self) -> f64 {
        RATE * self.gradient / (self.curvature + PENALTY)
    }
}

/// Bins of a histogram, with that of what is not known.
const WIDTH: usize = 1 + BINS;

/// A row that a tree grows from.
#[derive(Debug, Clone, Copy)]
struct Drawn {
    row: u32,
    gradient: f32,
    curvature: f32,
}

fn histogram<H: Host>(table: &Table<H>, rows: &[Drawn], out: &mut [Sum], pace: &mut Pace<'_, H>) {
    out.fill(Sum::default());
    let width = table.features();
    for drawn in rows {
        pace.step(width);
        let (gradient, curvature) = (f64::from(drawn.gradient), f64::from(drawn.curvature));
        let codes = table.row(drawn.row);
        for (code, bins) in codes.iter().zip(out.chunks_exact_mut(WIDTH)) {
            let sum = &mut bins[bin(*code)];
            sum.gradient += gradient;
            sum.curvature += curvature;
        }
    }
}

/// The best question of a node, and by how much it is better than none.
fn best(histogram: &[Sum], all: Sum) -> Option<(Split, f64)> {
    let mut found: Option<(Split, f64)> = None;
    let least = all.gain() + 1e-9;
    for (feature, bins) in histogram.chunks_exact(WIDTH).enumerate() {
        let unknown = bins[0];
        let ways: &[bool] = if unknown.curvature > 0.0 { &[false, true] } else { &[false] };
        for unknown_left in ways {
            let mut left = if *unknown_left { unknown } else { Sum::default() };
            for (bin, sum) in bins.iter().enumerate().skip(1) {
                if sum.curvature == 0.0 {
                    continue;
                }
                left = left.plus(*sum);
                let right = all.minus(left);
                if left.curvature < LEAST || right.curvature < LEAST {
                    continue;
                }
                let gain = left.gain() + right.gain();
                if gain > found.map_or(least, |(_, most)| most + 1e-12) {
                    let split = Split {
                        feature: feature as u32,
                        bin: bin as u8,
                        unknown_left: *unknown_left,
                    };
                    found = Some((split, gain));
                }
            }
        }
    }
    found
}

/// What growing needs.
struct Grower<'t, H: Host> {
    table: &'t Table<H>,
    rows: &'t [u32],
    /// The log-odds of all rows so far.
    scores: Vec<f32, H>,
    drawn: Vec<Drawn, H>,
    right: Vec<Drawn, H>,
    histograms: [Vec<Sum, H>; 2],
    host: &'t H,
}

impl<'t, H: Host> Grower<'t, H> {
    fn new(table: &'t Table<H>, rows: &'t [u32], start: f64, host: &'t H) -> Self {
        let mut scores = Vec::new_in(host.clone());
        scores.resize(rows.len(), start as f32);
        let room = || {
            let mut sums = Vec::new_in(host.clone());
            sums.resize(WIDTH * table.features(), Sum::default());
            sums
        };
        let (drawn, right) = (Vec::new_in(host.clone()), Vec::new_in(host.clone()));
        Grower { table, rows, scores, drawn, right, histograms: [room(), room()], host }
    }

    /// Draws the rows of a tree, with their gradients: all, if they are not many.
    fn draw(&mut self, number: usize) {
        self.drawn.clear();
        let mut pace = Pace::new(self.host);
        let stride = self.rows.len().div_ceil(ENOUGH).max(1) as u64;
        let mut random = SplitMix64::new(number as u64);
        let mut place = if stride > 1 { random.next_u64() % stride } else { 0 };
        while let Some(row) = self.rows.get(place as usize) {
            pace.step(4);
            let p = sigmoid(f64::from(self.scores[place as usize]));
            let residual = f64::from(u8::from(self.table.label(*row))) - p;
            self.drawn.push(Drawn {
                row: *row,
                gradient: residual as f32,
                curvature: (p * (1.0 - p)) as f32,
            });
            // On average every stride-th, and never in step with the anchors of members.
            place += if stride > 1 { 1 + random.next_u64() % (2 * stride - 1) } else { 1 };
        }
    }

    /// The next tree; none if no question helps.
    fn tree(&mut self, number: usize) -> Option<Tree> {
        self.draw(number);
        let mut pace = Pace::new(self.host);
        let [whole, part] = &mut self.histograms;
        histogram(self.table, &self.drawn, whole, &mut pace);
        let all = whole.get(..WIDTH)?.iter().fold(Sum::default(), |sum, bin| sum.plus(*bin));
        let (root, _) = best(whole, all)?;
        self.right.clear();
        let mut left = Sum::default();
        let (table, right) = (self.table, &mut self.right);
        self.drawn.retain(|drawn| {
            let is_left = root.is_left(table.row(drawn.row));
            if is_left {
                left.gradient += f64::from(drawn.gradient);
                left.curvature += f64::from(drawn.curvature);
            } else {
                right.push(*drawn);
            }
            is_left
        });
        // The smaller side is counted, the other is what is left.
        let left_is_less = self.drawn.len() <= right.len();
        histogram(table, if left_is_less { &self.drawn } else { right }, part, &mut pace);
        whole.iter_mut().zip(part.iter()).for_each(|(whole, part)| {
            *whole = whole.minus(*part);
            // Differences of sums are not exact: what has no rows must have nothing.
            if whole.curvature < 1e-7 {
                *whole = Sum::default();
            }
        });
        let (of_left, of_right) = if left_is_less { (&*part, &*whole) } else { (&*whole, &*part) };
        let sides = [(of_left, left), (of_right, all.minus(left))];
        let mut tree = Tree { root, next: [None; 2], leaves: [0.0; 4] };
        for (side, (histogram, sum)) in sides.into_iter().enumerate() {
            let leaves = &mut tree.leaves[2 * side..2 * side + 2];
            leaves.fill(sum.step());
            if let Some((split, _)) = best(histogram, sum) {
                let low = below(histogram, split);
                leaves.copy_from_slice(&[low.step(), sum.minus(low).step()]);
                tree.next[side] = Some(split);
            }
        }
        Some(tree)
    }

    /// Adds a tree to the log-odds.
    fn add(&mut self, tree: &Tree) {
        add(tree, self.table, self.rows, &mut self.scores, self.host);
    }
}

/// The sum of what goes left.
fn below(histogram: &[Sum], split: Split) -> Sum {
    let bins = &histogram[split.feature as usize * WIDTH..][..WIDTH];
    let known =
        bins[1..=usize::from(split.bin)].iter().fold(Sum::default(), |sum, bin| sum.plus(*bin));
    if split.unknown_left { known.plus(bins[0]) } else { known }
}

fn add<H: Host>(tree: &Tree, table: &Table<H>, rows: &[u32], scores: &mut [f32], host: &H) {
    let mut pace = Pace::new(host);
    for (row, score) in rows.iter().zip(scores) {
        pace.step(4);
        *score += tree.of(table.row(*row)) as f32;
    }
}

/// Fits so many trees to some rows.
pub fn fit<H: Host>(table: &Table<H>, rows: &[u32], trees: usize, host: &H) -> Boosted<H> {
    let start = log_odds_of(table, rows);
    let mut grower = Grower::new(table, rows, start, host);
    let mut boosted = Boosted { start, trees: Vec::new_in(host.clone()) };
    let trees = if ended_alike(table, rows) { 0 } else { trees };
    for number in 0..trees {
        let Some(tree) = grower.tree(number) else { break };
        grower.add(&tree);
        boosted.trees.push(tree);
    }
    boosted
}

/// Fits trees to some rows until they predict others no better: with as many as predict those best.
pub fn fit_until<H: Host>(table: &Table<H>, rows: &[u32], judge: &[u32], host: &H) -> Boosted<H> {
    let start = log_odds_of(table, rows);
    let mut grower = Grower::new(table, rows, start, host);
    let mut boosted = Boosted { start, trees: Vec::new_in(host.clone()) };
    let mut scores: Vec<f32, H> = Vec::new_in(host.clone());
    scores.resize(judge.len(), start as f32);
    let loss = |scores: &[f32]| {
        let of = |(score, row): (&f32, &u32)| loss(f64::from(*score), table.label(*row));
        scores.iter().zip(judge).map(of).sum::<f64>()
    };
    let (mut least, mut trees) = (loss(&scores), 0);
    let most = if ended_alike(table, rows) { 0 } else { MOST_TREES };
    for number in 0..most {
        let Some(tree) = grower.tree(number) else { break };
        grower.add(&tree);
        add(&tree, table, judge, &mut scores, host);
        boosted.trees.push(tree);
        let now = loss(&scores);
        if now < least {
            (least, trees) = (now, number + 1);
        }
        if number + 1 >= trees + PATIENCE {
            break;
        }
    }
    boosted.trees.truncate(trees);
    boosted
}

/// −ln of the probability of what happened.
#[inline]
pub fn loss(score: f64, churned: bool) -> f64 {
    let away = if churned { -score } else { score };
    // ln(1 + e^x), which does not overflow.
    away.max(0.0) + (-away.abs()).exp().ln_1p()
}
