//! Cut points for tables that have a row per member already: the state of an aggregate.

use super::cell;
use super::cuts::Method;
use super::scale::Scale;
use crate::error::{Error, Malformed};
use crate::host::{Host, Vec};
use crate::state::State;

/// Values of members, and what is asked of their cut points.
#[derive(Debug)]
pub struct Values<H: Host> {
    columns: [Vec<f64, H>; 3],
    bins: Option<i32>,
    method: Method,
}

impl<H: Host> Values<H> {
    /// None yet.
    pub fn new(host: H) -> Self {
        let columns = std::array::from_fn(|_| Vec::new_in(host.clone()));
        Values { columns, bins: None, method: Method::Quantile }
    }

    /// What is asked, which must be the same in every row: 5 bins by quantiles, where it is none.
    #[inline]
    pub fn ask(&mut self, bins: Option<i32>, method: Option<&str>) -> Result<(), Error> {
        let bins = bins.unwrap_or(5);
        let method = method.map_or(Ok(Method::Quantile), Method::parse)?;
        if matches!(method, Method::Ntile | Method::Fixed) {
            return Err(Error::bad(
                "rfm_cuts_agg has the methods 'quantile' and 'rank' only",
                "'ntile' splits equal values, so it has no cut points; 'fixed' has them already.",
            ));
        }
        match self.bins {
            None => {
                cell::bins(bins)?;
                (self.bins, self.method) = (Some(bins), method);
                Ok(())
            }
            Some(asked) if asked == bins && self.method == method => Ok(()),
            Some(_) => Err(Error::bad(
                "bins and method differ from row to row",
                "Take constants: one aggregate makes one set of cut points.",
            )),
        }
    }

    /// A member. Without recency or frequency it is none; without amount it counts for the other two.
    #[inline]
    pub fn push(&mut self, values: [Option<f64>; 3]) -> Result<(), Error> {
        const MOST: f64 = 1e300; // differences stay finite
        if let Some(wrong) =
            values.iter().flatten().find(|value| value.is_nan() || value.abs() > MOST)
        {
            return Err(Error::AmountOutOfRange { given: wrong.to_string() });
        }
        if let [Some(recency), Some(frequency), monetary] = values {
            self.columns[0].push(recency);
            self.columns[1].push(frequency);
            self.columns[2].extend(monetary);
        }
        Ok(())
    }

    /// The cut points; none without members.
    pub fn scale(&self, host: &H) -> Option<Scale> {
        let bins = usize::try_from(self.bins?).ok()?;
        let [recency, frequency, monetary] = &self.columns;
        let columns = [recency, frequency, monetary];
        (!recency.is_empty()).then(|| Scale::of_values(columns, self.method, bins, host))
    }
}

impl<H: Host> State<H> for Values<H> {
    fn merge(&mut self, other: &Self) -> Result<(), Error> {
        if let Some(bins) = other.bins {
            let method = if other.method == Method::Rank { "rank" } else { "quantile" };
            self.ask(Some(bins), Some(method))?;
        }
        for (column, other) in self.columns.iter_mut().zip(&other.columns) {
            column.extend_from_slice(other);
        }
        Ok(())
    }

    fn write(&self, out: &mut Vec<u8, H>) {
        out.extend_from_slice(&self.bins.unwrap_or(0).to_le_bytes());
        out.push(u8::from(self.method == Method::Rank));
        for column in &self.columns {
            out.extend_from_slice(&(column.len() as u64).to_le_bytes());
            out.reserve(column.len() * 8);
            for value in column.iter() {
                out.extend_from_slice(&value.to_le_bytes());
            }
        }
    }

    fn read(bytes: &[u8], host: H) -> Result<Self, Error> {
        let short = Malformed("the state of an aggregate is cut off");
        let (bins, bytes) = bytes.split_first_chunk().ok_or(short)?;
        let (&[rank], mut bytes) = bytes.split_first_chunk().ok_or(short)?;
        let mut values = Values::new(host);
        let bins = i32::from_le_bytes(*bins);
        values.bins = (bins != 0).then_some(bins);
        values.method = if rank == 1 { Method::Rank } else { Method::Quantile };
        for column in &mut values.columns {
            let (len, rest) = bytes.split_first_chunk().ok_or(short)?;
            let len = usize::try_from(u64::from_le_bytes(*len)).map_err(|_| short)?;
            let (numbers, rest) =
                len.checked_mul(8).and_then(|len| rest.split_at_checked(len)).ok_or(short)?;
            column.reserve(len);
            let numbers = numbers.as_chunks().0.iter();
            column.extend(numbers.map(|number| f64::from_le_bytes(*number)));
            bytes = rest;
        }
        Ok(values)
    }
}
