//! A tree by Gini's index (L. Breiman and others, "Classification and Regression Trees", 1984): numbers are split where that
//! separates best; of categories, which are put into the order of their rates, a few go to either side, which is the best of all ways
//! for two outcomes (theorem 4.5 there).

use crate::host::{Host, Pace, Vec};
use crate::records::NO_CATEGORY;
use crate::sheet::{Cells, Sheet};

/// A question about one attribute: who is on its left?
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Question {
    pub(super) attribute: usize,
    pub(super) left: Left,
    /// Is what is not known on the left? None: there is nothing that is not known.
    pub(super) unknown_left: Option<bool>,
}

/// What is on the left.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Left {
    /// Numbers up to this.
    UpTo(f64),
    /// These categories.
    Of(std::vec::Vec<u32>),
}

impl Question {
    fn is_left<H: Host>(&self, sheet: &Sheet<H>, row: u32) -> bool {
        let unknown = self.unknown_left.unwrap_or(false);
        match (&sheet.cells[self.attribute], &self.left) {
            (Cells::Numbers(numbers) | Cells::Flags(numbers), Left::UpTo(most)) => {
                let number = numbers[row as usize];
                if number.is_nan() { unknown } else { number <= *most }
            }
            (Cells::Categories(places, _), Left::Of(left)) => {
                let place = places[row as usize];
                if place == NO_CATEGORY { unknown } else { left.contains(&place) }
            }
            _ => unknown,
        }
    }
}

/// Rows and those of them that left.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Count {
    rows: f64,
    gone: f64,
}

impl Count {
    fn plus(self, other: Count) -> Count {
        Count { rows: self.rows + other.rows, gone: self.gone + other.gone }
    }

    fn minus(self, other: Count) -> Count {
        Count { rows: self.rows - other.rows, gone: self.gone - other.gone }
    }

    /// Half of Gini's index, by rows.
    fn impurity(self) -> f64 {
        if self.rows > 0.0 { self.gone * (self.rows - self.gone) / self.rows } else { 0.0 }
    }
}

/// How large a tree may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    /// Questions one after the other.
    pub(super) depth: usize,
    /// Rows of each half in each leaf, at least.
    pub(super) min_members: usize,
}

/// Splits the rows of both halves as long as that separates, and tells `leaf` the ends.
pub(super) fn grow<H: Host>(
    sheet: &Sheet<H>,
    size: Size,
    growing: &mut [u32],
    judging: &mut [u32],
    path: &mut std::vec::Vec<(Question, bool)>,
    leaf: &mut impl FnMut(&[(Question, bool)], &[u32]),
) {
    let is_deep = path.len() >= size.depth;
    let found = if is_deep { None } else { best(sheet, size.min_members, growing, judging) };
    let Some(found) = found else {
        leaf(path, judging);
        return;
    };
    let middle = part(growing, |row| found.is_left(sheet, row));
    let (left, right) = growing.split_at_mut(middle);
    let middle = part(judging, |row| found.is_left(sheet, row));
    let (judging_left, judging_right) = judging.split_at_mut(middle);
    for (rows, others, is_left) in [(left, judging_left, true), (right, judging_right, false)] {
        path.push((found.clone(), is_left));
        grow(sheet, size, rows, others, path, leaf);
        path.pop();
    }
}

/// Moves the rows for which something holds before the others.
fn part(rows: &mut [u32], holds: impl Fn(u32) -> bool) -> usize {
    let mut middle = 0;
    for i in 0..rows.len() {
        if holds(rows[i]) {
            rows.swap(i, middle);
            middle += 1;
        }
    }
    rows[..middle].sort_unstable();
    rows[middle..].sort_unstable();
    middle
}

/// The question that separates best, and leaves enough on both sides of both halves.
fn best<H: Host>(
    sheet: &Sheet<H>,
    least: usize,
    growing: &[u32],
    judging: &[u32],
) -> Option<Question> {
    let mut pace = Pace::new(sheet.host());
    let count = |row: u32| Count { rows: 1.0, gone: f64::from(u8::from(sheet.churned(row))) };
    let all = growing.iter().fold(Count::default(), |sum, row| sum.plus(count(*row)));
    let mut found: Option<(Question, f64)> = None;
    for (attribute, cells) in sheet.cells.iter().enumerate() {
        let mut unknown = Count::default();
        // What may be on the left, one after the other, with its rows.
        let mut steps: Vec<(f64, Count), H> = Vec::new_in(sheet.host().clone());
        let mut order = std::vec::Vec::new();
        match cells {
            Cells::Numbers(numbers) | Cells::Flags(numbers) => {
                let mut known: Vec<(f64, u32), H> = Vec::new_in(sheet.host().clone());
                for row in growing {
                    let number = numbers[*row as usize];
                    if number.is_nan() {
                        unknown = unknown.plus(count(*row));
                    } else {
                        known.push((number, *row));
                    }
                }
                known.sort_unstable_by(|a, b| {
                    pace.step(2);
                    a.0.total_cmp(&b.0)
                });
                for (number, row) in &known {
                    match steps.last_mut() {
                        Some((last, sum)) if *last == *number => *sum = sum.plus(count(*row)),
                        _ => steps.push((*number, count(*row))),
                    }
                }
            }
            Cells::Categories(places, names) => {
                let mut counts: Vec<Count, H> = Vec::new_in(sheet.host().clone());
                counts.resize(names.len(), Count::default());
                for row in growing {
                    pace.step(2);
                    match counts.get_mut(places[*row as usize] as usize) {
                        Some(sum) => *sum = sum.plus(count(*row)),
                        None => unknown = unknown.plus(count(*row)),
                    }
                }
                order.extend(
                    (0..names.len() as u32).filter(|place| counts[*place as usize].rows > 0.0),
                );
                let rate = |place: u32| counts[place as usize].gone / counts[place as usize].rows;
                order.sort_by(|a, b| rate(*a).total_cmp(&rate(*b)).then(a.cmp(b)));
                steps.extend(order.iter().map(|place| (0.0, counts[*place as usize])));
            }
        }
        let has_unknown = has_unknown(cells);
        let ways: &[bool] = if unknown.rows > 0.0 { &[false, true] } else { &[false] };
        for unknown_left in ways {
            let mut left = if *unknown_left { unknown } else { Count::default() };
            for (place, pair) in steps.windows(2).enumerate() {
                pace.step(4);
                left = left.plus(pair[0].1);
                let right = all.minus(left);
                let gain = all.impurity() - left.impurity() - right.impurity();
                let is_enough = left.rows >= least as f64 && right.rows >= least as f64;
                if !is_enough || gain <= found.as_ref().map_or(1e-9, |(_, most)| *most + 1e-9) {
                    continue;
                }
                let question = Question {
                    attribute,
                    left: match cells {
                        Cells::Categories(..) => {
                            let mut left = order[..=place].to_vec();
                            left.sort_unstable();
                            Left::Of(left)
                        }
                        _ => Left::UpTo(between(pair[0].0, pair[1].0)),
                    },
                    unknown_left: has_unknown.then_some(*unknown_left),
                };
                pace.step(judging.len());
                let others = judging.iter().filter(|row| question.is_left(sheet, **row)).count();
                if others >= least && judging.len() - others >= least {
                    found = Some((question, gain));
                }
            }
        }
    }
    found.map(|(question, _)| question)
}

/// Is anything of an attribute not known?
fn has_unknown<H: Host>(cells: &Cells<H>) -> bool {
    match cells {
        Cells::Numbers(numbers) | Cells::Flags(numbers) => numbers.iter().any(|x| x.is_nan()),
        Cells::Categories(places, _) => places.contains(&NO_CATEGORY),
    }
}

/// The middle of two numbers, or the lower one if there is none between.
fn between(low: f64, high: f64) -> f64 {
    let middle = low / 2.0 + high / 2.0;
    if middle >= low && middle < high { middle } else { low }
}
