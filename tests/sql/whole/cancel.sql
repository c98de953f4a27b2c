-- Every loop over data hears that it is to stop. No clock is needed for that: each statement cancels itself while the last
-- argument is being made, so that the loop finds the signal waiting, on a fast machine as on a slow one. Where it was heard is in
-- the server's log: backtrace_functions writes the stack there, and a frame of pg_retention.so in it means that the extension
-- heard it by itself, and not PostgreSQL afterwards.
SET search_path = public, retention, retention_internal;
CREATE TEMP TABLE big AS
SELECT history_agg(i, date '2000-01-01' + (i % 3000)::int, i % 1000) AS h FROM generate_series(1, 200000) i;
CREATE TEMP TABLE durations AS
SELECT survival_agg(i, true, i / 2.0) AS d, logrank_agg(i, true, (i % 3)::text) AS l FROM generate_series(1::bigint, 200000) i;
CREATE TEMP TABLE fits AS SELECT cox_fit_agg(i, i % 3 > 0, ARRAY[i * 7919 % 1000]) AS c FROM generate_series(1::bigint, 100000) i;
CREATE TEMP TABLE contracts AS
SELECT membership_agg(i, date '2000-01-01' + (i % 1000)::int, date '2004-01-01' + (i % 1000)::int) AS m FROM generate_series(1, 200000) i;
CREATE TEMP TABLE steps AS
SELECT journey_agg(i % 50000, timestamp '2000-01-01' + i * 7919 % 1000000 * interval '1 minute', 'event ' || i % 30) AS j FROM generate_series(1, 200000) i;
CREATE TEMP TABLE causes AS
SELECT survival_agg(i, i % 3 > 0, NULL, 1 + i % 2, (i % 5)::text) AS d FROM generate_series(1::bigint, 200000) i;
CREATE TEMP TABLE texts AS SELECT h::text AS h, d::text AS d, l::text AS l, c::text AS c FROM big, durations, fits;
\set cancel 'CASE WHEN pg_cancel_backend(pg_backend_pid()) THEN'
\set h :cancel ' h END'
SET backtrace_functions = 'ProcessInterrupts';

-- Histories.
SELECT cohorts(:h, 'day') FROM big;
SELECT cohorts(:h, '7 days', 'streak', 'recurring', brackets => '{1,3,7}', min_events => 2) FROM big;
SELECT cohorts(h, 'day', entry => 'starts', starts => :h) FROM big;
SELECT retention_curve(:h, 'day', entry => 'recurring') FROM big;
SELECT cohort_members(:h, '2000-01-01', 0) FROM big;
SELECT compare_retention(h, :h, '1 day') FROM big;
SELECT compare_churn(h, :h, 'day') FROM big;
SELECT churn(:h) FROM big;
SELECT churn_members(:h, '2000-02-01'::date) FROM big;
SELECT growth(:h) FROM big;
SELECT engagement(:h) FROM big;
SELECT engagement_days(:h) FROM big;
SELECT value_summary(:h) FROM big;
SELECT revenue_split(:h) FROM big;
SELECT repurchase(:h) FROM big;
SELECT tiers(:h, '{"grace": "90 days", "tiers": [{"name": "A", "from": 1}]}') FROM big;
SELECT tier_migration(:h, '{"tiers": [{"name": "A", "from": 1}]}', '2003-01-01', '2008-01-01') FROM big;
SELECT rfm(:h) FROM big;
SELECT rfm(:h, method => 'ntile') FROM big;
SELECT rfm_cuts(:h, method => 'rank') FROM big;
SELECT rfm_segments(:h) FROM big;
SELECT rfm_migration(:h, '2003-01-01', '2008-01-01') FROM big;
SELECT rfm_score(rfm_cuts_json(:h), 1, 1, 1) FROM big;
SELECT rfm_clusters(:h) FROM big;
SELECT survival(:h, 'day') FROM big;
SELECT survival_summary(:h, 'day') FROM big;
SELECT tenures(:h, 'day') FROM big;
SELECT winback(:h, 'day') FROM big;
SELECT winback_members(:h, 'day') FROM big;
SELECT btyd(:h) FROM big;
SELECT clv_fit(:h) FROM big;
SELECT overdue(:h) FROM big;
SELECT overdue_check(:h) FROM big;
SELECT churn_features(:h, '90 days') FROM big;
SELECT churn_dataset(:h, '90 days') FROM big;
SELECT churn_fit(:h, '90 days') FROM big;
SELECT history_rows(:h) FROM big;
SELECT slice(:h, '2001-01-01') FROM big;
SELECT without(:h, '{1}'::bigint[]) FROM big;
SELECT rollup(CASE WHEN n = 2 THEN :h ELSE h END) FROM big, generate_series(1, 2) n;
SELECT (:cancel h END)::history FROM (SELECT h || '' AS h FROM texts OFFSET 0) in_memory;
SELECT members(:cancel history_agg(i, date '2000-01-01') END) FROM generate_series(1, 200000) i;

-- Memberships.
\set m :cancel ' m END'
SELECT cohorts(:m) FROM contracts;
SELECT churn(:m) FROM contracts;
SELECT survival(:m) FROM contracts;
SELECT membership_rows(:m) FROM contracts;
SELECT growth(:m) FROM contracts;
SELECT churn_members(:m, '2001-02-01'::date) FROM contracts;
SELECT retention_curve(:m) FROM contracts;
SELECT cohort_members(:m, '2000-01-01', 0) FROM contracts;
SELECT survival_summary(:m) FROM contracts;
SELECT tenures(:m) FROM contracts;
SELECT winback(:m) FROM contracts;
SELECT winback_members(:m) FROM contracts;
SELECT clv_fit(:m) FROM contracts;
SELECT members(:cancel membership_agg(i, date '2000-01-01', NULL) END) FROM generate_series(1, 200000) i;
SELECT rollup(CASE WHEN n = 2 THEN :m ELSE m END) FROM contracts, generate_series(1, 2) n;

-- Journeys.
\set j :cancel ' j END'
SELECT members(:j) FROM steps, (SELECT rollup(j) AS other FROM steps) s;
SELECT events_of(:j) FROM steps;
SELECT journey_rows(:j) FROM steps;
SELECT slice(:j, '2000-03-01') FROM steps;
SELECT without(:j, '{1}'::bigint[]) FROM steps;
SELECT history_of_events(:j, '{event 7}') FROM steps;
SELECT funnel(:j, '{event 1,event 2,event 3}', '300 days') FROM steps;
SELECT funnel(:j, '{event 1,event 2,event 1}', '300 days', 'any order', 'recurring', period => 'week') FROM steps;
SELECT funnel_members(:j, '{event 1,event 2}', '300 days', mode => 'strict order') FROM steps;
SELECT paths(:j, 'event 1') FROM steps;
SELECT next_events(:j, 'event 1') FROM steps;
SELECT sessions(:j, '1 day') FROM steps;
SELECT events(:cancel journey_agg(i, date '2000-01-01', 'event') END) FROM generate_series(1, 200000) i;
SELECT events(:cancel journey_agg(1, date '2000-01-01' + i * 7919 % 100000, 'event') END) FROM generate_series(1, 100000) i;
SELECT rollup(CASE WHEN n = 2 THEN :j ELSE j END) FROM steps, generate_series(1, 2) n;
SELECT (:cancel j END)::journeys FROM (SELECT j::text || '' AS j FROM steps OFFSET 0) in_memory;

-- Durations, groups of them, and regressions.
SELECT survival(:cancel d END) FROM durations;
SELECT survival_summary(:cancel d END) FROM durations;
SELECT hazard_rates(:cancel d END) FROM durations;
SELECT cumulative_incidence(:cancel d END) FROM causes;
SELECT survival_summary(:cancel survival_agg(i, i % 3 > 0, NULL, 1 + i % 2, (i % 5)::text) END) FROM generate_series(1::bigint, 200000) i;
SELECT logrank(:cancel l END) FROM durations;
SELECT rollup(CASE WHEN n = 2 THEN :cancel d END ELSE d END) FROM durations, generate_series(1, 2) n;
SELECT survival_summary(:cancel survival_agg(i, true) END) FROM generate_series(1, 200000) i;
SELECT logrank(:cancel logrank_agg(i, true, (i % 3)::text) END) FROM generate_series(1, 200000) i;
SELECT (:cancel d END)::survival_data FROM (SELECT d || '' AS d FROM texts OFFSET 0) in_memory;
SELECT (:cancel l END)::logrank_data FROM (SELECT l || '' AS l FROM texts OFFSET 0) in_memory;
SELECT (:cancel c END)::cox_model FROM (SELECT c || '' AS c FROM texts OFFSET 0) in_memory;

-- Pictures.
CREATE TEMP TABLE pictures AS
SELECT cohort_picture((SELECT jsonb_agg(to_jsonb(c)) FROM cohorts(h) AS c), 'month', 'share that came again n %s after its first', 'en', 'light', NULL, NULL) AS p FROM big;
SELECT draw(:cancel p END) FROM pictures;
SELECT draw_triangle(:cancel p END) FROM pictures;

-- Fits: an aggregate whose final function sends the signal is finished before the fit is.
CREATE AGGREGATE pg_temp.cancel(int) (sfunc = int4larger, stype = int, finalfunc = pg_cancel_backend);
SELECT pg_temp.cancel(pg_backend_pid()), cox_fit_agg(1 + i % 1000, i % 3 > 0, ARRAY[i * 7919 % 1009, i * 31 % 13]) FROM generate_series(1::bigint, 100000) i;
SELECT pg_temp.cancel(pg_backend_pid()), cox_fit_agg(1 + i % 1000, i % 3 > 0, jsonb_build_object('a', i * 7919 % 1009, 'b', (i % 7)::text)) FROM generate_series(1::bigint, 100000) i;
SELECT pg_temp.cancel(pg_backend_pid()), cox_fit_agg(1 + i % 1000, i % 3 > 0, jsonb_build_object('a', i * 7919 % 1009), (i % 9) / 10.0, (i % 7)::text, 1 + i % 2, i / 2) FROM generate_series(1::bigint, 100000) i;
SELECT pg_temp.cancel(pg_backend_pid()), churn_fit_agg(i, NULL, i % 3 > 0, jsonb_build_object('a', i * 7919 % 1009, 'b', (i % 7)::text)) FROM generate_series(1::bigint, 100000) i;
SELECT pg_temp.cancel(pg_backend_pid()), clv_fit_agg(i % 5, (i % 5) * 7, 60 + i % 30, 1, 'bg/nbd') FROM generate_series(1, 100000) i;
-- Sums of a thousand million terms, for which nobody waits.
\set pareto :cancel ' \'{"model": "pareto/nbd", "parameters": {"r": 1e8, "alpha": 10, "s": 0.6, "beta": 11}}\'::clv_model END'
\set cnbd :cancel ' \'{"model": "mbg/cnbd-k", "parameters": {"k": 1000, "r": 1e6, "alpha": 1, "a": 0.6, "b": 11}}\'::clv_model END'
\set gompertz :cancel ' \'{"model": "ggompertz/nbd", "parameters": {"r": 1e8, "alpha": 10, "b": 0.001, "s": 0.6, "beta": 11}}\'::clv_model END'
SELECT purchases_distribution(:pareto, 0, 0, 0, '1000 years', 1000000);
SELECT clv_score(:pareto, 0, 0, 0, NULL, '1000 years');
SELECT expected_purchases(:cnbd, 3, 12, 30, '1000 years');
SELECT p_alive(:cnbd, 3, 12, 30, '1000 years');
SELECT purchases_distribution(:gompertz, '1000 years', 1000000);

-- What churn_by, decompose_churn and compare_retention of several groups call, whose queries PostgreSQL itself stops.
CREATE TEMP TABLE counts AS
SELECT array_agg(i::int / 2) AS halves, array_agg('x'::text) AS dimensions, array_agg(i::text) AS names, array_agg(9::bigint) AS nine, array_agg(i % 9) AS fewer
FROM generate_series(1::bigint, 100000) i;
SELECT churn_contrasts(dimensions, names, nine, :cancel fewer END, 0.95) FROM counts;
SELECT decompose_churn_arrays(names, nine, fewer, nine, :cancel fewer END) FROM counts;
SELECT retention_contrasts(halves, names, nine, :cancel fewer END, NULL, 0.95) FROM counts;

-- Every statement was cancelled, and was so by the extension itself: those that were not.
\set log `echo "$PG_RETENTION_LOG"`
WITH message AS (   -- of this session, numbered by error: its words, where it was, what the statement was
  SELECT text, count(*) FILTER (WHERE text ~ ' ERROR: ') OVER (ORDER BY n) AS error
  FROM regexp_split_to_table(convert_from(pg_read_binary_file(:'log'), 'LATIN1'), E'\n(?=\\d{4}-\\d\\d-\\d\\d )') WITH ORDINALITY m (text, n)
  WHERE text LIKE format('%% [%s] %%', pg_backend_pid())
)
SELECT error, string_agg(text, E'\n') AS messages FROM message WHERE error > 0
GROUP BY error HAVING NOT bool_or(text ~ 'ERROR:  canceling statement due to user request') OR NOT bool_or(text ~ 'BACKTRACE: .*/pg_retention\.so')
ORDER BY error;
-- And the session goes on.
SELECT sum(active) AS rows FROM big, cohorts(h, 'year') WHERE period_number = 0;
