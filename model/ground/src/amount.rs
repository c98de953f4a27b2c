//! Amounts: fixed-point with six decimals in 64 bits, so that sums are exact and the same in
//! whatever order they are taken. More decimals are rounded half away from zero, as PostgreSQL's
//! `round(x, 6)` does.

use crate::error::Error;

/// Units in 1: six decimals.
pub const SCALE: i64 = 1_000_000;

const DECIMALS: i32 = 6;

/// The amount of so many units, if it is one. `given` names it in an error.
pub fn fit(units: i128, given: impl FnOnce() -> String) -> Result<i64, Error> {
    // i64::MIN is kept free: the histories' bytes use its place for "no amount".
    match i64::try_from(units) {
        Ok(v) if v != i64::MIN => Ok(v),
        _ => Err(Error::AmountOutOfRange { given: given() }),
    }
}

/// The amount of a whole number.
///
/// ```
/// use model_ground::amount;
/// assert_eq!(amount::from_integer(-3), Ok(-3_000_000));
/// assert!(amount::from_integer(i64::MAX).is_err());
/// ```
#[inline]
pub fn from_integer(value: i64) -> Result<i64, Error> {
    match value.checked_mul(SCALE) {
        Some(units) => Ok(units),
        None => Err(Error::AmountOutOfRange { given: value.to_string() }),
    }
}

/// The amount of a double, equal to `round(value::numeric, 6)`: PostgreSQL's cast keeps 15
/// significant digits.
///
/// ```
/// use model_ground::amount;
/// assert_eq!(amount::from_double(139.12), Ok(139_120_000));
/// assert_eq!(amount::from_double(1.0000005), Ok(1_000_001)); // a tie in decimal, not in binary
/// assert!(amount::from_double(f64::NAN).is_err());
/// ```
#[inline]
pub fn from_double(value: f64) -> Result<i64, Error> {
    let scaled = value * SCALE as f64;
    let nearest = scaled.round();
    // Below 10^8, fifteen digits reach past the seventh decimal, so rounding to them first matters
    // only next to a tie: as near as doubles of this size lie to each other.
    let near = 1e-6 + scaled.abs() * 4.0 * f64::EPSILON;
    if value.abs() < 1e8 && ((scaled - nearest).abs() - 0.5).abs() > near {
        return Ok(nearest as i64);
    }
    // A whole number of at most fifteen digits is what it is.
    if value.abs() < 1e15 && value.fract() == 0.0 {
        return from_integer(value as i64);
    }
    from_double_by_digits(value)
}

#[cold]
fn from_double_by_digits(value: f64) -> Result<i64, Error> {
    let given = || match value {
        v if v == f64::INFINITY => "Infinity".to_string(),
        v if v == f64::NEG_INFINITY => "-Infinity".to_string(),
        v if v.abs() >= 1e15 => format!("{v:e}"),
        v => v.to_string(),
    };
    if !value.is_finite() || value.abs() >= 1e15 {
        return Err(Error::AmountOutOfRange { given: given() });
    }
    match decimal(value) {
        Some((digits, power)) => fit(shift_decimal(digits, power + DECIMALS), given),
        None => Err(Error::AmountOutOfRange { given: given() }),
    }
}

/// A finite double as PostgreSQL casts it to numeric: fifteen significant digits × 10^power.
fn decimal(value: f64) -> Option<(i128, i32)> {
    let text = format!("{value:.14e}"); // "-d.dddddddddddddde-x"
    let (mantissa, exponent) = text.split_once('e')?;
    let digits = mantissa.replace('.', "").parse().ok()?;
    Some((digits, exponent.parse::<i32>().ok()? - 14))
}

/// `digits` × 10^`power`, rounded half away from zero.
fn shift_decimal(digits: i128, power: i32) -> i128 {
    if power >= 0 {
        return digits * 10_i128.pow(power.min(20) as u32);
    }
    if power < -37 {
        return 0;
    }
    let unit = 10_i128.pow(-power as u32);
    let half = unit / 2 * digits.signum();
    (digits + half) / unit
}

/// A decimal number in millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Millionths {
    /// As many, rounded half away from zero.
    pub units: i128,
    /// Are these all of it?
    pub exact: bool,
}

impl Millionths {
    /// Is it a whole number?
    pub fn is_whole(self) -> bool {
        self.exact && self.units % i128::from(SCALE) == 0
    }
}

/// A decimal number as JSON writes it, in millionths; none if it is not one, or not within ±10^30.
///
/// ```
/// use model_ground::amount::{Millionths, from_text};
/// let exact = |units| Some(Millionths { units, exact: true });
/// assert_eq!(from_text("9007199254740993"), exact(9_007_199_254_740_993_000_000));
/// assert_eq!(from_text("-1.5e-2"), exact(-15_000));
/// assert_eq!(from_text("0.0000005"), Some(Millionths { units: 1, exact: false }));
/// ```
pub fn from_text(text: &str) -> Option<Millionths> {
    const MOST: i128 = 10_i128.pow(36);
    let (mantissa, power) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (negative, mantissa) = match mantissa.strip_prefix('-') {
        Some(positive) => (true, positive),
        None => (false, mantissa),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    // So many of the digits, with zeros after them, are whole millionths.
    let places = i64::try_from(whole.len()).ok()? + i64::from(DECIMALS);
    let places = power.parse::<i64>().ok()?.checked_add(places)?;
    let (mut units, mut exact, mut place) = (0i128, true, 0);
    for digit in whole.bytes().chain(fraction.bytes()) {
        let digit = i128::from(char::from(digit).to_digit(10)?);
        if place < places {
            units = units.checked_mul(10)?.checked_add(digit)?;
        } else {
            units += i128::from(place == places && digit >= 5);
            exact &= digit == 0;
        }
        place += 1;
    }
    while place < places && units != 0 && units <= MOST {
        units *= 10;
        place += 1;
    }
    (units <= MOST).then_some(Millionths { units: if negative { -units } else { units }, exact })
}

/// The amount of a decimal number in base 10000: `digits[0]` × 10000^`weight` + …, which is how
/// PostgreSQL stores `numeric`. `given` writes the number for an error.
///
/// ```
/// use model_ground::amount;
/// let cents = amount::from_base_10000(false, 0, [139, 1200].into_iter(), String::new);
/// assert_eq!(cents, Ok(139_120_000));
/// ```
pub fn from_base_10000(
    negative: bool,
    weight: i32,
    digits: impl Iterator<Item = u16>,
    given: impl FnOnce() -> String,
) -> Result<i64, Error> {
    // 10000^4 units of one million pass 64 bits already.
    if weight > 4 {
        return Err(Error::AmountOutOfRange { given: given() });
    }
    // Six decimals are one and a half digits after the point; half of the second one rounds.
    let mut units: i128 = 0;
    for (place, digit) in (0..).zip(digits) {
        let digit = i128::from(digit);
        match weight - place {
            power @ 0.. => units += digit * 10_000_i128.pow(power as u32) * i128::from(SCALE),
            -1 => units += digit * 100,
            -2 => units += (digit + 50) / 100,
            _ => break,
        }
    }
    fit(if negative { -units } else { units }, given)
}

/// Millionths as the double nearest to them, which is what PostgreSQL's cast of a numeric to a double
/// makes of them.
///
/// ```
/// use model_ground::amount;
/// assert_eq!(amount::to_double(139_120_000), 139.12);
/// assert_eq!(amount::to_double(90_071_992_547_409_930_001), 90071992547409.930001);
/// ```
#[inline]
pub fn to_double(units: i128) -> f64 {
    // Both numbers are exact below 2^53, so the quotient is rounded once.
    const EXACT: i128 = 1 << f64::MANTISSA_DIGITS;
    if -EXACT < units && units < EXACT {
        return units as i64 as f64 / SCALE as f64;
    }
    text(units).parse().unwrap_or(units as f64 / SCALE as f64)
}

/// A number in base 10000, which is how PostgreSQL stores `numeric`: the first digit × 10000^`weight`
/// + …, shown with so many decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Base10000 {
    /// Is it below zero?
    pub negative: bool,
    /// The power of 10000 of the first digit; 0 for zero.
    pub weight: i32,
    /// Decimals: six, without trailing zeros beyond the second.
    pub decimals: u32,
    /// The digits in sixteen bits each, the first one lowest, without zeros at either end.
    pub digits: u128,
}

impl Base10000 {
    /// How many digits there are: seven at most.
    #[inline]
    pub fn len(&self) -> usize {
        (u128::BITS - self.digits.leading_zeros()).div_ceil(16) as usize
    }

    /// Is it zero, which has no digits?
    pub fn is_empty(&self) -> bool {
        self.digits == 0
    }
}

/// An amount in base 10000.
///
/// ```
/// use model_ground::amount;
/// let number = amount::to_base_10000(-139_120_000);
/// assert_eq!((number.negative, number.weight, number.decimals), (true, 0, 2));
/// assert_eq!((number.digits, number.len()), (1200 << 16 | 139, 2));
/// ```
#[inline]
pub fn to_base_10000(units: i64) -> Base10000 {
    const BASE: u64 = 10_000;
    const WORD: u32 = u16::BITS;
    let (mut whole, rest) =
        (units.unsigned_abs() / SCALE as u64, units.unsigned_abs() % SCALE as u64);
    let mut digits = u128::from((rest / 100) | ((rest % 100 * 100) << WORD));
    let mut weight = -1;
    while whole > 0 {
        digits = (digits << WORD) | u128::from(whole % BASE);
        whole /= BASE;
        weight += 1;
    }
    let zeros = digits.trailing_zeros() / WORD;
    if digits == 0 {
        weight = 0;
    } else {
        digits >>= zeros * WORD;
        weight -= zeros as i32;
    }
    let decimals = match rest {
        rest if rest % BASE == 0 => 2,
        rest if rest % 1000 == 0 => 3,
        rest if rest % 100 == 0 => 4,
        rest if rest % 10 == 0 => 5,
        _ => 6,
    };
    Base10000 { negative: units < 0, weight, decimals, digits }
}

/// `numerator` / `denominator`, rounded half away from zero; both in the same units.
pub fn divide(numerator: i128, denominator: i128) -> Option<i128> {
    if denominator == 0 {
        return None;
    }
    let (quotient, rest) = (numerator / denominator, numerator % denominator);
    let away = numerator.signum() * denominator.signum();
    Some(if rest.abs() * 2 >= denominator.abs() { quotient + away } else { quotient })
}

/// `amount` × `factor` / `divisor`, rounded half away from zero: exact where the numbers are not
/// astronomical, else as exact as doubles are.
///
/// ```
/// use model_ground::amount;
/// assert_eq!(amount::share(9_000_000_000_000_000_001, 0.25, 2), Some(1_125_000_000_000_000_000));
/// ```
pub fn share(amount: i128, factor: f64, divisor: u64) -> Option<i128> {
    if divisor == 0 {
        return None;
    }
    let exact = || {
        let (mut digits, mut power) = decimal(factor)?;
        while digits != 0 && digits % 10 == 0 {
            (digits, power) = (digits / 10, power + 1);
        }
        let tens = 10_i128.checked_pow(power.unsigned_abs())?;
        let numerator = amount.checked_mul(digits)?;
        if power < 0 {
            divide(numerator, tens.checked_mul(i128::from(divisor))?)
        } else {
            divide(numerator.checked_mul(tens)?, i128::from(divisor))
        }
    };
    exact().or_else(|| Some((amount as f64 * factor / divisor as f64).round() as i128))
}

/// The decimal text of an amount, without trailing zeros beyond the second decimal.
///
/// ```
/// use model_ground::amount;
/// assert_eq!(amount::text(139_120_000), "139.12");
/// assert_eq!(amount::text(-5), "-0.000005");
/// assert_eq!(amount::text(22_000_000), "22.00");
/// ```
pub fn text(units: i128) -> String {
    let (whole, rest) = (units.unsigned_abs() / 1_000_000, units.unsigned_abs() % 1_000_000);
    let mut decimals = format!("{rest:06}");
    while decimals.len() > 2 && decimals.ends_with('0') {
        decimals.pop();
    }
    format!("{}{whole}.{decimals}", if units < 0 { "-" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_round_as_their_decimal_text_does() {
        for (value, units) in [
            (0.0, 0),
            (0.1 + 0.2, 300_000),
            (-1.000_000_5, -1_000_001),
            (0.000_000_499_999, 0),
            (0.000_000_5, 1),
            (123_456_789_012.123_46, 123_456_789_012_123_000), // fifteen digits
            (16_407.921_504_5, 16_407_921_505),
            (1_055_773.371_031_5, 1_055_773_371_032),
            (1e-300, 0),
            (9_223_372_036_854.0, 9_223_372_036_854_000_000),
            (-1_234_567_890_123.0, -1_234_567_890_123_000_000),
            (-0.0, 0),
        ] {
            assert_eq!(from_double(value), Ok(units), "{value}");
        }
        for value in [f64::INFINITY, f64::NEG_INFINITY, 9_223_372_036_855.0, 1e300] {
            assert!(from_double(value).is_err(), "{value}");
        }
    }

    #[test]
    fn texts_are_read_to_the_last_digit() {
        let units = |text| from_text(text).map(|found| found.units);
        for (text, found) in [
            ("0", Some(0)),
            ("-0.0", Some(0)),
            ("123456789012.123456", Some(123_456_789_012_123_456)), // eighteen digits
            ("0.1234565", Some(123_457)),
            ("-0.1234565", Some(-123_457)),
            ("0.12345649999999999999999999999999999999999999", Some(123_456)),
            ("1e30", Some(10_i128.pow(36))),
            ("1000000000000000000000000000000.000001", None),
            ("1e31", None),
            ("1e400", None),
            ("0e400", Some(0)),
            ("7e-400", Some(0)),
            ("9.9999999e-7", Some(1)),
            ("4e-7", Some(0)),
            ("1e99999999999999999999", None),
            ("x", None),
            ("1e", None),
        ] {
            assert_eq!(units(text), found, "{text}");
        }
        let exact = |text| from_text(text).is_some_and(|found| found.exact);
        assert!(exact("1.0000010000") && exact("1e-6") && exact("0e-400"));
        assert!(!exact("1.0000001") && !exact("1e-7") && !exact("33.3333333"));
    }

    proptest::proptest! {
        #[test]
        fn texts_of_amounts_come_back(units: i64) {
            let found = from_text(&text(i128::from(units)));
            assert_eq!(found, Some(Millionths { units: i128::from(units), exact: true }));
        }

        #[test]
        fn base_10000_round_trips(units: i64, shift in 0..63u32, tens in 0..8u32) {
            let units = (units >> shift) / 10_i64.pow(tens) * 10_i64.pow(tens);
            if units != i64::MIN {
                let number = to_base_10000(units);
                let digits: Vec<u16> =
                    (0..number.len()).map(|i| (number.digits >> (16 * i)) as u16).collect();
                let back =
                    from_base_10000(number.negative, number.weight, digits.iter().copied(), || {
                        "x".into()
                    });
                assert_eq!(back, Ok(units));
                assert!(digits.first() != Some(&0) && digits.last() != Some(&0));
                let text = text(i128::from(units));
                let decimals = text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
                assert_eq!(number.decimals as usize, decimals);
            }
        }
    }

    #[test]
    fn base_10000_rounds_half_away_from_zero() {
        let of = |neg, weight, digits: &[u16]| {
            from_base_10000(neg, weight, digits.iter().copied(), || "x".into())
        };
        assert_eq!(of(false, -1, &[1, 2350]), Ok(124)); // 0.00012350 -> 0.000124
        assert_eq!(of(true, -1, &[1, 2350]), Ok(-124));
        assert_eq!(of(false, -1, &[1, 2349, 9999]), Ok(123));
        assert_eq!(of(false, 3, &[9, 2233, 7203, 6854]), Ok(9_223_372_036_854_000_000));
        assert!(of(false, 3, &[9, 2233, 7203, 6855]).is_err());
        assert!(of(false, 5, &[1]).is_err());
        assert_eq!(of(false, -9, &[5]), Ok(0));
        assert_eq!(of(false, 0, &[]), Ok(0));
    }

    #[test]
    fn quotients_round_half_away_from_zero() {
        assert_eq!(divide(5, 2), Some(3));
        assert_eq!(divide(-5, 2), Some(-3));
        assert_eq!(divide(4, 3), Some(1));
        assert_eq!(divide(1, 0), None);
    }
}
