//! What may be wrong with a covariate, by number: its name is told where it is known.

use crate::error::Error;

/// Why a fit fails.
#[derive(Debug)]
pub(super) enum Fault {
    /// A covariate says nothing that those before it do not.
    Dependent(usize),
    /// It is the same for all who are at risk together.
    Indistinct(usize),
    /// Its hazard ratio grows without bound.
    Separated(usize),
    /// Its squares are beyond all numbers.
    Unsquarable(usize),
    /// Something else.
    Other(Error),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Fault::Other(error)
    }
}

impl Fault {
    /// As an error, with the name of the covariate.
    pub(super) fn named(self, name: impl Fn(usize) -> String) -> Error {
        match self {
            Fault::Dependent(i) => Error::bad(
                format!(
                    "covariate {} is constant, or a linear combination of those before it",
                    name(i)
                ),
                "Leave it out; of the indicators of all values of a column, leave out one.",
            ),
            Fault::Indistinct(i) => Error::bad(
                format!(
                    "covariate {} does not differ between members that are at risk together",
                    name(i)
                ),
                "Whenever one leaves, the others of its stratum that are seen then, between their \
                 entry and their duration, must differ from it for anything to be learnt: leave the \
                 covariate out.",
            ),
            Fault::Separated(i) => Error::bad(
                format!(
                    "the likelihood has no maximum: the hazard ratio of covariate {} grows without \
                     bound",
                    name(i)
                ),
                "The covariate tells nearly by itself who leaves first. Leave it out, or join a rare \
                 value with another.",
            ),
            Fault::Unsquarable(i) => Error::OutOfRange {
                what: "covariate",
                given: format!("the squares of {} are not finite", name(i)),
                hint: "Divide the covariate by a number of its size.",
            },
            Fault::Other(error) => error,
        }
    }
}
