//! How much of who left some columns explain: by logistic regressions with a column for each value.

use super::bins::Coder;
use super::boost::loss;
use super::logit;
use super::table::{Scale, Table};
use crate::host::{Host, Pace, Vec};

/// For every column, whose values are small numbers, the share of the deviance that it explains alone, and what is lost without it
/// beside the others.
pub fn explained<H: Host>(
    columns: &[&[u8]],
    churned: &dyn Fn(u32) -> bool,
    host: &H,
) -> std::vec::Vec<(f64, f64)> {
    let rows = columns.first().map_or(0, |column| column.len());
    // A feature for every value of every column.
    let mut of = std::vec::Vec::new();
    for (column, values) in columns.iter().enumerate() {
        let most = values.iter().copied().max().unwrap_or(0);
        of.extend((0..=most).map(|value| (column, value)));
    }
    let mut coders = Vec::new_in(host.clone());
    for _ in &of {
        let mut sample = Vec::new_in(host.clone());
        sample.extend([0.0, 1.0]);
        coders.push(Coder::learn(&mut sample, |x| Scale::Plain.of(x), host));
    }
    let mut table = Table::new(coders, 1, host);
    let mut pace = Pace::new(host);
    for row in 0..rows as u32 {
        pace.step(4 * of.len());
        let is_it =
            |(column, value): &(usize, u8)| columns[*column].get(row as usize) == Some(value);
        let features = of.iter().map(|of| f64::from(u8::from(is_it(of))));
        table.push(row, 0, churned(row), features);
    }
    let all = table.rows_of(|_| true, host);
    let deviance = |wanted: &dyn Fn(usize) -> bool| {
        let (fitted, design) = logit::fit_of(&table, &all, |feature| wanted(of[feature].0), host);
        let mut x = Vec::new_in(host.clone());
        x.resize(design.width(), 0.0);
        let mut pace = Pace::new(host);
        let mut sum = 0.0;
        for row in &all {
            pace.step(design.width());
            sum += loss(fitted.score(&design, table.row(*row), &mut x), table.label(*row));
        }
        sum
    };
    let (none, full) = (deviance(&|_| false), deviance(&|_| true));
    let share = |part: f64| if none > 0.0 { (part / none).clamp(0.0, 1.0) } else { 0.0 };
    (0..columns.len())
        .map(|column| {
            let alone = none - deviance(&|of| of == column);
            let beyond = deviance(&|of| of != column) - full;
            (share(alone), share(beyond))
        })
        .collect()
}
