//! Customers to fit a model to. Those with the same purchases, recency and age are one, with their
//! number: at the resolution of days there are far fewer of these than customers, and still fewer
//! different times, so that a customer is three small numbers.

use crate::clv::Customer;
use crate::clv::times::Times;
use crate::error::Error;
use crate::host::{Host, Pace, Vec};
use crate::radix;
use crate::state::State;

/// Customers who are alike.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Group {
    /// What is known of each.
    pub customer: Customer,
    /// How many they are.
    pub count: f64,
}

/// The repeat purchases of one customer, and their mean value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spend {
    /// Repeat purchases.
    pub x: f64,
    /// Their mean value.
    pub mean: f64,
}

/// What is known of a customer, by the places of the times in the sample's list. Rows sort as customers
/// do once the times are in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    x: u32,
    t_x: u32,
    age: u32,
}

/// Customers, collected in any order.
#[derive(Debug)]
pub struct Sample<H: Host> {
    times: Times<H>,
    /// Customers who differ, in order, and how many there are of each.
    rows: Vec<Row, H>,
    counts: Vec<f64, H>,
    /// Single customers who are not among these yet.
    waiting: Vec<Row, H>,
    /// The same of many who are alike.
    waiting_many: Vec<(Row, f64), H>,
    spends: Vec<Spend, H>,
    /// Repeat purchases in all.
    purchases: f64,
    /// The sum of the logarithms of the times between purchases, as whole numbers of 2⁻⁴⁰, so that it
    /// does not depend on the order of the customers.
    ln_gaps: LnGaps,
    host: H,
}

/// Customers of a settled sample with the same number of repeat purchases.
#[derive(Debug, Clone, Copy)]
pub struct Alike<'s> {
    rows: &'s [Row],
    counts: &'s [f64],
    times: &'s [f64],
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

/// In bytes, since what lives in PostgreSQL's memory is aligned to eight of them.
#[derive(Debug, Clone, Copy, Default)]
struct LnGaps([u8; 16]);

impl LnGaps {
    fn units(self) -> i128 {
        i128::from_le_bytes(self.0)
    }

    fn add(&mut self, units: i128) {
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

/// Is this what one can know of a customer?
#[inline]
pub fn check(c: Customer) -> Result<Customer, Error> {
    let Customer { x, t_x, age } = c;
    let is_count = f64::from(x as u32) == x && x < 1e9;
    let is_time = 0.0 <= t_x && t_x <= age && age.is_finite();
    if is_count && is_time && (x > 0.0 || t_x == 0.0) {
        // No negative zeros.
        return Ok(Customer { x: x + 0.0, t_x: t_x + 0.0, age: age + 0.0 });
    }
    Err(what_is_wrong(c))
}

#[cold]
fn what_is_wrong(Customer { x, t_x, age }: Customer) -> Error {
    let wrong = |message: String, hint| Error::bad(message, hint);
    if !(x >= 0.0 && x.fract() == 0.0 && x < 1e9) {
        return wrong(
            format!("x = {x} is not a number of repeat purchases"),
            "Take 0 or more whole purchases, without the first one.",
        );
    }
    if !(age >= 0.0 && age.is_finite()) {
        return wrong(
            format!("age = {age} is not a time since the first purchase"),
            "Take a finite number of units of time, 0 or more.",
        );
    }
    if !(t_x >= 0.0 && t_x <= age) {
        return wrong(
            format!("t_x = {t_x} does not lie between 0 and the age, {age}"),
            "t_x is the time from the first to the last purchase, age that from the first purchase \
             to the end of the data.",
        );
    }
    wrong(
        format!("t_x = {t_x} without a repeat purchase"),
        "Where x is 0, t_x is 0 too: x counts the purchases after the first one.",
    )
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
    fn sort_in(&mut self) {
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
    // Not too much room, since this is when there are two of everything.
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

impl<H: Host> State<H> for Sample<H> {
    fn merge(&mut self, other: &Self) -> Result<(), Error> {
        let mut pace = Pace::new(&other.host);
        let mut places = Vec::with_capacity_in(other.times().len(), self.host.clone());
        for time in other.times() {
            pace.step(4);
            places.push(self.times.place(*time));
        }
        let here = |row: &Row| {
            let (t_x, age) = (places[row.t_x as usize], places[row.age as usize]);
            Row { x: row.x, t_x, age }
        };
        self.waiting.extend(other.waiting.iter().map(here));
        let settled = other.rows.iter().zip(&other.counts).map(|(row, count)| (here(row), *count));
        let waiting = other.waiting_many.iter().map(|(row, count)| (here(row), *count));
        self.waiting_many.extend(settled.chain(waiting));
        self.sort_in();
        self.spends.extend_from_slice(&other.spends);
        self.purchases += other.purchases;
        self.ln_gaps.add(other.ln_gaps.units());
        Ok(())
    }

    fn write(&self, out: &mut Vec<u8, H>) {
        out.extend_from_slice(&self.ln_gaps.0);
        out.extend_from_slice(&self.purchases.to_le_bytes());
        let many = self.waiting_many.iter().copied();
        let settled = self.rows.iter().copied().zip(self.counts.iter().copied());
        let lens =
            [self.times().len(), self.waiting.len(), self.rows.len() + self.waiting_many.len()];
        for len in lens.into_iter().chain([self.spends.len()]) {
            out.extend_from_slice(&(len as u64).to_le_bytes());
        }
        for time in self.times() {
            out.extend_from_slice(&time.to_le_bytes());
        }
        let row = |row: Row, out: &mut Vec<u8, H>| {
            [row.x, row.t_x, row.age].iter().for_each(|n| out.extend_from_slice(&n.to_le_bytes()));
        };
        for waiting in &self.waiting {
            row(*waiting, out);
        }
        for (of_many, count) in settled.chain(many) {
            row(of_many, out);
            out.extend_from_slice(&count.to_le_bytes());
        }
        for Spend { x, mean } in &self.spends {
            [x, mean].iter().for_each(|n| out.extend_from_slice(&n.to_le_bytes()));
        }
    }

    fn read(bytes: &[u8], host: H) -> Result<Self, Error> {
        let mut sample = Sample::new(host);
        let mut rest = bytes;
        sample.ln_gaps = LnGaps(*take(&mut rest)?);
        sample.purchases = f64::from_le_bytes(*take(&mut rest)?);
        let mut len = || take(&mut rest).map(|len| u64::from_le_bytes(*len) as usize);
        let (times, ones, many, spends) = (len()?, len()?, len()?, len()?);
        for time in parts(&mut rest, times)? {
            sample.times.place(f64::from_le_bytes(*time));
        }
        let row = |bytes: &[u8; 12]| {
            let number = |i: usize| u32::from_le_bytes([0, 1, 2, 3].map(|j| bytes[4 * i + j]));
            let row = Row { x: number(0), t_x: number(1), age: number(2) };
            let is_known = |place: u32| (place as usize) < sample.times.values().len();
            if is_known(row.t_x) && is_known(row.age) { Ok(row) } else { Err(broken()) }
        };
        let ones = parts(&mut rest, ones)?;
        sample.waiting.reserve_exact(ones.len());
        for bytes in ones {
            sample.waiting.push(row(bytes)?);
        }
        let many = parts::<20>(&mut rest, many)?;
        sample.waiting_many.reserve_exact(many.len());
        for bytes in many {
            let mut bytes = &bytes[..];
            let row = row(take(&mut bytes)?)?;
            sample.waiting_many.push((row, f64::from_le_bytes(*take(&mut bytes)?)));
        }
        let spends = parts::<16>(&mut rest, spends)?;
        if !rest.is_empty() {
            return Err(broken());
        }
        sample.spends.reserve_exact(spends.len());
        for bytes in spends {
            let mut bytes = &bytes[..];
            let x = f64::from_le_bytes(*take(&mut bytes)?);
            sample.spends.push(Spend { x, mean: f64::from_le_bytes(*take(&mut bytes)?) });
        }
        Ok(sample)
    }
}

fn broken() -> Error {
    Error::Malformed("the state of an aggregate is cut short")
}

/// The next bytes.
fn take<'b, const N: usize>(rest: &mut &'b [u8]) -> Result<&'b [u8; N], Error> {
    let (taken, left) = rest.split_first_chunk().ok_or_else(broken)?;
    *rest = left;
    Ok(taken)
}

/// The next `len` parts of N bytes.
fn parts<'b, const N: usize>(rest: &mut &'b [u8], len: usize) -> Result<&'b [[u8; N]], Error> {
    let size = len.checked_mul(N).ok_or_else(broken)?;
    let (taken, left) = rest.split_at_checked(size).ok_or_else(broken)?;
    *rest = left;
    Ok(taken.as_chunks().0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::{Global, testing::stops};
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
