//! Which of several runs become one, where there are too many.

/// The place of the first of the runs, the largest first, that are to be made one: it is at most twice as large as all
/// behind it, or one of the smaller half.
///
/// So a run is written again only with others that make it half as large again at least, and an event is copied a few times,
/// however many small parts come: 18 times of 80,000 equal ones, where always merging the smaller half copies it 2,000 times.
pub(crate) fn first_to_merge(bytes: impl DoubleEndedIterator<Item = usize>, count: usize) -> usize {
    let smaller_half = count / 2;
    let (mut behind, mut first) = (0, smaller_half);
    for (place, bytes) in (0..count).rev().zip(bytes.rev()) {
        if place < smaller_half && bytes <= 2 * behind {
            first = place;
        }
        behind += bytes;
    }
    first
}

#[cfg(test)]
mod tests {
    use super::first_to_merge;

    #[test]
    fn an_event_is_copied_a_few_times() {
        for (parts, most) in [(1_000, 8), (80_000, 20)] {
            let (mut runs, mut copied) = (Vec::new(), 0);
            for _ in 0..parts {
                let mut run = 1;
                if runs.len() == 8 {
                    runs.push(run);
                    let first = first_to_merge(runs.iter().copied(), runs.len());
                    run = runs.drain(first..).sum();
                    copied += run;
                }
                let place = runs.partition_point(|larger| *larger >= run);
                runs.insert(place, run);
            }
            assert!(copied <= most * parts, "{copied} of {parts}");
        }
        // Of runs that grow, the small ones alone.
        assert_eq!(first_to_merge([6561, 2187, 729, 243, 81, 27, 9, 3, 1].into_iter(), 9), 4);
    }
}
