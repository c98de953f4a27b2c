//! Customers to fit a model to. Those with the same purchases, recency and age are one, with their
//! number: at the resolution of days there are far fewer of these than customers.

use super::Customer;
use crate::error::Error;
use crate::host::{Host, Pace, Vec};
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

/// Customers, collected in any order.
#[derive(Debug)]
pub struct Sample<H: Host> {
    groups: Vec<Group, H>,
    /// So many of them are sorted and all different.
    settled: usize,
    spends: Vec<Spend, H>,
    /// Repeat purchases in all.
    purchases: f64,
    /// The sum of the logarithms of the times between purchases, as whole numbers of 2⁻⁴⁰, so that it
    /// does not depend on the order of the customers.
    ln_gaps: LnGaps,
    host: H,
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
/// Groups that may wait before they are sorted.
const FEW: usize = 4096;

pub(super) fn key(c: &Customer) -> [u64; 3] {
    // Not negative, so that the bits sort as the numbers do.
    [c.x.to_bits(), c.t_x.to_bits(), c.age.to_bits()]
}

/// Is this what one can know of a customer?
pub fn check(c: Customer) -> Result<Customer, Error> {
    let Customer { x, t_x, age } = c;
    let wrong = |message: String, hint| Err(Error::bad(message, hint));
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
    if x == 0.0 && t_x > 0.0 {
        return wrong(
            format!("t_x = {t_x} without a repeat purchase"),
            "Where x is 0, t_x is 0 too: x counts the purchases after the first one.",
        );
    }
    // No negative zeros.
    Ok(Customer { x: x + 0.0, t_x: t_x + 0.0, age: age + 0.0 })
}

impl<H: Host> Sample<H> {
    /// No customers.
    pub fn new(host: H) -> Self {
        Sample {
            groups: Vec::new_in(host.clone()),
            settled: 0,
            spends: Vec::new_in(host.clone()),
            purchases: 0.0,
            ln_gaps: LnGaps::default(),
            host,
        }
    }

    /// Adds a customer, with the sum of the logarithms of the times between purchases, and the mean
    /// value of the repeat purchases, as far as they are known.
    pub fn push(
        &mut self,
        c: Customer,
        ln_gaps: Option<f64>,
        spend: Option<f64>,
    ) -> Result<(), Error> {
        let customer = check(c)?;
        if let Some(sum) = ln_gaps {
            if sum.is_nan() || sum.abs() > 1e12 {
                return Err(Error::bad(
                    format!("litt = {sum} is not a sum of logarithms of times"),
                    "litt is the sum of the logarithms of the times between purchases: btyd returns it.",
                ));
            }
            self.ln_gaps.add((sum * LN_GAP_UNITS).round() as i128);
        }
        if let Some(mean) = spend {
            if !mean.is_finite() {
                return Err(Error::AmountOutOfRange { given: mean.to_string() });
            }
            if customer.x > 0.0 {
                self.spends.push(Spend { x: customer.x, mean });
            }
        }
        self.purchases += customer.x;
        self.add(Group { customer, count: 1.0 });
        Ok(())
    }

    /// Adds so many customers of whom this is known.
    pub(super) fn push_many(&mut self, customer: Customer, count: f64) {
        if count > 0.0 {
            self.purchases += customer.x * count;
            self.add(Group { customer, count });
        }
    }

    fn add(&mut self, group: Group) {
        if let Some(last) = self.groups.last_mut()
            && last.customer == group.customer
        {
            last.count += group.count;
            return;
        }
        if self.groups.len() - self.settled > self.settled.max(FEW) {
            self.settle();
        }
        self.groups.push(group);
    }

    /// Sorts the customers and makes those that are alike one.
    pub fn settle(&mut self) {
        sort_polling(&mut self.groups, &self.host, |g| key(&g.customer));
        let mut kept = 0;
        for i in 0..self.groups.len() {
            let group = self.groups[i];
            if kept > 0 && self.groups[kept - 1].customer == group.customer {
                self.groups[kept - 1].count += group.count;
            } else {
                self.groups[kept] = group;
                kept += 1;
            }
        }
        self.groups.truncate(kept);
        self.settled = kept;
        sort_polling(&mut self.spends, &self.host, |s| [s.x.to_bits(), order(s.mean), 0]);
    }

    /// The customers, settled.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// What they spend, settled.
    pub fn spends(&self) -> &[Spend] {
        &self.spends
    }

    /// How many customers.
    pub fn customers(&self) -> f64 {
        self.groups.iter().map(|g| g.count).sum()
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

/// Sorts part by part, with a poll between them: runs first, then merges of two.
pub(super) fn sort_polling<E: Copy, H: Host>(
    items: &mut [E],
    host: &H,
    key: impl Fn(&E) -> [u64; 3] + Copy,
) {
    const PART: usize = 1 << 17;
    let mut parts = items.chunks_mut(PART);
    for part in &mut parts {
        host.poll();
        part.sort_unstable_by_key(key);
    }
    let mut width = PART;
    let mut buffer: Vec<E, H> = Vec::new_in(host.clone());
    let mut pace = Pace::new(host);
    while width < items.len() {
        for pair in items.chunks_mut(2 * width) {
            if pair.len() <= width {
                continue;
            }
            let (left, right) = pair.split_at(width);
            buffer.clear();
            buffer.reserve(pair.len());
            let (mut l, mut r) = (0, 0);
            while l < left.len() || r < right.len() {
                pace.step(1);
                let from_left =
                    r >= right.len() || l < left.len() && key(&left[l]) <= key(&right[r]);
                buffer.push(if from_left { left[l] } else { right[r] });
                if from_left {
                    l += 1;
                } else {
                    r += 1;
                }
            }
            pair.copy_from_slice(&buffer);
        }
        width *= 2;
    }
}

impl<H: Host> State<H> for Sample<H> {
    fn merge(&mut self, other: &Self) -> Result<(), Error> {
        let mut pace = Pace::new(&other.host);
        for group in &other.groups {
            pace.step(4);
            self.add(*group);
        }
        self.spends.extend_from_slice(&other.spends);
        self.purchases += other.purchases;
        self.ln_gaps.add(other.ln_gaps.units());
        Ok(())
    }

    fn write(&self, out: &mut Vec<u8, H>) {
        out.extend_from_slice(&self.ln_gaps.0);
        out.extend_from_slice(&self.purchases.to_le_bytes());
        out.extend_from_slice(&(self.groups.len() as u64).to_le_bytes());
        let mut number = |n: f64| out.extend_from_slice(&n.to_le_bytes());
        for Group { customer: c, count } in &self.groups {
            [c.x, c.t_x, c.age, *count].into_iter().for_each(&mut number);
        }
        for s in &self.spends {
            [s.x, s.mean].into_iter().for_each(&mut number);
        }
    }

    fn read(bytes: &[u8], host: H) -> Result<Self, Error> {
        let broken = || Error::Malformed("the state of an aggregate is cut short");
        let (head, rest) = bytes.split_at_checked(32).ok_or_else(broken)?;
        let word = |at: usize| <[u8; 8]>::try_from(&head[at..at + 8]).map_err(|_| broken());
        let mut sample = Sample::new(host);
        sample.ln_gaps = LnGaps(head[..16].try_into().map_err(|_| broken())?);
        sample.purchases = f64::from_le_bytes(word(16)?);
        let len = u64::from_le_bytes(word(24)?);
        let size = usize::try_from(len).ok().and_then(|len| len.checked_mul(32));
        let (groups, spends) =
            size.and_then(|size| rest.split_at_checked(size)).ok_or_else(broken)?;
        let (groups, _) = groups.as_chunks::<8>();
        sample.groups.reserve(groups.len() / 4);
        for g in groups.chunks_exact(4) {
            let customer = Customer {
                x: f64::from_le_bytes(g[0]),
                t_x: f64::from_le_bytes(g[1]),
                age: f64::from_le_bytes(g[2]),
            };
            sample.groups.push(Group { customer, count: f64::from_le_bytes(g[3]) });
        }
        let (spends, _) = spends.as_chunks::<8>();
        sample.spends.reserve(spends.len() / 2);
        for s in spends.chunks_exact(2) {
            let spend = Spend { x: f64::from_le_bytes(s[0]), mean: f64::from_le_bytes(s[1]) };
            sample.spends.push(spend);
        }
        Ok(sample)
    }
}
