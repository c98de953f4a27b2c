//! Customers with covariates: what is known of each of them beside its purchases, and does not change.
//!
//! Covariates z act on the parameters of a customer as P. Fader and B. Hardie, "Incorporating
//! Time-Invariant Covariates into the Pareto/NBD and BG/NBD Models" (2007) have it:
//!
//! ```text
//! BG/NBD      α = α₀ e^−γ₁ᵀz   a = a₀ e^γ₂ᵀz   b = b₀ e^γ₃ᵀz
//! Pareto/NBD  α = α₀ e^−γ₁ᵀz   β = β₀ e^−γ₂ᵀz
//! ```
//!
//! The logarithm of a customer's parameters is then linear in those that are estimated, and so is the
//! way back from covariates that are centred and scaled, with which the search is done.

mod fit;
#[cfg(test)]
mod tests;

use crate::clv::Customer;
use crate::clv::alike::Group;
use crate::clv::family::Kind;
use crate::clv::sample::key;
use crate::error::Error;
use crate::host::{Host, Pace, Vec};
use std::vec::Vec as StdVec;

/// Most covariates of a model.
pub const MOST: usize = 30;
/// A parameter that covariates act on: its place in the family, and the sign with which they do.
pub(in crate::clv) type Effect = (usize, f64);

impl Kind {
    /// The parameters that covariates act on.
    pub(in crate::clv) fn effects(self) -> &'static [Effect] {
        match self {
            Kind::Bg => &[(1, -1.0), (2, 1.0), (3, 1.0)],
            Kind::Pareto => &[(1, -1.0), (3, -1.0)],
            _ => &[],
        }
    }
}

/// The name of the coefficient of a covariate: both count from 1.
pub(in crate::clv) fn name(effect: usize, covariate: usize) -> String {
    format!("gamma{effect}_{covariate}")
}

/// Customers who are alike, with their covariates.
#[derive(Debug, Clone, Copy)]
struct Row {
    group: Group,
    /// Where their covariates are.
    at: usize,
}

/// Customers with covariates, collected in any order.
#[derive(Debug)]
pub struct Covariates<H: Host> {
    width: usize,
    rows: Vec<Row, H>,
    values: Vec<f64, H>,
    host: H,
}

/// Are these covariates?
pub fn check(z: &[f64]) -> Result<(), Error> {
    if z.len() > MOST {
        return Err(Error::bad(
            format!("there are {} covariates", z.len()),
            "Take 30 at most: each has an effect of its own on two or three parameters.",
        ));
    }
    match z.iter().position(|z| z.is_nan() || z.abs() >= 1e100) {
        Some(i) => Err(Error::bad(
            format!("covariate {} is {}", i + 1, z[i]),
            "Covariates are finite numbers. Leave other rows out with FILTER or WHERE.",
        )),
        None => Ok(()),
    }
}

impl<H: Host> Covariates<H> {
    /// No customers, each with so many covariates. Where these are none, nothing is kept.
    pub fn new(width: usize, host: H) -> Self {
        let (rows, values) = (Vec::new_in(host.clone()), Vec::new_in(host.clone()));
        Covariates { width, rows, values, host }
    }

    /// How many covariates each has.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Adds a customer that has been checked.
    pub fn push(&mut self, customer: Customer, z: &[f64]) -> Result<(), Error> {
        check(z)?;
        self.add(Group { customer, count: 1.0 }, z);
        Ok(())
    }

    fn add(&mut self, group: Group, z: &[f64]) {
        if self.width == 0 {
            return;
        }
        if let Some(last) = self.rows.last_mut()
            && last.group.customer == group.customer
            && self.values[last.at..] == *z
        {
            last.group.count += group.count;
            return;
        }
        self.rows.push(Row { group, at: self.values.len() });
        // No negative zeros.
        self.values.extend(z.iter().map(|z| z + 0.0));
    }

    fn of(&self, row: &Row) -> &[f64] {
        &self.values[row.at..row.at + self.width]
    }

    /// Sorts the customers by covariates, then as samples do, and makes those that are alike one.
    fn settle(&mut self) {
        let Covariates { width, rows, values, host } = self;
        let mut pace = Pace::new(host);
        let of = |row: &Row| &values[row.at..row.at + *width];
        rows.sort_unstable_by(|a, b| {
            pace.step(4);
            let by_z = of(a).iter().zip(of(b)).map(|(a, b)| a.total_cmp(b));
            by_z.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
                .then_with(|| key(&a.group.customer).cmp(&key(&b.group.customer)))
        });
        let mut kept = 0;
        for i in 0..rows.len() {
            pace.step(4);
            let row = rows[i];
            if kept > 0
                && rows[kept - 1].group.customer == row.group.customer
                && of(&rows[kept - 1]) == of(&row)
            {
                rows[kept - 1].group.count += row.group.count;
            } else {
                rows[kept] = row;
                kept += 1;
            }
        }
        rows.truncate(kept);
    }

    /// Adds others with as many covariates.
    pub fn merge(&mut self, other: &Self) {
        let mut pace = Pace::new(&other.host);
        for row in &other.rows {
            pace.step(4);
            self.add(row.group, other.of(row));
        }
    }

    /// Writes the number of customers, and the customers.
    pub fn write(&self, out: &mut Vec<u8, H>) {
        out.extend_from_slice(&(self.rows.len() as u64).to_le_bytes());
        let mut number = |n: &f64| out.extend_from_slice(&n.to_le_bytes());
        for row in &self.rows {
            let Group { customer: c, count } = row.group;
            [c.x, c.t_x, c.age, count].iter().for_each(&mut number);
            self.of(row).iter().for_each(&mut number);
        }
    }

    /// Reads what was written, and what is behind it.
    pub fn read(width: usize, bytes: &[u8], host: H) -> Result<(Self, &[u8]), Error> {
        let broken = || Error::Malformed("the state of an aggregate is cut short");
        let (len, rest) = bytes.split_first_chunk::<8>().ok_or_else(broken)?;
        let size = usize::try_from(u64::from_le_bytes(*len))
            .ok()
            .and_then(|len| len.checked_mul(8 * (4 + width)));
        let (rows, rest) = size.and_then(|size| rest.split_at_checked(size)).ok_or_else(broken)?;
        let mut read = Covariates::new(width, host);
        let (numbers, _) = rows.as_chunks::<8>();
        let mut z = [0.0; MOST];
        for row in numbers.chunks_exact(4 + width) {
            let number = |i: usize| f64::from_le_bytes(row[i]);
            for (i, z) in z.iter_mut().enumerate().take(width) {
                *z = number(4 + i);
            }
            let customer = Customer { x: number(0), t_x: number(1), age: number(2) };
            read.add(Group { customer, count: number(3) }, &z[..width]);
        }
        Ok((read, rest))
    }
}

fn apply(matrix: &[StdVec<f64>], to: &[f64]) -> StdVec<f64> {
    matrix.iter().map(|row| row.iter().zip(to).map(|(m, x)| m * x).sum()).collect()
}

/// B C Bᵀ
fn sandwich(b: &[StdVec<f64>], c: &[StdVec<f64>]) -> StdVec<StdVec<f64>> {
    // C is symmetric: the rows of B C are C applied to those of B.
    let half: StdVec<StdVec<f64>> = b.iter().map(|row| apply(c, row)).collect();
    half.iter().map(|row| apply(b, row)).collect()
}

/// The logarithms of a customer's parameters, whose covariates are `z`, as multiples of the logarithms
/// of the parameters and of the coefficients: `n` rows.
pub(in crate::clv) fn design(effects: &[Effect], n: usize, z: &[f64]) -> StdVec<StdVec<f64>> {
    let m = z.len();
    let mut rows = vec![vec![0.0; n + effects.len() * m]; n];
    (0..n).for_each(|i| rows[i][i] = 1.0);
    for (e, (place, sign)) in effects.iter().enumerate() {
        for (j, z) in z.iter().enumerate() {
            rows[*place][n + e * m + j] = sign * z;
        }
    }
    rows
}

/// The parameters of a customer with covariates, and the covariance of their logarithms.
pub(in crate::clv) fn of_customer(
    (kind, parameters, coefficients): (Kind, &[f64], &[f64]),
    covariance: Option<&[StdVec<f64>]>,
    z: &[f64],
) -> (StdVec<f64>, Option<StdVec<StdVec<f64>>>) {
    let n = parameters.len();
    let design = design(kind.effects(), n, z);
    let all: StdVec<f64> =
        parameters.iter().map(|p| p.ln()).chain(coefficients.iter().copied()).collect();
    let logs = apply(&design, &all);
    (
        logs.iter().map(|log| log.clamp(-230.0, 230.0).exp()).collect(),
        covariance.map(|covariance| sandwich(&design, covariance)),
    )
}
