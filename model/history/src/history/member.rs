//! Members: who an event belongs to, and the one order in which every history keeps them.
//!
//! Members are ordered by bucket, the top bits of a hash, and within a bucket by value. Rows can
//! then be spread over buckets as they come in and folded bucket by bucket in cache, while two
//! histories still merge in one pass; and the dense keys of a bucket still lie close together.

use std::fmt;
use xxhash_rust::xxh3::xxh3_64;

/// The type of a history's members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum MemberKind {
    /// 64-bit integers, exact.
    Int = 0,
    /// 128-bit identifiers, exact.
    Uuid = 1,
    /// Text, kept whole, in UTF-8.
    Text = 2,
}

impl MemberKind {
    /// The name of the SQL type.
    pub fn name(self) -> &'static str {
        match self {
            MemberKind::Int => "bigint",
            MemberKind::Uuid => "uuid",
            MemberKind::Text => "text",
        }
    }

    /// The kind with this number in the bytes of a history.
    pub fn from_code(code: u8) -> Option<Self> {
        [MemberKind::Int, MemberKind::Uuid, MemberKind::Text].get(usize::from(code)).copied()
    }
}

/// A member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MemberRef<'a> {
    /// A 64-bit integer.
    Int(i64),
    /// The sixteen bytes of a uuid, most significant first.
    Uuid(u128),
    /// Text.
    Text(&'a [u8]),
}

impl MemberRef<'_> {
    /// Its type.
    pub fn kind(&self) -> MemberKind {
        match self {
            MemberRef::Int(_) => MemberKind::Int,
            MemberRef::Uuid(_) => MemberKind::Uuid,
            MemberRef::Text(_) => MemberKind::Text,
        }
    }

    #[inline]
    pub(crate) fn hash(&self) -> u64 {
        match self {
            MemberRef::Int(key) => key.hash(),
            MemberRef::Uuid(key) => key.hash(),
            MemberRef::Text(key) => key.hash(),
        }
    }
}

impl fmt::Display for MemberRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MemberRef::Int(key) => write!(f, "{key}"),
            MemberRef::Uuid(key) => {
                let hex = format!("{key:032x}");
                let (a, b, c, d, e) =
                    (&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]);
                write!(f, "{a}-{b}-{c}-{d}-{e}")
            }
            MemberRef::Text(key) => f.write_str(&String::from_utf8_lossy(key)),
        }
    }
}

/// Buckets in the order of members: 2^11.
pub(crate) const BUCKET_BITS: u32 = 11;

/// The bucket of a hash.
#[inline]
pub(crate) fn bucket(hash: u64) -> u32 {
    (hash >> (u64::BITS - BUCKET_BITS)) as u32
}

/// A member of one kind: what the inner loops are written for.
pub(crate) trait Key: Copy + Ord {
    /// Part of the public format, by way of the order of members: it never changes.
    fn hash(self) -> u64;
    fn member<'a>(self) -> MemberRef<'a>
    where
        Self: 'a;
}

/// 2^64 divided by the golden ratio: Knuth, TAOCP 3, 6.4, multiplicative hashing.
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

impl Key for i64 {
    #[inline]
    fn hash(self) -> u64 {
        (self as u64).wrapping_mul(GOLDEN)
    }
    #[inline]
    fn member<'a>(self) -> MemberRef<'a> {
        MemberRef::Int(self)
    }
}

impl Key for u128 {
    #[inline]
    fn hash(self) -> u64 {
        let (high, low) = ((self >> 64) as u64, self as u64);
        (high ^ low.rotate_left(32)).wrapping_mul(GOLDEN)
    }
    #[inline]
    fn member<'a>(self) -> MemberRef<'a> {
        MemberRef::Uuid(self)
    }
}

impl Key for &[u8] {
    #[inline]
    fn hash(self) -> u64 {
        xxh3_64(self)
    }
    #[inline]
    fn member<'a>(self) -> MemberRef<'a>
    where
        Self: 'a,
    {
        MemberRef::Text(self)
    }
}
