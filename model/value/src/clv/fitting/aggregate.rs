//! Fitting to a table of customers, row by row.

use crate::clv::Customer;
use crate::clv::covariates::{Covariates, MOST};
use crate::clv::customer::check;
use crate::clv::family::Kind;
use crate::clv::model::{FitQuestion, fit_json_with};
use crate::clv::sample::Sample;
use crate::clv::summary::TimeUnit;
use crate::error::Error;
use crate::host::{Host, Vec};
use crate::state::State;

/// The customers so far, and what is to be fitted to them.
#[derive(Debug)]
pub struct FitState<H: Host> {
    sample: Sample<H>,
    asked: Option<Asked>,
    /// Of the customers, from the first one on: perhaps none.
    covariates: Option<Covariates<H>>,
}

/// The model, none for 'auto', and the unit of the times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Asked {
    kind: Option<Kind>,
    unit: TimeUnit,
}

impl Asked {
    /// Is it what these names say, as we write them? That is quick to tell for every row.
    fn is_named(self, model: Option<&str>, unit: Option<&str>) -> bool {
        model == Some(self.kind.map_or(AUTO, Kind::name))
            && unit.map_or(self.unit == TimeUnit::WEEK, |unit| unit == self.unit.name())
    }
}

const AUTO: &str = "auto";

impl<H: Host> FitState<H> {
    /// No customers.
    pub fn new(host: H) -> Self {
        FitState { sample: Sample::new(host), asked: None, covariates: None }
    }

    /// Says which model is to be fitted, and in which unit times are. Every row must say the same.
    pub fn ask(&mut self, model: Option<&str>, unit: Option<&str>) -> Result<(), Error> {
        if self.asked.is_some_and(|asked| asked.is_named(model, unit)) {
            return Ok(());
        }
        let kind = model.map_or(Ok(Some(Kind::Bg)), FitQuestion::kind)?;
        let unit = unit.map_or(Ok(TimeUnit::WEEK), TimeUnit::parse)?;
        self.agree(Asked { kind, unit })
    }

    fn agree(&mut self, asked: Asked) -> Result<(), Error> {
        if self.asked.is_some_and(|before| before != asked) {
            return Err(Error::bad(
                "rows of one fit name different models or units",
                "Model and unit must be the same for all rows of one fit: GROUP BY them.",
            ));
        }
        self.asked = Some(asked);
        Ok(())
    }

    /// Adds a customer with its covariates.
    #[inline(always)] // once a row, with its numbers in registers
    pub fn push(
        &mut self,
        c: Customer,
        ln_gaps: Option<f64>,
        spend: Option<f64>,
        z: &[f64],
    ) -> Result<(), Error> {
        let takes_them = |asked: Asked| asked.kind.is_some_and(|kind| !kind.effects().is_empty());
        if !z.is_empty() && !self.asked.is_some_and(takes_them) {
            return Err(Error::bad(
                "only bg/nbd and pareto/nbd have covariates",
                "Take one of these, or pass NULL::float8[] and fit groups of customers apart with \
                 GROUP BY.",
            ));
        }
        let needs_gaps = match self.asked {
            Some(Asked { kind: Some(kind), .. }) => kind.stages().is_some(),
            asked => asked.is_some(),
        };
        if needs_gaps && c.x > 0.0 && ln_gaps.is_none() {
            return Err(Error::bad(
                "models with a k need litt, the sum of the logarithms of the times between purchases",
                "Take clv_fit_agg(x, t_x, age, litt, spend, covariates, unit, model) with the litt that \
                 btyd returns.",
            ));
        }
        let covariates = self.covariates_of(z.len())?;
        if !z.is_empty() {
            covariates.push(check(c)?, z)?;
        }
        self.sample.push(c, ln_gaps, spend)
    }

    /// Where customers with so many covariates are kept.
    #[inline]
    fn covariates_of(&mut self, width: usize) -> Result<&mut Covariates<H>, Error> {
        let host = self.sample.host();
        let kept = self.covariates.get_or_insert_with(|| Covariates::new(width, host.clone()));
        if kept.width() != width {
            return Err(Error::bad(
                format!("there are rows with {} covariates and with {width}", kept.width()),
                "Give every customer of a fit the same covariates, in the same order.",
            ));
        }
        Ok(kept)
    }

    /// The fitted model; none without any row.
    pub fn fit(&mut self) -> Result<Option<String>, Error> {
        let Some(Asked { kind, unit }) = self.asked else {
            return Ok(None);
        };
        let covariates = self.covariates.as_mut().filter(|covariates| covariates.width() > 0);
        let question = FitQuestion { kind, unit, as_of: None };
        fit_json_with(&mut self.sample, covariates, &question).map(Some)
    }
}

impl<H: Host> State<H> for FitState<H> {
    fn merge(&mut self, other: &Self) -> Result<(), Error> {
        if let Some(asked) = other.asked {
            self.agree(asked)?;
        }
        if let Some(others) = &other.covariates {
            self.covariates_of(others.width())?.merge(others);
        }
        self.sample.merge(&other.sample)
    }

    fn write(&self, out: &mut Vec<u8, H>) {
        let kind = self.asked.map_or("", |asked| asked.kind.map_or(AUTO, Kind::name));
        let unit = self.asked.map(|asked| asked.unit.name()).unwrap_or_default();
        for name in [kind, &*unit] {
            out.push(name.len() as u8);
            out.extend_from_slice(name.as_bytes());
        }
        match &self.covariates {
            None => out.push(u8::MAX),
            Some(covariates) => {
                out.push(covariates.width() as u8);
                covariates.write(out);
            }
        }
        self.sample.write(out);
    }

    fn read(bytes: &[u8], host: H) -> Result<Self, Error> {
        let (kind, rest) = name(bytes)?;
        let (unit, rest) = name(rest)?;
        let broken = || Error::Malformed("the state of an aggregate is cut short");
        let (covariates, rest) = match rest.split_first().ok_or_else(broken)? {
            (&u8::MAX, rest) => (None, rest),
            (&width, _) if usize::from(width) > MOST => return Err(broken()),
            (&width, rest) => {
                let (read, rest) = Covariates::read(usize::from(width), rest, host.clone())?;
                (Some(read), rest)
            }
        };
        let mut state = FitState { sample: Sample::read(rest, host)?, asked: None, covariates };
        if !kind.is_empty() {
            state.ask(Some(kind), Some(unit))?;
        }
        Ok(state)
    }
}

/// A name behind its length.
fn name(bytes: &[u8]) -> Result<(&str, &[u8]), Error> {
    let broken = Error::Malformed("the state of an aggregate is cut short");
    let split =
        bytes.split_first().and_then(|(len, rest)| rest.split_at_checked(usize::from(*len)));
    match split.map(|(name, rest)| (std::str::from_utf8(name), rest)) {
        Some((Ok(name), rest)) => Ok((name, rest)),
        _ => Err(broken),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Global;

    fn rows() -> std::vec::IntoIter<(Customer, f64, f64)> {
        let text = include_str!("../../../tests/data/cdnow_sample_cbs.csv");
        let row = |line: &str| {
            let v: std::vec::Vec<f64> =
                line.split(',').map(|v| v.parse().unwrap_or(-5.0)).collect();
            (Customer { x: v[1], t_x: v[2] / 7.0, age: v[3] / 7.0 }, v[4], v[5])
        };
        text.lines().skip(1).map(row).collect::<std::vec::Vec<_>>().into_iter()
    }

    /// The same to the last bit whatever the order of the rows, and through any number of processes.
    #[test]
    fn the_order_of_rows_does_not_matter() {
        let new = || {
            let mut state = FitState::new(Global);
            state.ask(Some("mbg/cnbd-k"), Some("week")).unwrap();
            state
        };
        let (mut one, mut backwards) = (new(), new());
        rows().for_each(|(c, litt, spend)| one.push(c, Some(litt), Some(spend), &[]).unwrap());
        rows()
            .rev()
            .for_each(|(c, litt, spend)| backwards.push(c, Some(litt), Some(spend), &[]).unwrap());
        let mut parts = [new(), new(), new()];
        for (i, (c, litt, spend)) in rows().enumerate() {
            parts[i * 7 % 3].push(c, Some(litt), Some(spend), &[]).unwrap();
        }
        let mut whole = FitState::new(Global);
        for part in parts {
            let mut bytes = Vec::new_in(Global);
            part.write(&mut bytes);
            whole.merge(&FitState::read(&bytes, Global).unwrap()).unwrap();
            let is_refused = |bytes: &[u8]| FitState::<Global>::read(bytes, Global).is_err();
            for cut in (0..bytes.len()).filter(|cut| cut % 53 == 0 || cut + 70 > bytes.len()) {
                assert!(is_refused(&bytes[..cut]), "{cut} of {}", bytes.len());
            }
            bytes.push(0);
            assert!(is_refused(&bytes));
        }
        let text = one.fit().unwrap();
        assert!(text.as_ref().unwrap().contains("\"k\":1"), "{text:?}");
        assert_eq!(text, backwards.fit().unwrap());
        assert_eq!(text, whole.fit().unwrap());
    }

    #[test]
    fn rows_that_do_not_go_together_are_errors() {
        let mut state = FitState::new(Global);
        assert_eq!(state.fit().unwrap(), None);
        state.ask(None, None).unwrap();
        state.ask(Some("BG/NBD"), Some("Week")).unwrap();
        assert!(state.ask(Some("nbd"), None).is_err());
        assert!(state.ask(None, Some("day")).is_err());
        let c = |x, t_x, age| Customer { x, t_x, age };
        for wrong in [
            c(-1.0, 0.0, 1.0),
            c(0.5, 0.2, 1.0),
            c(f64::NAN, 0.0, 1.0),
            c(0.0, 0.5, 1.0),
            c(1.0, 2.0, 1.0),
            c(1.0, 1.0, f64::INFINITY),
        ] {
            assert!(state.push(wrong, None, None, &[]).is_err(), "{wrong:?}");
        }
        assert!(state.push(c(1.0, 1.0, 2.0), None, Some(f64::NAN), &[]).is_err());
        let mut state = FitState::new(Global);
        state.ask(Some("bg/cnbd-k"), None).unwrap();
        assert!(state.push(c(1.0, 1.0, 2.0), None, None, &[]).is_err());
        state.push(c(0.0, 0.0, 2.0), None, None, &[]).unwrap();
    }
}
