-- Every argument of every function, one after the other, is as large, as small or as odd as its type allows, over small summaries: an answer, or an ERROR with
-- words, or a time that runs out and is heard; and no memory that the question alone asks for.
SET client_min_messages = error;
\i tests/sweep/sample.sql
\i tests/sweep/calls.sql
CREATE TEMP TABLE extremes (type text, value text);
INSERT INTO extremes
SELECT type, format('%L::%s', value, type) FROM (VALUES
    ('date', '{infinity,-infinity,5874897-12-31,294276-12-31,4713-01-01 BC,2020-02-30 BC,9999-12-31}'::text[]),
    ('integer', '{0,-1,1,2147483647,-2147483648,10000,366}'),
    ('bigint', '{0,-1,9223372036854775807,-9223372036854775808,1000000}'),
    ('double precision', '{0,-1,0.5,1,95,1e-300,5e-324,1e300,1.7e308,-1e308,NaN,Infinity,-Infinity,1e9}'),
    ('boolean', '{true,false}'),
    ('name', '{"",x,member,country}'),
    ('integer[]', '{"{}","{1,2147483647}","{-1}","{NULL}","{{1}}","{1,3,7,14,30,60,90}"}'),
    ('bigint[]', '{"{}","{NULL}","{9223372036854775807,-9223372036854775808}"}'),
    ('text[]', '{"{}","{NULL}","{\"\"}"}'),
    ('double precision[]', '{"{}","{NaN}","{NULL,1}","{1e308,-1e308}","{Infinity,0}"}'),
    ('jsonb', '{"{}","[]",null,1,"{\"a\": 1e400}","{\"tiers\": []}","{\"r\": [1e308,1e308]}","{\"rules\": [{\"segment\": \"x\", \"r\": [0, 1e300]}]}"}'),
    ('date', '{2020-03-15}')) AS e (type, choices), unnest(choices) AS c (value)
WHERE NOT (type = 'date' AND value LIKE '%02-30%') AND NOT (type = 'jsonb' AND value LIKE '%1e400%')
UNION ALL
SELECT type, 'NULL::' || type FROM (VALUES ('date'), ('integer'), ('bigint'), ('double precision'), ('text'), ('name'), ('integer[]'), ('jsonb'), ('retention.history'), ('retention.memberships'), ('retention.journeys'), ('regclass')) AS t (type)
UNION ALL
SELECT 'text', format('%L::text', value)
FROM unnest(ARRAY['', 'day', '1 day', '1 hour', '1 second', '3 months', 'quarter', 'year from april', '2147483647 days', '1000 years', '99999999999999999999 days', '-1 day', '{}', '{"a": 1}',
                  'recurring', 'streak', 'on or before', 'refund', 'rank', 'ntile', 'auto', 'log-log']) AS t (value)
UNION ALL
SELECT 'text', 'repeat(''x'', 1000000)'
UNION ALL SELECT 'text[]', 'array_fill(''x''::text, ''{100000}'')'
UNION ALL SELECT 'integer[]', '(SELECT array_agg(i) FROM generate_series(1, 100000) AS i)'
UNION ALL SELECT 'double precision[]', 'array_fill(1::float8, ''{100000}'')'
UNION ALL SELECT 'jsonb', '(SELECT jsonb_object_agg(i, i) FROM generate_series(1, 20000) AS i)';
-- Models that somebody has written by hand, with parameters that are numbers and nothing more.
INSERT INTO extremes
SELECT 'retention.clv_model', format('%L::retention.clv_model', jsonb_build_object('model', model, 'parameters', parameters))
FROM (VALUES ('nbd', '{r,alpha}'::text[]), ('bg/nbd', '{r,alpha,a,b}'), ('mbg/nbd', '{r,alpha,a,b}'), ('pareto/nbd', '{r,alpha,s,beta}'), ('ggompertz/nbd', '{r,alpha,b,s,beta}'),
             ('bg/bb', '{alpha,beta,gamma,delta}'), ('sbg', '{alpha,beta}'), ('bdw', '{alpha,beta,c}'), ('bg/cnbd-k', '{k,r,alpha,a,b}'), ('mbg/cnbd-k', '{k,r,alpha,a,b}')) AS m (model, names),
     generate_series(1, cardinality(names)) AS i, unnest('{1e-85,1e50,1000}'::float8[]) AS odd,
     LATERAL (SELECT jsonb_object_agg(n, CASE WHEN place = i THEN CASE WHEN n = 'k' THEN least(greatest(odd, 1), 1000) ELSE odd END WHEN n = 'k' THEN 3 ELSE 1 END)
              FROM unnest(names) WITH ORDINALITY AS u (n, place)) AS p (parameters);

CREATE TEMP TABLE asked AS
SELECT c.signature, a.name AS argument, e.value,
       format('SELECT count(*) FROM public.sample, LATERAL %I.%I(%s) AS r', c.schema, c.name,
              (SELECT string_agg(concat(quote_ident(nullif(b.name, '')) || ' => ', CASE WHEN b.place = a.place THEN e.value ELSE b.value END), ', ' ORDER BY b.place)
               FROM arguments AS b WHERE b.oid = c.oid AND (b.value IS NOT NULL OR b.place = a.place))) AS statement
FROM calls AS c JOIN arguments AS a USING (oid) JOIN extremes AS e ON e.type = a.type
WHERE c.kind = 'f' AND c.schema = 'retention'
      -- The same formula for members of other types.
      AND NOT (e.type = 'retention.clv_model' AND c.signature ~ 'clv\(retention.history,(bigint|uuid)');
-- Days that are far away, in each unit of time.
INSERT INTO asked
SELECT c.signature, 'period, as_of', p || ', ' || d,
       format('SELECT count(*) FROM public.sample, LATERAL %s, period => %L, as_of => %L) AS r', rtrim(c.call, ')'), p, d)
FROM calls AS c, unnest('{day,1 day,7 days,week,1 month,month,year,1 hour}'::text[]) AS p, unnest('{5874897-12-31,294276-12-31,9999-12-31,12000-01-01}'::text[]) AS d
WHERE c.schema = 'retention' AND EXISTS (SELECT FROM arguments AS a WHERE a.oid = c.oid AND a.name = 'period') AND EXISTS (SELECT FROM arguments AS a WHERE a.oid = c.oid AND a.name = 'as_of' AND NOT a.is_needed);

DELETE FROM asked WHERE signature ~ '\.(publish|verify)';

-- Each by itself, so that each has its time. What went wrong is in the server's log.
SET statement_timeout = '500ms';
SET log_error_verbosity = verbose;
SELECT format('/* sweep %s */ %s', row_number() OVER (), statement) FROM asked \gexec
RESET log_error_verbosity;
RESET statement_timeout;

\set log `echo "$PG_RETENTION_LOG"`
CREATE TEMP TABLE outcomes AS
WITH message AS (   -- of this session, numbered by error
    SELECT text, count(*) FILTER (WHERE text ~ ' ERROR: ') OVER (ORDER BY n) AS error
    FROM regexp_split_to_table(convert_from(pg_read_binary_file(:'log'), 'LATIN1'), E'\n(?=\\d{4}-\\d\\d-\\d\\d )') WITH ORDINALITY AS m (text, n)
    WHERE text LIKE format('%% [%s] %%', pg_backend_pid())
)
SELECT min(substring(text FROM ' ERROR:  (\w{5})')) AS state, left(min(substring(text FROM ' ERROR:  \w{5}: (.*)')), 200) AS message,
       max(length(text)) FILTER (WHERE text ~ ' (ERROR|DETAIL|HINT):  ') AS letters,
       left(min(substring(text FROM '(?n)(/\* sweep \d+ \*/.*)')), 600) AS statement
FROM message WHERE error > 0 GROUP BY error;
SELECT 'A FAULT OF OURS: ' || state || ' ' || message || ': ' || statement
FROM (SELECT *, row_number() OVER (PARTITION BY state, left(message, 50), substring(statement FROM 'LATERAL (\w+\.\w+)')) AS n FROM outcomes WHERE state ~ '^(XX|53|08|58|42[^8])' AND NOT (state LIKE '42%' AND statement ~ '(public\.(events|contracts)|history_of_query\()')) AS o WHERE n = 1 ORDER BY 1;
SELECT 'AN ERROR OF ' || letters || ' LETTERS: ' || state || ' ' || message || ': ' || statement
FROM (SELECT *, row_number() OVER (PARTITION BY state, left(message, 50), substring(statement FROM 'LATERAL (\w+\.\w+)')) AS n FROM outcomes WHERE letters > 5000 AND message !~ '^(syntax error at|invalid input syntax for type json)') -- PostgreSQL's own
      AS o WHERE n = 1 ORDER BY 1;
SELECT 'MORE MEMORY THAN 2 GB: ' || size FROM (SELECT (regexp_match(pg_read_file('/proc/' || pg_backend_pid() || '/status'), 'VmHWM:\s+(\d+)'))[1]::bigint / 1000 AS size) AS s WHERE size > 2000;
SELECT 'NO ERROR FOUND IN THE LOG: ' || :'log' WHERE NOT EXISTS (SELECT FROM outcomes);
SELECT count(*) || ' questions, ' || (SELECT count(*) FROM outcomes) || ' of them answered by an error' FROM asked;
