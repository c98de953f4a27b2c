//! Fields and arrays of the text form.

use crate::host::{Host, Pace, Vec};
use serde::Deserializer;
use serde::de::{DeserializeSeed, SeqAccess, Visitor};
use std::fmt;

/// Takes a field, which may be there once.
pub(super) fn set<T, E: serde::de::Error>(place: &mut Option<T>, value: T) -> Result<(), E> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(E::custom("a field is there twice")),
    }
}

/// A field that must be there.
pub(super) fn get<T, E: serde::de::Error>(place: Option<T>, name: &'static str) -> Result<T, E> {
    place.ok_or_else(|| E::missing_field(name))
}

/// An array of numbers, added to those that are there.
pub(super) struct Numbers<'v, H: Host>(pub(super) &'v mut Vec<f64, H>);

impl<'de, H: Host> DeserializeSeed<'de> for Numbers<'_, H> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, H: Host> Visitor<'de> for Numbers<'_, H> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of numbers")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let host = self.0.allocator().clone();
        let mut pace = Pace::new(&host);
        while let Some(value) = seq.next_element()? {
            pace.step(16);
            self.0.push(value);
        }
        Ok(())
    }
}
