//! Customers made by a model, and what the fits say of them: are the intervals as wide as they claim?

use crate::clv::Customer;
use crate::clv::aggregate::FitState;
use crate::clv::family::Kind;
use crate::clv::fit::fit;
use crate::clv::model::{self, fit_json};
use crate::clv::question::ScoreQuestion;
use crate::clv::sample::Sample;
use crate::clv::scalar;
use crate::clv::score::{PredictedPurchases, scorer};
use crate::clv::summary::TimeUnit;
use crate::host::Global;
use crate::numeric::SplitMix64;

/// Random numbers of the distributions that the models know.
struct Random(SplitMix64);

impl Random {
    fn new(seed: u64) -> Self {
        Random(SplitMix64::new(seed))
    }

    /// Uniform on (0, 1).
    fn uniform(&mut self) -> f64 {
        self.0.open_unit()
    }

    fn exponential(&mut self) -> f64 {
        -self.uniform().ln()
    }

    fn normal(&mut self) -> f64 {
        (2.0 * self.exponential()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }

    /// G. Marsaglia and W. W. Tsang, ACM Transactions on Mathematical Software 26 (2000), 363–372.
    fn gamma(&mut self, shape: f64) -> f64 {
        if shape < 1.0 {
            return self.gamma(shape + 1.0) * self.uniform().powf(1.0 / shape);
        }
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.normal();
            let v = (1.0 + c * x).powi(3);
            if v > 0.0 && self.uniform().ln() < 0.5 * x * x + d - d * v + d * v.ln() {
                return d * v;
            }
        }
    }

    fn beta(&mut self, a: f64, b: f64) -> f64 {
        let (x, y) = (self.gamma(a), self.gamma(b));
        x / (x + y)
    }

    /// The purchases of one customer until `end`, its first one not among them.
    fn purchases(&mut self, kind: Kind, p: &[f64], end: f64) -> Vec<f64> {
        let rate = self.gamma(p[0]) / p[1];
        let (leaves, until) = match kind {
            Kind::Pareto => (0.0, (self.exponential() / (self.gamma(p[2]) / p[3])).min(end)),
            _ => (self.beta(p[2], p[3]), end),
        };
        let stages = kind.stages().unwrap_or(1);
        let (mut at, mut times) = (0.0, Vec::new());
        if matches!(kind, Kind::Mbg | Kind::MbgCnbd(_)) && self.uniform() < leaves {
            return times;
        }
        loop {
            at += (0..stages).map(|_| self.exponential()).sum::<f64>() / rate;
            if at > until {
                return times;
            }
            times.push(at);
            if self.uniform() < leaves {
                return times;
            }
        }
    }

    /// What is known of it at `age`, the sum of the logarithms of its gaps, and its later purchases.
    fn customer(&mut self, kind: Kind, p: &[f64], age: f64, horizon: f64) -> (Customer, f64, f64) {
        let times = self.purchases(kind, p, age + horizon);
        let seen = times.partition_point(|at| *at <= age);
        let t_x = times[..seen].last().copied().unwrap_or(0.0);
        let mut before = 0.0;
        let gap = |at: &f64| (at - std::mem::replace(&mut before, *at)).ln();
        let ln_gaps = times[..seen].iter().map(gap).sum();
        (Customer { x: seen as f64, t_x, age }, ln_gaps, (times.len() - seen) as f64)
    }
}

const BG: [f64; 4] = [0.6, 5.0, 0.9, 2.5];
const PARETO: [f64; 4] = [0.8, 6.0, 0.9, 15.0];

/// Do intervals of 95 % hold the truth in such a share of samples? Two standard errors of the share are
/// allowed, and 0.4 % since the intervals are exact for very many customers only: 95 ± 1.3 % of 2400 samples.
fn check_share(what: &str, held: u32, samples: u32) {
    let (share, n) = (f64::from(held) / f64::from(samples), f64::from(samples));
    let most = 0.004 + 2.0 * (0.95 * 0.05 / n).sqrt();
    assert!(
        (share - 0.95).abs() <= most,
        "{what}: {share} of {samples} samples, not 0.95 ± {most}"
    );
}

/// 95 % intervals of the parameters, of an expectation and of P(alive) hold the truth in 95 % of samples.
fn coverage(kind: Kind, truth: [f64; 4], samples: u32, customers: u32) {
    let mut random = Random::new(7);
    let c = Customer { x: 3.0, t_x: 20.0, age: 30.0 };
    let question = ScoreQuestion {
        horizon: Some(20.0 * 7.0),
        discount: 0.0,
        margin: 1.0,
        confidence: Some(0.95),
    };
    let of_truth = model::Model {
        kind,
        parameters: truth.to_vec(),
        coefficients: Vec::new(),
        covariance: None,
        unit: TimeUnit::WEEK,
        spend: None,
    };
    let expected = scalar::expected_purchases(&of_truth, c, 140.0).unwrap();
    let alive = scalar::p_alive(&of_truth, c, 0.0).unwrap();
    let (mut held, mut held_expected, mut held_alive, mut fits) = ([0; 4], 0, 0, 0);
    for _ in 0..samples {
        let mut sample = Sample::new(Global);
        for _ in 0..customers {
            let age = 26.0 + 13.0 * random.uniform();
            let (c, ln_gaps, _) = random.customer(kind, &truth, age, 0.0);
            sample.push(c, Some(ln_gaps), None).unwrap();
        }
        sample.settle();
        // Where the data do not tell a parameter there is no interval.
        let Ok(fitted) = fit(&sample, kind) else { continue };
        fits += 1;
        for (i, truth) in truth.iter().enumerate() {
            let z = (fitted.parameters[i] / truth).ln() / fitted.covariance[i][i].sqrt();
            held[i] += u32::from(z.abs() < 1.959_964);
        }
        let model = model::Model {
            parameters: fitted.parameters,
            covariance: Some(fitted.covariance),
            ..of_truth.clone()
        };
        let score = scorer(&model, &question, Global).unwrap().score(c, None).unwrap();
        let holds = |interval: Option<(f64, f64)>, truth| {
            u32::from(interval.is_some_and(|(low, high)| low <= truth && truth <= high))
        };
        held_expected += holds(score.expected.unwrap().interval, expected);
        held_alive += holds(score.p_alive.interval, alive);
    }
    assert!(f64::from(fits) > 0.99 * f64::from(samples), "{kind:?}: {fits}");
    for (i, held) in held.into_iter().enumerate() {
        check_share(&format!("{kind:?}, parameter {i}"), held, fits);
    }
    check_share(&format!("{kind:?}, purchases"), held_expected, fits);
    check_share(&format!("{kind:?}, P(alive)"), held_alive, fits);
}

#[test]
fn intervals_of_bg_nbd_cover() {
    coverage(Kind::Bg, BG, 2400, 1000);
}

#[test]
fn intervals_of_pareto_nbd_cover() {
    coverage(Kind::Pareto, PARETO, 800, 1000);
}

/// So many customers that the search begins on parts of them: the parameters are found again, those of
/// what they spend as well.
#[test]
fn parameters_of_very_many_customers_are_found() {
    let mut random = Random::new(13);
    let of_spend = [6.0, 4.0, 15.0];
    let mut sample = Sample::new(Global);
    for _ in 0..200_000 {
        let age = 26.0 + 26.0 * random.uniform();
        let (c, ..) = random.customer(Kind::Bg, &BG, age, 0.0);
        let [p, q, gamma] = of_spend;
        let nu = random.gamma(q) / gamma;
        let spend = (c.x > 0.0).then(|| random.gamma(p * c.x) / nu / c.x);
        sample.push(c, None, spend).unwrap();
    }
    sample.settle();
    assert!(sample.distinct() > 1 << 17 && sample.spends().len() > 1 << 16);
    let fitted = fit(&sample, Kind::Bg).unwrap();
    let fitted_spend = crate::clv::fitting::spend::fit(&sample).unwrap();
    let found = fitted.parameters.iter().zip(BG).zip(&fitted.covariance);
    let found_spend = fitted_spend.parameters.iter().zip(of_spend).zip(&fitted_spend.covariance);
    for (i, ((found, truth), covariance)) in found.enumerate().chain(found_spend.enumerate()) {
        let z = (found / truth).ln() / covariance[i].sqrt();
        assert!(z.abs() < 4.0 && covariance[i] < 1e-3, "{i}: {found} {truth} {covariance:?}");
    }
}

/// The parameters of regular buyers are found again, k among them.
#[test]
fn stages_are_found() {
    let mut random = Random::new(3);
    let truth = [0.9, 4.0, 0.8, 2.5];
    for kind in [Kind::BgCnbd(Some(3)), Kind::MbgCnbd(Some(2))] {
        let mut sample = Sample::new(Global);
        for _ in 0..4000 {
            let (c, ln_gaps, _) = random.customer(kind, &truth, 52.0, 0.0);
            sample.push(c, Some(ln_gaps), None).unwrap();
        }
        sample.settle();
        let any = if kind.stages() == Some(3) { Kind::BgCnbd(None) } else { Kind::MbgCnbd(None) };
        let fitted = fit(&sample, any).unwrap();
        assert_eq!(fitted.kind, kind);
        for (i, truth) in truth.iter().enumerate() {
            let z = (fitted.parameters[i] / truth).ln() / fitted.covariance[i][i].sqrt();
            assert!(z.abs() < 3.0, "{kind:?} {fitted:?}");
        }
    }
}

/// Buyers who are regular and nearly alike: with k = 1 they are too regular for any r.
#[test]
fn stages_are_found_where_fewer_have_no_maximum() {
    let mut random = Random::new(4);
    let mut sample = Sample::new(Global);
    for _ in 0..200 {
        let (c, ln_gaps, _) =
            random.customer(Kind::BgCnbd(Some(4)), &[30.0, 20.0, 0.3, 4.0], 52.0, 0.0);
        sample.push(c, Some(ln_gaps), None).unwrap();
    }
    sample.settle();
    let failure = fit(&sample, Kind::Mbg).unwrap_err();
    assert!(failure.reason.contains("to infinity"), "{failure:?}");
    assert_eq!(fit(&sample, Kind::BgCnbd(None)).unwrap().kind, Kind::BgCnbd(Some(4)));
}

/// Nobody leaves, so that a goes to zero where purchases are what they are. With a k that is too large for
/// them long gaps look as if somebody had left, and there is a maximum: but the likelihood is lower there.
#[test]
fn a_maximum_at_a_bad_k_is_no_fit() {
    let mut misleading = 0;
    for seed in [1, 3, 4, 6] {
        let mut random = Random::new(seed);
        let mut sample = Sample::new(Global);
        for _ in 0..500 {
            let (c, ln_gaps, _) = random.customer(Kind::Bg, &[1.5, 10.0, 1e-9, 3.0], 52.0, 0.0);
            sample.push(c, Some(ln_gaps), None).unwrap();
        }
        sample.settle();
        for (kind, any, at_two) in [
            (Kind::Bg, Kind::BgCnbd(None), Kind::BgCnbd(Some(2))),
            (Kind::Mbg, Kind::MbgCnbd(None), Kind::MbgCnbd(Some(2))),
        ] {
            let with_one = fit(&sample, kind);
            let found = fit(&sample, any);
            misleading += u32::from(with_one.is_err() && fit(&sample, at_two).is_ok());
            match with_one {
                Ok(one) => assert_eq!(found.unwrap().parameters, one.parameters),
                Err(failure) => assert_eq!(found.unwrap_err(), failure),
            }
        }
    }
    assert!(misleading >= 3, "{misleading}");
}

/// Prediction intervals hold at least 95 % of what then happens, and the randomised probability
/// integral transform of it is uniform (C. Czado, T. Gneiting and L. Held, Biometrics 65 (2009),
/// 1254–1261).
#[test]
fn predictions_are_calibrated() {
    let regular = Kind::MbgCnbd(Some(2));
    for (kind, truth) in [(Kind::Bg, BG), (Kind::Pareto, PARETO), (regular, [0.9, 4.0, 0.8, 2.5])] {
        let mut random = Random::new(11);
        let mut sample = Sample::new(Global);
        let customers: Vec<_> = (0..3000)
            .map(|_| {
                let age = (26.0 + 26.0 * random.uniform()).round();
                let (c, ln_gaps, later) = random.customer(kind, &truth, age, 26.0);
                sample.push(c, Some(ln_gaps), None).unwrap();
                (c, later)
            })
            .collect();
        let question = model::FitQuestion { kind: Some(kind), unit: TimeUnit::WEEK, as_of: None };
        let model = model::parse(&fit_json(&mut sample, &question).unwrap()).unwrap();
        let question = ScoreQuestion {
            horizon: Some(182.0),
            discount: 0.0,
            margin: 1.0,
            confidence: Some(0.95),
        };
        let mut scorer = scorer(&model, &question, Global).unwrap();
        let (mut held, mut reached, mut bins) = (0.0, 0.0, [0.0; 10]);
        let n = customers.len() as f64;
        for (c, later) in customers {
            let PredictedPurchases { low, high, .. } =
                scorer.score(c, None).unwrap().purchases.unwrap();
            held += f64::from(u8::from(low as f64 <= later && later <= high as f64));
            reached += f64::from(u8::from(later >= high as f64));
            let p = |y| scalar::purchases_distribution(&model, c, 182.0, y).unwrap();
            let below: f64 = (0..later as i64).map(p).sum();
            let u = below + random.uniform() * p(later as i64);
            bins[((u * 10.0) as usize).min(9)] += 1.0;
        }
        assert!(held / n >= 0.95, "{kind:?}: {}", held / n);
        // And no more than they must: one purchase less would be too few.
        assert!(reached / n > 0.025, "{kind:?}: {}", reached / n);
        let chi2: f64 = bins.iter().map(|o: &f64| (o - n / 10.0).powi(2) / (n / 10.0)).sum();
        // The 99.9 % point of chi-squared with 9 degrees of freedom
        assert!(chi2 < 27.9, "{kind:?}: {chi2} {bins:?}");
    }
}

/// Two covariates, a yes or no and a number that is far from 0, and their effects on every parameter.
fn with_covariates(random: &mut Random, kind: Kind, customers: u32) -> FitState<Global> {
    let (truth, coefficients) = of_covariates(kind);
    let mut state = FitState::new(Global);
    state.ask(Some(kind.name()), None).unwrap();
    for _ in 0..customers {
        let z =
            [f64::from(u8::from(random.uniform() < 0.4)), (20.0 + 5.0 * random.normal()).round()];
        let of_all = (kind, &truth[..], &coefficients[..]);
        let (parameters, _) = crate::clv::covariates::of_customer(of_all, None, &z);
        let age = 26.0 + 13.0 * random.uniform();
        let (c, ..) = random.customer(kind, &parameters, age, 0.0);
        state.push(c, None, None, &z).unwrap();
    }
    state
}

fn of_covariates(kind: Kind) -> ([f64; 4], Vec<f64>) {
    match kind {
        Kind::Bg => ([0.6, 10.0, 0.7, 2.0], vec![0.6, 0.04, -0.5, 0.02, 0.3, 0.01]),
        _ => ([0.8, 12.0, 0.9, 15.0], vec![0.6, 0.04, -0.7, 0.02]),
    }
}

/// 95 % intervals of parameters and coefficients, and of what is expected of a customer with
/// covariates, hold the truth in 95 % of samples.
fn coverage_of_covariates(kind: Kind, samples: u32, customers: u32) {
    let (truth, coefficients) = of_covariates(kind);
    let of_truth = model::Model {
        kind,
        parameters: truth.to_vec(),
        coefficients: coefficients.clone(),
        covariance: None,
        unit: TimeUnit::WEEK,
        spend: None,
    };
    let z = [1.0, 24.0];
    let c = Customer { x: 3.0, t_x: 20.0, age: 30.0 };
    let there = of_truth.of_customer(Some(&z)).unwrap();
    let expected = scalar::expected_purchases(&there, c, 140.0).unwrap();
    let question =
        ScoreQuestion { horizon: Some(140.0), discount: 0.0, margin: 1.0, confidence: Some(0.95) };
    let (mut random, mut held, mut held_expected) =
        (Random::new(5), vec![0; 4 + coefficients.len()], 0);
    let mut fits = 0;
    for _ in 0..samples {
        let text = with_covariates(&mut random, kind, customers).fit().unwrap().unwrap();
        // Where there is no maximum there is no interval.
        let Ok(model) = model::parse(&text) else { continue };
        fits += 1;
        let covariance = model.covariance.as_ref().unwrap();
        let logs = model.parameters.iter().zip(truth).map(|(p, truth)| (p / truth).ln());
        let others = model.coefficients.iter().zip(&coefficients).map(|(g, truth)| g - truth);
        for (i, away) in logs.chain(others).enumerate() {
            held[i] += u32::from(away.abs() < 1.959_964 * covariance[i][i].sqrt());
        }
        let of_customer = model.of_customer(Some(&z)).unwrap();
        let score = scorer(&of_customer, &question, Global).unwrap().score(c, None).unwrap();
        let (low, high) = score.expected.unwrap().interval.unwrap();
        held_expected += u32::from(low <= expected && expected <= high);
    }
    assert!(f64::from(fits) > 0.99 * f64::from(samples), "{kind:?}: {fits}");
    for (i, held) in held.into_iter().enumerate() {
        check_share(&format!("{kind:?} with covariates, number {i}"), held, fits);
    }
    check_share(&format!("{kind:?} with covariates, purchases"), held_expected, fits);
}

#[test]
fn intervals_of_bg_nbd_with_covariates_cover() {
    coverage_of_covariates(Kind::Bg, 800, 2500);
}

#[test]
fn intervals_of_pareto_nbd_with_covariates_cover() {
    coverage_of_covariates(Kind::Pareto, 400, 1000);
}
