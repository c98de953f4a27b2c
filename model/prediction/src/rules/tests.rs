//! Against scikit-learn's tree, and rules read back.

use super::*;
use crate::host::{Global, testing::stops};
use crate::records::{Attribute, Attributes, Records};
use proptest::prelude::*;

fn asked(depth: i32, min_members: i32) -> RulesQuestion {
    RulesQuestion { depth, min_members, confidence: 0.95 }
}

/// tests/data/rules.py makes the same rows.
fn judged() -> Sheet<Global> {
    let mut records = Records::new(Global);
    for i in 0..4_000u32 {
        let x = [i * 7 % 101, i * 13 % 59, i * i % 47].map(f64::from);
        let base = if x[0] > 60.0 { 2.0 } else { -1.5 }
            + if x[0] <= 60.0 && x[1] > 40.0 { 2.5 } else { 0.0 };
        let odds: f64 = base + 0.02 * x[2];
        let churned = f64::from(i * 7919 % 1000) < (1000.0 / (1.0 + (-odds).exp())).floor();
        records.push(format!("m{i}").as_bytes(), None, churned, Attributes::Numbers(&x)).unwrap();
    }
    Sheet::of(records).unwrap()
}

#[test]
fn the_tree_is_scikit_learns() {
    let found = rules(&judged(), &asked(3, 50)).unwrap();
    let counts: std::vec::Vec<(u64, u64)> =
        found.iter().map(|rule| (rule.members, rule.churned)).collect();
    let leaves = [
        (114, 106),
        (98, 90),
        (145, 131),
        (448, 404),
        (159, 133),
        (223, 170),
        (104, 41),
        (726, 176),
    ];
    assert_eq!(counts, leaves, "{found:#?}");
    assert!(
        found[0].lift.unwrap() > 1.0 && found[0].rate.unwrap().low < found[0].rate.unwrap().value
    );
    let shares: f64 = found.iter().filter_map(|rule| rule.share_of_churn).sum();
    assert!((shares - 1.0).abs() < 1e-12);
}

#[test]
fn rules_are_conditions() {
    let mut records = Records::new(Global);
    for i in 0..3_000u32 {
        let plan = ["ba'sic", "gold", "free"][(i % 3) as usize];
        let age =
            if i % 10 == 0 { Attribute::Null } else { Attribute::Number(f64::from(i * 17 % 71)) };
        let named: [(&[u8], Attribute<'_>); 3] = [
            (b"Plan", Attribute::Text(plan.as_bytes())),
            (b"age", age),
            (b"user", Attribute::Flag(i % 2 == 0)),
        ];
        let churned = (i % 3 == 0 && i % 2 == 0) || i % 10 == 0;
        records.push(i.to_string().as_bytes(), None, churned, Attributes::Named(&named)).unwrap();
    }
    let sheet = Sheet::of(records).unwrap();
    let found = rules(&sheet, &asked(4, 20)).unwrap();
    let texts: std::vec::Vec<&str> = found.iter().map(|rule| rule.rule.as_str()).collect();
    assert!(texts.iter().any(|text| text.contains("\"Plan\" = 'ba''sic'")), "{texts:?}");
    assert!(texts.iter().any(|text| text.contains("NOT \"user\"")), "{texts:?}");
    assert!(texts.iter().any(|text| text.contains("OR age IS NULL)")), "{texts:?}");
    let all: u64 = found.iter().map(|rule| rule.members).sum();
    assert_eq!(all, (0..3_000).filter(|row| !sheet.grows(*row)).count() as u64);
    // The bytes are the rows.
    let mut bytes = Vec::new_in(Global);
    sheet.to_bytes(&mut bytes).unwrap();
    let read = Sheet::from_bytes(&bytes, Global).unwrap();
    assert_eq!(rules(&read, &asked(4, 20)).unwrap(), found);
    let mut again = Vec::new_in(Global);
    read.to_bytes(&mut again).unwrap();
    assert_eq!(bytes, again);
}

#[test]
fn little_has_one_rule_and_wrong_questions_an_error() {
    let mut records = Records::new(Global);
    records.push(b"1", None, true, Attributes::Numbers(&[1.0])).unwrap();
    let sheet = Sheet::of(records).unwrap();
    let found = rules(&sheet, &asked(3, 50)).unwrap();
    assert_eq!((found.len(), found[0].rule.as_str()), (1, "true"));
    assert!(rules(&sheet, &asked(0, 50)).is_err() && rules(&sheet, &asked(3, 0)).is_err());
    assert!(rules(&Sheet::of(Records::new(Global)).unwrap(), &asked(3, 50)).unwrap().is_empty());
    let sheet = judged();
    assert!(stops(|| rules(&sheet, &asked(3, 50))));
}

proptest! {
    #[test]
    fn forged_bytes_are_refused_or_answer(place in 0..400usize, value: u8) {
        let mut records = Records::new(Global);
        for i in 0..20u32 {
            let named: [(&[u8], Attribute<'_>); 3] = [
                (b"a", Attribute::Number(f64::from(i))), (b"b", Attribute::Text(if i % 2 == 0 { b"x" } else { b"y" })), (b"c", Attribute::Flag(i % 3 == 0)),
            ];
            records.push(i.to_string().as_bytes(), None, i % 4 == 0, Attributes::Named(&named)).unwrap();
        }
        let mut bytes = Vec::new_in(Global);
        Sheet::of(records).unwrap().to_bytes(&mut bytes).unwrap();
        let body = bytes.len() - 8;
        bytes[place % body] = value;
        let checksum = xxhash_rust::xxh3::xxh3_64(&bytes[..body]);
        bytes.truncate(body);
        bytes.extend_from_slice(&checksum.to_le_bytes());
        if let Ok(sheet) = Sheet::from_bytes(&bytes, Global) {
            prop_assert!(rules(&sheet, &asked(3, 2)).is_ok());
            prop_assert!(crate::drivers::drivers(&sheet, 0.95).is_ok());
            let mut again = Vec::new_in(Global);
            sheet.to_bytes(&mut again).unwrap();
        }
        for len in 0..bytes.len() {
            prop_assert!(Sheet::from_bytes(&bytes[..len], Global).is_err());
        }
    }
}
