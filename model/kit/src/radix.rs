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
pub fn sort<H: Host>(numbers: &mut Vec<u64, H>, other: &mut Vec<u64, H>, low: u32, high: u32) {
    if numbers.len() < FEW {
        numbers.sort_unstable();
        return;
    }
    let passes = (high - low).div_ceil(DIGIT);
    for pass in 0..passes {
        // Digits as equal as can be.
        let from = low + (high - low) * pass / passes;
        let to = low + (high - low) * (pass + 1) / passes;
        let mask = (1usize << (to - from)) - 1;
        by_digit(numbers, other, |&number| (number >> from) as usize & mask);
    }
}

/// Sorts by numbers of 32 bits, the first of them first.
pub fn sort_by_all<E: Copy, const N: usize, H: Host>(
    items: &mut Vec<E, H>,
    other: &mut Vec<E, H>,
    key: impl Fn(&E) -> [u32; N],
) {
    if items.len() < FEW {
        items.sort_unstable_by_key(key);
        return;
    }
    let mut used = [0; N];
    for part in items.chunks(BETWEEN_POLLS) {
        items.allocator().poll();
        for item in part {
            used.iter_mut().zip(key(item)).for_each(|(used, number)| *used |= number);
        }
    }
    for (i, used) in used.iter().enumerate().rev() {
        let mut from = 0;
        while from < u32::BITS && used >> from > 0 {
            let mask = (1 << DIGIT) - 1;
            by_digit(items, other, |item| (key(item)[i] >> from) as usize & mask);
            from += DIGIT;
        }
    }
}

/// Sorts by one digit; those with the same keep their order.
fn by_digit<E: Copy, H: Host>(
    items: &mut Vec<E, H>,
    other: &mut Vec<E, H>,
    digit: impl Fn(&E) -> usize,
) {
    let Some(first) = items.first() else { return };
    let host = items.allocator().clone();
    if other.len() != items.len() {
        other.clear();
        other.resize(items.len(), *first);
    }
    let mut places = [0u32; 1 << DIGIT];
    for part in items.chunks(BETWEEN_POLLS) {
        host.poll();
        for item in part {
            places[digit(item)] += 1;
        }
    }
    let mut next = 0;
    for place in &mut places {
        next += std::mem::replace(place, next);
    }
    for part in items.chunks(BETWEEN_POLLS) {
        host.poll();
        for &item in part {
            let place = &mut places[digit(&item)];
            other[*place as usize] = item;
            *place += 1;
        }
    }
    std::mem::swap(items, other);
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

        #[test]
        fn sorts_by_several_numbers(
            numbers in prop::collection::vec((0..5u32, any::<u32>(), 0..3000u32), 0..3000),
        ) {
            let mut sorted = Vec::new_in(Global);
            sorted.extend_from_slice(&numbers);
            sort_by_all(&mut sorted, &mut Vec::new_in(Global), |&(a, b, c)| [a, b, c]);
            let mut expected = numbers.clone();
            expected.sort();
            prop_assert_eq!(sorted.as_slice(), expected.as_slice());
        }
    }
}
