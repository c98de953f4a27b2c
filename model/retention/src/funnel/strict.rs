//! How far a member comes from a start, where what is between the steps matters: the first event that fits
//! the next step is taken.
//!
//! What happens at one instant counts in the order of the steps, and before it what is no step.

use super::chain::{Reached, Start, first_of};
use super::question::Mode;
use super::steps::{MAX_STEPS, Steps};
use crate::host::{Host, Pace};
use crate::journeys::Path;

/// Follows a path from a start.
pub fn strict<H: Host>(
    path: &Path<H>,
    steps: &Steps<H>,
    start: Start,
    mode: Mode,
    pace: &mut Pace<'_, H>,
) -> Reached {
    let mut reached: Reached = [None; MAX_STEPS];
    reached[0] = Some(start.at);
    let mut way = Way { steps, mode, done: 1, last: 0, at: start.at };
    let (times, codes) = (path.times(), path.codes());
    let mut i = first_of(path, start);
    while let Some(&at) = times.get(i).filter(|at| **at <= start.until) {
        let begin = i;
        while times.get(i) == Some(&at) {
            i += 1;
        }
        pace.step(i - begin);
        let others = || codes[begin..i].iter().filter(|code| steps.of(**code) == 0);
        if mode == Mode::StrictOrder && at > start.at && others().any(|code| !steps.ends(*code)) {
            break;
        }
        // The names of steps at this instant, by the first step of each.
        for step in 0..steps.len() {
            let code = steps.codes[step];
            if steps.of(code).trailing_zeros() as usize != step {
                continue;
            }
            let Some(place) = (begin..i).find(|i| codes[*i] == code) else { continue };
            let rows = path.count(place) - u64::from(place == start.event);
            // More of the same are repetitions like the last one.
            for _ in 0..rows.min(1 + MAX_STEPS as u64) {
                match way.see(code, at) {
                    Seen::Step(step) => reached[step] = Some(at),
                    Seen::Nothing => {}
                    Seen::End => return reached,
                }
            }
        }
        let is_cut = others().any(|code| steps.ends(*code)) && way.at < at;
        if is_cut || way.last + 1 == steps.len() {
            break;
        }
    }
    reached
}

/// What an event is to somebody on the way.
enum Seen {
    Step(usize),
    Nothing,
    End,
}

struct Way<'s, H: Host> {
    steps: &'s Steps<H>,
    mode: Mode,
    /// The steps that are done: a bit for each.
    done: u32,
    /// The step that was done last, and when.
    last: usize,
    at: i64,
}

impl<H: Host> Way<'_, H> {
    /// An event of a name that has steps.
    fn see(&mut self, code: u32, at: i64) -> Seen {
        let of = self.steps.of(code);
        for next in self.last + 1..self.steps.len() {
            let in_time = at.saturating_sub(self.at) <= self.steps.within[next];
            if of >> next & 1 == 1 && in_time {
                (self.last, self.at) = (next, at);
                self.done |= 1 << next;
                return Seen::Step(next);
            }
            if !self.steps.optional[next] {
                break;
            }
        }
        let ends = match self.mode {
            Mode::StrictOrder => of >> self.last & 1 == 0,
            // A repetition of the first step is another start.
            _ => of & self.done & !1 != 0,
        };
        if ends { Seen::End } else { Seen::Nothing }
    }
}
