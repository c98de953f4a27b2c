-- value_summary: by hand, against the judge (tests/judge/value/value.sql) on random tables and on both real tables.
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET jit = off;
\set ECHO none
\i tests/judge/oracle.sql
\i tests/judge/tables.sql
\i tests/judge/compare.sql
\i tests/judge/ask.sql
\set ECHO all

-- The table oracle.by_hand (see tests/judge/oracle.sql): 20.500002 of revenue in 10 orders of 4 members, of whom three ordered
-- more than once. Of complete months with gap 1, 1 + 2 + 1 churned of 2 + 3 + 1: churn is 2/3 and a life has 1.5 months; 9 orders
-- by 8 active members. Half of it is profit.
SELECT v.* FROM (SELECT retention.history_agg(member, at, amount) AS h FROM oracle.by_hand) s, retention.value_summary(h, margin => 0.5) v;
SELECT round(20.500002 / 10, 6) AS aov, 10 / 4.0 AS orders_per_member, 3 / 4.0 AS repurchase_rate, 2 / 3.0::float8 AS churn_rate,
       round(20.500002 * 0.5 / 4, 6) AS historic_clv, round(20.500002 / 10 * 9 / 8 * 1.5 * 0.5, 6) AS formula_clv;
-- Without amounts there is no money; where nobody churned there is no lifespan; without events there is nothing.
SELECT v.* FROM (SELECT retention.history_agg(member, at) AS h FROM oracle.by_hand) s, retention.value_summary(h) v;
SELECT v.* FROM (SELECT retention.history_agg(1, date '2024-01-01', 5)) s (h), retention.value_summary(h) v;
SELECT (SELECT count(*) FROM retention.value_summary(NULL)) AS no_history,
       (SELECT count(*) FROM (SELECT retention.history_agg(member, at) AS h FROM oracle.by_hand) s, retention.value_summary(h, as_of => '2020-01-01')) AS before_everything;
-- The comparison finds differences.
SELECT c.* FROM (SELECT retention.history_agg(member, at, 2 * amount) AS h FROM oracle.by_hand) s, oracle.compare_value(h, 'oracle.by_hand', 'month') c;

-- Both real tables. (On calendar periods: whole/reference.sql.)
CREATE TEMP TABLE shop AS SELECT member_id AS member, ordered_at AT TIME ZONE 'UTC' AS at, amount FROM orders;
CREATE TEMP TABLE music AS SELECT member_id AS member, ordered_on AS at, amount FROM cdnow;
SELECT t.tbl, period, c.*
FROM (SELECT 'shop' AS tbl, retention.history_agg(member, at, amount) AS h FROM shop
      UNION ALL SELECT 'music', retention.history_agg(member, at, amount) FROM music) t,
     unnest('{30 days,91 days,quarter}'::text[]) period, oracle.compare_value(h, tbl, period, margin => 0.3) c
ORDER BY 1, 2;

-- Random tables of every kind: calendar periods, and stretches of days of histories that know days.
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
  stretch text := greatest(range / 400, oracle.one_of(oracle.u(3, s.id), '{1,2,7,10,28,30,90,365}'::int[])) || ' days';
BEGIN
  RETURN QUERY SELECT v.name, format('SELECT * FROM oracle.compare_value(%s, %L, %L, %s, %L, %s)', h, t, v.period, clock, as_of, v.margin)
  FROM (VALUES ('on the calendar', s.period, 0.4, true), ('in days', stretch, s.margin, s.grain IN ('second', 'minute', 'hour', 'day'))
  ) v (name, period, margin, has_answer)
  WHERE v.has_answer;
END $$;
CALL oracle.make_all();
CALL oracle.ask_all('oracle.questions');
SELECT question, count(*) > 100 AS many_tables, count(*) FILTER (WHERE answers > 0) > 80 AS with_answers,
       count(*) FILTER (WHERE wrong <> 0) AS mismatching
FROM random.answer GROUP BY question ORDER BY question COLLATE "C";
\x on
SELECT * FROM random.wrong;
\x off
