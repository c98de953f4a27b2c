//! Rows of any table: whose they are, whether that member left, and its attributes by name. What models, rules and
//! drivers of tables are made from.
//!
//! An attribute is a number (a truth value is 0 or 1) or one of some categories. The rows are held until the aggregate ends, eight
//! bytes a number and four a category, and then put into the order of their members and values: what is made of them does
//! not depend on the order in which they came.

use crate::error::{Error, shorten};
use crate::host::{Host, Pace, Vec};
use crate::names::{Names, inverse};
pub use model_retention::cox::Value as Attribute;
use std::cmp::Ordering;
use std::fmt::Write;

/// Attributes, at most.
pub const MOST_ATTRIBUTES: usize = 256;
/// A category that is not known.
pub const NO_CATEGORY: u32 = u32::MAX;

/// The attributes of a row.
#[derive(Debug, Clone, Copy)]
pub enum Attributes<'a> {
    /// By name.
    Named(&'a [(&'a [u8], Attribute<'a>)]),
    /// Numbers by place; NaN is not known.
    Numbers(&'a [f64]),
}

/// The values of an attribute, one for each row.
#[derive(Debug)]
pub enum Values<H: Host> {
    /// No row knows it yet.
    Unknown,
    /// Numbers; NaN where it is not known.
    Numbers(Vec<f64, H>),
    /// Numbers of categories; [`NO_CATEGORY`] where it is not known.
    Categories(Vec<u32, H>),
}

#[derive(Debug)]
struct Row {
    member: u32,
    /// i64::MIN: none.
    anchor: i64,
    churned: bool,
}

/// Rows, as they come.
#[derive(Debug)]
pub struct Records<H: Host> {
    members: Names<H>,
    names: Names<H>,
    categories: Names<H>,
    rows: Vec<Row, H>,
    columns: Vec<Values<H>, H>,
    /// Of each column: are its numbers yes and no?
    flags: Vec<bool, H>,
    left_out: u64,
    host: H,
}

fn too_many(what: &'static str) -> Error {
    Error::TooLarge { what, hint: "Leave out what does not matter." }
}

impl<H: Host> Records<H> {
    /// None yet.
    pub fn new(host: H) -> Self {
        Records {
            members: Names::new(&host),
            names: Names::new(&host),
            categories: Names::new(&host),
            rows: Vec::new_in(host.clone()),
            columns: Vec::new_in(host.clone()),
            flags: Vec::new_in(host.clone()),
            left_out: 0,
            host,
        }
    }

    /// A row in which something is NULL that may not be.
    pub fn leave_out(&mut self) {
        self.left_out += 1;
    }

    /// Rows that were left out.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Are there none?
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Adds a row.
    pub fn push(
        &mut self,
        member: &[u8],
        anchor: Option<i64>,
        churned: bool,
        attributes: Attributes<'_>,
    ) -> Result<(), Error> {
        match attributes {
            Attributes::Named(named) => {
                for (name, value) in named {
                    self.set(name, *value)?;
                }
            }
            Attributes::Numbers(numbers) => {
                let mut name = String::new();
                for (place, number) in numbers.iter().enumerate() {
                    let value =
                        if number.is_nan() { Attribute::Null } else { Attribute::Number(*number) };
                    name.clear();
                    let written = write!(name, "{}", place + 1);
                    debug_assert!(written.is_ok(), "a String takes what it is given");
                    self.set(name.as_bytes(), value)?;
                }
            }
        }
        let member =
            self.members.number(member).ok_or_else(|| too_many("the number of members"))?;
        self.rows.push(Row { member, anchor: anchor.unwrap_or(i64::MIN), churned });
        Ok(())
    }

    /// Sets an attribute of the row that is being added.
    fn set(&mut self, name: &[u8], value: Attribute<'_>) -> Result<(), Error> {
        let Some(place) = self.names.number(name).map(|place| place as usize) else {
            return Err(too_many("the number of attributes"));
        };
        if place >= self.columns.len() {
            if place >= MOST_ATTRIBUTES {
                return Err(too_many("more than 256 attributes"));
            }
            self.columns.push(Values::Unknown);
            self.flags.push(false);
        }
        let rows = self.rows.len();
        let column = &mut self.columns[place];
        let is_flag = matches!(value, Attribute::Flag(_));
        if matches!(column, Values::Unknown) {
            self.flags[place] = is_flag;
            *column = match value {
                Attribute::Null => return Ok(()),
                Attribute::Number(_) | Attribute::Flag(_) => {
                    Values::Numbers(Vec::new_in(self.host.clone()))
                }
                Attribute::Text(_) => Values::Categories(Vec::new_in(self.host.clone())),
            };
        }
        match (column, value) {
            (_, Attribute::Null) => {}
            (Values::Numbers(numbers), Attribute::Flag(flag)) if self.flags[place] => {
                numbers.resize(rows, f64::NAN);
                numbers.push(f64::from(u8::from(flag)));
            }
            (Values::Numbers(numbers), Attribute::Number(number)) if !self.flags[place] => {
                if !number.is_finite() {
                    return Err(Error::OutOfRange {
                        what: "an attribute",
                        given: format!("\"{}\" {number}", shorten(&String::from_utf8_lossy(name))),
                        hint: "Numbers are finite: NULL says that one is not known.",
                    });
                }
                numbers.resize(rows, f64::NAN);
                numbers.push(number + 0.0);
            }
            (Values::Categories(categories), Attribute::Text(text)) => {
                let number = self.categories.number(text).filter(|number| *number != NO_CATEGORY);
                let number = number.ok_or_else(|| too_many("the number of categories"))?;
                categories.resize(rows, NO_CATEGORY);
                categories.push(number);
            }
            _ => {
                return Err(Error::bad(
                    format!(
                        "\"{}\" is of one kind in one row and of another in another",
                        shorten(&String::from_utf8_lossy(name))
                    ),
                    "An attribute is a number, a truth value or a text in all rows: cast it, such as to_jsonb(x::text).",
                ));
            }
        }
        Ok(())
    }

    /// The rows in their order, once all have come.
    pub fn settled(mut self) -> Settled<H> {
        let rows = self.rows.len();
        for column in self.columns.iter_mut() {
            match column {
                Values::Unknown => {}
                Values::Numbers(numbers) => numbers.resize(rows, f64::NAN),
                Values::Categories(categories) => categories.resize(rows, NO_CATEGORY),
            }
        }
        // By name: members, attributes and categories.
        let members_by_name = self.members.sorted();
        let of_members = inverse(&members_by_name);
        let attributes = self.names.sorted();
        let by_name = self.categories.sorted();
        let of_categories = inverse(&by_name);
        for column in self.columns.iter_mut() {
            if let Values::Categories(categories) = column {
                for category in categories.iter_mut().filter(|category| **category != NO_CATEGORY) {
                    *category = of_categories[*category as usize];
                }
            }
        }
        for row in self.rows.iter_mut() {
            row.member = of_members[row.member as usize];
        }
        let mut order: Vec<u32, H> = Vec::with_capacity_in(rows, self.host.clone());
        order.extend(0..rows as u32);
        let mut pace = Pace::new(&self.host);
        let compare = |a: &u32, b: &u32| {
            let (left, right) = (&self.rows[*a as usize], &self.rows[*b as usize]);
            let rows = (left.member, left.anchor, left.churned).cmp(&(
                right.member,
                right.anchor,
                right.churned,
            ));
            rows.then_with(|| {
                let columns =
                    attributes.iter().filter_map(|place| self.columns.get(*place as usize));
                let mut orders = columns.map(|column| match column {
                    Values::Unknown => Ordering::Equal,
                    Values::Numbers(of) => of[*a as usize].total_cmp(&of[*b as usize]),
                    Values::Categories(of) => of[*a as usize].cmp(&of[*b as usize]),
                });
                orders.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
            })
        };
        order.sort_unstable_by(|a, b| {
            pace.step(4);
            compare(a, b)
        });
        Settled { records: self, order, attributes, by_name, members_by_name }
    }
}

/// Rows in an order of their own.
#[derive(Debug)]
pub struct Settled<H: Host> {
    records: Records<H>,
    order: Vec<u32, H>,
    attributes: Vec<u32, H>,
    by_name: Vec<u32, H>,
    members_by_name: Vec<u32, H>,
}

#[allow(clippy::len_without_is_empty)] // nobody asks
impl<H: Host> Settled<H> {
    /// The number of rows.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// The number of members, who are numbered by name.
    pub fn members(&self) -> usize {
        self.records.members.len()
    }

    /// Rows that were left out.
    pub fn left_out(&self) -> u64 {
        self.records.left_out
    }

    /// Where it is kept.
    pub fn host(&self) -> &H {
        &self.records.host
    }

    fn row(&self, place: usize) -> &Row {
        &self.records.rows[self.order[place] as usize]
    }

    /// Whose row it is.
    pub fn member(&self, place: usize) -> u32 {
        self.row(place).member
    }

    /// The day of its anchor.
    pub fn anchor(&self, place: usize) -> Option<i64> {
        Some(self.row(place).anchor).filter(|day| *day != i64::MIN)
    }

    /// Did the member leave?
    pub fn churned(&self, place: usize) -> bool {
        self.row(place).churned
    }

    /// The attributes, by name.
    pub fn attributes(&self) -> impl Iterator<Item = (&[u8], &Values<H>)> {
        self.attributes.iter().filter_map(|place| {
            let values = self.records.columns.get(*place as usize)?;
            Some((self.records.names.get(*place as usize), values))
        })
    }

    /// Are the numbers of an attribute, by its place among [`Self::attributes`], yes and no?
    pub fn is_flag(&self, attribute: usize) -> bool {
        let place = self.attributes.get(attribute).map(|place| *place as usize);
        place.and_then(|place| self.records.flags.get(place)).is_some_and(|flag| *flag)
    }

    /// The name of a member, by its number.
    pub fn member_name(&self, member: u32) -> &[u8] {
        self.records.members.get(self.members_by_name[member as usize] as usize)
    }

    /// The number of an attribute in a row; NaN where it is not known.
    pub fn number(&self, numbers: &[f64], place: usize) -> f64 {
        numbers[self.order[place] as usize]
    }

    /// The category of an attribute in a row.
    pub fn category(&self, categories: &[u32], place: usize) -> u32 {
        categories[self.order[place] as usize]
    }

    /// The name of a category; they are numbered by name.
    pub fn category_name(&self, category: u32) -> &[u8] {
        self.records.categories.get(self.by_name[category as usize] as usize)
    }

    /// How many categories there are, of all attributes.
    pub fn categories(&self) -> usize {
        self.records.categories.len()
    }
}
