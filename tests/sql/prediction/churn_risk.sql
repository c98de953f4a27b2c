-- Who will leave: the features and the dataset against plain SQL and the churn ledger, models against what they must say.
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET search_path = public, retention;
SET client_min_messages = warning;
\set ECHO none
SELECT to_regclass('public.orders') IS NULL AS load \gset
\if :load
\i demo/load.sql
\endif
\set ECHO all
RESET client_min_messages;

CREATE TEMP TABLE data AS
  SELECT 'shop' AS data, date '2011-12-09' AS last, history_agg(member_id, ordered_at, amount, 'day', 'UTC') AS h FROM orders
  UNION ALL SELECT 'cdnow', '1998-06-30', history_agg(member_id, ordered_on, amount) FROM cdnow;
CREATE TEMP TABLE days AS
  SELECT 'shop' AS data, member_id AS member, ordered_at::date AS day, count(*) AS events, sum(amount) AS amount FROM orders GROUP BY 2, 3
  UNION ALL SELECT 'cdnow', member_id, ordered_on, count(*), sum(amount) FROM cdnow GROUP BY 2, 3;

-- Every feature, computed again from its definition. prior: two gaps of half a horizon.
CREATE FUNCTION pg_temp.far(a float8, b float8) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT (a IS NULL) <> (b IS NULL) OR coalesce(abs(a - b) > 1e-6 * greatest(1, abs(b)), false)
$$;
CREATE FUNCTION pg_temp.differences(of text, as_of date, hz int, OUT members bigint, OUT differing bigint, OUT in_numbers bigint) LANGUAGE sql AS $$
  WITH d AS (
    SELECT *, (day - lag(day) OVER w)::float8 AS gap, min(day) OVER (PARTITION BY member) AS first, max(day) OVER (PARTITION BY member) AS last_day
    FROM days WHERE days.data = of AND day <= as_of WINDOW w AS (PARTITION BY member ORDER BY day)
  ),
  m AS (
    SELECT member, as_of - max(day) AS silent, as_of - min(day) AS tenure, count(*) AS n_days, sum(events) AS events, sum(amount) AS amount,
           sum(amount) FILTER (WHERE day = last_day) AS amount_last, count(gap) AS gaps, (max(day) - min(day))::float8 AS total,
           avg(gap) AS gap_mean, stddev_samp(gap) AS gap_sd, max(gap) AS gap_max, sum(gap) FILTER (WHERE day = last_day) AS gap_last, sum(gap * gap) AS squares,
           sum(gap * ln(gap)) AS entropy,
           count(*) FILTER (WHERE day > as_of - round(hz / 4.0)::int) AS q, count(*) FILTER (WHERE day > as_of - round(hz / 2.0)::int) AS half,
           count(*) FILTER (WHERE day > as_of - hz) AS one, count(*) FILTER (WHERE day > as_of - 2 * hz) AS two, count(*) FILTER (WHERE day > as_of - 4 * hz) AS four,
           coalesce(sum(amount) FILTER (WHERE day > as_of - round(hz / 2.0)::int), 0) AS a_half,
           coalesce(sum(amount) FILTER (WHERE day > as_of - hz), 0) AS a_one, coalesce(sum(amount) FILTER (WHERE day > as_of - 2 * hz), 0) AS a_two
    FROM d GROUP BY member
  ),
  e AS (
    SELECT *, (total + hz) / (gaps + 2) AS shrunk, hz / 2.0 AS prior, greatest(amount::float8 / n_days, 1e-6) AS own FROM m
  ),
  x AS (
    SELECT *, sqrt((coalesce(squares, 0) - 2 * shrunk * total + gaps * shrunk * shrunk + 2 * prior * prior) / (gaps + 2)) AS spread FROM e
  )
  SELECT count(*),
         count(*) FILTER (WHERE x.member IS NULL OR f.member IS NULL OR (f.silent_days, f.tenure_days, f.active_days, f.events, f.gap_max, f.gap_last)
             IS DISTINCT FROM (x.silent, x.tenure, x.n_days, x.events, x.gap_max::int, x.gap_last::int)
           OR (f.days_quarter, f.days_half, f.days_1, f.days_2, f.days_4) IS DISTINCT FROM (x.q, x.half, x.one, x.two, x.four)),
         count(*) FILTER (WHERE pg_temp.far(f.gap_mean, x.gap_mean) OR pg_temp.far(f.gap_sd, x.gap_sd) OR pg_temp.far(f.gap_shrunk, shrunk)
           OR pg_temp.far(f.gap_cv, x.gap_sd / x.gap_mean) OR pg_temp.far(f.overdue_ratio, silent / shrunk) OR pg_temp.far(f.overdue_z, (silent - shrunk) / spread)
           OR pg_temp.far(f.silence_tail, -(gaps + 2) * ln(1 + silent / (total + hz))) OR pg_temp.far(f.silence_of_longest, silent / x.gap_max)
           OR pg_temp.far(f.clumpiness, CASE WHEN gaps > 0 THEN 1 - (ln(tenure) - (entropy + CASE WHEN silent > 0 THEN silent * ln(silent::float8) ELSE 0 END) / tenure) / ln(gaps + 1::float8) END)
           OR pg_temp.far(f.amount::float8, x.amount::float8) OR pg_temp.far(f.amount_per_day::float8, x.amount::float8 / n_days) OR pg_temp.far(f.amount_last::float8, x.amount_last::float8)
           OR pg_temp.far(f.amount_half::float8, a_half::float8) OR pg_temp.far(f.amount_1::float8, a_one::float8) OR pg_temp.far(f.amount_2::float8, a_two::float8)
           OR pg_temp.far(f.events_per_day, x.events::float8 / n_days) OR pg_temp.far(f.days_trend, ln((one + 1::float8) / (two - one + 1)))
           OR pg_temp.far(f.amount_trend, ln((a_one::float8 + own) / ((a_two - a_one)::float8 + own))))
  FROM x FULL JOIN (SELECT f.* FROM data d, churn_features(h, id => NULL::bigint, horizon => hz || ' days', as_of => as_of) f WHERE d.data = of) f USING (member)
$$;
SELECT data, as_of, horizon, d.* FROM (VALUES ('shop', date '2011-12-09', 90), ('shop', '2011-07-01', 28), ('cdnow', '1998-03-31', 60)) q (data, as_of, horizon),
  pg_temp.differences(data, as_of, horizon) d;

-- The dataset counts what the ledger of a silence as long as the horizon counts.
SELECT data, count(*) AS anchors, count(*) FILTER (WHERE (d.members, d.churned) IS DISTINCT FROM (c.opening, c.churned)) AS differing, sum(c.churned) > 1000 AS enough
FROM (SELECT data, h, anchor, count(*) AS members, count(*) FILTER (WHERE churned) AS churned
      FROM data, churn_dataset(h, horizon => '60 days', as_of => last) d GROUP BY data, h, anchor) d
     LEFT JOIN LATERAL (SELECT * FROM churn(h, period => '60 days', silence => '60 days', as_of => (SELECT last FROM data WHERE data.data = d.data))) c
       ON c.period_start = d.anchor + 1
GROUP BY data ORDER BY data;
-- Its features are those of churn_features as of the anchor; nothing after the anchor is in them.
SELECT count(*) AS rows, count(*) FILTER (WHERE (SELECT bool_or(pg_temp.far(a, b)) FROM unnest(d.features, f.features) u (a, b))) AS differing
FROM data, churn_dataset(h, horizon => '3 months', anchors => 2, as_of => last) d
     JOIN LATERAL (SELECT f.member, ARRAY[silent_days, overdue_ratio, overdue_z, silence_tail, silence_of_longest, gap_mean, gap_shrunk, gap_sd, gap_cv, gap_max, gap_last, clumpiness,
                      active_days, events, events_per_day, days_quarter, days_half, days_1, days_2, days_4, amount, amount_per_day, amount_last, amount_half, amount_1, amount_2,
                      days_trend, amount_trend, tenure_days]::float8[] AS features
                   FROM churn_features(slice(h, to_date => '2011-09-09'), horizon => '3 months', as_of => '2011-09-09') f) f ON f.member = d.member
WHERE data = 'shop' AND d.anchor = '2011-09-09' AND d.member LIKE '%7';
SELECT population, count(*) AS rows, count(DISTINCT anchor) AS anchors, count(DISTINCT member) AS members, round(avg(churned::int), 3) AS churned
FROM data, (VALUES ('active'), ('all')) p (population), churn_dataset(h, '90 days', population, as_of => last) WHERE data = 'cdnow' GROUP BY 1 ORDER BY 1;
SELECT d.member, d.anchor, d.churned, array_length(d.features, 1) AS features, d.features[1:2] AS first, d.features[6] IS NULL AS no_gap
FROM data, churn_dataset(h, id => 12346::bigint, horizon => '90 days', population => 'all', as_of => last) d WHERE data = 'shop';

-- Models. What they say is held against scikit-learn and brute force in model/prediction; here they must be as good as they were found to be.
CREATE TEMP TABLE fitted AS
SELECT data, method, h, last, churn_fit(h, horizon => '60 days', method => method, step => '30 days', as_of => last) AS fitted
FROM data, (VALUES ('auto'), ('logit'), ('boosted')) m (method);
SELECT data, method, t.measure, t.value BETWEEN a AND b AS as_found, t.value BETWEEN t.low AND t.high AS inside
FROM fitted JOIN (VALUES ('shop', 'auc', 0.72, 0.78), ('cdnow', 'auc', 0.70, 0.76), ('shop', 'log_loss', 0.50, 0.60), ('cdnow', 'log_loss', 0.55, 0.64)) e (data, measure, a, b) USING (data),
     churn_test(fitted) t WHERE t.measure = e.measure ORDER BY 1, 2, 3;
SELECT data, t.measure, CASE measure WHEN 'auc' THEN t.value > t.baseline ELSE t.value < t.baseline END AS better FROM fitted, churn_test(fitted) t WHERE method = 'auto' AND measure IN ('auc', 'log_loss') ORDER BY 1, 2;
SELECT data, t.measure, t.remark FROM fitted, churn_test(fitted) t WHERE method = 'auto' AND remark LIKE '%year%' ORDER BY 1, 2;
SELECT data, count(*) AS bins, bool_and(predicted <= lag) AS descending, count(*) FILTER (WHERE observed BETWEEN observed_low AND observed_high) AS in_order
FROM (SELECT data, c.*, lag(predicted, 1, 1) OVER (PARTITION BY data ORDER BY bin) FROM fitted, churn_calibration(fitted) c WHERE method = 'auto') c GROUP BY data ORDER BY data;
SELECT data, round(share_contacted::numeric, 2) AS contacted, share_of_churners > share_contacted AS more, lift > 1 AS lifted,
       abs(profit - (share_of_churners * gone * 0.2 * 100 - contacted * 5)) < 1e-6 AS profit
FROM fitted, churn_lift(fitted, value => 100, cost => 5, saved => 0.2), LATERAL (SELECT exp(sum(ln(t.value))) AS gone FROM churn_test(fitted) t WHERE measure IN ('test_churned', 'test_rows')) t
WHERE method = 'auto' AND share_contacted BETWEEN 0.18 AND 0.22 ORDER BY 1;
SELECT count(*) AS steps, count(profit) AS profits, max(share_of_churners) AS all_of_them FROM fitted, churn_lift(fitted) WHERE method = 'logit' AND data = 'shop';
SELECT count(*) AS features, round(sum(share)::numeric, 9) AS shares, bool_and(auc BETWEEN 0.5 AND 1) AS areas FROM fitted, churn_importance(fitted) WHERE method = 'auto' AND data = 'shop';

-- Risks: of the population alone, and of one member what they are of all; reasons add up to the log-odds.
SELECT data, count(*) AS members, count(*) = (SELECT count(*) FROM churn_features(f.h, '60 days', as_of => f.last) WHERE silent_days < 60) AS of_the_population,
       bool_and(risk BETWEEN risk_low AND risk_high AND risk_low > 0 AND risk_high < 1) AS inside, count(expected_loss) AS losses
FROM fitted f, churn_risk(f.h, f.fitted, as_of => f.last) r WHERE method = 'auto' GROUP BY data, f.h, f.last ORDER BY data;
SELECT r.member, r = o AS same FROM fitted, churn_risk(h, id => 12347::bigint, fitted => fitted, as_of => last) o,
  LATERAL (SELECT * FROM churn_risk(h, id => NULL::bigint, fitted => fitted, as_of => last) r WHERE member = 12347) r WHERE method = 'auto' AND data = 'shop';
SELECT count(*) AS members, count(DISTINCT round(base::numeric, 9)) AS bases, max(abs(risk_without - 1 / (1 + exp(first_effect - odds)))) < 1e-9 AS without
FROM (SELECT r.member, ln(risk / (1 - risk)) - sum(effect) AS base, ln(risk / (1 - risk)) AS odds, max(effect) AS first_effect, min(risk_without) AS risk_without
      FROM fitted, churn_risk(h, fitted, as_of => last) r JOIN LATERAL (SELECT * FROM churn_reasons(h, fitted, top => 6, as_of => last)) w ON w.member = r.member
      WHERE method = 'auto' AND data = 'shop' GROUP BY r.member, risk) s;
SELECT w.rank, w.reason, round(value::numeric, 1) AS value, round(typical::numeric, 1) AS typical FROM fitted, churn_reasons(h, fitted, 6, as_of => last) w WHERE method = 'logit' AND data = 'shop' AND member = '12347';
SELECT w.rank, w.reason FROM fitted, churn_reasons(h, fitted, top => 6, language => 'zh', as_of => last) w WHERE method = 'logit' AND data = 'shop' AND member = '12347';
-- Expected loss: the risk times what clv's own functions expect of a member who buys.
CREATE TEMP TABLE spending AS SELECT r.* , b.x::float8 AS x, b.t_x, b.age, b.spend, v
FROM (SELECT h, fitted, last, clv_fit(h, as_of => last) AS v FROM fitted WHERE method = 'auto' AND data = 'shop' OFFSET 0) f, churn_risk(h, fitted, value_model => v, as_of => last) r JOIN LATERAL (SELECT * FROM btyd(h, as_of => last)) b USING (member);
SELECT count(*) AS members, count(*) FILTER (WHERE abs(expected_loss - expected) > 1e-5 * greatest(1, expected)) AS differing, sum(expected_loss) > 0 AS some
FROM (SELECT *, (risk * expected_purchases(v, x, t_x, age, '60 days') / (1 - purchases_distribution(v, x, t_x, age, '60 days', 0)) * expected_spend(v, x, spend))::numeric AS expected FROM spending) s;
-- A row scored by itself is what the history is scored as; the type keeps every bit.
SELECT data, count(*) AS members, max(abs(r.risk - churn_score(fitted, to_jsonb(f) - 'member'))) < 1e-12 AS by_name
FROM fitted, churn_risk(h, fitted, as_of => last) r JOIN LATERAL (SELECT f.* FROM churn_features(h, '60 days', as_of => last) f) f USING (member) WHERE method = 'auto' GROUP BY data ORDER BY data;
SELECT data, method, fitted::text::churn_model::text = fitted::text AS text, fitted::jsonb::churn_model::jsonb = fitted::jsonb AS jsonb, fitted::bytea::churn_model::text = fitted::text AS bytea FROM fitted ORDER BY 1, 2;
-- A row of the dataset, whose features are told by their places, is what the history is scored as: of the members of its anchor.
SELECT data, count(*) AS members, max(abs(r.risk - churn_score(fitted, features))) < 1e-12 AS by_place, min(r.risk) < max(r.risk) AS differing
FROM fitted f, churn_dataset(h, '60 days', anchors => 1, as_of => last) d JOIN LATERAL (SELECT * FROM churn_risk(h, f.fitted, as_of => last - 60)) r USING (member) WHERE method = 'auto' GROUP BY data ORDER BY data;
CREATE TEMP TABLE bare AS
SELECT b.h, churn_fit(b.h, '60 days', step => '30 days') AS fitted FROM (SELECT history_agg(member_id, ordered_at::date) AS h FROM orders) b;
SELECT count(*) AS members, max(abs(r.risk - churn_score(fitted, features))) < 1e-12 AS by_place, min(r.risk) < max(r.risk) AS differing
FROM bare, churn_dataset(h, '60 days', anchors => 1) d JOIN LATERAL (SELECT * FROM churn_risk(h, fitted, as_of => (SELECT max(anchor) FROM churn_dataset(h, '60 days', anchors => 1)))) r USING (member);
SELECT '\x7b7d'::bytea::churn_model;
SELECT churn_score(fitted, '{1,2}'::float8[]) FROM bare;
-- A model of arrays has no feature for a number that no row knows, and scores the rows that it was fitted to.
CREATE TEMP TABLE bare_rows AS SELECT d.* FROM bare, churn_dataset(h, '60 days') d;
SELECT count(*) AS rows, (SELECT count(*) FROM (SELECT churn_fit_agg(member, anchor, churned, features, 'logit') AS f FROM bare_rows) m, churn_importance(f)) AS features, bool_and(churn_score(f, features) = churn_score(f, jsonb)) AS by_number, min(churn_score(f, features)) < max(churn_score(f, features)) AS differing
FROM (SELECT churn_fit_agg(member, anchor, churned, features, 'logit') AS f FROM bare_rows) m,
  bare_rows, LATERAL (SELECT jsonb_object_agg(number, x) AS jsonb FROM unnest(features) WITH ORDINALITY u (x, number)) j;
SELECT churn_score(f, features[1:20]) FROM (SELECT churn_fit_agg(member, anchor, churned, features, 'logit') AS f FROM bare_rows) m, bare_rows LIMIT 1;
-- Parts, other orders, parallel plans: the same bytes.
SELECT churn_fit((SELECT rollup(h) FROM (SELECT history_agg(member_id, ordered_at, amount, 'day', 'UTC') AS h FROM orders GROUP BY order_id % 5) p), '60 days', step => '30 days', as_of => '2011-12-09')::text = fitted::text AS parts,
       churn_fit((SELECT history_agg(member_id, ordered_at, amount, 'day', 'UTC') FROM (SELECT * FROM orders ORDER BY amount) o), '60 days', step => '30 days', as_of => '2011-12-09')::text = fitted::text AS order
FROM fitted WHERE method = 'auto' AND data = 'shop';

-- Tables: the dataset as one is fitted as the history is, but for the scale of its numbers.
CREATE TEMP TABLE examples AS SELECT d.* FROM data, churn_dataset(h, '60 days', as_of => last) d WHERE data = 'shop';
SELECT t.measure, t.value BETWEEN 0.70 AND 0.78 AS as_found FROM (SELECT churn_fit_agg(member, anchor, churned, features) AS f FROM examples) s, churn_test(f) t WHERE measure = 'auc';
SELECT churn_fit_agg(member, anchor, churned, features, 'logit')::text = (SELECT churn_fit_agg(member, anchor, churned, features, 'logit')::text FROM (SELECT * FROM examples ORDER BY features) e) AS same FROM examples;
CREATE TEMP TABLE customers AS
SELECT i AS id, (ARRAY['basic', 'plus', 'gold'])[1 + i % 3] AS plan, i * 37 % 101 AS calls, CASE WHEN i % 9 > 0 THEN i * 13 % 29 END AS age, i % 2 = 0 AS online,
       (i * 7919 % 1000) / 1000.0 < 1 / (1 + exp(-(CASE i % 3 WHEN 0 THEN (i * 37 % 101 - 50) / 12.0 ELSE -1 END))) AS churned
FROM generate_series(1::bigint, 3000) i;
CREATE TEMP TABLE model AS SELECT churn_fit_agg(id, NULL, churned, to_jsonb(c) - '{id,churned}'::text[]) AS m FROM customers c;
SELECT t.measure, round(t.value::numeric, 1) AS value FROM model, churn_test(m) t WHERE measure IN ('auc', 'rows', 'members', 'anchors', 'test_rows') ORDER BY 1;
SELECT feature, category FROM model, churn_importance(m) ORDER BY 1, 2;
SELECT churn_score(m, '{"plan": "basic", "calls": 95, "online": true}'::jsonb) > 0.9 AS leaves, churn_score(m, '{"plan": "gold", "calls": 95, "age": 3, "online": true}'::jsonb) < 0.5 AS stays,
       churn_score(m, '{"plan": "new", "calls": 95}'::jsonb) = churn_score(m, '{"plan": "unheard", "calls": 95, "other": 1}'::jsonb) AS another, churn_score(m, NULL::jsonb) AS nothing FROM model;
SELECT r.rank, r.reason, round(r.value::numeric) AS value FROM model, churn_reasons(m, '{"plan": "basic", "calls": 95, "age": null, "online": true}', top => 4) r;
SELECT r.reason FROM model, churn_reasons(m, '{"plan": "basic", "calls": 95, "age": null, "online": true}', top => 4, language => 'zh') r;
SELECT churn_fit_agg(id, NULL, churned, jsonb_build_object('a', calls)) IS NOT NULL AS fitted FROM (SELECT id, nullif(churned, id = 7) AS churned, calls FROM customers) c;

-- Little: nobody, one member, nobody left, one anchor; and what is refused.
SELECT churn_fit(NULL::history, '60 days') IS NULL AS nothing, (SELECT count(*) FROM churn_risk(NULL::history, NULL)) AS risks, (SELECT count(*) FROM churn_test(NULL)) AS tests,
       (SELECT churn_fit_agg(1::bigint, NULL, NULL::boolean, NULL::jsonb)) IS NULL AS no_row;
SELECT t.measure, t.value, t.remark FROM (SELECT history_agg(m, date '2024-01-01' + 7 * w) AS h FROM generate_series(1, 20) m, generate_series(0, 20) w) s, churn_test(churn_fit(h, '30 days', anchors => 1)) t WHERE remark IS NOT NULL;
SELECT churn_fit(h, '60 days') FROM (SELECT history_agg(1, date '2024-01-01') AS h) s;
SELECT churn_fit(h, NULL) FROM data;
SELECT churn_fit(h, '90') FROM data;
SELECT churn_fit(h, '90 days', 'some') FROM data;
SELECT churn_fit(h, '90 days', method => 'forest') FROM data;
SELECT churn_fit(h, '90 days', anchors => 0) FROM data;
SELECT count(*) FROM data, churn_features(h, '40 years');
SELECT count(*) FROM (SELECT history_agg(1, date '2024-01-01', 1, 'month') AS h) s, churn_features(h, '90 days');
SELECT count(*) FROM model, data, churn_risk(h, m);
SELECT count(*) FROM fitted, churn_reasons(h, fitted, top => 0);
SELECT count(*) FROM fitted, churn_reasons(h, fitted, language => 'fr');
SELECT count(*) FROM fitted, churn_lift(fitted, 100, 5, 20);
SELECT churn_score(m, '{"calls": "many"}'::jsonb) FROM model;
SELECT churn_score(m, '{1,2}'::float8[]) FROM model;
SELECT churn_fit_agg(1::bigint, NULL, true, '{"a": [1]}'::jsonb);
SELECT churn_fit_agg(1::bigint, NULL, true, '{NaN}'::float8[]);
SELECT churn_fit_agg(1::bigint, NULL, true, '{Infinity}'::float8[]);
SELECT 'orders'::churn_model;
SELECT '{"version": 1}'::churn_model;
-- Where nobody left, or everybody, a risk is the rate of so many rows with half a row more, and not certainty.
SELECT who, count(*) AS members, min(r.risk) > 1e-5 AND max(r.risk) < 1 - 1e-5 AS no_certainty, max(r.risk_high) > 4 * max(r.risk) OR min(1 - r.risk_low) > 4 * min(1 - r.risk) AS wide
FROM (SELECT 'all stay' AS who, history_agg(m, date '2023-01-01' + 7 * w) AS h FROM generate_series(1, 300) m, generate_series(0, 77) w
      UNION ALL SELECT 'all leave', history_agg(m, date '2023-01-01' + m % 540) FROM generate_series(1, 3000) m) s, churn_fit(h, '60 days') f, churn_risk(h, f) r GROUP BY 1 ORDER BY 1;
SELECT t.measure, t.value IS NULL AS unknown, t.remark FROM (SELECT history_agg(m, date '2023-01-01' + 7 * w) AS h FROM generate_series(1, 300) m, generate_series(0, 77) w) s, churn_test(churn_fit(h, '60 days')) t
WHERE t.measure IN ('auc', 'calibration_slope', 'calibration_shift') ORDER BY 1;
SELECT churn_score(fitted, '{"silent_dayz": 300}'::jsonb) FROM bare;
SELECT jsonb_set(fitted::jsonb, '{horizon}', '[9223372036854775807, 60]')::churn_model FROM bare;
