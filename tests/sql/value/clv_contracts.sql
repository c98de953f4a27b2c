-- Models of contracts, fitted to memberships.
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS contracts_test CASCADE;
RESET client_min_messages;
CREATE SCHEMA contracts_test;

-- Fader and Hardie 2007: two segments of a thousand members, of whom so many are left after each of seven years (theirs: alpha
-- 0.704, beta 1.182; alpha 0.668, beta 3.806). As members who joined on one day it is the same fit as from the table.
CREATE TABLE contracts_test.survivors AS
SELECT segment, year - 1 AS year, members FROM (VALUES
  ('regular', ARRAY[1000, 631, 468, 382, 326, 289, 262, 241]),
  ('high end', ARRAY[1000, 869, 743, 653, 593, 551, 517, 491])) v (segment, numbers), unnest(numbers) WITH ORDINALITY u (members, year);
CREATE TABLE contracts_test.segments AS
SELECT segment, joined, retention.membership_agg(i::bigint, joined, ended) AS m
FROM (VALUES ('regular', date '2001-01-01'), ('high end', '2004-02-29')) v (segment, joined), generate_series(1, 1000) i,
  LATERAL (SELECT (joined + make_interval(years => min(year)::int))::date AS ended FROM contracts_test.survivors s
           WHERE s.segment = v.segment AND members < i) e
GROUP BY segment, joined;
CREATE TABLE contracts_test.fits AS
SELECT segment, model, retention.clv_fit(m, model, 'year', (joined + interval '7 years')::date) AS fitted
FROM contracts_test.segments, unnest('{sbg,BDW}'::text[]) model;
SELECT segment, model, key, round(value::numeric, 3) AS value
FROM contracts_test.fits, jsonb_each_text(fitted::jsonb -> 'parameters') ORDER BY 1, 2, 3;
SELECT f.segment, f.model, f.fitted::jsonb ->> 'as_of' AS as_of, f.fitted::jsonb ->> 'customers' AS customers,
       f.fitted::jsonb - 'as_of' = retention.clv_fit_survivors_agg(s.year, s.members, f.model)::jsonb AS same_as_table
FROM contracts_test.fits f JOIN contracts_test.survivors s USING (segment) GROUP BY f.segment, f.model, f.fitted::text, f.fitted::jsonb
ORDER BY 1, 2;
-- A day earlier, the renewals of the seventh year are not known yet.
SELECT segment, retention.clv_fit(m, 'sbg', 'year', (joined + interval '7 years')::date - 1)::jsonb - 'as_of'
                = retention.clv_fit_survivors_agg(s.year, s.members)::jsonb AS six_years
FROM contracts_test.segments JOIN contracts_test.survivors s USING (segment) WHERE s.year < 7 GROUP BY segment, joined, m::text, m
ORDER BY 1;
-- By default, as_of is the last day on which somebody joined or left.
SELECT segment, retention.clv_fit(m, period => 'YEAR')::text = fitted::text AS same
FROM contracts_test.segments JOIN contracts_test.fits USING (segment) WHERE model = 'sbg' ORDER BY 1;

-- Five thousand members who joined on two years' days, and leave on any day of a month; some come back, some renew by new spells.
CREATE TABLE contracts_test.spells AS
SELECT i::bigint AS member, joined, CASE WHEN stay < 2000 THEN joined + stay END AS ended
FROM (SELECT i, date '2022-01-05' + (i * 37 % 731) AS joined,
             1 + (30 * ((i * 7919) % 10007 + 1) / (5 + (i * 104729) % 2003)) AS stay FROM generate_series(1, 5000) i) t;
CREATE TABLE contracts_test.renewed AS
SELECT member, joined, CASE WHEN member % 3 = 0 AND coalesce(ended, '2030-01-01') - joined > 40 THEN joined + 40 ELSE ended END AS ended
FROM contracts_test.spells
UNION ALL SELECT member, joined + 40, ended FROM contracts_test.spells WHERE member % 3 = 0 AND coalesce(ended, '2030-01-01') - joined > 40
UNION ALL SELECT member, ended + 9, NULL FROM contracts_test.spells WHERE member % 5 = 0 AND ended IS NOT NULL;
-- By plain SQL: the renewals up to as_of, and the first of them on whose day the member is out.
CREATE TABLE contracts_test.tenures AS
SELECT period, as_of, member, max(n) FILTER (WHERE day <= as_of) AS seen, min(n) FILTER (WHERE n > 0 AND ended <= day AND day <= as_of) AS n_left
FROM contracts_test.spells,
  (VALUES ('month', interval '1 month', 30), ('week', '7 days', 130), ('quarter', '3 months', 12), ('28 days', '28 days', 40),
          ('year', '1 year', 5)) p (period, length, most),
  (VALUES (date '2023-06-30'), ('2024-02-29')) a (as_of), generate_series(0, most) n, LATERAL (SELECT (joined + n * length)::date AS day) d
WHERE joined <= as_of GROUP BY period, as_of, member;
CREATE TABLE contracts_test.pooled AS
SELECT period, as_of, model, retention.clv_fit(m, model, period, as_of) AS fitted
FROM (SELECT retention.membership_agg(member, joined, ended) AS m FROM contracts_test.renewed) s,
  (SELECT DISTINCT period, as_of FROM contracts_test.tenures) t, unnest('{sbg,bdw}'::text[]) model;
-- The same as from a row for every member: x says whether it left, age for how many periods it stayed.
SELECT p.period, p.as_of, p.model, p.fitted::jsonb ->> 'customers' AS members, p.fitted::jsonb ->> 'unit' AS unit,
       (p.fitted::jsonb - 'as_of' - 'unit')::text = (retention.clv_fit_agg(
         (n_left IS NOT NULL)::int, coalesce(n_left, 0), coalesce(n_left, seen), NULL, p.model)::jsonb - 'unit')::text AS same
FROM contracts_test.pooled p JOIN contracts_test.tenures t USING (period, as_of) WHERE seen > 0
GROUP BY p.period, p.as_of, p.model, p.fitted::text, p.fitted::jsonb ORDER BY 1, 2, 3 DESC;
-- The maxima that SciPy 1.17 finds for sums of log(S(n - 1) - S(n)) and log S(n), S(t) = B(alpha, beta + t^c) / B(alpha, beta).
SELECT p.as_of, p.model, count(*) AS numbers,
       count(*) FILTER (WHERE abs(coalesce(fitted::jsonb -> 'parameters' ->> name, fitted::jsonb ->> name)::float8 / value - 1) > 1e-5) AS wrong
FROM contracts_test.pooled p JOIN (VALUES
    (date '2023-06-30', 'bdw', 'alpha', 1.482976), ('2023-06-30', 'bdw', 'beta', 14.672887), ('2023-06-30', 'bdw', 'c', 1.355728),
    ('2023-06-30', 'bdw', 'log_likelihood', -6562.736692),
    ('2024-02-29', 'sbg', 'alpha', 5.365102), ('2024-02-29', 'sbg', 'beta', 35.009477), ('2024-02-29', 'sbg', 'log_likelihood', -11118.530858),
    ('2024-02-29', 'bdw', 'alpha', 1.130282), ('2024-02-29', 'bdw', 'beta', 11.23916), ('2024-02-29', 'bdw', 'c', 1.413752),
    ('2024-02-29', 'bdw', 'log_likelihood', -11046.860248)) v (as_of, model, name, value) USING (as_of, model)
WHERE p.period = 'month' GROUP BY 1, 2 ORDER BY 1, 2;
-- Where there is no maximum, it says so: leaving that becomes likelier is not sbg's, and one or two renewals tell too little.
SELECT period, as_of, model, fitted::jsonb ->> 'reason' AS reason, fitted::jsonb ->> 'advice' AS advice
FROM contracts_test.pooled WHERE NOT (fitted::jsonb ->> 'converged')::boolean ORDER BY 1, 2, 3;

-- Asking. The discounted expected residual lifetime of Fader and Hardie 2010, by Gauss's function in SciPy, of members with so many
-- renewals right before the next payment, at 10 percent a year; here that payment is a year away.
CREATE TABLE contracts_test.models (segment text, fitted retention.clv_model);
INSERT INTO contracts_test.models VALUES
  ('regular', '{"model": "sbg", "parameters": {"alpha": 0.704, "beta": 1.182}, "unit": "year"}'),
  ('high end', '{"model": "sbg", "parameters": {"alpha": 0.668, "beta": 3.806}, "unit": "year"}');
SELECT segment, renewals, round((1.1 * retention.clv_value(fitted, 0, 0, renewals, 1, NULL, 0.1))::numeric, 6) AS derl, theirs
FROM contracts_test.models JOIN (VALUES
    ('regular', 0, 2.964662), ('regular', 1, 4.103459), ('regular', 4, 5.894423),
    ('high end', 0, 5.414856), ('high end', 1, 5.901753), ('high end', 4, 6.897057)) v (segment, renewals, theirs) USING (segment)
ORDER BY 1, 2;
-- Who has left, at the end of the second year, has left. Of who has not, the chances of so many renewals add up to one.
SELECT segment, retention.p_alive(fitted, 1, 2, 2) AS p_alive, retention.expected_purchases(fitted, 1, 2, 2, '3 years') AS renewals,
       retention.clv_value(fitted, 1, 2, 2, 100, NULL, 0.1) AS value, retention.purchases_distribution(fitted, 1, 2, 2, '3 years', 0) AS none
FROM contracts_test.models ORDER BY 1;
SELECT segment, sum(retention.purchases_distribution(fitted, 0, 0, 2, '3 years', n)) AS total,
       round((sum(n * retention.purchases_distribution(fitted, 0, 0, 2, '3 years', n))
              - min(retention.expected_purchases(fitted, 0, 0, 2, '3 years')))::numeric, 12) AS difference,
       round((min(retention.p_alive(fitted, 0, 0, 2, '3 years')) - max(retention.p_alive(fitted, 0, 0, 0, '5 years'))
              / max(retention.p_alive(fitted, 0, 0, 0, '2 years')))::numeric, 12) AS conditional
FROM contracts_test.models, generate_series(0, 3) n GROUP BY segment ORDER BY 1;

-- At the edges.
CREATE FUNCTION contracts_test.try(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE state text; message text; hint text; result text;
BEGIN
  EXECUTE 'SELECT (' || query || ')::text' INTO result;
  RETURN coalesce(result, 'NULL');
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
  RETURN state || ': ' || message || ' / ' || hint;
END $$;
CREATE TABLE contracts_test.one AS SELECT retention.membership_agg(1, date '2020-01-01', NULL) AS m;
SELECT call, contracts_test.try(call) FROM unnest(ARRAY[
  'retention.clv_fit(NULL::retention.memberships)', $$retention.clv_fit(NULL::retention.memberships, 'bg/nbd')$$,
  $$retention.clv_fit(NULL::retention.memberships, 'auto')$$, $$retention.clv_fit(NULL::retention.memberships, period => 'hour')$$,
  $$retention.clv_fit(NULL::retention.memberships, period => '24 hours')$$,
  $$retention.clv_fit(NULL::retention.memberships, as_of => 'infinity')$$,
  $$(SELECT retention.clv_fit(m) FROM contracts_test.one)$$,
  $$(SELECT retention.clv_fit(m, NULL, NULL, '2020-05-01') FROM contracts_test.one)$$,
  $$(SELECT retention.clv_fit(m, as_of => '2019-05-01') FROM contracts_test.one)$$,
  $$(SELECT retention.p_alive(retention.clv_fit(m, as_of => '2020-05-01'), 0, 0, 3, '1 month') FROM contracts_test.one)$$,
  $$(SELECT retention.clv_fit_agg(x, 0, 2.5, NULL, 'sbg') FROM generate_series(0, 1) x)$$,
  $$(SELECT retention.clv_fit_agg(x, 0, 0, NULL, 'sbg') FROM generate_series(0, 1) x)$$,
  $$(SELECT retention.expected_spend(fitted, 1, 20) FROM contracts_test.models LIMIT 1)$$,
  $$(SELECT retention.clv_value(fitted, 0, 0, 1, NULL, '1 year') FROM contracts_test.models LIMIT 1)$$,
  $$(SELECT retention.clv_value(fitted, 0, 0, 1, 'NaN', '1 year') FROM contracts_test.models LIMIT 1)$$,
  $$(SELECT retention.clv_value(fitted, 0, 0, 1, 10) FROM contracts_test.models LIMIT 1)$$,
  $$(SELECT retention.p_alive(fitted, 2, 1, 1) FROM contracts_test.models LIMIT 1)$$,
  $$(SELECT count(*) FROM contracts_test.models, (SELECT retention.history_agg(1, date '2020-01-01') AS h) s,
      retention.clv(h, fitted, '1 year'))$$
]) call;
