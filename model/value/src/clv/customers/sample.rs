//! Customers to fit a model to. Those with the same purchases, recency and age are one, with their
//! number: at the resolution of days there are far fewer of these than customers, and still fewer
//! different times, so that a customer is three small numbers.

use super::alike::{Alike, Group, Row};
use super::customer::{Customer, check};
use super::times::Times;
use crate::error::Error;
use crate::host::{Host, Pace, Vec};
use crate::radix;

/// The repeat purchases of one customer, and their mean value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spend {
    /// Repeat purchases.
    pub x: f64,
    /// Their mean value.
    pub mean: f64,
}

/// Customers, collected in any order.
#[derive(Debug)]
pub struct Sample<H: Host> {
    pub(super) times: Times<H>,
    /// Customers who differ, in order, and how many there are of each.
    pub(super) rows: Vec<Row, H>,
    pub(super) counts: Vec<f64, H>,
    /// Single customers who are not among these yet.
    pub(super) waiting: Vec<Row, H>,
    /// The same of many who are alike.
    pub(super) waiting_many: Vec<(Row, f64), H>,
    pub(super) spends: Vec<Spend, H>,
    /// Repeat purchases in all.
    pub(super) purchases: f64,
    /// The sum of the logarithms of the times between purchases, as whole numbers of 2⁻⁴⁰, so that it
    /// does not depend on the order of the customers.
    pub(super) ln_gaps: LnGaps,
    pub(super) host: H,
}

/// In bytes, since what lives in PostgreSQL's memory is aligned to eight of them.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct LnGaps(pub(super) [u8; 16]);

impl LnGaps {
    pub(super) fn units(self) -> i128 {
        i128::from_le_bytes(self.0)
    }

    pub(super) fn add(&mut self, units: i128) {
        self.0 = self.units().saturating_add(units).to_le_bytes();
    }
}

const LN_GAP_UNITS: f64 = (1_u64 << 40) as f64;
/// Customers who may wait before they are sorted: twice as many as there are already, or so many.
const FEW: usize = 1 << 14;

pub(in crate::clv) fn key(c: &Customer) -> [u64; 3] {
    // Not negative, so that the bits sort as the numbers do.
    [c.x.to_bits(), c.t_x.to_bits(), c.age.to_bits()]
}

impl<H: Host> Sample<H> {
    /// No customers.
    pub fn new(host: H) -> Self {
        Sample {
            times: Times::new(host.clone()),
            rows: Vec::new_in(host.clone()),
            counts: Vec::new_in(host.clone()),
            waiting: Vec::new_in(host.clone()),
            waiting_many: Vec::new_in(host.clone()),
            spends: Vec::new_in(host.clone()),
            purchases: 0.0,
            ln_gaps: LnGaps::default(),
            host,
        }
    }

    /// Adds a customer, with the sum of the logarithms of the times between purchases, and the mean
    /// value of the repeat purchases, as far as they are known.
    #[inline(always)] // once a row, with its numbers in registers
    pub fn push(
        &mut self,
        c: Customer,
        ln_gaps: Option<f64>,
        spend: Option<f64>,
    ) -> Result<(), Error> {
        let customer = check(c)?;
        if let Some(sum) = ln_gaps {
            self.push_ln_gaps(sum)?;
        }
        if let Some(mean) = spend {
            self.push_spend(Spend { x: customer.x, mean })?;
        }
        self.purchases += customer.x;
        if self.waiting.len() >= (2 * self.rows.len()).max(FEW) {
            self.sort_in();
        }
        let row = self.row(customer);
        self.waiting.push(row);
        Ok(())
    }

    fn push_ln_gaps(&mut self, sum: f64) -> Result<(), Error> {
        if sum.is_nan() || sum.abs() > 1e12 {
            return Err(Error::bad(
                format!("litt = {sum} is not a sum of logarithms of times"),
                "litt is the sum of the logarithms of the times between purchases: btyd returns it.",
            ));
        }
        self.ln_gaps.add((sum * LN_GAP_UNITS).round() as i128);
        Ok(())
    }

    fn push_spend(&mut self, spend: Spend) -> Result<(), Error> {
        if !spend.mean.is_finite() {
            return Err(Error::AmountOutOfRange { given: spend.mean.to_string() });
        }
        if spend.x > 0.0 {
            self.spends.push(spend);
        }
        Ok(())
    }

    /// Adds so many customers of whom this is known.
    pub(in crate::clv) fn push_many(&mut self, customer: Customer, count: f64) {
        if count > 0.0 {
            self.purchases += customer.x * count;
            let row = self.row(customer);
            self.waiting_many.push((row, count));
        }
    }

    #[inline(always)]
    fn row(&mut self, c: Customer) -> Row {
        let t_x = self.times.place(c.t_x);
        Row { x: c.x as u32, t_x, age: self.times.place(c.age) }
    }

    /// Sorts the customers who wait, and makes those that are alike one.
    #[cold]
    pub(super) fn sort_in(&mut self) {
        let mut pace = Pace::new(&self.host);
        if let Some(places) = self.times.rank() {
            let many = self.waiting_many.iter_mut().map(|(row, _)| row);
            for row in self.rows.iter_mut().chain(&mut self.waiting).chain(many) {
                pace.step(1);
                (row.t_x, row.age) = (places[row.t_x as usize], places[row.age as usize]);
            }
        }
        let key = |row: &Row| [row.x, row.t_x, row.age];
        radix::sort_by_all(&mut self.waiting, &mut Vec::new_in(self.host.clone()), key);
        let ones = self.waiting.iter().map(|row| (*row, 1.0));
        merge(&mut self.rows, &mut self.counts, ones, &self.host);
        self.waiting.clear();
        if !self.waiting_many.is_empty() {
            let other = &mut Vec::new_in(self.host.clone());
            radix::sort_by_all(&mut self.waiting_many, other, |(row, _)| key(row));
            let many = self.waiting_many.iter().copied();
            merge(&mut self.rows, &mut self.counts, many, &self.host);
            self.waiting_many.clear();
        }
    }

    /// Puts the customers in order and makes those that are alike one.
    pub fn settle(&mut self) {
        self.sort_in();
        self.waiting = Vec::new_in(self.host.clone());
        self.waiting_many = Vec::new_in(self.host.clone());
        self.times.shrink();
        sort_polling(&mut self.spends, &self.host, |s| [s.x.to_bits(), order(s.mean), 0]);
    }

    /// How many customers differ, settled.
    pub fn distinct(&self) -> usize {
        self.rows.len()
    }

    /// The customers by their number of repeat purchases, settled.
    pub fn by_count(&self) -> impl Iterator<Item = Alike<'_>> {
        let mut from = 0;
        self.rows.chunk_by(|a, b| a.x == b.x).map(move |rows| {
            let to = from + rows.len();
            let counts = &self.counts[std::mem::replace(&mut from, to)..to];
            Alike { rows, counts, times: self.times.values() }
        })
    }

    /// The customers, settled.
    pub fn groups(&self) -> impl Iterator<Item = Group> {
        self.by_count().flat_map(|alike| alike.groups())
    }

    /// The different times of the customers, settled.
    pub fn times(&self) -> &[f64] {
        self.times.values()
    }

    /// Every `stride`-th of the customers who differ, and of what they spend, settled.
    pub(in crate::clv) fn part(&self, stride: usize) -> Self {
        let mut part = Sample::new(self.host.clone());
        let mut pace = Pace::new(&self.host);
        for (row, count) in self.rows.iter().zip(&self.counts).step_by(stride) {
            pace.step(4);
            let (t_x, age) = (self.times()[row.t_x as usize], self.times()[row.age as usize]);
            part.push_many(Customer { x: f64::from(row.x), t_x, age }, *count);
        }
        part.spends.extend(self.spends.iter().step_by(stride).copied());
        part.settle();
        part
    }

    /// What they spend, settled.
    pub fn spends(&self) -> &[Spend] {
        &self.spends
    }

    /// How many customers.
    pub fn customers(&self) -> f64 {
        self.counts.iter().sum()
    }

    /// How many repeat purchases.
    pub fn purchases(&self) -> f64 {
        self.purchases
    }

    /// The sum of the logarithms of the times between purchases.
    pub fn ln_gaps(&self) -> f64 {
        self.ln_gaps.units() as f64 / LN_GAP_UNITS
    }

    /// The host.
    pub fn host(&self) -> &H {
        &self.host
    }
}

/// Bits that sort as the number does.
fn order(number: f64) -> u64 {
    let bits = number.to_bits();
    if bits >> 63 == 0 { bits | 1 << 63 } else { !bits }
}

/// Merges sorted rows into others; those that are alike become one.
fn merge<H: Host>(
    rows: &mut Vec<Row, H>,
    counts: &mut Vec<f64, H>,
    sorted: impl Iterator<Item = (Row, f64)> + Clone,
    host: &H,
) {
    let mut pace = Pace::new(host);
    // No more room than needed: both lists are in memory now.
    let (mut different, mut last) = (0, None);
    for (row, _) in sorted.clone() {
        pace.step(1);
        different += usize::from(last != Some(row));
        last = Some(row);
    }
    let room = rows.len() + different;
    let mut merged = Vec::with_capacity_in(room, host.clone());
    let mut total: Vec<f64, H> = Vec::with_capacity_in(room, host.clone());
    let mut before = rows.iter().zip(&*counts).peekable();
    for (row, count) in sorted {
        pace.step(1);
        while let Some((row, count)) = before.next_if(|(before, _)| **before <= row) {
            pace.step(1);
            merged.push(*row);
            total.push(*count);
        }
        match total.last_mut() {
            Some(last) if merged.last() == Some(&row) => *last += count,
            _ => {
                merged.push(row);
                total.push(count);
            }
        }
    }
    for (row, count) in before {
        pace.step(1);
        merged.push(*row);
        total.push(*count);
    }
    (*rows, *counts) = (merged, total);
}

/// Sorts, with polls.
pub(in crate::clv) fn sort_polling<E: Copy, H: Host>(
    items: &mut [E],
    host: &H,
    key: impl Fn(&E) -> [u64; 3] + Copy,
) {
    let mut pace = Pace::new(host);
    items.sort_unstable_by_key(|item| {
        pace.step(1);
        key(item)
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::{Global, testing::stops};
    use crate::state::State;
    use proptest::prelude::*;

    /// Customers with few and with many different times.
    fn customers() -> impl Strategy<Value = std::vec::Vec<Customer>> {
        let customer = (0..4u32, 0..60u32, 0..60u32, any::<bool>()).prop_map(|(x, a, b, whole)| {
            let unit = if whole { 7.0 } else { 7.0 + f64::from(a * b) / 1e6 };
            let (t_x, age) = (f64::from(a.min(b)) / unit, f64::from(a.max(b)) / unit);
            Customer { x: f64::from(x), t_x: if x == 0 { 0.0 } else { t_x }, age }
        });
        proptest::collection::vec(customer, 0..12_000)
    }

    fn found(sample: &Sample<Global>) -> std::vec::Vec<Group> {
        sample.groups().collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        /// Against a sorted list, in any order and by way of several processes.
        #[test]
        fn customers_who_are_alike_are_one(customers in customers(), cut in 0..12_000usize) {
            let mut sorted = customers.clone();
            sorted.sort_by_key(key);
            let expected: std::vec::Vec<Group> = sorted
                .chunk_by(|a, b| a == b)
                .map(|same| Group { customer: same[0], count: same.len() as f64 })
                .collect();
            let of = |customers: &[Customer]| {
                let mut sample = Sample::new(Global);
                customers.iter().for_each(|c| sample.push(*c, None, None).unwrap());
                sample
            };
            let mut one = of(&customers);
            one.settle();
            prop_assert_eq!(&found(&one), &expected);
            prop_assert_eq!(one.customers(), customers.len() as f64);

            let (left, right) = customers.split_at(cut.min(customers.len()));
            let (mut whole, mut right) = (of(right), of(left));
            right.settle();
            right.push(Customer::NEW, None, None).unwrap();
            let mut bytes = Vec::new_in(Global);
            right.write(&mut bytes);
            whole.merge(&Sample::read(&bytes, Global).unwrap()).unwrap();
            one.push(Customer::NEW, None, None).unwrap();
            one.settle();
            whole.settle();
            prop_assert_eq!(found(&whole), found(&one));
            prop_assert_eq!(whole.purchases(), one.purchases());
            for len in (0..bytes.len()).filter(|len| *len < 200 || len % 997 == 0) {
                prop_assert!(Sample::read(&bytes[..len], Global).is_err(), "{len}");
            }
        }
    }

    #[test]
    fn can_be_stopped() {
        let mut sample = Sample::new(Global);
        for i in 0..Pace::<Global>::STEPS {
            let age = f64::from(i);
            sample.push(Customer { x: 0.0, t_x: 0.0, age }, None, None).unwrap();
        }
        let mut other = Sample::new(Global);
        assert!(stops(|| other.merge(&sample)));
        assert!(stops(|| sample.settle()));
    }
}
