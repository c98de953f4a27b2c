//! `draw`, `draw_triangle` and `phrase`: the drawing kit, which the pictures in `sql/publish` call.

use crate::pg::arguments::Args;
use crate::pg::encoding::{from_utf8, is_utf8};
use crate::pg::errors::OrRaise;
use crate::pg::json::JsonText;
use crate::pg::memory::PgHost;
use crate::pg::varlena::Varlena;
use pg_retention_model::picture::{self, Picture};
use pgrx::prelude::*;

#[pg_extern]
fn draw(mut args: Args<'_>) -> Option<Varlena> {
    let picture: Option<JsonText<'_>> = args.get("picture");
    args.end();
    let picture = Picture::parse(&picture?).or_raise();
    let svg = picture::svg(&picture, PgHost::current()).or_raise();
    Some(Varlena::copy_of(from_utf8(&svg)))
}

#[pg_extern]
fn draw_triangle(mut args: Args<'_>) -> Option<Varlena> {
    let picture: Option<JsonText<'_>> = args.get("picture");
    args.end();
    let picture = Picture::parse(&picture?).or_raise();
    let lines = picture::triangle(&picture, is_utf8(), PgHost::current()).or_raise();
    (!lines.is_empty()).then(|| Varlena::copy_of(from_utf8(&lines)))
}

#[pg_extern]
fn phrase(mut args: Args<'_>) -> Option<Varlena> {
    let english = args.text("english");
    let language = args.text("language").unwrap_or("en");
    args.end();
    let said = picture::phrase(english?, language).or_raise();
    Some(Varlena::copy_of(from_utf8(said.as_bytes())))
}
