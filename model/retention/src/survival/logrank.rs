//! Do groups leave alike? The log-rank test and its family.

use super::data::{Leaving, Time};
use super::groups::Groups;
use crate::error::Error;
use crate::host::{Host, Pace, Vec};
use crate::numeric::{Symmetric, normal};

/// Groups whose covariances are kept.
const MAX_GROUPS: usize = 1000;

/// What is left of a variance when it is a sum of others, but for rounding.
const TOLERANCE: f64 = 1e-9;

/// A group as the test sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Group<'n> {
    /// Its name.
    pub name: &'n [u8],
    /// Its members.
    pub members: u64,
    /// Those who left, weighted.
    pub observed: f64,
    /// Those who would have left if all groups did alike, weighted.
    pub expected: f64,
    /// The variance of observed − expected.
    pub variance: f64,
}

/// The test. `None` where there is nothing to compare.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TestResult {
    /// (O − E)ᵀ V⁻ (O − E).
    pub chi_square: Option<f64>,
    /// The rank of V: groups − 1, or less where some are never at risk together with others.
    pub df: usize,
    /// The probability of such a difference if there is none.
    pub p_value: Option<f64>,
}

/// Observed and expected numbers of all groups.
#[derive(Debug)]
pub struct Comparison<'g, H: Host> {
    data: &'g Groups<H>,
    members: Vec<u64, H>,
    observed: Vec<f64, H>,
    expected: Vec<f64, H>,
    /// Observed − expected, added up by itself: the sums may be far larger.
    difference: Vec<f64, H>,
    covariance: Symmetric<H>,
}

impl<H: Host> Groups<H> {
    /// Compares the groups within their strata.
    ///
    /// ```text
    /// O = Σ w dᵢ,   E = Σ w d nᵢ/n,   V = Σ w² d (n − d)/(n − 1) · (nᵢ/n) (1{i = j} − nⱼ/n)
    /// ```
    ///
    /// over the times at which members leave, n those at risk then (entry < t ≤ duration), with the weight w = S(t−)^rho of Kaplan and Meier's S
    /// of all groups: rho 0 is the log-rank test, rho 1 Peto and Peto's, which looks at early
    /// differences most. N. Mantel, Cancer Chemotherapy Reports 50 (1966), 163–170; R. Peto and J.
    /// Peto, Journal of the Royal Statistical Society A 135 (1972), 185–207; D. P. Harrington and
    /// T. R. Fleming, Biometrika 69 (1982), 553–566.
    pub fn compare(&mut self, rho: f64) -> Result<Comparison<'_, H>, Error> {
        if !rho.is_finite() || rho.abs() > 100.0 {
            return Err(Error::bad(
                format!("rho {rho} is not a power"),
                "Take 0 for the log-rank test or 1 for Peto and Peto's.",
            ));
        }
        let size = self.groups.len();
        if size > MAX_GROUPS {
            return Err(Error::TooLarge {
                what: "the number of groups (its limit is 1000)",
                hint: "Compare fewer groups; a column with many values may be meant as stratum.",
            });
        }
        let mut members = self.in_order();
        let mut members = &mut members[..];
        let host = self.groups.host().clone();
        let mut zeros = Vec::new_in(host.clone());
        zeros.resize(size, 0.0);
        let mut sizes = Vec::new_in(host.clone());
        sizes.resize(size, 0);
        let mut comparison = Comparison {
            data: self,
            members: sizes,
            observed: zeros.clone(),
            expected: zeros.clone(),
            difference: zeros,
            covariance: Symmetric::zero(size, &host),
        };
        let mut present =
            Presence { groups: Vec::new_in(host.clone()), places: Vec::new_in(host.clone()) };
        present.places.resize(size, usize::MAX);
        let mut pace = Pace::new(&host);
        while let Some(first) = members.first() {
            let number = first.stratum;
            let end = members.partition_point(|alike| alike.stratum == number);
            let (stratum, rest) = std::mem::take(&mut members).split_at_mut(end);
            comparison.add_stratum(stratum, rho, &mut present, &mut pace);
            members = rest;
        }
        if !comparison.is_finite() {
            return Err(Error::bad(
                format!("rho {rho} gives the last ones to leave weights beyond all numbers"),
                "Take 0 for the log-rank test or 1 for Peto and Peto's.",
            ));
        }
        Ok(comparison)
    }
}

/// Members of a stratum and a group that enter and leave together.
#[derive(Debug, Clone, Copy)]
struct Alike {
    stratum: u32,
    leaving: Leaving,
    group: u32,
    /// 0: seen from the beginning.
    entry: Time,
    count: u64,
}

impl<H: Host> Groups<H> {
    /// All members, by stratum and time.
    fn in_order(&mut self) -> Vec<Alike, H> {
        let host = self.groups.host().clone();
        let mut pace = Pace::new(&host);
        let (whole, late) = (self.tally.settle(), self.late.settle());
        let mut members = Vec::with_capacity_in(whole.len() + late.len(), host.clone());
        for &((stratum, leaving, group), count) in whole {
            pace.step(1);
            members.push(Alike { stratum, leaving, group, entry: Time::ZERO, count });
        }
        for &((stratum, leaving, group, entry), count) in late {
            pace.step(1);
            members.push(Alike { stratum, leaving, group, entry, count });
        }
        if !late.is_empty() {
            members.sort_unstable_by_key(|alike| {
                pace.step(1);
                (alike.stratum, alike.leaving, alike.group, alike.entry)
            });
        }
        members
    }
}

/// The groups of a stratum.
struct Presence<H: Host> {
    groups: Vec<Present, H>,
    /// Where each group is among them.
    places: Vec<usize, H>,
}

impl<H: Host> Presence<H> {
    fn of(&mut self, group: u32) -> &mut Present {
        let group = group as usize;
        if self.places[group] == usize::MAX {
            self.places[group] = self.groups.len();
            self.groups.push(Present { group, at_risk: 0, leaving: 0 });
        }
        &mut self.groups[self.places[group]]
    }

    fn clear(&mut self) {
        for present in self.groups.drain(..) {
            self.places[present.group] = usize::MAX;
        }
    }
}

/// A group of a stratum, while members are at risk.
#[derive(Debug, Clone, Copy)]
struct Present {
    group: usize,
    at_risk: u64,
    leaving: u64,
}

impl<H: Host> Comparison<'_, H> {
    fn add_stratum(
        &mut self,
        stratum: &[Alike],
        rho: f64,
        present: &mut Presence<H>,
        pace: &mut Pace<'_, H>,
    ) {
        present.clear();
        let mut entries = Vec::new_in(self.members.allocator().scratch());
        let mut n = 0u64;
        for alike in stratum {
            pace.step(1);
            let group = present.of(alike.group);
            if alike.entry > Time::ZERO {
                entries.push((alike.entry, alike.group, alike.count));
            } else {
                group.at_risk += alike.count;
                n += alike.count;
            }
            self.members[alike.group as usize] += alike.count;
        }
        entries.sort_unstable_by_key(|entry: &(Time, u32, u64)| {
            pace.step(1);
            entry.0
        });
        let mut entries = entries.iter().peekable();
        let mut survival: f64 = 1.0;
        for moment in stratum.chunk_by(|a, b| a.leaving.time() == b.leaving.time()) {
            let Some(time) = moment.first().map(|alike| alike.leaving.time()) else { continue };
            while let Some(&(_, group, count)) = entries.next_if(|entry| entry.0 < time) {
                pace.step(1);
                present.of(group).at_risk += count;
                n += count;
            }
            let mut d = 0;
            for alike in moment.iter().filter(|alike| alike.leaving.churned()) {
                pace.step(1);
                present.of(alike.group).leaving += alike.count;
                d += alike.count;
            }
            if d > 0 {
                pace.step(present.groups.len() * present.groups.len());
                self.add_moment(&present.groups, d, n, survival.powf(rho));
                survival *= (n - d) as f64 / n as f64;
            }
            for alike in moment {
                let group = present.of(alike.group);
                group.at_risk -= alike.count;
                if alike.leaving.churned() {
                    group.leaving = 0;
                }
                n -= alike.count;
            }
        }
    }

    fn add_moment(&mut self, present: &[Present], d: u64, n: u64, weight: f64) {
        let (deaths, all) = (d as f64, n as f64);
        let scale =
            if n > 1 { weight * weight * deaths * (n - d) as f64 / (n - 1) as f64 } else { 0.0 };
        for (i, one) in present.iter().enumerate() {
            let share = one.at_risk as f64 / all;
            self.observed[one.group] += weight * one.leaving as f64;
            self.expected[one.group] += weight * deaths * share;
            self.difference[one.group] += weight * (one.leaving as f64 - deaths * share);
            if scale > 0.0 && one.at_risk > 0 {
                for other in &present[..i] {
                    let covariance = -scale * share * (other.at_risk as f64 / all);
                    self.covariance.add(one.group, other.group, covariance);
                }
                self.covariance.add(one.group, one.group, scale * share * (1.0 - share));
            }
        }
    }

    fn is_finite(&self) -> bool {
        let sums = [&self.observed, &self.expected, &self.difference].into_iter().flatten();
        sums.chain(self.covariance.cells()).all(|number| number.is_finite())
    }

    /// The groups, in the order of their names.
    pub fn groups(&self) -> impl Iterator<Item = Group<'_>> {
        let order = self.data.groups.sorted();
        (0..order.len()).map(move |place| {
            let i = order[place] as usize;
            Group {
                name: self.data.groups.get(i),
                members: self.members[i],
                observed: self.observed[i],
                expected: self.expected[i],
                variance: self.covariance.get(i, i),
            }
        })
    }

    /// The test of all groups against each other.
    pub fn outcome(&self) -> TestResult {
        let factor = self.covariance.factor(TOLERANCE);
        let mut solution = self.difference.clone();
        factor.solve(&mut solution);
        let df = factor.rank();
        let chi_square: f64 = solution.iter().zip(&self.difference).map(|(a, b)| a * b).sum();
        let chi_square = (df > 0).then_some(chi_square.max(0.0));
        let p_value = chi_square.and_then(|value| normal::chi_square_tail(value, df));
        TestResult { chi_square, df, p_value }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::{Global, testing};
    use crate::state::State;
    use crate::survival::Observation;
    use proptest::prelude::*;

    /// Duration, outcome, group, stratum, entry if it is before the duration, weight.
    type Given = (u8, bool, u8, Option<u8>, u8, i64);

    fn rows() -> impl Strategy<Value = std::vec::Vec<Given>> {
        let row = (0u8..12, any::<bool>(), 0u8..4, proptest::option::of(0u8..3), 0u8..20, 1i64..4);
        proptest::collection::vec(row, 0..60)
    }

    fn filled(rows: &[Given]) -> Groups<Global> {
        let mut groups = Groups::new(Global);
        for &(duration, churned, group, stratum, entry, weight) in rows {
            let stratum = stratum.map(|stratum| [b's', stratum]);
            let stratum = stratum.as_ref().map(|name| &name[..]);
            let entry = (entry < duration).then_some(f64::from(entry));
            let row =
                Observation { entry, weight, ..Observation::new(f64::from(duration), churned) };
            groups.push_row(&row, &[b'g', group], stratum).unwrap();
        }
        groups
    }

    fn repeated(rows: &[Given]) -> std::vec::Vec<Given> {
        let alike = |row: &Given| {
            (0..row.5).map(|_| (row.0, row.1, row.2, row.3, row.4, 1)).collect::<std::vec::Vec<_>>()
        };
        rows.iter().flat_map(alike).collect()
    }

    fn bytes(mut groups: Groups<Global>) -> Vec<u8, Global> {
        let mut out = Vec::new_in(Global);
        groups.to_bytes(&mut out).unwrap();
        out
    }

    proptest! {
        #[test]
        fn bytes_are_canonical_whatever_the_order_and_the_merges(rows in rows(), cut in 0usize..60) {
            let expected = bytes(filled(&rows));
            let (left, right) = rows.split_at(cut.min(rows.len()));
            let mut sent = Vec::new_in(Global);
            filled(left).write(&mut sent);
            let mut merged = filled(right);
            merged.merge(&Groups::read(&sent, Global).unwrap()).unwrap();
            prop_assert_eq!(&bytes(merged), &expected);
            let again = Groups::from_bytes(&expected, Global, |_| Ok(())).unwrap();
            prop_assert_eq!(&bytes(again), &expected);
        }

        #[test]
        fn a_weight_is_as_many_rows(rows in rows()) {
            prop_assert_eq!(bytes(filled(&rows)), bytes(filled(&repeated(&rows))));
        }

        #[test]
        fn any_bytes_read_or_fail(noise: std::vec::Vec<u8>, rows in rows(), at: usize) {
            let mut forged = bytes(filled(&rows));
            forged.truncate(1 + at % (forged.len() - 8));
            forged.extend_from_slice(&noise);
            let checksum = xxhash_rust::xxh3::xxh3_64(&forged);
            forged.extend_from_slice(&checksum.to_le_bytes());
            if let Ok(mut read) = Groups::from_bytes(&forged, Global, |_| Ok(())) {
                prop_assert!(read.compare(0.5).is_ok());
                prop_assert_eq!(&bytes(read), &forged);
            }
            // Any result is right, except a panic.
            let _ = Groups::read(&noise, Global);
        }

        /// Mantel and Haenszel's test of two groups, from the tables of every time.
        #[test]
        fn two_groups_are_compared_as_in_the_textbook(rows in rows()) {
            let given: std::vec::Vec<Given> =
                rows.into_iter().map(|row| (row.0, row.1, row.2 % 2, row.3, row.4, row.5)).collect();
            let rows = repeated(&given);
            let mut times: std::vec::Vec<(Option<u8>, u8)> =
                rows.iter().filter(|row| row.1).map(|row| (row.3, row.0)).collect();
            times.sort_unstable();
            times.dedup();
            let (mut difference, mut variance) = (0.0, 0.0);
            for (stratum, time) in times {
                let is_seen = |row: &Given| row.4 >= row.0 || row.4 == 0 || row.4 < time;
                let at_risk =
                    rows.iter().filter(|row| row.3 == stratum && row.0 >= time && is_seen(row));
                let leave = at_risk.clone().filter(|row| row.1 && row.0 == time);
                let of_first = |row: &&Given| row.2 == 0;
                let (n, d) = (at_risk.clone().count() as f64, leave.clone().count() as f64);
                let n1 = at_risk.filter(of_first).count() as f64;
                difference += leave.filter(of_first).count() as f64 - d * n1 / n;
                if n > 1.0 {
                    variance += d * (n - d) / (n - 1.0) * n1 * (n - n1) / (n * n);
                }
            }
            let mut data = filled(&given);
            let comparison = data.compare(0.0).unwrap();
            let outcome = comparison.outcome();
            prop_assert_eq!(outcome.df, usize::from(variance > 0.0));
            if let Some(first) = comparison.groups().find(|group| group.name[1] == 0) {
                prop_assert!((first.variance - variance).abs() < 1e-9);
            }
            if variance > 0.0 {
                let chi_square = difference * difference / variance;
                prop_assert!((outcome.chi_square.unwrap() - chi_square).abs() < 1e-9);
                // With one degree of freedom it is the square of a standard normal number.
                let p = normal::beyond(chi_square.sqrt());
                prop_assert!((outcome.p_value.unwrap() - p).abs() < 1e-9);
            }
        }

        /// What the definition sums over members, one at a time.
        #[test]
        fn observed_and_expected_are_those_of_the_definition(rows in rows()) {
            let mut data = filled(&rows);
            let rows = repeated(&rows);
            let comparison = data.compare(0.0).unwrap();
            for group in comparison.groups() {
                let own = |row: &&Given| row.2 == group.name[1];
                let mut expected = 0.0;
                for gone in rows.iter().filter(|row| row.1) {
                    let is_seen = |row: &Given| row.4 >= row.0 || row.4 == 0 || row.4 < gone.0;
                    let at_risk = rows.iter().filter(|row| row.3 == gone.3 && row.0 >= gone.0 && is_seen(row));
                    let share = at_risk.clone().filter(own).count() as f64 / at_risk.count() as f64;
                    expected += share;
                }
                prop_assert!((group.expected - expected).abs() < 1e-9);
                prop_assert_eq!(group.observed, rows.iter().filter(|row| row.1).filter(own).count() as f64);
                prop_assert_eq!(group.members, rows.iter().filter(own).count() as u64);
            }
            let outcome = comparison.outcome();
            prop_assert!(outcome.df < 4);
            prop_assert!(outcome.p_value.is_none_or(|p| (0.0..=1.0).contains(&p)));
        }
    }

    /// Values stored by version 0.1.0.
    #[test]
    fn reads_what_0_1_0_has_stored() {
        let mut groups = Groups::new(Global);
        groups.push(6.0, true, b"b", None).unwrap();
        groups.push(6.0, false, b"a", Some(b"y")).unwrap();
        groups.push(2.5, true, b"b", Some(b"x")).unwrap();
        groups.push(2.5, true, b"b", Some(b"x")).unwrap();
        let stored = testing::bytes_of(concat!(
            "0102016101620201780179030080808080808080988001010101808080808080",
            "80848001010202818080808080809880010001475be11826314ccb",
        ));
        assert_eq!(bytes(groups)[..], stored[..]);
        let read = Groups::from_bytes(&stored, Global, |_| Ok(())).unwrap();
        assert_eq!(bytes(read)[..], stored[..]);
    }

    #[test]
    fn can_be_stopped() {
        let mut groups = Groups::new(Global);
        for i in 0..20_000u32 {
            groups.push(f64::from(i), true, &[(i % 3) as u8], None).unwrap();
        }
        groups.tally.settle();
        assert!(testing::stops(|| groups.in_order()));
        assert!(testing::stops(|| groups.compare(0.0).map(|_| ())));
        let flat = bytes(groups);
        assert!(testing::stops(|| Groups::from_bytes(&flat, Global, |_| Ok(()))));
        let read = Groups::from_bytes(&flat, Global, |_| Ok(())).unwrap();
        assert!(testing::stops(|| bytes(read)));
    }
}
