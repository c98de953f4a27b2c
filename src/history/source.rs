//! What `history_of` and its relatives read from: a query of somebody's own.

use crate::pg::arguments::Args;
use crate::pg::encoding::to_utf8;
use crate::pg::errors::OrRaise;
use crate::pg::query::Select;
use crate::pg::rows::Rows;
use crate::pg::varlena::CText;
use pgrx::prelude::*;

/// The text of a query that is one SELECT.
#[pg_extern]
fn query_statement(mut args: Args<'_>) -> Option<CText> {
    let query = args.c_text("query");
    args.end();
    Some(CText::copy_of(Select::parse(query?).or_raise().text))
}

/// The columns of a query that is one SELECT.
#[pg_extern]
fn query_columns(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let query = args.c_text("query");
    args.end();
    let Some(query) = query else { return rows };
    for column in Select::parse(query).or_raise().columns() {
        let name = String::from_utf8_lossy(to_utf8(column.name.to_bytes()));
        rows.put(|row| {
            row.text(&*name);
            row.oid(column.type_oid);
            row.oid(column.base);
            row.oid(column.collation);
        });
    }
    rows
}
