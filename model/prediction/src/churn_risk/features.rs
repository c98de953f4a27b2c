//! What is known of a member on a day, from its events up to that day alone: 29 numbers.
//!
//! A number that is not known, such as the mean of no gaps, is NaN here and NULL in SQL.

use super::anchors::Anchor;
use super::reason::Reason;
use super::replay::Past;
use crate::host::{Host, Vec};

/// How many features there are.
pub const FEATURES: usize = 29;

/// The features of one member on one day, in the order of [`NAMES`].
pub type Features = [f64; FEATURES];

/// Their names, and which reason they belong to: the columns of `churn_features`.
pub const NAMES: [(&str, Reason); FEATURES] = [
    ("silent_days", Reason::Silence),
    ("overdue_ratio", Reason::Silence),
    ("overdue_z", Reason::Silence),
    ("silence_tail", Reason::Silence),
    ("silence_of_longest", Reason::Silence),
    ("gap_mean", Reason::Rhythm),
    ("gap_shrunk", Reason::Rhythm),
    ("gap_sd", Reason::Rhythm),
    ("gap_cv", Reason::Rhythm),
    ("gap_max", Reason::Rhythm),
    ("gap_last", Reason::Rhythm),
    ("clumpiness", Reason::Rhythm),
    ("active_days", Reason::Frequency),
    ("events", Reason::Frequency),
    ("events_per_day", Reason::Frequency),
    ("days_quarter", Reason::Frequency),
    ("days_half", Reason::Frequency),
    ("days_1", Reason::Frequency),
    ("days_2", Reason::Frequency),
    ("days_4", Reason::Frequency),
    ("amount", Reason::Spend),
    ("amount_per_day", Reason::Spend),
    ("amount_last", Reason::Spend),
    ("amount_half", Reason::Spend),
    ("amount_1", Reason::Spend),
    ("amount_2", Reason::Spend),
    ("days_trend", Reason::Trend),
    ("amount_trend", Reason::Trend),
    ("tenure_days", Reason::Tenure),
];

/// What a unit of money is counted in.
pub const MILLIONTHS: f64 = 1e6;

/// What the mean of the gaps is pulled towards by two gaps: half the horizon. It is no estimate, so that a member's
/// risk depends on nobody else's events.
const PRIOR_GAPS: f64 = 2.0;

/// A member's days, with sums up to each: the features of any day are read off them.
#[derive(Debug)]
pub struct Events<H: Host> {
    days: Vec<i64, H>,
    /// Of each active day: sums up to and with it.
    sums: Vec<Sums, H>,
    /// Amounts without an event, by day, ascending.
    refunds: Vec<(i64, f64), H>,
    has_amounts: bool,
}

#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    events: f64,
    amount: f64,
    /// Of the gaps that ended by this day.
    squares: f64,
    /// Σ x ln x
    entropy: f64,
    longest: f64,
    /// Days with an amount, after the first.
    valued: f64,
}

/// What a model of purchases asks of a member: repeat purchase days, days from the first to the last, days since the first, and the
/// mean value of the repeat days.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Purchases {
    /// Active days after the first.
    pub repeats: f64,
    /// Days from the first to the last.
    pub until_last: f64,
    /// Days from the first to the day that is looked at.
    pub age: f64,
    /// The mean value of the repeat days; none without any.
    pub spend: Option<f64>,
}

impl<H: Host> Events<H> {
    /// Of nobody yet.
    pub fn new(has_amounts: bool, host: &H) -> Self {
        let (days, sums) = (Vec::new_in(host.clone()), Vec::new_in(host.clone()));
        Events { days, sums, refunds: Vec::new_in(host.clone()), has_amounts }
    }

    /// Begins another member.
    pub fn clear(&mut self) {
        self.days.clear();
        self.sums.clear();
        self.refunds.clear();
    }

    /// Events of a day that is not before the last one; amounts in millionths, whose sums are exact.
    #[inline]
    pub fn push(&mut self, day: i64, events: f64, amount: Option<f64>) {
        let last = self.sums.last().copied().unwrap_or_default();
        let is_repeat = f64::from(u8::from(
            amount.is_some() && self.days.first().is_some_and(|first| *first < day),
        ));
        if self.days.last() == Some(&day) {
            let before = self.sums_of(self.days.len() - 1).valued;
            if let Some(sums) = self.sums.last_mut() {
                sums.events += events;
                sums.amount += amount.unwrap_or(0.0);
                sums.valued = sums.valued.max(before + is_repeat);
            }
            return;
        }
        let gap = self.days.last().map_or(0.0, |before| (day - before) as f64);
        self.days.push(day);
        self.sums.push(Sums {
            events: last.events + events,
            amount: last.amount + amount.unwrap_or(0.0),
            squares: last.squares + gap * gap,
            entropy: last.entropy + x_ln_x(gap),
            longest: last.longest.max(gap),
            valued: last.valued + is_repeat,
        });
    }

    /// An amount without an event.
    pub fn push_refund(&mut self, day: i64, amount: f64) {
        self.refunds.push((day, amount));
    }

    /// Its active days.
    pub fn days(&self) -> &[i64] {
        &self.days
    }

    /// What a model of purchases asks of it as of a day.
    pub fn purchases(&self, day: i64) -> Option<Purchases> {
        let now = self.until(day);
        let (first, last) = (*self.days.first()?, *self.days.get(now.checked_sub(1)?)?);
        let sums = self.sums_of(now);
        let spend = (sums.valued > 0.0).then(|| {
            // What was given back before the second day was paid for the first.
            let second = self.days.get(1).map_or(i64::MAX, |second| second - 1);
            let repeats = sums.amount - self.sums_of(1).amount + self.refunded(second, day);
            repeats / MILLIONTHS / sums.valued
        });
        let age = (day - first) as f64;
        Some(Purchases { repeats: (now - 1) as f64, until_last: (last - first) as f64, age, spend })
    }

    /// Active days up to a day.
    #[inline]
    fn until(&self, day: i64) -> usize {
        self.days.partition_point(|active| *active <= day)
    }

    fn sums_of(&self, days: usize) -> Sums {
        days.checked_sub(1).and_then(|last| self.sums.get(last)).copied().unwrap_or_default()
    }

    fn refunded(&self, after: i64, until: i64) -> f64 {
        let inside = |(day, _): &&(i64, f64)| *day > after && *day <= until;
        self.refunds.iter().filter(inside).map(|(_, amount)| amount).sum()
    }

    /// The last active day up to an anchor.
    #[inline]
    pub fn last(&self, anchor: &Anchor) -> Option<i64> {
        self.until(anchor.day).checked_sub(1).and_then(|last| self.days.get(last)).copied()
    }
}

impl<H: Host> Past for Events<H> {
    type Row = Features;

    /// In the horizon before, that is.
    fn is_active(&self, anchor: &Anchor) -> bool {
        self.last(anchor).is_some_and(|last| anchor.is_active(last))
    }

    /// There is no event in the horizon after.
    #[inline]
    fn leaves(&self, anchor: &Anchor) -> bool {
        self.until(anchor.end) == self.until(anchor.day)
    }

    fn features(&self, anchor: &Anchor) -> Option<Features> {
        let now = self.until(anchor.day);
        let (first, last) = (*self.days.first()?, *self.days.get(now.checked_sub(1)?)?);
        let sums = self.sums_of(now);
        let silent = (anchor.day - last) as f64;
        let tenure = (anchor.day - first) as f64;
        let gaps = (now - 1) as f64;
        let total = (last - first) as f64;
        let horizon = anchor.horizon as f64;
        let prior = horizon / 2.0;
        let known = |value: f64, is_known: bool| if is_known { value } else { f64::NAN };

        let mean = known(total / gaps, gaps > 0.0);
        let shrunk = (total + PRIOR_GAPS * prior) / (gaps + PRIOR_GAPS);
        let about = |centre: f64| sums.squares - 2.0 * centre * total + gaps * centre * centre;
        let sd = known((about(total / gaps).max(0.0) / (gaps - 1.0)).sqrt(), gaps > 1.0);
        let spread =
            ((about(shrunk).max(0.0) + PRIOR_GAPS * prior * prior) / (gaps + PRIOR_GAPS)).sqrt();
        let last_gap =
            now.checked_sub(2).map_or(f64::NAN, |before| (last - self.days[before]) as f64);
        // The clumps of Y. Zhang, E. T. Bradlow and D. S. Small, Marketing Science 34 (2015), 195–208: how far the
        // entropy of the gaps, the open one included, is from that of equal ones.
        let stretch = total + silent;
        let clumpiness = if gaps > 0.0 && stretch > 0.0 {
            let entropy = stretch.ln() - (sums.entropy + x_ln_x(silent)) / stretch;
            1.0 - entropy / (gaps + 1.0).ln()
        } else {
            f64::NAN
        };

        let [quarter, half, one, two, four] = anchor.windows.map(|from| self.until(from));
        let in_window = |from: usize| (now - from) as f64;
        let spent = |place: usize, from: usize| {
            let after = anchor.windows[place];
            sums.amount - self.sums_of(from).amount + self.refunded(after, anchor.day)
        };
        let (days_1, days_2) = (in_window(one), in_window(two));
        let [amount, per_day, amount_last, amount_half, amount_1, amount_2, amount_trend] =
            if self.has_amounts {
                let amount = sums.amount + self.refunded(i64::MIN, anchor.day);
                let (one, two) = (spent(2, one), spent(3, two));
                let own = (amount / (gaps + 1.0)).max(1.0);
                let ratio = (one.max(0.0) + own) / ((two - one).max(0.0) + own);
                // Each as SQL has it: a decimal number with six places.
                let money = |millionths: f64| millionths.round() / MILLIONTHS;
                [
                    money(amount),
                    money(amount / (gaps + 1.0)),
                    money(sums.amount - self.sums_of(now - 1).amount),
                    money(spent(1, half)),
                    money(one),
                    money(two),
                    ratio.ln(),
                ]
            } else {
                [f64::NAN; 7]
            };
        Some([
            silent,
            silent / shrunk,
            (silent - shrunk) / spread,
            -(gaps + PRIOR_GAPS) * (silent / (total + PRIOR_GAPS * prior)).ln_1p(),
            known(silent / sums.longest, gaps > 0.0),
            mean,
            shrunk,
            sd,
            sd / mean,
            known(sums.longest, gaps > 0.0),
            last_gap,
            clumpiness,
            gaps + 1.0,
            sums.events,
            sums.events / (gaps + 1.0),
            in_window(quarter),
            in_window(half),
            days_1,
            days_2,
            in_window(four),
            amount,
            per_day,
            amount_last,
            amount_half,
            amount_1,
            amount_2,
            ((days_1 + 1.0) / (days_2 - days_1 + 1.0)).ln(),
            amount_trend,
            tenure,
        ])
    }
}

#[inline]
fn x_ln_x(x: f64) -> f64 {
    if x > 0.0 { x * x.ln() } else { 0.0 }
}
