//! k-means: points in as many clusters as are asked for, or as fit best.
//!
//! The crates that offer k-means (linfa-clustering, with ndarray; kmeans, which wants a nightly
//! compiler) keep all points in the global allocator and run to their end: memory that PostgreSQL does
//! not count and cannot refuse, and a query that nobody can cancel. So it stands here, in the hundred
//! lines that it takes.
//!
//! S. P. Lloyd, "Least Squares Quantization in PCM", IEEE Transactions on Information Theory 28 (1982),
//! 129–137; D. Arthur and S. Vassilvitskii, "k-means++: The Advantages of Careful Seeding", SODA 2007,
//! 1027–1035.

use crate::host::{Host, Pace, Vec, tell};
use crate::numeric::SplitMix64;
use std::ops::RangeInclusive;

/// Begins from different seeds, of which the best is kept.
const BEGINS: usize = 10;
/// Rounds after which it is good enough.
const ROUNDS: usize = 200;

/// A point.
pub(super) type Point = [f64; 3];

/// The best centres for a sample: of several begins the one with the least sum of squares; of several
/// numbers of clusters the one with the highest mean silhouette, or the least of equal ones.
pub(super) fn choose<H: Host>(
    sample: &[Point],
    tried: RangeInclusive<usize>,
    seed: u64,
    host: &H,
) -> std::vec::Vec<Point> {
    let mut best: Option<(f64, std::vec::Vec<Point>)> = None;
    for k in tried {
        tell(|| format!("rfm_clusters: trying {k} clusters, {} members", sample.len()));
        let mut random = SplitMix64::new(seed);
        let mut of_k: Option<(f64, f64, std::vec::Vec<Point>)> = None;
        for _ in 0..if k == 1 { 1 } else { BEGINS } {
            let mut centres = seeds(sample, k, &mut random, host);
            let (spread, silhouette) = settle(sample, &mut centres, host);
            if of_k.as_ref().is_none_or(|(least, ..)| spread < *least) {
                of_k = Some((spread, silhouette, centres));
            }
        }
        if let Some((_, silhouette, centres)) = of_k
            && best.as_ref().is_none_or(|(highest, _)| silhouette > *highest + 1e-12)
        {
            best = Some((silhouette, centres));
        }
    }
    best.map(|(_, centres)| centres).unwrap_or_default()
}

pub(super) fn distance(a: &Point, b: &Point) -> f64 {
    (0..3).map(|i| (a[i] - b[i]) * (a[i] - b[i])).sum()
}

/// The nearest centre, and the squares of the distances to it and to the second nearest.
pub(super) fn nearest(point: &Point, centres: &[Point]) -> (usize, f64, f64) {
    let mut found = (0, f64::INFINITY, f64::INFINITY);
    for (i, centre) in centres.iter().enumerate() {
        let far = distance(point, centre);
        if far < found.1 {
            found = (i, far, found.1);
        } else if far < found.2 {
            found.2 = far;
        }
    }
    found
}

/// How much nearer a point is to its own centre than to the next: the simplified silhouette, by
/// centres. Exact ones need the distances of all pairs.
pub(super) fn silhouette(own: f64, other: f64) -> f64 {
    let (own, other) = (own.sqrt(), other.sqrt());
    if other > 0.0 { (other - own) / other } else { 0.0 }
}

/// k points far from each other, each drawn by the square of its distance to those before.
fn seeds<H: Host>(
    points: &[Point],
    k: usize,
    random: &mut SplitMix64,
    host: &H,
) -> std::vec::Vec<Point> {
    let mut pace = Pace::new(host);
    let last = points.len() - 1;
    let mut centres = vec![points[((random.unit() * points.len() as f64) as usize).min(last)]];
    let mut far: Vec<f64, H> = Vec::with_capacity_in(points.len(), host.clone());
    far.resize(points.len(), f64::INFINITY);
    while centres.len() < k {
        let newest = centres[centres.len() - 1];
        let mut sum = 0.0;
        for (far, point) in far.iter_mut().zip(points) {
            pace.step(1);
            *far = far.min(distance(point, &newest));
            sum += *far;
        }
        let mut left = random.unit() * sum;
        let drawn = far.iter().position(|far| {
            left -= far;
            left < 0.0
        });
        // Fewer different points than clusters: then some stay empty.
        let Some(drawn) = drawn.filter(|_| sum > 0.0) else { break };
        centres.push(points[drawn]);
    }
    centres
}

/// Moves the centres to the means of their points until none changes. Returns the sum of the squared
/// distances, and the mean silhouette.
pub(super) fn settle<H: Host>(points: &[Point], centres: &mut [Point], host: &H) -> (f64, f64) {
    let mut pace = Pace::new(host);
    let mut before = f64::INFINITY;
    for _ in 0..ROUNDS {
        let mut sums = vec![([0.0; 3], 0u64); centres.len()];
        let (mut spread, mut silhouettes) = (0.0, 0.0);
        for point in points {
            pace.step(centres.len());
            let (own, far, other) = nearest(point, centres);
            spread += far;
            silhouettes += silhouette(far, other);
            let (sum, n) = &mut sums[own];
            *n += 1;
            for i in 0..3 {
                sum[i] += point[i];
            }
        }
        if spread >= before {
            return (spread, silhouettes / points.len() as f64);
        }
        before = spread;
        for (centre, (sum, n)) in centres.iter_mut().zip(sums) {
            if n > 0 {
                *centre = sum.map(|sum| sum / n as f64);
            }
        }
    }
    let silhouettes: f64 = points
        .iter()
        .map(|point| {
            pace.step(centres.len());
            let (_, own, other) = nearest(point, centres);
            silhouette(own, other)
        })
        .sum();
    (before, silhouettes / points.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::{Global, testing::stops};

    #[test]
    fn loops_poll() {
        let points: std::vec::Vec<Point> = (0..20_000).map(|i| [f64::from(i), 0.0, 0.0]).collect();
        assert!(stops(|| settle(&points, &mut [[0.0; 3]; 3], &Global)));
        assert!(stops(|| seeds(&points, 3, &mut SplitMix64::new(1), &Global)));
    }
}
