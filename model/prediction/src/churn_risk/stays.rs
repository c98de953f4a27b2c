//! What is known of a member with a contract on a day, from its stretches up to that day alone: 21 numbers.
//!
//! A stretch that has not ended by the day is open, whether or not an end is noted: what was known of it then is not
//! known now. A number that is not known is NaN here and NULL in SQL.

use super::anchors::Anchor;
use super::reason::Reason;
use super::replay::{Past, Replayed, Summary};
use crate::calendar::{add_months, months_between};
use crate::error::Error;
use crate::history::MemberRef;
use crate::host::{Host, Pace, Vec};
use crate::memberships::{Memberships, Spell};

/// The features of memberships, and which reason they belong to.
pub const TIMES: [(&str, Reason); 21] = [
    ("out_days", Reason::Absence),
    ("tenure_days", Reason::Tenure),
    ("tenure_of_longest", Reason::Tenure),
    ("since_joined_days", Reason::Loyalty),
    ("member_days", Reason::Loyalty),
    ("share_in", Reason::Loyalty),
    ("days_1", Reason::Loyalty),
    ("days_2", Reason::Loyalty),
    ("days_4", Reason::Loyalty),
    ("stretches", Reason::Pauses),
    ("stretch_mean", Reason::Pauses),
    ("stretch_max", Reason::Pauses),
    ("stretch_last", Reason::Pauses),
    ("pause_mean", Reason::Pauses),
    ("pause_max", Reason::Pauses),
    ("pause_last", Reason::Pauses),
    ("month_due_days", Reason::Renewal),
    ("quarter_due_days", Reason::Renewal),
    ("year_due_days", Reason::Renewal),
    ("years_due", Reason::Renewal),
    ("joined_month", Reason::Season),
];

/// Memberships that are looked at up to a day.
#[derive(Debug)]
pub struct Stays<'v, H: Host> {
    memberships: Memberships<'v, H>,
    first_day: i64,
    as_of: i64,
}

impl<'v, H: Host> Stays<'v, H> {
    /// Of some memberships.
    pub fn new(memberships: Memberships<'v, H>, as_of: i64) -> Result<Self, Error> {
        let first_day = memberships.first()?;
        Ok(Stays { memberships, first_day, as_of })
    }
}

impl<H: Host> Replayed for Stays<'_, H> {
    type Past = Times<H>;
    type Host = H;
    const SUMMARY: Summary = Summary::Memberships;
    const NAMES: &'static [(&'static str, Reason)] = &TIMES;

    fn first_day(&self) -> i64 {
        self.first_day
    }

    fn as_of(&self) -> i64 {
        self.as_of
    }

    fn host(&self) -> &H {
        self.memberships.host()
    }

    fn count_members(&self) -> Result<u64, Error> {
        self.memberships.count()
    }

    fn each(
        &self,
        wanted: impl Fn(&MemberRef<'_>) -> bool,
        mut each: impl FnMut(&MemberRef<'_>, &Times<H>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let host = self.host();
        let (spells, sums) = (Vec::new_in(host.clone()), Vec::new_in(host.clone()));
        let mut times = Times { spells, sums };
        let mut pace = Pace::new(host);
        let mut walk = self.memberships.walk()?;
        while let Some((member, spells)) = walk.next_member()? {
            pace.step(1 + 4 * spells.len());
            if !wanted(&member) {
                continue;
            }
            times.read(spells, self.as_of);
            if !times.spells.is_empty() {
                each(&member, &times)?;
            }
        }
        Ok(())
    }
}

/// A member's stretches, with sums over those up to each: the features of any day are read off them.
#[derive(Debug)]
pub struct Times<H: Host> {
    spells: Vec<Spell, H>,
    /// Of each stretch that has ended: sums up to and with it.
    sums: Vec<Sums, H>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    days: i64,
    longest: i64,
    /// Of the pauses before the stretches.
    pauses: i64,
    longest_pause: i64,
}

impl<H: Host> Times<H> {
    fn read(&mut self, spells: &[Spell], as_of: i64) {
        self.spells.clear();
        self.sums.clear();
        let mut sums = Sums::default();
        for spell in spells.iter().take_while(|spell| spell.joined <= as_of) {
            let before = self.spells.last().and_then(|before| before.ended);
            let pause = before.map_or(0, |ended| spell.joined - ended);
            let days = spell.ended.map_or(0, |ended| ended - spell.joined);
            sums = Sums {
                days: sums.days + days,
                longest: sums.longest.max(days),
                pauses: sums.pauses + pause,
                longest_pause: sums.longest_pause.max(pause),
            };
            self.spells.push(*spell);
            self.sums.push(sums);
        }
    }

    /// Stretches that had begun by a day.
    #[inline]
    fn begun(&self, day: i64) -> usize {
        self.spells.partition_point(|spell| spell.joined <= day)
    }

    #[inline]
    fn is_in(&self, day: i64) -> bool {
        self.begun(day).checked_sub(1).is_some_and(|last| self.spells[last].holds(day))
    }

    fn sums_of(&self, stretches: usize) -> Sums {
        stretches.checked_sub(1).and_then(|last| self.sums.get(last)).copied().unwrap_or_default()
    }

    /// Days in, up to and with a day.
    fn days_until(&self, day: i64) -> i64 {
        let Some(last) = self.begun(day).checked_sub(1) else { return 0 };
        let Spell { joined, ended } = self.spells[last];
        let until = ended.map_or(day + 1, |ended| ended.min(day + 1));
        self.sums_of(last).days + until - joined
    }
}

/// The first day after `day` on which so many months of a contract are over, counted again and again.
fn due(joined: i64, day: i64, months: i64) -> i64 {
    let mut over = months_between(joined, day) / months;
    loop {
        over += 1;
        let next = add_months(joined, over * months);
        if next > day {
            return next;
        }
    }
}

/// The month of a day, 1 for January.
fn month(day: i64) -> i64 {
    // Day 0 is a first of January.
    months_between(0, day).rem_euclid(12) + 1
}

impl<H: Host> Past for Times<H> {
    type Row = [f64; TIMES.len()];

    /// In at the end of the day.
    fn is_active(&self, anchor: &Anchor) -> bool {
        self.is_in(anchor.day)
    }

    /// Not in at the end of the horizon.
    fn leaves(&self, anchor: &Anchor) -> bool {
        !self.is_in(anchor.end)
    }

    fn features(&self, anchor: &Anchor) -> Option<Self::Row> {
        let day = anchor.day;
        let begun = self.begun(day);
        let (first, now) = (self.spells.first()?.joined, *self.spells.get(begun.checked_sub(1)?)?);
        let is_in = now.holds(day);
        // Stretches that had ended, and the pauses after which another began.
        let ended = begun - usize::from(is_in);
        let sums = self.sums_of(ended);
        let pauses = self.sums_of(begun);
        let known = |value: i64, is_known: bool| if is_known { value as f64 } else { f64::NAN };
        let length = |spell: Spell| spell.ended.map_or(0, |ended| ended - spell.joined);

        let tenure = known(day - now.joined + 1, is_in);
        let member_days = self.days_until(day);
        let since = day - first + 1;
        let within = |window: usize| (member_days - self.days_until(anchor.windows[window])) as f64;
        let last = ended.checked_sub(1).map_or(0, |last| length(self.spells[last]));
        let before = begun.checked_sub(2).and_then(|before| self.spells[before].ended);
        let [month_due, quarter_due, year_due] =
            [1, 3, 12].map(|months| due(now.joined, day, months));
        let years = |day: i64| months_between(now.joined, day) / 12;
        let over_within = years(anchor.end) - years(day);
        Some([
            known(now.ended.map_or(0, |ended| day - ended + 1), !is_in),
            tenure,
            tenure / known(sums.longest, ended > 0),
            since as f64,
            member_days as f64,
            member_days as f64 / since as f64,
            within(2),
            within(3),
            within(4),
            begun as f64,
            known(sums.days, ended > 0) / ended as f64,
            known(sums.longest, ended > 0),
            known(last, ended > 0),
            known(pauses.pauses, begun > 1) / (begun as f64 - 1.0),
            known(pauses.longest_pause, begun > 1),
            known(before.map_or(0, |ended| now.joined - ended), begun > 1),
            known(month_due - day, is_in),
            known(quarter_due - day, is_in),
            known(year_due - day, is_in),
            known(over_within, is_in),
            known(month(now.joined), is_in),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::super::*;
    use super::*;
    use crate::calendar::{Period, Stretch};
    use crate::host::{Global, testing::stops};
    use crate::memberships::testing::{build, given};
    use crate::numeric::SplitMix64;
    use model_retention::churn::memberships::{MembershipQuestion, churn};
    use proptest::prelude::*;

    fn plan(horizon: i64, population: Population) -> Plan {
        Plan { horizon: Stretch::of_days(horizon), population, anchors: 12, step: None }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]
        #[test]
        fn the_dataset_counts_what_the_ledger_counts(given in given(), horizon in 1..9u32, as_of in 20..70i64) {
            let history = build(&given).unwrap();
            let stays = Stays::new(Memberships::new(history.view()), as_of).unwrap();
            let question = MembershipQuestion { period: Period::Days(horizon), as_of: Some(as_of), confidence: 0.95 };
            let ledger = churn(&Memberships::new(history.view()), &question, Global).unwrap();
            let ledger: std::vec::Vec<_> = ledger.rows().collect();
            let mut counts = std::collections::BTreeMap::new();
            dataset(&stays, &plan(i64::from(horizon), Population::Active), |_| true, |_, anchor, row| {
                let count = counts.entry(anchor.day + 1).or_insert((0, 0));
                *count = (count.0 + 1, count.1 + u64::from(row.churned));
                Ok(())
            }).unwrap();
            for (day, (members, churned)) in counts {
                let row = ledger.iter().find(|row| row.period_start == day).unwrap();
                prop_assert_eq!((row.opening, row.churned, row.complete), (members, churned, true));
            }
        }

        #[test]
        fn features_are_those_of_looking_at_every_day(given in given(), day in 0..60i64, horizon in 1..15i64) {
            let history = build(&given).unwrap();
            let anchor = Anchor::on(day, Stretch::of_days(horizon));
            let stays = Stays::new(Memberships::new(history.view()), 70).unwrap();
            stays.each(|_| true, |member, times| {
                let rows = given.iter().filter(|row| row.0.to_string() == member.to_string() && row.2 != Some(row.1));
                let is_in = |d: i64| rows.clone().any(|row| row.1 <= d && row.2.is_none_or(|ended| d < ended));
                let Some(row) = times.features(&anchor) else {
                    assert!((0..=day).all(|d| !is_in(d)));
                    return Ok(());
                };
                let get = |name: &str| row[TIMES.iter().position(|(known, _)| *known == name).unwrap()];
                let first = (0..=day).find(|d| is_in(*d)).unwrap();
                let days = |from: i64| (from..=day).filter(|d| is_in(*d)).count() as f64;
                assert_eq!(get("member_days"), days(0));
                assert_eq!(get("since_joined_days"), (day - first + 1) as f64);
                assert_eq!(get("days_1"), days(day - horizon + 1));
                assert_eq!(get("days_4"), days(day - 4 * horizon + 1));
                let begins: std::vec::Vec<i64> = (0..=day).filter(|d| is_in(*d) && !is_in(d - 1)).collect();
                assert_eq!(get("stretches"), begins.len() as f64);
                let ends: std::vec::Vec<i64> = (1..=day).filter(|d| !is_in(*d) && is_in(d - 1)).collect();
                let lengths: std::vec::Vec<f64> = begins.iter().zip(&ends).map(|(from, to)| (to - from) as f64).collect();
                let pauses: std::vec::Vec<f64> = ends.iter().zip(begins.iter().skip(1)).map(|(from, to)| (to - from) as f64).collect();
                let same = |name: &str, expected: Option<f64>| {
                    let found = Some(get(name)).filter(|found| !found.is_nan());
                    assert!(found.zip(expected).map_or(found == expected, |(a, b)| (a - b).abs() < 1e-9), "{name} {found:?} {expected:?}");
                };
                let mean = |of: &[f64]| (!of.is_empty()).then(|| of.iter().sum::<f64>() / of.len() as f64);
                same("stretch_mean", mean(&lengths));
                same("stretch_max", lengths.iter().copied().reduce(f64::max));
                same("stretch_last", lengths.last().copied());
                same("pause_mean", mean(&pauses));
                same("pause_max", pauses.iter().copied().reduce(f64::max));
                same("pause_last", pauses.last().copied());
                let now = begins.last().copied().filter(|_| is_in(day));
                same("tenure_days", now.map(|joined| (day - joined + 1) as f64));
                same("out_days", ends.last().filter(|_| !is_in(day)).map(|ended| (day - ended + 1) as f64));
                for (name, months) in [("month_due_days", 1), ("quarter_due_days", 3), ("year_due_days", 12)] {
                    let over = |joined| (1..50).map(move |k| add_months(joined, k * months)).find(|over| *over > day);
                    same(name, now.and_then(over).map(|over| (over - day) as f64));
                }
                let years = |joined: i64| (1..9).filter(|k| (day + 1..=day + horizon).contains(&add_months(joined, 12 * k))).count();
                same("years_due", now.map(|joined| years(joined) as f64));
                assert_eq!(times.is_active(&anchor), is_in(day));
                assert_eq!(times.leaves(&anchor), !is_in(day + horizon));
                Ok(())
            }).unwrap();
        }
    }

    /// Contracts of a year, of which a part ends with the year, and of a month.
    fn contracts(count: i64) -> std::vec::Vec<(i64, i64, Option<i64>)> {
        let stretch = |member: i64| {
            let mut random = SplitMix64::new(member as u64);
            let joined = (random.unit() * 700.0) as i64;
            let months = if member % 2 == 0 { 12 } else { 1 };
            let stay = 1 + (-(1.0 - random.unit()).ln() * 8.0 / months as f64) as i64;
            (member, joined, Some(add_months(joined, stay * months)))
        };
        (0..count).map(stretch).collect()
    }

    #[test]
    fn a_model_of_memberships_finds_their_ends() {
        let rows = contracts(2_000);
        let fit = |rows: &[(i64, i64, Option<i64>)]| {
            let history = build(rows).unwrap();
            let stays = Stays::new(Memberships::new(history.view()), 900).unwrap();
            fit_summary(&stays, &plan(30, Population::Active), Method::Auto).unwrap()
        };
        let model = fit(&rows);
        let test = model.test.as_ref().unwrap();
        let [auc, _, best] = test.auc.unwrap();
        assert!(
            auc > 0.6 && test.log_loss[0] < test.log_loss[2],
            "{auc} {best} {:?}",
            test.log_loss
        );
        let reversed: std::vec::Vec<_> = rows.iter().rev().copied().collect();
        assert_eq!(model.text(), fit(&reversed).text());
        assert_eq!(ChurnModel::parse(&model.text()), Ok(model.clone()));
        // An end that lies ahead is not seen, so that whoever reads it is told the same without it.
        let history = build(&rows).unwrap();
        let stays = Stays::new(Memberships::new(history.view()), 600).unwrap();
        let open: std::vec::Vec<_> = rows
            .iter()
            .filter(|row| row.1 <= 600)
            .map(|row| (row.0, row.1, row.2.filter(|ended| *ended <= 600)))
            .collect();
        let unended = build(&open).unwrap();
        let as_known = Stays::new(Memberships::new(unended.view()), 600).unwrap();
        let told = |stays: &Stays<'_, Global>| {
            let mut told = std::vec::Vec::new();
            members(
                stays,
                &model,
                |_| true,
                |member, _, _, x| {
                    told.push((member.to_string(), model.probability(x).to_bits()));
                    Ok(())
                },
            )
            .unwrap();
            told.sort();
            told
        };
        assert!(told(&stays).len() > 300);
        assert_eq!(told(&stays), told(&as_known));
    }

    #[test]
    fn whoever_waits_may_stop() {
        let history = build(&contracts(40_000)).unwrap();
        let stays = Stays::new(Memberships::new(history.view()), 900).unwrap();
        let plan = plan(30, Population::All);
        assert!(stops(|| fit_summary(&stays, &plan, Method::Logit)));
        assert!(stops(|| dataset(&stays, &plan, |_| true, |_, _, _| Ok(()))));
        assert!(stops(|| features(&stays, plan.horizon, |_| true, |_, _| Ok(()))));
    }
}
