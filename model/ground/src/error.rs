//! What can go wrong. The extension gives each kind its SQLSTATE; the texts are written here once.

use std::fmt;

/// An error that a user can act on: [`fmt::Display`] is the message, [`Error::hint`] what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// A word that is not one of a list: a grain, a period, a mode.
    UnknownName {
        /// What the word should name.
        what: &'static str,
        /// What was given.
        given: String,
        /// The words that are known.
        valid: &'static str,
    },
    /// An argument outside its range.
    BadArgument {
        /// The message.
        message: String,
        /// What to do.
        hint: &'static str,
    },
    /// An argument that says nothing, or something else than was probably meant.
    Miswritten {
        /// The message.
        message: String,
        /// What to type.
        hint: String,
    },
    /// Text that is no JSON.
    BadJson {
        /// What it should be.
        what: &'static str,
        /// What is wrong with it, and where.
        why: String,
    },
    /// Two histories that do not go together: other grain or zone.
    Mismatch {
        /// What differs.
        what: &'static str,
        /// Of the first.
        left: String,
        /// Of the second.
        right: String,
        /// What to do.
        hint: &'static str,
    },
    /// Members of another type than expected.
    MemberType {
        /// The type found.
        found: &'static str,
        /// The type asked for.
        asked: &'static str,
    },
    /// A number without a place on the scale of amounts, or a sum that leaves it.
    AmountOutOfRange {
        /// The amount as given, or what it is the sum of.
        given: String,
    },
    /// A time that is no point on the calendar, or a result beyond the dates of PostgreSQL.
    TimeOutOfRange {
        /// The time as given.
        given: String,
    },
    /// Bytes that are no history.
    Malformed(&'static str),
    /// A text that is no model.
    BadModel(String),
    /// A fit that found nothing to answer with.
    NotConverged {
        /// What was fitted.
        what: &'static str,
        /// Why there is no estimate.
        reason: String,
        /// What to do.
        advice: String,
    },
    /// Malformed text or bytes of a type other than history.
    MalformedValue {
        /// The type.
        of: &'static str,
        /// What is wrong.
        why: String,
    },
    /// A text where a value made by an aggregate is expected, such as the name of a table.
    NotAValue {
        /// The type.
        of: &'static str,
        /// The text.
        given: String,
        /// How such a value is made from a table, whose name stands as TABLE.
        made: &'static str,
    },
    /// A number that is not finite, or not in its range.
    OutOfRange {
        /// What it is.
        what: &'static str,
        /// As given.
        given: String,
        /// What to do.
        hint: &'static str,
    },
    /// A history or result that grew over its limit.
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// How to make it smaller.
        hint: &'static str,
    },
}

impl Error {
    /// An argument outside its range, and what to do about it.
    pub fn bad(message: impl Into<String>, hint: &'static str) -> Self {
        Error::BadArgument { message: message.into(), hint }
    }

    /// A word that is not one of a list.
    pub fn unknown(what: &'static str, given: &str, valid: &'static str) -> Self {
        Error::UnknownName { what, given: shorten(given), valid }
    }

    /// What the user can do about it, as a sentence.
    pub fn hint(&self) -> Option<String> {
        match self {
            Error::UnknownName { valid, .. } => Some(format!("Valid values: {valid}.")),
            Error::BadArgument { hint, .. }
            | Error::Mismatch { hint, .. }
            | Error::OutOfRange { hint, .. }
            | Error::TooLarge { hint, .. } => Some((*hint).to_string()),
            Error::Miswritten { hint, .. } => Some(hint.clone()),
            Error::MemberType { found, .. } => {
                Some(format!("The members of this history are of type {found}."))
            }
            Error::AmountOutOfRange { .. } => Some(
                "Amounts are kept with six decimals in 64 bits: finite, and less than \
                 9,223,372,036,854 either side of zero, each and summed by member and tick."
                    .to_string(),
            ),
            Error::TimeOutOfRange { .. } => Some(
                "Times are finite, from 4714-11-24 BC to the year 294276: leave other rows out \
                     with FILTER or WHERE."
                    .to_string(),
            ),
            Error::NotConverged { advice, .. } => Some(advice.clone()),
            Error::BadModel(_) => Some(
                "A clv_model is the JSON that clv_fit returns: model and parameters at least, such as \
                 {\"model\": \"nbd\", \"parameters\": {\"r\": 0.4, \"alpha\": 12}}."
                    .to_string(),
            ),
            Error::NotAValue { of, given, made } => {
                Some(format!("A {of} is made from rows: {}.", made.replace("TABLE", given)))
            }
            Error::BadJson { .. } | Error::Malformed(_) | Error::MalformedValue { .. } => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::UnknownName { what, given, .. } => write!(f, "unknown {what} \"{given}\""),
            Error::BadArgument { message, .. } | Error::Miswritten { message, .. } => {
                f.write_str(message)
            }
            Error::BadJson { what, why } => write!(f, "{what} is not valid JSON: {why}"),
            Error::Mismatch { what, left, right, .. } => {
                write!(f, "histories of different {what}: \"{left}\" and \"{right}\"")
            }
            Error::MemberType { found, asked } => {
                write!(f, "members are of type {found}, not {asked}")
            }
            Error::AmountOutOfRange { given } => write!(f, "amount out of range: {given}"),
            Error::TimeOutOfRange { given } => write!(f, "time out of range: {given}"),
            Error::Malformed(why) => write!(f, "malformed history: {why}"),
            Error::BadModel(why) => write!(f, "malformed clv_model: {why}"),
            Error::NotConverged { what, reason, .. } => {
                write!(f, "{what} did not converge: {reason}")
            }
            Error::MalformedValue { of, why } => write!(f, "malformed {of}: {why}"),
            Error::NotAValue { of, given, .. } => {
                write!(f, "\"{given}\" is the text of no {of}")
            }
            Error::OutOfRange { what, given, .. } => write!(f, "{what} out of range: {given}"),
            Error::TooLarge { what, .. } => write!(f, "{what} is too large"),
        }
    }
}

impl std::error::Error for Error {}

/// The begin of a text, for an error.
pub fn shorten(text: &str) -> String {
    const MOST: usize = 60;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
        None => text.to_string(),
    }
}

/// A message that quotes what was given, with so many letters of its begin and of its end, where what is expected stands.
pub fn without_middle(text: &str, letters: usize) -> String {
    let begin = text.char_indices().nth(letters).map(|(place, _)| place);
    let end = text.char_indices().nth_back(letters.saturating_sub(1)).map(|(place, _)| place);
    match (begin, end) {
        (Some(begin), Some(end)) if begin < end => {
            [text.get(..begin), Some("..."), text.get(end..)].into_iter().flatten().collect()
        }
        _ => text.to_string(),
    }
}

/// Bytes that are no history: the small error of the decoders' inner loops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed(pub &'static str);

impl From<Malformed> for Error {
    fn from(m: Malformed) -> Self {
        Error::Malformed(m.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_quoted_is_cut() {
        assert_eq!(shorten("day"), "day");
        assert_eq!(shorten(&"日".repeat(60)), "日".repeat(60));
        assert_eq!(shorten(&"日".repeat(61)), "日".repeat(60) + "...");
        let text = "a".repeat(1_000_000) + "日本";
        assert_eq!(without_middle(&text, 3), "aaa...a日本");
        for length in 0..=6 {
            assert_eq!(without_middle(&"日".repeat(length), 3), "日".repeat(length));
        }
        assert_eq!(without_middle(&"日".repeat(7), 3), "日日日...日日日");
        assert!(Error::unknown("grain", &text, "day").to_string().len() < 100);
    }
}
