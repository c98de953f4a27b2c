-- The tour that 'make demo' prints, in a fresh database with the tables of load.sql.
\set ON_ERROR_STOP 1
\pset null ''
\pset footer off

\echo
\echo '--- 1. Who came back? Customers of the shop by the month of their first order, and how many of them ordered again'
\echo '---    one month later, two months later ... (December 2011 is still running: the data end on the 9th)'
\echo '---    [rows from SQL, made a triangle by psql: \\crosstabview cohort period_number active]'
\echo
SELECT to_char(c.cohort, 'YYYY-MM') AS cohort, c.period_number, c.active
FROM (SELECT retention.history_agg(member_id, ordered_at, amount, 'day', 'UTC') AS h FROM orders) s,
     retention.cohorts(s.h, period => 'month', as_of => '2011-12-09') c
ORDER BY c.cohort, c.period_number
\crosstabview cohort period_number active

\echo
\echo '--- One pass over the table makes a history; a stored history answers every further question without the table.'
\echo
CREATE MATERIALIZED VIEW shop AS
SELECT retention.history_agg(member_id, ordered_at, amount, 'day', 'UTC') AS h FROM orders;

\echo
\echo '--- 2. The same as rates, in percent of those whose month is over'
\echo
SELECT to_char(c.cohort, 'YYYY-MM') AS cohort, c.period_number, round(100 * c.rate::numeric, 1) AS percent
FROM shop, retention.cohorts(shop.h, period => 'month', as_of => '2011-12-09') c
ORDER BY c.cohort, c.period_number
\crosstabview cohort period_number percent

\echo
\echo '--- 3. The churn ledger: opening - churned + new + reactivated = closing, month by month'
\echo
SELECT r.period_start, r.opening, r.new, r.reactivated, r.retained, r.churned, r.closing,
       round(100 * r.retention_rate::numeric, 1) AS "retention %",
       round(100 * r.churn_rate::numeric, 1) AS "churn %",
       round(100 * r.churn_rate_low::numeric, 1) AS "low",
       round(100 * r.churn_rate_high::numeric, 1) AS "high"
FROM shop, retention.churn(shop.h, period => 'month', as_of => '2011-12-09') r
ORDER BY r.period_start;

\echo
\echo '--- 4. The same with a customer counted as lost after three silent months'
\echo
SELECT r.period_start, r.opening, r.new, r.reactivated, r.retained, r.churned, r.closing,
       round(100 * r.churn_rate::numeric, 1) AS "churn %", r.truncated, r.complete
FROM shop, retention.churn(shop.h, period => 'month', gap => 3, as_of => '2011-12-09') r
ORDER BY r.period_start;

\echo
\echo '--- 5. The ledger of the three largest countries: GROUP BY, and the same as_of for all'
\echo
SELECT s.country, r.period_start, r.opening, r.new, r.reactivated, r.retained, r.churned, r.closing,
       round(100 * r.churn_rate::numeric, 1) AS "churn %"
FROM (SELECT country, retention.history_agg(member_id, ordered_at, amount, 'day', 'UTC') AS h
      FROM orders
      GROUP BY country
      ORDER BY count(DISTINCT member_id) DESC
      LIMIT 3) s,
     retention.churn(s.h, period => 'month', as_of => '2011-12-09') r
ORDER BY retention.members(s.h) DESC, r.period_start;

\echo
\echo '--- 6. What is a customer worth?'
\echo
\x on
SELECT v.*
FROM shop, retention.value_summary(shop.h, period => 'month', as_of => '2011-12-09') v;
\x off

\echo
\echo '--- 7. CDNOW: three cohorts of 1997, followed for a year and a half'
\echo
SELECT to_char(c.cohort, 'YYYY-MM') AS cohort, c.period_number, c.active
FROM (SELECT retention.history_agg(member_id, ordered_on, amount) AS h FROM cdnow) s,
     retention.cohorts(s.h, period => 'month', as_of => '1998-06-30') c
ORDER BY c.cohort, c.period_number
\crosstabview cohort period_number active

\echo
\echo '--- 8. What are customers worth from now on? Three statements from raw orders to a ranked list: a history, a model'
\echo '---    fitted to it, and what that expects of everybody within a year (the sample of CDNOW, as of September 1997)'
\echo
CREATE TEMP TABLE purchases AS
SELECT retention.history_agg(member_id, ordered_on, amount) AS h FROM cdnow WHERE in_sample;

CREATE TEMP TABLE fit AS
SELECT retention.clv_fit(h, 'bg/nbd', as_of => '1997-09-30') AS model FROM purchases;

SELECT c.member, c.x AS repeats, round(c.p_alive::numeric, 3) AS p_alive, round(c.expected_purchases::numeric, 1) AS expected,
       c.purchases_low AS low, c.purchases_high AS high, round(c.expected_spend::numeric, 2) AS spend,
       round(c.clv::numeric, 2) AS clv, round(c.clv_low::numeric, 2) AS clv_low, round(c.clv_high::numeric, 2) AS clv_high
FROM purchases, fit,
     retention.clv(h, id => NULL::bigint, fitted => model, horizon => '1 year', discount => 0.1, as_of => '1997-09-30') c
ORDER BY c.clv DESC LIMIT 10;
