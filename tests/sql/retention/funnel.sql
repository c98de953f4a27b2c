-- Funnels: by hand, on a log whose numbers other software told, against plain SQL, and what is refused.
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET jit = off;
SET search_path = public, retention;

CREATE TABLE shop (member text, at timestamptz, event text);
INSERT INTO shop VALUES
  ('ann', '2024-01-05 10:00', 'sign up'), ('ann', '2024-01-05 10:12', 'first order'), ('ann', '2024-01-20 09:00', 'order'),
  ('ben', '2024-01-09 18:00', 'sign up'), ('ben', '2024-01-20 12:00', 'complaint'),
  ('cat', '2024-01-11 08:00', 'sign up'), ('cat', '2024-01-12 20:00', 'first order'), ('cat', '2024-01-31 07:00', 'complaint'), ('cat', '2024-02-01 08:00', 'order'),
  ('dan', '2024-02-02 16:00', 'sign up'), ('dan', '2024-02-02 16:00', 'first order'), ('dan', '2024-02-03 16:30', 'order'),
  ('eve', '2024-02-25 12:00', 'sign up'), ('eve', '2024-02-26 12:00', 'first order'),
  ('fay', '2024-02-10 12:00', 'first order'), ('ben', '2024-02-20 10:00', 'sign up'), ('ben', '2024-02-21 10:00', 'first order');
CREATE TEMP VIEW j AS SELECT journey_agg(member, at, event) AS j FROM shop;
\set steps '\'{sign up,first order,order}\''
SELECT f.* FROM j, funnel(j, :steps, '30 days', as_of => '2024-03-10') f;
-- By period of the start: ben signs up once in either month.
SELECT period_start, step, event, members, eligible, reached, round(rate::numeric, 3) AS rate, time_median FROM j, funnel(j, :steps, '30 days', period => 'month', as_of => '2024-03-10') f;
SELECT period_start, step, members, eligible, reached FROM j, funnel(j, :steps, '30 days', period => '2 weeks', as_of => '2024-03-10') f WHERE step = 2;
-- As of a day before it all is over: who may still go on is not counted, and yet known to the times.
SELECT step, members, eligible, reached, time_p25, time_median, time_p75 FROM j, funnel(j, :steps, '30 days', as_of => '2024-02-08') f;
SELECT count(*) FROM j, funnel(j, :steps, '30 days', as_of => '2023-12-31') f;
-- Later starts, steps that may be left out, events that end the way, a window for each step, any order.
SELECT 'recurring' AS how, step, reached FROM j, funnel(j, :steps, '30 days', entry => 'recurring', as_of => '2024-04-30') f
UNION ALL SELECT 'optional', step, reached FROM j, funnel(j, '{sign up,complaint,order}', '30 days', optional => '{2}', as_of => '2024-04-30') f
UNION ALL SELECT 'exclude', step, reached FROM j, funnel(j, :steps, '30 days', exclude => '{complaint}', as_of => '2024-04-30') f
UNION ALL SELECT 'step_within', step, reached FROM j, funnel(j, :steps, '30 days', step_within => '{1 day,NULL}', as_of => '2024-04-30') f
UNION ALL SELECT 'any order', step, reached FROM j, funnel(j, :steps, '30 days', 'any order', as_of => '2024-04-30') f
UNION ALL SELECT 'strict increase', step, reached FROM j, funnel(j, :steps, '30 days', 'strict increase', as_of => '2024-04-30') f
UNION ALL SELECT 'strict order', step, reached FROM j, funnel(j, :steps, '30 days', 'strict order', as_of => '2024-04-30') f
UNION ALL SELECT 'no repeats', step, reached FROM j, funnel(j, :steps, '30 days', 'no repeats', as_of => '2024-04-30') f
UNION ALL SELECT 'twice', step, reached FROM j, funnel(j, '{sign up,sign up,first order}', '60 days', as_of => '2024-04-30') f ORDER BY 1, 2;
-- Who.
SELECT m.* FROM j, funnel_members(j, :steps, '30 days', as_of => '2024-03-10') m ORDER BY 1;
SELECT m.* FROM j, funnel_members(j, :steps, '30 days', step => 2, period => 'month', period_start => '2024-02-01', as_of => '2024-03-10') m ORDER BY 1;
SELECT m.* FROM (SELECT journey_agg(length(member) + ascii(member), at, event) AS j FROM shop) s, funnel_members(j, id => 100, steps => :steps, within => '30 days', as_of => '2024-03-10') m;

-- 10,000 traffic fines (tests/reference): members by the last step reached, as a columnar engine's windowFunnel counts them, in its default mode, with
-- strict_order and with strict_increase.
CREATE TEMP TABLE ways (cases int, events text);
\copy ways FROM 'tests/reference/traffic_fines.csv' (FORMAT csv, HEADER)
CREATE TABLE fines AS
SELECT row_number() OVER () AS id, events FROM ways, generate_series(1, cases);
CREATE TABLE fine_events AS SELECT id, date '2006-01-01' + substr(e, 2)::int AS day, left(e, 1) AS event FROM fines, string_to_table(events, ' ') e;
CREATE TEMP TABLE fine_journeys AS SELECT journey_agg(id, day, event) AS j FROM fine_events;
SELECT members(j), events(j) FROM fine_journeys;
WITH expected (days, mode, levels) AS (VALUES
    (90, 'ordered', '{7400,1425,1175,0,0}'::bigint[]), (180, 'ordered', '{3562,1903,1918,2434,183}'), (365, 'ordered', '{3434,1935,6,4034,591}'),
    (90, 'strict order', '{7405,1426,1169,0,0}'), (180, 'strict order', '{3573,1901,2039,2307,180}'), (365, 'strict order', '{3445,1933,228,3830,564}'),
    (90, 'strict increase', '{7400,1425,1175,0,0}'), (180, 'strict increase', '{3562,1903,1918,2460,157}'), (365, 'strict increase', '{3434,1935,6,4078,547}')),
found AS (
    SELECT e.*, f.step, f.reached - lead(f.reached, 1, 0::bigint) OVER (PARTITION BY e.days, e.mode ORDER BY f.step) AS level, f.members, f.eligible
    FROM expected e, fine_journeys, funnel(j, '{C,S,N,A,P}', e.days || ' days', e.mode, as_of => '2020-01-01') f)
SELECT days, mode, array_agg(level ORDER BY step) AS found, array_agg(level ORDER BY step) = levels AS as_told, min(members) AS members, min(eligible) AS eligible
FROM found GROUP BY days, mode, levels ORDER BY mode, days;
-- The members behind it.
SELECT lost_after, count(*) FROM fine_journeys, funnel_members(j, '{C,S,N,A,P}', '365 days', as_of => '2020-01-01') GROUP BY 1 ORDER BY 1;

-- Against plain SQL, on random events of a few members, many of them at one time: the first start, then the next event of the next step, as soon as there is one.
CREATE TABLE random_events AS
SELECT abs(hashint4(n)) % 800 AS member, timestamptz '2024-01-01' + abs(hashint4(n + 1000000)) % 200 * interval '6 hours' AS at, substr('abcd', 1 + abs(hashint4(n + 2000000)) % 4, 1) AS event
FROM generate_series(1, 20000) n;
CREATE TEMP TABLE random_journeys AS SELECT journey_agg(member, at, event, 'UTC') AS j FROM random_events;
WITH plain AS (
    SELECT s.strictly, m.member, a.at AS a, b.at AS b, c.at AS c, d.at AS d
    FROM (VALUES (false), (true)) s (strictly) CROSS JOIN (SELECT DISTINCT member FROM random_events) m
         JOIN LATERAL (SELECT min(at) AS at FROM random_events e WHERE e.member = m.member AND event = 'a') a ON a.at IS NOT NULL
         LEFT JOIN LATERAL (SELECT min(at) AS at FROM random_events e WHERE e.member = m.member AND event = 'b' AND at >= a.at AND (at > a.at OR NOT strictly) AND at <= a.at + interval '20 days') b ON true
         LEFT JOIN LATERAL (SELECT min(at) AS at FROM random_events e WHERE e.member = m.member AND event = 'c' AND at >= b.at AND (at > b.at OR NOT strictly) AND at <= a.at + interval '20 days') c ON true
         LEFT JOIN LATERAL (SELECT min(at) AS at FROM random_events e WHERE e.member = m.member AND event = 'd' AND at >= c.at AND (at > c.at OR NOT strictly) AND at <= a.at + interval '20 days') d ON true),
counts AS (
    SELECT strictly, count(*) AS members, count(*) FILTER (WHERE a + interval '20 days' < '2024-02-11') AS eligible,
           ARRAY[count(*) FILTER (WHERE a + interval '20 days' < '2024-02-11'), count(b) FILTER (WHERE a + interval '20 days' < '2024-02-11'),
                 count(c) FILTER (WHERE a + interval '20 days' < '2024-02-11'), count(d) FILTER (WHERE a + interval '20 days' < '2024-02-11')] AS reached,
           percentile_disc(0.5) WITHIN GROUP (ORDER BY b - a) FILTER (WHERE b IS NOT NULL) AS wait
    FROM plain WHERE a < '2024-02-11' GROUP BY 1)
SELECT c.strictly, min(f.members) = c.members AS members, min(f.eligible) = c.eligible AS eligible, array_agg(f.reached ORDER BY step) = c.reached AS reached, c.reached[4] > 50 AS enough
FROM counts c, random_journeys, funnel(j, '{a,b,c,d}', '20 days', CASE WHEN strictly THEN 'strict increase' ELSE 'ordered' END, as_of => '2024-02-10') f
GROUP BY c.strictly, c.members, c.eligible, c.reached ORDER BY 1;
-- The times are those of the survival family, over the same waits.
WITH waits AS (
    SELECT extract(epoch FROM coalesce(b, least(a + interval '20 days', '2024-02-10 23:59:59.999999')) - a)::float8 / 3600 AS hours, b IS NOT NULL AS went_on
    FROM (SELECT member, min(at) FILTER (WHERE event = 'a') AS a FROM random_events GROUP BY 1) m,
         LATERAL (SELECT min(at) AS b FROM random_events e WHERE e.member = m.member AND event = 'b' AND at >= a AND at <= least(a + interval '20 days', '2024-02-10 23:59:59.999999')) b
    WHERE a < '2024-02-11'),
curve AS (SELECT s.* FROM (SELECT survival_agg(hours, went_on) AS d FROM waits) d, survival(d) s)
SELECT f.time_p25 = (SELECT min(tenure) * interval '1 hour' FROM curve WHERE survival <= 0.75 + 1e-12) AS quarter, f.time_median = (SELECT min(tenure) * interval '1 hour' FROM curve WHERE survival <= 0.5 + 1e-12) AS half,
       f.time_p75 IS NOT DISTINCT FROM (SELECT min(tenure) * interval '1 hour' FROM curve WHERE survival <= 0.25 + 1e-12) AS three_quarters, f.time_median > interval '1 day' AS long
FROM random_journeys, funnel(j, '{a,b}', '20 days', as_of => '2024-02-10') f WHERE step = 2;
-- Members, and a stored value, say the same.
SELECT f.step, f.reached = m.reached AS reached, f.members = m.entered OR f.step > 1 AS members
FROM random_journeys, funnel(j, '{a,b,c,d}', '20 days', 'no repeats', 'recurring', as_of => '2024-04-10') f,
     LATERAL (SELECT count(*) AS reached, count(*) AS entered FROM funnel_members(j, steps => '{a,b,c,d}', within => '20 days', mode => 'no repeats', entry => 'recurring', step => f.step, as_of => '2024-04-10')) m ORDER BY 1;
SELECT array_agg(f) = (SELECT array_agg(g) FROM (SELECT journey_agg(member, at, event, 'UTC') AS j FROM random_events) s, funnel(s.j, '{a,b,c,d}', '20 days') g) AS stored_as_made FROM random_journeys r, funnel(r.j::text::journeys, '{a,b,c,d}', '20 days') f;

-- A million events of one member, all at once and one after the other; 32 steps.
SELECT f.step, f.reached FROM (SELECT journey_agg(1, timestamp '2024-01-01', substr('abc', 1 + i % 3, 1)) AS j FROM generate_series(1, 1000000) i) s, funnel(j, '{a,b,c,a,a}', '1 hour', as_of => '2024-01-02') f;
SELECT f.step, f.reached FROM (SELECT journey_agg(1, timestamp '2024-01-01' + i * interval '1 second', substr('abc', 1 + i % 3, 1)) AS j FROM generate_series(1, 1000000) i) s, funnel(j, '{a,b,c,a,a}', '1 hour', as_of => '2025-01-02') f;
SELECT count(*), min(f.reached) FROM (SELECT journey_agg(1, timestamp '2024-01-01' + i * interval '1 second', 'e' || i) AS j FROM generate_series(1, 32) i) s, funnel(j, (SELECT array_agg('e' || i ORDER BY i) FROM generate_series(1, 32) i), '1 hour', as_of => '2024-01-02') f;
-- Nothing.
SELECT (SELECT count(*) FROM funnel(NULL, '{a}', '1 day')) + (SELECT count(*) FROM funnel_members(NULL, '{a}', '1 day')) AS rows;
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
    (1, $$funnel(j, '{sign up,ordr}', '7 days')$$),
    (2, $$funnel(j, '{}', '7 days')$$),
    (3, $$funnel(j, NULL, '7 days')$$),
    (4, $$funnel(j, array_fill('order'::text, '{33}'), '7 days')$$),
    (5, $$funnel(j, '{sign up,NULL}', '7 days')$$),
    (6, $$funnel(j, '{sign up,order}', NULL)$$),
    (7, $$funnel(j, '{sign up,order}', '7')$$),
    (8, $$funnel(j, '{sign up,order}', '1 month')$$),
    (9, $$funnel(j, '{sign up,order}', '0 days')$$),
    (10, $$funnel(j, '{sign up,order}', '90 minutes', 'in order')$$),
    (11, $$funnel(j, '{sign up,order}', '7 days', entry => 'starts')$$),
    (12, $$funnel(j, '{sign up,order}', '7 days', step_within => '{1 day,1 day}')$$),
    (13, $$funnel(j, '{sign up,order}', '7 days', optional => '{1}')$$),
    (14, $$funnel(j, '{sign up,order}', '7 days', optional => '{3}')$$),
    (15, $$funnel(j, '{sign up,order}', '7 days', exclude => '{order}')$$),
    (16, $$funnel(j, '{sign up,order}', '7 days', exclude => '{complain}')$$),
    (17, $$funnel(j, '{sign up,order}', '7 days', 'any order', optional => '{2}')$$),
    (18, $$funnel(j, '{sign up,order}', '7 days', period => '24 hours')$$),
    (19, $$funnel(j, '{sign up,order}', '7 days', as_of => 'infinity')$$),
    (20, $$funnel(j, '{sign up,order}', '7 days', confidence => 95)$$),
    (21, $$funnel(j, '{sign up,order}', '7 days', period => 'day', as_of => '294276-12-31')$$),
    (22, $$funnel_members(j, '{sign up,order}', '7 days', step => 3)$$),
    (23, $$funnel_members(j, '{sign up,order}', '7 days', period => 'month')$$),
    (24, $$funnel_members(j, '{sign up,order}', '7 days', period_start => '2024-01-01')$$),
    (25, $$funnel_members(j, '{sign up,order}', '7 days', period => 'month', period_start => '2024-01-02')$$),
    (26, $$funnel_members(j, id => 1, steps => '{sign up,order}', within => '7 days')$$)) v (q, sql), pg_temp.outcome('SELECT r FROM j, ' || sql || ' r') o ORDER BY q;
