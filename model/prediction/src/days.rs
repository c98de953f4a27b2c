//! The days of a history that knows them.

use crate::axis::Cut;
use crate::calendar::{Clock, Grain, Zone};
use crate::error::Error;
use crate::history::View;
use crate::host::Host;

/// How far a history is looked at, and the clock that tells its days.
pub fn cut<H: Host, Z: Zone>(
    view: &View<'_, H>,
    zone: &Z,
    as_of: Option<i64>,
    host: &H,
) -> Result<(Clock<H>, Cut), Error> {
    let grain = view.meta.grain;
    if grain > Grain::Day {
        return Err(Error::bad(
            format!("a history of grain \"{}\" does not know its days", grain.name()),
            "Build the history with the grain 'day' or a finer one (fourth argument of history_agg).",
        ));
    }
    let mut clock = Clock::new(grain, host.clone());
    let cut = Cut::new(view.meta, zone, as_of, &mut clock)?;
    Ok((clock, cut))
}
