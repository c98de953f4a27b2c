//! Documents that people may write by hand: fitted models, segment maps, cut points, tiers.

use model_ground::host::Global;
use model_value::clv::{Customer, ScoreQuestion, diagnostics, model, scalar};
use model_value::rfm::{Map, Scale};
use model_value::tiers::Rules;

const CUSTOMERS: [Customer; 3] = [
    Customer::NEW,
    Customer { x: 0.0, t_x: 0.0, age: 30.0 },
    Customer { x: 7.0, t_x: 20.5, age: 31.0 },
];

/// The text of a `clv_model`.
pub fn clv_model(text: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(text) else { return false };
    let canonical = model::canonical(text);
    if let Ok(canonical) = &canonical {
        let again = model::canonical(canonical).expect("its own text is good");
        assert_eq!(again, *canonical, "the text is another");
        let _ = diagnostics::rows(canonical, 0.95);
    }
    let Ok(model) = model::parse(text) else { return canonical.is_ok() };
    assert!(canonical.is_ok(), "asked, and not stored");
    for customer in CUSTOMERS {
        let _ = scalar::p_alive(&model, customer, 0.0);
        let _ = scalar::p_alive(&model, customer, 30.0);
        let _ = scalar::expected_purchases(&model, customer, 365.0);
        let _ = scalar::purchases_distribution(&model, customer, 90.0, 2);
        let question =
            ScoreQuestion { horizon: Some(365.0), discount: 0.1, margin: 0.5, confidence: None };
        let _ = scalar::value(&model, customer, Some(20.0), &question);
    }
    let _ = scalar::mean_spend(&model, 3.0, Some(20.0));
    true
}

/// The text of a segment map, after a byte for the number of bins.
pub fn segment_map(bytes: &[u8]) -> bool {
    let Some((bins, text)) = bytes.split_first() else { return false };
    let Ok(text) = std::str::from_utf8(text) else { return false };
    let bins = 2 + usize::from(bins % 9);
    let Ok(map) = Map::parse(text, bins) else { return false };
    for fault in map.faults(bins, Global).take(20) {
        assert_ne!(fault.claims.len(), 1, "a cell with one segment is no fault");
    }
    true
}

/// The text of cut points.
pub fn cut_points(text: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(text) else { return false };
    let Ok(scale) = Scale::parse(text) else { return false };
    let json = scale.to_json();
    let again = Scale::parse(&json).expect("its own text is good");
    assert_eq!(again.to_json(), json, "the text is another");
    for (recency, frequency, monetary) in
        [(0.0, 1.0, None), (f64::MAX, f64::MIN_POSITIVE, Some(f64::MIN)), (12.0, 3.0, Some(99.5))]
    {
        scale.score(recency, frequency, monetary);
    }
    true
}

/// The text of the rules of tiers.
pub fn tier_rules(text: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(text) else { return false };
    Rules::parse(text).is_ok()
}
