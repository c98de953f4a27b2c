//! Covariates with names: categories, what is refused, and what is predicted.

use super::*;

fn named_sample() -> Members<Global> {
    let mut members = Members::new(Global);
    for i in 0..60u32 {
        let x = f64::from(i * 7 % 11);
        let plans: [&[u8]; 3] = [b"basic", b"pro", b"team"];
        let plan = plans[(i * 5 % 7 % 3) as usize];
        let values = [
            (&b"age"[..], Value::Number(x)),
            (b"plan", Value::Text(plan)),
            (b"vip", Value::Flag(i % 4 > 2)),
        ];
        let stratum = [b'a' + (i % 2) as u8];
        let row = CoxObservation {
            stratum: Some(&stratum),
            weight: Some(1 + i64::from(i % 2)),
            ..CoxObservation::new(f64::from(1 + i * 13 % 17) / (1.0 + 0.1 * x), i % 3 > 0)
        };
        members.push_row(&row, Covariates::Named(&values)).unwrap();
    }
    members
}

type Values<'v> = [(&'v [u8], Value<'v>)];

fn refusal(rows: &[(CoxObservation<'_>, &Values<'_>)]) -> String {
    let mut members = Members::new(Global);
    for (row, values) in rows {
        if let Err(error) = members.push_row(row, Covariates::Named(values)) {
            return error.to_string();
        }
    }
    members.fit(Global).map_or_else(|error| error.to_string(), |_| "fitted".to_string())
}

proptest! {
    /// Categories are the indicators that one would have made by hand.
    #[test]
    fn categories_are_indicators(rows in rows(), kinds in proptest::collection::vec((0u8..4, any::<bool>()), 60), seed in 1usize..19) {
        const PLANS: [&[u8]; 4] = [b"pro", b"basic", b"team", b"a"];
        let given: Vec<_> = rows.iter().zip(&kinds).collect();
        let count = |plan: u8| given.iter().filter(|(_, kind)| kind.0 == plan).count();
        let mut plans: Vec<u8> = (0..4).filter(|plan| count(*plan) > 0).collect();
        plans.sort_by_key(|plan| PLANS[*plan as usize]);
        let base = *plans.iter().rev().max_by_key(|plan| count(**plan)).unwrap();
        plans.retain(|plan| *plan != base);
        let yes = given.iter().filter(|(_, kind)| kind.1).count();
        let vip = yes <= given.len() - yes;
        let fill = |given: &[(&Given, &(u8, bool))]| {
            let mut named = Members::new(Global);
            for (row, kind) in given {
                let values = [
                    (&b"vip"[..], Value::Flag(kind.1)),
                    (b"plan", Value::Text(PLANS[kind.0 as usize])),
                    (b"age", Value::Number(row.2[1])),
                ];
                let given = CoxObservation { entry: row.3, ..CoxObservation::new(row.0, row.1) };
                named.push_row(&given, Covariates::Named(&values)).unwrap();
            }
            named
        };
        let mut by_hand = Members::new(Global);
        for (row, kind) in &given {
            let mut x = vec![row.2[1]];
            x.extend(plans.iter().map(|plan| f64::from(u8::from(kind.0 == *plan))));
            x.push(f64::from(u8::from(kind.1 == vip)));
            by_hand.push(row.0, row.1, &x, row.3).unwrap();
        }
        let (a, b) = match (fill(&given).fit(Global), by_hand.fit(Global)) {
            (Ok(a), Ok(b)) => (a, b),
            (a, b) => {
                prop_assert_eq!(a.is_err(), b.is_err());
                return Ok(());
            }
        };
        prop_assert_eq!(&a.coefficients, &b.coefficients);
        prop_assert_eq!(a.covariance.cells(), b.covariance.cells());
        let labels: Vec<String> = (0..a.width()).map(|i| a.label(i).unwrap().to_string()).collect();
        let mut expected = vec!["age".to_string()];
        expected.extend(plans.iter().map(|plan| format!("plan={}", String::from_utf8_lossy(PLANS[*plan as usize]))));
        expected.push(format!("vip={vip}"));
        prop_assert_eq!(labels, expected);
        // Whatever the order of rows, to the last bit; through both forms.
        let mut other = given.clone();
        other.sort_by_key(|(row, _)| (row.2[1] * 1e6) as i64 % seed as i64);
        let flat = bytes(&a);
        prop_assert_eq!(&bytes(&fill(&other).fit(Global).unwrap()), &flat);
        let read = Model::from_foreign_bytes(&flat, Global, |_| Ok(())).unwrap();
        prop_assert_eq!(&bytes(&Model::from_json(json(&read).as_bytes(), Global).unwrap()), &flat);
        // Predictions by name are those by number.
        let (by_name, flat_b) = (Stored::parse(&flat).unwrap(), bytes(&b));
        let by_number = Stored::parse(&flat_b).unwrap();
        for (row, kind) in &given {
            let values = [
                (&b"age"[..], Value::Number(row.2[1])),
                (b"else", Value::Null),
                (b"plan", Value::Text(PLANS[kind.0 as usize])),
                (b"vip", Value::Flag(kind.1)),
            ];
            let mut x = vec![row.2[1]];
            x.extend(plans.iter().map(|plan| f64::from(u8::from(kind.0 == *plan))));
            x.push(f64::from(u8::from(kind.1 == vip)));
            prop_assert_eq!(
                by_name.survival_of(&values, row.0, None, &Global).unwrap(),
                by_number.survival_at(&x, row.0).unwrap()
            );
        }
    }

    #[test]
    fn any_bytes_of_names_read_or_fail(noise: Vec<u8>, at: usize, cut: bool) {
        let mut forged = bytes(&named_sample().fit(Global).unwrap());
        forged.truncate(forged.len() - 8);
        let at = at % forged.len();
        let rest = forged.split_off(at);
        forged.extend_from_slice(&noise);
        if !cut {
            forged.extend_from_slice(&rest[noise.len().min(rest.len())..]);
        }
        let checksum = xxhash_rust::xxh3::xxh3_64(&forged);
        forged.extend_from_slice(&checksum.to_le_bytes());
        let check_name = |name: &[u8]| match std::str::from_utf8(name) {
            Ok(name) if !name.contains('\0') => Ok(()),
            _ => Err(crate::error::Error::Malformed("no name")),
        };
        if let Ok(model) = Model::from_foreign_bytes(&forged, Global, check_name) {
            prop_assert_eq!(&bytes(&model), &forged);
            let _ = Model::from_json(json(&model).as_bytes(), Global).unwrap();
            let stored = Stored::parse(&forged).unwrap();
            let _ = stored.survival_of(&[(b"age", Value::Number(3.0))], 2.0, None, &Global);
        }
    }
}

#[test]
fn covariates_with_names_are_checked_by_name() {
    use Value::{Flag, Null, Number, Text};
    let row = CoxObservation::new(1.0, true);
    let one: &[(&[u8], Value<'_>)] = &[(b"age", Number(1.0)), (b"plan", Text(b"pro"))];
    let two = |other: &[(&[u8], Value<'_>)]| refusal(&[(row, one), (row, other)]);
    assert_eq!(two(&[(b"age", Number(1.0))]), "covariate \"plan\" is missing in a row");
    assert_eq!(
        two(&[(b"agee", Number(1.0)), (b"plan", Null)]),
        "covariate \"age\" is missing in a row"
    );
    let more: &[(&[u8], Value<'_>)] = &[one[0], one[1], (b"zip", Number(1.0))];
    assert_eq!(two(more), "covariate \"zip\" is in some rows only");
    assert_eq!(
        two(&[one[0], (b"plan", Flag(true))]),
        "covariate \"plan\" is a text, and in another row it is not"
    );
    assert_eq!(
        two(&[(b"age", Text(b"1")), one[1]]),
        "covariate \"age\" is a number, and in another row it is not"
    );
    assert!(
        two(&[(b"age", Number(f64::INFINITY)), one[1]])
            .contains("covariate out of range: inf (\"age\")")
    );
    assert_eq!(two(one), "covariate \"plan\" is constant");
    assert_eq!(refusal(&[(row, &[])]), "there are no covariates");
    let mut members = Members::new(Global);
    let plans: Vec<String> = (0..502).map(|i| i.to_string()).collect();
    let pushed = plans.iter().try_for_each(|plan| {
        members.push_row(&row, Covariates::Named(&[(b"plan", Text(plan.as_bytes()))]))
    });
    assert_eq!(pushed.unwrap_err().to_string(), "covariate \"plan\" has more than 500 values");
    // Two columns of 300 values each are too many together.
    let mut members = Members::new(Global);
    for (i, plan) in plans.iter().enumerate().take(300) {
        let row = CoxObservation::new(1.0 + (i % 7) as f64, true);
        let values = [(&b"a"[..], Text(plan.as_bytes())), (b"b", Text(plan.as_bytes()))];
        members.push_row(&row, Covariates::Named(&values)).unwrap();
    }
    assert!(matches!(members.fit(Global), Err(crate::error::Error::TooLarge { .. })));
    // Rows of both kinds.
    let mut members = Members::new(Global);
    members.push(1.0, true, &[1.0], None).unwrap();
    assert!(members.push_row(&row, Covariates::Named(one)).is_err());
    let mut members = Members::new(Global);
    members.push_row(&row, Covariates::Named(one)).unwrap();
    assert!(members.push(1.0, true, &[1.0, 2.0], None).is_err());
}

#[test]
fn rows_with_something_missing_are_left_out_and_counted() {
    let mut members = named_sample();
    assert_eq!(members.left_out(), None);
    let row =
        CoxObservation { stratum: Some(b"a"), weight: Some(7), ..CoxObservation::new(1.0, true) };
    let values =
        [(&b"age"[..], Value::Null), (b"plan", Value::Text(b"gold")), (b"vip", Value::Null)];
    let before = members.rows().len();
    members.push_row(&row, Covariates::Named(&values)).unwrap();
    members.leave_out();
    assert_eq!(members.rows().len(), before);
    let left_out = members.left_out().unwrap();
    assert_eq!(
        left_out,
        "2 of 62 rows are left out: 1 without duration, outcome or covariates, 1 without \"age\""
    );
    let model = members.fit(Global).unwrap();
    assert_eq!(bytes(&model), bytes(&named_sample().fit(Global).unwrap()));
}

#[test]
fn predictions_say_what_they_do_not_know() {
    use Value::{Flag, Null, Number, Text};
    let flat = bytes(&named_sample().fit(Global).unwrap());
    let stored = Stored::parse(&flat).unwrap();
    let ask = |age: Value<'_>, plan: Value<'_>, time: f64, stratum: Option<&[u8]>| {
        let values = [(&b"age"[..], age), (b"plan", plan), (b"vip", Flag(false))];
        stored.survival_of(&values, time, stratum, &Global).map_err(|error| error.to_string())
    };
    let a: Option<&[u8]> = Some(b"a");
    assert!(
        matches!(ask(Number(3.0), Text(b"pro"), 2.0, a), Ok(Prediction::Survival(share)) if share < 1.0)
    );
    assert_eq!(ask(Null, Text(b"pro"), 2.0, a), Ok(Prediction::Unknown));
    assert_eq!(ask(Number(3.0), Null, 2.0, a), Ok(Prediction::Unknown));
    assert!(
        matches!(ask(Number(3.0), Text(b"pro"), 1e9, a), Ok(Prediction::Beyond(last)) if last < 20.0)
    );
    assert_eq!(
        ask(Number(3.0), Text(b"gold"), 2.0, a),
        Err("covariate \"plan\" has no value \"gold\" in the fit".to_string())
    );
    assert_eq!(
        ask(Text(b"3"), Text(b"pro"), 2.0, a),
        Err("covariate \"age\" is a number, and in another row it is not".to_string())
    );
    assert_eq!(
        ask(Number(3.0), Text(b"pro"), 2.0, None),
        Err("the model has strata, and none is given".to_string())
    );
    assert_eq!(
        ask(Number(3.0), Text(b"pro"), 2.0, Some(b"z")),
        Err("the model has no stratum \"z\"".to_string())
    );
    let few = stored.survival_of(&[(b"age", Number(3.0))], 2.0, a, &Global);
    assert_eq!(few.unwrap_err().to_string(), "covariate \"plan\" is not given");
    assert!(stored.survival_at(&[1.0; 4], 2.0).is_err());
    let flat = bytes(&sample().fit(Global).unwrap());
    let plain = Stored::parse(&flat).unwrap();
    assert!(plain.survival_of(&[(b"age", Number(3.0))], 2.0, None, &Global).is_err());
    assert!(plain.survival(&[1.0, 2.0], 2.0, a).is_err());
}

#[test]
fn texts_that_are_no_model_with_names_are_refused() {
    let text = json(&named_sample().fit(Global).unwrap());
    let read = |text: &str| Model::from_json(text.as_bytes(), Global).map(|_| ());
    assert!(read(&text).is_ok());
    for (from, to) in [
        ("\"name\":\"age\"", "\"name\":null"),
        ("\"name\":\"age\"", "\"name\":\"zoo\""),
        ("\"name\":\"age\"", "\"name\":\"a\\u0000e\""),
        ("\"name\":\"age\"", "\"name\":\"age\",\"base\":\"x\""),
        ("\"base\":false,\"values\":[true]", "\"base\":false,\"values\":[false]"),
        ("\"base\":false,\"values\":[true]", "\"base\":false,\"values\":[true,true]"),
        ("\"covariates\":[", "\"covariates\":[{\"name\":\"a\"},"),
        ("\"strata\":[{\"stratum\":\"a\"", "\"strata\":[{\"stratum\":\"c\""),
        ("\"strata\":[{\"stratum\":\"a\",", "\"strata\":[{"),
        ("\"strata\":[", "\"times\":[],\"strata\":["),
        ("\"strata\":[", "\"strata\":[],\"strata\":["),
        ("\"longest_duration\":", "\"longest_duration\":9"),
        ("\"stratum\":\"a\",\"longest_duration\":", "\"stratum\":\"a\",\"longest_duration\":-"),
    ] {
        let forged = text.replacen(from, to, 1);
        assert_ne!(forged, text, "{from}");
        assert!(read(&forged).is_err(), "{forged}");
    }
}

/// A concordance is there and its number, or neither: equal models have equal bytes.
#[test]
fn a_concordance_has_one_form() {
    let stored = bytes(&named_sample().fit(Global).unwrap());
    let forged = |flag: u8, at: usize, number: f64| {
        let mut forged = stored[..stored.len() - 8].to_vec();
        forged[5] = flag;
        forged[at..at + 8].copy_from_slice(&number.to_le_bytes());
        let checksum = xxhash_rust::xxh3::xxh3_64(&forged);
        forged.extend_from_slice(&checksum.to_le_bytes());
        Model::from_bytes(&forged, Global).is_ok()
    };
    // Version, members, events, covariates, times, the flag, then five numbers of which it is the last.
    let at = 6 + 4 * 8;
    assert_eq!(stored[5], 1);
    assert!(forged(1, at, 0.5) && forged(0, at, 0.0));
    assert!(!forged(0, at, 0.5) && !forged(0, at, -0.0) && !forged(2, at, 0.5));
}
