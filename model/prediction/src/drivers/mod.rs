//! Which attributes go with leaving, value by value, and how much each of them explains, alone and beside the others.

#[cfg(test)]
mod tests;

use crate::churn_risk::{MOST_CODES, deviance};
use crate::error::Error;
use crate::host::{Host, Pace, Vec};
use crate::numeric::{Estimate, Wilson};
use crate::records::NO_CATEGORY;
use crate::sheet::{Cells, Sheet};
use model_retention::churn::groups::{ChurnGroup, contrasts};

/// Bins of a number: equal parts of the rows, as far as values allow.
const BINS: usize = 5;
/// Categories of an attribute that are told apart: those of the most rows. The others are one.
const MOST_CATEGORIES: usize = 20;

/// Values of all attributes, at most: each takes a byte of every row.
const MOST_VALUES: usize = 500;

/// A value of an attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct Driver {
    /// The attribute.
    pub attribute: String,
    /// The value, or a stretch of numbers; none where it is not known.
    pub value: Option<String>,
    /// Rows.
    pub members: u64,
    /// Those that left.
    pub churned: u64,
    /// Their share, with its interval.
    pub rate: Option<Estimate>,
    /// By the share of all the others.
    pub ratio: Option<Estimate>,
    /// Of the test that both shares are the same, with the false discovery rate over all values controlled.
    pub q_value: Option<f64>,
    /// The share of the deviance that the attribute explains alone.
    pub explains_alone: f64,
    /// What it explains beyond all the others.
    pub explains_given_others: f64,
}

/// The values of an attribute: of each row the number of one of them, and what they are called.
struct Binned<H: Host> {
    of: Vec<u8, H>,
    values: std::vec::Vec<Option<String>>,
}

/// The values, attribute by attribute.
pub fn drivers<H: Host>(sheet: &Sheet<H>, confidence: f64) -> Result<std::vec::Vec<Driver>, Error> {
    Wilson::new(confidence)?;
    let host = sheet.host();
    let mut pace = Pace::new(host);
    let binned: std::vec::Vec<Binned<H>> =
        sheet.cells.iter().map(|cells| bin(cells, sheet.len(), host)).collect();
    let values: usize = binned.iter().map(|binned| binned.values.len()).sum();
    if values > MOST_VALUES || values.saturating_mul(sheet.len()) > MOST_CODES {
        return Err(Error::TooLarge {
            what: "the number of values of all attributes",
            hint: "Take fewer attributes, those with many categories first, or a part of the members.",
        });
    }
    let columns: std::vec::Vec<&[u8]> = binned.iter().map(|binned| &binned.of[..]).collect();
    let explained = deviance::explained(&columns, &|row| sheet.churned(row), host);
    let mut found = std::vec::Vec::new();
    let mut groups: Vec<ChurnGroup, H> = Vec::new_in(host.clone());
    let attributes = sheet.names.iter().zip(&binned).zip(explained);
    for (dimension, ((name, binned), (alone, beyond))) in attributes.enumerate() {
        let mut counts = std::vec::Vec::new();
        counts.resize(binned.values.len(), (0u64, 0u64));
        for (row, value) in binned.of.iter().enumerate() {
            pace.step(2);
            let count = &mut counts[usize::from(*value)];
            *count = (count.0 + 1, count.1 + u64::from(sheet.churned(row as u32)));
        }
        let counted = binned.values.iter().zip(counts).filter(|(_, (members, _))| *members > 0);
        for (value, (members, churned)) in counted {
            groups.push(ChurnGroup { dimension, opening: members, churned });
            found.push(Driver {
                attribute: name.clone(),
                value: value.clone(),
                members,
                churned,
                rate: None,
                ratio: None,
                q_value: None,
                explains_alone: alone,
                explains_given_others: beyond,
            });
        }
    }
    // As churn_by compares the groups of a period.
    let contrasts = contrasts(&groups, confidence, host.clone())?;
    for (driver, contrast) in found.iter_mut().zip(&contrasts) {
        driver.rate = contrast.churn_rate;
        driver.ratio = contrast.ratio;
        driver.q_value = contrast.q_value;
    }
    Ok(found)
}

fn bin<H: Host>(cells: &Cells<H>, rows: usize, host: &H) -> Binned<H> {
    let mut of = Vec::with_capacity_in(rows, host.clone());
    let mut values: std::vec::Vec<Option<String>> = vec![None];
    match cells {
        Cells::Flags(flags) => {
            values.extend([Some("false".to_string()), Some("true".to_string())]);
            of.extend(flags.iter().map(|flag| if flag.is_nan() { 0 } else { 1 + *flag as u8 }));
        }
        Cells::Numbers(numbers) => {
            let ends = ends(numbers, host);
            let place = |x: &f64| {
                if x.is_nan() { 0 } else { 1 + ends.partition_point(|end| *end < *x) as u8 }
            };
            of.extend(numbers.iter().map(place));
            for place in 0..=ends.len() {
                let above = place.checked_sub(1).and_then(|before| ends.get(before));
                values.push(Some(match (above, ends.get(place)) {
                    (None, None) => "all".to_string(),
                    (None, Some(end)) => format!("up to {end}"),
                    (Some(above), Some(end)) => format!("above {above}, up to {end}"),
                    (Some(above), None) => format!("above {above}"),
                }));
            }
        }
        Cells::Categories(places, names) => {
            let mut counts: Vec<usize, H> = Vec::new_in(host.clone());
            counts.resize(names.len(), 0);
            for place in places.iter().filter(|place| **place != NO_CATEGORY) {
                counts[*place as usize] += 1;
            }
            let mut order: Vec<u32, H> = Vec::new_in(host.clone());
            order.extend(0..names.len() as u32);
            order.sort_unstable_by(|a, b| {
                counts[*b as usize].cmp(&counts[*a as usize]).then(a.cmp(b))
            });
            let told = if names.len() > MOST_CATEGORIES { MOST_CATEGORIES } else { names.len() };
            let mut number: Vec<u8, H> = Vec::new_in(host.clone());
            number.resize(names.len(), told as u8 + 1);
            let mut kept = order[..told].to_vec();
            kept.sort_unstable();
            for (place, category) in kept.iter().enumerate() {
                number[*category as usize] = place as u8 + 1;
                values.push(Some(names[*category as usize].clone()));
            }
            if names.len() > told {
                values.push(Some(format!("{} others", names.len() - told)));
            }
            of.extend(
                places
                    .iter()
                    .map(|place| if *place == NO_CATEGORY { 0 } else { number[*place as usize] }),
            );
        }
    }
    Binned { of, values }
}

/// The upper ends of bins, but for the last: the values at the fifths of the known numbers.
fn ends<H: Host>(numbers: &[f64], host: &H) -> std::vec::Vec<f64> {
    let mut sorted: Vec<f64, H> = Vec::new_in(host.clone());
    sorted.extend(numbers.iter().copied().filter(|x| !x.is_nan()));
    let mut pace = Pace::new(host);
    sorted.sort_unstable_by(|a, b| {
        pace.step(2);
        a.total_cmp(b)
    });
    let mut ends = std::vec::Vec::new();
    for part in 1..BINS {
        let place = (part * sorted.len()).div_ceil(BINS);
        let Some(end) = place.checked_sub(1).and_then(|place| sorted.get(place)) else { continue };
        if ends.last().is_none_or(|last| last < end) && sorted.last().is_some_and(|last| end < last)
        {
            ends.push(*end);
        }
    }
    ends
}
