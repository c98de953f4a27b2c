//! `funnel`: how many go on from step to step; `funnel_members`: who was lost where.

use crate::history::Paths;
use crate::pg::arguments::Args;
use crate::pg::errors::OrRaise;
use crate::pg::memory::PgHost;
use crate::pg::rows::Rows;
use pg_retention_model::calendar::{Period, Periods};
use pg_retention_model::error::Error;
use pg_retention_model::funnel::{self, Entered, FunnelQuestion, Mode, Steps, StepsAsked};
use pg_retention_model::host::Vec;
use pg_retention_model::journeys::View;
use pgrx::prelude::*;

type Texts<'a> = Option<Vec<Option<&'a str>, PgHost>>;

/// What both functions are asked, as it was given.
struct Given<'a> {
    events: Texts<'a>,
    within: Option<&'a str>,
    mode: Option<&'a str>,
    entry: Option<&'a str>,
    step_within: Texts<'a>,
    optional: std::vec::Vec<Option<i32>>,
    excluded: Texts<'a>,
}

impl<'a> Given<'a> {
    fn take(args: &mut Args<'a>) -> Self {
        Given {
            events: args.texts("steps"),
            within: args.text("within"),
            mode: args.text("mode"),
            entry: args.text("entry"),
            step_within: args.texts("step_within"),
            optional: args
                .integers("optional")
                .map(|numbers| numbers.iter().take(1 + funnel::MAX_STEPS).collect())
                .unwrap_or_default(),
            excluded: args.texts("exclude"),
        }
    }

    fn question(
        &self,
        period: Option<&str>,
        as_of: Option<i64>,
        confidence: f64,
    ) -> FunnelQuestion {
        let period = period.map(|period| Period::parse(period, Periods::Shared).or_raise());
        FunnelQuestion::new(self.within, self.mode, self.entry, period, as_of, confidence)
            .or_raise()
    }

    fn steps(&self, view: &View<'_, PgHost>, mode: Mode) -> Steps<PgHost> {
        let asked = StepsAsked {
            events: self.events.as_deref().unwrap_or_default(),
            within: self.step_within.as_deref(),
            optional: &self.optional,
            excluded: self.excluded.as_deref().unwrap_or_default(),
        };
        Steps::new(view, &asked, mode).or_raise()
    }
}

#[pg_extern]
fn funnel(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let j = args.summary::<Paths>("j");
    let given = Given::take(&mut args);
    let (period, as_of, confidence) = (args.text("period"), args.day("as_of"), args.confidence());
    args.end();
    let question = given.question(period, as_of, confidence);
    let Some(j) = j else { return rows };
    let view = j.view();
    let steps = given.steps(&view, question.mode);
    let table = funnel::funnel(&view, &j.zone(), &steps, &question, PgHost::current()).or_raise();
    for step in table.rows() {
        let name = view.names.get(steps.codes[step.step] as usize).copied();
        rows.put(|row| {
            row.day(step.period_start);
            row.integer(step.step as i64 + 1);
            match question.mode {
                // No step in particular.
                Mode::AnyOrder => row.text(None),
                _ => row.name(name.unwrap_or_default()),
            }
            row.count(step.members);
            row.count(step.eligible);
            row.count(step.reached);
            row.estimate(step.rate);
            row.float(step.step_rate);
            for time in step.times {
                row.interval(time);
            }
        });
    }
    rows
}

#[pg_extern]
fn funnel_members(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let j = args.summary::<Paths>("j");
    let id = args.id();
    let given = Given::take(&mut args);
    let step = args.integer("step").unwrap_or(1);
    let (period, period_start) = (args.text("period"), args.day("period_start"));
    let as_of = args.day("as_of");
    args.end();
    let question = given.question(period, as_of, 0.95);
    let Some(j) = j else { return rows };
    let view = j.view();
    let steps = given.steps(&view, question.mode);
    let step = place_of(step, steps.len()).or_raise();
    let zone = j.zone();
    let unit = funnel::period_of(&view, &zone, &question, period_start).or_raise();
    let picked = id.among(view.meta.kind);
    funnel::entered(&view, &zone, &steps, &question, |member, entered: &Entered| {
        let Some(at) = entered.reached[step].filter(|_| picked.has(&member)) else {
            return Ok(());
        };
        if unit.is_some_and(|unit| unit != entered.unit) {
            return Ok(());
        }
        let last = entered.reached.iter().rposition(Option::is_some).unwrap_or(0);
        // Who is still in the window is not lost, and who did the last step was not.
        let lost_after = (entered.is_eligible && last + 1 < steps.len()).then_some(last as i64 + 1);
        rows.put(|row| {
            row.member(&member);
            row.instant(zone.instant(at));
            row.integer(lost_after);
        });
        Ok(())
    })
    .or_raise();
    rows
}

/// The place of the step of a number.
fn place_of(step: i32, count: usize) -> Result<usize, Error> {
    let place = usize::try_from(step).ok().and_then(|step| step.checked_sub(1));
    place.filter(|place| *place < count).ok_or_else(|| {
        Error::bad(
            format!("step {step} is not the number of one of the {count} steps"),
            "Take 1 for everybody who entered, 2 for those who reached the second step, and so on.",
        )
    })
}
