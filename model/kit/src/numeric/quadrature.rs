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

/// The same of the rule with eight nodes, for short panels.
const FEW_NODES: [(f64, f64); 4] = [
    (0.183_434_642_495_649_8, 0.362_683_783_378_362),
    (0.525_532_409_916_329, 0.313_706_645_877_887_27),
    (0.796_666_477_413_626_7, 0.222_381_034_453_374_48),
    (0.960_289_856_497_536_3, 0.101_228_536_290_376_26),
];

/// The same of the rule with four nodes, for very short panels.
const FEWEST_NODES: [(f64, f64); 2] = [
    (0.339_981_043_584_856_26, 0.652_145_154_862_546_1),
    (0.861_136_311_594_052_6, 0.347_854_845_137_453_85),
];

#[inline]
fn mirrored<const N: usize>(
    nodes: [(f64, f64); N],
    from: f64,
    to: f64,
    mut node: impl FnMut(f64, f64),
) {
    let (centre, half) = (0.5 * (from + to), 0.5 * (to - from));
    for (x, weight) in nodes {
        node(centre - half * x, half * weight);
        node(centre + half * x, half * weight);
    }
}

/// Calls back with every node between `from` and `to` and its weight.
#[inline]
pub fn panel(from: f64, to: f64, node: impl FnMut(f64, f64)) {
    mirrored(NODES, from, to, node);
}

/// Like [`panel`], with half as many nodes: for a panel an eighth as long as the distance from the
/// nearest singularity, over which the integrand changes little.
#[inline]
pub fn short_panel(from: f64, to: f64, node: impl FnMut(f64, f64)) {
    mirrored(FEW_NODES, from, to, node);
}

/// Like [`panel`], with a quarter of the nodes: for a panel 1/32 as long as that distance, over which
/// the integrand hardly changes.
#[inline]
pub fn shortest_panel(from: f64, to: f64, node: impl FnMut(f64, f64)) {
    mirrored(FEWEST_NODES, from, to, node);
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
            let is_close = |sum: f64| (sum - exact).abs() < 1e-14 * exact.abs().max(1.0);
            let (mut few, mut fewest) = (0.0, 0.0);
            short_panel(-0.5, 1.5, |x, weight| few += weight * x.powi(degree));
            shortest_panel(-0.5, 1.5, |x, weight| fewest += weight * x.powi(degree));
            assert_eq!(is_close(few), degree < 16, "{degree}: {few} {exact}");
            assert_eq!(is_close(fewest), degree < 8, "{degree}: {fewest} {exact}");
        }
    }
}
