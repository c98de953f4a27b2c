//! Against brute force, the churn ledger, scikit-learn, and other orders of the same rows.

use super::bins::Coder;
use super::boost;
use super::fit::{self, Window};
use super::logit;
use super::model::{ChurnModel, SplitJson};
use super::quality::{self, Judged};
use super::table::{Scale, Table};
use super::*;
use crate::calendar::{Grain, Period, Stretch, Utc};
use crate::history::{History, MemberKind, MemberRef, Meta};
use crate::host::{Global, Vec, testing::stops};
use crate::numeric::SplitMix64;
use crate::records::{Attribute, Attributes, Records};
use model_retention::churn::{self, ChurnQuestion, Lapse};
use proptest::prelude::*;

type Events = std::vec::Vec<(i64, i64)>;

fn history(events: &[(i64, i64)]) -> History<Global> {
    let mut history = History::new(Meta::new(MemberKind::Int, Grain::Day, "", Global), Global);
    for &(member, day) in events {
        let amount = Some((1 + day % 7) * 1_000_000);
        history.push(MemberRef::Int(member), day, day * 86_400_000_000, amount).unwrap();
    }
    history.settle().unwrap();
    history
}

fn plan(horizon: i64, anchors: i32, population: Population) -> Plan {
    Plan { horizon: Stretch::of_days(horizon), population, anchors, step: None }
}

/// Members of different pace, many of whom leave.
fn members(count: u64, days: i64) -> Events {
    let mut events = Events::new();
    for member in 0..count {
        let mut random = SplitMix64::new(member);
        let pace = 2.0 + 30.0 * random.unit();
        let ends = days as f64 * (0.2 + 1.5 * random.unit());
        let mut day = 40.0 * random.unit();
        while day < ends.min(days as f64) {
            events.push((member as i64, day as i64));
            day += 1.0 - pace * random.open_unit().ln();
        }
    }
    events
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn the_dataset_counts_what_the_ledger_counts(
        events in prop::collection::vec((0..12i64, 0..200i64), 1..200),
        horizon in 5..40u32,
    ) {
        let history = history(&events);
        let view = history.view();
        let (stretch, period) = (Stretch::of_days(i64::from(horizon)), Period::Days(horizon));
        let question = ChurnQuestion { period, lapse: Lapse::Silence(stretch), as_of: None, confidence: 0.95 };
        let ledger = churn::ledger(&view, &Utc, &question, Global).unwrap();
        let mut counts = std::collections::BTreeMap::new();
        let replay = Replay::new(&view, &Utc, None).unwrap();
        dataset(&replay, &plan(i64::from(horizon), 120, Population::Active), |_| true, |_, anchor, row| {
            let count = counts.entry(anchor.day + 1).or_insert((0, 0));
            *count = (count.0 + 1, count.1 + u64::from(row.churned));
            Ok(())
        }).unwrap();
        // An anchor has a whole horizon of past; the ledger's first period may begin before the first event.
        let first = events.iter().map(|event| event.1).min().unwrap();
        let is_whole = |row: &churn::LedgerPeriod| row.period_start - i64::from(horizon) >= first;
        for row in ledger.rows().filter(is_whole) {
            let expected = (row.opening > 0).then_some((row.opening, row.churned));
            prop_assert_eq!(counts.remove(&row.period_start), expected, "{}", row.period_start);
        }
        prop_assert!(counts.is_empty());
    }
}

fn table_of(rows: &[(u32, usize, bool, std::vec::Vec<f64>)], anchors: usize) -> Table<Global> {
    let mut coders = Vec::new_in(Global);
    for feature in 0..rows[0].3.len() {
        let mut sample = Vec::new_in(Global);
        sample.extend(rows.iter().map(|row| row.3[feature]));
        coders.push(Coder::learn(&mut sample, |x| Scale::Plain.of(x), &Global));
    }
    let mut table = Table::new(coders, anchors, &Global);
    rows.iter().for_each(|row| table.push(row.0, row.1, row.2, row.3.iter().copied()));
    table
}

/// Against scikit-learn: tests/data/logit.py.
#[test]
fn a_logit_agrees_with_scikit_learn() {
    let row = |i: u32| {
        let x = [i * 7 % 13, i * 5 % 17, i * i % 11];
        let churned = (3 * x[0] + 2 * x[1] + i * 31 % 29) % 40 < 15;
        (i, 0, churned, x.map(f64::from).to_vec())
    };
    let table = table_of(&(0..300).map(row).collect::<std::vec::Vec<_>>(), 1);
    let rows = table.rows_of(|_| true, &Global);
    let (fitted, design) = logit::fit(&table, &rows, &Global);
    let expected = [
        -0.448_662_310_167_141_14,
        0.097_816_257_294_160_81,
        -0.051_592_976_984_107_28,
        0.012_032_217_719_149_436,
    ];
    for (found, expected) in fitted.coefficients.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-8, "{found} {expected}");
    }
    // Without clusters the sandwich is near the inverse of the curvature: a third of the intercept's is 1 / Σ p (1 − p).
    let covariance = fitted.covariance(&table, &rows, &design, &Global);
    assert!((covariance.get(0, 0) / (1.0 / 300.0 / 0.24) - 1.0).abs() < 0.2);
}

fn shapley_by_force(model: &ChurnModel, x: &[f64]) -> std::vec::Vec<f64> {
    let n = x.len();
    let background: std::vec::Vec<_> =
        (0..model.background.len()).map(|row| model.background_row(row)).collect();
    let value = |set: usize| {
        let of = |other: &std::vec::Vec<f64>| {
            let mixed: std::vec::Vec<f64> =
                (0..n).map(|i| if set >> i & 1 == 1 { x[i] } else { other[i] }).collect();
            model.log_odds(&mixed)
        };
        background.iter().map(of).sum::<f64>() / background.len() as f64
    };
    let values: std::vec::Vec<f64> = (0..1usize << n).map(value).collect();
    let factorial = |k: usize| (1..=k).map(|i| i as f64).product::<f64>();
    let of = |i: usize| {
        let without = (0..1usize << n).filter(|set| set >> i & 1 == 0);
        let weight = |set: usize| {
            let size = set.count_ones() as usize;
            factorial(size) * factorial(n - size - 1) / factorial(n)
        };
        without.map(|set| weight(set) * (values[set | 1 << i] - values[set])).sum()
    };
    (0..n).map(of).collect()
}

fn records(count: u32, swap: impl Fn(u32) -> u32) -> Records<Global> {
    let mut records = Records::new(Global);
    for i in (0..count).map(swap) {
        let mut random = SplitMix64::new(u64::from(i));
        let [a, b, c] = [(); 3].map(|()| (random.unit() * 30.0).floor());
        let plan = ["basic", "gold", "free"][(random.next_u64() % 3) as usize];
        let odds = 0.2 * (a - 15.0) * if plan == "gold" { -1.0 } else { 1.0 } + 0.05 * b - 1.0;
        let churned = random.unit() < logit::sigmoid(odds);
        let c = if i % 5 == 0 { Attribute::Null } else { Attribute::Number(c) };
        let named: [(&[u8], Attribute<'_>); 4] = [
            (b"a", Attribute::Number(a)),
            (b"b", Attribute::Number(b)),
            (b"c", c),
            (b"plan", Attribute::Text(plan.as_bytes())),
        ];
        records
            .push(format!("m{}", i / 2).as_bytes(), None, churned, Attributes::Named(&named))
            .unwrap();
    }
    records
}

#[test]
fn effects_are_shapley_values_and_add_up() {
    for method in [Method::Auto, Method::Logit, Method::Boosted] {
        let mut model = fit_table(records(2_000, |i| i), method).unwrap();
        model.weight = match method {
            Method::Auto => 0.5,
            _ => model.weight,
        };
        let explainer = Explainer::new(&model);
        let background = 0..model.background.len();
        let base = background.clone().map(|row| model.log_odds(&model.background_row(row)));
        let base = base.sum::<f64>() / background.len() as f64;
        let mut effects = vec![0.0; model.features.len()];
        assert_eq!(model.features.len(), 6);
        for i in 0..20 {
            let mut random = SplitMix64::new(i);
            let mut x: std::vec::Vec<f64> =
                (0..3).map(|_| (random.unit() * 30.0).floor()).collect();
            x.extend((0..3).map(|kind| f64::from(u8::from(kind == i % 3))));
            if i % 4 == 0 {
                x[2] = f64::NAN;
            }
            explainer.effects(&x, &mut effects);
            for (found, expected) in effects.iter().zip(shapley_by_force(&model, &x)) {
                assert!((found - expected).abs() < 1e-9, "{method:?} {found} {expected}");
            }
            let sum = base + effects.iter().sum::<f64>();
            assert!((sum - model.log_odds(&x)).abs() < 1e-9);
            let mut reasons = Reasons::new(&model, 0);
            let told = reasons.of(&x, 10, Language::English);
            assert_eq!(told.len(), 4);
            assert!(told.windows(2).all(|pair| pair[0].effect >= pair[1].effect));
            let without = logit::sigmoid(model.log_odds(&x) - told[0].effect);
            assert!((told[0].risk_without - without).abs() < 1e-12);
        }
    }
}

/// Trees that ask twice about one feature, on either side.
#[test]
fn effects_of_trees_that_repeat_a_feature() {
    let mut model = fit_table(records(500, |i| i), Method::Boosted).unwrap();
    let mut tree = model.trees[0].clone();
    tree.root = SplitJson(0, 14.0, false);
    tree.left = Some(SplitJson(0, 5.0, true));
    tree.right = Some(SplitJson(1, 20.0, false));
    tree.leaves = [1.0, -0.5, 0.25, 2.0];
    model.trees = vec![tree];
    let explainer = Explainer::new(&model);
    let mut effects = vec![0.0; 6];
    for x in [
        [3.0, 4.0, 1.0, 0.0, 0.0, 1.0],
        [20.0, 25.0, f64::NAN, 1.0, 0.0, 0.0],
        [9.0, 9.0, 9.0, 0.0, 1.0, 0.0],
    ] {
        explainer.effects(&x, &mut effects);
        for (found, expected) in effects.iter().zip(shapley_by_force(&model, &x)) {
            assert!((found - expected).abs() < 1e-12, "{found} {expected}");
        }
    }
}

#[test]
fn the_same_rows_in_another_order_make_the_same_model() {
    let count = 1_500;
    let model = fit_table(records(count, |i| i), Method::Auto).unwrap().text();
    assert_eq!(model, fit_table(records(count, |i| count - 1 - i), Method::Auto).unwrap().text());
    assert_eq!(model, fit_table(records(count, |i| (i * 7) % count), Method::Auto).unwrap().text());
    let mut events = members(150, 400);
    let fitted = |events: &Events| {
        let history = history(events);
        let plan = plan(30, 12, Population::Active);
        let view = history.view();
        fit_summary(&Replay::new(&view, &Utc, None).unwrap(), &plan, Method::Auto).unwrap()
    };
    let model = fitted(&events);
    events.reverse();
    assert_eq!(model.text(), fitted(&events).text());
    assert_eq!(ChurnModel::parse(&model.text()), Ok(model));
}

/// What a model scores from raw numbers is what was fitted to codes.
#[test]
fn trees_of_numbers_are_those_of_codes() {
    let mut random = SplitMix64::new(3);
    let rows: std::vec::Vec<_> = (0..3_000)
        .map(|i| {
            let x = [
                random.unit() * 100.0,
                if i % 7 == 0 { f64::NAN } else { random.unit() },
                f64::from(i % 4),
            ];
            let churned = random.unit()
                < logit::sigmoid((x[0] - 50.0) / 20.0 + if x[1] > 0.5 { x[2] } else { -1.0 });
            (i, 0, churned, x.to_vec())
        })
        .collect();
    let table = table_of(&rows, 1);
    let all = table.rows_of(|_| true, &Global);
    let boosted = boost::fit(&table, &all, 40, &Global);
    let (early, late) = all.split_at(2_000);
    assert!(boost::fit_until(&table, early, late, &Global).trees.len() > 5);
    let features: std::vec::Vec<_> = ["x", "y", "z"]
        .map(|name| model::Feature {
            name: name.into(),
            reason: name.into(),
            log: false,
            category: None,
            auc: None,
        })
        .into();
    let about = learn::About {
        summary: Summary::History,
        population: "table".into(),
        horizon: None,
        anchors: vec![],
        features,
        left_out: 0,
    };
    let model = learn::model(&table, &[], true, Method::Boosted, about, &Global).unwrap();
    let refit = boost::fit(&table, &all, model.trees.len(), &Global);
    for (row, (_, _, _, x)) in all.iter().zip(&rows) {
        let expected = refit.score(table.row(*row));
        assert!((model.log_odds(x) - expected).abs() < 1e-9);
    }
    assert!(boosted.trees.len() == 40);
    let auc = model.test.as_ref().unwrap().auc.unwrap();
    assert!(auc[0] > 0.8 && auc[2] > 0.5 && auc[1] > 0.0, "{auc:?}");
}

#[test]
fn the_area_is_the_share_of_pairs_in_order() {
    let mut random = SplitMix64::new(8);
    let rows: std::vec::Vec<Judged> = (0..200u32)
        .map(|i| {
            let score = (random.unit() * 20.0).floor() / 5.0 - 2.0;
            Judged { member: i, score, error: 0.1, churned: random.unit() < logit::sigmoid(score) }
        })
        .collect();
    let order = quality::order(&rows, &Global);
    let (auc, error) = quality::auc(&rows, &order, &Global).unwrap();
    let of = |churned: bool| rows.iter().filter(move |row| row.churned == churned);
    let above = |a: f64, b: f64| {
        if a > b {
            1.0
        } else if a == b {
            0.5
        } else {
            0.0
        }
    };
    let (gone, kept) = (of(true).count() as f64, of(false).count() as f64);
    let pairs: f64 = of(true).flat_map(|a| of(false).map(move |b| above(a.score, b.score))).sum();
    assert!((auc - pairs / gone / kept).abs() < 1e-12);
    // DeLong's variance, from its components.
    let part = |row: &Judged| {
        let others = of(!row.churned).map(|other| {
            if row.churned { above(row.score, other.score) } else { above(other.score, row.score) }
        });
        others.sum::<f64>() / of(!row.churned).count() as f64 - auc
    };
    let squares =
        |churned: bool, n: f64| of(churned).map(|row| part(row).powi(2)).sum::<f64>() / n / n;
    assert!((error * error - squares(true, gone) - squares(false, kept)).abs() < 1e-12);
    let line = quality::line(&rows, &Global);
    let slope = line.slope.unwrap();
    assert!((slope.0 - 1.0).abs() < 4.0 * slope.1 && slope.1 > 0.0);
    let bins = quality::bins(&rows, &order, 1.96, &Global);
    assert_eq!(bins.iter().map(|bin| bin.members).sum::<u64>(), 200);
    assert!(bins.windows(2).all(|pair| pair[0].predicted[0] >= pair[1].predicted[0]));
    let lift = quality::lift(&rows, &order);
    assert_eq!(lift.iter().map(|part| part[1]).sum::<u64>(), of(true).count() as u64);
    let same: std::vec::Vec<Judged> =
        rows.iter().map(|row| Judged { churned: true, ..*row }).collect();
    assert!(quality::auc(&same, &order, &Global).is_none());
}

#[test]
fn windows_never_overlap_the_ones_after_them() {
    // Whatever the horizon, in steps of ten days: anchors as near as that overlap.
    for (count, horizon) in (1..40).flat_map(|count| (1..90).map(move |horizon| (count, horizon))) {
        let windows: std::vec::Vec<Window> =
            (0..count).map(|i| (i * 10, i * 10 + horizon)).collect();
        let Some(of) = fit::split(&windows) else {
            // Never where the first and the last are four horizons apart.
            assert!(count < 3 || (count - 1) * 10 < 4 * horizon, "{count} {horizon}");
            continue;
        };
        let overlap = |before: &[Window], after: &[Window]| {
            before.iter().any(|(_, end)| after.iter().any(|(begin, _)| end > begin))
        };
        let (fitting, choosing) = (&windows[..of.fitting], &windows[of.choosing.clone()]);
        let (again, testing) = (&windows[..of.choosing.end], &windows[of.first_test..]);
        assert!(![fitting, choosing, testing].iter().any(|part| part.is_empty()), "{of:?}");
        assert!(!overlap(fitting, choosing) && !overlap(again, testing), "{of:?} of {windows:?}");
    }
    let windows: std::vec::Vec<Window> = (0..12).map(|i| (i * 10, i * 10 + 25)).collect();
    let of = fit::split(&windows).unwrap();
    assert_eq!((of.fitting, of.choosing, of.first_test), (4, 6..7, 9));
    // What comes of it: three anchors of two hundred rows.
    let row = |i: u32| {
        (i / 12, (i % 12) as usize, i.is_multiple_of(2), vec![f64::from(i % 3), f64::from(i % 12)])
    };
    let table = table_of(&(0..2_400).map(row).collect::<std::vec::Vec<_>>(), 12);
    let fitted = fit::fit(&table, &windows, false, Method::Auto, &Global);
    let test = fitted.test.unwrap();
    assert_eq!((test.anchors, test.rows, test.by.as_str()), (3, 600, "later anchors"));
    let few = fit::fit(
        &table,
        &windows[..12].iter().map(|w| (w.0, w.0 + 500)).collect::<std::vec::Vec<_>>(),
        false,
        Method::Logit,
        &Global,
    );
    assert!(few.test.is_none());
}

#[test]
fn edges_have_an_answer_or_an_error_in_words() {
    let fit = |events: &Events, horizon: i64| {
        let history = history(events);
        let plan = plan(horizon, 12, Population::Active);
        let view = history.view();
        fit_summary(&Replay::new(&view, &Utc, None)?, &plan, Method::Auto)
    };
    // Nobody left, everybody left, one member, one event.
    let weekly: Events =
        (0..40).flat_map(|week| (0..30).map(move |m| (m, week * 7 + m % 7))).collect();
    let nobody = fit(&weekly, 30).unwrap();
    assert_eq!(nobody.churned, 0);
    assert!(nobody.log_odds(&[10.0; FEATURES]) < -3.0);
    let remarks: std::vec::Vec<_> =
        measures(&nobody).into_iter().filter_map(|m| m.remark).collect();
    assert!(remarks.iter().any(|remark| remark.contains("fewer than 200")), "{remarks:?}");
    assert!(remarks.iter().any(|remark| remark.contains("less than a year")), "{remarks:?}");
    let once: Events = (0..50).map(|m| (m, m % 3)).chain([(99, 90)]).collect();
    assert!(fit(&once, 30).is_ok_and(|model| model.churned > 0 && model.churned == model.rows));
    assert!(fit(&(0..40).map(|week| (1, week * 7)).collect(), 30).is_ok());
    let error = fit(&vec![(1, 3)], 30).unwrap_err();
    assert!(error.to_string().contains("no row to fit"), "{error}");
    assert!(fit(&weekly, 0).is_err() && fit(&weekly, 100_000).is_err());
    // A feature that tells all is a leak.
    let mut records = Records::new(Global);
    for i in 0..1_000u32 {
        let named: [(&[u8], Attribute<'_>); 2] =
            [(b"left_on", Attribute::Number(f64::from(i % 2))), (b"same", Attribute::Number(1.0))];
        records
            .push(format!("{i}").as_bytes(), None, i % 2 == 1, Attributes::Named(&named))
            .unwrap();
    }
    let leaked = fit_table(records, Method::Auto).unwrap();
    assert!(
        measures(&leaked).iter().any(|m| m.remark.as_ref().is_some_and(|r| r.contains("leak")))
    );
    // Ten thousand categories, none of which is told apart.
    let mut records = Records::new(Global);
    for i in 0..10_000u32 {
        let id = format!("c{i}");
        let named: [(&[u8], Attribute<'_>); 2] =
            [(b"id", Attribute::Text(id.as_bytes())), (b"n", Attribute::Number(f64::from(i % 50)))];
        records.push(id.as_bytes(), None, i % 3 == 0, Attributes::Named(&named)).unwrap();
    }
    assert_eq!(fit_table(records, Method::Auto).unwrap().features.len(), 1);
    let mut records = Records::new(Global);
    let wrong = [("x", Attribute::Number(f64::INFINITY)), ("x", Attribute::Text(b"text"))];
    records.push(b"1", None, true, Attributes::Numbers(&[1.0])).unwrap();
    for (_, value) in wrong {
        assert!(records.push(b"2", None, true, Attributes::Named(&[(b"1", value)])).is_err());
    }
}

#[test]
fn forged_models_are_refused_or_answer() {
    let model = fit_table(records(400, |i| i), Method::Auto).unwrap();
    let text = model.text();
    assert!(ChurnModel::parse("orders").unwrap_err().hint().unwrap().contains("churn_fit"));
    for (from, to) in [
        ("\"version\":1", "\"version\":9"),
        ("\"anchor_variance\":0", "\"anchor_variance\":-1"),
        ("\"population\":\"table\"", "\"population\":\"all\""),
        ("\"feature\":0", "\"feature\":77"),
        ("\"background\":[[", "\"background\":[[1,"),
        ("\"covariance\":[", "\"covariance\":[1,"),
    ] {
        assert!(text.contains(from), "{from}");
        assert!(ChurnModel::parse(&text.replacen(from, to, 1)).is_err(), "{to}");
    }
    let mut forged = model;
    forged.terms.iter_mut().for_each(|term| term.coefficient = 1e308);
    forged.trees.iter_mut().for_each(|tree| tree.leaves = [f64::MAX; 4]);
    let risk = forged.risk(&[1e308; 6], 2.0);
    assert!((0.0..=1.0).contains(&risk.value));
}

#[test]
fn whoever_waits_may_stop() {
    let history = history(&members(3_000, 300));
    let (view, plan) = (history.view(), plan(30, 9, Population::Active));
    let replay = Replay::new(&view, &Utc, None).unwrap();
    assert!(stops(|| fit_summary(&replay, &plan, Method::Auto)));
    assert!(stops(|| dataset(&replay, &plan, |_| true, |_, _, _| Ok(()))));
    assert!(stops(|| features(&replay, plan.horizon, |_| true, |_, _| Ok(()))));
    assert!(stops(|| fit_table(records(20_000, |i| i), Method::Auto)));
}
