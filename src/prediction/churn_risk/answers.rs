//! What a model says of itself: `churn_test`, `churn_calibration`, `churn_lift`, `churn_importance`.

use super::FittedModel;
use crate::pg::arguments::Args;
use crate::pg::errors::OrRaise;
use crate::pg::rows::Rows;
use pg_retention_model::churn_risk::{self, Action};
use pg_retention_model::numeric::Wilson;
use pgrx::prelude::*;

#[pg_extern]
fn churn_test(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let fitted = FittedModel::take(&mut args);
    args.end();
    let Some(fitted) = fitted else { return rows };
    for measure in churn_risk::measures(&fitted) {
        rows.put(|row| {
            row.text(measure.measure);
            row.float(measure.value);
            row.bounds(measure.bounds);
            row.float(measure.baseline);
            row.text(measure.remark.as_deref());
        });
    }
    rows
}

#[pg_extern]
fn churn_calibration(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let fitted = FittedModel::take(&mut args);
    let wilson = Wilson::new(args.confidence()).or_raise();
    args.end();
    let Some(fitted) = fitted else { return rows };
    for bin in churn_risk::calibration(&fitted, &wilson) {
        rows.put(|row| {
            row.integer(bin.bin as i64);
            row.count(bin.members);
            row.float(bin.predicted);
            row.estimate(bin.observed);
        });
    }
    rows
}

#[pg_extern]
fn churn_lift(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let fitted = FittedModel::take(&mut args);
    let (value, cost) = (args.number("value"), args.number("cost"));
    let saved = args.share("saved");
    args.end();
    let Some(fitted) = fitted else { return rows };
    // Without all three there is no profit.
    let action =
        value.zip(cost).zip(saved).map(|((value, cost), saved)| Action { value, cost, saved });
    for step in churn_risk::lift(&fitted, action) {
        rows.put(|row| {
            row.float(step.share_contacted);
            row.count(step.contacted);
            row.float(step.share_of_churners);
            row.float(step.lift);
            row.float(step.profit);
        });
    }
    rows
}

#[pg_extern]
fn churn_importance(mut args: Args<'_>, mut rows: Rows) -> Rows {
    let fitted = FittedModel::take(&mut args);
    args.end();
    let Some(fitted) = fitted else { return rows };
    for of in churn_risk::importance(&fitted) {
        rows.put(|row| {
            row.text(of.feature);
            row.text(of.category);
            row.text(of.reason);
            row.float(of.importance);
            row.float(of.share);
            row.float(of.auc);
        });
    }
    rows
}
