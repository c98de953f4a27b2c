//! The members of one part of an inbox: numbered as they appear, then ranked in the order of members.

use super::member::{BUCKET_BITS, bucket};
use super::row::RowKey;
use crate::host::{Host, Vec};
use crate::index::Index;

/// Members in order of appearance, where to find them, and their places among themselves.
pub(crate) struct Ranks<K, H: Host> {
    /// Bits of a bucket that tell members of one part apart.
    bucket_bits: u32,
    members: Vec<K, H>,
    index: Index<H>,
    ranks: Vec<u32, H>,
    /// Members in their order: a number that sorts them, mostly, and their own.
    order: Vec<(u64, u32), H>,
}

impl<'a, K: RowKey<'a>, H: Host> Ranks<K, H> {
    pub(crate) fn new(bucket_bits: u32, host: &H) -> Self {
        Ranks {
            bucket_bits,
            members: Vec::new_in(host.clone()),
            index: Index::new(host.clone()),
            ranks: Vec::new_in(host.clone()),
            order: Vec::new_in(host.clone()),
        }
    }

    /// Forgets all members.
    pub(crate) fn clear(&mut self) {
        self.members.clear();
        self.index.clear();
    }

    /// How many members have a number.
    pub(crate) fn len(&self) -> usize {
        self.members.len()
    }

    /// The number of a member, a new one if it is new.
    #[inline]
    pub(crate) fn number(&mut self, key: K) -> u32 {
        let hash = hash_inside(key);
        let members = &mut self.members;
        if let Some(number) = self.index.find(hash, |number| members[number] == key) {
            return number;
        }
        members.push(key);
        self.index.push(hash, |number| hash_inside(members[number]));
        members.len() as u32 - 1
    }

    /// Ranks the members of a part: by the bits with which they begin to differ, as numbers, and
    /// by comparing those that are equal there.
    pub(crate) fn rank(&mut self) {
        let members = &self.members;
        let shared = K::shared(members);
        let inside = (1u64 << self.bucket_bits) - 1;
        self.order.clear();
        self.order.extend((0..).zip(members).map(|(number, key)| {
            let bucket = (u64::from(bucket(key.hash())) & inside) << (u64::BITS - BUCKET_BITS);
            (bucket | key.begin(shared) >> BUCKET_BITS, number)
        }));
        self.order.sort_unstable_by_key(|member| member.0);
        for equal in self.order.chunk_by_mut(|a, b| a.0 == b.0) {
            if equal.len() > 1 {
                equal.sort_unstable_by_key(|member| members[member.1 as usize]);
            }
        }
        self.ranks.clear();
        self.ranks.resize(members.len(), 0);
        for (rank, member) in (0..).zip(&self.order) {
            self.ranks[member.1 as usize] = rank;
        }
    }

    /// The rank of a number.
    #[inline]
    pub(crate) fn of(&self, number: usize) -> u32 {
        self.ranks[number]
    }

    /// The member of a rank.
    #[inline]
    pub(crate) fn member(&self, rank: usize) -> Option<K> {
        let member = self.order.get(rank)?;
        self.members.get(member.1 as usize).copied()
    }
}

/// A hash whose first and last bits are not those that the members of a part have in common.
#[inline]
fn hash_inside<'a, K: RowKey<'a>>(key: K) -> u64 {
    (key.hash() << BUCKET_BITS).rotate_left(u64::BITS / 2)
}
