-- Retention in all its forms: every mode, entry, kind of period, brackets and min_events against the judge (tests/judge),
-- on tables counted by hand, random tables and the two real data sets; against published counts; and over shards.
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET jit = off;
\set ECHO none
\i tests/judge/oracle.sql
\i tests/judge/retention/cohorts.sql
\i tests/judge/tables.sql
\i tests/judge/compare.sql
\i tests/judge/retention/compare_cohorts.sql
\i tests/judge/ask.sql
SELECT to_regclass('public.orders') IS NULL AS load \gset
\if :load
\i demo/load.sql
\endif
\set ECHO all

-- The judge itself, against the table oracle.by_hand (see oracle.sql): active in a: Jan Jan Feb Apr, b: Jan Apr,
-- c: Feb Mar May, d: Feb; as of 20 May, so May is running. Cohorts {a, b} of January and {c, d} of February.
SELECT mode, cohort, string_agg(active::text, ' ' ORDER BY period_number) AS active,
       string_agg(retained || '/' || eligible, ' ' ORDER BY period_number) AS retained
FROM unnest('{on,on or after,on or before,streak}'::text[]) mode, oracle.retention('oracle.by_hand', mode => mode)
GROUP BY mode, cohort ORDER BY mode, cohort;
-- Entries by active month: January {a b}, February {a c d}, March {c}, April {a b}, May {c}. Six of them, of all four members,
-- could be seen for another month: two of a and one that came back, one of b, two of c and one that came back, one of d.
SELECT cohort, string_agg(members::text, ' ' ORDER BY period_number) AS members,
       string_agg(retained || '/' || eligible, ' ' ORDER BY period_number) AS retained
FROM oracle.retention('oracle.by_hand', entry => 'recurring') GROUP BY cohort ORDER BY cohort;
SELECT period_number AS n, members, eligible, retained, round(rate::numeric, 4) AS rate, round(trials::numeric, 4) AS trials
FROM oracle.curve('oracle.by_hand', entry => 'recurring');
-- Elapsed: 30 days from 5 January (a), 1 January (b), 1 February (c) and 10 February (d) on. a came back in its days 1 to 29
-- (31 January: period 0), 55 (1) and 87 (2), b after 120 (4), c after 59 (1) and 109 (3), which is running.
SELECT cohort, string_agg(active::text, ' ' ORDER BY period_number) AS active,
       string_agg(retained || '/' || eligible, ' ' ORDER BY period_number) AS retained
FROM oracle.retention('oracle.by_hand', '30 days') GROUP BY cohort ORDER BY cohort;
-- Brackets of them: [0, 1), [1, 3) and [3, 4). Two events in one: only a, in its own.
SELECT min_events, cohort, string_agg(period_number || ': ' || active || ' ' || retained || '/' || eligible, ', ' ORDER BY period_number) AS cells
FROM generate_series(1, 2) min_events, oracle.retention('oracle.by_hand', '30 days', brackets => '{0,1,3,4}', min_events => min_events)
GROUP BY min_events, cohort ORDER BY min_events, cohort;

-- The extension says the same, here and in the hour.
SELECT period, mode, entry, t.answers, t.wrong, c.answers, c.wrong, m.answers, m.wrong
FROM (SELECT retention.history_agg(member, at, amount) AS h FROM oracle.by_hand) s,
     unnest('{month,30 days}'::text[]) period, unnest('{on,on or after,on or before,streak}'::text[]) mode,
     unnest('{first,recurring}'::text[]) entry,
     oracle.compare_cohort_table(s.h, NULL, 'oracle.by_hand', NULL, period, mode, entry, '2024-05-20', NULL, 1) t,
     oracle.compare_curve(s.h, NULL, 'oracle.by_hand', NULL, period, mode, entry, '2024-05-20', NULL, 1) c,
     oracle.compare_cohort_members(s.h, NULL, 'oracle.by_hand', NULL, period, mode, entry, '2024-05-20', NULL, 1) m
ORDER BY 1, 2, 3;
-- The comparisons compare.
SELECT t.wrong > 0 AS table, c.wrong > 0 AS curve, m.wrong > 0 AS members, d.wrong > 0 AS difference
FROM (SELECT retention.history_agg(member, at, amount) AS h FROM oracle.by_hand WHERE member <> 'd') s,
     oracle.compare_cohort_table(s.h, NULL, 'oracle.by_hand', NULL, 'month', 'on', 'first', '2024-05-20', NULL, 1) t,
     oracle.compare_curve(s.h, NULL, 'oracle.by_hand', NULL, 'month', 'on', 'first', '2024-05-20', NULL, 1) c,
     oracle.compare_cohort_members(s.h, NULL, 'oracle.by_hand', NULL, 'month', 'on', 'first', '2024-05-20', NULL, 1) m,
     oracle.compare_comparison(s.h, s.h, 'oracle.by_hand', 'oracle.by_hand', 'month', 'on', 'first', '2024-05-20', NULL, 1) d;

-- N-day retention of the shop, against the published table (tests/reference): back exactly on day N after the day of the
-- first order, on or after it, within it, of those whose day N lies within the data.
\set published `cat tests/reference/online_retail_nday_retention.csv`
CREATE TEMP TABLE published AS
SELECT cells[1]::int AS n, cells[2] AS users, cells[3] AS eligible, cells[5] AS exact, cells[6] AS rolling, cells[7] AS bracket
FROM regexp_split_to_table(btrim(:'published', E'\r\n'), E'\r?\n') WITH ORDINALITY AS line (line, number),
     LATERAL (SELECT string_to_array(line, ',')::bigint[] WHERE number > 1) c (cells);
CREATE TEMP TABLE shop AS SELECT retention.history_agg(member_id, ordered_at, amount, 'day', 'UTC') AS h FROM orders;
SELECT p.*, (p.eligible, p.exact) = (a.eligible, a.retained) AS exact_agrees,
       (p.eligible, p.rolling) = (b.eligible, b.retained) AS rolling_agrees,
       (p.eligible, p.bracket) = (c.eligible, c.retained) AS bracket_agrees,
       (p.eligible, p.bracket) = (d.eligible, d.retained) AS as_bracket
FROM shop, published p,
     LATERAL (SELECT * FROM retention.retention_curve(h, '1 day', as_of => '2011-12-09') WHERE period_number = n) a,
     LATERAL (SELECT * FROM retention.retention_curve(h, '1 day', 'on or after', as_of => '2011-12-09') WHERE period_number = n) b,
     LATERAL (SELECT * FROM retention.retention_curve(h, '1 day', 'on or before', as_of => '2011-12-09') WHERE period_number = n) c,
     retention.retention_curve(h, '1 day', brackets => ARRAY[1, n + 1], as_of => '2011-12-09') d
ORDER BY n;

-- On random tables. Everything that is asked about one table: some of the 144 combinations, in turn.
CALL oracle.make_all();
CREATE TABLE random.combination AS
SELECT row_number() OVER (ORDER BY md5(mode || entry || kind || bracketed || min_events)) - 1 AS n, *
FROM unnest('{on,on or after,on or before,streak}'::text[]) mode, unnest('{first,recurring,starts}'::text[]) entry,
     unnest('{calendar,days,hours}'::text[]) kind, unnest('{t,f}'::boolean[]) bracketed, generate_series(1, 2) min_events;

CREATE FUNCTION oracle.retention_questions(s oracle.spec) RETURNS TABLE (question text, query text)
LANGUAGE plpgsql AS $$
DECLARE
  t text := 'random.t' || s.id;
  starts text := 'random.s' || s.id;
  h text := format('(SELECT %s FROM %s)', oracle.aggregate(s), t);
  hs text := format('(SELECT %s FROM %s)', oracle.aggregate(s), starts);
  days date[] := (SELECT array_agg(e.day ORDER BY e.day) FROM (
    SELECT day FROM oracle.events(t, s.grain, s.zone) UNION ALL SELECT day FROM oracle.events(starts, s.grain, s.zone)) e);
  first_day date := days[1];
  last_day date := coalesce(days[cardinality(days)], '2000-01-01');
  as_of date := CASE s.as_of WHEN 'earlier' THEN oracle.end_of_tick(s.grain, oracle.one_of(oracle.u(12, s.id), days))
                             ELSE last_day + floor(oracle.u(11, s.id) * 40)::int END;
  span int := greatest(1, as_of - coalesce(first_day, as_of) + 1);
  is_fine boolean := s.grain IN ('second', 'minute', 'hour');
  c record;
  kind text;
  period text;
  brackets int[];
  arguments text;
  common text;
BEGIN
  FOR c IN SELECT k.*, oracle.u(13 + k.n, s.id) AS u FROM generate_series(0, 4) i, random.combination k
           WHERE k.n = (s.id * 5 + i) % 144 LOOP
    -- periods of days and hours only where the grain knows them, and not too many
    kind := CASE WHEN c.kind = 'calendar' OR span > 2000000 OR NOT is_fine AND s.grain <> 'day' THEN 'calendar'
                 WHEN c.kind = 'hours' AND is_fine THEN 'hours' ELSE 'days' END;
    period := CASE kind WHEN 'calendar' THEN s.period
                        WHEN 'days' THEN 1 + floor(span / (1 + 60 * c.u))::int || CASE WHEN c.u < 0.5 THEN ' days' ELSE ' day' END
                        ELSE 1 + floor(span * 24 / (1 + 60 * c.u))::int || ' hours' END;
    brackets := CASE WHEN c.bracketed THEN
      (ARRAY['{0,1,3,7}', '{1,2,4}', '{0,2,5,6}', '{2,3}', '{3,10,2147483647}'])[1 + floor(c.u * 5)::int]::int[] END;
    arguments := format('%L, %L, %L, %L, %L, %s', period, c.mode, c.entry, as_of, brackets, c.min_events);
    common := format('%s, %s, %L, %L, %s, %L, %L', h, hs, t, starts, arguments, s.grain, s.zone);
    RETURN QUERY SELECT c.mode || ', ' || c.entry || ', ' || kind || v.name, 'SELECT * FROM oracle.' || v.call FROM (VALUES
      ('', CASE WHEN c.entry = 'recurring' AND kind = 'hours' THEN NULL
                ELSE format('compare_cohort_table(%s, %s)', common, s.confidence) END),
      (': curve', format('compare_curve(%s, %s)', common, s.confidence)),
      (': members', CASE WHEN c.entry = 'recurring' AND kind = 'hours' THEN NULL
                         ELSE format('compare_cohort_members(%s, one_in => 3)', common) END),
      (': comparison', CASE WHEN c.entry <> 'starts' THEN format('compare_comparison(%s, %s)', common, s.confidence) END)
    ) v (name, call) WHERE v.call IS NOT NULL;
  END LOOP;
END $$;

CALL oracle.ask_all('oracle.retention_questions');
SELECT split_part(question, ':', 1) COLLATE "C" AS asked, count(*) AS questions,
       count(*) FILTER (WHERE answers > 0) >= 5 AS with_answers, count(*) FILTER (WHERE wrong <> 0) AS mismatching
FROM random.answer GROUP BY 1 ORDER BY 1;
SELECT split_part(question, ':', 2) COLLATE "C" AS reader, count(*) > 500 AS often, count(*) FILTER (WHERE wrong <> 0) AS mismatching
FROM random.answer GROUP BY 1 ORDER BY 1;
\x on
SELECT * FROM random.wrong;
\x off

-- The two real data sets (of the second the published tenth), in every mode and entry.
CREATE VIEW random.shop AS SELECT member_id AS member, ordered_at AS at, amount FROM orders;
CREATE VIEW random.cdnow AS SELECT member_id AS member, ordered_on AS at, amount FROM cdnow WHERE in_sample;
-- starts: the second half of the members, ten days before their first order, and some who never ordered
CREATE VIEW random.shop_starts AS
  SELECT member, min(at) - interval '10 days' AS at, NULL::numeric AS amount FROM random.shop GROUP BY member HAVING member > 15000
  UNION ALL SELECT -n, timestamptz '2011-01-05 12:00+00' + n * interval '5 days', NULL FROM generate_series(1, 50) n;
CREATE VIEW random.cdnow_starts AS
  SELECT member, min(at) - 10 AS at, NULL::numeric AS amount FROM random.cdnow GROUP BY member HAVING member > 15000
  UNION ALL SELECT -n, date '1997-01-05' + n * 5, NULL FROM generate_series(1, 50) n;
CREATE TABLE random.real AS
SELECT 'shop' AS data, date '2011-12-09' AS as_of, 'UTC' AS zone,
       (SELECT retention.history_agg(member, at, amount, 'day', 'UTC') FROM random.shop) AS h,
       (SELECT retention.history_agg(member, at, NULL, 'day', 'UTC') FROM random.shop_starts) AS hs
UNION ALL
SELECT 'cdnow', '1998-06-15', NULL, (SELECT retention.history_agg(member, at, amount) FROM random.cdnow),
       (SELECT retention.history_agg(member, at) FROM random.cdnow_starts);
SELECT data, mode, entry, period, brackets, min_events, t.answers AS cells, t.wrong, c.answers AS points, c.wrong
FROM random.real r, (VALUES ('on', 'first', 'month', NULL::int[], 2), ('on', 'recurring', '30 days', NULL, 1),
       ('on', 'starts', 'month', NULL, 1), ('on or after', 'first', 'week', '{0,1,4,13,26}', 1),
       ('on or after', 'recurring', 'quarter', NULL, 1), ('on or after', 'starts', '30 days', NULL, 1),
       ('on or before', 'first', '30 days', NULL, 1), ('on or before', 'recurring', 'month', '{1,3,6}', 2),
       ('on or before', 'starts', 'month', NULL, 1), ('streak', 'first', 'month', NULL, 1),
       ('streak', 'recurring', 'month', NULL, 1), ('streak', 'starts', 'quarter', NULL, 1)
     ) q (mode, entry, period, brackets, min_events),
     oracle.compare_cohort_table(h, hs, ('random.' || data)::regclass, ('random.' || data || '_starts')::regclass, period, mode, entry, as_of,
                                 brackets, min_events, 'day', zone) t,
     oracle.compare_curve(h, hs, ('random.' || data)::regclass, ('random.' || data || '_starts')::regclass, period, mode, entry, as_of,
                          brackets, min_events, 'day', zone) c
ORDER BY data, mode, entry;

-- How members that enter more than once widen the interval, against R's package survey (tests/reference): its design effect
-- of the mean of a sample of clusters.
\set survey `cat tests/reference/online_retail_recurring_survey.csv`
SELECT count(*) AS points, count(*) FILTER (WHERE (c.eligible, c.retained) IS DISTINCT FROM (cells[2]::bigint, cells[3]::bigint)) AS counts_differ,
       count(*) FILTER (WHERE abs(c.trials * cells[4]::float8 / c.eligible - 1) > 1e-9) AS effects_differ
FROM regexp_split_to_table(btrim(:'survey', E'\r\n'), E'\r?\n') WITH ORDINALITY AS line (line, number),
     LATERAL (SELECT string_to_array(line, ',') WHERE number > 1) r (cells)
     LEFT JOIN oracle.curve('random.shop', entry => 'recurring', as_of => '2011-12-09', zone => 'UTC') c ON c.period_number = cells[1]::int;

-- Counts add up over disjoint sets of members, and rates and intervals are made of the sums: whatever is asked. (The amounts
-- of those who never ordered are NULL, as their history is.)
CREATE TABLE random.shard AS
SELECT s.shard, h.h, hh.h AS hh, hs.h AS hs, hhs.h AS hhs
FROM generate_series(-1, 4) s (shard),   -- -1: the whole; 4: members who never ordered
     LATERAL (SELECT retention.history_agg(member, at, amount, 'day', 'UTC') FROM random.shop WHERE shard IN (-1, member % 4)) h (h),
     LATERAL (SELECT retention.history_agg(member, at, amount, 'hour', 'UTC') FROM random.shop WHERE shard IN (-1, member % 4)) hh (h),
     LATERAL (SELECT retention.history_agg(member, at, NULL, 'day', 'UTC') FROM random.shop_starts
              WHERE shard IN (-1, CASE WHEN member < 0 THEN 4 ELSE member % 4 END)) hs (h),
     LATERAL (SELECT retention.history_agg(member, at, NULL, 'hour', 'UTC') FROM random.shop_starts
              WHERE shard IN (-1, CASE WHEN member < 0 THEN 4 ELSE member % 4 END)) hhs (h);
SELECT shard, retention.members(h) AS members, retention.members(hs) AS starts FROM random.shard ORDER BY shard;
CREATE TABLE random.asked AS
SELECT shard, period, mode, entry, brackets, min_events, c.*
FROM random.shard, (VALUES ('month'), ('30 days'), ('240 hours')) p (period), unnest('{on,on or after,on or before,streak}'::text[]) mode,
     unnest('{first,recurring,starts}'::text[]) entry, (VALUES (NULL::int[]), ('{0,1,3,8}')) b (brackets), generate_series(1, 2) min_events,
     retention.cohorts(CASE WHEN period ~ 'hour' THEN hh ELSE h END, period, mode, entry,
                       CASE WHEN entry = 'starts' THEN CASE WHEN period ~ 'hour' THEN hhs ELSE hs END END, '2011-11-20', brackets, min_events) c
WHERE NOT (period ~ 'hour' AND entry = 'recurring');
SELECT a.period, a.entry, count(*) AS cells, count(*) FILTER (WHERE
         (a.members, a.eligible, a.retained, a.active, coalesce(a.amount, 0), a.complete) IS DISTINCT FROM
         (b.members, b.eligible, b.retained, b.active, coalesce(b.amount, 0), b.complete)
         OR (a.rate, a.rate_low, a.rate_high) IS DISTINCT FROM (w.rate, w.rate_low, w.rate_high)) AS different
FROM (SELECT * FROM random.asked WHERE shard = -1) a
     FULL JOIN (SELECT period, mode, entry, coalesce(brackets, '{}') AS brackets, min_events, cohort, period_number,
                       sum(members)::bigint AS members, sum(eligible)::bigint AS eligible, sum(retained)::bigint AS retained,
                       sum(active)::bigint AS active, sum(amount) AS amount, bool_and(complete) AS complete
                FROM random.asked WHERE shard >= 0 GROUP BY 1, 2, 3, 4, 5, 6, 7) b
     ON (a.period, a.mode, a.entry, coalesce(a.brackets, '{}'), a.min_events, a.cohort, a.period_number)
      = (b.period, b.mode, b.entry, b.brackets, b.min_events, b.cohort, b.period_number)
     LEFT JOIN LATERAL retention.wilson(b.retained, b.eligible) w ON true
GROUP BY a.period, a.entry ORDER BY a.period, a.entry;
-- The curve is the sum of the cohorts, and where members enter once its intervals are those of the sums.
SELECT a.period, a.entry, count(*) AS points, count(*) FILTER (WHERE
         (a.members, a.eligible, a.retained) IS DISTINCT FROM (b.members, b.eligible, b.retained)
         OR (b.rate, b.rate_low, b.rate_high) IS DISTINCT FROM (w.rate, w.rate_low, w.rate_high)) AS different
FROM (SELECT period, mode, entry, brackets, min_events, period_number, sum(members)::bigint AS members,
             sum(eligible)::bigint AS eligible, sum(retained)::bigint AS retained
      FROM random.asked WHERE shard = -1 AND period !~ 'hour' AND entry <> 'recurring' GROUP BY 1, 2, 3, 4, 5, 6) a
     LEFT JOIN LATERAL (
       SELECT c.* FROM random.shard s, retention.retention_curve(s.h, a.period, a.mode, a.entry, CASE a.entry WHEN 'starts' THEN s.hs END,
                                                               '2011-11-20', a.brackets, a.min_events) c
       WHERE s.shard = -1 AND c.period_number = a.period_number) b ON true
     LEFT JOIN LATERAL retention.wilson(a.retained, a.eligible) w ON true
GROUP BY a.period, a.entry ORDER BY a.period, a.entry;

-- Days rolled up to weeks, as docs/retention/cohorts.md does, against plain SQL: who began in the week, for whom day n has ended, who was
-- active on it; and a week is complete when its last day's day n has ended, whoever began on that day. Taking the rows that there are is wrong.
WITH began AS (SELECT member_id, min(ordered_at)::date AS day FROM orders GROUP BY 1),
plain AS (
  SELECT date_trunc('week', b.day)::date AS week, n, count(*) AS members, count(*) FILTER (WHERE b.day + n <= '2011-12-08') AS eligible,
         count(*) FILTER (WHERE b.day + n <= '2011-12-08' AND EXISTS (SELECT FROM orders o WHERE o.member_id = b.member_id AND ordered_at::date = b.day + n)) AS retained,
         date_trunc('week', b.day)::date + 6 + n <= '2011-12-08' AS complete
  FROM began b, generate_series(0, 21) n WHERE b.day <= '2011-12-08' GROUP BY 1, 2),
days AS (SELECT c.*, date_trunc('week', c.cohort)::date AS week FROM (SELECT retention.history_agg(member_id, ordered_at, NULL, 'day', 'UTC') AS h FROM orders) o,
                retention.cohorts(o.h, '1 day', as_of => '2011-12-08') c),
weeks AS (
  SELECT week, period_number AS n, sum(sum(members) FILTER (WHERE period_number = 0)) OVER (PARTITION BY week) AS members, sum(eligible) AS eligible,
         sum(retained) AS retained, week + 6 + period_number <= '2011-12-08' AS complete, sum(members) AS of_rows, bool_and(complete) AS of_all_rows
  FROM days GROUP BY 1, 2)
SELECT count(*) AS cells, count(*) FILTER (WHERE (p.members, p.eligible, p.retained, p.complete) IS DISTINCT FROM (w.members, w.eligible, w.retained, w.complete)) AS wrong,
       count(*) FILTER (WHERE w.of_rows < p.members) AS too_few_members, count(*) FILTER (WHERE w.of_all_rows AND NOT p.complete) AS complete_too_soon
FROM weeks w JOIN plain p USING (week, n);
