//! What is expected of customers, against reference software and what it must add up to.

use super::uncertainty::Uncertainty;
use super::*;
use crate::clv::family::Kind;
use crate::clv::fit::cdnow;
use crate::clv::model::{self, fit_json};
use crate::clv::scalar;
use crate::clv::summary::TimeUnit;
use crate::host::Global;
use crate::host::testing::stops;

const NINE_MONTHS: ScoreQuestion =
    ScoreQuestion { horizon: Some(273.0), discount: 0.0, margin: 1.0, confidence: Some(0.95) };

fn fitted(kind: Kind) -> Model {
    let question = model::FitQuestion { kind: Some(kind), unit: TimeUnit::WEEK, as_of: None };
    model::parse(&fit_json(&mut cdnow(), &question).unwrap()).unwrap()
}

/// P(alive) and expected purchases in 39 weeks of 400 members of CDNOW, from the R packages BTYD
/// and BTYDplus: at the parameters that these found, which are not quite the maximum.
#[test]
fn agrees_with_the_reference_member_by_member() {
    let text = include_str!("../../../../tests/data/cdnow_sample_per_customer.csv");
    let theirs = [
        (
            Kind::Bg,
            4,
            [0.24259815230439222, 4.4136841631907595, 0.7929898736040539, 2.4261666961672117],
        ),
        (
            Kind::Mbg,
            6,
            [0.5248435585650897, 6.183092844602335, 0.8913877803102905, 1.6140483347001773],
        ),
        (
            Kind::Pareto,
            8,
            [0.553397143253418, 10.580198543935195, 0.6060624971592765, 11.656223671580367],
        ),
    ];
    for (kind, column, parameters) in theirs {
        let model = Model { parameters: parameters.to_vec(), ..fitted(kind) };
        let mut scorer = scorer(&model, &NINE_MONTHS, Global).unwrap();
        let mut members = 0;
        for line in text.lines().skip(1) {
            let v: StdVec<f64> = line.split(',').map(|v| v.parse().unwrap_or(f64::NAN)).collect();
            // Their times are rounded to ten digits.
            let days = |weeks: f64| (weeks * 7.0).round() / 7.0;
            let c = Customer { x: v[1], t_x: days(v[2]), age: days(v[3]) };
            let score = scorer.score(c, None).unwrap();
            let close = |ours: f64, theirs: f64| (ours / theirs - 1.0).abs() < 1e-8;
            assert!(close(score.p_alive.value, v[column]), "{kind:?} {line} {score:?}");
            let expected = score.expected.unwrap().value;
            assert!(close(expected, v[column + 1]), "{kind:?} {line} {score:?}");
            members += 1;
        }
        assert_eq!(members, 400);
    }
}

#[test]
fn the_distribution_has_the_expectation_as_its_mean() {
    for kind in [
        Kind::Bg,
        Kind::Mbg,
        Kind::Pareto,
        Kind::Nbd,
        Kind::BgCnbd(Some(3)),
        Kind::MbgCnbd(Some(2)),
    ] {
        struct Compare(StdVec<f64>);
        impl Visitor for Compare {
            type Output = ();
            fn visit<const N: usize, F: Family<N> + 'static>(self, family: F) {
                let mut parameters = [0.0; N];
                parameters.copy_from_slice(&self.0);
                let model = family.with(&parameters);
                for (x, t_x, age) in
                    [(0.0, 0.0, 0.0), (0.0, 0.0, 30.0), (3.0, 9.0, 30.0), (60.0, 25.0, 30.0)]
                {
                    let c = Customer { x, t_x, age };
                    for t in [0.1, 5.0, 52.0, 400.0] {
                        let p = model.distribution(c, t, 1 << 20);
                        let total: f64 = p.iter().sum();
                        let mean: f64 = p.iter().zip(0..).map(|(p, y)| p * f64::from(y)).sum();
                        let expected = model.expected(c, t);
                        assert!((total - 1.0).abs() < 1e-10, "{c:?} {t}: {total}");
                        assert!(
                            (mean / expected - 1.0).abs() < 1e-9,
                            "{c:?} {t}: {mean} {expected}"
                        );
                    }
                }
            }
        }
        let mut parameters = match kind {
            Kind::BgCnbd(_) | Kind::MbgCnbd(_) => fitted(Kind::Mbg).parameters,
            kind => fitted(kind).parameters,
        };
        parameters[0] *= 1.2;
        kind.visit(Compare(parameters));
    }
}

#[test]
fn intervals_surround_and_widen() {
    let model = fitted(Kind::Bg);
    let c = Customer { x: 2.0, t_x: 20.0, age: 35.0 };
    let at = |confidence| {
        let question = ScoreQuestion { confidence: Some(confidence), ..NINE_MONTHS };
        scorer(&model, &question, Global).unwrap().score(c, Some(30.0)).unwrap()
    };
    let (narrow, wide) = (at(0.5), at(0.99));
    for (n, w) in [
        (narrow.p_alive, wide.p_alive),
        (narrow.expected.unwrap(), wide.expected.unwrap()),
        (narrow.value.unwrap(), wide.value.unwrap()),
    ] {
        let ((nl, nh), (wl, wh)) = (n.interval.unwrap(), w.interval.unwrap());
        assert!(wl < nl && nl < n.value && n.value < nh && nh < wh, "{n:?} {w:?}");
    }
    assert!(narrow.purchases.unwrap().high < wide.purchases.unwrap().high);
}

#[test]
fn discounts_shorten_the_future() {
    for kind in [Kind::Bg, Kind::Pareto, Kind::Nbd] {
        let model = fitted(kind);
        let c = Customer { x: 4.0, t_x: 30.0, age: 35.0 };
        let value = |horizon, discount| {
            let question = ScoreQuestion { horizon, discount, ..NINE_MONTHS };
            scorer(&model, &question, Global)
                .unwrap()
                .score(c, Some(30.0))
                .unwrap()
                .value
                .unwrap()
                .value
        };
        let year = Some(DAYS_IN_YEAR);
        let full = value(year, 0.0);
        assert!(value(year, 0.1) < full && value(year, 0.1) > full / 1.1, "{kind:?}");
        assert!((0.0..1e-9).contains(&(1.0 - value(year, 1e-9) / full)), "{kind:?}");
        // At such a discount, all that counts happens in the first forty years, and what comes after the first
        // five counts 1.99^-5 at most.
        let (all, years) = (value(None, 0.99), |n: f64| value(Some(n * DAYS_IN_YEAR), 0.99));
        assert!((all / years(40.0) - 1.0).abs() < 1e-9, "{kind:?}");
        assert!(years(5.0) < all && all < years(5.0) * 1.03311, "{kind:?}");
        assert!(value(None, 0.1) > value(year, 0.1));
    }
}

#[test]
fn scoring_can_be_cancelled() {
    let model = fitted(Kind::Bg);
    assert!(stops(|| {
        let mut scorer = scorer(&model, &NINE_MONTHS, Global).unwrap();
        scorer.score(Customer::NEW, None).unwrap()
    }));
}

#[test]
fn questions_without_an_answer_are_errors() {
    for question in [
        ScoreQuestion { horizon: Some(-1.0), ..NINE_MONTHS },
        ScoreQuestion { horizon: Some(f64::NAN), ..NINE_MONTHS },
        ScoreQuestion { horizon: None, ..NINE_MONTHS },
        ScoreQuestion { discount: -0.1, ..NINE_MONTHS },
        ScoreQuestion { discount: 10.0, ..NINE_MONTHS },
        ScoreQuestion { discount: f64::INFINITY, ..NINE_MONTHS },
        ScoreQuestion { margin: 30.0, ..NINE_MONTHS },
        ScoreQuestion { margin: -1.0, ..NINE_MONTHS },
        ScoreQuestion { margin: f64::NAN, ..NINE_MONTHS },
        ScoreQuestion { confidence: Some(1.0), ..NINE_MONTHS },
    ] {
        assert!(question.check().is_err(), "{question:?}");
    }
}

/// The intervals of purchases are those of the mixture over the draws of the parameters, with P(alive)
/// and the distribution of each computed anew. Few customers know their parameters badly.
#[test]
fn predictions_average_over_the_parameters() {
    for kind in [Kind::Bg, Kind::Pareto, Kind::MbgCnbd(Some(2))] {
        for (wide, tolerance) in [(1.0, 1e-4), (20.0, 6e-3)] {
            let mut model = fitted(if kind == Kind::Pareto { kind } else { Kind::Mbg });
            model.kind = kind;
            let covariance = model.covariance.iter_mut().flatten().flatten();
            covariance.for_each(|c| *c *= wide);
            let logs = std::array::from_fn::<_, 4, _>(|i| model.parameters[i].ln());
            let covariance = model.covariance.clone().unwrap();
            let draws = Uncertainty::<4>::new(&covariance, 1.96).unwrap().draws(&logs);
            let mut scorer = scorer(&model, &NINE_MONTHS, Global).unwrap();
            for (x, t_x, age) in [
                (0.0, 0.0, 30.0),
                (1.0, 2.0, 35.0),
                (4.0, 20.0, 38.0),
                (9.0, 25.0, 30.0),
                (20.0, 30.0, 38.0),
            ] {
                let c = Customer { x, t_x, age };
                let below = |y: u64| -> f64 {
                    let of = |draw: &[f64; 4]| -> f64 {
                        let there = Model { parameters: draw.to_vec(), ..model.clone() };
                        let p = |n| scalar::purchases_distribution(&there, c, 273.0, n).unwrap();
                        (0..=y as i64).map(p).sum()
                    };
                    draws.iter().map(of).sum::<f64>() / draws.len() as f64
                };
                let PredictedPurchases { median, low, high } =
                    scorer.score(c, None).unwrap().purchases.unwrap();
                assert!(below(high) >= 0.975 - tolerance, "{kind:?} {c:?} {wide}: {}", below(high));
                assert!(high == 0 || below(high - 1) < 0.975 + tolerance, "{kind:?} {c:?} {wide}");
                assert!(low <= median && median <= high, "{kind:?} {c:?} {wide}");
                // P(alive), of which the first order is taken, matters most in the middle: there it
                // is only near enough where the parameters are known as well as they were fitted.
                if wide == 1.0 {
                    assert!(below(median) >= 0.5 - tolerance, "{kind:?} {c:?}");
                    assert!(median == 0 || below(median - 1) < 0.5 + tolerance, "{kind:?} {c:?}");
                }
                assert!(below(low) > 0.025 - tolerance, "{kind:?} {c:?} {wide}");
                assert!(low == 0 || below(low - 1) <= 0.025 + tolerance, "{kind:?} {c:?} {wide}");
            }
        }
    }
}

/// Who knows less of the parameters predicts less.
#[test]
fn predictions_widen_with_what_is_not_known() {
    for kind in [Kind::Mbg, Kind::Pareto] {
        let known = Model { covariance: None, ..fitted(kind) };
        let mut vague = fitted(kind);
        vague.covariance.iter_mut().flatten().flatten().for_each(|c| *c *= 150.0);
        let highs = |model: &Model| -> StdVec<u64> {
            let mut scorer = scorer(model, &NINE_MONTHS, Global).unwrap();
            let of = |x| Customer { x, t_x: 2.0 * x, age: 30.0 };
            let high = |x| scorer.score(of(x), None).unwrap().purchases.unwrap().high;
            [0.0, 1.0, 5.0, 12.0].map(high).to_vec()
        };
        let (known, vague) = (highs(&known), highs(&vague));
        assert!(vague.iter().sum::<u64>() > known.iter().sum(), "{kind:?} {known:?} {vague:?}");
    }
}

#[test]
fn one_customer_is_scored_as_many_are() {
    for kind in [Kind::Bg, Kind::Pareto] {
        let model = fitted(kind);
        let mut scorer = scorer(&model, &NINE_MONTHS, Global).unwrap();
        for c in [Customer::NEW, Customer { x: 3.0, t_x: 9.0, age: 30.0 }] {
            let one = score_one(&model, &NINE_MONTHS, c, Some(20.0), Global).unwrap();
            assert_eq!(one, scorer.score(c, Some(20.0)).unwrap());
        }
        let wrong = Customer { x: 3.0, t_x: 31.0, age: 30.0 };
        assert!(score_one(&model, &NINE_MONTHS, wrong, None, Global).is_err());
        assert!(score_one(&model, &NINE_MONTHS, Customer::NEW, Some(f64::NAN), Global).is_err());
    }
}
