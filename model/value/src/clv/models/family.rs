//! The models by name, with their parameters and where a search for these begins.

use crate::clv::bg_bb::BgBb;
use crate::clv::bg_cnbd::BgCnbd;
use crate::clv::contract::Contract;
use crate::clv::lifetime::{Forever, Gompertz, LifetimeNbd, Pareto};
use crate::clv::{Customer, Purchases};
use crate::error::Error;
use crate::numeric::Real;

/// What a search begins with.
#[derive(Debug, Clone, Copy)]
pub struct StartingValues {
    /// Repeat purchases per unit of time.
    pub rate: f64,
    /// The mean age of customers.
    pub age: f64,
}

/// A model of purchases whose N parameters are positive numbers.
pub trait Family<const N: usize>: Copy {
    /// The model with its parameters.
    type Model<T: Real>: Purchases<T>;

    /// The papers' names of the parameters.
    const NAMES: [&'static str; N];

    /// The model with these parameters.
    fn with<T: Real>(&self, parameters: &[T; N]) -> Self::Model<T>;

    /// Where to begin: parameters of plausible customers with such a rate and age.
    fn starts(&self, facts: StartingValues) -> Vec<[f64; N]>;
}

/// BG/NBD and its kin: r, alpha, a, b.
#[derive(Debug, Clone, Copy)]
pub struct BgFamily {
    /// Stages to a purchase.
    pub k: u32,
    /// May one leave after the first purchase?
    pub modified: bool,
}

impl Family<4> for BgFamily {
    type Model<T: Real> = BgCnbd<T>;
    const NAMES: [&'static str; 4] = ["r", "alpha", "a", "b"];

    fn with<T: Real>(&self, &[r, alpha, a, b]: &[T; 4]) -> BgCnbd<T> {
        BgCnbd { r, alpha, a, b, k: self.k, modified: self.modified }
    }

    fn starts(&self, facts: StartingValues) -> Vec<[f64; 4]> {
        let rate = facts.rate * f64::from(self.k);
        [(0.3, 0.8, 2.5), (1.0, 0.5, 5.0), (3.0, 2.0, 2.0), (0.5, 0.1, 3.0)]
            .map(|(r, a, b)| [r, 0.5 * r / rate, a, b])
            .to_vec()
    }
}

/// NBD: r, alpha.
#[derive(Debug, Clone, Copy)]
pub struct NbdFamily;

impl Family<2> for NbdFamily {
    type Model<T: Real> = LifetimeNbd<T, Forever>;
    const NAMES: [&'static str; 2] = ["r", "alpha"];

    fn with<T: Real>(&self, &[r, alpha]: &[T; 2]) -> Self::Model<T> {
        LifetimeNbd { r, alpha, life: Forever }
    }

    fn starts(&self, facts: StartingValues) -> Vec<[f64; 2]> {
        [0.3, 1.0, 5.0].map(|r| [r, r / facts.rate]).to_vec()
    }
}

/// Pareto/NBD: r, alpha, s, beta.
#[derive(Debug, Clone, Copy)]
pub struct ParetoFamily;

impl Family<4> for ParetoFamily {
    type Model<T: Real> = LifetimeNbd<T, Pareto<T>>;
    const NAMES: [&'static str; 4] = ["r", "alpha", "s", "beta"];

    fn with<T: Real>(&self, &[r, alpha, s, beta]: &[T; 4]) -> Self::Model<T> {
        LifetimeNbd { r, alpha, life: Pareto { s, beta } }
    }

    fn starts(&self, facts: StartingValues) -> Vec<[f64; 4]> {
        [(0.5, 0.6, 0.4), (1.0, 1.5, 1.5), (2.0, 0.3, 1.0), (0.7, 3.0, 6.0)]
            .map(|(r, s, beta)| [r, 0.7 * r / facts.rate, s, beta * facts.age.max(1e-6)])
            .to_vec()
    }
}

/// Gamma-Gompertz/NBD: r, alpha, b, s, beta.
#[derive(Debug, Clone, Copy)]
pub struct GompertzFamily;

impl Family<5> for GompertzFamily {
    type Model<T: Real> = LifetimeNbd<T, Gompertz<T>>;
    const NAMES: [&'static str; 5] = ["r", "alpha", "b", "s", "beta"];

    fn with<T: Real>(&self, &[r, alpha, b, s, beta]: &[T; 5]) -> Self::Model<T> {
        LifetimeNbd { r, alpha, life: Gompertz { b, s, beta } }
    }

    fn starts(&self, facts: StartingValues) -> Vec<[f64; 5]> {
        [(0.5, 0.1, 0.6, 0.4), (0.5, 1.0, 0.6, 1.0), (1.0, 2.0, 0.2, 0.2), (0.8, 5.0, 0.1, 3.0)]
            .map(|(r, b, s, beta)| {
                let age = facts.age.max(1e-6);
                [r, 0.7 * r / facts.rate, b / age, s, beta]
            })
            .to_vec()
    }
}

/// BG/BB: alpha, beta, gamma, delta.
#[derive(Debug, Clone, Copy)]
pub struct BgBbFamily;

impl Family<4> for BgBbFamily {
    type Model<T: Real> = BgBb<T>;
    const NAMES: [&'static str; 4] = ["alpha", "beta", "gamma", "delta"];

    fn with<T: Real>(&self, &[alpha, beta, gamma, delta]: &[T; 4]) -> BgBb<T> {
        BgBb { alpha, beta, gamma, delta }
    }

    fn starts(&self, _: StartingValues) -> Vec<[f64; 4]> {
        vec![
            [1.0, 1.0, 0.7, 3.0],
            [0.5, 2.0, 1.0, 10.0],
            [3.0, 3.0, 0.3, 1.0],
            [1.0, 4.0, 2.0, 2.0],
        ]
    }
}

/// Shifted-beta-geometric: alpha, beta.
#[derive(Debug, Clone, Copy)]
pub struct SbgFamily;

impl Family<2> for SbgFamily {
    type Model<T: Real> = Contract<T>;
    const NAMES: [&'static str; 2] = ["alpha", "beta"];

    fn with<T: Real>(&self, &[alpha, beta]: &[T; 2]) -> Contract<T> {
        Contract { alpha, beta, c: None }
    }

    fn starts(&self, _: StartingValues) -> Vec<[f64; 2]> {
        vec![[1.0, 2.0], [0.5, 5.0], [3.0, 3.0]]
    }
}

/// Beta-discrete-Weibull: alpha, beta, c.
#[derive(Debug, Clone, Copy)]
pub struct BdwFamily;

impl Family<3> for BdwFamily {
    type Model<T: Real> = Contract<T>;
    const NAMES: [&'static str; 3] = ["alpha", "beta", "c"];

    fn with<T: Real>(&self, &[alpha, beta, c]: &[T; 3]) -> Contract<T> {
        Contract { alpha, beta, c: Some(c) }
    }

    fn starts(&self, _: StartingValues) -> Vec<[f64; 3]> {
        vec![[1.0, 2.0, 1.0], [0.5, 5.0, 1.5], [3.0, 3.0, 0.7]]
    }
}

/// The models.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Nobody leaves.
    Nbd,
    /// One may leave after a repeat purchase.
    Bg,
    /// One may leave after any purchase.
    Mbg,
    /// BG with Erlang-k times between purchases; k is estimated where it is not given.
    BgCnbd(Option<u32>),
    /// MBG with Erlang-k times between purchases.
    MbgCnbd(Option<u32>),
    /// Exponential lifetimes.
    Pareto,
    /// Gompertz lifetimes.
    Gompertz,
    /// Purchases at opportunities.
    BgBb,
    /// Contracts.
    Sbg,
    /// Contracts whose end depends on their duration.
    Bdw,
}

/// Something to do with a family, whatever its parameters.
pub trait Visitor {
    /// What it gives.
    type Output;
    /// Does it.
    fn visit<const N: usize, F: Family<N> + 'static>(self, family: F) -> Self::Output;
}

/// The most opportunities or periods that are looked at.
const MOST_OPPORTUNITIES: f64 = 1e6;

/// The names of the models, for an error.
pub const NAMES: &str =
    "nbd, bg/nbd, mbg/nbd, bg/cnbd-k, mbg/cnbd-k, pareto/nbd, ggompertz/nbd, bg/bb, sbg, bdw, auto";

impl Kind {
    /// The models in continuous time, in the order in which 'auto' tries them.
    pub const CONTINUOUS: [Kind; 7] = [
        Kind::Nbd,
        Kind::Bg,
        Kind::Mbg,
        Kind::Pareto,
        Kind::BgCnbd(None),
        Kind::MbgCnbd(None),
        Kind::Gompertz,
    ];

    /// The model of a name, in any case.
    pub fn parse(name: &str) -> Result<Self, Error> {
        let others = [Kind::BgBb, Kind::Sbg, Kind::Bdw];
        Self::CONTINUOUS
            .into_iter()
            .chain(others)
            .find(|kind| kind.name().eq_ignore_ascii_case(name.trim()))
            .ok_or_else(|| Error::unknown("model", name, NAMES))
    }

    /// Its name in SQL.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Nbd => "nbd",
            Kind::Bg => "bg/nbd",
            Kind::Mbg => "mbg/nbd",
            Kind::BgCnbd(_) => "bg/cnbd-k",
            Kind::MbgCnbd(_) => "mbg/cnbd-k",
            Kind::Pareto => "pareto/nbd",
            Kind::Gompertz => "ggompertz/nbd",
            Kind::BgBb => "bg/bb",
            Kind::Sbg => "sbg",
            Kind::Bdw => "bdw",
        }
    }

    /// Its k, where it has one.
    pub fn stages(self) -> Option<u32> {
        match self {
            Kind::BgCnbd(k) | Kind::MbgCnbd(k) => Some(k.unwrap_or(1)),
            _ => None,
        }
    }

    /// The model of contracts of a name: 'sbg' where there is none.
    pub fn of_contracts(name: Option<&str>) -> Result<Self, Error> {
        let kind = name.map_or(Ok(Kind::Sbg), Kind::parse);
        kind.ok().filter(|kind| kind.is_contract()).ok_or_else(|| {
            Error::unknown("model of contracts", name.unwrap_or_default(), "sbg, bdw")
        })
    }

    /// Is it one of contracts, where one knows who has left?
    pub fn is_contract(self) -> bool {
        matches!(self, Kind::Sbg | Kind::Bdw)
    }

    /// Can it be fitted to, and asked about, the members of a history? Those are not observed at
    /// opportunities, and have no contracts.
    pub fn check_history(self) -> Result<(), Error> {
        let instead = match self {
            Kind::BgBb => {
                "Fit it with clv_fit_agg, from the number of purchases x, the last opportunity with one \
                 t_x, and the number of opportunities age; ask it with clv_score, p_alive ..."
            }
            Kind::Sbg | Kind::Bdw => {
                "Fit it to memberships, or with clv_fit_survivors_agg to the members left after each \
                 period; ask it with clv_score, p_alive ..."
            }
            _ => return Ok(()),
        };
        Err(Error::bad(
            format!("{} is no model of the purchases of a history", self.name()),
            instead,
        ))
    }

    /// Can these be the numbers of a customer in this model? They are those of one in some model.
    pub(in crate::clv) fn check_customer(self, c: Customer) -> Result<(), Error> {
        let Customer { x, t_x, age } = c;
        let whole = t_x.fract() == 0.0 && age.fract() == 0.0;
        match self {
            Kind::BgBb if !whole || x > t_x || age > MOST_OPPORTUNITIES => Err(Error::bad(
                format!("x = {x}, t_x = {t_x}, age = {age} are no opportunities"),
                "In bg/bb, age is the number of opportunities, at most a million, t_x the last one with \
                 a purchase, and x the number of those with a purchase.",
            )),
            Kind::Sbg | Kind::Bdw if x > 1.0 || age > MOST_OPPORTUNITIES => Err(Error::bad(
                format!("x = {x}, age = {age} are no member with a contract"),
                "In sbg and bdw, x is 0 for who is still in, 1 for who has left, and age is the number \
                 of periods stayed, at most a million.",
            )),
            _ => Ok(()),
        }
    }

    /// What to do where it has no maximum.
    pub(in crate::clv) fn advice(self) -> &'static str {
        match self {
            Kind::Gompertz => {
                "Where dropout does not change with time, take pareto/nbd: it is the limit as b goes \
                 to zero. Else take more customers or a longer history."
            }
            Kind::Sbg | Kind::Bdw => {
                "Take more periods or members, or bdw where leaving becomes likelier with time; where its \
                 rate does not change from period to period, all members are alike, and one rate is the \
                 whole model."
            }
            Kind::Nbd => "Fit to more customers, or to a longer history.",
            _ => {
                "Take another model (nbd has no dropout at all), more customers, or a longer history."
            }
        }
    }

    /// Calls the visitor with its family.
    pub fn visit<V: Visitor>(self, visitor: V) -> V::Output {
        let bg = |k, modified| BgFamily { k, modified };
        match self {
            Kind::Nbd => visitor.visit(NbdFamily),
            Kind::Bg => visitor.visit(bg(1, false)),
            Kind::Mbg => visitor.visit(bg(1, true)),
            Kind::BgCnbd(k) => visitor.visit(bg(k.unwrap_or(1), false)),
            Kind::MbgCnbd(k) => visitor.visit(bg(k.unwrap_or(1), true)),
            Kind::Pareto => visitor.visit(ParetoFamily),
            Kind::Gompertz => visitor.visit(GompertzFamily),
            Kind::BgBb => visitor.visit(BgBbFamily),
            Kind::Sbg => visitor.visit(SbgFamily),
            Kind::Bdw => visitor.visit(BdwFamily),
        }
    }
}
