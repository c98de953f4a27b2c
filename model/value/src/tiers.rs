//! Tiers: membership levels by what a member spent, or how often it came, in a trailing window.

use crate::amount;
use crate::axis::Cut;
use crate::calendar::{Clock, Grain, Stretch, Takes, Zone};
use crate::error::Error;
use crate::history::{MemberRef, Timeline, View};
use crate::host::{Host, Pace, Vec};
use crate::json::{self, Digits, Object, Step, Text};
use serde::Deserialize;

const RULES: json::Kind = json::Kind {
    what: "the tier rules",
    hint: "Rules look like {\"by\": \"amount\", \"window\": \"12 months\", \"grace\": \"90 days\", \"tiers\": \
           [{\"name\": \"Silver\", \"from\": 500}, {\"name\": \"Gold\", \"from\": 2000}]}; by: amount, \
           events or days; without a window all of the past counts.",
};
/// Ten years: every day of a grace period is looked at.
const MAX_GRACE: i64 = 3_660;
const MAX_WINDOW: i64 = 366_000;
const MAX_TIERS: usize = 100;

/// The rules as they are written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RulesJson {
    by: Option<By>,
    window: Option<Text>,
    grace: Option<Text>,
    tiers: std::vec::Vec<Object<TierJson>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TierJson {
    name: Text,
    from: Digits,
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Text")]
enum By {
    Amount,
    Events,
    Days,
}

impl TryFrom<Text> for By {
    type Error = String;

    fn try_from(Text(name): Text) -> Result<Self, String> {
        match name.to_ascii_lowercase().as_str() {
            "amount" => Ok(By::Amount),
            "events" => Ok(By::Events),
            "days" => Ok(By::Days),
            _ => Err(format!("\"{}\" is not amount, events or days", json::shorten(&name))),
        }
    }
}

/// A length of time in the rules, at most so many days.
fn length(Text(text): &Text, key: &'static str, most: i64) -> Result<Stretch, Error> {
    let way = [Step::Key(key)];
    let length = Stretch::parse(text, Takes::days_or_none(key));
    let length = length.map_err(|error| RULES.wrong(&way, json::shorten(&error.to_string())))?;
    if length.months * 30 + length.days > most {
        return Err(RULES.wrong(&way, format_args!("not from 0 to {most} days")));
    }
    Ok(length)
}

/// The last day that lies no more than a length after another: from which the window back reaches it.
fn last_after(length: Stretch, day: i64) -> i64 {
    let mut last = day + length.days + 28 * length.months;
    while length.before(last + 1) <= day {
        last += 1;
    }
    last
}

/// A level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tier {
    /// Its name.
    pub name: String,
    /// What it takes, in millionths.
    from: i128,
}

/// The rules of a programme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    by: By,
    window: Option<Stretch>,
    grace: Option<Stretch>,
    /// The levels, from the lowest up.
    pub tiers: std::vec::Vec<Tier>,
}

impl Rules {
    /// The rules in a document.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let Object(rules): Object<RulesJson> = RULES.read(text)?;
        let by = rules.by.unwrap_or(By::Amount);
        let of = |text: &Option<Text>, key, most| {
            text.as_ref().map(|text| length(text, key, most)).transpose()
        };
        let window = of(&rules.window, "window", MAX_WINDOW)?;
        let grace = of(&rules.grace, "grace", MAX_GRACE)?;
        if rules.tiers.is_empty() || rules.tiers.len() > MAX_TIERS {
            let why = format_args!("not 1 to {MAX_TIERS} tiers");
            return Err(RULES.wrong(&[Step::Key("tiers")], why));
        }
        let mut tiers: std::vec::Vec<Tier> = std::vec::Vec::new();
        for (place, Object(tier)) in (1..).zip(rules.tiers) {
            let wrong = |key, why| {
                RULES.wrong(&[Step::Key("tiers"), Step::Place(place), Step::Key(key)], why)
            };
            let (Text(name), Digits(digits)) = (tier.name, tier.from);
            let found = amount::from_text(&digits)
                .filter(|found| found.units >= 0 && (by == By::Amount || found.is_whole()));
            let Some(from) = found.map(|found| found.units) else {
                return Err(wrong("from", "not an amount or a count from 0 to 10^30"));
            };
            if tiers.last().is_some_and(|below| below.from >= from) {
                return Err(wrong("from", "not more than the tier before takes"));
            }
            if tiers.iter().any(|tier| tier.name == name) {
                return Err(wrong("name", "a name that another tier has"));
            }
            tiers.push(Tier { name, from });
        }
        Ok(Rules { by, window, grace, tiers })
    }

    /// The highest tier that a value is enough for.
    fn tier(&self, value: i128) -> Option<usize> {
        self.tiers.partition_point(|tier| tier.from <= value).checked_sub(1)
    }

    fn check<H: Host>(&self, view: &View<'_, H>) -> Result<(), Error> {
        let grain = view.meta.grain;
        if grain > Grain::Day {
            return Err(Error::bad(
                format!("a history of grain \"{}\" does not know its days", grain.name()),
                "Build the history with the grain 'day' or a finer one (fourth argument of history_agg).",
            ));
        }
        if self.by == By::Amount && !view.has_amounts() {
            return Err(Error::bad(
                "the tiers go by amount, and the history has no amounts",
                "Take \"by\": \"events\" or \"days\", or build the history with amounts.",
            ));
        }
        Ok(())
    }
}

/// Where a member stands at a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The place of its tier; none below the lowest.
    pub tier: Option<usize>,
    /// What it has in the window, in millionths: an amount or a count.
    pub value: i128,
    /// The last day on which it keeps a tier that `value` is not enough for, if nothing happens.
    pub grace_until: Option<i64>,
    /// The place of the tier above its own, and what is missing for it.
    pub next: Option<(usize, i128)>,
}

/// The days that a standing depends on.
#[derive(Debug)]
struct Scope<H: Host> {
    cut: Cut,
    /// The first day of the grace period that ends with `as_of`.
    first: i64,
    /// The first day of the window of every day from `first` to `as_of`.
    windows: Vec<i64, H>,
}

impl<H: Host> Scope<H> {
    fn new(rules: &Rules, cut: Cut, host: &H) -> Self {
        let first = rules.grace.map_or(cut.as_of, |grace| grace.before(cut.as_of));
        let mut windows = Vec::new_in(host.clone());
        windows.extend(
            (first..=cut.as_of)
                .map(|day| rules.window.map_or(i64::MIN, |window| window.before(day) + 1)),
        );
        Scope { cut, first, windows }
    }
}

/// One member's days with what came up to each of them, and the days on which its value changes.
#[derive(Debug)]
struct Account<H: Host> {
    days: Vec<i64, H>,
    sums: Vec<i128, H>,
    changes: Vec<i64, H>,
    /// The day of the first event.
    first: Option<i64>,
}

impl<H: Host> Account<H> {
    fn new(host: &H) -> Self {
        Account {
            days: Vec::new_in(host.clone()),
            sums: Vec::new_in(host.clone()),
            changes: Vec::new_in(host.clone()),
            first: None,
        }
    }

    fn fill(
        &mut self,
        rules: &Rules,
        timeline: &Timeline<H>,
        clock: &mut Clock<H>,
        zone: &impl Zone,
    ) {
        self.days.clear();
        self.sums.clear();
        self.first = timeline.ticks().first().map(|tick| clock.first_day(zone, *tick));
        let mut refunds = match rules.by {
            By::Amount => timeline.refunds(),
            By::Events | By::Days => &[],
        };
        let mut sum = 0i128;
        for (i, &tick) in timeline.ticks().iter().enumerate() {
            while let Some((&(before, amount), rest)) = refunds.split_first()
                && before < tick
            {
                sum += i128::from(amount);
                self.put(clock.first_day(zone, before), sum);
                refunds = rest;
            }
            let day = clock.first_day(zone, tick);
            let is_new = self.days.last() != Some(&day);
            sum += match rules.by {
                By::Amount => i128::from(timeline.amount(i).unwrap_or(0)),
                By::Events => i128::from(timeline.count(i)) * i128::from(amount::SCALE),
                By::Days => i128::from(is_new) * i128::from(amount::SCALE),
            };
            self.put(day, sum);
        }
        for &(tick, amount) in refunds {
            sum += i128::from(amount);
            self.put(clock.first_day(zone, tick), sum);
        }
    }

    /// What came up to a day, which is the last so far or after it.
    fn put(&mut self, day: i64, sum: i128) {
        match self.sums.last_mut() {
            Some(last) if self.days.last() == Some(&day) => *last = sum,
            _ => {
                self.days.push(day);
                self.sums.push(sum);
            }
        }
    }

    /// The sum of all days before this one.
    fn until(&self, day: i64) -> i128 {
        let place = self.days.partition_point(|of| *of < day);
        place.checked_sub(1).map_or(0, |before| self.sums[before])
    }

    /// Its standing; none before its first event.
    fn standing(&mut self, rules: &Rules, scope: &Scope<H>) -> Option<Standing> {
        let as_of = scope.cut.as_of;
        self.first.filter(|first| *first <= as_of)?;
        // The value changes when a day comes into the window and when it leaves.
        self.changes.clear();
        self.changes.push(scope.first);
        let from = self.days.partition_point(|day| *day < scope.windows[0]);
        for &day in &self.days[from..] {
            if day > as_of {
                break;
            }
            if day > scope.first {
                self.changes.push(day);
            }
            let leaves = scope.windows.partition_point(|first| *first <= day);
            if leaves < scope.windows.len() {
                self.changes.push(scope.first + leaves as i64);
            }
        }
        self.changes.sort_unstable();
        self.changes.dedup();
        let (mut held, mut last_day, mut value) = (None, as_of, 0);
        for (i, &day) in self.changes.iter().enumerate() {
            let first = scope.windows[(day - scope.first) as usize];
            value = self.until(day + 1) - self.until(first);
            let tier = rules.tier(value);
            if tier >= held {
                held = tier;
                last_day = self.changes.get(i + 1).map_or(as_of, |next| next - 1);
            }
        }
        let in_grace = held > rules.tier(value);
        let next = held.map_or(0, |held| held + 1);
        Some(Standing {
            tier: held,
            value,
            grace_until: rules.grace.filter(|_| in_grace).map(|grace| last_after(grace, last_day)),
            next: rules.tiers.get(next).map(|tier| (next, tier.from - value)),
        })
    }
}

/// The members with an event by `as_of`, and where they stand.
pub fn tiers<H: Host>(
    view: &View<'_, H>,
    zone: &impl Zone,
    rules: &Rules,
    as_of: Option<i64>,
    host: H,
    mut tell: impl FnMut(MemberRef<'_>, Standing) -> Result<(), Error>,
) -> Result<(), Error> {
    rules.check(view)?;
    let mut clock = Clock::new(view.meta.grain, host.clone());
    let scope = Scope::new(rules, Cut::new(view.meta, zone, as_of, &mut clock)?, &host);
    let mut account = Account::new(&host);
    let mut pace = Pace::new(&host);
    let mut walk = view.walk()?;
    while let Some((member, timeline)) = walk.next_member()? {
        pace.step(4 + 4 * timeline.ticks().len());
        account.fill(rules, timeline, &mut clock, zone);
        if let Some(standing) = account.standing(rules, &scope) {
            tell(member, standing)?;
        }
    }
    Ok(())
}

/// Members that went from one tier to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TierFlow {
    /// The place of the tier at the first day; none below the lowest.
    pub from: Option<usize>,
    /// … and at the second.
    pub to: Option<usize>,
    /// Had they no event by the first day?
    pub is_new: bool,
    /// How many.
    pub members: u64,
}

/// The flows that somebody is in between two days.
pub fn migration<H: Host>(
    view: &View<'_, H>,
    zone: &impl Zone,
    rules: &Rules,
    (from, to): (i64, i64),
    host: H,
) -> Result<std::vec::Vec<TierFlow>, Error> {
    rules.check(view)?;
    if from > to {
        return Err(Error::bad("from_date is after to_date", "Take the earlier day first."));
    }
    let mut clock = Clock::new(view.meta.grain, host.clone());
    let mut scope = |day| {
        Cut::new(view.meta, zone, Some(day), &mut clock).map(|cut| Scope::new(rules, cut, &host))
    };
    let (before, after) = (scope(from)?, scope(to)?);
    // Tiers from none up; and one more place for who was not there.
    let places = rules.tiers.len() + 1;
    let place = |tier: Option<usize>| tier.map_or(0, |tier| tier + 1);
    let mut flows = vec![0u64; (places + 1) * places];
    let mut account = Account::new(&host);
    let mut pace = Pace::new(&host);
    let mut walk = view.walk()?;
    while let Some((_, timeline)) = walk.next_member()? {
        pace.step(8 + 8 * timeline.ticks().len());
        account.fill(rules, timeline, &mut clock, zone);
        let Some(to) = account.standing(rules, &after) else { continue };
        let from = account.standing(rules, &before);
        let row = from.map_or(places, |from| place(from.tier));
        flows[row * places + place(to.tier)] += 1;
    }
    let tier = |place: usize| place.checked_sub(1);
    let rows = flows.iter().enumerate().filter(|(_, members)| **members > 0);
    Ok(rows
        .map(|(at, &members)| {
            let (row, column) = (at / places, at % places);
            let is_new = row == places;
            TierFlow { from: tier(row).filter(|_| !is_new), to: tier(column), is_new, members }
        })
        .collect())
}

#[cfg(test)]
mod tests;
