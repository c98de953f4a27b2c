//! Numbers as people write them.

use super::page::Language;
use serde::Deserialize;
use std::fmt::{self, Display, Write};

/// What a number is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Unit {
    /// A share, written in percent.
    Percent,
    /// A number of something.
    #[default]
    Count,
}

impl Unit {
    /// What a number is multiplied by when it is written.
    pub(super) fn by(self) -> f64 {
        if self == Unit::Percent { 100.0 } else { 1.0 }
    }
}

/// A number to be written.
#[derive(Clone, Copy)]
pub(super) struct Figure {
    pub(super) value: f64,
    pub(super) unit: Unit,
    /// Digits after the point: of a percent, or of the number.
    pub(super) digits: usize,
}

impl Figure {
    pub(super) fn new(value: f64, unit: Unit, digits: usize) -> Self {
        Figure { value, unit, digits }
    }
}

impl Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tens = 10f64.powi(self.digits as i32);
        // As the published views round their percents.
        let value = match self.unit {
            Unit::Percent => (self.value * (100.0 * tens)).round_ties_even() / tens,
            Unit::Count => self.value,
        };
        grouped(f, value, self.digits)?;
        if self.unit == Unit::Percent { f.write_char('%') } else { Ok(()) }
    }
}

/// A number with a comma between thousands.
fn grouped(f: &mut fmt::Formatter<'_>, value: f64, digits: usize) -> fmt::Result {
    // A double below 1e15 has all its digits in 20 letters.
    if !value.is_finite() || value.abs() >= 1e15 {
        return write!(f, "{value:.1e}");
    }
    let mut text = Small::default();
    write!(text, "{:.*}", digits, value.abs())?;
    let text = text.as_str();
    let whole = text.find('.').unwrap_or(text.len());
    if value < 0.0 && text.bytes().any(|c| (b'1'..=b'9').contains(&c)) {
        f.write_char('-')?;
    }
    for (at, c) in text.char_indices() {
        if at > 0 && at < whole && (whole - at).is_multiple_of(3) {
            f.write_char(',')?;
        }
        f.write_char(c)?;
    }
    Ok(())
}

/// The label of an axis: short, as 20k, or 2万 in Chinese.
pub(super) struct Tick {
    pub(super) figure: Figure,
    pub(super) language: Language,
}

impl Display for Tick {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Figure { value, unit, .. } = self.figure;
        if unit == Unit::Percent || value.abs() < 10_000.0 {
            return self.figure.fmt(f);
        }
        let steps: &[(f64, &str)] = match self.language {
            Language::English => &[(1e9, "bn"), (1e6, "m"), (1e3, "k")],
            Language::Chinese => &[(1e8, "亿"), (1e4, "万")],
        };
        let (step, name) =
            steps.iter().find(|(step, _)| value.abs() >= *step).unwrap_or(&(1.0, ""));
        let short = value / step;
        let digits = (0..3).find(|&digits| {
            let tens = short * 10f64.powi(digits);
            (tens - tens.round()).abs() < 1e-9
        });
        grouped(f, short, digits.unwrap_or(2) as usize)?;
        f.write_str(name)
    }
}

/// A short text that is not on any heap.
#[derive(Default)]
pub(super) struct Small {
    bytes: [u8; 32],
    len: usize,
}

impl Small {
    pub(super) fn of(text: impl Display) -> Self {
        let mut small = Small::default();
        // What does not fit is cut.
        let _ = write!(small, "{text}");
        small
    }

    pub(super) fn as_str(&self) -> &str {
        self.bytes.get(..self.len).and_then(|text| std::str::from_utf8(text).ok()).unwrap_or("")
    }
}

impl Write for Small {
    fn write_str(&mut self, s: &str) -> fmt::Result {
        let room = self.bytes.get_mut(self.len..self.len + s.len()).ok_or(fmt::Error)?;
        room.copy_from_slice(s.as_bytes());
        self.len += s.len();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures() {
        for (value, unit, digits, text) in [
            (0.381, Unit::Percent, 1, "38.1%"),
            (1.0, Unit::Percent, 0, "100%"),
            (0.0625, Unit::Percent, 1, "6.2%"),
            (0.2135, Unit::Percent, 1, "21.4%"),
            (1234567.0, Unit::Count, 0, "1,234,567"),
            (-1234.5, Unit::Count, 1, "-1,234.5"),
            (-0.001, Unit::Count, 0, "0"),
            (123.0, Unit::Count, 0, "123"),
            (1e300, Unit::Count, 0, "1.0e300"),
        ] {
            assert_eq!(Figure::new(value, unit, digits).to_string(), text);
        }
    }

    #[test]
    fn ticks() {
        for (value, english, chinese) in [
            (9000.0, "9,000", "9,000"),
            (25_000.0, "25k", "2.5万"),
            (-1.5e6, "-1.5m", "-150万"),
            (2e9, "2bn", "20亿"),
        ] {
            let figure = Figure::new(value, Unit::Count, 0);
            assert_eq!(Tick { figure, language: Language::English }.to_string(), english);
            assert_eq!(Tick { figure, language: Language::Chinese }.to_string(), chinese);
        }
    }
}
