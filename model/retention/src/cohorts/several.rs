//! The retention curves of several groups against each other, or against one that is the control.

use super::curve::{Curve, Point};
use crate::error::Error;
use crate::host::{Host, Pace, Vec};
use crate::numeric::{Difference, Estimate, Wilson, holm, normal};

/// Groups that are compared at most: 64 of them have 2,016 pairs in each period.
const MAX_GROUPS: usize = 64;

/// A group in one period.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Standing {
    /// Its number.
    pub group: usize,
    /// Members whose period has ended.
    pub eligible: u64,
    /// Those that count.
    pub retained: u64,
    /// Retained / eligible, with its interval.
    pub rate: Option<Estimate>,
    /// As many trials tell as much.
    effective: f64,
}

/// Two groups in one period.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Contrast {
    /// Periods since the entry's own, which is 0; of a bracket, its first period.
    pub period_number: i64,
    /// The group that the other is held against: the control, or the one that comes first.
    pub first: Standing,
    /// The other.
    pub second: Standing,
    /// Second rate − first rate, with its interval and p-value.
    pub difference: Option<Difference>,
    /// The p-value adjusted by Holm over the pairs of this period.
    pub p_adjusted: Option<f64>,
    /// Of Pearson's χ² test that all groups have the same rate in this period.
    pub overall_p_value: Option<f64>,
}

/// Compares curves of one question, who share no members, period by period: every pair of them, or
/// every one with the control.
pub fn several<H: Host>(
    curves: &[Curve<'_, H>],
    control: Option<usize>,
    confidence: f64,
    host: H,
) -> Result<Vec<Contrast, H>, Error> {
    if curves.len() > MAX_GROUPS {
        return Err(Error::TooLarge {
            what: "the number of groups",
            hint: "Compare at most 64 groups: put small ones together, or choose with WHERE.",
        });
    }
    let wilson = Wilson::new(confidence)?;
    let mut pace = Pace::new(&host);
    let mut rows = Vec::new_in(host.clone());
    let mut readers = Vec::with_capacity_in(curves.len(), host.clone());
    readers.extend(curves.iter().map(Curve::points));
    let mut points = Vec::with_capacity_in(curves.len(), host.clone());
    loop {
        points.clear();
        points.extend(readers.iter_mut().map(Iterator::next));
        let Some(period_number) = points.iter().flatten().map(|p: &Point| p.period_number).next()
        else {
            return Ok(rows);
        };
        let standing = |group: usize| -> Standing {
            let point = points.get(group).copied().flatten();
            Standing {
                group,
                eligible: point.map_or(0, |p| p.eligible),
                retained: point.map_or(0, |p| p.retained),
                rate: point.and_then(|p| p.rate),
                effective: point.map_or(0.0, |p| p.effective),
            }
        };
        let overall_p_value = homogeneity((0..curves.len()).map(standing));
        let begin = rows.len();
        let mut p_values = Vec::new_in(host.clone());
        for first in 0..curves.len() {
            if control.is_some_and(|control| control != first) {
                continue;
            }
            let from = if control.is_some() { 0 } else { first + 1 };
            for second in (from..curves.len()).filter(|second| *second != first) {
                pace.step(1 << 5);
                let (first, second) = (standing(first), standing(second));
                let difference = first.rate.zip(second.rate).map(|(a, b)| {
                    wilson.difference((a.value, first.effective), (b.value, second.effective))
                });
                p_values.push(difference.map(|d| d.p_value));
                rows.push(Contrast {
                    period_number,
                    first,
                    second,
                    difference,
                    p_adjusted: None,
                    overall_p_value,
                });
            }
        }
        holm(&mut p_values, &host);
        for (row, p) in rows.iter_mut().skip(begin).zip(p_values) {
            row.p_adjusted = p;
        }
    }
}

/// Pearson's χ² of k rates being one, with k − 1 degrees of freedom; none of fewer than two groups.
fn homogeneity(groups: impl Iterator<Item = Standing> + Clone) -> Option<f64> {
    let groups = groups.filter_map(|s| s.rate.map(|rate| (rate.value, s.effective)));
    let (mut n, mut successes, mut k) = (0.0, 0.0, 0usize);
    for (rate, trials) in groups.clone() {
        n += trials;
        successes += rate * trials;
        k += 1;
    }
    let pooled = successes / n;
    if k < 2 {
        return None;
    }
    if pooled <= 0.0 || pooled >= 1.0 {
        return Some(1.0); // nothing speaks against equality
    }
    let sum: f64 = groups.map(|(rate, trials)| trials * (rate - pooled) * (rate - pooled)).sum();
    normal::chi_square_tail(sum / (pooled * (1.0 - pooled)), k - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_overall_test_is_pearsons() {
        let wilson = Wilson::new(0.95).unwrap();
        let group = |retained: u64, eligible: u64| Standing {
            group: 0,
            eligible,
            retained,
            rate: wilson.share(retained, eligible),
            effective: eligible as f64,
        };
        // scipy: chi2_contingency([[30, 70], [45, 55], [20, 60]], correction=False).pvalue
        let p = homogeneity([group(30, 100), group(45, 100), group(20, 80)].into_iter()).unwrap();
        assert!((p - 0.011101098211850484).abs() < 1e-12, "{p}");
        // Of two groups it is the test of the difference.
        let p = homogeneity([group(30, 100), group(45, 100)].into_iter()).unwrap();
        let two = wilson.difference((0.3, 100.0), (0.45, 100.0)).p_value;
        assert!((p - two).abs() < 1e-12);
        assert_eq!(homogeneity([group(3, 9), group(0, 0)].into_iter()), None);
        assert_eq!(homogeneity([group(9, 9), group(2, 2)].into_iter()), Some(1.0));
    }
}
