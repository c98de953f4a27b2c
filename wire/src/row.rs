//! Rows as heap tuples, written value by value into one buffer (heap_fill_tuple of
//! src/backend/access/common/heaptuple.c does the same from arrays of datums).
//!
//! | bytes | what |
//! | --- | --- |
//! | 18 | nothing that a tuple in memory needs |
//! | 2 | number of columns |
//! | 2 | flags: has it nulls, has it values of variable length |
//! | 1 | where its values begin: a multiple of eight |
//! | … | a bit for every column that is not null |
//! | … | the values, each aligned as its type is |

use crate::numeric;
use pg_retention_model::amount::Base10000;
use pg_retention_model::host::{Host, Vec};

/// Bytes of a tuple before the bits of its nulls.
pub const HEADER: usize = 23;
/// Where in it the number of columns is, the flags, and where its values begin.
pub const FIELDS: [usize; 3] = [18, 20, 22];
const HAS_NULL: u16 = 0x0001;
const HAS_VARIABLE: u16 = 0x0002;

/// What PostgreSQL aligns to at most.
const WORD: usize = 8;
/// A tuple in the buffer begins behind its length.
const LENGTH: usize = size_of::<u64>();
/// No value of fixed length takes more, with those bytes that align it.
const MOST: usize = 16 + WORD;
/// Rows of so many bytes are handed over together.
const FULL: usize = 12 << 10;
/// Its bits of nulls are in one word.
const MOST_COLUMNS: usize = 64;

/// The types that columns have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// `boolean`
    Bool,
    /// `integer`
    Int4,
    /// `bigint`
    Int8,
    /// `double precision`
    Float8,
    /// `date`
    Date,
    /// `timestamp with time zone`
    Timestamptz,
    /// `interval`
    Interval,
    /// `numeric`
    Numeric,
    /// `text`
    Text,
    /// `uuid`
    Uuid,
    /// `double precision[]`
    Float8Array,
    /// Another one, of which no values are written.
    Other,
}

/// A row that is not one of the declared columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mismatch {
    /// The first column that is another one, from 0.
    pub column: usize,
    /// The type that was written there; none if nothing was.
    pub written: Option<Type>,
}

/// Rows that are to be handed over.
#[derive(Debug)]
pub struct Batch<H: Host> {
    columns: Vec<Type, H>,
    /// Where the values of a tuple begin, whether it has nulls or not.
    data: usize,
    /// Tuples behind their lengths, each at a multiple of eight bytes; zeros behind the last.
    bytes: Vec<u8, H>,
    /// Their length while there is no long row.
    usual: usize,
    used: usize,
}

impl<H: Host> Batch<H> {
    /// For rows of these columns, 64 at most.
    pub fn new(columns: Vec<Type, H>, host: H) -> Self {
        let data = (HEADER + columns.len().div_ceil(8)).next_multiple_of(WORD);
        let usual = FULL + LENGTH + data + MOST * columns.len();
        let mut bytes = Vec::new_in(host);
        bytes.resize(usual, 0);
        Batch { columns, data, bytes, usual, used: 0 }
    }

    /// The types of the columns.
    pub fn columns(&self) -> &[Type] {
        &self.columns
    }

    /// A row behind the others. What is written counts when it is finished.
    #[inline]
    pub fn row(&mut self) -> Row<'_, H> {
        if self.is_full() {
            self.make_room_for_a_row();
        }
        let begin = self.used + LENGTH;
        let end = begin + self.data;
        Row { batch: self, begin, end, column: 0, present: 0, varies: false, mismatch: None }
    }

    /// Behind rows that should have been handed over by now.
    #[cold]
    fn make_room_for_a_row(&mut self) {
        let end = self.used + self.usual;
        if end > self.bytes.len() {
            self.bytes.resize(end, 0);
        }
    }

    /// Are there enough rows to be handed over?
    #[inline]
    pub fn is_full(&self) -> bool {
        self.used >= FULL
    }

    /// The tuples, each at a multiple of eight bytes.
    pub fn tuples(&self) -> impl Iterator<Item = &[u8]> {
        let mut at = 0;
        std::iter::from_fn(move || {
            let rest = self.bytes.get(at..self.used)?;
            let len = u64::from_ne_bytes(*rest.first_chunk()?) as usize;
            let tuple = rest.get(LENGTH..LENGTH + len)?;
            at = (at + LENGTH + len).next_multiple_of(WORD);
            Some(tuple)
        })
    }

    /// Forgets them, and what was begun of another.
    pub fn clear(&mut self) {
        self.used = 0;
        self.bytes.truncate(self.usual);
        self.bytes.fill(0);
    }
}

/// A row that is being written, column by column.
#[derive(Debug)]
pub struct Row<'b, H: Host> {
    batch: &'b mut Batch<H>,
    begin: usize,
    end: usize,
    column: usize,
    /// A bit for every value so far that is not null.
    present: u64,
    varies: bool,
    mismatch: Option<Mismatch>,
}

impl<H: Host> Row<'_, H> {
    /// The type of the column that is to be written next.
    #[inline]
    pub fn next_type(&self) -> Type {
        self.batch.columns.get(self.column).copied().unwrap_or(Type::Other)
    }

    /// A `boolean`.
    #[inline]
    pub fn bool(&mut self, value: Option<bool>) {
        self.fixed(Type::Bool, 1, value.map(|value| [u8::from(value)]));
    }

    /// An `integer`.
    #[inline]
    pub fn int4(&mut self, value: Option<i32>) {
        self.fixed(Type::Int4, 4, value.map(i32::to_ne_bytes));
    }

    /// A `bigint`.
    #[inline]
    pub fn int8(&mut self, value: Option<i64>) {
        self.fixed(Type::Int8, 8, value.map(i64::to_ne_bytes));
    }

    /// A `double precision`.
    #[inline]
    pub fn float8(&mut self, value: Option<f64>) {
        self.fixed(Type::Float8, 8, value.map(f64::to_ne_bytes));
    }

    /// A `date`: days since 2000-01-01.
    #[inline]
    pub fn date(&mut self, value: Option<i32>) {
        self.fixed(Type::Date, 4, value.map(i32::to_ne_bytes));
    }

    /// A `timestamp with time zone`: microseconds since 2000-01-01.
    #[inline]
    pub fn timestamptz(&mut self, value: Option<i64>) {
        self.fixed(Type::Timestamptz, 8, value.map(i64::to_ne_bytes));
    }

    /// An `interval`: days of 24 hours, and the rest of them in microseconds
    /// (src/include/datatype/timestamp.h: time, day, month).
    #[inline]
    pub fn interval(&mut self, micros: Option<i64>) {
        const DAY: i64 = 86_400_000_000;
        let bytes = |micros: i64| {
            let mut bytes = [0; 16];
            bytes[..8].copy_from_slice(&(micros % DAY).to_ne_bytes());
            bytes[8..12].copy_from_slice(&((micros / DAY) as i32).to_ne_bytes());
            bytes
        };
        self.fixed(Type::Interval, 8, micros.map(bytes));
    }

    /// A `uuid`.
    #[inline]
    pub fn uuid(&mut self, value: Option<[u8; 16]>) {
        self.fixed(Type::Uuid, 1, value);
    }

    /// A `text`, in the database's encoding.
    #[inline]
    pub fn text(&mut self, value: Option<&[u8]>) {
        self.variable(Type::Text, value);
    }

    /// A `numeric`, of its bytes.
    #[inline]
    pub fn numeric(&mut self, value: Option<&[u8]>) {
        self.variable(Type::Numeric, value);
    }

    /// A `numeric`, of its digits.
    #[inline]
    pub fn decimal(&mut self, value: Option<&Base10000>) {
        if let Some(number) = value {
            let (words, len) = numeric::write(number);
            // All sixteen bytes are written; behind the digits they are zeros.
            self.put([short_header(len)]);
            self.put(words);
            self.end -= words.len() - len;
            self.varies = true;
            self.is_present();
        }
        self.next(Type::Numeric);
    }

    /// A `double precision[]` of one dimension; what is NaN is NULL in it.
    pub fn float8s(&mut self, values: &[f64]) {
        debug_assert!(!values.is_empty(), "an empty array has no dimension");
        let known = values.iter().filter(|value| !value.is_nan()).count();
        let has_null = known < values.len();
        let bits = if has_null { values.len().div_ceil(8) } else { 0 };
        // The parts of an array (src/include/utils/array.h).
        let data = (ARRAY + bits).next_multiple_of(WORD);
        let len = data + known * size_of::<f64>();
        self.make_room(WORD + len);
        self.end = self.end.next_multiple_of(WORD);
        let begin = self.end;
        self.put(long_header(len - size_of::<u32>()));
        let offset = if has_null { data as i32 } else { 0 };
        for number in [1, offset, FLOAT8 as i32, values.len() as i32, 1] {
            self.put(number.to_ne_bytes());
        }
        for eight in values.chunks(8).take(bits) {
            let bit = |(i, value): (usize, &f64)| u8::from(!value.is_nan()) << i;
            self.put([eight.iter().enumerate().map(bit).sum::<u8>()]);
        }
        self.end = begin + data;
        for value in values.iter().filter(|value| !value.is_nan()) {
            self.put(value.to_ne_bytes());
        }
        self.varies = true;
        self.is_present();
        self.next(Type::Float8Array);
    }

    /// The row is whole: it counts, if its columns are those that were declared.
    #[inline]
    pub fn finish(mut self) -> Result<(), Mismatch> {
        let columns = self.batch.columns.len();
        if self.column != columns || self.mismatch.is_some() {
            return Err(self.mismatch(None));
        }
        let has_null = self.present.count_ones() as usize != columns;
        let flags = [(has_null, HAS_NULL), (self.varies, HAS_VARIABLE)];
        let flags = flags.into_iter().map(|(is, flag)| if is { flag } else { 0 }).sum::<u16>();
        let [number, mask, hoff] = FIELDS.map(|field| self.begin + field);
        let end = self.end;
        self.write(number, (columns as u16).to_ne_bytes());
        self.write(mask, flags.to_ne_bytes());
        self.write(hoff, [self.batch.data as u8]);
        let bits = self.present.to_le_bytes();
        for (i, bits) in bits.into_iter().enumerate().take(columns.div_ceil(8)) {
            self.write(self.begin + HEADER + i, [bits]);
        }
        self.write(self.begin - LENGTH, ((end - self.begin) as u64).to_ne_bytes());
        self.batch.used = end.next_multiple_of(WORD);
        Ok(())
    }

    #[inline]
    fn fixed<const LEN: usize>(&mut self, of: Type, align: usize, value: Option<[u8; LEN]>) {
        if let Some(bytes) = value {
            self.end = self.end.next_multiple_of(align);
            self.put(bytes);
            self.is_present();
        }
        self.next(of);
    }

    #[inline]
    fn variable(&mut self, of: Type, value: Option<&[u8]>) {
        if let Some(body) = value {
            if body.len() <= SHORT {
                self.make_room(1 + body.len());
                self.put([short_header(body.len())]);
            } else {
                self.make_room(4 + 4 + body.len());
                self.end = self.end.next_multiple_of(4);
                self.put(long_header(body.len()));
            }
            let end = self.end + body.len();
            if let Some(place) = self.batch.bytes.get_mut(self.end..end) {
                copy(place, body);
            }
            self.end = end;
            self.varies = true;
            self.is_present();
        }
        self.next(of);
    }

    #[inline]
    fn is_present(&mut self) {
        self.present |= 1u64.wrapping_shl(self.column as u32);
    }

    /// On to the next column: that was one of this type.
    #[inline]
    fn next(&mut self, of: Type) {
        if self.next_type() != of {
            self.mismatch(Some(of));
        }
        self.column += 1;
    }

    #[cold]
    fn mismatch(&mut self, written: Option<Type>) -> Mismatch {
        let column = self.column;
        *self.mismatch.get_or_insert(Mismatch { column, written })
    }

    /// Makes room for so many bytes and all values of fixed length that may follow.
    #[inline]
    fn make_room(&mut self, len: usize) {
        let end = self.end + len + MOST * self.batch.columns.len();
        if end > self.batch.bytes.len() {
            self.grow(end);
        }
    }

    #[cold]
    fn grow(&mut self, end: usize) {
        self.batch.bytes.resize(end, 0);
    }

    #[inline]
    fn put<const LEN: usize>(&mut self, bytes: [u8; LEN]) {
        self.write(self.end, bytes);
        self.end += LEN;
    }

    #[inline]
    fn write<const LEN: usize>(&mut self, at: usize, bytes: [u8; LEN]) {
        // There is always room for a column of fixed length. A row of too many is none in the end.
        if let Some(place) = self.batch.bytes.get_mut(at..at + LEN) {
            place.copy_from_slice(&bytes);
        }
    }
}

/// A value of so many bytes takes a header of one (src/include/varatt.h: VARATT_SHORT_MAX).
const SHORT: usize = 0x7f - 1;

/// Bytes of an array of one dimension before its values: length, dimensions, where its values begin, their type, their number and
/// the first one's.
const ARRAY: usize = 24;
/// The type of its values (FLOAT8OID).
const FLOAT8: u32 = 701;

/// The header of so many bytes, itself included (SET_VARSIZE_1B).
#[inline]
fn short_header(len: usize) -> u8 {
    let size = len as u8 + 1;
    if cfg!(target_endian = "little") { size << 1 | 1 } else { size | 0x80 }
}

/// The header of more (SET_VARSIZE_4B).
#[inline]
fn long_header(len: usize) -> [u8; 4] {
    let size = len as u32 + 4;
    if cfg!(target_endian = "little") { (size << 2).to_ne_bytes() } else { size.to_ne_bytes() }
}

/// Copies some bytes. Most are few, and copied as two pieces that may overlap.
#[inline]
fn copy(to: &mut [u8], from: &[u8]) {
    match from.len() {
        4..8 => copy_ends::<4>(to, from),
        8..=16 => copy_ends::<8>(to, from),
        17..=32 => copy_ends::<16>(to, from),
        _ => to.copy_from_slice(from),
    }
}

#[inline]
fn copy_ends<const LEN: usize>(to: &mut [u8], from: &[u8]) {
    if let (Some(first), Some(last)) = (from.first_chunk::<LEN>(), from.last_chunk::<LEN>()) {
        if let Some(place) = to.first_chunk_mut() {
            *place = *first;
        }
        if let Some(place) = to.last_chunk_mut() {
            *place = *last;
        }
    }
}

/// A day as a `date`, which begins on Julian day 0 (src/include/datatype/timestamp.h).
#[inline]
pub fn date(day: i64) -> Option<i32> {
    const FIRST: i32 = -2_451_545;
    i32::try_from(day).ok().filter(|day| *day >= FIRST)
}

/// An instant as a `timestamp`: 4714-11-24 BC to the year 294276.
#[inline]
pub fn timestamp(micros: i64) -> Option<i64> {
    const VALID: std::ops::Range<i64> = -211_813_488_000_000_000..9_223_371_331_200_000_000;
    VALID.contains(&micros).then_some(micros)
}

const _: () = assert!(MOST_COLUMNS == u64::BITS as usize);

#[cfg(test)]
mod tests;
