//! Who will leave within a horizon: the type `churn_model`, fitting one and asking it.

mod answers;
mod fit;
mod model;
mod read;
mod table;

use crate::history::Spells;
use crate::pg::arguments::{Args, given};
use crate::pg::errors::OrRaise;
use crate::pg::memory::PgHost;
use crate::pg::stored::Stored;
use model::{FittedModel, flat};
use pg_retention_model::calendar::{Stretch, Takes};
use pg_retention_model::churn_risk::{Method, Plan, Population, Stays};

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

/// What replays a summary is asked for.
pub struct Asked {
    pub plan: Plan,
    pub method: Method,
    /// The last day that is looked at.
    pub as_of: Option<i64>,
}

/// The arguments of what replays a summary: horizon, population, perhaps a method, anchors, step, as_of.
fn asked(args: &mut Args<'_>, has_method: bool) -> Asked {
    let horizon = args.stretch(Takes::days("horizon"));
    let population = population(args);
    let method = if has_method { args.text("method") } else { None };
    let method = method.map_or(Method::Auto, |name| Method::parse(name).or_raise());
    let anchors = args.integer("anchors").unwrap_or(12);
    let step = args.stretch(Takes::days("step"));
    let as_of = args.day("as_of");
    args.end();
    let plan = Plan { horizon: known(horizon), population, anchors, step };
    plan.check().or_raise();
    Asked { plan, method, as_of }
}

/// Memberships up to a day.
pub fn stays<'m>(m: &'m Stored<'_, Spells>, as_of: Option<i64>) -> Stays<'m, PgHost> {
    Stays::new(m.memberships(), m.as_of(as_of)).or_raise()
}
