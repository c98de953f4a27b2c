//! Rules as conditions in SQL.

use super::grow::{Left, Question};
use crate::host::Host;
use crate::sheet::{Cells, Sheet};

/// Words of SQL that are no names of columns without quotes.
const RESERVED: &[&str] = &[
    "all",
    "analyse",
    "analyze",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "asymmetric",
    "authorization",
    "between",
    "bigint",
    "binary",
    "bit",
    "boolean",
    "both",
    "case",
    "cast",
    "char",
    "character",
    "check",
    "coalesce",
    "collate",
    "collation",
    "column",
    "concurrently",
    "constraint",
    "create",
    "cross",
    "current_catalog",
    "current_date",
    "current_role",
    "current_schema",
    "current_time",
    "current_timestamp",
    "current_user",
    "dec",
    "decimal",
    "default",
    "deferrable",
    "desc",
    "distinct",
    "do",
    "else",
    "end",
    "except",
    "exists",
    "extract",
    "false",
    "fetch",
    "float",
    "for",
    "foreign",
    "freeze",
    "from",
    "full",
    "grant",
    "greatest",
    "group",
    "grouping",
    "having",
    "ilike",
    "in",
    "initially",
    "inner",
    "inout",
    "int",
    "integer",
    "intersect",
    "interval",
    "into",
    "is",
    "isnull",
    "join",
    "lateral",
    "leading",
    "least",
    "left",
    "like",
    "limit",
    "localtime",
    "localtimestamp",
    "national",
    "natural",
    "nchar",
    "none",
    "normalize",
    "not",
    "notnull",
    "null",
    "nullif",
    "numeric",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "out",
    "outer",
    "overlaps",
    "overlay",
    "placing",
    "position",
    "precision",
    "primary",
    "real",
    "references",
    "returning",
    "right",
    "row",
    "select",
    "session_user",
    "setof",
    "similar",
    "smallint",
    "some",
    "substring",
    "symmetric",
    "system_user",
    "table",
    "tablesample",
    "then",
    "time",
    "timestamp",
    "to",
    "trailing",
    "treat",
    "trim",
    "true",
    "union",
    "unique",
    "user",
    "using",
    "values",
    "varchar",
    "variadic",
    "verbose",
    "when",
    "where",
    "window",
    "with",
    "xmlattributes",
    "xmlconcat",
    "xmlelement",
    "xmlexists",
    "xmlforest",
    "xmlnamespaces",
    "xmlparse",
    "xmlpi",
    "xmlroot",
    "xmlserialize",
    "xmltable",
];

fn column(name: &str) -> String {
    let is_plain = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && !RESERVED.contains(&name);
    if is_plain { name.to_string() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

fn literal(text: &str) -> String {
    let doubled = text.replace('\'', "''");
    // A backslash means itself, whatever standard_conforming_strings says.
    if text.contains('\\') {
        format!("E'{}'", doubled.replace('\\', "\\\\"))
    } else {
        format!("'{doubled}'")
    }
}

/// All that a path says of one attribute.
#[derive(Default)]
struct About {
    above: Option<f64>,
    up_to: Option<f64>,
    categories: Option<std::vec::Vec<u32>>,
    /// Is what is not known in it? None: nothing was said.
    unknown: Option<bool>,
}

/// The condition of a path; `true` of none.
pub(super) fn rule<H: Host>(sheet: &Sheet<H>, path: &[(Question, bool)]) -> String {
    let mut said = std::vec::Vec::<(usize, About)>::new();
    for (question, is_left) in path {
        let place = said.iter().position(|(attribute, _)| *attribute == question.attribute);
        let place = place.unwrap_or_else(|| {
            said.push((question.attribute, About::default()));
            said.len() - 1
        });
        let about = &mut said[place].1;
        match &question.left {
            Left::UpTo(most) if *is_left => {
                about.up_to = Some(about.up_to.map_or(*most, |known| known.min(*most)))
            }
            Left::UpTo(most) => {
                about.above = Some(about.above.map_or(*most, |known| known.max(*most)))
            }
            Left::Of(left) => {
                let Cells::Categories(_, names) = &sheet.cells[question.attribute] else {
                    continue;
                };
                let all: std::vec::Vec<u32> = (0..names.len() as u32).collect();
                let kept = about.categories.get_or_insert(all);
                kept.retain(|category| left.contains(category) == *is_left);
            }
        }
        // A category or a number that a later question does not see as unknown has been decided on before.
        if let Some(unknown_left) = question.unknown_left {
            about.unknown = Some(about.unknown.unwrap_or(true) && unknown_left == *is_left);
        } else if about.unknown.is_none() {
            about.unknown = Some(false);
        }
    }
    let conditions: std::vec::Vec<String> =
        said.iter().map(|(attribute, about)| condition(sheet, *attribute, about)).collect();
    if conditions.is_empty() { "true".to_string() } else { conditions.join(" AND ") }
}

fn condition<H: Host>(sheet: &Sheet<H>, attribute: usize, about: &About) -> String {
    let name = column(&sheet.names[attribute]);
    let mut text = match &sheet.cells[attribute] {
        Cells::Flags(_) if about.up_to.is_some() => format!("NOT {name}"),
        Cells::Flags(_) => name.clone(),
        Cells::Numbers(_) => match (about.above, about.up_to) {
            (Some(above), Some(up_to)) => format!("{name} > {above} AND {name} <= {up_to}"),
            (Some(above), None) => format!("{name} > {above}"),
            (None, Some(up_to)) => format!("{name} <= {up_to}"),
            (None, None) => format!("{name} IS NOT NULL"),
        },
        Cells::Categories(_, names) => {
            let kept = about.categories.as_deref().unwrap_or_default();
            let texts: std::vec::Vec<String> =
                kept.iter().map(|place| literal(&names[*place as usize])).collect();
            match texts.as_slice() {
                [one] => format!("{name} = {one}"),
                many => format!("{name} IN ({})", many.join(", ")),
            }
        }
    };
    if about.unknown == Some(true) {
        text = format!("({text} OR {name} IS NULL)");
    }
    text
}
