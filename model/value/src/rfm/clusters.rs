//! Clusters of members, for those who do not want cut points: k-means on the standardised logarithms
//! of recency, frequency and monetary value. Amounts are taken in units of their median, so that clusters
//! do not depend on the currency.

use super::cuts::Column;
use super::kmeans::{Point, choose, nearest, settle, silhouette};
use super::measure::{Measures, Monetary, Values};
use crate::amount;
use crate::calendar::Zone;
use crate::error::Error;
use crate::history::{Columns, MemberRef, View, Walk};
use crate::host::{Host, Pace, Vec};

/// The most clusters.
const MOST: usize = 50;
/// Numbers of clusters that are tried where none is given.
const TRIED: std::ops::RangeInclusive<usize> = 2..=10;
/// Begins, and numbers of clusters, are compared on this many points.
const SAMPLE: usize = 1 << 12;

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct ClusterQuestion {
    /// The last day looked at; by default that of the last event.
    pub as_of: Option<i64>,
    distinct_days: bool,
    monetary: Monetary,
    k: Option<usize>,
    seed: u64,
}

impl ClusterQuestion {
    /// A question, checked. Without a number of clusters it is found.
    pub fn new(
        k: Option<i32>,
        seed: i64,
        as_of: Option<i64>,
        distinct_days: bool,
        monetary: Monetary,
    ) -> Result<Self, Error> {
        let checked = |k: i32| match usize::try_from(k) {
            Ok(k) if (1..=MOST).contains(&k) => Ok(k),
            _ => Err(Error::bad(
                format!("k {k} is not a number of clusters"),
                "Take 1 to 50, or NULL for the best of 2 to 10.",
            )),
        };
        let k = k.map(checked).transpose()?;
        Ok(ClusterQuestion { as_of, distinct_days, monetary, k, seed: seed as u64 })
    }
}

/// A cluster. They are numbered from the one with the highest mean of frequency.
#[derive(Debug, Clone, PartialEq)]
pub struct Cluster {
    /// Members in it.
    pub members: u64,
    /// Their share of all.
    pub share: f64,
    /// Its centre, back in days, events and money.
    pub recency: f64,
    /// See recency.
    pub frequency: f64,
    /// See recency; none without amounts.
    pub monetary: Option<f64>,
    /// All their amounts, in millionths.
    pub revenue: Option<i128>,
    /// The mean of its members' silhouettes; none where there is one cluster only.
    pub silhouette: Option<f64>,
}

/// The clusters of a history's members.
#[derive(Debug)]
pub struct Clusters<'a, H: Host> {
    /// The clusters.
    pub clusters: std::vec::Vec<Cluster>,
    /// The mean of all members' silhouettes.
    pub silhouette: Option<f64>,
    walk: Walk<'a, H>,
    measures: Measures<H>,
    space: Space,
    centres: std::vec::Vec<Point>,
}

/// A member in its cluster.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClusterMember {
    /// Days since the last event.
    pub recency: u32,
    /// Events.
    pub frequency: u64,
    /// Their amounts, in millionths.
    pub monetary: Option<i128>,
    /// The place of its cluster.
    pub cluster: usize,
    /// Its silhouette.
    pub silhouette: Option<f64>,
}

/// From values to points and back.
#[derive(Debug, Clone, Copy)]
struct Space {
    /// What is one of money, in millionths.
    unit: f64,
    mean: Point,
    deviation: Point,
    has_amounts: bool,
}

/// ln(1 + x), and for refunds its mirror image.
fn log(x: f64) -> f64 {
    x.signum() * x.abs().ln_1p()
}

fn unlog(y: f64) -> f64 {
    y.signum() * y.abs().exp_m1()
}

/// The median of the amounts that are not zero, refunds as what was paid back, in millionths: on the
/// scale of ln(1 + x), cents would lie otherwise than the same money in euros, and here they do not.
fn unit_of_money<H: Host>(measures: &Measures<H>, host: &H) -> f64 {
    let mut sizes = Column::of_real(measures.present, host);
    let mut pace = Pace::new(host);
    for amount in measures.amounts() {
        pace.step(1);
        if amount != 0 {
            sizes.push_real(amount.unsigned_abs() as f64);
        }
    }
    sizes.median().unwrap_or(amount::SCALE as f64)
}

impl Space {
    fn logs(&self, values: &Values) -> Point {
        let monetary = values.monetary.map_or(0.0, |units| units as f64 / self.unit);
        [log(f64::from(values.recency)), log(values.frequency as f64), log(monetary)]
    }

    fn point(&self, values: &Values) -> Point {
        let logs = self.logs(values);
        std::array::from_fn(|i| {
            if self.deviation[i] > 0.0 { (logs[i] - self.mean[i]) / self.deviation[i] } else { 0.0 }
        })
    }

    fn value(&self, point: Point, i: usize) -> f64 {
        unlog(point[i] * self.deviation[i] + self.mean[i])
    }

    fn money(&self, point: Point) -> f64 {
        self.value(point, 2) * (self.unit / amount::SCALE as f64)
    }
}

/// Finds the clusters of a history's members.
pub fn clusters<'a, H: Host>(
    view: &View<'a, H>,
    zone: &impl Zone,
    question: &ClusterQuestion,
    host: H,
) -> Result<Clusters<'a, H>, Error> {
    let ClusterQuestion { as_of, distinct_days, monetary, .. } = *question;
    let measures = Measures::of(view, zone, as_of, distinct_days, monetary, &host)?;
    let has_amounts = measures.has_amounts();
    let unit = unit_of_money(&measures, &host);
    let mut space = Space { unit, mean: [0.0; 3], deviation: [0.0; 3], has_amounts };
    let mut pace = Pace::new(&host);
    let mut points: Vec<Point, H> = Vec::with_capacity_in(measures.present, host.clone());
    for i in 0..measures.len() {
        pace.step(1);
        points.extend(measures.get(i).map(|values| space.logs(&values)));
    }
    // In the order of their values, so that nothing depends on the names of members.
    points.sort_unstable_by(|a, b| {
        pace.step(1);
        let by = |i: usize| a[i].total_cmp(&b[i]);
        by(0).then_with(|| by(1)).then_with(|| by(2))
    });
    let n = points.len();
    for i in 0..3 {
        pace.step(2 * n);
        space.mean[i] = points.iter().map(|point| point[i]).sum::<f64>() / n as f64;
        let square = |point: &Point| (point[i] - space.mean[i]) * (point[i] - space.mean[i]);
        let deviation = (points.iter().map(square).sum::<f64>() / n as f64).sqrt();
        // Equal values may not have their own mean, to the last bit.
        space.deviation[i] = if deviation > 1e-9 { deviation } else { 0.0 };
    }
    for point in points.iter_mut() {
        pace.step(1);
        *point = std::array::from_fn(|i| {
            if space.deviation[i] > 0.0 {
                (point[i] - space.mean[i]) / space.deviation[i]
            } else {
                0.0
            }
        });
    }
    let mut centres = std::vec::Vec::new();
    if n > 0 {
        // Every n-th point: they are in order, so these lie as all do.
        let mut sample: Vec<Point, H> = Vec::with_capacity_in(n.min(SAMPLE), host.clone());
        sample.extend((0..n.min(SAMPLE)).map(|i| points[i * n / n.min(SAMPLE)]));
        centres = choose(&sample, question.k.map_or(TRIED, |k| k..=k), question.seed, &host);
        settle(&points, &mut centres, &host);
    }
    drop(points);
    let walk = view.walk_over(Columns::TICKS)?;
    let mut found = Clusters {
        clusters: std::vec::Vec::new(),
        silhouette: None,
        walk,
        measures,
        space,
        centres,
    };
    found.describe(&host);
    Ok(found)
}

impl<'a, H: Host> Clusters<'a, H> {
    /// Numbers the clusters and counts who is in them.
    fn describe(&mut self, host: &H) {
        // By their centres, from the most frequent down.
        self.centres.sort_by(|a, b| {
            b[1].total_cmp(&a[1]).then(a[0].total_cmp(&b[0])).then(b[2].total_cmp(&a[2]))
        });
        let mut pace = Pace::new(host);
        let mut sums = vec![(0u64, 0i128, 0.0); self.centres.len()];
        for i in 0..self.measures.len() {
            pace.step(self.centres.len());
            let of = |values| assign(&self.space, &self.centres, &values);
            if let Some((cluster, silhouette)) = self.measures.get(i).map(of) {
                let (members, revenue, silhouettes) = &mut sums[cluster];
                *members += 1;
                *revenue += self.measures.revenue(i);
                // In whole units, so that their order does not matter.
                *silhouettes += (silhouette.unwrap_or(0.0) * SILHOUETTE_UNITS).round();
            }
        }
        let all: u64 = sums.iter().map(|(members, ..)| members).sum();
        let has_several = self.centres.len() > 1;
        let mean =
            |sum: f64, n: u64| (has_several && n > 0).then(|| sum / SILHOUETTE_UNITS / n as f64);
        self.silhouette = mean(sums.iter().map(|(.., sum)| sum).sum(), all);
        let space = self.space;
        self.clusters = self
            .centres
            .iter()
            .zip(sums)
            .map(|(&centre, (members, revenue, silhouettes))| Cluster {
                members,
                share: members as f64 / all as f64,
                recency: space.value(centre, 0),
                frequency: space.value(centre, 1),
                monetary: space.has_amounts.then(|| space.money(centre)),
                revenue: space.has_amounts.then_some(revenue),
                silhouette: mean(silhouettes, members),
            })
            .collect();
    }

    /// Hands over every member.
    #[inline]
    pub fn each(
        &mut self,
        mut each: impl FnMut(&MemberRef<'a>, ClusterMember) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let Clusters { walk, measures, space, centres, .. } = self;
        let mut next = 0;
        walk.each_name(|member| {
            next += 1;
            let Some(values) = measures.get(next - 1) else { return Ok(()) };
            let (cluster, silhouette) = assign(space, centres, &values);
            let Values { recency, frequency, monetary } = values;
            each(member, ClusterMember { recency, frequency, monetary, cluster, silhouette })
        })
    }
}

/// The cluster of a member, with its silhouette where there are several.
fn assign(space: &Space, centres: &[Point], values: &Values) -> (usize, Option<f64>) {
    let (cluster, own, other) = nearest(&space.point(values), centres);
    (cluster, (centres.len() > 1).then(|| silhouette(own, other)))
}

/// A silhouette in whole units: sums of them are exact below 2^53.
const SILHOUETTE_UNITS: f64 = (1u64 << 24) as f64;

#[cfg(test)]
mod tests {
    use super::super::kmeans::distance;
    use super::*;
    use crate::calendar::{Grain, Utc};
    use crate::history::{History, MemberKind, Meta};
    use crate::host::{Global, testing::stops};

    /// Three heaps that are far apart, and some distance within each. `name` renames members.
    fn heaps(size: i64, name: impl Fn(i64) -> i64) -> History<Global> {
        let mut history = History::new(Meta::new(MemberKind::Int, Grain::Day, "", Global), Global);
        for i in 0..3 * size {
            let (heap, j) = (i % 3, i / 3);
            let (ago, events) =
                [(2 + j % 2, 30 + j % 5), (90 + j % 7, 4), (600 + j % 50, 1)][heap as usize];
            for event in 0..events {
                let day = 1000 - ago - event;
                let amount = Some((10 + j % 3) * 1_000_000);
                history.push(MemberRef::Int(name(i)), day, day * 86_400_000_000, amount).unwrap();
            }
        }
        history.settle().unwrap();
        history
    }

    /// The same purchases in cents are the same clusters, to the last bit; only their money is in cents.
    #[test]
    fn the_currency_does_not_matter() {
        let spent = |i: i64| match (i % 17, i % 11) {
            (0, _) => 0,
            (_, 0) => -(1 + i * i % 331) * 10_000,
            _ => (1 + i * i % 977) * 10_000,
        };
        let of = |unit: i64| {
            let mut h = History::new(Meta::new(MemberKind::Int, Grain::Day, "", Global), Global);
            for i in 0..500 {
                for event in 0..1 + i % 7 {
                    let (day, amount) = (1000 - i % 300 - event, Some(unit * spent(i)));
                    h.push(MemberRef::Int(i), day, day * 86_400_000_000, amount).unwrap();
                }
            }
            h.settle().unwrap();
            let mut found = clusters(&h.view(), &Utc, &ask(Some(5), 3), Global).unwrap();
            let mut members = std::vec::Vec::new();
            let each = |_: &MemberRef<'_>, row: ClusterMember| {
                members.push((row.cluster, row.silhouette));
                Ok(())
            };
            found.each(each).unwrap();
            (members, found.clusters)
        };
        let ((members, clusters), (in_cents, of_cents)) = (of(1), of(100));
        assert_eq!(members, in_cents);
        for (one, cents) in clusters.into_iter().zip(of_cents) {
            let (money, in_cents) = (one.monetary.unwrap(), cents.monetary.unwrap());
            assert!((in_cents - 100.0 * money).abs() <= 1e-12 * in_cents.abs());
            assert_eq!(cents.revenue, one.revenue.map(|revenue| 100 * revenue));
            let other = Cluster { monetary: cents.monetary, revenue: cents.revenue, ..one };
            assert_eq!(cents, other);
        }
    }

    fn ask(k: Option<i32>, seed: i64) -> ClusterQuestion {
        ClusterQuestion::new(k, seed, Some(1000), false, Monetary::Total).unwrap()
    }

    #[test]
    fn heaps_are_found_and_counted() {
        let h = heaps(200, |i| i);
        for seed in 0..5 {
            let mut found = clusters(&h.view(), &Utc, &ask(None, seed), Global).unwrap();
            let sizes: std::vec::Vec<u64> = found.clusters.iter().map(|c| c.members).collect();
            assert_eq!(sizes, [200, 200, 200], "seed {seed}");
            assert!(found.silhouette.unwrap() > 0.8);
            let first = &found.clusters[0];
            assert!((2.0..3.0).contains(&first.recency) && (30.0..34.0).contains(&first.frequency));
            let each = |member: &MemberRef<'_>, row: ClusterMember| {
                let MemberRef::Int(member) = *member else { panic!("another kind") };
                assert_eq!(row.cluster as i64, member % 3);
                Ok(())
            };
            found.each(each).unwrap();
        }
    }

    #[test]
    fn names_do_not_matter_and_a_seed_says_all() {
        let (a, b) = (heaps(50, |i| i), heaps(50, |i| i.wrapping_mul(0x5851_F42D_4C95_7F2D)));
        for k in [1, 2, 4, 7] {
            let of = |h: &History<Global>| {
                clusters(&h.view(), &Utc, &ask(Some(k), 7), Global).unwrap().clusters
            };
            assert_eq!(of(&a), of(&b));
            assert_eq!(of(&a), of(&a));
        }
    }

    /// Every member is nearest to its own centre, and every centre is the mean of its members.
    #[test]
    fn it_ends_where_nothing_moves() {
        let h = heaps(70, |i| i);
        let mut found = clusters(&h.view(), &Utc, &ask(Some(5), 1), Global).unwrap();
        let (space, centres) = (found.space, found.centres.clone());
        let mut sums = vec![([0.0; 3], 0.0); centres.len()];
        let each = |_: &MemberRef<'_>, row: ClusterMember| {
            let values =
                Values { recency: row.recency, frequency: row.frequency, monetary: row.monetary };
            let point = space.point(&values);
            assert!(
                centres
                    .iter()
                    .all(|c| distance(&point, c) >= distance(&point, &centres[row.cluster]))
            );
            let (sum, n) = &mut sums[row.cluster];
            *n += 1.0;
            (0..3).for_each(|i| sum[i] += point[i]);
            Ok(())
        };
        found.each(each).unwrap();
        for (centre, (sum, n)) in centres.iter().zip(sums) {
            assert!(n == 0.0 || distance(centre, &sum.map(|sum| sum / n)) < 1e-18);
        }
    }

    #[test]
    fn few_members_and_many_clusters() {
        let mut h = History::new(Meta::new(MemberKind::Int, Grain::Day, "", Global), Global);
        h.push(MemberRef::Int(1), 900, 900 * 86_400_000_000, None).unwrap();
        h.settle().unwrap();
        let found = clusters(&h.view(), &Utc, &ask(Some(9), 1), Global).unwrap();
        assert_eq!((found.clusters.len(), found.silhouette), (1, None));
        let early = ClusterQuestion { as_of: Some(5), ..ask(None, 1) };
        assert!(clusters(&h.view(), &Utc, &early, Global).unwrap().clusters.is_empty());
        assert!(ClusterQuestion::new(Some(0), 1, None, false, Monetary::Total).is_err());
    }

    #[test]
    fn loops_poll() {
        let h = heaps(2000, |i| i);
        assert!(stops(|| clusters(&h.view(), &Utc, &ask(None, 1), Global)));
        let measures =
            Measures::of(&h.view(), &Utc, Some(1000), false, Monetary::Total, &Global).unwrap();
        assert!(stops(|| unit_of_money(&measures, &Global)));
    }
}
