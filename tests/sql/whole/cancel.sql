-- Every loop over data can be cancelled: what takes far longer than statement_timeout allows ends with it.
SET search_path = public, retention;
CREATE TEMP TABLE big AS
SELECT history_agg(i, date '2000-01-01' + (i % 3000)::int, 1.5) AS h FROM generate_series(1, 3000000) i;
SELECT members(h), events(h) FROM big;

CREATE FUNCTION pg_temp.outcome(sql text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE sql;
    RETURN 'it ran to its end';
EXCEPTION WHEN query_canceled THEN
    RETURN 'cancelled';
END $$;

SET statement_timeout = '15ms';
SELECT pg_temp.outcome('SELECT count(*) FROM big, cohorts(h, ''day'')');
SELECT pg_temp.outcome('SELECT count(*) FROM big, cohorts(h, ''7 days'', ''streak'', ''recurring'', brackets => ''{1,3,7}'', min_events => 2)');
SELECT pg_temp.outcome('SELECT count(*) FROM big, cohorts(h, ''day'', entry => ''starts'', starts => h)');
SELECT pg_temp.outcome('SELECT count(*) FROM big, retention_curve(h, ''day'', entry => ''recurring'')');
SELECT pg_temp.outcome('SELECT count(*) FROM big, cohort_members(h, ''2000-01-01'', 0)');
SELECT pg_temp.outcome('SELECT count(*) FROM big, compare_retention(h, h, ''1 day'')');
SELECT pg_temp.outcome('SELECT count(*) FROM big, churn(h)');
SELECT pg_temp.outcome('SELECT count(*) FROM big, value_summary(h)');
SELECT pg_temp.outcome('SELECT count(*) FROM big, history_rows(h)');
SELECT pg_temp.outcome('SELECT slice(h, ''2001-01-01'') FROM big');
SELECT pg_temp.outcome('SELECT without(h, ''{1}''::bigint[]) FROM big');
SELECT pg_temp.outcome('SELECT rollup(h) FROM (SELECT h FROM big UNION ALL SELECT h FROM big) t');
SELECT pg_temp.outcome('SELECT history_agg(i, date ''2000-01-01'') FROM generate_series(1, 3000000) i');
SELECT pg_temp.outcome('SELECT h::text::history FROM big');
SELECT pg_temp.outcome('SELECT count(*) FROM big, survival(h, ''day'')');
SELECT pg_temp.outcome('SELECT survival_agg(i, true) FROM generate_series(1, 3000000) i');
SELECT pg_temp.outcome('SELECT logrank_agg(i, true, (i % 3)::text) FROM generate_series(1, 3000000) i');
RESET statement_timeout;
-- So many that even a fast machine reads their texts for several times as long as it may.
CREATE TEMP TABLE durations AS
SELECT survival_agg(i, true, i / 2.0) AS d, logrank_agg(i, true, (i % 3)::text) AS l FROM generate_series(1::bigint, 4000000) i;
CREATE TEMP TABLE texts AS
SELECT d::text AS d, l::text AS l, c::text AS c
FROM durations, (SELECT cox_fit_agg(i, i % 3 > 0, ARRAY[i * 7919 % 1000]) AS c FROM generate_series(1::bigint, 500000) i) f;
SET statement_timeout = '15ms';
SELECT pg_temp.outcome('SELECT count(*) FROM durations, survival(d)');
SELECT pg_temp.outcome('SELECT count(*) FROM durations, survival_summary(d)');
SELECT pg_temp.outcome('SELECT count(*) FROM durations, logrank(l)');
SELECT pg_temp.outcome('SELECT rollup(d) FROM (SELECT d FROM durations UNION ALL SELECT d FROM durations) t');
SELECT pg_temp.outcome('SELECT d::survival_data FROM texts');
SELECT pg_temp.outcome('SELECT l::logrank_data FROM texts');
SET statement_timeout = '5ms';
SELECT pg_temp.outcome('SELECT c::cox_model FROM texts');
-- A fit of many members, in gathering them or in fitting.
RESET statement_timeout;
CREATE TEMP TABLE members AS SELECT i % 1000 AS duration, i % 3 > 0 AS churned, ARRAY[i * 7919 % 1009, i * 31 % 13]::float8[] AS x FROM generate_series(1::bigint, 2000000) i;
SET statement_timeout = '150ms';
SELECT pg_temp.outcome('SELECT cox_fit_agg(duration, churned, x) FROM members');
RESET statement_timeout;
-- And the session goes on.
SELECT sum(active) AS rows FROM big, cohorts(h, 'year') WHERE period_number = 0;
