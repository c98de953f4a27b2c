//! What the model costs by itself: building, merging, storing and reading histories, without PostgreSQL.
//!
//! `cargo bench -p pg_retention_model`. The rows are like those of the benchmark in SQL: ten a member, some members with many
//! more, over two years. Times are those of `EVENTS` rows.

use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use pg_retention_model::calendar::{Clock, Grain, Period, Utc};
use pg_retention_model::history::{Flat, History, MemberKind, MemberRef, Meta};
use pg_retention_model::host::Global;
use pg_retention_model::numeric::SplitMix64;
use pg_retention_model::{churn, cohorts, value};

const EVENTS: u64 = 1_000_000;
const SECOND: i64 = 1_000_000;
/// 2022-01-01, in seconds since 2000-01-01, and the 730 days from then on.
const BEGIN: i64 = 694_310_400;
const SECONDS: u64 = 63_072_000;

struct Event {
    member: i64,
    at: i64,
    amount: i64,
}

fn events() -> Vec<Event> {
    let mut random = SplitMix64::new(1);
    (0..EVENTS)
        .map(|_| {
            let (u, w) = (random.unit(), random.unit());
            let second = BEGIN + (random.next_u64() % SECONDS) as i64;
            Event {
                member: ((EVENTS / 10) as f64 * (u * u.sqrt())) as i64 + 1,
                at: second * SECOND,
                amount: ((w * w * w * 50_000.0) as i64 + 100) * 10_000,
            }
        })
        .collect()
}

fn build(events: &[Event], grain: Grain, amounts: bool) -> History<Global> {
    let mut history = History::new(Meta::new(MemberKind::Int, grain, "UTC", Global), Global);
    let mut clock = Clock::new(grain, Global);
    for event in events {
        let tick = clock.tick(&Utc, event.at);
        let amount = amounts.then_some(event.amount);
        history.push(MemberRef::Int(event.member), tick, event.at, amount).unwrap();
    }
    history.settle().unwrap();
    history
}

fn build_of_kind(events: &[Event], kind: MemberKind, names: &[[u8; 16]]) -> History<Global> {
    let mut history = History::new(Meta::new(kind, Grain::Month, "UTC", Global), Global);
    let mut clock = Clock::new(Grain::Month, Global);
    for event in events {
        let tick = clock.tick(&Utc, event.at);
        let name = &names[event.member as usize];
        let member = match kind {
            MemberKind::Uuid => MemberRef::Uuid(u128::from_be_bytes(*name)),
            _ => MemberRef::Text(&name[..12]),
        };
        history.push(member, tick, event.at, None).unwrap();
    }
    history.settle().unwrap();
    history
}

fn flat(history: &mut History<Global>) -> Vec<u8> {
    history.compact().unwrap();
    let mut bytes = vec![0; history.flat_size().unwrap()];
    history.write_flat(&mut bytes).unwrap();
    bytes
}

fn building(criterion: &mut Criterion) {
    let events = events();
    let mut random = SplitMix64::new(2);
    let mut hex = || format!("{:016x}", random.next_u64()).into_bytes().try_into().unwrap();
    let names: Vec<[u8; 16]> = (0..=EVENTS / 10).map(|_| hex()).collect();
    let mut group = criterion.benchmark_group("build");
    group
        .throughput(Throughput::Elements(EVENTS))
        .sampling_mode(SamplingMode::Flat)
        .sample_size(20);
    group.bench_function("months", |b| b.iter(|| build(&events, Grain::Month, false)));
    group.bench_function("days", |b| b.iter(|| build(&events, Grain::Day, false)));
    group.bench_function("days with amounts", |b| b.iter(|| build(&events, Grain::Day, true)));
    group.bench_function("months, uuid members", |b| {
        b.iter(|| build_of_kind(&events, MemberKind::Uuid, &names));
    });
    group.bench_function("months, text members", |b| {
        b.iter(|| build_of_kind(&events, MemberKind::Text, &names));
    });
    group.bench_function("100-row histories of days", |b| {
        b.iter(|| {
            events.chunks(100).map(|rows| build(rows, Grain::Day, false)).collect::<Vec<_>>()
        });
    });
    group.finish();
}

fn merging(criterion: &mut Criterion) {
    let events = events();
    let (head, tail) = events.split_at(events.len() / 2);
    let parts = [head, tail].map(|part| flat(&mut build(part, Grain::Month, false)));
    let mut group = criterion.benchmark_group("merge");
    group
        .throughput(Throughput::Elements(EVENTS))
        .sampling_mode(SamplingMode::Flat)
        .sample_size(20);
    group.bench_function("two halves", |b| {
        b.iter(|| {
            let [head, tail] = parts.each_ref().map(|bytes| Flat::parse(bytes, Global).unwrap());
            let mut whole = History::new(head.view().meta.empty(Global), Global);
            whole.absorb(&head.view()).unwrap();
            whole.absorb(&tail.view()).unwrap();
            whole.compact().unwrap();
            whole
        });
    });
    group.finish();
}

fn storing(criterion: &mut Criterion) {
    let mut history = build(&events(), Grain::Day, true);
    let bytes = flat(&mut history);
    let mut group = criterion.benchmark_group("store");
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    group.bench_function("write", |b| b.iter(|| flat(&mut history)));
    group.bench_function("parse", |b| {
        b.iter(|| Flat::parse(&bytes, Global).unwrap().view().events())
    });
    group.finish();
}

fn reading(criterion: &mut Criterion) {
    let (period, as_of, confidence) = (Period::MONTH, None, 0.95);
    for amounts in [false, true] {
        let bytes = flat(&mut build(&events(), Grain::Month, amounts));
        let stored = Flat::parse(&bytes, Global).unwrap();
        let view = stored.view();
        let name = if amounts { "read, with amounts" } else { "read" };
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Elements(EVENTS / 10));
        group.bench_function("members", |b| b.iter(|| view.count_members().unwrap()));
        group.bench_function("cohorts", |b| {
            let question =
                cohorts::CohortQuestion { period, as_of, confidence, ..Default::default() };
            let subject = cohorts::Subject { events: Some((&view, &Utc)), starts: None };
            let table = || cohorts::table(subject, &question, Global).unwrap().unwrap();
            b.iter(|| table().cells().count());
        });
        group.bench_function("cohorts, streak", |b| {
            let mode = cohorts::Mode::Streak;
            let question =
                cohorts::CohortQuestion { period, as_of, confidence, mode, ..Default::default() };
            let subject = cohorts::Subject { events: Some((&view, &Utc)), starts: None };
            let table = || cohorts::table(subject, &question, Global).unwrap().unwrap();
            b.iter(|| table().cells().count());
        });
        group.bench_function("curve of recurring entries", |b| {
            let entry = cohorts::Entry::Recurring;
            let question =
                cohorts::CohortQuestion { period, as_of, confidence, entry, ..Default::default() };
            let subject = cohorts::Subject { events: Some((&view, &Utc)), starts: None };
            let curve = || cohorts::curve(subject, &question, Global).unwrap().unwrap();
            b.iter(|| curve().points().count());
        });
        group.bench_function("churn", |b| {
            let question =
                churn::ChurnQuestion { period, lapse: churn::Lapse::Gap(1), as_of, confidence };
            b.iter(|| churn::ledger(&view, &Utc, &question, Global).unwrap().rows().count());
        });
        group.bench_function("value", |b| {
            let question = value::ValueQuestion {
                period,
                lapse: churn::Lapse::Gap(1),
                as_of,
                margin: 1.0,
                distinct_days: false,
            };
            b.iter(|| value::summary(&view, &Utc, &question, Global).unwrap());
        });
        group.finish();
    }
}

criterion_group!(benches, building, merging, storing, reading);
criterion_main!(benches);
