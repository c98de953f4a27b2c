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
/// A value of fixed length takes so many bytes at most, with those that align it.
const FIXED: usize = 16 + WORD;
/// Bytes of a tuple before its nulls.
const HEADER: usize = offset_of!(pg_sys::HeapTupleHeaderData, t_bits);

/// Rows that are to go into a tuple store.
pub struct Tuples {
    store: *mut pg_sys::Tuplestorestate,
    desc: pg_sys::TupleDesc,
    attributes: Vec<Attribute>,
    /// Tuples behind their lengths, each at a multiple of eight bytes; zeros behind the last.
    batch: &'static mut [u8],
    used: usize,
}

/// How values of a column lie in a tuple.
#[derive(Debug, Clone, Copy)]
struct Attribute {
    /// The bytes of a datum that are the value itself; none where it refers to it.
    mask: u64,
    layout: Layout,
    align: usize,
}

#[derive(Debug, Clone, Copy)]
enum Layout {
    /// The datum itself, or what it points to: so many bytes of it.
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
        // The low bytes come first, or the server forms the tuple.
        let low_first = cfg!(target_endian = "little");
        let mask = match (len, by_value && low_first) {
            (1 | 2 | 4 | 8, true) => u64::MAX >> (u64::BITS - 8 * len as u32),
            _ => 0,
        };
        let layout = match (len, by_value) {
            (1..=16, false) => Layout::Fixed(len as usize),
            (1.., true) if mask != 0 => Layout::Fixed(len as usize),
            (-1, _) if storage != b'p' && type_oid != pg_sys::InvalidOid => Layout::Varlena,
            _ => Layout::Other,
        };
        let align = match align as u8 {
            b'c' => 1,
            b's' => 2,
            b'i' => 4,
            _ => 8,
        };
        Attribute { mask, layout, align }
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
    ///
    /// # Safety
    /// The datums must be of the columns' types.
    #[inline]
    unsafe fn form<const N: usize>(&mut self, row: &[Option<pg_sys::Datum>; N]) -> Option<usize> {
        let attributes: &[Attribute; N] = self.attributes.as_slice().try_into().ok()?;
        let has_nulls = row.iter().any(Option::is_none);
        let data = (HEADER + if has_nulls { N.div_ceil(8) } else { 0 }).next_multiple_of(WORD);
        let begin = self.used + LENGTH;
        // What is left when every value takes all that one of fixed length may take.
        let mut room = BATCH.checked_sub(begin + data + N * FIXED)?;
        // SAFETY: there are so many bytes. Below, a value of fixed length and what aligns it take no more
        // than FIXED of them, and room is made for the others before they are written.
        let tuple = unsafe { self.batch.as_mut_ptr().add(begin) };
        let (mut end, mut flags) = (data, if has_nulls { pg_sys::HEAP_HASNULL } else { 0 });
        for (i, (value, attribute)) in row.iter().zip(attributes).enumerate() {
            let Some(datum) = value else { continue };
            // SAFETY: see above; a datum points to what its type says.
            unsafe {
                if has_nulls {
                    *tuple.add(HEADER + i / 8) |= 1 << (i % 8);
                }
                match attribute.layout {
                    Layout::Fixed(len) => {
                        end = (end + attribute.align - 1) & !(attribute.align - 1);
                        if attribute.mask != 0 {
                            // A word, with zeros behind the value.
                            let word = datum.value() as u64 & attribute.mask;
                            tuple.add(end).cast::<u64>().write_unaligned(word);
                        } else {
                            let from = datum.cast_mut_ptr::<u8>().cast_const();
                            tuple.add(end).copy_from_nonoverlapping(from, len);
                        }
                        end += len;
                    }
                    Layout::Varlena => {
                        flags |= pg_sys::HEAP_HASVARWIDTH;
                        let body = short_body(datum.cast_mut_ptr())?;
                        room = room.checked_sub(1 + body.len())?;
                        tuple.add(end).write(short_header(body.len()));
                        copy(tuple.add(end + 1), body);
                        end += 1 + body.len();
                    }
                    Layout::Other => return None,
                }
            }
        }
        let mut header = pg_sys::HeapTupleHeaderData::default();
        (header.t_infomask2, header.t_infomask) = (N as u16, flags as u16);
        header.t_hoff = data as u8;
        // SAFETY: the tuple begins with the fields of its header that come before its nulls, and a word
        // before it tells its length.
        unsafe {
            let header = (&raw const header).cast::<u8>();
            tuple.copy_from_nonoverlapping(header, HEADER);
            tuple.sub(LENGTH).cast::<u64>().write(end as u64);
        }
        Some((begin + end).next_multiple_of(WORD))
    }

    /// Hands over the rows that are still here, and wipes out what was begun of another.
    pub fn flush(&mut self) {
        unsafe extern "C-unwind" {
            fn tuplestore_puttuple(
                store: *mut pg_sys::Tuplestorestate,
                tuple: *mut pg_sys::HeapTupleData,
            );
        }
        let (store, used) = (self.store, std::mem::take(&mut self.used));
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
        self.batch.fill(0);
    }
}

/// Copies some bytes. Most are few, and copied as two pieces that may overlap.
///
/// # Safety
/// There must be room for them, apart from where they are.
#[inline]
unsafe fn copy(to: *mut u8, from: &[u8]) {
    // SAFETY: each piece is of bytes among them.
    unsafe {
        match from.len() {
            4..8 => copy_ends::<4>(to, from),
            8..=16 => copy_ends::<8>(to, from),
            17..=32 => copy_ends::<16>(to, from),
            len => to.copy_from_nonoverlapping(from.as_ptr(), len),
        }
    }
}

/// Copies the first and the last bytes.
///
/// # Safety
/// There must be as many, room for all of them, and no more than twice as many.
#[inline]
unsafe fn copy_ends<const LEN: usize>(to: *mut u8, from: &[u8]) {
    // SAFETY: as the caller says.
    unsafe {
        let last = from.len() - LEN;
        let ends = [0, last].map(|at| from.as_ptr().add(at).cast::<[u8; LEN]>().read());
        to.cast::<[u8; LEN]>().write(ends[0]);
        to.add(last).cast::<[u8; LEN]>().write(ends[1]);
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
