//! From rows to a run, part by part: number the members, spread the rows of each next to each other, sort
//! those, and count what is equal.

use super::form::{Form, Stamp};
use super::run::Run;
use super::unit::Unit;
use crate::error::Error;
use crate::history::MemberKind;
use crate::history::inbox::{Inbox, Part};
use crate::history::ranks::Ranks;
use crate::history::row::{Row, RowKey};
use crate::host::{Host, Pace, Vec};
use model_kit::names::Names;

/// The run of the rows in some parts of an inbox, which is left as it is.
pub(super) fn fold<'a, H: Host, P: Iterator<Item = Part<'a, H>>>(
    inbox: &'a Inbox<H>,
    kind: MemberKind,
    form: Form,
    names: &Names<H>,
    parts: impl Fn() -> P,
    host: &H,
) -> Result<Run<H>, Error> {
    match (kind, form.is_narrow()) {
        (MemberKind::Int, true) => fold_rows::<i64, i64, _, _>(inbox, form, names, parts, host),
        (MemberKind::Uuid, true) => fold_rows::<u128, i64, _, _>(inbox, form, names, parts, host),
        (MemberKind::Text, true) => fold_rows::<&[u8], i64, _, _>(inbox, form, names, parts, host),
        (MemberKind::Int, false) => {
            fold_rows::<i64, (i64, u32), _, _>(inbox, form, names, parts, host)
        }
        (MemberKind::Uuid, false) => {
            fold_rows::<u128, (i64, u32), _, _>(inbox, form, names, parts, host)
        }
        (MemberKind::Text, false) => {
            fold_rows::<&[u8], (i64, u32), _, _>(inbox, form, names, parts, host)
        }
    }
}

fn fold_rows<'a, K: RowKey<'a>, S: Stamp, H: Host, P: Iterator<Item = Part<'a, H>>>(
    inbox: &'a Inbox<H>,
    form: Form,
    names: &Names<H>,
    parts: impl Fn() -> P,
    host: &H,
) -> Result<Run<H>, Error> {
    let mut pace = Pace::new(host);
    let temporary = host.scratch();
    let mut is_used = Vec::new_in(temporary.clone());
    is_used.resize(names.len(), false);
    let mut unit = Unit::LARGEST;
    for part in parts() {
        part.each(&mut pace, |row: Row<K>| {
            let (at, code) = form.read(row.tick, row.amount);
            unit = unit.with(at);
            is_used[code as usize] = true;
        });
    }
    let mut numbers = Vec::new_in(host.clone());
    numbers.extend((0..).zip(&is_used).filter(|(_, used)| **used).map(|(number, _)| number));
    numbers.sort_unstable_by(|&a: &u32, &b| {
        pace.step(1);
        names.get(a as usize).cmp(names.get(b as usize))
    });
    let mut codes = Vec::new_in(temporary.clone());
    codes.resize(names.len(), 0);
    for (code, number) in (0..).zip(&numbers) {
        codes[*number as usize] = code;
    }
    let mut folder = Folder::<K, S, H> {
        form,
        ranks: Ranks::new(inbox.bucket_bits_inside(), &temporary),
        codes,
        rows: Vec::new_in(temporary.clone()),
        ends: Vec::new_in(temporary.clone()),
        sorted: Vec::new_in(temporary),
    };
    let mut run = Run::new(unit, numbers, host);
    for part in parts() {
        folder.fold_part(&mut pace, &part, &mut run);
    }
    Ok(run)
}

/// Events of a member from which sorting them polls.
const MANY: usize = 1 << 12;

/// Buffers of the folding of one part, used again for the next.
struct Folder<K, S, H: Host> {
    form: Form,
    ranks: Ranks<K, H>,
    /// The place of each name in the run.
    codes: Vec<u32, H>,
    /// Number of the member and event of each row.
    rows: Vec<(u32, S), H>,
    /// Of each member, by rank, where its events end.
    ends: Vec<u32, H>,
    sorted: Vec<S, H>,
}

impl<'a, K: RowKey<'a>, S: Stamp, H: Host> Folder<K, S, H> {
    fn fold_part(&mut self, pace: &mut Pace<'_, H>, part: &Part<'a, H>, run: &mut Run<H>) {
        let count = part.count();
        if count == 0 {
            return;
        }
        let (form, ranks, rows) = (self.form, &mut self.ranks, &mut self.rows);
        ranks.clear();
        rows.clear();
        rows.reserve(count);
        part.each(pace, |row: Row<K>| {
            let (at, code) = form.read(row.tick, row.amount);
            rows.push((ranks.number(row.key), S::of(form, at, self.codes[code as usize])));
        });
        ranks.rank();
        self.spread(pace);
        let mut begin = 0;
        for rank in 0..self.ends.len() {
            let end = self.ends[rank] as usize;
            let events = &mut self.sorted[begin..end];
            begin = end;
            pace.step(1 + events.len());
            if !events.is_sorted() {
                if events.len() < MANY {
                    events.sort_unstable();
                } else {
                    events.sort_unstable_by(|a, b| {
                        pace.step(1);
                        a.cmp(b)
                    });
                }
            }
            let Some(member) = self.ranks.member(rank) else { continue };
            let mut written = 0;
            for same in events.chunk_by(|a, b| a == b) {
                let (at, code) = same[0].read(form);
                run.event(written > 0, at, code, same.len() as u64);
                written += 1;
            }
            run.member(member.member(), written);
        }
    }

    /// Puts the events of each member next to each other, in the order in which they came.
    fn spread(&mut self, pace: &mut Pace<'_, H>) {
        let ends = &mut self.ends;
        ends.clear();
        ends.resize(self.ranks.len(), 0);
        for row in &mut self.rows {
            row.0 = self.ranks.of(row.0 as usize);
            ends[row.0 as usize] += 1;
        }
        pace.step(self.rows.len());
        let mut next = 0;
        for end in ends.iter_mut() {
            next += std::mem::replace(end, next);
        }
        self.sorted.clear();
        self.sorted.resize(self.rows.len(), S::default());
        for (rank, event) in &self.rows {
            let place = &mut ends[*rank as usize];
            self.sorted[*place as usize] = *event;
            *place += 1;
        }
        pace.step(self.rows.len());
    }
}
