-- tiers against plain SQL that looks at every day of the grace period by itself, on both data sets.
SET timezone = 'UTC';
SET jit = off;
SET client_min_messages = warning;
\set ECHO none
\i tests/judge/oracle.sql
\i tests/judge/compare.sql
SELECT to_regclass('public.orders') IS NULL AS load \gset
\if :load
\i demo/load.sql
\endif
\set ECHO all
CREATE TEMP VIEW shop AS SELECT member_id AS member, ordered_at AS at, amount FROM orders WHERE member_id % 10 = 3;
CREATE TEMP VIEW discs AS SELECT member_id AS member, ordered_on AS at, amount FROM cdnow WHERE member_id % 50 = 3;
CREATE TEMP TABLE ask AS
SELECT n, tbl, h, as_of, by, w, g, levels, jsonb_strip_nulls(jsonb_build_object('by', by, 'window', w, 'grace', g, 'tiers',
         (SELECT jsonb_agg(jsonb_build_object('name', 'T' || i, 'from', l) ORDER BY i) FROM unnest(levels) WITH ORDINALITY u (l, i)))) AS rules
FROM (VALUES (1, 'shop', date '2011-12-09', 'amount', '3 months', '60 days', '{100,500,2000.5}'::numeric[]),
             (2, 'shop', '2011-08-31', 'events', '90 days', NULL, '{0,2,5}'), (3, 'shop', '2011-12-09', 'days', '26 weeks', '1 month', '{2,4}'),
             (4, 'discs', '1998-02-28', 'amount', '1 year', '3 months', '{30,100,300}'), (5, 'discs', '1998-08-31', NULL, NULL, '1 quarter', '{50,200}')
     ) q (n, tbl, as_of, by, w, g, levels)
     JOIN (SELECT 'shop' AS tbl, retention.history_agg(member, at, amount, 'day', 'UTC') AS h FROM shop
           UNION ALL SELECT 'discs', retention.history_agg(member, at, amount) FROM discs) d USING (tbl);
CREATE FUNCTION oracle.tiers(tbl regclass, as_of date, by text, w interval, g interval, levels numeric[])
RETURNS TABLE (member text, tier int, value numeric) LANGUAGE sql AS $$
  WITH e AS MATERIALIZED (SELECT * FROM oracle.events(tbl, 'day', 'UTC') e WHERE e.day <= as_of),
  d AS (SELECT d::date AS d FROM generate_series(as_of - coalesce(g, '0 days'), as_of, '1 day') d),
  v AS (SELECT m.member, d.d, coalesce((SELECT CASE coalesce(by, 'amount') WHEN 'amount' THEN sum(e.amount) WHEN 'events' THEN count(*)
                 ELSE count(DISTINCT e.day) END FROM e WHERE e.member = m.member AND e.day <= d.d AND e.day > coalesce(d.d - w, '-infinity')), 0) AS value
        FROM (SELECT DISTINCT member FROM e) m, d)
  SELECT v.member, max((SELECT count(*) FROM unnest(levels) l WHERE l <= v.value))::int, max(v.value) FILTER (WHERE v.d = as_of)
  FROM v GROUP BY v.member
$$;
SELECT n, by, w, g, count(a.member) AS members, count(*) FILTER (WHERE a.tier IS DISTINCT FROM coalesce(substr(b.tier, 2)::int, 0) OR a.value <> b.value
         OR b.next_tier IS DISTINCT FROM 'T' || nullif(a.tier + 1, cardinality(levels) + 1)
         OR b.missing IS DISTINCT FROM levels[a.tier + 1] - a.value
         OR (b.grace_until IS NOT NULL) <> (a.tier > 0 AND levels[a.tier] > a.value) OR b.grace_until < as_of) AS wrong,
       count(b.grace_until) AS in_grace
FROM (SELECT ask.n, t.* FROM ask, oracle.tiers(tbl, as_of, by, w::interval, CASE g WHEN '1 quarter' THEN '3 months' ELSE g END::interval, levels) t) a
     FULL JOIN (SELECT ask.n, t.* FROM ask, retention.tiers(h, rules, as_of) t) b USING (n, member) JOIN ask USING (n)
GROUP BY 1, 2, 3, 4 ORDER BY 1;
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
