//! Texts of models.

use super::*;
use crate::clv::fit::cdnow;
use crate::clv::sample::Sample;

fn question(kind: Option<Kind>) -> FitQuestion {
    FitQuestion { kind, unit: TimeUnit::WEEK, as_of: Some(-823) }
}

#[test]
fn a_fit_reads_as_it_was_written() {
    let text = fit_json(&mut cdnow(), &question(Some(Kind::Bg))).unwrap();
    assert_eq!(canonical(&text).unwrap(), text);
    let model = parse(&text).unwrap();
    assert_eq!((model.kind, model.unit), (Kind::Bg, TimeUnit::WEEK));
    assert!((model.parameters[0] - 0.242594).abs() < 1e-6);
    assert!(text.contains(r#""as_of":"1997-09-30""#), "{text}");
    let covariance = model.covariance.unwrap();
    assert!((covariance[0][0].sqrt() * model.parameters[0] - 0.0125573767).abs() < 1e-8);
    assert!(model.spend.unwrap().covariance.is_some());
}

#[test]
fn auto_takes_the_least_bic_and_tells_of_all() {
    let text = fit_json(&mut cdnow(), &question(None)).unwrap();
    let json = read(&text).unwrap();
    let candidates = json.candidates.unwrap();
    assert_eq!((json.model.as_str(), candidates.len()), ("mbg/nbd", 7));
    let best = candidates.iter().filter_map(|c| c.bic).fold(f64::INFINITY, f64::min);
    assert_eq!(json.bic, Some(best));
    let gompertz = &candidates[6];
    assert!(!gompertz.converged && gompertz.parameters.is_none() && gompertz.reason.is_some());
    assert_eq!(canonical(&text).unwrap(), text);
}

#[test]
fn what_is_written_by_hand_is_checked() {
    let right = r#"{"model": "BG/NBD", "parameters": {"r": 0.2, "alpha": 4, "a": 1, "b": 2}}"#;
    assert_eq!(parse(right).unwrap().parameters, [0.2, 4.0, 1.0, 2.0]);
    let shuffled = right.replace("\"r\": 0.2, ", "").replace("2}", "2, \"r\": 0.2}");
    assert_eq!(canonical(&shuffled).unwrap(), canonical(right).unwrap());
    for (from, to) in [
        ("BG/NBD", "XX"),
        ("\"r\"", "\"s\""),
        ("0.2", "-0.2"),
        ("0.2", "0"),
        ("0.2", "1e999"),
        ("4,", "null,"),
        ("\"b\": 2", "\"b\": 2, \"k\": 3"),
        ("\"b\": 2", "\"b\": 2, \"b\": 2"),
        ("BG/NBD", "bg/cnbd-k"),
        ("}}", "}, \"colour\": 1}"),
        ("}}", "}, \"unit\": \"fortnight\"}"),
        ("}}", "}, \"covariance\": [[1]]}"),
        ("}}", "}, \"covariance\": [[1,9,0,0],[9,1,0,0],[0,0,1,0],[0,0,0,1]]}"),
        ("}}", "}"),
        ("{\"model\"", "[\"model\""),
    ] {
        let text = right.replace(from, to);
        assert!(canonical(&text).is_err(), "{text}");
    }
    assert_eq!(parse(right).unwrap().unit, TimeUnit::WEEK);
    let contract = r#"{"model": "sbg", "parameters": {"alpha": 0.7, "beta": 1.2}}"#;
    assert_eq!(parse(contract).unwrap().unit, TimeUnit::YEAR);
    let cnbd = right.replace("BG/NBD", "mbg/cnbd-k").replace("\"r\"", "\"k\": 3, \"r\"");
    assert_eq!(parse(&cnbd).unwrap().kind, Kind::MbgCnbd(Some(3)));
    assert!(parse(&cnbd.replace("3", "2.5")).is_err());
}

#[test]
fn without_repeat_buyers_there_are_no_numbers() {
    let mut sample = Sample::new(crate::host::Global);
    for age in 0..50 {
        let c = crate::clv::Customer { x: 0.0, t_x: 0.0, age: f64::from(age) };
        sample.push(c, None, None).unwrap();
    }
    let text = fit_json(&mut sample, &question(Some(Kind::Bg))).unwrap();
    assert!(text.contains("\"converged\":false") && text.contains("no repeat buyers"), "{text}");
    assert!(!text.contains("parameters"), "{text}");
    assert!(matches!(parse(&text), Err(Error::NotConverged { .. })));
    canonical(&text).unwrap();
}
