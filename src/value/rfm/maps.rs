//! `segment_maps` and `check_segment_map`.

use crate::pg::arguments::Args;
use crate::pg::encoding::has_letters_of;
use crate::pg::errors::OrRaise;
use crate::pg::json::JsonText;
use crate::pg::memory::PgHost;
use crate::pg::rows::Rows;
use pg_retention_model::rfm::{self, BUILT_IN, Map, Rule, ScoreRange};
use pgrx::prelude::*;

#[pg_extern]
fn segment_maps(args: Args<'_>, mut rows: Rows) -> Rows {
    args.end();
    for map in BUILT_IN {
        for (place, rule) in map.rules.iter().enumerate() {
            let is_class = map.is_of_classes();
            let Rule { segment, r, f, m, fm } = rule;
            let name = |span: &Option<ScoreRange>| {
                let text = |span: &ScoreRange| match (is_class, span.0 > 1.0) {
                    (false, _) => span.text(),
                    (true, true) => "high".to_string(),
                    (true, false) => "low".to_string(),
                };
                span.as_ref().map(text)
            };
            // Other encodings may have no Chinese letters.
            let chinese = map.chinese.get(place).filter(|name| has_letters_of(name));
            rows.put(|row| {
                row.text(map.name);
                row.integer(place as i64 + 1);
                row.text(*segment);
                for span in [r, f, m, fm] {
                    row.text(name(span).as_deref());
                }
                row.text(chinese.copied());
            });
        }
    }
    rows
}

#[pg_extern]
fn check_segment_map(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let map: Option<JsonText<'_>> = args.get("map");
    let bins = args.integer("bins").unwrap_or(5);
    args.end();
    let bins = rfm::bins(bins).or_raise();
    let Some(map) = map else { return rows };
    let map = Map::parse(&map, bins).or_raise();
    for fault in map.faults(bins, PgHost::current()) {
        let score = fault.score;
        let is_hole = fault.claims.is_empty();
        let claims = fault.claims.join(", ");
        rows.put(|row| {
            row.integer(i64::from(score.r));
            row.integer(i64::from(score.f));
            row.integer(score.m.map(i64::from));
            row.text(if is_hole { "hole" } else { "overlap" });
            row.text(Some(claims.as_str()).filter(|_| !is_hole));
        });
    }
    rows
}
