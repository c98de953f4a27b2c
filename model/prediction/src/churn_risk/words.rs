//! A reason of a member with a contract, in words.

use super::reason::Reason;
use model_ground::language::Language;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// The words of a reason, the number that tells it, and what is usual, given the member's features by name and what they usually are.
pub(super) fn of_memberships(
    reason: Reason,
    get: impl Fn(&str) -> Option<f64>,
    usual: impl Fn(&str) -> Option<f64>,
    language: Language,
) -> (String, Option<f64>, Option<f64>) {
    let n = number;
    let is_chinese = language == Language::Chinese;
    let say = |english: String, chinese: String| if is_chinese { chinese } else { english };
    let unknown = || reason.name().to_string();
    match reason {
        Reason::Absence => {
            let (out, stay) = (get("out_days"), get("stretch_last"));
            let words = match (out, stay) {
                (Some(v), Some(t)) => say(
                    format!("out for {} days, after {} in", n(v), n(t)),
                    format!("已离开{}天，此前在籍{}天", n(v), n(t)),
                ),
                _ => say("not out".to_string(), "在籍".to_string()),
            };
            (words, out, stay)
        }
        Reason::Tenure => {
            let (tenure, typical) = (get("tenure_days"), usual("tenure_days"));
            let words = match (tenure, typical) {
                (Some(v), Some(t)) => say(
                    format!("in for {} days, typically {}", n(v), n(t)),
                    format!("已连续在籍{}天，通常{}天", n(v), n(t)),
                ),
                (Some(v), None) => {
                    say(format!("in for {} days", n(v)), format!("已连续在籍{}天", n(v)))
                }
                _ => say("not in".to_string(), "不在籍".to_string()),
            };
            (words, tenure, typical)
        }
        Reason::Loyalty => {
            let (days, since) = (get("member_days"), get("since_joined_days"));
            let words = match (days, since) {
                (Some(v), Some(t)) => say(
                    format!("in on {} of the {} days since first joining", n(v), n(t)),
                    format!("首次加入以来{}天中在籍{}天", n(t), n(v)),
                ),
                _ => unknown(),
            };
            (words, days, since)
        }
        Reason::Pauses => {
            let stretches = get("stretches").unwrap_or(1.0);
            let pause = get("pause_mean");
            let words = match pause {
                Some(t) if stretches == 2.0 => say(
                    format!("left once before, for {} days", n(t)),
                    format!("曾离开1次，{}天后回归", n(t)),
                ),
                Some(t) => say(
                    format!(
                        "left {} times before, for {} days in the mean",
                        n(stretches - 1.0),
                        n(t)
                    ),
                    format!("曾离开{}次，平均{}天后回归", n(stretches - 1.0), n(t)),
                ),
                None => say("never came back before".to_string(), "此前没有回归过".to_string()),
            };
            (words, Some(stretches - 1.0), pause)
        }
        Reason::Renewal => match (get("year_due_days"), get("month_due_days")) {
            (Some(year), _) if get("years_due").is_some_and(|years| years > 0.0) => {
                let english = format!("a year of the contract is over in {} days", n(year));
                (say(english, format!("合约再过{}天满整年", n(year))), Some(year), None)
            }
            (_, Some(month)) => {
                let english = format!("a month of the contract is over in {} days", n(month));
                (say(english, format!("合约再过{}天满整月", n(month))), Some(month), None)
            }
            _ => {
                (say("no contract to renew".to_string(), "没有待续的合约".to_string()), None, None)
            }
        },
        Reason::Season => {
            let month = get("joined_month");
            let name = month.and_then(|month| MONTHS.get((month as usize).wrapping_sub(1)));
            let words = match (month, name) {
                (Some(v), Some(name)) => {
                    say(format!("joined in {name}"), format!("{}月加入", n(v)))
                }
                _ => say("no month of joining".to_string(), "没有加入月份".to_string()),
            };
            (words, month, None)
        }
        _ => (unknown(), None, None),
    }
}

/// A number as one says it: whole from 10 on, else with one decimal.
pub(super) fn number(value: f64) -> String {
    let rounded = if value.abs() < 10.0 { (value * 10.0).round() / 10.0 } else { value.round() };
    format!("{rounded}")
}
