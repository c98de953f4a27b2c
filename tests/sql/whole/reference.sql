-- The two real data sets: against published counts, and against the judge (tests/judge).
SET timezone = 'America/Los_Angeles';   -- far from the shop, whose zone is passed
SET datestyle = 'ISO';
SET jit = off;
\set ECHO none
\i tests/judge/oracle.sql
\i tests/judge/compare.sql
SELECT to_regclass('public.orders') IS NULL AS load \gset
\if :load
\i demo/load.sql
\endif
\set ECHO all
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS reference CASCADE;
RESET client_min_messages;
CREATE SCHEMA reference;

CREATE VIEW reference.shop AS SELECT member_id AS member, ordered_at AS at, amount, country FROM public.orders;
CREATE VIEW reference.cdnow AS SELECT member_id AS member, ordered_on AS at, amount, in_sample FROM public.cdnow;
CREATE TABLE reference.history AS
  SELECT 'shop' AS data, retention.history_agg(member_id, ordered_at, amount, 'day', 'UTC') AS h FROM public.orders
  UNION ALL
  SELECT 'cdnow', retention.history_agg(member_id, ordered_on, amount) FROM public.cdnow;

-- What the data are said to contain (README of the data), and what the histories contain, to the cent.
SELECT data, retention.members(h) AS members, retention.events(h) AS events,
       (SELECT round(sum(r.amount), 2) FROM retention.history_rows(h) r) AS amount, retention.grain(h) AS grain
FROM reference.history ORDER BY data;
SELECT data, members, orders, round(revenue, 2) AS revenue, round(aov, 6) AS aov
FROM reference.history,
     retention.value_summary(h, as_of => CASE data WHEN 'shop' THEN date '2011-12-09' ELSE '1998-06-30' END)
ORDER BY data;
SELECT (SELECT sum(amount) FROM reference.shop) AS shop, (SELECT sum(amount) FROM reference.cdnow) AS cdnow;

-- The cohort triangle of the shop, cell by cell against the published one: cohort, then the months since, 0 to 12.
\set published `cat tests/reference/online_retail_monthly_cohorts.csv`
CREATE TABLE reference.triangle AS
SELECT (cells[1] || '-01')::date AS cohort, n AS period_number, cells[n + 2]::bigint AS active
FROM regexp_split_to_table(btrim(:'published', E'\r\n'), E'\r?\n') WITH ORDINALITY AS line (line, number),
     string_to_array(line, ',') cells, generate_series(0, 12) n
WHERE number > 1;
SELECT count(*) AS cells, count(*) FILTER (WHERE active > 0) AS not_zero, sum(active) AS sum FROM reference.triangle;

-- The published triangle is a square: after the end of the data it has zeros where cohorts has no rows.
CREATE TABLE reference.cells AS
SELECT cohort, period_number, p.active AS published, c.active AS given, c.members,
       cohort + period_number * interval '1 month' > '2011-12-01' AS after_the_end
FROM reference.triangle p
     FULL JOIN (SELECT c.* FROM reference.history, retention.cohorts(h, 'month', as_of => '2011-12-09') c
                WHERE data = 'shop') c USING (cohort, period_number);
SELECT count(published) AS published, count(given) AS given, count(*) FILTER (WHERE given = published) AS agree,
       count(*) FILTER (WHERE given IS NULL AND published = 0 AND after_the_end) AS after_the_end,
       count(*) FILTER (WHERE period_number = 0 AND members = published) AS sizes_agree
FROM reference.cells;
SELECT * FROM reference.cells
WHERE given IS DISTINCT FROM CASE WHEN NOT after_the_end THEN published END ORDER BY cohort, period_number;
-- The judge agrees with it too.
SELECT count(*) AS cells, count(*) FILTER (WHERE o.active IS DISTINCT FROM p.active) AS wrong
FROM oracle.cohorts('reference.shop', 'month', 'day', 'UTC') o JOIN reference.triangle p USING (cohort, period_number);

-- The last month is running: nobody is eligible in it, and it is not complete.
SELECT count(*) AS running_cells, sum(eligible) AS eligible, sum(retained) AS retained, count(rate) AS rates,
       bool_or(complete) AS complete, sum(active) AS active
FROM reference.history, retention.cohorts(h, 'month', as_of => '2011-12-09')
WHERE data = 'shop' AND cohort + period_number * interval '1 month' = '2011-12-01';
SELECT period_start, opening, retained, churned, closing, retention_rate, churn_rate, churn_rate_low, churn_rate_high, complete
FROM reference.history, retention.churn(h, 'month', as_of => '2011-12-09')
WHERE data = 'shop' AND period_start = '2011-12-01';

-- Both data sets against the judge, on every calendar.
SELECT data, period, cohorts.answers AS cohort_cells, cohorts.wrong, churn_1.answers AS ledger_rows, churn_1.wrong,
       churn_3.wrong AS wrong_3, value.answers AS value, value.wrong
FROM (VALUES ('shop', 'reference.shop', 'UTC', date '2011-12-09'), ('cdnow', 'reference.cdnow', NULL, '1998-06-30'))
       d (data, tbl, zone, as_of)
     JOIN reference.history USING (data)
     CROSS JOIN unnest('{day,week,month,quarter,year}'::text[]) WITH ORDINALITY p (period, size),
     oracle.compare_cohorts(h, tbl, period, 'day', zone, as_of) cohorts,
     oracle.compare_churn(h, tbl, period, 1, 'day', zone, as_of) churn_1,
     oracle.compare_churn(h, tbl, period, 3, 'day', zone, as_of, 0.9) churn_3,
     oracle.compare_value(h, tbl, period, 'day', zone, as_of, 0.25) value
ORDER BY data, size;

-- As of days in the past, and after the end.
SELECT data, as_of, cohorts.answers AS cohort_cells, cohorts.wrong, churn.answers AS ledger_rows, churn.wrong,
       value.answers AS value, value.wrong
FROM (VALUES ('shop', 'reference.shop', 'UTC', date '2011-02-28'), ('shop', 'reference.shop', 'UTC', '2011-03-30'),
             ('shop', 'reference.shop', 'UTC', '2012-02-28'), ('cdnow', 'reference.cdnow', NULL, '1997-09-30'),
             ('cdnow', 'reference.cdnow', NULL, '1997-01-01'), ('cdnow', 'reference.cdnow', NULL, '1999-01-01'))
       d (data, tbl, zone, as_of)
     JOIN reference.history USING (data),
     oracle.compare_cohorts(h, tbl, 'month', 'day', zone, as_of) cohorts,
     oracle.compare_churn(h, tbl, 'month', 2, 'day', zone, as_of) churn,
     oracle.compare_value(h, tbl, 'month', 'day', zone, as_of) value
ORDER BY data, as_of;

-- Other clocks and other grains, with the same judge.
SELECT zone, grain, rows.answers AS rows, rows.wrong, cohorts.answers AS cohort_cells, cohorts.wrong
FROM (VALUES ('UTC', 'second'), ('Europe/London', 'hour'), ('America/New_York', 'day'), ('Pacific/Apia', 'week'),
             ('Australia/Lord_Howe', 'month'), ('Asia/Shanghai', 'year')) v (zone, grain),
     LATERAL (SELECT retention.history_agg(member, at, amount, grain, zone) AS h FROM reference.shop) s,
     oracle.compare_rows(h, 'reference.shop', grain, zone) rows,
     oracle.compare_cohorts(h, 'reference.shop', CASE WHEN grain IN ('week', 'year') THEN grain ELSE 'month' END,
                            grain, zone) cohorts
ORDER BY zone;

-- Strata: the countries of the shop, each against the judge, and their sum against the whole. A member who ordered from
-- two countries is a member of both.
CREATE TABLE reference.by_country AS
  SELECT country, retention.history_agg(member, at, amount, 'day', 'UTC') AS h FROM reference.shop GROUP BY country;
CREATE VIEW reference.uk AS SELECT * FROM reference.shop WHERE country = 'United Kingdom';
CREATE VIEW reference.germany AS SELECT * FROM reference.shop WHERE country = 'Germany';
SELECT country, cohorts.answers AS cohort_cells, cohorts.wrong, churn.answers AS ledger_rows, churn.wrong
FROM (VALUES ('United Kingdom', 'reference.uk'), ('Germany', 'reference.germany')) v (country, tbl)
     JOIN reference.by_country USING (country),
     oracle.compare_cohorts(h, tbl, 'month', 'day', 'UTC', '2011-12-09') cohorts,
     oracle.compare_churn(h, tbl, 'month', 1, 'day', 'UTC', '2011-12-09') churn
ORDER BY country;
SELECT count(*) AS countries,
       ((retention.rollup(h) = (SELECT h FROM reference.history WHERE data = 'shop')) IS NOT TRUE)::int AS wrong
FROM reference.by_country;

-- The history of all of CDNOW by other ways.
CREATE TABLE reference.cdnow_copy WITH (parallel_workers = 2) AS SELECT * FROM reference.cdnow;
SELECT 'parallel plan' AS question, c.*
FROM oracle.compare_parallel('retention.history_agg(member, at, amount)', 'reference.cdnow_copy') c
UNION ALL
SELECT 'any order of rows', c.*
FROM oracle.compare_orders('retention.history_agg(member, at, amount)', 'reference.cdnow_copy') c
UNION ALL
SELECT 'any split, rolled up', c.*
FROM oracle.compare_rollup('retention.history_agg(member, at, amount)', 'reference.cdnow_copy') c;
