//! Memberships: their bytes, and everything that reads them.

use crate::{Choices, sealed};
use model_ground::calendar::Period;
use model_ground::error::Error;
use model_ground::host::Global;
use model_history::memberships::{Bytes, Memberships, canonical, unions};
use model_retention::survival::memberships::{DepartureQuestion, first_departures, returns};
use model_retention::{churn, cohorts};

/// Bytes of memberships without the checksum of the history in them.
pub fn run(body: &[u8]) -> bool {
    let Some((mark, body)) = body.split_first() else { return false };
    let mut bytes = vec![*mark];
    bytes.extend(sealed(body));
    let Ok(parsed) = Bytes::parse(&bytes, Global) else { return false };
    let accepted = parsed.check(|_| Ok(())).is_ok();
    if accepted
        && let Some(bytes) = canonical(&bytes, Global).expect("canonical bytes of good ones")
    {
        let again = Bytes::parse(&bytes, Global).expect("its own bytes");
        again.check(|_| Ok(())).expect("its own bytes are good");
        assert_eq!(canonical(&bytes, Global).expect("of good ones"), None);
    }
    accepted
}

/// The same, read, without a check before.
pub fn readers(body: &[u8]) -> bool {
    let Some((mark, body)) = body.split_first() else { return false };
    let mut bytes = vec![*mark];
    bytes.extend(sealed(body));
    let Ok(parsed) = Bytes::parse(&bytes, Global) else { return false };
    let read = read(&parsed, &mut Choices::of(body));
    let malformed = matches!(read, Err(Error::Malformed(_) | Error::MalformedValue { .. }));
    assert!(!(malformed && parsed.check(|_| Ok(())).is_ok()), "taken, and then {read:?}");
    !malformed
}

fn read(parsed: &Bytes<'_, Global>, choices: &mut Choices) -> Result<(), Error> {
    let merged;
    let view = match parsed {
        Bytes::Unions(flat) => flat.view(),
        Bytes::AsGiven(flat) => {
            merged = unions(flat, Global)?;
            merged.view()
        }
    };
    let memberships = Memberships::new(view);
    memberships.count()?;
    let (first, last) = (memberships.first()?, memberships.last()?);
    let days = last.saturating_sub(first);
    let lengths =
        [(1, Period::DAY), (30, Period::MONTH), (90, Period::Days(90)), (60, Period::Months(2))];
    let (length, period) = choices.pick(&lengths);
    if days / length > 2_000 {
        return Ok(());
    }
    let as_of = choices.pick(&[
        None,
        Some(last),
        Some(last.saturating_sub(10)),
        Some(last.saturating_add(10)),
    ]);
    let results = [
        cohort_table(&memberships, period, as_of),
        changes(&memberships, period, as_of),
        departures(&memberships, period, as_of),
    ];
    results.into_iter().find(|result| matches!(result, Err(Error::Malformed(_)))).unwrap_or(Ok(()))
}

fn cohort_table(
    memberships: &Memberships<'_, Global>,
    period: Period,
    as_of: Option<i64>,
) -> Result<(), Error> {
    let question = churn::memberships::MembershipQuestion { period, as_of, confidence: 0.95 };
    cohorts::memberships::cohorts(memberships, &question, Global)?
        .cells()
        .take(10_000)
        .for_each(drop);
    Ok(())
}

fn changes(
    memberships: &Memberships<'_, Global>,
    period: Period,
    as_of: Option<i64>,
) -> Result<(), Error> {
    let question = churn::memberships::MembershipQuestion { period, as_of, confidence: 0.95 };
    let churn = churn::memberships::churn(memberships, &question, Global)?;
    churn.rows().for_each(drop);
    churn.growth().for_each(drop);
    Ok(())
}

fn departures(
    memberships: &Memberships<'_, Global>,
    period: Period,
    as_of: Option<i64>,
) -> Result<(), Error> {
    let question = DepartureQuestion { period, as_of };
    crate::events::risk(&first_departures(memberships, &question, Global)?)?;
    crate::events::risk(&returns(memberships, &question, Global)?)
}
