//! The mathematics of `pg_retention`, without PostgreSQL.
//!
//! One summary, many readers: rows are folded into a [`history::History`], and every metric is a
//! fold over the timelines of its members. A family has one name here, in `src/`, `sql/`, `tests/`
//! and `docs/`:
//!
//! | room | what it holds |
//! | --- | --- |
//! | [`history`] | the summary: build, merge, encode, decode, walk member by member |
//! | [`calendar`] | grains, periods, time zones: which tick an instant belongs to |
//! | [`amount`] | fixed-point amounts with six decimals |
//! | [`cohorts`] | who comes back, by cohort and period: tables, curves, comparisons |
//! | [`churn`] | who is in, who leaves, who returns, period by period |
//! | [`survival`] | how long members stay: curves, medians, comparisons |
//! | [`cox`] | what makes members leave earlier or later |
//! | [`engagement`] | how many are active a day, a week, a month, and on how many days |
//! | [`memberships`] | members with a contract: their spells, and who joins and leaves |
//! | [`value`] | what members have been worth so far |
//! | [`repurchase`] | how many go on to the next purchase, and after how long |
//! | [`rfm`] | recency, frequency and monetary value: scores and segments |
//! | [`tiers`] | membership levels: thresholds over a trailing window |
//! | [`clv`] | lifetime value: how often, for how long and for how much members will buy |
//! | [`numeric`] | derivatives, special functions, optimisation, intervals |
//! | [`state`] | what a parallel aggregate asks of its state |
//! | [`host`] | what the model asks of the program around it: memory, and a word about stopping |
//!
//! ```
//! use pg_retention_model::calendar::{Grain, Period, Utc};
//! use pg_retention_model::churn::{self, Question};
//! use pg_retention_model::history::{History, MemberKind, MemberRef, Meta};
//! use pg_retention_model::host::Global;
//!
//! let mut history = History::new(Meta::new(MemberKind::Int, Grain::Day, "", Global), Global);
//! for (member, day) in [(1, 0), (2, 0), (1, 31), (3, 40)] {
//!     history.push(MemberRef::Int(member), day, day * 86_400_000_000, None)?;
//! }
//! history.settle()?;
//! let question = Question { period: Period::MONTH, gap: 1, as_of: Some(59), confidence: 0.95 };
//! let ledger = churn::ledger(&history.view(), &Utc, &question, Global)?;
//! let february = ledger.rows().nth(1).expect("a row for every month");
//! assert_eq!(february.opening, 2); // members 1 and 2 were there in January 2000,
//! assert_eq!(february.churned, 1); // member 2 did not come back in February,
//! assert_eq!(february.new, 1); // and member 3 came.
//! # Ok::<(), pg_retention_model::error::Error>(())
//! ```
#![forbid(unsafe_code)]

pub mod amount;
mod axis;
pub mod calendar;
pub mod churn;
pub mod clv;
pub mod cohorts;
pub mod cox;
pub mod engagement;
pub mod error;
pub mod history;
pub mod host;
mod json;
pub mod memberships;
pub mod numeric;
pub mod repurchase;
pub mod rfm;
pub mod state;
pub mod survival;
pub mod tiers;
mod units;
pub mod value;
