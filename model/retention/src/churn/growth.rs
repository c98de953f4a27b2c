//! Growth accounting: the ledger read as gains, losses and the standing of every member so far.

use super::{Ledger, LedgerPeriod};
use crate::calendar::Zone;
use crate::host::Host;
use crate::numeric::{Estimate, Wilson};

/// A row of the ledger, as growth accounting reads it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Growth {
    /// The row: new, retained, reactivated and churned.
    pub row: LedgerPeriod,
    /// Members that were in once and are out at the end of the period.
    pub dormant: u64,
    /// Closing − opening.
    pub net_change: i64,
    /// (New + reactivated) / churned, with its interval; none in the running period, or where nobody
    /// churned.
    pub quick_ratio: Option<Estimate>,
}

/// The rows of a ledger as growth accounting.
pub fn growth<Z: Zone, H: Host>(ledger: &Ledger<'_, Z, H>) -> impl Iterator<Item = Growth> {
    ledger.rows().scan(0u64, |ever, row| {
        *ever += row.new;
        Some(Growth {
            row,
            dormant: *ever - row.closing,
            net_change: row.closing as i64 - row.opening as i64,
            quick_ratio: (row.complete && row.churned > 0)
                .then(|| quick_ratio(&ledger.wilson, row.new + row.reactivated, row.churned)),
        })
    })
}

/// Gains / losses, which must not be 0. Of all movements, the share q that are losses has Wilson's
/// interval, and the ratio is (1 − q) / q.
pub(super) fn quick_ratio(wilson: &Wilson, gains: u64, losses: u64) -> Estimate {
    let (low, high) = wilson.interval(losses, gains + losses);
    let ratio = |q: f64| (1.0 - q) / q;
    Estimate::new(gains as f64 / losses as f64, (ratio(high), ratio(low)))
}
