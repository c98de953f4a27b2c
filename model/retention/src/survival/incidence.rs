//! Competing risks: how many have left for each cause by a time.

use super::curve::{Estimate, Intervals, Scale, variance_term};
use super::data::Observations;
use super::risk_table::{Risk, RiskTable};
use crate::budget;
use crate::error::Error;
use crate::host::{Host, Pace, Vec};

/// Rows of one answer.
const MAX_ROWS: usize = 10_000_000;
const ROWS: budget::Result = budget::Result {
    what: "the number of causes times that of durations (its limit is ten million)",
    hint: "Round the durations, for example to days, or take fewer causes.",
};

/// A step of the incidence of one cause.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct IncidenceStep {
    /// The time since the beginning.
    pub tenure: f64,
    /// Members that had not left before, and were seen.
    pub at_risk: u64,
    /// Members that left then for this cause.
    pub events: u64,
    /// Aalen and Johansen: the share that has left for this cause by then.
    pub incidence: f64,
    /// Its interval; none where nobody has left for it yet.
    pub interval: Option<(f64, f64)>,
}

/// The incidences of all causes.
#[derive(Debug)]
pub struct Incidences<H: Host> {
    data: Observations<H>,
    risk_table: RiskTable<H>,
    /// By cause and time: the place of the exit, and how many left then for the cause. Causes are
    /// in the order of their names, last those who left for none.
    events: Vec<(u32, u32, u64), H>,
    names: Vec<Option<u32>, H>,
    intervals: Intervals,
}

impl<H: Host> Observations<H> {
    /// The share that has left for each cause, by time.
    ///
    /// ```text
    /// Iₖ(t) = Σ S(tᵢ−) dₖᵢ/nᵢ   over the times tᵢ ≤ t, S Kaplan and Meier's of leaving for whatever cause
    /// ```
    ///
    /// O. Aalen and S. Johansen, Scandinavian Journal of Statistics 5 (1978), 141–150. At each time the
    /// incidences of all causes add up to 1 − S. One minus Kaplan and Meier's estimate with the other
    /// causes censored would be more: it is what were if nobody left for those any more.
    pub fn incidences(mut self, confidence: f64) -> Result<Incidences<H>, Error> {
        let intervals = Intervals::new(confidence, Scale::LogLog)?;
        let risk_table = self.settled_risk_table();
        let host = self.host.clone();
        let mut pace = Pace::new(&host);
        let order = self.causes.sorted();
        let places = crate::names::inverse(&order);
        let unnamed = order.len() as u32;
        let mut events: Vec<(u32, u32, u64), H> = Vec::new_in(host.clone());
        // The exits and those who left for a cause that has a name are both in the order of time.
        let mut caused = self.caused.cells().iter().peekable();
        let (mut is_unnamed, exits) = (false, risk_table.exits());
        for (place, exit) in exits.iter().enumerate() {
            pace.step(1);
            let place = u32::try_from(place).map_err(|_| ROWS.error())?;
            let mut left = exit.events;
            while let Some(((_, _, cause), count)) =
                caused.next_if(|cell| cell.0.0.time().value() == exit.time)
            {
                pace.step(1);
                left -= count;
                events.push((places[*cause as usize], place, *count));
            }
            if left > 0 {
                is_unnamed = true;
                events.push((unnamed, place, left));
            }
        }
        events.sort_unstable_by_key(|event| {
            pace.step(1);
            (event.0, event.1)
        });
        let mut names = Vec::with_capacity_in(order.len() + 1, host.clone());
        names.extend(order.iter().map(|&number| Some(number)));
        if is_unnamed {
            names.push(None);
        }
        ROWS.check_limit(names.len().saturating_mul(exits.len()), MAX_ROWS)?;
        Ok(Incidences { data: self, risk_table, events, names, intervals })
    }
}

impl<H: Host> Incidences<H> {
    /// The causes, in the order of their names; last, if anybody left without one, none.
    pub fn causes(&self) -> impl Iterator<Item = (usize, Option<&[u8]>)> {
        let names = self.names.iter().enumerate();
        names.map(|(place, name)| (place, name.map(|number| self.data.causes.get(number as usize))))
    }

    /// The steps of a cause: one for every time at which anybody left or was lost from sight.
    pub fn steps(&self, cause: usize) -> impl Iterator<Item = IncidenceStep> {
        let cause = cause as u32;
        let first = self.events.partition_point(|event| event.0 < cause);
        let events = self.events.get(first..).unwrap_or_default();
        let mut events = events.iter().take_while(move |event| event.0 == cause).peekable();
        let mut state = Cumulated::default();
        let intervals = self.intervals;
        self.risk_table.risks().enumerate().map(move |(place, risk)| {
            let mut count = 0;
            while let Some(event) = events.next_if(|event| event.1 as usize == place) {
                count += event.2;
            }
            state.advance(&risk, count);
            IncidenceStep {
                tenure: risk.exit.time,
                at_risk: risk.at_risk,
                events: count,
                incidence: state.incidence,
                interval: intervals.of_incidence(state.incidence, state.variance()),
            }
        })
    }
}

/// The incidence of a cause and its variance, by the delta method:
///
/// ```text
/// Σ (I(t) − Iᵢ)² dᵢ / nᵢ(nᵢ − dᵢ) + Σ Sᵢ₋₁² dₖᵢ(nᵢ − dₖᵢ)/nᵢ³ − 2 Σ (I(t) − Iᵢ) Sᵢ₋₁ dₖᵢ/nᵢ²
/// ```
///
/// J. J. Gaynor and others, Journal of the American Statistical Association 88 (1993), 400–409; E.
/// Marubini and M. G. Valsecchi, Analysing Survival Data from Clinical Trials (1995), 10.3. Without
/// censoring it is that of a share, I(1 − I)/n; for a single cause, Greenwood's.
#[derive(Debug)]
struct Cumulated {
    all: Estimate,
    incidence: f64,
    /// Sums over the times so far, with the rise of the incidence since each, to the power of 0, 1, 2.
    terms: [f64; 3],
    own: f64,
    /// The same of the mixed term, to the power of 0, 1.
    mixed: [f64; 2],
}

impl Default for Cumulated {
    fn default() -> Self {
        Cumulated {
            all: Estimate::START,
            incidence: 0.0,
            terms: [0.0; 3],
            own: 0.0,
            mixed: [0.0; 2],
        }
    }
}

impl Cumulated {
    fn advance(&mut self, risk: &Risk, events: u64) {
        if risk.exit.events == 0 {
            return;
        }
        let (n, d, before) = (risk.at_risk as f64, events as f64, self.all.survival);
        let rise = before * d / n;
        self.incidence += rise;
        let [ones, rises, squares] = &mut self.terms;
        *squares += rise * (2.0 * *rises + rise * *ones);
        *rises += rise * *ones;
        let [mixed, mixed_rises] = &mut self.mixed;
        *mixed_rises += rise * *mixed;
        // After a time at which everybody leaves nothing rises any more: its term never counts.
        let term = variance_term(risk);
        if term.is_finite() {
            *ones += term;
        }
        *mixed += before * d / (n * n);
        self.own += before * before * d * (risk.at_risk - events) as f64 / (n * n * n);
        self.all.advance(risk);
    }

    fn variance(&self) -> f64 {
        (self.terms[2] + self.own - 2.0 * self.mixed[1]).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::{Global, testing};
    use crate::survival::Observation;
    use proptest::prelude::*;

    /// Duration, cause (0: still there, 4: left for none), entry if it is before the duration, weight.
    type Given = (u8, u8, u8, i64);

    fn rows() -> impl Strategy<Value = std::vec::Vec<Given>> {
        proptest::collection::vec((0u8..12, 0u8..5, 0u8..20, 1i64..4), 1..60)
    }

    fn data(rows: &[Given]) -> Observations<Global> {
        let mut data = Observations::new(Global);
        for &(duration, cause, entry, weight) in rows {
            let name = [b'c', cause];
            let row = Observation {
                duration: f64::from(duration),
                churned: cause > 0,
                entry: (entry < duration).then_some(f64::from(entry)),
                weight,
                cause: (cause < 4).then_some(&name[..]),
            };
            data.push_row(&row).unwrap();
        }
        data
    }

    fn z() -> f64 {
        crate::numeric::normal::two_sided(0.95).unwrap()
    }

    proptest! {
        /// The definitions, summed member by member.
        #[test]
        fn agrees_with_the_definitions(rows in rows()) {
            let incidences = data(&rows).incidences(0.95).unwrap();
            let mut times: std::vec::Vec<u8> = rows.iter().map(|row| row.0).collect();
            times.sort_unstable();
            times.dedup();
            let count = |is: &dyn Fn(&Given) -> bool| -> f64 {
                rows.iter().filter(|row| is(row)).map(|row| row.3 as f64).sum()
            };
            let at_risk = |t: u8| {
                count(&|row| row.0 >= t && (row.2 == 0 || row.2 >= row.0 || row.2 < t))
            };
            let gone = |t: u8| count(&|row| row.0 == t && row.1 > 0);
            let survival = |t: u8, inclusive: bool| -> f64 {
                let times = times.iter().filter(|&&s| s < t || inclusive && s == t);
                times.map(|&s| 1.0 - gone(s) / at_risk(s)).product()
            };
            let mut sums = vec![0.0; times.len()];
            for (place, name) in incidences.causes() {
                let cause = name.map_or(4, |name| name[1]);
                let own = |t: u8| count(&|row| row.0 == t && row.1 == cause);
                let incidence = |t: u8| -> f64 {
                    let times = times.iter().filter(|&&s| s <= t);
                    times.map(|&s| survival(s, false) * own(s) / at_risk(s)).sum()
                };
                let steps: std::vec::Vec<_> = incidences.steps(place).collect();
                prop_assert_eq!(steps.len(), times.len());
                for ((step, &t), sum) in steps.iter().zip(&times).zip(&mut sums) {
                    let i = incidence(t);
                    prop_assert_eq!(step.tenure, f64::from(t));
                    prop_assert_eq!((step.at_risk as f64, step.events as f64), (at_risk(t), own(t)));
                    prop_assert!((step.incidence - i).abs() < 1e-12);
                    *sum += step.incidence;
                    let variance: f64 = times.iter().filter(|&&s| s <= t && gone(s) > 0.0).map(|&s| {
                        let (n, d, k, before) = (at_risk(s), gone(s), own(s), survival(s, false));
                        let rise = i - incidence(s);
                        let first = if n > d { rise * rise * d / (n * (n - d)) } else { 0.0 };
                        first + before * before * k * (n - k) / (n * n * n) - 2.0 * rise * before * k / (n * n)
                    }).sum();
                    if let Some((low, high)) = step.interval {
                        let reach = z() * variance.max(0.0).sqrt() / (i * i.ln()).abs();
                        let (a, b) = (i.powf(reach.exp()), i.powf((-reach).exp()));
                        prop_assert!((low - a).abs() < 1e-6 && (high - b).abs() < 1e-6, "{:?} {} {}", step, a, b);
                        prop_assert!(0.0 <= low && low <= i + 1e-12 && i <= high + 1e-12 && high <= 1.0);
                    }
                }
            }
            for (sum, &t) in sums.iter().zip(&times) {
                prop_assert!((sum - (1.0 - survival(t, true))).abs() < 1e-12);
            }
        }

        /// Without censoring and late entries, incidences are shares of the members.
        #[test]
        fn without_censoring_they_are_shares(rows in proptest::collection::vec((0u8..12, 1u8..4), 2..60)) {
            let given: std::vec::Vec<Given> = rows.iter().map(|row| (row.0, row.1, 0, 1)).collect();
            let incidences = data(&given).incidences(0.95).unwrap();
            let n = rows.len() as f64;
            for (place, name) in incidences.causes() {
                let cause = name.map_or(0, |name| name[1]);
                for step in incidences.steps(place) {
                    let own = rows.iter().filter(|row| row.1 == cause && f64::from(row.0) <= step.tenure);
                    let share = own.count() as f64 / n;
                    prop_assert!((step.incidence - share).abs() < 1e-12);
                    let Some((low, _)) = step.interval else { continue };
                    let reach = z() * (share * (1.0 - share) / n).sqrt() / (share * share.ln()).abs();
                    prop_assert!((low - share.powf(reach.exp())).abs() < 1e-9);
                }
            }
        }
    }

    #[test]
    fn one_cause_is_what_survival_leaves() {
        let rows: std::vec::Vec<Given> =
            (0..40u32).map(|i| ((i * 7 % 11) as u8, u8::from(i % 3 > 0), 0, 1)).collect();
        let plain = data(&rows).risk_table();
        let scale = Intervals::new(0.95, Scale::Plain).unwrap();
        let incidences = data(&rows).incidences(0.95).unwrap();
        for (step, incident) in plain.curve(scale).zip(incidences.steps(0)) {
            assert!((1.0 - step.survival - incident.incidence).abs() < 1e-12);
            let Some((low, _)) = incident.interval else { continue };
            // Greenwood's variance, as the plain interval shows it.
            let Some((plain_low, _)) = step.interval.filter(|ends| ends.0 > 0.0) else { continue };
            let i = incident.incidence;
            let reach = (step.survival - plain_low) / (i * i.ln()).abs();
            assert!((low - i.powf(reach.exp())).abs() < 1e-9);
        }
    }

    #[test]
    fn answers_are_bounded_and_can_be_stopped() {
        let mut many = Observations::new(Global);
        for i in 0..4000u32 {
            let name = i.to_le_bytes();
            let row = Observation { cause: Some(&name), ..Observation::new(f64::from(i), true) };
            many.push_row(&row).unwrap();
        }
        assert!(matches!(many.incidences(0.95), Err(Error::TooLarge { .. })));
        let rows: std::vec::Vec<Given> =
            (0..60_000u32).map(|i| ((i % 12) as u8, 1, 0, 1)).collect();
        let mut one = data(&rows);
        for i in 0..60_000u32 {
            one.push(f64::from(i), true, None).unwrap();
        }
        one.settled_risk_table();
        assert!(testing::stops(|| one.incidences(0.95)));
        assert!(Observations::new(Global).incidences(0.95).unwrap().causes().next().is_none());
        assert!(Observations::new(Global).incidences(1.0).is_err());
    }
}
