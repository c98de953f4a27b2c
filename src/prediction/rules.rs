//! The type `retention.churn_rows`, made by `rules_agg` and `drivers_agg`: rows with a label and attributes; and its readers.

use crate::history::{Events, Spells};
use crate::pg::arguments::Args;
use crate::pg::errors::OrRaise;
use crate::pg::literal::{self, Literal, Message};
use crate::pg::member;
use crate::pg::memory::PgHost;
use crate::pg::rows::Rows;
use crate::pg::state::InState;
use crate::pg::varlena::{CText, Varlena};
use crate::prediction::attributes::{Given, member as name_of, tell_left_out};
use crate::prediction::churn_risk::{known, population, stays};
use pg_retention_model::calendar::Takes;
use pg_retention_model::churn_risk::{self, Plan, Replay, Replayed};
use pg_retention_model::drivers;
use pg_retention_model::error::Error;
use pg_retention_model::history::MemberRef;
use pg_retention_model::host::Vec;
use pg_retention_model::records::Records;
use pg_retention_model::rules::{self, Rule, RulesQuestion};
use pg_retention_model::sheet::{self, Sheet};
use pgrx::prelude::*;
use std::ffi::CStr;

type State = InState<Records<PgHost>>;

fn step(mut args: Args<'_>, is_number: bool) -> State {
    let mut state = args.state(Records::new);
    let mut digits = [0; 20];
    let name = name_of(&mut args, is_number, &mut digits);
    let churned: Option<bool> = args.get("churned");
    let attributes = Given::named(&mut args, "attributes");
    args.end();
    match (name, churned, &attributes) {
        (Some(name), Some(churned), Some(attributes)) => {
            state.push(name, None, churned, attributes.attributes()).or_raise();
        }
        _ => state.leave_out(),
    }
    state
}

/// `churn_rows_step(internal, member text, churned, attributes jsonb)`.
#[pg_extern]
fn churn_rows_step(args: Args<'_>) -> State {
    step(args, false)
}

/// The same with `member bigint`.
#[pg_extern]
fn churn_rows_step_of_numbers(args: Args<'_>) -> State {
    step(args, true)
}

/// The value of a state; none without a row.
#[pg_extern]
fn churn_rows_final(state: Option<State>) -> Option<Varlena> {
    let mut state = state?;
    let records = std::mem::replace(&mut *state, Records::new(PgHost::current()));
    tell_left_out("rules_agg or drivers_agg", records.left_out());
    if records.is_empty() {
        return None;
    }
    let mut bytes = Vec::new_in(PgHost::current());
    Sheet::of(records).and_then(|sheet| sheet.to_bytes(&mut bytes)).or_raise();
    Some(Varlena::copy_of(&bytes))
}

const LITERAL: Literal = Literal {
    of: "churn_rows",
    made: "(SELECT retention.rules_agg(member, churned, jsonb_build_object('plan', plan)) FROM TABLE) in brackets of its own, with the names of your columns",
    not_base64: || sheet::malformed("its text is not base64"),
};

fn check(bytes: &[u8]) -> Result<(), Error> {
    let sheet = Sheet::from_bytes(bytes, PgHost::current())?;
    // Names are handed back as text: they must be in the encoding of the database.
    sheet.texts().try_for_each(|text| member::check_text(MemberRef::Text(text.as_bytes())))
}

/// Reads the text form: the bytes in base64.
#[pg_extern]
fn churn_rows_in(text: &CStr) -> Varlena {
    LITERAL.read(text, check)
}

/// Reads the binary form, which is the stored one.
#[pg_extern]
fn churn_rows_recv(message: Message<'_>) -> Varlena {
    message.receive(check)
}

/// The same bytes as a bytea.
#[pg_extern]
fn churn_rows_from_bytea(bytes: &[u8]) -> Varlena {
    check(bytes).or_raise();
    Varlena::copy_of(bytes)
}

/// Writes the text form.
#[pg_extern]
fn churn_rows_out(bytes: &[u8]) -> CText {
    literal::write(bytes)
}

/// The arguments depth, min_members.
fn size(args: &mut Args<'_>) -> (i32, i32) {
    (args.integer("depth").unwrap_or(3), args.integer("min_members").unwrap_or(50))
}

fn put(found: &[Rule], rows: &mut Rows) {
    for rule in found {
        rows.put(|row| {
            row.text(rule.rule.as_str());
            row.count(rule.members);
            row.count(rule.churned);
            row.estimate(rule.rate);
            row.float(rule.lift);
            row.float(rule.share_of_churn);
        });
    }
}

#[pg_extern]
fn rules(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let bytes = args.bytes("r", "churn_rows");
    let (depth, min_members) = size(&mut args);
    let question = RulesQuestion { depth, min_members, confidence: args.confidence() };
    args.end();
    question.check().or_raise();
    let Some(bytes) = bytes else { return rows };
    let sheet = Sheet::from_bytes(&bytes, PgHost::current()).or_raise();
    put(&rules::rules(&sheet, &question).or_raise(), &mut rows);
    rows
}

/// The arguments of churn_rules, and the rules of the newest anchor.
struct Newest {
    plan: Plan,
    as_of: Option<i64>,
    question: RulesQuestion,
}

impl Newest {
    fn take(args: &mut Args<'_>) -> Self {
        let horizon = args.stretch(Takes::days("horizon"));
        let population = population(args);
        let (depth, min_members) = size(args);
        let as_of = args.day("as_of");
        let question = RulesQuestion { depth, min_members, confidence: args.confidence() };
        args.end();
        let plan = Plan { horizon: known(horizon), population, anchors: 1, step: None };
        question.check().or_raise();
        Newest { plan, as_of, question }
    }

    fn tell<R: Replayed>(&self, replay: &R, rows: &mut Rows) {
        let records = churn_risk::records(replay, &self.plan).or_raise();
        if !records.is_empty() {
            let sheet = Sheet::of(records).or_raise();
            put(&rules::rules(&sheet, &self.question).or_raise(), rows);
        }
    }
}

/// Of the members of a history at the newest anchor.
#[pg_extern]
fn churn_rules(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let h = args.summary::<Events>("h");
    let newest = Newest::take(&mut args);
    let Some(h) = h else { return rows };
    let (view, zone) = (h.view(), h.zone());
    newest.tell(&Replay::new(&view, &zone, newest.as_of).or_raise(), &mut rows);
    rows
}

/// Of memberships.
#[pg_extern]
fn churn_rules_of_memberships(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let m = args.summary::<Spells>("m");
    let newest = Newest::take(&mut args);
    let Some(m) = m else { return rows };
    newest.tell(&stays(&m, newest.as_of), &mut rows);
    rows
}

#[pg_extern]
fn drivers(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let bytes = args.bytes("d", "churn_rows");
    let confidence = args.confidence();
    args.end();
    let Some(bytes) = bytes else { return rows };
    let sheet = Sheet::from_bytes(&bytes, PgHost::current()).or_raise();
    for driver in drivers::drivers(&sheet, confidence).or_raise() {
        rows.put(|row| {
            row.text(driver.attribute.as_str());
            row.text(driver.value.as_deref());
            row.count(driver.members);
            row.count(driver.churned);
            row.estimate(driver.rate);
            row.estimate(driver.ratio);
            row.float(driver.q_value);
            row.float(driver.explains_alone);
            row.float(driver.explains_given_others);
        });
    }
    rows
}
