-- The bytes of every type, for good: what is stored today is what every later version reads, and writes for the same rows. A line that
-- changes here is a new version of a format, which also reads the old one: keep the old line, as a literal that is read.
SET search_path = public, retention;
SET TimeZone = 'UTC';
SET DateStyle = 'ISO, YMD';
CREATE TABLE rows_of_golden (member bigint, name text, id uuid, at timestamptz, amount numeric);
INSERT INTO rows_of_golden
SELECT m, 'member ' || m, md5(m::text)::uuid, timestamptz '2024-01-31 22:30+00' + m * interval '11 days' + n * n * interval '3 hours', CASE WHEN n <> 2 THEN m * 2.5 - n END
FROM generate_series(-1, 3) AS m, generate_series(0, 3) AS n;
CREATE TABLE golden (what text, value text, read text);
INSERT INTO golden SELECT 'history', h::text, h::text::history::text FROM (
    SELECT history_agg(member, at, amount, 'day', 'Europe/London') AS h FROM rows_of_golden UNION ALL
    SELECT history_agg(name, at, NULL::numeric, 'hour', 'UTC') FROM rows_of_golden UNION ALL
    SELECT history_agg(id, at::date, amount, 'month') FROM rows_of_golden) AS h;
INSERT INTO golden SELECT 'memberships', m::text, m::text::memberships::text FROM (
    SELECT membership_agg(member, at::date, CASE WHEN member % 2 = 0 THEN at::date + 20 END) AS m FROM rows_of_golden UNION ALL
    SELECT membership_agg(name, at::date, at::date + 3) FROM rows_of_golden) AS m;
INSERT INTO golden SELECT 'journeys', j::text, j::text::journeys::text FROM (
    SELECT journey_agg(member, at, CASE WHEN amount > 2 THEN 'dear' ELSE 'cheap' END, 'Europe/London') AS j FROM rows_of_golden UNION ALL
    SELECT journey_agg(name, at + member * interval '1 microsecond', 'event ' || member, 'UTC') FROM rows_of_golden UNION ALL
    SELECT journey_agg(id, at::date, 'visit') FROM rows_of_golden, generate_series(0, 1)) AS j;
INSERT INTO golden SELECT 'survival_data', s::text, s::text::survival_data::text FROM (
    SELECT survival_agg(member + 2, member > 1) AS s FROM rows_of_golden) AS s;
INSERT INTO golden SELECT 'logrank_data', l::text, l::text::logrank_data::text FROM (
    SELECT logrank_agg(member + 2, member > 0, CASE WHEN amount > 2 THEN 'dear' ELSE 'cheap' END) AS l FROM rows_of_golden) AS l;
-- These are text in the first place. What is fitted differs in its last bits from machine to machine: given ones.
INSERT INTO golden SELECT 'cox_model', c, c::cox_model::text FROM (VALUES ('{"version":1,"members":8,"events":5,"ties":"efron","log_likelihood_null":-7.5,"log_likelihood":-7.25,"score_test":0.125,"concordance":0.6,"longest_duration":5.0,"coefficients":[0.5,-0.0625],"means":[0.5,1.875],"covariance":[[1.0],[-0.125,0.25]],"times":[1.0,2.0],"cumulative_hazard":[0.125,0.5]}')) AS v (c);
INSERT INTO golden SELECT 'cox_model, binary', replace(encode(retention_internal.cox_model_send(value::cox_model), 'base64'), E'\n', ''), NULL FROM golden WHERE what = 'cox_model';
INSERT INTO golden SELECT 'clv_model', c, c::clv_model::text FROM (VALUES ('{"model":"pareto/nbd","parameters":{"r":0.55,"alpha":10.58,"s":0.61,"beta":11.67},"converged":true,"unit":"week"}')) AS v (c);
INSERT INTO golden SELECT 'churn_model', c, c::churn_model::text FROM (VALUES ('{"version":1,"method":"auto","population":"table","anchors":[],"span":0,"rows":90,"members":90,"churned":25,"left_out":0,"features":[{"name":"plan","reason":"plan","category":"a","auc":0.5},{"name":"x","reason":"x","auc":0.75}],"weight":0.5,"intercept":-1.25,"terms":[{"feature":0,"mean":0.25,"sd":0.5,"coefficient":0.0625},{"feature":1,"mean":3.0,"sd":2.0,"coefficient":-1.125}],"covariance":[0.0625,-0.001,0.0625,0.002,-0.03125,0.0625],"anchor_variance":0.0,"start":-0.9375,"trees":[{"root":[1,0.5,false],"right":[1,3.5,false],"leaves":[0.375,0.375,0.03125,-0.1875]}],"background":[[0.0,1.0],[1.0,3.0]]}')) AS v (c);
INSERT INTO golden SELECT 'churn_rows', r::text, r::text::churn_rows::text FROM (
    SELECT rules_agg(name, amount > 2, jsonb_build_object('hour', extract(hour FROM at), 'is paid', amount IS NOT NULL, 'letter', left(id::text, 1))) AS r FROM rows_of_golden) AS r;
\pset format unaligned
\pset tuples_only on
SELECT what, value, coalesce(read = value, true) AS read_as_itself FROM golden ORDER BY what, length(value), value;
-- The bodies that pg_upgrade writes are read again: PostgreSQL 15 writes "" for an argument without a name beside others that have one.
SELECT p.oid::regprocedure FROM pg_proc AS p
WHERE p.pronamespace IN ('retention'::regnamespace, 'retention_internal'::regnamespace) AND p.prosqlbody IS NOT NULL AND '' = ANY (p.proargnames);
