//! The fit against the definitions, summed naively, and against published results.

mod named;

use super::*;
use crate::host::{Global, testing};
use proptest::prelude::*;

type Given = (f64, bool, [f64; 2], Option<f64>);

fn members(rows: &[Given]) -> Members<Global> {
    let mut members = Members::new(Global);
    for (duration, churned, covariates, entry) in rows {
        members.push(*duration, *churned, covariates, *entry).unwrap();
    }
    members
}

fn rows() -> impl Strategy<Value = Vec<Given>> {
    let row = (
        1u8..15,
        any::<bool>(),
        -4i8..5,
        -2.0..2.0f64,
        proptest::option::weighted(0.3, 0.0..0.9f64),
    );
    proptest::collection::vec(row, 20..60).prop_map(|rows| {
        rows.into_iter()
            .map(|(time, churned, a, b, entry)| {
                let time = f64::from(time);
                (time, churned, [f64::from(a), b], entry.map(|share| time * share))
            })
            .collect()
    })
}

fn at_risk(row: &Given, time: f64) -> bool {
    row.0 >= time && row.3.is_none_or(|entry| entry == 0.0 || entry < time)
}

/// The partial likelihood as Efron wrote it down, at any coefficients.
fn log_likelihood(rows: &[Given], coefficients: &[f64]) -> f64 {
    let score = |row: &Given| row.2[0] * coefficients[0] + row.2[1] * coefficients[1];
    let mut times: Vec<f64> = rows.iter().filter(|row| row.1).map(|row| row.0).collect();
    times.sort_by(f64::total_cmp);
    times.dedup();
    let mut sum = 0.0;
    for time in times {
        let leaving: Vec<&Given> = rows.iter().filter(|row| row.1 && row.0 == time).collect();
        let all: f64 = rows.iter().filter(|row| at_risk(row, time)).map(|r| score(r).exp()).sum();
        let tied: f64 = leaving.iter().map(|row| score(row).exp()).sum();
        for (l, row) in leaving.iter().enumerate() {
            sum += score(row) - (all - l as f64 / leaving.len() as f64 * tied).ln();
        }
    }
    sum
}

fn naive_concordance(rows: &[Given], coefficients: &[f64]) -> Option<f64> {
    let score = |row: &Given| row.2[0] * coefficients[0] + row.2[1] * coefficients[1];
    let (mut pairs, mut right) = (0.0, 0.0);
    for gone in rows.iter().filter(|row| row.1) {
        for other in rows.iter().filter(|other| at_risk(other, gone.0)) {
            if other.0 > gone.0 || other.0 == gone.0 && !other.1 {
                pairs += 1.0;
                let difference = score(gone) - score(other);
                right += if difference.abs() < 1e-12 { 0.5 } else { f64::from(difference > 0.0) };
            }
        }
    }
    (pairs > 0.0).then(|| right / pairs)
}

proptest! {
    #[test]
    fn the_fit_is_the_maximum_and_its_covariance_the_inverse_of_the_curvature(rows in rows()) {
        let Ok(model) = members(&rows).fit(Global) else { return Ok(()) };
        let b = [model.coefficients[0], model.coefficients[1]];
        // Far out, finite differences are not exact enough.
        prop_assume!(model.covariance.get(0, 0) < 1.0 && model.covariance.get(1, 1) < 1.0);
        let at = |x: f64, y: f64| log_likelihood(&rows, &[b[0] + x, b[1] + y]);
        prop_assert!((model.log_likelihood - at(0.0, 0.0)).abs() < 1e-9);
        prop_assert!((model.log_likelihood_null - log_likelihood(&rows, &[0.0; 2])).abs() < 1e-9);
        let e = 1e-4;
        prop_assert!(((at(e, 0.0) - at(-e, 0.0)) / (2.0 * e)).abs() < 1e-4);
        prop_assert!(((at(0.0, e) - at(0.0, -e)) / (2.0 * e)).abs() < 1e-4);
        let e = 1e-3;
        let second = |x: f64, y: f64| (at(x, y) - 2.0 * at(0.0, 0.0) + at(-x, -y)) / (e * e);
        let mixed = (at(e, e) - at(e, -e) - at(-e, e) + at(-e, -e)) / (4.0 * e * e);
        let curvature = [[-second(e, 0.0), -mixed], [-mixed, -second(0.0, e)]];
        for (i, row) in curvature.iter().enumerate() {
            for j in 0..2 {
                let unit: f64 = (0..2).map(|k| row[k] * model.covariance.get(k, j)).sum();
                prop_assert!((unit - f64::from(i == j)).abs() < 1e-2, "{unit} at {i}, {j}");
            }
        }
        let naive = naive_concordance(&rows, &b);
        prop_assert_eq!(model.concordance.is_some(), naive.is_some());
        prop_assert!(model.concordance.zip(naive).is_none_or(|(a, b)| (a - b).abs() < 1e-9));
    }

    #[test]
    fn the_order_of_rows_changes_nothing(rows in rows(), seed in 1usize..19) {
        let mut other = rows.clone();
        other.sort_by_key(|row| (row.2[1] * 1e6) as i64 % seed as i64);
        let bytes = |rows: &[Given]| {
            let mut out = crate::host::Vec::new_in(Global);
            members(rows).fit(Global).map(|model| { model.to_bytes(&mut out); out })
        };
        prop_assert_eq!(bytes(&rows), bytes(&other));
    }

    #[test]
    fn both_forms_round_trip(rows in rows()) {
        let Ok(model) = members(&rows).fit(Global) else { return Ok(()) };
        let (mut bytes, mut text) = (crate::host::Vec::new_in(Global), crate::host::Vec::new_in(Global));
        model.to_bytes(&mut bytes);
        Model::from_bytes(&bytes, Global).unwrap().to_json(&mut text).unwrap();
        let mut again = crate::host::Vec::new_in(Global);
        Model::from_json(&text, Global).unwrap().to_bytes(&mut again);
        prop_assert_eq!(bytes, again);
    }

    #[test]
    fn any_bytes_read_or_fail(noise: Vec<u8>, at: usize) {
        let _ = Model::from_json(&noise, Global);
        let _ = Model::from_bytes(&noise, Global);
        let mut text = crate::host::Vec::new_in(Global);
        sample().fit(Global).unwrap().to_json(&mut text).unwrap();
        text.truncate(at % text.len());
        text.extend_from_slice(&noise);
        prop_assert!(Model::from_json(&text, Global).is_err());
    }
}

fn sample() -> Members<Global> {
    let rows: Vec<Given> = (0..40)
        .map(|i| {
            let x = f64::from(i * 7 % 11);
            (f64::from(1 + i * 13 % 17) / (1.0 + 0.1 * x), i % 3 > 0, [x, f64::from(i % 5)], None)
        })
        .collect();
    members(&rows)
}

#[test]
fn far_from_zero_and_of_any_size_covariates_fit_alike() {
    let mut moved = Members::new(Global);
    let mut plain = Members::new(Global);
    for i in 0..200i32 {
        let (x, y) = (f64::from(i * 37 % 101), f64::from(i * 53 % 89));
        let duration = 1.0 + f64::from(i * 29 % 97) + x / 10.0;
        plain.push(duration, i % 4 > 0, &[x, y], None).unwrap();
        moved.push(duration, i % 4 > 0, &[1e9 + x, y * 1e-9], None).unwrap();
    }
    let (plain, moved) = (plain.fit(Global).unwrap(), moved.fit(Global).unwrap());
    assert!(
        (plain.coefficients[0] - moved.coefficients[0]).abs() < 1e-6 * plain.coefficients[0].abs()
    );
    assert!((plain.coefficients[1] * 1e9 / moved.coefficients[1] - 1.0).abs() < 1e-9);
    assert!((plain.log_likelihood - moved.log_likelihood).abs() < 1e-6);
}

fn message(rows: &[Given]) -> String {
    let fitted = members(rows).fit(Global);
    fitted.map(|model| format!("{model:?}")).unwrap_or_else(|error| error.to_string())
}

#[test]
fn what_cannot_be_fitted_is_named() {
    let row = |i: u8, x: [f64; 2]| (f64::from(i), !i.is_multiple_of(4), x, None);
    let n = |i: u8| f64::from(u32::from(i) * 7 % 13);
    let fit =
        |x: &dyn Fn(u8) -> [f64; 2]| message(&(1..40).map(|i| row(i, x(i))).collect::<Vec<_>>());
    let dependent = "covariate 2 is constant, or a linear combination of those before it";
    assert_eq!(fit(&|i| [n(i), 3.0]), dependent);
    assert_eq!(fit(&|i| [n(i), 5.0 - 2.0 * n(i)]), dependent);
    let unbounded =
        "the likelihood has no maximum: the hazard ratio of covariate 2 grows without bound";
    // The higher, the earlier, without an exception.
    assert_eq!(fit(&|i| [n(i), -f64::from(i)]), unbounded);
    // Nobody with it leaves.
    assert_eq!(fit(&|i| [n(i), f64::from(i % 4 == 0)]), unbounded);
    // The same, with so few that they hardly vary.
    let rare = |i: u32| [f64::from(i * 7 % 13), f64::from(i % 2000 == 7)];
    let row = |i: u32| {
        (f64::from(1 + i * 31 % 997), i % 2000 != 7 && !i.is_multiple_of(3), rare(i), None)
    };
    assert_eq!(message(&(0..10_000).map(row).collect::<Vec<_>>()), unbounded);
    assert!(message(&[(1.0, false, [1.0, 2.0], None)]).starts_with("nobody left"));
    // One member, or all alike: nothing varies.
    assert!(message(&[(1.0, true, [1.0, 2.0], None)]).starts_with("covariate 1 is constant"));
}

#[test]
fn only_rows_of_one_kind_are_taken() {
    let mut members = Members::new(Global);
    assert!(members.push(1.0, true, &[], None).is_err());
    assert!(members.push(1.0, true, &[0.0; 501], None).is_err());
    members.push(1.0, true, &[0.0; 2], None).unwrap();
    assert!(members.push(1.0, true, &[0.0; 3], None).is_err());
    assert!(members.push(1.0, true, &[0.0, f64::NAN], None).is_err());
    assert!(members.push(f64::INFINITY, true, &[0.0; 2], None).is_err());
    assert!(members.push(1.0, true, &[0.0; 2], Some(1.0)).is_err());
}

#[test]
fn texts_that_are_no_model_are_refused() {
    let mut text = crate::host::Vec::new_in(Global);
    sample().fit(Global).unwrap().to_json(&mut text).unwrap();
    let text = String::from_utf8(text.to_vec()).unwrap();
    let read = |text: &str| Model::from_json(text.as_bytes(), Global).map(|_| ());
    assert!(read(&text).is_ok());
    for (from, to) in [
        ("\"efron\"", "\"breslow\""),
        ("\"members\":40", "\"members\":3"),
        ("\"members\":40", "\"members\":-1"),
        ("\"ties\":\"efron\",", ""),
        ("\"times\":[", "\"times\":[-1,"),
        ("\"times\":[", "\"times\":[1e999,"),
        ("\"covariance\":[[", "\"covariance\":[[-"),
        ("\"covariance\":[[", "\"covariance\":[[1,"),
        ("\"coefficients\":[", "\"coefficients\":[0,"),
        ("\"means\":[", "\"means\":[null,"),
        ("{", "{\"more\":1,"),
        ("{", "{\"members\":40,"),
        ("{", "[{"),
        ("\"concordance\":0", "\"concordance\":7"),
    ] {
        let forged = text.replacen(from, to, 1);
        assert_ne!(forged, text, "{from}");
        assert!(read(&forged).is_err(), "{forged}");
    }
}

#[test]
fn can_be_stopped() {
    let mut members = Members::new(Global);
    for i in 0..20_000u32 {
        let x = f64::from(i.wrapping_mul(2_654_435_769) >> 20);
        let entry = (i % 2 == 0).then_some(0.5);
        members.push(f64::from(1 + i % 5000), i % 3 > 0, &[x, f64::from(i % 7)], entry).unwrap();
    }
    let rows = || {
        let mut numbers = crate::host::Vec::new_in(Global);
        numbers.extend_from_slice(members.numbers());
        members::Expanded::new(&members, numbers, 2, Global)
    };
    assert!(testing::stops(|| rows().width));
    let design = design::Design::new(&rows(), Global).unwrap();
    let mut likelihood = likelihood::Likelihood::new(&design);
    assert!(testing::stops(|| likelihood.evaluate(&design, &[0.0; 2])));
    assert!(testing::stops(|| concordance::concordance(&design, &likelihood.scores)));
    let model = members.fit(Global).unwrap();
    let (mut bytes, mut text) =
        (crate::host::Vec::new_in(Global), crate::host::Vec::new_in(Global));
    model.to_bytes(&mut bytes);
    model.to_json(&mut text).unwrap();
    assert!(testing::stops(|| Model::from_json(&text, Global)));
}

/// A model stored by version 0.1.0: its bytes and its text.
#[test]
fn reads_what_0_1_0_has_stored() {
    let mut members = Members::new(Global);
    for i in 0..8u32 {
        let covariates = [f64::from(i % 2), f64::from(i * i % 5)];
        let entry = (i % 4 == 1).then_some(0.5);
        members.push(f64::from(1 + i * 3 % 5), i % 3 > 0, &covariates, entry).unwrap();
    }
    let stored = testing::bytes_of(concat!(
        "01080502040146908dfab7dc1fc05ace216133921fc00a21622a8cccc23f00000000000014403333",
        "33333333e33f2883945edc27d73fb9408e2f1b43b3bf000000000000e03f000000000000fe3f8f83",
        "8d873310ef3f2b5d715a386bbdbf24a516446429bb3f000000000000f03f00000000000000400000",
        "0000000008400000000000001040a7bee9e35d62bf3fc1016c2589c7df3f2960c210cbb9e73f7841",
        "c89ef2dff03fd30db46ff7bb4047",
    ));
    let text = concat!(
        r#"{"members":8,"events":5,"ties":"efron","log_likelihood_null":-7.965545573129992,"#,
        r#""log_likelihood":-7.892774121940954,"score_test":0.1468672949743069,"concordance"#,
        r#"":0.6,"longest_duration":5.0,"coefficients":[0.36180791126575906,-0.075242709265"#,
        r#"01488],"means":[0.5,1.875],"covariance":[[0.9707276961818126],[-0.11491729934765"#,
        r#"675,0.10610033666911939]],"times":[1.0,2.0,3.0,4.0],"cumulative_hazard":[0.12259"#,
        r#"470762523482,0.4965536942909488,0.7414298369722064,1.054674740069542]}"#,
    );
    let read = Model::from_bytes(&stored, Global).unwrap();
    assert_eq!(bytes(&read)[..], stored[..]);
    let versioned = text.replacen('{', r#"{"version":1,"#, 1);
    assert_eq!(json(&read), versioned);
    for text in [text, &versioned] {
        let read = Model::from_json(text.as_bytes(), Global).unwrap();
        assert_eq!(bytes(&read)[..], stored[..]);
    }
    let later = versioned.replacen('1', "2", 1);
    let error = Model::from_json(later.as_bytes(), Global).err().map(|error| error.to_string());
    assert!(error.is_some_and(|error| error.contains("version 2 is not known here")));
    // What is fitted today is the same, but for the last bits.
    let fitted = members.fit(Global).unwrap();
    assert!(fitted.coefficients.iter().zip(&read.coefficients).all(|(a, b)| (a - b).abs() < 1e-12));
    assert_eq!(bytes(&fitted).len(), stored.len());
}

fn bytes(model: &Model<Global>) -> crate::host::Vec<u8, Global> {
    let mut out = crate::host::Vec::new_in(Global);
    model.to_bytes(&mut out);
    out
}

fn json(model: &Model<Global>) -> String {
    let mut out = crate::host::Vec::new_in(Global);
    model.to_json(&mut out).unwrap();
    String::from_utf8(out.to_vec()).unwrap()
}

fn close(a: &Model<Global>, b: &Model<Global>) -> bool {
    let near = |a: f64, b: f64| (a - b).abs() <= 1e-7 * (1.0 + a.abs());
    a.coefficients.len() == b.coefficients.len()
        && a.coefficients.iter().zip(&b.coefficients).all(|(a, b)| near(*a, *b))
        && a.covariance.cells().iter().zip(b.covariance.cells()).all(|(a, b)| near(*a, *b))
        && near(a.log_likelihood, b.log_likelihood)
        && near(a.log_likelihood_null, b.log_likelihood_null)
        && near(a.score_test, b.score_test)
        && a.concordance.zip(b.concordance).is_none_or(|(a, b)| near(a, b))
        && (a.members, a.events) == (b.members, b.events)
}

proptest! {
    #[test]
    fn a_weight_is_as_many_rows(rows in rows(), weights in proptest::collection::vec(1i64..5, 60)) {
        let (mut weighted, mut repeated) = (Members::new(Global), Members::new(Global));
        for (row, &weight) in rows.iter().zip(&weights) {
            let given = CoxObservation { entry: row.3, weight: Some(weight), ..CoxObservation::new(row.0, row.1) };
            weighted.push_row(&given, Covariates::Numbers(&row.2)).unwrap();
            for _ in 0..weight {
                repeated.push(row.0, row.1, &row.2, row.3).unwrap();
            }
        }
        let (Ok(a), Ok(b)) = (weighted.fit(Global), repeated.fit(Global)) else { return Ok(()) };
        prop_assume!(b.covariance.get(0, 0) < 1.0 && b.covariance.get(1, 1) < 1.0);
        prop_assert!(close(&a, &b), "{:?} {:?}", a, b);
    }

    /// Strata are as windows of time that have nothing to do with each other.
    #[test]
    fn strata_are_windows(rows in rows(), strata in proptest::collection::vec(0u8..4, 60)) {
        let (mut stratified, mut windows) = (Members::new(Global), Members::new(Global));
        for (row, &stratum) in rows.iter().zip(&strata) {
            let name = [b'a' + stratum];
            let stratum = (stratum > 0).then_some(&name[..]);
            let given = CoxObservation { entry: row.3, stratum, ..CoxObservation::new(row.0, row.1) };
            stratified.push_row(&given, Covariates::Numbers(&row.2)).unwrap();
            let window = f64::from(name[0]) * 1000.0;
            let entry = row.3.unwrap_or(0.0) + window;
            windows.push(row.0 + window, row.1, &row.2, Some(entry)).unwrap();
        }
        let (Ok(a), Ok(b)) = (stratified.fit(Global), windows.fit(Global)) else { return Ok(()) };
        prop_assume!(b.covariance.get(0, 0) < 1.0 && b.covariance.get(1, 1) < 1.0);
        prop_assert!(close(&a, &b), "{:?} {:?}", a, b);
        prop_assert_eq!(a.times.len(), b.times.len());
        let flat = bytes(&a);
        let read = Model::from_foreign_bytes(&flat, Global, |_| Ok(())).unwrap();
        let text = Model::from_json(json(&read).as_bytes(), Global).unwrap();
        prop_assert_eq!(&bytes(&text), &flat);
        // A baseline for each: that of the other's window, less what was before.
        let stored = Stored::parse(&flat).unwrap();
        for stratum in strata.iter().take(rows.len()) {
            let name = [b'a' + stratum];
            let name = (*stratum > 0).then_some(&name[..]);
            let Prediction::Survival(share) = stored.survival(&a.means, 1.0, name).unwrap() else { continue };
            let window = f64::from(b'a' + stratum) * 1000.0;
            let hazard: f64 = b.times.iter().zip(&b.hazards).enumerate()
                .filter(|(_, (time, _))| **time >= window && **time <= window + 1.0)
                .map(|(i, (_, sum))| sum - i.checked_sub(1).map_or(0.0, |i| b.hazards[i])).sum();
            prop_assert!((share - (-hazard).exp()).abs() < 1e-7);
        }
    }

    /// Time that is cut in pieces is the same time.
    #[test]
    fn pieces_of_a_member_are_one_member(rows in rows()) {
        let mut pieces = Members::new(Global);
        for (i, row) in rows.iter().enumerate() {
            let id = i.to_string();
            let begin = row.3.unwrap_or(0.0);
            let middle = f64::midpoint(begin, row.0);
            let piece = |entry: f64, until: f64, churned: bool| CoxObservation {
                entry: Some(entry), id: Some(id.as_bytes()), ..CoxObservation::new(until, churned)
            };
            pieces.push_row(&piece(middle, row.0, row.1), Covariates::Numbers(&row.2)).unwrap();
            if begin < middle {
                pieces.push_row(&piece(begin, middle, false), Covariates::Numbers(&row.2)).unwrap();
            }
        }
        let (Ok(a), Ok(b)) = (pieces.fit(Global), members(&rows).fit(Global)) else { return Ok(()) };
        prop_assume!(b.covariance.get(0, 0) < 1.0 && b.covariance.get(1, 1) < 1.0);
        prop_assert_eq!(a.members, rows.len() as u64);
        prop_assert!((a.coefficients[0] - b.coefficients[0]).abs() < 1e-6);
        prop_assert!((a.log_likelihood - b.log_likelihood).abs() < 1e-9);
    }
}

#[test]
fn rows_of_one_id_are_a_life() {
    let push = |rows: &[(f64, f64, bool, i64)]| {
        let mut members = Members::new(Global);
        for &(entry, until, churned, weight) in rows {
            let row = CoxObservation {
                entry: Some(entry),
                id: Some(b"ann"),
                weight: Some(weight),
                ..CoxObservation::new(until, churned)
            };
            members.push_row(&row, Covariates::Numbers(&[entry])).unwrap();
        }
        members.count().map_err(|error| error.to_string())
    };
    assert_eq!(push(&[(3.0, 4.0, true, 2), (0.0, 1.0, false, 2), (1.0, 2.5, false, 2)]), Ok(2));
    assert_eq!(
        push(&[(0.0, 2.0, false, 1), (1.0, 3.0, true, 1)]),
        Err("member ann is there twice between 1 and 2".to_string())
    );
    assert_eq!(
        push(&[(0.0, 2.0, true, 1), (2.0, 3.0, true, 1)]),
        Err("member ann leaves at 2 and has a row after it".to_string())
    );
    assert_eq!(
        push(&[(0.0, 2.0, false, 1), (2.0, 3.0, true, 2)]),
        Err("member ann has rows of weight 1 and 2".to_string())
    );
    let mut members = Members::new(Global);
    members.push(1.0, true, &[1.0], None).unwrap();
    let row = CoxObservation::new(1.0, true);
    for other in [
        CoxObservation { id: Some(b"ann"), ..row },
        CoxObservation { weight: Some(1), ..row },
        CoxObservation { weight: Some(0), ..row },
    ] {
        assert!(members.push_row(&other, Covariates::Numbers(&[1.0])).is_err());
    }
}

#[test]
fn any_weights_are_fitted_in_a_moment() {
    let mut members = Members::new(Global);
    let mut few = Members::new(Global);
    for i in 0..40u32 {
        let x = f64::from(i * 7 % 11);
        let row = CoxObservation::new(f64::from(1 + i * 13 % 17) / (1.0 + 0.1 * x), i % 3 > 0);
        let many = CoxObservation { weight: Some(1_000_000_000_000_000), ..row };
        members.push_row(&many, Covariates::Numbers(&[x])).unwrap();
        few.push_row(&CoxObservation { weight: Some(10_000), ..row }, Covariates::Numbers(&[x]))
            .unwrap();
    }
    let (many, few) = (members.fit(Global).unwrap(), few.fit(Global).unwrap());
    assert_eq!(many.members, 40_000_000_000_000_000);
    // The larger the counts, the less ties are: both are near the limit of Breslow's integral.
    assert!((many.coefficients[0] - few.coefficients[0]).abs() < 1e-4);
    assert!((many.covariance.get(0, 0) / few.covariance.get(0, 0) * 1e11 - 1.0).abs() < 1e-3);
    members
        .push_row(
            &CoxObservation { weight: Some(i64::MAX), ..CoxObservation::new(1.0, true) },
            Covariates::Numbers(&[1.0]),
        )
        .unwrap_err();
}

/// What the binary form takes, the text form takes: neither takes hazards without end, or bytes that are
/// not the ones that are written.
#[test]
fn foreign_bytes_are_those_that_are_written() {
    let rows: Vec<Given> = (0..12u8)
        .map(|i| (f64::from(i) + 1.0, i % 3 > 0, [f64::from(i * 7 % 5), f64::from(i % 4)], None))
        .collect();
    let flat = bytes(&members(&rows).fit(Global).unwrap());
    let read = |body: &[u8]| {
        let mut sealed = body.to_vec();
        sealed.extend_from_slice(&xxhash_rust::xxh3::xxh3_64(body).to_le_bytes());
        Model::from_foreign_bytes(&sealed, Global, |_| Ok(()))
    };
    let body = &flat[..flat.len() - 8];
    assert!(read(body).is_ok());
    let (before, last) = body.split_at(body.len() - 8);
    let hazard = f64::from_le_bytes(*last.first_chunk().unwrap());
    for (other, is_sound) in [(hazard + 1.0, true), (f64::INFINITY, false), (f64::NAN, false)] {
        let read = read(&[before, &other.to_le_bytes()].concat());
        assert_eq!(read.is_ok(), is_sound, "{other}");
        if let Ok(model) = read {
            let text = json(&model);
            assert_eq!(bytes(&Model::from_json(text.as_bytes(), Global).unwrap()), bytes(&model));
        }
    }
}
