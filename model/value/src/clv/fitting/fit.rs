//! Maximum likelihood: Newton's method on the logarithms of the parameters, from several starts.
//!
//! The unit of time moves the logarithms and nothing else, so no unit is better than another. Where
//! customers are many, the starts are tried on some of them, and the search goes on from the best optimum on all.

use crate::clv::family::{Family, Kind, StartingValues, Visitor};
use crate::clv::sample::Sample;
use crate::clv::{Customer, Purchases};
use crate::host::Host;
use crate::numeric::newton::{FAR, Local, Optimum, ascend};
use crate::numeric::{Jet, cholesky};

/// A model fitted to customers.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    /// Which one; with its k, where it has one.
    pub kind: Kind,
    /// The parameters, in the order of the family's names.
    pub parameters: Vec<f64>,
    /// The coefficients of covariates, those of the first effect first.
    pub coefficients: Vec<f64>,
    /// The covariance of the parameters' logarithms and of the coefficients: the inverse of the
    /// observed information.
    pub covariance: Vec<Vec<f64>>,
    /// The logarithm of the likelihood.
    pub log_likelihood: f64,
}

impl Fitted {
    /// Estimated parameters, k among them.
    pub fn degrees(&self) -> usize {
        self.parameters.len() + self.coefficients.len() + usize::from(self.kind.stages().is_some())
    }
}

/// Why there is no estimate, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FitFailure {
    /// Why.
    pub reason: String,
    /// What to do, as a sentence.
    pub advice: &'static str,
}

impl FitFailure {
    pub(in crate::clv) fn new(reason: impl Into<String>, advice: &'static str) -> Self {
        FitFailure { reason: reason.into(), advice }
    }
}

/// Customers who differ on whom the starts are tried, and then the best optimum.
const TRIALS: [usize; 2] = [1 << 12, 1 << 16];
/// The standard error of a logarithm beyond which the data say nothing of a parameter.
const VAGUE: f64 = 10.0;
/// The distance of a logarithm from its usual size at which a search without end has shown where it goes.
const DISTANT: f64 = 7.0;
/// The largest k that is tried.
const MOST_STAGES: u32 = 20;

/// Fits a model to a settled sample.
pub fn fit<H: Host>(sample: &Sample<H>, kind: Kind) -> Result<Fitted, FitFailure> {
    if sample.distinct() == 0 {
        return Err(FitFailure::new(
            "there are no customers",
            "Fit to at least some dozens of customers.",
        ));
    }
    if kind.is_contract() && sample.purchases() == 0.0 {
        return Err(FitFailure::new("nobody left", kind.advice()));
    }
    if sample.purchases() == 0.0 {
        return Err(FitFailure::new(
            "there are no repeat buyers: nobody bought a second time",
            "Fit to a longer history, or to members who had time to come back.",
        ));
    }
    let mut groups = sample.groups();
    if kind == Kind::BgBb && !groups.all(|g| kind.check_customer(g.customer).is_ok()) {
        return Err(FitFailure::new(
            "times are no whole numbers of opportunities, or there are more purchases than these",
            "In bg/bb, age is the number of opportunities, t_x the last one with a purchase, and x the \
             number of those with a purchase.",
        ));
    }
    let stayed = |c: Customer| c.age.fract() == 0.0 && c.age >= c.x;
    let known = |c: Customer| stayed(c) && kind.check_customer(c).is_ok();
    if kind.is_contract() && !groups.all(|g| known(g.customer)) {
        return Err(FitFailure::new(
            "ages are no whole numbers of periods, or x is neither 0 nor 1",
            "In sbg and bdw, age is the number of periods stayed, and x is 1 if the member left at \
             their end, else 0.",
        ));
    }
    match kind {
        Kind::BgCnbd(None) => best_k(sample, |k| Kind::BgCnbd(Some(k))),
        Kind::MbgCnbd(None) => best_k(sample, |k| Kind::MbgCnbd(Some(k))),
        kind => kind.visit(Search { sample, kind }).fitted,
    }
}

/// What a search led to.
struct Attempt {
    /// The highest log-likelihood that was seen: that of the maximum, or, where there is none, one that is
    /// nearly what it rises to.
    height: f64,
    fitted: Result<Fitted, FitFailure>,
}

/// The k with the greatest likelihood: from 1 up, until it falls. Purchases that are very regular have
/// no maximum at a k that is too small for them; but where the likelihood rises for ever at the best k,
/// the maximum that another one has is none of the model's.
fn best_k<H: Host>(sample: &Sample<H>, of: impl Fn(u32) -> Kind) -> Result<Fitted, FitFailure> {
    let attempt = |k| of(k).visit(Search { sample, kind: of(k) });
    let mut best = attempt(1);
    for k in 2..=MOST_STAGES {
        let next = attempt(k);
        if next.height.is_nan() || next.height <= best.height {
            break;
        }
        best = next;
    }
    best.fitted
}

struct Search<'s, H: Host> {
    sample: &'s Sample<H>,
    kind: Kind,
}

impl<H: Host> Visitor for Search<'_, H> {
    type Output = Attempt;

    fn visit<const N: usize, F: Family<N> + 'static>(self, family: F) -> Attempt {
        let Search { sample, kind } = self;
        let observed: f64 = sample.groups().map(|g| g.customer.age * g.count).sum();
        let facts = StartingValues {
            rate: sample.purchases() / observed,
            age: observed / sample.customers(),
        };
        let starts: Vec<Vec<f64>> = family
            .starts(facts)
            .iter()
            .map(|start| start.iter().map(|parameter| parameter.ln()).collect())
            .collect();
        let local = |sample: &Sample<H>, at: &[f64]| local(&family, sample, at);
        let Some(optimum) = search(sample, sample.distinct(), &starts, local) else {
            let failure = FitFailure::new(
                "the likelihood is no number at any start",
                "Look at x, t_x and age: are they in one unit, and of plausible size?",
            );
            return Attempt { height: f64::NEG_INFINITY, fitted: Err(failure) };
        };
        let stages = kind.stages().map_or(0.0, |k| f64::from(k) - 1.0);
        let log_likelihood = optimum.local.value + stages * sample.ln_gaps();
        let judged = judge(&optimum, &F::NAMES, facts.age, kind.advice());
        let fitted = judged.map(|covariance| Fitted {
            kind,
            parameters: optimum.at.iter().map(|log| log.exp()).collect(),
            coefficients: Vec::new(),
            covariance,
            log_likelihood,
        });
        Attempt { height: log_likelihood, fitted }
    }
}

/// The optimum of a function of a settled sample with so many different parts: from all starts
/// on a few of these, from the best optimum on more, and from there on all. Where that leads nowhere,
/// from all starts on all.
pub(in crate::clv) fn search<H: Host>(
    sample: &Sample<H>,
    different: usize,
    starts: &[Vec<f64>],
    local: impl Fn(&Sample<H>, &[f64]) -> Local,
) -> Option<Optimum> {
    let climb = |starts: &[Vec<f64>], sample: &Sample<H>| {
        // Flat ones before others
        let height = |a: &Optimum, b: &Optimum| {
            a.is_flat.cmp(&b.is_flat).then(a.local.value.total_cmp(&b.local.value))
        };
        starts.iter().filter_map(|start| ascend(start, |at| local(sample, at))).max_by(height)
    };
    let mut found: Option<Optimum> = None;
    for few in TRIALS.into_iter().filter(|few| 2 * few < different) {
        let part = sample.part(different.div_ceil(few));
        let begin = found.map_or_else(|| starts.to_vec(), |optimum| vec![optimum.at]);
        found = climb(&begin, &part).filter(|optimum| optimum.is_flat);
    }
    found
        .and_then(|optimum| climb(&[optimum.at], sample))
        .filter(|optimum| optimum.is_flat)
        .or_else(|| climb(starts, sample))
}

/// The log-likelihood with its derivatives.
fn local<const N: usize, F: Family<N>, H: Host>(
    family: &F,
    sample: &Sample<H>,
    at: &[f64],
) -> Local {
    let mut logs = [0.0; N];
    logs.copy_from_slice(at);
    let sum = family.with(&Jet::exp_of(&logs)).ln_likelihood_of_all(sample);
    Local {
        value: sum.v,
        gradient: sum.g.to_vec(),
        hessian: sum.h.map(|row| row.to_vec()).to_vec(),
    }
}

/// Is it a maximum that says something of every parameter? Then the covariance of their logarithms.
/// Parameters are of the size of 1, or of `size`.
pub(in crate::clv) fn judge(
    optimum: &Optimum,
    names: &[&str],
    size: f64,
    advice: &'static str,
) -> Result<Vec<Vec<f64>>, FitFailure> {
    let sizes = [0.0, size.max(1e-300).ln()];
    let distance = |log: f64| sizes.iter().fold(f64::INFINITY, |d, size| d.min((log - size).abs()));
    // On its way to infinity a likelihood loses its digits, and the search may end before it is there.
    let far = if optimum.is_flat { 0.7 * FAR } else { DISTANT };
    let farthest =
        names.iter().zip(&optimum.at).max_by(|a, b| distance(*a.1).total_cmp(&distance(*b.1)));
    if let Some((name, log)) = farthest.filter(|(_, log)| distance(**log) > far) {
        let end = if *log > 0.0 { "infinity" } else { "zero" };
        return Err(FitFailure::new(
            format!("the likelihood rises for ever as {name} goes to {end}"),
            advice,
        ));
    }
    if !optimum.is_flat {
        return Err(FitFailure::new(
            format!("the search ended at a slope of {:.1e}", optimum.local.steepest()),
            advice,
        ));
    }
    let Some(factor) = cholesky(&optimum.local.hessian, |h| -h, 0.0) else {
        return Err(FitFailure::new(
            "the likelihood is flat: its Hessian is not negative definite",
            advice,
        ));
    };
    let covariance = factor.inverse().rows();
    let vague = |i: &usize| covariance[*i][*i].is_nan() || covariance[*i][*i].sqrt() >= VAGUE;
    if let Some(i) = (0..names.len()).find(vague) {
        return Err(FitFailure::new(
            format!("the likelihood is flat: the data do not tell {}", names[i]),
            advice,
        ));
    }
    Ok(covariance)
}

#[cfg(test)]
pub(in crate::clv) use tests::cdnow;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clv::{Customer, spend};
    use crate::host::Global;

    /// The published sample of CDNOW, up to 1997-09-30.
    pub(crate) fn cdnow() -> Sample<Global> {
        let text = include_str!("../../../tests/data/cdnow_sample_cbs.csv");
        let mut sample = Sample::new(Global);
        for line in text.lines().skip(1) {
            let v: Vec<f64> = line.split(',').map(|v| v.parse().unwrap_or(f64::NAN)).collect();
            let c = Customer { x: v[1], t_x: v[2] / 7.0, age: v[3] / 7.0 };
            sample.push(c, Some(v[4]), Some(v[5]).filter(|v| !v.is_nan())).unwrap();
        }
        sample.settle();
        sample
    }

    #[test]
    fn agrees_with_the_reference() {
        let sample = cdnow();
        let reference: [(Kind, &[f64], &[f64], f64); 4] = [
            (
                Kind::Bg,
                &[0.2425945224721688, 4.4136020203256, 0.7929220194647759, 2.425906786145337],
                &[
                    0.012557376703638717,
                    0.3782240647455678,
                    0.18573381306326625,
                    0.7054142515777024,
                ],
                -9582.429206674035,
            ),
            (
                Kind::Mbg,
                &[0.5248431617488386, 6.183085297012657, 0.8913593858903379, 1.6140022209482616],
                &[0.08326831003389726, 0.6956211474726796, 0.15479004954724074, 0.5374954434217621],
                -9582.135715553843,
            ),
            (
                Kind::Nbd,
                &[0.3847661357311161, 12.072022842692673],
                &[0.02098537326985241, 0.8087231586098896],
                -9763.65761467259,
            ),
            (
                Kind::Pareto,
                &[0.5532770477647669, 10.577683473695826, 0.6062399822653517, 11.668735058875589],
                &[0.047627970212012344, 0.8427227978989886, 0.18728177223509554, 6.211130362697348],
                -9594.976178939605,
            ),
        ];
        for (kind, parameters, errors, log_likelihood) in reference {
            let fitted = fit(&sample, kind).unwrap();
            assert!((fitted.log_likelihood - log_likelihood).abs() < 1e-6, "{kind:?}");
            for i in 0..parameters.len() {
                let error = fitted.covariance[i][i].sqrt() * fitted.parameters[i];
                assert!((fitted.parameters[i] / parameters[i] - 1.0).abs() < 1e-5, "{kind:?} {i}");
                assert!((error / errors[i] - 1.0).abs() < 1e-3, "{kind:?} {i}");
            }
        }
    }

    /// Fader, Hardie and Shang 2010, table 2: donations of 11,104 members at six yearly opportunities,
    /// as x, t_x and members; and their estimates.
    #[test]
    fn bg_bb_agrees_with_the_paper() {
        let donations = [
            (6, 6, 1203),
            (5, 6, 728),
            (4, 6, 512),
            (3, 6, 357),
            (2, 6, 234),
            (1, 6, 129),
            (5, 5, 335),
            (4, 5, 284),
            (3, 5, 225),
            (2, 5, 173),
            (1, 5, 119),
            (4, 4, 240),
            (3, 4, 181),
            (2, 4, 155),
            (1, 4, 78),
            (3, 3, 322),
            (2, 3, 255),
            (1, 3, 129),
            (2, 2, 613),
            (1, 2, 277),
            (1, 1, 1091),
            (0, 0, 3464),
        ];
        let mut sample = Sample::new(Global);
        for (x, t_x, count) in donations {
            let c = Customer { x: f64::from(x), t_x: f64::from(t_x), age: 6.0 };
            (0..count).for_each(|_| sample.push(c, None, None).unwrap());
        }
        sample.settle();
        assert_eq!((sample.customers(), sample.distinct()), (11_104.0, 22));
        let fitted = fit(&sample, Kind::BgBb).unwrap();
        assert!((fitted.log_likelihood - -33_225.6).abs() < 0.05, "{fitted:?}");
        for (found, published) in fitted.parameters.iter().zip([1.204, 0.750, 0.657, 2.783]) {
            assert!((found - published).abs() < 6e-4, "{fitted:?}");
        }
        sample.push(Customer { x: 1.0, t_x: 1.5, age: 6.0 }, None, None).unwrap();
        sample.settle();
        assert!(fit(&sample, Kind::BgBb).is_err());
    }

    #[test]
    fn fits_can_be_cancelled() {
        let sample = cdnow();
        for kind in Kind::CONTINUOUS {
            assert!(crate::host::testing::stops(|| fit(&sample, kind)), "{kind:?}");
        }
    }

    /// CDNOW's purchases are not regular, and its dropout does not speed up: the larger models fall
    /// back on the smaller ones, and say so.
    #[test]
    fn models_that_the_data_do_not_tell_apart() {
        let sample = cdnow();
        let bg = fit(&sample, Kind::Bg).unwrap();
        let cnbd = fit(&sample, Kind::BgCnbd(None)).unwrap();
        assert_eq!((cnbd.kind, cnbd.degrees()), (Kind::BgCnbd(Some(1)), 5));
        assert_eq!(cnbd.parameters, bg.parameters);
        let gompertz = fit(&sample, Kind::Gompertz).unwrap_err();
        assert!(gompertz.reason.contains("b goes to zero"), "{gompertz:?}");
        assert!(gompertz.advice.contains("pareto/nbd"), "{gompertz:?}");
    }

    #[test]
    fn gamma_gamma_agrees_with_the_reference() {
        let sample = cdnow();
        let fitted = crate::clv::fitting::spend::fit(&sample).unwrap();
        assert!((fitted.log_likelihood - -4055.9176948018335).abs() < 1e-6, "{fitted:?}");
        let parameters = [6.249572277679405, 3.744224666383266, 15.443520942376528];
        let errors = [1.1900622832601735, 0.29013420768808323, 4.159449228818547];
        for i in 0..3 {
            let error = fitted.covariance[i][i].sqrt() * fitted.parameters[i];
            assert!((fitted.parameters[i] / parameters[i] - 1.0).abs() < 1e-5);
            assert!((error / errors[i] - 1.0).abs() < 1e-3);
        }
        let facts = spend::facts(&sample);
        assert_eq!((facts.customers, facts.excluded), (946.0, 0.0));
    }
}
