//! `pg_retention`: who comes back, who leaves, who matters, inside PostgreSQL.
//!
//! This crate binds the model (`model/`) to SQL and knows no mathematics. The SQL surface itself
//! (types, functions, aggregates, comments) is written by hand in `sql/`, one file per family; a
//! function there names the wrapper of the Rust function of the same name here.
//!
//! | room | the question | its families |
//! | --- | --- | --- |
//! | `history` | what happened? | `history`, `source`, `inspect`, `memberships` |
//! | `retention` | who comes back, who leaves? | `cohorts`, `churn`, `engagement`, `repurchase`, `survival`, `logrank`, `cox` |
//! | `value` | who matters, what will they be worth? | `value`, `rfm`, `tiers`, `clv` |
//! | `prediction` | who will leave, and why? | `overdue`, `churn_risk`, `rules` |
//! | `publish` | how does everybody see it? | `picture` |
//! | `pg` | none: the bridge to PostgreSQL | expanded object, memory, interrupts, errors, arguments, rows, types |

mod history;
mod pg;
mod prediction;
mod publish;
mod released;
mod retention;
mod value;

pgrx::pg_module_magic!();

/// Called when the library is loaded.
#[pgrx::pg_guard]
pub extern "C-unwind" fn _PG_init() {
    pg_retention_model::host::set_poll(|| {
        pgrx::check_for_interrupts!();
    });
    // For who asks: SET client_min_messages = debug1.
    pg_retention_model::host::set_tell(|words| pgrx::debug1!("{}", words()));
}
