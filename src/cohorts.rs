//! `cohorts`: who comes back, by cohort and period.

use crate::pg::arguments;
use crate::pg::errors::OrRaise;
use crate::pg::memory::PgHost;
use crate::pg::rows::Rows;
use crate::pg::stored::Stored;
use pg_retention_model::cohorts::{self, Question};
use pg_retention_model::error::Error;
use pgrx::datum::Date;
use pgrx::prelude::*;
use pgrx::{Array, pg_sys};

#[pg_extern]
#[allow(clippy::too_many_arguments)] // the arguments of the SQL function
fn cohorts(
    h: Option<Stored<'_>>,
    period: Option<&str>,
    mode: Option<&str>,
    entry: Option<&str>,
    starts: Option<Stored<'_>>,
    as_of: Option<Date>,
    brackets: Option<Array<'_, i32>>,
    min_events: Option<i32>,
    confidence: Option<f64>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Rows {
    // SAFETY: declared RETURNS TABLE in sql/cohorts.sql.
    let mut rows = unsafe { Rows::begin(fcinfo) };
    let question = Question {
        period: arguments::calendar_period(period).or_raise(),
        as_of: arguments::day("as_of", as_of).or_raise(),
        confidence: arguments::confidence(confidence),
    };
    cohorts::check_mode(mode.unwrap_or("on")).or_raise();
    let by_starts = cohorts::check_entry(entry.unwrap_or("first")).or_raise();
    check_later_arguments(brackets.is_some(), min_events.unwrap_or(1)).or_raise();
    if starts.is_some() && !by_starts {
        Err(Error::BadArgument {
            message: "starts are given, but entry is not 'starts'".to_string(),
            hint: "Add entry => 'starts', or leave starts out.",
        })
        .or_raise()
    }
    let Some(h) = h else { return rows };
    let (view, zone, host) = (h.view(), h.zone(), PgHost::current());
    let starts_zone = starts.as_ref().map_or(zone, Stored::zone);
    let table = if by_starts {
        let Some(starts) = starts else { return rows };
        cohorts::by_starts((&view, &zone), (&starts.view(), &starts_zone), &question, host)
    } else {
        cohorts::by_first(&view, &zone, &question, host)
    };
    let table = table.or_raise();
    for cell in table.cells() {
        rows.put(|column| {
            Ok([
                column.day(cell.cohort)?,
                column.integer(cell.period_number),
                column.count(cell.members),
                column.count(cell.eligible),
                column.count(cell.retained),
                column.float(cell.rate.map(|(rate, _, _)| rate)),
                column.float(cell.rate.map(|(_, low, _)| low)),
                column.float(cell.rate.map(|(_, _, high)| high)),
                column.count(cell.active),
                column.amount(cell.amount),
                column.flag(cell.complete),
            ])
        })
        .or_raise();
    }
    rows
}

fn check_later_arguments(brackets: bool, min_events: i32) -> Result<(), Error> {
    if brackets {
        return Err(Error::NotYet {
            what: "the argument brackets".to_string(),
            instead: "Leave it out: cells are single periods.",
        });
    }
    if min_events < 1 {
        return Err(Error::BadArgument {
            message: format!("min_events {min_events} is not a number of events"),
            hint: "Take 1: a member is active in a period with at least one event.",
        });
    }
    if min_events > 1 {
        return Err(Error::NotYet {
            what: format!("min_events {min_events}"),
            instead: "Leave it out: a member is active in a period with at least one event.",
        });
    }
    Ok(())
}
