//! `pg_retention`: who comes back, who leaves, who matters, inside PostgreSQL.
//!
//! This crate binds the model (`model/`) to SQL and knows no mathematics. The SQL surface itself
//! (types, functions, aggregates, comments) is written by hand in `sql/`, one file per family; a
//! function there names the wrapper of the Rust function of the same name here.
//!
//! | room | what it holds |
//! | --- | --- |
//! | `history` | the type `retention.history`: building, text and bytes, comparing |
//! | `inspect` | what is inside a history, and parts of one |
//! | `memberships` | the type `retention.memberships`: building, text and bytes, what is inside |
//! | `cohorts` `churn` `engagement` `survival` `logrank` `cox` `value` `repurchase` `rfm` `tiers` | the readers, by family |
//! | `clv` | lifetime value: fitting models and asking them |
//! | `pg` | the bridge: expanded object, memory, interrupts, errors, rows, types |

mod churn;
mod clv;
mod cohorts;
mod cox;
mod engagement;
mod history;
mod inspect;
mod logrank;
mod memberships;
mod pg;
mod repurchase;
mod rfm;
mod survival;
mod tiers;
mod value;

pgrx::pg_module_magic!();

/// Called when the library is loaded.
#[pgrx::pg_guard]
pub extern "C-unwind" fn _PG_init() {
    pg_retention_model::host::set_poll(|| {
        pgrx::check_for_interrupts!();
    });
}
