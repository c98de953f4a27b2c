//! Sorting numbers of few bits.

use crate::host::{Host, Vec};

/// Widest digit: its counters stay in the cache nearest to the core.
const DIGIT: u32 = 11;
/// Fewer numbers than this are sorted by comparing them.
const FEW: usize = 512;
/// Numbers handled between two polls.
const BETWEEN_POLLS: usize = 1 << 16;

/// Sorts by the bits from `low` to `high`; those below `low` keep no particular order. `other` is
/// room for as many numbers again.
///
/// A cancel between leaves the numbers as they were, or sorted by fewer of the bits.
///
/// Least significant digit first: D. E. Knuth, The Art of Computer Programming 3, 5.2.5.
pub(crate) fn sort<H: Host>(
    numbers: &mut Vec<u64, H>,
    other: &mut Vec<u64, H>,
    low: u32,
    high: u32,
) {
    if numbers.len() < FEW {
        numbers.sort_unstable();
        return;
    }
    let host = numbers.allocator().clone();
    let passes = (high - low).div_ceil(DIGIT);
    other.clear();
    other.resize(numbers.len(), 0);
    for pass in 0..passes {
        // Digits as equal as can be.
        let from = low + (high - low) * pass / passes;
        let to = low + (high - low) * (pass + 1) / passes;
        let mask = (1usize << (to - from)) - 1;
        let mut places = [0u32; 1 << DIGIT];
        for part in numbers.chunks(BETWEEN_POLLS) {
            host.poll();
            for &number in part {
                places[(number >> from) as usize & mask] += 1;
            }
        }
        let mut next = 0;
        for place in &mut places[..=mask] {
            next += std::mem::replace(place, next);
        }
        for part in numbers.chunks(BETWEEN_POLLS) {
            host.poll();
            for &number in part {
                let place = &mut places[(number >> from) as usize & mask];
                other[*place as usize] = number;
                *place += 1;
            }
        }
        std::mem::swap(numbers, other);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Global;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sorts_by_the_bits_asked_for(
            numbers in prop::collection::vec(any::<u64>(), 0..3000),
            low in 0..20u32,
            bits in 0..45u32,
        ) {
            let (high, mask) = (low + bits, (1u64 << (low + bits)) - 1);
            let mut sorted = Vec::new_in(Global);
            sorted.extend(numbers.iter().map(|n| n & mask));
            sort(&mut sorted, &mut Vec::new_in(Global), low, high);
            prop_assert!(sorted.is_sorted_by_key(|n| n >> low));
            let mut expected: std::vec::Vec<u64> = numbers.iter().map(|n| n & mask).collect();
            expected.sort();
            sorted.sort();
            prop_assert_eq!(sorted.as_slice(), expected.as_slice());
        }
    }
}
