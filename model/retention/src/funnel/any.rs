//! How many of the steps a member does in whatever order: the first step reached is any of them, the second
//! any other.

use super::chain::{Reached, Start, first_of};
use super::steps::{MAX_STEPS, Steps};
use crate::host::{Host, Pace};
use crate::journeys::Path;

/// Follows a path from a start, an event of any of the steps.
pub fn any_order<H: Host>(
    path: &Path<H>,
    steps: &Steps<H>,
    start: Start,
    pace: &mut Pace<'_, H>,
) -> Reached {
    let mut reached: Reached = [None; MAX_STEPS];
    let mut left = if steps.len() == MAX_STEPS { u32::MAX } else { (1 << steps.len()) - 1 };
    let mut done = 0;
    let (times, codes) = (path.times(), path.codes());
    let mut i = first_of(path, start);
    while let Some(&at) = times.get(i).filter(|at| **at <= start.until) {
        let begin = i;
        let mut is_cut = false;
        while times.get(i) == Some(&at) {
            is_cut |= at > start.at && steps.ends(codes[i]);
            // So many of the steps that are left have this name.
            for _ in 0..path.count(i).min(u64::from((steps.of(codes[i]) & left).count_ones())) {
                left &= !(1 << (steps.of(codes[i]) & left).trailing_zeros());
                reached[done] = Some(at);
                done += 1;
            }
            i += 1;
        }
        pace.step(i - begin);
        if is_cut || left == 0 {
            break;
        }
    }
    reached
}
