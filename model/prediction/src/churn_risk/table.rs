//! Rows to learn from: a byte for each feature, the label, the anchor, and whose row it is.

use super::bins::Coder;
use crate::host::{Host, Vec};

/// How a feature is put before the logit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// As it is.
    Plain,
    /// sign(x) ln(1 + |x|): of counts, days and amounts.
    Log,
}

impl Scale {
    /// The number that the logit sees.
    #[inline]
    pub fn of(self, value: f64) -> f64 {
        match self {
            Scale::Plain => value,
            Scale::Log => value.abs().ln_1p().copysign(value),
        }
    }
}

/// A table of codes.
#[derive(Debug)]
pub struct Table<H: Host> {
    coders: Vec<Coder<H>, H>,
    codes: Vec<u8, H>,
    /// Twice the number of the anchor, and 1 if the member left.
    marks: Vec<u8, H>,
    members: Vec<u32, H>,
    anchors: usize,
}

impl<H: Host> Table<H> {
    /// Without rows yet: how features become codes, and the number of anchors, at most 127.
    pub fn new(coders: Vec<Coder<H>, H>, anchors: usize, host: &H) -> Self {
        Table {
            coders,
            codes: Vec::new_in(host.clone()),
            marks: Vec::new_in(host.clone()),
            members: Vec::new_in(host.clone()),
            anchors,
        }
    }

    /// Adds a row; those of a member follow each other, and members are numbered from 0.
    #[inline]
    pub fn push(
        &mut self,
        member: u32,
        anchor: usize,
        churned: bool,
        features: impl IntoIterator<Item = f64>,
    ) {
        let codes = self.coders.iter().zip(features).map(|(coder, value)| coder.code(value));
        self.codes.extend(codes);
        self.marks.push((anchor as u8) << 1 | u8::from(churned));
        self.members.push(member);
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.marks.len()
    }

    /// The number of features.
    pub fn features(&self) -> usize {
        self.coders.len()
    }

    /// The number of anchors.
    pub fn anchors(&self) -> usize {
        self.anchors
    }

    /// The codes of a row.
    #[inline]
    pub fn row(&self, row: u32) -> &[u8] {
        let width = self.coders.len();
        &self.codes[row as usize * width..][..width]
    }

    /// Did the member leave?
    #[inline]
    pub fn label(&self, row: u32) -> bool {
        self.marks[row as usize] & 1 == 1
    }

    /// The number of the row's anchor.
    #[inline]
    pub fn anchor(&self, row: u32) -> usize {
        usize::from(self.marks[row as usize] >> 1)
    }

    /// Whose row it is.
    #[inline]
    pub fn member(&self, row: u32) -> u32 {
        self.members[row as usize]
    }

    /// How a feature becomes codes.
    pub fn coder(&self, feature: usize) -> &Coder<H> {
        &self.coders[feature]
    }

    /// What the logit sees of a code.
    #[inline]
    pub fn level(&self, feature: usize, code: u8) -> f64 {
        self.coders[feature].mean(code)
    }

    /// The rows of some anchors.
    pub fn rows_of(&self, is_in: impl Fn(u32) -> bool, host: &H) -> Vec<u32, H> {
        let mut rows = Vec::new_in(host.clone());
        rows.extend((0..self.len() as u32).filter(|row| is_in(*row)));
        rows
    }
}
