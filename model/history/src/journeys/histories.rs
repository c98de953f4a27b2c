//! Histories of chosen events: what `history_agg` makes of the same rows.

use super::fault::of_journeys;
use super::view::View;
use crate::calendar::{Clock, Grain, Zone};
use crate::error::Error;
use crate::history::blocks::NO_AMOUNT;
use crate::history::meta::Extent;
use crate::history::run::Run;
use crate::history::{History, Meta};
use crate::host::{Host, Pace, Vec};

/// The history of the events that are picked, by the places of their names; none if there are none.
pub fn history_of_events<H: Host>(
    view: &View<'_, H>,
    zone: &impl Zone,
    picked: &[bool],
    grain: Grain,
    host: H,
) -> Result<Option<History<H>>, Error> {
    let mut run = Run::new(host.clone());
    let mut extent = Extent::NOTHING;
    let mut clock = Clock::new(grain, host.scratch());
    let mut ticks = Vec::new_in(host.scratch());
    let mut pace = Pace::new(&host);
    let mut walk = view.walk()?;
    while let Some((member, path)) = walk.next_member()? {
        pace.step(1 + path.len());
        ticks.clear();
        for (i, (&at, &code)) in path.times().iter().zip(path.codes()).enumerate() {
            if picked.get(code as usize) != Some(&true) {
                continue;
            }
            let tick = clock.tick(zone, at);
            extent = extent.and(Extent { first: at, last: at, low: tick, high: tick });
            ticks.push((tick, path.count(i)));
        }
        // Where clocks are set back over midnight, a later event may be on an earlier day.
        if !ticks.is_sorted_by_key(|tick| tick.0) {
            ticks.sort_unstable_by_key(|tick| tick.0);
        }
        let mut written = 0;
        for same in ticks.chunk_by(|a, b| a.0 == b.0) {
            let count = same.iter().fold(0u64, |sum, tick| sum.saturating_add(tick.1));
            run.tick_of_member(written > 0, same[0].0, count, NO_AMOUNT).map_err(of_journeys)?;
            written += 1;
        }
        if written > 0 {
            run.member(member, written);
        }
    }
    if run.totals.members == 0 {
        return Ok(None);
    }
    let meta = Meta::new(view.meta.kind, grain, view.meta.zone(), host.clone());
    Ok(Some(History::of_run(meta, run, extent, host)))
}
