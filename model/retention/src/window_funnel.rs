//! How far the rows of one group come in a chain of conditions, as windowFunnel of columnar engines counts it.
//!
//! Rows are looked at in the order of their times, at one time in the order of the conditions that they meet;
//! a row that meets several stands once for each. Whoever meets the first condition begins; of every step the
//! latest beginning is kept from which it was reached within the window, and a step is reached from the one
//! before. In all modes but 'once' one row may so be several steps.

use crate::calendar::exact_micros;
use crate::error::{Error, Malformed};
use crate::host::{Host, Pace, Vec};
use crate::state::State;
use crate::varint::{self, Bytes, unzigzag, zigzag};

/// Conditions that there may be.
pub const MAX_CONDITIONS: usize = 32;

/// Which chains count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Modes {
    /// A row that meets none of the conditions, or a later one too early, ends the chain.
    pub strict_order: bool,
    /// Each step is later than the one before.
    pub strict_increase: bool,
    /// A step that is done ends the chain when it comes again.
    pub strict_deduplication: bool,
    /// No row is two steps of one chain.
    pub once: bool,
}

impl Modes {
    /// The modes in a text: one, or several with commas between.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut modes = Modes::default();
        for word in text.split(',') {
            match word.trim().to_ascii_lowercase().replace('_', " ").as_str() {
                "default" | "ordered" => {}
                "strict order" | "fixed" => modes.strict_order = true,
                "strict increase" | "increase" => modes.strict_increase = true,
                "strict deduplication" | "deduplication" | "no repeats" => {
                    modes.strict_deduplication = true;
                }
                "strict once" | "once" => modes.once = true,
                _ => {
                    return Err(Error::UnknownName {
                        what: "mode",
                        given: word.trim().to_string(),
                        valid: "default, strict_order, strict_increase, strict_deduplication, strict_once; or \
                                several with commas between",
                    });
                }
            }
        }
        if modes.once && (modes.strict_order || modes.strict_deduplication) {
            return Err(Error::bad(
                "mode strict_once goes with strict_increase alone",
                "Leave one of the modes out.",
            ));
        }
        Ok(modes)
    }

    fn code(self) -> u8 {
        let flags = [self.strict_order, self.strict_increase, self.strict_deduplication, self.once];
        flags.iter().fold(0, |code, flag| code << 1 | u8::from(*flag))
    }

    fn from_code(code: u8) -> Self {
        let flag = |bit: u8| code >> bit & 1 == 1;
        Modes {
            strict_order: flag(3),
            strict_increase: flag(2),
            strict_deduplication: flag(1),
            once: flag(0),
        }
    }
}

/// What is asked, the same for all rows of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowQuestion {
    /// The longest time from the first step to the last, in microseconds.
    pub within: i64,
    /// Which chains count.
    pub modes: Modes,
    /// The number of conditions.
    pub conditions: usize,
}

impl WindowQuestion {
    /// The window of a text.
    pub fn window_of(text: &str) -> Result<i64, Error> {
        exact_micros("within", text)
    }

    /// The window of a number of seconds.
    pub fn window_of_seconds(seconds: i64) -> Result<i64, Error> {
        if seconds < 0 {
            return Err(Error::bad(
                format!("within {seconds} is less than nothing"),
                "Take a number of seconds, or a text such as '7 days'.",
            ));
        }
        Ok(seconds.saturating_mul(crate::calendar::SECOND).min(i64::MAX / 2))
    }

    /// A number of conditions that there may be.
    pub fn check(&self) -> Result<(), Error> {
        if (1..=MAX_CONDITIONS).contains(&self.conditions) {
            return Ok(());
        }
        Err(Error::bad(
            format!("{} conditions are not 1 to {MAX_CONDITIONS}", self.conditions),
            "Give a condition for each step, up to 32 of them: event = 'sign up', event = 'order'.",
        ))
    }
}

/// The rows of a group.
#[derive(Debug)]
pub struct WindowFunnel<H: Host> {
    question: Option<WindowQuestion>,
    /// When, and which conditions: a bit for each.
    rows: Vec<(i64, u32), H>,
}

impl<H: Host> WindowFunnel<H> {
    /// No rows.
    pub fn new(host: H) -> Self {
        WindowFunnel { question: None, rows: Vec::new_in(host) }
    }

    /// Adds a row.
    #[inline]
    pub fn push(&mut self, question: WindowQuestion, at: i64, met: u32) -> Result<(), Error> {
        self.ask(question)?;
        if met != 0 || question.modes.strict_order {
            self.rows.push((at, met));
        }
        Ok(())
    }

    /// The question must be the same for all rows.
    fn ask(&mut self, question: WindowQuestion) -> Result<(), Error> {
        match self.question {
            Some(before) if before == question => Ok(()),
            None => {
                question.check()?;
                self.question = Some(question);
                Ok(())
            }
            Some(_) => Err(Error::bad(
                "window, mode and number of conditions differ between the rows of a group",
                "They must be the same for all rows of one group: GROUP BY them.",
            )),
        }
    }

    /// The number of the last step that was reached, 0 for none.
    pub fn level(&mut self) -> u32 {
        let Some(question) = self.question else { return 0 };
        let host = self.rows.allocator().clone();
        let mut pace = Pace::new(&host);
        self.rows.sort_unstable_by(|a, b| {
            pace.step(1);
            a.cmp(b)
        });
        if question.modes.once {
            once(&self.rows, question, &mut pace)
        } else {
            plain(&self.rows, question, &mut pace)
        }
    }
}

/// From when a step was reached, and when.
type Level = Option<(i64, i64)>;

/// The number of the highest step that was reached.
fn highest(levels: &[Level]) -> u32 {
    levels.iter().rposition(Option::is_some).map_or(0, |step| step as u32 + 1)
}

fn plain<H: Host>(rows: &[(i64, u32)], question: WindowQuestion, pace: &mut Pace<'_, H>) -> u32 {
    let WindowQuestion { within, modes, conditions } = question;
    let mut reached: [Level; MAX_CONDITIONS] = [None; MAX_CONDITIONS];
    let levels = &mut reached[..conditions];
    let mut has_begun = false;
    for same in rows.chunk_by(|a, b| a.0 == b.0) {
        pace.step(same.len());
        let at = same[0].0;
        if modes.strict_order && has_begun && same[0].1 == 0 {
            break; // The first of those at this time: rows are sorted.
        }
        for step in 0..conditions {
            let times = same.iter().filter(|row| row.1 >> step & 1 == 1).count();
            // Once more than once tells all: a third row changes nothing that the second did not.
            for _ in 0..times.min(2) {
                if step == 0 {
                    (levels[0], has_begun) = (Some((at, at)), true);
                    continue;
                }
                if modes.strict_deduplication && levels[step].is_some() {
                    return highest(levels);
                }
                match levels[step - 1] {
                    None if modes.strict_order && has_begun => {
                        return levels.iter().position(Option::is_none).unwrap_or(0) as u32;
                    }
                    Some((start, last))
                        if at.saturating_sub(start) <= within
                            && !(modes.strict_increase && last == at) =>
                    {
                        levels[step] = Some((start, at));
                        if step + 1 == conditions {
                            return conditions as u32;
                        }
                    }
                    _ => {}
                }
            }
        }
    }
    // One condition is met or not, whatever comes before it.
    highest(levels)
}

fn once<H: Host>(rows: &[(i64, u32)], question: WindowQuestion, pace: &mut Pace<'_, H>) -> u32 {
    let WindowQuestion { within, modes, conditions } = question;
    let mut levels: [Option<i64>; MAX_CONDITIONS] = [None; MAX_CONDITIONS];
    for same in rows.chunk_by(|a, b| a.0 == b.0) {
        pace.step(same.len());
        let at = same[0].0;
        let before = levels;
        // Chains that were at a step before, or that begin here, go on with rows of their own.
        for first in 0..conditions {
            let start = match first.checked_sub(1) {
                None => Some(at),
                Some(step) => before[step].filter(|start| at.saturating_sub(*start) <= within),
            };
            let Some(start) = start else { continue };
            let mut taken = Matching::new(same);
            for (step, level) in levels[..conditions].iter_mut().enumerate().skip(first) {
                if step > first && modes.strict_increase || !taken.add(step) {
                    break;
                }
                *level = Some(level.map_or(start, |other| other.max(start)));
            }
        }
    }
    levels[..conditions].iter().rposition(Option::is_some).map_or(0, |step| step as u32 + 1)
}

/// Steps with a row each. H. W. Kuhn, "The Hungarian Method for the Assignment Problem", Naval Research
/// Logistics Quarterly 2 (1955): a step takes a row, and whoever had it takes another.
struct Matching<'r> {
    rows: &'r [(i64, u32)],
    /// The row of each step.
    row_of: [usize; MAX_CONDITIONS],
    /// The steps that have one.
    steps: u32,
}

impl<'r> Matching<'r> {
    fn new(rows: &'r [(i64, u32)]) -> Self {
        Matching { rows, row_of: [0; MAX_CONDITIONS], steps: 0 }
    }

    /// Is there a row for one more step?
    fn add(&mut self, step: usize) -> bool {
        let found = self.find(step, &mut 0);
        if found {
            self.steps |= 1 << step;
        }
        found
    }

    fn find(&mut self, step: usize, tried: &mut u32) -> bool {
        *tried |= 1 << step;
        // Of rows that meet the same conditions, no more than there are steps matter.
        let rows = self.rows;
        for (row, _) in rows.iter().enumerate().filter(|(_, row)| row.1 >> step & 1 == 1) {
            let holder = (0..MAX_CONDITIONS)
                .find(|other| self.steps >> other & 1 == 1 && self.row_of[*other] == row);
            let is_free = match holder {
                None => true,
                Some(other) => *tried >> other & 1 == 0 && self.find(other, tried),
            };
            if is_free {
                self.row_of[step] = row;
                return true;
            }
        }
        false
    }
}

impl<H: Host> State<H> for WindowFunnel<H> {
    fn merge(&mut self, other: &Self) -> Result<(), Error> {
        if let Some(question) = other.question {
            self.ask(question)?;
        }
        let host = self.rows.allocator().clone();
        let mut pace = Pace::new(&host);
        self.rows.reserve(other.rows.len());
        for row in &other.rows {
            pace.step(1);
            self.rows.push(*row);
        }
        Ok(())
    }

    fn write(&self, out: &mut Vec<u8, H>) {
        let host = self.rows.allocator().clone();
        let mut pace = Pace::new(&host);
        let Some(question) = self.question else { return };
        out.push(question.modes.code());
        varint::put(out, question.within as u64);
        varint::put(out, question.conditions as u64);
        for (at, met) in &self.rows {
            pace.step(4);
            varint::put(out, zigzag(*at));
            varint::put(out, u64::from(*met));
        }
    }

    fn read(bytes: &[u8], host: H) -> Result<Self, Error> {
        let mut state = WindowFunnel::new(host.clone());
        let mut pace = Pace::new(&host);
        let mut reader = Bytes(bytes);
        if reader.0.is_empty() {
            return Ok(state);
        }
        let modes = Modes::from_code(reader.byte()?);
        let within = i64::try_from(reader.varint()?).map_err(|_| Malformed("a long window"))?;
        let conditions = usize::try_from(reader.varint()?).unwrap_or(usize::MAX);
        state.ask(WindowQuestion { within, modes, conditions })?;
        while !reader.0.is_empty() {
            pace.step(4);
            let at = unzigzag(reader.varint()?);
            let met = u32::try_from(reader.varint()?).map_err(|_| Malformed("many conditions"))?;
            state.rows.push((at, met));
        }
        Ok(state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::{Global, testing::stops};
    use proptest::prelude::*;

    fn ask(within: i64, modes: &str, conditions: usize) -> WindowQuestion {
        WindowQuestion { within, modes: Modes::parse(modes).unwrap(), conditions }
    }

    fn level(rows: &[(i64, u32)], question: WindowQuestion) -> u32 {
        let mut funnel = WindowFunnel::new(Global);
        for (at, met) in rows {
            funnel.push(question, *at, *met).unwrap();
        }
        funnel.level()
    }

    /// The longest chain of rows of their own, tried out.
    fn longest(
        rows: &[(i64, u32)],
        question: WindowQuestion,
        chain: &mut std::vec::Vec<usize>,
    ) -> u32 {
        let step = chain.len();
        let mut best = step as u32;
        if step == question.conditions {
            return best;
        }
        for (i, (at, met)) in rows.iter().enumerate() {
            let follows = chain.last().is_none_or(|last| {
                let before = rows[*last].0;
                let start = rows[chain[0]].0;
                (before < *at || before == *at && !question.modes.strict_increase)
                    && at - start <= question.within
            });
            if met >> step & 1 == 1 && follows && !chain.contains(&i) {
                chain.push(i);
                best = best.max(longest(rows, question, chain));
                chain.pop();
            }
        }
        best
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn rows_of_their_own(
            rows in prop::collection::vec((0..8i64, 0..16u32), 0..9),
            within in 0..8i64,
            conditions in 1..5usize,
            increase in any::<bool>(),
        ) {
            let modes = if increase { "strict_once,strict_increase" } else { "once" };
            let question = ask(within, modes, conditions);
            prop_assert_eq!(level(&rows, question), longest(&rows, question, &mut std::vec::Vec::new()));
        }

        #[test]
        fn parts_merge(rows in prop::collection::vec((-9..9i64, 0..8u32), 0..30), cut: prop::sample::Index, code in 0..16u8) {
            let modes = Modes::from_code(code);
            let question = WindowQuestion { within: 5, modes, conditions: 3 };
            prop_assert_eq!(Modes::from_code(modes.code()), modes);
            let (head, tail) = rows.split_at(cut.index(rows.len() + 1));
            let state = |rows: &[(i64, u32)]| {
                let mut state = WindowFunnel::new(Global);
                rows.iter().for_each(|(at, met)| state.push(question, *at, *met).unwrap());
                state
            };
            let mut merged = state(tail);
            let mut bytes = Vec::new_in(Global);
            state(head).write(&mut bytes);
            merged.merge(&WindowFunnel::read(&bytes, Global).unwrap()).unwrap();
            prop_assert_eq!(merged.level(), level(&rows, question));
        }

        #[test]
        fn any_bytes_read_or_fail(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            if let Ok(mut state) = WindowFunnel::read(&bytes, Global) {
                state.level();
            }
        }
    }

    #[test]
    fn what_is_refused() {
        assert!(Modes::parse("sideways").is_err() && Modes::parse("once,strict_order").is_err());
        assert!(WindowQuestion::window_of_seconds(-1).is_err());
        let mut funnel = WindowFunnel::new(Global);
        assert!(funnel.push(ask(1, "default", 33), 0, 1).is_err());
        assert!(funnel.push(ask(1, "default", 2), 0, 1).is_ok());
        assert!(funnel.push(ask(2, "default", 2), 0, 1).is_err());
        assert_eq!(funnel.level(), 1);
    }

    #[test]
    fn loops_poll() {
        let mut funnel = WindowFunnel::new(Global);
        for i in 0..100_000 {
            funnel.push(ask(1, "default", 2), i * 7919 % 100_003, 1).unwrap();
        }
        assert!(stops(|| funnel.level()));
        let mut bytes = Vec::new_in(Global);
        funnel.write(&mut bytes);
        assert!(stops(|| WindowFunnel::read(&bytes, Global)));
    }
}
