//! Growth accounting of memberships: their churn read as gains, losses and the standing of every member
//! so far.

use super::{Churn, ChurnPeriod};
use crate::churn::growth::quick_ratio;
use crate::host::Host;
use crate::numeric::Estimate;

/// A row of the churn of memberships, as growth accounting reads it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MembershipGrowth {
    /// The row: joined, rejoined, departed, retained and churned.
    pub row: ChurnPeriod,
    /// Members that were in once and are out at the end of the period.
    pub dormant: u64,
    /// Closing − opening = joined + rejoined − departed.
    pub net_change: i64,
    /// (Joined + rejoined) / departed, with its interval; none in the running period, or where nobody
    /// departed.
    pub quick_ratio: Option<Estimate>,
}

impl<H: Host> Churn<H> {
    /// Its rows as growth accounting.
    pub fn growth(&self) -> impl Iterator<Item = MembershipGrowth> {
        self.rows().scan(0u64, |ever, row| {
            *ever += row.joined;
            Some(MembershipGrowth {
                row,
                dormant: *ever - row.closing,
                net_change: row.closing as i64 - row.opening as i64,
                quick_ratio: (row.complete && row.departed > 0)
                    .then(|| quick_ratio(&self.wilson, row.joined + row.rejoined, row.departed)),
            })
        })
    }
}
