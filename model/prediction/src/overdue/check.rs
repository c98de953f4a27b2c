//! How often members who do come back pass the bound: on this very history.

use super::rhythm::Rhythm;
use super::{OverdueQuestion, begin, pooled};
use crate::calendar::Zone;
use crate::error::Error;
use crate::history::{Columns, View};
use crate::host::{Host, Pace};
use crate::numeric::{Estimate, Wilson, effective_trials};

/// A gap counts if it began so early that one of ten times the rarity of the bound would have ended: who
/// looks at all that ended would find the short ones of the last weeks.
const EARLY: f64 = 0.1;

/// Gaps that ended, and those among them that had passed their bound.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FalseAlarms {
    /// Members with a gap that counts.
    pub members: u64,
    /// Gaps that ended, each judged by the member's gaps before it.
    pub gaps: u64,
    /// Those that were longer than the bound: overdue, and came back all the same.
    pub alarms: u64,
    /// Their share, with its interval; members are clusters. None without gaps.
    pub rate: Option<Estimate>,
    /// What it should be: 1 − confidence.
    pub expected: f64,
}

/// Counts false alarms: every gap of every member as it would have been judged while it lasted.
pub fn check<H: Host, Z: Zone>(
    view: &View<'_, H>,
    zone: &Z,
    question: &OverdueQuestion,
    interval: f64,
    host: H,
) -> Result<FalseAlarms, Error> {
    question.check()?;
    let wilson = Wilson::new(interval)?;
    let (mut active, cut) = begin(view, zone, question.as_of, &host)?;
    let expected = 1.0 - question.confidence;
    let mut found = FalseAlarms { members: 0, gaps: 0, alarms: 0, rate: None, expected };
    let Some(common) = pooled(view, &mut active, &host)? else { return Ok(found) };
    let mut usual = Rhythm::new(common, question.confidence, &host);
    let mut rare = Rhythm::new(common, 1.0 - EARLY * expected, &host);
    // Σ xᵢ², Σ xᵢ mᵢ and Σ mᵢ² make Σ (xᵢ − p mᵢ)² once p is known.
    let mut squares = [0.0; 3];
    let mut pace = Pace::new(&host);
    let min_gaps = question.min_gaps.unsigned_abs() as usize;
    let mut walk = view.walk_over(Columns::TICKS)?;
    while let Some((_, timeline)) = walk.next_member()? {
        pace.step(1 + 10 * timeline.ticks().len());
        let days = active.of(timeline.ticks());
        let Some(&first) = days.first() else { continue };
        let (mut judged, mut alarms) = (0u64, 0u64);
        for (i, pair) in days.windows(2).enumerate().skip(min_gaps) {
            let (gaps, so_far) = (i as u64, pair[0].abs_diff(first));
            let late = rare.usual(gaps, so_far);
            if pair[0] as f64 + late > cut.as_of as f64 {
                continue;
            }
            judged += 1;
            let due_by = pair[0].saturating_add(usual.usual(gaps, so_far).floor() as i64);
            alarms += u64::from(pair[1] > due_by);
        }
        found.members += u64::from(judged > 0);
        found.gaps += judged;
        found.alarms += alarms;
        let (x, m) = (alarms as f64, judged as f64);
        squares = [squares[0] + x * x, squares[1] + x * m, squares[2] + m * m];
    }
    if found.gaps > 0 {
        let rate = found.alarms as f64 / found.gaps as f64;
        let residual = squares[0] - 2.0 * rate * squares[1] + rate * rate * squares[2];
        let trials = effective_trials(found.alarms, found.gaps, found.members, residual);
        found.rate = Some(wilson.share_of(rate, trials));
    }
    Ok(found)
}
