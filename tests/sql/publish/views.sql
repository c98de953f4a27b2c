-- What publish shows is what the readers say of one history of all rows, and of one for each stratum: every count, rate and bound, to
-- the last bit, whatever the number of buckets. And what plain SQL says of the table.
SET client_min_messages = warning;

-- Rows of one query that the other lacks, both ways.
CREATE FUNCTION pg_temp.differ(a text, b text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    n bigint;
BEGIN
    EXECUTE format('SELECT count(*) FROM ((%1$s) EXCEPT ALL (%2$s) UNION ALL ((%2$s) EXCEPT ALL (%1$s))) AS d', a, b) INTO n;
    RETURN n;
END $$;

-- Amounts of every kind: none at all in some countries, refunds, members in several countries.
CREATE TABLE sales AS
SELECT member_id::integer AS who, ordered_at, country, order_id,
       CASE WHEN country = 'Norway' THEN NULL WHEN order_id % 40 = 0 THEN -amount ELSE amount END AS price FROM orders;
INSERT INTO sales SELECT who, ordered_at + interval '3 days', 'Elsewhere', order_id, price FROM sales WHERE who % 50 = 0;
INSERT INTO sales VALUES (NULL, now(), 'Norway', 1, 1), (1, NULL, 'Norway', 1, 1), (77777, '2011-05-05 12:00+00', NULL, 1, 5);

CALL retention.publish('sales', member => 'who', at => 'ordered_at', amount => 'price', schema => 'one', by => '{country}', negative => 'refund',
    zone => 'Asia/Shanghai', as_of => '2011-12-09', buckets => 1, model => 'none');
CALL retention.publish('sales', member => 'who', at => 'ordered_at', amount => 'price', schema => 'many', by => '{country}', negative => 'refund',
    zone => 'Asia/Shanghai', as_of => '2011-12-09', buckets => 1000, span => 'quarter', model => 'none');

CREATE TABLE whole AS SELECT retention.history_agg(who, ordered_at, price, 'day', 'Asia/Shanghai', (price < 0) IS NOT TRUE) AS h FROM sales;
CREATE TABLE parts AS
SELECT country, retention.history_agg(who, ordered_at, price, 'day', 'Asia/Shanghai', (price < 0) IS NOT TRUE) AS h FROM sales
WHERE who IS NOT NULL AND ordered_at IS NOT NULL GROUP BY country;

CREATE TABLE questions (name text, columns text, reader text);
INSERT INTO questions VALUES
('cohorts', 'cohort, period_number, members, eligible, retained, rate, rate_low, rate_high, active, amount, complete', $$retention.cohorts(h, 'month', as_of => '2011-12-09')$$),
('cohorts_week', 'cohort, period_number, members, eligible, retained, rate, rate_low, rate_high, active, amount, complete', $$retention.cohorts(h, 'week', as_of => '2011-12-09')$$),
('retention_curve_day', 'period_number, members, eligible, retained, rate, rate_low, rate_high', $$retention.retention_curve(h, '1 day', as_of => '2011-12-09')$$),
('churn', 'period_start, opening, new, reactivated, retained, churned, closing, retention_rate, churn_rate, churn_rate_low, churn_rate_high, truncated, complete',
    $$retention.churn(h, 'month', silence => '90 days', as_of => '2011-12-09')$$),
('growth', 'period_start, new, retained, reactivated, dormant, churned, net_change, quick_ratio, quick_ratio_low, quick_ratio_high, truncated, complete',
    $$retention.growth(h, 'month', silence => '90 days', as_of => '2011-12-09')$$),
('engagement', 'day, dau, wau, mau, stickiness, truncated', $$retention.engagement(h, as_of => '2011-12-09')$$),
('value', 'members, orders, revenue, aov, orders_per_member, repurchase_rate, churn_rate, lifespan, historic_clv, formula_clv',
    $$retention.value_summary(h, silence => '90 days', as_of => '2011-12-09')$$),
('repurchase', 'purchase_number, members, rate, rate_low, rate_high, gap_p25, gap_median, gap_p75', $$retention.repurchase(h, '90 days', up_to => 20, as_of => '2011-12-09')$$),
('survival', 'tenure, at_risk, events, censored, survival, survival_low, survival_high, cumulative_hazard, hazard',
    $$retention.survival(h, 'month', silence => '90 days', as_of => '2011-12-09')$$);
SELECT name, p.schema, pg_temp.differ(format('SELECT %s FROM %I.%I', columns, p.schema, name), format('SELECT %s FROM whole, %s', columns, reader)) AS whole,
       pg_temp.differ(format('SELECT country, %s FROM %I.%I', columns, p.schema, name || '_by'), format('SELECT country, %s FROM parts, %s', columns, reader)) AS by_country
FROM questions, (VALUES ('one'), ('many')) AS p (schema) ORDER BY 1, 2;
-- The comparison finds differences.
SELECT pg_temp.differ('SELECT day, dau FROM one.engagement', $$SELECT day, dau FROM whole, retention.engagement(h, as_of => '2011-12-08')$$) AS a_day_less;
-- Members in two strata: new by stratum sums to more than the whole has.
SELECT (SELECT sum(new) FROM one.churn) AS whole, (SELECT sum(new) FROM one.churn_by) AS by_country, (SELECT count(DISTINCT who) FROM sales WHERE ordered_at IS NOT NULL AND NOT price < 0 OR price IS NULL AND ordered_at IS NOT NULL) AS members;

-- The overview, in plain SQL.
CREATE TABLE months AS
WITH e AS (SELECT who, price, (ordered_at AT TIME ZONE 'Asia/Shanghai')::date AS day, (price < 0) IS NOT TRUE AS is_event FROM sales WHERE who IS NOT NULL AND ordered_at IS NOT NULL),
d AS (SELECT *, date_trunc('month', day::timestamp)::date AS month FROM e WHERE day <= '2011-12-09'),
f AS (SELECT who, min(month) FILTER (WHERE is_event) AS first FROM d GROUP BY who HAVING bool_or(is_event)),
m AS (SELECT d.month, d.who, f.first, count(*) FILTER (WHERE is_event) AS events, sum(price) AS price FROM d JOIN f USING (who) GROUP BY 1, 2, 3)
SELECT month, count(*) FILTER (WHERE events > 0) AS active, count(*) FILTER (WHERE events > 0 AND month = first) AS new_members,
       count(*) FILTER (WHERE events > 0 AND month > first) AS returning_members, sum(events)::bigint AS orders, sum(price) AS revenue,
       count(*) FILTER (WHERE events > 0 AND month > first OR events > 1) / count(*) FILTER (WHERE events > 0)::float8 AS repurchase_rate
FROM m GROUP BY month;
SELECT pg_temp.differ('SELECT month, active, new_members, returning_members, orders, revenue, repurchase_rate FROM many.overview',
                      'SELECT * FROM months') AS plain_sql,
       pg_temp.differ('SELECT * FROM one.overview', 'SELECT * FROM many.overview') AS buckets, pg_temp.differ('SELECT * FROM one.overview_by', 'SELECT * FROM many.overview_by') AS buckets_by,
       pg_temp.differ('SELECT month, reactivated, churned, members_in, retention_rate, churn_rate, crr FROM many.overview',
           $$SELECT period_start, reactivated, churned, closing, retention_rate, churn_rate, CASE WHEN complete THEN (closing - new) / nullif(opening, 0)::float8 END
             FROM whole, retention.churn(h, silence => '90 days', as_of => '2011-12-09')$$) AS ledger,
       pg_temp.differ('SELECT month, new_back_rate, new_back_rate_low, new_back_rate_high FROM many.overview WHERE new_back_rate IS NOT NULL',
           $$SELECT (cohort + interval '1 month')::date, rate, rate_low, rate_high FROM whole, retention.cohorts(h, as_of => '2011-12-09') WHERE period_number = 1 AND complete$$) AS back;
-- More than chance: what compare_retention says of the two months' new members.
SELECT count(*) AS months, count(*) FILTER (WHERE o.new_back_rate_more_than_chance) AS more_than_chance, count(*) FILTER (WHERE
    o.new_back_rate_more_than_chance IS DISTINCT FROM (c.difference_low > 0 OR c.difference_high < 0)
    OR abs(o.new_back_rate_change - c.difference) > 1e-12) AS differ
FROM many.overview AS o, whole, LATERAL (
    SELECT c.* FROM retention.compare_retention(retention.slice(retention.without(h, ARRAY(SELECT who::bigint FROM sales WHERE who IS NOT NULL GROUP BY who HAVING
               date_trunc('month', min(ordered_at) FILTER (WHERE (price < 0) IS NOT TRUE) AT TIME ZONE 'Asia/Shanghai') IS DISTINCT FROM o.month - interval '2 months'))),
           retention.without(h, ARRAY(SELECT who::bigint FROM sales WHERE who IS NOT NULL GROUP BY who HAVING
               date_trunc('month', min(ordered_at) FILTER (WHERE (price < 0) IS NOT TRUE) AT TIME ZONE 'Asia/Shanghai') IS DISTINCT FROM o.month - interval '1 month')), as_of => '2011-12-09') AS c
    WHERE c.period_number = 1) AS c
WHERE o.new_back_rate_change IS NOT NULL;

-- Cohorts in plain SQL, by country.
CREATE TABLE plain AS
WITH e AS (SELECT country, who, date_trunc('month', ordered_at AT TIME ZONE 'Asia/Shanghai')::date AS month FROM sales
           WHERE who IS NOT NULL AND (price < 0) IS NOT TRUE AND (ordered_at AT TIME ZONE 'Asia/Shanghai')::date <= '2011-12-09'),
f AS (SELECT country, who, min(month) AS cohort FROM e GROUP BY 1, 2)
SELECT e.country, cohort, (extract(year FROM age(month, cohort)) * 12 + extract(month FROM age(month, cohort)))::integer AS n, count(DISTINCT e.who) AS active
FROM e JOIN f ON e.who = f.who AND e.country IS NOT DISTINCT FROM f.country GROUP BY 1, 2, 3;
SELECT pg_temp.differ('SELECT country, cohort, period_number, active FROM many.cohorts_by WHERE active > 0', 'SELECT f.country, cohort, n, active FROM plain AS f') AS cohorts,
       pg_temp.differ('SELECT day, dau FROM many.engagement WHERE dau > 0', $$SELECT (ordered_at AT TIME ZONE 'Asia/Shanghai')::date, count(DISTINCT who) FROM sales
           WHERE who IS NOT NULL AND (price < 0) IS NOT TRUE AND (ordered_at AT TIME ZONE 'Asia/Shanghai')::date <= '2011-12-09' GROUP BY 1$$) AS engagement;

SELECT * FROM retention.verify('one') UNION ALL SELECT * FROM retention.verify('many');
-- Every view and every column of it has a comment.
SELECT count(*) FILTER (WHERE obj_description(c.oid, 'pg_class') IS NULL) AS views_without, count(*) AS views FROM pg_class c WHERE relnamespace = 'one'::regnamespace AND relkind = 'v';
SELECT count(*) FILTER (WHERE col_description(a.attrelid, attnum) IS NULL) AS columns_without, count(*) > 200 AS many
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE relnamespace = 'one'::regnamespace AND relkind = 'v' AND relname <> 'source_rows' AND attnum > 0;
SELECT month_label, complete, active, new_members, returning_members, orders, revenue FROM one.overview ORDER BY month LIMIT 2;
SELECT cohort_label, period_label, month_label, members, rate_percent, sort_key FROM one.cohorts WHERE period_number < 2 ORDER BY sort_key LIMIT 2;
-- No view calls a function of the extension, so that an upgrade may replace any of them.
SELECT count(*) FROM pg_depend d JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
     JOIN pg_class c ON c.oid = r.ev_class AND c.relnamespace IN ('one'::regnamespace, 'many'::regnamespace)
WHERE d.refclassid = 'pg_proc'::regclass AND d.refobjid IN (SELECT objid FROM pg_depend WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e');
