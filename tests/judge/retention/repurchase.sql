-- The judge of repurchase (docs/retention/repurchase.md), and the comparison; after oracle.sql and compare.sql.

-- From the definition: every purchase but the last has a gap that ended, the last one a gap still open at as_of.
CREATE FUNCTION oracle.repurchase(
  tbl regclass, as_of date, distinct_days boolean, within int, grain text DEFAULT 'day', zone text DEFAULT 'UTC')
RETURNS TABLE (purchase_number int, members bigint, rate float8, informants float8, p25 int, median int, p75 int) LANGUAGE sql AS $$
  WITH e AS (
    SELECT member, day, row_number() OVER (PARTITION BY member ORDER BY day)::int AS n
    FROM (SELECT member, day FROM oracle.events(tbl, grain, zone) e WHERE day <= as_of AND NOT distinct_days
          UNION ALL SELECT DISTINCT member, day FROM oracle.events(tbl, grain, zone) e WHERE day <= as_of AND distinct_days) d
  ),
  gap AS (
    SELECT n, coalesce(next, as_of) - day AS days, next IS NOT NULL AS ended
    FROM (SELECT n, day, lead(day) OVER (PARTITION BY member ORDER BY n) AS next FROM e) t WHERE n <= 100
  ),
  step AS (
    SELECT n, days, count(*) FILTER (WHERE ended) AS d,
           sum(count(*)) OVER (PARTITION BY n ORDER BY days DESC)::float8 AS r
    FROM gap GROUP BY n, days
  ),
  curve AS (
    SELECT n, days, d, r,
           CASE WHEN bool_or(d = r) OVER w THEN 0 ELSE exp(sum(CASE WHEN d < r THEN ln((r - d) / r) END) OVER w) END AS s,
           sum(CASE WHEN d < r THEN d / (r * (r - d)) END) OVER w AS g
    FROM step WINDOW w AS (PARTITION BY n ORDER BY days)
  ),
  seen AS (SELECT DISTINCT ON (n) n, s, CASE WHEN s > 1e-15 AND s < 1 - 1e-15 THEN (1 - s) / (s * g) END AS informants
           FROM curve WHERE days <= within OR within IS NULL ORDER BY n, days DESC)
  SELECT n, (SELECT count(*) FROM gap g WHERE g.n = c.n), -- Nobody who is still waiting was watched for so long: unknown.
         CASE WHEN max(days) >= within OR within IS NULL OR min(s) <= 1e-15 THEN coalesce(1 - (SELECT s FROM seen WHERE seen.n = c.n), 0) END,
         CASE WHEN max(days) >= within OR within IS NULL THEN (SELECT informants FROM seen WHERE seen.n = c.n) END,
         min(days) FILTER (WHERE s <= 0.75 + 1e-12), min(days) FILTER (WHERE s <= 0.5 + 1e-12), min(days) FILTER (WHERE s <= 0.25 + 1e-12)
  FROM curve c GROUP BY n
$$;

-- Counts and days are equal; rates within 1e-9; Wilson's interval of so many informants is what solves
-- (rate - x)^2 = z^2 x (1 - x) / informants.
CREATE FUNCTION oracle.compare_repurchase(
  h retention.history, tbl regclass, as_of date, distinct_days boolean, within int, grain text DEFAULT 'day', zone text DEFAULT 'UTC',
  confidence float8 DEFAULT 0.95, OUT answers bigint, OUT wrong bigint, OUT unknown bigint, OUT intervals bigint)
LANGUAGE sql AS $$
  SELECT count(a.members), count(*) FILTER (WHERE
           (a.members, a.p25, a.median, a.p75) IS DISTINCT FROM (b.members, b.gap_p25, b.gap_median, b.gap_p75)
           OR (a.rate IS NULL) <> (b.rate IS NULL) OR (b.rate_low IS NULL) <> (b.rate IS NULL) OR abs(a.rate - b.rate) > 1e-9
           OR b.rate_low > b.rate + 1e-12 OR b.rate_high < b.rate - 1e-12
           OR b.rate_low < 0 OR b.rate_high > 1 OR b.rate_high <= b.rate_low
           OR abs((a.rate - b.rate_low) ^ 2 - z ^ 2 * b.rate_low * (1 - b.rate_low) / informants) > 1e-9
           OR abs((a.rate - b.rate_high) ^ 2 - z ^ 2 * b.rate_high * (1 - b.rate_high) / informants) > 1e-9),
         count(*) - count(b.rate), count(informants)
  FROM (SELECT CASE confidence WHEN 0.9 THEN 1.6448536269514722 WHEN 0.95 THEN 1.959963984540054
                               WHEN 0.99 THEN 2.5758293035489004 END::float8) c (z),
       oracle.repurchase(tbl, as_of, distinct_days, within, grain, zone) a
       FULL JOIN retention.repurchase(h, within || ' days', distinct_days => distinct_days, as_of => as_of, confidence => confidence) b USING (purchase_number)
$$;
