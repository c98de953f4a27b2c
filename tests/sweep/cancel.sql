-- Every function in C that takes a summary hears that it is to stop, by itself: see tests/sql/whole/cancel.sql, whose statements are written by hand
-- and reach more loops. These are made from pg_proc and pg_type, so that a new function is among them.
\i tests/sweep/calls.sql
CREATE TEMP TABLE statements AS
SELECT signature AS what, format('SELECT %s FROM public.sample',
           -- The last of its summaries sends the signal.
           regexp_replace(call, '(.*)sample\.(\w+)', '\1CASE WHEN pg_cancel_backend(pg_backend_pid()) THEN sample.\2 END')) AS statement
FROM calls JOIN pg_proc AS p USING (oid)
WHERE p.prolang = (SELECT oid FROM pg_language WHERE lanname = 'c') AND call LIKE '%sample.%' AND p.prorettype <> 'cstring'::regtype AND p.proname !~ '_(merge|final)$'
UNION ALL
SELECT 'the text of ' || typname, format('SELECT (CASE WHEN pg_cancel_backend(pg_backend_pid()) THEN t END)::retention.%I FROM (SELECT t || '''' AS t FROM public.text_of_%s OFFSET 0) AS in_memory', typname, typname)
FROM pg_type WHERE typnamespace = 'retention'::regnamespace AND typtype = 'b' AND typelem = 0 AND to_regclass('public.text_of_' || typname) IS NOT NULL
UNION ALL
SELECT 'the bytes of ' || c.relname, format('SELECT (CASE WHEN pg_cancel_backend(pg_backend_pid()) THEN t END)::retention.%I FROM (SELECT t || '''' AS t FROM public.%I OFFSET 0) AS in_memory', substr(relname, 10), relname)
FROM pg_class AS c WHERE relname LIKE 'bytes\_of\_%'
UNION ALL
SELECT 'text of a ' || typname, format('SELECT (CASE WHEN pg_cancel_backend(pg_backend_pid()) THEN %I END)::text FROM public.sample', a.attname)
FROM pg_type AS t JOIN pg_attribute AS a ON a.attrelid = 'public.sample'::regclass AND a.atttypid = t.oid AND a.attname IN ('h', 'm', 'j', 'd', 'l', 'c', 'v')
UNION ALL
SELECT 'rollup of ' || typname, format('SELECT retention.rollup(CASE WHEN n = 2 AND pg_cancel_backend(pg_backend_pid()) THEN %I ELSE %1$I END) FROM public.sample, generate_series(1, 2) AS n', a.attname)
FROM pg_aggregate AS g JOIN pg_proc AS p ON p.oid = g.aggfnoid AND p.proname = 'rollup' AND p.pronamespace = 'retention'::regnamespace
     JOIN pg_type AS t ON t.oid = p.proargtypes[0]
     JOIN pg_attribute AS a ON a.attrelid = 'public.sample'::regclass AND a.atttypid = t.oid AND a.attname IN ('h', 'm', 'j', 'd', 'l', 'c', 'v');

SET backtrace_functions = 'ProcessInterrupts';
SET client_min_messages = error;
SELECT format('/* sweep %s */ %s', what, statement) FROM statements ORDER BY what \gexec
RESET backtrace_functions;

-- What was not heard by the extension itself. That of these is so for a reason.
CREATE TEMP TABLE known (what text, reason text);
INSERT INTO known VALUES
    ('retention.(events|first_at|last_at|grain|time_zone)\(retention.history\)', 'reads what stands before the members'),
    ('retention.(clv_diagnostics|clv_score|clv_value|expected_purchases|expected_spend|p_alive|purchases_distribution)\(retention.clv_model,.*', 'a formula: its sums are in tests/sql/whole/cancel.sql'),
    ('retention.(cox_coefficients|cox_summary|cox_tests|survival_at)\(retention.cox_model.*', 'reads the covariates, of which there are 500 at most, or looks up a time'),
    ('retention_internal.(history|memberships)_(eq|ne|lt|le|gt|ge|cmp|hash|send)\(.*', 'compares or copies bytes'),
    ('retention_internal.(survival_data|logrank_data|cox_model|clv_model)_send\(.*', 'copies bytes'),
    ('(the text of|text of a) clv_model', 'is some thousand bytes');
\set log `echo "$PG_RETENTION_LOG"`
CREATE TEMP TABLE heard AS
WITH message AS (   -- of this session, numbered by error
    SELECT text, count(*) FILTER (WHERE text ~ ' ERROR: ') OVER (ORDER BY n) AS error
    FROM regexp_split_to_table(convert_from(pg_read_binary_file(:'log'), 'LATIN1'), E'\n(?=\\d{4}-\\d\\d-\\d\\d )') WITH ORDINALITY AS m (text, n)
    WHERE text LIKE format('%% [%s] %%', pg_backend_pid())
)
SELECT substring(string_agg(text, E'\n') FROM '/\* sweep (.*?) \*/') AS what, bool_or(text ~ 'ERROR:  canceling statement due to user request') AS cancelled,
       bool_or(text ~ 'BACKTRACE: .*/pg_retention\.so') AS by_itself
FROM message WHERE error > 0 GROUP BY error;
SELECT 'NOT CANCELLED: ' || what FROM statements LEFT JOIN heard USING (what) WHERE cancelled IS NOT TRUE
UNION ALL
SELECT 'HEARD BY POSTGRESQL ALONE: ' || what FROM statements JOIN heard USING (what)
WHERE cancelled AND by_itself IS NOT TRUE AND NOT EXISTS (SELECT FROM known AS k WHERE statements.what ~ ('^(' || k.what || ')$'));
SELECT count(*) FILTER (WHERE by_itself) || ' of ' || count(*) || ' functions and forms hear a cancel by themselves' FROM heard;
