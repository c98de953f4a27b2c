//! Several groups in one period of their retention curves: all pairs of them, or each against one that
//! is the control.

use crate::error::Error;
use crate::host::{Host, Pace, Vec};
use crate::numeric::{Difference, Wilson, holm, normal};

/// Groups that are compared at most: 64 of them have 2,016 pairs in each period.
const MAX_GROUPS: usize = 64;

/// A group in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupCounts {
    /// Members whose period has ended.
    pub eligible: u64,
    /// Those of them that count.
    pub retained: u64,
}

/// Two groups in a period.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Contrast {
    /// The group that the other is compared with: the control, or the one that comes first.
    pub first: usize,
    /// The other.
    pub second: usize,
    /// Second rate − first rate, with its interval and p-value.
    pub difference: Option<Difference>,
    /// The p-value adjusted by Holm over the pairs of the period.
    pub p_adjusted: Option<f64>,
}

/// The pairs of a period, and the p-value of Pearson's χ² test that all groups have the same rate. The
/// groups share no members.
pub fn contrasts<H: Host>(
    groups: &[GroupCounts],
    control: Option<usize>,
    wilson: &Wilson,
    host: H,
) -> Result<(Vec<Contrast, H>, Option<f64>), Error> {
    if groups.len() > MAX_GROUPS {
        return Err(Error::TooLarge {
            what: "the number of groups",
            hint: "Compare at most 64 groups: put small ones together, or choose with WHERE.",
        });
    }
    if let Some(wrong) = groups.iter().find(|group| group.retained > group.eligible) {
        return Err(Error::bad(
            format!("{} of {} members are retained", wrong.retained, wrong.eligible),
            "retained counts members that are eligible.",
        ));
    }
    let rate = |group: usize| {
        let counts = groups.get(group).filter(|counts| counts.eligible > 0)?;
        Some((counts.retained as f64 / counts.eligible as f64, counts.eligible as f64))
    };
    let mut pace = Pace::new(&host);
    let mut rows = Vec::new_in(host.clone());
    let mut p_values = Vec::new_in(host.clone());
    for first in 0..groups.len() {
        if control.is_some_and(|control| control != first) {
            continue;
        }
        let from = if control.is_some() { 0 } else { first + 1 };
        for second in (from..groups.len()).filter(|second| *second != first) {
            pace.step(1 << 5);
            let difference = rate(first).zip(rate(second)).map(|(a, b)| wilson.difference(a, b));
            p_values.push(difference.map(|d| d.p_value));
            rows.push(Contrast { first, second, difference, p_adjusted: None });
        }
    }
    holm(&mut p_values, &host);
    for (row, p) in rows.iter_mut().zip(p_values) {
        row.p_adjusted = p;
    }
    Ok((rows, homogeneity((0..groups.len()).filter_map(rate))))
}

/// Pearson's χ² of k rates being one, with k − 1 degrees of freedom; none of fewer than two groups.
fn homogeneity(groups: impl Iterator<Item = (f64, f64)> + Clone) -> Option<f64> {
    let (mut n, mut successes, mut k) = (0.0, 0.0, 0usize);
    for (rate, trials) in groups.clone() {
        n += trials;
        successes += rate * trials;
        k += 1;
    }
    if k < 2 {
        return None;
    }
    let pooled = successes / n;
    if pooled <= 0.0 || pooled >= 1.0 {
        return Some(1.0); // nothing speaks against equality
    }
    let sum: f64 = groups.map(|(rate, trials)| trials * (rate - pooled) * (rate - pooled)).sum();
    normal::chi_square_tail(sum / (pooled * (1.0 - pooled)), k - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Global;

    fn counts(groups: &[(u64, u64)]) -> std::vec::Vec<GroupCounts> {
        groups.iter().map(|&(retained, eligible)| GroupCounts { eligible, retained }).collect()
    }

    fn compare(
        groups: &[(u64, u64)],
        control: Option<usize>,
    ) -> (Vec<Contrast, Global>, Option<f64>) {
        let wilson = Wilson::new(0.95).unwrap();
        contrasts(&counts(groups), control, &wilson, Global).unwrap()
    }

    #[test]
    fn the_overall_test_is_pearsons() {
        // scipy: chi2_contingency([[30, 70], [45, 55], [20, 60]], correction=False).pvalue
        let (_, p) = compare(&[(30, 100), (45, 100), (20, 80)], None);
        assert!((p.unwrap() - 0.011101098211850484).abs() < 1e-12);
        // Of two groups it is the test of the difference.
        let (rows, p) = compare(&[(30, 100), (45, 100)], None);
        assert!((p.unwrap() - rows[0].difference.unwrap().p_value).abs() < 1e-12);
        assert_eq!(rows[0].p_adjusted, rows[0].difference.map(|d| d.p_value));
        assert_eq!(compare(&[(3, 9), (0, 0)], None).1, None);
        assert_eq!(compare(&[(9, 9), (2, 2)], None).1, Some(1.0));
    }

    #[test]
    fn pairs_or_the_control() {
        let groups = [(30, 100), (45, 100), (20, 80), (0, 0)];
        let pairs = |control| {
            let (rows, _) = compare(&groups, control);
            rows.iter().map(|row| (row.first, row.second)).collect::<std::vec::Vec<_>>()
        };
        assert_eq!(pairs(None), [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]);
        assert_eq!(pairs(Some(1)), [(1, 0), (1, 2), (1, 3)]);
        // Three tests: the smallest p-value is tripled.
        let (rows, _) = compare(&groups, None);
        let p = |i: usize| rows[i].difference.map(|d| d.p_value);
        let least = [p(0), p(1), p(3)].into_iter().flatten().fold(1.0, f64::min);
        let adjusted = rows.iter().filter_map(|row| row.p_adjusted).fold(1.0, f64::min);
        assert!((adjusted - 3.0 * least).abs() < 1e-15);
        assert_eq!(rows[2].p_adjusted, None);
    }

    #[test]
    fn what_cannot_be() {
        let wilson = Wilson::new(0.95).unwrap();
        assert!(contrasts(&counts(&[(3, 2)]), None, &wilson, Global).is_err());
        assert!(contrasts(&counts(&[(1, 2); 65]), None, &wilson, Global).is_err());
        assert_eq!(compare(&[], None), (Vec::new_in(Global), None));
    }
}
