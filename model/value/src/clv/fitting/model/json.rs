//! What the JSON of a model looks like.

use crate::error::Error;
use serde::de::{MapAccess, Visitor as DeVisitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Numbers with their names, in their order.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Named(pub(super) Vec<(String, f64)>);

impl Serialize for Named {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            // 3.0 as 3
            if value.fract() == 0.0 && value.abs() < 1e15 {
                map.serialize_entry(name, &(*value as i64))?;
            } else {
                map.serialize_entry(name, value)?;
            }
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Named {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> DeVisitor<'de> for Reader {
            type Value = Named;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object of numbers")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Named, A::Error> {
                let mut named = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    named.push(entry);
                }
                Ok(Named(named))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

/// What the JSON of a fit looks like, for purchases and for spend.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with the keys of a clv_model")]
pub(super) struct FitJson {
    /// Of the whole: what a fit writes has one, what people write and what 0.1.0 wrote has none, and is of the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) version: Option<u32>,
    pub(super) model: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) parameters: Option<Named>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) log_likelihood: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) std_errors: Option<Named>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) covariance: Option<Vec<Vec<f64>>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) customers: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) repeat_purchases: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) excluded: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) frequency_correlation: Option<f64>,
    #[serde(default = "yes")]
    pub(super) converged: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) advice: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) bic: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) aic: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) unit: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) as_of: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) spend: Option<Box<FitJson>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) candidates: Option<Vec<FitJson>>,
}

fn yes() -> bool {
    true
}

/// The version of the form that is written.
pub(super) const VERSION: u32 = 1;
/// Longest text that is read: a model with every candidate has some thousand bytes.
const MOST_BYTES: usize = 1 << 18;
/// The name of the model of spend.
pub(super) const GAMMA_GAMMA: &str = "gamma-gamma";

/// The text of a model.
pub(super) fn write(json: &FitJson) -> String {
    serde_json::to_string(json).unwrap_or_default()
}

/// An error of a text.
pub(super) fn wrong(message: String) -> Error {
    Error::BadModel(message)
}

/// What a text says, if it is one of a model.
pub(super) fn read(text: &str) -> Result<FitJson, Error> {
    if text.len() > MOST_BYTES {
        return Err(Error::TooLarge {
            what: "the text of a clv_model",
            hint: "A model has some thousand bytes: look at what is being read.",
        });
    }
    let json: FitJson = serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
    match json.version {
        None | Some(VERSION) => Ok(json),
        Some(version) => Err(wrong(format!("version {version} is not known here"))),
    }
}
