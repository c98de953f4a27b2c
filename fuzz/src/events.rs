//! Histories: their bytes, and everything that reads them.

use crate::{Choices, sealed};
use model_ground::calendar::{Grain, Period, Stretch, Unit, Utc};
use model_ground::error::Error;
use model_ground::host::{Global, Vec};
use model_history::history::{Flat, History, View, canonical};
use model_retention::churn::{self, ChurnQuestion, Lapse};
use model_retention::cohorts::{self, CohortQuestion, Entry, Mode, Subject};
use model_retention::survival::{self, Intervals, LapseQuestion, RiskTable, Scale};
use model_retention::{engagement, repurchase};
use model_value::clv::summary::{Summaries, TimeUnit};
use model_value::value::ValueQuestion;
use model_value::{revenue_split, rfm, tiers, value};

const DAY: i64 = 86_400_000_000;

/// Bytes of a history without their checksum.
pub fn run(body: &[u8]) -> bool {
    let bytes = sealed(body);
    let Ok(flat) = Flat::parse(&bytes, Global) else { return false };
    let accepted = flat.check(&Utc, |_| Ok(())).is_ok();
    if accepted {
        rewritten(&flat.view(), &bytes);
    }
    accepted
}

/// The same, read. Readers do not check again: whatever lies in a table, they end.
pub fn readers(body: &[u8]) -> bool {
    let bytes = sealed(body);
    let Ok(flat) = Flat::parse(&bytes, Global) else { return false };
    let read = read(&flat.view(), &mut Choices::of(body));
    let malformed = matches!(read, Err(Error::Malformed(_)));
    assert!(!(malformed && flat.check(&Utc, |_| Ok(())).is_ok()), "taken, and then {read:?}");
    !malformed
}

/// What is taken can be dumped and restored, merged with itself, and is its own only form.
fn rewritten(view: &View<'_, Global>, bytes: &[u8]) {
    let again = canonical(bytes, Global).expect("canonical bytes of good ones");
    let canonical = again.as_deref().unwrap_or(bytes);
    let mut copy = History::new(view.meta.empty(Global), Global);
    copy.absorb(view).expect("a history takes one");
    assert_eq!(written(&mut copy).expect("room for it"), canonical, "the bytes are others");
    // Twice: every count doubles, which a history may refuse; what it writes, it reads.
    if copy.absorb(view).is_ok()
        && let Ok(twice) = written(&mut copy)
    {
        let flat = Flat::parse(&twice, Global).expect("its own bytes");
        flat.check(&Utc, |_| Ok(())).expect("its own bytes are good");
    }
}

fn written(history: &mut History<Global>) -> Result<Vec<u8, Global>, Error> {
    let mut out = Vec::new_in(Global);
    out.resize(history.flat_size()?, 0);
    history.write_flat(&mut out)?;
    Ok(out)
}

/// Periods that a reader counts in a moment.
const MOST_PERIODS: i64 = 2_000;

/// A period of which there are few between the first and the last event.
fn period(view: &View<'_, Global>, choices: &mut Choices) -> Option<Period> {
    let extent = view.meta.extent?;
    let days = extent.last.div_euclid(DAY).saturating_sub(extent.first.div_euclid(DAY));
    // The ticks say the same, or the bytes are not good ones.
    let ticks = extent.high.saturating_sub(extent.low);
    if ticks > 40_000 * MOST_PERIODS {
        return None;
    }
    let lengths = [(1, "day"), (7, "week"), (30, "month"), (90, "quarter"), (365, "year")];
    let few = lengths.iter().position(|(length, _)| days / length < MOST_PERIODS)?;
    let (length, name) = lengths[few + choices.one_of((lengths.len() - few) as u64) as usize];
    Some(match choices.one_of(4) {
        0 => Period::Days(length as u32),
        1 if length >= 30 => Period::Months(length as u32 / 30),
        _ => Period::Calendar(unit(name)?),
    })
}

fn unit(name: &str) -> Option<Unit> {
    match Period::parse(name, model_ground::calendar::Periods::Shared) {
        Ok(Period::Calendar(unit)) => Some(unit),
        _ => None,
    }
}

/// Asks every reader. Of bytes that were not checked, some may fail.
fn read(view: &View<'_, Global>, choices: &mut Choices) -> Result<(), Error> {
    let Some(period) = period(view, choices) else { return Ok(()) };
    let last = view.meta.extent.map_or(0, |extent| extent.last.div_euclid(DAY));
    let as_of = choices.pick(&[None, None, Some(last), Some(last - 40), Some(last + 40)]);
    let lapse = match choices.one_of(3) {
        0 => Lapse::Silence(Stretch::of_days(30)),
        1 => Lapse::Gap(1 + choices.one_of(3) as i32),
        _ => Lapse::Gap(i32::MAX),
    };
    let question = ChurnQuestion { period, lapse, as_of, confidence: 0.95 };
    let results = [
        ledger(view, &question, choices),
        cohort_tables(view, &question, choices),
        days(view, as_of),
        purchases(view, as_of),
        money(view, &question),
        stays(view, &question),
        scores(view, as_of, choices),
        rules(view, as_of),
        customers(view, as_of),
        view.count_members().map(|_| ()),
    ];
    // An argument that does not fit is refused; what is malformed was to be found by the check.
    results.into_iter().find(|result| matches!(result, Err(Error::Malformed(_)))).unwrap_or(Ok(()))
}

fn ledger(
    view: &View<'_, Global>,
    question: &ChurnQuestion,
    choices: &mut Choices,
) -> Result<(), Error> {
    let ledger = churn::ledger(view, &Utc, question, Global)?;
    let mut starts = std::vec::Vec::new();
    for row in ledger.rows() {
        assert_eq!(row.opening - row.churned + row.new + row.reactivated, row.closing);
        starts.push(row.period_start);
    }
    churn::growth(&ledger).for_each(drop);
    if let Some(start) = starts.get(choices.one_of(starts.len().max(1) as u64) as usize) {
        churn::change_of_members(view, &Utc, question, *start, Global, |_, _| Ok(()))?;
    }
    Ok(())
}

fn cohort_tables(
    view: &View<'_, Global>,
    question: &ChurnQuestion,
    choices: &mut Choices,
) -> Result<(), Error> {
    let question = CohortQuestion {
        period: question.period,
        mode: choices.pick(&[Mode::On, Mode::OnOrAfter, Mode::OnOrBefore, Mode::Streak]),
        entry: choices.pick(&[Entry::First, Entry::Recurring]),
        as_of: question.as_of,
        ..CohortQuestion::default()
    };
    let subject = Subject { starts: None, events: Some((view, &Utc)) };
    if let Some(table) = cohorts::table(subject, &question, Global)? {
        let mut some = None;
        for cell in table.cells().take(10_000) {
            assert!(cell.retained <= cell.eligible && cell.eligible <= cell.members);
            some = some.or(Some((cell.cohort, cell.period_number)));
        }
        if let Some(cell) = some {
            cohorts::members_of_cell(subject, &question, cell, Global, |_| Ok(()))?;
        }
    }
    if let Some(curve) = cohorts::curve(subject, &question, Global)? {
        curve.points().for_each(drop);
    }
    Ok(())
}

fn days(view: &View<'_, Global>, as_of: Option<i64>) -> Result<(), Error> {
    if view.meta.extent.is_some_and(|extent| extent.last / DAY - extent.first / DAY > 20_000) {
        return Ok(());
    }
    engagement::engagement(view, &Utc, as_of, Global)?.rows().for_each(drop);
    engagement::frequency(view, &Utc, Stretch::of_days(28), as_of, Global)?.for_each(drop);
    Ok(())
}

fn purchases(view: &View<'_, Global>, as_of: Option<i64>) -> Result<(), Error> {
    let distinct_days = view.meta.grain <= Grain::Day;
    let question =
        repurchase::RepurchaseQuestion::new(as_of, 0.95, distinct_days, Some("90 days"), 8)?;
    repurchase::gaps(view, &Utc, &question, Global)?.rows().map(|_| ())
}

fn money(view: &View<'_, Global>, question: &ChurnQuestion) -> Result<(), Error> {
    let &ChurnQuestion { period, lapse, as_of, .. } = question;
    let question = ValueQuestion { period, lapse, as_of, margin: 0.3, distinct_days: false };
    value::summary(view, &Utc, &question, Global)?;
    revenue_split::revenue_split(view, &Utc, period, as_of, Global).map(|_| ())
}

fn stays(view: &View<'_, Global>, question: &ChurnQuestion) -> Result<(), Error> {
    let &ChurnQuestion { period, lapse, as_of, .. } = question;
    let question = LapseQuestion { period, lapse, as_of };
    risk(&survival::first_lapses(view, &Utc, &question, Global)?)?;
    survival::tenures(view, &Utc, &question, Global, |_, _| Ok(()))?;
    risk(&survival::returns(view, &Utc, &question, Global)?)?;
    survival::returns_of_members(view, &Utc, &question, Global, |_, _| Ok(()))
}

/// What is read from durations.
pub fn risk(table: &RiskTable<Global>) -> Result<(), Error> {
    for scale in [Scale::LogLog, Scale::Plain] {
        let intervals = Intervals::new(0.95, scale)?;
        table.curve(intervals).for_each(drop);
        table.summary(intervals, None)?;
    }
    table.survival_at(3.0);
    if let Some(longest) = table.longest().filter(|longest| *longest > 0.0) {
        table.hazard_rates(longest / 10.0, 0.95)?;
    }
    Ok(())
}

fn scores(view: &View<'_, Global>, as_of: Option<i64>, choices: &mut Choices) -> Result<(), Error> {
    let method = choices.pick(&[rfm::Method::Quantile, rfm::Method::Rank, rfm::Method::Ntile]);
    let plan = rfm::Plan::new(5, method, None, "default")?.with(as_of, false, rfm::Monetary::Total);
    rfm::scored(view, &Utc, &plan, Global)?.each(|_, _| Ok(()))?;
    rfm::segments(view, &Utc, &plan, Global)?;
    Ok(())
}

fn rules(view: &View<'_, Global>, as_of: Option<i64>) -> Result<(), Error> {
    let rules = tiers::Rules::parse(crate::seeds::TIERS)?;
    tiers::tiers(view, &Utc, &rules, as_of, Global, |_, _| Ok(()))
}

fn customers(view: &View<'_, Global>, as_of: Option<i64>) -> Result<(), Error> {
    let mut summaries = Summaries::new(view, &Utc, TimeUnit::WEEK, as_of, &Global)?;
    while summaries.next_member()?.is_some() {}
    Ok(())
}
