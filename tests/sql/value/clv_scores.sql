-- What a model expects of single customers: clv_score, and questions that no model answers soon.
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS scores_test CASCADE;
RESET client_min_messages;
CREATE SCHEMA scores_test;
CREATE TABLE scores_test.sample AS
SELECT retention.history_agg(member_id, ordered_on, amount) AS h FROM cdnow WHERE in_sample AND member_id % 20 = 0;
CREATE TABLE scores_test.models AS
SELECT model, retention.clv_fit(h, model, as_of => '1997-09-30') AS fitted
FROM scores_test.sample, unnest('{bg/nbd,mbg/nbd,pareto/nbd,nbd,mbg/cnbd-k}'::text[]) model
UNION ALL VALUES
  ('by hand', '{"model": "ggompertz/nbd", "parameters": {"r": 0.5, "alpha": 10, "b": 0.02, "s": 0.6, "beta": 2}}'::retention.clv_model),
  ('with a k', '{"model": "bg/cnbd-k", "parameters": {"k": 3, "r": 0.9, "alpha": 2, "a": 0.6, "b": 2},
    "covariance": [[0.01, 0, 0, 0], [0, 0.04, 0, 0], [0, 0, 0.01, 0], [0, 0, 0, 0.1]]}');

-- The columns of clv, member by member, with and without a horizon.
SELECT model, count(*) AS members, count(*) FILTER (WHERE (c.p_alive, c.p_alive_low, c.p_alive_high, c.expected_purchases, c.expected_purchases_low,
         c.expected_purchases_high, c.purchases, c.purchases_low, c.purchases_high, c.expected_spend, c.clv, c.clv_low, c.clv_high) IS DISTINCT FROM (s.p_alive,
         s.p_alive_low, s.p_alive_high, s.expected_purchases, s.expected_purchases_low, s.expected_purchases_high, s.purchases, s.purchases_low, s.purchases_high,
         s.expected_spend, s.clv, s.clv_low, s.clv_high)) AS wrong,
       count(c.p_alive_low) AS with_intervals, count(c.purchases_low) AS with_purchases
FROM scores_test.sample, scores_test.models, (VALUES (text '39 weeks'), (NULL)) v (horizon),
     retention.clv(h, fitted, horizon, 0.1, 0.3, '1997-09-30', 0.9) c,
     LATERAL (SELECT s.* FROM retention.clv_score(fitted, x, t_x, age, c.spend, horizon, 0.1, 0.3, 0.9) s) AS s (p_alive, p_alive_low,
              p_alive_high, expected_purchases, expected_purchases_low, expected_purchases_high, purchases, purchases_low, purchases_high, expected_spend, clv, clv_low, clv_high)
WHERE horizon IS NOT NULL OR model <> 'with a k' GROUP BY model ORDER BY model COLLATE "C";

-- Covariates: the score is that of the model without any whose parameters are the customer's own, and that of the single numbers.
CREATE TABLE scores_test.with_covariates AS
SELECT retention.clv_fit_agg(x, t_x, age, litt, spend, ARRAY[member % 3], 'week', 'bg/nbd') AS fitted
FROM scores_test.sample, retention.btyd(h, id => NULL::bigint, as_of => '1997-09-30');
SELECT z, round(s.p_alive::numeric, 6) = round(retention.p_alive(fitted, 3, 12, 30, covariates => ARRAY[z])::numeric, 6) AS p_alive,
       round(s.expected_purchases::numeric, 6) = round(retention.expected_purchases(fitted, 3, 12, 30, '1 year', ARRAY[z])::numeric, 6) AS expected,
       round(s.clv::numeric, 6) = round(retention.clv_value(fitted, 3, 12, 30, 40, '1 year', 0.1, 1, ARRAY[z])::numeric, 6) AS clv,
       p_alive_low < s.p_alive AND s.p_alive < p_alive_high AND clv_low < s.clv AND s.clv < clv_high AS ordered
FROM scores_test.with_covariates, unnest('{0,1,2}'::float8[]) z,
     retention.clv_score(fitted, 3, 12, 30, 40, '1 year', 0.1, covariates => ARRAY[z]) s;
-- Opportunities, and contracts, whose spend is what is paid a period.
SELECT model, age, round(p_alive::numeric, 3) AS p_alive, round(expected_purchases::numeric, 3) AS expected, round(expected_purchases_low::numeric, 3) AS low,
       round(expected_purchases_high::numeric, 3) AS high, purchases_low, purchases_high, round(clv::numeric, 2) AS clv, round(clv_low::numeric, 2) AS clv_low,
       round(clv_high::numeric, 2) AS clv_high
FROM (VALUES
    ('bg/bb', '{"model": "bg/bb", "parameters": {"alpha": 1.2, "beta": 0.75, "gamma": 0.66, "delta": 2.8}, "unit": "year",
      "covariance": [[0.01, 0, 0, 0], [0, 0.01, 0, 0], [0, 0, 0.01, 0], [0, 0, 0, 0.1]]}'::retention.clv_model, 4, 5, 6),
    ('sbg', '{"model": "sbg", "parameters": {"alpha": 0.7, "beta": 1.2}, "unit": "year", "covariance": [[0.002, 0], [0, 0.03]]}', 0, 0, 0),
    ('sbg', '{"model": "sbg", "parameters": {"alpha": 0.7, "beta": 1.2}, "unit": "year", "covariance": [[0.002, 0], [0, 0.03]]}', 0, 0, 6),
    ('left', '{"model": "sbg", "parameters": {"alpha": 0.7, "beta": 1.2}, "unit": "year", "covariance": [[0.002, 0], [0, 0.03]]}', 1, 6, 6))
    v (model, fitted, x, t_x, age), retention.clv_score(fitted, x, t_x, age, 50, '5 years', 0.1) ORDER BY 1, 2;

CREATE FUNCTION scores_test.try(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE state text; message text; hint text; result text;
BEGIN
  EXECUTE 'SELECT s::text FROM ' || query || ' s' INTO result;
  RETURN coalesce(result, 'no row');
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
  RETURN state || ': ' || message || ' / ' || hint;
END $$;
CREATE FUNCTION scores_test.nbd() RETURNS retention.clv_model LANGUAGE sql AS
  $$ SELECT '{"model": "nbd", "parameters": {"r": 0.4, "alpha": 12}}'::retention.clv_model $$;
SELECT call, scores_test.try('retention.' || call) FROM unnest(ARRAY[
  'clv_score(NULL, 1, 1, 2)', 'clv_score(scores_test.nbd(), NULL, 1, 2, NULL, ''1 week'')', 'clv_score(scores_test.nbd(), 1, 1, 2)',
  'clv_score(scores_test.nbd(), 1, 3, 2, NULL, ''1 week'')', 'clv_score(scores_test.nbd(), 0, 0, 0, NULL, ''0 days'')',
  'clv_score(scores_test.nbd(), 1, 1, 2, ''NaN'', ''1 week'')', 'clv_score(scores_test.nbd(), 1, 1, 2, NULL, ''1 week'', covariates => ''{1}'')',
  'clv_score(scores_test.nbd(), 1, 1, 2, NULL, ''1 week'', confidence => 2)', 'clv_score(scores_test.nbd(), 1, 1, 1e300, NULL, ''1 week'')',
  'p_alive((SELECT fitted FROM scores_test.with_covariates), 1, 1, 2)',
  'p_alive(''{"model": "bg/bb", "parameters": {"alpha": 1.2, "beta": 0.75, "gamma": 0.66, "delta": 2.8}}'', 3, 2, 6)',
  'p_alive(''{"model": "bg/bb", "parameters": {"alpha": 1.2, "beta": 0.75, "gamma": 0.66, "delta": 2.8}}'', 0, 0, 1e9)',
  'clv_value(''{"model": "sbg", "parameters": {"alpha": 0.7, "beta": 1.2}, "unit": "day"}'', 0, 0, 0, 1, NULL, 1e-9)',
  'purchases_distribution(scores_test.nbd(), ''1 week'', 9223372036854775807)',
  'expected_spend(''{"model": "nbd", "parameters": {"r": 1, "alpha": 2}, "spend": {"model": "gamma-gamma", "parameters": {"p": 1e50, "q": 4,
     "gamma": 1}}}'', 3, 1e300)']) call;

-- Models that nobody means.
SELECT call, scores_test.try(format('(SELECT %s::retention.clv_model)', call)) FROM unnest(ARRAY[
  $$concat('{"model": "nbd", "parameters": {"r": 1e300, "alpha": 12}}')$$, $$concat('{"model": "nbd", "parameters": {"r": 1, "alpha": 1e-300}}')$$,
  $$concat('{"model": "bg/nbd", "parameters": {"gamma1_1": 1e300, "gamma2_1": 1, "gamma3_1": 1, "r": 1, "alpha": 1, "a": 1, "b": 1}}')$$,
  $$repeat('[', 250000)$$, $$repeat('{"model": "nbd", "spend": ', 9000)$$, $$concat('{"model": "', repeat('x', 1000000))$$,
  $$concat('{"model": "nbd", "parameters": {"r": 1, "alpha": 12}, "covariance": [', repeat('[1],', 50000), '[1]]}')$$]) call;

-- A probability is one. (Sums of a thousand million terms: whole/cancel.sql.)
SELECT retention.p_alive('{"model": "bg/nbd", "parameters": {"r": 0.25, "alpha": 4, "a": 0.8, "b": 2.4}}', 999999999, 1e6, 1e6, '1 day') <= 1 AS probability;
