//! Many tests at once: p-values adjusted so that none is believed only because there were many.

use crate::host::{Host, Vec};

/// p-values adjusted by S. Holm, "A simple sequentially rejective multiple test procedure",
/// Scandinavian Journal of Statistics 6 (1979), 65–70: those below α are wrong, with a probability of
/// at most α, not even once. With the p-values in order, p₍₁₎ ≤ … ≤ p₍ₘ₎,
///
/// ```text
/// max over j ≤ i of min(1, (m − j + 1) p₍ⱼ₎)
/// ```
///
/// `None` stands for no test, and is not counted.
pub fn holm<H: Host>(p_values: &mut [Option<f64>], host: &H) {
    let order = ascending(p_values, host);
    let tests = order.len();
    let mut at_least = 0.0f64;
    for (before, &i) in order.iter().enumerate() {
        if let Some(Some(p)) = p_values.get_mut(i) {
            at_least = at_least.max(((tests - before) as f64 * *p).min(1.0));
            *p = at_least;
        }
    }
}

/// p-values adjusted by Y. Benjamini and Y. Hochberg, "Controlling the False Discovery Rate", Journal
/// of the Royal Statistical Society B 57 (1995), 289–300, also called q-values: of those below α, a
/// share of at most α is wrong, in expectation.
///
/// ```text
/// min over j ≥ i of min(1, m p₍ⱼ₎ / j)
/// ```
///
/// `None` stands for no test, and is not counted.
pub fn benjamini_hochberg<H: Host>(p_values: &mut [Option<f64>], host: &H) {
    let order = ascending(p_values, host);
    let tests = order.len() as f64;
    let mut at_most = 1.0f64;
    for (before, &i) in order.iter().enumerate().rev() {
        if let Some(Some(p)) = p_values.get_mut(i) {
            at_most = at_most.min(tests * *p / (before + 1) as f64);
            *p = at_most;
        }
    }
}

/// Where the p-values stand, the smallest first.
fn ascending<H: Host>(p_values: &[Option<f64>], host: &H) -> Vec<usize, H> {
    let mut tests = Vec::new_in(host.clone());
    tests.extend(p_values.iter().enumerate().filter_map(|(i, p)| p.map(|p| (p, i))));
    tests.sort_unstable_by(|(a, i), (b, j)| a.total_cmp(b).then(i.cmp(j)));
    let mut order = Vec::with_capacity_in(tests.len(), host.clone());
    order.extend(tests.iter().map(|(_, i)| *i));
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Global;

    /// R 4: p.adjust(c(0.01, 0.02, 0.03, 0.04, 0.05), "holm") and "BH", and statsmodels' multipletests
    /// of the shuffled ones.
    #[test]
    fn agree_with_other_software() {
        let given = [0.03, 0.01, 0.05, 0.02, 0.04];
        let with = |f: fn(&mut [Option<f64>], &Global)| {
            let mut p = given.map(Some);
            f(&mut p, &Global);
            p.map(Option::unwrap)
        };
        let close = |a: [f64; 5], b: [f64; 5]| {
            a.iter().zip(b).for_each(|(a, b)| assert!((a - b).abs() < 1e-15, "{a} {b}"));
        };
        close(with(holm), [0.09, 0.05, 0.09, 0.08, 0.09]);
        close(with(benjamini_hochberg), [0.05; 5]);
        let mut p = [Some(0.001), None, Some(0.5), Some(0.02), Some(0.9)];
        benjamini_hochberg(&mut p, &Global);
        assert_eq!(p, [Some(0.004), None, Some(2.0 / 3.0), Some(0.04), Some(0.9)]);
        let mut none = [None; 3];
        holm(&mut none, &Global);
        assert_eq!(none, [None; 3]);
    }
}
