//! Symbols that a release had and that are no more.
//!
//! After new files are installed, and before ALTER EXTENSION UPDATE, a database still declares its
//! functions over the symbols of the version before. Each of them stays here, and says what to do.

use crate::pg::errors::outdated;

macro_rules! released {
    ($version:literal: $($symbol:ident)*) => {
        $(
            #[pgrx::pg_extern]
            fn $symbol() -> Option<i64> {
                let symbol = stringify!($symbol);
                outdated(format!("function {symbol} is one of pg_retention {}", $version))
            }
        )*
    };
}

released! {
    "0.1.0":
    btyd_with_id
    clv_survivors_default_step
    clv_with_id
    cohort_members_typed
    cox_step_from_entry
    logrank_step_in_stratum
    survival_step_from_entry
}
