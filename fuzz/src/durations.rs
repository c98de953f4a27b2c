//! `survival_data`, `logrank_data`, `cox_model`.

use crate::sealed;
use model_ground::error::Error;
use model_ground::host::{Global, Vec};
use model_retention::cox::{Model, Stored, Value};
use model_retention::survival::{Groups, Observations};

/// The names that a database with the encoding UTF8 takes.
fn name(name: &[u8]) -> Result<(), Error> {
    match std::str::from_utf8(name) {
        Ok(name) if !name.contains('\0') => Ok(()),
        _ => Err(Error::Malformed("a name is no text")),
    }
}

/// Bytes of `survival_data` without their checksum.
pub fn survival_data(body: &[u8]) -> bool {
    let bytes = sealed(body);
    let Ok(mut data) = Observations::from_bytes_checked(&bytes, Global, name) else { return false };
    let mut again = Vec::new_in(Global);
    data.to_bytes(&mut again).expect("room for it");
    assert_eq!(again[..], bytes[..], "the bytes are others");
    if data.merge_bytes(&bytes).is_ok() {
        let mut twice = Vec::new_in(Global);
        if data.to_bytes(&mut twice).is_ok() {
            Observations::from_bytes(&twice, Global).expect("its own bytes are good");
        }
    }
    let data = || Observations::from_bytes(&bytes, Global).expect("read once already");
    let _ = crate::events::risk(&data().risk_table());
    if let Ok(incidences) = data().incidences(0.95) {
        for (cause, _) in incidences.causes() {
            incidences.steps(cause).for_each(drop);
        }
    }
    true
}

/// Bytes of `logrank_data` without their checksum.
pub fn logrank_data(body: &[u8]) -> bool {
    let bytes = sealed(body);
    let Ok(mut groups) = Groups::from_bytes(&bytes, Global, name) else { return false };
    let mut again = Vec::new_in(Global);
    groups.to_bytes(&mut again).expect("room for it");
    assert_eq!(again[..], bytes[..], "the bytes are others");
    if let Ok(comparison) = groups.compare(0.0) {
        comparison.outcome();
        comparison.groups().for_each(drop);
    }
    let _ = groups.compare(1.0);
    true
}

/// Bytes of a `cox_model` without their checksum.
pub fn cox_model(body: &[u8]) -> bool {
    let bytes = sealed(body);
    if let Ok(stored) = Stored::parse(&bytes) {
        // As they lie in a table, unchecked.
        let _ = stored.survival_at(&[0.5], 3.0);
        let of_name = [(&b"age"[..], Value::Number(40.0)), (b"plan", Value::Text(b"pro"))];
        let _ = stored.survival_of(&of_name, 3.0, Some(b"north"), &Global);
    }
    let Ok(model) = Model::from_foreign_bytes(&bytes, Global, name) else { return false };
    let mut again = Vec::new_in(Global);
    model.to_bytes(&mut again);
    assert_eq!(again[..], bytes[..], "the bytes are others");
    ask(&model);
    // What one input takes, the other takes: a text dump restores.
    let mut text = Vec::new_in(Global);
    model.to_json(&mut text).expect("it can be written");
    let read = Model::from_json(&text, Global).expect("its own text is good");
    let mut of_text = Vec::new_in(Global);
    read.to_bytes(&mut of_text);
    assert_eq!(of_text[..], bytes[..], "the text is of another model");
    true
}

/// The text of a `cox_model`.
pub fn cox_json(text: &[u8]) -> bool {
    let Ok(model) = Model::from_json(text, Global) else { return false };
    ask(&model);
    let mut bytes = Vec::new_in(Global);
    model.to_bytes(&mut bytes);
    let stored = Model::from_foreign_bytes(&bytes, Global, name);
    assert!(stored.is_ok(), "a text is taken, its bytes are not: {:?}", stored.err());
    true
}

fn ask(model: &Model<Global>) {
    model.tests();
    model.aic();
    let asked = || -> Result<(), Error> {
        model.coefficients(0.95)?.for_each(drop);
        Ok(())
    };
    asked().expect("a good confidence");
}
