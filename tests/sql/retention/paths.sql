-- Paths, what follows an event, sessions: by hand, against plain SQL, and what is refused.
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET jit = off;
SET search_path = public, retention;

CREATE TABLE shop (member text, at timestamptz, event text);
INSERT INTO shop VALUES
  ('ann', '2024-01-05 10:00', 'home'), ('ann', '2024-01-05 10:02', 'search'), ('ann', '2024-01-05 10:03', 'search'), ('ann', '2024-01-05 10:05', 'item'), ('ann', '2024-01-05 10:12', 'order'),
  ('ann', '2024-01-06 09:00', 'home'), ('ann', '2024-01-06 09:01', 'help'),
  ('ben', '2024-01-09 18:00', 'home'), ('ben', '2024-01-09 18:01', 'item'), ('ben', '2024-01-09 18:02', 'search'), ('ben', '2024-01-09 18:05', 'item'),
  ('cat', '2024-01-11 08:00', 'item'), ('cat', '2024-01-11 08:10', 'order'), ('dan', '2024-01-12 08:00', 'home');
CREATE TEMP VIEW j AS SELECT journey_agg(member, at, event) AS j FROM shop;
SELECT p.level, p.from_event, p.to_event, p.members, p.events, round(p.share::numeric, 3) AS share FROM j, paths(j, levels => 3) p ORDER BY level, events DESC, from_event, to_event;
SELECT p.level, p.from_event, p.to_event, p.members, p.events, round(p.share::numeric, 3) AS share FROM j, paths(j, 'home', levels => 2, session => '30 minutes') p ORDER BY level, events DESC, from_event, to_event;
SELECT p.level, p.from_event, p.to_event, p.members, p.events FROM j, paths(j, finish => 'order', levels => 3) p ORDER BY level, events DESC, from_event, to_event;
SELECT p.level, p.from_event, p.to_event, p.members, p.events FROM j, paths(j, levels => 2, top => 1) p ORDER BY level, events DESC, from_event, to_event;
SELECT n.next_event, n.members, n.events, round(n.share::numeric, 3) AS share FROM j, next_events(j, 'item') n;
SELECT n.* FROM j, next_events(j, 'home', as_of => '2024-01-05') n;
SELECT s.* FROM j, sessions(j) s ORDER BY member, session;
SELECT s.* FROM j, sessions(j, '2 days', as_of => '2024-01-10') s ORDER BY member, session;
-- Words that are events.
SELECT p.* FROM (SELECT journey_agg(1, date '2024-01-01' + n::int, e) AS j FROM unnest('{other,end,a,b}'::text[]) WITH ORDINALITY u (e, n)) s, paths(j, top => 1) p;

-- Against plain SQL, on random events.
CREATE TABLE random_events AS
SELECT abs(hashint4(n)) % 900 AS member, timestamptz '2024-01-01' + n * interval '7 seconds' + abs(hashint4(n + 1000000)) % 1000 * interval '1 hour' AS at, substr('aabcde', 1 + abs(hashint4(n + 2000000)) % 6, 1) AS event
FROM generate_series(1, 8000) n;
CREATE TEMP TABLE random_journeys AS SELECT journey_agg(member, at, event, 'UTC') AS j FROM random_events;
WITH marked AS (SELECT *, at - lag(at) OVER w > interval '3 days' IS TRUE AS is_new, lag(event) OVER w IS NOT DISTINCT FROM event AS is_same FROM random_events WINDOW w AS (PARTITION BY member ORDER BY at)),
numbered AS (SELECT *, count(*) FILTER (WHERE is_new) OVER (PARTITION BY member ORDER BY at) AS session FROM marked),
steps AS (SELECT member, event, row_number() OVER w AS level, coalesce(lead(event) OVER w, 'end') AS next FROM numbered WHERE is_new OR NOT is_same WINDOW w AS (PARTITION BY member, session ORDER BY at)),
expected AS (SELECT level::int, event, next, count(DISTINCT member) AS members, count(*) AS events FROM steps WHERE level <= 4 GROUP BY 1, 2, 3),
found AS (SELECT p.level, p.from_event, p.to_event, p.members, p.events FROM random_journeys, paths(j, levels => 4, session => '3 days') p)
SELECT (SELECT count(*) FROM expected) AS rows, (SELECT count(*) FROM ((TABLE expected EXCEPT ALL TABLE found) UNION ALL (TABLE found EXCEPT ALL TABLE expected)) d) AS different;
-- What goes into an event comes out at the next level, and the shares of the first level are one.
SELECT bool_and(came = went) AS adds_up, count(*) AS events
FROM (SELECT p.level + 1 AS level, p.to_event AS event, sum(events) AS came FROM random_journeys, paths(j, levels => 5, top => 2, session => '1 day') p WHERE to_event <> 'end' AND p.level < 5 GROUP BY 1, 2) a
     FULL JOIN (SELECT p.level, p.from_event AS event, sum(events) AS went FROM random_journeys, paths(j, levels => 5, top => 2, session => '1 day') p WHERE p.level > 1 GROUP BY 1, 2) b USING (level, event);
SELECT round(sum(share)::numeric, 9) AS of_all FROM random_journeys, paths(j, top => 2) p WHERE level = 1;
WITH next AS (SELECT member, event, lead(event) OVER (PARTITION BY member ORDER BY at) AS next FROM random_events),
expected AS (SELECT next, count(DISTINCT member) AS members, count(*) AS events FROM next WHERE event = 'b' GROUP BY 1),
found AS (SELECT n.next_event, n.members, n.events FROM random_journeys, next_events(j, 'b') n)
SELECT (SELECT count(*) FROM expected) AS rows, (SELECT count(*) FROM ((TABLE expected EXCEPT ALL TABLE found) UNION ALL (TABLE found EXCEPT ALL TABLE expected)) d) AS different;
WITH marked AS (SELECT *, at - lag(at) OVER (PARTITION BY member ORDER BY at) > interval '3 days' IS TRUE AS is_new FROM random_events),
numbered AS (SELECT *, 1 + count(*) FILTER (WHERE is_new) OVER (PARTITION BY member ORDER BY at) AS session FROM marked),
expected AS (SELECT member::text, session, min(at) AS a, max(at) AS b, count(*) AS events FROM numbered GROUP BY 1, 2),
found AS (SELECT s.member, s.session, s.started_at, s.ended_at, s.events FROM random_journeys, sessions(j, '3 days') s)
SELECT (SELECT count(*) FROM expected) AS rows, (SELECT count(*) FROM ((TABLE expected EXCEPT ALL TABLE found) UNION ALL (TABLE found EXCEPT ALL TABLE expected)) d) AS different;

-- Nothing, and what is refused.
SELECT (SELECT count(*) FROM paths(NULL)) + (SELECT count(*) FROM next_events(NULL, 'x')) + (SELECT count(*) FROM sessions(NULL)) AS rows;
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
    (1, $$paths(j, 'hme')$$),
    (2, $$paths(j, finish => 'ordr')$$),
    (3, $$paths(j, 'home', 'order')$$),
    (4, $$paths(j, levels => 0)$$),
    (5, $$paths(j, levels => 51)$$),
    (6, $$paths(j, top => -1)$$),
    (7, $$paths(j, session => '30')$$),
    (8, $$next_events(j, NULL)$$),
    (9, $$next_events(j, 'orders')$$),
    (10, $$sessions(j, '1 month')$$),
    (11, $$sessions(j, id => 1)$$)) v (q, sql), pg_temp.outcome('SELECT r FROM j, ' || sql || ' r') o ORDER BY q;
