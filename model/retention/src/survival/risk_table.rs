//! The risk table of members: time by time, who is at risk, who leaves, who is lost from sight.

use crate::host::{Host, Pace, Vec};

/// Those whose time ends at one moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Exit {
    /// The time since the beginning.
    pub time: f64,
    /// Members that left.
    pub events: u64,
    /// Members last seen then, still there.
    pub censored: u64,
}

impl Exit {
    pub(crate) fn add(&mut self, churned: bool, members: u64) {
        let place = if churned { &mut self.events } else { &mut self.censored };
        *place = place.saturating_add(members);
    }
}

/// Those who are at risk at the time of an exit, and the exit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Risk {
    pub(crate) at_risk: u64,
    pub(crate) exit: Exit,
}

/// Exits in the order of time, and when late members enter.
#[derive(Debug)]
pub struct RiskTable<H: Host> {
    exits: Vec<Exit, H>,
    /// Times and numbers of those who are not seen from the beginning.
    entries: Vec<(f64, u64), H>,
    members: u64,
}

impl<H: Host> RiskTable<H> {
    /// `exits` in order and each at its own time.
    pub(crate) fn new(exits: Vec<Exit, H>, mut entries: Vec<(f64, u64), H>) -> Self {
        let host = exits.allocator().clone();
        let mut pace = Pace::new(&host);
        entries.sort_unstable_by(|a, b| {
            pace.step(1);
            a.0.total_cmp(&b.0)
        });
        let members = exits.iter().map(|exit| exit.events + exit.censored).sum();
        RiskTable { exits, entries, members }
    }

    /// How many members there are.
    pub fn members(&self) -> u64 {
        self.members
    }

    pub(crate) fn exits(&self) -> &[Exit] {
        &self.exits
    }

    /// When and how many members enter late.
    pub(crate) fn entries(&self) -> &[(f64, u64)] {
        &self.entries
    }

    /// The longest duration.
    pub fn longest(&self) -> Option<f64> {
        self.end()
    }

    pub(crate) fn end(&self) -> Option<f64> {
        self.exits.last().map(|exit| exit.time)
    }

    /// How many times somebody leaves or is lost from sight.
    pub(crate) fn len(&self) -> usize {
        self.exits.len()
    }

    pub(crate) fn host(&self) -> &H {
        self.exits.allocator()
    }

    /// Every exit with the number of those who are at risk then: seen before, and until then or
    /// longer.
    pub(crate) fn risks(&self) -> impl Iterator<Item = Risk> {
        let late: u64 = self.entries.iter().map(|entry| entry.1).sum();
        let mut present = self.members - late;
        let mut entries = self.entries.iter().peekable();
        self.exits.iter().map(move |&exit| {
            while let Some((_, members)) = entries.next_if(|entry| entry.0 < exit.time) {
                present += members;
            }
            let at_risk = present;
            present -= exit.events + exit.censored;
            Risk { at_risk, exit }
        })
    }
}
