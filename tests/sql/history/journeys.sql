-- Journeys: what is inside against plain SQL, as a type, in every plan, and what is refused.
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET jit = off;
SET search_path = public, retention;

-- Three members of a shop, by hand. Ann signs up twice in one microsecond; rows without a member, a time or an event are none.
CREATE TABLE shop (member text, at timestamptz, event text);
INSERT INTO shop VALUES
  ('ann', '2024-01-31 23:30+00', 'sign up'), ('ann', '2024-01-31 23:30+00', 'sign up'), ('ann', '2024-02-01 08:00:00.000001+00', 'order'),
  ('ann', '2024-02-01 08:00:00.000001+00', 'mail'), ('ben', '2024-02-03 00:00+00', 'sign up'), ('cat', '2024-02-02 12:00+00', 'mail'),
  (NULL, '2024-01-01', 'order'), ('dan', NULL, 'order'), ('eve', '2025-01-01', NULL);
CREATE TEMP VIEW journeys_of_shop AS SELECT journey_agg(member, at, event, 'Europe/Berlin') AS j FROM shop;
SELECT members(j), events(j), first_at(j), last_at(j), time_zone(j) FROM journeys_of_shop;
SELECT r.* FROM journeys_of_shop, journey_rows(j) r ORDER BY member, at, event;
SELECT e.* FROM journeys_of_shop, events_of(j) e;
-- Berlin's 1 February began half an hour before she signed up.
SELECT r.* FROM journeys_of_shop, history_rows(history_of_events(j, '{sign up}')) r ORDER BY member;
SELECT d.*, r.member, r.at, r.event
FROM journeys_of_shop, (VALUES (NULL::date, '2024-02-01'::date), ('2024-02-02', NULL), ('2024-02-03', '2024-02-03'), (NULL, '2024-01-31')) d (from_date, to_date)
     LEFT JOIN LATERAL journey_rows(slice(j, from_date, to_date)) r ON true ORDER BY 1, 2, 3, 4, 5;
SELECT slice(j, '2024-02-04') IS NULL AS after, slice(j, NULL, '2024-01-31') IS NULL AS before, slice(j) = j AS all_of_it,
       slice(j, '4713-01-01 BC', '294276-12-31') = j AS all_of_time FROM journeys_of_shop;
SELECT members(without(j, '{ann,nobody}'::text[])) AS without_ann, without(j, '{ann,ben,cat}'::text[]) IS NULL AS without_all, without(j, NULL::text[]) = j AS without_none FROM journeys_of_shop;
-- What is left is what was never told of the others: names that nobody has any more are gone.
SELECT without(j, '{ann}'::text[]) = (SELECT journey_agg(member, at, event, 'Europe/Berlin') FROM shop WHERE member <> 'ann') AS same FROM journeys_of_shop;
SELECT journey_of('shop', 'member', 'at', 'event', 'Europe/Berlin') = j AS as_one_call FROM journeys_of_shop;

-- In every form: each against plain SQL over the same rows, and the same bytes whatever the order of the rows.
CREATE TABLE visits (n int, member bigint, at timestamptz, event text) WITH (parallel_workers = 2);
INSERT INTO visits
SELECT n, abs(hashint4(n)) % 900 * (abs(hashint4(n)) % 7) - 300, timestamptz '2023-01-01' + (hashint4(n + 1000000)::bigint + 2147483648) * interval '7 milliseconds',
       'page ' || abs(hashint4(n + 2000000)) % 23
FROM generate_series(1, 20000) n;
-- Every tenth row comes again, and many at once.
INSERT INTO visits SELECT n + 20000, member, at, event FROM visits WHERE n % 10 = 0;
INSERT INTO visits SELECT n + 40000, member, '2023-06-01', event FROM visits WHERE n % 20 = 1;
ANALYZE visits;
CREATE FUNCTION pg_temp.wrong(aggregate text, member text, at text) RETURNS TABLE (wrong bigint, counted bigint, same_backwards boolean, same_again boolean) LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY EXECUTE format($q$
        WITH j AS MATERIALIZED (SELECT %1$s AS j FROM visits),
             expected AS MATERIALIZED (SELECT (%2$s)::text AS member, (%3$s)::timestamptz AS at, event, count(*) FROM visits GROUP BY 1, 2, 3),
             found AS MATERIALIZED (SELECT r.* FROM j, journey_rows(j) AS r)
        SELECT (SELECT count(*) FROM ((TABLE expected EXCEPT ALL TABLE found) UNION ALL (TABLE found EXCEPT ALL TABLE expected)) AS d), events(j),
               j = (SELECT %1$s FROM (SELECT * FROM visits ORDER BY n DESC) AS visits), j::text::journeys = j AND j::bytea::journeys = j
        FROM j$q$, aggregate, member, at);
END $$;
SELECT f.member, f.at, w.*
FROM (SELECT m.member, t.at, z.zone FROM unnest('{member,md5(member::text)::uuid,''m'' || member}'::text[]) m (member), unnest('{at,at::timestamp,at::date}'::text[]) t (at),
             unnest('{"",", ''Asia/Kathmandu''"}'::text[]) z (zone)) f, pg_temp.wrong(format('journey_agg(%s, %s, event%s)', f.member, f.at, f.zone), f.member, f.at) w
ORDER BY 1, 2;
-- Events of other types: as they cast.
CREATE TYPE kind AS ENUM ('b', 'a');
SELECT e.* FROM (SELECT journey_agg(1, date '2024-01-01', k::varchar(5)) AS j FROM unnest(enum_range(NULL::kind)) k) s, events_of(j) e;
CREATE TABLE kinds AS SELECT 1 AS member, date '2024-01-01' AS at, k, k::varchar(3) AS short, NULL::int AS number FROM unnest(enum_range(NULL::kind)) k;
SELECT e.event, e.events, journey_of('kinds', 'member', 'at', 'short') = j AS as_varchar FROM journey_of('kinds', 'member', 'at', 'k') j, events_of(j) e;

-- Histories of events are those of the rows, byte by byte.
SELECT g.grain, m.events, history_of_events(j, m.events, g.grain) = (SELECT history_agg(member, at, NULL::numeric, g.grain, 'Europe/London') FROM visits WHERE m.events IS NULL OR event = ANY (m.events)) AS same
FROM (SELECT journey_agg(member, at, event, 'Europe/London') AS j FROM visits OFFSET 0) s, unnest('{second,hour,day,week,year}'::text[]) g (grain),
     (VALUES (NULL::text[]), ('{page 3}'), ('{page 3,page 22,page 3}')) m (events);
SELECT history_of_events(j, '{}') IS NULL AS no_events FROM journeys_of_shop;
-- Clocks that were set back over midnight: what is later may be on an earlier day.
SELECT history_of_events(journey_agg(1, at, 'x', 'America/St_Johns')) = history_agg(1, at, NULL::numeric, 'day', 'America/St_Johns') AS same
FROM generate_series(timestamptz '2005-10-29 00:00+00', '2005-10-31 00:00+00', '7 minutes') at;

-- In every plan: groups sorted, hashed, hashed on disk, in parallel, windows, rolled up.
CREATE TABLE whole AS SELECT journey_agg(member, at, event, 'UTC') AS j FROM visits;
CREATE TABLE by_event AS SELECT e.event, (SELECT journey_agg(member, at, event, 'UTC') FROM visits v WHERE v.event = e.event) AS j FROM (SELECT DISTINCT event FROM visits) e;
SET max_parallel_workers_per_gather = 0;
SET enable_hashagg = off;
SELECT count(*), bool_and(a.j = b.j) FROM (SELECT event, journey_agg(member, at, event, 'UTC') AS j FROM visits GROUP BY event) a FULL JOIN by_event b USING (event);
RESET enable_hashagg;
SET enable_sort = off;
SELECT count(*), bool_and(a.j = b.j) FROM (SELECT event, journey_agg(member, at, event, 'UTC') AS j FROM visits GROUP BY event) a FULL JOIN by_event b USING (event);
SET work_mem = '64kB';
SELECT count(*), bool_and(members(j) = 1) AS one_each, sum(events(j)) FROM (SELECT member, journey_agg(member, at, event, 'UTC') AS j FROM visits GROUP BY member) s;
RESET work_mem;
RESET enable_sort;
SELECT bool_and(j = (SELECT journey_agg(member, at, event, 'UTC') FROM visits v WHERE v.n <= s.n)) AS running
FROM (SELECT n, journey_agg(member, at, event, 'UTC') OVER (ORDER BY n) AS j FROM visits WHERE n <= 60) s;
RESET max_parallel_workers_per_gather;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS off) SELECT journey_agg(member, at, event, 'UTC') FROM visits;
SELECT journey_agg(member, at, event, 'UTC') = (SELECT j FROM whole) AS in_parallel FROM visits;
SELECT count(*), bool_and(a.j = b.j) FROM (SELECT event, journey_agg(member, at, event, 'UTC') AS j FROM visits GROUP BY event) a FULL JOIN by_event b USING (event);
CREATE TABLE parted (LIKE visits) PARTITION BY HASH (member);
CREATE TABLE parted_0 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO parted TABLE visits;
SET enable_partitionwise_aggregate = on;
SELECT journey_agg(member, at, event, 'UTC') = (SELECT j FROM whole) AS by_partition FROM parted;
SELECT rollup(j) = (SELECT j FROM whole) AS rolled_up FROM by_event;
SELECT rollup(j) = (SELECT j FROM whole) AS rolled_up_days FROM (SELECT journey_agg(member, at, event, 'UTC') AS j FROM visits GROUP BY at::date) s;
SELECT events(rollup(j)) = 2 * events((SELECT j FROM whole)) AS twice FROM (TABLE whole UNION ALL TABLE whole) s;
-- Stored, indexed, compared.
CREATE INDEX ON by_event USING hash (j);
SELECT count(DISTINCT j), count(*) FILTER (WHERE j < (SELECT j FROM by_event b WHERE b.event = 'page 3')) BETWEEN 1 AND 22 AS ordered, (SELECT count(*) FROM (SELECT j FROM by_event GROUP BY j) g) FROM by_event;
SELECT bool_and(retention_internal.journeys_hash_extended(j, 0)::bit(32) = retention_internal.journeys_hash(j)::bit(32)) AS low_half FROM by_event;

-- A million events of one member, all at one instant; a name that is long, empty or not ASCII.
SELECT members(j), events(j), length(j::bytea) < 100 AS small FROM (SELECT journey_agg(1, timestamp '2024-01-01', 'a' || i % 2) AS j FROM generate_series(1, 1000000) i) s;
SELECT members(j), events(j), first_at(j), last_at(j) FROM (SELECT journey_agg(1, timestamp '2024-01-01' + i * 7919 % 1000003 * interval '1 second', 'a') AS j FROM generate_series(1::bigint, 1000000) i) s;
SELECT octet_length(event) AS bytes, left(event, 5) AS event, events FROM (SELECT journey_agg(1, date '2024-01-01', e) AS j FROM unnest(ARRAY['', 'žluť', '日本語', repeat('x', 100000)]) e) s, events_of(j);
-- All of PostgreSQL's time.
SELECT r.* FROM (SELECT journey_agg(1, at, 'x', 'UTC') AS j FROM unnest('{4713-01-01 00:00:00+00 BC,1969-12-31 23:59:59.999999+00,294276-12-31 23:59:59.999999+00}'::timestamptz[]) at) s, journey_rows(j) r;
-- What it takes, stored and while it is built: rows of a web log by the second, 20 of a member; 12 bytes a row, and up to 4 MB that are not used yet.
SELECT length(j::bytea) / 200000.0 < 3 AS stored FROM (
    SELECT journey_agg(i / 20, timestamp '2024-01-01' + (i / 20 * 7919 % 86400 + i % 5 * 41 + i % 20 / 5 * 200000) * interval '1 second', 'page ' || i * 7919 % 20) AS j FROM generate_series(0, 199999) i) s;
-- The last event is called what the rows before it take.
SELECT event::bigint / 1000000.0 < 18 AS building FROM (
    SELECT journey_agg(i / 20, timestamp '2024-01-01' + (i % 20 * 86400 + i % 86400) * interval '1 second',
                       CASE WHEN i < 999999 THEN 'page ' || i % 20 ELSE (SELECT sum(total_bytes)::text FROM pg_backend_memory_contexts WHERE name = 'retention.history of groups' AND i > 0) END) AS j
    FROM generate_series(0, 999999) i) s, events_of(j) WHERE event NOT LIKE 'page%';

-- Nothing, and what is refused.
SELECT journey_agg(NULL::bigint, date '2024-01-01', 'x') IS NULL AS no_member, journey_agg(1, NULL::date, 'x') IS NULL AS no_time, journey_agg(1, date '2024-01-01', NULL) IS NULL AS no_event,
       journey_agg(1, date '2024-01-01', 'x') FILTER (WHERE false) IS NULL AS no_rows, rollup(NULL::journeys) IS NULL AS none;
SELECT (SELECT count(*) FROM journey_rows(NULL)) + (SELECT count(*) FROM events_of(NULL)) AS rows, members(NULL::journeys), slice(NULL::journeys, '2024-01-01'), history_of_events(NULL, '{x}');
CREATE FUNCTION pg_temp.outcome(sql text) RETURNS TABLE (state text, message text, hint text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE sql;
    state := '00000';
    message := 'no error';
    RETURN NEXT;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
    RETURN NEXT;
END $$;
CREATE TEMP TABLE j AS SELECT j, journey_agg(1, now(), 'x', 'UTC') AS utc, journey_agg(1, date '2024-01-01', 'x') AS local FROM journeys_of_shop, (SELECT 1) s GROUP BY 1;
\pset format unaligned
\pset fieldsep ' | '
\pset tuples_only on
SELECT q, o.* FROM (VALUES
    (1, $$journey_agg(1, now(), 'x', 'Mars/Olympus')$$),
    (2, $$journey_agg(1, now(), 'x', NULL)$$),
    (3, $$journey_agg(1, timestamp 'infinity', 'x')$$),
    (4, $$journey_agg(1, date '5874897-12-31', 'x')$$),
    (5, $$journey_agg(1, now(), 'x', z) FROM (VALUES ('UTC'), ('Asia/Tokyo')) v (z)$$),
    (6, $$rollup(x) FROM (SELECT utc AS x FROM j UNION ALL SELECT local FROM j) t$$),
    (7, $$rollup(x) FROM (SELECT local AS x FROM j UNION ALL SELECT journey_agg('a', date '2024-01-01', 'x')) t$$),
    (8, $$journey_agg(1, date '2024-01-01', i::text) FROM generate_series(1, 65537) i$$),
    (9, $$members(rollup(x)) FROM (SELECT journey_agg(1, date '2024-01-01', i::text) AS x FROM generate_series(1, 70000) i GROUP BY i % 2) s$$),
    (10, $$members(journey_agg(1, date '2024-01-01', i::text)) FROM generate_series(1, 65536) i$$),
    (11, $$history_of_events(j, '{signup}') FROM j$$),
    (12, $$history_of_events(j, '{order,NULL}') FROM j$$),
    (13, $$history_of_events(j, NULL, 'fortnight') FROM j$$),
    (14, $$r FROM j, journey_rows(j, id => 1) r$$),
    (15, $$without(j, '{1}'::bigint[]) FROM j$$),
    (16, $$slice(j, 'infinity') FROM j$$),
    (17, $$'shop'::journeys$$),
    (18, $$'not base64!'::journeys$$),
    (19, $$'AAAA'::journeys$$),
    (20, $$substr(j::text, 5)::journeys FROM j$$),
    (21, $$history_agg(1, date '2024-01-01')::bytea::journeys$$),
    (22, $$retention_internal.journey_step(NULL, 1::bigint, now(), 'x')$$),
    (23, $$retention_internal.journeys_merge(j, j) FROM j$$),
    (24, $$journey_of('shop', 'who', 'at', 'event')$$),
    (25, $$journey_of('shop', 'member', 'at', 'at')$$),
    (26, $$journey_of('shop', 'member', 'event', 'at')$$),
    (27, $$journey_of('kinds', 'member', 'at', 'number')$$),
    (28, $$journey_of('kinds', 'member', 'at', 'k', 'UTC')$$),
    (29, $$journey_of('kinds', NULL, 'at', 'k')$$)) v (q, sql), pg_temp.outcome('SELECT ' || sql) o ORDER BY q;
-- Every bit flipped in turn: the checksum tells.
SELECT state, count(*) > 0 FROM (
    SELECT o.state FROM j, generate_series(0, length(j::bytea) * 8 - 1) bit, pg_temp.outcome(format('SELECT %L::bytea::journeys', set_bit(j::bytea, bit, 1 - get_bit(j::bytea, bit)))) o) s GROUP BY 1 ORDER BY 1;
