//! How good predictions were: of rows that a fit had not seen.

use super::boost::loss;
use super::logit::sigmoid;
use super::model::Bin;
use crate::host::{Host, Pace, Vec};
use crate::numeric::effective_trials;

/// A row that was predicted.
#[derive(Debug, Clone, Copy)]
pub struct Judged {
    /// Whose it is; those of a member follow each other.
    pub member: u32,
    /// The log-odds.
    pub score: f64,
    /// Their standard error.
    pub error: f64,
    /// What happened.
    pub churned: bool,
}

/// Parts of the calibration.
const BINS: usize = 10;
/// Parts of the lift.
const PARTS: usize = 100;

/// Σ over members of (the sum of their rows)².
fn by_member(rows: &[Judged], mut of: impl FnMut(usize) -> f64) -> f64 {
    let (mut sum, mut own) = (0.0, 0.0);
    for (i, row) in rows.iter().enumerate() {
        if i > 0 && rows[i - 1].member != row.member {
            sum += own * own;
            own = 0.0;
        }
        own += of(i);
    }
    sum + own * own
}

/// The order of the rows by descending score; equal ones in their order.
pub fn order<H: Host>(rows: &[Judged], host: &H) -> Vec<u32, H> {
    let mut order = Vec::new_in(host.clone());
    order.extend(0..rows.len() as u32);
    let mut pace = Pace::new(host);
    order.sort_unstable_by(|a, b| {
        pace.step(1);
        let (left, right) = (rows[*a as usize].score, rows[*b as usize].score);
        right.total_cmp(&left).then(a.cmp(b))
    });
    order
}

/// The area under the ROC curve, with its standard error, members being clusters (E. R. DeLong, D. M. DeLong and D. L.
/// Clarke-Pearson, Biometrics 44 (1988), 837–845; N. A. Obuchowski, Biometrics 53 (1997), 567–578). None if all ended alike.
pub fn auc<H: Host>(rows: &[Judged], order: &[u32], host: &H) -> Option<(f64, f64)> {
    let churned = rows.iter().filter(|row| row.churned).count() as f64;
    let stayed = rows.len() as f64 - churned;
    if churned == 0.0 || stayed == 0.0 {
        return None;
    }
    // For who left the share of those who stayed with a lower score, for who stayed that of those who left with a higher one.
    let mut places: Vec<f64, H> = Vec::new_in(host.clone());
    places.resize(rows.len(), 0.0);
    let mut pace = Pace::new(host);
    let (mut left, mut in_above, mut rest) = (0.0, 0.0, order);
    while let Some(first) = rest.first() {
        let score = rows[*first as usize].score;
        let ties = rest.partition_point(|row| rows[*row as usize].score >= score);
        let (tied, later) = rest.split_at(ties.max(1));
        pace.step(tied.len());
        let gone = tied.iter().filter(|row| rows[**row as usize].churned).count() as f64;
        let kept = tied.len() as f64 - gone;
        for row in tied {
            places[*row as usize] = if rows[*row as usize].churned {
                (stayed - in_above - kept / 2.0) / stayed
            } else {
                (left + gone / 2.0) / churned
            };
        }
        (left, in_above, rest) = (left + gone, in_above + kept, later);
    }
    let of_left = |i: usize| if rows[i].churned { places[i] } else { 0.0 };
    let auc = (0..rows.len()).map(of_left).sum::<f64>() / churned;
    let variance =
        by_member(rows, |i| (places[i] - auc) / if rows[i].churned { churned } else { stayed });
    Some((auc, variance.sqrt()))
}

/// The mean loss, with its standard error.
pub fn log_loss(rows: &[Judged]) -> (f64, f64) {
    let n = rows.len() as f64;
    let mean = rows.iter().map(|row| loss(row.score, row.churned)).sum::<f64>() / n;
    let variance = by_member(rows, |i| (loss(rows[i].score, rows[i].churned) - mean) / n);
    (mean, variance.sqrt())
}

/// The loss of saying the same of everybody.
pub fn loss_of_rate(rows: &[Judged], rate: f64) -> f64 {
    let score = (rate / (1.0 - rate)).ln();
    rows.iter().map(|row| loss(score, row.churned)).sum::<f64>() / rows.len() as f64
}

/// How the log-odds of what happened go with those predicted: a + b · score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    /// b, with its standard error; none where all scores are alike.
    pub slope: Option<(f64, f64)>,
    /// a where b is 1, with its standard error; none where all ended alike.
    pub shift: Option<(f64, f64)>,
}

/// Slope and shift of predictions (D. R. Cox, Biometrika 45 (1958), 562–565).
pub fn line<H: Host>(rows: &[Judged], host: &H) -> Line {
    if rows.windows(2).all(|pair| pair[0].churned == pair[1].churned) {
        return Line { slope: None, shift: None };
    }
    let mut pace = Pace::new(host);
    // What happened less its probability, and the weight of that.
    let mut residual = |row: &Judged, odds: f64| {
        pace.step(4);
        let p = sigmoid(odds);
        (f64::from(u8::from(row.churned)) - p, p * (1.0 - p))
    };
    let mut shift = 0.0;
    let mut of_shift = 1.0;
    for _ in 0..25 {
        let (mut gradient, mut weight) = (0.0, 0.0);
        for row in rows {
            let (r, w) = residual(row, shift + row.score);
            gradient += r;
            weight += w;
        }
        of_shift = f64::max(weight, 1e-9);
        shift += (gradient / of_shift).clamp(-2.0, 2.0);
    }
    let of_members = by_member(rows, |i| residual(&rows[i], shift + rows[i].score).0);
    let (mut a, mut b) = (0.0, 1.0);
    let mut inverse = [0.0; 3];
    for _ in 0..25 {
        let (mut g, mut h) = ([0.0; 2], [1e-9, 0.0, 1e-9]);
        for row in rows {
            let odds = a + b * row.score;
            let (r, w) = residual(row, odds);
            g = [g[0] + r, g[1] + r * row.score];
            h = [h[0] + w, h[1] + w * row.score, h[2] + w * row.score * row.score];
        }
        let det = h[0] * h[2] - h[1] * h[1];
        if det <= 1e-12 * h[0] * h[2] {
            // Everybody has the same score.
            return Line { slope: None, shift: Some((shift, of_members.sqrt() / of_shift)) };
        }
        inverse = [h[2] / det, -h[1] / det, h[0] / det];
        a += (inverse[0] * g[0] + inverse[1] * g[1]).clamp(-2.0, 2.0);
        b += (inverse[1] * g[0] + inverse[2] * g[1]).clamp(-2.0, 2.0);
    }
    let of_slope = by_member(rows, |i| {
        let (r, _) = residual(&rows[i], a + b * rows[i].score);
        inverse[1] * r + inverse[2] * r * rows[i].score
    });
    let shift = Some((shift, of_members.sqrt() / of_shift));
    Line { slope: Some((b, of_slope.sqrt())), shift }
}

/// Equal parts of an order: where each begins and ends.
fn parts(len: usize, most: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
    let parts = most.min(len);
    (0..parts).map(move |part| part * len / parts..(part + 1) * len / parts)
}

/// Parts of equal size by descending risk: what was predicted, and what happened.
pub fn bins<H: Host>(rows: &[Judged], order: &[u32], z: f64, host: &H) -> std::vec::Vec<Bin> {
    let of = |range: std::ops::Range<usize>| {
        let places = &order[range];
        let n = places.len() as f64;
        let mean = |of: &dyn Fn(&Judged) -> f64| {
            places.iter().map(|i| of(&rows[*i as usize])).sum::<f64>() / n
        };
        let predicted = [
            mean(&|row| sigmoid(row.score)),
            mean(&|row| sigmoid(row.score - z * row.error)),
            mean(&|row| sigmoid(row.score + z * row.error)),
        ];
        let churned = places.iter().filter(|i| rows[**i as usize].churned).count() as u64;
        let rate = churned as f64 / n;
        // By member: who has several rows in the bin is one cluster.
        let mut sorted: Vec<u32, H> = Vec::new_in(host.clone());
        sorted.extend(places.iter().copied());
        sorted.sort_unstable();
        let (mut clusters, mut residual, mut own, mut before) = (0, 0.0, 0.0, None);
        for i in &sorted {
            let row = &rows[*i as usize];
            if before.replace(row.member) != Some(row.member) {
                residual += own * own;
                own = 0.0;
                clusters += 1;
            }
            own += f64::from(u8::from(row.churned)) - rate;
        }
        residual += own * own;
        let trials = effective_trials(churned, places.len() as u64, clusters, residual);
        Bin { members: places.len() as u64, churned, predicted, trials }
    };
    parts(rows.len(), BINS).map(of).collect()
}

/// Parts of equal size by descending risk: members, and those who left.
pub fn lift(rows: &[Judged], order: &[u32]) -> std::vec::Vec<[u64; 2]> {
    let of = |range: std::ops::Range<usize>| {
        let places = &order[range];
        let churned = places.iter().filter(|i| rows[**i as usize].churned).count();
        [places.len() as u64, churned as u64]
    };
    parts(rows.len(), PARTS).map(of).collect()
}
