//! `rfm` and what belongs to it: members by recency, frequency and monetary value.

mod clusters;
mod maps;
mod values;

use crate::pg::arguments;
use crate::pg::errors::OrRaise;
use crate::pg::json::{JsonText, Jsonb};
use crate::pg::memory::PgHost;
use crate::pg::rows::{Rows, SharedText};
use crate::pg::stored::Stored;
use pg_retention_model::error::Error;
use pg_retention_model::history::MemberRef;
use pg_retention_model::host::Vec;
use pg_retention_model::rfm::{self, Bin, Method, Migration, Monetary, Plan};
use pgrx::datum::Date;
use pgrx::prelude::*;
use pgrx::{FromDatum, pg_sys};

/// Reads arguments by position: overloads have one more, whose value is ignored.
struct Arguments {
    fcinfo: pg_sys::FunctionCallInfo,
    next: usize,
}

impl Arguments {
    /// The last `count` arguments of the call under way.
    ///
    /// # Safety
    /// The call must have as many.
    unsafe fn last(fcinfo: pg_sys::FunctionCallInfo, count: usize) -> Self {
        // SAFETY: PostgreSQL passes as many arguments as it says.
        let all = usize::try_from(unsafe { (*fcinfo).nargs }).unwrap_or(0);
        Arguments { fcinfo, next: all - count }
    }

    /// The next argument.
    ///
    /// # Safety
    /// It must be declared with the SQL type of `T`.
    unsafe fn take<T: FromDatum>(&mut self) -> Option<T> {
        self.next += 1;
        // SAFETY: see above.
        unsafe { pgrx::pg_getarg(self.fcinfo, self.next - 1) }
    }
}

/// What all readers of scores ask, in the order in which they declare it.
struct Asked<'a> {
    bins: Option<i32>,
    method: Option<&'a str>,
    cuts: Option<JsonText<'a>>,
    map: Option<&'a str>,
    distinct_days: Option<bool>,
    monetary: Option<&'a str>,
}

impl Asked<'_> {
    fn plan(&self, as_of: Option<i64>) -> Result<Plan, Error> {
        let method = self.method.map_or(Ok(Method::Quantile), Method::parse)?;
        let monetary = self.monetary.map_or(Ok(Monetary::Total), Monetary::parse)?;
        let map = self.map.unwrap_or("rf10");
        let plan = Plan::new(self.bins.unwrap_or(5), method, self.cuts.as_deref(), map)?;
        Ok(plan.with(as_of, self.distinct_days.unwrap_or(false), monetary))
    }
}

#[pg_extern]
fn rfm(fcinfo: pg_sys::FunctionCallInfo) -> Rows {
    // SAFETY: declared RETURNS TABLE in sql/value/rfm.sql, with these arguments.
    let (mut rows, h, as_of, asked) = unsafe {
        let mut arguments = Arguments::last(fcinfo, 7);
        (
            Rows::begin(fcinfo),
            pgrx::pg_getarg::<Stored<'_>>(fcinfo, 0),
            arguments.take::<Date>(),
            Asked {
                bins: arguments.take(),
                method: arguments.take(),
                cuts: arguments.take(),
                map: arguments.take(),
                distinct_days: arguments.take(),
                monetary: arguments.take(),
            },
        )
    };
    let plan = asked.plan(arguments::day("as_of", as_of).or_raise()).or_raise();
    let Some(h) = h else { return rows };
    let (view, zone, host) = (h.view(), h.zone(), PgHost::current());
    let scored = rfm::scored(&view, &zone, &plan, host).or_raise();
    let bins = scored.bins();
    let segments = texts(&plan.map.segments);
    let mut scores = Vec::new_in(host);
    scores.resize(rfm::Score::cells(bins, scored.has_monetary()), None);
    let each = |member: &MemberRef<'_>, row: rfm::Row| {
        let score = &mut scores[row.score.cell(bins)];
        let score = *score.get_or_insert_with(|| SharedText::new(&row.score.text(bins)));
        rows.put(|column| {
            Ok([
                column.member(member)?,
                column.integer(row.recency.into()),
                column.count(row.frequency),
                column.amount(row.monetary),
                column.integer(row.score.r.into()),
                column.integer(row.score.f.into()),
                row.score.m.and_then(|m| column.integer(m.into())),
                column.shared(Some(score)),
                column.shared(row.segment.map(|segment| segments[segment])),
            ])
        })
    };
    scored.each(each).or_raise();
    rows
}

fn texts(names: &[String]) -> std::vec::Vec<SharedText> {
    names.iter().map(|name| SharedText::new(name)).collect()
}

/// The bins of the measures; a word about those that ties leave empty.
#[pg_extern]
#[allow(clippy::too_many_arguments)] // the arguments of the SQL function
fn rfm_cuts(
    h: Option<Stored<'_>>,
    as_of: Option<Date>,
    bins: Option<i32>,
    method: Option<&str>,
    distinct_days: Option<bool>,
    monetary: Option<&str>,
    cuts: Option<JsonText<'_>>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Rows {
    // SAFETY: declared RETURNS TABLE in sql/value/rfm.sql.
    let mut rows = unsafe { Rows::begin(fcinfo) };
    let asked = Asked { bins, method, cuts, map: Some("none"), distinct_days, monetary };
    let plan = asked.plan(arguments::day("as_of", as_of).or_raise()).or_raise();
    let Some(h) = h else { return rows };
    let found = rfm::cut_points(&h.view(), &h.zone(), &plan, PgHost::current()).or_raise();
    for measure in rfm::Measure::ALL {
        warn_of_empty(measure.name(), found.iter().filter(|bin| bin.measure == measure));
    }
    for bin in &found {
        rows.put(|column| {
            Ok([
                column.text(bin.measure.name()),
                column.integer(bin.score as i64),
                column.float(bin.above),
                column.float(bin.up_to),
                column.float(bin.range.map(|(low, _)| low)),
                column.float(bin.range.map(|(_, high)| high)),
                column.count(bin.members),
            ])
        })
        .or_raise();
    }
    rows
}

fn warn_of_empty<'b>(measure: &str, bins: impl Iterator<Item = &'b Bin>) {
    let empty: std::vec::Vec<String> =
        bins.filter(|bin| bin.members == 0).map(|bin| bin.score.to_string()).collect();
    if !empty.is_empty() {
        notice!("nobody has the {measure} score {}", empty.join(", "));
    }
}

#[pg_extern]
fn rfm_cuts_json(
    h: Option<Stored<'_>>,
    as_of: Option<Date>,
    bins: Option<i32>,
    method: Option<&str>,
    distinct_days: Option<bool>,
    monetary: Option<&str>,
) -> Option<Jsonb> {
    let asked = Asked { bins, method, cuts: None, map: Some("none"), distinct_days, monetary };
    let plan = asked.plan(arguments::day("as_of", as_of).or_raise()).or_raise();
    let h = h?;
    let scale = rfm::scale(&h.view(), &h.zone(), &plan, PgHost::current()).or_raise();
    scale.map(|scale| Jsonb::of(&scale.to_json()).or_raise())
}

#[pg_extern]
#[allow(clippy::too_many_arguments)] // the arguments of the SQL function
fn rfm_segments(
    h: Option<Stored<'_>>,
    as_of: Option<Date>,
    bins: Option<i32>,
    method: Option<&str>,
    cuts: Option<JsonText<'_>>,
    map: Option<&str>,
    distinct_days: Option<bool>,
    monetary: Option<&str>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Rows {
    // SAFETY: declared RETURNS TABLE in sql/value/rfm.sql.
    let mut rows = unsafe { Rows::begin(fcinfo) };
    let asked = Asked { bins, method, cuts, map, distinct_days, monetary };
    let plan = asked.plan(arguments::day("as_of", as_of).or_raise()).or_raise();
    let Some(h) = h else { return rows };
    let found = rfm::segments(&h.view(), &h.zone(), &plan, PgHost::current()).or_raise();
    for segment in &found {
        rows.put(|column| {
            Ok([
                segment.name.as_ref().and_then(|name| column.text(name)),
                column.count(segment.members),
                column.float(segment.share),
                column.float(segment.recency.map(|(mean, _)| mean)),
                column.float(segment.recency.map(|(_, median)| median)),
                column.float(segment.frequency.map(|(mean, _)| mean)),
                column.float(segment.frequency.map(|(_, median)| median)),
                column.amount(segment.monetary.map(|(mean, _)| mean)),
                column.amount(segment.monetary.map(|(_, median)| median)),
                column.amount(segment.revenue),
                column.float(segment.revenue_share),
            ])
        })
        .or_raise();
    }
    rows
}

#[pg_extern]
#[allow(clippy::too_many_arguments)] // the arguments of the SQL function
fn rfm_migration(
    h: Option<Stored<'_>>,
    from_date: Option<Date>,
    to_date: Option<Date>,
    bins: Option<i32>,
    method: Option<&str>,
    cuts: Option<JsonText<'_>>,
    map: Option<&str>,
    distinct_days: Option<bool>,
    monetary: Option<&str>,
    own_cuts: Option<bool>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Rows {
    // SAFETY: declared RETURNS TABLE in sql/value/rfm.sql.
    let mut rows = unsafe { Rows::begin(fcinfo) };
    let asked = Asked { bins, method, cuts, map, distinct_days, monetary };
    let plan = asked.plan(None).or_raise();
    let from = arguments::day("from_date", from_date).or_raise();
    let to = arguments::day("to_date", to_date).or_raise();
    let between = Migration::new(from, to, own_cuts.unwrap_or(false)).or_raise();
    let Some(h) = h else { return rows };
    let host = PgHost::current();
    let flows = rfm::migration(&h.view(), &h.zone(), &plan, between, host).or_raise();
    let names = texts(&plan.map.segments);
    for flow in &flows {
        rows.put(|column| {
            Ok([
                column.shared(flow.from.and_then(|from| names.get(from).copied())),
                column.shared(names.get(flow.to).copied()),
                column.count(flow.members),
                column.float(Some(flow.share)),
                column.amount(flow.from_revenue),
                column.amount(flow.to_revenue),
            ])
        })
        .or_raise();
    }
    rows
}
