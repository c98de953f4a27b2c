//! Rows with a label and attributes, as a value: what rules and drivers are read from.
//!
//! | bytes | what |
//! | --- | --- |
//! | 1 | version: 1 |
//! | … | the number of rows, and of attributes |
//! | … | of each attribute, by name: the length and bytes of its name; 1 a number, 2 yes or no, 3 categories; of these, their number, then length and bytes of each, ascending |
//! | rows | 1 if the member left, and 2 if it is of the half that grows rules |
//! | … | of each attribute, the value of each row: eight bytes of a number, NaN where it is not known; a byte, 0, 1 or 2 for not known; 0 or the number of the category from 1 |
//! | 8 | XXH3-64 of the above |
//!
//! Numbers without another size are varints. Rows are in the order of their members and values, whose names are not kept.

use crate::error::Error;
use crate::history::MAX_FLAT_BYTES;
use crate::host::{Host, Pace, Vec};
use crate::records::{MOST_ATTRIBUTES, NO_CATEGORY, Records, Values};
use crate::varint::{self, Bytes};
use xxhash_rust::xxh3::xxh3_64;

const VERSION: u8 = 1;
const NUMBER: u8 = 1;
const FLAG: u8 = 2;
const CATEGORY: u8 = 3;
/// Sees to it that the halves of members are not those of any other hash.
const SEED: &[u8] = b"rules";

/// The values of an attribute.
#[derive(Debug)]
pub enum Cells<H: Host> {
    /// Numbers; NaN where it is not known.
    Numbers(Vec<f64, H>),
    /// 0, 1, and NaN.
    Flags(Vec<f64, H>),
    /// The places of categories among the names; [`NO_CATEGORY`] where it is not known.
    Categories(Vec<u32, H>, std::vec::Vec<String>),
}

/// Rows, column by column.
#[derive(Debug)]
pub struct Sheet<H: Host> {
    /// The names of the attributes.
    pub names: std::vec::Vec<String>,
    /// Their values.
    pub cells: Vec<Cells<H>, H>,
    /// 1: it left; 2: it is of the half that grows rules.
    marks: Vec<u8, H>,
    host: H,
}

/// What is wrong with bytes of this type.
pub fn malformed(why: &str) -> Error {
    Error::MalformedValue { of: "churn_rows", why: why.to_string() }
}

/// Categories of all attributes, whose names are read into small strings.
const MOST_CATEGORIES: usize = 1 << 16;

impl<H: Host> Sheet<H> {
    /// The number of rows.
    pub fn len(&self) -> usize {
        self.marks.len()
    }

    /// Are there none?
    pub fn is_empty(&self) -> bool {
        self.marks.is_empty()
    }

    /// Did the member of a row leave?
    pub fn churned(&self, row: u32) -> bool {
        self.marks[row as usize] & 1 == 1
    }

    /// Is it of the half that grows rules?
    pub fn grows(&self, row: u32) -> bool {
        self.marks[row as usize] & 2 == 2
    }

    /// All names: of attributes, and of categories.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        let of_cells = self.cells.iter().flat_map(|cells| match cells {
            Cells::Categories(_, names) => names.as_slice(),
            Cells::Numbers(_) | Cells::Flags(_) => &[],
        });
        self.names.iter().chain(of_cells).map(String::as_str)
    }

    /// Where it is kept.
    pub fn host(&self) -> &H {
        &self.host
    }

    /// Of rows.
    pub fn of(records: Records<H>) -> Result<Self, Error> {
        let rows = records.settled();
        let host = rows.host().clone();
        let mut sheet = Sheet {
            names: std::vec::Vec::new(),
            cells: Vec::new_in(host.clone()),
            marks: Vec::new_in(host.clone()),
            host: host.clone(),
        };
        let mut pace = Pace::new(&host);
        for place in 0..rows.len() {
            pace.step(8);
            let hash = xxh3_64(rows.member_name(rows.member(place))) ^ xxh3_64(SEED);
            sheet.marks.push(u8::from(rows.churned(place)) | (hash as u8 & 1) << 1);
        }
        let mut names = 0;
        for (number, (name, values)) in rows.attributes().enumerate() {
            let cells = match values {
                Values::Unknown => continue,
                Values::Numbers(numbers) => {
                    let mut cells = Vec::with_capacity_in(rows.len(), host.clone());
                    cells.extend((0..rows.len()).map(|place| rows.number(numbers, place)));
                    if rows.is_flag(number) { Cells::Flags(cells) } else { Cells::Numbers(cells) }
                }
                Values::Categories(categories) => {
                    // Those of this attribute, renumbered.
                    let mut places: Vec<u32, H> = Vec::new_in(host.clone());
                    places.resize(rows.categories(), NO_CATEGORY);
                    for category in categories.iter().filter(|category| **category != NO_CATEGORY) {
                        places[*category as usize] = 0;
                    }
                    let mut texts = std::vec::Vec::new();
                    for category in 0..rows.categories() as u32 {
                        if places[category as usize] == 0 {
                            places[category as usize] = texts.len() as u32;
                            texts.push(
                                String::from_utf8_lossy(rows.category_name(category)).into_owned(),
                            );
                            names += 1;
                        }
                        if names > MOST_CATEGORIES {
                            return Err(Error::TooLarge {
                                what: "the number of categories",
                                hint: "Leave out names, and what has a value of its own in every row.",
                            });
                        }
                    }
                    let mut cells = Vec::with_capacity_in(rows.len(), host.clone());
                    let place = |place| match rows.category(categories, place) {
                        NO_CATEGORY => NO_CATEGORY,
                        category => places[category as usize],
                    };
                    cells.extend((0..rows.len()).map(place));
                    Cells::Categories(cells, texts)
                }
            };
            sheet.names.push(String::from_utf8_lossy(name).into_owned());
            sheet.cells.push(cells);
        }
        Ok(sheet)
    }

    /// The bytes.
    pub fn to_bytes(&self, out: &mut Vec<u8, H>) -> Result<(), Error> {
        let begin = out.len();
        let text = |out: &mut Vec<u8, H>, text: &str| {
            varint::put(out, text.len() as u64);
            out.extend_from_slice(text.as_bytes());
        };
        out.push(VERSION);
        varint::put(out, self.len() as u64);
        varint::put(out, self.names.len() as u64);
        for (name, cells) in self.names.iter().zip(&self.cells) {
            text(out, name);
            match cells {
                Cells::Numbers(_) => out.push(NUMBER),
                Cells::Flags(_) => out.push(FLAG),
                Cells::Categories(_, names) => {
                    out.push(CATEGORY);
                    varint::put(out, names.len() as u64);
                    names.iter().for_each(|name| text(out, name));
                }
            }
        }
        out.extend_from_slice(&self.marks);
        let mut pace = Pace::new(&self.host);
        for cells in &self.cells {
            pace.step(self.len());
            match cells {
                Cells::Numbers(numbers) => {
                    let canonical = |x: &f64| if x.is_nan() { f64::NAN } else { *x };
                    numbers
                        .iter()
                        .for_each(|x| out.extend_from_slice(&canonical(x).to_bits().to_le_bytes()));
                }
                Cells::Flags(flags) => {
                    out.extend(flags.iter().map(|x| if x.is_nan() { 2 } else { *x as u8 }))
                }
                Cells::Categories(places, _) => {
                    places
                        .iter()
                        .for_each(|place| varint::put(out, u64::from(place.wrapping_add(1))));
                }
            }
        }
        if out.len() - begin > MAX_FLAT_BYTES {
            return Err(Error::TooLarge {
                what: "the churn_rows (its limit is 700 MB)",
                hint: "Take fewer attributes, or a part of the members.",
            });
        }
        let checksum = xxh3_64(&out[begin..]);
        out.extend_from_slice(&checksum.to_le_bytes());
        Ok(())
    }

    /// Reads the bytes, of which nothing is believed.
    pub fn from_bytes(bytes: &[u8], host: H) -> Result<Self, Error> {
        let wrong = |why: crate::error::Malformed| malformed(why.0);
        let body = bytes.len().checked_sub(8).ok_or_else(|| malformed("it ends too early"))?;
        let (body, checksum) = bytes.split_at(body);
        if checksum != xxh3_64(body).to_le_bytes() {
            return Err(malformed("its checksum is another one"));
        }
        let mut bytes = Bytes(body);
        if bytes.byte().map_err(wrong)? != VERSION {
            return Err(malformed("its version is not known here"));
        }
        let rows = bytes.varint().map_err(wrong)?;
        let attributes = bytes.varint().map_err(wrong)?;
        // Each row takes a byte at least.
        let rows = usize::try_from(rows)
            .ok()
            .filter(|rows| *rows <= body.len() && *rows < NO_CATEGORY as usize);
        let rows = rows.ok_or_else(|| malformed("it has fewer rows than it says"))?;
        if attributes > MOST_ATTRIBUTES as u64 {
            return Err(malformed("it has more than 256 attributes"));
        }
        let text = |bytes: &mut Bytes<'_>| -> Result<String, Error> {
            let len = bytes.varint().map_err(wrong)?;
            let text = bytes.take(usize::try_from(len).unwrap_or(usize::MAX)).map_err(wrong)?;
            String::from_utf8(text.to_vec()).map_err(|_| malformed("a name is not UTF-8"))
        };
        let mut heads = std::vec::Vec::new();
        let mut categories = 0;
        for _ in 0..attributes {
            let name = text(&mut bytes)?;
            if heads.last().is_some_and(|(before, _, _)| *before >= name) {
                return Err(malformed("its attributes are not in order"));
            }
            let kind = bytes.byte().map_err(wrong)?;
            let mut names: std::vec::Vec<String> = std::vec::Vec::new();
            if kind == CATEGORY {
                for _ in 0..bytes.varint().map_err(wrong)? {
                    let name = text(&mut bytes)?;
                    categories += 1;
                    if names.last().is_some_and(|before| *before >= name)
                        || categories > MOST_CATEGORIES
                    {
                        return Err(malformed("its categories are not in order, or too many"));
                    }
                    names.push(name);
                }
            }
            heads.push((name, kind, names));
        }
        let mut marks = Vec::new_in(host.clone());
        marks.extend_from_slice(bytes.take(rows).map_err(wrong)?);
        if marks.iter().any(|mark| *mark > 3) {
            return Err(malformed("a row is marked as what there is not"));
        }
        let mut pace = Pace::new(&host);
        let (mut names, mut cells) = (std::vec::Vec::new(), Vec::new_in(host.clone()));
        for (name, kind, texts) in heads {
            pace.step(rows);
            let mut numbers = Vec::new_in(host.clone());
            cells.push(match kind {
                NUMBER => {
                    let taken = bytes.take(rows.saturating_mul(8)).map_err(wrong)?;
                    let (eights, _) = taken.as_chunks::<8>();
                    numbers.extend(
                        eights.iter().map(|eight| f64::from_bits(u64::from_le_bytes(*eight))),
                    );
                    let is_canonical = |x: &f64| x.is_finite() || x.to_bits() == f64::NAN.to_bits();
                    if !numbers.iter().all(is_canonical) {
                        return Err(malformed("a number is not finite"));
                    }
                    Cells::Numbers(numbers)
                }
                FLAG => {
                    let taken = bytes.take(rows).map_err(wrong)?;
                    if taken.iter().any(|flag| *flag > 2) {
                        return Err(malformed("a truth value is none"));
                    }
                    numbers.extend(
                        taken
                            .iter()
                            .map(|flag| if *flag == 2 { f64::NAN } else { f64::from(*flag) }),
                    );
                    Cells::Flags(numbers)
                }
                CATEGORY => {
                    let mut places = Vec::new_in(host.clone());
                    places.resize(rows, NO_CATEGORY);
                    let place = |value: u64| {
                        u32::try_from(value).map_or(NO_CATEGORY - 1, |value| value.wrapping_sub(1))
                    };
                    bytes.varints(&mut places, place).map_err(wrong)?;
                    let known = texts.len() as u32;
                    if places.iter().any(|place| *place != NO_CATEGORY && *place >= known) {
                        return Err(malformed("a category is named that there is not"));
                    }
                    Cells::Categories(places, texts)
                }
                _ => return Err(malformed("an attribute is of no known kind")),
            });
            names.push(name);
        }
        if !bytes.0.is_empty() {
            return Err(malformed("something follows it"));
        }
        Ok(Sheet { names, cells, marks, host })
    }
}
