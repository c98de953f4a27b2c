//! Why a model says what it says: exact interventional Shapley values over the background that it keeps.
//!
//! The game of a member x: features of a set S are its own, the others are those of a member of the background, and the
//! value is the mean of the log-odds over the background. Of a sum of models the Shapley values are the sums. Of the
//! logit that of a term is its coefficient times the distance from the background's mean. A tree of depth two has three
//! features at most, and what it says depends on the answers to its three questions alone: so its values are
//! tabulated for the eight answers that a member may give.
//!
//! (L. S. Shapley, 1953; S. M. Lundberg and S.-I. Lee, 2017; interventional: D. Janzing, L. Minorics and P. Blöbaum, 2020.)

use super::model::{ChurnModel, TreeJson};

/// A tree's part: the features that it asks, and what each adds for the answers of a member.
#[derive(Debug)]
struct Part {
    tree: usize,
    features: [Option<usize>; 3],
    effects: [[f64; 3]; 8],
}

/// A model, ready to tell why.
#[derive(Debug)]
pub struct Explainer<'m> {
    model: &'m ChurnModel,
    /// The background's mean of each term of the logit.
    means: Vec<f64>,
    parts: Vec<Part>,
}

fn bits(answers: [bool; 3]) -> usize {
    usize::from(answers[0]) | usize::from(answers[1]) << 1 | usize::from(answers[2]) << 2
}

fn answers(bits: usize) -> [bool; 3] {
    [bits & 1 != 0, bits & 2 != 0, bits & 4 != 0]
}

impl Part {
    /// Of a tree, given which share of the background gives each of the eight answers.
    fn new(number: usize, tree: &TreeJson, shares: &[f64; 8]) -> Self {
        // The questions of each feature, as bits.
        let mut features = [None; 3];
        let mut questions = [0usize; 3];
        for (question, feature) in tree.features().into_iter().enumerate() {
            let Some(feature) = feature else { continue };
            let known = features.iter().position(|known| *known == Some(feature));
            let Some(place) = known.or_else(|| features.iter().position(Option::is_none)) else {
                continue;
            };
            features[place] = Some(feature);
            questions[place] |= 1 << question;
        }
        let count = features.iter().flatten().count();
        let mut effects = [[0.0; 3]; 8];
        for (own, effects) in effects.iter_mut().enumerate() {
            // The value of a set of features.
            let value = |set: usize| {
                let mask =
                    (0..3).filter(|i| set >> i & 1 == 1).fold(0, |mask, i| mask | questions[i]);
                let of = |(other, share): (usize, &f64)| {
                    share * tree.leaf(answers(own & mask | other & !mask))
                };
                shares.iter().enumerate().map(of).sum::<f64>()
            };
            for (place, effect) in effects.iter_mut().enumerate().take(count) {
                for set in (0..1usize << count).filter(|set| set >> place & 1 == 0) {
                    // |S|! (n − |S| − 1)! / n!
                    let weight = match (count, set.count_ones()) {
                        (1, _) => 1.0,
                        (2, _) => 0.5,
                        (_, 1) => 1.0 / 6.0,
                        (_, _) => 1.0 / 3.0,
                    };
                    *effect += weight * (value(set | 1 << place) - value(set));
                }
            }
        }
        Part { tree: number, features, effects }
    }
}

impl<'m> Explainer<'m> {
    /// Looks at the background once.
    pub fn new(model: &'m ChurnModel) -> Self {
        let rows: Vec<Vec<f64>> =
            (0..model.background.len()).map(|row| model.background_row(row)).collect();
        let share = 1.0 / rows.len() as f64;
        let mean = |of: &dyn Fn(&[f64]) -> f64| rows.iter().map(|row| of(row)).sum::<f64>() * share;
        let means = model.terms.iter().map(|term| mean(&|x| model.column(term, x))).collect();
        let parts = model.trees.iter().enumerate().map(|(number, tree)| {
            let mut shares = [0.0; 8];
            rows.iter().for_each(|x| shares[bits(tree.answers(x))] += share);
            Part::new(number, tree, &shares)
        });
        Explainer { means, parts: parts.collect(), model }
    }

    /// What each feature adds to the log-odds of a member: with the mean of those of the background they are its log-odds.
    pub fn effects(&self, x: &[f64], out: &mut [f64]) {
        out.fill(0.0);
        let model = self.model;
        if model.weight < 1.0 {
            for (term, mean) in model.terms.iter().zip(&self.means) {
                let distance = model.column(term, x) - mean;
                out[term.feature] += (1.0 - model.weight) * term.coefficient * distance;
            }
        }
        if model.weight > 0.0 {
            for part in &self.parts {
                let own = bits(model.trees[part.tree].answers(x));
                for (feature, effect) in part.features.iter().flatten().zip(&part.effects[own]) {
                    out[*feature] += model.weight * effect;
                }
            }
        }
    }
}
