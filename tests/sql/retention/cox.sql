-- What makes members leave: against R's coxph.
SET datestyle = 'ISO';
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS cox_test CASCADE;
CREATE SCHEMA cox_test;
RESET client_min_messages;
SET search_path = cox_test, public, retention;
\set ECHO none
\i tests/judge/agree.sql
\set ECHO all
\set content `cat tests/reference/cox_members.csv`
CREATE TABLE cox_members AS
SELECT c[1] AS data, c[2]::float8 AS duration, c[3]::boolean AS churned, c[4]::float8 AS entry,
       string_to_array(c[5], ' ', 'NULL')::float8[] AS covariates
FROM csv(:'content') c;
-- R leaves out rows where a covariate is missing, and so does cox_fit_agg.
CREATE TABLE fitted AS
SELECT data, cox_fit_agg(duration, churned, covariates, entry) AS model, count(*) AS rows FROM cox_members GROUP BY data;

\set content `cat tests/reference/cox_coefficients.csv`
SELECT data, count(*) AS covariates, count(*) FILTER (WHERE agree(coefficient, r[3]) AND agree(std_error, r[4])) AS coefficients,
       count(*) FILTER (WHERE agree(hazard_ratio, r[5]) AND agree(hazard_ratio_low, r[6]) AND agree(hazard_ratio_high, r[7])) AS ratios,
       count(*) FILTER (WHERE agree(z, r[8]) AND agree(p_value, r[9])) AS tests
FROM (SELECT data, c.* FROM fitted, cox_coefficients(model) c) c
     FULL JOIN csv(:'content') r ON data = r[1] AND covariate = r[2]
GROUP BY data ORDER BY data;

\set content `cat tests/reference/cox_models.csv`
SELECT data, rows, (members, events) = (r[2]::bigint, r[3]::bigint) AS counts,
       agree(log_likelihood_null, r[4]) AND agree(log_likelihood, r[5]) AND agree(aic, r[6]) AS likelihoods,
       agree(concordance, r[7]) AS concordance,
       (SELECT array_agg(agree(statistic, r[i]) AND agree(p_value, r[i + 1]) AND df = covariates)
        FROM (VALUES ('likelihood ratio', 8), ('wald', 10), ('score', 12)) v (test, i) JOIN cox_tests(model) USING (test)) AS tests
FROM fitted JOIN csv(:'content') r ON data = r[1], cox_summary(model)
ORDER BY data;

\set content `cat tests/reference/cox_survival.csv`
SELECT data, count(*) AS times, count(*) FILTER (WHERE agree(survival_at(model, string_to_array(r[3], ' ')::float8[], r[2]::float8), r[4])) AS agree
FROM fitted JOIN csv(:'content') r ON data = r[1] GROUP BY data ORDER BY data;

-- One group against another without ties: the score test is the log-rank test.
SELECT agree(t.statistic, l.chi_square::text) AND agree(t.p_value, l.p_value::text) AS score_is_logrank
FROM (SELECT logrank_agg(i * 17 % 101, i % 3 > 0, (i % 2)::text) AS d, cox_fit_agg(i * 17 % 101, i % 3 > 0, ARRAY[i % 2]) AS model
      FROM generate_series(1, 100) i) v, logrank(d) l, cox_tests(model) t
WHERE test = 'score';

-- The same whatever the order of rows; the text is the whole model.
SELECT bool_and(a.model::text = b.model::text) AS any_order, bool_and(a.model::text::cox_model::text = a.model::text) AS through_text
FROM fitted a JOIN (SELECT data, cox_fit_agg(duration, churned, covariates, entry) AS model
                    FROM (SELECT * FROM cox_members ORDER BY duration::int * 37 % 11, entry DESC) m GROUP BY data) b USING (data);
COPY (SELECT data, model FROM fitted) TO PROGRAM 'cat > "$PWD/cox.copy"' (FORMAT binary);
CREATE TABLE copied (data text, model cox_model);
COPY copied FROM PROGRAM 'cat "$PWD/cox.copy"; rm "$PWD/cox.copy"' (FORMAT binary);
SELECT count(*) AS rows, bool_and(a.model::text = b.model::text) AS through_binary FROM fitted a JOIN copied b USING (data);
SELECT data, jsonb_object_keys(model::text::jsonb) AS key, jsonb_typeof(model::text::jsonb -> jsonb_object_keys(model::text::jsonb)) AS type
FROM fitted WHERE data = 'lung' ORDER BY 2;

SELECT covariate FROM fitted, cox_coefficients(model, '{age,sex,NULL}') WHERE data = 'lung' ORDER BY covariate;
-- At the beginning everybody is there; nothing is known after the longest duration or of unknown covariates.
SELECT survival_at(model, '{60,1,80}', 0) AS at_0, survival_at(model, '{60,1,80}', 1022) > 0 AS at_the_end, survival_at(model, '{60,1,80}', 1023) AS after,
       survival_at(model, '{60,NULL,80}', 10) AS unknown, survival_at(model, NULL, 10) AS none,
       survival_at(model, '{1e308,-1e308,1e308}', 10) AS beyond, survival_at(fitted => model, covariates => '{60,1,80}', tenure => 'NaN') AS never
FROM fitted WHERE data = 'lung';

-- Members who enter when the others are gone, and leave sooner by far than the last of those did. Both windows are alike: R's
-- coxph of one, and of both, gives 4.9203, with the standard errors 0.7231 and 0.5113.
SELECT windows, (model::text::cox_model)::text = model::text AS same, round(c.coefficient::numeric, 4) AS coefficient, round(c.std_error::numeric, 4) AS std_error
FROM (SELECT windows, cox_fit_agg(late + exp(-3 * (i % 5)) * (1 + i * 7919 % 101) / 101, true, ARRAY[i % 5], late) AS model
      FROM generate_series(1, 100) i, unnest('{1,2}'::int[]) windows, generate_series(0, windows - 1) late
      GROUP BY windows) f, cox_coefficients(model) c ORDER BY 1;

-- lifelines: covariates by name, with categories; strata; rows that stand for several members; covariates that change.
\set content `cat tests/reference/rossi_members.csv`
CREATE TABLE rossi AS SELECT c[1]::float8 AS week, c[2]::boolean AS arrest, jsonb_build_object('fin', c[3]::boolean, 'age', c[4]::int, 'prio', c[5]::int, 'race', c[6]) AS x,
       c[7] AS wexp, c[8]::bigint AS weight FROM csv(:'content') c;
\set content `cat tests/reference/heart_rows.csv`
CREATE TABLE heart AS SELECT c[1]::bigint AS id, c[2]::float8 AS start, c[3]::float8 AS stop, c[4]::boolean AS event,
       jsonb_build_object('age', c[5]::float8, 'year', c[6]::float8, 'surgery', (c[7]::boolean)::int, 'transplant', (c[8]::boolean)::int) AS x FROM csv(:'content') c;
CREATE TABLE named AS
SELECT 'rossi' AS name, cox_fit_agg(week, arrest, x) AS model FROM rossi
UNION ALL SELECT 'rossi strata', cox_fit_agg(week, arrest, x, NULL, wexp) FROM rossi
UNION ALL SELECT 'rossi weights', cox_fit_agg(week, arrest, x, NULL, NULL, weight) FROM rossi
UNION ALL SELECT 'heart', cox_fit_agg(stop, event, x, start, NULL, NULL, id) FROM heart;
\set content `cat tests/reference/lifelines_cox.csv`
SELECT name, count(*) AS covariates, count(*) FILTER (WHERE abs(coefficient - r[3]::float8) < 1e-7 AND abs(std_error - r[4]::float8) < 1e-7) AS coefficients,
       bool_and(abs(log_likelihood - r[5]::float8) < 1e-6) AS likelihood, max(s.members) AS members, max(s.events) AS events, max(s.strata) AS strata
FROM named, cox_summary(model) s, cox_coefficients(model) c JOIN csv(:'content') r ON r[2] = c.covariate
WHERE r[1] = name GROUP BY name ORDER BY name;
SELECT name, covariate, base FROM named, cox_coefficients(model) WHERE name IN ('rossi', 'heart') ORDER BY name, covariate COLLATE "C";
-- Weights and rows as many; ids as text.
SELECT agree(a.coefficient, b.coefficient::text) AND agree(a.std_error, b.std_error::text) AS a_weight_is_as_many_rows
FROM (SELECT cox_fit_agg(week, arrest, x) AS model FROM rossi, generate_series(1, weight)) v, cox_coefficients(v.model) a,
     named n, cox_coefficients(n.model) b WHERE name = 'rossi weights' AND a.covariate = b.covariate;
SELECT (SELECT model::text FROM named WHERE name = 'heart') = cox_fit_agg(stop, event, x, start, NULL, NULL, id::text)::text AS id_is_text FROM heart;
SELECT members AS rows FROM (SELECT cox_fit_agg(stop, event, x, start) AS model FROM heart) h, cox_summary(model);
-- Three strata: as windows of time that do not overlap.
SELECT agree(a.coefficient, b.coefficient::text) AND agree(a.std_error, b.std_error::text) AS windows
FROM (SELECT cox_fit_agg(i * 17 % 101 + 1, i % 4 > 0, jsonb_build_object('x', i % 7, 'y', sin(i)), NULL, (i % 3)::text) AS strata,
             cox_fit_agg(i * 17 % 101 + 1 + i % 3 * 1000, i % 4 > 0, ARRAY[i % 7, sin(i)], i % 3 * 1000) AS windows
      FROM generate_series(1, 100) i) v, cox_coefficients(strata) WITH ORDINALITY a, cox_coefficients(windows) WITH ORDINALITY b
WHERE a.ordinality = b.ordinality;
SELECT k AS stratum, t, agree(survival_at(strata, '{"x": 3, "y": 0.5}', t, k::text),
       (survival_at(windows, ARRAY[3, 0.5], t + k * 1000) / coalesce(survival_at(windows, ARRAY[3, 0.5], k * 1000), 1))::text) AS as_in_windows
FROM (SELECT cox_fit_agg(i * 17 % 101 + 1, i % 4 > 0, jsonb_build_object('x', i % 7, 'y', sin(i)), NULL, (i % 3)::text) AS strata,
             cox_fit_agg(i * 17 % 101 + 1 + i % 3 * 1000, i % 4 > 0, ARRAY[i % 7, sin(i)], i % 3 * 1000) AS windows
      FROM generate_series(1, 100) i) v, generate_series(0, 2) k, unnest('{5,60}'::float8[]) t ORDER BY 1, 2;
-- Through text and bytes; whatever the order of rows.
SELECT name, model::text::cox_model::text = model::text AS through_text FROM named ORDER BY name;
COPY (SELECT name, model FROM named) TO PROGRAM 'cat > "$PWD/cox_named.copy"' (FORMAT binary);
CREATE TABLE named_copied (name text, model cox_model);
COPY named_copied FROM PROGRAM 'cat "$PWD/cox_named.copy"; rm "$PWD/cox_named.copy"' (FORMAT binary);
SELECT count(*) AS rows, bool_and(a.model::text = b.model::text) AS through_binary FROM named a JOIN named_copied b USING (name);
SELECT cox_fit_agg(week, arrest, x, NULL, wexp)::text = (SELECT model::text FROM named WHERE name = 'rossi strata') AS any_order
FROM (SELECT * FROM rossi ORDER BY week DESC, x DESC) r;
SELECT jsonb_pretty((model::text::jsonb) -> 'covariates') FROM named WHERE name = 'rossi';
SELECT model::text = '{"version":1,"members":8,"events":5,"ties":"efron","log_likelihood_null":-7.965545573129992,"log_likelihood":-7.892774121940954,"score_test":0.1468672949743069,"concordance":0.6,"longest_duration":5.0,"coefficients":[0.36180791126575906,-0.07524270926501488],"means":[0.5,1.875],"covariance":[[0.9707276961818126],[-0.11491729934765675,0.10610033666911939]],"times":[1.0,2.0,3.0,4.0],"cumulative_hazard":[0.12259470762523482,0.4965536942909488,0.7414298369722064,1.054674740069542]}' AS text_of_0_1_0_but_for_its_version FROM (SELECT '{"members":8,"events":5,"ties":"efron","log_likelihood_null":-7.965545573129992,"log_likelihood":-7.892774121940954,"score_test":0.1468672949743069,"concordance":0.6,"longest_duration":5.0,"coefficients":[0.36180791126575906,-0.07524270926501488],"means":[0.5,1.875],"covariance":[[0.9707276961818126],[-0.11491729934765675,0.10610033666911939]],"times":[1.0,2.0,3.0,4.0],"cumulative_hazard":[0.12259470762523482,0.4965536942909488,0.7414298369722064,1.054674740069542]}'::cox_model AS model) v;
-- Rows where something is missing are left out and counted; predictions for them are NULL, and so after the longest duration.
SELECT members FROM (SELECT cox_fit_agg(week, arrest, CASE WHEN week < 4 THEN x || '{"age": null}' WHEN week < 6 THEN NULL ELSE x END) AS model FROM rossi) r, cox_summary(model);
SELECT survival_at(model, x || '{"age": null}', 10) IS NULL AS unknown, survival_at(model, NULL::jsonb, 10) IS NULL AS none, survival_at(model, x, 53) IS NULL AS after
FROM named, (SELECT x FROM rossi LIMIT 3) r WHERE name = 'rossi';
SELECT longest_duration FROM named, cox_summary(model) WHERE name = 'rossi';
-- A literal without a type is read as what the model was fitted with; in the aggregate, as jsonb if it names anything.
SELECT survival_at(model, '{"age": 25, "fin": true, "prio": 3, "race": "black"}', 30) = survival_at(model, '{"age": 25, "fin": true, "prio": 3, "race": "black"}'::jsonb, 30) AS same
FROM named WHERE name = 'rossi';
SELECT outcome.message FROM outcome($$SELECT cox_fit_agg(i, true, '{"age": 3}') FROM generate_series(1, 9) i$$);
SELECT outcome.message FROM outcome($$SELECT cox_fit_agg(i, true, '{3}') FROM generate_series(1, 9) i$$);

-- Nobody.
SELECT cox_fit_agg(NULL, true, '{1}') IS NULL AND cox_fit_agg(1, NULL, '{1}') IS NULL AND cox_fit_agg(1, true, NULL) IS NULL
       AND cox_fit_agg(1, true, '{1,NULL}') IS NULL AS nobody;
SELECT count(*) FROM cox_coefficients(NULL);
SELECT count(*) FROM cox_tests(NULL);
SELECT count(*) FROM cox_summary(NULL);
\pset format unaligned
\pset tuples_only on
SELECT o.* FROM unnest(ARRAY[
    $$SELECT cox_fit_agg(i, false, ARRAY[i]) FROM generate_series(1, 9) i$$,
    $$SELECT cox_fit_agg(i, true, ARRAY[i]) FROM generate_series(1, 9) i$$,
    $$SELECT cox_fit_agg(i, true, ARRAY[i * 7 % 5, 2]) FROM generate_series(1, 9) i$$,
    $$SELECT cox_fit_agg(i, true, ARRAY[i * 7 % 5, 3 - i * 7 % 5]) FROM generate_series(1, 9) i$$,
    $$SELECT cox_fit_agg(i, true, ARRAY[i * 7 % 5, i], i - 1) FROM generate_series(1, 9) i$$,
    $$SELECT cox_fit_agg(i, true, '{}') FROM generate_series(1, 9) i$$,
    $$SELECT cox_fit_agg(i, true, array_fill(i, ARRAY[i])) FROM generate_series(1, 9) i$$,
    $$SELECT cox_fit_agg(i, true, array_fill(i, ARRAY[501])) FROM generate_series(1, 9) i$$,
    $$SELECT cox_fit_agg(i, true, '{NaN}') FROM generate_series(1, 9) i$$,
    $$SELECT cox_fit_agg(-i, true, '{1}') FROM generate_series(1, 9) i$$,
    $$SELECT cox_fit_agg(i, true, '{1}', i) FROM generate_series(1, 9) i$$,
    $$SELECT cox_coefficients(model, '{a}') FROM fitted WHERE data = 'lung'$$,
    $$SELECT cox_coefficients(model, confidence => 1) FROM fitted$$,
    $$SELECT survival_at(model, '{1}', 1) FROM fitted WHERE data = 'lung'$$,
    $$SELECT cox_fit_agg(week, arrest, x - CASE WHEN week > 51 THEN 'age' ELSE '' END) FROM rossi$$,
    $$SELECT cox_fit_agg(week, arrest, x || CASE WHEN week > 51 THEN '{"agee": 1}' ELSE '{}' END::jsonb) FROM rossi$$,
    $$SELECT cox_fit_agg(week, arrest, x || CASE WHEN week > 51 THEN '{"age": "old"}' ELSE '{}' END::jsonb) FROM rossi$$,
    $$SELECT cox_fit_agg(week, arrest, x || '{"city": "Ur"}') FROM rossi$$,
    $$SELECT cox_fit_agg(week, arrest, x || '{"tags": ["a"]}') FROM rossi$$,
    $$SELECT cox_fit_agg(week, arrest, x || '{"rich": 1e400}') FROM rossi$$,
    $$SELECT cox_fit_agg(week, arrest, '[1]'::jsonb) FROM rossi$$,
    $$SELECT cox_fit_agg(week, arrest, '{}'::jsonb) FROM rossi$$,
    $$SELECT cox_fit_agg(i, true, jsonb_build_object('email', i::text)) FROM generate_series(1, 1000) i$$,
    $$SELECT cox_fit_agg(i % 10, true, jsonb_build_object('a', (i % 300)::text, 'b', (i % 299)::text)) FROM generate_series(1, 1000) i$$,
    $$SELECT cox_fit_agg(week, arrest, x, NULL, NULL, 0) FROM rossi$$,
    $$SELECT cox_fit_agg(week, arrest, x, NULL, NULL, nullif(weight, 2)) FROM rossi$$,
    $$SELECT cox_fit_agg(stop, event, x, start, NULL, NULL, 7) FROM heart$$,
    $$SELECT cox_fit_agg(stop, true, x, start, NULL, NULL, id) FROM heart$$,
    $$SELECT cox_fit_agg(stop, event, x, start, NULL, NULL, nullif(id, 7)) FROM heart$$,
    $$SELECT survival_at(model, '{"age": 25}'::jsonb, 10) FROM named WHERE name = 'rossi'$$,
    $$SELECT survival_at(model, x || '{"race": "green"}', 10) FROM named, rossi WHERE name = 'rossi'$$,
    $$SELECT survival_at(model, x || '{"age": "old"}', 10) FROM named, rossi WHERE name = 'rossi'$$,
    $$SELECT survival_at(model, x, 10) FROM named, rossi WHERE name = 'rossi strata'$$,
    $$SELECT survival_at(model, x, 10, 'maybe') FROM named, rossi WHERE name = 'rossi strata'$$,
    $$SELECT survival_at(model, x, 10, 'yes') FROM named, rossi WHERE name = 'rossi'$$,
    $$SELECT survival_at(model, ARRAY[1, 2, 3, 4], 10) FROM named WHERE name = 'rossi'$$,
    $$SELECT survival_at(model, '{"age": 60}'::jsonb, 10) FROM fitted WHERE data = 'lung'$$,
    $$SELECT ''::cox_model$$,
    $$SELECT '{}'::cox_model$$,
    $$SELECT '[1]'::cox_model$$,
    $$SELECT replace(model::text, 'efron', 'breslow')::cox_model FROM fitted$$,
    $$SELECT replace(model::text, '"events":', '"events":9')::cox_model FROM fitted$$,
    $$SELECT regexp_replace(model::text, '("coefficients":.)[^],]*', '\1 1e308')::cox_model FROM fitted$$,
    $$SELECT regexp_replace(model::text, '("log_likelihood":)[^,]*', '\1 1e308')::cox_model FROM fitted$$]) q, outcome(q) o;
