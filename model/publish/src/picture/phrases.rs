//! What pictures and reports say, in Chinese. The SQL files have it in English: an encoding may have no Chinese letters, and a script
//! that creates an extension has to be readable in all of them.

use super::page::Language;
use crate::error::Error;

/// What a picture of nothing says.
pub(super) const NOTHING: (&str, &str) = ("nothing to show", "没有可显示的数据");

const CHINESE: &[(&str, &str)] = &[
    // Periods.
    ("days", "天"),
    ("weeks", "周"),
    ("months", "月"),
    ("quarters", "季度"),
    ("years", "年"),
    ("periods", "期"),
    // Pictures.
    ("Retention by cohort", "同期群留存"),
    ("cohort", "同期群"),
    ("members", "会员数"),
    ("%s since the first", "首次以来的%s数"),
    ("share that came again n %s after its first", "首次之后第 n %s再次到来的会员占比"),
    ("share that came n %s after its first or later", "首次之后第 n %s或更晚再次到来的会员占比"),
    ("share that came again within n %s of its first", "首次之后 n %s之内再次到来的会员占比"),
    (
        "share that came in each of the n %s after its first",
        "首次之后连续 n %s每期都到来的会员占比",
    ),
    ("share that is in n %s after joining", "加入后第 n %s末仍在会的会员占比"),
    ("Retention of all members", "全体会员留存曲线"),
    ("share of members", "会员占比"),
    ("; band: %s %% interval", "；色带：%s%% 置信区间"),
    ("; period 0 is left out", "；不含第 0 期"),
    ("Who stays, who comes, who leaves", "会员留存、新增与流失"),
    (
        "members that are in at the end of a period; below zero those who went silent",
        "各期末在会人数；零线以下为沉默流失的会员",
    ),
    (
        "members with a contract at the end of a period; below zero those who left",
        "各期末在会人数；零线以下为退会的会员",
    ),
    ("; pale: not over yet", "；浅色：尚未结束的周期"),
    ("retained", "留存"),
    ("reactivated", "召回"),
    ("new", "新增"),
    ("churned", "流失"),
    ("rejoined", "重新加入"),
    ("joined", "新加入"),
    ("How long members stay", "会员存续曲线"),
    (
        "share that has not lapsed after so many %s (Kaplan-Meier)",
        "若干%s后仍未流失的会员占比（Kaplan-Meier 估计）",
    ),
    (
        "share that has not left after so many %s (Kaplan-Meier)",
        "若干%s后仍未退会的会员占比（Kaplan-Meier 估计）",
    ),
    ("Who matters: RFM segments", "重要客户：RFM 分群"),
    ("area: number of members, of %s altogether", "面积：会员数，共 %s 人"),
    ("amount per member", "人均金额"),
    ("orders per member", "人均订单数"),
    ("%s %% of members", "占会员 %s%%"),
    ("%s %% of revenue", "占收入 %s%%"),
    ("How much few members bring", "少数会员的贡献"),
    (
        "Lorenz curve: the %s %% who spent most bring %s %% of all amounts; Gini coefficient %s",
        "洛伦兹曲线：消费最高的 %s%% 会员贡献了 %s%% 的金额；基尼系数 %s",
    ),
    ("; %s members with negative amounts are counted as 0", "；%s 位金额为负的会员按 0 计"),
    ("share of members, those who spent least first", "会员占比（按消费从低到高）"),
    ("share of all amounts", "金额占比"),
    NOTHING,
    // The monthly review.
    ("Monthly review", "会员月度回顾"),
    ("What changed", "本月变化"),
    ("Month by month", "逐月概览"),
    ("No month is over yet.", "尚无完整的月份。"),
    ("%s, up to %s", "%s，数据截至 %s"),
    ("%s points", "%s 个百分点"),
    ("%s %%", "%s%%"),
    ("active members", "活跃会员"),
    ("new members", "新会员"),
    ("retention rate", "留存率"),
    ("churned members", "流失会员"),
    ("revenue", "收入"),
    ("order value", "客单价"),
    ("month", "月份"),
    ("active", "活跃"),
    ("returning", "回访"),
    ("retention", "留存率"),
    ("orders", "订单"),
    (", ", "，"),
    (".", "。"),
    ("%s members were active", "活跃会员 %s 人"),
    (", %s against the month before", "，环比 %s"),
    (", %s against the same month of the year before", "，同比 %s"),
    ("; %s of them were new, %s had come before.", "；其中新会员 %s 人，老会员 %s 人。"),
    ("%s %% of the members who were in stayed", "期初在会会员的留存率为 %s%%"),
    (
        "; %s churned, %s came back, and %s are in now.",
        "；流失 %s 人，召回 %s 人，期末在会 %s 人。",
    ),
    (
        "Of the members who were new in the month before, %s %% came again",
        "上月新会员中有 %s%% 本月再次到来",
    ),
    (": more than chance explains.", "：变化超出随机波动。"),
    (": chance may explain it.", "：变化可能只是随机波动。"),
    ("Revenue was %s", "收入 %s"),
    ("%s orders", "订单 %s 笔"),
    (
        "; %s orders of %s on average, %s %% of it from members who had come before.",
        "；订单 %s 笔，客单价 %s，其中 %s%% 来自老会员。",
    ),
    ("%s from %s to %s", "%s 人从“%s”到“%s”"),
    (
        "The most members that changed their segment within a month: %s.",
        "一个月内人数最多的分群变动：%s。",
    ),
];

/// An English phrase in a language. One that is not known is a mistake of ours, and is an error rather than English among Chinese.
pub fn phrase<'a>(english: &'a str, language: &str) -> Result<&'a str, Error> {
    let known = CHINESE.iter().find(|(phrase, _)| *phrase == english);
    match (Language::parse(language)?, known) {
        (_, None) => Err(Error::bad(
            format!("no phrase \"{english}\""),
            "The phrases are in model/publish/src/picture/phrases.rs.",
        )),
        (Language::English, _) => Ok(english),
        (Language::Chinese, Some((_, chinese))) => Ok(chinese),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both are filled in by format().
    #[test]
    fn phrases_have_the_same_places() {
        for (english, chinese) in CHINESE {
            for mark in ["%s", "%%"] {
                assert_eq!(
                    english.matches(mark).count(),
                    chinese.matches(mark).count(),
                    "{english}"
                );
            }
            assert!(
                (!chinese.is_ascii() || !english.replace("%s", "").contains(char::is_alphabetic))
                    && english.is_ascii()
            );
            assert_eq!(
                CHINESE.iter().filter(|(other, _)| other == english).count(),
                1,
                "{english}"
            );
        }
    }

    #[test]
    fn languages() {
        assert_eq!(phrase("months", "en").unwrap(), "months");
        assert_eq!(phrase("months", "ZH").unwrap(), "月");
        assert_eq!(phrase("months", "fr").unwrap_err().to_string(), "unknown language \"fr\"");
        assert!(phrase("moons", "en").is_err());
    }
}
