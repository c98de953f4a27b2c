//! Members of a history with their features, as a model asks for them.

use super::anchors::{Anchor, Population};
use super::dataset::Replay;
use super::features::{FEATURES, Features, NAMES, Purchases};
use super::model::ChurnModel;
use crate::calendar::{Stretch, Zone};
use crate::error::Error;
use crate::history::{MemberRef, View};
use crate::host::Host;
use model_value::clv::model::Model;
use model_value::clv::{Customer, scalar};

/// The horizon of a model of a history, and its population.
fn asked(model: &ChurnModel) -> Result<(Stretch, Population), Error> {
    let names = model.features.iter().map(|feature| feature.name.as_str());
    let is_history =
        model.features.len() == FEATURES && names.eq(NAMES.iter().map(|(name, _)| *name));
    match (model.horizon, Population::parse(&model.population)) {
        (Some([months, days]), Ok(population)) if is_history => {
            let horizon = Stretch { months, days, seconds: 0 };
            super::anchors::check_horizon(horizon)?;
            Ok((horizon, population))
        }
        _ => Err(Error::bad(
            format!("the model is one of a {}, not of a history", model.population),
            "Take churn_score(fitted, features) for a model of churn_fit_agg, or fit a history with churn_fit.",
        )),
    }
}

/// Days of a model's horizon that ends on a day.
pub fn horizon_days(model: &ChurnModel, day: i64) -> i64 {
    asked(model).map_or(0, |(horizon, _)| Anchor::on(day, horizon).horizon)
}

/// Tells `each` every member of the model's population as of a day, with its features.
pub fn members<H: Host, Z: Zone>(
    view: &View<'_, H>,
    zone: &Z,
    model: &ChurnModel,
    as_of: Option<i64>,
    wanted: impl Fn(&MemberRef<'_>) -> bool,
    mut each: impl FnMut(&MemberRef<'_>, &Anchor, &Found) -> Result<(), Error>,
) -> Result<(), Error> {
    let (horizon, population) = asked(model)?;
    let replay = Replay::new(view, zone, as_of)?;
    let anchor = Anchor::on(replay.cut.as_of, horizon);
    replay.each(wanted, |member, past| {
        let Some(last) = past.last(&anchor) else { return Ok(()) };
        if population == Population::Active && !anchor.is_active(last) {
            return Ok(());
        }
        match past.features(&anchor).zip(past.purchases(anchor.day)) {
            Some((features, purchases)) => each(member, &anchor, &Found { features, purchases }),
            None => Ok(()),
        }
    })
}

/// A member as of a day.
#[derive(Debug, Clone, Copy)]
pub struct Found {
    /// What the model looks at.
    pub features: Features,
    /// What a model of purchases looks at.
    pub purchases: Purchases,
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

/// Tells `each` every member with an event by `as_of`, with its features: `churn_features`.
pub fn features<H: Host, Z: Zone>(
    view: &View<'_, H>,
    zone: &Z,
    horizon: Stretch,
    as_of: Option<i64>,
    wanted: impl Fn(&MemberRef<'_>) -> bool,
    mut each: impl FnMut(&MemberRef<'_>, &Features) -> Result<(), Error>,
) -> Result<(), Error> {
    super::anchors::check_horizon(horizon)?;
    let replay = Replay::new(view, zone, as_of)?;
    let anchor = Anchor::on(replay.cut.as_of, horizon);
    replay.each(wanted, |member, past| match past.features(&anchor) {
        Some(features) => each(member, &features),
        None => Ok(()),
    })
}
