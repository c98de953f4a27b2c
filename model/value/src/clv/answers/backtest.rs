//! Would the model have known? It is fitted to what happened up to a day, and what it expected of the
//! time after is compared with what then happened.

use crate::axis::Axis;
use crate::calendar::{Grain, Zone, date_text};
use crate::clv::Customer;
use crate::clv::Purchases;
use crate::clv::family::{Family, Visitor};
use crate::clv::model::{self, Model, fit_json};
use crate::clv::question::ScoreQuestion;
use crate::clv::sample::{Sample, sort_polling};
use crate::clv::score::scorer;
use crate::clv::summary::TimeUnit;
use crate::error::Error;
use crate::history::View;
use crate::host::{Host, Pace, Vec};

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct BacktestQuestion {
    /// The model; none for the best one by BIC.
    pub kind: Option<crate::clv::family::Kind>,
    /// The last day that the model may see.
    pub calibrate_until: i64,
    /// The unit of time.
    pub unit: TimeUnit,
    /// The last day looked at; by default that of the last event.
    pub as_of: Option<i64>,
}

/// A row of the comparison.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison {
    /// What is compared.
    pub measure: &'static str,
    /// The number of the unit of time, or the number of repeat purchases.
    pub at: Option<u64>,
    /// Members that it is about.
    pub members: u64,
    /// What happened.
    pub actual: Option<f64>,
    /// What was expected.
    pub expected: Option<f64>,
    /// Expected − actual, or the measure itself.
    pub value: Option<f64>,
}

/// Purchases in the calibration from which on members are one group.
const MANY: usize = 7;

/// One member: its purchase days.
struct Days<'d> {
    days: &'d [i64],
    calibrate_until: i64,
}

impl Days<'_> {
    /// Those up to the last day that the model may see; none for a member that came later.
    fn seen(&self) -> Option<&[i64]> {
        let seen = self.days.partition_point(|day| *day <= self.calibrate_until);
        Some(&self.days[..seen]).filter(|seen| !seen.is_empty())
    }

    fn customer(&self, days_per_unit: f64) -> Option<(Customer, f64)> {
        let seen = self.seen()?;
        let units = |from: i64, to: i64| (to - from) as f64 / days_per_unit;
        let (first, last) = (*seen.first()?, *seen.last()?);
        let customer = Customer {
            x: seen.len() as f64 - 1.0,
            t_x: units(first, last),
            age: units(first, self.calibrate_until),
        };
        Some((customer, seen.windows(2).map(|pair| units(pair[0], pair[1]).ln()).sum()))
    }
}

/// Calls back with the purchase days of every member.
fn every_member<H: Host, Z: Zone>(
    view: &View<'_, H>,
    axis: &mut Axis<'_, Z, H>,
    calibrate_until: i64,
    host: &H,
    mut each: impl FnMut(Days<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut days: Vec<i64, H> = Vec::new_in(host.clone());
    let mut pace = Pace::new(host);
    let mut walk = view.walk()?;
    while let Some((_, timeline)) = walk.next_member()? {
        pace.step(8 + timeline.ticks().len());
        days.clear();
        for &tick in timeline.ticks() {
            let Some(period) = axis.period(tick)? else {
                break;
            };
            let day = axis.first_day(period as i64);
            if days.last() != Some(&day) {
                days.push(day);
            }
        }
        each(Days { days: &days, calibrate_until })?;
    }
    Ok(())
}

/// The rows of a backtest.
pub fn backtest<H: Host>(
    view: &View<'_, H>,
    zone: &impl Zone,
    question: &BacktestQuestion,
    host: H,
) -> Result<Vec<Comparison, H>, Error> {
    let until = question.calibrate_until;
    question.kind.map_or(Ok(()), |kind| kind.check_history())?;
    question.unit.check_grain(view.meta.grain)?;
    let tick = if view.meta.grain.is_instant() { Grain::Day } else { view.meta.grain };
    let mut axis = Axis::of_units(view.meta, zone, tick.into(), question.as_of, &host)?;
    let (origin, as_of) = (axis.first_day(0), axis.as_of);
    if until < origin || until >= as_of {
        return Err(Error::bad(
            format!("calibrate_until {} does not lie within the history", date_text(until)),
            "Take a day with purchases before it and after it: a backtest needs both.",
        ));
    }
    let days_per_unit = question.unit.days();
    // Day by day: members that came, and repeat purchases.
    let length = usize::try_from(as_of - origin + 1).unwrap_or(0);
    let zeros = || {
        let mut zeros: Vec<f64, H> = Vec::new_in(host.clone());
        zeros.resize(length, 0.0);
        zeros
    };
    let (mut came, mut bought) = (zeros(), zeros());
    let mut sample = Sample::new(host.clone());
    every_member(view, &mut axis, until, &host, |member| {
        if let Some((customer, ln_gaps)) = member.customer(days_per_unit) {
            sample.push(customer, Some(ln_gaps), None)?;
            for (i, day) in member.days.iter().enumerate() {
                let by_day = if i == 0 { &mut came } else { &mut bought };
                by_day[(day - origin) as usize] += 1.0;
            }
        }
        Ok(())
    })?;
    let asked = model::FitQuestion { kind: question.kind, unit: question.unit, as_of: Some(until) };
    let fitted = model::parse(&fit_json(&mut sample, &asked)?)?;
    let mut rows = Vec::new_in(host.clone());
    cumulative(&mut rows, &fitted, &came, &bought, &host);
    let holdout = ScoreQuestion {
        horizon: Some((as_of - until) as f64),
        discount: 0.0,
        margin: 1.0,
        confidence: None,
    };
    let mut scorer = scorer(&fitted, &holdout, host.clone())?;
    let mut pairs: Vec<Pair, H> = Vec::new_in(host.clone());
    every_member(view, &mut axis, until, &host, |member| {
        if let (Some((customer, _)), Some(seen)) = (member.customer(days_per_unit), member.seen()) {
            let expected = scorer.score(customer, None)?.expected.map_or(0.0, |e| e.value);
            let actual = (member.days.len() - seen.len()) as f64;
            pairs.push(Pair { x: customer.x, actual, expected });
        }
        Ok(())
    })?;
    by_frequency(&mut rows, &pairs, &host);
    errors(&mut rows, &mut pairs, &host);
    Ok(rows)
}

/// A member: what it did in the holdout, and what was expected of it.
#[derive(Debug, Clone, Copy)]
struct Pair {
    x: f64,
    actual: f64,
    expected: f64,
}

/// Expected purchases of a new customer within each number of days.
struct Curve<'m, H> {
    model: &'m Model,
    days: usize,
    host: &'m H,
}

impl<H: Host> Visitor for Curve<'_, H> {
    type Output = Vec<f64, H>;

    fn visit<const N: usize, F: Family<N> + 'static>(self, family: F) -> Self::Output {
        let mut parameters = [1.0; N];
        parameters.copy_from_slice(&self.model.parameters);
        let model = family.with(&parameters);
        let alive = model.p_alive(Customer::NEW);
        let mut curve = Vec::with_capacity_in(self.days, self.host.clone());
        for day in 0..self.days {
            if day % 16 == 0 {
                self.host.poll();
            }
            let t = day as f64 / self.model.unit.days();
            curve.push(alive * model.expected(Customer::NEW, t));
        }
        curve
    }
}

/// All repeat purchases up to the end of every unit of time.
fn cumulative<H: Host>(
    rows: &mut Vec<Comparison, H>,
    model: &Model,
    came: &[f64],
    bought: &[f64],
    host: &H,
) {
    let curve = model.kind.visit(Curve { model, days: came.len(), host });
    let mut pace = Pace::new(host);
    let (mut next, mut unit, mut members, mut actual) = (0, 0, 0.0, 0.0);
    loop {
        unit += 1;
        let end = (unit as f64 * model.unit.days()).round() as usize;
        if end > came.len() {
            return;
        }
        while next < end {
            members += came[next];
            actual += bought[next];
            next += 1;
        }
        pace.step(end);
        let expected: f64 =
            came[..end].iter().zip(curve[..end].iter().rev()).map(|(n, e)| n * e).sum();
        rows.push(Comparison {
            measure: "cumulative",
            at: Some(unit),
            members: members as u64,
            actual: Some(actual),
            expected: Some(expected),
            value: Some(expected - actual),
        });
    }
}

/// The mean purchases of the holdout by those of the calibration; the last group is `MANY` and more.
fn by_frequency<H: Host>(rows: &mut Vec<Comparison, H>, pairs: &[Pair], host: &H) {
    let mut groups = [(0_u64, 0.0, 0.0); MANY + 1];
    let mut pace = Pace::new(host);
    for pair in pairs {
        pace.step(1);
        let group = &mut groups[(pair.x as usize).min(MANY)];
        *group = (group.0 + 1, group.1 + pair.actual, group.2 + pair.expected);
    }
    for (x, (members, actual, expected)) in groups.into_iter().enumerate() {
        if members > 0 {
            let (actual, expected) = (actual / members as f64, expected / members as f64);
            rows.push(Comparison {
                measure: "frequency",
                at: Some(x as u64),
                members,
                actual: Some(actual),
                expected: Some(expected),
                value: Some(expected - actual),
            });
        }
    }
}

/// How far expectations are from what happened, member by member.
fn errors<H: Host>(rows: &mut Vec<Comparison, H>, pairs: &mut [Pair], host: &H) {
    let n = pairs.len() as f64;
    let (mut absolute, mut square, mut actual, mut expected) = (0.0, 0.0, 0.0, 0.0);
    let mut pace = Pace::new(host);
    for pair in pairs.iter() {
        pace.step(1);
        let error = pair.expected - pair.actual;
        absolute += error.abs();
        square += error * error;
        actual += pair.actual;
        expected += pair.expected;
    }
    let ranking = spearman(pairs, host);
    let mut add = |measure, sums: bool, value: Option<f64>| {
        rows.push(Comparison {
            measure,
            at: None,
            members: n as u64,
            actual: sums.then_some(actual),
            expected: sums.then_some(expected),
            value,
        });
    };
    add("holdout", true, Some(expected - actual));
    add("mae", false, Some(absolute / n));
    add("rmse", false, Some((square / n).sqrt()));
    add("bias", false, Some((expected - actual) / n));
    add("ranking", false, ranking);
}

/// Spearman's rank correlation of what was expected and what happened; ties share their mean rank.
fn spearman<H: Host>(pairs: &mut [Pair], host: &H) -> Option<f64> {
    let n = pairs.len() as f64;
    let mut rank = |of: fn(&mut Pair) -> &mut f64| {
        sort_polling(pairs, host, |pair| {
            let mut pair = *pair;
            // Not negative: the bits sort as the numbers do.
            [of(&mut pair).to_bits(), pair.actual.to_bits(), pair.expected.to_bits()]
        });
        let mut from = 0;
        while from < pairs.len() {
            let value = *of(&mut pairs[from]);
            let mut to = from;
            while to < pairs.len() && *of(&mut pairs[to]) == value {
                to += 1;
            }
            let mean = (from + to - 1) as f64 / 2.0;
            for pair in &mut pairs[from..to] {
                *of(pair) = mean;
            }
            from = to;
        }
    };
    rank(|pair| &mut pair.expected);
    rank(|pair| &mut pair.actual);
    let middle = (n - 1.0) / 2.0;
    let (mut xy, mut xx, mut yy) = (0.0, 0.0, 0.0);
    for pair in pairs.iter() {
        let (x, y) = (pair.expected - middle, pair.actual - middle);
        xy += x * y;
        xx += x * x;
        yy += y * y;
    }
    Some(xy / (xx * yy).sqrt()).filter(|r| r.is_finite())
}
