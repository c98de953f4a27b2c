-- overdue: what plain SQL can count is counted; its distribution is held against scipy's (tests/reference/overdue.py).
SET timezone = 'UTC';
SET search_path = public, retention;
\set ECHO none
SELECT to_regclass('public.orders') IS NULL AS load \gset
\if :load
\i demo/load.sql
\endif
\set ECHO all

CREATE TEMP TABLE data AS
  SELECT 'shop' AS data, date '2011-12-09' AS last, history_agg(member_id, ordered_at, amount, 'day', 'UTC') AS h FROM orders
  UNION ALL SELECT 'cdnow', '1998-06-30', history_agg(member_id, ordered_on, amount) FROM cdnow;
CREATE TEMP TABLE days AS
  SELECT 'shop' AS data, member_id AS member, ordered_at::date AS day, sum(amount) AS amount FROM orders GROUP BY 2, 3
  UNION ALL SELECT 'cdnow', member_id, ordered_on, sum(amount) FROM cdnow GROUP BY 2, 3;

-- Days, gaps and stretches, counted from the definitions.
CREATE FUNCTION pg_temp.differences(of text, as_of date, within int, OUT members bigint, OUT differing bigint, OUT trends bigint) LANGUAGE sql AS $$
  WITH gap AS (
    SELECT member, day, amount, min(day) OVER (PARTITION BY member) AS first, day - lag(day) OVER (PARTITION BY member ORDER BY day) AS gap
    FROM days d WHERE d.data = of AND day <= as_of
  ),
  counted AS (
    SELECT member, max(day) AS last_day, as_of - max(day) AS silent_days, count(gap) AS gaps, avg(gap)::float8 AS usual_gap,
           count(*) FILTER (WHERE day > as_of - within) AS recent,
           count(*) FILTER (WHERE day <= as_of - within AND day > greatest(first, as_of - 2 * within)) AS earlier,
           sum(amount) FILTER (WHERE day > as_of - within) AS spent,
           sum(amount) FILTER (WHERE day <= as_of - within AND day > greatest(first, as_of - 2 * within)) AS spent_earlier,
           greatest(0, as_of - within - greatest(min(first), as_of - 2 * within)) AS exposed
    FROM gap GROUP BY member
  ),
  expected AS (
    SELECT member, last_day, silent_days, gaps, usual_gap,
           CASE WHEN exposed > 0 AND earlier > 0 THEN recent / earlier::float8 * exposed / within END AS trend,
           CASE WHEN exposed > 0 AND spent_earlier > 0 THEN coalesce(spent, 0)::float8 / spent_earlier::float8 * exposed / within END AS amount_trend
    FROM counted
  )
  SELECT count(*), count(*) FILTER (WHERE e.member IS NULL OR o.member IS NULL
             OR (e.last_day, e.silent_days, e.gaps) IS DISTINCT FROM (o.last_day, o.silent_days, o.gaps)
             OR (e.usual_gap IS NULL) <> (o.usual_gap IS NULL) OR abs(e.usual_gap - o.usual_gap) > 1e-9
             OR (e.trend IS NULL) <> (o.trend IS NULL) OR abs(e.trend - o.trend) > 1e-9
             OR (e.amount_trend IS NULL) <> (o.amount_trend IS NULL) OR abs(e.amount_trend - o.amount_trend) > 1e-9 * greatest(1, e.amount_trend)
             OR (o.gaps >= 3) <> (o.overdue IS NOT NULL) OR o.overdue <> (as_of > o.due_by)
             OR o.trend NOT BETWEEN o.trend_low AND coalesce(o.trend_high, 'infinity')),
         count(e.trend)
  FROM expected e FULL JOIN (SELECT o.* FROM data d, overdue(h, id => NULL::bigint, as_of => as_of, within => within || ' days') o WHERE d.data = of) o
       USING (member)
$$;
SELECT data, as_of, within, d.* FROM (VALUES ('shop', date '2011-12-09', 90), ('shop', '2011-07-01', 30), ('shop', '2012-03-01', 60),
  ('cdnow', '1998-06-30', 90), ('cdnow', '1997-12-31', 180)) q (data, as_of, within), pg_temp.differences(data, as_of, within) d;

-- Exact intervals, from tables: of 8 days in the last stretch and 2 in the one before the share is 0.8, 0.4439 to 0.9748; of 3 and 0, 1,
-- 0.2924 to 1.
SELECT round(o.trend::numeric, 4) AS trend, round(trend_low::numeric, 3) AS low, round((0.4439 / 0.5561), 3) AS published_low, round(trend_high::numeric, 1) AS high, round(0.9748 / 0.0252, 1) AS published_high
FROM (SELECT history_agg(1, date '2024-01-01' + d) AS h FROM unnest('{0,30,40,101,102,103,104,105,106,107,108}'::int[]) d) s, overdue(h, as_of => '2024-04-30', within => '50 days') o;
SELECT trend, round(trend_low::numeric, 3) AS low, round(0.2924 / 0.7076, 3) AS published_low, trend_high
FROM (SELECT history_agg(1, date '2024-01-01' + d) AS h FROM unnest('{0,101,102,103}'::int[]) d) s, overdue(h, as_of => '2024-04-30', within => '50 days') o;

-- The distribution, against scipy's: probabilities within 1e-9, the same last day of the bound.
CREATE TEMP TABLE reference (data text, member text, silent_days int, gaps bigint, p_silence float8, due_by date);
\set content `cat tests/reference/overdue_members.csv`
INSERT INTO reference SELECT r[1], r[2], r[3]::int, r[4]::bigint, r[5]::float8, nullif(r[6], '')::date
FROM (SELECT string_to_array(line, ',') AS r FROM regexp_split_to_table(:'content', '\n') WITH ORDINALITY l (line, n) WHERE n > 1 AND line <> '') l;
SELECT data, count(*) AS members, count(*) FILTER (WHERE o.member IS NULL OR abs(o.p_silence - r.p_silence) > 1e-9 OR o.due_by <> r.due_by
                                                     OR (o.silent_days, o.gaps) <> (r.silent_days, r.gaps)) AS differing
FROM reference r JOIN data USING (data) LEFT JOIN LATERAL (SELECT * FROM overdue(h, as_of => last) o WHERE o.member = r.member) o ON true
WHERE r.member <> 'alarms' GROUP BY data ORDER BY data;
-- False alarms, counted by it too.
SELECT data, c.members, c.gaps, c.alarms, c.gaps = r.silent_days AND c.alarms = r.gaps AS as_scipy, round(c.rate::numeric, 4) AS rate,
       round(rate_low::numeric, 4) AS low, round(rate_high::numeric, 4) AS high, round(expected::numeric, 4) AS expected
FROM data JOIN reference r USING (data), overdue_check(h, as_of => last) c WHERE r.member = 'alarms' ORDER BY data;

-- One answer for every kind of history with the same days.
SELECT count(*) FILTER (WHERE a IS DISTINCT FROM b) AS differing, count(*) AS members
FROM (SELECT history_agg(member_id, ordered_at, amount, 'second', 'UTC') AS h FROM orders) s, data d,
     LATERAL (SELECT a, b FROM overdue(s.h, as_of => last) a FULL JOIN overdue(d.h, as_of => last) b USING (member)) ab WHERE data = 'shop';
SELECT count(*) FILTER (WHERE a IS DISTINCT FROM b) AS differing, count(*) AS members
FROM (SELECT rollup(h) AS h FROM (SELECT history_agg(member_id, ordered_at, amount, 'day', 'UTC') AS h FROM orders GROUP BY order_id % 7) parts) s, data d,
     LATERAL (SELECT a, b FROM overdue(s.h, as_of => last) a FULL JOIN overdue(d.h, as_of => last) b USING (member)) ab WHERE data = 'shop';
-- One member, a refund, nobody, NULLs, and what is refused.
SELECT o.* FROM data, overdue(h, id => 12347::bigint, as_of => last) o WHERE data = 'shop';
SELECT o.member, o.gaps, o.silent_days, o.trend, o.amount_trend FROM (SELECT history_agg(1, date '2024-01-01' + d, a, 'day', NULL, a > 0) AS h FROM (VALUES (0, 10), (20, 10), (40, 10), (45, -5)) v (d, a)) s,
  overdue(h, as_of => '2024-02-20', within => '25 days') o;
SELECT o.* FROM (SELECT history_agg(1, date '2024-01-01') AS h) s, overdue(h, as_of => '2024-03-01') o;
SELECT c.* FROM (SELECT history_agg(1, date '2024-01-01') AS h) s, overdue_check(h, as_of => '2024-03-01') c;
SELECT count(*) FROM overdue(NULL);
SELECT count(*) FROM overdue_check(NULL);
SELECT count(*) FROM data, overdue(h, min_gaps => NULL, as_of => NULL, within => NULL, confidence => NULL) WHERE data = 'shop';
SELECT count(*) FROM data, overdue(h, as_of => '1990-01-01');
SELECT count(*) FROM data, overdue(h, min_gaps => 0);
SELECT count(*) FROM data, overdue(h, within => '90');
SELECT count(*) FROM data, overdue(h, confidence => 95);
SELECT count(*) FROM (SELECT history_agg(1, date '2024-01-01', 1, 'month') AS h) s, overdue(h);
