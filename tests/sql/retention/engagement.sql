-- Engagement: by hand, against the judge (tests/judge/retention/engagement.sql) on random tables and on both real tables.
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET jit = off;
\set ECHO none
\i tests/judge/oracle.sql
\i tests/judge/tables.sql
\i tests/judge/compare.sql
\i tests/judge/ask.sql
\i tests/judge/retention/engagement.sql
\set ECHO all

-- The table oracle.by_hand (see tests/judge/oracle.sql). First the judge, held against what is counted by hand: a on 5 and 31
-- January, 29 February and 1 April; b on 1 January and 30 April; c on 1 February, 31 March and 20 May; d on 10 February.
SELECT * FROM oracle.engagement('oracle.by_hand')
WHERE day IN ('2024-01-01', '2024-01-05', '2024-01-11', '2024-01-31', '2024-02-10', '2024-03-01', '2024-05-20');
SELECT * FROM oracle.engagement_days('oracle.by_hand', 31, as_of => '2024-01-31') WHERE active_days <= 3;
CREATE TEMP VIEW by_hand AS SELECT retention.history_agg(member, at) AS h FROM oracle.by_hand;
SELECT e.* FROM by_hand, retention.engagement(h) e
WHERE day IN ('2024-01-01', '2024-01-05', '2024-01-11', '2024-01-31', '2024-02-10', '2024-03-01', '2024-05-20') ORDER BY day;
SELECT e.* FROM by_hand, retention.engagement_days(h, '31 days', '2024-01-31') e WHERE active_days <= 3;

-- What has no answer, and what is no question.
SELECT 'engagement' AS reader, count(*) FROM retention.engagement(NULL)
UNION ALL SELECT 'engagement_days', count(*) FROM retention.engagement_days(NULL)
UNION ALL SELECT 'before everything', count(*) FROM by_hand, retention.engagement(h, '2020-01-01')
UNION ALL SELECT 'before everything', count(*) FROM by_hand, retention.engagement_days(h, '7 days', '2020-01-01');
SELECT * FROM by_hand, retention.engagement_days(h, '0 days');
SELECT * FROM retention.engagement(retention.history_of('oracle.by_hand', 'member', 'at', grain => 'month'));
SELECT * FROM by_hand, retention.engagement(h, '5000000-01-01');

-- The comparisons find differences.
SELECT 'engagement' AS question, c.* FROM by_hand, oracle.compare_engagement(h, 'oracle.by_hand') c
UNION ALL SELECT 'others', c.* FROM (SELECT retention.history_agg(member, at) AS h FROM oracle.by_hand WHERE member <> 'd') s,
  oracle.compare_engagement(h, 'oracle.by_hand') c
UNION ALL SELECT 'engagement_days', c.* FROM by_hand, oracle.compare_engagement_days(h, 'oracle.by_hand', 60) c
UNION ALL SELECT 'others', c.* FROM (SELECT retention.history_agg(member, at) AS h FROM oracle.by_hand WHERE member <> 'c') s,
  oracle.compare_engagement_days(h, 'oracle.by_hand', 60) c;

-- Both real tables.
CREATE TEMP TABLE shop AS SELECT member_id AS member, ordered_at AT TIME ZONE 'UTC' AS at, amount FROM orders;
CREATE TEMP TABLE music AS SELECT member_id AS member, ordered_on AS at, amount FROM cdnow;
SELECT t.tbl, v.question, v.answers > 0 AS answered, v.wrong
FROM (SELECT 'shop' AS tbl, retention.history_agg(member, at, amount) AS h FROM shop
      UNION ALL SELECT 'music', retention.history_agg(member, at, amount) FROM music) t,
     LATERAL (
       SELECT 'engagement' AS question, * FROM oracle.compare_engagement(t.h, t.tbl)
       UNION ALL SELECT 'engagement_days', * FROM oracle.compare_engagement_days(t.h, t.tbl, 28)
     ) v
ORDER BY 1, 2;
-- The last seven days are the same in both, and so are the last thirty.
SELECT t.tbl, d.days, sum(e.members) = max(CASE d.days WHEN 7 THEN wau ELSE mau END) AS same
FROM (SELECT 'shop' AS tbl, retention.history_agg(member, at) AS h FROM shop
      UNION ALL SELECT 'music', retention.history_agg(member, at) FROM music) t,
     unnest('{7,30}'::int[]) d (days), retention.engagement_days(h, d.days || ' days', '1998-03-15') e,
     LATERAL (SELECT * FROM retention.engagement(h, '1998-03-15') ORDER BY day DESC LIMIT 1) last
WHERE t.tbl = 'music' GROUP BY 1, 2 ORDER BY 1, 2;

-- Random tables of every kind that know days.
CREATE FUNCTION oracle.questions(s oracle.spec) RETURNS TABLE (question text, query text)
LANGUAGE plpgsql AS $$
DECLARE
  t text := 'random.t' || s.id;
  h text := format('(SELECT %s FROM %s)', oracle.aggregate(s), t);
  clock text := format('%L, %L', s.grain, s.zone);
  days date[] := (SELECT array_agg(e.day ORDER BY e.day) FROM oracle.events(t, s.grain, s.zone) e);
  range int := days[cardinality(days)] - days[1];
  as_of date := CASE s.as_of
    WHEN 'later' THEN days[cardinality(days)] + floor(oracle.u(1, s.id) * 60)::int
    WHEN 'earlier' THEN oracle.end_of_tick(s.grain, oracle.one_of(oracle.u(2, s.id), days)) END;
  back int := oracle.one_of(oracle.u(4, s.id), '{1,7,28,30,90}'::int[]);
BEGIN
  RETURN QUERY SELECT v.name, 'SELECT * FROM oracle.' || v.call FROM (VALUES
    ('engagement', format('compare_engagement(%s, %L, %s, %L)', h, t, clock, as_of), range < 1500),
    ('engagement_days', format('compare_engagement_days(%s, %L, %s, %s, %L)', h, t, back, clock, as_of), range < 2000000)
  ) v (name, call, has_answer)
  WHERE v.has_answer AND s.grain IN ('second', 'minute', 'hour', 'day');
END $$;
CALL oracle.make_all();
CALL oracle.ask_all('oracle.questions');
SELECT question, count(*) > 100 AS many_tables, count(*) FILTER (WHERE answers > 0) > 80 AS with_answers,
       count(*) FILTER (WHERE wrong <> 0) AS mismatching
FROM random.answer GROUP BY question ORDER BY question COLLATE "C";
\x on
SELECT * FROM random.wrong;
\x off
