//! tokio-postgres: everything is bound, everything is binary, and every type has to be the right one.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde_json::Value;
use std::{env, error::Error, fs};
use tokio_postgres::{Config, NoTls};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let want: Value = serde_json::from_str(&fs::read_to_string(env::var("EXPECTED")?)?)?;
    let mut config = Config::new();
    config.host(env::var("PGHOST")?).port(env::var("PGPORT")?.parse()?).user(env::var("PGUSER")?);
    config.password(env::var("PGPASSWORD")?).dbname(env::var("PGDATABASE")?);
    let (client, connection) = config.connect(NoTls).await?;
    tokio::spawn(connection);

    let cohorts = "SELECT cohort, members, retained, rate FROM loyalty.cohorts WHERE period_number = 1 AND complete ORDER BY cohort";
    let rows = client.query(cohorts, &[]).await?;
    let wanted = want["cohorts"].as_array().ok_or("cohorts")?;
    assert_eq!(rows.len(), wanted.len());
    for (row, wanted) in rows.iter().zip(wanted) {
        let (cohort, members, retained, rate): (NaiveDate, i64, i64, f64) = (row.get(0), row.get(1), row.get(2), row.get(3));
        assert_eq!(serde_json::json!([cohort.to_string(), members, retained]), *wanted);
        assert_eq!(rate, retained as f64 / members as f64);
    }

    let best = client.query_one("SELECT member, amount, last_day FROM loyalty.members ORDER BY amount DESC LIMIT 1", &[]).await?;
    assert_eq!(Value::from(best.get::<_, i64>(0)), want["best_member"]);
    assert_eq!(best.get::<_, Decimal>(1).to_string(), want["best_amount"].as_str().ok_or("amount")?);
    assert_eq!(best.get::<_, NaiveDate>(2).to_string(), want["best_day"].as_str().ok_or("day")?);

    let question = "SELECT sum(c.retained)::bigint FROM retention.cohorts(
        (SELECT retention.history_agg(member_id, ordered_at, amount, 'day', 'UTC') FROM orders WHERE country = $1), period => $2, as_of => $3) AS c WHERE c.period_number > 0";
    let as_of = NaiveDate::from_ymd_opt(2011, 9, 30).ok_or("a day")?;
    let retained: i64 = client.query_one(question, &[&"Germany", &"month", &as_of]).await?.get(0);
    assert_eq!(Value::from(retained), want["german_months"]);

    let brackets = "SELECT DISTINCT period_number FROM stored, retention.cohorts(h, period => 'day', brackets => $1) WHERE country = 'Norway'";
    let mut found: Vec<i32> = client.query(brackets, &[&vec![1i32, 3, 7]]).await?.iter().map(|row| row.get(0)).collect();
    found.sort();
    assert_eq!(found, [1, 3]);

    // A history, as text.
    let history: String = client.query_one("SELECT h::text FROM stored WHERE country = 'Germany'", &[]).await?.get(0);
    let events: i64 = client.query_one("SELECT retention.events($1::text::retention.history)", &[&history]).await?.get(0);
    assert_eq!(Value::from(events), want["german_events"]);

    let fault = client.query("SELECT count(*) FROM stored, retention.cohorts(h, period => 'fortnight')", &[]).await;
    let error = fault.err().ok_or("no error")?;
    let error = error.as_db_error().ok_or("another error")?;
    assert_eq!(error.code().code(), "22023");
    assert!(error.hint().is_some_and(|hint| hint.contains("month")));
    Ok(())
}
