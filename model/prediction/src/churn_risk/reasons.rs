//! Reasons in words: what a feature's group adds to a member's log-odds, with the number that tells it and what is usual.

use super::explain::Explainer;
use super::logit::sigmoid;
use super::model::ChurnModel;
use super::reason::Reason;
use super::replay::Summary;
use super::words::{self, number};

pub use model_ground::language::Language;

/// A reason of one member.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// The place of its group.
    group: usize,
    /// 1: what raises its risk most.
    pub rank: usize,
    /// In words.
    pub reason: String,
    /// The number that tells it; none of a category, or where it is not known.
    pub value: Option<f64>,
    /// What is usual: of a silence, the member's own gaps; else the middle of the members with whom it is compared.
    pub typical: Option<f64>,
    /// What it adds to the log-odds.
    pub effect: f64,
    /// The risk without it.
    pub risk_without: f64,
}

/// Tells why: of one model, member after member.
#[derive(Debug)]
pub struct Reasons<'m> {
    model: &'m ChurnModel,
    explainer: Explainer<'m>,
    /// The groups, and the group of each feature.
    groups: Vec<String>,
    of_feature: Vec<usize>,
    /// The middle of each feature over the background.
    typical: Vec<Option<f64>>,
    /// Days of the horizon.
    horizon: i64,
    effects: Vec<f64>,
}

impl<'m> Reasons<'m> {
    /// Looks at a model once.
    pub fn new(model: &'m ChurnModel, horizon: i64) -> Self {
        let mut groups: Vec<String> = Vec::new();
        let of_feature = model.features.iter().map(|feature| {
            let known = groups.iter().position(|group| *group == feature.reason);
            known.unwrap_or_else(|| {
                groups.push(feature.reason.clone());
                groups.len() - 1
            })
        });
        let of_feature = of_feature.collect();
        let features = model.features.len();
        let typical = (0..features).map(|feature| model.typical(feature)).collect();
        let effects = vec![0.0; features];
        let explainer = Explainer::new(model);
        Reasons { model, explainer, groups, of_feature, typical, horizon, effects }
    }

    /// The first reasons of a member, those that raise its risk most before the others.
    pub fn of(&mut self, x: &[f64], top: usize, language: Language) -> Vec<Told> {
        self.explainer.effects(x, &mut self.effects);
        let mut sums = vec![0.0; self.groups.len()];
        for (effect, group) in self.effects.iter().zip(&self.of_feature) {
            sums[*group] += effect;
        }
        // Nothing is known of it, and so it is with all: no reason.
        let is_told = |group: &usize| {
            let mut of = self.of_feature.iter().zip(x).filter(|(of, _)| *of == group);
            sums[*group] != 0.0 || of.any(|(_, x)| !x.is_nan())
        };
        let mut order: Vec<usize> = (0..sums.len()).filter(is_told).collect();
        order.sort_by(|a, b| sums[*b].total_cmp(&sums[*a]));
        let odds = self.model.log_odds(x);
        let told = |(place, group): (usize, &usize)| {
            let (reason, value, typical) = self.words(*group, x, language);
            let effect = sums[*group];
            let risk_without = sigmoid(odds - effect);
            Told { group: *group, rank: place + 1, reason, value, typical, effect, risk_without }
        };
        order.iter().take(top).enumerate().map(told).collect()
    }

    /// A reason of a member in another language.
    pub fn again(&self, told: &Told, x: &[f64], language: Language) -> String {
        self.words(told.group, x, language).0
    }

    fn words(
        &self,
        group: usize,
        x: &[f64],
        language: Language,
    ) -> (String, Option<f64>, Option<f64>) {
        let name = &self.groups[group];
        let of_history = Reason::ALL.into_iter().find(|reason| reason.name() == name);
        match of_history {
            Some(reason) if self.model.population == "active" || self.model.population == "all" => {
                let get = |name: &str| {
                    self.model.place(name).map(|place| x[place]).filter(|value| !value.is_nan())
                };
                let usual =
                    |name: &str| self.model.place(name).and_then(|place| self.typical[place]);
                match self.model.summary {
                    Summary::History => self.of_history(reason, get, usual, language),
                    Summary::Memberships => words::of_memberships(reason, get, usual, language),
                }
            }
            _ => self.of_attribute(group, x, language),
        }
    }

    fn of_history(
        &self,
        reason: Reason,
        get: impl Fn(&str) -> Option<f64>,
        usual: impl Fn(&str) -> Option<f64>,
        language: Language,
    ) -> (String, Option<f64>, Option<f64>) {
        let (n, horizon) = (number, self.horizon);
        let is_chinese = language == Language::Chinese;
        let (value, typical) = match reason {
            Reason::Silence => (get("silent_days"), get("gap_mean")),
            Reason::Rhythm => (get("gap_last"), get("gap_mean")),
            Reason::Frequency => (get("days_1"), usual("days_1")),
            Reason::Spend => (get("amount_1"), usual("amount_1")),
            Reason::Trend => {
                (get("days_1"), get("days_2").zip(get("days_1")).map(|(two, one)| two - one))
            }
            Reason::Tenure => (get("tenure_days"), usual("tenure_days")),
            // Those of memberships.
            _ => (None, None),
        };
        let words = match (reason, value, typical, is_chinese) {
            (Reason::Silence, Some(v), Some(t), false) => {
                format!("silent for {} days, usually {}", n(v), n(t))
            }
            (Reason::Silence, Some(v), None, false) => {
                format!("silent for {} days since its only active day", n(v))
            }
            (Reason::Silence, Some(v), Some(t), true) => {
                format!("已沉默{}天，通常间隔{}天", n(v), n(t))
            }
            (Reason::Silence, Some(v), None, true) => format!("唯一一次活跃后已沉默{}天", n(v)),
            (Reason::Rhythm, Some(v), Some(t), false) => {
                format!("last gap of {} days, {} in the mean", n(v), n(t))
            }
            (Reason::Rhythm, Some(v), Some(t), true) => {
                format!("最近一次间隔{}天，平均{}天", n(v), n(t))
            }
            (Reason::Rhythm, _, _, false) => "no rhythm yet: one active day".to_string(),
            (Reason::Rhythm, _, _, true) => "尚无规律：仅活跃过一天".to_string(),
            (Reason::Frequency, Some(v), Some(t), false) => {
                format!("active on {} of the last {horizon} days, typically {}", n(v), n(t))
            }
            (Reason::Frequency, Some(v), Some(t), true) => {
                format!("最近{horizon}天活跃{}天，通常{}天", n(v), n(t))
            }
            (Reason::Spend, Some(v), Some(t), false) => {
                format!("spent {} in the last {horizon} days, typically {}", n(v), n(t))
            }
            (Reason::Spend, Some(v), Some(t), true) => {
                format!("最近{horizon}天消费{}，通常{}", n(v), n(t))
            }
            (Reason::Trend, Some(v), Some(t), false) => {
                format!(
                    "active on {} of the last {horizon} days, on {} of the {horizon} before",
                    n(v),
                    n(t)
                )
            }
            (Reason::Trend, Some(v), Some(t), true) => {
                format!("最近{horizon}天活跃{}天，此前{horizon}天活跃{}天", n(v), n(t))
            }
            (Reason::Tenure, Some(v), Some(t), false) => {
                format!("with us for {} days, typically {}", n(v), n(t))
            }
            (Reason::Tenure, Some(v), Some(t), true) => format!("加入{}天，通常{}天", n(v), n(t)),
            (other, _, _, _) => other.name().to_string(),
        };
        (words, value, typical)
    }

    /// A group of a table is an attribute: a number, or a text of which each category is a feature.
    fn of_attribute(
        &self,
        group: usize,
        x: &[f64],
        language: Language,
    ) -> (String, Option<f64>, Option<f64>) {
        let name = &self.groups[group];
        let mut features =
            (0..self.model.features.len()).filter(|feature| self.of_feature[*feature] == group);
        let first = features.clone().next().unwrap_or(0);
        if self.model.features[first].category.is_some() {
            let own = features.find(|feature| x[*feature] == 1.0);
            let category = own.and_then(|feature| self.model.features[feature].category.as_deref());
            let other = if language == Language::Chinese { "其他" } else { "another" };
            return (format!("{name}: {}", category.unwrap_or(other)), None, None);
        }
        let value = Some(x[first]).filter(|value| !value.is_nan());
        let typical = self.typical[first];
        let words = match (value, typical, language) {
            (Some(v), Some(t), Language::English) => {
                format!("{name}: {}, typically {}", number(v), number(t))
            }
            (Some(v), Some(t), Language::Chinese) => {
                format!("{name}：{}，通常{}", number(v), number(t))
            }
            (_, _, Language::English) => format!("{name}: not known"),
            (_, _, Language::Chinese) => format!("{name}：未知"),
        };
        (words, value, typical)
    }
}
