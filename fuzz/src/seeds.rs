//! Good values of every type, to begin with.

use model_ground::calendar::{Clock, Grain, Utc};
use model_ground::host::{Global, Vec as HostVec};
use model_history::history::{History, MemberKind, MemberRef, Meta};
use model_history::journeys::Journeys;
use model_history::memberships::{self, Spell};
use model_prediction::churn_risk::{Method, fit_table};
use model_prediction::records::{Attribute, Attributes, Records};
use model_prediction::sheet::Sheet;
use model_retention::cox::{Covariates, CoxObservation, Members, Model, Value};
use model_retention::survival::{Groups, Observation, Observations};

const DAY: i64 = 86_400_000_000;
const CHECKSUM: usize = 8;

pub(crate) const TIERS: &str = r#"{"window": "30 days", "grace": "10 days",
    "tiers": [{"name": "Silver", "from": 100}, {"name": "Gold", "from": 300}]}"#;

const MAP: &str = r#"{"rules": [{"segment": "VIP", "r": [4, 5], "fm": [4.5, 5]},
    {"segment": "Once, and gone", "r": [1, 2], "f": 1}, {"segment": "Rich", "m": 5}], "default": "Others"}"#;

const CUTS: &str = r#"{"recency": [10, 20, 30.5, 40], "frequency": [1, 2, 3, 4], "monetary": [1.5, 2, 2, 1000],
    "mean": {"recency": 20, "frequency": 3.2, "monetary": 40}}"#;

const PARETO: &str = r#"{"model": "pareto/nbd", "unit": "week", "converged": true, "customers": 10,
    "parameters": {"r": 0.55, "alpha": 10.58, "s": 0.61, "beta": 11.67},
    "covariance": [[0.002, 0.03, 0, 0], [0.03, 0.9, 0, 0], [0, 0, 0.03, 0.7], [0, 0, 0.7, 20]],
    "spend": {"model": "gamma-gamma", "converged": true, "parameters": {"p": 6.25, "q": 3.74, "gamma": 15.44}}}"#;

const OTHER_MODELS: [&str; 8] = [
    r#"{"model": "bg/nbd", "converged": true, "parameters": {"r": 0.24, "alpha": 4.41, "a": 0.79, "b": 2.43}}"#,
    r#"{"model": "mbg/nbd", "converged": true, "parameters": {"r": 0.52, "alpha": 6.18, "a": 0.89, "b": 1.61}}"#,
    r#"{"model": "bg/cnbd-k", "converged": true, "parameters": {"k": 2, "r": 0.24, "alpha": 4.41, "a": 0.79, "b": 2.43}}"#,
    r#"{"model": "ggompertz/nbd", "converged": true, "parameters": {"r": 0.55, "alpha": 10.6, "b": 0.002, "s": 0.6, "beta": 0.03}}"#,
    r#"{"model": "bg/bb", "converged": true, "unit": "month", "parameters": {"alpha": 1.2, "beta": 0.75, "gamma": 0.66, "delta": 2.78}}"#,
    r#"{"model": "sbg", "converged": true, "unit": "year", "parameters": {"alpha": 0.7, "beta": 1.2}}"#,
    r#"{"model": "bdw", "converged": true, "unit": "year", "parameters": {"alpha": 0.7, "beta": 1.2, "c": 1.3}}"#,
    r#"{"model": "pareto/nbd", "converged": false, "reason": "flat", "advice": "take more data"}"#,
];

const FRAME: &str = r#"{"title": "T & <t>", "subtitle": "one", "language": "en", "theme": "light", "width": 900, "height": 450}"#;

const PICTURES: [(&str, &str); 4] = [
    (
        "heat",
        r#"{"heat": {"row_title": "cohort", "note_title": "members", "column_title": "months", "rows": ["2024-01", "2024-02"],
            "notes": ["12", "9"], "columns": ["0", "1"], "values": [[1, 0.25], [1, null]], "plain_columns": 1, "unit": "percent"}}"#,
    ),
    (
        "lines",
        r#"{"lines": {"x_title": "x", "y_title": "y", "unit": "percent", "series": [
            {"name": "a", "x": [1, 2, 3], "y": [0.2, 0.1, null], "low": [0.1, 0.05, null], "high": [0.3, 0.2, null]},
            {"name": "b", "x": [1, 3], "y": [0.5, 0.4], "steps": true, "group": 1}]}}"#,
    ),
    (
        "bars",
        r#"{"bars": {"x_title": "", "y_title": "members", "labels": ["a", "b"], "running": [false, true], "series": [
            {"name": "in", "values": [100, 50], "group": 0}, {"name": "out", "values": [-25, null], "group": 5}]}}"#,
    ),
    (
        "tiles",
        r#"{"tiles": {"shade_title": "worth", "shade_low": "0", "shade_high": "9", "tiles": [
            {"name": "large <b>", "size": 3, "lines": ["75 %"], "shade": 1}, {"name": "small", "size": 1, "lines": [], "shade": null}]}}"#,
    ),
];

/// Target, name and bytes of each.
pub fn all() -> Vec<(&'static str, String, Vec<u8>)> {
    let mut all = Vec::new();
    let mut add =
        |target, name: &str, bytes: &[u8]| all.push((target, name.to_string(), bytes.to_vec()));
    for (name, bytes) in histories() {
        add("history", name, &bytes[..bytes.len() - CHECKSUM]);
        add("history_readers", name, &bytes[..bytes.len() - CHECKSUM]);
    }
    for (name, bytes) in spells() {
        add("memberships", name, &bytes[..bytes.len() - CHECKSUM]);
        add("memberships_readers", name, &bytes[..bytes.len() - CHECKSUM]);
    }
    for (name, bytes) in journeys() {
        add("journeys", name, &bytes[..bytes.len() - CHECKSUM]);
        add("journeys_readers", name, &bytes[..bytes.len() - CHECKSUM]);
    }
    for (name, bytes) in durations() {
        add("survival_data", name, &bytes[..bytes.len() - CHECKSUM]);
    }
    for (name, bytes) in groups() {
        add("logrank_data", name, &bytes[..bytes.len() - CHECKSUM]);
    }
    for (name, model) in cox_models() {
        let (mut bytes, mut text) = (HostVec::new_in(Global), HostVec::new_in(Global));
        model.to_bytes(&mut bytes);
        model.to_json(&mut text).expect("a text");
        add("cox_model", name, &bytes[..bytes.len() - CHECKSUM]);
        add("cox_json", name, &text);
    }
    add("clv_model", "pareto", PARETO.as_bytes());
    for (place, model) in OTHER_MODELS.iter().enumerate() {
        add("clv_model", &format!("model-{place}"), model.as_bytes());
    }
    add("segment_map", "own", &[&[3][..], MAP.as_bytes()].concat());
    add("cut_points", "own", CUTS.as_bytes());
    add("tier_rules", "own", TIERS.as_bytes());
    for (place, word) in
        ["month", "90 days", "2 weeks", "1 year", "3 months", "quarter"].iter().enumerate()
    {
        add("words", &format!("word-{place}"), word.as_bytes());
    }
    add("base64", "bytes", b"AQEBAQ==");
    let mut bytes = HostVec::new_in(Global);
    let sheet = Sheet::of(customers(40)).expect("few");
    sheet.to_bytes(&mut bytes).expect("room for it");
    add("churn_rows", "customers", &bytes[..bytes.len() - CHECKSUM]);
    for (name, method) in [("logit", Method::Logit), ("boosted", Method::Boosted)] {
        let model = fit_table(customers(60), method).expect("a fit");
        add("churn_model", name, model.text().as_bytes());
    }
    for (name, body) in PICTURES {
        add("picture", name, format!("{{\"frame\": {FRAME}, \"body\": {body}}}").as_bytes());
    }
    all
}

/// A row: member, day, amount in millionths.
type Row = (i64, i64, Option<i64>);

const ROWS: [Row; 9] = [
    (1, 0, Some(10_000_000)),
    (1, 31, Some(-2_500_000)),
    (2, 3, Some(7_250_000)),
    (2, 3, Some(1)),
    (3, 70, None),
    (3, 99, Some(123_456_789_000)),
    (900, 12, Some(5_000_000)),
    (-7, 40, Some(0)),
    (900, 400, Some(5_000_000)),
];

fn histories() -> Vec<(&'static str, HostVec<u8, Global>)> {
    let plain = |row: Row| (row.0, row.1, None);
    vec![
        ("days", history(MemberKind::Int, Grain::Day, "", ROWS.map(plain))),
        ("amounts", history(MemberKind::Int, Grain::Day, "", ROWS)),
        ("seconds", history(MemberKind::Int, Grain::Second, "UTC", ROWS)),
        ("names", history(MemberKind::Text, Grain::Month, "UTC", ROWS.map(plain))),
        ("uuids", history(MemberKind::Uuid, Grain::Hour, "UTC", ROWS)),
        ("weeks", history(MemberKind::Int, Grain::Week, "", ROWS)),
        (
            "many",
            history(
                MemberKind::Int,
                Grain::Day,
                "",
                (0..700).map(|i| (i / 3, i % 50, Some(i * 1000))),
            ),
        ),
    ]
}

fn history(
    kind: MemberKind,
    grain: Grain,
    zone: &str,
    rows: impl IntoIterator<Item = Row>,
) -> HostVec<u8, Global> {
    let mut history = History::new(Meta::new(kind, grain, zone, Global), Global);
    let mut clock = Clock::new(grain, Global);
    for (member, day, amount) in rows {
        let tick = clock.tick(&Utc, day * DAY);
        let name = format!("member {member}");
        let id = (member as u64 as u128).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C834);
        let member = match kind {
            MemberKind::Int => MemberRef::Int(member),
            MemberKind::Uuid => MemberRef::Uuid(id),
            MemberKind::Text => MemberRef::Text(name.as_bytes()),
        };
        history.push(member, tick, day * DAY, amount).expect("a row");
    }
    let mut out = HostVec::new_in(Global);
    out.resize(history.flat_size().expect("a small history"), 0);
    history.write_flat(&mut out).expect("room for it");
    out
}

fn spells() -> Vec<(&'static str, HostVec<u8, Global>)> {
    let meta = Meta::new(MemberKind::Int, Grain::Day, "", Global);
    let mut history = memberships::empty(meta, Global);
    for (member, joined, ended) in
        [(1, 0, Some(30)), (1, 60, None), (2, 5, Some(400)), (3, 10, None), (4, 0, Some(1))]
    {
        memberships::push(&mut history, MemberRef::Int(member), Spell { joined, ended })
            .expect("a spell");
    }
    let mut out = HostVec::new_in(Global);
    out.resize(memberships::flat_size(&mut history).expect("small"), 0);
    memberships::write_flat(&history, &mut out).expect("room for it");
    // What 0.1.0 wrote has another mark, and here the same spells.
    let mut as_given = out.clone();
    as_given[0] = memberships::MARK_AS_GIVEN;
    vec![("unions", out), ("as-given", as_given)]
}

fn journeys() -> Vec<(&'static str, HostVec<u8, Global>)> {
    let of = |kind: MemberKind, zone: &str, unit: i64, rows: i64| {
        let mut journeys = Journeys::new(kind, zone, Global);
        for i in 0..rows {
            let name = format!("member {}", i % 4);
            let member = match kind {
                MemberKind::Int => MemberRef::Int(i % 5 - 2),
                MemberKind::Uuid => MemberRef::Uuid((i % 3) as u128 * 0x9E37_79B9_7F4A_7C15),
                MemberKind::Text => MemberRef::Text(name.as_bytes()),
            };
            let event = ["sign up", "order", "mail", "order"][i as usize * 7 % 4];
            journeys.push(member, i * i % 23 * unit, event.as_bytes()).expect("an event");
        }
        let mut out = HostVec::new_in(Global);
        out.resize(journeys.flat_size().expect("small"), 0);
        journeys.write_flat(&mut out).expect("room for it");
        out
    };
    vec![
        ("days", of(MemberKind::Int, "", DAY, 9)),
        ("seconds", of(MemberKind::Text, "UTC", 1_000_000, 9)),
        ("microseconds", of(MemberKind::Uuid, "UTC", 1, 9)),
        ("repeats", of(MemberKind::Int, "", 1000, 300)),
    ]
}

fn observations(causes: bool, entries: bool) -> impl Iterator<Item = Observation<'static>> {
    (1..20u32).map(move |i| Observation {
        duration: f64::from(i * i % 17) + 0.5,
        churned: i % 3 > 0,
        entry: (entries && i % 4 == 0).then_some(0.25),
        weight: i64::from(i % 2 + 1),
        cause: (causes && i % 3 == 1).then_some(if i % 2 == 0 { b"price" } else { b"moved" }),
    })
}

fn durations() -> Vec<(&'static str, HostVec<u8, Global>)> {
    [("plain", false, false), ("entries", false, true), ("causes", true, true)]
        .map(|(name, causes, entries)| {
            let mut data = Observations::new(Global);
            observations(causes, entries).for_each(|row| data.push_row(&row).expect("a row"));
            let mut bytes = HostVec::new_in(Global);
            data.to_bytes(&mut bytes).expect("small");
            (name, bytes)
        })
        .to_vec()
}

fn groups() -> Vec<(&'static str, HostVec<u8, Global>)> {
    [("plain", false, false), ("strata", true, false), ("entries", true, true)]
        .map(|(name, strata, entries)| {
            let mut groups = Groups::new(Global);
            for (i, row) in observations(false, entries).enumerate() {
                let group: &[u8] = if i % 2 == 0 { b"a" } else { b"b" };
                let stratum = strata.then_some(if i % 3 == 0 { &b"x"[..] } else { b"y" });
                groups.push_row(&row, group, stratum).expect("a row");
            }
            let mut bytes = HostVec::new_in(Global);
            groups.to_bytes(&mut bytes).expect("small");
            (name, bytes)
        })
        .to_vec()
}

fn cox_models() -> Vec<(&'static str, Model<Global>)> {
    let mut numbers = Members::new(Global);
    let (mut named, mut strata) = (Members::new(Global), Members::new(Global));
    for (i, row) in observations(false, false).enumerate() {
        let row = CoxObservation::new(row.duration, row.churned);
        let x = [(i % 5) as f64, (i * 7 % 11) as f64];
        let plan: &[u8] = if i % 3 == 0 { b"pro" } else { b"free" };
        let covariates = [(&b"age"[..], Value::Number(x[1])), (b"plan", Value::Text(plan))];
        let place: &[u8] = if i % 2 == 0 { b"north" } else { b"south" };
        numbers.push_row(&row, Covariates::Numbers(&x)).expect("a row");
        named.push_row(&row, Covariates::Named(&covariates)).expect("a row");
        let row = CoxObservation { stratum: Some(place), ..row };
        strata.push_row(&row, Covariates::Named(&covariates)).expect("a row");
    }
    [("numbers", numbers), ("named", named), ("strata", strata)]
        .into_iter()
        .map(|(name, members)| (name, members.fit(Global).expect("a fit")))
        .collect()
}

/// Rows with a number, a truth value and a category, each of which is missing now and then.
fn customers(count: u32) -> Records<Global> {
    let mut records = Records::new(Global);
    for i in 0..count {
        let calls =
            if i % 9 == 0 { Attribute::Null } else { Attribute::Number(f64::from(i * 7 % 13)) };
        let plan: &[u8] = [&b"free"[..], b"pro", b"team"][(i % 3) as usize];
        let named = [
            (&b"calls"[..], calls),
            (b"is \"new\"", Attribute::Flag(i % 4 == 1)),
            (b"plan", if i % 11 == 0 { Attribute::Null } else { Attribute::Text(plan) }),
        ];
        let churned = (i * 7 % 13) + (i % 5) > 9;
        let anchor = Some(i64::from(i % 2) * 30);
        records
            .push(format!("m{}", i / 2).as_bytes(), anchor, churned, Attributes::Named(&named))
            .expect("a row");
    }
    records
}
