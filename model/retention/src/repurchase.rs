//! Repurchase: how many go on from their n-th purchase to the next one, and after how long.
//!
//! A member who has not gone on yet may still do so. Its gap is open at `as_of`, and counts as one that
//! lasts longer than what has been seen of it: a Kaplan–Meier estimate for every n.

use crate::axis::Cut;
use crate::calendar::{Clock, Grain, Stretch, Takes, Zone};
use crate::error::{Error, shorten};
use crate::history::{Columns, View};
use crate::host::{Host, Pace, Vec};
use crate::numeric::{Estimate, Wilson};
use crate::radix;

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct RepurchaseQuestion {
    /// The last day looked at; by default that of the last event.
    pub as_of: Option<i64>,
    /// Probability of the intervals.
    pub confidence: f64,
    /// Are the purchases of one day one?
    pub distinct_days: bool,
    /// Days within which to go on; none: as long as members have been watched.
    pub within: Option<u32>,
    /// The highest purchase number to tell of.
    pub up_to: u32,
}

impl RepurchaseQuestion {
    /// A question, checked.
    pub fn new(
        as_of: Option<i64>,
        confidence: f64,
        distinct_days: bool,
        within: Option<&str>,
        up_to: i32,
    ) -> Result<Self, Error> {
        Wilson::new(confidence)?;
        const MOST: i32 = 10_000;
        if !(1..=MOST).contains(&up_to) {
            return Err(Error::bad(
                format!("up_to {up_to} is not a number of purchases"),
                "Take 1 to 10000: the last purchase number that has a row.",
            ));
        }
        let within = within.map(days_within).transpose()?;
        Ok(RepurchaseQuestion { as_of, confidence, distinct_days, within, up_to: up_to as u32 })
    }
}

/// The days of a stretch. Gaps are counted in days, of which months have different numbers.
fn days_within(text: &str) -> Result<u32, Error> {
    let stretch = Stretch::parse(text, Takes::days_or_none("within"))?;
    if stretch.months > 0 {
        let about = (stretch.months as f64 * 365.25 / 12.0).round() as i64 + stretch.days;
        return Err(Error::Miswritten {
            message: format!(
                "within \"{}\" is not the same number of days for everybody",
                shorten(text)
            ),
            hint: format!("Gaps are counted in days: take '{about} days', or a number of weeks."),
        });
    }
    Ok(u32::try_from(stretch.days).unwrap_or(u32::MAX))
}

/// Who has made so many purchases, and how they go on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PurchaseStep {
    /// The purchase that they have made: 1 is the first.
    pub purchase_number: u32,
    /// Members that have made it.
    pub members: u64,
    /// The estimated share that goes on to the next one, and its interval; none where nobody who is
    /// still waiting was watched for so long.
    pub rate: Option<Estimate>,
    /// Days after which a quarter, half, three quarters of them have gone on; none where the curve
    /// does not reach.
    pub gaps: [Option<u32>; 3],
}

/// The gaps after purchases: number of the purchase, days, and whether nothing followed yet, as one
/// number that sorts by them in this order. Where days are equal, gaps that ended come first.
fn pack(purchase: u32, days: u32, is_open: bool) -> u64 {
    u64::from(purchase) << 33 | u64::from(days) << 1 | u64::from(is_open)
}

/// The gaps of a history, sorted.
#[derive(Debug)]
pub struct Gaps<H: Host> {
    packed: Vec<u64, H>,
    question: RepurchaseQuestion,
    host: H,
}

/// Collects the gaps of a history.
pub fn gaps<H: Host>(
    view: &View<'_, H>,
    zone: &impl Zone,
    question: &RepurchaseQuestion,
    host: H,
) -> Result<Gaps<H>, Error> {
    let grain = view.meta.grain;
    if grain > Grain::Day {
        return Err(Error::bad(
            format!("a history of grain \"{}\" does not know its days", grain.name()),
            "Build the history with the grain 'day' or a finer one (fourth argument of history_agg).",
        ));
    }
    let mut clock = Clock::new(grain, host.clone());
    let cut = Cut::new(view.meta, zone, question.as_of, &mut clock)?;
    let mut packed = Vec::new_in(host.clone());
    let mut pace = Pace::new(&host);
    let mut walk = view.walk_over(Columns { counts: !question.distinct_days, amounts: false })?;
    while let Some((_, timeline)) = walk.next_member()? {
        pace.step(1 + timeline.ticks().len());
        // The day of the purchase before, and its number.
        let mut before: Option<(i64, u32)> = None;
        for (i, &tick) in timeline.ticks().iter().enumerate() {
            if tick > cut.last_tick || before.is_some_and(|(_, number)| number > question.up_to) {
                break;
            }
            let day = clock.first_day(zone, tick);
            let mut events = timeline.count(i);
            if question.distinct_days {
                if before.is_some_and(|(last, _)| last == day) {
                    continue;
                }
                events = 1;
            }
            for _ in 0..events.min(u64::from(question.up_to) + 1) {
                let number = match before {
                    None => 1,
                    Some((_, number)) if number > question.up_to => break,
                    Some((last, number)) => {
                        packed.push(pack(number, days(day - last), false));
                        number + 1
                    }
                };
                before = Some((day, number));
                pace.step(1);
            }
        }
        if let Some((last, number)) = before.filter(|(_, number)| *number <= question.up_to) {
            packed.push(pack(number, days(cut.as_of - last), true));
        }
    }
    let bits = u64::BITS - packed.iter().copied().max().unwrap_or(0).leading_zeros();
    radix::sort(&mut packed, &mut Vec::new_in(host.clone()), 0, bits);
    Ok(Gaps { packed, question: *question, host })
}

fn days(days: i64) -> u32 {
    u32::try_from(days).unwrap_or(if days < 0 { 0 } else { u32::MAX })
}

/// So many gaps after the same purchase that lasted the same number of days. They add up over disjoint
/// sets of members, and the rows follow from their sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// The purchase that they follow.
    pub purchase_number: u32,
    /// How long they lasted, or have lasted so far.
    pub days: u32,
    /// Gaps that the next purchase ended.
    pub ended: u64,
    /// Gaps that are still open.
    pub open: u64,
}

impl<H: Host> Gaps<H> {
    /// The gaps counted, by purchase number and days.
    pub fn tallies(&self) -> impl Iterator<Item = Tally> {
        let mut pace = Pace::new(&self.host);
        let mut rest = &self.packed[..];
        std::iter::from_fn(move || {
            let key = rest.first()? >> 1;
            let len = rest.iter().take_while(|gap| *gap >> 1 == key).count();
            let (own, others) = rest.split_at(len);
            rest = others;
            pace.step(len);
            let ended = own.iter().take_while(|gap| *gap & 1 == 0).count() as u64;
            Some(Tally {
                purchase_number: (key >> 32) as u32,
                days: key as u32,
                ended,
                open: len as u64 - ended,
            })
        })
    }

    /// A row for every purchase number that somebody has reached.
    pub fn rows(&self) -> Result<Vec<PurchaseStep, H>, Error> {
        let mut tallies = Vec::new_in(self.host.clone());
        tallies.extend(self.tallies());
        rows(&tallies, &self.question, self.host.clone())
    }
}

/// A row for every purchase number of these, which are in the order of purchase numbers and days.
pub fn rows<H: Host>(
    tallies: &[Tally],
    question: &RepurchaseQuestion,
    host: H,
) -> Result<Vec<PurchaseStep, H>, Error> {
    if !tallies.is_sorted_by_key(|tally| (tally.purchase_number, tally.days)) {
        return Err(Error::bad(
            "gaps are not in the order of purchase numbers and days",
            "Aggregate them with ORDER BY purchase_number, days.",
        ));
    }
    let mut pace = Pace::new(&host);
    let mut found = Vec::new_in(host.clone());
    for own in tallies.chunk_by(|a, b| a.purchase_number == b.purchase_number) {
        pace.step(own.len());
        if own.iter().any(|tally| tally.ended + tally.open > 0) {
            found.push(row(own, question)?);
        }
    }
    Ok(found)
}

/// E. L. Kaplan and P. Meier, "Nonparametric Estimation from Incomplete Observations", Journal of
/// the American Statistical Association 53 (1958), 457–481.
fn row(tallies: &[Tally], question: &RepurchaseQuestion) -> Result<PurchaseStep, Error> {
    let members = tallies.iter().map(|tally| tally.ended + tally.open).sum();
    let mut curve = Curve::new(members);
    let mut quantiles = [None; 3];
    let mut at_risk = members;
    let mut rate = None;
    let mut watched = 0;
    for tally in tallies.iter().filter(|tally| tally.ended + tally.open > 0) {
        if question.within.is_some_and(|within| tally.days > within) && rate.is_none() {
            rate = Some(curve);
        }
        curve.step(tally.ended, at_risk);
        for (quantile, share) in quantiles.iter_mut().zip([0.25, 0.5, 0.75]) {
            // The product of many shares misses a whole quarter by its last bits.
            if quantile.is_none() && curve.survival <= 1.0 - share + 1e-12 {
                *quantile = Some(tally.days);
            }
        }
        at_risk -= tally.ended + tally.open;
        watched = tally.days;
    }
    let is_known = question.within.is_none_or(|within| within <= watched);
    let curve = rate.or((is_known || curve.survival == 0.0).then_some(curve));
    let wilson = Wilson::new(question.confidence)?;
    let rate = curve.map(|curve| wilson.share_of(1.0 - curve.survival, curve.informants()));
    let purchase_number = tallies.first().map_or(0, |tally| tally.purchase_number);
    Ok(PurchaseStep { purchase_number, members, rate, gaps: quantiles })
}

/// The curve up to some day: the share that has not gone on, and what is known about its error.
#[derive(Debug, Clone, Copy)]
struct Curve {
    survival: f64,
    /// Greenwood's sum of d / (n (n − d)), until nobody is left.
    greenwood: f64,
    /// The share, and members at risk, before the last step.
    before: (f64, u64),
}

impl Curve {
    fn new(at_risk: u64) -> Self {
        Curve { survival: 1.0, greenwood: 0.0, before: (1.0, at_risk) }
    }

    fn step(&mut self, ended: u64, at_risk: u64) {
        self.before = (self.survival, at_risk);
        let left = at_risk - ended;
        self.survival *= left as f64 / at_risk as f64;
        if left > 0 {
            self.greenwood += ended as f64 / (at_risk as f64 * left as f64);
        }
    }

    /// How many fully watched members would tell as much as these: the effective number with which
    /// Greenwood's variance is that of a plain share (K. J. Rothman, "Estimation of confidence limits
    /// for the cumulative probability of survival in life table analysis", Journal of Chronic Diseases
    /// 31 (1978), 557–560). Without open gaps it is their number. Where the curve is at 1 or at 0 that
    /// variance is 0, and Peto's takes its place: members at risk / the share that they come from.
    fn informants(&self) -> f64 {
        if self.survival < 1.0 && self.survival > 0.0 {
            (1.0 - self.survival) / (self.survival * self.greenwood)
        } else {
            let (survival, at_risk) = self.before;
            at_risk as f64 / survival
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Utc;
    use crate::history::{History, MemberKind, MemberRef, Meta};
    use crate::host::{Global, testing::stops};

    fn history(rows: impl IntoIterator<Item = (i64, i64)>) -> History<Global> {
        let mut history = History::new(Meta::new(MemberKind::Int, Grain::Day, "", Global), Global);
        for (member, day) in rows {
            history.push(MemberRef::Int(member), day, day * 86_400_000_000, None).unwrap();
        }
        history.settle().unwrap();
        history
    }

    fn ask(history: &History<Global>, question: RepurchaseQuestion) -> std::vec::Vec<PurchaseStep> {
        let gaps = gaps(&history.view(), &Utc, &question, Global).unwrap();
        gaps.rows().unwrap().to_vec()
    }

    fn rate(row: &PurchaseStep) -> Estimate {
        row.rate.unwrap()
    }

    #[test]
    fn nothing_is_known_of_what_nobody_was_watched_for() {
        let h = history([(1, 0), (2, 10), (2, 30)]);
        let within = |days| ask(&h, RepurchaseQuestion { within: Some(days), ..question(40) });
        assert!(within(40)[0].rate.is_some() && within(41)[0].rate.is_none());
        assert!(within(10)[1].rate.is_some() && within(11)[1].rate.is_none());
        // Where all have gone on nobody needs to be watched.
        let h = history([(1, 0), (2, 10), (1, 5), (2, 30)]);
        let row = ask(&h, RepurchaseQuestion { within: Some(999), ..question(40) })[0];
        assert_eq!(rate(&row).value, 1.0);
    }

    fn question(as_of: i64) -> RepurchaseQuestion {
        RepurchaseQuestion::new(Some(as_of), 0.95, false, None, 100).unwrap()
    }

    /// The remission times of 21 patients of Freireich et al. (1963), with the product-limit estimates
    /// of E. A. Gehan (1965) as every textbook prints them: 0.857 after 6 weeks, 0.690 after 13, 0.448
    /// after 23. Here every patient is a member, relapse is its second purchase, and the end of its
    /// observation its day before as_of.
    #[test]
    fn agrees_with_the_textbook() {
        let relapsed = [6, 6, 6, 7, 10, 13, 16, 22, 23];
        let censored = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35];
        let rows = (0..).zip(relapsed).flat_map(|(m, t)| [(m, 100 - 40), (m, 100 - 40 + t)]);
        let h = history(rows.chain((100..).zip(censored).map(|(m, t)| (m, 100 - t))));
        let first = ask(&h, question(100))[0];
        assert_eq!((first.purchase_number, first.members), (1, 21));
        assert!((1.0 - rate(&first).value - 0.4482).abs() < 5e-5);
        assert_eq!(first.gaps, [Some(13), Some(23), None]);
        for (within, survival) in
            [(6, 0.8571), (7, 0.8067), (12, 0.7529), (13, 0.6902), (22, 0.5378)]
        {
            let row = ask(&h, RepurchaseQuestion { within: Some(within), ..question(100) })[0];
            assert!((1.0 - rate(&row).value - survival).abs() < 5e-5, "{within}: {row:?}");
        }
    }

    #[test]
    fn without_open_gaps_it_is_a_plain_share() {
        // All ten are watched for 100 days; four come back, at days 10, 20, 30, 40.
        let back = (0..4).map(|m| (m, 10 * (m + 1)));
        let h = history((0..10).map(|m| (m, 0)).chain(back));
        let row = ask(&h, question(100))[0];
        let (low, high) = Wilson::new(0.95).unwrap().interval(4, 10);
        assert!((rate(&row).value - 0.4).abs() < 1e-12);
        assert!((rate(&row).low - low).abs() < 1e-12 && (rate(&row).high - high).abs() < 1e-12);
        assert_eq!(row.gaps, [Some(30), None, None]);
    }

    #[test]
    fn all_and_none() {
        let none = ask(&history([(1, 0), (2, 0), (3, 0)]), question(50))[0];
        assert_eq!((rate(&none).value, rate(&none).low, none.gaps), (0.0, 0.0, [None; 3]));
        assert!(rate(&none).high > 0.5 && rate(&none).high < 1.0);
        let rows = ask(&history([(1, 0), (2, 0), (1, 5), (2, 6)]), question(50));
        assert_eq!(
            (rate(&rows[0]).value, rate(&rows[0]).high, rows[0].gaps),
            (1.0, 1.0, [Some(5), Some(5), Some(6)])
        );
        assert_eq!((rows.len(), rows[1].members, rate(&rows[1]).value), (2, 2, 0.0));
        let early = ask(
            &history([(1, 0), (2, 0), (1, 5)]),
            RepurchaseQuestion { within: Some(3), ..question(50) },
        )[0];
        assert_eq!(rate(&early).value, 0.0);
        assert!(rate(&early).high < 1.0);
        // Before the first event there is nobody.
        assert_eq!(ask(&history([(1, 10)]), question(5)), []);
    }

    #[test]
    fn purchases_of_a_day_are_some_or_one() {
        let h = history([(1, 0), (1, 0), (1, 0), (1, 9)]);
        let rows = ask(&h, question(20));
        let gaps: std::vec::Vec<_> = rows.iter().map(|row| row.gaps[1]).collect();
        assert_eq!(gaps, [Some(0), Some(0), Some(9), None]);
        let rows = ask(&h, RepurchaseQuestion { distinct_days: true, ..question(20) });
        assert_eq!((rows.len(), rows[0].gaps[1]), (2, Some(9)));
        let rows = ask(&h, RepurchaseQuestion { up_to: 2, ..question(20) });
        assert_eq!((rows.len(), rows[1].members), (2, 1));
    }

    #[test]
    fn a_time_to_go_on_within_is_days_or_weeks() {
        let within =
            |text| RepurchaseQuestion::new(None, 0.95, false, Some(text), 1).map(|q| q.within);
        assert_eq!(within("90 days"), Ok(Some(90)));
        assert_eq!(within("2 Weeks"), Ok(Some(14)));
        assert_eq!(within("0 days"), Ok(Some(0)));
        let hint = within("3 months").unwrap_err().hint().unwrap();
        assert!(hint.contains("'91 days'"), "{hint}");
        assert!(within("90").is_err() && within("-1 days").is_err());
    }

    #[test]
    fn loops_poll() {
        let h = history((0..50_000).map(|i| (i % 20_000, i / 7)));
        assert!(stops(|| gaps(&h.view(), &Utc, &question(9000), Global)));
        let gaps = gaps(&h.view(), &Utc, &question(9000), Global).unwrap();
        assert!(stops(|| gaps.rows().map(|rows| rows.len())));
    }
}
