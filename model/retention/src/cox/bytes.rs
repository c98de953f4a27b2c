//! What is common to the bytes of a model: names, and what is wrong.

use crate::error::{Error, Malformed};
use crate::host::{Host, Vec};
use crate::varint::{self, Bytes};

pub(super) const SHORT: Malformed = Malformed("it ends too early");

pub(super) fn malformed(why: Malformed) -> Error {
    Error::MalformedValue { of: "cox_model", why: why.0.to_string() }
}

pub(super) fn put_name<H: Host>(name: &[u8], out: &mut Vec<u8, H>) {
    varint::put(out, name.len() as u64);
    out.extend_from_slice(name);
}

pub(super) fn name_of<'a>(reader: &mut Bytes<'a>) -> Result<&'a [u8], Malformed> {
    let len = usize::try_from(reader.varint()?).unwrap_or(usize::MAX);
    reader.take(len)
}
