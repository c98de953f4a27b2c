-- repurchase against a product-limit estimate in plain SQL (tests/judge/retention/repurchase.sql), on both data sets and on
-- random tables of every kind.
SET timezone = 'UTC';
SET jit = off;
SET client_min_messages = warning;
\set ECHO none
\i tests/judge/oracle.sql
\i tests/judge/tables.sql
\i tests/judge/compare.sql
\i tests/judge/ask.sql
\i tests/judge/retention/repurchase.sql
SELECT to_regclass('public.orders') IS NULL AS load \gset
\if :load
\i demo/load.sql
\endif
\set ECHO all

CREATE TEMP VIEW shop AS SELECT member_id AS member, ordered_at AS at, amount FROM orders;
CREATE TEMP VIEW discs AS SELECT member_id AS member, ordered_on AS at, amount FROM cdnow;
CREATE TEMP TABLE data AS
  SELECT 'shop' AS data, 'shop' AS tbl, date '2011-12-09' AS last, retention.history_agg(member, at, amount, 'day', 'UTC') AS h FROM shop
  UNION ALL SELECT 'shop, hours', 'shop', '2011-12-09', retention.history_agg(member, at, NULL, 'hour', 'UTC') FROM shop
  UNION ALL SELECT 'cdnow', 'discs', '1998-06-30', retention.history_agg(member, at, amount) FROM discs;
CREATE TEMP TABLE ask AS SELECT data, tbl, h, days, within, as_of
FROM data, (VALUES (false, NULL), (true, 30), (false, 90)) q (days, within), LATERAL (VALUES (last), (last - 120), (last + 50)) t (as_of);
SELECT data, as_of, days, within, c.* FROM ask, oracle.compare_repurchase(h, tbl, as_of, days, within) c ORDER BY 1, 2, 3, 4;
-- The comparison finds differences.
SELECT c.wrong > 0 AS other_days, o.wrong > 0 AS other_members FROM data, oracle.compare_repurchase(h, tbl, last - 1, false, 30) n,
  LATERAL (SELECT count(*) FILTER (WHERE (a.members, a.median) IS DISTINCT FROM (b.members, b.gap_median)) AS wrong
           FROM oracle.repurchase(tbl, last - 1, false, 30) a FULL JOIN retention.repurchase(h, '30 days', as_of => last) b USING (purchase_number)) c,
  LATERAL oracle.compare_repurchase(retention.without(h, '{17850}'::bigint[]), tbl, last, false, 30) o
WHERE data = 'shop' AND n.wrong = 0;
-- The raw share of today's members understates.
SELECT b.purchase_number, b.members, round(b.rate::numeric, 4) AS rate, round(n::numeric / b.members, 4) AS raw
FROM data, retention.repurchase(h, as_of => last) b, LATERAL (SELECT sum(c.members) FROM retention.repurchase(h, as_of => last) c
  WHERE c.purchase_number = b.purchase_number + 1) c (n) WHERE data = 'cdnow' AND purchase_number <= 3 ORDER BY 1;
-- One event, nobody, NULLs, and what is refused.
SELECT r.* FROM (SELECT retention.history_agg(1, date '2024-01-01') AS h) s, retention.repurchase(h, as_of => '2024-01-31') r;
SELECT r.* FROM (SELECT retention.history_agg(i, date '2024-01-01') AS h FROM generate_series(1, 100) i) s, retention.repurchase(h, as_of => '2024-01-05', within => '90 days') r;
SELECT count(*) FROM retention.repurchase(NULL), data;
SELECT count(*) FROM data, retention.repurchase(h, NULL, NULL, NULL, NULL, NULL) WHERE data = 'shop';
SELECT count(*) FROM data, retention.repurchase(h, as_of => '1990-01-01');
SELECT count(*) FROM data, retention.repurchase(h, up_to => 0);
SELECT count(*) FROM data, retention.repurchase(h, within => '-1 days');
SELECT count(*) FROM data, retention.repurchase(h, within => '90');
SELECT count(*) FROM data, retention.repurchase(h, within => '3 months');
SELECT count(*) FROM data, retention.repurchase(h, confidence => 95);
SELECT count(*) FROM (SELECT retention.history_agg(1, date '2024-01-01', 1, 'month') AS h) s, retention.repurchase(h);

-- Random tables that know days.
CREATE FUNCTION oracle.questions(s oracle.spec) RETURNS TABLE (question text, query text)
LANGUAGE plpgsql AS $$
DECLARE
  t text := 'random.t' || s.id;
  days date[] := (SELECT array_agg(e.day ORDER BY e.day) FROM oracle.events(t, s.grain, s.zone) e);
  as_of date := CASE s.as_of WHEN 'earlier' THEN oracle.one_of(oracle.u(2, s.id), days)
                             ELSE days[cardinality(days)] + floor(oracle.u(1, s.id) * 60)::int END;
BEGIN
  RETURN QUERY SELECT v.name, format('SELECT * FROM oracle.compare_repurchase((SELECT %s FROM %s), %L, %L, %L, %L, %L, %L, %s)',
    oracle.aggregate(s), t, t, as_of, v.distinct_days, v.within, s.grain, s.zone, s.confidence)
  FROM (VALUES ('every event', false, NULL), ('days with events', true, NULL), ('within so many days', false, oracle.one_of(oracle.u(3, s.id), '{1,2,7,30,365}'::text[]))
  ) v (name, distinct_days, within)
  WHERE s.grain IN ('second', 'minute', 'hour', 'day');
END $$;
CALL oracle.make_all();
CALL oracle.ask_all('oracle.questions');
SELECT question, count(*) > 100 AS many_tables, count(*) FILTER (WHERE answers > 0) > 80 AS with_answers,
       count(*) FILTER (WHERE wrong <> 0) AS mismatching
FROM random.answer GROUP BY question ORDER BY question COLLATE "C";
\x on
SELECT * FROM random.wrong;
\x off
