-- What publishing costs: rows of bench.events, in the order of their times, with two columns of strata, published with tracking, then 0.1 % new rows in the newest
-- month and a refresh. publish.py adds what other engines take, and publish_report.sql prints it. psql -v rows=N
\set QUIET on
\set ON_ERROR_STOP on
\pset format unaligned
\pset tuples_only on
\pset fieldsep ' | '
SET client_min_messages = warning;
SET jit = off;
CREATE TABLE bench.published (place int GENERATED ALWAYS AS IDENTITY, what text, seconds float8, remark text);
CREATE PROCEDURE bench.take(what text, statement text, rounds int DEFAULT 1) LANGUAGE plpgsql AS $$
DECLARE
    best float8 := 'infinity';
    began timestamptz;
BEGIN
    FOR i IN 1..rounds LOOP
        began := clock_timestamp();
        EXECUTE statement;
        best := least(best, extract(epoch FROM clock_timestamp() - began));
    END LOOP;
    INSERT INTO bench.published (what, seconds) VALUES (what, best);
END $$;

CREATE TABLE sales AS
SELECT member_id, at, amount, (ARRAY['CN', 'DE', 'FR', 'UK', 'US'])[1 + (bench.share(member_id, 4) * 5)::int % 5] AS country,
       (ARRAY['app', 'shop', 'web'])[1 + i % 3] AS channel
FROM bench.events(:rows) ORDER BY at; -- as they arrive
CREATE INDEX ON sales (at);
VACUUM (FREEZE, ANALYZE) sales;
CHECKPOINT;
CALL bench.take('one plain scan: count, sum', 'SELECT count(*), sum(amount) FROM sales', 2);
CALL bench.take('publish', $$CALL retention.publish('sales', member => 'member_id', at => 'at', amount => 'amount', schema => 'pub', by => '{country,channel}', zone => 'UTC', track => true)$$);
UPDATE bench.published b SET remark = format('of these for reading and histories %s s, of %s rows, %s buckets, %s strata; stored: %s', round(extract(epoch FROM p.took_reading), 1), p.rows_read, p.buckets, p.strata, pg_size_pretty(p.size))
FROM retention.published() p WHERE b.what = 'publish';
INSERT INTO bench.published (what, seconds) SELECT 'its histories', extract(epoch FROM took_reading) FROM retention.published();
CALL bench.take('0.1 % new rows in the newest month, with triggers',
    format($$INSERT INTO sales SELECT member_id, timestamptz '2023-12-01 00:00+00' + (i %% 2600000) * interval '1 second', amount, 'DE', 'web' FROM bench.events(%s)$$, :rows / 1000));
CALL bench.take('refresh', $$CALL retention.refresh('pub')$$);
UPDATE bench.published b SET remark = format('spans read: %s, %s rows', p.spans_read, p.rows_read) FROM retention.published() p WHERE b.what = 'refresh';
INSERT INTO bench.published (what, seconds, remark) SELECT 'its histories', extract(epoch FROM p.took_reading), format('%s times faster than their first build', round((b.seconds / extract(epoch FROM p.took_reading))::numeric, 1))
FROM retention.published() p, bench.published b WHERE b.what = 'its histories';
CALL bench.take('verify', $$SELECT count(*) FROM retention.verify('pub')$$);
VACUUM (ANALYZE) pub.portraits;
SELECT format('CALL bench.take(%L, %L, 3)', 'view ' || relname, format('SELECT count(v) FROM (SELECT * FROM pub.%I OFFSET 0) v', relname)) FROM pg_class
WHERE relnamespace = 'pub'::regnamespace AND relkind = 'v' AND relname NOT IN ('members', 'source_rows') ORDER BY relname \gexec
CALL bench.take('view cohorts_by, one stratum', $$SELECT count(v) FROM (SELECT * FROM pub.cohorts_by WHERE country = 'DE' AND channel = 'web' OFFSET 0) v$$, 3);
CALL bench.take('one member by id', 'SELECT * FROM pub.members WHERE member = 4711', 3);
