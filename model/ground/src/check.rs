//! Arguments that are shares, rates or probabilities: checked, with a hint at what was probably meant.

use crate::error::Error;

fn wrong(message: String, hint: String) -> Error {
    Error::Miswritten { message, hint }
}

/// A number that people may have given in percent, from the least that is plausible on, as a fraction.
fn of_percent(value: f64, least: f64) -> Option<f64> {
    (least..=100.0).contains(&value).then_some(value / 100.0)
}

/// A share between 0 and 1, both included.
///
/// ```
/// use model_ground::check;
/// assert_eq!(check::share("margin", 0.3), Ok(0.3));
/// let error = check::share("margin", 30.0).unwrap_err();
/// assert_eq!(error.to_string(), "margin 30 is no share between 0 and 1");
/// assert_eq!(error.hint().as_deref(), Some("Was 0.3 meant, which is 30 %?"));
/// ```
pub fn share(what: &str, value: f64) -> Result<f64, Error> {
    if (0.0..=1.0).contains(&value) {
        return Ok(value);
    }
    let hint = of_percent(value, 2.0).map_or_else(
        || "Take a number from 0 to 1, such as 0.3 for 30 %.".to_string(),
        |share| format!("Was {share} meant, which is {value} %?"),
    );
    Err(wrong(format!("{what} {value} is no share between 0 and 1"), hint))
}

/// A rate a year, 0 or more and less than 1.
pub fn rate_per_year(what: &str, value: f64) -> Result<f64, Error> {
    if (0.0..1.0).contains(&value) {
        return Ok(value);
    }
    let hint = match of_percent(value, 2.0) {
        Some(rate) if rate < 1.0 => format!("Was {rate} meant, which is {value} % a year?"),
        _ => "Take 0 or more and less than 1, such as 0.1 for ten percent a year.".to_string(),
    };
    Err(wrong(format!("{what} {value} is no rate a year of less than 1"), hint))
}

/// A probability that an interval holds the truth: between 0 and 1, both excluded.
pub fn confidence(value: f64) -> Result<f64, Error> {
    if value > 0.0 && value < 1.0 {
        return Ok(value);
    }
    let hint = match of_percent(value, 50.0) {
        Some(share) if share < 1.0 => format!("Was {share} meant, which is {value} %?"),
        _ => "Take the probability that intervals hold the true value, such as 0.95.".to_string(),
    };
    Err(wrong(format!("confidence {value} is not between 0 and 1"), hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_rates_and_probabilities() {
        for value in [0.0, 0.3, 1.0] {
            assert!(share("margin", value).is_ok());
        }
        for value in [-0.1, 1.01, 30.0, f64::NAN, f64::INFINITY] {
            assert!(share("margin", value).is_err());
        }
        for value in [-0.1, 1.0, 10.0, f64::NAN, f64::INFINITY] {
            assert!(rate_per_year("discount", value).is_err());
        }
        for value in [0.0, 1.0, 95.0, -1.0, f64::NAN] {
            assert!(confidence(value).is_err());
        }
        let hint = |result: Result<f64, Error>| result.unwrap_err().hint().unwrap();
        assert!(hint(rate_per_year("discount", 10.0)).starts_with("Was 0.1 meant"));
        assert!(hint(confidence(95.0)).starts_with("Was 0.95 meant"));
        assert!(hint(share("margin", -1.0)).starts_with("Take a number from 0 to 1"));
    }
}
