//! Rows as PostgreSQL's tuples, made here and handed over in batches: a call into the server is guarded
//! against its errors, which costs as much as making a row.

use pgrx::pg_sys;
use pgrx::varlena as va;
use std::mem::offset_of;

/// Tuples of so many bytes are handed over together.
const BATCH: usize = 16 << 10;

/// What PostgreSQL aligns to at most.
const WORD: usize = 8;
/// A tuple in the batch begins behind its length.
const LENGTH: usize = size_of::<u64>();
/// Bytes of a tuple before its nulls.
const HEADER: usize = offset_of!(pg_sys::HeapTupleHeaderData, t_bits);

/// Rows that are to go into a tuple store.
pub struct Tuples {
    store: *mut pg_sys::Tuplestorestate,
    desc: pg_sys::TupleDesc,
    attributes: Vec<Attribute>,
    /// Tuples behind their lengths, each at a multiple of eight bytes.
    batch: &'static mut [u8],
    used: usize,
}

/// How values of a column lie in a tuple.
#[derive(Debug, Clone, Copy)]
struct Attribute {
    layout: Layout,
    align: usize,
}

#[derive(Debug, Clone, Copy)]
enum Layout {
    /// The datum itself, so many bytes of it.
    Value(usize),
    /// So many bytes that it points to.
    Fixed(usize),
    /// A value of variable length, which may take a short header.
    Varlena,
    /// Something else.
    Other,
}

impl Attribute {
    /// # Safety
    /// There must be such a column.
    unsafe fn of(desc: pg_sys::TupleDesc, column: i32) -> Self {
        let (mut len, mut by_value, mut align) = (0, false, 0);
        // SAFETY: looks a type up, and writes what it finds.
        let (type_oid, storage) = unsafe {
            let type_oid = pg_sys::SPI_gettypeid(desc, column);
            pg_sys::get_typlenbyvalalign(type_oid, &mut len, &mut by_value, &mut align);
            (type_oid, pg_sys::get_typstorage(type_oid) as u8)
        };
        let layout = match (len, by_value) {
            (1 | 2 | 4 | 8, true) => Layout::Value(len as usize),
            (1.., false) => Layout::Fixed(len as usize),
            (-1, _) if storage != b'p' && type_oid != pg_sys::InvalidOid => Layout::Varlena,
            _ => Layout::Other,
        };
        let align = match align as u8 {
            b'c' => 1,
            b's' => 2,
            b'i' => 4,
            _ => 8,
        };
        Attribute { layout, align }
    }
}

impl Tuples {
    /// # Safety
    /// The store must take rows of this description, and both, and the current memory context, must
    /// outlive them.
    pub unsafe fn new(store: *mut pg_sys::Tuplestorestate, desc: pg_sys::TupleDesc) -> Self {
        // SAFETY: the description has so many columns; palloc0 gives that many bytes, or fails with an
        // ERROR.
        unsafe {
            let columns = (*desc).natts;
            let attributes = (1..=columns).map(|column| Attribute::of(desc, column)).collect();
            let batch = std::slice::from_raw_parts_mut(pg_sys::palloc0(BATCH).cast(), BATCH);
            Tuples { store, desc, attributes, batch, used: 0 }
        }
    }

    /// Adds a row.
    ///
    /// # Safety
    /// The datums must be of the columns' types. They are copied.
    #[inline]
    pub unsafe fn put<const N: usize>(&mut self, row: &[Option<pg_sys::Datum>; N]) {
        assert_eq!(N, self.attributes.len(), "columns of the SQL declaration");
        // SAFETY: as the caller says.
        unsafe {
            for _ in 0..2 {
                if let Some(used) = self.form(row) {
                    self.used = used;
                    return;
                }
                self.flush();
            }
            // Not one to be made here.
            let (mut values, mut nulls) = ([pg_sys::Datum::null(); N], [true; N]);
            for (i, value) in row.iter().enumerate() {
                if let Some(value) = value {
                    (values[i], nulls[i]) = (*value, false);
                }
            }
            let (values, nulls) = (values.as_mut_ptr(), nulls.as_mut_ptr());
            pg_sys::tuplestore_putvalues(self.store, self.desc, values, nulls);
        }
    }

    /// Writes a row behind the others, as heap_form_tuple does (src/backend/access/common/heaptuple.c).
    /// Returns where it ends; nothing if it does not fit or is not of the usual kind.
    #[inline]
    unsafe fn form<const N: usize>(&mut self, row: &[Option<pg_sys::Datum>; N]) -> Option<usize> {
        let tuple = self.batch.get_mut(self.used + LENGTH..)?;
        let has_nulls = row.iter().any(Option::is_none);
        let data = (HEADER + if has_nulls { N.div_ceil(8) } else { 0 }).next_multiple_of(WORD);
        for word in (0..data).step_by(WORD) {
            write(tuple, word, [0; WORD])?;
        }
        let (mut end, mut flags) = (data, if has_nulls { pg_sys::HEAP_HASNULL } else { 0 });
        for (i, (value, attribute)) in row.iter().zip(&self.attributes).enumerate() {
            let Some(datum) = value else { continue };
            if has_nulls {
                tuple[HEADER + i / 8] |= 1 << (i % 8);
            }
            match attribute.layout {
                // A word at a time: what is too much is written over. The low bytes come first, or the
                // server forms the tuple.
                Layout::Value(len) if cfg!(target_endian = "little") => {
                    let begin = align(tuple, end, attribute.align)?;
                    write(tuple, begin, datum.value().to_ne_bytes())?;
                    end = begin + len;
                }
                Layout::Fixed(len) => {
                    let begin = align(tuple, end, attribute.align)?;
                    let from = datum.cast_mut_ptr::<u8>().cast_const();
                    // SAFETY: a datum of such a type points to so many bytes.
                    copy(tuple, begin, unsafe { std::slice::from_raw_parts(from, len) })?;
                    end = begin + len;
                }
                Layout::Varlena => {
                    flags |= pg_sys::HEAP_HASVARWIDTH;
                    // SAFETY: a datum of such a type points to a varlena.
                    let body = unsafe { short_body(datum.cast_mut_ptr()) }?;
                    write(tuple, end, [short_header(body.len())])?;
                    copy(tuple, end + 1, body)?;
                    end += 1 + body.len();
                }
                Layout::Value(_) | Layout::Other => return None,
            }
        }
        write(
            tuple,
            offset_of!(pg_sys::HeapTupleHeaderData, t_infomask2),
            (N as u16).to_ne_bytes(),
        )?;
        write(
            tuple,
            offset_of!(pg_sys::HeapTupleHeaderData, t_infomask),
            (flags as u16).to_ne_bytes(),
        )?;
        write(tuple, offset_of!(pg_sys::HeapTupleHeaderData, t_hoff), [data as u8])?;
        write(self.batch, self.used, (end as u64).to_ne_bytes())?;
        Some((self.used + LENGTH + end).next_multiple_of(WORD))
    }

    /// Hands over the rows that are still here.
    pub fn flush(&mut self) {
        unsafe extern "C-unwind" {
            fn tuplestore_puttuple(
                store: *mut pg_sys::Tuplestorestate,
                tuple: *mut pg_sys::HeapTupleData,
            );
        }
        let (store, used) = (self.store, std::mem::take(&mut self.used));
        if used == 0 {
            return;
        }
        let batch = self.batch.as_mut_ptr();
        // SAFETY: what `form` wrote up to `used` are tuples behind their lengths. The store copies them;
        // if it raises an ERROR the guard finds nothing to drop.
        unsafe {
            pg_sys::ffi::pg_guard_ffi_boundary(|| {
                let mut at = 0;
                while at < used {
                    let len = batch.add(at).cast::<u64>().read() as usize;
                    let mut tuple = pg_sys::HeapTupleData {
                        t_len: len as u32,
                        t_data: batch.add(at + LENGTH).cast(),
                        ..Default::default()
                    };
                    tuplestore_puttuple(store, &mut tuple);
                    at = (at + LENGTH + len).next_multiple_of(WORD);
                }
            });
        }
    }
}

/// Writes at a place; nothing if there is no room.
#[inline]
fn write<const LEN: usize>(to: &mut [u8], at: usize, bytes: [u8; LEN]) -> Option<()> {
    *to.get_mut(at..)?.first_chunk_mut()? = bytes;
    Some(())
}

/// The next place that is aligned to a power of two, behind zeros.
#[inline]
fn align(to: &mut [u8], at: usize, align: usize) -> Option<usize> {
    write(to, at, [0; WORD])?;
    Some((at + align - 1) & !(align - 1))
}

/// The same for a slice. Most are short, and copied as two words that may overlap.
#[inline]
fn copy(to: &mut [u8], at: usize, from: &[u8]) -> Option<()> {
    match (from.first_chunk::<WORD>(), from.last_chunk::<WORD>()) {
        (Some(first), Some(last)) if from.len() <= 2 * WORD => {
            write(to, at, *first)?;
            write(to, at + from.len() - WORD, *last)
        }
        _ => {
            to.get_mut(at..at + from.len())?.copy_from_slice(from);
            Some(())
        }
    }
}

/// The bytes of a value that takes a short header in a tuple.
///
/// # Safety
/// It must be a varlena.
#[inline]
unsafe fn short_body<'a>(value: *mut pg_sys::varlena) -> Option<&'a [u8]> {
    const MOST: usize = 0x7f - 1;
    // SAFETY: reads the header, and the bytes whose number it tells.
    unsafe {
        if !va::varatt_is_4b_u(value) {
            return None;
        }
        let len = va::varsize_4b(value) - pg_sys::VARHDRSZ;
        (len <= MOST)
            .then(|| std::slice::from_raw_parts(value.cast::<u8>().add(pg_sys::VARHDRSZ), len))
    }
}

/// The header of so many bytes, itself included (src/include/varatt.h: SET_VARSIZE_1B).
#[inline]
fn short_header(len: usize) -> u8 {
    let size = len as u8 + 1;
    if cfg!(target_endian = "little") { size << 1 | 1 } else { size | 0x80 }
}
