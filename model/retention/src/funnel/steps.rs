//! The steps of a funnel as names of events of some journeys.

use super::question::{Mode, StepsAsked};
use crate::calendar::exact_micros;
use crate::error::{Error, shorten};
use crate::host::{Host, Vec};
use crate::journeys::{View, event_of};

/// Steps that a funnel may have.
pub const MAX_STEPS: usize = 32;

/// The steps of a funnel.
#[derive(Debug)]
pub struct Steps<H: Host> {
    /// The place of each one's name among those of the journeys.
    pub codes: std::vec::Vec<u32>,
    /// May it be left out?
    pub(super) optional: std::vec::Vec<bool>,
    /// The longest time since the step before.
    pub(super) within: std::vec::Vec<i64>,
    /// Of each name, the steps that it stands for: a bit for each.
    pub(super) of_code: Vec<u32, H>,
    /// Of each name: does it end a chain?
    pub(super) excluded: Vec<bool, H>,
    /// Has no name two steps?
    pub(super) are_distinct: bool,
}

impl<H: Host> Steps<H> {
    /// The steps that were asked for, checked.
    pub fn new(view: &View<'_, H>, asked: &StepsAsked<'_>, mode: Mode) -> Result<Self, Error> {
        let count = asked.events.len();
        if count == 0 || count > MAX_STEPS {
            return Err(Error::bad(
                format!("{count} steps are not 1 to {MAX_STEPS}"),
                "Name the events of the steps in their order, up to 32 of them: ARRAY['sign up', 'order'].",
            ));
        }
        let name = |what: &str, name: &Option<&str>| match name {
            Some(name) => event_of(view, what, name),
            None => Err(Error::bad(
                format!("a NULL is among the {what}s"),
                "Name events, such as ARRAY['sign up', 'order'].",
            )),
        };
        let mut of_code = Vec::new_in(view.host().clone());
        of_code.resize(view.names.len(), 0u32);
        let mut codes = std::vec::Vec::with_capacity(count);
        for (step, event) in asked.events.iter().enumerate() {
            let code = name("step", event)?;
            of_code[code as usize] |= 1 << step;
            codes.push(code);
        }
        let mut excluded = Vec::new_in(view.host().clone());
        excluded.resize(view.names.len(), false);
        for event in asked.excluded {
            let code = name("excluded event", event)?;
            if of_code[code as usize] != 0 {
                return Err(Error::bad(
                    format!(
                        "\"{}\" is both a step and excluded",
                        shorten(event.unwrap_or_default())
                    ),
                    "An event either leads on or ends the way: leave it out of one of the two.",
                ));
            }
            excluded[code as usize] = true;
        }
        let are_distinct = of_code.iter().all(|steps| steps.count_ones() <= 1);
        let steps = Steps {
            optional: optional(asked.optional, count)?,
            within: windows(asked.within, count)?,
            codes,
            of_code,
            excluded,
            are_distinct,
        };
        if mode == Mode::AnyOrder && (asked.within.is_some() || !asked.optional.is_empty()) {
            return Err(Error::bad(
                "mode 'any order' knows no step before: step_within and optional do not go with it",
                "Leave them out, or take mode 'ordered'.",
            ));
        }
        Ok(steps)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.codes.len()
    }

    /// Are there none? There always are some.
    pub fn is_empty(&self) -> bool {
        self.codes.is_empty()
    }

    /// The steps of a name.
    #[inline]
    pub(super) fn of(&self, code: u32) -> u32 {
        self.of_code.get(code as usize).copied().unwrap_or_default()
    }

    /// Does a name end a chain?
    #[inline]
    pub(super) fn ends(&self, code: u32) -> bool {
        self.excluded.get(code as usize).copied().unwrap_or_default()
    }

    /// The steps that may be the one before a step: the last that is needed, and those after it.
    #[inline]
    pub(super) fn before(&self, step: usize) -> std::ops::Range<usize> {
        self.needed_before(step)..step
    }

    /// The last step before this one that can not be left out.
    pub(super) fn needed_before(&self, step: usize) -> usize {
        (0..step).rev().find(|before| !self.optional[*before]).unwrap_or(0)
    }
}

fn optional(numbers: &[Option<i32>], count: usize) -> Result<std::vec::Vec<bool>, Error> {
    let mut optional = vec![false; count];
    for number in numbers {
        let step = number.and_then(|number| usize::try_from(number).ok());
        match step.filter(|step| (2..=count).contains(step)) {
            Some(step) => optional[step - 1] = true,
            None => {
                let given = number.map_or("NULL".to_string(), |number| number.to_string());
                return Err(Error::bad(
                    format!(
                        "optional {given} is not the number of a step after the first of {count}"
                    ),
                    "Give the numbers of steps that may be left out, such as ARRAY[3]; the first can not be.",
                ));
            }
        }
    }
    Ok(optional)
}

fn windows(texts: Option<&[Option<&str>]>, count: usize) -> Result<std::vec::Vec<i64>, Error> {
    let mut within = vec![i64::MAX; count];
    let Some(texts) = texts else { return Ok(within) };
    if texts.len() != count - 1 {
        return Err(Error::bad(
            format!("step_within has {} entries for {count} steps", texts.len()),
            "Give one for each step after the first: the longest time since the step before, or NULL for no \
             limit.",
        ));
    }
    for (place, text) in within.iter_mut().skip(1).zip(texts) {
        if let Some(text) = text {
            *place = exact_micros("step_within", text)?;
        }
    }
    Ok(within)
}
