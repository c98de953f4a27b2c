//! The time from step to step: a Kaplan–Meier estimate, since some are still on their way.

/// The times after which a quarter, half and three quarters have gone on, in microseconds, of `waits` that
/// are sorted: twice the time, and 1 more if nothing followed. None where the curve does not reach.
///
/// E. L. Kaplan and P. Meier, "Nonparametric Estimation from Incomplete Observations", Journal of the
/// American Statistical Association 53 (1958), 457–481.
pub fn quartiles(waits: impl ExactSizeIterator<Item = u64>) -> [Option<i64>; 3] {
    let mut quartiles = [None; 3];
    let (mut at_risk, mut survival) = (waits.len() as u64, 1.0);
    let mut waits = waits.peekable();
    while let Some(wait) = waits.next() {
        let (mut ended, mut gone) = (1 - (wait & 1), 1);
        while let Some(same) = waits.next_if(|next| *next >> 1 == wait >> 1) {
            ended += 1 - (same & 1);
            gone += 1;
        }
        survival *= (at_risk - ended) as f64 / at_risk as f64;
        at_risk -= gone;
        for (quartile, share) in quartiles.iter_mut().zip([0.25, 0.5, 0.75]) {
            // The product of many shares misses a whole quarter by its last bits.
            if quartile.is_none() && survival <= 1.0 - share + 1e-12 {
                *quartile = Some((wait >> 1) as i64);
            }
        }
    }
    quartiles
}
