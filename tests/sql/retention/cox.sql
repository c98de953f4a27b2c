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
    $$SELECT ''::cox_model$$,
    $$SELECT '{}'::cox_model$$,
    $$SELECT '[1]'::cox_model$$,
    $$SELECT replace(model::text, 'efron', 'breslow')::cox_model FROM fitted$$,
    $$SELECT replace(model::text, '"events":', '"events":9')::cox_model FROM fitted$$,
    $$SELECT regexp_replace(model::text, '("coefficients":.)[^],]*', '\1 1e308')::cox_model FROM fitted$$,
    $$SELECT regexp_replace(model::text, '("log_likelihood":)[^,]*', '\1 1e308')::cox_model FROM fitted$$]) q, outcome(q) o;
