//! `segment_maps` and `check_segment_map`.

use crate::pg::errors::OrRaise;
use crate::pg::json::JsonText;
use crate::pg::memory::PgHost;
use crate::pg::rows::Rows;
use pg_retention_model::rfm::{self, BUILT_IN, CHINESE, Map, Rule, Span};
use pgrx::pg_sys;
use pgrx::prelude::*;

#[pg_extern]
fn segment_maps(fcinfo: pg_sys::FunctionCallInfo) -> Rows {
    // SAFETY: declared RETURNS TABLE in sql/value/rfm_maps.sql.
    let mut rows = unsafe { Rows::begin(fcinfo) };
    for map in BUILT_IN {
        for (place, rule) in map.rules.iter().enumerate() {
            let is_class = map.is_of_classes();
            let Rule { segment, r, f, m, fm } = rule;
            let name = |span: &Option<Span>| {
                let text = |span: &Span| match (is_class, span.0 > 1.0) {
                    (false, _) => span.text(),
                    (true, true) => "high".to_string(),
                    (true, false) => "low".to_string(),
                };
                span.as_ref().map(text)
            };
            rows.put(|column| {
                let text = |text: Option<String>| text.and_then(|text| column.text(&text));
                let chinese = CHINESE.get(place).filter(|_| is_class && is_utf8());
                Ok([
                    column.text(map.name),
                    column.integer(place as i64 + 1),
                    column.text(segment),
                    text(name(r)),
                    text(name(f)),
                    text(name(m)),
                    text(name(fm)),
                    chinese.and_then(|chinese| column.text(chinese)),
                ])
            })
            .or_raise();
        }
    }
    rows
}

/// Other encodings may have no Chinese letters.
fn is_utf8() -> bool {
    // SAFETY: reads a number.
    unsafe { pg_sys::GetDatabaseEncoding() == pg_sys::pg_enc::PG_UTF8 as i32 }
}

#[pg_extern]
fn check_segment_map(
    map: Option<JsonText<'_>>,
    bins: Option<i32>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Rows {
    // SAFETY: declared RETURNS TABLE in sql/value/rfm_maps.sql.
    let mut rows = unsafe { Rows::begin(fcinfo) };
    let bins = rfm::bins(bins.unwrap_or(5)).or_raise();
    let Some(map) = map else { return rows };
    let map = Map::parse(&map, bins).or_raise();
    for fault in map.faults(bins, PgHost::current()) {
        let score = fault.score;
        rows.put(|column| {
            let is_hole = fault.claims.is_empty();
            Ok([
                column.integer(score.r.into()),
                column.integer(score.f.into()),
                score.m.and_then(|m| column.integer(m.into())),
                column.text(if is_hole { "hole" } else { "overlap" }),
                column.text(&fault.claims.join(", ")).filter(|_| !is_hole),
            ])
        })
        .or_raise();
    }
    rows
}
