//! What a model says of itself: how good it is, what it looks at, and whom to contact.

use super::explain::Explainer;
use super::model::ChurnModel;
use crate::numeric::{Estimate, Wilson, hypot};

/// One measure of a model.
#[derive(Debug, Clone, PartialEq)]
pub struct Measure {
    /// Its name.
    pub measure: &'static str,
    /// The number; none where it is not known.
    pub value: Option<f64>,
    /// Its interval at 95 %.
    pub bounds: Option<(f64, f64)>,
    /// What it would be without the model.
    pub baseline: Option<f64>,
    /// What is to be known.
    pub remark: Option<String>,
}

/// Fewer members who left teach little.
const FEW: u64 = 200;
const YEAR: i64 = 365;
const LEAK: f64 = 0.99;
const SLOPES: std::ops::RangeInclusive<f64> = 0.8..=1.25;

/// What came of the test, and what is to be known before a risk is believed.
pub fn measures(model: &ChurnModel) -> Vec<Measure> {
    let z = super::fit::Z;
    let test = model.test.as_ref();
    let plain = |measure, value: f64, remark| Measure {
        measure,
        value: Some(value),
        bounds: None,
        baseline: None,
        remark,
    };
    let of_test = |measure, value: Option<f64>, error: Option<f64>, baseline, remark| Measure {
        measure,
        value,
        bounds: value.zip(error).map(|(value, error)| (value - z * error, value + z * error)),
        baseline,
        remark,
    };
    let horizon = model.horizon.map_or(0, |[months, days]| months * 30 + days);
    let year = model.span + horizon;
    let few_anchors = test.is_none().then(|| {
        if model.population == "table" {
            "not tested: too few members".to_string()
        } else {
            format!(
                "not tested: too few of the {} anchors have horizons that do not overlap",
                model.anchors.len()
            )
        }
    });
    let leak = model.features.iter().find(|feature| feature.auc.is_some_and(|auc| auc > LEAK));
    let auc = test.and_then(|test| test.auc);
    let alike = test.filter(|test| test.auc.is_none()).map(|test| {
        let who = if test.churned > 0 { "everybody" } else { "nobody" };
        format!("{who} left in the rows of the test: what a risk is worth is not known")
    });
    let slope = test.and_then(|test| test.slope);
    let shift = test.and_then(|test| test.shift);
    let inside = test.map(|test| {
        let inside = test.bins.iter().filter(|bin| is_inside(bin, z)).count();
        inside as f64 / test.bins.len().max(1) as f64
    });
    let short = (model.population != "table" && year < YEAR).then(|| {
        format!("the anchors and their horizons cover {year} days, less than a year: seasons were not seen")
    });
    let share = |churned: u64, rows: u64| churned as f64 / rows.max(1) as f64;
    vec![
        plain("anchors", model.anchors.len() as f64, short),
        plain(
            "rows",
            model.rows as f64,
            (model.left_out > 0).then(|| format!("{} rows with NULL left out", model.left_out)),
        ),
        plain("members", model.members as f64, None),
        plain(
            "churned",
            share(model.churned, model.rows),
            (model.churned < FEW).then(|| {
                format!("{} rows of members who left: fewer than {FEW} teach little", model.churned)
            }),
        ),
        of_test("test_rows", test.map(|test| test.rows as f64), None, None, few_anchors),
        of_test(
            "test_churned",
            test.map(|test| share(test.churned, test.rows)),
            None,
            Some(share(model.churned, model.rows)),
            None,
        ),
        of_test(
            "auc",
            auc.map(|auc| auc[0]),
            auc.map(|auc| auc[1]),
            auc.map(|auc| auc[2]),
            leak.map(|feature| {
                format!(
                    "\"{}\" alone tells who left: is it known before they leave, or a leak?",
                    feature.name
                )
            })
            .or(alike),
        ),
        of_test(
            "log_loss",
            test.map(|test| test.log_loss[0]),
            test.map(|test| test.log_loss[1]),
            test.map(|test| test.log_loss[2]),
            None,
        ),
        of_test(
            "calibration_slope",
            slope.map(|slope| slope[0]),
            slope.map(|slope| slope[1]),
            None,
            slope.filter(|slope| !SLOPES.contains(&slope[0])).map(|slope| {
                let how = if slope[0] < 1.0 { "too far apart" } else { "too close together" };
                format!("risks are {how}: take them as an order, not as probabilities")
            }),
        ),
        of_test(
            "calibration_shift",
            shift.map(|shift| shift[0]),
            shift.map(|shift| shift[1]),
            None,
            shift.filter(|shift| shift[0].abs() > 2.0 * model.anchor_variance.sqrt().max(0.1)).map(
                |shift| {
                    let how = if shift[0] > 0.0 { "More" } else { "Fewer" };
                    format!(
                        "{how} left than were expected: the newest anchors differ from those before"
                    )
                },
            ),
        ),
        of_test("bins_inside", inside, None, None, None),
        plain("weight_of_trees", model.weight, None),
        plain("trees", model.trees.len() as f64, None),
    ]
}

/// Does the interval of a bin's risk, with the chance of so many members, hold what was observed?
fn is_inside(bin: &super::model::Bin, z: f64) -> bool {
    let [p, low, high] = bin.predicted;
    let observed = bin.churned as f64 / bin.members.max(1) as f64;
    let chance = |end: f64| hypot(end - p, z * (end * (1.0 - end) / bin.trials.max(1.0)).sqrt());
    p - chance(low) <= observed && observed <= p + chance(high)
}

/// A part of the test by descending risk.
#[derive(Debug, Clone, PartialEq)]
pub struct CalibrationBin {
    /// From 1, the highest risk.
    pub bin: usize,
    /// Rows.
    pub members: u64,
    /// Their mean risk.
    pub predicted: f64,
    /// The share that left, with its interval.
    pub observed: Option<Estimate>,
}

/// What was predicted, and what happened.
pub fn calibration(model: &ChurnModel, wilson: &Wilson) -> Vec<CalibrationBin> {
    let bins = model.test.iter().flat_map(|test| &test.bins).enumerate();
    let of = |(place, bin): (usize, &super::model::Bin)| CalibrationBin {
        bin: place + 1,
        members: bin.members,
        predicted: bin.predicted[0],
        observed: (bin.members > 0).then(|| {
            let rate = (bin.churned as f64 / bin.members as f64).min(1.0);
            wilson.share_of(rate, bin.trials.clamp(1.0, bin.members as f64))
        }),
    };
    bins.map(of).collect()
}

/// Contacting members from the highest risk down.
#[derive(Debug, Clone, PartialEq)]
pub struct LiftStep {
    /// The share of members that are contacted.
    pub share_contacted: f64,
    /// How many of the test's rows that are.
    pub contacted: u64,
    /// The share of all who left that are among them.
    pub share_of_churners: Option<f64>,
    /// Their rate by that of all.
    pub lift: Option<f64>,
    /// What the contacts bring.
    pub profit: Option<f64>,
}

/// What an action is worth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Action {
    /// Of a member who is kept.
    pub value: f64,
    /// Of a contact.
    pub cost: f64,
    /// The share of those who would leave that a contact keeps.
    pub saved: f64,
}

/// Steps of the lift.
const STEPS: usize = 20;

/// Who is found by contacting the members of the highest risk.
pub fn lift(model: &ChurnModel, action: Option<Action>) -> Vec<LiftStep> {
    let parts = model.test.as_ref().map_or(&[][..], |test| &test.lift);
    let sum = |parts: &[[u64; 2]]| {
        parts.iter().fold([0u64; 2], |sum, part| {
            [sum[0].saturating_add(part[0]), sum[1].saturating_add(part[1])]
        })
    };
    let [members, churned] = sum(parts);
    let steps = STEPS.min(parts.len());
    let of = |step: usize| {
        let [contacted, found] = sum(&parts[..step * parts.len() / steps]);
        let share = contacted as f64 / members as f64;
        let of_churners = (churned > 0).then(|| found as f64 / churned as f64);
        LiftStep {
            share_contacted: share,
            contacted,
            share_of_churners: of_churners,
            lift: of_churners.map(|of| of / share),
            profit: action.map(|a| found as f64 * a.saved * a.value - contacted as f64 * a.cost),
        }
    };
    (1..=steps).map(of).collect()
}

/// How much a feature matters.
#[derive(Debug, Clone, PartialEq)]
pub struct Importance<'m> {
    /// Its name, with the category of a text.
    pub feature: &'m str,
    /// The category.
    pub category: Option<&'m str>,
    /// What it is counted to where reasons are told.
    pub reason: &'m str,
    /// The mean of the absolute effect on the log-odds, over the background.
    pub importance: f64,
    /// Its share of all.
    pub share: f64,
    /// How well it tells by itself who left.
    pub auc: Option<f64>,
}

/// The features, those that matter most before the others.
pub fn importance(model: &ChurnModel) -> Vec<Importance<'_>> {
    let explainer = Explainer::new(model);
    let features = model.features.len();
    let (mut sums, mut effects) = (vec![0.0; features], vec![0.0; features]);
    for row in 0..model.background.len() {
        explainer.effects(&model.background_row(row), &mut effects);
        sums.iter_mut()
            .zip(&effects)
            .for_each(|(sum, effect): (&mut f64, _)| *sum += f64::abs(*effect));
    }
    let total: f64 = sums.iter().sum();
    let mut found: Vec<Importance<'_>> = model
        .features
        .iter()
        .zip(&sums)
        .map(|(feature, sum)| Importance {
            feature: &feature.name,
            category: feature.category.as_deref(),
            reason: &feature.reason,
            importance: sum / model.background.len() as f64,
            share: if total > 0.0 { sum / total } else { 0.0 },
            auc: feature.auc,
        })
        .collect();
    found.sort_by(|a, b| b.importance.total_cmp(&a.importance));
    found
}
