//! Offsets given in place of the name of a time zone: what the error says.
//!
//! To POSIX, and so to PostgreSQL, the sign of "UTC+8" counts westwards: it is eight hours behind UTC,
//! and hardly ever meant.

use crate::error::{Error, shorten};

/// Places with their offsets in winter, in minutes ahead of UTC.
const PLACES: [(i32, &str); 28] = [
    (-600, "Pacific/Honolulu"),
    (-540, "America/Anchorage"),
    (-480, "America/Los_Angeles"),
    (-420, "America/Denver"),
    (-360, "America/Chicago"),
    (-300, "America/New_York"),
    (-240, "America/Halifax"),
    (-210, "America/St_Johns"),
    (-180, "America/Sao_Paulo"),
    (60, "Europe/Berlin"),
    (120, "Europe/Helsinki"),
    (180, "Europe/Istanbul"),
    (210, "Asia/Tehran"),
    (240, "Asia/Dubai"),
    (270, "Asia/Kabul"),
    (300, "Asia/Karachi"),
    (330, "Asia/Kolkata"),
    (345, "Asia/Kathmandu"),
    (360, "Asia/Dhaka"),
    (390, "Asia/Yangon"),
    (420, "Asia/Bangkok"),
    (480, "Asia/Shanghai"),
    (540, "Asia/Tokyo"),
    (570, "Australia/Adelaide"),
    (600, "Australia/Sydney"),
    (660, "Pacific/Noumea"),
    (720, "Pacific/Auckland"),
    (780, "Pacific/Tongatapu"),
];

/// The error for an unknown name, with the names that were probably meant.
///
/// ```
/// use model_ground::calendar::not_a_zone;
/// let hint = not_a_zone("time zone", "UTC+8").hint().unwrap_or_default();
/// assert!(hint.contains("'Asia/Shanghai' or 'Etc/GMT-8'"), "{hint}");
/// ```
pub fn not_a_zone(what: &'static str, given: &str) -> Error {
    match meant(given) {
        Some(hint) => Error::Miswritten {
            message: format!("{what} \"{}\" is not a name in pg_timezone_names", shorten(given)),
            hint,
        },
        None => Error::unknown(
            what,
            given,
            "the names in pg_timezone_names, such as UTC, Europe/London, America/New_York",
        ),
    }
}

/// A hint that asks what was meant by an offset; none if the name is no offset.
fn meant(given: &str) -> Option<String> {
    let ahead = offset(given)?;
    if ahead == 0 {
        return Some("Was 'UTC' meant?".to_string());
    }
    let (hours, minutes) = (ahead.abs() / 60, ahead.abs() % 60);
    let place = PLACES.iter().find(|(of, _)| *of == ahead).map(|(_, place)| (*place).to_string());
    let fixed = (minutes == 0 && hours <= if ahead > 0 { 14 } else { 12 })
        .then(|| format!("Etc/GMT{}{hours}", if ahead > 0 { '-' } else { '+' }));
    let names: Vec<String> =
        place.into_iter().chain(fixed).map(|name| format!("'{name}'")).collect();
    if names.is_empty() {
        return None;
    }
    let side = if ahead > 0 { "ahead of" } else { "behind" };
    let (minutes, s) = match minutes {
        0 => (String::new(), if hours == 1 { "" } else { "s" }),
        _ => (format!(":{minutes:02}"), "s"),
    };
    Some(format!(
        "Was {} meant, {hours}{minutes} hour{s} {side} UTC? Signs of offsets count the other way round \
         in time zones.",
        names.join(" or ")
    ))
}

/// The minutes ahead of UTC that somebody means by an offset.
fn offset(given: &str) -> Option<i32> {
    let given = given.trim();
    // PostgreSQL's own way to write SET TIME ZONE 8: <+08>-08.
    let given = match given.strip_prefix('<') {
        Some(inside) => inside.split_once('>')?.0,
        None => given,
    };
    let digits = given.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let letters = &given[..given.len() - digits.len()];
    if letters.len() > 5 {
        return None;
    }
    let digits = digits.trim_start();
    let (sign, digits) = match digits.strip_prefix('+') {
        Some(digits) => (1, digits),
        None => match digits.strip_prefix(['-', '−']) {
            Some(digits) => (-1, digits),
            // EST5 is west of Greenwich: those who write it know that.
            None if ["", "utc", "gmt"].contains(&&*letters.to_ascii_lowercase()) => (1, digits),
            None => (-1, digits),
        },
    };
    let (hours, minutes) = match digits.split_once(':') {
        Some((hours, minutes)) => (hours, minutes),
        None if digits.len() == 4 && digits.is_ascii() => digits.split_at(2),
        None => (digits, "0"),
    };
    let number = |text: &str, most: i32| {
        let is_short =
            !text.is_empty() && text.len() <= 2 && text.bytes().all(|b| b.is_ascii_digit());
        text.parse().ok().filter(|number: &i32| is_short && *number <= most)
    };
    Some(sign * (number(hours, 14)? * 60 + number(minutes, 59)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_what_people_mean() {
        for (given, minutes) in [
            ("UTC+8", 480),
            ("utc+08:00", 480),
            ("GMT+8", 480),
            ("GMT-5", -300),
            ("+08", 480),
            ("+0530", 330),
            ("-3", -180),
            ("8", 480),
            ("UTC8", 480),
            ("EST5", -300),
            ("<+08>-08", 480),
            ("<-03>3", -180),
            ("UTC+0", 0),
        ] {
            assert_eq!(offset(given), Some(minutes), "{given}");
        }
        for given in
            ["", "Mars", "Europe/Nowhere", "UTC+25", "UTC+8x", "CST6CDT", "<", "+8:60", "é8"]
        {
            assert_eq!(offset(given), None, "{given}");
        }
    }

    #[test]
    fn errors_say_what_was_meant() {
        let hint = |given| not_a_zone("time zone", given).hint().unwrap();
        assert!(
            hint("UTC+8")
                .starts_with("Was 'Asia/Shanghai' or 'Etc/GMT-8' meant, 8 hours ahead of UTC?")
        );
        assert!(
            hint("-03").starts_with("Was 'America/Sao_Paulo' or 'Etc/GMT+3' meant, 3 hours behind")
        );
        assert!(hint("UTC+5:30").starts_with("Was 'Asia/Kolkata' meant, 5:30 hours ahead"));
        assert_eq!(hint("UTC-0"), "Was 'UTC' meant?");
        assert!(hint("Mars").starts_with("Valid values: the names in pg_timezone_names"));
        assert!(hint("UTC+5:17").starts_with("Valid values"));
    }
}
