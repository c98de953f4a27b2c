-- repurchase against a product-limit estimate in plain SQL, on both data sets.
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

-- From the definition: every purchase but the last has a gap that ended, the last one a gap still open at as_of.
CREATE FUNCTION oracle.repurchase(tbl regclass, as_of date, distinct_days boolean, within int)
RETURNS TABLE (purchase_number int, members bigint, rate float8, informants float8, p25 int, median int, p75 int) LANGUAGE sql AS $$
  WITH e AS (
    SELECT member, day, row_number() OVER (PARTITION BY member ORDER BY day)::int AS n
    FROM (SELECT member, day FROM oracle.events(tbl, 'day', 'UTC') e WHERE day <= as_of AND NOT distinct_days
          UNION ALL SELECT DISTINCT member, day FROM oracle.events(tbl, 'day', 'UTC') e WHERE day <= as_of AND distinct_days) d
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
CREATE TEMP VIEW shop AS SELECT member_id AS member, ordered_at AS at, amount FROM orders;
CREATE TEMP VIEW discs AS SELECT member_id AS member, ordered_on AS at, amount FROM cdnow;
CREATE TEMP TABLE data AS
  SELECT 'shop' AS data, 'shop' AS tbl, date '2011-12-09' AS last, retention.history_agg(member, at, amount, 'day', 'UTC') AS h FROM shop
  UNION ALL SELECT 'shop, hours', 'shop', '2011-12-09', retention.history_agg(member, at, NULL, 'hour', 'UTC') FROM shop
  UNION ALL SELECT 'cdnow', 'discs', '1998-06-30', retention.history_agg(member, at, amount) FROM discs;
CREATE TEMP TABLE ask AS SELECT data, tbl, h, days, within, as_of
FROM data, (VALUES (false, NULL), (true, 30), (false, 90)) q (days, within), LATERAL (VALUES (last), (last - 120), (last + 50)) t (as_of);
-- Wilson's interval of so many informants is what solves (rate - x)^2 = z^2 x (1 - x) / informants.
SELECT a.data, a.as_of, a.days, a.within, count(a.members) AS rows, count(*) FILTER (WHERE
         (a.members, a.p25, a.median, a.p75) IS DISTINCT FROM (b.members, b.gap_p25, b.gap_median, b.gap_p75)
         OR (a.rate IS NULL) <> (b.rate IS NULL) OR (b.rate_low IS NULL) <> (b.rate IS NULL) OR abs(a.rate - b.rate) > 1e-9 OR b.rate_low > b.rate + 1e-12 OR b.rate_high < b.rate - 1e-12
         OR b.rate_low < 0 OR b.rate_high > 1 OR b.rate_high <= b.rate_low) AS wrong,
       count(*) - count(b.rate) AS unknown, count(informants) AS intervals, count(*) FILTER (WHERE
         abs((a.rate - b.rate_low) ^ 2 - 1.959963984540054 ^ 2 * b.rate_low * (1 - b.rate_low) / informants) > 1e-9
         OR abs((a.rate - b.rate_high) ^ 2 - 1.959963984540054 ^ 2 * b.rate_high * (1 - b.rate_high) / informants) > 1e-9) AS wrong_intervals
FROM (SELECT data, as_of, days, within, r.* FROM ask, oracle.repurchase(tbl, as_of, days, within) r) a
     FULL JOIN (SELECT data, as_of, days, coalesce(within, -1) AS w, r.* FROM ask, retention.repurchase(h, within || ' days', days, as_of => as_of) r) b
     ON (a.data, a.as_of, a.days, coalesce(a.within, -1), a.purchase_number) = (b.data, b.as_of, b.days, b.w, b.purchase_number)
GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4;
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
