//! Which groups leave more: the members at a period's opening, by attributes of theirs.
//!
//! Every value of an attribute is compared with all others of the same attribute, who are other
//! members: the ratio of the two rates, a test of their being the same, and, since many values are
//! looked at in one call, the false discovery rate.

use crate::error::Error;
use crate::host::{Host, Pace, Vec};
use crate::numeric::{Estimate, Wilson, benjamini_hochberg, ratio};

/// The members of a group.
#[derive(Debug, Clone, Copy)]
pub struct ChurnGroup {
    /// The attribute by which it is made, as a number: groups of one attribute share no members.
    pub dimension: usize,
    /// Members in at the period's opening.
    pub opening: u64,
    /// Those of them that are not in at its end.
    pub churned: u64,
}

/// A group against the rest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Contrast {
    /// Churned / opening.
    pub churn_rate: Option<Estimate>,
    /// That rate / the rate of all others of the attribute; none if there are no others, or nobody
    /// churned at all.
    pub ratio: Option<Estimate>,
    /// Of the two-sided score test that the rates are the same.
    pub p_value: Option<f64>,
    /// The p-value adjusted over all groups.
    pub q_value: Option<f64>,
}

/// Compares every group with the others of its dimension.
pub fn contrasts<H: Host>(
    groups: &[ChurnGroup],
    confidence: f64,
    host: H,
) -> Result<Vec<Contrast, H>, Error> {
    let wilson = Wilson::new(confidence)?;
    let mut pace = Pace::new(&host);
    let dimensions = groups.iter().map(|group| group.dimension + 1).max().unwrap_or(0);
    let mut totals = Vec::new_in(host.clone());
    totals.resize(dimensions, (0u64, 0u64));
    for group in groups {
        pace.step(1);
        if group.churned > group.opening {
            return Err(Error::bad(
                format!("{} of {} members churned", group.churned, group.opening),
                "churned counts members of opening.",
            ));
        }
        if let Some((opening, churned)) = totals.get_mut(group.dimension) {
            *opening = opening.saturating_add(group.opening);
            *churned = churned.saturating_add(group.churned);
        }
    }
    let mut rows = Vec::with_capacity_in(groups.len(), host.clone());
    let mut q_values = Vec::with_capacity_in(groups.len(), host.clone());
    for group in groups {
        pace.step(1 << 7); // the ends of the ratio are searched for
        let (opening, churned) = totals.get(group.dimension).copied().unwrap_or_default();
        let rest = (churned - group.churned, opening - group.opening);
        let churn_rate = wilson.share(group.churned, group.opening);
        let p_value = churn_rate.zip(wilson.share(rest.0, rest.1)).map(|(own, others)| {
            let (n, others_n) = (group.opening as f64, rest.1 as f64);
            wilson.difference((others.value, others_n), (own.value, n)).p_value
        });
        let ratio = ratio(&wilson, (group.churned, group.opening), rest);
        rows.push(Contrast { churn_rate, ratio, p_value, q_value: None });
        q_values.push(p_value);
    }
    benjamini_hochberg(&mut q_values, &host);
    for (row, q_value) in rows.iter_mut().zip(q_values) {
        row.q_value = q_value;
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::{Global, testing::stops};

    fn group(dimension: usize, churned: u64, opening: u64) -> ChurnGroup {
        ChurnGroup { dimension, opening, churned }
    }

    #[test]
    fn each_value_is_held_against_the_others_of_its_dimension() {
        let groups = [
            group(0, 36, 40),
            group(0, 16, 80),
            group(1, 10, 60),
            group(1, 42, 60),
            group(2, 5, 9),
        ];
        let rows = contrasts(&groups, 0.95, Global).unwrap();
        // scipy: chi2_contingency([[36, 4], [16, 64]], correction=False).pvalue
        assert!(
            (rows[0].p_value.unwrap() / 2.9932199105774044e-13 - 1.0).abs() < 1e-9,
            "{:?}",
            rows[0]
        );
        assert_eq!(rows[0].p_value, rows[1].p_value);
        assert!((rows[0].ratio.unwrap().value - 4.5).abs() < 1e-12);
        assert!((rows[1].ratio.unwrap().value - 1.0 / 4.5).abs() < 1e-12);
        // Nobody is left to compare the only value of a dimension with.
        assert_eq!((rows[4].ratio, rows[4].p_value, rows[4].q_value), (None, None, None));
        assert!(rows[4].churn_rate.is_some());
        // Of four tests the two largest p-values stay as they are.
        assert_eq!(rows[2].q_value, rows[2].p_value);
        assert!(rows[0].q_value.unwrap() >= rows[0].p_value.unwrap());
    }

    #[test]
    fn what_cannot_be() {
        assert!(contrasts(&[group(0, 3, 2)], 0.95, Global).is_err());
        assert!(contrasts(&[], 0.95, Global).unwrap().is_empty());
        assert!(
            contrasts(&[group(0, 0, 0), group(0, 0, 5)], 0.95, Global).unwrap()[0].ratio.is_none()
        );
        let many: std::vec::Vec<_> = (0..20_000).map(|_| group(0, 1, 2)).collect();
        assert!(stops(|| contrasts(&many, 0.95, Global)));
    }
}
