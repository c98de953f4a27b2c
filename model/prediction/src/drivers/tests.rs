//! By hand, and against a two by two table.

use super::*;
use crate::host::{Global, testing::stops};
use crate::records::{Attribute, Attributes, Records};

fn sheet(rows: u32) -> Sheet<Global> {
    let mut records = Records::new(Global);
    for i in 0..rows {
        let plan: &[u8] = if i % 4 == 0 { b"basic" } else { b"gold" };
        let named: [(&[u8], Attribute<'_>); 4] = [
            (b"plan", Attribute::Text(plan)),
            // Says the same.
            (b"price", Attribute::Number(if i % 4 == 0 { 5.0 } else { 20.0 })),
            (b"noise", Attribute::Number(f64::from(i * 37 % 101))),
            (b"seen", if i % 10 == 0 { Attribute::Null } else { Attribute::Flag(i % 3 == 0) }),
        ];
        let churned = if i % 4 == 0 { i % 8 == 0 } else { i % 10 == 1 };
        records.push(i.to_string().as_bytes(), None, churned, Attributes::Named(&named)).unwrap();
    }
    Sheet::of(records).unwrap()
}

#[test]
fn values_are_counted_and_compared_to_the_rest() {
    let found = drivers(&sheet(4_000), 0.95).unwrap();
    let of = |attribute: &str, value: Option<&str>| {
        let is_it = |d: &&Driver| d.attribute == attribute && d.value.as_deref() == value;
        found
            .iter()
            .find(is_it)
            .unwrap_or_else(|| panic!("{attribute} {value:?} {found:#?}"))
            .clone()
    };
    let basic = of("plan", Some("basic"));
    assert_eq!((basic.members, basic.churned), (1_000, 500));
    let gold = of("plan", Some("gold"));
    let expected = 0.5 / (gold.churned as f64 / 3_000.0);
    assert!((basic.ratio.unwrap().value - expected).abs() < 1e-12);
    assert!(basic.q_value.unwrap() < 1e-12);
    // The deviance that two groups explain is known.
    let part = |n: f64, x: f64| x * (n / x).ln() + (n - x) * (n / (n - x)).ln();
    let (x, y) = (basic.churned as f64, gold.churned as f64);
    let none = part(4_000.0, x + y);
    let alone = (none - part(1_000.0, x) - part(3_000.0, y)) / none;
    assert!((basic.explains_alone - alone).abs() < 1e-4, "{} {alone}", basic.explains_alone);
    // The price says the same, so that neither adds to the other; noise says nothing.
    assert!(basic.explains_given_others < 1e-3, "{}", basic.explains_given_others);
    assert!((of("price", Some("up to 5")).explains_alone - alone).abs() < 1e-4);
    assert!(of("noise", Some("up to 20")).explains_alone < 0.01);
    assert_eq!(of("seen", None).members, 400);
    let members: u64 = found.iter().filter(|d| d.attribute == "noise").map(|d| d.members).sum();
    assert_eq!(members, 4_000);
    assert_eq!(found.iter().filter(|d| d.attribute == "noise").count(), 5);
}

#[test]
fn edges() {
    assert!(drivers(&Sheet::of(Records::new(Global)).unwrap(), 0.95).unwrap().is_empty());
    assert!(drivers(&sheet(100), 95.0).is_err());
    // Nobody left.
    let mut records = Records::new(Global);
    (0..50).for_each(|i: u32| {
        records
            .push(i.to_string().as_bytes(), None, false, Attributes::Numbers(&[f64::from(i)]))
            .unwrap()
    });
    let found = drivers(&Sheet::of(records).unwrap(), 0.95).unwrap();
    assert!(found.iter().all(|d| d.churned == 0 && d.explains_given_others < 1e-6));
    // Ten thousand categories.
    let mut records = Records::new(Global);
    for i in 0..10_000u32 {
        let name = format!("c{i}");
        let named: [(&[u8], Attribute<'_>); 1] = [(b"id", Attribute::Text(name.as_bytes()))];
        records.push(name.as_bytes(), None, i % 3 == 0, Attributes::Named(&named)).unwrap();
    }
    let found = drivers(&Sheet::of(records).unwrap(), 0.95).unwrap();
    assert_eq!(found.len(), 21);
    assert!(found.iter().any(|d| d.value.as_deref() == Some("9980 others") && d.members == 9_980));
    let many = sheet(20_000);
    assert!(stops(|| drivers(&many, 0.95)));
}
