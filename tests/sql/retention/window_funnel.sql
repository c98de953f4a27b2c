-- window_funnel: as ClickHouse's engine answers (tests/reference/window_funnel.py), in every form, every plan, and what is refused.
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET jit = off;
SET search_path = public, retention;

CREATE TEMP TABLE told (grp int, within bigint, modes text, conditions int, rows text, level int);
\copy told FROM 'tests/reference/window_funnel.csv' (FORMAT csv, HEADER)
CREATE TEMP TABLE found AS
SELECT t.grp, t.modes, t.level, window_funnel(t.within, t.modes, split_part(r, ':', 1)::bigint, VARIADIC (SELECT array_agg(split_part(r, ':', 2)::int >> step & 1 = 1 ORDER BY step) FROM generate_series(0, t.conditions - 1) step)) AS found
FROM told t, string_to_table(t.rows, ' ') r GROUP BY t.grp, t.modes, t.level;
SELECT modes, count(*) AS groups, count(*) FILTER (WHERE found = level) AS the_same, max(level) AS highest FROM found GROUP BY modes ORDER BY modes COLLATE "C";

-- As in the documents of those engines: four events within a window long enough, in order, backwards, and without the first.
CREATE TABLE visits (who text, at timestamptz, event text);
INSERT INTO visits VALUES ('1', '2024-01-01 10:00', 'c1'), ('1', '2024-01-01 10:01', 'c2'), ('1', '2024-01-01 10:02', 'c3'), ('1', '2024-01-01 10:03', 'c4'),
    ('2', '2024-01-01 10:00', 'c4'), ('2', '2024-01-01 10:01', 'c3'), ('2', '2024-01-01 10:02', 'c2'), ('2', '2024-01-01 10:03', 'c1'),
    ('3', '2024-01-01 10:00', 'c4'), ('3', '2024-01-01 10:01', 'c3'),
    -- A, B, D, C: the order is broken. A, B, C, B, D: one comes twice.
    ('4', '2024-01-01 10:00', 'c1'), ('4', '2024-01-01 10:01', 'c2'), ('4', '2024-01-01 10:02', 'c4'), ('4', '2024-01-01 10:03', 'c3'),
    ('5', '2024-01-01 10:00', 'c1'), ('5', '2024-01-01 10:01', 'c2'), ('5', '2024-01-01 10:02', 'c3'), ('5', '2024-01-01 10:03', 'c2'), ('5', '2024-01-01 10:04', 'c4');
SELECT who, window_funnel('1 day', 'default', at, event = 'c1', event = 'c2', event = 'c3') AS as_text, window_funnel(86400, NULL, at, event = 'c1', event = 'c2', event = 'c3') AS in_seconds,
       window_funnel('1 day', 'default', at::timestamp, event = 'c1', event = 'c2', event = 'c3') AS local, window_funnel(60, 'default', extract(epoch FROM at)::bigint, event = 'c1', event = 'c2', event = 'c3') AS epoch,
       window_funnel(0, 'default', at::date, event = 'c1', event = 'c2', event = 'c3') AS one_day,
       window_funnel('1 day', 'strict_order', at, event = 'c1', event = 'c2', event = 'c3', event = 'c4') AS strict_order, window_funnel('1 day', 'strict_deduplication', at, event = 'c1', event = 'c2', event = 'c3', event = 'c4') AS deduplication
FROM visits GROUP BY who ORDER BY who;
-- A row without a time is none, a NULL condition is not met; no rows at all are at level 0.
SELECT window_funnel('1 day', 'default', NULL::timestamptz, true) AS no_time, window_funnel('1 day', 'default', now(), NULL) AS no_condition, window_funnel('1 day', 'default', now(), true) FILTER (WHERE false) AS no_rows;
-- Beside funnel, over one start a member and one event a step.
CREATE TABLE random_events AS
SELECT abs(hashint4(n)) % 3000 AS member, timestamptz '2024-01-01' + abs(hashint4(n + 1000000)) % 200 * interval '6 hours' AS at, substr('abcd', 1 + abs(hashint4(n + 2000000)) % 4, 1) AS event FROM generate_series(1, 20000) n;
DELETE FROM random_events r WHERE event = 'a' AND EXISTS (SELECT FROM random_events o WHERE o.member = r.member AND o.event = 'a' AND (o.at, o.ctid) < (r.at, r.ctid));
SELECT l.step, l.reached = f.reached AS same FROM (SELECT s AS step, count(*) FILTER (WHERE level >= s) AS reached FROM (SELECT window_funnel('20 days', 'default', at, event = 'a', event = 'b', event = 'c', event = 'd') AS level FROM random_events GROUP BY member) w, generate_series(1, 4) s GROUP BY 1) l
     JOIN funnel((SELECT journey_agg(member, at, event) FROM random_events), '{a,b,c,d}', '20 days', as_of => '2024-12-31') f USING (step) ORDER BY 1;
-- In every plan.
CREATE TABLE levels AS SELECT member, window_funnel('20 days', 'strict_once', at, event = 'a', event <> 'd', event = 'c') AS level FROM random_events GROUP BY member;
ALTER TABLE random_events SET (parallel_workers = 2);
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS off) SELECT window_funnel('20 days', 'strict_once', at, event = 'a', event <> 'd', event = 'c') FROM random_events;
SELECT count(*) AS members, count(*) FILTER (WHERE a.level = b.level) AS same, max(a.level)
FROM (SELECT member, window_funnel('20 days', 'strict_once', at, event = 'a', event <> 'd', event = 'c') AS level FROM random_events GROUP BY member) a JOIN levels b USING (member);
SELECT bool_and(level = (SELECT window_funnel('20 days', 'default', at, event = 'b', event = 'c') FROM random_events o WHERE o.member = s.member AND o.at <= s.at)) AS running
FROM (SELECT member, at, window_funnel('20 days', 'default', at, event = 'b', event = 'c') OVER (PARTITION BY member ORDER BY at) AS level FROM random_events WHERE member < 60) s;
SELECT window_funnel('1 hour', 'default', timestamp '2024-01-01' + i * interval '1 second', i % 3 = 1, i % 3 = 2, i % 3 = 0) FROM generate_series(1, 1000000) i;
SELECT window_funnel('1 hour', 'strict_once', timestamp '2024-01-01', i % 3 = 1, i % 3 > 0, i % 2 = 0, true) FROM generate_series(1, 300000) i;

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
\pset format unaligned
\pset fieldsep ' | '
\pset tuples_only on
SELECT q, o.* FROM (VALUES
    (1, $$window_funnel('1 day', 'sideways', at, true) FROM visits$$),
    (2, $$window_funnel('1 day', 'strict_once,strict_order', at, true) FROM visits$$),
    (3, $$window_funnel('1 month', 'default', at, true) FROM visits$$),
    (4, $$window_funnel('7', 'default', at, true) FROM visits$$),
    (5, $$window_funnel(-1, 'default', at, true) FROM visits$$),
    (6, $$window_funnel(NULL::text, 'default', at, true) FROM visits$$),
    (7, $$window_funnel('1 day', 'default', 'infinity'::timestamptz, true)$$),
    (8, $$window_funnel('1 day', 'default', 9223372036854775807, true)$$),
    (9, $$window_funnel('1 day', 'default', at, VARIADIC '{}'::boolean[]) FROM visits$$),
    (10, $$window_funnel('1 day', 'default', at, VARIADIC array_fill(true, '{33}')) FROM visits$$),
    (11, $$window_funnel(w, 'default', at, true) FROM visits, (VALUES ('1 day'), ('2 days')) v (w)$$)) v (q, sql), pg_temp.outcome('SELECT ' || sql) o ORDER BY q;
