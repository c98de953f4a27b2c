//! Small JSON documents that users write: read strictly, with errors that name the place and say what
//! may stand there.

pub use crate::error::shorten;
use crate::error::{Error, without_middle};
use serde::Deserialize;
use serde::de::{
    DeserializeOwned, Deserializer, IgnoredAny, MapAccess, Visitor, value::MapAccessDeserializer,
};
use serde_json::error::Category;
use serde_json::value::RawValue;
use serde_path_to_error::Segment;
use std::fmt::{self, Write};
use std::marker::PhantomData;

/// What reading makes of a document is not in the host's memory, so documents are small.
const MAX_BYTES: usize = 1 << 18;

/// A kind of document.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// What errors call it, such as "the segment map".
    pub what: &'static str,
    /// How one looks.
    pub hint: &'static str,
}

/// A step on the way from a document to one of its values.
#[derive(Debug, Clone, Copy)]
pub enum Step<'a> {
    /// To the value of a key.
    Key(&'a str),
    /// To the element of a list that is at this place, counted from 1.
    Place(usize),
}

impl fmt::Display for Step<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Key(key) => write!(f, "\"{}\"", shorten(key)),
            Step::Place(place) => write!(f, "{place}"),
        }
    }
}

impl Kind {
    /// Reads a document of this kind.
    pub fn read<T: DeserializeOwned>(&self, text: &str) -> Result<T, Error> {
        if text.len() > MAX_BYTES {
            let hint = "256 kB of JSON are enough for any rules.";
            return Err(Error::TooLarge { what: self.what, hint });
        }
        read(text).map_err(|fault| match fault {
            Fault::NoJson(why) => Error::BadJson { what: self.what, why },
            Fault::At(way, why) if way.is_empty() => {
                self.error(format_args!("{}: {why}", self.what))
            }
            Fault::At(way, why) => self.error(format_args!("{}, {way}: {why}", self.what)),
        })
    }

    /// An error about a value that has been read.
    pub fn wrong(&self, way: &[Step<'_>], why: impl fmt::Display) -> Error {
        let mut message = self.what.to_string();
        for step in way {
            let _ = write!(message, ", {step}");
        }
        self.error(format_args!("{message}: {why}"))
    }

    fn error(&self, message: fmt::Arguments<'_>) -> Error {
        Error::bad(message.to_string(), self.hint)
    }
}

/// Why a text could not be read.
#[derive(Debug)]
pub enum Fault {
    /// It is not JSON.
    NoJson(String),
    /// Something else should stand there: the way to it, empty for the document itself, and why.
    At(String, String),
}

/// Reads a text.
pub fn read<T: DeserializeOwned>(text: &str) -> Result<T, Fault> {
    let no_json = |error: &serde_json::Error| Fault::NoJson(error.to_string());
    // That there is no end to it is worse than what stands before.
    serde_json::from_str::<IgnoredAny>(text).map_err(|error| no_json(&error))?;
    serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_str(text)).map_err(
        |error: serde_path_to_error::Error<serde_json::Error>| {
            let (steps, error) = (error.path().iter(), error.inner());
            if error.classify() != Category::Data {
                return no_json(error);
            }
            let steps = steps.filter_map(|step| match step {
                Segment::Seq { index } => Some(Step::Place(index + 1).to_string()),
                Segment::Map { key } => Some(Step::Key(key).to_string()),
                Segment::Enum { .. } | Segment::Unknown => None,
            });
            let way = steps.collect::<Vec<String>>().join(", ");
            Fault::At(way, without_middle(&without_position(error), 200))
        },
    )
}

/// A finite number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Number(pub f64);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Numbers;
        impl Visitor<'_> for Numbers {
            type Value = Number;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number")
            }

            fn visit_f64<E>(self, number: f64) -> Result<Number, E> {
                Ok(Number(number))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Number, E> {
                Ok(Number(number as f64))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Number, E> {
                Ok(Number(number as f64))
            }
        }
        deserializer.deserialize_f64(Numbers)
    }
}

/// What an error says, without where it was: the way says that; a line and a column do not, if the text was
/// not the user's.
fn without_position(error: &serde_json::Error) -> String {
    let position = format!(" at line {} column {}", error.line(), error.column());
    let why = error.to_string();
    why.strip_suffix(&position).unwrap_or(&why).to_string()
}

/// A number as it is written, to the last digit: a double has about sixteen of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digits(pub String);

impl<'de> Deserialize<'de> for Digits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        match serde_json::from_str::<Number>(raw.get()) {
            Ok(_) => Ok(Digits(raw.get().to_string())),
            Err(error) => Err(serde::de::Error::custom(without_position(&error))),
        }
    }
}

/// A text that is not empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text(pub String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Texts;
        impl Visitor<'_> for Texts {
            type Value = Text;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Text, E> {
                match text {
                    "" => Err(E::custom("an empty text")),
                    _ if text.contains('\0') => Err(E::custom("a text with a zero in it")),
                    _ => Ok(Text(text.to_string())),
                }
            }
        }
        deserializer.deserialize_str(Texts)
    }
}

/// What is made of an object and of nothing else: a derived `Deserialize` would take a list of the values of its fields too.
#[derive(Debug, Clone, PartialEq)]
pub struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Objects<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Objects<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }
        deserializer.deserialize_map(Objects(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: Kind = Kind { what: "the list", hint: "Write another." };

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        a: Vec<Object<Inner>>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        b: Number,
        c: Option<Text>,
    }

    #[test]
    fn what_is_right_is_read() {
        let Object(Outer { a }) =
            LIST.read(r#"{"a": [{"b": 1}, {"c": "x", "b": 2.5e0}, {"b": 3, "c": null}]}"#).unwrap();
        let read: Vec<_> =
            a.into_iter().map(|Object(Inner { b, c })| (b.0, c.map(|c| c.0))).collect();
        assert_eq!(read, [(1.0, None), (2.5, Some("x".to_string())), (3.0, None)]);
    }

    #[test]
    fn errors_name_the_place_and_what_is_allowed() {
        let long = "y".repeat(1000);
        for (text, message) in [
            (r#"[]"#, "the list: invalid type: sequence, expected an object"),
            (r#"{}"#, "the list: missing field `a`"),
            (r#"{"a": [], "d": 1}"#, "the list, \"d\": unknown field `d`, expected `a`"),
            (
                r#"{"a": [{"b": 1}, 7]}"#,
                "the list, \"a\", 2: invalid type: integer `7`, expected an object",
            ),
            (
                r#"{"a": [{"b": 1}, [7]]}"#,
                "the list, \"a\", 2: invalid type: sequence, expected an object",
            ),
            (
                r#"{"a": [{"b": 1}, {"b": "x"}]}"#,
                "the list, \"a\", 2, \"b\": invalid type: string \"x\", expected a number",
            ),
            (r#"{"a": [{"b": 1, "c": ""}]}"#, "the list, \"a\", 1, \"c\": an empty text"),
            (
                r#"{"a": [{"b": 1, "c": "\u0000"}]}"#,
                "the list, \"a\", 1, \"c\": a text with a zero in it",
            ),
            (
                r#"{"a": [{"b": 1, "d": 1}]}"#,
                "the list, \"a\", 1, \"d\": unknown field `d`, expected `b` or `c`",
            ),
            (r#"{"a": [{"b": 1, "b": 1}]}"#, "the list, \"a\", 1: duplicate field `b`"),
        ] {
            let error = LIST.read::<Object<Outer>>(text).unwrap_err();
            assert_eq!(error.to_string(), message);
            assert_eq!(error.hint().as_deref(), Some("Write another."));
        }
        let error =
            LIST.read::<Object<Inner>>(&format!(r#"{{"b": "{long}"}}"#)).unwrap_err().to_string();
        assert!(error.len() < 500 && error.ends_with("yyy\", expected a number"), "{error}");
        let way = [Step::Key("a"), Step::Place(2)];
        assert_eq!(LIST.wrong(&way, "too many").to_string(), "the list, \"a\", 2: too many");
    }

    #[test]
    fn digits_are_all_kept() {
        #[derive(Debug, Deserialize)]
        struct Outer {
            a: Vec<Object<Exact>>,
        }
        #[derive(Debug, Deserialize)]
        struct Exact {
            b: Digits,
        }
        let text =
            r#"{"a": [{"b": 9007199254740993}, {"b": -0.30000000000000000001e2}, {"b": 1}]}"#;
        let Object(Outer { a }) = LIST.read(text).unwrap();
        let read: Vec<_> = a.into_iter().map(|Object(Exact { b: Digits(text) })| text).collect();
        assert_eq!(read, ["9007199254740993", "-0.30000000000000000001e2", "1"]);
        for (text, message) in [
            (
                r#"{"a": [{"b": 1}, {"b": "2"}]}"#,
                "the list, \"a\", 2, \"b\": invalid type: string \"2\", expected a number",
            ),
            (
                r#"{"a": [{"b": [1]}]}"#,
                "the list, \"a\", 1, \"b\": invalid type: sequence, expected a number",
            ),
            (r#"{"a": [{"b": 1e999}]}"#, "the list, \"a\", 1, \"b\": number out of range"),
            (r#"{"a": [{}]}"#, "the list, \"a\", 1: missing field `b`"),
        ] {
            assert_eq!(LIST.read::<Object<Outer>>(text).unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for text in
            ["", "{", "[1,]", "{\"a\": NaN}", "\u{0}", "{} {}", "1e999", &"[".repeat(100_000)]
        {
            let read = LIST.read::<Number>(text);
            assert!(matches!(read, Err(Error::BadJson { .. })), "{text}");
        }
        let long = " ".repeat(MAX_BYTES + 1);
        assert!(matches!(LIST.read::<Number>(&long), Err(Error::TooLarge { .. })));
    }

    /// Cut points go out as text and come back as the same numbers.
    #[test]
    fn numbers_come_back_to_the_last_bit() {
        let mut number = 1.0f64;
        for i in 1..20_000 {
            number = f64::from_bits(number.to_bits().wrapping_mul(6_364_136_223_846_793_005) + i);
            if number.is_finite() {
                let text = serde_json::to_string(&number).unwrap();
                let Number(read) = LIST.read(&text).unwrap();
                assert_eq!(read.to_bits(), number.to_bits(), "{text}");
            }
        }
    }
}
