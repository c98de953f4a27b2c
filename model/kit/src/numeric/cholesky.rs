//! Symmetric matrices that are positive semidefinite: their factor, rank and inverse.

use crate::host::{Global, Host, Pace, Vec};
use std::vec::Vec as StdVec;

/// A symmetric matrix: its lower half, row by row.
#[derive(Debug, Clone)]
pub struct Symmetric<H: Host> {
    size: usize,
    cells: Vec<f64, H>,
}

/// Where a row of a lower half begins.
#[inline]
fn row(i: usize) -> usize {
    i * (i + 1) / 2
}

impl<H: Host> Symmetric<H> {
    /// A matrix of zeros.
    pub fn zero(size: usize, host: &H) -> Self {
        let mut cells = Vec::new_in(host.clone());
        cells.resize(row(size), 0.0);
        Symmetric { size, cells }
    }

    /// Of the lower half, row by row: as many numbers as it has.
    pub fn from_cells(size: usize, cells: Vec<f64, H>) -> Self {
        let mut cells = cells;
        cells.resize(row(size), 0.0);
        Symmetric { size, cells }
    }

    /// The number of its rows.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Makes all of it zero.
    pub fn clear(&mut self) {
        self.cells.fill(0.0);
    }

    /// The element in row `i` and column `j`.
    pub fn get(&self, i: usize, j: usize) -> f64 {
        self.cells[row(i.max(j)) + i.min(j)]
    }

    /// Adds to the element in row `i` and column `j`, and to its mirror image.
    pub fn add(&mut self, i: usize, j: usize, value: f64) {
        self.cells[row(i.max(j)) + i.min(j)] += value;
    }

    /// All of it, row by row.
    pub fn rows(&self) -> StdVec<StdVec<f64>> {
        let row = |i| (0..self.size).map(|j| self.get(i, j)).collect();
        (0..self.size).map(row).collect()
    }

    /// The lower half, row by row.
    pub fn cells(&self) -> &[f64] {
        &self.cells
    }

    /// Adds `weight · x xᵀ`.
    #[inline]
    pub fn add_square(&mut self, weight: f64, x: &[f64]) {
        let mut cells = &mut self.cells[..];
        for (i, &xi) in x.iter().enumerate() {
            let (here, rest) = cells.split_at_mut(i + 1);
            let scaled = weight * xi;
            for (cell, &xj) in here.iter_mut().zip(x) {
                *cell += scaled * xj;
            }
            cells = rest;
        }
    }

    /// Adds `weight · (x yᵀ + y xᵀ)`.
    pub fn add_product(&mut self, weight: f64, x: &[f64], y: &[f64]) {
        for i in 0..self.size {
            for j in 0..=i {
                self.cells[row(i) + j] += weight * (x[i] * y[j] + y[i] * x[j]);
            }
        }
    }

    /// The factor of a matrix whose rows and columns depend on those before them if less than
    /// `tolerance` of their diagonal is left.
    pub fn factor(&self, tolerance: f64) -> Cholesky<H> {
        let host = self.cells.allocator().clone();
        let mut pace = Pace::new(&host);
        let mut lower = self.clone();
        let mut rank = 0;
        for i in 0..self.size {
            for j in 0..=i {
                pace.step(j);
                let (above, here) = lower.cells.split_at_mut(row(i));
                let other = if j < i { &above[row(j)..=row(j) + j] } else { &here[..=i] };
                let inner: f64 = here[..j].iter().zip(other).map(|(a, b)| a * b).sum();
                let left = here[j] - inner;
                let pivot = other[j];
                here[j] = if j < i {
                    if pivot > 0.0 { left / pivot } else { 0.0 }
                } else if left > tolerance * self.get(i, i) && left > 0.0 {
                    rank += 1;
                    left.sqrt()
                } else {
                    0.0
                };
            }
        }
        Cholesky { lower, rank }
    }
}

/// A = L Lᵀ, with zeros on the diagonal of L where a row depends on those before.
#[derive(Debug)]
pub struct Cholesky<H: Host> {
    lower: Symmetric<H>,
    rank: usize,
}

/// What rounding may leave of a zero on the diagonal, as a part of what was there.
const ROUNDING: f64 = 1e-13;

/// The factor of sign(matrix) + shift, a small matrix whose lower half is looked at; none if that is
/// not positive definite.
pub fn cholesky(
    matrix: &[StdVec<f64>],
    sign: impl Fn(f64) -> f64,
    shift: f64,
) -> Option<Cholesky<Global>> {
    let mut shifted = Symmetric::zero(matrix.len(), &Global);
    for (i, row) in matrix.iter().enumerate() {
        (0..=i).for_each(|j| shifted.add(i, j, sign(row[j])));
        shifted.add(i, i, shift);
    }
    Some(shifted.factor(ROUNDING)).filter(|factor| factor.rank() == matrix.len())
}

impl<H: Host> Cholesky<H> {
    /// L, of which this is the lower half.
    pub fn lower(&self) -> &Symmetric<H> {
        &self.lower
    }

    /// How many rows do not depend on those before them.
    pub fn rank(&self) -> usize {
        self.rank
    }

    /// The first row that depends on those before it.
    pub fn first_dependent(&self) -> Option<usize> {
        (0..self.lower.size).find(|&i| self.lower.get(i, i) == 0.0)
    }

    /// Solves A x = b, with zeros for dependent rows.
    pub fn solve(&self, b: &mut [f64]) {
        let n = self.lower.size;
        let cells = &self.lower.cells;
        for i in 0..n {
            let here = &cells[row(i)..=row(i) + i];
            let inner: f64 = here[..i].iter().zip(&*b).map(|(a, b)| a * b).sum();
            b[i] = if here[i] > 0.0 { (b[i] - inner) / here[i] } else { 0.0 };
        }
        for i in (0..n).rev() {
            let here = &cells[row(i)..=row(i) + i];
            b[i] = if here[i] > 0.0 { b[i] / here[i] } else { 0.0 };
            let solved = b[i];
            for (value, a) in b[..i].iter_mut().zip(here) {
                *value -= a * solved;
            }
        }
    }

    /// The inverse of A.
    pub fn inverse(&self) -> Symmetric<H> {
        let n = self.lower.size;
        let host = self.lower.cells.allocator().clone();
        let mut inverse = Symmetric::zero(n, &host);
        let mut pace = Pace::new(&host);
        let mut column = Vec::new_in(host.clone());
        for j in 0..n {
            pace.step(n * n);
            column.clear();
            column.resize(n, 0.0);
            column[j] = 1.0;
            self.solve(&mut column);
            for i in j..n {
                inverse.add(i, j, column[i]);
            }
        }
        inverse
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::{Global, testing};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn solves_what_it_multiplies(rows in proptest::collection::vec(proptest::array::uniform4(-3.0..3.0f64), 4..9)) {
            let mut matrix = Symmetric::zero(4, &Global);
            for row in &rows {
                matrix.add_square(0.5, row);
            }
            for i in 0..4 {
                matrix.add(i, i, 0.1);
            }
            let factor = matrix.factor(1e-12);
            prop_assert_eq!((factor.rank(), factor.first_dependent()), (4, None));
            let x = [1.0, -2.0, 3.0, 0.5];
            let product = |i: usize| (0..4).map(|j| matrix.get(i, j) * x[j]).sum::<f64>();
            let mut b = std::array::from_fn::<f64, 4, _>(product);
            factor.solve(&mut b);
            let inverse = factor.inverse();
            for i in 0..4 {
                prop_assert!((b[i] - x[i]).abs() < 1e-8, "{:?}", b);
                for j in 0..4 {
                    let unit: f64 = (0..4).map(|k| inverse.get(i, k) * matrix.get(k, j)).sum();
                    prop_assert!((unit - f64::from(i == j)).abs() < 1e-8);
                }
            }
        }
    }

    #[test]
    fn products_are_added_to_both_halves() {
        let (x, y) = ([1.0, -2.0, 3.0], [0.5, 4.0, -1.0]);
        let mut matrix = Symmetric::zero(3, &Global);
        matrix.add_square(2.0, &x);
        matrix.add_product(0.5, &x, &y);
        for i in 0..3 {
            for j in 0..3 {
                let sum = 2.0 * x[i] * x[j] + 0.5 * (x[i] * y[j] + y[i] * x[j]);
                assert_eq!(matrix.get(i, j), sum, "{i} {j}");
            }
        }
    }

    #[test]
    fn what_is_not_positive_definite_has_no_factor() {
        let matrix = [vec![-4.0, 9.0, 9.0], vec![1.0, -3.0, 9.0], vec![0.5, -0.2, -2.0]];
        let factor = cholesky(&matrix, |m| -m, 0.0).unwrap();
        let inverse = factor.inverse().rows();
        let lower = |i: usize, j: usize| if j <= i { factor.lower().get(i, j) } else { 0.0 };
        for i in 0..3 {
            for j in 0..3 {
                let there = -matrix[i.max(j)][i.min(j)];
                let squared: f64 = (0..3).map(|k| lower(i, k) * lower(j, k)).sum();
                assert!((squared - there).abs() < 1e-14, "{i} {j}");
                // Symmetric: rows are columns.
                let unit: f64 = (0..3).map(|k| inverse[i][k] * -matrix[j.max(k)][j.min(k)]).sum();
                assert!((unit - f64::from(i == j)).abs() < 1e-14, "{i} {j}");
            }
        }
        let singular = [vec![1.0, 1.0], vec![1.0, 1.0]];
        assert!(cholesky(&singular, |m| m, 0.0).is_none());
        assert!(cholesky(&singular, |m| m, 0.1).is_some());
        assert!(cholesky(&[vec![f64::NAN]], |m| m, 0.0).is_none());
    }

    #[test]
    fn dependent_rows_are_found_and_left_out() {
        let mut matrix = Symmetric::zero(3, &Global);
        matrix.add_square(1.0, &[1.0, 2.0, 0.0]);
        matrix.add_square(1.0, &[1.0, 2.0, 1.0]);
        let factor = matrix.factor(1e-9);
        assert_eq!((factor.rank(), factor.first_dependent()), (2, Some(1)));
        // (1, 2, 0)ᵀ and (1, 2, 1)ᵀ span what it solves for.
        let mut b = [2.0, 4.0, 1.0];
        factor.solve(&mut b);
        assert!((b[0] - 1.0).abs() < 1e-12 && b[1] == 0.0 && b[2].abs() < 1e-12);
    }

    #[test]
    fn can_be_stopped() {
        let mut matrix = Symmetric::zero(60, &Global);
        (0..60).for_each(|i| matrix.add(i, i, 1.0));
        let factor = matrix.factor(1e-9);
        assert!(testing::stops(|| matrix.factor(1e-9)));
        assert!(testing::stops(|| factor.inverse()));
    }
}
