//! The ledgers of two groups against each other: do they churn alike?

use super::LedgerPeriod;
use crate::numeric::{Difference, Estimate, Wilson};

/// One period of two ledgers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LedgerPair {
    /// First day of the period.
    pub period_start: i64,
    /// Members of each group at its opening.
    pub opening: [u64; 2],
    /// Those of them that are not in at its end.
    pub churned: [u64; 2],
    /// Churned / opening of each; none in the running period, or where nobody could churn.
    pub churn_rate: [Option<Estimate>; 2],
    /// Second rate − first rate, with its interval and p-value.
    pub difference: Option<Difference>,
    /// Has the period ended?
    pub complete: bool,
}

/// The rows of two ledgers of the same periods, side by side: a period that only one of them has is
/// one without members for the other. The groups must share no members.
pub fn pairs(
    first: impl Iterator<Item = LedgerPeriod>,
    second: impl Iterator<Item = LedgerPeriod>,
    wilson: Wilson,
) -> impl Iterator<Item = LedgerPair> {
    let (mut first, mut second) = (first.peekable(), second.peekable());
    std::iter::from_fn(move || {
        let starts = [first.peek(), second.peek()].map(|row| row.map(|row| row.period_start));
        let period_start = starts.into_iter().flatten().min()?;
        let rows = [
            first.next_if(|row| row.period_start == period_start),
            second.next_if(|row| row.period_start == period_start),
        ];
        let complete = rows.iter().flatten().all(|row| row.complete);
        let opening = rows.map(|row| row.map_or(0, |row| row.opening));
        let churned = rows.map(|row| row.map_or(0, |row| row.churned));
        let share = |i: usize| wilson.share(churned[i], opening[i]).filter(|_| complete);
        let churn_rate = [share(0), share(1)];
        let difference = churn_rate[0].zip(churn_rate[1]).map(|(a, b)| {
            let [n1, n2] = opening.map(|members| members as f64);
            wilson.difference((a.value, n1), (b.value, n2))
        });
        Some(LedgerPair { period_start, opening, churned, churn_rate, difference, complete })
    })
}
