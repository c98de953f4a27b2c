-- Labels are true: what is IMMUTABLE gives the same answer whatever the settings of the session. Every function and aggregate of the extension,
-- from pg_proc (tests/sweep/calls.sql).
SET client_min_messages = warning;
\set ECHO none
\i tests/sweep/sample.sql
\i tests/sweep/calls.sql
\set ECHO all

-- Sessions that have as little in common as can be.
CREATE TEMP TABLE sessions AS
SELECT n, jsonb_object_agg(name, value) AS settings
FROM (VALUES ('TimeZone', '{UTC,Asia/Kathmandu,America/Los_Angeles}'::text[]), ('DateStyle', '{"ISO, YMD","SQL, DMY",German}'),
             ('IntervalStyle', '{postgres,sql_standard,iso_8601}'), ('extra_float_digits', '{1,-15,3}'), ('bytea_output', '{hex,escape,escape}'),
             ('search_path', '{public,"","pg_temp, pg_catalog"}'), ('array_nulls', '{on,off,on}'), ('quote_all_identifiers', '{off,on,off}'),
             ('standard_conforming_strings', '{on,off,on}'), ('default_text_search_config', '{pg_catalog.simple,pg_catalog.german,pg_catalog.english}'),
             ('timezone_abbreviations', '{Default,Australia,India}'), ('work_mem', '{4MB,64kB,64MB}'), ('enable_hashagg', '{on,off,on}'),
             ('enable_sort', '{on,off,on}'), ('max_parallel_workers_per_gather', '{0,2,0}'), ('jit', '{off,off,off}')) AS s (name, choices),
     LATERAL unnest(choices) WITH ORDINALITY AS c (value, n)
GROUP BY n;

CREATE FUNCTION pg_temp.answer(query text, settings jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    before jsonb;
    answer text;
    fault text;
BEGIN
    SELECT INTO before jsonb_object_agg(key, current_setting(key)) FROM jsonb_object_keys(settings) AS k (key);
    PERFORM set_config(key, value, true) FROM jsonb_each_text(settings);
    BEGIN
        EXECUTE query INTO answer;
    EXCEPTION WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS fault = MESSAGE_TEXT;
        answer := SQLSTATE || ' ' || fault;
    END;
    PERFORM pg_catalog.set_config(key, value, true) FROM pg_catalog.jsonb_each_text(before);
    RETURN answer;
END $$;

CREATE TEMP TABLE answers AS
SELECT q.signature, q.volatility, s.n, a.answer FROM queries AS q, sessions AS s, pg_temp.answer(q.query, s.settings) AS a (answer);

SELECT count(DISTINCT signature) FILTER (WHERE volatility = 'i') > 200 AS functions, count(DISTINCT n) AS sessions FROM answers;
-- Not one answer differs.
SELECT signature, array_agg(answer ORDER BY n) AS answers FROM answers WHERE volatility = 'i' GROUP BY 1 HAVING count(DISTINCT answer) > 1 ORDER BY 1;
-- Nor is any an error, but for what only an aggregate may call.
SELECT left(answer, 5) AS state, array_agg(DISTINCT signature) AS functions FROM answers WHERE volatility = 'i' AND answer ~ '^\w{5} ' GROUP BY 1 ORDER BY 1;
-- The test can tell: without a zone, an instant is on the session's calendar, and what makes it so is not IMMUTABLE.
SELECT signature ~ '^retention.(history|membership|journey)_agg\(\w+,timestamp with time zone' AS are_these, count(*) FROM (
    SELECT signature FROM answers WHERE volatility = 's' AND signature ~ '_agg\(' GROUP BY 1 HAVING count(DISTINCT answer) > 1) AS s GROUP BY 1 ORDER BY 1;
SELECT count(*) AS immutable_without_a_zone FROM aggregates
WHERE volatility = 'i' AND (signature ~ 'history_agg\(\w+,timestamp with time zone(,numeric|,double precision)?(,text)?\)' OR signature ~ '(membership|journey)_agg\(\w+,timestamp with time zone,(timestamp with time zone|text)\)');
