//! The covariates of a model that have names, and what the values of somebody are in it.

use super::bytes::{malformed, name_of, put_name};
use super::row::{Kind, Value};
use crate::error::{Error, Malformed};
use crate::host::{Host, Vec};
use crate::names::Names;
use crate::varint::{self, Bytes};

/// Covariates in the order of their names.
#[derive(Debug)]
pub(super) struct Terms<H: Host> {
    names: Names<H>,
    terms: Vec<Term<H>, H>,
}

/// A covariate.
#[derive(Debug)]
pub(super) enum Term<H: Host> {
    /// A coefficient of its own.
    Number,
    /// A coefficient of the value that is not the base.
    Flag {
        /// What the other value is compared with.
        base: bool,
    },
    /// A coefficient for each value but the first, which is the base.
    Text(Names<H>),
}

/// The name of a coefficient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Label<'m> {
    /// The covariate.
    pub name: &'m [u8],
    /// The category whose coefficient it is, and the one that it is compared with.
    pub value: Option<(&'m [u8], &'m [u8])>,
}

impl std::fmt::Display for Label<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&String::from_utf8_lossy(self.name))?;
        match self.value {
            Some((value, _)) => write!(f, "={}", String::from_utf8_lossy(value)),
            None => Ok(()),
        }
    }
}

fn flag(value: bool) -> &'static [u8] {
    if value { b"true" } else { b"false" }
}

// How kinds are written.
const NUMBER: u8 = 0;
const FLAG: u8 = 1;
const FLAG_WITH_BASE_TRUE: u8 = 2;
const TEXT: u8 = 3;

impl<H: Host> Terms<H> {
    pub(super) fn new(host: &H) -> Self {
        Terms { names: Names::new(host), terms: Vec::new_in(host.clone()) }
    }

    /// False if the name is not after those that are there.
    fn push(&mut self, name: &[u8], term: Term<H>) -> bool {
        let last = self.names.len().checked_sub(1);
        if last.is_some_and(|last| self.names.get(last) >= name) {
            return false;
        }
        self.terms.push(term);
        self.names.number(name).is_some()
    }

    pub(super) fn push_number(&mut self, name: &[u8]) -> bool {
        self.push(name, Term::Number)
    }

    pub(super) fn push_flag(&mut self, name: &[u8], base: bool) -> bool {
        self.push(name, Term::Flag { base })
    }

    /// The base is the first of the values; the others are in order. False if they are not.
    pub(super) fn push_text<'v>(
        &mut self,
        name: &[u8],
        values: impl Iterator<Item = &'v [u8]>,
    ) -> bool {
        let mut known = Names::new(self.names.host());
        let mut in_order = true;
        for value in values {
            let number = known.len();
            in_order &= number < 2 || known.get(number - 1) < value;
            in_order &= known.number(value).is_some_and(|new| new as usize == number);
        }
        in_order && known.len() >= 2 && self.push(name, Term::Text(known))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&[u8], &Term<H>)> {
        self.terms.iter().enumerate().map(|(number, term)| (self.names.get(number), term))
    }

    /// How many coefficients they have.
    pub(super) fn width(&self) -> usize {
        self.terms.iter().map(Term::width).sum()
    }

    /// The name of a coefficient.
    pub(super) fn label(&self, coefficient: usize) -> Option<Label<'_>> {
        let mut left = coefficient;
        for (name, term) in self.iter() {
            if left >= term.width() {
                left -= term.width();
                continue;
            }
            let value = match term {
                Term::Number => None,
                Term::Flag { base } => Some((flag(!base), flag(*base))),
                Term::Text(values) => Some((values.get(left + 1), values.get(0))),
            };
            return Some(Label { name, value });
        }
        None
    }

    /// Appends them: how many; then of each length and bytes of the name, and its kind; of a text the
    /// number of its values, and length and bytes of each, the base first.
    pub(super) fn put(&self, out: &mut Vec<u8, H>) {
        varint::put(out, self.terms.len() as u64);
        for (name, term) in self.iter() {
            put_name(name, out);
            match term {
                Term::Number => out.push(NUMBER),
                Term::Flag { base } => out.push(if *base { FLAG_WITH_BASE_TRUE } else { FLAG }),
                Term::Text(values) => {
                    out.push(TEXT);
                    values.put(&values.as_they_are(), out);
                }
            }
        }
    }

    /// Reads them. `check_name` may object to a name.
    pub(super) fn read(
        reader: &mut Bytes<'_>,
        host: &H,
        check_name: &mut dyn FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<Option<Self>, Error> {
        let mut terms = Terms::new(host);
        for _ in 0..reader.varint().map_err(malformed)? {
            let name = name_of(reader).map_err(malformed)?;
            check_name(name)?;
            let is_next = match reader.byte().map_err(malformed)? {
                NUMBER => terms.push_number(name),
                FLAG => terms.push_flag(name, false),
                FLAG_WITH_BASE_TRUE => terms.push_flag(name, true),
                TEXT => {
                    let mut values = Names::new(host);
                    values.read(reader, false, &mut *check_name, malformed)?;
                    let all = (0..values.len()).map(|number| values.get(number));
                    terms.push_text(name, all)
                }
                _ => return Err(malformed(Malformed("a kind of covariates is not known"))),
            };
            if !is_next {
                return Err(malformed(Malformed("its covariates are not in order")));
            }
        }
        Ok((!terms.terms.is_empty()).then_some(terms))
    }
}

impl<H: Host> Term<H> {
    fn width(&self) -> usize {
        match self {
            Term::Number | Term::Flag { .. } => 1,
            Term::Text(values) => values.len() - 1,
        }
    }
}

/// Passes over written terms.
pub(super) fn skip(reader: &mut Bytes<'_>) -> Result<(), Malformed> {
    for _ in 0..reader.varint()? {
        name_of(reader)?;
        if reader.byte()? == TEXT {
            for _ in 0..reader.varint()? {
                name_of(reader)?;
            }
        }
    }
    Ok(())
}

/// The numbers that somebody's values are in a model whose terms are written here; none if one is
/// missing. Values that the model does not ask for do not matter.
pub(super) fn encode<H: Host>(
    mut reader: Bytes<'_>,
    given: &[(&[u8], Value<'_>)],
    host: &H,
) -> Result<Option<Vec<f64, H>>, Error> {
    let mut numbers = Vec::new_in(host.clone());
    let mut is_whole = true;
    for _ in 0..reader.varint().map_err(malformed)? {
        let name = name_of(&mut reader).map_err(malformed)?;
        let kind = reader.byte().map_err(malformed)?;
        let Some((_, value)) = given.iter().find(|(given, _)| *given == name) else {
            return Err(Error::bad(
                format!("covariate {} is not given", quoted(name)),
                "Give a value for each covariate of the fit, which cox_coefficients shows, by name.",
            ));
        };
        is_whole &= *value != Value::Null;
        match (kind, value) {
            (NUMBER, Value::Number(number)) => numbers.push(*number),
            (FLAG, Value::Flag(flag)) => numbers.push(f64::from(u8::from(*flag))),
            (FLAG_WITH_BASE_TRUE, Value::Flag(flag)) => {
                numbers.push(f64::from(u8::from(!flag)));
            }
            (TEXT, Value::Text(_) | Value::Null) => {
                let is_known = indicators(&mut reader, *value, &mut numbers).map_err(malformed)?;
                if let (false, Value::Text(text)) = (is_known, value) {
                    return Err(Error::bad(
                        format!(
                            "covariate {} has no value {} in the fit",
                            quoted(name),
                            quoted(text)
                        ),
                        "Nothing is known of a value that no member of the fit had: give another \
                         one, or fit the model to members that have it.",
                    ));
                }
            }
            (_, Value::Null) => {}
            (NUMBER, _) => return Err(other_kind(name, Kind::Number)),
            (TEXT, _) => return Err(other_kind(name, Kind::Text)),
            _ => return Err(other_kind(name, Kind::Flag)),
        }
    }
    Ok(is_whole.then_some(numbers))
}

/// Appends the indicators of a text's values. Is it one of them?
fn indicators<H: Host>(
    reader: &mut Bytes<'_>,
    value: Value<'_>,
    numbers: &mut Vec<f64, H>,
) -> Result<bool, Malformed> {
    let mut is_known = false;
    for place in 0..reader.varint()? {
        let is_it = Value::Text(name_of(reader)?) == value;
        is_known |= is_it;
        if place > 0 {
            numbers.push(f64::from(u8::from(is_it)));
        }
    }
    Ok(is_known)
}

/// A value of another kind than that of the other rows.
pub(super) fn other_kind(name: &[u8], known: Kind) -> Error {
    let known = match known {
        Kind::Number => "a number",
        Kind::Text => "a text",
        Kind::Flag => "true or false",
    };
    Error::bad(
        format!("covariate {} is {known}, and in another row it is not", quoted(name)),
        "A covariate is a number, a text or a boolean, the same in all rows, and no list or object.",
    )
}

/// A name in quotes, or its begin.
pub(super) fn quoted(name: &[u8]) -> String {
    format!("\"{}\"", crate::json::shorten(&String::from_utf8_lossy(name)))
}
