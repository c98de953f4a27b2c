//! Fitting contracts to a table of survivors: how many of a cohort are still there after each period.

use crate::clv::Customer;
use crate::clv::family::Kind;
use crate::clv::model::{FitQuestion, fit_json};
use crate::clv::sample::Sample;
use crate::clv::summary::TimeUnit;
use crate::error::Error;
use crate::host::{Host, Vec};
use crate::state::State;

/// A row: after so many periods there are so many members.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Row {
    period: i64,
    survivors: f64,
}

/// The rows so far, and the model.
#[derive(Debug)]
pub struct Survivors<H: Host> {
    rows: Vec<Row, H>,
    kind: Option<Kind>,
}

impl<H: Host> Survivors<H> {
    /// No rows.
    pub fn new(host: H) -> Self {
        Survivors { rows: Vec::new_in(host), kind: None }
    }

    /// Says which model is to be fitted. Every row must say the same.
    pub fn ask(&mut self, model: Option<&str>) -> Result<(), Error> {
        let kind = Kind::of_contracts(model)?;
        if self.kind.is_some_and(|before| before != kind) {
            return Err(Error::bad(
                "rows of one fit name different models",
                "The model must be the same for all rows of one fit: GROUP BY it.",
            ));
        }
        self.kind = Some(kind);
        Ok(())
    }

    /// Adds a row.
    pub fn push(&mut self, period: i64, survivors: f64) -> Result<(), Error> {
        if !(0..=1_000_000).contains(&period) {
            return Err(Error::bad(
                format!("period {period} is not a number of periods"),
                "Count periods from 0, the beginning of the cohort.",
            ));
        }
        if !(0.0..1e15).contains(&survivors) {
            return Err(Error::bad(
                format!("survivors = {survivors} is not a number of members"),
                "Take the members, or the percentage of them, that are left after each period.",
            ));
        }
        self.rows.push(Row { period, survivors });
        Ok(())
    }

    /// The fitted model; none without any row. Cohorts of the same length may be pooled.
    pub fn fit(&mut self, host: H) -> Result<Option<String>, Error> {
        let Some(kind) = self.kind else {
            return Ok(None);
        };
        // Sums do not depend on the order of the rows.
        self.rows.sort_unstable_by(|a, b| {
            a.period.cmp(&b.period).then(a.survivors.total_cmp(&b.survivors))
        });
        let mut sample = Sample::new(host.clone());
        let (mut before, mut cohorts) = (None, 0);
        for (period, rows) in (0..).zip(self.rows.chunk_by(|a, b| a.period == b.period)) {
            host.poll();
            let survivors: f64 = rows.iter().map(|row| row.survivors).sum();
            if rows[0].period != period || period > 0 && rows.len() != cohorts {
                return Err(Error::bad(
                    format!("the survivors of period {period} are missing, or those of a cohort"),
                    "Give a row for period 0, 1, 2 ... without gaps; pooled cohorts must have the same \
                     periods.",
                ));
            }
            cohorts = rows.len();
            if let Some(before) = before {
                if survivors > before {
                    return Err(Error::bad(
                        format!("there are more survivors after period {period} than before it"),
                        "Survivors are those of the first period that are still there.",
                    ));
                }
                let age = period as f64;
                sample.push_many(Customer { x: 1.0, t_x: age, age }, before - survivors);
            }
            before = Some(survivors);
        }
        if let Some(left) = before {
            let age = self.rows.last().map_or(0, |row| row.period) as f64;
            sample.push_many(Customer { x: 0.0, t_x: 0.0, age }, left);
        }
        let question = FitQuestion { kind: Some(kind), unit: TimeUnit::YEAR, as_of: None };
        fit_json(&mut sample, &question).map(Some)
    }
}

impl<H: Host> State<H> for Survivors<H> {
    fn merge(&mut self, other: &Self) -> Result<(), Error> {
        if let Some(kind) = other.kind {
            self.ask(Some(kind.name()))?;
        }
        self.rows.extend_from_slice(&other.rows);
        Ok(())
    }

    fn write(&self, out: &mut Vec<u8, H>) {
        out.push(match self.kind {
            None => 0,
            Some(Kind::Bdw) => 2,
            Some(_) => 1,
        });
        for row in &self.rows {
            out.extend_from_slice(&row.period.to_le_bytes());
            out.extend_from_slice(&row.survivors.to_le_bytes());
        }
    }

    fn read(bytes: &[u8], host: H) -> Result<Self, Error> {
        let mut state = Survivors::new(host);
        let broken = Error::Malformed("the state of an aggregate is cut short");
        let (kind, rows) = bytes.split_first().ok_or(broken)?;
        state.kind = match kind {
            0 => None,
            1 => Some(Kind::Sbg),
            _ => Some(Kind::Bdw),
        };
        let (numbers, _) = rows.as_chunks::<8>();
        for row in numbers.chunks_exact(2) {
            let (period, survivors) = (i64::from_le_bytes(row[0]), f64::from_le_bytes(row[1]));
            state.rows.push(Row { period, survivors });
        }
        Ok(state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clv::model::parse;
    use crate::host::Global;

    fn fitted(model: &str, survivors: &[f64]) -> std::vec::Vec<f64> {
        let mut state = Survivors::new(Global);
        state.ask(Some(model)).unwrap();
        // Backwards, and through another process.
        for (period, survivors) in survivors.iter().enumerate().rev() {
            state.push(period as i64, *survivors).unwrap();
        }
        let mut bytes = Vec::new_in(Global);
        state.write(&mut bytes);
        let mut state = Survivors::read(&bytes, Global).unwrap();
        parse(&state.fit(Global).unwrap().unwrap()).unwrap().parameters
    }

    /// Fader and Hardie 2007, table 1: percent of two segments of customers still there after each of
    /// the first seven years, and their estimates.
    #[test]
    fn agrees_with_the_paper() {
        let regular = [100.0, 63.1, 46.8, 38.2, 32.6, 28.9, 26.2, 24.1];
        let high_end = [100.0, 86.9, 74.3, 65.3, 59.3, 55.1, 51.7, 49.1];
        for (survivors, alpha, beta) in [(regular, 0.704, 1.182), (high_end, 0.668, 3.806)] {
            let found = fitted("sbg", &survivors);
            assert!((found[0] - alpha).abs() < 6e-4 && (found[1] - beta).abs() < 6e-4, "{found:?}");
        }
    }

    /// Survivors that are exactly those of a beta-discrete-Weibull model.
    #[test]
    fn finds_the_parameters_that_made_the_survivors() {
        use crate::clv::Purchases;
        let model = crate::clv::contract::Contract { alpha: 0.8, beta: 2.5, c: Some(1.4) };
        let survivors: std::vec::Vec<f64> =
            (0..12).map(|t| 1e5 * model.stays(Customer::NEW, f64::from(t))).collect();
        let found = fitted("BDW", &survivors);
        for (found, made) in found.iter().zip([0.8, 2.5, 1.4]) {
            assert!((found / made - 1.0).abs() < 1e-6, "{found} {made}");
        }
    }

    #[test]
    fn tables_that_are_none_are_errors() {
        let fit = |rows: &[(i64, f64)]| {
            let mut state = Survivors::new(Global);
            state.ask(None)?;
            rows.iter().try_for_each(|(period, n)| state.push(*period, *n))?;
            state.fit(Global)
        };
        for rows in [
            &[(0, 100.0), (2, 50.0)][..],
            &[(1, 100.0), (2, 50.0)],
            &[(0, 100.0), (1, 120.0)],
            &[(0, 100.0), (0, 50.0), (1, 60.0)],
            &[(0, f64::NAN)],
            &[(-1, 1.0)],
        ] {
            assert!(fit(rows).is_err(), "{rows:?}");
        }
        assert!(Survivors::new(Global).ask(Some("bg/nbd")).is_err());
        assert!(fit(&[]).unwrap().unwrap().contains("no customers"));
        assert!(fit(&[(0, 10.0), (1, 10.0)]).unwrap().unwrap().contains("nobody left"));
        let two = fit(&[(0, 10.0), (1, 6.0), (0, 20.0), (1, 15.0), (2, 11.0), (2, 5.0)]);
        assert_eq!(two, fit(&[(0, 30.0), (1, 21.0), (2, 16.0)]));
    }
}
