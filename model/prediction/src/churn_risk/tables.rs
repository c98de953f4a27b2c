//! Models of tables that have their labels already: a row for each member, or for each member and anchor.

use super::anchors::MOST_ANCHORS;
use super::bins::Coder;
use super::fit::{Method, Window};
use super::learn::{About, check_size, model};
use super::model::{ChurnModel, Feature, MOST_FEATURES};
use super::replay::Summary;
use super::table::{Scale, Table};
use crate::error::{Error, shorten};
use crate::host::{Host, Pace, Vec};
use crate::records::{Attribute, Attributes, NO_CATEGORY, Records, Settled, Values};

/// Rows of a category that is told apart.
const LEAST_OF_CATEGORY: usize = 20;
/// Categories of an attribute that are told apart; the others are one.
const MOST_CATEGORIES: usize = 50;

/// A feature of a table: a number, or whether an attribute is a category.
struct Column<'r, H: Host> {
    values: &'r Values<H>,
    category: u32,
}

impl<H: Host> Column<'_, H> {
    fn of(&self, rows: &Settled<H>, place: usize) -> f64 {
        match self.values {
            Values::Unknown => f64::NAN,
            Values::Numbers(numbers) => rows.number(numbers, place),
            Values::Categories(categories) => match rows.category(categories, place) {
                NO_CATEGORY => f64::NAN,
                category => f64::from(u8::from(category == self.category)),
            },
        }
    }
}

/// Fits a model to the rows of a table. An attribute of which nothing can be learned has no feature.
pub fn fit_table<H: Host>(records: Records<H>, method: Method) -> Result<ChurnModel, Error> {
    let rows = records.settled();
    let host = rows.host().clone();
    let (mut columns, mut features) = (std::vec::Vec::new(), std::vec::Vec::new());
    for (name, values) in rows.attributes() {
        let name = String::from_utf8_lossy(name).into_owned();
        let mut add = |category: u32, text: Option<String>| {
            columns.push(Column { values, category });
            features.push(Feature {
                name: name.clone(),
                reason: name.clone(),
                log: false,
                category: text,
                auc: None,
            });
        };
        match values {
            Values::Unknown => {}
            Values::Numbers(_) => add(NO_CATEGORY, None),
            Values::Categories(categories) => {
                for category in frequent(&rows, categories) {
                    add(
                        category,
                        Some(String::from_utf8_lossy(rows.category_name(category)).into_owned()),
                    );
                }
            }
        }
    }
    if columns.is_empty() || columns.len() > MOST_FEATURES {
        return Err(Error::bad(
            format!("the rows have {} features", columns.len()),
            "A number is a feature, and so is every category that 20 rows have: there must be between 1 and 256. \
             Leave out names, and what has a value of its own in every row.",
        ));
    }
    let days = days(&rows)?;
    let mut coders = Vec::new_in(host.clone());
    let mut sample = Vec::new_in(host.clone());
    let mut pace = Pace::new(&host);
    for column in &columns {
        sample.clear();
        for place in 0..rows.len() {
            pace.step(4);
            sample.push(column.of(&rows, place));
        }
        coders.push(Coder::learn(&mut sample, |x| Scale::Plain.of(x), &host));
    }
    let mut table = Table::new(coders, days.len().max(1), &host);
    for place in 0..rows.len() {
        pace.step(4 * columns.len());
        let anchor = rows.anchor(place).and_then(|day| days.iter().position(|known| *known == day));
        let values = columns.iter().map(|column| column.of(&rows, place));
        table.push(rows.member(place), anchor.unwrap_or(0), rows.churned(place), values);
        check_size(&table)?;
    }
    // What is known of a row at an anchor ends before the next one.
    let next = |i: usize| days.get(i + 1).copied().unwrap_or(i64::MAX);
    let windows: std::vec::Vec<Window> = (0..days.len()).map(|i| (days[i], next(i))).collect();
    let by_folds = days.len() < 3;
    let about = About {
        summary: Summary::History,
        population: "table".to_string(),
        horizon: None,
        anchors: days,
        features,
        left_out: rows.left_out(),
    };
    model(&table, &windows, by_folds, method, about, &host)
}

/// The categories that are told apart: those of the most rows, in the order of their names.
fn frequent<H: Host>(rows: &Settled<H>, categories: &[u32]) -> std::vec::Vec<u32> {
    let mut counts: Vec<usize, H> = Vec::new_in(rows.host().clone());
    counts.resize(rows.categories(), 0);
    for place in 0..rows.len() {
        if let Some(count) = counts.get_mut(rows.category(categories, place) as usize) {
            *count += 1;
        }
    }
    let enough = |category: &u32| counts[*category as usize] >= LEAST_OF_CATEGORY;
    let mut found: std::vec::Vec<u32> = (0..counts.len() as u32).filter(enough).collect();
    found.sort_by_key(|category| std::cmp::Reverse(counts[*category as usize]));
    found.truncate(MOST_CATEGORIES);
    found.sort_unstable();
    found
}

/// The anchors, ascending.
fn days<H: Host>(rows: &Settled<H>) -> Result<std::vec::Vec<i64>, Error> {
    let mut days = std::collections::BTreeSet::new();
    let mut without = false;
    for place in 0..rows.len() {
        match rows.anchor(place) {
            Some(day) => _ = days.insert(day),
            None => without = true,
        }
        if days.len() > MOST_ANCHORS as usize {
            return Err(Error::bad(
                format!("there are more than {MOST_ANCHORS} anchors"),
                "An anchor is a day as of which all members are looked at: take the first day of each month, say.",
            ));
        }
    }
    if without && !days.is_empty() {
        return Err(Error::bad(
            "some rows have an anchor and others have none",
            "Give every row the day as of which its features were known, or no row: NULL.",
        ));
    }
    Ok(days.into_iter().collect())
}

/// Where in an array each feature of a model is: of a history in the order of the fit, of a table by the number that it is called by,
/// since a number that no row knew has no feature.
fn places(model: &ChurnModel, len: usize) -> Result<std::vec::Vec<usize>, Error> {
    let features = model.features.len();
    let all = "Give as many as in the fit, in their order.";
    if model.horizon.is_some() {
        if len != features {
            return Err(Error::bad(
                format!("the model has {features} features, and there are {len}"),
                all,
            ));
        }
        return Ok((0..features).collect());
    }
    let number = |feature: &Feature| match feature.category {
        None => feature.name.parse::<usize>().ok()?.checked_sub(1),
        Some(_) => None,
    };
    let Some(places) = model.features.iter().map(number).collect::<Option<std::vec::Vec<_>>>()
    else {
        return Err(Error::bad(
            format!("the model has {features} features with names, and there are {len} without"),
            "Give them by name, as jsonb: churn_score(fitted, to_jsonb(r)), r being a row.",
        ));
    };
    match places.iter().max() {
        Some(last) if *last >= len => Err(Error::bad(
            format!("the model asks for number {} of a row, and there are {len}", last + 1),
            all,
        )),
        _ => Ok(places),
    }
}

/// The features of a row as a model asks for them. What the model does not know is left aside, what is missing is not known.
pub fn features_of(
    model: &ChurnModel,
    attributes: Attributes<'_>,
) -> Result<std::vec::Vec<f64>, Error> {
    let named = match attributes {
        Attributes::Named(named) => named,
        Attributes::Numbers(numbers) => {
            let places = places(model, numbers.len())?;
            let value = |(feature, place): (&Feature, usize)| known(feature, numbers[place]);
            return model.features.iter().zip(places).map(value).collect();
        }
    };
    let is_known = |name: &&[u8]| model.features.iter().any(|of| of.name.as_bytes() == *name);
    if !named.is_empty() && !named.iter().any(|(name, _)| is_known(name)) {
        let names: std::vec::Vec<&str> =
            model.features.iter().take(10).map(|of| &*of.name).collect();
        return Err(Error::Miswritten {
            message: "none of these attributes is one of the model".to_string(),
            hint: format!("It asks for {}.", shorten(&names.join(", "))),
        });
    }
    let get = |name: &str| {
        let found = named.iter().find(|(known, _)| *known == name.as_bytes());
        found.map_or(Attribute::Null, |(_, value)| *value)
    };
    let value = |feature: &Feature| match (get(&feature.name), &feature.category) {
        (Attribute::Null, _) => Ok(f64::NAN),
        (Attribute::Number(number), None) => known(feature, number),
        (Attribute::Flag(flag), None) => Ok(f64::from(u8::from(flag))),
        (Attribute::Text(text), Some(category)) => {
            Ok(f64::from(u8::from(text == category.as_bytes())))
        }
        _ => Err(Error::bad(
            format!(
                "\"{}\" is a number in the model and a text here, or the other way round",
                feature.name
            ),
            "Give attributes as they were in the fit.",
        )),
    };
    model.features.iter().map(value).collect()
}

/// A number as a model looks at it; NaN is not known.
fn known(feature: &Feature, number: f64) -> Result<f64, Error> {
    if number.is_infinite() {
        return Err(Error::bad(
            format!("\"{}\" is not finite", feature.name),
            "NULL says that a number is not known.",
        ));
    }
    Ok(number)
}
