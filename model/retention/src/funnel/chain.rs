//! How far a member comes from a start, where whatever happens may be between the steps.
//!
//! Of every step the latest time is kept at which a chain of steps from the start can end there. The latest
//! is as good as any other for what comes: it leaves the most time, and no event that ends chains is behind it
//! that is not behind the others. So a step is reached if there is any chain to it.

use super::steps::{MAX_STEPS, Steps};
use crate::host::{Host, Pace};
use crate::journeys::Path;

/// When each step was reached first, if it was.
pub type Reached = [Option<i64>; MAX_STEPS];

/// A start, and how long it is looked at.
#[derive(Debug, Clone, Copy)]
pub struct Start {
    /// The place of its event in the path, and which of its identical rows it is.
    pub event: usize,
    /// When it was.
    pub at: i64,
    /// The last instant of its window, or the last that is looked at.
    pub until: i64,
}

/// Follows a path from a start.
pub fn ordered<H: Host>(
    path: &Path<H>,
    steps: &Steps<H>,
    start: Start,
    must_increase: bool,
    pace: &mut Pace<'_, H>,
) -> Reached {
    let mut reached: Reached = [None; MAX_STEPS];
    let mut latest: Reached = [None; MAX_STEPS];
    (reached[0], latest[0]) = (Some(start.at), Some(start.at));
    let count = steps.len();
    let mut i = first_of(path, start);
    let times = path.times();
    while let Some(&at) = times.get(i).filter(|at| **at <= start.until) {
        let begin = i;
        while times.get(i) == Some(&at) {
            i += 1;
        }
        pace.step(i - begin);
        let before = latest;
        let mut put = |step: usize| {
            latest[step] = Some(at);
            reached[step] = reached[step].or(Some(at));
        };
        let group = Group { path, steps, events: begin..i, start, at };
        if must_increase || group.is_one_event() {
            for step in 1..count {
                if group.has(step) && follows(steps, &before, step, at, must_increase) {
                    put(step);
                }
            }
        } else if steps.are_distinct {
            for step in 1..count {
                if group.has(step) && follows(steps, &latest, step, at, false) {
                    latest[step] = Some(at);
                    reached[step] = reached[step].or(Some(at));
                }
            }
        } else {
            for step in (1..count).filter(|step| group.has(*step)) {
                if group.leads_to(&before, step) {
                    put(step);
                }
            }
        }
        if group.ends_chains() {
            latest.iter_mut().for_each(|end| *end = end.filter(|end| *end == at));
        }
        if latest.iter().all(Option::is_none) || reached[..count].iter().all(Option::is_some) {
            break;
        }
    }
    reached
}

/// The first event at the time of a start.
pub fn first_of<H: Host>(path: &Path<H>, start: Start) -> usize {
    let before = path.times()[..start.event].iter().rev();
    start.event - before.take_while(|at| **at == start.at).count()
}

/// Can a step at this time follow one of the chains that end at these?
fn follows<H: Host>(
    steps: &Steps<H>,
    latest: &Reached,
    step: usize,
    at: i64,
    must_increase: bool,
) -> bool {
    latest[steps.before(step)].iter().flatten().any(|before| {
        at.saturating_sub(*before) <= steps.within[step] && !(must_increase && *before == at)
    })
}

/// Events at one instant.
struct Group<'p, H: Host> {
    path: &'p Path<H>,
    steps: &'p Steps<H>,
    events: std::ops::Range<usize>,
    start: Start,
    at: i64,
}

impl<H: Host> Group<'_, H> {
    /// How many rows of a name there are, without the one with which the member enters.
    fn rows(&self, code: u32) -> u64 {
        let found = self.events.clone().find(|i| self.path.codes()[*i] == code);
        let rows = found.map_or(0, |i| self.path.count(i));
        rows - u64::from(found == Some(self.start.event) && rows > 0)
    }

    fn is_one_event(&self) -> bool {
        self.events.len() == 1 && self.path.count(self.events.start) == 1
    }

    fn has(&self, step: usize) -> bool {
        self.rows(self.steps.codes[step]) > 0
    }

    fn ends_chains(&self) -> bool {
        self.path.codes()[self.events.clone()].iter().any(|code| self.steps.ends(*code))
    }

    /// Where a name has several steps: can chains that ended before go on to a step with what is here?
    ///
    /// The first of their steps here must be in time; from it on, what can not be left out takes an event
    /// each.
    fn leads_to(&self, before: &Reached, step: usize) -> bool {
        let mut used = [0u64; MAX_STEPS];
        // From the step backwards: how many events of the name of each step are taken.
        let steps = self.steps;
        for first in (1..=step).rev() {
            let is_taken = first == step || !steps.optional[first];
            let place =
                steps.codes.iter().position(|code| *code == steps.codes[first]).unwrap_or(0);
            let rows = self.rows(steps.codes[first]);
            if rows > used[place] && follows(steps, before, first, self.at, false) {
                return true;
            }
            if is_taken {
                used[place] += 1;
                if rows < used[place] {
                    return false;
                }
            }
        }
        false
    }
}
