//! What customer lifetime value costs by itself: fitting models to customers, and scoring customers, without PostgreSQL.
//!
//! `cargo bench -p pg_retention_model --bench clv`. Customers are simulated: two years of them, at the resolution of days, whose
//! rates and probabilities of leaving differ.

use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use pg_retention_model::clv::aggregate::FitState;
use pg_retention_model::clv::{Customer, ScoreQuestion};
use pg_retention_model::clv::{model, score};
use pg_retention_model::host::Global;
use pg_retention_model::numeric::SplitMix64;
use std::hint::black_box;

const CUSTOMERS: u64 = 200_000;
const MODEL: &str =
    r#"{"model": "bg/nbd", "parameters": {"r": 0.24, "alpha": 4.4, "a": 0.8, "b": 2.4}}"#;

fn exponential(random: &mut SplitMix64) -> f64 {
    -random.open_unit().ln()
}

/// Times in weeks, of whole days unless they are all to differ.
fn customers(whole_days: bool) -> Vec<Customer> {
    let mut random = SplitMix64::new(1);
    let mut customer = || {
        let age = 1.0 + 729.0 * random.open_unit();
        let rate = exponential(&mut random) / 60.0;
        let leaves = 1.0 - random.open_unit().powf(0.4);
        let (mut x, mut t_x, mut now) = (0.0, 0.0, 0.0);
        loop {
            now += exponential(&mut random) / rate;
            if now > age {
                break;
            }
            (x, t_x) = (x + 1.0, now);
            if random.open_unit() < leaves {
                break;
            }
        }
        let round = |days: f64| if whole_days { days.ceil() / 7.0 } else { days / 7.0 };
        Customer { x, t_x: round(t_x), age: round(age) }
    };
    (0..CUSTOMERS).map(|_| customer()).collect()
}

fn fitting(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("fit");
    group
        .throughput(Throughput::Elements(CUSTOMERS))
        .sampling_mode(SamplingMode::Flat)
        .sample_size(10);
    for (times, whole_days) in [("whole days", true), ("all times differ", false)] {
        let customers = customers(whole_days);
        for name in ["bg/nbd", "pareto/nbd"] {
            group.bench_function(format!("{name}, {times}"), |b| {
                b.iter(|| {
                    let mut state = FitState::new(Global);
                    state.ask(Some(name), None).unwrap();
                    customers.iter().for_each(|c| state.push(*c, None, None, &[]).unwrap());
                    state.fit().unwrap()
                });
            });
        }
    }
    group.finish();
}

fn scoring(criterion: &mut Criterion) {
    let model = model::parse(MODEL).unwrap();
    let (horizon, confidence) = (Some(365.25), None);
    let question = ScoreQuestion { horizon, discount: 0.0, margin: 1.0, confidence };
    let mut group = criterion.benchmark_group("score");
    group.throughput(Throughput::Elements(CUSTOMERS)).sampling_mode(SamplingMode::Flat);
    for (times, whole_days) in [("whole days", true), ("all times differ", false)] {
        let customers = customers(whole_days);
        group.bench_function(format!("bg/nbd without intervals, {times}"), |b| {
            b.iter(|| {
                let mut scorer = score::scorer(&model, &question, Global).unwrap();
                customers.iter().for_each(|c| {
                    black_box(scorer.score(*c, None).unwrap());
                });
            });
        });
    }
    group.finish();
}

criterion_group!(benches, fitting, scoring);
criterion_main!(benches);
