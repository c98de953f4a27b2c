-- The judge of tiers (docs/value/tiers.md): every day of the grace period by itself; and the comparison; after oracle.sql and
-- compare.sql.

-- tier: how many of the levels were reached on one of these days; value: what there is in the window that ends with as_of.
CREATE FUNCTION oracle.tiers(
  tbl regclass, as_of date, by text, w interval, g interval, levels numeric[], grain text DEFAULT 'day', zone text DEFAULT 'UTC')
RETURNS TABLE (member text, tier int, value numeric) LANGUAGE sql AS $$
  WITH e AS MATERIALIZED (SELECT * FROM oracle.events(tbl, grain, zone) e WHERE e.day <= as_of),
  d AS (SELECT d::date AS d FROM generate_series(as_of - coalesce(g, '0 days'), as_of, '1 day') d),
  v AS (SELECT m.member, d.d, coalesce((SELECT CASE coalesce(by, 'amount') WHEN 'amount' THEN sum(e.amount) WHEN 'events' THEN count(*)
                 ELSE count(DISTINCT e.day) END FROM e WHERE e.member = m.member AND e.day <= d.d AND e.day > coalesce(d.d - w, '-infinity')), 0) AS value
        FROM (SELECT DISTINCT member FROM e) m, d)
  SELECT v.member, max((SELECT count(*) FROM unnest(levels) l WHERE l <= v.value))::int, max(v.value) FILTER (WHERE v.d = as_of)
  FROM v GROUP BY v.member
$$;

-- The rules as tiers wants them: T1, T2, ... from these levels.
CREATE FUNCTION oracle.tier_rules(by text, w text, g text, levels numeric[]) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_strip_nulls(jsonb_build_object('by', by, 'window', w, 'grace', g, 'tiers',
    (SELECT jsonb_agg(jsonb_build_object('name', 'T' || i, 'from', l) ORDER BY i) FROM unnest(levels) WITH ORDINALITY u (l, i))))
$$;

CREATE FUNCTION oracle.compare_tiers(
  h retention.history, tbl regclass, as_of date, by text, w text, g text, levels numeric[], grain text DEFAULT 'day',
  zone text DEFAULT 'UTC', OUT answers bigint, OUT wrong bigint, OUT in_grace bigint)
LANGUAGE sql AS $$
  SELECT count(a.member), count(*) FILTER (WHERE
           a.tier IS DISTINCT FROM coalesce(substr(b.tier, 2)::int, 0) OR a.value IS DISTINCT FROM b.value
           OR b.next_tier IS DISTINCT FROM 'T' || nullif(a.tier + 1, cardinality(levels) + 1)
           OR b.missing IS DISTINCT FROM levels[a.tier + 1] - a.value
           OR (b.grace_until IS NOT NULL) <> (a.tier > 0 AND levels[a.tier] > a.value) OR b.grace_until < as_of),
         count(b.grace_until)
  FROM oracle.tiers(tbl, as_of, by, replace(w, '1 quarter', '3 months')::interval, replace(g, '1 quarter', '3 months')::interval,
                    levels, grain, zone) a
       FULL JOIN retention.tiers(h, oracle.tier_rules(by, w, g, levels), as_of) b USING (member)
$$;
