//! `churn_rows` and `churn_model`.

use crate::sealed;
use model_ground::host::{Global, Vec};
use model_kit::numeric::Wilson;
use model_prediction::churn_risk::{
    Action, ChurnModel, Language, Reasons, calibration, features_of, importance, lift, measures,
};
use model_prediction::drivers::drivers;
use model_prediction::records::Attributes;
use model_prediction::rules::{RulesQuestion, rules};
use model_prediction::sheet::Sheet;

/// Bytes of `churn_rows` without their checksum.
pub fn churn_rows(body: &[u8]) -> bool {
    let bytes = sealed(body);
    let Ok(sheet) = Sheet::from_bytes(&bytes, Global) else { return false };
    let mut again = Vec::new_in(Global);
    sheet.to_bytes(&mut again).expect("room for it");
    assert_eq!(again[..], bytes[..], "the bytes are others");
    sheet.texts().for_each(drop);
    let _ = rules(&sheet, &RulesQuestion { depth: 2, min_members: 1, confidence: 0.95 });
    let _ = drivers(&sheet, 0.95);
    true
}

/// The text of a `churn_model`.
pub fn churn_model(text: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(text) else { return false };
    let Ok(model) = ChurnModel::parse(text) else { return false };
    let again = model.text();
    assert_eq!(
        ChurnModel::parse(&again).expect("its own text is good").text(),
        again,
        "the text is another"
    );
    measures(&model);
    calibration(&model, &Wilson::new(0.95).expect("a confidence"));
    lift(&model, Some(Action { value: 100.0, cost: 5.0, saved: 0.1 }));
    importance(&model);
    for x in [0.0, 1.0, -3.5, 1e300, f64::NAN] {
        let member = vec![x; model.features.len()];
        assert!(!model.probability(&member).is_nan(), "no number");
        model.risk(&member, 1.96);
        for language in [Language::English, Language::Chinese] {
            Reasons::new(&model, 90).of(&member, 3, language);
        }
    }
    let _ = features_of(&model, Attributes::Numbers(&[1.0, 2.0]));
    true
}
