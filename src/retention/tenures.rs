//! `tenures`, `winback`, `winback_members`: when members of a history or of memberships left for the first
//! time, and whether they came back.

use crate::history::{Events, Spells};
use crate::pg::arguments::{Args, Id};
use crate::pg::errors::OrRaise;
use crate::pg::memory::PgHost;
use crate::pg::rows::Rows;
use crate::pg::stored::Stored;
use pg_retention_model::calendar::Periods;
use pg_retention_model::history::MemberRef;
use pg_retention_model::survival::{
    self, Intervals, LapseQuestion, Return, RiskTable, Scale, Tenure, memberships,
};
use pgrx::prelude::*;

/// Members by how long they stayed, or stayed away; none of no summary.
pub(super) type Members = Option<RiskTable<PgHost>>;

/// The arguments h, period, gap, silence, as_of: who lapsed, and after how long.
pub(super) struct FirstLapses<'a>(Option<Stored<'a, Events>>, LapseQuestion);

impl<'a> FirstLapses<'a> {
    pub(super) fn take(args: &mut Args<'a>) -> Self {
        let h = args.summary("h");
        Self::of(h, args)
    }

    /// The same of readers that return members.
    fn take_with_id(args: &mut Args<'a>) -> (Self, Id) {
        let h = args.summary("h");
        let id = args.id();
        (Self::of(h, args), id)
    }

    fn of(h: Option<Stored<'a, Events>>, args: &mut Args<'a>) -> Self {
        let question = LapseQuestion {
            period: args.period(Periods::Shared),
            lapse: args.lapse(),
            as_of: args.day("as_of"),
        };
        question.check().or_raise();
        FirstLapses(h, question)
    }

    pub(super) fn members(&self) -> Members {
        let h = self.0.as_ref()?;
        let host = PgHost::current();
        Some(survival::first_lapses(&h.view(), &h.zone(), &self.1, host).or_raise())
    }
}

/// The arguments m, period, as_of: who departed, and after how long.
pub(super) struct FirstDepartures<'a>(Option<Stored<'a, Spells>>, memberships::DepartureQuestion);

impl<'a> FirstDepartures<'a> {
    pub(super) fn take(args: &mut Args<'a>) -> Self {
        let m = args.summary("m");
        Self::of(m, args)
    }

    /// The same of readers that return members.
    fn take_with_id(args: &mut Args<'a>) -> (Self, Id) {
        let m = args.summary("m");
        let id = args.id();
        (Self::of(m, args), id)
    }

    fn of(m: Option<Stored<'a, Spells>>, args: &mut Args<'a>) -> Self {
        let (period, as_of) = (args.period(Periods::OwnDays), args.day("as_of"));
        memberships::DepartureQuestion { period, as_of }.check().or_raise();
        let as_of = m.as_ref().map(|m| m.as_of(as_of));
        FirstDepartures(m, memberships::DepartureQuestion { period, as_of })
    }

    pub(super) fn members(&self) -> Members {
        let view = self.0.as_ref()?.memberships();
        let host = PgHost::current();
        Some(memberships::first_departures(&view, &self.1, host).or_raise())
    }
}

/// One member of `tenures`.
fn put_tenure(rows: &mut Rows, member: &MemberRef<'_>, found: &Tenure) {
    rows.put(|row| {
        row.member(member);
        row.float(found.tenure.map(|tenure| tenure as f64));
        row.flag(found.churned);
        row.day(found.first_day);
        row.day(found.last_day);
    });
}

#[pg_extern]
fn tenures_of_history(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let (lapses, id) = FirstLapses::take_with_id(&mut args);
    args.end();
    let Some(h) = &lapses.0 else { return rows };
    let (view, host) = (h.view(), PgHost::current());
    let each = id.among(view.meta.kind).only(|member, found| put_tenure(&mut rows, member, &found));
    survival::tenures(&view, &h.zone(), &lapses.1, host, each).or_raise();
    rows
}

#[pg_extern]
fn tenures_of_memberships(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let (departures, id) = FirstDepartures::take_with_id(&mut args);
    args.end();
    let Some(m) = &departures.0 else { return rows };
    let view = m.memberships();
    let each = id.among(view.kind()).only(|member, found| put_tenure(&mut rows, member, &found));
    memberships::tenures(&view, &departures.1, each).or_raise();
    rows
}

#[pg_extern]
fn winback_of_history(mut args: Args<'_>, rows: Rows) -> Rows {
    let lapses = FirstLapses::take(&mut args);
    let confidence = args.confidence();
    args.end();
    let intervals = Intervals::new(confidence, Scale::default()).or_raise();
    let risk_table = lapses
        .0
        .as_ref()
        .map(|h| survival::returns(&h.view(), &h.zone(), &lapses.1, PgHost::current()).or_raise());
    put_returns(rows, risk_table, intervals)
}

#[pg_extern]
fn winback_of_memberships(mut args: Args<'_>, rows: Rows) -> Rows {
    let departures = FirstDepartures::take(&mut args);
    let confidence = args.confidence();
    args.end();
    let intervals = Intervals::new(confidence, Scale::default()).or_raise();
    let risk_table = departures.0.as_ref().map(|m| {
        memberships::returns(&m.memberships(), &departures.1, PgHost::current()).or_raise()
    });
    put_returns(rows, risk_table, intervals)
}

/// Who is back is who has not stayed away longer.
fn put_returns(mut rows: Rows, members: Members, intervals: Intervals) -> Rows {
    let Some(members) = members else { return rows };
    for step in members.curve(intervals) {
        rows.put(|row| {
            row.float(step.tenure);
            row.count(step.at_risk);
            row.count(step.events);
            row.count(step.censored);
            row.float(1.0 - step.survival);
            row.bounds(step.interval.map(|(low, high)| (1.0 - high, 1.0 - low)));
        });
    }
    rows
}

/// One member of `winback_members`.
fn put_return(rows: &mut Rows, member: &MemberRef<'_>, found: &Return) {
    rows.put(|row| {
        row.member(member);
        row.float(found.tenure as f64);
        row.flag(found.returned);
        row.day(found.last_day);
        row.day(found.lapsed_on);
        row.day(found.returned_on);
    });
}

#[pg_extern]
fn winback_members_of_history(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let (lapses, id) = FirstLapses::take_with_id(&mut args);
    args.end();
    let Some(h) = &lapses.0 else { return rows };
    let (view, host) = (h.view(), PgHost::current());
    let each = id.among(view.meta.kind).only(|member, found| put_return(&mut rows, member, &found));
    survival::returns_of_members(&view, &h.zone(), &lapses.1, host, each).or_raise();
    rows
}

#[pg_extern]
fn winback_members_of_memberships(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let (departures, id) = FirstDepartures::take_with_id(&mut args);
    args.end();
    let Some(m) = &departures.0 else { return rows };
    let view = m.memberships();
    let each = id.among(view.kind()).only(|member, found| put_return(&mut rows, member, &found));
    memberships::returns_of_members(&view, &departures.1, each).or_raise();
    rows
}
