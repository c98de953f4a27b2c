//! Two periods compared: how much of the change of the churn rate comes from the mix of strata, how
//! much from the rates within them.
//!
//! With the share w of a stratum in the opening members, its rate r, and the overall rate R = Σ w r,
//!
//! ```text
//! R₂ − R₁ = Σ (w₂ − w₁) · ((r₁ + r₂)/2 − (R₁ + R₂)/2)  +  Σ (r₂ − r₁) · (w₁ + w₂)/2
//!           mix                                           rates
//! ```
//!
//! E. M. Kitagawa, "Components of a Difference Between Two Rates", Journal of the American Statistical
//! Association 50 (1955), 1168–1194. That the mix is measured from the mean of the overall rates
//! changes no sum, since the shares add up to 1 in both periods; but only then has a stratum whose
//! share grows an effect of the sign of its own rate against the others'.

use crate::error::{Error, shorten};
use crate::host::{Host, Pace, Vec};

/// A stratum: opening members and those of them that churned, in both periods.
#[derive(Debug, Clone, Copy)]
pub struct Stratum<'a> {
    /// Its name; a missing one is a name too.
    pub name: Option<&'a str>,
    /// Members in at the beginning of each period.
    pub opening: [i64; 2],
    /// Those of them that were not in at its end.
    pub churned: [i64; 2],
}

/// A stratum compared, or all of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StratumComparison {
    /// Members in at the beginning of each period.
    pub opening: [u64; 2],
    /// Their share of all; none where there are no members at all.
    pub share: [Option<f64>; 2],
    /// Churned / opening; none where there are no members.
    pub rate: [Option<f64>; 2],
    /// What the change of the share has changed in the overall rate, what that of the rate has, and
    /// both; none where one of the periods has no members at all.
    pub effects: Option<(f64, f64, f64)>,
}

/// Compares two periods, stratum by stratum; all of them come last.
pub fn compare<H: Host>(
    strata: &[Stratum<'_>],
    host: H,
) -> Result<Vec<StratumComparison, H>, Error> {
    let mut pace = Pace::new(&host);
    let (mut opening, mut churned) = ([0u64; 2], [0u64; 2]);
    for stratum in strata {
        pace.step(1);
        for period in 0..2 {
            let (o, c) = (stratum.opening[period], stratum.churned[period]);
            if c < 0 || o < c {
                return Err(Error::bad(
                    format!(
                        "stratum \"{}\": {c} of {o} members churned",
                        shorten(stratum.name.unwrap_or("NULL"))
                    ),
                    "churned_1 counts members of opening_1, and churned_2 members of opening_2.",
                ));
            }
            opening[period] = opening[period].saturating_add(o.unsigned_abs());
            churned[period] = churned[period].saturating_add(c.unsigned_abs());
        }
    }
    let ratio = |a: u64, b: u64| (b > 0).then(|| a as f64 / b as f64);
    let rate = [0, 1].map(|period| ratio(churned[period], opening[period]));
    let overall = rate[0].zip(rate[1]);
    let mut rows = Vec::with_capacity_in(strata.len() + 1, host.clone());
    let (mut mix, mut within) = (0.0, 0.0);
    for stratum in strata {
        pace.step(1);
        let count = stratum.opening.map(i64::unsigned_abs);
        let share = [0, 1].map(|period| ratio(count[period], opening[period]));
        let rate = [0, 1].map(|p| ratio(stratum.churned[p].unsigned_abs(), count[p]));
        let effects = overall.zip(share[0].zip(share[1])).map(|((r1, r2), (w1, w2))| {
            // A stratum that is new or gone has one rate: it is all mix.
            let (own1, own2) = match rate {
                [Some(own1), Some(own2)] => (own1, own2),
                [own1, own2] => own1.or(own2).map_or((0.0, 0.0), |own| (own, own)),
            };
            let of_mix = (w2 - w1) * ((own1 + own2) - (r1 + r2)) / 2.0;
            let of_rate = (own2 - own1) * (w1 + w2) / 2.0;
            mix += of_mix;
            within += of_rate;
            (of_mix, of_rate, of_mix + of_rate)
        });
        rows.push(StratumComparison { opening: count, share, rate, effects });
    }
    rows.push(StratumComparison {
        opening,
        share: opening.map(|members| (members > 0).then_some(1.0)),
        rate,
        effects: overall.map(|(r1, r2)| (mix, within, r2 - r1)),
    });
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::{Global, testing::stops};
    use proptest::prelude::*;

    fn stratum(opening: [i64; 2], churned: [i64; 2]) -> Stratum<'static> {
        Stratum { name: None, opening, churned }
    }

    proptest! {
        #[test]
        fn effects_add_up_to_the_change(
            counts in prop::collection::vec((0..900i64, 0..900i64, 0.0..1.0f64, 0.0..1.0f64), 1..20),
        ) {
            let share = |n: i64, p: f64| (n as f64 * p) as i64;
            let strata: std::vec::Vec<_> = counts.iter()
                .map(|&(a, b, p, q)| stratum([a, b], [share(a, p), share(b, q)])).collect();
            let rows = compare(&strata, Global).unwrap();
            let (all, each) = rows.split_last().unwrap();
            let sum = |f: &dyn Fn(&Stratum<'_>) -> i64| strata.iter().map(f).sum::<i64>() as f64;
            let rate = |p: usize| sum(&|s| s.churned[p]) / sum(&|s| s.opening[p]);
            let Some((mix, within, change)) = all.effects else {
                prop_assert!(all.opening[0] == 0 || all.opening[1] == 0);
                return Ok(());
            };
            prop_assert!((change - (rate(1) - rate(0))).abs() < 1e-12);
            prop_assert!((mix + within - change).abs() < 1e-12);
            let total: f64 = each.iter().map(|row| row.effects.unwrap().2).sum();
            prop_assert!((total - change).abs() < 1e-12);
        }
    }

    #[test]
    fn mix_alone_and_rates_alone() {
        // The same rates, 10 % and 40 %, and other shares: only the mix. Both effects are positive.
        let strata = [stratum([900, 500], [90, 50]), stratum([100, 500], [40, 200])];
        let rows = compare(&strata, Global).unwrap();
        assert!(rows[0].effects.unwrap().0 > 0.0 && rows[1].effects.unwrap().0 > 0.0);
        let (mix, within, change) = rows[2].effects.unwrap();
        assert!((mix - 0.12).abs() < 1e-15 && within == 0.0 && (change - 0.12).abs() < 1e-15);
        // The same shares, other rates: only the rates.
        let (mix, within, _) =
            compare(&[stratum([50, 100], [5, 20]), stratum([50, 100], [5, 10])], Global).unwrap()
                [2]
            .effects
            .unwrap();
        assert!(mix == 0.0 && (within - 0.05).abs() < 1e-15);
    }

    #[test]
    fn what_is_no_comparison() {
        for counts in [([10, 10], [11, 0]), ([-1, 10], [-2, 0]), ([5, 5], [0, -1])] {
            assert!(compare(&[stratum(counts.0, counts.1)], Global).is_err());
        }
        let rows = compare(&[stratum([0, 10], [0, 1])], Global).unwrap();
        assert!(rows[0].effects.is_none() && rows[1].effects.is_none());
        assert_eq!(rows[1].rate, [None, Some(0.1)]);
        let many: std::vec::Vec<_> = (0..20_000).map(|_| stratum([2, 2], [1, 0])).collect();
        assert!(stops(|| compare(&many, Global)));
    }
}
