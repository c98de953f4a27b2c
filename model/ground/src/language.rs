//! The languages in which people are told things.

use crate::error::Error;

/// A language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// `en`
    English,
    /// `zh`
    Chinese,
}

impl Language {
    /// By its name.
    pub fn parse(name: &str) -> Result<Self, Error> {
        if name.eq_ignore_ascii_case("en") {
            Ok(Language::English)
        } else if name.eq_ignore_ascii_case("zh") {
            Ok(Language::Chinese)
        } else {
            Err(Error::unknown("language", name, "en, zh"))
        }
    }
}
