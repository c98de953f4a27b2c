//! Days, months and years of the Gregorian calendar, for as long as PostgreSQL counts them.

use super::DAY;

const DAYS_IN_400_YEARS: i64 = 146_097;
/// Days from 0000-03-01 to 2000-01-01: years that begin in March end with the leap day.
const MARCH_0000: i64 = 730_425;

/// The local day of a local time.
#[inline]
pub(super) fn day_of(local: i64) -> i64 {
    // Whole days are added, so that times of PostgreSQL's are positive: that divides faster.
    const DAYS: i64 = i64::MAX / DAY;
    (local.wrapping_add(DAYS * DAY) as u64 / DAY as u64) as i64 - DAYS
}

/// The months of the days from 1980 to 2069, counted from January 2000: what most rows ask for.
static MONTHS: [i16; 1 << 15] = {
    let mut months = [0; 1 << 15];
    let (mut day, mut month) = (0, FIRST_MONTH as i16);
    while day < months.len() {
        while compute_first_day(month as i64 + 1) <= FIRST_DAY + day as i64 {
            month += 1;
        }
        months[day] = month;
        day += 1;
    }
    months
};

/// The first days of these months.
static FIRST_DAYS: [i16; 90 * 12] = {
    let mut days = [0; 90 * 12];
    let mut month = 0;
    while month < days.len() {
        days[month] = compute_first_day(FIRST_MONTH + month as i64) as i16;
        month += 1;
    }
    days
};

/// 1980-01-01, and its month.
const FIRST_DAY: i64 = -7305;
const FIRST_MONTH: i64 = -240;

/// Months from January 2000 to the month of this day.
#[inline]
pub(super) fn month_of(day: i64) -> i64 {
    match MONTHS.get(day.wrapping_sub(FIRST_DAY) as usize) {
        Some(month) => i64::from(*month),
        None => compute_month_of(day),
    }
}

/// C. Neri and L. Schneider, "Euclidean affine functions and their application to calendar
/// algorithms", Software: Practice and Experience 53 (2023), proposition 6.3.
fn compute_month_of(day: i64) -> i64 {
    // Whole eras are added, so that every day of PostgreSQL's is positive.
    const ERAS: i64 = 1 << 20;
    let day = day.wrapping_add(MARCH_0000 + ERAS * DAYS_IN_400_YEARS) as u64;
    let n1 = day.wrapping_mul(4).wrapping_add(3);
    let (century, of_century) = (n1 / 146_097, n1 % 146_097 / 4);
    let p2 = 2_939_745 * (4 * of_century + 3);
    let (year, of_year) = (p2 >> 32, (p2 & 0xffff_ffff) / 2_939_745 / 4);
    let month = (2141 * of_year + 197_913) >> 16; // 3 is March, 14 February
    let months = (100 * century + year) * 12 + month - 1;
    months as i64 - (2000 + 400 * ERAS) * 12
}

/// The first day of a month, counted from January 2000.
#[inline]
pub(super) fn first_day_of_month(month: i64) -> i64 {
    match FIRST_DAYS.get(month.wrapping_sub(FIRST_MONTH) as usize) {
        Some(day) => i64::from(*day),
        None => compute_first_day(month),
    }
}

/// H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil.
const fn compute_first_day(month: i64) -> i64 {
    let from_march = month - 2 + 2000 * 12;
    let (year, month) = (from_march.div_euclid(12), from_march.rem_euclid(12));
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day = of_era * 365 + of_era / 4 - of_era / 100 + (153 * month + 2) / 5;
    era * DAYS_IN_400_YEARS + day - MARCH_0000
}

/// The same day of the month some months later, or the last one of a shorter month: what PostgreSQL
/// answers when months are added to a date, or taken from it.
pub fn add_months(day: i64, months: i64) -> i64 {
    let month = month_of(day);
    let (there, place) = (month + months, day - first_day_of_month(month));
    (first_day_of_month(there) + place).min(first_day_of_month(there + 1) - 1)
}

/// The most whole months that can be added to a day without passing another; negative if that lies
/// before it.
pub fn months_between(from: i64, to: i64) -> i64 {
    let months = month_of(to) - month_of(from);
    months - i64::from(add_months(from, months) > to)
}

/// A day as text: year, month and day of month.
///
/// ```
/// use model_ground::calendar::date_text;
/// assert_eq!(date_text(59), "2000-02-29");
/// assert_eq!(date_text(-730_485), "0001-01-01 BC");
/// ```
pub fn date_text(day: i64) -> String {
    let month = month_of(day);
    let year = month.div_euclid(12) + 2000;
    let (month, day) = (month.rem_euclid(12) + 1, day - first_day_of_month(month) + 1);
    let (year, era) = if year > 0 { (year, "") } else { (1 - year, " BC") };
    format!("{year:04}-{month:02}-{day:02}{era}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::tests::epoch;
    use chrono::Months;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn months_are_added_as_chrono_does(day in -200_000..130_000i64, months in -3000..3000i64) {
            let date = epoch() + chrono::Duration::days(day);
            let moved = match u32::try_from(months) {
                Ok(months) => date + Months::new(months),
                Err(_) => date - Months::new(months.unsigned_abs() as u32),
            };
            let there = (moved - epoch()).num_days();
            prop_assert_eq!(add_months(day, months), there);
            prop_assert_eq!(months_between(day, there), months);
            prop_assert_eq!(months_between(day, there - 1), months - 1);
        }
    }
}
