//! Who will leave within a horizon: the type `churn_model`, fitting one and asking it.

mod answers;
mod fit;
mod model;
mod read;
mod table;

use crate::pg::arguments::{Args, given};
use crate::pg::errors::OrRaise;
use model::{FittedModel, flat};
use pg_retention_model::calendar::{Stretch, Takes};
use pg_retention_model::churn_risk::{Method, Plan, Population};

/// How far is looked ahead, once all arguments have been taken: it has no default.
pub fn known(horizon: Option<Stretch>) -> Stretch {
    let hint = "Take a stretch of time, such as horizon => '90 days': about the silence after which you call a \
                member lost.";
    given("horizon", horizon, hint).or_raise()
}

/// The argument `population`.
pub fn population(args: &mut Args<'_>) -> Population {
    let name = args.text("population");
    name.map_or(Population::Active, |name| Population::parse(name).or_raise())
}

/// The arguments of what replays a history: horizon, population, perhaps a method, anchors, step, as_of.
fn plan(args: &mut Args<'_>, has_method: bool) -> (Plan, Method) {
    let horizon = args.stretch(Takes::days("horizon"));
    let population = population(args);
    let method = if has_method { args.text("method") } else { None };
    let method = method.map_or(Method::Auto, |name| Method::parse(name).or_raise());
    let anchors = args.integer("anchors").unwrap_or(12);
    let step = args.stretch(Takes::days("step"));
    let as_of = args.day("as_of");
    args.end();
    let plan = Plan { horizon: known(horizon), population, anchors, step, as_of };
    plan.check().or_raise();
    (plan, method)
}
