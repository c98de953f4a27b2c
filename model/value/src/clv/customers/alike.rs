//! Customers who are alike.

use super::customer::Customer;

/// Customers who are alike.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Group {
    /// What is known of each.
    pub customer: Customer,
    /// How many they are.
    pub count: f64,
}

/// What is known of a customer, by the places of the times in the sample's list. Rows sort as customers
/// do once the times are in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Row {
    pub(super) x: u32,
    pub(super) t_x: u32,
    pub(super) age: u32,
}

/// Customers of a settled sample with the same number of repeat purchases.
#[derive(Debug, Clone, Copy)]
pub struct Alike<'s> {
    pub(super) rows: &'s [Row],
    pub(super) counts: &'s [f64],
    pub(super) times: &'s [f64],
}

impl<'s> Alike<'s> {
    /// How many purchases they have in common.
    pub fn x(&self) -> f64 {
        self.rows.first().map_or(0.0, |row| f64::from(row.x))
    }

    /// The places of t_x and age among the times, and how many customers have them.
    pub fn places(&self) -> impl Iterator<Item = (usize, usize, f64)> + use<'s> {
        let rows = self.rows.iter().zip(self.counts);
        rows.map(|(row, count)| (row.t_x as usize, row.age as usize, *count))
    }

    /// Are there none?
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The first of those who differ, so many of them, and the others.
    pub fn split_at(&self, len: usize) -> (Self, Self) {
        let ((first, rows), (of_first, counts)) =
            (self.rows.split_at(len), self.counts.split_at(len));
        (Alike { rows: first, counts: of_first, ..*self }, Alike { rows, counts, ..*self })
    }

    /// The same customers, in parts of so many.
    pub fn blocks(&self, len: usize) -> impl Iterator<Item = Alike<'s>> + use<'s> {
        let times = self.times;
        let blocks = self.rows.chunks(len).zip(self.counts.chunks(len));
        blocks.map(move |(rows, counts)| Alike { rows, counts, times })
    }

    /// All times of the sample, in order.
    pub fn times(&self) -> &'s [f64] {
        self.times
    }

    /// The customers.
    pub fn groups(&self) -> impl Iterator<Item = Group> + use<'s> {
        let (x, times) = (self.x(), self.times);
        self.places().map(move |(t_x, age, count)| Group {
            customer: Customer { x, t_x: times[t_x], age: times[age] },
            count,
        })
    }
}
