-- tiers against plain SQL that looks at every day of the grace period by itself (tests/judge/value/tiers.sql), on both data
-- sets and on random tables of every kind.
SET timezone = 'UTC';
SET jit = off;
SET client_min_messages = warning;
\set ECHO none
\i tests/judge/oracle.sql
\i tests/judge/tables.sql
\i tests/judge/compare.sql
\i tests/judge/ask.sql
\i tests/judge/value/tiers.sql
SELECT to_regclass('public.orders') IS NULL AS load \gset
\if :load
\i demo/load.sql
\endif
\set ECHO all
CREATE TEMP VIEW shop AS SELECT member_id AS member, ordered_at AS at, amount FROM orders WHERE member_id % 10 = 3;
CREATE TEMP VIEW discs AS SELECT member_id AS member, ordered_on AS at, amount FROM cdnow WHERE member_id % 50 = 3;
CREATE TEMP TABLE ask AS
SELECT n, tbl, h, as_of, by, w, g, levels, oracle.tier_rules(by, w, g, levels) AS rules
FROM (VALUES (1, 'shop', date '2011-12-09', 'amount', '3 months', '60 days', '{100,500,2000.5}'::numeric[]),
             (2, 'shop', '2011-08-31', 'events', '90 days', NULL, '{0,2,5}'), (3, 'shop', '2011-12-09', 'days', '26 weeks', '1 month', '{2,4}'),
             (4, 'discs', '1998-02-28', 'amount', '1 year', '3 months', '{30,100,300}'), (5, 'discs', '1998-08-31', NULL, NULL, '1 quarter', '{50,200}')
     ) q (n, tbl, as_of, by, w, g, levels)
     JOIN (SELECT 'shop' AS tbl, retention.history_agg(member, at, amount, 'day', 'UTC') AS h FROM shop
           UNION ALL SELECT 'discs', retention.history_agg(member, at, amount) FROM discs) d USING (tbl);
SELECT n, by, w, g, c.* FROM ask, oracle.compare_tiers(h, tbl, as_of, by, w, g, levels) c ORDER BY 1;
-- The day after grace_until the tier is lost, if nothing happens; on that day it is not. (No later event is in the slice.)
SELECT n, count(*) AS in_grace, count(*) FILTER (WHERE k.tier IS DISTINCT FROM t.tier) AS lost_before, count(*) FILTER (WHERE a.tier IS NOT DISTINCT FROM t.tier) AS kept_after
FROM ask, LATERAL (SELECT retention.slice(h, NULL, as_of) AS h) s, LATERAL (SELECT * FROM retention.tiers(s.h, rules, as_of) WHERE grace_until IS NOT NULL
                                                                     ORDER BY md5(member) LIMIT 20) t,
     LATERAL (SELECT x.tier FROM retention.tiers(s.h, rules, t.grace_until) x WHERE x.member = t.member) k,
     LATERAL (SELECT x.tier FROM retention.tiers(s.h, rules, t.grace_until + 1) x WHERE x.member = t.member) a
WHERE t.grace_until IS NOT NULL GROUP BY n ORDER BY n;
-- The migration is a join of two days.
SELECT a.n, count(*) AS flows, count(*) FILTER (WHERE a.members IS DISTINCT FROM b.members) AS wrong
FROM (SELECT y.n, y.tier AS to_tier, x.tier AS from_tier, x.member IS NULL AS is_new, count(*) AS members
      FROM (SELECT n, t.* FROM ask, retention.tiers(h, rules, as_of) t) y
           LEFT JOIN (SELECT n, t.* FROM ask, retention.tiers(h, rules, as_of - 100) t) x USING (n, member)
      GROUP BY 1, 2, 3, 4) a
     FULL JOIN (SELECT n, m.* FROM ask, retention.tier_migration(h, rules, as_of - 100, as_of) m) b
     ON (a.n, coalesce(a.from_tier, ''), coalesce(a.to_tier, ''), a.is_new) = (b.n, coalesce(b.from_tier, ''), coalesce(b.to_tier, ''), b.is_new)
GROUP BY 1 ORDER BY 1;
-- Ids in their own types, nobody, NULLs; what is refused.
SELECT pg_typeof(t.member), count(*) FROM ask, retention.tiers(h, id => NULL::bigint, rules => rules, as_of => as_of) t WHERE n = 1 GROUP BY 1;
SELECT count(*) FROM ask, retention.tiers(NULL, rules);
SELECT count(*) FROM ask, retention.tiers(h, rules, '1990-01-01');
SELECT count(*) FROM ask, retention.tiers(h, NULL);
SELECT count(*) FROM ask, retention.tiers(h, '{"tiers": [{"name": "A"}]}');
SELECT count(*) FROM ask, retention.tiers(h, '{"window": "soon", "tiers": [{"name": "A", "from": 1}]}');
SELECT count(*) FROM ask, retention.tiers(h, '{"by": "events", "tiers": [{"name": "A", "from": 1.5}]}');
SELECT count(*) FROM ask, retention.tier_migration(h, rules, as_of, NULL);
SELECT count(*) FROM ask, retention.tier_migration(h, rules, as_of, as_of - 1);
SELECT count(*) FROM (SELECT retention.history_agg(1, date '2024-01-01') AS h) s, retention.tiers(h, '{"tiers": [{"name": "A", "from": 1}]}');
SELECT count(*) FROM (SELECT retention.history_agg(1, date '2024-01-01', 1, 'month') AS h) s, retention.tiers(h, '{"tiers": [{"name": "A", "from": 1}]}');

-- Thresholds are exact: 1000 times 9007199254740.993 reaches 9007199254740993, which no double is, and not a millionth more.
CREATE TEMP TABLE exact AS
SELECT history_agg AS h FROM (SELECT retention.history_agg(1, date '2024-01-01' + i, 9007199254740.993) FROM generate_series(1, 1000) i) s;
SELECT rules, t.value, t.tier, t.missing
FROM exact, unnest('{9007199254740993,9007199254740993.000001,9007199254740992.999999}'::numeric[]) threshold,
     LATERAL (SELECT jsonb_build_object('tiers', jsonb_build_array(jsonb_build_object('name', 'A', 'from', threshold))) AS rules) r, retention.tiers(h, rules) t;
-- 0.1 and 0.2 are 0.3; and eighteen digits are more than a double has.
SELECT t.value, t.tier, t.missing
FROM (SELECT retention.history_agg(1, date '2024-01-01' + i, i * 0.1) AS h FROM generate_series(1, 2) i) s,
     retention.tiers(h, '{"tiers": [{"name": "A", "from": 0.3}, {"name": "B", "from": 0.300001}]}') t;
SELECT t.value, t.tier, t.missing
FROM (SELECT retention.history_agg(1, date '2024-01-01', 123456789012.123456) AS h) s,
     retention.tiers(h, '{"tiers": [{"name": "A", "from": 123456789012.123456}, {"name": "B", "from": 123456789012.123457}]}') t;
SELECT count(*) FROM ask, retention.tiers(h, '{"by": "events", "tiers": [{"name": "A", "from": 1.0000001}]}');
SELECT count(*) FROM ask, retention.tiers(h, '{"tiers": [{"name": "A", "from": 1e31}]}');
SELECT count(*) FROM ask, retention.tiers(h, '{"tiers": [{"name": "A", "from": "1"}]}');
-- Months are the calendar's. With a window of a month 31 January counts up to the last of February, the first day that has it no longer is 1 March;
-- a tier that lasted to 29 February is kept as long as that day lies no more than a month back.
SELECT d::date AS as_of, t.value, date '2024-01-31' > d - interval '1 month' AS in_window, t.tier, t.grace_until,
       EXISTS (SELECT FROM generate_series(d - interval '1 month', d, '1 day') x WHERE date '2024-01-31' > x - interval '1 month' AND x >= '2024-01-31') AS in_grace
FROM (SELECT retention.history_agg('a', date '2024-01-31', 10) AS h) s,
     unnest('{2024-01-31,2024-02-28,2024-02-29,2024-03-01,2024-03-29,2024-03-31,2024-04-01}'::timestamp[]) d,
     retention.tiers(h, '{"window": "1 month", "grace": "1 month", "tiers": [{"name": "A", "from": 10}]}', d::date) t ORDER BY 1;

-- Random tables that know days, by what they have.
CREATE FUNCTION oracle.questions(s oracle.spec) RETURNS TABLE (question text, query text)
LANGUAGE plpgsql AS $$
DECLARE
  t text := 'random.t' || s.id;
  days date[] := (SELECT array_agg(e.day ORDER BY e.day) FROM oracle.events(t, s.grain, s.zone) e);
  as_of date := CASE s.as_of WHEN 'earlier' THEN oracle.one_of(oracle.u(2, s.id), days)
                             ELSE days[cardinality(days)] + floor(oracle.u(1, s.id) * 20)::int END;
  has_amounts boolean := EXISTS (SELECT FROM oracle.events(t, s.grain, s.zone) e WHERE e.amount IS NOT NULL);
  counted text := CASE WHEN has_amounts THEN oracle.one_of(oracle.u(3, s.id), '{amount,amount,events,days}'::text[]) ELSE oracle.one_of(oracle.u(3, s.id), '{events,days}'::text[]) END;
  levels numeric[] := CASE counted WHEN 'amount' THEN (SELECT array_agg(DISTINCT e.level ORDER BY e.level)
                                                  FROM (SELECT least(greatest(e.amount, 0), 1000000) AS level FROM oracle.events(t, s.grain, s.zone) e WHERE e.amount IS NOT NULL ORDER BY md5(e.amount::text) LIMIT 4) e)
                              ELSE '{1,2,5}' END;
BEGIN
  RETURN QUERY SELECT 'by ' || counted, format('SELECT * FROM oracle.compare_tiers((SELECT %s FROM %s), %L, %L, %L, %L, %L, %L, %L, %L)',
    oracle.aggregate(s), t, t, as_of, counted, oracle.one_of(oracle.u(4, s.id), ARRAY[NULL, '2 days', '3 weeks', '1 month', '1 quarter', '1 year']),
    oracle.one_of(oracle.u(5, s.id), ARRAY[NULL, '3 days', '2 weeks']), levels, s.grain, s.zone)
  WHERE s.grain IN ('second', 'minute', 'hour', 'day') AND days IS NOT NULL;
END $$;
CALL oracle.make_all();
CALL oracle.ask_all('oracle.questions');
SELECT question, count(*) > 20 AS many_tables, count(*) FILTER (WHERE answers > 0) > 15 AS with_answers,
       count(*) FILTER (WHERE wrong <> 0) AS mismatching
FROM random.answer GROUP BY question ORDER BY question COLLATE "C";
\x on
SELECT * FROM random.wrong;
\x off
