//! The mathematics of `pg_retention`, without PostgreSQL.
//!
//! One summary, many readers: rows are folded into a [`history::History`], and every metric is a
//! fold over the timelines of its members. The rooms are crates, one for each question, and a crate
//! knows only those above it in this table: the compiler sees to it. A family has one name here, in
//! `src/`, `sql/`, `tests/` and `docs/`.
//!
//! | crate | question | families |
//! | --- | --- | --- |
//! | `ground` | what does everything stand on? | [`host`] (memory, and a word about stopping), [`error`], [`calendar`], [`amount`], [`check`] (of shares and rates), [`state`] (of a parallel aggregate) |
//! | `kit` | what do the families share? | [`numeric`] (derivatives, special functions, optimisation, intervals), packed integers, sorting |
//! | `history` | what happened? | [`history`], [`memberships`], [`journeys`] |
//! | `retention` | who comes back, who leaves? | [`cohorts`], [`churn`], [`engagement`], [`funnel`], [`paths`], [`repurchase`], [`survival`], [`cox`] |
//! | `value` | who matters, what will they be worth? | [`value`], [`rfm`], [`tiers`], [`clv`] |
//! | `prediction` | who will leave, and why? | [`overdue`], [`churn_risk`], [`rules`], [`drivers`] |
//! | `publish` | how does everybody see it? | [`picture`] |
//!
//! This crate is their common face: it has no code of its own.
//!
//! ```
//! use pg_retention_model::calendar::{Grain, Period, Utc};
//! use pg_retention_model::churn::{self, ChurnQuestion, Lapse};
//! use pg_retention_model::history::{History, MemberKind, MemberRef, Meta};
//! use pg_retention_model::host::Global;
//!
//! let mut history = History::new(Meta::new(MemberKind::Int, Grain::Day, "", Global), Global);
//! for (member, day) in [(1, 0), (2, 0), (1, 31), (3, 40)] {
//!     history.push(MemberRef::Int(member), day, day * 86_400_000_000, None)?;
//! }
//! history.settle()?;
//! let (period, lapse) = (Period::MONTH, Lapse::Gap(1));
//! let question = ChurnQuestion { period, lapse, as_of: Some(59), confidence: 0.95 };
//! let ledger = churn::ledger(&history.view(), &Utc, &question, Global)?;
//! let february = ledger.rows().nth(1).expect("a row for every month");
//! assert_eq!(february.opening, 2); // members 1 and 2 were there in January 2000,
//! assert_eq!(february.churned, 1); // member 2 did not come back in February,
//! assert_eq!(february.new, 1); // and member 3 came.
//! # Ok::<(), pg_retention_model::error::Error>(())
//! ```
#![forbid(unsafe_code)]

pub use model_ground::{amount, calendar, check, error, host, state};
pub use model_history::{history, journeys, memberships};
pub use model_kit::numeric;
pub use model_prediction::{churn_risk, drivers, overdue, records, rules, sheet};
pub use model_publish::picture;
pub use model_retention::{
    churn, cohorts, cox, engagement, funnel, paths, repurchase, survival, window_funnel,
};
pub use model_value::{clv, revenue_split, rfm, tiers, value};
