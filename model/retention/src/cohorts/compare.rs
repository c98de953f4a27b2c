//! Two retention curves compared.

use super::CohortQuestion;
use super::curve::{Curve, CurvePoint, curve};
use super::entries::Subject;
use crate::calendar::Zone;
use crate::error::Error;
use crate::host::Host;
use crate::numeric::{Difference, Estimate};

/// One period of two curves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison {
    /// Periods since the entry's own, which is 0; of a bracket, its first period.
    pub period_number: i64,
    /// Eligible and retained members of the first.
    pub first: (u64, u64),
    /// Its rate, with its interval.
    pub first_rate: Option<Estimate>,
    /// Eligible and retained members of the second.
    pub second: (u64, u64),
    /// Its rate, with its interval.
    pub second_rate: Option<Estimate>,
    /// Second rate − first rate, with its interval and p-value.
    pub difference: Option<Difference>,
}

/// Compares the curves of two subjects, which share no members. By default both are
/// seen up to the later of their last days. None if nobody can have entered on either side.
pub fn compare<'q, Z: Zone, H: Host>(
    [first, second]: [Subject<'_, Z, H>; 2],
    question: &CohortQuestion<'q>,
    host: H,
) -> Result<Option<CurvePair<'q, H>>, Error> {
    let as_of = question.as_of.or_else(|| {
        let last = |subject: Subject<'_, Z, H>| {
            subject.events.and_then(|(view, zone)| view.last_day(zone))
        };
        last(first).max(last(second))
    });
    let question = CohortQuestion { as_of, ..*question };
    let first = curve(first, &question, host.clone())?;
    let second = curve(second, &question, host)?;
    Ok(first.zip(second).map(|(first, second)| CurvePair { first, second }))
}

/// Two curves of one question.
#[derive(Debug)]
pub struct CurvePair<'q, H: Host> {
    first: Curve<'q, H>,
    second: Curve<'q, H>,
}

impl<H: Host> CurvePair<'_, H> {
    /// Period by period, as far as one of the curves goes.
    pub fn rows(&self) -> impl Iterator<Item = Comparison> {
        let (mut first, mut second) = (self.first.points(), self.second.points());
        let wilson = self.first.wilson();
        std::iter::from_fn(move || {
            let (first, second) = (first.next(), second.next());
            let period_number = first.or(second)?.period_number;
            let counts =
                |point: Option<CurvePoint>| point.map_or((0, 0), |p| (p.eligible, p.retained));
            let rate = |point: Option<CurvePoint>| point.and_then(|p| p.rate);
            let trials = |point: Option<CurvePoint>| point.map_or(0.0, |p| p.effective);
            let shares = rate(first).zip(rate(second));
            Some(Comparison {
                period_number,
                first: counts(first),
                first_rate: rate(first),
                second: counts(second),
                second_rate: rate(second),
                difference: shares.map(|(a, b)| {
                    wilson.difference((a.value, trials(first)), (b.value, trials(second)))
                }),
            })
        })
    }
}
