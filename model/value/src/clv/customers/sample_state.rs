//! A sample as the state of an aggregate: merged, and as bytes between processes.

use super::alike::Row;
use super::sample::{LnGaps, Sample, Spend};
use crate::error::Error;
use crate::host::{Host, Pace, Vec};
use crate::state::State;

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
