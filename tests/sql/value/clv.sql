-- Lifetime value: the published sample of CDNOW, and what is at the edges.
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS clv_test CASCADE;
RESET client_min_messages;
CREATE SCHEMA clv_test;
CREATE VIEW clv_test.purchases AS SELECT member_id, ordered_on, amount FROM cdnow WHERE in_sample;
CREATE TABLE clv_test.sample AS
  SELECT retention.history_agg(member_id, ordered_on, amount) AS h FROM clv_test.purchases;

-- btyd against plain SQL.
CREATE TABLE clv_test.btyd AS
  SELECT b.* FROM clv_test.sample, retention.btyd(h, id => NULL::bigint, as_of => '1997-09-30') b;
WITH days AS (
  SELECT member_id, ordered_on, sum(amount) AS amount,
         ordered_on - lag(ordered_on) OVER (PARTITION BY member_id ORDER BY ordered_on) AS gap
  FROM clv_test.purchases WHERE ordered_on <= '1997-09-30' GROUP BY member_id, ordered_on
), members AS (
  SELECT member_id, count(gap) AS x, (max(ordered_on) - min(ordered_on)) / 7.0 AS t_x,
         ('1997-09-30' - min(ordered_on)) / 7.0 AS age, coalesce(sum(ln(gap / 7.0)), 0) AS litt,
         avg(amount) FILTER (WHERE gap IS NOT NULL) AS spend
  FROM days GROUP BY member_id
)
SELECT count(*) AS members, count(spend) AS buyers, sum(x) AS x, count(*) FILTER (WHERE wrong) AS wrong
FROM (SELECT b.*, (b.x, round(b.t_x::numeric, 9), round(b.age::numeric, 9), round(b.litt::numeric, 9),
                   round(b.spend::numeric, 6))
               IS DISTINCT FROM (m.x, round(m.t_x, 9), round(m.age, 9), round(m.litt, 9), round(m.spend, 6)) AS wrong
      FROM clv_test.btyd b FULL JOIN members m ON member = member_id) t;
-- Other units and types of members.
SELECT unit, round(sum(age)::numeric, 4) AS age FROM clv_test.sample, unnest('{day,week,MONTH,quarter,year}'::text[]) unit,
  retention.btyd(h, unit, '1997-09-30') GROUP BY unit ORDER BY unit;
SELECT pg_typeof(b.member), count(*) FROM clv_test.sample, retention.btyd(h, as_of => '1997-09-30') b GROUP BY 1;
SELECT b.* FROM (SELECT retention.history_agg('00000000-0000-0000-0000-000000000001'::uuid, d, 5.0)
                 FROM unnest('{2020-01-01,2020-01-15,2020-01-15}'::date[]) d) s (h),
  retention.btyd(h, id => NULL::uuid, unit => 'day', as_of => '2020-02-01') b;
-- A history of hours counts the purchases of one day once; one of months can not be read by weeks.
SELECT b.* FROM (SELECT retention.history_agg(1, d, 5.0, 'hour', 'UTC')
                 FROM unnest('{2020-01-01 01:00Z,2020-01-01 23:00Z,2020-01-03 05:00Z,2020-01-03 06:00Z}'::timestamptz[]) d) s (h),
  retention.btyd(h, unit => 'day', as_of => '2020-01-11') b;
SELECT b.* FROM (SELECT retention.history_agg(1, d, NULL, 'month') FROM unnest('{2020-01-01,2020-03-15}'::date[]) d) s (h),
  retention.btyd(h) b;
SELECT b.member, b.x, round(b.t_x::numeric, 4) AS t_x, round(b.age::numeric, 4) AS age
FROM (SELECT retention.history_agg(1, d, NULL, 'month') FROM unnest('{2020-01-01,2020-03-15}'::date[]) d) s (h),
  retention.btyd(h, unit => 'month', as_of => '2020-04-30') b;

-- The fits, against maximum-likelihood estimates made with other software.
CREATE TABLE clv_test.model AS
  SELECT model, retention.clv_fit(h, model, as_of => '1997-09-30') AS fitted
  FROM clv_test.sample, unnest('{bg/nbd,MBG/NBD,nbd,pareto/nbd,bg/cnbd-k,mbg/cnbd-k,ggompertz/nbd,auto}'::text[]) model;
CREATE TABLE clv_test.reference (model text, name text, value float8, std_error float8);
INSERT INTO clv_test.reference VALUES
  ('bg/nbd', 'r', 0.2425945224721688, 0.012557376703638717), ('bg/nbd', 'alpha', 4.4136020203256, 0.3782240647455678),
  ('bg/nbd', 'a', 0.7929220194647759, 0.18573381306326625), ('bg/nbd', 'b', 2.425906786145337, 0.7054142515777024),
  ('bg/nbd', 'log_likelihood', -9582.429206674035, NULL),
  ('MBG/NBD', 'r', 0.5248431617488386, 0.08326831003389726), ('MBG/NBD', 'alpha', 6.183085297012657, 0.6956211474726796),
  ('MBG/NBD', 'a', 0.8913593858903379, 0.15479004954724074), ('MBG/NBD', 'b', 1.6140022209482616, 0.5374954434217621),
  ('MBG/NBD', 'log_likelihood', -9582.135715553843, NULL),
  ('nbd', 'r', 0.3847661357311161, 0.02098537326985241), ('nbd', 'alpha', 12.072022842692673, 0.8087231586098896),
  ('nbd', 'log_likelihood', -9763.65761467259, NULL),
  ('pareto/nbd', 'r', 0.5532770477647669, 0.047627970212012344), ('pareto/nbd', 'alpha', 10.577683473695826, 0.8427227978989886),
  ('pareto/nbd', 's', 0.6062399822653517, 0.18728177223509554), ('pareto/nbd', 'beta', 11.668735058875589, 6.211130362697348),
  ('pareto/nbd', 'log_likelihood', -9594.976178939605, NULL);
SELECT model, count(*) AS numbers,
       count(*) FILTER (WHERE abs(coalesce(fitted::jsonb -> 'parameters' ->> name, fitted::jsonb ->> name)::float8 / value - 1)
                              > 1e-6) AS wrong,
       count(*) FILTER (WHERE abs((fitted::jsonb -> 'std_errors' ->> name)::float8 / std_error - 1) > 1e-3) AS wrong_errors
FROM clv_test.reference JOIN clv_test.model USING (model) GROUP BY model ORDER BY model COLLATE "C";
SELECT model, fitted::jsonb ->> 'model' AS fitted, fitted::jsonb ->> 'converged' AS converged,
       round((fitted::jsonb ->> 'log_likelihood')::numeric, 4) AS log_likelihood, fitted::jsonb ->> 'customers' AS customers,
       fitted::jsonb ->> 'unit' AS unit, fitted::jsonb ->> 'as_of' AS as_of, fitted::jsonb -> 'parameters' -> 'k' AS k,
       jsonb_array_length(fitted::jsonb -> 'covariance') AS covariance, fitted::jsonb ->> 'reason' AS reason
FROM clv_test.model ORDER BY model COLLATE "C";
SELECT c ->> 'model' AS candidate, c ->> 'converged' AS converged, round((c ->> 'log_likelihood')::numeric, 3) AS log_likelihood,
       round((c ->> 'bic')::numeric, 3) AS bic
FROM clv_test.model, jsonb_array_elements(fitted::jsonb -> 'candidates') c ORDER BY (c ->> 'bic')::numeric NULLS LAST, 1;
-- Gamma-Gamma.
SELECT name, round((spend -> 'parameters' ->> name)::numeric, 4) AS value, round((spend -> 'std_errors' ->> name)::numeric, 4) AS error
FROM clv_test.model, LATERAL (SELECT fitted::jsonb -> 'spend' AS spend) s, unnest('{p,q,gamma}'::text[]) name
WHERE model = 'bg/nbd';
SELECT round((spend ->> 'log_likelihood')::numeric, 5) AS log_likelihood, spend ->> 'customers' AS customers,
       spend ->> 'excluded' AS excluded, round((spend ->> 'frequency_correlation')::numeric, 4) AS correlation
FROM clv_test.model, LATERAL (SELECT fitted::jsonb -> 'spend' AS spend) s WHERE model = 'bg/nbd';

-- The aggregate gives the same, whatever the plan and the order of the rows.
SELECT model, fitted::jsonb - 'as_of' = agg::jsonb AS same, agg::text = backwards::text AS backwards_too
FROM (SELECT model, fitted FROM clv_test.model WHERE model IN ('bg/nbd', 'mbg/cnbd-k')) m,
  LATERAL (SELECT retention.clv_fit_agg(x, t_x, age, litt, spend, NULL, 'week', m.model) AS agg FROM clv_test.btyd) a,
  LATERAL (SELECT retention.clv_fit_agg(x, t_x, age, litt, spend, NULL, 'week', m.model ORDER BY member DESC) AS backwards
           FROM clv_test.btyd) b ORDER BY model;
CREATE TABLE clv_test.large WITH (parallel_workers = 3) AS SELECT b.* FROM clv_test.btyd b, generate_series(1, 10);
SET max_parallel_workers_per_gather = 3;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS OFF) SELECT retention.clv_fit_agg(x, t_x, age, spend, 'bg/nbd') FROM clv_test.large;
CREATE TABLE clv_test.in_parallel AS SELECT retention.clv_fit_agg(x, t_x, age, spend, 'bg/nbd') AS fitted FROM clv_test.large;
SET max_parallel_workers_per_gather = 0;
SELECT fitted::text = retention.clv_fit_agg(x, t_x, age, spend, 'bg/nbd')::text AS same
FROM clv_test.in_parallel, clv_test.large GROUP BY fitted::text;

-- clv: the same numbers as the scalars, ranked.
CREATE TABLE clv_test.clv AS
  SELECT c.* FROM clv_test.sample, clv_test.model,
    retention.clv(h, id => NULL::bigint, fitted => fitted, horizon => '39 weeks', discount => 0.1, margin => 0.4,
                  as_of => '1997-09-30') c
  WHERE model = 'pareto/nbd';
SELECT count(*) AS members, count(*) FILTER (WHERE NOT (
         abs(c.p_alive - retention.p_alive(fitted, c.x, c.t_x, c.age)) < 1e-12
         AND abs(c.expected_purchases / retention.expected_purchases(fitted, c.x, c.t_x, c.age, '39 weeks') - 1) < 1e-12
         AND abs(c.expected_spend - retention.expected_spend(fitted, c.x, c.spend)) < 1e-9
         AND abs(c.clv / retention.clv_value(fitted, c.x, c.t_x, c.age, c.spend, '39 weeks', 0.1, 0.4) - 1) < 1e-12)) AS wrong,
       count(*) FILTER (WHERE p_alive_low <= p_alive AND p_alive <= p_alive_high AND expected_purchases_low <= expected_purchases
                        AND expected_purchases <= expected_purchases_high AND clv_low <= clv AND clv <= clv_high) AS ordered
FROM clv_test.clv c, clv_test.model WHERE model = 'pareto/nbd';
-- What really happened in the 39 weeks after: how often it lies in the prediction intervals.
SELECT round(avg((n BETWEEN purchases_low AND purchases_high)::int), 3) AS covered, sum(n) AS purchases,
       round(sum(expected_purchases)::numeric) AS expected
FROM clv_test.clv, LATERAL (SELECT count(DISTINCT ordered_on) AS n FROM clv_test.purchases
                            WHERE member_id = member AND ordered_on > '1997-09-30') t;

-- The probabilities of all numbers of purchases add up to one, with the expectation as their mean.
SELECT model, round(sum(p)::numeric, 8) AS total, round((sum(n * p) / min(expected))::numeric, 8) AS mean_over_expected,
       round(sum(new_p)::numeric, 8) AS total_new
FROM clv_test.model, generate_series(0, 200) n,
  LATERAL (SELECT retention.purchases_distribution(fitted, 3, 12.5, 30, '39 weeks', n) AS p,
                  retention.purchases_distribution(fitted, '39 weeks', n) AS new_p,
                  retention.expected_purchases(fitted, 3, 12.5, 30, '39 weeks') AS expected) t
WHERE fitted::jsonb ->> 'converged' = 'true' GROUP BY model ORDER BY model COLLATE "C";
-- Being alive later is less likely.
SELECT model, retention.p_alive(fitted, 3, 12.5, 30) > retention.p_alive(fitted, 3, 12.5, 30, '1 year') AS less
FROM clv_test.model WHERE fitted::jsonb ->> 'converged' = 'true' ORDER BY model COLLATE "C";
-- Units do not matter.
SELECT round((retention.expected_purchases(w, 3, 12.5, 30, '1 year')
              / retention.expected_purchases(d, 3, 12.5 * 7, 30 * 7, '1 year') - 1)::numeric, 7) AS difference
FROM (SELECT retention.clv_fit(h, as_of => '1997-09-30') AS w, retention.clv_fit(h, unit => 'day', as_of => '1997-09-30') AS d
      FROM clv_test.sample) f;

-- A model written by hand; what is wrong with others.
SELECT '{"model": "BG/NBD", "parameters": {"b": 2.4, "a": 0.8, "r": 0.25, "alpha": 4}}'::retention.clv_model AS by_hand;
SELECT retention.p_alive('{"model": "nbd", "parameters": {"r": 0.4, "alpha": 12}}', 1, 2, 30) AS forever;
CREATE FUNCTION clv_test.try(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE state text; message text; hint text; result text;
BEGIN
  EXECUTE 'SELECT (' || query || ')::text' INTO result;
  RETURN coalesce(result, 'NULL');
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
  RETURN state || ': ' || message || ' / ' || hint;
END $$;
SELECT clv_test.try(quote_literal(json) || '::retention.clv_model') FROM unnest(ARRAY[
  '', '{', '[]', '{"model": "bg/nbd"}', '{"model": "bgnbd", "parameters": {"r": 1}}',
  '{"model": "nbd", "parameters": {"r": 1}}', '{"model": "nbd", "parameters": {"r": 1, "alpha": -2}}',
  '{"model": "nbd", "parameters": {"r": 1, "alpha": "x"}}', '{"version": 2, "model": "nbd", "parameters": {"r": 1, "alpha": 1}}', '{"model": "nbd", "parameters": {"r": 1, "alpha": 1e400}}',
  '{"model": "nbd", "parameters": {"r": 1, "alpha": 2, "s": 3}}', '{"model": "nbd", "parameters": {"r": 1, "alpha": 2}, "x": 1}',
  '{"model": "nbd", "parameters": {"r": 1, "alpha": 2}, "unit": "hour"}',
  '{"model": "nbd", "parameters": {"r": 1, "alpha": 2}, "covariance": [[1, 2], [2, 1]]}',
  '{"model": "mbg/cnbd-k", "parameters": {"k": 1.5, "r": 1, "alpha": 2, "a": 1, "b": 1}}',
  '{"model": "nbd", "parameters": {"r": 1, "alpha": 2}, "spend": {"model": "gamma-gamma", "parameters": {"p": 1}}}'
]) json;
-- Arguments.
CREATE FUNCTION clv_test.fitted() RETURNS retention.clv_model LANGUAGE sql AS
  $$ SELECT fitted FROM clv_test.model WHERE model = 'bg/nbd' $$;
SELECT call, clv_test.try(call) FROM unnest(ARRAY[
  'retention.clv_fit(NULL::retention.history)', $$retention.clv_fit(NULL::retention.history, 'x')$$, $$retention.clv_fit(NULL, unit => 'hour')$$,
  $$retention.p_alive(clv_test.fitted(), 1.5, 1, 2)$$, $$retention.p_alive(clv_test.fitted(), 1, 3, 2)$$,
  $$retention.p_alive(clv_test.fitted(), 0, 1, 2)$$, $$retention.p_alive(clv_test.fitted(), 1, 1, 'infinity')$$,
  $$retention.p_alive(clv_test.fitted(), 'NaN', 1, 2)$$, $$retention.p_alive(clv_test.fitted(), NULL, 1, 2)$$,
  $$retention.p_alive(NULL, 1, 1, 2)$$, $$retention.p_alive(clv_test.fitted(), 1, 1, 2, '-1 day')$$,
  $$retention.expected_purchases(clv_test.fitted(), '-1 week')$$, $$retention.expected_purchases(clv_test.fitted(), NULL)$$,
  $$retention.expected_purchases(clv_test.fitted(), '0 days')$$,
  $$retention.purchases_distribution(clv_test.fitted(), '1 year', -1)$$,
  $$retention.expected_spend(clv_test.fitted(), 2, 'NaN')$$,
  $$retention.expected_spend('{"model": "nbd", "parameters": {"r": 1, "alpha": 2}}', 2, 30)$$,
  $$retention.clv_value(clv_test.fitted(), 1, 1, 2, 30)$$, $$retention.clv_value(clv_test.fitted(), 1, 1, 2, 30, '1 year', -0.5)$$,
  $$retention.clv_value(clv_test.fitted(), 1, 1, 2, 30, '1 year', 0, 'Infinity')$$,
  $$(SELECT count(*) FROM clv_test.sample, retention.clv(h, clv_test.fitted(), '-1 year'))$$,
  $$(SELECT count(*) FROM clv_test.sample, retention.clv(h, clv_test.fitted(), NULL))$$,
  $$(SELECT count(*) FROM clv_test.sample, retention.clv(h, clv_test.fitted(), '1 year', confidence => 1))$$,
  $$(SELECT count(*) FROM clv_test.sample, retention.clv(h, NULL, '1 year'))$$,
  $$(SELECT count(*) FROM retention.clv(NULL, clv_test.fitted(), '1 year'))$$,
  $$(SELECT count(*) FROM clv_test.sample, retention.clv(h, NULL::uuid, clv_test.fitted(), '1 year'))$$,
  $$(SELECT retention.clv_fit_agg(x, t_x, age, spend, 'bg/cnbd-k') FROM clv_test.btyd)$$,
  $$(SELECT retention.clv_fit_agg(x, t_x, age, NULL, 'bg/nbd')::jsonb -> 'spend' FROM clv_test.btyd)$$,
  $$(SELECT retention.clv_fit_agg(x, t_x, age, spend, CASE WHEN x > 2 THEN 'nbd' ELSE 'bg/nbd' END) FROM clv_test.btyd)$$,
  $$(SELECT retention.clv_fit_agg(x, t_x, age, litt, spend, '{1}', 'week', 'bg/nbd')::jsonb ->> 'reason' FROM clv_test.btyd)$$,
  $$(SELECT retention.clv_fit_agg(x, t_x, age, litt, spend, ARRAY[member, 1 - member], 'week', 'bg/nbd')::jsonb ->> 'reason' FROM clv_test.btyd)$$,
  $$(SELECT retention.clv_fit_agg(x, t_x, age, litt, spend, CASE WHEN x = 0 THEN '{1}'::float8[] ELSE '{1,2}' END, 'week', 'bg/nbd') FROM clv_test.btyd)$$,
  $$(SELECT retention.clv_fit_agg(x, t_x, age, litt, spend, CASE WHEN x = 0 THEN '{1}'::float8[] END, 'week', 'bg/nbd') FROM clv_test.btyd)$$,
  $$(SELECT retention.clv_fit_agg(x, t_x, age, litt, spend, '{1,NULL}', 'week', 'bg/nbd') FROM clv_test.btyd)$$,
  $$(SELECT retention.clv_fit_agg(x, t_x, age, litt, spend, '{1,NaN}', 'week', 'bg/nbd') FROM clv_test.btyd)$$,
  $$(SELECT retention.clv_fit_agg(x, t_x, age, litt, spend, array_fill(1::float8, '{31}'), 'week', 'bg/nbd') FROM clv_test.btyd)$$,
  $$(SELECT retention.clv_fit_agg(x, t_x, age, litt, spend, ARRAY[member], 'week', 'mbg/nbd') FROM clv_test.btyd)$$,
  $$(SELECT retention.clv_fit_agg(x, t_x, age, litt, spend, ARRAY[member], 'week', 'auto') FROM clv_test.btyd)$$,
  $$retention.p_alive(clv_test.fitted(), 1, 1, 2, covariates => '{1}')$$,
  $$retention.p_alive(clv_test.fitted(), 1, 1, 2, covariates => '{}') = retention.p_alive(clv_test.fitted(), 1, 1, 2)$$,
  $$(SELECT retention.clv_fit_agg(x, t_x, age, spend, 'bg/nbd') FROM clv_test.btyd WHERE false)$$,
  $$(SELECT retention.clv_fit_agg(x, t_x, age, spend, 'bg/nbd') FROM clv_test.btyd WHERE x = 0)$$,
  $$(SELECT retention.clv_fit_agg(NULL, t_x, age, spend, 'bg/nbd') FROM clv_test.btyd)$$,
  $$(SELECT retention.clv_fit_agg(2, 10, 20, 30, 'bg/nbd'))$$,
  $$(SELECT retention.clv_fit_agg(x, 1 + t_x + age, age, spend, 'bg/nbd') FROM clv_test.btyd)$$,
  $$(SELECT retention.p_alive(retention.clv_fit_agg(x, t_x, age, spend, 'bg/nbd'), 1, 1, 2) FROM clv_test.btyd WHERE x = 0)$$
]) call;
-- Customers who hardly ever leave, and a long time: a finite number.
SELECT round(retention.expected_purchases('{"model": "bg/nbd", "parameters": {"r": 0.24, "alpha": 4.4, "a": 0.03, "b": 1}}', 30, 38, 39, '520 weeks')::numeric, 6) AS expected;
-- The end of all time: finite numbers, or none.
SELECT count(*) AS members, count(*) FILTER (WHERE clv > 0 AND clv < 1e9 AND clv_low <= clv AND clv_high >= clv) AS finite,
       count(expected_purchases) AS without_horizon
FROM clv_test.sample, retention.clv(h, clv_test.fitted(), NULL, discount => 0.1, as_of => '1997-09-30') c;

-- BG/BB: donations of 11,104 members at six yearly opportunities (Fader, Hardie and Shang 2010, table 2; theirs: alpha
-- 1.204, beta 0.750, gamma 0.657, delta 2.783, log-likelihood -33225.6).
CREATE TABLE clv_test.donations AS
SELECT x, t_x, 6 AS age FROM (VALUES (6, 6, 1203), (5, 6, 728), (4, 6, 512), (3, 6, 357), (2, 6, 234), (1, 6, 129),
  (5, 5, 335), (4, 5, 284), (3, 5, 225), (2, 5, 173), (1, 5, 119), (4, 4, 240), (3, 4, 181), (2, 4, 155), (1, 4, 78), (3, 3, 322),
  (2, 3, 255), (1, 3, 129), (2, 2, 613), (1, 2, 277), (1, 1, 1091), (0, 0, 3464)) v (x, t_x, members), generate_series(1, members);
CREATE TABLE clv_test.donors AS
SELECT retention.clv_fit_agg(x, t_x, age, NULL, NULL, NULL, 'year', 'BG/BB') AS fitted FROM clv_test.donations;
SELECT key, round(value::numeric, 3) AS value FROM clv_test.donors, jsonb_each_text(fitted::jsonb -> 'parameters') ORDER BY key;
SELECT round((fitted::jsonb ->> 'log_likelihood')::numeric, 1) AS log_likelihood FROM clv_test.donors;
-- What is expected of some of them in the next five years: the mean of the distribution too.
SELECT x, t_x, round(retention.expected_purchases(fitted, x, t_x, 6, '5 years')::numeric, 2) AS expected,
       round(retention.p_alive(fitted, x, t_x, 6)::numeric, 2) AS p_alive,
       round((SELECT sum(n * retention.purchases_distribution(fitted, x, t_x, 6, '5 years', n)) FROM generate_series(0, 5) n)::numeric, 2) AS mean
FROM clv_test.donors, (VALUES (0, 0), (1, 5), (4, 4), (6, 6)) v (x, t_x);
SELECT clv_test.try($$retention.clv_fit_agg(1, 1.5, 6, NULL, NULL, NULL, 'year', 'bg/bb')$$);
SELECT clv_test.try($$(SELECT retention.clv_fit(h, 'bg/bb') FROM clv_test.sample)$$);
-- What cannot have happened, and opportunities that would take hours to count.
SELECT call, clv_test.try(call) FROM unnest(ARRAY[
  $$(SELECT retention.p_alive(fitted, 3, 2, 6) FROM clv_test.donors)$$,
  $$(SELECT retention.p_alive(fitted, 2, 4.5, 6) FROM clv_test.donors)$$,
  $$(SELECT retention.p_alive(fitted, 2, 4, 1e12) FROM clv_test.donors)$$]) call;

-- Contracts: percent of two segments that are still there after each of seven years (Fader and Hardie 2007; theirs: alpha 0.704,
-- beta 1.182; alpha 0.668, beta 3.806), and the years after, which the model did not see.
CREATE TABLE clv_test.survivors AS
SELECT segment, year - 1 AS year, percent FROM (VALUES
  ('regular', ARRAY[100, 63.1, 46.8, 38.2, 32.6, 28.9, 26.2, 24.1, 22.3, 20.7, 19.4, 18.3, 17.3]),
  ('high end', ARRAY[100, 86.9, 74.3, 65.3, 59.3, 55.1, 51.7, 49.1, 46.8, 44.5, 42.7, 40.9, 39.4])) v (segment, percents),
  unnest(percents) WITH ORDINALITY u (percent, year);
CREATE TABLE clv_test.contracts AS
SELECT segment, model, retention.clv_fit_survivors_agg(year, percent, model) AS fitted
FROM clv_test.survivors, unnest('{sbg,BdW}'::text[]) model WHERE year <= 7 GROUP BY segment, model;
SELECT segment, model, key, round(value::numeric, 3) AS value
FROM clv_test.contracts, jsonb_each_text(fitted::jsonb -> 'parameters') ORDER BY segment, model, key;
SELECT segment, percent AS actual, round(100 * retention.p_alive(s.fitted, 0, 0, 0, '12 years')::numeric, 1) AS sbg,
       round(100 * retention.p_alive(b.fitted, 0, 0, 0, '12 years')::numeric, 1) AS bdw,
       round(retention.expected_purchases(s.fitted, '5 years')::numeric, 4) AS renewals,
       round(retention.clv_value(s.fitted, 0, 0, 0, 100, NULL, 0.1)::numeric, 2) AS value
FROM clv_test.survivors JOIN clv_test.contracts s USING (segment) JOIN clv_test.contracts b USING (segment)
WHERE year = 12 AND s.model = 'sbg' AND b.model = 'BdW' ORDER BY segment;
SELECT retention.clv_fit_survivors_agg(year, percent)::text = (SELECT fitted::text FROM clv_test.contracts c
                                                               WHERE c.segment = 'regular' AND model = 'sbg') AS default_is_sbg
FROM clv_test.survivors WHERE segment = 'regular' AND year <= 7;
-- Written by hand: a contract's unit is a year, and what is no number is an error.
SELECT round(retention.p_alive('{"model": "sbg", "parameters": {"alpha": 0.668, "beta": 3.806}}', 0, 0, 0, '12 years')::numeric, 3) AS sbg,
       clv_test.try($$retention.p_alive('{"model": "bdw", "parameters": {"alpha": 0.5, "beta": 2, "c": 300}}', 0, 0, 0, '100 years')$$) AS bdw;
SELECT clv_test.try($$(SELECT retention.clv_fit_survivors_agg(p, s, 'bg/nbd') FROM (VALUES (0, 100), (1, 50)) v (p, s))$$);
SELECT clv_test.try($$(SELECT retention.clv_fit_survivors_agg(p, s) FROM (VALUES (0, 100), (2, 50)) v (p, s))$$);
SELECT clv_test.try($$(SELECT retention.clv_fit_survivors_agg(p, s) FROM (VALUES (0, 100), (1, 150)) v (p, s))$$);
SELECT clv_test.try($$(SELECT retention.clv_fit_survivors_agg(p, s)::jsonb ->> 'reason' FROM (VALUES (0, 100), (1, 100)) v (p, s))$$);

-- The backtest: the model of 39 weeks, and the 39 weeks after.
CREATE TABLE clv_test.backtest AS
SELECT t.* FROM clv_test.sample, retention.clv_backtest(h, 'bg/nbd', '1997-09-30', as_of => '1998-06-30') t;
SELECT measure, at, members, round(actual::numeric, 4) AS actual, round(expected::numeric, 4) AS expected, round(value::numeric, 4) AS value
FROM clv_test.backtest WHERE measure <> 'cumulative' OR at IN (1, 13, 39, 78) ORDER BY measure, at;
-- The same in plain SQL.
WITH repeats AS (
  SELECT DISTINCT member_id, ordered_on, ordered_on > min(ordered_on) OVER (PARTITION BY member_id) AS is_repeat
  FROM clv_test.purchases WHERE ordered_on <= '1998-06-30'
), members AS (
  SELECT b.member, b.x, count(r) FILTER (WHERE r.ordered_on > '1997-09-30') AS n,
         retention.expected_purchases(clv_test.fitted(), b.x, b.t_x, b.age, '273 days') AS expected
  FROM clv_test.btyd b JOIN repeats r ON r.member_id = b.member GROUP BY b.member, b.x, b.t_x, b.age
), weeks AS (
  SELECT at, b.actual, count(*) FILTER (WHERE is_repeat AND ordered_on < date '1997-01-01' + 7 * at::int) AS counted
  FROM clv_test.backtest b, repeats WHERE measure = 'cumulative' GROUP BY at, b.actual
)
SELECT (SELECT count(*) FROM weeks) AS weeks, (SELECT count(*) FROM weeks WHERE counted <> actual) AS wrong,
       (SELECT round(avg(abs(expected - n))::numeric, 4) FROM members) AS mae,
       (SELECT round(sqrt(avg((expected - n) ^ 2))::numeric, 4) FROM members) AS rmse,
       (SELECT round(corr(e, a)::numeric, 4) FROM (
          SELECT rank() OVER (ORDER BY expected) + (count(*) OVER (PARTITION BY expected) - 1) / 2.0 AS e,
                 rank() OVER (ORDER BY n) + (count(*) OVER (PARTITION BY n) - 1) / 2.0 AS a FROM members) r) AS ranking,
       (SELECT round(avg(expected)::numeric, 4) FROM members WHERE x = 3) AS expected_of_3,
       (SELECT round(avg(n), 4) FROM members WHERE x = 3) AS actual_of_3;
SELECT clv_test.try('(SELECT count(*) FROM clv_test.sample, retention.clv_backtest(h))');
SELECT clv_test.try($$(SELECT count(*) FROM clv_test.sample, retention.clv_backtest(h, 'bg/nbd', '1998-06-30'))$$);
SELECT clv_test.try($$(SELECT count(*) FROM clv_test.sample, retention.clv_backtest(h, 'sbg', '1997-09-30'))$$);
SELECT clv_test.try($$(SELECT count(*) FROM clv_test.sample, retention.clv_backtest(h, 'ggompertz/nbd', '1997-09-30'))$$);
SELECT count(*) FROM retention.clv_backtest(NULL, 'bg/nbd', '1998-06-30');

-- Diagnostics.
SELECT name, round(value::numeric, 4) AS value, round(low::numeric, 4) AS low, round(high::numeric, 4) AS high, remark
FROM clv_test.model, retention.clv_diagnostics(fitted) WHERE model = 'auto';
SELECT d.* FROM clv_test.model, retention.clv_diagnostics(fitted) d WHERE model = 'ggompertz/nbd' AND name = 'converged';
SELECT count(*) FROM retention.clv_diagnostics(NULL);

-- Covariates: the value of the first order, and the weeks from it to the end of March.
CREATE TABLE clv_test.covariates AS
SELECT b.*, ARRAY[(o.amount >= 30)::int::float8, ('1997-03-25' - o.first) / 7.0] AS z
FROM clv_test.btyd b,
     LATERAL (SELECT sum(amount) AS amount, ordered_on AS first FROM clv_test.purchases WHERE member_id = b.member
              GROUP BY ordered_on ORDER BY ordered_on LIMIT 1) o;
CREATE TABLE clv_test.with_covariates AS
SELECT model, retention.clv_fit_agg(x, t_x, age, litt, spend, z, 'week', model) AS fitted
FROM clv_test.covariates, unnest('{bg/nbd,Pareto/NBD}'::text[]) model GROUP BY model;
SELECT model, key, round(value::numeric, 4) AS value, round((fitted::jsonb -> 'std_errors' ->> key)::numeric, 4) AS std_error
FROM clv_test.with_covariates, jsonb_each_text(fitted::jsonb -> 'parameters') ORDER BY model, key;
SELECT c.model, round((c.fitted::jsonb ->> 'log_likelihood')::numeric, 3) AS log_likelihood,
       round((retention.clv_fit_agg(x, t_x, age, litt, spend, NULL, 'week', c.model)::jsonb ->> 'log_likelihood')::numeric, 3) AS without,
       c.fitted::jsonb -> 'spend' = retention.clv_fit_agg(x, t_x, age, spend, 'nbd')::jsonb -> 'spend' AS same_spend,
       retention.clv_fit_agg(x, t_x, age, litt, spend, z, 'week', c.model ORDER BY t_x DESC, member)::text = c.fitted::text AS any_order,
       c.fitted::text::retention.clv_model::text = c.fitted::text AS reads_back
FROM clv_test.with_covariates c, clv_test.covariates GROUP BY c.model, c.fitted::text, c.fitted::jsonb ORDER BY 1;
-- What is expected of all, and of one: that of the model without covariates whose parameters are the customer's own.
SELECT model, round(sum(retention.p_alive(fitted, x, t_x, age, covariates => z))::numeric, 2) AS alive,
       round(sum(retention.expected_purchases(fitted, x, t_x, age, '39 weeks', z))::numeric, 2) AS expected,
       round(sum(retention.clv_value(fitted, x, t_x, age, spend, '1 year', 0.1, covariates => z))::numeric, 0) AS value,
       round(sum(retention.purchases_distribution(fitted, x, t_x, age, '39 weeks', 0, z))::numeric, 2) AS none
FROM clv_test.with_covariates, clv_test.covariates GROUP BY model ORDER BY model;
SELECT abs(retention.p_alive(fitted, 2, 5, 30, '2 weeks', '{1,-3}') - retention.p_alive(own, 2, 5, 30, '2 weeks')) < 1e-12 AS alive,
       abs(retention.expected_purchases(fitted, '1 year', '{1,-3}') / retention.expected_purchases(own, '1 year') - 1) < 1e-12 AS new,
       abs(retention.purchases_distribution(fitted, '1 year', 2, '{1,-3}') / retention.purchases_distribution(own, '1 year', 2) - 1) < 1e-12 AS two
FROM clv_test.with_covariates, jsonb_to_record(fitted::jsonb -> 'parameters') AS p (r float8, alpha float8, s float8, beta float8,
       gamma1_1 float8, gamma1_2 float8, gamma2_1 float8, gamma2_2 float8),
     LATERAL (SELECT jsonb_build_object('model', model, 'parameters', jsonb_build_object('r', r, 'alpha', alpha * exp(-gamma1_1 + 3 * gamma1_2),
       's', s, 'beta', beta * exp(-gamma2_1 + 3 * gamma2_2)))::retention.clv_model AS own) o
WHERE model = 'Pareto/NBD';
SELECT name, round(value::numeric, 4) AS value, round(low::numeric, 4) AS low, round(high::numeric, 4) AS high, remark
FROM clv_test.with_covariates, retention.clv_diagnostics(fitted) WHERE model = 'bg/nbd' AND name ~ 'gamma|^a|correl';
SELECT clv_test.try($$(SELECT retention.p_alive(fitted, 1, 1, 2) FROM clv_test.with_covariates WHERE model = 'bg/nbd')$$);
SELECT clv_test.try($$(SELECT retention.p_alive(fitted, 1, 1, 2, covariates => '{1,NULL}') FROM clv_test.with_covariates WHERE model = 'bg/nbd')$$);
SELECT clv_test.try($$(SELECT count(*) FROM clv_test.sample, clv_test.with_covariates w, retention.clv(h, w.fitted, '1 year') WHERE w.model = 'bg/nbd')$$);

-- A model without amounts says so, once a query, and what to do.
SET client_min_messages = notice;
CREATE TABLE clv_test.no_amounts AS
SELECT retention.clv_fit(h, 'bg/nbd') AS fitted, h
FROM (SELECT retention.history_agg(member_id, ordered_on) AS h FROM cdnow WHERE member_id % 50 = 3) s;
SELECT count(*) AS members, count(c.expected_purchases) AS expected, count(c.expected_spend) AS spends, count(c.clv) AS values
FROM clv_test.no_amounts n, generate_series(1, 2), retention.clv(n.h, n.fitted, '1 year') c;
SELECT count(c.p_alive) AS alive, count(c.clv) AS values
FROM clv_test.no_amounts n, generate_series(1, 3) x, retention.clv_score(n.fitted, x, 5, 10, 30, '1 year') c;
SELECT count(c.clv) > 0 AS values FROM clv_test.sample s, clv_test.model m, retention.clv(s.h, m.fitted, '1 year') c WHERE m.model = 'bg/nbd';
-- Who asks for nothing but money gets an error.
SELECT retention.clv_value(fitted, 1, 5, 10, 30, '1 year') FROM clv_test.no_amounts;

-- Where hardly anybody is seen to leave, the diagnostics say so.
SELECT d.name, d.remark FROM retention.clv_diagnostics(retention.clv_fit((SELECT retention.history_agg(member_id, ordered_at, amount, 'day', 'UTC') FROM orders), 'mbg/nbd')) d WHERE name IN ('r', 'a', 'b');
