//! Integrals of smooth functions over an interval: Gauss and Legendre's rule on panels that grow with
//! the distance from the nearest singularity.

/// Nodes of the rule on [−1, 1] that are positive, with their weights; the others mirror them.
/// (Abramowitz and Stegun, table 25.4, n = 16.)
const NODES: [(f64, f64); 8] = [
    (0.095_012_509_837_637_44, 0.189_450_610_455_068_5),
    (0.281_603_550_779_258_9, 0.182_603_415_044_923_6),
    (0.458_016_777_657_227_4, 0.169_156_519_395_002_54),
    (0.617_876_244_402_643_7, 0.149_595_988_816_576_73),
    (0.755_404_408_355_003, 0.124_628_971_255_533_87),
    (0.865_631_202_387_831_7, 0.095_158_511_682_492_78),
    (0.944_575_023_073_232_6, 0.062_253_523_938_647_89),
    (0.989_400_934_991_649_9, 0.027_152_459_411_754_095),
];

/// Calls back with every node between `from` and `to` and its weight.
#[inline]
pub fn panel(from: f64, to: f64, mut node: impl FnMut(f64, f64)) {
    let (centre, half) = (0.5 * (from + to), 0.5 * (to - from));
    for (x, weight) in NODES {
        node(centre - half * x, half * weight);
        node(centre + half * x, half * weight);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule_is_exact_for_polynomials_of_degree_31() {
        for degree in 0..32 {
            let mut sum = 0.0;
            panel(-0.5, 1.5, |x, weight| sum += weight * x.powi(degree));
            let power = degree + 1;
            let exact = (1.5_f64.powi(power) - (-0.5_f64).powi(power)) / f64::from(power);
            assert!((sum - exact).abs() < 1e-14 * exact.abs().max(1.0), "{degree}: {sum} {exact}");
        }
    }
}
