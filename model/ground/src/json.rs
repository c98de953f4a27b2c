//! Small JSON documents that users write: read strictly, with errors that name the place.

use crate::error::Error;
use serde_json::{Map, Value};

/// What parsing makes of a document is not in the host's memory, so documents are small.
const MAX_BYTES: usize = 1 << 18;

/// Reads a document. `what` names it in errors, such as "the segment map".
pub fn parse(what: &'static str, text: &str) -> Result<Value, Error> {
    if text.len() > MAX_BYTES {
        return Err(Error::TooLarge { what, hint: "256 kB of JSON are enough for any rules." });
    }
    serde_json::from_str(text).map_err(|error| Error::BadJson { what, why: error.to_string() })
}

/// A value of a document, and the way to it.
pub struct Node<'v> {
    /// The value itself.
    pub value: &'v Value,
    path: String,
    hint: &'static str,
}

impl<'v> Node<'v> {
    /// The whole document. `hint` says in errors how one looks.
    pub fn root(value: &'v Value, what: &str, hint: &'static str) -> Self {
        Node { value, path: what.to_string(), hint }
    }

    /// An error about this value: its path, and what should be there.
    pub fn wrong(&self, why: impl std::fmt::Display) -> Error {
        Error::bad(format!("{}: {why}", self.path), self.hint)
    }

    fn at(&self, value: &'v Value, key: impl std::fmt::Display) -> Self {
        Node { value, path: format!("{}, {key}", self.path), hint: self.hint }
    }

    /// An object with no other keys than these.
    pub fn object(&self, keys: &[&str]) -> Result<Object<'_, 'v>, Error> {
        let Value::Object(map) = self.value else {
            return Err(self.wrong("not an object"));
        };
        match map.keys().find(|key| !keys.contains(&key.as_str())) {
            Some(key) => Err(self.wrong(format!("unknown key \"{}\"", shorten(key)))),
            None => Ok(Object { node: self, map }),
        }
    }

    /// The elements of a list.
    pub fn list(&self) -> Result<impl Iterator<Item = Node<'v>>, Error> {
        let Value::Array(list) = self.value else {
            return Err(self.wrong("not a list"));
        };
        Ok(list.iter().zip(1..).map(|(value, place)| self.at(value, place)))
    }

    /// A finite number.
    pub fn number(&self) -> Result<f64, Error> {
        let number = self.value.as_f64().filter(|number| number.is_finite());
        number.ok_or_else(|| self.wrong("not a number"))
    }

    /// A text that is not empty.
    pub fn text(&self) -> Result<&'v str, Error> {
        match self.value.as_str() {
            Some("") => Err(self.wrong("an empty text")),
            Some(text) if text.contains('\0') => Err(self.wrong("a text with a zero in it")),
            Some(text) => Ok(text),
            None => Err(self.wrong("not a text")),
        }
    }
}

/// An object and the way to it.
pub struct Object<'n, 'v> {
    node: &'n Node<'v>,
    map: &'v Map<String, Value>,
}

impl<'v> Object<'_, 'v> {
    /// The value of a key; none if it is missing or null.
    pub fn get(&self, key: &str) -> Option<Node<'v>> {
        let value = self.map.get(key).filter(|value| !value.is_null())?;
        Some(self.node.at(value, format_args!("\"{key}\"")))
    }

    /// The value of a key that must be there.
    pub fn need(&self, key: &str) -> Result<Node<'v>, Error> {
        self.get(key).ok_or_else(|| self.node.wrong(format!("no \"{key}\"")))
    }
}

/// The begin of a text, for an error.
pub fn shorten(text: &str) -> String {
    const MOST: usize = 60;
    if text.chars().count() <= MOST {
        return text.to_string();
    }
    text.chars().take(MOST).chain("…".chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_the_place() {
        let value = parse("the list", r#"{"a": [1, {"b": "x"}]}"#).unwrap();
        let root = Node::root(&value, "the list", "Write another.");
        let object = root.object(&["a"]).unwrap();
        let list = object.need("a").unwrap();
        let second = list.list().unwrap().nth(1).unwrap();
        let error = second.object(&["b"]).unwrap().need("b").unwrap().number().unwrap_err();
        assert_eq!(error.to_string(), "the list, \"a\", 2, \"b\": not a number");
        assert!(root.object(&["c"]).is_err() && object.need("c").is_err() && list.text().is_err());
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for text in ["", "{", "[1,]", "{\"a\": NaN}", "\u{0}", "{} {}", &"[".repeat(100_000)] {
            assert!(matches!(parse("it", text), Err(Error::BadJson { .. })));
        }
        let long = " ".repeat(MAX_BYTES + 1);
        assert!(matches!(parse("it", &long), Err(Error::TooLarge { .. })));
    }

    /// Cut points go out as text and come back as the same numbers.
    #[test]
    fn numbers_come_back_to_the_last_bit() {
        let mut number = 1.0f64;
        for i in 1..20_000 {
            number = f64::from_bits(number.to_bits().wrapping_mul(6_364_136_223_846_793_005) + i);
            if number.is_finite() {
                let text = serde_json::to_string(&number).unwrap();
                let value = parse("it", &text).unwrap();
                assert_eq!(value.as_f64().map(f64::to_bits), Some(number.to_bits()), "{text}");
            }
        }
    }
}
