//! A row per segment: who is in it, and what they are worth.

use super::cuts::Column;
use super::score::{Plan, scored};
use crate::amount;
use crate::calendar::Zone;
use crate::error::Error;
use crate::history::View;
use crate::host::{Host, Pace, Vec};

/// A segment. Amounts are in millionths; what needs a member or an amount is none without.
#[derive(Debug, Clone, PartialEq)]
pub struct Segment {
    /// Its name; none if the map names none.
    pub name: Option<String>,
    /// Members in it.
    pub members: u64,
    /// Their share of all.
    pub share: Option<f64>,
    /// Mean and median of their recency.
    pub recency: Option<(f64, f64)>,
    /// … of their frequency.
    pub frequency: Option<(f64, f64)>,
    /// … of their monetary value.
    pub monetary: Option<(i128, i128)>,
    /// All their amounts.
    pub revenue: Option<i128>,
    /// The share of that in the amounts of all members.
    pub revenue_share: Option<f64>,
}

/// The segments of a map, in its order, those that nobody is in included.
pub fn segments<H: Host>(
    view: &View<'_, H>,
    zone: &impl Zone,
    plan: &Plan,
    host: H,
) -> Result<std::vec::Vec<Segment>, Error> {
    let scored = scored(view, zone, plan, host.clone())?;
    let measures = &scored.measures;
    let names = &plan.map.segments;
    let all = measures.present as u64;
    if all == 0 {
        return Ok(std::vec::Vec::new());
    }
    // Members by segment: how many, then who.
    let mut pace = Pace::new(&host);
    let mut begins = vec![0usize; names.len().max(1) + 1];
    let mut of_member: Vec<u16, H> = Vec::with_capacity_in(measures.len(), host.clone());
    for i in 0..measures.len() {
        pace.step(1);
        let segment = scored.at(i).map(|(_, _, segment)| segment.unwrap_or(0));
        of_member.push(segment.map_or(u16::MAX, |segment| segment as u16));
        if let Some(segment) = segment {
            begins[segment + 1] += 1;
        }
    }
    for segment in 1..begins.len() {
        begins[segment] += begins[segment - 1];
    }
    let mut members: Vec<u32, H> = Vec::with_capacity_in(measures.present, host.clone());
    members.resize(measures.present, 0);
    let mut next = begins.clone();
    for (i, segment) in of_member.iter().enumerate() {
        pace.step(1);
        if let Some(place) = next.get_mut(usize::from(*segment)).filter(|_| *segment != u16::MAX) {
            members[*place] = i as u32;
            *place += 1;
        }
    }
    let total: i128 =
        (0..measures.len()).map(|i| measures.get(i).map_or(0, |_| measures.revenue(i))).sum();
    let mut segments = std::vec::Vec::new();
    for segment in 0..begins.len() - 1 {
        let members = &members[begins[segment]..begins[segment + 1]];
        let values =
            || members.iter().filter_map(|i| measures.get(*i as usize).map(|values| (*i, values)));
        let n = members.len();
        let (mut days, mut events, mut units, mut revenue) = (0u128, 0u128, 0i128, 0i128);
        let mut recency = Column::of_whole(n, &host);
        let mut frequency = Column::of_whole(n, &host);
        for (i, values) in values() {
            pace.step(1);
            days += u128::from(values.recency);
            recency.push_whole(values.recency.into());
            events += u128::from(values.frequency);
            frequency.push_whole(values.frequency);
            units += values.monetary.unwrap_or(0);
            revenue += measures.revenue(i as usize);
        }
        let mean = |sum: u128| sum as f64 / n as f64;
        let has_amounts = measures.has_amounts();
        let monetary =
            has_amounts.then(|| median_units(values().filter_map(|(_, v)| v.monetary), n, &host));
        segments.push(Segment {
            name: names.get(segment).cloned(),
            members: n as u64,
            share: Some(n as f64 / all as f64),
            recency: recency.median().map(|median| (mean(days), median)),
            frequency: frequency.median().map(|median| (mean(events), median)),
            monetary: monetary
                .flatten()
                .and_then(|median| Some((amount::divide(units, n as i128)?, median))),
            revenue: has_amounts.then_some(revenue),
            revenue_share: (has_amounts && total != 0).then(|| revenue as f64 / total as f64),
        });
    }
    Ok(segments)
}

/// The median of amounts, exact but for half a millionth.
fn median_units<H: Host>(units: impl Iterator<Item = i128>, n: usize, host: &H) -> Option<i128> {
    let mut sorted: Vec<i128, H> = Vec::with_capacity_in(n, host.clone());
    sorted.extend(units);
    let mut pace = Pace::new(host);
    let middle = sorted.len() / 2;
    if sorted.is_empty() {
        return None;
    }
    sorted.sort_unstable_by(|a, b| {
        pace.step(1);
        a.cmp(b)
    });
    let high = sorted[middle];
    if sorted.len() % 2 == 1 {
        return Some(high);
    }
    amount::divide(sorted[middle - 1] + high, 2)
}
