//! The churn of memberships: who is in, who joined, who departed, period by period.

mod growth;
mod members;

pub use growth::MembershipGrowth;
pub use members::{ChangedMember, MembershipChange, changes_of_members};

use crate::calendar::Period;
use crate::error::Error;
use crate::host::{Host, Pace, Vec};
use crate::memberships::{Memberships, Spell};
use crate::numeric::{Estimate, Poisson, Wilson};
use crate::units::{Units, periods};

/// Days in a year, on average.
const DAYS_PER_YEAR: f64 = 365.25;

/// What is asked of memberships.
#[derive(Debug, Clone, Copy)]
pub struct MembershipQuestion {
    /// The length of a period.
    pub period: Period,
    /// The last day looked at; by default the last on which somebody joined or left.
    pub as_of: Option<i64>,
    /// Probability of the intervals.
    pub confidence: f64,
}

impl MembershipQuestion {
    /// Is it one that can be answered of some memberships?
    pub fn check(&self) -> Result<(), Error> {
        Wilson::new(self.confidence)?;
        Units::new(self.period, 0).map(|_| ())
    }
}

/// A row: one period.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChurnPeriod {
    /// First day of the period.
    pub period_start: i64,
    /// Members in at its beginning.
    pub opening: u64,
    /// Members that joined in it for the first time.
    pub joined: u64,
    /// Times that somebody joined in it who had been a member before.
    pub rejoined: u64,
    /// Times that somebody left in it.
    pub departed: u64,
    /// Members in at its beginning and at its end.
    pub retained: u64,
    /// Members in at its beginning and not at its end.
    pub churned: u64,
    /// Members in at its end.
    pub closing: u64,
    /// Retained / opening; none in the running period, or where nobody could leave.
    pub retention_rate: Option<f64>,
    /// (Closing − joined) / opening: the textbooks' customer retention rate.
    pub crr: Option<f64>,
    /// Churned / opening, with its interval.
    pub churn_rate: Option<Estimate>,
    /// Time spent as a member in it, over all members, in years.
    pub member_years: f64,
    /// Departed / member years, with its interval; none where nobody was a member.
    pub departure_rate: Option<Estimate>,
    /// Has it ended?
    pub complete: bool,
}

/// Counted, and ready to be read row by row.
#[derive(Debug)]
pub struct Churn<H: Host> {
    units: Units,
    /// The number of the unit of the first period.
    origin: i64,
    as_of: i64,
    counts: Vec<Counts, H>,
    wilson: Wilson,
    poisson: Poisson,
}

#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    joined: u64,
    rejoined: u64,
    departed: u64,
    churned: u64,
    /// Days in it, of those that were not in all through it.
    days: u64,
    /// By how much more members were in all through it than through the period before.
    throughout: i64,
}

/// A row for every period from the one in which the first member joined to that of `as_of`.
pub fn churn<H: Host>(
    memberships: &Memberships<'_, H>,
    question: &MembershipQuestion,
    host: H,
) -> Result<Churn<H>, Error> {
    let first = memberships.first()?;
    let as_of = question.as_of.map_or_else(|| memberships.last(), Ok)?;
    let units = Units::new(question.period, as_of)?;
    let mut counts = Vec::new_in(host.clone());
    counts.resize(periods(units, first, as_of)?, Counts::default());
    let mut churn = Churn {
        units,
        origin: units.of_day(first),
        as_of,
        counts,
        wilson: Wilson::new(question.confidence)?,
        poisson: Poisson::new(question.confidence)?,
    };
    let mut pace = Pace::new(&host);
    let mut walk = memberships.walk()?;
    while let Some((_, spells)) = walk.next_member()? {
        pace.step(1 + spells.len());
        churn.count(spells);
    }
    Ok(churn)
}

impl<H: Host> Churn<H> {
    fn period(&self, day: i64) -> usize {
        usize::try_from(self.units.of_day(day) - self.origin).unwrap_or(0)
    }

    fn first_day(&self, period: usize) -> i64 {
        self.units.first_day(self.origin + period as i64)
    }

    /// The last day of a period that is looked at.
    fn last_day(&self, period: usize) -> i64 {
        self.units.last_day(self.origin + period as i64).min(self.as_of)
    }

    /// Counts one member.
    fn count(&mut self, spells: &[Spell]) {
        for (i, spell) in spells.iter().enumerate() {
            if spell.joined > self.as_of {
                return;
            }
            let from = self.period(spell.joined);
            if i == 0 {
                self.counts[from].joined += 1;
            } else {
                self.counts[from].rejoined += 1;
            }
            let ended = spell.ended.filter(|ended| *ended <= self.as_of);
            if let Some(ended) = ended {
                let until = self.period(ended);
                let was_in = from < until;
                let last = self.last_day(until);
                let later = spells[i + 1..].iter().take_while(|spell| spell.joined <= last);
                let is_back = was_in && later.into_iter().any(|spell| spell.holds(last));
                self.counts[until].departed += 1;
                self.counts[until].churned += u64::from(was_in && !is_back);
            }
            self.expose(from, spell.joined, ended.unwrap_or(self.as_of + 1));
        }
    }

    /// Adds the days from `joined`, which lies in the period `from`, to the one before `until`.
    fn expose(&mut self, from: usize, joined: i64, until: i64) {
        let to = self.period(until - 1);
        let days = |from: i64, until: i64| (until - from).unsigned_abs();
        if from == to {
            self.counts[from].days += days(joined, until);
            return;
        }
        let (after, before) = (self.first_day(from + 1), self.first_day(to));
        self.counts[from].days += days(joined, after);
        self.counts[to].days += days(before, until);
        self.counts[from + 1].throughout += 1;
        self.counts[to].throughout -= 1;
    }

    /// Its rows, by period.
    pub fn rows(&self) -> impl Iterator<Item = ChurnPeriod> {
        (0..).zip(&self.counts).scan((0, 0), move |(before, throughout), (period, counts)| {
            let opening = *before;
            let Counts { joined, rejoined, departed, churned, .. } = *counts;
            let closing = opening + joined + rejoined - departed;
            *before = closing;
            *throughout += counts.throughout;
            let (first, last) = (self.first_day(period), self.last_day(period));
            let days = counts.days as f64 + *throughout as f64 * (last - first + 1) as f64;
            let member_years = days / DAYS_PER_YEAR;
            let complete = self.units.last_day(self.origin + period as i64) <= self.as_of;
            let rated = complete && opening > 0;
            Some(ChurnPeriod {
                period_start: first,
                opening,
                joined,
                rejoined,
                departed,
                retained: opening - churned,
                churned,
                closing,
                retention_rate: rated.then(|| (opening - churned) as f64 / opening as f64),
                crr: rated.then(|| super::crr(closing, joined, opening)),
                churn_rate: self.wilson.share(churned, opening).filter(|_| rated),
                member_years,
                departure_rate: (days > 0.0).then(|| self.poisson.rate(departed, member_years)),
                complete,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Grain;
    use crate::host::{Global, testing::stops};
    use crate::memberships::testing::{build, given, spells};
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3000))]
        #[test]
        fn agrees_with_looking_at_every_day(
            given in given(),
            period in prop_oneof![
                Just(Period::Calendar(Grain::Week.into())), Just(Period::MONTH), (1..12u32).prop_map(Period::Days),
                (1..3u32).prop_map(Period::Months),
            ],
            as_of in prop::option::of(-5..70i64),
        ) {
            let history = build(&given).unwrap();
            let found = spells(&history);
            let memberships = Memberships::new(history.view());
            let (first, last) = (memberships.first().unwrap(), memberships.last().unwrap());
            let question = MembershipQuestion { period, as_of, confidence: 0.95 };
            let churn = churn(&memberships, &question, Global).unwrap();
            let as_of = as_of.unwrap_or(last);
            let units = Units::new(period, as_of).unwrap();
            let is_in = |stretches: &[Spell], day: i64| day <= as_of && stretches.iter().any(|s| s.holds(day));
            let mut unit = units.of_day(first);
            for row in churn.rows() {
                let days = units.first_day(unit)..=units.last_day(unit).min(as_of);
                let (before, end) = (days.start() - 1, *days.end());
                let count = |f: &dyn Fn(&[Spell]) -> usize| found.values().map(|s| f(s)).sum::<usize>() as u64;
                let joins = |s: &[Spell], later: bool| days.clone().filter(|&d| {
                    is_in(s, d) && !is_in(s, d - 1) && later == (-9..d).any(|d| is_in(s, d))
                }).count();
                prop_assert_eq!(row.period_start, *days.start());
                prop_assert_eq!(row.opening, count(&|s| usize::from(is_in(s, before))));
                prop_assert_eq!(row.closing, count(&|s| usize::from(is_in(s, end))));
                prop_assert_eq!(row.joined, count(&|s| joins(s, false)));
                prop_assert_eq!(row.rejoined, count(&|s| joins(s, true)));
                prop_assert_eq!(row.departed, count(&|s| days.clone().filter(|&d| !is_in(s, d) && is_in(s, d - 1)).count()));
                prop_assert_eq!(row.retained, count(&|s| usize::from(is_in(s, before) && is_in(s, end))));
                prop_assert_eq!(row.retained + row.churned, row.opening);
                let years = count(&|s| days.clone().filter(|&d| is_in(s, d)).count()) as f64 / DAYS_PER_YEAR;
                prop_assert!((row.member_years - years).abs() < 1e-12);
                prop_assert_eq!(row.complete, units.last_day(unit) <= as_of);
                prop_assert_eq!(row.churn_rate.is_some(), row.complete && row.opening > 0);
                prop_assert_eq!(row.departure_rate.map(|r| r.value), (years > 0.0).then(|| row.departed as f64 / row.member_years));
                unit += 1;
            }
            prop_assert_eq!(unit, if as_of < first { units.of_day(first) } else { units.of_day(as_of) + 1 });
        }
    }

    #[test]
    fn stops_when_it_is_cancelled() {
        let given: std::vec::Vec<_> =
            (0..20_000).map(|member| (member, member % 100, None)).collect();
        let history = build(&given).unwrap();
        let question = MembershipQuestion { period: Period::MONTH, as_of: None, confidence: 0.95 };
        assert!(stops(|| churn(&Memberships::new(history.view()), &question, Global).map(|_| ())));
    }
}
