//! Journeys: their bytes, and everything that reads them.

use crate::{Choices, sealed};
use model_ground::calendar::{Grain, Utc};
use model_ground::error::Error;
use model_ground::host::{Global, Vec};
use model_history::journeys::{Flat, Journeys, View, history_of_events, part_of, tally};
use model_retention::funnel::{FunnelQuestion, Steps, StepsAsked, funnel};
use model_retention::paths::{PathsQuestion, next_events, paths, sessions};

/// Bytes of journeys without their checksum.
pub fn run(body: &[u8]) -> bool {
    let bytes = sealed(body);
    let Ok(flat) = Flat::parse(&bytes, Global) else { return false };
    let accepted = flat.check(|_| Ok(())).is_ok();
    if accepted {
        rewritten(&flat.view(), &bytes);
    }
    accepted
}

/// What is taken can be dumped and restored, merged with itself, and is its own only form.
fn rewritten(view: &View<'_, Global>, bytes: &[u8]) {
    let mut copy = Journeys::like(view, Global);
    copy.absorb(view).expect("journeys take some");
    assert_eq!(written(&mut copy).expect("room for it"), bytes, "the bytes are others");
    copy.absorb(view).expect("twice the same names");
    let twice = written(&mut copy).expect("room for it");
    let flat = Flat::parse(&twice, Global).expect("its own bytes");
    flat.check(|_| Ok(())).expect("its own bytes are good");
}

fn written(journeys: &mut Journeys<Global>) -> Result<Vec<u8, Global>, Error> {
    let mut out = Vec::new_in(Global);
    out.resize(journeys.flat_size()?, 0);
    journeys.write_flat(&mut out)?;
    Ok(out)
}

/// The same, read. Readers do not check again: whatever lies in a table, they end.
pub fn readers(body: &[u8]) -> bool {
    let bytes = sealed(body);
    let Ok(flat) = Flat::parse(&bytes, Global) else { return false };
    let read = read(&flat.view(), &mut Choices::of(body));
    let malformed = matches!(read, Err(Error::Malformed(_) | Error::MalformedValue { .. }));
    assert!(!(malformed && flat.check(|_| Ok(())).is_ok()), "taken, and then {read:?}");
    !malformed
}

/// Asks every reader. Of bytes that were not checked, some may fail.
fn read(view: &View<'_, Global>, choices: &mut Choices) -> Result<(), Error> {
    view.count_members()?;
    tally(view)?;
    let mut picked = std::vec::Vec::new();
    picked.resize_with(view.names.len(), || choices.one_of(2) == 1);
    let grain = choices.pick(&[Grain::Day, Grain::Second, Grain::Week, Grain::Year]);
    if let Some(mut history) = history_of_events(view, &Utc, &picked, grain, Global)? {
        history.flat_size()?;
    }
    funnels(view, choices)?;
    let some = choices.one_of(view.names.len().max(1) as u64) as u32;
    let (start, finish) = choices.pick(&[(None, None), (Some(some), None), (None, Some(some))]);
    let session = choices.pick(&[None, Some(0), Some(1_000_000)]);
    let question = PathsQuestion { start, finish, levels: 5, top: 3, session, as_of: None };
    paths(view, &Utc, &question)?;
    next_events(view, &Utc, some, None)?;
    sessions(view, &Utc, session.unwrap_or(60), None, |_, _| {})?;
    let (first, last) = view.meta.extent.map_or((0, 0), |extent| (extent.first, extent.last));
    let middle = first.midpoint(last);
    if let Some(mut part) = part_of(view, (first, middle), |_| true, Global)? {
        let bytes = written(&mut part)?;
        Flat::parse(&bytes, Global)?;
    }
    Ok(())
}

/// A funnel of some of the names.
fn funnels(view: &View<'_, Global>, choices: &mut Choices) -> Result<(), Error> {
    let name = |choices: &mut Choices| {
        let place = choices.one_of(view.names.len().max(1) as u64) as usize;
        view.names.get(place).and_then(|name| std::str::from_utf8(name).ok())
    };
    let events = [name(choices), name(choices), name(choices)];
    let modes = ["ordered", "strict order", "strict increase", "any order", "no repeats"];
    let (mode, entry) = (choices.pick(&modes), choices.pick(&["first", "recurring"]));
    let within = choices.pick(&["1 second", "20 days", "2000000000 days"]);
    let question = FunnelQuestion::new(Some(within), Some(mode), Some(entry), None, None, 0.95)?;
    let asked = StepsAsked { events: &events, within: None, optional: &[], excluded: &[] };
    // A name that is no text is no argument.
    let Ok(steps) = Steps::new(view, &asked, question.mode) else { return Ok(()) };
    funnel(view, &Utc, &steps, &question, Global)?.rows().for_each(drop);
    Ok(())
}
