//! From rows to a run: part by part, group the rows by member, sort each member's ticks, and add
//! up what shares a tick.

use super::inbox::{Layout, Part, RowKey};
use super::member::{BUCKET_BITS, MemberKind, bucket};
use super::run::{NO_AMOUNT, Run};
use super::walk::add_amounts;
use crate::error::Error;
use crate::host::{Host, Pace, Vec};

/// The run of the rows in some parts of an inbox, which is left as it is.
pub(crate) fn fold<H: Host>(
    layout: Layout,
    parts: &[Part<H>],
    kind: MemberKind,
    host: &H,
) -> Result<Run<H>, Error> {
    match kind {
        MemberKind::Int => fold_keys::<i64, H>(layout, parts, host),
        MemberKind::Uuid => fold_keys::<u128, H>(layout, parts, host),
        MemberKind::Text => fold_keys::<&[u8], H>(layout, parts, host),
    }
}

fn fold_keys<'a, K: RowKey<'a>, H: Host>(
    layout: Layout,
    parts: &'a [Part<H>],
    host: &H,
) -> Result<Run<H>, Error> {
    let mut run = Run::new(host.clone());
    let temporary = host.scratch();
    let mut scratch = Scratch::<K, H>::new(layout, &temporary);
    for part in parts {
        scratch.group(part);
        scratch.write(&mut run)?;
    }
    Ok(run)
}

/// Buffers of the folding of one part, used again for the next.
struct Scratch<'h, K, H: Host> {
    layout: Layout,
    pace: Pace<'h, H>,
    /// Open addressing: 1 + the number of a member, 0 where free.
    slots: Vec<u32, H>,
    /// Of each member, in order of appearance: its key and its number of rows.
    members: Vec<(K, u32), H>,
    /// The member of each row.
    member_of: Vec<u32, H>,
    /// Members in their order.
    order: Vec<u32, H>,
    /// Of each member: where its next row goes.
    place: Vec<u32, H>,
    /// Tick and amount of each row, by member.
    ticks: Vec<i64, H>,
    events: Vec<(i64, i64), H>,
}

impl<'a, 'h, K: RowKey<'a>, H: Host> Scratch<'h, K, H> {
    fn new(layout: Layout, host: &'h H) -> Self {
        let mut slots = Vec::new_in(host.clone());
        slots.resize(64, 0);
        Scratch {
            layout,
            pace: Pace::new(host),
            slots,
            members: Vec::new_in(host.clone()),
            member_of: Vec::new_in(host.clone()),
            order: Vec::new_in(host.clone()),
            place: Vec::new_in(host.clone()),
            ticks: Vec::new_in(host.clone()),
            events: Vec::new_in(host.clone()),
        }
    }

    /// Numbers the members of a part, orders them, and puts the rows of each next to each other.
    fn group(&mut self, part: &'a Part<H>) {
        let layout = self.layout;
        let rows = part.rows(layout);
        let count = part.count(layout);
        self.slots.fill(0);
        self.members.clear();
        self.member_of.clear();
        self.member_of.reserve(count);
        for row in rows.clone() {
            self.pace.step(1);
            let member = self.number(K::read(row, &part.text));
            self.member_of.push(member);
        }

        let members = &self.members;
        self.order.clear();
        self.order.extend(0..members.len() as u32);
        self.order.sort_unstable_by_key(|&m| {
            let key = members[m as usize].0;
            (bucket(key.hash()), key)
        });
        self.place.clear();
        self.place.resize(members.len(), 0);
        let mut next = 0;
        for &m in &self.order {
            self.place[m as usize] = next;
            next += members[m as usize].1;
        }

        if layout.has_amounts() {
            self.events.clear();
            self.events.resize(count, (0, 0));
        } else {
            self.ticks.clear();
            self.ticks.resize(count, 0);
        }
        for (row, &member) in rows.zip(&self.member_of) {
            self.pace.step(1);
            let place = &mut self.place[member as usize];
            if layout.has_amounts() {
                self.events[*place as usize] = (layout.tick(row), layout.amount(row));
            } else {
                self.ticks[*place as usize] = layout.tick(row);
            }
            *place += 1;
        }
    }

    /// The number of a member, a new one if it is new.
    #[inline]
    fn number(&mut self, key: K) -> u32 {
        let mask = self.slots.len() - 1;
        let mut slot = home(key, self.slots.len());
        loop {
            match self.slots[slot] {
                0 => break,
                taken => {
                    let member = &mut self.members[taken as usize - 1];
                    if member.0 == key {
                        member.1 += 1;
                        return taken - 1;
                    }
                }
            }
            slot = (slot + 1) & mask;
        }
        self.members.push((key, 1));
        let number = self.members.len() as u32;
        self.slots[slot] = number;
        if self.members.len() * 2 > self.slots.len() {
            self.grow();
        }
        number - 1
    }

    #[cold]
    fn grow(&mut self) {
        let len = self.slots.len() * 4;
        self.slots.clear();
        self.slots.resize(len, 0);
        for (number, (key, _)) in (1..).zip(&self.members) {
            let mut slot = home(*key, len);
            while self.slots[slot] != 0 {
                slot = (slot + 1) & (len - 1);
            }
            self.slots[slot] = number;
        }
    }

    fn write(&mut self, run: &mut Run<H>) -> Result<(), Error> {
        let mut start = 0;
        for &m in &self.order {
            let (key, rows) = self.members[m as usize];
            let end = start + rows as usize;
            self.pace.step(rows as usize);
            if self.layout.has_amounts() {
                write_events(&mut self.events[start..end], key, run)?;
            } else {
                write_ticks(&mut self.ticks[start..end], key, run)?;
            }
            start = end;
        }
        Ok(())
    }
}

/// The parts of an inbox share the top bits of their hashes, so the table uses those below.
#[inline]
fn home<'a, K: RowKey<'a>>(key: K, slots: usize) -> usize {
    ((key.hash() << BUCKET_BITS) >> (u64::BITS - slots.trailing_zeros())) as usize
}

fn write_ticks<'a, K: RowKey<'a>, H: Host>(
    ticks: &mut [i64],
    key: K,
    run: &mut Run<H>,
) -> Result<(), Error> {
    ticks.sort_unstable();
    let distinct = 1 + ticks.windows(2).filter(|pair| pair[0] != pair[1]).count();
    run.member(key.member(), distinct);
    let mut first = true;
    for same in ticks.chunk_by(|a, b| a == b) {
        let (tick, count) = (same[0], same.len() as u64);
        if std::mem::take(&mut first) {
            run.first_tick(tick, count, NO_AMOUNT)?;
        } else {
            run.next_tick(tick, count, NO_AMOUNT)?;
        }
    }
    Ok(())
}

fn write_events<'a, K: RowKey<'a>, H: Host>(
    events: &mut [(i64, i64)],
    key: K,
    run: &mut Run<H>,
) -> Result<(), Error> {
    events.sort_unstable();
    let distinct = 1 + events.windows(2).filter(|pair| pair[0].0 != pair[1].0).count();
    run.member(key.member(), distinct);
    let mut first = true;
    for same in events.chunk_by(|a, b| a.0 == b.0) {
        let mut amount = NO_AMOUNT;
        for &(_, one) in same {
            amount = add_amounts(amount, one)?;
        }
        let (tick, count) = (same[0].0, same.len() as u64);
        if std::mem::take(&mut first) {
            run.first_tick(tick, count, amount)?;
        } else {
            run.next_tick(tick, count, amount)?;
        }
    }
    Ok(())
}
