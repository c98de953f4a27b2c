//! The normal distribution, as intervals and tests use it.

use crate::check;
use crate::error::Error;
use statrs::distribution::{ChiSquared, ContinuousCDF, Normal};
use std::f64::consts::FRAC_1_SQRT_2;

/// The z of two-sided intervals that hold the true value with this probability: 1.96 for 0.95.
pub fn two_sided(confidence: f64) -> Result<f64, Error> {
    let confidence = check::confidence(confidence)?;
    Ok(-Normal::standard().inverse_cdf((1.0 - confidence) / 2.0))
}

/// The probability that a standard normal value is at least as far from zero as `z`: the p-value of
/// every two-sided test whose statistic is normal.
pub fn beyond(z: f64) -> f64 {
    libm::erfc(z.abs() * FRAC_1_SQRT_2)
}

/// The probability that a chi-square value with `df` degrees of freedom is at least this; none
/// without freedom.
pub fn chi_square_tail(statistic: f64, df: usize) -> Option<f64> {
    let distribution = ChiSquared::new(df as f64).ok()?;
    // statrs halves it, and takes the logarithm of that: of nothing where it is the least number.
    Some(if statistic < 1e-300 { 1.0 } else { distribution.sf(statistic) })
}

#[cfg(test)]
mod tests {
    use super::*;

    // Thirty digits by mpmath 1.3.0, computed with sixty, of the very doubles on the left.

    /// `erfc(z / sqrt(2))`
    const BEYOND: &[(f64, &str)] = &[
        (0.0, "1.0"),
        (1e-09, "9.9999999920211543919713459456e-1"),
        (0.1, "9.20344325445942032662132184596e-1"),
        (0.5, "6.17075077451973792724590778783e-1"),
        (1.0, "3.17310507862914102829534908736e-1"),
        (1.96, "4.99957902964408724256473847911e-2"),
        (3.0, "2.69979606326018905330362953519e-3"),
        (4.5, "6.79534624946012080337489838174e-6"),
        (6.0, "1.9731752900753962814017282648e-9"),
        (8.0, "1.24419211485435682470319903452e-15"),
        (10.0, "1.52397060483210521319466865032e-23"),
        (15.0, "7.34193239862550177157217931067e-51"),
        (20.0, "5.50724823721246739015124556171e-89"),
        (26.0, "4.95212663100677857157386119114e-149"),
        (30.0, "9.81342785429637411906761851316e-198"),
        (37.0, "1.14511424450491536453663850965e-299"),
    ];

    /// `sqrt(2) * erfinv(confidence)`
    const TWO_SIDED: &[(f64, &str)] = &[
        (0.1, "1.25661346855074041222623376341e-1"),
        (0.5, "6.74489750196081743202227014541e-1"),
        (0.8, "1.28155156554460059348744828852"),
        (0.9, "1.6448536269514728225107322341"),
        (0.95, "1.95996398454005385560443064983"),
        (0.99, "2.5758293035489004538574826715"),
        (0.999, "3.29052673149189454333887777449"),
        (0.999999, "4.89163847569293177182529733487"),
        (0.999999999999, "7.13050989287927244728341435145"),
    ];

    /// `gammainc(df / 2, statistic / 2, regularized=True)`
    const CHI_SQUARE_TAIL: &[(usize, f64, &str)] = &[
        (1, 0.25, "6.17075077451973792724590778783e-1"),
        (1, 1.0, "3.17310507862914102829534908736e-1"),
        (1, 12.0, "5.32005505139249699289882133238e-4"),
        (1, 65.0, "7.48980702825266054388628209544e-16"),
        (1, 1001.0, "1.08868452019813002302492987253e-219"),
        (2, 0.5, "7.78800783071404868245170266978e-1"),
        (2, 2.0, "3.67879441171442321595523770161e-1"),
        (2, 14.0, "9.11881965554516208003136084409e-4"),
        (2, 70.0, "6.30511676014698938563902119225e-16"),
        (2, 1002.0, "2.62098518709522667252411252052e-218"),
        (3, 0.75, "8.61385080404541685398276926144e-1"),
        (3, 3.0, "3.91625176271088955477360436062e-1"),
        (3, 16.0, "1.13398428978532265670013742097e-3"),
        (3, 75.0, "3.62331935544466252655543788566e-16"),
        (3, 1003.0, "4.02105675817039736833718600265e-217"),
        (4, 1.0, "9.09795989568950135405699302487e-1"),
        (4, 4.0, "4.06005849709838075681998484917e-1"),
        (4, 18.0, "1.2340980408667954949763669073e-3"),
        (4, 80.0, "1.74182524466955148808498626097e-16"),
        (4, 1004.0, "4.84995902671451754261970864378e-216"),
        (5, 1.25, "9.39991560288844537624478498975e-1"),
        (5, 5.0, "4.15880186995507920283611579486e-1"),
        (5, 20.0, "1.24973056303137541185106525279e-3"),
        (5, 85.0, "7.52779230504520490056211075625e-17"),
        (5, 1005.0, "4.97034458014430769420858326225e-215"),
        (10, 2.5, "9.90875720781604726856036853978e-1"),
        (10, 10.0, "4.40493285065212411442581665663e-1"),
        (10, 30.0, "8.56641210775300392110781898378e-4"),
        (10, 110.0, "5.33573964946448273085476172443e-19"),
        (10, 1010.0, "1.31125654399194965627437815946e-210"),
        (25, 6.25, "9.99949047125659621919684403967e-1"),
        (25, 25.0, "4.62373662926613679002443258979e-1"),
        (25, 60.0, "1.04554861315264726770475865498e-4"),
        (25, 185.0, "2.28603704795691283666749431092e-26"),
        (25, 1025.0, "2.87852567272709611194438253862e-200"),
        (100, 25.0, "9.99999999999998864993042825138e-1"),
        (100, 100.0, "4.81191684527956718109094299089e-1"),
        (100, 210.0, "8.31602768753345446062321367448e-10"),
        (100, 560.0, "4.04888347048842890348518475977e-65"),
        (100, 1100.0, "4.7004823780194258750058275099e-168"),
        (1000, 250.0, "1.0"),
        (1000, 1000.0, "4.94052853829239641952952042559e-1"),
        (1000, 2010.0, "3.34694407691758450412023946601e-70"),
        (1000, 5060.0, "1.25898469037714151513036576121e-532"),
        (1000, 2000.0, "4.14367859145499174072194102287e-69"),
    ];

    fn close(found: f64, expected: &str, most: f64) -> bool {
        let expected: f64 = expected.parse().unwrap();
        (found - expected).abs() <= most * expected
    }

    #[test]
    fn tails_of_the_normal_distribution() {
        for (z, expected) in BEYOND {
            for z in [*z, -z] {
                assert!(close(beyond(z), expected, 3e-13), "{z}: {} {expected}", beyond(z));
            }
        }
        // Where doubles have fewer digits, and where they end.
        assert!(beyond(38.4) > 0.0 && beyond(40.0) == 0.0 && beyond(f64::INFINITY) == 0.0);
    }

    #[test]
    fn quantiles_of_the_normal_distribution() {
        for (confidence, expected) in TWO_SIDED {
            let found = two_sided(*confidence).unwrap();
            assert!(close(found, expected, 1e-14), "{confidence}: {found} {expected}");
        }
    }

    #[test]
    fn tails_of_chi_square() {
        for (df, statistic, expected) in CHI_SQUARE_TAIL {
            let found = chi_square_tail(*statistic, *df).unwrap();
            assert!(close(found, expected, 1e-12), "{df}, {statistic}: {found} {expected}");
        }
        assert_eq!(chi_square_tail(1.0, 0), None);
    }
}
