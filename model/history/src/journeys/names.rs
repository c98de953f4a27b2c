//! The names of events: how often each occurs, and which one somebody means.

use super::view::View;
use crate::error::{Error, shorten};
use crate::host::{Host, Pace, Vec};
use model_kit::names::nearest;

/// How often an event occurs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Members with it.
    pub members: u64,
    /// Rows of it.
    pub events: u64,
}

/// How often each event occurs, by the place of its name.
pub fn tally<H: Host>(view: &View<'_, H>) -> Result<Vec<Tally, H>, Error> {
    let host = view.host();
    let mut tallies = Vec::new_in(host.clone());
    tallies.resize(view.names.len(), Tally::default());
    // The member, by number from 1, that had it last.
    let mut seen = Vec::new_in(host.clone());
    seen.resize(view.names.len(), 0u64);
    let (mut pace, mut number) = (Pace::new(host), 0);
    let mut walk = view.walk()?;
    while let Some((_, path)) = walk.next_member()? {
        pace.step(1 + path.len());
        number += 1;
        for (i, code) in path.codes().iter().enumerate() {
            let (tally, seen) = (&mut tallies[*code as usize], &mut seen[*code as usize]);
            tally.events = tally.events.saturating_add(path.count(i));
            tally.members += u64::from(std::mem::replace(seen, number) != number);
        }
    }
    Ok(tallies)
}

/// The place of an event's name. One that is not there is an error that lists the nearest.
pub fn event_of<H: Host>(view: &View<'_, H>, what: &str, name: &str) -> Result<u32, Error> {
    if let Ok(place) = view.names.binary_search(&name.as_bytes()) {
        return Ok(place as u32);
    }
    let mut pace = Pace::new(view.host());
    let texts = view.names.iter().filter_map(|name| {
        pace.step(64);
        std::str::from_utf8(name).ok()
    });
    let near: std::vec::Vec<_> = nearest(name, texts, 3).into_iter().map(shorten).collect();
    let near = near.join("', '");
    Err(Error::Miswritten {
        message: format!("{what} \"{}\" is no event of the journeys", shorten(name)),
        hint: format!("The nearest names: '{near}'. events_of(j) lists all."),
    })
}

/// Which events a list of names picks, by the places of the names.
pub fn events_of<H: Host>(
    view: &View<'_, H>,
    what: &str,
    names: &[Option<&str>],
) -> Result<Vec<bool, H>, Error> {
    let mut picked = Vec::new_in(view.host().clone());
    picked.resize(view.names.len(), false);
    for name in names {
        let Some(name) = name else {
            return Err(Error::bad(
                format!("a NULL is among the {what}s"),
                "Name events, such as ARRAY['sign up', 'order'].",
            ));
        };
        picked[event_of(view, what, name)? as usize] = true;
    }
    Ok(picked)
}
