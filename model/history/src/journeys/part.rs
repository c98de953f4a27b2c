//! Parts of journeys: of some days, or without some members.

use super::Journeys;
use super::fault::{MAX_NAMES, too_many_names};
use super::rewrite::{self, Keep};
use super::view::View;
use crate::error::Error;
use crate::history::MemberRef;
use crate::history::meta::Extent;
use crate::host::Host;

struct Wanted<F> {
    member: F,
    times: (i64, i64),
}

impl<F: FnMut(MemberRef<'_>) -> bool> Keep for Wanted<F> {
    fn member(&mut self, member: MemberRef<'_>) -> bool {
        (self.member)(member)
    }
    fn times(&self) -> (i64, i64) {
        self.times
    }
}

/// The events of the members that `keep_member` wants, from an instant to another, both included; none if
/// nothing is left.
pub fn part_of<H: Host>(
    view: &View<'_, H>,
    times: (i64, i64),
    keep_member: impl FnMut(MemberRef<'_>) -> bool,
    host: H,
) -> Result<Option<Journeys<H>>, Error> {
    let mut keep = Wanted { member: keep_member, times };
    let (survey, _) = rewrite::survey(view, &mut keep, &host)?;
    let Some((first, last)) = survey.ends else { return Ok(None) };
    let mut part = Journeys::like(view, host.clone());
    for place in &survey.places {
        let number = part.names.number(view.names[*place as usize]);
        number.filter(|number| (*number as usize) < MAX_NAMES).ok_or_else(too_many_names)?;
    }
    let run = rewrite::kept(view, &mut keep, &survey, &host)?;
    part.meta.extent = Some(Extent { first, last, low: first, high: last });
    part.runs.push(run);
    Ok(Some(part))
}
