//! Fitting contracts to memberships: for how many periods has everybody stayed?
//!
//! A contract is renewed on the day on which a period of the member's own ends: on joined + 1, 2 …
//! periods. Who is still in on the day of the n-th renewal has stayed n periods; who is not, but was
//! on that of the one before, left at the end of the n-th. What happens after a member's first
//! departure is not looked at.

use crate::clv::Customer;
use crate::clv::family::Kind;
use crate::clv::model::{self, fit_json};
use crate::clv::sample::Sample;
use crate::clv::summary::TimeUnit;
use crate::error::Error;
use crate::host::{Host, Pace};
use crate::memberships::Memberships;

/// What is asked of memberships.
#[derive(Debug, Clone, Copy)]
pub struct ContractQuestion {
    /// The model, one of contracts.
    pub kind: Kind,
    /// For how long a contract is made.
    pub period: TimeUnit,
    /// The last day looked at; by default the last on which somebody joined or left.
    pub as_of: Option<i64>,
}

/// The model of a member's stay, as JSON. Whose first period has not ended by `as_of` says nothing yet,
/// and is left out, whether it is still in or not.
pub fn fit<H: Host>(
    memberships: &Memberships<'_, H>,
    question: &ContractQuestion,
    host: H,
) -> Result<String, Error> {
    let ContractQuestion { kind, period: unit, as_of } = *question;
    let as_of = as_of.map_or_else(|| memberships.last(), Ok)?;
    let mut sample = tenures(memberships, unit, as_of, host)?;
    fit_json(&mut sample, &model::FitQuestion { kind: Some(kind), unit, as_of: Some(as_of) })
}

/// Periods stayed, and who left at their end.
fn tenures<H: Host>(
    memberships: &Memberships<'_, H>,
    unit: TimeUnit,
    as_of: i64,
    host: H,
) -> Result<Sample<H>, Error> {
    let mut sample = Sample::new(host.clone());
    let mut pace = Pace::new(&host);
    let mut walk = memberships.walk()?;
    while let Some((_, spells)) = walk.next_member()? {
        pace.step(4 + spells.len());
        let Some(spell) = spells.first().filter(|spell| spell.joined <= as_of) else { continue };
        let seen = unit.between(spell.joined, as_of);
        let left = spell.ended.map(|ended| 1 + unit.between(spell.joined, ended - 1));
        let customer = match left {
            Some(left) if left <= seen => Customer { x: 1.0, t_x: left as f64, age: left as f64 },
            _ => Customer { x: 0.0, t_x: 0.0, age: seen as f64 },
        };
        if customer.age > 0.0 {
            sample.push_many(customer, 1.0);
        }
    }
    Ok(sample)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clv::model::parse;
    use crate::clv::survivors::Survivors;
    use crate::host::{Global, testing::stops};
    use crate::memberships::testing::{build, given, spells};
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    const UNITS: [&str; 5] = ["day", "week", "month", "quarter", "9 days"];

    /// The day of the n-th renewal, counted on the calendar.
    fn renewal(unit: &str, joined: i64, n: i64) -> i64 {
        use crate::calendar::Grain::Month;
        let months = match unit {
            "day" => return joined + n,
            "week" => return joined + 7 * n,
            "9 days" => return joined + 9 * n,
            "month" => n,
            _ => 3 * n,
        };
        let first = Month.first_day(Month.of_day(joined));
        let target = Month.of_day(joined) + months;
        (Month.first_day(target) + joined - first).min(Month.last_day(target))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]
        #[test]
        fn agrees_with_looking_at_every_renewal(
            mut given in given(),
            scale in 1..9i64,
            unit in prop::sample::select(&UNITS),
            as_of in 0..400i64,
        ) {
            // Long enough for quarters.
            for (_, joined, ended) in &mut given {
                *joined *= scale;
                *ended = ended.map(|ended| ended * scale);
            }
            let history = build(&given).unwrap();
            let found = spells(&history);
            let memberships = Memberships::new(history.view());
            let sample = tenures(&memberships, TimeUnit::parse(unit).unwrap(), as_of, Global);
            let mut sample = sample.unwrap();
            sample.settle();
            let mut expected = BTreeMap::new();
            for stay in found.values().map(|spells| spells[0]).filter(|stay| stay.joined <= as_of) {
                let day = |n| renewal(unit, stay.joined, n);
                let end = (1..).find(|&n| day(n) > as_of || !stay.holds(day(n))).unwrap();
                let left = day(end) <= as_of;
                let age = if left { end } else { end - 1 };
                if age > 0 {
                    *expected.entry((i64::from(left), age)).or_insert(0.0) += 1.0;
                }
            }
            let found: Vec<_> = sample
                .groups()
                .map(|g| ((g.customer.x as i64, g.customer.age as i64), g.count))
                .collect();
            prop_assert_eq!(found, expected.into_iter().collect::<Vec<_>>());
        }
    }

    /// A thousand members who join on one day, and leave as Fader and Hardie's regular customers do:
    /// the fit is that of the table of survivors, to the last bit.
    #[test]
    fn one_cohort_is_a_table_of_survivors() {
        let survivors = [1000, 631, 468, 382, 326, 289, 262, 241];
        let mut given = Vec::new();
        for (year, left) in (1..).zip(survivors.windows(2).map(|s| s[0] - s[1])) {
            given.extend((0..left).map(|i| (1000 * year + i, 10, Some(10 + 28 * year))));
        }
        given.extend((0..241).map(|i| (i, 10, None)));
        let history = build(&given).unwrap();
        let memberships = Memberships::new(history.view());
        for name in ["sbg", "bdw"] {
            let question = ContractQuestion {
                kind: Kind::parse(name).unwrap(),
                period: TimeUnit::parse("28 days").unwrap(),
                as_of: None,
            };
            let model = parse(&fit(&memberships, &question, Global).unwrap()).unwrap();
            let mut table = Survivors::new(Global);
            table.ask(Some(name)).unwrap();
            (0..).zip(survivors).for_each(|(n, left)| table.push(n, left as f64).unwrap());
            let of_table = parse(&table.fit(Global).unwrap().unwrap()).unwrap();
            assert_eq!(model.parameters, of_table.parameters);
            assert_eq!(model.covariance, of_table.covariance);
            assert_eq!(model.unit.name(), "28 days");
        }
    }

    #[test]
    fn stops_when_it_is_cancelled() {
        let given: Vec<_> = (0..20_000).map(|member| (member, member % 100, None)).collect();
        let history = build(&given).unwrap();
        let memberships = Memberships::new(history.view());
        assert!(stops(|| tenures(&memberships, TimeUnit::WEEK, 200, Global)));
    }
}
