//! Members of a summary with their features, as a model asks for them.

use super::anchors::{Anchor, Population};
use super::features::Purchases;
use super::model::ChurnModel;
use super::replay::{Past, Replayed};
use crate::calendar::Stretch;
use crate::error::Error;
use crate::history::MemberRef;
use model_value::clv::model::Model;
use model_value::clv::{Customer, scalar};

/// The horizon of a model, and its population, if it was fitted to such a summary.
fn asked<R: Replayed>(model: &ChurnModel) -> Result<(Stretch, Population), Error> {
    let names = model.features.iter().map(|feature| feature.name.as_str());
    let fits = model.summary == R::SUMMARY && names.eq(R::NAMES.iter().map(|(name, _)| *name));
    match (horizon(model), Population::parse(&model.population)) {
        (Some(horizon), Ok(population)) if fits => {
            super::anchors::check_horizon(horizon)?;
            Ok((horizon, population))
        }
        (None, _) => Err(Error::bad(
            format!("the model is one of a table, not of {}", R::SUMMARY.name()),
            "Take churn_score(fitted, features) for a model of churn_fit_agg, or fit one with churn_fit.",
        )),
        _ => Err(Error::bad(
            format!("the model is one of {}, not of {}", model.summary.name(), R::SUMMARY.name()),
            "Ask it of what it was fitted to, or fit another one to this: churn_fit(summary, horizon).",
        )),
    }
}

fn horizon(model: &ChurnModel) -> Option<Stretch> {
    model.horizon.map(|[months, days]| Stretch { months, days, seconds: 0 })
}

/// Days of a model's horizon that ends on a day.
pub fn horizon_days(model: &ChurnModel, day: i64) -> i64 {
    let known = horizon(model).filter(|horizon| super::anchors::check_horizon(*horizon).is_ok());
    known.map_or(0, |horizon| Anchor::on(day, horizon).horizon)
}

/// Tells `each` every member of the model's population as of a day, with its features.
pub fn members<R: Replayed>(
    replay: &R,
    model: &ChurnModel,
    wanted: impl Fn(&MemberRef<'_>) -> bool,
    mut each: impl FnMut(&MemberRef<'_>, &Anchor, &R::Past, &[f64]) -> Result<(), Error>,
) -> Result<(), Error> {
    let (horizon, population) = asked::<R>(model)?;
    let anchor = Anchor::on(replay.as_of(), horizon);
    replay.each(wanted, |member, past| {
        if population == Population::Active && !past.is_active(&anchor) {
            return Ok(());
        }
        match past.features(&anchor) {
            Some(features) => each(member, &anchor, past, features.as_ref()),
            None => Ok(()),
        }
    })
}

/// What a member is expected to spend within so many days, given that it buys at all: expected purchases by the probability of
/// any, times their expected value. None if the model knows no amounts.
pub fn amount_if_it_buys(value: &Model, of: &Purchases, days: f64) -> Result<Option<f64>, Error> {
    let unit = value.unit.days();
    let customer = Customer { x: of.repeats, t_x: of.until_last / unit, age: of.age / unit };
    let Some(spend) = scalar::mean_spend(value, of.repeats, of.spend)? else { return Ok(None) };
    let purchases = scalar::expected_purchases(value, customer, days)?;
    let any = 1.0 - scalar::purchases_distribution(value, customer, days, 0)?;
    Ok((any > 0.0).then(|| purchases / any * spend))
}

/// Tells `each` every member that has been one by `as_of`, with its features: `churn_features`.
pub fn features<R: Replayed>(
    replay: &R,
    horizon: Stretch,
    wanted: impl Fn(&MemberRef<'_>) -> bool,
    mut each: impl FnMut(&MemberRef<'_>, &[f64]) -> Result<(), Error>,
) -> Result<(), Error> {
    super::anchors::check_horizon(horizon)?;
    let anchor = Anchor::on(replay.as_of(), horizon);
    replay.each(wanted, |member, past| match past.features(&anchor) {
        Some(features) => each(member, features.as_ref()),
        None => Ok(()),
    })
}
