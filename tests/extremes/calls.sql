-- Prints calls of every function and aggregate of the extension, as pg_proc has them: NUMBER of each, with sensible arguments but for a few,
-- which are at the edge of their type. What a type has no values for here is NULL.
SELECT setseed(:seed) \g /dev/null
CREATE TEMP TABLE offered (type regtype, value text, is_edge boolean);
INSERT INTO offered
SELECT type::regtype, unnest(sensible), false FROM (VALUES
    ('bigint', '{1,30,12347}'::text[]), ('integer', '{1,5,7}'), ('smallint', '{1}'), ('double precision', '{0.5,0.95,30}'), ('numeric', '{1,99.5}'),
    ('text', '{''month'',''90 days'',''quarter'',''default'',''12347''}'), ('name', '{''member_id'',''ordered_at'',''amount''}'), ('boolean', '{true,false}'),
    ('date', '{''2011-06-30'',''2011-12-31''}'), ('timestamptz', '{''2011-06-30 12:00+00''}'), ('timestamp', '{''2011-06-30 12:00''}'),
    ('interval', '{''90 days'',''1 year''}'), ('uuid', '{''5d41402a-bc4b-2a76-b971-9d911017c592''}'), ('regclass', '{''orders'',''cdnow''}'),
    ('jsonb', '{"''{\"recency\": [30, 90], \"frequency\": [1, 4]}''","''{\"age\": 3}''"}'), ('text[]', '{"''{12347,x}''"}'), ('bigint[]', '{"''{12347,12348}''"}'),
    ('integer[]', '{"''{0,1,3,6}''"}'), ('uuid[]', '{"''{5d41402a-bc4b-2a76-b971-9d911017c592}''"}'), ('float8[]', '{"''{1,2}''"}'), ('bytea', '{''\x01''}'),
    ('retention.history', '{(SELECT h FROM kept WHERE name = ''amounts''),(SELECT h FROM kept WHERE name = ''days'')}'),
    ('retention.memberships', '{(SELECT m FROM kept WHERE name = ''amounts'')}'), ('retention.survival_data', '{(SELECT s FROM kept WHERE name = ''amounts'')}'),
    ('retention.logrank_data', '{(SELECT l FROM kept WHERE name = ''amounts'')}'), ('retention.cox_model', '{(SELECT c FROM kept WHERE name = ''amounts'')}'),
    ('retention.clv_model', '{(SELECT f FROM kept WHERE name = ''amounts'')}')) AS v (type, sensible);
INSERT INTO offered
SELECT type::regtype, unnest(edges), true FROM (VALUES
    ('bigint', '{NULL,0,-1,9223372036854775807,-9223372036854775808}'::text[]), ('integer', '{NULL,0,-1,2147483647,-2147483648}'), ('smallint', '{NULL,-32768,32767}'),
    ('double precision', '{NULL,0,''-0'',''NaN'',''Infinity'',''-Infinity'',1e308,5e-324,-1,1}'), ('numeric', '{NULL,0,''NaN'',''Infinity'',''-Infinity'',1e1000,1e-1000,-1}'),
    ('text', '{NULL,'''',''2147483647 years'',''1 second'',''0 days'',''-1 day'',''week from sunday'',''week'',''day'',''5000 days'',chr(34),''[]'',"''{''",''UTC'',''+08'',"repeat(''a'', 100000)",chr(233),chr(128512),''total'',''median'',''log-log''}'),
    ('name', '{NULL,'''',''no_such'',''oid''}'), ('boolean', '{NULL}'),
    ('date', '{NULL,''infinity'',''-infinity'',''4713-01-01 BC'',''5874897-12-31'',''294276-12-31'',''1970-01-01''}'),
    ('timestamptz', '{NULL,''infinity'',''-infinity'',''4713-01-01 BC'',''294276-12-31 23:59:59.999999+00''}'),
    ('timestamp', '{NULL,''infinity'',''-infinity'',''4713-01-01 BC'',''294276-12-31 23:59:59.999999''}'),
    ('interval', '{NULL,''0'',''-1 day'',''178956970 years'',''1 microsecond''}'), ('uuid', '{NULL,''00000000-0000-0000-0000-000000000000''}'), ('regclass', '{NULL,''pg_class'',''0''}'),
    ('jsonb', '{NULL,''null'',''[]'',"''{}''",''1e400'',"''{\"recency\": [], \"frequency\": []}''","''{\"age\": {}}''","(''['' || repeat(''['', 200) || repeat('']'', 200) || '']'')"}'),
    ('text[]', '{NULL,"''{}''","''{NULL}''","''{{a,b},{c,d}}''",array_fill(''x''::text\, ARRAY[100000])}'), ('bigint[]', '{NULL,"''{}''","''{NULL}''","''{{1,2},{3,4}}''"}'),
    ('integer[]', '{NULL,"''{}''","''{NULL,1}''","''{3,1}''","''{0,2147483647}''","''{-1,0}''"}'), ('uuid[]', '{NULL,"''{}''","''{NULL}''"}'),
    ('float8[]', '{NULL,"''{}''","''{NULL,1}''","''{NaN,Infinity}''","''{1e308,-1e308}''","''{{1,2},{3,4}}''"}'), ('bytea', '{NULL,''\x''}'),
    ('retention.history', '{NULL,(SELECT h FROM kept WHERE name = ''edges''),(SELECT h FROM kept WHERE name = ''seconds''),(SELECT h FROM kept WHERE name = ''one''),(SELECT h FROM kept WHERE name = ''years'')}'),
    ('retention.memberships', '{NULL,(SELECT m FROM kept WHERE name = ''edges'')}'), ('retention.survival_data', '{NULL,(SELECT s FROM kept WHERE name = ''edges'')}'),
    ('retention.logrank_data', '{NULL,(SELECT l FROM kept WHERE name = ''edges'')}'), ('retention.cox_model', '{NULL}'),
    ('retention.clv_model', '{NULL,(SELECT f FROM kept WHERE name = ''edges'')}')) AS v (type, edges);

CREATE TEMP TABLE callable AS
SELECT p.oid, p.oid::regproc::text AS name, p.prokind, p.proargtypes::regtype[] AS types, p.pronargs AS number
FROM pg_proc AS p
     JOIN pg_depend AS d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
WHERE d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'pg_retention')
      AND p.prokind IN ('f', 'a', 'p') AND p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype, 'internal'::regtype)
      AND NOT p.proargtypes::oid[] && ARRAY['internal', 'cstring']::regtype[]::oid[];

-- An argument is at an edge as often as makes two of them, on average.
CREATE FUNCTION pg_temp.argument(wanted regtype, number int) RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT coalesce((SELECT o.value || '::' || wanted FROM offered AS o WHERE o.type = wanted AND o.is_edge = (random() < 2.0 / (number + 1)) ORDER BY random() LIMIT 1),
                    'NULL::' || wanted)
$$;
\pset tuples_only on
\pset format unaligned
SELECT format(E'\\echo call %s\nBEGIN;\n%s;\nROLLBACK;', row_number() OVER (), call)
FROM (SELECT CASE prokind WHEN 'p' THEN format('CALL %s(%s)', name, arguments)
                          WHEN 'a' THEN format('SELECT count(x) FROM (SELECT %s(%s) AS x FROM generate_series(1, 3)) AS s', name, arguments)
                          ELSE format('SELECT count(x) FROM (SELECT %s(%s) AS x) AS s', name, arguments) END AS call
      FROM (SELECT c.name, c.prokind, (SELECT string_agg(pg_temp.argument(t, c.number), ', ' ORDER BY n) FROM unnest(c.types) WITH ORDINALITY AS u (t, n) WHERE g > 0) AS arguments
            FROM callable AS c, generate_series(1, :number) AS g) AS calls) AS calls;
