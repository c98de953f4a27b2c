//! Customers with covariates, and their effects.

use super::*;
use crate::clv::aggregate::FitState;
use crate::clv::model::{Model, canonical, parse};
use crate::clv::scalar;
use crate::host::Global;
use crate::host::testing::stops;
use crate::state::State;

/// x, t_x and age of a thousand customers, and two covariates: who is a member, and years of age.
fn customers(kind: Kind) -> impl DoubleEndedIterator<Item = (Customer, [f64; 2])> + Clone {
    let text = include_str!("../../../../tests/data/clv_covariates.csv");
    text.lines().filter(move |line| line.starts_with(kind.name())).map(|line| {
        let v: StdVec<f64> = line.split(',').skip(1).map(|v| v.parse().unwrap()).collect();
        (Customer { x: v[0], t_x: v[1], age: v[2] }, [v[3], v[4]])
    })
}

fn state(kind: Kind) -> FitState<Global> {
    let mut state = FitState::new(Global);
    state.ask(Some(kind.name()), None).unwrap();
    state
}

fn fit_of(kind: Kind, z: impl Fn([f64; 2]) -> StdVec<f64>) -> String {
    let mut state = state(kind);
    customers(kind).for_each(|(c, of)| state.push(c, None, None, &z(of)).unwrap());
    state.fit().unwrap().unwrap()
}

fn log_likelihood(text: &str) -> f64 {
    let json: serde_json::Value = serde_json::from_str(text).unwrap();
    json["log_likelihood"].as_f64().unwrap()
}

/// The maximum of PyMC-Marketing 0.19.2's models with flat priors, found with SciPy's BFGS.
#[test]
fn agrees_with_pymc_marketing() {
    let reference: [(Kind, [f64; 4], &[f64], f64); 2] = [
        (
            Kind::Bg,
            [0.7452569802789161, 4.692413281649452, 0.604766961308731, 1.6590721890556308],
            &[
                0.3853474546078965,
                -0.1863735772084475,
                -0.3014118906703032,
                0.0925161429866154,
                0.42122437041269356,
                -0.030609902284957195,
            ],
            -12960.832726240797,
        ),
        (
            Kind::Pareto,
            [0.788892889254439, 10.379588537752701, 1.349398717394327, 28.542111587441568],
            &[0.6146417580723417, -0.20705025412036493, -0.32884008483637334, 0.04488180608862514],
            -8564.538135073311,
        ),
    ];
    for (kind, parameters, coefficients, ll) in reference {
        let text = fit_of(kind, |[member, years]| vec![member, (years - 35.0) / 10.0]);
        let model = parse(&text).unwrap();
        for (ours, theirs) in model.parameters.iter().zip(parameters) {
            assert!((ours / theirs - 1.0).abs() < 1e-6, "{text}");
        }
        for (ours, theirs) in model.coefficients.iter().zip(coefficients) {
            assert!((ours - theirs).abs() < 1e-6, "{text}");
        }
        assert!((log_likelihood(&text) - ll).abs() < 1e-6, "{text}");
    }
}

/// The unit and the origin of a covariate change nothing that can be seen of a customer.
#[test]
fn scales_do_not_matter() {
    for kind in [Kind::Bg, Kind::Pareto] {
        let plain = fit_of(kind, |z| z.to_vec());
        let scaled = fit_of(kind, |[member, years]| vec![5.0 - 1e4 * years, 7.0 - member]);
        assert!((log_likelihood(&plain) - log_likelihood(&scaled)).abs() < 1e-7);
        let c = Customer { x: 2.0, t_x: 8.0, age: 30.0 };
        let of = |text: &str, z: &[f64]| {
            let of_all = parse(text).unwrap();
            let model = of_all.of_customer(Some(z)).unwrap();
            let variance: f64 = model.covariance.as_ref().unwrap()[1][1];
            (scalar::expected_purchases(&model, c, 365.0).unwrap(), variance)
        };
        let (expected, variance) = of(&plain, &[1.0, 50.0]);
        let (same, same_variance) = of(&scaled, &[5.0 - 50e4, 6.0]);
        assert!((expected / same - 1.0).abs() < 1e-6, "{expected} {same}");
        assert!((variance / same_variance - 1.0).abs() < 1e-5);
    }
}

#[test]
fn an_effect_never_makes_the_likelihood_smaller() {
    for kind in [Kind::Bg, Kind::Pareto] {
        let mut without = state(kind);
        customers(kind).for_each(|(c, _)| without.push(c, None, None, &[]).unwrap());
        let without = log_likelihood(&without.fit().unwrap().unwrap());
        let one = log_likelihood(&fit_of(kind, |[member, _]| vec![member]));
        let two = log_likelihood(&fit_of(kind, |z| z.to_vec()));
        assert!(without < one && one < two, "{without} {one} {two}");
    }
}

#[test]
fn a_fit_reads_as_it_was_written_whatever_the_order() {
    let kind = Kind::Bg;
    let text = fit_of(kind, |z| z.to_vec());
    assert_eq!(canonical(&text).unwrap(), text);
    let mut parts = [state(kind), state(kind), FitState::new(Global)];
    for (i, (c, z)) in customers(kind).rev().enumerate() {
        parts[i % 2].push(c, None, None, &z).unwrap();
    }
    let mut whole = FitState::new(Global);
    for part in parts {
        let mut bytes = Vec::new_in(Global);
        part.write(&mut bytes);
        whole.merge(&FitState::read(&bytes, Global).unwrap()).unwrap();
        for cut in 0..bytes.len().min(3000) {
            assert!(FitState::<Global>::read(&bytes[..cut], Global).is_err(), "{cut}");
        }
    }
    assert_eq!(whole.fit().unwrap().unwrap(), text);
    let shuffled = text.replace("\"r\":", "\"gamma1_3\":1,\"r\":");
    assert!(canonical(&shuffled).is_err());
    let by_hand = r#"{"model":"pareto/nbd","parameters":{"gamma2_1":-0.5,"r":0.5,"alpha":10,
        "s":0.6,"beta":12,"gamma1_1":0.25}}"#;
    let Model { coefficients, .. } = parse(by_hand).unwrap();
    assert_eq!(coefficients, [0.25, -0.5]);
    assert!(parse(&by_hand.replace("gamma2_1", "gamma2_2")).is_err());
    assert!(parse(&by_hand.replace("pareto/nbd", "ggompertz/nbd")).is_err());
}

#[test]
fn effects_have_the_sign_of_the_paper() {
    let with = |z: &[f64]| {
        let kind = Kind::Bg;
        of_customer((kind, &[0.5, 10.0, 2.0, 3.0], &[1.0, 0.5, -0.25]), None, z).0
    };
    let e = f64::exp;
    for (found, by_hand) in
        with(&[2.0]).iter().zip([0.5, 10.0 * e(-2.0), 2.0 * e(1.0), 3.0 * e(-0.5)])
    {
        assert!((found / by_hand - 1.0).abs() < 1e-14);
    }
    let of_pareto = (Kind::Pareto, &[0.5, 10.0, 2.0, 3.0][..], &[1.0, 0.5][..]);
    let found = of_customer(of_pareto, None, &[2.0]).0;
    assert!((found[3] / (3.0 * e(-1.0)) - 1.0).abs() < 1e-14 && found[2] == 2.0);
}

#[test]
fn covariates_that_say_nothing_are_told() {
    for (z, reason) in [
        (
            &(|[_, _]: [f64; 2]| vec![1.0]) as &dyn Fn([f64; 2]) -> StdVec<f64>,
            "covariate 1 is the same",
        ),
        (&|[m, y]| vec![m, 1e9, y], "covariate 2 is the same"),
        (&|[m, y]| vec![m, y, 3.0 * y - m], "covariate 3 is a sum of multiples"),
        (&|[m, _]| vec![m, 1.0 - m], "covariate 2 is a sum of multiples"),
        (&|[_, y]| vec![y + 1e8], "0 is too far"),
    ] {
        let text = fit_of(Kind::Pareto, z);
        assert!(text.contains("\"converged\":false") && text.contains(reason), "{reason}: {text}");
    }
    let nobody = |z: &[f64]| {
        let mut state = state(Kind::Bg);
        (0..9).for_each(|_| state.push(Customer::NEW, None, None, z).unwrap());
        state.fit().unwrap().unwrap()
    };
    assert!(nobody(&[1.0]).contains("no repeat buyers"));
}

#[test]
fn rows_that_do_not_go_together_are_errors() {
    let c = Customer { x: 1.0, t_x: 1.0, age: 2.0 };
    let mut state = state(Kind::Bg);
    state.push(c, None, None, &[1.0, 2.0]).unwrap();
    assert!(state.push(c, None, None, &[1.0]).is_err());
    assert!(state.push(c, None, None, &[]).is_err());
    assert!(state.push(c, None, None, &[1.0, f64::NAN]).is_err());
    assert!(state.push(c, None, None, &[f64::INFINITY, 0.0]).is_err());
    assert!(super::check(&[0.0; MOST + 1]).is_err());
    let mut other = FitState::new(Global);
    other.ask(Some("bg/nbd"), None).unwrap();
    other.push(c, None, None, &[]).unwrap();
    assert!(state.merge(&other).is_err());
    for model in ["mbg/nbd", "auto", "nbd", "bg/bb"] {
        let mut state = FitState::new(Global);
        state.ask(Some(model), None).unwrap();
        assert!(state.push(c, None, None, &[1.0]).is_err(), "{model}");
    }
    let model = parse(&fit_of(Kind::Bg, |z| z.to_vec())).unwrap();
    assert!(scalar::p_alive(&model, c, 0.0).is_err());
    assert!(model.of_customer(None).is_err());
    assert!(model.of_customer(Some(&[1.0])).is_err());
    assert!(model.of_customer(Some(&[1.0, f64::NAN])).is_err());
    let there = model.of_customer(Some(&[1e99, 1e99])).unwrap();
    assert!(scalar::p_alive(&there, c, 0.0).is_ok_and(f64::is_finite));
    assert!(there.of_customer(Some(&[1.0])).is_err());
}

#[test]
fn fits_can_be_cancelled() {
    let mut sample = crate::clv::sample::Sample::new(Global);
    let mut covariates = Covariates::new(2, Global);
    for (c, z) in customers(Kind::Pareto) {
        sample.push(c, None, None).unwrap();
        covariates.push(c, &z).unwrap();
    }
    sample.settle();
    let without = crate::clv::fit::fit(&sample, Kind::Pareto).unwrap();
    assert!(stops(|| covariates.fit(&without)));
}
