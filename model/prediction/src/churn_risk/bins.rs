//! Numbers as codes of one byte: at most 63 bins of a feature, each of at most four parts, and 0 for what is not known.
//!
//! Trees split between bins; a logit sees the mean of each part. A feature of up to 63 values is kept exactly. So
//! a table of rows takes a byte for each feature of each row, whatever its type was.

use crate::host::{Host, Pace, Vec};

/// Bins of a feature.
pub const BINS: usize = 63;
/// Parts of a bin.
const PARTS: usize = 4;
/// Codes: of parts, and of what is not known.
pub const CODES: usize = 1 + BINS * PARTS;
/// The code of what is not known.
pub const UNKNOWN: u8 = 0;

/// The bin of a code, from 1; 0 for what is not known.
#[inline]
pub fn bin(code: u8) -> usize {
    usize::from(code).div_ceil(PARTS)
}

/// How the numbers of one feature become codes.
#[derive(Debug)]
pub struct Coder<H: Host> {
    /// The upper ends of all parts but the last, ascending: a number belongs to the first that is not below it.
    ends: Vec<f64, H>,
    /// The code of each part.
    codes: Vec<u8, H>,
    /// The mean of each code's numbers; NaN where there are none.
    means: Vec<f64, H>,
}

/// Values that go together, and how many numbers that are.
#[derive(Debug, Clone, Copy)]
struct Group {
    /// The last of the values that are in it.
    last: usize,
    count: usize,
}

/// Splits values, each of which came so many times, into at most so many groups of about the same size.
fn split<H: Host>(counts: &[(f64, usize)], most: usize, host: &H) -> Vec<Group, H> {
    let mut groups = Vec::new_in(host.clone());
    let mut left: usize = counts.iter().map(|(_, count)| count).sum();
    let mut count = 0;
    for (place, (_, here)) in counts.iter().enumerate() {
        count += here;
        let rest = most - groups.len();
        let next = counts.get(place + 1).map_or(0, |(_, next)| *next);
        // A value that alone would fill a group begins one.
        let share = left.div_ceil(rest.max(1));
        let is_full =
            counts.len() <= most || count >= share || (count > 0 && count + next / 2 > share);
        if (is_full && rest > 1) || place + 1 == counts.len() {
            groups.push(Group { last: place, count });
            left -= count;
            count = 0;
        }
    }
    groups
}

impl<H: Host> Coder<H> {
    /// Learns from a sample, which is sorted on the way; `transform` is what means are taken of.
    pub fn learn(sample: &mut Vec<f64, H>, transform: impl Fn(f64) -> f64, host: &H) -> Self {
        let mut pace = Pace::new(host);
        sample.retain(|value| !value.is_nan());
        sample.sort_unstable_by(|a, b| {
            pace.step(1);
            a.total_cmp(b)
        });
        let mut counts: Vec<(f64, usize), H> = Vec::new_in(host.clone());
        for value in sample.iter() {
            match counts.last_mut() {
                // −0 is 0.
                Some((last, count)) if *last == *value => *count += 1,
                _ => counts.push((*value, 1)),
            }
        }
        let mut coder = Coder {
            ends: Vec::new_in(host.clone()),
            codes: Vec::new_in(host.clone()),
            means: Vec::new_in(host.clone()),
        };
        coder.means.resize(CODES, f64::NAN);
        let mut from = 0;
        for (number, bin) in split(&counts, BINS, host).iter().enumerate() {
            let inside = &counts[from..=bin.last];
            let mut first = 0;
            for (part, group) in split(inside, PARTS, host).iter().enumerate() {
                let values = &inside[first..=group.last];
                let code = 1 + number * PARTS + part;
                let sum: f64 =
                    values.iter().map(|(value, count)| transform(*value) * *count as f64).sum();
                coder.means[code] = sum / group.count as f64;
                coder.codes.push(code as u8);
                let last = from + group.last;
                if let Some((next, _)) = counts.get(last + 1) {
                    coder.ends.push(between(counts[last].0, *next));
                }
                first = group.last + 1;
            }
            from = bin.last + 1;
        }
        coder
    }

    /// The code of a number.
    #[inline]
    pub fn code(&self, value: f64) -> u8 {
        if value.is_nan() {
            return UNKNOWN;
        }
        let part = self.ends.partition_point(|end| *end < value);
        self.codes.get(part).copied().unwrap_or(UNKNOWN)
    }

    /// The mean of the numbers of a code.
    #[inline]
    pub fn mean(&self, code: u8) -> f64 {
        self.means[usize::from(code)]
    }

    /// The greatest number of a bin, which is not the last.
    pub fn end(&self, of: usize) -> Option<f64> {
        let last = self.codes.iter().rposition(|code| bin(*code) == of)?;
        self.ends.get(last).copied()
    }
}

/// A number between two, and as short as the middle is.
fn between(low: f64, high: f64) -> f64 {
    let middle = low + (high - low) / 2.0;
    if middle >= low && middle < high { middle } else { low }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Global;
    use proptest::prelude::*;

    fn learn(values: &[f64]) -> Coder<Global> {
        let mut sample = Vec::new_in(Global);
        sample.extend(values.iter().copied());
        Coder::learn(&mut sample, |x| x, &Global)
    }

    proptest! {
        #[test]
        fn codes_keep_the_order_and_few_values_exactly(
            values in prop::collection::vec(prop_oneof![-20..20i32, -2000..2000i32], 1..800),
        ) {
            let values: std::vec::Vec<f64> = values.into_iter().map(f64::from).collect();
            let coder = learn(&values);
            let mut distinct = values.clone();
            distinct.sort_by(f64::total_cmp);
            distinct.dedup();
            for pair in distinct.windows(2) {
                let (low, high) = (coder.code(pair[0]), coder.code(pair[1]));
                prop_assert!(low <= high && low > 0);
                if distinct.len() <= BINS {
                    prop_assert!(bin(low) < bin(high));
                    prop_assert_eq!(coder.mean(low), pair[0]);
                }
            }
            // The mean of all is that of their codes.
            let of_codes: f64 = values.iter().map(|value| coder.mean(coder.code(*value))).sum();
            prop_assert!((of_codes - values.iter().sum::<f64>()).abs() < 1e-6);
            let last = bin(coder.code(f64::MAX));
            prop_assert!(last <= BINS && last <= distinct.len());
            for number in 1..last {
                let end = coder.end(number).unwrap();
                prop_assert!(values.iter().all(|value| (bin(coder.code(*value)) <= number) == (*value <= end)));
            }
        }
    }

    #[test]
    fn many_values_make_bins_of_about_the_same_size() {
        let values: std::vec::Vec<f64> = (0..10_000).map(f64::from).collect();
        let coder = learn(&values);
        let mut counts = [0; 64];
        values.iter().for_each(|value| counts[bin(coder.code(*value))] += 1);
        assert!(counts[1..].iter().all(|count| (120..200).contains(count)), "{counts:?}");
        assert_eq!(coder.code(f64::NAN), UNKNOWN);
        assert_eq!(learn(&[]).code(1.0), UNKNOWN);
    }
}
